"""Every address of every interface against every origin: rows that share answers.

Addresses whose interface has the same subnet, groups and state, and which both have a public address or both
have none, get the same answer; it is made once for the class. Where an appliance could see the address
itself, the class is the address.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property
from typing import NamedTuple

from sekisho.model.balancers import Registration
from sekisho.model.entrances import Entrance
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import Route, TargetKind
from sekisho.model.targets import Front, Treatment
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, parse, spell, subtract, to_cidrs, top

from .answer import ORIGINS, Answer, Origin, Row, Verdict
from .bpa import OPTIONS_CALL, block_public_access
from .connected import Connection, Host, Way
from .connection import Connector, impossible, unmodelled
from .facts import Facts
from .gateways.border import Translation, associated
from .gateways.endpoints import gateway_endpoint
from .gateways.internet_addresses import private_ipv6
from .gateways.on_premises import taken_for_granted
from .groups import Groups
from .population import hosts_of
from .regroup import Place, place_of, regrouped
from .transit import GroupCause, GroupQuestion, Stated
from .verdict import answer
from .ways.balancers import Relays
from .ways.entering import enter, gate
from .ways.pools import pools_gap, pools_of
from .ways.ways import DIRECT_CONNECT_CALL, Ways


class Judged(NamedTuple):
    """A row with its answer, and the question that it answers for an example to be checked against."""

    row: Row
    answer: Answer
    connections: tuple[Connection, ...]
    #: Its ways and its groups were both told of before, in other answers.
    familiar: bool = False


class _Class(NamedTuple):
    """What an answer depends on."""

    origin: Origin
    family: Family
    vpc: str | None
    subnet: str | None
    groups: tuple[str, ...]
    associated: tuple[bool, ...]
    private: object
    own: tuple[str, int] | None
    gates: tuple[object, ...]
    behind: tuple["_Behind", ...]


class _Behind(NamedTuple):
    """Which packets a balancer sends to a target, whoever that is."""

    balancer: str
    front: Front
    group: str
    port: int
    treatment: Treatment
    zone: str | None


class Assessor:
    """Answers of one snapshot, one for each class of addresses and origin."""

    def __init__(self, topology: Topology, facts: Facts | None = None) -> None:
        self.facts = facts or Facts(topology)
        self.ways = Ways(self.facts)
        groups = Groups(self.facts)
        self.connectors: Mapping[Family, Connector] = {
            "ipv4": Connector(self.facts, groups, "ipv4"),
            "ipv6": Connector(self.facts, groups, "ipv6"),
        }
        self.relays = Relays(self.facts, self.connectors)
        self._of_nodes: dict[tuple[str, int, Origin], tuple[Connection, ...]] = {}
        self._appliances: dict[str, bool] = {}
        self._answers: dict[_Class, tuple[Answer, tuple[Connection, ...]]] = {}
        self._places: dict[_Class, Place | None] = {}
        self._met: set[object] = set()
        self._familiar: set[int] = set()
        self._admits: dict[tuple[object, ...], bool] = {}

    def rows(self, interfaces: Iterable[NetworkInterface], origins: tuple[Origin, ...] = ORIGINS) -> Iterator[Judged]:
        """One for each address and origin, in the order of the interfaces; by address and origin within each."""
        for interface in interfaces:
            for host in hosts_of(interface):
                for origin in self.origins(interface.vpc_id or ""):
                    if origin in origins:
                        found, connections = self.judge(host, origin)
                        yield Judged(self._row(host, origin), found, connections, id(found) in self._familiar)

    def origins(self, vpc_id: str) -> tuple[Origin, ...]:
        """The origins that the VPC has a way of."""
        return self.ways.origins(vpc_id)

    def in_order(self, interfaces: Iterable[NetworkInterface]) -> list[NetworkInterface]:
        """By account, region and id."""
        return sorted(interfaces, key=self._order)

    def _order(self, interface: NetworkInterface) -> tuple[str, str, str]:
        scope = self.facts.topology.interface_scope(interface)
        return interface.owner_id or scope.account or "", scope.region or "", interface.network_interface_id

    def _row(self, host: Host, origin: Origin) -> Row:
        interface = host.interface
        scope = self.facts.topology.interface_scope(interface)
        whole = host.address == host.last
        return Row(
            account=interface.owner_id or scope.account,
            region=scope.region,
            instance=interface.instance_id,
            interface=interface.network_interface_id,
            address=spell(host.address, host.family)
            if whole
            else to_cidrs([(host.address, host.last)], host.family)[0],
            public_address=None if host.public is None else spell(host.public, "ipv4"),
            family=host.family,
            origin=origin,
            answer="",
        )

    def judge(self, host: Host, origin: Origin) -> tuple[Answer, tuple[Connection, ...]]:
        """The shared answer of the host's class for the origin."""
        key = self._class(host, origin)
        if key not in self._answers:
            connections = self._connections(host, origin, key) or self.no_way(host, origin)
            found = self._answer(host, origin, connections)
            self._answers[key] = (found, connections)
            if self._is_familiar(host, key, connections):
                self._familiar.add(id(found))
        return self._answers[key]

    def _is_familiar(self, host: Host, key: "_Class", connections: tuple[Connection, ...]) -> bool:
        """Whether its way and its groups were both met before: by other groups, and in another place.

        Groups are met where they are asked the same: who may be known by a reference differs between ways. A way
        to an interface out of the ordinary is met by another one of its kind.
        """
        anywhere = tuple(b._replace(zone=None) for b in key.behind)
        way = key._replace(subnet=None, associated=(), behind=anywhere) if key.behind else key._replace(groups=())
        kind = self._kind(host.interface) if key.own else ()
        met = {(way._replace(own=None), kind), *((key.groups, asked) for asked in _asked_of_groups(connections))}
        alone = key.own is not None and (bool(key.behind) or self._has_appliance(key.vpc or ""))
        told = not alone and bool(key.behind or key.own or self._places.get(way)) and met <= self._met
        self._met |= met
        return told

    def _kind(self, i: NetworkInterface) -> tuple[object, ...]:
        """What an interface out of the ordinary is, and of which load balancer."""
        balancer = self.facts.topology.balancers.of_interface(i)
        return i.interface_type, i.status, self._in_service(i), balancer.id if balancer else None

    def _connections(self, host: Host, origin: Origin, key: "_Class") -> tuple[Connection, ...]:
        """Those of the place, with the host's own groups, where another host of the place was judged before."""
        place = key._replace(groups=())
        groups, known = self.connectors[host.family].groups, self._places.get(place)
        if known:
            return regrouped(self.facts, groups, known, host)
        connections = tuple(self.connections(host, origin))
        if place not in self._places:
            ordinary = key.own is None and not any(key.gates) and not key.behind
            self._places[place] = place_of(self.facts, groups, connections, host) if ordinary else None
        return connections

    def _class(self, host: Host, origin: Origin) -> "_Class":
        """What the answer depends on. An interface out of the ordinary is a class of its own."""
        i = host.interface
        in_service = self._in_service(i)
        registrations = self.facts.topology.balancers.registrations(i, spell(host.address, host.family))
        alone = i.interface_type == "interface" and bool(i.group_ids) and not self._is_node(i)
        ordinary = in_service and alone and _alike(registrations, origin)
        own = None if ordinary and not self._has_appliance(i.vpc_id or "") else (i.network_interface_id, host.address)
        private = host.family == "ipv6" and private_ipv6(self.facts, i, host.address)
        groups = self.connectors[host.family].groups
        gates: tuple[object, ...] = tuple(gate(groups, e, host) for e in self._entrances(host, origin))
        gates += self._lines(host) if origin == "vgw" else ()
        gates += (pools_gap(self.facts, host),) if origin == "internet" else ()
        behind = tuple(map(_behind, registrations))
        associated_with = tuple(bool(a) for a in _associations(host))
        return _Class(
            origin, host.family, i.vpc_id, i.subnet_id, i.group_ids, associated_with, private, own, gates, behind
        )

    def _in_service(self, i: NetworkInterface) -> bool:
        instance = self.facts.snapshot.instances.get(i.instance_id or "")
        taking = instance is not None and instance.state.name in {"running", "pending"}
        return i.status in {"in-use", "associated"} and (i.instance_id is None or taking)

    def _is_node(self, interface: NetworkInterface) -> bool:
        """Whether it is a node of a load balancer."""
        return self.facts.topology.balancers.of_interface(interface) is not None

    def _entrances(self, host: Host, origin: Origin) -> tuple[Entrance, ...]:
        """The services that may lead to the host."""
        interface = host.interface
        return self.facts.entrances.leading_to(interface.vpc_id or "", origin, interface.network_interface_id)

    def _lines(self, host: Host) -> tuple[tuple[object, ...], ...]:
        """What is taken for granted of the lines behind the VPC's virtual private gateway."""
        gateway = self.facts.topology.vpn_gateway_of(host.interface.vpc_id or "")
        if gateway is None or isinstance(gateway, Undecided):
            return ()
        addresses = (host.address, host.last)
        return (taken_for_granted(self.facts, gateway.vpn_gateway_id, host.family, addresses),)

    def _has_appliance(self, vpc_id: str) -> bool:
        """Whether a middlebox or a policy table, whose rules could tell addresses apart, is on the VPC's ways."""
        if vpc_id not in self._appliances:
            routes = [r for t in self.facts.topology.route_tables_of(vpc_id) for r in t.routes]
            judged = self.facts.topology.transit.judged_by_policy(vpc_id)
            inside = any(self._divides(vpc_id, r) or self._inspects(r) for r in routes)
            beyond = any(r.target.kind is TargetKind.TRANSIT_GATEWAY for r in routes) and self._is_inspected_beyond(
                vpc_id
            )
            self._appliances[vpc_id] = judged or inside or beyond
        return self._appliances[vpc_id]

    def _inspects(self, route: Route) -> bool:
        """Whether its target may be a middlebox."""
        kind, name = route.target
        endpoint = kind is TargetKind.VPC_ENDPOINT and gateway_endpoint(self.facts, name) is None
        return endpoint or kind is TargetKind.NETWORK_INTERFACE

    def _is_inspected_beyond(self, vpc_id: str) -> bool:
        """Whether a reply that leaves by a transit gateway may meet a middlebox of another VPC."""
        return bool(self._inspecting - {vpc_id})

    @cached_property
    def _inspecting(self) -> frozenset[str]:
        """The VPCs whose routes lead to middleboxes."""
        tables = self.facts.snapshot.route_tables.values()
        return frozenset(t.vpc_id for t in tables if t.vpc_id and any(map(self._inspects, t.routes)))

    def _divides(self, vpc_id: str, route: Route) -> bool:
        """Whether a route takes some addresses of the VPC elsewhere (S-RT-04)."""
        cidr = route.destination_cidr_block or route.destination_ipv6_cidr_block
        if cidr is None or route.target.kind is TargetKind.LOCAL or route.propagated:
            return False
        block = parse(cidr)
        own = self.facts.vpc_ranges(vpc_id, block.family)
        return not isinstance(own, Undecided) and not subtract([block.range], own)

    # One answer ----------------------------------------------------------------------------------

    def connections(self, host: Host, origin: Origin) -> Iterator[Connection]:
        """One connection for each way in, through load balancers too."""
        yield from self.direct(host, origin)
        yield from self.relays.behind(host, lambda node: self._clients(node, origin), FlowSet.full(host.family))

    def _clients(self, node: Host, origin: Origin) -> tuple[Connection, ...]:
        """Every connection of the origin to a node of a load balancer, which may stand behind another one."""
        key = (node.interface.network_interface_id, node.address, origin)
        if key not in self._of_nodes:
            # A chain that comes back to the node brings nothing more.
            self._of_nodes[key] = ()
            self._of_nodes[key] = tuple(self.connections(node, origin))
        return self._of_nodes[key]

    def direct(self, host: Host, origin: Origin) -> Iterator[Connection]:
        """One connection for each way in that no load balancer is on."""
        vpc_id = host.interface.vpc_id or ""
        connector = self.connectors[host.family]
        for way in self.ways.into(vpc_id, origin):
            yield connector.from_gateway(way, host, _asked(way, host.family))
        if origin == "internet":
            for _, block in pools_of(self.facts, host):
                way = self.ways.pool(vpc_id, block)
                yield connector.from_gateway(way, block, _asked(way, "ipv4"))
            gap = pools_gap(self.facts, host)
            if gap:
                yield unmodelled(connector, host, FlowSet.full(host.family), gap)
        for entrance in self._entrances(host, origin):
            entered = enter(connector, entrance, host, FlowSet.full(host.family))
            if entered is not None:
                yield entered
        for open_way in self.ways.open_ways(vpc_id, origin):
            # It may translate what it gets, so any source may be seen.
            yield unmodelled(connector, host, FlowSet.full(host.family), open_way.reason)

    def _answer(self, host: Host, origin: Origin, connections: tuple[Connection, ...]) -> Answer:
        vpc_id = host.interface.vpc_id or ""
        whole = self.ways.internet_sources(vpc_id, host.family) if origin in {"internet", "gated"} else ()
        found = answer(self.facts, connections, whole=whole, shared=True)
        absent = self.relies_on_absent(host, origin, found.verdict)
        return replace(found, relies_on_absent=absent) if absent else found

    def no_way(self, host: Host, origin: Origin) -> tuple[Connection, ...]:
        """Where no way leads to the host: the services by which others of its VPC are reached leave it out."""
        vpc_id = host.interface.vpc_id
        if not vpc_id:
            reason = f"{host.interface.network_interface_id} names no VPC"
            return (unmodelled(self.connectors[host.family], host, FlowSet.full(host.family), reason),)
        names = ", ".join(dict.fromkeys(e.id for e in self.facts.entrances.into(vpc_id, origin))) or origin
        cause = Stated("NO_POSSIBLE_DESTINATION", vpc_id, f"{names} leads to other addresses of {vpc_id} only")
        return (impossible(host, FlowSet.full(host.family), cause),)

    def relies_on_absent(self, host: Host, origin: Origin, verdict: Verdict) -> tuple[str, ...]:
        """Calls that were not read and whose records would change the answer if there were any (S-LOAD)."""
        vpc_id = host.interface.vpc_id or ""
        found: set[str] = set()
        if verdict in {Verdict.UNREACHABLE, Verdict.FORWARD_ONLY}:
            absent = self.ways.assumed_absent(vpc_id, origin)
            found.update(absent if absent and self._admits_anything(host) else ())
        scope = self.facts.topology.vpc_scope(vpc_id)
        direct_connect = self.facts.snapshot.calls.state(DIRECT_CONNECT_CALL, scope)
        if origin == "vgw" and host.family == "ipv6" and direct_connect is None:
            found.add(DIRECT_CONNECT_CALL)
        if origin == "internet" and verdict is not Verdict.UNREACHABLE:
            found.update(self.absent_public_access(host))
        return tuple(sorted(found))

    def absent_public_access(self, host: Host) -> tuple[str, ...]:
        """The call that would say that Block Public Access stops the host's subnet, where nothing else says it."""
        subnet = self.facts.topology.subnet_of(host.interface)
        if isinstance(subnet, Undecided):
            return ()
        found = block_public_access(self.facts, subnet)
        return (OPTIONS_CALL,) if not isinstance(found, Undecided) and found.evidence is None else ()

    def _admits_anything(self, host: Host) -> bool:
        """Whether groups and state would let any packet of any sender through."""
        i = host.interface
        ordinary = self._in_service(i) and i.interface_type == "interface" and bool(i.group_ids)
        key = (host.family, i.vpc_id, i.group_ids, None if ordinary else i.network_interface_id)
        if key not in self._admits:
            found = unmodelled(self.connectors[host.family], host, FlowSet.full(host.family), "")
            self._admits[key] = not found.delivered.maybe.is_empty
        return self._admits[key]


