"""The routes of one table as conditions on a destination: a route decides where no other one goes before it."""

from typing import NamedTuple

import z3

from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.sets.prefixes import Family

from .estate import Estate
from .logic import NO, block, within

#: What no larger route forwards (S-RT-08).
_RESERVED = ("169.254.168.0/22", "fd00:ec2::/32")
#: What may be the target of a route within the local one (S-RT-04).
_WITHIN_LOCAL = (TargetKind.NAT_GATEWAY, TargetKind.NETWORK_INTERFACE)
_STATIC, _LISTED, _PROPAGATED = 0, 1, 2


class Decision(NamedTuple):
    """A route, the destinations that it decides, and those of them where another one may decide instead."""

    route: Route
    decides: z3.BoolRef
    contested: z3.BoolRef


class Decisions(NamedTuple):
    """The routes of a table, and the destinations that no known route holds and an unknown one may."""

    known: tuple[Decision, ...]
    unknown: z3.BoolRef


class _Candidate(NamedTuple):
    route: Route
    cidr: str
    rank: int
    holds: z3.BoolRef

    @property
    def length(self) -> int:
        return block(self.cidr)[2]

    def before(self, other: "_Candidate") -> bool:
        """S-RT-02, then S-RT-03."""
        return (-self.length, self.rank) < (-other.length, other.rank)

    def equals(self, other: "_Candidate") -> bool:
        return (self.length, self.rank) == (other.length, other.rank)


def decisions(estate: Estate, table: RouteTable, destination: z3.BitVecRef, family: Family) -> Decisions:
    """What the table says of a destination: the matching route with the greatest length."""
    unread = [r for r in table.routes if _list(r) and estate.entries(_list(r)) is None]
    candidates = _candidates(estate, table, destination, family)
    found = []
    for index, one in enumerate(candidates):
        rivals = [c for c in candidates[:index] if c.equals(one)]
        better = [c.holds for c in candidates if c.before(one)] + [c.holds for c in rivals]
        decides = z3.And(one.holds, *(z3.Not(holds) for holds in better))
        others = [c.holds for c in candidates[index + 1 :] if c.equals(one) and c.route.target != one.route.target]
        contested = z3.BoolVal(any(_may_overrule(route, one.route) for route in unread))
        found.append(Decision(one.route, decides, z3.Or(contested, *others)))
    nothing = z3.Not(z3.Or([c.holds for c in candidates])) if candidates else z3.BoolVal(True)
    return Decisions(tuple(found), nothing if unread else NO)


def _list(route: Route) -> str:
    return route.destination_prefix_list_id or ""


def _may_overrule(unread: Route, other: Route) -> bool:
    """Whether an entry of a list that was not read could matter where the other route decides (S-RT-05)."""
    same = (unread.target, unread.state) == (other.target, other.state)
    return not same and not (_is_local(other) and unread.target.kind not in _WITHIN_LOCAL)


def _is_local(route: Route) -> bool:
    """Also where its target was replaced (S-RT-04)."""
    return route.target.kind is TargetKind.LOCAL or route.origin == "CreateRouteTable"


def _candidates(estate: Estate, table: RouteTable, destination: z3.BitVecRef, family: Family) -> list[_Candidate]:
    """Every prefix of the family, with the destinations that it may take."""
    written = [(r, cidr, _rank(r)) for r in (*table.routes, *_implied(estate, table)) for cidr in _cidrs(estate, r)]
    written = [(r, cidr, rank) for r, cidr, rank in written if block(cidr)[0] == family]
    local = within(destination, [cidr for r, cidr, _ in written if _is_local(r)], family)
    reserved = next(c for c in _RESERVED if block(c)[0] == family)
    found = []
    for route, cidr, rank in written:
        holds = within(destination, [cidr], family)
        if rank == _PROPAGATED:
            holds = z3.And(holds, z3.Not(local))  # S-RT-04
        if block(cidr)[2] < block(reserved)[2]:
            holds = z3.And(holds, z3.Not(within(destination, [reserved], family)))
        found.append(_Candidate(route, cidr, rank, holds))
    return found


def _rank(route: Route) -> int:
    return _PROPAGATED if route.propagated else _LISTED if route.destination_prefix_list_id else _STATIC


def _implied(estate: Estate, table: RouteTable) -> list[Route]:
    """The local routes that every table of the VPC has, listed or not (S-VPC)."""
    listed = {r.destination for r in table.routes if not r.propagated}
    cidrs = [cidr for cidr in estate.vpc(table.vpc_id).cidrs if cidr not in listed]
    return [Route(destination_cidr_block=cidr, gateway_id="local", origin="CreateRouteTable") for cidr in cidrs]


def _cidrs(estate: Estate, route: Route) -> tuple[str, ...]:
    if route.destination_prefix_list_id:
        entries = estate.entries(route.destination_prefix_list_id)
        return entries.cidrs if entries else ()
    cidr = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return (cidr,) if cidr else ()
