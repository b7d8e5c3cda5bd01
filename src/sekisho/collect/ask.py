"""One call to its end: all pages, or the error; secrets of the answer and of the caller are left out."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple

import msgspec

from sekisho.errors import AwsError

from .calls import LED_TO, WITHHELD, Call
from .changes import PATHS

_TOKENS_OUT = ("NextToken", "nextToken", "NextMarker")
_TOKENS_IN = ("NextToken", "nextToken", "Marker")
_MOST_PAGES = 100_000
_LONGEST_MESSAGE = 500
_TRIES_OF_A_CUT_PAGE = 3
#: Codes that say that no further call of these credentials can succeed.
_EXPIRED = {"ExpiredToken", "ExpiredTokenException", "RequestExpired"}
#: What looks like a credential in an error: key ids, session tokens and signatures.
_CREDENTIAL = re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{12,}|[A-Za-z0-9+/=_%-]{80,}|(?<=Signature=)\w+")

Page = Mapping[str, Any]


class Error(NamedTuple):
    """Why a call has no answer: AWS's code and message, or what the connection came to."""

    code: str
    message: str


class Outcome(NamedTuple):
    """What a call came to: `response` is JSON, with all pages in one; None where there is an `error`.

    `names` holds, by path, the ids that other calls are asked with or compared with.
    """

    response: bytes | None
    sha256: str
    items: int
    pages: int
    request_ids: tuple[str, ...]
    started_at: str
    ended_at: str
    names: Mapping[str, tuple[str, ...]]
    error: Error | None = None


class Stopped(Exception):  # noqa: N818  it is no error: somebody asked for it
    """The collection was interrupted between two pages."""


