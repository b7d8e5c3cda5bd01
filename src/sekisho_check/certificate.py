"""One line of certificates, read strictly: anything that is not as the format says is refused."""

from __future__ import annotations

import ipaddress
import json
import re
from typing import Any, NamedTuple

from sekisho_check.boxes import ICMP, NONE, PORTED, PORTS, TYPES, Box
from sekisho_check.ranges import EMPTY, Ranges, everything, less, meet, normal
from sekisho_check.walk import LAYERS

SCHEMA = "sekisho.certificate/1"
SEMANTICS = "1"
LINE = 16 << 20
"""No line is longer."""
MANY = 1 << 17
"""No list of ways, claims, boxes or ranges is longer."""
FATES = frozenset({"answered", "one-way", "stopped", "delivered", "open", "open-one-way"})
NAMED = frozenset({"one-way", "stopped", "open-one-way"})
"""Fates with the layer and the record that stop."""
VERDICTS = ("reachable", "unknown", "forward-only", "unreachable")
RANGE = re.compile(r"\d{1,5}(?:-\d{1,5})?", re.ASCII)
MEMBERS = {"schema", "semantics", "row", "verdict", "sources", "ways", "witness", "records"}
DIGEST = re.compile(r"[0-9a-f]{64}")


class RefusedError(Exception):
    """Why a certificate does not hold, in one line."""


class Claim(NamedTuple):
    """Boxes of packets, and the one fate that they are said to have."""

    fate: str
    layer: str
    record: str
    assumed: bool
    boxes: list[Box]


class WayClaims(NamedTuple):
    words: tuple[str | None, ...]
    claims: list[Claim]


class Witness(NamedTuple):
    """One packet that is delivered, on one of the ways."""

    words: tuple[str | None, ...]
    box: Box
    passes: tuple[str, ...]
    """The ids of what it passes."""


class Certificate(NamedTuple):
    row: dict[str, Any]
    verdict: str
    ways: list[WayClaims]
    witness: Witness | None
    records: dict[str, str]
    essence: str
    """What it says but for the row that it says it of: the same text rests on the same reasons."""


def certificate(line: bytes) -> Certificate:
    """The certificate in the line. Raises RefusedError."""
    data = _members_of(line)
    row = _row(data["row"])
    if data["verdict"] not in VERDICTS:
        raise RefusedError("the verdict is not known")
    family = 4 if row["family"] == "ipv4" else 6
    sources = [_addresses(one, family) for one in _list(data["sources"], "sources")]
    ways = [_way(one, sources, family) for one in _list(data["ways"], "ways")]
    essence = json.dumps([data["verdict"], data["sources"], data["ways"]])
    for name in _list(data.get("relies_on_absent", []), "relies_on_absent"):
        _string(name, "relies_on_absent")
    witness = None if data["witness"] is None else _witness(data["witness"], family)
    return Certificate(row, data["verdict"], ways, witness, _records(data["records"]), essence)


def _members_of(line: bytes) -> dict[str, Any]:
    if len(line) > LINE:
        raise RefusedError("the line is too long")
    try:
        data = json.loads(line, parse_constant=_no_number, object_pairs_hook=_members)
    except (ValueError, RecursionError) as problem:
        raise RefusedError("the line is not JSON") from problem
    _shape(data, MEMBERS, {"relies_on_absent"}, "certificate")
    if data["schema"] != SCHEMA:
        raise RefusedError("the schema is not known")
    if data["semantics"] != SEMANTICS:
        raise RefusedError("the semantics version is not known")
    found: dict[str, Any] = data
    return found


def _row(row: object) -> dict[str, Any]:
    _shape(row, {"account", "region", "interface", "address", "family", "origin"}, set(), "row")
    assert isinstance(row, dict)  # noqa: S101 - as its shape
    for member in ("interface", "address", "origin"):
        _string(row[member], member)
    for member in ("account", "region"):
        if row[member] is not None:
            _string(row[member], member)
    if row["family"] not in {"ipv4", "ipv6"}:
        raise RefusedError("the family is not known")
    return row


def _records(records: object) -> dict[str, str]:
    if not isinstance(records, dict) or len(records) > MANY:
        raise RefusedError("records is no object")
    for name, value in records.items():
        if not isinstance(value, str) or not DIGEST.fullmatch(value):
            raise RefusedError(f"{_short(name)}: not a SHA-256")
    return records


