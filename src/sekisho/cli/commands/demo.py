"""`sekisho demo`: the bundled example estate, assessed."""

from functools import partial
from importlib.resources import as_file
from pathlib import Path

import click

from sekisho.cli import output
from sekisho.cli.main import DONE
from sekisho.cli.progress import Progress


@click.command("demo", epilog="Example: sekisho demo --output-dir /tmp/sekisho")
@click.option(
    "--estate",
    type=click.Choice(["story", "all"]),
    default="story",
    show_default=True,
    help="Which bundled estate; all: each of them.",
)
@click.option(
    "--output-dir",
    type=click.Path(path_type=Path),
    default=Path("sekisho-demo"),
    show_default=True,
    help="Where report.html and assessment.json go.",
)
@click.pass_context
def command(ctx: click.Context, *, estate: str, output_dir: Path) -> int:
    """Assess the bundled example estate and write its reports.

    In `story` one web server image runs twice with the same security group: in a private subnet behind a NAT gateway
    with a peering connection, and in a public subnet. `all` adds an estate of two accounts and two Regions that has
    every kind of network construct, and writes the reports of each estate into a folder of its own.
    """
    from sekisho import estates  # noqa: PLC0415 - imported when the command runs
    from sekisho.analysis import assess  # noqa: PLC0415
    from sekisho.load import load  # noqa: PLC0415

    progress = Progress(ctx.obj)
    for name in estates.NAMES if estate == "all" else (estate,):
        with as_file(estates.estate(name)) as path:
            snapshot = load(path)
        progress.note(f"assessing the example estate `{name}`: {len(snapshot.interfaces)} network interfaces")
        found = assess(snapshot, progress=progress.over)
        document = output.assessment(found)
        page = output.page(found, document, snapshot)
        place = output_dir / name if estate == "all" else output_dir
        written = output.write_reports(document, page, place)
        output.render_assessment(document, "table", None, partial(str, page))
        for path in written:
            click.echo(f"wrote {path}")
    return DONE
