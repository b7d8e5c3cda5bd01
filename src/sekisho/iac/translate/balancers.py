"""Load balancers: their nodes, listeners, rules, target groups and targets."""

from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import Unknown, block, blocks, derived, flag, known, many, number, one, text

from .compute import register
from .translation import Translation

_TYPES = {"application": "app", "network": "net", "gateway": "gwy"}
_INTERFACES = {"network": "network_load_balancer", "gateway": "gateway_load_balancer"}


def balancer(t: Translation, r: Resource) -> None:
    arn = t.place(r)
    kind = text(r.get("load_balancer_type")) or "application"
    internal = flag(r.get("internal"), default=False)
    mapped = blocks(r.get("subnet_mapping"))
    subnets: list[str | Unknown | None] = [*t.many(r, "subnets", "subnet")] or [
        t.pick(r, b.get("subnet_id"), "subnet", "subnet_mapping") for b in mapped
    ]
    groups, vpc = t.many(r, "security_groups", "sg"), next((t.vpc_of(s) for s in subnets if t.vpc_of(s)), None)
    draft: dict[str, Any] = {
        "LoadBalancerArn": arn,
        "LoadBalancerName": text(r.get("name")) or arn.split("/")[-2] if "/" in arn else arn,
        "Scheme": "internal" if internal else "internet-facing",
        "Type": kind,
        "VpcId": vpc,
        "State": {"Code": "active"},
        "AvailabilityZones": [
            {"SubnetId": s, "ZoneName": (t.estate.get("subnets", s) or {}).get("AvailabilityZone")} for s in subnets
        ],
        "SecurityGroups": groups,
        "IpAddressType": text(r.get("ip_address_type")) or "ipv4",
        "EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic": text(
            r.get("enforce_security_group_inbound_rules_on_private_link_traffic")
        ),
    }
    t.estate.put("load_balancers", arn, r.scope, draft)
    t.estate.part("listeners", arn, r.scope)
    cross = text(r.get("enable_cross_zone_load_balancing")) or ("true" if kind == "application" else "false")
    attributes = {"load_balancing.cross_zone.enabled": cross, "ipv6.deny_all_igw_traffic": str(internal).lower()}
    t.estate.part("load_balancer_attributes", arn, r.scope, [{"Key": k, "Value": v} for k, v in attributes.items()])
    for index, subnet in enumerate(subnets):
        given = mapped[index] if index < len(mapped) else {}
        _node(t, r, draft, subnet, given, index)


def _node(  # noqa: PLR0917 - each a part of what is joined
    t: Translation,
    r: Resource,
    balancer_: dict[str, Any],
    subnet: str | Unknown | None,
    given: dict[str, Any],
    index: int,
) -> None:
    """The interface of a balancer in one of its subnets."""
    arn, kind, groups = balancer_["LoadBalancerArn"], balancer_["Type"], balancer_["SecurityGroups"]
    internal = balancer_["Scheme"] == "internal"
    allocation = t.pick(r, given.get("allocation_id"), "eipalloc", "allocation_id")
    private = text(given.get("private_ipv4_address"))
    eni = f"{derived('eni', arn.replace(':loadbalancer/', ':x-'), 'node')}_{index}"
    dual = (text(r.get("ip_address_type")) or "").startswith("dualstack")
    t.interface(
        r,
        eni,
        subnet,
        groups=groups if groups or kind != "application" else None,
        InterfaceType=_INTERFACES.get(kind, "interface"),
        Description=f"ELB {arn.partition(':loadbalancer/')[2]}",
        RequesterId="amazon-elb",
        RequesterManaged=True,
        SourceDestCheck=False,
        _private=[private] if private else [],
        _public=not internal and kind != "gateway",
        _ipv6_count=1 if dual else 0,
    )
    address = t.estate.get("addresses", allocation)
    if address is not None:
        address["NetworkInterfaceId"] = eni


def listener(t: Translation, r: Resource) -> None:
    arn, balancer_arn = t.place(r), one(r.get("load_balancer_arn"), "arn:")
    if not isinstance(balancer_arn, str) or t.estate.get("load_balancers", balancer_arn) is None:
        t.estate.issue(
            r.address, "its load balancer is not declared here, or known after apply", "the listener is not used"
        )
        return
    kind = t.estate.tables["load_balancers"][balancer_arn]["Type"]
    default = "HTTP" if kind == "application" else None
    draft: dict[str, Any] = {
        "ListenerArn": arn,
        "LoadBalancerArn": balancer_arn,
        "Port": number(r.get("port")),
        "Protocol": text(r.get("protocol")) or default,
        "DefaultActions": _actions(t, r, blocks(r.get("default_action"))),
    }
    t.estate.part("listeners", balancer_arn, r.scope, [draft])
    if kind == "application":
        t.estate.part("listener_rules", arn, r.scope)
    t.estate.balancer_of_listener[arn] = balancer_arn
    _uses(t, balancer_arn, draft["DefaultActions"])


def rule(t: Translation, r: Resource) -> None:
    arn = one(r.get("listener_arn"), "arn:")
    if not isinstance(arn, str):
        t.estate.issue(r.address, "its listener is known after apply", "the rule is not used")
        return
    actions = _actions(t, r, blocks(r.get("action")))
    t.estate.part("listener_rules", arn, r.scope, [{"Priority": text(r.get("priority")), "Actions": actions}])
    _uses(t, t.estate.balancer_of_listener.get(arn), actions)


