"""The report as PDF/A: tagged, with bookmarks and page numbers, the same bytes for the same report.

The text of the report is data for the template, never markup. Only the font of a package is used, none of the system.
"""

import tempfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec

from sekisho.errors import QueryError

from .blocks import Paper
from .glyphs import covered

STANDARD = "a-2a"
_LAYOUT = frozenset(map(ord, "\n\r\t"))


def to_pdf(paper: Paper) -> bytes:
    """The whole report. QueryError where what makes PDFs is not installed."""
    typst, font = _installed()
    text = msgspec.json.encode(paper).decode()
    with tempfile.TemporaryDirectory() as place:
        source = Path(place) / "report.typ"
        source.write_text((files("sekisho.report.paper") / "templates" / "paper.typ").read_text("utf-8"), "utf-8")
        made: bytes = typst.compile(
            str(source),
            root=place,
            font_paths=[str(font.parent)],
            ignore_system_fonts=True,
            format="pdf",
            pdf_standards=[STANDARD],
            sys_inputs={"paper": _spelled(text, covered(font))},
            timestamp=paper.moment,
        )
    return made


def _installed() -> tuple[Any, Path]:
    try:
        import pylopdf_fonts_jp  # noqa: PLC0415 - an extra, and large
        import typst  # noqa: PLC0415
    except ImportError:
        raise QueryError("PDF reports need the extra `pdf`: pip install 'sekisho[pdf]'") from None
    return typst, Path(pylopdf_fonts_jp.sans_path())


def _spelled(text: str, known: frozenset[int]) -> str:
    """The text with every character that the font cannot show as its number: `U+1F600`."""
    strange = {ord(c) for c in set(text)} - known - _LAYOUT
    return text.translate({c: f"U+{c:04X}" for c in strange}) if strange else text
