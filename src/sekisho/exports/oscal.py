"""OSCAL assessment results (NIST), version 1.1: what was examined, and what was found of it."""

from typing import Any

from . import facts

_OSCAL = "1.1.3"
#: NIST SP 800-53 Revision 5: boundary protection.
_CONTROL = "sc-7"


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """An observation for each verdict; a finding, `satisfied`, where nothing gets through, and one for each finding.

    The plan is not ours: `import-ap` names what was asked.
    """
    when = facts.collected(document)
    run = document["run"]
    metadata = {
        "title": "Network reachability, from configuration",
        "last-modified": when,
        "version": run["input_digest"].removeprefix("sha256:")[:12],
        "oscal-version": _OSCAL,
    }
    results = {
        "uuid": facts.identifier(document, "assessment-results"),
        "metadata": metadata,
        "import-ap": {"href": "#sekisho-assess"},
        "results": [_result(document, when)],
    }
    return facts.text({"assessment-results": results})


def _result(document: Any, when: str) -> dict[str, object]:  # noqa: ANN401 - a JSON document
    items = {name: facts.identifier(document, "interface", name) for name in document["interfaces"]}
    observations = [_observation(document, row, items[row["interface"]], when) for row in document["verdicts"]]
    by_answer: dict[tuple[str, str], list[str]] = {}
    for row, observation in zip(document["verdicts"], observations, strict=True):
        by_answer.setdefault((row["interface"], row["answer"]), []).append(str(observation["uuid"]))
    findings = [
        _proven(document, row, str(observation["uuid"]))
        for row, observation in zip(document["verdicts"], observations, strict=True)
        if row["verdict"] == "unreachable"
    ]
    findings += [_found(document, finding, by_answer) for finding in document["findings"]]
    run = document["run"]
    result: dict[str, object] = {
        "uuid": facts.identifier(document, "result"),
        "title": "Network reachability",
        "description": f"Sekisho {run['version']}, semantics {run['semantics']}, on input {run['input_digest']}.",
        "start": when,
        "end": when,
        "reviewed-controls": {"control-selections": [{"include-controls": [{"control-id": _CONTROL}]}]},
    }
    if items:
        result["local-definitions"] = {"inventory-items": [_item(document, *item) for item in items.items()]}
    return result | {
        name: listed for name, listed in (("observations", observations), ("findings", findings)) if listed
    }


def _item(document: Any, name: str, uid: str) -> dict[str, object]:  # noqa: ANN401 - a JSON document
    about = document["interfaces"][name]
    facts_known = {"asset-id": name, "vpc": about["vpc"], "subnet": about["subnet"], "instance": about["instance"]}
    props = [{"name": key, "value": value} for key, value in facts_known.items() if value]
    return {"uuid": uid, "description": f"Network interface {name} ({about['kind']})", "props": props}


def _observation(document: Any, row: Any, item: str, when: str) -> dict[str, object]:  # noqa: ANN401
    return {
        "uuid": facts.identifier(document, "observation", facts.row_name(row)),
        "title": f"{facts.row_name(row)}: {row['verdict']}",
        "description": facts.why(document, row),
        "methods": ["EXAMINE"],
        "types": ["finding"],
        "subjects": [{"subject-uuid": item, "type": "inventory-item"}],
        "collected": when,
    }


def _proven(document: Any, row: Any, observation: str) -> dict[str, object]:  # noqa: ANN401
    words = (f"{facts.row_name(row)}: nothing gets through", facts.why(document, row))
    return _finding(document, ("proven", facts.row_name(row)), words, "satisfied", [observation])


def _found(document: Any, f: Any, by_answer: dict[tuple[str, str], list[str]]) -> dict[str, object]:  # noqa: ANN401
    words = (f["title"], f["description"])
    related = [uid for answer in f["answers"] for uid in by_answer.get((f["interface"], answer), [])]
    return _finding(document, ("finding", f["id"]), words, "not-satisfied", related)


def _finding(
    document: Any,  # noqa: ANN401 - a JSON document
    name: tuple[str, str],
    words: tuple[str, str],
    state: str,
    observations: list[str],
) -> dict[str, object]:
    finding: dict[str, object] = {
        "uuid": facts.identifier(document, *name),
        "title": words[0],
        "description": words[1],
        "target": {"type": "objective-id", "target-id": f"{_CONTROL}_obj", "status": {"state": state}},
    }
    if observations:
        finding["related-observations"] = [{"observation-uuid": uid} for uid in observations]
    return finding
