"""One packet at a time through the puzzles of the semantics: the ways are derived by hand from docs/SEMANTICS.md."""

from typing import Any

import pytest

from estates import (
    acl,
    bpa,
    bpa_exclusion,
    eni,
    entry,
    igw,
    instance,
    perm,
    prefix_list,
    route,
    rtb,
    sg,
    snapshot,
    subnet,
    vpc,
)
from sekisho.engine.packet import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    Hop,
    InterfaceEntry,
    Left,
    Packet,
    Trace,
    Unsettled,
)
from sekisho.engine.trace import answered, trace
from sekisho.model.record import Source
from sekisho.model.topology import Topology

V = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1:1::/64")
B = subnet("subnet-b", "vpc-1", "10.0.2.0/24", "2001:db8:1:2::/64")
CLIENT, CLIENT6 = "198.51.100.7", "2001:db8:c::7"
EIP, EIP_Y = "203.0.113.5", "203.0.113.6"
X, X6, Y = "10.0.1.10", "2001:db8:1:1::10", "10.0.2.20"
LOCAL, LOCAL6 = route("10.0.0.0/16", "local"), route("2001:db8:1::/56", "local")
DEFAULT, DEFAULT6 = route("0.0.0.0/0", "igw-1"), route("::/0", "igw-1")
SSH = perm("tcp", 22, "0.0.0.0/0")
FROM_INTERNET = GatewayEntry("igw-1", "vpc-1")
FROM_X, FROM_Y = InterfaceEntry("eni-x"), InterfaceEntry("eni-y")
TO_X, TO_Y = Delivered("eni-x"), Delivered("eni-y")

Records = dict[str, Any]


def public(**changes: Any) -> Records:
    """P01: an interface with a public address, a default route to the internet gateway, SSH open to the world."""
    return {
        "vpc": V,
        "a": A,
        "b": B,
        "acl": acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"]),
        "igw": igw("igw-1", "vpc-1"),
        "rtb": rtb("rtb-1", "vpc-1", ["subnet-a", "subnet-b"], LOCAL, LOCAL6, DEFAULT, DEFAULT6),
        "sg": sg("sg-x", "vpc-1", [SSH]),
        "x": eni("eni-x", A, (X, EIP), X6, groups=["sg-x"], instance="i-x"),
        "i": instance("i-x"),
        **changes,
    }


def tcp(source: str, destination: str, port: int, source_port: int = 49152) -> Packet:
    return Packet(source, destination, TCP, source_port, port)


def udp(source: str, destination: str, port: int, source_port: int = 49152) -> Packet:
    return Packet(source, destination, UDP, source_port, port)


def ping(source: str, destination: str) -> Packet:
    v6 = ":" in source
    return Packet(source, destination, ICMPV6 if v6 else ICMP, icmp_type=128 if v6 else 8, icmp_code=0)


def walk(records: Records, packet: Packet, way_in: Entry, **gaps: Any) -> Trace:
    return trace(Topology(snapshot(*(r for r in records.values() if r is not None), **gaps)), packet, way_in)


def ends(walked: Trace) -> tuple[object, object]:
    """Where packet and reply end: the code and component of a drop, everything else as it is."""

    def end(outcome: object) -> object:
        return (outcome.code, outcome.component) if isinstance(outcome, Dropped) else outcome

    return end(walked.outcome), end(walked.reply_outcome)


SSH_TO_X = tcp(CLIENT, EIP, 22)
BACK = Left("igw-1")


def test_p01_a_public_interface_is_reached_and_answers_through_the_internet_gateway() -> None:
    assert ends(walk(public(), SSH_TO_X, FROM_INTERNET)) == (TO_X, BACK)


def test_p02_without_a_public_address_nothing_is_delivered() -> None:
    estate = public(x=eni("eni-x", A, X, groups=["sg-x"]))
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "igw-1"), None)


def test_p03_the_main_table_applies_where_none_is_associated() -> None:
    estate = public(
        rtb=rtb("rtb-main", "vpc-1", [], LOCAL, LOCAL6, main=True),
        spare=rtb("rtb-public", "vpc-1", [], LOCAL, LOCAL6, DEFAULT),
    )
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "rtb-main"))


