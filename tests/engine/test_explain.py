"""Questions between endpoints of every kind. Expected values by hand."""

from collections.abc import Sequence

import pytest

from engine.questions import Told, ask, flows, told
from estates import (
    acl,
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
from sekisho.errors import QueryError
from sekisho.model.filters import AclEntry
from sekisho.model.routing import Route
from sekisho.model.snapshot import Snapshot

V, W = vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.1.0.0/16")
A, B, C = (
    subnet("subnet-a", "vpc-1", "10.0.1.0/24"),
    subnet("subnet-b", "vpc-1", "10.0.2.0/24"),
    subnet("subnet-c", "vpc-2", "10.1.1.0/24"),
)
ALL = perm("-1", None, "0.0.0.0/0")


TO_NAT = (route("10.0.0.0/16", "local"), route("10.1.0.0/16", "pcx-1"), route("0.0.0.0/0", "nat-1"))
BACK = (route("10.1.0.0/16", "local"), route("10.0.0.0/16", "pcx-1"))
OUT = (route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1"), route("172.31.0.0/16", "vgw-1"))


def world(
    routes_b: Sequence[Route] = TO_NAT, routes_c: Sequence[Route] = BACK, acl_b: Sequence[AclEntry] = ()
) -> Snapshot:
    """X (public) in A, Y (private, behind a NAT gateway) in B, Z in a peered VPC; all open but what is given."""
    return snapshot(
        *(V, W, A, B, C),
        acl("acl-a", "vpc-1", ["subnet-a"]),
        acl("acl-b", "vpc-1", ["subnet-b"], *acl_b),
        acl("acl-c", "vpc-2", ["subnet-c"]),
        igw("igw-1", "vpc-1"),
        pcx("pcx-1", V, W),
        nat("nat-1", A, "10.0.1.99", "203.0.113.99", "eni-n"),
        vgw("vgw-1", "vpc-1"),
        rtb("rtb-a", "vpc-1", ["subnet-a"], *OUT),
        rtb("rtb-b", "vpc-1", ["subnet-b"], *routes_b),
        rtb("rtb-c", "vpc-2", ["subnet-c"], *routes_c),
        sg("sg-1", "vpc-1", [ALL]),
        sg("sg-2", "vpc-2", [ALL]),
        eni("eni-n", A, ("10.0.1.99", "203.0.113.99"), interface_type="nat_gateway"),
        *(eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), groups=["sg-1"], instance="i-x"), instance("i-x")),
        *(eni("eni-y", B, "10.0.2.10", groups=["sg-1"], instance="i-y"), instance("i-y")),
        *(eni("eni-z", C, "10.1.1.10", groups=["sg-2"], instance="i-z"), instance("i-z")),
    )


