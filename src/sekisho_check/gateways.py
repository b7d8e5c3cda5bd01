"""Internet gateways, egress-only gateways, peering connections, virtual private gateways: as ways in and as targets."""

from __future__ import annotations

from sekisho_check.estate import Estate, Json, Record, cidrs, listed, text
from sekisho_check.filters import Sight
from sekisho_check.public import public_address, unpublic_sender
from sekisho_check.ranges import INTERNET, Ranges, blocks, everything, less, meet, span
from sekisho_check.routes import Hop, edge_table, hop_for, table_of
from sekisho_check.walk import (
    BLOCK,
    DESTINATIONS,
    FORWARD,
    GATEWAY,
    RETURN,
    STATE,
    TARGET_KINDS,
    Address,
    Pieces,
    Place,
    Walk,
    Way,
)
from sekisho_check.ways import ENTRANCES, Entrance, Found

V4 = 4
NAT64 = blocks(("64:ff9b::/96",), 6)


def outside(estate: Estate, address: Address, ranges: Ranges) -> tuple[Ranges, str]:
    """The ranges less the VPC's own blocks, and why that is open."""
    own = estate.blocks(address.vpc, address.family)
    return (ranges, f"{address.vpc} was not read") if own is None else (less(ranges, own), "")


def attached(data: Json, member: str, vpc: str, states: set[str]) -> bool:
    return any(text(one, "VpcId") == vpc and text(one, "State") in states for one in listed(data, member))


def only(walk: Walk, pieces: Pieces, protocols: Ranges, layers: tuple[str, ...], *names: str) -> Pieces:
    """The packets of the protocols; others are stopped."""
    out: Pieces = []
    for piece in pieces:
        inside, rest = meet(piece.box.protocols, protocols), less(piece.box.protocols, protocols)
        if piece.stop or not rest:
            out.append(piece)
            continue
        lost = [piece._replace(box=piece.box._replace(protocols=rest))]
        for layer in layers:
            lost = walk.stop(lost, layer, *names)
        out += lost + ([piece._replace(box=piece.box._replace(protocols=inside))] if inside else [])
    return out


# Internet gateways


def internet_gateways(estate: Estate, address: Address) -> Found:
    """The one internet gateway of the VPC, or the lack of one (S-IGW-01)."""
    sources, why = outside(estate, address, INTERNET[address.family])
    for record in estate.all("ec2:DescribeInternetGateways"):
        if attached(record.data, "Attachments", address.vpc, {"available", "attached"}):
            if record.disputed:
                doubt = f"{record.id} cannot be read, or is described in two ways"
                return Found([Way(("internet-gateway", None), sources, open=doubt)], there=True)
            return Found([Way(("internet-gateway", record.id), sources, record, why)], there=True)
    if not estate.read("ec2:DescribeInternetGateways", *estate.home(address.vpc)):
        why = f"the internet gateways of {address.vpc} were not read"
        return Found([Way(("internet-gateway", None), sources, open=why)], there=True)
    return Found([Way(("internet-gateway", None), sources)], there=True)


def from_internet(walk: Walk, pieces: Pieces) -> Pieces:
    gateway = walk.way.record
    if gateway is None:
        pieces = pieces if walk.way.open else walk.stop(pieces, GATEWAY, walk.address.vpc)
        return walk.arrive(public_address(walk, pieces, GATEWAY), Sight())
    place = walk.place
    edge = edge_table(walk.estate, gateway.id, walk.address.vpc)
    if edge.record is None:
        pieces = block_public_access(walk, pieces, place)
        pieces = public_address(walk, pieces, GATEWAY)
        return walk.arrive(walk.doubt(pieces, edge.why) if edge.why else pieces, Sight())
    pieces = public_address(walk, pieces, GATEWAY)
    return walk.onward(pieces, Place(walk.address.vpc, None), edge)  # S-EDGE-01


