"""Where answers are kept: one enveloped file for each call, and a journal from which an interrupted collection goes on.

The journal, `manifest.jsonl`, has one line for each file as soon as that is whole on disk. It is no answer itself.
"""

import hashlib
import os
import re
import shutil
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from sekisho.errors import SnapshotError

from .ask import Outcome, names_at, now, paths_of
from .calls import Call

MANIFEST = "manifest.jsonl"
SCHEMA = "sekisho.collection/1"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
_LARGEST_MANIFEST = 1 << 30
_OWNER_ONLY, _OWNER_ONLY_DIRECTORY = 0o600, 0o700


class Job(NamedTuple):
    """One call to make: of which account, in which Region, with what."""

    account: str
    region: str
    call: Call
    parameters: Mapping[str, Any]

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.account, self.region, self.call.name, msgspec.json.encode(self.parameters, order="sorted").decode()


class Line(msgspec.Struct, kw_only=True, frozen=True):
    """What the journal says of one call."""

    call: str
    account: str
    region: str
    parameters: dict[str, Any]
    file: str
    sha256: str
    items: int
    pages: int
    started_at: str
    ended_at: str
    error: dict[str, str] | None = None

    @property
    def key(self) -> tuple[str, str, str, str]:
        return self.account, self.region, self.call, msgspec.json.encode(self.parameters, order="sorted").decode()


class _Entry(msgspec.Struct, frozen=True):
    call: Line | None = None


class Store:
    """A directory of answers, readable by its owner only: it tells how to reach an estate."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._lock = threading.Lock()
        _directory(root)
        manifest = root / MANIFEST
        if not manifest.exists() and any(root.iterdir()):
            raise SnapshotError(f"{root} holds files of something else; give a new directory, or two would mix")
        self._kept = {line.key: line for line in _journal(manifest) if line.error is None} if manifest.exists() else {}
        whole = not manifest.exists() or _ends_whole(manifest)
        descriptor = os.open(manifest, os.O_WRONLY | os.O_CREAT | os.O_APPEND, _OWNER_ONLY)
        self._manifest = os.fdopen(descriptor, "ab", buffering=0)
        if not whole:
            self._manifest.write(b"\n")

    def note(self, kind: str, fields: Mapping[str, Any]) -> None:
        """A line of the journal that is of no one call."""
        self._append({kind: dict(fields)})

    def kept(self, job: Job) -> Outcome | None:
        """The answer that an earlier run left, where it is there as it was written."""
        line = self._kept.get(job.key)
        if line is None:
            return None
        place = self.root / line.file
        try:
            data = place.read_bytes()
        except OSError:
            return None
        if hashlib.sha256(data).hexdigest() != line.sha256:
            return None
        names: dict[str, tuple[str, ...]] = {}
        paths = paths_of(job.call.name)
        if paths:
            response = msgspec.json.decode(data)["response"]
            names = {path: tuple(dict.fromkeys(names_at(response, path))) for path in paths}
        return Outcome(None, line.sha256, line.items, line.pages, (), line.started_at, line.ended_at, names)

    def save(self, job: Job, outcome: Outcome) -> None:
        """Write the answer, or the error, then its line of the journal."""
        data = _enveloped(job, outcome)
        name = _file_name(job)
        _write(self.root / name, data)
        line = Line(
            call=job.call.name,
            account=job.account,
            region=job.region,
            parameters=dict(job.parameters),
            file=name,
            sha256=hashlib.sha256(data).hexdigest(),
            items=outcome.items,
            pages=outcome.pages,
            started_at=outcome.started_at,
            ended_at=outcome.ended_at,
            error=outcome.error._asdict() if outcome.error else None,
        )
        self._append({"call": line})

    def close(self) -> None:
        self._manifest.close()

    def _append(self, entry: Mapping[str, Any]) -> None:
        line = msgspec.json.encode(entry) + b"\n"
        with self._lock:
            self._manifest.write(line)


def pack(root: Path, place: Path) -> None:
    """Make one zip of the directory, then remove the directory; the same answers give the same bytes."""
    unfinished = place.with_name(f".{place.name}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in sorted(path for path in root.rglob("*") if path.is_file() and not path.name.startswith(".")):
            info = zipfile.ZipInfo(file.relative_to(root).as_posix())
            info.compress_type, info.external_attr = zipfile.ZIP_DEFLATED, _OWNER_ONLY << 16
            with file.open("rb") as source, archive.open(info, "w", force_zip64=True) as member:
                shutil.copyfileobj(source, member)
    unfinished.replace(place)
    shutil.rmtree(root)


def _journal(manifest: Path) -> Iterator[Line]:
    if manifest.stat().st_size > _LARGEST_MANIFEST:
        raise SnapshotError(f"{manifest} is larger than any collection's; give a new directory")
    with manifest.open("rb") as lines:
        for line in lines:
            try:
                entry = msgspec.json.decode(line, type=_Entry)
            except (msgspec.MsgspecError, UnicodeError, RecursionError):
                continue  # cut short when it was interrupted: its call is made again
            if entry.call and _inside(entry.call.file):
                yield entry.call


def _inside(name: str) -> bool:
    parts = Path(name).parts
    return bool(parts) and not Path(name).is_absolute() and ".." not in parts


def _ends_whole(manifest: Path) -> bool:
    with manifest.open("rb") as stream:
        size = stream.seek(0, os.SEEK_END)
        if size == 0:
            return True
        stream.seek(size - 1)
        return stream.read(1) == b"\n"


def _enveloped(job: Job, outcome: Outcome) -> bytes:
    head = {
        "service": job.call.service,
        "operation": job.call.operation,
        "account": job.account,
        "region": job.region,
        "parameters": dict(job.parameters),
        "collected_at": outcome.started_at,
        "ended_at": outcome.ended_at,
        "request_ids": outcome.request_ids,
        "pages": outcome.pages,
        "items": outcome.items,
        "sha256": outcome.sha256 or None,
        "error": outcome.error._asdict() if outcome.error else None,
        "response": None if outcome.response is None else msgspec.Raw(outcome.response),
    }
    return msgspec.json.encode(head) + b"\n"


def _file_name(job: Job) -> str:
    name = f"{job.call.service}.{job.call.operation}"
    if job.call.each and job.call.each.parameter in job.parameters:
        subject = str(job.parameters[job.call.each.parameter])
        # Names may differ in what a file name cannot hold, or in case only.
        digest = hashlib.sha256(subject.encode()).hexdigest()[:10]
        name += f".{_UNSAFE.sub('-', subject.rpartition(':')[2])[-_LONGEST_NAME:]}.{digest}"
    return f"{job.account}/{job.region}/{name}.json"


def _directory(place: Path) -> None:
    if place.exists() and not place.is_dir():
        raise SnapshotError(f"{place} is no directory; give a new one with --output-dir, or a zip with --output-file")
    place.mkdir(mode=_OWNER_ONLY_DIRECTORY, parents=True, exist_ok=True)


def _write(place: Path, data: bytes) -> None:
    """All of it or nothing."""
    for folder in (place.parent.parent, place.parent):
        folder.mkdir(mode=_OWNER_ONLY_DIRECTORY, exist_ok=True)
    unfinished = place.with_name(f".{place.name}.part")
    descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
    with os.fdopen(descriptor, "wb") as stream:
        stream.write(data)
    unfinished.replace(place)


__all__ = ["MANIFEST", "SCHEMA", "Job", "Store", "now", "pack"]
