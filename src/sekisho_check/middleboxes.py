"""What a route leads through: appliances, and endpoints that inspect."""

from __future__ import annotations

from sekisho_check.boxes import PORTED
from sekisho_check.estate import Record, listed, text, texts
from sekisho_check.filters import Sight
from sekisho_check.firewalls import bypassed, inspect
from sekisho_check.gateways import V4, block_public_access, far_side, only, same_region
from sekisho_check.public import has_public
from sekisho_check.routes import Hop, Known, table_of
from sekisho_check.walk import (
    DESTINATIONS,
    FORWARD,
    GATEWAY,
    PUBLIC,
    RETURN,
    STATE,
    TARGET_KINDS,
    UNRETURNED,
    Pieces,
    Place,
    Walk,
)


def to_appliance(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """Through an interface that a route names (S-APP-01)."""
    layer = RETURN if walk.replying else FORWARD
    box = walk.estate.appliance(hop.target)
    if box is None:
        call = "DescribeNetworkInterfaces" if hop.kind == "eni" else "DescribeInstances"
        if not walk.estate.read(f"ec2:{call}", *walk.estate.home(place.vpc)):
            return walk.astray(pieces, f"{hop.target} was not read")
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)  # S-RT-07
    if box.id == walk.address.interface.id and not walk.replying:  # it is for itself, and forwards nothing
        return TARGET_KINDS["local"](walk, pieces, hop, place)
    names = (hop.table, hop.target, box.id, text(box.data, "Attachment", "InstanceId"))
    pieces = _forwarding(walk, pieces, box, place, names)
    if text(box.data, "InterfaceType") in UNFATHOMED:
        return walk.astray(pieces, f"what {box.id} does with it is not known")
    subnet = walk.estate.get("ec2:DescribeSubnets", text(box.data, "SubnetId"))
    there = Place(place.vpc, subnet)
    edge = place.subnet is None
    if edge and walk.way.kind == "internet-gateway":
        if walk.address.family == V4 and not has_public(walk.estate, box.id):  # S-EDGE-02
            pieces = walk.stop(walk.stop(pieces, PUBLIC, *names), layer, *names)
        pieces = block_public_access(walk, pieces, there)  # S-BPA-02
    if place.subnet is None or subnet is None or place.subnet.id != subnet.id:
        pieces = walk.acl(pieces, subnet, egress=False)
    pieces = _through_groups(walk, pieces, box)
    return _on(walk, walk.assume(pieces, f"{box.id} forwards what it gets"), box.id, there)


NAT = frozenset({"nat_gateway", "natGateway"})
UNFATHOMED = frozenset({"gateway_load_balancer", "gateway_load_balancer_endpoint", "transit_gateway"})


def _forwarding(walk: Walk, pieces: Pieces, box: Record, place: Place, names: tuple[str | None, ...]) -> Pieces:
    """What an interface gets that can forward it: others stop it, for their state or kind."""
    layer = RETURN if walk.replying else FORWARD
    if text(box.data, "VpcId") != place.vpc:  # S-RT-07
        pieces = walk.stop(pieces, layer, *names)
    if text(box.data, "InterfaceType") in NAT and not walk.replying:  # S-ENI-06
        pieces = walk.stop(walk.stop(pieces, STATE, *names), layer, *names)
    if box.data.get("SourceDestCheck") is not False:  # S-ENI-04
        for each in (STATE, layer, GATEWAY):
            pieces = walk.stop(pieces, each, *names)
    pieces = walk.state(_once(walk, pieces, box.id, layer, names), box.data)
    if text(box.data, "Status") not in {"in-use", "associated"} or not _running(walk, box):
        pieces = walk.stop(pieces, layer, *names)
    return pieces


def _running(walk: Walk, box: Record) -> bool:
    """Whether the appliance is not known to be stopped."""
    instance = walk.estate.instances.get(text(box.data, "Attachment", "InstanceId") or "")
    return text(instance, "State", "Name") not in {"stopping", "stopped", "shutting-down", "terminated"}


