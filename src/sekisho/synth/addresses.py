"""Addresses: how a VPC is cut into subnets, which host gets which address, and the public ones."""

from itertools import count
from typing import NamedTuple

from .draw import Draw

#: Every VPC has a /19 of 10.0.0.0/8: two have the same only where 2,048 others lie between them.
VPC_BITS = 13
VPC_BLOCKS = 1 << (24 - VPC_BITS)
_TEN = 10 << 24
#: AWS keeps the first four addresses of a subnet and the last.
_KEPT = 4
_BLOCK = 16
#: Steps through a subnet that meet every address once: primes that divide no count of host addresses below.
_STEPS = (389, 397, 401, 409, 419, 421, 431, 433)
#: First the network for benchmarks (RFC 2544), which leads nowhere; large estates go on in a block of AWS's own.
_BENCHMARK, _BENCHMARK_SIZE = 198 << 24 | 18 << 16, 1 << 17
_AMAZON = 44 << 24 | 192 << 16


def dotted(address: int) -> str:
    return f"{address >> 24}.{address >> 16 & 255}.{address >> 8 & 255}.{address & 255}"


def vpc_base(number: int) -> int:
    """The first address of the VPC of that number."""
    return _TEN | (number % VPC_BLOCKS) << VPC_BITS


def vpc_ipv6(number: int, subnet: int = 0) -> str:
    """The first four groups of its IPv6 block, or of a subnet's: without the last `::` and the length."""
    return f"2001:db8:{number >> 8:x}:{(number & 255) << 8 | subnet:x}"


class Cut(NamedTuple):
    """A subnet's part of its VPC: `hosts` addresses are for interfaces, blocks of 16 follow to the end."""

    tier: str
    zone: int
    offset: int
    bits: int
    hosts: int


def _cuts() -> tuple[Cut, ...]:
    zones = range(3)
    return (
        *(Cut("private", z, z * 2048, 21, 1536) for z in zones),
        *(Cut("public", z, 6144 + z * 512, 23, 512) for z in zones),
        *(Cut("data", z, 7680 + z * 128, 25, 128) for z in zones),
        *(Cut("transit", z, 8064 + z * 16, 28, 16) for z in zones),
    )


CUTS = _cuts()


class Room:
    """What is free in one subnet: hosts are spread over its first part, blocks of 16 fill the rest."""

    def __init__(self, cut: Cut, base: int, draw: Draw) -> None:
        self._first = base + cut.offset
        whole = cut.hosts == 1 << (32 - cut.bits)
        self._hosts = cut.hosts - _KEPT - whole
        self._step, self._at = draw.pick(_STEPS), draw.below(self._hosts)
        self._next_block = self._first + cut.hosts
        #: The last block holds the subnet's last address.
        self._end = self._first + (1 << (32 - cut.bits)) - _BLOCK
        self.free = self._hosts

    def host(self) -> int:
        """An address that no host has yet; there is one where `free` says so."""
        self.free -= 1
        self._at = (self._at + self._step) % self._hosts
        return self._first + _KEPT + self._at

    def block(self) -> int | None:
        """The first of 16 addresses that nothing has yet; None where all are taken."""
        if self._next_block >= self._end:
            return None
        self._next_block += _BLOCK
        return self._next_block - _BLOCK

    def offset(self, address: int) -> int:
        """Which address of the subnet it is."""
        return address - self._first


class PublicAddresses:
    """Public addresses of a whole estate, each given out once."""

    def __init__(self) -> None:
        self._numbers = count(1)

    def next(self) -> str:
        number = next(self._numbers)
        return dotted((_BENCHMARK if number < _BENCHMARK_SIZE else _AMAZON) + number)
