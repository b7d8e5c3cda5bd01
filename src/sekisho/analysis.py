"""The facade: a snapshot in, an assessment or an explanation out. It alone puts the stages in their order."""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache

from sekisho.engine.answer import ORIGINS, Answer, Explanation, Origin, Row
from sekisho.engine.assess import Assessor, Judged
from sekisho.engine.certificate import Certificate, certificate, of_row
from sekisho.engine.explain import Explainer
from sekisho.engine.outbound import DESTINATIONS, OutboundAssessor
from sekisho.engine.packet import Trace
from sekisho.engine.population import hosts_of
from sekisho.engine.query import Query
from sekisho.engine.witness import confirm, witness
from sekisho.errors import QueryError
from sekisho.findings.assessment import (
    AgentState,
    Assessment,
    Coverage,
    Direction,
    InterfaceFacts,
    MissingOrigin,
    Population,
    Run,
)
from sekisho.findings.find import find
from sekisho.findings.listeners import Listener
from sekisho.model.calls import is_global
from sekisho.model.entrances import states_of
from sekisho.model.interface import NetworkInterface
from sekisho.model.interface_kinds import kind_of
from sekisho.model.kinds import KINDS, UNMODELLED_KINDS
from sekisho.model.record import Scope, Undecided, name_of
from sekisho.model.snapshot import Snapshot
from sekisho.model.topology import Topology
from sekisho.scale.work import Question, assessor_of
from sekisho.scale.workers import Workers
from sekisho.scale.workers import judged as judged_by
from sekisho.version import SEMANTICS_VERSION, __version__

#: What listens on each instance that has an inventory; None where it was asked and has not told.
Listeners = Mapping[str, tuple[Listener, ...] | None]


def assess(
    snapshot: Snapshot,
    *,
    target: str = "all",
    direction: Direction = "ingress",
    origins: tuple[Origin, ...] = ORIGINS,
    listeners: Listeners | None = None,
    progress: Callable[[Sequence[NetworkInterface]], Iterable[NetworkInterface]] = iter,
    certificates: list[Certificate] | None = None,
    workers: Workers | None = None,
) -> Assessment:
    """A verdict for every address in scope and every origin, with findings and coverage.

    Under `egress` the origins are destinations, and there are no findings.
    `progress` wraps the interfaces as they are worked through; `certificates` gets one for each row.
    `workers` share the work; the assessment is the same with any number of them, and with none.
    QueryError where the target is not in the snapshot.
    """
    topology = Topology(snapshot)
    outwards = direction == "egress"
    assessor = assessor_of(topology, direction)
    origins = tuple(o for o in origins if o in DESTINATIONS) if outwards else origins
    chosen = select(topology, target)
    ordered = assessor.in_order(chosen)
    if workers is not None:
        question = Question(direction, origins, certificates is not None)
        judged = judged_by(workers, assessor, ordered, question, progress=progress, certificates=certificates)
    else:
        judged = assessor.rows(progress(ordered), origins)
        judged = judged if certificates is None else _certified(assessor, judged, certificates)
    return assessed(assessor, judged, chosen, target=target, origins=origins, listeners=listeners)


def assessed(
    assessor: Assessor,
    judged: Iterable[Judged],
    chosen: list[NetworkInterface],
    *,
    target: str,
    origins: tuple[Origin, ...],
    listeners: Listeners | None,
) -> Assessment:
    """The rows that were judged as one assessment, with the findings and the coverage of the interfaces chosen."""
    topology, outwards = assessor.facts.topology, isinstance(assessor, OutboundAssessor)
    snapshot = topology.snapshot
    rows, answers = _answered(assessor, judged)
    facts = {i.network_interface_id: _facts_of(topology, i) for i in chosen}
    return Assessment(
        run=Run(
            version=__version__,
            semantics=SEMANTICS_VERSION,
            input_digest=digest(snapshot),
            collected=snapshot.collected,
            target=target,
            direction="egress" if outwards else "ingress",
            origins=origins,
        ),
        rows=rows,
        answers=answers,
        interfaces=facts,
        findings=() if outwards else find(rows, answers, facts, listeners or {}, peerings=_ends(snapshot)),
        coverage=_coverage(assessor, snapshot, chosen, rows, origins, listeners=listeners or {}),
    )


