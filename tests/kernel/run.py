"""The Linux kernel against the engine, on random networks.

    .venv/bin/python tests/kernel/run.py [--seed N] [--networks N] [--flows N]

Prints a table. Exits 1 where the kernel treats a flow otherwise than the engine says.
"""

import argparse
import sys
from collections.abc import Mapping
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TypedDict

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent.parent))

from agreement import ANSWERED, DROPPED, ONE_WAY
from kernel.exchange import exchanged
from kernel.flows import Flow
from kernel.flows import flows as drawn
from kernel.lab import lab
from kernel.namespaces import lacking
from kernel.networks import OUTSIDE, OUTSIDE6, network
from sekisho.engine.assess import Assessor
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.sets import diagram
from sekisho.sets.flows import ICMP, ICMPV6, TCP, UDP

VERDICTS = (ANSWERED, ONE_WAY, DROPPED)
PROTOCOLS = {TCP: "TCP", UDP: "UDP", ICMP: "ICMP", ICMPV6: "ICMP"}
#: Seconds without any event after which a network has settled; the second for what may have been late.
PATIENCE, MORE_PATIENCE = 0.15, 1.5


class Figures(TypedDict):
    """What a run has seen: `verdicts` by what the kernel did, `met` by what was on the way of how many flows."""

    seed: int
    networks: int
    namespaces: int
    flows: int
    disagreements: list[str]
    verdicts: dict[str, int]
    protocols: dict[str, int]
    met: dict[str, int]
    asked_twice: int
    seconds: float


def figures(seed: int, networks: int, flows: int) -> Figures:
    """At least so many networks, from the seed on, and at least so many flows in all."""
    began = monotonic()
    found = Figures(
        seed=seed, networks=0, namespaces=0, flows=0, disagreements=[], verdicts=dict.fromkeys(VERDICTS, 0),
        protocols={}, met={}, asked_twice=0, seconds=0.0,
    )  # fmt: skip
    each = -(-flows // networks)
    while found["networks"] < networks or found["flows"] < flows:
        _add(found, seed + found["networks"], each)
    found["seconds"] = round(monotonic() - began, 1)
    return found


def _add(found: Figures, seed: int, count: int) -> None:
    diagram.clear()
    snapshot = network(seed).snapshot()
    asked = drawn(snapshot, Assessor(Topology(snapshot)), seed, count)
    seen = observed(snapshot, asked)
    found["networks"] += 1
    found["namespaces"] += seen.namespaces
    found["asked_twice"] += seen.twice
    found["flows"] += len(asked)
    for flow in asked:
        did = seen.of[flow.number]
        found["verdicts"][did] += 1
        family = "IPv6" if ":" in flow.packet.source else "IPv4"
        _count(found["protocols"], f"{PROTOCOLS[flow.packet.protocol]} over {family}")
        for construct in flow.met:
            _count(found["met"], construct)
        if did != flow.expected:
            found["disagreements"].append(f"network {seed}: {flow}: kernel: {did}, engine: {flow.expected}")


def _count(counts: dict[str, int], name: str) -> None:
    counts[name] = counts.get(name, 0) + 1


class Observed(NamedTuple):
    """What the kernel did with each flow; how many namespaces it took, and how many flows were asked twice."""

    of: Mapping[int, str]
    namespaces: int
    twice: int


def observed(snapshot: Snapshot, asked: list[Flow]) -> Observed:
    """The flows opened in the kernel.

    On a busy machine a packet may be late, which looks like less than what happens, never like more: what shows
    less than expected is asked again, in a network made anew, by itself and with more patience.
    """
    with lab(snapshot, OUTSIDE + OUTSIDE6) as built:
        seen, size = exchanged(built, asked, PATIENCE), len(built.namespaces)
    late = [f for f in asked if VERDICTS.index(seen[f.number]) > VERDICTS.index(f.expected)]
    if late:
        with lab(snapshot, OUTSIDE + OUTSIDE6) as built:
            seen |= exchanged(built, late, MORE_PATIENCE)
    return Observed(seen, size, len(late))


def table(found: Figures) -> str:
    """The figures for a reader."""
    last = found["seed"] + found["networks"] - 1
    rows = [
        ("networks", f"{found['networks']} (seeds {found['seed']} to {last}), {found['namespaces']} namespaces"),
        ("flows", found["flows"]),
        *found["verdicts"].items(),
        *sorted(found["protocols"].items()),
        *((f"  {name}", count) for name, count in sorted(found["met"].items())),
        ("asked twice", found["asked_twice"]),
        ("seconds", found["seconds"]),
        ("disagreements", len(found["disagreements"])),
    ]
    return "\n".join([*(f"{name:<44} {value}" for name, value in rows), *found["disagreements"]])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first network")
    parser.add_argument("--networks", type=int, default=40, help="how many networks, at least")
    parser.add_argument("--flows", type=int, default=1600, help="how many flows in all, at least")
    asked = parser.parse_args()
    why = lacking()
    if why:
        print(f"no kernel to ask: {why}")
        return 1
    found = figures(asked.seed, asked.networks, asked.flows)
    print(table(found))
    return 1 if found["disagreements"] else 0


if __name__ == "__main__":
    sys.exit(main())
