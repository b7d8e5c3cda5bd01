"""Middleboxes, edge routes and gateways beyond the Regions: the sets and the one-packet reading of single facts."""

import msgspec
import pytest

from agreement import pairs_of
from estates import acl, eni, entry, igw, instance, perm, route, rtb, sg, snapshot, subnet, vpc
from inspection_estates import (
    cagw,
    firewall,
    gwlbe,
    lgw,
    lgw_route,
    parsed,
    policy,
    pool,
    pooled,
    regional_nat,
    rule_group,
    stateful,
    stateless,
)
from random_middleboxes import network_with_middleboxes
from sekisho.engine.answer import Verdict
from sekisho.engine.assess import Assessor, Judged
from sekisho.engine.gateways.border import carried_ranges
from sekisho.engine.gateways.firewall_rules import Tuple5, Variables, matched
from sekisho.engine.gateways.firewall_rules import stateful as stateful_match
from sekisho.engine.packet import Delivered, Dropped, GatewayEntry, InterfaceEntry, Left, Packet, Trace, Unsettled
from sekisho.engine.trace import trace
from sekisho.engine.transit import End, Header
from sekisho.model.border import LocalGatewayRoutes
from sekisho.model.firewall import RuleVariables, Term, VariableDefinition, terms
from sekisho.model.interface import Association, PrivateAddress
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Record
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import parse

A, B, F = (subnet(f"subnet-{n}", "vpc-1", f"10.0.{i}.0/24") for i, n in ((1, "a"), (2, "b"), (3, "f")))
X, EIP, HOST = "10.0.1.10", "203.0.113.5", "198.51.100.7"
LOCAL = route("10.0.0.0/16", "local")
OPEN = sg("sg-x", "vpc-1", [perm("-1", None, "0.0.0.0/0")])
FROM_INTERNET = GatewayEntry("igw-1", "vpc-1")
TO_X = Delivered("eni-x")


def estate(*more: Record, default: str = "vpce-1", edge: str | None = "vpce-1") -> list[Record]:
    """X in subnet a, the endpoint vpce-1 in subnet f; both ways lead over it unless told otherwise."""
    edges = [rtb("rtb-edge", "vpc-1", [], LOCAL, route("10.0.1.0/24", edge), edge="igw-1")] if edge else []
    return [
        vpc("vpc-1", "10.0.0.0/16"), A, B, F, OPEN, igw("igw-1", "vpc-1"), instance("i-x"),
        acl("acl-1", "vpc-1", ["subnet-a", "subnet-b", "subnet-f"]),
        rtb("rtb-a", "vpc-1", ["subnet-a"], LOCAL, route("0.0.0.0/0", default)),
        rtb("rtb-f", "vpc-1", ["subnet-f"], LOCAL, route("0.0.0.0/0", "igw-1")),
        rtb("rtb-main", "vpc-1", [], LOCAL, main=True),
        eni("eni-x", A, (X, EIP), groups=["sg-x"], instance="i-x"),
        *edges, *more,
    ]  # fmt: skip


def tcp(source: str, destination: str, port: int = 443, source_port: int = 50000) -> Packet:
    return Packet(source, destination, 6, source_port, port)


def walk(records: list[Record], packet: Packet, entry_: GatewayEntry | InterfaceEntry) -> Trace:
    return trace(Topology(snapshot(*records)), packet, entry_)


def ends(found: Trace) -> tuple[object, object]:
    """Drops by their code alone, doubts by their kind."""
    return _end(found.outcome), _end(found.reply_outcome)


def _end(outcome: object) -> object:
    if isinstance(outcome, Dropped):
        return outcome.code
    return Unsettled if isinstance(outcome, Unsettled) else outcome


# Words of rules -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("ANY", (Term("ANY", negated=False),)),
        ("!10.0.0.0/8", (Term("10.0.0.0/8", negated=True),)),
        ("[80, !443]", (Term("80", negated=False), Term("443", negated=True))),
        ("![80,443]", (Term("80", negated=True), Term("443", negated=True))),
        ("[80,[443]]", None),
        ("[80,", None),
        ("", None),
        ("![!80]", None),
    ],
)
def test_words_of_a_rule_are_told_apart(text: str, found: object) -> None:
    assert terms(text) == found


HEADER = Header(End(remote=True, address=None), End(remote=False, address=parse(X).low))
NONE = Variables(RuleVariables(), {}, ("10.0.0.0/16",))


def test_a_stateful_rule_matches_the_five_tuple_of_its_header() -> None:
    rule = parsed(stateful("DROP", "TCP", "[198.51.100.0/24,!198.51.100.7]", "$HOME_NET", "[22,1000:1001]"))
    low, high, odd = parse("198.51.100.0").low, parse("198.51.100.255").low, parse("198.51.100.7").low
    wanted = FlowSet.build(
        "ipv4", protocols=[(6, 6)], remotes=[(low, odd - 1), (odd + 1, high)], thirds=[(22, 22), (1000, 1001)]
    )
    assert stateful_match(rule, NONE, HEADER, "ipv4") == (wanted, wanted)


