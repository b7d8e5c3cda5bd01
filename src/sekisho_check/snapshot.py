"""Saved AWS answers, read from a directory, an archive or a file: which calls there are, and how whole each is."""

from __future__ import annotations

import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

from sekisho_check.calls import KINDS, Kind, recognised

LIMIT = 4 << 30
"""No snapshot unpacks to more bytes than this."""
TOKENS = ("NextToken", "nextToken", "NextMarker", "AdditionalRoutesAvailable", "IsTruncated", "HasMoreDestinations")
ONWARD, BACK = ("NextToken", "nextToken", "NextMarker"), ("NextToken", "nextToken", "Marker")
"""Where an answer names the next page, and where a request does."""
ACCOUNT = re.compile(r"\d{12}")
REGION = re.compile(r"[a-z]{2}(?:-[a-z]+)+-\d")
START = re.compile(r'"operation"\s*:\s*"(\w+)"|"(\w+)"\s*:\s*[\[{]')


DAMAGE = (zlib.error, lzma.LZMAError, zipfile.BadZipFile, tarfile.TarError)


class UnreadableError(Exception):
    """What is given is no snapshot, or no certificates."""


class Call(NamedTuple):
    """One saved answer."""

    kind: Kind
    file: str
    pointer: str
    account: str | None
    region: str | None
    parameters: dict[str, Any]
    answer: dict[str, Any]
    failed: bool
    incomplete: bool


class Snapshot(NamedTuple):
    files: dict[str, Any]
    calls: list[Call]
    certificates: bytes | None
    """Those that an evidence file carries."""


def read(place: str) -> Snapshot:
    """All answers under the place."""
    return gathered(place, _files(place))


def gathered(place: str, found: Iterable[tuple[str, bytes]]) -> Snapshot:
    """All answers among the files."""
    files: dict[str, Any] = {}
    calls: list[Call] = []
    certificates = None
    evidence = None
    for name, data in found:
        if name == "certificates.jsonl":
            certificates = data
            continue
        evidence = evidence or name.startswith("snapshot/")
        if not name.endswith((".json", ".json.gz")):
            continue
        file, document = name, _document(name, data)
        if isinstance(document, str):
            calls.append(_damaged(file, document))
            continue
        files[file] = document
        call = _call(file, document)
        if call is not None:
            calls.append(call)
    if evidence and certificates is not None:
        start = len("snapshot/")
        files = {name[start:]: document for name, document in files.items() if name.startswith("snapshot/")}
        calls = [call._replace(file=call.file[start:]) for call in calls if call.file.startswith("snapshot/")]
    if not calls:
        raise UnreadableError(f"{place}: no saved AWS answer in it")
    return Snapshot(files, _paged(calls), certificates)


def _files(place: str) -> Iterator[tuple[str, bytes]]:
    path = Path(place)
    try:
        if path.is_dir():
            yield from _of_directory(path)
        elif zipfile.is_zipfile(path):
            yield from _of_zip(path)
        elif tarfile.is_tarfile(path):
            yield from _of_tar(path)
        else:
            yield path.name, path.read_bytes()
    except (OSError, EOFError, ValueError, RuntimeError, *DAMAGE) as problem:
        raise UnreadableError(f"{place}: cannot be read: {problem}") from problem


def _of_directory(path: Path) -> Iterator[tuple[str, bytes]]:
    found = [each for each in sorted(path.rglob("*")) if each.is_file() and each.name.endswith((".json", ".json.gz"))]
    _within(path, sum(each.stat().st_size for each in found))
    for each in found:
        yield each.relative_to(path).as_posix(), each.read_bytes()


def _of_zip(path: Path) -> Iterator[tuple[str, bytes]]:
    with zipfile.ZipFile(path) as archive:
        found = sorted((entry for entry in archive.infolist() if not entry.is_dir()), key=lambda entry: entry.filename)
        _within(path, sum(entry.file_size for entry in found))
        for entry in found:
            yield entry.filename, archive.read(entry)


def _of_tar(path: Path) -> Iterator[tuple[str, bytes]]:
    with tarfile.open(path) as tar:
        found = sorted((member for member in tar.getmembers() if member.isfile()), key=lambda member: member.name)
        _within(path, sum(member.size for member in found))
        for member in found:
            stream = tar.extractfile(member)
            if stream is not None:
                yield member.name.removeprefix("./"), stream.read()


