"""A synthetic estate: its size, its bytes, that nothing in it refers to nothing, and what it shows when assessed."""

import json
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from ipaddress import ip_address, ip_network
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from click.testing import CliRunner, Result

from sekisho.analysis import assess
from sekisho.cli.commands.synth import command
from sekisho.engine.answer import Row, Verdict
from sekisho.findings.assessment import Assessment
from sekisho.load import load
from sekisho.load.recognise import SUBJECT
from sekisho.model.calls import CallStatus, is_global
from sekisho.model.interface_kinds import kind_of
from sekisho.model.kinds import KINDS
from sekisho.model.snapshot import Snapshot
from sekisho.synth import MOST_REGIONS, plan, rows, write
from sekisho.synth.addresses import CUTS, Room
from sekisho.synth.draw import Draw
from sekisho.synth.systems import FLEET_SIZES
from sekisho.synth.write import ASKED_OF_ONE, CALLS

ID = re.compile(
    r"\b(?:vpc|subnet|eni|i|sg|acl|rtb|igw|eigw|nat|vgw|pcx|tgw|tgw-attach|tgw-rtb|vpce|pl|cgw)-[0-9a-f]{8,17}\b"
)
ARN = re.compile(r"arn:aws:elasticloadbalancing:[^\"]+")


class Estate(NamedTuple):
    place: Path
    snapshot: Snapshot


def made(place: Path, interfaces: int, accounts: int = 1, regions: int = 1, seed: int = 0) -> Path:
    estate = plan(interfaces, accounts, regions, seed)
    assert len(list(write(estate, rows(estate), place))) == accounts * regions
    return place


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(command, [str(a) for a in arguments], obj={"quiet": 0, "verbose": 0})


def files(place: Path) -> dict[str, bytes]:
    return {p.relative_to(place).as_posix(): p.read_bytes() for p in sorted(place.rglob("*.json"))}


def envelopes(place: Path, operation: str = "*") -> list[Any]:
    return [json.loads(p.read_bytes()) for p in sorted(place.glob(f"*/*/*/{operation}/*.json"))]


def records(place: Path, operation: str, member: str) -> list[Any]:
    return [record for e in envelopes(place, operation) for record in e["response"][member]]


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    place = made(tmp_path_factory.mktemp("synth") / "small", 300)
    return Estate(place, load(place))


@pytest.fixture(scope="module")
def wide(tmp_path_factory: pytest.TempPathFactory) -> Estate:
    """Several accounts and Regions, and more than one page."""
    place = made(tmp_path_factory.mktemp("synth") / "wide", 6000, accounts=2, regions=2, seed=5)
    return Estate(place, load(place))


# Draws, sizes -----------------------------------------------------------------------------------------


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    one, again = made(tmp_path / "one", 700, 2, 2, seed=3), made(tmp_path / "again", 700, 2, 2, seed=3)
    assert files(one) == files(again)


def test_another_seed_gives_another_estate(tmp_path: Path) -> None:
    one, other = made(tmp_path / "one", 60, seed=1), made(tmp_path / "other", 60, seed=2)
    ids = [set(ID.findall(b"".join(files(place).values()).decode())) for place in (one, other)]
    assert ids[0] & ids[1] == {"pl-61a54000"}


@pytest.mark.parametrize("count", [1, 2, 9, 10, 20, 49, 50, 51, 99, 100, 1501, 2345])
def test_there_are_as_many_interfaces_as_asked_for(count: int, tmp_path: Path) -> None:
    place = made(tmp_path, count, regions=3)
    assert len(records(place, "DescribeNetworkInterfaces", "NetworkInterfaces")) == count


def test_there_are_as_many_places_as_asked_for() -> None:
    places = plan(100, accounts=3, regions=MOST_REGIONS).places
    assert (len({p.region for p in places}), len({p.account for p in places}), len(places)) == (16, 3, 48)


