"""One packet through transit gateways: the plain reading of S-TGW-01 to S-TGW-13."""

from abc import abstractmethod
from collections.abc import Mapping
from ipaddress import ip_network

from sekisho.engine.packet import TCP, UDP, Dropped, Outcome, Unsettled
from sekisho.model.record import Source, Undecided
from sekisho.model.transit import Attached, TransitRoutes
from sekisho.model.transit_gateway import PolicyEntry, RouteAttachment, TransitGatewayRoute
from sekisho.model.vpc import Subnet

from .filters import at, within
from .walk import TGW, Walk

ATTACHMENT = "transit-gateway-attachment"
_PROPAGATING = ["vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "client-vpn", "peering"]


class Picks:
    """What is chosen where AWS chooses: an index by what chooses, the first where nothing says otherwise."""

    def __init__(self, given: Mapping[str, int] | None = None) -> None:
        self.given = given or {}
        #: What chose without a pick, in order, and among how many.
        self.met: dict[str, int] = {}

    def pick(self, name: str, options: int) -> int:
        if options > 1 and name not in self.given:
            self.met.setdefault(name, options)
        return self.given.get(name, 0) % options


class TransitWalk(Walk):
    """A walk that passes transit gateways. The abstract step is the one in which packet and reply differ."""

    picks: Picks
    direction: str

    @abstractmethod
    def out_of_transit_gateway(self, came: Attached, name: str, target: Attached | None) -> Outcome | None:
        """The outcome where the way ends at an attachment; None where it goes on."""

    # Out of a VPC -------------------------------------------------------------------------------

    def out_by_transit_gateway(self, gateway: str, subnet: Subnet) -> Outcome:
        attached = self.topology.transit.joining(subnet.vpc_id, gateway)
        if isinstance(attached, Undecided):
            return Unsettled(attached.reason)
        if attached is None:
            return self.unusable_target(gateway, TGW, subnet.vpc_id)
        return self.into_its_subnet(attached, subnet) or self.into_gateway(
            attached, self.topology.transit.zone_of(subnet)
        )

    def into_its_subnet(self, attached: Attached, subnet: Subnet) -> Dropped | None:
        """The attachment's subnet in the sender's zone, and its ACL as the packet enters (S-TGW-04, S-TGW-11)."""
        transit = self.topology.transit
        subnets = transit.subnets_of(attached)
        if isinstance(subnets, Undecided):
            return self.doubt(subnets.reason)
        zone = transit.zone_of(subnet)
        own = [s for s in subnets if s.subnet_id == subnet.subnet_id]
        if not own and (zone is None or any(transit.zone_of(s) is None for s in subnets)):
            return self.doubt(f"the zones of {attached.id} and {subnet.subnet_id} are not in the snapshot")
        beside = own or [s for s in subnets if transit.zone_of(s) == zone]
        if beside:
            return self.network_acl(beside[0], egress=False)
        detail = f"{attached.id} has no subnet in {zone}, where {subnet.subnet_id} is"
        return self.drop("TGW_ROUTE_AZ_RESTRICTION", attached.id, ATTACHMENT, detail, self.source(*attached.place))

    # At the transit gateway ---------------------------------------------------------------------

    def into_gateway(self, came: Attached, zone: str | None) -> Outcome:
        step = f"{came.id} {came.gateway}"
        if step in self.visited:
            detail = f"the packet comes to {came.gateway} from {came.id} a second time"
            return self.drop("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", came.gateway, TGW, detail)
        self.visited.add(step)
        self.entered = None
        self.hop(came.id, ATTACHMENT, "route", None, self.source(*came.place))
        table = self.table_of(came)
        if not isinstance(table, str):
            return table
        routes = self.topology.transit.routes(table)
        if isinstance(routes, Undecided):
            return Unsettled(routes.reason)
        return self.routed(came, table, routes, zone)

    def table_of(self, came: Attached) -> str | Dropped | Unsettled:
        """The route table that decides: the associated one, or that of the first policy rule that matches."""
        association = self.topology.transit.association(came)
        if isinstance(association, Undecided):
            return Unsettled(association.reason)
        if association is None:
            detail = f"{came.id} is associated with no route table"
            where = self.source(*came.place)
            return self.drop("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", came.id, ATTACHMENT, detail, where)
        if not association.policy:
            return association.table
        return self.table_by_policy(association.table)

    def table_by_policy(self, policy_table: str) -> str | Dropped | Unsettled:
        """The route table of the first rule that matches (S-TGW-09)."""
        entries = self.topology.transit.policies(policy_table)
        if isinstance(entries, Undecided):
            return Unsettled(entries.reason)
        for entry in entries:
            matches = self.matches(entry)
            if matches is None or (matches and entry.target_route_table_id is None):
                return Unsettled(f"{policy_table}: whether rule {entry.policy_rule_number} applies is not known")
            if matches and entry.target_route_table_id:
                rule = {"PolicyRuleNumber": entry.policy_rule_number, "TargetRouteTableId": entry.target_route_table_id}
                where = self.source("transit_gateway_policies", policy_table)
                self.hop(policy_table, "transit-gateway-policy-table", "route", rule, where)
                return entry.target_route_table_id
        detail = f"no rule of {policy_table} matches"
        where = self.source("transit_gateway_policies", policy_table)
        return self.drop("TGW_RTB_CANNOT_ROUTE", policy_table, "transit-gateway-policy-table", detail, where)

    def matches(self, entry: PolicyEntry) -> bool | None:
        """Whether the rule takes the packet; None where the header does not tell (S-TGW-09)."""
        rule, header = entry.policy_rule, self.header
        for cidr, address in (
            (rule.source_cidr_block, header.source),
            (rule.destination_cidr_block, header.destination),
        ):
            if cidr not in {None, "*"} and not within(address, (cidr or "",)):
                return False
        any_protocol = rule.number is None
        if not any_protocol and header.protocol != rule.number:
            return False
        open_to_metadata = bool(rule.meta_data and rule.meta_data.meta_data_key)
        unsettled = open_to_metadata or entry.state not in {None, "active", "available"}
        if not any_protocol and header.protocol in {TCP, UDP}:
            asked = (rule.source_port_range, header.source_port), (rule.destination_port_range, header.destination_port)
            for ports, port in asked:
                if ports in {None, "*"}:
                    continue
                low, _, high = (ports or "").partition("-")
                if port is not None and not int(low) <= port <= int(high or low):
                    return False
                unsettled = unsettled or port is None
        return None if unsettled else True

    def routed(self, came: Attached, table: str, routes: TransitRoutes, zone: str | None) -> Outcome:
        """By the longest prefix, then by the kind of the route (S-TGW-05)."""
        destination = self.header.destination
        held = [r for r in _expanded(self, routes) if within(destination, (r.destination_cidr_block,))]
        best = min((_order(r) for r in held), default=None)
        equals = [r for r in held if _order(r) == best]
        doubt = self.why_open(routes, equals)
        if doubt:
            return Unsettled(f"{table}: {doubt}")
        evidence = self.evidence(table, routes, equals)
        if not equals:
            detail = f"{table} has no route to {destination}"
            return self.drop("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", table, TGW, detail, evidence)
        rule = _written(equals[0])
        if equals[0].state == "blackhole":
            detail = f"{table}: {equals[0].destination_cidr_block} is a blackhole"
            return self.drop("TGW_RTB_BAD_STATE_ROUTE", table, TGW, detail, evidence, rule=rule)
        self.hop(table, "transit-gateway-route-table", "route", rule, evidence)
        targets = {a.transit_gateway_attachment_id: a for r in equals for a in r.transit_gateway_attachments}
        name = f"{table} {ip_network(equals[0].destination_cidr_block)}"
        return self.to_attachment(came, targets[sorted(targets)[self.picks.pick(name, len(targets))]], zone)

    def why_open(self, routes: TransitRoutes, equals: list[TransitGatewayRoute]) -> str | None:
        """Why the table does not settle the way of the packet, or None. `equals` are the routes that decide."""
        destination = self.header.destination
        hidden = self.hidden_list(routes)
        if hidden and not (equals and -_order(equals[0])[0] == (128 if ":" in destination else 32)):
            return f"the entries of {hidden} are not in the snapshot"
        if any(r.state not in {"active", "blackhole", None} for r in equals):
            return f"a route to {destination} is in state {equals[0].state}"
        blackholes = {r.state == "blackhole" for r in equals}
        if blackholes == {True, False}:
            return f"routes of one rank to {destination} disagree"
        if blackholes == {False} and not any(r.transit_gateway_attachments for r in equals):
            return f"the route to {destination} names no attachment"
        return None

    def hidden_list(self, routes: TransitRoutes) -> str | None:
        """A prefix list that the table refers to and of which neither the search nor the snapshot shows an entry."""
        shown = {r.prefix_list_id for r in routes.routes}
        hidden = (r.prefix_list_id for r in routes.references if r.prefix_list_id not in shown)
        return next((name for name in hidden if name not in self.snapshot.prefix_lists), None)

    def evidence(self, table: str, routes: TransitRoutes, chosen: list[TransitGatewayRoute]) -> tuple[Source, ...]:
        where = self.source("transit_gateway_routes", table)
        places = [i for i, route in enumerate(routes.routes) if any(route is c for c in chosen)]
        return tuple(at(where[0], f"/{i}") for i in places) if where and places else where

    def to_attachment(self, came: Attached, chosen: RouteAttachment, zone: str | None) -> Outcome:
        name = chosen.transit_gateway_attachment_id
        target = self.topology.transit.attached.get((came.gateway, name))
        force = target.in_force if target else True
        if isinstance(force, Undecided):
            return Unsettled(force.reason)
        if not force and target:
            detail = f"{name}, to which a route leads, is {target.state}"
            return self.drop("TGW_RTB_BAD_STATE_ROUTE", name, ATTACHMENT, detail, self.source(*target.place))
        if name == came.id:
            return Unsettled(f"{came.gateway} sends the packet back to {came.id}, by which it came")
        return self.out_of_transit_gateway(came, name, target) or self.beyond_attachment(came, chosen, target, zone)

    def beyond_attachment(
        self, came: Attached, chosen: RouteAttachment, target: Attached | None, zone: str | None
    ) -> Outcome:
        """Into a VPC, into another transit gateway, or away."""
        name, kind = chosen.transit_gateway_attachment_id, target.kind if target else chosen.resource_type
        if target and target.vpc in self.snapshot.vpcs:
            self.keep_identity(came, target)
            return self.into_vpc(target, zone)
        far = self.topology.transit.beyond(target) if target and kind == "peering" else None
        if isinstance(far, Undecided):
            return Unsettled(far.reason)
        if far is not None:
            self.keep_identity(came, far)
            return self.into_gateway(far, None)
        if kind == "network-function":
            return Unsettled(f"{name} leads to a network function, which is not modelled")
        return self.away(came, name, target)

    @abstractmethod
    def away(self, came: Attached, name: str, target: Attached | None) -> Outcome:
        """Out of the estate by an attachment of which nothing further is known."""

    def keep_identity(self, came: Attached, target: Attached) -> None:
        """What of the sender's group identity gets over the transit gateway (S-TGW-08)."""
        sender = self.sender_vpc()
        fresh = self.stripped is None and sender is not None and came.vpc == sender
        held = self.topology.transit.references_hold(came, target) if fresh else False
        if held is not False and sender:
            self.over_tgw = ((sender, held.reason if isinstance(held, Undecided) else None),)
        else:
            self.over_tgw = ()
        self.stripped = self.stripped or self.header.source

    @abstractmethod
    def sender_vpc(self) -> str | None:
        """The VPC of the interface that sent the packet, where one of the estate did."""

    # Into a VPC ---------------------------------------------------------------------------------

    def into_vpc(self, attached: Attached, zone: str | None) -> Outcome:
        """Out of a subnet of the attachment, by that subnet's route table (S-TGW-07)."""
        transit = self.topology.transit
        subnets = transit.subnets_of(attached)
        if isinstance(subnets, Undecided):
            return Unsettled(subnets.reason)
        if attached.appliance_mode is False and zone is not None:
            subnets = tuple(s for s in subnets if transit.zone_of(s) == zone) or subnets
        name = attached.id if attached.appliance_mode else f"{attached.id} {self.direction} {zone}"
        subnet = subnets[self.picks.pick(name, len(subnets))]
        self.entered = attached.id
        self.hop(attached.id, ATTACHMENT, "route", {"SubnetId": subnet.subnet_id}, self.source(*attached.place))
        return self.send(subnet)


def _written(route: TransitGatewayRoute) -> Mapping[str, object]:
    attachments = [a.transit_gateway_attachment_id for a in route.transit_gateway_attachments]
    members = {
        "DestinationCidrBlock": route.destination_cidr_block,
        "PrefixListId": route.prefix_list_id,
        "Type": route.type,
        "State": route.state,
        "TransitGatewayAttachmentId": ", ".join(attachments) or None,
    }
    return {key: value for key, value in members.items() if value is not None}


def _order(route: TransitGatewayRoute) -> tuple[int, int]:
    """Longest first; between equals static, prefix list, then propagated by what propagates."""
    length = ip_network(route.destination_cidr_block).prefixlen
    if route.prefix_list_id:
        return -length, 1
    if route.type != "propagated":
        return -length, 0
    kinds = [a.resource_type for a in route.transit_gateway_attachments if a.resource_type in _PROPAGATING]
    return -length, 2 + min(map(_PROPAGATING.index, kinds), default=len(_PROPAGATING))


def _expanded(walk: Walk, routes: TransitRoutes) -> list[TransitGatewayRoute]:
    """All routes, those that a prefix list stands for too."""
    found = [r for r in routes.routes if r.state != "deleted"]
    for reference in routes.references:
        entries = walk.snapshot.prefix_lists.get(reference.prefix_list_id)
        target = reference.transit_gateway_attachment
        found += [
            TransitGatewayRoute(
                destination_cidr_block=cidr,
                prefix_list_id=reference.prefix_list_id,
                transit_gateway_attachments=(target,) if target else (),
                state="blackhole" if reference.blackhole else "active",
            )
            for cidr in (entries.cidrs if entries else ())
        ]
    return found
