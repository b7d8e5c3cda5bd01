"""What a report is made of: spans, lines and blocks of plain data. Both renderers show them all, and nothing else.

Text is made harmless where it enters: control and formatting characters are spelled out, and very long names cut.
"""

from collections.abc import Iterable
from typing import Literal

import msgspec

from sekisho.report.view import visible

LONGEST = 160

Tone = Literal[
    "",
    "strong",
    "soft",
    "code",
    "reachable",
    "unknown",
    "forward-only",
    "unreachable",
    "High",
    "Medium",
    "Low",
    "Informational",
]


class Span(msgspec.Struct, frozen=True, gc=False):
    """A piece of text in one tone; `link` is the anchor that it leads to, empty for none."""

    text: str
    tone: Tone = ""
    link: str = ""


Line = tuple[Span, ...]
Cell = tuple[Line, ...]


class Block(msgspec.Struct, frozen=True, tag_field="kind", gc=False):
    """A part of a report, one below the other."""


class Heading(Block, frozen=True, tag="heading"):
    """Level 1 opens a chapter; `anchor` is unique in the report."""

    level: int
    text: str
    anchor: str


class Paragraph(Block, frozen=True, tag="paragraph"):
    """`manner`: `lead` for the answer, `also` for what belongs to it, `note` for what is said aside."""

    line: Line
    manner: Literal["", "lead", "also", "note", "label"] = ""


class Facts(Block, frozen=True, tag="facts"):
    """Names and what is known under each."""

    rows: tuple[tuple[str, Cell], ...]


class Column(msgspec.Struct, frozen=True, gc=False):
    """`share` is its part of the width; `number` aligns at the right."""

    heading: str
    share: float = 1
    number: bool = False


class Row(msgspec.Struct, frozen=True, gc=False):
    cells: tuple[Cell, ...]
    anchor: str = ""


class Table(Block, frozen=True, tag="table"):
    """The first cell of a row is its heading. `filterable` tables get a box to filter rows by on a screen."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    caption: str = ""
    filterable: bool = False


class Items(Block, frozen=True, tag="items"):
    items: tuple[Cell, ...]
    ordered: bool = False


class Panel(Block, frozen=True, tag="panel"):
    """One answer, marked at its side in the tone of its verdict."""

    tone: Tone
    anchor: str
    blocks: tuple[Block, ...]


class Picture(Block, frozen=True, tag="picture"):
    """A drawing with its size in points; `text` says in words what it shows."""

    svg: str
    text: str
    width: float
    height: float


class Signatures(Block, frozen=True, tag="signatures"):
    """Fields to be filled in by hand: one column a role, one row a thing to write."""

    roles: tuple[str, ...]
    fields: tuple[str, ...]


class Paper(msgspec.Struct, frozen=True, kw_only=True):
    """A whole report. `running` stands on every page; `moment` is that of the configuration in seconds since 1970."""

    language: str
    title: str
    edition: str
    running: str
    contents: str
    filter: str
    page: str
    moment: int
    blocks: tuple[Block, ...]


def told(text: object, longest: int = LONGEST) -> str:
    """The text as it may be shown: nothing invisible in it, and no longer than a reader can use."""
    whole = str(text)
    if len(whole) > longest:
        whole = whole[: longest - 1] + "…"
    return visible(whole)


def span(text: object, tone: Tone = "", link: str = "", longest: int = LONGEST) -> Span:
    return Span(told(text, longest), tone, link)


def line(*parts: Span | object) -> Line:
    """Spans as they are, everything else as plain text; None is left out."""
    return tuple(part if isinstance(part, Span) else span(part, longest=1000) for part in parts if part is not None)


def cell(*lines: Line | Span | object) -> Cell:
    """One line an argument; None is left out."""
    return tuple(
        found if isinstance(found, tuple) else line(found) for found in lines if found is not None and found != ""
    )


def codes(names: Iterable[object], longest: int = 12) -> Cell:
    """Names one below the other, the rest counted."""
    every = list(names)
    shown = [(span(name, "code"),) for name in every[:longest]]
    return tuple(shown) + (((span(f"+{len(every) - longest:,}", "soft"),),) if len(every) > longest else ())


def paragraph(*parts: Span | object, manner: Literal["", "lead", "also", "note", "label"] = "") -> Paragraph:
    return Paragraph(line(*parts), manner)


def table(columns: Iterable[Column | str], rows: Iterable[Iterable[Cell]], caption: str = "") -> Table:
    return Table(
        tuple(c if isinstance(c, Column) else Column(c) for c in columns),
        tuple(Row(tuple(cells)) for cells in rows),
        caption,
    )


def anchor(name: str) -> str:
    """The name as a fragment: letters, digits and hyphens, different for different names."""
    return "".join(c if c.isascii() and (c.isalnum() or c == "-") else f"_{ord(c):x}_" for c in name)
