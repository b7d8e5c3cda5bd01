"""Entrances of the internet: what accelerators (S-GA) and CloudFront VPC origins (S-CFO) lead to."""

from collections.abc import Iterable, Iterator

from .edge import Accelerator, AcceleratorEndpoint, AcceleratorListener, EndpointGroup
from .entrances import TCP, UDP, Entrance, EntranceKind, Opening, Target
from .interface import Association, NetworkInterface
from .topology import Topology

_SERVICE_GROUP = "CloudFront-VPCOrigins-Service-SG"
_ACCELERATOR_GROUP = "GlobalAccelerator"
_ORIGIN_FACING = ("com.amazonaws.global.cloudfront.origin-facing", "com.amazonaws.global.ipv6.cloudfront.origin-facing")


# Global Accelerator ---------------------------------------------------------------------------------


def accelerator_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each endpoint of each endpoint group, VPC and interface that sends."""
    snapshot = topology.snapshot
    for _, group in sorted(snapshot.endpoint_groups.items()):
        listener = snapshot.accelerator_listeners.get(group.listener_arn)
        arn = group.listener_arn.partition("/listener/")[0]
        for endpoint in group.endpoint_descriptions:
            yield from _of_endpoint(topology, arn, listener, group, endpoint)


def _of_endpoint(
    topology: Topology,
    arn: str,
    listener: AcceleratorListener | None,
    group: EndpointGroup,
    endpoint: AcceleratorEndpoint,
) -> Iterator[Entrance]:
    accelerator = topology.snapshot.accelerators.get(arn)
    name = endpoint.endpoint_id
    # An instance always sees its clients (S-GA-03).
    preserving = endpoint.client_ip_preservation_enabled or name.startswith("i-")
    for vpc_id, targets in _by_vpc(targets_of(topology, name)):
        common = Entrance(
            kind=EntranceKind.ACCELERATOR,
            id=arn,
            vpc=vpc_id,
            origin="internet",
            record=("endpoint_groups", group.endpoint_group_arn),
            source="caller",
            families=("ipv4",) if accelerator and accelerator.ip_address_type != "DUAL_STACK" else ("ipv4", "ipv6"),
            openings=_openings(listener, group),
            targets=targets,
            fronts=tuple(a for s in accelerator.ip_sets for a in s.ip_addresses) if accelerator else (),
            closed=f"{arn} is disabled" if accelerator and not accelerator.enabled else "",
            doubts=tuple(_doubts(arn, accelerator, listener, group, endpoint)),
        )
        if preserving:
            known_by = groups_named(topology, vpc_id, _ACCELERATOR_GROUP)
            yield common._replace(known_by=known_by, acl="assumed-ignored")
            continue
        senders = [
            i for i in topology.interfaces_of_vpc.get(vpc_id, ()) if i.interface_type == "global_accelerator_managed"
        ]
        for sender in senders:
            yield common._replace(source="relay", relay=sender.network_interface_id, families=("ipv4",))
        if not senders:
            # Edge addresses of the service: public ones, not in any answer.
            doubt = f"the addresses from which {arn} connects to {name} are not in the snapshot"
            yield common._replace(source="service", seen_as=("0.0.0.0/0",), doubts=(*common.doubts, doubt))


def _doubts(
    arn: str,
    accelerator: Accelerator | None,
    listener: AcceleratorListener | None,
    group: EndpointGroup,
    endpoint: AcceleratorEndpoint,
) -> Iterator[str]:
    if accelerator is None:
        yield f"{arn} is referred to, but its record is not in the snapshot"
    if listener is None:
        yield f"{group.listener_arn} is referred to, but its record is not in the snapshot"
    if endpoint.weight == 0 or group.traffic_dial_percentage == 0:
        yield f"{arn} sends nothing to {endpoint.endpoint_id} by its weight or traffic dial, unless all others fail"


def _openings(listener: AcceleratorListener | None, group: EndpointGroup) -> tuple[Opening, ...]:
    """The ports at the endpoint: those of the listener, but for the overridden ones."""
    if listener is None:
        return (Opening(TCP, 0, 65535), Opening(UDP, 0, 65535))
    protocol = UDP if listener.protocol == "UDP" else TCP
    overrides = {o.listener_port: o.endpoint_port for o in group.port_overrides}
    found: list[Opening] = []
    for span in listener.port_ranges:
        low = span.from_port
        for port in sorted(p for p in overrides if span.from_port <= p <= span.to_port):
            found += [Opening(protocol, low, port - 1)] if low < port else []
            found.append(Opening(protocol, overrides[port], overrides[port], port))
            low = port + 1
        found += [Opening(protocol, low, span.to_port)] if low <= span.to_port else []
    return tuple(found)


# CloudFront -----------------------------------------------------------------------------------------


def vpc_origin_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each VPC origin and VPC that its endpoint stands in."""
    snapshot = topology.snapshot
    for name in sorted({*snapshot.vpc_origins, *snapshot.vpc_origin_settings}):
        listed, described = snapshot.vpc_origins.get(name), snapshot.vpc_origin_settings.get(name)
        settings = described.vpc_origin if described else None
        config = settings.vpc_origin_endpoint_config if settings else None
        arn = (config.arn if config else "") or (listed.origin_endpoint_arn if listed else "")
        ports = config.ports if config else ()
        status = (settings.status if settings else None) or (listed.status if listed else None)
        doubts = [] if config else [f"{name}: cloudfront:GetVpcOrigin was not read, so its ports are not known"]
        doubts += [] if status == "Deployed" else [f"{name} is in status `{status}`"]
        dual = config is None or config.ip_address_type == "dualstack"
        for vpc_id, targets in _by_vpc(targets_of(topology, arn)):
            lists = _lists_named(topology, _ORIGIN_FACING)
            yield Entrance(
                kind=EntranceKind.VPC_ORIGIN,
                id=name,
                vpc=vpc_id,
                origin="internet",
                record=("vpc_origin_settings", name) if config else ("vpc_origins", name),
                source="service",
                openings=tuple(Opening(TCP, p, p) for p in ports) or (Opening(TCP, 0, 65535),),
                families=("ipv4", "ipv6") if dual else ("ipv4",),
                targets=targets,
                seen_as=_entries(topology, lists),
                known_by=groups_named(topology, vpc_id, _SERVICE_GROUP) | lists,
                acl="ignored",
                doubts=tuple(doubts),
            )


