"""Who is behind which load balancer, and the ways that lead there."""

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
    targets,
)
from sekisho_check.boxes import PORTS, Box, whole
from sekisho_check.estate import Estate, Record, listed, text, texts
from sekisho_check.gateways import direct_connect, far_side
from sekisho_check.links import Link
from sekisho_check.ranges import block, everything, normal, one
from sekisho_check.senders import subnet_of
from sekisho_check.transit import same_zone
from sekisho_check.walk import Address, Piece, Pieces, Walk, Way
from sekisho_check.ways import BEHIND, Found, enter, ways_of

V4 = 4
DEEPEST = 4
"""No packet is followed through more load balancers."""


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
    if target.kind == "instance" and len({interface.id for interface, _ in held}) > 1:
        only = frozenset((interface.id, address) for interface, address in held)
        found.doubts.append(
            (
                balancer,
                Doubt(
                    f"which interface of {target.name} is its first is not known", joined(estate, balancer.vpc), only
                ),
            )
        )
        return
    if lacking:
        only = frozenset((interface.id, address) for interface, address in held)
        found.doubts.append((balancer, Doubt(lacking, joined(estate, balancer.vpc), only)))
    enabled = [estate.get("ec2:DescribeSubnets", name) for name in balancer.subnets]
    across = cross_zone(estate, balancer, target.group)
    for interface, address in held:
        subnet = subnet_of(estate, interface)
        elsewhere = target.kind == "ip" and (target.everywhere or text(interface.data, "VpcId") != balancer.vpc)
        near = not elsewhere
        zones = {_together(one, subnet) for one in enabled}
        if near and zones == {False}:  # S-ELB-07
            continue
        for node in known:
            together = _together(subnet_of(estate, node), subnet) if near else True
            if together is False and across is False:
                continue
            known_zone = together is True or (across is True and (not near or True in zones))
            vague = "" if known_zone else "whether the node sends to the target's zone is not known"
            own = next((each.value for each in addresses_of(node) if each.family == target.family), None)
            for client in addresses_of(node):
                if own is not None and target.protocols:
                    mine = client.value if client.family == target.family else own
                    found.to[interface.id, address].append(
                        Link(balancer, target, client, mine, interface.id, address, vague)
                    )


