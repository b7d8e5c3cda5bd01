"""What a certificate claims: the packets of one way in, divided by their fate, with what stops them.

Claims of one way are disjoint and hold every packet of its question. A packet that several layers stop is claimed by
one of them: by a layer that stops all packets of the way, where there is one, else by the first.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal, NamedTuple

from sekisho.model.record import Source
from sekisho.model.topology import Topology
from sekisho.sets.boxes import example
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import spell, to_cidrs

from .connected import Connection, Host
from .facts import Facts
from .packet import Packet
from .share import Note, Share, texts
from .transit import AclCause, Check, GroupCause, Layer, Stated
from .witness import arrived, replay

Fate = Literal["answered", "one-way", "stopped", "delivered", "open", "open-one-way"]
WayName = tuple[str | int | None, ...]
#: In a claim: the interface of the row, which differs between the rows that share the claims.
OWN_INTERFACE = "interface"
OWN_INSTANCE = "instance"

_ORDER = {layer: place for place, layer in enumerate(Layer)}


class Claim(NamedTuple):
    """Packets of one fate; `layer` and `record` say what stops them or their replies."""

    fate: Fate
    flows: FlowSet
    layer: Layer | None = None
    record: str | None = None
    assumed: bool = False
    reasons: tuple[str, ...] = ()


class Passing(NamedTuple):
    """One packet of an answer as it is at its destination, the way that it takes, and what it passes."""

    way: WayName
    packet: Packet
    passes: tuple[str, ...]


class Claimed(NamedTuple):
    """The claims of one way in, and where the records stand that they rest on."""

    way: WayName
    claims: tuple[Claim, ...]
    sources: tuple[Source, ...]


def claimed(facts: Facts, connections: Sequence[Connection]) -> tuple[Claimed, ...]:
    """The claims of each way that could bring a packet, in order of the ways; connections by the same way are one."""
    by_way: dict[WayName, list[Connection]] = {}
    for connection in connections:
        by_way.setdefault(way_of(connection), []).append(connection)
    found = [_of_way(facts, way, same) for way, same in by_way.items() if any(not c.question.is_empty for c in same)]
    found = found or [_none(facts, connection.host) for connection in connections[:1]]
    return tuple(sorted(found, key=lambda one: [str(word) for word in one.way]))


def _none(facts: Facts, host: Host) -> Claimed:
    """None of the ways could bring a packet to the host."""
    vpc = host.interface.vpc_id or ""
    claim = Claim("stopped", FlowSet.full(host.family), Layer.GATEWAY, vpc)
    return Claimed(("none", vpc), (claim,), facts.places(vpc))


def _of_way(facts: Facts, way: WayName, same: list[Connection]) -> Claimed:
    places = dict.fromkeys(place for connection in same for place in _sources(facts, connection))
    there = [check for connection in same for check in _there(connection)]
    return Claimed(way, tuple(_claims(_joined(same), there)), tuple(places))


def _there(c: Connection) -> Iterator[Check]:
    """What decides whether packets are delivered: their way there, and before a load balancer its clients' replies."""
    for reading in (c, *c.either):
        before = len(reading.relay.client.checks) if reading.relay else 0
        for place, check in enumerate(reading.checks):
            if check.direction == "forward" or place < before:
                yield check


def _joined(same: list[Connection]) -> Connection:
    """One connection that delivers and answers what any of them does."""
    first, *others = same
    for other in others:
        first = first._replace(
            question=first.question | other.question,
            checks=first.checks + other.checks,
            either=first.either + other.either,
            delivered=first.delivered | other.delivered,
            round_trip=first.round_trip | other.round_trip,
        )
    return first


def _claims(c: Connection, there: Sequence[Check]) -> Iterator[Claim]:
    back = [*c.checks, *(check for reading in c.either for check in reading.checks)]
    delivered, trip = c.delivered, c.round_trip
    notes = delivered.assumptions + trip.assumptions
    yield from _surely("answered", trip.sure, notes)
    yield from _stops(c.host, back, "one-way", delivered.sure - trip.maybe, notes)
    yield from _stops(c.host, there, "stopped", c.question - delivered.maybe, ())
    half = (delivered.sure & trip.maybe) - trip.sure
    unsettled = delivered.maybe - delivered.sure
    yield from _open("delivered", half, trip)
    yield from _open("open", unsettled & trip.maybe, delivered)
    for claim in _stops(c.host, back, "open-one-way", unsettled - trip.maybe, ()):
        yield claim._replace(reasons=texts(delivered.doubts, claim.flows))


def _open(fate: Fate, flows: FlowSet, share: Share) -> Iterator[Claim]:
    if not flows.is_empty:
        yield Claim(fate, flows, reasons=texts(share.doubts, flows))


