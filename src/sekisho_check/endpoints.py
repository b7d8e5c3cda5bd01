"""Whom the endpoint of a service is, and from where its packets come."""

from __future__ import annotations

from collections import defaultdict

from sekisho_check.estate import Estate, Record, text
from sekisho_check.gateways import outside
from sekisho_check.links import addresses_of, holders
from sekisho_check.ranges import INTERNET, Ranges
from sekisho_check.walk import GATEWAY, Pieces, Walk

NODE_ARN = ":loadbalancer/"
Held = tuple[str, str]
"""An interface, and an address of it."""


def reached_by(estate: Estate, name: str) -> list[Held]:
    """The interfaces and addresses behind the id of an instance, of an Elastic IP address or interface, the ARN of a load
    balancer, or an address itself. S-GA-06"""
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
        attachment = record.data.get("Attachment")
        instance = text(attachment, "InstanceId")
        if instance and isinstance(attachment, dict) and _first(attachment):
            found[instance] += own
    for record in estate.all("ec2:DescribeAddresses"):
        interface, address = text(record.data, "NetworkInterfaceId"), text(record.data, "PrivateIpAddress")
        if interface and address:
            found[record.id].append((interface, address))
    for written, records in holders(estate).items():
        found[written] += [(one.id, written) for one in records]
    return dict(found)


def _first(attachment: dict[str, object]) -> bool:
    return attachment.get("DeviceIndex", 0) == 0 and attachment.get("NetworkCardIndex", 0) == 0


def internet_only(walk: Walk) -> Ranges:
    """The internet as the destination's VPC sees it. S-ADR-01"""
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


