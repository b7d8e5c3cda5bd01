"""One line of certificates, read strictly: anything that is not as the format says is refused."""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Generic, NamedTuple, TypeVar

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
    records: dict[str, Any]
    essence: str
    """The text of what it says but for the row that it says it of: the same text rests on the same reasons."""
    example: str
    """The text of its witness."""


class Part(NamedTuple):
    """Some members of a certificate, which are read together."""

    required: frozenset[str]
    allowed: frozenset[str] = frozenset()


HEAD = Part(frozenset({"schema", "semantics", "row"}))
BODY = Part(frozenset({"verdict", "sources", "ways"}))
TAIL = Part(frozenset({"witness"}), frozenset({"relies_on_absent"}))
RECORDS = Part(frozenset({"records"}))
CUTS = (',"verdict":', ',"witness":', ',"records":')
"""Where the parts of a line begin that is written as Sekisho writes it."""
ROOM = 1 << 26
"""So many characters of parts are remembered; then all are forgotten."""
SHORT = 1 << 8
"""Longer texts of a few numbers are not remembered."""


def certificate(line: bytes) -> Certificate:
    """The certificate in the line. Raises RefusedError."""
    if len(line) > LINE:
        raise RefusedError("the line is too long")
    try:
        text = line.decode("utf-8", "surrogatepass").strip(" \t\r\n")
        try:
            return _composed(*_cut(text))
        except ValueError:
            return _composed(*_divided(_DECODER.decode(text)))
    except (ValueError, RecursionError) as problem:
        raise RefusedError("the line is not JSON") from problem


def _composed(head: str, body: str, tail: str, records: str) -> Certificate:
    """The certificate whose members are those of the four objects. Raises ValueError where one is no such object."""
    about, named = _members_of(head, HEAD), _members_of(records, RECORDS)
    if about["schema"] != SCHEMA:
        raise RefusedError("the schema is not known")
    if about["semantics"] != SEMANTICS:
        raise RefusedError("the semantics version is not known")
    row = _row(about["row"])
    verdict, ways = _BODIES(body, row["family"])
    witness, _ = _TAILS(tail, row["family"])
    return Certificate(row, verdict, ways, witness, _records(named["records"]), body, tail)


def _cut(text: str) -> tuple[str, str, str, str]:
    """The line in four texts. Where each of them is an object, the line is the object of all their members."""
    first = text.index(CUTS[0])
    second = text.index(CUTS[1], first)
    third = text.index(CUTS[2], second)
    return (
        text[:first] + "}",
        "{" + text[first + 1 : second] + "}",
        "{" + text[second + 1 : third] + "}",
        "{" + text[third + 1 :],
    )


def _divided(data: object) -> tuple[str, str, str, str]:
    """The members in four texts, however the line was written."""
    parts = (HEAD, BODY, TAIL, RECORDS)
    required = frozenset().union(*(part.required for part in parts))
    _shape(data, required, TAIL.allowed, "certificate")
    assert isinstance(data, dict)  # noqa: S101 - as its shape
    head, body, tail, records = (
        json.dumps({name: data[name] for name in data if name in part.required | part.allowed}) for part in parts
    )
    return head, body, tail, records


def _members_of(text: str, part: Part) -> dict[str, Any]:
    data = _DECODER.decode(text)
    if not isinstance(data, dict) or not part.required <= data.keys() <= part.required | part.allowed:
        raise ValueError("another part of a certificate")
    return data


Made = TypeVar("Made")


class Remembered(Generic[Made]):
    """What the texts of a part mean. That depends on the text and the family alone, so each is read once."""

    def __init__(self, part: Part, make: Callable[[dict[str, Any], int], Made]) -> None:
        self.part = part
        self.make = make
        self.known: dict[tuple[str, str], Made] = {}
        self.held = 0

    def __call__(self, text: str, family: str) -> Made:
        key = (text, family)
        found = self.known.get(key)
        if found is None:
            found = self.make(_members_of(text, self.part), 4 if family == "ipv4" else 6)
            self.held += len(text)
            if self.held > ROOM:
                self.known.clear()
                self.held = len(text)
            self.known[key] = found
        return found


def _body(data: dict[str, Any], family: int) -> tuple[str, list[WayClaims]]:
    if data["verdict"] not in VERDICTS:
        raise RefusedError("the verdict is not known")
    sources = [_addresses(one, family) for one in _list(data["sources"], "sources")]
    return data["verdict"], [_way(one, sources, family) for one in _list(data["ways"], "ways")]


def _tail(data: dict[str, Any], family: int) -> tuple[Witness | None, list[Any]]:
    absent = _list(data.get("relies_on_absent", []), "relies_on_absent")
    for name in absent:
        _string(name, "relies_on_absent")
    return None if data["witness"] is None else _witness(data["witness"], family), absent


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


def _records(records: object) -> dict[str, Any]:
    if not isinstance(records, dict) or len(records) > MANY:
        raise RefusedError("records is no object")
    return records


def sha256(name: str, value: object) -> str:
    """The value, which has to be a digest."""
    if not isinstance(value, str) or not DIGEST.fullmatch(value):
        raise RefusedError(f"{_short(name)}: not a SHA-256")
    return value


def _no_number(_: str) -> None:
    raise ValueError("not a number of JSON")


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a member is given twice")
    return found


def _shape(data: object, required: frozenset[str] | set[str], allowed: frozenset[str] | set[str], what: str) -> None:
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
    protocols, thirds, fourths = (one if isinstance(one, str) else "" for one in (written[0], *written[2:]))
    read = _axes if max(len(protocols), len(thirds), len(fourths)) <= SHORT else _axes.__wrapped__
    where = sources[written[1]]
    return [Box(kinds, where, third, fourth) for kinds, third, fourth in read(protocols, thirds, fourths, family)]


@lru_cache(1 << 14)
def _axes(protocols: str, thirds: str, fourths: str, family: int) -> list[tuple[Ranges, Ranges, Ranges]]:
    """Protocols of one class each, with their thirds and fourths."""
    numbers = _numbers(protocols, ((0, 255),))
    icmp = ICMP[family]
    out = []
    for kinds, limit in (
        (meet(numbers, PORTED), PORTS),
        (meet(numbers, icmp), TYPES),
        (less(less(numbers, PORTED), icmp), NONE),
    ):
        if not kinds:
            continue
        if limit is NONE and (thirds != "*" or fourths != "*"):
            raise RefusedError("box: protocols without ports have *")
        out.append((kinds, _numbers(thirds, limit), _numbers(fourths, limit)))
    return out


def _numbers(value: str, limit: Ranges) -> Ranges:
    if value == "*":
        return limit
    parts = value.split(",")
    if len(parts) > MANY or not all(RANGE.fullmatch(part) for part in parts):
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


def _addresses(value: object, family: int) -> Ranges:
    written = _string(value, "sources")
    return _parsed(written, family) if len(written) <= SHORT else _parsed.__wrapped__(written, family)


@lru_cache(1 << 14)
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


_DECODER = json.JSONDecoder(object_pairs_hook=_members, parse_constant=_no_number)
_BODIES = Remembered(BODY, _body)
_TAILS = Remembered(TAIL, _tail)