@pytest.mark.parametrize(
    "rule",
    [
        stateful("DROP", "TCP", options=[{"Keyword": "flow", "Settings": ["established"]}]),
        stateful("DROP", "TCP", "$UNKNOWN"),
        stateful("DROP", "TCP", "@reference"),
        stateful("DROP", "TCP", "ANY", "ANY", "$PORTS"),
    ],
)
def test_what_a_header_does_not_decide_may_match(rule: dict[str, object]) -> None:
    found = stateful_match(parsed(rule), NONE, HEADER, "ipv4")
    assert found.sure.is_empty
    assert found.maybe == FlowSet.build("ipv4", protocols=[(6, 6)])


def test_a_group_defines_variables_before_the_policy_and_the_vpc() -> None:
    own = RuleVariables(ip_sets={"HOME_NET": VariableDefinition(definition=("192.0.2.0/24",))})
    assert Variables(own, {"HOME_NET": ("10.9.0.0/16",)}, ("10.0.0.0/16",)).addresses("HOME_NET") == ("192.0.2.0/24",)
    assert Variables(RuleVariables(), {"HOME_NET": ("10.9.0.0/16",)}, None).addresses("EXTERNAL_NET") == (
        "!10.9.0.0/16",
    )
    assert Variables(RuleVariables(), {}, None).addresses("HOME_NET") is None


def test_a_reply_has_its_ports_the_other_way_round() -> None:
    rule = Tuple5(((6, 6),), ((0, 2**32 - 1),), ((443, 443),), ((0, 2**32 - 1),), ((0, 65535),))
    reply = Header(HEADER.dst, HEADER.src, reply=True)
    assert matched(rule, reply, "ipv4").sure == FlowSet.build("ipv4", protocols=[(6, 6)], thirds=[(443, 443)])


def test_a_port_that_a_nat_gateway_chose_decides_only_where_all_do() -> None:
    wide = Tuple5(((6, 6),), ((0, 2**32 - 1),), ((1024, 65535),), ((0, 2**32 - 1),), ((0, 65535),))
    some = wide._replace(source_ports=((1024, 2000),))
    header = Header(End(remote=False, address=parse(X).low), End(remote=True, address=None), translated=True)
    whole = FlowSet.build("ipv4", protocols=[(6, 6)])
    assert matched(wide, header, "ipv4") == (whole, whole)
    assert matched(some, header, "ipv4") == (FlowSet.empty("ipv4"), whole)


# One packet -----------------------------------------------------------------------------------------


def test_an_endpoint_forwards_under_an_assumption() -> None:
    found = walk(estate(gwlbe("vpce-1", F)), tcp(HOST, EIP), FROM_INTERNET)
    assert ends(found) == (TO_X, Left("igw-1"))
    assert found.assumptions == ("the appliance behind vpce-1 forwards what it gets, with the header unchanged",)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({"default": "igw-1"}, (TO_X, "INGRESS_RTB_TRAFFIC_REDIRECTION")),
        ({"edge": None}, (TO_X, Left("igw-1"))),
    ],
)
def test_an_edge_route_asks_for_both_directions(changes: dict[str, str], expected: tuple[object, object]) -> None:
    assert ends(walk(estate(gwlbe("vpce-1", F), **changes), tcp(HOST, EIP), FROM_INTERNET)) == expected


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        ("pendingAcceptance", ("BAD_STATE_ROUTE", None)),
        ("failed", ("BAD_STATE_ROUTE", None)),
        ("partial", (Unsettled, None)),
    ],
)
def test_an_endpoint_out_of_service_carries_nothing(state: str, expected: tuple[object, object]) -> None:
    assert ends(walk(estate(gwlbe("vpce-1", F, state)), tcp(HOST, EIP), FROM_INTERNET)) == expected


def test_the_acl_of_the_endpoint_subnet_applies_to_what_is_routed_to_it() -> None:
    shut = acl("acl-1", "vpc-1", ["subnet-f"], entry(100, "out", "allow", "0.0.0.0/0"))
    rest = acl("acl-2", "vpc-1", ["subnet-a", "subnet-b"])
    records = [r for r in estate(gwlbe("vpce-1", F)) if getattr(r, "network_acl_id", None) is None]
    assert ends(walk([*records, shut, rest], tcp(HOST, EIP), FROM_INTERNET)) == ("SUBNET_ACL_RESTRICTION", None)


def protected(*groups: Record, **settings: object) -> list[Record]:
    return estate(firewall("fw", "vpc-1", {"vpce-1": F}), policy(**settings), *groups)  # type: ignore[arg-type]


