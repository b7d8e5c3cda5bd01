"""Makes the calls, sixteen at a time, and keeps every answer as it arrives."""

import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import NamedTuple

from sekisho.errors import AwsError, QueryError
from sekisho.version import __version__

from .accounts import Account, Connection, accounts, check, default_region, regions_of
from .ask import Error, Outcome, Stopped, ask, failed, now
from .calls import CALLS, GLOBAL, LED_TO, Call
from .changes import Change, changes
from .inventory import Told as Listening
from .managed import listening
from .store import SCHEMA, Job, Store

_THREADS = 16
#: How long calls in flight are waited for once the collection is interrupted.
_GRACE = 2.0
#: Told after each call: how many are done, and how many are known so far.
Told = Callable[[int, int], None]


class Refused(NamedTuple):
    """A call without an answer: of which account and Region, and why."""

    call: str
    account: str
    region: str
    error: Error


class Summary(NamedTuple):
    """What a collection came to: answers read now and kept of an earlier run, what was refused, what changed."""

    read: int
    kept: int
    accounts: tuple[str, ...]
    refused: tuple[Refused, ...]
    changes: tuple[Change, ...]
    listening: Mapping[str, Listening] = {}


class _Done(NamedTuple):
    job: Job
    outcome: Outcome | None
    kept: bool = False
    error: BaseException | None = None


def collect(
    connection: Connection, place: Path, told: Told = lambda _done, _known: None, *, listeners: bool = False
) -> Summary:
    """Save what AWS answers into the directory. What an earlier run of the same command saved is not asked again.

    With `listeners`, managed instances are asked too what listens on them, at the end of each account.
    AwsError where nobody can be asked or credentials expire; QueryError where no Region is known.
    """
    check(connection)
    region = connection.regions[0] if connection.regions else default_region(connection)
    if region is None and not connection.all_regions:
        raise QueryError("no Region is known: give --region or --all-regions")
    store: Store | None = None
    collections: list[_Collection] = []
    try:
        for account in accounts(connection):
            # Only now: what cannot be asked leaves nothing behind.
            store = store or _started(place, connection)
            store.note("identity", {"account": account.id, "arn": account.arn, "refusal": account.refusal})
            one = _Collection(account, regions_of(account, connection, region), store, told)
            collections.append(one)
            one.run()
            if listeners:
                one.listen()
        summary = _summary(collections)
        if store:
            store.note(
                "run",
                {
                    "ended_at": now(),
                    "read": summary.read,
                    "kept": summary.kept,
                    "refused": len(summary.refused),
                    "changes": summary.changes,
                },
            )
    finally:
        if store:
            store.close()
    if summary.read + summary.kept == 0:
        first = next((f": {r.call}: {r.error.code} ({r.error.message})" for r in summary.refused), "")
        raise AwsError(f"no call was answered{first}")
    return summary


def _started(place: Path, connection: Connection) -> Store:
    store = Store(place)
    asked = {
        "regions": connection.regions,
        "all_regions": connection.all_regions,
        "organization": connection.organization,
    }
    store.note("run", {"schema": SCHEMA, "version": __version__, "started_at": now(), **asked})
    return store


def _summary(collections: Iterable["_Collection"]) -> Summary:
    found = tuple(collections)
    return Summary(
        sum(one.read for one in found),
        sum(one.kept for one in found),
        tuple(one.account.id for one in found),
        tuple(sorted(r for one in found for r in one.refused)),
        tuple(sorted(change for one in found for change in one.changes())),
        {name: told for one in found for name, told in one.listening.items()},
    )


