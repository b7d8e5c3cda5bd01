"""Properties of CloudFormation types under the names that translators know: Terraform's."""

import re
from collections.abc import Callable, Iterator
from typing import Any

from sekisho.iac.values import Unknown, block, blocks, many, text

Json = dict[str, Any]
_WORD = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")

#: Types whose properties have the same meaning under the same names, or under those of the second part.
TYPES: dict[str, tuple[str, dict[str, str]]] = {
    "AWS::EC2::VPC": ("aws_vpc", {}),
    "AWS::EC2::Subnet": ("aws_subnet", {}),
    "AWS::EC2::InternetGateway": ("aws_internet_gateway", {}),
    "AWS::EC2::EgressOnlyInternetGateway": ("aws_egress_only_internet_gateway", {}),
    "AWS::EC2::NatGateway": ("aws_nat_gateway", {"private_ip_address": "private_ip"}),
    "AWS::EC2::RouteTable": ("aws_route_table", {}),
    "AWS::EC2::Route": ("aws_route", {"egress_only_internet_gateway_id": "egress_only_gateway_id"}),
    "AWS::EC2::SubnetRouteTableAssociation": ("aws_route_table_association", {}),
    "AWS::EC2::GatewayRouteTableAssociation": ("aws_route_table_association", {}),
    "AWS::EC2::NetworkAcl": ("aws_network_acl", {}),
    "AWS::EC2::SubnetNetworkAclAssociation": ("aws_network_acl_association", {}),
    "AWS::EC2::VPNGateway": ("aws_vpn_gateway", {}),
    "AWS::EC2::VPNConnection": ("aws_vpn_connection", {}),
    "AWS::EC2::VPNConnectionRoute": ("aws_vpn_connection_route", {}),
    "AWS::EC2::CustomerGateway": ("aws_customer_gateway", {}),
    "AWS::EC2::VPCPeeringConnection": ("aws_vpc_peering_connection", {}),
    "AWS::EC2::NetworkInterfaceAttachment": ("aws_network_interface_attachment", {}),
    "AWS::EC2::EIPAssociation": ("aws_eip_association", {}),
    "AWS::EC2::TransitGateway": ("aws_ec2_transit_gateway", {}),
    "AWS::EC2::TransitGatewayRouteTable": ("aws_ec2_transit_gateway_route_table", {}),
    "AWS::EC2::TransitGatewayRouteTableAssociation": ("aws_ec2_transit_gateway_route_table_association", {}),
    "AWS::EC2::TransitGatewayRouteTablePropagation": ("aws_ec2_transit_gateway_route_table_propagation", {}),
    "AWS::EC2::TransitGatewayRoute": ("aws_ec2_transit_gateway_route", {}),
    "AWS::EC2::TransitGatewayPeeringAttachment": ("aws_ec2_transit_gateway_peering_attachment", {}),
    "AWS::EC2::TransitGatewayConnect": (
        "aws_ec2_transit_gateway_connect",
        {"transport_transit_gateway_attachment_id": "transport_attachment_id"},
    ),
    "AWS::EC2::InstanceConnectEndpoint": ("aws_ec2_instance_connect_endpoint", {}),
    "AWS::EC2::VPCEndpointService": ("aws_vpc_endpoint_service", {}),
    "AWS::EC2::VPCEndpoint": ("aws_vpc_endpoint", {}),
    "AWS::EC2::VPCBlockPublicAccessOptions": ("aws_vpc_block_public_access_options", {}),
    "AWS::EC2::VPCBlockPublicAccessExclusion": ("aws_vpc_block_public_access_exclusion", {}),
    "AWS::ElasticLoadBalancingV2::LoadBalancer": ("aws_lb", {"type": "load_balancer_type"}),
    "AWS::ElasticLoadBalancingV2::Listener": ("aws_lb_listener", {"default_actions": "default_action"}),
    "AWS::ElasticLoadBalancingV2::ListenerRule": ("aws_lb_listener_rule", {"actions": "action"}),
    "AWS::ElasticLoadBalancingV2::TargetGroup": ("aws_lb_target_group", {}),
    "AWS::AutoScaling::AutoScalingGroup": (
        "aws_autoscaling_group",
        {
            "auto_scaling_group_name": "name",
            "target_group_arns": "target_group_arns",
            "launch_configuration_name": "launch_configuration",
            "load_balancer_names": "load_balancers",
        },
    ),
    "AWS::AutoScaling::LaunchConfiguration": ("aws_launch_configuration", {}),
    "AWS::RDS::DBInstance": ("aws_db_instance", {"vpc_security_groups": "vpc_security_group_ids"}),
    "AWS::RDS::DBSubnetGroup": ("aws_db_subnet_group", {"db_subnet_group_name": "name"}),
    "AWS::Lambda::Function": ("aws_lambda_function", {}),
    "AWS::EKS::Cluster": ("aws_eks_cluster", {"resources_vpc_config": "vpc_config"}),
    "AWS::ECS::Service": ("aws_ecs_service", {}),
    "AWS::EFS::MountTarget": ("aws_efs_mount_target", {}),
    "AWS::ElastiCache::CacheCluster": (
        "aws_elasticache_cluster",
        {"cache_subnet_group_name": "subnet_group_name", "vpc_security_group_ids": "security_group_ids"},
    ),
    "AWS::ElastiCache::ReplicationGroup": (
        "aws_elasticache_replication_group",
        {"cache_subnet_group_name": "subnet_group_name"},
    ),
    "AWS::ElastiCache::SubnetGroup": ("aws_elasticache_subnet_group", {"cache_subnet_group_name": "name"}),
    "AWS::Redshift::Cluster": ("aws_redshift_cluster", {}),
    "AWS::Redshift::ClusterSubnetGroup": ("aws_redshift_subnet_group", {}),
    "AWS::MSK::Cluster": ("aws_msk_cluster", {}),
    "AWS::AmazonMQ::Broker": ("aws_mq_broker", {}),
    "AWS::OpenSearchService::Domain": ("aws_opensearch_domain", {"vpc_options": "vpc_options"}),
    "AWS::NetworkFirewall::Firewall": (
        "aws_networkfirewall_firewall",
        {"subnet_mappings": "subnet_mapping", "firewall_name": "name"},
    ),
    "AWS::GlobalAccelerator::Accelerator": ("aws_globalaccelerator_accelerator", {}),
    "AWS::GlobalAccelerator::Listener": ("aws_globalaccelerator_listener", {"port_ranges": "port_range"}),
    "AWS::GlobalAccelerator::EndpointGroup": (
        "aws_globalaccelerator_endpoint_group",
        {"endpoint_configurations": "endpoint_configuration", "port_overrides": "port_override"},
    ),
}
#: Services whose other types may change what can be reached.
NETWORKING = re.compile(
    r"AWS::(EC2::(?!FlowLog|KeyPair|DHCPOptions|VPCDHCP|VPCEndpointConnection|Volume|Capacity|Host|Placement|IPAM|NetworkInsights"
    r"|NetworkInterfacePermission|TrafficMirror|Snapshot|EnclaveCert|LaunchTemplate|VPCEndpointServicePermissions)"
    r"|ElasticLoadBalancing|NetworkFirewall::(?!Logging|TLS)|GlobalAccelerator::(?!CrossAccount)|VpcLattice|NetworkManager|DirectConnect)"
)


