"""The report as one HTML file: no external request, the same bytes for the same report."""

import base64
import hashlib
from functools import cache
from importlib.resources import files
from itertools import groupby

from jinja2 import Environment, FunctionLoader, StrictUndefined
from markupsafe import Markup

from .blocks import Heading, Paper


def to_html(paper: Paper) -> str:
    """The whole report. Every text in it is escaped; it may come from anyone."""
    style, script = (Markup(_resource(name)) for name in ("paper.css", "paper.js"))  # noqa: S704 - our own files
    page: str = (
        _environment()
        .get_template("paper.html.j2")
        .render(
            paper=paper,
            chapters=_chapters(paper),
            style=style,
            script=script,
            script_digest=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
        )
    )
    return page


def _chapters(paper: Paper) -> list[tuple[Heading, list[object]]]:
    """The blocks under the chapter that they belong to."""
    found: list[tuple[Heading, list[object]]] = []
    for opens, blocks in groupby(paper.blocks, key=lambda b: isinstance(b, Heading) and b.level == 1):
        if opens:
            found += [(block, []) for block in blocks if isinstance(block, Heading)]
        else:
            found[-1][1].extend(blocks)
    return found


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=FunctionLoader(_resource),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.tests["of"] = lambda block, kind: type(block).__name__ == kind
    # Drawings are made by `svg.drawing`, which escapes every text.
    environment.filters["drawn"] = Markup
    return environment


def _resource(name: str) -> str:
    return (files("sekisho.report.paper") / "templates" / name).read_text("utf-8")
