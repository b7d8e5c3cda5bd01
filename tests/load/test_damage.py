"""A record that cannot be used is missing, with an issue; the others of its list stay."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, HERE, OTHER, REGION, acl, directory, envelope, estate, files, group
from sekisho.load import load
from sekisho.model.record import Issue, Scope, Source
from sekisho.model.snapshot import Missing, Snapshot


def loaded(tmp_path: Path, answers: dict[str, Any], folder: str = HERE) -> Snapshot:
    return load(directory(tmp_path, files(answers, folder)))


def with_groups(*groups: Any) -> dict[str, Any]:
    return {**estate(), "describe-security-groups": {"SecurityGroups": [group(), *groups]}}


GROUP_FLAWS = [
    ({"IpRanges": [{"CidrIp": "10.0.0.1/8"}]}, "'10.0.0.1/8' has host bits set (its network is 10.0.0.0/8)"),
    ({"IpRanges": [{"CidrIp": "10.0.0.0/33"}]}, "'10.0.0.0/33' is not a CIDR"),
    ({"IpRanges": [{"CidrIp": "10.0.0.0"}]}, "'10.0.0.0' is not a CIDR"),
    ({"IpRanges": [{"CidrIp": "10.0.0.0/255.0.0.0"}]}, "'10.0.0.0/255.0.0.0' is not a CIDR"),
    ({"IpRanges": [{"CidrIp": "::/0"}]}, "'::/0' is not an IPv4 CIDR"),
    (
        {"Ipv6Ranges": [{"CidrIpv6": "2001:db8::1/32"}]},
        "'2001:db8::1/32' has host bits set (its network is 2001:db8::/32)",
    ),
    ({"Ipv6Ranges": [{"CidrIpv6": "0.0.0.0/0"}]}, "'0.0.0.0/0' is not an IPv6 CIDR"),
    ({"IpProtocol": "300"}, "'300' is not a protocol"),
    ({"IpProtocol": "foo"}, "'foo' is not a protocol"),
    ({"FromPort": 22, "ToPort": 70000}, "22-70000 is not a port range"),
    ({"FromPort": 443, "ToPort": 80}, "443-80 is not a port range"),
    ({"ToPort": None}, "it names only one end of a port range"),
    ({"IpProtocol": "icmp", "FromPort": 300, "ToPort": -1}, "300--1 is not an ICMP type and code"),
    ({"FromPort": "22"}, "Expected `int | null`, got `str`"),
    ({"FromPort": 22.5}, "Expected `int | null`, got `float`"),
    ({"IpRanges": {}}, "Expected `array`, got `object`"),
    ({"IpRanges": None}, "Expected `array`, got `null`"),
    ({"IpRanges": [[[[[[[[[["10.0.0.0/8"]]]]]]]]]]}, "Expected `object`, got `array`"),
]


@pytest.mark.parametrize(("rule", "why"), GROUP_FLAWS)
def test_a_group_that_cannot_be_believed_is_missing(tmp_path: Path, rule: dict[str, Any], why: str) -> None:
    snapshot = loaded(tmp_path, with_groups(group("sg-2", **rule)))
    source = Source(f"{HERE}/describe-security-groups.json", "/SecurityGroups/1")
    assert list(snapshot.security_groups) == ["sg-1"]
    assert snapshot.missing == {"sg-2": Missing("security_groups", "sg-2", why, source, frozenset({"sg-2", "vpc-1"}))}
    assert [(i.file, i.what) for i in snapshot.issues] == [(source.file, f"sg-2: {why}")]
    assert snapshot.source("security_groups", "sg-1").pointer == "/SecurityGroups/0"


def test_the_issue_points_at_the_member_of_the_wrong_type(tmp_path: Path) -> None:
    (issue,) = loaded(tmp_path, with_groups(group("sg-2", ToPort="22"))).issues
    assert issue.pointer == "/SecurityGroups/1/IpPermissions/0/ToPort"


ACL_FLAWS = [
    ({"RuleNumber": 0}, "0 is not a rule number"),
    ({"RuleNumber": 40000}, "40000 is not a rule number"),
    ({"RuleAction": "maybe"}, "'maybe' is neither allow nor deny"),
    ({"CidrBlock": None}, "rule 100 does not name exactly one CIDR"),
    ({"Ipv6CidrBlock": "::/0"}, "rule 100 does not name exactly one CIDR"),
    ({"Protocol": "6", "PortRange": {"From": -1, "To": 80}}, "-1-80 is not a port range"),
    ({"Protocol": "1", "IcmpTypeCode": {"Type": 256, "Code": 0}}, "256/0 is not an ICMP type and code"),
]


@pytest.mark.parametrize(("rule", "why"), ACL_FLAWS)
def test_an_acl_that_cannot_be_believed_is_missing(tmp_path: Path, rule: dict[str, Any], why: str) -> None:
    answers = {**estate(), "describe-network-acls": {"NetworkAcls": [acl(**rule)]}}
    snapshot = loaded(tmp_path, answers)
    assert dict(snapshot.network_acls) == {}
    assert snapshot.missing["acl-1"].why == why
    assert snapshot.missing["acl-1"].refers == frozenset({"acl-1", "subnet-1", "vpc-1"})


def test_a_rule_number_with_two_contents_is_a_contradiction(tmp_path: Path) -> None:
    one = acl()
    one["Entries"].append({**one["Entries"][0], "RuleAction": "deny"})
    snapshot = loaded(tmp_path, {**estate(), "describe-network-acls": {"NetworkAcls": [one]}})
    assert snapshot.missing["acl-1"].why == "rule 100 is there twice with different contents"


@pytest.mark.parametrize("constant", ["NaN", "Infinity", "-Infinity"])
def test_nan_spoils_its_record_only(tmp_path: Path, constant: str) -> None:
    answers = with_groups(group("sg-2", FromPort="HERE"))
    data = json.dumps(answers["describe-security-groups"]).replace('"HERE"', constant).encode()
    snapshot = loaded(tmp_path, {**answers, "describe-security-groups": data})
    assert list(snapshot.security_groups) == ["sg-1"]
    assert snapshot.missing["sg-2"].why == "NaN or Infinity is not a JSON number"


@pytest.mark.parametrize("junk", [None, 7, "sg-9", [], [[[[[[[[[[1]]]]]]]]]], {}])
def test_a_record_without_an_id_is_missing_under_its_place(tmp_path: Path, junk: Any) -> None:
    snapshot = loaded(tmp_path, with_groups(junk))
    place = f"{HERE}/describe-security-groups.json#/SecurityGroups/1"
    assert list(snapshot.missing) == [place]
    assert list(snapshot.security_groups) == ["sg-1"]


def test_a_reservation_that_cannot_be_taken_apart(tmp_path: Path) -> None:
    answers = estate()
    answers["describe-instances"]["Reservations"] += [{"Instances": 3}, {"Instances": [{"InstanceId": "i-2"}]}]
    snapshot = loaded(tmp_path, answers)
    file = f"{HERE}/describe-instances.json"
    assert list(snapshot.instances) == ["i-1"]
    assert snapshot.source("instances", "i-1") == Source(file, "/Reservations/0/Instances/0")
    assert [(m.id, m.source.pointer) for m in snapshot.missing.values()] == [
        (f"{file}#/Reservations/1", "/Reservations/1"),
        ("i-2", "/Reservations/2/Instances/0"),
    ]


@pytest.mark.parametrize(
    ("table", "answer"),
    [
        ("vpcs", {"Vpcs": [{"VpcId": "vpc-9", "CidrBlock": "10.0.0.1/16"}]}),
        ("subnets", {"Subnets": [{"SubnetId": "subnet-9", "VpcId": "vpc-1", "CidrBlock": "10.0.0.0/99"}]}),
        ("interfaces", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-9", "PrivateIpAddress": "10.0.0.256"}]}),
        ("interfaces", {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-9", "PrivateIpAddress": "010.0.0.1"}]}),
        (
            "interfaces",
            {"NetworkInterfaces": [{"NetworkInterfaceId": "eni-9", "Ipv6Addresses": [{"Ipv6Address": "x"}]}]},
        ),
        ("addresses", {"Addresses": [{"PublicIp": "203.0.113"}]}),
        ("prefix_lists", {"PrefixLists": [{"PrefixListId": "pl-9", "Cidrs": ["10.0.0.1/8"]}]}),
        ("route_tables", {"RouteTables": [{"RouteTableId": "rtb-9", "Routes": [{"GatewayId": "local"}]}]}),
        (
            "nat_gateways",
            {"NatGateways": [{"NatGatewayId": "nat-9", "NatGatewayAddresses": [{"PrivateIp": "10.0.0.0/8"}]}]},
        ),
        (
            "peerings",
            {
                "VpcPeeringConnections": [
                    {
                        "VpcPeeringConnectionId": "pcx-9",
                        "Status": {"Code": "active"},
                        "AccepterVpcInfo": {"CidrBlock": "10.0.0.1/8"},
                    }
                ]
            },
        ),
    ],
)
def test_addresses_of_every_kind_are_checked(tmp_path: Path, table: str, answer: dict[str, Any]) -> None:
    snapshot = loaded(tmp_path, {"x": answer})
    assert [m.table for m in snapshot.missing.values()] == [table]
    assert dict(snapshot.table(table)) == {}


def test_a_line_of_200_megabytes_is_read(tmp_path: Path) -> None:
    record = json.dumps({**group("sg-{}"), "Description": "x" * 1_000_000})
    line = ('{"SecurityGroups": [' + ",".join(record.replace("sg-{}", f"sg-{i}") for i in range(200)) + "]}").encode()
    start = time.perf_counter()
    snapshot = loaded(tmp_path, {"x": line})
    assert (len(line) > 200_000_000, len(snapshot.security_groups)) == (True, 200)
    assert time.perf_counter() - start < 20
    (tmp_path / f"{HERE}/x.json").unlink()


# Duplicates, contradictions -------------------------------------------------------------------------


def test_the_same_record_twice_is_fine(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, with_groups(group()))
    assert (list(snapshot.security_groups), snapshot.issues, snapshot.missing) == (["sg-1"], (), {})


def test_the_order_of_rules_is_no_contradiction(tmp_path: Path) -> None:
    cidrs = [{"CidrIp": "10.0.0.0/8"}, {"CidrIp": "192.168.0.0/16"}]
    snapshot = loaded(tmp_path, with_groups(group("sg-2", IpRanges=cidrs), group("sg-2", IpRanges=cidrs[::-1])))
    assert (len(snapshot.security_groups), snapshot.issues) == (2, ())


def test_tags_that_only_the_owner_sees_are_kept(tmp_path: Path) -> None:
    tagged = {**group("sg-2"), "Tags": [{"Key": "Name", "Value": "web"}]}
    snapshot = loaded(tmp_path, with_groups(group("sg-2"), tagged))
    assert [t.value for t in snapshot.security_groups["sg-2"].tags] == ["web"]
    assert snapshot.issues == ()


def test_records_that_contradict_each_other_are_missing(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, with_groups(group("sg-2"), group("sg-2", ToPort=23)))
    file = f"{HERE}/describe-security-groups.json"
    assert snapshot.missing == {
        "sg-2": Missing(
            "security_groups",
            "sg-2",
            "it is described twice with different contents",
            Source(file, "/SecurityGroups/1"),
            frozenset({"sg-2", "vpc-1"}),
        )
    }
    assert snapshot.issues == (
        Issue(
            file,
            "/SecurityGroups/2",
            f"sg-2 is described differently in {file}#/SecurityGroups/1",
            "what depends on it is unknown",
        ),
    )
    assert list(snapshot.security_groups) == ["sg-1"]


def peering(**accepter: Any) -> dict[str, Any]:
    return {
        "VpcPeeringConnections": [
            {
                "VpcPeeringConnectionId": "pcx-1",
                "Status": {"Code": "active", "Message": "Active"},
                "RequesterVpcInfo": {"VpcId": "vpc-1", "OwnerId": ACCOUNT, "Region": REGION},
                "AccepterVpcInfo": {"VpcId": "vpc-2", "OwnerId": OTHER, "Region": REGION, **accepter},
            }
        ]
    }


def test_a_peering_seen_from_both_sides_is_joined(tmp_path: Path) -> None:
    near = files({"p": peering()}, HERE)
    far = files({"p": peering(CidrBlock="10.2.0.0/16")}, f"{OTHER}/{REGION}")
    snapshot = load(directory(tmp_path, {**near, **far}))
    assert snapshot.peerings["pcx-1"].accepter_vpc_info.cidrs == ("10.2.0.0/16",)
    assert (snapshot.issues, snapshot.missing) == ((), {})


def test_a_peering_whose_sides_disagree_is_missing(tmp_path: Path) -> None:
    near = files({"p": peering(CidrBlock="10.3.0.0/16")}, HERE)
    far = files({"p": peering(CidrBlock="10.2.0.0/16")}, f"{OTHER}/{REGION}")
    snapshot = load(directory(tmp_path, {**near, **far}))
    assert snapshot.missing["pcx-1"].why == "it is described twice with different contents"


def test_an_interface_and_its_subnet_in_different_vpcs(tmp_path: Path) -> None:
    answers = estate()
    answers["describe-network-interfaces"]["NetworkInterfaces"][0]["VpcId"] = "vpc-2"
    snapshot = loaded(tmp_path, answers)
    assert snapshot.missing["eni-1"].why == "it names vpc-2, but its subnet subnet-1 names vpc-1"
    assert dict(snapshot.interfaces) == {}


# References, times ----------------------------------------------------------------------------------


def test_a_dangling_reference_is_an_issue(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, {**estate(), "describe-security-groups": {"SecurityGroups": []}})
    assert snapshot.issues == (
        Issue(
            f"{HERE}/describe-network-interfaces.json",
            "/NetworkInterfaces/0",
            "eni-1 refers to sg-1, which ec2:DescribeSecurityGroups does not list",
            "what depends on it is unknown",
        ),
    )


def test_what_was_not_read_does_not_dangle(tmp_path: Path) -> None:
    answers = estate()
    del answers["describe-security-groups"]
    snapshot = loaded(tmp_path, answers)
    assert snapshot.issues == ()
    assert snapshot.gap("security_groups", Scope(ACCOUNT, REGION)) == (
        f"ec2:DescribeSecurityGroups was not read for account {ACCOUNT} in {REGION}"
    )


def test_several_times_of_collection(tmp_path: Path) -> None:
    vpcs = estate()["describe-vpcs"]
    times = ("2026-11-23T05:00:00Z", "2026-11-23T05:00:00+09:00")
    answers = {
        str(i): envelope("ec2", "DescribeVpcs", vpcs, collected_at=time) for i, time in enumerate((*times, "yesterday"))
    }
    snapshot = loaded(tmp_path, answers, "")
    # 05:00 in Tokyo is 20:00 UTC of the day before.
    assert snapshot.collected == (times[1], times[0])
    assert {i.what for i in snapshot.issues} == {
        f"ec2:DescribeVpcs was collected several times, from {times[1]} to yesterday",
        "it is not a time",
    }
