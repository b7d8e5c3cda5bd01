"""Workers on this machine: a pool of processes."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from typing import Literal

from sekisho.model.topology import Topology

from . import wire
from .plan import LEAST
from .work import Question, begin, run
from .workers import Submit

Start = Literal["fork", "spawn"]
#: So many interfaces are sooner judged than processes started.
_SMALL = 1000


def cores() -> int:
    """The cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fitting(interfaces: int) -> int:
    """How many processes an estate of so many interfaces is worth: one for a small one, else one for each core."""
    return 1 if interfaces <= _SMALL else cores()


class LocalPool:
    """Processes of this machine. Forked ones share the model with this one; others get a copy each."""

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)

    def __init__(self, processes: int, *, start: Start | None = None, least: int = LEAST) -> None:
        self.processes = processes
        self.least = least
        self._start = start

    def count(self) -> int:
        return self.processes

    @contextmanager
    def opened(self, topology: Topology, question: Question, tasks: int) -> Iterator[Submit]:
        """A pool that ends with the block, also where it is left by an error or by ^C."""
        start = self._start or _way_to_start()
        model = _indexed(topology) if start == "fork" else wire.dumps(topology.snapshot)
        pool = ProcessPoolExecutor(
            min(self.processes, tasks),
            mp_context=multiprocessing.get_context(start),
            initializer=begin,
            initargs=(model, question),
        )
        try:
            yield lambda chunk: pool.submit(run, chunk)
        finally:
            pool.shutdown(wait=True, cancel_futures=True)


def _indexed(topology: Topology) -> Topology:
    """The topology with the indices that every worker asks for, so that all share them."""
    for index in ("interfaces_of_vpc", "interfaces_of_instance", "members_of_group"):
        getattr(topology, index)
    return topology


def _way_to_start() -> Start:
    """A fork where it is safe: no other thread can hold a lock that the child would wait for."""
    return "fork" if sys.platform == "linux" and threading.active_count() == 1 else "spawn"