def _together(one: Record | None, other: Record | None) -> bool | None:
    """Whether two subnets are in one zone; None where that is not known."""
    return None if one is None or other is None else same_zone(one, other)


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
    """The interfaces and addresses on which the target is reached (S-ELB-06)."""
    if target.kind == "instance":
        return [
            (one, written)
            for one in first_of(estate, target.name)
            if (written := primary(one, target.family)) is not None
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
    return [(one, target.name) for one in near or held]


def first_interfaces(estate: Estate) -> dict[str, list[Record]]:
    """The first interface of each instance (S-ELB-06)."""
    if "first interfaces" not in estate.memo:
        found: dict[str, list[Record]] = defaultdict(list)
        for record in estate.all("ec2:DescribeNetworkInterfaces"):
            attachment = record.data.get("Attachment")
            instance = text(attachment, "InstanceId")
            if not instance or not isinstance(attachment, dict):
                continue
            if attachment.get("DeviceIndex", 0) == 0 and attachment.get("NetworkCardIndex", 0) == 0:
                found[instance].append(record)
        estate.memo["first interfaces"] = found
    known: dict[str, list[Record]] = estate.memo["first interfaces"]
    return known


def first_of(estate: Estate, instance: str) -> list[Record]:
    """The interfaces of the instance one of which is its first: one alone where the snapshot shows which."""
    found = first_interfaces(estate).get(instance, [])
    sure = [one for one in found if isinstance(one.data["Attachment"].get("DeviceIndex"), int)]
    return sure or found


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
    """The VPC and those that peering connections or transit gateways join to it (S-ELB-10)."""
    key = ("joined", vpc)
    if key not in estate.memo:
        found = {vpc}
        for record in estate.all("ec2:DescribeVpcPeeringConnections"):
            far = far_side(record, vpc)
            if far is not None and (record.disputed or text(record.data, "Status", "Code") == "active"):
                found.add(text(far, "VpcId") or "")
        if not estate.read("ec2:DescribeVpcPeeringConnections", *estate.home(vpc)):
            found |= {one.id for one in estate.all("ec2:DescribeVpcs")} | set(estate.interfaces_of_vpc)
        if _on_transit(estate, vpc):
            found |= {one.id for one in estate.all("ec2:DescribeVpcs") if _on_transit(estate, one.id)}
        estate.memo[key] = frozenset(found)
    known: frozenset[str] = estate.memo[key]
    return known


def _on_transit(estate: Estate, vpc: str) -> bool:
    """Whether the VPC may have an attachment that carries packets (S-TGW-02)."""
    known, unread = of_vpc(estate, vpc)
    return bool(unread) or any(not one.dead for one in known)


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
                doubts += [way.open] if way.kind == "open" and _leads_on(estate, address, link, way) else []
                continue
            spare = way.spare or (link.node.family != V4 and _only_ipv4(estate, way))
            packets = _passed_on(link, way)
            if not packets:
                continue
            words = (*way.words, *link.words)
            family = way.family or link.node.family
            ways.append(
                Way(words, way.sources, None, "", "", way, link, packets, family, masked=way.masked, spare=spare)
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


def _leads_on(estate: Estate, address: Address, link: Link, way: Way) -> bool:
    """Whether something may get to the address through the node, by whatever way it comes to the node."""
    protocols = normal((number, number) for number in link.target.protocols)
    packets = Box(protocols, everything(link.node.family), one(link.target.port), PORTS)
    onward = Way((*way.words, *link.words), (), client=way, through=link)
    return any(piece.stop is None for piece in enter(Walk(estate, address, onward), [Piece(packets)]))


def _only_ipv4(estate: Estate, way: Way) -> bool:
    """Whether it brings no packet of IPv6 to a node (S-CAGW-01, S-LGW-01, S-VGW-02)."""
    if way.kind == "virtual-private-gateway":
        return direct_connect(estate, way.words[1] or "") is False
    return way.kind in {"carrier-gateway", "carrier-gateway-beyond", "local-gateway"}


def _passed_on(link: Link, way: Way) -> tuple[Box, ...]:
    """What the client's packets become at the target: those on the listener's port and of its protocols."""
    protocols = normal((number, number) for number in link.target.protocols)
    taken = Box(protocols, way.sources, one(link.target.listener.port), PORTS)
    held = [part for box in way.packets or (taken,) if (part := box & taken) is not None]
    return tuple(box._replace(thirds=one(link.target.port)) for box in held)


def _alone(ways: list[Way]) -> list[Way]:
    """Each way once: several rules of a listener may lead to one target."""
    return list({way.words: way for way in ways}.values())


def _unread(estate: Estate, address: Address, origin: str) -> list[str]:
    """Why there may be other load balancers: nodes that get packets and are none's show it (S-ELB-10)."""
    strange = _strange(estate)
    return [
        f"{node.id} belongs to a load balancer that was not read"
        for vpc in sorted(joined(estate, address.vpc) & strange.keys())
        for node in strange[vpc]
        if node.id != address.interface.id and _reached(estate, node, origin)
    ]


def _strange(estate: Estate) -> dict[str, list[Record]]:
    """Nodes of load balancers that are not in the snapshot, by VPC."""
    if "strange nodes" not in estate.memo:
        found: dict[str, list[Record]] = defaultdict(list)
        for node in estate.all("ec2:DescribeNetworkInterfaces"):
            named = (text(node.data, "Description") or "").startswith("ELB ")
            if named and balancer_of(estate, node.data) is None:
                found[text(node.data, "VpcId") or ""].append(node)
        estate.memo["strange nodes"] = dict(found)
    known: dict[str, list[Record]] = estate.memo["strange nodes"]
    return known


def _reached(estate: Estate, node: Record, origin: str) -> bool:
    """Whether some packet of the origin may get to the node by ways of its own."""
    key = ("reached", node.id, origin)
    if key not in estate.memo:
        own = addresses_of(node)
        estate.memo[key] = any((node.id, address.text) in links(estate).to for address in own) or any(
            way.kind == "open" or any(piece.stop is None for piece in _all_packets(estate, address, way))
            for address in own
            for way in ways_of(estate, address, origin, DEEPEST)
            if way.kind != "none"
        )
    return bool(estate.memo[key])


def _all_packets(estate: Estate, address: Address, way: Way) -> Pieces:
    boxes = list(way.packets) or whole(address.family, way.sources)
    return enter(Walk(estate, address, way), [Piece(box) for box in boxes])


BEHIND.append(behind_balancers)