@pytest.mark.parametrize(
    ("source", "destination", "expected"),
    [
        ("internet", "i-x", Told("reachable", (), None)),
        ("internet:198.51.100.7", "i-x", Told("reachable", (), None)),
        (
            "internet:192.168.0.0/16",
            "i-x",
            Told(
                "unreachable",
                ("IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
                2,
            ),
        ),
        ("igw-1", "eni-x", Told("reachable", (), None)),
        ("igw-1", "i-z", Told("unreachable", ("BAD_STATE_ATTACHMENT",), None)),
        (
            "internet",
            "i-y",
            Told("unreachable", ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "NO_ROUTE_TO_DESTINATION"), 2),
        ),
        ("i-x", "i-y", Told("reachable", (), None)),
        ("i-x", "ip:10.0.2.10", Told("reachable", (), None)),
        ("i-x", "ip:10.0.2.77", Told("unreachable", ("ENI_ADDRESS_RESTRICTION",), None)),
        ("i-y", "ip:203.0.113.5", Told("reachable", (), None)),
        ("ip:10.0.2.10", "i-x", Told("reachable", (), None)),
        ("i-y", "i-z", Told("reachable", (), None)),
        ("i-x", "i-z", Told("unreachable", ("IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",), 1)),
        ("pcx-1", "i-y", Told("reachable", (), None)),
        ("pcx-1:10.1.9.0/24", "i-y", Told("reachable", (), None)),
        (
            "pcx-1:10.9.0.0/16",
            "i-y",
            Told("unreachable", ("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "NO_ROUTE_TO_DESTINATION"), 2),
        ),
        ("vgw-1:172.31.0.5", "i-x", Told("reachable", (), None)),
        ("vgw-1:172.31.0.5", "i-y", Told("forward-only", ("NO_ROUTE_TO_DESTINATION",), 1)),
        ("i-x", "internet", Told("reachable", (), None)),
        ("i-y", "internet", Told("reachable", (), None)),
        ("i-z", "internet", Told("unreachable", ("NO_ROUTE_TO_DESTINATION",), 1)),
        ("i-x", "vgw-1:172.31.0.5", Told("reachable", (), None)),
        ("i-y", "pcx-1", Told("reachable", (), None)),
        ("subnet-b", "i-x", Told("reachable", (), None)),
        ("vpc-2", "vpc-1", Told("reachable", (), None)),
        ("i-x:10.0.1.10", "i-y:10.0.2.10", Told("reachable", (), None)),
        ("i-x:10.0.1.11", "i-y", Told("unreachable", ("ENI_ADDRESS_RESTRICTION",), None)),
        ("i-x", "i-x", Told("reachable", (), None)),
    ],
)
def test_who_reaches_whom(source: str, destination: str, expected: Told) -> None:
    assert told(ask(world(), source, destination, port=443)) == expected


def test_a_packet_to_a_public_address_says_what_its_sender_addresses_and_what_the_receiver_sees() -> None:
    [flow] = [f for f in ask(world(), "i-y", "ip:203.0.113.5", port=443).flows if f.reply]
    assert flow.via == ("nat-1", "igw-1", "igw-1")
    assert (flow.sources, flow.destinations) == (((0x0A00020A, 0x0A00020A),), ((0x0A00010A, 0x0A00010A),))
    assert (flow.entry, flow.seen_as) == (((0xCB007105, 0xCB007105),), ((0xCB007163, 0xCB007163),))


def test_source_ports_that_the_reply_may_use_bound_the_flow() -> None:
    narrow = (entry(100, "in", "allow", "0.0.0.0/0"), entry(100, "out", "allow", "0.0.0.0/0", "6", (32768, 65535)))
    answer = ask(world(acl_b=narrow), "i-x", "i-y", port=443)
    assert flows(answer) == [
        ("6:443", ["10.0.1.10/32"], ["32768-65535"], True),
        ("6:443", ["10.0.1.10/32"], ["0-32767"], False),
    ]


def test_only_unusual_source_ports() -> None:
    narrow = (entry(100, "in", "allow", "0.0.0.0/0"), entry(100, "out", "allow", "0.0.0.0/0", "6", 443))
    found = [f for f in ask(world(acl_b=narrow), "i-x", "i-y", port=443).flows if f.reply]
    assert [(f.source_ports, f.unusual_source_port) for f in found] == [(((443, 443),), True)]


def test_udp_without_a_way_back_is_delivered_only() -> None:
    found = world(routes_c=(route("10.1.0.0/16", "local"),))
    assert told(ask(found, "i-y", "i-z", "udp", 514)) == Told("forward-only", ("NO_ROUTE_TO_DESTINATION",), 1)


def test_any_protocol_with_a_port_is_tcp_and_udp() -> None:
    assert [f[0] for f in flows(ask(world(), "i-x", "i-y", "any", 53))] == ["6:53", "17:53"]


def test_a_family_that_the_destination_lacks() -> None:
    assert told(ask(world(), "internet", "i-x", "icmpv6", family="ipv6")) == Told(
        "unreachable", ("NO_POSSIBLE_DESTINATION",), None
    )


def test_a_route_to_something_unmodelled_is_unknown_and_says_which() -> None:
    found = world(routes_b=(route("10.0.0.0/16", "local"), route("0.0.0.0/0", "cagw-1")))
    answer = ask(found, "i-y", "internet", port=443)
    assert answer.verdict.value == "unknown"
    assert [reason for reason in answer.reasons if "cagw-1" in reason]


@pytest.mark.parametrize("name", ["i-nowhere", "eni-nowhere", "vpc-9", "pcx-9", "active", "web-server"])
def test_an_endpoint_that_is_nowhere(name: str) -> None:
    with pytest.raises(QueryError, match="is nowhere in the snapshot"):
        ask(world(), name, "i-x", port=443)


@pytest.mark.parametrize("name", ["sg-1", "rtb-a", "acl-a", "nat-1"])
def test_a_record_that_is_no_endpoint(name: str) -> None:
    with pytest.raises(QueryError, match="is no endpoint"):
        ask(world(), name, "i-x", port=443)


def test_an_endpoint_that_is_only_referred_to_is_unknown() -> None:
    found = snapshot(
        V,
        A,
        acl("acl-a", "vpc-1", ["subnet-a"]),
        rtb("rtb-a", "vpc-1", ["subnet-a"], route("10.5.0.0/16", "pcx-5")),
        eni("eni-x", A, "10.0.1.10", groups=["sg-1"]),
        sg("sg-1", "vpc-1", [ALL]),
    )
    answer = ask(found, "pcx-5", "eni-x", port=443)
    assert (answer.verdict.value, answer.reasons) == (
        "unknown",
        ("pcx-5 is referred to, but nothing in the snapshot describes it",),
    )
