"""The network of one VPC: subnets, gateways, route tables, network ACLs."""

from collections.abc import Iterator, Sequence

from .groups import ESTATE, OFFICES, ON_PREMISES, PARTNERS, world
from .rows import CREATED, Json, Listed, Row, tags
from .vpc import Subnet, Vpc


def network(vpc: Vpc) -> Iterator[Row]:
    """Everything but interfaces and what filters at them."""
    yield from _vpc(vpc)
    yield from (_subnet(vpc, subnet) for subnet in vpc.subnets)
    yield from _gateways(vpc)
    yield from _route_tables(vpc)
    yield from _acls(vpc)


def _blocks_ipv6(vpc: Vpc, cidr: str | None) -> list[Json]:
    associated: Json = {"Ipv6CidrBlockState": {"State": "associated"}, "Ipv6AddressAttribute": "public"}
    if cidr is None:
        return []
    return [{"AssociationId": vpc.draw.id("vpc-cidr-assoc"), "Ipv6CidrBlock": cidr, "IpSource": "amazon", **associated}]


def _vpc(vpc: Vpc) -> Iterator[Row]:
    plan = vpc.plan
    block: Json = {
        "AssociationId": vpc.draw.id("vpc-cidr-assoc"),
        "CidrBlock": plan.cidr,
        "CidrBlockState": {"State": "associated"},
    }
    yield Listed(
        "vpcs",
        {
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
            "CidrBlock": plan.cidr,
            "CidrBlockAssociationSet": [block],
            "DhcpOptionsId": vpc.draw.id("dopt"),
            "InstanceTenancy": "default",
            "Ipv6CidrBlockAssociationSet": _blocks_ipv6(vpc, plan.ipv6_cidr),
            "IsDefault": False,
            "OwnerId": vpc.place.account,
            "State": "available",
            "Tags": tags(plan.name),
            "VpcId": plan.vpc_id,
        },
    )


def _subnet(vpc: Vpc, subnet: Subnet) -> Listed:
    place = vpc.place
    return Listed(
        "subnets",
        {
            "AssignIpv6AddressOnCreation": False,
            "AvailabilityZone": subnet.zone.name,
            "AvailabilityZoneId": subnet.zone.id,
            "AvailableIpAddressCount": subnet.room.free,
            "BlockPublicAccessStates": {"InternetGatewayBlockMode": "off"},
            "CidrBlock": subnet.cidr,
            "DefaultForAz": False,
            "Ipv6CidrBlockAssociationSet": _blocks_ipv6(vpc, subnet.ipv6 and f"{subnet.ipv6}::/64"),
            "MapPublicIpOnLaunch": False,
            "OwnerId": place.account,
            "State": "available",
            "SubnetArn": f"arn:aws:ec2:{place.region}:{place.account}:subnet/{subnet.id}",
            "SubnetId": subnet.id,
            "Tags": tags(f"{vpc.plan.name}-{subnet.cut.tier}-{subnet.zone.name[-1]}"),
            "VpcId": vpc.plan.vpc_id,
        },
    )


# Gateways ---------------------------------------------------------------------------------------------


def _gateways(vpc: Vpc) -> Iterator[Row]:
    name, attached = tags(vpc.plan.name), [{"State": "attached", "VpcId": vpc.plan.vpc_id}]
    yield Listed(
        "internet_gateways",
        {
            "Attachments": [{"State": "available", "VpcId": vpc.plan.vpc_id}],
            "InternetGatewayId": vpc.internet_gateway,
            "OwnerId": vpc.place.account,
            "Tags": name,
        },
    )
    if vpc.egress_only_gateway:
        own: Json = {"Attachments": attached, "EgressOnlyInternetGatewayId": vpc.egress_only_gateway, "Tags": name}
        yield Listed("egress_only_gateways", own)
    if vpc.vpn_gateway:
        yield Listed(
            "vpn_gateways",
            {
                "AmazonSideAsn": 64512,
                "State": "available",
                "Tags": name,
                "Type": "ipsec.1",
                "VpcAttachments": attached,
                "VpnGatewayId": vpc.vpn_gateway,
            },
        )
        yield from _vpn_connection(vpc, vpc.vpn_gateway)