def snake(name: str) -> str:
    return _WORD.sub("_", name).lower()


def lowered(value: Any) -> Any:  # noqa: ANN401
    """The value with all names of its objects as Terraform writes them."""
    if isinstance(value, dict):
        return {snake(k): lowered(v) for k, v in value.items()}
    if isinstance(value, list):
        return [lowered(v) for v in value]
    return value


def _tags(given: object) -> Json:
    return {text(t.get("Key")) or "": text(t.get("Value")) or "" for t in blocks(given)}


def understood(type_: str) -> bool:
    return type_ in TYPES or type_ in _SPECIAL


def converted(type_: str, given: Json) -> Iterator[tuple[str, str, Json]]:
    """The resources that one of CloudFormation stands for: type, what is added to its name, arguments."""
    special = _SPECIAL.get(type_)
    if special is not None:
        yield from special(given)
        return
    if type_ not in TYPES:
        return
    name, renamed = TYPES[type_]
    plain = {renamed.get(snake(k), snake(k)): lowered(v) for k, v in given.items() if k != "Tags"}
    plain["tags"] = _tags(given.get("Tags"))
    more = _MORE.get(name)
    if more is not None:
        yield from more(given, plain)
    else:
        yield name, "", plain


# Types that differ ----------------------------------------------------------------------------------


