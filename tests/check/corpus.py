"""The corpus, read for the checker alone: nothing comes from Sekisho, and the answers were worked out by hand."""

import json
import shlex
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from sekisho_check.calls import KINDS
from sekisho_check.estate import Estate
from sekisho_check.snapshot import UnreadableError, gathered

ROOT = Path(__file__).parents[2]
IDS = {kind.key: kind.id for kind in KINDS.values()} | {"Reservations": "ReservationId", "Instances": "InstanceId"}


class Case(NamedTuple):
    """One situation with questions and rows, each with the answer that is expected."""

    name: str
    files: list[tuple[str, bytes]]
    questions: list[dict[str, Any]]
    rows: list[dict[str, Any]]

    def estate(self) -> Estate:
        return Estate(gathered(self.name, self.files))


@cache
def cases() -> tuple[Case, ...]:
    """All cases of `conformance` whose snapshot can be read at all."""
    return tuple(case for case in (*_conformance(), *_folders()) if _readable(case))


def _readable(case: Case) -> bool:
    try:
        case.estate()
    except UnreadableError:
        return False
    return True


def _conformance() -> Iterator[Case]:
    bases = {path.stem: json.loads(path.read_text()) for path in (ROOT / "conformance/bases").glob("*.json")}
    for path in sorted((ROOT / "conformance").glob("*/*.json")):
        if path.parent.name == "bases":
            continue
        case = json.loads(path.read_text())
        laid = _laid(bases.get(case.get("base"), {}), case.get("aws", {}), set(case.get("without", ())))
        files = [
            (name, value.encode() if isinstance(value, str) else json.dumps(value).encode()) for name, value in laid
        ]
        asked = [question | {"explain": question["ask"]} for question in case.get("questions", ())]
        yield Case(f"{path.parent.name}/{path.stem}", files, asked, case.get("assess", []))


def _folders() -> Iterator[Case]:
    for path in sorted((ROOT / "conformance").glob("*/*/expect.json")):
        expected = json.loads(path.read_text())
        place = path.parent / "aws"
        files = [(file.relative_to(place).as_posix(), file.read_bytes()) for file in sorted(place.rglob("*.json*"))]
        yield Case(
            f"{path.parent.parent.name}/{path.parent.name}",
            files,
            expected.get("questions", []),
            expected.get("assess", []),
        )


def _laid(base: dict[str, Any], changes: dict[str, Any], without: set[str]) -> list[tuple[str, Any]]:
    """The base, less what is taken out, with the changes laid over it by the rule of conformance/README.md."""
    found = {name: _less(answer, without) for name, answer in base.items()}
    for name, change in changes.items():
        if change is None:
            found.pop(name, None)
        elif isinstance(change, dict) and "operation" not in change and isinstance(found.get(name), dict):
            found[name] = _merged(found[name], change)
        else:
            found[name] = change
    return sorted(found.items())


def _less(answer: dict[str, Any], without: set[str]) -> dict[str, Any]:
    return {
        key: [_without_instances(item, without) for item in value if item.get(IDS.get(key, "")) not in without]
        if isinstance(value, list) and key in IDS
        else value
        for key, value in answer.items()
    }


def _without_instances(item: dict[str, Any], without: set[str]) -> dict[str, Any]:
    if "Instances" not in item:
        return item
    return item | {"Instances": [one for one in item["Instances"] if one["InstanceId"] not in without]}


def _merged(answer: dict[str, Any], change: dict[str, Any]) -> dict[str, Any]:
    out = dict(answer)
    for key, value in change.items():
        known = out.get(key)
        if key in IDS and IDS[key] and isinstance(value, list) and isinstance(known, list):
            out[key] = _records(known, value, IDS[key])
        elif value is None:
            out.pop(key, None)
        else:
            out[key] = value
    return out


def _records(known: list[dict[str, Any]], changes: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    out = list(known)
    for change in changes:
        at = next((i for i, one in enumerate(out) if one.get(name) == change.get(name)), None)
        if at is None:
            out.append({key: value for key, value in change.items() if value is not None})
        else:
            out[at] = _merged(out[at], change)
    return out


def words(arguments: list[str] | str) -> dict[str, str]:
    """The arguments of a question, by their names."""
    given = shlex.split(arguments) if isinstance(arguments, str) else arguments
    return {name.removeprefix("--"): value for name, value in zip(given[::2], given[1::2], strict=True)}
