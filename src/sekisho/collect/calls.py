"""The one table of the calls that are made: collecting, the IAM policy and the documents follow it.

A call asks either a whole account and Region, or once for each resource that the answer of another call names.
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from sekisho.model.calls import is_global
from sekisho.model.kinds import KINDS, PREFIX_LIST_ENTRIES, UNMODELLED_KINDS

#: Services without Regions, and the Region whose endpoint answers for them.
HOME_REGIONS = {"cloudfront": "us-east-1", "globalaccelerator": "us-west-2", "networkmanager": "us-west-2"}
#: The folder and the `region` of their answers.
GLOBAL = "global"


class Each(NamedTuple):
    """Asked once for each name that the answers of `call` hold at one of `paths`, as `parameter`."""

    call: str
    parameter: str
    paths: tuple[str, ...]


class Call(NamedTuple):
    """One operation: where its records are, what it is asked with, of what. One that is not `saved` only leads on."""

    service: str
    operation: str
    member: str
    parameters: Mapping[str, Any] = {}
    each: Each | None = None
    saved: bool = True
    whole: bool = False

    @property
    def name(self) -> str:
        return f"{self.service}:{self.operation}"

    @property
    def is_global(self) -> bool:
        return is_global(self.name)


def _each(call: str, parameter: str, *paths: str) -> Each:
    return Each(call, parameter, paths)


_ROUTE_TABLE = _each(
    "ec2:DescribeTransitGatewayRouteTables",
    "TransitGatewayRouteTableId",
    "TransitGatewayRouteTables.TransitGatewayRouteTableId",
)
_POLICY_TABLE = _each(
    "ec2:DescribeTransitGatewayPolicyTables",
    "TransitGatewayPolicyTableId",
    "TransitGatewayPolicyTables.TransitGatewayPolicyTableId",
)
_CLIENT_VPN = _each("ec2:DescribeClientVpnEndpoints", "ClientVpnEndpointId", "ClientVpnEndpoints.ClientVpnEndpointId")
_BALANCER = _each("elbv2:DescribeLoadBalancers", "LoadBalancerArn", "LoadBalancers.LoadBalancerArn")
_TARGET_GROUP = _each("elbv2:DescribeTargetGroups", "TargetGroupArn", "TargetGroups.TargetGroupArn")

#: What is asked of each resource; every other call asks a whole account and Region.
EACH: Mapping[str, Each] = {
    PREFIX_LIST_ENTRIES: _each("ec2:DescribeManagedPrefixLists", "PrefixListId", "PrefixLists.PrefixListId"),
    "ec2:SearchTransitGatewayRoutes": _ROUTE_TABLE,
    "ec2:GetTransitGatewayRouteTableAssociations": _ROUTE_TABLE,
    "ec2:GetTransitGatewayRouteTablePropagations": _ROUTE_TABLE,
    "ec2:GetTransitGatewayPrefixListReferences": _ROUTE_TABLE,
    "ec2:GetTransitGatewayPolicyTableEntries": _POLICY_TABLE,
    "ec2:GetTransitGatewayPolicyTableAssociations": _POLICY_TABLE,
    "ec2:DescribeVpcEndpointServicePermissions": _each(
        "ec2:DescribeVpcEndpointServiceConfigurations", "ServiceId", "ServiceConfigurations.ServiceId"
    ),
    "ec2:DescribeClientVpnTargetNetworks": _CLIENT_VPN,
    "ec2:DescribeClientVpnAuthorizationRules": _CLIENT_VPN,
    "ec2:DescribeClientVpnRoutes": _CLIENT_VPN,
    "ec2:SearchLocalGatewayRoutes": _each(
        "ec2:DescribeLocalGatewayRouteTables",
        "LocalGatewayRouteTableId",
        "LocalGatewayRouteTables.LocalGatewayRouteTableId",
    ),
    "elbv2:DescribeListeners": _BALANCER,
    "elbv2:DescribeLoadBalancerAttributes": _BALANCER,
    "elbv2:DescribeRules": _each("elbv2:DescribeListeners", "ListenerArn", "Listeners.ListenerArn"),
    "elbv2:DescribeTargetHealth": _TARGET_GROUP,
    "elbv2:DescribeTargetGroupAttributes": _TARGET_GROUP,
    "elb:DescribeLoadBalancerAttributes": _each(
        "elb:DescribeLoadBalancers", "LoadBalancerName", "LoadBalancerDescriptions.LoadBalancerName"
    ),
    "network-firewall:DescribeFirewall": _each(
        "network-firewall:ListFirewalls", "FirewallArn", "Firewalls.FirewallArn"
    ),
    "network-firewall:DescribeFirewallPolicy": _each(
        "network-firewall:DescribeFirewall", "FirewallPolicyArn", "Firewall.FirewallPolicyArn"
    ),
    "network-firewall:DescribeRuleGroup": _each(
        "network-firewall:DescribeFirewallPolicy",
        "RuleGroupArn",
        "FirewallPolicy.StatelessRuleGroupReferences.ResourceArn",
        "FirewallPolicy.StatefulRuleGroupReferences.ResourceArn",
    ),
    "globalaccelerator:ListListeners": _each(
        "globalaccelerator:ListAccelerators", "AcceleratorArn", "Accelerators.AcceleratorArn"
    ),
    "globalaccelerator:ListEndpointGroups": _each(
        "globalaccelerator:ListListeners", "ListenerArn", "Listeners.ListenerArn"
    ),
    "globalaccelerator:ListCustomRoutingListeners": _each(
        "globalaccelerator:ListCustomRoutingAccelerators", "AcceleratorArn", "Accelerators.AcceleratorArn"
    ),
    "globalaccelerator:ListCustomRoutingEndpointGroups": _each(
        "globalaccelerator:ListCustomRoutingListeners", "ListenerArn", "Listeners.ListenerArn"
    ),
    "cloudfront:GetVpcOrigin": _each("cloudfront:ListVpcOrigins", "Id", "VpcOriginList.Items.Id"),
    "vpc-lattice:ListTargets": _each("vpc-lattice:ListTargetGroups", "targetGroupIdentifier", "items.id"),
    "vpc-lattice:ListServiceNetworkVpcAssociations": _each("ec2:DescribeVpcs", "vpcIdentifier", "Vpcs.VpcId"),
    "directconnect:DescribeDirectConnectGatewayAssociations": _each(
        "directconnect:DescribeDirectConnectGateways",
        "directConnectGatewayId",
        "directConnectGateways.directConnectGatewayId",
    ),
}
#: Besides the resource. Pages of a thousand where a list may be long: without, some calls try to answer it at once.
_PARAMETERS: Mapping[str, Mapping[str, Any]] = {
    "ec2:DescribeInstances": {"MaxResults": 1000},
    "ec2:DescribeNetworkInterfaces": {"MaxResults": 1000},
    "ec2:DescribeSecurityGroups": {"MaxResults": 1000},
    "ec2:DescribeSubnets": {"MaxResults": 1000},
    "ec2:DescribeByoipCidrs": {"MaxResults": 100},
    # It has to have a filter: this one lets every route through.
    "ec2:SearchTransitGatewayRoutes": {"Filters": [{"Name": "state", "Values": ["active", "blackhole"]}]},
}


def _table() -> Iterator[Call]:
    for kind in KINDS:
        yield _call(kind.service, kind.operation, kind.member, whole=kind.whole)
    for other in UNMODELLED_KINDS:
        yield _call(other.service, other.operation, other.member)
    service, _, operation = PREFIX_LIST_ENTRIES.partition(":")
    yield _call(service, operation, "Entries")
    for operation, member in (
        ("ListCustomRoutingAccelerators", "Accelerators"),
        ("ListCustomRoutingListeners", "Listeners"),
    ):
        yield _call("globalaccelerator", operation, member)._replace(saved=False)


def _call(service: str, operation: str, member: str, *, whole: bool = False) -> Call:
    name = f"{service}:{operation}"
    return Call(service, operation, member, _PARAMETERS.get(name, {}), EACH.get(name), whole=whole)


CALLS: Mapping[str, Call] = {call.name: call for call in _table()}
#: The calls that each call leads to.
LED_TO: Mapping[str, tuple[Call, ...]] = {
    name: tuple(call for call in CALLS.values() if call.each and call.each.call == name) for name in CALLS
}
#: Members whose values are secrets (keys of VPN tunnels, of BGP sessions): they are never written.
WITHHELD: Mapping[str, frozenset[str]] = {
    "ec2:DescribeVpnConnections": frozenset({"CustomerGatewayConfiguration", "PreSharedKey"}),
    "directconnect:DescribeVirtualInterfaces": frozenset({"authKey", "customerRouterConfig"}),
}
