"""The set engine against the one-packet interpreter, on random networks.

    .venv/bin/python tests/proof.py --pairs 20000 [--seed N]

Every network is asked in all three ways (from a gateway, between hosts, outwards); of every answer packets are taken
at the boundaries of what is sure, possible and impossible, and sent through `trace`. A *pair* is one packet read
both ways. Prints a table, writes it to docs/PROOF.md, and exits 1 where the two contradict each other.
"""

import argparse
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import NamedTuple

from random_networks import ELSEWHERE, ELSEWHERE6, PORTS, Network, network, simpler, written

from sekisho.engine.assess import Assessor
from sekisho.engine.connection import Connection, Goal
from sekisho.engine.packet import Delivered, Dropped, GatewayEntry, Left, Packet, Trace, Unsettled
from sekisho.engine.population import hosts_of
from sekisho.engine.trace import trace
from sekisho.engine.witness import disagreement, sent
from sekisho.model.topology import Topology
from sekisho.sets import diagram
from sekisho.sets.boxes import Box, Example, boxes
from sekisho.sets.flows import TCP, UDP, FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Family, parse, top

PAGE = Path(__file__).parent.parent / "docs" / "PROOF.md"
ANSWERED, ONE_WAY, DROPPED, OPEN = "delivered and answered", "delivered only", "dropped", "undecided"
KINDS = (ANSWERED, ONE_WAY, DROPPED, OPEN)


class Asked(NamedTuple):
    """One answer of the engine: how it was asked, and the gateways by which packets may leave, where they do."""

    name: str
    connection: Connection
    exits: tuple[str, ...] = ()


class Pair(NamedTuple):
    """One packet read both ways."""

    asked: Asked
    example: Example
    packet: Packet
    traced: Trace
    sets: str
    steps: str
    fault: str | None


# What is asked --------------------------------------------------------------------------------------


def questions(assessor: Assessor, r: Random, most: int) -> Iterator[Asked]:
    """Answers of every kind, `most` of each at most."""
    snapshot = assessor.facts.snapshot
    hosts = [h for i in snapshot.interfaces.values() for h in hosts_of(i)]
    gates = [*snapshot.internet_gateways, *snapshot.egress_only_gateways]
    exits = (tuple(gates), *((name,) for name in (*snapshot.vpn_gateways, *snapshot.peerings)))
    for host in r.sample(hosts, min(most, len(hosts))):
        for origin in ("internet", "peering", "vgw"):
            for found in assessor.connections(host, origin):
                if found.way and found.way.gateway:
                    yield Asked(f"{found.way.gateway} to {host.interface.network_interface_id}", found)
    pairs = [(a, b) for a in hosts for b in hosts if a.family == b.family]
    for sender, host in r.sample(pairs, min(most * 2, len(pairs))):
        full, connector = FlowSet.full(host.family), assessor.connectors[host.family]
        name = f"{sender.interface.network_interface_id} to {host.interface.network_interface_id}"
        yield Asked(name, connector.between(sender, host, full))
        if host.public is not None and sender.interface is not host.interface:
            yield Asked(f"{name} (public)", connector.between(sender, host, full, public=True))
    for host in r.sample(hosts, min(most, len(hosts))):
        full, connector = FlowSet.full(host.family), assessor.connectors[host.family]
        leave = r.choice(exits)
        found = connector.outwards(host, Goal(gateways=frozenset(leave)), full)
        yield Asked(f"{host.interface.network_interface_id} out by {', '.join(leave)}", found, leave)


# Packets of an answer -------------------------------------------------------------------------------


def regions(c: Connection) -> tuple[FlowSet, ...]:
    """Parts that the engine answers alike."""
    return (
        c.round_trip.sure,
        c.delivered.sure - c.round_trip.maybe,
        c.delivered.sure & (c.round_trip.maybe - c.round_trip.sure),
        c.delivered.maybe - c.delivered.sure,
        c.question - c.delivered.maybe,
    )


def examples(c: Connection, r: Random, each: int) -> Iterator[Example]:
    """Packets at the corners of boxes of every part, and some from small pools."""
    for region in regions(c):
        found = boxes(region)
        for box in r.sample(found, min(each, len(found))):
            yield _corner(box, r)
    pool = _pool(c)
    for _ in range(each):
        made = _random(c.question.family, pool, r)
        if holds(c.question, made):
            yield made


def holds(flows: FlowSet, e: Example) -> bool:
    return flows.contains(e.protocol, e.remote, e.third or 0, e.fourth or 0)


def _corner(box: Box, r: Random) -> Example:
    protocol, remote = r.choice(r.choice(box.protocols)), r.choice(r.choice(box.remotes))
    if not box.thirds:
        return Example(protocol, remote, None, None)
    return Example(protocol, remote, r.choice(r.choice(box.thirds)), r.choice(r.choice(box.fourths)))


def _pool(c: Connection) -> list[int]:
    family, host = c.question.family, c.sender or c.host
    texts = ELSEWHERE if family == "ipv4" else ELSEWHERE6
    return [0, top(family), host.address, *(parse(text).low for text in texts)]


def _random(family: Family, remotes: list[int], r: Random) -> Example:
    protocol, remote = r.choice((TCP, TCP, UDP, icmp_of(family), 47, 1, 58, 0)), r.choice(remotes)
    if has_ports(protocol):
        return Example(protocol, remote, r.choice(PORTS), r.choice(PORTS))
    if protocol == icmp_of(family):
        return Example(protocol, remote, r.choice((0, 3, 8, 13, 14, 128, 129)), r.choice((0, 0, 1, 4)))
    return Example(protocol, remote, None, None)


