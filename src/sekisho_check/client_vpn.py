"""Client VPN endpoints: clients come out of an interface in an associated subnet."""

from __future__ import annotations

from sekisho_check.choices import Leg, whichever
from sekisho_check.endpoints import stop_outside
from sekisho_check.estate import Estate, Record, addresses, cidrs, listed, text, texts
from sekisho_check.filters import Sight
from sekisho_check.gated import with_groups
from sekisho_check.ranges import EMPTY, Ranges, block, blocks, everything, less, span
from sekisho_check.senders import Sender, sent, sent_back
from sekisho_check.walk import GATEWAY, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

ENDPOINTS = "ec2:DescribeClientVpnEndpoints"
NETWORKS = "ec2:DescribeClientVpnTargetNetworks"
RULES = "ec2:DescribeClientVpnAuthorizationRules"
ROUTES = "ec2:DescribeClientVpnRoutes"
DESCRIPTION = "ClientVPN Endpoint resource"
"""With which the descriptions of an endpoint's interfaces begin; some go on with its id."""


def client_vpns(estate: Estate, address: Address) -> Found:
    """The endpoints that are associated with a subnet of the VPC, but for their own interfaces (S-CVPN-01)."""
    ways, doubts = [], []
    there = False
    for record in estate.all(ENDPOINTS):
        if text(record.data, "Status", "Code") in {"deleted", "deleting"}:
            continue
        known = associations(estate, record)
        if known is None:
            if text(record.data, "VpcId") in {None, address.vpc}:
                doubts.append(f"the associations of {record.id} were not read")
            continue
        own = [one for one in known if text(one.data, "VpcId") == address.vpc]
        there = there or bool(own)
        others = [one for one in own if not is_sender(address, record, one)]
        if others and address.family == 4:  # noqa: PLR2004
            code = text(record.data, "Status", "Code")
            doubt = "" if code in {None, "available"} else f"the state of {record.id} is not known"
            ways.append(Way(("client-vpn-endpoint", record.id), everything(4), record, doubt))
    if not estate.whole(ENDPOINTS, *estate.home(address.vpc)):
        doubts.append(f"{ENDPOINTS} failed")
    return Found(ways, there=there, open=doubts[0] if doubts else "")


def associations(estate: Estate, endpoint: Record) -> list[Record] | None:
    """Its associations in force; None where they were not read."""
    asked = estate.of(NETWORKS, "ClientVpnEndpointId", endpoint.id) is not None
    found = [one for one in estate.all(NETWORKS) if text(one.data, "ClientVpnEndpointId") == endpoint.id]
    if not asked and not found:
        return None
    return [one for one in found if text(one.data, "Status", "Code") in {None, "associated"}]


def is_sender(address: Address, endpoint: Record, association: Record) -> bool:
    """Whether the address is that of the interface by which clients come out of the association's subnet."""
    there = text(address.interface.data, "SubnetId") == text(association.data, "TargetNetworkId")
    return there and belongs(address.interface, endpoint.id)


def belongs(interface: Record, endpoint: str) -> bool:
    """Whether the interface is one of the endpoint's, as far as its description says."""
    described = text(interface.data, "Description") or ""
    return described.startswith(DESCRIPTION) and described.removeprefix(DESCRIPTION) in {"", f" for {endpoint}"}


