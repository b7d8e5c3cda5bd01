"""A document as JSON text: the same document gives the same bytes.

The outer levels are indented, and what is listed there stands on one line each: a verdict, a flow, a finding. So a
report can be read, searched and compared by line, and is half as large as one that is indented throughout.
"""

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import msgspec

from .parts import Document, LaidOut

#: How deep a section of a document is indented; what is deeper is one line.
_DEPTHS = {"coverage": 2, "answers": 3}
#: How many lines are made at once.
_AT_ONCE = 512
_ENCODER = msgspec.json.Encoder()


def to_json(document: Document) -> str:
    """The text of `encoded`."""
    return encoded(document).decode()


def encoded(document: Document) -> bytes:
    """Keys in the document's order, text as UTF-8 and not escaped to ASCII, a final newline."""
    return b"".join(pieces(document))


def pieces(document: Document) -> Iterator[bytes]:
    """The bytes of `encoded`, one piece after the other, so that a large text need never be held as a whole."""
    yield from _object(document, (_section(value, _DEPTHS.get(name, 1)) for name, value in document.items()), b"")
    yield b"\n"


def _section(value: Any, depth: int) -> Iterator[bytes]:  # noqa: ANN401 - any JSON value
    if value and isinstance(value, dict | list | LaidOut):
        yield from _indented(value, depth, b"  ")
    else:
        yield _lines([list(value) if isinstance(value, LaidOut) else value])


def _indented(value: dict[str, Any] | Sequence[Any], depth: int, margin: bytes) -> Iterator[bytes]:
    """The members of the value, each on a line after `margin`; those that hold lists or objects go on for `depth`."""
    if isinstance(value, dict):
        yield from _object(value, _members(list(value.values()), depth, margin), margin)
        return
    yield b"[\n  " + margin
    if depth == 1:
        for start in range(0, len(value), _AT_ONCE):
            yield (_end(margin) if start else b"") + _lines(value[start : start + _AT_ONCE], _end(margin))
    else:
        for index, member in enumerate(_members(value, depth, margin)):
            yield _end(margin) if index else b""
            yield from member
    yield b"\n" + margin + b"]"


def _members(values: Sequence[Any], depth: int, margin: bytes) -> Iterator[Iterable[bytes]]:
    wide = [depth > 1 and _is_wide(value) for value in values]
    lines = _lines([None if spread else value for value, spread in zip(values, wide, strict=True)]).split(b"\n")
    for value, spread, line in zip(values, wide, lines, strict=True):
        yield _indented(value, depth - 1, margin + b"  ") if spread else (line,)


def _is_wide(value: object) -> bool:
    """Whether it is a list or an object that holds others."""
    if not isinstance(value, dict | list):
        return False
    return any(isinstance(member, dict | list) for member in (value.values() if isinstance(value, dict) else value))


def _object(keys: Iterable[str], values: Iterable[Iterable[bytes]], margin: bytes) -> Iterator[bytes]:
    opening = b"{\n  " + margin
    for key, value in zip(_lines(keys).split(b"\n"), values, strict=True):
        yield b"%b%b: " % (opening, key)
        yield from value
        opening = _end(margin)
    yield b"\n" + margin + b"}"


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
