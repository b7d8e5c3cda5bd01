"""Transit gateways as the checker reads them: attachments, routes, policy tables, and whichever way AWS picks."""

import json
from typing import Any

import pytest

from check.corpus import cases
from sekisho_check.attachments import Attachment, Onward, associated, attachments, of_vpc, onwards
from sekisho_check.boxes import Box, whole
from sekisho_check.choices import whichever
from sekisho_check.estate import Estate
from sekisho_check.policies import policy
from sekisho_check.population import addresses_of
from sekisho_check.ranges import Ranges, block, one
from sekisho_check.snapshot import gathered
from sekisho_check.walk import Address, Piece, Pieces, Stop, Walk, Way

OWNER, OTHER = "111122223333", "444455556666"


def asked(operation: str, response: object, account: str = OWNER, **parameters: object) -> dict[str, object]:
    return {
        "service": "ec2",
        "operation": operation,
        "account": account,
        "region": "eu-west-1",
        "parameters": parameters,
        "error": None,
        "response": response,
    }


def estate(*answers: dict[str, object]) -> Estate:
    return Estate(gathered("test", [(f"{i}.json", json.dumps(answer).encode()) for i, answer in enumerate(answers)]))


def span(cidr: str) -> Ranges:
    found = block(cidr)
    assert found is not None
    return found.ranges


def attached(**changes: object) -> dict[str, object]:
    return {
        "TransitGatewayAttachmentId": "tgw-attach-a",
        "TransitGatewayId": "tgw-1",
        "TransitGatewayOwnerId": OWNER,
        "ResourceType": "vpc",
        "ResourceId": "vpc-a",
        "State": "available",
    } | changes


ASSOCIATION = {"TransitGatewayRouteTableId": "tgw-rtb-1", "State": "associated"}


def test_calls_together_describe_an_attachment() -> None:
    of_vpcs = {"SubnetIds": ["subnet-a"], "Options": {"ApplianceModeSupport": "enable"}, "VpcId": "vpc-a"}
    found = attachments(
        estate(
            asked(
                "DescribeTransitGatewayAttachments", {"TransitGatewayAttachments": [attached(Association=ASSOCIATION)]}
            ),
            asked("DescribeTransitGatewayVpcAttachments", {"TransitGatewayVpcAttachments": [attached() | of_vpcs]}),
        )
    )
    assert found == {
        ("tgw-attach-a", "tgw-1"): Attachment(
            *("tgw-attach-a", "tgw-1", "vpc", "vpc-a", frozenset({"available"}), ("subnet-a",)),
            options=(("ApplianceModeSupport", "enable"),),
            table="tgw-rtb-1",
            owners_view=True,
        )
    }


def test_a_peering_attachment_has_two_sides() -> None:
    sides = {"RequesterTgwInfo": {"TransitGatewayId": "tgw-1"}, "AccepterTgwInfo": {"TransitGatewayId": "tgw-2"}}
    peering = {"TransitGatewayAttachmentId": "tgw-attach-p", "State": "available", **sides}
    near = attached(
        TransitGatewayAttachmentId="tgw-attach-p", ResourceType="peering", ResourceId="tgw-2", Association=ASSOCIATION
    )
    far = near | {"TransitGatewayId": "tgw-2", "TransitGatewayOwnerId": OTHER, "ResourceId": "tgw-1"}
    far["Association"] = {"TransitGatewayRouteTableId": "tgw-rtb-2", "State": "associated"}
    found = attachments(
        estate(
            asked("DescribeTransitGatewayPeeringAttachments", {"TransitGatewayPeeringAttachments": [peering]}),
            asked("DescribeTransitGatewayAttachments", {"TransitGatewayAttachments": [near]}),
            asked("DescribeTransitGatewayAttachments", {"TransitGatewayAttachments": [far]}, account=OTHER),
        )
    )
    assert {key: (each.peer, each.table) for key, each in found.items()} == {
        ("tgw-attach-p", "tgw-1"): ("tgw-2", "tgw-rtb-1"),
        ("tgw-attach-p", "tgw-2"): ("tgw-1", "tgw-rtb-2"),
    }


@pytest.mark.parametrize(
    ("account", "association", "expected"),
    [
        (OWNER, ASSOCIATION, ("tgw-rtb-1", "")),
        (OWNER, None, ("", "")),
        (OTHER, None, ("", "the association of tgw-attach-a is not known")),
        (OWNER, ASSOCIATION | {"State": "disassociating"}, ("", "the association of tgw-attach-a is not known")),
    ],
)
def test_only_the_owner_knows_that_there_is_no_association(
    account: str, association: object, expected: tuple[str, str]
) -> None:
    data = attached() | ({"Association": association} if association else {})
    reading = estate(asked("DescribeTransitGatewayAttachments", {"TransitGatewayAttachments": [data]}, account=account))
    assert associated(reading, attachments(reading)["tgw-attach-a", "tgw-1"]) == expected


