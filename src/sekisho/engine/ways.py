"""The ways into a VPC: gateways that are modelled, and records of kinds that are not but could hand packets in."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from sekisho.model.gateways import VpcPeeringConnection
from sekisho.model.interface import NetworkInterface
from sekisho.model.kinds import UNMODELLED_KINDS
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.snapshot import Unmodelled
from sekisho.sets.prefixes import Family, Range, internet, parse_ranges, subtract, top

from .answer import ORIGINS, Origin
from .connection import Way
from .facts import Facts
from .transit import Stated

_FAMILIES: tuple[Family, Family] = ("ipv4", "ipv6")
# Interfaces that show that a kind of record exists, though its call may not have been read (S-LOAD).
_TRACES: tuple[tuple[str, str, Origin], ...] = (
    ("network_load_balancer", "a network load balancer", "internet"),
    ("load_balancer", "a load balancer", "internet"),
    ("global_accelerator_managed", "an accelerator", "internet"),
    ("ec2_instance_connect_endpoint", "an EC2 Instance Connect Endpoint", "gated"),
)


DIRECT_CONNECT_CALL = "directconnect:DescribeVirtualInterfaces"


class OpenWay(NamedTuple):
    """A way that is not modelled: what it is, why it is open, and the interface type or id that shows it."""

    origin: Origin
    reason: str


class Ways:
    """The ways into each VPC of one snapshot."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._found: dict[tuple[str, Origin], tuple[Way, ...]] = {}
        self._open: dict[tuple[str, Origin], tuple[OpenWay, ...]] = {}
        self._vpcs: dict[str, frozenset[str]] = {}

    def into(self, vpc_id: str, origin: Origin) -> tuple[Way, ...]:
        """Modelled ways. For the internet always one, which says so where there is no gateway."""
        key = (vpc_id, origin)
        if key not in self._found:
            self._found[key] = self._into(vpc_id, origin)
        return self._found[key]

    def _into(self, vpc_id: str, origin: Origin) -> tuple[Way, ...]:
        if origin == "internet":
            return (self.internet(vpc_id),)
        if origin == "peering":
            found = self._facts.topology.peerings_of(vpc_id)
            return tuple(self.peering(p, vpc_id) for p in found if p.status.code == "active")
        if origin == "vgw":
            gateway = self._facts.topology.vpn_gateway_of(vpc_id)
            return (
                () if gateway is None or isinstance(gateway, Undecided) else (self.vpn(gateway.vpn_gateway_id, vpc_id),)
            )
        return ()

    # Modelled ways -------------------------------------------------------------------------------

    def internet(self, vpc_id: str) -> Way:
        gateway = self._facts.topology.internet_gateway_of(vpc_id)
        known = None if gateway is None or isinstance(gateway, Undecided) else gateway.internet_gateway_id
        return Way("internet-gateway", known, vpc_id, self._outside(vpc_id, self.whole_internet()))

    def whole_internet(self) -> Mapping[Family, tuple[Range, ...]]:
        return {family: internet(family) for family in _FAMILIES}

    def internet_sources(self, vpc_id: str, family: Family) -> tuple[Range, ...]:
        """The internet as the VPC sees it: minus its own CIDRs (S-ADR-01)."""
        return self._outside(vpc_id, self.whole_internet())[family]

    def peering(self, peering: VpcPeeringConnection, vpc_id: str) -> Way:
        """The peer hands in addresses of the far VPC (S-PCX-04)."""
        name = peering.vpc_peering_connection_id
        far = peering.far_side(vpc_id)
        if far is None:
            apart = Stated("BAD_STATE", name, f"{name} does not join {vpc_id}")
            return Way("vpc-peering-connection", name, vpc_id, dict.fromkeys(_FAMILIES, ()), closed=apart)
        known = self._facts.snapshot.vpcs.get(far.vpc_id or "")
        cidrs = known.cidrs if known else far.cidrs
        if not cidrs:
            anything: dict[Family, tuple[Range, ...]] = {family: ((0, top(family)),) for family in _FAMILIES}
            doubt = f"the CIDR blocks of {far.vpc_id} behind {name} are not known"
            outside = self._outside(vpc_id, anything)
            return Way("vpc-peering-connection", name, vpc_id, outside, far.vpc_id, doubt=doubt)
        sources = {family: parse_ranges(cidrs, family) for family in _FAMILIES}
        closed: Stated | None = None
        if peering.status.code != "active":
            place = self._facts.source("peerings", name, "/Status")
            closed = Stated("BAD_STATE", name, f"{name} is {peering.status.code}", (place,))
        return Way("vpc-peering-connection", name, vpc_id, sources, far.vpc_id, closed)

    def vpn(self, gateway_id: str, vpc_id: str) -> Way:
        """On-premises hosts: any address outside the VPC (S-VGW-01); IPv6 only over Direct Connect (S-VGW-02)."""
        everything: dict[Family, tuple[Range, ...]] = {family: ((0, top(family)),) for family in _FAMILIES}
        if self._facts.carries_ipv6(gateway_id) is False:
            everything["ipv6"] = ()
        return Way("virtual-private-gateway", gateway_id, vpc_id, self._outside(vpc_id, everything))

    def _outside(self, vpc_id: str, sources: Mapping[Family, tuple[Range, ...]]) -> dict[Family, tuple[Range, ...]]:
        outside: dict[Family, tuple[Range, ...]] = {}
        for family in _FAMILIES:
            own = self._facts.vpc_ranges(vpc_id, family)
            outside[family] = sources[family] if isinstance(own, Undecided) else subtract(sources[family], own)
        return outside

    # Ways that are not modelled ------------------------------------------------------------------

    def open_ways(self, vpc_id: str, origin: Origin) -> tuple[OpenWay, ...]:
        """What might hand packets in, without a model of how: records, traces of records, calls that failed."""
        key = (vpc_id, origin)
        if key not in self._open:
            found = [*self._records(vpc_id, origin), *self._traces(vpc_id, origin), *self._gaps(vpc_id, origin)]
            self._open[key] = tuple(OpenWay(origin, reason) for reason in dict.fromkeys(found))
        return self._open[key]

    def _records(self, vpc_id: str, origin: Origin) -> list[str]:
        """Records of unmodelled kinds that name the VPC; a transit gateway also where a route of the VPC names it."""
        found = [
            f"{u.kind.noun} {u.id} is not modelled"
            for u in self._facts.snapshot.unmodelled
            if u.kind.origin == origin and u.internet_facing is not False and vpc_id in self._vpcs_of(u)
        ]
        if origin == "tgw":
            found += [
                f"transit gateway {name} is not modelled" for name in self._routed(vpc_id, TargetKind.TRANSIT_GATEWAY)
            ]
            found += [f"core network {name} is not modelled" for name in self._routed(vpc_id, TargetKind.CORE_NETWORK)]
        if origin == "internet":
            found += self._pools(vpc_id)
            found += [
                f"carrier gateway {name} is not modelled" for name in self._routed(vpc_id, TargetKind.CARRIER_GATEWAY)
            ]
        return found

    def _pools(self, vpc_id: str) -> list[str]:
        """Public address pools whose packets an internet gateway's route table sends into the VPC."""
        tables = (t for t in self._facts.snapshot.route_tables.values() if t.vpc_id == vpc_id)
        pools = {a.public_ipv4_pool for t in tables for a in t.associations if a.public_ipv4_pool and a.in_force}
        return [f"ingress routing of the address pool {pool} is not modelled" for pool in sorted(pools)]

    def _traces(self, vpc_id: str, origin: Origin) -> list[str]:
        found = []
        for interface in self._interfaces(vpc_id):
            for kind, noun, way in _TRACES:
                if way != origin or not _shows(interface, kind):
                    continue
                if noun.endswith("load balancer") and not _is_public(interface):
                    continue
                found.append(f"{interface.network_interface_id} belongs to {noun}, which is not modelled")
        return found

    def _gaps(self, vpc_id: str, origin: Origin) -> list[str]:
        """Calls of the origin that failed or are incomplete; ways that were needed and not read."""
        scope = self._facts.topology.vpc_scope(vpc_id)
        calls = self._facts.snapshot.calls
        found = []
        for kind in UNMODELLED_KINDS:
            if kind.origin == origin and calls.state(kind.call, scope) is not None:
                gap = calls.gap(kind.call, scope)
                found += [gap] if gap else []
        if origin == "peering":
            gap = self._facts.topology.peerings_gap(vpc_id)
            found += [gap] if gap else []
            named = self._routed(vpc_id, TargetKind.PEERING)
            found += [f"{p} is not in the snapshot" for p in named if p not in self._facts.snapshot.peerings]
        if origin == "vgw":
            gateway = self._facts.topology.vpn_gateway_of(vpc_id)
            if isinstance(gateway, Undecided):
                found.append(gateway.reason)
            found += [
                f"local gateway {name} is not modelled" for name in self._routed(vpc_id, TargetKind.LOCAL_GATEWAY)
            ]
            if gateway is None and calls.state("ec2:DescribeVpnGateways", scope) is None:
                named = self._routed(vpc_id, TargetKind.VPN_GATEWAY)
                found += [f"{name}: ec2:DescribeVpnGateways was not read" for name in named]
        return found

    def _routed(self, vpc_id: str, kind: TargetKind) -> list[str]:
        """Targets of a kind that routes of the VPC name."""
        tables = (t for t in self._facts.snapshot.route_tables.values() if t.vpc_id == vpc_id)
        return sorted({r.target.id for t in tables for r in t.routes if r.target.kind is kind})

    def _vpcs_of(self, record: Unmodelled) -> frozenset[str]:
        """The VPCs that the record may hand packets to: those that it leads to by what it refers to, step by step.

        A load balancer also reaches targets by address in VPCs that are joined to its own; a record that leads
        to no VPC that the snapshot knows may reach every one of its account.
        """
        if record.id not in self._vpcs:
            reached = self._reached(record)
            vpcs = {vpc for name in reached for vpc in self._vpc_of_name(name)}
            if any("load balancer" in u.kind.noun for u in (record, *map(self._unmodelled.get, reached)) if u):
                vpcs |= {far for vpc in vpcs for far in self._joined(vpc)}
            own = {
                v for v, found in self._facts.snapshot.vpcs.items() if found.owner_id in {record.scope.account, None}
            }
            self._vpcs[record.id] = frozenset(vpcs or own)
        return self._vpcs[record.id]

    def _reached(self, record: Unmodelled) -> set[str]:
        """Every name that the record refers to, directly or through other records of unmodelled kinds, either way."""
        seen: set[str] = set()
        todo = [record]
        while todo:
            one = todo.pop()
            if one.id in seen:
                continue
            seen |= {one.id, *one.refers}
            todo += [u for u in self._facts.snapshot.unmodelled if u.id not in seen and (u.id in one.refers)]
            todo += [u for name in one.refers if (u := self._unmodelled.get(name)) and u is not one]
            todo += [u for u in self._facts.snapshot.unmodelled if one.id in u.refers and u.kind.noun == "target group"]
        return seen

    @cached_property
    def _unmodelled(self) -> Mapping[str, Unmodelled]:
        return {u.id: u for u in self._facts.snapshot.unmodelled}

    def _vpc_of_name(self, name: str) -> set[str]:
        """The VPC of a VPC, subnet, interface, instance or Elastic IP address by its id."""
        snapshot, topology = self._facts.snapshot, self._facts.topology
        subnet, interface = snapshot.subnets.get(name), snapshot.interfaces.get(name)
        addresses = (a for a in snapshot.addresses.values() if name in {a.allocation_id, a.public_ip})
        held = (snapshot.interfaces.get(a.network_interface_id or "") for a in addresses)
        found = [
            name if name in snapshot.vpcs or name.startswith("vpc-") else None,
            subnet.vpc_id if subnet else None,
            interface.vpc_id if interface else None,
            *(i.vpc_id for i in topology.interfaces_of_instance.get(name, ())),
            *(i.vpc_id for i in held if i),
        ]
        return {vpc for vpc in found if vpc}

    def _joined(self, vpc_id: str) -> set[str]:
        """VPCs that peering joins to the VPC, and all that have a route to a transit gateway where it has one."""
        far = {s.vpc_id for p in self._facts.topology.peerings_of(vpc_id) if (s := p.far_side(vpc_id)) and s.vpc_id}
        if self._routed(vpc_id, TargetKind.TRANSIT_GATEWAY):
            far |= {v for v in self._facts.snapshot.vpcs if self._routed(v, TargetKind.TRANSIT_GATEWAY)}
        return far

    def _interfaces(self, vpc_id: str) -> tuple[NetworkInterface, ...]:
        return self._facts.topology.interfaces_of_vpc.get(vpc_id, ())

    # Origins and what is taken as absent ---------------------------------------------------------

    def origins(self, vpc_id: str) -> tuple[Origin, ...]:
        """The origins that the VPC has a way of; the internet always."""
        return tuple(o for o in ORIGINS if o == "internet" or self.into(vpc_id, o) or self.open_ways(vpc_id, o))

    def assumed_absent(self, vpc_id: str, origin: Origin) -> tuple[str, ...]:
        """Calls whose records could open a way of the origin, that were not read (S-LOAD)."""
        scope = self._facts.topology.vpc_scope(vpc_id)
        calls = (k.call for k in UNMODELLED_KINDS if k.origin == origin)
        return tuple(sorted({c for c in calls if self._facts.snapshot.calls.state(c, scope) is None}))


def _shows(interface: NetworkInterface, kind: str) -> bool:
    classic_or_application = kind == "load_balancer" and interface.description.startswith("ELB ")
    return interface.interface_type == kind or classic_or_application


def _is_public(interface: NetworkInterface) -> bool:
    return bool(interface.ipv6_addresses) or any(a.association for a in interface.addresses)
