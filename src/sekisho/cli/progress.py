"""Progress and notes on stderr."""

import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TypeVar

import click

Item = TypeVar("Item")
_SHOW_AFTER = 1.0


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
        """The items, with a bar on a terminal once a second has passed."""
        return items if self._quiet or not sys.stderr.isatty() else self._shown(items)

    def _shown(self, items: Sequence[Item]) -> Iterator[Item]:
        started = time.monotonic()
        remaining = iter(items)
        for done, item in enumerate(remaining, start=1):
            yield item
            if time.monotonic() - started > _SHOW_AFTER:
                yield from self._bar(remaining, done, len(items))
                return

    def _bar(self, remaining: Iterator[Item], done: int, total: int) -> Iterator[Item]:
        from rich.console import Console  # noqa: PLC0415 - only for long runs
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn  # noqa: PLC0415
        from rich.progress import Progress as Bar  # noqa: PLC0415

        columns = (TextColumn("assessing interfaces"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
            task = bar.add_task("assessing", total=total, completed=done)
            for item in remaining:
                yield item
                bar.advance(task)
