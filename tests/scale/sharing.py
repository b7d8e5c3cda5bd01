"""What assessments of one snapshot by different workers are compared by, and workers that are killed."""

import os
import signal
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import NamedTuple

from sekisho.analysis import assess
from sekisho.engine.answer import ORIGINS
from sekisho.engine.certificate import Certificate
from sekisho.findings.assessment import Direction
from sekisho.model.interface import NetworkInterface
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.report.certificate import cited, lines
from sekisho.report.document import assessment_document
from sekisho.report.json import encoded
from sekisho.scale import wire
from sekisho.scale.work import Chunk, Question, assessor_of, judge
from sekisho.scale.workers import Progress, Submit, Workers


class Result(NamedTuple):
    """All that a run writes."""

    document: bytes
    certificates: tuple[str, ...]


def result(
    snapshot: Snapshot,
    workers: Workers | None,
    *,
    direction: Direction = "ingress",
    progress: Progress = iter,
) -> Result:
    certificates: list[Certificate] | None = [] if direction == "ingress" else None
    found = assess(
        snapshot,
        direction=direction,
        origins=ORIGINS,
        workers=workers,
        progress=progress,
        certificates=certificates,
    )
    proofs = certificates or []
    return Result(encoded(assessment_document(found)), tuple(lines(proofs, dict.fromkeys(cited(proofs), ""))))


class Alone:
    """A worker for each subnet that knows of no other; all in this process, but what they send goes over the wire."""

    lost: tuple[type[BaseException], ...] = ()
    least = 1

    def __init__(self) -> None:
        self.chunks: list[Chunk] = []

    def count(self) -> int:
        return 1_000_000

    @contextmanager
    def opened(self, topology: Topology, question: Question, tasks: int) -> Iterator[Submit]:
        data = wire.dumps(topology.snapshot)

        def submit(chunk: Chunk) -> "Future[bytes]":
            assessor = assessor_of(Topology(wire.loads(data)), question.direction)
            known = assessor.facts.snapshot.interfaces
            future: Future[bytes] = Future()
            future.set_result(wire.dumps(judge(assessor, [known[name] for name in chunk.names], question)))
            self.chunks.append(chunk)
            return future

        yield submit
        assert len(self.chunks) == tasks


class Killing:
    """Progress that kills, at the first interface that is done, the process that `victim` then names."""

    def __init__(self, victim: Callable[[], int]) -> None:
        self._victim = victim
        self.killed: list[int] = []

    def __call__(self, items: Sequence[NetworkInterface]) -> Iterable[NetworkInterface]:
        for item in items:
            if not self.killed:
                self.killed.append(self._victim())
                os.kill(self.killed[0], signal.SIGKILL)
            yield item
