"""The calls that a snapshot is made of: which are modelled, which are needed, which are only recognised.

A *kind* is one list of records that one AWS call answers. `NEEDED` kinds are never taken as empty
where their call is absent (S-LOAD); the others are `assumed-absent` where nothing refers to one.
"""

from typing import NamedTuple

from . import (
    balancing,
    border,
    edge,
    endpoints,
    filters,
    firewall,
    gated,
    gateways,
    interface,
    privatelink,
    remote_access,
    routing,
    transit_gateway,
    vpc,
)
from .record import Record


class Kind(NamedTuple):
    """One list of records: `table` is its name in `Snapshot`, `member` the key of the list in the answer."""

    table: str
    service: str
    operation: str
    member: str
    type: type[Record]
    id_field: str
    needed: bool = False
    #: The whole answer is one record, `member` being the key that shows it.
    whole: bool = False

    @property
    def call(self) -> str:
        return f"{self.service}:{self.operation}"


def _ec2(table: str, operation: str, member: str, type_: type[Record], id_field: str, *, needed: bool = False) -> Kind:
    return Kind(table, "ec2", operation, member, type_, id_field, needed)


KINDS: tuple[Kind, ...] = (
    _ec2("vpcs", "DescribeVpcs", "Vpcs", vpc.Vpc, "vpc_id", needed=True),
    _ec2("subnets", "DescribeSubnets", "Subnets", vpc.Subnet, "subnet_id", needed=True),
    _ec2(
        "interfaces",
        "DescribeNetworkInterfaces",
        "NetworkInterfaces",
        interface.NetworkInterface,
        "network_interface_id",
        needed=True,
    ),
    # Members are Reservations[].Instances[].
    _ec2("instances", "DescribeInstances", "Reservations", interface.Instance, "instance_id", needed=True),
    _ec2("security_groups", "DescribeSecurityGroups", "SecurityGroups", filters.SecurityGroup, "group_id", needed=True),
    _ec2("network_acls", "DescribeNetworkAcls", "NetworkAcls", filters.NetworkAcl, "network_acl_id", needed=True),
    _ec2("route_tables", "DescribeRouteTables", "RouteTables", routing.RouteTable, "route_table_id", needed=True),
    _ec2(
        "internet_gateways",
        "DescribeInternetGateways",
        "InternetGateways",
        gateways.InternetGateway,
        "internet_gateway_id",
        needed=True,
    ),
    _ec2(
        "peerings",
        "DescribeVpcPeeringConnections",
        "VpcPeeringConnections",
        gateways.VpcPeeringConnection,
        "vpc_peering_connection_id",
        needed=True,
    ),
    _ec2("addresses", "DescribeAddresses", "Addresses", interface.Address, "public_ip"),
    _ec2(
        "egress_only_gateways",
        "DescribeEgressOnlyInternetGateways",
        "EgressOnlyInternetGateways",
        gateways.EgressOnlyInternetGateway,
        "egress_only_internet_gateway_id",
    ),
    _ec2("nat_gateways", "DescribeNatGateways", "NatGateways", gateways.NatGateway, "nat_gateway_id"),
    _ec2("vpn_gateways", "DescribeVpnGateways", "VpnGateways", gateways.VpnGateway, "vpn_gateway_id"),
    _ec2("vpn_connections", "DescribeVpnConnections", "VpnConnections", gateways.VpnConnection, "vpn_connection_id"),
    _ec2(
        "managed_prefix_lists",
        "DescribeManagedPrefixLists",
        "PrefixLists",
        filters.ManagedPrefixList,
        "prefix_list_id",
    ),
    # DescribePrefixLists answers PrefixLists too, told apart by Cidrs; the entries of other lists are
    # GetManagedPrefixListEntries, one enveloped call a list.
    _ec2("prefix_lists", "DescribePrefixLists", "PrefixLists", filters.PrefixList, "prefix_list_id"),
    _ec2(
        "bpa_options",
        "DescribeVpcBlockPublicAccessOptions",
        "VpcBlockPublicAccessOptions",
        gateways.BlockPublicAccessOptions,
        "aws_account_id",
    ),
    _ec2(
        "bpa_exclusions",
        "DescribeVpcBlockPublicAccessExclusions",
        "VpcBlockPublicAccessExclusions",
        gateways.BlockPublicAccessExclusion,
        "exclusion_id",
    ),
    _ec2("vpc_endpoints", "DescribeVpcEndpoints", "VpcEndpoints", endpoints.VpcEndpoint, "vpc_endpoint_id"),
    # Outposts, Wavelength, address pools.
    _ec2("carrier_gateways", "DescribeCarrierGateways", "CarrierGateways", border.CarrierGateway, "carrier_gateway_id"),
    _ec2("local_gateways", "DescribeLocalGateways", "LocalGateways", border.LocalGateway, "local_gateway_id"),
    _ec2(
        "local_gateway_tables",
        "DescribeLocalGatewayRouteTables",
        "LocalGatewayRouteTables",
        border.LocalGatewayRouteTable,
        "local_gateway_route_table_id",
    ),
    _ec2(
        "local_gateway_associations",
        "DescribeLocalGatewayRouteTableVpcAssociations",
        "LocalGatewayRouteTableVpcAssociations",
        border.LocalGatewayVpcAssociation,
        "local_gateway_route_table_vpc_association_id",
    ),
    # Its answer does not name the table: only enveloped.
    _ec2(
        "local_gateway_routes",
        "SearchLocalGatewayRoutes",
        "Routes",
        border.LocalGatewayRoutes,
        "local_gateway_route_table_id",
    ),
    _ec2("public_ipv4_pools", "DescribePublicIpv4Pools", "PublicIpv4Pools", border.PublicIpv4Pool, "pool_id"),
    _ec2("byoip_cidrs", "DescribeByoipCidrs", "ByoipCidrs", border.ByoipCidr, "cidr"),
    # Network Firewall.
    Kind("listed_firewalls", "network-firewall", "ListFirewalls", "Firewalls", firewall.ListedFirewall, "firewall_arn"),
    Kind(
        "firewalls",
        "network-firewall",
        "DescribeFirewall",
        "Firewall",
        firewall.Firewall,
        "firewall_arn",
        whole=True,
    ),
    Kind(
        "firewall_policies",
        "network-firewall",
        "DescribeFirewallPolicy",
        "FirewallPolicyResponse",
        firewall.FirewallPolicy,
        "firewall_policy_arn",
        whole=True,
    ),
    Kind(
        "rule_groups",
        "network-firewall",
        "DescribeRuleGroup",
        "RuleGroupResponse",
        firewall.RuleGroup,
        "rule_group_arn",
        whole=True,
    ),
    # Global Accelerator, CloudFront: calls of a whole account.
    Kind("accelerators", "globalaccelerator", "ListAccelerators", "Accelerators", edge.Accelerator, "accelerator_arn"),
    Kind(
        "accelerator_listeners",
        "globalaccelerator",
        "ListListeners",
        "Listeners",
        edge.AcceleratorListener,
        "listener_arn",
    ),
    Kind(
        "endpoint_groups",
        "globalaccelerator",
        "ListEndpointGroups",
        "EndpointGroups",
        edge.EndpointGroup,
        "endpoint_group_arn",
    ),
    Kind("vpc_origins", "cloudfront", "ListVpcOrigins", "VpcOriginList", edge.VpcOrigin, "id"),
    Kind(
        "vpc_origin_settings",
        "cloudfront",
        "GetVpcOrigin",
        "VpcOrigin",
        edge.VpcOriginAnswer,
        "vpc_origin_id",
        whole=True,
    ),
    # What lets authenticated callers in.
    _ec2(
        "instance_connect_endpoints",
        "DescribeInstanceConnectEndpoints",
        "InstanceConnectEndpoints",
        gated.InstanceConnectEndpoint,
        "instance_connect_endpoint_id",
    ),
    _ec2(
        "verified_access_endpoints",
        "DescribeVerifiedAccessEndpoints",
        "VerifiedAccessEndpoints",
        gated.VerifiedAccessEndpoint,
        "verified_access_endpoint_id",
    ),
    Kind("lattice_target_groups", "vpc-lattice", "ListTargetGroups", "items", gated.LatticeTargetGroup, "id"),
    # Its answer does not name the target group: only enveloped.
    Kind("lattice_targets", "vpc-lattice", "ListTargets", "items", gated.LatticeTarget, "lattice_target_key"),
    # Client VPN, Direct Connect.
    _ec2(
        "client_vpn_endpoints",
        "DescribeClientVpnEndpoints",
        "ClientVpnEndpoints",
        remote_access.ClientVpnEndpoint,
        "client_vpn_endpoint_id",
    ),
    _ec2(
        "client_vpn_networks",
        "DescribeClientVpnTargetNetworks",
        "ClientVpnTargetNetworks",
        remote_access.ClientVpnTargetNetwork,
        "association_id",
    ),
    _ec2(
        "client_vpn_authorizations",
        "DescribeClientVpnAuthorizationRules",
        "AuthorizationRules",
        remote_access.ClientVpnAuthorizationRule,
        "authorization_rule_key",
    ),
    # Its key does not tell it from other routes: only enveloped.
    _ec2("client_vpn_routes", "DescribeClientVpnRoutes", "Routes", remote_access.ClientVpnRoute, "route_key"),
    Kind(
        "direct_connect_associations",
        "directconnect",
        "DescribeDirectConnectGatewayAssociations",
        "directConnectGatewayAssociations",
        remote_access.DirectConnectGatewayAssociation,
        "association_id",
    ),
    Kind(
        "virtual_interfaces",
        "directconnect",
        "DescribeVirtualInterfaces",
        "virtualInterfaces",
        remote_access.DirectConnectVirtualInterface,
        "virtual_interface_id",
    ),
    # Load balancers.
    Kind(
        "load_balancers",
        "elbv2",
        "DescribeLoadBalancers",
        "LoadBalancers",
        balancing.LoadBalancer,
        "load_balancer_arn",
    ),
    Kind("listeners", "elbv2", "DescribeListeners", "Listeners", balancing.Listeners, "load_balancer_arn"),
    Kind("listener_rules", "elbv2", "DescribeRules", "Rules", balancing.ListenerRules, "listener_arn"),
    Kind("target_groups", "elbv2", "DescribeTargetGroups", "TargetGroups", balancing.TargetGroup, "target_group_arn"),
    # These do not name their resource: only enveloped.
    Kind("targets", "elbv2", "DescribeTargetHealth", "TargetHealthDescriptions", balancing.Targets, "target_group_arn"),
    Kind(
        "target_group_attributes",
        "elbv2",
        "DescribeTargetGroupAttributes",
        "Attributes",
        balancing.TargetGroupAttributes,
        "target_group_arn",
    ),
    Kind(
        "load_balancer_attributes",
        "elbv2",
        "DescribeLoadBalancerAttributes",
        "Attributes",
        balancing.LoadBalancerAttributes,
        "load_balancer_arn",
    ),
    Kind(
        "classic_load_balancers",
        "elb",
        "DescribeLoadBalancers",
        "LoadBalancerDescriptions",
        balancing.ClassicLoadBalancer,
        "key",
    ),
    Kind(
        "classic_attributes",
        "elb",
        "DescribeLoadBalancerAttributes",
        "LoadBalancerAttributes",
        balancing.ClassicAttributes,
        "load_balancer_name",
    ),
    # The provider's side of PrivateLink.
    _ec2(
        "endpoint_services",
        "DescribeVpcEndpointServiceConfigurations",
        "ServiceConfigurations",
        privatelink.EndpointService,
        "service_id",
    ),
    _ec2(
        "endpoint_connections",
        "DescribeVpcEndpointConnections",
        "VpcEndpointConnections",
        privatelink.EndpointConnection,
        "vpc_endpoint_id",
    ),
    _ec2(
        "endpoint_permissions",
        "DescribeVpcEndpointServicePermissions",
        "AllowedPrincipals",
        privatelink.AllowedPrincipals,
        "service_id",
    ),
    # Transit gateways.
    _ec2(
        "transit_gateways",
        "DescribeTransitGateways",
        "TransitGateways",
        transit_gateway.TransitGateway,
        "transit_gateway_id",
    ),
    _ec2(
        "transit_gateway_attachments",
        "DescribeTransitGatewayAttachments",
        "TransitGatewayAttachments",
        transit_gateway.TransitGatewayAttachment,
        "key",
    ),
    _ec2(
        "transit_gateway_vpc_attachments",
        "DescribeTransitGatewayVpcAttachments",
        "TransitGatewayVpcAttachments",
        transit_gateway.TransitGatewayVpcAttachment,
        "transit_gateway_attachment_id",
    ),
    _ec2(
        "transit_gateway_peerings",
        "DescribeTransitGatewayPeeringAttachments",
        "TransitGatewayPeeringAttachments",
        transit_gateway.TransitGatewayPeeringAttachment,
        "transit_gateway_attachment_id",
    ),
    _ec2(
        "transit_gateway_connects",
        "DescribeTransitGatewayConnects",
        "TransitGatewayConnects",
        transit_gateway.TransitGatewayConnect,
        "transit_gateway_attachment_id",
    ),
    _ec2(
        "transit_gateway_route_tables",
        "DescribeTransitGatewayRouteTables",
        "TransitGatewayRouteTables",
        transit_gateway.TransitGatewayRouteTable,
        "transit_gateway_route_table_id",
    ),
    _ec2(
        "transit_gateway_policy_tables",
        "DescribeTransitGatewayPolicyTables",
        "TransitGatewayPolicyTables",
        transit_gateway.TransitGatewayPolicyTable,
        "transit_gateway_policy_table_id",
    ),
    _ec2(
        "transit_gateway_prefix_lists",
        "GetTransitGatewayPrefixListReferences",
        "TransitGatewayPrefixListReferences",
        transit_gateway.TransitGatewayPrefixListReferences,
        "transit_gateway_route_table_id",
    ),
    # These do not name their table: only enveloped.
    _ec2(
        "transit_gateway_routes",
        "SearchTransitGatewayRoutes",
        "Routes",
        transit_gateway.TransitGatewayRoutes,
        "transit_gateway_route_table_id",
    ),
    _ec2(
        "transit_gateway_associations",
        "GetTransitGatewayRouteTableAssociations",
        "Associations",
        transit_gateway.TransitGatewayAssociations,
        "transit_gateway_route_table_id",
    ),
    _ec2(
        "transit_gateway_propagations",
        "GetTransitGatewayRouteTablePropagations",
        "TransitGatewayRouteTablePropagations",
        transit_gateway.TransitGatewayPropagations,
        "transit_gateway_route_table_id",
    ),
    _ec2(
        "transit_gateway_policies",
        "GetTransitGatewayPolicyTableEntries",
        "TransitGatewayPolicyTableEntries",
        transit_gateway.TransitGatewayPolicyEntries,
        "transit_gateway_policy_table_id",
    ),
    _ec2(
        "transit_gateway_policy_associations",
        "GetTransitGatewayPolicyTableAssociations",
        "Associations",
        transit_gateway.TransitGatewayPolicyAssociations,
        "transit_gateway_policy_table_id",
    ),
)

