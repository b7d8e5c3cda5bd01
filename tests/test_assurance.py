"""The page of the long checks is made of the figures that are kept beside it."""

from pathlib import Path

import pytest

import assurance
from assurance import OPENING, Run, Section, keep, kept, page, shown
from proof import CHECKS

ONE = Section("one", "The one", "A text.", "make proof ONLY=one")
VERSIONS = {"sekisho": "1.2.3"}


def test_numbers_ranges_and_tables() -> None:
    figures = {
        "networks": 12345,
        "seeds": [1, 500],
        "objections": [],
        "seconds": 3,
        "what_was asked": {"TCP": 1000, "`S_X`": 2, "BAD_STATE": 3},
        "both": {"up": {"left": 1, "right": 2000}, "down": {"left": 0, "right": 4}},
    }
    assert (
        shown(ONE, Run(figures, 125.2, VERSIONS))
        == """## The one

A text.

|  |  |
| --- | --- |
| networks | 12,345 |
| seeds | 1 to 500 |
| objections | 0 |
| duration | 2 min 5 s |
| with | sekisho 1.2.3 |

| what was asked |  |
| --- | ---: |
| TCP | 1,000 |
| `S_X` | 2 |
| `BAD_STATE` | 3 |

| both | left | right |
| --- | ---: | ---: |
| up | 1 | 2,000 |
| down | 0 | 4 |

Repeat it: `make proof ONLY=one`
"""
    )


def test_a_check_that_is_run_alone_leaves_the_others(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(assurance, "KEPT", tmp_path / "assurance.json")
    first, second = Run({"n": 1}, 1.0, VERSIONS), Run({"n": 2}, 2.0, VERSIONS)
    assert kept() == {}
    keep("one", first)
    assert keep("two", second) == {"one": first, "two": second} == kept()


def test_the_page_is_that_of_the_figures() -> None:
    """`make proof ONLY=...` writes it; a change of its words alone needs no run: see `assurance.page`."""
    sections = tuple(check.section for check in CHECKS)
    text = assurance.PAGE.read_text(encoding="utf-8")
    assert text == page(sections, kept())
    assert text.startswith(OPENING)


def test_the_long_run_is_long_enough() -> None:
    figures = kept()["engine"].figures
    assert figures["networks"] >= 50_000
    assert figures["pairs (one packet read both ways)"] >= 200_000
    assert figures["disagreements"] == 0
    assert set(figures["groups that no packet met, and the cases that show them"]) == {"`S-FIND`"}
