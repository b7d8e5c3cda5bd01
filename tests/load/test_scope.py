"""Whose a record is, and which account and region a call counts for."""

from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, HERE, OTHER, REGION, directory, envelope, estate, files, group
from sekisho.load import load
from sekisho.load.clues import region_of, scope_of_path
from sekisho.model.calls import CallStatus
from sekisho.model.record import Scope
from sekisho.model.snapshot import Snapshot

PLACE = Scope(ACCOUNT, REGION)


def loaded(tmp_path: Path, *layers: dict[str, bytes]) -> Snapshot:
    return load(directory(tmp_path, {name: data for layer in layers for name, data in layer.items()}))


def scopes(snapshot: Snapshot, call: str) -> list[Scope]:
    return [s.scope for s in snapshot.calls if s.call == call]


@pytest.mark.parametrize(
    ("path", "account", "region"),
    [
        ("111122223333/ap-northeast-1/ec2/vpcs.json", ACCOUNT, "ap-northeast-1"),
        ("ap-northeast-1/111122223333/vpcs.json", ACCOUNT, "ap-northeast-1"),
        ("account-111122223333_us-east-1/vpcs.json", ACCOUNT, "us-east-1"),
        ("prod/vpcs-us-gov-west-1.json", None, "us-gov-west-1"),
        ("cn-northwest-1/vpcs.json", None, "cn-northwest-1"),
        ("us-iso-east-1/vpcs.json", None, "us-iso-east-1"),
        ("us-isob-east-1/vpcs.json", None, "us-isob-east-1"),
        ("us-east-1-bos-1a/vpcs.json", None, "us-east-1"),
        ("us-east-1-wl1-bos-wlz-1/vpcs.json", None, "us-east-1"),
        ("us-east-1/eu-west-1/vpcs.json", None, "eu-west-1"),
        ("us-east-1_to_eu-west-1/vpcs.json", None, None),
        ("202611230500/vpcs.json", None, None),
        ("1111222233334/vpcs.json", None, None),
        ("east/vpcs.json", None, None),
    ],
)
def test_path_parts_that_look_like_accounts_and_regions(path: str, account: str | None, region: str | None) -> None:
    assert scope_of_path(path) == Scope(account, region)


@pytest.mark.parametrize(
    ("name", "region"),
    [
        ("ap-northeast-1", "ap-northeast-1"),
        ("ap-northeast-1a", "ap-northeast-1"),
        ("us-west-2-lax-1b", "us-west-2"),
        ("us-gov-east-1c", "us-gov-east-1"),
        ("apne1-az1", None),
        (7, None),
    ],
)
def test_the_region_of_a_zone(name: object, region: str | None) -> None:
    assert region_of(name) == region


def test_the_envelope_comes_before_the_path_and_the_record(tmp_path: Path) -> None:
    answer = envelope("ec2", "DescribeNatGateways", {"NatGateways": [{"NatGatewayId": "nat-1"}]})
    snapshot = loaded(tmp_path, files({"x": answer}, f"{OTHER}/eu-west-1"))
    assert snapshot.scope("nat_gateways", "nat-1") == PLACE
    assert scopes(snapshot, "ec2:DescribeNatGateways") == [PLACE]


def test_a_record_belongs_to_its_owner_and_a_call_to_its_caller(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, files({"x": estate(account=OTHER)["describe-vpcs"]}, HERE))
    assert snapshot.scope("vpcs", "vpc-1") == Scope(OTHER, REGION)
    assert scopes(snapshot, "ec2:DescribeVpcs") == [PLACE]


@pytest.mark.parametrize("junk", [{"account": "prod"}, {"region": "mars"}])
def test_an_envelope_that_names_no_account_or_region_is_an_issue(tmp_path: Path, junk: dict[str, Any]) -> None:
    answer = envelope("ec2", "DescribeVpcs", estate()["describe-vpcs"], **junk)
    snapshot = loaded(tmp_path, files({"x": answer}, HERE))
    assert scopes(snapshot, "ec2:DescribeVpcs") == [PLACE]
    assert [i.pointer for i in snapshot.issues] == [f"/{next(iter(junk))}"]


def test_in_a_flat_folder_records_tell_and_the_rest_follows_them(tmp_path: Path) -> None:
    more = {
        "nat": {
            "NatGateways": [{"NatGatewayId": "nat-1", "VpcId": "vpc-1", "SubnetId": "subnet-1", "State": "deleted"}]
        },
        "empty": {"Addresses": []},
    }
    snapshot = loaded(tmp_path, files({**estate(), **more}, ""))
    assert snapshot.issues == ()
    assert snapshot.calls.scopes == (PLACE,)
    assert snapshot.scope("nat_gateways", "nat-1") == PLACE


