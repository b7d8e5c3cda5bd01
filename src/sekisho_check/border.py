"""Carrier gateways, local gateways and pools of public addresses: as ways in and as targets."""

from __future__ import annotations

import ipaddress

from sekisho_check.estate import Estate, Record, listed, text
from sekisho_check.filters import Sight
from sekisho_check.gateways import V4, attached, block_public_access, only, outside
from sekisho_check.ranges import EMPTY, INTERNET, Ranges, block, everything, less, meet, normal
from sekisho_check.routes import Hop, edge_table
from sekisho_check.walk import FORWARD, GATEWAY, PUBLIC, RETURN, STATE, TARGET_KINDS, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found


def associated(address: Address, member: str) -> str | None:
    """The carrier or customer-owned address that is associated with the private one."""
    data = address.interface.data
    for one in listed(data, "PrivateIpAddresses"):
        if one.get("PrivateIpAddress") == address.text and (found := text(one, "Association", member)):
            return found
    return text(data, "Association", member) if data.get("PrivateIpAddress") == address.text else None


# Carrier gateways

ICMP, TCP, UDP = ((1, 1),), ((6, 6),), ((17, 17),)


def carriers(estate: Estate, address: Address, kind: str, ranges: Ranges) -> Found:
    """Rule S-CAGW-01."""
    sources, why = outside(estate, address, ranges)
    ways = [
        Way((kind, record.id), sources, record, "it is described in two ways" if record.disputed else why)
        for record in estate.all("ec2:DescribeCarrierGateways")
        if text(record.data, "VpcId") == address.vpc and text(record.data, "State") != "deleted"
    ]
    whole = bool(ways) or not _carried_to(estate, address.vpc) or estate.whole(CARRIERS, *estate.home(address.vpc))
    return Found(ways, there=bool(ways), open="" if whole else f"carrier gateways of {address.vpc} were not read")


CARRIERS = "ec2:DescribeCarrierGateways"


def _carried_to(estate: Estate, vpc: str) -> bool:
    """Whether an address of the VPC may have a carrier address: to others no carrier gateway delivers (S-CAGW-01)."""
    held = estate.interfaces_of_vpc[vpc]
    told = [[*listed(one.data, "PrivateIpAddresses"), one.data] for one in held]
    return any(one.disputed for one in held) or any(
        text(each, "Association", "CarrierIp") for each in (one for some in told for one in some)
    )


def carrier_networks(estate: Estate, address: Address) -> Found:
    """Rule S-CAGW-02."""
    return carriers(estate, address, "carrier-gateway", everything(address.family))


def beyond_carriers(estate: Estate, address: Address) -> Found:
    """Rule S-CAGW-03."""
    return carriers(estate, address, "carrier-gateway-beyond", INTERNET[address.family])


def from_carrier(walk: Walk, pieces: Pieces) -> Pieces:
    name = walk.way.words[1] or ""
    place = walk.place
    if walk.way.record is not None and text(walk.way.record.data, "State") not in {None, "available"}:  # S-CAGW-01
        pieces = walk.stop(pieces, GATEWAY, name)
    pieces = carried(walk, pieces, (GATEWAY,), name)
    if walk.way.kind == "carrier-gateway-beyond":
        africa = walk.estate.home(place.vpc)[1] == "eu-west-3"
        pieces = only(walk, pieces, normal((*ICMP, *TCP, *UDP)) if africa else ICMP, (GATEWAY,), name)
    return walk.arrive(block_public_access(walk, pieces, place), Sight())  # S-BPA-02


def carried(walk: Walk, pieces: Pieces, layers: tuple[str, ...], *names: str) -> Pieces:
    """What a carrier gateway can carry at all (S-CAGW-01)."""
    for layer in layers:
        pieces = pieces if walk.address.family == V4 else walk.stop(pieces, layer, *names)
    pieces = only(walk, pieces, normal((*ICMP, *TCP, *UDP)), layers, *names)
    if associated(walk.address, "CarrierIp") is None:
        for layer in (PUBLIC, *layers):
            pieces = walk.stop(pieces, layer, walk.address.interface.id, *names)
    return pieces


