"""One packet through load balancers: to a node, what the balancer makes of it, and from the node to a target.

The way to the node is an ordinary one. There the listener's own words decide whether the target that is asked
about is behind it (S-ELB-03 to S-ELB-07). A balancer that stands between opens a connection of its own; one that
preserves client addresses hands the packet on, and gets its reply back whatever the routes say (S-NLB-03, S-NLB-04).
"""

from typing import NamedTuple

from sekisho.engine.packet import (
    Delivered,
    Dropped,
    EndpointStop,
    Entry,
    Hop,
    InterfaceEntry,
    Left,
    Outcome,
    Packet,
    ServiceEntry,
    Stop,
    Trace,
    Unsettled,
)
from sekisho.model.entrances import EntranceKind
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.targets import Balancer, Place
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .ends import LB
from .filters import ALLOW, Ruling, at, groups_ruling, header_matches, is_ipv6, within
from .forward import Forward
from .routes import choose
from .run import Reply, answered, trace
from .walk import ENI, SG


class _Half(NamedTuple):
    """The way between node and target, there and back."""

    forward: tuple[Hop, ...]
    outcome: Outcome
    reply: tuple[Hop, ...] = ()
    reply_outcome: Outcome | None = None
    assumptions: tuple[str, ...] = ()


def relayed(topology: Topology, packet: Packet, entry: Entry, stops: tuple[Stop | EndpointStop, ...]) -> Trace:
    """The way of a packet through each stop in turn, and of its reply all the way back."""
    whole = trace(topology, packet, entry)
    hidden = isinstance(entry, ServiceEntry) and entry.entrance.kind is EntranceKind.ENDPOINT_SERVICE
    for stop in stops:
        if isinstance(stop, EndpointStop):
            whole, hidden = _by_endpoint(topology, whole, stop), True
            continue
        if whole.outcome != Delivered(stop.node):
            return whole
        half = _onward(topology, whole.forward[-1].header, stop, hidden=hidden)
        whole = _joined(whole, half, proxy=_is_proxy(topology, stop))
    return whole


def _by_endpoint(topology: Topology, client: Trace, stop: EndpointStop) -> Trace:
    """From the endpoint's interface to the node that its service hands the packet to (S-PL-01)."""
    if client.outcome != Delivered(stop.interface):
        return client
    packet = client.forward[-1].header._replace(destination=stop.address)
    handed = trace(topology, packet, ServiceEntry(stop.entrance))
    half = _Half(handed.forward, handed.outcome, handed.reply, handed.reply_outcome, handed.assumptions)
    return _joined(client, half, proxy=False)


def _is_proxy(topology: Topology, stop: Stop) -> bool:
    """Whether the balancer sends nothing on before its client's connection is made (S-ELB-04)."""
    balancer = topology.balancers.of_interface(topology.snapshot.interfaces[stop.node])
    return balancer is not None and balancer.kind != "network"


def _joined(client: Trace, half: _Half, *, proxy: bool) -> Trace:
    if proxy and not isinstance(client.reply_outcome, Delivered | Left):
        lost = client.reply_outcome or Unsettled("the client's connection is not made")
        return Trace(client.forward, lost, client.reply, None, client.assumptions)
    forward, assumptions = client.forward + half.forward, tuple(dict.fromkeys(client.assumptions + half.assumptions))
    if not isinstance(half.outcome, Delivered) or half.reply_outcome is None:
        return Trace(forward, half.outcome, assumptions=assumptions)
    if not isinstance(half.reply_outcome, Delivered | Left):
        return Trace(forward, half.outcome, half.reply, half.reply_outcome, assumptions)
    return Trace(forward, half.outcome, half.reply + client.reply, client.reply_outcome, assumptions)


def _onward(topology: Topology, header: Packet, stop: Stop, *, hidden: bool) -> _Half:
    """What the balancer does with a packet that its node has taken."""
    node = topology.snapshot.interfaces[stop.node]
    balancer = topology.balancers.of_interface(node)
    if balancer is None:
        return _Half((), Unsettled(f"the load balancer of {stop.node} is not in the snapshot"))
    place = _chosen(topology, balancer, header, stop)
    if not isinstance(place, Place):
        return _Half((_hop(balancer, header, "deny", stop),), place)
    barred = _barred(topology, balancer, node, place)
    if barred:
        return _Half((_hop(balancer, header, "deny", stop),), barred)
    kept = place.treatment.preserved
    if hidden or is_ipv6(header.source) != is_ipv6(place.address):
        kept = False
    hop = _hop(balancer, header, "route" if kept is True else "translate", stop)
    halves = [_kept(topology, node, place, header)] if kept is not False else []
    if kept is not True:
        halves.append(_own(topology, balancer, node, place, header=header, source=stop.source))
    half = _common(halves, kept.reason if isinstance(kept, Undecided) else "")
    unwell = (f"{place.address} is `{place.unwell}` and gets packets",) if place.unwell else ()
    return half._replace(forward=(hop, *half.forward), assumptions=half.assumptions + unwell)