def test_a_route_table_is_where_its_vpc_is(tmp_path: Path) -> None:
    tokyo = estate("vpc-1", number=1)
    paris = estate("vpc-2", region="eu-west-3", number=2, cidr="10.1")
    merged = {n: {k: tokyo[n][k] + paris[n][k] for k in tokyo[n]} for n in tokyo}
    snapshot = loaded(tmp_path, files(merged, ""))
    assert snapshot.scope("route_tables", "rtb-2") == Scope(ACCOUNT, "eu-west-3")
    assert snapshot.scope("internet_gateways", "igw-1") == PLACE
    assert snapshot.scope("vpcs", "vpc-2") == Scope(ACCOUNT, "eu-west-3")
    assert scopes(snapshot, "ec2:DescribeVpcs") == [PLACE, Scope(ACCOUNT, "eu-west-3")]


def test_an_empty_answer_of_two_regions_stands_for_none(tmp_path: Path) -> None:
    tokyo = files(estate("vpc-1", number=1), "a")
    paris = files(estate("vpc-2", region="eu-west-3", number=2, cidr="10.1"), "b")
    snapshot = loaded(tmp_path, tokyo, paris, files({"x": {"Addresses": []}}, ""))
    assert scopes(snapshot, "ec2:DescribeAddresses") == [Scope(ACCOUNT, None)]
    assert [(i.file, i.what) for i in snapshot.issues] == [
        ("x.json", "nothing says which region ec2:DescribeAddresses was called for")
    ]


def test_folders_of_a_service_take_the_only_candidate_above(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, files(estate(), "ec2"), files({"x": {"LoadBalancers": []}}, "elbv2"))
    assert scopes(snapshot, "elbv2:DescribeLoadBalancers") == [PLACE]
    assert snapshot.issues == ()


def test_the_owner_of_a_shared_vpc_did_not_make_the_participants_calls(tmp_path: Path) -> None:
    # The participant lists a VPC, subnet, tables and ACLs of the owner, and interfaces and groups of its own.
    owner = estate(account=OTHER)
    mine = estate()
    shared = ("describe-vpcs", "describe-subnets", "describe-network-acls", "describe-route-tables")
    answers = {**mine, **{name: owner[name] for name in shared}}
    answers["describe-internet-gateways"] = {"InternetGateways": []}
    snapshot = loaded(tmp_path, files(answers, ""))
    assert snapshot.calls.scopes == (PLACE,)
    assert snapshot.scope("vpcs", "vpc-1") == Scope(OTHER, REGION)
    assert snapshot.scope("interfaces", "eni-1") == PLACE
    assert snapshot.gap("internet_gateways", Scope(OTHER, REGION)) == (
        f"ec2:DescribeInternetGateways was not read for account {OTHER} in {REGION}"
    )


def test_arns_of_every_partition_tell(tmp_path: Path) -> None:
    def of(partition: str, region: str) -> dict[str, Any]:
        arn = f"arn:{partition}:ec2:{region}:{ACCOUNT}:security-group/sg-{region}"
        one = {**group(f"sg-{region}"), "SecurityGroupArn": arn, "VpcId": f"vpc-{region}"}
        del one["OwnerId"]
        return one

    regions = {"aws-cn": "cn-north-1", "aws-us-gov": "us-gov-west-1", "aws": "us-east-1"}
    answer = {"SecurityGroups": [of(p, r) for p, r in regions.items()]}
    snapshot = loaded(tmp_path, files({"x": answer}, ""))
    assert {snapshot.scope("security_groups", f"sg-{r}") for r in regions.values()} == {
        Scope(ACCOUNT, r) for r in regions.values()
    }


def test_a_local_zone_is_in_its_region(tmp_path: Path) -> None:
    answers = estate()
    answers["describe-subnets"]["Subnets"][0]["AvailabilityZone"] = "us-east-1-bos-1a"
    snapshot = loaded(tmp_path, files({"x": answers["describe-subnets"]}, ""))
    assert snapshot.scope("subnets", "subnet-1") == Scope(ACCOUNT, "us-east-1")


def test_a_failed_call_of_nobody_knows_whom_is_a_gap_for_all(tmp_path: Path) -> None:
    one, two = files(estate(), HERE), files(estate("vpc-2", OTHER, number=2, cidr="10.1"), f"{OTHER}/{REGION}")
    snapshot = loaded(tmp_path, one, two, {"x.json": b'{"SecurityGroups": [{"GroupId": "sg-3", '})
    stray = [s for s in snapshot.calls if s.status is CallStatus.FAILED]
    assert [s.scope for s in stray] == [Scope(None, REGION)]
    assert snapshot.gap("security_groups", PLACE) == (
        "ec2:DescribeSecurityGroups is failed for an account or region that is not known: "
        "not JSON: Input data was truncated"
    )
