"""The addresses of an interface as numbers."""

from sekisho.model.interface import NetworkInterface
from sekisho.sets.prefixes import Family, Range, parse


def addresses_of(interface: NetworkInterface, family: Family) -> tuple[Range, ...]:
    """Every private or IPv6 address of the interface, delegated prefixes too (S-ENI-03)."""
    if family == "ipv4":
        written = [a.private_ip_address for a in interface.addresses] + [p.ipv4_prefix for p in interface.ipv4_prefixes]
    else:
        written = [a.ipv6_address for a in interface.ipv6_addresses] + [p.ipv6_prefix for p in interface.ipv6_prefixes]
    return tuple(parse(text).range for text in written)
