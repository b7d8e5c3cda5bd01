"""Certificates at full size: of every case, of the bundled estates, of a synthetic one and of random networks, and
forged ones.

    .venv/bin/python tests/certificates.py [--interfaces 10000] [--forgeries 10000] [--networks 1000] [--seed 1]

Every certificate has to be accepted by `sekisho_check`, and every forgery refused. Exits 1 where that fails.
"""

import argparse
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from check.corpus import cases
from check.forgeries import forgeries
from random_estates import drawn
from saved import save
from sekisho import estates
from sekisho.analysis import assess
from sekisho.engine.certificate import Certificate
from sekisho.errors import SnapshotError
from sekisho.load import load
from sekisho.load.digests import digests
from sekisho.report.certificate import cited, lines
from sekisho.synth import plan, rows, write
from sekisho_check.audit import Audit
from sekisho_check.certificate import RefusedError, certificate
from sekisho_check.estate import Estate
from sekisho_check.snapshot import read

#: Forgeries are drawn from snapshots of so many rows at most: each is checked as a whole file.
_MOST_ROWS = 60
_SHOWN = 20


class Checked(NamedTuple):
    """The certificates of one snapshot, and what the checker says of them."""

    name: str
    place: Path
    lines: list[str]
    verdicts: Counter[str]
    standings: Counter[str]
    faults: list[str]


def certified(place: Path) -> list[str]:
    """The certificates of a snapshot, a line each."""
    found: list[Certificate] = []
    assess(load(place), certificates=found)
    return list(lines(found, digests(place, cited(found))))


def _certified(place: Path) -> list[str]:
    """None where the snapshot is one that Sekisho does not read."""
    try:
        return certified(place)
    except SnapshotError:
        return []


def checked(name: str, place: Path, written: Sequence[str]) -> Checked:
    """Every line given to the checker, and every row asked for."""
    audit = Audit(Estate(read(str(place))))
    verdicts, standings, faults = Counter[str](), Counter[str](), []
    for number, line in enumerate(written, 1):
        try:
            result = audit.check(certificate(line.encode()))
        except RefusedError as problem:
            faults.append(f"{name}, line {number}: {problem}")
            continue
        verdicts[result.verdict] += 1
        standings[result.standing] += 1
    faults += [f"{name}: no certificate for {' '.join(key)}" for key in audit.missing()]
    return Checked(name, place, list(written), verdicts, standings, faults)


def is_refused(place: Path, written: Sequence[str]) -> bool:
    """Whether the checker finds a fault in the file of those lines."""
    return bool(faults_of(Estate(read(str(place))), written))


def faults_of(estate: Estate, written: Sequence[str]) -> str:
    """The first fault, empty where there is none."""
    audit = Audit(estate)
    for line in written:
        try:
            audit.check(certificate(line.encode()))
        except RefusedError as problem:
            return str(problem) or "refused"
    return "a row has no certificate" if audit.missing() else ""


# Snapshots --------------------------------------------------------------------------------------------


def snapshots(root: Path) -> Iterator[tuple[str, Path]]:
    """Every case of the corpus that can be assessed, and the bundled estates."""
    for case in cases():
        place = root / case.name
        for name, data in case.files:
            file = place / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        yield case.name, place
    for name in estates.NAMES:
        yield f"the bundled estate `{name}`", Path(str(estates.estate(name)))


def synthetic(root: Path, interfaces: int, seed: int) -> Path:
    planned = plan(interfaces, seed=seed)
    place = root / "synthetic"
    for _ in write(planned, rows(planned), place):
        pass
    return place


def of_networks(first: int, networks: int) -> Iterator[Checked]:
    """The certificates of random networks: calls fail there, and records are damaged or only referred to."""
    for seed in range(first, first + networks):
        with tempfile.TemporaryDirectory() as folder:
            place = Path(folder)
            save(drawn(seed)[1], place)
            yield checked(f"network {seed}", place, _certified(place))


# Figures ----------------------------------------------------------------------------------------------


def figures(seed: int, interfaces: int = 10000, wanted: int = 10000, networks: int = 1000) -> dict[str, Any]:
    """Counts of certificates accepted and refused, of forgeries by kind, and what both cost."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        corpus = [checked(name, place, written) for name, place in snapshots(root) if (written := _certified(place))]
        large, costs = _large(root, interfaces, seed)
        forged, missed = _forged(corpus, seed, wanted)
    faults, total, count = [], Counter[str](), Counter[bool]()
    for each in chain(corpus, [large], of_networks(seed, networks)):
        faults += each.faults
        total.update(each.standings)
        count[each.name.startswith("network ")] += len(each.lines)
    return {
        "snapshots": len(corpus) + 1,
        "random networks": networks,
        "certificates": count[False],
        "certificates of random networks": count[True],
        "refused": len(faults),
        "interfaces of the synthetic estate": interfaces,
        **costs,
        "forgeries": sum(forged.values()),
        "forgeries accepted": len(missed),
        "seed": seed,
        "what certificates rest on": dict(total),
        "forgeries, all refused": dict(sorted(forged.items())),
        "disagreements": [*faults, *missed],
    }


def _large(root: Path, interfaces: int, seed: int) -> tuple[Checked, dict[str, Any]]:
    place = synthetic(root, interfaces, seed)
    started = time.process_time()
    assess(load(place))
    plain = time.process_time()
    written = certified(place)
    proven = time.process_time()
    found = checked(f"synthetic estate of seed {seed}", place, written)
    ended = time.process_time()
    size = sum(len(line.encode()) for line in written)
    return found, {
        "cost of certificates, in assessments": f"{(proven - plain) / (plain - started):.2f}",
        "milliseconds to check an interface": f"{(ended - proven) * 1000 / interfaces:.2f}",
        "bytes of a certificate": size // max(1, len(written)),
    }


def _forged(corpus: Sequence[Checked], seed: int, wanted: int) -> tuple[Counter[str], list[str]]:
    """Forgeries by kind, and those that were accepted."""
    small = [each for each in corpus if 0 < len(each.lines) <= _MOST_ROWS]
    share = -(-wanted // len(small))
    kinds, missed = Counter[str](), []
    for number, each in enumerate(small):
        estate = Estate(read(str(each.place)))
        for forgery in forgeries(each.lines, seed + number, share):
            kinds[forgery.kind] += 1
            if not faults_of(estate, forgery.lines):
                missed.append(f"{each.name}: {forgery.kind}: accepted")
    return kinds, missed


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--interfaces", type=int, default=10000, help="of the synthetic estate")
    parser.add_argument("--forgeries", type=int, default=10000, help="how many forgeries to draw, at least")
    parser.add_argument("--networks", type=int, default=1000, help="how many random networks")
    parser.add_argument("--seed", type=int, default=1, help="of the synthetic estate, the forgeries and the networks")
    asked = parser.parse_args()
    found = figures(asked.seed, asked.interfaces, asked.forgeries, asked.networks)
    faults = found.pop("disagreements")
    for name, value in found.items():
        print(f"{name}: {value}")
    for fault in faults[:_SHOWN]:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
