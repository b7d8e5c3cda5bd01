"""`sekisho watch`: say what changes in the verdicts as files of a snapshot change."""

import gc
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from sekisho.cli import output
from sekisho.cli.main import DONE
from sekisho.cli.progress import Progress
from sekisho.errors import SnapshotError

if TYPE_CHECKING:
    from sekisho.load.following import Following
    from sekisho.model.snapshot import Snapshot

#: How long files have to be left alone before they are read: a snapshot may be being written.
_SETTLED = 0.2


@click.command("watch", epilog="Example: sekisho watch snapshot/ --interval 5")
@click.argument("snapshot", type=click.Path(path_type=Path))
@click.option(
    "--since", type=click.Path(path_type=Path), help="Begin with what differs from that snapshot (of any form)."
)
@click.option(
    "--interval",
    type=click.FloatRange(min=0.05),
    default=2.0,
    show_default=True,
    metavar="SECONDS",
    help="How long to wait between two looks at the files.",
)
@click.option("--once", is_flag=True, help="End after the first change of files, whatever it changed.")
@click.option(
    "--target", default="all", show_default=True, help="all, tag:KEY=VALUE, an instance id or an interface id."
)
@click.option(
    "-o",
    "--output",
    "output_format",
    type=click.Choice(["table", "json"]),
    default="table",
    show_default=True,
    help="Format of the result.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    snapshot: Path,
    since: Path | None,
    interval: float,
    once: bool,
    target: str,
    output_format: str,
) -> int:
    """Follow the files of SNAPSHOT, a directory, and print every verdict that changes.

    Where no verdict and no flow changes, nothing is printed.
    """
    from sekisho.incremental import StandingAssessment  # noqa: PLC0415 - imported when the command runs
    from sekisho.load import load  # noqa: PLC0415
    from sekisho.load.following import Following  # noqa: PLC0415
    from sekisho.report.difference import difference_document  # noqa: PLC0415

    progress, following = Progress(ctx.obj), Following(snapshot)
    standing = StandingAssessment(load(since) if since else _first(following), target=target)
    # What was read stays to the end: it need not be looked through for garbage again and again.
    gc.collect()
    gc.freeze()
    progress.note(f"watching {snapshot}")
    while True:
        found = _next(following, interval, progress)
        files = _changed(standing.snapshot, found)
        difference = standing.follow(found)
        progress.note(f"changed: {', '.join(files)}", detail=True)
        if difference.changes:
            output.render_difference(difference_document(difference.changes, files), output_format)
        if once:
            return DONE


def _first(following: "Following") -> "Snapshot":
    found = following.read()
    if found is None:
        raise ValueError("the first time everything is new")
    return found


def _changed(before: "Snapshot", after: "Snapshot") -> tuple[str, ...]:
    """The names of the files that have other bytes, or are only in one of the two."""
    one, other = ({(i.file, i.sha256) for i in s.inputs} for s in (before, after))
    return tuple(sorted({name for name, _ in one ^ other}))


def _next(following: "Following", interval: float, progress: Progress) -> "Snapshot":
    """The snapshot after the next change of files. One that cannot be read is told of and waited out."""
    told = ""
    while True:
        try:
            found = following.read(settled=_SETTLED)
        except SnapshotError as error:
            found = None
            if str(error) != told:
                told = str(error)
                progress.note(f"sekisho: {told}; waiting for it to change")
        if found is not None:
            return found
        time.sleep(interval)
