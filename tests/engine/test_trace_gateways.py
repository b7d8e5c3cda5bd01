"""Out of interfaces and through gateways: internet, egress-only and NAT gateways, appliances, edges."""

from typing import Any

import pytest

from estates import (
    acl,
    bpa,
    bpa_exclusion,
    eigw,
    eni,
    entry,
    igw,
    instance,
    nat,
    perm,
    route,
    rtb,
    sg,
    snapshot,
    subnet,
    vpc,
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
from sekisho.model.gateways import NatGateway
from sekisho.model.routing import Route
from sekisho.model.topology import Topology

V = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1:1::/64")
N = subnet("subnet-n", "vpc-1", "10.0.9.0/24", "2001:db8:1:9::/64")
HOST, HOST6 = "198.51.100.7", "2001:db8:c::7"
X, X6, EIP, NAT_PRIVATE, NAT_EIP = "10.0.1.10", "2001:db8:1:1::10", "203.0.113.5", "10.0.9.99", "203.0.113.9"
LOCAL, LOCAL6 = route("10.0.0.0/16", "local"), route("2001:db8:1::/56", "local")
OPEN = [perm("-1", None, "0.0.0.0/0", "::/0")]
FROM_X, TO_X = InterfaceEntry("eni-x"), Delivered("eni-x")
FROM_INTERNET = GatewayEntry("igw-1", "vpc-1")

Records = dict[str, Any]


def table(name: str, where: str, *routes: Route) -> Any:
    return rtb(name, "vpc-1", [where], LOCAL, LOCAL6, *routes)


def estate(*routes: Route, **changes: Any) -> Records:
    """X in A with these routes; N is a second subnet with a default route to the internet gateway."""
    return {
        "vpc": V,
        "a": A,
        "n": N,
        "acl": acl("acl-a", "vpc-1", ["subnet-a"]),
        "acln": acl("acl-n", "vpc-1", ["subnet-n"]),
        "igw": igw("igw-1", "vpc-1"),
        "rtb": table("rtb-a", "subnet-a", *routes),
        "rtbn": table("rtb-n", "subnet-n", route("0.0.0.0/0", "igw-1"), route("::/0", "igw-1")),
        "sg": sg("sg-x", "vpc-1", OPEN),
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


def end(outcome: object) -> object:
    return (outcome.code, outcome.component) if isinstance(outcome, Dropped) else outcome


def ends(walked: Trace) -> tuple[object, object]:
    return end(walked.outcome), end(walked.reply_outcome)


def kinds(walked: Trace) -> list[str]:
    return [hop.component for hop in walked.forward]


OUT, OUT6 = route("0.0.0.0/0", "igw-1"), route("::/0", "igw-1")

# Internet gateway, outwards -------------------------------------------------------------------------


def test_a_public_interface_reaches_a_host_of_the_internet() -> None:
    assert ends(walk(estate(OUT), tcp(X, HOST))) == (Left("igw-1"), TO_X)
    assert ends(walk(estate(OUT6), tcp(X6, HOST6))) == (Left("igw-1"), TO_X)


@pytest.mark.parametrize(
    ("destination", "code"),
    [
        ("192.168.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
        ("100.64.0.1", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"),
        ("240.0.0.1", "NO_POSSIBLE_DESTINATION"),
    ],
)
def test_an_internet_gateway_sends_nothing_to_private_destinations(destination: str, code: str) -> None:
    assert ends(walk(estate(OUT), tcp(X, destination))) == ((code, "igw-1"), None)


def test_without_a_public_address_nothing_goes_out() -> None:
    private = estate(OUT, x=eni("eni-x", A, X, groups=["sg-x"]))
    assert ends(walk(private, tcp(X, HOST))) == (("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-1"), None)


@pytest.mark.parametrize("gateway", [igw("igw-1", "vpc-2"), igw("igw-1", "vpc-1", "detached"), None])
def test_a_gateway_that_is_not_attached_carries_nothing(gateway: Any) -> None:
    lost = (("BAD_STATE_ATTACHMENT", "igw-1"), None)
    assert ends(walk(estate(OUT, igw=gateway), tcp(X, HOST))) == lost
    assert ends(walk(estate(OUT, igw=gateway), tcp(HOST, EIP), FROM_INTERNET)) == lost


def test_deny_all_igw_traffic_stops_ipv6_at_internet_gateways() -> None:
    shut = estate(OUT6, x=eni("eni-x", A, X6, groups=["sg-x"], deny_all_igw_traffic=True))
    assert ends(walk(shut, tcp(HOST6, X6), FROM_INTERNET)) == (
        ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "igw-1"),
        None,
    )
    assert ends(walk(shut, tcp(X6, HOST6))) == (("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-1"), None)


BLOCKED = ("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "igw-1")


@pytest.mark.parametrize(
    ("mode", "exclusion", "direct", "translated"),
    [
        ("block-bidirectional", None, BLOCKED, BLOCKED),
        ("block-bidirectional", "allow-egress", Left("igw-1"), Left("igw-1")),
        ("block-ingress", None, BLOCKED, Left("igw-1")),
        ("block-ingress", "allow-bidirectional", Left("igw-1"), Left("igw-1")),
    ],
)
def test_block_public_access_outwards(mode: str, exclusion: str | None, direct: object, translated: object) -> None:
    rules = {"bpa": bpa(mode), "exclusion": bpa_exclusion("vpc-1", exclusion) if exclusion else None}
    assert end(walk(estate(OUT, **rules), tcp(X, HOST)).outcome) == direct
    assert end(walk(natted(**rules), tcp(X, HOST)).outcome) == translated


# Public addresses of the estate (S-IGW-06) ----------------------------------------------------------

W = vpc("vpc-2", "10.1.0.0/16", "2001:db8:2::/56")
C = subnet("subnet-c", "vpc-2", "10.1.1.0/24", "2001:db8:2:1::/64")
W_EIP, W6 = "203.0.113.77", "2001:db8:2:1::10"


def other(*peers: str) -> Records:
    """Another VPC with its own internet gateway; its group admits these peers."""
    out = (route("10.1.0.0/16", "local"), route("2001:db8:2::/56", "local"))
    return {
        "w": W,
        "c": C,
        "aclc": acl("acl-c", "vpc-2", ["subnet-c"]),
        "igw2": igw("igw-2", "vpc-2"),
        "rtbc": rtb("rtb-c", "vpc-2", ["subnet-c"], *out, route("0.0.0.0/0", "igw-2"), route("::/0", "igw-2")),
        "sgw": sg("sg-w", "vpc-2", [perm("tcp", 443, *peers)]),
        "w1": eni("eni-w", C, ("10.1.1.10", W_EIP), W6, groups=["sg-w"]),
    }


def test_a_public_address_of_another_vpc_sees_the_senders_public_address() -> None:
    packet, to_w = tcp(X, W_EIP), Delivered("eni-w")
    assert ends(walk(estate(OUT) | other(f"{EIP}/32"), packet)) == (to_w, TO_X)
    assert ends(walk(estate(OUT) | other(f"{X}/32"), packet)) == (("ENI_SG_RULES_MISMATCH", "sg-w"), None)
    assert ends(walk(estate(OUT6) | other(f"{X6}/128"), tcp(X6, W6))) == (to_w, TO_X)


def test_a_walk_may_end_at_the_gateway_that_is_asked_about() -> None:
    walked = trace(topology(estate(OUT) | other("0.0.0.0/0")), tcp(X, W_EIP), FROM_X, "igw-1")
    assert ends(walked) == (Left("igw-1"), TO_X)


# Egress-only internet gateway -----------------------------------------------------------------------

OUT_EIGW = route("::/0", "eigw-1")


def test_an_egress_only_gateway_carries_what_begins_inside() -> None:
    egress = {"eigw": eigw("eigw-1", "vpc-1")}
    assert ends(walk(estate(OUT_EIGW, **egress), tcp(X6, HOST6))) == (Left("eigw-1"), TO_X)
    assert ends(walk(estate(OUT_EIGW, **egress) | other("::/0"), tcp(X6, W6))) == (Delivered("eni-w"), TO_X)


def test_an_egress_only_gateway_answers_nothing_that_entered_elsewhere() -> None:
    walked = walk(estate(OUT_EIGW, eigw=eigw("eigw-1", "vpc-1")), tcp(HOST6, X6), FROM_INTERNET)
    assert ends(walked) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "eigw-1"))
    begun = walk(estate(eigw=eigw("eigw-1", "vpc-1")), tcp(HOST6, X6), GatewayEntry("eigw-1", "vpc-1"))
    assert ends(begun) == (("NO_POSSIBLE_DESTINATION", "eigw-1"), None)


# NAT gateway ----------------------------------------------------------------------------------------

VIA_NAT = route("0.0.0.0/0", "nat-1")


def natted(**changes: Any) -> Records:
    """X without a public address behind a public NAT gateway in N."""
    changes = {"x": eni("eni-x", A, X, groups=["sg-x"], instance="i-x"), **changes}
    records = estate(VIA_NAT, nat=nat("nat-1", N, NAT_PRIVATE, NAT_EIP, "eni-nat"))
    owned = {"natx": eni("eni-nat", N, (NAT_PRIVATE, NAT_EIP), interface_type="nat_gateway")}
    return records | owned | changes


def test_a_nat_gateway_translates_out_and_back() -> None:
    walked = walk(natted(), tcp(X, HOST))
    assert ends(walked) == (Left("igw-1"), TO_X)
    through = ["i-x", "eni-x", "sg-x", "acl-a", "rtb-a", "acl-n", "nat-1", "acl-n", "rtb-n", "igw-1"]
    back = ["igw-1", "acl-n", "nat-1", "acl-n", "rtb-n", "acl-a", "eni-x", "i-x"]
    assert kinds(walked) == through
    assert [hop.component for hop in walked.reply] == back
    assert walked.forward[-1].header == Packet(NAT_PRIVATE, HOST, TCP, None, 443)
    assert walked.reply[0].header == Packet(HOST, NAT_EIP, TCP, 443, None)
    assert walked.reply[-1].header == Packet(HOST, X, TCP, 443, 49152)


@pytest.mark.parametrize(
    ("ports", "reply"),
    [
        ((1024, 65535), TO_X),
        ((0, 1023), ("SUBNET_ACL_RESTRICTION", "acl-n")),
        (
            (32768, 65535),
            Unsettled("acl-n admits tcp 1024-65535 from 198.51.100.7 to 10.0.9.99 on some of those ports only"),
        ),
    ],
)
def test_every_port_that_a_nat_gateway_may_choose_must_pass(ports: tuple[int, int], reply: object) -> None:
    entries = (
        entry(100, "in", "allow", "10.0.0.0/16"),
        entry(110, "in", "allow", "0.0.0.0/0", "6", ports),
        entry(100, "out", "allow", "0.0.0.0/0"),
    )
    walked = walk(natted(acln=acl("acl-n", "vpc-1", ["subnet-n"], *entries)), tcp(X, HOST))
    assert ends(walked) == (Left("igw-1"), reply)


@pytest.mark.parametrize(
    ("changes", "packet", "drop"),
    [
        ({}, Packet(X, HOST, 47), ("PROTOCOL_RESTRICTION", "nat-1")),
        ({"nat": nat("nat-1", N, NAT_PRIVATE, NAT_EIP, state="deleted")}, tcp(X, HOST), ("BAD_STATE", "nat-1")),
        ({"nat": nat("nat-1", N, NAT_PRIVATE)}, tcp(X, HOST), ("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-1")),
        ({"nat": nat("nat-1", C, NAT_PRIVATE, NAT_EIP)}, tcp(X, HOST), ("BAD_STATE_ROUTE", "nat-1")),
        ({"rtbn": table("rtb-n", "subnet-n", VIA_NAT)}, tcp(X, HOST), ("NO_POSSIBLE_DESTINATION", "nat-1")),
        ({}, tcp(X, NAT_PRIVATE), ("NO_POSSIBLE_DESTINATION", "nat-1")),
    ],
)
def test_what_a_nat_gateway_does_not_carry(changes: Records, packet: Packet, drop: object) -> None:
    assert ends(walk(natted(**changes), packet)) == (drop, None)


def test_a_nat_gateway_accepts_nothing_and_answers_nothing_that_it_did_not_translate() -> None:
    inward = walk(natted(), tcp(HOST, NAT_EIP), FROM_INTERNET)
    assert ends(inward) == (("NO_POSSIBLE_DESTINATION", "nat-1"), None)
    answered = natted(x=eni("eni-x", A, (X, EIP), groups=["sg-x"], instance="i-x"))
    assert ends(walk(answered, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "nat-1"))


def test_a_nat_gateway_of_the_senders_own_subnet_is_reached_without_crossing_a_boundary() -> None:
    shut = acl("acl-a", "vpc-1", ["subnet-a"], entry(100, "in", "deny", "0.0.0.0/0"))
    near = nat("nat-1", A, "10.0.1.99", NAT_EIP)
    walked = walk(natted(nat=near, natx=None, acl=shut), tcp(X, HOST))
    # The default route of its own subnet leads back to it: the second visit fails, not an ACL.
    assert ends(walked) == (("NO_POSSIBLE_DESTINATION", "nat-1"), None)
    assert kinds(walked) == ["i-x", "eni-x", "sg-x", "rtb-a", "nat-1", "rtb-a", "nat-1"]


def test_of_several_nat_addresses_all_must_agree() -> None:
    def two(*publics: str | None) -> NatGateway:
        first, second = (nat("nat-1", N, f"10.0.9.9{i}", p).nat_gateway_addresses[0] for i, p in enumerate(publics))
        return NatGateway(
            nat_gateway_id="nat-1",
            vpc_id="vpc-1",
            subnet_id="subnet-n",
            state="available",
            nat_gateway_addresses=(first, second),
        )

    assert ends(walk(natted(nat=two(NAT_EIP, "203.0.113.10"), natx=None), tcp(X, HOST))) == (Left("igw-1"), TO_X)
    mixed = walk(natted(nat=two(NAT_EIP, None), natx=None), tcp(X, HOST))
    assert isinstance(mixed.outcome, Unsettled)
    assert "an address of a NAT gateway" in mixed.outcome.reason
    assert mixed.reply_outcome is None


# Appliances -----------------------------------------------------------------------------------------


def guarded(**changes: Any) -> Records:
    """X and Y in two subnets with an appliance between them on the way there only."""
    b = subnet("subnet-b", "vpc-1", "10.0.2.0/24")
    between = {
        "b": b,
        "aclb": acl("acl-b", "vpc-1", ["subnet-b"]),
        "rtbb": table("rtb-b", "subnet-b"),
        "y": eni("eni-y", b, "10.0.2.20", groups=["sg-x"]),
        "fw": eni("eni-fw", N, "10.0.9.9", groups=["sg-fw"], instance="i-fw", check=False),
        "ifw": instance("i-fw"),
        "sgf": sg("sg-fw", "vpc-1", [perm("tcp", 443, "sg-x")]),
    }
    return estate(route("10.0.2.0/24", "eni-fw")) | between | changes


def test_a_reference_still_matches_at_the_appliance_itself() -> None:
    walked = walk(guarded(), tcp(X, "10.0.2.20"))
    assert ends(walked) == (Delivered("eni-y"), TO_X)
    assert walked.assumptions == ("the appliance at eni-fw forwards what it gets, with the header unchanged",)
    assert kinds(walked)[4:] == [
        "rtb-a",
        "acl-n",
        "sg-fw",
        "eni-fw",
        "i-fw",
        "sg-fw",
        "acl-n",
        "rtb-n",
        "acl-b",
        "sg-x",
        "eni-y",
    ]


@pytest.mark.parametrize(
    ("changes", "drop"),
    [
        ({"fw": eni("eni-fw", N, "10.0.9.9", groups=["sg-fw"])}, ("ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-fw")),
        ({"ifw": instance("i-fw", "stopped")}, ("BAD_STATE", "i-fw")),
        ({"sgf": sg("sg-fw", "vpc-1", [perm("tcp", 22, "sg-x")])}, ("ENI_SG_RULES_MISMATCH", "sg-fw")),
        ({"sgf": sg("sg-fw", "vpc-1", OPEN, [])}, ("SG_HAS_NO_RULES", "sg-fw")),
        ({"fw": eni("eni-fw", C, "10.1.1.9", groups=["sg-fw"], check=False)}, ("BAD_STATE_ROUTE", "eni-fw")),
        ({"rtbn": table("rtb-n", "subnet-n", route("10.0.2.0/24", "eni-fw"))}, ("NO_POSSIBLE_DESTINATION", "eni-fw")),
    ],
)
def test_what_keeps_an_appliance_from_forwarding(changes: Records, drop: object) -> None:
    assert ends(walk(guarded(**changes), tcp(X, "10.0.2.20"))) == (drop, None)


def test_an_appliance_that_is_not_listed_may_be_another_accounts() -> None:
    reason = "eni-fw is referred to, but ec2:DescribeNetworkInterfaces does not list it"
    assert ends(walk(guarded(fw=None), tcp(X, "10.0.2.20"))) == (Unsettled(reason), None)


def test_an_appliance_on_the_reply_only_filters_it_by_its_own_rules() -> None:
    back = {"rtb": table("rtb-a", "subnet-a"), "rtbb": table("rtb-b", "subnet-b", route("10.0.1.0/24", "eni-fw"))}
    group = sg("sg-fw", "vpc-1", [perm("tcp", (1024, 65535), "10.0.2.0/24")])
    assert ends(walk(guarded(**back, sgf=group), tcp(X, "10.0.2.20"))) == (Delivered("eni-y"), TO_X)
    refused = ("ENI_SG_RULES_MISMATCH", "sg-fw")
    assert ends(walk(guarded(**back), tcp(X, "10.0.2.20", 443, 5000))) == (Delivered("eni-y"), refused)


# Edge route tables ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("routes", "port", "expected"),
    [
        ([], 443, (TO_X, Left("igw-1"))),
        ([route("10.0.1.0/24", "eni-fw", "blackhole")], 443, (("BAD_STATE_ROUTE", "rtb-edge"), None)),
        ([route("10.0.1.0/24", "eni-fw")], 25, (("ENI_SG_RULES_MISMATCH", "sg-x"), None)),
    ],
)
def test_an_edge_route_table_decides_what_enters(routes: list[Route], port: int, expected: object) -> None:
    edge = rtb("rtb-edge", "vpc-1", [], LOCAL, *routes, edge="igw-1")
    records = estate(OUT, edge=edge, sg=sg("sg-x", "vpc-1", [perm("tcp", 443, "0.0.0.0/0")]))
    assert ends(walk(records, tcp(HOST, EIP, port), FROM_INTERNET)) == expected


def test_an_edge_route_to_an_unknown_appliance_is_not_settled() -> None:
    edge = rtb("rtb-edge", "vpc-1", [], LOCAL, route("10.0.1.0/24", "eni-fw"), edge="igw-1")
    reason = "eni-fw is referred to, but ec2:DescribeNetworkInterfaces does not list it"
    assert ends(walk(estate(OUT, edge=edge), tcp(HOST, EIP), FROM_INTERNET)) == (Unsettled(reason), None)


# Targets that are not modelled --------------------------------------------------------------------


UNREAD = "was not read for account 111122223333 in ap-northeast-1"
CORE = "arn:aws:networkmanager::111122223333:core-network/core-network-1"


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("tgw-1", f"how vpc-1 is attached to tgw-1 is not known: ec2:DescribeTransitGatewayVpcAttachments {UNREAD}"),
        ("vpce-1", f"vpce-1: ec2:DescribeVpcEndpoints {UNREAD}"),
        ("cagw-1", f"cagw-1: ec2:DescribeCarrierGateways {UNREAD}"),
        ("lgw-1", f"ec2:DescribeLocalGatewayRouteTableVpcAssociations {UNREAD}"),
        (CORE, f"rtb-a routes 0.0.0.0/0 to {CORE}, and a core-network is not modelled"),
    ],
)
def test_targets_that_were_not_read_or_are_not_modelled_are_named(target: str, reason: str) -> None:
    assert ends(walk(estate(route("0.0.0.0/0", target)), tcp(X, HOST))) == (Unsettled(reason), None)
    assert ends(walk(estate(route("0.0.0.0/0", target)), tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, Unsettled(reason))


def test_an_acl_that_denies_decides_before_an_unmodelled_target_outside_the_subnet() -> None:
    shut = acl("acl-a", "vpc-1", ["subnet-a"], entry(100, "in", "allow", "0.0.0.0/0"))
    transit = estate(route("0.0.0.0/0", "tgw-1"), acl=shut)
    assert ends(walk(transit, tcp(X, HOST))) == (("SUBNET_ACL_RESTRICTION", "acl-a"), None)
    endpoint = walk(estate(route("0.0.0.0/0", "vpce-1"), acl=shut), tcp(X, HOST))
    assert endpoint.outcome == Unsettled(f"vpce-1: ec2:DescribeVpcEndpoints {UNREAD}")


# The sender -----------------------------------------------------------------------------------------


def test_an_interface_that_talks_to_itself_is_not_filtered() -> None:
    shut = estate(sg=sg("sg-x", "vpc-1", [], []))
    assert ends(walk(shut, tcp(X, X))) == (TO_X, TO_X)


@pytest.mark.parametrize(
    ("changes", "packet", "outcome"),
    [
        ({"i": instance("i-x", "stopped")}, tcp(X, HOST), ("BAD_STATE", "i-x")),
        ({}, tcp("10.0.1.11", HOST), ("ENI_SOURCE_DEST_CHECK_RESTRICTION", "eni-x")),
        ({}, tcp(X, "10.0.1.77"), ("ENI_ADDRESS_RESTRICTION", "vpc-1")),
        ({}, tcp(X, "10.0.9.77"), ("ENI_ADDRESS_RESTRICTION", "vpc-1")),
        ({}, tcp(X, HOST), ("NO_ROUTE_TO_DESTINATION", "rtb-a")),
    ],
)
def test_what_keeps_a_packet_from_leaving(changes: Records, packet: Packet, outcome: object) -> None:
    assert ends(walk(estate(**changes), packet)) == (outcome, None)


def test_kinds_of_interface_that_are_not_modelled_are_named() -> None:
    balancer = eni("eni-x", A, (X, EIP), interface_type="network_load_balancer")
    reason = "eni-x is of kind network_load_balancer, which is not modelled"
    assert ends(walk(estate(OUT, x=balancer), tcp(HOST, EIP), FROM_INTERNET)) == (Unsettled(reason), None)


def test_a_delegated_prefix_counts_as_addresses_of_the_interface() -> None:
    pod = estate(OUT, x=eni("eni-x", A, (X, EIP), "10.0.1.64/28", groups=["sg-x"]))
    other_host = {"y": eni("eni-y", A, "10.0.1.20", groups=["sg-x"])}
    assert ends(walk(pod | other_host, tcp("10.0.1.20", "10.0.1.70"), InterfaceEntry("eni-y")))[0] == TO_X
    # Its addresses have no public one (S-ENI-03).
    assert ends(walk(pod, tcp("10.0.1.70", HOST))) == (("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-1"), None)


def test_udp_goes_through_nat_as_tcp_does() -> None:
    assert ends(walk(natted(), Packet(X, HOST, UDP, 5353, 53))) == (Left("igw-1"), TO_X)


def test_subnets_that_are_not_in_the_snapshot_leave_the_way_open() -> None:
    walked = walk(estate(OUT, a=None), tcp(X, HOST))
    assert walked.outcome == Unsettled("subnet-a is referred to, but ec2:DescribeSubnets does not list it")
