"""A plan laid on the bundled estate: what it makes, changes and takes away, and which verdicts that changes."""

import json
from pathlib import Path
from typing import Any

import pytest

import sekisho.estates
from iac.forms import saved
from sekisho.analysis import assess
from sekisho.errors import SnapshotError
from sekisho.iac import load
from sekisho.iac.document import changes
from sekisho.report.document import assessment_document

LIVE = Path(sekisho.estates.__file__).parent / "story"
VPC, PUBLIC, PRIVATE = "vpc-0a3f1c27d94e6b810", "subnet-0e92c6f10d7b48a35", "subnet-04b1d7e8a2c3f5961"
GROUP, GATEWAY = "sg-0a9e4c7b1f2d86530", "igw-0d5e8f1a2b7c49063"
PRIVATE_TABLE = "rtb-0193f7b5d2c8e6a40"


Step = tuple[str, str, list[str], Any, Any, dict[str, list[str]]]


def resource(type_: str, name: str, values: dict[str, Any]) -> dict[str, Any]:
    return {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "values": values}


def change(type_: str, name: str, actions: list[str], before: Any, after: Any, unknown: Any = None) -> dict[str, Any]:
    inner = {"actions": actions, "before": before, "after": after, "after_unknown": unknown or {}}
    return {"address": f"{type_}.{name}", "mode": "managed", "type": type_, "name": name, "change": inner}


def plan(*steps: Step) -> dict[str, Any]:
    """A plan of steps: type, name, actions, values before and after, references of what is known after apply."""
    planned, prior, changed, configured = [], [], [], []
    for type_, name, actions, before, after, references in steps:
        if after is not None:
            planned.append(resource(type_, name, after))
            expressions = {k: {"references": v} for k, v in references.items()}
            configured.append(
                {
                    "address": f"{type_}.{name}",
                    "mode": "managed",
                    "type": type_,
                    "name": name,
                    "expressions": expressions,
                }
            )
        if before is not None:
            prior.append(resource(type_, name, before))
        unknown = dict.fromkeys(references, True) | ({"id": True} if before is None else {})
        changed.append(change(type_, name, actions, before, after, unknown))
    return {
        "format_version": "1.2",
        "planned_values": {"root_module": {"resources": planned}},
        "prior_state": {"values": {"root_module": {"resources": prior}}},
        "resource_changes": changed,
        "configuration": {
            "provider_config": {
                "aws": {
                    "expressions": {
                        "region": {"constant_value": "ap-northeast-1"},
                        "allowed_account_ids": {"constant_value": ["111122223333"]},
                    }
                }
            },
            "root_module": {"resources": configured},
        },
    }


def changed(document: dict[str, Any], tmp_path: Path) -> dict[tuple[str, str], tuple[str | None, str | None]]:
    """Instance or interface, and origin -> verdict before and after."""
    loaded = load(saved(document, tmp_path / "plan.json"), on=LIVE)
    assert loaded.before is not None
    before, after = (assessment_document(assess(s)) for s in (loaded.before, loaded.snapshot))
    found = changes(before, after)
    return {(r["instance"] or r["interface"], r["origin"]): (r["before"], r["after"]) for r in found["verdicts"]}


def rule(cidr: str, port: int) -> dict[str, Any]:
    return {
        "type": "ingress",
        "security_group_id": GROUP,
        "protocol": "tcp",
        "from_port": port,
        "to_port": port,
        "cidr_blocks": [cidr],
    }


def test_a_plan_that_does_nothing_changes_no_verdict(tmp_path: Path) -> None:
    same = {"id": "sgrule-1", **rule("0.0.0.0/0", 22)}
    assert changed(plan(("aws_security_group_rule", "ssh", ["no-op"], same, same, {})), tmp_path) == {}


def test_a_rule_that_is_deleted_closes_its_port(tmp_path: Path) -> None:
    gone = {"id": "sgrule-1", **rule("0.0.0.0/0", 22)}
    office = {"id": "sgrule-2", **rule("203.0.113.10/32", 3389)}
    steps: tuple[Step, ...] = (
        ("aws_security_group_rule", "ssh", ["delete"], gone, None, {}),
        ("aws_security_group_rule", "rdp", ["delete"], office, None, {}),
    )
    found = changed(plan(*steps), tmp_path)
    assert found["i-0f8a2c6d4e9b17350", "internet"] == ("reachable", "unreachable")
    # Port 80 from the peered VPC stays.
    assert found["i-0b3d9f5e7a1c28460", "peering"] == ("reachable", "reachable")


def test_an_instance_that_is_made_stands_in_live_subnets_and_groups(tmp_path: Path) -> None:
    values = {
        "ami": "ami-0",
        "subnet_id": PUBLIC,
        "vpc_security_group_ids": [GROUP],
        "associate_public_ip_address": True,
    }
    found = changed(plan(("aws_instance", "new", ["create"], None, values, {})), tmp_path)
    # The subnet gives each interface an IPv6 address too, for which no rule lets anything in.
    assert found["i-new", "peering"] in {(None, "reachable"), (None, "unreachable")}
    assert set(found) == {("i-new", "internet"), ("i-new", "peering")}


