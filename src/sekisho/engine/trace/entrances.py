"""One packet out of an entrance, and its reply: the plain reading of S-GA, S-CFO, S-EICE, S-VA, S-LAT, S-CVPN.

The packet carries the caller's source; what the destination sees instead is set here. Where the service picks its
source from a range, a filter is asked once for each address at which some rule begins or has just ended.
"""

from collections.abc import Callable, Iterable, Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import TYPE_CHECKING

import msgspec

from sekisho.engine.packet import TCP, UDP, Delivered, Dropped, Left, Outcome, Packet, Unsettled
from sekisho.model.entrances import INTERNET, Entrance, named_by
from sekisho.model.interface import GroupIdentifier, NetworkInterface
from sekisho.model.record import Undecided

from .filters import ALLOW, Ruling, acl_ruling, at, groups_ruling, header_matches, is_ipv6, spoken, within
from .routes import internet_source_code, public_access_blocked
from .walk import ACL, SG

if TYPE_CHECKING:
    from .forward import Forward
    from .run import Reply

_WITHOUT_SOURCE_PORT = {TCP, UDP}


# The first packet -----------------------------------------------------------------------------------


def enter(walk: "Forward", entrance: Entrance) -> Outcome:
    """Out of the service, to the destination."""
    stopped = _in_operation(walk, entrance) or _hands_in(walk, entrance) or _exposure(walk, entrance)
    if stopped:
        return stopped
    if entrance.source != "caller":
        # The service connects anew: from a port of its own.
        port = None if walk.header.protocol in _WITHOUT_SOURCE_PORT else walk.header.source_port
        walk.header = walk.header._replace(source_port=port)
    if entrance.source == "relay" and entrance.relay:
        return _by_relay(walk, entrance, entrance.relay)
    return _straight(walk, entrance)


def _in_operation(walk: "Forward", entrance: Entrance) -> Dropped | None:
    for reason in entrance.doubts:
        walk.doubt(reason)
    if not entrance.closed:
        return walk.hop(entrance.id, entrance.kind.value, "allow", None, walk.source(*entrance.record))
    return walk.drop("BAD_STATE", entrance.id, entrance.kind.value, entrance.closed, walk.source(*entrance.record))


def _hands_in(walk: "Forward", entrance: Entrance) -> Dropped | None:
    """Whether the service takes the caller's packet and connects to that destination and port."""
    packet, kind, evidence = walk.header, entrance.kind.value, walk.source(*entrance.record)
    family = "ipv6" if is_ipv6(packet.destination) else "ipv4"
    if family not in entrance.families:
        return walk.drop("PROTOCOL_RESTRICTION", entrance.id, kind, f"{entrance.id} carries no {family}", evidence)
    anyone = entrance.callers == (INTERNET,)
    vpc = walk.snapshot.vpcs.get(entrance.vpc)
    own = within(packet.source, vpc.cidrs if vpc else ())
    outsider = internet_source_code(packet.source) or own if anyone else not within(packet.source, entrance.callers)
    opened = entrance.openings is None or any(
        o.protocol == packet.protocol and o.low <= (packet.destination_port or 0) <= o.high for o in entrance.openings
    )
    if outsider or not opened:
        detail = f"{entrance.id} does not hand in {spoken(packet)}"
        return walk.drop("NO_POSSIBLE_DESTINATION", entrance.id, kind, detail, evidence)
    if entrance.admits is not None and not within(packet.destination, entrance.admits):
        detail = f"{entrance.id} authorizes nobody for {packet.destination}"
        return walk.drop("CANNOT_ROUTE", entrance.id, kind, detail, evidence)
    if entrance.routed is not None and not within(packet.destination, entrance.routed):  # S-CVPN-02
        if entrance.unrouted:
            return walk.doubt(entrance.unrouted)
        detail = f"no route of {entrance.id} leads {packet.destination} into {entrance.vpc}"
        return walk.drop("NO_ROUTE_TO_DESTINATION", entrance.id, kind, detail, evidence)
    return None


