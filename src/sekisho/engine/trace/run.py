"""One packet, hop by hop: the plain reading of docs/SEMANTICS.md.

A walk asks, component by component in the order in which a packet meets them, whether it goes on:

- *out of an interface*: state of the sender, its security groups (egress), then `send` from its subnet;
- *send*: a neighbour in the same subnet directly (S-RT-09); else network ACL (egress), route table, target;
- *into a VPC by a gateway*: the gateway in force, Block Public Access, addresses, translation, edge route table;
- *arrival*: network ACL (ingress), security groups (ingress), state of the interface and of its instance.

Each step is None (it goes on) or the outcome, so that a chain of `or` is the order of the checks. What the
snapshot does not settle becomes a doubt and the walk goes on: a provable drop later on still is the outcome;
else the first doubt is. The reply is a walk of its own with the header swapped (S-Q-01): stateful filters let it
pass where the first packet passed (S-SG-05), everything else is asked again, and translations are undone only
where it comes back to the gateway that made them (S-IGW-04, S-NAT-04).
"""

from collections.abc import Mapping
from ipaddress import ip_address

from sekisho.engine.packet import (
    ICMP,
    ICMPV6,
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    Left,
    Outcome,
    Packet,
    ServiceEntry,
    Trace,
    Unsettled,
)
from sekisho.model.record import Undecided
from sekisho.model.topology import Topology
from sekisho.model.transit import Attached
from sekisho.model.vpc import Subnet

from .border import CAGW, LGW
from .ends import VPCE
from .entrances import answer
from .filters import is_ipv6
from .forward import Forward
from .gateways import GatewayWalk, Landing
from .nat64 import as_ipv4, as_ipv6
from .transit import Picks
from .walk import EIGW, ENI, IGW, NAT, PCX, TGW, VGW, TranslatedByNat

#: Echo and timestamp, with code 0, and the type that answers each (S-ICMP-02).
_ANSWERS = {(ICMP, 8): 0, (ICMP, 13): 14, (ICMPV6, 128): 129}
#: The most combinations of what AWS chooses that one trace tries.
_MOST_CHOICES = 256
_HANGS = "the outcome hangs on what AWS chooses: an address of a NAT gateway, a zone or attachment at a transit gateway"


def trace(topology: Topology, packet: Packet, entry: Entry, target_exit: str | None = None) -> Trace:
    """The way of one packet and of its reply, with what decided at each hop.

    With `target_exit` the way ends where the packet leaves through that gateway, whoever holds its destination.
    Where AWS chooses (S-NAT-02, S-TGW-06), only what holds for every choice is an outcome.
    """
    packet = packet._replace(source=str(ip_address(packet.source)), destination=str(ip_address(packet.destination)))
    first, left = _walk(topology, packet, entry, target_exit, {})
    outcome, reply_outcome = first.outcome, first.reply_outcome
    for _ in range(_MOST_CHOICES):
        if not left:
            break
        other, more = _walk(topology, packet, entry, target_exit, left.pop())
        left += more
        if not _alike(other.outcome, outcome):
            outcome, reply_outcome = Unsettled(_HANGS), None
        elif not _alike(other.reply_outcome, reply_outcome):
            reply_outcome = Unsettled(_HANGS)
    if left:
        outcome, reply_outcome = Unsettled("AWS chooses among too many ways to follow each of them"), None
    return first._replace(outcome=outcome, reply_outcome=reply_outcome, reply=first.reply if reply_outcome else ())


def _alike(one: Outcome | None, other: Outcome | None) -> bool:
    """Whether two ways end alike, whatever the words of a drop or doubt."""
    return type(one) is type(other) if isinstance(one, Dropped | Unsettled) else one == other


