"""What interfaces take that end connections for a service, read on one packet: balancer nodes, interface endpoints."""

from typing import TYPE_CHECKING

from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP, Dropped, Outcome
from sekisho.model.endpoints import VpcEndpoint
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .filters import spoken, within
from .routes import cidrs_of

if TYPE_CHECKING:
    from .walk import Walk

LB, VPCE = "load-balancer", "vpc-endpoint"


def taken(walk: "Walk", interface: NetworkInterface) -> Dropped | None:
    """Whether some listener of the balancer, or the endpoint, takes what arrives at its interface."""
    return _by_listener(walk, interface) or _by_endpoint(walk, interface)


def _by_listener(walk: "Walk", interface: NetworkInterface) -> Dropped | None:
    # S-ELB-03
    balancer = walk.topology.balancers.of_interface(interface)
    if balancer is None:
        return None
    fronts = walk.topology.balancers.fronts(balancer)
    if not balancer.in_service:
        return walk.drop("BAD_STATE", balancer.id, LB, f"{balancer.name} is {balancer.state}", (balancer.source,))
    if isinstance(fronts, Undecided):
        return walk.doubt(fronts.reason)
    port = walk.header.destination_port
    if any(walk.header.protocol in front.protocols and front.port == port for front in fronts):
        return None
    code = "ELB_LISTENERS_MISMATCH" if balancer.kind == "classic" else "ELBV2_LISTENERS_MISMATCH"
    detail = f"load balancer {balancer.name} has no listener for {spoken(walk.header)}"
    return walk.drop(code, balancer.id, LB, detail, (balancer.source,))


def _by_endpoint(walk: "Walk", interface: NetworkInterface) -> Dropped | None:
    # S-VPCE-03
    endpoint = walk.topology.services.endpoint_of(interface)
    if endpoint is None and interface.interface_type != "vpc_endpoint":
        return None
    name = endpoint.vpc_endpoint_id if endpoint else interface.network_interface_id
    evidence = walk.source("vpc_endpoints" if endpoint else "interfaces", name)
    if endpoint and not endpoint.in_force:
        return walk.drop("BAD_STATE", name, VPCE, f"{name} is {endpoint.state}", evidence)
    if walk.header.protocol not in {TCP, UDP}:
        return walk.drop("PROTOCOL_RESTRICTION", name, VPCE, f"{name} does not take {spoken(walk.header)}", evidence)
    unread = None if endpoint else walk.topology.asked_gap("vpc_endpoints", interface.vpc_id or "")
    return walk.doubt(unread) if unread else None


def starts(walk: "Walk", interface: NetworkInterface) -> Dropped | None:
    """Whether the interface starts connections at all (S-VPCE-02)."""
    endpoint = walk.topology.services.endpoint_of(interface)
    if endpoint is None:
        return None
    name = endpoint.vpc_endpoint_id
    detail = f"{name} starts no connection into its own VPC"
    return walk.drop("VPCE_INTRA_VPC_TRAFFIC", name, VPCE, detail, walk.source("vpc_endpoints", name))


# Gateway endpoints ------------------------------------------------------------------------------------


def gateway_endpoint(topology: Topology, endpoint_id: str) -> VpcEndpoint | None:
    """The gateway endpoint of that id, None where it is of another type or not there (S-VPCE-04)."""
    found = topology.snapshot.vpc_endpoints.get(endpoint_id)
    return found if found and found.vpc_endpoint_type.lower() == "gateway" else None


def to_service(walk: "Walk", endpoint: VpcEndpoint, subnet: Subnet) -> Outcome:
    """What a route of the subnet hands to a gateway endpoint."""
    name, evidence = endpoint.vpc_endpoint_id, walk.source("vpc_endpoints", endpoint.vpc_endpoint_id)
    if endpoint.vpc_id != subnet.vpc_id or not endpoint.in_force:
        detail = f"{name} is {endpoint.state}, in {endpoint.vpc_id}"
        return walk.drop("BAD_STATE_ROUTE", name, VPCE, detail, evidence)
    own = cidrs_of(walk.topology, subnet.vpc_id)
    if isinstance(own, Undecided):
        walk.doubt(own.reason)
    elif not within(walk.header.source, own):
        detail = f"{walk.header.source} is not an address of {subnet.vpc_id}, which {name} serves"
        return walk.drop("VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", name, VPCE, detail, evidence)
    ping = (walk.header.protocol, walk.header.icmp_type) in {(ICMP, 8), (ICMPV6, 128)}
    if walk.header.protocol != TCP and not ping:
        detail = f"{name} does not carry {spoken(walk.header)}"
        return walk.drop("VPCE_GATEWAY_PROTOCOL_RESTRICTION", name, VPCE, detail, evidence)
    return walk.beyond_endpoint(name, subnet.vpc_id)
