"""What may come by ways that are not known or not modelled: groups and state have to let it in all the same."""

from __future__ import annotations

from sekisho_check.estate import Estate
from sekisho_check.filters import Sight
from sekisho_check.ranges import everything
from sekisho_check.senders import Sender, sent
from sekisho_check.walk import ASTRAY, Address, Pieces, Place, Walk
from sekisho_check.ways import ENTRANCES, Entrance, Found


def none_known(_: Estate, __: Address) -> Found:
    """Such ways are found by what may lead there, not by themselves."""
    return Found()


def anyhow(walk: Walk, pieces: Pieces) -> Pieces:
    """By whatever way, seen with any address: stopped where no sender at all gets past groups and state."""
    everybody = Sight(vpcs=(walk.address.vpc,), anybody=True)
    place = Place(walk.address.vpc, None)
    own = everything(walk.address.family)
    sender = Sender(("anybody",), place, own, everybody, direct=True, unfiltered=True)
    return sent(walk, walk.doubt(pieces, walk.way.open or "ways may not have been read"), sender)


def not_asked(_: Walk, pieces: Pieces) -> Pieces:
    """What becomes of replies is as open as the way."""
    return pieces


ASTRAY.append(anyhow)
ENTRANCES["open"] = Entrance("", none_known, anyhow, not_asked)
