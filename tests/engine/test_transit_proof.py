"""The sets against the steps on random estates with transit gateways (see `agreement`)."""

import pytest

from agreement import pairs_of
from random_transit import transit_network


@pytest.mark.parametrize("seed", range(40, 52))
def test_both_readings_agree(seed: int) -> None:
    faults = [(p.asked.name, p.packet, p.fault) for p in pairs_of(transit_network(seed), seed, 4) if p.fault]
    assert faults == []
