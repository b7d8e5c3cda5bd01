"""The calls whose answers decide reachability, and how an answer is recognised."""

from __future__ import annotations

from typing import NamedTuple


class Kind(NamedTuple):
    """One call: where its answer lists records, and which member is their id ('' where the parameters say whose)."""

    service: str
    operation: str
    key: str
    id: str
    needed: bool = False
    """Never taken as empty where the call was not read (S-LOAD)."""


def _rows(service: str, *rows: tuple[str, str, str]) -> list[Kind]:
    return [Kind(service, *row) for row in rows]


KINDS: dict[str, Kind] = {
    f"{kind.service}:{kind.operation}": kind
    for kind in [
        *(
            kind._replace(needed=True)
            for kind in _rows(
                "ec2",
                ("DescribeVpcs", "Vpcs", "VpcId"),
                ("DescribeSubnets", "Subnets", "SubnetId"),
                ("DescribeNetworkInterfaces", "NetworkInterfaces", "NetworkInterfaceId"),
                ("DescribeInstances", "Reservations", "InstanceId"),
                ("DescribeSecurityGroups", "SecurityGroups", "GroupId"),
                ("DescribeNetworkAcls", "NetworkAcls", "NetworkAclId"),
                ("DescribeRouteTables", "RouteTables", "RouteTableId"),
                ("DescribeInternetGateways", "InternetGateways", "InternetGatewayId"),
                ("DescribeVpcPeeringConnections", "VpcPeeringConnections", "VpcPeeringConnectionId"),
            )
        ),
        *_rows(
            "ec2",
            ("DescribeAddresses", "Addresses", "AllocationId"),
            ("DescribeEgressOnlyInternetGateways", "EgressOnlyInternetGateways", "EgressOnlyInternetGatewayId"),
            ("DescribeNatGateways", "NatGateways", "NatGatewayId"),
            ("DescribeVpnGateways", "VpnGateways", "VpnGatewayId"),
            ("DescribeVpnConnections", "VpnConnections", "VpnConnectionId"),
            ("DescribeCustomerGateways", "CustomerGateways", "CustomerGatewayId"),
            ("DescribeManagedPrefixLists", "PrefixLists", "PrefixListId"),
            ("DescribePrefixLists", "PrefixLists", "PrefixListId"),
            ("GetManagedPrefixListEntries", "Entries", ""),
            ("DescribeVpcBlockPublicAccessOptions", "VpcBlockPublicAccessOptions", ""),
            ("DescribeVpcBlockPublicAccessExclusions", "VpcBlockPublicAccessExclusions", "ExclusionId"),
            ("DescribeSecurityGroupVpcAssociations", "SecurityGroupVpcAssociations", ""),
            ("DescribeTransitGateways", "TransitGateways", "TransitGatewayId"),
            ("DescribeTransitGatewayAttachments", "TransitGatewayAttachments", "TransitGatewayAttachmentId"),
            ("DescribeTransitGatewayVpcAttachments", "TransitGatewayVpcAttachments", "TransitGatewayAttachmentId"),
            (
                "DescribeTransitGatewayPeeringAttachments",
                "TransitGatewayPeeringAttachments",
                "TransitGatewayAttachmentId",
            ),
            ("DescribeTransitGatewayConnects", "TransitGatewayConnects", "TransitGatewayAttachmentId"),
            ("DescribeTransitGatewayRouteTables", "TransitGatewayRouteTables", "TransitGatewayRouteTableId"),
            ("DescribeTransitGatewayPolicyTables", "TransitGatewayPolicyTables", "TransitGatewayPolicyTableId"),
            ("SearchTransitGatewayRoutes", "Routes", ""),
            ("GetTransitGatewayRouteTableAssociations", "Associations", ""),
            ("GetTransitGatewayRouteTablePropagations", "TransitGatewayRouteTablePropagations", ""),
            ("GetTransitGatewayPrefixListReferences", "TransitGatewayPrefixListReferences", ""),
            ("GetTransitGatewayPolicyTableEntries", "TransitGatewayPolicyTableEntries", ""),
            ("GetTransitGatewayPolicyTableAssociations", "Associations", ""),
            ("DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId"),
            ("DescribeVpcEndpointServiceConfigurations", "ServiceConfigurations", "ServiceId"),
            ("DescribeVpcEndpointConnections", "VpcEndpointConnections", "VpcEndpointConnectionId"),
            ("DescribeVpcEndpointServicePermissions", "AllowedPrincipals", ""),
            ("DescribeInstanceConnectEndpoints", "InstanceConnectEndpoints", "InstanceConnectEndpointId"),
            ("DescribeVerifiedAccessEndpoints", "VerifiedAccessEndpoints", "VerifiedAccessEndpointId"),
            ("DescribeClientVpnEndpoints", "ClientVpnEndpoints", "ClientVpnEndpointId"),
            ("DescribeClientVpnTargetNetworks", "ClientVpnTargetNetworks", "AssociationId"),
            ("DescribeClientVpnAuthorizationRules", "AuthorizationRules", ""),
            ("DescribeClientVpnRoutes", "Routes", ""),
            ("DescribeCarrierGateways", "CarrierGateways", "CarrierGatewayId"),
            ("DescribeLocalGateways", "LocalGateways", "LocalGatewayId"),
            ("DescribeLocalGatewayRouteTables", "LocalGatewayRouteTables", "LocalGatewayRouteTableId"),
            (
                "DescribeLocalGatewayRouteTableVpcAssociations",
                "LocalGatewayRouteTableVpcAssociations",
                "LocalGatewayRouteTableVpcAssociationId",
            ),
            ("SearchLocalGatewayRoutes", "Routes", ""),
            ("DescribePublicIpv4Pools", "PublicIpv4Pools", "PoolId"),
            ("DescribeByoipCidrs", "ByoipCidrs", "Cidr"),
        ),
        *_rows(
            "elbv2",
            ("DescribeLoadBalancers", "LoadBalancers", "LoadBalancerArn"),
            ("DescribeListeners", "Listeners", "ListenerArn"),
            ("DescribeRules", "Rules", "RuleArn"),
            ("DescribeLoadBalancerAttributes", "Attributes", ""),
            ("DescribeTargetGroups", "TargetGroups", "TargetGroupArn"),
            ("DescribeTargetGroupAttributes", "Attributes", ""),
            ("DescribeTargetHealth", "TargetHealthDescriptions", ""),
        ),
        *_rows(
            "elb",
            ("DescribeLoadBalancers", "LoadBalancerDescriptions", "LoadBalancerName"),
            ("DescribeLoadBalancerAttributes", "LoadBalancerAttributes", ""),
        ),
        *_rows(
            "network-firewall",
            ("ListFirewalls", "Firewalls", "FirewallArn"),
            ("DescribeFirewall", "Firewall", "FirewallArn"),
            ("DescribeFirewallPolicy", "FirewallPolicy", ""),
            ("DescribeRuleGroup", "RuleGroup", ""),
        ),
        *_rows(
            "globalaccelerator",
            ("ListAccelerators", "Accelerators", "AcceleratorArn"),
            ("ListListeners", "Listeners", "ListenerArn"),
            ("ListEndpointGroups", "EndpointGroups", "EndpointGroupArn"),
            ("ListCustomRoutingEndpointGroups", "EndpointGroups", "EndpointGroupArn"),
        ),
        *_rows(
            "cloudfront",
            ("ListVpcOrigins", "VpcOriginList", "Id"),
            ("GetVpcOrigin", "VpcOrigin", "Id"),
        ),
        *_rows(
            "vpc-lattice",
            ("ListTargetGroups", "items", "arn"),
            ("ListTargets", "items", ""),
            ("ListServiceNetworkVpcAssociations", "items", "arn"),
        ),
        *_rows(
            "directconnect",
            ("DescribeDirectConnectGateways", "directConnectGateways", "directConnectGatewayId"),
            ("DescribeDirectConnectGatewayAssociations", "directConnectGatewayAssociations", "associationId"),
            ("DescribeVirtualInterfaces", "virtualInterfaces", "virtualInterfaceId"),
        ),
        *_rows("networkmanager", ("ListCoreNetworks", "CoreNetworks", "CoreNetworkId")),
    ]
}

