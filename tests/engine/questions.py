"""Short calls for tests of the engine: assess an estate, ask one question, read the answer."""

from typing import NamedTuple

from sekisho.engine.answer import Answer, Origin
from sekisho.engine.assess import Assessor
from sekisho.engine.explain import Explainer
from sekisho.engine.query import Query, parse_endpoint
from sekisho.engine.witness import confirm
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.sets.prefixes import Family, Range, to_cidrs


class Told(NamedTuple):
    """An answer in the words of a test."""

    verdict: str
    codes: tuple[str, ...]
    depth: int | None


def told(answer: Answer) -> Told:
    return Told(answer.verdict.value, tuple(dict.fromkeys(b.code for b in answer.barriers)), answer.depth)


def judge(estate: Snapshot, interface: str, origin: Origin = "internet", address: str | None = None) -> Answer:
    """The answer of the row of the interface (its first address unless one is named), confirmed by `trace`."""
    assessor = Assessor(Topology(estate))
    for judged in assessor.rows([estate.interfaces[interface]], (origin,)):
        if address in {None, judged.row.address}:
            confirm(assessor.facts.topology, judged.connections)
            return judged.answer
    raise LookupError(f"{interface} has no row for {origin}")


def rows(estate: Snapshot) -> list[tuple[str, str, str, str]]:
    """(interface, address, origin, verdict) of every row."""
    assessor = Assessor(Topology(estate))
    everything = assessor.in_order(estate.interfaces.values())
    return [(j.row.interface, j.row.address, j.row.origin, j.answer.verdict.value) for j in assessor.rows(everything)]


def ask(
    estate: Snapshot,
    source: str,
    destination: str,
    protocol: str = "tcp",
    port: int | None = None,
    *,
    source_port: Range | None = None,
    family: Family | None = None,
) -> Answer:
    """The answer to one question, confirmed by `trace`."""
    query = Query(
        source=parse_endpoint(source),
        destination=parse_endpoint(destination),
        protocol=protocol,
        ports=None if port is None else (port, port),
        source_ports=source_port,
        family=family,
    )
    assessor = Assessor(Topology(estate))
    asked = Explainer(assessor).ask(query)
    confirm(assessor.facts.topology, asked.connections)
    return asked.answer


def flows(answer: Answer) -> list[tuple[str, list[str], list[str], bool]]:
    """(protocol ports, sources, source ports, reply) of every flow, as text."""
    return [
        (
            f"{'/'.join(_spelled(f.protocols))}:{','.join(_spelled(f.destination_ports))}",
            list(to_cidrs(f.sources, f.family)),
            _spelled(f.source_ports),
            f.reply,
        )
        for f in answer.flows
    ]


def _spelled(ranges: tuple[Range, ...]) -> list[str]:
    return [str(low) if low == high else f"{low}-{high}" for low, high in ranges]
