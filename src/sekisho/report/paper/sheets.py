"""One sheet an instance, and one for each other interface: what reaches it, with a picture of the way or the cut.

A report of very many answers has pictures of the first, and tells the ways of the others in words.
"""

from collections.abc import Iterator

from sekisho.report.parts import Document
from sekisho.report.view import SYMBOLS, far_side, flow_lines, opened

from .blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Heading,
    Items,
    Panel,
    Paragraph,
    Span,
    Tone,
    anchor,
    cell,
    codes,
    line,
    paragraph,
    span,
    table,
)
from .brief import Brief
from .titles import opening
from .way import picture

_FLOWS = 24
_SOURCES = 8
_PICTURES = 150


def sheets(brief: Brief) -> Iterator[Block]:
    """By account, Region and VPC. The `finding` report has the sheets where something is open or undecided."""
    w, t = brief.words.words, brief.words.text
    yield Heading(1, t["sheets_title"], "sheets")
    yield paragraph(t["sheets_note"], manner="note")
    groups = _groups(brief)
    shown = [g for g in groups if brief.kind == "full" or any(_matters(row) for row in g[2])]
    if len(shown) < len(groups):
        yield paragraph(t["sheets_left_out"].format(f"{len(groups) - len(shown):,}"))
    if not groups:
        yield paragraph(w.text["lead_none"])
    place = None
    seen: dict[str, str] = {}
    for interfaces, name, rows in shown:
        facts = brief.document["interfaces"].get(interfaces[0], {})
        here = (facts.get("account"), facts.get("region"), facts.get("vpc"))
        if here != place:
            place = here
            yield _place(facts, w.text["no_vpc"])
        yield from _sheet(brief, interfaces, name, rows, seen)


def _groups(brief: Brief) -> list[tuple[list[str], str, list[Document]]]:
    """Interfaces of one instance in one VPC together, else each alone; in the order of the first."""
    by_owner: dict[str, list[str]] = {}
    for interface in brief.rows_by_interface:
        by_owner.setdefault(brief.sheet_of.get(interface, interface), []).append(interface)
    found = [
        (interfaces, brief.name_of(interfaces[0]), [r for i in interfaces for r in brief.rows_by_interface[i]])
        for interfaces in by_owner.values()
    ]

    def order(group: tuple[list[str], str, list[Document]]) -> tuple[str, ...]:
        facts = brief.document["interfaces"].get(group[0][0], {})
        place = (str(facts.get(key) or "") for key in ("account", "region", "vpc"))
        return (*place, "" if facts.get("instance") else "~")

    return sorted(found, key=order)


def _matters(row: Document) -> bool:
    return bool(row["verdict"] != "unreachable")


def _place(facts: Document, nowhere: str) -> Paragraph:
    name = facts.get("vpc_name") or facts.get("vpc") or nowhere
    more = " · ".join(filter(None, [facts.get("vpc"), facts.get("account"), facts.get("region")]))
    return paragraph(span(name, "strong"), span(f"  {more}", "soft"), manner="label")


def _sheet(
    brief: Brief, interfaces: list[str], name: str, rows: list[Document], seen: dict[str, str]
) -> Iterator[Block]:
    yield Heading(2, span(name, longest=120).text, f"i-{anchor(brief.sheet_of.get(interfaces[0], interfaces[0]))}")
    for interface in interfaces:
        yield _facts(brief, interface)
    mine = [f for interface in interfaces for f in brief.findings_by_interface.get(interface, ())]
    if mine:
        yield Items(tuple(_openings(mine, brief)))
    for row in rows:
        yield from _row(brief, row, name, seen)


def _openings(findings: list[Document], brief: Brief) -> Iterator[Cell]:
    """One line a severity, origin and acceptance: the ports that are open so."""
    w, t = brief.words.words, brief.words.text
    grouped: dict[tuple[str, str, bool], dict[str, None]] = {}
    for finding in findings:
        key = (finding["severity"], finding["origin"], finding["id"] in brief.accepted)
        grouped.setdefault(key, {})[opening(finding, brief)] = None
    for (severity, origin, accepted), found in grouped.items():
        tone: Tone = severity  # type: ignore[assignment]
        yield cell(
            line(
                Span(brief.words.severities[severity], tone),
                span(f" {w.origins[origin].heading}{t['colon']}{t['listed'].join(found)}", longest=600),
                span(f" [{t['accepted']}]", "strong") if accepted else None,
            )
        )


