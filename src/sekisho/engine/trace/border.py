"""The steps at carrier gateways and local gateways, out of a VPC and into one (S-CAGW, S-LGW)."""

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

from sekisho.engine.packet import ICMP, TCP, UDP, Dropped, Outcome, Unsettled
from sekisho.model.border import LocalGatewayRoute, LocalGatewayRouteTable
from sekisho.model.entrances import gap_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .filters import is_ipv6, spoken, within
from .routes import choose, cidrs_of, find

if TYPE_CHECKING:
    from .gateways import GatewayWalk

CAGW, LGW, LGW_TABLE = "carrier-gateway", "local-gateway", "local-gateway-route-table"


def translation_of(interface: NetworkInterface, address: str, member: str) -> str | None:
    """What the private address is translated to, by that member of its association."""
    for own in interface.addresses:
        if own.private_ip_address == address and own.association:
            found: str | None = getattr(own.association, member)
            return found
    return None


def holder_of(walk: "GatewayWalk", vpc_id: str, public: str, member: str) -> tuple[NetworkInterface, str] | None:
    """The interface of the VPC and its private address that is translated to that one."""
    for interface in walk.topology.interfaces_of_vpc.get(vpc_id, ()):
        for own in interface.addresses:
            if own.association and getattr(own.association, member) == public:
                return interface, own.private_ip_address
    return None


# Pools of public addresses (S-POOL) -----------------------------------------------------------------


def pooled_interface(topology: Topology, vpc_id: str, address: str) -> NetworkInterface | None:
    """The interface to which the VPC's internet gateway delivers the address of a pool as it is."""
    gateway, vpc = topology.internet_gateway_of(vpc_id), topology.snapshot.vpcs.get(vpc_id)
    if gateway is None or isinstance(gateway, Undecided) or is_ipv6(address):
        return None
    if vpc is None or within(address, vpc.cidrs):
        return None
    for _, table in sorted(topology.snapshot.route_tables.items()):
        held = {a.gateway_id for a in table.associations if a.in_force}
        pools = [a.public_ipv4_pool for a in table.associations if a.in_force and a.public_ipv4_pool]
        if gateway.internet_gateway_id not in held or not pools or not _of_pools(topology, pools, address):
            continue
        choice = choose(topology, table, vpc_id, address)
        if choice is None or isinstance(choice, Undecided) or choice.route.state not in {None, "active"}:
            continue
        interface = topology.snapshot.interfaces.get(choice.target.id)
        if choice.target.kind is TargetKind.NETWORK_INTERFACE and interface and interface.vpc_id == vpc_id:
            return interface
    return None


def _of_pools(topology: Topology, pools: list[str], address: str) -> bool:
    records = [topology.snapshot.public_ipv4_pools.get(pool) for pool in pools]
    if None in records:
        return True
    asked = ip_address(address)
    ranges = [r for record in records if record for r in record.pool_address_ranges]
    return any(int(ip_address(r.first_address)) <= int(asked) <= int(ip_address(r.last_address)) for r in ranges)


def out_of_pool(walk: "GatewayWalk", gateway_id: str, interface: NetworkInterface) -> Dropped | None:
    """What has to hold for the gateway to deliver to the interface an address that is not its own."""
    name, address = interface.network_interface_id, walk.header.destination
    blocks = [b for b in walk.snapshot.byoip_cidrs.values() if ":" not in b.cidr and within(address, (b.cidr,))]
    state = blocks[0].state if blocks else None
    if state in {"provisioned", "provisioned-not-publicly-advertisable"}:
        return walk.drop("BAD_STATE", gateway_id, "internet-gateway", f"the block of {address} is not advertised")
    if state not in {None, "advertised"}:
        walk.doubt(f"{blocks[0].cidr} is {state}")
    scope = walk.topology.vpc_scope(interface.vpc_id or "")
    unread = None if blocks else gap_of(walk.snapshot, "ec2:DescribeByoipCidrs", scope)  # S-POOL-02
    if unread:
        walk.doubt(unread)
    subnet = walk.topology.subnet_of(interface)
    blocked = None
    if not isinstance(subnet, Undecided):
        blocked = walk.public_access(subnet, gateway_id, "internet-gateway", "ingress", whole_vpc=True)
    if blocked or not interface.source_dest_check:
        return blocked or walk.hop(gateway_id, "internet-gateway", "allow", None)
    detail = f"the source/destination check of {name} is on, and {address} is not its own"
    rule = {"SourceDestCheck": True}
    evidence = walk.source("interfaces", name)
    return walk.drop("ENI_SOURCE_DEST_CHECK_RESTRICTION", name, "network-interface", detail, evidence, rule=rule)


