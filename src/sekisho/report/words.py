"""What the renderings need words for. A language is one `Words`, in a module of its own."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from math import log2
from typing import NamedTuple

Width = int | str


class OriginWords(NamedTuple):
    """`heading` heads a column, `phrase` completes `reachable ...`."""

    heading: str
    phrase: str


class Outwards(NamedTuple):
    """What is said otherwise of an assessment of what goes out: each replaces the keys of its name."""

    origins: Mapping[str, OriginWords]
    meanings: Mapping[str, str]
    tallies: Mapping[str, tuple[str, str]]
    counts: Mapping[str, tuple[str, str]]
    text: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """A catalogue: what the keys of documents are called, and the sentences around them."""

    language: str
    verdicts: Mapping[str, str]
    cells: Mapping[str, str]
    meanings: Mapping[str, str]
    answers: Mapping[str, str]
    tallies: Mapping[str, tuple[str, str]]
    origins: Mapping[str, OriginWords]
    barriers: Mapping[str, tuple[str, str]]
    counts: Mapping[str, tuple[str, str]]
    call_statuses: Mapping[str, str]
    proven: tuple[str, ...]
    not_proven: tuple[str, ...]
    text: Mapping[str, str]
    outwards: Outwards

    def of(self, direction: str) -> "Words":
        """The catalogue for an assessment of that direction (`ingress` or `egress`)."""
        if direction != "egress":
            return self
        out = self.outwards
        return replace(
            self,
            origins={**self.origins, **out.origins},
            meanings={**self.meanings, **out.meanings},
            tallies={**self.tallies, **out.tallies},
            counts={**self.counts, **out.counts},
            text={**self.text, **out.text},
        )

    def count(self, noun: str, number: int) -> str:
        """`1 barrier`, `4,096 addresses`, `2^64 addresses`; beyond a trillion the nearest power of two."""
        one, many = self.counts[noun]
        if number == 1:
            return one
        if number <= _TRILLION:
            return many.format(f"{number:,}")
        exponent = round(log2(number))
        exact = number == 1 << exponent
        return many.format(f"2^{exponent}" if exact else f"{self.text['about']} 2^{exponent}")

    def breadth(self, width: Width) -> str:
        """How wide an opening is: everyone, or so many addresses."""
        return self.text["anywhere"] if isinstance(width, str) else self.count("from_address", width)

    def senders(self, width: Width) -> str:
        """The same as the name of those who can send."""
        return self.text["anyone"] if isinstance(width, str) else self.count("address", width)

    def barrier(self, code: str, direction: str) -> str:
        """What the barrier does to the packet, or to its reply, in one sentence."""
        forward, back = self.barriers.get(code, (self.text["barrier"], self.text["barrier_return"]))
        return forward if direction == "forward" else back


_TRILLION = 10**12
