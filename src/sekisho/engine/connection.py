"""A connection: the forward leg of the first packet and the return leg of its reply, as one set of checks.

Three kinds of question, by which end is fixed: packets that a gateway hands in towards one address; packets of
one address to another address of the estate; packets of one address to hosts outside. The reply is walked from
every place where the forward leg ends, and counts where it gets back to the sender (S-Q-02).
"""

from collections.abc import Callable, Mapping

from sekisho.model.gateways import NatGateway
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, parse

from .answer import Passage
from .choices import every_choice
from .connected import Carried, Connection, Goal, Host, Way, entry_address, parts, widened
from .facts import Facts
from .gateways.border import Border
from .gateways.crossing import Crossing
from .gateways.internet_addresses import rejected_sources
from .gateways.middlebox import Middleboxes
from .gateways.nat64 import as_asked, in_ipv4, in_ipv6, told_in_ipv6
from .gateways.on_premises import taken_for_granted
from .gateways.transit_gateway import TransitCrossing
from .groups import Groups
from .share import Share, assumed, decided, doubtful, nothing
from .transit import Arrived, Check, End, Ending, Header, Layer, Leg, Outside, Stated, Transit, seen
from .walk import Walker
from .ways.ends import starts_nothing

_ANYBODY = End(remote=True, address=None)


