"""Sets seen from another place, against the definition cell by cell."""

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from sekisho.sets.flows import ICMP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Range
from sekisho.sets.reshape import (
    for_every_source_port,
    for_some_source_port,
    in_family,
    move_port,
    pin,
    relabel,
    to_port,
)
from sets.universe import CELLS, FAMILIES, FLOW_SET, PORTS, Cell, members, remotes_in, runs

ADDRESSES = st.sampled_from([0, 9, 10, 11, 2**32 - 1])


def segment_of(flows: FlowSet, address: int) -> Range:
    return next(r for r in remotes_in(flows.family) if r[0] <= address <= r[1])


@given(FLOW_SET, ADDRESSES)
def test_pin(flows: FlowSet, address: int) -> None:
    held, there = members(flows), segment_of(flows, address)
    expected = {cell for cell in CELLS[flows.family] if cell._replace(remote=there) in held}
    assert members(pin(flows, address)) == expected


@given(FLOW_SET, ADDRESSES, st.data())
def test_relabel(flows: FlowSet, address: int, data: st.DataObject) -> None:
    remotes = tuple(data.draw(st.lists(runs(remotes_in(flows.family)), max_size=2)))
    held, there = members(flows), segment_of(flows, address)
    expected = {
        cell
        for cell in CELLS[flows.family]
        if cell._replace(remote=there) in held and any(r[0] <= cell.remote[0] <= r[1] for r in remotes)
    }
    assert members(relabel(flows, address, remotes)) == expected


def quantified(flows: FlowSet, ports: Range, quantifier: Callable[[list[bool]], bool]) -> set[Cell]:
    """Cells whose flow is held with `quantifier` of the source ports; those without ports as they are."""
    held = members(flows)
    choices = [segment for segment in PORTS if ports[0] <= segment[0] <= ports[1]]
    return {
        cell
        for cell in CELLS[flows.family]
        if (
            quantifier([cell._replace(fourth=choice) in held for choice in choices])
            if cell.protocol in {(TCP, TCP), (UDP, UDP)}
            else cell in held
        )
    }


@given(FLOW_SET, runs(PORTS))
def test_for_every_source_port(flows: FlowSet, ports: Range) -> None:
    assert members(for_every_source_port(flows, ports)) == quantified(flows, ports, all)


@given(FLOW_SET, runs(PORTS))
def test_for_some_source_port(flows: FlowSet, ports: Range) -> None:
    assert members(for_some_source_port(flows, ports)) == quantified(flows, ports, any)


@given(FLOW_SET, runs(PORTS))
def test_quantifiers_are_dual(flows: FlowSet, ports: Range) -> None:
    assert for_every_source_port(~flows, ports) == ~for_some_source_port(flows, ports)
    assert for_every_source_port(flows, ports) <= for_some_source_port(flows, ports)


def test_an_ephemeral_range_that_is_cut_short() -> None:
    """A reply rule for 32768-60999 serves some client of 1024-65535, and not every one."""
    served = FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(22, 22)], fourths=[(32768, 60999)])
    ssh = FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(22, 22)])
    assert for_some_source_port(served, (1024, 65535)) == ssh
    assert for_every_source_port(served, (1024, 65535)).is_empty
    assert for_every_source_port(served, (32768, 60999)) == ssh
    assert for_some_source_port(served, (0, 32767)).is_empty


def test_protocols_without_ports_pass_through() -> None:
    ping = FlowSet.build("ipv4", protocols=[(ICMP, ICMP)], remotes=[(1, 1)], thirds=[(8, 8)], fourths=[(0, 0)])
    assert for_every_source_port(ping, (0, 65535)) == ping
    assert for_some_source_port(ping, (0, 65535)) == ping


#: A port of each segment that is one port alone can be moved to and from exactly.
POINT = (443, 443)
WITH_PORTS = {(TCP, TCP), (UDP, UDP)}


@given(FLOW_SET)
def test_move_port(flows: FlowSet) -> None:
    """What is held at port 22 is said of 443 alone; protocols without ports are left out."""
    held = members(flows)
    low = next(segment for segment in PORTS if segment[0] <= 22 <= segment[1])
    expected = {
        cell
        for cell in CELLS[flows.family]
        if cell.protocol in WITH_PORTS and cell.third == POINT and cell._replace(third=low) in held
    }
    assert members(move_port(flows, 22, 443)) == expected


@given(FLOW_SET)
def test_to_port(flows: FlowSet) -> None:
    held = members(flows)
    expected = {
        cell
        for cell in CELLS[flows.family]
        if cell.protocol in WITH_PORTS
        and cell.third == POINT
        and any(cell._replace(third=segment) in held for segment in PORTS)
    }
    assert members(to_port(flows, 443)) == expected


@given(FLOW_SET, st.sampled_from(FAMILIES))
def test_in_family(flows: FlowSet, family: Family) -> None:
    held = members(flows)
    expected = {
        cell
        for cell in CELLS[family]
        if cell.protocol in WITH_PORTS
        and any(cell._replace(remote=segment) in held for segment in remotes_in(flows.family))
    }
    assert members(in_family(flows, family)) == expected
