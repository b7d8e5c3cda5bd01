"""What interfaces take that end connections for a service: nodes of load balancers, interface endpoints.

`Taken` holds a condition on what arrives, with the reason for the rest (S-ELB-03, S-VPCE-03).
"""

from typing import NamedTuple

from sekisho.engine.facts import Facts
from sekisho.engine.share import Share, decided, doubtful, nothing
from sekisho.engine.transit import Stated
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.targets import Balancer
from sekisho.sets.flows import TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family


class Taken(NamedTuple):
    share: Share
    cause: Stated


def taken_by(facts: Facts, interface: NetworkInterface, family: Family) -> tuple[Taken, ...]:
    """The conditions of an interface that is a load balancer's or an endpoint's; none for any other."""
    return (*_by_listeners(facts, interface, family), *_by_endpoint(facts, interface, family))


def _by_listeners(facts: Facts, interface: NetworkInterface, family: Family) -> tuple[Taken, ...]:
    balancer = facts.topology.balancers.of_interface(interface)
    if balancer is None:
        return ()
    return (*_by_front(facts, balancer, family), *_by_state(balancer, family))


def _by_state(balancer: Balancer, family: Family) -> tuple[Taken, ...]:
    if balancer.in_service:
        return ()
    cause = Stated("BAD_STATE", balancer.id, f"{balancer.name} is {balancer.state}", (balancer.source,))
    return (Taken(nothing(family), cause),)


def _by_front(facts: Facts, balancer: Balancer, family: Family) -> tuple[Taken, ...]:
    fronts = facts.topology.balancers.fronts(balancer)
    if isinstance(fronts, Undecided):
        return (Taken(doubtful(FlowSet.full(family), fronts.reason), Stated("", "", fronts.reason)),)
    boxes = [FlowSet.build(family, protocols=[(p, p) for p in f.protocols], thirds=[(f.port, f.port)]) for f in fronts]
    code = "ELB_LISTENERS_MISMATCH" if balancer.kind == "classic" else "ELBV2_LISTENERS_MISMATCH"
    detail = f"load balancer {balancer.name} has no listener for it"
    cause = Stated(code, balancer.id, detail, (balancer.source,))
    return (Taken(decided(FlowSet.union_of(family, boxes)), cause),)


def _by_endpoint(facts: Facts, interface: NetworkInterface, family: Family) -> tuple[Taken, ...]:
    endpoint = facts.topology.services.endpoint_of(interface)
    if endpoint is None and interface.interface_type != "vpc_endpoint":
        return ()
    name = endpoint.vpc_endpoint_id if endpoint else interface.network_interface_id
    place = facts.source("vpc_endpoints" if endpoint else "interfaces", name)
    carried = FlowSet.build(family, protocols=[(TCP, TCP), (UDP, UDP)])
    found = [Taken(decided(carried), Stated("PROTOCOL_RESTRICTION", name, f"{name} takes TCP and UDP only", (place,)))]
    if endpoint and not endpoint.in_force:
        detail = f"{name} is {endpoint.state}"
        found.append(Taken(nothing(family), Stated("BAD_STATE", name, detail, (place,))))
    unread = None if endpoint else facts.topology.asked_gap("vpc_endpoints", interface.vpc_id or "")
    if unread:  # it may be in any state (S-VPCE-01)
        found.append(Taken(doubtful(FlowSet.full(family), unread), Stated("", "", unread)))
    return tuple(found)


def starts_nothing(facts: Facts, interface: NetworkInterface) -> Stated | None:
    """Why the interface starts no connection, where it is an interface endpoint's (S-VPCE-02)."""
    endpoint = facts.topology.services.endpoint_of(interface)
    if endpoint is None:
        return None
    name = endpoint.vpc_endpoint_id
    place = facts.source("vpc_endpoints", name)
    return Stated("VPCE_INTRA_VPC_TRAFFIC", name, f"{name} starts no connection into its own VPC", (place,))