def _once(walk: Walk, pieces: Pieces, name: str, layer: str, names: tuple[str | None, ...]) -> Pieces:
    """A packet that comes to a middlebox twice is dropped (S-APP-03, S-GWLBE-02)."""
    out: Pieces = []
    for piece in pieces:
        again = name in (piece.back if walk.replying else piece.passed)
        out += walk.stop([piece], layer, *names) if again else [piece]
    return out


def _through_groups(walk: Walk, pieces: Pieces, box: Record) -> Pieces:
    """Into and out of an appliance, past its groups; a reply to what it forwarded passes (S-APP-02)."""
    out: Pieces = []
    for piece in pieces:
        if walk.replying and box.id in piece.passed:
            out.append(piece)
            continue
        first = walk.replying and not piece.back
        sight = Sight(vpcs=(walk.address.vpc,)) if first else Sight()
        inside = walk.groups([piece], box.data, sight)
        out += walk.groups(inside, box.data, _outwards(walk, text(box.data, "VpcId") or ""), egress=True)
    return out


def _outwards(walk: Walk, vpc: str) -> Sight:
    """Whom an egress rule of an interface means by a group: members in its own VPC, and in peered ones (S-SG-07)."""
    peers = [
        text(far, "VpcId")
        for record in walk.estate.all("ec2:DescribeVpcPeeringConnections")
        if (far := far_side(record, vpc)) is not None
        and text(record.data, "Status", "Code") == "active"
        and same_region(record)
    ]
    named = tuple(sorted({name for name in peers if name}))
    return Sight(vpcs=(vpc, *named), peered=bool(named))


def _on(walk: Walk, pieces: Pieces, name: str, there: Place) -> Pieces:
    """From the middlebox by the routes and ACL of its subnet (S-APP-03, S-GWLBE-02)."""
    gone = [piece for piece in pieces if piece.stop or name in (piece.back if walk.replying else piece.passed)]
    going = [
        piece._replace(back=(*piece.back, name)) if walk.replying else piece._replace(passed=(*piece.passed, name))
        for piece in pieces
        if piece not in gone
    ]
    if not going:
        return gone
    home = walk.place.subnet
    if not walk.replying and there.subnet is not None and home is not None and there.subnet.id == home.id:
        return gone + walk.arrive(going, Sight(), crossing=False)  # S-RT-09
    return gone + walk.onward(going, there, table_of(walk.estate, there.subnet))


def to_endpoint(walk: Walk, pieces: Pieces, hop: Hop, place: Place) -> Pieces:
    """Through an endpoint of a VPC."""
    layer = RETURN if walk.replying else FORWARD
    record = walk.estate.get("ec2:DescribeVpcEndpoints", hop.target) or _shown_by_firewall(walk, hop.target)
    if record is None:
        if walk.estate.read("ec2:DescribeVpcEndpoints", *walk.estate.home(place.vpc)):
            return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)  # S-RT-07
        return walk.astray(pieces, f"{hop.target} was not read")
    kind = text(record.data, "VpcEndpointType")
    if kind == "Gateway":  # S-VPCE-04
        return walk.stop(pieces, layer, hop.table, hop.target, place.vpc)
    if kind != "GatewayLoadBalancer":  # S-RT-11
        return walk.astray(pieces, f"what {hop.target} does is not known")
    return _by_endpoint(walk, pieces, record, hop, place)


def _by_endpoint(walk: Walk, pieces: Pieces, record: Record, hop: Hop, place: Place) -> Pieces:
    """Through an endpoint that inspects (S-GWLBE-01)."""
    layer = RETURN if walk.replying else FORWARD
    names = (hop.table, hop.target, place.vpc)
    state = (text(record.data, "State") or "").lower()
    if state in UNAVAILABLE or text(record.data, "VpcId") != place.vpc:  # S-GWLBE-04
        pieces = walk.stop(pieces, layer, *names)
    elif state != "available":
        pieces = walk.doubt(pieces, f"the state of {hop.target} is not known")
    subnet = walk.estate.get("ec2:DescribeSubnets", next(iter(texts(record.data, "SubnetIds")), None))
    there = Place(place.vpc, subnet)
    firewall = firewall_of(walk, record)
    if place.subnet is None and walk.way.kind == "internet-gateway":  # S-BPA-02
        pieces = block_public_access(walk, pieces, Place(place.vpc, None) if firewall.why or firewall.record else there)
    if place.subnet is None or subnet is None or place.subnet.id != subnet.id:  # S-GWLBE-03
        pieces = walk.acl(pieces, subnet, egress=False)
    pieces = _inspected(walk, _once(walk, pieces, record.id, layer, names), record, firewall)
    return _on(walk, pieces, record.id, there)


