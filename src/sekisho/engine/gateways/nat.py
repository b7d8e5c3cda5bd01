"""NAT gateways that stand in a subnet, and the replies to what they translated (S-NAT-01 to S-NAT-05).

Regional ones are in `regional_nat`, IPv6 hosts that speak to IPv4 ones in `nat64`.
"""

from sekisho.engine.share import decided
from sekisho.engine.transit import End, Ending, Leg, Outside, Stated, Transit, Translation
from sekisho.engine.walk import Walker
from sekisho.model.gateways import NatGateway
from sekisho.model.record import Record
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import ICMP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import parse, parse_ranges

from .nat64 import to_ipv4
from .regional_nat import RegionalNat


class Nat:
    """The NAT gateways of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts
        self._regional = RegionalNat(walker)

    def translate(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Through a NAT gateway: a new source address and port (S-NAT-01 to S-NAT-05)."""
        target = self._w.target(t)
        if self._w.crossing.is_stray_reply(leg, t, "translate"):
            return
        nat = self._facts.snapshot.nat_gateways.get(target)
        if nat is None:
            self._w.crossing.gone(leg, t, "nat_gateways", subnet)
        elif nat.state in {"deleted", "failed"}:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"is {nat.state}")
        elif nat.state != "available":
            self._w.doubt(leg, t, f"{target} is in state `{nat.state}`")
        elif t.translation and t.translation.gateway == target:
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", f"leads back to {target}: a loop")
        elif nat.vpc_id != subnet.vpc_id:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "is a NAT gateway of another VPC")
        elif nat.is_regional:
            self._regional.translate(leg, t, subnet, nat)
        else:
            self._send_on(leg, t, subnet, nat)

    def _send_on(self, leg: Leg, t: Transit, subnet: Subnet, nat: NatGateway) -> None:
        name = nat.nat_gateway_id
        addresses = [a for a in nat.nat_gateway_addresses if a.private_ip and a.status in {None, "succeeded"}]
        home = self._facts.snapshot.subnets.get(nat.subnet_id or "")
        if t.translation or home is None or not addresses:
            self._w.doubt(leg, t, f"what {name} does here is not modelled ({_why_not(t, home)})")
            return
        if self._w.family == "ipv6":
            to_ipv4(self._w, leg, t, subnet, nat)
            return
        # What a transit gateway brings is served like the VPC's own (S-TGW-10).
        if not t.entered and not self._w.crossing.source_in_vpc(
            leg, t, subnet.vpc_id, "NGW_REQUIRES_SOURCE_IN_VPC", name
        ):
            return
        carried = FlowSet.build("ipv4", protocols=[(ICMP, ICMP), (TCP, TCP), (UDP, UDP)])
        place = self._facts.source("nat_gateways", name)
        cause = Stated("PROTOCOL_RESTRICTION", name, f"{name} carries TCP, UDP and ICMP only", (place,))
        leg.check(leg.route_layer, t.region, decided(carried), cause)
        if home.subnet_id != subnet.subnet_id:
            self._w.check_acl(leg, t, home, egress=False)
        region = t.region & carried
        if not region.is_empty:
            self.leave(leg, t._replace(region=region), nat, home)

    def leave(self, leg: Leg, t: Transit, nat: NatGateway, home: Subnet, *, from_ipv6: bool = False) -> None:
        """On from the gateway's subnet, under an address and a port of the gateway."""
        name = nat.nat_gateway_id
        addresses = [a for a in nat.nat_gateway_addresses if a.private_ip and a.status in {None, "succeeded"}]
        chosen = addresses[self._w.pick(name, len(addresses))]
        private = parse(chosen.private_ip or "").low
        public = parse(chosen.public_ip).low if chosen.public_ip and nat.connectivity_type == "public" else None
        translation = Translation(name, private, public, home.subnet_id, t.header, from_ipv6=from_ipv6)
        header = t.header._replace(src=End(remote=False, address=private), translated=True)
        out = t._replace(header=header, translation=translation, peer_vpc=None, via=(*t.via, name))
        self.from_subnet(leg, out._replace(over_tgw=(), unreferenced=None), home)

    def from_subnet(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        near, far = self._w.split(t, parse_ranges(subnet.cidrs, self._w.family))
        if near:
            self._w.deliver(leg, near, subnet.vpc_id, subnet.subnet_id)
        if far:
            self._w.leave_subnet(leg, far, subnet)

    def back_in(self, leg: Leg, t: Transit, from_subnet: str | None) -> None:
        """A reply is back at the NAT gateway that translated its connection: on to the sender."""
        translation = t.translation
        if translation is None:
            raise ValueError("a reply at a NAT gateway has a translation")
        if translation.vpc:
            header = t.header._replace(dst=translation.before.src, translated=False)
            nat = self._facts.snapshot.nat_gateways[translation.gateway]
            self._regional.leave(leg, t._replace(header=header, translation=None), nat)
            return
        home = self._facts.snapshot.subnets[translation.subnet]
        if from_subnet != home.subnet_id:
            self._w.check_acl(leg, t, home, egress=False)
        if translation.from_ipv6:
            leg.endings.append(Ending(t, Outside(translation.gateway, home.vpc_id)))
            return
        header = t.header._replace(dst=translation.before.src, translated=False)
        self.from_subnet(leg, t._replace(header=header, translation=None), home)


def _why_not(t: Transit, home: Record | None) -> str:
    return "two NAT gateways in a row" if t.translation else "it has no address" if home else "a regional NAT gateway"
