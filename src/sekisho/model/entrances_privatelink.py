"""Entrances of PrivateLink: what endpoint services hand to their network load balancers (S-PL)."""

from collections.abc import Iterator

from .entrances import Entrance, EntranceKind, Target
from .interface import NetworkInterface
from .privatelink import EndpointService
from .record import Undecided
from .topology import Topology

_ANYONE = ("0.0.0.0/0", "::/0")


def endpoint_service_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each endpoint service and network load balancer behind it."""
    for _, service in sorted(topology.snapshot.endpoint_services.items()):
        for arn in service.network_load_balancer_arns:
            yield from _of_balancer(topology, service, arn)


def _of_balancer(topology: Topology, service: EndpointService, arn: str) -> Iterator[Entrance]:
    record = topology.snapshot.load_balancers.get(arn)
    nodes = topology.balancers.described_as(arn)
    vpc_id = (record.vpc_id if record else None) or next((n.vpc_id for n in nodes if n.vpc_id), None)
    if vpc_id is None:
        return
    is_open = topology.services.is_open(service)
    flag = record.enforce_security_group_inbound_rules_on_private_link_traffic if record else None
    yield Entrance(
        kind=EntranceKind.ENDPOINT_SERVICE,
        id=service.service_id,
        vpc=vpc_id,
        origin="privatelink",
        record=("endpoint_services", service.service_id),
        source="caller",
        families=("ipv4", "ipv6"),
        callers=_ANYONE,
        targets=tuple(Target(n.network_interface_id, a) for n in nodes for a in _addresses(n)),
        acl="bypassed",
        unfiltered=flag == "off"
        or (record is not None and not any((record.security_groups, *(n.group_ids for n in nodes)))),
        closed="" if is_open is not False else f"no endpoint is connected to {service.service_id}, or could connect",
        doubts=(is_open.reason,) if isinstance(is_open, Undecided) else (),
    )


def _addresses(node: NetworkInterface) -> tuple[str, ...]:
    return (*(a.private_ip_address for a in node.addresses), *(a.ipv6_address for a in node.ipv6_addresses))
