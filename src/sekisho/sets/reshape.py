"""Flow sets seen from another place: an address fixed, a port forgotten, a header swapped."""

from collections.abc import Callable
from functools import lru_cache

from . import diagram
from .diagram import EMPTY, FULL, Node
from .flows import PORT_TOP, PROTOCOL_TOP, TCP, UDP, FlowSet
from .prefixes import Family, Range, top

#: How many results of each function are kept: sets are canonical, so equal questions are one.
_REMEMBERED = 1 << 15


@lru_cache(maxsize=_REMEMBERED)
def pin(flows: FlowSet, address: int) -> FlowSet:
    """Flows that `flows` holds for the one remote address, whatever their own remote address is.

    This reads a rule on an address that is not the remote one: the address is known, so is the answer.
    """
    return _below_protocol(flows, lambda n: _constant(diagram.child_at(n, address)))


def relabel(flows: FlowSet, address: int, remotes: tuple[Range, ...]) -> FlowSet:
    """What `flows` holds for the one remote address, said of other remotes (a translated source)."""
    return pin(flows, address) & FlowSet.of_remotes(flows.family, remotes)


@lru_cache(maxsize=_REMEMBERED)
def for_every_source_port(flows: FlowSet, ports: Range) -> FlowSet:
    """Flows that are in the set with each source port of the range, said of every source port."""
    mask = diagram.ranges([ports], FULL, PORT_TOP)
    return _on_source_ports(flows, lambda n: FULL if diagram.difference(mask, n) is EMPTY else EMPTY)


@lru_cache(maxsize=_REMEMBERED)
def for_some_source_port(flows: FlowSet, ports: Range) -> FlowSet:
    """Flows that are in the set with some source port of the range, said of every source port."""
    mask = diagram.ranges([ports], FULL, PORT_TOP)
    return _on_source_ports(flows, lambda n: EMPTY if diagram.intersection(mask, n) is EMPTY else FULL)


@lru_cache(maxsize=_REMEMBERED)
def move_port(flows: FlowSet, port: int, to: int) -> FlowSet:
    """Flows of TCP and UDP that are in the set with the one destination port, said of another one."""
    return _on_destination_ports(flows, lambda n: diagram.ranges([(to, to)], diagram.child_at(n, port), PORT_TOP))


@lru_cache(maxsize=_REMEMBERED)
def to_port(flows: FlowSet, port: int) -> FlowSet:
    """Flows of TCP and UDP that are in the set with some destination port, said of the one port."""

    def gathered(n: Node) -> Node:
        some = diagram.union_all(child for _, _, child in diagram.steps(n, PORT_TOP))
        return diagram.ranges([(port, port)], some, PORT_TOP)

    return _on_destination_ports(flows, gathered)


@lru_cache(maxsize=_REMEMBERED)
def in_family(flows: FlowSet, family: Family) -> FlowSet:
    """Flows of TCP and UDP that are in the set with some remote address, said of every address of the family."""
    return FlowSet(family, forget_remote(flows & _with_ports(flows.family)).root)


@lru_cache(maxsize=_REMEMBERED)
def _with_ports(family: Family) -> FlowSet:
    return FlowSet.build(family, protocols=[(TCP, TCP), (UDP, UDP)])


def _on_destination_ports(flows: FlowSet, change: Callable[[Node], Node]) -> FlowSet:
    """`change` applied to the destination-port level of TCP and UDP; other protocols are left out."""
    limit = top(flows.family)
    return _below_protocol(flows & _with_ports(flows.family), lambda level: _mapped(level, limit, change))


def _constant(child: Node) -> Node:
    return diagram.node((0,), (child,))


def _mapped(n: Node, limit: int, change: Callable[[Node], Node]) -> Node:
    pairs = [(low, change(child)) for low, _, child in diagram.steps(n, limit)]
    return diagram.node((start for start, _ in pairs), (child for _, child in pairs))


def _below_protocol(flows: FlowSet, change: Callable[[Node], Node]) -> FlowSet:
    if not flows.root.starts:
        return flows
    return FlowSet(flows.family, _mapped(flows.root, PROTOCOL_TOP, change))


def _on_source_ports(flows: FlowSet, change: Callable[[Node], Node]) -> FlowSet:
    """`change` applied to the source-port level of TCP and UDP; other protocols keep what they have."""

    def deep(address_level: Node) -> Node:
        return _mapped(address_level, top(flows.family), lambda third: _mapped(third, PORT_TOP, change))

    with_ports = FlowSet.build(flows.family, protocols=[(TCP, TCP), (UDP, UDP)])
    return _below_protocol(flows & with_ports, deep) | (flows - with_ports)


@lru_cache(maxsize=_REMEMBERED)
def forget_remote(flows: FlowSet) -> FlowSet:
    """Flows that the set holds for some remote address, said of every remote address."""
    return _below_protocol(
        flows, lambda n: _constant(diagram.union_all(child for _, _, child in diagram.steps(n, top(flows.family))))
    )
