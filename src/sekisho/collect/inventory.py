"""The inventory of listeners that `assess --listeners` reads: of each instance its sockets, or why it told nothing."""

from collections.abc import Mapping
from typing import Any, NamedTuple

import msgspec

from sekisho.findings.listeners import Listener


class Told(NamedTuple):
    """What an instance told: `state` is healthy where that is all that listens there, else `why` says what happened."""

    state: str
    sockets: tuple[Listener, ...] = ()
    why: str = ""


def encoded(inventory: Mapping[str, Told]) -> bytes:
    """The inventory as JSON, a socket a line; the same in any order gives the same bytes."""
    lines = [f"  {_text(name)}: {_instance(told)}" for name, told in sorted(inventory.items())]
    return ("{\n" + ",\n".join(lines) + "\n}\n").encode() if lines else b"{}\n"


def _instance(told: Told) -> str:
    if told.state != "healthy":
        return f'{{"state": {_text(told.state)}, "why": {_text(told.why)}}}'
    rows = sorted(_text(_socket(one)) for one in told.sockets)
    sockets = "[\n" + ",\n".join(f"    {row}" for row in rows) + "\n  ]" if rows else "[]"
    return f'{{"state": "healthy", "sockets": {sockets}}}'


def _socket(one: Listener) -> dict[str, Any]:
    row: dict[str, Any] = {"protocol": one.protocol, "address": one.address or "*", "port": one.port}
    if one.process:
        known = {"process": one.process.name, "pid": one.process.pid, "path": one.process.path}
        row |= {key: value for key, value in known.items() if value is not None}
    return row


def _text(value: Any) -> str:  # noqa: ANN401  any JSON value
    return msgspec.json.encode(value).decode()
