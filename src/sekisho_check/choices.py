"""Where AWS picks one of several ways: only what holds for every way that it could pick is certain."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable
from functools import reduce

from sekisho_check.boxes import Box
from sekisho_check.walk import Piece, Pieces, Walk

Leg = Callable[[Walk, Pieces], Pieces]


def whichever(walk: Walk, pieces: Pieces, legs: Iterable[Leg]) -> Pieces:
    """The packets by whichever leg AWS picks: stopped where every leg stops them, open where the legs differ.

    A walk for one stop finds it where some leg has it and the others stop the packets by whatever they have.
    """
    given = list(legs)
    if len(given) == 1:
        return given[0](walk, pieces)
    if walk.wanted is None:
        return reduce(_both, (leg(_alone(walk), pieces) for leg in given))
    found = reduce(_both, (leg(_alone(walk), pieces) for leg in given))
    settled = [piece._replace(open="", mixed=False) for piece in found if not piece.mixed]
    unsettled = [
        piece._replace(open="", mixed=False, arrived=False, stop=None, hinted=True) for piece in found if piece.mixed
    ]
    return settled + (_by_others(walk, unsettled, given) if unsettled else [])


def _by_others(walk: Walk, pieces: Pieces, legs: list[Leg]) -> Pieces:
    """Packets that some legs stop as is asked: stopped where the other legs stop them by whatever they have."""
    named = [piece for leg in legs for piece in leg(_alone(walk), pieces) if piece.stop]
    fated = copy.copy(walk)
    fated.wanted = None
    lost = [piece for piece in whichever(fated, pieces, legs) if piece.stop]
    out: Pieces = []
    rest = pieces
    for stopped in named:
        for other in lost:
            both = stopped.box & other.box
            if both is None or not rest:
                continue
            left: Pieces = []
            for piece in rest:
                hit = piece.box & both
                if hit is None:
                    left.append(piece)
                    continue
                out.append(piece._replace(box=hit, stop=stopped.stop))
                left += [piece._replace(box=box) for box in piece.box.minus(hit)]
            rest = left
    return out + rest


def _alone(walk: Walk) -> Walk:
    """A walk that does not change this one."""
    return copy.copy(walk)


def _both(left: Pieces, right: Pieces) -> Pieces:
    return [_merged(one, other, box) for one in left for other in right if (box := one.box & other.box) is not None]


def _merged(one: Piece, other: Piece, box: Box) -> Piece:
    """The packets of both pieces, either fate of which may be theirs."""
    if one.stop and other.stop:
        return one._replace(box=box)
    if one.stop or other.stop:
        going = other if one.stop else one
        why = going.open or "not every way that AWS may pick lets it through"
        return going._replace(box=box, stop=None, open=why, mixed=True, hinted=one.hinted or other.hinted)
    passes = dict.fromkeys((one.choices or (one.passed,)) + (other.choices or (other.passed,)))
    return one._replace(
        box=box,
        open=one.open or other.open,
        assumed=one.assumed or other.assumed,
        mixed=one.mixed or other.mixed,
        hinted=one.hinted or other.hinted,
        arrived=one.arrived and other.arrived,
        passed=one.passed if len(passes) == 1 else (),
        choices=tuple(passes) if len(passes) > 1 else (),
        back=one.back if one.back == other.back else tuple(name for name in one.back if name in other.back),
    )


def each_pass(walk: Walk, pieces: Pieces, leg: Leg) -> Pieces:
    """The leg for each series of middleboxes that the packets may have gone through before."""
    out: Pieces = []
    for piece in pieces:
        legs = [_having(passed, leg) for passed in piece.choices or (piece.passed,)]
        out += whichever(walk, [piece._replace(choices=())], legs)
    return out


def _having(passed: tuple[str, ...], leg: Leg) -> Leg:
    return lambda walk, pieces: leg(walk, [piece._replace(passed=passed) for piece in pieces])
