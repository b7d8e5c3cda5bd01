"""AWS Security Finding Format: a list for Security Hub's BatchImportFindings, which takes 100 at a time."""

from typing import Any

from . import facts

# Limits of the format (Security Hub API reference, AwsSecurityFinding).
_TITLE, _DESCRIPTION, _RECOMMENDATION, _FIELD = 256, 1024, 512, 2048
#: The type that Inspector Classic gave its own findings of network reachability.
_TYPE = "Software and Configuration Checks/AWS Security Best Practices/Network Reachability"


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """One finding of the format for each finding; times are those of the snapshot."""
    when = facts.collected(document)
    return facts.text([_finding(finding, when, document["run"]) for finding in document["findings"]])


def _finding(f: Any, when: str, run: Any) -> dict[str, object]:  # noqa: ANN401 - JSON objects
    account, region = f["account"] or facts.NO_ACCOUNT, f["region"] or ""
    label = f["severity"].upper()
    instance = facts.arn("instance", f["instance"], account, region)
    network = {"Network": _network(f)} if f["port"] is not None else {}
    return {
        "SchemaVersion": "2018-10-08",
        "Id": f"sekisho/{region}/{account}/{f['id']}",
        "ProductArn": f"arn:{facts.partition(region)}:securityhub:{region}:{account}:product/{account}/default",
        "ProductName": "Sekisho",
        "CompanyName": "Sekisho",
        "GeneratorId": f"sekisho/{f['type']}/{f['origin']}",
        "AwsAccountId": account,
        "Types": [_TYPE],
        "CreatedAt": when,
        "UpdatedAt": when,
        "Severity": {"Label": label, "Original": str(f["numeric_severity"])},
        "Title": facts.shortened(f["title"], _TITLE),
        "Description": facts.shortened(f["description"], _DESCRIPTION),
        "Remediation": {"Recommendation": {"Text": facts.shortened(f["recommendation"], _RECOMMENDATION)}},
        "ProductFields": _fields(f, run),
        "Resources": [
            _resource("AwsEc2Instance", instance, region, {}),
            _resource(
                "AwsEc2NetworkInterface",
                facts.arn("network-interface", f["interface"], account, region),
                region,
                {"AwsEc2NetworkInterface": {"NetworkInterfaceId": f["interface"]}},
            ),
        ],
        **network,
        "RecordState": "ACTIVE",
        "Workflow": {"Status": "NEW"},
        "FindingProviderFields": {"Severity": {"Label": label}, "Types": [_TYPE]},
    }


def _network(f: Any) -> dict[str, object]:  # noqa: ANN401 - a JSON object
    return {
        "Direction": "IN",
        "Protocol": f["protocol"].upper(),
        "DestinationPort": f["port"],
        "OpenPortRange": {"Begin": f["port"], "End": f["port"]},
    }


def _fields(f: Any, run: Any) -> dict[str, str]:  # noqa: ANN401 - JSON objects
    fields = {
        "sekisho/origin": f["origin"],
        "sekisho/via": " ".join(f["via"]),
        "sekisho/securityGroups": " ".join(f["security_groups"]),
        "sekisho/networkAcl": f["network_acl"] or "",
        "sekisho/sources": " ".join(f["sources"]),
        "sekisho/tcpPorts": " ".join(f["tcp_ports"]),
        "sekisho/udpPorts": " ".join(f["udp_ports"]),
        "sekisho/inputDigest": run["input_digest"],
        "sekisho/semantics": run["semantics"],
    }
    return {name: facts.shortened(value, _FIELD) for name, value in fields.items() if value}


def _resource(kind: str, name: str, region: str, details: dict[str, object]) -> dict[str, object]:
    resource: dict[str, object] = {"Type": kind, "Id": name, "Partition": facts.partition(region)}
    if region:
        resource["Region"] = region
    return {**resource, "Details": details} if details else resource
