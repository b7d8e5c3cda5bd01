"""Connections out of entrances: services of AWS that reach an address of a VPC without a route (see `model.entrances`).

Three kinds, by what the destination sees as the source. The caller's own address: groups and ACLs are read on it.
The address of an interface that the service has in the VPC: that interface sends, by its groups and the routes of
its subnet. One of a range that the service picks from: what every address of it passes is sure, what some pass is
open. In the last two the caller's address and port decide nothing, so the sets say nothing of them.

The reply goes back to the service, whatever the routes of the subnet; only filters are asked for it.
"""

from collections.abc import Iterable, Iterator

from sekisho.engine.answer import Passage
from sekisho.engine.bpa import block_public_access
from sekisho.engine.connected import Carried, Connection, Host
from sekisho.engine.connection import Connector, impossible, unmodelled
from sekisho.engine.facts import Facts
from sekisho.engine.filters import permission_flows
from sekisho.engine.groups import Groups
from sekisho.engine.population import hosts_of
from sekisho.engine.share import Share, assumed, decided, doubtful, nothing
from sekisho.engine.transit import (
    Arrived,
    Cause,
    End,
    Ending,
    GroupCause,
    GroupQuestion,
    Header,
    Layer,
    Leg,
    Outside,
    Stated,
    Transit,
)
from sekisho.engine.walk import Walker, read
from sekisho.model.entrances import INTERNET, Entrance, named_by
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, internet, merge, overlap, parse, parse_ranges, spell, subtract, top
from sekisho.sets.reshape import forget_remote

_REMOTE = End(remote=True, address=None)


def enter(connector: Connector, entrance: Entrance, host: Host, question: FlowSet) -> Connection | None:
    """What the entrance delivers to the host; None where it leads to other addresses only."""
    if not leads_to(entrance, host):
        return None
    if connector.family not in entrance.families:
        name = "IPv4" if connector.family == "ipv4" else "IPv6"
        cause = Stated("PROTOCOL_RESTRICTION", entrance.id, f"{entrance.id} carries no {name}")
        return impossible(host, question, cause)
    if host.interface.vpc_id != entrance.vpc and entrance.source != "relay":
        reason = f"the interface by which {entrance.id} sends into {entrance.vpc} is not in the snapshot"
        return unmodelled(connector, host, question, reason)
    found = connector.through(lambda walker: _Entering(walker, entrance, host, question).connection())
    return found._replace(carried=tuple(part for c in found.carried for part in _fronted(entrance, c)))


def leads_to(entrance: Entrance, host: Host) -> bool:
    """Whether the host is one that the service connects to."""
    interface = host.interface
    if interface.network_interface_id == entrance.relay or not (interface.vpc_id == entrance.vpc or entrance.goes_on):
        return False
    if entrance.targets is None:
        return True
    of_interface = [parse(t.address) for t in entrance.targets if t.interface == interface.network_interface_id]
    return any(a.family == host.family and host.address <= a.low <= host.last for a in of_interface)


def _fronted(entrance: Entrance, carried: Carried) -> Iterator[Carried]:
    """The passage with what callers write: the service's addresses, and its port where that is another one."""
    family = carried.passage.delivered.maybe.family
    fronts = parse_ranges(entrance.fronts, family)
    if not fronts:
        yield carried
        return
    rest = FlowSet.full(family)
    openings = entrance.openings or ()
    for at in sorted({(o.protocol, o.low) for o in openings if o.front is not None}):
        leading = [o for o in openings if o.protocol == at[0] and o.low <= at[1] <= o.high]
        asked = merge((port, port) for o in leading for port in (at[1] if o.front is None else o.front,))
        region = FlowSet.build(family, protocols=[(at[0], at[0])], thirds=[(at[1], at[1])])
        rest -= region
        yield carried._replace(passage=_within(carried.passage, region), entry=fronts, entry_ports=asked)
    yield carried._replace(passage=_within(carried.passage, rest), entry=fronts)


def _within(passage: Passage, region: FlowSet) -> Passage:
    by_group = {group: flows & region for group, flows in passage.by_group.items()}
    delivered, round_trip = passage.delivered.within(region), passage.round_trip.within(region)
    return Passage(passage.via, delivered, round_trip, by_group)


