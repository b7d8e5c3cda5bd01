"""Transit gateways: as a way into a VPC, and as what a route leads to."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.attachments import Attachment, associated, attachments, of_vpc, onwards
from sekisho_check.boxes import subtract
from sekisho_check.choices import Leg, each_pass, whichever
from sekisho_check.estate import Estate, Record, listed, text
from sekisho_check.filters import Sight
from sekisho_check.gateways import directly, outside
from sekisho_check.policies import policy
from sekisho_check.ranges import Ranges, everything
from sekisho_check.routes import Hop, acl_of, hop_for, table_of
from sekisho_check.walk import FORWARD, RETURN, TARGET_KINDS, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found, settled

WAY = "transit-gateway-attachment"
FURTHEST = 8
"""No packet is followed over more transit gateways."""

# As a way in


def transit_ways(estate: Estate, address: Address) -> Found:
    """The attachments of the VPC that are not known to be out of force (S-TGW-12)."""
    sources, why = outside(estate, address, everything(address.family))
    known, doubt = of_vpc(estate, address.vpc)
    doubt = doubt or core_network(estate, address.vpc)
    ways = []
    there = False
    for attachment in known:
        if attachment.dead:  # S-TGW-02
            continue
        there = True
        if attachment.subnets is None:
            doubt = doubt or f"the subnets of {attachment.id} are not in the snapshot"
            continue
        lacking = [name for name in attachment.subnets if estate.get("ec2:DescribeSubnets", name) is None]
        if lacking:
            doubt = doubt or f"{lacking[0]} of {attachment.id} was not read"
            continue
        record = estate.get("ec2:DescribeTransitGatewayVpcAttachments", attachment.id)
        ways.append(Way((WAY, attachment.id), sources, record, why or attachment.open))
    return Found(ways, there=there, open=doubt)


def core_network(estate: Estate, vpc: str) -> str:
    """Why a core network may be a way in: a route of the VPC names one (S-RT-11)."""
    if "core networks" not in estate.memo:
        estate.memo["core networks"] = {
            text(table.data, "VpcId"): f"{name} is not modelled"
            for table in estate.all("ec2:DescribeRouteTables")
            for route in listed(table.data, "Routes")
            if (name := text(route, "CoreNetworkArn")) is not None
        }
    known: dict[str | None, str] = estate.memo["core networks"]
    return known.get(vpc, "")


def attachment_of(walk: Walk) -> Attachment:
    """The attachment that the way is."""
    known, _ = of_vpc(walk.estate, walk.address.vpc)
    return next(one for one in known if one.id == walk.way.words[1])


def from_transit(walk: Walk, pieces: Pieces) -> Pieces:
    """Out of any subnet of the attachment: the zone that the packets come from is not known (S-TGW-07)."""
    attachment = attachment_of(walk)
    sights = referable(walk.estate, attachment)
    subnets = {_alike(walk, attachment.resource, name): name for name in attachment.subnets or ()}
    legs = [_out_by(attachment.resource, name, sight) for name in subnets.values() for sight in sights]
    return whichever(walk, pieces, legs)


def _alike(walk: Walk, vpc: str, name: str) -> tuple[str, ...]:
    """Equal for subnets out of which packets go on alike: straight to the destination, past the same ACL."""
    subnet = walk.estate.get("ec2:DescribeSubnets", name)
    table, acl, home = table_of(walk.estate, subnet).record, acl_of(walk.estate, subnet).record, walk.place.subnet
    if table is None or acl is None or home is None or home.id == name or walk.address.vpc != vpc:
        return (name,)
    hop = hop_for(walk.estate, table, walk.address.family, walk.address.value)
    return (table.id, acl.id) if hop.kind == "local" else (name,)


def _out_by(vpc: str, name: str, sight: Sight | None = None) -> Leg:
    def leg(walk: Walk, pieces: Pieces) -> Pieces:
        walk.sight = sight or walk.sight
        return settled(walk, out_of_subnet(walk, pieces, vpc, walk.estate.get("ec2:DescribeSubnets", name)))

    return leg


def out_of_subnet(walk: Walk, pieces: Pieces, vpc: str, subnet: Record | None) -> Pieces:
    """Out of the transit gateway in one subnet, and on by its routes (S-TGW-07, S-TGW-11)."""
    if subnet is None:
        return walk.doubt(pieces, f"a subnet of {vpc} was not read")
    place = Place(vpc, subnet)
    goal = walk.sender if walk.replying else walk.place
    home = goal.subnet if goal is not None and goal.vpc == vpc else None
    if home is not None and home.id == subnet.id:  # S-RT-09: neither routes nor ACLs are asked
        return pieces if walk.replying else directly(walk, pieces, crossing=False)
    table = table_of(walk.estate, subnet)
    if walk.replying or table.record is None:
        return walk.onward(pieces, place, table)
    hop = hop_for(walk.estate, table.record, walk.address.family, walk.address.value)
    if hop.kind != "local" or walk.address.vpc != vpc:
        return walk.onward(pieces, place, table)
    return directly(walk, walk.acl(pieces, subnet, egress=True), crossing=True)


def referable(estate: Estate, attachment: Attachment) -> list[Sight]:
    """What references match over the transit gateway: where that is open, each that may be (S-TGW-08)."""
    gateway = estate.get("ec2:DescribeTransitGateways", attachment.gateway)
    allowed = text(gateway.data, "Options", "SecurityGroupReferencingSupport") == "enable" if gateway else None
    others = [
        one
        for one in attachments(estate).values()
        if one.kind == "vpc" and one.gateway == attachment.gateway and one.id != attachment.id and not one.dead
    ]
    sure, maybe = set(), set()
    for other in others if allowed is not False else []:
        options = [one.options and one.option("SecurityGroupReferencingSupport") for one in (attachment, other)]
        if "disable" in options:
            continue
        maybe.add(other.resource)
        if allowed and None not in [one.options for one in (attachment, other)]:
            sure.add(other.resource)
    return [Sight(vpcs=tuple(sorted(vpcs))) for vpcs in ([sure] if sure == maybe else [sure, maybe])]


def to_sender(walk: Walk, pieces: Pieces) -> Pieces:
    """The reply, whichever middleboxes the packets came through (S-TGW-07)."""
    return each_pass(walk, pieces, lambda each, some: each.leave(some))


# As a target


class Trip(NamedTuple):
    """How packets came into a transit gateway."""

    came: Attachment
    names: tuple[str, ...]
    """What has led them here: each may be named as what stops them."""
    zone: Record | None
    """A subnet of the zone that they come from; None where that is not known."""
    left: int = FURTHEST


def to_transit(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """From a VPC to the attachment that joins it to the transit gateway (S-TGW-01)."""
    layer = RETURN if walk.replying else FORWARD
    known, doubt = of_vpc(walk.estate, place.vpc)
    joined = sorted((one for one in known if one.gateway == hop.target), key=lambda one: one.dead)
    if not joined and (doubt or walk.estate.get("ec2:DescribeVpcs", place.vpc) is None):
        return walk.doubt(pieces, doubt or f"{place.vpc} was not read")
    gone = not joined or joined[0].dead
    foreign = walk.replying and walk.way.kind == WAY and attachment_of(walk).gateway != hop.target  # S-TGW-12
    if gone or foreign:
        pieces = walk.stop(pieces, layer, hop.table, hop.target, place.vpc, *(one.id for one in joined))
        if gone or walk.wanted is None:
            return pieces
    attachment = joined[0]
    names = (hop.table, hop.target, place.vpc, attachment.id)
    if attachment.open:
        pieces = walk.doubt(pieces, attachment.open)
    trip = Trip(attachment, names, place.subnet)
    if attachment.subnets is None or place.subnet is None:  # it may be stopped further on all the same
        return through(walk, walk.doubt(pieces, f"the subnets of {attachment.id} are not in the snapshot"), trip)
    subnets = [walk.estate.get("ec2:DescribeSubnets", name) for name in attachment.subnets]
    near = [one for one in subnets if one is not None and same_zone(one, place.subnet)]
    if near:
        pieces = walk.acl(pieces, near[0], egress=False)  # S-TGW-11
        return through(walk, pieces, trip)
    if any(one is None or same_zone(one, place.subnet) is None for one in subnets):
        why = f"whether {attachment.id} is in the zone of {place.subnet.id} is not known"
        return through(walk, walk.doubt(pieces, why), trip)
    return walk.stop(pieces, layer, *names)  # S-TGW-04


def same_zone(one: Record, other: Record) -> bool | None:
    """Whether two subnets are in one zone, by its id; by name only within an account (S-RAM-02)."""
    for member in ("AvailabilityZoneId", "AvailabilityZone"):
        zones = [text(each.data, member) for each in (one, other)]
        owners = {text(each.data, "OwnerId") or each.account for each in (one, other)}
        if None not in zones and (member == "AvailabilityZoneId" or len(owners) == 1):
            return zones[0] == zones[1]
    return None


def through(walk: Walk, pieces: Pieces, trip: Trip) -> Pieces:
    """Through the transit gateway by the one table that the attachment is associated with (S-TGW-03)."""
    layer = RETURN if walk.replying else FORWARD
    table, why = associated(walk.estate, trip.came)
    if why or trip.left == 0:
        return walk.doubt(pieces, why or "it goes over too many transit gateways")
    if not table:
        return walk.stop(pieces, layer, *trip.names)
    trip = trip._replace(names=(*trip.names, table))
    return (
        by_policy(walk, pieces, table, trip) if table.startswith("tgw-ptb-") else by_routes(walk, pieces, table, trip)
    )


def by_policy(walk: Walk, pieces: Pieces, table: str, trip: Trip) -> Pieces:
    """The packets by the first rule of a policy table that they match (S-TGW-09)."""
    rules = policy(walk.estate, table, walk.address.family, walk.address.ranges, replying=walk.replying)
    if rules is None:
        return walk.doubt(pieces, f"the rules of {table} are not in the snapshot")
    out: Pieces = [piece for piece in pieces if piece.stop]
    rest = [piece for piece in pieces if not piece.stop]
    for rule in rules:
        hits = [
            piece._replace(box=box) for piece in rest for each in rule.match if (box := piece.box & each) is not None
        ]
        rest = [piece._replace(box=box) for piece in rest for box in subtract([piece.box], rule.match)]
        if rule.open:
            out += walk.doubt(hits, f"a rule of {table} cannot be judged")
        else:
            out += by_routes(walk, hits, rule.table, trip._replace(names=(*trip.names, rule.table)))
    return out + walk.stop(rest, RETURN if walk.replying else FORWARD, *trip.names)


def by_routes(walk: Walk, pieces: Pieces, table: str, trip: Trip) -> Pieces:
    """The packets by the route table's longest prefix (S-TGW-05)."""
    layer = RETURN if walk.replying else FORWARD
    out: Pieces = []
    for piece in pieces:
        if piece.stop:
            out.append(piece)
            continue
        goals: Ranges = piece.box.sources if walk.replying else ((walk.address.value, walk.address.value),)
        for onward in onwards(walk.estate, table, walk.address.family, goals):
            part = [piece]
            if walk.replying:
                part = [piece._replace(box=piece.box._replace(sources=onward.destinations))]
            if onward.why:
                out += walk.doubt(part, onward.why)
            elif not onward.targets:
                out += walk.stop(part, layer, *trip.names)
            else:  # S-TGW-06
                out += whichever(walk, part, [_leg(trip, target) for target in onward.targets])
    return out


