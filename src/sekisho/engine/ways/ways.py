"""The ways into a VPC: gateways that are modelled, and records of kinds that are not but could hand packets in."""

from collections.abc import Mapping
from functools import cached_property
from typing import NamedTuple

from sekisho.engine.answer import ORIGINS, Origin
from sekisho.engine.connected import Host, Way
from sekisho.engine.facts import Facts
from sekisho.engine.gateways.border import Translation, associations_of, gateway_of, local_table
from sekisho.engine.transit import Stated
from sekisho.model.border import LocalGatewayRouteTable
from sekisho.model.gateways import VpcPeeringConnection
from sekisho.model.interface import NetworkInterface
from sekisho.model.kinds import UNMODELLED_KINDS
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.snapshot import Unmodelled
from sekisho.model.targets import Balancer
from sekisho.sets.prefixes import Family, Range, internet, parse_ranges, spell, subtract, top

from .pools import advertised
from .transit_ways import absent as absent_transit
from .transit_ways import open_into, ways_into

_FAMILIES: tuple[Family, Family] = ("ipv4", "ipv6")
# Interfaces that show that a kind of record exists, though its call may not have been read (S-LOAD).
_TRACES: tuple[tuple[str, str, Origin], ...] = (
    ("network_load_balancer", "a network load balancer", "internet"),
    ("load_balancer", "a load balancer", "internet"),
)


