"""The only reader of disk and of remote stores: a directory, a zip or a tar archive gives the same names and bytes.

Only `*.json` and `*.json.gz` are read. Nothing is ever written or extracted, no link is followed, and
every size is bounded before it is believed.
"""

import gzip
import hashlib
import io
import os
import stat
import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple, cast

from sekisho.errors import SnapshotError
from sekisho.model.kinds import KINDS, UNMODELLED_KINDS
from sekisho.model.record import Issue, Scope

from . import remote
from .clues import scope_of_path
from .remote import Remote

_CHUNK = 1 << 20
SERVICES = {kind.service for kind in KINDS} | {kind.service for kind in UNMODELLED_KINDS}
Place = Path | Remote
_DAMAGED = (zipfile.BadZipFile, tarfile.TarError, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError)


class Limits(NamedTuple):
    """How much of a snapshot is read at most; `ratio` is unpacked to packed bytes, after the first `free` bytes."""

    entries: int = 200_000
    file_bytes: int = 1 << 30
    total_bytes: int = 4 << 30
    ratio: int = 200
    free: int = 16 << 20


class File(NamedTuple):
    """One JSON file: its text as UTF-8, digest and size of its bytes as they lay, and what cut the text short."""

    name: str
    data: bytes
    sha256: str
    size: int
    damage: str = ""