def _no_number(_: str) -> None:
    raise ValueError("not a number of JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _shape(data: object, required: set[str], allowed: set[str], what: str) -> None:
    if not isinstance(data, dict) or not required <= data.keys() or data.keys() - required - allowed:
        raise RefusedError(f"{what}: members are missing or not known")


def _list(value: object, what: str) -> list[Any]:
    if not isinstance(value, list) or len(value) > MANY:
        raise RefusedError(f"{what}: no list, or too long")
    return value


def _string(value: object, what: str) -> str:
    if not isinstance(value, str):
        raise RefusedError(f"{what}: no string")
    return value


def _short(value: str) -> str:
    return ascii(value[:80])


def _way(data: object, sources: list[Ranges], family: int) -> WayClaims:
    _shape(data, {"way", "claims"}, set(), "way")
    assert isinstance(data, dict)  # noqa: S101 - as its shape
    words = _words(data["way"])
    claims = [_claim(one, sources, family) for one in _list(data["claims"], "claims")]
    return WayClaims(words, claims)


def _words(value: object) -> tuple[str | None, ...]:
    words = _list(value, "way")
    if (
        not words
        or not isinstance(words[0], str)
        or not all(word is None or isinstance(word, str | int) for word in words)
    ):
        raise RefusedError("way: no kind and ids")
    return tuple(None if word is None else str(word) for word in words)


PACKET = {"source", "protocol", "source_port", "destination_port", "icmp_type", "icmp_code"}


def _witness(data: object, family: int) -> Witness:
    _shape(data, {"way", "packet", "passes"}, set(), "witness")
    assert isinstance(data, dict)  # noqa: S101 - as its shape
    packet = data["packet"]
    _shape(packet, {"source", "protocol"}, PACKET, "packet")
    passes = tuple(_string(name, "passes") for name in _list(data["passes"], "passes"))
    third = packet.get("destination_port", packet.get("icmp_type"))
    fourth = packet.get("source_port", packet.get("icmp_code"))
    sources = _addresses(packet["source"], family)
    numbers = ["*" if number is None else str(number) for number in (packet["protocol"], third, fourth)]
    boxes = _boxes([numbers[0], 0, *numbers[1:]], [sources], family)
    if len(boxes) != 1 or boxes[0].packets() != 1:
        raise RefusedError("witness: not one packet")
    return Witness(_words(data["way"]), boxes[0], passes)


def _claim(data: object, sources: list[Ranges], family: int) -> Claim:
    _shape(data, {"fate", "boxes"}, {"layer", "record", "assumed", "reasons"}, "claim")
    assert isinstance(data, dict)  # noqa: S101 - as its shape
    fate = data["fate"]
    if not isinstance(fate, str) or fate not in FATES:
        raise RefusedError("claim: the fate is not known")
    layer, record = data.get("layer"), data.get("record")
    if fate in NAMED and (layer not in LAYERS or not isinstance(record, str)):
        raise RefusedError(f"claim: {fate} without the layer and the record that stop")
    if not isinstance(data.get("assumed", False), bool):
        raise RefusedError("claim: assumed is neither true nor false")
    if "reasons" in data and not all(isinstance(reason, str) for reason in _list(data["reasons"], "reasons")):
        raise RefusedError("claim: reasons are no strings")
    boxes = [box for one in _list(data["boxes"], "boxes") for box in _boxes(one, sources, family)]
    return Claim(fate, layer or "", record or "", data.get("assumed", False), boxes)


def _boxes(data: object, sources: list[Ranges], family: int) -> list[Box]:
    """The box, in a part for each class of protocols."""
    written = _list(data, "box")
    if len(written) != 4 or isinstance(written[1], bool) or not isinstance(written[1], int):  # noqa: PLR2004
        raise RefusedError("box: not protocols, sources, thirds and fourths")
    if not 0 <= written[1] < len(sources):
        raise RefusedError("box: no such sources")
    protocols = _numbers(written[0], ((0, 255),))
    icmp = ICMP[family]
    out = []
    for kinds, limit in (
        (meet(protocols, PORTED), PORTS),
        (meet(protocols, icmp), TYPES),
        (less(less(protocols, PORTED), icmp), NONE),
    ):
        if not kinds:
            continue
        if limit is NONE and (written[2] != "*" or written[3] != "*"):
            raise RefusedError("box: protocols without ports have *")
        thirds, fourths = _numbers(written[2], limit), _numbers(written[3], limit)
        out.append(Box(kinds, sources[written[1]], thirds, fourths))
    return out


def _numbers(value: object, limit: Ranges) -> Ranges:
    if value == "*":
        return limit
    parts = value.split(",") if isinstance(value, str) else []
    if not parts or len(parts) > MANY or not all(RANGE.fullmatch(part) for part in parts):
        raise RefusedError("box: no ranges of numbers")
    pairs = []
    for part in parts:
        low, _, high = part.partition("-")
        pairs.append((int(low), int(high or low)))
    return _ascending(pairs, limit)


def _ascending(pairs: list[tuple[int, int]], limit: Ranges) -> Ranges:
    if any(low > high for low, high in pairs) or any(pairs[i][1] >= pairs[i + 1][0] for i in range(len(pairs) - 1)):
        raise RefusedError("ranges: not ascending")
    found = normal(pairs)
    if less(found, limit):
        raise RefusedError("ranges: out of bounds")
    return found


_ADDRESSES: dict[tuple[str, int], Ranges] = {}


def _addresses(value: object, family: int) -> Ranges:
    written = _string(value, "sources")
    key = (written, family)
    if key not in _ADDRESSES:
        _ADDRESSES[key] = _parsed(written, family)
    return _ADDRESSES[key]


def _parsed(written: str, family: int) -> Ranges:
    """Addresses, in the family of their senders: where a load balancer translates, that is not the row's."""
    if written == "*":
        return everything(family)
    if not written:
        return EMPTY
    make, family = (ipaddress.IPv6Address, 6) if ":" in written else (ipaddress.IPv4Address, 4)
    pairs = []
    for part in written.split(","):
        low, dash, high = part.partition("-")
        try:
            pairs.append((int(make(low)), int(make(high if dash else low))))
        except ValueError as problem:
            raise RefusedError("sources: no addresses of one family") from problem
    return _ascending(pairs, everything(family))
