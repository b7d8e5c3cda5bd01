"""The way of a place with the groups of another interface laid over it is the way that is walked for that one."""

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from estates import acl, eni, igw, perm, route, rtb, sg, snapshot, subnet, vpc
from random_estates import drawn
from sekisho.engine.answer import ORIGINS, Answer, Barrier, Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Host
from sekisho.engine.population import hosts_of
from sekisho.model.topology import Topology


@pytest.mark.parametrize("seed", range(1, 31))
def test_laid_over_or_walked_is_one(seed: int) -> None:
    topology = Topology(drawn(seed)[1].snapshot())
    shared, walked = Assessor(topology), Assessor(topology)
    hosts = [h for i in topology.snapshot.interfaces.values() for h in hosts_of(i)]
    for host, origin in product(hosts, ORIGINS):
        if origin in shared.origins(host.interface.vpc_id or ""):
            told, connections = shared.judge(host, origin)
            ways = tuple(walked.connections(host, origin)) or walked.no_way(host, origin)
            assert impersonal(told) == impersonal(walked._answer(host, origin, ways))
            sets = [(c.question, c.delivered.sure, c.delivered.maybe, c.round_trip.sure) for c in connections]
            assert sets == [(c.question, c.delivered.sure, c.delivered.maybe, c.round_trip.sure) for c in ways]


def impersonal(answer: Answer) -> Answer:
    """Without what tells the interfaces of one class apart, which shared answers leave out anyway."""
    passages = tuple(p._replace(by_group=dict(sorted(p.by_group.items()))) for p in answer.passages)
    return replace(answer, passages=passages, barriers=tuple(map(_placeless, answer.barriers)))


def _placeless(barrier: Barrier) -> Barrier:
    return replace(barrier, evidence=())


def test_ways_are_walked_once_for_a_place() -> None:
    """Eight instances of one subnet, each with a group of its own: one walk for each origin."""
    a = subnet("subnet-a", "vpc-1", "10.0.1.0/24")
    groups = [sg(f"sg-{n}", "vpc-1", [perm("tcp", 8000 + n, "0.0.0.0/0")]) for n in range(8)]
    held = [eni(f"eni-{n}", a, (f"10.0.1.{10 + n}", f"203.0.113.{n}"), groups=[f"sg-{n}"]) for n in range(8)]
    routes = route("10.0.0.0/16", "local"), route("0.0.0.0/0", "igw-1")
    net = vpc("vpc-1", "10.0.0.0/16"), a, acl("acl-1", "vpc-1", ["subnet-a"]), igw("igw-1", "vpc-1")
    assessor = Counted(Topology(snapshot(*net, rtb("rtb-1", "vpc-1", ["subnet-a"], *routes), *groups, *held)))
    rows = list(assessor.rows(held, ("internet",)))
    ports = [flow.destination_ports for row in rows for flow in row.answer.flows]
    assert ports == [((8000 + n, 8000 + n),) for n in range(8)]
    assert assessor.walks == 1


class Counted(Assessor):
    """Counts the walks."""

    walks = 0

    def direct(self, host: Host, origin: Origin) -> Iterator[Connection]:
        self.walks += 1
        return super().direct(host, origin)