WEB = rule_group("web", StatefulRules=[stateful("DROP", "TCP", port="22"), stateful("PASS", "TCP", port="22:443")])


@pytest.mark.parametrize(
    ("settings", "port", "expected"),
    [
        ({"stateful": ["web"]}, 22, (TO_X, Left("igw-1"))),  # pass goes before drop
        ({"stateful": ["web"]}, 8080, (TO_X, Left("igw-1"))),  # what nothing matches passes
        ({"stateful": ["web"], "strict": True}, 22, ("FIREWALL_RULES_RESTRICTION", None)),
        ({"stateful": ["web"], "strict": True}, 443, (TO_X, Left("igw-1"))),
        (
            {"stateful": ["web"], "strict": True, "last": ["aws:drop_strict"]},
            8080,
            ("FIREWALL_RULES_RESTRICTION", None),
        ),
        ({"stateful": ["web"], "strict": True, "last": ["aws:drop_established"]}, 8080, (Unsettled, None)),
        ({"stateful": ["web"], "strict": True, "last": ["aws:alert_strict"]}, 8080, (TO_X, Left("igw-1"))),
        ({"stateful": ["unread"]}, 443, (Unsettled, None)),
        ({"default": "aws:drop"}, 443, ("FIREWALL_RULES_RESTRICTION", None)),
        ({"default": "aws:pass"}, 443, (TO_X, Left("igw-1"))),
    ],
)
def test_rules_of_a_firewall(settings: dict[str, object], port: int, expected: tuple[object, object]) -> None:
    assert ends(walk(protected(WEB, **settings), tcp(HOST, EIP, port), FROM_INTERNET)) == expected


