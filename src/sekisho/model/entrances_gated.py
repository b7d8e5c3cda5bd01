"""Entrances for authenticated callers: Instance Connect Endpoints (S-EICE), Verified Access (S-VA), VPC Lattice
(S-LAT), Client VPN (S-CVPN).
"""

from collections.abc import Iterable, Iterator
from ipaddress import IPv4Network, ip_network

from .edge import PortSpan
from .entrances import INTERNET, TCP, UDP, Entrance, EntranceKind, Opening, Target, gap_of, states_of
from .entrances_edge import balancer_targets
from .gated import InstanceConnectEndpoint, LatticeTargetGroup, VerifiedAccessEndpoint
from .interface import NetworkInterface
from .remote_access import ClientVpnEndpoint, ClientVpnTargetNetwork
from .topology import Topology

_ANY_PORT = (Opening(TCP, 0, 65535), Opening(UDP, 0, 65535))
_FAMILIES = {"ipv4": ("ipv4",), "ipv6": ("ipv6",)}


# EC2 Instance Connect Endpoints ---------------------------------------------------------------------

_CONNECT_PORTS = (22, 3389)
_CONNECTING = {"create-complete", "update-in-progress", "update-complete", "update-failed"}


def connect_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each endpoint (S-EICE-01 to S-EICE-04)."""
    for name, endpoint in sorted(topology.snapshot.instance_connect_endpoints.items()):
        vpc_id = endpoint.vpc_id or _vpc_of_subnet(topology, endpoint.subnet_id)
        if vpc_id:
            yield _connect(topology, name, endpoint, vpc_id)


def _connect(topology: Topology, name: str, endpoint: InstanceConnectEndpoint, vpc_id: str) -> Entrance:
    interface = next((i for i in endpoint.network_interface_ids if i in topology.snapshot.interfaces), None)
    ungrouped = () if endpoint.security_group_ids else (f"the security groups of {name} are not in the snapshot",)
    entrance = Entrance(
        kind=EntranceKind.INSTANCE_CONNECT,
        id=name,
        vpc=vpc_id,
        origin="gated",
        record=("instance_connect_endpoints", name),
        source="relay" if interface else "service",
        families=_FAMILIES.get(endpoint.ip_address_type, ("ipv4", "ipv6")),
        openings=tuple(Opening(TCP, port, port) for port in _CONNECT_PORTS),
        relay=interface,
        known_by=frozenset(endpoint.security_group_ids),
        own_groups=tuple(sorted(endpoint.security_group_ids)),
        closed="" if endpoint.state in _CONNECTING else f"{name} is {endpoint.state}",
        doubts=ungrouped,
    )
    if endpoint.preserve_client_ip:
        return entrance._replace(source="caller", families=("ipv4",), acl="doubtful")
    if interface is None:
        doubt = f"the interface of {name} is not in the snapshot"
        seen_as = _subnet_cidrs(topology, [endpoint.subnet_id]) or _vpc_cidrs(topology, vpc_id)
        return entrance._replace(seen_as=seen_as, doubts=(*ungrouped, doubt))
    return entrance


# Verified Access ------------------------------------------------------------------------------------


def verified_access_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each endpoint and VPC that it leads into (S-VA-01, S-VA-02)."""
    for name, endpoint in sorted(topology.snapshot.verified_access_endpoints.items()):
        subnets = _application_subnets(endpoint)
        interfaces = _application(topology, endpoint)
        vpcs = {i.vpc_id for i, _ in interfaces} | {_vpc_of_subnet(topology, s) for s in subnets}
        groups = (topology.snapshot.security_groups.get(g) for g in endpoint.security_group_ids)
        vpcs |= {g.vpc_id for g in groups if g} if not any(vpcs) else set()
        for vpc_id in sorted(v for v in vpcs if v):
            yield _verified(topology, name, endpoint, vpc_id)


