"""Reading listener inventories: a JSON file, or a directory of saved `ss` outputs named by instance id."""

from collections.abc import Mapping
from pathlib import Path

from sekisho.errors import SnapshotError
from sekisho.findings.listeners import Listener, parse_json, parse_ss


def read_listeners(place: Path | None) -> Mapping[str, tuple[Listener, ...] | None]:
    """Listeners by instance id, None of one that did not tell; nothing where no place is given.

    SnapshotError where a file cannot be read.
    """
    if place is None:
        return {}
    if not place.exists():
        raise SnapshotError(f"{place}: there is no such file or directory of listeners")
    if place.is_file():
        return parse_json(_text(place))
    files = sorted(f for f in place.iterdir() if f.is_file() and f.name.startswith("i-"))
    if not files:
        raise SnapshotError(f"{place}: no file there is named by an instance id, as in i-0123456789abcdef0.txt")
    return {f.name.split(".")[0]: parse_ss(_text(f)) for f in files}


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        raise SnapshotError(f"{file}: not UTF-8 text") from None