def test_states() -> None:
    found = {
        state: Attachment("tgw-attach-a", "tgw-1", "vpc", "vpc-a", frozenset({state}))
        for state in ("available", "modifying", "pendingAcceptance")
    }
    assert {state: (each.dead, bool(each.open)) for state, each in found.items()} == {
        "available": (False, False),
        "modifying": (False, True),
        "pendingAcceptance": (True, True),
    }


def test_a_route_names_a_gateway_that_no_call_shows() -> None:
    vpc = {"VpcId": "vpc-a", "OwnerId": OWNER, "CidrBlock": "10.0.0.0/16"}
    table = {
        "RouteTableId": "rtb-a",
        "VpcId": "vpc-a",
        "Routes": [{"DestinationCidrBlock": "0.0.0.0/0", "TransitGatewayId": "tgw-1"}],
    }
    reading = estate(asked("DescribeVpcs", {"Vpcs": [vpc]}), asked("DescribeRouteTables", {"RouteTables": [table]}))
    assert of_vpc(reading, "vpc-a") == ([], "how vpc-a is attached to transit gateways was not read")
    known = asked("DescribeTransitGatewayVpcAttachments", {"TransitGatewayVpcAttachments": []})
    reading = estate(
        asked("DescribeVpcs", {"Vpcs": [vpc]}), asked("DescribeRouteTables", {"RouteTables": [table]}), known
    )
    assert of_vpc(reading, "vpc-a") == ([], "")


# Routes

EVERYTHING = [{"Name": "state", "Values": ["active", "blackhole"]}]


def route(cidr: str, attachment: str | None, kind: str = "propagated", resource: str = "vpc") -> dict[str, Any]:
    to = [{"TransitGatewayAttachmentId": attachment, "ResourceType": resource}] if attachment else []
    state = "active" if attachment else "blackhole"
    return {"DestinationCidrBlock": cidr, "Type": kind, "State": state, "TransitGatewayAttachments": to}


def searched(*routes: dict[str, Any], filters: object = EVERYTHING, more: bool = False) -> dict[str, object]:
    response = {"Routes": list(routes), "AdditionalRoutesAvailable": more}
    return asked("SearchTransitGatewayRoutes", response, TransitGatewayRouteTableId="tgw-rtb-1", Filters=filters)


def targets(reading: Estate, cidr: str) -> list[Onward]:
    return onwards(reading, "tgw-rtb-1", 4, span(cidr))


@pytest.mark.parametrize(
    ("routes", "expected"),
    [
        ([route("10.1.0.0/16", "long"), route("10.0.0.0/8", "short")], [("10.1.0.0/16", "long")]),
        ([route("10.1.0.0/16", "spoke"), route("10.1.0.0/16", "fixed", "static")], [("10.1.0.0/16", "fixed")]),
        ([route("10.1.0.0/16", "vpn", resource="vpn"), route("10.1.0.0/16", "vpc")], [("10.1.0.0/16", "vpc")]),
        ([route("10.1.0.0/16", None, "static"), route("10.0.0.0/8", "short")], [("10.1.0.0/16", None)]),
        ([route("10.1.0.0/17", "half")], [("10.1.0.0/17", "half"), ("10.1.128.0/17", None)]),
    ],
)
def test_which_route(routes: list[dict[str, Any]], expected: list[tuple[str, str | None]]) -> None:
    found = targets(estate(searched(*routes)), "10.1.0.0/16")
    assert [(each.destinations, each.targets[0][0] if each.targets else None, each.why) for each in found] == [
        (span(cidr), target, "") for cidr, target in expected
    ]


@pytest.mark.parametrize(
    "answer",
    [
        searched(route("10.1.0.0/16", "a"), filters=[{"Name": "type", "Values": ["static"]}]),
        searched(route("10.1.0.0/16", "a"), filters=[{"Name": "state", "Values": ["active"]}]),
        searched(route("10.1.0.0/16", "a"), filters=None),
        searched(route("10.1.0.0/16", "a"), more=True),
        searched(route("10.1.0.0/16", "a")) | {"error": {"code": "AccessDenied", "message": ""}},
    ],
)
def test_only_a_whole_search_counts(answer: dict[str, object]) -> None:
    assert [each.why for each in targets(estate(answer), "10.1.0.0/16")] == [
        "the routes of tgw-rtb-1 are not in the snapshot"
    ]


