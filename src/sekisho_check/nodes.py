"""Nodes of load balancers as destinations."""

from __future__ import annotations

from sekisho_check.balancers import NETWORK, WORKING, attribute, balancer_of, listeners
from sekisho_check.boxes import PORTS, Box
from sekisho_check.estate import Estate, Json, listed, text
from sekisho_check.filters import Parts, partition
from sekisho_check.gateways import unfathomed
from sekisho_check.ranges import one
from sekisho_check.walk import DESTINATIONS, GATEWAY, PUBLIC, STATE, UNFILTERED, Pieces, Walk


def to_node(walk: Walk, pieces: Pieces) -> Pieces:
    """A node takes what its listeners take, and nothing else (S-ELB-03)."""
    interface = walk.address.interface
    balancer = balancer_of(walk.estate, interface.data)
    taken = balancer and listeners(walk.estate, balancer)
    if balancer is None:  # S-ENI-06: its groups alone are known
        lacking = text(interface.data, "InterfaceType") == "network_load_balancer" and not interface.data.get("Groups")
        return unfathomed(walk, pieces) if lacking else pieces
    names = (balancer.id, interface.id)
    if balancer.state not in WORKING:
        broken = balancer.state in {"failed", "provisioning"}
        pieces = (
            walk.stop(pieces, STATE, *names)
            if broken
            else walk.doubt(pieces, f"the state of {balancer.id} is not known")
        )
    if walk.way.kind == "internet-gateway" and walk.address.family == 6 and balancer.internal:  # noqa: PLR2004 - S-ELB-01
        call = "elbv2:DescribeLoadBalancerAttributes"
        denied = attribute(walk.estate, call, "LoadBalancerArn", balancer.id, "ipv6.deny_all_igw_traffic")
        for layer in (PUBLIC, GATEWAY) if denied in {"", "true"} else ():
            pieces = walk.stop(pieces, layer, *names)
        pieces = walk.doubt(pieces, f"the attributes of {balancer.id} were not read") if denied is None else pieces
    if taken is None or balancer.kind == "gateway":  # S-ELB-10, S-ENI-06
        return unfathomed(walk, pieces)
    ports = [(listener.port, number) for listener, _ in taken for number in listener.protocols]

    def judge(box: Box) -> Parts:
        return partition(box, [Box(one(number), box.sources, one(port), PORTS) for port, number in ports], [])

    for layer in (STATE, GATEWAY):
        pieces = walk.sift(pieces, layer, names, judge, "")
    return pieces


def ungrouped(estate: Estate, interface: Json) -> bool:
    """A network load balancer without groups takes all traffic of its listeners (S-NLB-01)."""
    balancer = balancer_of(estate, interface)
    return balancer is not None and balancer.kind == NETWORK and not listed(interface, "Groups")


DESTINATIONS["balancer"] = to_node
UNFILTERED.append(ungrouped)
