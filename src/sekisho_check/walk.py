"""One packet and its reply on their way, for boxes of packets that split where a rule tells their parts apart.

A walk is either asked for the fate of its packets, and follows each until something stops it for certain, or for one
stop: then filters that are not meant let everything through, for every layer has to be passed by itself.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple, Protocol

from sekisho_check.boxes import Box
from sekisho_check.estate import Estate, Json, Record, listed, text
from sekisho_check.filters import Parts, Sight, acl_entries, acl_parts, echo_views, group_rules, partition
from sekisho_check.ranges import Ranges, meet
from sekisho_check.routes import Hop, Known, acl_of, hop_for, hops, table_of

GATEWAY, BLOCK, PUBLIC = "gateway", "Block Public Access", "public address"
FORWARD, RETURN = "forward route", "return route"
ACL_IN, ACL_OUT, GROUPS, STATE = "ACL in", "ACL out", "groups", "state"
LAYERS = frozenset({GATEWAY, BLOCK, PUBLIC, FORWARD, RETURN, ACL_IN, ACL_OUT, GROUPS, STATE})


class Stop(NamedTuple):
    """What stops packets: a layer, and the ids of the records by which it does."""

    layer: str
    ids: tuple[str, ...]


class Piece(NamedTuple):
    """Packets that have had one fate so far."""

    box: Box
    open: str = ""
    """Why it is not known whether they got here; empty where it is."""
    assumed: str = ""
    stop: Stop | None = None
    passed: tuple[str, ...] = ()
    """Middleboxes that they went through on the way in, in order."""
    back: tuple[str, ...] = ()
    """Middleboxes that the reply went through."""
    choices: tuple[tuple[str, ...], ...] = ()
    """What they may have passed instead, where AWS picks the way."""
    arrived: bool = False
    """Whether they got to the destination; else it is not known how they go on."""
    mixed: bool = False
    """Whether some of the ways that AWS may pick stop them, and others do not."""
    hinted: bool = False
    """Whether some of them, or of the readings that the snapshot leaves open, have the stop that is asked for."""


Pieces = list[Piece]


class Address(NamedTuple):
    """A destination: one address (or delegated prefix) of an interface."""

    interface: Record
    text: str
    family: int
    value: int
    """Its first address."""
    ranges: Ranges
    prefix: bool

    @property
    def vpc(self) -> str:
        return text(self.interface.data, "VpcId") or ""


class Passage(Protocol):
    """What leads a way on from its own end to the destination."""

    @property
    def vpc(self) -> str:
        """Where it starts from."""

    @property
    def shape(self) -> tuple[object, ...]:
        """All that walks see of it but for the destination, which only reasons name."""

    def enter(self, walk: Walk, pieces: Pieces) -> Pieces:
        """From the client's gateway to the destination."""

    def leave(self, walk: Walk, pieces: Pieces) -> Pieces:
        """The reply to the client."""


class Way(NamedTuple):
    """One way into a VPC: the kind and the ids that make it one of a kind, and what it could bring."""

    words: tuple[str | None, ...]
    sources: Ranges
    record: Record | None = None
    open: str = ""
    """Why it is not known whether it is in force."""
    other: str = ""
    """The far VPC, where there is one."""
    client: Way | None = None
    """The client's own way, of one that leads on through a load balancer."""
    through: Passage | None = None
    """What leads on."""
    packets: tuple[Box, ...] = ()
    """What it could bring, where that is not everything from the sources."""
    family: int = 0
    """The family of its senders, where a load balancer translates; 0 where it is the destination's."""
    masked: bool = False
    """Whether no client's own address can be seen by it, for it is PrivateLink's (S-PL-03)."""
    spare: bool = False
    """Whether it brings nothing, so that it may be left out."""

    @property
    def kind(self) -> str:
        return self.words[0] or ""


class Place(NamedTuple):
    """Where packets are: in a subnet of a VPC."""

    vpc: str
    subnet: Record | None


