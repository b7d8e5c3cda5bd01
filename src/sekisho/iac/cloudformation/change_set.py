"""A change set as DescribeChangeSet answers it, with the properties of each resource before and after."""

from typing import Any

import msgspec

from sekisho.errors import SnapshotError
from sekisho.iac.resource import Resource
from sekisho.iac.values import Declared, Unknown, text
from sekisho.model.record import Scope

from .properties import NETWORKING, SELF, converted, lowered, snake, understood
from .stack import Declaration, id_of

Json = dict[str, Any]
_LATER = "{{changeSet:KNOWN_AFTER_APPLY}}"


def is_change_set(document: Json) -> bool:
    return "ChangeSetName" in document and isinstance(document.get("Changes"), list)


class ChangeSet:
    """The resources that a change set touches, as they were and as they will be."""

    def __init__(self, document: Json, file: str, scope: Scope) -> None:
        self._file, self._scope = file, _scope(document, scope)
        changes = (c.get("ResourceChange") for c in document["Changes"] if isinstance(c, dict))
        self._changes = [c for c in changes if isinstance(c, dict)]
        if self._changes and not any(c.get("BeforeContext") or c.get("AfterContext") for c in self._changes):
            command = "aws cloudformation describe-change-set --include-property-values"
            raise SnapshotError(f"{file}: the change set holds no properties; save it with `{command}`")

    def before(self) -> list[Resource]:
        return [r for i, c in enumerate(self._changes) for r in self._side(i, c, "BeforeContext", replaced=False)]

    def after(self) -> list[Resource]:
        replaced = [text(c.get("Replacement")) in {"True", "true"} for c in self._changes]
        pairs = zip(self._changes, replaced, strict=True)
        return [r for i, (c, new) in enumerate(pairs) for r in self._side(i, c, "AfterContext", replaced=new)]

    def _side(self, index: int, change: Json, member: str, *, replaced: bool) -> list[Resource]:
        kind, name = text(change.get("ResourceType")) or "", text(change.get("LogicalResourceId")) or f"change{index}"
        properties = _properties(change.get(member))
        if properties is None:
            return []
        physical = None if replaced else text(change.get("PhysicalResourceId"))
        own = physical or id_of(kind, name, self._scope, text(properties.get("Type")))
        place = Declared(self._file, name, f"/Changes/{index}")
        if not understood(kind):
            type_ = f"aws_vpc_{snake(kind.rpartition('::')[2])}_unread"
            found = [(type_, "", lowered(properties))] if NETWORKING.match(kind) else []
        else:
            found = list(converted(kind, properties))
        return [
            Declaration(
                type_,
                name,
                f"{own}-{part}" if part else own,
                self._scope,
                place,
                {k: own if v == SELF else v for k, v in arguments.items()},
                kind,
            )
            for type_, part, arguments in found
        ]


def _scope(document: Json, fallback: Scope) -> Scope:
    """The account and Region in the ARN of the stack."""
    parts = (text(document.get("StackId")) or "").split(":")
    return Scope(parts[4], parts[3]) if len(parts) > 5 and parts[4].isdecimal() else fallback  # noqa: PLR2004 - an ARN


def _properties(context: object) -> Json | None:
    """The properties of one side, None where the resource is not there."""
    if not isinstance(context, str) or not context:
        return None
    try:
        found = msgspec.json.decode(context)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return {}
    properties = found.get("Properties") if isinstance(found, dict) else None
    return _settled(properties, 0) if isinstance(properties, dict) else {}


def _settled(value: Any, depth: int) -> Any:  # noqa: ANN401
    if isinstance(value, str) and _LATER in value:
        return Unknown("a value of the change set")
    if isinstance(value, dict) and depth < 100:  # noqa: PLR2004 - deeper than any property
        return {k: _settled(v, depth + 1) for k, v in value.items()}
    if isinstance(value, list) and depth < 100:  # noqa: PLR2004
        return [_settled(v, depth + 1) for v in value]
    return value