def _inspected(walk: Walk, pieces: Pieces, endpoint: Record, firewall: Known) -> Pieces:
    """Through what is behind the endpoint (S-GWLBE-02, S-NFW-01)."""
    if firewall.why:
        return walk.doubt(pieces, firewall.why)
    if firewall.record is not None:
        return inspect(walk, pieces, firewall.record, endpoint)
    return walk.assume(pieces, f"what is behind {endpoint.id} forwards what it gets")


def _shown_by_firewall(walk: Walk, name: str) -> Record | None:
    """The endpoint as the description of its firewall shows it (S-NFW-01)."""
    for record in walk.estate.all("network-firewall:DescribeFirewall"):
        shown = walk.estate.firewall_endpoints(record).get(name)
        if shown is not None:
            subnet = walk.estate.get("ec2:DescribeSubnets", text(shown, "SubnetId"))
            state = text(shown, "Status") or ""
            data = {
                "VpcEndpointType": "GatewayLoadBalancer",
                "VpcId": text(subnet.data, "VpcId") if subnet else text(record.data, "VpcId"),
                "SubnetIds": [subnet.id] if subnet else [],
                "State": "available" if state in {"", "READY", "SCALING"} else state,
            }
            return record._replace(call="ec2:DescribeVpcEndpoints", id=name, data=data)
    return None


UNAVAILABLE = frozenset(
    {"pendingacceptance", "pending", "deleting", "deleted", "rejected", "failed", "expired", "partial"}
)


def firewall_of(walk: Walk, endpoint: Record) -> Known:
    """The firewall of the endpoint: neither record nor reason where it has none (S-GWLBE-01, S-NFW-01)."""
    for record in walk.estate.all("network-firewall:DescribeFirewall"):
        if endpoint.id in walk.estate.firewall_endpoints(record):
            return Known(record)
    tags = {text(tag, "Key") for tag in listed(endpoint.data, "Tags")}
    if endpoint.data.get("RequesterManaged") is True or "AWSNetworkFirewallManaged" in tags:
        return Known(None, f"the firewall of {endpoint.id} was not described")
    return Known(None)


def interface_endpoint(walk: Walk, pieces: Pieces) -> Pieces:
    """An interface endpoint takes TCP and UDP, in state available (S-VPCE-01, S-VPCE-03)."""
    name = walk.address.interface.id
    owner = next(
        (one for one in walk.estate.all("ec2:DescribeVpcEndpoints") if name in texts(one.data, "NetworkInterfaceIds")),
        None,
    )
    ids = (name, owner.id if owner else "")
    out = only(walk, pieces, PORTED, (GATEWAY, STATE), *ids)
    if owner is None:
        whole = walk.estate.whole("ec2:DescribeVpcEndpoints", *walk.estate.home(walk.address.vpc))
        return out if whole else walk.doubt(out, "the endpoint was not read")
    state = (text(owner.data, "State") or "").lower()
    if state in UNAVAILABLE:
        for layer in (STATE, GATEWAY):
            out = walk.stop(out, layer, *ids)
    elif state != "available":
        out = walk.doubt(out, f"the state of {owner.id} is not known")
    return out


TARGET_KINDS.update(eni=to_appliance, i=to_appliance, vpce=to_endpoint)
DESTINATIONS["vpc_endpoint"] = interface_endpoint


def _unreturned(walk: Walk, pieces: Pieces, name: str) -> Pieces:
    """A firewall needs the replies of what its stateful rules let through (S-NFW-07)."""
    record = walk.estate.get("ec2:DescribeVpcEndpoints", name) or _shown_by_firewall(walk, name)
    firewall = firewall_of(walk, record) if record else Known(None)
    if record is None or firewall.record is None:
        return walk.doubt(pieces, firewall.why) if firewall.why else pieces
    return bypassed(walk, pieces, firewall.record, record)


UNRETURNED.append(_unreturned)
