"""The first packet of a connection that a gateway hands in towards one address, as conditions on its members."""

from functools import cached_property

import z3

from sekisho.model.interface import NetworkInterface
from sekisho.model.routing import TargetKind
from sekisho.sets.prefixes import Family

from .estate import Estate, NotEncoded
from .filters import acl_admits, groups_admit, in_service
from .logic import ALWAYS, NEVER, OPEN, WIDTH, Header, Truth, all_of, between, block, known, within
from .ways import Way, blocked

#: What is no address of the internet (S-ADR-01), and what is (S-ADR-02).
_NOT_INTERNET = (
    "0.0.0.0/8",
    "10.0.0.0/8",
    "100.64.0.0/10",
    "127.0.0.0/8",
    "169.254.0.0/16",
    "172.16.0.0/12",
    "192.168.0.0/16",
    "224.0.0.0/4",
    "240.0.0.0/4",
)
_INTERNET6 = ("2000::/3",)


class Delivery:
    """The question of one address of an interface and one way in.

    `packet` is the first packet as it is inside the VPC: its source is any, its destination any of `own`.
    """

    def __init__(self, estate: Estate, interface: NetworkInterface, own: str, way: Way) -> None:
        self.estate = estate
        self.interface = interface
        self.way = way
        self.own = own
        self.family: Family = block(own)[0]
        self.subnet = estate.subnet_of(interface)
        self.vpc = estate.vpc(interface.vpc_id)
        self.far = self._far_vpc()
        self.packet = self._packet()
        check_kind(interface)

    def _packet(self) -> Header:
        width = WIDTH[self.family]
        _, address, length = block(self.own)
        destination = z3.BitVecVal(address, width) if length == width else z3.BitVec("own", width)
        source, protocol = z3.BitVec("remote", width), z3.BitVec("protocol", 8)
        to_port, from_port, number, code = (z3.BitVec(n, 16) for n in ("to_port", "from_port", "type", "code"))
        return Header(self.family, protocol, source, destination, from_port, to_port, number, code)

    def _far_vpc(self) -> str | None:
        if self.way.kind != "vpc-peering-connection":
            return None
        far = self.estate.snapshot.peerings[self.way.gateway or ""].far_side(self.vpc.vpc_id)
        return far.vpc_id if far else None

    @cached_property
    def universe(self) -> z3.BoolRef:
        """What is a packet at all: one form of each, and to the host."""
        p, zero = self.packet, z3.BitVecVal(0, 16)
        return z3.And(
            within(p.destination, [self.own], self.family),
            z3.If(p.has_ports, z3.BoolVal(True), z3.And(p.source_port == zero, p.destination_port == zero)),
            z3.If(
                p.has_type,
                z3.And(between(p.icmp_type, 0, 255), between(p.icmp_code, 0, 255)),
                z3.And(p.icmp_type == zero, p.icmp_code == zero),
            ),
        )

    # The first packet ---------------------------------------------------------------------------

    @cached_property
    def delivered(self) -> Truth:
        """Handed in by the gateway and let through by everything up to the host (S-Q-02)."""
        return all_of(
            self._handed_in(),
            acl_admits(self.estate.acl_of(self.subnet), self.packet, egress=False),
            self._taken(),
            in_service(self.estate, self.interface),
        )

    def _handed_in(self) -> Truth:
        match self.way.kind:
            case "internet-gateway":
                return self._by_internet_gateway()
            case "vpc-peering-connection":
                return self._by_peering()
            case "virtual-private-gateway":
                return self._by_vpn_gateway()
            case _:
                raise NotEncoded(f"a {self.way.kind} is the way in")

    def _taken(self) -> Truth:
        """By security groups, or by the kind of the interface (S-NAT-01, S-ENI-06)."""
        if self.interface.interface_type == "nat_gateway":
            return NEVER
        if self.interface.interface_type == "gateway_load_balancer":
            return OPEN
        return groups_admit(self.estate, self.interface, self.packet, egress=False, senders=self.far)

    def _by_internet_gateway(self) -> Truth:
        # S-IGW-01 to S-IGW-03
        if self.way.gateway is None:
            return NEVER
        self._check_edge(self.way.gateway)
        foreign = z3.Not(within(self.packet.source, self.vpc.cidrs, self.family))
        admitted = known(z3.And(self.of_internet(self.packet.source), foreign))
        stopped = blocked(self.estate, self.subnet)
        return all_of(admitted, self.public(), NEVER if stopped else ALWAYS)

    def of_internet(self, address: z3.BitVecRef) -> z3.BoolRef:
        if self.family == "ipv6":
            return within(address, _INTERNET6, "ipv6")
        return z3.Not(within(address, _NOT_INTERNET, "ipv4"))

    def public(self) -> Truth:
        """Whether the host's address is one that an internet gateway carries packets to and from."""
        if self.family == "ipv6":
            blocks = (*self.vpc.ipv6_cidr_block_association_set, *self.subnet.ipv6_cidr_block_association_set)
            private = [b.ipv6_cidr_block for b in blocks if b.ipv6_address_attribute == "private"]
            address, denied = self.packet.destination, self.interface.deny_all_igw_traffic  # S-ENI-05
            carried = z3.And(within(address, _INTERNET6, "ipv6"), z3.Not(within(address, private, "ipv6")))
            return NEVER if denied else known(carried)
        associations = (a.association for a in self.interface.addresses if a.private_ip_address == self.own)
        public = next((a.public_ip for a in associations if a and a.public_ip), None)
        if public is None:
            return NEVER
        return OPEN if self.estate.public_count(public) > 1 else ALWAYS

    def _by_peering(self) -> Truth:
        # S-PCX-01, S-PCX-04
        peering = self.estate.snapshot.peerings[self.way.gateway or ""]
        return known(within(self.packet.source, self.far_cidrs(peering.vpc_peering_connection_id), self.family))

    def far_cidrs(self, pcx_id: str) -> tuple[str, ...]:
        far = self.estate.snapshot.peerings[pcx_id].far_side(self.vpc.vpc_id)
        if far is None or far.vpc_id is None:
            raise NotEncoded("a peering connection does not name a VPC")
        shown = self.estate.snapshot.vpcs.get(far.vpc_id)
        return shown.cidrs if shown else far.cidrs

    def _by_vpn_gateway(self) -> Truth:
        # S-VGW-01, S-VGW-02
        self._check_edge(self.way.gateway or "")
        if not self.vpn_carries():
            return NEVER
        return known(z3.Not(within(self.packet.source, self.vpc.cidrs, self.family)))

    def vpn_carries(self) -> bool:
        snapshot = self.estate.snapshot
        if self.family == "ipv6" and (snapshot.virtual_interfaces or snapshot.direct_connect_associations):
            raise NotEncoded("Direct Connect lines may carry IPv6")
        return self.family == "ipv4"

    def _check_edge(self, gateway: str) -> None:
        """S-EDGE-01: what every route of the gateway's own table says, whose local ones lead into the VPC."""
        tables = self.estate.edge_tables(gateway)
        for route in (r for table in tables for r in table.routes):
            here = z3.Solver()
            cidr = route.destination_cidr_block or route.destination_ipv6_cidr_block
            here.add(self.universe, within(self.packet.destination, [cidr], self.family) if cidr else True)
            if route.target.kind is not TargetKind.LOCAL and here.check() == z3.sat:
                raise NotEncoded("a gateway's own route table leads elsewhere than into the VPC")
        if len(tables) > 1:
            raise NotEncoded("a gateway's own route table leads elsewhere than into the VPC")


def check_kind(interface: NetworkInterface) -> None:
    plain = interface.interface_type in {"interface", "nat_gateway", "gateway_load_balancer"}
    if not plain or interface.description.startswith("ELB "):
        raise NotEncoded("an interface is of a kind that is not encoded")