KIND_BY_TABLE: dict[str, Kind] = {kind.table: kind for kind in KINDS}
PREFIX_LIST_ENTRIES = "ec2:GetManagedPrefixListEntries"


class UnmodelledKind(NamedTuple):
    """A call whose records are recognised and kept by id only: what depends on one is `unknown` with its name.

    `id_member` names the record (an ARN or an id); `origin` is the way in that such a record can open, or None.
    `told_by` says which other records tell all that counts of it, where some do: then nothing is left open.
    """

    service: str
    operation: str
    member: str
    id_member: str
    noun: str
    origin: str | None = None
    told_by: str = ""

    @property
    def call(self) -> str:
        return f"{self.service}:{self.operation}"


UNMODELLED_KINDS: tuple[UnmodelledKind, ...] = (
    UnmodelledKind(
        "ec2",
        "DescribeSecurityGroupVpcAssociations",
        "SecurityGroupVpcAssociations",
        "GroupId",
        "security group VPC association",
        told_by="interfaces name the groups that they hold, of whichever VPC (S-SG-11)",
    ),
    UnmodelledKind(
        "ec2",
        "DescribeCustomerGateways",
        "CustomerGateways",
        "CustomerGatewayId",
        "customer gateway",
        told_by="it stands in the network beyond; what counts of its line is told by the VPN connection (S-VPN-01)",
    ),
    UnmodelledKind(
        "vpc-lattice",
        "ListServiceNetworkVpcAssociations",
        "items",
        "arn",
        "VPC Lattice association",
    ),
    UnmodelledKind(
        "globalaccelerator",
        "ListCustomRoutingEndpointGroups",
        "EndpointGroups",
        "EndpointGroupArn",
        "custom routing endpoint group",
        "internet",
    ),
    UnmodelledKind(
        "directconnect",
        "DescribeDirectConnectGateways",
        "directConnectGateways",
        "directConnectGatewayId",
        "Direct Connect gateway",
        told_by="where it leads is told by its associations and virtual interfaces (S-DX-01)",
    ),
    UnmodelledKind("networkmanager", "ListCoreNetworks", "CoreNetworks", "CoreNetworkId", "core network"),
)
