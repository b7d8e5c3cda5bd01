"""What happens at gateways: internet, egress-only, NAT, peering, virtual private.

Each method gets the packets that a route hands to the gateway and sends them on, or ends them there. A
gateway that is provably gone stops what it gets (S-RT-07); one that the snapshot does not show leaves it open.
"""

import msgspec

from sekisho.model.gateways import NatGateway
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record, Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import ICMP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Range, internet, overlap, parse, parse_ranges, spell, subtract

from .bpa import Use, block_public_access
from .facts import Facts
from .share import decided, nothing
from .transit import End, Ending, Layer, Leg, Outside, Stated, Transit, Translation
from .walk import Walker, describe_route, read

_RFC1918 = parse_ranges(("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"), "ipv4")
_RFC6598 = parse_ranges(("100.64.0.0/10",), "ipv4")


class Crossing:
    """The gateways of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts
        #: How many addresses the NAT gateways met so far can choose from.
        self.choices = 1

    # Internet gateway, outwards ------------------------------------------------------------------

    def internet_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Out to the internet: the source needs a public address, the destination must be one (S-IGW-05)."""
        target = self._w.target(t)
        attached = self._facts.topology.internet_gateway_of(subnet.vpc_id)
        if isinstance(attached, Undecided):
            self._w.doubt(leg, t, attached.reason)
            return
        if attached is None or attached.internet_gateway_id != target:
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not attached to {subnet.vpc_id}")
            return
        self._check_bpa(leg, t, subnet, "nat" if self._is_translated(t) else "egress", target)
        public = self._public_source(leg, t, subnet.vpc_id)
        self._out(leg, t, target, subnet.vpc_id, public)

    def _out(self, leg: Leg, t: Transit, gateway: str, vpc_id: str, public: int | None) -> None:
        """Past the gateway: into another VPC where the estate holds the destination, else away."""
        valid = self._valid_destinations(leg, t, gateway)
        if valid is None:
            return
        left_by = valid.left_by if valid.header.reply else valid.left_by or gateway
        t = valid._replace(via=(*valid.via, gateway), left_by=left_by, peer_vpc=None)
        src = t.header.src if public is None else End(remote=False, address=public)
        if t.translation and t.header.reply and t.header.dst.address == t.translation.public:
            back = t.header._replace(src=src, dst=End(remote=False, address=t.translation.address))
            home = self._facts.snapshot.subnets[t.translation.subnet]
            self.back_in(leg, t._replace(header=back), t.left_by or gateway, home.vpc_id)
            return
        holders = self._holders(t, vpc_id)
        if not holders:
            leg.endings.append(Ending(t, Outside(gateway, vpc_id, public)))
            return
        if len(holders) > 1:
            self._w.doubt(leg, t, f"{self._w.spell_destination(t)} belongs to several interfaces")
            return
        interface, address = holders[0]
        self.from_internet(
            leg, t._replace(header=t.header._replace(src=src, dst=End(remote=False, address=address))), interface
        )

    def _valid_destinations(self, leg: Leg, t: Transit, gateway: str) -> Transit | None:
        """The part that is addressed to the internet; the rest is stopped."""
        narrowed = self._w.narrow(t, internet(self._w.family))
        if narrowed is None or narrowed.region != t.region:
            rest = t if narrowed is None else t._replace(region=t.region - narrowed.region)
            self._w.stop(leg, rest, self._not_internet(rest, gateway))
        return narrowed

    def _not_internet(self, t: Transit, gateway: str) -> Stated:
        code = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC1918_EGRESS"
        address = t.header.dst.address
        if address is not None and overlap([(address, address)], _RFC6598):
            code = "IGW_DESTINATION_ADDRESS_NOT_IN_RFC6598_EGRESS"
        detail = f"{gateway} carries only internet addresses, and {self._w.spell_destination(t)} is outside them"
        return Stated(code, gateway, detail)

    def _holders(self, t: Transit, vpc_id: str) -> list[tuple[NetworkInterface, int]]:
        """The interfaces that may be meant by a destination on the internet, with their own addresses."""
        address = t.header.dst.address
        if address is None:
            return []
        text = spell(address, self._w.family)
        if self._w.family == "ipv4":
            return [(i, parse(private).low) for i, private in self._facts.topology.public_holders(text)]
        return [(i, address) for i in self._facts.topology.holders(text) if i.vpc_id != vpc_id]

    def _is_translated(self, t: Transit) -> bool:
        return t.translation is not None and t.header.src.address == t.translation.address

    def _public_source(self, leg: Leg, t: Transit, vpc_id: str, *, egress_only: bool = False) -> int | None:
        """The public address that the source gets (IPv4); stopped where there is none. IPv6 keeps its own."""
        address = t.header.src.address
        if address is None:
            detail = f"it comes from no address of {vpc_id}"
            self._w.stop(leg, t, Stated("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", vpc_id, detail), Layer.PUBLIC_ADDRESS)
            return None
        if t.translation and self._is_translated(t):
            if t.translation.public is None:
                detail = f"{t.translation.gateway} has no public address"
                cause = Stated("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", t.translation.gateway, detail)
                self._w.stop(leg, t, cause, Layer.PUBLIC_ADDRESS)
            return t.translation.public
        holders = self._facts.topology.holders_in_vpc(vpc_id, spell(address, self._w.family))
        if len(holders) != 1:
            self._w.doubt(leg, t, f"who holds {spell(address, self._w.family)} in {vpc_id} is not known")
            return None
        holder = holders[0]
        if self._may_be_translated(t, holder, address):
            reason = f"an appliance on the way may translate {spell(address, 'ipv4')}, which has no public address"
            self._w.doubt(leg, t, reason, Layer.PUBLIC_ADDRESS)
            return None
        if egress_only:  # what an interface denies is internet gateways (S-ENI-05)
            holder = msgspec.structs.replace(holder, deny_all_igw_traffic=False)
        return self.check_public(leg, t, holder, address, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS")

    def _may_be_translated(self, t: Transit, holder: NetworkInterface, address: int) -> bool:
        """Whether an appliance stands between the sender and here, and only its translation could help (S-APP-04)."""
        if self._w.family == "ipv6" or t.header.reply or not t.passed:
            return False
        text = spell(address, "ipv4")
        return not any(a.private_ip_address == text and a.association for a in holder.addresses)

    # Internet gateway, inwards -------------------------------------------------------------------

    def from_internet(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """Out of the internet gateway of the interface's VPC, the destination being the interface's own address."""
        vpc_id = interface.vpc_id or ""
        gateway = self._facts.topology.internet_gateway_of(vpc_id)
        if t.header.reply and t.left_by is not None:
            self.back_in(leg, t, t.left_by, vpc_id)
            return
        subnet = self._facts.topology.subnet_of(interface)
        if isinstance(gateway, Undecided):
            self._w.doubt(leg, t, gateway.reason, Layer.GATEWAY)
        elif gateway is None:
            place = self._facts.source("vpcs", vpc_id)
            cause = Stated("BAD_STATE_ATTACHMENT", vpc_id, f"{vpc_id} has no internet gateway attached", (place,))
            self._w.stop(leg, t, cause, Layer.GATEWAY)
        else:
            t = t._replace(via=(*t.via, gateway.internet_gateway_id))
            self.check_edge(leg, t, gateway.internet_gateway_id, vpc_id)
        if t.header.src.address is not None:
            self._check_source_outside(leg, t, vpc_id)
        if not isinstance(subnet, Undecided):
            known = None if gateway is None or isinstance(gateway, Undecided) else gateway.internet_gateway_id
            self._check_bpa(leg, t, subnet, "ingress", known)
        if t.header.dst.address is not None and (self._w.family == "ipv6" or not t.header.reply):
            self.check_public(leg, t, interface, t.header.dst.address, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")
        self._w.arrive(leg, t, interface, None)

    def back_in(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        """A reply from outside, in by the gateway by which the first packet left."""
        if gateway.startswith(("igw-", "vgw-")):
            self._check_source_outside(leg, t, vpc_id)
            self.check_edge(leg, t, gateway, vpc_id)
        self._w.deliver(leg, t, vpc_id, None)

    def _check_source_outside(self, leg: Leg, t: Transit, vpc_id: str) -> None:
        """No gateway hands in what claims to come from the VPC itself (S-ADR-01, S-VGW-01)."""
        ranges = self._facts.vpc_ranges(vpc_id, self._w.family)
        if isinstance(ranges, Undecided):
            self._w.doubt(leg, t, ranges.reason, Layer.GATEWAY)
            return
        outside = read(~FlowSet.of_remotes(self._w.family, ranges), t.header.src)
        detail = f"the source is an address of {vpc_id} itself"
        cause = Stated("GATEWAY_REJECTS_SPOOFED_TRAFFIC", vpc_id, detail)
        leg.check(Layer.GATEWAY, t.region, decided(outside), cause)

    def check_edge(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        """What the gateway's own route table says of the destination (S-EDGE-01)."""
        table = self._facts.topology.edge_table_of(gateway, vpc_id)
        if isinstance(table, Undecided):
            self._w.doubt(leg, t, table.reason)
        if table is None or isinstance(table, Undecided):
            return
        for part in self._facts.routes(table, self._w.family):
            narrowed = self._w.narrow(t, part.ranges)
            if narrowed is None:
                continue
            if part.undecided:
                self._w.doubt(leg, narrowed, part.undecided)
            elif part.place is not None and table.routes[part.place].target.id != "local":
                reason = (
                    f"{describe_route(table.route_table_id, table.routes[part.place])} at {gateway} is not modelled"
                )
                self._w.doubt(leg, narrowed, reason)

    def check_public(self, leg: Leg, t: Transit, interface: NetworkInterface, address: int, code: str) -> int | None:
        """Whether the address may be used on the internet; the public one for IPv4 (S-IGW-02, S-IGW-03)."""
        text = spell(address, self._w.family)
        name = interface.network_interface_id
        place = self._facts.source("interfaces", name)
        if self._w.family == "ipv4":
            public = next(
                (
                    a.association.public_ip
                    for a in interface.addresses
                    if a.private_ip_address == text and a.association
                ),
                None,
            )
            if public is None:
                detail = "no public address is associated with the private one"
                self._w.stop(leg, t, Stated(code, name, detail, (place,)), Layer.PUBLIC_ADDRESS)
                return None
            if len(self._facts.topology.public_holders(public)) > 1:
                self._w.doubt(leg, t, f"{public} is associated with several private addresses", Layer.PUBLIC_ADDRESS)
            return parse(public).low
        why = private_ipv6(self._facts, interface, address)
        if why:
            self._w.stop(leg, t, Stated(code, name, why, (place,)), Layer.PUBLIC_ADDRESS)
        return None

    def _check_bpa(self, leg: Leg, t: Transit, subnet: Subnet, use: Use, gateway: str | None) -> None:
        """Block Public Access, but for a reply through the gateway that the first packet passed."""
        if t.header.reply and gateway in t.crossed:
            return
        found = block_public_access(self._facts, subnet)
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason, Layer.BLOCK_PUBLIC_ACCESS)
        elif found.blocks(use):
            detail = f"Block Public Access ({found.mode}) stops {subnet.subnet_id}"
            cause = Stated("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", subnet.vpc_id, detail, (found.evidence,))
            self._w.stop(leg, t, cause, Layer.BLOCK_PUBLIC_ACCESS)

    # Egress-only internet gateway ----------------------------------------------------------------

    def egress_only_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """IPv6 outwards; no reply to what came in elsewhere (S-EIGW-01)."""
        target = self._w.target(t)
        if t.header.reply:
            why = "carries no reply to a connection that it did not start"
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", why)
            return
        gateway = self._facts.snapshot.egress_only_gateways.get(target)
        if gateway is None:
            self._gone(leg, t, "egress_only_gateways", subnet)
            return
        if not any(a.vpc_id == subnet.vpc_id and a.in_force for a in gateway.attachments):
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not attached to {subnet.vpc_id}")
            return
        if self._w.family == "ipv4":
            self._w.stop_at_route(leg, t, "PROTOCOL_RESTRICTION", "carries no IPv4")
            return
        self._check_bpa(leg, t, subnet, "nat", target)
        self._public_source(leg, t, subnet.vpc_id, egress_only=True)
        self._out(leg, t, target, subnet.vpc_id, None)

    # NAT gateway ---------------------------------------------------------------------------------

    def nat_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Through a NAT gateway: a new source address and port (S-NAT-01 to S-NAT-05)."""
        target = self._w.target(t)
        if t.header.reply:
            why = "carries no reply to a connection that it did not translate"
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", why)
            return
        nat = self._facts.snapshot.nat_gateways.get(target)
        if nat is None:
            self._gone(leg, t, "nat_gateways", subnet)
        elif nat.state in {"deleted", "failed"}:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"is {nat.state}")
        elif nat.state != "available":
            self._w.doubt(leg, t, f"{target} is in state `{nat.state}`")
        elif t.translation and t.translation.gateway == target:
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", f"leads back to {target}: a loop")
        elif nat.vpc_id != subnet.vpc_id:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "is a NAT gateway of another VPC")
        else:
            self._translate(leg, t, subnet, nat)

    def _translate(self, leg: Leg, t: Transit, subnet: Subnet, nat: NatGateway) -> None:
        name = nat.nat_gateway_id
        addresses = [a for a in nat.nat_gateway_addresses if a.private_ip and a.status in {None, "succeeded"}]
        home = self._facts.snapshot.subnets.get(nat.subnet_id or "")
        if self._w.family == "ipv6" or t.translation or home is None or not addresses:
            self._w.doubt(leg, t, f"what {name} does here is not modelled ({_why_not(self._w.family, t, home)})")
            return
        if not self._source_in_vpc(leg, t, subnet.vpc_id, "NGW_REQUIRES_SOURCE_IN_VPC", name):
            return
        carried = FlowSet.build("ipv4", protocols=[(ICMP, ICMP), (TCP, TCP), (UDP, UDP)])
        place = self._facts.source("nat_gateways", name)
        cause = Stated("PROTOCOL_RESTRICTION", name, f"{name} carries TCP, UDP and ICMP only", (place,))
        leg.check(leg.route_layer, t.region, decided(carried), cause)
        self.choices = max(self.choices, len(addresses))
        chosen = addresses[self._w.choice % len(addresses)]
        private = parse(chosen.private_ip or "").low
        public = parse(chosen.public_ip).low if chosen.public_ip and nat.connectivity_type == "public" else None
        if home.subnet_id != subnet.subnet_id:
            self._w.check_acl(leg, t, home, egress=False)
        translation = Translation(name, private, public, home.subnet_id, t.header)
        header = t.header._replace(src=End(remote=False, address=private), translated=True)
        region = t.region & carried
        if not region.is_empty:
            out = t._replace(region=region, header=header, translation=translation, peer_vpc=None, via=(*t.via, name))
            self._from_subnet(leg, out, home)

    def _from_subnet(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        near, far = self._w.split(t, parse_ranges(subnet.cidrs, self._w.family))
        if near:
            self._w.deliver(leg, near, subnet.vpc_id, subnet.subnet_id)
        if far:
            self._w.leave_subnet(leg, far, subnet)

    def back_at_nat(self, leg: Leg, t: Transit, from_subnet: str | None) -> None:
        """A reply is back at the NAT gateway that translated its connection: on to the sender."""
        translation = t.translation
        if translation is None:
            raise ValueError("a reply at a NAT gateway has a translation")
        home = self._facts.snapshot.subnets[translation.subnet]
        if from_subnet != home.subnet_id:
            self._w.check_acl(leg, t, home, egress=False)
        header = t.header._replace(dst=translation.before.src, translated=False)
        self._from_subnet(leg, t._replace(header=header, translation=None), home)

    # Peering -------------------------------------------------------------------------------------

    def peering(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Into the peer VPC: from an address of the one to an address of the other (S-PCX-01 to S-PCX-03)."""
        target = self._w.target(t)
        peering = self._facts.snapshot.peerings.get(target)
        if peering is None:
            self._gone(leg, t, "peerings", subnet)
            return
        far = peering.far_side(subnet.vpc_id)
        if peering.status.code != "active" or far is None:
            why = "does not join this VPC" if far is None else f"is {peering.status.code}"
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", why)
            return
        if not self._source_in_vpc(leg, t, subnet.vpc_id, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", target):
            return
        carried, rest = self._w.split(t, self.far_ranges(far.vpc_id, far.cidrs))
        if rest:
            why = f"leads to {far.vpc_id}, which {self._w.spell_destination(rest)} is not in"
            self._w.stop_at_route(leg, rest, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", why)
        if carried is None:
            return
        if carried.translation:
            carried = carried._replace(translation=carried.translation._replace(peered=True))
        carried = carried._replace(via=(*carried.via, target))
        if not self._is_shown(far.vpc_id or "", carried.header.dst.address):
            leg.endings.append(Ending(carried, Outside(target, subnet.vpc_id)))
        else:
            self._w.deliver(leg, carried, far.vpc_id or "", None)

    def _is_shown(self, vpc_id: str, address: int | None) -> bool:
        """Whether the snapshot says who holds an address of the VPC."""
        if address is None:
            return False
        text = spell(address, self._w.family)
        return vpc_id in self._facts.snapshot.vpcs or bool(self._facts.topology.holders_in_vpc(vpc_id, text))

    def far_ranges(self, vpc_id: str | None, cidrs: tuple[str, ...]) -> tuple[Range, ...]:
        """The addresses of a peer VPC: by its own record, else as the connection lists them."""
        if vpc_id in self._facts.snapshot.vpcs:
            known = self._facts.vpc_ranges(vpc_id, self._w.family)
            if not isinstance(known, Undecided):
                return known
        return parse_ranges(cidrs, self._w.family)

    # Virtual private gateway ---------------------------------------------------------------------

    def vpn_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Away to on-premises hosts (S-VGW-03, S-VGW-04)."""
        target = self._w.target(t)
        gateway = self._facts.snapshot.vpn_gateways.get(target)
        if gateway is None:
            self._gone(leg, t, "vpn_gateways", subnet)
            return
        if not any(a.vpc_id == subnet.vpc_id and a.in_force for a in gateway.vpc_attachments):
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not attached to {subnet.vpc_id}")
            return
        if not self._source_in_vpc(leg, t, subnet.vpc_id, "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", target):
            return
        carried = self._facts.carries_ipv6(target) if self._w.family == "ipv6" else True
        if isinstance(carried, Undecided):
            self._w.doubt(leg, t, carried.reason)
            return
        if not carried:
            self._w.stop_at_route(leg, t, "PROTOCOL_RESTRICTION", "carries no IPv6 without Direct Connect")
            return
        leg.endings.append(Ending(t._replace(via=(*t.via, target)), Outside(target, subnet.vpc_id)))

    # Common --------------------------------------------------------------------------------------

    def _source_in_vpc(self, leg: Leg, t: Transit, vpc_id: str, code: str, component: str) -> bool:
        """Whether the packet comes from an address of the VPC; stopped where it does not."""
        ranges = self._facts.vpc_ranges(vpc_id, self._w.family)
        if isinstance(ranges, Undecided):
            self._w.doubt(leg, t, ranges.reason)
            return False
        inside = FlowSet.of_remotes(self._w.family, ranges)
        address = t.header.src.address
        if address is None:
            outside = t.region - inside
        else:
            outside = t.region if subtract([(address, address)], ranges) else FlowSet.empty(self._w.family)
        if outside.is_empty:
            return True
        leg.check(
            leg.route_layer,
            outside,
            nothing(self._w.family),
            Stated(code, component, f"{component} carries only what comes from an address of {vpc_id}"),
        )
        return outside != t.region

    def _gone(self, leg: Leg, t: Transit, table: str, subnet: Subnet) -> None:
        """A route names a gateway that has no record: gone for sure, or not read."""
        target = self._w.target(t)
        scope = self._facts.topology.vpc_scope(subnet.vpc_id)
        unread = self._facts.snapshot.missing.get(target) or self._facts.snapshot.gap(table, scope)
        if unread:
            self._w.doubt(leg, t, self._facts.snapshot.why_missing(table, target, scope))
        else:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "names a gateway that is gone")


def _why_not(family: str, t: Transit, home: Record | None) -> str:
    if family == "ipv6":
        return "NAT64"
    if t.translation:
        return "two NAT gateways in a row"
    return "a regional NAT gateway" if home is None else "it has no address"


def private_ipv6(facts: Facts, interface: NetworkInterface, address: int) -> str | None:
    """Why an IPv6 address does not cross an internet gateway, or None (S-IGW-03, S-ENI-05)."""
    if interface.deny_all_igw_traffic:
        return "the interface denies all traffic of internet gateways"
    if not overlap([(address, address)], internet("ipv6")):
        return "the address is not a global one"
    vpc = facts.snapshot.vpcs.get(interface.vpc_id or "")
    subnet = facts.snapshot.subnets.get(interface.subnet_id or "")
    blocks = (vpc.ipv6_cidr_block_association_set if vpc else ()) + (
        subnet.ipv6_cidr_block_association_set if subnet else ()
    )
    private = (b.ipv6_cidr_block for b in blocks if b.ipv6_address_attribute == "private")
    if any(overlap([(address, address)], [parse(block).range]) for block in private):
        return "the address is in a private IPv6 block"
    return None


def rejected_sources(region: FlowSet, admitted: FlowSet, vpc_ranges: tuple[Range, ...]) -> Stated:
    """Why an internet gateway rejects the sources of `region` outside `admitted`."""
    left = region - admitted
    family = left.family
    if not (left & FlowSet.of_remotes(family, vpc_ranges)).is_empty:
        return Stated(
            "GATEWAY_REJECTS_SPOOFED_TRAFFIC", "internet gateway", "the source is an address of the VPC itself"
        )
    shared = family == "ipv4" and not (left & FlowSet.of_remotes(family, _RFC6598)).is_empty
    code = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" if shared else "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS"
    return Stated(code, "internet gateway", "the source is no address of the internet")


def rejected_privately(family: str, ranges: tuple[Range, ...]) -> list[str]:
    """The codes of an internet gateway's rejection where all of the addresses are private or shared, else none."""
    if family != "ipv4" or subtract(ranges, _RFC1918 + _RFC6598):
        return []
    private = "IGW_SOURCE_ADDRESS_NOT_IN_RFC1918_INGRESS" if overlap(ranges, _RFC1918) else ""
    shared = "IGW_SOURCE_ADDRESS_NOT_IN_RFC6598_INGRESS" if overlap(ranges, _RFC6598) else ""
    return [code for code in (private, shared) if code]
