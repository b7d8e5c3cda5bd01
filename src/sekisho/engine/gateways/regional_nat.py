"""Regional NAT gateways: they stand in no subnet, have a route table of their own, and addresses by Availability Zone.

What such a gateway sends is routed as if from a place of its own in the VPC, which no network ACL guards (S-RNAT-01).
"""

from sekisho.engine.share import decided
from sekisho.engine.transit import End, Leg, Stated, Transit, Translation
from sekisho.engine.walk import Walker
from sekisho.model.gateways import NatGateway, NatGatewayAddress
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import ICMP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import parse


class RegionalNat:
    """The regional NAT gateways of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts

    def translate(self, leg: Leg, t: Transit, subnet: Subnet, nat: NatGateway) -> None:
        """Out through an address of the sender's zone (S-RNAT-02), to wherever the gateway's own table leads."""
        name, usable = nat.nat_gateway_id, addresses_for(nat, subnet)
        if self._w.family == "ipv6" or t.translation:
            why = f"what {name} does here is not modelled (NAT64, or two NAT gateways in a row)"
            self._w.doubt(leg, t, why)
            return
        # What a transit gateway brings is served like the VPC's own (S-TGW-10).
        if not t.entered and not self._w.crossing.source_in_vpc(
            leg, t, subnet.vpc_id, "NGW_REQUIRES_SOURCE_IN_VPC", name
        ):
            return
        if not usable:
            zone = subnet.availability_zone_id or subnet.availability_zone
            self._w.stop_at_route(leg, t, "REGIONAL_NGW_ROUTE_AZ_RESTRICTION", f"has no address in {zone}")
            return
        carried = FlowSet.build("ipv4", protocols=[(ICMP, ICMP), (TCP, TCP), (UDP, UDP)])
        place = self._facts.source("nat_gateways", name)
        cause = Stated("PROTOCOL_RESTRICTION", name, f"{name} carries TCP, UDP and ICMP only", (place,))
        leg.check(leg.route_layer, t.region, decided(carried), cause)
        chosen = usable[self._w.pick(name, len(usable))]
        public = parse(chosen.public_ip).low if chosen.public_ip else None
        private = parse(chosen.private_ip or chosen.public_ip or "").low
        translation = Translation(name, private, public, "", t.header, vpc=subnet.vpc_id)
        header = t.header._replace(src=End(remote=False, address=private), translated=True)
        region = t.region & carried
        if not region.is_empty:
            out = t._replace(region=region, header=header, translation=translation, peer_vpc=None, via=(*t.via, name))
            out = out._replace(over_tgw=(), unreferenced=None)
            self.leave(leg, out, nat)

    def leave(self, leg: Leg, t: Transit, nat: NatGateway) -> None:
        """By the gateway's own route table: also for a reply that it gives back to the sender."""
        table = self._facts.snapshot.route_tables.get(nat.route_table_id or "")
        if table is None:
            scope = self._facts.topology.vpc_scope(nat.vpc_id)
            named = nat.route_table_id
            why = self._facts.snapshot.why_missing("route_tables", named, scope) if named else "it names none"
            self._w.doubt(leg, t, f"the route table of {nat.nat_gateway_id} is not known: {why}")
            return
        self._w.route_by(leg, t, Subnet(subnet_id=nat.nat_gateway_id, vpc_id=nat.vpc_id or ""), table)


def addresses_for(nat: NatGateway, subnet: Subnet) -> tuple[NatGatewayAddress, ...]:
    """The addresses that serve the subnet: those of its zone, any while the gateway expands into it (S-RNAT-02)."""
    usable = tuple(a for a in nat.nat_gateway_addresses if a.public_ip and a.status in {None, "succeeded"})
    of_zone = tuple(a for a in usable if _same_zone(a, subnet))
    if of_zone or nat.auto_provision_zones == "disabled":
        return of_zone
    return usable


def _same_zone(address: NatGatewayAddress, subnet: Subnet) -> bool:
    if address.availability_zone_id and subnet.availability_zone_id:
        return address.availability_zone_id == subnet.availability_zone_id
    return address.availability_zone is not None and address.availability_zone == subnet.availability_zone
