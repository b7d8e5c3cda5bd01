"""Which answer a file is, and what is said of a file that is none."""

import json
from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, HERE, REGION, directory, envelope, estate, files, group
from sekisho.errors import SnapshotError
from sekisho.load import load
from sekisho.model.calls import CallState, CallStatus
from sekisho.model.record import Issue, Scope, Source
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology

PLACE = Scope(ACCOUNT, REGION)


def loaded(tmp_path: Path, folder: str = HERE, /, **answers: Any) -> Snapshot:
    return load(directory(tmp_path, files({k.replace("_", "-"): v for k, v in answers.items()}, folder)))


def state(snapshot: Snapshot, call: str) -> CallState | None:
    return snapshot.calls.state(call, PLACE)


def refusal(tmp_path: Path, data: bytes) -> str:
    with pytest.raises(SnapshotError) as caught:
        load(directory(tmp_path, {"x.json": data}))
    line = str(caught.value)
    assert "\n" not in line
    return line


# Plain ----------------------------------------------------------------------------------------------


def test_a_plain_estate_is_read_whole(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, **estate())
    assert snapshot.issues == ()
    assert {(s.call, s.scope, s.status, s.records) for s in snapshot.calls} == {
        ("ec2:DescribeVpcs", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeSubnets", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeNetworkInterfaces", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeInstances", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeSecurityGroups", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeNetworkAcls", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeRouteTables", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeInternetGateways", PLACE, CallStatus.READ, 1),
        ("ec2:DescribeVpcPeeringConnections", PLACE, CallStatus.READ, 0),
    }
    assert snapshot.source("instances", "i-1") == Source(
        f"{HERE}/describe-instances.json", "/Reservations/0/Instances/0"
    )
    assert snapshot.source("network_acls", "acl-1").pointer == "/NetworkAcls/0"


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, describe_vpcs=estate()["describe-subnets"])
    assert (list(snapshot.vpcs), list(snapshot.subnets)) == ([], ["subnet-1"])


def test_unknown_members_are_tolerated(tmp_path: Path) -> None:
    answer = {"SecurityGroups": [{**group(), "NewThing": {"Deep": [1, 2.5, None]}}], "ResponseMetadata": {}}
    snapshot = loaded(tmp_path, sg=answer)
    assert (list(snapshot.security_groups), snapshot.issues) == (["sg-1"], ())


def test_prefix_lists_are_told_apart_by_their_members(tmp_path: Path) -> None:
    snapshot = loaded(
        tmp_path,
        a={"PrefixLists": [{"PrefixListId": "pl-1", "PrefixListName": "s3", "Cidrs": ["192.0.2.0/24"]}]},
        b={"PrefixLists": [{"PrefixListId": "pl-2", "PrefixListName": "own", "OwnerId": ACCOUNT, "Version": 3}]},
    )
    assert snapshot.prefix_lists["pl-1"].cidrs == ("192.0.2.0/24",)
    assert snapshot.managed_prefix_lists["pl-2"].version == 3


def test_an_empty_prefix_lists_answer_could_be_of_two_calls(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, a={"PrefixLists": []}, **estate())
    assert [i.what for i in snapshot.issues] == [
        "`PrefixLists` could be the answer of several calls, and its members do not tell which"
    ]


def test_block_public_access_options_are_one_object(tmp_path: Path) -> None:
    options = {
        "AwsAccountId": ACCOUNT,
        "AwsRegion": REGION,
        "State": "update-complete",
        "InternetGatewayBlockMode": "block-ingress",
    }
    snapshot = loaded(tmp_path, "", o={"VpcBlockPublicAccessOptions": options})
    key = f"{ACCOUNT}/{REGION}"
    assert snapshot.bpa_options[key].internet_gateway_block_mode == "block-ingress"
    assert snapshot.source("bpa_options", key) == Source("o.json", "/VpcBlockPublicAccessOptions")


@pytest.mark.parametrize(
    ("key", "operation"),
    [
        ("Entries", "ec2:GetManagedPrefixListEntries"),
        ("Routes", "ec2:SearchTransitGatewayRoutes"),
        ("Associations", "ec2:GetTransitGatewayRouteTableAssociations"),
        ("Attributes", "elbv2:DescribeLoadBalancerAttributes"),
        ("TargetHealthDescriptions", "elbv2:DescribeTargetHealth"),
    ],
)
def test_answers_that_do_not_name_their_owner_are_issues(tmp_path: Path, key: str, operation: str) -> None:
    snapshot = loaded(tmp_path, x={key: []}, **estate())
    assert snapshot.issues == (
        Issue(
            f"{HERE}/x.json",
            f"/{key}",
            f"`{key}` does not say whose it is ({operation})",
            "only usable enveloped, as `sekisho collect` writes it",
        ),
    )


def test_an_object_that_is_no_answer_is_an_issue(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, x={"name": "package", "version": 1}, **estate())
    assert [i.what for i in snapshot.issues] == ["not recognised as an AWS answer (keys: name, version)"]


def test_a_snapshot_of_nothing_recognised_is_refused(tmp_path: Path) -> None:
    assert "no AWS answer in it (x.json: not recognised as an AWS answer (keys: a)" in refusal(tmp_path, b'{"a": 1}')


