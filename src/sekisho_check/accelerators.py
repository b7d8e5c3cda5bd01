"""Accelerators: they hand packets of the internet into a VPC without a public address."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.boxes import PORTS, Box
from sekisho_check.endpoints import TCP, at_the_edge, groups_named, reached_by
from sekisho_check.estate import Estate, Json, addresses, listed, text
from sekisho_check.filters import Sight
from sekisho_check.ranges import EMPTY, Ranges, everything, join, less, meet, normal, one
from sekisho_check.senders import Sender, sent, sent_back, subnet_of
from sekisho_check.walk import GATEWAY, Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

GA = "globalaccelerator:"
UDP = 17
V4 = 4


class Leading(NamedTuple):
    """One endpoint of one endpoint group, as it leads to an address."""

    accelerator: str
    protocol: int
    ports: Ranges
    """At the endpoint."""
    kept: bool
    """Whether the endpoint sees the client's address (S-GA-03)."""
    why: str = ""
    """Why it is not known whether packets come."""


def accelerators(estate: Estate, address: Address) -> Found:
    """Accelerators that have the address for an endpoint (S-GA-01)."""
    leading = _leading(estate).get((address.interface.id, address.text), [])
    ways = []
    for name in dict.fromkeys(led.accelerator for led in leading):
        record = estate.get(f"{GA}ListAccelerators", name)
        if address.family == V4 or record is None or text(record.data, "IpAddressType") == "DUAL_STACK":
            ways.append(Way(("accelerator", name), everything(address.family), record))
    home = text(address.interface.data, "SubnetId")
    unread = _unread(estate, estate.home(address.vpc)[0])
    doubts = [why for where, why in unread if where is None or where == home]
    return Found(ways, there=bool(leading), open=doubts[0] if doubts else "")


def _leading(estate: Estate) -> dict[tuple[str, str], list[Leading]]:
    if "accelerators" not in estate.memo:
        found: dict[tuple[str, str], list[Leading]] = {}
        for group in estate.all(f"{GA}ListEndpointGroups"):
            listener, _, _ = group.id.partition("/endpoint-group/")
            accelerator, _, _ = listener.partition("/listener/")
            for endpoint in listed(group.data, "EndpointDescriptions"):
                name = text(endpoint, "EndpointId") or ""
                for held in reached_by(estate, name):
                    found.setdefault(held, []).extend(_ports(estate, accelerator, listener, group.data, endpoint))
        estate.memo["accelerators"] = found
    known: dict[tuple[str, str], list[Leading]] = estate.memo["accelerators"]
    return known


def _ports(estate: Estate, accelerator: str, listener: str, group: Json, endpoint: Json) -> list[Leading]:
    """What the listener takes, at the endpoint's ports (S-GA-05)."""
    name = text(endpoint, "EndpointId") or ""
    kept = name.startswith("i-") or (
        not name.startswith("eipalloc-") and endpoint.get("ClientIPPreservationEnabled") is True
    )
    idle = endpoint.get("Weight") == 0 or group.get("TrafficDialPercentage") == 0
    why = f"{accelerator} sends nothing to {name} unless all others fail" if idle else ""
    record = estate.get(f"{GA}ListListeners", listener)
    if record is None:
        unread = f"{listener} was not read"
        return [Leading(accelerator, number, PORTS, kept, unread) for number in (TCP, UDP)]
    number = UDP if text(record.data, "Protocol") == "UDP" else TCP
    given = ((one.get("FromPort"), one.get("ToPort")) for one in listed(record.data, "PortRanges"))
    taken = normal((low, high) for low, high in given if isinstance(low, int) and isinstance(high, int))
    for override in listed(group, "PortOverrides"):
        port, other = override.get("ListenerPort"), override.get("EndpointPort")
        if isinstance(port, int) and isinstance(other, int) and meet(taken, one(port)):
            taken = join(less(taken, one(port)), one(other))
    return [Leading(accelerator, number, taken, kept, why)]


def _unread(estate: Estate, owner: str | None) -> list[tuple[str | None, str]]:
    """Why there may be more endpoints: anywhere in an account, or in a subnet."""
    key = ("accelerators unread", owner)
    if key in estate.memo:
        known: list[tuple[str | None, str]] = estate.memo[key]
        return known
    calls = ("ListAccelerators", "ListListeners", "ListEndpointGroups", "ListCustomRoutingEndpointGroups")
    found: list[tuple[str | None, str]] = []
    found += [(None, f"{call} failed") for call in calls if estate.open(GA + call, owner, None)]
    groups = [record.id for record in estate.all(f"{GA}ListEndpointGroups")]
    for record in estate.all(f"{GA}ListAccelerators"):
        if record.data.get("Enabled") is False:
            continue
        names = [one.id for one in estate.all(f"{GA}ListListeners") if one.id.startswith(record.id + "/")]
        unread = [] if names or _asked(estate, "ListListeners", "AcceleratorArn", record.id) else [record.id]
        unread += [name for name in names if not _asked(estate, "ListEndpointGroups", "ListenerArn", name)]
        leading = {name for name in unread if any(group.startswith(name + "/") for group in groups)}
        found += [(None, f"what is behind {name} was not read") for name in unread if name not in leading]
    for record in estate.all(f"{GA}ListCustomRoutingEndpointGroups"):
        subnets = [text(one, "EndpointId") for one in listed(record.data, "EndpointDescriptions")]
        found += [(subnet, f"{record.id} is not modelled") for subnet in subnets if subnet]
    estate.memo[key] = found
    return found


