"""One question answered: both endpoints found in the snapshot, every connection between them, one answer."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import NamedTuple

import msgspec

from sekisho.errors import QueryError
from sekisho.model.kinds import KINDS
from sekisho.model.record import Source, Undecided
from sekisho.model.targets import Balancer
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Prefix, Range, internet, overlap, parse_ranges, spell, subtract, top

from .answer import Answer, Barrier, Origin, Verdict
from .assess import Assessor
from .balancers import Clients
from .barriers import stated_barrier
from .connection import Connection, Connector, GatewayKind, Goal, Host, Way, impossible, unmodelled
from .consumers import by_endpoints, clients_of_endpoint
from .endpoints import service_ranges
from .ends import starts_nothing
from .entering import callers, enter
from .facts import Facts
from .pools import pooled_within, pools_of
from .population import hosts_of
from .query import ENDPOINT_PREFIXES, Endpoint, Query
from .transit import Stated
from .transit_ways import named_way
from .verdict import answer


class Target(NamedTuple):
    """An address of an interface: `private`, asked for by itself; `public`, by the public one associated with it."""

    host: Host
    private: bool = True
    public: bool = True


class Hosts(NamedTuple):
    """Addresses of interfaces of the estate.

    `nobody` says why there is none, `doubt` why there may be more. `single`: the endpoint names one instance,
    interface or address, so that asking it about itself means something.
    """

    targets: tuple[Target, ...]
    nobody: Stated | None = None
    doubt: str | None = None
    single: bool = True

    @property
    def hosts(self) -> tuple[Host, ...]:
        return tuple(dict.fromkeys(target.host for target in self.targets))


class Outer(NamedTuple):
    """Hosts outside, behind the internet or one gateway (None: any internet gateway)."""

    gateway: str | None
    block: Prefix | None


class Balanced(NamedTuple):
    """A load balancer as the destination: whoever it sends packets to."""

    balancer: Balancer
    doubt: str | None = None


class Opaque(NamedTuple):
    """Something that is in the snapshot, or referred to, but not modelled or not described."""

    name: str
    reason: str


End = Hosts | Outer | Opaque | Balanced


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

    def ask(self, query: Query) -> Asked:
        """The answer. QueryError where an endpoint is nowhere in the snapshot."""
        source, destination = self._end(query.source), self._destination(query.destination)
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

    def _destination(self, endpoint: Endpoint) -> End:
        """As any end, but that a load balancer is asked end to end, and a service only stands for what it leads to."""
        if self._facts.entrances.named(endpoint.name):
            return Opaque(endpoint.name, f"{endpoint.name} is no destination that is judged: ask for what it leads to")
        named = self._facts.topology.balancers.named(endpoint.name)
        if endpoint.name in self._snapshot.endpoint_services:
            return Opaque(endpoint.name, f"{endpoint.name} as a destination: ask for its endpoints or load balancers")
        if len(named) != 1:
            return self._end(endpoint)
        if not self._facts.topology.balancers.nodes(named[0]):
            return Opaque(endpoint.name, f"no interface of load balancer {named[0].name} is in the snapshot")
        return Balanced(named[0], self._facts.topology.balancers.nodes_gap(named[0]))

    def _end(self, endpoint: Endpoint) -> End:
        name, block = endpoint.name, endpoint.block
        if name == "internet":
            return Outer(None, block)
        if name == "ip" and block:
            return self._holders(block)
        if name.startswith(("igw-", "eigw-", "pcx-", "vgw-")):
            tables = ("internet_gateways", "egress_only_gateways", "peerings", "vpn_gateways")
            known = any(name in self._snapshot.table(t) for t in tables)
            return Outer(name, block) if known else self._opaque(endpoint)
        if name in self._snapshot.carrier_gateways or name in self._snapshot.local_gateways:
            return Outer(name, block)
        if self._facts.entrances.named(name) or name in self._facts.topology.transit.named:
            return Outer(name, block)
        found = self._interfaces(endpoint) or self._of_service(endpoint)
        return self._opaque(endpoint) if found is None else found

    def _of_service(self, endpoint: Endpoint) -> End | None:
        """The nodes of a load balancer as senders, the interfaces of an interface endpoint; None for anything else."""
        topology, name, block = self._facts.topology, endpoint.name, endpoint.block
        named = topology.balancers.named(name)
        if len(named) > 1:
            return Opaque(name, f"{len(named)} load balancers are named {name}")
        if named:
            nodes = [h for i in topology.balancers.nodes(named[0]) for h in hosts_of(i)]
            return Hosts(tuple(map(Target, nodes)), doubt=topology.balancers.nodes_gap(named[0]))
        record = self._snapshot.vpc_endpoints.get(name)
        if record is None or record.vpc_endpoint_type.lower() != "interface":
            return Outer(name, block) if record and record.vpc_endpoint_type.lower() == "gateway" else None
        held = topology.services.interfaces(record)
        hosts = [h for i in held for h in hosts_of(i) if block is None or _overlaps(h, block)]
        unseen = sorted(set(record.network_interface_ids) - {i.network_interface_id for i in held})
        scope = self._snapshot.scope("vpc_endpoints", name)
        doubt = self._snapshot.why_missing("interfaces", unseen[0], scope) if unseen else None
        return Hosts(tuple(map(Target, hosts)), doubt=doubt)

    def _interfaces(self, endpoint: Endpoint) -> Hosts | None:
        """The hosts of an instance, interface, subnet or VPC; None where the snapshot has no such record."""
        topology, name = self._facts.topology, endpoint.name
        doubt: str | None = None
        single = not name.startswith(("subnet-", "vpc-"))
        if name.startswith("eni-") and name in self._snapshot.interfaces:
            found = [self._snapshot.interfaces[name]]
        elif name.startswith("i-") and (name in self._snapshot.instances or name in topology.interfaces_of_instance):
            found = list(topology.interfaces_of_instance.get(name, ()))
            doubt = self._unseen_of_instance(name)
            if not found and not doubt:
                return self._no_interface(name)
        elif name.startswith("subnet-") and name in self._snapshot.subnets:
            found = [i for i in self._snapshot.interfaces.values() if i.subnet_id == name]
            doubt = topology.interfaces_gap(self._snapshot.subnets[name].vpc_id, name)
        elif name.startswith("vpc-") and name in self._snapshot.vpcs:
            found = list(topology.interfaces_of_vpc.get(name, ()))
            doubt = topology.interfaces_gap(name)
        else:
            return None
        hosts = [h for i in sorted(found, key=lambda i: i.network_interface_id) for h in hosts_of(i)]
        if endpoint.block is None:
            return Hosts(tuple(map(Target, hosts)), doubt=doubt, single=single)
        inside = tuple(_within(h, endpoint.block) for h in hosts if _overlaps(h, endpoint.block))
        nobody = Stated(
            "ENI_ADDRESS_RESTRICTION", name, f"{name} holds no address in {endpoint.text.partition(':')[2]}"
        )
        return Hosts(tuple(map(Target, inside)), None if inside or doubt else nobody, doubt, single)

    def _unseen_of_instance(self, name: str) -> str | None:
        """Why the instance may have interfaces that the snapshot does not hold: its own record lists them all."""
        instance = self._snapshot.instances.get(name)
        found = self._facts.topology.interfaces_of_instance.get(name, ())
        vpc_id = next((i.vpc_id for i in found if i.vpc_id), instance.vpc_id if instance else None)
        if vpc_id is None:
            return self._snapshot.gap("interfaces", self._snapshot.scope("instances", name))
        if instance is None:
            return self._facts.topology.interfaces_gap(vpc_id, name)
        listed = [i.network_interface_id for i in instance.network_interfaces]
        unseen = [i for i in listed if i not in self._snapshot.interfaces]
        if unseen:
            return self._snapshot.why_missing("interfaces", unseen[0], self._snapshot.scope("instances", name))
        return None if listed else self._facts.topology.interfaces_gap(vpc_id, name)

    def _no_interface(self, instance_id: str) -> Hosts:
        instance = self._snapshot.instances.get(instance_id)
        state = f" ({instance.state.name})" if instance else ""
        place = self._facts.source("instances", instance_id)
        return Hosts(
            (), nobody=Stated("BAD_STATE", instance_id, f"{instance_id} has no network interface{state}", (place,))
        )

    def _holders(self, block: Prefix) -> End:
        """Whoever holds an address, privately or by association with a public one: all of them."""
        text = spell(block.low, block.family)
        topology = self._facts.topology
        own = [
            Target(_within(h, block), public=False)
            for i in topology.holders(text)
            for h in hosts_of(i, block.family)
            if _overlaps(h, block)
        ]
        behind = [
            Target(h, private=False)
            for i, private in topology.public_holders(text)
            for h in hosts_of(i, "ipv4")
            if spell(h.address, "ipv4") == private
        ]
        pooled = pooled_within(self._facts, block)
        own += [Target(Host(interface, "ipv4", *addresses), public=False) for interface, addresses in pooled]
        gap = self._unseen_holder(block)
        if own or behind:
            return Hosts((*own, *behind), doubt=f"who else holds {text} is not known: {gap}" if gap else None)
        if gap:
            return Opaque(text, f"who holds {text} is not known: {gap}")
        return Hosts((), nobody=Stated("ENI_ADDRESS_RESTRICTION", text, f"no interface of the snapshot holds {text}"))

    def _unseen_holder(self, block: Prefix) -> str | None:
        """Why an interface that the snapshot does not show may hold the address."""
        gap = self._facts.topology.interfaces_gap()
        if gap:
            return gap
        for peering in self._snapshot.peerings.values():
            for side in (peering.requester_vpc_info, peering.accepter_vpc_info):
                within = overlap([block.range], parse_ranges(side.cidrs, block.family))
                if within and side.vpc_id not in self._snapshot.vpcs:
                    return f"{side.vpc_id} is not in the snapshot"
        return None

    def _opaque(self, endpoint: Endpoint) -> Opaque:
        """An endpoint that has no modelled record. QueryError where nothing in the snapshot mentions it."""
        name = endpoint.name
        for record in self._snapshot.unmodelled:
            if record.id == name or f"/{name}/" in record.id or record.id.endswith(f"/{name}"):
                return Opaque(record.id, f"{record.kind.noun} {record.id} is not modelled")
        if name in self._snapshot.missing:
            return Opaque(name, f"{name}: {self._snapshot.missing[name].why}")
        if name.startswith((*ENDPOINT_PREFIXES, "arn:")) and self._is_referred_to(name):
            return Opaque(name, f"{name} is referred to, but nothing in the snapshot describes it")
        if name == "cloudfront":
            return Opaque(name, "CloudFront VPC origins were not read")
        if any(name in self._snapshot.table(kind.table) for kind in KINDS):
            raise QueryError(f"`{endpoint.text}` is no endpoint: ask about an interface, a subnet, a VPC or a gateway")
        raise QueryError(f"`{endpoint.text}` is nowhere in the snapshot")

    def _is_referred_to(self, name: str) -> bool:
        if not name:
            return False
        quoted = msgspec.json.encode(name)
        records = (record for page in self._snapshot.pages for record in page.records)
        return any(name in u.refers for u in self._snapshot.unmodelled) or any(
            quoted in msgspec.json.encode(record) for record in records
        )

    # Connections ---------------------------------------------------------------------------------

    def _families(self, query: Query, source: End, destination: End) -> tuple[Family, ...]:
        for end in (destination, source):
            if isinstance(end, Hosts):
                return query.families({h.family for h in end.hosts})
        return query.families({"ipv4", "ipv6"})

    def _connect(self, query: Query, source: End, destination: End, family: Family) -> Iterator[Connection]:
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
            case ((Outer() | Hosts()), Balanced(balancer=balancer)):
                yield from self._assessor.relays.to(balancer, self._clients(source, family), packets)
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
            yield connector.from_gateway(way, asked, packets & FlowSet.of_remotes(family, remotes))
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
        remotes = self._outer_remotes(host, destination, family)
        if destination.gateway is None:
            snapshot = self._snapshot
            tables = (snapshot.internet_gateways, snapshot.egress_only_gateways, snapshot.carrier_gateways)
            goal = Goal(gateways=frozenset(name for table in tables for name in table), internet=True)
        else:
            goal = Goal(gateways=frozenset({destination.gateway}))
        yield connector.outwards(host, goal, packets & FlowSet.of_remotes(family, remotes))

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
    doubts = sorted({end.doubt for end in (source, destination) if isinstance(end, Hosts | Balanced) and end.doubt})
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


def _overlaps(host: Host, block: Prefix) -> bool:
    return host.family == block.family and host.address <= block.high and block.low <= host.last


def _within(host: Host, block: Prefix) -> Host:
    """The part of a host (a delegated prefix) that is in the block."""
    return host._replace(address=max(host.address, block.low), last=min(host.last, block.high))
