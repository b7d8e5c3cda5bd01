"""The parts that documents share: flows, barriers, hops and headers as plain data."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, TypeVar, overload

from sekisho.engine.answer import Barrier, Flow
from sekisho.engine.packet import Hop, Packet
from sekisho.model.record import Source
from sekisho.sets.flows import TCP, UDP, icmp_of
from sekisho.sets.prefixes import Family, Range, to_cidrs

Document = dict[str, Any]
V = TypeVar("V")


class LaidOut(Sequence[Document]):
    """The documents of many values, each made when it is looked at: as plain data they would fill the memory."""

    def __init__(self, values: Sequence[V], document: Callable[[V], Document]) -> None:
        self._values: Sequence[Any] = values
        self._document: Callable[[Any], Document] = document

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> Document: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Document]: ...
    def __getitem__(self, index: int | slice) -> Document | Sequence[Document]:
        if isinstance(index, slice):
            return [self._document(value) for value in self._values[index]]
        return self._document(self._values[index])

    def __iter__(self) -> Iterator[Document]:
        return map(self._document, self._values)


def ports(ranges: Iterable[Range]) -> list[str]:
    """`["22", "8000-8010"]`; also for ICMP types and codes and protocol numbers."""
    return [str(low) if low == high else f"{low}-{high}" for low, high in ranges]


def protocol_name(number: int, family: Family) -> str:
    """`tcp`, `udp`, the family's own ICMP by name, every other protocol by number."""
    return {TCP: "tcp", UDP: "udp", icmp_of(family): "icmp" if family == "ipv4" else "icmpv6"}.get(number, str(number))


def evidence(sources: Iterable[Source]) -> list[Document]:
    """Where in the snapshot the facts stand."""
    return [{"file": source.file, "pointer": source.pointer} for source in sources]


def flow(f: Flow) -> Document:
    """A box of packets. Keys that do not apply to its protocol, or say nothing new, are left out."""
    document: Document = {"family": f.family, "sources": list(to_cidrs(f.sources, f.family))}
    if f.destinations:
        document["destinations"] = list(to_cidrs(f.destinations, f.behind or f.family))
    document |= _protocol(f.protocols, f.family)
    named = (
        ("source_ports", f.source_ports),
        ("destination_ports", f.destination_ports),
        ("icmp_types", f.icmp_types),
        ("icmp_codes", f.icmp_codes),
    )
    document |= {key: ports(ranges) for key, ranges in named if ranges}
    document |= {"reply": f.reply, "via": list(f.via)}
    if f.entry:
        document["entry"] = {"destinations": list(to_cidrs(f.entry, f.family))}
        if f.entry_ports or f.destination_ports:
            document["entry"]["destination_ports"] = ports(f.entry_ports or f.destination_ports)
    if f.seen_as:
        document["seen_as"] = list(to_cidrs(f.seen_as, f.behind or f.family))
    if f.unusual_source_port:
        document["unusual_source_port"] = True
    return document


def barrier(b: Barrier) -> Document:
    return {
        "code": b.code,
        "direction": b.direction,
        "family": b.family,
        "component": b.component,
        "detail": b.detail,
        "evidence": evidence(b.evidence),
    }


def packet(p: Packet) -> Document:
    """A header; ports or ICMP type and code only where the packet has them."""
    family: Family = "ipv6" if ":" in p.source else "ipv4"
    header: Document = {
        "source": p.source,
        "destination": p.destination,
        "protocol": protocol_name(p.protocol, family),
        "source_port": p.source_port,
        "destination_port": p.destination_port,
        "icmp_type": p.icmp_type,
        "icmp_code": p.icmp_code,
    }
    return {key: value for key, value in header.items() if value is not None}


def hop(h: Hop) -> Document:
    return {
        "component": h.component,
        "kind": h.kind,
        "action": h.action,
        "rule": None if h.rule is None else plain(h.rule),
        "header": packet(h.header),
        "evidence": evidence(h.evidence),
    }


def plain(value: Any) -> Any:  # noqa: ANN401 - JSON data of any shape
    """The same data in dicts and lists alone."""
    if isinstance(value, Mapping):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, list | tuple):
        return [plain(member) for member in value]
    return value


def _protocol(protocols: tuple[Range, ...], family: Family) -> Document:
    if len(protocols) == 1 and protocols[0][0] == protocols[0][1]:
        return {"protocol": protocol_name(protocols[0][0], family)}
    return {"protocol": "other", "protocols": ports(protocols)}
