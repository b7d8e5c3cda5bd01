"""The leg from a node of a load balancer to a target, said of the packets of its clients.

`relaying`: the node opens a connection of its own (S-ELB-04). Its address is fixed and its port one that it picks,
so that a protocol passes for sure where every port passes, whoever the client is. `preserving`: the target sees the
client's address and port, and its reply goes back to the node whatever its routes say (S-NLB-03, S-NLB-04).
"""

from collections.abc import Mapping
from typing import NamedTuple

from sekisho.engine.connected import Connection, Host, widened
from sekisho.engine.connection import Connector
from sekisho.engine.routes import lookup
from sekisho.engine.share import Note, Share, decided, doubtful, nothing
from sekisho.engine.transit import (
    AclCause,
    Check,
    End,
    GroupCause,
    GroupQuestion,
    Header,
    Layer,
    Leg,
    Stated,
    Transit,
    View,
)
from sekisho.engine.walk import NAT_PORTS, Walker, read
from sekisho.model.balancers import Registration
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family
from sekisho.sets.reshape import for_every_source_port, for_some_source_port, move_port, pin


class Onward(NamedTuple):
    """What gets from the node to the target, and back, in the sets of the connection.

    `source` is the address that the target sees where it is the node's, of `family`.
    """

    checks: tuple[Check, ...]
    delivered: Share
    round_trip: Share
    by_group: Mapping[str, FlowSet]
    via: tuple[str, ...]
    preserved: bool
    source: int
    family: Family

    def said_of(self, address: int) -> "Onward":
        """The same for clients that are all seen by the one address."""
        checks = tuple(c._replace(region=pin(c.region, address), share=_mapped(c.share, address)) for c in self.checks)
        groups = {name: pin(flows, address) for name, flows in self.by_group.items()}
        delivered, round_trip = _mapped(self.delivered, address), _mapped(self.round_trip, address)
        return self._replace(checks=checks, delivered=delivered, round_trip=round_trip, by_group=groups)

    def doubted(self, reason: str) -> "Onward":
        """The same with nothing of it sure."""
        family = self.delivered.family
        perhaps = doubtful(FlowSet.full(family), reason)
        check = Check(Layer.GATEWAY, "forward", FlowSet.full(family), perhaps, Stated("", "", reason))
        return self._replace(checks=(check,), delivered=perhaps, round_trip=perhaps)


def _mapped(share: Share, address: int) -> Share:
    doubts = tuple(n._replace(region=pin(n.region, address)) for n in share.doubts)
    assumptions = tuple(n._replace(region=pin(n.region, address)) for n in share.assumptions)
    return Share(pin(share.sure, address), pin(share.maybe, address), doubts, assumptions)


# The node's own connection ----------------------------------------------------------------------------


def relaying(
    connector: Connector, node: Host, target: Host, registration: Registration, *, family: Family, port: int
) -> Onward:
    """The connection of the node to the target, for clients of `family`, in sets that hold `port`."""
    place, front = registration.place, registration.front
    box = FlowSet.build(node.family, protocols=[(p, p) for p in front.protocols], thirds=[(place.port, place.port)])
    own = connector.between(node, target, box)
    own = _walled(connector, own, node, target, box) if registration.balancer.kind == "classic" else own
    spread = _Spread(node, front.protocols, place.port, family, port)
    groups: dict[str, FlowSet] = {}
    for carried in own.carried:
        for group, flows in carried.passage.by_group.items():
            groups[group] = groups.get(group, FlowSet.empty(family)) | spread.every(flows)
    return Onward(
        checks=tuple(spread.check(c) for c in own.checks),
        delivered=spread.share(own.delivered),
        round_trip=spread.share(own.round_trip),
        by_group=groups,
        via=_via(own),
        preserved=False,
        source=node.address,
        family=node.family,
    )


def _walled(connector: Connector, own: Connection, node: Host, target: Host, box: FlowSet) -> Connection:
    """A classic balancer's packets pass the ACL on their way out even to a neighbour (S-CLB-02)."""
    w, leg = connector.walker(), Leg("forward")
    subnet = connector.facts.topology.subnet_of(node.interface)
    if isinstance(subnet, Undecided) or node.interface.subnet_id != target.interface.subnet_id:
        return own
    header = Header(End(remote=True, address=node.address), End(remote=False, address=target.address))
    w.check_acl(leg, Transit(box, header), subnet, egress=True)
    acl = next((c.cause.acl for c in leg.checks if isinstance(c.cause, AclCause)), None)
    for check in leg.checks:
        name = acl.network_acl_id if acl else subnet.subnet_id
        detail = f"{name} egress is asked for what a classic load balancer sends, inside its subnet too"
        cause = Stated("ELB_ACL_RESTRICTION", name, detail, (connector.facts.source("network_acls", name),))
        asked = check._replace(cause=cause)
        own = own._replace(
            checks=(*own.checks, asked),
            delivered=own.delivered & widened(asked),
            round_trip=own.round_trip & widened(asked),
        )
    return own


