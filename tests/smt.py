"""The set engine against z3: answers proved equal to a declarative encoding of the rules, on random networks.

    .venv/bin/python tests/smt.py --interfaces 400 [--seed N]

Every address of every interface drawn is asked from the internet, from peers and from virtual private gateways. For
each way in, z3 has to refute that any packet is surely delivered, possibly delivered, surely answered or possibly
answered by the engine and not by the encoding, or the other way round. Prints a table; exits 1 if some packet is.
"""

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from random import Random
from statistics import median
from typing import Any, NamedTuple

from oracle.estate import Estate
from oracle.networks import lively
from oracle.prover import ORIGINS, Objection, compare, reachable
from random_estates import drawn
from random_networks import Network
from sekisho.engine.answer import Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Host
from sekisho.engine.population import hosts_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.topology import Topology

#: How many interfaces of one network are drawn at most.
EACH = 3
LACKING = "a call or a record is lacking"


class Drawn(NamedTuple):
    """An interface of a random network, with what answers for it."""

    seed: int
    assessor: Assessor
    estate: Estate
    interface: NetworkInterface


class Tally:
    """What was compared, and what was not."""

    def __init__(self) -> None:
        self.seeds: list[int] = []
        self.networks_skipped: Counter[str] = Counter()
        self.interfaces = 0
        self.addresses = 0
        self.questions: Counter[str] = Counter()
        self.verdicts: Counter[str] = Counter()
        self.skipped: Counter[str] = Counter()
        self.proofs = 0
        self.objections: list[str] = []
        self.by_z3: list[float] = []
        self.by_engine: list[float] = []

    def add(self, drawn: Drawn) -> None:
        """Every address of the interface and every origin. An interface of which nothing is encoded does not count."""
        before = self.proofs
        for host in hosts_of(drawn.interface):
            encoded = [self._ask(drawn, host, origin) for origin in ORIGINS]
            self.addresses += any(encoded)
        self.interfaces += self.proofs > before

    def _ask(self, drawn: Drawn, host: Host, origin: Origin) -> bool:
        found = compare(drawn.assessor, drawn.estate, host, origin)
        self.skipped.update(found.skipped)
        self.verdicts.update(found.verdicts)
        self.proofs += found.proofs
        self.objections += [f"seed {drawn.seed}: {o}" for o in found.objections]
        if not found.verdicts:
            return False
        self.questions[f"{origin}, {host.family}"] += 1
        self._time(drawn, host, origin)
        return True

    def _time(self, drawn: Drawn, host: Host, origin: Origin) -> None:
        """One question to each, in processor time: z3 is asked for yes or no, the engine for everything."""
        start = time.process_time()
        said = reachable(drawn.estate, host, origin)
        middle = time.process_time()
        if said is not None:
            list(drawn.assessor.connections(host, origin))
            self.by_z3.append(middle - start)
            self.by_engine.append(time.process_time() - middle)


def network_of(seed: int) -> Network:
    """Of three networks one is of the kinds of `make proof`, in turn; in the two others more gets through."""
    return lively(seed) if seed % 3 else drawn(seed // 3)[1]


def interfaces_of(seed: int) -> list[Drawn] | str:
    """Some interfaces of the network of the seed, or why the encoding does not speak of it."""
    whole = network_of(seed)
    if whole.failed or whole.unread or whole.unusable:
        return LACKING
    snapshot = whole.snapshot()
    assessor, estate = Assessor(Topology(snapshot)), Estate(snapshot)
    every = list(snapshot.interfaces.values())
    chosen = Random(seed).sample(every, min(EACH, len(every)))
    return [Drawn(seed, assessor, estate, interface) for interface in chosen]


def objections(seeds: range) -> Iterator[Objection]:
    """What z3 finds against the engine, network by network."""
    for found in map(interfaces_of, seeds):
        for each in [] if isinstance(found, str) else found:
            for host in hosts_of(each.interface):
                for origin in ORIGINS:
                    yield from compare(each.assessor, each.estate, host, origin).objections


def figures(seed: int, interfaces: int) -> dict[str, Any]:
    """What came of at least that many interfaces, from the network of that seed on."""
    tally, start, at = Tally(), time.perf_counter(), seed
    while tally.interfaces < interfaces:
        found = interfaces_of(at)
        if isinstance(found, str):
            tally.networks_skipped[found] += 1
        else:
            tally.seeds.append(at)
            for each in found:
                tally.add(each)
        at += 1
    return {
        "seeds": [seed, at - 1],
        "networks": len(tally.seeds),
        "networks_skipped": dict(tally.networks_skipped),
        "interfaces": tally.interfaces,
        "addresses": tally.addresses,
        "questions": dict(tally.questions),
        "connections": tally.verdicts.total(),
        "verdicts": dict(tally.verdicts),
        "skipped": dict(tally.skipped.most_common()),
        "proofs": tally.proofs,
        "objections": tally.objections,
        "z3_median_ms": round(1000 * median(tally.by_z3), 2),
        "engine_median_ms": round(1000 * median(tally.by_engine), 2),
        "seconds": round(time.perf_counter() - start, 1),
    }


def table(found: dict[str, Any]) -> str:
    """The figures as lines of Markdown."""
    lines = ["| | |", "|---|---:|"]
    for name, value in found.items():
        rows = value.items() if isinstance(value, dict) else [("", value)]
        for what, count in rows:
            label = name.replace("_", " ") + (f": {what}" if what else "")
            shown = f"{count:,}" if isinstance(count, int | float) else _spelt(count)
            lines.append(f"| {label} | {shown} |")
    return "\n".join(lines)


def _spelt(values: list[Any]) -> str:
    return " to ".join(map(str, values)) if all(isinstance(v, int) for v in values) and values else str(len(values))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interfaces", type=int, default=400, help="how many interfaces to compare, at least")
    parser.add_argument("--seed", type=int, default=1, help="the seed of the first network")
    asked = parser.parse_args()
    found = figures(asked.seed, asked.interfaces)
    print(table(found))
    for objection in found["objections"]:
        print(objection, file=sys.stderr)
    return 1 if found["objections"] else 0


if __name__ == "__main__":
    sys.exit(main())
