"""The stages of an assessment as a picture: one bar, and what its parts are."""

from collections.abc import Mapping

from .stages import STAGES

_COLOURS = ("#4e79a7", "#f28e2b", "#e15759", "#76b7b2", "#59a14f", "#edc948", "#b07aa1")
_WIDTH, _BAR, _LINE = 720, 36, 22
_TEXT = 'font-family="system-ui, sans-serif" font-size="14" fill="#7a7a7a"'


def svg(seconds: Mapping[str, float], title: str) -> str:
    """A bar of all seconds with a part for each stage; under it the stages with their seconds and shares."""
    whole = sum(seconds.get(stage, 0) for stage in STAGES)
    parts, lines, at = [], [], 0.0
    for number, (stage, colour) in enumerate(zip(STAGES, _COLOURS, strict=True)):
        spent = seconds.get(stage, 0)
        width = _WIDTH * spent / whole
        parts.append(f'<rect x="{at:.1f}" y="30" width="{width:.1f}" height="{_BAR}" fill="{colour}"/>')
        y = 30 + _BAR + _LINE * (number + 1)
        lines.append(f'<rect x="0" y="{y - 11}" width="12" height="12" fill="{colour}"/>')
        lines.append(f'<text x="22" y="{y}" {_TEXT}>{stage}: {spent:.2f} s, {spent / whole:.0%}</text>')
        at += width
    height = 30 + _BAR + _LINE * (len(STAGES) + 1)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{title}">'
    return "\n".join([head, f'<text x="0" y="18" {_TEXT}>{title}</text>', *parts, *lines, "</svg>", ""])