def _verified(topology: Topology, name: str, endpoint: VerifiedAccessEndpoint, vpc_id: str) -> Entrance:
    within = [i for i in _application(topology, endpoint) if i[0].vpc_id == vpc_id]
    targets = tuple(Target(i.network_interface_id, address) for i, address in within)
    status = endpoint.status.code
    doubts = [f"{name} is in status `{status}`"] if status not in {"active", "updating", "deleted"} else []
    if endpoint.endpoint_type == "rds":
        doubts.append(f"which interface the database behind {name} has is not in the snapshot")
    subnets = _application_subnets(endpoint)
    cidrs = _subnet_cidrs(topology, subnets) or _vpc_cidrs(topology, vpc_id)
    return Entrance(
        kind=EntranceKind.VERIFIED_ACCESS,
        id=name,
        vpc=vpc_id,
        origin="gated",
        record=("verified_access_endpoints", name),
        source="service",
        openings=_application_ports(endpoint),
        targets=targets if endpoint.endpoint_type in {"load-balancer", "network-interface"} else None,
        admits=(endpoint.cidr_options.cidr,) if endpoint.cidr_options else None,
        seen_as=cidrs,
        known_by=frozenset(endpoint.security_group_ids),
        own_groups=tuple(sorted(endpoint.security_group_ids)),
        subnets=frozenset(s for s in subnets if s) or _subnets_of(topology, vpc_id),
        closed=f"{name} is deleted" if status == "deleted" else "",
        doubts=tuple(doubts),
    )


def _application(topology: Topology, endpoint: VerifiedAccessEndpoint) -> tuple[tuple[NetworkInterface, str], ...]:
    if endpoint.load_balancer_options:
        return balancer_targets(topology, endpoint.load_balancer_options.load_balancer_arn)
    options = endpoint.network_interface_options
    interface = topology.snapshot.interfaces.get(options.network_interface_id) if options else None
    address = interface.private_ip_address if interface else None
    return ((interface, address),) if interface and address else ()


def _application_subnets(endpoint: VerifiedAccessEndpoint) -> tuple[str, ...]:
    options = endpoint.load_balancer_options or endpoint.rds_options or endpoint.cidr_options
    return options.subnet_ids if options else ()


def _application_ports(endpoint: VerifiedAccessEndpoint) -> tuple[Opening, ...]:
    options = endpoint.load_balancer_options or endpoint.network_interface_options
    ranges: tuple[PortSpan, ...] = ()
    if options or endpoint.rds_options:
        port = options.port if options else endpoint.rds_options.port if endpoint.rds_options else None
        ranges = (PortSpan(from_port=port, to_port=port),) if port else options.port_ranges if options else ()
    elif endpoint.cidr_options:
        ranges = endpoint.cidr_options.port_ranges
    return tuple(Opening(TCP, r.from_port, r.to_port) for r in ranges) or (Opening(TCP, 0, 65535),)


# VPC Lattice ----------------------------------------------------------------------------------------

_LATTICE_ADDRESSES = ("169.254.171.0/24",)


