"""What the walk of a packet is made of: headers of which one address may be a set, checks, and endings.

All sets are in the coordinates of the flow: its remote address and the ports of its *first* packet (see
`sets.flows`). A header on its way has two `End`s; an end that is remote is read on that level of the sets,
any other end is one fixed address.

INVARIANT: a check speaks only of its region, and the regions of one leg that end differently are disjoint;
so what a leg lets through is the conjunction of its checks, each widened by the complement of its region.
"""

from collections.abc import Mapping
from enum import Enum
from typing import Literal, NamedTuple, Protocol

from sekisho.model.filters import NetworkAcl
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Source
from sekisho.sets.flows import TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family
from sekisho.sets.reshape import to_port

from .share import Share

Direction = Literal["forward", "return"]


class Layer(Enum):
    """The independent conjuncts of an answer, in the order in which a reader is told of them."""

    GATEWAY = "gateway"
    BLOCK_PUBLIC_ACCESS = "Block Public Access"
    PUBLIC_ADDRESS = "public address"
    FORWARD_ROUTE = "forward route"
    RETURN_ROUTE = "return route"
    ACL_IN = "ACL in"
    ACL_OUT = "ACL out"
    GROUPS = "groups"
    STATE = "state"


class End(NamedTuple):
    """One address of a header: the remote one (None: the whole set), or a fixed one."""

    remote: bool
    address: int | None


class Stated(NamedTuple):
    """A cause that needs no set to be explained."""

    code: str
    component: str
    detail: str
    evidence: tuple[Source | None, ...] = ()


class AclCause(NamedTuple):
    acl: NetworkAcl
    egress: bool
    reply: bool
    header: "Header"


class OverTgw(NamedTuple):
    """A VPC whose group identities packets carry over a transit gateway (S-TGW-08); perhaps only, for `doubt`."""

    vpc: str
    doubt: str | None = None


class GroupQuestion(NamedTuple):
    """How the rules of a group are read: `peer_vpc` is the VPC whose members the other end may be, None for none."""

    family: Family
    egress: bool
    reply: bool
    vpc: str
    peer_vpc: str | None
    over_tgw: tuple[OverTgw, ...] = ()


class GroupCause(NamedTuple):
    interface: NetworkInterface
    egress: bool
    #: Whether what arrives has lost the identity that references match (S-SG-06).
    stripped: bool
    #: Where it lost it to a transit gateway without support for references (S-TGW-08).
    unreferenced: "Unreferenced | None" = None
    #: How its groups were read on the remote address, where they were: other groups can be read likewise.
    asked: GroupQuestion | None = None


Cause = Stated | AclCause | GroupCause


class View(NamedTuple):
    """How packets look where a check is made, behind a load balancer or before it: their port, perhaps their source."""

    family: Family
    port: int
    #: None: the client's own address.
    source: int | None = None

    def of(self, flows: FlowSet) -> FlowSet:
        """The packets as the check sees them."""
        if self.source is None:
            return to_port(flows, self.port)
        remotes, thirds = [(self.source, self.source)], [(self.port, self.port)]
        protocols = [(p, p) for p in (TCP, UDP) if not (flows & _of_protocol(flows.family, p)).is_empty]
        if not protocols:
            return FlowSet.empty(self.family)
        return FlowSet.build(self.family, protocols=protocols, remotes=remotes, thirds=thirds)


def _of_protocol(family: Family, protocol: int) -> FlowSet:
    return FlowSet.build(family, protocols=[(protocol, protocol)])


class Sight(Protocol):
    """How packets look where a check is made."""

    def of(self, flows: FlowSet) -> FlowSet:
        """The packets as the check sees them."""
        ...


class Check(NamedTuple):
    """One condition: of the flows in `region`, those in `share` pass."""

    layer: Layer
    direction: Direction
    region: FlowSet
    share: Share
    cause: Cause
    view: Sight | None = None


class Header(NamedTuple):
    """The addresses of a packet on its way, and whose ports it carries.

    `reply`: it is the swapped header of the first packet. `translated`: a NAT gateway stands between here and
    the sender, so the sender's port is one that the gateway chose (S-NAT-02).
    """

    src: End
    dst: End
    reply: bool = False
    translated: bool = False


