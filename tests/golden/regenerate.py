"""Writes the golden assessment of the bundled estate anew: `python tests/golden/regenerate.py`.

What changed is for a reader to judge before it is committed.
"""

from pathlib import Path

from click.testing import CliRunner

from sekisho.cli.main import main

STORY = Path(__file__).parent / "story"


def demonstrate(place: Path) -> bytes:
    """The assessment that `sekisho demo` writes."""
    result = CliRunner().invoke(main, ["-q", "demo", "--output-dir", str(place)], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    (place / "report.html").unlink()
    return (place / "assessment.json").read_bytes()


if __name__ == "__main__":
    demonstrate(STORY)
