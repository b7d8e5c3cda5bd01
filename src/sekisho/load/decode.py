"""Lists of raw records -> typed records: a whole list at once, and only in a damaged one each record alone."""

import re
from collections.abc import Iterator
from functools import cache
from itertools import accumulate, chain
from typing import Any, NamedTuple

import msgspec

from sekisho.model.border import LocalGatewayRoute, LocalGatewayRoutes
from sekisho.model.filters import PrefixList
from sekisho.model.interface import Instance
from sekisho.model.kinds import PREFIX_LIST_ENTRIES, Kind, UnmodelledKind
from sekisho.model.record import Issue, Record, Source
from sekisho.model.snapshot import Missing, Nesting

from .check import flaw, flawless
from .clues import Clue, Hint, clue_of, clue_of_text, clues_of
from .files import shown
from .recognise import NAN, SUBJECT, UNREADABLE, Answer

_REFER = re.compile(
    rb"(?<![\w-])(?:(?:vpc|subnet|eni|i|sg|acl|rtb|igw|eigw|nat|pcx|vgw|vpn|tgw|tgw-attach|tgw-rtb|vpce|vpce-svc|eice"
    rb"|vpcea|vae|lgw|lgw-rtb|cagw|pl|cgw|cvpn-endpoint|dxgw|dxvif|dx-gw|core-network|svc|sn|snva|ipam-pool)"
    rb"-[0-9A-Za-z][0-9A-Za-z_-]*|arn:[\w-]+:[\w-]+:[\w-]*:\d*:[^\"\\\s]+)"
)
_LONGEST_ID = 256
_NAN = msgspec.json.encode(NAN)


class Reservation(msgspec.Struct, rename="pascal", gc=False):
    """What DescribeInstances wraps its instances in; the owner of all of them is named here only."""

    owner_id: str | None = None
    instances: tuple[Instance, ...] = ()


class _RawReservation(msgspec.Struct, rename="pascal"):
    owner_id: Any = None
    instances: list[msgspec.Raw] = []


class _Entry(msgspec.Struct, rename="pascal"):
    cidr: str


class Rows(NamedTuple):
    """Records as one list of an answer holds them.

    `owners` are their owners where what they are wrapped in says so, `clues` what else says whose each is: one
    for each record, or none where that is not wanted.
    """

    pointer: str
    records: tuple[Record, ...]
    owners: tuple[str | None, ...] = ()
    clues: tuple[Clue, ...] = ()
    single: bool = False
    nesting: Nesting | None = None


class Found(NamedTuple):
    """A record that is not modelled, before its scope is known."""

    id: str
    refers: frozenset[str]
    source: Source
    internet_facing: bool | None
    clue: Clue


class Decoded(NamedTuple):
    """What one answer holds."""

    answer: Answer
    rows: tuple[Rows, ...] = ()
    missing: tuple[Missing, ...] = ()
    found: tuple[Found, ...] = ()
    issues: tuple[Issue, ...] = ()

    @property
    def total(self) -> int:
        return sum(len(r.records) for r in self.rows) + len(self.missing) + len(self.found)


def decode(answer: Answer, *, clues: bool) -> Decoded:  # noqa: PLR0911  one a form of record
    """The records of the answer. One that cannot be used is in `missing`, with an issue."""
    if answer.body is None:
        return Decoded(answer)
    if answer.call == PREFIX_LIST_ENTRIES:
        return _entries(answer, answer.body)
    match answer.kind:
        case None:
            return Decoded(answer)
        case UnmodelledKind() as kind:
            return Decoded(answer, found=tuple(_found(answer, kind, answer.body)))
        case Kind(table="lattice_targets") as kind:
            return _targets_of_lattice(answer, kind, answer.body, clues=clues)
        case Kind(table="local_gateway_routes") as kind:
            return _routes_of_local_gateway(answer, kind, answer.body)
        case Kind() as kind:
            rows = _whole(answer, kind, answer.body, clues=clues)
            return Decoded(answer, rows) if rows is not None else _one_by_one(answer, kind, answer.body, clues=clues)


def refers(raw: bytes | memoryview | msgspec.Raw) -> frozenset[str]:
    """All AWS ids and ARNs that the text names."""
    return frozenset(m.decode("utf-8", "replace") for m in _REFER.findall(memoryview(raw)))


# A whole list ---------------------------------------------------------------------------------------


@cache
def _list_of(type_: type) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(tuple[type_, ...])  # type: ignore[valid-type]


