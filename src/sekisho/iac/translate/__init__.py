"""Declared resources -> drafts of records: a function for each type of resource, in the order of what they need."""

from collections.abc import Callable, Iterable

from sekisho.iac.estate import Estate
from sekisho.iac.resource import Resource

from . import balancers, compute, filters, network, services, settle, transit
from .translation import Translation
from .unread import unread

__all__ = ["translate"]

#: By type, in the order in which they are translated: first what others are joined to.
TRANSLATORS: dict[str, Callable[[Translation, Resource], None]] = {
    "aws_vpc": network.vpc,
    "aws_vpc_ipv4_cidr_block_association": network.vpc_cidr,
    "aws_vpc_ipv6_cidr_block_association": network.vpc_ipv6_cidr,
    "aws_subnet": network.subnet,
    "aws_vpc_block_public_access_options": network.account_access,
    "aws_vpc_block_public_access_exclusion": network.access_exclusion,
    "aws_internet_gateway": network.internet_gateway,
    "aws_internet_gateway_attachment": network.internet_gateway_attachment,
    "aws_egress_only_internet_gateway": network.egress_only,
    "aws_vpn_gateway": network.vpn_gateway,
    "aws_vpn_gateway_attachment": network.vpn_gateway_attachment,
    "aws_vpn_connection": network.vpn_connection,
    "aws_vpn_connection_route": network.vpn_route,
    "aws_vpc_peering_connection": network.peering,
    "aws_ec2_managed_prefix_list": filters.prefix_list,
    "aws_ec2_managed_prefix_list_entry": filters.prefix_list_entry,
    "aws_security_group": filters.security_group,
    "aws_default_security_group": filters.security_group,
    "aws_security_group_rule": filters.security_group_rule,
    "aws_vpc_security_group_ingress_rule": filters.security_group_rule,
    "aws_vpc_security_group_egress_rule": filters.security_group_rule,
    "aws_network_acl": filters.network_acl,
    "aws_default_network_acl": filters.network_acl,
    "aws_network_acl_rule": filters.network_acl_rule,
    "aws_network_acl_association": filters.network_acl_association,
    "aws_route_table": network.route_table,
    "aws_default_route_table": network.default_route_table,
    "aws_main_route_table_association": network.main_route_table_association,
    "aws_route_table_association": network.route_table_association,
    "aws_vpn_gateway_route_propagation": network.route_propagation,
    "aws_eip": compute.address,
    "aws_nat_gateway": network.nat_gateway,
    "aws_route": network.route,
    "aws_ec2_transit_gateway": transit.gateway,
    "aws_ec2_transit_gateway_route_table": transit.table,
    "aws_ec2_transit_gateway_vpc_attachment": transit.vpc_attachment,
    "aws_ec2_transit_gateway_peering_attachment": transit.peering,
    "aws_ec2_transit_gateway_connect": transit.connect,
    "aws_ec2_transit_gateway_route_table_association": transit.association,
    "aws_ec2_transit_gateway_route_table_propagation": transit.propagation,
    "aws_ec2_transit_gateway_route": transit.route,
    "aws_ec2_transit_gateway_prefix_list_reference": transit.prefix_list_reference,
    "aws_lb": balancers.balancer,
    "aws_lb_target_group": balancers.target_group,
    "aws_lb_listener": balancers.listener,
    "aws_lb_listener_rule": balancers.rule,
    "aws_network_interface": compute.interface,
    "aws_instance": compute.instance,
    "aws_spot_instance_request": compute.instance,
    "aws_network_interface_attachment": compute.interface_attachment,
    "aws_network_interface_sg_attachment": compute.group_attachment,
    "aws_autoscaling_group": compute.scaling_group,
    "aws_autoscaling_attachment": compute.scaling_attachment,
    "aws_autoscaling_traffic_source_attachment": compute.traffic_source,
    "aws_eip_association": compute.address_association,
    "aws_lb_target_group_attachment": balancers.target,
    "aws_elb": balancers.classic,
    "aws_elb_attachment": balancers.classic_attachment,
    "aws_vpc_endpoint_service": services.endpoint_service,
    "aws_vpc_endpoint_service_allowed_principal": services.allowed_principal,
    "aws_vpc_endpoint": services.endpoint,
    "aws_vpc_endpoint_subnet_association": services.endpoint_subnet,
    "aws_vpc_endpoint_route_table_association": services.endpoint_table,
    "aws_vpc_endpoint_security_group_association": services.endpoint_group,
    "aws_ec2_instance_connect_endpoint": services.instance_connect,
    "aws_networkfirewall_rule_group": services.rule_group,
    "aws_networkfirewall_firewall_policy": services.firewall_policy,
    "aws_networkfirewall_firewall": services.firewall,
    "aws_globalaccelerator_accelerator": services.accelerator,
    "aws_globalaccelerator_listener": services.accelerator_listener,
    "aws_globalaccelerator_endpoint_group": services.accelerator_group,
    **dict.fromkeys(compute.HOLDERS, compute.holder),
}
_SAME = {name.replace("aws_lb", "aws_alb"): name for name in TRANSLATORS if name.startswith("aws_lb")}
_ORDER = {name: index for index, name in enumerate(TRANSLATORS)}


#: Types of which lists of other resources, as AWS gives them back, may still hold what is gone.
_LISTED = {
    "aws_security_group_rule",
    "aws_vpc_security_group_ingress_rule",
    "aws_vpc_security_group_egress_rule",
    "aws_network_acl_rule",
    "aws_route",
    "aws_ec2_managed_prefix_list_entry",
}


def translate(estate: Estate, resources: Iterable[Resource], gone: Iterable[Resource] = ()) -> None:
    """Puts everything that the resources declare into the estate, but for what AWS adds by itself.

    `gone` are resources as they were, which are not there any more or not so.
    """
    t = Translation(estate, resources)
    declared = [r for r in t.resources if r.managed]
    removed = [r for r in gone if r.type in _LISTED]
    for r in sorted(declared, key=lambda r: (_ORDER.get(_SAME.get(r.type, r.type), len(_ORDER)), r.address)):
        made = TRANSLATORS.get(_SAME.get(r.type, r.type))
        # What is gone goes before what takes its place comes.
        _remove(t, [g for g in removed if TRANSLATORS[g.type] is made])
        removed = [g for g in removed if TRANSLATORS[g.type] is not made]
        if made:
            made(t, r)
            if r.type == "aws_vpn_connection":
                transit.vpn_attachment(t, r)
        else:
            unread(t, r)
    _remove(t, removed)
    settle.settle(t)


def _remove(t: Translation, gone: list[Resource]) -> None:
    t.removing = True
    for r in gone:
        TRANSLATORS[r.type](t, r)
    t.removing = False