def _facts(brief: Brief, interface: str) -> Facts:
    w, facts = brief.words.words.text, brief.document["interfaces"].get(interface, {})
    subnet = " · ".join(filter(None, [facts.get("subnet_name"), facts.get("subnet")]))
    state = facts.get("instance_state")
    known: list[tuple[str, Cell]] = [
        (w["interface"], cell(span(interface, "code"))),
        (w["instance"], cell(line(span(facts.get("instance") or "", "code"), f" {state}" if state else None))),
        (w["kind"], cell(facts.get("kind") or "")),
        (w["subnet"], cell(subnet)),
        (w["security_groups"], cell(span(", ".join(facts.get("security_groups", ())), "code", longest=400))),
        (w["network_acl"], cell(span(facts.get("network_acl") or "", "code"))),
        (w["route_table"], cell(span(facts.get("route_table") or "", "code"))),
        (w["description"], cell(facts.get("description") or "")),
    ]
    return Facts(tuple((key, value) for key, value in known if any(s.text.strip() for one in value for s in one)))


def _row(brief: Brief, row: Document, name: str, seen: dict[str, str]) -> Iterator[Block]:
    """The verdict of one address and origin; what is the same as before leads there."""
    w = brief.words.words
    answer, key = brief.document["answers"][row["answer"]], row["answer"]
    verdict = row["verdict"]
    public = f" ({w.text['public']} {row['public_address']})" if row["public_address"] else ""
    head = line(
        Span(f"{SYMBOLS[verdict]} {w.verdicts[verdict]}", verdict),
        span(f"  {w.origins[row['origin']].heading} → {row['address']}{public}"),
        span(f"  {w.text['depth'].format(w.count('layer', answer['depth']))}", "soft") if answer["depth"] else None,
    )
    if key in seen:
        same = span(w.text["same_as"].format(seen[key]), link=anchor(key))
        yield Panel(verdict, "", (Paragraph((*head, Span("  "), same)),))
        return
    seen[key] = f"{span(name, longest=60).text}, {row['address']}"
    yield Panel(verdict, anchor(key), (Paragraph(head), *_answer(brief, row, answer, seen)))


def _answer(brief: Brief, row: Document, answer: Document, seen: dict[str, str]) -> Iterator[Block]:
    w = brief.words.words
    if answer["flows"]:
        yield _flows(brief, answer)
    if answer["possible"]:
        yield paragraph(w.text["possible_sentence"].format(opened(answer["possible"], w)))
    way = brief.ways.get(row["answer"])
    if way is not None and len(seen) > _PICTURES:
        yield paragraph(brief.words.told_way(answer, way), manner="note")
    elif way is not None:
        yield picture(answer, way, row["origin"], row["interface"], brief.words)
    if answer["barriers"]:
        yield Items(tuple(_barrier(b, brief) for b in answer["barriers"]), ordered=True)
    for kind in ("reasons", "assumptions"):
        if answer[kind]:
            yield paragraph(w.text[kind], manner="label")
            yield Items(tuple(cell(span(sentence, longest=400)) for sentence in answer[kind]))
    if answer["relies_on_absent"]:
        yield paragraph(w.text["taken_as_absent"].format(", ".join(answer["relies_on_absent"])), manner="note")
    if answer["latent"] and answer["latent"] != answer["verdict"]:
        yield paragraph(w.text["latent"].format(w.verdicts[answer["latent"]]))


def _flows(brief: Brief, answer: Document) -> Block:
    w = brief.words.words
    lines = flow_lines(answer, w)
    rows = []
    for found, flow in list(zip(lines, answer["flows"], strict=True))[:_FLOWS]:
        more = [span(f"({part})", "soft") for part in found.more]
        who: list[object] = [w.senders(found.width)]
        far = far_side(flow)
        if found.width != "world":
            who += [(span(name, "code"),) for name in far[:_SOURCES]]
            who += [span(f"+{len(far) - _SOURCES:,}", "soft")] if len(far) > _SOURCES else []
        rows.append(
            [cell(found.protocol), cell(span(found.ports, longest=300), *more), cell(*who), codes(found.via, 6)]
        )
    rest = len(lines) - _FLOWS
    heads: list[Column | str] = [
        Column(w.text["protocol"], 0.7),
        w.text["ports"],
        Column(w.text["who"], 1.4),
        Column(w.text["through"], 1.7),
    ]
    return table(heads, rows, w.count("more", rest) if rest > 0 else "")


def _barrier(barrier: Document, brief: Brief) -> Cell:
    w = brief.words.words
    known = barrier["component"] in barrier["detail"]
    detail = barrier["detail"] if known else f"{barrier['component']}: {barrier['detail']}"
    return cell(
        line(span(w.barrier(barrier["code"], barrier["direction"])), span(f"  {barrier['code']}", "soft")),
        span(detail, longest=400),
        *(
            line(
                span(f"{w.text['evidence']} ", "soft"), span(f"{place['file']} {place['pointer']}", "code", longest=300)
            )
            for place in barrier["evidence"][:4]
        ),
    )
