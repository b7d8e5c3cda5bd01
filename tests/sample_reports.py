"""Writes the sample reports under docs/samples anew: `python tests/sample_reports.py [FOLDER]`."""

import sys
from importlib.resources import as_file
from pathlib import Path

from click.testing import CliRunner

from sekisho.cli.main import main
from sekisho.estates import estate

SAMPLES = Path(__file__).parents[1] / "docs" / "samples"


def write(folder: Path) -> list[Path]:
    """The full report of the bundled estate in both languages and both formats; the paths."""
    written = []
    with as_file(estate("story")) as story:
        for lang in ("en", "ja"):
            for form in ("html", "pdf"):
                place = folder / f"story.{lang}.{form}"
                options = ["--type", "full", "--lang", lang, "--format", form, "--output-file", str(place)]
                CliRunner().invoke(main, ["-q", "report", str(story), *options], catch_exceptions=False)
                written.append(place)
    return written


if __name__ == "__main__":
    write(Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES)
