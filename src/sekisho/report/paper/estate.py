"""What the map of an estate is drawn from: VPCs, subnets, and what connects them, as plain data."""

from collections.abc import Iterator

from sekisho.model.record import Tag, name_of
from sekisho.model.snapshot import Snapshot
from sekisho.report.parts import Document

_GONE = {"deleted", "failed"}


def estate_document(snapshot: Snapshot) -> Document:
    """Every VPC with its subnets and gateways, and every connection of two; sorted by account, Region and id."""
    vpcs = [_vpc(snapshot, vpc_id) for vpc_id in sorted(_every_vpc(snapshot))]
    vpcs.sort(key=lambda v: (v["account"] or "", v["region"] or "", v["id"]))
    return {"vpcs": vpcs, "links": [*_peerings(snapshot), *_transit(snapshot)]}


def _every_vpc(snapshot: Snapshot) -> set[str]:
    """Those that have a record, and those that interfaces name."""
    return {*snapshot.vpcs, *(i.vpc_id for i in snapshot.interfaces.values() if i.vpc_id)}


def _vpc(snapshot: Snapshot, vpc_id: str) -> Document:
    vpc = snapshot.vpcs.get(vpc_id)
    scope = snapshot.scope("vpcs", vpc_id)
    subnets = sorted((s for s in snapshot.subnets.values() if s.vpc_id == vpc_id), key=lambda s: s.subnet_id)
    return {
        "id": vpc_id,
        "name": name_of(vpc.tags) if vpc else None,
        "account": scope.account,
        "region": scope.region,
        "cidrs": list(vpc.cidrs) if vpc else [],
        "subnets": [
            {"id": s.subnet_id, "name": name_of(s.tags), "cidrs": list(s.cidrs), "zone": s.availability_zone}
            for s in subnets
        ],
        "gateways": list(_gateways(snapshot, vpc_id)),
    }


def _gateways(snapshot: Snapshot, vpc_id: str) -> Iterator[Document]:
    """The gateways of a VPC by id; an internet gateway first, since everything asks for it."""
    for name, igw in sorted(snapshot.internet_gateways.items()):
        if any(a.vpc_id == vpc_id for a in igw.attachments):
            yield _gateway("internet-gateway", name, igw.tags)
    for name, vgw in sorted(snapshot.vpn_gateways.items()):
        if any(a.vpc_id == vpc_id for a in vgw.vpc_attachments):
            yield _gateway("virtual-private-gateway", name, vgw.tags)
    for name, nat in sorted(snapshot.nat_gateways.items()):
        if nat.vpc_id == vpc_id and nat.state not in _GONE:
            yield _gateway("nat-gateway", name, nat.tags)
    for name, carrier in sorted(snapshot.carrier_gateways.items()):
        if carrier.vpc_id == vpc_id:
            yield _gateway("carrier-gateway", name, ())


def _gateway(kind: str, name: str, tags: tuple[Tag, ...]) -> Document:
    return {"id": name, "kind": kind, "name": name_of(tags)}


def _peerings(snapshot: Snapshot) -> Iterator[Document]:
    for name, peering in sorted(snapshot.peerings.items()):
        ends = [side.vpc_id for side in (peering.requester_vpc_info, peering.accepter_vpc_info) if side.vpc_id]
        yield {
            "id": name,
            "kind": "vpc-peering-connection",
            "state": peering.status.code,
            "ends": ends,
            "names": [name],
        }


def _transit(snapshot: Snapshot) -> Iterator[Document]:
    """One link for each transit gateway: its ends are what is attached to it, its names also those of attachments."""
    ends: dict[str, set[str]] = {}
    names: dict[str, set[str]] = {}
    for attachment in snapshot.transit_gateway_attachments.values():
        if attachment.transit_gateway_id and attachment.resource_id and attachment.state not in _GONE:
            ends.setdefault(attachment.transit_gateway_id, set()).add(attachment.resource_id)
            names.setdefault(attachment.transit_gateway_id, set()).add(attachment.transit_gateway_attachment_id)
    for own in snapshot.transit_gateway_vpc_attachments.values():
        if own.transit_gateway_id and own.vpc_id and own.state not in _GONE:
            ends.setdefault(own.transit_gateway_id, set()).add(own.vpc_id)
            names.setdefault(own.transit_gateway_id, set()).add(own.transit_gateway_attachment_id)
    for name in sorted({*ends, *snapshot.transit_gateways}):
        known = snapshot.transit_gateways.get(name)
        yield {
            "id": name,
            "kind": "transit-gateway",
            "state": known.state if known else None,
            "ends": sorted(ends.get(name, ())),
            "names": [name, *sorted(names.get(name, ()))],
        }
