"""One packet, what it meets on its way, and where it ends: the vocabulary that `trace` and the explanations share."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sekisho.model.record import Source

Family = Literal["ipv4", "ipv6"]
Action = Literal["allow", "deny", "route", "translate", "deliver"]

ICMP, TCP, UDP, ICMPV6 = 1, 6, 17, 58


class Packet(NamedTuple):
    """A concrete header. Ports only for TCP and UDP, type and code only for ICMP (1) and ICMPv6 (58)."""

    source: str
    destination: str
    protocol: int
    source_port: int | None = None
    destination_port: int | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None


class GatewayEntry(NamedTuple):
    """The packet comes out of a gateway (igw-, pcx-, vgw-) into a VPC."""

    gateway_id: str
    vpc_id: str


class InterfaceEntry(NamedTuple):
    """The packet is sent by an interface, from one of its private or IPv6 addresses."""

    interface_id: str


Entry = GatewayEntry | InterfaceEntry


class Hop(NamedTuple):
    """One step: the component that handled the packet, the rule that decided, the header as the component sees it."""

    component: str
    kind: str
    action: Action
    rule: Mapping[str, object] | None
    header: Packet
    evidence: tuple[Source, ...]


class Delivered(NamedTuple):
    """The packet reached this interface."""

    interface_id: str


class Left(NamedTuple):
    """The packet left the estate (or the modelled part of it) alive, through this gateway."""

    gateway_id: str


class Dropped(NamedTuple):
    """The packet is provably dropped: the barrier's code (docs/SEMANTICS.md, NAME), component and one line."""

    code: str
    component: str
    detail: str


class Unsettled(NamedTuple):
    """The snapshot or the model does not settle what happens here."""

    reason: str


Outcome = Delivered | Left | Dropped | Unsettled


class Trace(NamedTuple):
    """The way of one packet and of its reply. `reply_outcome` is None where the packet was not delivered.

    A reply counts as back when it is Delivered to the sending interface, or has Left towards the sender.
    """

    forward: tuple[Hop, ...]
    outcome: Outcome
    reply: tuple[Hop, ...] = ()
    reply_outcome: Outcome | None = None
    assumptions: tuple[str, ...] = ()