class Walk:
    """One destination, one way, and what is asked."""

    def __init__(self, estate: Estate, address: Address, way: Way, wanted: tuple[str, str] | None = None) -> None:
        self.estate = estate
        self.address = address
        self.way = way
        self.wanted = wanted and (wanted[0], self.own(wanted[1]))
        self.replying = False
        self.sight = Sight()
        """What the sender is to groups that refer to groups, as long as no middlebox is between."""
        self.sender: Place | None = None
        """Where the packets were sent from, where that is a host of the estate."""
        self.opener: str | None = None
        """The interface that they were sent by."""
        self.bound = BOUND_ALWAYS.get(way.kind) or (BOUND.get(way.kind, "") if address.family == 4 else "")  # noqa: PLR2004
        """The kind of gateway by which the reply has to leave, where translation needs it back."""

    def own(self, name: str) -> str:
        """The id that the name stands for: `interface` and `instance` are the destination's own."""
        data = self.address.interface.data
        own = {"interface": self.address.interface.id, "instance": text(data, "Attachment", "InstanceId") or ""}
        return own.get(name, name)

    # What can happen to packets

    def meant(self, layer: str, ids: tuple[str, ...]) -> bool:
        """Whether this stop is asked for; all are where only the fate is."""
        return self.wanted is None or (self.wanted[0] == layer and self.wanted[1] in ids)

    def stop(self, pieces: Pieces, layer: str, *ids: str | None) -> Pieces:
        """The packets, stopped for certain."""
        names = tuple(name for name in ids if name)
        if not self.meant(layer, names):
            return pieces
        return [piece if piece.stop else piece._replace(stop=Stop(layer, names)) for piece in pieces]

    def doubt(self, pieces: Pieces, why: str) -> Pieces:
        """The packets, and it is not known whether they go on."""
        return [piece if piece.stop or piece.open else piece._replace(open=why) for piece in pieces]

    def astray(self, pieces: Pieces, why: str) -> Pieces:
        """The packets, and it is not known which way they take, if they get to the destination at all.

        What comes from outside the VPC keeps its address, for no NAT gateway serves it (S-NAT-03); what comes over a
        transit gateway may have another (S-TGW-10).
        """
        pieces = self.doubt(pieces, why)
        if self.replying:
            return pieces
        own = self.estate.blocks(self.address.vpc, self.address.family)
        kept = self.way.kind in KEEPING and own is not None
        near, far = self.split(pieces, own or ()) if kept else (pieces, [])
        peers = tuple(sorted(self.estate.interfaces_of_vpc)) if self.way.other else ()
        far = self.arrive(far, Sight(vpcs=peers), crossing=False)
        return [after for anyhow in ASTRAY for after in anyhow(self, near)] + far

    def assume(self, pieces: Pieces, what: str) -> Pieces:
        return [piece._replace(assumed=piece.assumed or what) for piece in pieces]

    def sift(self, pieces: Pieces, layer: str, ids: tuple[str, ...], judge: Callable[[Box], Parts], why: str) -> Pieces:
        """The packets, divided by a filter."""
        if not self.meant(layer, ids):
            return pieces
        out: Pieces = []
        for piece in pieces:
            if piece.stop:
                out.append(piece)
                continue
            parts = judge(piece.box)
            if parts == ([piece.box], [], []):
                out.append(piece)
                continue
            out += [piece._replace(box=box) for box in parts.passed]
            out += [piece._replace(box=box, open=piece.open or why) for box in parts.open]
            out += [piece._replace(box=box, stop=Stop(layer, ids)) for box in parts.stopped]
        return out

    def split(self, pieces: Pieces, sources: Ranges) -> tuple[Pieces, Pieces]:
        """The packets from the sources, and the others. Stopped ones stay with the others."""
        inside, outside = [], []
        for piece in pieces:
            both = meet(piece.box.sources, sources)
            if piece.stop or not both:
                outside.append(piece)
                continue
            part = piece.box._replace(sources=both)
            inside.append(piece._replace(box=part))
            outside += [piece._replace(box=box) for box in piece.box.minus(part)]
        return inside, outside

    # Places

    @property
    def place(self) -> Place:
        """Where the destination stands."""
        data = self.address.interface.data
        return Place(self.address.vpc, self.estate.get("ec2:DescribeSubnets", text(data, "SubnetId")))

    # Filters

    def acl(self, pieces: Pieces, subnet: Record | None, *, egress: bool) -> Pieces:
        """Past the ACL of a subnet. The header is the first packet's, or the reply's while replying."""
        layer = ACL_OUT if self.replying else ACL_IN
        if self.wanted is not None and self.wanted[0] in {ACL_IN, ACL_OUT}:  # on long ways one ACL is both
            layer = self.wanted[0]
        known = acl_of(self.estate, subnet)
        entries = known.record and acl_entries(self.estate, known.record, egress=egress, family=self.address.family)
        if known.record is None or entries is None:
            return self.doubt(pieces, known.why or "an entry of the ACL cannot be read")
        # S-ACL-05: the side that the entry matches is the far end, or the destination itself.
        far = egress == self.replying
        ids = (known.record.id,)

        def judge(box: Box) -> Parts:
            return self.judged(box, lambda header: acl_parts(entries, header), far=far)

        return self.sift(pieces, layer, ids, judge, "an entry tells the addresses of a prefix apart")

    def groups(self, pieces: Pieces, interface: Json, sight: Sight, *, egress: bool = False) -> Pieces:
        """Past the groups of an interface: into it, or out of it (S-SG-01, S-SG-02)."""
        named = [
            text(interface, "NetworkInterfaceId"),
            *(text(item, "GroupId") for item in listed(interface, "Groups")),
        ]
        ids = tuple(name for name in named if name)
        if not self.meant(GROUPS, ids):
            return pieces
        rules = group_rules(self.estate, interface, egress=egress, family=self.address.family, sight=sight)
        return self.sift(
            pieces,
            GROUPS,
            ids,
            lambda box: self.judged(
                box, lambda header: partition(header, rules.sure, rules.maybe), far=egress == self.replying
            ),
            "a group's rule is not known",
        )

    def judged(self, box: Box, judge: Callable[[Box], Parts], *, far: bool) -> Parts:
        """The box by a filter that sees its header: the reply's while replying (S-ACL-04), with the address of the far
        end, or of the destination itself, in the place that the filter matches.
        """
        views = echo_views(box, self.address.family) if self.replying else [(box, box, lambda header: header)]
        found: tuple[list[Box], list[Box], list[Box]] = ([], [], [])
        for _, header, home in views:
            parts = judge(header if far else header._replace(sources=self.address.ranges))
            mixed = not far and sum(any(each.sources != self.address.ranges for each in boxes) for boxes in parts) > 0
            for kind, boxes in enumerate(parts):  # a filter that tells addresses of one delegated prefix apart is open
                at = 1 if mixed else kind
                found[at].extend(home(each if far else each._replace(sources=header.sources)) for each in boxes)
        return Parts([box], [], []) if not found[1] and not found[2] else Parts(*found)

    def state(self, pieces: Pieces, interface: Json) -> Pieces:
        """Into an interface that is in service, of an instance that runs."""
        name = text(interface, "NetworkInterfaceId")
        instance = text(interface, "Attachment", "InstanceId")
        if text(interface, "Status") not in {"in-use", "associated"}:  # S-ENI-01
            pieces = self.stop(pieces, STATE, name, instance)
        if instance is None:
            return pieces
        data = self.estate.instances.get(instance)
        if data is None:
            return self.doubt(pieces, f"{instance} was not read")
        match text(data, "State", "Name"):  # S-INST-01
            case "running" | "pending":
                return pieces
            case "stopping" | "stopped" | "shutting-down" | "terminated":
                return self.stop(pieces, STATE, instance, name)
            case _:
                return self.doubt(pieces, f"the state of {instance} is not known")

    # Ways

    def arrive(self, pieces: Pieces, sight: Sight, *, crossing: bool = True) -> Pieces:
        """From outside the subnet into the destination: ACL in, groups, state, and what the interface itself takes."""
        interface = self.address.interface.data
        if crossing:
            pieces = self.acl(pieces, self.place.subnet, egress=False)
        if not any(free(self.estate, interface) for free in UNFILTERED):
            pieces = self.groups(pieces, interface, sight)
        return self.received(pieces)

    def received(self, pieces: Pieces) -> Pieces:
        """What the destination takes, however it comes there."""
        interface = self.address.interface.data
        pieces = self.state([piece._replace(arrived=True) for piece in pieces], interface)
        return DESTINATIONS.get(kind_of(interface), ordinary)(self, pieces)

    def leave(self, pieces: Pieces) -> Pieces:
        """The reply from the destination to the sender. Security groups are stateful (S-SG-05)."""
        self.replying = True
        place = self.place
        pieces = self.onward(pieces, place, table_of(self.estate, place.subnet))
        out: Pieces = []
        for piece in pieces:
            lost = [] if piece.stop else [one for one in piece.passed if one not in piece.back]
            if lost and self.way.kind in EDGED:  # S-EDGE-03
                out += self.stop([piece], RETURN, place.vpc, *lost)
                continue
            parts = [piece]
            for one in lost:
                for unreturned in UNRETURNED:
                    parts = unreturned(self, parts, one)
            out += parts
        return out

    def onward(self, pieces: Pieces, place: Place, table: Known) -> Pieces:
        """The packets by the route that each takes from the place."""
        if table.record is None:
            pieces = self.acl(pieces, place.subnet, egress=True) if place.subnet else pieces
            return self.astray(pieces, table.why)
        out: Pieces = [piece for piece in pieces if piece.stop]
        going = [piece for piece in pieces if not piece.stop]
        if not self.replying:
            hop = hop_for(self.estate, table.record, self.address.family, self.address.value)
            return out + self._out(going, hop, place)
        for piece in going:
            for hop in hops(self.estate, table.record, self.address.family, piece.box.sources):
                part = piece.box._replace(sources=hop.destinations)
                out += self._out([piece._replace(box=part)], hop, place)
        return out

    def _out(self, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
        """Out of the subnet, past its ACL, but for what stays in it (S-ACL-06)."""
        if place.subnet is None or self.neighbour(hop, place):
            return self.take(pieces, hop, place)
        return self.take(self.acl(pieces, place.subnet, egress=True), hop, place)

    def neighbour(self, hop: Hop, place: Place) -> bool:
        """Whether the route hands packets to an appliance or NAT gateway in the subnet itself."""
        name = hop.target
        if hop.kind == "nat":
            nat = self.estate.get("ec2:DescribeNatGateways", name)
            return nat is not None and place.subnet is not None and text(nat.data, "SubnetId") == place.subnet.id
        box = self.estate.appliance(name) if hop.kind in {"eni", "i"} else None
        return box is not None and place.subnet is not None and text(box.data, "SubnetId") == place.subnet.id

    def take(self, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
        """The packets along one hop."""
        if not pieces:
            return pieces
        layer = RETURN if self.replying else FORWARD
        if self.replying and self.bound and hop.kind in LEAVING - {self.bound}:  # S-IGW-04
            pieces = self.stop(pieces, layer, hop.table, hop.target, place.vpc)
            if self.wanted is None:
                return pieces
        if hop.kind in {"none", "blackhole"}:  # S-RT-06
            pieces = self.stop(pieces, layer, hop.table, hop.target, place.vpc)
            return pieces if self.replying or self.wanted is None else self.arrive(pieces, Sight())
        if hop.kind == "open":
            why = hop.why or f"a route of {hop.table} is in a state that is not known"
            inside = self.replying or place.subnet is not None
            return self.astray(pieces, why) if inside else self.arrive(self.doubt(pieces, why), Sight())
        target = TARGET_KINDS.get(hop.kind)
        if target is None:
            return self.astray(pieces, f"{hop.target} is not modelled")  # S-RT-11
        return target(self, pieces, hop, place)


LEAVING = frozenset({"igw", "pcx", "vgw", "tgw", "nat", "eigw", "cagw", "lgw", "local"})
"""Targets by which packets leave a VPC, or stay in it."""

BOUND = {"internet-gateway": "igw", "pool": "igw", "carrier-gateway": "cagw", "carrier-gateway-beyond": "cagw"}
"""Ways that translate, by kind: the reply has to leave by the same gateway."""

BOUND_ALWAYS = {"transit-gateway-attachment": "tgw"}
"""Ways whose replies have to leave by the same kind of gateway in either family. S-TGW-12"""

EDGED = frozenset({"internet-gateway", "virtual-private-gateway", "pool"})
"""Ways whose gateway may have a route table of its own."""

Target = Callable[[Walk, Pieces, Hop, Place], Pieces]
Destination = Callable[[Walk, Pieces], Pieces]

KEEPING = frozenset({"internet-gateway", "pool", "vpc-peering-connection", "virtual-private-gateway", "local-gateway"})
"""Ways of packets that no NAT gateway of the VPC can translate."""

ASTRAY: list[Destination] = []
"""How packets arrive that took a way which is not known."""

TARGET_KINDS: dict[str, Target] = {}
"""What a route's target does, by the kind of a hop."""

DESTINATIONS: dict[str, Destination] = {}
"""What an interface takes, by its InterfaceType, once groups and state let packets in."""


UNFILTERED: list[Callable[[Estate, Json], bool]] = []
"""Which interfaces take packets past no groups."""


UNRETURNED: list[Callable[[Walk, Pieces, str], Pieces]] = []
"""What becomes of replies that do not come back through a middlebox that the first packets passed."""


def kind_of(interface: Json) -> str:
    """What the interface belongs to: its InterfaceType, or `balancer` for the nodes of load balancers (S-ELB-02)."""
    kind = text(interface, "InterfaceType") or "interface"
    described = (text(interface, "Description") or "").startswith("ELB ")
    return "balancer" if described or kind in {"network_load_balancer", "load_balancer"} else kind


def ordinary(walk: Walk, pieces: Pieces) -> Pieces:  # noqa: ARG001 - one of many kinds
    """An interface that takes what gets to it."""
    return pieces
