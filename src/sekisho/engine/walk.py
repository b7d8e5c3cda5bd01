"""The walk of a packet set through the estate: filters, routes, local delivery, appliances.

`leave` sends from an interface, `arrive` ends at one. Between them the destination picks the way:
neighbours in the subnet directly (S-RT-09), everything else past the subnet's ACL to its route table, whose
parts go on by their targets; what crosses a gateway is in `crossing`. Where a flow is stopped or the
snapshot does not say how it goes on, its region gets a check that says so and has no ending.
"""

from collections.abc import Mapping
from typing import TYPE_CHECKING, assert_never

from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.model.vpc import Subnet
from sekisho.sets.boxes import remotes_of
from sekisho.sets.flows import PORT_TOP, FlowSet
from sekisho.sets.prefixes import Family, Range, parse_ranges, spell
from sekisho.sets.reshape import for_every_source_port, for_some_source_port, forget_remote, pin

from .addresses import addresses_of
from .facts import Facts
from .gateways.endpoints import gateway_endpoint, to_service
from .groups import Groups
from .routes import RoutePart, lookup
from .share import Share, assumed, decided, doubtful, nothing
from .transit import AclCause, Arrived, End, Ending, GroupCause, GroupQuestion, Layer, Leg, Stated, Transit, seen
from .ways.ends import taken_by
from .wording import spell_remotes

if TYPE_CHECKING:
    from .gateways.border import Border
    from .gateways.crossing import Crossing
    from .gateways.middlebox import Middleboxes
    from .gateways.transit_gateway import TransitCrossing

NAT_PORTS: Range = (1024, 65535)
# Interfaces that do not end connections by the rules of security groups alone (S-ENI-06).
_NAT_KINDS = {"nat_gateway", "natGateway"}
_OTHER_KINDS = {"gateway_load_balancer", "gateway_load_balancer_endpoint", "transit_gateway"}
_IN_SERVICE = {"running", "pending"}
_NO_PACKETS = {"stopping", "stopped", "shutting-down", "terminated"}


