"""What each address can reach: the assessment of egress, its rows and its flows."""

from estates import (
    acl,
    at,
    bpa,
    eigw,
    eni,
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
from sekisho.analysis import assess
from sekisho.engine.answer import Verdict
from sekisho.findings.assessment import Assessment
from sekisho.model.record import Record
from sekisho.report.document import assessment_document
from sekisho.sets.prefixes import to_cidrs

V, W = vpc("vpc-1", "10.0.0.0/16", "2001:db8:0:a00::/56"), vpc("vpc-2", "10.1.0.0/16")
A, B = subnet("subnet-a", "vpc-1", "10.0.1.0/24", "2001:db8:0:a01::/64"), subnet("subnet-b", "vpc-1", "10.0.2.0/24")
C = subnet("subnet-c", "vpc-2", "10.1.1.0/24")
OPEN = sg("sg-x", "vpc-1")


def estate(*more: Record, group: Record = OPEN) -> tuple[Record, ...]:
    """X public in A, Y behind a NAT gateway in B, a peered VPC, a virtual private gateway."""
    return (
        V,
        W,
        A,
        B,
        C,
        acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"]),
        acl("acl-2", "vpc-2", ["subnet-c"]),
        igw("igw-1", "vpc-1"),
        eigw("eigw-1", "vpc-1"),
        vgw("vgw-1", "vpc-1"),
        pcx("pcx-1", V, W),
        nat("nat-1", A, "10.0.1.5", "203.0.113.9", "eni-nat"),
        rtb(
            "rtb-a",
            "vpc-1",
            ["subnet-a"],
            route("10.0.0.0/16", "local"),
            route("0.0.0.0/0", "igw-1"),
            route("::/0", "eigw-1"),
            route("10.1.0.0/16", "pcx-1"),
            route("172.31.0.0/16", "vgw-1"),
        ),
        rtb("rtb-b", "vpc-1", ["subnet-b"], route("10.0.0.0/16", "local"), route("0.0.0.0/0", "nat-1")),
        rtb("rtb-c", "vpc-2", ["subnet-c"], route("10.1.0.0/16", "local"), route("10.0.0.0/16", "pcx-1")),
        group,
        eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), "2001:db8:0:a01::10", groups=["sg-x"], instance="i-x"),
        eni("eni-y", B, "10.0.2.20", groups=["sg-x"], instance="i-y"),
        eni("eni-nat", A, ("10.0.1.5", "203.0.113.9"), interface_type="nat_gateway"),
        instance("i-x"),
        instance("i-y"),
        *more,
    )


def assessed(*records: Record) -> Assessment:
    return assess(snapshot(*records), direction="egress")


def verdicts(found: Assessment) -> dict[tuple[str, str], str]:
    return {(row.address, row.origin): found.answer(row).verdict.value for row in found.rows}


def test_one_row_for_each_address_and_place_that_a_route_leads_to() -> None:
    assert verdicts(assessed(*estate())) == {
        ("10.0.1.10", "internet"): "reachable",
        ("10.0.1.10", "peering"): "reachable",
        ("10.0.1.10", "vgw"): "reachable",
        ("2001:db8:0:a01::10", "internet"): "reachable",
        ("2001:db8:0:a01::10", "peering"): "unreachable",
        ("2001:db8:0:a01::10", "vgw"): "unreachable",
        ("10.0.2.20", "internet"): "reachable",
        # By the NAT gateway, whose subnet has these routes (S-NAT-04).
        ("10.0.2.20", "peering"): "reachable",
        ("10.0.2.20", "vgw"): "reachable",
        ("10.0.1.5", "internet"): "unreachable",
        ("10.0.1.5", "peering"): "unreachable",
        ("10.0.1.5", "vgw"): "unreachable",
    }


def test_flows_name_destinations_and_what_is_on_the_way() -> None:
    narrow = sg("sg-x", "vpc-1", [], [perm("tcp", 443, "198.51.100.0/24"), perm("tcp", 5432, "10.1.0.0/16")])
    found = assessed(*estate(group=narrow))
    rows = {(row.address, row.origin): found.answer(row) for row in found.rows}
    seen = [
        (to_cidrs(f.destinations, "ipv4"), f.sources, f.destination_ports, f.via)
        for f in rows["10.0.2.20", "internet"].flows
    ]
    assert seen == [(("198.51.100.0/24",), (), ((443, 443),), ("nat-1", "igw-1"))]
    assert rows["10.0.2.20", "internet"].width == 256
    peered = rows["10.0.1.10", "peering"].flows
    assert [(to_cidrs(f.destinations, "ipv4"), f.destination_ports, f.via) for f in peered] == [
        (("10.1.0.0/16",), ((5432, 5432),), ("pcx-1",))
    ]
    assert rows["10.0.1.10", "vgw"].verdict is Verdict.UNREACHABLE
    assert "ENI_SG_RULES_MISMATCH" in {b.code for b in rows["10.0.1.10", "vgw"].barriers}


def test_the_whole_internet_is_the_world() -> None:
    found = assessed(*estate())
    widths = {found.answer(row).width for row in found.rows if (row.address, row.origin) == ("10.0.1.10", "internet")}
    assert widths == {"world"}


def test_block_public_access_stops_what_goes_out() -> None:
    found = verdicts(assessed(*estate(bpa("block-bidirectional"))))
    assert (found["10.0.1.10", "internet"], found["10.0.2.20", "internet"]) == ("unreachable", "unreachable")
    assert found["10.0.1.10", "peering"] == "reachable"
    ingress_only = verdicts(assessed(*estate(bpa("block-ingress"))))
    assert (ingress_only["10.0.1.10", "internet"], ingress_only["10.0.2.20", "internet"]) == (
        "unreachable",
        "reachable",
    )


def test_a_gateway_that_a_route_names_and_nothing_describes_is_open() -> None:
    here = [r for r in estate() if r.__class__.__name__ != "VpnGateway"]
    found = assess(snapshot(*here, failed=["vpn_gateways"]), direction="egress")
    assert verdicts(found)["10.0.1.10", "vgw"] == "unknown"


def test_what_is_not_there_is_said() -> None:
    found = assessed(*estate())
    assert [(m.vpc, m.origin) for m in found.coverage.missing_origins] == [("vpc-1", "tgw")]
    assert found.findings == ()
    document = assessment_document(found)
    assert (document["run"]["direction"], document["scope"]["direction"]) == ("egress", "egress")
    assert document["scope"]["origins"] == ["internet", "peering", "vgw", "tgw"]


def test_only_the_places_asked_for() -> None:
    found = assess(snapshot(*estate()), direction="egress", origins=("peering", "gated"))
    assert {row.origin for row in found.rows} == {"peering"}


def test_an_account_that_was_not_read_leaves_its_vpc_to_what_the_connection_says() -> None:
    far = at(W, C, account="444455556666")
    here = [r for r in estate() if r not in (W, C)]
    found = assess(snapshot(*here, far), direction="egress")
    assert verdicts(found)["10.0.1.10", "peering"] == "reachable"
