"""Through a load balancer: from a client to a node, and from the node to a target."""

from __future__ import annotations

import copy
from typing import NamedTuple

from sekisho_check.balancers import CLASSIC, NETWORK, Balancer, Target, groups_of, preserves
from sekisho_check.choices import Leg, whichever
from sekisho_check.estate import Estate
from sekisho_check.filters import Sight
from sekisho_check.ranges import one
from sekisho_check.routes import hop_for, table_of
from sekisho_check.senders import Sender, neighbours, out_of_sender, sent, sent_back, subnet_of, walk_from
from sekisho_check.walk import FORWARD, GATEWAY, Address, Piece, Pieces, Place, Walk, Way
from sekisho_check.ways import enter, leave


class Link(NamedTuple):
    """One node that sends to one target for one listener."""

    balancer: Balancer
    target: Target
    node: Address
    """The address that clients use."""
    own: int
    """The node's address that the target sees, of the target's family."""
    interface: str
    address: str
    vague: str = ""
    """Why it is not known whether the node sends to the target."""

    @property
    def words(self) -> tuple[str, ...]:
        ports = (str(self.target.listener.port), str(self.target.port))
        return ("load-balancer", self.balancer.id, ports[0], self.node.interface.id, self.node.text, ports[1])

    @property
    def vpc(self) -> str:
        return self.balancer.vpc

    @property
    def shape(self) -> tuple[object, ...]:
        target = self.target._replace(name="")
        return self.balancer.id, target, self.node.interface.id, self.node.text, self.own, self.vague

    @property
    def proxy(self) -> bool:
        """Whether it waits for the client's connection before it opens its own (S-ELB-04)."""
        return self.balancer.kind != NETWORK

    # As a passage of walks

    def enter(self, walk: Walk, pieces: Pieces) -> Pieces:
        client = walk.way.client
        assert client is not None  # noqa: S101 - a way through a link has one
        estate = walk.estate
        pieces = _ported(pieces, self.target.listener.port)
        pieces = _ported(self._to_node(walk, client, pieces), self.target.port)
        if self.vague:
            pieces = walk.doubt(pieces, self.vague)
        if not self.target.healthy:  # S-ELB-08
            pieces = walk.assume(pieces, f"{self.target.name} becomes healthy")
        return whichever(walk, pieces, [(self._seen if seen else self._masked) for seen in self._kept(estate, client)])

    def _to_node(self, walk: Walk, client: Way, pieces: Pieces) -> Pieces:
        """The client's packets at the node, whose connections are made where it waits for that; one answer for all
        targets.
        """
        estate, wanted = walk.estate, walk.wanted
        key = ("to node", self.node.interface.id, self.node.text, client.words, wanted, self.proxy, tuple(pieces))
        if key not in estate.memo:
            there = enter(Walk(estate, self.node, client, wanted), pieces)
            made = leave(Walk(estate, self.node, client, wanted), there) if self.proxy else there
            estate.memo[key] = made
        found: Pieces = estate.memo[key]
        return found

    def leave(self, walk: Walk, pieces: Pieces) -> Pieces:
        client = walk.way.client
        assert client is not None  # noqa: S101 - a way through a link has one
        kept = self._kept(walk.estate, client)
        legs: list[Leg] = [(self._seen_back if seen else self._masked_back) for seen in kept]
        if len(kept) > 1:
            inwards = [(self._seen if seen else self._masked) for seen in kept]
            legs = [self._if_there(inward, back) for inward, back in zip(inwards, legs, strict=True)]
        pieces = whichever(walk, pieces, legs)
        if self.proxy:
            return pieces
        pieces = _ported(pieces, self.target.listener.port)
        pieces = leave(Walk(walk.estate, self.node, client, walk.wanted), pieces)
        return _ported(pieces, self.target.port)

    def _kept(self, estate: Estate, client: Way) -> list[bool]:
        """Whether the target sees the client's address: both where that is not known (S-NLB-03, S-PL-03)."""
        if client.masked or self.node.family != self.target.family:
            return [False]
        kept = preserves(estate, self.balancer, self.target)
        return [True, False] if kept is None else [kept]

    def _if_there(self, inward: Leg, back: Leg) -> Leg:
        """The replies to what gets to the target; what surely does not has none."""

        def leg(walk: Walk, pieces: Pieces) -> Pieces:
            fated = copy.copy(walk)
            fated.wanted = None
            out: Pieces = []
            for piece in pieces:
                for there in inward(copy.copy(fated), [Piece(piece.box)]):
                    part = piece._replace(box=there.box)
                    out += walk.stop([part], GATEWAY, self.balancer.id) if there.stop else back(copy.copy(walk), [part])
            return out

        return leg

    # The target sees the node

    def _sender(self, estate: Estate) -> Sender:
        node = self.node.interface
        place = Place(self.balancer.vpc, subnet_of(estate, node))
        sight = Sight(vpcs=(self.balancer.vpc,), groups=self._named())
        egress = None if self._ungrouped() else node.data
        key = (self.balancer.id, node.id, str(self.own))
        classic = self.balancer.kind == CLASSIC
        return Sender(key, place, one(self.own), sight, egress, always_acl=classic, opener=node.id)

    def _named(self) -> frozenset[str]:
        """Groups of a network load balancer: rules that name them admit what comes through it (S-NLB-02)."""
        return groups_of(self.node.interface) if self.balancer.kind == NETWORK else frozenset()

    def _ungrouped(self) -> bool:
        return self.balancer.kind == NETWORK and not groups_of(self.node.interface)  # S-NLB-01

    def _masked(self, walk: Walk, pieces: Pieces) -> Pieces:
        return sent(walk, pieces, self._sender(walk.estate))

    def _masked_back(self, walk: Walk, pieces: Pieces) -> Pieces:
        return sent_back(walk, pieces, self._sender(walk.estate))

    # The target sees the client (S-NLB-04).

    def _walk(self, walk: Walk) -> tuple[Walk, Sender]:
        sender = self._sender(walk.estate)
        again = walk_from(walk.estate, walk.address, Way(("sender", *sender.key), ()), walk.wanted, sender)
        again.sight = Sight(groups=self._named())
        return again, sender

    def _seen(self, walk: Walk, pieces: Pieces) -> Pieces:
        own, pieces = walk.split(pieces, walk.address.ranges)
        own = walk.stop(own, GATEWAY, self.balancer.id, self.node.interface.id, walk.address.interface.id)
        walk, sender = self._walk(walk)
        pieces = out_of_sender(walk, own + pieces, sender.egress)
        subnet, home = sender.place.subnet, walk.place.subnet
        table = table_of(walk.estate, subnet)
        unknown = f"how {self.balancer.id} sends to {self.address} is not known"
        if walk.address.vpc != self.balancer.vpc:
            fated = copy.copy(walk)
            fated.wanted = None
            if all(piece.stop for piece in sent(fated, pieces, sender)):  # nothing of the node's own gets there either
                return walk.stop(pieces, FORWARD, self.balancer.vpc)
        if subnet is None or home is None or walk.address.vpc != self.balancer.vpc:
            return walk.arrive(walk.doubt(pieces, unknown), walk.sight, crossing=False)
        if neighbours(sender.place, walk):
            asked = (
                walk.acl(walk.acl(pieces, subnet, egress=True), home, egress=False) if walk.wanted is None else pieces
            )
            undocumented = "whether the ACL is asked between neighbours is not documented"
            asked = [
                one._replace(stop=None, open=one.open or undocumented) if one.stop and one not in pieces else one
                for one in asked
            ]
            return walk.arrive(asked, walk.sight, crossing=False)
        if table.record is None:
            return walk.arrive(walk.doubt(pieces, unknown), walk.sight, crossing=False)
        if hop_for(walk.estate, table.record, walk.address.family, walk.address.value).kind != "local":
            pieces = walk.doubt(pieces, unknown)
        return walk.arrive(walk.acl(pieces, subnet, egress=True), walk.sight)

    def _seen_back(self, walk: Walk, pieces: Pieces) -> Pieces:
        walk, sender = self._walk(walk)
        walk.replying = True
        out: Pieces = []
        near = neighbours(sender.place, walk)
        for piece in pieces:
            some = [piece]
            if piece.stop is None:
                some = walk.acl(walk.acl(some, walk.place.subnet, egress=True), sender.place.subnet, egress=False)
            if near:
                some = (
                    []
                    if walk.wanted
                    else walk.doubt([one._replace(stop=piece.stop) for one in some if one.stop], "an ACL may be asked")
                    + [one for one in some if not one.stop]
                )
                some = some or [piece]
            out += some
        return out


def _ported(pieces: Pieces, port: int) -> Pieces:
    """The packets with another destination port."""
    return [piece._replace(box=piece.box._replace(thirds=one(port))) for piece in pieces]
