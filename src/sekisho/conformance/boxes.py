"""Sets of packets in plain integers, for comparing what is expected with what is answered.

Written apart from `sekisho.sets`, so that an error there cannot hide in the comparison.
"""

from collections.abc import Iterable, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import pairwise

Range = tuple[int, int]
Ranges = tuple[Range, ...]
#: Protocol, source, destination, then destination port and source port, or ICMP type and code.
Box = tuple[Ranges, ...]
Shape = tuple["Step", ...] | bool
Step = tuple[int, int, Shape]

NOT_INTERNET = (
    "0.0.0.0/8 10.0.0.0/8 100.64.0.0/10 127.0.0.0/8 169.254.0.0/16 172.16.0.0/12 192.168.0.0/16 224.0.0.0/4 240.0.0.0/4"
)
WHOLE = {"ipv4": "0.0.0.0/0", "ipv6": "2000::/3"}
PORTS, TYPES, NOTHING = ((0, 65535),), ((0, 255),), ((0, 0),)
NUMBERS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def is_family(text: str, family: str) -> bool:
    return (":" in text) == (family == "ipv6")


def addresses(texts: Iterable[str], family: str) -> Ranges:
    """The addresses of the family in the CIDRs and single addresses."""
    networks = [ip_network(text) for text in texts if is_family(text, family)]
    return joined((int(n.network_address), int(n.broadcast_address)) for n in networks)


def internet(family: str, own: Iterable[str]) -> Ranges:
    """The whole internet of the family, less the VPC's own blocks."""
    return less(addresses([WHOLE[family]], family), addresses([*NOT_INTERNET.split(), *own], family))


def less(ranges: Ranges, holes: Ranges) -> Ranges:
    """The ranges without the holes."""
    left: list[Range] = []
    for first, high in ranges:
        low = first
        for a, b in holes:
            if a <= high and b >= low:
                left.append((low, a - 1))
                low = b + 1
        left.append((low, high))
    return tuple(r for r in left if r[0] <= r[1])


def numbers(texts: Iterable[str]) -> Ranges:
    """Ports, types, codes or protocol numbers, as `22` or `8000-8010`."""
    return joined((int(text.partition("-")[0]), int(text.rpartition("-")[2])) for text in texts)


def joined(ranges: Iterable[Range]) -> Ranges:
    """The same numbers in the fewest ranges, in order."""
    found: list[Range] = []
    for low, high in sorted(ranges):
        if found and low <= found[-1][1] + 1:
            found[-1] = (found[-1][0], max(high, found[-1][1]))
        else:
            found.append((low, high))
    return tuple(found)


@lru_cache(maxsize=1 << 12)
def shape(boxes: tuple[Box, ...]) -> Shape:
    """The union of the boxes in its one canonical form: equal exactly where the sets are equal."""
    if not boxes or not boxes[0]:
        return bool(boxes)
    cuts = sorted({cut for box in boxes for low, high in box[0] for cut in (low, high + 1)})
    steps: list[Step] = []
    for low, after in pairwise(cuts):
        inside = dict.fromkeys(box[1:] for box in boxes if any(a <= low <= b for a, b in box[0]))
        rest = shape(tuple(inside))
        if rest and steps and steps[-1][1] == low - 1 and steps[-1][2] == rest:
            steps[-1] = (steps[-1][0], after - 1, rest)
        elif rest:
            steps.append((low, after - 1, rest))
    return tuple(steps)


def holds(boxes: Iterable[Box], point: Sequence[int]) -> bool:
    """Whether some box holds the point."""
    return any(
        all(any(low <= value <= high for low, high in ranges) for ranges, value in zip(box, point, strict=True))
        for box in boxes
    )


def by_protocol(protocols: Ranges, family: str) -> list[tuple[Ranges, Ranges]]:
    """The protocols apart by what their third and fourth members are, with all that these can be."""
    icmp = NUMBERS["icmp" if family == "ipv4" else "icmpv6"]
    found: list[tuple[Ranges, Ranges]] = []
    rest: list[Range] = []
    for low, high in protocols:
        special = sorted(n for n in (icmp, NUMBERS["tcp"], NUMBERS["udp"]) if low <= n <= high)
        found += [(((n, n),), TYPES if n == icmp else PORTS) for n in special]
        edges = [low - 1, *special, high + 1]
        rest += [(a + 1, b - 1) for a, b in pairwise(edges) if a + 1 <= b - 1]
    return found + ([(joined(rest), NOTHING)] if rest else [])


def spell(ranges: Ranges, family: str | None = None) -> str:
    """The ranges as text; addresses where a family is given."""
    if family is None:
        return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)
    make = (lambda n: str(ip_address(n))) if family == "ipv4" else _ipv6
    return ", ".join(make(a) if a == b else f"{make(a)}-{make(b)}" for a, b in ranges)


def _ipv6(number: int) -> str:
    return str(ip_address(number.to_bytes(16, "big")))
