"""Flows to open in the kernel, each with what the engine says of exactly this packet.

The engine's sets also choose what is asked: of each verdict some, at the corners of the boxes where verdicts meet,
beside ports from a small pool. What is seen in the kernel never depends on them.
"""

from collections import defaultdict
from collections.abc import Iterator
from itertools import islice
from random import Random
from typing import NamedTuple

from agreement import ANSWERED, DROPPED, ONE_WAY, Asked, Pair, read_both
from sekisho.engine.answer import Passage
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Goal, Host
from sekisho.engine.packet import Dropped, Hop, Packet, Trace
from sekisho.engine.population import hosts_of
from sekisho.engine.query import FAMILIES
from sekisho.engine.witness import arrived, sent
from sekisho.model.interface import NetworkInterface
from sekisho.model.snapshot import Snapshot
from sekisho.sets.boxes import Example, boxes
from sekisho.sets.flows import TCP, UDP, FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Family, Range, parse

from .devices import OUT
from .networks import OUTSIDE, OUTSIDE6

PORTS = (22, 23, 1023, 1024, 32768, 49151, 49152, 65535)
#: Echo and timestamp are answered by the kernel (S-ICMP-02).
_ICMP: dict[Family, list[Range]] = {"ipv4": [(8, 8), (13, 13)], "ipv6": [(128, 128)]}
_WANTED = (ANSWERED,) * 4 + (ONE_WAY,) * 3 + (DROPPED,) * 3
_TRIES = 40


class Flow(NamedTuple):
    """One packet and its reply: `sender` and `receiver` are interfaces or the outside, `there` is the address where
    it is to arrive, `gateway` the one by which a host outside sends it.
    `met` says what is on the way there and back, and what drops it.
    """

    number: int
    sender: str
    receiver: str
    packet: Packet
    there: str
    gateway: str | None
    expected: str
    met: tuple[str, ...]

    def __str__(self) -> str:
        p = self.packet
        what = f"type {p.icmp_type}" if p.source_port is None else f"{p.source_port} to port {p.destination_port}"
        by = f" by {self.gateway}" if self.gateway else ""
        return f"{p.source} ({self.sender}){by} to {p.destination} ({self.receiver}), protocol {p.protocol}, {what}"


class _Asked(NamedTuple):
    """What the engine says of packets between two places, and the addresses that the far end may have."""

    connection: Connection
    sender: str
    receiver: str
    gateway: str | None
    remotes: tuple[int, ...]

    @property
    def family(self) -> Family:
        return self.connection.question.family


def flows(snapshot: Snapshot, assessor: Assessor, seed: int, count: int) -> list[Flow]:
    """Flows that do not disturb each other, `count` where there are so many; none that the engine leaves undecided."""
    r, asked = Random(f"flows {seed}"), list(_questions(snapshot, assessor))
    found: list[Flow] = []
    met: set[object] = set()
    for _ in range(count * 3):
        drawn = _draw(asked, r)
        if drawn is None or len(found) == count:
            continue
        about, example = drawn
        packet, _, _ = sent(about.connection, example)
        key = _key(about, packet)
        if key in met or _is_own_reply(packet) or _replies_by_egress_only(snapshot, about, packet):
            continue
        pair = read_both(assessor.facts.topology, Asked("", about.connection), example)
        met.add(key)
        found.append(_flow(len(found), about, example, pair))
    return found


def _key(about: "_Asked", packet: Packet) -> object:
    """What two flows must not share: whoever sees both would take one for a reply of the other."""
    if not has_ports(packet.protocol):
        return packet, about.gateway
    ends = ((about.sender, packet.source_port), (about.receiver, packet.destination_port))
    return packet.protocol, frozenset(ends)


def _flow(number: int, about: "_Asked", example: Example, pair: Pair) -> Flow:
    there = pair.packet.destination if about.receiver == OUT else arrived(about.connection, example).destination
    met = tuple(sorted(_met(pair.traced, {about.sender, about.receiver})))
    return Flow(number, about.sender, about.receiver, pair.packet, there, about.gateway, pair.sets, met)


def _met(traced: Trace, ends: set[str]) -> set[str]:
    found = {hop.kind for hop in (*traced.forward, *traced.reply) if not _is_interface(hop)}
    passed = [hop for hop in (*traced.forward, *traced.reply) if _is_interface(hop)]
    found |= {"appliance" for hop in passed if hop.component not in ends}
    return found | {o.code for o in (traced.outcome, traced.reply_outcome) if isinstance(o, Dropped)}


# Questions ------------------------------------------------------------------------------------------


def _questions(snapshot: Snapshot, assessor: Assessor) -> Iterator[_Asked]:
    hosts = [h for i in snapshot.interfaces.values() for h in hosts_of(i)]
    senders = [h for h in hosts if _sends(snapshot, h.interface)]
    for host in hosts:
        yield from _inwards(snapshot, assessor, host)
    for sender in senders:
        yield _outwards(snapshot, assessor, sender)
        for host in (h for h in hosts if h.family == sender.family):
            yield from _between(assessor, sender, host)


