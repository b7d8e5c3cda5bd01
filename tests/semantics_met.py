"""Which groups of rules of docs/SEMANTICS.md one packet met, told by its hops, its ends and the records it passed."""

from collections.abc import Iterator, Mapping

from agreement import Pair
from sekisho.engine.packet import Dropped, Hop
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
