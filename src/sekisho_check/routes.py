"""Which table and ACL stand at a subnet, and which route a destination takes."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.estate import Estate, Json, Record, cidrs, listed, text, texts
from sekisho_check.filters import prefix_list
from sekisho_check.ranges import EMPTY, Block, Ranges, block, blocks, everything, holds, join, less, meet

# S-RT-08
NEVER_FORWARDED = {4: blocks(("169.254.168.0/22",), 4), 6: blocks(("fd00:ec2::/32",), 6)}

TARGETS = (
    "NatGatewayId",
    "NetworkInterfaceId",
    "InstanceId",
    "TransitGatewayId",
    "VpcPeeringConnectionId",
    "EgressOnlyInternetGatewayId",
    "CarrierGatewayId",
    "LocalGatewayId",
    "CoreNetworkArn",
    "OdbNetworkArn",
    "GatewayId",
)


PROPAGATED = 2


class Hop(NamedTuple):
    """Where a table sends some destinations."""

    destinations: Ranges
    kind: str
    """`local`, the prefix of the target's id (`igw`, `pcx`, `nat`, ...), `none` where no route leads on, `blackhole`
    where the route is not usable, or `open` where it is not known which route is taken."""
    target: str
    table: str
    why: str = ""


class Known(NamedTuple):
    """A record, or the reason why it is not known which."""

    record: Record | None
    why: str = ""


def table_of(estate: Estate, subnet: Record | None) -> Known:
    """The route table of the subnet (S-RT-01)."""
    if subnet is None:
        return Known(None, "the subnet was not read")
    key = ("table", subnet.id)
    if key not in estate.memo:
        estate.memo[key] = _table_of(estate, subnet)
    known: Known = estate.memo[key]
    return known


def _table_of(estate: Estate, subnet: Record) -> Known:
    vpc = text(subnet.data, "VpcId")
    explicit, main = [], []
    for table in estate.all("ec2:DescribeRouteTables"):
        for association in listed(table.data, "Associations"):
            if (text(association, "AssociationState", "State") or "associated") != "associated":
                continue
            if text(association, "SubnetId") == subnet.id:
                explicit.append(table)
            elif association.get("Main") is True and text(table.data, "VpcId") == vpc:
                main.append(table)
    found = explicit or main
    if len(found) != 1 or found[0].disputed:
        return Known(None, f"the route table of {subnet.id} is not known")
    if not explicit and not estate.read("ec2:DescribeRouteTables", *estate.home(vpc)):  # S-LOAD
        return Known(None, f"a route table of {subnet.id} may not have been read")
    return Known(found[0])


def edge_table(estate: Estate, gateway: str, vpc: str) -> Known:
    """The table associated with the gateway; neither record nor reason where there is none (S-EDGE-01)."""
    key = ("edge", gateway, vpc)
    if key not in estate.memo:
        estate.memo[key] = _edge_table(estate, gateway, vpc)
    known: Known = estate.memo[key]
    return known


def _edge_table(estate: Estate, gateway: str, vpc: str) -> Known:
    found = [
        table
        for table in estate.all("ec2:DescribeRouteTables")
        for association in listed(table.data, "Associations")
        if text(association, "GatewayId") == gateway
        and (text(association, "AssociationState", "State") or "associated") == "associated"
        and text(association, "PublicIpv4Pool") is None
    ]
    if len(found) > 1 or any(table.disputed for table in found):
        return Known(None, f"the route table of {gateway} is not known")
    if not found and not estate.read("ec2:DescribeRouteTables", *estate.home(vpc)):
        return Known(None, f"a route table of {gateway} may not have been read")
    return Known(found[0] if found else None)


def acl_of(estate: Estate, subnet: Record | None) -> Known:
    """The network ACL of the subnet (S-ACL-01)."""
    if subnet is None:
        return Known(None, "the subnet was not read")
    key = ("acl of", subnet.id)
    if key not in estate.memo:
        found = [
            acl
            for acl in estate.all("ec2:DescribeNetworkAcls")
            for association in listed(acl.data, "Associations")
            if text(association, "SubnetId") == subnet.id
        ]
        fine = len(found) == 1 and not found[0].disputed
        estate.memo[key] = Known(found[0]) if fine else Known(None, f"the ACL of {subnet.id} is not known")
    known: Known = estate.memo[key]
    return known


class Route(NamedTuple):
    """One route for one prefix."""

    destinations: Ranges
    length: int
    rank: int
    """Among routes of one prefix the lowest wins (S-RT-03)."""
    kind: str
    target: str
    own: bool = False
    """Whether it is the VPC's local route, be its target another one by now (S-RT-04)."""


