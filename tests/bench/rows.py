"""The rows of the table: each is one function, which measures once. The harness calls them in turn and takes medians.

A row for something new is a function below with `@row(...)` over it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple

from .measure import Cost, inside, process

#: What a limit counts: times the floor, milliseconds, microseconds for each interface.
Unit = Literal["floor", "ms", "us"]


class Estate(NamedTuple):
    """A snapshot to measure on, how many interfaces it has, and a folder for what is written."""

    folder: Path
    interfaces: int
    scratch: Path


Measure = Callable[[Estate], Cost]


class Row(NamedTuple):
    """A line of the table. `once` where the size of the estate has nothing to do with it."""

    name: str
    measure: Measure
    limit: float
    unit: Unit
    memory: float | None = None
    once: bool = False


ROWS: list[Row] = []


def row(
    name: str, limit: float, unit: Unit = "floor", *, memory: float | None = None, once: bool = False
) -> Callable[[Measure], Measure]:
    """The function measures this row; `memory` is its limit in bytes for each interface, besides the program's own."""

    def add(measure: Measure) -> Measure:
        ROWS.append(Row(name, measure, limit, unit, memory, once))
        return measure

    return add


def floor(estate: Estate) -> Cost:
    """A process that decodes all files and nothing else: what every row is compared with."""
    return process("-m", "bench.floor", str(estate.folder))


@row("`assess --origin internet`, JSON written to a file", 6)
def internet(estate: Estate) -> Cost:
    return _assess(estate, "--origin", "internet")


@row("`assess`, all origins, JSON written to a file", 12, memory=11_000)
def everything(estate: Estate) -> Cost:
    return _assess(estate)


EVERYTHING = ROWS[-1]


@row("reading the snapshot, in one process", 3)
def loading(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "loading", str(estate.folder))


@row("from answers to JSON: findings, document, text", 15, "us")
def telling(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "telling", str(estate.folder))


@row("`explain`, second question in one process", 5, "ms")
def asking_again(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "asking_again", str(estate.folder))


@row("`watch`: a rule more in a security group, of what the internet reaches", 1, "ms")
def editing_a_group(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "editing_a_group", str(estate.folder))


@row("`watch`: an entry more in a network ACL, the same", 15, "ms")
def editing_an_acl(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "editing_an_acl", str(estate.folder))


@row("`watch`: a route less in a route table, the same", 15, "ms")
def editing_a_table(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "editing_a_table", str(estate.folder))


@row("one interface at AWS's quotas: 1,000 rules, 80 ACL entries, 1,000 routes", 15, "ms", once=True)
def quotas(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "judging", str(estate.scratch / "quotas"))


@row("one interface whose groups admit five prefix lists of 1,000 entries", 60, "ms", once=True)
def lists(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "judging", str(estate.scratch / "lists"))


@row("one interface behind a route table of 5,000 routes", 250, "ms", once=True)
def routes(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "judging", str(estate.scratch / "routes"))


@row("one interface that admits a group of 10,000 members, each a /32", 250, "ms", once=True)
def members(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "judging", str(estate.scratch / "members"))


@row("report of 10,816 findings, from answers to HTML", 2_000, "ms", once=True)
def setting_html(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "setting_html", str(_drawn(estate)))


@row("report of 10,816 findings, from answers to PDF", 10_000, "ms", once=True)
def setting_pdf(estate: Estate) -> Cost:
    return inside("-m", "bench.parts", "setting_pdf", str(_drawn(estate)))


@row("`sekisho --help`", 100, "ms", once=True)
def helping(_: Estate) -> Cost:
    return process("-m", "sekisho", "--help")


def _drawn(estate: Estate) -> Path:
    """An estate of 800 interfaces, which has 10,816 findings."""
    folder = estate.scratch / "report"
    if not folder.is_dir():
        process("-m", "sekisho", "-q", "synth", "--interfaces", "800", "--seed", "4", str(folder))
    return folder


def _assess(estate: Estate, *more: str) -> Cost:
    written = str(estate.scratch / "assessment.json")
    return process("-m", "sekisho", "-q", "assess", str(estate.folder), "-o", "json", "--output-file", written, *more)
