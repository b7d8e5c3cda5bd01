"""The table of a benchmark, and the page that it stands on."""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from sekisho.version import __version__

from .measure import ROOT, Cost
from .rows import EVERYTHING, Row, floor

PAGE = ROOT / "docs" / "PERFORMANCE.md"
FLOOR = Row("the floor: a process that only decodes the same files", floor, 1, "floor")
_MEGABYTE = 1 << 20
_PROGRAM = 100 * _MEGABYTE
_MANY = 10_000_000
_UNITS = {"floor": "x", "ms": " ms", "us": " us"}


class Measured(NamedTuple):
    """One row at one size: the medians of its cost and of the floor's; `computed` where computed seconds count."""

    row: Row
    interfaces: int
    cost: Cost
    base: Cost
    computed: bool

    @property
    def seconds(self) -> float:
        return self.cost.processor if self.computed else self.cost.seconds

    @property
    def times_floor(self) -> float:
        return self.seconds / (self.base.processor if self.computed else self.base.seconds)

    @property
    def value(self) -> float:
        """The number that the limit is about."""
        each = {"floor": self.times_floor, "ms": self.seconds * 1e3, "us": self.seconds * 1e6 / self.interfaces}
        return each[self.row.unit]

    @property
    def holds(self) -> bool:
        """Whether time and memory are within their limits."""
        return self.value <= self.row.limit and (self.most is None or self.cost.peak <= self.most)

    @property
    def most(self) -> float | None:
        """How much memory it may hold."""
        return None if self.row.memory is None else _PROGRAM + self.row.memory * self.interfaces


def table(found: Sequence[Measured]) -> str:
    lines = [
        f"| {found[0].interfaces:,} interfaces | seconds | times the floor | us an interface | limit | peak memory |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    return "\n".join([*lines, *map(_line, found), ""])


def _line(m: Measured) -> str:
    per_interface = f"{m.seconds * 1e6 / m.interfaces:.1f}" if not m.row.once else ""
    cells = (m.row.name, f"{m.seconds:.3f}", f"{m.times_floor:.1f}", per_interface, _limit(m), _memory(m.cost.peak))
    return "| " + " | ".join(cells) + " |"


def _limit(m: Measured) -> str:
    if m.row is FLOOR:
        return ""
    unit = _UNITS[m.row.unit]
    memory = "" if m.most is None else f", {_memory(m.most)}"
    return f"{m.row.limit:g}{unit}{memory}" + ("" if m.holds else " **missed**")


def _memory(peak: float) -> str:
    return f"{peak / _MEGABYTE:,.0f} MB"


def growth(found: Sequence[Measured]) -> str:
    """How the cost of one interface changes from the smallest estate to the largest."""
    sizes = sorted({m.interfaces for m in found})
    if len(sizes) == 1:
        return ""
    lines = [f"| | {' | '.join(f'{size:,}' for size in sizes)} | last to first |", "|---|" + "---:|" * (len(sizes) + 1)]
    for row in dict.fromkeys(m.row for m in found if not m.row.once and m.row.unit != "ms"):
        each = [m.seconds * 1e6 / m.interfaces for size in sizes for m in found if (m.row, m.interfaces) == (row, size)]
        lines.append(f"| {row.name} | {' | '.join(f'{us:.1f}' for us in each)} | {each[-1] / each[0]:.2f} |")
    return "\n".join(["", "Microseconds for each interface, by size of the estate:", "", *lines, ""])


def missed(found: Sequence[Measured]) -> str:
    """The rows that are over their limits, by name."""
    over = [
        f"- {m.row.name}, {m.interfaces:,} interfaces: {_value(m)}, limit {_limit(m)}" for m in found if not m.holds
    ]
    met = len([m for m in found if m.holds and m.row is not FLOOR])
    told = f"{met} of {met + len(over)} limits are met."
    return "\n".join([told, "", "Not met:", "", *over, ""]) if over else told + "\n"


def _value(m: Measured) -> str:
    over = f", {_memory(m.cost.peak)}" if m.most is not None and m.cost.peak > m.most else ""
    return f"{m.value:.1f}{_UNITS[m.row.unit]}{over}"


def ten_million(found: Sequence[Measured]) -> str:
    """What the largest measured assessment comes to, taken a hundred or a thousand times."""
    largest = max(m.interfaces for m in found)
    whole = next((m for m in found if m.interfaces == largest and m.row is EVERYTHING), None)
    if whole is None:
        return ""
    hours = whole.cost.processor / largest * _MANY / 3600
    bytes_each = max(whole.cost.peak - _PROGRAM, 0) / largest
    return _MANY_TEXT.format(
        largest=f"{largest:,}",
        us=f"{whole.cost.processor / largest * 1e6:,.0f}",
        kilobytes=f"{bytes_each / 1000:.1f}",
        hours=f"{hours:.1f}",
        gigabytes=f"{bytes_each * _MANY / (1 << 30):,.0f}",
    )


def text(found: Sequence[Measured], rounds: int, stages: Mapping[str, float], *, computed: bool) -> str:
    """The whole page."""
    sizes = sorted({m.interfaces for m in found})
    tables = [table([m for m in found if m.interfaces == size]) for size in sizes]
    counted = "seconds that the processes computed" if computed else "seconds on the clock"
    return _PAGE.format(
        version=__version__,
        machine=machine(),
        rounds="one run" if rounds == 1 else f"{rounds} runs",
        load=os.getloadavg()[0],
        counted=counted,
        tables="\n".join(tables),
        growth=growth(found),
        missed=missed(found),
        many=ten_million(found),
        **{name: f"{int(stages[name]):,}" for name in ("rows", "answers", "findings")},
    )


def machine() -> str:
    """The processor, how many of its cores there are, and what runs on it."""
    try:
        told = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(encoding="utf-8"), re.MULTILINE)
    except OSError:
        told = None
    name = told[1].strip() if told else platform.machine()
    return f"{name}, {os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"


