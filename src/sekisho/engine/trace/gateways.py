"""The steps at internet gateways, peering connections and virtual private gateways, out of a VPC and into one."""

from abc import abstractmethod
from typing import NamedTuple

from sekisho.engine.packet import Dropped, Outcome, Packet, Unsettled
from sekisho.model.gateways import VpcPeeringConnection
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import RouteTable, TargetKind
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .border import CAGW, out_by_carrier, out_by_local, pooled_interface
from .filters import is_ipv6, spoken, within, written
from .middlebox import redirect
from .routes import (
    GATEWAY_TABLES,
    Choice,
    Direction,
    GatewayKind,
    attached,
    choose,
    cidrs_of,
    find,
    internet_destination_code,
    internet_source_code,
    private_ipv6,
    public_access_blocked,
    side_cidrs,
    unlisted_interfaces,
    vgw_carries_ipv6,
)
from .transit import TransitWalk
from .walk import EIGW, IGW, PCX, RTB, VGW


class Translated(NamedTuple):
    """A source that the internet gateway of the VPC has made public: what it became, and the packet as it came."""

    vpc_id: str
    address: str
    before: Packet


class Landing(NamedTuple):
    """Where an internet gateway delivers: the address inside the VPC, and the interface where it is known."""

    address: str
    interface: NetworkInterface | None


