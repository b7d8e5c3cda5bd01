"""The last chapters: method and limits, controls, the appendix, and the block to be signed."""

import json
from collections.abc import Iterator
from functools import cache
from importlib.resources import files

from sekisho.findings.services import SERVICES
from sekisho.report.parts import Document, ports

from .blocks import Block, Cell, Column, Heading, Items, Signatures, Tone, cell, paragraph, span, table
from .brief import SEVERITIES, Brief

FRAMEWORKS = ("pci-dss", "iso-27001", "soc-2", "cis-aws-3", "cis-aws-5", "nist-800-53", "ismap", "fisc")
_LISTED = 400


def method(brief: Brief) -> Iterator[Block]:
    """How the answers are found, and what they do not say."""
    w, t = brief.words.words, brief.words.text
    yield Heading(1, t["method_title"], "method")
    for sentence in brief.words.method:
        yield paragraph(sentence.format(semantics=brief.document["run"]["semantics"]))
    yield paragraph(w.text["proven"], manner="label")
    yield Items(tuple(cell(sentence) for sentence in w.proven))
    yield paragraph(w.text["not_proven"], manner="label")
    yield Items(tuple(cell(sentence) for sentence in w.not_proven))


def controls(brief: Brief) -> Iterator[Block]:
    """By framework: the control, our own words for what it asks, and what this report contributes to it."""
    t, language = brief.words.text, brief.words.language
    yield Heading(1, t["controls_title"], "controls")
    yield paragraph(t["controls_note"], manner="note")
    for name in FRAMEWORKS:
        framework = _framework(name)
        yield Heading(2, f"{framework['name']} {framework['version']}".strip(), f"controls-{name}")
        if framework["to_be_confirmed"]:
            yield paragraph(t["to_be_confirmed"], manner="label")
        if framework.get("note"):
            yield paragraph(framework["note"][language], manner="note")
        yield table(
            [Column(t["control"], 0.8), Column(t["asks"], 2.2), Column(t["contributes"], 2.6)],
            [
                [
                    cell(span(control["number"], "strong")),
                    cell(span(control[language], longest=600)),
                    cell(
                        *(
                            span(_evidence(brief, part), link=_CHAPTERS[part], longest=300)
                            for part in control["shown_by"]
                        )
                    ),
                ]
                for control in framework["controls"]
            ],
        )


_CHAPTERS = {
    "ingress": "matrix",
    "paths": "sheets",
    "coverage": "coverage",
    "map": "coverage",
    "changes": "changes",
    "exceptions": "exceptions",
    "findings": "rules",
    "passed": "passed",
    "digest": "inputs",
    "sign-off": "sign-off",
    "ports": "rules",
}


@cache
def _framework(name: str) -> Document:
    data: Document = json.loads((files("sekisho.report.paper") / "controls" / f"{name}.json").read_text("utf-8"))
    return data


def _evidence(brief: Brief, part: str) -> str:
    """The chapter that a control is shown by, with the figures of this run."""
    rows = brief.document["verdicts"]
    closed = sum(row["verdict"] == "unreachable" for row in rows)
    serious = sum(f["severity"] in {"High", "Medium"} for f in brief.findings)
    return brief.words.contributions[part].format(
        closed=f"{closed:,}",
        rows=f"{len(rows):,}",
        findings=f"{len(brief.findings):,}",
        serious=f"{serious:,}",
        interfaces=f"{brief.document['summary']['interfaces']:,}",
        exceptions=f"{len(brief.acceptances):,}",
    )


def appendix(brief: Brief) -> Iterator[Block]:
    """Ports and severities of the rules, then the digest of every file that was read."""
    t, words = brief.words.text, brief.words
    yield Heading(1, t["appendix_title"], "appendix")
    yield Heading(2, t["ports_title"], "ports")
    yield paragraph(t["ports_note"], manner="note")
    yield table(
        [Column(t["service"], 1.6), "TCP", "UDP", t["from_internet"], t["from_elsewhere"]],
        [
            [
                cell(service.name),
                cell(", ".join(ports((p, p) for p in service.tcp)) or "-"),
                cell(", ".join(ports((p, p) for p in service.udp)) or "-"),
                _severity(service.internet.value, brief),
                _severity(service.elsewhere.value, brief),
            ]
            for service in SERVICES
        ],
    )
    yield Heading(2, t["severities_title"], "severities")
    yield table(
        [t["severity"], Column(t["meaning"], 4)],
        [[_severity(s, brief), cell(words.severity_meanings[s])] for s in SEVERITIES],
    )
    yield Heading(2, t["inputs_title"], "inputs")
    yield paragraph(t["inputs_note"], span(brief.document["run"]["input_digest"], "code"), manner="note")
    if brief.inputs:
        yield table(
            [Column(t["file"], 1.9), Column("SHA-256", 2.6), Column(t["bytes"], 0.5, number=True)],
            [
                [cell(span(i["file"], "code", longest=300)), cell(span(i["sha256"], "code")), cell(f"{i['bytes']:,}")]
                for i in brief.inputs[:_LISTED]
            ],
        )
    if len(brief.inputs) > _LISTED:
        yield paragraph(t["more_files"].format(f"{len(brief.inputs) - _LISTED:,}"), manner="note")


def _severity(name: str, brief: Brief) -> Cell:
    tone: Tone = name  # type: ignore[assignment]
    return cell(span(brief.words.severities[name], tone))


def sign_off(brief: Brief) -> Iterator[Block]:
    t = brief.words.text
    yield Heading(1, t["sign_off_title"], "sign-off")
    yield paragraph(t["sign_off_note"], manner="note")
    yield Signatures(brief.words.roles, brief.words.fields)
