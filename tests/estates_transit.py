"""Builders of transit gateways for `estates.snapshot`: records by short calls, ids as they come."""

from typing import Any

from estates import ACCOUNT, REGION
from sekisho.model.transit_gateway import (
    AttachmentAssociation,
    PeeringTgwInfo,
    PolicyEntry,
    PolicyRule,
    PrefixListReference,
    RouteAttachment,
    TransitGateway,
    TransitGatewayAttachment,
    TransitGatewayOptions,
    TransitGatewayPeeringAttachment,
    TransitGatewayPolicyEntries,
    TransitGatewayPrefixListReferences,
    TransitGatewayRoute,
    TransitGatewayRoutes,
    TransitGatewayVpcAttachment,
    VpcAttachmentOptions,
)


def tgw(gateway_id: str, *, references: bool = False) -> TransitGateway:
    support = "enable" if references else "disable"
    options = TransitGatewayOptions(security_group_referencing_support=support)
    return TransitGateway(transit_gateway_id=gateway_id, owner_id=ACCOUNT, state="available", options=options)


def tgw_attachment(
    attachment_id: str,
    gateway_id: str,
    resource: str,
    table: str | None,
    *,
    kind: str = "vpc",
    state: str = "available",
    owner: str = ACCOUNT,
) -> TransitGatewayAttachment:
    """An attachment with its association: `table` is a `tgw-rtb-` or a `tgw-ptb-` id."""
    policy = table is not None and table.startswith("tgw-ptb-")
    association = AttachmentAssociation(
        transit_gateway_route_table_id=None if policy else table,
        transit_gateway_policy_table_id=table if policy else None,
        state="associated",
    )
    return TransitGatewayAttachment(
        transit_gateway_attachment_id=attachment_id,
        transit_gateway_id=gateway_id,
        transit_gateway_owner_id=owner,
        resource_owner_id=owner,
        resource_type=kind,
        resource_id=resource,
        state=state,
        association=association if table else None,
    )


def tgw_vpc_attachment(
    attachment_id: str,
    gateway_id: str,
    vpc_id: str,
    *subnets: str,
    appliance: bool = False,
    references: bool = True,
    state: str = "available",
) -> TransitGatewayVpcAttachment:
    options = VpcAttachmentOptions(
        appliance_mode_support="enable" if appliance else "disable",
        security_group_referencing_support="enable" if references else "disable",
    )
    return TransitGatewayVpcAttachment(
        transit_gateway_attachment_id=attachment_id,
        transit_gateway_id=gateway_id,
        vpc_id=vpc_id,
        state=state,
        subnet_ids=subnets,
        options=options,
    )


def tgw_peering(attachment_id: str, one: str, other: str, state: str = "available") -> TransitGatewayPeeringAttachment:
    """A peering attachment that joins two transit gateways under one id."""
    return TransitGatewayPeeringAttachment(
        transit_gateway_attachment_id=attachment_id,
        requester_tgw_info=PeeringTgwInfo(transit_gateway_id=one, owner_id=ACCOUNT, region=REGION),
        accepter_tgw_info=PeeringTgwInfo(transit_gateway_id=other, owner_id=ACCOUNT, region=REGION),
        state=state,
    )


def tgw_route(
    cidr: str, *attachments: str, propagated: bool = False, state: str = "active", kind: str = "vpc"
) -> TransitGatewayRoute:
    """A route to attachments of one kind; without any, a blackhole where the state says so."""
    return TransitGatewayRoute(
        destination_cidr_block=cidr,
        transit_gateway_attachments=tuple(
            RouteAttachment(transit_gateway_attachment_id=a, resource_type=kind) for a in attachments
        ),
        type="propagated" if propagated else "static",
        state=state,
    )


def tgw_routes(table_id: str, *routes: TransitGatewayRoute, complete: bool = True) -> TransitGatewayRoutes:
    return TransitGatewayRoutes(transit_gateway_route_table_id=table_id, routes=routes, complete=complete)


def tgw_references(table_id: str, **lists: str) -> TransitGatewayPrefixListReferences:
    """Prefix lists with the attachments that they lead to; an underscore stands for a hyphen of the list's id."""
    return TransitGatewayPrefixListReferences(
        transit_gateway_route_table_id=table_id,
        transit_gateway_prefix_list_references=tuple(
            PrefixListReference(
                prefix_list_id=name.replace("_", "-"),
                state="available",
                transit_gateway_attachment=RouteAttachment(transit_gateway_attachment_id=a, resource_type="vpc"),
            )
            for name, a in lists.items()
        ),
    )


def tgw_rule(number: str, table: str, **conditions: Any) -> PolicyEntry:
    """A rule of a policy table: `source_cidr_block`, `destination_port_range`, `protocol`..."""
    return PolicyEntry(policy_rule_number=number, policy_rule=PolicyRule(**conditions), target_route_table_id=table)


def tgw_policies(table_id: str, *rules: PolicyEntry) -> TransitGatewayPolicyEntries:
    return TransitGatewayPolicyEntries(
        transit_gateway_policy_table_id=table_id, transit_gateway_policy_table_entries=rules
    )