_PAGE = """# Performance

`make bench` writes this page. Sekisho {version} on {machine}.

Every number is the median of {rounds}, in {counted}. The runs of all rows take turns, so that what
disturbs the machine disturbs all of them. The estates come from `sekisho synth`. At the end {load:.1f} processes
wanted to run on the machine at a time: where that is more than it has cores, it was busy with other work, and all
seconds are longer than on an idle one. The limits are meant for 100,000 interfaces and an idle machine.

**The floor** is a process, start included, that decodes the same files with the same structs and does nothing else. No
tool can answer faster than it can read, so what matters is how many times the floor an answer costs.

{tables}
{missed}{growth}
## Where the time goes

![Seconds of each stage of one assessment](performance.svg)

One process, all origins, the largest estate above: {rows} verdicts, {answers} different answers, {findings} findings.
Walking, judging and replaying are done once for each class of addresses and origin, so what counts is how many classes
there are; the estates of `synth` have one for every two interfaces, for each of their many systems has groups of
its own.
Replaying sends examples of new ways and new readings of groups through the second reading of the semantics
([ARCHITECTURE.md](ARCHITECTURE.md)): a third of the engine's time is spent on checking itself.

{many}## How cost grows

Reading grows with the bytes of the snapshot. Findings, document and JSON grow with the rows and findings that they
hold. The engine grows with *different* situations: interfaces of one subnet with the same groups and state share
their answers, so a fleet of a thousand instances costs little more than one of them. Nothing is compared pair by pair.

## Where time is not spent

- A file is read once and decoded once. Envelopes are opened without a search through what they hold, and a list becomes
  records in one step; only a list with a damaged record is taken apart.
- What many records say alike is judged once: addresses and rules are checked as sets, references are looked up by page,
  and records of one owner and zone share one scope.
- The place of a record (file and JSON pointer) is spelled only where an answer cites it.
- Findings that differ only in the names of instance and interface are worded once.
- Commands import what they need when they run.
"""

_MANY_TEXT = """## Ten million interfaces

At {largest} interfaces one takes {us} us of one processor core and {kilobytes} kB of memory, JSON included. Cost grows
with what is there, so ten million interfaces take about {hours} core-hours, and {gigabytes} GB if one process had to
hold all. It need not: what no peering, transit gateway or sharing connects can be assessed apart, and the largest
connected part alone says how much memory a machine must have. That is reckoned, not measured.

"""
