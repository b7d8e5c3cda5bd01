"""Services that hand packets into a VPC, as the checker reads them."""

import json
from functools import cache

import pytest

from check.corpus import Case, cases
from check.verdicts import fates, packets
from sekisho_check.audit import Audit
from sekisho_check.boxes import Box
from sekisho_check.estate import Estate
from sekisho_check.privatelink import SERVICES, consumers
from sekisho_check.ranges import Ranges, holds, one
from sekisho_check.senders import Sender, sent, sent_back
from sekisho_check.snapshot import gathered
from sekisho_check.walk import Piece, Place, Walk, Way


@cache
def case(name: str) -> Case:
    return next(each for each in cases() if each.name == name)


def found(name: str, interface: str, address: str, origin: str, *start: str) -> list[tuple[str, str, str, Box]]:
    """Each part of a way with its fate, the layer that stops it, and why it is open."""
    checker = Audit(case(name).estate())
    row = checker.rows[interface, address, origin]
    way = next(each for each in row.ways if each.words[: len(start)] == start)
    out = []
    for fate, piece in fates(checker.estate, row.address, way, packets(row.address, way)):
        out.append((fate, piece.stop.layer if piece.stop else "", piece.open, piece.box))
    return out


def ports(parts: list[tuple[str, str, str, Box]], fate: str) -> Ranges:
    """The destination ports of TCP with the fate."""
    return next(box.thirds for each, _, _, box in parts if each == fate and holds(box.protocols, 6))


X = ("eni-x", "10.0.1.10")
ACCELERATOR = "arn:aws:globalaccelerator::111122223333:accelerator/1111-aaaa"


def test_ports_of_an_accelerator_are_those_of_its_override() -> None:
    parts = found("accelerators/005-port-override", *X, "internet", "accelerator", ACCELERATOR)
    assert ports(parts, "answered") == one(8443)
    assert {layer for fate, layer, _, _ in parts if fate == "stopped"} == {"gateway"}


def test_the_other_page_about_inbound_rules_is_an_assumption() -> None:
    checker = Audit(case("accelerators/016-accelerator-past-the-inbound-acl").estate())
    row = checker.rows[(*X, "internet")]
    way = next(each for each in row.ways if each.kind == "accelerator")
    answered = [
        piece
        for fate, piece in fates(checker.estate, row.address, way, packets(row.address, way))
        if fate == "answered"
    ]
    assert [(piece.assumed, piece.box.thirds, piece.box.fourths) for piece in answered] == [
        ("inbound rules do not filter it", one(443), ((1024, 65535),))
    ]


def test_addresses_that_nothing_lists_are_open_where_groups_admit_some() -> None:
    parts = found("accelerators/007-elastic-address-behind-an-accelerator", *X, "internet", "accelerator", ACCELERATOR)
    assert {fate for fate, *_ in parts} == {"open", "stopped"}
    assert ports(parts, "open") == one(443)


def test_a_vpc_origin_without_its_ports() -> None:
    parts = found("cloudfront/006-vpc-origin-without-its-ports", *X, "internet", "vpc-origin", "vo_1")
    assert ports(parts, "open") == one(443)


def test_instance_connect_has_two_ports() -> None:
    parts = found("instance-connect/001-instance-connect-endpoint", *X, "gated", "instance-connect-endpoint", "eice-1")
    assert ports(parts, "answered") == one(22)
    stopped = {layer for fate, layer, _, box in parts if fate == "stopped" and holds(box.thirds, 3389)}
    assert "groups" in stopped


def test_a_lattice_target_that_was_not_read_may_have_any_port() -> None:
    parts = found("lattice/003-targets-not-read", *X, "gated", "lattice-target-group", "tg-0aaa")
    assert ports(parts, "open") == one(8080)
    assert {layer for fate, layer, _, box in parts if fate == "stopped" and holds(box.protocols, 6)} == {"groups"}


def test_clients_of_a_vpn_are_of_its_block() -> None:
    parts = found("client-vpn/003-client-vpn", *X, "vgw", "client-vpn-endpoint", "cvpn-endpoint-1")
    block = (((172 << 24) + (20 << 16), (172 << 24) + (20 << 16) + 1023),)
    assert [(box.thirds, box.sources) for fate, _, _, box in parts if fate == "answered"] == [(one(22), block)]