def explain(snapshot: Snapshot, query: Query) -> Explanation:
    """The answer to one question, with an example replayed hop by hop."""
    assessor = _assessor_of(snapshot)
    asked = Explainer(assessor).ask(query)
    packet, traced = witness(assessor.facts.topology, asked.connections)
    return Explanation(
        query=_spelled(query),
        answer=asked.answer,
        example=packet,
        forward=traced.forward if traced else (),
        returned=traced.reply if traced else (),
    )


def traces(snapshot: Snapshot, assessment: Assessment) -> dict[str, Trace]:
    """By key of answer the way of an example packet of the row where it is first met, or of the nearest miss.

    An answer whose ways are not modelled has none.
    """
    topology = Topology(snapshot)
    assessor = assessor_of(topology, assessment.run.direction)
    first: dict[str, Row] = {}
    for row in assessment.rows:
        first.setdefault(row.answer, row)
    wanted = {(r.interface, r.address, r.origin): key for key, r in first.items()}
    interfaces = [snapshot.interfaces[name] for name in dict.fromkeys(r.interface for r in first.values())]
    found: dict[str, Trace] = {}
    for judged in assessor.rows(assessor.in_order(interfaces), assessment.run.origins):
        row = judged.row
        key = wanted.get((row.interface, row.address, row.origin))
        traced = witness(topology, judged.connections)[1] if key else None
        if key and traced:
            found[key] = traced
    return found


@lru_cache(maxsize=1)
def _assessor_of(snapshot: Snapshot) -> Assessor:
    """Kept for the next question about the snapshot, and with it what both need."""
    return Assessor(Topology(snapshot))


def digest(snapshot: Snapshot) -> str:
    """SHA-256 over the names and digests of the files read, in order of name."""
    lines = sorted(f"{i.file}\0{i.sha256}\n" for i in snapshot.inputs)
    return "sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest()


def _spelled(query: Query) -> dict[str, object]:
    def ports(found: tuple[int, int] | None) -> str | None:
        return None if found is None else (str(found[0]) if found[0] == found[1] else f"{found[0]}-{found[1]}")

    return {
        "from": query.source.text,
        "to": query.destination.text,
        "protocol": query.protocol,
        "port": ports(query.ports),
        "source_port": ports(query.source_ports),
        "icmp_type": query.icmp_type,
        "icmp_code": query.icmp_code,
        "family": query.family,
    }


# Scope ------------------------------------------------------------------------------------------------


def select(topology: Topology, target: str) -> list[NetworkInterface]:
    """The interfaces that a target names. QueryError where it names none that the snapshot has."""
    interfaces = list(topology.snapshot.interfaces.values())
    if target == "all":
        return interfaces
    if target.startswith("tag:"):
        key, equals, value = target[4:].partition("=")
        if not equals:
            raise QueryError(f"`{target}` is no target: write tag:KEY=VALUE")
        return [i for i in interfaces if _has_tag(topology, i, key, value)]
    if target.startswith("i-"):
        if target not in topology.snapshot.instances and target not in topology.interfaces_of_instance:
            raise QueryError(f"`{target}` is nowhere in the snapshot")
        return list(topology.interfaces_of_instance.get(target, ()))
    if target in topology.snapshot.interfaces:
        return [topology.snapshot.interfaces[target]]
    raise QueryError(f"`{target}` is no target of the snapshot: use all, tag:KEY=VALUE, an instance or an interface")


