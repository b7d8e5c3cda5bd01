"""What an estate is written as: records of listed calls, and answers about one resource."""

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

Json = dict[str, object]

#: When everything was made, and when it was collected.
CREATED = "2026-03-02T01:00:00+00:00"
COLLECTED = "2026-11-23T05:00:00Z"


class Listed(NamedTuple):
    """One record of the call whose table (in `model.kinds`) it is."""

    table: str
    record: Json


class Asked(NamedTuple):
    """The whole answer of a call that is made for one resource."""

    call: str
    member: str
    parameters: Json
    records: list[Json]
    more: Mapping[str, object] = MappingProxyType({})


Row = Listed | Asked


def tags(name: str, **others: str) -> list[Json]:
    return [{"Key": key, "Value": value} for key, value in {"Name": name, **others}.items()]
