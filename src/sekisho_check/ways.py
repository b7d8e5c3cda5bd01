"""The ways into a VPC: which there are for an address, and what each does. ENTRANCES has a row for each kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from sekisho_check.estate import Estate
from sekisho_check.walk import Address, Pieces, Walk, Way

ORIGINS = ("internet", "peering", "vgw", "tgw", "privatelink", "gated")


class Found(NamedTuple):
    """The ways of one kind."""

    ways: list[Way] = []  # noqa: RUF012 - never changed
    """Those that lead to the address."""
    there: bool = False
    """Whether the VPC has any."""
    open: str = ""
    """Why there may be more; empty where there are not."""


class Entrance(NamedTuple):
    """One kind of way."""

    origin: str
    find: Callable[[Estate, Address], Found]
    enter: Callable[[Walk, Pieces], Pieces]
    """From the gateway to the destination: what is left without stop is delivered."""
    leave: Callable[[Walk, Pieces], Pieces] = lambda walk, pieces: walk.leave(pieces)
    """The reply: what is left without stop is answered."""
    of_vpc: bool = False
    """Whether its ways are the same for all addresses of one family in a VPC."""


ENTRANCES: dict[str, Entrance] = {}


BEHIND: list[Callable[[Estate, Address, str, int], Found]] = []
"""What stands between ways and addresses: each finds ways that lead on from those to another address."""


def ways_of(estate: Estate, address: Address, origin: str, deep: int = 0) -> list[Way]:
    """The ways of an origin to an address; none at all where the VPC has none, and then there is no row either."""
    key = ("ways", address.interface.id, address.text, origin, deep)
    if key not in estate.memo:
        estate.memo[key] = _ways_of(estate, address, origin, deep)
    ways: list[Way] = estate.memo[key]
    return ways


def _ways_of(estate: Estate, address: Address, origin: str, deep: int) -> list[Way]:
    found = [_found(estate, address, kind) for kind, entrance in ENTRANCES.items() if entrance.origin == origin]
    there = any(one.there or one.ways or one.open for one in found)
    if there or deep:  # without a way to the VPC of the address none to its balancers
        found += [find(estate, address, origin, deep) for find in BEHIND]
    ways = [way for one in found for way in one.ways]
    doubts = [one.open for one in found if one.open]
    if not ways and estate.get("ec2:DescribeVpcs", address.vpc) is None:
        doubts.append(f"{address.vpc} was not read")
    if doubts:
        ways.append(Way(("open", doubts[0]), (), open=doubts[0]))
    if not ways and any(one.there for one in found):
        ways.append(Way(("none", address.vpc), ()))
    return ways


def behind(estate: Estate, address: Address, origin: str) -> list[Way]:
    """The ways that lead on to the address from others, though its VPC has none of the origin."""
    return [way for find in BEHIND for way in find(estate, address, origin, 0).ways]


def _found(estate: Estate, address: Address, kind: str) -> Found:
    entrance = ENTRANCES[kind]
    if not entrance.of_vpc:
        return entrance.find(estate, address)
    key = ("found", kind, address.vpc, address.family)
    if key not in estate.memo:
        estate.memo[key] = entrance.find(estate, address)
    found: Found = estate.memo[key]
    return found


def enter(walk: Walk, pieces: Pieces) -> Pieces:
    """The packets at their destination, or stopped before."""
    way = walk.way
    if way.through is not None:
        return way.through.enter(walk, pieces)
    if way.kind == "none":
        return walk.stop(pieces, "gateway", address_vpc(walk))
    if way.open:
        pieces = walk.doubt(pieces, way.open)
    found = ENTRANCES[way.kind].enter(walk, pieces)
    return found if way.kind == "open" else settled(walk, found)


def settled(walk: Walk, pieces: Pieces) -> Pieces:
    """The packets at their destination, or stopped before: those of which nobody knows how they go on have groups and
    state to pass all the same, wherever they come out.
    """
    lost = [piece for piece in pieces if not piece.stop and not piece.arrived]
    if not lost or walk.replying:
        return pieces
    return [piece for piece in pieces if piece.stop or piece.arrived] + ENTRANCES["open"].enter(walk, lost)


def leave(walk: Walk, pieces: Pieces) -> Pieces:
    if walk.way.through is not None:
        return walk.way.through.leave(walk, pieces)
    return ENTRANCES[walk.way.kind].leave(walk, pieces) if walk.way.kind in ENTRANCES else pieces


def address_vpc(walk: Walk) -> str:
    return walk.address.vpc
