"""What one security group lets in by one way, read out of an answer: ports, and who may send to each."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from sekisho.engine.answer import Answer, Verdict
from sekisho.sets.boxes import Box, boxes, ports_of, remotes_of
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, merge

from .services import TRANSPORTS, Transport
from .wording import gateway_of

_NUMBERS = dict(TRANSPORTS)


@dataclass(frozen=True, slots=True, eq=False)
class Opening:
    """What one security group lets in by one way: TCP that is answered, UDP that is delivered.

    `whole` is every source of the answer where that is the whole internet, else None. An opening is equal to
    itself alone: rows that share an answer share its openings.
    """

    group: str
    via: tuple[str, ...]
    gateway: str | None
    tcp: FlowSet
    udp: FlowSet
    answered: FlowSet
    whole: tuple[Range, ...] | None

    @property
    def family(self) -> Family:
        return self.tcp.family

    def flows(self, transport: Transport) -> FlowSet:
        return self.tcp if transport == "tcp" else self.udp

    def ports(self, transport: Transport) -> tuple[Range, ...]:
        """The ports that some source reaches."""
        return _ports(self.flows(transport), transport)

    def answers(self, transport: Transport) -> tuple[Range, ...]:
        """Those of the ports from which some source hears back."""
        return self.ports("tcp") if transport == "tcp" else _ports(self.udp & self.answered, "udp")

    def remotes(self, transport: Transport, port: int) -> tuple[Range, ...]:
        """Who reaches the port."""
        found = (box for box in _boxes(self.flows(transport)) if holds(box.thirds, port))
        return merge(r for box in found for r in box.remotes)

    def all_remotes(self) -> tuple[Range, ...]:
        """Who reaches any port."""
        return merge(_remotes(self.tcp) + _remotes(self.udp))


def openings_of(answer: Answer) -> tuple[Opening, ...]:
    """The openings of an answer. An unreachable one has none, also where it would have them in service."""
    if answer.verdict is Verdict.UNREACHABLE:
        return ()
    tcp, udp = (_transport(answer.family, number) for _, number in TRANSPORTS)
    passages = [p for p in answer.passages if p.delivered.family == answer.family]
    whole = None
    if answer.width == "world":
        whole = remotes_of(FlowSet.union_of(answer.family, (p.delivered.sure for p in passages)))
    openings = (
        Opening(
            group=group,
            via=passage.via,
            gateway=gateway_of(passage.via),
            tcp=admitted & passage.round_trip.sure & tcp,
            udp=admitted & passage.delivered.sure & udp,
            answered=admitted & passage.round_trip.sure,
            whole=whole,
        )
        for passage in passages
        for group, admitted in sorted(passage.by_group.items())
    )
    return tuple(o for o in openings if not (o.tcp.is_empty and o.udp.is_empty))


def holds(ranges: Iterable[Range], port: int) -> bool:
    return any(low <= port <= high for low, high in ranges)


def among(ports: Sequence[int], ranges: Iterable[Range]) -> list[int]:
    """Those of the sorted ports that the ranges hold."""
    return [p for low, high in ranges for p in ports[bisect_left(ports, low) : bisect_right(ports, high)]]


@lru_cache
def _transport(family: Family, number: int) -> FlowSet:
    return FlowSet.build(family, protocols=[(number, number)])


@lru_cache(maxsize=1 << 12)
def _boxes(flows: FlowSet) -> tuple[Box, ...]:
    return boxes(flows)


@lru_cache(maxsize=1 << 12)
def _remotes(flows: FlowSet) -> tuple[Range, ...]:
    return remotes_of(flows)


@lru_cache(maxsize=1 << 12)
def _ports(flows: FlowSet, transport: Transport) -> tuple[Range, ...]:
    return ports_of(flows, _NUMBERS[transport])
