"""Estate -> snapshot, by the ordinary loader; then each record says where it is declared."""

from sekisho.load import from_files
from sekisho.model.calls import Calls
from sekisho.model.record import Issue, Source
from sekisho.model.snapshot import Input, Missing, Page, Snapshot

from .estate import Estate
from .implied import complete
from .translate.settle import finish


def assemble(estate: Estate, digest: str, size: int, live: Snapshot | None = None) -> Snapshot:
    """The snapshot of everything in the estate, with what AWS adds to it."""
    complete(estate)
    finish(estate)
    read = from_files(estate.answers(), estate.file)
    places = Places(estate)
    missing = [m._replace(source=places.of(m.source)) for m in read.missing.values()]
    for (table, name), why in estate.spoilt.items():
        missing.append(Missing(table, name, why, places.of(Source(f"{estate.file}#{name}", "")), frozenset({name})))
    issues = {*estate.issues, *(places.issue(i) for i in read.issues)}
    return Snapshot(
        tuple(page for one in read.pages for page in places.pages(one)),
        calls=Calls(s._replace(files=(estate.file,)) for s in read.calls),
        issues=tuple(sorted(issues)),
        missing=tuple(missing),
        unmodelled=live.unmodelled if live else read.unmodelled,
        inputs=(Input(estate.file, digest, size), *(live.inputs if live else ())),
        collected=live.collected if live else None,
    )


class Places:
    """Where records are declared, instead of the answers that they were made into."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate

    def of(self, source: Source) -> Source:
        file, _, name = source.file.partition("#")
        found = self._estate.declared.get(name) or self._estate.places.get(name)
        return Source(found.file, found.pointer) if found else Source(file, "")

    def issue(self, issue: Issue) -> Issue:
        file, pointer = self.of(Source(issue.file, issue.pointer))
        return Issue(file, pointer, issue.what.replace(f"{self._estate.file}#", ""), issue.effect)

    def pages(self, page: Page) -> list[Page]:
        """Each record as a page of its own, with the place that declares it."""
        own = self.of(Source(page.file, page.pointer))
        pairs = zip(page.records, page.scopes, strict=True)
        return [Page(page.table, own.file, own.pointer, (record,), (scope,), single=True) for record, scope in pairs]
