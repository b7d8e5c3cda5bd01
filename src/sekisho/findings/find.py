"""From answers to findings (S-FIND-01 to S-FIND-05).

A finding gathers every address of its interface where the same port is open through the same security group and
gateway. A fleet has few such places and many interfaces: what is found at a place is worked out and worded once,
with blanks for the names of the interface and its instance, and filled in for each.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec

from sekisho.engine.answer import Answer, Origin, Row, Width
from sekisho.sets.prefixes import Family, Range, count, merge, to_cidrs

from .assessment import InterfaceFacts
from .finding import Finding, FindingType, Process, Severity
from .listeners import Listener
from .openings import Opening, among, holds, openings_of
from .services import RECOGNIZED, TRANSPORTS, Service, Transport, lowered, unrecognized
from .wording import Subject, attributes, description, recommendation, rule, title

Listeners = Mapping[str, tuple[Listener, ...] | None]
FAMILIES: tuple[Family, ...] = ("ipv4", "ipv6")
NO_LISTENERS: Listeners = {}
NO_PEERINGS: Mapping[str, tuple[str, str]] = {}
# What no name can be stands for the names.
_INSTANCE, _INTERFACE = "\0instance\0", "\0interface\0"


class Place(NamedTuple):
    """What the findings of an interface, group and gateway depend on but for names: many interfaces are at one.

    Where an inventory says what listens, names and addresses count, and the interface has the place to itself.
    """

    origin: Origin
    vpc: str | None
    network_acl: str | None
    gateway: str | None
    peer_vpc: str | None
    openings: tuple[Opening, ...]
    instance: str = _INSTANCE
    interface: str = _INTERFACE
    inventory: tuple[Listener, ...] | None = None
    addresses: tuple[str, ...] = ()

    @property
    def group(self) -> str:
        return self.openings[0].group


class Claim(NamedTuple):
    """What one finding says of a place; `transport` and `port` are None for NetworkExposure.

    `at` says which openings of the place it is about.
    """

    at: tuple[int, ...]
    type: FindingType
    severity: Severity
    transport: Transport | None = None
    port: int | None = None
    service: str | None = None
    process: Process | None = None


class Form(NamedTuple):
    """One finding of a place, with blanks for names and addresses; `named` are the attributes that are names.

    `told_by` is what tells it from other findings of the interface (see `_identity`).
    """

    claim: Claim
    blank: Finding
    named: tuple[tuple[int, str], ...]
    told_by: str


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
    gathered: dict[tuple[str, Origin, str, str | None], list[tuple[Row, Opening]]] = {}
    for row in rows:
        for opening in openings[row.answer] if row.instance else ():
            key = (row.interface, row.origin, opening.group, opening.gateway)
            gathered.setdefault(key, []).append((row, opening))
    forms: dict[Place, tuple[Form, ...]] = {}
    found: list[Finding] = []
    for sightings in gathered.values():
        seen_at = [row for row, _ in sightings]
        place = _place(seen_at, tuple(opening for _, opening in sightings), interfaces, listeners, peerings)
        if place not in forms:
            forms[place] = tuple(_form(place, claim) for claim in _claims(place))
        whose = _whose(seen_at[0])
        found += [_filled(form, seen_at, whose) for form in forms[place]]
    return tuple(found)


def _place(
    rows: Sequence[Row],
    openings: tuple[Opening, ...],
    interfaces: Mapping[str, InterfaceFacts],
    listeners: Listeners,
    peerings: Mapping[str, tuple[str, str]],
) -> Place:
    row, gateway = rows[0], openings[0].gateway
    facts, instance = interfaces[row.interface], row.instance or ""
    ends = peerings.get(gateway or "", ())
    peer = next((vpc for vpc in ends if vpc != facts.vpc), None)
    shared = Place(row.origin, facts.vpc, facts.network_acl, gateway, peer, openings)
    inventory = listeners.get(instance)
    if inventory is None:
        return shared
    return shared._replace(
        instance=instance,
        interface=row.interface,
        inventory=inventory,
        addresses=tuple(r.address for r in rows),
    )


# What is claimed ------------------------------------------------------------------------------------


def _claims(place: Place) -> Iterator[Claim]:
    """Every port that is open at the place, by protocol and number, then the exposure of them all."""
    for transport, _ in TRANSPORTS:
        told = _ports_to_tell(transport, place.inventory)
        open_ports = [set(among(told, opening.ports(transport))) for opening in place.openings]
        for port in sorted(set().union(*open_ports)):
            open_at = tuple(index for index, ports in enumerate(open_ports) if port in ports)
            yield from _claims_of_port(place, open_at, transport, port)
    yield Claim(tuple(range(len(place.openings))), FindingType.NETWORK_EXPOSURE, Severity.INFORMATIONAL)


def _ports_to_tell(transport: Transport, inventory: tuple[Listener, ...] | None) -> list[int]:
    listened = {listener.port for listener in inventory or () if listener.protocol == transport}
    return sorted(listened.union(RECOGNIZED[transport]))


def _claims_of_port(place: Place, open_at: tuple[int, ...], transport: Transport, port: int) -> Iterator[Claim]:
    """One claim for each service of the port, or one for the listener on a port of no service.

    Where something listens, only the addresses on which it hears count.
    """
    on_port = [entry for entry in place.inventory or () if (entry.protocol, entry.port) == (transport, port)]
    heard_by = {index: [e for e in on_port if e.hears(place.addresses[index])] for index in open_at if on_port}
    heard_at = tuple(index for index, entries in heard_by.items() if entries)
    listener = next((entry for entry in on_port if any(entry in heard_by[i] for i in heard_at)), None)
    services: tuple[Service | None, ...] = RECOGNIZED[transport].get(port, ())
    if not services and listener:
        services = (None,)
    for service in services:
        kind, severity = _kind(service, place, listener)
        yield Claim(
            at=heard_at or open_at,
            type=kind,
            severity=severity,
            transport=transport,
            port=port,
            service=service.name if service else None,
            process=listener.process if listener else None,
        )


def _kind(service: Service | None, place: Place, listener: Listener | None) -> tuple[FindingType, Severity]:
    if service is None:
        return FindingType.UNRECOGNIZED_PORT_WITH_LISTENER, unrecognized(place.origin)
    if place.inventory is None:
        return FindingType.RECOGNIZED_PORT_NO_AGENT, service.severity(place.origin)
    if listener is None:
        return FindingType.RECOGNIZED_PORT_NO_LISTENER, lowered(service.severity(place.origin))
    return FindingType.RECOGNIZED_PORT_WITH_LISTENER, service.severity(place.origin)


# How it is worded -----------------------------------------------------------------------------------


def _form(place: Place, claim: Claim) -> Form:
    openings = [place.openings[index] for index in claim.at]
    extent = _extent(place.origin, openings, claim)
    exposure = claim.type is FindingType.NETWORK_EXPOSURE
    subject = Subject(
        type=claim.type,
        origin=place.origin,
        instance=place.instance,
        interface=place.interface,
        vpc=place.vpc,
        network_acl=place.network_acl,
        security_group=place.group,
        gateway=place.gateway,
        peer_vpc=place.peer_vpc,
        protocol=claim.transport,
        port=claim.port,
        service=claim.service,
        process=claim.process,
        width=extent.width,
        reply=extent.reply,
        tcp_ports=_open_ports(openings, "tcp") if exposure else (),
        udp_ports=_open_ports(openings, "udp") if exposure else (),
    )
    blank = Finding(
        id="",
        type=claim.type,
        rule=rule(claim.type, place.origin),
        severity=claim.severity,
        title=title(subject),
        description=description(subject),
        recommendation=recommendation(subject),
        account=None,
        region=None,
        instance=place.instance,
        interface=place.interface,
        addresses=(),
        vpc=place.vpc,
        origin=place.origin,
        via=tuple(dict.fromkeys(hop for opening in openings for hop in opening.via)),
        peer_vpc=place.peer_vpc,
        protocol=claim.transport,
        port=claim.port,
        service=claim.service,
        security_groups=(place.group,),
        network_acl=place.network_acl,
        sources=extent.sources,
        width=extent.width,
        reply=extent.reply,
        answers=(),
        process=claim.process,
        tcp_ports=subject.tcp_ports,
        udp_ports=subject.udp_ports,
        attributes=attributes(subject),
    )
    named = ((index, key) for index, (key, _) in enumerate(blank.attributes) if key in {"ENI", "INSTANCE_ID"})
    told_by = _list(place.group, place.origin, place.gateway, claim.transport, claim.port, claim.service)
    return Form(claim, blank, tuple(named), told_by)


def _filled(form: Form, rows: Sequence[Row], whose: str) -> Finding:
    """The finding of one interface, whose rows at the place these are."""
    claim, blank, named, told_by = form
    row = rows[claim.at[0]]
    addresses: tuple[str, ...] = (row.address,)
    answers: tuple[str, ...] = (row.answer,)
    if len(claim.at) > 1:
        addresses = tuple(dict.fromkeys([rows[index].address for index in claim.at]))
        answers = tuple(dict.fromkeys([rows[index].answer for index in claim.at]))
    interface, instance = row.interface, row.instance or ""
    told = list(blank.attributes)
    for index, key in named:
        told[index] = key, interface if key == "ENI" else instance
    return msgspec.structs.replace(
        blank,
        id=_identity(whose, told_by),
        title=blank.title.replace(_INSTANCE, instance).replace(_INTERFACE, interface),
        description=blank.description.replace(_INSTANCE, instance).replace(_INTERFACE, interface),
        account=row.account,
        region=row.region,
        instance=instance,
        interface=interface,
        addresses=addresses,
        answers=answers,
        attributes=tuple(told),
    )


def _identity(whose: str, told_by: str) -> str:
    """A name that is the same in every run: a hash over what tells this finding from all others.

    What is hashed is a JSON list of account, region, instance, interface, group, origin, gateway, protocol, port
    and service.
    """
    return hashlib.sha256(f"[{whose}, {told_by}]".encode()).hexdigest()[:32]


def _whose(row: Row) -> str:
    return f"{_list(row.account, row.region)}, {_text(row.instance or '')}, {_text(row.interface)}"


_text = json.encoder.encode_basestring_ascii


@lru_cache(maxsize=1 << 12)
def _list(*members: str | int | None) -> str:
    """The members as JSON, without the brackets around them."""
    return json.dumps(members)[1:-1]


# How far it goes ------------------------------------------------------------------------------------


class _Extent(NamedTuple):
    """Who may send, over all addresses of the finding, and whether any of them hears back."""

    sources: tuple[str, ...]
    width: Width
    reply: bool


def _extent(origin: Origin, openings: Sequence[Opening], claim: Claim) -> _Extent:
    sources: list[str] = []
    size, world = 0, False
    for family in FAMILIES:
        at = [o for o in openings if o.family == family]
        remotes = merge(r for o in at for r in _sources(o, claim))
        sources += _cidrs(remotes, family)
        size += count(remotes)
        world = world or (origin == "internet" and any(remotes == o.whole for o in at))
    return _Extent(tuple(sources), "world" if world else size, _answered(openings, claim))


def _sources(opening: Opening, claim: Claim) -> tuple[Range, ...]:
    if claim.transport is None or claim.port is None:
        return opening.all_remotes()
    return opening.remotes(claim.transport, claim.port)


def _answered(openings: Sequence[Opening], claim: Claim) -> bool:
    """Whether some sender hears back from the port; of an exposure, from every UDP port of it."""
    if claim.transport is None or claim.port is None:
        return all(o.ports("udp") == o.answers("udp") for o in openings)
    return any(holds(o.answers(claim.transport), claim.port) for o in openings)


def _open_ports(openings: Sequence[Opening], transport: Transport) -> tuple[Range, ...]:
    return merge(r for o in openings for r in o.ports(transport))


@lru_cache(maxsize=1 << 12)
def _cidrs(ranges: tuple[Range, ...], family: Family) -> tuple[str, ...]:
    return to_cidrs(ranges, family)
