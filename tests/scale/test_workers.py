"""Whoever works on an estate, and in however many pieces: the same assessment and the same certificates."""

import multiprocessing
import os
import re
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from pathlib import Path

import pytest

from cli.running import environment, process
from random_estates import drawn
from scale.sharing import Alone, Killing, Result, result
from sekisho.errors import ResourceError
from sekisho.estates import estate as bundled
from sekisho.load import load
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.scale import wire
from sekisho.scale.pool import LocalPool, Start, fitting
from sekisho.scale.work import Chunk, Question
from sekisho.scale.workers import Submit
from sekisho.sets.flows import FlowSet

SMALL = 20


@pytest.mark.parametrize(("processes", "start"), [(1, "fork"), (2, "fork"), (8, "fork"), (2, "spawn")])
def test_the_result_does_not_show_who_worked(estate: Snapshot, alone: Result, processes: int, start: Start) -> None:
    assert result(estate, LocalPool(processes, start=start, least=SMALL)) == alone


def test_outwards_too(estate: Snapshot) -> None:
    wanted = result(estate, None, direction="egress")
    assert result(estate, LocalPool(2, least=SMALL), direction="egress") == wanted
    assert result(estate, Alone(), direction="egress") == wanted


@pytest.mark.parametrize("seed", range(45))
def test_of_any_estate_each_subnet_by_itself(seed: int) -> None:
    """Every construct that the random estates have, with an assessor of its own for each subnet."""
    snapshot = drawn(seed)[1].snapshot()
    assert result(snapshot, Alone()) == result(snapshot, None)


def test_of_the_bundled_estate_each_subnet_by_itself() -> None:
    snapshot, workers = load(Path(str(bundled("story")))), Alone()
    assert result(snapshot, workers) == result(snapshot, None)
    assert len(workers.chunks) > 1


# Workers that die -------------------------------------------------------------------------------------


def test_the_chunks_of_a_worker_that_is_killed_are_done_again(estate: Snapshot, alone: Result) -> None:
    killing = Killing(lambda: next(p.pid for p in multiprocessing.active_children() if p.pid))
    assert result(estate, LocalPool(2, start="fork", least=5), progress=killing) == alone
    assert len(killing.killed) == 1


class Doomed:
    """Workers that all die, each time."""

    lost: tuple[type[BaseException], ...] = (BrokenProcessPool,)
    least = SMALL

    def __init__(self) -> None:
        self.rounds = 0

    def count(self) -> int:
        return 2

    @contextmanager
    def opened(self, topology: Topology, question: Question, tasks: int) -> Iterator[Submit]:  # noqa: ARG002
        self.rounds += 1

        def submit(chunk: Chunk) -> "Future[bytes]":  # noqa: ARG001
            future: Future[bytes] = Future()
            future.set_exception(BrokenProcessPool("killed"))
            return future

        yield submit


def test_workers_that_die_every_time_end_the_run(estate: Snapshot) -> None:
    doomed = Doomed()
    with pytest.raises(ResourceError, match="worker processes die again and again"):
        result(estate, doomed)
    assert doomed.rounds == 3