BALANCER_CALLS = ("elbv2:DescribeLoadBalancers", "elb:DescribeLoadBalancers")
BALANCER_TABLES = {
    "load_balancers",
    "classic_load_balancers",
    "listeners",
    "listener_rules",
    "target_groups",
    "targets",
    "target_group_attributes",
    "load_balancer_attributes",
    "classic_attributes",
}
# Gateways that are a way of their own where their call failed: each may serve any VPC of its account (S-LOAD).
_GATES: Mapping[Origin, tuple[str, ...]] = {
    "internet": ("carrier_gateways",),
    "vgw": ("carrier_gateways", "local_gateway_associations"),
}
# Optional calls whose records routes name.
CARRIER_CALL = "ec2:DescribeCarrierGateways"
_ROUTED: Mapping[Origin, tuple[str, ...]] = {
    "vgw": ("ec2:DescribeVpnGateways", "ec2:DescribeLocalGatewayRouteTableVpcAssociations"),
}
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
        self._absent: dict[tuple[str, Origin], tuple[str, ...]] = {}

    def into(self, vpc_id: str, origin: Origin) -> tuple[Way, ...]:
        """Modelled ways. For the internet always one, which says so where there is no gateway."""
        key = (vpc_id, origin)
        if key not in self._found:
            self._found[key] = self._into(vpc_id, origin)
        return self._found[key]

    def _into(self, vpc_id: str, origin: Origin) -> tuple[Way, ...]:
        if origin == "internet":
            return (self.internet(vpc_id), *self.carriers(vpc_id, beyond=True))
        if origin == "peering":
            found = self._facts.topology.peerings_of(vpc_id)
            return tuple(self.peering(p, vpc_id) for p in found if p.status.code == "active")
        if origin == "vgw":
            gateway = self._facts.topology.vpn_gateway_of(vpc_id)
            vpn: tuple[Way, ...] = ()
            if gateway is not None and not isinstance(gateway, Undecided):
                vpn = (self.vpn(gateway.vpn_gateway_id, vpc_id),)
            return (*vpn, *self.locals(vpc_id), *self.carriers(vpc_id, beyond=False))
        if origin == "tgw":
            return ways_into(self._facts, vpc_id, self.everything_outside(vpc_id))
        return ()

    # Modelled ways -------------------------------------------------------------------------------

    def internet(self, vpc_id: str) -> Way:
        gateway = self._facts.topology.internet_gateway_of(vpc_id)
        known = None if gateway is None or isinstance(gateway, Undecided) else gateway.internet_gateway_id
        sources = self._outside(vpc_id, self.whole_internet())
        return Way("internet-gateway", known, vpc_id, sources, translates="public_ip")

    def pool(self, vpc_id: str, host: Host) -> Way:
        """The internet gateway as it delivers a block of a pool, which `host` stands for (S-POOL-01, S-POOL-02)."""
        way = self.internet(vpc_id)._replace(translates=None, pooled=True)
        told = advertised(self._facts, host)
        if isinstance(told, Undecided):
            return way._replace(doubt=told.reason)
        detail = f"the internet is not told of {spell(host.address, 'ipv4')}: its block is not advertised"
        return way if told else way._replace(closed=Stated("BAD_STATE", way.gateway or vpc_id, detail))

    def carriers(self, vpc_id: str, *, beyond: bool) -> tuple[Way, ...]:
        """The carrier gateways of the VPC: their carriers' networks, or the internet `beyond` (S-CAGW-01)."""
        found = sorted(
            g.carrier_gateway_id
            for g in self._facts.snapshot.carrier_gateways.values()
            if g.vpc_id == vpc_id and g.state != "deleted"
        )
        return tuple(self.carrier(name, vpc_id, beyond=beyond) for name in found)

    def carrier(self, gateway_id: str, vpc_id: str, *, beyond: bool = False) -> Way:
        sources: dict[Family, tuple[Range, ...]] = {"ipv4": internet("ipv4") if beyond else ((0, top("ipv4")),)}
        outside = self._outside(vpc_id, {**sources, "ipv6": ()})
        return Way("carrier-gateway", gateway_id, vpc_id, outside, translates="carrier_ip", beyond=beyond)

    def local(self, gateway_id: str, vpc_id: str) -> Way:
        """On-premises hosts behind a local gateway: any IPv4 address outside the VPC (S-LGW-02)."""
        found = local_table(self._facts, gateway_id, vpc_id)
        translates: Translation | None = None
        if isinstance(found, LocalGatewayRouteTable) and found.mode == "coip":
            translates = "customer_owned_ip"
        outside = self._outside(vpc_id, {"ipv4": ((0, top("ipv4")),), "ipv6": ()})
        return Way("local-gateway", gateway_id, vpc_id, outside, translates=translates)

    def locals(self, vpc_id: str) -> tuple[Way, ...]:
        named = {gateway_of(self._facts, a) for a in associations_of(self._facts, vpc_id)}
        return tuple(self.local(name, vpc_id) for name in sorted(filter(None, named)))

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

    def everything_outside(self, vpc_id: str) -> Mapping[Family, tuple[Range, ...]]:
        """Every address that is not the VPC's own."""
        return self._outside(vpc_id, {family: ((0, top(family)),) for family in _FAMILIES})

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
        """Records that name the VPC and are not modelled, or whose way into it is not known."""
        found = [
            f"{u.kind.noun} {u.id} is not modelled"
            for u in self._facts.snapshot.unmodelled
            if u.kind.origin == origin and u.internet_facing is not False and vpc_id in self._vpcs_of(u)
        ]
        if origin == "tgw":
            found += open_into(self._facts, vpc_id, self._routed(vpc_id, TargetKind.TRANSIT_GATEWAY))
            found += [f"core network {name} is not modelled" for name in self._routed(vpc_id, TargetKind.CORE_NETWORK)]
        if origin in {"internet", "vgw"}:
            named = self._routed(vpc_id, TargetKind.CARRIER_GATEWAY)
            known = self._facts.snapshot.carrier_gateways
            found += [f"carrier gateway {name} is not in the snapshot" for name in named if name not in known]
        if origin == "vgw":
            known_local = {way.gateway for way in self.locals(vpc_id)}
            named = self._routed(vpc_id, TargetKind.LOCAL_GATEWAY)
            found += [f"how local gateway {n} serves {vpc_id} is not known" for n in named if n not in known_local]
            found += [
                f"{a.local_gateway_route_table_id} of {vpc_id} does not say which local gateway it belongs to"
                for a in associations_of(self._facts, vpc_id)
                if gateway_of(self._facts, a) is None
            ]
        return found

    def _traces(self, vpc_id: str, origin: Origin) -> list[str]:
        found = []
        for interface in self._interfaces(vpc_id):
            for kind, noun, way in _TRACES:
                if way != origin or not _shows(interface, kind):
                    continue
                if self._facts.topology.balancers.of_interface(interface):
                    continue
                if noun.endswith("load balancer") and not _is_public(interface):
                    continue
                found.append(f"{interface.network_interface_id} belongs to {noun}, which is not modelled")
        return found

    def _gaps(self, vpc_id: str, origin: Origin) -> list[str]:
        """Calls of the origin that failed or are incomplete; ways that were needed and not read."""
        scope = self._facts.topology.vpc_scope(vpc_id)
        calls = self._facts.snapshot.calls
        found = [*self._facts.entrances.gaps(vpc_id, origin), *self._of_balancers(vpc_id, origin)]
        for kind in UNMODELLED_KINDS:
            if kind.origin == origin and calls.asked(kind.call, scope):
                gap = calls.gap(kind.call, scope)
                found += [gap] if gap else []
        found += self._unrouted(vpc_id, origin)
        gates = [table for table in _GATES.get(origin, ()) if table != "carrier_gateways" or self._on_carrier(vpc_id)]
        found += [gap for table in gates if (gap := self._facts.topology.asked_gap(table, vpc_id))]
        if origin == "peering":
            gap = self._facts.topology.peerings_gap(vpc_id)
            found += [gap] if gap else []
            named = self._routed(vpc_id, TargetKind.PEERING)
            found += [f"{p} is not in the snapshot" for p in named if p not in self._facts.snapshot.peerings]
        if origin == "vgw":
            gateway = self._facts.topology.vpn_gateway_of(vpc_id)
            if isinstance(gateway, Undecided):
                found.append(gateway.reason)
            elif gateway is None and calls.state("ec2:DescribeVpnGateways", scope) is None:
                named = self._routed(vpc_id, TargetKind.VPN_GATEWAY)
                found += [f"{name}: ec2:DescribeVpnGateways was not read" for name in named]
        return found

    def _unrouted(self, vpc_id: str, origin: Origin) -> list[str]:
        """Gateways that no call shows, and that routes may name which were not read (S-LOAD)."""
        gap, scope = self._facts.topology.asked_gap("route_tables", vpc_id), self._facts.topology.vpc_scope(vpc_id)
        calls = _ROUTED.get(origin, ()) + (CARRIER_CALL,) * (origin in _GATES and self._on_carrier(vpc_id))
        unread = [call for call in calls if self._facts.snapshot.calls.state(call, scope) is None]
        return [gap] if gap and (unread or (origin == "tgw" and absent_transit(self._facts, vpc_id))) else []

    def _on_carrier(self, vpc_id: str) -> bool:
        """Whether an address of the VPC has a carrier address, without which no carrier gateway delivers to it."""
        held = self._interfaces(vpc_id)
        return any(a.association and a.association.carrier_ip for i in held for a in i.addresses)

    def _of_balancers(self, vpc_id: str, origin: Origin) -> list[str]:
        """What is not known of load balancers that could bring packets of the origin to the VPC (S-ELB-10)."""
        if origin != "internet" and not (self.into(vpc_id, origin) or self._facts.entrances.into(vpc_id, origin)):
            return []
        return self.unknown_balancers(vpc_id, facing=origin == "internet")

    def unknown_balancers(self, vpc_id: str, *, facing: bool = False) -> list[str]:
        """What is not known of load balancers that could have targets in the VPC; `facing`: for the internet alone."""
        unknown = self._facts.topology.balancers.unknowns
        # A node without a record that has a public address is a trace of the internet's ways.
        joined = self._joined(vpc_id)
        near = [u for u in unknown if u.vpc_id in joined and (not facing or u.balancer or u.group)]
        found = [u.reason for u in near if not facing or self._is_facing(u.balancer)]
        scopes = dict.fromkeys(self._facts.topology.vpc_scope(name) for name in sorted(joined))
        calls = self._facts.snapshot.calls
        made = [(call, s) for s in scopes for call in BALANCER_CALLS if calls.asked(call, s)]
        lost = [m for m in self._facts.snapshot.missing.values() if m.table in BALANCER_TABLES]
        own = {name for vpc in joined for name in (vpc, *(s.subnet_id for s in self._facts.topology.subnets_of(vpc)))}
        unusable = [f"{m.id}: {m.why}" for m in lost if not _names_a_vpc(m.refers) or not m.refers.isdisjoint(own)]
        return [*found, *(gap for call, scope in made if (gap := calls.gap(call, scope))), *unusable]

    def _is_facing(self, balancer: Balancer | None, seen: frozenset[str] = frozenset()) -> bool:
        """Whether a load balancer may take packets of the internet, by another one too; one without a record may."""
        if balancer is None or balancer.internet_facing or self._facts.entrances.into(balancer.vpc_id, "internet"):
            return True
        balancers = self._facts.topology.balancers
        nodes = balancers.nodes(balancer)
        if any(a.association for n in nodes for a in n.addresses) or any(
            balancers.denies_internet(n) is not True for n in nodes
        ):
            return True
        held = [(n, a.private_ip_address) for n in nodes for a in n.addresses]
        before = [r.balancer for node, address in held for r in balancers.registrations(node, address)]
        passed = seen | {balancer.id}
        return any(self._is_facing(one, passed) for one in before if one.id not in passed)

    def _joined(self, vpc_id: str) -> set[str]:
        """The VPC, and those from which load balancers could send to targets by address in it."""
        topology = self._facts.topology
        sides = (p.far_side(vpc_id) for p in topology.peerings_of(vpc_id) if p.status.code == "active")
        found = {vpc_id, *(side.vpc_id for side in sides if side and side.vpc_id)}
        known = {*self._facts.snapshot.vpcs, *topology.interfaces_of_vpc}
        if topology.asked_gap("peerings", vpc_id):
            found |= known
        if self._on_transit(vpc_id):
            found |= {name for name in known if self._on_transit(name)}
        return found

    def _on_transit(self, vpc_id: str) -> bool:
        """Whether a transit gateway may join the VPC to others: by an attachment, or by a route where none was read."""
        if self._facts.topology.transit.of_vpc(vpc_id):
            return True
        return bool(absent_transit(self._facts, vpc_id) and self._routed(vpc_id, TargetKind.TRANSIT_GATEWAY))

    def _routed(self, vpc_id: str, kind: TargetKind) -> list[str]:
        """Targets of a kind that routes of the VPC name."""
        tables = self._facts.topology.route_tables_of(vpc_id)
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

    def _interfaces(self, vpc_id: str) -> tuple[NetworkInterface, ...]:
        return self._facts.topology.interfaces_of_vpc.get(vpc_id, ())

    # Origins and what is taken as absent ---------------------------------------------------------

    def origins(self, vpc_id: str) -> tuple[Origin, ...]:
        """The origins that the VPC has a way of; the internet always."""
        return tuple(o for o in ORIGINS if o == "internet" or self._has(vpc_id, o))

    def _has(self, vpc_id: str, origin: Origin) -> bool:
        entrances = self._facts.entrances.into(vpc_id, origin)
        return bool(entrances or self.into(vpc_id, origin) or self.open_ways(vpc_id, origin))

    def assumed_absent(self, vpc_id: str, origin: Origin) -> tuple[str, ...]:
        """Calls whose records could open a way of the origin, that were not read (S-LOAD)."""
        key = (vpc_id, origin)
        if key not in self._absent:
            self._absent[key] = self._assumed_absent(vpc_id, origin)
        return self._absent[key]

    def _assumed_absent(self, vpc_id: str, origin: Origin) -> tuple[str, ...]:
        scope = self._facts.topology.vpc_scope(vpc_id)
        calls = (k.call for k in UNMODELLED_KINDS if k.origin == origin)
        absent = {c for c in calls if self._facts.snapshot.calls.state(c, scope) is None}
        if origin == "tgw":
            absent |= set(absent_transit(self._facts, vpc_id))
        if origin == "internet":
            absent |= {c for c in BALANCER_CALLS if self._facts.snapshot.calls.state(c, scope) is None}
        return tuple(sorted(absent | set(self._facts.entrances.absent(vpc_id, origin))))


def _shows(interface: NetworkInterface, kind: str) -> bool:
    classic_or_application = kind == "load_balancer" and interface.description.startswith("ELB ")
    return interface.interface_type == kind or classic_or_application


def _names_a_vpc(refers: frozenset[str]) -> bool:
    return any(name.startswith(("vpc-", "subnet-")) for name in refers)


def _is_public(interface: NetworkInterface) -> bool:
    return bool(interface.ipv6_addresses) or any(a.association for a in interface.addresses)
