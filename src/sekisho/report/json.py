"""A document as JSON text: the same document gives the same bytes."""

import json

import msgspec

from .parts import Document


def to_json(document: Document) -> str:
    """Keys in the document's order, two spaces of indent, text as it is and not escaped to ASCII, a final newline."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return msgspec.json.format(text, indent=2) + "\n"
