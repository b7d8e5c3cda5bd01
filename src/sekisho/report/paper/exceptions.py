"""Accepted exceptions: which findings someone answers for, why, and until when."""

import re
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sekisho.errors import QueryError
from sekisho.report.parts import Document

MATCHED = ("id", "instance", "interface", "security_group", "origin", "protocol", "port", "service", "rule")
_TOLD = ("owner", "reason", "expires", "approver", "ticket")
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}\Z")


class Acceptance(NamedTuple):
    """One exception as it was written. `matches` are members of a finding, all of which have to agree."""

    matches: tuple[tuple[str, str], ...]
    owner: str
    reason: str
    expires: str
    approver: str
    ticket: str

    def applied(self, findings: Iterable[Document], day: str | None) -> "Accepted":
        """The exception at that day; it holds on the day of its expiry, and without a day not at all."""
        covered = tuple(f["id"] for f in findings if all(_agrees(f, key, value) for key, value in self.matches))
        return Accepted(self, covered, day is not None and day <= self.expires)


class Accepted(NamedTuple):
    acceptance: Acceptance
    findings: tuple[str, ...]
    in_force: bool


def read_exceptions(written: object, name: str) -> tuple[Acceptance, ...]:
    """The exceptions of a decoded file, in its order. QueryError where one cannot be used, with its number."""
    entries = written.get("exceptions") if isinstance(written, Mapping) else written
    if not isinstance(entries, list):
        raise QueryError(f"{name}: no list under `exceptions`")
    return tuple(_acceptance(entry, f"{name}: exception {number}") for number, entry in enumerate(entries, 1))


def _acceptance(entry: object, place: str) -> Acceptance:
    if not isinstance(entry, Mapping):
        raise QueryError(f"{place} is no mapping")
    match = entry.get("match")
    if not isinstance(match, Mapping) or not match:
        raise QueryError(f"{place} has no `match`: name at least one of {', '.join(MATCHED)}")
    strange = next((key for key in match if key not in MATCHED), None)
    if strange is not None:
        raise QueryError(f"{place} matches by `{strange}`: use {', '.join(MATCHED)}")
    deep = next((key for key, value in [*match.items(), *entry.items()] if not _is_plain(key, value)), None)
    if deep is not None:
        raise QueryError(f"{place}: `{deep}` is no single value")
    lacking = next((key for key in _TOLD[:3] if not str(entry.get(key) or "").strip()), None)
    if lacking:
        raise QueryError(f"{place} has no `{lacking}`")
    told = {key: str(entry.get(key) or "").strip() for key in _TOLD}
    if not _DAY.match(told["expires"]):
        raise QueryError(f"{place} expires on `{told['expires']}`: write YYYY-MM-DD")
    return Acceptance(tuple((str(key), str(value)) for key, value in match.items()), **told)


def _is_plain(key: object, value: object) -> bool:
    """Whether the value is one text or number: what is nested may be too large to be written out."""
    return key == "match" or value is None or isinstance(value, str | int)


def _agrees(finding: Document, key: str, value: str) -> bool:
    if key == "security_group":
        return value in finding["security_groups"]
    return finding.get(key) is not None and str(finding[key]) == value
