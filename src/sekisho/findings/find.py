"""From answers to findings (S-FIND-01 to S-FIND-05).

Interfaces that share an answer share its openings, which are worked out once; a finding then gathers every
address of its interface where the same port is open through the same security group and gateway.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple

from sekisho.engine.answer import Answer, Origin, Row, Verdict, Width
from sekisho.sets.boxes import ports_of, remotes_of
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, count, merge, to_cidrs

from .assessment import InterfaceFacts
from .finding import Finding, FindingType, Process, Severity
from .listeners import Listener
from .services import RECOGNIZED, TRANSPORTS, Service, Transport, lowered, unrecognized
from .wording import Subject, attributes, description, gateway_of, recommendation, rule, title

Listeners = Mapping[str, tuple[Listener, ...]]
FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")
NO_LISTENERS: Listeners = {}
NO_PEERINGS: Mapping[str, tuple[str, str]] = {}


class Opening(NamedTuple):
    """What one security group lets in by one way: TCP that is answered, UDP that is delivered.

    `whole` is every source of the answer where that is the whole internet, else None.
    """

    group: str
    via: tuple[str, ...]
    tcp: FlowSet
    udp: FlowSet
    answered: FlowSet
    whole: tuple[Range, ...] | None

    def flows(self, transport: Transport) -> FlowSet:
        return self.tcp if transport == "tcp" else self.udp

    @property
    def gateway(self) -> str | None:
        return gateway_of(self.via)


class Sighting(NamedTuple):
    """An opening at one address."""

    row: Row
    opening: Opening


class Place(NamedTuple):
    """What the findings of one interface, group and gateway have in common."""

    origin: Origin
    facts: InterfaceFacts
    instance: str
    group: str
    gateway: str | None
    peer_vpc: str | None
    sightings: tuple[Sighting, ...]


class Claim(NamedTuple):
    """What one finding says of a place; `transport` and `port` are None for NetworkExposure."""

    sightings: tuple[Sighting, ...]
    type: FindingType
    severity: Severity
    transport: Transport | None = None
    port: int | None = None
    service: str | None = None
    process: Process | None = None


def find(
    rows: Iterable[Row],
    answers: Mapping[str, Answer],
    interfaces: Mapping[str, InterfaceFacts],
    listeners: Listeners = NO_LISTENERS,
    *,
    peerings: Mapping[str, tuple[str, str]] = NO_PEERINGS,
) -> tuple[Finding, ...]:
    """The findings of these rows, in the order of the rows' interfaces and origins.

    `listeners` holds the sockets of each instance that has an inventory; `peerings` the VPCs at the two
    ends of each peering connection.
    """
    openings = {key: openings_of(answer) for key, answer in answers.items()}
    gathered: dict[tuple[str, Origin, str, str], list[Sighting]] = {}
    for row in rows:
        for opening in openings[row.answer] if row.instance else ():
            key = (row.interface, row.origin, opening.group, opening.gateway or "")
            gathered.setdefault(key, []).append(Sighting(row, opening))
    found: list[Finding] = []
    for sightings in gathered.values():
        place = _place(tuple(sightings), interfaces, peerings)
        found += _findings(place, listeners.get(place.instance))
    return tuple(found)


def openings_of(answer: Answer) -> tuple[Opening, ...]:
    """The openings of an answer. An unreachable one has none, also where it would have them in service."""
    if answer.verdict is Verdict.UNREACHABLE:
        return ()
    tcp, udp = (FlowSet.build(answer.family, protocols=[(number, number)]) for _, number in TRANSPORTS)
    everything = FlowSet.union_of(
        answer.family, (p.delivered.sure for p in answer.passages if p.delivered.family == answer.family)
    )
    whole = remotes_of(everything) if answer.width == "world" else None
    openings = (
        Opening(
            group=group,
            via=passage.via,
            tcp=admitted & passage.round_trip.sure & tcp,
            udp=admitted & passage.delivered.sure & udp,
            answered=admitted & passage.round_trip.sure,
            whole=whole,
        )
        for passage in answer.passages
        if passage.delivered.family == answer.family
        for group, admitted in sorted(passage.by_group.items())
    )
    return tuple(o for o in openings if not (o.tcp.is_empty and o.udp.is_empty))


def _place(
    sightings: tuple[Sighting, ...],
    interfaces: Mapping[str, InterfaceFacts],
    peerings: Mapping[str, tuple[str, str]],
) -> Place:
    row, opening = sightings[0]
    facts = interfaces[row.interface]
    ends = peerings.get(opening.gateway or "", ())
    return Place(
        origin=row.origin,
        facts=facts,
        instance=row.instance or "",
        group=opening.group,
        gateway=opening.gateway,
        peer_vpc=next((vpc for vpc in ends if vpc != facts.vpc), None),
        sightings=sightings,
    )


def _findings(place: Place, inventory: tuple[Listener, ...] | None) -> Iterator[Finding]:
    """Every port that is open at the place, by protocol and number, then the exposure of them all."""
    for transport, _ in TRANSPORTS:
        for port in _ports_to_tell(transport, inventory):
            open_at = tuple(s for s in place.sightings if _remotes(s.opening.flows(transport), transport, port))
            if open_at:
                for claim in _claims(place.origin, open_at, transport, port, inventory):
                    yield _finding(place, claim)
    yield _finding(place, Claim(place.sightings, FindingType.NETWORK_EXPOSURE, Severity.INFORMATIONAL))


def _ports_to_tell(transport: Transport, inventory: tuple[Listener, ...] | None) -> list[int]:
    listened = {listener.port for listener in inventory or () if listener.protocol == transport}
    return sorted(listened.union(RECOGNIZED[transport]))


def _claims(
    origin: Origin,
    open_at: tuple[Sighting, ...],
    transport: Transport,
    port: int,
    inventory: tuple[Listener, ...] | None,
) -> Iterator[Claim]:
    """One claim for each service of the port, or one for the listener on a port of no service.

    Where something listens, only the addresses on which it hears count.
    """
    on_port = [entry for entry in inventory or () if (entry.protocol, entry.port) == (transport, port)]
    listener = next((entry for entry in on_port if any(entry.hears(s.row.address) for s in open_at)), None)
    heard_at = tuple(s for s in open_at if any(entry.hears(s.row.address) for entry in on_port))
    services: tuple[Service | None, ...] = RECOGNIZED[transport].get(port, ())
    if not services and listener:
        services = (None,)
    for service in services:
        kind, severity = _kind(service, origin, inventory, listener)
        yield Claim(
            sightings=heard_at or open_at,
            type=kind,
            severity=severity,
            transport=transport,
            port=port,
            service=service.name if service else None,
            process=listener.process if listener else None,
        )


def _kind(
    service: Service | None, origin: Origin, inventory: tuple[Listener, ...] | None, listener: Listener | None
) -> tuple[FindingType, Severity]:
    if service is None:
        return FindingType.UNRECOGNIZED_PORT_WITH_LISTENER, unrecognized(origin)
    if inventory is None:
        return FindingType.RECOGNIZED_PORT_NO_AGENT, service.severity(origin)
    if listener is None:
        return FindingType.RECOGNIZED_PORT_NO_LISTENER, lowered(service.severity(origin))
    return FindingType.RECOGNIZED_PORT_WITH_LISTENER, service.severity(origin)


def _finding(place: Place, claim: Claim) -> Finding:
    facts, row, extent = place.facts, claim.sightings[0].row, _extent(claim)
    exposure = claim.type is FindingType.NETWORK_EXPOSURE
    subject = Subject(
        type=claim.type,
        origin=place.origin,
        instance=place.instance,
        interface=facts.interface,
        vpc=facts.vpc,
        network_acl=facts.network_acl,
        security_group=place.group,
        gateway=place.gateway,
        peer_vpc=place.peer_vpc,
        protocol=claim.transport,
        port=claim.port,
        service=claim.service,
        process=claim.process,
        width=extent.width,
        reply=extent.reply,
        tcp_ports=_open_ports(claim.sightings, "tcp") if exposure else (),
        udp_ports=_open_ports(claim.sightings, "udp") if exposure else (),
    )
    return Finding(
        id=_identity(row, place, claim),
        type=claim.type,
        rule=rule(claim.type, place.origin),
        severity=claim.severity,
        title=title(subject),
        description=description(subject),
        recommendation=recommendation(subject),
        account=row.account,
        region=row.region,
        instance=place.instance,
        interface=facts.interface,
        addresses=tuple(dict.fromkeys(s.row.address for s in claim.sightings)),
        vpc=facts.vpc,
        origin=place.origin,
        via=tuple(dict.fromkeys(hop for s in claim.sightings for hop in s.opening.via)),
        peer_vpc=place.peer_vpc,
        protocol=claim.transport,
        port=claim.port,
        service=claim.service,
        security_groups=(place.group,),
        network_acl=facts.network_acl,
        sources=extent.sources,
        width=extent.width,
        reply=extent.reply,
        answers=tuple(dict.fromkeys(s.row.answer for s in claim.sightings)),
        process=claim.process,
        tcp_ports=subject.tcp_ports,
        udp_ports=subject.udp_ports,
        attributes=attributes(subject),
    )


def _identity(row: Row, place: Place, claim: Claim) -> str:
    """A name that is the same in every run: a hash over what tells this finding from all others."""
    where = (row.account, row.region, place.instance, place.facts.interface, place.group, place.origin, place.gateway)
    told_apart = (*where, claim.transport, claim.port, claim.service)
    return hashlib.sha256(json.dumps(told_apart).encode()).hexdigest()[:32]


class _Extent(NamedTuple):
    """Who may send, over all addresses of the finding, and whether any of them hears back."""

    sources: tuple[str, ...]
    width: Width
    reply: bool


def _extent(claim: Claim) -> _Extent:
    sources: list[str] = []
    size, world = 0, False
    for family in FAMILIES:
        at = [s for s in claim.sightings if s.row.family == family]
        remotes = merge(r for s in at for r in _sources(s.opening, claim))
        sources += _cidrs(remotes, family)
        size += count(remotes)
        world = world or any(s.row.origin == "internet" and remotes == s.opening.whole for s in at)
    return _Extent(tuple(sources), "world" if world else size, _answered(claim))


def _sources(opening: Opening, claim: Claim) -> tuple[Range, ...]:
    if claim.transport is None or claim.port is None:
        return merge(remotes_of(opening.tcp) + remotes_of(opening.udp))
    return _remotes(opening.flows(claim.transport), claim.transport, claim.port)


def _answered(claim: Claim) -> bool:
    """Whether some sender hears back from the port; of an exposure, from every UDP port of it."""
    if claim.transport is None or claim.port is None:
        openings = (s.opening for s in claim.sightings)
        return all(_ports(o.udp, "udp") == _ports(o.udp & o.answered, "udp") for o in openings)
    return any(_remotes(s.opening.answered, claim.transport, claim.port) for s in claim.sightings)


def _open_ports(sightings: tuple[Sighting, ...], transport: Transport) -> tuple[Range, ...]:
    return merge(r for s in sightings for r in _ports(s.opening.flows(transport), transport))


@lru_cache(maxsize=1 << 14)
def _remotes(flows: FlowSet, transport: Transport, port: int) -> tuple[Range, ...]:
    number = dict(TRANSPORTS)[transport]
    at_port = FlowSet.build(flows.family, protocols=[(number, number)], thirds=[(port, port)])
    return remotes_of(flows & at_port)


@lru_cache(maxsize=1 << 12)
def _ports(flows: FlowSet, transport: Transport) -> tuple[Range, ...]:
    return ports_of(flows, dict(TRANSPORTS)[transport])


@lru_cache(maxsize=1 << 12)
def _cidrs(ranges: tuple[Range, ...], family: Family) -> tuple[str, ...]:
    return to_cidrs(ranges, family)
