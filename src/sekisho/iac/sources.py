"""Which kind of declaration a file is, by its content, and its way to a snapshot."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from sekisho.errors import SnapshotError
from sekisho.load import load as load_snapshot
from sekisho.load.files import Limits, read_text
from sekisho.model.record import Scope
from sekisho.model.snapshot import Input

from . import Loaded, stacks
from .assemble import assemble
from .cloudformation.change_set import ChangeSet, is_change_set
from .cloudformation.text import parse
from .estate import Estate
from .overlay import lay, stubs
from .resource import Resource
from .terraform.plan import NO_ACCOUNT, Plan
from .terraform.plan import resources as terraform_resources
from .translate import translate

_YAML = (".yaml", ".yml", ".template")


def read(path: Path, parameters: Mapping[str, str], on: Path | None) -> Loaded | None:
    """What the path declares; None where it is a snapshot, or nothing that is known here."""
    if (path / "manifest.json").is_file() and not on:
        return stacks.assembly(path, parameters)
    document, digest, size = _document(path)
    if document is None:
        if on is not None:
            raise SnapshotError(f"{path.name}: --on takes a Terraform plan or a change set, and this is none")
        return None
    if _is_terraform(document):
        return _terraform(document, path, Input(path.name, digest, size), on)
    if is_change_set(document):
        return _change_set(document, path, Input(path.name, digest, size), on)
    if on is not None:
        raise SnapshotError(f"{path.name}: --on takes a Terraform plan or a change set")
    if is_template(document):
        return stacks.single(document, path, Input(path.name, digest, size), parameters)
    return None


def is_template(document: dict[str, Any]) -> bool:
    """Whether it is a CloudFormation template: resources with types."""
    declared = document.get("Resources")
    if not isinstance(declared, dict) or not declared:
        return "AWSTemplateFormatVersion" in document
    return any(
        isinstance(r, dict) and isinstance(r.get("Type"), str) and "::" in r["Type"] for r in declared.values()
    ) or any(k.startswith("Fn::ForEach") for k in declared)


def _is_terraform(document: dict[str, Any]) -> bool:
    return "format_version" in document and bool({"planned_values", "resource_changes", "values"} & document.keys())


def _terraform(document: dict[str, Any], path: Path, origin: Input, on: Path | None) -> Loaded:
    if "planned_values" not in document and "values" not in document:
        raise SnapshotError(f"{path.name}: the plan holds no planned values; save it with `terraform show -json`")
    after = Plan(document, path.name)
    before = terraform_resources(Plan(document, path.name, before=True)) if on is not None else []
    return _laid(origin, before, terraform_resources(after), after.gone, on)


def _change_set(document: dict[str, Any], path: Path, origin: Input, on: Path | None) -> Loaded:
    changes = ChangeSet(document, path.name, Scope(NO_ACCOUNT, None))
    return _laid(origin, changes.before(), changes.after(), (), on)


def _laid(
    origin: Input, before: Sequence[Resource], after: Sequence[Resource], gone: Sequence[Resource], on: Path | None
) -> Loaded:
    """What is declared, alone or on what is live."""
    live = load_snapshot(on) if on is not None else None
    estate = stubs(live, origin.file) if live else Estate(origin.file)
    translate(estate, after, gone)
    if live is not None:
        was = stubs(live, origin.file)
        translate(was, before)
        merged = lay(was, estate, live)
        return Loaded(assemble(merged, origin, live), merged.declared, live)
    estate.issue("", "only what it declares is judged", "lay it on a snapshot with --on to see it with what is live")
    return Loaded(assemble(estate, origin), estate.declared)


def _document(path: Path) -> tuple[dict[str, Any] | None, str, int]:
    """The file's one object with its digest and size; None where it has none, which the loader then says."""
    if not path.is_file():
        return None, "", 0
    if path.suffix.lower() not in {".json", ".tfplan", ".tfstate", *_YAML} and path.name != "tfplan":
        return None, "", 0
    data, lain = read_text(path, Limits())
    if lain.startswith(b"PK") and path.suffix.lower() != ".zip":
        raise SnapshotError(
            f"{path.name}: a plan in Terraform's own format; save it with `terraform show -json {path.name}`"
        )
    if path.suffix.lower() in _YAML and not data.lstrip().startswith(b"{"):
        found = parse(data, path.name)
    else:
        try:
            found = msgspec.json.decode(data)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return None, "", 0
        if isinstance(found, dict) and is_template(found):
            # Read again, for the lines.
            found = parse(data, path.name)
    digest = hashlib.sha256(lain).hexdigest()
    return (found if isinstance(found, dict) else None), digest, len(lain)
