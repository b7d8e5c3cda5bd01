"""What changed since an earlier assessment: findings by id, verdicts by address and origin."""

from collections.abc import Iterator, Mapping
from typing import Literal

import msgspec

from sekisho.engine.answer import Origin
from sekisho.report.parts import Document

from .blocks import Block, Cell, Column, Heading, Span, cell, paragraph, span, table
from .brief import Brief
from .titles import title

_LISTED = 500
Key = tuple[str | None, str | None, str, str, str]


def changes(brief: Brief) -> Iterator[Block]:
    """New and gone findings, then rows whose verdict or flows are others; or that nothing was given to compare with."""
    t, before = brief.words.text, brief.previous
    yield Heading(1, t["changes_title"], "changes")
    if before is None:
        yield paragraph(t["no_previous"])
        return
    now, run = brief.document, before["run"]
    then = run["collected_at"]
    yield paragraph(
        t["compared_with"].format(brief.moment(then["latest"]) if then else brief.words.words.text["not_known"]),
        span(run["input_digest"], "code"),
        manner="note",
    )
    if run["semantics"] != now["run"]["semantics"]:
        yield paragraph(t["other_semantics"].format(run["semantics"], now["run"]["semantics"]))
    old, new = ({f["id"]: f for f in document["findings"]} for document in (before, now))
    opened, closed = ([f for key, f in one.items() if key not in other] for one, other in ((new, old), (old, new)))
    rows = list(_changed(before, now, brief))
    if not (opened or closed or rows):
        yield paragraph(t["no_changes"])
        return
    yield paragraph(
        t["changed"].format(
            f"{len(opened):,}", f"{len(closed):,}", f"{len(old.keys() & new.keys()):,}", f"{len(rows):,}"
        )
    )
    yield from _findings(t["new_findings"], opened, brief)
    yield from _findings(t["gone_findings"], closed, brief)
    if rows:
        yield table([t["address"], t["origin"], t["before"], t["now"]], rows[:_LISTED], t["changed_rows"])


def _findings(caption: str, found: list[Document], brief: Brief) -> Iterator[Block]:
    if found:
        t = brief.words.text
        rows = [
            [cell(span(brief.words.severities[f["severity"]], f["severity"])), cell(title(f, brief))]
            for f in found[:_LISTED]
        ]
        yield table([t["severity"], Column(t["finding"], 5)], rows, caption)


def _changed(before: Document, now: Document, brief: Brief) -> Iterator[tuple[Cell, ...]]:
    old, new = _rows(before), _rows(now)
    words, t = brief.words.words, brief.words.text
    for key in sorted({*old, *new}, key=lambda k: tuple(part or "" for part in k)):
        was, is_now = old.get(key), new.get(key)
        if was == is_now:
            continue
        where = cell(f"{brief.name_of(key[2])} {key[3]}", span(key[2], "code"))
        origin = cell(words.origins[key[4]].heading)
        yield (
            where,
            origin,
            *(cell(_said(found, was, is_now, brief) if found else t["not_there"]) for found in (was, is_now)),
        )


def _said(found: "_State", was: "_State | None", is_now: "_State | None", brief: Brief) -> Span:
    verdict, flows = found
    same = was is not None and is_now is not None and was[0] == is_now[0]
    more = f" ({brief.words.text['flows'].format(len(flows))})" if same else ""
    return Span(brief.words.words.verdicts[verdict] + more, verdict)  # type: ignore[arg-type]


_State = tuple[str, tuple[str, ...]]


def _rows(document: Document) -> Mapping[Key, _State]:
    flows = {key: tuple(map(str, answer["flows"])) for key, answer in document["answers"].items()}
    return {_key(row): (row["verdict"], flows[row["answer"]]) for row in document["verdicts"]}


def _key(row: Document) -> Key:
    return (row["account"], row["region"], row["interface"], row["address"], row["origin"])


class _Moments(msgspec.Struct):
    latest: str


class _Run(msgspec.Struct):
    input_digest: str
    semantics: str
    direction: Literal["ingress"]
    collected_at: _Moments | None


class _Answer(msgspec.Struct):
    flows: list[dict[str, object]]


class _Row(msgspec.Struct):
    account: str | None
    region: str | None
    interface: str
    address: str
    origin: Origin
    verdict: Literal["reachable", "forward-only", "unknown", "unreachable"]
    answer: str


class _Finding(msgspec.Struct):
    id: str
    severity: Literal["High", "Medium", "Low", "Informational"]
    instance: str
    interface: str
    origin: Origin
    protocol: str | None
    port: int | None
    service: str | None
    reply: bool
    tcp_ports: list[str]
    udp_ports: list[str]


class _Earlier(msgspec.Struct):
    """As much of an assessment as is compared."""

    schema: Literal["sekisho.assessment/1"]
    run: _Run
    answers: dict[str, _Answer]
    verdicts: list[_Row]
    findings: list[_Finding]


def comparable(document: object) -> bool:
    """Whether the document is an assessment of what comes in, whole enough to be compared with."""
    try:
        earlier = msgspec.convert(document, _Earlier)
    except msgspec.ValidationError:
        return False
    return all(row.answer in earlier.answers for row in earlier.verdicts)
