"""What holds of every trace, on estates put together at random from parts that fit more or less.

The sets and the one-packet reading must agree on every packet. Packets that a virtual private gateway hands in
are compared from an address that no interface holds: whether group references match others is not settled.
"""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from estates import (
    ANYTHING,
    acl,
    bpa,
    eigw,
    eni,
    entry,
    igw,
    instance,
    nat,
    pcx,
    perm,
    route,
    rtb,
    sg,
    snapshot,
    subnet,
    vgw,
    vpc,
)
from sekisho.engine.answer import Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection
from sekisho.engine.packet import ICMP, TCP, Delivered, Dropped, GatewayEntry, InterfaceEntry, Left, Packet, Unsettled
from sekisho.engine.population import hosts_of
from sekisho.engine.trace import trace
from sekisho.engine.witness import disagreement, sent
from sekisho.model.record import Source
from sekisho.model.topology import Topology
from sekisho.sets.boxes import Example
from sekisho.sets.flows import FlowSet

V, W = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56"), vpc("vpc-2", "10.1.0.0/16", "2001:db8:2::/56")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1:1::/64")
B = subnet("subnet-b", "vpc-1", "10.0.2.0/24", "2001:db8:1:2::/64")
C = subnet("subnet-c", "vpc-2", "10.1.1.0/24", "2001:db8:2:1::/64")
FIXED = (
    *(V, W, A, B, C, pcx("pcx-1", V, W), igw("igw-1", "vpc-1"), igw("igw-2", "vpc-2"), eigw("eigw-1", "vpc-1")),
    *(vgw("vgw-1", "vpc-1"), nat("nat-1", B, "10.0.2.99", "203.0.113.9"), instance("i-fw")),
    eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), "2001:db8:1:1::10", groups=["sg-1"], instance="i-x"),
    eni("eni-y", B, "10.0.2.20", "2001:db8:1:2::20", groups=["sg-1"]),
    eni("eni-fw", B, "10.0.2.30", groups=["sg-1"], instance="i-fw", check=False),
    eni("eni-w", C, ("10.1.1.10", "203.0.113.7"), "2001:db8:2:1::10", groups=["sg-1"]),
)
PREFIXES = ("0.0.0.0/0", "10.0.1.0/24", "10.0.2.0/24", "10.1.0.0/16", "198.51.100.0/24", "::/0", "2001:db8:2::/56")
TARGETS = ("igw-1", "igw-2", "eigw-1", "nat-1", "eni-fw", "pcx-1", "vgw-1", "tgw-1", "local", "eni-gone")
ADDRESSES = ("10.0.1.10", "10.0.2.20", "10.0.2.99", "10.1.1.10", "203.0.113.5", "203.0.113.7", "198.51.100.7")
ADDRESSES6 = ("2001:db8:1:1::10", "2001:db8:1:2::20", "2001:db8:2:1::10", "2001:db8:c::7")
ENTRIES = (
    *(GatewayEntry("igw-1", "vpc-1"), GatewayEntry("pcx-1", "vpc-1"), GatewayEntry("vgw-1", "vpc-1")),
    *(InterfaceEntry("eni-x"), InterfaceEntry("eni-w")),
)

routes = st.lists(
    st.builds(route, st.sampled_from(PREFIXES), st.sampled_from(TARGETS), st.sampled_from(["active", "blackhole"])),
    max_size=3,
    unique_by=lambda r: r.destination,
)
acl_entries = st.lists(
    st.builds(
        entry,
        st.integers(1, 99),
        st.sampled_from(["in", "out"]),
        st.sampled_from(["allow", "deny"]),
        st.sampled_from(PREFIXES),
        st.sampled_from(["-1", "6", "1"]),
    ),
    max_size=4,
)
#: Calls that failed after some of their records were read.
TABLES = ("interfaces", "instances", "route_tables", "internet_gateways", "peerings", "bpa_options", "vpn_gateways")
gaps = st.sets(st.sampled_from(TABLES), max_size=2)
rules = st.lists(
    st.builds(perm, st.sampled_from(["tcp", "-1"]), st.just(22), st.sampled_from([*PREFIXES, "sg-1"])), max_size=2
)


@st.composite
def packets(draw: st.DrawFn) -> Packet:
    addresses = draw(st.sampled_from([ADDRESSES, ADDRESSES6]))
    source, destination = draw(st.sampled_from(addresses)), draw(st.sampled_from(addresses))
    if draw(st.booleans()):
        return Packet(source, destination, TCP, draw(st.sampled_from([443, 49152])), draw(st.sampled_from([22, 443])))
    return Packet(source, destination, ICMP, icmp_type=8, icmp_code=0)


