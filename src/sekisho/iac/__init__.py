"""Infrastructure as code as input: what is declared becomes the same `Snapshot` as what is collected.

A Terraform or OpenTofu plan or state, a CloudFormation template, a change set, `cdk.out`, an AWS Config snapshot: the
content tells. Each is translated to AWS's own answers, which the ordinary loader reads; nothing later knows of it.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from sekisho.errors import SnapshotError
from sekisho.load import from_files
from sekisho.load.files import read as files_of
from sekisho.model.snapshot import Snapshot

from .config import Expansion
from .values import Declared

__all__ = ["Loaded", "load"]


class Loaded(NamedTuple):
    """A snapshot, where what it holds is declared, and the live one on which a plan is laid, if any.

    `collected` says whether it holds AWS's own answers and nothing that was made into such.
    """

    snapshot: Snapshot
    declared: Mapping[str, Declared]
    before: Snapshot | None = None
    collected: bool = False


def load(path: Path | str, *, on: Path | None = None, parameters: Mapping[str, str] | None = None) -> Loaded:
    """What is at the path or address, declared or collected; `on` is the live snapshot that a plan changes.

    SnapshotError, with one line that says what to do, where it cannot be read.
    """
    from . import sources  # noqa: PLC0415 - imported only where there may be something declared

    if isinstance(path, str) and on is not None:
        raise SnapshotError("--on takes a Terraform plan or a change set in a local file")
    found = sources.read(path, dict(parameters or {}), on) if isinstance(path, Path) else None
    if found is not None:
        return found
    expansion = Expansion(files_of(path))
    snapshot = from_files(expansion, str(path))
    if expansion.inputs:
        from .assemble import relocated  # noqa: PLC0415

        places = expansion.places
        snapshot = relocated(snapshot, lambda source: places.get(source.file, source), tuple(expansion.inputs))
    return Loaded(snapshot, {}, collected=not expansion.inputs)
