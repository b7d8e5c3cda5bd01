"""Transit gateways: as a way into a VPC, and as what a route leads to."""

from __future__ import annotations

from sekisho_check.attachments import Attachment, Onward, associated, attachments, of_vpc, onwards, policy
from sekisho_check.boxes import subtract
from sekisho_check.choices import Leg, each_pass, whichever
from sekisho_check.estate import Estate, Record, text
from sekisho_check.filters import Sight
from sekisho_check.gateways import directly, outside
from sekisho_check.ranges import Ranges, everything, meet
from sekisho_check.routes import Hop, hop_for, table_of
from sekisho_check.walk import FORWARD, RETURN, TARGET_KINDS, Address, Piece, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

WAY = "transit-gateway-attachment"
FURTHEST = 8
"""No packet is followed over more transit gateways."""

# As a way in


def transit_ways(estate: Estate, address: Address) -> Found:
    """The attachments of the VPC that are not known to be out of force. S-TGW-12"""
    sources, why = outside(estate, address, everything(address.family))
    known, doubt = of_vpc(estate, address.vpc)
    ways = []
    there = False
    for attachment in known:
        if attachment.dead:  # S-TGW-02
            continue
        there = True
        if attachment.subnets is None:
            doubt = doubt or f"the subnets of {attachment.id} are not in the snapshot"
            continue
        record = estate.get("ec2:DescribeTransitGatewayVpcAttachments", attachment.id)
        ways.append(Way((WAY, attachment.id), sources, record, why or attachment.open))
    return Found(ways, there=there, open=doubt)


def attachment_of(walk: Walk) -> Attachment:
    """The attachment that the way is."""
    known, _ = of_vpc(walk.estate, walk.address.vpc)
    return next(one for one in known if one.id == walk.way.words[1])


def from_transit(walk: Walk, pieces: Pieces) -> Pieces:
    """Out of any subnet of the attachment: the zone that the packets come from is not known. S-TGW-07"""
    attachment = attachment_of(walk)
    walk.sight = Sight(vpcs=referable(walk.estate, attachment))
    return whichever(walk, pieces, [_out_by(attachment.resource, name) for name in attachment.subnets or ()])


def _out_by(vpc: str, name: str) -> Leg:
    return lambda walk, pieces: out_of_subnet(walk, pieces, vpc, walk.estate.get("ec2:DescribeSubnets", name))


def out_of_subnet(walk: Walk, pieces: Pieces, vpc: str, subnet: Record | None) -> Pieces:
    """Out of the transit gateway in one subnet, and on by its routes. S-TGW-07, S-TGW-11"""
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


def referable(estate: Estate, attachment: Attachment) -> tuple[str, ...]:
    """The VPCs whose members a reference matches over the transit gateway. S-TGW-08"""
    gateway = estate.get("ec2:DescribeTransitGateways", attachment.gateway)
    if text(gateway.data if gateway else None, "Options", "SecurityGroupReferencingSupport") != "enable":
        return ()
    if attachment.option("SecurityGroupReferencingSupport") == "disable":
        return ()
    return tuple(
        sorted(
            one.resource
            for one in attachments(estate).values()
            if one.kind == "vpc"
            and one.gateway == attachment.gateway
            and one.id != attachment.id
            and not one.dead
            and one.option("SecurityGroupReferencingSupport") != "disable"
        )
    )


def to_sender(walk: Walk, pieces: Pieces) -> Pieces:
    """The reply, whichever middleboxes the packets came through. S-TGW-07"""
    return each_pass(walk, pieces, lambda each, some: each.leave(some))


# As a target


