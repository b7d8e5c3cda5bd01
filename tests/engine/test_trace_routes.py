"""Route choice, addresses, and Block Public Access, each as a table of cases from docs/SEMANTICS.md."""

from typing import Any

import pytest

from estates import bpa, bpa_exclusion, prefix_list, route, rtb, snapshot, subnet, vpc
from sekisho.engine.trace.routes import (
    Choice,
    choose,
    internet_destination_code,
    internet_source_code,
    private_ipv6,
    public_access_blocked,
)
from sekisho.model.record import Source, Undecided
from sekisho.model.routing import Route
from sekisho.model.topology import Topology
from sekisho.model.vpc import BlockPublicAccessStates, Subnet

V = vpc("vpc-1", "10.0.0.0/16", "2001:db8:1::/56")
LOCAL, LOCAL6 = route("10.0.0.0/16", "local"), route("2001:db8:1::/56", "local")
A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")
TABLE = "111122223333/ap-northeast-1/DescribeRouteTables.json"


def chosen(destination: str, *routes: Route, more: tuple[Any, ...] = ()) -> str | None | Undecided:
    """The target that the table's routes give the destination."""
    table = rtb("rtb-1", "vpc-1", [], *routes)
    found = choose(Topology(snapshot(V, table, *more)), table, "vpc-1", destination)
    return found.target.id if isinstance(found, Choice) else found


@pytest.mark.parametrize(
    ("destination", "routes", "target"),
    [
        ("198.51.100.7", [LOCAL, route("0.0.0.0/0", "igw-1")], "igw-1"),
        ("198.51.100.7", [route("0.0.0.0/0", "igw-1"), route("198.51.100.0/24", "pcx-1")], "pcx-1"),  # S-RT-02
        ("198.51.100.7", [route("::/0", "igw-1")], None),  # S-Q-04
        ("2001:db8:9::1", [route("::/0", "igw-1"), route("0.0.0.0/0", "nat-1")], "igw-1"),
        ("172.16.0.1", [route("172.16.0.0/12", "vgw-1", propagated=True), route("172.16.0.0/12", "pcx-1")], "pcx-1"),
        ("10.0.2.20", [LOCAL, route("10.0.2.0/24", "vgw-1", propagated=True)], "local"),  # S-RT-04
        ("10.0.2.20", [LOCAL, route("10.0.2.0/24", "eni-fw")], "eni-fw"),  # S-RT-04
        ("10.0.2.20", [], "local"),  # S-VPC
        ("2001:db8:1::5", [], "local"),
        ("10.0.2.20", [route("10.0.0.0/16", "eni-fw")], "eni-fw"),
        ("169.254.170.1", [route("0.0.0.0/0", "igw-1")], None),  # S-RT-08
        ("169.254.170.1", [route("169.254.0.0/16", "eni-fw")], None),
        ("169.254.168.1", [route("169.254.168.0/22", "eni-fw")], "eni-fw"),
        ("169.254.1.1", [route("0.0.0.0/0", "eni-fw")], "eni-fw"),
        ("fd00:ec2::253", [route("::/0", "igw-1")], None),
    ],
)
def test_one_route_decides(destination: str, routes: list[Route], target: str | None) -> None:
    assert chosen(destination, *routes) == target


LISTS = (prefix_list("pl-1", "192.0.2.0/24"), prefix_list("pl-2", "192.0.2.0/24", "198.51.100.0/24"))


@pytest.mark.parametrize(
    ("destination", "routes", "target"),
    [
        ("192.0.2.9", [route("pl-1", "pcx-1"), route("0.0.0.0/0", "igw-1")], "pcx-1"),
        ("192.0.3.9", [route("pl-1", "pcx-1"), route("0.0.0.0/0", "igw-1")], "igw-1"),
        ("192.0.2.9", [route("pl-1", "pcx-1"), route("192.0.2.0/24", "igw-1")], "igw-1"),  # S-RT-03
        ("192.0.2.9", [route("pl-1", "pcx-1"), route("192.0.2.0/24", "vgw-1", propagated=True)], "pcx-1"),  # S-RT-03
        ("192.0.2.9", [route("pl-1", "pcx-1"), route("192.0.2.8/29", "igw-1")], "igw-1"),
        ("192.0.2.9", [route("pl-1", "pcx-1"), route("pl-2", "pcx-1")], "pcx-1"),
        ("198.51.100.7", [route("pl-1", "pcx-1"), route("pl-2", "igw-1")], "igw-1"),
    ],
)
def test_a_prefix_list_stands_for_its_entries(destination: str, routes: list[Route], target: str) -> None:
    assert chosen(destination, *routes, more=LISTS) == target


def test_two_lists_with_one_prefix_and_different_targets_are_undecided() -> None:
    found = chosen("192.0.2.9", route("pl-1", "pcx-1"), route("pl-2", "igw-1"), more=LISTS)
    assert found == Undecided("rtb-1 has routes of one rank to several targets for 192.0.2.9: igw-1, pcx-1")


def test_a_list_without_entries_leaves_open_what_no_host_route_decides() -> None:
    unread, default = route("pl-9", "vpce-1"), route("0.0.0.0/0", "igw-1")
    open_list = Undecided("rtb-1 routes pl-9 to vpce-1, and its entries are not in the snapshot")
    assert chosen("192.0.2.9", unread, default) == open_list
    assert chosen("192.0.2.9", unread, default, route("192.0.2.9/32", "pcx-1")) == "pcx-1"
    assert chosen("192.0.2.9", route("pl-9", "igw-1"), default) == "igw-1"


