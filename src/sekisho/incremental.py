"""An assessment that follows its snapshot: what changed in the records, and which rows say something else for it."""

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import NamedTuple

from sekisho.analysis import Listeners, assessed, select
from sekisho.engine.answer import ORIGINS, Origin, Row
from sekisho.engine.connected import Connection
from sekisho.engine.standing import Standing, is_tracked
from sekisho.engine.verdict import Said
from sekisho.engine.witness import confirm
from sekisho.errors import QueryError
from sekisho.findings.assessment import Assessment
from sekisho.model.kinds import KINDS
from sekisho.model.record import Record, Scope
from sekisho.model.snapshot import Page, Snapshot, record_key

_TABLES: Mapping[type[Record], str] = {kind.type: kind.table for kind in KINDS}


class Change(NamedTuple):
    """Rows, what was said of them, and what is said now; None where they were not there, or are not any more."""

    rows: tuple[Row, ...]
    before: Said | None
    after: Said | None


class Difference(NamedTuple):
    """Every row whose verdict or flows changed, and no other. `whole`: everything was assessed anew to tell."""

    changes: tuple[Change, ...] = ()
    whole: bool = False


class StandingAssessment:
    """The assessment of a snapshot that changes. At any time it is what `analysis.assess` says of `snapshot`."""

    def __init__(
        self,
        snapshot: Snapshot,
        *,
        target: str = "all",
        origins: tuple[Origin, ...] = ORIGINS,
        listeners: Listeners | None = None,
    ) -> None:
        self._target, self._origins, self._listeners = target, origins, listeners
        self._read = snapshot
        #: What took the place of records of it.
        self._put: dict[tuple[str, str], Record] = {}
        self._begin()

    def _begin(self) -> None:
        """Assess everything, and replay examples as `assess` does."""
        with _uncollected():
            own = with_records(self._read, {})
            self._standing = Standing(own, lambda topology: select(topology, self._target), self._origins)
            self._confirm(self._standing.strange())

    @property
    def snapshot(self) -> Snapshot:
        """The snapshot as it is now."""
        if self._put:
            self._read, self._put = with_records(self._read, self._put), {}
        return self._read

    def assessment(self) -> Assessment:
        """The whole assessment as it is now, with findings and coverage."""
        return assessed(
            self._standing.assessor,
            self._standing.judged(),
            select(self._standing.assessor.topology, self._target),
            target=self._target,
            origins=self._origins,
            listeners=self._listeners,
        )

    def update(self, records: Iterable[Record]) -> Difference:
        """Put each record in the place of the one with its id, and say which rows changed.

        QueryError where the snapshot has no record of the id: what comes or goes takes another snapshot to `follow`.
        """
        changed = {key: record for key, record in map(_keyed, records) if self._now(key) != record}
        pairs = [(self._now(key), record) for key, record in changed.items()]
        self._put |= changed
        return self._change(pairs) if _all_tracked(pairs) else self._whole()

    def _now(self, key: tuple[str, str]) -> Record:
        table, name = key
        found = self._standing.assessor.facts.snapshot.table(table).get(name)
        if found is None:
            raise QueryError(f"`{name}` is not in the snapshot")
        return found

    def follow(self, snapshot: Snapshot) -> Difference:
        """Go on with this snapshot, and say which rows changed."""
        pairs = _pairs(self.snapshot, snapshot)
        self._read = snapshot
        if pairs is None or not _all_tracked(pairs):
            return self._whole()
        own = self._standing.assessor.facts.snapshot
        own.pages, own.inputs, own.issues, own.collected = (
            snapshot.pages,
            snapshot.inputs,
            snapshot.issues,
            snapshot.collected,
        )
        return self._change(pairs)

    def _change(self, pairs: list[tuple[Record, Record]]) -> Difference:
        turns = self._standing.change(pairs)
        if turns is None:
            return self._whole()
        self._confirm(turn.connections for turn in turns)
        rows = self._standing.rows
        return Difference(tuple(Change(tuple(rows[place] for place in t.rows), t.before, t.after) for t in turns))

    def _confirm(self, found: Iterable[tuple[Connection, ...]]) -> None:
        """Replay an example of each (`engine.witness`)."""
        for connections in found:
            confirm(self._standing.assessor.topology, connections)

    def _whole(self) -> Difference:
        """Assess everything from the beginning, and compare."""
        self._read, self._put = self.snapshot, {}
        old = {_identity(row): (row, said) for row, said in self._standing.told()}
        self._begin()
        new = {_identity(row): (row, said) for row, said in self._standing.told()}
        changed: dict[tuple[Said | None, Said | None], list[Row]] = {}
        for key in {**old, **new}:
            row, before = old.get(key, (None, None))
            row, after = new.get(key, (row, None))
            if row and before != after:
                changed.setdefault((before, after), []).append(row)
        return Difference(tuple(Change(tuple(rows), *turn) for turn, rows in changed.items()), whole=True)


def _all_tracked(pairs: Iterable[tuple[Record, Record]]) -> bool:
    return all(is_tracked(before, after) for before, after in pairs)


def _identity(row: Row) -> tuple[str, str, Origin]:
    return row.interface, row.address, row.origin


def _keyed(record: Record) -> tuple[tuple[str, str], Record]:
    table = _TABLES[type(record)]
    scope = Scope(getattr(record, "aws_account_id", None), getattr(record, "aws_region", None))
    return (table, record_key(table, record, scope)), record


# Snapshots ----------------------------------------------------------------------------------------------


def with_records(snapshot: Snapshot, put: Mapping[tuple[str, str], Record]) -> Snapshot:
    """The snapshot with these records in the place of those of their ids, where each was read first."""
    changed: dict[int, list[Record]] = {}
    left = dict(put)
    for number, page in enumerate(snapshot.pages if put else ()):
        for index, name in enumerate(page.keys()) if any(table == page.table for table, _ in left) else ():
            if (page.table, name) in left:
                changed.setdefault(number, list(page.records))[index] = left.pop((page.table, name))
    pages = (p._replace(records=tuple(changed.get(n, p.records))) for n, p in enumerate(snapshot.pages))
    return Snapshot(
        tuple(pages),
        calls=snapshot.calls,
        issues=snapshot.issues,
        missing=tuple(snapshot.missing.values()),
        unmodelled=snapshot.unmodelled,
        inputs=snapshot.inputs,
        collected=snapshot.collected,
    )


def _pairs(before: Snapshot, after: Snapshot) -> list[tuple[Record, Record]] | None:
    """Records that took the place of others; None where more than that is different."""
    same = (
        before.missing == after.missing
        and before.unmodelled == after.unmodelled
        and list(before.calls) == list(after.calls)
        and [_frame(page) for page in before.pages] == [_frame(page) for page in after.pages]
    )
    if not same:
        return None
    found: list[tuple[Record, Record]] = []
    for one, other in zip(before.pages, after.pages, strict=True):
        if one.records == other.records:
            continue
        if one.keys() != other.keys():
            return None
        table = before.table(one.table)
        named = zip(one.keys(), one.records, other.records, strict=True)
        found += [(old, new) for name, old, new in named if old != new and table.get(name) is old]
    return found


def _frame(page: Page) -> Page:
    """The page without its records."""
    return page._replace(records=())


@contextmanager
def _uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: what is made by the million here stays."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()
