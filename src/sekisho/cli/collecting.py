"""What `collect` and `assess --live` share: the options that say whom to ask, the progress, what is said at the end."""

import sys
import textwrap
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, TypeVar

import click
from click.core import ParameterSource

from sekisho.cli.progress import Progress

if TYPE_CHECKING:
    from sekisho.collect import Connection, Summary

Command = TypeVar("Command", bound=Callable[..., Any])
#: How many refusals and changes are told one by one.
_SHOWN = 20
_WIDEST = 120
_OPTIONS = (
    click.option("--region", "regions", multiple=True, metavar="REGION", help="Ask this Region; may be given again."),
    click.option("--all-regions", is_flag=True, help="Ask every Region that is enabled for the account."),
    click.option("--profile", help="Use this profile of the AWS configuration."),
    click.option("--role-arn", metavar="ARN", help="Assume this role first."),
    click.option("--external-id", metavar="ID", help="The external id that the role asks for."),
    click.option("--organization", is_flag=True, help="Ask every active account of the organisation."),
    click.option(
        "--role-name",
        metavar="NAME",
        default="OrganizationAccountAccessRole",
        show_default=True,
        help="With --organization, the role to assume in each account.",
    ),
    click.option("--endpoint-url", metavar="URL", help="Ask this address in place of AWS's own."),
)


def options(command: Command) -> Command:
    """The options that say whom to ask."""
    for option in reversed(_OPTIONS):
        command = option(command)
    return command


def connection(**given: Any) -> "Connection":  # noqa: ANN401  the values of the options
    """The options as one value; Regions may be written with commas."""
    from sekisho.collect import Connection  # noqa: PLC0415 - imported when the command runs

    written = given.pop("regions")
    regions = tuple(dict.fromkeys(r.strip() for text in written for r in text.split(",") if r.strip()))
    if regions and given["all_regions"]:
        raise click.UsageError("--region and --all-regions exclude each other")
    return Connection(regions=regions, **given)


def gather(
    asked: "Connection",
    place: Path,
    progress: Progress,
    settings: Any,  # noqa: ANN401  of the context
    *,
    listeners: bool = False,
) -> "Summary":
    """Collect into the directory, with a bar on a terminal; what was refused or has changed is said on stderr."""
    from sekisho.collect import collect  # noqa: PLC0415

    quiet = bool((settings or {}).get("quiet"))
    with _bar(shown=not quiet and sys.stderr.isatty()) as told:
        summary = collect(asked, place, told, listeners=listeners)
    for line in _said(summary):
        progress.note(line)
    return summary


def snapshot(
    ctx: click.Context,
    given: Path | str | None,
    *,
    live: bool,
    progress: Progress,
    **asked: Any,  # noqa: ANN401  the values of the options
) -> Path | str:
    """The snapshot to assess: with `live` collected into the given place, or into one that ends with the command."""
    used = [o.opts[0] for o in ctx.command.params if o.name in asked and _was_given(ctx, o.name)]
    if not live:
        if used:
            raise click.UsageError(f"{used[0]} is for --live: what was saved is read as it is")
        if given is None:
            raise click.UsageError("give a SNAPSHOT, or --live")
        return given
    if isinstance(given, str):
        raise click.UsageError("--live collects into a directory here")
    place = given or Path(ctx.with_resource(TemporaryDirectory(prefix="sekisho-"))) / "snapshot"
    gather(connection(**asked), place, progress, ctx.obj)
    return place


def _was_given(ctx: click.Context, name: str) -> bool:
    return ctx.get_parameter_source(name) not in {ParameterSource.DEFAULT, ParameterSource.DEFAULT_MAP}


@contextmanager
def _bar(*, shown: bool) -> Iterator[Callable[[int, int], None]]:
    if not shown:
        yield lambda _done, _known: None
        return
    from rich.console import Console  # noqa: PLC0415 - only on a terminal
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn  # noqa: PLC0415
    from rich.progress import Progress as Bar  # noqa: PLC0415

    columns = (TextColumn("asking AWS"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Bar(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("asking", total=None)
        yield lambda done, known: bar.update(task, completed=done, total=known)


def _said(summary: "Summary") -> Iterator[str]:
    if summary.kept:
        yield f"{counted(summary.kept, 'answer')} of an earlier run kept"
    if summary.refused:
        yield f"{counted(len(summary.refused), 'call')} refused or failed, so what depends on them is unknown:"
        times = Counter((r.call, r.error.code) for r in summary.refused)
        first = {(r.call, r.error.code): r for r in reversed(summary.refused)}
        for key, count in sorted(times.items())[:_SHOWN]:
            one = first[key]
            where = f"{one.account} in {one.region}" + (f" and {count - 1} more" if count > 1 else "")
            told = textwrap.shorten(one.error.message, _WIDEST, placeholder="...")
            yield _printable(f"  {one.call} ({where}): {one.error.code} ({told})")
        if len(times) > _SHOWN:
            yield f"  ... {len(times) - _SHOWN} more in manifest.jsonl"
    if summary.changes:
        yield f"the estate changed while it was collected ({counted(len(summary.changes), 'id')}); collect again:"
        for change in summary.changes[:_SHOWN]:
            lister, namer = change.not_in.partition(":")[2], change.named_by.partition(":")[2]
            yield _printable(f"  {change.id} is in {namer} and not in {lister} ({change.account} in {change.region})")


def _printable(line: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in line)


def counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