def test_p04_a_narrow_route_answers_only_its_own_sources() -> None:
    estate = public(rtb=rtb("rtb-1", "vpc-1", ["subnet-a"], LOCAL, LOCAL6, route("203.0.113.0/24", "igw-1")))
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (TO_X, ("NO_ROUTE_TO_DESTINATION", "rtb-1"))
    assert ends(walk(estate, tcp("203.0.113.200", EIP, 22), FROM_INTERNET)) == (TO_X, BACK)


HTTPS = {"sg": sg("sg-x", "vpc-1", [perm("tcp", 443, "0.0.0.0/0")])}


@pytest.mark.parametrize(
    ("out", "source_port", "reply"),
    [
        ((443, 443), 49152, ("SUBNET_ACL_RESTRICTION", "acl-1")),
        ((443, 443), 443, BACK),
        ((32768, 65535), 49152, BACK),
        ((32768, 65535), 2000, ("SUBNET_ACL_RESTRICTION", "acl-1")),
    ],
)
def test_p07_p08_an_acl_filters_the_reply_by_the_first_packets_source_port(
    out: tuple[int, int], source_port: int, reply: object
) -> None:
    entries = (entry(100, "in", "allow", "0.0.0.0/0", "6", 443), entry(100, "out", "allow", "0.0.0.0/0", "6", out))
    estate = public(**HTTPS, acl=acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"], *entries))
    assert ends(walk(estate, tcp(CLIENT, EIP, 443, source_port), FROM_INTERNET)) == (TO_X, reply)


@pytest.mark.parametrize(
    ("number", "expected"), [(90, (("SUBNET_ACL_RESTRICTION", "acl-1"), None)), (110, (TO_X, BACK))]
)
def test_p09_the_first_matching_acl_entry_decides(number: int, expected: tuple[object, object]) -> None:
    entries = (
        entry(100, "in", "allow", "0.0.0.0/0"),
        entry(number, "in", "deny", "0.0.0.0/0", "6", 22),
        entry(100, "out", "allow", "0.0.0.0/0"),
    )
    estate = public(acl=acl("acl-1", "vpc-1", ["subnet-a"], *entries))
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == expected


POSTGRES = perm("tcp", 5432, "sg-x", "sg-y")


def two(where: Any, address: str, **changes: Any) -> Records:
    second = {
        "y": eni("eni-y", where, address, groups=["sg-y"], instance="i-y"),
        "j": instance("i-y"),
        "sgy": sg("sg-y", "vpc-1", [POSTGRES]),
    }
    return public() | second | changes


def test_p10_neighbours_in_one_subnet_are_not_filtered_by_its_acl() -> None:
    shut = acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"], entry(1, "in", "deny", "0.0.0.0/0"))
    estate = two(A, "10.0.1.20", acl=shut)
    assert ends(walk(estate, tcp(X, "10.0.1.20", 5432), FROM_X)) == (TO_Y, TO_X)


def test_p11_the_acl_of_the_other_subnet_stops_the_reply() -> None:
    one_way = acl("acl-b", "vpc-1", ["subnet-b"], entry(100, "in", "allow", "0.0.0.0/0"))
    estate = two(B, Y, acl=acl("acl-1", "vpc-1", ["subnet-a"]), aclb=one_way)
    assert ends(walk(estate, tcp(X, Y, 5432), FROM_X)) == (TO_Y, ("SUBNET_ACL_RESTRICTION", "acl-b"))


def test_p12_a_group_without_egress_rules_answers_but_does_not_begin() -> None:
    estate = public(sg=sg("sg-x", "vpc-1", [SSH], []))
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (TO_X, BACK)
    assert ends(walk(estate, tcp(X, CLIENT, 443), FROM_X)) == (("SG_HAS_NO_RULES", "sg-x"), None)


def test_p14_two_halves_in_a_prefix_list_are_the_whole_internet() -> None:
    halves = prefix_list("pl-1", "0.0.0.0/1", "128.0.0.0/1")
    estate = public(sg=sg("sg-x", "vpc-1", [perm("tcp", 22, "pl-1")]), pl=halves)
    for source in ("1.2.3.4", CLIENT):
        assert ends(walk(estate, tcp(source, EIP, 22), FROM_INTERNET)) == (TO_X, BACK)


def test_p15_an_ipv4_rule_says_nothing_of_ipv6() -> None:
    assert ends(walk(public(), tcp(CLIENT6, X6, 22), FROM_INTERNET)) == (("ENI_SG_RULES_MISMATCH", "sg-x"), None)


def test_p16_an_acl_with_ipv4_entries_only_denies_ipv6() -> None:
    group = sg("sg-x", "vpc-1", [perm("tcp", 22, "0.0.0.0/0", "::/0")])
    assert ends(walk(public(sg=group), tcp(CLIENT6, X6, 22), FROM_INTERNET)) == (TO_X, BACK)
    ipv4 = (entry(100, "in", "allow", "0.0.0.0/0"), entry(100, "out", "allow", "0.0.0.0/0"))
    estate = public(sg=group, acl=acl("acl-1", "vpc-1", ["subnet-a"], *ipv4))
    assert ends(walk(estate, tcp(CLIENT6, X6, 22), FROM_INTERNET)) == (("SUBNET_ACL_RESTRICTION", "acl-1"), None)


def test_p18_private_ipv6_passes_no_internet_gateway() -> None:
    group = sg("sg-x", "vpc-1", [perm("-1", None, "0.0.0.0/0", "::/0")])
    estate = public(vpc=vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56", ipv6="private"), sg=group)
    inward, outward = tcp(CLIENT6, X6, 22), tcp(X6, CLIENT6, 443)
    assert ends(walk(estate, inward, FROM_INTERNET)) == (("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "igw-1"), None)
    assert ends(walk(estate, outward, FROM_X)) == (("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", "igw-1"), None)


def test_p20_icmp_is_matched_by_type_and_its_reply_is_tracked() -> None:
    estate = public(sg=sg("sg-x", "vpc-1", [perm("icmp", (8, -1), "0.0.0.0/0")]))
    refused = (("ENI_SG_RULES_MISMATCH", "sg-x"), None)
    assert ends(walk(estate, ping(CLIENT, EIP), FROM_INTERNET)) == (TO_X, BACK)
    assert ends(walk(estate, tcp(CLIENT, EIP, 80), FROM_INTERNET)) == refused
    assert ends(walk(estate, ping(CLIENT6, X6), FROM_INTERNET)) == refused


def test_p22_references_match_private_addresses_only() -> None:
    estate = two(B, Y, y=eni("eni-y", B, (Y, EIP_Y), groups=["sg-y"]))
    assert ends(walk(estate, tcp(X, Y, 5432), FROM_X)) == (TO_Y, TO_X)
    lost = (("SG_REFERENCES_NOT_PRESERVED", "sg-y"), None)
    assert ends(walk(estate, tcp(X, EIP_Y, 5432), FROM_X)) == lost


@pytest.mark.parametrize(
    ("peer", "expected"),
    [("sg-x", (("SG_REFERENCES_NOT_PRESERVED", "sg-y"), None)), ("10.0.1.0/24", (TO_Y, TO_X))],
)
def test_p23_an_appliance_takes_references_away(peer: str, expected: tuple[object, object]) -> None:
    middle = subnet("subnet-fw", "vpc-1", "10.0.9.0/24")
    estate = two(
        B,
        Y,
        sgy=sg("sg-y", "vpc-1", [perm("tcp", 443, peer)]),
        rtb=rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL, route("10.0.2.0/24", "eni-fw")),
        rtbb=rtb("rtb-b", "vpc-1", ["subnet-b"], LOCAL, route("10.0.1.0/24", "eni-fw")),
        rtbf=rtb("rtb-fw", "vpc-1", ["subnet-fw"], LOCAL),
        f=middle,
        acl=acl("acl-1", "vpc-1", ["subnet-a", "subnet-b", "subnet-fw"]),
        fw=eni("eni-fw", middle, "10.0.9.9", groups=["sg-fw"], instance="i-fw", check=False),
        ifw=instance("i-fw"),
        sgf=sg("sg-fw", "vpc-1", [perm("-1", None, "10.0.0.0/16")]),
    )
    walked = walk(estate, tcp(X, Y, 443), FROM_X)
    assert ends(walked) == expected
    assert walked.assumptions == ("the appliance at eni-fw forwards what it gets, with the header unchanged",)


# Gateways, states -----------------------------------------------------------------------------------

BLOCKED = (("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", "igw-1"), None)


@pytest.mark.parametrize(
    ("mode", "exclusion", "expected"),
    [
        ("off", None, (TO_X, BACK)),
        ("block-bidirectional", None, BLOCKED),
        ("block-bidirectional", "allow-bidirectional", (TO_X, BACK)),
        ("block-bidirectional", "allow-egress", BLOCKED),
        ("block-ingress", None, BLOCKED),
        ("block-ingress", "allow-bidirectional", (TO_X, BACK)),
    ],
)
@pytest.mark.parametrize("resource", ["subnet-a", "vpc-1"])
def test_p50_block_public_access(mode: str, exclusion: str | None, resource: str, expected: object) -> None:
    estate = public(bpa=bpa(mode), exclusion=bpa_exclusion(resource, exclusion) if exclusion else None)
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == expected


@pytest.mark.parametrize(
    ("source", "code"),
    [
        ("10.9.0.1", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"),
        ("100.64.0.1", "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"),
        ("169.254.1.1", "GATEWAY_REJECTS_SPOOFED_TRAFFIC"),
        ("224.0.0.1", "GATEWAY_REJECTS_SPOOFED_TRAFFIC"),
    ],
)
def test_p57_an_internet_gateway_rejects_private_and_shared_sources(source: str, code: str) -> None:
    group = sg("sg-x", "vpc-1", [perm("tcp", 22, "10.0.0.0/8", "100.64.0.0/10")])
    assert ends(walk(public(sg=group), tcp(source, EIP, 22), FROM_INTERNET)) == ((code, "igw-1"), None)
    assert ends(walk(public(sg=group), SSH_TO_X, FROM_INTERNET)) == (("ENI_SG_RULES_MISMATCH", "sg-x"), None)


@pytest.mark.parametrize("state", ["stopping", "stopped", "shutting-down", "terminated"])
def test_p58_an_instance_that_does_not_run_receives_nothing(state: str) -> None:
    assert ends(walk(public(i=instance("i-x", state)), SSH_TO_X, FROM_INTERNET)) == (("BAD_STATE", "i-x"), None)


def test_an_interface_that_is_not_attached_receives_nothing() -> None:
    estate = public(x=eni("eni-x", A, (X, EIP), groups=["sg-x"], status="available"))
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (("BAD_STATE_ATTACHMENT", "eni-x"), None)


def test_a_source_of_the_vpcs_own_blocks_is_rejected_by_the_internet_gateway() -> None:
    wide = vpc("vpc-1", "10.0.0.0/16", "192.0.2.0/24")
    spoofed = tcp("192.0.2.9", EIP, 22)
    assert ends(walk(public(vpc=wide), spoofed, FROM_INTERNET)) == (("GATEWAY_REJECTS_SPOOFED_TRAFFIC", "igw-1"), None)


# Whole ways -----------------------------------------------------------------------------------------

HERE = "111122223333/ap-northeast-1"


def where(operation: str, pointer: str) -> tuple[Source, ...]:
    return (Source(f"{HERE}/{operation}.json", pointer),)


def test_the_whole_way_of_a_packet_from_the_internet_and_of_its_reply() -> None:
    walked = walk(public(), SSH_TO_X, FROM_INTERNET)
    inside = tcp(CLIENT, X, 22)
    reply = Packet(X, CLIENT, TCP, 22, 49152)
    gateway = where("DescribeInternetGateways", "/InternetGateways/0")
    interface = where("DescribeNetworkInterfaces", "/NetworkInterfaces/0")
    translation = {"PublicIp": EIP, "PrivateIpAddress": X}
    ingress = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    rule = {"GroupId": "sg-x", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "0.0.0.0/0"}
    default = {"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "Origin": "CreateRoute", "State": "active"}
    acls, groups = where("DescribeNetworkAcls", "/NetworkAcls/0"), "/SecurityGroups/0/IpPermissions/0"
    assert walked.forward == (
        Hop("igw-1", "internet-gateway", "translate", translation, SSH_TO_X, gateway + interface),
        Hop("acl-1", "network-acl", "allow", ingress, inside, (Source(acls[0].file, "/NetworkAcls/0/Entries/0"),)),
        Hop("sg-x", "security-group", "allow", rule, inside, where("DescribeSecurityGroups", groups)),
        Hop("eni-x", "network-interface", "allow", {"Status": "in-use"}, inside, interface),
        Hop(
            "i-x",
            "instance",
            "deliver",
            {"State": "running"},
            inside,
            where("DescribeInstances", "/Reservations/0/Instances/0"),
        ),
    )
    assert walked.reply == (
        Hop(
            "acl-1",
            "network-acl",
            "allow",
            ingress | {"Egress": True},
            reply,
            (Source(acls[0].file, "/NetworkAcls/0/Entries/2"),),
        ),
        Hop("rtb-1", "route-table", "route", default, reply, where("DescribeRouteTables", "/RouteTables/0/Routes/2")),
        Hop("igw-1", "internet-gateway", "translate", translation, reply, gateway),
    )


def test_the_whole_way_to_a_neighbour_that_is_refused() -> None:
    estate = two(A, "10.0.1.20")
    packet = tcp(X, "10.0.1.20", 23)
    walked = walk(estate, packet, FROM_X)
    egress = {"GroupId": "sg-x", "IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}
    groups = where("DescribeSecurityGroups", "/SecurityGroups/0/IpPermissionsEgress/0")
    assert walked == Trace(
        (
            Hop(
                "i-x",
                "instance",
                "allow",
                {"State": "running"},
                packet,
                where("DescribeInstances", "/Reservations/0/Instances/0"),
            ),
            Hop(
                "eni-x",
                "network-interface",
                "allow",
                {"Status": "in-use"},
                packet,
                where("DescribeNetworkInterfaces", "/NetworkInterfaces/0"),
            ),
            Hop("sg-x", "security-group", "allow", egress, packet, groups),
            Hop("sg-y", "security-group", "deny", None, packet, where("DescribeSecurityGroups", "/SecurityGroups/1")),
        ),
        Dropped("ENI_SG_RULES_MISMATCH", "sg-y", "no ingress rule of sg-y admits tcp 23 from 10.0.1.10 to 10.0.1.20"),
    )


# Doubts ---------------------------------------------------------------------------------------------


def test_a_later_drop_is_sure_whatever_an_earlier_doubt() -> None:
    estate = public(acl=None)
    assert ends(walk(estate, SSH_TO_X, FROM_INTERNET)) == (Unsettled("no network ACL names subnet-a"), None)
    refused = (("ENI_SG_RULES_MISMATCH", "sg-x"), None)
    assert ends(walk(estate, tcp(CLIENT, EIP, 23), FROM_INTERNET)) == refused


def test_interfaces_that_were_not_read_leave_open_who_holds_an_address() -> None:
    estate = public(x=None, i=None, sg=None)
    walked = walk(estate, SSH_TO_X, FROM_INTERNET, incomplete=["interfaces"])
    gap = (
        "ec2:DescribeNetworkInterfaces is incomplete for account 111122223333 in ap-northeast-1: NextToken is left over"
    )
    assert walked.outcome == Unsettled(gap)


@pytest.mark.parametrize(
    ("packet", "reply"),
    [
        (ping(CLIENT, X), Packet(X, CLIENT, ICMP, icmp_type=0, icmp_code=0)),
        (Packet(CLIENT, X, ICMP, icmp_type=13, icmp_code=0), Packet(X, CLIENT, ICMP, icmp_type=14, icmp_code=0)),
        (Packet(CLIENT, X, ICMP, icmp_type=8, icmp_code=1), Packet(X, CLIENT, ICMP, icmp_type=8, icmp_code=1)),
        (Packet(CLIENT, X, ICMP, icmp_type=3, icmp_code=0), Packet(X, CLIENT, ICMP, icmp_type=3, icmp_code=0)),
        (ping(CLIENT6, X6), Packet(X6, CLIENT6, ICMPV6, icmp_type=129, icmp_code=0)),
        (tcp(CLIENT, X, 22), Packet(X, CLIENT, TCP, 22, 49152)),
        (Packet(CLIENT, X, 47), Packet(X, CLIENT, 47)),
    ],
)
def test_the_reply_is_the_header_swapped(packet: Packet, reply: Packet) -> None:
    assert answered(packet) == reply
