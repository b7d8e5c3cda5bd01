"""The long checks, at full size: the engine against everything that can contradict it.

    .venv/bin/python tests/proof.py [--only CHECK] [--networks N] [--seed N] [--processes N]

Prints the figures of each check and writes docs/ASSURANCE.md anew. Exits 1 at the first contradiction, which is shown
on the smallest network that still has it; the page is left as it was.
"""

import argparse
import importlib.util
import platform
import sys
import time
from collections.abc import Callable, Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Any, NamedTuple

import assurance
import tally
from assurance import Run, Section
from sekisho.version import SEMANTICS_VERSION, __version__

Figures = Mapping[str, Any]


class Check(NamedTuple):
    """A check: its section, the module that has it, and how the module is asked for its figures."""

    section: Section
    module: str
    figures: Callable[[Any, argparse.Namespace], Figures]


def _told(done: int) -> None:
    if sys.stderr.isatty() or done % 5000 == 0:
        print(f"{done:,} networks", end="\r" if sys.stderr.isatty() else "\n", file=sys.stderr)


ENGINE = Section(
    "engine",
    "The engine against the one-packet semantics",
    """The engine answers for sets of packets. `sekisho.engine.trace` walks one packet, hop by hop, and shares no code with
the sets: it is the readable form of [SEMANTICS.md](SEMANTICS.md). On random networks of small pools of values, where
rules, routes and packets collide, both are asked the same: packets at the corners of what an answer calls sure,
possible and impossible, and some at random. They must never contradict each other. One may leave open what the other
settles, which is no contradiction: the trace stops at the first thing that the snapshot does not show, the sets also
use what is known behind it.""",
    "make proof ONLY=engine",
)

CHECKS: tuple[Check, ...] = (
    Check(ENGINE, "tally", lambda m, asked: m.figures(asked.seed, asked.networks, asked.processes, _told)),
)


def present(check: Check) -> bool:
    """Whether the module of the check, or the package that it is in, is there."""
    return importlib.util.find_spec(check.module.partition(".")[0]) is not None


def run(check: Check, asked: argparse.Namespace) -> Run:
    """The check's figures, how long they took, and what made them."""
    started = time.monotonic()
    figures = check.figures(import_module(check.module), asked)
    versions = {
        "sekisho": __version__,
        "semantics": str(SEMANTICS_VERSION),
        "Python": platform.python_version(),
        "msgspec": version("msgspec"),
    }
    return Run(figures, round(time.monotonic() - started, 1), versions)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=[c.section.name for c in CHECKS], help="the one check to run")
    parser.add_argument("--networks", type=int, default=50000, help="networks on which engine and trace are compared")
    parser.add_argument("--seed", type=int, default=1, help="the first seed")
    parser.add_argument("--processes", type=int, default=2, help="processes that share the networks")
    asked = parser.parse_args()
    runs = assurance.kept()
    for check in CHECKS:
        if asked.only in {None, check.section.name}:
            try:
                runs[check.section.name] = run(check, asked)
            except tally.Contradiction as found:
                print(found)
                return 1
            print(assurance.shown(check.section, runs[check.section.name]))
    assurance.keep(runs)
    assurance.PAGE.write_text(assurance.page(tuple(c.section for c in CHECKS), runs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
