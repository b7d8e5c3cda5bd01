"""What is not known proves nothing, and what is allowed closes nothing: over cases and networks of every kind.

The suite takes a sample; `python tests/test_failed_calls.py` asks every case about every call.
"""

import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

import msgspec
import pytest

import failed_calls
from agreement import questions
from estates import perm
from failed_calls import Closed, closed_in, closed_in_case, tables_of
from random_estates import drawn
from random_networks import Network, table_of
from sekisho.conformance.case import Case, cases
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection
from sekisho.model.filters import SecurityGroup
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet

ROOT = Path(__file__).parents[1]
CASES = cases(ROOT / "conformance")
OPENED = perm("tcp", (22, 1024), "0.0.0.0/1", "::/0")


# Failed calls ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("first", range(0, len(CASES), 60))
def test_a_failed_call_proves_nothing_in_a_case(first: int) -> None:
    """One call of every third case, a different one in each."""
    sample = list(enumerate(CASES))[first : first + 60 : 3]
    assert [(case.name, found) for number, case in sample for found in closed_in_case(case, number)] == []


@pytest.mark.parametrize("seed", range(60))
def test_a_failed_call_proves_nothing_in_a_network(seed: int) -> None:
    """Two calls of every network, of each kind in turn."""
    whole = drawn(seed)[1]
    tables = tables_of(whole)
    assert list(closed_in(whole, Random(seed).sample(tables, min(2, len(tables))))) == []


def test_an_answer_that_proves_more_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    """A call that answers with nothing, where it should have failed, does close what its records opened."""

    def emptied(whole: Network, table: str) -> Network:
        return whole._replace(records=tuple(r for r in whole.records if table_of(r) != table))

    monkeypatch.setattr(failed_calls, "without", emptied)
    found = [
        closed for seed in range(0, 20, 5) for closed in closed_in(drawn(seed)[1], ["security_groups", "peerings"])
    ]
    assert {closed.failed for closed in found} == {"peerings"}


# Another rule ---------------------------------------------------------------------------------------


def sets(c: Connection) -> tuple[FlowSet, ...]:
    return c.delivered.sure, c.delivered.maybe, c.round_trip.sure, c.round_trip.maybe


@pytest.mark.parametrize("seed", range(0, 200, 4))
def test_another_allow_rule_closes_no_way(seed: int) -> None:
    whole = drawn(seed)[1]
    wider = whole._replace(records=tuple(opened(r) if isinstance(r, SecurityGroup) else r for r in whole.records))
    before, after = answers(whole, seed), answers(wider, seed)
    for (name, one), (_, other) in zip(before, after, strict=True):
        assert all(less <= more for less, more in zip(sets(one), sets(other), strict=True)), name


def opened(group: SecurityGroup) -> SecurityGroup:
    inwards, outwards = (*group.ip_permissions, OPENED), (*group.ip_permissions_egress, OPENED)
    return msgspec.structs.replace(group, ip_permissions=inwards, ip_permissions_egress=outwards)


def answers(whole: Network, seed: int) -> list[tuple[str, Connection]]:
    assessor = Assessor(Topology(whole.snapshot()))
    return [(asked.name, asked.connection) for asked in questions(assessor, Random(seed), 4)]


# In full --------------------------------------------------------------------------------------------


def everything(cases: list[Case]) -> Iterator[tuple[str, Closed]]:
    for case in cases:
        yield from ((case.name, found) for found in closed_in_case(case))
    for seed in range(200):
        whole = drawn(seed)[1]
        yield from ((f"network {seed}", found) for found in closed_in(whole, tables_of(whole)))


if __name__ == "__main__":
    contradictions = 0
    for where, closed in everything(CASES):
        contradictions += 1
        print(where, closed)
    print(f"{contradictions} answers prove more where a call failed")
    sys.exit(contradictions > 0)
