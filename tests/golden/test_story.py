"""The story, told twice: byte for byte as it was last agreed, and by hand from its security groups and routes."""

import json
from pathlib import Path
from typing import Any

import pytest

from golden.regenerate import STORY, demonstrate

PRIVATE, PUBLIC, BASTION = "eni-0c4e8a1d7f2b69350", "eni-09b5d3f7e1c8a2640", "eni-0d7a1f5c9e3b84260"
NAT = "eni-02f6b8d4c1e7a9530"
PEERING, GATEWAY = "pcx-0f6a2d8c1e4b97350", "igw-0d5e8f1a2b7c49063"
MANAGEMENT = "10.1.0.0/16"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return demonstrate(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def story(told: bytes) -> Any:
    return json.loads(told)


def rows(story: Any) -> dict[tuple[str, str, str], dict[str, Any]]:
    return {(r["interface"], r["family"], r["origin"]): r for r in story["verdicts"]}


def answer(story: Any, interface: str, family: str, origin: str) -> Any:
    return story["answers"][rows(story)[interface, family, origin]["answer"]]


def openings(found: Any) -> dict[tuple[str, str], list[str]]:
    """Sources by protocol and port, of every flow whose reply comes back."""
    assert all(flow["reply"] for flow in found["flows"])
    return {(f["protocol"], port): f["sources"] for f in found["flows"] for port in f["destination_ports"]}


def codes(found: Any) -> list[tuple[str, str]]:
    return sorted((b["direction"], b["code"]) for b in found["barriers"])


def test_the_demonstration_is_the_golden_assessment(told: bytes) -> None:
    """After an intended change: `python tests/golden/regenerate.py`."""
    assert told == (STORY / "assessment.json").read_bytes()


def test_golden_output_names_no_machine(told: bytes) -> None:
    assert str(Path.home()).encode() not in told
    assert str(Path(__file__).parents[2]).encode() not in told


def test_every_address_has_a_row_for_each_way_into_its_vpc(story: Any) -> None:
    """Four interfaces, one with an IPv6 address too; both VPCs have the peering, the internet is always asked."""
    pairs = [(NAT, "ipv4"), (PUBLIC, "ipv4"), (PUBLIC, "ipv6"), (PRIVATE, "ipv4"), (BASTION, "ipv4")]
    assert set(rows(story)) == {(*pair, origin) for pair in pairs for origin in ("internet", "peering")}
    assert len(story["verdicts"]) == 10


def test_verdicts(story: Any) -> None:
    reachable = {key for key, row in rows(story).items() if row["verdict"] == "reachable"}
    assert reachable == {(PUBLIC, "ipv4", "internet"), (PUBLIC, "ipv4", "peering"), (PRIVATE, "ipv4", "peering")}
    assert {row["verdict"] for row in story["verdicts"]} == {"reachable", "unreachable"}


def test_the_private_server_is_open_to_the_peered_vpc_only(story: Any) -> None:
    """Port 22 is open to all, 80 to the management VPC; the peering brings that VPC's addresses, and no others."""
    found = answer(story, PRIVATE, "ipv4", "peering")
    assert openings(found) == {("tcp", "22"): [MANAGEMENT], ("tcp", "80"): [MANAGEMENT]}
    assert (found["via"], found["width"]) == ([PEERING], 65536)


def test_the_private_server_is_two_changes_away_from_the_internet(story: Any) -> None:
    """It has no public address, and its subnet's default route leads to a NAT gateway, which takes no reply."""
    found = answer(story, PRIVATE, "ipv4", "internet")
    assert (found["depth"], found["width"], found["flows"]) == (2, 0, [])
    assert codes(found) == [
        ("forward", "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"),
        ("return", "NO_ROUTE_TO_DESTINATION"),
    ]
    assert {b["component"] for b in found["barriers"] if b["direction"] == "return"} == {"rtb-0193f7b5d2c8e6a40"}


def test_the_public_server_is_open_to_the_world_on_22_and_to_the_office_on_3389(story: Any) -> None:
    """Port 80 is open to the management VPC, whose private addresses never come from the internet."""
    found = answer(story, PUBLIC, "ipv4", "internet")
    open_to = openings(found)
    assert set(open_to) == {("tcp", "22"), ("tcp", "3389")}
    assert open_to["tcp", "3389"] == ["203.0.113.10/32"]
    world = open_to["tcp", "22"]
    assert {"1.0.0.0/8", "8.0.0.0/7", "11.0.0.0/8", "172.0.0.0/12", "192.169.0.0/16", "208.0.0.0/4"} <= set(world)
    assert not any(cidr.startswith(("10.", "127.", "172.16.", "192.168.", "224.")) for cidr in world)
    assert (found["via"], found["width"]) == ([GATEWAY], "world")
    row = rows(story)[PUBLIC, "ipv4", "internet"]
    assert (row["address"], row["public_address"]) == ("10.0.2.10", "198.51.100.24")


def test_both_servers_look_the_same_from_the_peered_vpc(story: Any) -> None:
    """One image, one security group: the same answer, told once."""
    keys = {rows(story)[interface, "ipv4", "peering"]["answer"] for interface in (PRIVATE, PUBLIC)}
    assert len(keys) == 1


def test_no_rule_speaks_of_ipv6(story: Any) -> None:
    """Gateway and route are there, so the group alone keeps the internet out; the peer VPC has no IPv6."""
    internet = answer(story, PUBLIC, "ipv6", "internet")
    assert (internet["depth"], internet["flows"]) == (1, [])
    assert codes(internet) == [("forward", "ENI_SG_RULES_MISMATCH")]
    assert internet["barriers"][0]["component"] == "sg-0a9e4c7b1f2d86530"
    assert answer(story, PUBLIC, "ipv6", "peering")["flows"] == []


def test_the_bastion_and_the_nat_gateway_take_no_connection(story: Any) -> None:
    """The bastion's group admits its own VPC alone; its VPC has no internet gateway at all."""
    from_web = answer(story, BASTION, "ipv4", "peering")
    assert (from_web["depth"], codes(from_web)) == (1, [("forward", "ENI_SG_RULES_MISMATCH")])
    assert ("forward", "BAD_STATE_ATTACHMENT") in codes(answer(story, BASTION, "ipv4", "internet"))
    for origin in ("internet", "peering"):
        assert codes(answer(story, NAT, "ipv4", origin)) == [("forward", "NO_POSSIBLE_DESTINATION")]


def test_findings(story: Any) -> None:
    """By Amazon Inspector Classic's table of severities: SSH and RDP are Medium from the internet, SSH is Low and HTTP
    Informational from a peered VPC, and the summary of each way in is Informational."""
    found = sorted(
        (f["interface"], f["origin"], f["type"], f["port"] or 0, f["severity"], f["width"]) for f in story["findings"]
    )
    port, summary = "RecognizedPortNoAgent", "NetworkExposure"
    assert found == sorted(
        [
            (PUBLIC, "internet", port, 22, "Medium", "world"),
            (PUBLIC, "internet", port, 3389, "Medium", 1),
            (PUBLIC, "internet", summary, 0, "Informational", "world"),
            (PUBLIC, "peering", port, 22, "Low", 65536),
            (PUBLIC, "peering", port, 80, "Informational", 65536),
            (PUBLIC, "peering", summary, 0, "Informational", 65536),
            (PRIVATE, "peering", port, 22, "Low", 65536),
            (PRIVATE, "peering", port, 80, "Informational", 65536),
            (PRIVATE, "peering", summary, 0, "Informational", 65536),
        ],
        key=lambda row: row[:5],
    )
