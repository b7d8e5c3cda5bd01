"""The records of a whole estate, place by place, one VPC at a time: nothing of a VPC outlives it."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

from .addresses import PublicAddresses
from .groups import OFFICES, PARTNERS, groups_of_vpc
from .joins import peering, transit_gateway, vpc_attachment
from .network import network
from .plan import Peering, Place, Plan, TransitGateway
from .rows import CREATED, Asked, Json, Listed, Row, tags
from .services import services_of_vpc
from .systems import systems
from .vpc import Joins, Vpc

#: What AWS's list for S3 holds, as it is in a few Regions.
_S3 = ("3.5.152.0/21", "52.219.0.0/20", "52.219.16.0/22")


def rows(plan: Plan) -> Iterator[tuple[Place, Iterator[Row]]]:
    """Each place with its records, to be read before the next."""
    public, by_vpc = PublicAddresses(), _peerings_of(plan)
    for place in plan.places:
        gateway = next((g for g in plan.transit_gateways if g.place.region == place.region), None)
        yield place, _rows_of(plan, place, gateway, by_vpc, public)


def _peerings_of(plan: Plan) -> dict[str, list[Peering]]:
    found: dict[str, list[Peering]] = defaultdict(list)
    for one in plan.peerings:
        found[one.requester.vpc_id].append(one)
        found[one.accepter.vpc_id].append(one)
    return found


def _rows_of(
    plan: Plan,
    place: Place,
    gateway: TransitGateway | None,
    by_vpc: dict[str, list[Peering]],
    public: PublicAddresses,
) -> Iterator[Row]:
    here = [vpc for vpc in plan.vpcs if vpc.place is place]
    yield from _prefix_lists(place)
    yield Listed("bpa_options", _public_access(place))
    yield from (peering(one) for one in _distinct([one for vpc in here for one in by_vpc.get(vpc.vpc_id, ())]))
    if gateway:
        yield from transit_gateway(gateway, place)
    for one in here:
        own = gateway if gateway and one.attachment else None
        vpc = Vpc(plan, one, Joins(tuple(by_vpc.get(one.vpc_id, ())), own), public)
        yield from network(vpc)
        if own:
            yield vpc_attachment(own, one, [s.id for s in vpc.tier("transit")])
        yield from groups_of_vpc(vpc)
        yield from services_of_vpc(vpc)
        yield from systems(vpc)


def _distinct(peerings: Sequence[Peering]) -> Sequence[Peering]:
    return list({one.id: one for one in peerings}.values())


def _prefix_lists(place: Place) -> Iterator[Row]:
    """The company's own list of networks, and AWS's for S3, which DescribePrefixLists answers with its entries."""
    own: Json = {"MaxEntries": 20, "OwnerId": place.account, "State": "create-complete", "Version": 1}
    aws: Json = {"MaxEntries": len(_S3), "OwnerId": "AWS", "State": "create-complete"}
    s3 = f"com.amazonaws.{place.region}.s3"
    for name, title, more in ((place.corporate, "corporate-networks", own), (place.s3, s3, aws)):
        account = place.account if more is own else "aws"
        arn = f"arn:aws:ec2:{place.region}:{account}:prefix-list/{name}"
        record: Json = {"AddressFamily": "IPv4", "PrefixListArn": arn, "PrefixListId": name, "PrefixListName": title}
        yield Listed("managed_prefix_lists", record | more | {"Tags": tags(title) if more is own else []})
    yield Listed("prefix_lists", {"Cidrs": list(_S3), "PrefixListId": place.s3, "PrefixListName": s3})
    entries: list[Json] = [{"Cidr": cidr, "Description": ""} for cidr in (*OFFICES, *PARTNERS[:4])]
    yield Asked("ec2:GetManagedPrefixListEntries", "Entries", {"PrefixListId": place.corporate}, entries)


def _public_access(place: Place) -> Json:
    return {
        "AwsAccountId": place.account,
        "AwsRegion": place.region,
        "ExclusionsAllowed": "allowed",
        "InternetGatewayBlockMode": "off",
        "LastUpdateTimestamp": CREATED,
        "ManagedBy": "account",
        "State": "default-state",
    }