def callers(facts: Facts, entrance: Entrance, family: Family) -> tuple[Range, ...]:
    """The addresses from which callers come; the internet is what it is to the VPC (S-ADR-01)."""
    if entrance.callers == (INTERNET,):
        own = facts.vpc_ranges(entrance.vpc, family)
        return subtract(internet(family), () if isinstance(own, Undecided) else own)
    return parse_ranges(entrance.callers, family)


def gate(groups: Groups, entrance: Entrance, host: Host) -> tuple[object, ...]:
    """What of the entrance depends on the address of the host: hosts with the same get the same answer."""
    if not leads_to(entrance, host):
        return (entrance.id, None)
    admitted = [_admits(blocks, host) for blocks in (entrance.admits, entrance.routed) if blocks is not None]
    share = _egress_of(groups, entrance, host)
    return (entrance.id, entrance.relay, entrance.openings, *admitted, share.sure, share.maybe)


def _admits(admits: Iterable[str], host: Host) -> bool:
    blocks = parse_ranges(admits, host.family)
    return bool(overlap([(host.address, host.last)], blocks))


def _egress_of(groups: Groups, entrance: Entrance, host: Host) -> Share:
    """What the service's own groups let out towards the host."""
    question = GroupQuestion(host.family, egress=True, reply=False, vpc=entrance.vpc, peer_vpc=entrance.vpc)
    total = nothing(host.family)
    for group in entrance.own_groups:
        total = total | groups.of_group(group, question)
    return _read_share(total, End(remote=False, address=host.address))


def _read_share(share: Share, end: End) -> Share:
    notes = tuple(n._replace(region=read(n.region, end)) for n in share.doubts)
    return Share(read(share.sure, end), read(share.maybe, end), notes)