def _vpc(_: Json, plain: Json) -> Iterator[tuple[str, str, Json]]:
    if isinstance(plain.get("cidr_block"), Unknown) or plain.get("ipv4_ipam_pool_id"):
        plain.setdefault("cidr_block", Unknown("CidrBlock"))
    yield "aws_vpc", "", plain


def _cidr_block(given: Json) -> Iterator[tuple[str, str, Json]]:
    vpc = given.get("VpcId")
    if given.get("CidrBlock") is not None or given.get("Ipv4IpamPoolId"):
        cidr = given.get("CidrBlock", Unknown("CidrBlock"))
        yield "aws_vpc_ipv4_cidr_block_association", "", {"vpc_id": vpc, "cidr_block": cidr}
    else:
        yield "aws_vpc_ipv6_cidr_block_association", "", {"vpc_id": vpc, "ipv6_cidr_block": given.get("Ipv6CidrBlock")}


def _attachment(given: Json) -> Iterator[tuple[str, str, Json]]:
    vpc = given.get("VpcId")
    if given.get("InternetGatewayId"):
        yield "aws_internet_gateway_attachment", "", {"vpc_id": vpc, "internet_gateway_id": given["InternetGatewayId"]}
    if given.get("VpnGatewayId"):
        yield "aws_vpn_gateway_attachment", "", {"vpc_id": vpc, "vpn_gateway_id": given["VpnGatewayId"]}


def _permission(given: Json) -> Json:
    found = {"protocol": given.get("IpProtocol"), "from_port": given.get("FromPort"), "to_port": given.get("ToPort")}
    names = {
        "CidrIp": "cidr_blocks",
        "CidrIpv6": "ipv6_cidr_blocks",
        "SourcePrefixListId": "prefix_list_ids",
        "DestinationPrefixListId": "prefix_list_ids",
        "SourceSecurityGroupId": "security_groups",
        "DestinationSecurityGroupId": "security_groups",
    }
    for name, argument in names.items():
        if given.get(name) is not None and given.get(name) != "":
            found[argument] = [given[name]]
    if given.get("SourceSecurityGroupName"):
        found["security_groups"] = [Unknown("SourceSecurityGroupName")]
    return found


def _group(given: Json) -> Iterator[tuple[str, str, Json]]:
    everything = [{"IpProtocol": "-1", "CidrIp": "0.0.0.0/0"}, {"IpProtocol": "-1", "CidrIpv6": "::/0"}]
    outward = given.get("SecurityGroupEgress")
    yield (
        "aws_security_group",
        "",
        {
            "name": given.get("GroupName"),
            "vpc_id": given.get("VpcId"),
            "ingress": [_permission(p) for p in blocks(given.get("SecurityGroupIngress"))],
            # A group without rules of its own lets everything out.
            "egress": [_permission(p) for p in blocks(everything if outward is None else outward)],
            "tags": _tags(given.get("Tags")),
        },
    )


def _rule(type_: str) -> Callable[[Json], Iterator[tuple[str, str, Json]]]:
    def made(given: Json) -> Iterator[tuple[str, str, Json]]:
        found = _permission(given)
        listed = found.pop("security_groups", [None])[0]
        yield (
            "aws_security_group_rule",
            "",
            found | {"type": type_, "security_group_id": given.get("GroupId"), "source_security_group_id": listed},
        )

    return made


