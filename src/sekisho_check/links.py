"""Ways through load balancers: from a client to a node, and from the node to a target."""

from __future__ import annotations

from collections import defaultdict
from typing import NamedTuple

from sekisho_check.attachments import of_vpc
from sekisho_check.balancers import (
    APPLICATION,
    CLASSIC,
    NETWORK,
    Balancer,
    Target,
    balancer_of,
    balancers,
    cross_zone,
    forwards,
    listeners,
    nodes,
    of_classic,
    preserves,
    targets,
)
from sekisho_check.boxes import PORTS, Box, whole
from sekisho_check.choices import whichever
from sekisho_check.estate import Estate, Record, listed, text, texts
from sekisho_check.filters import Sight
from sekisho_check.gateways import far_side
from sekisho_check.ranges import block, normal, one
from sekisho_check.routes import hop_for, table_of
from sekisho_check.senders import Sender, neighbours, out_of_sender, sent, sent_back, subnet_of, walk_from
from sekisho_check.transit import zone_of
from sekisho_check.walk import GATEWAY, Address, Piece, Pieces, Place, Walk, Way
from sekisho_check.ways import BEHIND, Found, enter, leave, ways_of

DEEPEST = 4
"""No packet is followed through more load balancers."""


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
        at = (self.node.interface.id, self.node.text, self.interface, self.address)
        return ("load-balancer", self.balancer.id, str(self.target.listener.port), *at, str(self.target.port))

    @property
    def proxy(self) -> bool:
        """Whether it waits for the client's connection before it opens its own. S-ELB-04"""
        return self.balancer.kind != NETWORK

    # As a passage of walks

    def enter(self, walk: Walk, pieces: Pieces) -> Pieces:
        client = walk.way.client
        assert client is not None  # noqa: S101 - a way through a link has one
        estate = walk.estate
        pieces = _ported(pieces, self.target.listener.port)
        pieces = enter(Walk(estate, self.node, client, walk.wanted), pieces)
        if self.proxy:
            pieces = leave(Walk(estate, self.node, client, walk.wanted), pieces)
        pieces = _ported(pieces, self.target.port)
        if self.vague:
            pieces = walk.doubt(pieces, self.vague)
        if not self.target.healthy:  # S-ELB-08
            pieces = walk.assume(pieces, f"{self.target.name} becomes healthy")
        return whichever(walk, pieces, [(self._seen if seen else self._masked) for seen in self._kept(estate, client)])

    def leave(self, walk: Walk, pieces: Pieces) -> Pieces:
        client = walk.way.client
        assert client is not None  # noqa: S101 - a way through a link has one
        legs = [(self._seen_back if seen else self._masked_back) for seen in self._kept(walk.estate, client)]
        pieces = whichever(walk, pieces, legs)
        if self.proxy:
            return pieces
        pieces = _ported(pieces, self.target.listener.port)
        pieces = leave(Walk(walk.estate, self.node, client, walk.wanted), pieces)
        return _ported(pieces, self.target.port)

    def _kept(self, estate: Estate, client: Way) -> list[bool]:
        """Whether the target sees the client's address: both where that is not known. S-NLB-03, S-PL-03"""
        if client.masked or self.node.family != self.target.family:
            return [False]
        kept = preserves(estate, self.balancer, self.target)
        return [True, False] if kept is None else [kept]

    # The target sees the node

    def _sender(self, estate: Estate) -> Sender:
        node = self.node.interface
        place = Place(self.balancer.vpc, subnet_of(estate, node))
        sight = Sight(vpcs=(self.balancer.vpc,), groups=self._named())
        egress = None if self._ungrouped() else node.data
        key = (self.balancer.id, node.id, str(self.own))
        return Sender(key, place, one(self.own), sight, egress, always_acl=self.balancer.kind == CLASSIC)

    def _named(self) -> frozenset[str]:
        """Groups of a network load balancer: rules that name them admit what comes through it. S-NLB-02"""
        return frozenset(self.balancer.groups) if self.balancer.kind == NETWORK else frozenset()

    def _ungrouped(self) -> bool:
        return self.balancer.kind == NETWORK and not self.balancer.groups  # S-NLB-01

    def _masked(self, walk: Walk, pieces: Pieces) -> Pieces:
        return sent(walk, pieces, self._sender(walk.estate))

    def _masked_back(self, walk: Walk, pieces: Pieces) -> Pieces:
        return sent_back(walk, pieces, self._sender(walk.estate))

    # The target sees the client. S-NLB-04

    def _walk(self, walk: Walk) -> tuple[Walk, Sender]:
        sender = self._sender(walk.estate)
        again = walk_from(walk.estate, walk.address, Way(("sender", *sender.key), ()), walk.wanted, sender)
        again.sight = Sight(groups=self._named())
        return again, sender

    def _seen(self, walk: Walk, pieces: Pieces) -> Pieces:
        own, pieces = walk.split(pieces, walk.address.ranges)
        own = walk.stop(own, GATEWAY, self.balancer.id, self.node.interface.id, walk.address.interface.id)
        walk, sender = self._walk(walk)
        pieces = out_of_sender(walk, pieces, sender.egress)
        subnet, home = sender.place.subnet, walk.place.subnet
        table = table_of(walk.estate, subnet)
        if subnet is None or home is None or table.record is None or walk.address.vpc != self.balancer.vpc:
            return own + walk.doubt(pieces, f"how {self.balancer.id} sends to {self.address} is not known")
        if neighbours(sender.place, walk):
            asked = (
                walk.acl(walk.acl(pieces, subnet, egress=True), home, egress=False) if walk.wanted is None else pieces
            )
            undocumented = "whether the ACL is asked between neighbours is not documented"
            asked = [
                one._replace(stop=None, open=one.open or undocumented) if one.stop and one not in pieces else one
                for one in asked
            ]
            return own + walk.arrive(asked, walk.sight, crossing=False)
        if hop_for(walk.estate, table.record, walk.address.family, walk.address.value).kind != "local":
            return own + walk.doubt(pieces, f"how {self.balancer.id} sends to {self.address} is not known")
        return own + walk.arrive(walk.acl(pieces, subnet, egress=True), walk.sight)

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


