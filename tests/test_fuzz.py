"""The fuzzer finds mistakes, makes them small, and writes them as cases that can be read."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

import certificates
import failed_calls
import readings
from fuzz import case
from mutants import put_in
from random_estates import drawn, mixed
from random_networks import Network, table_of
from readings import (
    certified_and_checked,
    failed_calls_prove_nothing,
    more_rules_close_nothing,
    refused,
    sets_and_steps,
)
from saved import save
from seeded_mistakes import MISTAKES
from sekisho.load import load
from sekisho.model.kinds import KINDS
from sekisho.model.snapshot import Snapshot
from tally import Tally, blocks, compared

TESTS = Path(__file__).parent
REVERSED = MISTAKES[0]


def tables(snapshot: Snapshot) -> dict[str, object]:
    return {kind.table: dict(snapshot.table(kind.table)) for kind in KINDS}


# Saved networks ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(42))
def test_a_saved_network_is_read_as_it_is(seed: int, tmp_path: Path) -> None:
    whole = drawn(seed)[1]
    save(whole, tmp_path)
    wanted, found = whole.snapshot(), load(tmp_path)
    assert tables(found) == tables(wanted)
    assert set(found.missing) == set(wanted.missing)
    assert {s.call for s in found.calls} == {s.call for s in wanted.calls}


def test_networks_are_mixed_of_every_construct() -> None:
    met = {table_of(record) for seed in range(60) for record in mixed(seed).records}
    assert {
        "transit_gateways",
        "firewalls",
        "load_balancers",
        "classic_load_balancers",
        "accelerators",
        "endpoint_services",
        "vpn_connections",
        "virtual_interfaces",
        "carrier_gateways",
        "local_gateways",
        "client_vpn_endpoints",
        "bpa_options",
    } <= met
    assert any(mixed(seed).theirs for seed in range(60))


# Found and shrunk -------------------------------------------------------------------------------------


def test_a_mistake_is_found_and_written_as_a_case(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(readings, "_EFFORT", 400)
    assert REVERSED.seed is not None
    whole = drawn(REVERSED.seed)[1]
    with put_in(REVERSED):
        found = sets_and_steps(whole, REVERSED.seed, Tally.empty())
    assert found is not None
    assert len(found.network.records) < len(whole.records)
    assert found.question[::2][:3] == ("--from", "--to", "--protocol")
    place = case(found, "sets and steps", REVERSED.seed, tmp_path)
    assert place.name == "sets-and-steps-28"
    assert (place / "README.md").read_text().startswith(f"# {found.title}\n\nFound by `tests/fuzz.py --seed 28")
    question = {"explain": list(found.question), "exit": 0, "verdict": ""}
    assert json.loads((place / "expect.json").read_text()) == {"questions": [question], "assess": []}
    assert tables(load(place / "aws")) == tables(found.network.snapshot())


def test_without_a_mistake_nothing_is_found() -> None:
    assert sets_and_steps(drawn(28)[1], 28, Tally.empty()) is None


def test_a_call_whose_failure_proves_something_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    def emptied(whole: Network, table: str) -> Network:
        return whole._replace(records=tuple(r for r in whole.records if table_of(r) != table))

    monkeypatch.setattr(failed_calls, "without", emptied)
    monkeypatch.setattr(readings, "_EFFORT_OF_ROWS", 6)
    monkeypatch.setattr(readings, "tables_of", lambda _: ["peerings"])
    found = failed_calls_prove_nothing(drawn(0)[1], 0, Tally.empty())
    assert found is not None
    assert found.title.startswith("peerings failed, and eni-")
    assert len(found.network.records) < len(drawn(0)[1].records)


def test_laws_are_asked_of_one_network_in_five(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readings, "tables_of", None)
    assert failed_calls_prove_nothing(drawn(1)[1], 1, Tally.empty()) is None
    assert more_rules_close_nothing(drawn(1)[1], 1, Tally.empty()) is None


def test_what_the_checker_refuses_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refused(drawn(7)[1]) is None
    whole = certificates.certified
    monkeypatch.setattr(certificates, "certified", lambda place: whole(place)[1:])
    monkeypatch.setattr(readings, "_EFFORT_OF_ROWS", 3)
    found = certified_and_checked(drawn(7)[1], 7, Tally.empty())
    assert found is not None
    assert found.title == "a row has no certificate"


# The runs ---------------------------------------------------------------------------------------------


def test_the_fuzzer_tells_its_seed_and_what_was_met(tmp_path: Path) -> None:
    command = [sys.executable, str(TESTS / "fuzz.py"), "--seed", "3", "--networks", "4", "--processes", "1"]
    done = subprocess.run([*command, "--into", str(tmp_path)], capture_output=True, check=False, encoding="utf-8")
    lines = done.stdout.splitlines()
    assert done.returncode == 0, done.stdout + done.stderr
    assert lines[0] == "seed 3"
    assert lines[1].startswith("4 networks, ")
    assert lines[2].startswith("S-ACL ")
    assert list(tmp_path.iterdir()) == []


def test_blocks_hold_every_seed_once() -> None:
    assert [seed for block in blocks(5, 120) for seed in block] == list(range(5, 125))


def test_several_processes_count_what_one_does() -> None:
    told: list[int] = []
    together = compared(1, 60, 2, told.append)
    assert told == [50, 60]
    assert together == compared(1, 60, 1, told.append)
    assert together.networks.total() == 60