# Carrier gateway ------------------------------------------------------------------------------------


def out_by_carrier(walk: "GatewayWalk", gateway_id: str, subnet: Subnet) -> Outcome:
    found = find(walk.topology, walk.snapshot.carrier_gateways, "carrier_gateways", gateway_id, subnet.vpc_id)
    if isinstance(found, Undecided):
        return Unsettled(found.reason)
    if found is None or found.vpc_id != subnet.vpc_id or found.state in {"deleting", "deleted"}:
        return walk.unusable_target(gateway_id, CAGW, subnet.vpc_id)
    if found.state not in {None, "available"}:
        return Unsettled(f"{gateway_id} is {found.state}")
    return (
        _carried(walk, gateway_id)
        or walk.public_access_of(subnet, gateway_id, "egress")
        or made_foreign(walk, gateway_id, CAGW, subnet.vpc_id, "carrier_ip")
        or walk.beyond_border(gateway_id, CAGW, subnet.vpc_id)
    )


def _carried(walk: "GatewayWalk", gateway_id: str) -> Dropped | None:
    header, evidence = walk.header, walk.source("carrier_gateways", gateway_id)
    if is_ipv6(header.source) or header.protocol not in {ICMP, TCP, UDP}:
        detail = f"{gateway_id} does not carry {spoken(header)}"
        return walk.drop("PROTOCOL_RESTRICTION", gateway_id, CAGW, detail, evidence)
    return None


def made_foreign(walk: "GatewayWalk", gateway_id: str, kind: str, vpc_id: str, member: str) -> Dropped | None:
    """The source as hosts beyond see it."""
    source = walk.header.source
    holders = walk.topology.holders_in_vpc(vpc_id, source)
    if len(holders) != 1:
        return walk.doubt(f"who sends {source} in {vpc_id} is not known")
    foreign = translation_of(holders[0], source, member)
    name = holders[0].network_interface_id
    if foreign is None:
        owned = member == "customer_owned_ip"
        code = "LGW_CUSTOMER_OWNED_IP_ASSOCIATION_FOR_EGRESS" if owned else "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
        detail = f"{source} has no address by which {gateway_id} could send it"
        return walk.drop(code, gateway_id, kind, detail, walk.source("interfaces", name))
    walk.hop(gateway_id, kind, "translate", {"PrivateIpAddress": source, member: foreign})
    walk.sent = walk.translated(vpc_id, foreign)
    walk.stripped = walk.stripped or source
    walk.header = walk.header._replace(source=foreign)
    return None


