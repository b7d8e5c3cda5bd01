"""The command line as a user runs it: in this process, or as a process of its own where streams are looked at."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any, NamedTuple

from click.testing import CliRunner

from sekisho.cli.main import main
from sekisho.estates import estate

STORY = Path(str(estate("story")))
PRIVATE, PUBLIC, BASTION = "i-0b3d9f5e7a1c28460", "i-0f8a2c6d4e9b17350", "i-06e1c7b9d3f5a8240"
PEERING = "pcx-0f6a2d8c1e4b97350"
COMMAND = (sys.executable, "-m", "sekisho")
# What would change the output of the one who runs the suite.
_PERSONAL = ("COLUMNS", "FORCE_COLOR", "NO_COLOR", "PYTHONIOENCODING")


class Ran(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)


def sekisho(*arguments: str | Path) -> Ran:
    """Run in this process; an exception that a user would see as a traceback is raised."""
    result = CliRunner().invoke(main, [str(a) for a in arguments], prog_name="sekisho", catch_exceptions=False)
    return Ran(result.exit_code, result.stdout, result.stderr)


def process(*arguments: str | Path, cwd: Path | None = None, **variables: str) -> Ran:
    """Run as a process of its own, with output to pipes."""
    done = subprocess.run(
        [*COMMAND, *arguments],
        capture_output=True,
        check=False,
        encoding="utf-8",
        cwd=cwd,
        env=environment(**variables),
    )
    assert "Traceback" not in done.stderr, done.stderr
    return Ran(done.returncode, done.stdout, done.stderr)


def environment(**variables: str) -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in _PERSONAL} | variables


def refusal(ran: Ran) -> str:
    """The one line of stderr of a run that was refused: exit 2, and no result."""
    assert (ran.code, ran.out) == (2, ""), ran
    assert ran.err.startswith("sekisho: ")
    assert ran.err.endswith("\n")
    line = ran.err.removeprefix("sekisho: ").removesuffix("\n")
    assert line.isprintable(), repr(line)
    return line
