"""Which layers would have to be lifted to let a packet through: minimal correction sets.

Layers are independent conjuncts, so trying subsets by increasing size is exact, and cheap: there are nine.
"""

from collections.abc import Iterable
from itertools import combinations

from .connected import Connection, widened
from .share import Share, decided, everything
from .transit import Layer


def layers_of(connection: Connection) -> dict[Layer, Share]:
    """What each layer lets through, both directions together."""
    shares: dict[Layer, Share] = {}
    for check in connection.checks:
        shares[check.layer] = shares.get(check.layer, everything(connection.question.family)) & widened(check)
    return shares


def least_lifts(connection: Connection) -> list[frozenset[Layer]]:
    """The smallest sets of layers that, made to allow everything, leave a packet reachable; all of that size."""
    layers = layers_of(connection)
    for size in range(len(layers) + 1):
        found = [
            frozenset(lifted)
            for lifted in combinations(layers, size)
            if not what_is_left(connection, layers, lifted).sure.is_empty
        ]
        if found:
            return found
    return []


def what_is_left(connection: Connection, layers: dict[Layer, Share], lifted: Iterable[Layer]) -> Share:
    """What gets through all layers but the lifted ones."""
    total = decided(connection.question)
    for layer, share in layers.items():
        if layer not in lifted:
            total = total & share
    return total
