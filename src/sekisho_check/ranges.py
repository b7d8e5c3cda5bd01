"""Sets of whole numbers (protocols, addresses, ports) as inclusive ranges."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable
from functools import lru_cache

Ranges = tuple[tuple[int, int], ...]
"""Ascending, disjoint and never adjacent, so that equal sets are equal tuples."""

EMPTY: Ranges = ()


def normal(pairs: Iterable[tuple[int, int]]) -> Ranges:
    """The set that the pairs cover together, in whatever order they come."""
    out: list[tuple[int, int]] = []
    for low, high in sorted(pairs):
        if out and low <= out[-1][1] + 1:
            out[-1] = (out[-1][0], max(out[-1][1], high))
        else:
            out.append((low, high))
    return tuple(out)


def one(value: int) -> Ranges:
    return ((value, value),)


def meet(left: Ranges, right: Ranges) -> Ranges:
    """What both sets hold."""
    if left == right or not left or not right:
        return left and right
    if right[0][0] <= left[0][0] and left[-1][1] <= right[0][1]:  # within one range of the other
        return left
    if left[0][0] <= right[0][0] and right[-1][1] <= left[0][1]:
        return right
    out: list[tuple[int, int]] = []
    i = j = 0
    while i < len(left) and j < len(right):
        low, high = max(left[i][0], right[j][0]), min(left[i][1], right[j][1])
        if low <= high:
            out.append((low, high))
        if left[i][1] < right[j][1]:
            i += 1
        else:
            j += 1
    return tuple(out)


def less(left: Ranges, right: Ranges) -> Ranges:
    """What the left set holds and the right one does not."""
    if left == right:
        return EMPTY
    if not left or not right or right[-1][1] < left[0][0] or left[-1][1] < right[0][0]:
        return left
    out: list[tuple[int, int]] = []
    j = 0
    for start, high in left:
        low = start
        while j < len(right) and right[j][1] < low:
            j += 1
        k = j
        while k < len(right) and right[k][0] <= high:
            if right[k][0] > low:
                out.append((low, right[k][0] - 1))
            low = max(low, right[k][1] + 1)
            k += 1
        if low <= high:
            out.append((low, high))
    return tuple(out)


def join(*parts: Ranges) -> Ranges:
    """What any of the sets holds."""
    filled = [part for part in parts if part]
    return filled[0] if len(filled) == 1 else normal(pair for part in filled for pair in part)


def holds(ranges: Ranges, value: int) -> bool:
    return any(low <= value <= high for low, high in ranges)


@lru_cache(1 << 14)
def size(ranges: Ranges) -> int:
    return sum(high - low + 1 for low, high in ranges)


class Block(tuple[int, int, int, int]):
    """A CIDR block: family (4 or 6), first and last address, and length of its prefix."""

    __slots__ = ()

    @property
    def family(self) -> int:
        return self[0]

    @property
    def ranges(self) -> Ranges:
        return ((self[1], self[2]),)

    @property
    def length(self) -> int:
        return self[3]


_BLOCKS: dict[str, Block | None] = {}


def block(text: object) -> Block | None:
    """The block that the text writes, bits beyond the prefix ignored; None where it is no address or CIDR."""
    if not isinstance(text, str):
        return None
    if text not in _BLOCKS:
        try:
            net = ipaddress.ip_network(text.strip(), strict=False)
        except ValueError:
            _BLOCKS[text] = None
        else:
            first, last = int(net.network_address), int(net.broadcast_address)
            _BLOCKS[text] = Block((net.version, first, last, net.prefixlen))
    return _BLOCKS[text]


def span(found: Iterable[Block]) -> Ranges:
    """The addresses of the blocks together."""
    return normal((each[1], each[2]) for each in found)


def blocks(texts: Iterable[object], family: int) -> Ranges:
    """The addresses of the blocks that are of the family."""
    return span(each for text in texts if (each := block(text)) is not None and each.family == family)


def everything(family: int) -> Ranges:
    return ((0, (1 << (32 if family == 4 else 128)) - 1),)  # noqa: PLR2004 - the two families of the internet protocol


# S-ADR-01
NOT_INTERNET_4 = blocks(
    (
        "0.0.0.0/8",
        "10.0.0.0/8",
        "100.64.0.0/10",
        "127.0.0.0/8",
        "169.254.0.0/16",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "224.0.0.0/4",
        "240.0.0.0/4",
    ),
    4,
)
# S-ADR-02
INTERNET = {4: less(everything(4), NOT_INTERNET_4), 6: blocks(("2000::/3",), 6)}
# S-ADR-01: an internet gateway rejects these sources and destinations.
REJECTED_4 = blocks(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "100.64.0.0/10"), 4)
