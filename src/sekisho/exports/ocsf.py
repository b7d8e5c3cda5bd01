"""Open Cybersecurity Schema Framework: Detection Findings (2004) and Compliance Findings (2003)."""

from typing import Any

from . import facts

_VERSION = "1.5.0"
_SEVERITIES = {"Informational": 1, "Low": 2, "Medium": 3, "High": 4}
#: Verdict -> compliance status (name, id) and severity of the event.
_STATUSES = {
    "unreachable": ("Pass", 1, "Informational"),
    "unknown": ("Warning", 2, "Medium"),
    "forward-only": ("Warning", 2, "Low"),
    "reachable": ("Fail", 3, "Low"),
}


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """A list: a Detection Finding for each finding, then a Compliance Finding for each verdict.

    What is checked of a verdict is that nothing reaches the address from the origin; whether that was wanted is not
    known here.
    """
    base = {"metadata": _metadata(document), "time": facts.milliseconds(document)}
    detections = [_detection(finding, base) for finding in document["findings"]]
    return facts.text(detections + [_compliance(document, row, base) for row in document["verdicts"]])


def _metadata(document: Any) -> dict[str, object]:  # noqa: ANN401 - a JSON document
    run = document["run"]
    product = {"name": "Sekisho", "vendor_name": "Sekisho", "version": run["version"]}
    labels = [f"input_digest:{run['input_digest']}", f"semantics:{run['semantics']}"]
    return {"version": _VERSION, "product": product, "profiles": ["cloud"], "labels": labels}


def _event(uid: int, name: str, severity: str) -> dict[str, object]:
    return {
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": uid,
        "class_name": name,
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": uid * 100 + 1,
        "type_name": f"{name}: Create",
        "severity_id": _SEVERITIES[severity],
        "severity": severity,
        "status_id": 1,
        "status": "New",
    }


def _detection(f: Any, base: dict[str, object]) -> dict[str, object]:  # noqa: ANN401 - a JSON object
    info = {
        "uid": f["id"],
        "title": f["title"],
        "desc": f["description"],
        "types": [f["type"]],
        "analytic": {"uid": f"{f['type']}/{f['origin']}", "name": f["rule"], "type_id": 1, "type": "Rule"},
        "created_time": base["time"],
    }
    return {
        **base,
        **_event(2004, "Detection Finding", f["severity"]),
        "message": f["title"],
        "finding_info": info,
        "remediation": {"desc": f["recommendation"]},
        "resources": [
            _resource(f["instance"], "AWS::EC2::Instance", f),
            _resource(f["interface"], "AWS::EC2::NetworkInterface", f),
        ],
        "cloud": _cloud(f),
        "unmapped": {name: f[name] for name in ("origin", "via", "protocol", "port", "sources", "width")},
    }


def _compliance(document: Any, row: Any, base: dict[str, object]) -> dict[str, object]:  # noqa: ANN401
    status, status_id, severity = _STATUSES[row["verdict"]]
    told = facts.why(document, row)
    uid = facts.identifier(document, row["account"], row["region"], facts.row_name(row))
    title = f"{facts.row_name(row)}: {row['verdict']}"
    return {
        **base,
        **_event(2003, "Compliance Finding", severity),
        "message": title,
        "finding_info": {"uid": uid, "title": title, "desc": told, "created_time": base["time"]},
        "compliance": {
            "control": f"no network way from {row['origin']}",
            "requirements": [f"nothing reaches the address from {row['origin']}"],
            "standards": ["network reachability"],
            "status": status,
            "status_id": status_id,
            "status_detail": told,
        },
        "resources": [_resource(row["interface"], "AWS::EC2::NetworkInterface", row)],
        "cloud": _cloud(row),
    }


def _resource(name: str, kind: str, where: Any) -> dict[str, object]:  # noqa: ANN401 - a JSON object
    region = {"region": where["region"]} if where["region"] else {}
    partition = facts.partition(where["region"])
    return {"uid": name, "name": name, "type": kind, "cloud_partition": partition, **region}


def _cloud(where: Any) -> dict[str, object]:  # noqa: ANN401 - a JSON object
    cloud: dict[str, object] = {"provider": "AWS"}
    if where["region"]:
        cloud["region"] = where["region"]
    if where["account"]:
        # Accounts have no names in a snapshot; the format wants one.
        name = where["account"]
        cloud["account"] = {"uid": name, "name": name, "type": "AWS Account", "type_id": 10}
    return cloud