class GatewayWalk(TransitWalk):
    """A walk that passes gateways. The abstract steps are those in which a first packet and a reply differ."""

    def __init__(self, topology: Topology, header: Packet) -> None:
        super().__init__(topology, header)
        self.sent: Translated | None = None

    @abstractmethod
    def landing(self, vpc_id: str) -> Landing | None | Undecided:
        """Where an internet gateway of the VPC delivers the packet, None where its address is nobody's."""

    @abstractmethod
    def beyond_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def beyond_peering(self, pcx_id: str, near: str, far: str) -> Outcome: ...

    @abstractmethod
    def beyond_border(self, gateway_id: str, kind: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def beyond_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome: ...

    # Internet gateway ---------------------------------------------------------------------------

    def in_force(self, kind: GatewayKind, gateway_id: str, vpc_id: str) -> Dropped | None:
        # S-IGW-01, S-RT-07
        holds_for = attached(self.topology, kind, gateway_id, vpc_id)
        if isinstance(holds_for, Undecided):
            return self.doubt(holds_for.reason)
        if holds_for:
            return None
        detail, evidence = f"{gateway_id} is not attached to {vpc_id}", self.source(GATEWAY_TABLES[kind], gateway_id)
        return self.drop("BAD_STATE_ATTACHMENT", gateway_id, kind, detail, evidence)

    def public_access(
        self,
        subnet: Subnet | Undecided,
        gateway_id: str,
        kind: str,
        direction: Direction,
        *,
        whole_vpc: bool = False,
    ) -> Dropped | None:
        """VPC Block Public Access; a reply through the gateway that the first packet took is not asked (S-BPA-01)."""
        if self.passed_before(gateway_id):
            return None
        if isinstance(subnet, Undecided):
            return self.doubt(subnet.reason)
        translated = kind == EIGW or any(nat.subnet.subnet_id == subnet.subnet_id for nat in self.nats)
        blocked = public_access_blocked(self.topology, subnet, direction, translated=translated, whole_vpc=whole_vpc)
        if blocked is None:
            return None
        if isinstance(blocked, Undecided):
            return self.doubt(blocked.reason)
        mode, where = blocked
        if self.diverted:  # S-BPA-02: a middlebox's subnet would be asked instead
            return self.doubt(f"through which subnets the packet gets to {subnet.subnet_id} is not known")
        detail = f"Block Public Access ({mode}) stops {direction} of {subnet.subnet_id} at {gateway_id}"
        rule = {"InternetGatewayBlockMode": mode}
        return self.drop("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", gateway_id, kind, detail, (where,), rule=rule)

    def out_by_internet_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome:
        return (
            self.in_force(IGW, gateway_id, subnet.vpc_id)
            or self.internet_destination(gateway_id, IGW)
            or self.public_access(subnet, gateway_id, IGW, "egress")
            or self.made_public(gateway_id, subnet.vpc_id)
            or self.beyond_internet_gateway(gateway_id, subnet.vpc_id)
        )

    def internet_destination(self, gateway_id: str, kind: GatewayKind) -> Dropped | None:
        # S-ADR-01, S-ADR-02, S-IGW-05
        code, destination = internet_destination_code(self.header.destination), self.header.destination
        evidence = self.source(GATEWAY_TABLES[kind], gateway_id)
        return self.drop(code, gateway_id, kind, f"{destination} is not of the internet", evidence) if code else None

    def made_public(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """The source as the internet sees it: translated over IPv4, public by itself over IPv6 (S-IGW-03, S-IGW-05)."""
        source, code = self.header.source, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
        evidence = self.source("internet_gateways", gateway_id)
        if self.is_foreign(vpc_id):
            return self.drop(code, gateway_id, IGW, f"{source} is no address of {vpc_id}", evidence)
        if is_ipv6(source):
            why = self.unpublic_ipv6(vpc_id, source)
            allowed = None if why else self.hop(gateway_id, IGW, "allow", None, evidence)
            return self.drop(code, gateway_id, IGW, why, evidence) if why else allowed
        public = self.public_of(vpc_id, source)
        if public is None and pooled_interface(self.topology, vpc_id, source):  # S-POOL-01
            return self.hop(gateway_id, IGW, "allow", None, evidence)
        if public is None:
            translator = self.translator(source)
            if translator is not None:
                return self.doubt(f"whether {translator} gives packets its own public address is not in a snapshot")
            detail = f"{source} has no public address, so {gateway_id} sends nothing of it to the internet"
            return self.drop(code, gateway_id, IGW, detail, evidence)
        if len(self.topology.public_holders(public)) > 1:
            self.doubt(f"{public} is associated with several private addresses")
        rule = {"PrivateIpAddress": source, "PublicIp": public}
        self.hop(gateway_id, IGW, "translate", rule, evidence)
        self.sent = Translated(vpc_id, public, self.header)
        self.stripped = self.stripped or source
        self.header = self.header._replace(source=public)
        return None

    def translator(self, source: str) -> str | None:
        """An appliance with a public address that the packet went through, and that may have translated (S-APP-04)."""
        if self.is_reply or source in {nat.address for nat in self.nats}:
            return None
        passed = (self.snapshot.interfaces.get(name) for name in sorted(self.visited))
        return next((i.network_interface_id for i in passed if i and i.has_public_address), None)

    def is_foreign(self, vpc_id: str) -> bool:
        """Whether a transit gateway brought the packet from an address that is none of the VPC's (S-TGW-10)."""
        own = cidrs_of(self.topology, vpc_id)
        # A regional NAT gateway may have public addresses only.
        if any(nat.address == self.header.source for nat in self.nats):
            return False
        return self.entered is not None and not isinstance(own, Undecided) and not within(self.header.source, own)

    def public_of(self, vpc_id: str, address: str) -> str | None:
        """The public address that an internet gateway gives to the private one (S-ENI-02, S-NAT-03)."""
        for nat in self.nats:
            if (nat.subnet.vpc_id, nat.address) == (vpc_id, address):
                return nat.public
        for holder in self.topology.holders_in_vpc(vpc_id, address):
            for own in holder.addresses:
                if own.private_ip_address == address and own.association:
                    return own.association.public_ip
        return None

    def unpublic_ipv6(self, vpc_id: str, address: str) -> str | None:
        denies = self.topology.balancers.denies_internet
        holders = self.topology.holders_in_vpc(vpc_id, address)
        for unknown in (found for i in holders if isinstance(found := denies(i), Undecided)):
            self.doubt(unknown.reason)
        denying = (i for i in holders if i.deny_all_igw_traffic or denies(i) is True)
        denied = next(denying, None)
        if denied:  # S-ENI-05
            return f"{denied.network_interface_id} denies all traffic of internet gateways (DenyAllIgwTraffic)"
        return private_ipv6(self.topology, vpc_id, address)

    def in_by_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        landing = self.landing(vpc_id)
        if isinstance(landing, Undecided):
            return self.in_force(IGW, gateway_id, vpc_id) or Unsettled(landing.reason)
        holder = landing.interface if landing else None
        subnet = self.topology.subnet_of(holder) if holder else None
        self.stripped = self.stripped or self.header.source
        return (
            self.in_force(IGW, gateway_id, vpc_id)
            or self.internet_source(gateway_id, vpc_id)
            or self.made_private(gateway_id, vpc_id, landing)
            or self.edge(gateway_id, vpc_id)
            or (self.public_access(subnet, gateway_id, IGW, "ingress") if subnet else None)
            or self.arrive(vpc_id, None)
        )

    def internet_source(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """Whether an internet gateway takes the source for one of the internet (S-ADR-01, S-ADR-02)."""
        source, evidence = self.header.source, self.source("internet_gateways", gateway_id)
        code = internet_source_code(source)
        if code:
            detail = f"{source} is not of the internet, so {gateway_id} rejects it"
            return self.drop(code, gateway_id, IGW, detail, evidence)
        own = cidrs_of(self.topology, vpc_id)
        if isinstance(own, Undecided):
            return self.doubt(own.reason)
        if within(source, own):
            detail = f"{source} is an address of {vpc_id} itself, so {gateway_id} rejects it"
            evidence += self.source("vpcs", vpc_id)
            return self.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", gateway_id, IGW, detail, evidence)
        return None

    def made_private(self, gateway_id: str, vpc_id: str, landing: Landing | None) -> Dropped | Unsettled | None:
        """The destination inside the VPC: translated over IPv4, its own over IPv6 (S-IGW-02, S-IGW-03)."""
        public, code = self.header.destination, "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS"
        evidence = self.source("internet_gateways", gateway_id)
        if is_ipv6(public):
            why = self.unpublic_ipv6(vpc_id, public)
            if why:
                return self.drop(code, gateway_id, IGW, why, evidence)
            return self.hop(gateway_id, IGW, "allow", None, evidence)
        if landing is None:
            unlisted = unlisted_interfaces(self.topology, vpc_id)
            detail = f"{public} is associated with no private address in {vpc_id}"
            return Unsettled(unlisted) if unlisted else self.drop(code, gateway_id, IGW, detail, evidence)
        if landing.interface:
            evidence += self.source("interfaces", landing.interface.network_interface_id)
        self.hop(gateway_id, IGW, "translate", {"PublicIp": public, "PrivateIpAddress": landing.address}, evidence)
        self.header = self.header._replace(destination=landing.address)
        return None

    def edge(self, gateway_id: str, vpc_id: str) -> Outcome | None:
        """What the gateway's own route table says; None where it leaves the packet to the VPC (S-EDGE-01)."""
        table = self.topology.edge_table_of(gateway_id, vpc_id)
        if table is None:
            return None
        if isinstance(table, Undecided):
            return self.led_anywhere(table.reason)
        choice = choose(self.topology, table, vpc_id, self.header.destination)
        if isinstance(choice, Undecided):
            return self.led_anywhere(choice.reason)
        # Where no route matches, the address is outside the VPC, as of a regional NAT gateway.
        return self.led_by(table, choice, gateway_id, vpc_id) if choice else None

    def led_anywhere(self, reason: str) -> Outcome | None:
        """Through what is not known; at its destination a drop may still be sure."""
        self.diverted = True
        return self.doubt(reason)

    def led_by(self, table: RouteTable, choice: Choice, gateway_id: str, vpc_id: str) -> Outcome | None:
        """Where a route of the gateway's own table leads."""
        if choice.route.state == "blackhole":
            return self.unroutable(table, choice)
        self.hop(table.route_table_id, RTB, "route", written(choice.route), (choice.evidence,))
        if choice.target.kind is TargetKind.LOCAL:
            return None
        return redirect(self, table, choice, gateway_id, vpc_id)

    def public_access_at_edge(self, subnet: Subnet, gateway_id: str, *, whole_vpc: bool) -> Dropped | None:
        """Block Public Access where an internet gateway hands packets to a middlebox in the subnet (S-BPA-02)."""
        if not gateway_id.startswith("igw-"):
            return None
        return self.public_access(subnet, gateway_id, IGW, "ingress", whole_vpc=whole_vpc)

    # Carrier and local gateway ------------------------------------------------------------------

    def out_by_border(self, gateway_id: str, subnet: Subnet) -> Outcome:
        if gateway_id.startswith("cagw-"):
            return out_by_carrier(self, gateway_id, subnet)
        return out_by_local(self, gateway_id, subnet)

    def public_access_of(self, subnet: Subnet | Undecided, gateway_id: str, direction: Direction) -> Dropped | None:
        return self.public_access(subnet, gateway_id, CAGW, direction)

    def translated(self, vpc_id: str, address: str) -> Translated:
        """The packet as it is, with what its source becomes."""
        return Translated(vpc_id, address, self.header)

    # Peering and virtual private gateway --------------------------------------------------------

    def out_by_peering(self, pcx_id: str, vpc_id: str) -> Outcome:
        found = find(self.topology, self.snapshot.peerings, "peerings", pcx_id, vpc_id)
        if isinstance(found, Undecided):
            return Unsettled(found.reason)
        far = found.far_side(vpc_id) if found else None
        if found is None or far is None:
            return self.unusable_target(pcx_id, PCX, vpc_id)
        if far.vpc_id is None:
            return Unsettled(f"{pcx_id} does not name the VPC on its far side")
        return self.across(found, vpc_id, far.vpc_id) or self.beyond_peering(pcx_id, vpc_id, far.vpc_id)

    def across(self, peering: VpcPeeringConnection, near: str, far: str) -> Dropped | None:
        """From an address of the one VPC to an address of the other, over an active connection (S-PCX-01, S-PCX-02)."""
        pcx_id = peering.vpc_peering_connection_id
        evidence = self.source("peerings", pcx_id)
        if peering.status.code != "active":
            detail, rule = f"{pcx_id} is {peering.status.code}, not active", {"Status": peering.status.code}
            return self.drop("BAD_STATE_ROUTE", pcx_id, PCX, detail, evidence, rule=rule)
        for address, vpc_id in ((self.header.source, near), (self.header.destination, far)):
            cidrs = side_cidrs(self.topology, peering, vpc_id)
            if isinstance(cidrs, Undecided):
                self.doubt(cidrs.reason)
            elif not within(address, cidrs):
                detail = f"{address} is not an address of {vpc_id}, so {pcx_id} does not carry {spoken(self.header)}"
                return self.drop("PCX_REQUIRES_ADDRESS_IN_VPC_CIDR", pcx_id, PCX, detail, evidence)
        return self.hop(pcx_id, PCX, "route", {"Status": "active"}, evidence)

    def out_by_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        return (
            self.in_force(VGW, gateway_id, vpc_id)
            or self.vpn_family(gateway_id)
            or self.vpn_source(gateway_id, vpc_id)
            or self.beyond_vpn_gateway(gateway_id, vpc_id)
        )

    def vpn_source(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """Whether the packet is the VPC's own, not one that a transit gateway brought (S-VGW-03)."""
        if not self.is_foreign(vpc_id):
            return None
        detail, evidence = f"{self.header.source} is no address of {vpc_id}", self.source("vpn_gateways", gateway_id)
        return self.drop("VGW_PRIVATE_IP_ASSOCIATION_FOR_EGRESS", gateway_id, VGW, detail, evidence)

    def vpn_family(self, gateway_id: str) -> Dropped | None:
        # S-VGW-02
        if not is_ipv6(self.header.destination):
            return None
        carried = vgw_carries_ipv6(self.topology, gateway_id)
        if isinstance(carried, Undecided):
            return self.doubt(carried.reason)
        detail = f"{gateway_id} has no Direct Connect virtual interface, and its VPN carries no IPv6"
        evidence = self.source("vpn_gateways", gateway_id)
        return None if carried else self.drop("PROTOCOL_RESTRICTION", gateway_id, VGW, detail, evidence)

    def in_by_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:
        return (
            self.in_force(VGW, gateway_id, vpc_id)
            or self.vpn_family(gateway_id)
            or self.vpn_addresses(gateway_id, vpc_id)
            or self.edge(gateway_id, vpc_id)
            or self.arrive(vpc_id, None)
        )

    def vpn_addresses(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """From outside the VPC to private addresses of it (S-VGW-01)."""
        own, evidence = cidrs_of(self.topology, vpc_id), self.source("vpn_gateways", gateway_id)
        if isinstance(own, Undecided):
            return self.doubt(own.reason)
        if within(self.header.source, own):
            detail = f"{self.header.source} is an address of {vpc_id} itself"
            return self.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", gateway_id, VGW, detail, evidence)
        if not within(self.header.destination, own):
            detail = f"{self.header.destination} is not an address of {vpc_id}"
            return self.drop("VGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS", gateway_id, VGW, detail, evidence)
        return self.hop(gateway_id, VGW, "route", None, evidence)
