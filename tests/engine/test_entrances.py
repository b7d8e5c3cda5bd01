"""Services that reach an address without a route: the sets, and the one-packet reading that has to agree with them."""

import random
from collections.abc import Iterator
from typing import Any

import pytest

from estates import acl, bpa, eni, entry, perm, prefix_list, sg, snapshot
from random_entrances import A, B, records, small
from sekisho.engine.answer import Verdict
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection
from sekisho.engine.explain import Explainer
from sekisho.engine.population import hosts_of
from sekisho.engine.query import Query, parse_endpoint
from sekisho.engine.witness import confirm, replay
from sekisho.model.entrances import Entrance
from sekisho.model.interface import Address
from sekisho.model.topology import Topology
from sekisho.sets.boxes import Example
from services import (
    accelerator,
    accelerator_arn,
    client_vpn,
    eice,
    lattice,
    managed_list,
    verified_access,
)

GA = accelerator_arn("ga-1")
SSH_FROM_ANYWHERE = perm("tcp", 22, "0.0.0.0/0")


def estate(*ingress: Any, egress: Any = None, acls: Any = None, **changes: Any) -> Topology:
    return Topology(snapshot(*records(*ingress, egress=egress, acls=acls, **changes)))


def asked(topology: Topology, source: str, protocol: str = "tcp", port: int | None = 22) -> tuple[Connection, ...]:
    query = Query(
        source=parse_endpoint(source),
        destination=parse_endpoint("i-x"),
        protocol=protocol,
        ports=None if port is None else (port, port),
    )
    return Explainer(Assessor(topology)).ask(query).connections


def verdict(topology: Topology, source: str, port: int = 22) -> Verdict:
    query = Query(source=parse_endpoint(source), destination=parse_endpoint("i-x"), protocol="tcp", ports=(port, port))
    return Explainer(Assessor(topology)).ask(query).answer.verdict


# Accelerators ---------------------------------------------------------------------------------------


def test_udp_listeners_open_udp() -> None:
    there = accelerator("ga-1", ("i-x", True), ports=(500, 500), protocol="UDP")
    found = estate(perm("-1", None, "0.0.0.0/0"), ga=there)
    assert verdict(found, GA, 500) is Verdict.UNREACHABLE
    query = Query(source=parse_endpoint(GA), destination=parse_endpoint("i-x"), protocol="udp", ports=(500, 500))
    assert Explainer(Assessor(found)).ask(query).answer.verdict is Verdict.REACHABLE


def test_an_override_within_a_range_takes_its_port_away() -> None:
    there = accelerator("ga-1", ("i-x", True), ports=(20, 30), overrides=[(22, 2222)])
    found = estate(perm("tcp", (0, 65535), "0.0.0.0/0"), ga=there)
    ports = {port: verdict(found, GA, port) is Verdict.REACHABLE for port in (19, 20, 22, 23, 30, 31, 2222)}
    assert ports == {19: False, 20: True, 22: False, 23: True, 30: True, 31: False, 2222: True}


def test_without_preservation_the_accelerators_interface_is_seen() -> None:
    managed = eni("eni-ga", B, "10.0.2.60", groups=["sg-e"], interface_type="global_accelerator_managed")
    there = accelerator("ga-1", ("eipalloc-1", False), ports=(22, 22))
    elastic = Address(public_ip="203.0.113.5", allocation_id="eipalloc-1")
    x = eni("eni-x", A, ("10.0.1.10", "203.0.113.5"), groups=["sg-x"], instance="i-x")
    narrow = estate(perm("tcp", 22, "10.0.2.0/24"), ga=there, managed=managed, elastic=elastic, x=x)
    assert verdict(narrow, GA) is Verdict.REACHABLE
    other = estate(perm("tcp", 22, "10.0.3.0/24"), ga=there, managed=managed, elastic=elastic, x=x)
    assert verdict(other, GA) is Verdict.UNREACHABLE


def test_an_accelerator_that_was_not_described_is_open() -> None:
    _, listener, group = accelerator("ga-1", ("i-x", True), ports=(22, 22))
    assert verdict(estate(SSH_FROM_ANYWHERE, listener=listener, group=group), GA) is Verdict.UNKNOWN


