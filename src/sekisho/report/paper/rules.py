"""Findings by rule with the instances that failed, what passed, and the exceptions someone answers for."""

from collections.abc import Iterator

from sekisho.findings.finding import FindingType
from sekisho.findings.wording import rule
from sekisho.report.parts import Document
from sekisho.report.view import SYMBOLS, lines, origins

from .blocks import Block, Cell, Column, Heading, Line, Row, Span, Table, anchor, cell, paragraph, span, table
from .brief import Brief
from .titles import opening


def findings(brief: Brief) -> Iterator[Block]:
    """The rules, each with `Failed N`: the number of instances with a finding; then every finding under its rule."""
    t = brief.words.text
    yield Heading(1, t["rules_title"], "rules")
    yield paragraph(t["rules_note"], manner="note")
    if not brief.findings:
        yield paragraph(brief.words.words.text["no_findings"])
        return
    by_rule: dict[str, list[Document]] = {}
    for finding in brief.findings:
        by_rule.setdefault(finding["rule"], []).append(finding)
    yield table(
        [
            Column(t["rule"], 3),
            Column(t["worst"], 1),
            Column(t["failed"], 0.8, number=True),
            Column(t["findings"], 0.8, number=True),
        ],
        [
            [
                cell(Span(name, link=f"rule-{number}")),
                cell(span(brief.words.severities[found[0]["severity"]], found[0]["severity"])),
                cell(f"{len({f['instance'] for f in found}):,}"),
                cell(f"{len(found):,}"),
            ]
            for number, (name, found) in enumerate(by_rule.items(), 1)
        ],
        t["rules_caption"],
    )
    for number, (name, found) in enumerate(by_rule.items(), 1):
        failed = len({f["instance"] for f in found})
        yield Heading(2, name, f"rule-{number}")
        yield paragraph(brief.words.rules[found[0]["type"]], manner="note")
        yield paragraph(t["failed_n"].format(f"{failed:,}"), manner="label")
        yield Table(
            (
                Column(t["severity"], 0.9),
                Column(t["what_is_open"], 1.5),
                Column(t["instances"], 2.6),
                Column(t["through"], 1.6),
                Column(t["senders"], 1),
            ),
            tuple(_opening(same, brief) for same in _alike(found, brief)),
            filterable=True,
        )


def _alike(found: list[Document], brief: Brief) -> Iterator[list[Document]]:
    """The findings that differ in nothing but the instance, together; in the order of the first."""
    groups: dict[tuple[object, ...], list[Document]] = {}
    for f in found:
        listener = f["process"] and f["process"]["name"]
        key = (
            f["severity"],
            opening(f, brief),
            *f["via"],
            *f["security_groups"],
            f["network_acl"],
            f["width"],
            listener,
        )
        groups.setdefault((*key, f["id"] in brief.accepted), []).append(f)
    yield from groups.values()


def _opening(same: list[Document], brief: Brief) -> Row:
    t, w, first = brief.words.text, brief.words.words, same[0]
    severity: Cell = cell(span(brief.words.severities[first["severity"]], first["severity"]))
    if first["id"] in brief.accepted:
        severity = (*severity, (span(t["accepted"], "strong"),))
    process = first["process"]
    listener = span(t["listener"].format(process["name"] or process["pid"] or ""), "soft") if process else None
    through = [*first["via"], *first["security_groups"], *([first["network_acl"]] if first["network_acl"] else [])]
    return Row(
        (
            severity,
            cell(span(opening(first, brief)), listener),
            tuple(_instance(f, brief) for f in same),
            cell(*(span(name, "code") for name in through[:5])),
            cell(w.senders(first["width"])),
        )
    )


def _instance(finding: Document, brief: Brief) -> Line:
    name = span(f"{brief.name_of(finding['interface'])} ", longest=40)
    return (name, Span(finding["instance"], "code", f"i-{_sheet(finding, brief)}"))


def _sheet(finding: Document, brief: Brief) -> str:
    """The anchor of the sheet that the finding's interface is on."""
    return anchor(brief.sheet_of.get(finding["interface"], finding["interface"]))