class Walker:
    """Walks of one family. `picks` says what is chosen where AWS chooses: by what chooses, an index."""

    crossing: "Crossing"
    middleboxes: "Middleboxes"
    border: "Border"
    transit: "TransitCrossing"

    def __init__(self, facts: Facts, groups: Groups, family: Family, picks: Mapping[str, int] | None = None) -> None:
        self.facts = facts
        self.groups = groups
        self.family = family
        self.picks = picks or {}
        #: What chose without a pick, in order, and among how many.
        self.met: dict[str, int] = {}
        #: Whether what a NAT gateway translates to IPv4 ends at the gateway, to go on from there (S-NAT-06).
        self.into_ipv4 = False

    def pick(self, name: str, options: int) -> int:
        """The index of what `name` chooses among that many; the first where no pick says otherwise."""
        if options > 1 and name not in self.picks:
            self.met.setdefault(name, options)
        return self.picks.get(name, 0) % options

    # Sending ------------------------------------------------------------------------------------

    def leave(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """Send from the interface: its groups, then neighbours, then ACL and routes."""
        if not t.is_tracked_by(interface.network_interface_id):
            self.check_groups(leg, t, interface, egress=True)
        subnet = self.facts.topology.subnet_of(interface)
        if isinstance(subnet, Undecided):
            self.doubt(leg, t, subnet.reason)
            return
        near, far = self.split(t, parse_ranges(subnet.cidrs, self.family))
        if near:
            self.deliver(leg, near, subnet.vpc_id, subnet.subnet_id)
        if far:
            self.leave_subnet(leg, far, subnet)

    def leave_subnet(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Out of a subnet to wherever its routes lead."""
        if t.translation and t.translation.peered and t.header.dst.address == t.translation.address:
            # The peer VPC returns to a NAT gateway what came from it, whatever its routes say (S-NAT-04).
            self.check_acl(leg, t, subnet, egress=True)
            self.crossing.nat.back_in(leg, t, None)
            return
        table = self.facts.topology.route_table_of(subnet)
        if isinstance(table, Undecided):
            self.doubt(leg, t, table.reason)
            return
        for part in self._parts(t, table):
            narrowed = self.narrow(t, part.ranges)
            if narrowed:
                if self._crosses(subnet, table, part):
                    self.check_acl(leg, narrowed, subnet, egress=True)
                self._follow(leg, narrowed, subnet, table, part)

    def route_by(self, leg: Leg, t: Transit, place: Subnet, table: RouteTable) -> None:
        """By that table, from a place that no network ACL guards."""
        for part in self._parts(t, table):
            narrowed = self.narrow(t, part.ranges)
            if narrowed:
                self._follow(leg, narrowed, place, table, part)

    def _crosses(self, subnet: Subnet, table: RouteTable, part: RoutePart) -> bool:
        """Whether the packets surely leave the subnet: a target may stand in it (S-ACL-06)."""
        if part.undecided:
            return not any(self._may_stay(subnet, route) for route in table.routes)
        return part.place is None or not self._may_stay(subnet, table.routes[part.place])

    def _may_stay(self, subnet: Subnet, route: Route) -> bool:
        kind, target = route.target
        if kind is TargetKind.NAT_GATEWAY:
            nat = self.facts.snapshot.nat_gateways.get(target)
            return nat is None or (not nat.is_regional and nat.subnet_id in {None, subnet.subnet_id})
        if kind is TargetKind.NETWORK_INTERFACE:
            interface = self.facts.snapshot.interfaces.get(target)
            return interface is None or interface.subnet_id in {None, subnet.subnet_id}
        if kind is TargetKind.VPC_ENDPOINT:
            leaves = gateway_endpoint(self.facts, target) is not None
            return not leaves and not self.middleboxes.inspects(target, subnet.vpc_id)
        return kind is TargetKind.OTHER

    def _parts(self, t: Transit, table: RouteTable) -> tuple[RoutePart, ...]:
        parts = self.facts.routes(table, self.family)
        return parts if t.header.dst.address is None else (lookup(parts, t.header.dst.address),)

    def _follow(self, leg: Leg, t: Transit, subnet: Subnet, table: RouteTable, part: RoutePart) -> None:
        table_id = table.route_table_id
        if part.undecided:
            self.doubt(leg, t, part.undecided)
        elif part.implied:
            self.deliver(leg, t, subnet.vpc_id, subnet.subnet_id)
        elif part.place is None:
            detail = f"{table_id} of {subnet.subnet_id} has no route to {self.spell_destination(t)}"
            evidence = self.facts.source("route_tables", table_id)
            self.stop(leg, t, Stated("NO_ROUTE_TO_DESTINATION", table_id, detail, (evidence,)))
        else:
            route = table.routes[part.place]
            t = t._replace(route=(table_id, part.place))
            if route.state == "blackhole":
                self.stop_at_route(leg, t, "BAD_STATE_ROUTE", "is a blackhole: its target is gone")
            elif route.state not in {None, "active"}:
                self.doubt(leg, t, f"{self.describe_route(t)} is in state `{route.state}`")
            else:
                self._hand_over(leg, t, subnet)

    def _hand_over(self, leg: Leg, t: Transit, subnet: Subnet) -> None:  # noqa: C901, PLR0912 - one case for each kind
        kind, target = self.route(t).target
        match kind:
            case TargetKind.LOCAL:
                self.deliver(leg, t, subnet.vpc_id, subnet.subnet_id)
            case TargetKind.NETWORK_INTERFACE:
                self._appliance(leg, t, subnet)
            case TargetKind.INTERNET_GATEWAY:
                self.crossing.internet_gateway(leg, t, subnet)
            case TargetKind.EGRESS_ONLY_INTERNET_GATEWAY:
                self.crossing.egress_only_gateway(leg, t, subnet)
            case TargetKind.NAT_GATEWAY:
                self.crossing.nat.translate(leg, t, subnet)
            case TargetKind.PEERING:
                self.crossing.peering(leg, t, subnet)
            case TargetKind.VPN_GATEWAY:
                self.crossing.vpn_gateway(leg, t, subnet)
            case TargetKind.CARRIER_GATEWAY:
                self.border.carrier_gateway(leg, t, subnet)
            case TargetKind.LOCAL_GATEWAY:
                self.border.local_gateway(leg, t, subnet)
            case TargetKind.VPC_ENDPOINT:
                if not to_service(self, leg, t, subnet) and not self.middleboxes.by_route(leg, t, subnet):
                    self.doubt(leg, t, f"{self.describe_route(t)} leads to {target}, which is not modelled")
            case TargetKind.TRANSIT_GATEWAY:
                self.transit.leave_vpc(leg, t, subnet)
            case TargetKind.CORE_NETWORK | TargetKind.OTHER:
                self.doubt(leg, t, f"{self.describe_route(t)} leads to {target}, which is not modelled")
            case _:
                assert_never(kind)

    # Local delivery -----------------------------------------------------------------------------

    def deliver(self, leg: Leg, t: Transit, vpc_id: str, from_subnet: str | None) -> None:
        """To whoever holds the destination in the VPC (S-RT-10)."""
        address = t.header.dst.address
        if t.translation and t.header.reply and address == t.translation.address and self._is_home(t, vpc_id):
            self.crossing.nat.back_in(leg, t, from_subnet)
            return
        holders = () if address is None else self.facts.topology.holders_in_vpc(vpc_id, spell(address, self.family))
        if len(holders) == 1:
            self.arrive(leg, t, holders[0], from_subnet)
        elif holders:
            names = ", ".join(sorted(i.network_interface_id for i in holders))
            self.doubt(leg, t, f"{self.spell_destination(t)} is held by several interfaces: {names}")
        else:
            gap = self.facts.topology.interfaces_gap(vpc_id)
            detail = f"no interface of {vpc_id} holds {self.spell_destination(t)}"
            if gap:
                self.doubt(leg, t, f"{detail} as far as is known: {gap}")
            else:
                self.stop(
                    leg, t, Stated("ENI_ADDRESS_RESTRICTION", vpc_id, detail, (self.facts.source("vpcs", vpc_id),))
                )

    def _is_home(self, t: Transit, vpc_id: str) -> bool:
        """Whether the NAT gateway that translated stands in the VPC; another VPC may have the same addresses."""
        home = self.facts.snapshot.subnets.get(t.translation.subnet) if t.translation else None
        return home is None or home.vpc_id == vpc_id

    def arrive(self, leg: Leg, t: Transit, interface: NetworkInterface, from_subnet: str | None) -> None:
        """At an interface: the subnet's ACL where the packet comes from another one, groups, state."""
        by_group = self.check_arrival(leg, t, interface, from_subnet)
        leg.endings.append(Ending(t, Arrived(interface.network_interface_id, by_group)))

    def check_arrival(
        self, leg: Leg, t: Transit, interface: NetworkInterface, from_subnet: str | None
    ) -> dict[str, FlowSet]:
        """The checks of `arrive` alone; the part that each group admits."""
        self._check_acl_in(leg, t, interface, from_subnet)
        by_group: dict[str, FlowSet] = {}
        # A NAT gateway has no groups (S-NAT-05).
        if (
            not t.is_tracked_by(interface.network_interface_id)
            and interface.interface_type not in _NAT_KINDS | _OTHER_KINDS
        ):
            by_group = self.check_groups(leg, t, interface, egress=False)
        self.check_front(leg, t, interface)
        self.check_state(leg, t, interface)
        return by_group

    def check_front(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """What the interface takes of new connections, where it is a load balancer's or an endpoint's."""
        for taken in () if t.header.reply else taken_by(self.facts, interface, self.family):
            leg.check(Layer.STATE, t.region, taken.share, taken.cause)

    def _check_acl_in(self, leg: Leg, t: Transit, interface: NetworkInterface, from_subnet: str | None) -> None:
        subnet = self.facts.topology.subnet_of(interface)
        if isinstance(subnet, Undecided):
            leg.check(Layer.ACL_IN, t.region, doubtful(t.region, subnet.reason), _unexplained(subnet.reason))
        elif subnet.subnet_id != from_subnet:
            self.check_acl(leg, t, subnet, egress=False)

    # Filters ------------------------------------------------------------------------------------

    def check_acl(self, leg: Leg, t: Transit, subnet: Subnet, *, egress: bool) -> None:
        layer = Layer.ACL_OUT if egress else Layer.ACL_IN
        acl = self.facts.topology.acl_of(subnet)
        if isinstance(acl, Undecided):
            leg.check(layer, t.region, doubtful(t.region, acl.reason), _unexplained(acl.reason))
            return
        flows = self.facts.acl(acl, self.family, egress=egress, reply=t.header.reply)
        flows = read(flows, t.header.dst if egress else t.header.src)
        share = decided(flows)
        if t.header.reply and t.header.translated:
            why = f"a NAT gateway chooses its port among 1024-65535, and {acl.network_acl_id} lets only some through"
            share = _whatever_port(share, why)
        leg.check(layer, t.region, share, AclCause(acl, egress, t.header.reply, t.header))

    def check_groups(self, leg: Leg, t: Transit, interface: NetworkInterface, *, egress: bool) -> dict[str, FlowSet]:
        """Note what the interface's groups let through; the part that each of them admits."""
        balancer = self.facts.topology.balancers.of_interface(interface)
        if not interface.group_ids and balancer and balancer.kind == "network":
            # A network load balancer without groups takes everything (S-NLB-01).
            return {}
        end = t.header.dst if egress else t.header.src
        question = GroupQuestion(self.family, egress, t.header.reply, interface.vpc_id or "", t.peer_vpc, t.over_tgw)
        share = _read_share(self.groups.of_interface(interface, question), end)
        if t.header.reply and t.header.translated:
            why = f"the groups of {interface.network_interface_id} let only some ports of 1024-65535 through"
            share = _whatever_port(share, why)
        asked = question if end.remote and not t.header.translated else None
        cause = GroupCause(interface, egress, not (t.peer_vpc or t.over_tgw), t.unreferenced, asked)
        leg.check(Layer.GROUPS, t.region, share, cause)
        if egress:
            return {}
        return {g: read(s.sure, end) & t.region for g, s in self.groups.by_group(interface, question).items()}

    def check_whoever_sends(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """What keeps packets out of the interface whatever address and port they may come from."""
        if not self.groups.refer_beyond(interface) and interface.interface_type not in _NAT_KINDS:
            vpc = interface.vpc_id or ""
            question = GroupQuestion(self.family, egress=False, reply=t.header.reply, vpc=vpc, peer_vpc=vpc)
            admitted = forget_remote(self.groups.of_interface(interface, question).maybe)
            admitted = admitted | self.groups.unheld(interface, self.family)
            share = decided(for_some_source_port(admitted, (0, PORT_TOP)))
            leg.check(Layer.GROUPS, t.region, share, GroupCause(interface, egress=False, stripped=False))
        self.check_state(leg, t, interface)

    def is_unmodelled(self, interface: NetworkInterface) -> bool:
        """Whether it belongs to something that does not end connections by the ordinary rules (S-ENI-06)."""
        kind = interface.interface_type
        unusual = kind in _OTHER_KINDS or (kind == "network_load_balancer" and not interface.groups)
        return unusual and self.facts.topology.balancers.of_interface(interface) is None

    def check_state(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """Whether the interface is in service and its instance takes packets (S-ENI-01, S-ENI-06, S-INST-01)."""
        interface_id = interface.network_interface_id
        place = self.facts.source("interfaces", interface_id)
        kind = interface.interface_type
        if kind in _NAT_KINDS and not t.header.reply:
            detail = f"{interface_id} belongs to a NAT gateway, which accepts no connection"
            self._stop_state(leg, t, Stated("NO_POSSIBLE_DESTINATION", interface_id, detail, (place,)))
        elif self.is_unmodelled(interface):
            reason = f"{interface_id} belongs to a {kind.replace('_', ' ')}, which is not modelled"
            leg.check(Layer.STATE, t.region, doubtful(t.region, reason), _unexplained(reason))
        if interface.status is None:
            reason = f"{interface_id} has no status in the snapshot"
            leg.check(Layer.STATE, t.region, doubtful(t.region, reason), _unexplained(reason))
        elif interface.status not in {"in-use", "associated"}:
            detail = f"{interface_id} is not attached (status `{interface.status}`)"
            self._stop_state(leg, t, Stated("BAD_STATE_ATTACHMENT", interface_id, detail, (place,)))
        if interface.instance_id:
            self._check_instance(leg, t, interface, interface.instance_id)

    def _check_instance(self, leg: Leg, t: Transit, interface: NetworkInterface, instance_id: str) -> None:
        instance = self.facts.snapshot.instances.get(instance_id)
        if instance is None:
            scope = self.facts.topology.interface_scope(interface)
            reason = self.facts.snapshot.why_missing("instances", instance_id, scope)
            leg.check(Layer.STATE, t.region, doubtful(t.region, reason), _unexplained(reason))
        elif instance.state.name not in _IN_SERVICE | _NO_PACKETS:
            reason = f"the state `{instance.state.name}` of {instance_id} is not known"
            leg.check(Layer.STATE, t.region, doubtful(t.region, reason), _unexplained(reason))
        elif instance.state.name in _NO_PACKETS:
            place = self.facts.source("instances", instance_id, "/State")
            detail = f"{instance_id} is {instance.state.name}"
            self._stop_state(leg, t, Stated("BAD_STATE", instance_id, detail, (place,)))

    def _stop_state(self, leg: Leg, t: Transit, cause: Stated) -> None:
        leg.check(Layer.STATE, t.region, nothing(self.family), cause)

    # Appliances ---------------------------------------------------------------------------------

    def _appliance(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Through the interface that a route names (S-APP-01 to S-APP-03)."""
        target = self.target(t)
        interface = self.facts.snapshot.interfaces.get(target)
        if interface is None:
            scope = self.facts.topology.vpc_scope(subnet.vpc_id)
            self.doubt(leg, t, self.facts.snapshot.why_missing("interfaces", target, scope))
            return
        if interface.vpc_id != subnet.vpc_id:
            self.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"leads to {target} in another VPC")
            return
        if t.header.dst.address is not None and self.holds(interface, t.header.dst.address):
            self.arrive(leg, t, interface, subnet.subnet_id)
            return
        if self.is_unmodelled(interface):
            kind = interface.interface_type
            self.doubt(leg, t, f"{self.describe_route(t)} leads to a {kind.replace('_', ' ')}, which is not modelled")
            return
        if interface.source_dest_check:
            detail = f"{target} has its source/destination check on, so it does not forward"
            place = self.facts.source("interfaces", target, "/SourceDestCheck")
            self.stop(leg, t, Stated("ENI_SOURCE_DEST_CHECK_RESTRICTION", target, detail, (place,)))
            return
        if target in t.passed:
            self.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", f"leads back to {target}: a loop")
            return
        self.pass_through(leg, t, interface, subnet.subnet_id)

    def pass_through(self, leg: Leg, t: Transit, interface: NetworkInterface, from_subnet: str | None) -> None:
        """Into an appliance, and on from its own subnet with the header unchanged (an assumption)."""
        name = interface.network_interface_id
        self.check_arrival(leg, t, interface, from_subnet)
        if t.header.reply and t.entered and all(name != one.interface for one in t.tracked):  # S-TGW-07
            self.doubt(leg, t, f"{name} gets a reply whose first packet it did not see")
        assumption = f"the appliance at {name} forwards what it gets, with the header unchanged"
        leg.check(leg.route_layer, t.region, assumed(t.region, assumption), _unexplained(assumption))
        awaited = tuple(a for a in t.awaited if not (t.header.reply and a.middlebox == name))
        beyond = t._replace(
            peer_vpc=None, over_tgw=(), unreferenced=None, passed=(*t.passed, name), via=(*t.via, name), awaited=awaited
        )
        if not t.header.reply:
            beyond = beyond._replace(tracked=t.tracked | {seen(name, t.header)})
        self.leave(leg, beyond, interface)

    # Regions ------------------------------------------------------------------------------------

    def narrow(self, t: Transit, destinations: tuple[Range, ...]) -> Transit | None:
        """The part of the packets whose destination is one of these, None where there is none."""
        dst = t.header.dst
        if dst.address is not None:
            return t if any(low <= dst.address <= high for low, high in destinations) else None
        region = t.region & FlowSet.of_remotes(self.family, destinations)
        return None if region.is_empty else t._replace(region=region)

    def split(self, t: Transit, destinations: tuple[Range, ...]) -> tuple[Transit | None, Transit | None]:
        """The packets to these destinations, and the others."""
        inside = self.narrow(t, destinations)
        if inside is None:
            return None, t
        if t.header.dst.address is not None:
            return inside, None
        rest = t.region - inside.region
        return inside, None if rest.is_empty else t._replace(region=rest)

    def holds(self, interface: NetworkInterface, address: int) -> bool:
        """Whether the address is one of the interface's own."""
        return any(low <= address <= high for low, high in addresses_of(interface, self.family))

    def spell_destination(self, t: Transit) -> str:
        address = t.header.dst.address
        if address is not None:
            return spell(address, self.family)
        return spell_remotes(remotes_of(t.region), self.family)

    # Ends of a walk -----------------------------------------------------------------------------

    def stop(self, leg: Leg, t: Transit, cause: Stated, layer: Layer | None = None) -> None:
        """Nothing of the region goes on."""
        leg.check(layer or leg.route_layer, t.region, nothing(self.family), cause)

    def stop_at_route(self, leg: Leg, t: Transit, code: str, why: str) -> None:
        """Nothing goes on by the route that was taken last."""
        if t.route is None:
            raise ValueError("no route was taken")
        table_id, place = t.route
        evidence = self.facts.source("route_tables", table_id, f"/Routes/{place}")
        self.stop(leg, t, Stated(code, table_id, f"{self.describe_route(t)} {why}", (evidence,)))

    def route(self, t: Transit) -> Route:
        """The route taken last."""
        if t.route is None:
            raise ValueError("no route was taken")
        return self.facts.snapshot.route_tables[t.route[0]].routes[t.route[1]]

    def target(self, t: Transit) -> str:
        return self.route(t).target.id

    def describe_route(self, t: Transit) -> str:
        return describe_route(t.route[0] if t.route else "", self.route(t))

    def doubt(self, leg: Leg, t: Transit, reason: str, layer: Layer | None = None) -> None:
        """Whether and how the region goes on is not known."""
        leg.check(layer or leg.route_layer, t.region, doubtful(t.region, reason), _unexplained(reason))


def read(flows: FlowSet, end: End) -> FlowSet:
    """A set over an address, read on one end of the header (see `transit`)."""
    if end.remote:
        return flows
    if end.address is None:
        raise ValueError("an end that is not remote has an address")
    return pin(flows, end.address)


def _read_share(share: Share, end: End) -> Share:
    if end.remote:
        return share
    notes = tuple(n._replace(region=read(n.region, end)) for n in share.doubts)
    return Share(read(share.sure, end), read(share.maybe, end), notes)


def _whatever_port(share: Share, reason: str) -> Share:
    """What passes from every port that a NAT gateway or service may choose, and what from some (S-NAT-02)."""
    sure, maybe = for_every_source_port(share.sure, NAT_PORTS), for_some_source_port(share.maybe, NAT_PORTS)
    return Share(sure, maybe, (*share.doubts, *doubtful(maybe - sure, reason).doubts))


def _unexplained(reason: str) -> Stated:
    return Stated("", "", reason)


def describe_route(table_id: str, route: Route) -> str:
    """A route as a reader finds it: its table, destination and target."""
    return f"{table_id}: {route.destination} -> {route.target.id}"
