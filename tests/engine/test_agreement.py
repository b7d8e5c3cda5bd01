"""The set engine and the one-packet interpreter on random networks, and laws that every answer obeys.

`tests/proof.py` does the same at full size. A failure prints the smallest network that shows it.
"""

from random import Random

import msgspec
import pytest

import agreement
from agreement import ANSWERED, DROPPED, MODELLED, ONE_WAY, OPEN, pairs_of, questions
from estates import perm
from random_estates import GENERATORS, drawn
from random_networks import Network, network
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection
from sekisho.engine.packet import Dropped, Trace
from sekisho.engine.population import hosts_of
from sekisho.model.filters import SecurityGroup
from sekisho.model.record import Record
from sekisho.model.routing import RouteTable
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet
from shrinking import described, smallest
from tally import Tally, figures_of, groups

SEEDS = range(400)


def assessor(whole: Network) -> Assessor:
    return Assessor(Topology(whole.snapshot()))


def changed(whole: Network, change: "type[Record]", **members: object) -> Network:
    """The network with members of all records of one type replaced."""
    records = tuple(msgspec.structs.replace(r, **members) if isinstance(r, change) else r for r in whole.records)
    return whole._replace(records=records)


def sets(c: Connection) -> tuple[FlowSet, ...]:
    return c.delivered.sure, c.delivered.maybe, c.round_trip.sure, c.round_trip.maybe


# Both readings --------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, 400, 50))
def test_sets_and_trace_never_contradict_each_other(first: int) -> None:
    for seed in range(first, first + 50):
        whole = network(seed)
        for pair in pairs_of(whole, seed):
            if pair.fault is not None:
                pytest.fail(described(*smallest(whole, pair), seed))


def test_every_verdict_every_kind_of_question_and_every_construct_is_met() -> None:
    tally = Tally.empty()
    for seed in range(140):
        for pair in pairs_of(drawn(seed)[1], seed):
            assert pair.fault is None, (seed, pair.asked.name, pair.packet)
            tally.add(pair)
    agreed = {sets for (sets, steps), _ in tally.verdicts.items() if sets == steps}
    assert agreed == {ANSWERED, ONE_WAY, DROPPED, OPEN}
    assert {
        "from a host to a host",
        "from a host to a public address",
        "from a host, outwards",
        "from a virtual private gateway",
        "from a vpc peering connection",
        "from an internet gateway",
        "from a carrier gateway",
        "from a local gateway",
        "from a transit gateway attachment",
        "from an accelerator",
        "from a client vpn endpoint",
        "from an instance connect endpoint",
        "from an endpoint service",
        "from a lattice target group",
        "from a verified access endpoint",
        "from a vpc origin",
        "through a load balancer",
        "IPv4",
        "IPv6",
        "TCP",
        "UDP",
        "ICMP",
        "other protocols",
    } <= set(tally.kinds)
    assert groups() - set(tally.groups) <= {"S-FIND", "S-RNAT"}


def test_networks_of_every_kind_come_in_turn() -> None:
    assert [drawn(seed)[0] for seed in range(7)] == list(GENERATORS)


def test_a_contradiction_is_found_and_shown_on_a_small_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def blind(*_: object) -> Trace:
        return Trace((), Dropped("SUBNET_ACL_RESTRICTION", "acl-00", "nothing passes"))

    monkeypatch.setattr(agreement, "trace", blind)
    whole = network(8)
    pair = next(p for p in pairs_of(whole, 8) if p.fault is not None)
    small, again = smallest(whole, pair, effort=300)
    assert again.fault is not None
    assert again.fault.startswith("delivered, but Dropped")
    assert len(small.records) < len(whole.records) // 2
    assert described(small, again, 8).startswith(f"seed 8: {pair.asked.name}: {pair.packet}")


