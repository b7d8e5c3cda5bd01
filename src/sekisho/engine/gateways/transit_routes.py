"""Transit gateway route tables as partitions of the address space, and policy tables as sets of flows.

A route table is read like one of a VPC: the longest prefix first, between equals the kind of the route (S-TGW-05).
"""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sekisho.engine.routes import Entries, sweep
from sekisho.engine.transit import Header
from sekisho.model.record import Undecided
from sekisho.model.transit import TransitRoutes
from sekisho.model.transit_gateway import PolicyEntry, RouteAttachment, TransitGatewayRoute
from sekisho.sets.flows import TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Prefix, Range, merge, parse, to_cidrs, top

_STATIC, _LISTED = 0, 1
_PROPAGATED = ("vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "client-vpn", "peering")
_FULL = {"ipv4": 32, "ipv6": 128}


class TransitPart(NamedTuple):
    """Destinations that are decided alike: handed to one of `targets`, or dropped where the route is a blackhole.

    `places` are the routes in the table's search result. With neither target nor blackhole no route matches.
    """

    ranges: tuple[Range, ...]
    targets: tuple[RouteAttachment, ...] = ()
    blackhole: bool = False
    undecided: str | None = None
    places: tuple[int, ...] = ()
    destination: str = ""


class _Candidate(NamedTuple):
    prefix: Prefix
    rank: int
    targets: tuple[RouteAttachment, ...]
    blackhole: bool
    undecided: str | None = None
    place: int | None = None


def partition(name: str, table: TransitRoutes, family: Family, entries: Entries) -> tuple[TransitPart, ...]:
    """Disjoint parts that cover every address of the family, those that no route holds last."""
    unread = _unread(name, table, entries)
    by_prefix: dict[Prefix, list[_Candidate]] = {}
    for candidate in _candidates(table, family, entries):
        by_prefix.setdefault(candidate.prefix, []).append(candidate)
    nothing = TransitPart((), undecided=unread)
    winners = {p.range: _winner(p, found, unread, family) for p, found in by_prefix.items()}
    ranges: dict[TransitPart, list[Range]] = {}
    for span, part in sweep(winners, nothing, family):
        ranges.setdefault(part, []).append(span)
    parts = (part._replace(ranges=merge(spans)) for part, spans in ranges.items())
    return tuple(sorted(parts, key=lambda p: (not p.destination, p.places, p.ranges)))


def _candidates(table: TransitRoutes, family: Family, entries: Entries) -> Iterator[_Candidate]:
    for place, route in enumerate(table.routes):
        prefix = parse(route.destination_cidr_block)
        if prefix.family == family and route.state != "deleted":
            state = None if route.state in {"active", "blackhole", None} else f"the route is {route.state}"
            blackhole = route.state == "blackhole"
            yield _Candidate(prefix, _rank(route), route.transit_gateway_attachments, blackhole, state, place)
    for reference in table.references:
        cidrs = entries(reference.prefix_list_id)
        target = reference.transit_gateway_attachment
        for prefix in () if isinstance(cidrs, Undecided) else map(parse, cidrs):
            if prefix.family == family:
                yield _Candidate(prefix, _LISTED, (target,) if target else (), reference.blackhole)


def _rank(route: TransitGatewayRoute) -> int:
    """Static before prefix list before propagated, and that by what propagates (S-TGW-05)."""
    if route.prefix_list_id:
        return _LISTED
    if route.type != "propagated":
        return _STATIC
    kinds = [a.resource_type for a in route.transit_gateway_attachments]
    ranks = [_PROPAGATED.index(kind) for kind in kinds if kind in _PROPAGATED]
    return 2 + min(ranks, default=len(_PROPAGATED))


def _winner(prefix: Prefix, found: list[_Candidate], unread: str | None, family: Family) -> TransitPart:
    """The best of the candidates for one prefix; equals share their packets (S-TGW-06)."""
    best = min(c.rank for c in found)
    equals = [c for c in found if c.rank == best]
    targets = {a.transit_gateway_attachment_id: a for c in equals for a in c.targets}
    why = next((c.undecided for c in equals if c.undecided), None)
    if len({c.blackhole for c in equals}) > 1:
        why = why or "routes of one rank disagree"
    return TransitPart(
        (),
        tuple(targets[name] for name in sorted(targets)),
        all(c.blackhole for c in equals),
        why or (unread if prefix.length < _FULL[family] else None),
        tuple(c.place for c in equals if c.place is not None),
        to_cidrs([prefix.range], family)[0],
    )


def _unread(name: str, table: TransitRoutes, entries: Entries) -> str | None:
    """Why a longer prefix than those known may decide: a list whose entries neither search nor snapshot shows."""
    shown = {route.prefix_list_id for route in table.routes}
    for reference in table.references:
        cidrs = entries(reference.prefix_list_id)
        if isinstance(cidrs, Undecided) and reference.prefix_list_id not in shown:
            return f"{name}: {cidrs.reason}"
    return None


# Policy tables --------------------------------------------------------------------------------------


class Judged(NamedTuple):
    """Flows that one entry of a policy table matches surely and perhaps; `doubt` says why the rest is open."""

    entry: PolicyEntry
    sure: FlowSet
    maybe: FlowSet
    doubt: str | None = None


def judged(entries: Iterable[PolicyEntry], header: Header, family: Family) -> Iterator[Judged]:
    """Each entry with what it matches of a header, whoever matched it before (S-TGW-09)."""
    for entry in entries:
        flows = _flows(entry, header, family)
        doubt = _open(entry, header)
        yield Judged(entry, FlowSet.empty(family) if doubt else flows, flows, doubt)


def _flows(entry: PolicyEntry, header: Header, family: Family) -> FlowSet:
    rule = entry.policy_rule
    source, destination = _range(rule.source_cidr_block, family), _range(rule.destination_cidr_block, family)
    if source is None or destination is None:
        return FlowSet.empty(family)
    remotes: Range = (0, top(family))
    for end, block in ((header.src, source), (header.dst, destination)):
        if end.address is None or end.remote:
            remotes = max(remotes[0], block[0]), min(remotes[1], block[1])
        elif not block[0] <= end.address <= block[1]:
            return FlowSet.empty(family)
    if remotes[0] > remotes[1]:
        return FlowSet.empty(family)
    number = rule.number
    if number is None:
        return FlowSet.of_remotes(family, [remotes])
    if number not in {TCP, UDP}:
        return FlowSet.build(family, protocols=[(number, number)], remotes=[remotes])
    source_ports, destination_ports = ports_of(rule.source_port_range), ports_of(rule.destination_port_range)
    if header.translated:  # The port that a NAT gateway chose is none of the first packet's: see `_open`.
        source_ports, destination_ports = (source_ports, None) if header.reply else (None, destination_ports)
    thirds, fourths = (source_ports, destination_ports) if header.reply else (destination_ports, source_ports)
    return FlowSet.build(
        family,
        protocols=[(number, number)],
        remotes=[remotes],
        thirds=None if thirds is None else [thirds],
        fourths=None if fourths is None else [fourths],
    )


def _open(entry: PolicyEntry, header: Header) -> str | None:
    """Why it is open whether the entry matches what it seems to."""
    rule = entry.policy_rule
    if rule.meta_data and rule.meta_data.meta_data_key:
        return f"rule {entry.policy_rule_number} asks for metadata, which no packet header shows"
    if entry.state not in {None, "active", "available"}:
        return f"rule {entry.policy_rule_number} is in state `{entry.state}`"
    ports = rule.destination_port_range if header.reply else rule.source_port_range
    if header.translated and ports_of(ports) is not None and rule.number in {TCP, UDP}:
        return f"rule {entry.policy_rule_number} asks for a port that a NAT gateway chooses"
    return None


def _range(cidr: str | None, family: Family) -> Range | None:
    """The addresses of the block, None for one of the other family."""
    if cidr in {None, "*"}:
        return 0, top(family)
    prefix = parse(cidr or "")
    return prefix.range if prefix.family == family else None


def ports_of(text: str | None) -> Range | None:
    """The ports of `*`, `22` or `1024-65535`; None for all."""
    if text in {None, "*"}:
        return None
    low, _, high = (text or "").partition("-")
    return int(low), int(high or low)
