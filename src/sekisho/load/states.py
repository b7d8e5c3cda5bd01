"""How completely each call was read: pages, failures and left-over tokens of its answers, put together."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from sekisho.model.calls import Calls, CallState, CallStatus
from sekisho.model.record import Issue, Scope

from .files import shown
from .recognise import Answer
from .scope import Placed


class _Part(NamedTuple):
    """One answer's part in a call of one scope."""

    answer: Answer
    records: int


def call_states(placed: Sequence[Placed]) -> tuple[Calls, tuple[Issue, ...]]:
    """The state of every call by scope, and an issue for each that is not whole or was collected twice."""
    parts: dict[tuple[str, Scope], list[_Part]] = defaultdict(list)
    for one in placed:
        for scope in one.calls:
            parts[one.decoded.answer.call, scope].append(_Part(one.decoded.answer, _count(one, scope)))
    states = tuple(_state(call, scope, found) for (call, scope), found in parts.items())
    issues = [i for (call, _), found in parts.items() for i in _issues(call, found)]
    return Calls(states), tuple(issues)


def _count(one: Placed, scope: Scope) -> int:
    if len(one.calls) == 1:
        return one.decoded.total
    return sum(s == scope for scopes in (*one.rows, one.found) for s in scopes)


def _state(call: str, scope: Scope, parts: Sequence[_Part]) -> CallState:
    files = tuple(sorted({p.answer.file for p in parts}))
    records = sum(p.records for p in parts)
    failed = next((p.answer.failure for p in parts if p.answer.failure), "")
    partial = failed or _partial(parts)
    status = CallStatus.FAILED if failed else CallStatus.INCOMPLETE if partial else CallStatus.READ
    return CallState(call, scope, status, records, files, partial)


def _partial(parts: Iterable[_Part]) -> str:
    """Why the pages may not be all, or nothing: a token that no other page answers to, or a filter."""
    answers = [p.answer for p in parts]
    said = next((a.partial for a in answers if a.partial), "")
    asked = {a.asked for a in answers}
    left = [a for a in answers if a.token and a.token not in asked]
    # Plain pages do not say which token they were asked with: the one without a token is the last.
    last = any(not a.token and not a.enveloped and not a.failure for a in answers)
    return said or ("NextToken is left over: more pages were not saved" if left and not last else "")


def _issues(call: str, parts: Sequence[_Part]) -> Iterator[Issue]:
    partial = _partial(parts)
    if partial:
        file = next(p.answer.file for p in parts if p.answer.partial or p.answer.token)
        yield Issue(file, "", f"{call} is incomplete: {partial}", "what depends on it is unknown")
    times = sorted({shown(p.answer.collected_at) for p in parts if p.answer.collected_at and not p.answer.asked})
    if len(times) > 1:
        file = max(p.answer.file for p in parts if p.answer.collected_at)
        what = f"{call} was collected several times, from {times[0]} to {times[-1]}"
        yield Issue(file, "/collected_at", what, "records that differ between them are unknown")


def collected(answers: Iterable[Answer]) -> tuple[tuple[str, str] | None, tuple[Issue, ...]]:
    """The earliest and the latest `collected_at`, as written; one that is no time is an issue."""
    times: dict[datetime, str] = {}
    issues = []
    for answer in answers:
        if answer.collected_at is None:
            continue
        try:
            time = datetime.fromisoformat(answer.collected_at)
        except ValueError:
            issues.append(Issue(answer.file, "/collected_at", "it is not a time", "it is left out"))
            continue
        times.setdefault(time if time.tzinfo else time.replace(tzinfo=UTC), shown(answer.collected_at))
    return ((times[min(times)], times[max(times)]) if times else None), tuple(issues)
