"""What docs/SEMANTICS.md says of packets that a gateway hands in towards one address, and of their replies, for z3.

Every rule is a condition on the members of one symbolic packet; nothing is walked in sets, and no code of the engine is
used. What the encoding does not speak of raises `NotEncoded` with one of these limits:

- a network of which a call or a record is lacking; a VPC or subnet that is not in the snapshot
- a way in that is no internet gateway, peering connection or virtual private gateway, or that has no record
- a gateway whose own route table leads elsewhere than into the VPC, or hangs on what was not read
- a route to a transit gateway, endpoint, carrier or local gateway that the snapshot describes, or to anything else
- an interface of a kind other than those of hosts, NAT gateways and gateway load balancers, or of a load balancer
- Direct Connect lines, which may carry IPv6
- Block Public Access of which only subnets or VPCs speak
"""

from functools import cached_property
from typing import NamedTuple

import z3

from sekisho.model.interface import NetworkInterface
from sekisho.model.routing import Route, RouteTable, TargetKind
from sekisho.model.vpc import Subnet
from sekisho.sets.prefixes import Family

from .estate import Estate, NotEncoded
from .filters import acl_admits, groups_admit, in_service
from .logic import (
    ALWAYS,
    NEVER,
    OPEN,
    TCP,
    UDP,
    WIDTH,
    Header,
    Truth,
    all_of,
    any_of,
    between,
    block,
    known,
    within,
)
from .routes import decisions

#: What is no address of the internet (S-ADR-01), and what is (S-ADR-02).
_NOT_INTERNET = ("0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12")
_NOT_INTERNET += ("192.168.0.0/16", "224.0.0.0/4", "240.0.0.0/4")
_INTERNET6 = ("2000::/3",)
_OPAQUE = {
    TargetKind.TRANSIT_GATEWAY: ("transit_gateways", "a route leads to a transit gateway"),
    TargetKind.VPC_ENDPOINT: ("vpc_endpoints", "a route leads to an endpoint"),
}


class Way(NamedTuple):
    """A gateway that hands packets into the VPC of the host; None where the VPC has no internet gateway."""

    kind: str
    gateway: str | None


