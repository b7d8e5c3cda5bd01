"""The wheel, built and installed into an empty environment, is the whole program."""

import json
import os
import subprocess
import sys
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

import click
import pytest

from sekisho.version import SEMANTICS_VERSION, __version__

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src" / "sekisho"
DEPENDENCIES = Path(click.__file__).parents[1]
PURELIB = "import sysconfig; print(sysconfig.get_path('purelib'))"


def run(command: Iterable[str | Path], cwd: Path) -> str:
    """Run without what this environment would lend; stdout. The command must end with 0."""
    lent = {"PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV", "COLUMNS", "FORCE_COLOR", "NO_COLOR"}
    plain = {name: value for name, value in os.environ.items() if name not in lent}
    done = subprocess.run([*command], capture_output=True, check=False, encoding="utf-8", cwd=cwd, env=plain)
    assert done.returncode == 0, done.stderr + done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("wheel")
    run([sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", place, ROOT], place)
    (built,) = place.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def scripts(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the programs of a new environment are that has the wheel, and its dependencies from this environment."""
    place = tmp_path_factory.mktemp("installed") / "env"
    venv.create(place, symlinks=os.name == "posix")
    folder = place / ("Scripts" if os.name == "nt" else "bin")
    (packages,) = (Path(p) for p in run([folder / "python", "-c", PURELIB], place).splitlines())
    install = ["install", "--quiet", "--disable-pip-version-check", "--no-index", "--no-deps"]
    run([sys.executable, "-m", "pip", "--python", folder / "python", *install, wheel], place)
    # A line of a .pth file only adds the folder: this checkout's own .pth in there is not read, so it stays out.
    (packages / "dependencies.pth").write_text(f"{DEPENDENCIES}\n", encoding="utf-8")
    return folder


def test_the_wheel_carries_every_file_of_the_package_and_no_other(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        carried = {name for name in archive.namelist() if ".dist-info/" not in name}
    packages = (SOURCE, SOURCE.parent / "sekisho_check")
    files = (path for one in packages for path in one.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    assert carried == {path.relative_to(SOURCE.parent).as_posix() for path in files}
    assert {"sekisho/py.typed", "sekisho/report/paper/templates/paper.html.j2"} <= carried
    assert {f"sekisho/report/paper/templates/paper.{kind}" for kind in ("css", "js", "typ")} <= carried
    assert sum(name.startswith("sekisho/estates/story/") for name in carried) >= 9


def test_the_wheel_says_what_it_is(wheel: Path) -> None:
    assert wheel.name == f"sekisho-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(wheel) as archive:
        about = f"sekisho-{__version__}.dist-info"
        metadata = archive.read(f"{about}/METADATA").decode()
        assert archive.read(f"{about}/entry_points.txt").decode().strip() == (
            "[console_scripts]\nsekisho = sekisho.cli.main:main"
        )
        assert f"{about}/licenses/LICENSE" in archive.namelist()
    assert "\nRequires-Python: >=3.11\n" in metadata
    needed = [line for line in metadata.splitlines() if line.startswith("Requires-Dist: ") and "extra ==" not in line]
    assert [line.split(">=")[0] for line in needed] == [
        f"Requires-Dist: {name}" for name in ("click", "jinja2", "msgspec", "pyyaml", "rfc8785", "rich")
    ]


def test_the_installed_program_runs_the_demonstration_in_an_empty_directory(scripts: Path, tmp_path: Path) -> None:
    program = scripts / "sekisho"
    assert run([program, "--version"], tmp_path) == f"sekisho {__version__}, semantics {SEMANTICS_VERSION}\n"
    where = run([scripts / "python", "-c", "import sekisho; print(sekisho.__file__)"], tmp_path)
    assert Path(where.strip()).is_relative_to(scripts.parent)
    told = run([program, "demo"], tmp_path)
    assert told.startswith("1 address can be reached from the internet; 4 provably cannot.\n")
    assert sorted(path.name for path in (tmp_path / "sekisho-demo").iterdir()) == ["assessment.json", "report.html"]
    report = (tmp_path / "sekisho-demo" / "report.html").read_text(encoding="utf-8")
    # Styles and script are in the page itself.
    assert (SOURCE / "report" / "paper" / "templates" / "paper.css").read_text(encoding="utf-8").splitlines()[
        -1
    ] in report
    assert json.loads((tmp_path / "sekisho-demo" / "assessment.json").read_bytes())["schema"] == "sekisho.assessment/1"
