"""Estate -> snapshot, by the ordinary loader; then each record says where it is declared."""

from collections.abc import Callable

import msgspec

from sekisho.errors import SnapshotError
from sekisho.load import from_files
from sekisho.load.decode import refers
from sekisho.model.calls import Calls
from sekisho.model.record import Issue, Source
from sekisho.model.snapshot import Input, Missing, Page, Snapshot

from .estate import Estate
from .implied import complete
from .translate.settle import finish
from .values import plain


def assemble(estate: Estate, origin: Input, live: Snapshot | None = None) -> Snapshot:
    """The snapshot of everything in the estate, with what AWS adds to it. SnapshotError where nothing is in it."""
    complete(estate)
    finish(estate)
    answers = list(estate.answers())
    if not answers:
        raise SnapshotError(
            f"{estate.file}: it declares nothing that packets could reach by itself; "
            "lay it on what is live with --on SNAPSHOT"
        )
    read = from_files(answers, estate.file)
    places = Places(estate)
    spoilt = [_spoilt(estate, table, name, why, places) for (table, name), why in estate.spoilt.items()]
    found = relocated(read, places.of)
    return Snapshot(
        found.pages,
        calls=found.calls,
        issues=tuple(sorted({*estate.issues, *found.issues})),
        missing=(*found.missing.values(), *spoilt, *(live.missing.values() if live else ())),
        unmodelled=live.unmodelled if live else read.unmodelled,
        inputs=(origin, *(live.inputs if live else ())),
        collected=live.collected if live else None,
    )


def _spoilt(estate: Estate, table: str, name: str, why: str, places: "Places") -> Missing:
    """A record that cannot be believed, with everything that it names: what hangs on it is open."""
    draft = msgspec.json.encode(plain(estate.get(table, name) or {}))
    source = places.of(Source(f"{estate.file}#{name}", ""))
    return Missing(table, name, why, source, frozenset({name}) | refers(draft))


def relocated(read: Snapshot, place: Callable[[Source], Source], inputs: tuple[Input, ...] = ()) -> Snapshot:
    """The snapshot with the places of its records changed; each page whose place changes is of single records."""
    return Snapshot(
        tuple(page for one in read.pages for page in _pages(one, place)),
        calls=Calls(s._replace(files=tuple(sorted({place(Source(f, "")).file for f in s.files}))) for s in read.calls),
        issues=tuple(sorted({_issue(i, place) for i in read.issues})),
        missing=tuple(m._replace(source=place(m.source)) for m in read.missing.values()),
        unmodelled=read.unmodelled,
        inputs=tuple(sorted((*(i for i in read.inputs if i.sha256), *inputs))),
        collected=read.collected,
    )


def _issue(issue: Issue, place: Callable[[Source], Source]) -> Issue:
    file, pointer = place(Source(issue.file, issue.pointer))
    what = issue.what if file == issue.file else issue.what.replace(f"{issue.file}#", "")
    return Issue(file, pointer, what, issue.effect)


def _pages(page: Page, place: Callable[[Source], Source]) -> list[Page]:
    own = place(Source(page.file, page.pointer))
    if own.file == page.file:
        return [page]
    pairs = zip(page.records, page.scopes, strict=True)
    return [Page(page.table, own.file, own.pointer, (record,), (scope,), single=True) for record, scope in pairs]


class Places:
    """Where records are declared, instead of the answers that they were made into."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def of(self, source: Source) -> Source:
        file, _, name = source.file.partition("#")
        found = self._estate.declared.get(name) or self._estate.places.get(name)
        return Source(found.file, found.pointer) if found else Source(file, "")