def _walk(
    topology: Topology, packet: Packet, entry: Entry, target_exit: str | None, given: Mapping[str, int]
) -> tuple[Trace, list[Mapping[str, int]]]:
    """The trace for what AWS chooses so, and the choices that it leaves to be tried."""
    forward = Forward(topology, packet, entry, target_exit, Picks(given))
    outcome = forward.settled(forward.run())
    found = Trace(tuple(forward.hops), outcome, assumptions=tuple(forward.assumptions))
    if isinstance(outcome, Delivered | Left):
        reply = Reply(forward)
        returned = reply.settled(reply.kept(reply.run(outcome)))
        assumptions = tuple(dict.fromkeys(forward.assumptions + reply.assumptions))
        found = Trace(found.forward, outcome, tuple(reply.hops), returned, assumptions)
    left: list[Mapping[str, int]] = []
    for name, options in forward.picks.met.items():
        left += [{**given, name: index} for index in range(1, options)]
        given = {**given, name: 0}
    return found, left


def answered(packet: Packet) -> Packet:
    """The header of the reply (S-Q-01, S-ICMP-02)."""
    swapped = packet._replace(
        source=packet.destination,
        destination=packet.source,
        source_port=packet.destination_port,
        destination_port=packet.source_port,
    )
    if packet.icmp_type is None or packet.icmp_code != 0:
        return swapped
    return swapped._replace(icmp_type=_ANSWERS.get((packet.protocol, packet.icmp_type), packet.icmp_type))


