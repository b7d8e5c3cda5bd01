"""What hands packets into a VPC from the internet without a public address: accelerators and CloudFront VPC origins."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.boxes import PORTS, Box
from sekisho_check.endpoints import NODE_ARN, internet_only, reached_by, stop_outside
from sekisho_check.estate import Estate, Json, Record, addresses, listed, text
from sekisho_check.filters import Sight, prefix_list
from sekisho_check.gateways import attached, block_public_access
from sekisho_check.ranges import EMPTY, Ranges, everything, join, less, meet, normal, one
from sekisho_check.senders import Sender, sent, sent_back, subnet_of
from sekisho_check.walk import GATEWAY, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

GA = "globalaccelerator:"
TCP, UDP = 6, 17


# Accelerators


class Leading(NamedTuple):
    """One endpoint of one endpoint group, as it leads to an address."""

    accelerator: str
    protocol: int
    ports: Ranges
    """At the endpoint."""
    kept: bool
    """Whether the endpoint sees the client's address. S-GA-03"""
    why: str = ""
    """Why it is not known whether packets come."""


def accelerators(estate: Estate, address: Address) -> Found:
    """Accelerators that have the address for an endpoint. S-GA-01"""
    leading = _leading(estate).get((address.interface.id, address.text), [])
    names = dict.fromkeys(one.accelerator for one in leading)
    everywhere = everything(address.family)
    ways = [Way(("accelerator", name), everywhere, estate.get(f"{GA}ListAccelerators", name)) for name in names]
    doubts = [why for where, why in _unread(estate) if where is None or where == text(address.interface.data, "SubnetId")]
    return Found(ways, there=bool(ways), open=doubts[0] if doubts else "")


def _leading(estate: Estate) -> dict[tuple[str, str], list[Leading]]:
    if "accelerators" not in estate.memo:
        found: dict[tuple[str, str], list[Leading]] = {}
        for group in estate.all(f"{GA}ListEndpointGroups"):
            listener, _, _ = group.id.partition("/endpoint-group/")
            accelerator, _, _ = listener.partition("/listener/")
            for endpoint in listed(group.data, "EndpointDescriptions"):
                name = text(endpoint, "EndpointId") or ""
                for held in reached_by(estate, name):
                    found.setdefault(held, []).extend(_ports(estate, accelerator, listener, group.data, endpoint))
        estate.memo["accelerators"] = found
    known: dict[tuple[str, str], list[Leading]] = estate.memo["accelerators"]
    return known


def _ports(estate: Estate, accelerator: str, listener: str, group: Json, endpoint: Json) -> list[Leading]:
    """What the listener takes, at the endpoint's ports. S-GA-05"""
    name = text(endpoint, "EndpointId") or ""
    kept = name.startswith("i-") or (not name.startswith("eipalloc-") and endpoint.get("ClientIPPreservationEnabled") is True)
    idle = endpoint.get("Weight") == 0 or group.get("TrafficDialPercentage") == 0
    why = f"{accelerator} sends nothing to {name} unless all others fail" if idle else ""
    record = estate.get(f"{GA}ListListeners", listener)
    if record is None:
        unread = f"{listener} was not read"
        return [Leading(accelerator, number, PORTS, kept, unread) for number in (TCP, UDP)]
    number = UDP if text(record.data, "Protocol") == "UDP" else TCP
    given = ((one.get("FromPort"), one.get("ToPort")) for one in listed(record.data, "PortRanges"))
    taken = normal((low, high) for low, high in given if isinstance(low, int) and isinstance(high, int))
    for override in listed(group, "PortOverrides"):
        port, other = override.get("ListenerPort"), override.get("EndpointPort")
        if isinstance(port, int) and isinstance(other, int) and meet(taken, one(port)):
            taken = join(less(taken, one(port)), one(other))
    return [Leading(accelerator, number, taken, kept, why)]


def _unread(estate: Estate) -> list[tuple[str | None, str]]:
    """Why there may be more endpoints: anywhere, or in a subnet."""
    if "accelerators unread" in estate.memo:
        known: list[tuple[str | None, str]] = estate.memo["accelerators unread"]
        return known
    calls = ("ListAccelerators", "ListListeners", "ListEndpointGroups", "ListCustomRoutingEndpointGroups")
    found: list[tuple[str | None, str]] = [(None, f"{call} failed") for call in calls if estate.open(GA + call, None, None)]
    groups = [record.id for record in estate.all(f"{GA}ListEndpointGroups")]
    for record in estate.all(f"{GA}ListAccelerators"):
        listeners = [one.id for one in estate.all(f"{GA}ListListeners") if one.id.startswith(record.id + "/")]
        if record.data.get("Enabled") is False:
            continue
        if not listeners and not _asked(estate, f"{GA}ListListeners", "AcceleratorArn", record.id):
            if not any(name.startswith(record.id + "/") for name in groups):
                found.append((None, f"the listeners of {record.id} were not read"))
        for name in listeners:
            led = any(group.startswith(name + "/") for group in groups)
            if not led and not _asked(estate, f"{GA}ListEndpointGroups", "ListenerArn", name):
                found.append((None, f"the endpoint groups of {name} were not read"))
    for record in estate.all(f"{GA}ListCustomRoutingEndpointGroups"):
        found += [(name, f"{record.id} is not modelled") for one in listed(record.data, "EndpointDescriptions") if (name := text(one, "EndpointId"))]
    estate.memo["accelerators unread"] = found
    return found


