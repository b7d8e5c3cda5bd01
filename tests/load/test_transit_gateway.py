"""Answers about transit gateways: what names its table in the call only, and one attachment seen from two sides."""

import json
from pathlib import Path
from typing import Any

import pytest

from sekisho.load import load
from sekisho.model.record import Undecided
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.model.transit import TransitRoutes

TABLE = "tgw-rtb-1"
ROUTE = {
    "DestinationCidrBlock": "10.1.0.0/16",
    "TransitGatewayAttachments": [{"TransitGatewayAttachmentId": "tgw-attach-1", "ResourceType": "vpc"}],
    "Type": "static",
    "State": "active",
}


def enveloped(operation: str, response: Any, region: str = "ap-northeast-1", **parameters: Any) -> dict[str, Any]:
    return {
        "service": "ec2",
        "operation": operation,
        "account": "111122223333",
        "region": region,
        "parameters": parameters,
        "response": response,
    }


def search(*routes: Any, filters: Any = None, more: bool = False) -> dict[str, Any]:
    """One search of the table; both states where no filters are given."""
    filters = filters or [{"Name": "state", "Values": ["active", "blackhole"]}]
    response = {"Routes": list(routes), "AdditionalRoutesAvailable": more}
    return enveloped("SearchTransitGatewayRoutes", response, TransitGatewayRouteTableId=TABLE, Filters=filters)


def read(folder: Path, *answers: Any) -> Snapshot:
    for number, answer in enumerate(answers):
        (folder / f"{number}.json").write_text(json.dumps(answer))
    return load(folder)


def routes_of(snapshot: Snapshot) -> TransitRoutes | Undecided:
    return Topology(snapshot).transit.routes(TABLE)


def test_a_search_is_kept_under_the_table_that_it_asked(tmp_path: Path) -> None:
    found = routes_of(read(tmp_path, search(ROUTE)))
    assert isinstance(found, TransitRoutes)
    assert [r.destination_cidr_block for r in found.routes] == ["10.1.0.0/16"]


@pytest.mark.parametrize(
    ("filters", "whole"),
    [
        ([{"Name": "type", "Values": ["static", "propagated"]}], True),
        ([{"Name": "route-search.subnet-of-match", "Values": ["::/0", "0.0.0.0/0"]}], True),
        ([{"Name": "type", "Values": ["static"]}], False),
        ([{"Name": "state", "Values": ["active"]}], False),
        ([{"Name": "state", "Values": ["active", "blackhole"]}, {"Name": "type", "Values": ["static"]}], False),
        ([{"Name": "attachment.resource-id", "Values": ["vpc-1"]}], False),
        ("state", False),
    ],
)
def test_only_filters_that_let_every_route_through_make_a_whole_search(
    tmp_path: Path, filters: Any, *, whole: bool
) -> None:
    assert isinstance(routes_of(read(tmp_path, search(ROUTE, filters=filters))), TransitRoutes) is whole


def test_a_search_that_has_more_to_show_leaves_the_table_open(tmp_path: Path) -> None:
    snapshot = read(tmp_path, search(ROUTE, more=True))
    assert isinstance(routes_of(snapshot), Undecided)
    assert any("AdditionalRoutesAvailable" in issue.what for issue in snapshot.issues)


@pytest.mark.parametrize(
    "damaged",
    [{"DestinationCidrBlock": "10.1.0.7/16"}, {"DestinationCidrBlock": "anywhere"}, {"State": "active"}],
    ids=["host bits", "no address", "no destination"],
)
def test_a_table_with_a_damaged_route_is_open(tmp_path: Path, damaged: dict[str, str]) -> None:
    snapshot = read(tmp_path, search(ROUTE, damaged))
    assert isinstance(routes_of(snapshot), Undecided)
    assert snapshot.issues


def test_a_plain_search_does_not_say_whose_it_is(tmp_path: Path) -> None:
    snapshot = read(tmp_path, {"Routes": [ROUTE], "AdditionalRoutesAvailable": False}, {"Vpcs": []})
    assert [issue.effect for issue in snapshot.issues if issue.file == "0.json"] == [
        "only usable enveloped, as `sekisho collect` writes it"
    ]
    assert isinstance(routes_of(snapshot), Undecided)


