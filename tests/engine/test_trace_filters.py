"""Network ACLs and security groups on one packet, as tables of cases from docs/SEMANTICS.md."""

from typing import Any

import pytest

from estates import acl, at, eni, entry, group_pair, pcx, peering_side, perm, prefix_list, sg, snapshot, subnet, vpc
from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP, Packet
from sekisho.engine.trace.filters import Ruling, acl_ruling, groups_ruling
from sekisho.model.filters import AclEntry, IpPermission
from sekisho.model.record import Source
from sekisho.model.snapshot import Missing
from sekisho.model.topology import Topology

V, W = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56"), vpc("vpc-2", "10.1.0.0/16")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")
C = subnet("subnet-c", "vpc-2", "10.1.1.0/24")
REMOTE, HERE, HERE6 = "198.51.100.7", "10.0.1.10", "2001:db8:1::10"


def tcp(port: int | None, source: str = REMOTE, destination: str = HERE) -> Packet:
    return Packet(source, destination, TCP, 49152, port)


def icmp(icmp_type: int, code: int) -> Packet:
    return Packet(REMOTE, HERE, ICMP, icmp_type=icmp_type, icmp_code=code)


# Network ACLs ---------------------------------------------------------------------------------------


def admits(packet: Packet, *entries: AclEntry, egress: bool = False) -> bool | None:
    found = acl("acl-1", "vpc-1", [], *entries)
    return acl_ruling(Topology(snapshot(V, found)), found, packet, egress=egress).admits


@pytest.mark.parametrize(
    ("given", "packet", "admitted"),
    [
        (entry(100, "in", "allow", "198.51.100.0/24"), tcp(22), True),
        (entry(100, "in", "allow", "10.0.1.0/24"), tcp(22), False),  # S-ACL-05: the source, not the destination
        (entry(100, "out", "allow", "0.0.0.0/0"), tcp(22), False),
        (entry(100, "in", "allow", "0.0.0.0/0", "6"), tcp(22), True),
        (entry(100, "in", "allow", "0.0.0.0/0", "17"), tcp(22), False),
        (entry(100, "in", "allow", "0.0.0.0/0", "6", (22, 25)), tcp(25), True),
        (entry(100, "in", "allow", "0.0.0.0/0", "6", (22, 25)), tcp(26), False),
        (entry(100, "in", "allow", "0.0.0.0/0", "-1", (22, 25)), tcp(26), True),
        (entry(100, "in", "allow", "0.0.0.0/0", "1", icmp=(8, -1)), icmp(8, 0), True),
        (entry(100, "in", "allow", "0.0.0.0/0", "1", icmp=(8, 0)), icmp(8, 1), False),
        (entry(100, "in", "allow", "0.0.0.0/0", "1", icmp=(-1, -1)), icmp(3, 4), True),
        (entry(100, "in", "allow", "0.0.0.0/0", "47"), Packet(REMOTE, HERE, 47), True),
        (entry(100, "in", "allow", "::/0"), tcp(22), False),  # S-ACL-03
        (entry(100, "in", "allow", "0.0.0.0/0"), tcp(22, "2001:db8:c::7", HERE6), False),
        (entry(100, "in", "allow", "::/0"), tcp(22, "2001:db8:c::7", HERE6), True),
    ],
)
def test_an_acl_entry(given: AclEntry, packet: Packet, admitted: bool) -> None:
    assert admits(packet, given) is admitted


def test_acl_entries_are_tried_by_number_not_as_they_come() -> None:
    deny, allow = entry(20, "in", "deny", "198.51.100.0/24"), entry(10, "in", "allow", "198.51.100.7/32")
    assert admits(tcp(22), deny, allow) is True
    assert admits(tcp(22, "198.51.100.8"), deny, allow) is False


def test_an_egress_entry_matches_the_destination() -> None:
    only = entry(100, "out", "allow", "10.0.1.10/32", "6", 22)
    assert admits(tcp(22), only, egress=True) is True
    assert admits(tcp(22, destination="10.0.1.11"), only, egress=True) is False


@pytest.mark.parametrize(
    ("ports", "admitted"),
    [((1024, 65535), True), ((0, 65535), True), ((1025, 65535), None), ((1024, 65534), None), ((0, 1023), False)],
)
def test_a_port_that_a_nat_gateway_chose_must_pass_whichever_it_is(ports: tuple[int, int], admitted: bool) -> None:
    assert admits(tcp(None), entry(100, "in", "allow", "0.0.0.0/0", "6", ports)) is admitted


