"""What the answer rests on: scope, population, what was not assessed and why, assumptions, and the map."""

from collections import Counter
from collections.abc import Iterator

from .blocks import Block, Cell, Column, Heading, Items, cell, codes, paragraph, span, table
from .brief import Brief
from .map import DRAWN, maps

_LISTED = 200
_STATUSES = ("failed", "incomplete", "not-read", "assumed-absent", "read")


def coverage(brief: Brief) -> Iterator[Block]:
    """Population with its counts, gaps, calls, then the map of what was found."""
    document, w, t = brief.document, brief.words.words, brief.words.text
    found = document["coverage"]
    yield Heading(1, t["coverage_title"], "coverage")
    yield paragraph(w.text["coverage_note"], manner="note")
    yield table(
        [
            w.text["account"],
            w.text["region"],
            *(Column(w.text[key], number=True) for key in ("in_snapshot", "in_scope", "addresses", "rows")),
        ],
        [
            [
                cell(span(p["account"] or w.text["not_known"], "code")),
                cell(p["region"] or w.text["not_known"]),
                *(cell(f"{p[key]:,}") for key in ("interfaces", "interfaces_in_scope", "addresses_in_scope", "rows")),
            ]
            for p in found["population"]
        ],
        t["population"],
    )
    yield Heading(2, t["not_assessed"], "not-assessed")
    gaps = [*(cell(gap) for gap in found["unseen_interfaces"]), *_unread(brief)]
    yield Items(tuple(gaps[:_LISTED])) if gaps else paragraph(t["nothing_left_out"])
    if found["unmodelled"]:
        yield paragraph(w.text["unmodelled"], manner="label")
        yield Items(tuple(cell((span(u["component"], "code"), span(f" {u['detail']}"))) for u in found["unmodelled"]))
    if found["issues"]:
        yield paragraph(w.text["issues"], manner="label")
        yield Items(
            tuple(
                cell(
                    (
                        span(f"{i['file']} {i['pointer']}".strip(), "code"),
                        span(f" {i['what']} {i['effect']}", longest=400),
                    )
                )
                for i in found["issues"][:_LISTED]
            )
        )
    yield from _assumptions(brief)
    yield from _missing(brief)
    yield from _calls(brief)
    yield from _map(brief)


def _unread(brief: Brief) -> Iterator[Cell]:
    words = brief.words
    for call in brief.document["coverage"]["calls"]:
        if call["status"] in {"failed", "incomplete", "not-read"}:
            place = " · ".join(filter(None, [call["account"], call["region"]]))
            status = words.words.call_statuses[call["status"]]
            yield cell((span(call["call"].split(":")[-1], "code"), span(f" {place}: {status} {call['why']}".rstrip())))


def _assumptions(brief: Brief) -> Iterator[Block]:
    """Everything that some answer takes for granted, with the number of answers that do."""
    w, t = brief.words.words, brief.words.text
    yield Heading(2, t["assumptions_title"], "assumptions")
    used = Counter(row["answer"] for row in brief.document["verdicts"])
    said: Counter[tuple[str, str]] = Counter()
    for key, answer in brief.document["answers"].items():
        for kind in ("assumptions", "reasons", "relies_on_absent"):
            for sentence in answer[kind]:
                said[kind, sentence] += used[key]
    if not said:
        yield paragraph(t["no_assumptions"])
        return
    labels = {kind: w.text[kind] for kind in ("assumptions", "reasons", "relies_on_absent")}
    yield table(
        [Column(t["what_kind"], 1.3), Column(t["sentence"], 3.5), Column(w.text["rows"], 0.8, number=True)],
        [
            [cell(labels[kind]), cell(span(sentence, longest=400)), cell(f"{number:,}")]
            for (kind, sentence), number in sorted(said.items())[:_LISTED]
        ],
    )


def _missing(brief: Brief) -> Iterator[Block]:
    """One row a VPC: the origins that it has no way of, and why."""
    words, t = brief.words, brief.words.text
    by_vpc: dict[tuple[str, str], list[str]] = {}
    for gap in brief.document["coverage"]["missing_origins"]:
        by_vpc.setdefault((gap["vpc"], gap["reason"]), []).append(words.words.origins[gap["origin"]].heading)
    if not by_vpc:
        return
    yield table(
        ["VPC", Column(t["origins"], 1.6), Column(t["why"], 2)],
        [
            [cell(span(vpc, "code")), cell(t["listed"].join(names)), cell(words.reason(reason))]
            for (vpc, reason), names in list(by_vpc.items())[:_LISTED]
        ],
        words.words.text["missing_origins"],
    )


def _calls(brief: Brief) -> Iterator[Block]:
    """Calls by status and scope: how many, how many records, and which."""
    w, t = brief.words.words, brief.words.text
    groups: dict[tuple[str, str, str], list[str]] = {}
    records: Counter[tuple[str, str, str]] = Counter()
    for call in brief.document["coverage"]["calls"]:
        key = (call["status"], call["account"] or "", call["region"] or "")
        groups.setdefault(key, []).append(call["call"].split(":")[-1])
        records[key] += call["records"]
    ordered = sorted(groups, key=lambda k: (_STATUSES.index(k[0]), k))
    yield table(
        [
            w.text["status"],
            Column(t["where"], 1.1),
            Column(w.text["call"], 5),
            Column(w.text["records"], 0.6, number=True),
        ],
        [
            [
                cell(w.call_statuses[key[0]]),
                cell(span(key[1], "code"), key[2]),
                cell(span(", ".join(sorted(groups[key])), "soft", longest=2000)),
                cell(f"{records[key]:,}"),
            ]
            for key in ordered[:_LISTED]
        ],
        w.text["calls"],
    )


def _map(brief: Brief) -> Iterator[Block]:
    t = brief.words.text
    drawn = maps(brief.document, brief.estate, brief.words)
    if not drawn:
        return
    yield Heading(2, t["map_title"], "map")
    yield paragraph(t["map_note"], manner="note")
    vpcs = len(brief.estate["vpcs"])
    if vpcs > DRAWN:
        yield paragraph(t["map_cut"].format(DRAWN, vpcs), manner="note")
    yield from drawn
    links = brief.estate["links"]
    if links:
        names = {vpc["id"]: vpc["name"] or vpc["id"] for vpc in brief.estate["vpcs"]}
        yield table(
            [t["connection"], t["what_kind"], t["state"], Column(t["ends"], 2)],
            [
                [
                    cell(span(link["id"], "code")),
                    cell(brief.words.kinds.get(link["kind"], link["kind"])),
                    cell(link["state"] or ""),
                    codes([names.get(end, end) for end in link["ends"]], 6),
                ]
                for link in links[:_LISTED]
            ],
            t["connections"],
        )
