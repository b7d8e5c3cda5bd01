"""One record where several answers describe the same thing: equal, completing each other, or contradicting."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from sekisho.model.filters import PrefixList
from sekisho.model.gateways import VpcPeeringConnection
from sekisho.model.kinds import PREFIX_LIST_ENTRIES, Kind
from sekisho.model.record import Issue, Record, Source
from sekisho.model.snapshot import Missing, Page
from sekisho.model.transit_gateway import (
    TransitGatewayAttachment,
    TransitGatewayPeeringAttachment,
    TransitGatewayVpcAttachment,
)

from .decode import refers
from .files import shown
from .scope import Placed

#: Members that decide nothing: AWS shows the tags of a shared resource to its owner only, and each account
#: has its own names of zones (their ids are the same for all).
_NOTES = frozenset({"tags", "tag_set", "description", "message", "availability_zone"})
#: Members that one account's view may lack.
_FILLABLE = frozenset({"availability_zone_id", "block_public_access_states", "owner_id"})
_EMPTY: tuple[Any, ...] = (None, "", ())
_SEEN_FROM_SIDES = (
    VpcPeeringConnection,
    TransitGatewayAttachment,
    TransitGatewayVpcAttachment,
    TransitGatewayPeeringAttachment,
)


class Merged(NamedTuple):
    """Pages in which each record that is described several times alike is complete at its first place."""

    pages: tuple[Page, ...]
    missing: tuple[Missing, ...]
    issues: tuple[Issue, ...]


def merge(pages: Sequence[Page]) -> Merged:
    """The pages with duplicates joined; records that contradict each other are missing."""
    places: dict[tuple[str, str], tuple[int, int]] = {}
    joined: dict[tuple[str, str], Record] = {}
    clashes: dict[tuple[str, str], tuple[Record, Source]] = {}
    repeated = _repeated(pages)
    for number, page in enumerate(pages):
        for index, name in enumerate(page.keys()) if page.table in repeated else ():
            if name not in repeated[page.table]:
                continue
            key, here = (page.table, name), (number, index)
            first = places.setdefault(key, here)
            if first is here:
                continue
            record = page.records[index]
            earlier = joined.get(key) or pages[first[0]].records[first[1]]
            one = agreed(earlier, record)
            if one is None:
                clashes.setdefault(key, (record, page.source(index)))
            elif one is not earlier:
                joined[key] = one
    missing, issues = _contradictions(pages, places, clashes)
    return Merged(_replaced(pages, {places[key]: record for key, record in joined.items()}), missing, issues)


def _repeated(pages: Sequence[Page]) -> Mapping[str, set[str]]:
    """The ids that come more than once, by table."""
    names: dict[str, list[str]] = {}
    for page in pages:
        names.setdefault(page.table, []).extend(page.keys())
    return {
        table: {name for name, times in Counter(found).items() if times > 1}
        for table, found in names.items()
        if len(set(found)) < len(found)
    }


def _contradictions(
    pages: Sequence[Page],
    places: Mapping[tuple[str, str], tuple[int, int]],
    clashes: Mapping[tuple[str, str], tuple[Record, Source]],
) -> tuple[tuple[Missing, ...], tuple[Issue, ...]]:
    missing, issues = [], []
    for (table, name), (record, source) in clashes.items():
        number, index = places[table, name]
        first, earlier = pages[number].source(index), pages[number].records[index]
        named = refers(msgspec.json.encode([earlier, record]))
        missing.append(Missing(table, name, "it is described twice with different contents", first, named))
        what = f"{name} is described differently in {first.file}{first.pointer and '#' + first.pointer}"
        issues.append(Issue(source.file, source.pointer, what, "what depends on it is unknown"))
    return tuple(missing), tuple(issues)


def _replaced(pages: Sequence[Page], records: Mapping[tuple[int, int], Record]) -> tuple[Page, ...]:
    changed: dict[int, list[Record]] = {}
    for (number, index), record in records.items():
        changed.setdefault(number, list(pages[number].records))[index] = record
    return tuple(p._replace(records=tuple(changed[n])) if n in changed else p for n, p in enumerate(pages))


def agreed(one: Record, other: Record) -> Record | None:
    """What both say, None where they contradict. `one` itself where the other adds nothing.

    A peering connection or attachment is seen from two sides, either of which may know less of the other.
    """
    return one if one == other else _agreed(one, other, lenient=isinstance(one, _SEEN_FROM_SIDES))


def _agreed(one: Record, other: Record, *, lenient: bool) -> Record | None:
    more: dict[str, Any] = {}
    for name in one.__struct_fields__:
        mine, theirs = getattr(one, name), getattr(other, name)
        if _canonical(mine) == _canonical(theirs) and name not in _NOTES:
            continue
        partial = (lenient or name in _FILLABLE) and (mine in _EMPTY or theirs in _EMPTY)
        if name in _NOTES or partial:
            if mine in _EMPTY and theirs not in _EMPTY:
                more[name] = theirs
        elif lenient and isinstance(mine, Record) and isinstance(theirs, Record):
            inner = _agreed(mine, theirs, lenient=True)
            if inner is None:
                return None
            more[name] = inner
        else:
            return None
    return msgspec.structs.replace(one, **more) if more else one


def _canonical(value: object) -> object:
    """The value without notes and without the order of its lists: AWS promises none."""
    if isinstance(value, Record):
        return tuple(_canonical(getattr(value, n)) for n in value.__struct_fields__ if n not in _NOTES)
    if isinstance(value, tuple):
        return tuple(sorted(map(_canonical, value), key=repr))
    return value


# Pages of placed answers ----------------------------------------------------------------------------


def pages_of(placed: Iterable[Placed]) -> tuple[tuple[Page, ...], tuple[Missing, ...]]:
    """The pages of all answers; a prefix list whose entries came in pages is whole on the first."""
    pages: list[Page] = []
    missing: list[Missing] = []
    entries: dict[str, list[Placed]] = {}
    for one in placed:
        answer = one.decoded.answer
        missing.extend(_keyed(m, one) for m in one.decoded.missing)
        if answer.call == PREFIX_LIST_ENTRIES:
            entries.setdefault(shown(str(answer.parameters.get("PrefixListId"))), []).append(one)
        elif isinstance(answer.kind, Kind):
            pages.extend(
                Page(answer.kind.table, answer.file, rows.pointer, rows.records, scopes, rows.single, rows.nesting)
                for rows, scopes in zip(one.decoded.rows, one.rows, strict=True)
                if rows.records
            )
    for name, found in sorted(entries.items()):
        page, lost = _prefix_list(name, found)
        pages.extend(page)
        missing.extend(lost)
    return tuple(pages), tuple(missing)


def _keyed(missing: Missing, one: Placed) -> Missing:
    """Block Public Access options have no id of their own: `record_key` names them by their scope."""
    if missing.table != "bpa_options" or len(one.calls) != 1:
        return missing
    return missing._replace(id=f"{one.calls[0].account}/{one.calls[0].region}")


def _prefix_list(name: str, found: Sequence[Placed]) -> tuple[list[Page], list[Missing]]:
    answers = [p.decoded.answer for p in found]
    asked = {a.asked for a in answers}
    why = next((a.failure for a in answers if a.failure), "")
    if not why and ("" not in asked or any(a.token and a.token not in asked for a in answers)):
        why = "pages of its entries were not saved"
    if why:
        source = Source(answers[0].file, answers[0].pointer)
        return [], [Missing("prefix_lists", name, why, source, frozenset({name}))]
    parts = [(p, row) for p in found for row in p.decoded.rows]
    rest = [c for p, row in parts if p.decoded.answer.asked for c in _cidrs(row.records)]
    pages = []
    for one, row in parts:
        if one.decoded.answer.asked:
            continue
        record = PrefixList(prefix_list_id=name, cidrs=tuple(dict.fromkeys([*_cidrs(row.records), *rest])))
        pages.append(Page("prefix_lists", one.decoded.answer.file, row.pointer, (record,), one.rows[0], single=True))
    return pages, []


def _cidrs(records: Iterable[Record]) -> list[str]:
    return [cidr for record in records if isinstance(record, PrefixList) for cidr in record.cidrs]
