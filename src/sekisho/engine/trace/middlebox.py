"""The steps through what inspects packets: endpoints of Gateway Load Balancers and firewalls, and edge routes."""

from typing import TYPE_CHECKING

from sekisho.engine.packet import Dropped, Outcome, Packet, Unsettled
from sekisho.model.inspection import Middlebox, middlebox_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.routing import RouteTable, TargetKind
from sekisho.model.vpc import Subnet

from .filters import holds, is_ipv6
from .firewall import FirewallTrace
from .routes import Choice

if TYPE_CHECKING:
    from .gateways import GatewayWalk
    from .walk import Walk

ENDPOINT = "vpc-endpoint"


def by_route(walk: "Walk", endpoint_id: str, subnet: Subnet, route_to: str) -> Outcome:
    """What a route of the subnet hands to an endpoint."""
    found = middlebox_of(walk.topology, endpoint_id, subnet.vpc_id)
    if isinstance(found, Undecided):
        return Unsettled(found.reason)
    if found is None:
        return Unsettled(f"{route_to}, and a vpc-endpoint of its type is not modelled")
    return into(walk, found, subnet.vpc_id, subnet.subnet_id)


def into(walk: "Walk", found: Middlebox, vpc_id: str, from_subnet: str | None) -> Outcome:
    """Into the endpoint, through what is behind it, and on from its subnet (S-GWLBE-02, S-GWLBE-03)."""
    name, evidence = found.endpoint_id, walk.source("vpc_endpoints", found.endpoint_id)
    if found.subnet.vpc_id != vpc_id or found.closed:
        detail = found.closed or f"{name} is in {found.subnet.vpc_id}, not in {vpc_id}"
        return walk.drop("BAD_STATE_ROUTE", name, ENDPOINT, detail, evidence)
    if name in walk.visited:
        detail = f"the packet comes to {name} a second time"
        return walk.drop("NO_ROUTE_TO_DESTINATION", name, ENDPOINT, detail, evidence)
    if found.doubt:
        walk.doubt(found.doubt)
    walk.visited.add(name)
    crosses = found.subnet.subnet_id != from_subnet
    return (
        (walk.network_acl(found.subnet, egress=False) if crosses else None)
        or inspected(walk, found)
        or walk.send(found.subnet)
    )


def inspected(walk: "Walk", found: Middlebox) -> Dropped | None:
    """By the rules of the firewall, or by an appliance that is assumed to forward."""
    name, evidence = found.endpoint_id, walk.source("vpc_endpoints", found.endpoint_id)
    walk.stripped = walk.stripped or walk.header.source
    walk.over_tgw = ()
    if found.firewall is None:
        walk.assumptions.append(f"the appliance behind {name} forwards what it gets, with the header unchanged")
        return walk.hop(name, ENDPOINT, "route", None, evidence)
    arn, rules = found.firewall.firewall_arn, FirewallTrace(walk.topology, found.firewall)
    if walk.is_reply:
        through = rules.reply(walk.header, turned(walk.header) if walk.passed_before(name) else None)
    else:
        through, kept = rules.first(walk.header)
        if kept is not False:
            detail = f"the reply does not come back through {name}, whose firewall needs both directions"
            walk.awaited.append((name, "FIREWALL_RULES_RESTRICTION", detail, kept))
    if through is None:
        walk.doubt(f"what the rules of {arn} say of the packet is not settled")
    elif not through:
        detail = f"the rules of {arn} do not let the packet through"
        return walk.drop("FIREWALL_RULES_RESTRICTION", arn, ENDPOINT, detail, walk.source("firewalls", arn))
    return walk.hop(name, ENDPOINT, "allow", None, evidence + walk.source("firewalls", arn))


def turned(header: Packet) -> Packet:
    """The header of the packet that this one answers."""
    return header._replace(
        source=header.destination,
        destination=header.source,
        source_port=header.destination_port,
        destination_port=header.source_port,
    )


# Edge route tables (S-EDGE-01 to S-EDGE-03) ----------------------------------------------------------


def redirect(walk: "GatewayWalk", table: RouteTable, choice: Choice, gateway_id: str, vpc_id: str) -> Outcome | None:
    """What a gateway brings in and leads through a middlebox; None where the target is the destination itself."""
    target = choice.target.id
    interface = walk.snapshot.interfaces.get(target)
    if interface and holds(interface, walk.header.destination):
        return None
    if walk.is_reply and not walk.passed_before(target):
        detail = f"{gateway_id} leads replies through {target}, which the first packet did not pass"
        code, table_id = "INGRESS_RTB_TRAFFIC_REDIRECTION", table.route_table_id
        return walk.drop(code, table_id, "route-table", detail, (choice.evidence,))
    if choice.target.kind is TargetKind.VPC_ENDPOINT:
        return _to_endpoint(walk, choice, gateway_id, vpc_id)
    if choice.target.kind is TargetKind.NETWORK_INTERFACE:
        return _to_interface(walk, target, gateway_id, vpc_id)
    return walk.led_anywhere(
        f"{table.route_table_id} leads {choice.route.destination} to {target}, which is not modelled"
    )


def _to_endpoint(walk: "GatewayWalk", choice: Choice, gateway_id: str, vpc_id: str) -> Outcome | None:
    target = choice.target.id
    found = middlebox_of(walk.topology, target, vpc_id)
    if isinstance(found, Undecided):
        return walk.led_anywhere(found.reason)
    if found is None:
        detail = f"{target} inspects nothing, so {gateway_id} cannot hand packets to it"
        return walk.drop("BAD_STATE_ROUTE", target, ENDPOINT, detail, (choice.evidence,))
    _await(walk, gateway_id, target)
    blocked = walk.public_access_at_edge(found.subnet, gateway_id, whole_vpc=found.firewall is not None)
    return blocked or into(walk, found, vpc_id, None)


def _to_interface(walk: "GatewayWalk", target: str, gateway_id: str, vpc_id: str) -> Outcome | None:
    interface = walk.snapshot.interfaces.get(target)
    if interface is None:
        return walk.led_anywhere(walk.snapshot.why_missing("interfaces", target, walk.topology.vpc_scope(vpc_id)))
    return _through_interface(walk, interface, gateway_id, vpc_id)


def _await(walk: "GatewayWalk", gateway_id: str, middlebox: str) -> None:
    if not walk.is_reply:
        detail = f"{gateway_id} leads what it brings in through {middlebox}, and the way out does not pass it"
        walk.awaited.append((middlebox, "INGRESS_RTB_TRAFFIC_REDIRECTION", detail, True))


def _through_interface(walk: "GatewayWalk", interface: NetworkInterface, gateway_id: str, vpc_id: str) -> Outcome:
    name = interface.network_interface_id
    if interface.vpc_id != vpc_id:
        return walk.unusable_target(name, "network-interface", vpc_id)
    home = walk.topology.subnet_of(interface)
    if isinstance(home, Undecided):
        return Unsettled(home.reason)
    _await(walk, gateway_id, name)
    public = is_ipv6(walk.header.source) or any(a.association and a.association.public_ip for a in interface.addresses)
    if gateway_id.startswith("igw-") and not public:
        detail = f"{name}, to which {gateway_id} leads what it brings in, has no public address"
        evidence = walk.source("interfaces", name)
        return walk.drop("INGRESS_RTB_NO_PUBLIC_IP", name, "network-interface", detail, evidence)
    return walk.public_access_at_edge(home, gateway_id, whole_vpc=False) or walk.through(interface, home, None)
