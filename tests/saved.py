"""A random network as saved AWS answers, one enveloped call a file, so that commands and checkers can read it."""

import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from estates import ACCOUNT, HERE, Placed
from random_networks import Network, id_of, table_of
from sekisho.load.per_resource import GATHERED
from sekisho.load.recognise import SUBJECT
from sekisho.model.balancing import ClassicAttributes
from sekisho.model.border import LocalGatewayRoutes
from sekisho.model.gated import LatticeTarget
from sekisho.model.interface import Instance
from sekisho.model.kinds import KIND_BY_TABLE, KINDS, Kind
from sekisho.model.record import Record, Scope

Json = dict[str, Any]
ERROR = {"code": "AccessDenied", "message": "You are not authorized to perform this operation."}


def save(whole: Network, place: Path) -> None:
    """Write the answers into the directory."""
    place.mkdir(parents=True, exist_ok=True)
    for number, answer in enumerate(answers(whole)):
        name = f"{number:03}-{answer['account']}-{answer['service']}-{answer['operation']}.json"
        (place / name).write_text(json.dumps(answer, indent=2) + "\n", encoding="utf-8")


def answers(whole: Network) -> Iterator[Json]:
    """One answer a call and scope, or a resource where the call is asked for one at a time.

    A record that cannot be used has a member of a wrong type, but still shows its id and all that it names.
    """
    placed = [p for r in whole.records for p in [whole.placed(r)] if p is not None]
    found: dict[Scope, dict[str, list[Record]]] = defaultdict(lambda: defaultdict(list))
    for item in placed or [Placed(HERE, ())]:
        scope, records = (item.scope, item.records) if isinstance(item, Placed) else (HERE, (item,))
        for record in records:
            found[scope][table_of(record)].append(record)
    found[HERE] = found[HERE]
    for scope, tables in found.items():
        for kind in KINDS:
            records = tuple(tables.get(kind.table, ()))
            if kind.table in whole.failed:
                yield _envelope(kind, scope, {}) | {"error": ERROR, "response": None}
            elif kind.table not in whole.unread and (records or kind.needed):
                unusable = {id_of(r) for r in whole.unusable if table_of(r) == kind.table}
                yield from _of_kind(kind, scope, records, unusable)


def _of_kind(kind: Kind, scope: Scope, records: tuple[Record, ...], unusable: set[str]) -> Iterator[Json]:
    def built(record: Record) -> Json:
        return _damaged(record) if id_of(record) in unusable else _built(record)

    if kind.call in GATHERED or kind.type is LocalGatewayRoutes:
        yield from (_of_one(kind, scope, record, damaged=id_of(record) in unusable) for record in records)
    elif kind.whole:
        yield from (_envelope(kind, scope, built(record)) for record in records)
    elif kind.table == "bpa_options":
        yield from (_envelope(kind, scope, {kind.member: built(record)}) for record in records)
    elif kind.type is Instance:
        reservations = [{"OwnerId": scope.account or ACCOUNT, "Instances": [built(r) for r in records]}]
        yield _envelope(kind, scope, {kind.member: reservations})
    elif kind.type is LatticeTarget:
        for record in records:
            target = built(record)
            yield _envelope(kind, scope, {kind.member: [target]}, {SUBJECT[kind.call]: target["targetGroupIdentifier"]})
    else:
        yield _envelope(kind, scope, {kind.member: [built(record) for record in records]})


def _of_one(kind: Kind, scope: Scope, record: Record, *, damaged: bool) -> Json:
    """The answer of a call about one resource: its parameters name the resource, its list is the rest of the record."""
    name, listed, *_ = (getattr(record, field) for field in record.__struct_fields__)
    elements: Any = msgspec.to_builtins(listed)
    if isinstance(record, ClassicAttributes):
        elements = {"CrossZoneLoadBalancing": {"Enabled": record.cross_zone}} if record.cross_zone is not None else {}
    response = {kind.member: [1] if damaged else elements}
    more = {} if getattr(record, "complete", True) else {"NextToken": "more"}
    return _envelope(kind, scope, response | more, {SUBJECT[kind.call]: name})


def _envelope(kind: Kind, scope: Scope, response: Json, parameters: Json | None = None) -> Json:
    return {
        "service": kind.service,
        "operation": kind.operation,
        "account": scope.account,
        "region": scope.region,
        "parameters": parameters or {},
        "error": None,
        "response": response,
    }


def _built(record: Record) -> Json:
    """The record as AWS prints it: members that are null or empty are left out."""
    built: Json = msgspec.to_builtins(record)
    return {key: value for key, value in built.items() if value not in (None, [], {})}


def _damaged(record: Record) -> Json:
    """A member of the record, not its id, is of a type that it never has."""
    built: Json = msgspec.to_builtins(record)
    identity = KIND_BY_TABLE[table_of(record)].id_field
    fields = dict(zip(record.__struct_fields__, record.__struct_encode_fields__, strict=True))
    victim = next(fields[field] for field in reversed(record.__struct_fields__) if field != identity)
    return built | {victim: 5.5}
