"""One packet of IPv6 for 64:ff9b::/96 at the NAT gateway that makes it IPv4, and its reply the other way (S-NAT-06)."""

from ipaddress import IPv4Address, IPv6Address
from typing import TYPE_CHECKING

from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP, Dropped, Packet
from sekisho.model.record import Source

from .filters import is_ipv6, spoken
from .walk import NAT

if TYPE_CHECKING:
    from .forward import Forward

NAT64 = ("64:ff9b::/96",)
_PREFIX = int(IPv6Address("64:ff9b::"))
_ECHO, _REPLY, _ECHO6, _REPLY6 = 8, 0, 128, 129


def refused(walk: "Forward", nat_id: str, evidence: tuple[Source, ...]) -> Dropped | None:
    """What the gateway does not translate: of ICMPv6, only echo is in the documents."""
    packet = walk.header
    if packet.protocol == ICMPV6:
        if packet.icmp_type == _ECHO6:
            return None
        return walk.doubt(f"what {nat_id} makes of ICMPv6 other than echo is not in the documents")
    if packet.protocol in {TCP, UDP}:
        return None
    return walk.drop("PROTOCOL_RESTRICTION", nat_id, NAT, f"{nat_id} does not carry {spoken(packet)}", evidence)


def as_ipv4(packet: Packet) -> Packet:
    """The packet as it goes on, still with its own source; one of IPv4 is left as it is."""
    if not is_ipv6(packet.destination):
        return packet
    destination = str(IPv4Address(int(IPv6Address(packet.destination)) - _PREFIX))
    if packet.protocol != ICMPV6:
        return packet._replace(destination=destination)
    return packet._replace(destination=destination, protocol=ICMP, icmp_type=_ECHO)


def as_ipv6(reply: Packet) -> Packet:
    """The reply as its receiver gets it."""
    source = str(IPv6Address(_PREFIX + int(IPv4Address(reply.source))))
    if reply.protocol != ICMP:
        return reply._replace(source=source)
    return reply._replace(source=source, protocol=ICMPV6, icmp_type=_REPLY6 if reply.icmp_type == _REPLY else _ECHO6)
