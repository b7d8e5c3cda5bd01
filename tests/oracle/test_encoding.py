"""The encoding itself, against conditions written by hand."""

from typing import Any

import pytest
import z3

from estates import (
    acl,
    at,
    eni,
    entry,
    group_pair,
    igw,
    instance,
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
)
from oracle.encoding import Encoding
from oracle.estate import Estate, NotEncoded
from oracle.logic import Header, Truth, between, within
from oracle.ways import Way, ways
from sekisho.model.record import Record

V, OTHER = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56"), vpc("vpc-2", "10.2.0.0/16")
A, B = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1::/64"), subnet("subnet-b", "vpc-2", "10.2.1.0/24")
OWN, OWN6, PUBLIC = "10.0.1.10", "2001:db8:1::10", "203.0.113.5"
BY_IGW, BY_PCX, BY_VGW = (
    Way("internet-gateway", "igw-1"),
    Way("vpc-peering-connection", "pcx-1"),
    Way("virtual-private-gateway", "vgw-1"),
)
PEERED = (OTHER, B, pcx("pcx-1", peering_side(V), peering_side(OTHER)), eni("eni-far", B, "10.2.1.7", groups=["sg-1"]))
ANYTHING = perm("-1", None, "0.0.0.0/0", "::/0")
ROUTES = (route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1"))


def estate(*more: Record, rules: Any = (ANYTHING,), entries: Any = (), routes: Any = ROUTES, read: Any = ()) -> Estate:
    own = eni("eni-x", A, (OWN, PUBLIC), OWN6, groups=["sg-1"], instance="i-x")
    filters = (sg("sg-1", "vpc-1", list(rules)), acl("acl-1", "vpc-1", ["subnet-a"], *entries))
    base = (V, A, own, instance("i-x"), igw("igw-1", "vpc-1"), rtb("rtb-1", "vpc-1", (), *routes, main=True))
    return Estate(snapshot(*base, *filters, *more, read=read))


def encoded(found: Estate, way: Way = BY_IGW, own: str = OWN) -> Encoding:
    return Encoding(found, found.snapshot.interfaces["eni-x"], own, way)


def same(encoding: Encoding, truth: Truth, sure: z3.BoolRef, maybe: z3.BoolRef | None = None) -> bool:
    """Whether the condition is that by hand for every packet: sure, and possible where that is more."""
    solver = z3.Solver()
    solver.add(encoding.universe, z3.Or(truth.sure != sure, truth.maybe != (sure if maybe is None else maybe)))
    return bool(solver.check() == z3.unsat)


def tcp(p: Header, port: int) -> z3.BoolRef:
    return z3.And(p.protocol == 6, p.destination_port == port)


def source(p: Header, *cidrs: str) -> z3.BoolRef:
    return within(p.source, cidrs, p.family)


# Filters --------------------------------------------------------------------------------------------


def test_a_group_admits_by_source_and_the_acl_lets_the_reply_out_by_its_own_header() -> None:
    entries = (entry(100, "in", "allow", "0.0.0.0/0"), entry(100, "out", "allow", "0.0.0.0/0", "6", (1024, 65535)))
    found = encoded(estate(rules=[perm("tcp", 443, "198.51.100.0/24")], entries=entries))
    asked = z3.And(tcp(found.packet, 443), source(found.packet, "198.51.100.0/24"))
    assert same(found, found.delivered, asked)
    assert same(found, found.answered, z3.And(asked, between(found.packet.source_port, 1024, 65535)))


def test_the_first_entry_that_matches_decides() -> None:
    entries = (
        entry(90, "in", "allow", "198.51.100.7/32"),
        entry(95, "in", "deny", "198.51.100.0/24"),
        entry(100, "in", "allow", "198.51.0.0/16"),
    )
    found = encoded(estate(entries=entries))
    rest = z3.And(source(found.packet, "198.51.0.0/16"), z3.Not(source(found.packet, "198.51.100.0/24")))
    assert same(found, found.delivered, z3.Or(source(found.packet, "198.51.100.7/32"), rest))
    assert same(found, found.answered, z3.BoolVal(False))


def test_echo_is_answered_by_another_type() -> None:
    entries = (entry(1, "in", "allow", "0.0.0.0/0"), entry(1, "out", "allow", "0.0.0.0/0", "1", icmp=(0, 0)))
    found = encoded(estate(rules=[perm("icmp", (-1, -1), "198.51.100.7/32")], entries=entries))
    p = found.packet
    echo = z3.And(z3.Or(p.icmp_type == 8, p.icmp_type == 0), p.icmp_code == 0)
    assert same(found, found.answered, z3.And(p.protocol == 1, source(p, "198.51.100.7/32"), echo))


def test_a_reference_matches_members_of_the_peer_and_nothing_from_the_internet() -> None:
    routes = (*ROUTES, route("10.2.0.0/16", "pcx-1"))
    found = estate(*PEERED, rules=[perm("tcp", 22, "sg-1")], routes=routes)
    peered, internet = encoded(found, BY_PCX), encoded(found)
    member = z3.And(tcp(peered.packet, 22), source(peered.packet, "10.2.1.7/32"))
    assert same(peered, peered.answered, member)
    assert same(internet, internet.delivered, z3.BoolVal(False))


def test_hidden_members_may_have_any_address_of_the_peer() -> None:
    found = encoded(estate(*PEERED, rules=[perm("tcp", 22, group_pair("sg-9", user_id="444455556666"))]), BY_PCX)
    perhaps = z3.And(tcp(found.packet, 22), source(found.packet, "10.2.0.0/16"))
    assert same(found, found.delivered, z3.BoolVal(False), perhaps)


def test_entries_that_were_not_read_leave_the_rule_open() -> None:
    found = encoded(estate(rules=[perm("tcp", 22, "pl-unread", "198.51.100.7/32")]))
    sure = z3.And(tcp(found.packet, 22), source(found.packet, "198.51.100.7/32"))
    anywhere = z3.And(tcp(found.packet, 22), found.of_internet(found.packet.source))
    assert same(found, found.delivered, sure, anywhere)


# Routes ---------------------------------------------------------------------------------------------


def test_the_matching_route_with_the_greatest_length_carries_the_reply() -> None:
    routes = (
        *ROUTES,
        route("198.51.100.0/24", "igw-1", "blackhole"),
        route("198.51.100.128/25", "igw-1"),
        route("198.51.100.192/26", "nat-1"),
    )
    found = encoded(estate(routes=routes))
    lost = source(found.packet, "198.51.100.0/25", "198.51.100.192/26")
    assert same(found, found.answered, z3.And(found.delivered.sure, z3.Not(lost)))


def test_a_static_route_goes_before_a_propagated_one_of_the_same_prefix() -> None:
    routes = (ROUTES[0], route("0.0.0.0/0", "vgw-1", propagated=True), route("198.51.100.0/24", "vgw-1"))
    both = (*routes, route("198.51.100.0/24", "igw-1", propagated=True))
    found = encoded(estate(vgw("vgw-1", "vpc-1"), routes=both), BY_VGW)
    # Link-local addresses of AWS's own services are forwarded by neither (S-RT-08).
    assert same(found, found.answered, z3.Not(source(found.packet, "10.0.0.0/16", "169.254.168.0/22")))


def test_a_list_that_was_not_read_leaves_every_route_open() -> None:
    found = encoded(estate(routes=(*ROUTES, route("pl-unread", "nat-1"))))
    assert same(found, found.answered, z3.BoolVal(False), found.delivered.sure)


def test_an_appliance_filters_what_it_forwards() -> None:
    appliance = eni("eni-app", A, "10.0.1.20", groups=["sg-app"], check=False)
    group = sg("sg-app", "vpc-1", [ANYTHING], [perm("tcp", (50000, 65535), "0.0.0.0/0")])
    own, through = rtb("rtb-1", "vpc-1", (), *ROUTES, main=True), (ROUTES[0], route("0.0.0.0/0", "eni-app"))
    there = subnet("subnet-c", "vpc-1", "10.0.2.0/24")
    moved = eni("eni-y", there, ("10.0.2.10", "203.0.113.6"), groups=["sg-1"])
    more = (
        appliance,
        group,
        there,
        moved,
        rtb("rtb-2", "vpc-1", ["subnet-c"], *through),
        acl("acl-2", "vpc-1", ["subnet-c"]),
    )
    whole = estate(*more)
    assert whole.table_of(A) == own
    found = Encoding(whole, moved, "10.0.2.10", BY_IGW)
    p = found.packet
    passing = z3.And(p.protocol == 6, between(p.source_port, 50000, 65535))
    assert same(found, found.answered, z3.And(found.delivered.sure, passing))


# Ways, limits ---------------------------------------------------------------------------------------


def test_the_vpn_gateway_hands_in_what_is_outside_the_vpc_and_no_ipv6() -> None:
    found = estate(vgw("vgw-1", "vpc-1"))
    four, six = encoded(found, BY_VGW), encoded(found, BY_VGW, OWN6)
    outside = z3.Not(source(four.packet, "10.0.0.0/16"))
    assert same(four, four.delivered, outside)
    # The reply goes to the internet gateway, which does not lead there.
    assert same(four, four.answered, z3.BoolVal(False))
    assert same(six, six.delivered, z3.BoolVal(False))


def test_ways_are_those_in_force() -> None:
    found = estate(*PEERED, vgw("vgw-1", "vpc-1", "detached"))
    assert ways(found, "vpc-1") == {"internet": [BY_IGW], "peering": [BY_PCX], "vgw": []}
    assert ways(found, "vpc-2") == {"internet": [Way("internet-gateway", None)], "peering": [BY_PCX], "vgw": []}


def test_a_limit_is_raised_and_not_passed_over() -> None:
    found = encoded(estate(routes=(*ROUTES, route("198.51.100.0/24", "tgw-1")), read=["transit_gateways"]))
    with pytest.raises(NotEncoded, match=r"^a route leads to a transit-gateway$"):
        found.answered  # noqa: B018


def test_records_of_other_accounts_show_their_members() -> None:
    found = Estate(snapshot(V, A, OTHER, B, at(eni("eni-o", B, "10.2.1.8"), account="444455556666")))
    assert found.shows_members_of("444455556666")
    assert not found.shows_members_of("777788889999")
