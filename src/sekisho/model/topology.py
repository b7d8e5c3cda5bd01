"""Which route table, network ACL, gateway and peering applies to what: joins by id, three-valued.

`None` says that there is provably none; `Undecided` that the snapshot does not settle it.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cached_property
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from typing import TypeVar

from .balancers import Balancers
from .filters import NetworkAcl
from .gateways import InternetGateway, VpcPeeringConnection, VpnGateway
from .interface import NetworkInterface
from .kinds import KIND_BY_TABLE
from .record import Record, Scope, Undecided
from .routing import RouteTable
from .services import Services
from .snapshot import Missing, Snapshot
from .transit import Transit
from .vpc import Subnet

R = TypeVar("R", bound=Record)


class Topology:
    """The joins of one snapshot, each index built once when first asked for."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.snapshot = snapshot
        #: Choices among the routes of a table, by table, VPC and destination: see `engine.trace.routes`.
        self.chosen: dict[tuple[str, str, str], object] = {}

    # Scopes -------------------------------------------------------------------------------------

    def vpc_scope(self, vpc_id: str | None) -> Scope:
        """The owner and region of a VPC: routes, ACLs and gateways of a shared subnet are its owner's (S-RAM-01)."""
        return self.snapshot.scope("vpcs", vpc_id) if vpc_id else Scope(None, None)

    def interface_scope(self, interface: NetworkInterface) -> Scope:
        return self.snapshot.scope("interfaces", interface.network_interface_id)

    @cached_property
    def transit(self) -> Transit:
        """The transit gateways, their attachments and tables."""
        return Transit(self)

    @cached_property
    def balancers(self) -> Balancers:
        """The load balancers, what they take and whom they send it to."""
        return Balancers(self)

    @cached_property
    def services(self) -> Services:
        """The interface endpoints and endpoint services."""
        return Services(self)

    # Subnet -> route table, ACL -----------------------------------------------------------------

    def subnet_of(self, interface: NetworkInterface) -> Subnet | Undecided:
        if interface.subnet_id is None:
            return Undecided(f"{interface.network_interface_id} names no subnet")
        found = self.snapshot.subnets.get(interface.subnet_id)
        if found is None:
            scope = self.interface_scope(interface)
            return Undecided(self.snapshot.why_missing("subnets", interface.subnet_id, scope))
        return found

    def zone_of(self, interface: NetworkInterface) -> str | None:
        """The Availability Zone of the interface by name, as its subnet or else it itself says; None where neither."""
        subnet = self.subnet_of(interface)
        own = interface.availability_zone
        return own if isinstance(subnet, Undecided) else subnet.availability_zone or own

    def route_table_of(self, subnet: Subnet) -> RouteTable | Undecided:
        """The explicitly associated table, else the main table of the subnet's VPC (S-RT-01)."""
        scope = self.vpc_scope(subnet.vpc_id)
        explicit = self._tables_by_subnet.get(subnet.subnet_id, ())
        if len(explicit) == 1:
            return explicit[0]
        if len(explicit) > 1:
            names = ", ".join(sorted(t.route_table_id for t in explicit))
            return Undecided(f"{subnet.subnet_id} is associated with several route tables: {names}")
        gap = self._gap("route_tables", scope, subnet.subnet_id, subnet.vpc_id)
        if gap:
            return Undecided(gap)
        main = self._main_tables.get(subnet.vpc_id, ())
        if len(main) == 1:
            return main[0]
        return Undecided(f"{subnet.vpc_id} has {'several main route tables' if main else 'no main route table'}")

    def acl_of(self, subnet: Subnet) -> NetworkAcl | Undecided:
        """The one network ACL associated with the subnet: AWS lists default associations too (S-ACL-01)."""
        acls = self._acls_by_subnet.get(subnet.subnet_id, ())
        if len(acls) == 1:
            return acls[0]
        if len(acls) > 1:
            names = ", ".join(sorted(a.network_acl_id for a in acls))
            return Undecided(f"{subnet.subnet_id} is associated with several network ACLs: {names}")
        gap = self._gap("network_acls", self.vpc_scope(subnet.vpc_id), subnet.subnet_id)
        return Undecided(gap or f"no network ACL names {subnet.subnet_id}")

    @cached_property
    def _tables_by_subnet(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return _group(
            (a.subnet_id, t)
            for t in self.snapshot.route_tables.values()
            for a in t.associations
            if a.subnet_id and a.in_force
        )

    @cached_property
    def _tables_of_vpc(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return _group((t.vpc_id, t) for t in self.snapshot.route_tables.values() if t.vpc_id)

    @cached_property
    def _main_tables(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return _group(
            (t.vpc_id, t)
            for t in self.snapshot.route_tables.values()
            if t.vpc_id and any(a.main and a.in_force for a in t.associations)
        )

    @cached_property
    def _acls_by_subnet(self) -> Mapping[str, tuple[NetworkAcl, ...]]:
        return _group((a.subnet_id, acl) for acl in self.snapshot.network_acls.values() for a in acl.associations)

    # VPC -> gateways ----------------------------------------------------------------------------

    def internet_gateway_of(self, vpc_id: str) -> InternetGateway | None | Undecided:
        """The internet gateway attached to the VPC: at most one can be (S-IGW-01)."""
        return self._attached("internet_gateways", self._internet_gateways.get(vpc_id, ()), vpc_id)

    def vpn_gateway_of(self, vpc_id: str) -> VpnGateway | None | Undecided:
        """The virtual private gateway attached to the VPC; assumed absent where its call is (S-LOAD)."""
        found = self._vpn_gateways.get(vpc_id, ())
        absent = self.snapshot.calls.state("ec2:DescribeVpnGateways", self.vpc_scope(vpc_id)) is None
        if not found and absent:
            return None
        return self._attached("vpn_gateways", found, vpc_id)

    def route_tables_of(self, vpc_id: str) -> tuple[RouteTable, ...]:
        """The route tables of the VPC that the snapshot holds."""
        return self._tables_of_vpc.get(vpc_id, ())

    def edge_tables_of(self, gateway_id: str) -> tuple[RouteTable, ...]:
        """Every route table associated with the gateway."""
        return self._edge_tables.get(gateway_id, ())

    def edge_table_of(self, gateway_id: str, vpc_id: str) -> RouteTable | None | Undecided:
        """The route table associated with an internet gateway or virtual private gateway (S-EDGE-01)."""
        found = self.edge_tables_of(gateway_id)
        if found:
            return found[0] if len(found) == 1 else Undecided(f"{gateway_id} has several route tables")
        gap = self._gap("route_tables", self.vpc_scope(vpc_id), gateway_id)
        return Undecided(gap) if gap else None

    def peerings_of(self, vpc_id: str) -> tuple[VpcPeeringConnection, ...]:
        """Every peering connection that names the VPC, in any state, by id."""
        return self._peerings.get(vpc_id, ())

    def interfaces_gap(self, *anchors: str) -> str | None:
        """Why there may be interfaces of a VPC, subnet or instance that the snapshot does not hold, or None.

        The first anchor is the VPC; with none, the question is about the whole snapshot.
        """
        unknown = self._unknown_vpc(anchors[0]) if anchors else None
        if unknown:
            return unknown
        scopes = [self.vpc_scope(anchors[0])] if anchors else self.snapshot.calls.scopes
        wanted = (
            m for m in self._unusable_interfaces if not anchors or not m.refers or not m.refers.isdisjoint(anchors)
        )
        gaps = (self.snapshot.gap("interfaces", scope) for scope in scopes)
        return next((gap for gap in gaps if gap), None) or next((f"{m.id}: {m.why}" for m in wanted), None)

    @cached_property
    def _unusable_interfaces(self) -> tuple[Missing, ...]:
        return tuple(m for m in self.snapshot.missing.values() if m.table == "interfaces")

    @property
    def has_unusable_interfaces(self) -> bool:
        """Whether the snapshot has records of interfaces that cannot be used."""
        return bool(self._unusable_interfaces)

    def peerings_gap(self, vpc_id: str) -> str | None:
        """Why the VPC may have peering connections that the snapshot does not list, or None."""
        return self._gap("peerings", self.vpc_scope(vpc_id), vpc_id) or self._unknown_vpc(vpc_id)

    def asked_gap(self, table: str, vpc_id: str) -> str | None:
        """Why records of an optional table may be lacking of the VPC though its call was made, or None (S-LOAD)."""
        scope = self.vpc_scope(vpc_id)
        made = self.snapshot.calls.asked(KIND_BY_TABLE[table].call, scope)
        lost = any(m.table == table and (not m.refers or vpc_id in m.refers) for m in self.snapshot.missing.values())
        return self._gap(table, scope, vpc_id) if made or lost else None

    def _attached(self, table: str, found: tuple[R, ...], vpc_id: str) -> R | None | Undecided:
        if len(found) == 1:
            return found[0]
        if found:
            return Undecided(f"{vpc_id} has several records of {table.replace('_', ' ')}")
        gap = self._gap(table, self.vpc_scope(vpc_id), vpc_id) or self._unknown_vpc(vpc_id)
        return Undecided(gap) if gap else None

    def _unknown_vpc(self, vpc_id: str) -> str | None:
        """Why nothing can be said to be absent from the VPC: its owner and Region are not known without its record."""
        if vpc_id in self.snapshot.vpcs:
            return None
        return self.snapshot.why_missing("vpcs", vpc_id, Scope(None, None)) if vpc_id else "an interface names no VPC"

    def _gap(self, table: str, scope: Scope, *anchors: str) -> str | None:
        """A gap of the call, or an unusable record of the table that might be the one wanted for the anchors."""
        gap = self.snapshot.gap(table, scope)
        if gap:
            return gap
        unusable = (m for m in self.snapshot.missing.values() if m.table == table)
        wanted = next((m for m in unusable if not m.refers or not m.refers.isdisjoint(anchors)), None)
        return f"{wanted.id}: {wanted.why}" if wanted else None

    @cached_property
    def _internet_gateways(self) -> Mapping[str, tuple[InternetGateway, ...]]:
        return _group(
            (a.vpc_id, g)
            for g in self.snapshot.internet_gateways.values()
            for a in g.attachments
            if a.vpc_id and a.in_force
        )

    @cached_property
    def _vpn_gateways(self) -> Mapping[str, tuple[VpnGateway, ...]]:
        return _group(
            (a.vpc_id, g)
            for g in self.snapshot.vpn_gateways.values()
            for a in g.vpc_attachments
            if a.vpc_id and a.in_force and g.state != "deleted"
        )

    @cached_property
    def _edge_tables(self) -> Mapping[str, tuple[RouteTable, ...]]:
        return _group(
            (a.gateway_id, t)
            for t in self.snapshot.route_tables.values()
            for a in t.associations
            if a.gateway_id and a.in_force
        )

    @cached_property
    def _peerings(self) -> Mapping[str, tuple[VpcPeeringConnection, ...]]:
        return _group(
            (side.vpc_id, p)
            for _, p in sorted(self.snapshot.peerings.items())
            for side in (p.requester_vpc_info, p.accepter_vpc_info)
            if side.vpc_id
        )

    # Addresses, members -------------------------------------------------------------------------

    @cached_property
    def members_of_group(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        """Interfaces that hold each security group."""
        return _group((g, i) for i in self.snapshot.interfaces.values() for g in i.group_ids)

    @cached_property
    def interfaces_of_instance(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        return _group((i.instance_id, i) for i in self.snapshot.interfaces.values() if i.instance_id)

    @cached_property
    def interfaces_of_vpc(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        return _group((i.vpc_id, i) for i in self.snapshot.interfaces.values() if i.vpc_id)

    def subnets_of(self, vpc_id: str) -> tuple[Subnet, ...]:
        """The subnets of the VPC that the snapshot holds."""
        return self._subnets_of_vpc.get(vpc_id, ())

    @cached_property
    def _subnets_of_vpc(self) -> Mapping[str, tuple[Subnet, ...]]:
        return _group((s.vpc_id, s) for s in self.snapshot.subnets.values())

    def holders_in_vpc(self, vpc_id: str, address: str) -> tuple[NetworkInterface, ...]:
        """Interfaces of the VPC that hold the private or IPv6 address, as such or in a delegated prefix."""
        wanted = ip_address(address)
        exact = self._by_address.get((vpc_id, str(wanted)), ())
        return exact or tuple(i for n, i in self._delegated.get(vpc_id, ()) if wanted in n)

    def holders(self, address: str) -> tuple[NetworkInterface, ...]:
        """Interfaces of any VPC that hold the private or IPv6 address."""
        return tuple(i for vpc in sorted(self._vpc_ids) for i in self.holders_in_vpc(vpc, address))

    def public_holders(self, address: str) -> tuple[tuple[NetworkInterface, str], ...]:
        """Interfaces with a private address that the public address is associated with, and that private address."""
        return self._by_public.get(address, ())

    @cached_property
    def _vpc_ids(self) -> frozenset[str]:
        return frozenset(i.vpc_id for i in self.snapshot.interfaces.values() if i.vpc_id)

    @cached_property
    def _by_address(self) -> Mapping[tuple[str, str], tuple[NetworkInterface, ...]]:
        return _group(
            ((i.vpc_id, address), i)
            for i in self.snapshot.interfaces.values()
            if i.vpc_id
            for address in [a.private_ip_address for a in i.addresses]
            + [str(ip_address(a.ipv6_address)) for a in i.ipv6_addresses]
        )

    @cached_property
    def _delegated(self) -> Mapping[str, tuple[tuple[IPv4Network | IPv6Network, NetworkInterface], ...]]:
        return _group(
            (i.vpc_id, (ip_network(prefix), i))
            for i in self.snapshot.interfaces.values()
            if i.vpc_id
            for prefix in [p.ipv4_prefix for p in i.ipv4_prefixes] + [p.ipv6_prefix for p in i.ipv6_prefixes]
        )

    @cached_property
    def _by_public(self) -> Mapping[str, tuple[tuple[NetworkInterface, str], ...]]:
        return _group(
            (a.association.public_ip, (i, a.private_ip_address))
            for i in self.snapshot.interfaces.values()
            for a in i.addresses
            if a.association and a.association.public_ip
        )


K = TypeVar("K")
V = TypeVar("V")


def _group(pairs: Iterable[tuple[K, V]]) -> Mapping[K, tuple[V, ...]]:
    """Values by key, in order; one that comes twice in a row for a key (a record that names it twice) counts once."""
    groups: dict[K, list[V]] = defaultdict(list)
    for key, value in pairs:
        if not groups[key] or groups[key][-1] is not value:
            groups[key].append(value)
    return {key: tuple(values) for key, values in groups.items()}
