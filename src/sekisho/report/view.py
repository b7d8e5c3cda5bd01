"""What terminal and HTML both show of a document: addresses in a matrix, openings in a few words."""

import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from sekisho.sets.flows import PORT_TOP
from sekisho.sets.prefixes import Range, count, merge, parse

from .parts import Document, ports
from .words import Width, Words

SYMBOLS = {"reachable": "●", "unknown": "?", "forward-only": "◐", "unreachable": "○"}
_SHOWN_PORTS = 4


def visible(text: str) -> str:
    r"""The text with control and formatting characters spelled out, so that a name cannot forge what is around it.

    >>> visible("web\n\x1b[31m")
    'web\\n\\x1b[31m'
    """
    return "".join(c if _shows(c) else c.encode("unicode_escape").decode() for c in text)


def _shows(character: str) -> bool:
    return character.isprintable() or unicodedata.category(character) == "Zs"


class Detail(NamedTuple):
    """What is open, or in the way; and from how far, where that applies."""

    what: str
    breadth: str = ""


class Cell(NamedTuple):
    """One verdict in few words."""

    origin: str
    verdict: str
    symbol: str
    word: str
    details: tuple[Detail, ...]
    answer: str


class Line(NamedTuple):
    """One address of one interface with its verdicts in the order of the origins; None where there is no row.

    `about` is the instance, or what the interface says of itself where it belongs to none.
    """

    account: str | None
    region: str | None
    interface: str
    name: str
    about: str
    address: str
    public_address: str | None
    cells: tuple[Cell | None, ...]


def origins(document: Document) -> tuple[str, ...]:
    """The origins that some row is about, in their customary order."""
    return tuple(document["summary"]["verdicts"])


def lines(document: Document, words: Words) -> tuple[Line, ...]:
    """One line for every address, in the order of the document's rows."""
    by_address: dict[tuple[str, ...], dict[str, Document]] = {}
    for row in document["verdicts"]:
        key = (row["account"], row["region"], row["interface"], row["address"])
        by_address.setdefault(key, {})[row["origin"]] = row
    columns = origins(document)
    summaries = {key: summary(answer, words) for key, answer in document["answers"].items()}
    found: list[Line] = []
    for rows in by_address.values():
        first = next(iter(rows.values()))
        cells = tuple(_cell(rows[o], summaries, words) if o in rows else None for o in columns)
        found.append(_line(first, document["interfaces"], cells))
    return tuple(found)


def _line(row: Document, interfaces: Document, cells: tuple[Cell | None, ...]) -> Line:
    facts = interfaces.get(row["interface"], {})
    return Line(
        account=row["account"],
        region=row["region"],
        interface=row["interface"],
        name=facts.get("instance_name") or facts.get("name") or row["instance"] or row["interface"],
        about=row["instance"] or _belongs_to(facts),
        address=row["address"],
        public_address=row["public_address"],
        cells=cells,
    )


def _belongs_to(facts: Document) -> str:
    """What the interface belongs to, where that is told; else what it says of itself."""
    kind, description = facts.get("kind") or "", facts.get("description") or ""
    if kind in {"", "interface", "instance"}:
        return description or kind
    return f"{kind} ({description})" if description and description != kind else kind


def _cell(row: Document, summaries: dict[str, tuple[Detail, ...]], words: Words) -> Cell:
    verdict = row["verdict"]
    details = summaries[row["answer"]]
    return Cell(row["origin"], verdict, SYMBOLS[verdict], words.cells[verdict], details, row["answer"])


def summary(answer: Document, words: Words) -> tuple[Detail, ...]:
    """What is open and from how far, or how many barriers or questions stand in the way."""
    verdict = answer["verdict"]
    if verdict in {"reachable", "forward-only"}:
        return _openings(answer, words)
    if verdict == "unknown":
        return (Detail(words.count("reason", len(answer["reasons"]))),)
    if answer["latent"] not in {None, verdict}:
        return (Detail(words.text["if_in_service"].format(words.verdicts[answer["latent"]])),)
    return (Detail(words.count("barrier", len(answer["barriers"]))),) if answer["barriers"] else ()


def _openings(answer: Document, words: Words) -> tuple[Detail, ...]:
    """The widest flows, then the narrower ones together; of a reachable answer only those with a reply."""
    sized = [(flow, size) for flow, size in zip(answer["flows"], _sizes(answer), strict=True)]
    counted = [(flow, size) for flow, size in sized if flow["reply"] or answer["verdict"] == "forward-only"]
    widest = max((size for _, size in counted), default=0)
    most = [flow for flow, size in counted if size == widest]
    fewer = [(flow, size) for flow, size in counted if size < widest]
    details = [Detail(opened(most, words), words.breadth(_width(answer, widest)))]
    if fewer:
        limit = max(size for _, size in fewer)
        breadth = words.breadth(limit) if all(size == limit for _, size in fewer) else words.count("up_to", limit)
        details.append(Detail(opened([flow for flow, _ in fewer], words), breadth))
    return tuple(details)


