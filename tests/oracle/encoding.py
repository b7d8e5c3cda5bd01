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

import z3

from sekisho.model.interface import NetworkInterface
from sekisho.model.routing import Route, TargetKind
from sekisho.model.vpc import Subnet

from .delivery import Delivery, check_kind
from .estate import NotEncoded
from .filters import acl_admits, groups_admit, in_service
from .logic import ALWAYS, NEVER, OPEN, Header, Truth, all_of, any_of, known, within
from .routes import decisions
from .ways import Way

_OPAQUE = {TargetKind.TRANSIT_GATEWAY: "transit_gateways", TargetKind.VPC_ENDPOINT: "vpc_endpoints"}
#: The sender is outside the VPC; and no gateway takes replies to what did not begin at it (S-NAT-01, S-EIGW-01).
_LOSING = {TargetKind.LOCAL, TargetKind.NAT_GATEWAY, TargetKind.EGRESS_ONLY_INTERNET_GATEWAY}


class Encoding(Delivery):
    """The whole question of one address and one way in: what is delivered, and what of it is answered."""

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
        anyhow = ALWAYS if any(self._may_stay(r, subnet) for r in table.routes) else out  # S-ACL-06
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
        kind, name = route.target
        if route.state not in {None, "active"}:
            return NEVER if route.state == "blackhole" else OPEN  # S-RT-06
        if kind in _LOSING:
            return NEVER
        if kind is TargetKind.NETWORK_INTERFACE:
            return self._through(name, subnet, reply, passed)
        return self._out(kind, name, reply)

    def _out(self, kind: TargetKind, name: str, reply: Header) -> Truth:
        """Whether the gateway carries the reply to the sender; what was not read leaves it open (S-RT-11)."""
        match kind:
            case TargetKind.INTERNET_GATEWAY:
                return self._out_by_internet_gateway(name, reply)
            case TargetKind.PEERING:
                return self._out_by_peering(name, reply)
            case TargetKind.VPN_GATEWAY:
                return self._out_by_vpn_gateway(name)
            case TargetKind.TRANSIT_GATEWAY | TargetKind.VPC_ENDPOINT if not self.estate.was_read(_OPAQUE[kind]):
                return OPEN
            case _:
                raise NotEncoded(f"a route leads to a {kind.value}")

    def _out_by_internet_gateway(self, name: str, reply: Header) -> Truth:
        """S-IGW-04: by the gateway of the VPC that brought the packet; Block Public Access keeps no such reply."""
        attached = self.estate.internet_gateway_of(self.vpc.vpc_id)
        came_by_it = self.way == Way("internet-gateway", name)
        if attached is None or attached.internet_gateway_id != name or not came_by_it:
            return NEVER
        return known(self.of_internet(reply.destination)) & self.public()

    def _out_by_peering(self, name: str, reply: Header) -> Truth:
        # S-PCX-02
        if self.way != Way("vpc-peering-connection", name):
            return NEVER
        return known(within(reply.destination, self.far_cidrs(name), self.family))

    def _out_by_vpn_gateway(self, name: str) -> Truth:
        gateway = self.estate.snapshot.vpn_gateways.get(name)
        if gateway is None and not self.estate.was_read("vpn_gateways"):
            return OPEN  # nothing is known of it
        if gateway is None or not self.estate.serves(gateway, self.vpc.vpc_id) or not self.vpn_carries():
            return NEVER
        return ALWAYS if self.way == Way("virtual-private-gateway", name) else self._astray()

    def _astray(self) -> Truth:
        """Hosts behind a virtual private gateway may pass it on, not as what an internet gateway sent (S-VGW-04)."""
        translated = self.way.kind == "internet-gateway" and self.family == "ipv4"
        return NEVER if translated else OPEN

    def _through(self, name: str, subnet: Subnet, reply: Header, passed: tuple[str, ...]) -> Truth:
        """Into an appliance, out of it, and on from its subnet (S-APP-01 to S-APP-03)."""
        appliance = self.estate.snapshot.interfaces.get(name)
        if appliance is None:
            return OPEN
        if appliance.vpc_id != self.vpc.vpc_id or name in passed:
            return NEVER
        check_kind(appliance)
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
