"""References of the configuration, followed to the resources that they name."""

import re
from collections.abc import Iterator
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from sekisho.iac.values import Unknown

if TYPE_CHECKING:
    from .plan import Instance, Plan

_STEP = re.compile(r'\.?([A-Za-z_][\w-]*)|\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\]')
#: How deep references lead at most: modules in modules, and no circle.
_DEPTH = 40


class Place(NamedTuple):
    """Where an expression stands: the module instance, and the key of the resource or call that has it."""

    module: str
    key: Any
    for_each: Any = None
    #: Whether the expression picks by that key.
    own: bool = False


class Follower:
    """References -> values: ids of resources and their known attributes."""

    def __init__(self, plan: "Plan") -> None:
        self._plan = plan
        self._named: dict[tuple[str, bool, str, str], list[Instance]] = {}
        self._calls: dict[tuple[str, str], list[tuple[Any, str]]] = {}
        for instance in plan.instances:
            place = (instance.module, instance.managed, instance.type, instance.name)
            self._named.setdefault(place, []).append(instance)
        for module in {i.module for i in plan.instances}:
            self._call(module)

    def _call(self, module: str) -> None:
        while module:
            parent, name, key = split_module(module)
            known = self._calls.setdefault((parent, name), [])
            if (key, module) not in known:
                known.append((key, module))
                known.sort(key=lambda one: (str(type(one[0])), str(one[0]).zfill(9)))
            module = parent

    def follow(self, instance: "Instance", expression: dict[str, Any]) -> list[Any]:
        """The values that the expression of an argument refers to, each once."""
        place = Place(instance.module, instance.key, instance.configuration.get("for_each_expression"))
        return self._values(expression, place, 0)

    def _values(self, expression: Any, place: Place, depth: int) -> list[Any]:  # noqa: ANN401
        if not isinstance(expression, dict) or depth > _DEPTH:
            return []
        if "constant_value" in expression:
            return [expression["constant_value"]]
        references = expression.get("references")
        if not isinstance(references, list):
            return []
        names = _longest([r for r in references if isinstance(r, str)])
        place = place._replace(own=any(n in {"count.index", "each.key"} for n in names))
        found: list[Any] = []
        for name in names:
            for value in self._value(name, place, depth + 1):
                if value not in found:
                    found.append(value)
        return found

    def _value(self, name: str, place: Place, depth: int) -> Iterator[Any]:
        steps = [key or index or word for word, key, index in _STEP.findall(name)]
        indexes = [int(i) if i else k for w, k, i in _STEP.findall(name) if not w]
        match steps:
            case ["var", variable, *rest]:
                yield from self._variable(place, variable, rest, depth)
            case ["module", call, *rest]:
                yield from self._output(place, call, rest, indexes, depth)
            case ["each", "value", *_]:
                yield from self._each(place, depth)
            case ["local", local, *_]:
                yield Unknown(f"local.{local}")
            case [("count" | "each" | "path" | "terraform" | "self"), *_]:
                return
            case ["data", type_, resource, *rest]:
                yield from self._resource((place.module, False, type_, resource), rest, name, place)
            case [type_, resource, *rest]:
                yield from self._resource((place.module, True, type_, resource), rest, name, place)

    def _resource(
        self,
        named: tuple[str, bool, str, str],
        rest: list[str],
        name: str,
        place: Place,
    ) -> Iterator[Any]:
        instances = self._named.get(named, [])
        if rest and any(str(i.key) == rest[0] for i in instances) and "[" in name:
            instances = [i for i in instances if str(i.key) == rest[0]]
            rest = rest[1:]
        elif place.own and any(i.key == place.key for i in instances):
            instances = [i for i in instances if i.key == place.key]
        if not instances:
            yield Unknown(name)
        for instance in instances:
            yield self.attribute(instance, rest, name)

    def attribute(self, instance: "Instance", path: list[str], name: str) -> Any:  # noqa: ANN401
        """The id of the resource where the path names it, else the attribute's value."""
        if not path or path[0] in {"id", "arn"}:
            return instance.id
        value = instance.get(path[0])
        for step in path[1:]:
            if isinstance(value, dict):
                value = value.get(step)
            elif isinstance(value, list) and step.isdecimal():
                value = value[int(step)] if int(step) < len(value) else None
            elif isinstance(value, list) and len(value) == 1 and isinstance(value[0], dict):
                value = value[0].get(step)
        return Unknown(name, (f"{instance.id}.{path[0]}",)) if value is None else value

    def _variable(self, place: Place, name: str, rest: list[str], depth: int) -> Iterator[Any]:
        if not place.module:
            found = self._plan.root_variable(name)
            yield Unknown(f"var.{name}") if found is None else found
            return
        parent, call, key = split_module(place.module)
        calls = self._plan.module_configuration(parent).get("module_calls")
        declared = calls.get(call) if isinstance(calls, dict) else None
        if not isinstance(declared, dict):
            return
        expressions = declared.get("expressions")
        outside = Place(parent, key, declared.get("for_each_expression"))
        values = self._values(expressions.get(name) if isinstance(expressions, dict) else None, outside, depth)
        yield from self._indexed(values, rest, place)

    def _output(
        self,
        place: Place,
        call: str,
        rest: list[str],
        indexes: list[Any],
        depth: int,
    ) -> Iterator[Any]:
        instances = self._calls.get((place.module, call), [])
        if rest and any(str(key) == rest[0] for key, _ in instances) and indexes:
            instances = [(key, module) for key, module in instances if str(key) == rest[0]]
            rest = rest[1:]
        elif place.own and len(instances) > 1 and any(key == place.key for key, _ in instances):
            instances = [(key, module) for key, module in instances if key == place.key]
        if not rest or not instances:
            yield Unknown(f"module.{call}")
            return
        values: list[Any] = []
        for _, module in instances:
            outputs = self._plan.module_configuration(module).get("outputs")
            output = outputs.get(rest[0]) if isinstance(outputs, dict) else None
            expression = output.get("expression") if isinstance(output, dict) else None
            values += self._values(expression, Place(module, None), depth)
        yield from self._indexed(values, rest[1:], place)

    def _indexed(self, values: list[Any], rest: list[str], place: Place) -> Iterator[Any]:
        """Of a list or a map, the element that the reference picks."""
        flat = [x for v in values for x in (v if isinstance(v, list) and not isinstance(v, Unknown) else [v])]
        wanted = rest[0] if rest else str(place.key) if place.own and place.key is not None else None
        keyed = [v for v in flat if isinstance(v, str) and str(self._keys.get(v)) == wanted]
        if wanted is not None and len(keyed) == 1:
            yield keyed[0]
        elif wanted is not None and wanted.isdecimal() and int(wanted) < len(flat):
            yield flat[int(wanted)]
        else:
            yield from values

    @cached_property
    def _keys(self) -> dict[str, Any]:
        """The index of each resource by its id."""
        return {i.id: i.key for i in self._plan.instances if i.key is not None}

    def _each(self, place: Place, depth: int) -> Iterator[Any]:
        values = self._values(place.for_each, place._replace(for_each=None), depth)
        own = [v for v in values if place.key is not None and str(place.key) in str(v)]
        yield from own if len(own) == 1 else values


def split_module(module: str) -> tuple[str, str, Any]:
    """`module.a.module.b["k"]` -> `module.a`, `b`, `k`."""
    found = re.fullmatch(r'(?:(.*)\.)?module\.([\w-]+)(?:\[(?:"((?:[^"\\]|\\.)*)"|(\d+))\])?', module)
    if not found:
        return "", module, None
    parent, name, key, index = found.groups()
    return parent or "", name, int(index) if index else key


def _longest(names: list[str]) -> list[str]:
    """References without those that are only the beginnings of others: each comes with all of its own."""
    return [n for i, n in enumerate(names) if not any(_begins(o, n) for o in names[:i])]


def _begins(longer: str, name: str) -> bool:
    return longer != name and longer.startswith(name) and longer[len(name)] in ".["
