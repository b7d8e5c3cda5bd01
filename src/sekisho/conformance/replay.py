"""Single packets of a question, sent through `trace`: corners of what the case expects, and what lies just outside."""

from collections.abc import Iterable, Iterator
from ipaddress import ip_address
from itertools import product
from typing import NamedTuple

from sekisho.engine.packet import (
    Delivered,
    Dropped,
    Entry,
    GatewayEntry,
    InterfaceEntry,
    Left,
    Packet,
    Trace,
    Unsettled,
)
from sekisho.engine.trace import trace
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Undecided
from sekisho.model.topology import Topology

from .asked import GATEWAYS, Asked
from .boxes import Box, holds
from .case import CaseError

#: Ends whose packets can be written down without knowing how a service translates them.
_CONCRETE = ("internet", *GATEWAYS, "i-", "eni-", "ip")
_MOST = 24  # packets of one question and family; corners come first
Point = tuple[int, ...]


class Sent(NamedTuple):
    """A packet with what the trace made of it."""

    packet: Packet
    trace: Trace
    receiver: str | None

    @property
    def delivered(self) -> bool:
        """Whether it arrived at the interface that is meant, or left where it was to leave."""
        match self.trace.outcome:
            case Delivered(interface_id):
                return interface_id == self.receiver
            case Left(gateway_id):
                return self.receiver is None and not gateway_id.startswith("vpce-")
        return False

    @property
    def dropped(self) -> bool:
        """Whether it provably did not arrive."""
        return isinstance(self.trace.outcome, Dropped | Delivered | Left) and not self.delivered

    @property
    def answered(self) -> bool:
        return self.delivered and isinstance(self.trace.reply_outcome, Delivered | Left)


class Replayed(NamedTuple):
    """How many packets of a question were sent, and how `trace` contradicts the case."""

    packets: int
    faults: tuple[str, ...]


def replay(asked: Asked) -> Replayed:
    """Packets of the question that can be written down, sent and compared with the case."""
    judged: list[str | None] = []
    for family in asked.families() if _is_concrete(asked) else ():
        try:
            judged += _judged(asked, family)
        except CaseError:
            continue  # the case does not say which addresses are meant
    return Replayed(len(judged), tuple(fault for fault in judged if fault))


def _is_concrete(asked: Asked) -> bool:
    """Whether packets of the question can be written down: no end of it is a service that translates."""
    via = asked.question.via or ()
    known = (*GATEWAYS, "eni-", "nat-", "tgw-")
    return (
        all(end.partition(":")[0].startswith(_CONCRETE) for end in (asked.source, asked.destination))
        and all(hop.startswith(known) for hop in via)
        and asked.question.verdict is not None
    )


def _judged(asked: Asked, family: str) -> Iterator[str | None]:
    """For each packet None, or what is wrong with it."""
    question = asked.question
    good, lost = asked.told(family), asked.expected(family, reply=False)
    for sent in _send(asked, family, _corners(good)):
        yield None if sent.answered else f"{_spell(sent)}; expected to be answered"
    for sent in _send(asked, family, _corners(lost)):
        fits = sent.delivered and not sent.answered
        yield None if fits else f"{_spell(sent)}; expected to be delivered without an answer"
    if question.flows is None and question.verdict == "reachable":
        return  # the case does not say what is not answered
    whole = asked.everything(family)
    beyond = [p for p in (*_corners(whole), *_just_outside(good)) if holds(whole, p) and not holds(good, p)]
    for sent in _send(asked, family, beyond):
        if isinstance(sent.trace.outcome, Unsettled):
            continue  # what stops it may stand behind what one packet cannot settle
        if isinstance(sent.trace.outcome, Left) and asked.destination.startswith("ip:"):
            continue  # it leaves for a host outside, and `ip:` means one of the estate
        wrong = sent.answered or (question.verdict == "unreachable" and not sent.dropped)
        yield f"{_spell(sent)}; expected not to be answered" if wrong else None


def _spell(sent: Sent) -> str:
    header = {k: v for k, v in sent.packet._asdict().items() if v is not None}
    return f"trace: {header} ends in {sent.trace.outcome}, its reply in {sent.trace.reply_outcome}"


# Which packets ----------------------------------------------------------------------------------------