class Connector:
    """Makes connections of one family over one snapshot."""

    def __init__(self, facts: Facts, groups: Groups, family: Family) -> None:
        self.facts = facts
        self.groups = groups
        self.family = family

    def from_gateway(self, way: Way, host: Host, question: FlowSet) -> Connection:
        """Packets that the gateway hands in towards the host."""
        if not way.sources[self.family]:
            name = "IPv4" if self.family == "ipv4" else "IPv6"
            detail = f"{way.gateway or way.vpc} carries no {name} into {way.vpc}"
            return impossible(host, question, Stated("PROTOCOL_RESTRICTION", way.gateway or way.vpc, detail))._replace(
                way=way
            )
        return self._every_choice(lambda w: self._from_gateway(w, way, host, question))

    def between(self, sender: Host, host: Host, question: FlowSet, *, public: bool = False) -> Connection:
        """Packets of the sender to the host's own address, or to its `public` one."""
        return self._every_choice(lambda w: self._between(w, sender, host, question, public=public))

    def outwards(self, sender: Host, goal: Goal, question: FlowSet) -> Connection:
        """Packets of the sender that leave the estate through the gateways of the goal."""
        return self._every_choice(lambda w: self._outwards(w, sender, goal, question))

    def translated(
        self, sender: Host, host: Host, address: int, question: FlowSet, *, public: bool = False
    ) -> Connection:
        """IPv6 packets of the sender to a host of IPv4, under the address that stands for it (S-NAT-06)."""
        name = host.interface.network_interface_id
        to = End(remote=False, address=host.public if public else host.address)
        asked = question & FlowSet.of_remotes("ipv6", [(address, address)])
        goal = Goal(interface=name)
        found = self._every_choice(lambda w: self._outwards(w, sender, goal, asked, to=to))
        return found._replace(arrives=name)

    def _every_choice(self, connect: Callable[[Walker], Connection]) -> Connection:
        """The connection whatever AWS chooses on its way."""
        total = every_choice(self._walker, connect)
        return total._replace(carried=parts(total))

    def _walker(self, picks: Mapping[str, int]) -> Walker:
        walker = Walker(self.facts, self.groups, self.family, picks)
        walker.crossing = Crossing(walker)
        walker.middleboxes = Middleboxes(walker)
        walker.border = Border(walker)
        walker.transit = TransitCrossing(walker)
        return walker

    def walker(self) -> Walker:
        """A walker for legs that no NAT gateway is on."""
        return self._walker({})

    # Out of an entrance (see `entering`) -----------------------------------------------------------

    def through(self, connect: Callable[[Walker], Connection]) -> Connection:
        """The connection that is made so, whatever the NAT gateways on its way choose."""
        return self._every_choice(connect)

    def made(self, forward: Leg, reply: Leg, question: FlowSet, host: Host) -> Connection:
        """The connection of two legs that were walked."""
        return self._connection(forward, reply, question, host, ())

    def arrived_from(
        self, w: Walker, forward: Leg, t: Transit, *, sender: Host, host: Host, question: FlowSet
    ) -> Connection:
        """What a leg that was walked from the sender gets to the host, with its replies to the sender."""
        self._keep(w, forward, Goal(interface=host.interface.network_interface_id), None)
        self._as_if_arrived(w, forward, t, host, question)
        goal = Goal(interface=sender.interface.network_interface_id)
        reply = self._replies(w, forward, goal, None, sender=sender, sent=t.header)
        return self._connection(forward, reply, question, host, ())

    # From a gateway ------------------------------------------------------------------------------

    def _from_gateway(self, w: Walker, way: Way, host: Host, question: FlowSet) -> Connection:
        forward = Leg("forward")
        fixed = End(remote=False, address=host.address)
        t = Transit(question, Header(End(remote=True, address=None), fixed), peer_vpc=way.peer_vpc)
        w.transit.ends = {"return": frozenset({way.gateway} if way.gateway else ())}
        self._enter(w, forward, way, host, t)
        self._keep(w, forward, Goal(interface=host.interface.network_interface_id), None)
        self._as_if_arrived(w, forward, t, host, question)
        goal = Goal(gateways=frozenset({way.gateway} if way.gateway else ()))
        reply = self._replies(w, forward, goal, way)
        asked = entry_address(way, host)
        entry = () if asked is None else ((asked, asked),)
        return self._connection(forward, reply, question, host, entry)._replace(way=way)

    def _enter(self, w: Walker, leg: Leg, way: Way, host: Host, t: Transit) -> None:
        admitted = FlowSet.of_remotes(self.family, way.sources[self.family])
        if not t.region <= admitted:
            leg.check(Layer.GATEWAY, t.region, decided(admitted), self._rejected(way, t, admitted))
        if way.closed:
            w.stop(leg, t, way.closed, Layer.GATEWAY)
        if way.doubt:
            w.doubt(leg, t, way.doubt, Layer.GATEWAY)
        own = self.facts.vpc_ranges(way.vpc, self.family)
        if isinstance(own, Undecided) and way.kind != "vpc-peering-connection":
            w.doubt(leg, t, own.reason, Layer.GATEWAY)
        self._hand_in(w, leg, way, host, t)

    def _hand_in(self, w: Walker, leg: Leg, way: Way, host: Host, t: Transit) -> None:
        """Past what all ways ask, by the kind of the gateway."""
        gateway, interface = way.gateway, host.interface
        if way.pooled:
            w.crossing.from_pool(leg, t, interface)
        elif way.kind == "internet-gateway":
            w.crossing.from_internet(leg, t, interface)
        elif way.kind == "carrier-gateway" and gateway:
            w.border.from_carrier(leg, t, gateway, interface, internet=way.beyond)
        elif way.kind == "local-gateway" and gateway:
            w.border.from_local_gateway(leg, t, gateway, interface)
        elif way.kind == "transit-gateway-attachment" and gateway:
            w.transit.from_outside(leg, t._replace(via=(gateway,)), gateway, way.vpc)
            self._keep(w, leg, Goal(interface=interface.network_interface_id), None)
        elif way.kind == "virtual-private-gateway" and gateway:
            self._by_vpn(w, leg, gateway, host, t._replace(via=(gateway,)))
        else:
            w.arrive(leg, t._replace(via=(gateway,)) if gateway else t, interface, None)

    def _by_vpn(self, w: Walker, leg: Leg, gateway: str, host: Host, t: Transit) -> None:
        carried = self.facts.carries_ipv6(gateway) if self.family == "ipv6" else True
        if isinstance(carried, Undecided):
            w.doubt(leg, t, carried.reason, Layer.GATEWAY)
        for text in taken_for_granted(self.facts, gateway, self.family, (host.address, host.last)):
            leg.check(Layer.GATEWAY, t.region, assumed(t.region, text), Stated("", "", text))
        vpc_id = host.interface.vpc_id or ""
        w.crossing.edge.enter(leg, t, gateway, vpc_id, lambda part, _: w.arrive(leg, part, host.interface, None))

    def _rejected(self, way: Way, t: Transit, admitted: FlowSet) -> Stated:
        if way.kind == "internet-gateway":
            ranges = self.facts.vpc_ranges(way.vpc, self.family)
            return rejected_sources(t.region, admitted, () if isinstance(ranges, Undecided) else ranges)
        if not way.sources[self.family]:
            name = "IPv4" if self.family == "ipv4" else "IPv6"
            return Stated(
                "PROTOCOL_RESTRICTION", way.gateway or way.vpc, f"{way.gateway} carries no {name} into {way.vpc}"
            )
        code = (
            "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"
            if way.kind == "vpc-peering-connection"
            else "GATEWAY_REJECTS_SPOOFED_TRAFFIC"
        )
        return Stated(code, way.gateway or way.vpc, f"{way.gateway} does not hand in packets of those sources")

    # Between hosts -------------------------------------------------------------------------------

    def _between(self, w: Walker, sender: Host, host: Host, question: FlowSet, *, public: bool) -> Connection:
        forward = Leg("forward")
        question = question & FlowSet.of_remotes(self.family, [(sender.address, sender.last)])
        start = sender.interface
        first = Transit(question, Header(_known(sender), _fixed(host)))
        w.check_state(forward, first, start)
        self._check_starts(w, forward, first, start)
        if start.network_interface_id == host.interface.network_interface_id:
            return self._with_itself(forward, question, host)._replace(sender=sender)
        dst = End(remote=False, address=host.public) if public else _fixed(host)
        t = Transit(question, Header(_known(sender), dst), peer_vpc=start.vpc_id)
        w.leave(forward, t, start)
        goal = Goal(interface=host.interface.network_interface_id)
        self._keep(w, forward, goal, None)
        self._as_if_arrived(w, forward, t._replace(header=Header(_known(sender), _fixed(host))), host, question)
        goal = Goal(interface=start.network_interface_id)
        reply = self._replies(w, forward, goal, None, sender=sender, sent=t.header)
        entry = ((host.public, host.public),) if public and host.public is not None else ()
        return self._connection(forward, reply, question, host, entry)._replace(sender=sender, public=public)

    def _with_itself(self, forward: Leg, question: FlowSet, host: Host) -> Connection:
        """An interface and itself: nothing filters (S-SG-10)."""
        t = Transit(question, Header(_known(host), _fixed(host)))
        forward.endings.append(Ending(t, Arrived(host.interface.network_interface_id, {})))
        return self._connection(forward, Leg("return"), question, host, ())

    def _as_if_arrived(self, w: Walker, leg: Leg, t: Transit, host: Host, question: FlowSet) -> None:
        """The destination's own checks for flows that did not get there, so that every barrier is known.

        Of flows that may yet get there nobody knows as whose: only what holds for every sender stops them.
        """
        rest = question
        for ending in leg.endings:
            rest = rest - ending.transit.region
        if rest.is_empty:
            return
        perhaps = _through(leg.checks, rest).maybe
        if not perhaps.is_empty:
            w.check_whoever_sends(leg, t._replace(region=perhaps), host.interface)
        stopped = rest - perhaps
        if not stopped.is_empty:
            same = t.peer_vpc == host.interface.vpc_id and self._same_subnet(t, host)
            w.arrive(leg, t._replace(region=stopped), host.interface, host.interface.subnet_id if same else None)

    def _same_subnet(self, t: Transit, host: Host) -> bool:
        subnet = self.facts.topology.subnet_of(host.interface)
        address = t.header.src.address
        if isinstance(subnet, Undecided) or address is None:
            return False
        blocks = (parse(cidr) for cidr in subnet.cidrs)
        return any(b.family == self.family and b.low <= address <= b.high for b in blocks)

    # Outwards ------------------------------------------------------------------------------------

    def _outwards(self, w: Walker, sender: Host, goal: Goal, question: FlowSet, *, to: End = _ANYBODY) -> Connection:
        forward = Leg("forward")
        start = sender.interface
        t = Transit(question, Header(_fixed(sender), End(remote=True, address=None)), peer_vpc=start.vpc_id)
        w.transit.ends = {"forward": goal.gateways}
        w.into_ipv4 = True
        w.check_state(forward, t, start)
        self._check_starts(w, forward, t, start)
        w.leave(forward, t, start)
        translated = [e for e in forward.endings if _is_at_nat(e)]
        forward.endings = [e for e in forward.endings if not _is_at_nat(e)]
        self._keep(w, forward, goal, None)
        for ending in forward.endings if goal.internet else ():
            if isinstance(ending.place, Outside) and ending.place.gateway.startswith("cagw-"):
                w.border.check_internet(forward, ending.transit, ending.place.gateway, ending.place.vpc)
        back = Goal(interface=start.network_interface_id)
        reply = self._replies(w, forward, back, None, sender=sender, sent=t.header)
        for ending in translated:
            self._on_in_ipv4(w, (forward, reply), ending, to, goal)
            self._home_in_ipv6(w, reply, ending, sender)
        found = self._connection(forward, reply, question, sender, ())
        return found._replace(sender=sender, outbound=True, exits=goal.gateways, abroad=goal.internet)

    def _on_in_ipv4(self, w: Walker, legs: tuple[Leg, Leg], ending: Ending, to: End, goal: Goal) -> None:
        """Beyond a NAT gateway that translated to IPv4, and back to it (S-NAT-06)."""
        (forward, reply), t = legs, ending.transit
        nat, home = self._nat_of(ending)
        four = Connector(self.facts, self.groups, "ipv4")
        w4 = four._walker(w.picks)
        w4.met, w4.transit.ends = w.met, {"forward": goal.gateways}
        out, header = Leg("forward"), Header(End(remote=False, address=0), to)
        w4.crossing.nat.leave(out, t._replace(region=in_ipv4(t.region), header=header), nat, home, from_ipv6=True)
        four._keep(w4, out, goal, None)
        back = four._replies(w4, out, Goal(gateways=frozenset({nat.nat_gateway_id})), None)
        forward.checks += map(told_in_ipv6, out.checks)
        reply.checks += map(told_in_ipv6, back.checks)
        for e in out.endings:
            place = Arrived(e.place.interface, {}) if isinstance(e.place, Arrived) else e.place
            seen = e.transit._replace(region=in_ipv6(e.transit.region))
            forward.endings.append(Ending(seen, place, e.open, behind="ipv4"))

    def _home_in_ipv6(self, w: Walker, reply: Leg, ending: Ending, sender: Host) -> None:
        """From the NAT gateway's subnet to the sender, as IPv6 again."""
        (_, home), t, interface = self._nat_of(ending), ending.transit, sender.interface.network_interface_id
        header = Header(End(remote=True, address=None), _fixed(sender), reply=True)
        tracked = t.tracked | {seen(interface, Header(header.dst, header.src))}
        back = t._replace(header=header, passed=(), via=(), peer_vpc=None, tracked=tracked, crossed=t.via)
        leg = Leg("return")
        w.crossing.nat.from_subnet(leg, back._replace(entered=None, over_tgw=(), unreferenced=None), home)
        for each in leg.endings:
            w.middleboxes.check_awaited(leg, each.transit)
        self._keep(w, leg, Goal(interface=interface), None)
        reply.checks += [as_asked(self.facts, check, home) for check in leg.checks]

    def _nat_of(self, ending: Ending) -> tuple[NatGateway, Subnet]:
        """The NAT gateway at which it ends, and the subnet of that."""
        name = ending.place.gateway if isinstance(ending.place, Outside) else ""
        nat = self.facts.snapshot.nat_gateways[name]
        return nat, self.facts.snapshot.subnets[nat.subnet_id or ""]

    def _check_starts(self, w: Walker, leg: Leg, t: Transit, start: NetworkInterface) -> None:
        silent = starts_nothing(self.facts, start)
        if silent:
            w.stop(leg, t, silent, Layer.GATEWAY)

    # Replies and goals ---------------------------------------------------------------------------

    def _replies(
        self,
        w: Walker,
        forward: Leg,
        goal: Goal,
        way: Way | None,
        *,
        sender: Host | None = None,
        sent: Header | None = None,
    ) -> Leg:
        """The replies of what the leg delivered; `sent` is the header with which the sender sent it."""
        leg = Leg("return")
        for ending in forward.endings:
            if ending.open:
                continue
            t = ending.transit
            started = {seen(sender.interface.network_interface_id, sent or t.header)} if sender else set()
            tracked = t.tracked | started
            header = Header(t.header.dst, t.header.src, reply=True, translated=t.header.translated)
            back = t._replace(header=header, passed=(), via=(), peer_vpc=None, tracked=tracked, crossed=t.via)
            back = back._replace(entered=None, over_tgw=(), unreferenced=None)
            match ending.place:
                case Arrived(interface=name):
                    start = self.facts.snapshot.interfaces[name]
                    w.leave(leg, back._replace(tracked=tracked | {seen(name, t.header)}, peer_vpc=start.vpc_id), start)
                case Outside(gateway=gateway, vpc=vpc):
                    peering = self.facts.snapshot.peerings.get(gateway)
                    far = peering.far_side(vpc) if peering else None
                    w.crossing.back_in(leg, back._replace(peer_vpc=far.vpc_id if far else None), gateway, vpc)
        for ending in leg.endings:
            w.middleboxes.check_awaited(leg, ending.transit)
        self._keep(w, leg, goal, way)
        return leg

    def _keep(self, w: Walker, leg: Leg, goal: Goal, way: Way | None) -> None:
        """Keep the endings that meet the goal; the others are stopped, or open where the far side may pass them on."""
        kept = []
        for ending in leg.endings:
            if _meets(ending, goal):
                kept.append(ending)
            elif self._perhaps_passed_on(ending, way):
                place = ending.place.gateway if isinstance(ending.place, Outside) else ""
                w.doubt(leg, ending.transit, f"what lies behind {place} is not in the snapshot; it may pass packets on")
            else:
                w.stop(leg, ending.transit, self._astray(ending))
        leg.endings = kept

    def _perhaps_passed_on(self, ending: Ending, way: Way | None) -> bool:
        """Whether hosts behind a private gateway or attachment might bring the packet where it should go (S-VGW-04).

        Not where an internet gateway has to restore the public address of an IPv4 reply (S-IGW-04).
        """
        translated = way is not None and way.kind == "internet-gateway" and self.family == "ipv4"
        return (
            isinstance(ending.place, Outside)
            and ending.place.gateway.startswith(("vgw-", "lgw-", "tgw-attach-"))
            and not translated
        )

    def _astray(self, ending: Ending) -> Stated:
        taken = ending.transit.route
        match ending.place:
            case Arrived(interface=name):
                return Stated("NO_ROUTE_TO_DESTINATION", name, f"it ends at {name}, which holds the same address")
            case Outside(gateway=gateway):
                if taken is None:
                    return Stated("NO_ROUTE_TO_DESTINATION", gateway, f"{gateway} does not lead there")
                place = self.facts.source("route_tables", taken[0], f"/Routes/{taken[1]}")
                detail = f"{taken[0]} sends it to {gateway}, which does not lead there"
                return Stated("NO_ROUTE_TO_DESTINATION", taken[0], detail, (place,))

    # Putting together ----------------------------------------------------------------------------

    def _connection(
        self,
        forward: Leg,
        reply: Leg,
        question: FlowSet,
        host: Host,
        entry: tuple[Range, ...],
    ) -> Connection:
        delivered = _through(forward.checks, question)
        round_trip = delivered & _through(reply.checks, question)
        carried = []
        for ending in forward.endings:
            region = ending.transit.region
            by_group = ending.place.by_group if isinstance(ending.place, Arrived) else {}
            passage = Passage(ending.transit.via, delivered.within(region), round_trip.within(region), by_group)
            carried.append(Carried(passage, entry, _seen_as(ending), behind=ending.behind, region=region))
        checks = tuple(forward.checks + reply.checks)
        return Connection(question, checks, delivered, round_trip, tuple(carried), host)