def block_public_access(walk: Walk, pieces: Pieces, place: Place) -> Pieces:
    """Past Block Public Access of the subnet's owner (S-BPA-01, S-RAM-04)."""
    estate, subnet = walk.estate, place.subnet
    owner, region = estate.home(place.vpc)
    owner = (text(subnet.data, "OwnerId") if subnet else None) or owner
    modes = _block_modes(estate, owner, region)
    names = (place.vpc, subnet.id if subnet else None, owner)
    told = _block_mode_of(estate, place)
    asked = estate.calls["ec2:DescribeVpcBlockPublicAccessExclusions"]
    if modes == {"off"} or (modes == set() and told in {None, "off"}) or (modes and not asked and told == "off"):
        return pieces
    if modes == set() and told in BLOCKING:
        return walk.stop(pieces, BLOCK, *names)
    if not modes or modes - BLOCKING:
        return walk.doubt(pieces, "Block Public Access was not read")
    for one in estate.all("ec2:DescribeVpcBlockPublicAccessExclusions"):
        resource = (text(one.data, "ResourceArn") or "").rpartition("/")[2]
        meant = resource in {place.vpc, subnet.id if subnet else None}
        in_force = text(one.data, "State") in {"create-complete", "update-complete"}
        if meant and in_force and text(one.data, "InternetGatewayExclusionMode") == "allow-bidirectional":
            return pieces
    if estate.open("ec2:DescribeVpcBlockPublicAccessExclusions", owner, region):
        return walk.doubt(pieces, "exclusions of Block Public Access were not read")
    return walk.stop(pieces, BLOCK, *names)


BLOCKING = frozenset({"block-bidirectional", "block-ingress"})


def _block_mode_of(estate: Estate, place: Place) -> str | None:
    """The mode in force as the subnet or the VPC itself shows it; None where neither does."""
    vpc = estate.get("ec2:DescribeVpcs", place.vpc)
    told = [
        text(one.data if one else None, "BlockPublicAccessStates", "InternetGatewayBlockMode")
        for one in (place.subnet, vpc)
    ]
    return next((mode for mode in told if mode), None)


def _block_modes(estate: Estate, owner: str | None, region: str | None) -> set[str | None] | None:
    """The modes of Block Public Access; none where it was not asked, None where that is open."""
    call = "ec2:DescribeVpcBlockPublicAccessOptions"
    if estate.open(call, owner, region):
        return None
    return {
        text(one.data, "InternetGatewayBlockMode")
        for one in estate.all(call)
        if owner in {one.account, text(one.data, "AwsAccountId")}
        and region in {one.region, text(one.data, "AwsRegion")}
    }


def to_internet(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """Out by an internet gateway (S-IGW-04, S-IGW-05)."""
    layer = RETURN if walk.replying else FORWARD
    gateway = walk.estate.get("ec2:DescribeInternetGateways", hop.target)
    if gateway is None and not walk.estate.read("ec2:DescribeInternetGateways", *walk.estate.home(place.vpc)):
        return walk.astray(pieces, f"{hop.target} was not read")
    if gateway is None or not attached(gateway.data, "Attachments", place.vpc, {"available", "attached"}):
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)  # S-RT-07
    if not walk.replying:
        return walk.stop(unpublic_sender(walk, pieces), layer, hop.table, hop.target)
    if place.vpc != walk.address.vpc:  # S-TGW-10
        return walk.stop(walk.stop(pieces, layer, hop.table, hop.target), GATEWAY, hop.target)
    carried, dropped = walk.split(pieces, INTERNET[walk.address.family])
    pieces = carried + walk.stop(walk.stop(dropped, layer, hop.table, hop.target), GATEWAY, hop.target)
    if walk.way.kind in {"vpc-peering-connection", "virtual-private-gateway"}:  # who came by those is no host out there
        pieces = walk.stop(pieces, layer, hop.table, hop.target)
    if walk.way.kind == "pool":  # S-POOL-01
        return block_public_access(walk, pieces, Place(place.vpc, None))
    pieces = public_address(walk, block_public_access(walk, pieces, place), layer)
    if walk.address.family == V4 and not walk.bound:  # the gateway rewrites the source of what it did not bring in
        pieces = walk.stop(pieces, layer, hop.table, hop.target)
    return pieces


