"""Endpoint services: consumers' connections come out at the nodes of their network load balancers."""

from __future__ import annotations

from sekisho_check.balancers import balancer_of, balancers
from sekisho_check.estate import Estate, Record, text, texts
from sekisho_check.filters import Sight
from sekisho_check.nodes import to_node
from sekisho_check.ranges import everything
from sekisho_check.walk import GATEWAY, Address, Pieces, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

SERVICES = "ec2:DescribeVpcEndpointServiceConfigurations"
CONNECTIONS = "ec2:DescribeVpcEndpointConnections"
PERMISSIONS = "ec2:DescribeVpcEndpointServicePermissions"


def endpoint_services(estate: Estate, address: Address) -> Found:
    """The services that stand on a load balancer that the address is a node of (S-PL-01)."""
    own = balancer_of(estate, address.interface.data)
    ways: list[Way] = []
    there = False
    doubt = "" if estate.whole(SERVICES, *estate.home(address.vpc)) else f"{SERVICES} failed"
    for record in estate.all(SERVICES):
        names = texts(record.data, "NetworkLoadBalancerArns")
        unread = [name for name in names if name not in balancers(estate)]
        if unread and estate.home(address.vpc) == (record.account, record.region):
            doubt = f"{unread[0]} was not read"
        there = there or any(one.id in names and one.vpc == address.vpc for one in balancers(estate).values())
        if own is not None and own.id in names:
            ways.append(Way(("endpoint-service", record.id), everything(address.family), record, masked=True))
    return Found(ways, there=there, open=doubt)


def from_service(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    connected = consumers(walk.estate, record)
    if connected is None:
        pieces = walk.doubt(pieces, f"who may connect to {record.id} is not known")
    elif not connected:
        pieces = walk.stop(pieces, GATEWAY, record.id)
    balancer = balancer_of(walk.estate, walk.address.interface.data)
    enforced = text(balancer.record.data, "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic") if balancer else None
    if enforced == "off":  # S-PL-04
        pieces = [piece._replace(arrived=True) for piece in pieces]
        return to_node(walk, walk.state(pieces, walk.address.interface.data))
    return walk.arrive(pieces, Sight(), crossing=False)


def consumers(estate: Estate, service: Record) -> bool | None:
    """Whether somebody is connected, or may connect by itself; None where that is open (S-PL-02)."""
    found = [one for one in estate.all(CONNECTIONS) if text(one.data, "ServiceId") == service.id]
    states = {(text(one.data, "VpcEndpointState") or "").lower() for one in found}
    for one in estate.all("ec2:DescribeVpcEndpoints"):  # as the consumer sees it
        if (text(one.data, "ServiceName") or "").endswith(f".{service.id}"):
            states.add((text(one.data, "State") or "").lower())
    if "available" in states:
        return True
    read = estate.read(CONNECTIONS, service.account, service.region)
    if service.data.get("AcceptanceRequired") is False:
        allowed = estate.of(PERMISSIONS, "ServiceId", service.id)
        if allowed is None:
            return None
        if allowed:
            return True
    return False if read else None


def back_to_service(_: Walk, pieces: Pieces) -> Pieces:
    """Replies go back to the consumers, whatever the routes and ACLs of the node's subnet (S-PL-01)."""
    return pieces


ENTRANCES["endpoint-service"] = Entrance("privatelink", endpoint_services, from_service, back_to_service)
