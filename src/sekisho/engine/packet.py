"""One packet, what it meets on its way, and where it ends: the vocabulary that `trace` and the explanations share."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sekisho.model.entrances import Entrance
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
    #: It comes from the internet beyond a carrier gateway, not from the carrier's own network.
    beyond: bool = False


class InterfaceEntry(NamedTuple):
    """The packet is sent by an interface, from one of its private or IPv6 addresses."""

    interface_id: str
    #: It is meant for the internet, also where a carrier gateway leads to its carrier's network too.
    internet: bool = False


class ServiceEntry(NamedTuple):
    """The packet comes out of a service of AWS; its destination is the address that the service connects to."""

    entrance: Entrance


Entry = GatewayEntry | InterfaceEntry | ServiceEntry


class Stop(NamedTuple):
    """A load balancer on the way: the interface of the node, and the target to which it goes on.

    `source` is the node's address of the target's family.
    """

    node: str
    target: str
    address: str
    port: int
    source: str


class EndpointStop(NamedTuple):
    """An interface endpoint on the way: its interface, and the node that its service hands the packet to."""

    interface: str
    entrance: Entrance
    address: str


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