def test_both_kinds_of_load_balancer(tmp_path: Path) -> None:
    arn = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
    snapshot = loaded(
        tmp_path,
        "",
        v2={"LoadBalancers": [{"LoadBalancerArn": arn, "Scheme": "internet-facing", "VpcId": "vpc-1"}]},
        v1={"LoadBalancerDescriptions": [{"LoadBalancerName": "old", "Scheme": "internal", "Subnets": ["subnet-1"]}]},
    )
    assert [(b.id, b.kind, b.internet_facing) for b in Topology(snapshot).balancers.all.values()] == [
        (arn, "application", True),
        ("old", "classic", False),
    ]
    assert snapshot.scope("load_balancers", arn) == PLACE
    assert snapshot.source("classic_load_balancers", "old") == Source("v1.json", "/LoadBalancerDescriptions/0")


def test_cloudfront_wraps_its_list(tmp_path: Path) -> None:
    origin = {"Id": "vo_1", "Arn": f"arn:aws:cloudfront::{ACCOUNT}:vpcorigin/vo_1"}
    snapshot = loaded(tmp_path, x={"VpcOriginList": {"Items": [origin], "Quantity": 1, "IsTruncated": False}})
    assert list(snapshot.vpc_origins) == ["vo_1"]
    assert snapshot.source("vpc_origins", "vo_1").pointer == "/VpcOriginList/Items/0"


# Pages ----------------------------------------------------------------------------------------------


def test_files_of_one_call_are_its_pages(tmp_path: Path) -> None:
    snapshot = loaded(
        tmp_path,
        a={"SecurityGroups": [group("sg-1")], "NextToken": "t1"},
        b={"SecurityGroups": [group("sg-2")]},
    )
    assert state(snapshot, "ec2:DescribeSecurityGroups") == CallState(
        "ec2:DescribeSecurityGroups", PLACE, CallStatus.READ, 2, (f"{HERE}/a.json", f"{HERE}/b.json")
    )


def test_a_left_over_token_is_an_incomplete_call(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, a={"SecurityGroups": [group()], "NextToken": "t1"})
    assert snapshot.gap("security_groups", PLACE) == (
        f"ec2:DescribeSecurityGroups is incomplete for account {ACCOUNT} in {REGION}: "
        "NextToken is left over: more pages were not saved"
    )
    assert [i.what for i in snapshot.issues] == [
        "ec2:DescribeSecurityGroups is incomplete: NextToken is left over: more pages were not saved"
    ]


@pytest.mark.parametrize("empty", ["", None])
def test_an_empty_token_is_none(tmp_path: Path, empty: str | None) -> None:
    snapshot = loaded(tmp_path, a={"SecurityGroups": [group()], "NextToken": empty})
    assert snapshot.gap("security_groups", PLACE) is None


def test_enveloped_pages_are_chained_by_their_tokens(tmp_path: Path) -> None:
    def page(group_id: str, asked: str | None, left: str | None) -> dict[str, Any]:
        response = {"SecurityGroups": [group(group_id)], **({"NextToken": left} if left else {})}
        return envelope("ec2", "DescribeSecurityGroups", response, parameters={"NextToken": asked} if asked else {})

    whole = loaded(tmp_path / "1", a=page("sg-1", None, "t1"), b=page("sg-2", "t1", None))
    torn = loaded(tmp_path / "2", a=page("sg-1", None, "t1"), b=page("sg-3", "t2", None))
    statuses = [state(s, "ec2:DescribeSecurityGroups") for s in (whole, torn)]
    assert [s.status for s in statuses if s] == [CallStatus.READ, CallStatus.INCOMPLETE]


# Enveloped ------------------------------------------------------------------------------------------


def test_an_enveloped_answer(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, "", x=envelope("ec2", "DescribeVpcs", estate()["describe-vpcs"]))
    assert snapshot.source("vpcs", "vpc-1") == Source("x.json", "/response/Vpcs/0")
    assert snapshot.collected == ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00Z")


def test_a_failed_call(tmp_path: Path) -> None:
    error = {"code": "UnauthorizedOperation", "message": "You are not authorized."}
    snapshot = loaded(tmp_path, "", x=envelope("ec2", "DescribeNetworkAcls", None, error=error))
    found = state(snapshot, "ec2:DescribeNetworkAcls")
    assert found is not None
    assert (found.status, found.why) == (CallStatus.FAILED, "UnauthorizedOperation (You are not authorized.)")


def test_a_call_with_a_filter_is_not_whole(tmp_path: Path) -> None:
    parameters = {"Filters": [{"Name": "vpc-id", "Values": ["vpc-1"]}], "MaxResults": 100}
    snapshot = loaded(tmp_path, "", x=envelope("ec2", "DescribeVpcs", {"Vpcs": []}, parameters=parameters))
    found = state(snapshot, "ec2:DescribeVpcs")
    assert found is not None
    assert (found.status, found.why) == (CallStatus.INCOMPLETE, "it was asked with Filters")


