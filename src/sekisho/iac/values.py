"""Values of a declaration: known, or settled only when it is applied; and the ids that stand for what has none yet."""

import re
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

#: What stands in a record for a value that is not known: no member that decides anything accepts it.
LATER = "known after apply"
_ODD = re.compile(r"[^0-9A-Za-z]+")


class Unknown(NamedTuple):
    """A value that is known after apply only; `candidates` are the values that its expression refers to."""

    what: str
    candidates: tuple[Any, ...] = ()


class Declared(NamedTuple):
    """Where a record is declared: the file, the address in it, the place as a JSON pointer, and the line if known."""

    file: str
    address: str
    pointer: str
    line: int | None = None


def symbolic(prefix: str, address: str) -> str:
    """An id in AWS's form that tells the address: `i`, `module.web.aws_instance.a["x"]` -> `i-web_a_x`."""
    parts = re.findall(r'\["([^"]*)"\]|\[(\d+)\]|([^.\[\]]+)', address)
    names = [key or index or name for key, index, name in parts]
    kept = [n for n in names if n not in {"module", "data"} and not n.startswith("aws_")]
    return f"{prefix}-{_ODD.sub('_', '_'.join(kept)).strip('_')[:200] or 'x'}"


def derived(prefix: str, owner: str, part: str) -> str:
    """The id of what AWS makes together with `owner`."""
    last = owner.rsplit(":", 1)[-1]
    tail = last if owner.startswith("arn:") else last.partition("-")[2] or last
    return f"{prefix}-{part}_{_ODD.sub('_', tail).strip('_')}"


def text(value: object) -> str | None:
    """The value as text, None where there is none or it is not known."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return value or None
    return str(value) if isinstance(value, int | float) else None


def number(value: object) -> int | None:
    found = text(value)
    return int(found) if found and re.fullmatch(r"-?\d{1,9}", found) else None


def flag(value: object, *, default: bool) -> bool:
    return {"true": True, "false": False, "enable": True, "disable": False}.get(text(value) or "", default)


def one(value: object, prefix: str = "") -> str | Unknown | None:
    """One id: the value, or the one candidate with the prefix; Unknown where there are none or several."""
    if isinstance(value, list):
        value = value[0] if len(value) == 1 else (Unknown("one of several", tuple(value)) if value else None)
    if not isinstance(value, Unknown):
        return text(value)
    if not prefix:
        return value  # a text may be made of what it refers to
    fitting = list(dict.fromkeys(c for c in _flat(value.candidates) if isinstance(c, str) and _fits(c, prefix)))
    return fitting[0] if len(fitting) == 1 else value


def many(value: object, prefix: str = "") -> list[str | Unknown]:
    """All ids of a list; what is not known of it is one Unknown in it."""
    if value is None or value == "":
        return []
    if isinstance(value, Unknown) and not prefix:
        return [value]
    if isinstance(value, Unknown):
        found = [c for c in _flat(value.candidates) if isinstance(c, Unknown) or _fits(str(c), prefix)]
        return _each_once(found) or [value]
    items = [x for v in (value if isinstance(value, list) else [value]) for x in _items(v, prefix)]
    return _each_once(items)


def _each_once(values: Iterable[Any]) -> list[Any]:
    """Without those that come again; what is unknown may hold what has no hash."""
    found: list[Any] = []
    for value in values:
        if value not in found:
            found.append(value)
    return found


def _items(value: object, prefix: str) -> list[str | Unknown]:
    if isinstance(value, Unknown):
        found = one(value, prefix)
        return [found] if found else []
    found = text(value)
    return [found] if found else []


def known(values: Iterable[object]) -> list[str]:
    return [v for v in values if isinstance(v, str)]


def _fits(name: str, prefix: str) -> bool:
    return name.startswith(prefix if not prefix or ":" in prefix else f"{prefix}-")


def _flat(values: Iterable[object]) -> Iterator[Any]:
    for value in values:
        if isinstance(value, list | tuple) and not isinstance(value, Unknown):
            yield from _flat(value)
        elif isinstance(value, Unknown) and value.candidates:
            yield from _flat(value.candidates)
        elif value is not None:
            yield value


def blocks(value: object) -> list[dict[str, Any]]:
    """The nested blocks: objects of a list, or the one object."""
    if isinstance(value, dict):
        return [value]
    return [b for b in value if isinstance(b, dict)] if isinstance(value, list) else []


def block(value: object) -> dict[str, Any]:
    return next(iter(blocks(value)), {})


def tags(value: object) -> list[dict[str, str]]:
    if isinstance(value, dict):
        return [{"Key": k, "Value": text(v) or ""} for k, v in sorted(value.items())]
    return []


def plain(value: object) -> Any:  # noqa: ANN401 - JSON
    """The value as JSON without private members (those that begin with `_`), unknown parts as LATER."""
    if isinstance(value, Unknown):
        return LATER
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if not k.startswith("_") and v is not None}
    if isinstance(value, list | tuple):
        return [plain(v) for v in value]
    return value
