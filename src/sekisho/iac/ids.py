"""The form of the id that AWS gives to each type of resource; names are Terraform's."""

from sekisho.model.record import Scope

from .values import symbolic

_BALANCER = {"application": "app", "network": "net", "gateway": "gwy"}

PREFIXES = {
    "aws_autoscaling_group": "asg",
    "aws_customer_gateway": "cgw",
    "aws_default_network_acl": "acl",
    "aws_default_route_table": "rtb",
    "aws_default_security_group": "sg",
    "aws_default_subnet": "subnet",
    "aws_default_vpc": "vpc",
    "aws_ec2_carrier_gateway": "cagw",
    "aws_ec2_instance_connect_endpoint": "eice",
    "aws_ec2_managed_prefix_list": "pl",
    "aws_ec2_transit_gateway": "tgw",
    "aws_ec2_transit_gateway_connect": "tgw-attach",
    "aws_ec2_transit_gateway_peering_attachment": "tgw-attach",
    "aws_ec2_transit_gateway_route_table": "tgw-rtb",
    "aws_ec2_transit_gateway_vpc_attachment": "tgw-attach",
    "aws_egress_only_internet_gateway": "eigw",
    "aws_eip": "eipalloc",
    "aws_instance": "i",
    "aws_internet_gateway": "igw",
    "aws_launch_template": "lt",
    "aws_nat_gateway": "nat",
    "aws_network_acl": "acl",
    "aws_network_interface": "eni",
    "aws_route_table": "rtb",
    "aws_security_group": "sg",
    "aws_spot_instance_request": "i",
    "aws_subnet": "subnet",
    "aws_vpc": "vpc",
    "aws_vpc_block_public_access_exclusion": "vpcbpa-exclude",
    "aws_vpc_endpoint": "vpce",
    "aws_vpc_endpoint_service": "vpce-svc",
    "aws_vpc_peering_connection": "pcx",
    "aws_vpn_connection": "vpn",
    "aws_vpn_gateway": "vgw",
}
#: Types that AWS names by ARN, with the service and the form of its last part.
_ARNS = {
    "aws_lb": ("elasticloadbalancing", "loadbalancer/{kind}/{name}/0"),
    "aws_alb": ("elasticloadbalancing", "loadbalancer/{kind}/{name}/0"),
    "aws_lb_target_group": ("elasticloadbalancing", "targetgroup/{name}/0"),
    "aws_alb_target_group": ("elasticloadbalancing", "targetgroup/{name}/0"),
    "aws_lb_listener": ("elasticloadbalancing", "listener/app/{name}/0/0"),
    "aws_alb_listener": ("elasticloadbalancing", "listener/app/{name}/0/0"),
    "aws_networkfirewall_firewall": ("network-firewall", "firewall/{name}"),
    "aws_networkfirewall_firewall_policy": ("network-firewall", "firewall-policy/{name}"),
    "aws_networkfirewall_rule_group": ("network-firewall", "rule-group/{name}"),
    "aws_globalaccelerator_accelerator": ("globalaccelerator", "accelerator/{name}"),
}


def new_id(type_: str, address: str, scope: Scope, kind: str = "application") -> str:
    """A symbolic id for what has none yet, in the form that AWS uses for the type."""
    if type_ in _ARNS:
        service, form = _ARNS[type_]
        name = symbolic("", address).removeprefix("-")
        region = "" if service == "globalaccelerator" else scope.region or ""
        resource = form.format(name=name, kind=_BALANCER.get(kind, "app"))
        return f"arn:aws:{service}:{region}:{scope.account or ''}:{resource}"
    return symbolic(PREFIXES.get(type_, type_.removeprefix("aws_").replace("_", "-")), address)


def by_arn(type_: str) -> bool:
    return type_ in _ARNS