def to_transit(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """From a VPC to the attachment that joins it to the transit gateway. S-TGW-01"""
    layer = RETURN if walk.replying else FORWARD
    known, doubt = of_vpc(walk.estate, place.vpc)
    joined = [one for one in known if one.gateway == hop.target and not one.dead] or [
        one for one in known if one.gateway == hop.target
    ]
    if not joined:
        unread = doubt or walk.estate.get("ec2:DescribeVpcs", place.vpc) is None
        return (
            walk.doubt(pieces, doubt or f"{place.vpc} was not read")
            if unread
            else walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
        )
    attachment = joined[0]
    names = (hop.table, hop.target, place.vpc, attachment.id)
    if attachment.dead:
        return walk.stop(pieces, layer, *names)
    if attachment.open:
        pieces = walk.doubt(pieces, attachment.open)
    if attachment.subnets is None or place.subnet is None:
        return walk.doubt(pieces, f"the subnets of {attachment.id} are not in the snapshot")
    subnets = [walk.estate.get("ec2:DescribeSubnets", name) for name in attachment.subnets]
    zone = zone_of(place.subnet)
    near = [one for one in subnets if one is not None and zone_of(one) == zone]
    if not near:  # S-TGW-04
        if zone is None or any(one is None or zone_of(one) is None for one in subnets):
            return walk.doubt(pieces, f"whether {attachment.id} is in the zone of {place.subnet.id} is not known")
        return walk.stop(pieces, layer, *names)
    pieces = walk.acl(pieces, near[0], egress=False)  # S-TGW-11
    return through(walk, pieces, attachment, names, zone, FURTHEST)


def zone_of(subnet: Record) -> str | None:
    """The id of its zone; the name where no record says the id. S-RAM-02"""
    return text(subnet.data, "AvailabilityZoneId") or text(subnet.data, "AvailabilityZone")


def through(
    walk: Walk, pieces: Pieces, attachment: Attachment, names: tuple[str, ...], zone: str | None, left: int
) -> Pieces:
    """Through the transit gateway by the one table that the attachment is associated with. S-TGW-03"""
    layer = RETURN if walk.replying else FORWARD
    table, why = associated(walk.estate, attachment)
    if why or left == 0:
        return walk.doubt(pieces, why or "it goes over too many transit gateways")
    if not table:
        return walk.stop(pieces, layer, *names)
    names = (*names, table)
    if not table.startswith("tgw-ptb-"):
        return by_routes(walk, pieces, attachment, table, names, zone, left)
    own = walk.address.ranges
    rules = policy(walk.estate, table, walk.address.family, own, replying=walk.replying)
    if rules is None or walk.address.prefix:
        return walk.doubt(pieces, f"the rules of {table} are not in the snapshot")
    out: Pieces = [piece for piece in pieces if piece.stop]
    rest = [piece for piece in pieces if not piece.stop]
    for rule in rules:  # S-TGW-09
        hits = [
            piece._replace(box=box) for piece in rest for each in rule.match if (box := piece.box & each) is not None
        ]
        left_over = [piece._replace(box=box) for piece in rest for box in subtract([piece.box], rule.match)]
        if rule.open:
            rest = left_over
            out += walk.doubt(hits, f"a rule of {table} cannot be judged")
            continue
        out += by_routes(walk, hits, attachment, rule.table, (*names, rule.table), zone, left)
        rest = left_over
    return out + walk.stop(rest, layer, *names)


def by_routes(
    walk: Walk, pieces: Pieces, attachment: Attachment, table: str, names: tuple[str, ...], zone: str | None, left: int
) -> Pieces:
    """The packets by the route table's longest prefix. S-TGW-05"""
    layer = RETURN if walk.replying else FORWARD
    family = walk.address.family
    out: Pieces = []
    for piece in pieces:
        if piece.stop:
            out.append(piece)
            continue
        goals: Ranges = piece.box.sources if walk.replying else ((walk.address.value, walk.address.value),)
        for onward in onwards(walk.estate, table, family, goals):
            part = [_towards(walk, piece, onward)]
            if onward.why:
                out += walk.doubt(part, onward.why)
            elif not onward.targets:
                out += walk.stop(part, layer, *names)
            else:  # S-TGW-06
                legs = [_leg(attachment, name, kind, names, zone, left) for name, kind in onward.targets]
                out += whichever(walk, part, legs)
    return out


def _towards(walk: Walk, piece: Piece, onward: Onward) -> Piece:
    if not walk.replying:
        return piece
    return piece._replace(box=piece.box._replace(sources=meet(piece.box.sources, onward.destinations)))


def _leg(came: Attachment, name: str, kind: str, names: tuple[str, ...], zone: str | None, left: int) -> Leg:
    return lambda walk, pieces: out_of(walk, pieces, came, (name, kind), names, zone, left)


def out_of(
    walk: Walk,
    pieces: Pieces,
    came: Attachment,
    goal: tuple[str, str],
    names: tuple[str, ...],
    zone: str | None,
    left: int,
) -> Pieces:
    """Out of the transit gateway by an attachment."""
    layer = RETURN if walk.replying else FORWARD
    known = attachments(walk.estate)
    name, kind = goal
    if name == came.id or kind == "network-function":  # S-TGW-15
        return walk.doubt(pieces, f"what {name} does with it is not known")
    attachment = known.get((name, came.gateway))
    if attachment is None:
        if kind in {"vpc", ""}:
            return walk.doubt(pieces, f"{name} was not read")
        attachment = Attachment(name, came.gateway, kind, "", frozenset({"available"}))
    names = (*names, name)
    if attachment.dead:  # S-TGW-02
        return walk.stop(pieces, layer, *names)
    if attachment.open:
        pieces = walk.doubt(pieces, attachment.open)
    if walk.replying and walk.way.kind == WAY and walk.sender is None and attachment_of(walk).gateway == came.gateway:
        return pieces  # S-TGW-12
    match attachment.kind:
        case "vpc":
            return into_vpc(walk, pieces, attachment, zone)
        case "peering":  # S-TGW-13
            far = known.get((name, attachment.peer))
            if far is not None and far.peer:
                return through(walk, pieces, far, names, None, left - 1)
    return walk.doubt(pieces, f"what is behind {name} is not in the snapshot")  # S-TGW-14


def into_vpc(walk: Walk, pieces: Pieces, attachment: Attachment, zone: str | None) -> Pieces:
    """Into a VPC by a subnet of the attachment. S-TGW-07"""
    if attachment.subnets is None:
        return walk.doubt(pieces, f"the subnets of {attachment.id} are not in the snapshot")
    if walk.estate.get("ec2:DescribeVpcs", attachment.resource) is None:  # S-TGW-14
        return walk.doubt(pieces, f"{attachment.resource} was not read")
    subnets = [walk.estate.get("ec2:DescribeSubnets", name) for name in attachment.subnets]
    near = [one.id for one in subnets if one is not None and zone is not None and zone_of(one) == zone]
    whole = all(subnets) and attachment.options is not None
    if near and whole and attachment.option("ApplianceModeSupport") != "enable":
        chosen = near
    else:
        chosen = list(attachment.subnets)
    if walk.replying and walk.sender is None and walk.way.other == attachment.resource:
        return walk.doubt(pieces, f"whether the sender gets it by {attachment.id} is not judged")
    return whichever(walk, pieces, [_out_by(attachment.resource, name) for name in chosen])


ENTRANCES[WAY] = Entrance("tgw", transit_ways, from_transit, to_sender)
TARGET_KINDS["tgw"] = to_transit
