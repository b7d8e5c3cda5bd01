"""An assessment and an explanation as documents of plain data: what JSON prints and every rendering is made from.

Nothing is said in a rendering that the document does not hold.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sekisho.engine.answer import Answer, Explanation, Row
from sekisho.findings.assessment import Assessment, Coverage, InterfaceFacts, Run
from sekisho.findings.finding import Finding, FindingType, Severity
from sekisho.model.calls import CallState
from sekisho.model.record import Scope
from sekisho.sets.prefixes import Range

from .parts import Document, LaidOut, barrier, flow, hop, packet, plain, ports

ASSESSMENT_SCHEMA = "sekisho.assessment/1"
EXPLANATION_SCHEMA = "sekisho.explain/1"


def assessment_document(assessment: Assessment, *, lazy: bool = False) -> Document:
    """The assessment under schema `sekisho.assessment/1`; rows, answers and findings stay in their order.

    `lazy`: verdicts and findings are sequences, each of which is made when it is looked at.
    """
    verdicts, findings = _verdicts(assessment), _findings(assessment.findings)
    return {
        "schema": ASSESSMENT_SCHEMA,
        "run": _run(assessment.run),
        "scope": _scope(assessment),
        "coverage": _coverage(assessment.coverage),
        "summary": _summary(assessment),
        "interfaces": {name: _interface(facts) for name, facts in assessment.interfaces.items()},
        "verdicts": verdicts if lazy else list(verdicts),
        "answers": {key: _answer(answer) for key, answer in assessment.answers.items()},
        "findings": findings if lazy else list(findings),
    }


def explanation_document(explanation: Explanation) -> Document:
    """The question, its verdict and the packets it holds for, then the hops and barriers that show why."""
    answer = explanation.answer
    return {
        "schema": EXPLANATION_SCHEMA,
        "query": plain(explanation.query),
        "verdict": answer.verdict.value,
        "latent": answer.latent.value if answer.latent else None,
        "depth": answer.depth,
        "width": answer.width,
        "assumptions": list(answer.assumptions),
        "reasons": list(answer.reasons),
        "relies_on_absent": list(answer.relies_on_absent),
        "flows": [flow(f) for f in answer.flows],
        "possible": [flow(f) for f in answer.possible],
        "example": packet(explanation.example) if explanation.example else None,
        "forward": [hop(h) for h in explanation.forward],
        "return": [hop(h) for h in explanation.returned],
        "barriers": [barrier(b) for b in answer.barriers],
    }


# The parts of an assessment --------------------------------------------------------------------------


def _run(run: Run) -> Document:
    collected = {"earliest": run.collected[0], "latest": run.collected[1]} if run.collected else None
    return {
        "tool": "sekisho",
        "version": run.version,
        "semantics": run.semantics,
        "direction": run.direction,
        "input_digest": run.input_digest,
        "collected_at": collected,
    }


def _scope(assessment: Assessment) -> Document:
    population = assessment.coverage.population
    return {
        "target": assessment.run.target,
        "direction": assessment.run.direction,
        "origins": list(assessment.run.origins),
        "accounts": sorted({p.scope.account for p in population if p.scope.account}),
        "regions": sorted({p.scope.region for p in population if p.scope.region}),
    }


def _summary(assessment: Assessment) -> Document:
    """Counts for a reader's first glance: verdicts by origin, findings by severity."""
    verdicts: Counter[tuple[str, str]] = Counter()
    for (origin, key), rows in Counter((row.origin, row.answer) for row in assessment.rows).items():
        verdicts[origin, assessment.answers[key].verdict.value] += rows
    severities = Counter(finding.severity for finding in assessment.findings)
    origins = [o for o in assessment.run.origins if any(origin == o for origin, _ in verdicts)]
    return {
        "addresses": len({(row.account, row.region, row.interface, row.address) for row in assessment.rows}),
        "interfaces": len({row.interface for row in assessment.rows}),
        "verdicts": {o: {v: n for (origin, v), n in sorted(verdicts.items()) if origin == o} for o in origins},
        "findings": {severity.value: severities[severity] for severity in Severity},
    }


def _interface(facts: InterfaceFacts) -> Document:
    return {
        "name": facts.name,
        "kind": facts.kind,
        "description": facts.description,
        "account": facts.scope.account,
        "region": facts.scope.region,
        "instance": facts.instance,
        "instance_name": facts.instance_name,
        "instance_state": facts.instance_state,
        "vpc": facts.vpc,
        "vpc_name": facts.vpc_name,
        "subnet": facts.subnet,
        "subnet_name": facts.subnet_name,
        "security_groups": list(facts.security_groups),
        "network_acl": facts.network_acl,
        "route_table": facts.route_table,
    }


