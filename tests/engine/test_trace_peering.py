"""To other networks: peering connections and virtual private gateways, from interfaces and as origins."""

from typing import Any

import pytest

from estates import (
    acl,
    at,
    eni,
    group_pair,
    igw,
    instance,
    nat,
    pcx,
    peering_side,
    perm,
    route,
    rtb,
    sg,
    snapshot,
    subnet,
    vgw,
    vpc,
    vpn,
)
from sekisho.engine.packet import (
    TCP,
    UDP,
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    InterfaceEntry,
    Left,
    Packet,
    Trace,
    Unsettled,
)
from sekisho.engine.trace import trace
from sekisho.model.remote_access import DirectConnectVirtualInterface
from sekisho.model.routing import Route
from sekisho.model.topology import Topology

V = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1:1::/64")
B = subnet("subnet-b", "vpc-1", "10.0.2.0/24")
HOST, HOST6 = "198.51.100.7", "2001:db8:c::7"
X, X6, EIP, Y = "10.0.1.10", "2001:db8:1:1::10", "203.0.113.5", "10.0.2.20"
LOCAL, LOCAL6 = route("10.0.0.0/16", "local"), route("2001:db8:1::/56", "local")
FROM_X, FROM_INTERNET = InterfaceEntry("eni-x"), GatewayEntry("igw-1", "vpc-1")
FROM_W, FROM_VGW = GatewayEntry("pcx-1", "vpc-1"), GatewayEntry("vgw-1", "vpc-1")
TO_X, TO_Y = Delivered("eni-x"), Delivered("eni-y")
OUT = route("0.0.0.0/0", "igw-1")

Records = dict[str, Any]


def estate(*routes: Route, **changes: Any) -> Records:
    """X in A, with a public address and everything open; A and B have these routes."""
    return {
        "vpc": V,
        "a": A,
        "b": B,
        "acl": acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"]),
        "igw": igw("igw-1", "vpc-1"),
        "rtb": rtb("rtb-1", "vpc-1", ["subnet-a", "subnet-b"], LOCAL, LOCAL6, *routes),
        "sg": sg("sg-x", "vpc-1", [perm("-1", None, "0.0.0.0/0", "::/0")]),
        "x": eni("eni-x", A, (X, EIP), X6, groups=["sg-x"], instance="i-x"),
        "i": instance("i-x"),
        **changes,
    }


def tcp(source: str, destination: str, port: int = 443, source_port: int = 49152) -> Packet:
    return Packet(source, destination, TCP, source_port, port)


def topology(records: Records) -> Topology:
    return Topology(snapshot(*(r for r in records.values() if r is not None)))


def walk(records: Records, packet: Packet, way_in: Entry = FROM_X) -> Trace:
    return trace(topology(records), packet, way_in)


def ends(walked: Trace) -> tuple[object, object]:
    """Where packet and reply end: the code and component of a drop, everything else as it is."""

    def end(outcome: object) -> object:
        return (outcome.code, outcome.component) if isinstance(outcome, Dropped) else outcome

    return end(walked.outcome), end(walked.reply_outcome)


# Peering --------------------------------------------------------------------------------------------

W = vpc("vpc-2", "10.1.0.0/16", "2001:db8:2::/56")
C = subnet("subnet-c", "vpc-2", "10.1.1.0/24")
W1 = "10.1.1.10"


def peered() -> Records:
    """V and W peered, with routes and open rules on both sides."""
    return estate(
        route("10.1.0.0/16", "pcx-1"),
        w=W,
        c=C,
        aclc=acl("acl-c", "vpc-2", ["subnet-c"]),
        rtbc=rtb("rtb-c", "vpc-2", ["subnet-c"], route("10.1.0.0/16", "local"), route("10.0.0.0/16", "pcx-1")),
        sgw=sg("sg-w", "vpc-2", [perm("-1", None, "10.0.0.0/8")]),
        w1=eni("eni-w", C, W1, groups=["sg-w"]),
        pcx=pcx("pcx-1", V, W),
    )


TO_W = Delivered("eni-w")
NO_ROUTE_BACK = {"rtbc": rtb("rtb-c", "vpc-2", ["subnet-c"], route("10.1.0.0/16", "local"))}


@pytest.mark.parametrize("packet", [tcp(X, W1, 443), Packet(X, W1, UDP, 49152, 514)])
def test_p28_each_side_of_a_peering_needs_its_own_route(packet: Packet) -> None:
    assert ends(walk(peered(), packet, FROM_X)) == (TO_W, TO_X)
    records = peered() | NO_ROUTE_BACK
    assert ends(walk(records, packet, FROM_X)) == (TO_W, ("NO_ROUTE_TO_DESTINATION", "rtb-c"))


