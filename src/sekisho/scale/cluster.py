"""Workers on an existing dask.distributed cluster, reached through its `concurrent.futures` executor."""

import hashlib
import re
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, Self

from sekisho.errors import ResourceError, SekishoError
from sekisho.model.topology import Topology
from sekisho.version import __version__

from . import wire
from .plan import LEAST
from .work import Question, installed, release, run_with
from .workers import Submit

_SECONDS_TO_CONNECT = 5
_ADDRESS = re.compile(r"(?:tcp|tls)://(?:[\w.-]+|\[[0-9a-fA-F:.]+\]):\d{1,5}")


class Cluster:
    """The workers behind the scheduler at an address. ResourceError, one line, where there are none."""

    def __init__(self, address: str, *, least: int = LEAST) -> None:
        if not _ADDRESS.fullmatch(address):
            raise SekishoError(f"`{address}` is no address of a scheduler: write tcp://HOST:PORT")
        try:
            import distributed  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise ResourceError("--scheduler needs an extra: pip install 'sekisho[cluster]'") from None
        self.address = address
        self.least = least
        self.lost: tuple[type[BaseException], ...] = (
            CancelledError,
            distributed.KilledWorker,
            distributed.scheduler.KilledWorker,
            distributed.client.FutureCancelledError,
        )
        try:
            # It ships no types.
            self._client: Any = distributed.Client(address, timeout=_SECONDS_TO_CONNECT, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            why = " ".join(str(error).split())[:120]
            raise ResourceError(f"{address}: no scheduler answers ({why})") from None
        fault = self._fault()
        if fault:
            self.close()
            raise ResourceError(f"{address}: {fault}")

    def _fault(self) -> str | None:
        """Why it cannot work for us."""
        if not self.count():
            return "the scheduler has no workers"
        found = self._client.run(installed, on_error="return")
        wanting = next((worker for worker, version in found.items() if version != __version__), None)
        return f"worker {wanting} has no sekisho {__version__}; install it there" if wanting else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def count(self) -> int:
        return len(self._client.nthreads())

    @contextmanager
    def opened(self, topology: Topology, question: Question, tasks: int) -> Iterator[Submit]:  # noqa: ARG002 - of all workers
        """The model on every worker, so that the death of one loses nothing; gone from them after the block."""
        data = wire.dumps(topology.snapshot)
        key = hashlib.sha256(data + repr(question).encode()).hexdigest()
        model = self._client.scatter(data, broadcast=True, hash=False)
        executor = self._client.get_executor(pure=False)
        try:
            yield lambda chunk: executor.submit(run_with, key, model, question, chunk)
        finally:
            executor.shutdown(wait=False)
            model.release()
            self._client.run(release, key, on_error="ignore")
