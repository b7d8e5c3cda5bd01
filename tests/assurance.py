"""docs/ASSURANCE.md: what the long checks found, one section a check, from figures kept in docs/assurance.json.

Figures are a mapping of JSON. A number or a text stands in the first table of the section; a mapping is a table of its
own under its name, with columns if its values are mappings too; a list of two is a range, an empty one is none. A check
can be run alone: the rest of the page stays.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

DOCS = Path(__file__).parents[1] / "docs"
PAGE, KEPT = DOCS / "ASSURANCE.md", DOCS / "assurance.json"

OPENING = """# Assurance

Nobody has to trust the engine: each section below is a check of its answers by something that shares no code with it,
at full size. `make proof` runs them all and writes this page; `make test` runs a seeded sample of each.
"""


class Section(NamedTuple):
    """A check as the page tells it. `repeat` is the command that runs it alone."""

    name: str
    title: str
    text: str
    repeat: str


class Run(NamedTuple):
    """The latest run of a check."""

    figures: Mapping[str, Any]
    seconds: float
    versions: Mapping[str, str]


def kept() -> dict[str, Run]:
    """The latest run of each check that ever ran."""
    text = KEPT.read_text(encoding="utf-8") if KEPT.exists() else "{}"
    return {name: Run(**run) for name, run in json.loads(text).items()}


def keep(name: str, run: Run) -> dict[str, Run]:
    """The latest runs with this one, which is written down for the next time."""
    runs = {**kept(), name: run}
    written = {one: each._asdict() for one, each in runs.items()}
    KEPT.write_text(json.dumps(written, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return runs


def page(sections: tuple[Section, ...], runs: Mapping[str, Run]) -> str:
    """The text of docs/ASSURANCE.md: every section that has a run."""
    return "\n".join([OPENING, *(shown(section, runs[section.name]) for section in sections if section.name in runs)])


def shown(section: Section, run: Run) -> str:
    """One section, with its tables."""
    single = {key: value for key, value in run.figures.items() if not isinstance(value, Mapping) and key != "seconds"}
    single |= {"duration": _duration(run.seconds), "with": ", ".join(f"{k} {v}" for k, v in run.versions.items())}
    parts = [f"## {section.title}", section.text, _rows(["", ""], single)]
    for name, value in run.figures.items():
        if isinstance(value, Mapping) and value:
            parts.append(_table(name, value))
    return "\n\n".join([*parts, f"Repeat it: `{section.repeat}`"]) + "\n"


def _table(name: str, value: Mapping[str, Any]) -> str:
    columns = next(iter(value.values()))
    if not isinstance(columns, Mapping):
        return _rows([_spoken(name), ""], value)
    rows = {row: tuple(cells.get(column, "") for column in columns) for row, cells in value.items()}
    return _rows([_spoken(name), *columns], rows)


def _rows(head: list[str], rows: Mapping[str, Any]) -> str:
    cells = [[_spoken(key), *map(_cell, value if isinstance(value, tuple) else [value])] for key, value in rows.items()]
    right = all(isinstance(v, int | float | tuple) for v in rows.values())
    lines = [head, ["---", *["---:" if right else "---"] * (len(head) - 1)], *cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _spoken(name: str) -> str:
    """A name of a figure as words; a code as it is."""
    if "`" in name or name.isupper():
        return f"`{name}`" if "_" in name and "`" not in name else name
    return name.replace("_", " ")


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " to ".join(map(_cell, value)) or "0"
    return f"{value:,}" if isinstance(value, int | float) else str(value)


def _duration(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 60} min {whole % 60} s" if whole >= 60 else f"{seconds:.1f} s"
