"""Digests of single records: the SHA-256 of their canonical JSON (RFC 8785), by file and JSON pointer (RFC 6901)."""

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import rfc8785

from sekisho.errors import SnapshotError
from sekisho.model.record import Issue, Source

from . import files


def digests(path: Path | str, places: Iterable[Source]) -> dict[Source, str]:
    """The digest of each place of the snapshot, in hexadecimal. Holds one file at a time.

    SnapshotError where the snapshot no longer holds one of them.
    """
    wanted: dict[str, list[Source]] = {}
    for place in places:
        wanted.setdefault(place.file, []).append(place)
    found: dict[Source, str] = {}
    for file in files.read(path):
        if isinstance(file, Issue) or file.name not in wanted:
            continue
        whole = msgspec.json.decode(file.data)
        for place in wanted.pop(file.name):
            found[place] = hashlib.sha256(rfc8785.dumps(_at(whole, place))).hexdigest()
    if wanted:
        raise SnapshotError(f"{next(iter(wanted))} is no longer in the snapshot; it changed while it was assessed")
    return found


def _at(whole: Any, place: Source) -> Any:  # noqa: ANN401 - any JSON value
    value = whole
    for step in place.pointer.split("/")[1:]:
        key = step.replace("~1", "/").replace("~0", "~")
        try:
            value = value[int(key)] if isinstance(value, list) else value[key]
        except (KeyError, IndexError, ValueError, TypeError):
            message = f"{place.file} changed while it was assessed: nothing stands at {place.pointer}"
            raise SnapshotError(message) from None
    return value
