"""Findings in the shape that Amazon Inspector (version 2) lists them in: `{"findings": [...]}` of ListFindings."""

from typing import Any

from . import facts

_TITLE, _TEXT = 1024, 1024  # characters (Inspector API reference, Finding)


def render(document: Any) -> str:  # noqa: ANN401 - a JSON document
    """One finding of type NETWORK_REACHABILITY for each range of ports of each finding."""
    when = facts.collected(document)
    found = [
        _finding(document, finding, span, when)
        for finding in document["findings"]
        for span in facts.port_ranges(finding)
    ]
    return facts.text({"findings": found})


def _finding(document: Any, f: Any, span: tuple[str, int, int], when: str) -> dict[str, object]:  # noqa: ANN401
    account, region = f["account"] or facts.NO_ACCOUNT, f["region"] or ""
    partition = facts.partition(region)
    protocol, first, last = span
    name = facts.identifier(document, f["id"], *span).replace("-", "")
    steps = [{"componentId": one, "componentType": facts.component_kind(one)} for one in facts.path(f)]
    return {
        "findingArn": f"arn:{partition}:inspector2:{region}:{account}:finding/{name}",
        "awsAccountId": account,
        "type": "NETWORK_REACHABILITY",
        "title": facts.shortened(f["title"], _TITLE),
        "description": facts.shortened(f["description"], _TEXT),
        "severity": f["severity"].upper(),
        "status": "ACTIVE",
        "firstObservedAt": when,
        "lastObservedAt": when,
        "updatedAt": when,
        "remediation": {"recommendation": {"text": facts.shortened(f["recommendation"], _TEXT)}},
        "resources": [_resource(document, f, partition, region)],
        "networkReachabilityDetails": {
            "networkPath": {"steps": steps},
            "openPortRange": {"begin": first, "end": last},
            "protocol": protocol.upper(),
        },
    }


def _resource(document: Any, f: Any, partition: str, region: str) -> dict[str, object]:  # noqa: ANN401
    about = document["interfaces"][f["interface"]]
    addresses: dict[str, list[str]] = {"ipV4Addresses": [], "ipV6Addresses": []}
    for address in f["addresses"]:
        addresses["ipV6Addresses" if ":" in address else "ipV4Addresses"].append(address)
    subnet = {"subnetId": about["subnet"]} if about["subnet"] else {}
    return {
        "type": "AWS_EC2_INSTANCE",
        "id": f["instance"],
        "partition": partition,
        "region": region,
        "details": {"awsEc2Instance": {**addresses, **({"vpcId": f["vpc"]} if f["vpc"] else {}), **subnet}},
    }