def test_a_stateless_pass_asks_the_reply_for_itself() -> None:
    there = ("aws:pass", {"Protocols": [6], "DestinationPorts": [{"FromPort": 443, "ToPort": 443}]})
    back = ("aws:pass", {"Protocols": [6], "SourcePorts": [{"FromPort": 443, "ToPort": 443}]})
    one = protected(rule_group("web", **stateless(there)), stateless=["web"], default="aws:drop")
    both = protected(rule_group("web", **stateless(there, back)), stateless=["web"], default="aws:drop")
    assert ends(walk(one, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, "FIREWALL_RULES_RESTRICTION")
    assert ends(walk(both, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, Left("igw-1"))


def test_a_firewall_that_sees_the_reply_alone_takes_up_no_tcp() -> None:
    records = estate(firewall("fw", "vpc-1", {"vpce-1": F}), policy(), edge=None)
    assert ends(walk(records, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, "FIREWALL_RULES_RESTRICTION")
    assert ends(walk(records, Packet(HOST, EIP, 17, 50000, 53), FROM_INTERNET)) == (TO_X, Left("igw-1"))
    goes_on = estate(firewall("fw", "vpc-1", {"vpce-1": F}), policy(stream="CONTINUE"), edge=None)
    assert ends(walk(goes_on, tcp(HOST, EIP), FROM_INTERNET)) == (TO_X, Unsettled)


# Gateways beyond the Regions ------------------------------------------------------------------------


def abroad(association: Association, *more: Record, default: str) -> list[Record]:
    records = estate(*more, default=default, edge=None)
    first = PrivateAddress(private_ip_address=X, primary=True, association=association)
    return [
        msgspec.structs.replace(r, private_ip_addresses=(first,))
        if getattr(r, "network_interface_id", "") == "eni-x"
        else r
        for r in records
    ]


@pytest.mark.parametrize(
    ("packet", "beyond", "expected"),
    [
        (tcp(HOST, "203.0.113.60"), False, (TO_X, Left("cagw-1"))),
        (tcp(HOST, "203.0.113.60"), True, ("PROTOCOL_RESTRICTION", None)),
        (Packet(HOST, "203.0.113.60", 17, 5000, 53), True, ("PROTOCOL_RESTRICTION", None)),
        (Packet(HOST, "203.0.113.60", 1, icmp_type=8, icmp_code=0), True, (TO_X, Left("cagw-1"))),
        (Packet(HOST, "203.0.113.60", 47), False, ("PROTOCOL_RESTRICTION", None)),
        (tcp("10.0.2.9", "203.0.113.60"), False, ("GATEWAY_REJECTS_SPOOFED_TRAFFIC", None)),
        (tcp(HOST, "203.0.113.61"), False, ("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", None)),
    ],
)
def test_what_a_carrier_gateway_admits(packet: Packet, beyond: bool, expected: object) -> None:
    records = abroad(Association(carrier_ip="203.0.113.60"), cagw("cagw-1", "vpc-1"), default="cagw-1")
    assert ends(walk(records, packet, GatewayEntry("cagw-1", "vpc-1", beyond))) == expected


@pytest.mark.parametrize(
    ("mode", "destination", "expected"),
    [
        ("direct-vpc-routing", X, (TO_X, Left("lgw-1"))),
        ("coip", "192.0.2.9", (TO_X, Left("lgw-1"))),
        ("coip", X, ("LGW_CUSTOMER_OWNED_IP_ASSOCIATION_FOR_INGRESS", None)),
    ],
)
def test_how_a_local_gateway_addresses_hosts(mode: str, destination: str, expected: object) -> None:
    gateway = lgw("lgw-1", "vpc-1", mode, [lgw_route("198.51.100.0/24")])
    records = abroad(Association(customer_owned_ip="192.0.2.9"), *gateway, default="lgw-1")
    assert ends(walk(records, tcp(HOST, destination), GatewayEntry("lgw-1", "vpc-1"))) == expected


def test_a_local_gateway_carries_by_its_longest_routes_in_force() -> None:
    routes = (lgw_route("10.0.0.0/8"), lgw_route("10.1.0.0/16", "blackhole"), lgw_route("10.1.2.0/24"))
    assert carried_ranges(LocalGatewayRoutes(local_gateway_route_table_id="lgw-rtb-1", routes=routes)) == (
        (parse("10.0.0.0").low, parse("10.0.255.255").low),
        (parse("10.1.2.0").low, parse("10.1.2.255").low),
        (parse("10.2.0.0").low, parse("10.255.255.255").low),
    )


# Pools, regional NAT gateways -----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("check", "expected"), [(False, (TO_X, Left("igw-1"))), (True, ("ENI_SOURCE_DEST_CHECK_RESTRICTION", None))]
)
def test_a_pool_is_delivered_as_it_is(check: bool, expected: object) -> None:
    table = pooled(rtb("rtb-edge", "vpc-1", [], LOCAL, route("192.0.2.0/24", "eni-x"), edge="igw-1"), "ipv4pool-1")
    records = [r for r in estate(default="igw-1", edge=None) if getattr(r, "network_interface_id", "") != "eni-x"]
    plain = eni("eni-x", A, X, groups=["sg-x"], instance="i-x", check=check)
    found = walk(
        [*records, table, plain, pool("ipv4pool-1", "192.0.2.0", "192.0.2.127")], tcp(HOST, "192.0.2.9"), FROM_INTERNET
    )
    assert ends(found) == expected


@pytest.mark.parametrize(
    ("zone", "expanding", "expected"),
    [
        ("apne1-az1", None, (Left("igw-1"), TO_X)),
        ("apne1-az2", "enabled", (Left("igw-1"), TO_X)),
        ("apne1-az2", "disabled", ("REGIONAL_NGW_ROUTE_AZ_RESTRICTION", None)),
    ],
)
def test_a_regional_nat_gateway_serves_zones(zone: str, expanding: str | None, expected: object) -> None:
    made = regional_nat("nat-r", "vpc-1", "rtb-f", "203.0.113.90", zone=zone)
    made = msgspec.structs.replace(made, auto_provision_zones=expanding)
    records = estate(made, default="nat-r", edge=None)
    assert ends(walk(records, tcp(X, HOST), InterfaceEntry("eni-x"))) == expected


# Both readings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(40))
def test_sets_and_steps_agree_on_random_middleboxes(seed: int) -> None:
    found = list(pairs_of(network_with_middleboxes(seed), seed, 3, 1))
    assert [(p.asked.name, p.packet, p.fault) for p in found if p.fault] == []


@pytest.mark.parametrize("seed", range(12))
def test_a_failed_call_closes_nothing(seed: int) -> None:
    """What is perhaps answered or delivered stays so where an optional call failed instead of answering."""
    whole = network_with_middleboxes(seed)
    tables = ("vpc_endpoints", "firewalls", "firewall_policies", "rule_groups", "carrier_gateways",
              "local_gateway_tables", "local_gateway_associations", "local_gateway_routes", "nat_gateways")  # fmt: skip
    known = Assessor(Topology(whole.snapshot()))
    for table in tables:
        kept = tuple(r for r in whole.records if type(r) is not KIND_BY_TABLE[table].type)
        failing = Assessor(Topology(whole._replace(records=kept, failed=(*whole.failed, table)).snapshot()))
        before = {(j.row.interface, j.row.address, j.row.origin): j.answer for j in rows(known)}
        after = {(j.row.interface, j.row.address, j.row.origin): j.answer for j in rows(failing)}
        closed = [
            key
            for key, found in after.items()
            if found.verdict is Verdict.UNREACHABLE and key in before and before[key].verdict is not Verdict.UNREACHABLE
        ]
        assert closed == [], table


def rows(assessor: Assessor) -> list[Judged]:
    return list(assessor.rows(assessor.facts.snapshot.interfaces.values()))
