"""Intrinsic functions of a template, worked out; what only AWS knows stays Unknown."""

import re
from base64 import b64encode
from collections.abc import Callable, Mapping
from ipaddress import ip_network
from typing import Any

import msgspec

from sekisho.errors import SnapshotError
from sekisho.iac.cloudformation.text import Mapping as Template
from sekisho.iac.values import Unknown, text
from sekisho.load.files import shown
from sekisho.model.record import Scope

_SUB = re.compile(r"\$\{(!?)([^}]*)\}")
_DEPTH = 100


class _NoValue:
    """What `AWS::NoValue` leaves out."""


NO_VALUE = _NoValue()


class Functions:
    """Values of one template under its parameters.

    `resource` gives what `Ref` of a logical name is, `attribute` what `Fn::GetAtt` is, `exports` what others export.
    """

    def __init__(
        self, document: Mapping[str, Any], parameters: Mapping[str, Any], scope: Scope, stack: str, *,
        resource: Callable[[str], Any], attribute: Callable[[str, str], Any], exports: Mapping[str, Any],
    ) -> None:  # fmt: skip
        self._document, self._given, self._scope, self._stack = document, parameters, scope, stack
        self._resource, self._attribute, self._exports = resource, attribute, exports
        self._conditions: dict[str, bool] = {}
        self._bound: list[dict[str, Any]] = []

    def section(self, name: str) -> Mapping[str, Any]:
        found = self._document.get(name)
        return found if isinstance(found, dict) else {}

    # Values -------------------------------------------------------------------------------------

    def value(self, value: Any, depth: int = 0) -> Any:  # noqa: ANN401
        """The value with every function in it worked out."""
        if depth > _DEPTH:
            raise SnapshotError(f"{self._stack}: functions are nested too deeply")
        if isinstance(value, list):
            found = [self.value(v, depth + 1) for v in value]
            return [v for v in found if v is not NO_VALUE]
        if not isinstance(value, dict):
            return self._named(value) if isinstance(value, str) else value
        if len(value) == 1:
            name, inner = next(iter(value.items()))
            if name == "Ref":
                return self.ref(text(inner) or "")
            if name.startswith("Fn::"):
                return self._call(name, inner, depth + 1)
        pairs = ((k, self.value(v, depth + 1)) for k, v in value.items())
        return {self._named(k): v for k, v in pairs if v is not NO_VALUE}

    def _named(self, word: str) -> str:
        """Text in which names that `Fn::ForEach` binds stand for their values."""
        for bound in self._bound if "{" in word else ():
            for name, value in bound.items():
                word = word.replace(f"${{{name}}}", str(value)).replace(f"&{{{name}}}", re.sub(r"\W", "", str(value)))
        return word

    def ref(self, name: str) -> Any:  # noqa: ANN401
        for bound in self._bound:
            if name in bound:
                return bound[name]
        if name.startswith("AWS::"):
            return self._pseudo(name)
        if name in self.section("Parameters"):
            return self._parameter(name)
        return self._resource(name)

    def _pseudo(self, name: str) -> Any:  # noqa: ANN401
        if name in self._given:
            return self._given[name]
        region = self._scope.region or "us-east-1"
        china, government = region.startswith("cn-"), region.startswith("us-gov-")
        known: dict[str, Any] = {
            "AWS::Region": region,
            "AWS::AccountId": self._scope.account,
            "AWS::Partition": "aws-cn" if china else "aws-us-gov" if government else "aws",
            "AWS::URLSuffix": "amazonaws.com.cn" if china else "amazonaws.com",
            "AWS::StackName": self._stack,
            "AWS::StackId": f"arn:aws:cloudformation:{region}:{self._scope.account}:stack/{self._stack}/0",
            "AWS::NoValue": NO_VALUE,
            "AWS::NotificationARNs": [],
        }
        return known.get(name, Unknown(name))

    def _parameter(self, name: str) -> Any:  # noqa: ANN401
        declared = self.section("Parameters").get(name)
        declared = declared if isinstance(declared, dict) else {}
        kind = text(declared.get("Type")) or "String"
        value = self._given.get(name, declared.get("Default"))
        if value is None or (kind.startswith("AWS::SSM::") and name not in self._given):
            return Unknown(f"parameter {name}")
        if ("List" in kind) and isinstance(value, str):
            return [v.strip() for v in value.split(",") if v.strip()]
        return value

    # Conditions ---------------------------------------------------------------------------------

    def holds(self, name: str) -> bool:
        """Whether the condition is met. SnapshotError where a parameter that it needs has no value."""
        if name not in self._conditions:
            conditions = self.section("Conditions")
            if name not in conditions:
                raise SnapshotError(f"{self._stack}: the condition {shown(name)} is not declared")
            self._conditions[name] = False  # a circle is met nowhere
            self._conditions[name] = self._true(conditions[name], name, 0)
        return self._conditions[name]

    def _true(self, condition: Any, name: str, depth: int) -> bool:  # noqa: ANN401
        if depth > _DEPTH:
            raise SnapshotError(f"{self._stack}: the condition {shown(name)} is nested too deeply")
        if isinstance(condition, bool):
            return condition
        if isinstance(condition, dict) and len(condition) == 1:
            function, inner = next(iter(condition.items()))
            parts = inner if isinstance(inner, list) else [inner]
            if function == "Condition":
                return self.holds(text(inner) or "")
            if function == "Fn::Not" and parts:
                return not self._true(parts[0], name, depth + 1)
            if function in {"Fn::And", "Fn::Or"}:
                found = [self._true(p, name, depth + 1) for p in parts]
                return all(found) if function == "Fn::And" else any(found)
            if function == "Fn::Equals" and len(parts) == 2:  # noqa: PLR2004 - what is compared
                one, other = (self.value(p, depth + 1) for p in parts)
                for side in (one, other):
                    if isinstance(side, Unknown):
                        what = f"the condition {shown(name)} hangs on {shown(side.what)}"
                        raise SnapshotError(f"{self._stack}: {what}; give it with --parameter NAME=VALUE")
                return bool(_plain(one) == _plain(other))
        raise SnapshotError(f"{self._stack}: the condition {shown(name)} has a form that is not known")

    # Functions ----------------------------------------------------------------------------------

    def _call(self, name: str, inner: Any, depth: int) -> Any:  # noqa: ANN401, PLR0911 - one a form of function
        if name == "Fn::If":
            return self._if(inner, depth)
        if name == "Fn::GetAtt":
            parts = inner.split(".", 1) if isinstance(inner, str) else inner
            if not isinstance(parts, list) or len(parts) < 2:  # noqa: PLR2004 - a name and an attribute
                return Unknown(name)
            attribute = ".".join(str(self.value(p, depth)) for p in parts[1:])
            return self._attribute(self._named(text(parts[0]) or ""), attribute)
        if name == "Fn::Sub":
            return self._sub(inner, depth)
        made = _FUNCTIONS.get(name)
        if made is None:
            return Unknown(name)
        if name in _LAZY:
            return made(self, inner, depth)
        return made(self, self.value(inner, depth), depth)

    def _if(self, inner: Any, depth: int) -> Any:  # noqa: ANN401
        if not isinstance(inner, list) or len(inner) != 3:  # noqa: PLR2004 - condition, then, else
            return Unknown("Fn::If")
        return self.value(inner[1] if self.holds(text(inner[0]) or "") else inner[2], depth)

    def _sub(self, inner: Any, depth: int) -> Any:  # noqa: ANN401
        template, names = (inner[0], inner[1]) if isinstance(inner, list) and len(inner) > 1 else (inner, {})
        template = template[0] if isinstance(template, list) and template else template
        local = self.value(names, depth) if isinstance(names, dict) else {}
        unknown: list[Any] = []

        def replaced(match: re.Match[str]) -> str:
            literal, name = match.groups()
            if literal:
                return f"${{{name}}}"
            name = name.strip()
            found = local[name] if name in local else self._of_name(name)
            if isinstance(found, Unknown):
                unknown.append(found)
            return text(found) or ""

        whole = _SUB.sub(replaced, self._named(str(template)))
        return Unknown(unknown[0].what, tuple(c for u in unknown for c in u.candidates)) if unknown else whole

    def _of_name(self, name: str) -> Any:  # noqa: ANN401
        head, dot, attribute = name.partition(".")
        return self._attribute(head, attribute) if dot and not name.startswith("AWS::") else self.ref(name)

    def each(self, entries: Mapping[str, Any]) -> dict[str, Any]:
        """The entries with each `Fn::ForEach` among them unrolled."""
        found: dict[str, Any] = {}
        for name, value in entries.items():
            if not name.startswith("Fn::ForEach"):
                found[self._named(name)] = self._freeze(value)
                continue
            if not isinstance(value, list) or len(value) != 3 or not isinstance(value[2], dict):  # noqa: PLR2004
                raise SnapshotError(f"{self._stack}: {shown(name)} has a form that is not known")
            items = self.value(value[1])
            for item in items if isinstance(items, list) else ():
                self._bound.append({str(value[0]): item})
                if len(self._bound) > 5:  # noqa: PLR2004 - how deep AWS lets loops be nested
                    raise SnapshotError(f"{self._stack}: {shown(name)} is nested too deeply")
                found |= self.each(value[2])
                self._bound.pop()
        return found

    def _freeze(self, value: Any) -> Any:  # noqa: ANN401
        """The value with the names bound now, so that it can be worked out later."""
        if not self._bound:
            return value
        if isinstance(value, dict):
            if len(value) == 1 and "Ref" in value and any(str(value["Ref"]) in b for b in self._bound):
                return self.ref(str(value["Ref"]))
            frozen = Template({self._named(k): self._freeze(v) for k, v in value.items()})
            frozen.line = getattr(value, "line", None)
            return frozen
        if isinstance(value, list):
            return [self._freeze(v) for v in value]
        return self._named(value) if isinstance(value, str) else value

    def map_value(self, inner: Any, depth: int) -> Any:  # noqa: ANN401
        if not isinstance(inner, list) or len(inner) < 3:  # noqa: PLR2004 - map and two keys
            return Unknown("Fn::FindInMap")
        names = [self.value(p, depth) for p in inner[:3]]
        unknown = next((n for n in names if isinstance(n, Unknown)), None)
        if unknown:
            return unknown
        level: Any = self.section("Mappings")
        for name in names:
            level = level.get(text(name) or "") if isinstance(level, dict) else None
        if level is None and len(inner) > 3 and isinstance(inner[3], dict):  # noqa: PLR2004 - DefaultValue
            return self.value(inner[3].get("DefaultValue"), depth)
        return Unknown(f"Fn::FindInMap {shown(str(names[0]))}") if level is None else level

    def zones(self, inner: Any, _: int) -> list[str]:  # noqa: ANN401
        region = text(inner) or self._scope.region or "us-east-1"
        return [f"{region}{letter}" for letter in "abc"]

    def imported(self, inner: Any, _: int) -> Any:  # noqa: ANN401
        if isinstance(inner, Unknown):
            return inner
        return self._exports.get(text(inner) or "", Unknown(f"Fn::ImportValue {shown(str(inner))}"))