def referring(**more: Any) -> Records:
    pair = group_pair("sg-x", vpc_id="vpc-1", **more)
    return {"sgw": sg("sg-w", "vpc-2", [perm("tcp", 443, pair)])}


def test_p29_a_reference_holds_across_an_active_peering_in_one_region() -> None:
    named = referring(vpc_peering_connection_id="pcx-1", peering_status="active")
    assert ends(walk(peered() | named, tcp(X, W1, 443), FROM_X)) == (TO_W, TO_X)
    stale = referring(vpc_peering_connection_id="pcx-1", peering_status="deleted")
    refused = (("ENI_SG_RULES_MISMATCH", "sg-w"), None)
    assert ends(walk(peered() | stale, tcp(X, W1, 443), FROM_X)) == refused
    far = {"pcx": pcx("pcx-1", V, peering_side(W, region="us-west-2"))}
    assert ends(walk(peered() | referring() | far, tcp(X, W1, 443), FROM_X)) == refused


def test_p29_a_peering_that_is_not_active_carries_nothing() -> None:
    gone = {"pcx": pcx("pcx-1", V, W, "deleted")}
    assert ends(walk(peered() | gone, tcp(X, W1, 443), FROM_X)) == (("BAD_STATE_ROUTE", "pcx-1"), None)


