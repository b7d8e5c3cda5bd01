"""The calls that a snapshot is made of: which are modelled, which are needed, which are only recognised.

A *kind* is one list of records that one AWS call answers. `NEEDED` kinds are never taken as empty
where their call is absent (S-LOAD); the others are `assumed-absent` where nothing refers to one.
"""

from typing import NamedTuple

from . import filters, gateways, interface, routing, vpc
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
)

KIND_BY_TABLE: dict[str, Kind] = {kind.table: kind for kind in KINDS}
PREFIX_LIST_ENTRIES = "ec2:GetManagedPrefixListEntries"


class UnmodelledKind(NamedTuple):
    """A call whose records are recognised and kept by id only: what depends on one is `unknown` with its name.

    `id_member` names the record (an ARN or an id); `origin` is the way in that such a record can open, or None.
    """

    service: str
    operation: str
    member: str
    id_member: str
    noun: str
    origin: str | None = None

    @property
    def call(self) -> str:
        return f"{self.service}:{self.operation}"


def _open(
    service: str, operation: str, member: str, id_member: str, noun: str, origin: str | None = None
) -> UnmodelledKind:
    return UnmodelledKind(service, operation, member, id_member, noun, origin)


UNMODELLED_KINDS: tuple[UnmodelledKind, ...] = (
    _open("ec2", "DescribeTransitGateways", "TransitGateways", "TransitGatewayId", "transit gateway"),
    _open(
        "ec2",
        "DescribeTransitGatewayAttachments",
        "TransitGatewayAttachments",
        "TransitGatewayAttachmentId",
        "transit gateway attachment",
        "tgw",
    ),
    _open(
        "ec2",
        "DescribeTransitGatewayVpcAttachments",
        "TransitGatewayVpcAttachments",
        "TransitGatewayAttachmentId",
        "transit gateway attachment",
        "tgw",
    ),
    _open(
        "ec2",
        "DescribeTransitGatewayPeeringAttachments",
        "TransitGatewayPeeringAttachments",
        "TransitGatewayAttachmentId",
        "transit gateway peering attachment",
    ),
    _open(
        "ec2",
        "DescribeTransitGatewayRouteTables",
        "TransitGatewayRouteTables",
        "TransitGatewayRouteTableId",
        "transit gateway route table",
    ),
    _open("ec2", "DescribeVpcEndpoints", "VpcEndpoints", "VpcEndpointId", "VPC endpoint"),
    _open(
        "ec2",
        "DescribeVpcEndpointServiceConfigurations",
        "ServiceConfigurations",
        "ServiceId",
        "endpoint service",
        "privatelink",
    ),
    _open(
        "ec2",
        "DescribeInstanceConnectEndpoints",
        "InstanceConnectEndpoints",
        "InstanceConnectEndpointId",
        "EC2 Instance Connect Endpoint",
        "gated",
    ),
    _open(
        "ec2",
        "DescribeVerifiedAccessEndpoints",
        "VerifiedAccessEndpoints",
        "VerifiedAccessEndpointId",
        "Verified Access endpoint",
        "gated",
    ),
    _open(
        "ec2", "DescribeClientVpnEndpoints", "ClientVpnEndpoints", "ClientVpnEndpointId", "Client VPN endpoint", "vgw"
    ),
    _open("ec2", "DescribeCarrierGateways", "CarrierGateways", "CarrierGatewayId", "carrier gateway", "internet"),
    _open("ec2", "DescribeLocalGateways", "LocalGateways", "LocalGatewayId", "local gateway"),
    _open(
        "ec2",
        "DescribeSecurityGroupVpcAssociations",
        "SecurityGroupVpcAssociations",
        "GroupId",
        "security group VPC association",
    ),
    _open("ec2", "DescribeCustomerGateways", "CustomerGateways", "CustomerGatewayId", "customer gateway"),
    _open("elbv2", "DescribeLoadBalancers", "LoadBalancers", "LoadBalancerArn", "load balancer", "internet"),
    _open("elbv2", "DescribeTargetGroups", "TargetGroups", "TargetGroupArn", "target group"),
    _open(
        "elb",
        "DescribeLoadBalancers",
        "LoadBalancerDescriptions",
        "LoadBalancerName",
        "classic load balancer",
        "internet",
    ),
    _open("network-firewall", "ListFirewalls", "Firewalls", "FirewallArn", "network firewall"),
    _open("globalaccelerator", "ListAccelerators", "Accelerators", "AcceleratorArn", "accelerator", "internet"),
    _open(
        "globalaccelerator",
        "ListEndpointGroups",
        "EndpointGroups",
        "EndpointGroupArn",
        "accelerator endpoint group",
        "internet",
    ),
    _open("cloudfront", "ListVpcOrigins", "VpcOriginList", "Id", "CloudFront VPC origin", "internet"),
    _open(
        "vpc-lattice",
        "ListServiceNetworkVpcAssociations",
        "items",
        "arn",
        "VPC Lattice association",
        "gated",
    ),
    _open(
        "directconnect",
        "DescribeDirectConnectGateways",
        "directConnectGateways",
        "directConnectGatewayId",
        "Direct Connect gateway",
    ),
    _open(
        "directconnect",
        "DescribeVirtualInterfaces",
        "virtualInterfaces",
        "virtualInterfaceId",
        "Direct Connect virtual interface",
    ),
    _open("networkmanager", "ListCoreNetworks", "CoreNetworks", "CoreNetworkId", "core network"),
)
