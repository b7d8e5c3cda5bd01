"""An estate as it is declared: records in the form of AWS's answers, before anything reads them.

Translators put drafts here; `implied` adds what AWS makes by itself; `answers` gives the enveloped answers that
the loader reads. A member that begins with `_` is a note among translators and is in no answer.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from typing import Any, NamedTuple

import msgspec

from sekisho.load.files import File
from sekisho.load.per_resource import GATHERED
from sekisho.model.kinds import KIND_BY_TABLE, KINDS, PREFIX_LIST_ENTRIES
from sekisho.model.record import Issue, Scope

from .values import Declared, Unknown, plain

Draft = dict[str, Any]
#: An address that nobody can know before apply is judged by one of these: documentation and benchmark ranges.
PLACEHOLDERS = "198.18.0.0/15"
_UNSET = Scope(None, None)


class Part(NamedTuple):
    """The answer of a call about one resource: its parameter and the records of its list."""

    table: str
    owner: str
    records: list[Draft]
    partial: bool = False


class Estate:
    """Drafts by table and id, each with its scope and the place that declares it."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.tables: dict[str, dict[str, Draft]] = {kind.table: {} for kind in KINDS}
        self.parts: dict[tuple[str, str], Part] = {}
        self.scopes: dict[str, Scope] = {}
        self.declared: dict[str, Declared] = {}
        self.failed: dict[tuple[str, Scope], str] = {}
        self.issues: list[Issue] = []
        #: What is declared here itself, and not only added to.
        self.own: set[tuple[str, str]] = set()
        #: Where live records stand, and the calls that were read of them; None where nothing is live.
        self.places: dict[str, Declared] = {}
        self.read: set[tuple[str, Scope]] | None = None
        #: Prefix lists whose entries are not known, by id, with what they stand for.
        self.open_lists: dict[str, str] = {}
        #: Records that something not understood may have changed, with what is said of them.
        self.spoilt: dict[tuple[str, str], str] = {}
        #: Joins among translators: instances of groups, balancers of listeners, ARNs of an accelerator's listeners.
        self.notes_of_groups: dict[str, list[str]] = {}
        self.classic_instances: dict[str, list[str]] = {}
        self.classic_attributes: dict[str, tuple[Scope, Draft]] = {}
        self.balancer_of_listener: dict[str, str] = {}
        self.listener_arns: dict[str, str] = {}

    # Drafts -------------------------------------------------------------------------------------

    def put(self, table: str, name: str, scope: Scope, draft: Draft) -> Draft:
        """The draft of that id: what is there already keeps the lists that other declarations added to."""
        there = self.tables[table].setdefault(name, {})
        self.own.add((table, name))
        lists = {k: [*there[k], *v] for k, v in draft.items() if isinstance(v, list) and isinstance(there.get(k), list)}
        there.update(draft | lists)
        self.scopes.setdefault(name, scope)
        return there

    def part(
        self, table: str, owner: str, scope: Scope, records: Iterable[Draft] = (), *, partial: bool = False
    ) -> Part:
        """The list that one resource has in a call of its own, with the records added."""
        found = self.parts.get((table, owner)) or Part(table, owner, [])
        found = self.parts[table, owner] = found._replace(partial=found.partial or partial)
        found.records.extend(records)
        self.scopes.setdefault(owner, scope)
        return found

    def get(self, table: str, name: object) -> Draft | None:
        return self.tables[table].get(name) if isinstance(name, str) else None

    def all(self, table: str) -> list[tuple[str, Draft]]:
        return sorted(self.tables[table].items())

    def scope(self, name: object) -> Scope:
        return self.scopes.get(name, _UNSET) if isinstance(name, str) else _UNSET

    def open_list(self, name: str, what: str, scope: Scope) -> str:
        """The id of a prefix list that stands for addresses not known before apply."""
        self.open_lists[name] = what
        self.scopes.setdefault(name, scope)
        return name

    def issue(self, address: str, what: str, effect: str = "what depends on it is unknown") -> None:
        """Says what is not known of the resource at the address, or of all where there is none."""
        self.issues.append(Issue(self.file, "", f"{address}: {what}" if address else what, effect))

    # Answers ------------------------------------------------------------------------------------

    def answers(self) -> Iterator[File]:
        """Every draft as an enveloped answer of its own, named `FILE#ID`; and of each call one that is empty."""
        yield from self._calls()
        for table, drafts in self.tables.items():
            for name, draft in drafts.items():
                yield self._answer(table, name, plain(draft))
        for (table, owner), part in self.parts.items():
            yield self._part(table, owner, part)
        for name, what in self.open_lists.items():
            error = {"code": "KnownAfterApply", "message": what}
            parameters = {"PrefixListId": name}
            yield self._envelope(f"{self.file}#{name}", PREFIX_LIST_ENTRIES, self.scope(name), parameters, None, error)

    def _calls(self) -> Iterator[File]:
        """An answer without records for each call that was read, and one of failure for each that may hold more."""
        for scope, kind in product(self._scopes(), KINDS):
            name = f"{self.file}#{kind.call}"
            if (kind.call, scope) in self.failed:
                error = {"code": "NotDeclared", "message": self.failed[kind.call, scope]}
                yield self._envelope(name, kind.call, scope, {}, None, error)
            elif self.read is not None and (kind.call, scope) not in self.read:
                continue
            elif kind.call not in GATHERED and not kind.whole and kind.table not in _NAMED_ONLY:
                yield self._envelope(name, kind.call, scope, {}, {kind.member: []})

    def _scopes(self) -> list[Scope]:
        return sorted(set(self.scopes.values()), key=lambda s: (s.account or "", s.region or ""))

    def _answer(self, table: str, name: str, draft: Draft) -> File:
        kind = KIND_BY_TABLE[table]
        response: Draft
        parameters: dict[str, str] = {}
        if kind.table == "prefix_lists":
            parameters, response = {"PrefixListId": name}, {"Entries": [{"Cidr": c} for c in draft.get("Cidrs", ())]}
            return self._envelope(f"{self.file}#{name}", PREFIX_LIST_ENTRIES, self.scope(name), parameters, response)
        if kind.whole:
            response = draft
        elif kind.table == "instances":
            response = {"Reservations": [{"OwnerId": self.scope(name).account, "Instances": [draft]}]}
        elif kind.table == "bpa_options":
            response = {kind.member: draft}
        else:
            response = {kind.member: [draft]}
        return self._envelope(f"{self.file}#{name}", kind.call, self.scope(name), parameters, response)

    def _part(self, table: str, owner: str, part: Part) -> File:
        kind = KIND_BY_TABLE[table]
        parameter = GATHERED[kind.call].parameter
        response: Draft = {kind.member: [plain(r) for r in part.records]}
        if part.partial:
            response["AdditionalRoutesAvailable"] = True
        name = f"{self.file}#{owner}"
        return self._envelope(name, kind.call, self.scope(owner), {parameter: owner}, response)

    def _envelope(  # noqa: PLR0917 - what an envelope holds
        self, name: str, call: str, scope: Scope, parameters: Draft, response: Draft | None, error: Draft | None = None
    ) -> File:
        service, operation = call.split(":")
        document = {
            "service": service,
            "operation": operation,
            "account": scope.account,
            "region": scope.region,
            "parameters": parameters,
            "error": error,
            "response": response,
        }
        data = msgspec.json.encode(document)
        return File(name, data, "", len(data))


#: Kinds whose answer is only usable with the parameter that names what it is about.
_NAMED_ONLY = {"prefix_lists", "lattice_targets", "local_gateway_routes", "client_vpn_routes", "bpa_options"}


def groups_by(pairs: Iterable[tuple[Any, Any]]) -> dict[Any, list[Any]]:
    found: dict[Any, list[Any]] = defaultdict(list)
    for key, value in pairs:
        found[key].append(value)
    return found


def is_open(value: object) -> bool:
    return isinstance(value, Unknown)
