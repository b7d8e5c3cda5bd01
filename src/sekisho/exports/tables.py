"""Findings and verdicts as CSV (RFC 4180), and the columns that the workbook shares with it."""

import csv
from collections.abc import Callable, Iterable, Iterator
from io import StringIO
from typing import Any

from . import facts

Cell = str | int | None
Column = tuple[str, Callable[[Any], Cell]]
#: A cell that starts with one of these is taken for a formula by spreadsheets (OWASP, CSV Injection).
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")


def _member(name: str) -> Column:
    return name, lambda record: record[name]


def _joined(name: str) -> Column:
    return name, lambda record: " ".join(str(value) for value in record[name])


FINDINGS: tuple[Column, ...] = (
    *map(_member, ("id", "severity", "type", "rule", "title", "account", "region", "instance", "interface")),
    _joined("addresses"),
    *map(_member, ("vpc", "origin")),
    _joined("via"),
    *map(_member, ("protocol", "port", "service")),
    _joined("tcp_ports"),
    _joined("udp_ports"),
    _joined("security_groups"),
    _member("network_acl"),
    _joined("sources"),
    ("width", lambda finding: str(finding["width"])),
    *map(_member, ("description", "recommendation")),
)

VERDICTS: tuple[str, ...] = (
    *("account", "region", "instance", "instance_name", "interface", "kind", "address", "public_address", "family"),
    *("vpc", "subnet", "origin", "verdict", "depth", "why"),
)


def findings(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """A line of names, then a line for each finding."""
    return _csv([name for name, _ in FINDINGS], finding_rows(document))


def verdicts(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """A line of names, then a line for each interface address and origin: what was proven, too."""
    return _csv(VERDICTS, verdict_rows(document))


def finding_rows(document: Any) -> Iterator[list[Cell]]:  # noqa: ANN401 - a JSON document
    for finding in document["findings"]:
        yield [cell(finding) for _, cell in FINDINGS]


def verdict_rows(document: Any) -> Iterator[list[Cell]]:  # noqa: ANN401 - a JSON document
    reasons: dict[str, str] = {}
    for row in document["verdicts"]:
        if row["answer"] not in reasons:
            reasons[row["answer"]] = facts.why(document, row)
        about = {**document["interfaces"][row["interface"]], **row, "why": reasons[row["answer"]]}
        yield [about[name] for name in VERDICTS]


def harmless(cell: Cell) -> Cell:
    """The cell so that no spreadsheet runs it: an apostrophe before what looks like a formula."""
    return "'" + cell if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def _csv(names: Iterable[str], rows: Iterable[list[Cell]]) -> str:
    out = StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(names)
    writer.writerows([harmless(cell) for cell in row] for row in rows)
    return out.getvalue()
