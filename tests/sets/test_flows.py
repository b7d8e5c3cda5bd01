"""Flow sets are sets: their laws, and agreement with Python's own sets on a universe that can be enumerated."""

from collections.abc import Callable

import pytest
from hypothesis import given

from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP, FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Family
from sets.universe import CELLS, FAMILIES, FLOW_SET, flow_sets, members, of_cell

Law = Callable[[FlowSet, FlowSet, FlowSet], bool]

LAWS: dict[str, Law] = {
    "union is idempotent": lambda a, _b, _c: a | a == a,
    "intersection is idempotent": lambda a, _b, _c: a & a == a,
    "union commutes": lambda a, b, _c: a | b == b | a,
    "intersection commutes": lambda a, b, _c: a & b == b & a,
    "union associates": lambda a, b, c: (a | b) | c == a | (b | c),
    "intersection associates": lambda a, b, c: (a & b) & c == a & (b & c),
    "union absorbs": lambda a, b, _c: a | (a & b) == a,
    "intersection absorbs": lambda a, b, _c: a & (a | b) == a,
    "intersection distributes": lambda a, b, c: a & (b | c) == (a & b) | (a & c),
    "union distributes": lambda a, b, c: a | (b & c) == (a | b) & (a | c),
    "difference distributes": lambda a, b, c: (a | b) - c == (a - c) | (b - c),
    "De Morgan, of a union": lambda a, b, _c: ~(a | b) == ~a & ~b,
    "De Morgan, of an intersection": lambda a, b, _c: ~(a & b) == ~a | ~b,
    "complement is an involution": lambda a, _b, _c: ~~a == a,
    "complement excludes": lambda a, _b, _c: (a & ~a).is_empty,
    "complement exhausts": lambda a, _b, _c: (a | ~a).is_full,
    "difference is intersection with the complement": lambda a, b, _c: a - b == a & ~b,
    "difference and intersection partition": lambda a, b, _c: (a - b) | (a & b) == a,
    "difference twice": lambda a, b, c: (a - b) - c == a - (b | c),
    "order is that of union": lambda a, b, _c: (a <= b) == (a | b == b),
    "order is that of intersection": lambda a, b, _c: (a <= b) == (a & b == a),
    "an intersection is below": lambda a, b, _c: a & b <= a,
    "order is antisymmetric": lambda a, b, _c: all((a <= b, b <= a)) == (a == b),
    "equal sets hash alike": lambda a, b, _c: hash(a | b) == hash(b | a),
}


@given(flow_sets(3))
def test_laws(sets: tuple[FlowSet, FlowSet, FlowSet]) -> None:
    assert [name for name, law in LAWS.items() if not law(*sets)] == []


@pytest.mark.parametrize("family", FAMILIES)
def test_bounds(family: Family) -> None:
    full, empty = FlowSet.full(family), FlowSet.empty(family)
    assert (full.is_full, full.is_empty, empty.is_full, empty.is_empty) == (True, False, False, True)
    assert ~full == empty
    assert FlowSet.build(family) == full
    assert FlowSet.build(family, protocols=[]) == empty
    assert FlowSet.build(family, remotes=[]) == empty
    assert FlowSet.union_of(family, []) == empty
    assert members(full) == frozenset(CELLS[family])


@given(flow_sets(2))
def test_operations_are_those_of_sets(sets: tuple[FlowSet, FlowSet]) -> None:
    a, b = sets
    held_a, held_b = members(a), members(b)
    assert members(a | b) == held_a | held_b
    assert members(a & b) == held_a & held_b
    assert members(a - b) == held_a - held_b
    assert members(~a) == frozenset(CELLS[a.family]) - held_a
    assert (a <= b) == (held_a <= held_b)
    assert (a == b) == (held_a == held_b)
    assert a.is_empty == (not held_a)
    assert a.is_full == (len(held_a) == len(CELLS[a.family]))


@given(FLOW_SET)
def test_a_set_has_one_form_however_it_is_built(flows: FlowSet) -> None:
    """Put together again from its single cells, in another order, it is the very same diagram."""
    cells = sorted(members(flows), key=lambda cell: (cell.fourth, cell.remote, cell.third, cell.protocol))
    assert FlowSet.union_of(flows.family, [of_cell(flows.family, cell) for cell in cells]) == flows
    carved = FlowSet.full(flows.family)
    for cell in set(CELLS[flows.family]).difference(cells):
        carved -= of_cell(flows.family, cell)
    assert carved == flows


@given(flow_sets(4))
def test_union_of_many(sets: tuple[FlowSet, FlowSet, FlowSet, FlowSet]) -> None:
    a, b, c, d = sets
    assert FlowSet.union_of(a.family, iter(sets)) == a | b | c | d


def test_contains_web() -> None:
    web = FlowSet.build(
        "ipv4", protocols=[(TCP, TCP)], remotes=[(10, 20)], thirds=[(443, 443)], fourths=[(1024, 65535)]
    )
    assert web.contains(TCP, 10, 443, 1024)
    assert web.contains(TCP, 20, 443, 65535)
    assert not web.contains(UDP, 10, 443, 1024)
    assert not web.contains(TCP, 9, 443, 1024)
    assert not web.contains(TCP, 21, 443, 1024)
    assert not web.contains(TCP, 10, 442, 1024)
    assert not web.contains(TCP, 10, 444, 1024)
    assert not web.contains(TCP, 10, 443, 1023)


def test_adjacent_ranges_are_one() -> None:
    halves = FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(0, 79), (80, 65535)])
    assert halves == FlowSet.build("ipv4", protocols=[(TCP, TCP)])


@pytest.mark.parametrize(("family", "icmp"), [("ipv4", ICMP), ("ipv6", ICMPV6)])
def test_every_icmp_type_and_code_is_all_of_icmp(family: Family, icmp: int) -> None:
    """A level of ICMP ends at 255, unlike one of ports."""
    all_of_it = FlowSet.build(family, protocols=[(icmp, icmp)])
    assert FlowSet.build(family, protocols=[(icmp, icmp)], thirds=[(0, 255)], fourths=[(0, 255)]) == all_of_it
    low, high = (FlowSet.build(family, protocols=[(icmp, icmp)], thirds=[r]) for r in [(0, 127), (128, 255)])
    assert low | high == all_of_it


def test_families_are_never_equal() -> None:
    assert FlowSet.full("ipv4") != FlowSet.full("ipv6")
    assert FlowSet.empty("ipv4") != FlowSet.empty("ipv6")
    assert FlowSet.full("ipv4") != "ipv4"


def test_protocols() -> None:
    assert (icmp_of("ipv4"), icmp_of("ipv6")) == (1, 58)
    assert [protocol for protocol in range(256) if has_ports(protocol)] == [6, 17]