class _Budget:
    """What may still be read of one snapshot."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._entries = 0
        self._bytes = 0
        self._names: set[str] = set()

    def enter(self) -> None:
        self._entries += 1
        if self._entries > self.limits.entries:
            raise SnapshotError(f"the snapshot holds more than {self.limits.entries} entries; split it")

    def spend(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.limits.total_bytes:
            raise SnapshotError(f"the snapshot unpacks to more than {self.limits.total_bytes} bytes; split it")

    def admit(self, name: str) -> None:
        if name in self._names:
            raise SnapshotError(f"the archive holds {name} twice; keep one")
        self._names.add(name)

    def check(self, name: str, unpacked: int, packed: int) -> None:
        if unpacked > self.limits.file_bytes:
            raise SnapshotError(f"{name} is larger than {self.limits.file_bytes} bytes; split it into pages")
        if unpacked > self.limits.free and unpacked > self.limits.ratio * max(packed, 1):
            raise SnapshotError(
                f"{name} unpacks to over {self.limits.ratio} times its size; it is taken for a zip bomb"
            )


def read(snapshot: Path | str, limits: Limits | None = None) -> Iterator[File | Issue]:
    """Every JSON file of the snapshot in the order of its container, and an issue for each that is left out.

    A string may be an address that fsspec knows.
    """
    budget = _Budget(limits or Limits())
    path = remote.place_of(snapshot)
    try:
        yield from _directory(path, budget) if path.is_dir() else _container(path)(path, budget)
    except _DAMAGED as error:
        raise SnapshotError(f"{path.name}: the archive is damaged ({shown(str(error))}); save it again") from error
    except OSError as error:
        raise SnapshotError(f"{path.name}: cannot be read ({shown(error.strerror or str(error))})") from error
    except SnapshotError:
        raise
    except remote.faults() as error:
        raise SnapshotError(f"{path}: cannot be read ({shown(str(error))})") from error


def read_text(path: Path, limits: Limits) -> tuple[bytes, bytes]:
    """The bytes of one file as UTF-8 text, and as they lie there."""
    try:
        with path.open("rb") as stream:
            size = path.stat().st_size
            lain = _bounded(stream, path.name, size, _Budget(limits), at_once=size)
    except OSError as error:
        raise SnapshotError(f"{path.name}: cannot be read ({shown(error.strerror or str(error))})") from error
    return _utf8(lain), lain


def shown(text: str, limit: int = 120) -> str:
    """Text from the input as it may stand in a one-line message."""
    line = text[: limit + 1]
    if not line.isprintable():
        line = "".join(c if c.isprintable() else "?" for c in line)
    return line if len(line) <= limit else line[:limit] + "..."


def _container(path: Place) -> Callable[[Place, _Budget], Iterator[File | Issue]]:
    if not path.exists():
        raise SnapshotError(f"{path}: no such file or directory")
    if not path.is_file():
        raise SnapshotError(f"{path}: not a directory, a zip, a tar.gz or a JSON file")
    if _is_json(path.name):
        return _single
    with path.open("rb") as stream:
        if zipfile.is_zipfile(stream):
            return _zip
        stream.seek(0)
        if stream.read(2) == b"\x1f\x8b":
            return _tar
        stream.seek(0)
        if tarfile.is_tarfile(stream):
            return _tar
    raise SnapshotError(f"{path}: not a directory, a zip, a tar.gz or a JSON file")


def _is_json(name: str) -> bool:
    return name.lower().endswith((".json", ".json.gz"))


# Containers -----------------------------------------------------------------------------------------


def _single(path: Place, budget: _Budget) -> Iterator[File | Issue]:
    with path.open("rb") as stream:
        size = path.stat().st_size
        yield _file(path.name, _bounded(stream, path.name, size, budget, at_once=size), budget)


def _directory(path: Place, budget: _Budget) -> Iterator[File | Issue]:
    return _listed(path, budget) if isinstance(path, Remote) else _walked(path, budget)


def _listed(path: Remote, budget: _Budget) -> Iterator[File | Issue]:
    for entry in path.walk():
        budget.enter()
        if not _is_json(entry.name) or _hidden(entry.name):
            yield from _left_out(entry.name)
            continue
        if entry.link:
            raise _link(entry.name)
        with path.open_entry(entry.path) as stream:
            lain = _bounded(stream, entry.name, entry.size, budget, at_once=entry.size)
            yield _file(entry.name, lain, budget)


def _walked(path: Path, budget: _Budget) -> Iterator[File | Issue]:
    for folder, folders, names in os.walk(path, onerror=_raise):
        folders.sort()
        for entry in folders:
            if Path(folder, entry).is_symlink():
                raise _link(_relative(path, folder, entry))
        for entry in sorted(names):
            budget.enter()
            name, place = _relative(path, folder, entry), Path(folder, entry)
            if not _is_json(name) or _hidden(name):
                yield from _left_out(name)
                continue
            status = place.lstat()
            if not stat.S_ISREG(status.st_mode):
                raise _link(name)
            with place.open("rb") as stream:
                yield _file(name, _bounded(stream, name, status.st_size, budget, at_once=status.st_size), budget)


def _raise(error: OSError) -> None:
    raise error


def _relative(root: Path, folder: str, entry: str) -> str:
    name = Path(folder, entry).relative_to(root).as_posix()
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _zip(path: Place, budget: _Budget) -> Iterator[File | Issue]:
    with path.open("rb") as whole, zipfile.ZipFile(whole) as archive:
        wrapper = _wrapper(_member_name(info.filename) for info in archive.infolist())
        for info in archive.infolist():
            budget.enter()
            name = _member_name(info.filename).removeprefix(wrapper)
            if not _is_json(name) or _hidden(name):
                yield from _left_out(name)
                continue
            if stat.S_ISLNK(info.external_attr >> 16):
                raise _link(name)
            budget.admit(name)
            if info.flag_bits & 1:
                raise SnapshotError(f"{name} is encrypted; save the archive without a password")
            with archive.open(info) as stream:
                yield _file(name, _bounded(stream, name, info.compress_size, budget), budget)


class _Counted(io.RawIOBase):
    """A stream that stops before the bytes read of it are out of proportion to those of the archive."""

    def __init__(self, stream: IO[bytes] | gzip.GzipFile, name: str, packed: int, budget: _Budget) -> None:
        self._stream, self._name, self._packed, self._budget = stream, name, packed, budget
        self._total = 0

    def read(self, size: int = -1) -> bytes:
        if not 0 <= size <= self._budget.limits.file_bytes:
            raise SnapshotError(f"{self._name} holds an entry larger than {self._budget.limits.file_bytes} bytes")
        data = self._stream.read(size)
        self._total += len(data)
        if self._total > self._budget.limits.free and self._total > self._budget.limits.ratio * max(self._packed, 1):
            raise SnapshotError(
                f"{self._name} unpacks to over {self._budget.limits.ratio} times its size; it is taken for a zip bomb"
            )
        return data


def _tar(path: Place, budget: _Budget) -> Iterator[File | Issue]:
    with _opened_tar(path, budget) as archive:
        wrapper = _wrapper(_tar_names(archive, budget))
    packed = path.stat().st_size
    with _opened_tar(path, budget) as archive:
        yield from _tar_members(archive, packed, wrapper, budget)


@contextmanager
def _opened_tar(path: Place, budget: _Budget) -> Iterator[tarfile.TarFile]:
    packed = path.stat().st_size
    with path.open("rb") as raw:
        gzipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        stream = gzip.GzipFile(fileobj=raw) if gzipped else raw
        counted = _Counted(stream, path.name, packed, budget)
        with tarfile.open(fileobj=counted, mode="r|") as archive:
            yield archive


def _tar_names(archive: tarfile.TarFile, budget: _Budget) -> Iterator[str]:
    for count, member in enumerate(archive):
        if count > budget.limits.entries:
            return
        yield _member_name(member.name) + ("/" if member.isdir() else "")


def _tar_members(archive: tarfile.TarFile, packed: int, wrapper: str, budget: _Budget) -> Iterator[File | Issue]:
    for member in archive:
        budget.enter()
        name = _member_name(member.name).removeprefix(wrapper)
        if member.isdir() or not _is_json(name) or _hidden(name):
            budget.spend(member.size)
            yield from _left_out(name)
            continue
        if not member.isreg():
            raise _link(name)
        budget.admit(name)
        stream = cast("IO[bytes]", archive.extractfile(member))  # a regular member has contents
        # The ratio holds for the archive as a whole, in `_Counted`.
        yield _file(name, _bounded(stream, name, max(packed, member.size), budget), budget)


# Names ----------------------------------------------------------------------------------------------


def _member_name(written: str) -> str:
    """The name inside the snapshot; SnapshotError where it leads out of the archive."""
    name = written.replace("\\", "/")
    parts = [p for p in name.split("/") if p not in {"", "."}]
    if name.startswith("/") or ".." in parts or (parts[:1] and parts[0].endswith(":")):
        raise SnapshotError(f"the archive holds a path that climbs out of it: {shown(written)}")
    tail = "/" if name.endswith("/") else ""
    text = "/".join(parts) + tail
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def _wrapper(names: Iterable[str]) -> str:
    """The one folder that an archive made from outside wraps around its snapshot, with its slash; else nothing.

    A folder that says whose the answers are (an account, a Region) or of which service belongs to the snapshot.
    """
    answers = [name for name in names if _is_json(name) and not _hidden(name)]
    folders = {name.partition("/")[0] if "/" in name else "" for name in answers}
    if len(folders) != 1:
        return ""
    folder = folders.pop()
    tells = folder in SERVICES or scope_of_path(f"{folder}/") != Scope(None, None)
    return "" if not folder or tells else f"{folder}/"


def _hidden(name: str) -> bool:
    return any(part.startswith(".") or part == "__MACOSX" for part in name.split("/"))


def _left_out(name: str) -> Iterator[Issue]:
    """What is said of a file that is not read: nothing where it cannot be an answer."""
    if _is_json(name):
        yield Issue(shown(name, 1000), "", "hidden file", "it was not read; rename it if it is part of the snapshot")
    elif name.lower().endswith((".yaml", ".yml")) and not _hidden(name):
        yield Issue(shown(name, 1000), "", "YAML is not read", "save the answer with `aws ... --output json`")


def _link(name: str) -> SnapshotError:
    return SnapshotError(f"{shown(name)} is a link or a special file; put the file itself into the snapshot")


# Bytes ----------------------------------------------------------------------------------------------


def _bounded(stream: IO[bytes], name: str, packed: int, budget: _Budget, *, at_once: int = _CHUNK) -> bytes:
    """All of the stream; `at_once` is how much may be read before anything is checked, where its size is known."""
    chunks, total = [], 0
    step = max(_CHUNK, min(at_once, budget.limits.file_bytes) + 1)
    while chunk := stream.read(step):
        chunks.append(chunk)
        total += len(chunk)
        budget.check(name, total, packed)
        budget.spend(len(chunk))
    return b"".join(chunks)


def _file(name: str, lain: bytes, budget: _Budget) -> File:
    data, damage = _gunzip(name, lain, budget) if name.lower().endswith(".gz") else (lain, "")
    return File(shown(name, 1000), _utf8(data), hashlib.sha256(lain).hexdigest(), len(lain), damage)


def _gunzip(name: str, packed: bytes, budget: _Budget) -> tuple[bytes, str]:
    """What could be unpacked, and why not more."""
    chunks, total = [], 0
    stream = gzip.GzipFile(fileobj=io.BytesIO(packed))
    try:
        while chunk := stream.read1(_CHUNK):
            chunks.append(chunk)
            total += len(chunk)
            budget.check(name, total, len(packed))
            budget.spend(len(chunk))
    except (OSError, EOFError, zlib.error):
        return b"".join(chunks), "its gzip data is damaged or cut short"
    return b"".join(chunks), ""


def _utf8(data: bytes) -> bytes:
    """The text as UTF-8 without a byte-order mark: some shells write JSON as UTF-16."""
    if data.startswith(b"\xef\xbb\xbf"):
        return data[3:]
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace").encode("utf-8", "replace")
    return data