def _common(halves: list[_Half], reason: str) -> _Half:
    """What holds however the balancer treats client addresses; where packet or reply end apart, it is not settled."""
    half = halves[-1]
    if len({type(h.outcome) for h in halves}) > 1:
        return _Half((), Unsettled(reason))
    if len({type(h.reply_outcome) for h in halves}) > 1:
        return half._replace(reply=(), reply_outcome=Unsettled(reason))
    return half


def _hop(balancer: Balancer, header: Packet, action: str, stop: Stop) -> Hop:
    rule = {"Port": header.destination_port, "Target": stop.address, "TargetPort": stop.port}
    kind = {"route": "route", "translate": "translate"}.get(action, "deny")
    return Hop(balancer.id, LB, kind, rule, header, (balancer.source,))  # type: ignore[arg-type]


def _chosen(topology: Topology, balancer: Balancer, header: Packet, stop: Stop) -> Place | Dropped | Unsettled:
    """The target behind the listener that takes the packet, if it is there."""
    fronts = topology.balancers.fronts(balancer)
    if isinstance(fronts, Undecided):
        return Unsettled(fronts.reason)
    wanted = (stop.target, stop.address, stop.port)
    doubt = None
    for front in fronts:
        if header.protocol not in front.protocols or front.port != header.destination_port:
            continue
        for place in topology.balancers.targets(balancer, front):
            if isinstance(place, Undecided):
                doubt = doubt or place.reason
            elif (place.interface.network_interface_id, place.address, place.port) == wanted:
                return place
    if doubt:
        return Unsettled(doubt)
    detail = f"{stop.address} is no target behind port {header.destination_port} of {balancer.name}"
    return Dropped("TARGET_ADDRESS_RESTRICTION", balancer.id, detail)


def _barred(topology: Topology, balancer: Balancer, node: NetworkInterface, place: Place) -> Dropped | Unsettled | None:
    """State of the balancer, and zones (S-ELB-07)."""
    if not balancer.in_service:
        return Dropped("BAD_STATE", balancer.id, f"{balancer.name} is {balancer.state}")
    home = topology.balancers.zone_of(node)
    if place.zone is None or home == place.zone:
        return None
    unseen, crosses = topology.balancers.zones_gap(balancer), place.treatment.crosses
    if place.zone not in topology.balancers.zones(balancer):
        detail = f"{balancer.name} is not enabled in {place.zone}"
        return Unsettled(unseen) if unseen else Dropped("ELB_INSTALLED_AZ_RESTRICTION", balancer.id, detail)
    if isinstance(crosses, Undecided):
        return Unsettled(crosses.reason)
    return None if crosses else _not_across(balancer, unseen if home is None else None)


def _not_across(balancer: Balancer, unseen: str | None) -> Dropped | Unsettled:
    detail = f"{balancer.name} sends nothing to another zone"
    return Unsettled(unseen) if unseen else Dropped("ELB_NOT_CROSSZONE", balancer.id, detail)


# A connection of the balancer's own --------------------------------------------------------------------


class _FromClassic(Forward):
    """Out of a classic balancer, whose subnet's ACL is asked for a neighbour too (S-CLB-02)."""

    def send(self, subnet: Subnet) -> Outcome:
        neighbour = within(self.header.destination, subnet.cidrs)
        return (self.network_acl(subnet, egress=True) if neighbour else None) or super().send(subnet)


def _own(
    topology: Topology, balancer: Balancer, node: NetworkInterface, place: Place, *, header: Packet, source: str
) -> _Half:
    packet = Packet(source, place.address, header.protocol, None, place.port)
    make = _FromClassic if balancer.kind == "classic" else Forward
    forward = make(topology, packet, InterfaceEntry(node.network_interface_id))
    outcome = forward.settled(forward.run())
    assumptions = tuple(forward.assumptions)
    if outcome != Delivered(place.interface.network_interface_id):
        return _Half(tuple(forward.hops), outcome, assumptions=assumptions)
    reply = Reply(forward)
    returned = reply.settled(reply.kept(reply.run(Delivered(place.interface.network_interface_id))))
    return _Half(
        tuple(forward.hops), outcome, tuple(reply.hops), returned, assumptions=(*assumptions, *reply.assumptions)
    )


