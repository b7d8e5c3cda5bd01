"""IPv6 that NAT gateways make IPv4, in sets and packet by packet, over random networks (S-NAT-06)."""

from collections.abc import Iterator
from random import Random

import msgspec
import pytest

from agreement import ANSWERED, DROPPED, ONE_WAY, OPEN, Asked, Pair, examples, read_both
from random_estates import drawn
from random_networks import Network
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Goal, Host
from sekisho.engine.gateways.nat64 import NAT64, embedded, extracted, in_ipv4, in_ipv6
from sekisho.engine.population import hosts_of
from sekisho.model.gateways import NatGateway
from sekisho.model.record import Record
from sekisho.model.routing import Route, RouteTable
from sekisho.model.topology import Topology
from sekisho.sets import diagram
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import parse

SEEDS = range(0, 400, 2)
ITSELF = 3  # a network where an interface asks for its own address of IPv4


def translating(whole: Network, r: Random) -> Network:
    """The network with a route for 64:ff9b::/96 to some NAT gateway of the VPC in most tables."""
    nats = [n for n in whole.records if isinstance(n, NatGateway)]

    def changed(record: Record) -> Record:
        own = [n.nat_gateway_id for n in nats if isinstance(record, RouteTable) and n.vpc_id == record.vpc_id]
        if not isinstance(record, RouteTable) or not own or r.random() < 0.1:
            return record
        route = Route(destination_ipv6_cidr_block="64:ff9b::/96", nat_gateway_id=r.choice(own), state="active")
        return msgspec.structs.replace(record, routes=(*record.routes, route))

    return whole._replace(records=tuple(changed(record) for record in whole.records))


def asked(assessor: Assessor, r: Random) -> Iterator[Asked]:
    """Out by every internet gateway, by each peering connection, and to hosts of IPv4."""
    snapshot = assessor.facts.snapshot
    hosts = [h for i in snapshot.interfaces.values() if i.interface_type != "nat_gateway" for h in hosts_of(i)]
    senders, targets = [h for h in hosts if h.family == "ipv6"], [h for h in hosts if h.family == "ipv4"]
    connector, whole = assessor.connectors["ipv6"], FlowSet.of_remotes("ipv6", [NAT64.range])
    for sender in r.sample(senders, min(3, len(senders))):
        name = sender.interface.network_interface_id
        leave = r.choice([(*snapshot.internet_gateways,), *((p,) for p in snapshot.peerings)])
        yield Asked(f"{name} out", connector.outwards(sender, Goal(gateways=frozenset(leave)), whole))
        for host in r.sample(targets, min(2, len(targets))):
            yield from ways_to(assessor, sender, host)


def ways_to(assessor: Assessor, sender: Host, host: Host) -> Iterator[Asked]:
    connector, full = assessor.connectors["ipv6"], FlowSet.full("ipv6")
    name = f"{sender.interface.network_interface_id} to {host.interface.network_interface_id}"
    yield Asked(name, connector.translated(sender, host, NAT64.low + host.address, full))
    if host.public is not None:
        yield Asked(name, connector.translated(sender, host, NAT64.low + host.public, full, public=True))


def pairs(seed: int) -> Iterator[Pair]:
    diagram.clear()
    r = Random(seed)
    topology = Topology(translating(drawn(seed)[1], r).snapshot())
    for question in asked(Assessor(topology), r):
        for example in dict.fromkeys(examples(question.connection, r, 2)):
            yield read_both(topology, question, example)


@pytest.mark.parametrize("first", range(0, len(SEEDS), 50))
def test_sets_and_steps_agree(first: int) -> None:
    found = [pair for seed in (*SEEDS[first : first + 50], ITSELF) for pair in pairs(seed)]
    assert [(p.asked.name, p.packet, p.fault) for p in found if p.fault] == []
    assert {ANSWERED, DROPPED, OPEN} <= {p.sets for p in found} <= {ANSWERED, ONE_WAY, DROPPED, OPEN}


def test_addresses_are_embedded_and_extracted() -> None:
    host = parse("198.51.100.7").range
    assert embedded([host]) == (parse("64:ff9b::c633:6407").range,)
    assert extracted(embedded([host])) == (host,)
    assert extracted([parse("2001:db8::/32").range]) == ()


def test_sets_are_written_for_the_other_side() -> None:
    four = FlowSet.build("ipv4", protocols=[(6, 6)], remotes=[parse("198.51.100.0/24").range], thirds=[(443, 443)])
    six = FlowSet.build(
        "ipv6", protocols=[(6, 6)], remotes=[parse("64:ff9b::c633:6400/120").range], thirds=[(443, 443)]
    )
    assert (in_ipv6(four), in_ipv4(six)) == (six, four)
    ping = FlowSet.build("ipv4", protocols=[(1, 1)], remotes=[parse("198.51.100.7").range], thirds=[(8, 8)])
    ping6 = FlowSet.build(
        "ipv6", protocols=[(58, 58)], remotes=[parse("64:ff9b::c633:6407").range], thirds=[(128, 128)]
    )
    assert (in_ipv6(ping), in_ipv4(ping6)) == (ping6, ping)
    assert in_ipv4(FlowSet.build("ipv6", protocols=[(58, 58)], thirds=[(135, 135)])).is_empty
