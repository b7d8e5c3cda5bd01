"""Saved answers: where they may be, how they are recognised, and how whole they are."""

import gzip
import io
import json
import tarfile
import zipfile
from pathlib import Path
from typing import Any

import pytest

from sekisho_check.estate import Estate
from sekisho_check.snapshot import UnreadableError, gathered, read

VPC = {"VpcId": "vpc-a", "OwnerId": "111122223333", "CidrBlock": "10.0.0.0/16"}
SUBNET = {"SubnetId": "subnet-a", "VpcId": "vpc-a", "OwnerId": "111122223333", "AvailabilityZone": "eu-west-1a"}
ANSWERS = {
    "a/vpcs.json": {"Vpcs": [VPC]},
    "a/subnets.json": {"Subnets": [SUBNET]},
    "a/peerings.json": {"VpcPeeringConnections": []},
}


def estate(answers: dict[str, Any]) -> Estate:
    return Estate(gathered("test", [(name, json.dumps(answer).encode()) for name, answer in answers.items()]))


def envelope(operation: str, response: object, **members: object) -> dict[str, object]:
    return {
        "service": "ec2",
        "operation": operation,
        "account": "111122223333",
        "region": "eu-west-1",
        "error": None,
    } | {
        "parameters": {},
        "response": response,
        **members,
    }


def write(place: Path, kind: str) -> Path:
    files = {name: json.dumps(answer).encode() for name, answer in ANSWERS.items()}
    files["a/more.json.gz"] = gzip.compress(b'{"InternetGateways": []}')
    if kind == "directory":
        for name, data in files.items():
            (place / name).parent.mkdir(parents=True, exist_ok=True)
            (place / name).write_bytes(data)
        return place
    if kind == "zip":
        with zipfile.ZipFile(place / "s.zip", "w") as archive:
            for name, data in files.items():
                archive.writestr(name, data)
        return place / "s.zip"
    with tarfile.open(place / "s.tar.gz", "w:gz") as tar:
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return place / "s.tar.gz"


@pytest.mark.parametrize("kind", ["directory", "zip", "tar.gz"])
def test_a_snapshot_may_be_a_directory_or_an_archive(tmp_path: Path, kind: str) -> None:
    found = read(str(write(tmp_path, kind)))
    assert set(found.files) == {*ANSWERS, "a/more.json.gz"}
    assert {call.kind.operation for call in found.calls} == {
        "DescribeVpcs",
        "DescribeSubnets",
        "DescribeVpcPeeringConnections",
        "DescribeInternetGateways",
    }


def test_records_know_where_they_stand() -> None:
    found = estate({"x.json": envelope("DescribeVpcs", {"Vpcs": [{"VpcId": "vpc-z"}, VPC]})})
    record = found.get("ec2:DescribeVpcs", "vpc-a")
    assert record is not None
    assert record.key == "x.json#/response/Vpcs/1"


def test_account_and_region_come_from_the_records_or_their_folder() -> None:
    found = estate(ANSWERS)
    assert found.home("vpc-a") == ("111122223333", "eu-west-1")
    assert found.read("ec2:DescribeVpcPeeringConnections", "111122223333", "eu-west-1")
    assert not found.read("ec2:DescribeVpcPeeringConnections", "444455556666", "eu-west-1")
    assert not found.read("ec2:DescribeNatGateways", "111122223333", "eu-west-1")


def test_path_parts_win_over_records() -> None:
    found = estate({"444455556666/us-east-1/vpcs.json": {"Vpcs": [VPC]}})
    assert found.read("ec2:DescribeVpcs", "444455556666", "us-east-1")
    assert not found.read("ec2:DescribeVpcs", "111122223333", "eu-west-1")


def test_two_owners_in_a_folder_are_no_candidate() -> None:
    other = VPC | {"VpcId": "vpc-b", "OwnerId": "444455556666"}
    found = estate(ANSWERS | {"a/others.json": {"Vpcs": [other]}})
    assert not found.read("ec2:DescribeVpcPeeringConnections", "111122223333", "eu-west-1")


@pytest.mark.parametrize(
    "answer",
    [
        envelope("DescribeNatGateways", None, error={"code": "AccessDenied", "message": "no"}),
        envelope("DescribeNatGateways", {"NatGateways": [], "NextToken": "more"}),
        envelope("DescribeNatGateways", {"NatGateways": []}, account=None)
        | {"response": {"NatGateways": [], "NextToken": "m"}},
    ],
)
def test_failed_and_incomplete_calls_are_open(answer: dict[str, object]) -> None:
    found = estate(ANSWERS | {"a/nat.json": answer})
    assert found.open("ec2:DescribeNatGateways", "111122223333", "eu-west-1")
    assert not found.whole("ec2:DescribeNatGateways", "111122223333", "eu-west-1")
    assert found.whole("ec2:DescribeVpnGateways", "111122223333", "eu-west-1")


def test_what_is_said_twice_and_differs_does_not_count() -> None:
    found = estate({"1.json": {"Vpcs": [VPC]}, "2.json": {"Vpcs": [VPC | {"CidrBlock": "10.1.0.0/16"}]}})
    assert found.get("ec2:DescribeVpcs", "vpc-a") is None
    again = estate(
        {"1.json": {"Vpcs": [VPC]}, "2.json": {"Vpcs": [VPC | {"Tags": [{"Key": "seen", "Value": "there"}]}]}}
    )
    assert again.get("ec2:DescribeVpcs", "vpc-a") is not None


def test_a_damaged_file_counts_as_a_failed_call() -> None:
    found = Estate(
        gathered("t", [("v.json", json.dumps({"Vpcs": [VPC]}).encode()), ("n.json", b'{"NatGateways": [{"Na')])
    )
    assert found.open("ec2:DescribeNatGateways", None, None)


@pytest.mark.parametrize("data", [b"\xff\xfe", b"Vpcs:\n- a", b"[1, 2"])
def test_a_file_that_shows_nothing_is_refused(data: bytes) -> None:
    with pytest.raises(UnreadableError, match=r"n\.json: not JSON"):
        gathered("t", [("n.json", data)])


def test_no_answer_at_all_is_refused(tmp_path: Path) -> None:
    for place in (tmp_path, tmp_path / "missing"):
        with pytest.raises(UnreadableError):
            read(str(place))


PAGES = [
    envelope("DescribeVpcs", {"Vpcs": [VPC], "NextToken": "t1"}),
    envelope("DescribeVpcs", {"Vpcs": [], "NextToken": "t2"}, parameters={"NextToken": "t1"}),
    envelope("DescribeVpcs", {"Vpcs": []}, parameters={"NextToken": "t2"}),
]


@pytest.mark.parametrize(
    ("pages", "whole"),
    [((0, 1, 2), True), ((2, 0, 1), True), ((0, 1), False), ((0, 2), False), ((1, 2), False), ((2,), False)],
)
def test_pages_are_whole_where_none_is_lacking(pages: tuple[int, ...], whole: bool) -> None:
    found = estate({f"{i}.json": PAGES[i] for i in pages})
    assert found.read("ec2:DescribeVpcs", "111122223333", "eu-west-1") is whole


def test_a_page_of_another_region_settles_nothing() -> None:
    other = PAGES[1] | {"region": "us-west-2"}
    found = estate({"0.json": PAGES[0], "1.json": other, "2.json": PAGES[2]})
    assert found.read("ec2:DescribeVpcs", "111122223333", "eu-west-1") is False