def lattice_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each target port of each target group that a service uses (S-LAT-01 to S-LAT-03)."""
    snapshot = topology.snapshot
    for name, group in sorted(snapshot.lattice_target_groups.items()):
        if group.vpc_identifier and group.type != "LAMBDA":
            yield from _lattice(topology, name, group, group.vpc_identifier)


def _lattice(topology: Topology, name: str, group: LatticeTargetGroup, vpc_id: str) -> Iterator[Entrance]:
    lists = _lattice_lists(topology, vpc_id)
    known = [x for x in (topology.snapshot.prefix_lists.get(i) for i in sorted(lists)) if x]
    common = Entrance(
        kind=EntranceKind.LATTICE,
        id=name,
        vpc=vpc_id,
        origin="gated",
        record=("lattice_target_groups", name),
        source="service",
        callers=("0.0.0.0/0",),
        openings=(Opening(TCP, group.port, group.port),) if group.port else _ANY_PORT[:1],
        seen_as=tuple(c for x in known for c in x.cidrs if ":" not in c) or _LATTICE_ADDRESSES,
        known_by=lists,
        closed="" if group.service_arns else f"{name} is of no service",
    )
    members = [t for t in topology.snapshot.lattice_targets.values() if t.target_group_identifier in {name, group.arn}]
    call, scope = "vpc-lattice:ListTargets", topology.snapshot.scope("lattice_target_groups", name)
    gap = gap_of(topology.snapshot, call, scope)
    unread = None if members or states_of(topology.snapshot, call, scope) else f"{call} was not read"
    if gap or unread:
        # A target may be registered on a port of its own.
        doubt = f"the targets of {name} are not known: {gap or unread}"
        yield common._replace(openings=_ANY_PORT[:1], doubts=(doubt,))
    for port in sorted({t.port or group.port or 0 for t in members}):
        ids = [t.id for t in members if (t.port or group.port or 0) == port]
        targets = tuple(target for i in ids for target in _lattice_targets(topology, vpc_id, group.type, i))
        openings = (Opening(TCP, port, port),) if port else common.openings
        yield common._replace(openings=openings, targets=targets)


def _lattice_lists(topology: Topology, vpc_id: str) -> frozenset[str]:
    region = topology.vpc_scope(vpc_id).region
    wanted = {f"com.amazonaws.{region}.vpc-lattice", f"com.amazonaws.{region}.ipv6.vpc-lattice"}
    lists = topology.snapshot.managed_prefix_lists.values()
    return frozenset(x.prefix_list_id for x in lists if x.prefix_list_name in wanted)


def _lattice_targets(topology: Topology, vpc_id: str, kind: str, target: str) -> Iterator[Target]:
    if kind == "ALB":
        found: Iterable[NetworkInterface] = [i for i, _ in balancer_targets(topology, target)]
        pairs = [(i, i.private_ip_address) for i in found]
    elif kind == "IP":
        pairs = [(i, target) for i in topology.holders_in_vpc(vpc_id, target)]
    else:
        attached = topology.interfaces_of_instance.get(target, ())
        pairs = [(i, i.private_ip_address) for i in attached if i.attachment and i.attachment.device_index in {0, None}]
    yield from (Target(i.network_interface_id, address) for i, address in pairs if address)


# Client VPN -----------------------------------------------------------------------------------------


def client_vpn_entrances(topology: Topology) -> Iterator[Entrance]:
    """One for each association of an endpoint with a subnet (S-CVPN-01 to S-CVPN-03)."""
    snapshot = topology.snapshot
    for name, endpoint in sorted(snapshot.client_vpn_endpoints.items()):
        networks = [n for n in snapshot.client_vpn_networks.values() if n.client_vpn_endpoint_id == name]
        for network in sorted(networks, key=lambda n: n.association_id):
            vpc_id = network.vpc_id or endpoint.vpc_id or _vpc_of_subnet(topology, network.target_network_id)
            if vpc_id:
                yield _client_vpn(topology, name, endpoint, network, vpc_id)


def _client_vpn(
    topology: Topology, name: str, endpoint: ClientVpnEndpoint, network: ClientVpnTargetNetwork, vpc_id: str
) -> Entrance:
    snapshot = topology.snapshot
    subnet_id = network.target_network_id
    groups = tuple(sorted(network.security_groups or endpoint.security_group_ids))
    rules = [r for r in snapshot.client_vpn_authorizations.values() if r.client_vpn_endpoint_id == name]
    ruled = {r.destination_cidr for r in rules if r.status.code in {None, "active"}}
    doubts = [_unread(topology, "ec2:DescribeClientVpnAuthorizationRules", name)] if not rules else []
    routed, unrouted = _client_vpn_routes(topology, name, subnet_id, vpc_id)
    found = Entrance(
        kind=EntranceKind.CLIENT_VPN,
        id=name,
        vpc=vpc_id,
        origin="vgw",
        record=("client_vpn_endpoints", name),
        source="relay",
        callers=(endpoint.client_cidr_block,) if endpoint.client_cidr_block else (INTERNET,),
        admits=tuple(sorted(ruled)) if rules else () if not any(doubts) else None,
        routed=routed,
        unrouted=unrouted,
        known_by=frozenset(groups),
        own_groups=groups,
        closed=_not_in_force(name, endpoint, network),
        doubts=tuple(d for d in doubts if d),
    )
    relay = _sender(topology, vpc_id, subnet_id)
    if relay is None:
        seen_as = _subnet_cidrs(topology, [subnet_id]) or _vpc_cidrs(topology, vpc_id)
        subnets = frozenset([subnet_id]) if subnet_id else _subnets_of(topology, vpc_id)
        return found._replace(source="service", seen_as=seen_as, subnets=subnets)
    return found._replace(relay=relay)


def _client_vpn_routes(
    topology: Topology, name: str, subnet_id: str | None, vpc_id: str
) -> tuple[tuple[str, ...], str]:
    """What the endpoint's routes lead out in the subnet, by longest prefix, and why there may be more (S-CVPN-02)."""
    unread = _unread(topology, "ec2:DescribeClientVpnRoutes", name) or ""
    routes = [r for r in topology.snapshot.client_vpn_routes.values() if r.client_vpn_endpoint_id == name]
    active = [r for r in routes if r.status.code in {None, "active"}]
    here = {r.destination_cidr for r in active if r.target_subnet == subnet_id}
    elsewhere = {r.destination_cidr for r in active} - here
    # The route of the VPC comes with the association and cannot be taken out.
    found = {*here, *(_vpc_cidrs(topology, vpc_id) if unread else ())}
    return tuple(sorted(part for cidr in found for part in _less(cidr, elsewhere))), unread


