"""Gateways of AWS outside the Regions, Wavelength and Outposts, and address pools that are brought along."""

from .record import Record, Tag


class CarrierGateway(Record, frozen=True, kw_only=True):
    carrier_gateway_id: str
    vpc_id: str | None = None
    state: str | None = None
    owner_id: str | None = None
    tags: tuple[Tag, ...] = ()


class LocalGateway(Record, frozen=True, kw_only=True):
    local_gateway_id: str
    outpost_arn: str | None = None
    owner_id: str | None = None
    state: str | None = None
    tags: tuple[Tag, ...] = ()


class LocalGatewayRouteTable(Record, frozen=True, kw_only=True):
    """`mode` is `direct-vpc-routing` or `coip`: whether hosts use their own addresses or customer-owned ones."""

    local_gateway_route_table_id: str
    local_gateway_id: str | None = None
    owner_id: str | None = None
    state: str | None = None
    mode: str | None = None


class LocalGatewayVpcAssociation(Record, frozen=True, kw_only=True):
    local_gateway_route_table_vpc_association_id: str
    local_gateway_route_table_id: str | None = None
    local_gateway_id: str | None = None
    vpc_id: str | None = None
    owner_id: str | None = None
    state: str | None = None


class LocalGatewayRoute(Record, frozen=True, kw_only=True):
    destination_cidr_block: str | None = None
    destination_prefix_list_id: str | None = None
    local_gateway_virtual_interface_group_id: str | None = None
    network_interface_id: str | None = None
    subnet_id: str | None = None
    type: str | None = None
    state: str | None = None


class LocalGatewayRoutes(Record, frozen=True, kw_only=True):
    """The routes of one local gateway route table, which the call that lists them names."""

    local_gateway_route_table_id: str
    routes: tuple[LocalGatewayRoute, ...] = ()


class PoolRange(Record, frozen=True, kw_only=True):
    first_address: str
    last_address: str


class PublicIpv4Pool(Record, frozen=True, kw_only=True):
    pool_id: str
    pool_address_ranges: tuple[PoolRange, ...] = ()


class ByoipCidr(Record, frozen=True, kw_only=True):
    cidr: str
    state: str | None = None