# Which links there are


class Doubt(NamedTuple):
    """Somebody may be behind a load balancer and is not in the snapshot."""

    why: str
    vpcs: frozenset[str]
    """In one of these VPCs."""
    only: frozenset[tuple[str, str]] | None = None
    """One of these interfaces and addresses."""


class Links(NamedTuple):
    to: dict[tuple[str, str], list[Link]]
    doubts: list[tuple[Balancer, Doubt]]


def links(estate: Estate) -> Links:
    """All links, by the target's interface and address."""
    if "links" not in estate.memo:
        found = Links(defaultdict(list), [])
        for balancer in balancers(estate).values():
            if balancer.kind in {APPLICATION, NETWORK, CLASSIC}:
                _behind(estate, balancer, found)
        estate.memo["links"] = found
    known: Links = estate.memo["links"]
    return known


def _behind(estate: Estate, balancer: Balancer, found: Links) -> None:
    reach = joined(estate, balancer.vpc)
    taken = listeners(estate, balancer)
    if taken is None:
        found.doubts.append((balancer, Doubt(f"the listeners of {balancer.id} were not read", reach)))
        return
    for listener, data in taken:
        if balancer.kind == CLASSIC:
            for target in of_classic(balancer, listener, data):
                _link(estate, balancer, target, found)
            continue
        names, unread = forwards(estate, balancer, listener, data)
        maybe = [
            one.id
            for one in estate.all("elbv2:DescribeTargetGroups")
            if balancer.id in texts(one.data, "LoadBalancerArns")
        ]
        for name in dict.fromkeys([*names, *(maybe if unread else [])]):
            why = unread if name not in names else ""
            group = estate.get("elbv2:DescribeTargetGroups", name)
            behind = None if group is None else targets(estate, listener, group)
            if behind is None:
                found.doubts.append((balancer, Doubt(f"the targets of {name} were not read", reach)))
                continue
            for target in behind:
                if why:
                    held = frozenset((one.id, address) for one, address in resolve(estate, balancer, target))
                    found.doubts.append((balancer, Doubt(why, reach, held)))
                else:
                    _link(estate, balancer, target, found)


