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
    """The engine answers for sets of packets. `sekisho.engine.trace` walks one packet, hop by hop, and shares no code
with the sets: it is the readable form of [SEMANTICS.md](SEMANTICS.md). On random networks of small pools of values,
where rules, routes and packets collide, both are asked the same: packets at the corners of what an answer calls sure,
possible and impossible, and some at random. They must never contradict each other. One may leave open what the other
settles, which is no contradiction: the trace stops at the first thing that the snapshot does not show, the sets also
use what is known behind it.""",
    "make proof ONLY=engine",
)

SMT = Section(
    "z3",
    "The engine against z3",
    """A second, declarative encoding of filters and routes is written in formulas over bit vectors. z3 proves for
random interfaces that the engine's set and the encoding are equal: no packet is in the one and not in the other.""",
    "make proof ONLY=z3",
)
KERNEL = Section(
    "kernel",
    "The engine against the Linux kernel",
    """Small networks are built of network namespaces, with nftables for groups and network ACLs and policy routing for
route tables. Real sockets open real flows in them, and what arrives, and what comes back, is what the engine says.""",
    "make proof ONLY=kernel",
)
CERTIFICATES = Section(
    "certificates",
    "Certificates",
    """Every verdict has a [certificate](CERTIFICATES.md) that a small program, which shares no code with the engine,
checks against the raw JSON. All true ones are accepted, those of random networks among them, whose calls fail and
whose records are damaged; and all that were made false are refused.""",
    "make proof ONLY=certificates",
)
MUTATION = Section(
    "mutation",
    "Mistakes put into the engine",
    """Checks that never fail prove nothing. Each of these mistakes about AWS is put into the engine, or into what
engine and trace share, and the checks have to see it: cases of the [conformance corpus](../conformance/README.md),
where an answer is then not the expected one, and random networks, where engine and trace then contradict each other.
`make test` puts each in, and asks the case or the network that is named for it.""",
    "make proof ONLY=mutation",
)

#: The checks in the order of the page. One whose module is not there is left out, and said to be.
CHECKS: tuple[Check, ...] = (
    Check(ENGINE, "tally", lambda m, asked: m.figures(asked.seed, asked.networks, asked.processes, _told)),
    Check(SMT, "smt", lambda m, asked: m.figures(asked.seed, 400)),
    Check(KERNEL, "kernel.run", lambda m, asked: m.figures(asked.seed, 40, 500)),
    Check(CERTIFICATES, "certificates", lambda m, asked: m.figures(asked.seed)),
    Check(MUTATION, "mutants", lambda m, asked: m.figures(processes=asked.processes)),
)
#: Members of figures that list contradictions.
_AGAINST = ("disagreements", "objections")


def present(check: Check) -> bool:
    """Whether the module of the check, or the package that it is in, is there."""
    return importlib.util.find_spec(check.module.partition(".")[0]) is not None


def run(check: Check, asked: argparse.Namespace) -> Run:
    """The check's figures, how long they took, and what made them."""
    started = time.monotonic()
    figures = check.figures(import_module(check.module), asked)
    against = [str(one) for member in _AGAINST if isinstance(listed := figures.get(member), list) for one in listed]
    if against:
        raise tally.Contradiction("\n".join(against))
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
    for check in CHECKS:
        if asked.only not in {None, check.section.name}:
            continue
        if not present(check):
            print(f"{check.section.name}: tests/{check.module.replace('.', '/')}.py is not here")
            continue
        try:
            found = run(check, asked)
        except tally.Contradiction as contradiction:
            print(contradiction)
            return 1
        print(assurance.shown(check.section, found))
        runs = assurance.keep(check.section.name, found)
        assurance.PAGE.write_text(assurance.page(tuple(c.section for c in CHECKS), runs), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