# Endpoint services


@pytest.mark.parametrize(
    ("acceptance", "state", "allowed", "expected"),
    [
        (True, "available", None, True),
        (True, "pendingAcceptance", ["*"], False),
        (True, None, ["*"], None),
        (False, "rejected", ["*"], True),
        (False, "rejected", [], False),
        (False, "rejected", None, None),
    ],
)
def test_who_may_connect(acceptance: bool, state: str | None, allowed: list[str] | None, expected: bool | None) -> None:
    where: dict[str, object] = {
        "service": "ec2",
        "account": "111122223333",
        "region": "eu-west-1",
        "error": None,
        "parameters": {},
    }
    answers: list[dict[str, object]] = [
        where
        | {"operation": "DescribeVpcEndpointServiceConfigurations"}
        | {"response": {"ServiceConfigurations": [{"ServiceId": "vpce-svc-1", "AcceptanceRequired": acceptance}]}}
    ]
    if state is not None:
        connections = [{"ServiceId": "vpce-svc-1", "VpcEndpointId": "vpce-1", "VpcEndpointState": state}]
        answers.append(
            where | {"operation": "DescribeVpcEndpointConnections", "response": {"VpcEndpointConnections": connections}}
        )
    if allowed is not None:
        response = {"AllowedPrincipals": [{"Principal": name} for name in allowed]}
        asked: dict[str, object] = {
            "operation": "DescribeVpcEndpointServicePermissions",
            "parameters": {"ServiceId": "vpce-svc-1"},
        }
        answers.append(where | asked | {"response": response})
    reading = Estate(gathered("test", [(f"{i}.json", json.dumps(each).encode()) for i, each in enumerate(answers)]))
    service = reading.get(SERVICES, "vpce-svc-1")
    assert service is not None
    assert consumers(reading, service) is expected


# Connections that an endpoint opens by itself


def walk(wanted: tuple[str, str] | None = None) -> Walk:
    """To W1 of the base `two-subnets`: its group admits tcp 5432 from 10.0.1.0/24, its subnet's ACL everything."""
    checker = Audit(case("questions/006-subnet-and-vpc-as-source").estate())
    row = next(each for key, each in checker.rows.items() if key[0] == "eni-a2")
    return Walk(checker.estate, row.address, Way(("test",), ()), wanted)


def sender(cidr_first: int, cidr_last: int) -> Sender:
    return Sender(
        ("test", str(cidr_first), str(cidr_last)), Place("vpc-a", None), ((cidr_first, cidr_last),), direct=True
    )


CLIENT = Box(one(6), one(1), ((0, 65535),), ((0, 65535),))
A1 = (10 << 24) + (1 << 8)


def test_what_every_address_of_the_sender_passes_is_certain() -> None:
    parts = sent(walk(), [Piece(CLIENT)], sender(A1, A1 + 255))
    assert {(piece.box.thirds, bool(piece.stop), bool(piece.open)) for piece in parts} == {
        (one(5432), False, False),
        (((0, 5431), (5433, 65535)), True, False),
    }
    assert all(piece.box.sources == one(1) and piece.box.fourths == ((0, 65535),) for piece in parts)


def test_what_some_addresses_of_the_sender_pass_is_open() -> None:
    parts = sent(walk(), [Piece(CLIENT)], sender(A1 - 1, A1))
    assert {(piece.box.thirds, bool(piece.stop), bool(piece.open)) for piece in parts} == {
        (one(5432), False, True),
        (((0, 5431), (5433, 65535)), True, False),
    }


def test_a_stop_is_named_for_all_that_the_sender_may_pick() -> None:
    parts = sent(walk(("groups", "eni-a2")), [Piece(CLIENT)], sender(A1 - 1, A1))
    assert {(piece.box.thirds, bool(piece.stop)) for piece in parts} == {
        (one(5432), False),
        (((0, 5431), (5433, 65535)), True),
    }


def test_replies_go_back_to_the_sender() -> None:
    there = sent(walk(), [Piece(CLIENT._replace(thirds=one(5432)))], sender(A1, A1 + 255))
    back = sent_back(walk(), there, sender(A1, A1 + 255))
    assert [(piece.box.thirds, piece.stop, piece.open) for piece in back] == [(one(5432), None, "")]