def _corners(boxes: Iterable[Box]) -> list[Point]:
    """The lowest and the highest packet of each box, and one of its middle ranges."""
    points: list[Point] = []
    for box in filter(all, boxes):
        points.append(tuple(ranges[0][0] for ranges in box))
        points.append(tuple(ranges[-1][1] for ranges in box))
        points.append(tuple(ranges[len(ranges) // 2][0] for ranges in box))
    return list(dict.fromkeys(points))


def _just_outside(boxes: Iterable[Box]) -> list[Point]:
    """Packets that leave a box by one step of one member."""
    points: list[Point] = []
    for box in filter(all, boxes):
        start = [ranges[0][0] for ranges in box]
        for place, ranges in enumerate(box):
            edges = (ranges[0][0] - 1, ranges[0][1] + 1, ranges[-1][0] - 1, ranges[-1][1] + 1)
            points += [(*start[:place], edge, *start[place + 1 :]) for edge in edges]
    return list(dict.fromkeys(points))


# Sending ----------------------------------------------------------------------------------------------


def _send(asked: Asked, family: str, points: Iterable[Point]) -> Iterator[Sent]:
    """Each packet, by whichever of its destination's addresses gets furthest."""
    for point in list(dict.fromkeys(points))[:_MOST]:
        receiver = _holder(asked, asked.destination, _address(point[2], family))
        name = receiver.network_interface_id if receiver else None
        tried = [
            Sent(packet, trace(asked.topology, packet, entry, leave_by), name)
            for packet, entry, leave_by in _written(asked, family, point)
        ]
        if tried and not any(sent.trace.outcome == Left(g) for sent in tried for g in _carriers(asked)):
            yield max(tried, key=lambda sent: (sent.answered, sent.delivered))


def _carriers(asked: Asked) -> Iterable[str]:
    """Carrier gateways where the internet is asked: a packet does not show which of their two networks it goes to."""
    return asked.topology.snapshot.carrier_gateways if asked.destination.startswith("internet") else ()


def _written(asked: Asked, family: str, point: Point) -> Iterator[tuple[Packet, Entry, str | None]]:
    protocol, source, destination, third, fourth = point
    packet = Packet(_address(source, family), _address(destination, family), protocol)
    if protocol in {6, 17}:
        packet = packet._replace(destination_port=third, source_port=fourth)
    elif protocol == (1 if family == "ipv4" else 58):
        packet = packet._replace(icmp_type=third, icmp_code=fourth)
    gateway = asked.destination.partition(":")[0]
    leave_by = gateway if gateway.startswith(GATEWAYS) else None
    outwards = leave_by is not None or gateway == "internet"
    for entry, where in product(_entries(asked, packet), [packet.destination] if outwards else _names(asked, packet)):
        yield packet._replace(destination=where), entry, leave_by


def _names(asked: Asked, packet: Packet) -> list[str]:
    """How a sender may write the destination: its own address, or the public one that is paired with it."""
    holder = _holder(asked, asked.destination, packet.destination)
    public = holder.public_of(packet.destination) if holder else None
    from_internet = asked.source.startswith(("internet", "igw-"))
    if public and (from_internet or asked.destination.endswith(f":{public}")):
        return [public]
    return [packet.destination, public] if public else [packet.destination]


def _entries(asked: Asked, packet: Packet) -> list[Entry]:
    """Where the packet starts: at its sender, or at the gateway into the destination's VPC."""
    name = asked.source.partition(":")[0]
    if name == "internet" or name.startswith(GATEWAYS):
        receiver = _holder(asked, asked.destination, packet.destination)
        if receiver is None or receiver.vpc_id is None:
            return []
        if asked.question.verdict == "reachable" and name == "internet" and _is_fronted(receiver, packet):
            return []
        gateway = _internet_gateway(asked.topology, receiver.vpc_id) if name == "internet" else name
        return [GatewayEntry(gateway, receiver.vpc_id)] if gateway else []
    sender = _holder(asked, asked.source, packet.source)
    return [InterfaceEntry(sender.network_interface_id)] if sender else []


def _is_fronted(receiver: NetworkInterface, packet: Packet) -> bool:
    """Whether only a service in front of the interface can bring it what comes from the internet."""
    six = ":" in packet.destination
    return not six and not receiver.has_public_address


def _internet_gateway(topology: Topology, vpc_id: str) -> str | None:
    found = topology.internet_gateway_of(vpc_id)
    return None if found is None or isinstance(found, Undecided) else found.internet_gateway_id


def _holder(asked: Asked, end: str, address: str) -> NetworkInterface | None:
    mine = {i.network_interface_id for i in asked.interfaces(end)}
    return next((i for i in asked.topology.holders(address) if i.network_interface_id in mine), None)


def _address(number: int, family: str) -> str:
    return str(ip_address(number if family == "ipv4" else number.to_bytes(16, "big")))