def _routes(estate: Estate, table: Record, family: int) -> tuple[list[Route], list[Route]]:
    """The routes of the table by prefix, and those whose prefixes are not known (S-RT-05)."""
    member = "DestinationCidrBlock" if family == 4 else "DestinationIpv6CidrBlock"  # noqa: PLR2004
    other = "DestinationIpv6CidrBlock" if family == 4 else "DestinationCidrBlock"  # noqa: PLR2004
    known: list[Route] = []
    unknown: list[Route] = []
    vpc = estate.get("ec2:DescribeVpcs", text(table.data, "VpcId"))
    own = cidrs(vpc.data, family) if vpc else []
    for data in listed(table.data, "Routes"):
        kind, target = _target(data)
        prefix = block(data.get(member))
        if prefix is not None and prefix.family == family:
            propagated = text(data, "Origin") in {"EnableVgwRoutePropagation", "Advertisement"}
            own_one = kind == "local" or text(data, "Origin") == "CreateRouteTable"
            known.append(Route(prefix.ranges, prefix.length, PROPAGATED if propagated else 0, kind, target, own_one))
        elif (name := text(data, "DestinationPrefixListId")) is not None:
            entries = prefix_list(estate, name, family)
            if entries is None:
                unknown.append(Route(everything(family), 0, 1, kind, target))
            else:
                known += [
                    Route(each.ranges, each.length, 1, kind, target) for each in listed_blocks(estate, name, family)
                ]
        elif data.get(member) is not None or block(data.get(other)) is None:  # it may be any prefix
            unknown.append(Route(everything(family), 0, 0, kind, target))
    given = {route.destinations for route in known if route.rank == 0}
    for cidr in own:  # S-VPC
        if cidr.ranges not in given:
            known.append(Route(cidr.ranges, cidr.length, 0, "local", "local", own=True))
    inside = join(EMPTY, *(cidr.ranges for cidr in own))
    # S-RT-04
    known = [route for route in known if route.rank < PROPAGATED or less(route.destinations, inside)]
    return known, unknown


def listed_blocks(estate: Estate, name: str, family: int) -> list[Block]:
    """The entries of a prefix list, each with its own length (S-RT-05)."""
    entries = estate.of("ec2:GetManagedPrefixListEntries", "PrefixListId", name)
    if entries is not None:
        found = [block(entry.data.get("Cidr")) for entry in entries]
    else:
        old = estate.get("ec2:DescribePrefixLists", name)
        found = [block(cidr) for cidr in texts(old.data if old else None, "Cidrs")]
    return [each for each in found if each is not None and each.family == family]


def _target(data: Json) -> tuple[str, str]:
    target = next((name for member in TARGETS if (name := text(data, member)) is not None), "")
    state = data.get("State")
    if state == "blackhole":  # S-RT-06
        return "blackhole", target
    if state not in (None, "active") or not target:  # it may be anything
        return "open", target
    if target.startswith("arn:"):
        return "core", target
    return ("vpce" if target.startswith("vpce-") else target.partition("-")[0]), target


def hops(estate: Estate, table: Record, family: int, destinations: Ranges) -> list[Hop]:
    """The destinations by the route that each takes: the longest prefix that holds it (S-RT-02)."""
    key = ("routes", table.id, family)
    if key not in estate.memo:
        known, unknown = _routes(estate, table, family)
        estate.memo[key] = sorted(known, key=lambda route: (-route.length, route.rank)), unknown
    known, unknown = estate.memo[key]
    out: list[Hop] = []
    rest = destinations
    never = meet(rest, NEVER_FORWARDED[family])
    if never:
        exact = [route for route in known if route.length > (22 if family == 4 else 32)]  # noqa: PLR2004
        never = less(never, join(EMPTY, *(route.destinations for route in exact)) if exact else EMPTY)
        rest = less(rest, never)
        out += [Hop(never, "none", "", table.id)] if never else []
    i = 0
    while i < len(known) and rest:
        route = known[i]
        same = [route]
        i += 1
        taken = meet(rest, route.destinations)
        if not taken:
            continue
        same += [
            other
            for other in known[i:]
            if other.length == route.length and other.rank == route.rank and other.destinations == route.destinations
        ]
        others = [one for one in unknown if (one.kind, one.target) != (route.kind, route.target)]
        if len({(other.kind, other.target) for other in same}) > 1:  # S-RT-05
            out.append(Hop(taken, "open", "", table.id, f"several routes of {table.id} have one prefix"))
        elif others and not (route.own and all(one.kind not in {"nat", "eni", "i"} for one in others)):
            out.append(Hop(taken, "open", "", table.id, f"a prefix list in {table.id} was not read"))
        else:
            out.append(Hop(taken, route.kind, route.target, table.id))
        rest = less(rest, taken)
    if rest:
        why = f"a prefix list in {table.id} was not read"
        out.append(Hop(rest, "open", "", table.id, why) if unknown else Hop(rest, "none", "", table.id))
    return out


def hop_for(estate: Estate, table: Record, family: int, address: int) -> Hop:
    """The route that one destination takes."""
    return next(hop for hop in hops(estate, table, family, ((address, address),)) if holds(hop.destinations, address))
