"""What joins a VPC to anything else."""

from .record import Record, Tag


class GatewayAttachment(Record, frozen=True, kw_only=True):
    vpc_id: str | None = None
    state: str | None = None

    @property
    def in_force(self) -> bool:
        """An internet gateway reports `available`, the others `attached` (S-IGW-01)."""
        return self.state in {"available", "attached"}


class InternetGateway(Record, frozen=True, kw_only=True):
    internet_gateway_id: str
    owner_id: str | None = None
    attachments: tuple[GatewayAttachment, ...] = ()
    tags: tuple[Tag, ...] = ()


class EgressOnlyInternetGateway(Record, frozen=True, kw_only=True):
    egress_only_internet_gateway_id: str
    attachments: tuple[GatewayAttachment, ...] = ()
    tags: tuple[Tag, ...] = ()


class NatGatewayAddress(Record, frozen=True, kw_only=True):
    private_ip: str | None = None
    public_ip: str | None = None
    network_interface_id: str | None = None
    status: str | None = None
    availability_zone: str | None = None
    availability_zone_id: str | None = None


class NatGateway(Record, frozen=True, kw_only=True):
    nat_gateway_id: str
    vpc_id: str | None = None
    subnet_id: str | None = None
    state: str | None = None
    connectivity_type: str = "public"
    availability_mode: str | None = None
    route_table_id: str | None = None
    nat_gateway_addresses: tuple[NatGatewayAddress, ...] = ()
    auto_provision_zones: str | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def is_regional(self) -> bool:
        """Whether it serves every Availability Zone of its VPC and stands in no subnet (S-RNAT-01)."""
        return self.availability_mode == "regional"


class PeeringCidr(Record, frozen=True, kw_only=True):
    cidr_block: str


class PeeringIpv6Cidr(Record, frozen=True, kw_only=True):
    ipv6_cidr_block: str


class PeeringSide(Record, frozen=True, kw_only=True):
    vpc_id: str | None = None
    owner_id: str | None = None
    region: str | None = None
    cidr_block: str | None = None
    cidr_block_set: tuple[PeeringCidr, ...] = ()
    ipv6_cidr_block_set: tuple[PeeringIpv6Cidr, ...] = ()

    @property
    def cidrs(self) -> tuple[str, ...]:
        """The CIDR blocks that the connection knows for this side."""
        ipv4 = [c.cidr_block for c in self.cidr_block_set] or ([self.cidr_block] if self.cidr_block else [])
        return tuple(dict.fromkeys(ipv4 + [c.ipv6_cidr_block for c in self.ipv6_cidr_block_set]))


class PeeringStatus(Record, frozen=True, kw_only=True):
    code: str
    message: str = ""


class VpcPeeringConnection(Record, frozen=True, kw_only=True):
    vpc_peering_connection_id: str
    requester_vpc_info: PeeringSide = PeeringSide()
    accepter_vpc_info: PeeringSide = PeeringSide()
    status: PeeringStatus
    tags: tuple[Tag, ...] = ()

    def side_of(self, vpc_id: str) -> PeeringSide | None:
        """The side that is `vpc_id`, or None."""
        return next((s for s in (self.requester_vpc_info, self.accepter_vpc_info) if s.vpc_id == vpc_id), None)

    def far_side(self, vpc_id: str) -> PeeringSide | None:
        """The side that is not `vpc_id`, or None where `vpc_id` is neither."""
        if self.requester_vpc_info.vpc_id == vpc_id:
            return self.accepter_vpc_info
        return self.requester_vpc_info if self.accepter_vpc_info.vpc_id == vpc_id else None


class VpnGateway(Record, frozen=True, kw_only=True):
    vpn_gateway_id: str
    state: str | None = None
    vpc_attachments: tuple[GatewayAttachment, ...] = ()
    tags: tuple[Tag, ...] = ()


class VgwTelemetry(Record, frozen=True, kw_only=True):
    status: str | None = None


class VpnConnection(Record, frozen=True, kw_only=True):
    vpn_connection_id: str
    state: str | None = None
    vpn_gateway_id: str | None = None
    transit_gateway_id: str | None = None
    vgw_telemetry: tuple[VgwTelemetry, ...] = ()
    tags: tuple[Tag, ...] = ()


class BlockPublicAccessOptions(Record, frozen=True, kw_only=True):
    aws_account_id: str | None = None
    aws_region: str | None = None
    state: str | None = None
    internet_gateway_block_mode: str = "off"
    exclusions_allowed: str | None = None
    managed_by: str | None = None


class BlockPublicAccessExclusion(Record, frozen=True, kw_only=True):
    exclusion_id: str
    internet_gateway_exclusion_mode: str
    resource_arn: str
    state: str
