"""Stacks from disk: one template, or all of a folder that the CDK synthesised."""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sekisho.errors import SnapshotError
from sekisho.load.files import Limits, read_text, shown
from sekisho.model.record import Scope
from sekisho.model.snapshot import Input

from . import Loaded
from .assemble import assemble
from .cloudformation.stack import Stack, check_parameters
from .cloudformation.text import parse
from .estate import Estate
from .terraform.plan import NO_ACCOUNT
from .translate import translate

Json = dict[str, Any]
_REGION = "us-east-1"


def single(document: Json, path: Path, origin: Input, parameters: Mapping[str, str]) -> Loaded:
    """The estate that one template declares."""
    check_parameters(document, parameters, path.name)
    scope = Scope(parameters.get("AWS::AccountId", NO_ACCOUNT), parameters.get("AWS::Region", _REGION))
    stack = Stack(
        document, path.name, scope, name=parameters.get("AWS::StackName", path.stem), parameters=parameters,
        reader=_Beside(path.parent).read, exports={},
    )  # fmt: skip
    estate = Estate(path.name)
    _fill(estate, [stack])
    if "AWS::Region" not in parameters:
        estate.issue(
            "",
            f"a template does not say its Region: {_REGION} is taken",
            "give it with --parameter AWS::Region=NAME",
        )
    return Loaded(assemble(estate, origin), estate.declared)


def assembly(folder: Path, parameters: Mapping[str, str]) -> Loaded | None:
    """All stacks of a `cdk.out` folder; None where it is none."""
    manifest = _json(folder / "manifest.json")
    artifacts = manifest.get("artifacts") if isinstance(manifest, dict) else None
    if not isinstance(artifacts, dict):
        return None
    estate, stacks = Estate(folder.name), []
    exports: dict[str, Any] = {}
    digest, size, beside = hashlib.sha256(), 0, _Beside(folder)
    for name, artifact in sorted(artifacts.items()):
        if not isinstance(artifact, dict) or artifact.get("type") != "aws:cloudformation:stack":
            continue
        properties = artifact.get("properties")
        file = properties.get("templateFile") if isinstance(properties, dict) else None
        found = beside.read(file) if isinstance(file, str) else None
        if found is None:
            raise SnapshotError(f"{folder.name}: the template of stack {shown(name)} is not in the folder")
        data = msgspec.json.encode(found[0])
        digest.update(data)
        size += len(data)
        scope = _scope(str(artifact.get("environment", "")))
        stacks.append(
            Stack(
                found[0],
                found[1],
                scope,
                name=name,
                parameters=parameters,
                reader=beside.read,
                exports=exports,
                prefix=f"{name}/",
            )
        )
    if not stacks:
        raise SnapshotError(f"{folder.name}: no stack in it; run `cdk synth`")
    _fill(estate, stacks)
    return Loaded(assemble(estate, Input(folder.name, digest.hexdigest(), size)), estate.declared)


def _fill(estate: Estate, stacks: list[Stack]) -> None:
    for _ in range(2):  # what one exports may be made of what another does
        for stack in stacks:
            stack.export()
    translate(estate, [r for stack in stacks for r in stack.resources()])
    for stack in stacks:
        for address, what, effect in stack.issues:
            estate.issue(address, what, effect)


def _scope(environment: str) -> Scope:
    """`aws://111122223333/eu-west-1` as the CDK writes it, each part known or not."""
    account, _, region = environment.removeprefix("aws://").partition("/")
    return Scope(
        account if account.isdecimal() else NO_ACCOUNT, _REGION if "unknown" in region or not region else region
    )


def _json(path: Path) -> Any:  # noqa: ANN401
    try:
        return msgspec.json.decode(read_text(path, Limits())[0])
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None


class _Beside:
    """Templates of nested stacks by the file name that their URL ends with, in the folder of the outer one."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._read: dict[str, tuple[Json, str] | None] = {}

    def read(self, url: str) -> tuple[Json, str] | None:
        if url not in self._read:
            self._read[url] = self._found(url)
        return self._read[url]

    def _found(self, url: str) -> tuple[Json, str] | None:
        local = url.split("?", maxsplit=1)[0].removeprefix("./")
        parts = [p for p in local.split("/") if p not in {"", "."}]
        if ".." in parts:
            return None
        for candidate in ("/".join(parts) if "://" not in url else "", parts[-1] if parts else ""):
            place = self._folder / candidate if candidate else None
            try:
                there = place is not None and place.is_file() and not place.is_symlink()
            except OSError:  # a name that no file can have
                there = False
            if place is not None and there:
                found = parse(read_text(place, Limits())[0], candidate)
                return (found, candidate) if isinstance(found, dict) else None
        return None
