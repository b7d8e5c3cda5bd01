"""What stands behind an endpoint that a route names: a Gateway Load Balancer, or a firewall of AWS Network Firewall."""

from typing import NamedTuple

from .firewall import Firewall, FirewallAttachment
from .record import Undecided
from .topology import Topology
from .vpc import Subnet

#: States of an endpoint and of its attachment to a firewall in which they carry nothing.
_CLOSED = {"pendingacceptance", "rejected", "expired", "failed", "deleted", "deleting"}
_OPEN = {"available", "ready", "scaling"}


class Middlebox(NamedTuple):
    """An endpoint that inspects what a route hands to it (S-GWLBE-01): where it stands, and the firewall behind it.

    `closed` says why it carries nothing, `doubt` why that is not known.
    """

    endpoint_id: str
    subnet: Subnet
    firewall: Firewall | None
    closed: str | None = None
    doubt: str | None = None


def middlebox_of(topology: Topology, endpoint_id: str, vpc_id: str) -> Middlebox | None | Undecided:
    """The middlebox that a route of the VPC names; None where the endpoint is of another type.

    Undecided where the snapshot does not say what the endpoint is, or which firewall is behind it.
    """
    snapshot = topology.snapshot
    endpoint = snapshot.vpc_endpoints.get(endpoint_id)
    found = _firewall_of(topology, endpoint_id)
    if endpoint is None and found is None:
        return Undecided(snapshot.why_missing("vpc_endpoints", endpoint_id, topology.vpc_scope(vpc_id)))
    if endpoint is not None and endpoint.vpc_endpoint_type != "GatewayLoadBalancer" and found is None:
        return None
    if found is None:
        managed = endpoint is not None and (endpoint.managed_by_firewall or endpoint.requester_managed)
        unread = _undescribed(topology, vpc_id, managed=managed)
        if unread:
            return Undecided(f"{endpoint_id} {'is' if managed else 'may be'} an endpoint of a firewall: {unread}")
    firewall, attachment = found or (None, None)
    subnet_id = next(iter(endpoint.subnet_ids), None) if endpoint else None
    subnet_id = subnet_id or (attachment.subnet_id if attachment else None)
    subnet = snapshot.subnets.get(subnet_id or "")
    if subnet is None:
        why = snapshot.why_missing("subnets", subnet_id, topology.vpc_scope(vpc_id)) if subnet_id else "it names none"
        return Undecided(f"the subnet of {endpoint_id} is not known: {why}")
    states = [endpoint.state if endpoint else None, attachment.status if attachment else None]
    written = [state for state in states if state]
    closed = next((s for s in written if s.lower() in _CLOSED), None)
    odd = next((s for s in written if s.lower() not in _CLOSED | _OPEN), None)
    return Middlebox(
        endpoint_id,
        subnet,
        firewall,
        closed and f"{endpoint_id} is {closed}",
        odd and f"{endpoint_id} is in state `{odd}`",
    )


def _firewall_of(topology: Topology, endpoint_id: str) -> tuple[Firewall, FirewallAttachment] | None:
    pairs = ((f, a) for f in topology.snapshot.firewalls.values() for a in f.firewall_status.attachments)
    return next(((f, a) for f, a in pairs if a.endpoint_id == endpoint_id), None)


def _undescribed(topology: Topology, vpc_id: str, *, managed: bool) -> str | None:
    """Why a firewall that the snapshot does not describe may have the endpoint, or None."""
    snapshot, scope = topology.snapshot, topology.vpc_scope(vpc_id)
    listed = sorted(set(snapshot.listed_firewalls) - set(snapshot.firewalls))
    if listed:
        return snapshot.why_missing("firewalls", listed[0], scope)
    state = snapshot.calls.state("network-firewall:DescribeFirewall", scope)
    gap = snapshot.gap("firewalls", scope)
    if gap and (managed or state is not None):
        return gap
    return "no firewall in the snapshot names it" if managed else None
