"""Transit gateways: attachments, tables, what is associated with them, propagates into them, and routes in them."""

from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import Unknown, derived, flag, tags, text

from .translation import Translation


def gateway(t: Translation, r: Resource) -> None:
    name = t.place(r)
    draft = {
        "TransitGatewayId": name,
        "OwnerId": r.scope.account,
        "State": "available",
        "Options": {"SecurityGroupReferencingSupport": text(r.get("security_group_referencing_support")) or "disable"},
        "Tags": tags(r.get("tags")),
        "_associates": flag(r.get("default_route_table_association"), default=True),
        "_propagates": flag(r.get("default_route_table_propagation"), default=True),
    }
    t.estate.put("transit_gateways", name, r.scope, draft)
    if draft["_associates"] or draft["_propagates"]:
        own = t.place(r, derived("tgw-rtb", name, "default"))
        t.estate.put(
            "transit_gateway_route_tables",
            own,
            r.scope,
            {"TransitGatewayRouteTableId": own, "TransitGatewayId": name, "State": "available"},
        )
        _table_parts(t, r, own)


def _table_parts(t: Translation, r: Resource, name: str) -> None:
    for table in (
        "transit_gateway_routes",
        "transit_gateway_associations",
        "transit_gateway_propagations",
        "transit_gateway_prefix_lists",
    ):
        t.estate.part(table, name, r.scope)