@pytest.mark.parametrize(
    "rule",
    [
        {"Protocol": "quic"},
        {"Protocol": "6", "DestinationPortRange": "22-"},
        {"Protocol": "6", "DestinationPortRange": "99999"},
        {"SourceCidrBlock": "10.0.0.1/8"},
    ],
    ids=["protocol", "range", "port", "block"],
)
def test_a_policy_table_with_a_damaged_rule_is_open(tmp_path: Path, rule: dict[str, str]) -> None:
    entry = {"PolicyRuleNumber": "10", "PolicyRule": rule, "TargetRouteTableId": TABLE}
    response = {"TransitGatewayPolicyTableEntries": [entry]}
    call = enveloped("GetTransitGatewayPolicyTableEntries", response, TransitGatewayPolicyTableId="tgw-ptb-1")
    assert isinstance(Topology(read(tmp_path, call)).transit.policies("tgw-ptb-1"), Undecided)


def test_rules_come_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    entries: list[dict[str, object]] = [
        {"PolicyRuleNumber": n, "PolicyRule": {}, "TargetRouteTableId": TABLE} for n in ("100", "9", "*")
    ]
    response = {"TransitGatewayPolicyTableEntries": entries}
    call = enveloped("GetTransitGatewayPolicyTableEntries", response, TransitGatewayPolicyTableId="tgw-ptb-1")
    found = Topology(read(tmp_path, call)).transit.policies("tgw-ptb-1")
    assert not isinstance(found, Undecided)
    assert [entry.policy_rule_number for entry in found] == ["*", "9", "100"]


def test_a_peering_attachment_has_two_sides(tmp_path: Path) -> None:
    """One id in two Regions: each side is an attachment of its own transit gateway, with its own association."""
    sides = [
        enveloped(
            "DescribeTransitGatewayAttachments",
            {
                "TransitGatewayAttachments": [
                    {
                        "TransitGatewayAttachmentId": "tgw-attach-p",
                        "TransitGatewayId": gateway,
                        "ResourceType": "peering",
                        "ResourceId": other,
                        "State": "available",
                        "Association": {"TransitGatewayRouteTableId": table, "State": "associated"},
                    }
                ]
            },
            region,
        )
        for gateway, other, table, region in (
            ("tgw-1", "tgw-2", "tgw-rtb-1", "ap-northeast-1"),
            ("tgw-2", "tgw-1", "tgw-rtb-2", "us-west-2"),
        )
    ]
    transit = Topology(read(tmp_path, *sides)).transit
    here, there = transit.attached["tgw-1", "tgw-attach-p"], transit.attached["tgw-2", "tgw-attach-p"]
    assert transit.beyond(here) == there
    assert transit.beyond(there) == here
    tables = [transit.association(side) for side in (here, there)]
    assert [None if t is None or isinstance(t, Undecided) else t.table for t in tables] == ["tgw-rtb-1", "tgw-rtb-2"]


def test_what_the_owner_of_a_transit_gateway_sees_completes_what_a_participant_does(tmp_path: Path) -> None:
    attachment = {
        "TransitGatewayAttachmentId": "tgw-attach-1",
        "TransitGatewayId": "tgw-1",
        "TransitGatewayOwnerId": "444455556666",
        "ResourceOwnerId": "111122223333",
        "ResourceType": "vpc",
        "ResourceId": "vpc-1",
        "State": "available",
    }
    owners = {**attachment, "Association": {"TransitGatewayRouteTableId": TABLE, "State": "associated"}}
    calls = [
        enveloped("DescribeTransitGatewayAttachments", {"TransitGatewayAttachments": [a]}) for a in (attachment, owners)
    ]
    calls[1]["account"] = "444455556666"
    transit = Topology(read(tmp_path, *calls)).transit
    found = transit.association(transit.attached["tgw-1", "tgw-attach-1"])
    assert found is not None
    assert not isinstance(found, Undecided)
    assert found.table == TABLE
