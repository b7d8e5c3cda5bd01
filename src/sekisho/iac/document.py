"""What an assessment of a declaration says beyond one of a snapshot: where things are declared, what a plan changes."""

from collections.abc import Mapping
from typing import Any

from .values import Declared

Json = dict[str, Any]
_SHOWN = 2  # sources of a flow that a line names


def annotate(document: Json, declared: Mapping[str, Declared]) -> None:
    """Adds to each finding where its security group and its instance or interface are declared, and a list of all."""
    if not declared:
        return
    document["declared"] = {name: _place(place) for name, place in sorted(declared.items())}
    document["findings"] = list(document["findings"])
    for finding in document["findings"]:
        groups = [declared[g] for g in finding.get("security_groups") or () if g in declared]
        of = next((declared[n] for n in (finding.get("instance"), finding.get("interface")) if n in declared), None)
        finding["declared"] = {"resource": _place(of), "security_groups": [_place(g) for g in groups]}


def _place(place: Declared | None) -> Json | None:
    if place is None:
        return None
    return {"file": place.file, "address": place.address, "pointer": place.pointer, "line": place.line}


def changes(before: Json, after: Json) -> Json:
    """The verdicts that differ between two assessments: of the same address and origin, by what opened or closed."""
    old, new = _verdicts(before), _verdicts(after)
    found = []
    for key in sorted(old.keys() | new.keys(), key=str):
        was, now = old.get(key), new.get(key)
        if _same(was, now):
            continue
        interface, instance, address, origin = key
        row = {"interface": interface, "instance": instance, "address": address, "origin": origin}
        found.append(
            row
            | {
                "before": was and was["verdict"],
                "after": now and now["verdict"],
                "opened": _more(now, was),
                "closed": _more(was, now),
            }
        )
    return {
        "verdicts": found,
        "unchanged": len(old.keys() & new.keys()) - sum(1 for f in found if f["before"] and f["after"]),
    }


def _verdicts(document: Json) -> dict[tuple[Any, ...], Json]:
    answers = document["answers"]
    return {
        (row["interface"], row["instance"], row["address"], row["origin"]): answers[row["answer"]]
        for row in document["verdicts"]
    }


def _same(was: Json | None, now: Json | None) -> bool:
    if was is None or now is None:
        return False
    return was["verdict"] == now["verdict"] and _flows(was) == _flows(now)


def _flows(answer: Json | None) -> list[Json]:
    return [{k: f.get(k) for k in _TOLD if f.get(k) is not None} for f in (answer["flows"] if answer else ())]


_TOLD = ("family", "sources", "protocol", "destination_ports", "icmp_types", "icmp_codes", "reply")


def _more(one: Json | None, other: Json | None) -> list[Json]:
    """The flows of the one that the other has not."""
    there = _flows(other)
    return [f for f in _flows(one) if f not in there]


def lines(found: Json) -> list[str]:
    """The changes as lines for a reader."""
    if not found["verdicts"]:
        return ["The plan changes no verdict."]
    told = []
    for row in found["verdicts"]:
        name = row["instance"] or row["interface"]
        told.append(
            f"{name} {row['address']} from {row['origin']}: {row['before'] or 'absent'} -> {row['after'] or 'absent'}"
        )
        told += [f"  + {_flow(f)}" for f in row["opened"]]
        told += [f"  - {_flow(f)}" for f in row["closed"]]
    count = len(found["verdicts"])
    return [f"The plan changes {count} verdict{'s' if count > 1 else ''}:", *told]


def _flow(flow: Json) -> str:
    ports = ", ".join(flow.get("destination_ports") or flow.get("icmp_types") or ())
    sources = flow.get("sources") or []
    told = ", ".join(sources[:_SHOWN]) + (f" and {len(sources) - _SHOWN} more" if len(sources) > _SHOWN else "")
    return f"{flow['protocol']}{f' {ports}' if ports else ''} from {told}"