def in_by_carrier(walk: "GatewayWalk", gateway_id: str, vpc_id: str, *, internet: bool) -> Outcome:
    """In from the carrier's network, or from the internet beyond it (S-CAGW-02, S-CAGW-03)."""
    held = holder_of(walk, vpc_id, walk.header.destination, "carrier_ip")
    gateway, evidence = walk.snapshot.carrier_gateways.get(gateway_id), walk.source("carrier_gateways", gateway_id)
    if gateway is None or gateway.vpc_id != vpc_id or gateway.state not in {None, "available"}:
        return walk.drop("BAD_STATE", gateway_id, CAGW, f"{gateway_id} is not in force for {vpc_id}", evidence)
    dropped = _carried(walk, gateway_id) or _from_outside(walk, gateway_id, CAGW, vpc_id)
    if dropped:
        return dropped
    if held is None:
        detail = f"{walk.header.destination} is the carrier address of no interface in {vpc_id}"
        return walk.drop("IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", gateway_id, CAGW, detail, evidence)
    interface, private = held
    subnet = walk.topology.subnet_of(interface)
    zone = walk.topology.zone_of(interface)
    if internet and walk.header.protocol != ICMP and zone is None:
        walk.doubt(f"the zone of {interface.network_interface_id} is not known")
    elif internet and walk.header.protocol != ICMP and not (zone or "").startswith("eu-west-3-"):
        detail = f"{gateway_id} admits only ICMP from the internet"
        return walk.drop("PROTOCOL_RESTRICTION", gateway_id, CAGW, detail, evidence)
    blocked = walk.public_access_of(subnet, gateway_id, "ingress")
    if blocked:
        return blocked
    rule = {"CarrierIp": walk.header.destination, "PrivateIpAddress": private}
    walk.hop(gateway_id, CAGW, "translate", rule, evidence)
    walk.stripped = walk.stripped or walk.header.source
    walk.header = walk.header._replace(destination=private)
    return walk.arrive(vpc_id, None)


def internet_beyond(walk: "GatewayWalk", gateway_id: str, vpc_id: str, source: str) -> Dropped | None:
    """The internet beyond a carrier gateway takes no UDP, but in some Regions (S-CAGW-03)."""
    if walk.header.protocol in {ICMP, TCP}:
        return None
    zones = [walk.topology.zone_of(i) for i in walk.topology.holders_in_vpc(vpc_id, source)]
    if zones and all((zone or "").startswith("eu-west-3-") for zone in zones):
        return None
    if None in zones:
        return walk.doubt(f"the zone that {gateway_id} serves is not known")
    return walk.drop("PROTOCOL_RESTRICTION", gateway_id, CAGW, f"{gateway_id} carries no UDP to the internet")


def _from_outside(walk: "GatewayWalk", gateway_id: str, kind: str, vpc_id: str) -> Dropped | None:
    own = cidrs_of(walk.topology, vpc_id)
    if isinstance(own, Undecided):
        return walk.doubt(own.reason)
    if not within(walk.header.source, own):
        return None
    detail = f"{walk.header.source} is an address of {vpc_id} itself"
    return walk.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", gateway_id, kind, detail)


# Local gateway --------------------------------------------------------------------------------------


def table_of(walk: "GatewayWalk", gateway_id: str, vpc_id: str) -> LocalGatewayRouteTable | None | Undecided:
    """The route table by which the gateway serves the VPC, None where it provably does not (S-LGW-01)."""
    snapshot, scope = walk.snapshot, walk.topology.vpc_scope(vpc_id)
    for _, association in sorted(snapshot.local_gateway_associations.items()):
        if association.vpc_id != vpc_id or association.state not in {None, "associated"}:
            continue
        table = snapshot.local_gateway_tables.get(association.local_gateway_route_table_id or "")
        if gateway_id in {association.local_gateway_id, table.local_gateway_id if table else None}:
            missing = association.local_gateway_route_table_id or ""
            return table or Undecided(snapshot.why_missing("local_gateway_tables", missing, scope))
    gap = snapshot.gap("local_gateway_associations", scope)
    return Undecided(gap) if gap else None


