"""The certificates of random networks, which are as adverse as AWS answers get: calls that failed or were not made,
records that are damaged or only referred to, states of every kind. The checker has to accept each of them.
"""

from pathlib import Path

import pytest

from certificates import certified, checked
from random_estates import GENERATORS, drawn
from saved import save

#: Some networks of each kind: the network of seed n is of kind n modulo their number.
SEEDS = range(721, 721 + 6 * len(GENERATORS))


@pytest.mark.parametrize("seed", SEEDS)
def test_the_checker_accepts_the_certificates_of_a_random_network(seed: int, tmp_path: Path) -> None:
    _, network = drawn(seed)
    save(network, tmp_path)
    lines = certified(tmp_path)
    assert lines
    assert checked(f"network {seed}", tmp_path, lines).faults == []
