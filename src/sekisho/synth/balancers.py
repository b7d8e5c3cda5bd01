"""Load balancers: nodes, listeners, rules, target groups, targets."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .interfaces import Member, managed
from .rows import CREATED, Asked, Json, Listed, Row
from .vpc import Group, Subnet, Vpc

#: The hosted zone of the balancers' names is one a Region; which one nobody here needs.
_HOSTED_ZONE = "Z14GRHDCWA56QT"


class Front(NamedTuple):
    """A load balancer to be made: `kind` is `application` or `network`."""

    name: str
    kind: str
    internet_facing: bool
    groups: tuple[Group, ...]
    subnets: tuple[Subnet, ...]


class Pool(NamedTuple):
    """Instances that take requests on a port. The first pool of a balancer gets what no rule sends elsewhere."""

    name: str
    port: int
    members: Sequence[Member]


class _Names(NamedTuple):
    """ARNs of one balancer, all of which end in its own."""

    start: str
    path: str

    @property
    def balancer(self) -> str:
        return f"{self.start}:loadbalancer/{self.path}"

    def listener(self, last: str) -> str:
        return f"{self.start}:listener/{self.path}/{last}"

    def rule(self, listener: str, last: str) -> str:
        return f"{self.start}:listener-rule/{self.path}/{listener}/{last}"


def balancer(vpc: Vpc, front: Front, pools: Sequence[Pool]) -> Iterator[Row]:
    """Everything that AWS answers about one load balancer, its nodes first; `front.subnets` get one node each."""
    short = {"application": "app", "network": "net"}[front.kind]
    start = f"arn:aws:elasticloadbalancing:{vpc.place.region}:{vpc.place.account}"
    names = _Names(start, f"{short}/{front.name}/{vpc.draw.hex(16)}")
    for subnet in front.subnets:
        yield _node(vpc, front, names, subnet)
    yield Listed("load_balancers", _record(vpc, front, names))
    about: Json = {"LoadBalancerArn": names.balancer}
    yield Asked("elbv2:DescribeLoadBalancerAttributes", "Attributes", about, _attributes(front))
    groups = [f"{start}:targetgroup/{pool.name}/{vpc.draw.hex(16)}" for pool in pools]
    yield from _listeners(vpc, front, names, groups)
    for pool, arn in zip(pools, groups, strict=True):
        yield from _target_group(vpc, front, names, pool, arn)


def _node(vpc: Vpc, front: Front, names: _Names, subnet: Subnet) -> Listed:
    network = front.kind == "network"
    made = managed(
        vpc,
        subnet,
        front.groups,
        requester="amazon-elb",
        description=f"ELB {names.path}",
        kind="network_load_balancer" if network else "interface",
        public=vpc.public.next() if front.internet_facing else None,
    )
    made.record["SourceDestCheck"] = not network
    return Listed("interfaces", made.record)


def _record(vpc: Vpc, front: Front, names: _Names) -> Json:
    written: Json = {
        "AvailabilityZones": [
            {"LoadBalancerAddresses": [], "SubnetId": s.id, "ZoneName": s.zone.name} for s in front.subnets
        ],
        "CanonicalHostedZoneId": _HOSTED_ZONE,
        "CreatedTime": CREATED,
        "DNSName": f"{front.name}-{names.path[-10:]}.elb.{vpc.place.region}.amazonaws.com",
        "IpAddressType": "ipv4",
        "LoadBalancerArn": names.balancer,
        "LoadBalancerName": front.name,
        "Scheme": "internet-facing" if front.internet_facing else "internal",
        "State": {"Code": "active"},
        "Type": front.kind,
        "VpcId": vpc.plan.vpc_id,
    }
    return written | ({"SecurityGroups": [g.id for g in front.groups]} if front.groups else {})


def _pairs(**values: str) -> list[Json]:
    return [{"Key": key.replace("__", "."), "Value": value} for key, value in values.items()]


def _attributes(front: Front) -> list[Json]:
    shared = _pairs(deletion_protection__enabled="true", access_logs__s3__enabled="false")
    if front.kind == "network":
        return [*shared, *_pairs(load_balancing__cross_zone__enabled="true")]
    return [*shared, *_pairs(idle_timeout__timeout_seconds="60", load_balancing__cross_zone__enabled="true")]


# Listeners --------------------------------------------------------------------------------------------


def _forward(arn: str) -> Json:
    weighted: Json = {"TargetGroups": [{"TargetGroupArn": arn, "Weight": 1}]}
    return {"ForwardConfig": weighted, "Order": 1, "TargetGroupArn": arn, "Type": "forward"}


def _listeners(vpc: Vpc, front: Front, names: _Names, groups: Sequence[str]) -> Iterator[Row]:
    """Of an application balancer: HTTPS forwards, HTTP sends the client there. Of a network one: TCP on 443."""
    application = front.kind == "application"
    secure, plain = vpc.draw.hex(16), vpc.draw.hex(16)
    written = [_listener(names, secure, "HTTPS" if application else "TCP", 443, _forward(groups[0]))]
    if application:
        elsewhere: Json = {"Order": 1, "RedirectConfig": {"Port": "443", "Protocol": "HTTPS"}, "Type": "redirect"}
        written.append(_listener(names, plain, "HTTP", 80, elsewhere))
    yield Asked("elbv2:DescribeListeners", "Listeners", {"LoadBalancerArn": names.balancer}, written)
    if not application:
        return
    by_path = [_rule(names, secure, vpc.draw.hex(16), number, arn) for number, arn in enumerate(groups[1:], start=1)]
    by_default = _rule(names, secure, vpc.draw.hex(16), None, groups[0])
    yield Asked("elbv2:DescribeRules", "Rules", {"ListenerArn": names.listener(secure)}, [*by_path, by_default])
    redirected = _rule(names, plain, vpc.draw.hex(16), None, None)
    yield Asked("elbv2:DescribeRules", "Rules", {"ListenerArn": names.listener(plain)}, [redirected])


def _listener(names: _Names, last: str, protocol: str, port: int, action: Json) -> Json:
    return {
        "DefaultActions": [action],
        "ListenerArn": names.listener(last),
        "LoadBalancerArn": names.balancer,
        "Port": port,
        "Protocol": protocol,
    }


def _rule(names: _Names, listener: str, last: str, number: int | None, arn: str | None) -> Json:
    """The rule for a path, or without a number the one for all the rest; without target group it redirects."""
    elsewhere: Json = {"Order": 1, "RedirectConfig": {"Port": "443", "Protocol": "HTTPS"}, "Type": "redirect"}
    paths = [f"/{number}/*"]
    by_path: Json = {"Field": "path-pattern", "PathPatternConfig": {"Values": paths}, "Values": paths}
    return {
        "Actions": [_forward(arn) if arn else elsewhere],
        "Conditions": [by_path] if number else [],
        "IsDefault": number is None,
        "Priority": str(number * 10) if number else "default",
        "RuleArn": names.rule(listener, last),
    }


# Targets ----------------------------------------------------------------------------------------------


def _target_group(vpc: Vpc, front: Front, names: _Names, pool: Pool, arn: str) -> Iterator[Row]:
    protocol = "HTTP" if front.kind == "application" else "TCP"
    yield Listed(
        "target_groups",
        {
            "HealthCheckEnabled": True,
            "HealthCheckIntervalSeconds": 30,
            "HealthCheckPort": "traffic-port",
            "HealthCheckProtocol": protocol,
            "HealthCheckTimeoutSeconds": 5,
            "HealthyThresholdCount": 5,
            "IpAddressType": "ipv4",
            "LoadBalancerArns": [names.balancer],
            "Port": pool.port,
            "Protocol": protocol,
            "TargetGroupArn": arn,
            "TargetGroupName": pool.name,
            "TargetType": "instance",
            "UnhealthyThresholdCount": 2,
            "VpcId": vpc.plan.vpc_id,
        },
    )
    crossing = _pairs(load_balancing__cross_zone__enabled="use_load_balancer_configuration")
    seen = _pairs(preserve_client_ip__enabled="true") if front.kind == "network" else []
    attributes = [*_pairs(deregistration_delay__timeout_seconds="300"), *crossing, *seen]
    about: Json = {"TargetGroupArn": arn}
    yield Asked("elbv2:DescribeTargetGroupAttributes", "Attributes", about, attributes)
    targets = [_target(vpc, pool, member) for member in pool.members]
    yield Asked("elbv2:DescribeTargetHealth", "TargetHealthDescriptions", about, targets)


def _target(vpc: Vpc, pool: Pool, member: Member) -> Json:
    health: Json = {"State": "healthy"}
    if not member.running:
        health = {"Reason": "Target.InvalidState", "State": "unused"}
    elif vpc.draw.chance(2):
        health = {"Reason": "Target.Timeout", "State": "unhealthy"}
    return {
        "HealthCheckPort": str(pool.port),
        "Target": {"Id": member.instance, "Port": pool.port},
        "TargetHealth": health,
    }
