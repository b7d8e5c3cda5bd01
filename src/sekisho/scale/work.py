"""What a worker does: it holds one model, and judges one chunk of its interfaces after another."""

import gc
import multiprocessing
import os
import signal
import threading
from collections.abc import Iterable
from typing import NamedTuple

from sekisho.engine.answer import Answer, Origin, Row
from sekisho.engine.assess import Assessor
from sekisho.engine.certificate import Certificate, certificate
from sekisho.engine.outbound import OutboundAssessor
from sekisho.engine.witness import confirm
from sekisho.errors import ResourceError
from sekisho.findings.assessment import Direction
from sekisho.model.interface import NetworkInterface
from sekisho.model.topology import Topology
from sekisho.sets import diagram
from sekisho.version import __version__

from . import wire


class Chunk(NamedTuple):
    """The interfaces to judge, by id, and the components of the first and of the last of them."""

    names: tuple[str, ...]
    first: int = -1
    last: int = -1


class Question(NamedTuple):
    """What is asked of every interface, the same for all chunks of a run; `version` is that of who asks."""

    direction: Direction
    origins: tuple[Origin, ...]
    certified: bool = False
    version: str = __version__


class Judgements(NamedTuple):
    """What was found of a chunk: the rows of each interface in its order, each with the place of its answer.

    `certificates` has one for each answer where they were asked for. Every answer was confirmed by `trace`.
    """

    rows: tuple[tuple[tuple[Row, int], ...], ...]
    answers: tuple[Answer, ...]
    certificates: tuple[Certificate, ...]


def assessor_of(topology: Topology, direction: Direction) -> Assessor:
    return OutboundAssessor(topology) if direction == "egress" else Assessor(topology)


def judge(assessor: Assessor, interfaces: Iterable[NetworkInterface], question: Question) -> Judgements:
    """The rows of the interfaces, and the answers that they share."""
    places: dict[int, int] = {}
    answers: list[Answer] = []
    certificates: list[Certificate] = []
    rows = []
    for interface in interfaces:
        of_interface = []
        for one in assessor.rows([interface], question.origins):
            # The assessor keeps its answers, so the identity of one stays its own.
            place = places.setdefault(id(one.answer), len(answers))
            if place == len(answers):
                answers.append(one.answer)
                if not one.familiar:
                    confirm(assessor.facts.topology, one.connections)
                if question.certified:
                    certificates.append(certificate(assessor.facts, one))
            of_interface.append((one.row, place))
        rows.append(tuple(of_interface))
    return Judgements(tuple(rows), tuple(answers), tuple(certificates))


# In the process of a worker ---------------------------------------------------------------------------


class _Held:
    """The only model of a worker, and what it has worked out: of one component, so that memory stays bounded by it."""

    def __init__(self, key: str, topology: Topology, question: Question) -> None:
        self.key = key
        self._topology = topology
        self._question = question
        self._assessor: Assessor | None = None
        self._component = -1

    def judge(self, chunk: Chunk) -> Judgements:
        if self._assessor is None or chunk.first != self._component:
            # Answers went away as bytes, so no set is left that could meet the new ones.
            self._assessor = None
            diagram.clear()
            self._assessor = assessor_of(self._topology, self._question.direction)
        self._component = chunk.last
        interfaces = self._topology.snapshot.interfaces
        return judge(self._assessor, [interfaces[name] for name in chunk.names], self._question)


_held: list[_Held] = []
#: A worker of a cluster may run several tasks in one process, and sets are interned without a lock.
_alone = threading.Lock()


def begin(model: Topology | bytes, question: Question) -> None:
    """Hold the model, in a process that works for this run alone and ends with the one that started it."""
    # What the terminal sends to all processes of a run: the one in front tells of it.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    # What a fork shares stays shared as long as nobody writes to it, and the collector would.
    gc.freeze()
    _hold("", model, question)


def _end_with_parent() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _hold(key: str, model: Topology | bytes, question: Question) -> None:
    _held.clear()
    topology = Topology(wire.loads(model)) if isinstance(model, bytes) else model
    _held.append(_Held(key, topology, question))


def run(chunk: Chunk) -> bytes:
    """The judgements of a chunk of the model that the process holds."""
    return wire.dumps(_held[0].judge(chunk))


def run_with(key: str, model: bytes, question: Question, chunk: Chunk) -> bytes:
    """The same in a process that works for many; `key` names model and question. ResourceError where it is older."""
    if question.version != __version__:
        raise ResourceError(f"a worker has sekisho {__version__}, and {question.version} asks; install the same there")
    with _alone:
        if not _held or _held[0].key != key:
            _hold(key, model, question)
        return run(chunk)


def installed() -> str:
    """The version that the process has."""
    return __version__


def release(key: str) -> None:
    """Forget the model of that key."""
    with _alone:
        if _held and _held[0].key == key:
            _held.clear()
