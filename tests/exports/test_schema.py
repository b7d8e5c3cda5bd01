"""The published JSON Schema holds for what we print, and refuses what we would not."""

import json
from copy import deepcopy
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from sekisho.analysis import assess
from sekisho.estates import estate
from sekisho.load import load
from sekisho.report.document import assessment_document
from sekisho.report.json import to_json

SCHEMA = json.loads((Path(__file__).parents[2] / "docs/schemas/assessment-1.json").read_text(encoding="utf-8"))
VALIDATOR = Draft202012Validator(SCHEMA)


@cache
def printed(name: str, direction: Any = "ingress") -> str:
    return to_json(assessment_document(assess(load(Path(str(estate(name)))), direction=direction)))


def test_it_is_a_schema_of_the_named_version() -> None:
    Draft202012Validator.check_schema(SCHEMA)
    assert SCHEMA["properties"]["schema"] == {"const": "sekisho.assessment/1"}


@pytest.mark.parametrize("name", ["story", "all"])
@pytest.mark.parametrize("direction", ["ingress", "egress"])
def test_it_holds_for_the_bundled_estates(name: str, direction: Any) -> None:
    document = json.loads(printed(name, direction))
    assert [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(document)] == []


@pytest.mark.parametrize(
    ("section", "member", "value"),
    [
        ("verdicts", "verdict", "open"),
        ("verdicts", "depth", 10),
        ("findings", "severity", "Critical"),
        ("findings", "security_groups", ["sg-1", "sg-2"]),
        ("findings", "sources", ["anywhere"]),
        ("findings", "port", 65536),
    ],
)
def test_it_refuses_what_is_no_such_value(section: str, member: str, value: object) -> None:
    document = deepcopy(json.loads(printed("story")))
    document[section][0][member] = value
    assert not VALIDATOR.is_valid(document)


@pytest.mark.parametrize("section", ["run", "coverage", "verdicts", "answers", "findings"])
def test_no_section_may_be_left_out(section: str) -> None:
    document = {name: value for name, value in json.loads(printed("story")).items() if name != section}
    assert not VALIDATOR.is_valid(document)
