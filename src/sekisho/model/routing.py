"""Route tables and routes; `Route.target` is the closed union that everything matches on."""

from enum import Enum
from functools import lru_cache
from typing import NamedTuple

from .record import Record, Tag


class TargetKind(Enum):
    """What a route hands its packets to."""

    LOCAL = "local"
    INTERNET_GATEWAY = "internet-gateway"
    EGRESS_ONLY_INTERNET_GATEWAY = "egress-only-internet-gateway"
    NAT_GATEWAY = "nat-gateway"
    NETWORK_INTERFACE = "network-interface"
    PEERING = "vpc-peering-connection"
    VPN_GATEWAY = "vpn-gateway"
    TRANSIT_GATEWAY = "transit-gateway"
    VPC_ENDPOINT = "vpc-endpoint"
    CARRIER_GATEWAY = "carrier-gateway"
    LOCAL_GATEWAY = "local-gateway"
    CORE_NETWORK = "core-network"
    OTHER = "other"


class Target(NamedTuple):
    kind: TargetKind
    id: str


class Route(Record, frozen=True, kw_only=True):
    destination_cidr_block: str | None = None
    destination_ipv6_cidr_block: str | None = None
    destination_prefix_list_id: str | None = None
    gateway_id: str | None = None
    nat_gateway_id: str | None = None
    network_interface_id: str | None = None
    instance_id: str | None = None
    transit_gateway_id: str | None = None
    vpc_peering_connection_id: str | None = None
    egress_only_internet_gateway_id: str | None = None
    carrier_gateway_id: str | None = None
    local_gateway_id: str | None = None
    core_network_arn: str | None = None
    odb_network_arn: str | None = None
    ip_address: str | None = None
    origin: str | None = None
    state: str | None = None

    @property
    def destination(self) -> str:
        """The CIDR or prefix-list id as written."""
        return self.destination_cidr_block or self.destination_ipv6_cidr_block or self.destination_prefix_list_id or "?"

    @property
    def propagated(self) -> bool:
        return self.origin == "EnableVgwRoutePropagation"

    @property
    def target(self) -> Target:
        """What the route names. An interface is named before its instance: AWS returns both."""
        if self.gateway_id:
            return Target(_gateway_kind(self.gateway_id), self.gateway_id)
        named = (
            (TargetKind.NAT_GATEWAY, self.nat_gateway_id),
            (TargetKind.NETWORK_INTERFACE, self.network_interface_id),
            (TargetKind.TRANSIT_GATEWAY, self.transit_gateway_id),
            (TargetKind.PEERING, self.vpc_peering_connection_id),
            (TargetKind.EGRESS_ONLY_INTERNET_GATEWAY, self.egress_only_internet_gateway_id),
            (TargetKind.CARRIER_GATEWAY, self.carrier_gateway_id),
            (TargetKind.LOCAL_GATEWAY, self.local_gateway_id),
            (TargetKind.CORE_NETWORK, self.core_network_arn),
        )
        for kind, target_id in named:
            if target_id:
                return Target(kind, target_id)
        return Target(TargetKind.OTHER, self.odb_network_arn or self.instance_id or self.ip_address or "?")


_GATEWAY_PREFIXES = (
    ("igw-", TargetKind.INTERNET_GATEWAY),
    ("vgw-", TargetKind.VPN_GATEWAY),
    ("vpce-", TargetKind.VPC_ENDPOINT),
    ("eigw-", TargetKind.EGRESS_ONLY_INTERNET_GATEWAY),
    ("cagw-", TargetKind.CARRIER_GATEWAY),
    ("lgw-", TargetKind.LOCAL_GATEWAY),
    ("nat-", TargetKind.NAT_GATEWAY),
    ("tgw-", TargetKind.TRANSIT_GATEWAY),
    ("pcx-", TargetKind.PEERING),
    ("eni-", TargetKind.NETWORK_INTERFACE),
)


@lru_cache(maxsize=1 << 12)
def _gateway_kind(gateway_id: str) -> TargetKind:
    if gateway_id == "local":
        return TargetKind.LOCAL
    return next((kind for prefix, kind in _GATEWAY_PREFIXES if gateway_id.startswith(prefix)), TargetKind.OTHER)


class AssociationState(Record, frozen=True, kw_only=True):
    state: str = "associated"


class RouteTableAssociation(Record, frozen=True, kw_only=True):
    main: bool = False
    subnet_id: str | None = None
    gateway_id: str | None = None
    public_ipv4_pool: str | None = None
    association_state: AssociationState = AssociationState()

    @property
    def in_force(self) -> bool:
        return self.association_state.state == "associated"


class PropagatingVgw(Record, frozen=True, kw_only=True):
    gateway_id: str


class RouteTable(Record, frozen=True, kw_only=True):
    route_table_id: str
    vpc_id: str | None = None
    owner_id: str | None = None
    routes: tuple[Route, ...] = ()
    associations: tuple[RouteTableAssociation, ...] = ()
    propagating_vgws: tuple[PropagatingVgw, ...] = ()
    tags: tuple[Tag, ...] = ()
