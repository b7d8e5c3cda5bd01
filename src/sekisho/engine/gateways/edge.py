"""Route tables of internet gateways and virtual private gateways: what becomes of the packets that they bring in.

A decision is the local one, or leads through a middlebox: an interface or an inspecting endpoint (S-EDGE-01).
"""

from collections.abc import Callable

from sekisho.engine.transit import Layer, Leg, Stated, Transit
from sekisho.engine.walk import Walker
from sekisho.model.inspection import middlebox_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import TargetKind
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import FlowSet

from .middlebox import redirected

#: Takes what goes to the VPC itself, with why it may go through a middlebox first.
Local = Callable[[Transit, str | None], None]


class Edge:
    """The gateway route tables of one walker."""

    def __init__(self, walker: Walker) -> None:
        self._w = walker
        self._facts = walker.facts

    def enter(self, leg: Leg, t: Transit, gateway: str, vpc_id: str, local: Local) -> None:
        """Into the VPC as the gateway's route table says; `local` takes what it leaves to the VPC itself."""
        table = self._facts.topology.edge_table_of(gateway, vpc_id)
        if isinstance(table, Undecided):
            self._w.doubt(leg, t, table.reason)
        if table is None or isinstance(table, Undecided):
            local(t, table.reason if table else None)
            return
        for part in self._facts.routes(table, self._w.family):
            narrowed = self._w.narrow(t, part.ranges)
            if narrowed is None:
                continue
            if part.undecided:
                self._w.doubt(leg, narrowed, part.undecided)
                local(narrowed, part.undecided)
            elif part.place is None or table.routes[part.place].target.kind is TargetKind.LOCAL:
                local(narrowed, None)
            else:
                taken = narrowed._replace(route=(table.route_table_id, part.place))
                self._redirect(leg, taken, gateway, vpc_id, local)

    def _redirect(self, leg: Leg, t: Transit, gateway: str, vpc_id: str, local: Local) -> None:
        route, middlebox = self._w.route(t), self._w.target(t)
        if route.state == "blackhole":
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "is a blackhole: its target is gone")
        elif route.state not in {None, "active"}:
            reason = f"{self._w.describe_route(t)} is in state `{route.state}`"
            self._w.doubt(leg, t, reason)
            local(t, reason)
        elif self._is_destination(t, middlebox):
            local(t, None)
        elif t.header.reply and middlebox not in t.crossed:
            detail = f"{gateway} leads replies through {middlebox}, which the first packet did not pass"
            self._w.stop(leg, t, Stated("INGRESS_RTB_TRAFFIC_REDIRECTION", vpc_id, detail))
        elif route.target.kind is TargetKind.NETWORK_INTERFACE:
            self._to_interface(leg, t, gateway, vpc_id)
        elif route.target.kind is TargetKind.VPC_ENDPOINT:
            self._to_endpoint(leg, t, gateway, vpc_id)
        else:
            self._w.doubt(leg, t, f"{self._w.describe_route(t)} at {gateway} is not modelled")

    def _to_endpoint(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        found = middlebox_of(self._facts.topology, self._w.target(t), vpc_id)
        if isinstance(found, Undecided):
            self._w.doubt(leg, t, found.reason)
        elif found is None:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "leads to an endpoint that inspects nothing")
        else:
            if gateway.startswith("igw-"):
                firewall = found.firewall is not None
                self._w.crossing.check_bpa(leg, t, found.subnet, "ingress", gateway, whole_vpc=firewall)
            self._w.middleboxes.by_edge(leg, self._awaiting(t, gateway, vpc_id), found, vpc_id)

    def _awaiting(self, t: Transit, gateway: str, vpc_id: str) -> Transit:
        if t.header.reply:
            return t
        awaited = redirected(gateway, self._w.target(t), vpc_id, FlowSet.full(self._w.family))
        return t._replace(awaited=(*t.awaited, awaited))

    def _is_destination(self, t: Transit, target: str) -> bool:
        """Whether the target is the interface that is meant."""
        interface, address = self._facts.snapshot.interfaces.get(target), t.header.dst.address
        return interface is not None and address is not None and self._w.holds(interface, address)

    def _to_interface(self, leg: Leg, t: Transit, gateway: str, vpc_id: str) -> None:
        """Through the interface of an appliance (S-EDGE-02)."""
        name = self._w.target(t)
        interface = self._facts.snapshot.interfaces.get(name)
        if interface is None:
            scope = self._facts.topology.vpc_scope(vpc_id)
            self._w.doubt(leg, t, self._facts.snapshot.why_missing("interfaces", name, scope))
        elif interface.vpc_id != vpc_id:
            self._w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"leads to {name} in another VPC")
        elif interface.source_dest_check:
            detail = f"{name} has its source/destination check on, so it does not forward"
            place = self._facts.source("interfaces", name, "/SourceDestCheck")
            self._w.stop(leg, t, Stated("ENI_SOURCE_DEST_CHECK_RESTRICTION", name, detail, (place,)))
        elif name in t.passed:
            self._w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", f"leads back to {name}: a loop")
        else:
            if gateway.startswith("igw-"):
                self._check_internet(leg, t, gateway, interface)
            self._w.pass_through(leg, self._awaiting(t, gateway, vpc_id), interface, None)

    def _check_internet(self, leg: Leg, t: Transit, gateway: str, interface: NetworkInterface) -> None:
        """The appliance has a public address of its own, its subnet is not blocked (S-EDGE-02, S-BPA-02)."""
        name = interface.network_interface_id
        subnet: Subnet | Undecided = self._facts.topology.subnet_of(interface)
        if not isinstance(subnet, Undecided):
            self._w.crossing.check_bpa(leg, t, subnet, "ingress", gateway)
        public = any(a.association and a.association.public_ip for a in interface.addresses)
        if self._w.family == "ipv4" and not public:
            detail = f"{name}, to which {gateway} leads what it brings in, has no public address"
            cause = Stated("INGRESS_RTB_NO_PUBLIC_IP", name, detail, (self._facts.source("interfaces", name),))
            self._w.stop(leg, t, cause, Layer.PUBLIC_ADDRESS)
