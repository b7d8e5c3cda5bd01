"""`sekisho collect`: AWS's answers about accounts, saved as a snapshot."""

import os
from pathlib import Path
from typing import Any

import click

from sekisho.cli import collecting
from sekisho.cli.main import DONE, UNDECIDED
from sekisho.cli.progress import Progress


@click.command("collect", epilog="Example: sekisho collect --region ap-northeast-1,us-east-1 --output-file estate.zip")
@collecting.options
@click.option("--output-dir", type=click.Path(path_type=Path), metavar="DIR", help="Save there.")
@click.option("--output-file", type=click.Path(path_type=Path), metavar="FILE.zip", help="Save as one zip.")
@click.option(
    "--listeners",
    is_flag=True,
    help="Also run `ss` or `netstat` on managed instances, by Systems Manager, and save what listens there.",
)
@click.pass_context
def command(
    ctx: click.Context,
    /,
    *,
    output_dir: Path | None,
    output_file: Path | None,
    listeners: bool,
    **asked: Any,  # noqa: ANN401  the values of the shared options
) -> int:
    """Save what AWS answers about an account, or about all of an organisation.

    Only reading calls are made, unless --listeners is given. Credentials are found as every AWS tool finds them.
    An interrupted collection goes on where it stopped when the same command is given again.
    """
    from sekisho.collect import pack  # noqa: PLC0415 - imported when the command runs
    from sekisho.collect.inventory import encoded  # noqa: PLC0415

    if (output_dir is None) == (output_file is None):
        raise click.UsageError("say where to save: --output-dir DIR or --output-file FILE.zip, one of them")
    if output_file and output_file.exists():
        raise click.UsageError(f"{output_file} is there already; give a new name")
    place = output_dir or _beside(output_file)
    connection = collecting.connection(**asked)
    summary = collecting.gather(connection, place, Progress(ctx.obj), ctx.obj, listeners=listeners)
    if output_file:
        pack(place, output_file)
    if listeners:
        inventory = Path(f"{(output_file or place).resolve()}.listeners.json")
        _write(encoded(summary.listening), inventory)
        healthy = sum(told.state == "healthy" for told in summary.listening.values())
        click.echo(
            f"{collecting.counted(len(summary.listening), 'managed instance')}, {healthy} of them told: {inventory}"
        )
    answers, whose = summary.read + summary.kept, collecting.counted(len(summary.accounts), "account")
    click.echo(f"{answers} answers of {whose}: {output_file or place}")
    return UNDECIDED if summary.refused else DONE


def _write(data: bytes, place: Path) -> None:
    with os.fdopen(os.open(place, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as stream:
        stream.write(data)


def _beside(file: Path | None) -> Path:
    """Where the answers of a zip are kept until it is whole."""
    assert file is not None  # noqa: S101  one of the two is given
    return file.with_name(f"{file.name}.partial")