def _link(estate: Estate, balancer: Balancer, target: Target, found: Links) -> None:
    known, lacking = nodes(estate, balancer)
    held = resolve(estate, balancer, target)
    if lacking:
        only = frozenset((interface.id, address) for interface, address in held)
        found.doubts.append((balancer, Doubt(lacking, joined(estate, balancer.vpc), only)))
    enabled = {zone_of(one) for name in balancer.subnets if (one := estate.get("ec2:DescribeSubnets", name))}
    across = cross_zone(estate, balancer, target.group)
    for interface, address in held:
        subnet = subnet_of(estate, interface)
        zone = zone_of(subnet) if subnet else None
        near = text(interface.data, "VpcId") == balancer.vpc and not target.everywhere
        if near and zone not in enabled:  # S-ELB-07
            continue
        for node in known:
            there = subnet_of(estate, node)
            apart = near and there is not None and zone_of(there) != zone
            if apart and across is False:
                continue
            vague = "whether nodes send to other zones is not known" if apart and across is None else ""
            own = next((each.value for each in addresses_of(node) if each.family == target.family), None)
            for client in addresses_of(node):
                if own is not None and target.protocols:
                    mine = client.value if client.family == target.family else own
                    found.to[interface.id, address].append(
                        Link(balancer, target, client, mine, interface.id, address, vague)
                    )


def addresses_of(interface: Record) -> list[Address]:
    """The addresses of a node: its private one of IPv4, and those of IPv6."""
    given = [
        text(interface.data, "PrivateIpAddress"),
        *(text(one, "Ipv6Address") for one in listed(interface.data, "Ipv6Addresses")),
    ]
    return [address for written in given if written and (address := address_at(interface, written)) is not None]


def address_at(interface: Record, written: str) -> Address | None:
    found = block(written)
    return None if found is None else Address(interface, written, found.family, found[1], found.ranges, prefix=False)


def resolve(estate: Estate, balancer: Balancer, target: Target) -> list[tuple[Record, str]]:
    """The interfaces and addresses on which the target is reached. S-ELB-06"""
    if target.kind == "instance":
        return [
            (one, written)
            for one in estate.all("ec2:DescribeNetworkInterfaces")
            if text(one.data, "Attachment", "InstanceId") == target.name
            and one.data["Attachment"].get("DeviceIndex", 0) == 0
            and one.data["Attachment"].get("NetworkCardIndex", 0) == 0
            and (written := primary(one, target.family)) is not None
        ]
    if target.kind == "alb":
        inner = balancers(estate).get(target.name)
        if inner is None or inner.kind != APPLICATION or balancer.kind != NETWORK:
            return []
        return [
            (one, written) for one in nodes(estate, inner)[0] if (written := primary(one, target.family)) is not None
        ]
    held = holders(estate).get(target.name, [])
    near = [one for one in held if text(one.data, "VpcId") == balancer.vpc]
    reach = joined(estate, balancer.vpc)
    return [(one, target.name) for one in near or held if text(one.data, "VpcId") in reach]


def primary(interface: Record, family: int) -> str | None:
    return next((one.text for one in addresses_of(interface) if one.family == family), None)


