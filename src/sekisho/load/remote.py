"""Snapshots at an address (`s3://bucket/snapshot`, `gs://...`), read through fsspec as local ones are from disk.

A `Remote` answers what `files` asks of a `Path`. Nothing is written, and nothing is kept between two reads.
"""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any, NamedTuple
from urllib.parse import unquote, urlsplit

from sekisho.errors import ResourceError, SnapshotError

_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
#: What libraries raise that is no OSError, by module and class.
_FOREIGN = (
    ("botocore.exceptions", "BotoCoreError"),
    ("botocore.exceptions", "ClientError"),
    ("google.auth.exceptions", "GoogleAuthError"),
    ("aiohttp", "ClientError"),
)


class Size(NamedTuple):
    st_size: int


class Entry(NamedTuple):
    """A file inside of a directory: its name there, its whole path, its size as far as told, and if it is a link."""

    name: str
    path: str
    size: int
    link: bool


class Remote:
    """A file or a directory of a file system that fsspec knows. ResourceError, one line, where it knows none."""

    def __init__(self, url: str) -> None:
        try:
            import fsspec.core  # noqa: PLC0415 - an extra
        except ModuleNotFoundError:
            raise ResourceError("a snapshot at an address needs an extra: pip install 'sekisho[remote]'") from None
        self.url = url
        try:
            # What is listed is listed anew: a process may read a snapshot twice.
            found: tuple[Any, str] = fsspec.core.url_to_fs(url, use_listings_cache=False, skip_instance_cache=True)
        except ImportError as error:
            raise ResourceError(f"{url}: {' '.join(str(error).split())}; see the extra sekisho[remote]") from None
        except ValueError as error:
            raise SnapshotError(f"{url}: {' '.join(str(error).split())}") from None
        self._files, self._path = found

    def __str__(self) -> str:
        return self.url

    @property
    def name(self) -> str:
        return self._path.rstrip("/").rpartition("/")[2] or self.url

    def exists(self) -> bool:
        return bool(self._files.exists(self._path))

    def is_dir(self) -> bool:
        return bool(self._files.isdir(self._path))

    def is_file(self) -> bool:
        return bool(self._files.isfile(self._path))

    def stat(self) -> Size:
        return Size(int(self._files.size(self._path) or 0))

    def open(self, mode: str = "rb") -> IO[bytes]:
        return self.open_entry(self._path, mode)

    def open_entry(self, path: str, mode: str = "rb") -> IO[bytes]:
        stream: IO[bytes] = self._files.open(path, mode)
        return stream

    def walk(self) -> Iterator[Entry]:
        """Every file below it, directory by directory."""
        root = self._path.rstrip("/")
        for folder, _, files in self._files.walk(root, detail=True):
            for name, told in sorted(files.items()):
                if name:
                    path = f"{folder.rstrip('/')}/{name}"
                    inside = path[len(root) :].lstrip("/")
                    yield Entry(inside, path, int(told.get("size") or 0), bool(told.get("islink")))


def place_of(snapshot: Path | str) -> Path | Remote:
    """Where the snapshot is: an address of this machine (`file://`) is a path like any other."""
    if isinstance(snapshot, Path) or not _ADDRESS.match(snapshot):
        return Path(snapshot)
    split = urlsplit(snapshot)
    if split.scheme in {"file", "local"} and split.netloc in {"", "localhost"}:
        return Path(unquote(split.path))
    return Remote(snapshot)


def faults() -> tuple[type[BaseException], ...]:
    """What may be raised, besides an OSError, where a store cannot be read: of the libraries that are in use."""
    known = (getattr(sys.modules.get(module), name, None) for module, name in _FOREIGN)
    return tuple(found for found in known if found is not None)