def test_a_prefix_list_that_was_not_read_leaves_open_what_no_full_length_decides() -> None:
    reference = {
        "TransitGatewayRouteTableId": "tgw-rtb-1",
        "PrefixListId": "pl-1",
        "TransitGatewayAttachment": {"TransitGatewayAttachmentId": "listed", "ResourceType": "vpc"},
    }
    answers = [
        searched(route("10.1.0.0/16", "a"), route("10.1.2.3/32", "host")),
        asked("GetTransitGatewayPrefixListReferences", {"TransitGatewayPrefixListReferences": [reference]}),
    ]
    found = targets(estate(*answers), "10.1.0.0/16")
    assert {(each.destinations == span("10.1.2.3/32"), bool(each.why)) for each in found} == {
        (True, False),
        (False, True),
    }
    entries = asked("GetManagedPrefixListEntries", {"Entries": [{"Cidr": "10.1.0.0/16"}]}, PrefixListId="pl-1")
    found = targets(estate(*answers, entries), "10.1.0.0/16")
    assert [(each.targets, each.why) for each in found] == [((("host", "vpc"),), ""), ((("listed", "vpc"),), "")]


# Policy tables


def test_rules_of_a_policy_table_in_the_coordinates_of_a_reply() -> None:
    rules = [
        {"PolicyRuleNumber": "20", "PolicyRule": {"Protocol": "*"}, "TargetRouteTableId": "tgw-rtb-2"},
        {
            "PolicyRuleNumber": "10",
            "PolicyRule": {
                "SourceCidrBlock": "10.0.0.0/16",
                "DestinationCidrBlock": "10.1.0.0/16",
                "Protocol": "6",
                "SourcePortRange": "443",
                "DestinationPortRange": "1024-65535",
            },
            "TargetRouteTableId": "tgw-rtb-1",
        },
        {"PolicyRuleNumber": "*", "PolicyRule": {"MetaData": {"MetaDataKey": "k", "MetaDataValue": "v"}}},
        {"PolicyRuleNumber": "30", "PolicyRule": {"SourceCidrBlock": "10.9.0.0/16"}, "TargetRouteTableId": "tgw-rtb-3"},
    ]
    response = {"TransitGatewayPolicyTableEntries": rules}
    reading = estate(asked("GetTransitGatewayPolicyTableEntries", response, TransitGatewayPolicyTableId="tgw-ptb-1"))
    found = policy(reading, "tgw-ptb-1", 4, span("10.0.1.10/32"), replying=True)
    assert found is not None
    assert [(rule.table, rule.open) for rule in found] == [("", True), ("tgw-rtb-1", False), ("tgw-rtb-2", False)]
    # the reply leaves port 443, the destination port of the first packet, for the port that the first packet came from
    assert found[1].match == [Box(one(6), span("10.1.0.0/16"), one(443), ((1024, 65535),))]
    assert policy(reading, "tgw-ptb-2", 4, span("10.0.1.10/32"), replying=True) is None


# Whichever way AWS picks


def some_walk(wanted: tuple[str, str] | None = None) -> Walk:
    reading = next(one for one in cases() if one.name == "gateways/019-public-instance").estate()
    interface = reading.get("ec2:DescribeNetworkInterfaces", "eni-a1")
    assert interface is not None
    address: Address = next(addresses_of(interface))
    return Walk(reading, address, Way(("test",), ()), wanted)


ALL = whole(4, span("10.1.0.0/16"))[:1]
UPPER = ALL[0]._replace(thirds=((443, 65535),))
LOWER = ALL[0]._replace(thirds=((0, 442),))


def stops(name: str, box: Box) -> Any:
    """A leg that stops the packets of a box by the ACL of the name."""

    def leg(walk: Walk, pieces: Pieces) -> Pieces:
        inside = [piece._replace(box=both) for piece in pieces if (both := piece.box & box) is not None]
        rest = [piece._replace(box=left) for piece in pieces for left in piece.box.minus(box)]
        return walk.stop(inside, "ACL in", name) + rest

    return leg


def test_stopped_where_every_leg_stops() -> None:
    found = whichever(some_walk(), [Piece(box) for box in ALL], [stops("acl-1", ALL[0]), stops("acl-2", UPPER)])
    assert {(piece.box, bool(piece.stop), bool(piece.open)) for piece in found} == {
        (UPPER, True, False),
        (LOWER, False, True),
    }


@pytest.mark.parametrize(("name", "stopped"), [("acl-1", [UPPER]), ("acl-2", [UPPER]), ("acl-3", [])])
def test_a_stop_is_found_where_some_leg_has_it_and_all_stop(name: str, stopped: list[Box]) -> None:
    walk = some_walk(("ACL in", name))
    found = whichever(walk, [Piece(box) for box in ALL], [stops("acl-1", ALL[0]), stops("acl-2", UPPER)])
    assert [piece.box for piece in found if piece.stop == Stop("ACL in", (name,))] == stopped


def test_what_was_passed_is_kept_apart() -> None:
    def by(name: str) -> Any:
        return lambda _, pieces: [piece._replace(passed=(name,)) for piece in pieces]

    found = whichever(some_walk(), [Piece(box) for box in ALL], [by("eni-1"), by("eni-2")])
    assert [(piece.passed, piece.choices) for piece in found] == [((), (("eni-1",), ("eni-2",)))]