def to_egress_only(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """S-EIGW-01: it carries no reply to what entered elsewhere."""
    return walk.stop(pieces, RETURN if walk.replying else FORWARD, hop.table, hop.target, place.vpc)


def to_nat(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """A reply that a NAT gateway translates is none (S-NAT-01, S-NAT-06)."""
    if not walk.replying:
        record = walk.estate.get("ec2:DescribeNatGateways", hop.target)
        whole = walk.estate.read("ec2:DescribeNatGateways", *walk.estate.home(place.vpc))
        gone = whole if record is None else text(record.data, "State") in {"failed", "deleted"}
        names = (hop.table, hop.target, place.vpc)
        if gone or (record is not None and text(record.data, "VpcId") != place.vpc):  # S-RT-07, S-NAT-03
            return walk.stop(pieces, FORWARD, *names)
        subnet = walk.estate.get("ec2:DescribeSubnets", text(record.data if record else None, "SubnetId"))
        own = walk.estate.get("ec2:DescribeRouteTables", text(record.data if record else None, "RouteTableId"))
        table = table_of(walk.estate, subnet).record if subnet else own  # S-RNAT-01
        if table is not None:  # out of it by its own routes, once
            on = hop_for(walk.estate, table, walk.address.family, walk.address.value)
            lost = {"none", "blackhole", "igw"} if walk.address.family == V4 else {"none", "blackhole"}
            if on.kind in lost or (on.kind == "nat" and on.target == hop.target):
                return walk.stop(pieces, FORWARD, *names, table.id, on.target)
        return walk.astray(pieces, f"what {hop.target} does with it is not known")
    synthetic, others = walk.split(pieces, NAT64) if walk.address.family != V4 else ([], pieces)
    synthetic = walk.doubt(synthetic, f"what {hop.target} does with IPv6 is not known")
    return synthetic + walk.stop(others, RETURN, hop.table, hop.target, place.vpc)


# Peering connections


def far_side(record: Record, vpc: str) -> Json | None:
    """The other VPC of a peering connection, as the connection describes it."""
    sides = [record.data.get("RequesterVpcInfo"), record.data.get("AccepterVpcInfo")]
    near = [text(side, "VpcId") == vpc for side in sides]
    if near == [True, False]:
        return sides[1] if isinstance(sides[1], dict) else {}
    if near == [False, True]:
        return sides[0] if isinstance(sides[0], dict) else {}
    return None


def far_blocks(estate: Estate, far: Json, family: int) -> Ranges | None:
    """The addresses of the far VPC; None where nothing shows them."""
    own = estate.blocks(text(far, "VpcId"), family)
    if own is not None:
        return own
    told = span(cidrs(far, family))
    return told if told or (family != V4 and cidrs(far, V4)) else None


def peerings(estate: Estate, address: Address) -> Found:
    """Active peering connections of the VPC (S-PCX-01, S-PCX-04)."""
    ways = []
    for record in estate.all("ec2:DescribeVpcPeeringConnections"):
        far = far_side(record, address.vpc)
        if far is None or text(record.data, "Status", "Code") != "active":
            continue
        sources = far_blocks(estate, far, address.family)
        doubt = f"the addresses behind {record.id} are not known" if sources is None or record.disputed else ""
        words = ("vpc-peering-connection", record.id)
        ways.append(
            Way(
                words,
                sources or everything(address.family) if doubt else sources or (),
                record,
                doubt,
                text(far, "VpcId") or "",
            )
        )
    whole = estate.read("ec2:DescribeVpcPeeringConnections", *estate.home(address.vpc))
    return Found(ways, there=bool(ways), open="" if whole else f"peering connections of {address.vpc} were not read")


def from_peering(walk: Walk, pieces: Pieces) -> Pieces:
    """S-PCX-03: delivered by the local route; no route table is asked."""
    there = Sight(vpcs=(walk.way.other,), peered=True)
    return walk.arrive(pieces, there if same_region(walk.way.record) else Sight())


def same_region(record: Record | None) -> bool:
    """Whether references to groups hold across the peering connection (S-SG-07)."""
    regions = {
        text(record.data if record else None, side, "Region") for side in ("RequesterVpcInfo", "AccepterVpcInfo")
    }
    return len(regions - {None}) < 2  # noqa: PLR2004 - one, or not said


def to_peering(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """Rule S-PCX-02."""
    layer = RETURN if walk.replying else FORWARD
    record = walk.estate.get("ec2:DescribeVpcPeeringConnections", hop.target)
    if record is None and not walk.estate.read("ec2:DescribeVpcPeeringConnections", *walk.estate.home(place.vpc)):
        return walk.astray(pieces, f"{hop.target} was not read")
    far = far_side(record, place.vpc) if record else None
    if record is None or far is None or text(record.data, "Status", "Code") != "active":  # S-RT-07
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
    if not walk.replying:  # S-PCX-03
        if text(far, "VpcId") != walk.address.vpc:
            return walk.stop(pieces, layer, hop.table, hop.target)
        seen = same_region(record) and not any(one.passed for one in pieces)
        return walk.arrive(pieces, walk.sight._replace(peered=True) if seen else Sight())
    return _to_far_hosts(walk, pieces, hop, far)


def _to_far_hosts(walk: Walk, pieces: Pieces, hop: Hop, far: Json) -> Pieces:
    """A reply, by a peering connection to the hosts of the far VPC."""
    inside = far_blocks(walk.estate, far, walk.address.family)
    if inside is None:
        return walk.doubt(pieces, f"the addresses behind {hop.target} are not known")
    carried, dropped = walk.split(pieces, inside)
    dropped = walk.stop(dropped, RETURN, hop.table, hop.target)
    if walk.sender is not None and walk.sender.vpc == text(far, "VpcId"):
        return returned(walk, carried, Place(walk.sender.vpc, None)) + dropped
    if walk.way.other == text(far, "VpcId"):
        return carried + dropped
    if walk.way.kind == "transit-gateway-attachment":
        return walk.doubt(carried, f"whether the sender is behind {hop.target} is not known") + dropped
    return walk.stop(carried, RETURN, hop.table, hop.target) + dropped  # who came by another gateway is no host there


# Virtual private gateways


def private_gateways(estate: Estate, address: Address) -> Found:
    """Rule S-VGW-01."""
    sources, why = outside(estate, address, everything(address.family))
    ways = [
        Way(
            ("virtual-private-gateway", record.id),
            sources,
            record,
            "it is described in two ways" if record.disputed else why,
        )
        for record in estate.all("ec2:DescribeVpnGateways")
        if attached(record.data, "VpcAttachments", address.vpc, {"attached"})
    ]
    home = estate.home(address.vpc)
    whole = bool(ways) or estate.whole("ec2:DescribeVpnGateways", *home)
    return Found(
        ways, there=bool(ways), open="" if whole else f"virtual private gateways of {address.vpc} were not read"
    )


def direct_connect(estate: Estate, gateway: str) -> bool | None:
    """Whether Direct Connect is on the gateway; None where that is open (S-DX-01)."""
    if _private_interfaces(estate, gateway) or _associations(estate, gateway):
        return True
    calls = ("DescribeVirtualInterfaces", "DescribeDirectConnectGateways", "DescribeDirectConnectGatewayAssociations")
    if any(estate.open(f"directconnect:{call}", None, None) for call in calls):
        return None
    shown = {text(one.data, "directConnectGatewayId") for one in estate.all(ASSOCIATIONS)}
    for one in estate.all("directconnect:DescribeDirectConnectGateways"):
        if one.id not in shown and estate.of(ASSOCIATIONS, "directConnectGatewayId", one.id) is None:
            return None
    return False


ASSOCIATIONS = "directconnect:DescribeDirectConnectGatewayAssociations"


def _private_interfaces(estate: Estate, gateway: str) -> bool:
    return any(
        text(one.data, "virtualGatewayId") == gateway and text(one.data, "virtualInterfaceState") != "deleted"
        for one in estate.all("directconnect:DescribeVirtualInterfaces")
    )


def _associations(estate: Estate, gateway: str) -> list[Record]:
    """What associates Direct Connect gateways with the virtual private gateway, in force."""
    return [
        one
        for one in estate.all(ASSOCIATIONS)
        if gateway in {text(one.data, "associatedGateway", "id"), text(one.data, "virtualGatewayId")}
        and text(one.data, "associationState") != "disassociated"
    ]


def _announced(walk: Walk, gateway: str) -> bool:
    """Whether routers behind Direct Connect are told of the destination, as far as it is said (S-DX-03)."""
    given = [listed(one.data, "allowedPrefixesToDirectConnectGateway") for one in _associations(walk.estate, gateway)]
    told = blocks((prefix.get("cidr") for prefixes in given for prefix in prefixes), walk.address.family)
    silent = _private_interfaces(walk.estate, gateway) or not any(given)
    return silent or not less(walk.address.ranges, told)


def line(walk: Walk, pieces: Pieces, gateway: str, layer: str, *names: str) -> Pieces:
    """The packets over the lines of a virtual private gateway (S-VGW-02, S-VPN-01)."""
    direct = direct_connect(walk.estate, gateway)
    if direct is None:
        return walk.doubt(pieces, f"Direct Connect on {gateway} is not known") if walk.address.family != V4 else pieces
    connections = [
        one.data
        for one in walk.estate.all("ec2:DescribeVpnConnections")
        if text(one.data, "VpnGatewayId") == gateway and text(one.data, "State") not in {"deleted", "deleting"}
    ]
    if direct:
        only_line = walk.address.family != V4 or not connections
        heard = walk.replying or not only_line or _announced(walk, gateway)
        return pieces if heard else walk.assume(pieces, "on-premises routers lead to it all the same")
    if walk.address.family != V4:
        return walk.stop(pieces, layer, gateway, *names)
    tunnels = [text(tunnel, "Status") for one in connections for tunnel in listed(one, "VgwTelemetry")]
    return walk.assume(pieces, "a tunnel comes up") if tunnels and "UP" not in tunnels else pieces


def from_private_gateway(walk: Walk, pieces: Pieces) -> Pieces:
    name = walk.way.words[1] or ""
    pieces = line(walk, pieces, name, GATEWAY)
    edge = edge_table(walk.estate, name, walk.address.vpc)
    if edge.record is None:
        return walk.arrive(walk.doubt(pieces, edge.why) if edge.why else pieces, Sight())
    return walk.onward(pieces, Place(walk.address.vpc, None), edge)  # S-EDGE-01


def to_private_gateway(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    layer = RETURN if walk.replying else FORWARD
    record = walk.estate.get("ec2:DescribeVpnGateways", hop.target)
    if record is None and not walk.estate.read("ec2:DescribeVpnGateways", *walk.estate.home(place.vpc)):
        return walk.astray(pieces, f"{hop.target} was not read")
    if record is None or not attached(record.data, "VpcAttachments", place.vpc, {"attached"}):  # S-RT-07
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
    pieces = line(walk, pieces, hop.target, layer, hop.table)
    if walk.way.kind == "virtual-private-gateway":
        return pieces
    return walk.doubt(pieces, f"what {hop.target} leads to is not in the snapshot")  # S-VGW-04


# Within the VPC


def to_local(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """The local route: to the destination, or with a reply to a sender in the VPC, if it has one (S-RT-10)."""
    if not walk.replying:
        home = walk.place
        if walk.way.kind == "internet-gateway" and place.subnet is None:
            pieces = block_public_access(walk, pieces, home)
        apart = place.subnet is None or home.subnet is None or place.subnet.id != home.subnet.id
        if place.vpc != home.vpc:  # S-RT-10
            return walk.stop(pieces, FORWARD, hop.table, place.vpc)
        return directly(walk, pieces, crossing=apart)  # S-RT-09
    if walk.sender is not None and walk.sender.vpc == place.vpc:
        return returned(walk, pieces, place)
    return walk.stop(pieces, RETURN, hop.table, place.vpc)


def directly(walk: Walk, pieces: Pieces, *, crossing: bool) -> Pieces:
    """Into the destination: a reference to a group counts for what went through no middlebox (S-SG-06)."""
    far = [piece for piece in pieces if piece.passed]
    near = [piece for piece in pieces if not piece.passed]
    return walk.arrive(near, walk.sight, crossing=crossing) + (
        walk.arrive(far, Sight(), crossing=crossing) if far else []
    )


def returned(walk: Walk, pieces: Pieces, place: Place) -> Pieces:
    """The reply, back at a sender in the VPC: in by the ACL of its subnet (S-ACL-06, S-SG-05)."""
    home = walk.sender.subnet if walk.sender else None
    if home is not None and place.subnet is not None and home.id == place.subnet.id:
        return pieces
    return walk.acl(pieces, home, egress=False)


def nowhere(walk: Walk, pieces: Pieces) -> Pieces:
    """An interface of a NAT gateway accepts no connection (S-ENI-06, S-NAT-01)."""
    for layer in (GATEWAY, STATE):
        pieces = walk.stop(pieces, layer, walk.address.interface.id)
    return pieces


def unfathomed(walk: Walk, pieces: Pieces) -> Pieces:
    """Rule S-ENI-06."""
    return walk.doubt(pieces, f"{walk.address.interface.id} does not end connections by the ordinary rules")


ENTRANCES["internet-gateway"] = Entrance("internet", internet_gateways, from_internet, of_vpc=True)
ENTRANCES["vpc-peering-connection"] = Entrance("peering", peerings, from_peering, of_vpc=True)
ENTRANCES["virtual-private-gateway"] = Entrance("vgw", private_gateways, from_private_gateway, of_vpc=True)
TARGET_KINDS.update(
    igw=to_internet,
    eigw=to_egress_only,
    nat=to_nat,
    pcx=to_peering,
    vgw=to_private_gateway,
    local=to_local,
)
DESTINATIONS.update(
    nat_gateway=nowhere,
    balancer=unfathomed,
    gateway_load_balancer=unfathomed,
    gateway_load_balancer_endpoint=unfathomed,
    transit_gateway=unfathomed,
)
