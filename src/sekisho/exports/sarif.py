"""SARIF 2.1.0 (OASIS), as code scanning reads it."""

from typing import Any
from urllib.parse import quote

from . import facts

_LEVELS = {"High": "error", "Medium": "warning", "Low": "note", "Informational": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """One run: a rule for each of Inspector's rules that was broken, a result for each finding.

    A result stands at the saved answer that its security group comes from.
    """
    names: dict[str, Any] = {}
    for finding in document["findings"]:
        names.setdefault(_rule_id(finding), finding)
    order = {name: index for index, name in enumerate(sorted(names))}
    driver = {
        "name": "Sekisho",
        "version": document["run"]["version"],
        "semanticVersion": document["run"]["version"],
        "rules": [_rule(name, names[name]) for name in order],
    }
    files = _files(document)
    run = {
        "tool": {"driver": driver},
        "columnKind": "unicodeCodePoints",
        "automationDetails": {"id": "sekisho/reachability/"},
        "results": [_result(finding, order[_rule_id(finding)], files) for finding in document["findings"]],
        "properties": {"input_digest": document["run"]["input_digest"], "semantics": document["run"]["semantics"]},
    }
    return facts.text({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]})


def _rule_id(finding: Any) -> str:  # noqa: ANN401 - a JSON object
    return f"{finding['type']}/{finding['origin']}/{finding['severity'].lower()}"


def _rule(name: str, finding: Any) -> dict[str, object]:  # noqa: ANN401 - a JSON object
    return {
        "id": name,
        "name": finding["type"],
        "shortDescription": {"text": finding["rule"]},
        "fullDescription": {"text": f"{finding['rule']}, proven from the configuration."},
        "help": {"text": "Unless this access is wanted, narrow the security group that is named."},
        "defaultConfiguration": {"level": _LEVELS[finding["severity"]]},
        "properties": {"security-severity": str(finding["numeric_severity"]), "tags": ["security", "network"]},
    }


def _files(document: Any) -> dict[tuple[str | None, str | None], str]:  # noqa: ANN401 - a JSON document
    """Account and Region -> the first file that security groups were read from there."""
    calls = [call for call in document["coverage"]["calls"] if call["call"] == "ec2:DescribeSecurityGroups"]
    return {(call["account"], call["region"]): call["files"][0] for call in calls if call["files"]}


def _result(
    finding: Any,  # noqa: ANN401 - a JSON object
    rule: int,
    files: dict[tuple[str | None, str | None], str],
) -> dict[str, object]:
    file = files.get((finding["account"], finding["region"])) or next(iter(files.values()), "snapshot")
    named = {
        "name": finding["instance"],
        "fullyQualifiedName": facts.arn("instance", finding["instance"], finding["account"], finding["region"]),
        "kind": "resource",
    }
    place = {"artifactLocation": {"uri": _uri(file)}, "region": {"startLine": 1}}
    return {
        "ruleId": _rule_id(finding),
        "ruleIndex": rule,
        "level": _LEVELS[finding["severity"]],
        "message": {"text": f"{finding['title']}. {finding['recommendation']}"},
        "locations": [{"physicalLocation": place, "logicalLocations": [named]}],
        "partialFingerprints": {"sekishoFindingId/v1": finding["id"]},
        "properties": {"via": finding["via"], "sources": finding["sources"], "width": finding["width"]},
    }


def _uri(file: str) -> str:
    """A path of a snapshot as a relative reference (RFC 3986)."""
    return quote(file.replace("\\", "/"), safe="/").lstrip("/") or "snapshot"
