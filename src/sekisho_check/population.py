"""Which rows there have to be: every address of every interface, for each origin that its VPC has a way of."""

from __future__ import annotations

from collections.abc import Iterator

from sekisho_check.classes import Classes
from sekisho_check.estate import Estate, Record, listed
from sekisho_check.ranges import block
from sekisho_check.walk import Address, Way
from sekisho_check.ways import ORIGINS, ways_of

Key = tuple[str, str, str]
"""Interface, address, origin."""


def addresses_of(interface: Record) -> Iterator[Address]:
    """Each private IPv4 address, IPv6 address and delegated prefix of the interface, once (S-ENI-02, S-ENI-03)."""
    data = interface.data
    own = [one.get("PrivateIpAddress") for one in listed(data, "PrivateIpAddresses")] or [data.get("PrivateIpAddress")]
    own += [one.get("Ipv6Address") for one in listed(data, "Ipv6Addresses")]
    delegated = [one.get("Ipv4Prefix") for one in listed(data, "Ipv4Prefixes")]
    delegated += [one.get("Ipv6Prefix") for one in listed(data, "Ipv6Prefixes")]
    for written in dict.fromkeys(each for each in (*own, *delegated) if isinstance(each, str)):
        found = block(written)
        if found is not None:
            yield Address(interface, written, found.family, found[1], found.ranges, written in delegated)


def population(estate: Estate, classes: Classes) -> Iterator[tuple[Address, str, list[Way]]]:
    """All rows, with their ways."""
    known: dict[tuple[int, str], list[Way]] = {}
    for interface in estate.all("ec2:DescribeNetworkInterfaces"):
        for address in addresses_of(interface):
            alike = classes.of(address)
            for origin in ORIGINS:
                if (alike, origin) not in known:
                    known[alike, origin] = ways_of(estate, address, origin)
                if known[alike, origin]:
                    yield address, origin, known[alike, origin]