def test_vpcs_are_of_the_documented_size() -> None:
    estate = plan(100_000, 4, 3)
    sizes = [vpc.interfaces for vpc in estate.vpcs]
    assert sum(sizes) == 100_000
    assert all(300 <= size <= 1500 for size in sizes[:-2])
    assert min(sizes) >= 50
    assert max(sizes) <= 1500


def test_most_instances_are_in_fleets_of_ten_to_two_hundred() -> None:
    held = {span: weight * sum(span) / 2 for weight, span in FLEET_SIZES}
    assert sum(weight for weight, _ in FLEET_SIZES) == 100
    middle = sum(count for (low, high), count in held.items() if low >= 10 and high <= 200)
    assert 0.7 <= middle / sum(held.values()) <= 0.85


@pytest.mark.parametrize("cut", CUTS, ids=lambda cut: f"{cut.tier}-{cut.zone}")
def test_a_subnet_gives_out_each_address_once(cut: Any) -> None:
    base = int(ip_address("10.0.32.0"))
    network = ip_network((base + cut.offset, cut.bits))
    room = Room(cut, base, Draw("room"))
    hosts = [room.host() for _ in range(room.free)]
    blocks = list(iter(room.block, None))
    taken = hosts + [block + n for block in blocks for n in range(16)]
    assert room.free == 0
    assert len(taken) == len(set(taken))
    first, last = int(network[4]), int(network[-2])
    assert {True} == {first <= address <= last for address in taken}


def test_subnets_do_not_overlap() -> None:
    base = int(ip_address("10.0.32.0"))
    spans = sorted((cut.offset, cut.offset + (1 << (32 - cut.bits))) for cut in CUTS)
    assert all(end <= start for (_, end), (start, _) in pairwise(spans))
    assert spans[-1][1] <= 1 << 13
    assert base % (1 << 13) == 0


# What is written --------------------------------------------------------------------------------------


def test_an_answer_is_enveloped_and_pages_hold_a_thousand(wide: Estate) -> None:
    pages = [e for e in envelopes(wide.place, "DescribeNetworkInterfaces") if e["region"] == "ap-northeast-1"]
    by_account: dict[str, list[Any]] = {}
    for page in pages:
        by_account.setdefault(page["account"], []).append(page)
    assert len(by_account) == 2
    for found in by_account.values():
        counts = [len(p["response"]["NetworkInterfaces"]) for p in found]
        assert len(counts) > 1
        assert set(counts[:-1]) == {1000}
        given = [p["response"].get("NextToken") for p in found]
        assert [p["parameters"].get("NextToken") for p in found] == [None, *given[:-1]]
        assert given[-1] is None
    written = pages[0] | {"request_ids": [], "parameters": {}, "response": {}}
    assert written == {
        "service": "ec2",
        "operation": "DescribeNetworkInterfaces",
        "account": pages[0]["account"],
        "region": "ap-northeast-1",
        "parameters": {},
        "collected_at": "2026-11-23T05:00:00Z",
        "request_ids": [],
        "pages": 1,
        "error": None,
        "response": {},
    }


def test_an_interface_takes_about_as_many_bytes_as_from_aws(wide: Estate) -> None:
    written = sum(len(data) for name, data in files(wide.place).items() if "/DescribeNetworkInterfaces/" in name)
    assert 1000 <= written / 6000 <= 1300


def test_calls_that_ask_of_one_resource_are_known() -> None:
    """Every call that the loader knows to be about one resource, and no other."""
    of_one = {kind.table for kind in KINDS if not kind.whole and kind.call in SUBJECT}
    assert of_one == ASKED_OF_ONE


def test_every_list_of_every_account_and_region_is_read(wide: Estate) -> None:
    calls = wide.snapshot.calls
    assert len(calls.scopes) == 4
    named = [f"{call.service}:{call.operation}" for call in CALLS.values()]
    states = {(c, s): calls.state(c, s) for c in named for s in calls.scopes}
    assert {key for key, state in states.items() if state is None or state.status is not CallStatus.READ} == set()
    assert any(is_global(call) for call in named)


