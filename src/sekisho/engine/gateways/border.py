"""Carrier gateways (Wavelength) and local gateways (Outposts): the ways to a carrier's network and on-premises ones.

Both carry IPv4 alone, and translate private addresses where they have an association for it (S-CAGW, S-LGW).
"""

from typing import Literal

from sekisho.engine.facts import Facts
from sekisho.engine.share import decided
from sekisho.engine.transit import Ending, Layer, Leg, Outside, Stated, Transit
from sekisho.engine.walk import Walker
from sekisho.model.border import LocalGatewayRoutes, LocalGatewayRouteTable, LocalGatewayVpcAssociation
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import ICMP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Range, merge, parse, spell, subtract

Translation = Literal["public_ip", "carrier_ip", "customer_owned_ip"]

_CARRIED: tuple[Range, ...] = ((ICMP, ICMP), (TCP, TCP), (UDP, UDP))


def associated(interface: NetworkInterface, address: int, by: Translation) -> int | None:
    """What the private IPv4 address is translated to, by that member of its association."""
    text = spell(address, "ipv4")
    for own in interface.addresses:
        found = getattr(own.association, by) if own.private_ip_address == text and own.association else None
        if found:
            return parse(found).low
    return None


class Border:
    """The carrier and local gateways of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts

    # Carrier gateway ----------------------------------------------------------------------------

    def carrier_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Out to the carrier's network and the internet beyond (S-CAGW-01 to S-CAGW-03)."""
        name = self._w.target(t)
        gateway = self._facts.snapshot.carrier_gateways.get(name)
        if gateway is None:
            self._w.crossing.gone(leg, t, "carrier_gateways", subnet)
        elif gateway.vpc_id != subnet.vpc_id or gateway.state in {"deleting", "deleted"}:
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not in force for {subnet.vpc_id}")
        elif gateway.state not in {None, "available"}:
            self._w.doubt(leg, t, f"{name} is in state `{gateway.state}`")
        elif self._carries(leg, t, name):
            self._w.crossing.check_bpa(leg, t, subnet, "egress", name)
            carrier = self._translated(leg, t, subnet.vpc_id, "carrier_ip", "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")
            leg.endings.append(Ending(t._replace(via=(*t.via, name)), Outside(name, subnet.vpc_id, carrier)))

    def from_carrier(self, leg: Leg, t: Transit, gateway: str, interface: NetworkInterface, *, internet: bool) -> None:
        """In from the carrier's network, or from the internet beyond it (S-CAGW-02, S-CAGW-03)."""
        subnet = self._facts.topology.subnet_of(interface)
        found = self._facts.snapshot.carrier_gateways.get(gateway)
        if found and found.state not in {None, "available"}:
            cause = Stated("BAD_STATE", gateway, f"{gateway} is {found.state}")
            self._w.stop(leg, t, cause, Layer.GATEWAY)
        if isinstance(subnet, Undecided):
            self._w.doubt(leg, t, subnet.reason, Layer.GATEWAY)
        else:
            self._w.crossing.check_bpa(leg, t, subnet, "ingress", gateway)
        zone = self._facts.topology.zone_of(interface)
        if internet and zone is None:
            others = t._replace(region=t.region - FlowSet.build("ipv4", protocols=((ICMP, ICMP),)))
            name = interface.network_interface_id
            self._w.doubt(leg, others, f"the zone of {name}, which {gateway} asks, is not known", Layer.GATEWAY)
        shut = internet and zone is not None and not opened(zone)
        admitted: tuple[Range, ...] = ((ICMP, ICMP),) if shut else _CARRIED
        detail = f"{gateway} admits {'only ICMP from the internet' if shut else 'TCP, UDP and ICMP'}"
        cause = Stated("PROTOCOL_RESTRICTION", gateway, detail, (self._facts.source("carrier_gateways", gateway),))
        leg.check(Layer.GATEWAY, t.region, decided(FlowSet.build("ipv4", protocols=admitted)), cause)
        self._check_association(leg, t, interface, "carrier_ip", "carrier")
        self._w.arrive(leg, t._replace(via=(*t.via, gateway)), interface, None)

    def check_internet(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        """The internet beyond a carrier gateway takes no UDP, but in some Regions (S-CAGW-03)."""
        address = t.header.src.address
        held = self._facts.topology.holders_in_vpc(vpc_id, spell(address or 0, self._w.family))
        zones = [self._facts.topology.zone_of(interface) for interface in held]
        if all(map(opened, zones)) and zones:
            return
        passes = FlowSet.build("ipv4", protocols=[(ICMP, ICMP), (TCP, TCP)])
        if None in zones:
            others = t._replace(region=t.region - passes)
            self._w.doubt(leg, others, f"the zone that {gateway} serves is not known", Layer.GATEWAY)
            return
        detail = f"{gateway} carries only TCP and ICMP to the internet"
        cause = Stated("PROTOCOL_RESTRICTION", gateway, detail, (self._facts.source("carrier_gateways", gateway),))
        leg.check(Layer.GATEWAY, t.region, decided(passes), cause)

    # Local gateway ------------------------------------------------------------------------------

    def local_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Away to on-premises hosts by the routes of the local gateway (S-LGW-01 to S-LGW-03)."""
        name = self._w.target(t)
        found = local_table(self._facts, name, subnet.vpc_id)
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason)
            return
        if found is None:
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not associated with {subnet.vpc_id}")
            return
        carries = self._carries(leg, t, name)
        if not carries or not self._w.crossing.source_in_vpc(
            leg, t, subnet.vpc_id, "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", name
        ):
            return
        owned = None
        if found.mode == "coip":
            code = "LGW_CUSTOMER_OWNED_IP_ASSOCIATION_FOR_EGRESS"
            owned = self._translated(leg, t, subnet.vpc_id, "customer_owned_ip", code)
        elif found.mode != "direct-vpc-routing":
            self._w.doubt(leg, t, f"{found.local_gateway_route_table_id} does not say whether it translates")
        carried = self._routed(leg, t, found)
        if carried:
            leg.endings.append(Ending(carried._replace(via=(*t.via, name)), Outside(name, subnet.vpc_id, owned)))

    def _routed(self, leg: Leg, t: Transit, table: LocalGatewayRouteTable) -> Transit | None:
        """What the local gateway's own routes carry; the rest is stopped."""
        name = table.local_gateway_route_table_id
        routes = self._facts.snapshot.local_gateway_routes.get(name)
        gap = self._facts.snapshot.gap("local_gateway_routes", self._facts.snapshot.scope("local_gateway_tables", name))
        if routes is None or gap:
            self._w.doubt(leg, t, f"the routes of {name} are not known: {gap or 'they were not read'}")
            return t
        for route in routes.routes:
            if route.destination_prefix_list_id:
                self._w.doubt(leg, t, f"{name} routes by {route.destination_prefix_list_id}, which is not modelled")
        carried, rest = self._w.split(t, carried_ranges(routes))
        if rest:
            detail = f"{name} has no route in force to {self._w.spell_destination(rest)}"
            place = self._facts.source("local_gateway_routes", name)
            self._w.stop(leg, rest, Stated("NO_ROUTE_TO_DESTINATION", name, detail, (place,)))
        return carried

    def from_local_gateway(self, leg: Leg, t: Transit, gateway: str, interface: NetworkInterface) -> None:
        """In from on-premises hosts, to a private address or to the customer-owned one of it (S-LGW-02)."""
        found = local_table(self._facts, gateway, interface.vpc_id or "")
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason, Layer.GATEWAY)
        elif found is None:
            detail = f"{gateway} is not associated with {interface.vpc_id}"
            self._w.stop(leg, t, Stated("BAD_STATE_ATTACHMENT", gateway, detail), Layer.GATEWAY)
        elif found.mode == "coip":
            self._check_association(leg, t, interface, "customer_owned_ip", "customer-owned")
        elif found.mode != "direct-vpc-routing":
            reason = f"{found.local_gateway_route_table_id} does not say whether it translates"
            self._w.doubt(leg, t, reason, Layer.PUBLIC_ADDRESS)
        self._w.arrive(leg, t._replace(via=(*t.via, gateway)), interface, None)

    # Common -------------------------------------------------------------------------------------

    def _carries(self, leg: Leg, t: Transit, name: str) -> bool:
        """Whether there is IPv4 to carry; of it only TCP, UDP and ICMP go through a carrier gateway."""
        if self._w.family == "ipv6":
            self._w.stop_at_route(leg, t, "PROTOCOL_RESTRICTION", "carries no IPv6")
            return False
        if name.startswith("cagw-"):
            cause = Stated("PROTOCOL_RESTRICTION", name, f"{name} carries TCP, UDP and ICMP only")
            leg.check(leg.route_layer, t.region, decided(FlowSet.build("ipv4", protocols=_CARRIED)), cause)
        return True

    def _translated(self, leg: Leg, t: Transit, vpc_id: str, by: Translation, code: str) -> int | None:
        """The address that the source gets; stopped where it has none."""
        address = t.header.src.address
        holders = () if address is None else self._facts.topology.holders_in_vpc(vpc_id, spell(address, "ipv4"))
        if address is None or len(holders) != 1:
            self._w.doubt(leg, t, f"who sends the packet in {vpc_id} is not known")
            return None
        found = associated(holders[0], address, by)
        if found is None:
            name = holders[0].network_interface_id
            detail = f"no {by.removesuffix('_ip').replace('_', '-')} address is associated with the private one"
            cause = Stated(code, name, detail, (self._facts.source("interfaces", name),))
            self._w.stop(leg, t, cause, Layer.PUBLIC_ADDRESS)
        return found

    def _check_association(self, leg: Leg, t: Transit, interface: NetworkInterface, by: Translation, noun: str) -> None:
        address, name = t.header.dst.address, interface.network_interface_id
        if address is not None and associated(interface, address, by) is None:
            code = "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
            if by == "customer_owned_ip":
                code = "LGW_CUSTOMER_OWNED_IP_ASSOCIATION_FOR_INGRESS"
            detail = f"no {noun} address is associated with the private one"
            self._w.stop(
                leg, t, Stated(code, name, detail, (self._facts.source("interfaces", name),)), Layer.PUBLIC_ADDRESS
            )


