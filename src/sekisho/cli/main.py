"""`sekisho`: the group of commands, exit codes, and how errors are told.

Commands are imported when they run, so that `--help` imports nothing but click.
"""

import importlib
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from sekisho.errors import InternalError, ResourceError, SekishoError
from sekisho.version import SEMANTICS_VERSION, __version__

DONE, FINDINGS, USAGE, UNDECIDED, IO_ERROR, INTERRUPTED = 0, 1, 2, 3, 4, 130

#: Command -> its module and first line of help (the help of a command itself is in its module).
COMMANDS = {
    "assess": ("assess", "Say for every network interface what can reach it, and prove what cannot."),
    "collect": ("collect", "Save what AWS answers about an account, to assess it."),
    "conformance": ("conformance", "Run the conformance corpus and print a scoreboard."),
    "demo": ("demo", "Assess the bundled example estate and write its reports."),
    "report": ("report", "Write the report that people read, in English or Japanese, as HTML or PDF."),
    "synth": ("synth", "Write a synthetic estate, to try things on and to measure with."),
    "explain": ("explain", "Answer one question, hop by hop."),
    "watch": ("watch", "Say what changes in the verdicts as the files of a snapshot change."),
    "iam-policy": ("iam_policy", "Print the IAM policy that `collect` needs."),
    "listeners": ("listeners", "Make an inventory of what listens on instances."),
}


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        return sorted(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"sekisho.cli.commands.{COMMANDS[cmd_name][0]}")
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        with formatter.section("Commands"):
            formatter.write_dl([(name, COMMANDS[name][1]) for name in sorted(COMMANDS)])

    def make_context(self, *args: Any, **extra: Any) -> click.Context:  # noqa: ANN401 - click's signature
        with _ends_quietly():
            return super().make_context(*args, **extra)

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401 - click's signature
        with _ends_quietly():
            return super().invoke(ctx)

    def main(self, *args: Any, **extra: Any) -> Any:  # noqa: ANN401 - click's signature
        """Run, and end with an exit code: one line for what a user can act on, no traceback."""
        standalone = extra.pop("standalone_mode", True)
        try:
            code = super().main(*args, standalone_mode=False, **extra)  # type: ignore[call-overload]
        except (SekishoError, InternalError, click.ClickException, OSError, KeyboardInterrupt, click.Abort) as error:
            code = _tell(error)
        return sys.exit(code if isinstance(code, int) else DONE) if standalone else code


def _tell(error: BaseException) -> int:
    """Say what went wrong in one line on stderr; the exit code."""
    match error:
        case ResourceError():
            return _say(str(error), IO_ERROR)
        case SekishoError():
            return _say(str(error), USAGE)
        case InternalError():
            return _say(f"internal error, please report it: {error}", IO_ERROR)
        case click.ClickException():
            error.show()
            return USAGE
        case OSError():
            return _say(f"{error.filename or 'output'}: {error.strerror or error}", IO_ERROR)
        case _:
            return _say("interrupted", INTERRUPTED)


def _say(line: str, code: int) -> int:
    printable = "".join(c if c.isprintable() else "?" for c in " ".join(line.split()))
    click.echo(f"sekisho: {printable}", err=True)
    return code


@contextmanager
def _ends_quietly() -> Iterator[None]:
    """Where the reader of a pipe is gone, nothing more is said; click would end with 1, which says "findings" here."""
    try:
        yield
    except BrokenPipeError:
        # What is still buffered must not fail when the interpreter ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise click.exceptions.Exit(DONE) from None


@click.group(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "SEKISHO", "max_content_width": 100},
    epilog=(
        "Start with `sekisho demo`, then `sekisho assess SNAPSHOT`. "
        "Exit codes: 0 done, 1 findings at or over --fail-on, 2 usage or unreadable input, 3 undecided, "
        "4 IO error, 130 interrupted."
    ),
)
@click.version_option(__version__, "--version", message=f"sekisho %(version)s, semantics {SEMANTICS_VERSION}")
@click.option("-q", "--quiet", is_flag=True, help="No progress and no notes on stderr.")
@click.option("-v", "--verbose", count=True, help="Tell on stderr what is read.")
@click.pass_context
def main(ctx: click.Context, *, quiet: bool, verbose: int) -> None:
    """What can reach each network interface of an AWS estate, from configuration alone."""
    ctx.obj = {"quiet": quiet, "verbose": verbose}
