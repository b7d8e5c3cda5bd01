"""A document as JSON text: the same document gives the same bytes.

The outer levels are indented, and what is listed there stands on one line each: a verdict, a flow, a finding. So a
report can be read, searched and compared by line, and is half as large as one that is indented throughout.
"""

import json
from collections.abc import Iterable
from typing import Any

import msgspec

from .parts import Document

#: How deep a section of a document is indented; what is deeper is one line.
_DEPTHS = {"coverage": 2, "answers": 3}
_ENCODER = msgspec.json.Encoder()


def to_json(document: Document) -> str:
    """The text of `encoded`."""
    return encoded(document).decode()


def encoded(document: Document) -> bytes:
    """Keys in the document's order, text as UTF-8 and not escaped to ASCII, a final newline."""
    sections = [_section(value, _DEPTHS.get(name, 1)) for name, value in document.items()]
    return _object(document, sections, b"") + b"\n"


def _section(value: Any, depth: int) -> bytes:  # noqa: ANN401 - any JSON value
    return _indented(value, depth, b"  ") if value and isinstance(value, dict | list) else _lines([value])


def _indented(value: dict[str, Any] | list[Any], depth: int, margin: bytes) -> bytes:
    """The members of the value, each on a line after `margin`; those that hold lists or objects go on for `depth`."""
    if isinstance(value, dict):
        return _object(value, _members(list(value.values()), depth, margin), margin)
    if depth == 1:
        return _between(b"[", _lines(value, _end(margin)), b"]", margin)
    return _between(b"[", _end(margin).join(_members(value, depth, margin)), b"]", margin)


def _members(values: list[Any], depth: int, margin: bytes) -> list[bytes]:
    wide = [depth > 1 and _is_wide(value) for value in values]
    lines = _lines([None if spread else value for value, spread in zip(values, wide, strict=True)]).split(b"\n")
    for index, spread in enumerate(wide):
        if spread:
            lines[index] = _indented(values[index], depth - 1, margin + b"  ")
    return lines


def _is_wide(value: object) -> bool:
    """Whether it is a list or an object that holds others."""
    if not isinstance(value, dict | list):
        return False
    return any(isinstance(member, dict | list) for member in (value.values() if isinstance(value, dict) else value))


def _object(keys: Iterable[str], values: list[bytes], margin: bytes) -> bytes:
    named = (b"%b: %b" % pair for pair in zip(_lines(keys).split(b"\n"), values, strict=True))
    return _between(b"{", _end(margin).join(named), b"}", margin)


def _between(opening: bytes, lines: bytes, closing: bytes, margin: bytes) -> bytes:
    # Joined at once: the lines may be most of a large document.
    return b"".join((opening, b"\n  ", margin, lines, b"\n", margin, closing))


def _end(margin: bytes) -> bytes:
    """What stands between a line and the next."""
    return b",\n  " + margin


def _lines(values: Iterable[Any], end: bytes = b"\n") -> bytes:
    """Each value on one line, with `end` between. Inside of JSON no line ends."""
    listed = list(values)
    try:
        return _ENCODER.encode_lines(listed)[:-1].replace(b"\n", end)
    except OverflowError:
        # A number of IPv6 addresses may have more than 64 bits.
        texts = (json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False) for value in listed)
        return end.join(text.encode() for text in texts)