def _asked(estate: Estate, call: str, parameter: str, name: str) -> bool:
    return any(not one.failed and one.parameters.get(parameter) in {name, None} for one in estate.calls[call])


def from_accelerator(walk: Walk, pieces: Pieces) -> Pieces:
    """Out of the accelerator, which needs an attached internet gateway and nothing else of the VPC. S-GA-01"""
    estate, name = walk.estate, walk.way.words[1] or ""
    pieces = at_the_edge(walk, pieces, name)
    record = walk.way.record
    if record is None:
        pieces = walk.doubt(pieces, f"{name} was not read")
    elif record.data.get("Enabled") is False:  # S-GA-05
        pieces = walk.stop(pieces, GATEWAY, name)
    if walk.address.family != 4 and text(record.data if record else None, "IpAddressType") == "IPV4":  # noqa: PLR2004
        pieces = walk.stop(pieces, GATEWAY, name)
    out: Pieces = []
    leading = [one for one in _leading(estate).get((walk.address.interface.id, walk.address.text), []) if one.accelerator == name]
    for led, some in _divided(walk, pieces, name, leading):
        if led is None:
            out += some
            continue
        some = walk.doubt(some, led.why) if led.why else some
        out += _preserved(walk, some) if led.kept else sent(walk, some, own_addresses(walk, name))
    return out


def _divided(walk: Walk, pieces: Pieces, name: str, leading: list[Leading]) -> list[tuple[Leading | None, Pieces]]:
    """The packets by the endpoint that takes them; the others are stopped, which walks for another stop do not see."""
    out: list[tuple[Leading | None, Pieces]] = []
    rest = pieces
    for led in leading:
        taken, left = [], []
        for piece in rest:
            shape = Box(one(led.protocol), piece.box.sources, led.ports or one(-1), PORTS)
            both = piece.box & shape
            if piece.stop or both is None:
                left.append(piece)
                continue
            taken.append(piece._replace(box=both))
            left += [piece._replace(box=box) for box in piece.box.minus(both)]
        out.append((led, taken))
        rest = left
    rest = walk.stop(rest, GATEWAY, name)
    if walk.wanted is None or not leading:
        return [*out, (None, rest)]
    return [*out, (leading[0], rest)]


def _preserved(walk: Walk, pieces: Pieces) -> Pieces:
    """Seen with the client's address: inbound rules of the ACL are not applied, by one of two pages. S-GA-02"""
    named = Sight(groups=groups_named(walk.estate, walk.address.vpc, "GlobalAccelerator"))  # S-GA-06
    if walk.wanted is None:
        sifted = walk.acl(pieces, walk.place.subnet, egress=False)
        known = [piece for piece in pieces if piece.stop]
        passed: Pieces = []
        for piece in sifted:
            past = piece.stop is not None and piece not in known
            passed += walk.assume([piece._replace(stop=None)], "inbound rules do not filter it") if past else [piece]
        pieces = passed
    return walk.arrive(pieces, named, crossing=False)


def own_addresses(walk: Walk, name: str) -> Sender:
    """The accelerator's interfaces in the VPC; where there is none, addresses that nothing lists. S-GA-04"""
    family = walk.address.family
    held = [
        one for one in walk.estate.interfaces_of_vpc[walk.address.vpc] if text(one.data, "InterfaceType") == "global_accelerator_managed"
    ]
    named = Sight(groups=groups_named(walk.estate, walk.address.vpc, "GlobalAccelerator"))
    own = join(EMPTY, *(addresses(one.data, family) for one in held)) if held else EMPTY
    place = Place(walk.address.vpc, subnet_of(walk.estate, held[0]) if len(held) == 1 else None)
    vague = "" if own else f"the addresses of {name} are not in the snapshot"
    return Sender((name, str(family)), place, own or everything(family), named, direct=True, vague=vague)


def back_to_accelerator(walk: Walk, pieces: Pieces) -> Pieces:
    """S-GA-01: replies go back to it whatever the routes; outbound rules of the ACL filter them."""
    name = walk.way.words[1] or ""
    leading = [one for one in _leading(walk.estate).get((walk.address.interface.id, walk.address.text), []) if one.accelerator == name]
    out: Pieces = []
    for led, some in _divided(walk, pieces, "", leading):
        if led is None or led.kept:
            out += out_of_subnet(walk, some)
        else:
            out += sent_back(walk, some, own_addresses(walk, name))
    return out


def out_of_subnet(walk: Walk, pieces: Pieces) -> Pieces:
    walk.replying = True
    return walk.acl(pieces, walk.place.subnet, egress=True)