def out_by_local(walk: "GatewayWalk", gateway_id: str, subnet: Subnet) -> Outcome:
    table = table_of(walk, gateway_id, subnet.vpc_id)
    if isinstance(table, Undecided):
        return Unsettled(table.reason)
    if table is None:
        detail = f"{gateway_id} is not associated with {subnet.vpc_id}"
        return walk.drop("BAD_STATE_ATTACHMENT", gateway_id, LGW, detail, walk.hops[-1].evidence)
    own = cidrs_of(walk.topology, subnet.vpc_id)
    if is_ipv6(walk.header.source):
        return walk.drop("PROTOCOL_RESTRICTION", gateway_id, LGW, f"{gateway_id} carries no IPv6")
    if isinstance(own, Undecided):
        return Unsettled(own.reason)
    if not within(walk.header.source, own):
        detail = f"{walk.header.source} is not an address of {subnet.vpc_id}"
        return walk.drop("VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", gateway_id, LGW, detail)
    if table.mode not in {"coip", "direct-vpc-routing"}:
        walk.doubt(f"{table.local_gateway_route_table_id} does not say whether it translates")
    return (
        routed(walk, table)
        or (made_foreign(walk, gateway_id, LGW, subnet.vpc_id, "customer_owned_ip") if table.mode == "coip" else None)
        or walk.beyond_border(gateway_id, LGW, subnet.vpc_id)
    )


def routed(walk: "GatewayWalk", table: LocalGatewayRouteTable) -> Dropped | None:
    """The local gateway's own route to the destination (S-LGW-03)."""
    name, snapshot = table.local_gateway_route_table_id, walk.snapshot
    routes = snapshot.local_gateway_routes.get(name)
    gap = snapshot.gap("local_gateway_routes", snapshot.scope("local_gateway_tables", name))
    if routes is None or gap:
        return walk.doubt(f"the routes of {name} are not known: {gap or 'they were not read'}")
    if any(r.destination_prefix_list_id for r in routes.routes):
        walk.doubt(f"{name} routes by prefix lists, which is not modelled")
    held = [r for r in routes.routes if within(walk.header.destination, (r.destination_cidr_block or "0.0.0.0/32",))]
    best = max(held, key=_rank, default=None)
    if best and best.state in {None, "active"} and not (best.subnet_id or best.network_interface_id):
        rule = {"DestinationCidrBlock": best.destination_cidr_block}
        return walk.hop(name, LGW_TABLE, "route", rule)
    detail = f"{name} has no route in force to {walk.header.destination}"
    evidence = walk.source("local_gateway_routes", name)
    return walk.drop("NO_ROUTE_TO_DESTINATION", name, LGW_TABLE, detail, evidence)


def _rank(route: LocalGatewayRoute) -> tuple[int, bool]:
    return ip_network(route.destination_cidr_block or "0.0.0.0/0").prefixlen, route.type != "propagated"


def in_by_local(walk: "GatewayWalk", gateway_id: str, vpc_id: str) -> Outcome:
    table = table_of(walk, gateway_id, vpc_id)
    if isinstance(table, Undecided):
        return Unsettled(table.reason)
    if table is None:
        detail = f"{gateway_id} is not associated with {vpc_id}"
        return walk.drop("BAD_STATE_ATTACHMENT", gateway_id, LGW, detail)
    if is_ipv6(walk.header.source):
        return walk.drop("PROTOCOL_RESTRICTION", gateway_id, LGW, f"{gateway_id} carries no IPv6")
    dropped = _from_outside(walk, gateway_id, LGW, vpc_id)
    if dropped:
        return dropped
    if table.mode not in {"coip", "direct-vpc-routing"}:
        walk.doubt(f"{table.local_gateway_route_table_id} does not say whether it translates")
    walk.stripped = walk.stripped or walk.header.source
    if table.mode == "coip":
        held = holder_of(walk, vpc_id, walk.header.destination, "customer_owned_ip")
        if held is None:
            detail = f"{walk.header.destination} is the customer-owned address of no interface in {vpc_id}"
            return walk.drop("LGW_CUSTOMER_OWNED_IP_ASSOCIATION_FOR_INGRESS", gateway_id, LGW, detail)
        walk.header = walk.header._replace(destination=held[1])
    walk.hop(gateway_id, LGW, "route")
    return walk.arrive(vpc_id, None)