def _vpn_connection(vpc: Vpc, gateway: str) -> Iterator[Row]:
    office, name = vpc.draw.id("cgw"), tags(f"{vpc.plan.name}-office")
    yield Listed(
        "DescribeCustomerGateways",
        {
            "BgpAsn": "65010",
            "CustomerGatewayId": office,
            "IpAddress": vpc.draw.pick(PARTNERS).partition("/")[0],
            "State": "available",
            "Tags": name,
            "Type": "ipsec.1",
        },
    )
    tunnels = [
        {"AcceptedRouteCount": 1, "LastStatusChange": CREATED, "OutsideIpAddress": vpc.public.next(), "Status": status}
        for status in ("UP", "DOWN")
    ]
    yield Listed(
        "vpn_connections",
        {
            "Category": "VPN",
            "CustomerGatewayId": office,
            "Routes": [],
            "State": "available",
            "Tags": name,
            "Type": "ipsec.1",
            "VgwTelemetry": tunnels,
            "VpnConnectionId": vpc.draw.id("vpn"),
            "VpnGatewayId": gateway,
        },
    )


# Routes -----------------------------------------------------------------------------------------------


def _route(destination: str, target: str, value: str, *, propagated: bool = False) -> Json:
    member = "DestinationPrefixListId" if destination.startswith("pl-") else "DestinationCidrBlock"
    return {
        "DestinationIpv6CidrBlock" if ":" in destination else member: destination,
        target: value,
        "Origin": "EnableVgwRoutePropagation" if propagated else "CreateRoute",
        "State": "active",
    }


def _own_routes(vpc: Vpc) -> list[Json]:
    found = [vpc.plan.cidr, *([vpc.plan.ipv6_cidr] if vpc.plan.ipv6_cidr else [])]
    return [_route(cidr, "GatewayId", "local") | {"Origin": "CreateRouteTable"} for cidr in found]


def _far_routes(vpc: Vpc) -> Iterator[Json]:
    """To peered VPCs, to the rest of the estate by the transit gateway, and on premises."""
    for peering, far in vpc.joins.ways_to(vpc.plan):
        if not (peering.one_sided and peering.accepter is vpc.plan):
            yield _route(far.cidr, "VpcPeeringConnectionId", peering.id)
    if vpc.joins.transit_gateway:
        yield _route(ESTATE, "TransitGatewayId", vpc.joins.transit_gateway.id)
    if vpc.vpn_gateway:
        yield _route(ON_PREMISES, "GatewayId", vpc.vpn_gateway, propagated=True)


def _route_tables(vpc: Vpc) -> Iterator[Row]:
    """A main table that nobody uses, one for public subnets, one a zone for private ones, one for the rest."""
    far, s3 = list(_far_routes(vpc)), _route(vpc.place.s3, "GatewayId", vpc.gateway_endpoint)
    yield _table(vpc, "main", (), [], main=True)
    out = [_route(cidr, "GatewayId", vpc.internet_gateway) for cidr in world(vpc)]
    with_endpoint = [public := _table(vpc, "public", vpc.tier("public"), [*out, *far, s3])]
    yield public
    for zone, subnet in enumerate(vpc.tier("private")):
        outwards = [
            _route("0.0.0.0/0", "NatGatewayId", gateway)
            for gateway in vpc.nat_gateways[zone % max(len(vpc.nat_gateways), 1) :][:1]
        ]
        if vpc.egress_only_gateway:
            outwards.append(_route("::/0", "EgressOnlyInternetGatewayId", vpc.egress_only_gateway))
        with_endpoint.append(table := _table(vpc, f"private-{zone + 1}", (subnet,), [*outwards, *far, s3]))
        yield table
    yield _table(vpc, "data", vpc.tier("data"), far)
    if vpc.tier("transit"):
        yield _table(vpc, "transit", vpc.tier("transit"), [])
    yield _gateway_endpoint(vpc, [str(table.record["RouteTableId"]) for table in with_endpoint])


def _table(vpc: Vpc, name: str, subnets: Sequence[Subnet], routes: Sequence[Json], *, main: bool = False) -> Listed:
    table = vpc.draw.id("rtb")
    associated: Json = {"AssociationState": {"State": "associated"}, "RouteTableId": table}
    places: list[Json] = [{"Main": False, "SubnetId": s.id} for s in subnets] or ([{"Main": True}] if main else [])
    propagated = any(r["Origin"] == "EnableVgwRoutePropagation" for r in routes)
    return Listed(
        "route_tables",
        {
            "Associations": [
                {"RouteTableAssociationId": vpc.draw.id("rtbassoc"), **associated, **place} for place in places
            ],
            "OwnerId": vpc.place.account,
            "PropagatingVgws": [{"GatewayId": vpc.vpn_gateway}] if propagated else [],
            "RouteTableId": table,
            "Routes": [*_own_routes(vpc), *routes],
            "Tags": tags(f"{vpc.plan.name}-{name}"),
            "VpcId": vpc.plan.vpc_id,
        },
    )


