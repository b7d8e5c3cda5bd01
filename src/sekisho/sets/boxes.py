"""Flow sets read out: as disjoint boxes for people and JSON, and as one example."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from itertools import islice
from typing import NamedTuple

from . import diagram
from .diagram import EMPTY, FULL, Node
from .flows import ICMP_TOP, PORT_TOP, PROTOCOL_TOP, TCP, UDP, FlowSet, has_ports, icmp_of
from .prefixes import Family, Range, count, merge, overlap, parse, top


class Box(NamedTuple):
    """A product of ranges. `thirds`/`fourths` are destination and source ports (TCP, UDP), types and codes
    (ICMP), and empty for the other protocols, of which one box may hold many.
    """

    protocols: tuple[Range, ...]
    remotes: tuple[Range, ...]
    thirds: tuple[Range, ...]
    fourths: tuple[Range, ...]


@lru_cache(maxsize=1 << 16)
def boxes(flows: FlowSet) -> tuple[Box, ...]:
    """Disjoint boxes that make up the set: TCP, UDP, ICMP, then the rest; by destination port (type) within each.

    Every box of a protocol holds whole destination ports: all remotes that may use the port from the same
    source ports share a box, and so do ports that the same remotes may use.
    """
    return tuple(_boxes(flows))


def _boxes(flows: FlowSet) -> Iterator[Box]:
    """One after the other, as far as anybody asks: all of them may be as many as ports times remotes."""
    for protocol in (TCP, UDP, icmp_of(flows.family)):
        yield from _boxes_of(protocol, diagram.child_at(flows.root, protocol), flows.family)
    yield from _portless(flows)


def _boxes_of(protocol: int, below: Node, family: Family) -> Iterator[Box]:
    limit = PORT_TOP if has_ports(protocol) else ICMP_TOP
    groups = _by_child(below, top(family))
    for thirds, members, fourths_node in _by_third([child for _, child in groups], limit):
        remotes = groups[members[0]][0] if len(members) == 1 else merge(r for m in members for r in groups[m][0])
        fourths = merge((low, high) for low, high, child in diagram.steps(fourths_node, limit) if child is FULL)
        yield Box(((protocol, protocol),), remotes, thirds, fourths)


#: At which third which children change to which fourth level.
_Changes = dict[int, list[tuple[int, Node]]]
_Third = tuple[tuple[Range, ...], tuple[int, ...], Node]


def _by_third(children: list[Node], limit: int) -> Iterator[_Third]:
    """(thirds, which children hold them, fourth level), by the first of the thirds."""
    changes: _Changes = {}
    for index, child in enumerate(children):
        for low, _, fourth in diagram.steps(child, limit):
            changes.setdefault(low, []).append((index, fourth))
    cuts = sorted(changes)
    spans = [(low, following - 1) for low, following in zip(cuts, [*cuts[1:], limit + 1], strict=False)]
    first = _first_by_third(changes, spans)
    if first is None:
        return
    yield first
    # The others cost children times thirds, and an example needs none of them.
    yield from islice(_all_by_third(changes, spans), 1, None)


def _first_by_third(changes: _Changes, spans: list[Range]) -> _Third | None:
    """What the first third leads to that leads to anything, and all thirds that lead to the same."""
    active: dict[int, Node] = {}
    wanted, members, thirds = EMPTY, frozenset[int](), []
    missing = others = 0
    for low, high in spans:
        for index, fourth in changes[low]:
            gone, come = active.get(index, EMPTY) is wanted, fourth is wanted
            active[index] = fourth
            if gone is not come and index in members:
                missing += 1 if gone else -1
            elif gone is not come:
                others += -1 if gone else 1
        if not members:
            here = [index for index in sorted(active) if active[index] is not EMPTY]
            if not here:
                continue
            wanted = active[here[0]]
            members, missing, others = frozenset(i for i in here if active[i] is wanted), 0, 0
        if missing == others == 0:
            thirds.append((low, high))
    return (merge(thirds), tuple(sorted(members)), wanted) if members else None


def _all_by_third(changes: _Changes, spans: list[Range]) -> Iterator[_Third]:
    """One sweep over where any of the children changes."""
    active: dict[int, Node] = {}
    found: dict[tuple[tuple[int, ...], Node], list[Range]] = {}
    for low, high in spans:
        for index, fourth in changes[low]:
            if fourth is EMPTY:
                active.pop(index, None)
            else:
                active[index] = fourth
        here: dict[Node, list[int]] = {}
        for index in sorted(active):
            here.setdefault(active[index], []).append(index)
        for fourth, members in here.items():
            found.setdefault((tuple(members), fourth), []).append((low, high))
    for (held_by, fourth), thirds in found.items():
        yield merge(thirds), held_by, fourth


def _portless(flows: FlowSet) -> tuple[Box, ...]:
    """Boxes of all protocols without ports; protocols with the same remotes share one."""
    special = [(p, p) for p in (TCP, UDP, icmp_of(flows.family))]
    by_remotes: dict[tuple[Range, ...], list[Range]] = {}
    for low, high, below in diagram.steps(flows.root, PROTOCOL_TOP):
        remotes = merge((a, b) for a, b, child in diagram.steps(below, top(flows.family)) if child is not EMPTY)
        plain = diagram.ranges([(low, high)], FULL, PROTOCOL_TOP)
        rest = diagram.difference(plain, diagram.ranges(special, FULL, PROTOCOL_TOP))
        kept = [(a, b) for a, b, child in diagram.steps(rest, PROTOCOL_TOP) if child is FULL]
        if remotes and kept:
            by_remotes.setdefault(remotes, []).extend(kept)
    return tuple(sorted(Box(merge(protocols), remotes, (), ()) for remotes, protocols in by_remotes.items()))


def _by_child(n: Node, limit: int) -> list[tuple[tuple[Range, ...], Node]]:
    """The ranges that lead to each non-empty child, in order of the first range."""
    groups: dict[Node, list[Range]] = {}
    for low, high, child in diagram.steps(n, limit):
        if child is not EMPTY:
            groups.setdefault(child, []).append((low, high))
    return [(merge(ranges), child) for child, ranges in groups.items()]


def remotes_of(flows: FlowSet) -> tuple[Range, ...]:
    """Every remote address that some flow of the set has."""
    return merge(
        (low, high)
        for _, _, below in diagram.steps(flows.root, PROTOCOL_TOP)
        for low, high, child in diagram.steps(below, top(flows.family))
        if child is not EMPTY
    )


def ports_of(flows: FlowSet, protocol: int) -> tuple[Range, ...]:
    """The destination ports (TCP, UDP) that some flow of the set has."""
    remotes = diagram.steps(diagram.child_at(flows.root, protocol), top(flows.family))
    thirds = dict.fromkeys(child for _, _, child in remotes)
    return merge(
        (low, high) for third in thirds for low, high, child in diagram.steps(third, PORT_TOP) if child is not EMPTY
    )


def remote_count(flows: FlowSet) -> int:
    """How many remote addresses some flow of the set has."""
    return count(remotes_of(flows))


class Example(NamedTuple):
    """One flow of a set; `third` and `fourth` are None for protocols without ports."""

    protocol: int
    remote: int
    third: int | None
    fourth: int | None


# Addresses that read well in an example, where the set has them.
_FRIENDLY = {
    "ipv4": ("198.51.100.7/32", "203.0.113.7/32", "192.0.2.7/32", "8.8.8.8/32"),
    "ipv6": ("2001:db8::7/128", "2600::7/128"),
}
_FRIENDLY_PORTS = (443, 80, 22)
_FIRST_EPHEMERAL_PORT = 49152
_FIRST_UNPRIVILEGED_PORT = 1024


@lru_cache(maxsize=1 << 12)
def example(flows: FlowSet) -> Example | None:
    """One flow of the set, None where it is empty: TCP before UDP before ICMP, an ordinary source port if any."""
    first: Box | None = None
    for box in _boxes(flows):
        if _ordinary(box):
            return _example(box, flows.family)
        first = first or box
    return _example(first, flows.family) if first else None


def _example(box: Box, family: Family) -> Example:
    protocol = box.protocols[0][0]
    remote = _friendly(box.remotes, family)
    if not box.thirds:
        return Example(protocol, remote, None, None)
    fourth = _source_port(box.fourths) if has_ports(protocol) else box.fourths[0][0]
    return Example(protocol, remote, _third(box.thirds, protocol), fourth)


def _third(thirds: tuple[Range, ...], protocol: int) -> int:
    """A well-known port of a wide range, else its first: 0 is no port that anything uses."""
    if not has_ports(protocol) or thirds[0][0] == thirds[0][1]:
        return thirds[0][0]
    known = [port for port in _FRIENDLY_PORTS if overlap([(port, port)], thirds)]
    return known[0] if known else max(thirds[0][0], 1)


def _ordinary(box: Box) -> bool:
    """Whether a client could use the box without choosing a privileged source port."""
    return not (box.fourths and has_ports(box.protocols[0][0])) or box.fourths[-1][1] >= _FIRST_UNPRIVILEGED_PORT


def _friendly(remotes: tuple[Range, ...], family: Family) -> int:
    wanted: Iterable[Range] = (parse(cidr).range for cidr in _FRIENDLY[family])
    return next((r[0] for w in wanted for r in overlap([w], remotes)), _inner(remotes[0]))


def _inner(r: Range) -> int:
    """An address of the range that is no network address, where there is one."""
    return min(r[0] + 1, r[1])


def _source_port(ports: tuple[Range, ...]) -> int:
    for wanted in (_FIRST_EPHEMERAL_PORT, _FIRST_UNPRIVILEGED_PORT):
        ordinary = overlap([(wanted, PORT_TOP)], ports)
        if ordinary:
            return ordinary[0][0]
    return ports[0][0]
