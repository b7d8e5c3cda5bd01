"""VPC endpoints and their services, Network Firewall, Global Accelerator, Instance Connect Endpoints."""

from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import LATER, Unknown, block, blocks, derived, flag, many, number, one, tags, text

from .translation import Translation


def endpoint(t: Translation, r: Resource) -> None:
    name, vpc = t.place(r), t.one(r, "vpc_id", "vpc")
    kind = text(r.get("vpc_endpoint_type")) or "Gateway"
    subnets, groups = t.many(r, "subnet_ids", "subnet"), t.many(r, "security_group_ids", "sg")
    dual = text(r.get("ip_address_type")) in {"dualstack", "ipv6"}
    interfaces = [f"{derived('eni', name, 'endpoint')}_{index}" for index, _ in enumerate(subnets)]
    service = r.get("service_name")
    draft = {
        "VpcEndpointId": name,
        "VpcEndpointType": kind,
        "VpcId": vpc,
        "ServiceName": text(service) or _service(t, service),
        "State": "available",
        "SubnetIds": subnets,
        "RouteTableIds": t.many(r, "route_table_ids", "rtb"),
        "NetworkInterfaceIds": interfaces,
        "Groups": [{"GroupId": g} for g in groups],
        "OwnerId": r.scope.account,
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("vpc_endpoints", name, r.scope, draft)
    types = {"GatewayLoadBalancer": "gateway_load_balancer_endpoint"}
    for eni, subnet in zip(interfaces, subnets, strict=True):
        t.interface(
            r, eni, subnet, VpcId=vpc, groups=[] if kind == "GatewayLoadBalancer" else groups or None,
            InterfaceType=types.get(kind, "vpc_endpoint"), Description=f"VPC Endpoint Interface {name}",
            RequesterManaged=True, SourceDestCheck=kind != "GatewayLoadBalancer", _public=False, _ipv6_count=int(dual),
        )  # fmt: skip


def _service(t: Translation, value: object) -> str:
    """The name of a service that is declared here too, in the form that AWS will give it."""
    candidates = value.candidates if isinstance(value, Unknown) else ()
    for o in t.resources:
        if o.type == "aws_vpc_endpoint_service" and any(o.id in str(c) for c in candidates):
            return service_name(o)
    return LATER


def service_name(r: Resource) -> str:
    return text(r.get("service_name")) or f"com.amazonaws.vpce.{r.scope.region}.{r.id}"


def endpoint_subnet(t: Translation, r: Resource) -> None:
    draft, subnet = t.estate.get("vpc_endpoints", t.one(r, "vpc_endpoint_id", "vpce")), t.one(r, "subnet_id", "subnet")
    if draft is not None:
        eni = f"{derived('eni', draft['VpcEndpointId'], 'endpoint')}_{len(draft['SubnetIds'])}"
        groups = [g["GroupId"] for g in draft["Groups"]]
        t.interface(
            r,
            eni,
            subnet,
            VpcId=draft["VpcId"],
            groups=groups or None,
            InterfaceType="vpc_endpoint",
            RequesterManaged=True,
            _public=False,
            _ipv6_count=0,
        )
        draft["SubnetIds"].append(subnet)
        draft["NetworkInterfaceIds"].append(eni)


def endpoint_table(t: Translation, r: Resource) -> None:
    draft = t.estate.get("vpc_endpoints", t.one(r, "vpc_endpoint_id", "vpce"))
    if draft is not None:
        draft["RouteTableIds"].append(t.one(r, "route_table_id", "rtb"))


def endpoint_group(t: Translation, r: Resource) -> None:
    draft, group = (
        t.estate.get("vpc_endpoints", t.one(r, "vpc_endpoint_id", "vpce")),
        t.one(r, "security_group_id", "sg"),
    )
    for eni in draft["NetworkInterfaceIds"] if draft else ():
        t.estate.tables["interfaces"][eni].setdefault("Groups", []).append({"GroupId": group})
        t.estate.tables["interfaces"][eni].pop("_default_group", None)


def endpoint_service(t: Translation, r: Resource) -> None:
    name = t.place(r)
    draft = {
        "ServiceId": name,
        "ServiceName": service_name(r),
        "ServiceState": "Available",
        "AcceptanceRequired": flag(r.get("acceptance_required"), default=True),
        "NetworkLoadBalancerArns": t.many(r, "network_load_balancer_arns", "arn:"),
        "GatewayLoadBalancerArns": t.many(r, "gateway_load_balancer_arns", "arn:"),
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("endpoint_services", name, r.scope, draft)
    principals = [{"Principal": p if isinstance(p, str) else LATER} for p in many(r.get("allowed_principals"))]
    t.estate.part("endpoint_permissions", name, r.scope, principals)


def allowed_principal(t: Translation, r: Resource) -> None:
    name = t.one(r, "vpc_endpoint_service_id", "vpce-svc")
    if isinstance(name, str):
        t.estate.part("endpoint_permissions", name, r.scope, [{"Principal": text(r.get("principal_arn")) or LATER}])


def instance_connect(t: Translation, r: Resource) -> None:
    name, subnet = t.place(r), t.one(r, "subnet_id", "subnet")
    groups, eni = t.many(r, "security_group_ids", "sg"), derived("eni", r.id, "connect")
    t.interface(
        r,
        eni,
        subnet,
        groups=groups or None,
        InterfaceType="ec2_instance_connect_endpoint",
        RequesterManaged=True,
        _public=False,
    )
    draft = {
        "InstanceConnectEndpointId": name,
        "OwnerId": r.scope.account,
        "State": "create-complete",
        "VpcId": t.vpc_of(subnet),
        "SubnetId": subnet,
        "NetworkInterfaceIds": [eni],
        "SecurityGroupIds": groups,
        "PreserveClientIp": flag(r.get("preserve_client_ip"), default=True),
    }
    t.estate.put("instance_connect_endpoints", name, r.scope, draft)


# Network Firewall -----------------------------------------------------------------------------------


def firewall(t: Translation, r: Resource) -> None:
    """A firewall with an endpoint in each of its subnets."""
    arn, vpc = t.place(r), t.one(r, "vpc_id", "vpc")
    name = text(r.get("name")) or arn.rpartition("/")[2]
    subnets = [t.pick(r, b.get("subnet_id"), "subnet", "subnet_mapping") for b in blocks(r.get("subnet_mapping"))]
    given = [b for s in blocks(r.get("firewall_status")) for b in blocks(s.get("sync_states"))]
    ids = {str(a.get("subnet_id")): text(a.get("endpoint_id")) for b in given for a in blocks(b.get("attachment"))}
    states: dict[str, Any] = {}
    for index, subnet in enumerate(subnets):
        endpoint_id = ids.get(str(subnet)) or f"{derived('vpce', arn, 'firewall')}_{index}"
        zone = (t.estate.get("subnets", subnet) or {}).get("AvailabilityZone") or f"zone-{index}"
        states[zone] = {"Attachment": {"SubnetId": subnet, "EndpointId": endpoint_id, "Status": "READY"}}
        eni = derived("eni", endpoint_id, "firewall")
        t.interface(
            r,
            eni,
            subnet,
            VpcId=vpc,
            groups=[],
            InterfaceType="gateway_load_balancer_endpoint",
            RequesterManaged=True,
            SourceDestCheck=False,
            _public=False,
            _ipv6_count=0,
        )
        endpoint_draft = {
            "VpcEndpointId": endpoint_id,
            "VpcEndpointType": "GatewayLoadBalancer",
            "VpcId": vpc,
            "State": "available",
            "SubnetIds": [subnet],
            "NetworkInterfaceIds": [eni],
            "RequesterManaged": True,
            "Tags": [{"Key": "AWSNetworkFirewallManaged", "Value": "true"}],
        }
        t.estate.put("vpc_endpoints", t.place(r, endpoint_id), r.scope, endpoint_draft)
    settings = {
        "FirewallArn": arn,
        "FirewallName": name,
        "FirewallPolicyArn": t.one(r, "firewall_policy_arn", "arn:"),
        "VpcId": vpc,
    }
    t.estate.put(
        "firewalls", arn, r.scope, {"Firewall": settings, "FirewallStatus": {"Status": "READY", "SyncStates": states}}
    )
    t.estate.put("listed_firewalls", arn, r.scope, {"FirewallArn": arn, "FirewallName": name})


def firewall_policy(t: Translation, r: Resource) -> None:
    arn, given = t.place(r), block(r.get("firewall_policy"))
    options = block(given.get("stateful_engine_options"))
    policy: dict[str, Any] = {
        "StatelessDefaultActions": many(given.get("stateless_default_actions")),
        "StatelessFragmentDefaultActions": many(given.get("stateless_fragment_default_actions")),
        "StatefulDefaultActions": many(given.get("stateful_default_actions")),
        "StatelessRuleGroupReferences": [
            {
                "ResourceArn": t.pick(r, b.get("resource_arn"), "arn:", "resource_arn"),
                "Priority": number(b.get("priority")),
            }
            for b in blocks(given.get("stateless_rule_group_reference"))
        ],
        "StatefulRuleGroupReferences": [
            {
                "ResourceArn": t.pick(r, b.get("resource_arn"), "arn:", "resource_arn"),
                "Priority": number(b.get("priority")),
                "Override": {"Action": text(block(b.get("override")).get("action"))} if b.get("override") else None,
            }
            for b in blocks(given.get("stateful_rule_group_reference"))
        ],
        "StatefulEngineOptions": {
            "RuleOrder": text(options.get("rule_order")) or "DEFAULT_ACTION_ORDER",
            "StreamExceptionPolicy": text(options.get("stream_exception_policy")) or "DROP",
        },
    }
    variables = block(given.get("policy_variables"))
    if variables:
        policy["PolicyVariables"] = {"RuleVariables": _sets(variables.get("rule_variables"), "ip_set")}
    identity = {"FirewallPolicyArn": arn, "FirewallPolicyName": text(r.get("name"))}
    if isinstance(r.get("api"), dict):
        policy = r.get("api")
    t.estate.put("firewall_policies", arn, r.scope, {"FirewallPolicyResponse": identity, "FirewallPolicy": policy})


def _sets(value: object, inner: str) -> dict[str, Any]:
    return {
        text(b.get("key")) or LATER: {"Definition": many(block(b.get(inner)).get("definition"))} for b in blocks(value)
    }


def rule_group(t: Translation, r: Resource) -> None:
    arn, kind = t.place(r), text(r.get("type")) or "STATEFUL"
    given = block(r.get("rule_group"))
    source, variables = block(given.get("rules_source")), block(given.get("rule_variables"))
    identity = {"RuleGroupArn": arn, "RuleGroupName": text(r.get("name")), "Type": kind}
    rules_string = r.get("rules") or source.get("rules_string")
    settings: dict[str, Any] = {"RulesSource": _source(source, rules_string)}
    if variables:
        settings["RuleVariables"] = {
            "IPSets": _sets(variables.get("ip_sets"), "ip_set"),
            "PortSets": _sets(variables.get("port_sets"), "port_set"),
        }
    if isinstance(r.get("api"), dict):
        settings = r.get("api")
    order = text(block(given.get("stateful_rule_options")).get("rule_order"))
    if order:
        settings["StatefulRuleOptions"] = {"RuleOrder": order}
    t.estate.put("rule_groups", arn, r.scope, {"RuleGroupResponse": identity, "RuleGroup": settings})


def _source(source: dict[str, Any], rules_string: object) -> dict[str, Any]:
    if rules_string:
        return {"RulesString": rules_string}
    listed = block(source.get("rules_source_list"))
    if listed:
        members = ("targets", "Targets"), ("target_types", "TargetTypes")
        found: dict[str, Any] = {member: many(listed.get(name)) for name, member in members}
        return {"RulesSourceList": found | {"GeneratedRulesType": text(listed.get("generated_rules_type"))}}
    if source.get("stateful_rule"):
        return {"StatefulRules": [_stateful(b) for b in blocks(source["stateful_rule"])]}
    stateless = block(source.get("stateless_rules_and_custom_actions"))
    rules = [_stateless(b) for b in blocks(stateless.get("stateless_rule"))]
    return {"StatelessRulesAndCustomActions": {"StatelessRules": rules}}


def _stateful(b: dict[str, Any]) -> dict[str, Any]:
    header = block(b.get("header"))
    names = ("protocol", "source", "source_port", "direction", "destination", "destination_port")
    return {
        "Action": text(b.get("action")) or LATER,
        "Header": {"".join(w.capitalize() for w in n.split("_")): header.get(n) for n in names},
        "RuleOptions": [
            {"Keyword": text(o.get("keyword")), "Settings": many(o.get("settings"))}
            for o in blocks(b.get("rule_option"))
        ],
    }


def _stateless(b: dict[str, Any]) -> dict[str, Any]:
    definition = block(b.get("rule_definition"))
    match = block(definition.get("match_attributes"))

    def addresses(name: str) -> list[dict[str, Any]]:
        return [{"AddressDefinition": a.get("address_definition")} for a in blocks(match.get(name))]

    def spans(name: str) -> list[dict[str, Any]]:
        return [
            {"FromPort": number(p.get("from_port")), "ToPort": number(p.get("to_port")) or number(p.get("from_port"))}
            for p in blocks(match.get(name))
        ]

    attributes = {
        "Sources": addresses("source"),
        "Destinations": addresses("destination"),
        "SourcePorts": spans("source_port"),
        "DestinationPorts": spans("destination_port"),
        "Protocols": [number(p) for p in many(match.get("protocols"))],
        "TCPFlags": [
            {"Flags": many(f.get("flags")), "Masks": many(f.get("masks"))} for f in blocks(match.get("tcp_flag"))
        ],
    }
    return {
        "Priority": number(b.get("priority")),
        "RuleDefinition": {"MatchAttributes": attributes, "Actions": many(definition.get("actions"))},
    }


# Global Accelerator ---------------------------------------------------------------------------------


def accelerator(t: Translation, r: Resource) -> None:
    arn = t.place(r)
    addresses = [a for b in blocks(r.get("ip_sets")) for a in many(b.get("ip_addresses")) if isinstance(a, str)]
    draft = {
        "AcceleratorArn": arn,
        "Name": text(r.get("name")) or "",
        "IpAddressType": text(r.get("ip_address_type")) or "IPV4",
        "Enabled": flag(r.get("enabled"), default=True),
        "IpSets": [{"IpAddresses": addresses}],
        "Status": "DEPLOYED",
    }
    t.estate.put("accelerators", arn, r.scope, draft)


def accelerator_listener(t: Translation, r: Resource) -> None:
    parent = one(r.get("accelerator_arn"), "arn:")
    arn = text(r.get("id")) or f"{parent}/listener/{r.id}"
    spans = [
        {"FromPort": number(b.get("from_port")), "ToPort": number(b.get("to_port"))}
        for b in blocks(r.get("port_range"))
    ]
    t.estate.listener_arns[r.id] = arn
    t.estate.put(
        "accelerator_listeners",
        t.place(r, arn),
        r.scope,
        {"ListenerArn": arn, "PortRanges": spans, "Protocol": text(r.get("protocol")) or "TCP"},
    )


def accelerator_group(t: Translation, r: Resource) -> None:
    parent = one(r.get("listener_arn"))
    parent = t.estate.listener_arns.get(str(parent), str(parent))
    arn = text(r.get("arn")) or f"{parent}/endpoint-group/{r.id}"
    endpoints = [
        {
            "EndpointId": t.pick(r, b.get("endpoint_id"), "", "endpoint_id"),
            "Weight": number(b.get("weight")),
            "ClientIPPreservationEnabled": flag(b.get("client_ip_preservation_enabled"), default=True),
        }
        for b in blocks(r.get("endpoint_configuration"))
    ]
    dial = text(r.get("traffic_dial_percentage"))
    draft = {
        "EndpointGroupArn": arn,
        "EndpointGroupRegion": text(r.get("endpoint_group_region")) or r.scope.region,
        "EndpointDescriptions": endpoints,
        "TrafficDialPercentage": float(dial) if dial and dial.replace(".", "", 1).isdecimal() else None,
        "PortOverrides": [
            {"ListenerPort": number(b.get("listener_port")), "EndpointPort": number(b.get("endpoint_port"))}
            for b in blocks(r.get("port_override"))
        ],
    }
    t.estate.put("endpoint_groups", t.place(r, arn), r.scope, draft)
