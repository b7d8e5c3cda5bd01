"""The house rules that a machine can hold: layers, sizes, a quick start, one version."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

import sekisho

ROOT = Path(__file__).parents[1]
SOURCES = sorted(path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py"))
LONGEST_FILE = 500
# What only some commands need, and would slow all of them down.
SLOW_TO_IMPORT = {"boto3", "botocore", "jinja2", "rich", "sqlalchemy", "starlette", "uvicorn"}


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], capture_output=True, text=True, check=False, cwd=ROOT)


def imported(importtime: str) -> set[str]:
    """Top-level packages that `python -X importtime` reports, one line a module: `import time: self | total | name`."""
    lines = [line for line in importtime.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def test_layers() -> None:
    assert lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True) == 0


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_files_fit_in_a_head(path: Path) -> None:
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_help_imports_only_what_it_needs() -> None:
    process = run("-X", "importtime", "-m", "sekisho", "--help")
    assert process.returncode == 0, process.stderr
    packages = imported(process.stderr)
    assert {"sekisho", "click"} <= packages
    assert packages & SLOW_TO_IMPORT == set()


def test_version_is_written_once() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert "version" not in project["project"]
    process = run("-m", "sekisho", "--version")
    assert process.returncode == 0, process.stderr
    assert sekisho.__version__ in process.stdout
    assert re.search(rf"semantics\D*{sekisho.SEMANTICS_VERSION}\b", process.stdout)


def test_every_dependency_is_pinned() -> None:
    """Each line of the constraints is one exact pin, and every dependency we name has one."""
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pins = [line.split("==") for line in lines]
    assert all(len(pin) == 2 for pin in pins)
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [name for group in project["optional-dependencies"].values() for name in group]
    others = [name for name in extras if not name.startswith("sekisho[")]
    named = {re.split(r"[\[>]", name)[0] for name in [*project["dependencies"], *others]}
    assert named - {pin[0].lower() for pin in pins} == set()
