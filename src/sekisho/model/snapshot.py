"""The snapshot: all records by id, where each was written, whose it is, and what is missing."""

from bisect import bisect_right
from collections.abc import Mapping, Sequence
from functools import cached_property
from operator import attrgetter
from typing import NamedTuple, TypeVar, cast

from .balancing import (
    ClassicAttributes,
    ClassicLoadBalancer,
    ListenerRules,
    Listeners,
    LoadBalancer,
    LoadBalancerAttributes,
    TargetGroup,
    TargetGroupAttributes,
    Targets,
)
from .border import (
    ByoipCidr,
    CarrierGateway,
    LocalGateway,
    LocalGatewayRoutes,
    LocalGatewayRouteTable,
    LocalGatewayVpcAssociation,
    PublicIpv4Pool,
)
from .calls import Calls
from .edge import Accelerator, AcceleratorListener, EndpointGroup, VpcOrigin, VpcOriginAnswer
from .endpoints import VpcEndpoint
from .filters import ManagedPrefixList, NetworkAcl, PrefixList, SecurityGroup
from .firewall import Firewall, FirewallPolicy, ListedFirewall, RuleGroup
from .gated import InstanceConnectEndpoint, LatticeTarget, LatticeTargetGroup, VerifiedAccessEndpoint
from .gateways import (
    BlockPublicAccessExclusion,
    BlockPublicAccessOptions,
    EgressOnlyInternetGateway,
    InternetGateway,
    NatGateway,
    VpcPeeringConnection,
    VpnConnection,
    VpnGateway,
)
from .interface import Address, Instance, NetworkInterface
from .kinds import KIND_BY_TABLE, KINDS, UnmodelledKind
from .privatelink import AllowedPrincipals, EndpointConnection, EndpointService
from .record import Issue, Record, Scope, Source
from .remote_access import (
    ClientVpnAuthorizationRule,
    ClientVpnEndpoint,
    ClientVpnRoute,
    ClientVpnTargetNetwork,
    DirectConnectGatewayAssociation,
    DirectConnectVirtualInterface,
)
from .routing import RouteTable
from .transit_gateway import (
    TransitGateway,
    TransitGatewayAssociations,
    TransitGatewayAttachment,
    TransitGatewayConnect,
    TransitGatewayPeeringAttachment,
    TransitGatewayPolicyAssociations,
    TransitGatewayPolicyEntries,
    TransitGatewayPolicyTable,
    TransitGatewayPrefixListReferences,
    TransitGatewayPropagations,
    TransitGatewayRoutes,
    TransitGatewayRouteTable,
    TransitGatewayVpcAttachment,
)
from .vpc import Subnet, Vpc

V = TypeVar("V")
_NOWHERE = Scope(None, None)


class Nesting(NamedTuple):
    """Records that stand one level down, under `member` of each element of a list (DescribeInstances).

    `starts[e]` says how many records the elements before `e` hold.
    """

    member: str
    starts: tuple[int, ...]

    def step(self, index: int) -> str:
        """The way from the list to the record."""
        element = bisect_right(self.starts, index) - 1
        return f"{element}/{self.member}/{index - self.starts[element]}"


class Page(NamedTuple):
    """Records of one table as one answer listed them: record `i` stands at `pointer/i` and belongs to `scopes[i]`.

    `pointer` is that of the list, or of the record itself where `single` (an answer that is one object).
    """

    table: str
    file: str
    pointer: str
    records: tuple[Record, ...]
    scopes: tuple[Scope, ...]
    single: bool = False
    nesting: Nesting | None = None

    def keys(self) -> list[str]:
        """The id of each record in its table."""
        if self.table == "bpa_options":
            return [record_key(self.table, r, s) for r, s in zip(self.records, self.scopes, strict=True)]
        return list(map(attrgetter(KIND_BY_TABLE[self.table].id_field), self.records))

    def source(self, index: int) -> Source:
        if self.single:
            return Source(self.file, self.pointer)
        return Source(self.file, f"{self.pointer}/{self.nesting.step(index) if self.nesting else index}")


class Unmodelled(NamedTuple):
    """A record that is recognised but not modelled: `refers` are all AWS ids that it names.

    `internet_facing` is its `Scheme` where it has one (load balancers).
    """

    kind: UnmodelledKind
    id: str
    scope: Scope
    refers: frozenset[str]
    source: Source
    internet_facing: bool | None = None


