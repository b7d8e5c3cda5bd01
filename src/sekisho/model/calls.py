"""How completely each call was read, judged for each account and region (S-LOAD)."""

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum
from functools import cached_property
from typing import NamedTuple

from .record import Scope

#: Services without Regions: their answers, made in whatever Region, count for all of the account's.
GLOBAL_SERVICES = frozenset({"cloudfront", "globalaccelerator", "networkmanager"})


class CallStatus(Enum):
    READ = "read"
    INCOMPLETE = "incomplete"
    FAILED = "failed"


class CallState(NamedTuple):
    """What is known of one call in one scope: its status, how many records, the files, and why it is not complete."""

    call: str
    scope: Scope
    status: CallStatus
    records: int = 0
    files: tuple[str, ...] = ()
    why: str = ""


class Calls:
    """Every call found in the snapshot, by call name and scope; one that is not here was not read."""

    def __init__(self, states: Iterable[CallState]) -> None:
        placed = [s._replace(scope=_own_scope(s.call, s.scope)) for s in states]
        self._states: Mapping[tuple[str, Scope], CallState] = {(s.call, s.scope): s for s in placed}
        #: Answers that are not whole and whose account or region nothing tells: they may be anyone's.
        self._stray = [s for s in placed if _is_stray(s) and s.status is not CallStatus.READ]
        self._gaps: dict[tuple[str, Scope], str | None] = {}

    def __iter__(self) -> Iterator[CallState]:
        return iter(sorted(self._states.values(), key=lambda s: (s.call, s.scope.account or "", s.scope.region or "")))

    @cached_property
    def scopes(self) -> tuple[Scope, ...]:
        """Every account and region that any call of a regional service names, sorted."""
        found = {s for call, s in self._states if not is_global(call)}
        return tuple(sorted(found, key=lambda s: (s.account or "", s.region or "")))

    def state(self, call: str, scope: Scope) -> CallState | None:
        """The state of `call` in `scope`; None where it was not read there."""
        return self._states.get((call, _own_scope(call, scope)))

    def asked(self, call: str, scope: Scope) -> bool:
        """Whether the call was made in the scope, or in one that it may be where it is not fully known."""
        wanted = _own_scope(call, scope)
        return any(c == call and (s == wanted or _may_be(s, wanted)) for c, s in self._states)

    def gap(self, call: str, scope: Scope) -> str | None:
        """Why the answer of `call` in `scope` may lack records, or None where it is complete.

        A scope that is not fully known takes the first gap of the scopes that it could be; where
        there is none of those, the call was not read for it.
        """
        key = (call, scope)
        if key not in self._gaps:
            self._gaps[key] = self._first_gap(call, _own_scope(call, scope))
        return self._gaps[key]

    def _first_gap(self, call: str, scope: Scope) -> str | None:
        everywhere = {s for c, s in self._states if c == call} if is_global(call) else self.scopes
        candidates = [s for s in everywhere if _may_be(s, scope)] if None in scope else [scope]
        gaps = [self._gap(call, s) for s in candidates] or [_not_read(call, scope)]
        return next((gap for gap in gaps if gap is not None), None)

    def _gap(self, call: str, scope: Scope) -> str | None:
        state = self._states.get((call, scope))
        if state is None:
            return _not_read(call, scope)
        stray = next((s for s in self._stray if s.call == call and _may_be(scope, s.scope)), None)
        if state.status is CallStatus.READ and stray:
            return f"{call} is {stray.status.value} for an account or region that is not known: {stray.why}"
        return (
            None if state.status is CallStatus.READ else f"{call} is {state.status.value}{_place(scope)}: {state.why}"
        )


def is_global(call: str) -> bool:
    """Whether the call is one of a service without Regions."""
    return call.partition(":")[0] in GLOBAL_SERVICES


def _own_scope(call: str, scope: Scope) -> Scope:
    """The scope under which a call is kept: one of a global service has no Region."""
    return Scope(scope.account, None) if is_global(call) else scope


def _is_stray(state: CallState) -> bool:
    return state.scope.account is None or (state.scope.region is None and not is_global(state.call))


def _may_be(known: Scope, wanted: Scope) -> bool:
    return (wanted.account in {None, known.account}) and (wanted.region in {None, known.region})


def _not_read(call: str, scope: Scope) -> str:
    return f"{call} was not read{_place(scope)}"


def _place(scope: Scope) -> str:
    account = f" for account {scope.account}" if scope.account else ""
    return f"{account} in {scope.region}" if scope.region else account