class _Collection:
    """All calls of one account."""

    def __init__(self, account: Account, regions: tuple[str, ...], store: Store, told: Told) -> None:
        self.account, self.read, self.kept = account, 0, 0
        self.refused: list[Refused] = []
        self.listening: dict[str, Listening] = {}
        self._regions, self._store, self._told = regions, store, told
        self._names: dict[str, dict[str, Mapping[str, tuple[str, ...]]]] = {}
        self._known: set[tuple[str, str, str, str]] = set()
        self._waiting: SimpleQueue[tuple[Job, object] | None] = SimpleQueue()
        self._done: SimpleQueue[_Done] = SimpleQueue()
        self._stop = threading.Event()

    def run(self) -> None:
        """Make the calls to the last. KeyboardInterrupt and errors leave every finished answer on disk."""
        # Daemons: a connection that hangs does not keep an interrupted program alive.
        threads = [threading.Thread(target=self._work, daemon=True) for _ in range(_THREADS)]
        for thread in threads:
            thread.start()
        try:
            self._submit(self._first_jobs())
            finished = 0
            while finished < len(self._known):
                done = self._done.get()
                finished += 1
                self._take(done)
                self._told(finished, len(self._known))
        except BaseException:
            self._stop.set()
            _join(threads, self._waiting)
            raise
        for _ in threads:
            self._waiting.put(None)

    def listen(self) -> None:
        """Ask the managed instances of each Region what listens on them."""
        for region in () if self.account.refusal else self._regions:
            try:
                self.listening.update(listening(self.account, region))
            except AwsError as error:
                self.refused.append(Refused("ssm:SendCommand", self.account.id, region, Error("Listeners", str(error))))

    def changes(self) -> Iterator[Change]:
        """What changed while the account was asked."""
        for region, names in self._names.items():
            yield from changes(self.account.id, region, names)

    def _first_jobs(self) -> Iterator[Job]:
        for call in CALLS.values():
            if call.each is None:
                for region in (GLOBAL,) if call.is_global else self._regions:
                    yield Job(self.account.id, region, call, call.parameters)

    def _submit(self, jobs: Iterable[Job]) -> None:
        for job in jobs:
            if job.key not in self._known:
                self._known.add(job.key)
                client = None if self.account.refusal else self.account.client(job.call.service, job.region)
                self._waiting.put((job, client))

    def _work(self) -> None:
        while (task := self._waiting.get()) is not None and not self._stop.is_set():
            job, client = task
            try:
                self._done.put(self._made(job, client))
            except Stopped:
                return
            # Whatever it is, the main thread raises it.
            except BaseException as error:  # noqa: BLE001
                self._done.put(_Done(job, None, error=error))

    def _made(self, job: Job, client: object) -> _Done:
        outcome = self._store.kept(job) if job.call.saved else None
        if outcome:
            return _Done(job, outcome, kept=True)
        if self.account.refusal:
            outcome = failed(*self.account.refusal, now())
        else:
            outcome = ask(client, job.call, job.parameters, self.account.secrets, self._stop.is_set)
        if job.call.saved:
            self._store.save(job, outcome)
        elif outcome.error:
            for call in _saved_below(job.call):
                self._store.save(Job(job.account, job.region, call, {}), outcome)
        return _Done(job, outcome._replace(response=None))

    def _take(self, done: _Done) -> None:
        if done.error or done.outcome is None:
            raise done.error or Stopped
        job, outcome = done.job, done.outcome
        if outcome.error:
            self.refused.append(Refused(job.call.name, job.account, job.region, outcome.error))
            return
        self.kept += done.kept
        self.read += not done.kept
        if job.call.each is None:
            self._names.setdefault(job.region, {})[job.call.name] = outcome.names
        self._submit(_led_to(job, outcome.names))


def _led_to(job: Job, names: Mapping[str, tuple[str, ...]]) -> Iterator[Job]:
    """The calls that ask about each resource that the answer names."""
    for call in LED_TO[job.call.name]:
        if call.each:
            for name in dict.fromkeys(name for path in call.each.paths for name in names.get(path, ())):
                yield Job(job.account, job.region, call, {call.each.parameter: name, **call.parameters})


def _saved_below(call: Call) -> Iterator[Call]:
    """The calls with records that one without leads to."""
    for below in LED_TO[call.name]:
        if below.saved:
            yield below
        else:
            yield from _saved_below(below)


def _join(threads: Iterable[threading.Thread], waiting: "SimpleQueue[tuple[Job, object] | None]") -> None:
    """Let the calls in flight end, for as long as a person waits."""
    found = tuple(threads)
    try:
        while True:
            waiting.get_nowait()
    except Empty:
        pass
    for _ in found:
        waiting.put(None)
    deadline = time.monotonic() + _GRACE
    for thread in found:
        thread.join(max(0.0, deadline - time.monotonic()))


__all__ = ["Refused", "Summary", "collect"]