def test_two_entries_may_admit_all_chosen_ports_between_them() -> None:
    low, high = (entry(n, "in", "allow", "0.0.0.0/0", "6", p) for n, p in ((1, (1024, 5000)), (2, (5001, 65535))))
    assert admits(tcp(None), low, high) is True
    assert (
        admits(tcp(None), entry(1, "in", "deny", "0.0.0.0/0", "6", 3389), entry(2, "in", "allow", "0.0.0.0/0")) is None
    )


# Security groups ------------------------------------------------------------------------------------


def ruling(packet: Packet, rules: list[IpPermission], *more: Any, stripped: str | None = None, **gaps: Any) -> Ruling:
    interface = eni("eni-x", A, HERE, HERE6, groups=["sg-x"])
    found = Topology(snapshot(V, W, A, C, interface, sg("sg-x", "vpc-1", rules), *more, **gaps))
    return groups_ruling(found, interface, packet, egress=False, stripped=stripped)


@pytest.mark.parametrize(
    ("rule", "packet", "admitted"),
    [
        (perm("tcp", 22, "198.51.100.0/24"), tcp(22), True),
        (perm("tcp", 22, "10.0.0.0/16"), tcp(22), False),
        (perm("6", (20, 22), "0.0.0.0/0"), tcp(22), True),
        (perm("tcp", (23, 65535), "0.0.0.0/0"), tcp(22), False),
        (perm("udp", 22, "0.0.0.0/0"), tcp(22), False),
        (perm("-1", None, "0.0.0.0/0"), Packet(REMOTE, HERE, 47), True),
        (perm("47", (1, 2), "0.0.0.0/0"), Packet(REMOTE, HERE, 47), True),  # S-SG-03
        (perm("icmp", (8, -1), "0.0.0.0/0"), icmp(8, 0), True),  # S-SG-04
        (perm("icmp", (8, 0), "0.0.0.0/0"), icmp(8, 1), False),
        (perm("icmp", (-1, -1), "0.0.0.0/0"), icmp(3, 4), True),
        (perm("icmpv6", None, "::/0"), Packet("2001:db8:c::7", HERE6, ICMPV6, icmp_type=128, icmp_code=0), True),
        (perm("1", None, "0.0.0.0/0"), icmp(3, 4), True),
        (perm("udp", 53, "198.51.100.7/32"), Packet(REMOTE, HERE, UDP, 1, 53), True),
    ],
)
def test_a_group_rule(rule: IpPermission, packet: Packet, admitted: bool) -> None:
    assert ruling(packet, [rule]).admits is admitted