class Encoding:
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
        _check_kind(interface)

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
        admitted = known(z3.And(self._of_internet(self.packet.source), foreign))
        blocked = _blocks(self.estate, self.subnet, "ingress")
        return all_of(admitted, self._public(), NEVER if blocked else ALWAYS)

    def _of_internet(self, address: z3.BitVecRef) -> z3.BoolRef:
        if self.family == "ipv6":
            return within(address, _INTERNET6, "ipv6")
        return z3.Not(within(address, _NOT_INTERNET, "ipv4"))

    def _public(self) -> Truth:
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
        return known(within(self.packet.source, self._far_cidrs(peering.vpc_peering_connection_id), self.family))

    def _far_cidrs(self, pcx_id: str) -> tuple[str, ...]:
        far = self.estate.snapshot.peerings[pcx_id].far_side(self.vpc.vpc_id)
        if far is None or far.vpc_id is None:
            raise NotEncoded("a peering connection does not name a VPC")
        shown = self.estate.snapshot.vpcs.get(far.vpc_id)
        return shown.cidrs if shown else far.cidrs

    def _by_vpn_gateway(self) -> Truth:
        # S-VGW-01, S-VGW-02
        self._check_edge(self.way.gateway or "")
        if not self._vpn_carries():
            return NEVER
        return known(z3.Not(within(self.packet.source, self.vpc.cidrs, self.family)))

    def _vpn_carries(self) -> bool:
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

    # The reply ----------------------------------------------------------------------------------

    @cached_property
    def answered(self) -> Truth:
        """Delivered, and its reply gets back to the gateway (S-Q-02); the host's groups let it out (S-SG-05)."""
        return self.delivered & self._leaves(self.subnet, self.packet.reply(), ())

    def _leaves(self, subnet: Subnet, reply: Header, passed: tuple[str, ...]) -> Truth:
        """From the subnet back to the gateway, past the appliances that it went through before."""
        near = within(reply.destination, subnet.cidrs, self.family)  # S-RT-09
        table = self.estate.table_of(subnet)
        if table is None:
            return known(z3.Not(near)) & OPEN
        out = acl_admits(self.estate.acl_of(subnet), reply, egress=True)
        found = decisions(self.estate, table, reply.destination, self.family)
        surely_out = not any(self._may_stay(r, subnet) for r in table.routes)  # S-ACL-06
        anyhow = out if surely_out else ALWAYS
        ends = [all_of(known(found.unknown), anyhow, OPEN)]
        for route, decides, contested in found.known:
            past = ALWAYS if self._may_stay(route, subnet) else out
            ends.append(
                all_of(known(z3.And(decides, z3.Not(contested))), past, self._handed(route, subnet, reply, passed))
            )
            ends.append(all_of(known(z3.And(decides, contested)), anyhow, OPEN))
        return known(z3.Not(near)) & any_of(ends)

    def _may_stay(self, route: Route, subnet: Subnet) -> bool:
        """Whether the target may stand in the subnet, so that no boundary is crossed (S-ACL-06)."""
        kind, name = route.target
        if kind is TargetKind.NAT_GATEWAY:
            nat = self.estate.snapshot.nat_gateways.get(name)
            return nat is None or nat.subnet_id == subnet.subnet_id
        if kind is TargetKind.NETWORK_INTERFACE:
            interface = self.estate.snapshot.interfaces.get(name)
            return interface is None or interface.subnet_id == subnet.subnet_id
        return kind in {TargetKind.VPC_ENDPOINT, TargetKind.OTHER}

    def _handed(self, route: Route, subnet: Subnet, reply: Header, passed: tuple[str, ...]) -> Truth:
        """Whether the target of the route leads back to the sender."""
        if route.state == "blackhole":  # S-RT-06
            return NEVER
        if route.state not in {None, "active"}:
            return OPEN
        kind, name = route.target
        match kind:
            case TargetKind.LOCAL:
                return NEVER  # the sender is outside the VPC
            case TargetKind.NAT_GATEWAY | TargetKind.EGRESS_ONLY_INTERNET_GATEWAY:
                return NEVER  # S-NAT-01, S-EIGW-01
            case TargetKind.INTERNET_GATEWAY:
                return self._out_by_internet_gateway(name, reply)
            case TargetKind.PEERING:
                return self._out_by_peering(name, reply)
            case TargetKind.VPN_GATEWAY:
                return self._out_by_vpn_gateway(name)
            case TargetKind.NETWORK_INTERFACE:
                return self._through(name, subnet, reply, passed)
            case TargetKind.TRANSIT_GATEWAY | TargetKind.VPC_ENDPOINT:
                table, limit = _OPAQUE[kind]
                if self.estate.was_read(table):
                    raise NotEncoded(limit)
                return OPEN  # S-RT-11
            case _:
                raise NotEncoded(f"a route leads to a {kind.value}")

    def _out_by_internet_gateway(self, name: str, reply: Header) -> Truth:
        """S-IGW-04: by the gateway of the VPC that brought the packet; Block Public Access keeps no such reply."""
        attached = self.estate.internet_gateway_of(self.vpc.vpc_id)
        came_by_it = self.way == Way("internet-gateway", name)
        if attached is None or attached.internet_gateway_id != name or not came_by_it:
            return NEVER
        return known(self._of_internet(reply.destination)) & self._public()

    def _out_by_peering(self, name: str, reply: Header) -> Truth:
        # S-PCX-02
        if self.way != Way("vpc-peering-connection", name):
            return NEVER
        return known(within(reply.destination, self._far_cidrs(name), self.family))

    def _out_by_vpn_gateway(self, name: str) -> Truth:
        gateway = self.estate.snapshot.vpn_gateways.get(name)
        if gateway is None and not self.estate.was_read("vpn_gateways"):
            return OPEN  # nothing is known of it
        if gateway is None or not self.estate.serves(gateway, self.vpc.vpc_id) or not self._vpn_carries():
            return NEVER
        return ALWAYS if self.way == Way("virtual-private-gateway", name) else self._astray()

    def _astray(self) -> Truth:
        """Behind a virtual private gateway: hosts may pass it on, but not as what an internet gateway sent (S-VGW-04)."""
        translated = self.way.kind == "internet-gateway" and self.family == "ipv4"
        return NEVER if translated else OPEN

    def _through(self, name: str, subnet: Subnet, reply: Header, passed: tuple[str, ...]) -> Truth:
        """Into an appliance, out of it, and on from its subnet (S-APP-01 to S-APP-03)."""
        appliance = self.estate.snapshot.interfaces.get(name)
        if appliance is None:
            return OPEN
        if appliance.vpc_id != self.vpc.vpc_id or name in passed:
            return NEVER
        _check_kind(appliance)
        if appliance.interface_type == "gateway_load_balancer":
            return OPEN
        if appliance.source_dest_check:  # S-ENI-04
            return NEVER
        home = self.estate.subnet_of(appliance)
        senders = None if passed else self.vpc.vpc_id  # S-SG-06
        crosses = home.subnet_id != subnet.subnet_id
        through = all_of(
            acl_admits(self.estate.acl_of(home), reply, egress=False) if crosses else ALWAYS,
            self._filtered(appliance, reply, senders),
            in_service(self.estate, appliance),
        )
        lost = within(reply.destination, self.estate.addresses(appliance), self.family)
        return all_of(through, known(z3.Not(lost)), self._leaves(home, reply, (*passed, name)))

    def _filtered(self, appliance: NetworkInterface, reply: Header, senders: str | None) -> Truth:
        """Its groups both ways, but for the interface that had the first packet (S-APP-02, S-SG-05)."""
        if appliance.network_interface_id == self.interface.network_interface_id:
            return ALWAYS
        inwards = groups_admit(self.estate, appliance, reply, egress=False, senders=senders)
        return inwards & groups_admit(self.estate, appliance, reply, egress=True)


