"""An assessment as one HTML file: no external request, the same bytes for the same document.

The template shows what the document holds. An answer that several addresses share is set out in full
where it comes first; the others point to it.
"""

import base64
import hashlib
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from itertools import groupby
from typing import NamedTuple

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from .english import ENGLISH
from .parts import Document
from .view import SYMBOLS, FlowLine, Line, flow_lines, headline, lines, opened, origins, visible
from .words import Words

_SEVERITIES = ("High", "Medium", "Low", "Informational")
_CALL_ORDER = ("failed", "incomplete", "not-read", "assumed-absent", "read")


class Sheet(NamedTuple):
    """One interface: its facts, its addresses with their verdicts, and its findings."""

    interface: str
    name: str
    facts: Document
    addresses: tuple[Line, ...]
    findings: tuple[Document, ...]


class Chapter(NamedTuple):
    """The interfaces of one VPC."""

    account: str | None
    region: str | None
    vpc: str | None
    vpc_name: str | None
    sheets: tuple[Sheet, ...]


class AnswerView(NamedTuple):
    """An answer ready to be set: `first` is the address and origin where it stands in full."""

    answer: Document
    flows: tuple[FlowLine, ...]
    possible: str
    first: tuple[str, str, str]
    first_name: str


def to_html(document: Document, words: Words = ENGLISH) -> str:
    """The whole report. Text from the snapshot is escaped, and its control characters are spelled out."""
    words = words.of(document["scope"].get("direction", "ingress"))
    template = _environment().get_template("report.html.j2")
    style, script = (Markup(_resource(name)) for name in ("report.css", "report.js"))  # noqa: S704 - our own files
    every_line = lines(document, words)
    page: str = template.render(
        document=document,
        words=words,
        t=words.text,
        style=style,
        script=script,
        script_digest=_digest(script),
        symbols=SYMBOLS,
        headline=headline(document, words),
        origins=origins(document),
        lines=every_line,
        chapters=_chapters(document, every_line),
        answers=_answers(document, every_line, words),
        findings=sorted(document["findings"], key=lambda f: _SEVERITIES.index(f["severity"])),
        calls=_calls(document),
        assumptions=_sentences(document, "assumptions"),
        relied_on=_sentences(document, "relies_on_absent"),
    )
    return page


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = _anchor
    return environment


def _resource(name: str) -> str:
    return (files("sekisho.report") / "templates" / name).read_text("utf-8")


def _digest(script: str) -> str:
    """The script's name in the page's own security policy, which lets no other script run."""
    return base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()


def _shown(value: object) -> object:
    if value is None:
        return ""
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _anchor(name: str) -> str:
    """The name as a fragment: letters, digits and hyphens, different for different names."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else f"_{ord(c):x}_" for c in name)


def _chapters(document: Document, every_line: tuple[Line, ...]) -> tuple[Chapter, ...]:
    """The sheets by account, region and VPC; each VPC once, in the order of its first interface."""
    by_interface: dict[str, list[Document]] = {}
    for finding in document["findings"]:
        by_interface.setdefault(finding["interface"], []).append(finding)
    by_vpc: dict[tuple[str | None, str | None, str | None], list[Sheet]] = {}
    for (account, region, interface), group in groupby(every_line, key=lambda x: (x.account, x.region, x.interface)):
        facts = document["interfaces"][interface]
        addresses = tuple(group)
        findings = tuple(by_interface.get(interface, ()))
        sheet = Sheet(interface, addresses[0].name, facts, addresses, findings)
        by_vpc.setdefault((account, region, facts["vpc"]), []).append(sheet)
    return tuple(
        Chapter(account, region, vpc, sheets[0].facts["vpc_name"], tuple(sheets))
        for (account, region, vpc), sheets in by_vpc.items()
    )


def _answers(document: Document, every_line: tuple[Line, ...], words: Words) -> dict[str, AnswerView]:
    views: dict[str, AnswerView] = {}
    for line in every_line:
        for cell in line.cells:
            if cell is None or cell.answer in views:
                continue
            answer = document["answers"][cell.answer]
            views[cell.answer] = AnswerView(
                answer=answer,
                flows=flow_lines(answer, words),
                possible=opened(answer["possible"], words),
                first=(line.interface, line.address, cell.origin),
                first_name=f"{line.name}, {line.address}",
            )
    return views


def _calls(document: Document) -> list[tuple[str, list[Document]]]:
    """The calls by status, the ones with gaps first."""
    calls = document["coverage"]["calls"]
    grouped = ((status, [call for call in calls if call["status"] == status]) for status in _CALL_ORDER)
    return [(status, found) for status, found in grouped if found]


def _sentences(document: Document, key: str) -> list[str]:
    """Every sentence of this kind that some answer rests on, each once."""
    return sorted(set(_each(document, key)))


def _each(document: Document, key: str) -> Iterator[str]:
    for answer in document["answers"].values():
        yield from answer[key]
