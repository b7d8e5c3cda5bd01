"""What `collect` asks and what it saves, against an endpoint on loopback."""

import hashlib
import json
from datetime import UTC, datetime
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import pytest

from aws_endpoint import Fault, Request, service_model
from collecting import ACCOUNT, REGION, collected, credentials, empty, envelopes, identity, listed, run, saved_answers
from sekisho.collect import policy
from sekisho.collect.calls import CALLS
from sekisho.collect.policy import ALL_REGIONS, ORGANIZATION, START, action
from sekisho.engine.assess import Assessor
from sekisho.estates import estate
from sekisho.load import load
from sekisho.model.kinds import KINDS, PREFIX_LIST_ENTRIES, UNMODELLED_KINDS
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)


def sample(shape: Any, number: int, name: str = "x", depth: int = 4) -> Any:  # noqa: PLR0911
    """A value of a shape, with something in every member."""
    match shape.type_name:
        case "structure":
            members = shape.members.items() if depth else ()
            return {key: sample(inner, number, key, depth - 1) for key, inner in members}
        case "list":
            return [sample(shape.member, number, name, depth - 1)] if depth else []
        case "boolean":
            return False
        case "integer" | "long":
            return number
        case "double" | "float":
            return 1.5
        case "timestamp":
            return datetime(2026, 11, 23, tzinfo=UTC)
        case "map":
            return {}
        case _:
            # As long as any identifier has to be.
            return shape.enum[0] if getattr(shape, "enum", None) else f"{name}-{number}".ljust(20, "0")


def plentiful(request: Request) -> dict[str, Any]:
    """Three records to every call that lists: two, then none, then one."""
    if told := identity(request):
        return told
    call = CALLS[request.call]
    model = service_model(call.service).operation_model(call.operation)
    assert model.output_shape is not None
    shape: Any = model.output_shape.members[call.member]
    item: Any = shape.members["Items"] if shape.type_name == "structure" and "Items" in shape.members else shape
    if item.type_name != "list":
        return dict(sample(model.output_shape, 1))
    pages = {"": ([1, 2], "page-2"), "page-2": ([], "page-3"), "page-3": ([3], "")}
    takes_token = model.input_shape and {"NextToken", "nextToken", "Marker"} & set(model.input_shape.members)
    numbers, token = pages[request.token] if takes_token else ([1, 2, 3], "")
    return listed(request, [sample(item.member, number) for number in numbers], token)


def test_every_call_is_made_to_its_last_page(tmp_path: Path) -> None:
    with collected(plentiful, tmp_path / "snapshot") as (endpoint, summary):
        asked = {request.call for request in endpoint.requests}
    assert asked == {*CALLS, "sts:GetCallerIdentity"}
    assert summary.refused == ()
    counts: dict[str, set[int]] = {}
    for call, found in envelopes(tmp_path / "snapshot").items():
        counts[call] = {envelope["items"] for envelope in found}
    single = {call.name for call in CALLS.values() if call.whole} | {
        "ec2:DescribeVpcBlockPublicAccessOptions",
        "elb:DescribeLoadBalancerAttributes",
    }
    assert counts == {name: {1} if name in single else {3} for name, call in CALLS.items() if call.saved}


def test_every_call_that_the_loader_reads_is_made() -> None:
    read = {kind.call for kind in KINDS} | {kind.call for kind in UNMODELLED_KINDS} | {PREFIX_LIST_ENTRIES}
    assert {call.name for call in CALLS.values() if call.saved} == read


def test_the_policy_allows_the_calls_that_are_made_and_no_other(tmp_path: Path) -> None:
    def answers(request: Request) -> dict[str, Any] | Fault:
        if request.call == "ec2:DescribeRegions":
            return {"Regions": [{"RegionName": REGION}]}
        if request.call == "organizations:ListAccounts":
            return {"Accounts": [{"Id": ACCOUNT, "Status": "ACTIVE"}, {"Id": "444455556666", "Status": "ACTIVE"}]}
        return plentiful(request)

    with collected(answers, tmp_path / "one", all_regions=True, regions=()) as (endpoint, _):
        made = {action(request.call) for request in endpoint.requests}
    assert set(policy()["Statement"][0]["Action"]) == made
    with collected(answers, tmp_path / "all", all_regions=True, regions=(), organization=True) as (endpoint, summary):
        made = {action(request.call) for request in endpoint.requests}
    assert set(policy(organization=True)["Statement"][0]["Action"]) == made
    assert summary.accounts == (ACCOUNT, "444455556666")
    assert {*START, *ALL_REGIONS, *ORGANIZATION} <= made


def test_only_reading_is_allowed() -> None:
    verbs = ("Describe", "Get", "List", "Search")
    allowed = policy()["Statement"][0]["Action"]
    assert [a for a in allowed if not a.partition(":")[2].startswith(verbs)] == []


def test_the_script_and_its_page_know_the_same_calls() -> None:
    """Its policy is shorter than the printed one, with a wildcard where a service's are all of one verb."""
    root = Path(__file__).parents[2]
    page, script = ((root / name).read_text(encoding="utf-8") for name in ("docs/collecting.md", "scripts/collect.sh"))
    assert [call.name for call in CALLS.values() if kebab(call.operation) not in script] == []
    written = json.loads("{" + page.partition("```json\n{\n")[2].partition("\n```")[0])["Statement"][0]["Action"]
    made = {action(call) for call in CALLS}
    assert [a for a in made if not any(fnmatchcase(a, pattern) for pattern in written)] == []
    assert [pattern for pattern in written if not any(fnmatchcase(a, pattern) for a in made)] == []


