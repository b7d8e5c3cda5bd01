"""The ways into a VPC out of transit gateways: one for each attachment, as far as the snapshot shows them."""

from collections.abc import Iterable, Mapping

from sekisho.engine.connected import Way
from sekisho.engine.facts import Facts
from sekisho.engine.transit import Stated
from sekisho.model.record import Undecided
from sekisho.model.transit import Attached
from sekisho.sets.prefixes import Family, Range

_CALLS = ("ec2:DescribeTransitGatewayAttachments", "ec2:DescribeTransitGatewayVpcAttachments")
Sources = Mapping[Family, tuple[Range, ...]]


def ways_into(facts: Facts, vpc_id: str, sources: Sources) -> tuple[Way, ...]:
    """One way for each attachment of the VPC that is or may be in force and whose subnets are known (S-TGW-12)."""
    transit = facts.topology.transit
    known = (a for a in transit.of_vpc(vpc_id) if not isinstance(transit.subnets_of(a), Undecided))
    return tuple(way(facts, a, vpc_id, sources) for a in known)


def way(facts: Facts, attached: Attached, vpc_id: str, sources: Sources) -> Way:
    """What the attachment hands towards the VPC: its own, or, over the transit gateway, another."""
    force = attached.in_force
    closed = None
    if force is False:
        place = facts.source(*attached.place)
        closed = Stated("BAD_STATE_ATTACHMENT", attached.id, f"{attached.id} is {attached.state}", (place,))
    own = facts.vpc(vpc_id)
    doubt = next((known.reason for known in (force, own) if isinstance(known, Undecided)), None)
    return Way("transit-gateway-attachment", attached.id, vpc_id, sources, closed=closed, doubt=doubt)


def named_way(facts: Facts, name: str, vpc_id: str, sources: Sources) -> Way | Stated | Undecided:
    """The way of an attachment that is asked for by name, or why it has none into the VPC."""
    transit = facts.topology.transit
    sides = transit.named[name]
    own = next((a for a in sides if a.vpc == vpc_id), None)
    if own is not None:
        subnets = transit.subnets_of(own)
        return subnets if isinstance(subnets, Undecided) else way(facts, own, vpc_id, sources)
    joined = {a.gateway for a in transit.of_vpc(vpc_id)}
    far = next((a for a in sides if a.kind != "vpc" and a.gateway in joined), None)
    if far is not None:
        return way(facts, far, vpc_id, sources)
    gap = transit.gap(vpc_id, name)
    if gap and any(a.kind != "vpc" for a in sides):
        return Undecided(gap)
    detail = f"{name} hands nothing into {vpc_id}"
    return Stated("BAD_STATE_ATTACHMENT", name, detail, (facts.source(*sides[0].place),))


def open_into(facts: Facts, vpc_id: str, routed: Iterable[str]) -> list[str]:
    """What may hand packets in without its way being known; `routed` are the transit gateways that routes name."""
    transit = facts.topology.transit
    found = []
    for attached in transit.of_vpc(vpc_id):
        subnets = transit.subnets_of(attached)
        if isinstance(subnets, Undecided):
            found.append(subnets.reason)
    attached_to = {a.gateway for a in transit.of_vpc(vpc_id)}
    for gateway in routed:
        joined = transit.joining(vpc_id, gateway)
        if gateway not in attached_to and isinstance(joined, Undecided):
            found.append(joined.reason)
    gap = transit.gap(vpc_id)
    if gap and not found and (_attempted(facts, vpc_id) or _shown(facts, vpc_id)):
        found.append(gap)
    return found


def _attempted(facts: Facts, vpc_id: str) -> bool:
    scope = facts.topology.vpc_scope(vpc_id)
    return any(facts.snapshot.calls.state(call, scope) is not None for call in _CALLS)


def _shown(facts: Facts, vpc_id: str) -> bool:
    """Whether an interface of the VPC shows that a transit gateway stands in it."""
    interfaces = facts.topology.interfaces_of_vpc.get(vpc_id, ())
    known = facts.topology.transit.of_vpc(vpc_id)
    return not known and any(i.interface_type == "transit_gateway" for i in interfaces)


def absent(facts: Facts, vpc_id: str) -> tuple[str, ...]:
    """The call that would show the VPC's attachments, where none that does was read (S-LOAD)."""
    return () if _attempted(facts, vpc_id) else _CALLS[1:]
