"""Mistakes about AWS, each put into one function of the engine or the model as a change of its source.

A mutant names the function, a text that stands in it once, and what stands there instead. `put_in` swaps the
function's code for as long as the mutant lives, so that whoever imported the function runs the mistake.
"""

import importlib
import inspect
import textwrap
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache, cached_property
from multiprocessing import get_context
from pathlib import Path
from types import FunctionType
from typing import Any

from agreement import pairs_of
from random_estates import drawn
from seeded_mistakes import MISTAKES, Mistake
from sekisho.conformance.case import Case, cases
from sekisho.conformance.run import run
from sekisho.errors import InternalError

ROOT = Path(__file__).parents[1]


@cache
def corpus() -> dict[str, Case]:
    """Every case of the corpus, by name."""
    return {case.name: case for case in cases(ROOT / "conformance")}


# Putting in -----------------------------------------------------------------------------------------


def function(place: str) -> FunctionType:
    """The function of `module:path` below `sekisho`; of a property, the one that makes it."""
    module, _, path = place.partition(":")
    found: Any = importlib.import_module(f"sekisho.{module}")
    for name in path.split("."):
        found = inspect.getattr_static(found, name)
    found = found.func if isinstance(found, cached_property) else found
    if not isinstance(found, FunctionType):
        raise TypeError(f"{place} is no function")
    return found


def mistaken(mistake: Mistake) -> FunctionType:
    """The function with the mistake in it. ValueError where the text to be changed does not stand there once."""
    original = function(mistake.place)
    source = textwrap.dedent(inspect.getsource(original))
    if source.count(mistake.old) != 1:
        raise ValueError(f"{mistake.name}: `{mistake.old}` stands {source.count(mistake.old)} times in {mistake.place}")
    changed = source.replace(mistake.old, mistake.new)
    made: dict[str, Any] = {}
    text = changed[changed.index("def ") :]
    exec(compile(text, f"<{mistake.name}>", "exec"), original.__globals__, made)  # noqa: S102  our own source
    found: FunctionType = made[original.__name__]
    return found


@contextmanager
def put_in(mistake: Mistake) -> Iterator[None]:
    """The engine with the mistake."""
    original = function(mistake.place)
    code = original.__code__
    original.__code__ = mistaken(mistake).__code__
    try:
        yield
    finally:
        original.__code__ = code


# Seeing ---------------------------------------------------------------------------------------------


def seen_by_case(case: Case) -> bool:
    """Whether an answer of the case is not what is expected, or contradicts itself."""
    try:
        return bool(run(case).misses)
    except InternalError:
        return True


def seen_on_network(seed: int) -> bool:
    """Whether sets and steps contradict each other about a packet of the seed's network."""
    return any(pair.fault is not None for pair in pairs_of(drawn(seed)[1], seed, 2, 2))


def first_network(mistake: Mistake, kind: int, most: int) -> int | None:
    """The first seed of the kind whose network shows the mistake, among so many."""
    with put_in(mistake):
        return next((seed for seed in range(kind, 7 * most, 7) if seen_on_network(seed)), None)


def figures(networks: int = 50, processes: int = 2) -> dict[str, object]:
    """How many cases of the conformance corpus, and how many of the first networks, see each mistake."""
    with get_context("spawn").Pool(processes) as pool:
        seen = pool.starmap(_times_seen, [(number, networks) for number in range(len(MISTAKES))], chunksize=1)
    table = {
        mistake.name: {"cases that see it": by_cases, f"of {networks} networks": on_networks}
        for mistake, (by_cases, on_networks) in zip(MISTAKES, seen, strict=True)
    }
    return {
        "mistakes": len(MISTAKES),
        "seen by the checks named for them": sum(_is_seen(mistake) for mistake in MISTAKES),
        "cases": len(corpus()),
        "mistake put into the engine": table,
    }


def _times_seen(number: int, networks: int) -> tuple[int, int]:
    """Cases and networks that see the mistake of that place in the list."""
    with put_in(MISTAKES[number]):
        by_cases = sum(seen_by_case(case) for case in corpus().values())
        return by_cases, sum(seen_on_network(seed) for seed in range(networks))


def _is_seen(mistake: Mistake) -> bool:
    known = corpus()
    with put_in(mistake):
        by_case = not mistake.case or seen_by_case(known[mistake.case])
        return by_case and (mistake.seed is None or seen_on_network(mistake.seed))