def _plain(value: Any) -> Any:  # noqa: ANN401
    return text(value) if not isinstance(value, list | dict) else value


def _join(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    if not isinstance(inner, list) or len(inner) != 2:  # noqa: PLR2004 - delimiter and list
        return Unknown("Fn::Join")
    parts = inner[1] if isinstance(inner[1], list) else [inner[1]]
    unknown = [p for p in parts if isinstance(p, Unknown)]
    if unknown:
        return Unknown(unknown[0].what, tuple(p for p in parts if not isinstance(p, Unknown)) + unknown[0].candidates)
    return (text(inner[0]) or str(inner[0] or "")).join(text(p) or "" for p in parts)


def _select(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    if not isinstance(inner, list) or len(inner) != 2:  # noqa: PLR2004 - index and list
        return Unknown("Fn::Select")
    index, values = text(inner[0]) or "", inner[1]
    if isinstance(values, Unknown):
        return Unknown(values.what)
    if not isinstance(values, list) or not index.isdecimal() or int(index) >= len(values):
        return Unknown("Fn::Select")
    return values[int(index)]


def _split(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    if not isinstance(inner, list) or len(inner) != 2 or isinstance(inner[1], Unknown):  # noqa: PLR2004
        return Unknown("Fn::Split")
    delimiter = text(inner[0])
    return (text(inner[1]) or "").split(delimiter) if delimiter else Unknown("Fn::Split")


def _cidr(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    """Blocks of the address space, each with so many bits left for hosts."""
    parts = inner if isinstance(inner, list) else [inner]
    block, count = (
        parts[0] if parts else None,
        int(text(parts[1]) or 0) if len(parts) > 1 and (text(parts[1]) or "").isdecimal() else 1,
    )
    if isinstance(block, Unknown) or not 1 <= count <= 256:  # noqa: PLR2004 - AWS's bound
        return Unknown("Fn::Cidr")
    try:
        network = ip_network(text(block) or "", strict=False)
        bits = int(text(parts[2]) or "8") if len(parts) > 2 else 8  # noqa: PLR2004
        length = network.max_prefixlen - bits
        if length - network.prefixlen > 16 or not network.prefixlen <= length <= network.max_prefixlen:  # noqa: PLR2004
            return Unknown("Fn::Cidr")
        found = network.subnets(new_prefix=length)
        return [str(n) for n, _ in zip(found, range(count), strict=False)]
    except ValueError:
        return Unknown("Fn::Cidr")


def _base64(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    return inner if isinstance(inner, Unknown) else b64encode((text(inner) or "").encode("utf-8", "replace")).decode()


def _length(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    return len(inner) if isinstance(inner, list) else Unknown("Fn::Length")


def _json(_: Functions, inner: Any, __: int) -> Any:  # noqa: ANN401
    try:
        return msgspec.json.encode(inner).decode()
    except (TypeError, msgspec.MsgspecError):
        return Unknown("Fn::ToJsonString")


_LAZY = {"Fn::FindInMap"}
_FUNCTIONS: dict[str, Callable[[Functions, Any, int], Any]] = {
    "Fn::Base64": _base64,
    "Fn::Cidr": _cidr,
    "Fn::FindInMap": Functions.map_value,
    "Fn::GetAZs": Functions.zones,
    "Fn::ImportValue": Functions.imported,
    "Fn::Join": _join,
    "Fn::Length": _length,
    "Fn::Select": _select,
    "Fn::Split": _split,
    "Fn::ToJsonString": _json,
}
