"""Firewalls, local gateway routes and pools: answers of which one is one record, or that do not name their subject."""

from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, HERE, REGION, directory, envelope, estate, files
from sekisho.load import load
from sekisho.model.border import LocalGatewayRoute
from sekisho.model.calls import CallStatus
from sekisho.model.firewall import FirewallAttachment
from sekisho.model.record import Scope, Source
from sekisho.model.snapshot import Snapshot

PLACE = Scope(ACCOUNT, REGION)
ARN = f"arn:aws:network-firewall:{REGION}:{ACCOUNT}:firewall/fw-1"
FIREWALL = {
    "UpdateToken": "1",
    "Firewall": {"FirewallArn": ARN, "FirewallName": "fw-1", "VpcId": "vpc-1"},
    "FirewallStatus": {
        "Status": "READY",
        "SyncStates": {
            f"{REGION}a": {"Attachment": {"SubnetId": "subnet-1", "EndpointId": "vpce-1", "Status": "READY"}}
        },
    },
}
ROUTES = {"Routes": [{"DestinationCidrBlock": "172.16.0.0/12", "Type": "static", "State": "active"}]}


def loaded(tmp_path: Path, name: str, answer: Any) -> Snapshot:
    return load(directory(tmp_path, files({**estate(), name: answer}, HERE)))


@pytest.mark.parametrize(
    ("answer", "pointer"),
    [(FIREWALL, ""), (envelope("network-firewall", "DescribeFirewall", FIREWALL), "/response")],
)
def test_the_whole_answer_is_one_firewall(tmp_path: Path, answer: Any, pointer: str) -> None:
    snapshot = loaded(tmp_path, "firewall", answer)
    assert snapshot.firewalls[ARN].firewall_status.attachments == (
        FirewallAttachment(subnet_id="subnet-1", endpoint_id="vpce-1", status="READY"),
    )
    assert snapshot.source("firewalls", ARN) == Source(f"{HERE}/firewall.json", pointer)
    assert snapshot.scope("firewalls", ARN) == PLACE
    assert snapshot.calls.gap("network-firewall:DescribeFirewall", PLACE) is None


def test_a_parameter_that_names_the_firewall_does_not_make_the_call_incomplete(tmp_path: Path) -> None:
    answer = envelope("network-firewall", "DescribeFirewall", FIREWALL, parameters={"FirewallArn": ARN})
    state = loaded(tmp_path, "firewall", answer).calls.state("network-firewall:DescribeFirewall", PLACE)
    assert state is not None
    assert state.status is CallStatus.READ


def test_a_firewall_without_arn_is_missing_and_keeps_what_it_names(tmp_path: Path) -> None:
    broken = {**FIREWALL, "Firewall": {"FirewallName": "fw-1", "VpcId": "vpc-1"}}
    snapshot = loaded(tmp_path, "firewall", envelope("network-firewall", "DescribeFirewall", broken))
    assert snapshot.firewalls == {}
    assert [(m.table, sorted(m.refers)) for m in snapshot.missing.values()] == [
        ("firewalls", ["subnet-1", "vpc-1", "vpce-1"])
    ]


def test_a_rule_with_an_impossible_port_takes_its_group_with_it(tmp_path: Path) -> None:
    match = {"DestinationPorts": [{"FromPort": 1, "ToPort": 70000}]}
    rules = [{"Priority": 1, "RuleDefinition": {"MatchAttributes": match, "Actions": ["aws:pass"]}}]
    group = {"RulesSource": {"StatelessRulesAndCustomActions": {"StatelessRules": rules}}}
    answer = {"RuleGroupResponse": {"RuleGroupArn": ARN}, "RuleGroup": group}
    snapshot = loaded(tmp_path, "group", envelope("network-firewall", "DescribeRuleGroup", answer))
    assert snapshot.rule_groups == {}
    assert [m.why for m in snapshot.missing.values()] == ["1-70000 is not a port range"]


def test_the_routes_of_a_local_gateway_table_are_named_by_the_call(tmp_path: Path) -> None:
    parameters = {"LocalGatewayRouteTableId": "lgw-rtb-1"}
    answer = envelope("ec2", "SearchLocalGatewayRoutes", ROUTES, parameters=parameters)
    snapshot = loaded(tmp_path, "routes", answer)
    assert snapshot.local_gateway_routes["lgw-rtb-1"].routes == (
        LocalGatewayRoute(destination_cidr_block="172.16.0.0/12", type="static", state="active"),
    )
    assert snapshot.calls.gap("ec2:SearchLocalGatewayRoutes", PLACE) is None


@pytest.mark.parametrize(
    ("parameters", "status", "tables"),
    [
        ({}, CallStatus.FAILED, []),
        ({"LocalGatewayRouteTableId": "lgw-rtb-1", "Filters": []}, CallStatus.INCOMPLETE, ["lgw-rtb-1"]),
    ],
)
def test_a_search_without_subject_or_with_a_filter_is_not_whole(
    tmp_path: Path, parameters: dict[str, Any], status: CallStatus, tables: list[str]
) -> None:
    answer = envelope("ec2", "SearchLocalGatewayRoutes", ROUTES, parameters=parameters)
    snapshot = loaded(tmp_path, "routes", answer)
    state = snapshot.calls.state("ec2:SearchLocalGatewayRoutes", PLACE)
    assert state is not None
    assert (state.status, list(snapshot.local_gateway_routes)) == (status, tables)