# Both readings --------------------------------------------------------------------------------------


def read_both(topology: Topology, asked: Asked, example: Example) -> Pair:
    c = asked.connection
    packet, entry, leave_by = sent(c, example)
    if isinstance(entry, GatewayEntry) and not entry.gateway_id:
        raise ValueError(f"{asked.name} has no gateway")
    exits: tuple[str | None, ...] = (leave_by,) if leave_by or not asked.exits else asked.exits
    for leave in exits:
        traced = trace(topology, packet, entry, leave)
        fault = disagreement(c, example, traced)
        if fault:
            break
    return Pair(asked, example, packet, traced, by_sets(c, example), by_steps(asked, traced), fault)


def by_sets(c: Connection, e: Example) -> str:
    if not holds(c.delivered.maybe, e):
        return DROPPED
    if not holds(c.delivered.sure, e):
        return OPEN
    if holds(c.round_trip.sure, e):
        return ANSWERED
    return OPEN if holds(c.round_trip.maybe, e) else ONE_WAY


def by_steps(asked: Asked, traced: Trace) -> str:
    match traced.outcome:
        case Unsettled():
            return OPEN
        case Dropped():
            return DROPPED
        case Delivered(interface_id=name) if asked.connection.outbound or name != asked.connection.host.interface.network_interface_id:
            return DROPPED
        case Left(gateway_id=name) if name not in asked.exits:
            return OPEN if name.startswith("vgw-") else DROPPED  # what lies behind it may pass it on (S-VGW-04)
        case _:
            back = traced.reply_outcome
            return OPEN if isinstance(back, Unsettled) else ONE_WAY if isinstance(back, Dropped) else ANSWERED


def pairs_of(whole: Network, seed: int, most: int = 6, each: int = 2) -> Iterator[Pair]:
    """The pairs of one network: the same for the same seed."""
    diagram.clear()
    topology = Topology(whole.snapshot())
    r = Random(seed)
    for asked in questions(Assessor(topology), r, most):
        for example in dict.fromkeys(examples(asked.connection, r, each)):
            yield read_both(topology, asked, example)


def faulty(pair: Pair) -> bool:
    return pair.fault is not None


# Smallest network -----------------------------------------------------------------------------------


def smallest(whole: Network, pair: Pair, effort: int = 3000) -> tuple[Network, Pair]:
    """The network with everything taken away that the contradiction does not need."""
    tried, shrunk = 0, True
    while shrunk and tried < effort:
        shrunk = False
        for less in simpler(whole):
            tried += 1
            found = again(less, pair)
            same = found is not None and (found.sets, found.steps) == (pair.sets, pair.steps)
            if found is not None and found.fault is not None and same and tried < effort:
                whole, pair, shrunk = less, found, True
                break
    return whole, pair


def again(whole: Network, pair: Pair) -> Pair | None:
    """The same packet on another network; None where it cannot be asked there."""
    topology = Topology(whole.snapshot())
    assessor, c = Assessor(topology), pair.asked.connection
    hosts = {
        (i.network_interface_id, h.family, h.address): h
        for i in topology.snapshot.interfaces.values()
        for h in hosts_of(i)
    }
    host = hosts.get((c.host.interface.network_interface_id, c.host.family, c.host.address))
    if host is None:
        return None
    connector, found = assessor.connectors[host.family], None
    if c.outbound:
        found = connector.outwards(host, Goal(gateways=frozenset(pair.asked.exits)), FlowSet.full(host.family))
    elif c.sender:
        s = c.sender
        sender = hosts.get((s.interface.network_interface_id, s.family, s.address))
        if sender and (host.public is not None or not c.public):
            found = connector.between(sender, host, FlowSet.full(host.family), public=c.public)
    elif c.way:
        ways = (w for o in ("internet", "peering", "vgw") for w in assessor.ways.into(c.way.vpc, o))
        way = next((w for w in ways if w.gateway == c.way.gateway), None)
        found = connector.from_gateway(way, host, c.question) if way else None
    return None if found is None else read_both(topology, pair.asked._replace(connection=found), pair.example)


def described(whole: Network, seed: int, pair: Pair) -> str:
    lines = [
        f"seed {seed}: {pair.asked.name}: {pair.packet}",
        f"sets: {pair.sets}; trace: {pair.steps}; {pair.fault}",
        written(whole),
        *(f"  {hop.action:9} {hop.component:14} {dict(hop.rule or {})}" for hop in pair.traced.forward),
        f"  = {pair.traced.outcome}",
        *(f"  reply {hop.action:9} {hop.component:14} {dict(hop.rule or {})}" for hop in pair.traced.reply),
        f"  = {pair.traced.reply_outcome}",
    ]
    return "\n".join(lines)


if __name__ == "__main__":
    n = int(sys.argv[1])
    start = int(sys.argv[2]) if len(sys.argv) > 2 else 0
    counts: Counter[tuple[str, str]] = Counter()
    faults: Counter[str] = Counter()
    for seed in range(start, start + n):
        try:
            for p in pairs_of(network(seed), seed):
                counts[p.sets, p.steps] += 1
                if p.fault:
                    faults[p.asked.name.split("-")[0] + " " + p.fault.split("(")[0]] += 1
        except Exception as e:
            faults[f"{type(e).__name__} {e}"] += 1
    for k, v in counts.most_common():
        print(v, k)
    for k2, v in faults.most_common(40):
        print(v, k2)
