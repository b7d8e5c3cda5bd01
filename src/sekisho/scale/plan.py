"""How an estate is divided: into chunks that need nothing of each other.

Answers are shared within a subnet at most (`engine.assess`), and what is told of an answer is told of the first
interface that has it. So the interfaces of a subnet stay together and in order, and it makes no difference who works
on which.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter

from sekisho.engine.population import hosts_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.topology import Topology
from sekisho.sets.prefixes import spell

from .components import components
from .work import Chunk

#: A chunk is worth the way to a worker: an interface takes a fifth of a millisecond or more, so this takes 50 ms.
LEAST = 250
#: So many chunks for each worker, that none waits long for the last.
_ROUNDS = 8


def chunks(topology: Topology, interfaces: Sequence[NetworkInterface], workers: int, least: int = LEAST) -> list[Chunk]:
    """The interfaces in chunks, by component and VPC, so that a worker meets again what it has worked out already."""
    if has_circle(topology):
        return [Chunk(tuple(i.network_interface_id for i in interfaces))] if interfaces else []
    size = max(least, len(interfaces) // (max(workers, 1) * _ROUNDS))
    found: list[Chunk] = []
    current: list[tuple[int, list[str]]] = []
    for place in _in_places(topology, interfaces):
        current.append(place)
        if sum(len(names) for _, names in current) >= size:
            found.append(_chunk(current))
            current = []
    return [*found, _chunk(current)] if current else found


def _chunk(places: Sequence[tuple[int, list[str]]]) -> Chunk:
    return Chunk(tuple(name for _, names in places for name in names), places[0][0], places[-1][0])


def _in_places(topology: Topology, interfaces: Iterable[NetworkInterface]) -> Iterator[tuple[int, list[str]]]:
    """The component and the interfaces of each subnet, those that one component joins one after the other."""
    component = components(topology.snapshot)
    places: dict[tuple[int, str, str], list[str]] = defaultdict(list)
    for i in interfaces:
        vpc = i.vpc_id or ""
        places[component.get(vpc, -1), vpc, i.subnet_id or ""].append(i.network_interface_id)
    yield from ((key[0], places[key]) for key in sorted(places))


def has_circle(topology: Topology) -> bool:
    """Whether load balancers forward to each other in a circle: then whom one asks first decides where it ends."""
    balancers = topology.balancers
    behind: dict[str, set[str]] = defaultdict(set)
    for balancer in balancers.all.values():
        for node in balancers.nodes(balancer):
            for host in hosts_of(node):
                for front in balancers.registrations(node, spell(host.address, host.family)):
                    behind[balancer.id].add(front.balancer.id)
    try:
        TopologicalSorter(behind).prepare()
    except CycleError:
        return True
    return False
