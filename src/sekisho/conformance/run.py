"""A case asked of the engine and of `trace`, and compared with what it expects."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import msgspec

from sekisho.analysis import assess, explain
from sekisho.engine.query import Query, parse_endpoint, parse_range
from sekisho.errors import InternalError, SekishoError
from sekisho.findings.listeners import parse_json
from sekisho.load import load
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.report.document import assessment_document, explanation_document

from .asked import Asked, answered
from .boxes import Ranges, addresses, internet, joined, numbers, shape, spell
from .case import Case, CaseError, Question, Row
from .overlay import snapshot_of
from .replay import replay

UNDECIDED, USAGE = 3, 2
Document = Mapping[str, Any]


class Result(NamedTuple):
    """What came of a case: how many questions it asks, how many of them single packets could check, what is wrong."""

    case: Case
    questions: int
    traced: int
    misses: tuple[str, ...]


def run(case: Case) -> Result:
    """The case, asked and compared. CaseError where it cannot be read."""
    with TemporaryDirectory() as scratch:
        place = snapshot_of(case, Path(scratch))
        try:
            snapshot = load(place)
        except SekishoError as error:
            return _unreadable(case, str(error))
    topology = Topology(snapshot)
    misses, traced = [], 0
    for number, one in enumerate(case.body.questions, start=1):
        asked = Asked(one, topology)
        replayed = replay(asked)
        traced += replayed.packets > 0
        misses += [f"question {number}: {miss}" for miss in (*_answered(asked, snapshot), *replayed.faults)]
    misses += _assessed(case, snapshot)
    return Result(case, len(case.body.questions), traced, tuple(misses))


def _unreadable(case: Case, message: str) -> Result:
    """Every question of a snapshot that cannot be read ends with exit code 2 and says so."""
    questions = case.body.questions
    wrong = [q for q in questions if q.exit != USAGE or (q.says or "") not in message]
    return Result(case, len(questions), 0, tuple(f"the snapshot cannot be read: {message}" for _ in wrong))


# One question -----------------------------------------------------------------------------------------


def _answered(asked: Asked, snapshot: Snapshot) -> Iterator[str]:
    wanted = asked.question
    try:
        query = question_of(wanted)
        answer = explanation_document(explain(snapshot, query))
    except SekishoError as error:
        if wanted.exit != USAGE or (wanted.says or "") not in str(error):
            yield f"the answer is an error: {error}"
        return
    except InternalError as error:
        yield f"the answer contradicts itself: {error}"
        return
    if wanted.exit == USAGE:
        yield f"expected an error, got {answer['verdict']}"
    yield from _compared(_wanted(asked), _seen(answer))
    yield from _flows(asked, answer["flows"])
    for member, sentences in (
        ("assumptions", answer["assumptions"]),
        ("reasons", answer["reasons"]),
        ("absent", answer["relies_on_absent"]),
    ):
        yield from _named(member, getattr(wanted, member), sentences)


def question_of(wanted: Question) -> Query:
    """The question as the command line reads it."""
    option = wanted.option
    port, source_port = option("--port"), option("--source-port")
    icmp_type, icmp_code = option("--icmp-type"), option("--icmp-code")
    return Query(
        source=parse_endpoint(option("--from") or ""),
        destination=parse_endpoint(option("--to") or ""),
        protocol=option("--protocol") or "any",
        ports=parse_range(port, "port") if port else None,
        source_ports=parse_range(source_port, "port") if source_port else None,
        icmp_type=int(icmp_type) if icmp_type else None,
        icmp_code=int(icmp_code) if icmp_code else None,
        family=option("--family"),  # type: ignore[arg-type]  # a case writes one of the two
    )


def _wanted(asked: Asked) -> dict[str, Any]:
    """The plain members that the case checks."""
    q = asked.question
    members: dict[str, Any] = {
        "verdict": q.verdict,
        "exit": q.exit or (UNDECIDED if q.verdict == "unknown" else 0),
        "codes": None if q.codes is None else sorted(set(q.codes)),
        "via": None if q.via is None else sorted(set(q.via)),
        "latent": q.latent,
        "depth": q.depth,
        "unusual_source_port": q.unusual_source_port,
    }
    for member in ("sources", "destinations", "entry", "seen_as"):
        written = getattr(q, member)
        if written == "internet":
            members[member] = {f: internet(f, asked.own_blocks()) for f in q.families or asked.families()[:1]}
        elif written is not None:
            members[member] = _by_family(written)
    for member in ("source_ports", "destination_ports", "entry_ports"):
        written = getattr(q, member)
        members[member] = None if written is None else numbers(written)
    return {member: value for member, value in members.items() if value is not None}


def _seen(answer: Document) -> dict[str, Any]:
    flows = [f for f in answer["flows"] if f["reply"]]

    def every(member: str) -> list[str]:
        return [value for flow in flows for value in flow.get(member) or ()]

    return {
        "verdict": answer["verdict"],
        "exit": UNDECIDED if answer["verdict"] == "unknown" else 0,
        "codes": sorted({b["code"] for b in answer["barriers"]}),
        "via": sorted(set(every("via"))),
        "latent": answer["latent"],
        "depth": answer["depth"],
        "unusual_source_port": bool(flows) and all(f.get("unusual_source_port", False) for f in flows),
        "sources": _by_family(every("sources")),
        "destinations": _by_family(every("destinations")),
        "entry": _by_family(a for f in flows for a in (f.get("entry") or {}).get("destinations", ())),
        "entry_ports": joined(numbers(p for f in flows for p in (f.get("entry") or {}).get("destination_ports", ()))),
        "seen_as": _by_family(every("seen_as")),
        "source_ports": joined(numbers(every("source_ports"))),
        "destination_ports": joined(numbers(every("destination_ports"))),
    }


def _by_family(texts: Iterable[str]) -> dict[str, Ranges]:
    found = {family: addresses(texts, family) for texts in [list(texts)] for family in ("ipv4", "ipv6")}
    return {family: ranges for family, ranges in found.items() if ranges}


def _compared(wanted: Mapping[str, Any], seen: Mapping[str, Any]) -> Iterator[str]:
    for member, value in wanted.items():
        if seen[member] != value:
            yield f"{member}: expected {_text(value)}, got {_text(seen[member])}"


def _text(value: Any) -> str:  # noqa: ANN401 - a member of any kind
    if isinstance(value, dict):
        return "; ".join(spell(ranges, family) for family, ranges in value.items()) or "none"
    return spell(value) if isinstance(value, tuple) else str(value)


def _flows(asked: Asked, flows: list[Document]) -> Iterator[str]:
    """Exact comparison of what is answered, and of what is only delivered where the case tells of that."""
    if asked.question.flows is None:
        return
    both = (True, False) if any(not f.reply for f in asked.question.flows) else (True,)
    for reply in both:
        for family in ("ipv4", "ipv6"):
            try:
                wanted = asked.expected(family, reply=reply)
            except CaseError as error:
                yield str(error)
                continue
            seen = answered(flows, family, reply=reply)
            if shape(wanted) != shape(seen):
                kind = "answered" if reply else "only delivered"
                yield f"{family} flows {kind}: expected {_boxes(wanted, family)}, got {_boxes(seen, family)}"


def _boxes(boxes: Iterable[tuple[Ranges, ...]], family: str) -> str:
    return "; ".join(_box(box, family) for box in boxes) or "nothing"


def _box(box: tuple[Ranges, ...], family: str) -> str:
    protocols, sources, destinations, third, fourth = box
    ends = f"from {_short(sources, family)} to {_short(destinations, family)}"
    return f"protocol {spell(protocols)} {ends}, {spell(third)} from {spell(fourth)}"


def _short(ranges: Ranges, family: str) -> str:
    return spell(ranges[:3], family) + (f" and {len(ranges) - 3} more" if len(ranges) > 3 else "")  # noqa: PLR2004


def _named(member: str, words: tuple[str, ...] | None, sentences: list[str]) -> Iterator[str]:
    """Each word has to stand in a sentence; no words mean no sentences."""
    if words is None:
        return
    if not words and sentences:
        yield f"{member}: expected none, got {sentences}"
    for word in words:
        if not any(word in sentence for sentence in sentences):
            yield f"{member}: nothing speaks of `{word}`: {sentences}"


# The assessment ---------------------------------------------------------------------------------------


def _assessed(case: Case, snapshot: Snapshot) -> Iterator[str]:
    body = case.body
    if body.assess or body.findings is not None:
        written = None if body.listeners is None else msgspec.json.encode(body.listeners).decode()
        listeners = None if written is None else parse_json(written)
        document = assessment_document(assess(snapshot, listeners=listeners))
        yield from _rows(body.assess, document)
        if body.findings is not None:
            yield from _findings([_members(f) for f in body.findings], document["findings"])
    if body.egress:
        yield from _rows(body.egress, assessment_document(assess(snapshot, direction="egress")))


def _rows(wanted: Iterable[Row], document: Document) -> Iterator[str]:
    rows = {(r["interface"], r["address"], r["origin"]): r for r in document["verdicts"]}
    for row in wanted:
        where = (row.interface, row.address, row.origin)
        if where not in rows:
            yield f"row {' '.join(where)}: not in the assessment"
            continue
        seen = {**document["answers"][rows[where]["answer"]], **rows[where]}
        yield from (f"row {' '.join(where)}: {miss}" for miss in _compared(_members(row), seen))


def _members(struct: msgspec.Struct) -> dict[str, Any]:
    written = {name: value for name, value in msgspec.structs.asdict(struct).items() if value is not None}
    return {name: list(value) if isinstance(value, tuple) else value for name, value in written.items()}


def _findings(wanted: list[dict[str, Any]], seen: list[Document]) -> Iterator[str]:
    """Each expected finding is one that is there, and no other is."""
    left = list(seen)
    for finding in wanted:
        match = next((f for f in left if all(f[k] == v for k, v in finding.items())), None)
        if match is None:
            yield f"findings: missing {finding}"
        else:
            left.remove(match)
    members = ("type", "severity", "origin", "protocol", "port", "service", "width", "security_groups")
    yield from (f"findings: not expected {[f[m] for m in members]}" for f in left)