def test_the_same_seed_gives_the_same_figures() -> None:
    def once() -> object:
        tally = Tally.empty()
        for pair in pairs_of(network(3), 3):
            tally.add(pair)
        return figures_of(tally, 3)

    assert once() == once()


# Laws -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", SEEDS[::8])
def test_sure_is_possible_and_what_is_answered_is_delivered(seed: int) -> None:
    for asked in questions(assessor(network(seed)), Random(seed), 6):
        c = asked.connection
        assert c.delivered.sure <= c.delivered.maybe, asked.name
        assert c.round_trip.sure <= c.delivered.sure & c.round_trip.maybe, asked.name
        assert c.round_trip.maybe <= c.delivered.maybe <= c.question, asked.name


@pytest.mark.parametrize("seed", SEEDS[1::8])
def test_passages_make_up_the_connection(seed: int) -> None:
    for asked in questions(assessor(network(seed)), Random(seed), 6):
        c = asked.connection
        passages, family = [carried.passage for carried in c.carried], c.question.family
        assert FlowSet.union_of(family, [p.delivered.sure for p in passages]) == c.delivered.sure, asked.name
        assert FlowSet.union_of(family, [p.delivered.maybe for p in passages]) == c.delivered.maybe, asked.name
        assert FlowSet.union_of(family, [p.round_trip.sure for p in passages]) == c.round_trip.sure, asked.name
        assert FlowSet.union_of(family, [p.round_trip.maybe for p in passages]) == c.round_trip.maybe, asked.name


@pytest.mark.parametrize("seed", SEEDS[2::8])
def test_an_answer_is_shared_only_where_every_host_would_get_the_same(seed: int) -> None:
    found = assessor(network(seed))
    for host in (h for i in found.facts.snapshot.interfaces.values() for h in hosts_of(i)):
        for origin in found.ways.origins(host.interface.vpc_id or ""):
            _, shared = found.judge(host, origin)
            assert [sets(c) for c in shared] == [sets(c) for c in found.connections(host, origin)], (host, origin)


@pytest.mark.parametrize("seed", SEEDS[3::8])
def test_a_delegated_prefix_has_the_answer_of_each_of_its_addresses(seed: int) -> None:
    found = assessor(network(seed))
    hosts = [h for i in found.facts.snapshot.interfaces.values() for h in hosts_of(i) if h.address < h.last]
    for host in hosts:
        for origin in found.ways.origins(host.interface.vpc_id or ""):
            whole = [sets(c) for c in found.connections(host, origin)]
            for address in (host.address, host.address + 1, host.last):
                single = host._replace(address=address, last=address)
                assert [sets(c) for c in found.connections(single, origin)] == whole, (single, origin)


@pytest.mark.parametrize("seed", SEEDS[4::8])
def test_another_allow_rule_takes_nothing_away(seed: int) -> None:
    whole = network(seed)
    wider = tuple(
        msgspec.structs.replace(r, ip_permissions=(*r.ip_permissions, perm("tcp", (22, 1024), "0.0.0.0/1", "::/0")))
        if isinstance(r, SecurityGroup)
        else r
        for r in whole.records
    )
    before = questions(assessor(whole), Random(seed), 6)
    after = questions(assessor(whole._replace(records=wider)), Random(seed), 6)
    for one, other in zip(before, after, strict=True):
        pairs = zip(sets(one.connection), sets(other.connection), strict=True)
        assert all(less <= more for less, more in pairs), one.name


@pytest.mark.parametrize("seed", SEEDS[5::8])
def test_without_routes_nothing_that_a_gateway_hands_in_is_answered(seed: int) -> None:
    found = assessor(changed(network(seed), RouteTable, routes=())._replace(failed=(), unread=(), unusable=()))
    for host in (h for i in found.facts.snapshot.interfaces.values() for h in hosts_of(i)):
        for origin in MODELLED:
            for c in found.connections(host, origin):
                assert c.way is None or c.round_trip.maybe.is_empty, (host, origin)
