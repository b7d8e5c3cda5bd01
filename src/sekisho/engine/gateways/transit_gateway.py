"""The way of a packet set through transit gateways: out of a VPC, from attachment to attachment, into a VPC.

What enters by an attachment is decided by the one table that the attachment is associated with; what leaves into a
VPC comes out of one of the attachment's subnets and goes on by that subnet's route table (S-TGW-01 to S-TGW-13).
"""

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from sekisho.engine.transit import Direction, Ending, Layer, Leg, Outside, OverTgw, Stated, Transit, Unreferenced
from sekisho.engine.walk import Walker
from sekisho.model.record import Source, Undecided
from sekisho.model.transit import Attached
from sekisho.model.transit_gateway import RouteAttachment
from sekisho.model.vpc import Subnet
from sekisho.sets.prefixes import overlap, parse_ranges, spell

from .transit_routes import TransitPart, judged


class _Came(NamedTuple):
    """How packets got into a transit gateway: by which attachment, from which zone (None: not known)."""

    attached: Attached
    zone: str | None


class TransitCrossing:
    """The transit gateways of one walker. `ends` are the attachments at which walks of a direction are to end."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts
        self._transit = walker.facts.topology.transit
        self.ends: Mapping[Direction, frozenset[str]] = {}

    # Out of a VPC -------------------------------------------------------------------------------

    def leave_vpc(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """By a route of the subnet: the attachment needs a subnet in the zone, whose ACL filters what enters it."""
        gateway = self._w.target(t)
        attached = self._transit.joining(subnet.vpc_id, gateway)
        if isinstance(attached, Undecided):
            self._w.doubt(leg, t, attached.reason)
            return
        if attached is None:
            self._w.stop_at_route(
                leg, t, "BAD_STATE_ROUTE", f"leads out of {subnet.vpc_id}, which is not attached to it"
            )
            return
        standing = self._standing_in(attached, subnet)
        if standing is None:
            zone = self._transit.zone_of(subnet)
            detail = f"{attached.id} has no subnet in {zone}, the zone of {subnet.subnet_id}"
            self._w.stop(leg, t, Stated("TGW_ROUTE_AZ_RESTRICTION", attached.id, detail, (self._source(attached),)))
        elif isinstance(standing, Undecided):
            # It may yet be stopped for sure further on.
            self._w.doubt(leg, t, standing.reason)
            self.enter(leg, t, attached, self._transit.zone_of(subnet))
        else:
            self._w.check_acl(leg, t, standing, egress=False)
            self.enter(leg, t, attached, self._transit.zone_of(subnet))

    def _standing_in(self, attached: Attached, subnet: Subnet) -> Subnet | None | Undecided:
        """The attachment's subnet in the zone of the subnet that sends (S-TGW-04)."""
        found = self._transit.subnets_of(attached)
        if isinstance(found, Undecided):
            return found
        zone = self._transit.zone_of(subnet)
        if any(s.subnet_id == subnet.subnet_id for s in found):
            return subnet
        if zone is None or None in map(self._transit.zone_of, found):
            return Undecided(
                f"the zone of {subnet.subnet_id} or of the subnets of {attached.id} is not in the snapshot"
            )
        return next((s for s in found if self._transit.zone_of(s) == zone), None)

    # At the transit gateway ---------------------------------------------------------------------

    def enter(self, leg: Leg, t: Transit, came: Attached, zone: str | None) -> None:
        """Into the transit gateway by the attachment, and on by the table that the attachment is associated with."""
        if (came.id, came.gateway) in zip(t.via, t.via[1:], strict=False):
            detail = f"{came.gateway} gets the packet from {came.id} a second time: a loop"
            self._w.stop(leg, t, Stated("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", came.gateway, detail))
            return
        via = t.via if t.via[-1:] == (came.id,) else (*t.via, came.id)
        t = t._replace(via=(*via, came.gateway), entered=None)
        association = self._transit.association(came)
        if isinstance(association, Undecided):
            self._w.doubt(leg, t, association.reason)
        elif association is None:
            detail = f"{came.id} is associated with no route table of {came.gateway}"
            cause = Stated("TGW_ATTACH_MISSING_TGW_RTB_ASSOCIATION", came.id, detail, (self._source(came),))
            self._w.stop(leg, t, cause)
        elif association.policy:
            for part, table in self._judged(leg, t, association.table):
                self._route(leg, part, _Came(came, zone), table)
        else:
            self._route(leg, t, _Came(came, zone), association.table)

    def _judged(self, leg: Leg, t: Transit, policy_table: str) -> Iterator[tuple[Transit, str]]:
        """What each entry of the policy table takes, with its route table; what none takes is dropped (S-TGW-09)."""
        entries = self._transit.policies(policy_table)
        if isinstance(entries, Undecided):
            self._w.doubt(leg, t, entries.reason)
            return
        left = t.region
        for found in judged(entries, t.header, self._w.family):
            taken, perhaps = left & found.sure, left & (found.maybe - found.sure)
            left = left - found.maybe
            if not perhaps.is_empty:
                self._w.doubt(leg, t._replace(region=perhaps), f"{policy_table}: {found.doubt}")
            if not taken.is_empty:
                if found.entry.target_route_table_id:
                    yield t._replace(region=taken), found.entry.target_route_table_id
                else:
                    why = f"{policy_table}: rule {found.entry.policy_rule_number} names no route table"
                    self._w.doubt(leg, t._replace(region=taken), why)
        if not left.is_empty:
            place = self._facts.source("transit_gateway_policies", policy_table)
            cause = Stated(
                "TGW_RTB_CANNOT_ROUTE", policy_table, f"no rule of {policy_table} takes the packet", (place,)
            )
            self._w.stop(leg, t._replace(region=left), cause)

    def _route(self, leg: Leg, t: Transit, came: _Came, table: str) -> None:
        parts = self._facts.transit_routes(table, self._w.family)
        if isinstance(parts, Undecided):
            self._w.doubt(leg, t, parts.reason)
            return
        for part in parts:
            narrowed = self._w.narrow(t, part.ranges)
            if narrowed is None:
                continue
            if part.undecided:
                self._w.doubt(leg, narrowed, f"{table}: {part.undecided}")
            elif part.blackhole:
                detail = f"{table}: {part.destination} is a blackhole"
                self._w.stop(leg, narrowed, Stated("TGW_RTB_BAD_STATE_ROUTE", table, detail, self._places(table, part)))
            elif part.targets:
                self._to_one(leg, narrowed, came, table, part)
            elif part.destination:
                self._w.doubt(leg, narrowed, f"{table}: the route to {part.destination} names no attachment")
            else:
                detail = f"{table} of {came.attached.gateway} has no route to {self._w.spell_destination(narrowed)}"
                place = self._facts.source("transit_gateway_routes", table)
                self._w.stop(leg, narrowed, Stated("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", table, detail, (place,)))

    def _to_one(self, leg: Leg, t: Transit, came: _Came, table: str, part: TransitPart) -> None:
        """To one of the route's attachments, whichever (S-TGW-06), where it is in force."""
        chosen = part.targets[self._w.pick(f"{table} {part.destination}", len(part.targets))]
        target = self._transit.attached.get((came.attached.gateway, chosen.transit_gateway_attachment_id))
        force = target.in_force if target else True
        if isinstance(force, Undecided):
            self._w.doubt(leg, t, force.reason)
        elif not force and target:
            detail = f"{table}: {part.destination} leads to {target.id}, which is {target.state}"
            places = (*self._places(table, part), self._source(target))
            self._w.stop(leg, t, Stated("TGW_RTB_BAD_STATE_ROUTE", table, detail, places))
        elif chosen.transit_gateway_attachment_id == came.attached.id:
            self._w.doubt(
                leg, t, f"{table} leads {part.destination} back to {came.attached.id}, by which the packet came"
            )
        else:
            self._hand_on(leg, t, came, chosen, target)

    def _hand_on(self, leg: Leg, t: Transit, came: _Came, chosen: RouteAttachment, target: Attached | None) -> None:
        """Out of the transit gateway by the attachment; away from the estate where nothing more of the way is known."""
        name = chosen.transit_gateway_attachment_id
        kind = target.kind if target else chosen.resource_type
        here = came.attached.vpc or ""
        wanted = self.ends.get(leg.direction, frozenset())
        if came.attached.id in wanted:
            leg.endings.append(Ending(t._replace(via=(*t.via[:-1],)), Outside(came.attached.id, here)))
            return
        if leg.direction == "return" and kind == "vpc" and name in wanted:
            detail = f"the reply is led back to {name}, by which its first packet came into the VPC"
            self._w.stop(leg, t, Stated("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", name, detail))
            return
        t = t._replace(via=(*t.via, name))
        far = self._transit.beyond(target) if target and kind == "peering" else None
        # A reply to hosts that are not known ends here too: whether it gets to them is the asker's business.
        ends = name in wanted or (t.header.reply and t.header.dst.address is None)
        if not ends and target and target.vpc in self._facts.snapshot.vpcs:
            self.enter_vpc(leg, self._identified(t, came.attached, target), target, came.zone)
        elif not ends and far is not None:
            if isinstance(far, Undecided):
                self._w.doubt(leg, t, far.reason)
            else:
                self.enter(leg, self._identified(t, came.attached, far), far, None)
        elif not ends and kind == "network-function":
            self._w.doubt(leg, t, f"{name} leads to a network function, which is not modelled")
        else:
            leg.endings.append(Ending(t._replace(peer_vpc=None), Outside(name, here)))

    def _identified(self, t: Transit, came: Attached, target: Attached) -> Transit:
        """The packets with what the transit gateway leaves of their group identities (S-TGW-08)."""
        vpc = t.peer_vpc
        if vpc is None or came.vpc != vpc:
            return t._replace(peer_vpc=None, over_tgw=())
        held = self._transit.references_hold(came, target)
        if held is False:
            component = next((a for a in (came, target) if a.referencing is False), None)
            name = component.id if component else came.gateway
            place = self._source(component) if component else self._facts.source("transit_gateways", came.gateway)
            return t._replace(peer_vpc=None, unreferenced=Unreferenced(name, vpc, place))
        doubt = held.reason if isinstance(held, Undecided) else None
        return t._replace(peer_vpc=None, over_tgw=(OverTgw(vpc, doubt),))

    # Into a VPC ---------------------------------------------------------------------------------

    def enter_vpc(self, leg: Leg, t: Transit, attached: Attached, zone: str | None) -> None:
        """Out of one of the attachment's subnets, and on by that subnet's route table (S-TGW-07)."""
        subnets = self._transit.subnets_of(attached)
        if isinstance(subnets, Undecided):
            self._w.doubt(leg, t, subnets.reason)
            return
        via = t.via if t.via[-1:] == (attached.id,) else (*t.via, attached.id)
        t = t._replace(via=via, entered=attached.id, route=None)
        alike = self._alike(t, self._candidates(attached, subnets, zone))
        # Appliance mode holds on to one zone for both directions of a flow.
        name = attached.id if attached.appliance_mode else f"{attached.id} {leg.direction} {zone}"
        subnet = alike[self._w.pick(name, len(alike))]
        near, far = self._w.split(t, parse_ranges(subnet.cidrs, self._w.family))
        if near:
            self._w.deliver(leg, near, subnet.vpc_id, subnet.subnet_id)
        if far:
            self._w.leave_subnet(leg, far, subnet)

    def _candidates(self, attached: Attached, subnets: tuple[Subnet, ...], zone: str | None) -> tuple[Subnet, ...]:
        """The subnets that a packet from the zone may come out of: one in its own zone where there is one."""
        if attached.appliance_mode is not False or zone is None:
            return subnets
        own = tuple(s for s in subnets if self._transit.zone_of(s) == zone)
        return own or subnets

    def _alike(self, t: Transit, subnets: tuple[Subnet, ...]) -> tuple[Subnet, ...]:
        """One subnet of each kind that makes a difference to the packets."""
        kinds: dict[tuple[object, ...], Subnet] = {}
        for subnet in subnets:
            table, acl = self._facts.topology.route_table_of(subnet), self._facts.topology.acl_of(subnet)
            key: tuple[object, ...] = (subnet.subnet_id,)
            if not isinstance(table, Undecided) and not isinstance(acl, Undecided):
                holds = self._w.narrow(t, parse_ranges(subnet.cidrs, self._w.family)) is not None
                goes_on = any(r.transit_gateway_id for r in table.routes)
                zone = self._transit.zone_of(subnet) if goes_on else None
                key = (table.route_table_id, acl.network_acl_id, holds, zone)
            kinds.setdefault(key, subnet)
        return tuple(kinds.values())

    # From and to hosts outside ------------------------------------------------------------------

    def from_outside(self, leg: Leg, t: Transit, name: str, vpc_id: str) -> None:
        """Packets that the attachment hands into the VPC, or, being of something else, into its transit gateway."""
        sides = self._transit.named[name]
        attached = next((a for a in sides if self._joins(a, vpc_id)), sides[0])
        if attached.vpc == vpc_id:
            self.enter_vpc(leg, t._replace(over_tgw=self._members(attached)), attached, None)
        else:
            self.enter(leg, t, attached, None)

    def _joins(self, attached: Attached, vpc_id: str) -> bool:
        return any(a.gateway == attached.gateway for a in self._transit.of_vpc(vpc_id))

    def _members(self, attached: Attached) -> tuple[OverTgw, ...]:
        """The VPCs whose members references may hold for, as far as the attachment itself tells."""
        found = []
        for other in self._transit.of_gateway(attached.gateway):
            held = self._transit.references_hold(attached, other)
            if other.vpc and other.vpc != attached.vpc and other.in_force is not False and held is not False:
                found.append(OverTgw(other.vpc, held.reason if isinstance(held, Undecided) else None))
        return tuple(found)

    def back_in(self, leg: Leg, t: Transit, name: str, vpc_id: str) -> None:
        """A reply from behind the attachment by which the first packet left the estate."""
        attached = self._transit.attached.get((t.crossed[-2] if t.crossed[1:] else "", name))
        if attached is None:  # It left its own VPC only: the transit gateway is not on the way.
            own = (a for a in self._transit.named.get(name, ()) if a.vpc == vpc_id)
            attached = None if t.crossed[-2:-1] and _is_gateway(t.crossed[-2]) else next(own, None)
        if attached is None:
            self._w.doubt(leg, t, f"{name} is not in the snapshot, and the reply comes by it")
        elif attached.vpc == vpc_id:
            self.enter_vpc(leg, t, attached, None)
        else:
            self.enter(leg, t, attached, None)

    def stops_foreign(self, leg: Leg, t: Transit, vpc_id: str, gateway: str) -> bool:
        """Whether the packet came in from an address that is none of the VPC's: its gateway stops it (S-TGW-10)."""
        address, own = t.header.src.address, self._facts.vpc_ranges(vpc_id, self._w.family)
        if t.entered is None or address is None or isinstance(own, Undecided) or overlap([(address, address)], own):
            return False
        # A regional NAT gateway may have public addresses only.
        if t.translation and address == t.translation.address:
            return False
        detail = f"{spell(address, self._w.family)} is no address of {vpc_id}, so {gateway} has no public one for it"
        cause = Stated("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", gateway, detail)
        self._w.stop(leg, t, cause, Layer.PUBLIC_ADDRESS)
        return True

    # Places -------------------------------------------------------------------------------------

    def _source(self, attached: Attached) -> Source | None:
        return self._facts.source(*attached.place)

    def _places(self, table: str, part: TransitPart) -> tuple[Source | None, ...]:
        return tuple(self._facts.source("transit_gateway_routes", table, f"/{place}") for place in part.places)


def _is_gateway(name: str) -> bool:
    return name.startswith("tgw-") and not name.startswith("tgw-attach-")
