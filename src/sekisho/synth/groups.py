"""Security groups: what every VPC has, and the chain from load balancer to database."""

from collections.abc import Iterator, Sequence

from .rows import Json, Listed, tags
from .vpc import Group, Vpc

#: The networks of an imaginary company: offices and partners (RFC 5737), and what lies behind the VPN.
OFFICES = ("198.51.100.0/25", "198.51.100.128/26", "203.0.113.0/26", "203.0.113.64/27", "192.0.2.0/28")
PARTNERS = tuple(f"203.0.113.{n}/32" for n in range(128, 160))
ON_PREMISES = "192.168.0.0/16"
ESTATE = "10.0.0.0/8"
_WORLD, _WORLD_IPV6 = "0.0.0.0/0", "::/0"
#: What was opened for an afternoon and stayed open: first and last port.
_OPENED = ((22, 22), (3389, 3389), (8000, 8999), (5432, 5432), (0, 65535))


def rule(
    ports: tuple[int, int] | int | None,
    *cidrs: str,
    groups: Sequence[Json] = (),
    prefix_list: str | None = None,
    protocol: str = "tcp",
) -> Json:
    """One permission. Without ports it is one of every protocol."""
    written: Json = {
        "IpProtocol": "-1" if ports is None else protocol,
        "IpRanges": [{"CidrIp": c} for c in cidrs if ":" not in c],
        "Ipv6Ranges": [{"CidrIpv6": c} for c in cidrs if ":" in c],
        "PrefixListIds": [{"PrefixListId": prefix_list}] if prefix_list else [],
        "UserIdGroupPairs": list(groups),
    }
    if ports is not None:
        low, high = (ports, ports) if isinstance(ports, int) else ports
        written |= {"FromPort": low, "ToPort": high}
    return written


def pair(vpc: Vpc, group: Group) -> Json:
    """A reference to a group of the same VPC."""
    return {"GroupId": group.id, "UserId": vpc.place.account}


def group(vpc: Vpc, named: Group, ingress: Sequence[Json], egress: Sequence[Json] | None = None) -> Listed:
    """The record of a group. Without `egress` it has the rule that AWS makes: everything."""
    world = [_WORLD, _WORLD_IPV6] if vpc.plan.traits.ipv6 else [_WORLD]
    return Listed(
        "security_groups",
        {
            "Description": f"{named.name} of {vpc.plan.name}",
            "GroupId": named.id,
            "GroupName": named.name,
            "IpPermissions": list(ingress),
            "IpPermissionsEgress": [rule(None, *world)] if egress is None else list(egress),
            "OwnerId": vpc.place.account,
            "SecurityGroupArn": f"arn:aws:ec2:{vpc.place.region}:{vpc.place.account}:security-group/{named.id}",
            "Tags": [] if named.name == "default" else tags(named.name),
            "VpcId": vpc.plan.vpc_id,
        },
    )


def world(vpc: Vpc) -> tuple[str, ...]:
    return (_WORLD, _WORLD_IPV6) if vpc.plan.traits.ipv6 else (_WORLD,)


def groups_of_vpc(vpc: Vpc) -> Iterator[Listed]:
    """The groups that serve the whole VPC."""
    own = vpc.plan.cidr
    yield group(vpc, vpc.default, [rule(None, groups=[pair(vpc, vpc.default)])])
    from_office = rule(22, prefix_list=vpc.place.corporate)
    yield group(vpc, vpc.bastion, [from_office, rule(22, *vpc.draw.some(PARTNERS, vpc.draw.between(1, 6)))])
    jumps = [pair(vpc, vpc.bastion), *_far_bastions(vpc)]
    shared = [rule(22, groups=jumps), rule((8, -1), ESTATE, protocol="icmp"), rule(9100, own)]
    on_premises = [rule(161, ON_PREMISES, protocol="udp"), rule(443, ON_PREMISES)] if vpc.vpn_gateway else []
    yield group(vpc, vpc.base, shared + on_premises)
    yield group(vpc, vpc.endpoints, [rule(443, own)], [])
    opened = _OPENED[vpc.plan.number % len(_OPENED)]
    yield group(vpc, vpc.temporary, [rule(opened, *world(vpc))])


def _far_bastions(vpc: Vpc) -> Iterator[Json]:
    """References over peering connections; they are in force within a Region only, so nobody writes others."""
    for peering, far in vpc.joins.ways_to(vpc.plan):
        if far.place.region == vpc.place.region:
            yield {
                "GroupId": far.bastion_group,
                "PeeringStatus": "active",
                "UserId": far.place.account,
                "VpcId": far.vpc_id,
                "VpcPeeringConnectionId": peering.id,
            }
