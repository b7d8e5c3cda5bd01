"""Which kind of declaration a file is, by its content, and its way to a snapshot."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sekisho.errors import SnapshotError
from sekisho.load import load as load_snapshot
from sekisho.load.files import Limits, read_text

from . import Loaded
from .assemble import assemble
from .estate import Estate
from .terraform.plan import Plan
from .terraform.plan import resources as terraform_resources
from .translate import translate

_YAML = (".yaml", ".yml", ".template")


def read(path: Path, parameters: Mapping[str, str], on: Path | None) -> Loaded | None:
    """What the path declares; None where it is a snapshot, or nothing that is known here."""
    document, digest, size = _document(path)
    if document is None:
        if on is not None:
            raise SnapshotError(f"{path.name}: --on takes a plan, a template or a change set, and this is none")
        return None
    estate = Estate(path.name)
    if _is_terraform(document):
        return _terraform(estate, document, path, digest, size, on)
    if on is not None:
        raise SnapshotError(f"{path.name}: --on takes a Terraform plan")
    return None


def _is_terraform(document: dict[str, Any]) -> bool:
    return "format_version" in document and bool({"planned_values", "resource_changes", "values"} & document.keys())


def _terraform(
    estate: Estate, document: dict[str, Any], path: Path, digest: str, size: int, on: Path | None
) -> Loaded:
    if "planned_values" not in document and "values" not in document:
        raise SnapshotError(f"{path.name}: the plan holds no planned values; save it with `terraform show -json`")
    translate(estate, terraform_resources(Plan(document, path.name)))
    return Loaded(assemble(estate, digest, size), estate.declared)


def _document(path: Path) -> tuple[dict[str, Any] | None, str, int]:
    """The file's one object with its digest and size; None where it has none, which the loader then says."""
    if not path.is_file():
        return None, "", 0
    if path.suffix.lower() not in {".json", ".tfplan", ".tfstate", *_YAML} and path.name != "tfplan":
        return None, "", 0
    data, lain = read_text(path, Limits())
    if lain.startswith(b"PK") and path.suffix.lower() not in {".zip"}:
        raise SnapshotError(f"{path.name}: a plan in Terraform's own format; save it with `terraform show -json {path.name}`")
    try:
        found = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None, "", 0
    digest = hashlib.sha256(lain).hexdigest()
    return (found if isinstance(found, dict) else None), digest, len(lain)
