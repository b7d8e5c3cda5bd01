"""Transit gateways read both ways: by the sets, and hop by hop for one packet."""

from typing import Any

import pytest

from estates import acl, eni, entry, group_pair, instance, perm, prefix_list, route, rtb, sg, snapshot, subnet, vpc
from estates_transit import (
    tgw,
    tgw_attachment,
    tgw_peering,
    tgw_policies,
    tgw_references,
    tgw_route,
    tgw_routes,
    tgw_rule,
    tgw_vpc_attachment,
)
from sekisho.engine.answer import Verdict
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Goal
from sekisho.engine.gateways.transit_routes import TransitPart, judged, partition
from sekisho.engine.packet import (
    TCP,
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    InterfaceEntry,
    Left,
    Outcome,
    Packet,
    Unsettled,
)
from sekisho.engine.population import hosts_of
from sekisho.engine.trace import trace
from sekisho.engine.transit import End, Header
from sekisho.engine.verdict import judge
from sekisho.model.record import Undecided
from sekisho.model.topology import Topology
from sekisho.model.transit import Association, TransitRoutes
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import parse

V, W = vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.1.0.0/16")
A, A9 = subnet("subnet-a", "vpc-1", "10.0.1.0/24"), subnet("subnet-a9", "vpc-1", "10.0.9.0/28")
B, B9 = subnet("subnet-b", "vpc-2", "10.1.1.0/24"), subnet("subnet-b9", "vpc-2", "10.1.9.0/28")
X, Y = "10.0.1.10", "10.1.1.10"
TO_V, TO_W = tgw_route("10.0.0.0/16", "tgw-attach-1", propagated=True), tgw_route("10.1.0.0/16", "tgw-attach-2")
PACKET = Packet(X, Y, TCP, 49152, 443)

Records = dict[str, Any]


def estate(**changes: Any) -> Records:
    """X in VPC 1 and Y in VPC 2, both attached to tgw-1; Y admits tcp/443 from everywhere."""
    return {
        "vpcs": (V, W),
        "subnets": (A, A9, B, B9),
        "acls": (acl("acl-1", "vpc-1", ["subnet-a", "subnet-a9"]), acl("acl-2", "vpc-2", ["subnet-b", "subnet-b9"])),
        "groups": (sg("sg-1", "vpc-1"), sg("sg-2", "vpc-2", [perm("tcp", 443, "0.0.0.0/0")])),
        "hosts": (
            eni("eni-x", A, X, groups=["sg-1"], instance="i-x"),
            eni("eni-y", B, Y, groups=["sg-2"], instance="i-y"),
            instance("i-x"),
            instance("i-y"),
        ),
        "table_1": rtb("rtb-1", "vpc-1", (), route("10.0.0.0/16", "local"), route("10.1.0.0/16", "tgw-1"), main=True),
        "table_2": rtb("rtb-2", "vpc-2", (), route("10.1.0.0/16", "local"), route("10.0.0.0/16", "tgw-1"), main=True),
        "gateway": tgw("tgw-1"),
        "attached": (
            tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", "tgw-rtb-1"),
            tgw_attachment("tgw-attach-2", "tgw-1", "vpc-2", "tgw-rtb-1"),
            tgw_vpc_attachment("tgw-attach-1", "tgw-1", "vpc-1", "subnet-a9"),
            tgw_vpc_attachment("tgw-attach-2", "tgw-1", "vpc-2", "subnet-b9"),
        ),
        "routes": tgw_routes("tgw-rtb-1", TO_V, TO_W),
        **changes,
    }


def topology(records: Records) -> Topology:
    flat = [r for value in records.values() for r in (value if isinstance(value, tuple) else (value,)) if r is not None]
    return Topology(snapshot(*flat))


def by_sets(records: Records) -> Verdict:
    """What the sets say of `PACKET`."""
    found = Assessor(topology(records))
    sender, host = (hosts_of(found.facts.snapshot.interfaces[n])[0] for n in ("eni-x", "eni-y"))
    asked = FlowSet.build("ipv4", protocols=[(TCP, TCP)], thirds=[(443, 443)], fourths=[(49152, 49152)])
    made = found.connectors["ipv4"].between(sender, host, asked)
    return judge([(made.delivered, made.round_trip)])


def by_steps(records: Records, packet: Packet = PACKET, entry: Entry = InterfaceEntry("eni-x"), **more: Any) -> Outcome:  # noqa: B008
    """Where the packet ends, or, where that is its destination, its reply."""
    traced = trace(topology(records), packet, entry, **more)
    return traced.reply_outcome or traced.outcome


def changed(at: int, record: Any) -> tuple[Any, ...]:
    attached = list(estate()["attached"])
    attached[at] = record
    return tuple(attached)


