"""A universe of flows that is small enough to enumerate, inside the real one.

Each level is cut into a few segments. Sets are drawn with all their bounds at cuts, so a set holds a whole
cell (a product of segments) or nothing of it, and the Python set of its cells says the same as the set.
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

from hypothesis import strategies as st

from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Range, top

FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")
PROTOCOLS: tuple[Range, ...] = ((0, 0), (1, 1), (2, 5), (6, 6), (7, 16), (17, 17), (18, 57), (58, 58), (59, 255))
PORTS: tuple[Range, ...] = ((0, 442), (443, 443), (444, 65535))
ICMP_NUMBERS: tuple[Range, ...] = ((0, 7), (8, 8), (9, 255))
NUMBER_OF_ICMP: dict[Family, int] = {"ipv4": ICMP, "ipv6": ICMPV6}
NONE: Range = (0, 0)


def remotes_in(family: Family) -> tuple[Range, ...]:
    return (0, 9), (10, 10), (11, top(family))


class Cell(NamedTuple):
    """Flows that no drawn set tells apart; `third` and `fourth` are `NONE` where the protocol has neither."""

    protocol: Range
    remote: Range
    third: Range = NONE
    fourth: Range = NONE


def levels_below(family: Family, protocol: int) -> tuple[Range, ...]:
    """The segments of the third and of the fourth level under a protocol."""
    if protocol in {TCP, UDP}:
        return PORTS
    return ICMP_NUMBERS if protocol == NUMBER_OF_ICMP[family] else (NONE,)


def cells_of(family: Family) -> tuple[Cell, ...]:
    """All cells: together they are every flow of the family, each once."""
    return tuple(
        Cell(protocol, *rest)
        for protocol in PROTOCOLS
        for rest in product(remotes_in(family), levels_below(family, protocol[0]), levels_below(family, protocol[0]))
    )


CELLS: dict[Family, tuple[Cell, ...]] = {family: cells_of(family) for family in FAMILIES}


def members(flows: FlowSet) -> frozenset[Cell]:
    """The cells that the set holds. Fails where it holds one corner of a cell and not the opposite one."""
    held = set()
    for cell in CELLS[flows.family]:
        first, last = (flows.contains(*(segment[end] for segment in cell)) for end in (0, 1))
        assert first == last, f"{cell} is held in part"
        if first:
            held.add(cell)
    return frozenset(held)


def of_cell(family: Family, cell: Cell) -> FlowSet:
    """The flows of one cell."""
    has_more = levels_below(family, cell.protocol[0]) != (NONE,)
    return FlowSet.build(
        family,
        protocols=[cell.protocol],
        remotes=[cell.remote],
        thirds=[cell.third] if has_more else None,
        fourths=[cell.fourth] if has_more else None,
    )


def runs(segments: Sequence[Range]) -> st.SearchStrategy[Range]:
    """Ranges from the start of one segment to the end of the same or a later one."""
    starts = range(len(segments))
    return st.tuples(st.sampled_from(starts), st.sampled_from(starts)).map(
        lambda pair: (segments[min(pair)][0], segments[max(pair)][1])
    )


def levels(segments: Sequence[Range]) -> st.SearchStrategy[list[Range] | None]:
    """What `FlowSet.build` takes for a level: nothing, or some ranges, which may overlap."""
    return st.none() | st.lists(runs(segments), min_size=1, max_size=2)


def boxes_in(family: Family) -> st.SearchStrategy[FlowSet]:
    """Boxes over any protocols without further levels, over TCP and UDP with ports, over ICMP with type and code."""
    icmp = NUMBER_OF_ICMP[family]
    remotes = levels(remotes_in(family))
    with_ports = st.lists(st.sampled_from([(TCP, TCP), (UDP, UDP)]), min_size=1, max_size=2)
    build = FlowSet.build
    return st.one_of(
        st.builds(build, st.just(family), protocols=st.lists(runs(PROTOCOLS), min_size=1), remotes=remotes),
        st.builds(
            build, st.just(family), protocols=with_ports, remotes=remotes, thirds=levels(PORTS), fourths=levels(PORTS)
        ),
        st.builds(
            build,
            st.just(family),
            protocols=st.just([(icmp, icmp)]),
            remotes=remotes,
            thirds=levels(ICMP_NUMBERS),
            fourths=levels(ICMP_NUMBERS),
        ),
    )


def flow_sets_in(family: Family) -> st.SearchStrategy[FlowSet]:
    """Boxes joined, met and cut out of each other."""
    return st.recursive(
        boxes_in(family) | st.sampled_from([FlowSet.full(family), FlowSet.empty(family)]),
        lambda smaller: st.one_of(
            st.builds(FlowSet.__or__, smaller, smaller),
            st.builds(FlowSet.__and__, smaller, smaller),
            st.builds(FlowSet.__sub__, smaller, smaller),
        ),
        max_leaves=5,
    )


def flow_sets(how_many: int = 1) -> st.SearchStrategy[tuple[FlowSet, ...]]:
    """So many sets of one family."""
    families = st.sampled_from(FAMILIES)
    return families.flatmap(lambda family: st.tuples(*[flow_sets_in(family)] * how_many))


FLOW_SET = flow_sets().map(lambda sets: sets[0])
