"""One VPC while its records are made: its ids, what is free in its subnets, how many interfaces are still to come."""

from typing import NamedTuple

from .addresses import CUTS, Cut, PublicAddresses, Room, dotted, vpc_base, vpc_ipv6
from .draw import Draw
from .plan import Peering, Place, Plan, TransitGateway, VpcPlan, Zone

_SMALLEST_WITH_NAT, _SMALLEST_WITH_THREE = 10, 200


class Subnet(NamedTuple):
    id: str
    cut: Cut
    zone: Zone
    cidr: str
    #: Its IPv6 block without the last `::` and the length.
    ipv6: str | None
    room: Room


class Group(NamedTuple):
    """A security group as interfaces name it."""

    id: str
    name: str


class Joins(NamedTuple):
    """What joins the VPC to others. `hub` is the bastion group of a VPC that is peered with it in its Region."""

    peerings: tuple[Peering, ...]
    transit_gateway: TransitGateway | None

    def ways_to(self, vpc: VpcPlan) -> list[tuple[Peering, VpcPlan]]:
        """Peerings with the VPC on the other side."""
        return [(p, p.accepter if p.requester is vpc else p.requester) for p in self.peerings]


class Vpc:
    """The state of one VPC: every id that several records share is drawn here."""

    def __init__(self, plan: Plan, vpc: VpcPlan, joins: Joins, public: PublicAddresses) -> None:
        self.plan = vpc
        self.joins = joins
        self.public = public
        self.draw = draw = Draw(plan.seed, "vpc", vpc.number)
        self.place: Place = vpc.place
        self.left = vpc.interfaces
        base = vpc_base(vpc.number)
        self.subnets = tuple(
            self._subnet(cut, base, index) for index, cut in enumerate(CUTS) if cut.tier != "transit" or vpc.attachment
        )
        zones = 3 if vpc.interfaces >= _SMALLEST_WITH_THREE else 1
        self.nat_gateways = [draw.id("nat") for _ in range(zones if vpc.interfaces >= _SMALLEST_WITH_NAT else 0)]
        self.internet_gateway = draw.id("igw")
        self.egress_only_gateway = draw.id("eigw") if vpc.traits.ipv6 else None
        self.vpn_gateway = draw.id("vgw") if vpc.traits.vpn else None
        self.gateway_endpoint = draw.id("vpce")
        self.bastion = Group(vpc.bastion_group, f"{vpc.name}-bastion")
        self.default = Group(draw.id("sg"), "default")
        self.base = Group(draw.id("sg"), f"{vpc.name}-base")
        self.endpoints = Group(draw.id("sg"), f"{vpc.name}-endpoints")
        self.temporary = Group(draw.id("sg"), "temporary-access")

    def _subnet(self, cut: Cut, base: int, index: int) -> Subnet:
        vpc = self.plan
        return Subnet(
            self.draw.id("subnet"),
            cut,
            self.place.zones[cut.zone],
            f"{dotted(base + cut.offset)}/{cut.bits}",
            vpc_ipv6(vpc.number, index) if vpc.traits.ipv6 and cut.tier != "transit" else None,
            Room(cut, base, self.draw),
        )

    def tier(self, name: str, count: int = 0) -> tuple[Subnet, ...]:
        """The three subnets of the tier; private ones where each of them has not room for `count` hosts."""
        found = tuple(s for s in self.subnets if s.cut.tier == name)
        if name != "private" and any(s.room.free < count for s in found):
            return self.tier("private")
        return found

    def take(self, wanted: int, least: int | None = None) -> int:
        """How many of the interfaces that are left may be made: nothing where there are fewer than `least`."""
        given = min(wanted, self.left)
        if given < (wanted if least is None else least):
            return 0
        self.left -= given
        return given