def _entry(given: Json) -> Iterator[tuple[str, str, Json]]:
    ports, icmp = block(given.get("PortRange")), block(given.get("Icmp"))
    yield (
        "aws_network_acl_rule",
        "",
        {
            "network_acl_id": given.get("NetworkAclId"),
            "rule_number": given.get("RuleNumber"),
            "protocol": given.get("Protocol"),
            "rule_action": given.get("RuleAction"),
            "egress": given.get("Egress", False),
            "cidr_block": given.get("CidrBlock"),
            "ipv6_cidr_block": given.get("Ipv6CidrBlock"),
            "from_port": ports.get("From"),
            "to_port": ports.get("To"),
            "icmp_type": icmp.get("Type"),
            "icmp_code": icmp.get("Code"),
        },
    )


def _address(given: Json) -> Iterator[tuple[str, str, Json]]:
    yield (
        "aws_eip",
        "",
        {"instance": given.get("InstanceId"), "public_ip": given.get("Address"), "tags": _tags(given.get("Tags"))},
    )


def _association(given: Json, plain: Json) -> Iterator[tuple[str, str, Json]]:
    if given.get("AllocationId") is None and given.get("EIP") is not None:
        plain["allocation_id"] = given["EIP"]
    yield "aws_eip_association", "", plain


def _propagation(given: Json) -> Iterator[tuple[str, str, Json]]:
    for index, table in enumerate(many(given.get("RouteTableIds"), "rtb")):
        yield (
            "aws_vpn_gateway_route_propagation",
            str(index),
            {"route_table_id": table, "vpn_gateway_id": given.get("VpnGatewayId")},
        )


def _interfaces(given: object) -> list[Json]:
    """Interfaces of an instance or a launch template, in the words of a launch template."""
    return [
        {
            "network_interface_id": b.get("NetworkInterfaceId"),
            "device_index": b.get("DeviceIndex"),
            "subnet_id": b.get("SubnetId"),
            "associate_public_ip_address": b.get("AssociatePublicIpAddress"),
            "security_groups": b.get("GroupSet") if b.get("GroupSet") is not None else b.get("Groups"),
            "private_ip_address": b.get("PrivateIpAddress"),
            "ipv6_address_count": b.get("Ipv6AddressCount"),
        }
        for b in blocks(given)
    ]


def _instance(given: Json) -> Iterator[tuple[str, str, Json]]:
    interfaces = _interfaces(given.get("NetworkInterfaces"))
    own = [b for b in interfaces if not b["network_interface_id"]]
    template = block(given.get("LaunchTemplate"))
    arguments: Json = {
        "ami": given.get("ImageId"),
        "subnet_id": given.get("SubnetId") or next((b["subnet_id"] for b in own if b["subnet_id"]), None),
        "vpc_security_group_ids": given.get("SecurityGroupIds")
        or next((b["security_groups"] for b in own if b["security_groups"]), None),
        "private_ip": given.get("PrivateIpAddress") or next((b["private_ip_address"] for b in own), None),
        "associate_public_ip_address": next((b["associate_public_ip_address"] for b in own), None),
        "ipv6_address_count": given.get("Ipv6AddressCount") or next((b["ipv6_address_count"] for b in own), None),
        "ipv6_addresses": [b.get("Ipv6Address") for b in blocks(given.get("Ipv6Addresses"))],
        "source_dest_check": given.get("SourceDestCheck"),
        "network_interface": [b for b in interfaces if b["network_interface_id"]],
        "tags": _tags(given.get("Tags")),
    }
    if template:
        arguments["launch_template"] = [
            {"id": template.get("LaunchTemplateId"), "name": template.get("LaunchTemplateName")}
        ]
    yield "aws_instance", "", arguments


def _template(given: Json) -> Iterator[tuple[str, str, Json]]:
    data = block(given.get("LaunchTemplateData"))
    yield (
        "aws_launch_template",
        "",
        {
            "name": given.get("LaunchTemplateName"),
            "vpc_security_group_ids": data.get("SecurityGroupIds"),
            "network_interfaces": _interfaces(data.get("NetworkInterfaces")),
        },
    )


