"""Whose each answer and record is: its envelope, path, own words, what it refers to, its folder, in that order.

A record belongs to its owner (`OwnerId`), a call to the account that made it: of a shared subnet the two
differ. Instances and internet gateways are listed to their owner alone, so they show who called.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from itertools import repeat
from typing import NamedTuple

from sekisho.model.calls import is_global
from sekisho.model.record import Issue, Scope

from .clues import Clue, account_of, clue_of_text, region_of, scope_of_path
from .decode import Decoded, Found, Rows
from .recognise import Answer

_NOWHERE = Scope(None, None)
_NO_CLUE = Clue()
_OWN_ONLY = {"ec2:DescribeInstances", "ec2:DescribeInternetGateways"}
_GLOBAL_REGIONS = {"global", "aws-global", ""}


class Placed(NamedTuple):
    """An answer with the scopes that its call counts for, and those of its records: one tuple for each of its rows."""

    decoded: Decoded
    calls: tuple[Scope, ...]
    rows: tuple[tuple[Scope, ...], ...]
    found: tuple[Scope, ...]


def stated(answer: Answer) -> tuple[Scope, tuple[Issue, ...]]:
    """What the envelope says, else the path; and what of the envelope is no account or region."""
    path = scope_of_path(answer.file)
    account, region = account_of(answer.account), region_of(answer.region)
    issues: list[Issue] = []
    if answer.account and account is None:
        issues.append(Issue(answer.file, "/account", "it is not an account id", "the account is taken from elsewhere"))
    if answer.region and region is None and answer.region not in _GLOBAL_REGIONS:
        issues.append(Issue(answer.file, "/region", "it is not a region", "the region is taken from elsewhere"))
    return Scope(account or path.account, region or path.region), tuple(issues)


def resolve(decoded: Sequence[tuple[Decoded, Scope]]) -> tuple[tuple[Placed, ...], tuple[Issue, ...]]:
    """Each answer with its scopes. A scope that nothing tells stays null, and is an issue."""
    said = [[_said(rows, scope) if rows.clues else [] for rows in one.rows] for one, scope in decoded]
    known = _known(decoded, said)
    own = [_own_scopes(one, scope, told, known) for (one, scope), told in zip(decoded, said, strict=True)]
    folders = _Folders()
    for (one, scope), scopes in zip(decoded, own, strict=True):
        folders.add(one.answer, scope, scopes)
    placed: list[Placed] = []
    issues: list[Issue] = []
    for (one, scope), scopes in zip(decoded, own, strict=True):
        calls = _call_scopes(one.answer, scope, scopes, folders)
        placed.append(_placed(one, calls, scopes))
        issues.extend(_unresolved(one.answer, calls))
    return tuple(placed), tuple(issues)


# Records --------------------------------------------------------------------------------------------


class _Places(NamedTuple):
    """Whose VPCs, subnets and interfaces are, or in which Region: of those `wanted`, as far as records tell."""

    known: dict[str, str]
    wanted: set[str]

    def learn(self, names: Iterable[str], value: str | None) -> None:
        """The first that speaks of a name counts."""
        if value:
            for name in self.wanted.intersection(names):
                self.known[name] = value
                self.wanted.discard(name)


class _Known(NamedTuple):
    """What records tell of places that others name without telling whose they are, or where."""

    accounts: _Places
    regions: _Places

    def want(self, scope: Scope, names: Sequence[str]) -> None:
        if scope.account is None:
            self.accounts.wanted.update(names)
        if scope.region is None:
            self.regions.wanted.update(names)

    def scope(self, scope: Scope, names: Iterable[str]) -> Scope:
        """The scope with what it lacks taken from the first of the places that is known."""
        account = scope.account or next((self.accounts.known[n] for n in names if n in self.accounts.known), None)
        region = scope.region or next((self.regions.known[n] for n in names if n in self.regions.known), None)
        return Scope(account, region)


def _known(decoded: Sequence[tuple[Decoded, Scope]], said: Sequence[Sequence[Sequence[Scope]]]) -> _Known:
    known = _Known(_Places({}, set()), _Places({}, set()))
    for (one, scope), told in zip(decoded, said, strict=True):
        for rows, scopes in zip(one.rows, told, strict=True):
            for _, incomplete, names in _incomplete(rows, _with_account(scopes, scope)):
                known.want(incomplete, names)
        for found in one.found:
            known.want(_scope_of_found(found, scope), found.clue.refers)
    for (one, scope), told in zip(decoded, said, strict=True):
        for rows, scopes in zip(one.rows, told, strict=True):
            if not (known.accounts.wanted or known.regions.wanted):
                return known
            _learn(known, rows, scopes or _said(rows, scope), scope)
    return known


def _learn(known: _Known, rows: Rows, said: Sequence[Scope], scope: Scope) -> None:
    """An id of a record, and the VPC and subnet that it stands in, are where the record is."""
    for clue in dict.fromkeys(rows.clues):
        known.regions.learn(clue.refers, scope.region or clue.region)
    members = _place_members(rows)
    for record, (account, region) in zip(rows.records, said, strict=True) if members else ():
        ids = [name for member in members if (name := getattr(record, member))]
        known.regions.learn(ids, region)
        known.accounts.learn(ids[:1], account)


def _incomplete(rows: Rows, scopes: Sequence[Scope]) -> Iterator[tuple[int, Scope, Sequence[str]]]:
    """The records whose scope lacks something, with the names of places that may tell."""
    if not any(None in scope for scope in set(scopes)):
        return
    members = _place_members(rows)
    for index, (scope, clue) in enumerate(zip(scopes, rows.clues, strict=True)):
        if None in scope:
            own = (getattr(rows.records[index], member) for member in members)
            yield index, scope, (*clue.refers, *filter(None, own))


def _with_account(said: Sequence[Scope], scope: Scope) -> list[Scope]:
    """What records say, and of their owner at least who called."""
    whole = {one: Scope(one.account or scope.account, one.region) for one in set(said)}
    return [whole[one] for one in said]


def _scope_of_found(found: Found, scope: Scope) -> Scope:
    return Scope(scope.account or found.clue.account, scope.region or found.clue.region)


def _place_members(rows: Rows) -> list[str]:
    """The members of its records that name one of them, or where it stands; of several, the first is its own."""
    names = ("network_interface_id", "subnet_id", "vpc_id")
    return [name for name in names if rows.records and name in rows.records[0].__struct_fields__]


def _said(rows: Rows, scope: Scope) -> list[Scope]:
    """What each record says of its owner by itself, and of its region; records that say the same share one scope."""
    shared: dict[object, Scope] = {}
    said = []
    owners: Iterable[str | None] = rows.owners or repeat(None)
    clues: Iterable[Clue] = rows.clues or repeat(_NO_CLUE)
    for record, owner, clue in zip(rows.records, owners, clues, strict=False):
        named = getattr(record, "owner_id", None)
        key = (named, owner, id(clue))
        one = shared.get(key)
        if one is None:
            account = account_of(named) or account_of(owner) or clue.account
            one = shared[key] = Scope(account, scope.region or clue.region)
        said.append(one)
    return said


def _own_scopes(
    one: Decoded, scope: Scope, said: Sequence[Sequence[Scope]], known: _Known
) -> tuple[tuple[Scope, ...], ...]:
    """The scope of each record without its folder; those of `found` come last."""
    lists = [
        _clued(rows, scope, told, known) if rows.clues else _owned(rows, scope)
        for rows, told in zip(one.rows, said, strict=True)
    ]
    found = (known.scope(_scope_of_found(f, scope), f.clue.refers) for f in one.found)
    return (*lists, tuple(found))


def _owned(rows: Rows, scope: Scope) -> tuple[Scope, ...]:
    """Without clues: whom the records or what wraps them names, else whose answer it is."""
    if rows.records and "owner_id" in rows.records[0].__struct_fields__:
        owners: Sequence[str | None] = [getattr(record, "owner_id", None) for record in rows.records]
    else:
        owners = rows.owners
    of = {owner: Scope(account_of(owner) or scope.account, scope.region) for owner in set(owners)}
    return tuple([of[owner] for owner in owners] or repeat(scope, len(rows.records)))


def _clued(rows: Rows, scope: Scope, said: Sequence[Scope], known: _Known) -> tuple[Scope, ...]:
    """With clues: what a record says itself, else what is known of the VPC, subnet or interface that it names."""
    scopes = _with_account(said, scope)
    shared: dict[Scope, Scope] = {}
    for index, incomplete, names in _incomplete(rows, tuple(scopes)):
        found = known.scope(incomplete, names)
        scopes[index] = shared.setdefault(found, found)
    return tuple(scopes)


# Folders --------------------------------------------------------------------------------------------


class _Folders:
    """The accounts and regions that the answers below each folder show."""

    def __init__(self) -> None:
        self._callers: dict[str, set[str]] = defaultdict(set)
        self._accounts: dict[str, set[str]] = defaultdict(set)
        self._regions: dict[str, set[str]] = defaultdict(set)

    def add(self, answer: Answer, scope: Scope, lists: tuple[tuple[Scope, ...], ...]) -> None:
        distinct = {s for scopes in lists for s in scopes}
        accounts = {s.account for s in distinct if s.account}
        regions = {scope.region} if scope.region else {s.region for s in distinct if s.region}
        callers = {scope.account} if scope.account else (accounts if answer.call in _OWN_ONLY else set())
        for folder in _ancestors(answer.file):
            self._callers[folder] |= {c for c in callers if c}
            self._accounts[folder] |= accounts
            self._regions[folder] |= {r for r in regions if r}

    def callers(self, file: str) -> frozenset[str]:
        """Who made the calls of the nearest folder that tells: its certain callers, else all accounts in it."""
        for folder in _ancestors(file):
            if found := self._callers[folder] or self._accounts[folder]:
                return frozenset(found)
        return frozenset()

    def regions(self, file: str) -> frozenset[str]:
        return next((frozenset(r) for f in _ancestors(file) if (r := self._regions[f])), frozenset())


def _ancestors(file: str) -> Iterator[str]:
    """The folder of the file, then each one above it, the snapshot itself last."""
    folder = file
    while folder:
        folder = folder.rpartition("/")[0]
        yield folder


# Calls ----------------------------------------------------------------------------------------------


def _call_scopes(
    answer: Answer, scope: Scope, lists: tuple[tuple[Scope, ...], ...], folders: _Folders
) -> tuple[Scope, ...]:
    """Every account and region that the call was made in, sorted; several for a plain file that was put together."""
    if None not in scope:
        return (scope,)
    records = {s for scopes in lists for s in scopes}
    if not records and answer.start:
        clue = clue_of_text(answer.start)
        records = {Scope(clue.account, clue.region)} - {_NOWHERE}
    accounts = {scope.account} if scope.account else _accounts(records, folders.callers(answer.file))
    named = {s.region for s in records if s.region}
    regions = {scope.region} if scope.region else named or _only(folders.regions(answer.file))
    pairs = {Scope(s.account or _one(accounts), scope.region or s.region or _one(regions)) for s in records}
    fitting = {p for p in pairs if p.account in accounts}
    whole = fitting or {Scope(a, r) for a in accounts for r in regions}
    return tuple(sorted(whole, key=lambda s: (s.account or "", s.region or "")))


def _accounts(records: Iterable[Scope], callers: frozenset[str]) -> set[str | None]:
    """The callers that the records fit; where they fit none, the only caller, else the owners."""
    owners = {s.account for s in records if s.account}
    if fitting := owners & callers:
        return set(fitting)
    return _only(callers) if len(callers) == 1 or not owners else set(owners)


def _only(candidates: Iterable[str]) -> set[str | None]:
    found = set(candidates)
    return set(found) if len(found) == 1 else {None}


def _one(candidates: Iterable[str | None]) -> str | None:
    found = set(candidates)
    return found.pop() if len(found) == 1 else None


def _placed(one: Decoded, calls: tuple[Scope, ...], lists: tuple[tuple[Scope, ...], ...]) -> Placed:
    account, region = _one(c.account for c in calls), _one(c.region for c in calls)
    fill: dict[Scope, Scope] = {}

    def filled(scopes: tuple[Scope, ...]) -> tuple[Scope, ...]:
        for s in set(scopes):
            fill.setdefault(s, Scope(s.account or account, s.region or region))
        return tuple(fill[s] for s in scopes)

    whole = tuple(filled(scopes) for scopes in lists)
    return Placed(one, calls, whole[:-1], whole[-1])


def _unresolved(answer: Answer, calls: tuple[Scope, ...]) -> Iterator[Issue]:
    lacking = [
        noun
        for noun, known in (
            ("account", all(c.account for c in calls)),
            ("region", all(c.region for c in calls) or is_global(answer.call)),
        )
        if not known
    ]
    if lacking:
        what = f"nothing says which {' and '.join(lacking)} {answer.call} was called for"
        yield Issue(answer.file, "", what, "it stands for none; put it into a folder named by them, or envelope it")