def from_client_vpn(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    pieces = stop_outside(walk, pieces, blocks([record.data.get("ClientCidrBlock")], 4), record.id)
    rules, whole = authorized(walk.estate, record)
    barred = less(walk.address.ranges, rules)
    if barred and not whole:
        pieces = walk.doubt(pieces, f"{RULES} was not read")
    elif barred == walk.address.ranges:  # S-CVPN-02
        pieces = walk.stop(pieces, GATEWAY, record.id)
    elif barred:
        pieces = walk.doubt(pieces, "a rule tells the addresses of the prefix apart")
    legs = _legs(walk, record, back=False)
    if walk.wanted is not None and len(legs) < len(associations(walk.estate, record) or []):
        legs.append(lambda each, some: each.stop(some, GATEWAY, record.id))  # out of the others they are not led
    return whichever(walk, pieces if legs else walk.stop(pieces, GATEWAY, record.id), legs or [lambda _, some: some])


def targets(walk: Walk, endpoint: Record) -> set[str | None] | None:
    """The subnets that the endpoint's longest route to the destination leads to; None where its routes were not read
    (S-CVPN-02).
    """
    routes = walk.estate.of(ROUTES, "ClientVpnEndpointId", endpoint.id)
    if routes is None:
        return None
    held = [
        (found.length, text(one.data, "TargetSubnet"))
        for one in routes
        if text(one.data, "Status", "Code") in {None, "active"}
        and (found := block(one.data.get("DestinationCidr"))) is not None
        and found.family == walk.address.family
        and not less(walk.address.ranges, found.ranges)
    ]
    longest = max((length for length, _ in held), default=0)
    return {subnet for length, subnet in held if length == longest}


def authorized(estate: Estate, endpoint: Record) -> tuple[Ranges, bool]:
    """The destinations of authorization rules in force, and whether there are no others."""
    asked = estate.of(RULES, "ClientVpnEndpointId", endpoint.id)
    found = [one for one in estate.every(RULES) if text(one.data, "ClientVpnEndpointId") == endpoint.id]
    whole = asked is not None or (bool(found) and not estate.open(RULES, endpoint.account, endpoint.region))
    counted = [one for one in found if text(one.data, "Status", "Code") in {None, "active"}]
    return blocks((one.data.get("DestinationCidr") for one in counted), 4), whole


def back_to_client_vpn(walk: Walk, pieces: Pieces) -> Pieces:
    record = walk.way.record
    assert record is not None  # noqa: S101 - the way was found by it
    return whichever(walk, pieces, _legs(walk, record, back=True) or [lambda _, some: some])


def _legs(walk: Walk, record: Record, *, back: bool) -> list[Leg]:
    """Out of each associated subnet that packets to the destination may be led to; none where no route leads there."""
    estate, vpc = walk.estate, walk.address.vpc
    led = targets(walk, record)
    return [
        _leg(_sender(estate, vpc, record, one), back=back)
        for one in associations(estate, record) or []
        if text(one.data, "VpcId") == vpc
        and (led is None or text(one.data, "TargetNetworkId") in led)
        and not is_sender(walk.address, record, one)
    ]


def _sender(estate: Estate, vpc: str, endpoint: Record, association: Record) -> Sender:
    """Its interface in the subnet, else any address of the subnet (S-CVPN-03)."""
    name = text(association.data, "TargetNetworkId")
    subnet = estate.get("ec2:DescribeSubnets", name)
    groups = texts(association.data, "SecurityGroups") or texts(endpoint.data, "SecurityGroupIds")
    held = [
        one
        for one in estate.interfaces_of_vpc[vpc]
        if text(one.data, "SubnetId") == name
        and belongs(one, endpoint.id)
        and {text(group, "GroupId") for group in listed(one.data, "Groups")} == set(groups)
    ]
    own = addresses(held[0].data, 4) if len(held) == 1 else span(cidrs(subnet.data, 4)) if subnet else EMPTY
    sight = Sight(vpcs=(vpc,), groups=frozenset(groups))
    egress = with_groups(held[0].id if len(held) == 1 else association.id, groups)
    return Sender((endpoint.id, association.id), Place(vpc, subnet), own or everything(4), sight, egress)


def _leg(sender: Sender, *, back: bool) -> Leg:
    move = sent_back if back else sent
    return lambda walk, pieces: move(walk, pieces, sender)


ENTRANCES["client-vpn-endpoint"] = Entrance("vgw", client_vpns, from_client_vpn, back_to_client_vpn)
