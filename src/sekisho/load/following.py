"""A snapshot that is read again and again: what did not change since the last time is not decoded again."""

import os
import time
from pathlib import Path

from sekisho.errors import SnapshotError
from sekisho.model.record import Issue, Scope
from sekisho.model.snapshot import Input, Snapshot

from . import answers_of, files, linked, uncollected
from .decode import Decoded

#: Name, size, time of change and inode of every file.
_Look = tuple[tuple[str, int, int, int], ...]
_Answers = tuple[list[tuple[Decoded, Scope]], list[Issue]]


class Following:
    """A directory whose files change."""

    def __init__(self, path: Path, limits: files.Limits | None = None) -> None:
        self._path, self._limits = path, limits
        self._look: _Look | None = None
        self._known: dict[tuple[str, str], _Answers] = {}

    def read(self, *, settled: float = 0) -> Snapshot | None:
        """The snapshot as it is now; None where no file is another than the last time, by its size, time or bytes.

        Files that changed are left alone until they have been the same for `settled` seconds.
        SnapshotError where it cannot be read.
        """
        look = self._looked()
        if look == self._look:
            return None
        while settled and self._look is not None:
            time.sleep(settled)
            before, look = look, self._looked()
            if look == before:
                break
        with uncollected():
            found = self._read()
        self._look = look
        return found

    def _looked(self) -> _Look:
        if not self._path.is_dir():
            raise SnapshotError(f"{self._path}: no directory; unpack the snapshot to follow it")
        found = []
        for folder, _, names in os.walk(self._path):
            for name in names:
                try:
                    status = Path(folder, name).lstat()
                except FileNotFoundError:
                    continue
                found.append((str(Path(folder, name)), status.st_size, status.st_mtime_ns, status.st_ino))
        return tuple(sorted(found))

    def _read(self) -> Snapshot | None:
        issues: list[Issue] = []
        inputs: list[Input] = []
        known: dict[tuple[str, str], _Answers] = {}
        for file in files.read(self._path, self._limits):
            if isinstance(file, Issue):
                issues.append(file)
                continue
            inputs.append(Input(file.name, file.sha256, file.size))
            key = (file.name, file.sha256)
            known[key] = self._known.get(key) or answers_of(file)
        if known.keys() == self._known.keys():
            return None
        decoded = [one for answers, _ in known.values() for one in answers]
        snapshot = linked(self._path, decoded, [*issues, *(i for _, more in known.values() for i in more)], inputs)
        self._known = known
        return snapshot
