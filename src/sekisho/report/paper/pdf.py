"""The report as the typesetter gets it: a template of our own, and the report as data for it, never as markup."""

from importlib.resources import files

import msgspec

from .blocks import Paper
from .glyphs import covered

STANDARD = "a-2a"
_LAYOUT = frozenset(map(ord, "\n\r\t"))


def template() -> bytes:
    """The template, which reads the report from its input `paper`."""
    return (files("sekisho.report.paper") / "templates" / "paper.typ").read_bytes()


def data(paper: Paper, font: bytes) -> str:
    """The report as JSON. A character that the font cannot show stands as its number: `U+1F600`."""
    text = msgspec.json.encode(paper).decode()
    strange = {ord(c) for c in set(text)} - covered(font) - _LAYOUT
    return text.translate({c: f"U+{c:04X}" for c in strange}) if strange else text