def _asked_of_groups(connections: tuple[Connection, ...]) -> Iterator[GroupCause | GroupQuestion]:
    """How groups were read on the remote address; elsewhere the packet itself says what was asked."""
    for connection in connections:
        for check in connection.checks:
            if isinstance(check.cause, GroupCause):
                yield check.cause.asked or check.cause


def _behind(registration: Registration) -> _Behind:
    balancer, front, place = registration
    return _Behind(balancer.id, front, place.group, place.port, place.treatment, place.zone)


def _alike(registrations: tuple[Registration, ...], origin: Origin) -> bool:
    """Whether every target that is registered so gets the same packets, and nothing is said of one of them alone."""
    return not any(r.place.unwell for r in registrations) and not (registrations and origin in {"gated", "privatelink"})


def _associations(host: Host) -> tuple[int | None, ...]:
    """What the gateways of a VPC translate the address to."""
    if host.family == "ipv6":
        return ()
    kinds: tuple[Translation, ...] = ("public_ip", "carrier_ip", "customer_owned_ip")
    return tuple(associated(host.interface, host.address, kind) for kind in kinds)


def _asked(way: Way, family: Family) -> FlowSet:
    """What the way may hand in; where that is nothing of the family, everything, so that the barriers are told."""
    return FlowSet.of_remotes(family, way.sources[family] or ((0, top(family)),))