def _sizes(answer: Document) -> list[int]:
    return [count(parse(cidr).range for cidr in far_side(flow)) for flow in answer["flows"]]


def far_side(flow: Document) -> list[str]:
    """The addresses at the other end: the sources, or in a shared answer about what goes out the destinations."""
    far: list[str] = flow["sources"] or flow.get("destinations", [])
    return far


def _width(answer: Document, size: int) -> Width:
    """The size of a flow, `world` for the widest ones of an answer that the whole internet reaches."""
    return "world" if answer["width"] == "world" and size == max(_sizes(answer)) else size


def opened(flows: Iterable[Document], words: Words) -> str:
    """`tcp 22, 80; icmp`: the protocols and destination ports of the flows, shortened where they are many."""
    by_protocol: dict[str, list[Range]] = {}
    for flow in flows:
        by_protocol.setdefault(flow["protocol"], []).extend(map(_range, flow.get("destination_ports", ())))
    everything = {"tcp", "udp", "other"} <= by_protocol.keys()
    if everything and all(merge(by_protocol[p]) == ((0, PORT_TOP),) for p in ("tcp", "udp")):
        return words.text["everything"]
    return "; ".join(_opened(name, merge(ranges), words) for name, ranges in by_protocol.items())


def _opened(protocol: str, ranges: tuple[Range, ...], words: Words) -> str:
    if protocol == "other":
        return words.text["other_protocols"]
    if ranges == ((0, PORT_TOP),):
        return f"{protocol} {words.text['all_ports']}"
    shown = ", ".join(ports(ranges[:_SHOWN_PORTS]))
    more = len(ranges) - _SHOWN_PORTS
    shown += f" {words.count('more', more)}" if more > 0 else ""
    name = protocol if protocol in {"tcp", "udp", "icmp", "icmpv6"} else f"protocol {protocol}"
    return f"{name} {shown}".rstrip()


def _range(written: str) -> Range:
    low, _, high = written.partition("-")
    return int(low), int(high or low)


class FlowLine(NamedTuple):
    """One flow for a reader: `width` counts its sources, `more` is what is unusual about it."""

    protocol: str
    ports: str
    width: Width
    sources: tuple[str, ...]
    via: tuple[str, ...]
    more: tuple[str, ...]


def flow_lines(answer: Document, words: Words) -> tuple[FlowLine, ...]:
    """The flows of an answer; its widest ones come from the whole internet where its width says `world`."""
    return tuple(
        FlowLine(
            protocol=_protocol(flow, words),
            ports=_ports(flow, words),
            width=_width(answer, size),
            sources=tuple(far_side(flow)),
            via=tuple(flow["via"]),
            more=tuple(_unusual(flow, words)),
        )
        for flow, size in zip(answer["flows"], _sizes(answer), strict=True)
    )


def _protocol(flow: Document, words: Words) -> str:
    name: str = flow["protocol"]
    return words.text["other_protocols"] if name == "other" else name


def _ports(flow: Document, words: Words) -> str:
    """Ports, ICMP types or protocol numbers: whichever the protocol has."""
    if "destination_ports" in flow:
        written = flow["destination_ports"]
        return words.text["all_ports"] if written == [f"0-{PORT_TOP}"] else ", ".join(written)
    if "icmp_types" in flow:
        written = flow["icmp_types"]
        return words.text["all_types"] if written == ["0-255"] else words.text["types"].format(", ".join(written))
    return ", ".join(flow.get("protocols", ()))


def _unusual(flow: Document, words: Words) -> Iterator[str]:
    if not flow["reply"]:
        yield words.text["no_reply"]
    if flow.get("unusual_source_port"):
        yield words.text["unusual_source_port"]
    elif flow.get("source_ports", [f"0-{PORT_TOP}"]) != [f"0-{PORT_TOP}"]:
        yield words.text["source_ports"].format(", ".join(flow["source_ports"]))


def headline(document: Document, words: Words) -> tuple[str, ...]:
    """One sentence an origin: how many addresses can be reached from there, and how many provably cannot."""
    if not document["verdicts"]:
        return (words.text["lead_none"],)
    return tuple(_tally(origin, tally, words) for origin, tally in document["summary"]["verdicts"].items())


def _tally(origin: str, tally: dict[str, int], words: Words) -> str:
    phrase = words.origins[origin].phrase
    reached = tally.get("reachable", 0)
    first = _number(words.tallies["reachable"], reached) if reached else words.text["none_reachable"]
    rest = [
        _number(words.tallies[verdict], tally[verdict])
        for verdict in ("forward-only", "unknown", "unreachable")
        if tally.get(verdict)
    ]
    others = words.text["headline_rest"].format(", ".join(rest)) if rest else ""
    return words.text["headline"].format(first=first, phrase=phrase, rest=others)


def _number(forms: tuple[str, str], number: int) -> str:
    return forms[0] if number == 1 else forms[1].format(f"{number:,}")
