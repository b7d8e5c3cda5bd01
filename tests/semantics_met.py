"""Which groups of rules of docs/SEMANTICS.md one packet met, told by its hops, its ends and the records it passed."""

import re
from collections.abc import Iterator, Mapping

from agreement import Pair
from estates import ACCOUNT
from random_networks import OTHER
from sekisho.engine.connected import Connection
from sekisho.engine.packet import Dropped, Hop, Unsettled
from sekisho.model.topology import Topology
from sekisho.sets.flows import ICMP, ICMPV6

_BY_HOP: Mapping[str, tuple[str, ...]] = {
    "accelerator": ("S-GA",),
    "carrier-gateway": ("S-CAGW",),
    "client-vpn-endpoint": ("S-CVPN",),
    "egress-only-internet-gateway": ("S-EIGW",),
    "endpoint-service": ("S-PL",),
    "instance": ("S-INST",),
    "instance-connect-endpoint": ("S-EICE",),
    "internet-gateway": ("S-IGW", "S-ADR"),
    "lattice-target-group": ("S-LAT",),
    "load-balancer": ("S-ELB",),
    "local-gateway": ("S-LGW",),
    "local-gateway-route-table": ("S-LGW",),
    "nat-gateway": ("S-NAT",),
    "network-acl": ("S-ACL",),
    "network-interface": ("S-ENI",),
    "route-table": ("S-RT", "S-VPC"),
    "security-group": ("S-SG",),
    "transit-gateway": ("S-TGW",),
    "transit-gateway-attachment": ("S-TGW",),
    "transit-gateway-policy-table": ("S-TGW",),
    "transit-gateway-route-table": ("S-TGW",),
    "verified-access-endpoint": ("S-VA",),
    "virtual-private-gateway": ("S-VGW",),
    "vpc-origin": ("S-CFO",),
    "vpc-peering-connection": ("S-PCX",),
}
_BY_CODE: Mapping[str, str] = {
    "FIREWALL_RULES_RESTRICTION": "S-NFW",
    "INGRESS_RTB_NO_PUBLIC_IP": "S-EDGE",
    "INGRESS_RTB_TRAFFIC_REDIRECTION": "S-EDGE",
    "REGIONAL_NGW_ROUTE_AZ_RESTRICTION": "S-RNAT",
    "VPC_BLOCK_PUBLIC_ACCESS_ENABLED": "S-BPA",
    "VPCE_INTRA_VPC_TRAFFIC": "S-VPCE",
}
#: What is said of a packet that is undecided because a call or a record is lacking.
_LACKING = re.compile("not read|is failed|is incomplete|does not list it|damaged|is not in the snapshot")


def groups_met(pair: Pair) -> frozenset[str]:
    """The groups, each once."""
    return frozenset(_groups(pair))


def _groups(pair: Pair) -> Iterator[str]:
    c, traced = pair.asked.connection, pair.traced
    hops = (*traced.forward, *traced.reply)
    for hop in hops:
        yield from _BY_HOP.get(hop.kind, ())
        yield from _of_component(pair.topology, hop)
    for outcome in (traced.outcome, traced.reply_outcome):
        if isinstance(outcome, Dropped) and outcome.code in _BY_CODE:
            yield _BY_CODE[outcome.code]
    if pair.packet.protocol in {ICMP, ICMPV6}:
        yield "S-ICMP"
    if c.way is not None and c.way.pooled:
        yield "S-POOL"
    if c.consumer is not None:
        yield "S-VPCE"
    yield "S-OUT" if c.outbound else "S-Q"
    yield from _of_lines(pair.topology, c)
    yield from _of_what_is_lacking(pair)
    if _is_shared(pair.topology, c):
        yield "S-RAM"


def _of_lines(topology: Topology, c: Connection) -> Iterator[str]:
    """The lines of the virtual private gateway that the packet comes from or leaves by."""
    gateways = {c.way.gateway if c.way else None, *c.exits}
    snapshot = topology.snapshot
    if any(v.vpn_gateway_id in gateways for v in snapshot.vpn_connections.values()):
        yield "S-VPN"
    private = (v.virtual_gateway_id for v in snapshot.virtual_interfaces.values() if v.virtual_gateway_id)
    associated = (a.associated_gateway.id for a in snapshot.direct_connect_associations.values())
    if not gateways.isdisjoint((*private, *associated)):
        yield "S-DX"


def _of_what_is_lacking(pair: Pair) -> Iterator[str]:
    outcomes = (pair.traced.outcome, pair.traced.reply_outcome)
    if any(isinstance(o, Unsettled) and _LACKING.search(o.reason) for o in outcomes):
        yield "S-LOAD"


def _is_shared(topology: Topology, c: Connection) -> bool:
    """Whether the host lies in a VPC that another account shares with its own."""
    vpc = topology.snapshot.vpcs.get(c.host.interface.vpc_id or "")
    return vpc is not None and (vpc.owner_id, c.host.interface.owner_id) == (OTHER, ACCOUNT)


def _of_component(topology: Topology, hop: Hop) -> Iterator[str]:
    """What the kind of a hop alone does not tell: whose endpoint, table, gateway or balancer it is."""
    snapshot, name = topology.snapshot, hop.component
    if hop.kind == "instance" and hop.action == "route":
        yield "S-APP"
    if hop.kind == "vpc-endpoint":
        endpoint = snapshot.vpc_endpoints.get(name)
        kind = endpoint.vpc_endpoint_type if endpoint else "GatewayLoadBalancer"
        yield "S-GWLBE" if kind == "GatewayLoadBalancer" else "S-VPCE"
        attachments = (a for f in snapshot.firewalls.values() for a in f.firewall_status.attachments)
        if any(a.endpoint_id == name for a in attachments):
            yield "S-NFW"
    if hop.kind == "route-table":
        table = snapshot.route_tables.get(name)
        if table and any(a.gateway_id for a in table.associations):
            yield "S-EDGE"
    if hop.kind == "nat-gateway":
        nat = snapshot.nat_gateways.get(name)
        if nat and nat.is_regional:
            yield "S-RNAT"
    if hop.kind == "load-balancer":
        balancer = topology.balancers.all.get(name)
        kind = balancer.kind if balancer else "classic"
        yield from ({"network": ("S-NLB",), "classic": ("S-CLB",)}).get(kind, ())
