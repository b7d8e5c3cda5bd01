"""Every address against every place outside that it may reach: the assessment the other way round (S-OUT).

A place is one of the origins, seen from inside: the internet, peered VPCs, what lies behind a virtual private gateway
or a transit gateway. Only a gateway that a route of the VPC names can be left by, so the routes say what there is.
"""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, internet, merge, overlap, parse_ranges, subtract, top

from .answer import Answer, Origin, Verdict
from .assess import Assessor
from .bpa import OPTIONS_CALL
from .connected import Connection, Goal, Host
from .gateways.nat64 import meant_in_ipv6
from .verdict import answer

DESTINATIONS: tuple[Origin, ...] = ("internet", "peering", "vgw", "tgw")
_KINDS: Mapping[Origin, frozenset[TargetKind]] = {
    "peering": frozenset({TargetKind.PEERING}),
    "vgw": frozenset({TargetKind.VPN_GATEWAY, TargetKind.LOCAL_GATEWAY}),
    "tgw": frozenset({TargetKind.TRANSIT_GATEWAY}),
}


class OutboundAssessor(Assessor):
    """Answers to what each address can reach; `origin` of its rows is the destination."""

    def origins(self, vpc_id: str) -> tuple[Origin, ...]:
        """The destinations that a route of the VPC leads to; the internet always."""
        return tuple(d for d in DESTINATIONS if d == "internet" or self._gateways(vpc_id, d))

    def connections(self, host: Host, origin: Origin) -> Iterator[Connection]:
        """One for each gateway that leads there."""
        vpc_id = host.interface.vpc_id or ""
        if not vpc_id:
            return
        connector = self.connectors[host.family]
        if origin == "internet":
            snapshot = self.facts.snapshot
            tables = (snapshot.internet_gateways, snapshot.egress_only_gateways, snapshot.carrier_gateways)
            goal = Goal(gateways=frozenset(name for table in tables for name in table), internet=True)
            remotes = self._meant(host, lambda family: overlap(self._outside(vpc_id, family), internet(family)))
            yield connector.outwards(host, goal, FlowSet.of_remotes(host.family, remotes))
            return
        for gateway in self._gateways(vpc_id, origin):
            remotes = self._meant(host, partial(self._behind, gateway, vpc_id))
            goal = Goal(gateways=frozenset({gateway}))
            yield connector.outwards(host, goal, FlowSet.of_remotes(host.family, remotes))

    def _meant(self, host: Host, of: Callable[[Family], tuple[Range, ...]]) -> tuple[Range, ...]:
        """The addresses of the host's family; of IPv6 also those that a NAT gateway translates (S-NAT-06)."""
        if host.family == "ipv4":
            return of("ipv4")
        return merge([*of("ipv6"), *meant_in_ipv6(self.facts, host.interface.vpc_id, of("ipv4"))])

    def relies_on_absent(self, host: Host, origin: Origin, verdict: Verdict) -> tuple[str, ...]:
        """Block Public Access alone could close a way out that is open."""
        scope = self.facts.topology.vpc_scope(host.interface.vpc_id)
        unread = self.facts.snapshot.calls.state(OPTIONS_CALL, scope) is None
        return (OPTIONS_CALL,) if origin == "internet" and verdict is not Verdict.UNREACHABLE and unread else ()

    def no_way(self, host: Host, origin: Origin) -> tuple[Connection, ...]:  # noqa: ARG002 - of every assessor
        return ()

    def _answer(self, host: Host, origin: Origin, connections: tuple[Connection, ...]) -> Answer:
        if not connections:
            return Answer(
                verdict=Verdict.UNKNOWN,
                family=host.family,
                reasons=(f"{host.interface.network_interface_id} names no VPC",),
            )
        vpc_id = host.interface.vpc_id or ""
        whole = overlap(self._outside(vpc_id, host.family), internet(host.family)) if origin == "internet" else ()
        found = answer(self.facts, connections, whole=whole, shared=True)
        absent = self.relies_on_absent(host, origin, found.verdict)
        return answer(self.facts, connections, whole=whole, shared=True, relies_on_absent=absent) if absent else found

    # Gateways ------------------------------------------------------------------------------------

    def _gateways(self, vpc_id: str, destination: Origin) -> tuple[str, ...]:
        """The gateways of the kind that routes of the VPC name; for a transit gateway the VPC's attachment to it.

        Where the route tables were not read, every one that serves the VPC.
        """
        tables = self.facts.topology.route_tables_of(vpc_id)
        named = {r.target.id for t in tables for r in t.routes if r.target.kind in _KINDS[destination]}
        if self.facts.topology.asked_gap("route_tables", vpc_id):
            ways = self.ways.into(vpc_id, destination)
            named |= {way.gateway for way in ways if way.gateway and way.kind != "carrier-gateway"}
        if destination == "tgw" and named:
            attached = (a.id for a in self.facts.topology.transit.of_vpc(vpc_id) if a.gateway in named)
            return tuple(sorted(attached)) or tuple(sorted(named))
        return tuple(sorted(named))

    def _outside(self, vpc_id: str, family: Family) -> tuple[Range, ...]:
        own = self.facts.vpc_ranges(vpc_id, family)
        return subtract(((0, top(family)),), () if isinstance(own, Undecided) else own)

    def _behind(self, gateway: str, vpc_id: str, family: Family) -> tuple[Range, ...]:
        """The addresses that may lie behind the gateway: those of the peer, else every one outside the VPC."""
        peering = self.facts.snapshot.peerings.get(gateway)
        far = peering.far_side(vpc_id) if peering else None
        known = self.facts.snapshot.vpcs.get(far.vpc_id or "") if far else None
        cidrs = known.cidrs if known else far.cidrs if far else ()
        outside = self._outside(vpc_id, family)
        return overlap(outside, parse_ranges(cidrs, family)) if cidrs else outside
