"""What the engine asks of one snapshot again and again, each answer made once."""

from collections.abc import Mapping
from functools import cached_property

from sekisho.model.calls import CallStatus
from sekisho.model.entrances import Entrances
from sekisho.model.entrances_edge import accelerator_entrances, vpc_origin_entrances
from sekisho.model.entrances_gated import gated_entrances
from sekisho.model.entrances_privatelink import endpoint_service_entrances
from sekisho.model.filters import NetworkAcl
from sekisho.model.kinds import KINDS
from sekisho.model.record import Scope, Source, Undecided
from sekisho.model.routing import RouteTable
from sekisho.model.topology import Topology
from sekisho.model.vpc import Vpc
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, parse_ranges

from .addresses import addresses_of
from .filters import acl_flows
from .gateways import transit_routes
from .gateways.transit_routes import TransitPart
from .routes import RoutePart, partition
from .share import Share
from .transit import GroupQuestion


class Facts:
    """The joins of a snapshot with route partitions, ACL sets and prefix lists kept by id."""

    def __init__(self, topology: Topology) -> None:
        self.topology = topology
        self.snapshot = topology.snapshot
        self._partitions: dict[tuple[str, Family], tuple[RoutePart, ...]] = {}
        self._acls: dict[tuple[str, Family, bool, bool], FlowSet] = {}
        self._places: dict[str, tuple[Source, ...]] = {}
        self._transit: dict[tuple[str, Family], tuple[TransitPart, ...] | Undecided] = {}
        self._members: dict[tuple[str, Family], Mapping[str | None, tuple[Range, ...]]] = {}
        #: The VPCs that members of a group may be in, by group, account and family: see `Groups`.
        self.noted: dict[tuple[str, str | None, Family], frozenset[str]] = {}
        #: What groups, one or several together, let through, by how they are asked: see `Groups`.
        self.shares: dict[tuple[str, GroupQuestion], Share] = {}
        self.unions: dict[tuple[tuple[str, ...], GroupQuestion], Share] = {}

    def routes(self, table: RouteTable, family: Family) -> tuple[RoutePart, ...]:
        key = (table.route_table_id, family)
        if key not in self._partitions:
            vpc = self.snapshot.vpcs.get(table.vpc_id or "")
            self._partitions[key] = partition(table, family, self.entries, vpc.cidrs if vpc else ())
        return self._partitions[key]

    def transit_routes(self, table: str, family: Family) -> tuple[TransitPart, ...] | Undecided:
        """The routes of a transit gateway route table as parts of the address space (S-TGW-05)."""
        key = (table, family)
        if key not in self._transit:
            found = self.topology.transit.routes(table)
            self._transit[key] = (
                found if isinstance(found, Undecided) else transit_routes.partition(table, found, family, self.entries)
            )
        return self._transit[key]

    def acl(self, acl: NetworkAcl, family: Family, *, egress: bool, reply: bool) -> FlowSet:
        key = (acl.network_acl_id, family, egress, reply)
        if key not in self._acls:
            self._acls[key] = acl_flows(acl, family, egress=egress, reply=reply)
        return self._acls[key]

    def members(self, group_id: str, family: Family) -> Mapping[str | None, tuple[Range, ...]]:
        """The addresses of the group's members, by VPC (S-SG-06)."""
        key = (group_id, family)
        if key not in self._members:
            found: dict[str | None, list[Range]] = {}
            for interface in self.topology.members_of_group.get(group_id, ()):
                found.setdefault(interface.vpc_id, []).extend(addresses_of(interface, family))
            self._members[key] = {vpc: tuple(ranges) for vpc, ranges in found.items()}
        return self._members[key]

    @cached_property
    def vpcs_by_scope(self) -> tuple[tuple[str, ...], ...]:
        """The VPCs of the snapshot, those of one account and Region together."""
        found: dict[Scope, list[str]] = {}
        for vpc in self.snapshot.vpcs:
            found.setdefault(self.topology.vpc_scope(vpc), []).append(vpc)
        return tuple(map(tuple, found.values()))

    @cached_property
    def entrances(self) -> Entrances:
        """Accelerators, VPC origins, and what lets authenticated callers in."""
        edge = (*accelerator_entrances(self.topology), *vpc_origin_entrances(self.topology))
        services = endpoint_service_entrances(self.topology)
        return Entrances(self.topology, (*edge, *gated_entrances(self.topology), *services))

    def entries(self, prefix_list_id: str) -> tuple[str, ...] | Undecided:
        """The CIDRs of a prefix list (S-SG-09)."""
        found = self.snapshot.prefix_lists.get(prefix_list_id)
        if found is not None:
            return found.cidrs
        unusable = self.snapshot.missing.get(prefix_list_id)
        return Undecided(unusable.why if unusable else f"the entries of {prefix_list_id} are not in the snapshot")

    def vpc(self, vpc_id: str | None) -> Vpc | Undecided:
        if vpc_id is None:
            return Undecided("an interface names no VPC")
        found = self.snapshot.vpcs.get(vpc_id)
        return found or Undecided(self.snapshot.why_missing("vpcs", vpc_id, Scope(None, None)))

    def vpc_ranges(self, vpc_id: str | None, family: Family) -> tuple[Range, ...] | Undecided:
        """The addresses of the VPC's CIDRs (S-VPC)."""
        found = self.vpc(vpc_id)
        return found if isinstance(found, Undecided) else parse_ranges(found.cidrs, family)

    def carries_ipv6(self, vpn_gateway_id: str) -> bool | Undecided:
        """Whether Direct Connect is on the virtual private gateway, as a VPN carries no IPv6 (S-VGW-02)."""
        interfaces = [v for v in self.snapshot.virtual_interfaces.values() if v.virtual_interface_type != "public"]
        associated = self.snapshot.direct_connect_associations.values()
        named = {v.virtual_gateway_id for v in interfaces} | {a.associated_gateway.id for a in associated if a.in_force}
        if vpn_gateway_id in named:
            return True
        told = {a.direct_connect_gateway_id for a in associated}
        for found in interfaces:
            if found.virtual_gateway_id is None and found.direct_connect_gateway_id not in told:
                return Undecided(f"virtual interface {found.virtual_interface_id} may lead to {vpn_gateway_id}")
        for record in self.snapshot.unmodelled:
            if record.kind.service == "directconnect" and record.id not in told:
                return Undecided(f"{record.kind.noun} {record.id} may lead to {vpn_gateway_id}")
        for state in self.snapshot.calls:
            if state.call.startswith("directconnect:") and state.status is not CallStatus.READ:
                return Undecided(f"{state.call} is {state.status.value}: {state.why}")
        return False

    def places(self, record_id: str) -> tuple[Source, ...]:
        """Where every record of that id was written; none where no record of the snapshot has it."""
        if record_id not in self._places:
            tables = (kind.table for kind in KINDS)
            found = (self.source(table, record_id) for table in dict.fromkeys(tables))
            self._places[record_id] = tuple(place for place in found if place)
        return self._places[record_id]

    def source(self, table: str, record_id: str, suffix: str = "") -> Source | None:
        """Where a record, or a part of it, was written; None where it is not in the snapshot."""
        if record_id not in self.snapshot.table(table):
            return None
        place = self.snapshot.source(table, record_id)
        return Source(place.file, place.pointer + suffix)