def opened(zone: str | None) -> bool:
    """Whether the internet reaches the Wavelength Zone both ways, as where its parent is eu-west-3 (S-CAGW-03)."""
    return zone is not None and zone.startswith("eu-west-3-")


def local_table(facts: Facts, gateway: str, vpc_id: str) -> LocalGatewayRouteTable | None | Undecided:
    """The route table by which a local gateway serves the VPC; None where it provably does not (S-LGW-01)."""
    snapshot, scope = facts.snapshot, facts.topology.vpc_scope(vpc_id)
    for association in associations_of(facts, vpc_id):
        name = association.local_gateway_route_table_id or ""
        table = snapshot.local_gateway_tables.get(name)
        if gateway not in {association.local_gateway_id, table.local_gateway_id if table else None}:
            continue
        return table or Undecided(snapshot.why_missing("local_gateway_tables", name, scope))
    gap = snapshot.gap("local_gateway_associations", scope)
    return Undecided(f"whether {gateway} is associated with {vpc_id} is not known: {gap}") if gap else None


def associations_of(facts: Facts, vpc_id: str) -> tuple[LocalGatewayVpcAssociation, ...]:
    """The associations in force of the VPC with local gateway route tables, by id."""
    found = sorted(facts.snapshot.local_gateway_associations.items())
    return tuple(a for _, a in found if a.vpc_id == vpc_id and a.state in {None, "associated"})


def gateway_of(facts: Facts, association: LocalGatewayVpcAssociation) -> str | None:
    """The local gateway that the association is of; None where neither it nor its route table says so."""
    table = facts.snapshot.local_gateway_tables.get(association.local_gateway_route_table_id or "")
    return association.local_gateway_id or (table.local_gateway_id if table else None)


def carried_ranges(routes: LocalGatewayRoutes) -> tuple[Range, ...]:
    """The destinations whose longest prefix is in force and leads on-premises (S-LGW-03)."""
    carried: tuple[Range, ...] = ()
    prefixes = [(parse(r.destination_cidr_block), r) for r in routes.routes if r.destination_cidr_block]
    for prefix, route in sorted(prefixes, key=lambda p: (p[0].length, p[1].type != "propagated")):
        away = route.state in {None, "active"} and not (route.subnet_id or route.network_interface_id)
        carried = merge((*carried, prefix.range)) if away else subtract(carried, [prefix.range])
    return carried
