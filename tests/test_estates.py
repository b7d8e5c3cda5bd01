"""The bundled estate `all`: every construct at once, each verdict as the rules of AWS give it, worked out by hand."""

from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

from sekisho.analysis import assess, explain
from sekisho.engine.query import Query, parse_endpoint
from sekisho.estates import NAMES, estate
from sekisho.findings.assessment import Assessment, Direction
from sekisho.load import load
from sekisho.model.entrances import EntranceKind
from sekisho.model.kinds import KINDS
from sekisho.model.record import Scope
from sekisho.model.routing import TargetKind
from sekisho.model.snapshot import Snapshot

R, F, N = "reachable", "forward-only", "unreachable"


@cache
def snapshot() -> Snapshot:
    return load(Path(str(estate("all"))))


@cache
def assessed(direction: Direction) -> Assessment:
    return assess(snapshot(), direction=direction)


@cache
def verdicts(direction: Direction) -> Mapping[str, Mapping[str, str]]:
    """The verdicts by address and origin; no two interfaces of the estate have one address."""
    result = assessed(direction)
    found: dict[str, dict[str, str]] = {}
    for row in result.rows:
        of_address = found.setdefault(row.address, {})
        assert row.origin not in of_address
        of_address[row.origin] = result.answers[row.answer].verdict.value
    return found


class Expected(NamedTuple):
    """The verdict of each origin that the VPC of the address has; the note says what decides."""

    address: str
    verdicts: Mapping[str, str]
    note: str


def edge(address: str, internet: str, peering: str, tgw: str, privatelink: str, note: str) -> Expected:
    """In the VPC with the public subnets: peered with `workloads`, an endpoint service behind `ledger`."""
    of = {"internet": internet, "peering": peering, "tgw": tgw, "privatelink": privatelink}
    return Expected(address, of, note)


def shared(address: str, peering: str, vgw: str, tgw: str, gated: str, note: str) -> Expected:
    """In the shared VPC, which has no internet gateway; Client VPN counts as `vgw`."""
    return Expected(address, {"internet": N, "peering": peering, "vgw": vgw, "tgw": tgw, "gated": gated}, note)


def hybrid(address: str, internet: str, peering: str, vgw: str, note: str) -> Expected:
    """In the VPC with virtual private gateway, carrier gateway and local gateway, which count as `vgw`."""
    return Expected(address, {"internet": internet, "peering": peering, "vgw": vgw}, note)


def workloads(address: str, internet: str, peering: str, tgw: str, note: str) -> Expected:
    """In the other account and Region, under Block Public Access but for `front`."""
    return Expected(address, {"internet": internet, "peering": peering, "tgw": tgw}, note)


