"""A page of GitHub-flavoured Markdown, for pull requests and wikis."""

import re
from collections.abc import Iterable
from typing import Any

from . import facts

# What means something within a line of GitHub-flavoured Markdown; of `:` and `.` only those of addresses that it links.
_SPECIAL = re.compile(r"[\\`*_\[\]#!|~$@<>&]|:(?=//)|(?<=www)\.", re.IGNORECASE)
_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", ":": "&#58;", ".": "&#46;"}


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """Verdicts by origin, the findings, and for each interface address what it is open to."""
    lines = ["# Network reachability", "", _head(document), ""]
    counts = document["summary"]["verdicts"]
    kinds = sorted({verdict for verdicts in counts.values() for verdict in verdicts})
    lines += _table(["origin", *kinds], ([origin, *(v.get(k, 0) for k in kinds)] for origin, v in counts.items()))
    lines += ["", "## Findings", ""]
    rows = ([f["severity"], f["title"], f["interface"], " ".join(f["via"])] for f in document["findings"])
    lines += _table(["severity", "finding", "interface", "by"], rows) if document["findings"] else ["None."]
    lines += ["", "## Verdicts", ""]
    lines += _table(["interface", "address", "origin", "verdict", "why"], _verdicts(document))
    return "\n".join(lines) + "\n"


def _head(document: Any) -> str:  # noqa: ANN401 - a JSON document
    run, summary = document["run"], document["summary"]
    when = f", collected {facts.collected(document)}" if run["collected_at"] else ""
    counted = f"{summary['interfaces']:,} network interfaces, {summary['addresses']:,} addresses"
    return f"{counted}. Input `{run['input_digest']}`{when}. Sekisho {run['version']}, semantics {run['semantics']}."


def _verdicts(document: Any) -> Iterable[list[object]]:  # noqa: ANN401 - a JSON document
    for row in document["verdicts"]:
        yield [row["interface"], row["address"], row["origin"], row["verdict"], facts.why(document, row)]


def _table(heads: list[str], rows: Iterable[list[object]]) -> list[str]:
    return [_line(heads), _line(["---"] * len(heads), plain=True), *map(_line, rows)]


def _line(cells: Iterable[object], *, plain: bool = False) -> str:
    return "| " + " | ".join(str(cell) if plain else literal(cell) for cell in cells) + " |"


def literal(cell: object) -> str:
    """The text of the cell so that no Markdown, HTML, mention or link comes of it."""
    line = " ".join(str(cell).split())
    return _SPECIAL.sub(lambda found: _ENTITIES.get(found[0]) or "\\" + found[0], line)
