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
    return _spread(b"{", _named(document, sections), b"}", b"") + b"\n"


def _section(value: Any, depth: int) -> bytes:  # noqa: ANN401 - any JSON value
    return _indented(value, depth, b"  ") if value and isinstance(value, dict | list) else _lines([value])[0]


def _indented(value: dict[str, Any] | list[Any], depth: int, margin: bytes) -> bytes:
    """The members of the value, each on a line after `margin`; those that hold lists or objects go on for `depth`."""
    if isinstance(value, dict):
        return _spread(b"{", _named(value, _members(list(value.values()), depth, margin)), b"}", margin)
    return _spread(b"[", _members(value, depth, margin), b"]", margin)


def _members(values: list[Any], depth: int, margin: bytes) -> list[bytes]:
    if depth == 1:
        return _lines(values)
    wide = [_is_wide(value) for value in values]
    lines = _lines([None if spread else value for value, spread in zip(values, wide, strict=True)])
    for index, spread in enumerate(wide):
        if spread:
            lines[index] = _indented(values[index], depth - 1, margin + b"  ")
    return lines


def _is_wide(value: object) -> bool:
    """Whether it is a list or an object that holds others."""
    if not isinstance(value, dict | list):
        return False
    return any(isinstance(member, dict | list) for member in (value.values() if isinstance(value, dict) else value))


def _named(keys: Iterable[str], values: list[bytes]) -> list[bytes]:
    return [b"%b: %b" % named for named in zip(_lines(keys), values, strict=True)]


def _spread(opening: bytes, lines: list[bytes], closing: bytes, margin: bytes) -> bytes:
    """The lines between brackets. Joined at once: this may be most of a large document."""
    head, separator = opening + b"\n  " + margin, b",\n  " + margin
    return b"".join((head, separator.join(lines), b"\n", margin, closing))


def _lines(values: Iterable[Any]) -> list[bytes]:
    """Each value on one line. Inside of JSON no line ends."""
    listed = list(values)
    try:
        return _ENCODER.encode_lines(listed).split(b"\n")[:-1]
    except OverflowError:
        # A number of IPv6 addresses may have more than 64 bits.
        return [json.dumps(v, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode() for v in listed]
