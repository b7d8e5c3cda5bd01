"""The first page: what was asked, the answer in one sentence, and the findings by severity and origin."""

from collections import Counter
from collections.abc import Iterator

from sekisho.report.view import SYMBOLS, headline, origins

from .blocks import (
    Block,
    Cell,
    Column,
    Facts,
    Heading,
    Span,
    Tone,
    cell,
    line,
    paragraph,
    span,
    table,
)
from .brief import SEVERITIES, Brief


def summary(brief: Brief) -> Iterator[Block]:
    """The question, the answer, then one row a severity and one row an origin."""
    document, t = brief.document, brief.words.text
    yield Heading(1, t["answer_title"], "answer")
    yield paragraph(_question(brief), manner="note")
    yield paragraph(answer(brief), manner="lead")
    for sentence in headline(document, brief.words.words):
        yield paragraph(sentence, manner="also")
    if document["coverage"]["unseen_interfaces"]:
        yield paragraph(t["population_open"], manner="also")
    yield _about(brief)
    yield Heading(1, t["matrix_title"], "matrix")
    yield paragraph(t["matrix_note"], manner="note")
    yield _severities(brief)
    yield _verdicts(brief)
    yield Facts(
        tuple((f"{SYMBOLS[v]} {w.verdicts[v]}", cell(w.meanings[v])) for w in (brief.words.words,) for v in SYMBOLS)
    )


def answer(brief: Brief) -> str:
    """The whole result in one sentence: what is open from outside, what is undecided."""
    words, t = brief.words, brief.words.text
    rows = brief.document["verdicts"]
    addresses = {(r["interface"], r["address"]) for r in rows}
    opened = {(r["interface"], r["address"]) for r in rows if r["verdict"] in {"reachable", "forward-only"}}
    undecided = {(r["interface"], r["address"]) for r in rows if r["verdict"] == "unknown"} - opened
    if not addresses:
        return words.words.text["lead_none"]
    if not opened and not undecided:
        return t["answer_closed"].format(total=f"{len(addresses):,}")
    worst = Counter(f["severity"] for f in brief.findings if f["id"] not in brief.accepted)
    told = t["listed"].join(f"{words.severities[s]} {worst[s]:,}" for s in SEVERITIES if worst[s])
    return t["answer_open"].format(
        opened=f"{len(opened):,}",
        total=f"{len(addresses):,}",
        undecided=t["answer_undecided"].format(f"{len(undecided):,}") if undecided else "",
        findings=t["answer_findings"].format(told) if told else t["answer_no_findings"],
    )


def _question(brief: Brief) -> str:
    scope, words = brief.document["scope"], brief.words
    target = words.words.text["target_all"] if scope["target"] == "all" else scope["target"]
    listed = words.text["listed"].join(words.words.origins[o].heading for o in scope["origins"])
    return words.text["question"].format(target=target, origins=listed)


def _about(brief: Brief) -> Facts:
    document, w, t = brief.document, brief.words.words.text, brief.words.text
    run, scope = document["run"], document["scope"]
    return Facts(
        (
            (w["collected"], cell(brief.collected())),
            (w["accounts"], cell(", ".join(scope["accounts"]) or w["not_known"])),
            (w["regions"], cell(", ".join(scope["regions"]) or w["not_known"])),
            (t["kind"], cell(t[f"kind_{brief.kind}"])),
            (w["tool"], cell(f"{run['tool']} {run['version']} · {w['semantics']} {run['semantics']}")),
            (w["digest"], cell(span(run["input_digest"], "code"))),
        )
    )


def _severities(brief: Brief) -> Block:
    words, t = brief.words, brief.words.text
    counts = Counter((f["severity"], f["origin"]) for f in brief.findings)
    columns = _origins(brief)
    heads = [Column(t["severity"], 1.4), *(Column(words.words.origins[o].heading, number=True) for o in columns)]
    rows = []
    for severity in SEVERITIES:
        every = [counts[severity, o] for o in columns]
        tone: Tone = severity  # type: ignore[assignment]
        rows.append([cell(span(words.severities[severity], tone)), *map(_number, every), _number(sum(every))])
    totals = [sum(counts[s, o] for s in SEVERITIES) for o in columns]
    rows.append([cell(span(t["total"], "strong")), *map(_number, totals), _number(sum(totals))])
    return table([*heads, Column(t["total"], number=True)], rows, t["findings_by"])


def _verdicts(brief: Brief) -> Block:
    words, t = brief.words, brief.words.text
    tally = brief.document["summary"]["verdicts"]
    columns = [o for o in _origins(brief) if o in tally]
    heads = [Column(t["verdict"], 1.4), *(Column(words.words.origins[o].heading, number=True) for o in columns)]
    rows = [
        [
            cell(Span(f"{SYMBOLS[v]} {words.words.verdicts[v]}", v)),  # type: ignore[arg-type]
            *(_number(tally[o].get(v, 0)) for o in columns),
        ]
        for v in SYMBOLS
    ]
    return table(heads, rows, t["verdicts_by"])


def _origins(brief: Brief) -> list[str]:
    """Those that some row is about, in their customary order; all that were asked for where there is no row."""
    return list(origins(brief.document)) or list(brief.document["scope"]["origins"])


def _number(number: int) -> Cell:
    return (line(span(f"{number:,}", "" if number else "soft")),)
