"""A real scheduler with real workers, all on loopback: the same result, also when a worker is killed in mid-run."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.running import STORY, environment, process, refusal, sekisho
from scale.sharing import Killing, Result, result
from sekisho.errors import ResourceError
from sekisho.model.snapshot import Snapshot
from sekisho.scale.cluster import Cluster

pytest.importorskip("distributed")

PATIENCE = 60


@contextmanager
def started(module: str, *arguments: str, log: Path, **variables: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("wb") as file:
        command, variables = [sys.executable, "-m", module, *arguments], environment(**variables)
        child = subprocess.Popen(command, stdout=file, stderr=file, env=variables)
        try:
            yield child
        finally:
            child.send_signal(signal.SIGKILL)
            child.wait()


@contextmanager
def scheduler(folder: Path) -> Iterator[str]:
    place = folder / "scheduler.json"
    arguments = ("--host", "127.0.0.1", "--port", "0", "--scheduler-file", str(place), "--no-dashboard", "--no-show")
    with started("distributed.cli.dask_scheduler", *arguments, log=folder / "scheduler.log") as child:
        yield _until(lambda: _address(place), child)


@contextmanager
def worker(folder: Path, address: str, number: int, **variables: str) -> Iterator[int]:
    """A worker that is one process, without a nanny that would start it again; its process id."""
    here = folder / f"worker{number}"
    here.mkdir()
    arguments = (address, "--host", "127.0.0.1", "--nthreads", "2", "--no-nanny", "--no-dashboard")
    log = folder / f"worker{number}.log"
    more = ("--local-directory", str(here))
    with started("distributed.cli.dask_worker", *arguments, *more, log=log, **variables) as child:
        yield child.pid


def _address(place: Path) -> str:
    try:
        return str(json.loads(place.read_text(encoding="utf-8"))["address"])
    except (FileNotFoundError, json.JSONDecodeError):
        return ""


def _until(ready: Callable[[], str], child: "subprocess.Popen[bytes]") -> str:
    end = time.monotonic() + PATIENCE
    while not (found := ready()):
        assert child.poll() is None
        assert time.monotonic() < end
        time.sleep(0.05)
    return found


def connected(address: str, workers: int, least: int) -> Cluster:
    """The cluster, as soon as it has so many workers."""
    end = time.monotonic() + PATIENCE
    while True:
        try:
            cluster = Cluster(address, least=least)
        except ResourceError as error:
            if not str(error).endswith("the scheduler has no workers"):
                raise
            assert time.monotonic() < end
            continue
        if cluster.count() == workers:
            return cluster
        cluster.close()
        assert time.monotonic() < end
        time.sleep(0.05)


def test_a_cluster_gives_the_same_and_loses_nothing_with_a_worker(
    tmp_path: Path, place: Path, estate: Snapshot, alone: Result
) -> None:
    with scheduler(tmp_path) as address, worker(tmp_path, address, 1), worker(tmp_path, address, 2) as doomed:
        with connected(address, workers=2, least=20) as cluster:
            assert result(estate, cluster) == alone
            killing = Killing(lambda: doomed)
            assert result(estate, cluster, progress=killing) == alone
            assert killing.killed == [doomed]
            _until_one(cluster)
        ran = process("assess", place, "--scheduler", address, "-o", "json")
        assert (ran.code in {0, 3}, ran.err) == (True, "")
        assert ran.out.encode() == alone.document
    assert "Traceback" not in (tmp_path / "worker1.log").read_text(encoding="utf-8")
    assert "Traceback" not in (tmp_path / "scheduler.log").read_text(encoding="utf-8")


def _until_one(cluster: Cluster) -> None:
    end = time.monotonic() + PATIENCE
    while cluster.count() != 1:
        assert time.monotonic() < end
        time.sleep(0.05)


# Where there is none ----------------------------------------------------------------------------------


def test_a_scheduler_without_workers_is_told(tmp_path: Path) -> None:
    with scheduler(tmp_path) as address, pytest.raises(ResourceError, match="the scheduler has no workers"):
        Cluster(address)


def test_an_address_at_which_nothing_answers_is_told_in_a_line(place: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        ran = process("assess", place, "--scheduler", address)
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"sekisho: {address}: no scheduler answers")
    assert ran.err.count("\n") == 1


@pytest.mark.parametrize("address", ["nonsense://127.0.0.1:8786", "127.0.0.1:8786", "tcp://host", "tcp://no host:8786"])
def test_what_is_no_address_is_told_in_a_line(address: str) -> None:
    told = refusal(sekisho("assess", STORY, "--scheduler", address))
    assert told == f"`{address}` is no address of a scheduler: write tcp://HOST:PORT"


def test_workers_without_the_same_sekisho_are_told(tmp_path: Path) -> None:
    (tmp_path / "sekisho").mkdir()
    (tmp_path / "sekisho" / "__init__.py").touch()
    lacking = pytest.raises(ResourceError, match=r"has no sekisho .*; install it there")
    with scheduler(tmp_path) as address, worker(tmp_path, address, 1, PYTHONPATH=str(tmp_path)), lacking:
        connected(address, workers=1, least=20)


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ResourceError, match=r"pip install 'sekisho\[cluster\]'"):
        Cluster("tcp://127.0.0.1:8786")