@pytest.mark.parametrize("name", ["small", "wide"])
def test_nothing_is_wrong_with_it(name: str, request: pytest.FixtureRequest) -> None:
    snapshot: Snapshot = request.getfixturevalue(name).snapshot
    assert (snapshot.issues, dict(snapshot.missing)) == ((), {})


# References -------------------------------------------------------------------------------------------


def own_ids(place: Path) -> Iterator[str]:
    """The id under which each record is described: the member is named by the call."""
    own = {
        "DescribeVpcs": "VpcId",
        "DescribeSubnets": "SubnetId",
        "DescribeNetworkInterfaces": "NetworkInterfaceId",
        "DescribeSecurityGroups": "GroupId",
        "DescribeNetworkAcls": "NetworkAclId",
        "DescribeRouteTables": "RouteTableId",
        "DescribeInternetGateways": "InternetGatewayId",
        "DescribeEgressOnlyInternetGateways": "EgressOnlyInternetGatewayId",
        "DescribeNatGateways": "NatGatewayId",
        "DescribeVpnGateways": "VpnGatewayId",
        "DescribeCustomerGateways": "CustomerGatewayId",
        "DescribeVpcPeeringConnections": "VpcPeeringConnectionId",
        "DescribeTransitGateways": "TransitGatewayId",
        "DescribeTransitGatewayAttachments": "TransitGatewayAttachmentId",
        "DescribeTransitGatewayRouteTables": "TransitGatewayRouteTableId",
        "DescribeVpcEndpoints": "VpcEndpointId",
        "DescribeManagedPrefixLists": "PrefixListId",
        "DescribeLoadBalancers": "LoadBalancerArn",
        "DescribeTargetGroups": "TargetGroupArn",
        "DescribeListeners": "ListenerArn",
        "DescribeRules": "RuleArn",
    }
    for envelope in envelopes(place):
        for listed in envelope["response"].values():
            for record in listed if isinstance(listed, list) else ():
                yield from [record[own[envelope["operation"]]]] if envelope["operation"] in own else ()
                yield from (i["InstanceId"] for i in record.get("Instances", ()))


@pytest.mark.parametrize("name", ["small", "wide"])
def test_every_id_that_is_referred_to_exists(name: str, request: pytest.FixtureRequest) -> None:
    place = request.getfixturevalue(name).place
    text = b"\n".join(files(place).values()).decode()
    named = set(ID.findall(text)) | set(ARN.findall(text))
    assert named - set(own_ids(place)) == set()


def test_ids_are_unique(wide: Estate) -> None:
    """But for what both sides see: peering connections, transit gateways and attachments, AWS's prefix lists."""
    times = Counter(own_ids(wide.place))
    assert {name.partition("-")[0] for name, count in times.items() if count > 1} <= {"pcx", "tgw", "pl"}


def test_addresses_are_in_their_subnets_and_held_once(wide: Estate) -> None:
    held: Counter[tuple[str | None, str]] = Counter()
    public: Counter[str] = Counter()
    for interface in wide.snapshot.interfaces.values():
        subnet = wide.snapshot.subnets[interface.subnet_id or ""]
        networks = [ip_network(cidr) for cidr in subnet.cidrs]
        own = [a.private_ip_address for a in interface.addresses] + [a.ipv6_address for a in interface.ipv6_addresses]
        for address in own:
            assert any(ip_address(address) in network for network in networks), address
            held[interface.vpc_id, address] += 1
        for prefix in interface.ipv4_prefixes:
            held.update((interface.vpc_id, str(a)) for a in ip_network(prefix.ipv4_prefix))
        public.update(a.association.public_ip or "" for a in interface.addresses if a.association)
    assert {*held.values(), *public.values()} == {1}


def test_vpcs_that_are_joined_do_not_overlap() -> None:
    estate = plan(60_000, 2, 3, seed=1)
    assert len(estate.peerings) > len(estate.vpcs)
    joined = [(p.requester.cidr, p.accepter.cidr) for p in estate.peerings]
    assert [pair for pair in joined if ip_network(pair[0]).overlaps(ip_network(pair[1]))] == []
    for gateway in estate.transit_gateways:
        assert len({vpc.cidr for vpc in gateway.attached}) == len(gateway.attached) > 1


