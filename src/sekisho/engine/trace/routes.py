"""Which route takes a packet, and what gateways ask of the addresses that they carry.

One destination is looked up at a time: all routes that hold it are laid side by side, and the order of
S-RT-02 to S-RT-06 picks one. Where the snapshot does not settle it, the answer is `Undecided`, never a guess.
"""

from collections.abc import Iterator, Mapping
from typing import Literal, NamedTuple, TypeVar, cast

from sekisho.model.calls import CallStatus
from sekisho.model.gateways import (
    EgressOnlyInternetGateway,
    GatewayAttachment,
    InternetGateway,
    VpcPeeringConnection,
    VpnGateway,
)
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Record, Scope, Source, Undecided
from sekisho.model.routing import Route, RouteTable, Target, TargetKind
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .filters import at, is_ipv6, within

RFC1918 = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16")
RFC6598 = ("100.64.0.0/10",)
#: The rest of what is not the IPv4 internet (S-ADR-01).
SPECIAL = ("0.0.0.0/8", "127.0.0.0/8", "169.254.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
GLOBAL_IPV6 = ("2000::/3",)
#: What no larger route forwards (S-RT-08).
NEVER_FORWARDED = ("169.254.168.0/22", "fd00:ec2::/32")

#: What may be the target of a route that is more specific than the local one (S-RT-04).
_WITHIN_LOCAL = (TargetKind.NAT_GATEWAY, TargetKind.NETWORK_INTERFACE)

Direction = Literal["ingress", "egress"]
GatewayKind = Literal["internet-gateway", "egress-only-internet-gateway", "virtual-private-gateway"]
R = TypeVar("R", bound=Record)


# Route choice ---------------------------------------------------------------------------------------


class Choice(NamedTuple):
    """A route that holds the destination: its prefix length, its rank among equals (S-RT-03), where it stands."""

    route: Route
    length: int
    rank: int
    evidence: Source

    @property
    def target(self) -> Target:
        return self.route.target


def choose(topology: Topology, table: RouteTable, vpc_id: str, destination: str) -> Choice | None | Undecided:
    """The route of the table that decides on the destination, None where there is none."""
    key = (table.route_table_id, vpc_id, destination)
    if key not in topology.chosen:
        topology.chosen[key] = _chosen(topology, table, vpc_id, destination)
    return cast("Choice | None | Undecided", topology.chosen[key])


def _chosen(topology: Topology, table: RouteTable, vpc_id: str, destination: str) -> Choice | None | Undecided:
    held = list(_holding(topology, table, vpc_id, destination))
    if any(_is_local(c.route) for c in held):
        held = [c for c in held if not c.route.propagated]  # S-RT-04
    best = min(held, key=lambda c: (-c.length, c.rank), default=None)
    rivals = [c for c in held if best and (c.length, c.rank) == (best.length, best.rank)]
    if len({c.target for c in rivals}) > 1:  # S-RT-05
        names = ", ".join(sorted(c.target.id for c in rivals))
        return Undecided(f"{table.route_table_id} has routes of one rank to several targets for {destination}: {names}")
    doubt = _open_list(topology, table, destination, best)
    if doubt:
        return Undecided(doubt)
    if best and best.route.state not in {None, "active", "blackhole"}:  # S-RT-06
        return Undecided(f"the route to {best.route.destination} in {table.route_table_id} is {best.route.state}")
    return best


def _holding(topology: Topology, table: RouteTable, vpc_id: str, destination: str) -> Iterator[Choice]:
    """Every route that holds the destination, each at the length of its own prefix."""
    source = topology.snapshot.source("route_tables", table.route_table_id)
    floor = max((_length(c) for c in NEVER_FORWARDED if within(destination, (c,))), default=0)
    for index, route in enumerate(table.routes):
        rank = 2 if route.propagated else 1 if route.destination_prefix_list_id else 0
        for cidr in _prefixes(topology, route):
            if within(destination, (cidr,)) and _length(cidr) >= floor:
                yield Choice(route, _length(cidr), rank, at(source, f"/Routes/{index}"))
    # S-VPC: each associated block has its local route, unless the table lists it with a target of its own.
    listed = {route.destination for route in table.routes if not route.propagated}
    vpc = topology.snapshot.vpcs.get(vpc_id)
    for cidr in vpc.cidrs if vpc else ():
        if cidr not in listed and within(destination, (cidr,)):
            yield Choice(local_route(cidr), _length(cidr), 0, topology.snapshot.source("vpcs", vpc_id))


def local_route(cidr: str) -> Route:
    if is_ipv6(cidr):
        return Route(destination_ipv6_cidr_block=cidr, gateway_id="local", origin="CreateRouteTable", state="active")
    return Route(destination_cidr_block=cidr, gateway_id="local", origin="CreateRouteTable", state="active")


def _prefixes(topology: Topology, route: Route) -> tuple[str, ...]:
    if route.destination_prefix_list_id:
        entries = topology.snapshot.prefix_lists.get(route.destination_prefix_list_id)
        return entries.cidrs if entries else ()
    cidr = route.destination_cidr_block or route.destination_ipv6_cidr_block
    return (cidr,) if cidr else ()


def _length(cidr: str) -> int:
    return int(cidr.split("/")[1]) if "/" in cidr else (128 if is_ipv6(cidr) else 32)


def _is_local(route: Route) -> bool:
    """A local route, also where its target was replaced (S-RT-04)."""
    return route.target.kind is TargetKind.LOCAL or route.origin == "CreateRouteTable"


def _open_list(topology: Topology, table: RouteTable, destination: str, best: Choice | None) -> str | None:
    """Why a prefix list without entries could decide otherwise: one of them might be longer (S-RT-05)."""
    if best and best.length == (128 if is_ipv6(destination) else 32):
        return None
    for route in table.routes:
        named = route.destination_prefix_list_id
        same = best is not None and (route.target, route.state) == (best.target, best.route.state)
        within_local = best is not None and _is_local(best.route) and route.target.kind not in _WITHIN_LOCAL
        if named and named not in topology.snapshot.prefix_lists and not same and not within_local:
            return (
                f"{table.route_table_id} routes {named} to {route.target.id}, and its entries are not in the snapshot"
            )
    return None


# Records that routes and gateways name --------------------------------------------------------------


def find(topology: Topology, records: Mapping[str, R], table: str, record_id: str, vpc_id: str) -> R | None | Undecided:
    """The record that a route of the VPC names; None where it provably no longer exists (S-RT-07)."""
    snapshot, scope = topology.snapshot, topology.vpc_scope(vpc_id)
    record = records.get(record_id)
    if record is None and (record_id in snapshot.missing or snapshot.gap(table, scope)):
        return Undecided(snapshot.why_missing(table, record_id, scope))
    return record


def attached(topology: Topology, kind: GatewayKind, gateway_id: str, vpc_id: str) -> bool | Undecided:
    """Whether the gateway is in force for the VPC (S-IGW-01)."""
    table = GATEWAY_TABLES[kind]
    found = find(topology, topology.snapshot.table(table), table, gateway_id, vpc_id)
    if isinstance(found, Undecided):
        return found
    return any(a.vpc_id == vpc_id and a.in_force for a in _attachments(found))


def _attachments(gateway: Record | None) -> tuple[GatewayAttachment, ...]:
    if isinstance(gateway, InternetGateway | EgressOnlyInternetGateway):
        return gateway.attachments
    return gateway.vpc_attachments if isinstance(gateway, VpnGateway) and gateway.state != "deleted" else ()


GATEWAY_TABLES: Mapping[GatewayKind, str] = {
    "internet-gateway": "internet_gateways",
    "egress-only-internet-gateway": "egress_only_gateways",
    "virtual-private-gateway": "vpn_gateways",
}


def cidrs_of(topology: Topology, vpc_id: str) -> tuple[str, ...] | Undecided:
    """The associated blocks of the VPC (S-VPC)."""
    vpc = topology.snapshot.vpcs.get(vpc_id)
    if vpc:
        return vpc.cidrs
    return Undecided(topology.snapshot.why_missing("vpcs", vpc_id, topology.vpc_scope(vpc_id)))


def side_cidrs(topology: Topology, peering: VpcPeeringConnection, vpc_id: str) -> tuple[str, ...] | Undecided:
    """The blocks of one side: the VPC's own where it is in the snapshot, else those that the connection knows."""
    vpc = topology.snapshot.vpcs.get(vpc_id)
    side = peering.side_of(vpc_id)
    cidrs = vpc.cidrs if vpc else side.cidrs if side else ()
    return cidrs or Undecided(f"the CIDR blocks of {vpc_id} are not in the snapshot")


def unlisted_interfaces(topology: Topology, vpc_id: str) -> str | None:
    """Why the VPC may have interfaces that the snapshot does not list, or None."""
    gap = topology.snapshot.gap("interfaces", topology.vpc_scope(vpc_id))
    damaged = (m for m in topology.snapshot.missing.values() if m.table == "interfaces")
    unusable = next((m for m in damaged if not m.refers or vpc_id in m.refers), None)
    return gap or (f"{unusable.id}: {unusable.why}" if unusable else None)


# What an internet gateway asks of addresses (S-ADR, S-IGW) ------------------------------------------


def internet_source_code(address: str) -> str | None:
    """The code under which an internet gateway rejects a source that is not of the internet, or None."""
    if within(address, RFC1918):
        return "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"
    if within(address, RFC6598):
        return "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS"
    return None if _routable(address) else "GATEWAY_REJECTS_SPOOFED_TRAFFIC"


def internet_destination_code(address: str) -> str | None:
    """The code under which an internet gateway drops what it cannot send on, or None."""
    if within(address, RFC1918):
        return "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"
    if within(address, RFC6598):
        return "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"
    return None if _routable(address) else "NO_POSSIBLE_DESTINATION"


def _routable(address: str) -> bool:
    return within(address, GLOBAL_IPV6) if is_ipv6(address) else not within(address, SPECIAL)


def private_ipv6(topology: Topology, vpc_id: str, address: str) -> str | None:
    """Why an internet gateway carries nothing to or from the IPv6 address, or None (S-ADR-02, S-IGW-03)."""
    if not within(address, GLOBAL_IPV6):
        return f"{address} is not a global address"
    vpc = topology.snapshot.vpcs.get(vpc_id)
    for block in vpc.ipv6_cidr_block_association_set if vpc else ():
        if within(address, (block.ipv6_cidr_block,)) and block.ipv6_address_attribute == "private":
            return f"{address} is of {block.ipv6_cidr_block}, a private block of {vpc_id}"
    return None


# Block Public Access (S-BPA-01) ---------------------------------------------------------------------


def public_access_blocked(
    topology: Topology, subnet: Subnet, direction: Direction, *, translated: bool, whole_vpc: bool = False
) -> tuple[str, Source] | None | Undecided:
    """The mode that stops what enters or leaves the subnet by an internet gateway, and where it stands; or None.

    `translated` marks what a NAT gateway or an egress-only internet gateway starts.
    """
    snapshot, scope = topology.snapshot, topology.vpc_scope(subnet.vpc_id)
    key = f"{scope.account}/{scope.region}"
    options = snapshot.bpa_options.get(key)
    if options is None:
        doubt = _options_doubt(topology, subnet, key)
        return Undecided(doubt) if doubt else None
    mode = options.internet_gateway_block_mode
    if mode == "off" or (mode == "block-ingress" and direction == "egress" and translated):
        return None
    if mode not in {"block-bidirectional", "block-ingress"}:
        return Undecided(f"the Block Public Access mode {mode} of {key} is not known")
    lifted = _exclusions(topology, subnet, whole_vpc=whole_vpc)
    outwards = direction == "egress" and mode == "block-bidirectional"  # an egress exclusion is for that mode only
    if "allow-bidirectional" in lifted or (outwards and "allow-egress" in lifted):
        return None
    if snapshot.calls.state(KIND_BY_TABLE["bpa_exclusions"].call, scope) is None:
        spoken = _spoken(topology, subnet)
        if spoken not in {None, mode}:
            other = f"{subnet.subnet_id} is under Block Public Access {spoken}, and exclusions were not read"
            return None if spoken == "off" else Undecided(other)
    open_question = _opened(topology, "bpa_exclusions", scope)
    return Undecided(open_question) if open_question else (mode, snapshot.source("bpa_options", key))


def _exclusions(topology: Topology, subnet: Subnet, *, whole_vpc: bool) -> set[str]:
    excluded = {subnet.vpc_id} if whole_vpc else {subnet.subnet_id, subnet.vpc_id}
    return {
        exclusion.internet_gateway_exclusion_mode
        for exclusion in topology.snapshot.bpa_exclusions.values()
        if exclusion.resource_arn.rpartition("/")[2] in excluded
        and exclusion.state in {"create-complete", "update-complete"}
    }


def _options_doubt(topology: Topology, subnet: Subnet, key: str) -> str | None:
    """Why access may be blocked where no options were read: absent ones are off, unless a record speaks of a mode."""
    if key in topology.snapshot.missing:
        return f"{key}: {topology.snapshot.missing[key].why}"
    mode = _spoken(topology, subnet)
    if mode not in {None, "off"}:
        return f"{subnet.subnet_id} is under Block Public Access {mode}, and the options of {key} were not read"
    return _opened(topology, "bpa_options", topology.vpc_scope(subnet.vpc_id))


def _spoken(topology: Topology, subnet: Subnet) -> str | None:
    """The mode in force as the subnet, or else its VPC, says itself."""
    records = (subnet, topology.snapshot.vpcs.get(subnet.vpc_id))
    states = (r.block_public_access_states for r in records if r and r.block_public_access_states)
    return next((s.internet_gateway_block_mode for s in states if s.internet_gateway_block_mode), None)


def _opened(topology: Topology, table: str, scope: Scope) -> str | None:
    """Why records of a kind that may be assumed absent are lacking: a failed call, a damaged record (S-LOAD)."""
    unusable = next((m for m in topology.snapshot.missing.values() if m.table == table), None)
    if unusable:
        return f"{unusable.id}: {unusable.why}"
    state = topology.snapshot.calls.state(KIND_BY_TABLE[table].call, scope)
    return topology.snapshot.gap(table, scope) if state and state.status is not CallStatus.READ else None


# Virtual private gateways ---------------------------------------------------------------------------


def vgw_carries_ipv6(topology: Topology, gateway_id: str) -> bool | Undecided:
    """Whether Direct Connect is on the gateway: a VPN on it carries no IPv6 (S-VGW-02)."""
    snapshot, told = topology.snapshot, set()
    for association in snapshot.direct_connect_associations.values():
        if association.associated_gateway.id == gateway_id and association.in_force:
            return True
        told.add(association.direct_connect_gateway_id)
    lines = [v for v in snapshot.virtual_interfaces.values() if v.virtual_interface_type != "public"]
    if any(line.virtual_gateway_id == gateway_id for line in lines):
        return True
    gateways = [u.id for u in snapshot.unmodelled if u.kind.service == "directconnect"]
    gateways += [line.direct_connect_gateway_id or "" for line in lines if line.virtual_gateway_id is None]
    loose = next((name for name in gateways if name not in told), None)
    if loose is not None:
        return Undecided(f"Direct Connect gateway {loose or 'of a virtual interface'} may lead to {gateway_id}")
    failed = (s for s in topology.snapshot.calls if s.call.startswith("directconnect:"))
    why = next((s for s in failed if s.status is not CallStatus.READ), None)
    return Undecided(f"{why.call} is {why.status.value}: {why.why}") if why else False
