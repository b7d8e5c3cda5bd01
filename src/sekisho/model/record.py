"""The base of all records, and where a record was written.

Records mirror the members of AWS's own answers (PascalCase there, snake_case here); a record
keeps only the members that decide reachability or that a reader needs to recognise it.
"""

from typing import NamedTuple

import msgspec


class Record(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", gc=False):
    """A frozen value decoded from one JSON object; unknown members are tolerated and dropped."""


class Tag(Record, frozen=True, kw_only=True):
    key: str
    value: str = ""


class Source(NamedTuple):
    """Where a fact stands: the file inside the snapshot and the JSON pointer (RFC 6901) in it."""

    file: str
    pointer: str


class Scope(NamedTuple):
    """The account and region that a call was made in, or that a record belongs to; null where nothing says."""

    account: str | None
    region: str | None


class Issue(NamedTuple):
    """Something in the input that could not be used as it stands, and what follows from it."""

    file: str
    pointer: str
    what: str
    effect: str


class Undecided(NamedTuple):
    """The snapshot does not settle the question; `reason` is one line for the reader."""

    reason: str


def name_of(tags: tuple[Tag, ...]) -> str | None:
    """The value of the Name tag, or None."""
    return next((tag.value for tag in tags if tag.key == "Name"), None)