class _Entering:
    """One connection in the making."""

    def __init__(self, walker: Walker, entrance: Entrance, host: Host, question: FlowSet) -> None:
        self._w = walker
        self._facts = walker.facts
        self._entrance = entrance
        self._host = host
        self._question = question
        self._family: Family = walker.family
        #: What a service that picks its source may show.
        self._picked = parse_ranges(entrance.seen_as, self._family)

    def connection(self) -> Connection:
        forward = Leg("forward")
        translated = self._entrance.source != "caller"
        header = Header(_REMOTE, self._fixed(), translated=translated)
        t = Transit(self._question, header, via=(self._entrance.id,))
        self._at_the_service(forward, t)
        relay = self._facts.snapshot.interfaces.get(self._entrance.relay or "")
        if self._entrance.source == "relay" and relay is not None:
            return self._by_relay(forward, t, relay)
        return self._straight(forward, t)

    def _fixed(self) -> End:
        return End(remote=False, address=self._host.address)

    # At the service ------------------------------------------------------------------------------

    def _at_the_service(self, leg: Leg, t: Transit) -> None:
        """State, callers, ports, destinations, and for internet exposure gateway and Block Public Access."""
        e = self._entrance
        place = self._facts.source(*e.record)
        if e.closed:
            self._w.stop(leg, t, Stated("BAD_STATE", e.id, e.closed, (place,)), Layer.GATEWAY)
        for reason in e.doubts:
            self._w.doubt(leg, t, reason, Layer.GATEWAY)
        named = Stated("NO_POSSIBLE_DESTINATION", e.id, f"{e.id} hands in no such packet", (place,))
        admitted = FlowSet.of_remotes(self._family, callers(self._facts, e, self._family)) & self._opened()
        leg.check(Layer.GATEWAY, t.region, decided(admitted), named)
        if e.admits is not None and not _admits(e.admits, self._host):
            detail = f"{e.id} authorizes nobody for the address"
            self._w.stop(leg, t, Stated("CANNOT_ROUTE", e.id, detail, (place,)), Layer.GATEWAY)
        self._by_its_routes(leg, t)
        if e.public:
            self._internet_exposure(leg, t)

    def _by_its_routes(self, leg: Leg, t: Transit) -> None:
        """Whether the service's own routes lead the host out by this entrance (S-CVPN-02)."""
        e = self._entrance
        if e.routed is None or _admits(e.routed, self._host):
            return
        if e.unrouted:
            self._w.doubt(leg, t, e.unrouted, Layer.GATEWAY)
            return
        detail = f"no route of {e.id} leads {spell(self._host.address, self._family)} into {e.vpc}"
        cause = Stated("NO_ROUTE_TO_DESTINATION", e.id, detail, (self._facts.source(*e.record),))
        self._w.stop(leg, t, cause, Layer.GATEWAY)

    def _opened(self) -> FlowSet:
        openings = self._entrance.openings
        if openings is None:
            return FlowSet.full(self._family)
        boxes = (
            FlowSet.build(self._family, protocols=[(o.protocol, o.protocol)], thirds=[(o.low, o.high)])
            for o in openings
        )
        return FlowSet.union_of(self._family, boxes)

    def _internet_exposure(self, leg: Leg, t: Transit) -> None:
        """An attached internet gateway and Block Public Access, but no public address and no route (S-GA-01)."""
        vpc_id = self._entrance.vpc
        gateway = self._facts.topology.internet_gateway_of(vpc_id)
        if isinstance(gateway, Undecided):
            self._w.doubt(leg, t, gateway.reason, Layer.GATEWAY)
        elif gateway is None:
            place = self._facts.source("vpcs", vpc_id)
            detail = f"{vpc_id} has no internet gateway attached, which {self._entrance.id} needs"
            self._w.stop(leg, t, Stated("BAD_STATE_ATTACHMENT", vpc_id, detail, (place,)), Layer.GATEWAY)
        subnet = self._facts.topology.subnet_of(self._host.interface)
        blocked = subnet if isinstance(subnet, Undecided) else block_public_access(self._facts, subnet)
        if isinstance(blocked, Undecided):
            self._w.doubt(leg, t, blocked.reason, Layer.BLOCK_PUBLIC_ACCESS)
        elif blocked.blocks("ingress"):
            detail = f"Block Public Access ({blocked.mode}) stops {self._host.interface.subnet_id}"
            cause = Stated("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", vpc_id, detail, (blocked.evidence,))
            self._w.stop(leg, t, cause, Layer.BLOCK_PUBLIC_ACCESS)

    # By an interface of the service --------------------------------------------------------------

    def _by_relay(self, leg: Leg, t: Transit, relay: NetworkInterface) -> Connection:
        """From the interface, as any host of its subnet sends."""
        sender = next((h for h in hosts_of(relay) if h.family == self._family), None)
        if sender is None:
            cause = Stated("PROTOCOL_RESTRICTION", self._entrance.id, f"{relay.network_interface_id} has no address")
            return impossible(self._host, self._question, cause)
        src = End(remote=False, address=sender.address)
        t = t._replace(header=t.header._replace(src=src), peer_vpc=relay.vpc_id)
        self._w.check_state(leg, t, relay)
        self._w.leave(leg, t, relay)
        connector = Connector(self._facts, self._w.groups, self._family)
        found = connector.arrived_from(self._w, leg, t, sender=sender, host=self._host, question=self._question)
        return found._replace(entrance=self._entrance)

    # Straight to the destination -----------------------------------------------------------------

    def _straight(self, leg: Leg, t: Transit) -> Connection:
        interface = self._host.interface
        if self._entrance.own_groups:
            egress = _egress_of(self._w.groups, self._entrance, self._host)
            detail = f"no egress rule of {', '.join(self._entrance.own_groups)} admits the packet"
            cause = Stated("ENI_SG_RULES_MISMATCH", self._entrance.own_groups[0], detail)
            leg.check(Layer.GROUPS, t.region, egress, cause)
        self._acl(leg, t, egress=False)
        by_group = self._groups(leg, t, interface)
        self._w.check_front(leg, t, interface)
        self._w.check_state(leg, t, interface)
        leg.endings.append(Ending(t, Arrived(interface.network_interface_id, by_group)))
        reply = Leg("return")
        back = t._replace(header=Header(t.header.dst, t.header.src, reply=True, translated=t.header.translated))
        self._acl(reply, back, egress=True)
        reply.endings.append(Ending(back, Outside(self._entrance.id, self._entrance.vpc)))
        connector = Connector(self._facts, self._w.groups, self._family)
        found = connector.made(leg, reply, self._question, self._host)
        seen = tuple(c._replace(seen_as=self._seen()) for c in found.carried)
        return found._replace(entrance=self._entrance, carried=seen)

    def _seen(self) -> tuple[Range, ...]:
        return self._picked if self._entrance.source == "service" else ()

    def _acl(self, leg: Leg, t: Transit, *, egress: bool) -> None:
        """The network ACL of the destination's subnet, as far as it is asked at all."""
        subnet = self._facts.topology.subnet_of(self._host.interface)
        mode = self._entrance.acl
        if isinstance(subnet, Undecided):
            self._w.doubt(leg, t, subnet.reason, Layer.ACL_OUT if egress else Layer.ACL_IN)
            return
        if mode == "bypassed" or (mode == "ignored" and not egress):
            return
        noted = Leg(leg.direction)
        # Read on every source, since it is the one that the service picks, and not the caller, that is asked.
        self._w.check_acl(noted, t._replace(region=FlowSet.full(self._family)), subnet, egress=egress)
        for check in noted.checks:
            share = self._projected(check.share)
            if mode == "assumed-ignored" and not egress:
                share = self._not_asked(t, share, subnet)
            elif mode == "doubtful" or subnet.subnet_id in self._entrance.subnets:
                open_part = t.region - share.sure
                why = (
                    f"whether network ACLs filter the clients of {self._entrance.id} is not documented"
                    if mode == "doubtful"
                    else f"{self._entrance.id} may send from {subnet.subnet_id}, inside which no network ACL is asked"
                )
                share = Share(share.sure, FlowSet.full(self._family), doubtful(open_part, why).doubts)
            leg.check(check.layer, t.region, share, check.cause)

    def _not_asked(self, t: Transit, share: Share, subnet: Subnet) -> Share:
        """What the inbound rules would stop gets in, by what the documents say of them (S-GA-02)."""
        text = f"inbound rules of {subnet.subnet_id}'s network ACL are not applied to what {self._entrance.id} hands in"
        stopped = assumed(t.region - share.sure, text)
        everything = FlowSet.full(self._family)
        return Share(everything, everything, (), stopped.assumptions)

    def _groups(self, leg: Leg, t: Transit, interface: NetworkInterface) -> dict[str, FlowSet]:
        """Rules that hold the source's address, and rules that name what the service is known by."""
        if self._entrance.unfiltered:
            return {}
        question = GroupQuestion(self._family, egress=False, reply=False, vpc=self._entrance.vpc, peer_vpc=None)
        total, by_group = nothing(self._family), {}
        for group in interface.group_ids:
            share = self._projected(self._w.groups.of_group(group, question))
            named, perhaps = self._naming(group)
            why = f"{group} names a group or prefix list that may be that of {self._entrance.id}"
            doubts = share.doubts + doubtful(perhaps - named - share.sure, why).doubts
            share = Share(share.sure | named, share.maybe | named | perhaps, doubts)
            by_group[group] = share.sure & t.region
            total = total | share
        if not interface.group_ids:
            total = self._w.groups.of_interface(interface, question)
        cause: Cause = GroupCause(interface, egress=False, stripped=not self._entrance.known_by)
        leg.check(Layer.GROUPS, t.region, total, cause)
        return by_group

    def _naming(self, group_id: str) -> tuple[FlowSet, FlowSet]:
        """Flows that some rule of the group admits, surely and perhaps, by naming a group or list of the service."""
        group = self._facts.snapshot.security_groups.get(group_id)
        anywhere: tuple[Range, ...] = ((0, top(self._family)),)
        sure, perhaps = [], []
        for rule in group.ip_permissions if group else ():
            flows, names = permission_flows(rule, self._family, anywhere), named_by(rule)
            if not self._entrance.known_by.isdisjoint(names):
                sure.append(flows)
            elif self._entrance.perhaps_known_by(names, self._facts.snapshot):
                perhaps.append(flows)
        return FlowSet.union_of(self._family, sure), FlowSet.union_of(self._family, perhaps)

    def _projected(self, share: Share) -> Share:
        """A share over the source's address, said of callers: sure where every address that may be picked passes."""
        if self._entrance.source == "caller":
            return share
        picked = FlowSet.of_remotes(self._family, self._picked)
        maybe = forget_remote(share.maybe & picked)
        sure = maybe - forget_remote(picked - share.sure)
        if not self._picked:
            sure, maybe = FlowSet.empty(self._family), forget_remote(share.maybe)
        why = f"{self._entrance.id} may come from several addresses, and not all of them get through"
        notes = tuple(n._replace(region=forget_remote(n.region & picked)) for n in share.doubts)
        return Share(sure, maybe, notes or doubtful(maybe - sure, why).doubts)
