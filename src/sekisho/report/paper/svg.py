"""Drawings: shapes in, one SVG string out. The same shapes give the same bytes.

Colours are attributes, which a page's style sheet overrides by class, so that one drawing serves paper, light and dark.
"""

import unicodedata
from collections.abc import Iterable
from html import escape
from typing import Literal, NamedTuple

from .blocks import Picture, told

Ink = Literal[
    "ink", "soft", "hair", "paper", "card", "band", "reachable", "unknown", "forward-only", "unreachable", "none"
]
COLOURS: dict[Ink, str] = {
    "ink": "#1d1c1a",
    "soft": "#5c5850",
    "hair": "#cfc9bc",
    "paper": "#fcfbf8",
    "card": "#ffffff",
    "band": "#f3f0e9",
    "reachable": "#a3261b",
    "unknown": "#5a3d9c",
    "forward-only": "#815200",
    "unreachable": "#22603f",
    "none": "none",
}
FONT = "Noto Sans JP, sans-serif"
_WIDE = {"W", "F", "A"}
_NARROW = frozenset("iljtfr.,:;'|!()[] /-1I")


class Box(NamedTuple):
    x: float
    y: float
    width: float
    height: float
    fill: Ink = "card"
    stroke: Ink = "hair"
    weight: float = 1
    round: float = 4
    dashed: bool = False


class Text(NamedTuple):
    """`at` says which end of the text stands at `x`. It is cut to `room`, where that is given."""

    x: float
    y: float
    text: str
    ink: Ink = "ink"
    size: float = 11
    bold: bool = False
    at: Literal["start", "middle", "end"] = "start"
    room: float = 0


class Rule(NamedTuple):
    """A line through the points; `head` puts an arrow at its end."""

    points: tuple[tuple[float, float], ...]
    ink: Ink = "soft"
    weight: float = 1.5
    head: bool = False
    dashed: bool = False


class Dot(NamedTuple):
    x: float
    y: float
    radius: float
    fill: Ink = "card"
    stroke: Ink = "soft"
    weight: float = 1.5


Shape = Box | Text | Rule | Dot


def drawing(width: float, height: float, shapes: Iterable[Shape], text: str) -> Picture:
    """The shapes, the first at the bottom, as one SVG element that needs nothing from outside; `text` tells of them."""
    body = "".join(_shape(shape) for shape in shapes)
    w, h = _n(width), _n(height)
    svg = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {w} {h}" width="{w}" height="{h}" aria-hidden="true" '
        f'font-family="{FONT}">{body}</svg>'
    )
    return Picture(svg, told(text, 2000), width, height)


def measure(text: str, size: float) -> float:
    """About how wide the text is: exact enough to leave room for it in any sans-serif."""
    return sum(_em(c) for c in text) * size


def fitted(text: object, size: float, room: float) -> str:
    """The text, cut so that it stays in the room."""
    whole = told(text)
    if measure(whole, size) <= room:
        return whole
    width, kept = size, []
    for character in whole:
        width += _em(character) * size
        if width > room:
            break
        kept.append(character)
    return "".join(kept).rstrip() + "…"


def _em(character: str) -> float:
    if unicodedata.east_asian_width(character) in _WIDE:
        return 1.0
    if character in _NARROW:
        return 0.36
    return 0.7 if character.isupper() or character in "mwMW@%" else 0.57


def _shape(shape: Shape) -> str:
    match shape:
        case Box():
            dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
            return (
                f'<rect x="{_n(shape.x)}" y="{_n(shape.y)}" width="{_n(shape.width)}" height="{_n(shape.height)}" '
                f'rx="{_n(shape.round)}"{_paint(shape.fill, shape.stroke, shape.weight)}{dash}/>'
            )
        case Text():
            return _text(shape)
        case Rule():
            return _rule(shape)
        case Dot():
            paint = _paint(shape.fill, shape.stroke, shape.weight)
            return f'<circle cx="{_n(shape.x)}" cy="{_n(shape.y)}" r="{_n(shape.radius)}"{paint}/>'


def _text(shape: Text) -> str:
    said = fitted(shape.text, shape.size, shape.room) if shape.room else told(shape.text)
    at = "" if shape.at == "start" else f' text-anchor="{shape.at}"'
    # The font of the PDF has one weight; a thin outline makes it bold there, and the page's own weight on a screen.
    bold = f' stroke="{COLOURS[shape.ink]}" stroke-width="0.35"' if shape.bold else ""
    names = f"f-{shape.ink} bold" if shape.bold else f"f-{shape.ink}"
    return (
        f'<text class="{names}" x="{_n(shape.x)}" y="{_n(shape.y)}" font-size="{_n(shape.size)}" '
        f'fill="{COLOURS[shape.ink]}"{bold}{at}>{escape(said)}</text>'
    )


def _rule(shape: Rule) -> str:
    points = " ".join(f"{_n(x)},{_n(y)}" for x, y in shape.points)
    dash = ' stroke-dasharray="4 3"' if shape.dashed else ""
    drawn = f'<polyline points="{points}"{_paint("none", shape.ink, shape.weight)}{dash}/>'
    return drawn + _head(shape) if shape.head else drawn


def _head(shape: Rule) -> str:
    """An arrow head that points where the last stretch of the line leads (along an axis)."""
    (x0, y0), (x, y) = shape.points[-2:]
    dx, dy = (x > x0) - (x < x0), (y > y0) - (y < y0)
    one, other = (x - 7 * dx - 4 * dy, y - 7 * dy - 4 * dx), (x - 7 * dx + 4 * dy, y - 7 * dy + 4 * dx)
    points = " ".join(f"{_n(a)},{_n(b)}" for a, b in ((x, y), one, other))
    return f'<polygon class="f-{shape.ink}" points="{points}" fill="{COLOURS[shape.ink]}"/>'


def _paint(fill: Ink, stroke: Ink, weight: float) -> str:
    return f' class="f-{fill} s-{stroke}" fill="{COLOURS[fill]}" stroke="{COLOURS[stroke]}" stroke-width="{_n(weight)}"'


def _n(number: float) -> str:
    return f"{number:.1f}".rstrip("0").rstrip(".")
