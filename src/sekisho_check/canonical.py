"""Canonical JSON (RFC 8785) and its SHA-256."""

from __future__ import annotations

import hashlib
import json
import math
import re

_EXACT = 1 << 53
_quoted = json.JSONEncoder(ensure_ascii=False).encode
# In compact text: where a number is not whole, or so great that it may be written in another way (and where strings
# look so). Where it is not found, and all is ASCII, the standard encoder's sorted and compact text is canonical.
_UNSURE = re.compile(r"[:\[,]-?(?:\d+[.eE]|\d{16}|[IN])", re.ASCII)
_sorted = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode


def canonical(value: object) -> str:
    """The one text of the value: members in order of their UTF-16 code units, numbers as ECMAScript writes them."""
    match value:
        case None | bool():
            return json.dumps(value)
        case str():
            return _quoted(value)
        case int():
            return str(value) if abs(value) <= _EXACT else _number(_double(value))
        case float():
            return _number(value)
        case list():
            return "[" + ",".join(canonical(item) for item in value) + "]"
        case dict():
            members = sorted(value.items(), key=lambda member: member[0].encode("utf-16-be", "surrogatepass"))
            return "{" + ",".join(f"{canonical(key)}:{canonical(item)}" for key, item in members) + "}"
    raise ValueError("not JSON")


def _double(value: int) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _number(value: float) -> str:
    if not math.isfinite(value):
        raise ValueError("not a number of JSON")
    if value == 0:
        return "0"
    sign, value = ("-", -value) if value < 0 else ("", value)
    mantissa, _, power = f"{value!r}e0".partition("e")
    power = power.removesuffix("e0")
    whole, _, part = mantissa.partition(".")
    part = "" if part == "0" else part
    digits = (whole + part).lstrip("0")
    point = len(whole) + int(power) - (len(whole + part) - len(digits))
    digits = digits.rstrip("0")
    count = len(digits)
    if count <= point <= 21:  # noqa: PLR2004 - ECMAScript, Number::toString
        text = digits + "0" * (point - count)
    elif 0 < point <= 21:  # noqa: PLR2004
        text = digits[:point] + "." + digits[point:]
    elif -6 < point <= 0:  # noqa: PLR2004
        text = "0." + "0" * -point + digits
    else:
        exponent = point - 1
        text = digits[0] + ("." + digits[1:] if count > 1 else "") + f"e{'+' if exponent > 0 else '-'}{abs(exponent)}"
    return sign + text


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    text = _sorted(value)
    if not text.isascii() or _UNSURE.search(f",{text}"):
        text = canonical(value)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def pointed(document: object, pointer: str) -> object:
    """What the JSON pointer (RFC 6901) leads to. Raises LookupError where it leads nowhere."""
    if pointer == "":
        return document
    if not pointer.startswith("/"):
        raise LookupError(pointer)
    for raw in pointer[1:].split("/"):
        part = raw.replace("~1", "/").replace("~0", "~")
        if isinstance(document, dict) and part in document:
            document = document[part]
        elif isinstance(document, list) and part.isascii() and part.isdigit() and int(part[:9]) < len(document):
            document = document[int(part[:9])]
        else:
            raise LookupError(pointer)
    return document