class Translation(NamedTuple):
    """A NAT gateway on the forward way: its private address, its public one, the subnet that it stands in.

    `before` is the header that it got; `peered` says that the packet went on over a peering connection (S-NAT-04).
    """

    gateway: str
    address: int
    public: int | None
    subnet: str
    before: Header
    peered: bool = False
    #: The VPC of a regional gateway, which stands in no subnet (S-RNAT-01).
    vpc: str | None = None
    #: It got IPv6 (S-NAT-06): in IPv4 the reply ends at the gateway.
    from_ipv6: bool = False


class Awaited(NamedTuple):
    """A middlebox that needs the reply of these flows back (surely, perhaps), and why the reply is lost without it."""

    middlebox: str
    sure: FlowSet
    maybe: FlowSet
    cause: Stated


class Unreferenced(NamedTuple):
    """Where a transit gateway or attachment took the group identities of `vpc` from the packets."""

    component: str
    vpc: str
    evidence: Source | None = None


class Seen(NamedTuple):
    """A first packet at an interface: its addresses there, None for the whole remote set."""

    interface: str
    src: int | None
    dst: int | None


def seen(interface_id: str, header: Header) -> Seen:
    return Seen(interface_id, header.src.address, header.dst.address)


class Transit(NamedTuple):
    """A packet set on its way.

    `peer_vpc` is the VPC whose group identities it still carries. `passed` are the appliances behind it,
    `tracked` the interfaces that the first packet went through, each with the addresses that it had there: they keep
    state for what answers it. `left_by` is the
    gateway through which the first packet left the sender's VPC for the internet.
    """

    region: FlowSet
    header: Header
    peer_vpc: str | None = None
    via: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    tracked: frozenset["Seen"] = frozenset()
    translation: Translation | None = None
    left_by: str | None = None
    #: Of a reply: the gateways and appliances that the first packet passed.
    crossed: tuple[str, ...] = ()
    #: The route taken last: its table and place.
    route: tuple[str, int] | None = None
    #: The attachment by which it entered the VPC that it is in.
    entered: str | None = None
    over_tgw: tuple[OverTgw, ...] = ()
    unreferenced: Unreferenced | None = None
    #: The middleboxes that the reply has to come back through (S-NFW-07, S-EDGE-03).
    awaited: tuple[Awaited, ...] = ()

    def is_tracked_by(self, interface_id: str) -> bool:
        """Whether it answers, by its addresses here, what the interface let through (S-SG-05, S-APP-02)."""
        return (
            self.header.reply and Seen(interface_id, self.header.dst.address, self.header.src.address) in self.tracked
        )


class Arrived(NamedTuple):
    """Delivered to an interface."""

    interface: str
    by_group: Mapping[str, FlowSet]


class Outside(NamedTuple):
    """Handed to a gateway towards hosts that are not in the snapshot; they see `public` where it translates."""

    gateway: str
    vpc: str
    public: int | None = None


class Ending(NamedTuple):
    """Where a part of a leg ends, and how it looks there.

    `open`: whether it gets there is not known, nor with which header, so nothing is known of its reply either.
    """

    transit: Transit
    place: Arrived | Outside
    open: bool = False
    #: The family there, where a NAT gateway has changed it (S-NAT-06).
    behind: Family | None = None


class Leg:
    """What one walk has met so far: its checks, its endings."""

    def __init__(self, direction: Direction) -> None:
        self.direction: Direction = direction
        self.checks: list[Check] = []
        self.endings: list[Ending] = []

    @property
    def route_layer(self) -> Layer:
        return Layer.FORWARD_ROUTE if self.direction == "forward" else Layer.RETURN_ROUTE

    def check(self, layer: Layer, region: FlowSet, share: Share, cause: Cause) -> None:
        """Note a condition, unless it lets the whole region through for sure and under no assumption.

        Groups are noted in any case: others may stand in their place (see `regroup`).
        """
        if isinstance(cause, GroupCause) or share.assumptions or not region <= share.sure:
            self.checks.append(Check(layer, self.direction, region, share, cause))
