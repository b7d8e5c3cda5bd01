"""Flow sets read out."""

from itertools import combinations

import pytest
from hypothesis import given

from sekisho.sets.boxes import Box, Example, boxes, example, ports_of, remote_count, remotes_of
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Range, merge, overlap, parse
from sets.universe import CELLS, FLOW_SET, Cell, members


def flows_of(box: Box, family: Family) -> FlowSet:
    return FlowSet.build(
        family,
        protocols=box.protocols,
        remotes=box.remotes,
        thirds=box.thirds or None,
        fourths=box.fourths or None,
    )


def holds(box: Box, cell: Cell) -> bool:
    """Whether the box holds the flow at the low corner of the cell."""
    levels = zip(cell, (box.protocols, box.remotes, box.thirds or ((0, 0),), box.fourths or ((0, 0),)), strict=True)
    return all(any(low <= segment[0] <= high for low, high in ranges) for segment, ranges in levels)


@given(FLOW_SET)
def test_boxes_are_the_set_and_disjoint(flows: FlowSet) -> None:
    found = boxes(flows)
    held = members(flows)
    assert [sum(holds(box, cell) for box in found) for cell in CELLS[flows.family]] == [
        int(cell in held) for cell in CELLS[flows.family]
    ]
    parts = [flows_of(box, flows.family) for box in found]
    assert FlowSet.union_of(flows.family, parts) == flows
    assert all((a & b).is_empty for a, b in combinations(parts, 2))


@given(FLOW_SET)
def test_boxes_are_tidy(flows: FlowSet) -> None:
    """No box is empty, every level is merged, and protocols with ports stand alone."""
    for box in boxes(flows):
        assert all(level == merge(level) for level in box)
        assert box.protocols
        assert box.remotes
        has_more = box.protocols[0][0] in {TCP, UDP, {"ipv4": ICMP, "ipv6": ICMPV6}[flows.family]}
        assert (bool(box.thirds), bool(box.fourths)) == (has_more, has_more)
        assert not has_more or len(box.protocols) == 1


@given(FLOW_SET)
def test_remotes(flows: FlowSet) -> None:
    expected = merge({cell.remote for cell in members(flows)})
    assert remotes_of(flows) == expected
    assert remote_count(flows) == sum(high - low + 1 for low, high in expected)


@given(FLOW_SET)
def test_ports(flows: FlowSet) -> None:
    for protocol in (TCP, UDP):
        expected = merge({cell.third for cell in members(flows) if cell.protocol == (protocol, protocol)})
        assert ports_of(flows, protocol) == expected


@given(FLOW_SET)
def test_an_example_is_a_member(flows: FlowSet) -> None:
    found = example(flows)
    assert (found is None) == flows.is_empty
    if found is not None:
        assert flows.contains(found.protocol, found.remote, found.third or 0, found.fourth or 0)


def test_boxes_of_everything() -> None:
    everything: tuple[Range, ...] = ((0, 2**32 - 1),)
    ports: tuple[Range, ...] = ((0, 65535),)
    icmp: tuple[Range, ...] = ((0, 255),)
    rest = ((0, 0), (2, 5), (7, 16), (18, 255))
    assert boxes(FlowSet.full("ipv4")) == (
        Box(((6, 6),), everything, ports, ports),
        Box(((17, 17),), everything, ports, ports),
        Box(((1, 1),), everything, icmp, icmp),
        Box(rest, everything, (), ()),
    )
    assert boxes(FlowSet.empty("ipv4")) == ()


def test_icmp_of_the_other_family_has_no_types() -> None:
    crossed = FlowSet.build("ipv4", protocols=[(ICMPV6, ICMPV6)])
    assert boxes(crossed) == (Box(((58, 58),), ((0, 2**32 - 1),), (), ()),)


def test_each_port_has_its_own_remotes() -> None:
    ssh, web = (
        FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=remotes, thirds=[(port, port)])
        for remotes, port in [([(1, 1), (3, 3)], 22), ([(1, 3)], 443)]
    )
    ports: tuple[Range, ...] = ((0, 65535),)
    assert boxes(ssh | web) == (
        Box(((6, 6),), ((1, 1), (3, 3)), ((22, 22),), ports),
        Box(((6, 6),), ((1, 3),), ((443, 443),), ports),
    )


def address(text: str) -> int:
    return parse(text).low


@pytest.mark.parametrize(
    ("flows", "expected"),
    [
        (FlowSet.empty("ipv4"), None),
        (FlowSet.full("ipv4"), Example(TCP, address("198.51.100.7"), 443, 49152)),
        (FlowSet.full("ipv6"), Example(TCP, address("2001:db8::7"), 443, 49152)),
        (
            FlowSet.build("ipv4", protocols=[(UDP, UDP)], remotes=[(16, 31)], thirds=[(53, 53)]),
            Example(UDP, 17, 53, 49152),
        ),
        (
            FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=[(9, 9)], thirds=[(22, 22)], fourths=[(512, 2000)]),
            Example(TCP, 9, 22, 1024),
        ),
        (
            FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=[(9, 9)], thirds=[(22, 22)], fourths=[(512, 1023)]),
            Example(TCP, 9, 22, 512),
        ),
        (
            FlowSet.build("ipv4", protocols=[(ICMP, ICMP)], remotes=[(9, 9)], thirds=[(8, 8)], fourths=[(0, 0)]),
            Example(ICMP, 9, 8, 0),
        ),
        (FlowSet.build("ipv4", protocols=[(47, 50)], remotes=[(9, 9)]), Example(47, 9, None, None)),
        # The first type and code, the first port from 1 where none that is well known is in it.
        (
            FlowSet.build("ipv4", protocols=[(ICMP, ICMP)], remotes=[(9, 9)], thirds=[(3, 12)], fourths=[(1, 7)]),
            Example(ICMP, 9, 3, 1),
        ),
        (
            FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=[(9, 9)], thirds=[(0, 21), (1000, 2000)]),
            Example(TCP, 9, 1, 49152),
        ),
        (
            FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=[(9, 9)], thirds=[(100, 200), (1000, 2000)]),
            Example(TCP, 9, 100, 49152),
        ),
    ],
)
def test_example(flows: FlowSet, expected: Example | None) -> None:
    assert example(flows) == expected


def test_an_example_prefers_an_ordinary_source_port() -> None:
    """UDP from any port reads better than TCP that only works from a privileged one."""
    privileged = FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(22, 22)], fourths=[(0, 1023)])
    ordinary = FlowSet.build("ipv4", protocols=[(UDP, UDP)], thirds=[(53, 53)])
    found = example(privileged | ordinary)
    assert found == Example(UDP, address("198.51.100.7"), 53, 49152)


def test_an_example_is_friendly_where_it_can_be() -> None:
    """The second choice where the first is cut out."""
    flows = FlowSet.full("ipv4") - FlowSet.of_remotes(
        "ipv4", overlap([(0, 2**32 - 1)], [parse("198.51.100.0/24").range])
    )
    found = example(flows)
    assert found is not None
    assert found.remote == address("203.0.113.7")
