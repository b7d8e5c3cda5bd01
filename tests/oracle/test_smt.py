"""The engine against z3 on random networks, and mistakes made in the engine, to which z3 has to object.

`tests/smt.py` compares more of them, and writes the figures down.
"""

from collections.abc import Callable, Iterable
from typing import Any

import pytest

import smt
from oracle import prover
from sekisho.engine import facts, filters, routes
from sekisho.engine.connected import Connection
from sekisho.engine.gateways import crossing
from sekisho.engine.gateways.crossing import Crossing
from sekisho.engine.groups import Groups
from sekisho.engine.routes import sweep
from sekisho.engine.transit import GroupQuestion
from sekisho.engine.walk import Walker
from sekisho.model.filters import NetworkAcl
from sekisho.model.interface import NetworkInterface
from sekisho.sets.boxes import Box, boxes
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range


@pytest.fixture(scope="module")
def figures() -> dict[str, Any]:
    return smt.figures(1, 60)


def test_every_answer_is_proved_equal_to_the_encoding(figures: dict[str, Any]) -> None:
    assert figures["objections"] == []
    assert figures["interfaces"] >= 60
    assert figures["proofs"] == 8 * figures["connections"]


def test_every_origin_family_and_verdict_is_met(figures: dict[str, Any]) -> None:
    assert set(figures["questions"]) == {
        f"{origin}, {family}" for origin in ("internet", "peering", "vgw") for family in ("ipv4", "ipv6")
    }
    assert set(figures["verdicts"]) == {"reachable", "unknown", "forward-only", "unreachable"}
    assert figures["connections"] > sum(figures["skipped"].values())


def test_the_table_has_every_figure(figures: dict[str, Any]) -> None:
    table = smt.table(figures)
    assert f"| seeds | 1 to {figures['seeds'][1]} |" in table
    assert f"| proofs | {figures['proofs']:,} |" in table
    assert "| objections | 0 |" in table
    assert f"| verdicts: unknown | {figures['verdicts']['unknown']} |" in table


# Mistakes -------------------------------------------------------------------------------------------

Patch = pytest.MonkeyPatch


def _ports_not_swapped(patch: Patch) -> None:
    right = filters.acl_flows

    def acl_flows(acl: NetworkAcl, family: Family, **asked: bool) -> FlowSet:
        return right(acl, family, egress=asked["egress"], reply=False)

    patch.setattr(facts, "acl_flows", acl_flows)


def _shortest_prefix(patch: Patch) -> None:
    def shortest(winners: dict[Range, Any], outside: Any, family: Family) -> Iterable[tuple[Range, Any]]:
        def is_outer(one: Range) -> bool:
            return not any(low <= one[0] and one[1] <= high and (low, high) != one for low, high in winners)

        return sweep({block: winner for block, winner in winners.items() if is_outer(block)}, outside, family)

    patch.setattr(routes, "sweep", shortest)


def _propagated_before_static(patch: Patch) -> None:
    patch.setattr(routes, "_PROPAGATED", -1)


def _last_entry_first(patch: Patch) -> None:
    right = filters.acl_entries
    patch.setattr(filters, "acl_entries", lambda acl, family, *, egress: right(acl, family, egress=egress)[::-1])


def _references_from_anywhere(patch: Patch) -> None:
    patch.setattr(Groups, "_vpcs_of_members", lambda self, _: tuple(self._facts.snapshot.vpcs))


def _echo_answered_by_echo(patch: Patch) -> None:
    patch.setattr(filters, "REPLY_TYPES", {1: {}, 58: {}})


def _one_group_only(patch: Patch) -> None:
    right = Groups.of_interface

    def of_interface(self: Groups, interface: NetworkInterface, question: GroupQuestion) -> Any:
        return (
            self.of_group(interface.group_ids[0], question) if interface.group_ids else right(self, interface, question)
        )

    patch.setattr(Groups, "of_interface", of_interface)


def _public_access_not_asked(patch: Patch) -> None:
    patch.setattr(Crossing, "check_bpa", lambda *_, **__: None)


def _stopped_instances_run(patch: Patch) -> None:
    patch.setattr(Walker, "_check_instance", lambda *_: None)


def _private_blocks_are_public(patch: Patch) -> None:
    patch.setattr(crossing, "private_ipv6", lambda *_: None)


def _stateful_gateways_take_strays(patch: Patch) -> None:
    patch.setattr(Crossing, "is_stray_reply", lambda *_: False)


def _a_port_lost_in_reading_out(patch: Patch) -> None:
    def short(flows: FlowSet) -> tuple[Box, ...]:
        return tuple(b._replace(thirds=((1, 65535),)) if b.thirds == ((0, 65535),) else b for b in boxes(flows))

    patch.setattr(prover, "boxes", short)


#: Each mistake, and a network in which it shows.
MISTAKES: tuple[tuple[Callable[[Patch], None], int], ...] = (
    (_ports_not_swapped, 4),
    (_shortest_prefix, 3),
    (_propagated_before_static, 31),
    (_last_entry_first, 3),
    (_references_from_anywhere, 61),
    (_echo_answered_by_echo, 130),
    (_one_group_only, 4),
    (_public_access_not_asked, 36),
    (_stopped_instances_run, 4),
    (_private_blocks_are_public, 1),
    (_stateful_gateways_take_strays, 58),
    (_a_port_lost_in_reading_out, 3),
)


@pytest.mark.parametrize(
    ("mistake", "seed"), MISTAKES, ids=[m.__name__.strip("_").replace("_", " ") for m, _ in MISTAKES]
)
def test_z3_objects_to_a_mistake_in_the_engine(mistake: Callable[[Patch], None], seed: int, monkeypatch: Patch) -> None:
    assert list(smt.objections(range(seed, seed + 1))) == []
    mistake(monkeypatch)
    found = next(smt.objections(range(seed, seed + 1)), None)
    assert found is not None
    assert isinstance(found.connection, Connection)
    assert found.packet is not None