def test_additional_routes_make_a_call_incomplete(tmp_path: Path) -> None:
    response = {"Routes": [], "AdditionalRoutesAvailable": True}
    asked = {"TransitGatewayRouteTableId": "tgw-rtb-1"}
    answer = envelope("ec2", "SearchTransitGatewayRoutes", response, parameters=asked)
    found = state(loaded(tmp_path, "", x=answer), "ec2:SearchTransitGatewayRoutes")
    assert found is not None
    assert (found.status, found.why) == (CallStatus.INCOMPLETE, "AdditionalRoutesAvailable is true")


def test_an_operation_that_is_not_known_is_named(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, "", x=envelope("rds", "DescribeDBInstances", {"DBInstances": []}))
    assert [i.what for i in snapshot.issues] == ["rds:DescribeDBInstances is not an operation that is read"]
    assert state(snapshot, "rds:DescribeDBInstances") is not None


def test_a_response_without_its_list_is_a_failed_call(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, "", x=envelope("ec2", "DescribeVpcs", {"Volumes": []}))
    assert snapshot.gap("vpcs", PLACE) == (
        f"ec2:DescribeVpcs is failed for account {ACCOUNT} in {REGION}: it has no `Vpcs`"
    )


def entries(prefix_list: str, *cidrs: str, **more: Any) -> dict[str, Any]:
    parameters = {"PrefixListId": prefix_list, **more.pop("parameters", {})}
    response = {"Entries": [{"Cidr": c, "Description": ""} for c in cidrs], **more.pop("response", {})}
    return envelope("ec2", "GetManagedPrefixListEntries", response, parameters=parameters, **more)


def test_the_entries_of_a_prefix_list(tmp_path: Path) -> None:
    snapshot = loaded(
        tmp_path,
        "",
        a=entries("pl-1", "192.0.2.0/24", response={"NextToken": "t"}),
        b=entries("pl-1", "198.51.100.0/24", parameters={"NextToken": "t"}),
        c=entries("pl-2", "203.0.113.0/24", response={"NextToken": "t9"}),
        d=entries("pl-3", error={"code": "InvalidPrefixListID.NotFound", "message": ""}),
    )
    assert {k: v.cidrs for k, v in snapshot.prefix_lists.items()} == {"pl-1": ("192.0.2.0/24", "198.51.100.0/24")}
    assert snapshot.source("prefix_lists", "pl-1") == Source("a.json", "/response/Entries")
    assert {k: m.why for k, m in snapshot.missing.items()} == {
        "pl-2": "pages of its entries were not saved",
        "pl-3": "InvalidPrefixListID.NotFound",
    }


# No answer at all -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("data", "command"),
    [
        (json.dumps(estate()["describe-vpcs"]["Vpcs"]).encode(), "aws ec2 describe-vpcs --output json"),
        (json.dumps(estate()["describe-subnets"]["Subnets"]).encode(), "aws ec2 describe-subnets --output json"),
        (
            json.dumps([r["Instances"] for r in estate()["describe-instances"]["Reservations"]]).encode(),
            "aws ec2 describe-instances --output json",
        ),
        (
            json.dumps(estate()["describe-network-interfaces"]["NetworkInterfaces"]).encode(),
            "aws ec2 describe-network-interfaces --output json",
        ),
        (b'[{"Id": 1}]', "aws ... --output json"),
        (b'"vpc-1"', "aws ... --output json"),
        (b"Vpcs:\n- CidrBlock: 10.0.0.0/16\n  VpcId: vpc-1\n", "aws ec2 describe-vpcs --output json"),
        (b"SECURITYGROUPS\tweb\tsg-1\t111122223333\n", "aws ec2 describe-security-groups --output json"),
        (b"|  DescribeSubnets  |\n+------+\n", "aws ec2 describe-subnets --output json"),
        (b"", "the file is empty"),
        (b"\x00\x01\x02", "not JSON"),
        (b"{}{}", "not JSON"),
    ],
)
def test_what_is_no_answer_names_the_right_command(tmp_path: Path, data: bytes, command: str) -> None:
    assert command in refusal(tmp_path, data)


@pytest.mark.parametrize(
    "data",
    [
        json.dumps(estate()["describe-network-acls"], indent=1).encode()[:-40],
        b'{"NetworkAcls": [' + b'{"Entries":' * 100_000,
        b'{"NetworkAcls": [\xff\xfe',
        b'{"NextToken": "x", "NetworkAcls": [{]}',
        json.dumps(envelope("ec2", "DescribeNetworkAcls", {"NetworkAcls": []})).encode()[:-5],
        b'{"NetworkAcls": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": {"a": []}}}}}}}}}}',
        b'{"NetworkAcls": "all"}',
    ],
)
def test_a_damaged_file_whose_start_shows_its_kind_is_a_failed_call(tmp_path: Path, data: bytes) -> None:
    snapshot = loaded(tmp_path, **{**estate(), "describe-network-acls": data})
    found = state(snapshot, "ec2:DescribeNetworkAcls")
    assert found is not None
    assert found.status is CallStatus.FAILED
    assert [i.file for i in snapshot.issues] == [f"{HERE}/describe-network-acls.json"]
