"""Every address of every interface against every origin: rows that share answers.

Addresses whose interface has the same subnet, groups and state, and which both have a public address or both
have none, get the same answer; it is made once for the class. Where an appliance could see the address
itself, the class is the address.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import NamedTuple

from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, spell, to_cidrs, top

from .answer import ORIGINS, Answer, Origin, Row, Verdict
from .bpa import OPTIONS_CALL, block_public_access
from .connection import Connection, Connector, Host, Way, unmodelled
from .crossing import private_ipv6
from .facts import Facts
from .groups import Groups
from .population import hosts_of
from .verdict import answer
from .ways import DIRECT_CONNECT_CALL, Ways


class Judged(NamedTuple):
    """A row with its answer, and the question that it answers for an example to be checked against."""

    row: Row
    answer: Answer
    connections: tuple[Connection, ...]


class Assessor:
    """Answers of one snapshot, one for each class of addresses and origin."""

    def __init__(self, topology: Topology) -> None:
        self.facts = Facts(topology)
        self.ways = Ways(self.facts)
        groups = Groups(self.facts)
        self.connectors: Mapping[Family, Connector] = {
            "ipv4": Connector(self.facts, groups, "ipv4"),
            "ipv6": Connector(self.facts, groups, "ipv6"),
        }
        self._appliances: dict[str, bool] = {}
        self._answers: dict[tuple[object, ...], tuple[Answer, tuple[Connection, ...]]] = {}

    def rows(self, interfaces: Iterable[NetworkInterface], origins: tuple[Origin, ...] = ORIGINS) -> Iterator[Judged]:
        """One for each address and origin, in the order of the interfaces; by address and origin within each."""
        for interface in interfaces:
            for host in hosts_of(interface):
                for origin in self.ways.origins(interface.vpc_id or ""):
                    if origin in origins:
                        found, connections = self.judge(host, origin)
                        yield Judged(self._row(host, origin), found, connections)

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
            connections = tuple(self.connections(host, origin))
            self._answers[key] = (self._answer(host, origin, connections), connections)
        return self._answers[key]

    def _class(self, host: Host, origin: Origin) -> tuple[object, ...]:
        """What the answer depends on. An interface out of the ordinary is a class of its own."""
        i = host.interface
        instance = self.facts.snapshot.instances.get(i.instance_id or "")
        in_service = i.status in {"in-use", "associated"} and (
            i.instance_id is None or (instance is not None and instance.state.name in {"running", "pending"})
        )
        ordinary = in_service and i.interface_type == "interface" and bool(i.group_ids)
        own = None if ordinary and not self._has_appliance(i.vpc_id or "") else (i.network_interface_id, host.address)
        private = host.family == "ipv6" and private_ipv6(self.facts, i, host.address)
        return (origin, host.family, i.vpc_id, i.subnet_id, i.group_ids, host.public is not None, private, own)

    def _has_appliance(self, vpc_id: str) -> bool:
        """Whether a route of the VPC leads to an interface, whose rules could tell addresses apart."""
        if vpc_id not in self._appliances:
            tables = (t for t in self.facts.snapshot.route_tables.values() if t.vpc_id == vpc_id)
            kinds = {r.target.kind for t in tables for r in t.routes}
            self._appliances[vpc_id] = TargetKind.NETWORK_INTERFACE in kinds
        return self._appliances[vpc_id]

    # One answer ----------------------------------------------------------------------------------

    def connections(self, host: Host, origin: Origin) -> Iterator[Connection]:
        """One connection for each way in."""
        vpc_id = host.interface.vpc_id or ""
        connector = self.connectors[host.family]
        for way in self.ways.into(vpc_id, origin):
            yield connector.from_gateway(way, host, _asked(way, host.family))
        for open_way in self.ways.open_ways(vpc_id, origin):
            # It may translate what it gets, so any source may be seen.
            yield unmodelled(connector, host, FlowSet.full(host.family), open_way.reason)

    def _answer(self, host: Host, origin: Origin, connections: tuple[Connection, ...]) -> Answer:
        vpc_id = host.interface.vpc_id or ""
        if not connections:
            reason = f"{host.interface.network_interface_id} names no VPC"
            connections = (unmodelled(self.connectors[host.family], host, FlowSet.full(host.family), reason),)
        whole = self.ways.internet_sources(vpc_id, host.family) if origin == "internet" else ()
        found = answer(self.facts, connections, whole=whole, shared=True)
        absent = self.relies_on_absent(host, origin, found.verdict)
        return replace(found, relies_on_absent=absent) if absent else found

    def relies_on_absent(self, host: Host, origin: Origin, verdict: Verdict) -> tuple[str, ...]:
        """Calls that were not read and whose records would change the answer if there were any (S-LOAD)."""
        vpc_id = host.interface.vpc_id or ""
        found: set[str] = set()
        if verdict in {Verdict.UNREACHABLE, Verdict.FORWARD_ONLY} and self._admits_anything(host):
            found.update(self.ways.assumed_absent(vpc_id, origin))
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
        connector = self.connectors[host.family]
        found = unmodelled(connector, host, FlowSet.full(host.family), "")
        return not found.delivered.maybe.is_empty


def _asked(way: Way, family: Family) -> FlowSet:
    """What the way may hand in; where that is nothing of the family, everything, so that the barriers are told."""
    return FlowSet.of_remotes(family, way.sources[family] or ((0, top(family)),))
