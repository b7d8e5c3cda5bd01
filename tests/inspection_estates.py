"""Short calls for what inspects packets and for gateways beyond the Regions; see `estates`."""

from collections.abc import Iterable
from typing import Any

import msgspec

from estates import ACCOUNT, REGION
from sekisho.model.border import (
    ByoipCidr,
    CarrierGateway,
    LocalGateway,
    LocalGatewayRoute,
    LocalGatewayRoutes,
    LocalGatewayRouteTable,
    LocalGatewayVpcAssociation,
    PoolRange,
    PublicIpv4Pool,
)
from sekisho.model.endpoints import VpcEndpoint
from sekisho.model.firewall import Firewall, FirewallPolicy, RuleGroup, StatefulRule
from sekisho.model.gateways import NatGateway, NatGatewayAddress
from sekisho.model.routing import RouteTable, RouteTableAssociation
from sekisho.model.vpc import Subnet

_FIREWALLS = f"arn:aws:network-firewall:{REGION}:{ACCOUNT}"


def gwlbe(endpoint_id: str, where: Subnet, state: str = "available") -> VpcEndpoint:
    return VpcEndpoint(
        vpc_endpoint_id=endpoint_id,
        vpc_endpoint_type="GatewayLoadBalancer",
        vpc_id=where.vpc_id,
        subnet_ids=(where.subnet_id,),
        state=state,
    )


# Network Firewall -----------------------------------------------------------------------------------


def firewall(name: str, vpc_id: str, endpoints: dict[str, Subnet], policy: str = "policy") -> Firewall:
    """A firewall with its endpoints, each in a zone of its own."""
    states = {
        f"{REGION}{letter}": {"Attachment": {"SubnetId": where.subnet_id, "EndpointId": endpoint, "Status": "READY"}}
        for letter, (endpoint, where) in zip("abcdef", endpoints.items(), strict=False)
    }
    settings = {"FirewallArn": f"{_FIREWALLS}:firewall/{name}", "VpcId": vpc_id}
    settings["FirewallPolicyArn"] = f"{_FIREWALLS}:firewall-policy/{policy}"
    return msgspec.convert({"Firewall": settings, "FirewallStatus": {"SyncStates": states}}, Firewall)


def policy(
    name: str = "policy",
    *,
    stateless: Iterable[str] = (),
    default: str = "aws:forward_to_sfe",
    stateful: Iterable[str] = (),
    strict: bool = False,
    last: Iterable[str] = (),
    stream: str = "DROP",
) -> FirewallPolicy:
    """A policy with its rule groups by name, in order of priority; `last` are its stateful default actions."""
    order = "STRICT_ORDER" if strict else "DEFAULT_ACTION_ORDER"
    settings: dict[str, Any] = {
        "StatelessDefaultActions": [default],
        "StatelessRuleGroupReferences": [{"ResourceArn": _arn(g), "Priority": i} for i, g in enumerate(stateless)],
        "StatefulRuleGroupReferences": [{"ResourceArn": _arn(g), "Priority": i} for i, g in enumerate(stateful)],
        "StatefulDefaultActions": list(last),
        "StatefulEngineOptions": {"RuleOrder": order, "StreamExceptionPolicy": stream},
    }
    identity = {"FirewallPolicyArn": f"{_FIREWALLS}:firewall-policy/{name}"}
    return msgspec.convert({"FirewallPolicyResponse": identity, "FirewallPolicy": settings}, FirewallPolicy)


def _arn(group: str) -> str:
    return f"{_FIREWALLS}:rulegroup/{group}"


def rule_group(name: str, **source: Any) -> RuleGroup:
    """A rule group whose RulesSource is written as in the API; `variables` are its IPSets."""
    variables = {k: {"Definition": v} for k, v in source.pop("variables", {}).items()}
    group = {"RulesSource": source, "RuleVariables": {"IPSets": variables}}
    return msgspec.convert({"RuleGroupResponse": {"RuleGroupArn": _arn(name)}, "RuleGroup": group}, RuleGroup)


def stateful(
    action: str, protocol: str = "IP", source: str = "ANY", to: str = "ANY", port: str = "ANY", **more: Any
) -> dict[str, Any]:
    """A stateful rule: `more` are members of its header, `options` its options."""
    options = [{"Keyword": "sid", "Settings": ["1"]}, *more.pop("options", [])]
    header = {"Protocol": protocol, "Source": source, "SourcePort": "ANY", "Direction": "FORWARD"}
    header |= {"Destination": to, "DestinationPort": port, **more}
    return {"Action": action, "Header": header, "RuleOptions": options}


def stateless(*rules: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """Stateless rules in order of priority: the action and the MatchAttributes of each."""
    listed = [
        {"Priority": i + 1, "RuleDefinition": {"MatchAttributes": match, "Actions": [action]}}
        for i, (action, match) in enumerate(rules)
    ]
    return {"StatelessRulesAndCustomActions": {"StatelessRules": listed}}


def parsed(rule: dict[str, Any]) -> StatefulRule:
    return msgspec.convert(rule, StatefulRule)


# Wavelength, Outposts, pools, regional NAT ----------------------------------------------------------


def cagw(gateway_id: str, vpc_id: str, state: str = "available") -> CarrierGateway:
    return CarrierGateway(carrier_gateway_id=gateway_id, vpc_id=vpc_id, state=state)


def lgw(
    gateway_id: str, vpc_id: str, mode: str = "direct-vpc-routing", routes: Iterable[LocalGatewayRoute] = ()
) -> tuple[LocalGateway, LocalGatewayRouteTable, LocalGatewayVpcAssociation, LocalGatewayRoutes]:
    """A local gateway with its one route table, which the VPC is associated with."""
    table = gateway_id.replace("lgw-", "lgw-rtb-")
    return (
        LocalGateway(local_gateway_id=gateway_id, state="available"),
        LocalGatewayRouteTable(local_gateway_route_table_id=table, local_gateway_id=gateway_id, mode=mode),
        LocalGatewayVpcAssociation(
            local_gateway_route_table_vpc_association_id=gateway_id.replace("lgw-", "lgw-vpc-assoc-"),
            local_gateway_route_table_id=table,
            local_gateway_id=gateway_id,
            vpc_id=vpc_id,
            state="associated",
        ),
        LocalGatewayRoutes(local_gateway_route_table_id=table, routes=tuple(routes)),
    )


def lgw_route(cidr: str, state: str = "active") -> LocalGatewayRoute:
    return LocalGatewayRoute(destination_cidr_block=cidr, type="static", state=state)


def pooled(table: RouteTable, pool_id: str) -> RouteTable:
    """The table, associated with a pool too."""
    association = RouteTableAssociation(public_ipv4_pool=pool_id)
    return msgspec.structs.replace(table, associations=(*table.associations, association))


def pool(pool_id: str, first: str, last: str) -> PublicIpv4Pool:
    return PublicIpv4Pool(pool_id=pool_id, pool_address_ranges=(PoolRange(first_address=first, last_address=last),))


def byoip(cidr: str, state: str) -> ByoipCidr:
    return ByoipCidr(cidr=cidr, state=state)


def regional_nat(gateway_id: str, vpc_id: str, table_id: str, *publics: str, zone: str = "apne1-az1") -> NatGateway:
    return NatGateway(
        nat_gateway_id=gateway_id,
        vpc_id=vpc_id,
        state="available",
        availability_mode="regional",
        route_table_id=table_id,
        nat_gateway_addresses=tuple(
            NatGatewayAddress(public_ip=p, status="succeeded", availability_zone_id=zone) for p in publics
        ),
    )