def at_the_edge(walk: Walk, pieces: Pieces, name: str) -> Pieces:
    """From the internet alone, into a VPC with an internet gateway, past Block Public Access. S-GA-01, S-CFO-01"""
    pieces = stop_outside(walk, pieces, internet_only(walk), name)
    estate, vpc = walk.estate, walk.address.vpc
    held = any(
        attached(one.data, "Attachments", vpc, {"available", "attached"}) for one in estate.all("ec2:DescribeInternetGateways")
    )
    if not held:
        known = estate.read("ec2:DescribeInternetGateways", *estate.home(vpc))
        pieces = walk.stop(pieces, GATEWAY, vpc, name) if known else walk.doubt(pieces, f"gateways of {vpc} were not read")
    return block_public_access(walk, pieces, walk.place)


def groups_named(estate: Estate, vpc: str, name: str) -> frozenset[str]:
    """The VPC's groups of a name that a service gives."""
    return frozenset(
        one.id
        for one in estate.all("ec2:DescribeSecurityGroups")
        if text(one.data, "GroupName") == name and text(one.data, "VpcId") == vpc
    )


# CloudFront VPC origins

FACING = "com.amazonaws.global.cloudfront.origin-facing"


def vpc_origins(estate: Estate, address: Address) -> Found:
    """VPC origins that have the address for an endpoint. S-CFO-01"""
    ways = []
    for name, record in _origins(estate).items():
        if (address.interface.id, address.text) in reached_by(estate, _endpoint(record)):
            ways.append(Way(("vpc-origin", name), everything(address.family), record))
    calls = ("ListVpcOrigins", "GetVpcOrigin")
    failed = [call for call in calls if estate.open(f"cloudfront:{call}", None, None)]
    return Found(ways, there=bool(ways), open=f"{failed[0]} failed" if failed else "")


def _origins(estate: Estate) -> dict[str, Record]:
    """Each VPC origin, by what says most of it."""
    found = {one.id: one for one in estate.all("cloudfront:ListVpcOrigins")}
    found.update({one.id: one for one in estate.all("cloudfront:GetVpcOrigin")})
    return found


def _endpoint(record: Record) -> str:
    arn = text(record.data, "OriginEndpointArn") or text(record.data, "VpcOriginEndpointConfig", "Arn") or ""
    return arn if NODE_ARN in arn else arn.rpartition("/")[2]


def from_origin(walk: Walk, pieces: Pieces) -> Pieces:
    name, record = walk.way.words[1] or "", walk.way.record
    pieces = at_the_edge(walk, pieces, name)
    if record is not None and text(record.data, "Status") != "Deployed":
        pieces = walk.doubt(pieces, f"{name} is not deployed")
    config = record.data.get("VpcOriginEndpointConfig") if record is not None else None
    ports = PORTS
    if not isinstance(config, dict):  # S-CFO-04
        pieces = walk.doubt(pieces, f"the ports of {name} were not read")
    else:
        spoken = {"http-only": ("HTTPPort",), "https-only": ("HTTPSPort",)}.get(
            text(config, "OriginProtocolPolicy") or "", ("HTTPPort", "HTTPSPort")
        )
        ports = normal((port, port) for member in spoken if isinstance(port := config.get(member), int))
    pieces = stop_ports(walk, pieces, TCP, ports, name)
    return sent(walk, pieces, cloudfront(walk))


def stop_ports(walk: Walk, pieces: Pieces, protocol: int, ports: Ranges, name: str) -> Pieces:
    """Packets of other protocols and ports than these are stopped."""
    if not walk.meant(GATEWAY, (name,)):
        return pieces
    out: Pieces = []
    for piece in pieces:
        both = piece.box & Box(one(protocol), piece.box.sources, ports, PORTS) if ports else None
        if piece.stop or both is None:
            out += walk.stop([piece], GATEWAY, name)
            continue
        out.append(piece._replace(box=both))
        out += walk.stop([piece._replace(box=box) for box in piece.box.minus(both)], GATEWAY, name)
    return out


def cloudfront(walk: Walk) -> Sender:
    """S-CFO-02, S-CFO-03"""
    estate, family = walk.estate, walk.address.family
    lists = [
        one.id
        for call in ("ec2:DescribeManagedPrefixLists", "ec2:DescribePrefixLists")
        for one in estate.all(call)
        if text(one.data, "PrefixListName") == FACING
    ]
    entries = [found for name in lists if (found := prefix_list(estate, name, family))]
    named = Sight(
        groups=groups_named(estate, walk.address.vpc, "CloudFront-VPCOrigins-Service-SG"), lists=frozenset(lists)
    )
    place = Place(walk.address.vpc, None)
    own = join(EMPTY, *entries) if entries else everything(family)
    return Sender(("cloudfront", walk.address.vpc), place, own, named, direct=True, unfiltered=True)


def back_to_cloudfront(walk: Walk, pieces: Pieces) -> Pieces:
    return sent_back(walk, pieces, cloudfront(walk))


ENTRANCES["accelerator"] = Entrance("internet", accelerators, from_accelerator, back_to_accelerator)
ENTRANCES["vpc-origin"] = Entrance("internet", vpc_origins, from_origin, back_to_cloudfront)

