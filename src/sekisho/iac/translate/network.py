"""VPCs, subnets, route tables and gateways."""

from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import LATER, Unknown, blocks, derived, flag, many, number, one, tags, text

from .translation import Translation

#: Arguments of a route that name its target, the member that they become, and the form of the id.
_TARGETS = (
    ("gateway_id", "GatewayId", ""),
    ("egress_only_gateway_id", "EgressOnlyInternetGatewayId", "eigw"),
    ("nat_gateway_id", "NatGatewayId", "nat"),
    ("network_interface_id", "NetworkInterfaceId", "eni"),
    ("transit_gateway_id", "TransitGatewayId", "tgw"),
    ("vpc_peering_connection_id", "VpcPeeringConnectionId", "pcx"),
    ("vpc_endpoint_id", "GatewayId", "vpce"),
    ("carrier_gateway_id", "CarrierGatewayId", "cagw"),
    ("local_gateway_id", "LocalGatewayId", "lgw"),
    ("core_network_arn", "CoreNetworkArn", ""),
    ("instance_id", "InstanceId", "i"),
)
#: Resources that a route's `gateway_id` may name.
_GATEWAYS = ("igw", "vgw", "vpce", "eigw", "nat", "tgw")


def vpc(t: Translation, r: Resource) -> None:
    name = t.place(r)
    pooled = text(r.get("ipv6_cidr_block")) or text(r.get("ipv6_netmask_length"))
    draft: dict[str, Any] = {
        "VpcId": name,
        "CidrBlock": r.get("cidr_block") if r.get("cidr_block") is not None else Unknown("cidr_block"),
        "OwnerId": r.scope.account,
        "Tags": tags(r.get("tags")),
        "_sg": text(r.get("default_security_group_id")),
        "_acl": text(r.get("default_network_acl_id")),
        "_rtb": text(r.get("default_route_table_id")) or text(r.get("main_route_table_id")),
    }
    ipv6 = text(r.get("ipv6_cidr_block"))
    if ipv6:
        draft["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": ipv6}]
    elif flag(r.get("assign_generated_ipv6_cidr_block"), default=False) or pooled:
        draft["_generated_ipv6"] = True
    t.estate.put("vpcs", name, r.scope, draft)


def vpc_cidr(t: Translation, r: Resource) -> None:
    name = t.one(r, "vpc_id", "vpc")
    if t.estate.get("vpcs", name) is not None:
        cidr = r.get("cidr_block") or Unknown("cidr_block")
        main = {"CidrBlock": t.estate.tables["vpcs"][str(name)]["CidrBlock"]}
        there = t.estate.tables["vpcs"][str(name)].setdefault("CidrBlockAssociationSet", [main])
        there.append({"CidrBlock": cidr})


def vpc_ipv6_cidr(t: Translation, r: Resource) -> None:
    draft = t.estate.get("vpcs", t.one(r, "vpc_id", "vpc"))
    cidr = text(r.get("ipv6_cidr_block"))
    if draft is not None and cidr:
        draft.setdefault("Ipv6CidrBlockAssociationSet", []).append({"Ipv6CidrBlock": cidr})
    elif draft is not None:
        draft["_generated_ipv6"] = True


def subnet(t: Translation, r: Resource) -> None:
    name, cidr, ipv6 = t.place(r), r.get("cidr_block"), r.get("ipv6_cidr_block")
    native = flag(r.get("ipv6_native"), default=False)
    draft = {
        "SubnetId": name,
        "VpcId": t.one(r, "vpc_id", "vpc") or LATER,
        "CidrBlock": None if native else cidr if text(cidr) else Unknown("cidr_block"),
        "AvailabilityZone": text(r.get("availability_zone")),
        "AvailabilityZoneId": text(r.get("availability_zone_id")),
        "OwnerId": r.scope.account,
        "OutpostArn": text(r.get("outpost_arn")),
        "Tags": tags(r.get("tags")),
        "_map_public": flag(r.get("map_public_ip_on_launch"), default=False),
        "_assign_ipv6": flag(r.get("assign_ipv6_address_on_creation"), default=native),
    }
    given = text(ipv6)
    if given or (ipv6 is not None and ipv6 != ""):
        draft["Ipv6CidrBlockAssociationSet"] = [{"Ipv6CidrBlock": given or Unknown("ipv6_cidr_block")}]
    t.estate.put("subnets", name, r.scope, draft)