def _check_kind(interface: NetworkInterface) -> None:
    plain = interface.interface_type in {"interface", "nat_gateway", "gateway_load_balancer"}
    if not plain or interface.description.startswith("ELB "):
        raise NotEncoded("an interface is of a kind that is not encoded")


# Ways and Block Public Access -------------------------------------------------------------------------


def ways(estate: Estate, vpc_id: str) -> dict[str, list[Way]]:
    """Every gateway by which each origin gets into the VPC; for the internet one in any case."""
    internet, vpn = estate.internet_gateway_of(vpc_id), estate.vpn_gateway_of(vpc_id)
    peerings = sorted(p.vpc_peering_connection_id for p in estate.active_peerings_of(vpc_id))
    return {
        "internet": [Way("internet-gateway", internet.internet_gateway_id if internet else None)],
        "peering": [Way("vpc-peering-connection", name) for name in peerings],
        "vgw": [Way("virtual-private-gateway", vpn.vpn_gateway_id)] if vpn else [],
    }


def _blocks(estate: Estate, subnet: Subnet, direction: str) -> bool:
    """Whether Block Public Access stops what an internet gateway brings into the subnet (S-BPA-01)."""
    snapshot = estate.snapshot
    spoken = [r.block_public_access_states for r in (subnet, estate.vpc(subnet.vpc_id))]
    modes = [s.internet_gateway_block_mode for s in spoken if s and s.internet_gateway_block_mode]
    options = list(snapshot.bpa_options.values())
    if len(options) > 1 or (not options and modes):
        raise NotEncoded("only subnets or VPCs speak of Block Public Access")
    if not options or options[0].internet_gateway_block_mode == "off":
        return False
    if not estate.was_read("bpa_exclusions") and modes:
        return modes[0] != "off"
    lifting = {
        e.resource_arn.rpartition("/")[2]
        for e in snapshot.bpa_exclusions.values()
        if e.internet_gateway_exclusion_mode == "allow-bidirectional"
        and e.state in {"create-complete", "update-complete"}
    }
    return direction == "ingress" and lifting.isdisjoint({subnet.subnet_id, subnet.vpc_id})