INWARDS = (
    edge("10.10.0.10", R, N, F, N, "bastion: tcp 22 from two blocks of a prefix list; what the tgw brings goes to igw"),
    edge("2001:db8:10::10", R, R, F, N, "bastion: tcp 443 from ::/0; the peer's blocks are routed back, others to igw"),
    edge("10.10.2.10", R, R, R, N, "shop-1: its group admits that of the public ALB, which tgw and peer reach too"),
    edge("10.10.3.10", R, R, R, N, "shop-2: likewise in the other zone"),
    edge("10.10.2.20", R, R, R, N, "shop-api: an ip target behind a rule of the ALB"),
    edge("10.10.3.20", R, R, R, N, "portal: behind an internal ALB that an accelerator leads to"),
    edge("10.10.2.30", R, R, R, N, "ingest: behind an NLB without groups that preserves clients"),
    edge("10.10.2.40", R, R, R, N, "legacy: behind a classic load balancer"),
    edge(
        "10.10.2.50", N, R, F, R, "ledger: behind an internal NLB that takes 10.50.0.0/16, routed back to the peering"
    ),
    edge("10.10.3.30", R, N, N, N, "origin: its group admits the group of CloudFront alone"),
    edge("10.10.3.40", N, N, R, N, "batch: its group refers to `worker` over the transit gateway"),
    edge("2001:db8:10:3::40", F, R, F, N, "batch: in by the internet gateway, back to the egress-only one"),
    edge("10.10.4.10", R, F, F, N, "inspected: edge route and default route both through the endpoint; no other route"),
    edge("10.10.7.10", R, F, F, N, "pool-appliance: a pool of public addresses is routed to it; it has no route back"),
    edge("10.10.0.20", R, R, R, N, "node of the public ALB: tcp 443 from anywhere"),
    edge("10.10.0.30", R, R, R, N, "node of the public NLB"),
    edge("10.10.0.40", R, R, R, N, "node of the classic load balancer"),
    edge("10.10.2.70", R, R, R, N, "node of the internal ALB: the accelerator hands in tcp 80"),
    edge("10.10.2.80", N, R, F, R, "node of the ledger's NLB: no accelerator, no public address"),
    edge("10.10.0.5", N, N, N, N, "zonal NAT gateway: accepts no connection"),
    edge("10.10.2.100", N, N, N, N, "interface endpoint: tcp 443 from its own VPC alone"),
    edge("10.10.2.60", N, N, N, N, "interface of the accelerator: its group has no rules"),
    Expected("10.20.3.10", {"internet": N, "tgw": N}, "inspector: udp 6081 from its own VPC alone"),
    shared(
        "10.30.0.10", N, N, F, R, "worker: Instance Connect by group, Lattice by list, whose addresses no tgw routes"
    ),
    shared("10.30.0.20", N, R, N, R, "partner, of the participant: Client VPN by CIDR, Verified Access by group"),
    shared("10.30.2.10", R, R, R, N, "database: tcp 5432 from 10.0.0.0/8, by its ACL, the policy table, both gateways"),
    shared("10.30.2.20", N, N, N, N, "cache: from the group of `worker` alone"),
    shared("10.30.0.30", N, N, N, N, "function: its group admits nothing"),
    shared("10.30.1.10", N, N, N, N, "control plane of the cluster: from the group of its nodes alone"),
    shared("10.30.1.20", N, N, R, N, "node: ports 30000-32767 from 10.10.0.0/16"),
    shared("10.30.1.64/28", N, N, R, N, "delegated prefix of the node: likewise"),
    shared("10.30.4.10", N, N, N, N, "interface of the Instance Connect Endpoint: its group admits nothing"),
    shared("10.30.4.20", N, N, N, N, "interface of Client VPN: its group admits nothing"),
    hybrid("10.40.0.10", N, R, R, "mainframe: tcp 1521 from on premises by a propagated route, ICMP from the peer"),
    hybrid("10.40.0.20", N, N, N, "router: from its own VPC alone"),
    hybrid(
        "10.40.1.10", R, F, R, "radio: ICMP from the internet, TCP from the carrier's network; all goes back to cagw"
    ),
    hybrid("10.40.2.10", N, N, R, "factory: a customer-owned address, tcp 22 from behind the local gateway"),
    workloads("10.50.0.10", R, R, R, "front: its subnet is excluded from Block Public Access"),
    workloads("2001:db8:50::10", R, R, F, "front: public IPv6; what the tgw brings goes to igw"),
    workloads("10.50.1.10", N, R, R, "back: Block Public Access stops its Elastic IP address and its accelerator"),
    workloads("fdc5:1234:5678:9a01::10", N, R, F, "back: private IPv6, routed to the peer alone"),
    workloads("10.50.0.20", N, N, N, "parked: stopped"),
    workloads("10.50.0.30", N, N, N, "an interface that is not attached"),
    workloads("10.50.1.50", N, N, N, "interface endpoint of the ledger: from its own VPC alone"),
)


@pytest.mark.parametrize("expected", INWARDS, ids=lambda e: e.address)
def test_what_can_reach_an_address(expected: Expected) -> None:
    assert verdicts("ingress")[expected.address] == expected.verdicts, expected.note


OUTWARDS = (
    Expected("10.10.0.10", {"internet": R, "peering": R, "tgw": R}, "bastion: by its Elastic IP address"),
    Expected("10.10.2.10", {"internet": R, "peering": R, "tgw": R}, "shop-1: by the zonal NAT gateway"),
    Expected("2001:db8:10:3::40", {"internet": R, "peering": R, "tgw": N}, "batch: by the egress-only gateway"),
    Expected("10.10.4.10", {"internet": R, "peering": N, "tgw": N}, "inspected: through the endpoint"),
    Expected("10.30.0.30", {"internet": R, "peering": N, "tgw": R}, "function: policy table, firewall, regional NAT"),
    Expected("10.30.2.10", {"internet": N, "peering": R, "tgw": R}, "database: no default route"),
    Expected("10.40.0.10", {"internet": N, "peering": R, "vgw": R}, "mainframe"),
    Expected("10.40.1.10", {"internet": R, "peering": N, "vgw": N}, "radio: by the carrier gateway alone"),
    Expected("10.40.2.10", {"internet": N, "peering": R, "vgw": R}, "factory: by the router's interface, or locally"),
    Expected("10.50.0.10", {"internet": R, "peering": R, "tgw": R}, "front"),
    Expected("10.50.1.10", {"internet": N, "peering": R, "tgw": R}, "back: Block Public Access both ways"),
    Expected("10.50.1.50", {"internet": N, "peering": N, "tgw": N}, "interface endpoints start nothing"),
)