# Client addresses preserved ----------------------------------------------------------------------------


def _kept(topology: Topology, node: NetworkInterface, place: Place, header: Packet) -> _Half:
    packet = header._replace(destination=place.address, destination_port=place.port)
    forward = _HandedOn(topology, packet, node, place.interface)
    outcome = forward.settled(forward.run())
    if not isinstance(outcome, Delivered):
        return _Half(tuple(forward.hops), outcome)
    back = _HandedOn(topology, answered(packet), node, place.interface)
    returned = back.settled(back.back())
    return _Half(tuple(forward.hops), outcome, tuple(back.hops), returned)


class _HandedOn(Forward):
    """The client's packet between node and target: filters are asked, routes are not."""

    def __init__(self, topology: Topology, packet: Packet, node: NetworkInterface, target: NetworkInterface) -> None:
        super().__init__(topology, packet, InterfaceEntry(node.network_interface_id))
        self.node = node
        self.target = target

    def run(self) -> Outcome:
        here, there = self.topology.subnet_of(self.node), self.topology.subnet_of(self.target)
        return (
            (self.security_groups(self.node, egress=True) if self.node.group_ids else None)
            or self.crossed(here, there, reply=False)
            or self.loops()
            or self.admitted()
            or self.takes(self.target)
            or self.in_service(self.target, "deliver")
            or Delivered(self.target.network_interface_id)
        )

    def back(self) -> Outcome:
        here, there = self.topology.subnet_of(self.node), self.topology.subnet_of(self.target)
        return self.crossed(there, here, reply=True) or Delivered(self.node.network_interface_id)

    def crossed(self, start: Subnet | Undecided, end: Subnet | Undecided, *, reply: bool) -> Dropped | None:
        """The ACLs of the two subnets; inside one subnet no document says whether it is asked."""
        for subnet in (start, end):
            if isinstance(subnet, Undecided):
                return self.doubt(subnet.reason)
        if isinstance(start, Undecided) or isinstance(end, Undecided):
            return None
        if start.vpc_id != end.vpc_id:
            return self.doubt(f"whether client addresses are kept from {start.vpc_id} to {end.vpc_id} is not modelled")
        if start.subnet_id == end.subnet_id:
            return self.inside(start)
        return (
            (None if reply else self.straight(start))
            or self.network_acl(start, egress=True)
            or self.network_acl(end, egress=False)
        )

    def inside(self, subnet: Subnet) -> Dropped | None:
        hops = len(self.hops)
        denied = self.network_acl(subnet, egress=True) or self.network_acl(subnet, egress=False)
        if denied is None:
            return None
        del self.hops[hops:]
        return self.doubt(f"whether the network ACL of {subnet.subnet_id} filters what a node hands on inside it")

    def straight(self, here: Subnet) -> Dropped | None:
        """Whether the VPC itself carries the packet."""
        table = self.topology.route_table_of(here)
        choice = table
        if not isinstance(table, Undecided):
            choice = choose(self.topology, table, here.vpc_id, self.header.destination)  # type: ignore[assignment]
        if isinstance(choice, Undecided):
            return self.doubt(choice.reason)
        target = getattr(choice, "target", None)
        if target is not None and target.kind is not TargetKind.LOCAL:
            return self.doubt(f"a route leads from the load balancer to its target by {target.id}")
        return None

    def loops(self) -> Dropped | None:
        # S-NLB-04
        if self.header.source != self.header.destination:
            return None
        detail = f"{self.target.network_interface_id} would get packets from its own address"
        return self.drop("ELBV2_SOURCE_ADDRESS_PRESERVATION", self.target.network_interface_id, ENI, detail)

    def admitted(self) -> Dropped | None:
        """A rule that holds the client's address, or one that names a group of the balancer (S-NLB-02)."""
        for group_id in self.target.group_ids:
            group = self.snapshot.security_groups.get(group_id)
            for index, rule in enumerate(group.ip_permissions if group else ()):
                named = {p.group_id for p in rule.user_id_group_pairs} & set(self.node.group_ids)
                if named and self.node.vpc_id == self.target.vpc_id and header_matches(rule, self.header):
                    place = at(self.snapshot.source("security_groups", group_id), f"/IpPermissions/{index}")
                    ruling = Ruling(ALLOW, group_id, {"GroupId": group_id, "Named": min(named)}, (place,))
                    return self.ruled(ruling, SG)
        ruling = groups_ruling(self.topology, self.target, self.header, egress=False, stripped=self.header.source)
        return self.ruled(ruling, SG)
