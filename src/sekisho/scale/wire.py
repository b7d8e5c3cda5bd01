"""What goes from process to process, as bytes.

INVARIANT of `sets.diagram`: equal sets are one object. So a set is sent as its steps and made anew by `diagram.node`
where it arrives, and there equals the sets of every other process that are the same.
"""

import copyreg
import io
import pickle
from collections.abc import Callable
from typing import Any

from sekisho.model.snapshot import Page, Snapshot
from sekisho.sets.diagram import EMPTY, FULL, Node, node

_Made = tuple[Callable[..., Any], tuple[Any, ...]]


def dumps(value: object) -> bytes:
    """The bytes of records, a snapshot, rows or answers."""
    buffer = io.BytesIO()
    pickler = pickle.Pickler(buffer, pickle.HIGHEST_PROTOCOL)
    pickler.dispatch_table = _TABLE
    pickler.dump(value)
    return buffer.getvalue()


def loads(data: bytes) -> Any:  # noqa: ANN401 - what was sent
    """What `dumps` was given. Only for bytes of our own processes."""
    return pickle.loads(data)  # noqa: S301 - written by `dumps` in a process of this run


def _steps(one: Node) -> _Made:
    if one is EMPTY or one is FULL:
        return _terminal, (one is FULL,)
    return node, (one.starts, one.children)


def _terminal(full: bool) -> Node:  # noqa: FBT001 - pickle passes arguments by place
    return FULL if full else EMPTY


def _contents(one: Snapshot) -> _Made:
    """Without the tables and indices, which are made of the pages where they arrive."""
    named = {
        "calls": one.calls,
        "issues": one.issues,
        "missing": tuple(one.missing.values()),
        "unmodelled": one.unmodelled,
        "inputs": one.inputs,
        "collected": one.collected,
    }
    return _snapshot, (one.pages, named)


def _snapshot(pages: tuple[Page, ...], named: dict[str, Any]) -> Snapshot:
    return Snapshot(pages, **named)


_MAKERS: dict[type, Callable[[Any], _Made]] = {Node: _steps, Snapshot: _contents}
_TABLE: dict[type, Callable[[Any], Any]] = {**copyreg.dispatch_table, **_MAKERS}
