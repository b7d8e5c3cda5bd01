"""One connection for everything that AWS may choose on its way: addresses of NAT gateways, zones, attachments.

A walk notes what it met that chose without a pick; every combination is walked, as a tree whose branches are the
choices in the order in which they were met.
"""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from sekisho.sets.prefixes import merge

from .share import Share, doubtful
from .walk import Walker

if TYPE_CHECKING:
    from .connected import Carried, Connection

#: The most combinations that one connection is walked for.
_MOST = 256
_NOT_EVERY_ONE = (
    "AWS chooses the address of a NAT gateway, or the zone or attachment at a transit gateway, "
    "and not every choice gets through"
)


def every_choice(
    walker: Callable[[Mapping[str, int]], Walker], connect: Callable[[Walker], "Connection"]
) -> "Connection":
    """The connection whatever AWS chooses: sure where each choice is, possible where one is (S-NAT-02, S-TGW-06)."""
    total, left = _walked({}, walker, connect)
    for _ in range(1, _MOST):
        if not left:
            return total
        other, more = _walked(left.pop(), walker, connect)
        left += more
        total = total._replace(
            checks=total.checks + other.checks,
            delivered=_either(total.delivered, other.delivered),
            round_trip=_either(total.round_trip, other.round_trip),
            carried=tuple(_seen(carried, other) for carried in total.carried),
            walks=total.walks + 1,
        )
        total = total._replace(carried=tuple(_held_to(carried, total) for carried in total.carried))
    if not left:
        return total
    doubt = doubtful(total.question, "AWS chooses among too many ways to follow each of them")
    return total._replace(delivered=doubt, round_trip=doubt)


def _walked(
    picks: Mapping[str, int], walker: Callable[[Mapping[str, int]], Walker], connect: Callable[[Walker], "Connection"]
) -> tuple["Connection", list[Mapping[str, int]]]:
    """The connection for these picks, and those of the branches that it leaves to be walked."""
    w = walker(picks)
    found = connect(w)
    left: list[Mapping[str, int]] = []
    for name, options in w.met.items():
        left += [{**picks, name: index} for index in range(1, options)]
        picks = {**picks, name: 0}
    return found, left


def _seen(carried: "Carried", other: "Connection") -> "Carried":
    """With every source that the destination may see where the same gateways are passed."""
    same = (c for c in other.carried if c.passage.via == carried.passage.via)
    return carried._replace(seen_as=merge([*carried.seen_as, *(r for c in same for r in c.seen_as)]))


def _held_to(carried: "Carried", total: "Connection") -> "Carried":
    """Sure of no more than the connection as a whole is."""
    passage = carried.passage
    delivered, trip = passage.delivered, passage.round_trip
    held = passage._replace(
        delivered=delivered._replace(sure=delivered.sure & total.delivered.sure),
        round_trip=trip._replace(sure=trip.sure & total.round_trip.sure),
    )
    return carried._replace(passage=held)


def _either(one: Share, other: Share) -> Share:
    """Sure where both are, possible where one is: a choice that is not the sender's."""
    sure, maybe = one.sure & other.sure, one.maybe | other.maybe
    doubt = doubtful(maybe - sure, _NOT_EVERY_ONE)
    return Share(sure, maybe, one.doubts + other.doubts + doubt.doubts, one.assumptions + other.assumptions)
