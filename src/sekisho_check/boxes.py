"""Boxes of packets: the product of four sets of numbers."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from sekisho_check.ranges import Ranges, less, meet, one, size

PORTED: Ranges = ((6, 6), (17, 17))
ICMP = {4: one(1), 6: one(58)}
PORTS: Ranges = ((0, 65535),)
TYPES: Ranges = ((0, 255),)
NONE: Ranges = ((0, 0),)


class Box(NamedTuple):
    """Packets of every protocol, source, third and fourth number of the four sets.

    Third and fourth are destination and source port, for ICMP type and code; protocols that have neither write 0.
    The protocols of a box are all of one class: with ports, ICMP, or with neither.
    """

    protocols: Ranges
    sources: Ranges
    thirds: Ranges
    fourths: Ranges

    def __and__(self, other: Box) -> Box | None:
        """The packets of both, or None where there are none."""
        protocols = meet(self.protocols, other.protocols)
        if not protocols:
            return None
        sources = meet(self.sources, other.sources)
        thirds = sources and meet(self.thirds, other.thirds)
        fourths = thirds and meet(self.fourths, other.fourths)
        return Box(protocols, sources, thirds, fourths) if fourths else None

    def minus(self, other: Box) -> list[Box]:
        """The packets that the other has not, as disjoint boxes."""
        both = self & other
        if both is None:
            return [self]
        if both == self:
            return []
        protocols, sources, thirds, fourths = self
        pieces = (
            (less(protocols, both.protocols), sources, thirds, fourths),
            (both.protocols, less(sources, both.sources), thirds, fourths),
            (both.protocols, both.sources, less(thirds, both.thirds), fourths),
            (both.protocols, both.sources, both.thirds, less(fourths, both.fourths)),
        )
        return [Box(*piece) for piece in pieces if all(piece)]

    def packets(self) -> int:
        """How many there are."""
        return size(self.protocols) * size(self.sources) * size(self.thirds) * size(self.fourths)


def whole(family: int, sources: Ranges) -> list[Box]:
    """All packets of a family from the sources, one box for each class of protocols."""
    if not sources:
        return []
    icmp = ICMP[family]
    others = less(less(((0, 255),), PORTED), icmp)
    return [
        Box(PORTED, sources, PORTS, PORTS),
        Box(icmp, sources, TYPES, TYPES),
        Box(others, sources, NONE, NONE),
    ]


def subtract(boxes: Iterable[Box], takers: Iterable[Box]) -> list[Box]:
    """What is left of the boxes."""
    left = list(boxes)
    for taker in takers:
        left = [rest for box in left for rest in box.minus(taker)]
        if not left:
            break
    return left


def overlap(boxes: list[Box]) -> bool:
    """Whether some packet is in two of the boxes."""
    starts = sorted(range(len(boxes)), key=lambda i: boxes[i].sources[0][0])
    active: list[Box] = []
    for i in starts:
        box = boxes[i]
        active = [other for other in active if other.sources[-1][1] >= box.sources[0][0]]
        if any(box & other is not None for other in active):
            return True
        active.append(box)
    return False
