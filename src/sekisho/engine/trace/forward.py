"""The way of a first packet, from an interface or out of a gateway, to an interface or out of the estate."""

from typing import NamedTuple

from sekisho.engine.packet import (
    ICMP,
    TCP,
    UDP,
    Delivered,
    Dropped,
    Entry,
    InterfaceEntry,
    Left,
    Outcome,
    Packet,
    ServiceEntry,
    Unsettled,
)
from sekisho.model.gateways import NatGateway
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Scope, Undecided
from sekisho.model.topology import Topology
from sekisho.model.transit import Attached
from sekisho.model.vpc import Subnet

from .border import CAGW, in_by_carrier, in_by_local, internet_beyond, out_of_pool, pooled_interface
from .ends import VPCE, starts
from .entrances import enter
from .filters import holds, is_ipv6, spoken, within
from .gateways import GatewayWalk, Landing
from .nat64 import NAT64, as_ipv4, refused
from .routes import cidrs_of, find, private_ipv6, unlisted_interfaces
from .transit import Picks
from .walk import EIGW, ENI, IGW, NAT, PCX, TGW, VGW, TranslatedByNat


class Exit(NamedTuple):
    """The last gateway by which the packet left a VPC."""

    gateway_id: str
    kind: str
    vpc_id: str


class Forward(GatewayWalk):
    """The way of the first packet; what it leaves behind is what its reply needs."""

    direction = "forward"

    def __init__(
        self,
        topology: Topology,
        packet: Packet,
        entry: Entry,
        target_exit: str | None = None,
        picks: Picks | None = None,
    ) -> None:
        super().__init__(topology, packet)
        self.packet = packet
        self.entry = entry
        self.target_exit = target_exit
        self.sender: NetworkInterface | None = None
        self.exit: Exit | None = None
        #: What AWS chooses on this way, of the packet and of its reply.
        self.picks = picks or Picks()
        #: The attachment by which it left, where a transit gateway sent it away.
        self.left_through: Attached | None = None

    def passed_before(self, component: str) -> bool:  # noqa: ARG002
        return False

    def tracked_by(self, interface_id: str) -> bool:  # noqa: ARG002
        return False

    def run(self) -> Outcome:  # noqa: PLR0911 - one case for each kind of gateway
        if isinstance(self.entry, InterfaceEntry):
            return self.out_of_interface(self.entry.interface_id)
        if isinstance(self.entry, ServiceEntry):
            return enter(self, self.entry.entrance)
        gateway_id, vpc_id = self.entry.gateway_id, self.entry.vpc_id
        match gateway_id.split("-")[0]:
            case "igw":
                return self.in_by_internet_gateway(gateway_id, vpc_id)
            case "pcx":
                return self.in_by_peering(gateway_id, vpc_id)
            case "vgw":
                return self.in_by_vpn_gateway(gateway_id, vpc_id)
            case "tgw":
                return self.in_by_attachment(gateway_id, vpc_id)
            case "cagw":
                return in_by_carrier(self, gateway_id, vpc_id, internet=self.entry.beyond)
            case "lgw":
                return in_by_local(self, gateway_id, vpc_id)
            case "eigw" | "nat":  # S-EIGW-01, S-NAT-01
                kind = EIGW if gateway_id.startswith("eigw") else NAT
                return self.drop("NO_POSSIBLE_DESTINATION", gateway_id, kind, f"{gateway_id} starts no connection")
            case _:
                return Unsettled(f"{gateway_id} as a way into {vpc_id} is not modelled")

    def in_by_attachment(self, name: str, vpc_id: str) -> Outcome:
        """Out of the attachment into its VPC; of something else, into its transit gateway (S-TGW-12)."""
        transit = self.topology.transit
        sides = transit.named.get(name, ())
        joined = {a.gateway for a in transit.of_vpc(vpc_id)}
        attached = next((a for a in sides if a.gateway in joined), None)
        if attached is None:
            return Unsettled(f"{name} is no attachment of a transit gateway that {vpc_id} is attached to")
        force, own = attached.in_force, cidrs_of(self.topology, vpc_id)
        if isinstance(force, Undecided):
            self.doubt(force.reason)
        elif not force:
            detail = f"{name} is {attached.state}"
            return self.drop("BAD_STATE_ATTACHMENT", name, TGW, detail, self.source(*attached.place))
        if isinstance(own, Undecided):
            self.doubt(own.reason)
        elif within(self.header.source, own):
            detail = f"{self.header.source} is an address of {vpc_id} itself"
            return self.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", name, TGW, detail, self.source(*attached.place))
        self.stripped = self.header.source
        if attached.vpc != vpc_id:
            return self.into_gateway(attached, None)
        self.over_tgw = tuple(
            (a.vpc, held.reason if isinstance(held, Undecided) else None)
            for a in transit.of_gateway(attached.gateway)
            if a.vpc and a.vpc != vpc_id and a.in_force is not False
            for held in (transit.references_hold(attached, a),)
            if held is not False
        )
        return self.into_vpc(attached, None)

    def sender_vpc(self) -> str | None:
        return self.sender.vpc_id if self.sender else None

    def out_of_transit_gateway(self, came: Attached, name: str, target: Attached | None) -> Outcome | None:
        if came.id == self.target_exit:
            self.left_through, self.exit = came, Exit(came.id, TGW, came.vpc or "")
            return Left(came.id)
        return self.away(came, name, target) if name == self.target_exit else None

    def away(self, came: Attached, name: str, target: Attached | None) -> Outcome:
        self.left_through, self.exit = target, Exit(name, TGW, came.vpc or "")
        return Left(name)

    def in_by_peering(self, pcx_id: str, vpc_id: str) -> Outcome:
        found = find(self.topology, self.snapshot.peerings, "peerings", pcx_id, vpc_id)
        if isinstance(found, Undecided):
            return self.doubt(found.reason) or self.arrive(vpc_id, None)
        far = found.far_side(vpc_id) if found else None
        if found is None or far is None:
            detail = f"{pcx_id} is no peering connection of {vpc_id}"
            return self.drop("BAD_STATE_ATTACHMENT", pcx_id, PCX, detail, self.source("peerings", pcx_id))
        return self.across(found, far.vpc_id or "", vpc_id) or self.arrive(vpc_id, None)

    # From an interface --------------------------------------------------------------------------

    def out_of_interface(self, interface_id: str) -> Outcome:
        sender = self.sender = self.snapshot.interfaces.get(interface_id)
        if sender is None:
            return Unsettled(self.snapshot.why_missing("interfaces", interface_id, Scope(None, None)))
        if not holds(sender, self.header.source):
            return self.foreign_source(sender)
        dropped = starts(self, sender) or self.connects(sender) or self.in_service(sender)
        if not dropped:
            self.hops.reverse()  # it leaves the instance by the interface
        if dropped or holds(sender, self.header.destination):  # S-SG-10: nothing filters an interface from itself
            return dropped or Delivered(interface_id)
        subnet = self.topology.subnet_of(sender)
        dropped = self.security_groups(sender, egress=True)
        return dropped or (Unsettled(subnet.reason) if isinstance(subnet, Undecided) else self.send(subnet))

    def foreign_source(self, sender: NetworkInterface) -> Outcome:
        # S-ENI-04; without the check the host relays for others, which is another question (S-Q-01).
        interface_id = sender.network_interface_id
        detail = f"{self.header.source} is not an address of {interface_id}"
        if not sender.source_dest_check:
            return Unsettled(f"{detail}, and what it relays for others is not modelled")
        evidence, rule = self.source("interfaces", interface_id), {"SourceDestCheck": True}
        return self.drop("ENI_SOURCE_DEST_CHECK_RESTRICTION", interface_id, ENI, detail, evidence, rule=rule)

    def connects(self, interface: NetworkInterface) -> Dropped | None:
        """Whether the interface starts and ends connections by the ordinary rules (S-ENI-06)."""
        interface_id = interface.network_interface_id
        nats = self.snapshot.nat_gateways.values()
        named = (
            nat.nat_gateway_id
            for nat in nats
            for a in nat.nat_gateway_addresses
            if a.network_interface_id == interface_id
        )
        nat_id = next(named, None)
        if nat_id or interface.interface_type in {"nat_gateway", "natGateway"}:  # S-NAT-01
            detail = f"{interface_id} is of a NAT gateway, which starts and accepts no connection"
            return self.drop("NO_POSSIBLE_DESTINATION", nat_id or interface_id, NAT, detail)
        why = self.unusual(interface)
        return self.doubt(why) if why else None

    # To an interface ----------------------------------------------------------------------------

    def arrive(self, vpc_id: str, from_subnet: str | None) -> Outcome:
        destination = self.header.destination
        holders = self.topology.holders_in_vpc(vpc_id, destination)
        if len(holders) > 1:
            names = ", ".join(sorted(i.network_interface_id for i in holders))
            return Unsettled(f"{destination} is held by several interfaces of {vpc_id}: {names}")
        if holders:
            return self.into_interface(holders[0], from_subnet)
        unlisted = unlisted_interfaces(self.topology, vpc_id)
        if unlisted:
            return Unsettled(f"no interface known to the snapshot holds {destination}: {unlisted}")
        detail = f"no interface of {vpc_id} holds {destination}"  # S-RT-10
        return self.drop("ENI_ADDRESS_RESTRICTION", vpc_id, ENI, detail)

    def into_interface(self, interface: NetworkInterface, from_subnet: str | None) -> Outcome:
        subnet = self.topology.subnet_of(interface)
        crosses = from_subnet is None or interface.subnet_id != from_subnet
        return (
            (self.network_acl(subnet, egress=False) if crosses else None)
            or self.connects(interface)
            or (None if self.unusual(interface) else self.security_groups(interface, egress=False))
            or self.takes(interface)
            or self.in_service(interface, "deliver")
            or Delivered(interface.network_interface_id)
        )

    # Through gateways ---------------------------------------------------------------------------

    def nat_gateway(self, nat_id: str, subnet: Subnet) -> Outcome:
        found = find(self.topology, self.snapshot.nat_gateways, "nat_gateways", nat_id, subnet.vpc_id)
        if isinstance(found, Undecided):
            return Unsettled(found.reason)
        if found is None or found.vpc_id != subnet.vpc_id:
            return self.unusable_target(nat_id, NAT, subnet.vpc_id)
        if found.is_regional:
            return self.regional_nat(found, subnet)
        home = self.snapshot.subnets.get(found.subnet_id or "")
        if home is None:
            why = self.snapshot.why_missing("subnets", found.subnet_id or "", self.topology.vpc_scope(subnet.vpc_id))
            return Unsettled(why if found.subnet_id else f"{nat_id} is a regional NAT gateway, which is not modelled")
        crosses = home.subnet_id != subnet.subnet_id
        if is_ipv6(self.header.destination) and not any(":" in cidr for cidr in home.cidrs):
            self.unsure_acls = self.unsure_acls | {home.subnet_id}
        return (
            (self.network_acl(home, egress=False) if crosses else None)
            or self.nat_in_force(found)
            or self.nat_carries(found, home)
            or self.translated_by(found, home)
            or self.send(home)
        )

    def regional_nat(self, nat: NatGateway, subnet: Subnet) -> Outcome:
        """Through a gateway that stands in no subnet, by an address of the sender's zone (S-RNAT-01, S-RNAT-02)."""
        nat_id, place = nat.nat_gateway_id, Subnet(subnet_id=nat.nat_gateway_id, vpc_id=nat.vpc_id or "")
        usable = [a for a in nat.nat_gateway_addresses if a.public_ip and a.status in {None, "succeeded"}]
        zones = {subnet.availability_zone_id, subnet.availability_zone} - {None}
        near = [a for a in usable if (a.availability_zone_id or a.availability_zone) in zones]
        refused = self.nat_in_force(nat) or self.nat_carries(nat, place)
        if refused:
            return refused
        if not near and nat.auto_provision_zones == "disabled":
            detail = f"{nat_id} has no address in {subnet.availability_zone_id or subnet.availability_zone}"
            return self.drop("REGIONAL_NGW_ROUTE_AZ_RESTRICTION", nat_id, NAT, detail, self.hops[-1].evidence)
        chosen = [(a.private_ip or a.public_ip or "", a.public_ip) for a in near or usable]
        return self.translated_to(nat, place, chosen) or self.send(place)

    def nat_in_force(self, nat: NatGateway) -> Dropped | None:
        nat_id, evidence = nat.nat_gateway_id, self.source("nat_gateways", nat.nat_gateway_id)
        if nat_id in self.visited:
            detail = f"the packet comes to {nat_id} a second time"
            return self.drop("NO_POSSIBLE_DESTINATION", nat_id, NAT, detail, evidence)
        self.visited.add(nat_id)
        if nat.state not in {"failed", "deleted"}:  # one that is made or deleted may still carry packets
            return None if nat.state == "available" else self.doubt(f"{nat_id} is in state `{nat.state}`")
        return self.drop("BAD_STATE", nat_id, NAT, f"{nat_id} is {nat.state}", evidence, rule={"State": nat.state})

    def nat_carries(self, nat: NatGateway, home: Subnet) -> Dropped | Unsettled | None:
        # S-NAT-02, S-NAT-03
        nat_id, header, evidence = nat.nat_gateway_id, self.header, self.source("nat_gateways", nat.nat_gateway_id)
        if within(header.destination, NAT64) and nat.is_regional:
            return Unsettled(f"whether {nat_id}, a regional gateway, translates to IPv4 is not in the documents")
        if within(header.destination, NAT64):
            stopped = refused(self, nat_id, evidence)
            if stopped:
                return stopped
        elif is_ipv6(header.destination) or header.protocol not in {TCP, UDP, ICMP}:
            return self.drop("PROTOCOL_RESTRICTION", nat_id, NAT, f"{nat_id} does not carry {spoken(header)}", evidence)
        own = cidrs_of(self.topology, home.vpc_id)
        if isinstance(own, Undecided):
            return self.doubt(own.reason)
        detail = f"{header.source} is not an address of {home.vpc_id}, and {nat_id} serves no others"
        outside = self.entered is None and not within(header.source, own)  # S-TGW-10
        return self.drop("NGW_REQUIRES_SOURCE_IN_VPC", nat_id, NAT, detail, evidence) if outside else None

    def translated_by(self, nat: NatGateway, home: Subnet) -> Dropped | None:
        """The source becomes one of the gateway's private addresses, its port one of 1024-65535 (S-NAT-02)."""
        nat_id, evidence = nat.nat_gateway_id, self.source("nat_gateways", nat.nat_gateway_id)
        usable = [a for a in nat.nat_gateway_addresses if a.private_ip and a.status in {None, "succeeded"}]
        if not usable:
            return self.drop("BAD_STATE", nat_id, NAT, f"{nat_id} has no private address", evidence)
        return self.translated_to(nat, home, [(a.private_ip or "", a.public_ip) for a in usable])

    def translated_to(self, nat: NatGateway, home: Subnet, usable: list[tuple[str, str | None]]) -> Dropped | None:
        nat_id, evidence = nat.nat_gateway_id, self.source("nat_gateways", nat.nat_gateway_id)
        private, public = usable[self.picks.pick(nat_id, len(usable))]
        rule = {"PrivateIp": private} | ({"PublicIp": public} if public else {})
        self.hop(nat_id, NAT, "translate", rule, evidence)
        self.nats.append(TranslatedByNat(nat_id, home, private, public, self.header))
        self.stripped = self.stripped or self.header.source
        self.over_tgw = ()
        self.header = as_ipv4(self.header)._replace(source=private, source_port=None)
        return None

    def landing(self, vpc_id: str) -> Landing | None | Undecided:
        destination = self.header.destination
        if is_ipv6(destination):
            return Landing(destination, next(iter(self.topology.holders_in_vpc(vpc_id, destination)), None))
        everywhere = self.topology.public_holders(destination)
        held = [(i, private) for i, private in everywhere if i.vpc_id == vpc_id]
        if held and len(everywhere) > 1:
            return Undecided(f"{destination} is associated with several private addresses")
        return Landing(held[0][1], held[0][0]) if held else None

    def beyond_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        self.exit = Exit(gateway_id, IGW, vpc_id)
        return self.over_the_internet(gateway_id)

    def egress_only_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome:
        # S-EIGW-01
        self.exit = Exit(gateway_id, EIGW, subnet.vpc_id)
        return (
            self.in_force(EIGW, gateway_id, subnet.vpc_id)
            or self.egress_only_addresses(gateway_id, subnet.vpc_id)
            or self.internet_destination(gateway_id, EIGW)
            or self.public_access(subnet, gateway_id, EIGW, "egress")
            or self.hop(gateway_id, EIGW, "allow", None, self.source("egress_only_gateways", gateway_id))
            or self.over_the_internet(gateway_id)
        )

    def egress_only_addresses(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        evidence = self.source("egress_only_gateways", gateway_id)
        if not is_ipv6(self.header.destination):
            return self.drop("PROTOCOL_RESTRICTION", gateway_id, EIGW, f"{gateway_id} carries no IPv4", evidence)
        why = private_ipv6(self.topology, vpc_id, self.header.source)
        if self.is_foreign(vpc_id):
            why = f"{self.header.source} is no address of {vpc_id}"
        return self.drop("IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS", gateway_id, EIGW, why, evidence) if why else None

    def over_the_internet(self, gateway_id: str) -> Outcome:
        """To a host outside the snapshot, or into the VPC of the interface that holds the public address (S-IGW-06)."""
        destination = self.header.destination
        held = [i for i, _ in self.topology.public_holders(destination)]
        held = list(self.topology.holders(destination)) if is_ipv6(destination) else held
        vpcs = sorted({i.vpc_id for i in held if i.vpc_id})
        if not vpcs or gateway_id == self.target_exit:
            return Left(gateway_id)
        if len(vpcs) > 1:
            return Unsettled(f"{destination} is held in several VPCs: {', '.join(vpcs)}")
        gateway = self.topology.internet_gateway_of(vpcs[0])
        if isinstance(gateway, Undecided):
            return Unsettled(gateway.reason)
        if gateway is None:
            detail = f"{destination} is held in {vpcs[0]}, which has no internet gateway"
            return self.drop("BAD_STATE_ATTACHMENT", vpcs[0], IGW, detail)
        return self.in_by_internet_gateway(gateway.internet_gateway_id, vpcs[0])

    def in_by_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        interface = None
        if not self.topology.public_holders(self.header.destination):
            interface = pooled_interface(self.topology, vpc_id, self.header.destination)
        if interface is None:
            return super().in_by_internet_gateway(gateway_id, vpc_id)
        self.stripped = self.stripped or self.header.source
        return (
            self.in_force(IGW, gateway_id, vpc_id)
            or self.internet_source(gateway_id, vpc_id)
            or out_of_pool(self, gateway_id, interface)
            or self.into_interface(interface, None)
        )

    def beyond_border(self, gateway_id: str, kind: str, vpc_id: str) -> Outcome:
        self.exit = Exit(gateway_id, kind, vpc_id)
        if kind == CAGW and isinstance(self.entry, InterfaceEntry) and self.entry.internet and self.sent:
            refused = internet_beyond(self, gateway_id, vpc_id, self.sent.before.source)
            if refused:
                return refused
        return Left(gateway_id)

    def beyond_endpoint(self, endpoint_id: str, vpc_id: str) -> Outcome:
        self.exit = Exit(endpoint_id, VPCE, vpc_id)
        self.hop(endpoint_id, VPCE, "route", None, self.source("vpc_endpoints", endpoint_id))
        return Left(endpoint_id)

    def beyond_peering(self, pcx_id: str, near: str, far: str) -> Outcome:
        self.exit = Exit(pcx_id, PCX, near)
        known = far in self.snapshot.vpcs or self.topology.holders_in_vpc(far, self.header.destination)
        return self.arrive(far, None) if known and pcx_id != self.target_exit else Left(pcx_id)

    def beyond_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        self.exit = Exit(gateway_id, VGW, vpc_id)
        self.hop(gateway_id, VGW, "route", None, self.source("vpn_gateways", gateway_id))
        return Left(gateway_id)