@pytest.mark.parametrize("expected", OUTWARDS, ids=lambda e: e.address)
def test_what_an_address_can_reach(expected: Expected) -> None:
    assert verdicts("egress")[expected.address] == expected.verdicts, expected.note


# What stays open ----------------------------------------------------------------------------------------

#: No document says what becomes of a packet that is addressed to the interface of a transit gateway attachment, of a
#: Gateway Load Balancer or of its endpoint, and not just led through it; nor what such an interface itself may send.
OPEN_INWARDS = {
    "10.10.5.4": {"peering", "tgw"},
    "10.10.6.5": {"peering", "tgw"},
    "10.10.6.21": {"peering", "tgw"},
    "10.20.0.5": {"tgw"},
    "10.20.1.4": {"tgw"},
    "10.20.3.4": {"tgw"},
    "10.30.3.5": {"peering", "vgw", "tgw"},
    "10.30.3.21": {"peering", "vgw", "tgw"},
    "10.50.2.5": {"peering", "tgw"},
}
OPEN_OUTWARDS = {"10.20.0.5": {"internet", "tgw"}, "10.20.1.4": {"internet", "tgw"}}


@pytest.mark.parametrize(("direction", "still_open"), [("ingress", OPEN_INWARDS), ("egress", OPEN_OUTWARDS)])
def test_nothing_is_unknown_that_a_document_could_settle(
    direction: Direction, still_open: Mapping[str, set[str]]
) -> None:
    unknown: dict[str, set[str]] = {}
    for address, of_origin in verdicts(direction).items():
        for origin, verdict in of_origin.items():
            if verdict == "unknown":
                unknown.setdefault(address, set()).add(origin)
    assert unknown == still_open


@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_no_answer_relies_on_a_call_that_was_not_made(direction: Direction) -> None:
    result = assessed(direction)
    assert {call for answer in result.answers.values() for call in answer.relies_on_absent} == set()


def test_every_file_is_read_without_an_issue() -> None:
    assert snapshot().issues == ()
    assert snapshot().missing == {}
    assert {call.call: call.why for call in snapshot().calls if call.why} == {}


# What there is ------------------------------------------------------------------------------------------


def test_it_has_a_record_of_every_kind_that_is_modelled() -> None:
    assert [kind.table for kind in KINDS if not snapshot().table(kind.table)] == []


def test_its_routes_lead_to_every_kind_of_target_that_is_modelled() -> None:
    targets = {route.target.kind for table in snapshot().route_tables.values() for route in table.routes}
    assert targets == set(TargetKind) - {TargetKind.CORE_NETWORK, TargetKind.OTHER}


def test_it_is_two_accounts_and_two_regions() -> None:
    assert set(snapshot().calls.scopes) == {
        Scope("111122223333", "ap-northeast-1"),
        Scope("444455556666", "ap-northeast-1"),
        Scope("444455556666", "us-west-2"),
    }
    owners = {row.address: row.account for row in assessed("ingress").rows}
    assert (owners["10.30.0.10"], owners["10.30.0.20"]) == ("111122223333", "444455556666")


def test_a_stopped_instance_is_reachable_once_it_runs() -> None:
    result = assessed("ingress")
    latent = {r.origin: result.answers[r.answer].latent for r in result.rows if r.address == "10.50.0.20"}
    assert {origin: verdict.value if verdict else None for origin, verdict in latent.items()} == {
        "internet": R,
        "peering": R,
        "tgw": R,
    }


# Ways ---------------------------------------------------------------------------------------------------


def called(name: str) -> str:
    """A short name: what the resource is by its id, or how it is named."""
    balancer = snapshot().load_balancers.get(name)
    accelerator = snapshot().accelerators.get(name)
    if balancer or accelerator:
        return balancer.load_balancer_name if balancer else accelerator.name if accelerator else ""
    return name if name == "legacy" else name.partition("-0")[0].partition("_")[0]


