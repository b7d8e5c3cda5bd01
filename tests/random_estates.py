"""Random networks of every kind: each construct alone, and all of them mixed.

`drawn(seed)` is the same for the same seed.
"""

from collections.abc import Callable, Mapping
from random import Random

from random_balancers import balanced, with_balancers
from random_entrances import network_with_entrances, with_entrances
from random_lines import network_with_lines, shared, with_lines
from random_middleboxes import network_with_middleboxes, with_middleboxes
from random_networks import Network, network
from random_transit import transit_network

_ADDED: tuple[Callable[[Network, Random], Network], ...] = (
    with_middleboxes,
    with_balancers,
    with_entrances,
    with_lines,
    shared,
)


def mixed(seed: int) -> Network:
    """A plain network, or one with transit gateways, with two or more of the other constructs in it."""
    r = Random(seed * 7 + 1)
    whole = transit_network(seed) if r.randrange(2) else network(seed)
    chosen = set(r.sample(range(len(_ADDED)), r.randint(2, len(_ADDED))))
    for number, add in enumerate(_ADDED):
        whole = add(whole, r) if number in chosen else whole
    return whole


#: The network of seed n is of kind n modulo 7.
GENERATORS: Mapping[str, Callable[[int], Network]] = {
    "subnets, routes, filters and gateways alone": network,
    "with transit gateways": transit_network,
    "with middleboxes, carrier and local gateways, pools": network_with_middleboxes,
    "with load balancers": balanced,
    "with services that need no route, and PrivateLink": network_with_entrances,
    "with VPN and Direct Connect lines, and shared VPCs": network_with_lines,
    "of several of these at once": mixed,
}


def drawn(seed: int) -> tuple[str, Network]:
    """The network of the seed, with the name of its kind."""
    kind = list(GENERATORS)[seed % len(GENERATORS)]
    return kind, GENERATORS[kind](seed)
