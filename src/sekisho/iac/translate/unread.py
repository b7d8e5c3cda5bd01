"""Types that are not translated: those that change no reachability, and those that may."""

import re

from sekisho.iac.resource import Resource
from sekisho.iac.values import LATER, Unknown
from sekisho.model.record import Scope

from .translation import Translation

#: Types of networking services that say nothing of which packets pass.
_HARMLESS = re.compile(
    r"aws_(flow_log|ram_\w+|autoscaling_group_tag|vpc_security_group_(vpc_association|rules_exclusive)|proxy_protocol_policy|"
    r"vpc_dhcp_options\w*|default_vpc_dhcp_options|vpc_endpoint_(policy|private_dns|service_private_dns\w*|connection_\w+)|ec2_tag"
    r"|network_interface_permission|lb_(listener_certificate|trust_store\w*|ssl\w*|cookie\w*)|customer_gateway|vpc_ipam\w*"
    r"|ec2_(availability_zone_group|serial_console\w*|subnet_cidr_reservation|host|capacity\w*|instance_metadata\w*|instance_state"
    r"|transit_gateway_multicast\w*|network_insights\w*|traffic_mirror\w*)|vpc_peering_connection_(options|accepter)"
    r"|ec2_transit_gateway_(peering_attachment_accepter|vpc_attachment_accepter|multicast\w*|connect_peer)"
    r"|networkfirewall_(logging_configuration|resource_policy|tls_inspection\w*)|launch_(template|configuration)|placement_group"
    r"|globalaccelerator_cross_account\w*|network_acl_tag|vpc_network_performance\w*|eip_domain_name|\w*subnet_group"
    r"|security_group_tag|ec2_fleet_tag|ec2_image\w*|ec2_default_credit\w*)"
)
#: The call whose answer would show what is declared by such a type.
_CALLS = (
    ("aws_ec2_client_vpn", "ec2:DescribeClientVpnEndpoints"),
    ("aws_vpclattice_target_group", "vpc-lattice:ListTargetGroups"),
    ("aws_vpclattice", "vpc-lattice:ListServiceNetworkVpcAssociations"),
    ("aws_verifiedaccess_endpoint", "ec2:DescribeVerifiedAccessEndpoints"),
    ("aws_dx_", "directconnect:DescribeVirtualInterfaces"),
    ("aws_networkmanager", "networkmanager:ListCoreNetworks"),
    ("aws_globalaccelerator_custom_routing", "globalaccelerator:ListCustomRoutingEndpointGroups"),
    ("aws_cloudfront_vpc_origin", "cloudfront:ListVpcOrigins"),
    ("aws_ec2_carrier_gateway", "ec2:DescribeCarrierGateways"),
    ("aws_ec2_local_gateway", "ec2:DescribeLocalGatewayRouteTables"),
)
_NETWORKING = re.compile(
    r"aws_(vpc|subnet|route(_|$)|route_table|security_group|network_acl|network_interface|internet_gateway|egress_only|nat_gateway"
    r"|vpn|ec2_transit|ec2_(managed_prefix|instance_connect|fleet|network|local_gateway|carrier|client_vpn|subnet|vpc)|lb|alb|elb|eip"
    r"|networkfirewall|globalaccelerator|vpclattice|verifiedaccess|dx_|networkmanager|customer_gateway|default_|main_route"
    r"|cloudfront_vpc|spot_|autoscaling_group|ram_resource|instance|proxy_protocol)"
)
#: Tables whose records count for nothing more once something unknown may have changed them.
_CHANGED = ("route_tables", "security_groups", "network_acls", "interfaces", "subnets", "vpcs")
#: Types that decide which table of a transit gateway an attachment has.
_DECIDING = ("aws_ec2_transit_gateway_default", "aws_ec2_transit_gateway_policy")
#: What starts instances by itself, in places that it chooses.
_FLEETS = {"aws_ec2_fleet", "aws_spot_fleet_request"}
#: Arguments of services that put interfaces into subnets.
_IN_VPC = ("subnet_ids", "subnet_id", "vpc_config", "network_configuration", "vpc_options", "subnets", "vpc_settings")


def unread(t: Translation, r: Resource) -> None:
    """Lists a networking type that is not understood, and makes what depends on it unknown."""
    if _HARMLESS.fullmatch(r.type):
        return
    if r.type.startswith(_DECIDING):
        t.estate.issue(r.address, f"{r.noun} is not understood")
        for _, attachment in t.estate.all("transit_gateway_attachments"):
            attachment |= {"_associates": False, "Association": {"State": "associating"}}
        for (kind, table), part in list(t.estate.parts.items()):
            if kind == "transit_gateway_associations":
                t.estate.parts[kind, table] = part._replace(records=[], partial=True)
        return
    call = next((call for start, call in _CALLS if r.type.startswith(start)), None)
    if call is not None:
        t.estate.failed[call, r.scope] = f"{r.address} is of a type that is not understood"
        t.estate.issue(r.address, f"{r.noun} is not understood")
    elif r.type in _FLEETS:
        _unseen(t, r, r.scope)
    elif _NETWORKING.match(r.type):
        t.estate.issue(r.address, f"{r.noun} is not understood")
        _unsettle(t, r)
    elif any(r.get(name) for name in _IN_VPC):
        _unseen(t, r, r.scope)


def _unsettle(t: Translation, r: Resource) -> None:
    """The records that it names may be other than they are declared."""
    for attribute in (
        "route_table_id",
        "route_table_ids",
        "security_group_id",
        "network_acl_id",
        "network_interface_id",
        "subnet_id",
        "subnet_ids",
        "transit_gateway_route_table_id",
        "vpc_id",
    ):
        names = [n for n in t.many(r, attribute) if isinstance(n, str)]
        for name in names:
            if name.startswith("tgw-rtb-"):
                t.estate.part("transit_gateway_routes", name, r.scope, partial=True)
        for table in _CHANGED:
            for name in names:
                draft = t.estate.get(table, name)
                if draft is not None:
                    t.estate.spoilt[table, name] = f"{r.address} ({r.noun}, which is not understood) may change it"
        if names:
            return


def _unseen(t: Translation, r: Resource, scope: Scope) -> None:
    """Interfaces that nobody can name: they are in no row, and that is said."""
    name = t.place(r, f"eni-{r.id}")
    draft = {"NetworkInterfaceId": name, "PrivateIpAddress": LATER, "OwnerId": scope.account}
    found = next(
        (v for a in ("subnet_ids", "subnet_id") for v in t.many(r, a, "subnet") if not isinstance(v, Unknown)), None
    )
    if found:
        draft |= {"SubnetId": found, "VpcId": str(t.vpc_of(found) or LATER)}
    t.estate.put("interfaces", name, scope, draft)
    t.estate.issue(r.address, f"the interfaces of {r.noun} are not known before apply", "they are in no row")
