"""Transit gateways as AWS describes them: gateways, attachments, route tables, policy tables.

What calls of a route table or policy table answer does not name it, so it is kept under the table that was asked for;
where `complete` is false there may be more of it.
"""

from .record import Record, Tag

#: How AWS names the resource of a peering attachment.
PEERING = ("peering", "tgw-peering")


class TransitGatewayOptions(Record, frozen=True, kw_only=True):
    security_group_referencing_support: str = "disable"


class TransitGateway(Record, frozen=True, kw_only=True):
    transit_gateway_id: str
    owner_id: str | None = None
    state: str | None = None
    options: TransitGatewayOptions = TransitGatewayOptions()
    tags: tuple[Tag, ...] = ()


# Attachments ----------------------------------------------------------------------------------------


class AttachmentAssociation(Record, frozen=True, kw_only=True):
    """The one route table or policy table that decides what enters by an attachment (S-TGW-03)."""

    transit_gateway_route_table_id: str | None = None
    transit_gateway_policy_table_id: str | None = None
    state: str | None = None


class TransitGatewayAttachment(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    transit_gateway_id: str | None = None
    transit_gateway_owner_id: str | None = None
    resource_owner_id: str | None = None
    resource_type: str = ""
    resource_id: str | None = None
    state: str | None = None
    association: AttachmentAssociation | None = None
    tags: tuple[Tag, ...] = ()

    @property
    def key(self) -> str:
        """The id; a peering attachment has one id on both of its sides, so the transit gateway tells them apart."""
        own = self.transit_gateway_attachment_id
        return f"{own}@{self.transit_gateway_id}" if self.resource_type in PEERING else own


class VpcAttachmentOptions(Record, frozen=True, kw_only=True):
    appliance_mode_support: str = "disable"
    security_group_referencing_support: str = "enable"
    ipv6_support: str | None = None


class TransitGatewayVpcAttachment(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    transit_gateway_id: str | None = None
    vpc_id: str | None = None
    vpc_owner_id: str | None = None
    state: str | None = None
    subnet_ids: tuple[str, ...] = ()
    options: VpcAttachmentOptions = VpcAttachmentOptions()
    tags: tuple[Tag, ...] = ()


class PeeringTgwInfo(Record, frozen=True, kw_only=True):
    transit_gateway_id: str | None = None
    core_network_id: str | None = None
    owner_id: str | None = None
    region: str | None = None


class TransitGatewayPeeringAttachment(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    accepter_transit_gateway_attachment_id: str | None = None
    requester_tgw_info: PeeringTgwInfo = PeeringTgwInfo()
    accepter_tgw_info: PeeringTgwInfo = PeeringTgwInfo()
    state: str | None = None
    tags: tuple[Tag, ...] = ()


class TransitGatewayConnect(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    transport_transit_gateway_attachment_id: str | None = None
    transit_gateway_id: str | None = None
    state: str | None = None
    tags: tuple[Tag, ...] = ()


# Route tables ---------------------------------------------------------------------------------------


class TransitGatewayRouteTable(Record, frozen=True, kw_only=True):
    transit_gateway_route_table_id: str
    transit_gateway_id: str | None = None
    state: str | None = None
    tags: tuple[Tag, ...] = ()


class RouteAttachment(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    resource_id: str | None = None
    resource_type: str = ""


class TransitGatewayRoute(Record, frozen=True, kw_only=True):
    """`type` is `static` or `propagated`, `state` `active` or `blackhole` in a settled table (S-TGW-05)."""

    destination_cidr_block: str
    prefix_list_id: str | None = None
    transit_gateway_attachments: tuple[RouteAttachment, ...] = ()
    type: str = "static"
    state: str | None = None


class TransitGatewayRoutes(Record, frozen=True, kw_only=True):
    transit_gateway_route_table_id: str
    routes: tuple[TransitGatewayRoute, ...] = ()
    complete: bool = True


class TransitGatewayAssociation(Record, frozen=True, kw_only=True):
    transit_gateway_attachment_id: str
    resource_id: str | None = None
    resource_type: str = ""
    state: str | None = None


class TransitGatewayAssociations(Record, frozen=True, kw_only=True):
    transit_gateway_route_table_id: str
    associations: tuple[TransitGatewayAssociation, ...] = ()
    complete: bool = True


class TransitGatewayPropagations(Record, frozen=True, kw_only=True):
    """Which attachments propagate into the table. The routes that come of it are in `TransitGatewayRoutes`."""

    transit_gateway_route_table_id: str
    transit_gateway_route_table_propagations: tuple[TransitGatewayAssociation, ...] = ()
    complete: bool = True


class PrefixListReference(Record, frozen=True, kw_only=True):
    transit_gateway_route_table_id: str | None = None
    prefix_list_id: str
    state: str | None = None
    blackhole: bool = False
    transit_gateway_attachment: RouteAttachment | None = None


class TransitGatewayPrefixListReferences(Record, frozen=True, kw_only=True):
    transit_gateway_route_table_id: str
    transit_gateway_prefix_list_references: tuple[PrefixListReference, ...] = ()
    complete: bool = True


# Policy tables --------------------------------------------------------------------------------------


class TransitGatewayPolicyTable(Record, frozen=True, kw_only=True):
    transit_gateway_policy_table_id: str
    transit_gateway_id: str | None = None
    state: str | None = None
    tags: tuple[Tag, ...] = ()


class PolicyMetaData(Record, frozen=True, kw_only=True):
    meta_data_key: str | None = None
    meta_data_value: str | None = None


#: Protocols of a policy table by name; None stands for all of them.
POLICY_PROTOCOLS: dict[str, int | None] = {
    "*": None,
    "-1": None,
    "all": None,
    "icmp": 1,
    "tcp": 6,
    "udp": 17,
    "gre": 47,
}


class PolicyRule(Record, frozen=True, kw_only=True):
    """What a policy table entry matches; None and `*` stand for anything (S-TGW-09)."""

    source_cidr_block: str | None = None
    source_port_range: str | None = None
    destination_cidr_block: str | None = None
    destination_port_range: str | None = None
    protocol: str | None = None
    meta_data: PolicyMetaData | None = None

    @property
    def number(self) -> int | None:
        """The number of the protocol, None for every protocol."""
        written = self.protocol or "*"
        return POLICY_PROTOCOLS[written] if written in POLICY_PROTOCOLS else int(written)


class PolicyEntry(Record, frozen=True, kw_only=True):
    policy_rule_number: str
    policy_rule: PolicyRule = PolicyRule()
    target_route_table_id: str | None = None
    state: str | None = None

    @property
    def order(self) -> int:
        """System rules, whose number AWS shows as `*`, come before all others."""
        return int(self.policy_rule_number) if self.policy_rule_number.isdecimal() else 0


class TransitGatewayPolicyEntries(Record, frozen=True, kw_only=True):
    transit_gateway_policy_table_id: str
    transit_gateway_policy_table_entries: tuple[PolicyEntry, ...] = ()
    complete: bool = True


class TransitGatewayPolicyAssociations(Record, frozen=True, kw_only=True):
    transit_gateway_policy_table_id: str
    associations: tuple[TransitGatewayAssociation, ...] = ()
    complete: bool = True
