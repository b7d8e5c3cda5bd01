"""What an estate consists of before its records are made: places, VPCs with their sizes and traits, what joins them."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import NamedTuple

from .addresses import dotted, vpc_base, vpc_ipv6
from .draw import Draw

#: A Region, how ids of its Availability Zones begin, and the letters of three zones that accounts see.
_REGIONS = (
    ("ap-northeast-1", "apne1", "acd"),
    ("us-east-1", "use1", "abc"),
    ("eu-west-1", "euw1", "abc"),
    ("us-west-2", "usw2", "abc"),
    ("ap-northeast-3", "apne3", "abc"),
    ("eu-central-1", "euc1", "abc"),
    ("us-east-2", "use2", "abc"),
    ("ap-southeast-1", "apse1", "abc"),
    ("ap-southeast-2", "apse2", "abc"),
    ("ap-south-1", "aps1", "abc"),
    ("eu-west-2", "euw2", "abc"),
    ("eu-west-3", "euw3", "abc"),
    ("eu-north-1", "eun1", "abc"),
    ("ca-central-1", "cac1", "abd"),
    ("sa-east-1", "sae1", "abc"),
    ("ap-northeast-2", "apne2", "abc"),
)
MOST_REGIONS = len(_REGIONS)
#: VPCs that are attached to one transit gateway or peered with one hub: under the quotas for routes.
_MOST_ATTACHED, _MOST_SPOKES = 900, 60
_SMALLEST_VPC, _MIDDLE_VPC, _LARGEST_VPC = 50, 300, 1500
#: So that a small estate has several VPCs, too.
_FEWEST_VPCS = 6
#: Fewer interfaces have no network of their own to the outside.
_SMALLEST_ATTACHED = 20


class Zone(NamedTuple):
    name: str
    id: str


class Place(NamedTuple):
    """One account in one Region. `corporate` and `s3` are the ids of its prefix lists."""

    account: str
    region: str
    number: int
    zones: tuple[Zone, ...]
    corporate: str
    s3: str


class Traits(NamedTuple):
    """What a VPC has beside the usual; each follows from the number of the VPC, so that small estates have all."""

    ipv6: bool
    custom_acls: bool
    vpn: bool
    cluster: bool
    forgotten_address: bool


#: Which VPCs have each trait: every so many, beginning with the one of that number.
_TRAITS = {"ipv6": (4, 1), "custom_acls": (5, 2), "vpn": (20, 3), "cluster": (3, 0), "forgotten_address": (6, 4)}
#: Likewise peering connections whose accepter has no route back.
_ONE_SIDED = (10, 3)


class VpcPlan(NamedTuple):
    """`bastion_group` and `attachment` (to the Region's transit gateway) are ids that other VPCs refer to."""

    number: int
    place: Place
    vpc_id: str
    name: str
    interfaces: int
    traits: Traits
    bastion_group: str
    attachment: str | None

    @property
    def cidr(self) -> str:
        return f"{dotted(vpc_base(self.number))}/19"

    @property
    def ipv6_cidr(self) -> str | None:
        return f"{vpc_ipv6(self.number)}::/56" if self.traits.ipv6 else None


class Peering(NamedTuple):
    """`one_sided`: the accepter has no route back."""

    id: str
    requester: VpcPlan
    accepter: VpcPlan
    one_sided: bool


class TransitGateway(NamedTuple):
    """One a Region that has one: a table for shared VPCs (the first), one each for production and development."""

    id: str
    place: Place
    shared: str
    production: str
    development: str
    attached: tuple[VpcPlan, ...]

    def table_of(self, vpc: VpcPlan) -> str:
        """The route table that the attachment of the VPC is associated with."""
        if vpc is self.attached[0]:
            return self.shared
        return self.development if vpc.number % 3 == 1 else self.production


class Plan(NamedTuple):
    seed: int
    places: tuple[Place, ...]
    vpcs: tuple[VpcPlan, ...]
    peerings: tuple[Peering, ...]
    transit_gateways: tuple[TransitGateway, ...]


def plan(interfaces: int, accounts: int = 1, regions: int = 1, seed: int = 0) -> Plan:
    """An estate of exactly so many interfaces in each of the accounts and each of the Regions."""
    draw = Draw(seed, "plan")
    places = _places(draw, accounts, regions)
    sizes = tuple(_sizes(draw, interfaces))
    per_place = [places[number * len(places) // len(sizes)] for number in range(len(sizes))]
    attached = _attached(per_place, sizes)
    vpcs = tuple(
        _vpc(draw, number, place, size, attached=number in attached)
        for number, (place, size) in enumerate(zip(per_place, sizes, strict=True))
    )
    by_region = [tuple(v for v in vpcs if v.place.region == name) for name, _, _ in _REGIONS[:regions]]
    peerings = tuple(_peerings(draw, [found for found in by_region if found]))
    gateways = tuple(_transit_gateway(draw, places, found) for found in by_region if found and found[0].attachment)
    return Plan(seed, places, vpcs, peerings, gateways)


def _places(draw: Draw, accounts: int, regions: int) -> tuple[Place, ...]:
    """Region by Region, so that the VPCs of one have numbers in a row and no address in common."""
    owners = [draw.digits(12) for _ in range(accounts)]
    pairs = [(region, account) for region in range(regions) for account in range(accounts)]
    return tuple(
        Place(
            owners[account],
            _REGIONS[region][0],
            number,
            _zones(region, account),
            draw.id("pl"),
            f"pl-{0x61A54000 + region:08x}",
        )
        for number, (region, account) in enumerate(pairs)
    )


def _zones(region: int, account: int) -> tuple[Zone, ...]:
    """AWS gives the same zone another letter in each account."""
    name, start, letters = _REGIONS[region]
    return tuple(Zone(f"{name}{letter}", f"{start}-az{(n + account) % 3 + 1}") for n, letter in enumerate(letters))


def _sizes(draw: Draw, interfaces: int) -> Iterator[int]:
    most = max(_SMALLEST_VPC, interfaces // _FEWEST_VPCS)
    left = interfaces
    while left:
        size = min(draw.between(_MIDDLE_VPC, _LARGEST_VPC), most, left)
        if left - size < _SMALLEST_VPC:
            size = left if left <= _LARGEST_VPC else left - _SMALLEST_VPC
        yield size
        left -= size


def _attached(per_place: Sequence[Place], sizes: Sequence[int]) -> frozenset[int]:
    """The numbers of the VPCs that are attached: those of every other Region, from the first on."""
    found: set[int] = set()
    for name in [name for name, _, _ in _REGIONS[::2]]:
        here = [n for n, place in enumerate(per_place) if place.region == name and sizes[n] >= _SMALLEST_ATTACHED]
        found.update(here[:_MOST_ATTACHED])
    return frozenset(found)


def _vpc(draw: Draw, number: int, place: Place, size: int, *, attached: bool) -> VpcPlan:
    traits = Traits(**{trait: number % every == first for trait, (every, first) in _TRAITS.items()})
    stage = ("production", "development", "production")[number % 3]
    return VpcPlan(
        number,
        place,
        draw.id("vpc"),
        f"{stage}-{number:04d}",
        size,
        traits,
        draw.id("sg"),
        draw.id("tgw-attach") if attached else None,
    )


# What joins VPCs -------------------------------------------------------------------------------------


def _peerings(draw: Draw, by_region: Sequence[Sequence[VpcPlan]]) -> Iterator[Peering]:
    """A ring in each Region, spokes from its first VPC to every fifth, and a chain of the first VPCs."""
    for here in by_region:
        closed = bool(here[2:])
        ring = [*pairwise(here), *([(here[-1], here[0])] if closed else [])]
        spokes = [(here[0], other) for other in here[5:-1:5][:_MOST_SPOKES]]
        every, first = _ONE_SIDED
        for number, (one, other) in enumerate(ring + spokes):
            yield Peering(draw.id("pcx"), one, other, one_sided=number % every == first)
    for here, there in pairwise(by_region):
        yield Peering(draw.id("pcx"), here[0], there[0], one_sided=False)


def _transit_gateway(draw: Draw, places: Sequence[Place], here: Sequence[VpcPlan]) -> TransitGateway:
    """Owned by the first account; the others have it by sharing."""
    owner = next(place for place in places if place.region == here[0].place.region)
    shared, production, development = (draw.id("tgw-rtb") for _ in range(3))
    attached = tuple(vpc for vpc in here if vpc.attachment)
    return TransitGateway(draw.id("tgw"), owner, shared, production, development, attached)
