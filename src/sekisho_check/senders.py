"""Connections that a node or an endpoint opens by itself: from its own address, whatever the client's."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.boxes import PORTED, Box
from sekisho_check.estate import Estate, Json, Record, text
from sekisho_check.filters import Sight
from sekisho_check.gateways import directly
from sekisho_check.ranges import Ranges, meet
from sekisho_check.routes import table_of
from sekisho_check.walk import Address, Piece, Pieces, Place, Walk, Way

OWN_PORTS: Ranges = ((1024, 65535),)


class Sender(NamedTuple):
    """Who opens the connection, as far as the destination and what is between can tell."""

    key: tuple[str, ...]
    """What makes it one of a kind."""
    place: Place
    addresses: Ranges
    """It may have any of them, and what not all of them can do is open."""
    sight: Sight = Sight()
    egress: Json | None = None
    """The interface, or what stands for it, whose groups filter what is sent; None where none do."""
    always_acl: bool = False
    """Whether the ACL of its subnet filters what it sends to a neighbour too (S-CLB-02)."""
    ports: Ranges = OWN_PORTS
    direct: bool = False
    """Whether it needs no routes: what it sends is handed to the destination, and replies are taken from its subnet."""
    unfiltered: bool = False
    """Whether inbound rules of the destination's ACL do not filter what is handed in."""
    opener: str | None = None
    """The interface that sends, where its groups do not tell it."""
    vague: str = ""
    """Why its addresses are not known: then what all of them can do is open too."""


def sent(walk: Walk, pieces: Pieces, sender: Sender) -> Pieces:
    """The client's packets as the sender passes them on to the destination: certain where it is for every address and
    port that the sender may pick.
    """
    return _quantified(walk, pieces, sender, replying=False)


def sent_back(walk: Walk, pieces: Pieces, sender: Sender) -> Pieces:
    """The replies to them, back at the sender."""
    return _quantified(walk, pieces, sender, replying=True)


def _quantified(walk: Walk, pieces: Pieces, sender: Sender, *, replying: bool) -> Pieces:
    out: Pieces = []
    for piece in pieces:
        if piece.stop:
            out.append(piece)
            continue
        ported = bool(meet(piece.box.protocols, PORTED))
        own = piece.box._replace(sources=sender.addresses, fourths=sender.ports if ported else piece.box.fourths)
        fates = judged(walk.estate, walk.address, sender, own, None, replying=replying)
        named = judged(walk.estate, walk.address, sender, own, walk.wanted, replying=replying) if walk.wanted else fates
        for cell, found in _cells(piece.box, fates, ported=ported):
            part = piece._replace(box=cell)
            stopped = [one for one in found if one.stop]
            going = [one for one in found if not one.stop]
            part = part._replace(arrived=all(one.arrived for one in going))
            if going and walk.wanted is None:
                why = "not every address and port that may be picked gets through" if stopped else ""
                why = why or next((one.open for one in going if one.open), "")
                assumed = next((one.assumed for one in going if one.assumed), "")
                out.append(part._replace(open=part.open or why, assumed=part.assumed or assumed))
            elif going:
                out.append(part._replace(hinted=part.hinted or any(one.hinted for one in named)))
            else:
                for small, many in _cells(cell, named, ported=ported):
                    stop = next((one.stop for one in many if one.stop), None)
                    out.append(part._replace(box=small, stop=stop))
    return out


def _cells(box: Box, pieces: Pieces, *, ported: bool) -> list[tuple[Box, Pieces]]:
    """The box in parts that the pieces do not tell apart but by what the sender picks, with the pieces of each."""
    cells: list[tuple[Box, Pieces]] = [(box, [])]
    for piece in pieces:
        shape = box._replace(protocols=piece.box.protocols, thirds=piece.box.thirds)
        shape = shape if ported else shape._replace(fourths=piece.box.fourths)
        after: list[tuple[Box, Pieces]] = []
        for cell, found in cells:
            inside = cell & shape
            if inside is None:
                after.append((cell, found))
                continue
            after.append((inside, [*found, piece]))
            after += [(rest, found) for rest in cell.minus(inside)]
        cells = after
    return cells


def judged(
    estate: Estate, address: Address, sender: Sender, box: Box, wanted: tuple[str, str] | None, *, replying: bool
) -> Pieces:
    """The sender's own packets at the destination, or their replies back at the sender."""
    key = ("sent", address.interface.id, address.text, sender.key, box, wanted, replying)
    if key not in estate.memo:
        way = Way(("sender", *sender.key), sender.addresses)
        walk = walk_from(estate, address, way, wanted if not replying else None, sender)
        pieces = _to_destination(walk, [Piece(box)], sender)
        if replying:
            back = walk_from(estate, address, way, wanted, sender)
            pieces = to_sender(back, [piece._replace(open="") for piece in pieces if not piece.stop], sender)
        estate.memo[key] = pieces
    found: Pieces = estate.memo[key]
    return found


def walk_from(estate: Estate, address: Address, way: Way, wanted: tuple[str, str] | None, sender: Sender) -> Walk:
    walk = Walk(estate, address, way, wanted)
    walk.sight, walk.sender = sender.sight, sender.place
    walk.opener = sender.opener or text(sender.egress, "NetworkInterfaceId")
    return walk


def neighbours(sender: Place, walk: Walk) -> bool:
    """Whether sender and destination are in one subnet."""
    home = walk.place.subnet
    return sender.subnet is not None and home is not None and sender.subnet.id == home.id


def _to_destination(walk: Walk, pieces: Pieces, sender: Sender) -> Pieces:
    pieces = out_of_sender(walk, pieces, sender.egress)
    if sender.vague:
        pieces = walk.doubt(pieces, sender.vague)
    if sender.direct:
        return walk.arrive(pieces, sender.sight, crossing=not (sender.unfiltered or neighbours(sender.place, walk)))
    if sender.place.subnet is None:
        pieces = walk.doubt(pieces, "the subnet that it is sent from is not known")
        return walk.arrive(pieces, sender.sight, crossing=False)
    if neighbours(sender.place, walk):  # S-RT-09
        if sender.always_acl:
            pieces = walk.acl(pieces, sender.place.subnet, egress=True)
        return directly(walk, pieces, crossing=False)
    return walk.onward(pieces, sender.place, table_of(walk.estate, sender.place.subnet))


def out_of_sender(walk: Walk, pieces: Pieces, egress: Json | None) -> Pieces:
    """Past the egress rules of the sender's groups (S-SG-10)."""
    if egress is None:
        return pieces
    return walk.groups(pieces, egress, Sight(vpcs=(walk.address.vpc,)), egress=True)


def to_sender(walk: Walk, pieces: Pieces, sender: Sender) -> Pieces:
    walk.replying = True
    if neighbours(sender.place, walk):
        return pieces
    if sender.direct:
        return walk.acl(pieces, walk.place.subnet, egress=True)
    return walk.leave(pieces)


def subnet_of(estate: Estate, interface: Record) -> Record | None:
    name = interface.data.get("SubnetId")
    return estate.get("ec2:DescribeSubnets", name if isinstance(name, str) else None)
