"""Rows: depth, barriers, what is shared, what is latent, what an answer relies on. Expected values by hand."""

import pytest

from engine.questions import Told, flows, judge, rows, told
from estates import (
    acl,
    eni,
    entry,
    group_pair,
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
from sekisho.model.record import Record, Source
from sekisho.model.snapshot import Missing, Snapshot

V, W = vpc("vpc-1", "10.0.0.0/16"), vpc("vpc-2", "10.1.0.0/16")
A, B = subnet("subnet-a", "vpc-1", "10.0.1.0/24"), subnet("subnet-b", "vpc-1", "10.0.2.0/24")
LOCAL, OUT = route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")
SSH = perm("tcp", 22, "0.0.0.0/0")
PUBLIC = ("10.0.1.10", "203.0.113.5")


def estate(
    *more: Record,
    rules: tuple[object, ...] = (SSH,),
    routes: tuple[object, ...] = (LOCAL, OUT),
    address: object = PUBLIC,
    **how: object,
) -> Snapshot:
    """X in subnet A behind an internet gateway; the rest as given."""
    have = {type(r).__name__ for r in more}
    base: list[Record] = [V, A, sg("sg-1", "vpc-1", rules), eni("eni-x", A, address, groups=["sg-1"], instance="i-x")]  # type: ignore[arg-type]
    base += [] if "NetworkAcl" in have else [acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"])]
    base += [] if "InternetGateway" in have else [igw("igw-1", "vpc-1")]
    base += [] if "Instance" in have else [instance("i-x")]
    base += [rtb("rtb-1", "vpc-1", ["subnet-a", "subnet-b"], *routes)]  # type: ignore[arg-type]
    return snapshot(*base, *more, **how)  # type: ignore[arg-type]


def test_an_open_port_is_reachable_from_the_whole_internet() -> None:
    answer = judge(estate(), "eni-x")
    assert told(answer) == Told("reachable", (), None)
    assert answer.width == "world"
    assert answer.via == ("igw-1",)
    [(what, sources, source_ports, reply)] = flows(answer)
    assert (what, source_ports, reply) == ("6:22", ["0-65535"], True)
    assert sources[:3] == ["1.0.0.0/8", "2.0.0.0/7", "4.0.0.0/6"]
    assert "10.0.0.0/8" not in sources


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"rules": ()}, Told("unreachable", ("SG_HAS_NO_RULES",), 1)),
        (
            {"rules": (perm("tcp", 22, "10.0.0.0/8"),)},
            Told("unreachable", ("ENI_SG_RULES_MISMATCH", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"), 1),
        ),
        ({"routes": (LOCAL,)}, Told("forward-only", ("NO_ROUTE_TO_DESTINATION",), 1)),
        ({"routes": (LOCAL, route("0.0.0.0/0", "igw-1", "blackhole"))}, Told("forward-only", ("BAD_STATE_ROUTE",), 1)),
        (
            {"address": "10.0.1.10"},
            Told("unreachable", ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"), 1),
        ),
        (
            {"address": "10.0.1.10", "routes": (LOCAL,)},
            Told("unreachable", ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "NO_ROUTE_TO_DESTINATION"), 2),
        ),
        (
            {"address": "10.0.1.10", "routes": (LOCAL,), "rules": ()},
            Told(
                "unreachable",
                ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", "NO_ROUTE_TO_DESTINATION", "SG_HAS_NO_RULES"),
                3,
            ),
        ),
    ],
)
def test_barriers_and_depth(changes: dict[str, object], expected: Told) -> None:
    assert told(judge(estate(**changes), "eni-x")) == expected  # type: ignore[arg-type]


def test_acl_and_group_that_only_together_stop_everything_are_both_told() -> None:
    only_http = acl(
        "acl-1",
        "vpc-1",
        ["subnet-a"],
        entry(100, "in", "allow", "0.0.0.0/0", "6", 80),
        entry(100, "out", "allow", "0.0.0.0/0"),
    )
    answer = judge(estate(only_http), "eni-x")
    assert told(answer) == Told("unreachable", ("SUBNET_ACL_RESTRICTION", "ENI_SG_RULES_MISMATCH"), 1)


def test_the_deciding_acl_entry_is_the_evidence() -> None:
    denied = acl(
        "acl-1",
        "vpc-1",
        ["subnet-a"],
        entry(90, "in", "deny", "0.0.0.0/0", "6", 22),
        entry(100, "in", "allow", "0.0.0.0/0"),
        entry(100, "out", "allow", "0.0.0.0/0"),
    )
    barrier, other = judge(estate(denied), "eni-x").barriers
    assert barrier.detail == "acl-1 ingress: rule 90 denies tcp 22 from the internet"
    assert barrier.evidence == (
        Source("111122223333/ap-northeast-1/DescribeNetworkAcls.json", "/NetworkAcls/0/Entries/0"),
    )
    assert other.detail == "no ingress rule of sg-1 allows anything else from the internet"


@pytest.mark.parametrize(
    ("state", "verdict", "latent"),
    [
        ("stopped", "unreachable", "reachable"),
        ("terminated", "unreachable", "reachable"),
        ("pending", "reachable", None),
    ],
)
def test_a_stopped_instance_is_unreachable_now_and_its_exposure_latent(
    state: str, verdict: str, latent: str | None
) -> None:
    answer = judge(estate(instance("i-x", state)), "eni-x")
    assert answer.verdict.value == verdict
    assert (answer.latent.value if answer.latent else None) == latent