@st.composite
def estates(draw: st.DrawFn) -> tuple[list[Any], list[Any]]:
    """The records of an estate without its group, and the rules of the group."""
    rest: list[Any] = [*FIXED, instance("i-x", draw(st.sampled_from(["running", "stopped"])))]
    for where, vpc_id in (("a", "vpc-1"), ("b", "vpc-1"), ("c", "vpc-2")):
        local = [route(cidr, "local") for cidr in (V if vpc_id == "vpc-1" else W).cidrs]
        more = [r for r in draw(routes) if r.destination not in {own.destination for own in local}]
        rest.append(rtb(f"rtb-{where}", vpc_id, [f"subnet-{where}"], *local, *more))
        rest.append(acl(f"acl-{where}", vpc_id, [f"subnet-{where}"], *draw(acl_entries)))
    if draw(st.booleans()):
        rest.append(rtb("rtb-edge", "vpc-1", [], *draw(routes), edge=draw(st.sampled_from(["igw-1", "vgw-1"]))))
    if draw(st.booleans()):
        rest.append(bpa(draw(st.sampled_from(["off", "block-ingress", "block-bidirectional"]))))
    return rest, draw(rules)


@given(estates(), packets(), st.sampled_from(ENTRIES))
def test_every_trace_is_whole(estate: tuple[list[Any], list[Any]], packet: Packet, way_in: Any) -> None:
    rest, ingress = estate
    walked = trace(Topology(snapshot(*rest, sg("sg-1", "vpc-1", ingress))), packet, way_in)
    assert (walked.reply_outcome is None) is isinstance(walked.outcome, Dropped | Unsettled)
    for hops, outcome in ((walked.forward, walked.outcome), (walked.reply, walked.reply_outcome)):
        denials = [(index, hop.component) for index, hop in enumerate(hops) if hop.action == "deny"]
        assert denials == ([(len(hops) - 1, outcome.component)] if isinstance(outcome, Dropped) else [])
        assert all(isinstance(source, Source) for hop in hops for source in hop.evidence)
        if isinstance(outcome, Unsettled):
            assert outcome.reason
            assert "\n" not in outcome.reason
    if isinstance(walked.reply_outcome, Left):
        assert isinstance(way_in, GatewayEntry)
        assert walked.reply_outcome.gateway_id == way_in.gateway_id
    if isinstance(walked.reply_outcome, Delivered):
        assert isinstance(way_in, InterfaceEntry)
        assert walked.reply_outcome.interface_id == way_in.interface_id


@given(estates(), packets(), st.sampled_from(ENTRIES))
def test_opening_the_group_takes_nothing_away(estate: tuple[list[Any], list[Any]], packet: Packet, way_in: Any) -> None:
    rest, ingress = estate
    before = trace(Topology(snapshot(*rest, sg("sg-1", "vpc-1", ingress))), packet, way_in)
    after = trace(Topology(snapshot(*rest, sg("sg-1", "vpc-1", [*ingress, ANYTHING]))), packet, way_in)
    if isinstance(before.outcome, Delivered | Left):
        assert after.outcome == before.outcome
    if isinstance(before.reply_outcome, Delivered | Left):
        assert after.reply_outcome == before.reply_outcome


def connections(topology: Topology) -> Iterator[tuple[Connection, tuple[int, ...]]]:
    """Every connection between interfaces and from gateways, with the remote addresses to compare."""
    assessor = Assessor(topology)
    hosts = [host for interface in topology.snapshot.interfaces.values() for host in hosts_of(interface)]
    for host in hosts:
        for sender in (h for h in hosts if h.family == host.family):
            for public in {False, host.public is not None and sender.interface is not host.interface}:
                connector = assessor.connectors[host.family]
                yield (
                    connector.between(sender, host, FlowSet.full(host.family), public=public),
                    (sender.address,),
                )
        known = ADDRESSES if host.family == "ipv4" else ADDRESSES6
        origins: tuple[tuple[Origin, tuple[str, ...]], ...] = (
            ("internet", known),
            ("peering", known),
            ("vgw", known[-1:]),
        )
        for origin, remotes in origins:
            for connection in assessor.connections(host, origin):
                if connection.way is not None and connection.way.gateway is not None:
                    yield connection, tuple(int(ip_address(remote)) for remote in remotes)


@given(estates(), st.sampled_from([(TCP, 22, 49152), (TCP, 443, 443), (ICMP, 8, 0)]), gaps)
def test_the_sets_and_the_trace_agree(
    estate: tuple[list[Any], list[Any]], kind: tuple[int, int, int], failed: set[str]
) -> None:
    rest, ingress = estate
    topology = Topology(snapshot(*rest, sg("sg-1", "vpc-1", ingress), failed=failed))
    for connection, remotes in connections(topology):
        for remote in remotes:
            found = Example(kind[0], remote, kind[1], kind[2])
            if connection.question.contains(found.protocol, remote, kind[1], kind[2]):
                packet, way_in, leave_by = sent(connection, found)
                fault = disagreement(connection, found, trace(topology, packet, way_in, leave_by))
                assert fault is None, (packet, way_in)