def _surely(
    fate: Fate, flows: FlowSet, notes: tuple[Note, ...], layer: Layer | None = None, record: str | None = None
) -> Iterator[Claim]:
    """One claim for what rests on an assumption, one for the rest."""
    leaning = FlowSet.union_of(flows.family, [note.region for note in notes]) & flows
    for part, assumed in ((flows - leaning, False), (leaning, True)):
        if not part.is_empty:
            yield Claim(fate, part, layer, record, assumed)


def _stops(host: Host, checks: Sequence[Check], fate: Fate, flows: FlowSet, notes: tuple[Note, ...]) -> Iterator[Claim]:
    """The flows by what stops them: a load balancer sends nothing on of a client that it cannot answer."""
    by_stop: dict[tuple[Layer | None, str | None], FlowSet] = {}
    left = flows
    direction = "forward" if fate == "stopped" else "return"
    for check in _by_weight(checks, flows, direction):
        part = (left & check.region) - check.share.maybe
        if not part.is_empty:
            stop = (check.layer, _record(check, host))
            by_stop[stop] = by_stop.get(stop, FlowSet.empty(flows.family)) | part
            left = left - part
        if left.is_empty:
            break
    if not left.is_empty:
        by_stop[None, None] = left
    for (layer, record), part in by_stop.items():
        yield from _surely(fate, part, notes, layer, record)


def _by_weight(checks: Iterable[Check], flows: FlowSet, direction: str) -> list[Check]:
    """Those of the direction that stop all of the flows, then in the order of the layers; then those of the other."""

    def weight(check: Check) -> tuple[bool, bool, int]:
        stops_all = flows <= check.region and (check.share.maybe & flows).is_empty
        return (check.direction != direction, not stops_all, _ORDER[check.layer])

    return sorted(checks, key=weight)


def _record(check: Check, host: Host) -> str:
    match check.cause:
        case Stated(component=component):
            name = component
        case AclCause(acl=acl):
            name = acl.network_acl_id
        case GroupCause(interface=interface):
            name = interface.network_interface_id
    return OWN_INTERFACE if name == host.interface.network_interface_id else name


# Ways -------------------------------------------------------------------------------------------------


def way_of(c: Connection) -> WayName:
    """The kind of the way in and the ids that make it one of a kind."""
    if c.relay:
        relay = c.relay
        return (
            *way_of(relay.client),
            "load-balancer",
            relay.balancer,
            relay.port,
            relay.node.interface.network_interface_id,
            spell(relay.node.address, relay.node.family),
            relay.target_port,
        )
    if c.consumer and c.entrance:
        endpoint = c.consumer.endpoint.interface.network_interface_id
        return (*way_of(c.consumer.client), "vpc-endpoint", endpoint, c.entrance.kind.value, c.entrance.id)
    if c.entrance:
        return (c.entrance.kind.value, c.entrance.id)
    if c.way is None:
        return ("none", c.host.interface.vpc_id) if c.hollow else ("open",)
    if c.way.pooled:
        return ("pool", c.way.gateway, *to_cidrs([(c.host.address, c.host.last)], c.host.family))
    return (f"{c.way.kind}-beyond" if c.way.beyond else c.way.kind, c.way.gateway)


def passing(topology: Topology, connections: Sequence[Connection]) -> Passing | None:
    """A packet that is answered, else one that is delivered; None where there is none."""
    for regions in ([c.round_trip.sure for c in connections], [c.delivered.sure for c in connections]):
        for connection, region in zip(connections, regions, strict=True):
            found = example(region)
            if found is not None:
                host, traced = connection.host.interface, replay(topology, connection, found)
                own = {host.network_interface_id: OWN_INTERFACE, host.instance_id: OWN_INSTANCE}
                passed = (own.get(hop.component, hop.component) for hop in (*traced.forward, *traced.reply))
                return Passing(way_of(connection), arrived(connection, found), tuple(dict.fromkeys(passed)))
    return None


# Records ----------------------------------------------------------------------------------------------


def _sources(facts: Facts, c: Connection) -> Iterator[Source]:
    """The records that stop packets, by their causes, and those that the way names."""
    for check in (*c.checks, *(check for reading in c.either for check in reading.checks)):
        yield from _of_check(facts, check, c.host)
    names = [word for word in way_of(c) if isinstance(word, str)]
    if c.entrance:
        names += [*c.entrance.own_groups, c.entrance.relay or "", c.entrance.record[1]]
    for name in names:
        yield from facts.places(name)
    if c.relay:
        yield from _sources(facts, c.relay.client)
    if c.consumer:
        yield from _sources(facts, c.consumer.client)


def _of_check(facts: Facts, check: Check, host: Host) -> Iterator[Source]:
    match check.cause:
        case Stated(component=component, evidence=evidence):
            yield from facts.places(component)
            yield from (place for place in evidence if place)
        case AclCause(acl=acl):
            yield from facts.places(acl.network_acl_id)
        case GroupCause(interface=interface):
            # The row's own is cited by the row: rows share what stands here.
            held = () if interface is host.interface else (interface.network_interface_id,)
            for name in (*held, *interface.group_ids):
                yield from facts.places(name)
