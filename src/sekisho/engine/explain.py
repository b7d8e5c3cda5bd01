"""One question answered: both endpoints found in the snapshot, every connection between them, one answer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from itertools import product
from typing import NamedTuple

from sekisho.model.record import Source, Undecided
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, internet, merge, overlap, spell, subtract, top

from .answer import Answer, Barrier, Origin, Verdict
from .assess import Assessor
from .barriers import stated_barrier
from .connected import Connection, GatewayKind, Goal, Host, Way
from .connection import Connector, impossible, unmodelled
from .endpoint import Balanced, End, Endpoints, Hosts, Opaque, Outer, Translated
from .facts import Facts
from .gateways.endpoints import service_ranges
from .gateways.nat64 import meant_in_ipv6
from .query import Query
from .transit import Stated
from .verdict import answer
from .ways.balancers import Clients
from .ways.consumers import by_endpoints, clients_of_endpoint, unread_endpoints
from .ways.ends import starts_nothing
from .ways.entering import callers, enter
from .ways.pools import pools_gap, pools_of
from .ways.transit_ways import named_way


class Asked(NamedTuple):
    """The answer to a question, with the connections that it comes from (none where an endpoint is opaque)."""

    answer: Answer
    connections: tuple[Connection, ...]


class Explainer:
    """Answers questions on one snapshot."""

    def __init__(self, assessor: Assessor) -> None:
        self._assessor = assessor
        self._facts: Facts = assessor.facts
        self._snapshot = assessor.facts.snapshot
        self._endpoints = Endpoints(assessor.facts)

    def ask(self, query: Query) -> Asked:
        """The answer. QueryError where an endpoint is nowhere in the snapshot."""
        source, destination = self._endpoints.source(query.source), self._endpoints.destination(query.destination)
        connections = tuple(
            c
            for family in self._families(query, source, destination)
            for c in self._connect(query, source, destination, family)
        )
        if not connections:
            return Asked(self._nothing(query, source, destination), ())
        whole = self._whole(query, connections)
        absent = {call for c in connections for call in self._absent(c)}
        found = answer(self._facts, connections, whole=whole, relies_on_absent=tuple(sorted(absent)))
        return Asked(_doubted(found, source, destination), connections)

    def _whole(self, query: Query, connections: tuple[Connection, ...]) -> tuple[Range, ...]:
        if query.source.name != "internet" or not connections[0].host.interface.vpc_id:
            return ()
        first = connections[0]
        return self._assessor.ways.internet_sources(first.host.interface.vpc_id or "", first.host.family)

    def _absent(self, c: Connection) -> tuple[str, ...]:
        """Calls that were not read, and whose records would change the answer (S-LOAD)."""
        verdict = Verdict.UNREACHABLE if c.delivered.maybe.is_empty else Verdict.REACHABLE
        target = c.relay.target if c.relay else c.host
        if c.way:
            return self._assessor.relies_on_absent(target, ORIGIN_OF[c.way.kind], verdict)
        if c.relay:
            return self._assessor.relies_on_absent(target, "internet", verdict)
        through = any(name.startswith("igw-") for carried in c.carried for name in carried.passage.via)
        if not through or verdict is Verdict.UNREACHABLE:
            return ()
        senders = (c.sender, c.host) if c.sender else (c.host,)
        return tuple({call for host in senders for call in self._assessor.absent_public_access(host)})

    def _nothing(self, query: Query, source: End, destination: End) -> Answer:
        """The answer where there is nothing to connect: unknown for an opaque end, else unreachable."""
        family: Family = query.family or "ipv4"
        for end in (source, destination):
            reason = end.reason if isinstance(end, Opaque) else end.doubt if isinstance(end, Hosts) else None
            if reason:
                return Answer(verdict=Verdict.UNKNOWN, family=family, reasons=(reason,))
        return Answer(
            verdict=Verdict.UNREACHABLE, family=family, barriers=(self._no_address(query, source, destination, family),)
        )

    def _no_address(self, query: Query, source: End, destination: End, family: Family) -> Barrier:
        for end in (source, destination):
            if isinstance(end, Hosts) and end.nobody:
                return stated_barrier(end.nobody, "forward", family)
        name = query.destination.text
        detail = f"no address of {query.source.text} and {name} is of the family and kind asked about"
        return Barrier(
            code="NO_POSSIBLE_DESTINATION", direction="forward", family=family, component=name, detail=detail
        )

    # Endpoints -----------------------------------------------------------------------------------

    # Connections ---------------------------------------------------------------------------------

    def _families(self, query: Query, source: End, destination: End) -> tuple[Family, ...]:
        if isinstance(destination, Translated):
            return query.families({"ipv6"})
        for end in (destination, source):
            if isinstance(end, Hosts):
                return query.families({h.family for h in end.hosts})
        return query.families({"ipv4", "ipv6"})

    def _translated(
        self, connector: Connector, source: Hosts, destination: Translated, packets: FlowSet
    ) -> Iterator[Connection]:
        """From IPv6 to the hosts of IPv4 that hold the address, by a NAT gateway (S-NAT-06)."""
        senders = _of(source, "ipv6") if connector.family == "ipv6" else ()
        for sender, target in product(senders, destination.hosts.targets):
            if target.private:
                yield connector.translated(sender, target.host, destination.address, packets)
            if target.public and target.host.public is not None:
                yield connector.translated(sender, target.host, destination.address, packets, public=True)

    def _connect(  # noqa: C901 - one case for each pair of ends
        self, query: Query, source: End, destination: End, family: Family
    ) -> Iterator[Connection]:
        connector = self._assessor.connectors[family]
        packets = query.packets(family)
        if packets.is_empty:
            return
        match source, destination:
            case Hosts(), Hosts():
                yield from self._between(connector, source, destination, packets)
            case Outer(), Hosts():
                clients = self._clients(source, None if query.family is None else family)
                for host in _of(destination, family):
                    yield from self._inwards(connector, source, host, packets)
                    yield from self._assessor.relays.behind(host, clients, packets)
                    yield from self._perhaps_behind(connector, source, host, packets)
            case ((Outer() | Hosts()), Balanced(balancer=balancer)):
                yield from self._assessor.relays.to(balancer, self._clients(source, family), packets)
            case Hosts(), Translated():
                yield from self._translated(connector, source, destination, packets)
            case Opaque(), Hosts():
                for host in _of(destination, family):
                    yield unmodelled(connector, host, packets, source.reason)
            case Hosts(), Outer():
                for host in _of(source, family):
                    yield from self._outwards(connector, host, destination, packets)
            case _:
                return

    def _between(
        self, connector: Connector, source: Hosts, destination: Hosts, packets: FlowSet
    ) -> Iterator[Connection]:
        family = connector.family
        for sender in _of(source, family):
            silent = starts_nothing(self._facts, sender.interface)
            for target in destination.targets:
                host, itself = target.host, target.host.interface is sender.interface
                if host.family != family or (itself and not (source.single and destination.single)):
                    continue
                if silent:
                    yield impossible(host, packets, silent)
                    handing = clients_of_endpoint(self._assessor.connectors, sender)
                    yield from self._assessor.relays.behind(host, handing, packets)
                    continue
                if target.private:
                    yield connector.between(sender, host, packets)
                if target.public and host.public is not None and not itself:
                    yield connector.between(sender, host, packets, public=True)
        clients = self._clients(source, family)
        for host in dict.fromkeys(t.host for t in destination.targets if t.private and t.host.family == family):
            yield from self._assessor.relays.behind(host, clients, packets)
            yield from self._perhaps_behind(connector, source, host, packets)

    def _perhaps_behind(
        self, connector: Connector, source: Outer | Hosts, host: Host, packets: FlowSet
    ) -> Iterator[Connection]:
        """What may get to the host by load balancers and interface endpoints that were not read (S-ELB-10)."""
        vpc_id = host.interface.vpc_id or ""
        facing = isinstance(source, Outer) and source.gateway is None
        reasons = self._assessor.ways.unknown_balancers(vpc_id, facing=facing)
        if isinstance(source, Hosts):
            reasons += unread_endpoints(self._facts, source.hosts, vpc_id)
        for reason in dict.fromkeys(reasons):
            yield unmodelled(connector, host, packets, reason)

    def _clients(self, source: End, only: Family | None) -> Clients:
        """Every connection of the source to a node of a load balancer, of the one family if given."""
        found: dict[tuple[str, int], tuple[Connection, ...]] = {}

        def reaching(node: Host) -> tuple[Connection, ...]:
            key = (node.interface.network_interface_id, node.address)
            if key not in found:
                found[key] = ()
                found[key] = tuple(reached(node)) if only in {None, node.family} else ()
            return found[key]

        def reached(node: Host) -> Iterator[Connection]:
            connector, everything = self._assessor.connectors[node.family], FlowSet.full(node.family)
            if isinstance(source, Outer):
                yield from self._inwards(connector, source, node, everything)
            elif isinstance(source, Hosts):
                for sender in _of(source, node.family):
                    if starts_nothing(self._facts, sender.interface) is None:
                        yield connector.between(sender, node, everything)
                        if node.public is not None and sender.interface is not node.interface:
                            yield connector.between(sender, node, everything, public=True)
                yield from by_endpoints(connector, source.hosts, node)
            yield from self._assessor.relays.behind(node, reaching, everything)

        return reaching

    def _inwards(self, connector: Connector, source: Outer, host: Host, packets: FlowSet) -> Iterator[Connection]:
        family = connector.family
        if source.block and source.block.family != family:
            return
        yield from self._entered(connector, source, host, packets)
        if source.gateway and self._facts.entrances.named(source.gateway):
            return
        ways = self._ways(source, host)
        if isinstance(ways, Undecided):
            yield unmodelled(connector, host, packets, ways.reason)
            return
        if isinstance(ways, Stated):
            yield impossible(host, packets, ways)
            return
        pools = pools_of(self._facts, host) if any(w.kind == "internet-gateway" for w in ways) else ()
        pooled = [(self._assessor.ways.pool(pool.interface.vpc_id or "", block), block) for pool, block in pools]
        for way, asked in [*((way, host) for way in ways), *pooled]:
            remotes = [source.block.range] if source.block else way.sources[family] or [(0, top(family))]
            found = connector.from_gateway(way, asked, packets & FlowSet.of_remotes(family, remotes))
            yield found._replace(way=way)  # also where it carries nothing of the family
        gap = pools_gap(self._facts, host) if any(w.kind == "internet-gateway" for w in ways) else None
        if gap:
            yield unmodelled(connector, host, packets, gap)
        if source.gateway is None:
            for open_way in self._assessor.ways.open_ways(host.interface.vpc_id or "", "internet"):
                yield unmodelled(connector, host, packets, open_way.reason)

    def _entered(self, connector: Connector, source: Outer, host: Host, packets: FlowSet) -> Iterator[Connection]:
        """Through the entrances that are meant: those of the internet, or those of one service."""
        entrances = self._facts.entrances
        named = entrances.named(source.gateway) if source.gateway else ()
        interface, vpc_id = host.interface.network_interface_id, host.interface.vpc_id or ""
        into = entrances.leading_to(vpc_id, "internet", interface) if source.gateway is None else named
        found = []
        for entrance in into:
            remotes = [source.block.range] if source.block else callers(self._facts, entrance, connector.family)
            asked = packets & FlowSet.of_remotes(connector.family, remotes)
            entered = enter(connector, entrance, host, asked)
            found += [entered] if entered is not None else []
        yield from found
        if named and not found:
            place = self._facts.source(*named[0].record)
            detail = f"{source.gateway} does not lead to {spell(host.address, host.family)}"
            yield impossible(host, packets, Stated("NO_POSSIBLE_DESTINATION", named[0].id, detail, (place,)))

    def _ways(self, source: Outer, host: Host) -> tuple[Way, ...] | Stated | Undecided:
        """The ways through the gateway into the host's VPC, or why there is none."""
        ways, vpc_id, gateway = self._assessor.ways, host.interface.vpc_id or "", source.gateway
        if gateway is None:
            return ways.into(vpc_id, "internet")
        if gateway.startswith("cagw-"):
            return self._carrier(gateway, vpc_id)
        if gateway.startswith("lgw-"):
            return (ways.local(gateway, vpc_id),)
        if gateway.startswith("tgw-attach-"):
            found = named_way(self._facts, gateway, vpc_id, ways.everything_outside(vpc_id))
            return (found,) if isinstance(found, Way) else found
        for prefix, ways_of in (("igw-", self._internet), ("pcx-", self._peering), ("vgw-", self._vpn)):
            if gateway.startswith(prefix):
                return ways_of(gateway, vpc_id)
        detail = f"{gateway} carries no connection into a VPC"
        return Stated("NO_POSSIBLE_DESTINATION", gateway, detail, (self._place(gateway),))

    def _internet(self, gateway: str, vpc_id: str) -> tuple[Way, ...] | Stated:
        attached = self._facts.topology.internet_gateway_of(vpc_id)
        if isinstance(attached, Undecided) or (attached and attached.internet_gateway_id == gateway):
            return (self._assessor.ways.internet(vpc_id),)
        return self._apart(gateway, vpc_id, "BAD_STATE_ATTACHMENT", "is not attached to")

    def _peering(self, gateway: str, vpc_id: str) -> tuple[Way, ...] | Stated:
        peering = self._snapshot.peerings[gateway]
        if peering.side_of(vpc_id):
            return (self._assessor.ways.peering(peering, vpc_id),)
        return self._apart(gateway, vpc_id, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", "does not join")

    def _vpn(self, gateway: str, vpc_id: str) -> tuple[Way, ...] | Stated:
        attachments = self._snapshot.vpn_gateways[gateway].vpc_attachments
        if any(a.vpc_id == vpc_id and a.in_force for a in attachments):
            return (self._assessor.ways.vpn(gateway, vpc_id),)
        return self._apart(gateway, vpc_id, "BAD_STATE_ATTACHMENT", "is not attached to")

    def _carrier(self, gateway: str, vpc_id: str) -> tuple[Way, ...] | Stated:
        if self._snapshot.carrier_gateways[gateway].vpc_id == vpc_id:
            return (self._assessor.ways.carrier(gateway, vpc_id),)
        return self._apart(gateway, vpc_id, "BAD_STATE_ATTACHMENT", "is not a gateway of")

    def _apart(self, gateway: str, vpc_id: str, code: str, why: str) -> Stated:
        return Stated(code, gateway, f"{gateway} {why} {vpc_id}", (self._place(gateway),))

    def _place(self, gateway: str) -> Source | None:
        tables = ("internet_gateways", "egress_only_gateways", "peerings", "vpn_gateways", "carrier_gateways")
        return next((self._facts.source(t, gateway) for t in tables if gateway in self._snapshot.table(t)), None)

    def _outwards(self, connector: Connector, host: Host, destination: Outer, packets: FlowSet) -> Iterator[Connection]:
        family = connector.family
        if destination.block and destination.block.family != family:
            return
        remotes = [*self._outer_remotes(host, destination, family)]
        if family == "ipv6" and destination.block is None:
            beyond = self._outer_remotes(host, destination, "ipv4")
            remotes += meant_in_ipv6(self._facts, host.interface.vpc_id, beyond)
        if destination.gateway is None:
            snapshot = self._snapshot
            tables = (snapshot.internet_gateways, snapshot.egress_only_gateways, snapshot.carrier_gateways)
            goal = Goal(gateways=frozenset(name for table in tables for name in table), internet=True)
        else:
            goal = Goal(gateways=frozenset({destination.gateway}))
        yield connector.outwards(host, goal, packets & FlowSet.of_remotes(family, merge(remotes)))

    def _outer_remotes(self, host: Host, destination: Outer, family: Family) -> Iterable[Range]:
        """The outside addresses that are meant: the block, else all that the gateway can lead to."""
        if destination.block:
            return [destination.block.range]
        gateway = destination.gateway
        own = self._facts.vpc_ranges(host.interface.vpc_id, family)
        outside = subtract([(0, top(family))], () if isinstance(own, Undecided) else own)
        if gateway is None or gateway.startswith(("igw-", "eigw-")):
            return overlap(outside, internet(family))
        if gateway.startswith("vpce-"):
            return service_ranges(self._facts, host.interface.vpc_id, gateway, family) or outside
        if gateway.startswith("pcx-"):
            way = self._assessor.ways.peering(self._snapshot.peerings[gateway], host.interface.vpc_id or "")
            return way.sources[family]
        return outside


def _doubted(found: Answer, source: End, destination: End) -> Answer:
    """The answer where an endpoint may have interfaces that the snapshot does not show: they could raise it."""
    ends = (end.hosts if isinstance(end, Translated) else end for end in (source, destination))
    doubts = sorted({end.doubt for end in ends if isinstance(end, Hosts | Balanced) and end.doubt})
    if not doubts or found.verdict is Verdict.REACHABLE:
        return found
    reasons = tuple(sorted({*found.reasons, *doubts}))
    return replace(found, verdict=Verdict.UNKNOWN, reasons=reasons, barriers=(), depth=None)


ORIGIN_OF: dict[GatewayKind, Origin] = {
    "internet-gateway": "internet",
    "vpc-peering-connection": "peering",
    "virtual-private-gateway": "vgw",
    "local-gateway": "vgw",
    "carrier-gateway": "internet",
    "transit-gateway-attachment": "tgw",
}


def _of(end: Hosts, family: Family) -> tuple[Host, ...]:
    return tuple(h for h in end.hosts if h.family == family)
