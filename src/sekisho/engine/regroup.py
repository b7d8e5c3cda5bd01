"""A way to one interface, said of another of the same place whose security groups differ.

What carries a packet to an interface of a subnet, and its reply back, is the same for all of them but for their groups:
layers are independent. So the way is walked once for a place, and each set of groups is laid over it.
"""

from typing import NamedTuple

from sekisho.sets.flows import FlowSet

from .answer import Passage
from .connected import Carried, Connection, Host, parts, widened
from .facts import Facts
from .groups import Groups
from .share import Share, decided
from .transit import Check, GroupCause, Stated


class Place(NamedTuple):
    """The connections to an interface, with what all layers but its groups let through."""

    connections: tuple[Connection, ...]
    others: tuple[tuple[Share, Share], ...]


def place_of(facts: Facts, groups: Groups, connections: tuple[Connection, ...], host: Host) -> Place | None:
    """The place, where the groups of another interface can be laid over every connection; else None.

    Laid over it again, the groups of the host itself have to give what was walked.
    """
    if not all(map(_can_be_regrouped, connections)):
        return None
    place = Place(connections, tuple(map(_but_groups, connections)))
    again = regrouped(facts, groups, place, host)
    same = all(
        a.delivered == c.delivered and a.round_trip == c.round_trip for a, c in zip(again, connections, strict=True)
    )
    return place if same else None


def _can_be_regrouped(c: Connection) -> bool:
    plain = c.way is not None and c.relay is None and c.consumer is None and c.entrance is None and not c.hollow
    plain = plain and c.walks == 1
    asked = all(_asked_of_destination(check, c.host) for check in c.checks if isinstance(check.cause, GroupCause))
    return plain and asked and all(carried.region is not None for carried in c.carried)


def _asked_of_destination(check: Check, host: Host) -> bool:
    cause = check.cause
    if not isinstance(cause, GroupCause) or cause.asked is None or check.share.assumptions or check.view:
        return False
    return cause.interface is host.interface and check.direction == "forward" and not cause.egress


def _but_groups(c: Connection) -> tuple[Share, Share]:
    """What the layers of the forward way let through, and what those of the way back do."""
    forward, back = decided(c.question), decided(c.question)
    for check in c.checks:
        if isinstance(check.cause, GroupCause):
            continue
        if check.direction == "forward":
            forward = forward & widened(check)
        else:
            back = back & widened(check)
    return forward.within(c.question), back.within(c.question)


def regrouped(facts: Facts, groups: Groups, place: Place, host: Host) -> tuple[Connection, ...]:
    """The connections of the place to the host, by its own groups."""
    pairs = zip(place.connections, place.others, strict=True)
    return tuple(_regrouped(facts, groups, c, (forward, back), host) for c, (forward, back) in pairs)


def _regrouped(facts: Facts, groups: Groups, c: Connection, others: tuple[Share, Share], host: Host) -> Connection:
    checks = tuple(_asked_again(facts, groups, check, (c.host, host)) for check in c.checks)
    delivered, back = others
    for check in checks:
        if isinstance(check.cause, GroupCause):
            delivered = delivered & widened(check)
    delivered = delivered.within(c.question)
    round_trip = (delivered & back).within(c.question)
    whole = c._replace(checks=checks, delivered=delivered, round_trip=round_trip, host=host)
    whole = whole._replace(carried=tuple(_carried(groups, each, whole) for each in c.carried if each.region))
    return whole._replace(carried=parts(whole))


def _asked_again(facts: Facts, groups: Groups, check: Check, hosts: tuple[Host, Host]) -> Check:
    """The check by the groups of the second host, and with its name where it names the first."""
    first, host = (each.interface.network_interface_id for each in hosts)
    match check.cause:
        case GroupCause(asked=asked) if asked is not None:
            share = groups.of_interface(hosts[1].interface, asked)
            return check._replace(share=share, cause=check.cause._replace(interface=hosts[1].interface))
        case Stated(component=component) if component == first:
            place = facts.source("interfaces", host)
            return check._replace(cause=check.cause._replace(component=host, evidence=(place,)))
        case _:
            return check


def _carried(groups: Groups, each: Carried, whole: Connection) -> Carried:
    region = each.region or FlowSet.empty(whole.question.family)
    by_group: dict[str, FlowSet] = {}
    for check in whole.checks:
        if isinstance(check.cause, GroupCause) and check.cause.asked and check.region == region:
            shares = groups.by_group(check.cause.interface, check.cause.asked)
            by_group = {name: share.sure & region for name, share in shares.items()}
    delivered, round_trip = whole.delivered.within(region), whole.round_trip.within(region)
    return each._replace(passage=Passage(each.passage.via, delivered, round_trip, by_group))
