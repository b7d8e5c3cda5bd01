"""Claims divide what a way could bring: nothing is left out, nothing is claimed twice, and the verdict follows."""

from collections.abc import Iterable
from itertools import product

import pytest

from random_estates import drawn
from sekisho.engine.answer import ORIGINS
from sekisho.engine.assess import Assessor
from sekisho.engine.claims import Claim, Claimed, WayName, claimed, way_of
from sekisho.engine.connected import Connection
from sekisho.engine.population import hosts_of
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet

SEEDS = range(1, 41)


def verdict(ways: tuple[Claimed, ...]) -> str:
    fates = {claim.fate for way in ways for claim in way.claims}
    if "answered" in fates:
        return "reachable"
    if fates & {"open", "delivered"}:
        return "unknown"
    if "one-way" in fates:
        return "forward-only"
    return "unknown" if "open-one-way" in fates else "unreachable"


def stands(claim: Claim) -> bool:
    """A stop has its layer and record, and nothing else has."""
    return (claim.fate in {"stopped", "one-way", "open-one-way"}) == (bool(claim.layer) and bool(claim.record))


def questions(connections: Iterable[Connection]) -> dict[WayName, FlowSet]:
    """What each way could bring."""
    found: dict[WayName, FlowSet] = {}
    for c in (c for c in connections if not c.question.is_empty):
        found[way_of(c)] = found.get(way_of(c), FlowSet.empty(c.question.family)) | c.question
    return found


@pytest.mark.parametrize("seed", SEEDS)
def test_claims_divide_every_way(seed: int) -> None:
    assessor = Assessor(Topology(drawn(seed)[1].snapshot()))
    hosts = [h for i in assessor.facts.snapshot.interfaces.values() for h in hosts_of(i)]
    for host, origin in product(hosts, ORIGINS):
        if origin in assessor.origins(host.interface.vpc_id or ""):
            found, connections = assessor.judge(host, origin)
            ways = claimed(assessor.facts, connections)
            assert verdict(ways) == found.verdict.value
            assert {way.way: divided(way) for way in ways} == questions(connections)


def divided(way: Claimed) -> FlowSet:
    """All that is claimed, which no two claims share."""
    total = FlowSet.empty(way.claims[0].flows.family)
    for claim in way.claims:
        assert not claim.flows.is_empty
        assert (total & claim.flows).is_empty, (way.way, claim)
        assert stands(claim), (way.way, claim)
        total = total | claim.flows
    return total