def _inwards(snapshot: Snapshot, assessor: Assessor, host: Host) -> Iterator[_Asked]:
    name, vpc_id = host.interface.network_interface_id, host.interface.vpc_id or ""
    ways = [assessor.ways.internet(vpc_id)]
    vgws = snapshot.vpn_gateways.items()
    attached = [n for n, g in vgws if any(a.vpc_id == vpc_id and a.in_force for a in g.vpc_attachments)]
    ways += [assessor.ways.vpn(gateway, vpc_id) for gateway in attached]
    for way in ways:
        if way.gateway and way.sources[host.family]:
            found = assessor.connectors[host.family].from_gateway(way, host, FlowSet.full(host.family))
            yield _Asked(found, OUT, name, way.gateway, _outside(host.family))


def _between(assessor: Assessor, sender: Host, host: Host) -> Iterator[_Asked]:
    connector, full = assessor.connectors[host.family], FlowSet.full(host.family)
    ends = (sender.interface.network_interface_id, host.interface.network_interface_id)
    yield _Asked(connector.between(sender, host, full), *ends, None, (sender.address,))
    if host.public is not None and sender.interface is not host.interface:
        yield _Asked(connector.between(sender, host, full, public=True), *ends, None, (sender.address,))


def _outwards(snapshot: Snapshot, assessor: Assessor, sender: Host) -> _Asked:
    gateways = (*snapshot.internet_gateways, *snapshot.egress_only_gateways, *snapshot.vpn_gateways)
    connector, goal = assessor.connectors[sender.family], Goal(gateways=frozenset(gateways))
    found = connector.outwards(sender, goal, FlowSet.full(sender.family))
    return _Asked(found, sender.interface.network_interface_id, OUT, None, _outside(sender.family))


def _outside(family: Family) -> tuple[int, ...]:
    return tuple(parse(a).low for a in (OUTSIDE if family == "ipv4" else OUTSIDE6))


def _sends(snapshot: Snapshot, interface: NetworkInterface) -> bool:
    """Whether there is a host that could open a socket: NAT gateways start nothing (S-NAT-01)."""
    held = interface.instance_id
    running = held is None or snapshot.instances[held].state.name == "running"
    return running and interface.status == "in-use" and interface.interface_type == "interface"


# Packets --------------------------------------------------------------------------------------------


def _draw(asked: list[_Asked], r: Random) -> tuple[_Asked, Example] | None:
    """A packet of a verdict that is wanted, of the first part of a question that has one."""
    wanted, protocol = r.choice(_WANTED), r.choice(("tcp", "tcp", "udp", "udp", "icmp"))
    family = r.choice(FAMILIES)
    for about, region in islice(_regions([a for a in asked if a.family == family], wanted, r), _TRIES):
        number = {"tcp": TCP, "udp": UDP, "icmp": icmp_of(family)}[protocol]
        openable = _openable(family, number, r.choice(about.remotes), from_pool=r.random() < 0.5)
        found = boxes(region & openable)
        if found:
            box = r.choice(found)
            third, fourth = r.choice(r.choice(box.thirds)), r.choice(r.choice(box.fourths))
            return about, Example(number, box.remotes[0][0], third, fourth)
    return None


def _openable(family: Family, protocol: int, remote: int, *, from_pool: bool) -> FlowSet:
    """The packets of one address and protocol that a socket can send."""
    ports = [(p, p) for p in PORTS] if from_pool else [(1, 65535)]
    thirds, fourths = (ports, ports) if has_ports(protocol) else (_ICMP[family], [(0, 0)])
    protocols = [(protocol, protocol)]
    return FlowSet.build(family, protocols=protocols, remotes=[(remote, remote)], thirds=thirds, fourths=fourths)


def _regions(asked: list[_Asked], verdict: str, r: Random) -> Iterator[tuple[_Asked, FlowSet]]:
    """Packets of the verdict, way by way: rare kinds of ways as often as common ones."""
    if verdict == DROPPED:
        for about in r.sample(asked, len(asked)):
            yield about, about.connection.question - about.connection.delivered.maybe
        return
    ways: dict[str, list[tuple[_Asked, Passage]]] = defaultdict(list)
    for about in asked:
        for carried in about.connection.carried:
            kinds = {name.partition("-")[0] for name in carried.passage.via}
            ways[" ".join(sorted(kinds))].append((about, carried.passage))
    while ways:
        about, way = r.choice(ways[r.choice(list(ways))])
        yield (
            about,
            way.round_trip.sure if verdict == ANSWERED else way.delivered.sure - about.connection.round_trip.maybe,
        )


def _is_own_reply(packet: Packet) -> bool:
    """A socket that would be connected to itself."""
    return packet.source == packet.destination and packet.source_port == packet.destination_port


def _replies_by_egress_only(snapshot: Snapshot, about: _Asked, packet: Packet) -> bool:
    """No datagram shows whether it is a reply, as an egress-only gateway would have to know (S-EIGW-01)."""
    vpc_id = about.connection.host.interface.vpc_id
    gateways = snapshot.egress_only_gateways.values()
    has = any(a.vpc_id == vpc_id for g in gateways for a in g.attachments)
    return packet.protocol == UDP and ":" in packet.source and has and OUT not in {about.sender, about.receiver}


def _is_interface(hop: Hop) -> bool:
    return hop.kind == "network-interface"
