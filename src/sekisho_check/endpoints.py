"""What services have in common: who their endpoints are, from where packets come, and on which ports."""

from __future__ import annotations

from collections import defaultdict

from sekisho_check.behind import addresses_of, first_interfaces, holders
from sekisho_check.boxes import PORTS, Box
from sekisho_check.estate import Estate, Record, listed, text
from sekisho_check.gateways import attached, block_public_access, outside
from sekisho_check.ranges import INTERNET, Ranges, one
from sekisho_check.walk import GATEWAY, Pieces, Walk

TCP = 6
NODE_ARN = ":loadbalancer/"
Held = tuple[str, str]
"""An interface, and an address of it."""


def reached_by(estate: Estate, name: str) -> list[Held]:
    """The interfaces and addresses behind a name (S-GA-06).

    Names are ids of instances, interfaces and Elastic IP addresses, ARNs of load balancers, and addresses.
    """
    if "reached by" not in estate.memo:
        estate.memo["reached by"] = _all(estate)
    found: dict[str, list[Held]] = estate.memo["reached by"]
    if NODE_ARN in name:
        return found.get(f"ELB {name.partition(NODE_ARN)[2]}", [])
    return found.get(name, [])


def _all(estate: Estate) -> dict[str, list[Held]]:
    found: dict[str, list[Held]] = defaultdict(list)
    for record in estate.all("ec2:DescribeNetworkInterfaces"):
        own = [(record.id, one.text) for one in addresses_of(record)]
        found[record.id] += own
        described = text(record.data, "Description") or ""
        if described.startswith("ELB "):
            found[described] += own
    for instance, records in first_interfaces(estate).items():
        found[instance] += [(record.id, one.text) for record in records for one in addresses_of(record)]
    for record in estate.all("ec2:DescribeAddresses"):
        interface, address = text(record.data, "NetworkInterfaceId"), text(record.data, "PrivateIpAddress")
        if interface and address:
            found[record.id].append((interface, address))
    for record in estate.all("ec2:DescribeNetworkInterfaces"):
        for each in listed(record.data, "PrivateIpAddresses"):
            address, name = text(each, "PrivateIpAddress"), text(each, "Association", "AllocationId")
            if address and name and (record.id, address) not in found[name]:
                found[name].append((record.id, address))
    for written, records in holders(estate).items():
        found[written] += [(one.id, written) for one in records]
    return dict(found)


def internet_only(walk: Walk) -> Ranges:
    """The internet as the destination's VPC sees it (S-ADR-01)."""
    return outside(walk.estate, walk.address, INTERNET[walk.address.family])[0]


def stop_outside(walk: Walk, pieces: Pieces, sources: Ranges, *names: str | None) -> Pieces:
    """Packets from elsewhere than the sources do not come by this way."""
    if not walk.meant(GATEWAY, tuple(name for name in names if name)):
        return pieces
    inside, others = walk.split(pieces, sources)
    return inside + walk.stop(others, GATEWAY, *names)


def vpc_of(estate: Estate, held: Held) -> str | None:
    record: Record | None = estate.get("ec2:DescribeNetworkInterfaces", held[0])
    return text(record.data, "VpcId") if record else None


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


def at_the_edge(walk: Walk, pieces: Pieces, name: str) -> Pieces:
    """From the internet alone, into a VPC with an internet gateway, past Block Public Access (S-GA-01, S-CFO-01)."""
    pieces = stop_outside(walk, pieces, internet_only(walk), name)
    estate, vpc = walk.estate, walk.address.vpc
    held = any(
        attached(one.data, "Attachments", vpc, {"available", "attached"})
        for one in estate.all("ec2:DescribeInternetGateways")
    )
    if not held:
        known = estate.read("ec2:DescribeInternetGateways", *estate.home(vpc))
        pieces = (
            walk.stop(pieces, GATEWAY, vpc, name) if known else walk.doubt(pieces, f"gateways of {vpc} were not read")
        )
    return block_public_access(walk, pieces, walk.place)


def groups_named(estate: Estate, vpc: str, name: str) -> frozenset[str]:
    """The VPC's groups of a name that a service gives."""
    key = ("groups named", vpc, name)
    if key not in estate.memo:
        estate.memo[key] = frozenset(
            one.id
            for one in estate.all("ec2:DescribeSecurityGroups")
            if text(one.data, "GroupName") == name and text(one.data, "VpcId") == vpc
        )
    found: frozenset[str] = estate.memo[key]
    return found