def kebab(operation: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() else c for c in operation).lstrip("-")


def test_an_estate_that_is_collected_has_the_answers_of_the_one_that_was_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of every kind, of two accounts in all of their Regions."""
    whole = Path(str(estate("all")))
    for account in sorted(whole.iterdir()):
        credentials(monkeypatch, account.name)
        regions = tuple(sorted(place.name for place in account.iterdir() if place.name != "global"))
        with collected(saved_answers(whole), tmp_path / "snapshot", regions=regions) as (_, summary):
            assert (summary.refused, summary.changes) == ((), ())
    before, after = load(whole), load(tmp_path / "snapshot")
    for kind in KINDS:
        assert set(getattr(before, kind.table)) - set(getattr(after, kind.table)) == set(), kind.table
    assert verdicts(after) == verdicts(before)


def verdicts(snapshot: Snapshot) -> set[tuple[str, ...]]:
    judged = Assessor(Topology(snapshot)).rows(list(snapshot.interfaces.values()))
    return {(one.row.interface, one.row.address, one.row.origin, one.answer.verdict.value) for one in judged}


def test_what_an_envelope_says(tmp_path: Path) -> None:
    vpcs = [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16", "OwnerId": ACCOUNT}]

    def answers(request: Request) -> dict[str, Any] | Fault:
        return listed(request, vpcs) if request.call == "ec2:DescribeVpcs" else empty(request)

    with collected(answers, tmp_path / "snapshot"):
        pass
    text = (tmp_path / "snapshot" / ACCOUNT / REGION / "ec2.DescribeVpcs.json").read_text(encoding="utf-8")
    envelope = json.loads(text)
    times = [datetime.fromisoformat(envelope.pop(name)) for name in ("collected_at", "ended_at")]
    assert times == sorted(times)
    assert len(envelope.pop("request_ids")) == 1
    response = text.partition('"response":')[2].rstrip().removesuffix("}")
    assert envelope == {
        "service": "ec2",
        "operation": "DescribeVpcs",
        "account": ACCOUNT,
        "region": REGION,
        "parameters": {},
        "pages": 1,
        "items": 1,
        "sha256": hashlib.sha256(response.encode()).hexdigest(),
        "error": None,
        "response": {"Vpcs": vpcs},
    }


def test_the_manifest_says_who_collected_what(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with collected(empty, place):
        pass
    lines = [json.loads(line) for line in (place / "manifest.jsonl").read_text(encoding="utf-8").splitlines()]
    assert lines[0]["run"]["version"] == "0.1.0"
    assert lines[1] == {
        "identity": {
            "account": ACCOUNT,
            "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/tests",
            "refusal": None,
        }
    }
    files = {line["call"]["file"]: line["call"]["sha256"] for line in lines if "call" in line}
    there = {p.relative_to(place).as_posix(): hashlib.sha256(p.read_bytes()).hexdigest() for p in place.rglob("*.json")}
    assert files == there
    assert (lines[-1]["run"]["read"], lines[-1]["run"]["refused"]) == (len(there) + 1, 0)


def test_services_without_regions_are_asked_once(tmp_path: Path) -> None:
    with collected(empty, tmp_path / "snapshot", regions=("eu-west-1", "us-east-1")) as (endpoint, _):
        asked = [(r.call, r.region) for r in endpoint.requests]
    assert [a for a in asked if a[0].startswith("globalaccelerator")] == [
        ("globalaccelerator:ListAccelerators", "us-west-2"),
        ("globalaccelerator:ListCustomRoutingAccelerators", "us-west-2"),
    ] or sorted(r for c, r in asked if c.startswith("globalaccelerator")) == ["us-west-2"] * 2
    assert [r for c, r in asked if c.startswith("cloudfront")] == ["us-east-1"]
    assert sorted(r for c, r in asked if c == "ec2:DescribeVpcs") == ["eu-west-1", "us-east-1"]
    assert {p.name for p in (tmp_path / "snapshot" / ACCOUNT).iterdir()} == {"global", "eu-west-1", "us-east-1"}


def test_what_changed_meanwhile_is_said(tmp_path: Path) -> None:
    def answers(request: Request) -> dict[str, Any] | Fault:
        match request.call:
            case "ec2:DescribeSubnets":
                return {"Subnets": [{"SubnetId": "subnet-1", "VpcId": "vpc-1"}]}
            case "ec2:DescribeVpcs":
                return {"Vpcs": [{"VpcId": "vpc-1"}]}
            case "ec2:DescribeNetworkInterfaces":
                seen = {"NetworkInterfaceId": "eni-1", "SubnetId": "subnet-1", "VpcId": "vpc-1"}
                return {"NetworkInterfaces": [seen, {**seen, "NetworkInterfaceId": "eni-2", "SubnetId": "subnet-2"}]}
            case _:
                return empty(request)

    with collected(answers, tmp_path / "snapshot") as (endpoint, summary):
        again = run(endpoint, tmp_path / "snapshot")
    assert [tuple(change) for change in summary.changes] == [
        (ACCOUNT, REGION, "subnet-2", "ec2:DescribeNetworkInterfaces", "ec2:DescribeSubnets")
    ]
    assert again.changes == summary.changes