def _less(cidr: str, blocks: Iterable[str]) -> Iterator[str]:
    """What is left of the IPv4 block without the smaller ones in it."""
    whole = ip_network(cidr, strict=False)
    left = [whole] if isinstance(whole, IPv4Network) else []
    for block in map(IPv4Network, (b for b in blocks if ":" not in b)):
        if block.prefixlen > whole.prefixlen:
            apart = [n for n in left if not n.overlaps(block)]
            left = apart + [part for n in left if block.subnet_of(n) for part in n.address_exclude(block)]
    yield from map(str, left)


def _not_in_force(name: str, endpoint: ClientVpnEndpoint, network: ClientVpnTargetNetwork) -> str:
    if endpoint.status.code not in {None, "available"}:
        return f"{name} is {endpoint.status.code}"
    if network.status.code not in {None, "associated"}:
        return f"{name} is {network.status.code} with {network.target_network_id}"
    return ""


def _sender(topology: Topology, vpc_id: str, subnet_id: str | None) -> str | None:
    """The interface in the subnet that AWS made for Client VPN."""
    found = sorted(
        i.network_interface_id
        for i in topology.interfaces_of_vpc.get(vpc_id, ())
        if i.subnet_id == subnet_id and i.description.startswith("ClientVPN Endpoint")
    )
    return found[0] if found else None


def _unread(topology: Topology, call: str, name: str) -> str | None:
    """Why the parts of a Client VPN endpoint that the call lists are not known, or None where it was read whole."""
    scope = topology.snapshot.scope("client_vpn_endpoints", name)
    if not states_of(topology.snapshot, call, scope):
        return f"{name}: {call} was not read"
    return gap_of(topology.snapshot, call, scope)


# Subnets --------------------------------------------------------------------------------------------


def _vpc_of_subnet(topology: Topology, subnet_id: str | None) -> str | None:
    subnet = topology.snapshot.subnets.get(subnet_id or "")
    return subnet.vpc_id if subnet else None


def _subnets_of(topology: Topology, vpc_id: str) -> frozenset[str]:
    return frozenset(s.subnet_id for s in topology.snapshot.subnets.values() if s.vpc_id == vpc_id)


def _subnet_cidrs(topology: Topology, subnet_ids: Iterable[str | None]) -> tuple[str, ...]:
    """The IPv4 blocks of the subnets, none where one of them is not known."""
    subnets = [topology.snapshot.subnets.get(s or "") for s in subnet_ids]
    return tuple(c for s in subnets if s for c in s.cidrs if ":" not in c) if all(subnets) else ()


def _vpc_cidrs(topology: Topology, vpc_id: str) -> tuple[str, ...]:
    vpc = topology.snapshot.vpcs.get(vpc_id)
    return tuple(c for c in vpc.cidrs if ":" not in c) if vpc else ("0.0.0.0/0",)


def gated_entrances(topology: Topology) -> Iterator[Entrance]:
    """Those for authenticated callers."""
    yield from connect_entrances(topology)
    yield from verified_access_entrances(topology)
    yield from lattice_entrances(topology)
    yield from client_vpn_entrances(topology)
