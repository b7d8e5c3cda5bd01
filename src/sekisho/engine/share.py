"""Three-valued sets of flows: what surely passes, what may pass, and why the rest is open.

`sure` is a subset of `maybe`. A flow in `maybe` and not in `sure` is undecided; one outside `maybe` is
proven not to pass. Each doubt and each assumption says of which flows it speaks, so that a reader is
told only of those that matter to the answer.
"""

from collections.abc import Iterable
from typing import NamedTuple

from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family


class Note(NamedTuple):
    """A sentence, and the flows that it speaks of."""

    region: FlowSet
    text: str


class Share(NamedTuple):
    """What one layer, or a row of layers, lets through."""

    sure: FlowSet
    maybe: FlowSet
    doubts: tuple[Note, ...] = ()
    assumptions: tuple[Note, ...] = ()

    @property
    def is_decided(self) -> bool:
        """Whether nothing is open."""
        return self.sure.root is self.maybe.root

    @property
    def family(self) -> Family:
        return self.maybe.family

    def __and__(self, other: "Share") -> "Share":
        sure = self.sure & other.sure
        return Share(
            sure,
            sure if self.is_decided and other.is_decided else self.maybe & other.maybe,
            _joined(self.doubts, other.doubts),
            _joined(self.assumptions, other.assumptions),
        )

    def __or__(self, other: "Share") -> "Share":
        sure = self.sure | other.sure
        return Share(
            sure,
            sure if self.is_decided and other.is_decided else self.maybe | other.maybe,
            _joined(self.doubts, other.doubts),
            _joined(self.assumptions, other.assumptions),
        )

    def within(self, region: FlowSet) -> "Share":
        """Only the flows of the region; notes that do not touch it are dropped."""
        sure = self.sure & region
        return Share(
            sure,
            sure if self.is_decided else self.maybe & region,
            _clipped(self.doubts, region) if self.doubts else (),
            _clipped(self.assumptions, region) if self.assumptions else (),
        )


def everything(family: Family) -> Share:
    full = FlowSet.full(family)
    return Share(full, full)


def nothing(family: Family) -> Share:
    empty = FlowSet.empty(family)
    return Share(empty, empty)


def decided(flows: FlowSet) -> Share:
    """Exactly these flows, for sure."""
    return Share(flows, flows)


def doubtful(region: FlowSet, reason: str) -> Share:
    """Nothing for sure; the region perhaps, for that reason."""
    return Share(FlowSet.empty(region.family), region, (Note(region, reason),))


def assumed(region: FlowSet, assumption: str) -> Share:
    """The region, under that assumption."""
    return Share(region, region, (), (Note(region, assumption),))


def union(family: Family, shares: Iterable[Share]) -> Share:
    """What any of the shares lets through."""
    found = list(shares)
    return Share(
        FlowSet.union_of(family, [share.sure for share in found]),
        FlowSet.union_of(family, [share.maybe for share in found]),
        tuple(dict.fromkeys(note for share in found for note in share.doubts)),
        tuple(dict.fromkeys(note for share in found for note in share.assumptions)),
    )


def texts(notes: Iterable[Note], region: FlowSet) -> tuple[str, ...]:
    """The sentences that speak of some flow of the region, sorted, each once."""
    return tuple(sorted({note.text for note in notes if not (note.region & region).is_empty}))


def _joined(a: tuple[Note, ...], b: tuple[Note, ...]) -> tuple[Note, ...]:
    return tuple(dict.fromkeys(a + b)) if a and b else a or b


def _clipped(notes: tuple[Note, ...], region: FlowSet) -> tuple[Note, ...]:
    clipped = (Note(note.region & region, note.text) for note in notes)
    return tuple(note for note in clipped if not note.region.is_empty)