def _via(own: Connection) -> tuple[str, ...]:
    """What stands between node and target, where it is the same for all packets."""
    ways = {c.passage.via for c in own.carried}
    return ways.pop() if len(ways) == 1 else ()


class _Spread(NamedTuple):
    """What holds of the node's packets, said of every client's: by protocol, whatever port the node picks."""

    node: Host
    protocols: tuple[int, ...]
    target_port: int
    family: Family
    port: int

    def every(self, flows: FlowSet) -> FlowSet:
        return self._box(for_every_source_port(flows, NAT_PORTS))

    def some(self, flows: FlowSet) -> FlowSet:
        return self._box(for_some_source_port(flows, NAT_PORTS))

    def _box(self, flows: FlowSet) -> FlowSet:
        held = [p for p in self.protocols if flows.contains(p, self.node.address, self.target_port, 0)]
        if not held:
            return FlowSet.empty(self.family)
        return FlowSet.build(self.family, protocols=[(p, p) for p in held], thirds=[(self.port, self.port)])

    def share(self, share: Share) -> Share:
        sure, maybe = self.every(share.sure), self.some(share.maybe)
        doubts = tuple(Note(self.some(n.region), n.text) for n in share.doubts)
        picked = maybe - sure
        if not doubts and not picked.is_empty:
            why = "the load balancer picks its port among 1024-65535, and not all of them get through"
            doubts = (Note(picked, why),)
        return Share(sure, maybe, doubts, tuple(Note(self.some(n.region), n.text) for n in share.assumptions))

    def check(self, check: Check) -> Check:
        view = check.view or View(self.node.family, self.target_port, self.node.address)
        return check._replace(region=self.some(check.region), share=self.share(check.share), view=view)


# Client addresses preserved ---------------------------------------------------------------------------


def preserving(connector: Connector, node: Host, target: Host, registration: Registration, port: int) -> Onward:
    """The client's packets as the node hands them on, in sets that hold `port`."""
    place, front = registration.place, registration.front
    region = FlowSet.build(node.family, protocols=[(p, p) for p in front.protocols], thirds=[(place.port, place.port)])
    legs = _Preserving(connector.walker(), node, target, region)
    if node.interface.vpc_id != target.interface.vpc_id:
        legs.apart = connector.between(node, target, region).delivered.maybe.is_empty
    groups = legs.walk()
    checks = tuple(_moved(c, place.port, port) for c in (*legs.forward.checks, *legs.reply.checks))
    whole = move_port(region, place.port, port)
    delivered = _through(checks[: len(legs.forward.checks)], whole)
    round_trip = delivered & _through(checks, whole)
    moved = {g: move_port(flows, place.port, port) for g, flows in groups.items()}
    return Onward(checks, delivered, round_trip, moved, (), True, node.address, node.family)  # noqa: FBT003


def _moved(check: Check, place: int, port: int) -> Check:
    def flows(f: FlowSet) -> FlowSet:
        return move_port(f, place, port)

    share = check.share
    doubts = tuple(n._replace(region=flows(n.region)) for n in share.doubts)
    assumptions = tuple(n._replace(region=flows(n.region)) for n in share.assumptions)
    moved = Share(flows(share.sure), flows(share.maybe), doubts, assumptions)
    view = View(check.region.family, place)
    return check._replace(region=flows(check.region), share=moved, view=view)


def _through(checks: tuple[Check, ...], question: FlowSet) -> Share:
    total = decided(question)
    for check in checks:
        total = total & widened(check)
    return total.within(question)