def to_carrier(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    layer = RETURN if walk.replying else FORWARD
    record = walk.estate.get("ec2:DescribeCarrierGateways", hop.target)
    if record is None and not walk.estate.read("ec2:DescribeCarrierGateways", *walk.estate.home(place.vpc)):
        return walk.astray(pieces, f"{hop.target} was not read")
    in_force = (
        record is not None and text(record.data, "VpcId") == place.vpc and text(record.data, "State") == "available"
    )
    if not in_force:  # S-RT-07
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
    if walk.way.words[1] != hop.target:  # it rewrites the source of what it did not bring in
        pieces = walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
    return block_public_access(walk, carried(walk, pieces, (layer,), hop.table, hop.target), place)


# Local gateways


def serving(estate: Estate, vpc: str, gateway: str | None = None) -> list[Record]:
    """The associations by which local gateways serve the VPC (S-LGW-01)."""
    return [
        one
        for one in estate.all("ec2:DescribeLocalGatewayRouteTableVpcAssociations")
        if text(one.data, "VpcId") == vpc
        and text(one.data, "State") == "associated"
        and gateway in {None, text(one.data, "LocalGatewayId")}
    ]


def local_gateways(estate: Estate, address: Address) -> Found:
    """Rule S-LGW-02."""
    sources, why = outside(estate, address, everything(address.family))
    ways = [
        Way(("local-gateway", name), sources, estate.get("ec2:DescribeLocalGateways", name), why)
        for name in sorted({text(one.data, "LocalGatewayId") or "" for one in serving(estate, address.vpc)})
    ]
    call = "ec2:DescribeLocalGatewayRouteTableVpcAssociations"
    whole = bool(ways) or estate.whole(call, *estate.home(address.vpc))
    return Found(ways, there=bool(ways), open="" if whole else f"local gateways of {address.vpc} were not read")


def owned_address(walk: Walk, pieces: Pieces, gateway: str, layers: tuple[str, ...]) -> Pieces:
    """A private address has the customer-owned one that mode `coip` needs (S-LGW-02)."""
    for layer in layers:
        pieces = pieces if walk.address.family == V4 else walk.stop(pieces, layer, gateway)
    modes = set()
    for one in serving(walk.estate, walk.address.vpc, gateway):
        table = walk.estate.get("ec2:DescribeLocalGatewayRouteTables", text(one.data, "LocalGatewayRouteTableId"))
        modes.add(text(table.data, "Mode") if table else None)
    if modes == {"direct-vpc-routing"} or associated(walk.address, "CustomerOwnedIp") is not None:
        return pieces
    if modes != {"coip"}:
        return walk.doubt(pieces, f"the mode of {gateway} is not known")
    for layer in (PUBLIC, *layers):
        pieces = walk.stop(pieces, layer, walk.address.interface.id, gateway)
    return pieces


def from_local_gateway(walk: Walk, pieces: Pieces) -> Pieces:
    return walk.arrive(owned_address(walk, pieces, walk.way.words[1] or "", (GATEWAY,)), Sight())


def to_local_gateway(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """Rule S-LGW-03."""
    layer = RETURN if walk.replying else FORWARD
    found = serving(walk.estate, place.vpc, hop.target)
    if not found:
        call = "ec2:DescribeLocalGatewayRouteTableVpcAssociations"
        if walk.estate.read(call, *walk.estate.home(place.vpc)):
            return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
        return walk.doubt(pieces, f"whether {hop.target} serves {place.vpc} is not known")
    pieces = pieces if walk.address.family == V4 else walk.stop(pieces, layer, hop.table, hop.target)
    pieces = owned_address(walk, pieces, hop.target, (layer,))
    name = text(found[0].data, "LocalGatewayRouteTableId") or ""
    routes = walk.estate.of("ec2:SearchLocalGatewayRoutes", "LocalGatewayRouteTableId", name)
    if routes is None or len(found) > 1:
        return walk.doubt(pieces, f"the routes of {name} were not read")
    leads = _active(routes)
    gone, lost = walk.split(pieces, leads)
    lost = walk.stop(walk.stop(lost, layer, hop.table, hop.target, name), GATEWAY, hop.target, name)
    if walk.way.kind == "local-gateway" and walk.way.words[1] == hop.target:
        return gone + lost
    return walk.doubt(gone, f"what {hop.target} leads to is not in the snapshot") + lost


def _active(routes: list[Record]) -> Ranges:
    """The destinations of a local gateway's table that some route leads on (S-LGW-03)."""
    ordered = []
    for route in routes:
        prefix = block(route.data.get("DestinationCidrBlock"))
        if prefix is not None:
            rank = 0 if text(route.data, "Type") == "static" else 1
            ordered.append((-prefix.length, rank, prefix.ranges, text(route.data, "State") == "active"))
    taken, leads = EMPTY, EMPTY
    for _, _, ranges, active in sorted(ordered, key=lambda one: one[:2]):
        fresh = less(ranges, taken)
        leads = normal((*leads, *fresh)) if active else leads
        taken = normal((*taken, *fresh))
    return leads


# Pools of public addresses


def pools(estate: Estate, address: Address) -> Found:
    """Blocks of public addresses that an internet gateway leads to the interface as they are (S-POOL-01)."""
    gateways = [
        record
        for record in estate.all("ec2:DescribeInternetGateways")
        if attached(record.data, "Attachments", address.vpc, {"available", "attached"}) and not record.disputed
    ]
    data = address.interface.data
    if address.family != V4 or address.prefix:
        return Found()
    forwards = data.get("SourceDestCheck") is False
    if not gateways:
        unread = any(record.disputed for record in estate.all("ec2:DescribeInternetGateways")) or not estate.read(
            "ec2:DescribeInternetGateways", *estate.home(address.vpc)
        )
        return Found(open=f"pools of {address.vpc} were not read" if forwards and unread else "")
    primary = text(data, "PrivateIpAddress") in {None, address.text}
    known = edge_table(estate, gateways[0].id, address.vpc)
    table = known.record
    if known.why:
        return Found(open=known.why if forwards else "")
    names = [
        name for one in listed(table.data if table else None, "Associations") if (name := text(one, "PublicIpv4Pool"))
    ]
    if not names or not primary or table is None:
        return Found()
    sources, why = outside(estate, address, INTERNET[V4])
    ways = []
    for route in listed(table.data, "Routes"):
        box = estate.appliance(text(route, "NetworkInterfaceId") or text(route, "InstanceId") or "")
        prefix = block(route.get("DestinationCidrBlock"))
        if box is None or box.id != address.interface.id or prefix is None or route.get("State") == "blackhole":
            continue
        for name in names:
            for low, high in meet(prefix.ranges, _pool(estate, name) or prefix.ranges):
                cidrs = ipaddress.summarize_address_range(ipaddress.IPv4Address(low), ipaddress.IPv4Address(high))
                ways += [Way(("pool", gateways[0].id, str(cidr)), sources, gateways[0], why) for cidr in cidrs]
    return Found(ways)


def _pool(estate: Estate, name: str) -> Ranges:
    """The addresses of the pool; none where it is not described."""
    record = estate.get("ec2:DescribePublicIpv4Pools", name)
    found = []
    for one in listed(record.data if record else None, "PoolAddressRanges"):
        first, last = block(one.get("FirstAddress")), block(one.get("LastAddress"))
        if first is not None and last is not None:
            found.append((first[1], last[2]))
    return normal(found)


def at_pool(walk: Walk) -> None:
    """The destination is written as an address of the pool."""
    given = block(walk.way.words[2])
    if given is not None:
        walk.address = walk.address._replace(value=given[1], ranges=given.ranges)


def from_pool(walk: Walk, pieces: Pieces) -> Pieces:
    at_pool(walk)
    name = walk.way.words[1] or ""
    pieces = block_public_access(walk, pieces, Place(walk.address.vpc, None))  # S-BPA-02
    if walk.address.interface.data.get("SourceDestCheck") is not False:
        for layer in (STATE, GATEWAY):
            pieces = walk.stop(pieces, layer, walk.address.interface.id, name)
    states = set()
    for one in walk.estate.all("ec2:DescribeByoipCidrs"):  # S-POOL-02
        cidr = block(one.data.get("Cidr"))
        if cidr is not None and meet(cidr.ranges, walk.address.ranges):
            states.add(text(one.data, "State") or "")
    if states and states <= {"provisioned", "pending-provision"}:
        pieces = walk.stop(walk.stop(pieces, GATEWAY, name), PUBLIC, walk.address.interface.id, name)
    elif states - {"advertised"} or walk.estate.open("ec2:DescribeByoipCidrs", None, None):
        pieces = walk.doubt(pieces, "whether the pool is advertised is not known")
    return walk.arrive(pieces, Sight())


def leave_pool(walk: Walk, pieces: Pieces) -> Pieces:
    at_pool(walk)
    return walk.leave(pieces)


ENTRANCES["carrier-gateway"] = Entrance("vgw", carrier_networks, from_carrier, of_vpc=True)
ENTRANCES["carrier-gateway-beyond"] = Entrance("internet", beyond_carriers, from_carrier, of_vpc=True)
ENTRANCES["local-gateway"] = Entrance("vgw", local_gateways, from_local_gateway, of_vpc=True)
ENTRANCES["pool"] = Entrance("internet", pools, from_pool, leave_pool)
TARGET_KINDS.update(cagw=to_carrier, lgw=to_local_gateway)