class Input(NamedTuple):
    """One file that was read, with the SHA-256 of its bytes as they lay in the snapshot."""

    file: str
    sha256: str
    bytes: int


class Missing(NamedTuple):
    """A record that is there but cannot be used (damaged, or described twice with different contents).

    `refers` are the AWS ids that its raw text names, so that only what hangs on them becomes unknown;
    empty where nothing of it could be read.
    """

    table: str
    id: str
    why: str
    source: Source
    refers: frozenset[str] = frozenset()


class Snapshot:
    """All records of an estate at one time. Read-only once built.

    Every table maps an id to its one record. A record that was damaged or contradicted is in `missing`
    and in no table; `why_missing` says in one line why a record is not to be had.
    """

    vpcs: Mapping[str, Vpc]
    subnets: Mapping[str, Subnet]
    interfaces: Mapping[str, NetworkInterface]
    instances: Mapping[str, Instance]
    security_groups: Mapping[str, SecurityGroup]
    network_acls: Mapping[str, NetworkAcl]
    route_tables: Mapping[str, RouteTable]
    internet_gateways: Mapping[str, InternetGateway]
    peerings: Mapping[str, VpcPeeringConnection]
    addresses: Mapping[str, Address]
    egress_only_gateways: Mapping[str, EgressOnlyInternetGateway]
    nat_gateways: Mapping[str, NatGateway]
    vpn_gateways: Mapping[str, VpnGateway]
    vpn_connections: Mapping[str, VpnConnection]
    managed_prefix_lists: Mapping[str, ManagedPrefixList]
    prefix_lists: Mapping[str, PrefixList]
    bpa_options: Mapping[str, BlockPublicAccessOptions]
    bpa_exclusions: Mapping[str, BlockPublicAccessExclusion]
    load_balancers: Mapping[str, LoadBalancer]
    listeners: Mapping[str, Listeners]
    listener_rules: Mapping[str, ListenerRules]
    target_groups: Mapping[str, TargetGroup]
    targets: Mapping[str, Targets]
    target_group_attributes: Mapping[str, TargetGroupAttributes]
    load_balancer_attributes: Mapping[str, LoadBalancerAttributes]
    classic_load_balancers: Mapping[str, ClassicLoadBalancer]
    classic_attributes: Mapping[str, ClassicAttributes]
    endpoint_services: Mapping[str, EndpointService]
    endpoint_connections: Mapping[str, EndpointConnection]
    endpoint_permissions: Mapping[str, AllowedPrincipals]
    vpc_endpoints: Mapping[str, VpcEndpoint]
    carrier_gateways: Mapping[str, CarrierGateway]
    local_gateways: Mapping[str, LocalGateway]
    local_gateway_tables: Mapping[str, LocalGatewayRouteTable]
    local_gateway_associations: Mapping[str, LocalGatewayVpcAssociation]
    local_gateway_routes: Mapping[str, LocalGatewayRoutes]
    public_ipv4_pools: Mapping[str, PublicIpv4Pool]
    byoip_cidrs: Mapping[str, ByoipCidr]
    listed_firewalls: Mapping[str, ListedFirewall]
    firewalls: Mapping[str, Firewall]
    firewall_policies: Mapping[str, FirewallPolicy]
    rule_groups: Mapping[str, RuleGroup]
    accelerators: Mapping[str, Accelerator]
    accelerator_listeners: Mapping[str, AcceleratorListener]
    endpoint_groups: Mapping[str, EndpointGroup]
    vpc_origins: Mapping[str, VpcOrigin]
    vpc_origin_settings: Mapping[str, VpcOriginAnswer]
    instance_connect_endpoints: Mapping[str, InstanceConnectEndpoint]
    verified_access_endpoints: Mapping[str, VerifiedAccessEndpoint]
    lattice_target_groups: Mapping[str, LatticeTargetGroup]
    lattice_targets: Mapping[str, LatticeTarget]
    client_vpn_endpoints: Mapping[str, ClientVpnEndpoint]
    client_vpn_networks: Mapping[str, ClientVpnTargetNetwork]
    client_vpn_authorizations: Mapping[str, ClientVpnAuthorizationRule]
    client_vpn_routes: Mapping[str, ClientVpnRoute]
    direct_connect_associations: Mapping[str, DirectConnectGatewayAssociation]
    virtual_interfaces: Mapping[str, DirectConnectVirtualInterface]
    transit_gateways: Mapping[str, TransitGateway]
    transit_gateway_attachments: Mapping[str, TransitGatewayAttachment]
    transit_gateway_vpc_attachments: Mapping[str, TransitGatewayVpcAttachment]
    transit_gateway_peerings: Mapping[str, TransitGatewayPeeringAttachment]
    transit_gateway_connects: Mapping[str, TransitGatewayConnect]
    transit_gateway_route_tables: Mapping[str, TransitGatewayRouteTable]
    transit_gateway_policy_tables: Mapping[str, TransitGatewayPolicyTable]
    transit_gateway_prefix_lists: Mapping[str, TransitGatewayPrefixListReferences]
    transit_gateway_routes: Mapping[str, TransitGatewayRoutes]
    transit_gateway_associations: Mapping[str, TransitGatewayAssociations]
    transit_gateway_propagations: Mapping[str, TransitGatewayPropagations]
    transit_gateway_policies: Mapping[str, TransitGatewayPolicyEntries]
    transit_gateway_policy_associations: Mapping[str, TransitGatewayPolicyAssociations]

    def __init__(
        self,
        pages: tuple[Page, ...] = (),
        *,
        calls: Calls,
        issues: tuple[Issue, ...] = (),
        missing: tuple[Missing, ...] = (),
        unmodelled: tuple[Unmodelled, ...] = (),
        inputs: tuple[Input, ...] = (),
        collected: tuple[str, str] | None = None,
    ) -> None:
        self.pages = pages
        self.calls = calls
        self.issues = issues
        self.missing = {m.id: m for m in missing}
        self.unmodelled = unmodelled
        self.inputs = inputs
        #: Earliest and latest `collected_at` of the enveloped calls, as written; None where there are none.
        self.collected = collected
        tables: dict[str, dict[str, Record]] = {kind.table: {} for kind in KINDS}
        for page in pages:
            add_new(tables[page.table], page.keys(), page.records)
        for lost in missing:
            tables.get(lost.table, {}).pop(lost.id, None)
        for name, table in tables.items():
            setattr(self, name, table)

    def table(self, name: str) -> Mapping[str, Record]:
        """The table of that name (see `kinds.KINDS`)."""
        return cast("Mapping[str, Record]", getattr(self, name))

    @cached_property
    def _places(self) -> Mapping[str, Mapping[str, tuple[Page, int]]]:
        places: dict[str, dict[str, tuple[Page, int]]] = {}
        for page in self.pages:
            here = [(page, index) for index in range(len(page.records))]
            add_new(places.setdefault(page.table, {}), page.keys(), here)
        return places

    @cached_property
    def _scopes(self) -> Mapping[str, Mapping[str, Scope]]:
        scopes: dict[str, dict[str, Scope]] = {}
        for page in self.pages:
            add_new(scopes.setdefault(page.table, {}), page.keys(), page.scopes)
        return scopes

    def source(self, table: str, record_id: str) -> Source:
        """Where the record was written. KeyError where there is none."""
        page, index = self._places[table][record_id]
        return page.source(index)

    def scope(self, table: str, record_id: str) -> Scope:
        """The account and region that the record belongs to; both null where it is not in the snapshot."""
        return self._scopes.get(table, {}).get(record_id, _NOWHERE)

    def gap(self, table: str, scope: Scope) -> str | None:
        """Why records of the table may be lacking in that scope, or None where its call was read whole."""
        return self.calls.gap(KIND_BY_TABLE[table].call, scope)

    def why_missing(self, table: str, record_id: str, scope: Scope) -> str:
        """One line that says why the record, to which something refers, is not to be had."""
        if record_id in self.missing:
            return f"{record_id}: {self.missing[record_id].why}"
        gap = self.gap(table, scope)
        call = KIND_BY_TABLE[table].call
        return f"{record_id}: {gap}" if gap else f"{record_id} is referred to, but {call} does not list it"


def add_new(table: dict[str, V], keys: Sequence[str], values: Sequence[V]) -> None:
    """The values under their keys, where the table has none yet; of a key that comes twice the first counts."""
    found = dict(zip(keys, values, strict=True))
    if len(found) == len(keys) and table.keys().isdisjoint(found):
        table.update(found)
        return
    for key, value in zip(keys, values, strict=True):
        table.setdefault(key, value)


def record_key(table: str, record: Record, scope: Scope) -> str:
    """The id of a record in its table; Block Public Access options have none of their own, so their scope serves."""
    if table == "bpa_options":
        return f"{scope.account}/{scope.region}"
    return cast("str", getattr(record, KIND_BY_TABLE[table].id_field))
