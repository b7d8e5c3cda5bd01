"""Connections to answers: verdict, flows, depth, and what is said beside them.

Several connections (ways in, addresses, senders) answer one question together: it is reachable where one of
them is, unreachable where none delivers anything.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import NamedTuple

from sekisho.sets.boxes import Box, boxes
from sekisho.sets.flows import FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Range, count, merge

from .answer import Answer, Barrier, Flow, Verdict, Width
from .barriers import barriers_of
from .connected import Carried, Connection
from .facts import Facts
from .gateways.nat64 import extracted
from .lifts import layers_of, least_lifts
from .share import Share, decided, everything, texts
from .transit import Check, Layer, Stated

FIRST_ORDINARY_PORT = 1024
#: Barriers of an interface that is in service: all that share its answer have them.
_OF_THE_INTERFACE = {
    "ELBV2_SOURCE_ADDRESS_PRESERVATION",
    "IGW_PRIVATE_IP_ASSOCIATION_FOR_INGRESS",
    "IGW_PUBLIC_IP_ASSOCIATION_FOR_EGRESS",
}
_STATE_CODES = {"BAD_STATE", "BAD_STATE_ATTACHMENT"}


def judge(pairs: Iterable[tuple[Share, Share]]) -> Verdict:
    """The first verdict that applies to some packet of the (delivered, round trip) pairs."""
    pairs = list(pairs)
    if any(not trip.sure.is_empty for _, trip in pairs):
        return Verdict.REACHABLE
    if any(not trip.maybe.is_empty for _, trip in pairs):
        return Verdict.UNKNOWN
    if any(not delivered.sure.is_empty for delivered, _ in pairs):
        return Verdict.FORWARD_ONLY
    if any(not delivered.maybe.is_empty for delivered, _ in pairs):
        return Verdict.UNKNOWN
    return Verdict.UNREACHABLE


def answer(
    facts: Facts,
    connections: Sequence[Connection],
    *,
    whole: tuple[Range, ...] = (),
    shared: bool = False,
    relies_on_absent: tuple[str, ...] = (),
) -> Answer:
    """The answer that the connections give together. Needs one at least.

    `whole` is the set of sources that counts as the world; `shared` leaves out what differs between the
    interfaces that share the answer (destinations, public addresses).
    """
    verdict = judge((c.delivered, c.round_trip) for c in connections)
    sure = gathered(f for c in connections for f in _flows(c, shared=shared))
    family = connections[0].question.family
    depth: int | None = None
    barriers: tuple[Barrier, ...] = ()
    if verdict in {Verdict.UNREACHABLE, Verdict.FORWARD_ONLY}:
        depth, barriers = _nearest(facts, connections)
    return Answer(
        verdict=verdict,
        family=family,
        passages=tuple(c.passage for connection in connections for c in connection.carried),
        flows=_merged(gathered(sure)),
        possible=_merged(gathered(f for c in connections for f in _possible(c, shared=shared))),
        barriers=tuple(map(_impersonal, barriers)) if shared else barriers,
        depth=depth,
        assumptions=_assumptions(connections),
        reasons=_reasons(connections, verdict),
        relies_on_absent=relies_on_absent,
        latent=_latent(connections),
        width=_width(sure, whole),
    )


class Said(NamedTuple):
    """What an answer says of packets, without why."""

    verdict: Verdict
    flows: tuple[Flow, ...]
    possible: tuple[Flow, ...]


def said(connections: Sequence[Connection]) -> Said:
    """Verdict and flows of the shared answer that the connections give together (see `answer`)."""
    flows = gathered(gathered(f for c in connections for f in _flows(c, shared=True)))
    possible = gathered(f for c in connections for f in _possible(c, shared=True))
    return Said(judge((c.delivered, c.round_trip) for c in connections), _merged(flows), _merged(possible))


def _assumptions(connections: Sequence[Connection]) -> tuple[str, ...]:
    """What has to be assumed for some packet that is told of as delivered or answered."""
    found: set[str] = set()
    for c in connections:
        found.update(texts(c.delivered.assumptions, c.delivered.sure))
        found.update(texts(c.round_trip.assumptions, c.round_trip.sure))
    return tuple(sorted(found))


def _reasons(connections: Sequence[Connection], verdict: Verdict) -> tuple[str, ...]:
    """What leaves packets open that would raise the verdict; every open packet where the verdict is reachable."""
    found: set[str] = set()
    for c in connections:
        open_trip = c.round_trip.maybe - c.round_trip.sure
        found.update(texts(c.round_trip.doubts, open_trip))
        if verdict is not Verdict.REACHABLE:
            found.update(texts(c.delivered.doubts, c.delivered.maybe - c.delivered.sure))
    return tuple(sorted(found))


# Flows ------------------------------------------------------------------------------------------------


def _flows(connection: Connection, *, shared: bool) -> Iterable[Flow]:
    for carried in connection.carried:
        passage = carried.passage
        both = passage.round_trip.sure
        yield from _boxed(connection, carried, both, reply=True, shared=shared)
        yield from _boxed(connection, carried, passage.delivered.sure - both, reply=False, shared=shared)


def _possible(connection: Connection, *, shared: bool) -> Iterable[Flow]:
    trip = connection.round_trip.maybe - connection.round_trip.sure
    one_way = connection.delivered.maybe - connection.delivered.sure - connection.round_trip.maybe
    carried = [(each, each.passage.delivered.maybe) for each in connection.carried]
    rest = FlowSet.full(trip.family) - FlowSet.union_of(trip.family, [region for _, region in carried])
    for each, region in (*carried, (None, rest)):
        yield from _boxed(connection, each, trip & region, reply=True, shared=shared)
        yield from _boxed(connection, each, one_way & region, reply=False, shared=shared)


def _boxed(
    connection: Connection, carried: Carried | None, flows: FlowSet, *, reply: bool, shared: bool
) -> Iterable[Flow]:
    host = connection.host
    own: tuple[Range, ...] = ((host.address, host.last),)
    # Hosts that share an answer share what is written to a service, not what is written to themselves.
    service = connection.entrance is not None and bool(connection.entrance.fronts)
    addressed = carried is not None and (not shared or service or bool(carried.entry_ports))
    for box in boxes(flows):
        number = box.protocols[0][0]
        ports = box.protocols[0] == (number, number) and has_ports(number) and bool(box.thirds)
        icmp = number == icmp_of(flows.family) and bool(box.thirds)
        sources, destinations = (own, box.remotes) if connection.outbound else (box.remotes, own)
        entry = carried.entry if carried and addressed else ()
        if connection.outbound and carried and carried.behind == "ipv4":
            destinations, entry = extracted(box.remotes), box.remotes  # S-NAT-06
        yield Flow(
            family=flows.family,
            protocols=box.protocols,
            sources=() if shared and connection.outbound else sources,
            destinations=() if shared and not connection.outbound else destinations,
            source_ports=box.fourths if ports else (),
            destination_ports=box.thirds if ports else (),
            icmp_types=box.thirds if icmp else (),
            icmp_codes=box.fourths if icmp else (),
            reply=reply,
            via=carried.passage.via if carried else (),
            entry=entry,
            seen_as=carried.seen_as if carried else (),
            entry_ports=carried.entry_ports if carried else (),
            behind=carried.behind if carried else None,
            unusual_source_port=ports and _unusual(box),
        )


def gathered(flows: Iterable[Flow]) -> set[Flow]:
    """The flows, each once; those that differ only in the node of a load balancer as one, with every node."""
    found: dict[Flow, list[Flow]] = {}
    for flow in flows:
        alike = replace(flow, entry=(), seen_as=()) if flow.entry_ports else flow
        found.setdefault(alike, []).append(flow)
    return {_at_every_node(alike, same) for alike, same in found.items()}


def _at_every_node(alike: Flow, same: list[Flow]) -> Flow:
    if not any(f.entry or f.seen_as for f in same):
        return alike
    return replace(
        alike, entry=merge(r for f in same for r in f.entry), seen_as=merge(r for f in same for r in f.seen_as)
    )


def _merged(flows: Iterable[Flow]) -> tuple[Flow, ...]:
    """The flows in order; those that differ in their sources alone, or in their destinations alone, are one."""
    by_rest: dict[object, list[Flow]] = {}
    for flow in dict.fromkeys(flows):
        by_rest.setdefault((_apart_from_ends(flow), flow.destinations), []).append(flow)
    joined = [f[0] if len(f) == 1 else replace(f[0], sources=merge(_sources(f))) for f in by_rest.values()]
    by_rest = {}
    for flow in joined:
        by_rest.setdefault((_apart_from_ends(flow), flow.sources), []).append(flow)
    whole = [f[0] if len(f) == 1 else replace(f[0], destinations=merge(_destinations(f))) for f in by_rest.values()]
    return tuple(sorted(whole, key=_order))


_apart_from_ends = attrgetter(*(f.name for f in fields(Flow) if f.name not in {"sources", "destinations"}))


def _sources(flows: list[Flow]) -> Iterator[Range]:
    return (r for flow in flows for r in flow.sources)


def _destinations(flows: list[Flow]) -> Iterator[Range]:
    return (r for flow in flows for r in flow.destinations)


def _unusual(box: Box) -> bool:
    return bool(box.fourths) and box.fourths[-1][1] < FIRST_ORDINARY_PORT


def _order(flow: Flow) -> tuple[object, ...]:
    first = flow.protocols[0][0]
    rank = {6: 0, 17: 1, 1: 2, 58: 2}.get(first, 3)
    return (
        flow.family,
        rank,
        flow.protocols,
        flow.destination_ports,
        flow.icmp_types,
        flow.icmp_codes,
        flow.sources,
        flow.destinations,
        not flow.reply,
        flow.source_ports,
        flow.via,
        flow.entry,
        flow.seen_as,
        flow.entry_ports,
    )


def _width(flows: Iterable[Flow], whole: tuple[Range, ...]) -> Width:
    """How many source addresses the widest flow has; "world" where those are all that there are (S-ADR-01)."""
    widest = 0
    for flow in flows:
        far = flow.sources or flow.destinations
        if whole and far == whole:
            return "world"
        widest = max(widest, count(far))
    return widest


# Barriers ---------------------------------------------------------------------------------------------


def _nearest(facts: Facts, connections: Sequence[Connection]) -> tuple[int | None, tuple[Barrier, ...]]:
    """The smallest number of layers to lift on any way, and every barrier of the first way that needs so few."""
    found = [(least, c) for c in connections if (least := least_lifts(c))]
    if not found:
        return None, ()
    lifts, connection = min(found, key=lambda pair: (pair[1].hollow, len(pair[0][0])))
    depth = None if connection.hollow else len(lifts[0])
    return depth, barriers_of(facts, connection, lifts)


def _impersonal(barrier: Barrier) -> Barrier:
    """The barrier without the interface that it names, for an answer that other interfaces share."""
    if barrier.code not in _OF_THE_INTERFACE or not barrier.component.startswith("eni-"):
        return barrier
    return replace(barrier, component="network-interface", evidence=())


def _latent(connections: Sequence[Connection]) -> Verdict | None:
    """The verdict if instance and interface were in service, where that is what keeps packets out."""
    if not any(_is_bad_state(check) for c in connections for check in c.checks):
        return None
    return judge(_without_state(c) for c in connections)


def _is_bad_state(check: Check) -> bool:
    return check.layer is Layer.STATE and isinstance(check.cause, Stated) and check.cause.code in _STATE_CODES


def _without_state(connection: Connection) -> tuple[Share, Share]:
    family = connection.question.family
    both = []
    for directions in ({"forward"}, {"forward", "return"}):
        total = decided(connection.question)
        checks = [c for c in connection.checks if c.layer is not Layer.STATE and c.direction in directions]
        layers = layers_of(connection._replace(checks=tuple(checks)))
        for share in layers.values():
            total = total & share
        both.append(total & everything(family))
    return both[0], both[1]
