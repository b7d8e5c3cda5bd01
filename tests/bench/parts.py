"""Parts of a run, timed inside of a process: `python -m bench.parts PART SNAPSHOT` prints `[seconds, computed]`."""

import gc
import json
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from sekisho.analysis import assess, explain
from sekisho.engine.query import Query, parse_endpoint
from sekisho.findings.find import find
from sekisho.load import load
from sekisho.model.snapshot import Snapshot
from sekisho.report.document import assessment_document
from sekisho.report.json import encoded

Times = tuple[float, float]


def timed(work: Callable[[], object]) -> Times:
    clock, computed = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - clock, time.process_time() - computed


def loading(folder: Path) -> Times:
    """The snapshot from its files."""
    return timed(lambda: load(folder))


def telling(folder: Path) -> Times:
    """Everything after the engine: findings, document, JSON. What findings remember of the run before is forgotten."""
    found = assess(load(folder))
    modules = [module for name, module in sys.modules.items() if name.startswith("sekisho.findings.")]
    for remembered in (member for module in modules for member in vars(module).values()):
        if hasattr(remembered, "cache_clear"):
            remembered.cache_clear()
    gc.freeze()
    return timed(lambda: (find(found.rows, found.answers, found.interfaces), encoded(assessment_document(found))))


def judging(folder: Path) -> Times:
    """Interface eni-1 of a loaded snapshot, up to its verdicts and findings."""
    snapshot = load(folder)
    gc.freeze()
    return timed(lambda: assess(snapshot, target="eni-1"))


def asking_again(folder: Path) -> Times:
    """The second question that is asked of a loaded snapshot: the first has made what both need."""
    snapshot = load(folder)
    gc.freeze()
    first, second = _questions(snapshot)
    explain(snapshot, first)
    return timed(lambda: explain(snapshot, second))


def _questions(snapshot: Snapshot) -> list[Query]:
    """Two interfaces, in the middle of the estate: can the internet reach their SSH port?"""
    names = sorted(snapshot.interfaces)
    chosen = names[len(names) // 2], names[len(names) // 2 - 1]
    source = parse_endpoint("internet")
    return [Query(source=source, destination=parse_endpoint(n), protocol="tcp", ports=(22, 22)) for n in chosen]


PARTS: Mapping[str, Callable[[Path], Times]] = {
    part.__name__: part for part in (loading, telling, judging, asking_again)
}

if __name__ == "__main__":
    print(json.dumps(PARTS[sys.argv[1]](Path(sys.argv[2]))))
