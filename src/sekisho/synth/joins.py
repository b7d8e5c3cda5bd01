"""What several VPCs share: peering connections and transit gateways, as each side sees them."""

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from .groups import OFFICES
from .plan import Peering, Place, TransitGateway, VpcPlan
from .rows import CREATED, Asked, Json, Listed, Row, tags

#: A network of the company that was given up.
_RETIRED = "172.31.0.0/16"


def peering(connection: Peering) -> Listed:
    one, other = connection.requester, connection.accepter
    return Listed(
        "peerings",
        {
            "AccepterVpcInfo": _side(other),
            "RequesterVpcInfo": _side(one),
            "Status": {"Code": "active", "Message": "Active"},
            "Tags": tags(f"{one.name}-{other.name}"),
            "VpcPeeringConnectionId": connection.id,
        },
    )


def _side(vpc: VpcPlan) -> Json:
    return {
        "CidrBlock": vpc.cidr,
        "CidrBlockSet": [{"CidrBlock": vpc.cidr}],
        "Ipv6CidrBlockSet": [{"Ipv6CidrBlock": vpc.ipv6_cidr}] if vpc.ipv6_cidr else [],
        "OwnerId": vpc.place.account,
        "PeeringOptions": {"AllowDnsResolutionFromRemoteVpc": False},
        "Region": vpc.place.region,
        "VpcId": vpc.vpc_id,
    }


# Transit gateways -------------------------------------------------------------------------------------


class _Table(NamedTuple):
    """A route table of a transit gateway: whose packets it decides, and whom it leads to."""

    id: str
    name: str
    associated: Sequence[VpcPlan]
    propagating: Sequence[VpcPlan]


def transit_gateway(gateway: TransitGateway, place: Place) -> Iterator[Row]:
    """What an account sees of it: the gateway, its own attachments; the owner also the others', and the tables."""
    yield Listed("transit_gateways", _gateway(gateway))
    owner = gateway.place is place
    for vpc in gateway.attached:
        if owner or vpc.place is place:
            yield Listed("transit_gateway_attachments", _attachment(gateway, vpc))
    for table in _tables(gateway) if owner else ():
        yield from _answers(gateway, table)


def vpc_attachment(gateway: TransitGateway, vpc: VpcPlan, subnets: Sequence[str]) -> Listed:
    """The attachment of a VPC as its owner sees it."""
    options: Json = {
        "ApplianceModeSupport": "disable",
        "DnsSupport": "enable",
        "Ipv6Support": "disable",
        "SecurityGroupReferencingSupport": "enable",
    }
    return Listed(
        "transit_gateway_vpc_attachments",
        {
            "CreationTime": CREATED,
            "Options": options,
            "State": "available",
            "SubnetIds": list(subnets),
            "Tags": tags(vpc.name),
            "TransitGatewayAttachmentId": vpc.attachment,
            "TransitGatewayId": gateway.id,
            "VpcId": vpc.vpc_id,
            "VpcOwnerId": vpc.place.account,
        },
    )


def _gateway(gateway: TransitGateway) -> Json:
    place = gateway.place
    options: Json = {
        "AmazonSideAsn": 64520,
        "AutoAcceptSharedAttachments": "enable",
        "DefaultRouteTableAssociation": "disable",
        "DefaultRouteTablePropagation": "disable",
        "DnsSupport": "enable",
        "MulticastSupport": "disable",
        "SecurityGroupReferencingSupport": "disable",
        "VpnEcmpSupport": "enable",
    }
    return {
        "CreationTime": CREATED,
        "Description": "",
        "Options": options,
        "OwnerId": place.account,
        "State": "available",
        "Tags": tags(f"core-{place.region}"),
        "TransitGatewayArn": f"arn:aws:ec2:{place.region}:{place.account}:transit-gateway/{gateway.id}",
        "TransitGatewayId": gateway.id,
    }


def _attachment(gateway: TransitGateway, vpc: VpcPlan) -> Json:
    return {
        "Association": {"State": "associated", "TransitGatewayRouteTableId": gateway.table_of(vpc)},
        "CreationTime": CREATED,
        "ResourceId": vpc.vpc_id,
        "ResourceOwnerId": vpc.place.account,
        "ResourceType": "vpc",
        "State": "available",
        "Tags": tags(vpc.name),
        "TransitGatewayAttachmentId": vpc.attachment,
        "TransitGatewayId": gateway.id,
        "TransitGatewayOwnerId": gateway.place.account,
    }


def _tables(gateway: TransitGateway) -> Iterator[_Table]:
    """Production and development see themselves and the shared VPC, which sees everyone."""
    shared = gateway.attached[:1]
    yield _Table(gateway.shared, "shared", shared, gateway.attached)
    for table, name in ((gateway.production, "production"), (gateway.development, "development")):
        members = [vpc for vpc in gateway.attached if gateway.table_of(vpc) == table]
        yield _Table(table, name, members, [*shared, *members])


def _answers(gateway: TransitGateway, table: _Table) -> Iterator[Row]:
    yield Listed(
        "transit_gateway_route_tables",
        {
            "CreationTime": CREATED,
            "DefaultAssociationRouteTable": False,
            "DefaultPropagationRouteTable": False,
            "State": "available",
            "Tags": tags(table.name),
            "TransitGatewayId": gateway.id,
            "TransitGatewayRouteTableId": table.id,
        },
    )
    about: Json = {"TransitGatewayRouteTableId": table.id}
    associated = [_named(vpc) | {"State": "associated"} for vpc in table.associated]
    yield Asked("ec2:GetTransitGatewayRouteTableAssociations", "Associations", about, associated)
    propagating = [_named(vpc) | {"State": "enabled"} for vpc in table.propagating]
    member = "TransitGatewayRouteTablePropagations"
    yield Asked("ec2:GetTransitGatewayRouteTablePropagations", member, about, propagating)
    yield Asked("ec2:GetTransitGatewayPrefixListReferences", "TransitGatewayPrefixListReferences", about, [])
    everything: Json = {"Filters": [{"Name": "state", "Values": ["active", "blackhole"]}]}
    routes = list(_routes(gateway, table))
    yield Asked(
        "ec2:SearchTransitGatewayRoutes", "Routes", about | everything, routes, {"AdditionalRoutesAvailable": False}
    )


def _routes(gateway: TransitGateway, table: _Table) -> Iterator[Json]:
    yield {"DestinationCidrBlock": _RETIRED, "State": "blackhole", "TransitGatewayAttachments": [], "Type": "static"}
    if table.id != gateway.shared:
        # What nobody else has goes to the shared VPC, also on the way to the partners.
        for cidr in ("0.0.0.0/0", OFFICES[0]):
            yield _transit_route(cidr, gateway.attached[0], "static")
    for vpc in table.propagating:
        yield _transit_route(vpc.cidr, vpc, "propagated")


def _transit_route(cidr: str, vpc: VpcPlan, kind: str) -> Json:
    return {
        "DestinationCidrBlock": cidr,
        "State": "active",
        "TransitGatewayAttachments": [_named(vpc)],
        "Type": kind,
    }


def _named(vpc: VpcPlan) -> Json:
    return {"ResourceId": vpc.vpc_id, "ResourceType": "vpc", "TransitGatewayAttachmentId": vpc.attachment}
