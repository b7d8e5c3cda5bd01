"""The steps of a walk that a first packet and its reply have in common; see `trace` for the order of the checks.

Each step is None (the packet goes on) or the outcome. A step that the snapshot does not settle notes a doubt.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import NamedTuple, assert_never

from sekisho.engine.packet import Action, Dropped, Hop, Outcome, Packet, Unsettled
from sekisho.model.gateways import NatGateway
from sekisho.model.inspection import Middlebox, middlebox_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Source, Undecided
from sekisho.model.routing import RouteTable, Target, TargetKind
from sekisho.model.topology import Topology
from sekisho.model.vpc import Subnet

from .ends import gateway_endpoint, taken, to_service
from .filters import OverTgw, Ruling, acl_ruling, groups_ruling, holds, is_ipv6, within, written
from .middlebox import by_route
from .routes import Choice, GatewayKind, choose, find

IGW: GatewayKind = "internet-gateway"
EIGW: GatewayKind = "egress-only-internet-gateway"
VGW: GatewayKind = "virtual-private-gateway"
NAT, PCX, ENI, ACL, RTB = "nat-gateway", "vpc-peering-connection", "network-interface", "network-acl", "route-table"
SG, INSTANCE, TGW = "security-group", "instance", "transit-gateway"

#: Kinds of interface that do not end connections by the ordinary rules (S-ENI-06).
_UNUSUAL = {"gateway_load_balancer", "gateway_load_balancer_endpoint", "transit_gateway"}


class TranslatedByNat(NamedTuple):
    """A source that a NAT gateway has rewritten: its subnet, what the source became, and the packet as it came."""

    gateway_id: str
    subnet: Subnet
    address: str
    public: str | None
    before: Packet


class Walk(ABC):
    """One direction. The abstract steps are those in which a first packet and a reply differ."""

    is_reply = False

    def __init__(self, topology: Topology, header: Packet) -> None:
        self.topology = topology
        self.snapshot = topology.snapshot
        self.header = header
        self.hops: list[Hop] = []
        self.doubts: list[str] = []
        self.assumptions: list[str] = []
        self.visited: set[str] = set()
        #: The translations of the connection that are in force, the latest last.
        self.nats: list[TranslatedByNat] = []
        #: The sender's own address, once the way has taken away what group references match on (S-SG-06).
        self.stripped: str | None = None
        #: The VPCs whose group identities it has kept over a transit gateway (S-TGW-08).
        self.over_tgw: tuple[OverTgw, ...] = ()
        #: The attachment by which it entered the VPC that it is in.
        self.entered: str | None = None
        #: An edge route may lead elsewhere first: which subnet boundaries the packet then crosses is not known.
        self.diverted = False
        #: Middleboxes that need the reply back: name, code and words of its loss, whether that is sure (S-NFW-07).
        self.awaited: list[tuple[str, str, str, bool | None]] = []
        #: Subnets of NAT gateways without IPv6 of their own: whether their ACLs are asked of it is open (S-NAT-06).
        self.unsure_acls: frozenset[str] = frozenset()

    @abstractmethod
    def arrive(self, vpc_id: str, from_subnet: str | None) -> Outcome:
        """The outcome where a VPC carries the packet to its destination, from one of its subnets or from a gateway."""

    @abstractmethod
    def passed_before(self, component: str) -> bool:
        """Whether the packet answers one that went through the component."""

    @abstractmethod
    def tracked_by(self, interface_id: str) -> bool:
        """Whether the packet answers, by its addresses here, one that the filters of the interface let through."""

    @abstractmethod
    def nat_gateway(self, nat_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def egress_only_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def out_by_internet_gateway(self, gateway_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def out_by_peering(self, pcx_id: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def out_by_transit_gateway(self, gateway: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def out_by_vpn_gateway(self, gateway_id: str, vpc_id: str) -> Outcome: ...

    @abstractmethod
    def out_by_border(self, gateway_id: str, subnet: Subnet) -> Outcome: ...

    @abstractmethod
    def beyond_endpoint(self, endpoint_id: str, vpc_id: str) -> Outcome: ...

    # Book-keeping -------------------------------------------------------------------------------

    def hop(
        self,
        component: str,
        kind: str,
        action: Action,
        rule: Mapping[str, object] | None = None,
        evidence: tuple[Source, ...] = (),
    ) -> Dropped | None:
        """None: the packet goes on."""
        self.hops.append(Hop(component, kind, action, rule, self.header, evidence))
        return None

    def drop(
        self,
        code: str,
        component: str,
        kind: str,
        detail: str,
        evidence: tuple[Source, ...] = (),
        *,
        rule: Mapping[str, object] | None = None,
    ) -> Dropped:
        self.hop(component, kind, "deny", rule, evidence)
        return Dropped(code, component, detail)

    def doubt(self, reason: str) -> Dropped | None:
        """None: the packet goes on, under a doubt."""
        self.doubts.append(reason)
        return None

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
        return self.drop(ruling.code, ruling.component, kind, ruling.detail, ruling.evidence, rule=ruling.rule)

    def source(self, table: str, record_id: str) -> tuple[Source, ...]:
        """Where the record stands, if it does."""
        return (self.snapshot.source(table, record_id),) if record_id in self.snapshot.table(table) else ()

    # Filters and state --------------------------------------------------------------------------

    def network_acl(self, subnet: Subnet | Undecided, *, egress: bool) -> Dropped | None:
        """The ACL of the subnet whose boundary the packet crosses (S-ACL-06)."""
        if self.diverted or (isinstance(subnet, Subnet) and self.regional(subnet)):
            return None
        acl = subnet if isinstance(subnet, Undecided) else self.topology.acl_of(subnet)
        if isinstance(acl, Undecided):
            return self.doubt(acl.reason)
        ruling = acl_ruling(self.topology, acl, self.header, egress=egress)
        unsure = isinstance(subnet, Subnet) and subnet.subnet_id in self.unsure_acls
        if unsure and ruling.admits is False and is_ipv6(self.header.destination):
            return self.doubt(f"whether {acl.network_acl_id} filters IPv6 in a subnet without it is not documented")
        return self.ruled(ruling, ACL)

    def security_groups(self, interface: NetworkInterface, *, egress: bool) -> Dropped | None:
        if self.tracked_by(interface.network_interface_id):  # S-SG-05, S-APP-02
            return None
        balancer = self.topology.balancers.of_interface(interface)
        if not interface.group_ids and balancer and balancer.kind == "network":  # S-NLB-01
            return None
        lost = None if egress else self.stripped
        ruling = groups_ruling(
            self.topology, interface, self.header, egress=egress, stripped=lost, over_tgw=self.over_tgw
        )
        return self.ruled(ruling, SG)

    def in_service(self, interface: NetworkInterface, action: Action = "allow") -> Dropped | None:
        """The state of the interface and of the instance that it is attached to (S-ENI-01, S-INST-01)."""
        interface_id, status = interface.network_interface_id, interface.status
        evidence = self.source("interfaces", interface_id)
        if status is None:
            self.doubt(f"the status of {interface_id} is not in the snapshot")
        elif status not in {"in-use", "associated"}:
            detail = f"{interface_id} is {status}, not attached"
            return self.drop("BAD_STATE_ATTACHMENT", interface_id, ENI, detail, evidence, rule={"Status": status})
        last = interface.instance_id is None
        self.hop(interface_id, ENI, action if last else "allow", {"Status": status} if status else None, evidence)
        return None if interface.instance_id is None else self.running(interface, interface.instance_id, action)

    def takes(self, interface: NetworkInterface) -> Dropped | None:
        """Whether the interface takes new connections of this kind (S-ELB-03, S-VPCE-03)."""
        return taken(self, interface)

    def running(self, interface: NetworkInterface, instance_id: str, action: Action) -> Dropped | None:
        instance = self.snapshot.instances.get(instance_id)
        if instance is None:
            scope = self.topology.interface_scope(interface)
            return self.doubt(self.snapshot.why_missing("instances", instance_id, scope))
        state, evidence = instance.state.name, self.source("instances", instance_id)
        if state in {"stopping", "stopped", "shutting-down", "terminated"}:
            detail = f"{instance_id} is {state}"
            return self.drop("BAD_STATE", instance_id, INSTANCE, detail, evidence, rule={"State": state})
        if state not in {"running", "pending"}:
            self.doubt(f"the state {state} of {instance_id} is not known")
        return self.hop(instance_id, INSTANCE, action, {"State": state}, evidence)

    def unusual(self, interface: NetworkInterface) -> str | None:
        """Why the interface does not end connections by the ordinary rules, or None (S-ENI-06)."""
        kind = interface.interface_type
        unknown = kind == "network_load_balancer" and self.topology.balancers.of_interface(interface) is None
        if kind in _UNUSUAL or (unknown and not interface.groups):
            return f"{interface.network_interface_id} is of kind {kind}, which is not modelled"
        return None

    # Routing ------------------------------------------------------------------------------------

    def send(self, subnet: Subnet) -> Outcome:
        """The packet leaves an interface in the subnet: to a neighbour, else by the subnet's route table."""
        if within(self.header.destination, subnet.cidrs):  # S-RT-09
            return self.arrive(subnet.vpc_id, subnet.subnet_id)
        table = self.table_for(subnet)
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

    def regional(self, place: Subnet) -> NatGateway | None:
        """The regional NAT gateway that the place stands for: it is in no subnet (S-RNAT-01)."""
        return self.snapshot.nat_gateways.get(place.subnet_id)

    def table_for(self, subnet: Subnet) -> RouteTable | Undecided:
        nat = self.regional(subnet)
        if nat is None:
            return self.topology.route_table_of(subnet)
        found = self.snapshot.route_tables.get(nat.route_table_id or "")
        return found or Undecided(f"the route table of {nat.nat_gateway_id} is not in the snapshot")

    def may_stay(self, target: Target, subnet: Subnet) -> bool:
        """Whether the target may stand in the same subnet, so that no boundary is crossed (S-ACL-06)."""
        match target.kind:
            case TargetKind.NAT_GATEWAY:
                nat = self.snapshot.nat_gateways.get(target.id)
                return nat is None or (not nat.is_regional and nat.subnet_id in {None, subnet.subnet_id})
            case TargetKind.NETWORK_INTERFACE:
                interface = self.snapshot.interfaces.get(target.id)
                return interface is None or interface.subnet_id in {None, subnet.subnet_id}
            case TargetKind.VPC_ENDPOINT:
                inspects = isinstance(middlebox_of(self.topology, target.id, subnet.vpc_id), Middlebox)
                return not inspects and gateway_endpoint(self.topology, target.id) is None
            case TargetKind.OTHER:
                return True
            case _:
                return False

    def follow(self, table: RouteTable, choice: Choice | None | Undecided, subnet: Subnet) -> Outcome:
        """What the route table's decision comes to."""
        if isinstance(choice, Undecided):
            return Unsettled(choice.reason)
        if choice is None or choice.route.state == "blackhole":
            return self.unroutable(table, choice)
        rule, table_id = written(choice.route), table.route_table_id
        self.hop(table_id, RTB, "route", rule, (choice.evidence,))
        route_to = f"{table_id} routes {choice.route.destination} to {choice.target.id}"
        return self.hand_to(choice.target, subnet, route_to)

    def unroutable(self, table: RouteTable, choice: Choice | None) -> Dropped:
        # S-RT-06
        table_id = table.route_table_id
        if choice is None:
            detail = f"{table_id} has no route to {self.header.destination}"
            return self.drop("NO_ROUTE_TO_DESTINATION", table_id, RTB, detail, self.source("route_tables", table_id))
        detail = f"{table_id} routes {choice.route.destination} to {choice.target.id}, a blackhole"
        return self.drop("BAD_STATE_ROUTE", table_id, RTB, detail, (choice.evidence,), rule=written(choice.route))

    def hand_to(self, target: Target, subnet: Subnet, route_to: str) -> Outcome:  # noqa: C901, PLR0911  one a target
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
            case TargetKind.TRANSIT_GATEWAY:
                return self.out_by_transit_gateway(target.id, subnet)
            case TargetKind.VPC_ENDPOINT:
                endpoint = gateway_endpoint(self.topology, target.id)
                return to_service(self, endpoint, subnet) if endpoint else by_route(self, target.id, subnet, route_to)
            case TargetKind.CARRIER_GATEWAY | TargetKind.LOCAL_GATEWAY:
                return self.out_by_border(target.id, subnet)
            case TargetKind.CORE_NETWORK | TargetKind.OTHER:
                return Unsettled(f"{route_to}, and a {target.kind.value} is not modelled")  # S-RT-11
        assert_never(target.kind)

    def unusable_target(self, target_id: str, kind: str, vpc_id: str) -> Dropped:
        # S-RT-07; the last hop is the route that names the target.
        detail = f"{target_id}, to which a route leads, is no longer there or not in {vpc_id}"
        return self.drop("BAD_STATE_ROUTE", target_id, kind, detail, self.hops[-1].evidence)

    def appliance(self, interface_id: str, subnet: Subnet) -> Outcome:
        """Through an interface that a route names, unless it is the destination itself."""
        found = find(self.topology, self.snapshot.interfaces, "interfaces", interface_id, subnet.vpc_id)
        if isinstance(found, Undecided):
            return Unsettled(found.reason)
        if found is None:  # S-RAM-01: in a shared VPC it may be another account's
            scope = self.topology.vpc_scope(subnet.vpc_id)
            return Unsettled(self.snapshot.why_missing("interfaces", interface_id, scope))
        if found.vpc_id != subnet.vpc_id:
            return self.unusable_target(interface_id, ENI, subnet.vpc_id)
        if holds(found, self.header.destination):
            return self.arrive(subnet.vpc_id, subnet.subnet_id)
        home, unusual = self.topology.subnet_of(found), self.unusual(found)
        if isinstance(home, Undecided):
            return Unsettled(home.reason)
        return Unsettled(unusual) if unusual else self.through(found, home, subnet.subnet_id)

    def through(self, appliance: NetworkInterface, home: Subnet, from_subnet: str | None) -> Outcome:
        """Into the appliance, out of it, and on from its subnet (S-APP-01 to S-APP-03)."""
        interface_id = appliance.network_interface_id
        if interface_id in self.visited:
            detail = f"the packet comes to {interface_id} a second time"
            return self.drop(
                "NO_POSSIBLE_DESTINATION", interface_id, ENI, detail, self.source("interfaces", interface_id)
            )
        self.visited.add(interface_id)
        return (
            (self.network_acl(home, egress=False) if home.subnet_id != from_subnet else None)
            or self.security_groups(appliance, egress=False)
            or self.forwards(appliance)
            or self.security_groups(appliance, egress=True)
            or self.send(home)
        )

    def forwards(self, appliance: NetworkInterface) -> Dropped | None:
        """Whether the interface may forward (S-ENI-04); that it does so is an assumption (S-APP-01)."""
        interface_id = appliance.network_interface_id
        if appliance.source_dest_check:
            detail = f"the source/destination check of {interface_id} is on, so it cannot forward"
            evidence, rule = self.source("interfaces", interface_id), {"SourceDestCheck": True}
            return self.drop("ENI_SOURCE_DEST_CHECK_RESTRICTION", interface_id, ENI, detail, evidence, rule=rule)
        if self.entered and self.is_reply and not self.passed_before(interface_id):  # S-TGW-07
            self.doubt(f"{interface_id} gets a reply whose first packet it did not see")
        self.over_tgw = ()
        self.assumptions.append(f"the appliance at {interface_id} forwards what it gets, with the header unchanged")
        self.stripped = self.stripped or self.header.source
        return self.in_service(appliance, "route")
