"""Route tables as partitions of the address space: which route decides each destination (S-RT-02 to S-RT-08).

Prefixes nest or are disjoint, so one sweep over them in order of address with a stack of the prefixes that
are open gives the longest match everywhere in O(n log n).
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple, TypeVar

from sekisho.model.record import Undecided
from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.sets.prefixes import Family, Prefix, Range, merge, parse, top

Entries = Callable[[str], tuple[str, ...] | Undecided]
D = TypeVar("D")

# Ranks of routes of one prefix (S-RT-03).
_STATIC, _LISTED, _PROPAGATED = 0, 1, 2
# Link-local addresses of AWS's own services, which no larger route carries (S-RT-08).
_NEVER_FORWARDED = {"ipv4": "169.254.168.0/22", "ipv6": "fd00:ec2::/32"}
# Only these may stand on a route that is more specific than the local one (S-RT-04).
_WITHIN_LOCAL = {TargetKind.NAT_GATEWAY, TargetKind.NETWORK_INTERFACE}


class RoutePart(NamedTuple):
    """Destinations that one route decides: `place` is its place in the table, None where no route matches.

    Where `undecided` says why, the destinations are decided by this or by another route, nobody knows which.
    `implied`: the VPC's own local route, which the table does not list (S-VPC).
    """

    ranges: tuple[Range, ...]
    place: int | None
    undecided: str | None = None
    implied: bool = False


class _Candidate(NamedTuple):
    prefix: Prefix
    rank: int
    place: int | None
    implied: bool = False


class _Decided(NamedTuple):
    place: int | None
    undecided: str | None = None
    implied: bool = False


def partition(table: RouteTable, family: Family, entries: Entries, own: Iterable[str] = ()) -> tuple[RoutePart, ...]:
    """Disjoint parts that cover every address of the family, by place of their route (unrouted ones last).

    `own` are the blocks of the VPC, each of which has a local route though the table may not list it.
    """
    candidates, unread = _candidates(table, family, entries)
    listed = {r.destination for r in table.routes if not r.propagated}
    local = [parse(cidr) for cidr in own if cidr not in listed]
    candidates += [_Candidate(p, _STATIC, None, implied=True) for p in local if p.family == family]
    winners = _winners(_without_overruled(candidates, table), table)
    found: dict[_Decided, list[Range]] = {}
    for span, decided in sweep(winners, _Decided(None), family):
        why = decided.undecided or _unread_reason(table, decided, unread)
        found.setdefault(decided._replace(undecided=why), []).append(span)
    parts = (RoutePart(merge(ranges), *decided) for decided, ranges in found.items())
    return tuple(sorted(parts, key=lambda p: (p.place is None, p.place or 0, p.ranges)))


def lookup(parts: Iterable[RoutePart], address: int) -> RoutePart:
    """The part that holds the address."""
    return next(p for p in parts if any(low <= address <= high for low, high in p.ranges))


class _Unread(NamedTuple):
    """A route to a prefix list whose entries are not to be had."""

    route: Route
    reason: str


def _candidates(table: RouteTable, family: Family, entries: Entries) -> tuple[list[_Candidate], list[_Unread]]:
    """Every prefix of every route with the rank of its kind (S-RT-03), and the prefix lists that could not be read."""
    found = [_Candidate(parse(_NEVER_FORWARDED[family]), _STATIC, None)]
    unread: list[_Unread] = []
    for place, route in enumerate(table.routes):
        if route.destination_prefix_list_id:
            cidrs = entries(route.destination_prefix_list_id)
            if isinstance(cidrs, Undecided):
                unread.append(_Unread(route, cidrs.reason))
                continue
            found += [_Candidate(p, _LISTED, place) for p in map(parse, cidrs) if p.family == family]
            continue
        cidr = route.destination_cidr_block if family == "ipv4" else route.destination_ipv6_cidr_block
        if cidr:
            found.append(_Candidate(parse(cidr), _PROPAGATED if route.propagated else _STATIC, place))
    return found, unread


def _without_overruled(candidates: list[_Candidate], table: RouteTable) -> list[_Candidate]:
    """Propagated prefixes inside a local route's prefix never win (S-RT-04)."""
    local = [c.prefix for c in candidates if c.implied or (c.place is not None and _is_local(table.routes[c.place]))]
    return [
        c
        for c in candidates
        if c.rank != _PROPAGATED or not any(p.low <= c.prefix.low and c.prefix.high <= p.high for p in local)
    ]


def _is_local(route: Route) -> bool:
    """A local route, also where its target was replaced (S-RT-04)."""
    return route.target.kind is TargetKind.LOCAL or route.origin == "CreateRouteTable"


def _winners(candidates: list[_Candidate], table: RouteTable) -> dict[Range, _Decided]:
    """For each prefix the route that wins it by rank, and why that is undecided where equals disagree (S-RT-05)."""
    by_prefix: dict[Range, list[_Candidate]] = {}
    for candidate in sorted(candidates, key=lambda c: (c.rank, c.place is not None, c.place or 0)):
        by_prefix.setdefault(candidate.prefix.range, []).append(candidate)
    return {prefix: _winner(found, table) for prefix, found in by_prefix.items()}


def _winner(candidates: list[_Candidate], table: RouteTable) -> _Decided:
    """The first of the candidates for one prefix, which come in the order of their ranks."""
    first = candidates[0]
    equals = [table.routes[c.place] for c in candidates if c.rank == first.rank and c.place is not None]
    why = None
    if first.place is not None and len({route.target for route in equals}) > 1:
        names = " and ".join(dict.fromkeys(route.destination for route in equals))
        why = f"{table.route_table_id}: {names} hold one prefix with different targets"
    return _Decided(first.place, why, first.implied)


def _unread_reason(table: RouteTable, decided: _Decided, unread: list[_Unread]) -> str | None:
    """A list that was not read may hold any destination, within the local routes for some targets (S-RT-05)."""
    winner = None if decided.place is None else table.routes[decided.place]
    within_local = decided.implied or (winner is not None and _is_local(winner))
    for route, reason in unread:
        same = winner is not None and (route.target, route.state) == (winner.target, winner.state)
        if not same and not (within_local and route.target.kind not in _WITHIN_LOCAL):
            return f"{table.route_table_id}: {reason}"
    return None


def sweep(winners: dict[Range, D], outside: D, family: Family) -> Iterable[tuple[Range, D]]:
    """Every address once, in order, with the innermost prefix's winner; `outside` where no prefix holds it."""
    stack: list[tuple[int, D]] = [(top(family), outside)]
    at = 0
    for (low, high), winner in sorted(winners.items(), key=lambda w: (w[0][0], -w[0][1])):
        while stack[-1][0] < low:
            end, decided = stack.pop()
            if at <= end:
                yield (at, end), decided
                at = end + 1
        if at < low:
            yield (at, low - 1), stack[-1][1]
            at = low
        stack.append((high, winner))
    while stack:
        end, decided = stack.pop()
        if at <= end:
            yield (at, end), decided
            at = end + 1