def passed(brief: Brief) -> Iterator[Block]:
    """What was checked and is closed: by origin, and in the full report row by row, with everything else."""
    w, t = brief.words.words, brief.words.text
    yield Heading(1, t["passed_title"], "passed")
    yield paragraph(t["passed_note"], manner="note")
    rows = [r for r in brief.document["verdicts"] if r["verdict"] == "unreachable"]
    names = origins(brief.document)
    if not names:
        yield paragraph(w.text["lead_none"])
        return
    found = []
    for origin in names:
        of = [r for r in brief.document["verdicts"] if r["origin"] == origin]
        closed = [r for r in rows if r["origin"] == origin]
        depths = [r["depth"] for r in closed if r["depth"]]
        single = sum(depth == 1 for depth in depths)
        found.append(
            [
                cell(w.origins[origin].heading),
                cell(f"{len(closed):,} / {len(of):,}"),
                cell(f"{single:,}"),
                cell(f"{min(depths, default=0) or '-'}"),
            ]
        )
    yield table(
        [
            Column(t["origin"], 1.6),
            Column(t["closed_of"], number=True),
            Column(t["one_layer"], 1.4, number=True),
            Column(t["least_depth"], number=True),
        ],
        found,
        t["passed_caption"],
    )
    clean = list(_clean(brief, names))
    if clean:
        yield table([Column(t["rule"], 4), t["result"]], clean, t["passed_rules"])
    if brief.kind == "full":
        yield Heading(2, t["every_check"], "every-check")
        yield paragraph(w.text["verdicts_note"], manner="note")
        yield _matrix(brief)


def _clean(brief: Brief, names: tuple[str, ...]) -> Iterator[tuple[Cell, Cell]]:
    """The rules without a finding. One is not passed while an instance is undecided from its origin."""
    t = brief.words.text
    failing = {finding["rule"] for finding in brief.findings}
    undecided = {r["origin"] for r in brief.document["verdicts"] if r["verdict"] == "unknown" and r["instance"]}
    for origin in names:
        for kind in (FindingType.RECOGNIZED_PORT_NO_AGENT, FindingType.NETWORK_EXPOSURE):
            name = rule(kind, origin)  # type: ignore[arg-type]
            if name not in failing:
                open_question = origin in undecided
                result = (
                    Span(t["undecided_rule"], "unknown") if open_question else Span(t["passed_rule"], "unreachable")
                )
                yield cell(name), cell(result)


def _matrix(brief: Brief) -> Table:
    """One row an address, one column an origin."""
    w = brief.words.words
    columns = origins(brief.document)
    rows = []
    for found in lines(brief.document, w):
        cells = [
            cell(
                span(found.name, longest=60),
                Span(found.interface, "code", f"i-{anchor(brief.sheet_of.get(found.interface, found.interface))}"),
            ),
            cell(
                span(found.address, "code"),
                span(f"{w.text['public']} {found.public_address}", "soft") if found.public_address else None,
            ),
        ]
        for one in found.cells:
            if one is None:
                cells.append(cell(span(w.text["no_way"], "soft")))
                continue
            told = [span(f"{d.what} {d.breadth}".strip(), longest=200) for d in one.details]
            cells.append(cell(Span(f"{SYMBOLS[one.verdict]} {one.word}", one.verdict, anchor(one.answer)), *told))  # type: ignore[arg-type]
        rows.append(Row(tuple(cells)))
    heads = (
        Column(w.text["interface"], 1.5),
        Column(w.text["address"], 1.2),
        *(Column(w.origins[o].heading) for o in columns),
    )
    return Table(heads, tuple(rows), filterable=True)


def accepted(brief: Brief) -> Iterator[Block]:
    """Every exception with its owner, reason and expiry, and whether it is in force and covers anything."""
    t = brief.words.text
    yield Heading(1, t["exceptions_title"], "exceptions")
    yield paragraph(t["exceptions_note"], manner="note")
    if not brief.acceptances:
        yield paragraph(t["no_exceptions"])
        return
    yield table(
        [Column(t["covers"], 2), t["owner"], Column(t["reason"], 2), t["expires"], Column(t["status"], 1.1)],
        [
            [
                cell(span(" · ".join(f"{k}={v}" for k, v in one.acceptance.matches), "code", longest=300)),
                cell(
                    one.acceptance.owner,
                    span(t["approved_by"].format(one.acceptance.approver), "soft") if one.acceptance.approver else None,
                ),
                cell(
                    span(one.acceptance.reason, longest=600),
                    span(one.acceptance.ticket, "code") if one.acceptance.ticket else None,
                ),
                cell(one.acceptance.expires),
                cell(
                    Span(t["in_force"], "unreachable") if one.in_force else Span(t["expired"], "reachable"),
                    span(t["covers_n"].format(f"{len(one.findings):,}") if one.findings else t["covers_none"], "soft"),
                ),
            ]
            for one in brief.acceptances
        ],
    )
