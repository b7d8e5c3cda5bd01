"""One estate in each form that it can be had in: the same roles are reached from the same origins at the same ports."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

import sekisho.estates
from iac.forms import Answer, answers, saved
from iac.terraform_plans import story
from sekisho.iac import load

COLLECTED = Path(sekisho.estates.__file__).parent / "story"
TEMPLATE = Path(__file__).parent / "story.yaml"
WORLD = "ap-northeast-1"


@pytest.fixture(scope="module")
def collected() -> set[Answer]:
    return answers(COLLECTED)


def test_the_estate_has_what_is_compared(collected: set[Answer]) -> None:
    assert len(collected) == 10
    assert {(role, origin) for role, _, origin, verdict, _ in collected if verdict == "reachable"} == {
        ("web-public", "internet"),
        ("web-public", "peering"),
        ("web-private", "peering"),
    }


def test_a_plan_with_modules_gives_the_same_answers(collected: set[Answer], tmp_path: Path) -> None:
    assert answers(saved(story(), tmp_path / "plan.json")) == collected


def test_a_template_gives_the_same_answers(collected: set[Answer]) -> None:
    assert answers(TEMPLATE, parameters={"AWS::Region": WORLD}) == collected


def test_parameters_of_a_template_change_its_answers() -> None:
    test = answers(TEMPLATE, parameters={"Stage": "test", "AWS::Region": WORLD})
    assert ("web-public", "ipv4", "internet", "forward-only") in {row[:4] for row in test}


# AWS Config -----------------------------------------------------------------------------------------

TYPES = {
    "describe-vpcs": ("Vpcs", "AWS::EC2::VPC"),
    "describe-subnets": ("Subnets", "AWS::EC2::Subnet"),
    "describe-network-interfaces": ("NetworkInterfaces", "AWS::EC2::NetworkInterface"),
    "describe-security-groups": ("SecurityGroups", "AWS::EC2::SecurityGroup"),
    "describe-network-acls": ("NetworkAcls", "AWS::EC2::NetworkAcl"),
    "describe-route-tables": ("RouteTables", "AWS::EC2::RouteTable"),
    "describe-internet-gateways": ("InternetGateways", "AWS::EC2::InternetGateway"),
    "describe-vpc-peering-connections": ("VpcPeeringConnections", "AWS::EC2::VPCPeeringConnection"),
    "describe-nat-gateways": ("NatGateways", "AWS::EC2::NatGateway"),
    "describe-addresses": ("Addresses", "AWS::EC2::EIP"),
}


def camel(value: Any) -> Any:
    """As Config writes a record: names in camel case, IPv4 ranges as text and again under another name."""
    if isinstance(value, list):
        return [camel(v) for v in value]
    if not isinstance(value, dict):
        return value
    found = {k[:1].lower() + k[1:]: camel(v) for k, v in value.items()}
    if "ipProtocol" in found:
        found["ipv4Ranges"] = found["ipRanges"]
        found["ipRanges"] = [r["cidrIp"] for r in found["ipRanges"]]
    return found


def items() -> list[dict[str, Any]]:
    place = COLLECTED / "111122223333" / WORLD
    found = []
    for file, (member, kind) in TYPES.items():
        records = json.loads((place / f"{file}.json").read_text(encoding="utf-8"))[member]
        found += [item(kind, record) for record in records]
    reservations = json.loads((place / "describe-instances.json").read_text(encoding="utf-8"))["Reservations"]
    return found + [item("AWS::EC2::Instance", i) for r in reservations for i in r["Instances"]]


def item(kind: str, record: dict[str, Any]) -> dict[str, Any]:
    return {
        "configurationItemVersion": "1.3",
        "configurationItemStatus": "OK",
        "awsAccountId": "111122223333",
        "awsRegion": WORLD,
        "resourceType": kind,
        "configuration": camel(record),
    }


def test_a_config_snapshot_gives_the_same_answers(collected: set[Answer], tmp_path: Path) -> None:
    document = {"fileVersion": "1.0", "configSnapshotId": "0", "configurationItems": items()}
    assert answers(saved(document, tmp_path / "snapshot.json")) == collected


def test_rows_of_an_advanced_query_give_the_same_answers(collected: set[Answer], tmp_path: Path) -> None:
    rows = [json.dumps({"accountId": i["awsAccountId"]} | i) for i in items()]
    assert answers(saved({"Results": rows, "QueryInfo": {"SelectFields": []}}, tmp_path / "rows.json")) == collected


def test_an_item_that_was_deleted_is_not_there(tmp_path: Path) -> None:
    gone = [
        i | {"configurationItemStatus": "ResourceDeleted"} if i["resourceType"] == "AWS::EC2::Instance" else i
        for i in items()
    ]
    place = saved({"fileVersion": "1.0", "configurationItems": gone}, tmp_path / "snapshot.json")
    assert load(place).snapshot.instances == {}


# Layouts of other collectors ------------------------------------------------------------------------


def test_one_file_with_every_answer_in_it_gives_the_same_answers(collected: set[Answer], tmp_path: Path) -> None:
    place = COLLECTED / "111122223333" / WORLD
    whole: dict[str, Any] = {}
    for file in sorted(place.glob("describe-*.json")):
        whole |= json.loads(file.read_text(encoding="utf-8"))
    assert answers(saved(whole, tmp_path / "all.json")) == collected


def test_folders_named_by_account_and_region_give_the_same_answers(collected: set[Answer], tmp_path: Path) -> None:
    place = tmp_path / "aws_configs" / "accounts" / "111122223333" / WORLD
    shutil.copytree(COLLECTED / "111122223333" / WORLD, place)
    assert answers(tmp_path) == collected