def _exposure(walk: "Forward", entrance: Entrance) -> Dropped | None:
    """Internet exposure needs an attached internet gateway and is stopped by Block Public Access (S-GA-01)."""
    if not entrance.public:
        return None
    kind, gateway = entrance.kind.value, walk.topology.internet_gateway_of(entrance.vpc)
    if isinstance(gateway, Undecided):
        walk.doubt(gateway.reason)
    elif gateway is None:
        detail = f"{entrance.vpc} has no internet gateway attached, which {entrance.id} needs"
        return walk.drop("BAD_STATE_ATTACHMENT", entrance.vpc, kind, detail, walk.source("vpcs", entrance.vpc))
    holder = _holder(walk, entrance)
    subnet = walk.topology.subnet_of(holder) if holder else Undecided("the holder of the destination is not known")
    if isinstance(subnet, Undecided):
        return walk.doubt(subnet.reason)
    blocked = public_access_blocked(walk.topology, subnet, "ingress", translated=False)
    if isinstance(blocked, Undecided):
        return walk.doubt(blocked.reason)
    if blocked is None:
        return None
    detail = f"Block Public Access ({blocked[0]}) stops ingress of {subnet.subnet_id}"
    return walk.drop("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", entrance.vpc, kind, detail, (blocked[1],))


def _holder(walk: "Forward", entrance: Entrance) -> NetworkInterface | None:
    found = walk.topology.holders_in_vpc(entrance.vpc, walk.header.destination)
    return found[0] if len(found) == 1 else None


def _by_relay(walk: "Forward", entrance: Entrance, relay_id: str) -> Outcome:
    """From the service's own interface, as any host of its subnet sends."""
    relay = walk.snapshot.interfaces[relay_id]
    ipv6 = is_ipv6(walk.header.destination)
    own = [a.ipv6_address for a in relay.ipv6_addresses] if ipv6 else [a.private_ip_address for a in relay.addresses]
    if not own:
        detail = f"{relay_id} has no address of the family"
        return walk.drop("PROTOCOL_RESTRICTION", entrance.id, entrance.kind.value, detail)
    source = min(own, key=ip_address)
    walk.hop(entrance.id, entrance.kind.value, "translate", {"Source": source}, walk.source(*entrance.record))
    walk.header = walk.packet = walk.header._replace(source=source)
    return walk.out_of_interface(relay_id)


def _straight(walk: "Forward", entrance: Entrance) -> Outcome:
    """To the interface that holds the destination: past its subnet's ACL, its groups, its state."""
    interface = _holder(walk, entrance)
    if interface is None:
        return Unsettled(f"who holds {walk.header.destination} in {entrance.vpc} is not known")
    own = tuple(GroupIdentifier(group_id=g) for g in entrance.own_groups)
    as_service = msgspec.structs.replace(interface, groups=own)
    return (
        (walk.ruled(groups_ruling(walk.topology, as_service, walk.header, egress=True), SG) if own else None)
        or _acl_in(walk, entrance, interface)
        or walk.connects(interface)
        or (None if entrance.unfiltered else walk.ruled(_groups(walk, entrance, interface), SG))
        or walk.takes(interface)
        or walk.in_service(interface, "deliver")
        or Delivered(interface.network_interface_id)
    )


def _acl_in(walk: "Forward", entrance: Entrance, interface: NetworkInterface) -> Dropped | None:
    if entrance.acl in {"ignored", "bypassed"}:
        return None
    subnet = walk.topology.subnet_of(interface)
    if isinstance(subnet, Undecided):
        return walk.doubt(subnet.reason)
    acl, assumed = walk.topology.acl_of(subnet), entrance.acl == "assumed-ignored"
    not_applied = f"inbound rules of {subnet.subnet_id}'s network ACL are not applied to what {entrance.id} hands in"
    if isinstance(acl, Undecided):
        walk.assumptions += [not_applied] if assumed else []
        return None if assumed else walk.doubt(acl.reason)
    blocks = [block for e in acl.entries if (block := e.cidr_block or e.ipv6_cidr_block)]
    ruling = _for_each_source(
        entrance, walk.header, blocks, lambda packet: acl_ruling(walk.topology, acl, packet, egress=False)
    )
    if assumed:
        walk.assumptions += [] if ruling.admits else [not_applied]
        return None
    if ruling.admits is not True and (why := _perhaps_unasked(entrance, subnet.subnet_id)):
        return walk.doubt(why)
    return walk.ruled(ruling, ACL)


def _perhaps_unasked(entrance: Entrance, subnet_id: str) -> str:
    """Why the network ACL of the destination's subnet may not be asked; empty where it is."""
    if entrance.acl == "doubtful":
        return f"whether the network ACL filters the clients of {entrance.id} is not documented"
    inside = subnet_id in entrance.subnets
    return f"{entrance.id} may send from {subnet_id}, inside which no network ACL is asked" if inside else ""