def _verdicts(assessment: Assessment) -> Sequence[Document]:
    said = {key: (answer.verdict.value, answer.depth) for key, answer in assessment.answers.items()}
    return LaidOut(assessment.rows, lambda row: _verdict(row, *said[row.answer]))


def _verdict(row: Row, verdict: str, depth: int | None) -> Document:
    return {
        "account": row.account,
        "region": row.region,
        "instance": row.instance,
        "interface": row.interface,
        "address": row.address,
        "public_address": row.public_address,
        "family": row.family,
        "origin": row.origin,
        "verdict": verdict,
        "depth": depth,
        "answer": row.answer,
    }


def _answer(answer: Answer) -> Document:
    return {
        "verdict": answer.verdict.value,
        "family": answer.family,
        "depth": answer.depth,
        "via": list(answer.via),
        "flows": [flow(f) for f in answer.flows],
        "possible": [flow(f) for f in answer.possible],
        "barriers": [barrier(b) for b in answer.barriers],
        "assumptions": list(answer.assumptions),
        "reasons": list(answer.reasons),
        "relies_on_absent": list(answer.relies_on_absent),
        "latent": answer.latent.value if answer.latent else None,
        "width": answer.width,
    }


_TYPES = {kind: kind.value for kind in FindingType}
_SEVERITIES = {severity: (severity.value, severity.numeric) for severity in Severity}


def _findings(findings: Sequence[Finding]) -> Sequence[Document]:
    """Findings of one place share what they say alike, and so do their documents."""
    shared: dict[int, list[Any]] = {}

    def once(values: tuple[Any, ...], laid_out: Callable[[Any], list[Any]] = list) -> list[Any]:
        # The findings keep the tuples alive, so that no two have one id.
        found = shared.get(id(values))
        if found is None:
            found = shared[id(values)] = laid_out(values)
        return found

    return LaidOut(findings, lambda finding: _finding(finding, once))


def _ports(ranges: tuple[Range, ...]) -> list[str]:
    return ports(ranges) if ranges else []


def _finding(f: Finding, once: Callable[..., list[Any]]) -> Document:
    severity, numeric = _SEVERITIES[f.severity]
    process = {"name": f.process.name, "pid": f.process.pid, "path": f.process.path} if f.process else None
    return {
        "id": f.id,
        "type": _TYPES[f.type],
        "rule": f.rule,
        "severity": severity,
        "numeric_severity": numeric,
        "title": f.title,
        "description": f.description,
        "recommendation": f.recommendation,
        "account": f.account,
        "region": f.region,
        "instance": f.instance,
        "interface": f.interface,
        "addresses": list(f.addresses),
        "vpc": f.vpc,
        "origin": f.origin,
        "via": once(f.via),
        "peer_vpc": f.peer_vpc,
        "protocol": f.protocol,
        "port": f.port,
        "service": f.service,
        "security_groups": once(f.security_groups),
        "network_acl": f.network_acl,
        "sources": once(f.sources),
        "width": f.width,
        "reply": f.reply,
        "answers": list(f.answers),
        "process": process,
        "tcp_ports": once(f.tcp_ports, _ports),
        "udp_ports": once(f.udp_ports, _ports),
        "attributes": dict(f.attributes),
    }


# Coverage --------------------------------------------------------------------------------------------


def _coverage(coverage: Coverage) -> Document:
    """Every call of the run with its status: also those taken as absent, and those that were not read."""
    calls = [_call(state) for state in coverage.calls]
    calls += [_missing_call(call, scope, "assumed-absent") for call, scope in coverage.assumed_absent]
    calls += [_missing_call(call, scope, "not-read") for call, scope in coverage.not_read]
    return {
        "calls": calls,
        "population": [
            {
                **_place(p.scope),
                "interfaces": p.interfaces,
                "interfaces_in_scope": p.interfaces_in_scope,
                "addresses_in_scope": p.addresses_in_scope,
                "rows": p.rows,
            }
            for p in coverage.population
        ],
        "unseen_interfaces": list(coverage.unseen_interfaces),
        "missing_origins": [{"vpc": m.vpc, "origin": m.origin, "reason": m.reason} for m in coverage.missing_origins],
        "unmodelled": [{"component": component, "detail": detail} for component, detail in coverage.unmodelled],
        "issues": [issue._asdict() for issue in coverage.issues],
        **({"listeners": dict(coverage.listeners)} if coverage.listeners else {}),
    }


def _call(state: CallState) -> Document:
    return {
        "call": state.call,
        **_place(state.scope),
        "status": state.status.value,
        "records": state.records,
        "files": list(state.files),
        "why": state.why,
    }


def _missing_call(call: str, scope: Scope, status: str) -> Document:
    return {"call": call, **_place(scope), "status": status, "records": 0, "files": [], "why": ""}


def _place(scope: Scope) -> Mapping[str, str | None]:
    return {"account": scope.account, "region": scope.region}