def test_block_public_access_stops_what_is_internet_and_nothing_else() -> None:
    blocked = bpa("block-bidirectional")
    there = accelerator("ga-1", ("i-x", True), ports=(22, 22))
    assert verdict(estate(SSH_FROM_ANYWHERE, ga=there, bpa=blocked), GA) is Verdict.UNREACHABLE
    endpoint = eice("eice-1", "vpc-1", "eni-e", "sg-e")
    assert verdict(estate(SSH_FROM_ANYWHERE, eice=endpoint, bpa=blocked), "eice-1") is Verdict.REACHABLE


def test_an_interface_of_an_accelerator_that_no_record_accounts_for_leaves_the_way_open() -> None:
    managed = eni("eni-ga", A, "10.0.1.60", groups=["sg-e"], interface_type="global_accelerator_managed")
    found = estate(SSH_FROM_ANYWHERE, managed=managed)
    assert verdict(found, "internet") is Verdict.UNKNOWN


# Endpoints for authenticated callers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("egress", "expected"),
    [
        ([perm("tcp", 22, "10.0.1.10/32")], Verdict.REACHABLE),
        ([perm("tcp", 22, "10.0.1.11/32")], Verdict.UNREACHABLE),
        ([perm("tcp", 22, "sg-x")], Verdict.REACHABLE),
        ([], Verdict.UNREACHABLE),
    ],
)
@pytest.mark.parametrize("preserve", [False, True])
def test_egress_of_the_endpoint_is_asked(egress: list[Any], expected: Verdict, *, preserve: bool) -> None:
    endpoint = eice("eice-1", "vpc-1", "eni-e", "sg-e", preserve=preserve)
    assert verdict(estate(perm("tcp", 22, "sg-e"), egress=egress, eice=endpoint), "eice-1") is expected


def test_an_endpoint_whose_interface_is_not_there_is_open() -> None:
    endpoint = eice("eice-1", "vpc-1", "eni-gone", "sg-e")
    assert verdict(estate(SSH_FROM_ANYWHERE, eice=endpoint), "eice-1") is Verdict.UNKNOWN


def test_a_verified_access_endpoint_may_come_from_anywhere_in_its_vpc() -> None:
    endpoint = verified_access("vae-1", "eni-x", 22, "sg-e")
    assert verdict(estate(perm("tcp", 22, "10.0.0.0/16"), vae=endpoint), "vae-1") is Verdict.REACHABLE
    assert verdict(estate(perm("tcp", 22, "10.0.2.0/24"), vae=endpoint), "vae-1") is Verdict.UNKNOWN
    assert verdict(estate(perm("tcp", 22, "192.0.2.0/24"), vae=endpoint), "vae-1") is Verdict.UNREACHABLE


def test_entries_of_the_lattice_list_decide_where_no_rule_names_it() -> None:
    parts = {
        "tg": lattice("tg-1", "vpc-1", 22, "i-x"),
        "name": managed_list("pl-l", "com.amazonaws.ap-northeast-1.vpc-lattice"),
    }
    known = prefix_list("pl-l", "169.254.171.0/24", "129.224.0.0/17")
    both = perm("tcp", 22, "169.254.171.0/24", "129.224.0.0/17")
    assert verdict(estate(both, **parts, entries=known), "tg-1") is Verdict.REACHABLE
    assert verdict(estate(perm("tcp", 22, "169.254.171.0/24"), **parts, entries=known), "tg-1") is Verdict.UNKNOWN
    assert verdict(estate(perm("tcp", 22, "pl-l"), **parts), "tg-1") is Verdict.REACHABLE


def test_lattice_is_filtered_by_network_acls_both_ways() -> None:
    there = lattice("tg-1", "vpc-1", 22, "i-x")
    inward = acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"], entry(100, "out", "allow", "0.0.0.0/0"))
    assert verdict(estate(SSH_FROM_ANYWHERE, tg=there, acls=inward), "tg-1") is Verdict.UNREACHABLE
    outward = acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"], entry(100, "in", "allow", "0.0.0.0/0"))
    assert verdict(estate(SSH_FROM_ANYWHERE, tg=there, acls=outward), "tg-1") is Verdict.FORWARD_ONLY


