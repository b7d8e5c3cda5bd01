"""Attachments of transit gateways, and the tables that decide what enters by them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import NamedTuple

from sekisho_check.estate import Estate, Json, Record, listed, text, texts
from sekisho_check.filters import prefix_list
from sekisho_check.ranges import Ranges, block, less, meet
from sekisho_check.routes import listed_blocks

ATTACHMENTS = "ec2:DescribeTransitGatewayAttachments"
OF_VPCS = "ec2:DescribeTransitGatewayVpcAttachments"
PEERINGS = "ec2:DescribeTransitGatewayPeeringAttachments"

# S-TGW-02
IN_FORCE = frozenset({"available"})
DAMAGED = "damaged"
OPEN_STATES = frozenset({"modifying", "deleting", "rollingBack", DAMAGED})

# S-TGW-05: static, prefix list, then propagated from these.
SOURCES = ("vpc", "direct-connect-gateway", "connect", "vpn", "vpn-concentrator", "client-vpn", "peering")
STATIC, LISTED, PROPAGATED = 0, 1, 2


class Attachment(NamedTuple):
    """What is attached to a transit gateway, as all calls together describe it."""

    id: str
    gateway: str
    kind: str
    resource: str
    states: frozenset[str]
    subnets: tuple[str, ...] | None = None
    """The subnets that it stands in; None where nothing shows them."""
    options: tuple[tuple[str, str], ...] | None = None
    peer: str = ""
    """The other transit gateway of a peering attachment."""
    table: str = ""
    """The route or policy table that it is associated with, as its record says; empty where it says none."""
    owners_view: bool = False
    """Whether the owner of the transit gateway described it: nobody else knows that there is no association."""

    @property
    def dead(self) -> bool:
        return not self.states & (IN_FORCE | OPEN_STATES)

    @property
    def open(self) -> str:
        return "" if self.states == IN_FORCE else f"whether {self.id} carries packets in its state is not known"

    def option(self, name: str) -> str | None:
        return dict(self.options).get(name) if self.options is not None else None


def attachments(estate: Estate) -> dict[tuple[str, str], Attachment]:
    """Every attachment by its id and transit gateway: a peering attachment has two."""
    if "attachments" not in estate.memo:
        found: dict[tuple[str, str], Attachment] = {}
        for record in estate.every(OF_VPCS):
            data = record.data
            given = data.get("Options")
            options = tuple((k, v) for k, v in given.items() if isinstance(v, str)) if isinstance(given, dict) else ()
            subnets = tuple(texts(data, "SubnetIds")) or None
            _note(found, _plain(record, "vpc", text(data, "VpcId"))._replace(options=options, subnets=subnets))
        for record in estate.every(PEERINGS):
            sides = [
                text(record.data, side, "TransitGatewayId") or "" for side in ("RequesterTgwInfo", "AccepterTgwInfo")
            ]
            for gateway, peer in (sides, sides[::-1]):
                _note(found, _plain(record, "peering", peer)._replace(gateway=gateway, peer=peer))
        for record in estate.every("ec2:DescribeTransitGatewayConnects"):
            _note(found, _plain(record, "connect", text(record.data, "TransportTransitGatewayAttachmentId")))
        for record in estate.every(ATTACHMENTS):
            data = record.data
            association = data.get("Association")
            live = text(association, "State") in {None, "associated"}
            changing = isinstance(association, dict) and not live
            names = (text(association, "TransitGatewayRouteTableId"), text(association, "TransitGatewayPolicyTableId"))
            attachment = _plain(record, text(data, "ResourceType") or "", text(data, "ResourceId"))
            owner = text(data, "TransitGatewayOwnerId")
            table = (names[0] or names[1] or "") if live else ""
            _note(
                found,
                attachment._replace(
                    table=table, owners_view=owner is not None and owner == record.account and not changing
                ),
            )
        for lost in _damaged(estate):
            found.setdefault((lost.id, lost.gateway), lost)
        for key, attachment in found.items():
            if attachment.subnets is None and attachment.kind == "vpc":
                found[key] = attachment._replace(subnets=_shown(estate, attachment))
        estate.memo["attachments"] = found
    known: dict[tuple[str, str], Attachment] = estate.memo["attachments"]
    return known


def _damaged(estate: Estate) -> Iterator[Attachment]:
    """Attachments whose records cannot be read, as far as they show what they join."""
    for record in (*estate.unreadable(ATTACHMENTS), *estate.unreadable(OF_VPCS)):
        resource = text(record.data, "VpcId") or text(record.data, "ResourceId")
        yield _plain(record, "vpc", resource)._replace(states=frozenset({DAMAGED}))


def _plain(record: Record, kind: str, resource: str | None) -> Attachment:
    state = text(record.data, "State") or text(record.data, "Status", "Code") or ""
    gateway = text(record.data, "TransitGatewayId") or ""
    return Attachment(
        text(record.data, "TransitGatewayAttachmentId") or "", gateway, kind, resource or "", frozenset({state})
    )


def _note(found: dict[tuple[str, str], Attachment], attachment: Attachment) -> None:
    """The attachment, joined with what another call says of it."""
    key = (attachment.id, attachment.gateway)
    other = found.get(key)
    if other is not None:
        attachment = attachment._replace(
            kind=other.kind or attachment.kind,
            resource=other.resource or attachment.resource,
            states=other.states | attachment.states,
            subnets=other.subnets or attachment.subnets,
            options=other.options or attachment.options,
            peer=other.peer or attachment.peer,
            table=attachment.table or other.table,
            owners_view=attachment.owners_view or other.owners_view,
        )
    found[key] = attachment


def _shown(estate: Estate, attachment: Attachment) -> tuple[str, ...] | None:
    """The subnets as interfaces of the transit gateway show them (S-TGW-04)."""
    found = [
        text(one.data, "SubnetId") or ""
        for one in estate.interfaces_of_vpc[attachment.resource]
        if text(one.data, "InterfaceType") == "transit_gateway"
        and attachment.id in (text(one.data, "Description") or "").split()
    ]
    return tuple(found) or None


def of_vpc(estate: Estate, vpc: str) -> tuple[list[Attachment], str]:
    """The attachments of the VPC, and why there may be more (S-TGW-01)."""
    key = ("attachments of", vpc)
    if key not in estate.memo:
        estate.memo[key] = _of_vpc(estate, vpc)
    known: tuple[list[Attachment], str] = estate.memo[key]
    return known


def _of_vpc(estate: Estate, vpc: str) -> tuple[list[Attachment], str]:
    found = [one for one in attachments(estate).values() if one.kind == "vpc" and one.resource == vpc]
    home = estate.home(vpc)
    if estate.read(ATTACHMENTS, *home) or estate.read(OF_VPCS, *home):
        return found, ""
    failed = estate.open(ATTACHMENTS, *home) or estate.open(OF_VPCS, *home)
    named = {name for name in _gateways_routed_to(estate)[vpc] if not any(one.gateway == name for one in found)}
    stands = any(text(one.data, "InterfaceType") == "transit_gateway" for one in estate.interfaces_of_vpc[vpc])
    if failed or named or (stands and not found):
        return found, f"how {vpc} is attached to transit gateways was not read"
    return found, ""


def _gateways_routed_to(estate: Estate) -> dict[str, set[str]]:
    if "gateways routed to" not in estate.memo:
        found: dict[str, set[str]] = defaultdict(set)
        for table in estate.all("ec2:DescribeRouteTables"):
            for route in listed(table.data, "Routes"):
                if (name := text(route, "TransitGatewayId")) is not None:
                    found[text(table.data, "VpcId") or ""].add(name)
        estate.memo["gateways routed to"] = found
    known: dict[str, set[str]] = estate.memo["gateways routed to"]
    return known


def associated(estate: Estate, attachment: Attachment) -> tuple[str, str]:
    """The table that decides what enters by the attachment, or why it is not known (S-TGW-03).

    Both are empty where there is none.
    """
    names = {attachment.table} - {""}
    for call, parameter in (
        ("ec2:GetTransitGatewayRouteTableAssociations", "TransitGatewayRouteTableId"),
        ("ec2:GetTransitGatewayPolicyTableAssociations", "TransitGatewayPolicyTableId"),
    ):
        for record, asked in estate.answers(call, parameter):
            listing = text(record.data, "TransitGatewayAttachmentId") == attachment.id
            if (
                listing
                and text(record.data, "State") in {None, "associated"}
                and _of_gateway(estate, asked, attachment.gateway)
            ):
                names.add(asked)
    if len(names) == 1:
        return names.pop(), ""
    if names:
        return "", f"{attachment.id} is associated with two tables"
    if attachment.owners_view:
        return "", ""
    return "", f"the association of {attachment.id} is not known"


def _of_gateway(estate: Estate, table: str, gateway: str) -> bool:
    """Whether the table may belong to the transit gateway."""
    for call in ("ec2:DescribeTransitGatewayRouteTables", "ec2:DescribeTransitGatewayPolicyTables"):
        record = estate.get(call, table)
        if record is not None:
            return text(record.data, "TransitGatewayId") == gateway
    return True


class Onward(NamedTuple):
    """Where a table of a transit gateway sends some destinations."""

    destinations: Ranges
    targets: tuple[tuple[str, str], ...]
    """Attachments and what they attach; none where the packets are dropped."""
    why: str = ""
    """Why it is not known; empty where it is."""


def onwards(estate: Estate, table: str, family: int, destinations: Ranges) -> list[Onward]:
    """The destinations by the route that each takes (S-TGW-05)."""
    key = ("tgw routes", table, family)
    if key not in estate.memo:
        estate.memo[key] = _routes(estate, table, family)
    routes, vague = estate.memo[key]
    if routes is None:
        return [Onward(destinations, (), f"the routes of {table} are not in the snapshot")]
    out: list[Onward] = []
    rest = destinations
    full = 32 if family == 4 else 128  # noqa: PLR2004
    for ranges, length, targets in routes:
        taken = meet(rest, ranges)
        if taken:
            out.append(Onward(taken, targets, vague if vague and length < full else ""))
            rest = less(rest, taken)
    return [*out, Onward(rest, (), vague)] if rest else out


Route = tuple[Ranges, int, tuple[tuple[str, str], ...]]


def _routes(estate: Estate, table: str, family: int) -> tuple[list[Route] | None, str]:
    """Routes in the order in which they are tried, None where they were not read whole; and why there may be more."""
    asked = [
        one
        for one in estate.calls["ec2:SearchTransitGatewayRoutes"]
        if one.parameters.get("TransitGatewayRouteTableId") == table
    ]
    good = [
        one for one in asked if not one.failed and not one.incomplete and _everything(one.parameters.get("Filters", []))
    ]
    if not good:
        return None, ""
    found: list[tuple[int, int, Route]] = []
    for data in [route for one in good for route in listed(one.answer, "Routes")]:
        prefix = block(data.get("DestinationCidrBlock"))
        if prefix is None or prefix.family != family:
            continue
        lists = text(data, "PrefixListId") is not None
        targets = _targets(listed(data, "TransitGatewayAttachments")) if text(data, "State") != "blackhole" else ()
        kinds = [SOURCES.index(kind) if kind in SOURCES else len(SOURCES) for _, kind in targets]
        rank = LISTED if lists else PROPAGATED + min(kinds, default=0) if text(data, "Type") == "propagated" else STATIC
        found.append((-prefix.length, rank, (prefix.ranges, prefix.length, targets)))
    vague = ""
    call = "ec2:GetTransitGatewayPrefixListReferences"
    if any(
        one.parameters.get("TransitGatewayRouteTableId") == table and (one.failed or one.incomplete)
        for one in estate.calls[call]
    ):
        vague = f"the prefix list references of {table} were not read"
    for record, of in _references(estate, call):
        if of != table or text(record.data, "State") == "deleting":
            continue
        name = text(record.data, "PrefixListId") or ""
        if prefix_list(estate, name, family) is None:
            vague = f"the entries of {name} are not in the snapshot"
            continue
        attachment = record.data.get("TransitGatewayAttachment")
        targets = (
            () if record.data.get("Blackhole") is True or not isinstance(attachment, dict) else _targets([attachment])
        )
        entries = listed_blocks(estate, name, family)
        found += [(-each.length, LISTED, (each.ranges, each.length, targets)) for each in entries]
    return [route for _, _, route in sorted(found, key=lambda item: item[:2])], vague


def _references(estate: Estate, call: str) -> Iterator[tuple[Record, str]]:
    """Prefix list references with the route table that has each: as it says itself, else as was asked."""
    member = "TransitGatewayRouteTableId"
    for record in estate.every(call):
        if (named := text(record.data, member)) is not None:
            yield record, named
    for record, asked in estate.answers(call, member):
        if text(record.data, member) is None:
            yield record, asked


def _targets(given: list[Json]) -> tuple[tuple[str, str], ...]:
    return tuple((text(one, "TransitGatewayAttachmentId") or "", text(one, "ResourceType") or "") for one in given)


def _everything(filters: object) -> bool:
    """Whether a search with the filters lists every route that is in force; without any it does."""
    if not isinstance(filters, list):
        return False
    for one in filters:
        values = set(texts(one, "Values"))
        whole_state = text(one, "Name") == "state" and {"active", "blackhole"} <= values
        whole_type = text(one, "Name") == "type" and {"static", "propagated"} <= values
        if not whole_state and not whole_type:
            return False
    return True
