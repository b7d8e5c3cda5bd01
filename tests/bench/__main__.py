"""How long everything takes, side by side in one run, as ratios to the floor.

    make bench [BENCH_SIZES=10000,100000] [BENCH_ROUNDS=5]

Prints a table for each size of estate and writes them to docs/PERFORMANCE.md. Exits 1 where a limit is not met.
"""

import argparse
import compileall
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import click
import msgspec

from . import extremes, measure, page, picture, quotas
from .measure import Cost
from .page import Measured
from .rows import ROWS, Estate, Row, floor


def main() -> int:
    parser = argparse.ArgumentParser(description="how long everything takes, as ratios to the floor")
    parser.add_argument("--sizes", default="10000,100000", help="numbers of interfaces, with commas between")
    parser.add_argument("--rounds", type=int, default=5, help="how often each row is measured; the median counts")
    parser.add_argument("--cpu", action="store_true", help="count computed seconds: for a busy machine")
    parser.add_argument("--estates", type=Path, help="keep the estates there and use those that are there")
    parser.add_argument("--page", type=Path, default=page.PAGE, help="where the tables are written")
    options = parser.parse_args()
    _compile()
    sizes = sorted({int(size) for size in options.sizes.split(",")})
    with tempfile.TemporaryDirectory() as scratch:
        quotas.write(Path(scratch) / "quotas")
        extremes.write(Path(scratch))
        found: list[Measured] = []
        for size in sizes:
            estate = Estate(_folder(size, options.estates or Path(scratch)), size, Path(scratch))
            rows = [row for row in ROWS if not row.once or size == sizes[-1]]
            found += _measured(estate, rows, options.rounds, computed=options.cpu)
            print(page.table([m for m in found if m.interfaces == size]), flush=True)
        stages = measure.told("-m", "bench.stages", str(estate.folder))
    title = f"One assessment of {sizes[-1]:,} interfaces, all origins: computed seconds by stage"
    options.page.with_name("performance.svg").write_text(picture.svg(stages, title), encoding="utf-8")
    options.page.write_text(page.text(found, options.rounds, stages, computed=options.cpu), encoding="utf-8")
    return int(any(not m.holds for m in found))


def _compile() -> None:
    """Bytecode of what is measured, as an installation has it: a machine may forbid to write it at run time."""
    installed = (Path(str(package.__file__)).parent for package in (click, msgspec))
    for place in (measure.ROOT / "src", Path(__file__).parent, *installed):
        compileall.compile_dir(place, quiet=1)


def _folder(size: int, place: Path) -> Path:
    """The estate of that size, drawn if it is not there."""
    folder = place / str(size)
    if not folder.is_dir():
        print(f"drawing an estate of {size:,} interfaces", file=sys.stderr)
        measure.process("-m", "sekisho", "-q", "synth", "--interfaces", str(size), str(folder))
    return folder


def _measured(estate: Estate, rows: list[Row], rounds: int, *, computed: bool) -> Iterator[Measured]:
    """The floor and the rows in turn, round after round, so that what disturbs the machine disturbs all of them."""
    costs: Mapping[str, list[Cost]] = {row.name: [] for row in rows}
    floors: list[Cost] = []
    floor(estate)  # so that the files are in memory for the first round as for the last
    for _ in range(rounds):
        floors.append(floor(estate))
        for row in rows:
            costs[row.name].append(row.measure(estate))
    base = measure.median(floors)
    yield Measured(page.FLOOR, estate.interfaces, base, base, computed)
    for row in rows:
        yield Measured(row, estate.interfaces, measure.median(costs[row.name]), base, computed)


if __name__ == "__main__":
    sys.exit(main())