# Route tables ---------------------------------------------------------------------------------------


def route_table(t: Translation, r: Resource) -> None:
    name = t.place(r)
    inline = [route_of(t, r, b, name) for b in blocks(r.get("route"))]
    draft = {
        "RouteTableId": name,
        "VpcId": t.one(r, "vpc_id", "vpc"),
        "OwnerId": r.scope.account,
        "Routes": [route for route in inline if route.get("GatewayId") != "local"],
        "Associations": [],
        "PropagatingVgws": [{"GatewayId": g} for g in t.many(r, "propagating_vgws", "vgw")],
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("route_tables", name, r.scope, draft)


def default_route_table(t: Translation, r: Resource) -> None:
    name = t.one(r, "default_route_table_id", "rtb") or r.id
    if isinstance(name, Unknown):
        t.estate.issue(r.address, "its VPC is not known before apply")
        return
    owner = next((o for o in t.resources if o.type == "aws_vpc" and name in _tables_of(o)), None)
    draft = {
        "RouteTableId": t.place(r, name),
        "VpcId": owner.id if owner else t.one(r, "vpc_id", "vpc"),
        "Routes": [route_of(t, r, b, name) for b in blocks(r.get("route")) if b.get("gateway_id") != "local"],
        "Associations": [],
        "PropagatingVgws": [{"GatewayId": g} for g in t.many(r, "propagating_vgws", "vgw")],
        "Tags": tags(r.get("tags")),
    }
    if owner is not None:
        t.estate.tables["vpcs"][owner.id]["_rtb"] = name
    t.estate.put("route_tables", name, r.scope, draft)


def _tables_of(vpc: Resource) -> tuple[str | None, ...]:
    own = text(vpc.get("default_route_table_id")) or text(vpc.get("main_route_table_id"))
    return (own, derived("rtb", vpc.id, "default"))


def route_of(t: Translation, r: Resource, given: dict[str, Any], table: str) -> dict[str, Any]:
    """One route; where its destination is not known, a prefix list stands for it whose entries nobody knows."""
    route: dict[str, Any] = {}
    destinations = (
        ("DestinationCidrBlock", given.get("cidr_block") or given.get("destination_cidr_block")),
        ("DestinationIpv6CidrBlock", given.get("ipv6_cidr_block") or given.get("destination_ipv6_cidr_block")),
        ("DestinationPrefixListId", one(given.get("destination_prefix_list_id"), "pl")),
    )
    for member, value in destinations:
        if text(value):
            route[member] = text(value)
        elif isinstance(value, Unknown) and not route:
            what = f"the destination of a route of {table} ({value.what}) is known after apply"
            route["DestinationPrefixListId"] = t.estate.open_list(f"pl-{r.id}-destination", what, r.scope)
    for argument, member, prefix in _TARGETS:
        value = given.get(argument)
        found = value if not isinstance(value, Unknown) else t.pick(r, value, prefix, argument)
        if isinstance(found, Unknown) and argument == "gateway_id":
            found = next((g for p in _GATEWAYS if not isinstance(g := t.pick(r, value, p, argument), Unknown)), found)
        if found is not None and found != "":
            route[member] = found
    return route


def route(t: Translation, r: Resource) -> None:
    table = t.one(r, "route_table_id", "rtb")
    names = (
        *(a for a, _, _ in _TARGETS),
        "destination_cidr_block",
        "destination_ipv6_cidr_block",
        "destination_prefix_list_id",
    )
    made = route_of(t, r, {name: r.get(name) for name in names}, str(table))
    for one_ in [table] if isinstance(table, str) else many(table, "rtb"):
        found = t.estate.get("route_tables", one_)
        if found is None and not t.removing:
            t.estate.issue(
                r.address,
                f"its route table {one_ if isinstance(one_, str) else 'is known after apply and'} is not declared here",
                "the route is not used",
            )
        elif found is not None:
            kept = [o for o in found["Routes"] if _destination(o) != _destination(made)]
            found["Routes"] = kept if t.removing else [*kept, made]


def _destination(route: dict[str, Any]) -> object:
    return next((route[k] for k in route if k.startswith("Destination")), None)


def route_table_association(t: Translation, r: Resource) -> None:
    table = t.estate.get("route_tables", t.one(r, "route_table_id", "rtb"))
    subnet_id, gateway = t.one(r, "subnet_id", "subnet"), t.one(r, "gateway_id")
    if table is None:
        # Its subnet must not seem to have the main table.
        _open_subnet(t, r, subnet_id)
        return
    member = {"SubnetId": subnet_id} if subnet_id else {"GatewayId": gateway}
    table["Associations"].append(member)


def _open_subnet(t: Translation, r: Resource, subnet_id: str | Unknown | None) -> None:
    what = "its route table is known after apply, or not declared here"
    t.estate.issue(r.address, what)
    for number_ in (1, 2):
        name = t.place(r, f"rtb-unknown_{r.id.partition('-')[2]}_{number_}")
        draft = {"RouteTableId": name, "Routes": [], "Associations": [{"SubnetId": subnet_id}]}
        t.estate.put("route_tables", name, r.scope, draft)


def main_route_table_association(t: Translation, r: Resource) -> None:
    table = t.estate.get("route_tables", t.one(r, "route_table_id", "rtb"))
    if table is not None:
        table["Associations"].append({"Main": True})
    else:
        draft = t.estate.get("vpcs", t.one(r, "vpc_id", "vpc"))
        if draft is not None:
            draft["_rtb"] = f"rtb-unknown_{r.id}"
            t.estate.put(
                "route_tables",
                draft["_rtb"],
                r.scope,
                {"RouteTableId": draft["_rtb"], "VpcId": 0, "Routes": [], "Associations": [{"Main": True}]},
            )


def route_propagation(t: Translation, r: Resource) -> None:
    table, gateway = t.estate.get("route_tables", t.one(r, "route_table_id", "rtb")), t.one(r, "vpn_gateway_id", "vgw")
    if table is not None:
        table.setdefault("PropagatingVgws", []).append({"GatewayId": gateway})


# Gateways -------------------------------------------------------------------------------------------


def internet_gateway(t: Translation, r: Resource) -> None:
    name, vpc_id = t.place(r), t.one(r, "vpc_id", "vpc")
    draft = {
        "InternetGatewayId": name,
        "OwnerId": r.scope.account,
        "Attachments": [{"VpcId": vpc_id, "State": "available"}] if vpc_id else [],
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("internet_gateways", name, r.scope, draft)


def internet_gateway_attachment(t: Translation, r: Resource) -> None:
    _attach(t, r, "internet_gateways", t.one(r, "internet_gateway_id", "igw"), "Attachments", "available")


def egress_only(t: Translation, r: Resource) -> None:
    name = t.place(r)
    attachments = [{"VpcId": t.one(r, "vpc_id", "vpc"), "State": "attached"}]
    draft = {"EgressOnlyInternetGatewayId": name, "Attachments": attachments, "Tags": tags(r.get("tags"))}
    t.estate.put("egress_only_gateways", name, r.scope, draft)


def vpn_gateway(t: Translation, r: Resource) -> None:
    name, vpc_id = t.place(r), t.one(r, "vpc_id", "vpc")
    draft = {
        "VpnGatewayId": name,
        "State": "available",
        "VpcAttachments": [{"VpcId": vpc_id, "State": "attached"}] if vpc_id else [],
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("vpn_gateways", name, r.scope, draft)


def vpn_gateway_attachment(t: Translation, r: Resource) -> None:
    _attach(t, r, "vpn_gateways", t.one(r, "vpn_gateway_id", "vgw"), "VpcAttachments", "attached")


def _attach(t: Translation, r: Resource, table: str, gateway: str | Unknown | None, member: str, state: str) -> None:  # noqa: PLR0917 - each a part of what is joined
    draft = t.estate.get(table, gateway)
    if draft is None:
        t.estate.issue(r.address, "the gateway is not declared here, or known after apply")
        return
    attachment = {"VpcId": t.one(r, "vpc_id", "vpc"), "State": state}
    if attachment not in draft.setdefault(member, []):
        draft[member].append(attachment)


def vpn_connection(t: Translation, r: Resource) -> None:
    name = t.place(r)
    draft = {
        "VpnConnectionId": name,
        "State": "available",
        "VpnGatewayId": t.one(r, "vpn_gateway_id", "vgw"),
        "TransitGatewayId": t.one(r, "transit_gateway_id", "tgw"),
        "VgwTelemetry": [{"Status": "UP"}],
        "Tags": tags(r.get("tags")),
        "_static": flag(r.get("static_routes_only"), default=False),
    }
    t.estate.put("vpn_connections", name, r.scope, draft)


def vpn_route(t: Translation, r: Resource) -> None:
    draft = t.estate.get("vpn_connections", t.one(r, "vpn_connection_id", "vpn"))
    if draft is not None:
        draft.setdefault("_routes", []).append(r.get("destination_cidr_block"))


def nat_gateway(t: Translation, r: Resource) -> None:
    name, subnet_id = t.place(r), t.one(r, "subnet_id", "subnet")
    private = text(r.get("connectivity_type")) == "private"
    eni = derived("eni", name, "nat")
    allocation = t.one(r, "allocation_id", "eipalloc")
    t.interface(
        r,
        eni,
        subnet_id,
        groups=[],
        InterfaceType="nat_gateway",
        Description=f"Interface for NAT Gateway {name}",
        RequesterManaged=True,
        SourceDestCheck=False,
        _private=[r.get("private_ip")] if text(r.get("private_ip")) else [],
        _public=None if private or isinstance(allocation, str) else True,
        _ipv6_count=0,
    )
    address = t.estate.get("addresses", allocation)
    if address is not None:
        address["NetworkInterfaceId"] = eni
    elif text(r.get("public_ip")):
        t.estate.tables["interfaces"][eni]["_public"] = text(r.get("public_ip"))
    draft = {
        "NatGatewayId": name,
        "VpcId": t.vpc_of(subnet_id),
        "SubnetId": subnet_id,
        "State": "available",
        "ConnectivityType": "private" if private else "public",
        "Tags": tags(r.get("tags")),
        "_eni": eni,
    }
    t.estate.put("nat_gateways", name, r.scope, draft)


def peering(t: Translation, r: Resource) -> None:
    name, scope = t.place(r), r.scope
    near, far = t.one(r, "vpc_id", "vpc"), t.one(r, "peer_vpc_id", "vpc")
    accepter = next(
        (
            o
            for o in t.resources
            if o.type == "aws_vpc_peering_connection_accepter"
            and o.managed
            and t.one(o, "vpc_peering_connection_id", "pcx") == name
        ),
        None,
    )
    owner, region = text(r.get("peer_owner_id")) or scope.account, text(r.get("peer_region")) or scope.region
    accepted = any(flag(o.get("auto_accept"), default=False) for o in (r, accepter) if o is not None)
    status = text(r.get("accept_status")) or ("active" if accepted else "pending-acceptance")
    draft = {
        "VpcPeeringConnectionId": name,
        "RequesterVpcInfo": {"VpcId": near, "OwnerId": scope.account, "Region": scope.region},
        "AccepterVpcInfo": {"VpcId": far, "OwnerId": owner, "Region": region},
        "Status": {"Code": status},
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("peerings", name, scope, draft)


def account_access(t: Translation, r: Resource) -> None:
    """Block Public Access of the account and Region."""
    key = f"bpa-{r.scope.account}-{r.scope.region}"
    mode = text(r.get("internet_gateway_block_mode")) or LATER
    draft = {"AwsAccountId": r.scope.account, "AwsRegion": r.scope.region, "InternetGatewayBlockMode": mode}
    t.estate.put(
        "bpa_options", t.place(r, key), r.scope, draft | {"ExclusionsAllowed": "allowed", "State": "update-complete"}
    )


def access_exclusion(t: Translation, r: Resource) -> None:
    name = t.place(r)
    what = t.one(r, "subnet_id", "subnet") or t.one(r, "vpc_id", "vpc")
    kind = "subnet" if str(what).startswith("subnet") else "vpc"
    arn = f"arn:aws:ec2:{r.scope.region}:{r.scope.account}:{kind}/{what}"
    mode = text(r.get("internet_gateway_exclusion_mode")) or LATER
    draft = {"ExclusionId": name, "InternetGatewayExclusionMode": mode, "ResourceArn": arn, "State": "create-complete"}
    t.estate.put("bpa_exclusions", name, r.scope, draft)


def device_index(value: object) -> int:
    return number(value) or 0