def test_a_route_of_a_live_table_is_replaced(tmp_path: Path) -> None:
    """The private subnet gets a way to the internet gateway, but its instance has no public address."""
    before = {
        "id": "r-1",
        "route_table_id": PRIVATE_TABLE,
        "destination_cidr_block": "0.0.0.0/0",
        "nat_gateway_id": "nat-0b7c2e9f4a1d85362",
    }
    after = {"id": "r-1", "route_table_id": PRIVATE_TABLE, "destination_cidr_block": "0.0.0.0/0", "gateway_id": GATEWAY}
    document = plan(("aws_route", "out", ["update"], before, after, {}))
    assert changed(document, tmp_path) == {}
    snapshot = load(tmp_path / "plan.json", on=LIVE).snapshot
    routes = {r.destination: r.target.id for r in snapshot.route_tables[PRIVATE_TABLE].routes}
    assert routes["0.0.0.0/0"] == GATEWAY
    assert len(routes) == 4


def test_an_elastic_address_that_is_given_to_a_live_instance_opens_it(tmp_path: Path) -> None:
    route = {"id": "r-1", "route_table_id": PRIVATE_TABLE, "destination_cidr_block": "0.0.0.0/0"}
    steps: tuple[Step, ...] = (
        ("aws_eip", "new", ["create"], None, {"instance": "i-0b3d9f5e7a1c28460", "domain": "vpc"}, {}),
        (
            "aws_route",
            "out",
            ["update"],
            route | {"nat_gateway_id": "nat-0b7c2e9f4a1d85362"},
            route | {"gateway_id": GATEWAY},
            {},
        ),
    )
    assert changed(plan(*steps), tmp_path) == {("i-0b3d9f5e7a1c28460", "internet"): ("unreachable", "reachable")}


def test_what_is_deleted_has_no_row(tmp_path: Path) -> None:
    values = {
        "id": "i-06e1c7b9d3f5a8240",
        "primary_network_interface_id": "eni-0d7a1f5c9e3b84260",
        "subnet_id": "subnet-07f3a1b5c9d2e8640",
        "private_ip": "10.1.1.10",
    }
    found = changed(plan(("aws_instance", "bastion", ["delete"], values, None, {})), tmp_path)
    assert found == {
        ("i-06e1c7b9d3f5a8240", "internet"): ("unreachable", None),
        ("i-06e1c7b9d3f5a8240", "peering"): ("unreachable", None),
    }


# Change sets ----------------------------------------------------------------------------------------


def change_set(*changes: dict[str, Any]) -> dict[str, Any]:
    return {
        "ChangeSetName": "open-it",
        "StackId": "arn:aws:cloudformation:ap-northeast-1:111122223333:stack/web/0",
        "Changes": [{"Type": "Resource", "ResourceChange": c} for c in changes],
    }


def context(**properties: Any) -> str:
    return json.dumps({"Properties": properties})


def test_a_change_set_is_laid_on_what_is_live_too(tmp_path: Path) -> None:
    ssh = {"GroupId": GROUP, "IpProtocol": "tcp", "FromPort": "22", "ToPort": "22", "CidrIp": "0.0.0.0/0"}
    rdp = {"GroupId": GROUP, "IpProtocol": "tcp", "FromPort": "3389", "ToPort": "3389", "CidrIp": "203.0.113.10/32"}
    kind = "AWS::EC2::SecurityGroupIngress"
    document = change_set(
        {
            "Action": "Remove",
            "LogicalResourceId": "Ssh",
            "PhysicalResourceId": "Ssh",
            "ResourceType": kind,
            "BeforeContext": context(**ssh),
        },
        {
            "Action": "Remove",
            "LogicalResourceId": "Rdp",
            "PhysicalResourceId": "Rdp",
            "ResourceType": kind,
            "BeforeContext": context(**rdp),
        },
    )
    assert changed(document, tmp_path)["i-0f8a2c6d4e9b17350", "internet"] == ("reachable", "unreachable")


def test_a_rule_whose_source_the_change_set_does_not_know_is_open(tmp_path: Path) -> None:
    rule_of = {"GroupId": "sg-05d1b8e3f7c2a9464", "IpProtocol": "tcp", "FromPort": 80, "ToPort": 80}
    later = context(**rule_of, CidrIp="{{changeSet:KNOWN_AFTER_APPLY}}")
    document = change_set(
        {
            "Action": "Add",
            "LogicalResourceId": "Web",
            "ResourceType": "AWS::EC2::SecurityGroupIngress",
            "AfterContext": later,
        }
    )
    assert changed(document, tmp_path) == {("i-06e1c7b9d3f5a8240", "peering"): ("unreachable", "unknown")}


def test_a_change_set_without_properties_names_the_command(tmp_path: Path) -> None:
    place = saved(
        change_set({"Action": "Add", "LogicalResourceId": "A", "ResourceType": "AWS::EC2::VPC"}), tmp_path / "c.json"
    )
    with pytest.raises(SnapshotError, match="--include-property-values"):
        load(place, on=LIVE)
