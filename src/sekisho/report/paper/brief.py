"""What a report is made from, and the questions that several of its chapters ask of it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from sekisho.report.parts import Document

from .catalogue import Catalogue
from .exceptions import Acceptance, Accepted
from .moments import seconds, spelled, zone

Kind = Literal["finding", "full"]
SEVERITIES = ("High", "Medium", "Low", "Informational")


@dataclass(frozen=True, kw_only=True)
class Brief:
    """One report that is asked for.

    `ways` holds, by key of answer, the hops of an example packet and of its reply; answers without one get no picture.
    `offset` is the local time of the reader in minutes east of UTC.
    """

    document: Document
    words: Catalogue  # of the document's direction
    kind: Kind = "finding"
    ways: Mapping[str, Document] = field(default_factory=dict)
    estate: Document = field(default_factory=lambda: {"vpcs": [], "links": []})
    inputs: Sequence[Document] = ()
    previous: Document | None = None
    exceptions: tuple[Acceptance, ...] | None = None
    offset: int = 0

    @cached_property
    def findings(self) -> list[Document]:
        """The most severe first; else in the order of the document."""
        return sorted(self.document["findings"], key=lambda f: SEVERITIES.index(f["severity"]))

    @cached_property
    def findings_by_interface(self) -> Mapping[str, list[Document]]:
        found: dict[str, list[Document]] = {}
        for finding in self.findings:
            found.setdefault(finding["interface"], []).append(finding)
        return found

    @cached_property
    def sheet_of(self) -> Mapping[str, str]:
        """The interface under whose name the sheet of each stands: the first of its instance in its VPC."""
        first: dict[tuple[str, str], str] = {}
        found = {}
        for interface, facts in self.document["interfaces"].items():
            first.setdefault((facts["instance"] or interface, facts["vpc"] or ""), interface)
        for interface, facts in self.document["interfaces"].items():
            found[interface] = first[facts["instance"] or interface, facts["vpc"] or ""]
        return found

    @cached_property
    def acceptances(self) -> tuple[Accepted, ...]:
        """Every exception with the findings that it covers, judged at the time of the configuration."""
        collected = self.document["run"]["collected_at"]
        day = collected["latest"][:10] if collected else None
        return tuple(a.applied(self.document["findings"], day) for a in self.exceptions or ())

    @cached_property
    def accepted(self) -> frozenset[str]:
        """The ids of findings that an exception in force covers."""
        return frozenset(name for found in self.acceptances if found.in_force for name in found.findings)

    @cached_property
    def rows_by_interface(self) -> Mapping[str, list[Document]]:
        found: dict[str, list[Document]] = {}
        for row in self.document["verdicts"]:
            found.setdefault(row["interface"], []).append(row)
        return found

    def moment(self, written: str) -> str:
        """The moment in UTC, and in the reader's own time where that is another."""
        moment = seconds(written)
        if moment is None:
            return written
        utc = f"{spelled(moment)} UTC"
        return f"{utc} ({spelled(moment, self.offset)} {zone(self.offset)})" if self.offset else utc

    def collected(self) -> str:
        """When the configuration was collected: from when to when, or that it is not known."""
        span = self.document["run"]["collected_at"]
        if not span:
            return self.words.words.text["not_known"]
        first, last = self.moment(span["earliest"]), self.moment(span["latest"])
        return first if first == last else f"{first} {self.words.words.text['to']} {last}"

    def moment_of_configuration(self) -> int:
        """The latest moment of the configuration in seconds since 1970; 0 where it is not known."""
        span = self.document["run"]["collected_at"]
        return (span and seconds(span["latest"])) or 0

    def name_of(self, interface: str) -> str:
        facts = self.document["interfaces"].get(interface, {})
        return str(facts.get("instance_name") or facts.get("name") or facts.get("instance") or interface)
