"""Bytes -> `Snapshot`: plain or enveloped AWS answers, from any number of accounts and regions.

What cannot be used becomes an issue, and what hangs on it is missing or not read: nothing is dropped in silence.
"""

import gc
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from sekisho.errors import SnapshotError
from sekisho.model.kinds import Kind, UnmodelledKind
from sekisho.model.record import Issue, Scope
from sekisho.model.snapshot import Input, Snapshot, Unmodelled

from . import files, per_resource
from .decode import Decoded, decode
from .link import Records, dangling, disagreements
from .merge import merge, pages_of
from .per_resource import GATHERED
from .recognise import recognise
from .scope import Placed, resolve, stated
from .states import call_states, collected

__all__ = ["from_files", "load"]


def load(path: Path | str, limits: files.Limits | None = None) -> Snapshot:
    """The snapshot in a directory, zip, tar.gz or single JSON file; a string may be an address (`s3://...`).

    SnapshotError, with one line that says what to do, where there is none or a file of it shows nothing.
    """
    with uncollected():
        return _read(files.read(path, limits), path)


def from_files(found: Iterable[files.File | Issue], name: str) -> Snapshot:
    """The snapshot that the files hold; `name` is what a SnapshotError calls them."""
    with uncollected():
        return _read(found, name)


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector: records are made by the million, and none is in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _read(found: Iterable[files.File | Issue], name: Path | str) -> Snapshot:
    inputs: list[Input] = []
    issues: list[Issue] = []
    decoded: list[tuple[Decoded, Scope]] = []
    for file in found:
        if isinstance(file, Issue):
            issues.append(file)
            continue
        inputs.append(Input(file.name, file.sha256, file.size))
        answers, more = answers_of(file)
        decoded += answers
        issues += more
    return linked(name, decoded, issues, inputs)


def answers_of(file: files.File) -> tuple[list[tuple[Decoded, Scope]], list[Issue]]:
    """The answers in one file with where they were asked, and what could not be used of it."""
    decoded: list[tuple[Decoded, Scope]] = []
    answers, issues = recognise(file)
    found = list(issues)
    for answer in answers:
        scope, unclear = stated(answer)
        if answer.call in GATHERED and isinstance(answer.kind, Kind):
            one = per_resource.decode(answer, answer.kind)
        else:
            one = decode(answer, clues=None in scope)
        found += (*unclear, *one.issues)
        # Without the raw list, so that the file's bytes can go.
        decoded.append((one._replace(answer=one.answer._replace(body=None)), scope))
    return decoded, found


def linked(
    path: Path | str, decoded: list[tuple[Decoded, Scope]], issues: list[Issue], inputs: list[Input]
) -> Snapshot:
    """The snapshot of all answers together. SnapshotError where there are none."""
    if not decoded:
        raise SnapshotError(f"{path}: {_nothing(issues, inputs)}")
    # The order of a directory walk, a zip and a tar differ; that of names does not.
    decoded.sort(key=lambda one: (one[0].answer.file, one[0].answer.pointer))
    placed, unplaced = resolve(decoded)
    calls, gaps = call_states(placed)
    pages, lost = pages_of(placed)
    merged = merge(pages)
    records = Records(merged.pages, (*lost, *merged.missing))
    torn, disagreeing = disagreements(records)
    times, untimely = collected(one.answer for one, _ in decoded)
    found = (*issues, *unplaced, *gaps, *merged.issues, *disagreeing, *dangling(records, calls), *untimely)
    return Snapshot(
        merged.pages,
        calls=calls,
        issues=tuple(sorted(dict.fromkeys(found))),
        missing=(*lost, *merged.missing, *torn),
        unmodelled=_unmodelled(placed),
        inputs=tuple(sorted(inputs)),
        collected=times,
    )


def _unmodelled(placed: tuple[Placed, ...]) -> tuple[Unmodelled, ...]:
    """Every record that is not modelled; seen twice from one account and region, it is there once."""
    found: dict[tuple[str, str, Scope], Unmodelled] = {}
    for one in placed:
        kind = one.decoded.answer.kind
        if not isinstance(kind, UnmodelledKind):
            continue
        for record, scope in zip(one.decoded.found, one.found, strict=True):
            place = (kind.call, record.id, scope)
            earlier = found.get(place)
            refers = record.refers | (earlier.refers if earlier else frozenset())
            source = earlier.source if earlier else record.source
            found[place] = Unmodelled(kind, record.id, scope, refers, source, record.internet_facing)
    return tuple(found.values())


def _nothing(issues: list[Issue], inputs: list[Input]) -> str:
    """What to do about a snapshot without any AWS answer."""
    first = next((f" ({i.file}: {i.what}; {i.effect})" for i in issues), "")
    if inputs or first:
        return f"no AWS answer in it{first}"
    return "no *.json file in it; save answers with `aws ec2 describe-... --output json`"
