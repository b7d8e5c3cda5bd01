"""Workers on an existing dask.distributed cluster, reached through its `concurrent.futures` executor."""

import hashlib
from collections.abc import Iterator
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import Any, Self

from sekisho.errors import ResourceError
from sekisho.model.topology import Topology

from . import wire
from .plan import LEAST
from .work import Question, release, run_with
from .workers import Submit

_SECONDS_TO_CONNECT = 10


class Cluster:
    """The workers behind the scheduler at an address. ResourceError, one line, where there are none."""

    def __init__(self, address: str, *, least: int = LEAST) -> None:
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
        if not self.count():
            self.close()
            raise ResourceError(f"{address}: the scheduler has no workers")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        self._client.close()

    def count(self) -> int:
        workers: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        return len(workers)

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