def _through(checks: list[Check], question: FlowSet) -> Share:
    total = decided(question)
    for check in checks:
        total = total & widened(check)
    return total.within(question)


def unmodelled(connector: Connector, host: Host, question: FlowSet, reason: str) -> Connection:
    """Packets of a way that is not modelled: only groups and state are known to apply, the rest is open.

    A reference to a group of another VPC may hold there, so such groups stop nothing for sure.
    """
    w = Walker(connector.facts, connector.groups, connector.family)
    leg = Leg("forward")
    vpc = host.interface.vpc_id
    t = Transit(question, Header(End(remote=True, address=None), _fixed(host)), peer_vpc=vpc)
    w.check_whoever_sends(leg, t, host.interface)
    leg.check(Layer.GATEWAY, question, doubtful(question, reason), Stated("", "", reason))
    delivered = _through(leg.checks, question)
    return Connection(question, tuple(leg.checks), delivered, delivered, (), host)


def impossible(host: Host, question: FlowSet, cause: Stated) -> Connection:
    """No packet, for one stated reason."""
    none = nothing(question.family)
    check = Check(Layer.GATEWAY, "forward", question, none, cause)
    return Connection(question, (check,), none, none, (), host, hollow=True)


def _is_at_nat(ending: Ending) -> bool:
    """Whether it ends at a NAT gateway, which has translated it to IPv4."""
    return isinstance(ending.place, Outside) and ending.place.gateway.startswith("nat-")


def _meets(ending: Ending, goal: Goal) -> bool:
    match ending.place:
        case Arrived(interface=name):
            return name == goal.interface
        case Outside(gateway=gateway):
            return gateway in goal.gateways


def _seen_as(ending: Ending) -> tuple[Range, ...]:
    """The source as the destination sees it, where it was translated."""
    if isinstance(ending.place, Outside) and ending.place.public is not None:
        return ((ending.place.public, ending.place.public),)
    src = ending.transit.header.src
    outwards_as_it_is = ending.transit.header.dst.remote and not ending.transit.translation
    if src.remote or src.address is None or outwards_as_it_is:
        return ()
    return ((src.address, src.address),)


def _known(host: Host) -> End:
    return End(remote=True, address=host.address)


def _fixed(host: Host) -> End:
    return End(remote=False, address=host.address)