def _whole(answer: Answer, kind: Kind, body: msgspec.Raw, *, clues: bool) -> tuple[Rows, ...] | None:
    """The list at once; None where any record of it cannot be used."""
    try:
        rows = (
            _instances(answer, body, clues=clues) if kind.type is Instance else _list(answer, kind, body, clues=clues)
        )
    except UNREADABLE:
        return None
    return (rows,) if flawless(kind, rows.records) else None


def _list(answer: Answer, kind: Kind, body: msgspec.Raw, *, clues: bool) -> Rows:
    single = kind.whole or kind.table == "bpa_options"
    told: tuple[Clue, ...] = (clue_of_text(bytes(body)),) if clues and kind.whole else ()
    if single:
        body = msgspec.Raw(b"[%b]" % bytes(body))
    if clues and not kind.whole:
        told = clues_of(_list_of(Hint).decode(body))
    return Rows(answer.pointer, _list_of(kind.type).decode(body), (), told, single)


def _instances(answer: Answer, body: msgspec.Raw, *, clues: bool) -> Rows:
    """All instances in one row: most reservations hold a single one."""
    hints = _list_of(_HintReservation).decode(body) if clues else ()
    reservations: tuple[Reservation, ...] = _list_of(Reservation).decode(body)
    return Rows(
        answer.pointer,
        tuple(chain.from_iterable(r.instances for r in reservations)),
        tuple(r.owner_id for r in reservations for _ in r.instances),
        clues_of(hint for r in hints for hint in r.instances),
        nesting=Nesting("Instances", tuple(accumulate((len(r.instances) for r in reservations[:-1]), initial=0))),
    )


class _HintReservation(msgspec.Struct, rename="pascal"):
    instances: tuple[Hint, ...] = ()


# A damaged list -------------------------------------------------------------------------------------


def _one_by_one(answer: Answer, kind: Kind, body: msgspec.Raw, *, clues: bool) -> Decoded:
    rows: list[Rows] = []
    missing: list[Missing] = []
    issues: list[Issue] = []
    for pointer, owner, raw in _raw_records(answer, kind, body):
        try:
            record = msgspec.json.decode(raw, type=kind.type)
            why, inner = flaw(kind, record), ""
            if why is None:
                found = (clue_of(_hint(raw)),) if clues else ()
                rows.append(Rows(pointer, (record,), (owner,), found, single=True))
                continue
        except UNREADABLE as error:
            why, inner = _reason(raw, error)
        lost = _lost(answer, kind, pointer, raw, shown(why))
        missing.append(lost)
        issues.append(Issue(answer.file, pointer + inner, f"{lost.id}: {lost.why}", "what depends on it is unknown"))
    return Decoded(answer, tuple(rows), tuple(missing), (), tuple(issues))


def _raw_records(answer: Answer, kind: Kind, body: msgspec.Raw) -> Iterator[tuple[str, str | None, msgspec.Raw]]:
    """Each record with its pointer and owner; a reservation that cannot be taken apart stands for its instances."""
    if kind.whole or kind.table == "bpa_options":
        yield answer.pointer, None, body
        return
    for index, raw in enumerate(msgspec.json.decode(body, type=list[msgspec.Raw])):
        pointer = f"{answer.pointer}/{index}"
        if kind.type is not Instance:
            yield pointer, None, raw
            continue
        try:
            reservation = msgspec.json.decode(raw, type=_RawReservation)
        except UNREADABLE:
            yield pointer, None, raw
            continue
        owner = reservation.owner_id if isinstance(reservation.owner_id, str) else None
        yield from ((f"{pointer}/Instances/{i}", owner, r) for i, r in enumerate(reservation.instances))


def _hint(raw: msgspec.Raw) -> Hint:
    try:
        return msgspec.json.decode(raw, type=Hint)
    except UNREADABLE:
        return Hint()


def _reason(raw: msgspec.Raw, error: Exception) -> tuple[str, str]:
    """Why the record cannot be read, and the JSON pointer of the place inside it."""
    if _NAN in bytes(raw):
        return "NaN or Infinity is not a JSON number", ""
    if isinstance(error, RecursionError):
        return "it is nested too deeply", ""
    what, _, path = str(error).partition(" - at `$")
    steps = re.findall(r"\.([A-Za-z0-9_]+)|\[(\d+)\]", path)
    return what, "".join(f"/{name or index}" for name, index in steps)


def _lost(answer: Answer, kind: Kind, pointer: str, raw: msgspec.Raw, why: str) -> Missing:
    """The record as missing: under its id where that can be read, else under the place where it stands."""
    member = "".join(part.capitalize() for part in kind.id_field.split("_"))
    return Missing(
        kind.table, _name(raw, member) or f"{answer.file}#{pointer}", why, Source(answer.file, pointer), refers(raw)
    )


