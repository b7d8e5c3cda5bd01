"""One estate in each form that it can be had in: the same roles are reached from the same origins at the same ports."""

from pathlib import Path

import pytest

import sekisho.estates
from iac.forms import answers, saved
from iac.terraform_plans import story

COLLECTED = Path(sekisho.estates.__file__).parent / "story"
TEMPLATE = Path(__file__).parent / "story.yaml"
WORLD = "ap-northeast-1"


@pytest.fixture(scope="module")
def collected() -> set[object]:
    return set(answers(COLLECTED))


def test_the_estate_has_what_is_compared(collected: set[object]) -> None:
    assert len(collected) == 10
    assert {(role, origin) for role, _, origin, verdict, _ in collected if verdict == "reachable"} == {
        ("web-public", "internet"),
        ("web-public", "peering"),
        ("web-private", "peering"),
    }


def test_a_plan_with_modules_gives_the_same_answers(collected: set[object], tmp_path: Path) -> None:
    assert answers(saved(story(), tmp_path / "plan.json")) == collected


def test_a_template_gives_the_same_answers(collected: set[object]) -> None:
    assert answers(TEMPLATE, parameters={"AWS::Region": WORLD}) == collected


def test_parameters_of_a_template_change_its_answers() -> None:
    test = answers(TEMPLATE, parameters={"Stage": "test", "AWS::Region": WORLD})
    assert ("web-public", "ipv4", "internet", "forward-only") in {row[:4] for row in test}
