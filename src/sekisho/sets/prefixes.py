"""CIDR prefixes and addresses as closed integer ranges, and back to minimal lists of prefixes.

IPv4 and IPv6 are separate worlds: a range never crosses from one to the other.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import IPv4Network, IPv6Address, ip_network
from typing import Literal, NamedTuple

Family = Literal["ipv4", "ipv6"]
Range = tuple[int, int]

IPV4_TOP = (1 << 32) - 1
IPV6_TOP = (1 << 128) - 1


class Prefix(NamedTuple):
    """A CIDR block as the closed range of its addresses."""

    family: Family
    low: int
    high: int
    length: int

    @property
    def range(self) -> Range:
        return self.low, self.high


def top(family: Family) -> int:
    """The highest address of the family as an integer."""
    return IPV4_TOP if family == "ipv4" else IPV6_TOP


@lru_cache(maxsize=1 << 16)
def parse(cidr: str) -> Prefix:
    """The prefix that `cidr` (or a bare address) writes. ValueError where it is none, or has host bits set.

    >>> parse("10.0.1.0/24").length
    24
    """
    network = ip_network(cidr)
    low = int(network.network_address)
    family: Family = "ipv4" if isinstance(network, IPv4Network) else "ipv6"
    return Prefix(family, low, int(network.broadcast_address), network.prefixlen)


def parse_ranges(cidrs: Iterable[str], family: Family) -> tuple[Range, ...]:
    """The merged ranges of those CIDRs that are of the family."""
    return merge(p.range for p in map(parse, cidrs) if p.family == family)


def merge(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """Sorted, disjoint, non-adjacent ranges that cover the same integers."""
    merged: list[Range] = []
    for low, high in sorted(ranges):
        if merged and low <= merged[-1][1] + 1:
            merged[-1] = (merged[-1][0], max(merged[-1][1], high))
        else:
            merged.append((low, high))
    return tuple(merged)


def subtract(ranges: Iterable[Range], holes: Iterable[Range]) -> tuple[Range, ...]:
    """What of `ranges` lies in none of `holes`."""
    left = list(merge(ranges))
    for hole_low, hole_high in merge(holes):
        cut: list[Range] = []
        for low, high in left:
            if hole_high < low or high < hole_low:
                cut.append((low, high))
                continue
            if low < hole_low:
                cut.append((low, hole_low - 1))
            if hole_high < high:
                cut.append((hole_high + 1, high))
        left = cut
    return tuple(left)


def overlap(a: Iterable[Range], b: Iterable[Range]) -> tuple[Range, ...]:
    """What lies in both."""
    first = merge(a)
    return subtract(first, subtract(first, b))


def count(ranges: Iterable[Range]) -> int:
    """How many integers the disjoint ranges hold."""
    return sum(high - low + 1 for low, high in ranges)


def spell(address: int, family: Family) -> str:
    """The address as text."""
    if family == "ipv4":
        return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"
    return str(IPv6Address(address))


def to_cidrs(ranges: Sequence[Range], family: Family) -> tuple[str, ...]:
    """The shortest list of CIDRs that covers exactly the ranges, sorted by address.

    >>> to_cidrs([(0, (1 << 32) - 1)], "ipv4")
    ('0.0.0.0/0',)
    """
    bits = top(family).bit_length()
    cidrs: list[str] = []
    for low, high in merge(ranges):
        start = low
        while start <= high:
            # The largest block that begins here: as aligned as the address is, and not past the end.
            size = min(start & -start or top(family) + 1, 1 << ((high - start + 1).bit_length() - 1))
            cidrs.append(f"{spell(start, family)}/{bits - size.bit_length() + 1}")
            start += size
    return tuple(cidrs)


# The internet as INTERFACE of this tool defines it (S-ADR-01, S-ADR-02): every address that can be
# routed between networks. Documentation ranges count, so that examples can be asked about.
_NOT_INTERNET_IPV4 = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
)


@lru_cache
def internet(family: Family) -> tuple[Range, ...]:
    """The addresses of the internet."""
    if family == "ipv6":
        return (parse("2000::/3").range,)
    return subtract([(0, IPV4_TOP)], [parse(cidr).range for cidr in _NOT_INTERNET_IPV4])