def _scaling(given: Json, plain: Json) -> Iterator[tuple[str, str, Json]]:
    def named(b: Json) -> list[Json]:
        return [{"id": b.get("LaunchTemplateId"), "name": b.get("LaunchTemplateName")}] if b else []

    plain["launch_template"] = named(block(given.get("LaunchTemplate")))
    mixed = block(
        block(block(given.get("MixedInstancesPolicy")).get("LaunchTemplate")).get("LaunchTemplateSpecification")
    )
    plain["mixed_instances_policy"] = []
    if mixed:
        plain["launch_template"] = named(mixed)
    plain["vpc_zone_identifier"] = given.get("VPCZoneIdentifier")
    plain["target_group_arns"] = given.get("TargetGroupARNs")
    yield "aws_autoscaling_group", "", plain


def _network_interface(given: Json) -> Iterator[tuple[str, str, Json]]:
    several = [b.get("PrivateIpAddress") for b in blocks(given.get("PrivateIpAddresses"))]
    own = given.get("PrivateIpAddress")
    yield (
        "aws_network_interface",
        "",
        {
            "subnet_id": given.get("SubnetId"),
            "security_groups": given.get("GroupSet"),
            "private_ips": several or ([own] if own else []),
            "private_ips_count": given.get("SecondaryPrivateIpAddressCount"),
            "ipv6_addresses": [b.get("Ipv6Address") for b in blocks(given.get("Ipv6Addresses"))],
            "ipv6_address_count": given.get("Ipv6AddressCount"),
            "source_dest_check": given.get("SourceDestCheck"),
            "description": given.get("Description"),
            "tags": _tags(given.get("Tags")),
        },
    )


def _balancer(given: Json, plain: Json) -> Iterator[tuple[str, str, Json]]:
    attributes = {text(a.get("Key")): a.get("Value") for a in blocks(given.get("LoadBalancerAttributes"))}
    plain["internal"] = text(given.get("Scheme")) == "internal"
    plain["subnet_mapping"] = [
        {
            "subnet_id": m.get("SubnetId"),
            "allocation_id": m.get("AllocationId"),
            "private_ipv4_address": m.get("PrivateIPv4Address"),
        }
        for m in blocks(given.get("SubnetMappings"))
    ]
    plain["enable_cross_zone_load_balancing"] = attributes.get("load_balancing.cross_zone.enabled")
    yield "aws_lb", "", plain


def _actions(plain: Json, name: str) -> Json:
    for action in blocks(plain.get(name)):
        forward = block(action.pop("forward_config", None))
        groups = [
            {"arn": g.get("target_group_arn"), "weight": g.get("weight")} for g in blocks(forward.get("target_groups"))
        ]
        if groups:
            action["forward"] = [{"target_group": groups}]
    return plain


def _target_group(given: Json, plain: Json) -> Iterator[tuple[str, str, Json]]:
    attributes = {text(a.get("Key")): a.get("Value") for a in blocks(given.get("TargetGroupAttributes"))}
    plain["preserve_client_ip"] = attributes.get("preserve_client_ip.enabled")
    plain["load_balancing_cross_zone_enabled"] = attributes.get("load_balancing.cross_zone.enabled")
    yield "aws_lb_target_group", "", plain
    for index, target in enumerate(blocks(given.get("Targets"))):
        arguments = {
            "target_group_arn": SELF,
            "target_id": target.get("Id"),
            "port": target.get("Port"),
            "availability_zone": target.get("AvailabilityZone"),
        }
        yield "aws_lb_target_group_attachment", f"Target{index}", arguments


#: Stands for the id of the resource itself in what is declared inside of it.
SELF = "\0self"


def _classic(given: Json) -> Iterator[tuple[str, str, Json]]:
    listeners = [
        {
            "lb_protocol": b.get("Protocol"),
            "lb_port": b.get("LoadBalancerPort"),
            "instance_port": b.get("InstancePort"),
            "instance_protocol": b.get("InstanceProtocol"),
        }
        for b in blocks(given.get("Listeners"))
    ]
    yield (
        "aws_elb",
        "",
        {
            "name": given.get("LoadBalancerName"),
            "internal": text(given.get("Scheme")) == "internal",
            "subnets": given.get("Subnets"),
            "security_groups": given.get("SecurityGroups"),
            "instances": given.get("Instances"),
            "cross_zone_load_balancing": given.get("CrossZone", False),
            "listener": listeners,
        },
    )


