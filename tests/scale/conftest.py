"""One synthetic estate for all, and what one process alone says of it."""

from pathlib import Path

import pytest

from scale.sharing import Result, result
from sekisho.load import load
from sekisho.model.snapshot import Snapshot
from sekisho.synth import plan, rows, write


@pytest.fixture(scope="session")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("synth") / "estate"
    wanted = plan(160, 2, 1, 3)
    assert len(list(write(wanted, rows(wanted), folder))) == 2
    return folder


@pytest.fixture(scope="session")
def estate(place: Path) -> Snapshot:
    return load(place)


@pytest.fixture(scope="session")
def alone(estate: Snapshot) -> Result:
    return result(estate, None)