LOST: dict[str, tuple[Records, Verdict, str]] = {
    "no attachment": (
        estate(attached=estate()["attached"][1::2]),
        Verdict.UNREACHABLE,
        "BAD_STATE_ROUTE",
    ),
    "no association": (
        estate(attached=changed(0, tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", None))),
        Verdict.UNREACHABLE,
        "TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION",
    ),
    "no subnet in the zone": (
        estate(subnets=(subnet("subnet-a", "vpc-1", "10.0.1.0/24", az="apne1-az4"), A9, B, B9)),
        Verdict.UNREACHABLE,
        "TGW_ROUTE_AZ_RESTRICTION",
    ),
    "blackhole": (
        estate(routes=tgw_routes("tgw-rtb-1", TO_V, tgw_route("10.1.0.0/16", state="blackhole"))),
        Verdict.UNREACHABLE,
        "TGW_RTB_BAD_STATE_ROUTE",
    ),
    "blackhole hides what is propagated": (
        estate(
            routes=tgw_routes(
                "tgw-rtb-1",
                TO_V,
                tgw_route("10.1.0.0/16", "tgw-attach-2", propagated=True),
                tgw_route("10.1.0.0/16", state="blackhole"),
            )
        ),
        Verdict.UNREACHABLE,
        "TGW_RTB_BAD_STATE_ROUTE",
    ),
    "no route": (
        estate(routes=tgw_routes("tgw-rtb-1", TO_V)),
        Verdict.UNREACHABLE,
        "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
    ),
    "no route back": (
        estate(routes=tgw_routes("tgw-rtb-1", TO_W)),
        Verdict.FORWARD_ONLY,
        "TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT",
    ),
    "the far attachment's subnet denies the way back": (
        estate(
            acls=(
                acl("acl-1", "vpc-1", ["subnet-a", "subnet-a9"]),
                acl("acl-2", "vpc-2", ["subnet-b"]),
                acl("acl-9", "vpc-2", ["subnet-b9"], entry(100, "out", "allow", "0.0.0.0/0")),
            )
        ),
        Verdict.FORWARD_ONLY,
        "SUBNET_ACL_RESTRICTION",
    ),
    "no rule of the policy table": (
        estate(
            attached=changed(0, tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", "tgw-ptb-1")),
            policies=tgw_policies("tgw-ptb-1", tgw_rule("1", "tgw-rtb-1", protocol="17")),
        ),
        Verdict.UNREACHABLE,
        "TGW_RTB_CANNOT_ROUTE",
    ),
}


@pytest.mark.parametrize("name", LOST)
def test_what_is_lost_is_lost_in_both_readings(name: str) -> None:
    records, verdict, code = LOST[name]
    outcome = by_steps(records)
    assert by_sets(records) is verdict
    assert isinstance(outcome, Dropped)
    assert outcome.code == code


FOUND: dict[str, Records] = {
    "as it is": estate(),
    "another zone at the far side": estate(
        subnets=(A, A9, B, subnet("subnet-b9", "vpc-2", "10.1.9.0/28", az="apne1-az4")),
        table_2=rtb("rtb-2", "vpc-2", (), route("10.1.0.0/16", "local"), route("10.0.0.0/16", "tgw-1"), main=True),
        attached=changed(3, tgw_vpc_attachment("tgw-attach-2", "tgw-1", "vpc-2", "subnet-b", "subnet-b9")),
    ),
    "a longer prefix beside a blackhole": estate(
        routes=tgw_routes(
            "tgw-rtb-1",
            TO_V,
            tgw_route("10.1.0.0/16", state="blackhole"),
            tgw_route("10.1.1.0/24", "tgw-attach-2", propagated=True),
        )
    ),
    "a prefix list": estate(
        routes=tgw_routes("tgw-rtb-1", TO_V),
        references=tgw_references("tgw-rtb-1", pl_1="tgw-attach-2"),
        listed=prefix_list("pl-1", "10.1.0.0/16"),
    ),
    "a policy table": estate(
        attached=changed(0, tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", "tgw-ptb-1")),
        policies=tgw_policies(
            "tgw-ptb-1",
            tgw_rule("20", "tgw-rtb-1"),
            tgw_rule("3", "tgw-rtb-9", destination_port_range="22", protocol="6"),
        ),
    ),
    "by reference": estate(
        gateway=tgw("tgw-1", references=True),
        groups=(sg("sg-1", "vpc-1"), sg("sg-2", "vpc-2", [perm("tcp", 443, group_pair("sg-1"))])),
    ),
    "over two transit gateways": estate(
        gateway=(tgw("tgw-1"), tgw("tgw-2")),
        attached=(
            tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", "tgw-rtb-1"),
            tgw_attachment("tgw-attach-2", "tgw-2", "vpc-2", "tgw-rtb-2"),
            tgw_vpc_attachment("tgw-attach-1", "tgw-1", "vpc-1", "subnet-a9"),
            tgw_vpc_attachment("tgw-attach-2", "tgw-2", "vpc-2", "subnet-b9"),
            tgw_peering("tgw-attach-p", "tgw-1", "tgw-2"),
            tgw_attachment("tgw-attach-p", "tgw-1", "tgw-2", "tgw-rtb-1", kind="peering"),
            tgw_attachment("tgw-attach-p", "tgw-2", "tgw-1", "tgw-rtb-2", kind="peering"),
        ),
        table_2=rtb("rtb-2", "vpc-2", (), route("10.1.0.0/16", "local"), route("10.0.0.0/16", "tgw-2"), main=True),
        routes=(
            tgw_routes("tgw-rtb-1", TO_V, tgw_route("10.1.0.0/16", "tgw-attach-p", kind="peering")),
            tgw_routes("tgw-rtb-2", TO_W, tgw_route("10.0.0.0/16", "tgw-attach-p", kind="peering")),
        ),
    ),
}


@pytest.mark.parametrize("name", FOUND)
def test_what_gets_through_gets_through_in_both_readings(name: str) -> None:
    assert by_sets(FOUND[name]) is Verdict.REACHABLE
    assert by_steps(FOUND[name]) == Delivered("eni-x")


OPEN: dict[str, Records] = {
    "routes not read": estate(routes=None),
    "routes not all read": estate(routes=tgw_routes("tgw-rtb-1", TO_V, TO_W, complete=False)),
    "rules not read": estate(attached=changed(0, tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", "tgw-ptb-1"))),
    "attachments not read": estate(attached=None),
    "of another account, without association": estate(
        attached=changed(0, tgw_attachment("tgw-attach-1", "tgw-1", "vpc-1", None, owner="222233334444"))
    ),
    "being modified": estate(
        attached=changed(3, tgw_vpc_attachment("tgw-attach-2", "tgw-1", "vpc-2", "subnet-b9", state="modifying"))
    ),
    "the entries of a list not read": estate(references=tgw_references("tgw-rtb-1", pl_unread="tgw-attach-1")),
    "back where it came from": estate(
        routes=tgw_routes("tgw-rtb-1", TO_V, tgw_route("10.1.0.0/16", "tgw-attach-1")),
    ),
}


@pytest.mark.parametrize("name", OPEN)
def test_what_is_not_known_is_open_in_both_readings(name: str) -> None:
    assert by_sets(OPEN[name]) is Verdict.UNKNOWN
    assert isinstance(by_steps(OPEN[name]), Unsettled)


# References, origins, exits -------------------------------------------------------------------------


@pytest.mark.parametrize("level", ["the transit gateway", "the sender's attachment", "the receiver's attachment"])
def test_references_need_every_level(level: str) -> None:
    at = {"the sender's attachment": 2, "the receiver's attachment": 3}.get(level)
    names = {2: ("tgw-attach-1", "vpc-1", "subnet-a9"), 3: ("tgw-attach-2", "vpc-2", "subnet-b9")}
    records = FOUND["by reference"] | {"gateway": tgw("tgw-1", references=at is not None)}
    if at is not None:
        name, vpc_id, home = names[at]
        records["attached"] = changed(at, tgw_vpc_attachment(name, "tgw-1", vpc_id, home, references=False))
    assert by_sets(records) is Verdict.UNREACHABLE
    assert isinstance(by_steps(records), Dropped)


def test_an_attachment_hands_in_whatever_is_outside_its_vpc() -> None:
    records, entry_ = estate(), GatewayEntry("tgw-attach-2", "vpc-2")
    assert by_steps(records, Packet("10.0.7.7", Y, TCP, 49152, 443), entry_) == Left("tgw-attach-2")
    spoofed = by_steps(records, Packet("10.1.7.7", Y, TCP, 49152, 443), entry_)
    assert isinstance(spoofed, Dropped)
    assert spoofed.code == "GATEWAY_REJECTS_SPOOFED_TRAFFIC"
    unanswered = by_steps(records, Packet("10.9.7.7", Y, TCP, 49152, 443), entry_)
    assert isinstance(unanswered, Dropped)
    assert unanswered.code == "NO_ROUTE_TO_DESTINATION"
    host = hosts_of(topology(records).snapshot.interfaces["eni-y"])[0]
    found, _ = Assessor(topology(records)).judge(host, "tgw")
    answered = [flow.sources for flow in found.flows if flow.reply]
    assert (found.verdict, answered) == (Verdict.REACHABLE, [(parse("10.0.0.0/16").range,)])


def test_packets_leave_by_either_end_of_their_way() -> None:
    records = estate()
    for name in ("tgw-attach-1", "tgw-attach-2"):
        traced = trace(topology(records), PACKET, InterfaceEntry("eni-x"), name)
        assert (traced.outcome, traced.reply_outcome) == (Left(name), Delivered("eni-x"))
    assessor = Assessor(topology(records))
    sender = hosts_of(assessor.facts.snapshot.interfaces["eni-x"])[0]
    asked = FlowSet.of_remotes("ipv4", [parse("10.1.0.0/16").range])
    made = assessor.connectors["ipv4"].outwards(sender, Goal(gateways=frozenset({"tgw-attach-2"})), asked)
    assert made.round_trip.sure == asked
    assert [c.passage.via for c in made.carried] == [("tgw-attach-1", "tgw-1", "tgw-attach-2")]


def test_two_attachments_of_a_route_share_its_packets() -> None:
    records = estate(
        attached=(*estate()["attached"], tgw_attachment("tgw-attach-v", "tgw-1", "vpn-1", "tgw-rtb-1", kind="vpn")),
        routes=tgw_routes("tgw-rtb-1", TO_V, tgw_route("10.1.0.0/16", "tgw-attach-2", "tgw-attach-v")),
    )
    assert by_sets(records) is Verdict.UNKNOWN
    assert isinstance(by_steps(records), Unsettled)


# Tables ---------------------------------------------------------------------------------------------


def known(prefix_list_id: str) -> tuple[str, ...] | Undecided:
    return {"pl-1": ("10.0.0.0/9",)}.get(prefix_list_id) or Undecided(f"{prefix_list_id} was not read")


def test_a_route_table_is_a_partition() -> None:
    vpn, own = (
        tgw_route("10.0.0.0/9", "tgw-attach-v", kind="vpn", propagated=True),
        tgw_route("10.128.0.0/9", "tgw-attach-a"),
    )
    table = TransitRoutes((vpn, tgw_route("10.0.0.0/9", "tgw-attach-b", propagated=True), own))
    parts = partition("tgw-rtb-1", table, "ipv4", known)
    low, middle, high, end = (parse(f"{a}.0.0.0/8").low for a in (10, 11, 12, 255))
    half = low + (1 << 23)
    assert [(p.ranges, [t.transit_gateway_attachment_id for t in p.targets]) for p in parts] == [
        (((low, half - 1),), ["tgw-attach-b"]),
        (((half, middle - 1),), ["tgw-attach-a"]),
        (((0, low - 1), (middle, end + (1 << 24) - 1)), []),
    ]
    assert high > middle


def test_a_prefix_list_comes_before_what_is_propagated() -> None:
    references = tgw_references("tgw-rtb-1", pl_1="tgw-attach-p").transit_gateway_prefix_list_references
    table = TransitRoutes((tgw_route("10.0.0.0/9", "tgw-attach-b", propagated=True),), references)
    first: TransitPart = partition("tgw-rtb-1", table, "ipv4", known)[0]
    assert [t.transit_gateway_attachment_id for t in first.targets] == ["tgw-attach-p"]


def test_a_rule_takes_its_protocol_ports_and_addresses() -> None:
    header = Header(End(remote=True, address=None), End(remote=False, address=parse("10.1.1.10").low))
    rule = tgw_rule("5", "tgw-rtb-1", protocol="6", destination_port_range="22-23", source_cidr_block="10.0.0.0/8")
    apart = tgw_rule("6", "tgw-rtb-1", destination_cidr_block="10.2.0.0/16")
    flows = [found.sure for found in judged([rule, apart], header, "ipv4")]
    wanted = FlowSet.build("ipv4", protocols=[(TCP, TCP)], remotes=[parse("10.0.0.0/8").range], thirds=[(22, 23)])
    assert flows == [wanted, FlowSet.empty("ipv4")]
    back = Header(header.dst, header.src, reply=True)
    swapped = tgw_rule("5", "tgw-rtb-1", protocol="6", source_port_range="22-23", destination_cidr_block="10.0.0.0/8")
    assert [found.sure for found in judged([swapped], back, "ipv4")] == [wanted]


def test_joins_of_attachments() -> None:
    transit = topology(estate()).transit
    first = transit.attached["tgw-1", "tgw-attach-1"]
    assert transit.joining("vpc-1", "tgw-1") == first
    assert transit.joining("vpc-1", "tgw-2") is None
    assert transit.association(first) == Association("tgw-rtb-1")
    assert transit.subnets_of(first) == (A9,)
    assert isinstance(topology(estate(attached=None)).transit.joining("vpc-1", "tgw-1"), Undecided)
