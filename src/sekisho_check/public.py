"""Public addresses, which an internet gateway serves."""

from __future__ import annotations

from sekisho_check.estate import Estate, listed, text
from sekisho_check.ranges import INTERNET, block, holds, meet
from sekisho_check.walk import PUBLIC, Address, Pieces, Walk

V4 = 4


def public_address(walk: Walk, pieces: Pieces, layer: str) -> Pieces:
    """The destination has an address that the internet gateway serves (S-IGW-02, S-IGW-03)."""
    address, data = walk.address, walk.address.interface.data
    if address.family == V4:
        if address.prefix or public_ipv4(walk.estate, address) is None:  # S-ENI-03
            pieces = walk.stop(pieces, PUBLIC, address.interface.id)
        return pieces
    if not meet(address.ranges, INTERNET[6]):  # S-ADR-02
        pieces = walk.stop(walk.stop(pieces, PUBLIC, address.interface.id, address.vpc), layer, walk.way.words[1])
    near = (walk.estate.get("ec2:DescribeVpcs", address.vpc), walk.place.subnet)
    for one in [each for record in near if record for each in listed(record.data, "Ipv6CidrBlockAssociationSet")]:
        cidr = block(one.get("Ipv6CidrBlock"))
        if cidr and holds(cidr.ranges, address.value) and text(one, "Ipv6AddressAttribute") == "private":
            pieces = walk.stop(pieces, PUBLIC, address.interface.id, address.vpc)
            pieces = walk.stop(pieces, layer, walk.way.words[1], address.vpc)
    if data.get("DenyAllIgwTraffic") is True:  # S-ENI-05
        pieces = walk.stop(pieces, PUBLIC, address.interface.id)
        pieces = walk.stop(pieces, layer, address.interface.id, walk.way.words[1])
    return pieces


def unpublic_sender(walk: Walk, pieces: Pieces) -> Pieces:
    """An interface of the estate that sends has no address that the internet gateway serves (S-IGW-02)."""
    known = walk.estate.get("ec2:DescribeNetworkInterfaces", walk.opener)
    if known is None or known.disputed or walk.address.family != V4 or has_public(walk.estate, known.id):
        return pieces
    return walk.stop(pieces, PUBLIC, known.id)


def has_public(estate: Estate, name: str) -> bool:
    """Whether some address of the interface is associated with a public one."""
    record = estate.get("ec2:DescribeNetworkInterfaces", name)
    data = record.data if record else None
    given = [text(one, "Association", "PublicIp") for one in listed(data, "PrivateIpAddresses")]
    shown = any(given) or text(data, "Association", "PublicIp") is not None
    return shown or any(holder == name for holder, _ in _associated(estate))


def public_ipv4(estate: Estate, address: Address) -> str | None:
    """The public address that is associated with the private one (S-ENI-02)."""
    data = address.interface.data
    for one in listed(data, "PrivateIpAddresses"):
        if one.get("PrivateIpAddress") == address.text and (public := text(one, "Association", "PublicIp")):
            return public
    if data.get("PrivateIpAddress") == address.text and (public := text(data, "Association", "PublicIp")):
        return public
    return _associated(estate).get((address.interface.id, address.text))


def _associated(estate: Estate) -> dict[tuple[str | None, str | None], str | None]:
    """Public addresses by the interface and private address that they are associated with."""
    if "associated" not in estate.memo:
        estate.memo["associated"] = {
            (text(one.data, "NetworkInterfaceId"), text(one.data, "PrivateIpAddress")): text(one.data, "PublicIp")
            for one in estate.all("ec2:DescribeAddresses")
            if text(one.data, "AssociationId")
        }
    known: dict[tuple[str | None, str | None], str | None] = estate.memo["associated"]
    return known
