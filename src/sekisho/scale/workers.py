"""Whoever works on chunks: what every kind of worker has in common, and what is made of what they send.

A worker may die at any time. Its chunks are then given out once more; only where nothing comes back at all, round after
round, is the run given up.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, as_completed
from contextlib import AbstractContextManager
from typing import Protocol

from sekisho.engine.answer import Row
from sekisho.engine.assess import Assessor, Judged
from sekisho.engine.certificate import Certificate, of_row
from sekisho.errors import ResourceError
from sekisho.model.interface import NetworkInterface
from sekisho.model.topology import Topology

from . import wire
from .plan import chunks
from .work import Chunk, Judgements, Question, judge

Submit = Callable[[Chunk], "Future[bytes]"]
Progress = Callable[[Sequence[NetworkInterface]], Iterable[NetworkInterface]]
_ROUNDS_IN_VAIN = 3


class Workers(Protocol):
    """Processes that judge chunks."""

    #: What a chunk fails with where its worker died.
    lost: tuple[type[BaseException], ...]
    #: The fewest interfaces that are worth a chunk.
    least: int

    def count(self) -> int:
        """How many there are."""

    def opened(self, topology: Topology, question: Question, tasks: int) -> AbstractContextManager[Submit]:
        """The workers with the model in hand, ready for that many chunks."""


def judged(
    workers: Workers,
    assessor: Assessor,
    interfaces: Sequence[NetworkInterface],
    question: Question,
    *,
    progress: Progress = iter,
    certificates: list[Certificate] | None = None,
) -> Iterator[Judged]:
    """The rows of the interfaces in their order, as one process alone gives them; their answers are confirmed.

    `progress` is told of interfaces as they are done; `certificates` gets one for each row.
    """
    divided = chunks(assessor.facts.topology, interfaces, workers.count(), workers.least)
    if len(divided) > 1:
        outcomes = _told(_outcomes(workers, assessor.facts.topology, question, divided), iter(progress(interfaces)))
    else:
        # What cannot be divided, or is not worth it, is done here.
        whole = Chunk(tuple(i.network_interface_id for i in interfaces))
        outcomes = iter([(whole, judge(assessor, progress(interfaces), question))])
    found: dict[str, tuple[Judgements, tuple[tuple[Row, int], ...]]] = {}
    for chunk, done in outcomes:
        found.update(zip(chunk.names, ((done, rows) for rows in done.rows), strict=True))
    for interface in interfaces:
        done, rows = found[interface.network_interface_id]
        for row, place in rows:
            if certificates is not None:
                certificates.append(of_row(assessor.facts, done.certificates[place], row))
            yield Judged(row, done.answers[place], (), familiar=True)


def _told(
    outcomes: Iterable[tuple[Chunk, Judgements]], ticks: Iterator[NetworkInterface]
) -> Iterator[tuple[Chunk, Judgements]]:
    """The outcomes as they are, and as many steps of the progress as each has interfaces."""
    for chunk, done in outcomes:
        yield chunk, done
        for _ in chunk.names:
            next(ticks, None)
    next(ticks, None)


def _outcomes(
    workers: Workers, topology: Topology, question: Question, divided: Sequence[Chunk]
) -> Iterator[tuple[Chunk, Judgements]]:
    """What is found of each chunk, as it comes."""
    left, in_vain = list(divided), 0
    while left:
        done: set[Chunk] = set()
        with workers.opened(topology, question, len(left)) as submit:
            for chunk, data in _one_round(submit, left, workers.lost):
                done.add(chunk)
                yield chunk, wire.loads(data)
        left = [chunk for chunk in left if chunk not in done]
        in_vain = 0 if done else in_vain + 1
        if in_vain == _ROUNDS_IN_VAIN:
            raise ResourceError("worker processes die again and again, perhaps for lack of memory; try fewer of them")


def _one_round(
    submit: Submit, left: Iterable[Chunk], lost: tuple[type[BaseException], ...]
) -> Iterator[tuple[Chunk, bytes]]:
    """What comes back of the chunks when each is given out once."""
    waiting: dict[Future[bytes], Chunk] = {}
    try:
        for chunk in left:
            waiting[submit(chunk)] = chunk
    except lost:
        pass  # What was not taken is left for the next round.
    for future in as_completed(waiting):
        try:
            data = future.result()
        except lost:
            continue
        yield waiting.pop(future), data