def test_a_client_vpn_carries_every_protocol_from_its_own_block() -> None:
    there = client_vpn("cvpn-endpoint-1", "vpc-1", "subnet-b", "172.20.0.0/22", "10.0.0.0/16", groups=("sg-e",))
    found = estate(perm("icmp", (-1, -1), "10.0.2.7/32"), cvpn=there)
    [connection] = asked(found, "cvpn-endpoint-1", "icmp", None)
    assert {c.seen_as for c in connection.carried} == {((0x0A000207, 0x0A000207),)}
    assert not connection.round_trip.sure.is_empty


# Sets and trace -------------------------------------------------------------------------------------


def examples(dice: random.Random) -> Iterator[Example]:
    """Packets of every service's clients, at the ports where something changes."""
    for remote in (0xC6336407, 0xCB007105, 0xAC140005, 0x0A000209, 0xA9FEAB05):
        for port in (22, 443, dice.randint(0, 65535)):
            for source_port in (22, 1024, 49152):
                yield Example(dice.choice([6, 6, 17]), remote, port, source_port)


@pytest.mark.parametrize("seed", range(30))
def test_sets_and_trace_agree_on_every_entrance(seed: int) -> None:
    dice = random.Random(seed)
    topology = Topology(snapshot(*small(dice)))
    assessor = Assessor(topology)
    entered: list[Entrance] = []
    for origin in ("internet", "vgw", "gated"):
        for host_interface in topology.snapshot.interfaces.values():
            for connection in assessor.connections(hosts_of(host_interface)[0], origin):
                if connection.entrance is None:
                    continue
                entered.append(connection.entrance)
                confirm(topology, [connection])
                for example in examples(dice):
                    replay(topology, connection, example)
    assert {e.kind.value for e in entered} == {
        "accelerator",
        "vpc-origin",
        "instance-connect-endpoint",
        "verified-access-endpoint",
        "lattice-target-group",
        "client-vpn-endpoint",
    }


def test_a_service_as_destination_is_not_judged() -> None:
    found = estate(SSH_FROM_ANYWHERE, ga=accelerator("ga-1", ("i-x", True)))
    query = Query(source=parse_endpoint("internet"), destination=parse_endpoint(GA), protocol="tcp")
    answer = Explainer(Assessor(found)).ask(query).answer
    assert (answer.verdict, answer.reasons) == (
        Verdict.UNKNOWN,
        (f"{GA} is no destination that is judged: ask for what it leads to",),
    )


def answered(topology: Topology) -> dict[tuple[str, str], Verdict]:
    assessor = Assessor(topology)
    rows = assessor.rows(topology.snapshot.interfaces.values(), ("internet", "vgw", "gated"))
    return {(found.row.address, found.row.origin): found.answer.verdict for found in rows}


def without(topology: Topology, table: str) -> Topology:
    """The same estate where the call of the table failed."""
    left = [r for page in topology.snapshot.pages if page.table != table for r in page.records]
    return Topology(snapshot(*left, failed=[table]))


@pytest.mark.parametrize("seed", range(10))
def test_a_failed_call_closes_nothing(seed: int) -> None:
    topology = Topology(snapshot(*small(random.Random(seed))))
    before = answered(topology)
    for table in sorted({page.table for page in topology.snapshot.pages}):
        after = answered(without(topology, table))
        open_before = {key for key, v in before.items() if v in {Verdict.REACHABLE, Verdict.UNKNOWN}}
        closed = {key for key in open_before & after.keys() if after[key] is Verdict.UNREACHABLE}
        assert closed == set(), (table, closed)


@pytest.mark.parametrize("seed", range(10))
def test_a_further_rule_closes_nothing(seed: int) -> None:
    topology = Topology(snapshot(*small(random.Random(seed))))
    before = answered(topology)
    everybody = sg("sg-x", "vpc-1", [SSH_FROM_ANYWHERE, *topology.snapshot.security_groups["sg-x"].ip_permissions])
    records = [r for page in topology.snapshot.pages for r in page.records]
    wider = Topology(snapshot(*(everybody if getattr(r, "group_id", None) == "sg-x" else r for r in records)))
    after = answered(wider)
    assert {key for key, v in before.items() if v is Verdict.REACHABLE and after[key] is not Verdict.REACHABLE} == set()