def _has_tag(topology: Topology, interface: NetworkInterface, key: str, value: str) -> bool:
    instance = topology.snapshot.instances.get(interface.instance_id or "")
    tags = (*interface.tag_set, *(instance.tags if instance else ()))
    return any(t.key == key and t.value == value for t in tags)


# Rows and answers -------------------------------------------------------------------------------------


def _answered(assessor: Assessor, rows_judged: Iterable[Judged]) -> tuple[tuple[Row, ...], dict[str, Answer]]:
    """Rows with the keys of their answers, equal answers under one key.

    `trace` confirms every way and every set of groups where it is met first.
    """
    keys: dict[int, str] = {}
    by_value: dict[object, str] = {}
    answers: dict[str, Answer] = {}
    rows = []
    for judged in rows_judged:
        found = id(judged.answer)
        if found not in keys:
            if not judged.familiar:
                confirm(assessor.facts.topology, judged.connections)
            value = _identity(judged.answer)
            if value not in by_value:
                by_value[value] = f"a{len(answers) + 1}"
                answers[by_value[value]] = judged.answer
            keys[found] = by_value[value]
        rows.append(replace(judged.row, answer=keys[found]))
    return tuple(rows), answers


def _certified(assessor: Assessor, judged: Iterable[Judged], into: list[Certificate]) -> Iterator[Judged]:
    """The rows as they are, with a certificate of each in `into`."""
    shared: dict[int, Certificate] = {}
    for one in judged:
        key = id(one.answer)
        if key not in shared:
            shared[key] = certificate(assessor.facts, one)
        into.append(of_row(assessor.facts, shared[key], one.row))
        yield one


def _identity(answer: Answer) -> object:
    """Everything that a reader sees of the answer, and what findings are made of."""
    passages = tuple(
        (p.via, p.delivered.sure, p.round_trip.sure, tuple(sorted(p.by_group.items()))) for p in answer.passages
    )
    return (replace(answer, passages=()), passages)


def _ends(snapshot: Snapshot) -> dict[str, tuple[str, str]]:
    """The two VPCs of each peering connection."""
    sides = ((name, p.requester_vpc_info.vpc_id, p.accepter_vpc_info.vpc_id) for name, p in snapshot.peerings.items())
    return {name: (one, other) for name, one, other in sides if one and other}


# Facts and coverage -----------------------------------------------------------------------------------


def _facts_of(topology: Topology, interface: NetworkInterface) -> InterfaceFacts:
    snapshot = topology.snapshot
    instance = snapshot.instances.get(interface.instance_id or "")
    vpc = snapshot.vpcs.get(interface.vpc_id or "")
    subnet = snapshot.subnets.get(interface.subnet_id or "")
    acl = topology.acl_of(subnet) if subnet else None
    table = topology.route_table_of(subnet) if subnet else None
    return InterfaceFacts(
        interface=interface.network_interface_id,
        name=name_of(interface.tag_set),
        kind=kind_of(interface),
        description=interface.description,
        scope=topology.interface_scope(interface),
        instance=interface.instance_id,
        instance_name=name_of(instance.tags) if instance else None,
        instance_state=instance.state.name if instance else None,
        vpc=interface.vpc_id,
        vpc_name=name_of(vpc.tags) if vpc else None,
        subnet=interface.subnet_id,
        subnet_name=name_of(subnet.tags) if subnet else None,
        security_groups=interface.group_ids,
        network_acl=None if acl is None or isinstance(acl, Undecided) else acl.network_acl_id,
        route_table=None if table is None or isinstance(table, Undecided) else table.route_table_id,
    )


