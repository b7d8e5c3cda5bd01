"""The population: every address of every interface, each a host of its own (one for a delegated prefix)."""

from collections.abc import Iterator

from sekisho.model.interface import NetworkInterface
from sekisho.sets.prefixes import Family, parse

from .connected import Host


def hosts_of(interface: NetworkInterface, family: Family | None = None) -> tuple[Host, ...]:
    """Every address of the interface, IPv4 first, in order of address."""
    found = _hosts(interface)
    return tuple(sorted((h for h in found if family in {None, h.family}), key=lambda h: (h.family, h.address, h.last)))


def _hosts(interface: NetworkInterface) -> Iterator[Host]:
    written = [a.private_ip_address for a in interface.addresses] + [a.ipv6_address for a in interface.ipv6_addresses]
    written += [p.ipv4_prefix for p in interface.ipv4_prefixes] + [p.ipv6_prefix for p in interface.ipv6_prefixes]
    for text in dict.fromkeys(written):
        block = parse(text)
        yield Host(interface, block.family, block.low, block.high)


def host_in_family(host: Host, family: Family) -> Host:
    """The first address of the host's interface that is of the family, the host itself where there is none."""
    return next((h for h in hosts_of(host.interface, family)), host)
