"""Both readings of one packet: the answer of the set engine, and `trace`, the one-packet interpreter.

Every random network is asked in all three ways (from a gateway, between hosts, outwards). Of every answer packets are
taken at the corners of what is sure, possible and impossible, and sent through `trace`. A *pair* is one packet read
both ways; it has a fault where the readings contradict each other.
"""

from collections.abc import Iterator
from random import Random
from typing import NamedTuple

from random_networks import ELSEWHERE, ELSEWHERE6, PORTS, Network
from sekisho.engine.answer import Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Goal, Host
from sekisho.engine.packet import Delivered, Dropped, Left, Packet, Trace, Unsettled
from sekisho.engine.population import hosts_of
from sekisho.engine.trace import trace
from sekisho.engine.trace.balancer import relayed
from sekisho.engine.ways.balancers import Clients
from sekisho.engine.ways.consumers import by_endpoints
from sekisho.engine.ways.ends import starts_nothing
from sekisho.engine.witness import disagreement, sent, stops_of
from sekisho.model.topology import Topology
from sekisho.sets import diagram
from sekisho.sets.boxes import Box, Example, boxes
from sekisho.sets.flows import TCP, UDP, FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Family, parse, top

ANSWERED, ONE_WAY, DROPPED, OPEN = "delivered and answered", "delivered only", "dropped", "undecided"
MODELLED: tuple[Origin, ...] = ("internet", "peering", "vgw", "tgw", "gated", "privatelink")


class Asked(NamedTuple):
    """One answer of the engine, and what was asked."""

    name: str
    connection: Connection


class Pair(NamedTuple):
    """One packet read both ways."""

    topology: Topology
    asked: Asked
    example: Example
    packet: Packet
    traced: Trace
    sets: str
    steps: str
    fault: str | None


# What is asked --------------------------------------------------------------------------------------


def questions(assessor: Assessor, r: Random, most: int) -> Iterator[Asked]:
    """Answers of every kind, about `most` of each at most."""
    interfaces = assessor.facts.snapshot.interfaces.values()
    # A NAT gateway accepts no connection, so it is asked less often.
    hosts = [h for i in interfaces if i.interface_type != "nat_gateway" or r.random() < 0.2 for h in hosts_of(i)]
    pairs = [(a, b) for a in hosts for b in hosts if a.family == b.family]
    for host in r.sample(hosts, min(most, len(hosts))):
        yield from _from_gateways(assessor, host, r)
    for sender, host in r.sample(pairs, min(most * 2, len(pairs))):
        yield from _between(assessor, sender, host)
    for host in r.sample(hosts, min(most, len(hosts))):
        yield _outwards(assessor, host, r)
    if assessor.facts.topology.balancers.all and pairs:
        yield from _through_balancers(assessor, r.sample(pairs, min(most * 2, len(pairs))))


def _from_gateways(assessor: Assessor, host: Host, r: Random) -> Iterator[Asked]:
    """As `assess` asks, and as `explain` may: any source, a connection in any state."""
    topology, vpc_id = assessor.facts.topology, host.interface.vpc_id or ""
    name, connector = host.interface.network_interface_id, assessor.connectors[host.family]
    asked = [c for origin in MODELLED for c in assessor.connections(host, origin)]
    ways = [assessor.ways.internet(vpc_id), *(assessor.ways.peering(p, vpc_id) for p in topology.peerings_of(vpc_id))]
    asked += [connector.from_gateway(way, host, FlowSet.full(host.family)) for way in ways if r.random() < 0.3]
    direct = [c for c in asked if c.relay is None]
    balanced = [c for c in asked if c.relay is not None]
    for found in (*direct, *r.sample(balanced, min(6, len(balanced)))):
        if found.entrance or (found.way and found.way.gateway):
            yield Asked(f"{_start(found)} to {name}", found)


def _between(assessor: Assessor, sender: Host, host: Host) -> Iterator[Asked]:
    full, connector = FlowSet.full(host.family), assessor.connectors[host.family]
    name = f"{sender.interface.network_interface_id} to {host.interface.network_interface_id}"
    yield Asked(name, connector.between(sender, host, full))
    if host.public is not None and sender.interface is not host.interface:
        yield Asked(f"{name} (public)", connector.between(sender, host, full, public=True))


def _start(c: Connection) -> str:
    return c.entrance.id if c.entrance else (c.way.gateway if c.way else None) or ""


def _through_balancers(assessor: Assessor, pairs: list[tuple[Host, Host]]) -> Iterator[Asked]:
    """From hosts to what is behind a load balancer, and to the load balancers themselves."""
    for sender, host in pairs:
        name, found = sender.interface.network_interface_id, clients(assessor, sender)
        for c in assessor.relays.behind(host, found, FlowSet.full(host.family)):
            yield Asked(f"{name} to {host.interface.network_interface_id} (balanced)", c)
    sender = pairs[0][0]
    for balancer in assessor.facts.topology.balancers.all.values():
        for c in assessor.relays.to(balancer, clients(assessor, sender), FlowSet.full(sender.family)):
            if c.relay:
                yield Asked(f"{sender.interface.network_interface_id} to {balancer.name}", c)


