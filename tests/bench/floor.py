"""The floor: a process that decodes all files of a snapshot with the structs that `sekisho` uses, and nothing else.

No run can be faster than reading its input. So the garbage collector is off, and nothing is checked, hashed or joined;
what is decoded is kept, for an estate cannot be judged page by page.
"""

import gc
import os
import re
import sys
from functools import cache
from typing import Any

import msgspec

from sekisho.model.interface import Instance
from sekisho.model.kinds import KINDS, Kind

_KINDS = {kind.operation: kind for kind in KINDS}
_MEMBERS = {kind.member: kind for kind in reversed(KINDS)}
_OPERATION = re.compile(rb'"operation"\s*:\s*"(\w+)"')
_FIRST_KEY = re.compile(rb'\s*\{\s*"(\w+)"')
_HEAD = 1024


class Reservation(msgspec.Struct, rename="pascal", gc=False):
    instances: tuple[Instance, ...] = ()


def main(folder: str) -> None:
    gc.disable()
    kept = []
    for place, _, names in os.walk(folder):
        for name in names:
            with open(f"{place}/{name}", "rb", buffering=0) as file:  # noqa: PTH123  the quickest way
                data = file.readall()
            kept.append(decoder_of(data[:_HEAD]).decode(data))


def decoder_of(head: bytes) -> "msgspec.json.Decoder[Any]":
    if found := _OPERATION.search(head):
        return _enveloped(found[1].decode())
    first = _FIRST_KEY.match(head)
    return _plain(first[1].decode() if first else "")


@cache
def _enveloped(operation: str) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(_struct("response", _answer(_KINDS.get(operation)), None))


@cache
def _plain(member: str) -> "msgspec.json.Decoder[Any]":
    return msgspec.json.Decoder(_answer(_MEMBERS.get(member)))


def _answer(kind: Kind | None) -> Any:
    """What the answer of a call is decoded to; what is not modelled is only scanned."""
    if kind is None or kind.service == "cloudfront":  # which wraps its lists
        return msgspec.Raw
    if kind.whole:
        return kind.type
    return _struct(kind.member, _list(kind), ())


def _list(kind: Kind) -> Any:
    if kind.type is Instance:
        return tuple[Reservation, ...]
    fields = {field.name: field.type for field in msgspec.structs.fields(kind.type)}
    if "complete" in fields:
        # An answer about one resource: its elements are the record's one list.
        return next((type_ for type_ in fields.values() if str(type_).startswith("tuple[")), msgspec.Raw)
    return kind.type if kind.table == "bpa_options" else tuple[kind.type, ...]  # type: ignore[name-defined]


def _struct(member: str, type_: Any, default: Any) -> Any:
    return msgspec.defstruct(f"Of{member}", [(member, type_ | None if type_ is not msgspec.Raw else type_, default)])


if __name__ == "__main__":
    main(sys.argv[1])
