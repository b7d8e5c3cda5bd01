"""The sample reports in the documents are what the program writes."""

from pathlib import Path

import pytest

from sample_reports import SAMPLES, write


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    return write(tmp_path_factory.mktemp("samples"))


@pytest.mark.parametrize("name", ["story.en.html", "story.en.pdf", "story.ja.html", "story.ja.pdf"])
def test_the_sample_is_up_to_date(written: list[Path], name: str) -> None:
    made = next(path for path in written if path.name == name)
    same = made.read_bytes() == (SAMPLES / name).read_bytes()
    assert same, f"docs/samples/{name} is old: run `python tests/sample_reports.py`"
