"""Where the time of one assessment goes: `python -m bench.stages SNAPSHOT` prints seconds of each stage, and counts."""

import gc
import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Any

from sekisho import analysis
from sekisho.engine.assess import Assessor
from sekisho.load import load
from sekisho.report.document import assessment_document
from sekisho.report.json import pieces

#: What a stage does, and the functions that do it; what is called inside of another stage counts there alone.
READ, WALK, JUDGE, REPLAY = "reading files", "walking packets", "verdicts and barriers", "replaying examples"
ROWS, FIND, WRITE = "classes and rows", "wording findings", "document and JSON"
STAGES = (READ, WALK, JUDGE, REPLAY, ROWS, FIND, WRITE)


class Clock:
    """Computed seconds of each stage, without those of the stages inside of it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[str] = []
        self._since = time.process_time()

    def turn(self, stage: str | None) -> None:
        """Into a stage; out of the innermost one with None."""
        now = time.process_time()
        if self._running:
            self.seconds[self._running[-1]] += now - self._since
        self._since = now
        if stage is None:
            self._running.pop()
        else:
            self._running.append(stage)

    def over(self, stage: str, work: Callable[..., Any]) -> Callable[..., Any]:
        """The function, with its time under the stage."""

        def timed(*args: Any, **kwargs: Any) -> Any:
            self.turn(stage)
            try:
                return work(*args, **kwargs)
            finally:
                self.turn(None)

        return timed


def measured(folder: Path) -> dict[str, float]:
    """Seconds by stage, with how many rows, answers and findings there are."""
    clock = Clock()
    snapshot = clock.over(READ, load)(folder)
    gc.freeze()
    stages = ((Assessor, "_connections", WALK), (Assessor, "_answer", JUDGE))
    for owner, name, stage in (*stages, (analysis, "confirm", REPLAY), (analysis, "find", FIND)):
        setattr(owner, name, clock.over(stage, getattr(owner, name)))
    found = clock.over(ROWS, analysis.assess)(snapshot)
    clock.over(WRITE, lambda: sum(map(len, pieces(assessment_document(found, lazy=True)))))()
    counts = {"rows": len(found.rows), "answers": len(found.answers), "findings": len(found.findings)}
    return {**clock.seconds, **counts}


if __name__ == "__main__":
    print(json.dumps(measured(Path(sys.argv[1]))))