# Answers under these keys do not say what they are about: they count only where an envelope says it.
ENVELOPE_ONLY = frozenset(
    {
        "Entries",
        "Routes",
        "Associations",
        "Attributes",
        "AllowedPrincipals",
        "TargetHealthDescriptions",
        "TransitGatewayPolicyTableEntries",
        "TransitGatewayRouteTablePropagations",
        "LoadBalancerAttributes",
        "RuleGroup",
    }
)

# What tells calls apart that list under one key: members that only the records of this call have.
TELLING = {
    "elbv2:DescribeListeners": {"LoadBalancerArn"},
    "globalaccelerator:ListListeners": {"PortRanges"},
    "globalaccelerator:ListCustomRoutingEndpointGroups": {"DestinationDescriptions"},
    "globalaccelerator:ListEndpointGroups": {"TrafficDialPercentage", "PortOverrides", "HealthCheckPort"},
    "vpc-lattice:ListServiceNetworkVpcAssociations": {"serviceNetworkArn", "serviceNetworkId"},
    "vpc-lattice:ListTargetGroups": {"serviceArns", "vpcIdentifier"},
    "ec2:DescribeManagedPrefixLists": {"PrefixListArn", "AddressFamily", "OwnerId"},
    "ec2:DescribePrefixLists": {"Cidrs"},
}


def recognised(answer: dict[str, object]) -> Kind | None:
    """The call that the plain answer is of, by its keys and its members; None where that is not certain."""
    found = [kind for kind in KINDS.values() if kind.key in answer and kind.key not in ENVELOPE_ONLY]
    if len(found) < 2:  # noqa: PLR2004 - one or none
        return found[0] if found else None
    listed = answer[found[0].key]
    first = listed[0] if isinstance(listed, list) and listed else None
    if not isinstance(first, dict):
        return None
    told = [kind for kind in found if TELLING.get(f"{kind.service}:{kind.operation}", set()) & first.keys()]
    return told[0] if len(told) == 1 else None
