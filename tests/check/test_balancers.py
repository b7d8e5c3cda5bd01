"""Load balancers as the checker reads them, and connections that a node opens by itself."""

import json
from typing import Any

import pytest

from check.corpus import Case, cases
from check.verdicts import fates, packets
from sekisho_check.audit import Audit
from sekisho_check.balancers import (
    Listener,
    Target,
    balancers,
    cross_zone,
    forwarded_to,
    forwards,
    listeners,
    preserves,
)
from sekisho_check.estate import Estate
from sekisho_check.snapshot import gathered

ARN = "arn:aws:elasticloadbalancing:eu-west-1:111122223333:"
APP, NET = f"{ARN}loadbalancer/app/front/1", f"{ARN}loadbalancer/net/front/2"
GROUP = f"{ARN}targetgroup/web/3"
TCP_80 = Listener(80, (6,), f"{ARN}listener/net/front/2/4")


def asked(operation: str, response: object, service: str = "elbv2", **parameters: object) -> dict[str, object]:
    where = {"account": "111122223333", "region": "eu-west-1", "error": None}
    return {"service": service, "operation": operation, "parameters": parameters, "response": response, **where}


def estate(*answers: dict[str, object]) -> Estate:
    return Estate(gathered("test", [(f"{i}.json", json.dumps(answer).encode()) for i, answer in enumerate(answers)]))


def described(arn: str, kind: str) -> dict[str, object]:
    return asked("DescribeLoadBalancers", {"LoadBalancers": [{"LoadBalancerArn": arn, "Type": kind, "VpcId": "vpc-a"}]})


def attributes(operation: str, parameter: str, name: str, **values: str) -> dict[str, object]:
    values = {"stickiness.enabled": "false"} | values  # there always are some
    listed = [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]
    return asked(operation, {"Attributes": listed}, **{parameter: name})


def of_group(**values: str) -> dict[str, object]:
    return attributes("DescribeTargetGroupAttributes", "TargetGroupArn", GROUP, **values)


def of_balancer(arn: str, **values: str) -> dict[str, object]:
    return attributes("DescribeLoadBalancerAttributes", "LoadBalancerArn", arn, **values)


@pytest.mark.parametrize(
    ("arn", "kind", "answers", "expected"),
    [
        (APP, "application", [of_group()], True),
        (APP, "application", [of_group(load_balancing__cross_zone__enabled="false")], False),
        (APP, "application", [], None),
        (NET, "network", [of_group(), of_balancer(NET)], False),
        (NET, "network", [of_group(), of_balancer(NET, load_balancing__cross_zone__enabled="true")], True),
        (NET, "network", [of_group(load_balancing__cross_zone__enabled="true")], True),
        (NET, "network", [of_group()], None),
    ],
)
def test_cross_zone(arn: str, kind: str, answers: list[dict[str, object]], expected: bool | None) -> None:
    reading = estate(described(arn, kind), *answers)
    assert cross_zone(reading, balancers(reading)[arn], GROUP) is expected


@pytest.mark.parametrize("enabled", [True, False, None])
def test_cross_zone_of_classic_balancers_has_no_default(enabled: bool | None) -> None:
    plain = asked(
        "DescribeLoadBalancers", {"LoadBalancerDescriptions": [{"LoadBalancerName": "old", "VPCId": "vpc-a"}]}, "elb"
    )
    told = {"LoadBalancerAttributes": {"CrossZoneLoadBalancing": {"Enabled": enabled}}}
    read = asked("DescribeLoadBalancerAttributes", told, "elb", LoadBalancerName="old")
    reading = estate(plain, *([] if enabled is None else [read]))
    assert cross_zone(reading, balancers(reading)["old"], "") is enabled


@pytest.mark.parametrize(
    ("kind", "protocols", "answers", "expected"),
    [
        ("instance", (6,), [of_group()], True),
        ("ip", (6,), [of_group()], False),
        ("ip", (6,), [of_group(preserve_client_ip__enabled="true")], True),
        ("instance", (6,), [of_group(preserve_client_ip__enabled="false")], False),
        ("instance", (6,), [], None),
        ("ip", (17,), [], True),
        ("ip", (6, 17), [of_group(preserve_client_ip__enabled="false")], True),
        ("alb", (6,), [], True),
    ],
)
def test_whose_address_the_target_sees(
    kind: str, protocols: tuple[int, ...], answers: list[dict[str, object]], expected: bool | None
) -> None:
    reading = estate(described(NET, "network"), *answers)
    target = Target(TCP_80, GROUP, kind, "i-1", 80, protocols, 4, healthy=True, everywhere=False)
    assert preserves(reading, balancers(reading)[NET], target) is expected


def test_no_attributes_at_all_are_none_that_were_read() -> None:
    reading = estate(
        described(NET, "network"), asked("DescribeTargetGroupAttributes", {"Attributes": []}, TargetGroupArn=GROUP)
    )
    target = Target(TCP_80, GROUP, "instance", "i-1", 80, (6,), 4, healthy=True, everywhere=False)
    assert preserves(reading, balancers(reading)[NET], target) is None


def test_an_application_balancer_never_shows_its_clients() -> None:
    reading = estate(described(APP, "application"), of_group(preserve_client_ip__enabled="true"))
    target = Target(TCP_80, GROUP, "instance", "i-1", 80, (6,), 4, healthy=True, everywhere=False)
    assert preserves(reading, balancers(reading)[APP], target) is False