def test_an_error_of_the_engine_comes_through(estate: Snapshot, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is no death of a worker: it is told once, and not tried again."""

    def fails(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr("sekisho.scale.work.confirm", fails)
    with pytest.raises(ZeroDivisionError):
        result(estate, LocalPool(2, start="fork", least=SMALL))


def test_workers_end_with_the_process_that_started_them(place: Path) -> None:
    """Also where it is killed, and can tell them nothing."""
    script = (
        "import os, signal, sys, multiprocessing\n"
        "from pathlib import Path\n"
        "from sekisho.analysis import assess\n"
        "from sekisho.load import load\n"
        "from sekisho.scale.pool import LocalPool\n"
        "def stop(items):\n"
        "    print(*(p.pid for p in multiprocessing.active_children()), flush=True)\n"
        "    os.kill(os.getpid(), signal.SIGKILL)\n"
        "    yield from items\n"
        "assess(load(Path(sys.argv[1])), workers=LocalPool(2, start='fork', least=20), progress=stop)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, place], capture_output=True, text=True, check=False)
    pids = [int(pid) for pid in done.stdout.split()]
    assert len(pids) == 2, done.stderr
    until = time.monotonic() + 20
    while any(_runs(pid) for pid in pids) and time.monotonic() < until:
        time.sleep(0.05)
    assert [pid for pid in pids if _runs(pid)] == []


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False


# What they are given ----------------------------------------------------------------------------------


def test_equal_sets_are_one_object_on_the_other_side() -> None:
    web = FlowSet.build("ipv4", protocols=[(6, 6)], remotes=[(0, 255)], thirds=[(443, 443)])
    for one in (web, ~web, FlowSet.full("ipv4"), FlowSet.empty("ipv6")):
        assert wire.loads(wire.dumps(one)).root is one.root


def test_a_snapshot_is_the_same_on_the_other_side(estate: Snapshot) -> None:
    there = wire.loads(wire.dumps(estate))
    assert there.interfaces == estate.interfaces
    assert (there.inputs, there.issues, list(there.calls)) == (estate.inputs, estate.issues, list(estate.calls))


def test_a_small_estate_is_not_worth_processes() -> None:
    assert fitting(1000) == 1
    assert fitting(1001) == len(os.sched_getaffinity(0))


# Progress ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("workers", "least"), [("1", 250), ("2", 250), ("2", 20)])
def test_a_terminal_is_told_how_far_it_is(place: Path, tmp_path: Path, workers: str, least: int) -> None:
    """A line of no more than the terminal's 80 columns, that is gone in the end; nothing else on stderr."""
    arguments = ("assess", str(place), "--workers", workers, "--output-file", str(tmp_path / "a"))
    told = _on_a_terminal(*arguments, least=least)
    lines = [ESCAPE.sub("", line) for line in re.split(r"[\r\n]+", told)]
    shown = [line for line in lines if line.strip()]
    assert shown
    assert all(TOLD.search(line) for line in shown), shown
    assert max(map(len, shown)) <= 80
    assert told.endswith("\x1b[2K")


def test_quiet_tells_nothing(place: Path, tmp_path: Path) -> None:
    assert _on_a_terminal("-q", "assess", str(place), "--origin", "tgw", "--output-file", str(tmp_path / "a")) == ""


def test_no_terminal_is_told_nothing(place: Path, tmp_path: Path) -> None:
    assert process("assess", place, "--origin", "tgw", "--workers", "2", "--output-file", tmp_path / "a").err == ""


TOLD = re.compile(r"^assessing .* \d+ of 160 interfaces, [\d,]+/s, \d+:\d\d left\s*$")
ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def _on_a_terminal(*arguments: str, least: int = 250) -> str:
    """What the command writes to a terminal that is its stderr; a run is long where it takes a twentieth second."""
    ours, theirs = os.openpty()
    termios.tcsetwinsize(theirs, (24, 80))
    slow = (
        "import sekisho.cli.progress, sekisho.scale.pool, sekisho.cli.main\n"
        "sekisho.cli.progress._SHOW_AFTER = 0.05\n"
        f"sekisho.scale.pool.LocalPool.__init__.__kwdefaults__['least'] = {least}\n"
        "sekisho.cli.main.main()\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", slow, *arguments],
        stdin=theirs,
        stdout=subprocess.DEVNULL,
        stderr=theirs,
        env=environment(TERM="xterm"),
    ):
        os.close(theirs)
        return b"".join(_all_of(ours)).decode()


def _all_of(terminal: int) -> Iterator[bytes]:
    try:
        while data := os.read(terminal, 1 << 16):
            yield data
    except OSError:  # how Linux tells that nobody writes to it any more
        return
    finally:
        os.close(terminal)