def test_the_rule_that_admits_is_named_with_what_it_matched() -> None:
    rules = [perm("tcp", 443, "0.0.0.0/0"), perm("tcp", 22, "203.0.113.0/24", "198.51.100.0/24")]
    source = Source("111122223333/ap-northeast-1/DescribeSecurityGroups.json", "/SecurityGroups/0/IpPermissions/1")
    members = {"GroupId": "sg-x", "IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "CidrIp": "198.51.100.0/24"}
    assert ruling(tcp(22), rules) == Ruling(True, "sg-x", members, (source,))


def test_all_groups_of_the_interface_count_together() -> None:
    interface = eni("eni-x", A, HERE, groups=["sg-1", "sg-2"])
    groups = sg("sg-1", "vpc-1", [perm("tcp", 80, "0.0.0.0/0")]), sg("sg-2", "vpc-1", [perm("tcp", 22, "0.0.0.0/0")])
    found = Topology(snapshot(V, A, interface, *groups))
    assert groups_ruling(found, interface, tcp(22), egress=False).component == "sg-2"
    assert groups_ruling(found, interface, tcp(23), egress=False).code == "ENI_SG_RULES_MISMATCH"


def test_a_group_without_rules_admits_nothing_and_an_interface_without_groups_is_undecided() -> None:
    assert ruling(tcp(22), []).code == "SG_HAS_NO_RULES"
    bare = eni("eni-x", A, HERE)
    assert groups_ruling(Topology(snapshot(V, A, bare)), bare, tcp(22), egress=False) == Ruling(
        None, "eni-x", detail="eni-x names no security group"
    )


def test_an_undecided_rule_does_not_hide_one_that_admits() -> None:
    unread = perm("tcp", 22, "pl-9")
    assert ruling(tcp(22), [unread]) == Ruling(None, "sg-x", detail="sg-x: the entries of pl-9 are not in the snapshot")
    assert ruling(tcp(22), [unread, perm("tcp", 22, "0.0.0.0/0")]).admits is True
    assert ruling(tcp(23), [unread]).admits is False
    assert ruling(tcp(22), [unread], prefix_list("pl-9", "203.0.113.0/24")).admits is False


def test_a_group_that_is_not_in_the_snapshot_is_undecided() -> None:
    interface = eni("eni-x", A, HERE, groups=["sg-gone"])
    found = groups_ruling(Topology(snapshot(V, A, interface)), interface, tcp(22), egress=False)
    why = "sg-gone is referred to, but ec2:DescribeSecurityGroups does not list it"
    assert found == Ruling(None, "sg-gone", detail=why)


MEMBER = eni("eni-m", A, ("10.0.1.50", "203.0.113.50"), "2001:db8:1::50", "10.0.1.64/28", groups=["sg-m"])
REFERENCE = [perm("tcp", 22, "sg-m")]


@pytest.mark.parametrize(
    ("source", "admitted"),
    [("10.0.1.50", True), ("10.0.1.70", True), ("2001:db8:1::50", True), ("203.0.113.50", False), ("10.0.1.51", False)],
)
def test_a_reference_matches_private_and_ipv6_addresses_of_members(source: str, admitted: bool) -> None:
    assert ruling(tcp(22, source), REFERENCE, MEMBER).admits is admitted


def test_a_reference_does_not_survive_gateways_and_appliances() -> None:
    assert ruling(tcp(22, "10.0.1.50"), REFERENCE, MEMBER, stripped="10.0.1.50").code == "SG_REFERENCES_NOT_PRESERVED"
    assert ruling(tcp(22, "10.0.1.51"), REFERENCE, MEMBER, stripped="10.0.1.51").code == "ENI_SG_RULES_MISMATCH"


PEER = eni("eni-p", C, "10.1.1.50", groups=["sg-m"])


@pytest.mark.parametrize(
    ("connection", "pair", "admitted"),
    [
        (pcx("pcx-1", V, W), group_pair("sg-m"), True),
        (pcx("pcx-1", V, W), group_pair("sg-m", vpc_peering_connection_id="pcx-1", peering_status="active"), True),
        (pcx("pcx-1", V, W), group_pair("sg-m", vpc_peering_connection_id="pcx-2"), False),
        (pcx("pcx-1", V, W), group_pair("sg-m", peering_status="deleted"), False),
        (pcx("pcx-1", V, W, "deleted"), group_pair("sg-m"), False),
        (pcx("pcx-1", V, peering_side(W, region="us-west-2")), group_pair("sg-m"), False),
        (None, group_pair("sg-m"), False),
    ],
)
def test_a_reference_is_in_force_across_an_active_peering_in_one_region(
    connection: Any, pair: Any, admitted: bool
) -> None:
    more = (PEER, connection) if connection else (PEER,)
    assert ruling(tcp(22, "10.1.1.50"), [perm("tcp", 22, pair)], *more).admits is admitted


def test_members_of_an_account_that_was_not_read_are_undecided_within_its_blocks() -> None:
    theirs = [perm("tcp", 22, group_pair("sg-m", user_id="444455556666"))]
    assert ruling(tcp(22, "10.0.1.50"), theirs).admits is None
    assert ruling(tcp(22, REMOTE), theirs).admits is False
    read = at(eni("eni-z", A, "10.0.1.90", groups=["sg-m"]), account="444455556666")
    assert ruling(tcp(22, "10.0.1.50"), theirs, read).admits is False


def test_a_damaged_interface_may_be_a_member() -> None:
    damaged = Missing("interfaces", "eni-9", "its Status is a number", Source("f.json", "/0"), frozenset({"sg-m"}))
    found = ruling(tcp(22, "10.0.1.50"), REFERENCE, missing=[damaged])
    assert found == Ruling(None, "sg-x", detail="sg-x: members of sg-m may be missing: eni-9: its Status is a number")