def test_p30_peering_is_not_transitive() -> None:
    z = vpc("vpc-3", "10.2.0.0/16")
    d = subnet("subnet-d", "vpc-3", "10.2.1.0/24")
    records = peered() | {
        "rtb": rtb("rtb-1", "vpc-1", ["subnet-a"], LOCAL, route("10.2.0.0/16", "pcx-1")),
        "z": z,
        "d": d,
        "pcx2": pcx("pcx-2", W, z),
        "z1": eni("eni-z", d, "10.2.1.10"),
    }
    refused = (("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "pcx-1"), None)
    assert ends(walk(records, tcp(X, "10.2.1.10", 443), FROM_X)) == refused


def test_p31_the_gateways_of_a_peer_are_not_to_be_had() -> None:
    through = rtb("rtb-c", "vpc-2", ["subnet-c"], route("10.1.0.0/16", "local"), route("0.0.0.0/0", "pcx-1"))
    records = peered() | {"rtbc": through}
    refused = (("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "pcx-1"), None)
    assert ends(walk(records, tcp(W1, HOST, 443), InterfaceEntry("eni-w"))) == refused
    inward = walk(records, tcp(HOST, W1, 443), GatewayEntry("pcx-1", "vpc-2"))
    assert ends(inward) == refused


def test_p32_a_nat_gateway_gets_its_replies_over_a_peering_without_a_route_back() -> None:
    behind_nat = {
        "rtb": rtb("rtb-1", "vpc-1", ["subnet-a"], LOCAL, route("10.1.0.0/16", "nat-1")),
        "rtbb": rtb("rtb-b", "vpc-1", ["subnet-b"], LOCAL, route("10.1.0.0/16", "pcx-1")),
        "nat": nat("nat-1", B, "10.0.2.99"),
        "sgw": sg("sg-w", "vpc-2", [perm("tcp", 443, "10.0.2.99/32")]),
    }
    records = peered() | NO_ROUTE_BACK | behind_nat
    assert ends(walk(records, tcp(X, W1, 443), FROM_X)) == (TO_W, TO_X)
    direct = peered() | NO_ROUTE_BACK
    assert ends(walk(direct, tcp(X, W1, 443), FROM_X)) == (TO_W, ("NO_ROUTE_TO_DESTINATION", "rtb-c"))


def test_a_peering_as_origin_hands_in_addresses_of_the_peer_and_takes_their_replies() -> None:
    records = peered()
    assert ends(walk(records, tcp(W1, X, 22), FROM_W)) == (TO_X, Left("pcx-1"))
    assert ends(walk(records, tcp("10.9.9.9", X, 22), FROM_W)) == (("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "pcx-1"), None)


def test_the_subnet_of_a_peer_outside_the_snapshot() -> None:
    records = estate(route("10.1.0.0/16", "pcx-1"), pcx=pcx("pcx-1", V, W))
    assert ends(walk(records, tcp(X, "10.1.1.10"))) == (Left("pcx-1"), TO_X)


def test_records_of_another_account_are_judged_alike() -> None:
    far = at(W, C, acl("acl-c", "vpc-2", ["subnet-c"]), account="444455556666")
    records = peered() | {"w": far, "c": None, "aclc": None}
    assert ends(walk(records, tcp(X, W1, 443), FROM_X)) == (TO_W, TO_X)


# Virtual private gateway, as an origin ----------------------------------------------------------------------------
VIA_VGW, VIA_VGW6 = route("172.31.0.0/16", "vgw-1"), route("fd12::/16", "vgw-1")


def test_p41_the_local_route_wins_over_a_more_specific_propagated_one() -> None:
    propagated = route("10.0.2.0/24", "vgw-1", propagated=True)
    records = estate(propagated, v=vgw("vgw-1", "vpc-1"), y=eni("eni-y", B, Y, groups=["sg-x"]))
    assert ends(walk(records, tcp(X, Y))) == (TO_Y, TO_X)


def test_p43_a_vpn_carries_no_ipv6() -> None:
    records = estate(VIA_VGW, VIA_VGW6, v=vgw("vgw-1", "vpc-1"), vpn=vpn("vpn-1", "vgw-1"))
    assert ends(walk(records, tcp("fd12::5", X6, 22), FROM_VGW)) == (("PROTOCOL_RESTRICTION", "vgw-1"), None)
    assert ends(walk(records, tcp("172.31.0.5", X, 22), FROM_VGW)) == (TO_X, Left("vgw-1"))
    assert ends(walk(records, tcp("10.0.2.20", X, 22), FROM_VGW)) == (
        ("GATEWAY_REJECTS_SPOOFED_TRAFFIC", "vgw-1"),
        None,
    )
    outside = (("VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "vgw-1"), None)
    assert ends(walk(records, tcp("172.31.0.5", EIP, 22), FROM_VGW)) == outside


# Virtual private gateway, outwards and on the reply --------------------------------------------------------


def test_a_virtual_private_gateway_leads_out_of_the_estate_and_back() -> None:
    assert ends(walk(estate(VIA_VGW, v=vgw("vgw-1", "vpc-1")), tcp(X, "172.31.0.5"))) == (Left("vgw-1"), TO_X)
    detached = estate(VIA_VGW, v=vgw("vgw-1", "vpc-1", "detached"))
    assert ends(walk(detached, tcp(X, "172.31.0.5"))) == (("BAD_STATE_ATTACHMENT", "vgw-1"), None)


def test_direct_connect_carries_ipv6() -> None:
    records = estate(VIA_VGW6, v=vgw("vgw-1", "vpc-1"))
    assert ends(walk(records, tcp(X6, "fd12::5"))) == (("PROTOCOL_RESTRICTION", "vgw-1"), None)
    line = DirectConnectVirtualInterface(
        virtual_interface_id="dxvif-1", virtual_interface_type="private", virtual_gateway_id="vgw-1"
    )
    assert ends(walk(estate(VIA_VGW6, v=vgw("vgw-1", "vpc-1"), line=line), tcp(X6, "fd12::5"))) == (Left("vgw-1"), TO_X)


def test_a_reply_handed_to_a_virtual_private_gateway() -> None:
    everything = (route("0.0.0.0/0", "vgw-1"), route("::/0", "vgw-1"))
    records = estate(*everything, v=vgw("vgw-1", "vpc-1"))
    # Over IPv4 the internet gateway must restore the public address (S-IGW-04).
    assert ends(walk(records, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "vgw-1"))
    # Over IPv6 the VPN carries it not at all (S-VGW-02).
    assert ends(walk(records, tcp(HOST6, X6), FROM_INTERNET)) == (TO_X, ("PROTOCOL_RESTRICTION", "vgw-1"))
    joined = records | {"w": W, "pcx": pcx("pcx-1", V, W)}
    reason = "the reply to 10.1.0.9 goes to vgw-1; what passes it on is not in the snapshot"  # S-VGW-04
    assert ends(walk(joined, tcp("10.1.0.9", X), GatewayEntry("pcx-1", "vpc-1"))) == (TO_X, Unsettled(reason))


def test_a_reply_by_another_gateway_than_the_one_of_entry_is_lost() -> None:
    joined = {"w": W, "pcx": pcx("pcx-1", V, W)}
    lost = ("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS", "igw-1")
    assert ends(walk(estate(OUT) | joined, tcp("10.1.0.9", X), FROM_W)) == (TO_X, lost)
    astray = estate(route("::/0", "igw-1")) | joined
    assert ends(walk(astray, tcp("2001:db8:2::9", X6), FROM_W)) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "igw-1"))
