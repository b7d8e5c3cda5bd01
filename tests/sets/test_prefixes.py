"""Ranges of addresses and the CIDRs that write them."""

from ipaddress import ip_network
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sekisho.sets.prefixes import (
    Family,
    Prefix,
    Range,
    count,
    internet,
    merge,
    overlap,
    parse,
    parse_ranges,
    spell,
    subtract,
    to_cidrs,
    top,
)

RANGES = st.lists(st.tuples(st.integers(0, 30), st.integers(0, 30)).map(lambda p: (min(p), max(p))), max_size=5)
BITS = 5
# Blocks of 32 addresses at both ends of each address space and in the middle.
BLOCKS: list[tuple[Family, int]] = [
    ("ipv4", 0),
    ("ipv4", 10 << 24),
    ("ipv4", 2**32 - 32),
    ("ipv6", 0),
    ("ipv6", 0x20010DB8 << 96),
    ("ipv6", 2**128 - 32),
]


def integers(ranges: list[Range] | tuple[Range, ...]) -> set[int]:
    return {value for low, high in ranges for value in range(low, high + 1)}


def is_canonical(ranges: tuple[Range, ...]) -> bool:
    """Sorted, disjoint, none touches the next."""
    return all(low <= high for low, high in ranges) and all(a[1] + 1 < b[0] for a, b in pairwise(ranges))


@given(RANGES)
def test_merge(ranges: list[Range]) -> None:
    merged = merge(ranges)
    assert is_canonical(merged)
    assert integers(merged) == integers(ranges)
    assert count(merged) == len(integers(ranges))


@given(RANGES, RANGES)
def test_subtract_and_overlap(a: list[Range], b: list[Range]) -> None:
    left, both = subtract(a, b), overlap(a, b)
    assert is_canonical(left)
    assert is_canonical(both)
    assert integers(left) == integers(a) - integers(b)
    assert integers(both) == integers(a) & integers(b)


@given(RANGES, st.sampled_from(BLOCKS))
def test_to_cidrs_is_exact(ranges: list[Range], block: tuple[Family, int]) -> None:
    family, base = block
    cidrs = to_cidrs([(base + low, base + high) for low, high in ranges], family)
    networks = [ip_network(cidr) for cidr in cidrs]
    addresses = [int(address) - base for network in networks for address in network]
    assert addresses == sorted(integers(ranges))


def fewest(values: set[int], low: int, size: int) -> int:
    """How many blocks it takes to cover exactly those values in an aligned block of `size`."""
    inside = {value for value in values if low <= value < low + size}
    if len(inside) in {0, size}:
        return len(inside) // size
    return fewest(inside, low, size // 2) + fewest(inside, low + size // 2, size // 2)


@given(RANGES, st.sampled_from(BLOCKS))
def test_to_cidrs_is_minimal(ranges: list[Range], block: tuple[Family, int]) -> None:
    family, base = block
    cidrs = to_cidrs([(base + low, base + high) for low, high in ranges], family)
    assert len(cidrs) == fewest(integers(ranges), 0, 2**BITS)


@pytest.mark.parametrize(
    ("ranges", "family", "cidrs"),
    [
        ([], "ipv4", ()),
        ([(0, 2**32 - 1)], "ipv4", ("0.0.0.0/0",)),
        ([(0, 2**128 - 1)], "ipv6", ("::/0",)),
        ([(2**32 - 1, 2**32 - 1)], "ipv4", ("255.255.255.255/32",)),
        ([(1, 6)], "ipv4", ("0.0.0.1/32", "0.0.0.2/31", "0.0.0.4/31", "0.0.0.6/32")),
        ([(4, 7), (0, 3)], "ipv4", ("0.0.0.0/29",)),
        ([(0x20010DB8 << 96, (0x20010DB9 << 96) - 1)], "ipv6", ("2001:db8::/32",)),
    ],
)
def test_to_cidrs(ranges: list[Range], family: Family, cidrs: tuple[str, ...]) -> None:
    assert to_cidrs(ranges, family) == cidrs


@pytest.mark.parametrize(
    ("cidr", "prefix"),
    [
        ("10.0.1.0/24", Prefix("ipv4", 0x0A000100, 0x0A0001FF, 24)),
        ("10.0.1.7", Prefix("ipv4", 0x0A000107, 0x0A000107, 32)),
        ("0.0.0.0/0", Prefix("ipv4", 0, 2**32 - 1, 0)),
        ("::/0", Prefix("ipv6", 0, 2**128 - 1, 0)),
        ("2001:db8::1", Prefix("ipv6", (0x20010DB8 << 96) + 1, (0x20010DB8 << 96) + 1, 128)),
        ("2001:DB8:0::/64", Prefix("ipv6", 0x20010DB8 << 96, (0x20010DB8 << 96) + 2**64 - 1, 64)),
    ],
)
def test_parse(cidr: str, prefix: Prefix) -> None:
    assert parse(cidr) == prefix
    assert parse(cidr).range == (prefix.low, prefix.high)


@pytest.mark.parametrize(
    "written",
    ["", "10.0.1.7/24", "10.0.1/24", "10.0.0.0/33", "010.0.0.0/8", "2001:db8::1/32", "::/129", "pl-1", "10.0.0.256"],
)
def test_parse_refuses(written: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        parse(written)


def test_parse_ranges_keeps_one_family() -> None:
    cidrs = ["10.0.1.0/24", "2001:db8::/32", "10.0.0.0/24", "10.0.0.128/25"]
    assert parse_ranges(cidrs, "ipv4") == ((0x0A000000, 0x0A0001FF),)
    assert parse_ranges(cidrs, "ipv6") == ((0x20010DB8 << 96, (0x20010DB9 << 96) - 1),)
    assert parse_ranges([], "ipv4") == ()


def test_spell() -> None:
    assert spell(0xC6336407, "ipv4") == "198.51.100.7"
    assert spell((0x20010DB8 << 96) + 7, "ipv6") == "2001:db8::7"
    assert (spell(top("ipv4"), "ipv4"), spell(7, "ipv6")) == ("255.255.255.255", "::7")


@pytest.mark.parametrize(
    ("address", "inside"),
    [
        ("0.255.255.255", False),
        ("1.0.0.0", True),
        ("9.255.255.255", True),
        ("10.0.0.0", False),
        ("11.0.0.0", True),
        ("100.63.255.255", True),
        ("100.64.0.0", False),
        ("100.128.0.0", True),
        ("127.0.0.1", False),
        ("169.254.169.254", False),
        ("172.15.255.255", True),
        ("172.16.0.0", False),
        ("172.32.0.0", True),
        ("192.0.2.7", True),
        ("192.168.1.1", False),
        ("198.51.100.7", True),
        ("203.0.113.7", True),
        ("223.255.255.255", True),
        ("224.0.0.0", False),
        ("240.0.0.0", False),
        ("255.255.255.255", False),
        ("1fff:ffff::", False),
        ("2000::", True),
        ("2001:db8::7", True),
        ("3fff:ffff::", True),
        ("4000::", False),
        ("fc00::1", False),
        ("fe80::1", False),
    ],
)
def test_internet(address: str, *, inside: bool) -> None:
    prefix = parse(address)
    assert (overlap([prefix.range], internet(prefix.family)) == (prefix.range,)) == inside


def test_size_of_the_internet() -> None:
    private = 3 * 2**24 + 2**22 + 2 * 2**16 + 2**20 + 2 * 2**28
    assert count(internet("ipv4")) == 2**32 - private
    assert count(internet("ipv6")) == 2**125