class Reply(GatewayWalk):
    """The way of the reply, from where the first packet ended to the host that sent it (S-Q-02)."""

    is_reply = True
    direction = "return"

    def __init__(self, forward: Forward) -> None:
        super().__init__(forward.topology, answered(forward.header))
        self.forward = forward
        self.nats = list(forward.nats)
        self.picks = forward.picks
        self.passed = {hop.component for hop in forward.hops}
        self.unsure_acls = forward.unsure_acls
        #: The destination that was asked for, as the receiver's side writes it (S-NAT-06).
        self.asked = forward.packet.destination
        if any(is_ipv6(nat.before.source) for nat in forward.nats):
            self.asked = as_ipv4(forward.packet).destination

    def passed_before(self, component: str) -> bool:
        return component in self.passed

    def tracked_by(self, interface_id: str) -> bool:
        seen = (self.header.destination, self.header.source)
        met = (hop.header for hop in self.forward.hops if hop.component == interface_id)
        return any((header.source, header.destination) == seen for header in met)

    def run(self, end: Delivered | Left) -> Outcome:
        if isinstance(end, Left):
            return self.from_outside()
        entry = self.forward.entry
        if isinstance(entry, ServiceEntry) and entry.entrance.source != "relay":
            return answer(self, entry.entrance, end.interface_id)
        receiver = self.snapshot.interfaces[end.interface_id]
        sender = self.forward.sender
        straight = not self.forward.exit and not self.nats
        if sender and sender.network_interface_id == end.interface_id and straight:
            return Delivered(end.interface_id)
        subnet = self.topology.subnet_of(receiver)
        return Unsettled(subnet.reason) if isinstance(subnet, Undecided) else self.send(subnet)

    def from_outside(self) -> Outcome:
        """Back in by the gateway by which the first packet left."""
        left = self.forward.exit
        assert left is not None  # noqa: S101  INVARIANT: whatever ends in Left went by a gateway
        if left.kind == IGW:
            return self.in_by_internet_gateway(left.gateway_id, left.vpc_id)
        if left.kind == VGW:
            return self.in_by_vpn_gateway(left.gateway_id, left.vpc_id)
        if left.kind == TGW:
            return self.in_by_attachment(left.gateway_id, left.vpc_id)
        if left.kind in {CAGW, LGW}:
            return self.in_by_border(left.gateway_id, left.vpc_id)
        table = {PCX: "peerings", VPCE: "vpc_endpoints"}.get(left.kind, "egress_only_gateways")
        self.hop(left.gateway_id, left.kind, "route", None, self.source(table, left.gateway_id))
        return self.arrive(left.vpc_id, None)

    def in_by_border(self, gateway_id: str, vpc_id: str) -> Outcome:
        """Back in by a carrier or local gateway, which restores the address that it gave."""
        sent = self.forward.sent
        if sent and (sent.vpc_id, sent.address) == (vpc_id, self.header.destination):
            self.header = self.header._replace(destination=sent.before.source)
        self.hop(gateway_id, CAGW if gateway_id.startswith("cagw-") else LGW, "route")
        return self.arrive(vpc_id, None)

    def kept(self, outcome: Outcome) -> Outcome:
        """The outcome, unless a middlebox needs the reply back that did not come its way (S-NFW-07, S-EDGE-03)."""
        if not isinstance(outcome, Delivered | Left):
            return outcome
        for name, code, detail, sure in self.forward.awaited:
            if name in self.visited:
                continue
            if sure:
                return self.drop(code, name, ENI, detail)
            self.doubt(f"whether {name} needs the reply back is not known")
        return outcome

    def send(self, subnet: Subnet) -> Outcome:
        left = self.forward.exit
        nat = self.nats[-1] if self.nats else None
        if nat and left and left.kind == PCX and subnet.vpc_id != nat.subnet.vpc_id:
            # S-NAT-04: back to the NAT gateway over the peering connection, whatever the routes of the peer.
            return (
                self.network_acl(subnet, egress=True)
                or self.hop(left.gateway_id, PCX, "route", None, self.source("peerings", left.gateway_id))
                or self.arrive(nat.subnet.vpc_id, None)
            )
        return super().send(subnet)

    def home(self) -> str | None:
        """The VPC where the reply is awaited: of the NAT gateway, else of the sending interface."""
        if self.nats:
            return self.nats[-1].subnet.vpc_id
        return self.forward.sender.vpc_id if self.forward.sender else None

    def arrive(self, vpc_id: str, from_subnet: str | None) -> Outcome:
        destination, sender = self.header.destination, self.forward.sender
        if vpc_id == self.home() and self.nats and destination == self.nats[-1].address:
            return self.translated_back(self.nats.pop(), from_subnet)
        if sender is None or vpc_id != self.home() or destination != self.forward.packet.source:
            detail = f"no interface of {vpc_id} that holds {destination} sent the first packet"
            return self.drop("ENI_ADDRESS_RESTRICTION", vpc_id, ENI, detail)
        denied = None
        if from_subnet is None or sender.subnet_id != from_subnet:
            denied = self.network_acl(self.topology.subnet_of(sender), egress=False)
        return denied or self.in_service(sender, "deliver") or Delivered(sender.network_interface_id)

    def translated_back(self, nat: TranslatedByNat, from_subnet: str | None) -> Outcome:
        crosses = nat.subnet.subnet_id != from_subnet
        denied = self.network_acl(nat.subnet, egress=False) if crosses else None
        if denied:
            return denied
        rule = {"PrivateIp": nat.address} | ({"PublicIp": nat.public} if nat.public else {})
        self.hop(nat.gateway_id, NAT, "translate", rule, self.source("nat_gateways", nat.gateway_id))
        before = nat.before
        if is_ipv6(before.source) and not is_ipv6(self.header.source):
            self.header = as_ipv6(self.header)
        self.header = self.header._replace(destination=before.source, destination_port=before.source_port)
        return self.send(nat.subnet)

    def in_vain(self, component: str, kind: str, detail: str) -> Dropped:
        return self.drop("NO_ROUTE_TO_DESTINATION", component, kind, detail)

    def nat_gateway(self, nat_id: str, subnet: Subnet) -> Outcome:  # noqa: ARG002
        # S-NAT-01, S-NAT-04
        return self.in_vain(nat_id, NAT, f"the reply goes to {nat_id}, which did not translate this connection")

    def egress_only_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome:  # noqa: ARG002
        # S-EIGW-01
        return self.in_vain(gateway_id, EIGW, f"the reply goes to {gateway_id}, by which the connection did not begin")

    def landing(self, vpc_id: str) -> Landing | None | Undecided:
        sent, destination = self.forward.sent, self.header.destination
        if is_ipv6(destination):
            return Landing(destination, self.forward.sender)
        if sent is None or (sent.vpc_id, sent.address) != (vpc_id, destination):
            return None
        return Landing(sent.before.source, next(iter(self.topology.holders_in_vpc(vpc_id, sent.before.source)), None))

    def beyond_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:  # noqa: ARG002
        if self.header.source != self.asked:  # S-IGW-04
            detail = f"the reply comes from {self.header.source}, but {self.asked} was asked"
            return self.in_vain(gateway_id, IGW, detail)
        if isinstance(self.forward.entry, GatewayEntry):
            return self.left_by(gateway_id, IGW)
        left, home = self.forward.exit, self.home()
        if left and left.kind == EIGW:
            return self.from_outside()
        gateway = self.topology.internet_gateway_of(home) if home else None
        if isinstance(gateway, Undecided):
            return Unsettled(gateway.reason)
        if gateway is None or home is None:
            return self.in_vain(gateway_id, IGW, f"the reply goes to the internet, to which {home} has no gateway")
        return self.in_by_internet_gateway(gateway.internet_gateway_id, home)

    def in_by_attachment(self, name: str, vpc_id: str) -> Outcome:
        """From behind the attachment by which the first packet left."""
        attached = self.forward.left_through
        if attached is None:
            return Unsettled(f"{name} is not in the snapshot, and the reply comes by it")
        return self.into_vpc(attached, None) if attached.vpc == vpc_id else self.into_gateway(attached, None)

    def sender_vpc(self) -> str | None:
        return None

    def out_of_transit_gateway(self, came: Attached, name: str, target: Attached | None) -> Outcome | None:
        if self.forward.sender or not isinstance(self.forward.entry, GatewayEntry | ServiceEntry):
            return None
        entry = self.forward.entry.gateway_id if isinstance(self.forward.entry, GatewayEntry) else ""
        if entry == name != came.id and any(one.vpc for one in self.topology.transit.named.get(entry, ())):
            detail = f"the reply is led back to {name}, by which its first packet came into the VPC"
            return self.drop("TGW_RTB_NO_ROUTE_TO_TGW_ATTACHMENT", name, TGW, detail)
        if entry in {came.id, name}:
            return self.left_by(entry, TGW)
        return self.away(came, name, target)

    def away(self, came: Attached, name: str, target: Attached | None) -> Outcome:  # noqa: ARG002
        translated = self.header.source != self.asked
        if translated and isinstance(self.forward.entry, GatewayEntry):  # S-IGW-04
            return self.left_by(name, TGW)
        return Unsettled(f"the reply goes to {name}; what lies behind it is not in the snapshot")

    def left_by(self, gateway_id: str, kind: str) -> Outcome:
        """Towards a sender outside: only the gateway by which its packet came leads to it."""
        entry = self.forward.entry
        if isinstance(entry, GatewayEntry) and entry.gateway_id == gateway_id:
            return Left(gateway_id)
        return self.in_vain(gateway_id, kind, f"the reply goes to {gateway_id}, which does not lead to the sender")

    def beyond_peering(self, pcx_id: str, near: str, far: str) -> Outcome:  # noqa: ARG002
        if self.forward.sender and far == self.home():
            return self.arrive(far, None)
        return self.left_by(pcx_id, PCX)

    def beyond_endpoint(self, endpoint_id: str, vpc_id: str) -> Outcome:  # noqa: ARG002
        # S-VPCE-04
        return self.in_vain(endpoint_id, VPCE, f"the reply goes to {endpoint_id}, which carries no replies")

    def beyond_border(self, gateway_id: str, kind: str, vpc_id: str) -> Outcome:  # noqa: ARG002
        entry = self.forward.entry
        came_by_it = isinstance(entry, GatewayEntry) and entry.gateway_id == gateway_id
        if came_by_it or kind == CAGW or self.header.source != self.asked:
            return self.left_by(gateway_id, kind)
        return Unsettled(f"the reply goes to {gateway_id}; what passes it on is not in the snapshot")

    def beyond_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome:  # noqa: ARG002
        self.hop(gateway_id, VGW, "route", None, self.source("vpn_gateways", gateway_id))
        entry = self.forward.entry
        if isinstance(entry, GatewayEntry) and entry.gateway_id == gateway_id:
            return Left(gateway_id)
        if self.header.source != self.asked:  # S-IGW-04, S-VGW-03
            return self.left_by(gateway_id, VGW)
        destination = self.header.destination  # S-VGW-04
        return Unsettled(f"the reply to {destination} goes to {gateway_id}; what passes it on is not in the snapshot")
