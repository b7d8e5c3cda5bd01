"""Packets taken from an answer and sent through `trace`, which has to agree.

Whatever a reader is shown as an example was replayed first: a disagreement between the sets and the one-packet
reading is our own error, never a verdict.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from sekisho.errors import InternalError
from sekisho.model.topology import Topology
from sekisho.sets.boxes import Example, example
from sekisho.sets.flows import FlowSet, has_ports
from sekisho.sets.prefixes import spell

from .connected import Connection, entry_address
from .lifts import layers_of, least_lifts, what_is_left
from .packet import (
    Delivered,
    EndpointStop,
    Entry,
    GatewayEntry,
    InterfaceEntry,
    Left,
    Packet,
    ServiceEntry,
    Stop,
    Trace,
)
from .population import host_in_family
from .trace import trace
from .trace.balancer import relayed


class Witness(NamedTuple):
    """A packet of an answer, as it is seen at the destination, with its trace."""

    packet: Packet
    trace: Trace


def sent(connection: Connection, found: Example) -> tuple[Packet, Entry, str | None]:
    """The packet as its sender writes it, where it starts, and the gateway that it is to leave by."""
    if connection.relay:
        return sent(connection.relay.client, found._replace(third=connection.relay.port))
    if connection.consumer:
        return sent(connection.consumer.client, found)
    family, host = connection.question.family, connection.host
    remote, own = spell(found.remote, family), spell(host.address, family)
    if connection.outbound:
        gateways = [
            c.passage.via[-1] for c in connection.carried if c.passage.via and _holds(c.passage.delivered.maybe, found)
        ]
        return (
            _packet(own, remote, found),
            InterfaceEntry(host.interface.network_interface_id, connection.abroad),
            None if connection.arrives else next(iter(gateways), None),
        )
    public = host.public if connection.public else None
    if connection.way is not None:
        public = entry_address(connection.way, host)
    packet = _packet(remote, own if public is None else spell(public, family), found)
    if connection.sender:
        return packet, InterfaceEntry(connection.sender.interface.network_interface_id), None
    if connection.entrance:
        return packet, ServiceEntry(connection.entrance), None
    way = connection.way
    if way is None:
        raise ValueError("a connection that is not modelled has no packet")
    return packet, GatewayEntry(way.gateway or "", way.vpc, way.beyond), None


def _holds(flows: FlowSet, found: Example) -> bool:
    return flows.contains(found.protocol, found.remote, found.third or 0, found.fourth or 0)


def _packet(source: str, destination: str, found: Example) -> Packet:
    if found.third is None or found.fourth is None:
        return Packet(source, destination, found.protocol)
    if has_ports(found.protocol):
        return Packet(source, destination, found.protocol, found.fourth, found.third)
    return Packet(source, destination, found.protocol, icmp_type=found.third, icmp_code=found.fourth)


def arrived(connection: Connection, found: Example) -> Packet:
    """The packet with the addresses at its destination."""
    packet, _, _ = sent(connection, found)
    if connection.relay:
        at_end = spell(connection.host.address, connection.host.family)
        return packet._replace(destination=at_end, destination_port=found.third)
    return (
        packet
        if connection.outbound
        else packet._replace(destination=spell(connection.host.address, connection.question.family))
    )


# Replay -----------------------------------------------------------------------------------------------


def replay(topology: Topology, connection: Connection, found: Example) -> Trace:
    """The trace of a packet of the connection. InternalError where sets and trace disagree about it."""
    packet, entry, leave_by = sent(connection, found)
    stops = stops_of(connection)
    traced = relayed(topology, packet, entry, stops) if stops else trace(topology, packet, entry, leave_by)
    fault = disagreement(connection, found, traced)
    if fault:
        raise InternalError(f"the engine and the trace disagree about {packet} from {entry}: {fault}")
    return traced


def stops_of(connection: Connection) -> tuple[Stop | EndpointStop, ...]:
    """The load balancers and interface endpoints on the way, the first first."""
    relay, consumer = connection.relay, connection.consumer
    if consumer and connection.entrance:
        name, node = consumer.endpoint.interface.network_interface_id, connection.host
        return (*stops_of(consumer.client), EndpointStop(name, connection.entrance, spell(node.address, node.family)))
    if relay is None:
        return ()
    target, node = relay.target, relay.node
    own = node if node.family == target.family else host_in_family(node, target.family)
    stop = Stop(
        node=node.interface.network_interface_id,
        target=target.interface.network_interface_id,
        address=spell(target.address, target.family),
        port=relay.target_port,
        source=spell(own.address, own.family),
    )
    return (*stops_of(relay.client), stop)


def disagreement(connection: Connection, found: Example, traced: Trace) -> str | None:
    """How the trace contradicts what the sets say of the packet, or None."""
    delivered = _is_delivered(connection, traced)
    back = delivered and isinstance(traced.reply_outcome, Delivered | Left)
    claims = (
        (_holds(connection.delivered.sure, found) and not delivered, f"delivered, but {traced.outcome}"),
        (_holds(connection.round_trip.sure, found) and not back, f"answered, but {traced.reply_outcome}"),
        (delivered and not _holds(connection.delivered.maybe, found), f"not delivered, but {traced.outcome}"),
        (back and not _holds(connection.round_trip.maybe, found), f"not answered, but {traced.reply_outcome}"),
    )
    return next((fault for broken, fault in claims if broken), None)


def _is_delivered(connection: Connection, traced: Trace) -> bool:
    if connection.arrives:
        return traced.outcome == Delivered(connection.arrives)
    if connection.outbound:
        return isinstance(traced.outcome, Left) and traced.outcome.gateway_id in connection.exits
    end = connection.relay.target if connection.relay else connection.host
    return traced.outcome == Delivered(end.interface.network_interface_id)


def confirm(topology: Topology, connections: Iterable[Connection]) -> None:
    """Replay an example of every kind that each connection has. InternalError where one is contradicted."""
    for connection in connections:
        for region in _regions(connection):
            found = example(region)
            if found is not None and _is_modelled(connection):
                replay(topology, connection, found)


def _is_modelled(connection: Connection) -> bool:
    way = connection.way
    return (
        connection.sender is not None
        or connection.entrance is not None
        or (way is not None and way.gateway is not None)
    )


def _regions(connection: Connection) -> Iterator[FlowSet]:
    """Packets with a reply, packets without, packets that are stopped."""
    yield connection.round_trip.sure
    yield connection.delivered.sure - connection.round_trip.maybe
    yield connection.question - connection.delivered.maybe


# What a reader is shown -------------------------------------------------------------------------------


def witness(topology: Topology, connections: Sequence[Connection]) -> tuple[Packet | None, Trace | None]:
    """An example with its hops; where nothing is delivered, no example but the hops of the nearest miss."""
    for regions in ([c.round_trip.sure for c in connections], [c.delivered.sure for c in connections]):
        for connection, region in zip(connections, regions, strict=True):
            found = example(region)
            if found is not None:
                return arrived(connection, found), replay(topology, connection, found)
    return None, _nearest_miss(topology, connections)


def _nearest_miss(topology: Topology, connections: Sequence[Connection]) -> Trace | None:
    """The trace of a packet that needs the fewest layers lifted to get through."""
    found = [(least_lifts(c), layers_of(c), c) for c in connections if c.sender or c.way or c.entrance]
    for lifts, layers, connection in sorted(found, key=lambda each: len(each[0][0] if each[0] else each[1])):
        near = what_is_left(connection, layers, lifts[0]).sure if lifts else connection.question
        packet = example(near)
        if packet is not None:
            return replay(topology, connection, packet)
    return None
