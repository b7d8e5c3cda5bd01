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

from abc import ABC, abstractmethod
from collections.abc import Mapping
from ipaddress import ip_address
from typing import NamedTuple, assert_never

from sekisho.model.gateways import VpcPeeringConnection
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Scope, Source, Undecided
from sekisho.model.routing import RouteTable, Target, TargetKind
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .packet import (
    ICMP,
    ICMPV6,
    TCP,
    UDP,
    Action,
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    Hop,
    InterfaceEntry,
    Left,
    Outcome,
    Packet,
    Trace,
    Unsettled,
)
from .trace_filters import Ruling, acl_ruling, groups_ruling, holds, is_ipv6, spoken, within, written
from .trace_routes import (
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

IGW: GatewayKind = "internet-gateway"
EIGW: GatewayKind = "egress-only-internet-gateway"
VGW: GatewayKind = "virtual-private-gateway"
NAT, PCX, ENI, ACL, RTB = "nat-gateway", "vpc-peering-connection", "network-interface", "network-acl", "route-table"
SG, INSTANCE = "security-group", "instance"

#: Echo and timestamp, with code 0, and the type that answers each (S-ICMP-02).
_ANSWERS = {(ICMP, 8): 0, (ICMP, 13): 14, (ICMPV6, 128): 129}
#: Kinds of interface that do not end connections by the ordinary rules (S-ENI-06).
_UNUSUAL = {"gateway_load_balancer", "gateway_load_balancer_endpoint", "transit_gateway"}
#: The most combinations of NAT gateway addresses that one trace tries.
_MOST_CHOICES = 256


class Translated(NamedTuple):
    """A source that a NAT gateway or an internet gateway of the VPC has rewritten, and the packet as it came."""

    gateway_id: str
    vpc_id: str
    address: str
    before: Packet
    subnet: Subnet | None = None
    public: str | None = None


class Landing(NamedTuple):
    """Where an internet gateway delivers: the address inside the VPC, and the interface where it is known."""

    address: str
    interface: NetworkInterface | None


def trace(topology: Topology, packet: Packet, entry: Entry, target_exit: str | None = None) -> Trace:
    """The way of one packet and of its reply, with what decided at each hop.

    With `target_exit` the way ends where the packet leaves through that gateway, whoever holds its destination.
    A NAT gateway with several addresses may use any: only what holds for each of them is an outcome (S-NAT-02).
    """
    packet = packet._replace(source=str(ip_address(packet.source)), destination=str(ip_address(packet.destination)))
    first, choices = _walk(topology, packet, entry, target_exit, 0)
    if choices > _MOST_CHOICES:
        return first._replace(outcome=Unsettled(f"NAT gateways may use {choices} combinations of addresses"))
    for pick in range(1, choices):
        other, _ = _walk(topology, packet, entry, target_exit, pick)
        if _ends(other) != _ends(first):
            outcome = Unsettled("the outcome hangs on which of its addresses a NAT gateway uses")
            return Trace(first.forward, outcome, assumptions=first.assumptions)
    return first


def _ends(walked: Trace) -> tuple[object, object]:
    ends = (walked.outcome, walked.reply_outcome)
    return tuple(type(e) if isinstance(e, Dropped | Unsettled) else e for e in ends)  # type: ignore[return-value]


def _walk(topology: Topology, packet: Packet, entry: Entry, target_exit: str | None, pick: int) -> tuple[Trace, int]:
    """The trace for one choice of NAT gateway addresses, and how many choices there are."""
    forward = Forward(topology, packet, entry, target_exit, pick)
    outcome = forward.settled(forward.run())
    if not isinstance(outcome, Delivered | Left):
        return Trace(tuple(forward.hops), outcome, assumptions=tuple(forward.assumptions)), forward.choices
    reply = Reply(forward)
    returned = reply.settled(reply.run(outcome))
    assumptions = tuple(dict.fromkeys(forward.assumptions + reply.assumptions))
    return Trace(tuple(forward.hops), outcome, tuple(reply.hops), returned, assumptions), forward.choices


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


class Walk(ABC):
    """One direction. The abstract steps are those in which a first packet and a reply differ."""

    def __init__(self, topology: Topology, header: Packet) -> None:
        self.topology = topology
        self.snapshot = topology.snapshot
        self.header = header
        self.hops: list[Hop] = []
        self.doubts: list[str] = []
        self.assumptions: list[str] = []
        self.visited: list[str] = []
        #: The sender's own address, once the way has taken away what group references match on (S-SG-06).
        self.stripped: str | None = None
        #: An edge route leads elsewhere first: which subnet boundaries the packet then crosses is not known.
        self.diverted = False

    @abstractmethod
    def arrive(self, vpc_id: str, from_subnet: str | None) -> Outcome:
        """The outcome where a VPC carries the packet to its destination, from one of its subnets or from a gateway."""

    @abstractmethod
    def nat_gateway(self, nat_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def beyond_internet_gateway(self, gateway_id: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def egress_only_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def beyond_peering(self, pcx_id: str, near: str, far: str) -> Outcome: ...

    @abstractmethod
    def beyond_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def landing(self, vpc_id: str) -> Landing | None | Undecided:
        """Where an internet gateway of the VPC delivers the packet, None where its address is nobody's."""

    @abstractmethod
    def passed_before(self, component: str) -> bool:
        """Whether the packet answers one that went through the component."""

    def public_of(self, vpc_id: str, address: str) -> str | None:
        """The public address that an internet gateway gives to the private one (S-ENI-02)."""
        for holder in self.topology.holders_in_vpc(vpc_id, address):
            for own in holder.addresses:
                if own.private_ip_address == address and own.association:
                    return own.association.public_ip
        return None

    # Book-keeping -------------------------------------------------------------------------------

    def hop(
        self,
        component: str,
        kind: str,
        action: Action,
        rule: Mapping[str, object] | None = None,
        evidence: tuple[Source, ...] = (),
    ) -> None:
        self.hops.append(Hop(component, kind, action, rule, self.header, evidence))

    def drop(
        self,
        code: str,
        component: str,
        kind: str,
        detail: str,
        evidence: tuple[Source, ...] = (),
        rule: Mapping[str, object] | None = None,
    ) -> Dropped:
        self.hop(component, kind, "deny", rule, evidence)
        return Dropped(code, component, detail)

    def doubt(self, reason: str) -> None:
        self.doubts.append(reason)

    def settled(self, outcome: Outcome) -> Outcome:
        """The outcome in view of the doubts: only a drop is sure under a doubt."""
        if self.doubts and not isinstance(outcome, Dropped):
            return Unsettled(self.doubts[0])
        return outcome

    def ruled(self, ruling: Ruling, kind: str) -> Dropped | None:
        if ruling.admits is None:
            return self.doubt(ruling.detail)
        if ruling.admits:
            return self.hop(ruling.component, kind, "allow", ruling.rule, ruling.evidence)
        return self.drop(ruling.code, ruling.component, kind, ruling.detail, ruling.evidence, ruling.rule)

    def source(self, table: str, record_id: str) -> tuple[Source, ...]:
        """Where the record stands, if it does."""
        return (self.snapshot.source(table, record_id),) if record_id in self.snapshot.table(table) else ()

    # Filters and state --------------------------------------------------------------------------

    def network_acl(self, subnet: Subnet | Undecided, *, egress: bool) -> Dropped | None:
        """The ACL of the subnet whose boundary the packet crosses (S-ACL-06)."""
        if self.diverted:
            return None
        acl = subnet if isinstance(subnet, Undecided) else self.topology.acl_of(subnet)
        if isinstance(acl, Undecided):
            return self.doubt(acl.reason)
        return self.ruled(acl_ruling(self.topology, acl, self.header, egress=egress), ACL)

    def security_groups(self, interface: NetworkInterface, *, egress: bool) -> Dropped | None:
        if self.passed_before(interface.network_interface_id):  # S-SG-05, S-APP-02
            return None
        lost = None if egress else self.stripped
        return self.ruled(groups_ruling(self.topology, interface, self.header, egress=egress, stripped=lost), SG)

    def in_service(self, interface: NetworkInterface, action: Action = "allow") -> Dropped | None:
        """The state of the interface and of the instance that it is attached to (S-ENI-01, S-INST-01)."""
        interface_id, status = interface.network_interface_id, interface.status
        evidence = self.source("interfaces", interface_id)
        if status is None:
            self.doubt(f"the status of {interface_id} is not in the snapshot")
        elif status not in {"in-use", "associated"}:
            detail = f"{interface_id} is {status}, not attached"
            return self.drop("BAD_STATE_ATTACHMENT", interface_id, ENI, detail, evidence, {"Status": status})
        last = interface.instance_id is None
        self.hop(interface_id, ENI, action if last else "allow", {"Status": status}, evidence)
        return None if interface.instance_id is None else self.running(interface, interface.instance_id, action)

    def running(self, interface: NetworkInterface, instance_id: str, action: Action) -> Dropped | None:
        instance = self.snapshot.instances.get(instance_id)
        if instance is None:
            scope = self.topology.interface_scope(interface)
            return self.doubt(self.snapshot.why_missing("instances", instance_id, scope))
        state, evidence = instance.state.name, self.source("instances", instance_id)
        if state in {"stopping", "stopped", "shutting-down", "terminated"}:
            detail = f"{instance_id} is {state}"
            return self.drop("BAD_STATE", instance_id, INSTANCE, detail, evidence, {"State": state})
        if state not in {"running", "pending"}:
            self.doubt(f"the state {state} of {instance_id} is not known")
        return self.hop(instance_id, INSTANCE, action, {"State": state}, evidence)

    def unusual(self, interface: NetworkInterface) -> str | None:
        """Why the interface does not end connections by the ordinary rules, or None (S-ENI-06)."""
        kind = interface.interface_type
        if kind in _UNUSUAL or (kind == "network_load_balancer" and not interface.groups):
            return f"{interface.network_interface_id} is of kind {kind}, which is not modelled"
        return None

    # Routing ------------------------------------------------------------------------------------

    def send(self, subnet: Subnet) -> Outcome:
        """The packet leaves an interface in the subnet: to a neighbour, else by the subnet's route table."""
        if within(self.header.destination, subnet.cidrs):  # S-RT-09
            return self.arrive(subnet.vpc_id, subnet.subnet_id)
        table = self.topology.route_table_of(subnet)
        if isinstance(table, Undecided):
            return Unsettled(table.reason)
        choice = choose(self.topology, table, subnet.vpc_id, self.header.destination)
        if isinstance(choice, Undecided):
            targets = [route.target for route in table.routes]
        else:
            targets = [choice.target] if choice else []
        crosses = not any(self.may_stay(target, subnet) for target in targets)
        denied = self.network_acl(subnet, egress=True) if crosses else None
        return denied or self.follow(table, choice, subnet)

    def may_stay(self, target: Target, subnet: Subnet) -> bool:
        """Whether the target may stand in the same subnet, so that no boundary is crossed (S-ACL-06)."""
        match target.kind:
            case TargetKind.NAT_GATEWAY:
                nat = self.snapshot.nat_gateways.get(target.id)
                return nat is None or nat.subnet_id in {None, subnet.subnet_id}
            case TargetKind.NETWORK_INTERFACE:
                interface = self.snapshot.interfaces.get(target.id)
                return interface is None or interface.subnet_id in {None, subnet.subnet_id}
            case TargetKind.VPC_ENDPOINT | TargetKind.OTHER:
                return True
            case _:
                return False

    def follow(self, table: RouteTable, choice: Choice | None | Undecided, subnet: Subnet) -> Outcome:
        """What the route table's decision comes to."""
        if isinstance(choice, Undecided):
            return Unsettled(choice.reason)
        dropped = self.routed(table, choice)
        if dropped or choice is None:
            return dropped or Unsettled(f"{table.route_table_id} has no route")
        target = choice.target
        match target.kind:
            case TargetKind.LOCAL:
                return self.arrive(subnet.vpc_id, subnet.subnet_id)
            case TargetKind.INTERNET_GATEWAY:
                return self.out_by_internet_gateway(target.id, subnet)
            case TargetKind.EGRESS_ONLY_INTERNET_GATEWAY:
                return self.egress_only_gateway(target.id, subnet)
            case TargetKind.NAT_GATEWAY:
                return self.nat_gateway(target.id, subnet)
            case TargetKind.NETWORK_INTERFACE:
                return self.appliance(target.id, subnet)
            case TargetKind.PEERING:
                return self.out_by_peering(target.id, subnet.vpc_id)
            case TargetKind.VPN_GATEWAY:
                return self.out_by_vpn_gateway(target.id, subnet.vpc_id)
            case (
                TargetKind.TRANSIT_GATEWAY
                | TargetKind.VPC_ENDPOINT
                | TargetKind.CARRIER_GATEWAY
                | TargetKind.LOCAL_GATEWAY
                | TargetKind.CORE_NETWORK
                | TargetKind.OTHER
            ):
                # S-RT-11
                what = f"{table.route_table_id} routes {choice.route.destination} to {target.id}"
                return Unsettled(f"{what}, and a {target.kind.value} is not modelled")
        assert_never(target.kind)

    def routed(self, table: RouteTable, choice: Choice | None) -> Dropped | None:
        """The hop of the route table, or the drop where it has no usable route (S-RT-06)."""
        table_id, destination = table.route_table_id, self.header.destination
        if choice is None:
            detail = f"{table_id} has no route to {destination}"
            return self.drop("NO_ROUTE_TO_DESTINATION", table_id, RTB, detail, self.source("route_tables", table_id))
        rule, evidence = written(choice.route), (choice.evidence,)
        if choice.route.state == "blackhole":
            detail = f"{table_id} routes {choice.route.destination} to {choice.target.id}, a blackhole"
            return self.drop("BAD_STATE_ROUTE", table_id, RTB, detail, evidence, rule)
        return self.hop(table_id, RTB, "route", rule, evidence)

    def unusable_target(self, target_id: str, kind: str, vpc_id: str) -> Dropped:
        # S-RT-07
        detail = f"{target_id}, to which a route leads, is no longer there or not in {vpc_id}"
        return self.drop("BAD_STATE_ROUTE", target_id, kind, detail)

    def appliance(self, interface_id: str, subnet: Subnet) -> Outcome:
        """Through an interface that a route names, and on from its subnet (S-APP-01 to S-APP-03)."""
        found = find(self.topology, self.snapshot.interfaces, "interfaces", interface_id, subnet.vpc_id)
        if isinstance(found, Undecided):
            return Unsettled(found.reason)
        if found is None or found.vpc_id != subnet.vpc_id:
            return self.unusable_target(interface_id, ENI, subnet.vpc_id)
        if holds(found, self.header.destination):
            return self.arrive(subnet.vpc_id, subnet.subnet_id)
        if interface_id in self.visited:
            detail = f"the packet comes to {interface_id} a second time"
            return self.drop("NO_POSSIBLE_DESTINATION", interface_id, ENI, detail)
        self.visited.append(interface_id)
        unusual, home = self.unusual(found), self.topology.subnet_of(found)
        if unusual or isinstance(home, Undecided):
            return Unsettled(unusual or (home.reason if isinstance(home, Undecided) else ""))
        crosses = home.subnet_id != subnet.subnet_id
        return (
            (self.network_acl(home, egress=False) if crosses else None)
            or self.security_groups(found, egress=False)
            or self.forwards(found)
            or self.security_groups(found, egress=True)
            or self.send(home)
        )

    def forwards(self, appliance: NetworkInterface) -> Dropped | None:
        """Whether the interface may forward (S-ENI-04); that it does so is an assumption (S-APP-01)."""
        interface_id = appliance.network_interface_id
        if appliance.source_dest_check:
            detail = f"the source/destination check of {interface_id} is on, so it cannot forward"
            evidence, rule = self.source("interfaces", interface_id), {"SourceDestCheck": True}
            return self.drop("ENI_SOURCE_DEST_CHECK_RESTRICTION", interface_id, ENI, detail, evidence, rule)
        self.assumptions.append(f"appliance {interface_id} forwards what it gets, with the header unchanged")
        self.stripped = self.stripped or self.header.source
        return self.in_service(appliance, "route")

    # Internet gateway ---------------------------------------------------------------------------

    def in_force(self, kind: GatewayKind, gateway_id: str, vpc_id: str) -> Dropped | None:
        # S-IGW-01, S-RT-07
        holds_for = attached(self.topology, kind, gateway_id, vpc_id)
        if isinstance(holds_for, Undecided):
            return self.doubt(holds_for.reason)
        if holds_for:
            return None
        evidence = self.source(GATEWAY_TABLES[kind], gateway_id)
        return self.drop("BAD_STATE_ATTACHMENT", gateway_id, kind, f"{gateway_id} is not attached to {vpc_id}", evidence)

    def public_access(
        self, subnet: Subnet | Undecided, gateway_id: str, kind: GatewayKind, direction: Direction
    ) -> Dropped | None:
        """VPC Block Public Access; a reply through the gateway that the first packet took is not asked (S-BPA-01)."""
        if self.passed_before(gateway_id):
            return None
        if isinstance(subnet, Undecided):
            return self.doubt(subnet.reason)
        translated = kind == EIGW or any(f"{subnet.subnet_id}/" in v for v in self.visited)
        blocked = public_access_blocked(self.topology, subnet, direction, translated=translated)
        if blocked is None:
            return None
        if isinstance(blocked, Undecided):
            return self.doubt(blocked.reason)
        mode, where = blocked
        detail = f"Block Public Access ({mode}) stops {direction} of {subnet.subnet_id} at {gateway_id}"
        rule = {"InternetGatewayBlockMode": mode}
        return self.drop("VPC_BLOCK_PUBLIC_ACCESS_ENABLED", gateway_id, kind, detail, (where,), rule)

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
        return self.drop(code, gateway_id, kind, f"{destination} is not of the internet") if code else None

    def made_public(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """The source as the internet sees it: translated over IPv4, public by itself over IPv6 (S-IGW-03, S-IGW-05)."""
        source, code = self.header.source, "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS"
        evidence = self.source("internet_gateways", gateway_id)
        if is_ipv6(source):
            why = self.unpublic_ipv6(vpc_id, source)
            if why:
                return self.drop(code, gateway_id, IGW, why, evidence)
            return self.hop(gateway_id, IGW, "allow", None, evidence)
        public = self.public_of(vpc_id, source)
        if public is None:
            detail = f"{source} has no public address, so {gateway_id} sends nothing of it to the internet"
            return self.drop(code, gateway_id, IGW, detail, evidence)
        rule = {"PrivateIpAddress": source, "PublicIp": public}
        self.hop(gateway_id, IGW, "translate", rule, evidence)
        self.header = self.header._replace(source=public)
        return None

    def unpublic_ipv6(self, vpc_id: str, address: str) -> str | None:
        denying = (i for i in self.topology.holders_in_vpc(vpc_id, address) if i.deny_all_igw_traffic)
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
            or (self.public_access(subnet, gateway_id, IGW, "ingress") if subnet else None)
            or self.internet_source(gateway_id, vpc_id)
            or self.made_private(gateway_id, vpc_id, landing)
            or self.edge(gateway_id, IGW, vpc_id)
            or self.arrive(vpc_id, None)
        )

    def internet_source(self, gateway_id: str, vpc_id: str) -> Dropped | None:
        """Whether an internet gateway takes the source for one of the internet (S-ADR-01, S-ADR-02)."""
        source = self.header.source
        code = internet_source_code(source)
        if code:
            return self.drop(code, gateway_id, IGW, f"{source} is not of the internet, so {gateway_id} rejects it")
        own = cidrs_of(self.topology, vpc_id)
        if isinstance(own, Undecided):
            return self.doubt(own.reason)
        if within(source, own):
            detail = f"{source} is an address of {vpc_id} itself, so {gateway_id} rejects it"
            return self.drop("GATEWAY_REJECTS_SPOOFED_TRAFFIC", gateway_id, IGW, detail)
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

    def edge(self, gateway_id: str, kind: GatewayKind, vpc_id: str) -> Dropped | None:
        """The route table associated with the gateway, of which only local decisions are modelled (S-EDGE-01)."""
        table = self.topology.edge_table_of(gateway_id, vpc_id)
        if table is None:
            return None
        choice = table
        if not isinstance(table, Undecided):
            choice = choose(self.topology, table, vpc_id, self.header.destination)
        if isinstance(table, Undecided) or isinstance(choice, Undecided):
            self.diverted = True
            return self.doubt(choice.reason)
        dropped = self.routed(table, choice)
        if choice and choice.target.kind is not TargetKind.LOCAL:
            self.diverted = True
            what = f"{table.route_table_id}, the route table of the {kind} {gateway_id},"
            self.doubt(f"{what} leads {choice.route.destination} to {choice.target.id}, which is not modelled")
        return dropped

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
            return self.drop("BAD_STATE_ROUTE", pcx_id, PCX, detail, evidence, rule)
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
            or self.beyond_vpn_gateway(gateway_id, vpc_id)
        )

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
            or self.edge(gateway_id, VGW, vpc_id)
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


class Forward(Walk):
    """The way of the first packet; what it leaves behind is what the reply needs."""
