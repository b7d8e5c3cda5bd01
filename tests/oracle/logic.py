"""What the encoding is written in: packets whose members are bit-vectors, and conditions on them in three values."""

from collections.abc import Iterable
from functools import lru_cache
from ipaddress import ip_network
from typing import NamedTuple

import z3

from sekisho.sets.prefixes import Family

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58
WIDTH = {"ipv4": 32, "ipv6": 128}
#: Echo and timestamp with the type that answers each (S-ICMP-02).
ANSWERS = {"ipv4": {8: 0, 13: 14}, "ipv6": {128: 129}}
YES, NO = z3.BoolVal(True), z3.BoolVal(False)


class Truth(NamedTuple):
    """Of which packets something surely holds, and of which it may."""

    sure: z3.BoolRef
    maybe: z3.BoolRef

    @property
    def settled(self) -> bool:
        return self.sure is self.maybe

    def __and__(self, other: "Truth") -> "Truth":
        both = z3.And(self.sure, other.sure)
        return Truth(both, both if self.settled and other.settled else z3.And(self.maybe, other.maybe))

    def __or__(self, other: "Truth") -> "Truth":
        either = z3.Or(self.sure, other.sure)
        return Truth(either, either if self.settled and other.settled else z3.Or(self.maybe, other.maybe))


def known(condition: z3.BoolRef) -> Truth:
    return Truth(condition, condition)


ALWAYS, NEVER, OPEN = known(YES), known(NO), Truth(NO, YES)


def all_of(*truths: Truth) -> Truth:
    total = ALWAYS
    for truth in truths:
        total = truth if total is ALWAYS else total & truth
    return total


def any_of(truths: Iterable[Truth]) -> Truth:
    total = NEVER
    for truth in truths:
        total = truth if total is NEVER else total | truth
    return total


class Header(NamedTuple):
    """A packet: ports mean something for TCP and UDP only, type and code for the ICMP of the family only."""

    family: Family
    protocol: z3.BitVecRef
    source: z3.BitVecRef
    destination: z3.BitVecRef
    source_port: z3.BitVecRef
    destination_port: z3.BitVecRef
    icmp_type: z3.BitVecRef
    icmp_code: z3.BitVecRef

    @property
    def icmp(self) -> int:
        return ICMP if self.family == "ipv4" else ICMPV6

    @property
    def has_ports(self) -> z3.BoolRef:
        return z3.Or(self.protocol == TCP, self.protocol == UDP)

    @property
    def has_type(self) -> z3.BoolRef:
        return self.protocol == self.icmp

    def reply(self) -> "Header":
        """The header swapped; echo and timestamp get the type that answers them."""
        answer = self.icmp_type
        for asked, answered in ANSWERS[self.family].items():
            is_asked = z3.And(self.icmp_type == asked, self.icmp_code == 0)
            answer = z3.If(is_asked, z3.BitVecVal(answered, 16), answer)
        return self._replace(
            source=self.destination,
            destination=self.source,
            source_port=self.destination_port,
            destination_port=self.source_port,
            icmp_type=answer,
        )


@lru_cache(maxsize=1 << 14)
def block(cidr: str) -> tuple[Family, int, int]:
    """The family of a prefix or bare address, its first address and its length."""
    network = ip_network(cidr)
    return ("ipv4" if network.version == 4 else "ipv6"), int(network.network_address), network.prefixlen


def within(address: z3.BitVecRef, cidrs: Iterable[str], family: Family) -> z3.BoolRef:
    """Whether some block holds the address; those of the other family say nothing of it (S-Q-04)."""
    width, found = WIDTH[family], []
    for cidr in cidrs:
        of, first, length = block(cidr)
        if of != family:
            continue
        if length == 0:
            return YES
        found.append(z3.Extract(width - 1, width - length, address) == first >> (width - length))
    return z3.Or(found) if found else NO


def between(value: z3.BitVecRef, low: int, high: int) -> z3.BoolRef:
    return z3.And(z3.UGE(value, low), z3.ULE(value, high))
