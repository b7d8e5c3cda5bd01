"""What happens at gateways: internet, egress-only, NAT, peering, virtual private.

Each method gets the packets that a route hands to the gateway and sends them on, or ends them there. A
gateway that is provably gone stops what it gets (S-RT-07); one that the snapshot does not show leaves it open.
"""

from collections.abc import Iterable

from sekisho.engine.bpa import Use, block_public_access
from sekisho.engine.share import decided, nothing
from sekisho.engine.transit import End, Ending, Layer, Leg, Outside, Stated, Transit
from sekisho.engine.walk import Walker, read
from sekisho.engine.ways.pools import is_pooled
from sekisho.model.gateways import GatewayAttachment
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.boxes import remotes_of
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Range, internet, parse, parse_ranges, spell, subtract

from .edge import Edge
from .internet_addresses import RFC6598, private_ipv6, unpublic_ipv6
from .nat import Nat


class Crossing:
    """The gateways of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts
        self.edge = Edge(walker)
        self.nat = Nat(walker)

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
        if self._w.transit.stops_foreign(leg, t, subnet.vpc_id, target):
            return
        self.check_bpa(leg, t, subnet, "nat" if self._is_translated(t) else "egress", target)
        public = self.public_source(leg, t, subnet.vpc_id)
        self._out(leg, t, target, subnet.vpc_id, public)

    def _out(self, leg: Leg, t: Transit, gateway: str, vpc_id: str, public: int | None) -> None:
        """Past the gateway: into another VPC where the estate holds the destination, else away."""
        valid = self._valid_destinations(leg, t, gateway)
        if valid is None:
            return
        t = valid._replace(via=(*valid.via, gateway), peer_vpc=None, over_tgw=())
        if not t.header.reply:
            t = t._replace(left_by=t.left_by or gateway)
        t = t._replace(entered=None)
        src = t.header.src if public is None else End(remote=False, address=public)
        if t.translation and t.header.reply and t.header.dst.address == t.translation.public:
            back = t.header._replace(src=src, dst=End(remote=False, address=t.translation.address))
            home = t.translation.vpc or self._facts.snapshot.subnets[t.translation.subnet].vpc_id
            self.back_in(leg, t._replace(header=back), t.left_by or self._own_gateway(home) or gateway, home)
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
        asked = remotes_of(t.region) if address is None else ((address, address),)
        if not subtract(asked, RFC6598):
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

    def public_source(self, leg: Leg, t: Transit, vpc_id: str, *, egress_only: bool = False) -> int | None:
        """The public address that the source gets (IPv4); stopped where there is none. IPv6 keeps its own."""
        address = t.header.src.address
        if address is None:
            self._w.doubt(leg, t, f"which address of {vpc_id} sends to the internet gateway is not known")
            return None
        if t.translation and self._is_translated(t):
            if t.translation.public is None:
                detail = f"{t.translation.gateway} has no public address"
                cause = Stated("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", t.translation.gateway, detail)
                self._w.stop(leg, t, cause, Layer.PUBLIC_ADDRESS)
            return t.translation.public
        if self._w.family == "ipv4" and is_pooled(self._facts, vpc_id, address):
            return None
        holders = self._facts.topology.holders_in_vpc(vpc_id, spell(address, self._w.family))
        if len(holders) != 1:
            self._w.doubt(leg, t, f"who holds {spell(address, self._w.family)} in {vpc_id} is not known")
            return None
        holder = holders[0]
        translator = self._translator(t, holder, address)
        if translator is not None:
            self._w.doubt(leg, t, f"whether {translator} gives packets its own public address is not in a snapshot")
            return None
        code = "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
        return self.check_public(leg, t, holder, address, code, egress_only=egress_only)

    def _translator(self, t: Transit, sender: NetworkInterface, address: int) -> str | None:
        """An appliance on the way with a public address, where the sender has none (S-APP-04)."""
        if t.header.reply or self._w.family == "ipv6" or sender.public_of(spell(address, self._w.family)):
            return None
        passed = (self._facts.snapshot.interfaces.get(name) for name in t.passed)
        return next((i.network_interface_id for i in passed if i and i.has_public_address), None)

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
        if t.header.src.address is not None or isinstance(self._facts.vpc_ranges(vpc_id, self._w.family), Undecided):
            self.check_source_outside(leg, t, vpc_id)
        if t.header.dst.address is not None and (not t.header.reply or self._w.family == "ipv6"):
            self.check_public(leg, t, interface, t.header.dst.address, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS")
        known = None if gateway is None or isinstance(gateway, Undecided) else gateway.internet_gateway_id

        def to_interface(part: Transit, detour: str | None) -> None:
            if not isinstance(subnet, Undecided):
                self.check_bpa(leg, part, subnet, "ingress", known, detour=detour)
            self._w.arrive(leg, part, interface, None)

        if known is None:
            to_interface(t, gateway.reason if isinstance(gateway, Undecided) else None)
        else:
            self.edge.enter(leg, t, known, vpc_id, to_interface)

    def _own_gateway(self, vpc_id: str) -> str | None:
        found = self._facts.topology.internet_gateway_of(vpc_id)
        return None if found is None or isinstance(found, Undecided) else found.internet_gateway_id

    def from_pool(self, leg: Leg, t: Transit, interface: NetworkInterface) -> None:
        """Out of the internet gateway to an interface that gets the addresses of a pool as they are (S-POOL-01)."""
        vpc_id, name = interface.vpc_id or "", interface.network_interface_id
        gateway = self._facts.topology.internet_gateway_of(vpc_id)
        if gateway is not None and not isinstance(gateway, Undecided):
            t = t._replace(via=(*t.via, gateway.internet_gateway_id))
        subnet = self._facts.topology.subnet_of(interface)
        if not isinstance(subnet, Undecided):
            self.check_bpa(leg, t, subnet, "ingress", None, whole_vpc=True)
        if interface.source_dest_check:
            detail = f"{name} has its source/destination check on, and the address is not its own"
            place = self._facts.source("interfaces", name, "/SourceDestCheck")
            self._w.stop(leg, t, Stated("ENI_SOURCE_DEST_CHECK_RESTRICTION", name, detail, (place,)), Layer.STATE)
        self._w.arrive(leg, t, interface, None)

    def back_in(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        """A reply from outside, in by the gateway by which the first packet left."""
        if gateway.startswith("tgw-attach-"):
            self._w.transit.back_in(leg, t, gateway, vpc_id)
            return
        if gateway.startswith(("igw-", "vgw-")):
            self.check_source_outside(leg, t, vpc_id)
            self.edge.enter(leg, t, gateway, vpc_id, lambda part, _: self._w.deliver(leg, part, vpc_id, None))
            return
        self._w.deliver(leg, t, vpc_id, None)

    def check_source_outside(self, leg: Leg, t: Transit, vpc_id: str) -> None:
        """No gateway hands in what claims to come from the VPC itself (S-ADR-01, S-VGW-01)."""
        ranges = self._facts.vpc_ranges(vpc_id, self._w.family)
        if isinstance(ranges, Undecided):
            self._w.doubt(leg, t, ranges.reason, Layer.GATEWAY)
            return
        outside = read(~FlowSet.of_remotes(self._w.family, ranges), t.header.src)
        detail = f"the source is an address of {vpc_id} itself"
        cause = Stated("GATEWAY_REJECTS_SPOOFED_TRAFFIC", vpc_id, detail)
        leg.check(Layer.GATEWAY, t.region, decided(outside), cause)

    def check_public(
        self, leg: Leg, t: Transit, interface: NetworkInterface, address: int, code: str, *, egress_only: bool = False
    ) -> int | None:
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
        denies = self._facts.topology.balancers.denies_internet(interface)
        if isinstance(denies, Undecided) and not egress_only:
            self._w.doubt(leg, t, denies.reason, Layer.PUBLIC_ADDRESS)
        private = unpublic_ipv6 if egress_only else private_ipv6
        why = private(self._facts, interface, address)
        if why:
            self._w.stop(leg, t, Stated(code, name, why, (place,)), Layer.PUBLIC_ADDRESS)
        return None

    def check_bpa(
        self,
        leg: Leg,
        t: Transit,
        subnet: Subnet,
        use: Use,
        gateway: str | None,
        *,
        whole_vpc: bool = False,
        detour: str | None = None,
    ) -> None:
        """Block Public Access, but for a reply through the gateway that the first packet passed.

        With `whole_vpc` only an exclusion of the whole VPC counts. `detour`: why a middlebox, whose subnet would be
        asked instead, may come first (S-BPA-02).
        """
        if t.header.reply and gateway in t.crossed:
            return
        found = block_public_access(self._facts, subnet, whole_vpc=whole_vpc)
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason, Layer.BLOCK_PUBLIC_ACCESS)
        elif found.blocks(use) and detour:
            self._w.doubt(leg, t, detour, Layer.BLOCK_PUBLIC_ACCESS)
        elif found.blocks(use):
            detail = f"Block Public Access ({found.mode}) stops {subnet.subnet_id}"
            cause = Stated("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", subnet.vpc_id, detail, (found.evidence,))
            self._w.stop(leg, t, cause, Layer.BLOCK_PUBLIC_ACCESS)

    # Egress-only internet gateway ----------------------------------------------------------------

    def egress_only_gateway(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """IPv6 outwards; no reply to what came in elsewhere (S-EIGW-01)."""
        target = self._w.target(t)
        if self.is_stray_reply(leg, t, "start"):
            return
        gateway = self._facts.snapshot.egress_only_gateways.get(target)
        if gateway is None:
            self.gone(leg, t, "egress_only_gateways", subnet)
            return
        if not self._is_attached(leg, t, gateway.attachments, subnet.vpc_id):
            return
        if self._w.family == "ipv4":
            self._w.stop_at_route(leg, t, "PROTOCOL_RESTRICTION", "carries no IPv4")
            return
        if self._w.transit.stops_foreign(leg, t, subnet.vpc_id, target):
            return
        self.check_bpa(leg, t, subnet, "nat", target)
        self.public_source(leg, t, subnet.vpc_id, egress_only=True)
        self._out(leg, t, target, subnet.vpc_id, None)

    # Peering -------------------------------------------------------------------------------------

    def peering(self, leg: Leg, t: Transit, subnet: Subnet) -> None:
        """Into the peer VPC: from an address of the one to an address of the other (S-PCX-01 to S-PCX-03)."""
        target = self._w.target(t)
        peering = self._facts.snapshot.peerings.get(target)
        if peering is None:
            self.gone(leg, t, "peerings", subnet)
            return
        far = peering.far_side(subnet.vpc_id)
        if peering.status.code != "active" or far is None:
            why = "does not join this VPC" if far is None else f"is {peering.status.code}"
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", why)
            return
        if not self.source_in_vpc(leg, t, subnet.vpc_id, "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", target):
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
            self.gone(leg, t, "vpn_gateways", subnet)
            return
        if not self._is_attached(leg, t, gateway.vpc_attachments, subnet.vpc_id):
            return
        if not self.source_in_vpc(leg, t, subnet.vpc_id, "VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", target):
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

    def is_stray_reply(self, leg: Leg, t: Transit, deed: str) -> bool:
        """Whether it is a reply, which a gateway that keeps state did not expect here; stopped where it is."""
        if t.header.reply:
            why = f"carries no reply to a connection that it did not {deed}"
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", why)
        return t.header.reply

    def _is_attached(self, leg: Leg, t: Transit, attachments: Iterable[GatewayAttachment], vpc_id: str) -> bool:
        """Whether an attachment to the VPC is in force; stopped where none is."""
        attached = any(a.vpc_id == vpc_id and a.in_force for a in attachments)
        if not attached:
            self._w.stop_at_route(leg, t, "BAD_STATE_ATTACHMENT", f"is not attached to {vpc_id}")
        return attached

    def source_in_vpc(self, leg: Leg, t: Transit, vpc_id: str, code: str, component: str) -> bool:
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

    def gone(self, leg: Leg, t: Transit, table: str, subnet: Subnet) -> None:
        """A route names a gateway that has no record: gone for sure, or not read."""
        target = self._w.target(t)
        scope = self._facts.topology.vpc_scope(subnet.vpc_id)
        unread = self._facts.snapshot.missing.get(target) or self._facts.snapshot.gap(table, scope)
        if unread:
            self._w.doubt(leg, t, self._facts.snapshot.why_missing(table, target, scope))
        else:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "names a gateway that is gone")