@pytest.mark.parametrize(
    ("address", "origin", "ways"),
    [
        ("10.10.0.10", "internet", {("igw",)}),
        ("10.10.2.10", "internet", {("igw", "shop")}),
        ("10.10.3.20", "internet", {("portal", "portal")}),
        ("10.10.2.30", "internet", {("igw", "ingest")}),
        ("10.10.2.40", "internet", {("igw", "legacy")}),
        ("10.10.3.30", "internet", {("vo",)}),
        ("10.10.4.10", "internet", {("igw", "vpce")}),
        ("10.10.7.10", "internet", {("igw",)}),
        ("10.10.2.50", "privatelink", {("vpce-svc", "ledger")}),
        ("10.30.0.10", "gated", {("eice",), ("tg",)}),
        ("10.30.0.20", "gated", {("vae",)}),
        ("10.30.0.20", "vgw", {("cvpn-endpoint",)}),
        ("10.40.1.10", "internet", {("cagw",)}),
        ("10.40.0.10", "peering", {("pcx",)}),
    ],
)
def test_the_ways_in(address: str, origin: str, ways: set[tuple[str, ...]]) -> None:
    result = assessed("ingress")
    answers = [result.answers[r.answer] for r in result.rows if (r.address, r.origin) == (address, origin)]
    found = {tuple(map(called, flow.via)) for answer in answers for flow in answer.flows if flow.reply}
    assert found == ways


@pytest.mark.parametrize(
    ("source", "destination", "port", "verdict", "code"),
    [
        # From the other account and Region to the service by its interface endpoint, whose listener leads to 8443.
        ("ip:10.50.0.10", "ip:10.10.2.50", 8443, R, None),
        # Over both transit gateways and the peering between them.
        ("ip:10.30.0.10", "ip:10.50.1.10", 443, R, None),
        # The policy table lets tcp 443 out, through firewall and regional NAT gateway, and not tcp 22.
        ("ip:10.30.0.20", "internet", 443, R, None),
        ("ip:10.30.0.20", "internet", 22, N, "TGW_RTB_CANNOT_ROUTE"),
        # By the gateway endpoint.
        ("ip:10.10.2.10", "vpce-s3", 443, R, None),
        # From the Outpost through the router's interface, over the peering connection.
        ("ip:10.40.2.10", "ip:10.30.2.10", 5432, R, None),
        # To an address of the pool, which no interface has.
        ("internet", "ip:198.51.100.66", 8443, R, None),
        ("internet", "ip:198.51.100.66", 22, N, "ENI_SG_RULES_MISMATCH"),
    ],
)
def test_questions(source: str, destination: str, port: int, verdict: str, code: str | None) -> None:
    gateway = next(e for e in snapshot().vpc_endpoints.values() if e.vpc_endpoint_type == "Gateway")
    asked = destination if destination != "vpce-s3" else gateway.vpc_endpoint_id
    query = Query(source=parse_endpoint(source), destination=parse_endpoint(asked), protocol="tcp", ports=(port, port))
    found = explain(snapshot(), query)
    assert found.answer.verdict.value == verdict
    assert {b.code for b in found.answer.barriers} == ({code} if code else set())


def test_every_bundled_estate_has_a_name() -> None:
    folders = {p.name for p in Path(str(estate("story"))).parent.iterdir() if p.is_dir() and p.name != "__pycache__"}
    assert folders == set(NAMES)


def test_every_kind_of_entrance_is_in_use() -> None:
    ways = {name for answer in assessed("ingress").answers.values() for flow in answer.flows for name in flow.via}
    starts = {
        EntranceKind.ACCELERATOR: "arn:aws:globalaccelerator:",
        EntranceKind.VPC_ORIGIN: "vo_",
        EntranceKind.INSTANCE_CONNECT: "eice-",
        EntranceKind.VERIFIED_ACCESS: "vae-",
        EntranceKind.LATTICE: "tg-",
        EntranceKind.CLIENT_VPN: "cvpn-endpoint-",
        EntranceKind.ENDPOINT_SERVICE: "vpce-svc-",
    }
    assert {kind for kind, start in starts.items() if any(w.startswith(start) for w in ways)} == set(EntranceKind)
