"""The assessment: every verdict of one run, the answers that they share, the findings, and what was covered."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from sekisho.engine.answer import Answer, Origin, Row
from sekisho.model.calls import CallState
from sekisho.model.record import Issue, Scope

from .finding import Finding

AgentState = Literal["healthy", "unhealthy", "unknown"]

Direction = Literal["ingress", "egress"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """What makes the run repeatable: no clock, no path. `input_digest` is the SHA-256 over names and bytes read."""

    version: str
    semantics: str
    input_digest: str
    collected: tuple[str, str] | None
    target: str
    origins: tuple[Origin, ...]
    direction: Direction = "ingress"


@dataclass(frozen=True, slots=True, kw_only=True)
class InterfaceFacts:
    """What a reader needs to recognise an interface and to find its rules."""

    interface: str
    name: str | None
    kind: str
    description: str
    scope: Scope
    instance: str | None
    instance_name: str | None
    instance_state: str | None
    vpc: str | None
    vpc_name: str | None
    subnet: str | None
    subnet_name: str | None
    security_groups: tuple[str, ...]
    network_acl: str | None
    route_table: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Population:
    """The interfaces and addresses of one account and region: in the snapshot, in scope, and answered."""

    scope: Scope
    interfaces: int
    interfaces_in_scope: int
    addresses_in_scope: int
    rows: int


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingOrigin:
    """An origin that a VPC provably has no way of, or that was left out, with the reason."""

    vpc: str
    origin: Origin
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Coverage:
    """How complete the answer is: calls read, kinds taken as absent, population, origins, issues.

    `unseen_interfaces` says why there may be interfaces that have no row.
    """

    calls: tuple[CallState, ...]
    assumed_absent: tuple[tuple[str, Scope], ...]
    not_read: tuple[tuple[str, Scope], ...]
    population: tuple[Population, ...]
    unseen_interfaces: tuple[str, ...]
    missing_origins: tuple[MissingOrigin, ...]
    unmodelled: tuple[tuple[str, str], ...]
    issues: tuple[Issue, ...]
    #: Where there is an inventory of listeners: each instance in scope, and whether it told what listens there.
    listeners: tuple[tuple[str, AgentState], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Assessment:
    """One run. `rows` are in order of account, region, interface, address, origin."""

    run: Run
    rows: tuple[Row, ...]
    answers: Mapping[str, Answer]
    interfaces: Mapping[str, InterfaceFacts]
    findings: tuple[Finding, ...]
    coverage: Coverage

    def answer(self, row: Row) -> Answer:
        return self.answers[row.answer]