def weighed(*weights: int | None) -> list[dict[str, Any]]:
    groups = [{"TargetGroupArn": f"tg-{i}"} | ({} if w is None else {"Weight": w}) for i, w in enumerate(weights)]
    return [{"Type": "forward", "ForwardConfig": {"TargetGroups": groups}}]


@pytest.mark.parametrize(
    ("actions", "expected"),
    [
        (weighed(1, 0), ["tg-0"]),
        (weighed(0, 0), ["tg-0", "tg-1"]),
        (weighed(None, 5), ["tg-0", "tg-1"]),
        ([{"Type": "forward", "TargetGroupArn": "tg-9"}], ["tg-9"]),
        ([{"Type": "fixed-response"}], []),
        ("no list", []),
    ],
)
def test_groups_of_weight_nought(actions: object, expected: list[str]) -> None:
    assert forwarded_to(actions) == expected


def listener(arn: str) -> dict[str, object]:
    return {
        "ListenerArn": f"{arn}/4".replace("loadbalancer", "listener"),
        "LoadBalancerArn": arn,
        "Port": 443,
        "Protocol": "HTTPS",
    }


def test_listeners_of_another_balancer_say_nothing_of_this_one() -> None:
    both = [{"LoadBalancerArn": arn, "Type": "application", "VpcId": "vpc-a"} for arn in (APP, APP + "b")]
    answers: list[dict[str, object]] = [
        asked("DescribeLoadBalancers", {"LoadBalancers": both}),
        {"Listeners": [listener(APP)]},
    ]
    reading = estate(*answers)
    known = listeners(reading, balancers(reading)[APP])
    assert known is not None
    assert [one for one, _ in known] == [Listener(443, (6,), f"{ARN}listener/app/front/1/4")]
    assert listeners(reading, balancers(reading)[APP + "b"]) is None
    nothing = asked("DescribeListeners", {"Listeners": []}, LoadBalancerArn=APP + "b")
    reading = estate(*answers, nothing)
    assert listeners(reading, balancers(reading)[APP + "b"]) == []


def test_rules_that_were_not_read() -> None:
    reading = estate(described(APP, "application"))
    data = listener(APP) | {"DefaultActions": [{"Type": "forward", "TargetGroupArn": "tg-0"}]}
    known = Listener(443, (6,), str(data["ListenerArn"]))
    assert forwards(reading, balancers(reading)[APP], known, data) == (["tg-0"], f"the rules of {APP} were not read")
    rule = {"RuleArn": f"{ARN}listener-rule/app/front/1/4/5", "IsDefault": False, "Actions": weighed(1)}
    last = {"RuleArn": f"{ARN}listener-rule/app/front/1/4/6", "IsDefault": True, "Actions": []}
    reading = estate(described(APP, "application"), {"Rules": [rule, last]})
    assert forwards(reading, balancers(reading)[APP], known, data) == (["tg-0"], "")


# Whole ways


def case(name: str) -> Case:
    return next(one for one in cases() if one.name == name)


def found(name: str, interface: str, address: str, origin: str) -> dict[str, set[str]]:
    """The fates of all packets, by the words of the way from the first load balancer on."""
    checker = Audit(case(name).estate())
    row = checker.rows[interface, address, origin]
    return {
        " ".join(word or "" for word in way.words): {
            fate for fate, _ in fates(checker.estate, row.address, way, packets(row.address, way))
        }
        for way in row.ways
    }


FRONT = "arn:aws:elasticloadbalancing:ap-northeast-1:111122223333:loadbalancer/"


def test_a_proxy_sends_nothing_where_its_client_gets_no_answer() -> None:
    ways = found("balancers/031-no-route-of-the-node", "eni-a2", "10.0.2.20", "internet")
    assert ways == {
        "internet-gateway igw-a": {"stopped"},
        f"internet-gateway igw-a load-balancer {FRONT}app/front/50dc6c495c0c9188 443 eni-b 10.0.2.40 8080": {"stopped"},
    }


def test_some_ports_of_the_node_are_lost() -> None:
    ways = found("balancers/032-not-every-port-of-the-node", "eni-a2", "10.0.2.20", "internet")
    assert list(ways.values()) == [{"stopped"}, {"delivered"}]


def test_both_families_of_a_node_are_ways_of_their_own() -> None:
    ways = found("balancers/044-ipv6-clients-alone", "eni-a2", "10.0.2.20", "internet")
    front = f"internet-gateway igw-a load-balancer {FRONT}app/front/50dc6c495c0c9188 443 eni-b"
    assert ways == {
        "internet-gateway igw-a": {"stopped"},
        f"{front} 10.0.1.40 8080": {"stopped"},
        f"{front} 2001:db8:1234:1a01::40 8080": {"answered"},
    }


def test_one_behind_the_other() -> None:
    ways = found("balancers/043-one-behind-the-other", "eni-a2", "10.0.2.20", "internet")
    net, app = (
        f"load-balancer {FRONT}net/front/50dc6c495c0c9188 443 eni-b 10.0.1.40 443",
        f"load-balancer {FRONT}app/inner/73e2d6bc24d8a067 443 eni-i 10.0.2.40 8080",
    )
    assert ways == {
        "internet-gateway igw-a": {"stopped"},
        f"internet-gateway igw-a {app}": {"stopped"},
        f"internet-gateway igw-a {net} {app}": {"answered"},
    }
