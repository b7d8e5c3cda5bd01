"""The answer of the engine and the encoding, proved equal by z3, or a packet of which they say different things."""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import z3

from sekisho.engine.answer import Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.connected import Connection, Host
from sekisho.sets.boxes import Box, Example, boxes
from sekisho.sets.flows import FlowSet, has_ports, icmp_of
from sekisho.sets.prefixes import Range, spell, to_cidrs

from .encoding import Encoding
from .estate import Estate, NotEncoded
from .logic import NO, Header, between, within
from .ways import Way, ways

#: The origins that the encoding speaks of.
ORIGINS: tuple[Origin, ...] = ("internet", "peering", "vgw")


class Objection(NamedTuple):
    """What is asked, the packets of which engine and encoding differ, one of them; None where a way is lacking."""

    question: str
    about: str
    packet: Example | None
    connection: Connection | None

    def __str__(self) -> str:
        return f"{self.question}: {self.about}" + (f", as {self.packet}" if self.packet else "")


class Compared(NamedTuple):
    """What became of one question: `verdicts` of the connections that were compared, `skipped` by reason."""

    objections: tuple[Objection, ...]
    proofs: int
    verdicts: tuple[str, ...]
    skipped: Counter[str]


def compare(assessor: Assessor, estate: Estate, host: Host, origin: Origin) -> Compared:
    """Every gateway of the origin by which packets may come to the host, as the engine and as the encoding see it."""
    name = f"{origin} to {host.interface.network_interface_id} {own_address(host)}"
    left = list(assessor.connections(host, origin))
    objections: list[Objection] = []
    proofs, verdicts, skipped = 0, [], Counter[str]()
    for way in ways(estate, host.interface.vpc_id or "")[origin]:
        asked = f"{name} by {way.gateway}"
        found = _of_way(left, way)
        if found is None:
            objections.append(Objection(asked, "the engine knows no such way in", None, None))
            continue
        left.remove(found)
        try:
            encoding = Encoding(estate, host.interface, own_address(host), way)
            differences = list(_differences(encoding, found))
        except NotEncoded as limit:
            skipped[str(limit)] += 1
            continue
        proofs += len(differences)
        objections += [Objection(asked, about, packet, found) for about, packet in differences if packet]
        verdicts.append(verdict(found))
    skipped.update(_not_encoded(c) for c in left)
    return Compared(tuple(objections), proofs, tuple(verdicts), skipped)


def own_address(host: Host) -> str:
    """The address of the host, or the delegated prefix."""
    if host.address == host.last:
        return spell(host.address, host.family)
    return to_cidrs([(host.address, host.last)], host.family)[0]


def _of_way(connections: list[Connection], way: Way) -> Connection | None:
    """The engine's connection by that gateway; one that carries nothing of the family names none."""
    for c in connections:
        if (
            c.way
            and not c.way.pooled
            and c.entrance is None
            and c.relay is None
            and way == Way(c.way.kind, c.way.gateway)
        ):
            return c
    return next((c for c in connections if c.hollow and c.relay is None), None)


def _not_encoded(c: Connection) -> str:
    """Which limit of the encoding the connection is beyond."""
    if c.relay:
        return "a load balancer is on the way"
    if c.entrance:
        return "a service is the way in"
    if c.way and c.way.pooled:
        return "a pool of public addresses is the way in"
    return f"a {c.way.kind} is the way in" if c.way else "the way in has no record"


def verdict(c: Connection) -> str:
    """The verdict on the connection by itself."""
    if not c.round_trip.sure.is_empty:
        return "reachable"
    if not c.round_trip.maybe.is_empty or c.delivered.maybe != c.delivered.sure:
        return "unknown"
    return "unreachable" if c.delivered.sure.is_empty else "forward-only"


# Proofs ---------------------------------------------------------------------------------------------


def _differences(encoding: Encoding, c: Connection) -> Iterator[tuple[str, Example | None]]:
    """Each difference of the engine's sets and the encoding, either way round, with a packet in it, if there is one."""
    delivered, answered = encoding.delivered, encoding.answered
    pairs = [
        ("surely delivered", c.delivered.sure, delivered.sure),
        ("possibly delivered", c.delivered.maybe, delivered.maybe),
        ("surely answered", c.round_trip.sure, answered.sure),
        ("possibly answered", c.round_trip.maybe, answered.maybe),
    ]
    found: dict[tuple[FlowSet, int], tuple[Example | None, Example | None]] = {}
    for about, flows, condition in pairs:
        key = (flows, condition.get_id())  # what is settled is the same twice
        if key not in found:
            said = as_condition(flows, encoding.packet)
            engine_alone = _packet(encoding, said, z3.Not(condition))
            found[key] = (engine_alone, _packet(encoding, condition, z3.Not(said)))
        yield f"{about} by the engine alone", found[key][0]
        yield f"{about} by the encoding alone", found[key][1]


def _packet(encoding: Encoding, *conditions: z3.BoolRef) -> Example | None:
    """A packet of which all conditions hold, None where z3 proves that there is none."""
    solver = z3.SolverFor("QF_BV")
    solver.add(encoding.universe, *conditions)
    found = solver.check()
    if found == z3.unsat:
        return None
    if found == z3.unknown:
        raise ArithmeticError(f"z3 gives up: {solver.reason_unknown()}")
    model, p = solver.model(), encoding.packet
    protocol, remote, to_port, from_port, number, code = (
        model.eval(member, model_completion=True).as_long()
        for member in (p.protocol, p.source, p.destination_port, p.source_port, p.icmp_type, p.icmp_code)
    )
    if has_ports(protocol):
        return Example(protocol, remote, to_port, from_port)
    if protocol == icmp_of(p.family):
        return Example(protocol, remote, number, code)
    return Example(protocol, remote, None, None)


def reachable(estate: Estate, host: Host, origin: Origin) -> bool | None:
    """Whether some packet of the origin surely gets there, and its reply back; None beyond the limits."""
    found = ways(estate, host.interface.vpc_id or "")[origin]
    try:
        asked = [Encoding(estate, host.interface, own_address(host), way) for way in found]
        return any(_packet(encoding, encoding.answered.sure) is not None for encoding in asked)
    except NotEncoded:
        return None


def as_condition(flows: FlowSet, packet: Header) -> z3.BoolRef:
    """The set as its boxes spell it, read on the members of the packet."""
    found = [_box(box, packet) for box in boxes(flows)]
    return z3.Or(found) if found else NO


def _box(box: Box, p: Header) -> z3.BoolRef:
    protocols, remotes = _ranges(p.protocol, box.protocols), within(p.source, to_cidrs(box.remotes, p.family), p.family)
    if not box.thirds:
        return z3.And(protocols, remotes)
    ported = has_ports(box.protocols[0][0])
    thirds = _ranges(p.destination_port if ported else p.icmp_type, box.thirds)
    return z3.And(protocols, remotes, thirds, _ranges(p.source_port if ported else p.icmp_code, box.fourths))


def _ranges(member: z3.BitVecRef, ranges: Iterable[Range]) -> z3.BoolRef:
    return z3.Or([between(member, low, high) for low, high in ranges])