def _lists_named(topology: Topology, names: Iterable[str]) -> frozenset[str]:
    wanted = set(names)
    lists = topology.snapshot.managed_prefix_lists.values()
    return frozenset(x.prefix_list_id for x in lists if x.prefix_list_name in wanted)


def _entries(topology: Topology, lists: Iterable[str]) -> tuple[str, ...]:
    """The entries of the lists; of a family of which none are known, every address."""
    known = (topology.snapshot.prefix_lists.get(name) for name in sorted(lists))
    cidrs = [cidr for found in known if found for cidr in found.cidrs]
    four, six = [c for c in cidrs if ":" not in c], [c for c in cidrs if ":" in c]
    return (*(four or ["0.0.0.0/0"]), *(six or ["::/0"]))


# What an endpoint is --------------------------------------------------------------------------------


def targets_of(topology: Topology, endpoint: str) -> tuple[tuple[NetworkInterface, str], ...]:
    """The interfaces and addresses behind an instance, an Elastic IP address or a load balancer, by id or ARN."""
    if endpoint.startswith("eipalloc-"):
        return tuple(
            (i, address.private_ip_address)
            for i in topology.snapshot.interfaces.values()
            for address in i.addresses
            if address.association and _is_elastic(topology, address.association, endpoint)
        )
    if ":loadbalancer/" in endpoint:
        return balancer_targets(topology, endpoint)
    instance_id = endpoint.rpartition("/")[2]
    if not instance_id.startswith("i-"):
        return ()
    attached = topology.interfaces_of_instance.get(instance_id, ())
    first = [i for i in attached if i.attachment and i.attachment.device_index in {0, None}]
    return tuple((i, address) for i in first for address in _main_addresses(i))


def _is_elastic(topology: Topology, association: Association, allocation_id: str) -> bool:
    """Whether the association is of that Elastic IP address, by its own word or by that of the address."""
    elastic = topology.snapshot.addresses.get(association.public_ip or "")
    return allocation_id in {association.allocation_id, elastic.allocation_id if elastic else None}


def balancer_targets(topology: Topology, arn: str) -> tuple[tuple[NetworkInterface, str], ...]:
    """The interfaces of a load balancer, which its ARN and their descriptions both name."""
    wanted = f"ELB {arn.partition(':loadbalancer/')[2]}"
    found = sorted(
        (i for i in topology.snapshot.interfaces.values() if i.description == wanted),
        key=lambda i: i.network_interface_id,
    )
    return tuple((i, address) for i in found for address in _main_addresses(i))


def _main_addresses(interface: NetworkInterface) -> list[str]:
    """The primary private address, and the IPv6 ones."""
    primary = [a.private_ip_address for a in interface.addresses if a.primary] or [
        a.private_ip_address for a in interface.addresses[:1]
    ]
    return primary + [a.ipv6_address for a in interface.ipv6_addresses]


def _by_vpc(found: Iterable[tuple[NetworkInterface, str]]) -> Iterator[tuple[str, tuple[Target, ...]]]:
    pairs = [(i, address) for i, address in found if i.vpc_id]
    for vpc_id in sorted({i.vpc_id or "" for i, _ in pairs}):
        yield vpc_id, tuple(Target(i.network_interface_id, address) for i, address in pairs if i.vpc_id == vpc_id)


def groups_named(topology: Topology, vpc_id: str, name: str) -> frozenset[str]:
    """The groups of the VPC of that name."""
    groups = topology.snapshot.security_groups.values()
    return frozenset(g.group_id for g in groups if g.vpc_id == vpc_id and g.group_name == name)