def _actions(t: Translation, r: Resource, given: list[dict[str, Any]]) -> list[dict[str, Any]]:
    found = []
    for b in given:
        target = t.pick(r, b.get("target_group_arn"), "arn:", "target_group_arn")
        forward = block(b.get("forward"))
        weighted = [
            {"TargetGroupArn": t.pick(r, g.get("arn"), "arn:", "target_group"), "Weight": number(g.get("weight"))}
            for g in blocks(forward.get("target_group"))
        ]
        action: dict[str, Any] = {"Type": text(b.get("type")) or "forward"}
        if target:
            action["TargetGroupArn"] = target
        if weighted:
            action["ForwardConfig"] = {"TargetGroups": weighted}
        found.append(action)
    return found


def _uses(t: Translation, balancer_arn: str | None, actions: list[dict[str, Any]]) -> None:
    """A target group knows the balancers that forward to it."""
    weighted = (g["TargetGroupArn"] for a in actions for g in a.get("ForwardConfig", {}).get("TargetGroups", ()))
    for arn in [*(a.get("TargetGroupArn") for a in actions), *weighted]:
        draft = t.estate.get("target_groups", arn)
        if draft is not None and balancer_arn and balancer_arn not in draft["LoadBalancerArns"]:
            draft["LoadBalancerArns"].append(balancer_arn)


def target_group(t: Translation, r: Resource) -> None:
    arn = t.place(r)
    draft: dict[str, Any] = {
        "TargetGroupArn": arn,
        "TargetGroupName": text(r.get("name")) or arn.split("/")[-2] if "/" in arn else arn,
        "Protocol": text(r.get("protocol")),
        "Port": number(r.get("port")),
        "VpcId": t.one(r, "vpc_id", "vpc"),
        "LoadBalancerArns": [],
        "TargetType": text(r.get("target_type")) or "instance",
        "IpAddressType": text(r.get("ip_address_type")) or "ipv4",
    }
    t.estate.put("target_groups", arn, r.scope, draft)
    t.estate.part("targets", arn, r.scope)
    ip = draft["TargetType"] == "ip"
    keeps = text(r.get("preserve_client_ip")) or str(not (ip and draft["Protocol"] in {"TCP", "TLS"})).lower()
    attributes = {
        "preserve_client_ip.enabled": keeps,
        "load_balancing.cross_zone.enabled": text(r.get("load_balancing_cross_zone_enabled"))
        or "use_load_balancer_configuration",
    }
    t.estate.part("target_group_attributes", arn, r.scope, [{"Key": k, "Value": v} for k, v in attributes.items()])


def target(t: Translation, r: Resource) -> None:
    group = one(r.get("target_group_arn"), "arn:")
    record = t.estate.get("target_groups", group) or {}
    prefix = {"instance": "i", "alb": "arn:", "lambda": "arn:"}.get(record.get("TargetType", ""), "")
    value = r.get("target_id")
    found = t.pick(r, value, prefix, "target_id") if isinstance(value, Unknown) else one(value)
    register(t, r, group, found, r.get("port"), text(r.get("availability_zone")))


# Classic --------------------------------------------------------------------------------------------


def classic(t: Translation, r: Resource) -> None:
    name, internal = text(r.get("name")) or r.id, flag(r.get("internal"), default=False)
    subnets, groups = t.many(r, "subnets", "subnet"), t.many(r, "security_groups", "sg")
    instances = [
        *known(t.many(r, "instances", "i")),
        *t.estate.classic_instances.get(name, []),
        *t.estate.classic_instances.get(r.id, []),
    ]
    listeners = [
        {
            "Listener": {
                "Protocol": (text(b.get("lb_protocol")) or "tcp").upper(),
                "LoadBalancerPort": number(b.get("lb_port")),
                "InstancePort": number(b.get("instance_port")),
                "InstanceProtocol": (text(b.get("instance_protocol")) or "tcp").upper(),
            }
        }
        for b in blocks(r.get("listener"))
    ]
    draft: dict[str, Any] = {
        "LoadBalancerName": name,
        "VPCId": next((t.vpc_of(s) for s in subnets if t.vpc_of(s)), None),
        "Scheme": "internal" if internal else "internet-facing",
        "Subnets": subnets,
        "SecurityGroups": groups,
        "Instances": [{"InstanceId": i} for i in instances],
        "ListenerDescriptions": listeners,
    }
    t.estate.put("classic_load_balancers", t.place(r, name), r.scope, draft)
    cross = {"CrossZoneLoadBalancing": {"Enabled": flag(r.get("cross_zone_load_balancing"), default=True)}}
    t.estate.classic_attributes[name] = (r.scope, cross)
    for index, subnet in enumerate(subnets):
        eni = f"{derived('eni', r.id, 'elb')}_{index}"
        t.interface(
            r, eni, subnet, groups=groups or None, Description=f"ELB {name}", RequesterId="amazon-elb",
            RequesterManaged=True, SourceDestCheck=False, _public=not internal, _ipv6_count=0,
        )  # fmt: skip


def classic_attachment(t: Translation, r: Resource) -> None:
    draft = t.estate.get("classic_load_balancers", t.one(r, "elb"))
    if draft is None:
        draft = next((d for n, d in t.estate.all("classic_load_balancers") if n in str(many(r.get("elb")))), None)
    if draft is not None:
        draft["Instances"].append({"InstanceId": t.one(r, "instance", "i")})
