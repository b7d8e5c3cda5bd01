"""Hosts of two VPCs that reach each other over their internet gateways by IPv6, where addresses stay as they are."""

from estates import acl, eni, igw, instance, perm, route, rtb, sg, snapshot, subnet, vpc
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Host
from sekisho.engine.population import hosts_of
from sekisho.engine.witness import confirm
from sekisho.model.record import Record
from sekisho.model.topology import Topology
from sekisho.sets.flows import TCP, FlowSet
from sekisho.sets.prefixes import parse

OPEN = perm("-1", None, "::/0")


def side(n: int, *ingress: object, routed: bool = True) -> tuple[Record, ...]:
    """VPC n with one host; its subnet has a default route to the VPC's internet gateway where it is `routed`."""
    where = subnet(f"subnet-{n}", f"vpc-{n}", f"10.{n}.0.0/24", f"2001:db8:{n}::/64")
    default = [route("::/0", f"igw-{n}")] if routed else []
    return (
        vpc(f"vpc-{n}", f"10.{n}.0.0/16", f"2001:db8:{n}::/56"),
        where,
        acl(f"acl-{n}", f"vpc-{n}", [f"subnet-{n}"]),
        rtb(f"rtb-{n}", f"vpc-{n}", [f"subnet-{n}"], route(f"2001:db8:{n}::/56", "local"), *default),
        igw(f"igw-{n}", f"vpc-{n}"),
        sg(f"sg-{n}", f"vpc-{n}", ingress, [OPEN]),  # type: ignore[arg-type]
        eni(f"eni-{n}", where, f"10.{n}.0.4", f"2001:db8:{n}::4", groups=[f"sg-{n}"], instance=f"i-{n}"),
        instance(f"i-{n}"),
    )


def between(*records: Record) -> Connection:
    """From the host of VPC 1 to that of VPC 2, confirmed by `trace`."""
    topology = Topology(snapshot(*records))
    first, second = (_host(topology, f"eni-{n}") for n in (1, 2))
    found = Assessor(topology).connectors["ipv6"].between(first, second, FlowSet.full("ipv6"))
    confirm(topology, [found])
    return found


def _host(topology: Topology, name: str) -> Host:
    return next(h for h in hosts_of(topology.snapshot.interfaces[name]) if h.family == "ipv6")


def only(port: int) -> FlowSet:
    sender = parse("2001:db8:1::4/128").range
    return FlowSet.build("ipv6", protocols=[(TCP, TCP)], remotes=[sender], thirds=[(port, port)])


def test_it_is_delivered_and_answered_as_the_groups_say() -> None:
    found = between(*side(1), *side(2, perm("tcp", (443, 443), "2001:db8:1::/64")))
    assert found.delivered.sure == found.delivered.maybe == only(443)
    assert found.round_trip.sure == found.round_trip.maybe == only(443)


def test_without_a_route_back_it_is_delivered_only() -> None:
    found = between(*side(1), *side(2, perm("tcp", (443, 443), "::/0"), routed=False))
    assert found.delivered.sure == found.delivered.maybe == only(443)
    assert found.round_trip.maybe.is_empty


def test_without_a_route_there_nothing_is_delivered() -> None:
    found = between(*side(1, routed=False), *side(2, OPEN))
    assert found.delivered.maybe.is_empty
