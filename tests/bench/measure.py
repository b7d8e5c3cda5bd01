"""One run of one process: how long it took, and how much memory it held at most."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any, NamedTuple

ROOT = Path(__file__).parents[2]


class Cost(NamedTuple):
    """`seconds` on the clock, `processor` those that its processes computed, `peak` bytes held by the largest."""

    seconds: float
    processor: float
    peak: int


class FailedError(Exception):
    """A measured process ended with an error: its numbers would mean nothing."""


def process(*arguments: str) -> Cost:
    """What `python ...` costs from its start to its end. Exit code 3 is a verdict, not an error."""
    return _run(arguments, subprocess.DEVNULL)


def told(*arguments: str) -> Any:
    """What a process prints in its last line, which is JSON."""
    with tempfile.TemporaryFile("w+") as output:
        _run(arguments, output)
        output.seek(0)
        return json.loads(output.read().splitlines()[-1])


def inside(*arguments: str) -> Cost:
    """What a process says of a part of itself: its last line is seconds on the clock and seconds computed."""
    with tempfile.TemporaryFile("w+") as output:
        peak = _run(arguments, output).peak
        output.seek(0)
        seconds, processor = json.loads(output.read().splitlines()[-1])
    return Cost(seconds, processor, peak)


def _run(arguments: Sequence[str], output: int | IO[str]) -> Cost:
    started = time.perf_counter()
    with subprocess.Popen([sys.executable, *arguments], stdout=output, cwd=ROOT) as child:
        _, status, used = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - started
    if child.returncode not in {0, 3}:
        raise FailedError(f"`{' '.join(arguments)}` ended with {child.returncode}")
    return Cost(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024))


def median(costs: Sequence[Cost]) -> Cost:
    """The median of each number by itself."""
    seconds, processor, peak = zip(*costs, strict=True)
    return Cost(statistics.median(seconds), statistics.median(processor), max(peak))