def now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def ask(
    client: Any,  # noqa: ANN401  a client of any service
    call: Call,
    parameters: Mapping[str, Any],
    secrets: Callable[[], Iterable[str]] = tuple,
    stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """The call's answer, or its error. AwsError where the credentials have expired."""
    import botocore.exceptions  # noqa: PLC0415  an extra
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    started, answer = now(), _Answer(call)
    try:
        for page in _pages(client, call, parameters):
            answer.add(page)
            if stopped():
                raise Stopped
    except botocore.exceptions.ClientError as error:
        told = error.response.get("Error", {})
        code = str(told.get("Code") or "ClientError")
        if code in _EXPIRED:
            raise AwsError(
                "the credentials have expired; get new ones and give the same command again: it goes on from here"
            ) from None
        return failed(code, str(told.get("Message") or error), started, secrets())
    except (botocore.exceptions.BotoCoreError, ResponseParserError) as error:
        return failed(type(error).__name__, str(error), started, secrets())
    return answer.outcome(started)


def failed(code: str, message: str, started: str, secrets: Iterable[str] = ()) -> Outcome:
    """The outcome of a call that has no answer; no credential is in what it says."""
    line = " ".join(message.split())
    for secret in sorted(filter(None, secrets), key=len, reverse=True):
        line = line.replace(secret, "***")
    line = _CREDENTIAL.sub("***", line)
    return Outcome(None, "", 0, 0, (), started, now(), {}, Error(code[:100], line[:_LONGEST_MESSAGE]))


def _pages(client: Any, call: Call, parameters: Mapping[str, Any]) -> Iterator[Page]:  # noqa: ANN401
    from botocore import xform_name  # noqa: PLC0415

    method = getattr(client, xform_name(call.operation))
    shape = client.meta.service_model.operation_model(call.operation).input_shape
    token_name = next((name for name in _TOKENS_IN if shape and name in shape.members), None)
    seen: set[str] = set()
    more: dict[str, Any] = {}
    for _ in range(_MOST_PAGES):
        page = _whole(method, {**parameters, **more})
        yield page
        token = _token(page)
        # A token that comes again would go round for ever: it stays in the answer, which then is not whole.
        if token is None or token_name is None or token in seen:
            return
        seen.add(token)
        more = {token_name: token}


def _whole(method: Callable[..., Page], parameters: Mapping[str, Any]) -> Page:
    """The page, asked for again where it was cut short: botocore takes that for AWS's answer and does not try again."""
    from botocore.parsers import ResponseParserError  # noqa: PLC0415

    for _ in range(_TRIES_OF_A_CUT_PAGE - 1):
        try:
            return method(**parameters)
        except ResponseParserError:
            continue
    return method(**parameters)


def _token(page: Page) -> str | None:
    for holder in (page, page.get("VpcOriginList")):
        if isinstance(holder, Mapping):
            found = next((holder[name] for name in _TOKENS_OUT if holder.get(name)), None)
            if found is not None:
                return str(found)
    return None


class _Answer:
    """Pages put together. Records are kept encoded, which is a tenth of what they are as objects."""

    def __init__(self, call: Call) -> None:
        self._call, self._hidden = call, WITHHELD.get(call.name, frozenset())
        self._members: dict[str, Any] = {}
        self._items = self._pages = 0
        self._requests: list[str] = []
        self._names: dict[str, list[str]] = {path: [] for path in paths_of(call.name)}

    def add(self, page: Page) -> None:
        self._pages += 1
        request = page.get("ResponseMetadata", {}).get("RequestId")
        self._requests.extend([str(request)] if request else [])
        body = {key: value for key, value in page.items() if key != "ResponseMetadata"}
        for path, found in self._names.items():
            found.extend(names_at(body, path))
        if self._hidden:
            body = _without(body, self._hidden)
        self._items += _count(body, self._call)
        # What the last page says of the whole (a token, that there is more) counts.
        self._members = _joined({k: v for k, v in self._members.items() if k not in _TOKENS_OUT}, body)

    def outcome(self, started: str) -> Outcome:
        data = msgspec.json.encode(self._members)
        digest = hashlib.sha256(data).hexdigest()
        names = {path: tuple(dict.fromkeys(found)) for path, found in self._names.items()}
        return Outcome(data, digest, self._items, self._pages, tuple(self._requests), started, now(), names)


def _joined(before: dict[str, Any], page: Page) -> dict[str, Any]:
    """The members of all pages: lists one after another, of everything else the last."""
    joined = dict(before)
    for key, value in page.items():
        if isinstance(value, list):
            joined.setdefault(key, []).extend(msgspec.Raw(msgspec.json.encode(item)) for item in value)
        elif isinstance(value, dict) and isinstance(value.get("Items", None), list):
            earlier = {k: v for k, v in joined.get(key, {}).items() if k not in _TOKENS_OUT}
            joined[key] = _joined(earlier, value)
        else:
            joined[key] = value
    return joined


def _count(body: Page, call: Call) -> int:
    found = body.get(call.member)
    if isinstance(found, dict) and "Items" in found:
        found = found["Items"]
    if call.operation == "DescribeInstances" and isinstance(found, list):
        return sum(len(reservation.get("Instances", ())) for reservation in found)
    return len(found) if isinstance(found, list) else int(found is not None)


def _without(value: Any, members: frozenset[str]) -> Any:  # noqa: ANN401  any JSON value
    """The same with the values of the members left out."""
    if isinstance(value, dict):
        return {key: _without(inner, members) for key, inner in value.items() if key not in members}
    return [_without(inner, members) for inner in value] if isinstance(value, list) else value


def paths_of(name: str) -> tuple[str, ...]:
    """Where the answers of a call hold ids that are needed further."""
    leading = [path for call in LED_TO[name] if call.each for path in call.each.paths]
    return tuple(dict.fromkeys((*leading, *PATHS.get(name, ()))))


def names_at(value: Any, path: str) -> Iterator[str]:  # noqa: ANN401  any JSON value
    """The texts at a path of members; a list on the way stands for each of its elements."""
    if isinstance(value, list):
        for inner in value:
            yield from names_at(inner, path)
    elif not path:
        if isinstance(value, str) and value:
            yield value
    elif isinstance(value, dict):
        member, _, rest = path.partition(".")
        if member in value:
            yield from names_at(value[member], rest)
