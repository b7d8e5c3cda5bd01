"""`sekisho report`: the report that people read, in English or Japanese, as HTML or PDF."""

import gc
import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import click

from sekisho.cli import output
from sekisho.cli.commands.assess import ORIGIN_NAMES, chosen_origins
from sekisho.cli.listeners import read_listeners
from sekisho.cli.main import DONE, UNDECIDED
from sekisho.cli.progress import Progress
from sekisho.cli.snapshot import SnapshotPlace
from sekisho.errors import QueryError

if TYPE_CHECKING:
    from sekisho.report.paper.exceptions import Acceptance

_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})\Z")
_LARGEST = 14 * 60


@click.command(
    "report",
    epilog="Example: sekisho report snapshot --format pdf --output-file report.pdf",
)
@click.argument("snapshot", type=SnapshotPlace(path_type=Path))
@click.option(
    "--type",
    "kind",
    type=click.Choice(["finding", "full"]),
    default="finding",
    show_default=True,
    help="What is open or undecided, or also everything that was checked and passed.",
)
@click.option("--lang", type=click.Choice(["en", "ja"]), default="en", show_default=True, help="The language.")
@click.option(
    "--format",
    "as_format",
    type=click.Choice(["html", "pdf"]),
    default="html",
    show_default=True,
    help="One HTML file that needs nothing from outside, or PDF/A.",
)
@click.option("--output-file", type=click.Path(path_type=Path), required=True, help="Where the report goes.")
@click.option("--target", default="all", show_default=True, help="all, tag:KEY=VALUE, an instance or an interface.")
@click.option("--origin", "origins", multiple=True, metavar="ORIGIN", help=f"Only these: {', '.join(ORIGIN_NAMES)}.")
@click.option("--listeners", type=click.Path(path_type=Path), help="What listens on instances, as for `assess`.")
@click.option("--previous", type=click.Path(path_type=Path), help="An earlier assessment.json, to show what changed.")
@click.option("--exceptions", type=click.Path(path_type=Path), help="Accepted findings: a YAML or JSON file.")
@click.option(
    "--local-time",
    metavar="OFFSET",
    help="Also give times at this offset from UTC, as in +09:00. In Japanese +09:00 if not given.",
)
@click.pass_context
def command(
    ctx: click.Context,
    *,
    snapshot: Path,
    kind: Literal["finding", "full"],
    lang: str,
    as_format: str,
    output_file: Path,
    target: str,
    origins: tuple[str, ...],
    listeners: Path | None,
    previous: Path | None,
    exceptions: Path | None,
    local_time: str | None,
) -> int:
    """Write the report of SNAPSHOT: the answer, the ways in or the cuts as pictures, findings, coverage, sign-off.

    SNAPSHOT is a directory, .zip or .tar.gz of saved AWS describe-* answers.
    """
    from sekisho.analysis import assess  # noqa: PLC0415 - imported when the command runs
    from sekisho.load import load  # noqa: PLC0415

    offset = _offset(local_time, lang)
    earlier, accepted = _read_previous(previous), _read_exceptions(exceptions)
    progress = Progress(ctx.obj)
    progress.note(f"reading {snapshot}", detail=True)
    read = load(snapshot)
    # What was read stays to the end: it need not be looked through for garbage again and again.
    gc.freeze()
    found = assess(
        read,
        target=target,
        origins=chosen_origins(origins),
        listeners=read_listeners(listeners),
        progress=progress.over,
    )
    document = output.assessment(found)
    more = {"kind": kind, "previous": earlier, "exceptions": accepted, "offset": offset}
    _write(output.brief(found, document, read, lang, **more), as_format, output_file)
    click.echo(f"wrote {output_file}")
    undecided = any(row["verdict"] == "unknown" for row in document["verdicts"])
    return UNDECIDED if undecided or document["coverage"]["unseen_interfaces"] else DONE


def _write(brief: Any, as_format: str, place: Path) -> None:  # noqa: ANN401 - imported when the command runs
    from sekisho.cli.pdf import to_pdf  # noqa: PLC0415
    from sekisho.report.paper.build import paper  # noqa: PLC0415
    from sekisho.report.paper.html import to_html  # noqa: PLC0415

    whole = paper(brief)
    output.emit(to_html(whole) if as_format == "html" else to_pdf(whole), place)


def _offset(written: str | None, lang: str) -> int:
    """Minutes east of UTC."""
    if written is None:
        return 9 * 60 if lang == "ja" else 0
    match = _OFFSET.match(written)
    minutes = int(match[2]) * 60 + int(match[3]) if match else _LARGEST + 1
    if not match or minutes > _LARGEST or int(match[3]) > 59:  # noqa: PLR2004 - minutes of an hour
        raise click.BadParameter(f"`{written}` is no offset: write +09:00", param_hint="--local-time")
    return -minutes if match[1] == "-" else minutes


def _read_previous(place: Path | None) -> Any:  # noqa: ANN401 - a JSON document
    from sekisho.report.paper.changes import comparable  # noqa: PLC0415

    if place is None:
        return None
    try:
        document = json.loads(place.read_bytes())
    except (ValueError, RecursionError) as error:
        raise QueryError(f"{place}: not JSON") from error
    if not comparable(document):
        raise QueryError(f"{place}: not an assessment as `sekisho assess -o json` writes it")
    return document


def _read_exceptions(place: Path | None) -> "tuple[Acceptance, ...] | None":
    import yaml  # noqa: PLC0415 - only where there are exceptions

    from sekisho.report.paper.exceptions import read_exceptions  # noqa: PLC0415

    if place is None:
        return None
    try:
        written = yaml.load(place.read_bytes(), Loader=yaml.BaseLoader)  # noqa: S506 - it makes nothing but text
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise QueryError(f"{place}: neither YAML nor JSON") from error
    return read_exceptions(written, str(place))