class _Preserving:
    """The two legs between node and target, with the client's address in the header."""

    def __init__(self, walker: Walker, node: Host, target: Host, region: FlowSet) -> None:
        self.w = walker
        self.node = node
        self.target = target
        #: Nothing of the node gets to the target, which is in another VPC.
        self.apart = False
        self.forward = Leg("forward")
        self.reply = Leg("return")
        client, fixed = End(remote=True, address=None), End(remote=False, address=target.address)
        self.t = Transit(region, Header(client, fixed))
        self.back = Transit(region, Header(fixed, client, reply=True))

    def walk(self) -> dict[str, FlowSet]:
        """Walk both; the part that each group of the target admits."""
        w, start, end = self.w, self.node.interface, self.target.interface
        w.check_groups(self.forward, self.t, start, egress=True)
        here, there = w.facts.topology.subnet_of(start), w.facts.topology.subnet_of(end)
        for subnet in (here, there):
            if isinstance(subnet, Undecided):
                w.doubt(self.forward, self.t, subnet.reason)
        if not isinstance(here, Undecided) and not isinstance(there, Undecided):
            self._between(here, there)
        self._loopback()
        w.check_front(self.forward, self.t, end)
        w.check_state(self.forward, self.t, end)
        return self._groups()

    def _between(self, here: Subnet, there: Subnet) -> None:
        w = self.w
        if here.vpc_id != there.vpc_id:
            if self.apart:
                detail = f"nothing gets from {here.vpc_id} to {there.vpc_id}"
                w.stop(self.forward, self.t, Stated("NO_ROUTE_TO_DESTINATION", here.vpc_id, detail))
                return
            why = f"whether client addresses are kept on the way from {here.vpc_id} to {there.vpc_id} is not modelled"
            w.doubt(self.forward, self.t, why)
            return
        if here.subnet_id == there.subnet_id:
            self._same_subnet(here)
            return
        self._local(here)
        w.check_acl(self.forward, self.t, here, egress=True)
        w.check_acl(self.forward, self.t, there, egress=False)
        w.check_acl(self.reply, self.back, there, egress=True)
        w.check_acl(self.reply, self.back, here, egress=False)

    def _same_subnet(self, subnet: Subnet) -> None:
        """Whether the ACL is asked for a client's packet that a node hands to its neighbour: no document says."""
        for leg, t in ((self.forward, self.t), (self.reply, self.back)):
            asked = Leg(leg.direction)
            self.w.check_acl(asked, t, subnet, egress=True)
            self.w.check_acl(asked, t, subnet, egress=False)
            for check in asked.checks:
                why = f"whether the ACL of {subnet.subnet_id} filters what a node hands on inside it is not documented"
                open_part = t.region - check.share.sure
                share = Share(check.share.sure, FlowSet.full(self.w.family), doubtful(open_part, why).doubts)
                leg.check(check.layer, check.region, share, Stated("", "", why))

    def _local(self, here: Subnet) -> None:
        """A route that leads to the target by something else than the VPC itself is not followed."""
        table = self.w.facts.topology.route_table_of(here)
        if isinstance(table, Undecided):
            self.w.doubt(self.forward, self.t, table.reason)
            return
        part = lookup(self.w.facts.routes(table, self.w.family), self.target.address)
        if part.undecided:
            self.w.doubt(self.forward, self.t, part.undecided)
        elif part.place is not None and table.routes[part.place].target.kind is not TargetKind.LOCAL:
            target = table.routes[part.place].target.id
            why = (
                f"{table.route_table_id} leads from the load balancer to its target by {target}, which is not modelled"
            )
            self.w.doubt(self.forward, self.t, why)

    def _loopback(self) -> None:
        """A target does not get its own packets back (S-NLB-04)."""
        address = self.target.address
        own = self.t.region & FlowSet.of_remotes(self.w.family, [(address, address)])
        detail = "a target would get packets from its own address"
        cause = Stated("ELBV2_SOURCE_ADDRESS_PRESERVATION", self.target.interface.network_interface_id, detail)
        self.forward.check(Layer.GATEWAY, own, nothing(self.w.family), cause)

    def _groups(self) -> dict[str, FlowSet]:
        """Rules are read on the client's address; a reference holds where it names the balancer's group (S-NLB-02)."""
        w, end = self.w, self.target.interface
        question = GroupQuestion(w.family, egress=False, reply=False, vpc=end.vpc_id or "", peer_vpc=None)
        by_node = question._replace(peer_vpc=self.node.interface.vpc_id)
        node = End(remote=False, address=self.node.address)
        total = w.groups.of_interface(end, question)
        found = {g: s.sure for g, s in w.groups.by_group(end, question).items()}
        for group, share in w.groups.by_reference(end, by_node).items():
            notes = tuple(n._replace(region=read(n.region, node)) for n in share.doubts)
            named = Share(read(share.sure, node), read(share.maybe, node), notes)
            total = total | named
            found[group] = found[group] | named.sure
        self.forward.check(Layer.GROUPS, self.t.region, total, GroupCause(end, egress=False, stripped=True))
        return {group: flows & self.t.region for group, flows in found.items()}
