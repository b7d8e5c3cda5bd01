"""What a connection is made of: ways, hosts, goals, and the answer to one question in sets."""

from collections.abc import Mapping
from typing import Literal, NamedTuple

from sekisho.model.entrances import Entrance
from sekisho.model.interface import NetworkInterface
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range, parse, spell

from .answer import Passage
from .gateways.border import Translation, associated
from .share import Share
from .transit import Check, Stated

GatewayKind = Literal[
    "internet-gateway",
    "vpc-peering-connection",
    "virtual-private-gateway",
    "carrier-gateway",
    "local-gateway",
    "transit-gateway-attachment",
]


class Way(NamedTuple):
    """A way into a VPC: `gateway` is None where the VPC has no internet gateway; `sources` is what it may hand in."""

    kind: GatewayKind
    gateway: str | None
    vpc: str
    sources: Mapping[Family, tuple[Range, ...]]
    peer_vpc: str | None = None
    #: Why the way is not in force, with the code of the barrier.
    closed: Stated | None = None
    doubt: str | None = None
    #: The member of an association by which it translates what is addressed to a host.
    translates: Translation | None = None
    #: The internet beyond a carrier gateway, not the carrier's own network.
    beyond: bool = False
    #: It delivers public addresses of a pool as they are (S-POOL-01).
    pooled: bool = False


class Host(NamedTuple):
    """One address of an interface; `last` is beyond `address` for a delegated prefix."""

    interface: NetworkInterface
    family: Family
    address: int
    last: int

    @property
    def public(self) -> int | None:
        """The public IPv4 address that is associated with it."""
        if self.family == "ipv6":
            return None
        text = spell(self.address, "ipv4")
        for address in self.interface.addresses:
            if address.private_ip_address == text and address.association and address.association.public_ip:
                return parse(address.association.public_ip).low
        return None


class Goal(NamedTuple):
    """Where a leg has to end: at this interface, or outside through one of these gateways."""

    interface: str | None = None
    gateways: frozenset[str] = frozenset()
    #: The internet is meant, also where a gateway leads to other networks too.
    internet: bool = False


class Carried(NamedTuple):
    """A passage with what a reader sees of it: what the sender addresses, and the source that the destination sees."""

    passage: Passage
    entry: tuple[Range, ...] = ()
    seen_as: tuple[Range, ...] = ()
    #: The port that the sender addresses, where a load balancer makes it another one.
    entry_ports: tuple[Range, ...] = ()
    #: The family of the destination and of `seen_as`, where a load balancer translates.
    behind: Family | None = None
    #: Every packet that would end there if all layers let it through; None behind a balancer or endpoint.
    region: FlowSet | None = None


class Relay(NamedTuple):
    """The load balancer through which a connection goes: which node gets its packets, which target they end at.

    `client` is the connection to the node; `preserved` says that the target sees the client's address.
    """

    balancer: str
    node: Host
    port: int
    target: Host
    target_port: int
    preserved: bool
    client: "Connection"


class Consumer(NamedTuple):
    """The interface endpoint by which a connection goes to its service, and the connection to that endpoint."""

    endpoint: Host
    client: "Connection"


class Connection(NamedTuple):
    """The answer to one question in sets: all in the coordinates of `sets.flows`, within `question`.

    `host` is the fixed end. The packets come from `way`, or from `sender`, or (neither) from something that is
    not modelled; `public`: they are addressed to the host's public address. `outbound`: the host is the sender,
    and the remote address is the destination. `hollow`: there is no such packet, so no layer could be lifted.
    """

    question: FlowSet
    checks: tuple[Check, ...]
    delivered: Share
    round_trip: Share
    carried: tuple[Carried, ...]
    host: Host
    way: Way | None = None
    sender: Host | None = None
    public: bool = False
    outbound: bool = False
    #: The gateways by which outbound packets are to leave, and whether they are meant for the internet.
    exits: frozenset[str] = frozenset()
    abroad: bool = False
    #: The interface at which outbound packets are to arrive, in the other family (S-NAT-06).
    arrives: str | None = None
    hollow: bool = False
    #: The service that the packets come out of, where it is no gateway.
    entrance: Entrance | None = None
    relay: Relay | None = None
    consumer: Consumer | None = None
    #: How many walks it is the sum of, one for each combination of what AWS may choose.
    walks: int = 1
    #: Both readings, where it is not known which of two holds.
    either: "tuple[Connection, ...]" = ()


def entry_address(way: Way, host: Host) -> int | None:
    """The address that a sender behind the way uses for the host, where the gateway translates it."""
    if way.translates is None or host.family == "ipv6":
        return None
    return associated(host.interface, host.address, way.translates)


def widened(check: Check) -> Share:
    """The check as a statement on every flow: what is outside its region passes."""
    outside = ~check.region
    within = check.share.within(check.region)
    sure = within.sure | outside
    maybe = sure if within.is_decided else within.maybe | outside
    return Share(sure, maybe, within.doubts, within.assumptions)


def parts(total: Connection) -> tuple[Carried, ...]:
    """The passages clipped to what holds for the whole, and one more of what ends nobody knows where."""
    found, rest = [], total.delivered.maybe
    for carried in total.carried:
        passage = carried.passage
        delivered, round_trip = passage.delivered & total.delivered, passage.round_trip & total.round_trip
        found.append(carried._replace(passage=passage._replace(delivered=delivered, round_trip=round_trip)))
        rest -= delivered.maybe
    if not rest.is_empty:
        found.append(Carried(Passage((), total.delivered.within(rest), total.round_trip.within(rest), {})))
    return tuple(found)