# Assessed ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def assessed(small: Estate) -> Assessment:
    return assess(small.snapshot)


def test_an_estate_shows_every_kind_of_thing(small: Estate) -> None:
    kinds = {kind_of(i) for i in small.snapshot.interfaces.values()}
    assert kinds == {
        "Application Load Balancer",
        "EKS control plane",
        "Lambda function",
        "NAT gateway",
        "Network Load Balancer",
        "RDS database",
        "instance",
        "interface endpoint",
        "transit gateway attachment",
    }
    tables: Sequence[Any] = (
        small.snapshot.addresses,
        small.snapshot.egress_only_gateways,
        small.snapshot.vpn_gateways,
        small.snapshot.peerings,
        small.snapshot.transit_gateways,
        small.snapshot.targets,
        small.snapshot.prefix_lists,
    )
    assert all(tables)


def test_verdicts_of_each_kind_and_nothing_unknown_for_want_of_a_call(small: Estate, assessed: Assessment) -> None:
    by_verdict = {verdict: {r.interface for r in rows_of(assessed, verdict)} for verdict in Verdict}
    assert {v for v, found in by_verdict.items() if found} >= {*Verdict} - {Verdict.UNKNOWN}
    held = small.snapshot.interfaces
    assert {held[name].interface_type for name in by_verdict[Verdict.UNKNOWN]} <= {"transit_gateway"}
    covered = assessed.coverage
    assert (covered.issues, covered.not_read, covered.unseen_interfaces) == ((), (), ())


def rows_of(assessed: Assessment, verdict: Verdict) -> Iterator[Row]:
    return (row for row in assessed.rows if assessed.answer(row).verdict is verdict)


def test_mistakes_show(small: Estate, assessed: Assessment) -> None:
    """An address that was forgotten on a private instance is delivered to and cannot answer."""
    gave = {n for n, i in small.snapshot.instances.items() if any(t.value.endswith("-build") for t in i.tags)}
    found = {
        (r.public_address is None, assessed.answer(r).verdict)
        for r in assessed.rows
        if from_world(r) and r.instance in gave
    }
    assert found == {(False, Verdict.FORWARD_ONLY)}


def from_world(row: Row) -> bool:
    return (row.origin, row.family) == ("internet", "ipv4")


# The command ------------------------------------------------------------------------------------------


def test_command_says_what_it_wrote(tmp_path: Path) -> None:
    place = tmp_path / "estate"
    done = run("--interfaces", "120", "--accounts", "2", "--seed", "7", place)
    assert (done.exit_code, done.output) == (0, f"120 interfaces in 2 VPCs of 2 accounts in 1 Region: {place}\n")
    assert files(place) == files(made(tmp_path / "again", 120, accounts=2, seed=7))


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--interfaces", "0"], "0 is not in the range x>=1"),
        (["--interfaces", "5", "--regions", "17"], "17 is not in the range 1<=x<=16"),
        (["--interfaces", "5", "--accounts", "0"], "0 is not in the range 1<=x<=100"),
        (["--interfaces", "2000001", "--regions", "2"], "a Region has room for 1000000 interfaces; add --regions"),
        ([], "Missing option '--interfaces'"),
    ],
)
def test_what_cannot_be_made_is_refused(options: list[str], said: str, tmp_path: Path) -> None:
    done = run(*options, tmp_path / "estate")
    assert done.exit_code == 2
    assert said in done.output
    assert not (tmp_path / "estate").exists()


def test_a_directory_that_holds_something_is_refused(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("mine", encoding="utf-8")
    done = run("--interfaces", "5", tmp_path)
    assert done.exit_code == 2
    assert "is there and not an empty directory" in done.output
    assert [p.name for p in tmp_path.iterdir()] == ["notes.txt"]