def _within(place: Path, size: int) -> None:
    if size > LIMIT:
        raise UnreadableError(f"{place}: unpacks to more than {LIMIT} bytes")


def _document(name: str, data: bytes) -> Any:  # noqa: ANN401 - any JSON; a str is the start of what is none
    if name.endswith(".gz"):
        try:
            with gzip.GzipFile(fileobj=io.BytesIO(data)) as packed:
                data = packed.read(LIMIT)
        except (OSError, EOFError, zlib.error):
            data = b""
    try:
        document = json.loads(data)
    except (ValueError, RecursionError):
        return data[:4096].decode("utf-8", "replace")
    return document if isinstance(document, dict) else {}


def _damaged(file: str, start: str) -> Call:
    """A call that counts as failed, where the readable start of the file shows which one it is."""
    for match in START.finditer(start):
        operation, key = match.groups()
        for kind in KINDS.values():
            if operation == kind.operation or (key is not None and key == kind.key):
                account, region = _from_path(file)
                return Call(kind, file, "", account, region, {}, {}, failed=True, incomplete=False)
    raise UnreadableError(f"{file}: not JSON, and nothing shows which call it is of")


def _call(file: str, document: dict[str, Any]) -> Call | None:
    account, region = _from_path(file)
    if "operation" in document and "service" in document:
        kind = KINDS.get(f"{document['service']}:{document['operation']}")
        if kind is None:
            return None
        answer, parameters = document.get("response"), document.get("parameters")
        failed = document.get("error") is not None or not isinstance(answer, dict) or kind.key not in answer
        answer = answer if isinstance(answer, dict) else {}
        account = _text(document.get("account"), ACCOUNT) or account
        region = _text(document.get("region"), REGION) or region
        parameters = parameters if isinstance(parameters, dict) else {}
        return Call(kind, file, "/response", account, region, parameters, answer, failed, _left_over(answer, kind.key))
    kind = recognised(document)
    if kind is None:
        return None
    return Call(kind, file, "", account, region, {}, document, failed=False, incomplete=_left_over(document, kind.key))


def _paged(calls: list[Call]) -> list[Call]:
    """The calls: a page is whole where the page that its token asks for is there, and the one that asked for it.

    Pages are those of one call, account and Region.
    """
    left: set[tuple[object, ...]] = set()
    asked: set[tuple[object, ...]] = set()
    for call in calls:
        left |= {(*_series(call), token) for token in _tokens(call.answer, *ONWARD)}
        asked |= {(*_series(call), token) for token in _tokens(call.parameters, *BACK)}
    out = []
    for call in calls:
        series, onward, back = _series(call), _tokens(call.answer, *ONWARD), _tokens(call.parameters, *BACK)
        settled = bool(onward) and all((*series, token) in asked for token in onward)
        lacking = any((*series, token) not in left for token in back)
        out.append(call._replace(incomplete=(call.incomplete and not settled) or lacking))
    return out


def _series(call: Call) -> tuple[object, ...]:
    return call.kind.service, call.kind.operation, call.account, call.region


def _tokens(members: dict[str, Any], *names: str) -> list[str]:
    """The tokens by which pages ask for others."""
    found = (members.get(name) for name in names)
    return [token for token in found if isinstance(token, str) and token]


def _text(value: object, pattern: re.Pattern[str]) -> str | None:
    return value if isinstance(value, str) and pattern.fullmatch(value) else None


def _left_over(answer: dict[str, Any], key: str) -> bool:
    """Whether the answer is not whole: it says so, or what it lists cannot be read."""
    inner, listed = answer.get("VpcOriginList"), answer.get(key)
    if isinstance(listed, list) and not all(isinstance(one, dict) for one in listed):
        return True
    return any(answer.get(token) for token in TOKENS) or (isinstance(inner, dict) and bool(inner.get("IsTruncated")))


def _from_path(file: str) -> tuple[str | None, str | None]:
    parts = file.split("/")[:-1]
    accounts = [part for part in parts if ACCOUNT.fullmatch(part)]
    regions = [part for part in parts if REGION.fullmatch(part)]
    return accounts[-1] if accounts else None, regions[-1] if regions else None