def _transit_attachment(given: Json) -> Iterator[tuple[str, str, Json]]:
    options = block(given.get("Options"))
    yield (
        "aws_ec2_transit_gateway_vpc_attachment",
        "",
        {
            "transit_gateway_id": given.get("TransitGatewayId"),
            "vpc_id": given.get("VpcId"),
            "subnet_ids": given.get("SubnetIds"),
            "appliance_mode_support": options.get("ApplianceModeSupport"),
            "ipv6_support": options.get("Ipv6Support"),
            "security_group_referencing_support": options.get("SecurityGroupReferencingSupport"),
            "tags": _tags(given.get("Tags")),
        },
    )


def _prefix_list(given: Json) -> Iterator[tuple[str, str, Json]]:
    arguments = {"name": given.get("PrefixListName"), "address_family": given.get("AddressFamily")}
    entries = given.get("Entries")
    arguments["entry"] = (
        [{"cidr": b.get("Cidr")} for b in blocks(entries)] if not isinstance(entries, Unknown) else [{"cidr": entries}]
    )
    yield "aws_ec2_managed_prefix_list", "", arguments


def _api(type_: str, name: str, member: str) -> Callable[[Json], Iterator[tuple[str, str, Json]]]:
    """What is written as the service's own API takes it."""

    def made(given: Json) -> Iterator[tuple[str, str, Json]]:
        yield type_, "", {"name": given.get(name), "type": given.get("Type"), "api": given.get(member)}

    return made


_SPECIAL: dict[str, Callable[[Json], Iterator[tuple[str, str, Json]]]] = {
    "AWS::EC2::VPCCidrBlock": _cidr_block,
    "AWS::EC2::VPCGatewayAttachment": _attachment,
    "AWS::EC2::SecurityGroup": _group,
    "AWS::EC2::SecurityGroupIngress": _rule("ingress"),
    "AWS::EC2::SecurityGroupEgress": _rule("egress"),
    "AWS::EC2::NetworkAclEntry": _entry,
    "AWS::EC2::EIP": _address,
    "AWS::EC2::VPNGatewayRoutePropagation": _propagation,
    "AWS::EC2::Instance": _instance,
    "AWS::EC2::LaunchTemplate": _template,
    "AWS::EC2::NetworkInterface": _network_interface,
    "AWS::EC2::TransitGatewayAttachment": _transit_attachment,
    "AWS::EC2::TransitGatewayVpcAttachment": _transit_attachment,
    "AWS::EC2::PrefixList": _prefix_list,
    "AWS::ElasticLoadBalancing::LoadBalancer": _classic,
    "AWS::NetworkFirewall::FirewallPolicy": _api(
        "aws_networkfirewall_firewall_policy", "FirewallPolicyName", "FirewallPolicy"
    ),
    "AWS::NetworkFirewall::RuleGroup": _api("aws_networkfirewall_rule_group", "RuleGroupName", "RuleGroup"),
}
_MORE: dict[str, Callable[[Json, Json], Iterator[tuple[str, str, Json]]]] = {
    "aws_vpc": _vpc,
    "aws_eip_association": _association,
    "aws_autoscaling_group": _scaling,
    "aws_lb": _balancer,
    "aws_lb_listener": lambda _, plain: iter([("aws_lb_listener", "", _actions(plain, "default_action"))]),
    "aws_lb_listener_rule": lambda _, plain: iter([("aws_lb_listener_rule", "", _actions(plain, "action"))]),
    "aws_lb_target_group": _target_group,
    "aws_vpc_peering_connection": lambda _, plain: iter(
        [("aws_vpc_peering_connection", "", plain | {"auto_accept": True})]
    ),
}
