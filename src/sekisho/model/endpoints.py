"""VPC endpoints of every type: interface, gateway, Gateway Load Balancer."""

from .interface import GroupIdentifier
from .record import Record, Tag


class VpcEndpoint(Record, frozen=True, kw_only=True):
    """A VPC endpoint; which members it has follows from its type."""

    vpc_endpoint_id: str
    vpc_endpoint_type: str = "Gateway"
    vpc_id: str | None = None
    service_name: str | None = None
    service_region: str | None = None
    state: str | None = None
    subnet_ids: tuple[str, ...] = ()
    route_table_ids: tuple[str, ...] = ()
    network_interface_ids: tuple[str, ...] = ()
    groups: tuple[GroupIdentifier, ...] = ()
    ip_address_type: str | None = None
    private_dns_enabled: bool = False
    requester_managed: bool = False
    owner_id: str | None = None
    resource_configuration_arn: str | None = None
    service_network_arn: str | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def in_force(self) -> bool:
        """Whether it carries traffic; AWS writes its states with a capital and without one."""
        return (self.state or "available").lower() == "available"

    @property
    def managed_by_firewall(self) -> bool:
        """Whether AWS Network Firewall made it, which marks what it makes by a tag."""
        return any(t.key == "AWSNetworkFirewallManaged" and t.value == "true" for t in self.tags)
