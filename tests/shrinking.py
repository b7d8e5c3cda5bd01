"""From a random network on which both readings contradict each other to the smallest one that still shows it."""

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec

from agreement import MODELLED, Asked, Pair, clients, read_both
from estates import ACCOUNT, CLOSING
from random_networks import Network, id_of, table_of
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Goal, Host
from sekisho.engine.population import hosts_of
from sekisho.model.interface import InstanceState
from sekisho.model.record import Record
from sekisho.model.topology import Topology
from sekisho.sets.flows import FlowSet

T = TypeVar("T")


def shrunk(whole: Network, found: T, again: Callable[[Network], T | None], effort: int) -> tuple[Network, T]:
    """The network with everything taken away without which `again` still finds something, and what it finds there."""
    smaller = True
    while smaller:
        smaller = False
        for less in simpler(whole):
            if effort == 0:
                break
            effort -= 1
            still = again(less)
            if still is not None:
                whole, found, smaller = less, still, True
                break
    return whole, found


def smallest(whole: Network, pair: Pair, effort: int = 3000) -> tuple[Network, Pair]:
    """The network with everything taken away that the contradiction does not need."""

    def still(less: Network) -> Pair | None:
        found = again(less, pair)
        same = found is not None and (found.sets, found.steps) == (pair.sets, pair.steps)
        return found if found is not None and found.fault is not None and same else None

    return shrunk(whole, pair, still, effort)


def again(whole: Network, pair: Pair) -> Pair | None:
    """The same packet on another network; None where it cannot be asked there."""
    topology = Topology(whole.snapshot())
    assessor, c = Assessor(topology), pair.asked.connection
    hosts = {_name(h): h for i in topology.snapshot.interfaces.values() for h in hosts_of(i)}
    host, sender = hosts.get(_name(c.host)), hosts.get(_name(c.sender)) if c.sender else None
    if host is None:
        return None
    connector, full = assessor.connectors[host.family], FlowSet.full(host.family)
    found: Connection | None = None
    if c.entrance or c.relay:
        found = next((one for one in _by_services(assessor, c, host, sender) if _same(one, c)), None)
    elif c.outbound:
        found = connector.outwards(host, Goal(gateways=c.exits), full)
    elif sender and (host.public is not None or not c.public):
        found = connector.between(sender, host, full, public=c.public)
    elif c.way:
        ways = (way for origin in MODELLED for way in assessor.ways.into(c.way.vpc, origin))
        way = next((w for w in ways if w.gateway == c.way.gateway), None)
        found = connector.from_gateway(way, host, c.question) if way else None
    return None if found is None else read_both(topology, Asked(pair.asked.name, found), pair.example)


def _by_services(assessor: Assessor, c: Connection, host: Host, sender: Host | None) -> Iterator[Connection]:
    """Connections to the host that load balancers or services are on."""
    if sender is None:
        yield from (one for origin in MODELLED for one in assessor.connections(host, origin))
        return
    reaching, full = clients(assessor, sender), FlowSet.full(sender.family)
    if c.relay and c.relay.target.interface.network_interface_id == host.interface.network_interface_id:
        yield from assessor.relays.behind(host, reaching, FlowSet.full(host.family))
    for balancer in assessor.facts.topology.balancers.all.values():
        yield from assessor.relays.to(balancer, reaching, full)


def _same(one: Connection, other: Connection) -> bool:
    return _path(one) == _path(other)


def _path(c: Connection) -> tuple[object, ...]:
    """By what a connection goes, in names that stay the same on another network."""
    way, relay = c.way.gateway if c.way else None, c.relay
    through = (relay.balancer, _name(relay.node), relay.port, _name(relay.target)) if relay else ()
    before = _path(relay.client) if relay else ()
    at = _name(c.consumer.endpoint) if c.consumer else ()
    return _name(c.host), way, c.entrance.id if c.entrance else None, at, *through, *before


def _name(host: Host) -> tuple[str, int]:
    return host.interface.network_interface_id, host.address


def described(whole: Network, pair: Pair, seed: int) -> str:
    """A contradiction as a person reads it: the packet, the network, the hops."""
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


def simpler(whole: Network) -> Iterator[Network]:
    """Networks with one thing less: a record, or an element of a record's list."""
    if whole.failed or whole.unread or whole.unusable:
        yield whole._replace(failed=(), unread=(), unusable=())
    for i in range(len(whole.records)):
        yield whole._replace(records=whole.records[:i] + whole.records[i + 1 :])
    for i, record in enumerate(whole.records):
        for smaller in _simpler_record(record):
            yield whole._replace(records=(*whole.records[:i], smaller, *whole.records[i + 1 :]))


def _simpler_record(record: Record) -> Iterator[Record]:
    if isinstance(record, InstanceState):
        return
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if isinstance(value, tuple) and field not in {"cidr_block_association_set", "cidr_block_set"}:
            for k in range(len(value)):
                if value[k] in CLOSING:
                    continue
                yield msgspec.structs.replace(record, **{field: value[:k] + value[k + 1 :]})
            for k, item in enumerate(value):
                if isinstance(item, Record):
                    for less in _simpler_record(item):
                        yield msgspec.structs.replace(record, **{field: (*value[:k], less, *value[k + 1 :])})


def written(whole: Network) -> str:
    """The network as text that a person can read: one line a record, members that are empty left out."""
    lines = [f"{type(r).__name__} {msgspec.json.encode(_bare(r)).decode()}" for r in whole.records]
    lines += [f"failed {t}" for t in whole.failed] + [f"not read {t}" for t in whole.unread]
    return "\n".join(lines + [f"unusable {table_of(r)} {id_of(r)}" for r in whole.unusable])


def _bare(value: object) -> object:
    if isinstance(value, Record):
        named = ((f, _bare(getattr(value, f))) for f in value.__struct_fields__)
        return {f: v for f, v in named if v not in (None, (), [], {}, "", ACCOUNT)}
    return [_bare(v) for v in value] if isinstance(value, tuple) else value