def _asked(estate: Estate, call: str, parameter: str, name: str) -> bool:
    return estate.of(GA + call, parameter, name) is not None


def _leading_by(walk: Walk, name: str) -> list[Leading]:
    held = (walk.address.interface.id, walk.address.text)
    return [one for one in _leading(walk.estate).get(held, []) if one.accelerator == name]


def from_accelerator(walk: Walk, pieces: Pieces) -> Pieces:
    """Out of the accelerator, which needs an attached internet gateway and nothing else of the VPC (S-GA-01)."""
    name = walk.way.words[1] or ""
    pieces = at_the_edge(walk, pieces, name)
    record = walk.way.record
    if record is None:
        pieces = walk.doubt(pieces, f"{name} was not read")
    elif record.data.get("Enabled") is False:  # S-GA-05
        pieces = walk.stop(pieces, GATEWAY, name)
    out: Pieces = []
    leading = _leading_by(walk, name)
    for led, some in _divided(walk, pieces, name, leading):
        if led is None:
            out += some
            continue
        sure = walk.doubt(some, led.why) if led.why else some
        out += _preserved(walk, sure) if led.kept else sent(walk, sure, own_addresses(walk, name))
    return out


def _divided(walk: Walk, pieces: Pieces, name: str, leading: list[Leading]) -> list[tuple[Leading | None, Pieces]]:
    """The packets by the endpoint that takes them; the others are stopped, which walks for another stop do not see."""
    out: list[tuple[Leading | None, Pieces]] = []
    rest = pieces
    for led in leading:
        taken, left = [], []
        for piece in rest:
            shape = Box(one(led.protocol), piece.box.sources, led.ports or one(-1), PORTS)
            both = piece.box & shape
            if piece.stop or both is None:
                left.append(piece)
                continue
            taken.append(piece._replace(box=both))
            left += [piece._replace(box=box) for box in piece.box.minus(both)]
        out.append((led, taken))
        rest = left
    rest = walk.stop(rest, GATEWAY, name)
    if walk.wanted is None or not leading:
        return [*out, (None, rest)]
    return [*out, (leading[0], rest)]


def _preserved(walk: Walk, pieces: Pieces) -> Pieces:
    """Seen with the client's address: inbound rules of the ACL are not applied, by one of two pages (S-GA-02)."""
    named = Sight(groups=groups_named(walk.estate, walk.address.vpc, "GlobalAccelerator"))  # S-GA-06
    if walk.wanted is None:
        sifted = walk.acl(pieces, walk.place.subnet, egress=False)
        known = [piece for piece in pieces if piece.stop]
        passed: Pieces = []
        for piece in sifted:
            past = piece.stop is not None and piece not in known
            passed += walk.assume([piece._replace(stop=None)], "inbound rules do not filter it") if past else [piece]
        pieces = passed
    return walk.arrive(pieces, named, crossing=False)


def own_addresses(walk: Walk, name: str) -> Sender:
    """The accelerator's interfaces in the VPC; where there is none, addresses that nothing lists (S-GA-04)."""
    family = walk.address.family
    held = [
        one
        for one in walk.estate.interfaces_of_vpc[walk.address.vpc]
        if text(one.data, "InterfaceType") == "global_accelerator_managed"
    ]
    named = Sight(groups=groups_named(walk.estate, walk.address.vpc, "GlobalAccelerator"))
    own = join(EMPTY, *(addresses(one.data, family) for one in held)) if held else EMPTY
    place = Place(walk.address.vpc, subnet_of(walk.estate, held[0]) if len(held) == 1 else None)
    vague = "" if own else f"the addresses of {name} are not in the snapshot"
    return Sender((name, str(family)), place, own or everything(family), named, direct=True, vague=vague)


def back_to_accelerator(walk: Walk, pieces: Pieces) -> Pieces:
    """S-GA-01: replies go back to it whatever the routes; outbound rules of the ACL filter them."""
    name = walk.way.words[1] or ""
    leading = _leading_by(walk, name)
    out: Pieces = []
    for led, some in _divided(walk, pieces, "", leading):
        if led is None or led.kept:
            out += out_of_subnet(walk, some)
        else:
            out += sent_back(walk, some, own_addresses(walk, name))
    return out


def out_of_subnet(walk: Walk, pieces: Pieces) -> Pieces:
    walk.replying = True
    return walk.acl(pieces, walk.place.subnet, egress=True)


ENTRANCES["accelerator"] = Entrance("internet", accelerators, from_accelerator, back_to_accelerator)
