"""Answers that are asked for one resource at a time: listeners, rules, targets, attributes, principals."""

from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, HERE, REGION, directory, envelope, files
from sekisho.load import load
from sekisho.model.balancing import (
    Action,
    Attribute,
    ClassicAttributes,
    Health,
    Listener,
    ListenerRule,
    ListenerRules,
    Listeners,
    Target,
    TargetDescription,
    TargetGroupAttributes,
    Targets,
)
from sekisho.model.privatelink import AllowedPrincipals, Principal
from sekisho.model.record import Scope
from sekisho.model.snapshot import Snapshot

LB = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:loadbalancer/app/web/50dc6c495c0c9188"
LISTENER = LB.replace(":loadbalancer/", ":listener/") + "/f2f7dc8efc522ab2"
GROUP = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}:targetgroup/web/6d0ecf831eec9f09"
PLACE = Scope(ACCOUNT, REGION)


def loaded(tmp_path: Path, **answers: Any) -> Snapshot:
    return load(directory(tmp_path, files(answers, HERE)))


def asked(operation: str, response: Any, service: str = "elbv2", **parameters: str) -> dict[str, Any]:
    return envelope(service, operation, response, parameters=parameters)


def listener(arn: str = LISTENER, balancer: str = LB, port: int = 443) -> dict[str, Any]:
    action = {"Type": "forward", "TargetGroupArn": GROUP}
    return {
        "ListenerArn": arn,
        "LoadBalancerArn": balancer,
        "Port": port,
        "Protocol": "HTTPS",
        "DefaultActions": [action],
    }


FORWARD = Action(type="forward", target_group_arn=GROUP)
READ = Listener(listener_arn=LISTENER, load_balancer_arn=LB, port=443, protocol="HTTPS", default_actions=(FORWARD,))


def test_plain_listeners_are_gathered_by_load_balancer(tmp_path: Path) -> None:
    other = LB.replace("web", "other")
    both = [listener(), listener(f"{LISTENER}0", other), listener(f"{LISTENER}1", port=80)]
    snapshot = loaded(tmp_path, listeners={"Listeners": both})
    assert {arn: [one.port for one in found.listeners] for arn, found in snapshot.listeners.items()} == {
        LB: [443, 80],
        other: [443],
    }
    assert snapshot.scope("listeners", LB) == PLACE


def test_a_load_balancer_without_listeners_is_known_where_it_was_asked_for(tmp_path: Path) -> None:
    snapshot = loaded(tmp_path, one=asked("DescribeListeners", {"Listeners": []}, LoadBalancerArn=LB))
    assert snapshot.listeners == {LB: Listeners(load_balancer_arn=LB)}


def test_listeners_of_accelerators_are_told_apart(tmp_path: Path) -> None:
    accelerator = {"ListenerArn": f"arn:aws:globalaccelerator::{ACCOUNT}:accelerator/1/listener/2", "PortRanges": []}
    snapshot = loaded(tmp_path, theirs={"Listeners": [accelerator]}, ours={"Listeners": [listener()]})
    assert snapshot.listeners == {LB: Listeners(load_balancer_arn=LB, listeners=(READ,))}
    assert len(snapshot.accelerator_listeners) == 1


def test_rules_belong_to_the_listener_that_their_arn_names(tmp_path: Path) -> None:
    arn = LISTENER.replace(":listener/", ":listener-rule/") + "/9683b2d02a6cabee"
    rule = {"RuleArn": arn, "Priority": "default", "Actions": [{"Type": "forward", "TargetGroupArn": GROUP}]}
    read = ListenerRule(rule_arn=arn, priority="default", actions=(FORWARD,))
    snapshot = loaded(tmp_path, rules={"Rules": [rule]})
    assert snapshot.listener_rules == {LISTENER: ListenerRules(listener_arn=LISTENER, rules=(read,))}


def test_targets_and_attributes_are_named_by_the_call(tmp_path: Path) -> None:
    health = {"TargetHealthDescriptions": [{"Target": {"Id": "i-1", "Port": 80}, "TargetHealth": {"State": "initial"}}]}
    attributes = {"Attributes": [{"Key": "preserve_client_ip.enabled", "Value": "true"}]}
    snapshot = loaded(
        tmp_path,
        health=asked("DescribeTargetHealth", health, TargetGroupArn=GROUP),
        attributes=asked("DescribeTargetGroupAttributes", attributes, TargetGroupArn=GROUP),
    )
    target = TargetDescription(target=Target(id="i-1", port=80), target_health=Health(state="initial"))
    assert snapshot.targets == {GROUP: Targets(target_group_arn=GROUP, targets=(target,))}
    kept = Attribute(key="preserve_client_ip.enabled", value="true")
    assert snapshot.target_group_attributes == {
        GROUP: TargetGroupAttributes(target_group_arn=GROUP, attributes=(kept,))
    }
    assert snapshot.issues == ()


def test_attributes_of_a_classic_balancer_are_one_object(tmp_path: Path) -> None:
    attributes = {"LoadBalancerAttributes": {"CrossZoneLoadBalancing": {"Enabled": True}}}
    answer = asked("DescribeLoadBalancerAttributes", attributes, service="elb", LoadBalancerName="old")
    snapshot = loaded(tmp_path, one=answer)
    assert snapshot.classic_attributes == {"old": ClassicAttributes(load_balancer_name="old", cross_zone=True)}


def test_principals_of_a_service(tmp_path: Path) -> None:
    answer = asked(
        "DescribeVpcEndpointServicePermissions",
        {"AllowedPrincipals": [{"Principal": "*"}]},
        service="ec2",
        ServiceId="vpce-svc-1",
    )
    snapshot = loaded(tmp_path, one=answer)
    everyone = AllowedPrincipals(service_id="vpce-svc-1", principals=(Principal(principal="*"),))
    assert snapshot.endpoint_permissions == {"vpce-svc-1": everyone}


@pytest.mark.parametrize(
    ("key", "call"),
    [("Attributes", "elbv2:Describe"), ("TargetHealthDescriptions", "elbv2:DescribeTargetHealth")],
)
def test_what_does_not_name_its_resource_is_used_enveloped_only(tmp_path: Path, key: str, call: str) -> None:
    snapshot = loaded(tmp_path, listeners={"Listeners": [listener()]}, plain={key: []})
    (issue,) = snapshot.issues
    assert issue.what.startswith(f"`{key}` does not say whose it is ({call}")
    assert snapshot.targets == {}


@pytest.mark.parametrize("port", [-1, 65536, "x"])
def test_a_listener_that_cannot_be_read_leaves_its_balancer_unread(tmp_path: Path, port: object) -> None:
    broken = {**listener(), "Port": port}
    snapshot = loaded(tmp_path, one=asked("DescribeListeners", {"Listeners": [broken]}, LoadBalancerArn=LB))
    assert snapshot.listeners == {}
    assert [m.table for m in snapshot.missing.values()] == ["listeners"]
    assert len(snapshot.issues) == 1


def test_pages_that_are_left_over_make_it_incomplete(tmp_path: Path) -> None:
    response = {"Listeners": [listener()], "NextMarker": "more"}
    snapshot = loaded(tmp_path, one=asked("DescribeListeners", response, LoadBalancerArn=LB))
    assert [found.complete for found in snapshot.listeners.values()] == [False]
