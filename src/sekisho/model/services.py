"""PrivateLink joined: whose endpoint an interface is, which balancers stand behind a service, who may come in."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from .endpoints import VpcEndpoint
from .interface import NetworkInterface
from .privatelink import EndpointService
from .record import Undecided

if TYPE_CHECKING:
    from .topology import Topology

CONNECTIONS_CALL = "ec2:DescribeVpcEndpointConnections"
SERVICES_CALL = "ec2:DescribeVpcEndpointServiceConfigurations"
PERMISSIONS_CALL = "ec2:DescribeVpcEndpointServicePermissions"


class Services:
    """The endpoints and endpoint services of one snapshot."""

    def __init__(self, topology: "Topology") -> None:
        self._topology = topology
        self._snapshot = topology.snapshot

    def endpoint_of(self, interface: NetworkInterface) -> VpcEndpoint | None:
        """The interface endpoint whose interface it is, if any."""
        return self._by_interface.get(interface.network_interface_id)

    @cached_property
    def _by_interface(self) -> Mapping[str, VpcEndpoint]:
        return {
            name: endpoint
            for endpoint in self._snapshot.vpc_endpoints.values()
            if endpoint.vpc_endpoint_type.lower() == "interface"
            for name in endpoint.network_interface_ids
        }

    def interfaces(self, endpoint: VpcEndpoint) -> tuple[NetworkInterface, ...]:
        """The endpoint's interfaces that the snapshot holds, in order of id."""
        held = (self._snapshot.interfaces.get(name) for name in sorted(endpoint.network_interface_ids))
        return tuple(i for i in held if i)

    def service_of(self, endpoint: VpcEndpoint) -> EndpointService | None:
        """The service that the endpoint leads to, where it is one of the snapshot; also in another Region."""
        return self._by_name.get(endpoint.service_name or "")

    def consumers_of(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """Endpoints of the snapshot whose service stands on a load balancer in the VPC."""
        return self._consumers.get(vpc_id, ())

    def perhaps_consumers_of(self, vpc_id: str) -> tuple[VpcEndpoint, ...]:
        """Endpoints whose service is not in the snapshot, and may stand on a load balancer in the VPC."""
        found = sorted(self._snapshot.vpc_endpoints.items())
        return tuple(e for _, e in found if self.service_of(e) is None and self.unread_service(e, vpc_id))

    def unread_service(self, endpoint: VpcEndpoint, vpc_id: str) -> str | None:
        """Why the service of the endpoint may be one of the VPC's owner that the snapshot does not show, or None."""
        name = endpoint.service_name or ""
        if "vpce-svc-" not in name:
            return None
        gap = self._snapshot.calls.gap(SERVICES_CALL, self._topology.vpc_scope(vpc_id))
        return f"{name} of {endpoint.vpc_endpoint_id}: {gap}" if gap else None

    @cached_property
    def _consumers(self) -> Mapping[str, tuple[VpcEndpoint, ...]]:
        found: dict[str, list[VpcEndpoint]] = defaultdict(list)
        for _, endpoint in sorted(self._snapshot.vpc_endpoints.items()):
            service = self.service_of(endpoint)
            arns = service.network_load_balancer_arns if service else ()
            balancers = (self._snapshot.load_balancers.get(arn) for arn in arns)
            for vpc_id in dict.fromkeys(b.vpc_id for b in balancers if b and b.vpc_id):
                found[vpc_id].append(endpoint)
        return {vpc_id: tuple(endpoints) for vpc_id, endpoints in found.items()}

    @cached_property
    def _by_name(self) -> Mapping[str, EndpointService]:
        return {s.service_name: s for s in self._snapshot.endpoint_services.values() if s.service_name}

    def behind(self, load_balancer_arn: str) -> tuple[EndpointService, ...]:
        """The services that hand connections to the network load balancer."""
        return self._by_balancer.get(load_balancer_arn, ())

    @cached_property
    def _by_balancer(self) -> Mapping[str, tuple[EndpointService, ...]]:
        found: dict[str, list[EndpointService]] = defaultdict(list)
        for _, service in sorted(self._snapshot.endpoint_services.items()):
            for arn in service.network_load_balancer_arns:
                found[arn].append(service)
        return {arn: tuple(services) for arn, services in found.items()}

    def is_open(self, service: EndpointService) -> bool | Undecided:
        """Whether some endpoint is connected, or could connect without being asked (S-PL-02)."""
        name = service.service_id
        if (service.service_state or "available").lower() != "available":
            return False
        connections = [c for c in self._snapshot.endpoint_connections.values() if c.service_id == name]
        ours = (e for e in self._snapshot.vpc_endpoints.values() if e.in_force)
        if any(c.available for c in connections) or any(self.service_of(e) is service for e in ours):
            return True
        scope = self._snapshot.scope("endpoint_services", name)
        gap = self._snapshot.calls.gap(CONNECTIONS_CALL, scope)
        if not service.acceptance_required:
            permitted = self._snapshot.endpoint_permissions.get(name)
            if permitted is None or not permitted.complete:
                gap = gap or f"who may connect to {name} is not in the snapshot ({PERMISSIONS_CALL})"
            elif permitted.principals:
                return True
        return Undecided(f"{name}: {gap}") if gap else False