def clients(assessor: Assessor, sender: Host) -> Clients:
    """Every connection of the sender to a node, by itself and by interface endpoints."""

    def reaching(node: Host) -> Iterator[Connection]:
        if node.family == sender.family and starts_nothing(assessor.facts, sender.interface) is None:
            connector = assessor.connectors[node.family]
            yield connector.between(sender, node, FlowSet.full(node.family))
            yield from by_endpoints(connector, [sender], node)

    return reaching


def _outwards(assessor: Assessor, host: Host, r: Random) -> Asked:
    snapshot, full = assessor.facts.snapshot, FlowSet.full(host.family)
    internet = (*snapshot.internet_gateways, *snapshot.egress_only_gateways)
    beyond = (*snapshot.carrier_gateways, *snapshot.local_gateways, *assessor.facts.topology.transit.named)
    far = (*snapshot.vpn_gateways, *snapshot.peerings, *beyond)
    leave = r.choice((internet, internet, *((name,) for name in far)))
    found = assessor.connectors[host.family].outwards(host, Goal(gateways=frozenset(leave)), full)
    return Asked(f"{host.interface.network_interface_id} out by {', '.join(leave)}", found)


# Packets of an answer -------------------------------------------------------------------------------


def regions(c: Connection) -> tuple[FlowSet, ...]:
    """Parts that the engine answers alike."""
    return (
        c.round_trip.sure,
        c.delivered.sure - c.round_trip.maybe,
        c.delivered.sure & (c.round_trip.maybe - c.round_trip.sure),
        c.delivered.maybe - c.delivered.sure,
        c.question - c.delivered.maybe,
    )


def examples(c: Connection, r: Random, each: int) -> Iterator[Example]:
    """Packets at the corners of boxes of every part, and some from small pools."""
    for region in regions(c):
        found = boxes(region)
        for box in r.sample(found, min(each, len(found))):
            yield from (_corner(box, r) for _ in range(each))
    pool = _pool(c)
    for _ in range(each):
        made = _random(c.question.family, pool, r)
        if holds(c.question, made):
            yield made


def holds(flows: FlowSet, e: Example) -> bool:
    return flows.contains(e.protocol, e.remote, e.third or 0, e.fourth or 0)


def _corner(box: Box, r: Random) -> Example:
    protocol, remote = r.choice(r.choice(box.protocols)), r.choice(r.choice(box.remotes))
    if not box.thirds:
        return Example(protocol, remote, None, None)
    return Example(protocol, remote, r.choice(r.choice(box.thirds)), r.choice(r.choice(box.fourths)))


def _pool(c: Connection) -> list[int]:
    family, host = c.question.family, c.sender or c.host
    texts = ELSEWHERE if family == "ipv4" else ELSEWHERE6
    own = [host.address] if host.family == family else []
    return [0, top(family), *own, *(parse(text).low for text in texts)]


def _random(family: Family, remotes: list[int], r: Random) -> Example:
    protocol, remote = r.choice((TCP, TCP, UDP, icmp_of(family), 47, 1, 58, 0)), r.choice(remotes)
    if has_ports(protocol):
        return Example(protocol, remote, r.choice(PORTS), r.choice(PORTS))
    if protocol == icmp_of(family):
        return Example(protocol, remote, r.choice((0, 3, 8, 13, 14, 128, 129)), r.choice((0, 0, 1, 4)))
    return Example(protocol, remote, None, None)


# Both readings --------------------------------------------------------------------------------------


def read_both(topology: Topology, asked: Asked, example: Example) -> Pair:
    c = asked.connection
    packet, entry, leave_by = sent(c, example)
    stops = stops_of(c)
    exits = [leave_by] if leave_by or not c.exits else sorted(c.exits)
    for leave in exits:
        traced = relayed(topology, packet, entry, stops) if stops else trace(topology, packet, entry, leave)
        fault = disagreement(c, example, traced)
        if fault:
            break
    return Pair(topology, asked, example, packet, traced, by_sets(c, example), by_steps(c, traced), fault)


def by_sets(c: Connection, e: Example) -> str:
    if not holds(c.delivered.maybe, e):
        return DROPPED
    if not holds(c.delivered.sure, e):
        return OPEN
    if holds(c.round_trip.sure, e):
        return ANSWERED
    return OPEN if holds(c.round_trip.maybe, e) else ONE_WAY


def by_steps(c: Connection, traced: Trace) -> str:
    end = (c.relay.target if c.relay else c.host).interface.network_interface_id
    match traced.outcome:
        case Unsettled():
            return OPEN
        case Dropped():
            return DROPPED
        case Delivered(interface_id=name) if c.outbound or name != end:
            return DROPPED
        case Left(gateway_id=name) if name not in c.exits:
            return (
                OPEN if name.startswith(("vgw-", "lgw-", "tgw-attach-")) else DROPPED
            )  # what lies behind it may pass it on (S-VGW-04)
        case _:
            back = traced.reply_outcome
            return OPEN if isinstance(back, Unsettled) else ONE_WAY if isinstance(back, Dropped) else ANSWERED


def pairs_of(whole: Network, seed: int, most: int = 3, each: int = 2) -> Iterator[Pair]:
    """The pairs of one network: the same for the same seed."""
    diagram.clear()
    topology = Topology(whole.snapshot())
    r = Random(seed)
    for asked in questions(Assessor(topology), r, most):
        for example in dict.fromkeys(examples(asked.connection, r, each)):
            yield read_both(topology, asked, example)