@pytest.mark.parametrize(("state", "target"), [("active", "igw-1"), (None, "igw-1"), ("blackhole", "igw-1")])
def test_a_blackhole_is_still_chosen(state: str | None, target: str) -> None:
    assert chosen("192.0.2.9", route("192.0.2.0/24", "igw-1", state), route("0.0.0.0/0", "nat-1")) == target


def test_another_state_is_undecided() -> None:
    found = chosen("192.0.2.9", route("0.0.0.0/0", "igw-1", "filtered"))
    assert found == Undecided("the route to 0.0.0.0/0 in rtb-1 is filtered")


def test_the_choice_says_where_its_route_stands() -> None:
    default = route("0.0.0.0/0", "igw-1")
    table = rtb("rtb-1", "vpc-1", [], LOCAL, default)
    found = choose(Topology(snapshot(V, table)), table, "vpc-1", "192.0.2.9")
    assert found == Choice(default, 0, 0, Source(TABLE, "/RouteTables/0/Routes/1"))


# Addresses ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("address", "ingress", "egress"),
    [
        ("1.1.1.1", None, None),
        ("203.0.113.1", None, None),
        ("172.15.255.255", None, None),
        ("172.16.0.0", "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS", "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"),
        (
            "172.31.255.255",
            "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS",
            "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS",
        ),
        (
            "100.127.255.255",
            "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS",
            "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS",
        ),
        ("100.128.0.0", None, None),
        ("0.1.2.3", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
        ("127.0.0.1", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
        ("223.255.255.255", None, None),
        ("224.0.0.0", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
        ("255.255.255.255", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
        ("2000::", None, None),
        ("3fff:ffff::1", None, None),
        ("4000::", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
        ("fd00::1", "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "NO_POSSIBLE_DESTINATION"),
    ],
)
def test_what_is_the_internet(address: str, ingress: str | None, egress: str | None) -> None:
    assert (internet_source_code(address), internet_destination_code(address)) == (ingress, egress)


def test_private_blocks_and_unique_local_addresses_are_not_public() -> None:
    topology = Topology(snapshot(vpc("vpc-1", "2001:db8:1::/56", "fd12::/56", ipv6="private"), V))
    assert private_ipv6(topology, "vpc-1", "2001:db8:1::5") == (
        "2001:db8:1::5 is of 2001:db8:1::/56, a private block of vpc-1"
    )
    assert private_ipv6(topology, "vpc-1", "fd12::5") == "fd12::5 is not a global address"
    assert private_ipv6(Topology(snapshot(V)), "vpc-1", "2001:db8:1::5") is None


# Block Public Access --------------------------------------------------------------------------------

BPA_SOURCE = Source(
    "111122223333/ap-northeast-1/DescribeVpcBlockPublicAccessOptions.json", "/VpcBlockPublicAccessOptions"
)
INGRESS, EGRESS, NATTED = ("ingress", False), ("egress", False), ("egress", True)


def blocked(way: tuple[Any, bool], *records: Any, **gaps: Any) -> object:
    found = public_access_blocked(Topology(snapshot(V, A, *records, **gaps)), A, way[0], translated=way[1])
    return found[0] if isinstance(found, tuple) and not isinstance(found, Undecided) else found


@pytest.mark.parametrize(
    ("mode", "exclusion", "stopped"),
    [
        ("off", None, []),
        ("block-bidirectional", None, [INGRESS, EGRESS, NATTED]),
        ("block-bidirectional", "allow-egress", [INGRESS]),
        ("block-bidirectional", "allow-bidirectional", []),
        ("block-ingress", None, [INGRESS, EGRESS]),
        ("block-ingress", "allow-bidirectional", []),
    ],
)
def test_what_each_mode_stops(mode: str, exclusion: str | None, stopped: list[object]) -> None:
    records = (bpa(mode), *((bpa_exclusion("vpc-1", exclusion),) if exclusion else ()))
    assert [way for way in (INGRESS, EGRESS, NATTED) if blocked(way, *records)] == stopped


def test_an_exclusion_counts_once_it_is_complete_and_for_its_own_resource() -> None:
    options = bpa("block-bidirectional")
    assert blocked(INGRESS, options, bpa_exclusion("subnet-a", "allow-bidirectional", "update-complete")) is None
    pending = bpa_exclusion("subnet-a", "allow-bidirectional", "create-in-progress")
    assert blocked(INGRESS, options, pending) == "block-bidirectional"
    assert blocked(INGRESS, options, bpa_exclusion("subnet-b", "allow-bidirectional")) == "block-bidirectional"


def test_absent_options_are_off_and_failed_ones_are_open() -> None:
    call = "ec2:DescribeVpcBlockPublicAccess"
    place = "is failed for account 111122223333 in ap-northeast-1: AccessDenied"
    assert blocked(INGRESS) is None
    assert blocked(INGRESS, failed=["bpa_options"]) == Undecided(f"{call}Options {place}")
    stopped = blocked(INGRESS, bpa("block-bidirectional"), failed=["bpa_exclusions"])
    assert stopped == Undecided(f"{call}Exclusions {place}")


def test_a_subnet_that_speaks_of_a_mode_leaves_absent_options_open() -> None:
    spoken = Subnet(
        subnet_id="subnet-a",
        vpc_id="vpc-1",
        block_public_access_states=BlockPublicAccessStates(internet_gateway_block_mode="block-ingress"),
    )
    found = public_access_blocked(Topology(snapshot(V, spoken)), spoken, "ingress", translated=False)
    assert isinstance(found, Undecided)


def test_the_mode_is_evidence() -> None:
    found = public_access_blocked(Topology(snapshot(V, A, bpa("block-ingress"))), A, "ingress", translated=False)
    assert found == ("block-ingress", BPA_SOURCE)
