"""What brings the internet to addresses without a route: Global Accelerator and CloudFront VPC origins."""

import msgspec

from .record import Record


class PortSpan(Record, frozen=True, kw_only=True):
    from_port: int
    to_port: int


class IpSet(Record, frozen=True, kw_only=True):
    ip_addresses: tuple[str, ...] = ()


class Accelerator(Record, frozen=True, kw_only=True):
    accelerator_arn: str
    name: str = ""
    ip_address_type: str = "IPV4"
    enabled: bool = True
    ip_sets: tuple[IpSet, ...] = ()
    status: str | None = None


class AcceleratorListener(Record, frozen=True, kw_only=True):
    """A listener; its ARN begins with that of its accelerator."""

    listener_arn: str
    port_ranges: tuple[PortSpan, ...] = ()
    protocol: str = "TCP"

    @property
    def accelerator_arn(self) -> str:
        return self.listener_arn.partition("/listener/")[0]


class AcceleratorEndpoint(Record, frozen=True, kw_only=True):
    endpoint_id: str
    weight: int | None = None
    client_ip_preservation_enabled: bool = msgspec.field(name="ClientIPPreservationEnabled", default=False)


class PortOverride(Record, frozen=True, kw_only=True):
    listener_port: int
    endpoint_port: int


class EndpointGroup(Record, frozen=True, kw_only=True):
    """Endpoints of one Region; its ARN begins with that of its listener."""

    endpoint_group_arn: str
    endpoint_group_region: str | None = None
    endpoint_descriptions: tuple[AcceleratorEndpoint, ...] = ()
    traffic_dial_percentage: float | None = None
    port_overrides: tuple[PortOverride, ...] = ()

    @property
    def listener_arn(self) -> str:
        return self.endpoint_group_arn.partition("/endpoint-group/")[0]


class VpcOrigin(Record, frozen=True, kw_only=True):
    """A VPC origin as ListVpcOrigins names it: what it leads to, without its ports."""

    id: str
    status: str | None = None
    account_id: str | None = None
    origin_endpoint_arn: str = ""


class VpcOriginEndpointConfig(Record, frozen=True, kw_only=True):
    arn: str = ""
    http_port: int = msgspec.field(name="HTTPPort", default=80)
    https_port: int = msgspec.field(name="HTTPSPort", default=443)
    origin_protocol_policy: str = "match-viewer"
    ip_address_type: str = "ipv4"

    @property
    def ports(self) -> tuple[int, ...]:
        """The ports that CloudFront connects to."""
        named = {"http-only": (self.http_port,), "https-only": (self.https_port,)}
        return named.get(self.origin_protocol_policy, (self.http_port, self.https_port))


class VpcOriginSettings(Record, frozen=True, kw_only=True):
    id: str
    status: str | None = None
    account_id: str | None = None
    vpc_origin_endpoint_config: VpcOriginEndpointConfig = VpcOriginEndpointConfig()


class VpcOriginAnswer(Record, frozen=True, kw_only=True):
    """The answer of GetVpcOrigin: one VPC origin with its ports."""

    vpc_origin: VpcOriginSettings

    @property
    def vpc_origin_id(self) -> str:
        return self.vpc_origin.id