def vpc_attachment(t: Translation, r: Resource) -> None:
    name, hub, vpc = t.place(r), t.one(r, "transit_gateway_id", "tgw"), t.one(r, "vpc_id", "vpc")
    subnets = t.many(r, "subnet_ids", "subnet")
    draft = {
        "TransitGatewayAttachmentId": name,
        "TransitGatewayId": hub,
        "VpcId": vpc,
        "VpcOwnerId": r.scope.account,
        "State": "available",
        "SubnetIds": subnets,
        "Options": {
            "ApplianceModeSupport": text(r.get("appliance_mode_support")) or "disable",
            "SecurityGroupReferencingSupport": text(r.get("security_group_referencing_support")) or "enable",
            "Ipv6Support": text(r.get("ipv6_support")) or "disable",
        },
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("transit_gateway_vpc_attachments", name, r.scope, draft)
    _attached(t, r, name, hub, "vpc", vpc)
    for index, subnet in enumerate(subnets):
        t.interface(
            r, f"{derived('eni', name, 'attachment')}_{index}", subnet, groups=[], InterfaceType="transit_gateway",
            Description=f"Network Interface for Transit Gateway Attachment {name}", RequesterManaged=True,
            SourceDestCheck=False, _public=False, _ipv6_count=0,
        )  # fmt: skip


def vpn_attachment(t: Translation, r: Resource) -> None:
    """A VPN connection that ends at a transit gateway is an attachment of it."""
    hub = t.one(r, "transit_gateway_id", "tgw")
    if hub:
        _attached(
            t, r, text(r.get("transit_gateway_attachment_id")) or derived("tgw-attach", r.id, "vpn"), hub, "vpn", r.id
        )


def _attached(t: Translation, r: Resource, name: str, hub: str | Unknown | None, kind: str, resource: object) -> None:  # noqa: PLR0917 - each a part of what is joined
    associates = r.get("transit_gateway_default_route_table_association")
    propagates = r.get("transit_gateway_default_route_table_propagation")
    draft = {
        "TransitGatewayAttachmentId": name,
        "TransitGatewayId": hub,
        "ResourceOwnerId": r.scope.account,
        "TransitGatewayOwnerId": t.estate.scope(hub).account or r.scope.account,
        "ResourceType": kind,
        "ResourceId": resource,
        "State": "available",
        "_associates": flag(associates, default=True),
        "_propagates": flag(propagates, default=True),
    }
    t.estate.put("transit_gateway_attachments", name, r.scope, draft)


def peering(t: Translation, r: Resource) -> None:
    name, hub, peer = t.place(r), t.one(r, "transit_gateway_id", "tgw"), t.one(r, "peer_transit_gateway_id", "tgw")
    accepted = any(
        o.type == "aws_ec2_transit_gateway_peering_attachment_accepter"
        and t.one(o, "transit_gateway_attachment_id", "tgw-attach") == name
        for o in t.resources
    )
    state = text(r.get("state")) or ("available" if accepted else "pendingAcceptance")
    draft = {
        "TransitGatewayAttachmentId": name,
        "RequesterTgwInfo": {"TransitGatewayId": hub, "OwnerId": r.scope.account, "Region": r.scope.region},
        "AccepterTgwInfo": {
            "TransitGatewayId": peer,
            "OwnerId": text(r.get("peer_account_id")) or r.scope.account,
            "Region": text(r.get("peer_region")) or r.scope.region,
        },
        "State": state,
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("transit_gateway_peerings", name, r.scope, draft)


def connect(t: Translation, r: Resource) -> None:
    name = t.place(r)
    draft = {
        "TransitGatewayAttachmentId": name,
        "TransportTransitGatewayAttachmentId": t.one(r, "transport_attachment_id", "tgw-attach"),
        "TransitGatewayId": t.one(r, "transit_gateway_id", "tgw"),
        "State": "available",
    }
    t.estate.put("transit_gateway_connects", name, r.scope, draft)


def table(t: Translation, r: Resource) -> None:
    name = t.place(r)
    draft = {
        "TransitGatewayRouteTableId": name,
        "TransitGatewayId": t.one(r, "transit_gateway_id", "tgw"),
        "State": "available",
    }
    t.estate.put("transit_gateway_route_tables", name, r.scope, draft | {"Tags": tags(r.get("tags"))})
    _table_parts(t, r, name)


def association(t: Translation, r: Resource) -> None:
    _into(t, r, "transit_gateway_associations", "associated")


def propagation(t: Translation, r: Resource) -> None:
    _into(t, r, "transit_gateway_propagations", "enabled")


def _into(t: Translation, r: Resource, part: str, state: str) -> None:
    attachment = t.one(r, "transit_gateway_attachment_id", "tgw-attach")
    for name in t.many(r, "transit_gateway_route_table_id", "tgw-rtb"):
        if not isinstance(name, str):
            t.estate.issue(r.address, "its route table is known after apply")
            continue
        known = t.estate.get("transit_gateway_attachments", attachment) or {}
        record = {
            "TransitGatewayAttachmentId": attachment,
            "ResourceType": known.get("ResourceType", ""),
            "ResourceId": known.get("ResourceId"),
            "State": state,
        }
        t.estate.part(part, name, r.scope, [record])


def route(t: Translation, r: Resource) -> None:
    name, attachment = (
        t.one(r, "transit_gateway_route_table_id", "tgw-rtb"),
        t.one(r, "transit_gateway_attachment_id", "tgw-attach"),
    )
    blackhole = flag(r.get("blackhole"), default=False)
    cidr = text(r.get("destination_cidr_block"))
    if not isinstance(name, str):
        t.estate.issue(r.address, "its route table is known after apply", "the route is not used")
        return
    known: dict[str, Any] = t.estate.get("transit_gateway_attachments", attachment) or {}
    to = {
        "TransitGatewayAttachmentId": attachment,
        "ResourceType": known.get("ResourceType", ""),
        "ResourceId": known.get("ResourceId"),
    }
    record = {
        "DestinationCidrBlock": cidr,
        "TransitGatewayAttachments": [] if blackhole else [to],
        "Type": "static",
        "State": "blackhole" if blackhole else "active",
    }
    t.estate.part("transit_gateway_routes", name, r.scope, [record] if cidr else [], partial=cidr is None)


def prefix_list_reference(t: Translation, r: Resource) -> None:
    name = t.one(r, "transit_gateway_route_table_id", "tgw-rtb")
    if isinstance(name, str):
        attachment = t.one(r, "transit_gateway_attachment_id", "tgw-attach")
        known: dict[str, Any] = t.estate.get("transit_gateway_attachments", attachment) or {}
        to = {
            "TransitGatewayAttachmentId": attachment,
            "ResourceType": known.get("ResourceType", ""),
            "ResourceId": known.get("ResourceId"),
        }
        record = {
            "TransitGatewayRouteTableId": name,
            "PrefixListId": t.one(r, "prefix_list_id", "pl"),
            "State": "available",
            "Blackhole": flag(r.get("blackhole"), default=False),
            "TransitGatewayAttachment": to if attachment else None,
        }
        t.estate.part("transit_gateway_prefix_lists", name, r.scope, [record])
