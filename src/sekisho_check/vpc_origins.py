"""CloudFront VPC origins: whoever asks CloudFront reaches an endpoint that has no public address."""

from __future__ import annotations

from sekisho_check.boxes import PORTS
from sekisho_check.endpoints import NODE_ARN, TCP, at_the_edge, groups_named, reached_by, stop_ports
from sekisho_check.estate import Estate, Record, text
from sekisho_check.filters import Sight, prefix_list
from sekisho_check.ranges import EMPTY, everything, join, normal
from sekisho_check.senders import Sender, sent, sent_back
from sekisho_check.walk import Address, Pieces, Place, Walk, Way
from sekisho_check.ways import ENTRANCES, Entrance, Found

V4 = 4
FACING = {4: "com.amazonaws.global.cloudfront.origin-facing", 6: "com.amazonaws.global.ipv6.cloudfront.origin-facing"}


def vpc_origins(estate: Estate, address: Address) -> Found:
    """VPC origins that have the address for an endpoint (S-CFO-01)."""
    ways = []
    for name, record in _origins(estate).items():
        spoken = address.family == V4 or dual_stack(record)
        if spoken and (address.interface.id, address.text) in reached_by(estate, _endpoint(record)):
            ways.append(Way(("vpc-origin", name), everything(address.family), record))
    calls = ("ListVpcOrigins", "GetVpcOrigin")
    owner = estate.home(address.vpc)[0]
    failed = [call for call in calls if estate.open(f"cloudfront:{call}", owner, None)]
    return Found(ways, there=bool(ways), open=f"{failed[0]} failed" if failed else "")


def _origins(estate: Estate) -> dict[str, Record]:
    """Each VPC origin, by what says most of it."""
    found = {one.id: one for one in estate.all("cloudfront:ListVpcOrigins")}
    found.update({one.id: one for one in estate.all("cloudfront:GetVpcOrigin")})
    return found


def dual_stack(record: Record) -> bool:
    """Whether it may connect over IPv6: not known without GetVpcOrigin (S-CFO-01)."""
    config = record.data.get("VpcOriginEndpointConfig")
    return not isinstance(config, dict) or text(config, "IpAddressType") == "dualstack"


def _endpoint(record: Record) -> str:
    arn = text(record.data, "OriginEndpointArn") or text(record.data, "VpcOriginEndpointConfig", "Arn") or ""
    return arn if NODE_ARN in arn else arn.rpartition("/")[2]


def from_origin(walk: Walk, pieces: Pieces) -> Pieces:
    name, record = walk.way.words[1] or "", walk.way.record
    pieces = at_the_edge(walk, pieces, name)
    if record is not None and text(record.data, "Status") != "Deployed":
        pieces = walk.doubt(pieces, f"{name} is not deployed")
    config = record.data.get("VpcOriginEndpointConfig") if record is not None else None
    ports = PORTS
    if not isinstance(config, dict):  # S-CFO-04
        pieces = walk.doubt(pieces, f"the ports of {name} were not read")
    else:
        spoken = {"http-only": ("HTTPPort",), "https-only": ("HTTPSPort",)}.get(
            text(config, "OriginProtocolPolicy") or "", ("HTTPPort", "HTTPSPort")
        )
        ports = normal((port, port) for member in spoken if isinstance(port := config.get(member), int))
    pieces = stop_ports(walk, pieces, TCP, ports, name)
    return sent(walk, pieces, cloudfront(walk))


def cloudfront(walk: Walk) -> Sender:
    """CloudFront as the endpoint sees it (S-CFO-02, S-CFO-03)."""
    estate, family = walk.estate, walk.address.family
    lists = [
        one.id
        for call in ("ec2:DescribeManagedPrefixLists", "ec2:DescribePrefixLists")
        for one in estate.all(call)
        if text(one.data, "PrefixListName") in FACING.values()
    ]
    entries = [found for name in lists if (found := prefix_list(estate, name, family))]
    named = Sight(
        groups=groups_named(estate, walk.address.vpc, "CloudFront-VPCOrigins-Service-SG"), lists=frozenset(lists)
    )
    place = Place(walk.address.vpc, None)
    own = join(EMPTY, *entries) if entries else everything(family)
    return Sender(("cloudfront", walk.address.vpc), place, own, named, direct=True, unfiltered=True)


def back_to_cloudfront(walk: Walk, pieces: Pieces) -> Pieces:
    return sent_back(walk, pieces, cloudfront(walk))


ENTRANCES["vpc-origin"] = Entrance("internet", vpc_origins, from_origin, back_to_cloudfront)