def test_a_peered_vpc_without_the_family_hands_nothing_in() -> None:
    six = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56")
    a6 = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:1:1::/64")
    found = snapshot(
        six,
        W,
        a6,
        acl("acl-1", "vpc-1", ["subnet-a"]),
        pcx("pcx-1", six, W),
        rtb("rtb-1", "vpc-1", ["subnet-a"], LOCAL),
        sg("sg-1", "vpc-1", [perm("-1", None, "::/0")]),
        eni("eni-x", a6, "2001:db8:1:1::5", groups=["sg-1"]),
    )
    assert told(judge(found, "eni-x", "peering")) == Told("unreachable", ("PROTOCOL_RESTRICTION",), None)


def test_a_peer_reaches_what_its_cidrs_are_allowed() -> None:
    routes = (LOCAL, route("10.1.0.0/16", "pcx-1"))
    found = estate(W, pcx("pcx-1", V, W), routes=routes, rules=(perm("tcp", 5432, "10.1.2.0/24"),))
    assert flows(judge(found, "eni-x", "peering")) == [("6:5432", ["10.1.2.0/24"], ["0-65535"], True)]


def test_a_reference_across_peering_stands_for_the_members_addresses() -> None:
    c = subnet("subnet-c", "vpc-2", "10.1.1.0/24")
    member = eni("eni-c", c, "10.1.1.7", groups=["sg-c"])
    rules = (perm("tcp", 5432, group_pair("sg-c", vpc_id="vpc-2", vpc_peering_connection_id="pcx-1")),)
    found = estate(
        W,
        c,
        member,
        sg("sg-c", "vpc-2"),
        pcx("pcx-1", V, W),
        routes=(LOCAL, route("10.1.0.0/16", "pcx-1")),
        rules=rules,
    )
    assert flows(judge(found, "eni-x", "peering")) == [("6:5432", ["10.1.1.7/32"], ["0-65535"], True)]


def test_on_premises_hosts_come_from_any_address_that_the_routes_lead_back_to() -> None:
    found = estate(vgw("vgw-1", "vpc-1"), routes=(LOCAL, route("192.168.0.0/16", "vgw-1", propagated=True)))
    answer = judge(found, "eni-x", "vgw")
    there_and_back = [f for f in flows(answer) if f[3]]
    assert there_and_back == [("6:22", ["192.168.0.0/16"], ["0-65535"], True)]


def test_rows_are_for_the_origins_that_the_vpc_has_a_way_of() -> None:
    found = estate(W, pcx("pcx-1", V, W), pcx("pcx-2", V, vpc("vpc-3", "10.3.0.0/16"), "deleted"))
    assert rows(found) == [
        ("eni-x", "10.0.1.10", "internet", "reachable"),
        ("eni-x", "10.0.1.10", "peering", "forward-only"),
    ]


@pytest.mark.parametrize("table", ["network_acls", "route_tables", "internet_gateways", "security_groups", "instances"])
def test_a_needed_call_that_was_not_read_leaves_the_answer_open(table: str) -> None:
    full = estate()
    missing_call = Snapshot(
        tuple(p for p in full.pages if p.table != table),
        calls=type(full.calls)(s for s in full.calls if not s.call.endswith(_operation(table))),
    )
    answer = judge(missing_call, "eni-x")
    assert answer.verdict.value == "unknown"
    assert answer.reasons
    assert all("was not read" in reason for reason in answer.reasons)


def _operation(table: str) -> str:
    return "Describe" + "".join(word.capitalize() for word in table.split("_"))


def test_what_is_not_read_does_not_matter_where_the_groups_let_nothing_in() -> None:
    full = estate(rules=())
    without = Snapshot(
        tuple(p for p in full.pages if p.table != "network_acls"),
        calls=type(full.calls)(s for s in full.calls if not s.call.endswith("NetworkAcls")),
    )
    assert judge(without, "eni-x").verdict.value == "unreachable"


def test_a_damaged_group_leaves_open_what_it_might_allow() -> None:
    hurt = Missing("security_groups", "sg-2", "not a valid record", Source("f", "/0"))
    found = snapshot(
        V,
        A,
        acl("acl-1", "vpc-1", ["subnet-a"]),
        igw("igw-1", "vpc-1"),
        rtb("rtb-1", "vpc-1", ["subnet-a"], LOCAL, OUT),
        sg("sg-1", "vpc-1"),
        eni("eni-x", A, PUBLIC, groups=["sg-1", "sg-2"]),
        missing=[hurt],
    )
    answer = judge(found, "eni-x")
    assert (answer.verdict.value, answer.reasons) == ("unknown", ("sg-2: not a valid record",))


def test_equal_interfaces_share_one_answer_and_unequal_ones_do_not() -> None:
    same = eni("eni-y", A, ("10.0.1.11", "203.0.113.6"), groups=["sg-1"])
    private = eni("eni-z", A, "10.0.1.12", groups=["sg-1"])
    found = estate(same, private)
    assert judge(found, "eni-x") == judge(found, "eni-y")
    assert judge(found, "eni-z").verdict.value == "unreachable"


def test_a_nat_gateway_accepts_nothing() -> None:
    its = eni("eni-n", A, ("10.0.1.99", "203.0.113.99"), interface_type="nat_gateway")
    found = estate(its, nat("nat-1", A, "10.0.1.99", "203.0.113.99", "eni-n"))
    assert told(judge(found, "eni-n")) == Told("unreachable", ("NO_POSSIBLE_DESTINATION",), 1)


def test_an_unreachable_answer_says_which_absent_calls_would_change_it() -> None:
    closed, private = judge(estate(rules=()), "eni-x"), judge(estate(address="10.0.1.10"), "eni-x")
    assert closed.relies_on_absent == ()
    assert "elbv2:DescribeLoadBalancers" in private.relies_on_absent
    assert judge(estate(), "eni-x").relies_on_absent == ("ec2:DescribeVpcBlockPublicAccessOptions",)
