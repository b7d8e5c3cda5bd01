"""Gateway endpoints: routes to a prefix list that lead to a service of AWS (S-VPCE-04)."""

from typing import TYPE_CHECKING

from sekisho.engine.facts import Facts
from sekisho.engine.share import decided
from sekisho.engine.transit import Ending, Leg, Outside, Stated, Transit
from sekisho.model.endpoints import VpcEndpoint
from sekisho.model.record import Undecided
from sekisho.model.vpc import Subnet
from sekisho.sets.flows import ICMP, ICMPV6, TCP, FlowSet
from sekisho.sets.prefixes import Family, Range, parse_ranges

if TYPE_CHECKING:
    from sekisho.engine.walk import Walker

_ECHO = {"ipv4": (ICMP, 8), "ipv6": (ICMPV6, 128)}


def gateway_endpoint(facts: Facts, endpoint_id: str) -> VpcEndpoint | None:
    """The gateway endpoint of that id; None where it is of another type or not in the snapshot."""
    found = facts.snapshot.vpc_endpoints.get(endpoint_id)
    return found if found and found.vpc_endpoint_type.lower() == "gateway" else None


def to_service(w: "Walker", leg: Leg, t: Transit, subnet: Subnet) -> bool:
    """Away to the service by the gateway endpoint that the route names; False where it names something else."""
    endpoint = gateway_endpoint(w.facts, w.target(t))
    if endpoint is None:
        return False
    name = endpoint.vpc_endpoint_id
    if endpoint.vpc_id != subnet.vpc_id:
        w.stop_at_route(leg, t, "BAD_STATE_ROUTE", "leads to an endpoint of another VPC")
    elif not endpoint.in_force:
        w.stop_at_route(leg, t, "BAD_STATE_ROUTE", f"leads to an endpoint that is {endpoint.state}")
    elif t.header.reply:
        w.stop_at_route(leg, t, "NO_ROUTE_TO_DESTINATION", "leads to a gateway endpoint, which carries no reply")
    elif w.crossing.source_in_vpc(leg, t, subnet.vpc_id, "VPCE_GATEWAY_EGRESS_SOURCE_ADDRESS_RESTRICTION", name):
        carried = _carried(w.family)
        place = w.facts.source("vpc_endpoints", name)
        detail = f"{name} carries TCP and pings only"
        cause = Stated("VPCE_GATEWAY_PROTOCOL_RESTRICTION", name, detail, (place,))
        leg.check(leg.route_layer, t.region, decided(carried), cause)
        leg.endings.append(Ending(t._replace(via=(*t.via, name)), Outside(name, subnet.vpc_id)))
    return True


def _carried(family: Family) -> FlowSet:
    icmp, echo = _ECHO[family]
    ping = FlowSet.build(family, protocols=[(icmp, icmp)], thirds=[(echo, echo)])
    return ping | FlowSet.build(family, protocols=[(TCP, TCP)])


def service_ranges(facts: Facts, vpc_id: str | None, endpoint_id: str, family: Family) -> tuple[Range, ...]:
    """The addresses that routes of the VPC lead to the endpoint."""
    tables = facts.topology.route_tables_of(vpc_id or "")
    lists = (r.destination_prefix_list_id for t in tables for r in t.routes if r.target.id == endpoint_id)
    entries = (facts.entries(name) for name in lists if name)
    return parse_ranges((cidr for e in entries if not isinstance(e, Undecided) for cidr in e), family)