def _leg(trip: Trip, target: tuple[str, str]) -> Leg:
    return lambda walk, pieces: settled(walk, out_of(walk, pieces, trip, target))


def out_of(walk: Walk, pieces: Pieces, trip: Trip, target: tuple[str, str]) -> Pieces:
    """Out of the transit gateway by an attachment."""
    name, kind = target
    gateway = trip.came.gateway
    attachment = attachments(walk.estate).get((name, gateway))
    home = walk.replying and walk.way.kind == WAY
    unread = attachment is None and kind in {"vpc", ""} and not home  # what a route leads to is in force (S-TGW-05)
    if name == trip.came.id or kind == "network-function" or unread:  # S-TGW-15
        return walk.doubt(pieces, f"what {name} does with it is not known")
    attachment = attachment or Attachment(name, gateway, kind, "", frozenset({"available"}))
    names = (*trip.names, name)
    if attachment.dead:  # S-TGW-02
        return walk.stop(pieces, RETURN if walk.replying else FORWARD, *names)
    pieces = walk.doubt(pieces, attachment.open) if attachment.open else pieces
    if home:  # S-TGW-12
        lost = gateway != attachment_of(walk).gateway
        return walk.stop(pieces, RETURN, *names) if lost else pieces
    far = attachments(walk.estate).get((name, attachment.peer))
    match attachment.kind, far:
        case "vpc", _:
            return into_vpc(walk, pieces, attachment, trip.zone)
        case "peering", Attachment():  # S-TGW-13
            return through(walk, pieces, Trip(far, names, None, trip.left - 1))
        case _:  # S-TGW-14
            return walk.doubt(pieces, f"what is behind {name} is not in the snapshot")


