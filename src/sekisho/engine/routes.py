"""Route tables as partitions of the address space: which route decides each destination (S-RT-02 to S-RT-08).

Prefixes nest or are disjoint, so one sweep over them in order of address with a stack of the prefixes that
are open gives the longest match everywhere in O(n log n).
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sekisho.model.record import Undecided
from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.sets.prefixes import Family, Prefix, Range, merge, parse, top

Entries = Callable[[str], tuple[str, ...] | Undecided]

# Link-local addresses of AWS's own services, which no larger route carries (S-RT-08).
# Ranks of routes of one prefix (S-RT-03).
_STATIC, _LISTED, _PROPAGATED = 0, 1, 2
_NEVER_FORWARDED = {"ipv4": "169.254.168.0/22", "ipv6": "fd00:ec2::/32"}


class RoutePart(NamedTuple):
    """Destinations that one route decides: `place` is its place in the table, None where no route matches.

    Where `undecided` says why, the destinations are decided by this or by another route, nobody knows which.
    """

    ranges: tuple[Range, ...]
    place: int | None
    undecided: str | None = None


class _Candidate(NamedTuple):
    prefix: Prefix
    rank: int
    place: int | None


def partition(table: RouteTable, family: Family, entries: Entries) -> tuple[RoutePart, ...]:
    """Disjoint parts that cover every address of the family, by index of their route (unrouted ones last)."""
    candidates, unread = _candidates(table, family, entries)
    winners = _winners(candidates, table)
    found: dict[tuple[int | None, str | None], list[Range]] = {}
    for span, index, conflict in _sweep(winners, family):
        key = (index, conflict or _unread_reason(table, index, unread))
        found.setdefault(key, []).append(span)
    parts = (RoutePart(merge(ranges), index, why) for (index, why), ranges in found.items())
    return tuple(sorted(parts, key=lambda p: (p.place is None, p.place or 0, p.ranges)))


def lookup(parts: Iterable[RoutePart], address: int) -> RoutePart:
    """The part that holds the address."""
    return next(p for p in parts if any(low <= address <= high for low, high in p.ranges))


def _candidates(table: RouteTable, family: Family, entries: Entries) -> tuple[list[_Candidate], list[str]]:
    """Every prefix of every route with the rank of its kind (S-RT-03), and the prefix lists that could not be read."""
    found = [_Candidate(parse(_NEVER_FORWARDED[family]), _STATIC, None)]
    unread: list[str] = []
    for index, route in enumerate(table.routes):
        if route.destination_prefix_list_id:
            cidrs = entries(route.destination_prefix_list_id)
            if isinstance(cidrs, Undecided):
                unread.append(cidrs.reason)
                continue
            found += [_Candidate(p, _LISTED, index) for p in map(parse, cidrs) if p.family == family]
            continue
        cidr = route.destination_cidr_block if family == "ipv4" else route.destination_ipv6_cidr_block
        if cidr:
            found.append(_Candidate(parse(cidr), _PROPAGATED if route.propagated else _STATIC, index))
    return _without_overruled(found, table), unread


def _without_overruled(candidates: list[_Candidate], table: RouteTable) -> list[_Candidate]:
    """Propagated prefixes inside a local route's prefix never win (S-RT-04)."""
    local = [c.prefix for c in candidates if c.place is not None and _is_local(table.routes[c.place])]
    return [
        c
        for c in candidates
        if c.rank != _PROPAGATED or not any(p.low <= c.prefix.low and c.prefix.high <= p.high for p in local)
    ]


def _is_local(route: Route) -> bool:
    return route.target.kind is TargetKind.LOCAL


def _winners(candidates: list[_Candidate], table: RouteTable) -> dict[Range, "_Decided"]:
    """For each prefix the route that wins it by rank, and why that is undecided where two lists disagree (S-RT-05)."""
    winners: dict[Range, _Decided] = {}
    for candidate in sorted(candidates, key=lambda c: (c.rank, -1 if c.place is None else c.place), reverse=True):
        before = winners.get(candidate.prefix.range)
        conflict = None
        if before and candidate.rank == _LISTED and before[0] is not None and candidate.place is not None:
            one, other = table.routes[candidate.place], table.routes[before[0]]
            if other.destination_prefix_list_id and one.target != other.target:
                lists = f"{one.destination} and {other.destination}"
                conflict = f"{table.route_table_id}: {lists} hold one prefix with different targets"
        winners[candidate.prefix.range] = (candidate.place, conflict)
    return winners


def _unread_reason(table: RouteTable, index: int | None, unread: list[str]) -> str | None:
    """A list that was not read may hold any destination but those of the local routes (S-RT-05)."""
    if not unread or (index is not None and _is_local(table.routes[index])):
        return None
    return f"{table.route_table_id}: {unread[0]}"


_Decided = tuple[int | None, str | None]


def _sweep(winners: dict[Range, _Decided], family: Family) -> Iterable[tuple[Range, int | None, str | None]]:
    """Every address once, in order, with the innermost prefix's winner."""
    stack: list[tuple[int, _Decided]] = [(top(family), (None, None))]
    at = 0
    for (low, high), winner in sorted(winners.items(), key=lambda w: (w[0][0], -w[0][1])):
        while stack[-1][0] < low:
            end, decided = stack.pop()
            if at <= end:
                yield (at, end), *decided
                at = end + 1
        if at < low:
            yield (at, low - 1), *stack[-1][1]
            at = low
        stack.append((high, winner))
    while stack:
        end, decided = stack.pop()
        if at <= end:
            yield (at, end), *decided
            at = end + 1
