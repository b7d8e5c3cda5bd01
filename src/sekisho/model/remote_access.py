"""Client VPN, and the Direct Connect side of virtual private gateways."""

from .gated import EndpointStatus
from .record import Record


class AssociatedTargetNetwork(Record, frozen=True, kw_only=True):
    network_id: str | None = None


class ClientVpnEndpoint(Record, frozen=True, kw_only=True):
    client_vpn_endpoint_id: str
    status: EndpointStatus = EndpointStatus()
    client_cidr_block: str | None = None
    vpc_id: str | None = None
    security_group_ids: tuple[str, ...] = ()


class ClientVpnTargetNetwork(Record, frozen=True, kw_only=True):
    """A subnet that an endpoint is associated with."""

    association_id: str
    client_vpn_endpoint_id: str
    vpc_id: str | None = None
    target_network_id: str | None = None
    status: EndpointStatus = EndpointStatus()
    security_groups: tuple[str, ...] = ()


class ClientVpnAuthorizationRule(Record, frozen=True, kw_only=True):
    client_vpn_endpoint_id: str
    destination_cidr: str
    group_id: str | None = None
    access_all: bool = False
    status: EndpointStatus = EndpointStatus()

    @property
    def authorization_rule_key(self) -> str:
        return f"{self.client_vpn_endpoint_id}/{self.destination_cidr}/{self.group_id or ''}"


class ClientVpnRoute(Record, frozen=True, kw_only=True):
    """A route of an endpoint: what goes to the block comes out in the target subnet."""

    client_vpn_endpoint_id: str
    destination_cidr: str
    target_subnet: str | None = None
    status: EndpointStatus = EndpointStatus()

    @property
    def route_key(self) -> str:
        return f"{self.client_vpn_endpoint_id}/{self.destination_cidr}/{self.target_subnet or ''}"


class AllowedPrefix(Record, frozen=True, kw_only=True, rename="camel"):
    cidr: str


class AssociatedGateway(Record, frozen=True, kw_only=True, rename="camel"):
    id: str | None = None
    type: str | None = None


class DirectConnectGatewayAssociation(Record, frozen=True, kw_only=True, rename="camel"):
    """A Direct Connect gateway and the gateway of a VPC (or a transit gateway) that it reaches."""

    association_id: str
    association_state: str | None = None
    direct_connect_gateway_id: str | None = None
    associated_gateway: AssociatedGateway = AssociatedGateway()
    allowed_prefixes_to_direct_connect_gateway: tuple[AllowedPrefix, ...] = ()

    @property
    def in_force(self) -> bool:
        return self.association_state != "disassociated"


class DirectConnectVirtualInterface(Record, frozen=True, kw_only=True, rename="camel"):
    """A virtual interface: `private` to a gateway, `public` to public addresses as the internet is (S-DX-02)."""

    virtual_interface_id: str
    virtual_interface_type: str | None = None
    virtual_interface_state: str | None = None
    virtual_gateway_id: str | None = None
    direct_connect_gateway_id: str | None = None
