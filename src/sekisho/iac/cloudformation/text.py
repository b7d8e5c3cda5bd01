"""The text of a template, YAML or JSON, as plain data; each mapping knows its line."""

import re
from typing import TYPE_CHECKING, Any

from sekisho.errors import SnapshotError

if TYPE_CHECKING:
    import yaml

_DEPTH, _NODES = 120, 400_000
_INT, _FLOAT = re.compile(r"[-+]?(?:0|[1-9][0-9]{0,17})"), re.compile(r"[-+]?[0-9]{1,15}\.[0-9]{1,15}")
_WORDS = {"true": True, "yes": True, "on": True, "false": False, "no": False, "off": False}
_NULLS = {"", "~", "null", "Null", "NULL"}
#: Short tags whose long form has no `Fn::`.
_BARE = {"Ref", "Condition"}


class Mapping(dict[str, Any]):
    """An object of the template with the line that it begins at."""

    line: int | None = None


def parse(data: bytes, name: str) -> Any:  # noqa: ANN401 - a document
    """The one document of the text. SnapshotError, in one line, where it is none."""
    import yaml  # noqa: PLC0415 - only templates need it

    try:
        text = data.decode("utf-8")
        loader = yaml.SafeLoader(text)
        try:
            node = loader.get_single_node()
        finally:
            loader.dispose()
    except UnicodeDecodeError:
        raise SnapshotError(f"{name}: not UTF-8 text") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        where = f" at line {mark.line + 1}" if mark is not None else ""
        raise SnapshotError(
            f"{name}: not YAML{where}: {getattr(error, 'problem', None) or 'it cannot be parsed'}"
        ) from None
    except (RecursionError, ValueError):
        raise SnapshotError(f"{name}: not a template: it is nested too deeply or holds odd characters") from None
    return _Tree(name).value(node, 0) if node is not None else None


class _Tree:
    """Nodes -> data, with a bound on how many there are: an alias counts each time."""

    def __init__(self, name: str) -> None:
        self._name, self._left = name, _NODES

    def value(self, node: "yaml.Node", depth: int) -> Any:  # noqa: ANN401
        import yaml  # noqa: PLC0415

        self._left -= 1
        if self._left < 0 or depth > _DEPTH:
            raise SnapshotError(f"{self._name}: the template is nested too deeply, or its aliases are too many")
        found: Any
        if isinstance(node, yaml.MappingNode):
            found = self._mapping(node, depth)
        elif isinstance(node, yaml.SequenceNode):
            found = [self.value(n, depth + 1) for n in node.value]
        else:
            found = (
                str(node.value)
                if node.tag.startswith("!") or getattr(node, "style", None)
                else _scalar(str(node.value))
            )
        return self._tagged(node, found) if node.tag.startswith("!") else found

    def _mapping(self, node: "yaml.MappingNode", depth: int) -> Mapping:
        found = Mapping()
        found.line = node.start_mark.line + 1
        for key, inner in node.value:
            name = self.value(key, depth + 1)
            if not isinstance(name, str | int | bool | float):
                raise SnapshotError(f"{self._name}: line {key.start_mark.line + 1}: a key that is no text")
            if str(name) == "<<":
                raise SnapshotError(
                    f"{self._name}: line {key.start_mark.line + 1}: merge keys are not part of templates"
                )
            found[str(key.value) if not isinstance(name, str) else name] = self.value(inner, depth + 1)
        return found

    @staticmethod
    def _tagged(node: "yaml.Node", value: Any) -> Mapping:  # noqa: ANN401
        tag = node.tag[1:]
        if tag == "GetAtt" and isinstance(value, str):
            value = value.split(".", 1)
        found = Mapping({tag if tag in _BARE else f"Fn::{tag}": value})
        found.line = node.start_mark.line + 1
        return found


def _scalar(text: str) -> Any:  # noqa: ANN401
    if text in _NULLS:
        return None
    if text.lower() in _WORDS and (text.islower() or text.istitle() or text.isupper()):
        return _WORDS[text.lower()]
    if _INT.fullmatch(text):
        return int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
