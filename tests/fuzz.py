"""Random networks without end: every reading of each must agree.

    .venv/bin/python tests/fuzz.py [--minutes M] [--seed N] [--networks N] [--processes N] [--into DIR]

Seeds come from the clock and are printed; `--seed N --networks 1` tries one again. What is found is shrunk to the
smallest network that still shows it, and written as a folder in the form of the corpus, to be finished by hand. Exits
1 where something was found, and where no packet of a run of a minute or more met a group of docs/SEMANTICS.md.
"""

import argparse
import json
import sys
import time
from collections.abc import Iterable
from multiprocessing import get_context
from pathlib import Path

from random_estates import drawn, mixed
from random_networks import Network
from readings import READINGS, Contradiction
from saved import save
from tally import BLOCK, Tally, groups

FOUND = Path(__file__).parent / "fuzz-found"
#: Findings and services have no packets.
WITHOUT_PACKETS = {"S-FIND"}
_ENOUGH = 60.0


def estate(seed: int) -> tuple[str, Network]:
    """Every other network mixes constructs; the others are of each kind in turn."""
    return ("of several of these at once", mixed(seed)) if seed % 2 else drawn(seed // 2)


def tried(seeds: Iterable[int]) -> tuple[Tally, list[tuple[int, str]]]:
    """What the seeds' networks met, and the seeds of those that a reading contradicts, with its name."""
    tally, against = Tally.empty(), []
    for seed in seeds:
        kind, whole = estate(seed)
        tally.networks[kind] += 1
        against += [(seed, name) for name, reading in READINGS.items() if reading(whole, seed, tally) is not None]
    return tally, against


def case(found: Contradiction, reading: str, seed: int, into: Path) -> Path:
    """The folder of the case: README.md, aws/ and an expect.json whose answers are to be filled in."""
    place = into / f"{reading.replace(' ', '-')}-{seed}"
    save(found.network, place / "aws")
    readme = f"""# {found.title}

Found by `tests/fuzz.py --seed {seed} --networks 1` ({reading}). To be done: say in words what the situation is and
why the answer is so, name the document and the rules, fill in expect.json, and move the folder to a group of
conformance.

```
{found.told}
```

Source:

Semantics:
"""
    (place / "README.md").write_text(readme, encoding="utf-8")
    questions = [{"explain": list(found.question), "exit": 0, "verdict": ""}] if found.question else []
    text = json.dumps({"questions": questions, "assess": []}, indent=2) + "\n"
    (place / "expect.json").write_text(text, encoding="utf-8")
    return place


def told(tally: Tally, seconds: float) -> list[str]:
    """Rate, and which rules were met how often."""
    networks = tally.networks.total()
    rate = networks / seconds if seconds else 0
    met = [f"{group} {tally.groups[group]:,}" for group in sorted(groups() - WITHOUT_PACKETS)]
    return [f"{networks:,} networks, {tally.pairs:,} pairs, {rate:.1f} networks a second", ", ".join(met)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long")
    parser.add_argument("--seed", type=int, default=time.time_ns() // 1_000_000, help="the first seed")
    parser.add_argument("--networks", type=int, help="how many networks, instead of a time")
    parser.add_argument("--processes", type=int, default=2, help="processes that share the networks")
    parser.add_argument("--into", type=Path, default=FOUND, help="where cases are written")
    asked = parser.parse_args()
    print(f"seed {asked.seed}", flush=True)
    started, first, whole = time.monotonic(), asked.seed, Tally.empty()
    against: list[tuple[int, str]] = []
    last = first + asked.networks if asked.networks else sys.maxsize
    with get_context("spawn").Pool(asked.processes) as pool:
        while not against and first < last and (asked.networks or time.monotonic() < started + asked.minutes * 60):
            shares = [range(first + i * BLOCK, min(first + (i + 1) * BLOCK, last)) for i in range(asked.processes)]
            for tally, seeds in pool.map(tried, shares, chunksize=1):
                whole.update(tally)
                against += seeds
            first += asked.processes * BLOCK
    seconds = time.monotonic() - started
    print(*told(whole, seconds), sep="\n")
    for seed, name in against:
        found = READINGS[name](estate(seed)[1], seed, Tally.empty())
        if found is not None:
            print(f"seed {seed}: {name}: {found.title}", f"written to {case(found, name, seed, asked.into)}", sep="\n")
    unmet = sorted(groups() - WITHOUT_PACKETS - set(whole.groups)) if seconds > _ENOUGH else []
    if unmet:
        print(f"no packet met {', '.join(unmet)}")
    return 1 if against or unmet else 0


if __name__ == "__main__":
    sys.exit(main())
