"""Progress and notes on stderr."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import click

Item = TypeVar("Item")
_SHOW_AFTER = 1.0
#: The bar is told of what is done so often a second, not of every item.
_TOLD_EVERY = 0.1


class Progress:
    """What is told while a command runs: notes, and a bar for anything over a second on a terminal."""

    def __init__(self, settings: Mapping[str, int] | None) -> None:
        settings = settings or {}
        self._quiet = bool(settings.get("quiet"))
        self._verbose = int(settings.get("verbose", 0))

    def note(self, line: str, *, detail: bool = False) -> None:
        """One line; with `detail` only where -v is given."""
        if not self._quiet and (self._verbose or not detail):
            click.echo(line, err=True)

    def over(self, items: Sequence[Item]) -> Iterable[Item]:
        """The items, with a bar on a terminal once a second has passed: how many are done, how fast, the time left."""
        return items if self._quiet or not sys.stderr.isatty() else self._shown(items)

    def _shown(self, items: Sequence[Item]) -> Iterator[Item]:
        started = time.monotonic()
        remaining = iter(items)
        for done, item in enumerate(remaining, start=1):
            yield item
            if time.monotonic() - started > _SHOW_AFTER:
                yield from _with_bar(remaining, done, len(items), started)
                return


def _with_bar(remaining: Iterator[Item], done: int, total: int, started: float) -> Iterator[Item]:
    from rich.console import Console  # noqa: PLC0415 - only for long runs
    from rich.progress import BarColumn, TextColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    text = TextColumn("{task.fields[said]}")
    with Bar(TextColumn("assessing"), BarColumn(), text, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=total, completed=done, said=_said(done, total, time.monotonic() - started))
        told = time.monotonic()
        for item in remaining:
            yield item
            done += 1
            now = time.monotonic()
            if now - told >= _TOLD_EVERY or done == total:
                told = now
                bar.update(task, completed=done, said=_said(done, total, now - started))


def _said(done: int, total: int, seconds: float) -> str:
    """How many interfaces are done, how fast, and the time left at that pace."""
    rate = done / seconds
    left = round((total - done) / rate)
    return f"{done:,} of {total:,} interfaces, {rate:,.0f}/s, {left // 60}:{left % 60:02} left"
