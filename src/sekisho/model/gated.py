"""What lets authenticated callers in: Instance Connect Endpoints, Verified Access, VPC Lattice target groups."""

from .edge import PortSpan
from .record import Record


class InstanceConnectEndpoint(Record, frozen=True, kw_only=True):
    instance_connect_endpoint_id: str
    owner_id: str | None = None
    state: str | None = None
    vpc_id: str | None = None
    subnet_id: str | None = None
    network_interface_ids: tuple[str, ...] = ()
    security_group_ids: tuple[str, ...] = ()
    preserve_client_ip: bool = False
    ip_address_type: str = "ipv4"


class EndpointStatus(Record, frozen=True, kw_only=True):
    code: str | None = None


class LoadBalancerOptions(Record, frozen=True, kw_only=True):
    protocol: str = "tcp"
    port: int | None = None
    port_ranges: tuple[PortSpan, ...] = ()
    load_balancer_arn: str = ""
    subnet_ids: tuple[str, ...] = ()


class NetworkInterfaceOptions(Record, frozen=True, kw_only=True):
    network_interface_id: str = ""
    protocol: str = "tcp"
    port: int | None = None
    port_ranges: tuple[PortSpan, ...] = ()


class RdsOptions(Record, frozen=True, kw_only=True):
    protocol: str = "tcp"
    port: int | None = None
    rds_endpoint: str = ""
    subnet_ids: tuple[str, ...] = ()


class CidrOptions(Record, frozen=True, kw_only=True):
    cidr: str = ""
    protocol: str = "tcp"
    port_ranges: tuple[PortSpan, ...] = ()
    subnet_ids: tuple[str, ...] = ()


class VerifiedAccessEndpoint(Record, frozen=True, kw_only=True):
    verified_access_endpoint_id: str
    endpoint_type: str = ""
    security_group_ids: tuple[str, ...] = ()
    status: EndpointStatus = EndpointStatus()
    load_balancer_options: LoadBalancerOptions | None = None
    network_interface_options: NetworkInterfaceOptions | None = None
    rds_options: RdsOptions | None = None
    cidr_options: CidrOptions | None = None


class LatticeTargetGroup(Record, frozen=True, kw_only=True, rename="camel"):
    """A target group of VPC Lattice as ListTargetGroups lists it."""

    id: str
    arn: str = ""
    type: str = "INSTANCE"
    port: int | None = None
    protocol: str | None = None
    status: str | None = None
    vpc_identifier: str | None = None
    service_arns: tuple[str, ...] = ()


class LatticeTarget(Record, frozen=True, kw_only=True, rename="camel"):
    """A registered target; ListTargets does not name the group, the question does."""

    target_group_identifier: str
    id: str
    port: int | None = None
    status: str | None = None

    @property
    def lattice_target_key(self) -> str:
        return f"{self.target_group_identifier}/{self.id}:{self.port or ''}"
