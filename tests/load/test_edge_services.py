"""Answers of services that reach addresses without a route: recognised, whole or not, damaged."""

from pathlib import Path
from typing import Any

from load.answers import ACCOUNT, HERE, REGION, directory, files
from sekisho.load import load
from sekisho.model.calls import CallStatus
from sekisho.model.snapshot import Snapshot

GA = f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/a1"
LISTENER = {"ListenerArn": f"{GA}/listener/l1", "PortRanges": [{"FromPort": 443, "ToPort": 443}], "Protocol": "TCP"}
GROUP = {
    "EndpointGroupArn": f"{GA}/listener/l1/endpoint-group/g1",
    "EndpointGroupRegion": REGION,
    "EndpointDescriptions": [{"EndpointId": "i-1", "Weight": 128, "ClientIPPreservationEnabled": True}],
}


def loaded(tmp_path: Path, **answers: Any) -> Snapshot:
    return load(directory(tmp_path, files(answers, HERE)))


def enveloped(service: str, operation: str, response: Any, **parameters: Any) -> dict[str, Any]:
    return {
        "service": service,
        "operation": operation,
        "account": ACCOUNT,
        "region": "us-west-2",
        "parameters": parameters,
        "error": None,
        "response": response,
    }


def test_an_accelerator_is_told_by_its_members(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        a={"Accelerators": [{"AcceleratorArn": GA, "Enabled": True, "IpAddressType": "IPV4"}]},
        b={"Listeners": [LISTENER]},
        c={"EndpointGroups": [GROUP]},
    )
    assert list(found.accelerators) == [GA]
    [listener] = found.accelerator_listeners.values()
    assert (listener.accelerator_arn, listener.port_ranges[0].from_port) == (GA, 443)
    [group] = found.endpoint_groups.values()
    assert (group.listener_arn, group.endpoint_descriptions[0].client_ip_preservation_enabled) == (
        f"{GA}/listener/l1",
        True,
    )


def test_what_an_answer_is_about_does_not_narrow_it(tmp_path: Path) -> None:
    found = loaded(
        tmp_path,
        b=enveloped("globalaccelerator", "ListListeners", {"Listeners": [LISTENER]}, AcceleratorArn=GA),
        c=enveloped("globalaccelerator", "ListEndpointGroups", {"EndpointGroups": [GROUP]}, ListenerArn="x"),
    )
    assert {s.call: s.status for s in found.calls} == {
        "globalaccelerator:ListListeners": CallStatus.READ,
        "globalaccelerator:ListEndpointGroups": CallStatus.READ,
    }


def test_a_port_that_is_none_makes_the_record_missing(tmp_path: Path) -> None:
    wrong = {**LISTENER, "PortRanges": [{"FromPort": 70000, "ToPort": 70001}]}
    found = loaded(tmp_path, b={"Listeners": [wrong]})
    assert (list(found.accelerator_listeners), [m.table for m in found.missing.values()]) == (
        [],
        ["accelerator_listeners"],
    )


def test_a_vpc_origin_with_its_ports(tmp_path: Path) -> None:
    config = {"Name": "o", "Arn": "arn:x", "HTTPPort": 8080, "HTTPSPort": 8443, "OriginProtocolPolicy": "http-only"}
    answer = {"VpcOrigin": {"Id": "vo_1", "Status": "Deployed", "VpcOriginEndpointConfig": config}, "ETag": "E1"}
    found = loaded(tmp_path, a=answer)
    [origin] = found.vpc_origin_settings.values()
    assert (origin.vpc_origin_id, origin.vpc_origin.vpc_origin_endpoint_config.ports) == ("vo_1", (8080,))


def test_targets_of_lattice_get_their_group_from_the_question(tmp_path: Path) -> None:
    targets = {"items": [{"id": "i-1", "port": 80, "status": "HEALTHY"}, {"id": 7}]}
    found = loaded(tmp_path, a=enveloped("vpc-lattice", "ListTargets", targets, targetGroupIdentifier="tg-1"))
    assert [(t.target_group_identifier, t.id, t.port) for t in found.lattice_targets.values()] == [("tg-1", "i-1", 80)]
    assert [m.table for m in found.missing.values()] == ["lattice_targets"]
    plain = loaded(tmp_path / "plain", a={"items": [{"id": "i-1", "port": 80}]}, v={"Vpcs": []})
    assert list(plain.lattice_targets) == []
    assert any("could be the answer of several calls" in issue.what for issue in plain.issues)


def test_zone_names_never_contradict(tmp_path: Path) -> None:
    one = {"SubnetId": "subnet-1", "VpcId": "vpc-1", "CidrBlock": "10.0.1.0/24", "OwnerId": ACCOUNT}
    one["AvailabilityZoneId"] = "apne1-az1"
    found = loaded(
        tmp_path,
        a={"Subnets": [{**one, "AvailabilityZone": f"{REGION}a"}]},
        b={"Subnets": [{**one, "AvailabilityZone": f"{REGION}c"}]},
    )
    assert (list(found.subnets), dict(found.missing)) == (["subnet-1"], {})