def holders(estate: Estate) -> dict[str, list[Record]]:
    """Interfaces by each of their addresses, as it is written."""
    if "address holders" not in estate.memo:
        found: dict[str, list[Record]] = defaultdict(list)
        for record in estate.all("ec2:DescribeNetworkInterfaces"):
            data = record.data
            own = [text(one, "PrivateIpAddress") for one in listed(data, "PrivateIpAddresses")] or [
                text(data, "PrivateIpAddress")
            ]
            own += [text(one, "Ipv6Address") for one in listed(data, "Ipv6Addresses")]
            for written in dict.fromkeys(own):
                found[written or ""].append(record)
        estate.memo["address holders"] = found
    known: dict[str, list[Record]] = estate.memo["address holders"]
    return known


def joined(estate: Estate, vpc: str) -> frozenset[str]:
    """The VPC and those that peering connections or transit gateways join to it. S-ELB-10"""
    key = ("joined", vpc)
    if key not in estate.memo:
        found = {vpc}
        for record in estate.all("ec2:DescribeVpcPeeringConnections"):
            far = far_side(record, vpc)
            if far is not None:
                found.add(text(far, "VpcId") or "")
        if of_vpc(estate, vpc)[0] or of_vpc(estate, vpc)[1]:
            found |= {one.id for one in estate.all("ec2:DescribeVpcs") if any(of_vpc(estate, one.id))}
        estate.memo[key] = frozenset(found)
    known: frozenset[str] = estate.memo[key]
    return known


# As ways


def behind_balancers(estate: Estate, address: Address, origin: str, deep: int) -> Found:
    """The ways of an origin to the address through load balancers."""
    ways: list[Way] = []
    doubts: list[str] = []
    known = links(estate)
    if deep >= DEEPEST:
        return Found()
    for link in known.to.get((address.interface.id, address.text), []):
        for way in ways_of(estate, link.node, origin, deep + 1):
            if way.kind in {"open", "none"}:
                doubts += [way.open] if way.kind == "open" else []
                continue
            protocols = normal((number, number) for number in link.target.protocols)
            packets = (Box(protocols, way.sources, one(link.target.port), PORTS),)
            masked = way.masked or way.kind == "endpoint-service"
            ways.append(
                Way((*way.words, *link.words), way.sources, client=way, through=link, packets=packets, masked=masked)
            )
    for balancer, doubt in known.doubts:
        if address.vpc not in doubt.vpcs or (
            doubt.only is not None and (address.interface.id, address.text) not in doubt.only
        ):
            continue
        known_nodes = nodes(estate, balancer)[0]
        if not known_nodes or any(_reached(estate, node, origin) for node in known_nodes):
            doubts.append(doubt.why)
    doubts += _unread(estate, address, origin)
    return Found(_alone(ways), open=doubts[0] if doubts else "")


def _alone(ways: list[Way]) -> list[Way]:
    """Each way once: several rules of a listener may lead to one target."""
    return list({way.words: way for way in ways}.values())


def _unread(estate: Estate, address: Address, origin: str) -> list[str]:
    """Why there may be load balancers that are not in the snapshot: nodes of them that get packets show it. S-ELB-10"""
    return [
        f"{node.id} belongs to a load balancer that was not read"
        for vpc in sorted(joined(estate, address.vpc))
        for node in estate.interfaces_of_vpc[vpc]
        if (text(node.data, "Description") or "").startswith("ELB ")
        and node.id != address.interface.id
        and balancer_of(estate, node.data) is None
        and _reached(estate, node, origin)
    ]


def _reached(estate: Estate, node: Record, origin: str) -> bool:
    """Whether some packet of the origin may get to the node by ways of its own."""
    key = ("reached", node.id, origin)
    if key not in estate.memo:
        estate.memo[key] = any(
            way.kind == "open" or any(piece.stop is None for piece in _all_packets(estate, address, way))
            for address in addresses_of(node)
            for way in ways_of(estate, address, origin, DEEPEST)
            if way.kind != "none"
        )
    return bool(estate.memo[key])


def _all_packets(estate: Estate, address: Address, way: Way) -> Pieces:
    boxes = list(way.packets) or whole(address.family, way.sources)
    return enter(Walk(estate, address, way), [Piece(box) for box in boxes])


BEHIND.append(behind_balancers)
