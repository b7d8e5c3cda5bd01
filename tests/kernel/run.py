"""The Linux kernel against the engine, on random networks.

    .venv/bin/python tests/kernel/run.py [--seed N] [--networks N] [--flows N]

Prints a table. Exits 1 at the first flow that the kernel treats otherwise than the engine says.
"""

import argparse
import sys
from collections import Counter
from pathlib import Path
from time import monotonic

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from agreement import ANSWERED, DROPPED, ONE_WAY
from kernel.exchange import MOST, exchanged
from kernel.flows import Flow, flows
from kernel.lab import lab
from kernel.namespaces import lacking
from kernel.networks import OUTSIDE, OUTSIDE6, network
from sekisho.engine.assess import Assessor
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.sets import diagram

VERDICTS = (ANSWERED, ONE_WAY, DROPPED)
#: Seconds without any event after which a network has settled; the second for what may have been late.
PATIENCE, MORE_PATIENCE = 0.15, 1.5


def observed(snapshot: Snapshot, asked: list[Flow]) -> tuple[dict[int, str], int]:
    """What the kernel does with each flow, and how many were asked twice.

    On a busy machine a packet may be late, which looks like less than what happens, never like more: what shows
    less than expected is asked again, by itself and with more patience.
    """
    with lab(snapshot, OUTSIDE + OUTSIDE6) as built:
        seen = exchanged(built, asked, PATIENCE)
    late = [f for f in asked if VERDICTS.index(seen[f.number]) > VERDICTS.index(f.expected)]
    if late:
        with lab(snapshot, OUTSIDE + OUTSIDE6) as built:
            seen |= exchanged(built, late, MORE_PATIENCE)
    return seen, len(late)