def into_vpc(walk: Walk, pieces: Pieces, attachment: Attachment, zone: Record | None) -> Pieces:
    """Into a VPC by a subnet of the attachment (S-TGW-07)."""
    if attachment.subnets is None:
        return walk.doubt(pieces, f"the subnets of {attachment.id} are not in the snapshot")
    if walk.estate.get("ec2:DescribeVpcs", attachment.resource) is None:  # S-TGW-14
        return walk.doubt(pieces, f"{attachment.resource} was not read")
    if walk.replying and walk.sender is None and walk.way.other == attachment.resource:
        return walk.doubt(pieces, f"whether the sender gets it by {attachment.id} is not judged")
    chosen = list(attachment.subnets)
    subnets = [walk.estate.get("ec2:DescribeSubnets", name) for name in chosen]
    same = [None if one is None or zone is None else same_zone(one, zone) for one in subnets]
    sticks = attachment.options is not None and attachment.option("ApplianceModeSupport") != "enable"
    if sticks and None not in same and True in same:
        chosen = [name for name, near in zip(chosen, same, strict=True) if near]
    return whichever(walk, pieces, [_out_by(attachment.resource, name) for name in chosen])


ENTRANCES[WAY] = Entrance("tgw", transit_ways, from_transit, to_sender, of_vpc=True)
TARGET_KINDS["tgw"] = to_transit