def _gateway_endpoint(vpc: Vpc, tables: list[str]) -> Listed:
    return Listed(
        "vpc_endpoints",
        {
            "CreationTimestamp": CREATED,
            "DnsEntries": [],
            "Groups": [],
            "NetworkInterfaceIds": [],
            "OwnerId": vpc.place.account,
            "PrivateDnsEnabled": False,
            "RequesterManaged": False,
            "RouteTableIds": tables,
            "ServiceName": f"com.amazonaws.{vpc.place.region}.s3",
            "State": "available",
            "SubnetIds": [],
            "Tags": tags(f"{vpc.plan.name}-s3"),
            "VpcEndpointId": vpc.gateway_endpoint,
            "VpcEndpointType": "Gateway",
            "VpcId": vpc.plan.vpc_id,
        },
    )


# Network ACLs -----------------------------------------------------------------------------------------


def _entry(number: int, cidr: str, ports: tuple[int, int] | None, *, egress: bool = False, allow: bool = True) -> Json:
    written: Json = {
        "Egress": egress,
        "Protocol": "6" if ports else "-1",
        "RuleAction": "allow" if allow else "deny",
        "RuleNumber": number,
        "Ipv6CidrBlock" if ":" in cidr else "CidrBlock": cidr,
    }
    return written | ({"PortRange": {"From": ports[0], "To": ports[1]}} if ports else {})


def _closing(vpc: Vpc) -> list[Json]:
    """What AWS puts at the end of every list."""
    numbers = zip((32767, 32768), world(vpc), strict=False)
    return [_entry(n, cidr, None, egress=e, allow=False) for n, cidr in numbers for e in (True, False)]


def _acls(vpc: Vpc) -> Iterator[Row]:
    """The default ACL; where a VPC has its own, the default one is left with the subnets of the transit gateway."""
    custom = vpc.plan.traits.custom_acls
    rest = [s for s in vpc.subnets if not custom or s.cut.tier == "transit"]
    numbers = list(zip((100, 101), world(vpc), strict=False))
    opened = [_entry(n, cidr, None, egress=e) for n, cidr in numbers for e in (True, False)]
    yield _acl(vpc, "default", rest, opened, default=True)
    if custom:
        yield _acl(vpc, "public", vpc.tier("public"), _public_entries(vpc))
        yield _acl(vpc, "private", vpc.tier("private"), _private_entries(vpc))
        yield _acl(vpc, "data", vpc.tier("data"), _data_entries(vpc))


def _public_entries(vpc: Vpc) -> Iterator[Json]:
    """Web from everywhere, SSH from offices, replies to the ephemeral ports of Linux clients and NAT gateways."""
    for n, cidr in enumerate(world(vpc)):
        yield _entry(100 + n, cidr, (80, 80))
        yield _entry(110 + n, cidr, (443, 443))
        yield _entry(200 + n, cidr, (1024, 65535))
        yield _entry(100 + n, cidr, (80, 80), egress=True)
        yield _entry(110 + n, cidr, (443, 443), egress=True)
        yield _entry(200 + n, cidr, (32768, 65535), egress=True)
    for n, cidr in enumerate(OFFICES):
        yield _entry(120 + n, cidr, (22, 22))
    yield _entry(90, "192.0.2.192/26", None, allow=False)
    yield _entry(140, ESTATE, None)
    yield _entry(140, ESTATE, None, egress=True)


def _private_entries(vpc: Vpc) -> Iterator[Json]:
    yield _entry(100, ESTATE, None)
    yield _entry(110, ON_PREMISES, None)
    for n, cidr in enumerate(world(vpc)):
        yield _entry(200 + n, cidr, (1024, 65535))
        yield _entry(100 + n, cidr, None, egress=True)


def _data_entries(vpc: Vpc) -> Iterator[Json]:
    """The databases' ports from the VPC; in every second such VPC somebody forgot the replies."""
    own, forgot = vpc.plan.cidr, vpc.plan.number % 2 == 1
    yield _entry(100, own, (3306, 3306))
    yield _entry(110, own, (5432, 5432))
    yield _entry(100, own, (443, 443) if forgot else (1024, 65535), egress=True)


def _acl(
    vpc: Vpc, name: str, subnets: Sequence[Subnet], entries: Iterator[Json] | list[Json], *, default: bool = False
) -> Listed:
    acl = vpc.draw.id("acl")
    return Listed(
        "network_acls",
        {
            "Associations": [
                {"NetworkAclAssociationId": vpc.draw.id("aclassoc"), "NetworkAclId": acl, "SubnetId": s.id}
                for s in subnets
            ],
            "Entries": [*entries, *_closing(vpc)],
            "IsDefault": default,
            "NetworkAclId": acl,
            "OwnerId": vpc.place.account,
            "Tags": [] if default else tags(f"{vpc.plan.name}-{name}"),
            "VpcId": vpc.plan.vpc_id,
        },
    )