def _groups(walk: "Forward", entrance: Entrance, interface: NetworkInterface) -> Ruling:
    """A rule that names what the service is known by, else the rules read on the source."""
    doubt = ""
    for group_id in interface.group_ids:
        group = walk.snapshot.security_groups.get(group_id)
        for index, rule in enumerate(group.ip_permissions if group else ()):
            names = named_by(rule)
            if not header_matches(rule, walk.header):
                continue
            if entrance.known_by & names:
                place = at(walk.snapshot.source("security_groups", group_id), f"/IpPermissions/{index}")
                named = {"GroupId": group_id, "Named": min(entrance.known_by & names)}
                return Ruling(ALLOW, group_id, named, (place,))
            if entrance.perhaps_known_by(names, walk.snapshot):
                doubt = f"{group_id} names a group or prefix list that may be that of {entrance.id}"
    blocks = list(_blocks_of(walk, interface))
    ruling = _for_each_source(
        entrance,
        walk.header,
        blocks,
        lambda p: groups_ruling(walk.topology, interface, p, egress=False, stripped=p.source),
    )
    return ruling._replace(admits=None, detail=doubt) if doubt and ruling.admits is False else ruling


def _blocks_of(walk: "Forward", interface: NetworkInterface) -> Iterator[str]:
    """Every block that a rule of the interface's groups names."""
    for group in (walk.snapshot.security_groups.get(g) for g in interface.group_ids):
        for rule in group.ip_permissions if group else ():
            yield from (r.cidr_ip for r in rule.ip_ranges)
            yield from (r.cidr_ipv6 for r in rule.ipv6_ranges)
            lists = (walk.snapshot.prefix_lists.get(p.prefix_list_id) for p in rule.prefix_list_ids)
            yield from (cidr for x in lists if x for cidr in x.cidrs)


# The reply ------------------------------------------------------------------------------------------


def answer(walk: "Reply", entrance: Entrance, interface_id: str) -> Outcome:
    """Back to the service, whatever the routes: only the ACL of the subnet is asked."""
    if entrance.acl == "bypassed":
        return Left(entrance.id)
    subnet = walk.topology.subnet_of(walk.snapshot.interfaces[interface_id])
    acl = subnet if isinstance(subnet, Undecided) else walk.topology.acl_of(subnet)
    if isinstance(acl, Undecided):
        walk.doubt(acl.reason)
        return Left(entrance.id)
    blocks = [block for e in acl.entries if (block := e.cidr_block or e.ipv6_cidr_block)]
    ruling = _for_each_source(
        entrance, walk.header, blocks, lambda packet: acl_ruling(walk.topology, acl, packet, egress=True), reply=True
    )
    if ruling.admits is not True and (
        why := _perhaps_unasked(entrance, walk.snapshot.interfaces[interface_id].subnet_id or "")
    ):
        walk.doubt(why)
        return Left(entrance.id)
    return walk.ruled(ruling, ACL) or Left(entrance.id)


# A source that the service picks --------------------------------------------------------------------


def _for_each_source(
    entrance: Entrance, packet: Packet, blocks: Iterable[str], rule: Callable[[Packet], Ruling], *, reply: bool = False
) -> Ruling:
    """The one ruling for every source that the service may show; undecided where they differ."""
    if entrance.source == "caller":
        return rule(packet)
    family = 6 if is_ipv6(packet.source if reply else packet.destination) else 4
    sources = _edges(entrance.seen_as, blocks, family)
    packets = [packet._replace(destination=s) if reply else packet._replace(source=s) for s in sources]
    rulings = [rule(p) for p in packets]
    if not rulings:
        return Ruling(None, entrance.id, detail=f"the addresses of {entrance.id} are not known")
    first = rulings[0]
    if all(r.admits == first.admits for r in rulings):
        return first
    detail = f"{first.component} admits only some of the addresses that {entrance.id} may come from"
    return Ruling(None, first.component, detail=detail)


def _edges(seen_as: Iterable[str], blocks: Iterable[str], version: int) -> list[str]:
    """The addresses of the ranges at which what rules say may change."""
    ranges = [n for n in map(ip_network, seen_as) if n.version == version]
    named = [n for n in map(ip_network, blocks) if n.version == version]
    marks = {int(r.network_address) for r in ranges}
    marks |= {edge for n in named for edge in (int(n.network_address), int(n.broadcast_address) + 1)}
    inside = (m for m in sorted(marks) if any(int(r[0]) <= m <= int(r[-1]) for r in ranges))
    address = IPv6Address if version == 6 else IPv4Address  # noqa: PLR2004
    return [str(address(m)) for m in inside]