def _coverage(
    assessor: Assessor,
    snapshot: Snapshot,
    chosen: list[NetworkInterface],
    rows: tuple[Row, ...],
    origins: tuple[Origin, ...],
    *,
    listeners: Listeners,
) -> Coverage:
    calls = snapshot.calls
    scopes = calls.scopes
    needed = [k.call for k in KINDS if k.needed]
    optional = list(dict.fromkeys([k.call for k in KINDS if not k.needed] + [k.call for k in UNMODELLED_KINDS]))
    return Coverage(
        calls=tuple(calls),
        assumed_absent=tuple((c, s) for s in scopes for c in sorted(optional) if _is_absent(snapshot, c, s)),
        not_read=tuple((c, s) for s in scopes for c in sorted(needed) if calls.state(c, s) is None),
        population=tuple(_population(assessor.facts.topology, chosen, rows)),
        unseen_interfaces=tuple(_unseen_interfaces(snapshot)),
        missing_origins=tuple(_missing_origins(assessor, chosen, origins)),
        unmodelled=tuple(
            sorted((u.id, f"{u.kind.noun}: not modelled") for u in snapshot.unmodelled if not u.kind.told_by)
        ),
        issues=snapshot.issues,
        listeners=tuple(_listening(chosen, listeners)) if listeners else (),
    )


def _listening(chosen: list[NetworkInterface], listeners: Listeners) -> Iterator[tuple[str, AgentState]]:
    """Each instance in scope: an `unhealthy` one has not told, of an `unknown` one the inventory says nothing."""
    for instance in sorted({i.instance_id for i in chosen if i.instance_id}):
        if instance not in listeners:
            yield instance, "unknown"
        else:
            yield instance, "unhealthy" if listeners[instance] is None else "healthy"


def _is_absent(snapshot: Snapshot, call: str, scope: Scope) -> bool:
    """Whether the call was not made; one of a global service may have been made in any Region."""
    made = snapshot.calls.state(call, scope) is not None
    return not made and not (is_global(call) and states_of(snapshot, call, scope))


def _unseen_interfaces(snapshot: Snapshot) -> Iterator[str]:
    """Why the population may be larger than what has rows: calls not read whole, records that cannot be used."""
    gaps = (snapshot.gap("interfaces", scope) for scope in snapshot.calls.scopes)
    yield from (gap for gap in gaps if gap)
    yield from (f"{m.id}: {m.why}" for m in snapshot.missing.values() if m.table == "interfaces")


def _population(topology: Topology, chosen: list[NetworkInterface], rows: tuple[Row, ...]) -> Iterator[Population]:
    """Counts by the scope of the rows; every interface of the snapshot is in one."""

    def place(i: NetworkInterface) -> Scope:
        scope = topology.interface_scope(i)
        return Scope(i.owner_id or scope.account, scope.region)

    everything = Counter(place(i) for i in topology.snapshot.interfaces.values())
    scoped = Counter(place(i) for i in chosen)
    addresses: Counter[Scope] = Counter()
    for interface in chosen:
        addresses[place(interface)] += len(hosts_of(interface))
    told = Counter(Scope(r.account, r.region) for r in rows)
    for scope in sorted(everything, key=lambda s: (s.account or "", s.region or "")):
        yield Population(
            scope=scope,
            interfaces=everything[scope],
            interfaces_in_scope=scoped[scope],
            addresses_in_scope=addresses[scope],
            rows=told[scope],
        )


def _missing_origins(
    assessor: Assessor, chosen: list[NetworkInterface], origins: tuple[Origin, ...]
) -> Iterator[MissingOrigin]:
    for vpc_id in sorted({i.vpc_id for i in chosen if i.vpc_id}):
        outwards = isinstance(assessor, OutboundAssessor)
        there = assessor.origins(vpc_id)
        for origin in DESTINATIONS if outwards else ORIGINS:
            if origin not in origins:
                yield MissingOrigin(vpc=vpc_id, origin=origin, reason="not asked for")
            elif origin not in there:
                absent = () if outwards else assessor.ways.assumed_absent(vpc_id, origin)
                lacking = "no route of the VPC leads there" if outwards else "the VPC has no way of it"
                reason = f"{lacking}; assumed absent: {', '.join(absent)}" if absent else lacking
                yield MissingOrigin(vpc=vpc_id, origin=origin, reason=reason)
