"""Certificates as lines of JSON, in the form that docs/CERTIFICATES.md describes."""

import json
from collections.abc import Iterable, Iterator, Mapping

from sekisho.engine.certificate import Certificate
from sekisho.engine.claims import Claim, Claimed, Passing
from sekisho.engine.packet import Packet
from sekisho.model.record import Source
from sekisho.sets.boxes import Box, boxes
from sekisho.sets.flows import icmp_of
from sekisho.sets.prefixes import Family, Range, merge, spell, top
from sekisho.version import SEMANTICS_VERSION

from .parts import Document

SCHEMA = "sekisho.certificate/1"
_PROTOCOL_TOP, _PORT_TOP, _ICMP_TOP = 255, 65535, 255


def cited(certificates: Iterable[Certificate]) -> frozenset[Source]:
    """Every record that some certificate rests on."""
    found: set[Source] = set()
    for one in certificates:
        found.update(one.own)
    for one in {id(c.shared): c for c in certificates}.values():
        found.update(one.shared)
    return frozenset(found)


def lines(certificates: Iterable[Certificate], digests: Mapping[Source, str]) -> Iterator[str]:
    """One line for each certificate; `digests` are those of the cited records, in hexadecimal."""
    bodies: dict[int, tuple[str, dict[str, str]]] = {}
    for one in certificates:
        key = id(one.ways)
        if key not in bodies:
            bodies[key] = (_text(_body(one))[1:-1], _records(one.shared, digests))
        body, shared = bodies[key]
        records = dict(sorted({**shared, **_records(one.own, digests)}.items()))
        head = {"schema": SCHEMA, "semantics": SEMANTICS_VERSION, "row": _row(one)}
        yield f"{_text(head)[:-1]},{body},{_text({'records': records})[1:]}\n"


def _text(document: Document) -> str:
    return json.dumps(document, ensure_ascii=False, separators=(",", ":"), allow_nan=False)


def _row(one: Certificate) -> Document:
    row = one.row
    return {
        "account": row.account,
        "region": row.region,
        "interface": row.interface,
        "address": row.address,
        "family": row.family,
        "origin": row.origin,
    }


def _records(places: Iterable[Source], digests: Mapping[Source, str]) -> dict[str, str]:
    return {f"{place.file}#{place.pointer}": digests[place] for place in places}


class _Sources:
    """Each set of addresses that boxes name, once. `*` stands for every address of the row's own family."""

    def __init__(self, own: Family) -> None:
        self.own: Family = own
        self.places: dict[str, int] = {}

    def place(self, ranges: tuple[Range, ...], family: Family) -> int:
        everything = ranges == ((0, top(family)),) and family == self.own
        return self.places.setdefault("*" if everything else _addresses(ranges, family), len(self.places))


def _body(one: Certificate) -> Document:
    sources = _Sources(one.row.family)
    ways = [_way(way, sources) for way in one.ways]
    return {
        "verdict": one.verdict.value,
        "sources": list(sources.places),
        "ways": ways,
        "witness": _witness(one.witness),
        "relies_on_absent": list(one.relies_on_absent),
    }


def _way(way: Claimed, sources: _Sources) -> Document:
    return {"way": list(way.way), "claims": [_claim(claim, sources) for claim in way.claims]}


def _claim(claim: Claim, sources: _Sources) -> Document:
    family = claim.flows.family
    found: dict[str, object] = {"fate": claim.fate}
    if claim.layer:
        found |= {"layer": claim.layer.value, "record": claim.record}
    if claim.assumed:
        found["assumed"] = True
    if claim.reasons:
        found["reasons"] = list(claim.reasons)
    found["boxes"] = [_box(box, family, sources) for box in _joined(boxes(claim.flows), family)]
    return found


def _joined(found: Iterable[Box], family: Family) -> Iterator[Box]:
    """The boxes; those of any port and of protocols without ports are one where they have the same sources."""
    whole: dict[tuple[Range, ...], list[Range]] = {}
    rest: list[Box] = []
    for box in found:
        last = ((0, _last(box.protocols[0][0], family)),)
        if not box.thirds or (box.thirds == last and box.fourths == last):
            whole.setdefault(box.remotes, []).extend(box.protocols)
        else:
            rest.append(box)
    yield from rest
    yield from (Box(merge(protocols), remotes, (), ()) for remotes, protocols in whole.items())


def _last(protocol: int, family: Family) -> int:
    return _ICMP_TOP if protocol == icmp_of(family) else _PORT_TOP


def _box(box: Box, family: Family, sources: _Sources) -> list[str | int]:
    last = _last(box.protocols[0][0], family)
    place = sources.place(box.remotes, family)
    return [_numbers(box.protocols, _PROTOCOL_TOP), place, _numbers(box.thirds, last), _numbers(box.fourths, last)]


def _numbers(ranges: tuple[Range, ...], last: int) -> str:
    if ranges in {(), ((0, last),)}:
        return "*"
    return ",".join(str(low) if low == high else f"{low}-{high}" for low, high in ranges)


def _addresses(ranges: tuple[Range, ...], family: Family) -> str:
    spelled = ((spell(low, family), spell(high, family)) for low, high in ranges)
    return ",".join(low if low == high else f"{low}-{high}" for low, high in spelled)


def _witness(found: Passing | None) -> Document | None:
    if found is None:
        return None
    return {"way": list(found.way), "packet": _packet(found.packet), "passes": list(found.passes)}


def _packet(packet: Packet) -> Document:
    """The packet without its destination, which is the address of the row."""
    members = packet._asdict()
    del members["destination"]
    return {name: value for name, value in members.items() if value is not None}