def _name(raw: msgspec.Raw, member: str) -> str | None:
    try:
        value = msgspec.json.decode(msgspec.json.decode(raw, type=dict[str, msgspec.Raw])[member])
    except (*UNREADABLE, KeyError):
        return None
    return value if isinstance(value, str) and 0 < len(value) <= _LONGEST_ID and value.isprintable() else None


# Prefix-list entries, records that are not modelled ---------------------------------------------------


def _entries(answer: Answer, body: msgspec.Raw) -> Decoded:
    """The entries of one list as one record; the list is named by the parameters of the call."""
    name = answer.parameters.get("PrefixListId")
    if not isinstance(name, str) or not name:
        issue = Issue(answer.file, "/parameters", "it does not say which PrefixListId was asked for", "it is not used")
        return Decoded(answer._replace(failure="no PrefixListId"), issues=(issue,))
    kind = _PREFIX_LISTS
    try:
        cidrs = tuple(entry.cidr for entry in _list_of(_Entry).decode(body))
        record = PrefixList(prefix_list_id=name, cidrs=cidrs)
        why, inner = flaw(kind, record), ""
    except UNREADABLE as error:
        why, inner = _reason(body, error)
    else:
        if why is None:
            return Decoded(answer, (Rows(answer.pointer, (record,), single=True),))
    lost = Missing(kind.table, shown(name), shown(why), Source(answer.file, answer.pointer), frozenset({name}))
    issue = Issue(answer.file, answer.pointer + inner, f"{lost.id}: {lost.why}", "what depends on it is unknown")
    return Decoded(answer, missing=(lost,), issues=(issue,))


def _targets_of_lattice(answer: Answer, kind: Kind, body: msgspec.Raw, *, clues: bool) -> Decoded:
    """The targets, each with the group that the parameters of the call name."""
    name = answer.parameters.get(SUBJECT[answer.call])
    if not isinstance(name, str) or not name:
        issue = Issue(answer.file, "/parameters", "it does not say which target group", "it is not used")
        return Decoded(answer._replace(failure="no targetGroupIdentifier"), issues=(issue,))
    targets: list[Any] = msgspec.json.decode(body)
    owned = msgspec.Raw(
        msgspec.json.encode([{**t, "targetGroupIdentifier": name} if isinstance(t, dict) else t for t in targets])
    )
    rows = _whole(answer, kind, owned, clues=clues)
    return Decoded(answer, rows) if rows is not None else _one_by_one(answer, kind, owned, clues=clues)


def _routes_of_local_gateway(answer: Answer, kind: Kind, body: msgspec.Raw) -> Decoded:
    """The routes of one table as one record; the table is named by the parameters of the call."""
    name = answer.parameters.get(SUBJECT[answer.call])
    if not isinstance(name, str) or not name:
        issue = Issue(answer.file, "/parameters", "it does not say which local gateway route table", "it is not used")
        return Decoded(answer._replace(failure="no LocalGatewayRouteTableId"), issues=(issue,))
    try:
        record = LocalGatewayRoutes(local_gateway_route_table_id=name, routes=_list_of(LocalGatewayRoute).decode(body))
        why, inner = flaw(kind, record), ""
    except UNREADABLE as error:
        why, inner = _reason(body, error)
    else:
        if why is None:
            return Decoded(answer, (Rows(answer.pointer, (record,), single=True),))
    lost = Missing(kind.table, shown(name), shown(why), Source(answer.file, answer.pointer), frozenset({name}))
    issue = Issue(answer.file, answer.pointer + inner, f"{lost.id}: {lost.why}", "what depends on it is unknown")
    return Decoded(answer, missing=(lost,), issues=(issue,))


_PREFIX_LISTS = Kind("prefix_lists", "ec2", "GetManagedPrefixListEntries", "Entries", PrefixList, "prefix_list_id")


def _found(answer: Answer, kind: UnmodelledKind, body: msgspec.Raw) -> Iterator[Found]:
    for index, raw in enumerate(msgspec.json.decode(body, type=list[msgspec.Raw])):
        source = Source(answer.file, f"{answer.pointer}/{index}")
        name = _name(raw, kind.id_member) or f"{source.file}#{source.pointer}"
        facing = {"internet-facing": True, "internal": False}.get(_name(raw, "Scheme") or "")
        yield Found(name, refers(raw) | {name}, source, facing, clue_of_text(bytes(raw)))
