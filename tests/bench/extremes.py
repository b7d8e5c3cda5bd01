"""Slow paths one by one: an interface of which one thing is as large as it gets."""

from collections.abc import Iterator, Sequence
from ipaddress import IPv4Address
from pathlib import Path

from . import quotas
from .quotas import ACCOUNT, VPC, Answer

LISTS, ENTRIES, ROUTES, MEMBERS = 5, 1000, 5000, 10_000
_OWNED = {"OwnerId": ACCOUNT, "VpcId": VPC}
_FAR = {"OwnerId": ACCOUNT, "VpcId": "vpc-2"}


def write(folder: Path) -> None:
    """A snapshot for each, in a folder of its name."""
    for make in (lists, routes, members):
        quotas.write(folder / make.__name__, make())


def lists() -> Iterator[Answer]:
    """Five groups, each with rules that admit a prefix list of a thousand entries."""
    rules = [
        [
            {
                "IpProtocol": "tcp",
                "FromPort": 1000 + n,
                "ToPort": 1000 + n,
                "PrefixListIds": [{"PrefixListId": f"pl-{n}"}],
            }
        ]
        for n in range(LISTS)
    ]
    yield from quotas.replaced(SecurityGroups=[_group(f"sg-{n}", rules[n]) for n in range(LISTS)])
    named = [{"PrefixListId": f"pl-{n}", "PrefixListName": f"list-{n}", "OwnerId": ACCOUNT} for n in range(LISTS)]
    yield {"PrefixLists": named}
    for number in range(LISTS):
        entries = [{"Cidr": _network(number * ENTRIES + n)} for n in range(ENTRIES)]
        yield _envelope("GetManagedPrefixListEntries", {"PrefixListId": f"pl-{number}"}, {"Entries": entries})


def routes() -> Iterator[Answer]:
    """A route table of five thousand routes."""
    yield from quotas.replaced(
        RouteTables=[{**_OWNED, **quotas.routes(ROUTES)}],
        SecurityGroups=[_group("sg-0", [_open(443)])],
        NetworkInterfaces=[_near()],
    )


def members() -> Iterator[Answer]:
    """A group that admits a group of a peered VPC, which has ten thousand members."""
    pair = {"GroupId": "sg-far", "UserId": ACCOUNT, "VpcId": "vpc-2", "VpcPeeringConnectionId": "pcx-1"}
    refers = {"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "UserIdGroupPairs": [pair]}
    to_peer = {"DestinationCidrBlock": "10.1.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "active"}
    back = {"DestinationCidrBlock": "10.0.0.0/16", "VpcPeeringConnectionId": "pcx-1", "State": "active"}
    table = quotas.routes(2)
    side = {"OwnerId": ACCOUNT, "Region": "ap-northeast-1"}
    yield from quotas.replaced(
        Vpcs=[{**_OWNED, "CidrBlock": "10.0.0.0/16"}, {**_FAR, "CidrBlock": "10.1.0.0/16"}],
        Subnets=[
            {**_OWNED, "SubnetId": quotas.SUBNET, "CidrBlock": "10.0.1.0/24"},
            {**_FAR, "SubnetId": "subnet-2", "CidrBlock": "10.1.0.0/16"},
        ],
        NetworkInterfaces=[_near(), *map(_member, range(MEMBERS))],
        SecurityGroups=[_group("sg-0", [refers]), {**_group("sg-far", []), **_FAR}],
        NetworkAcls=[_acl("acl-1", quotas.SUBNET, _OWNED), _acl("acl-2", "subnet-2", _FAR)],
        RouteTables=[
            {**_OWNED, **table, "Routes": [*table["Routes"], to_peer]},
            {**_FAR, "RouteTableId": "rtb-2", "Routes": [_local("10.1.0.0/16"), back], "Associations": _in("subnet-2")},
        ],
        VpcPeeringConnections=[
            {
                "VpcPeeringConnectionId": "pcx-1",
                "Status": {"Code": "active"},
                "RequesterVpcInfo": {**side, "VpcId": VPC, "CidrBlock": "10.0.0.0/16"},
                "AccepterVpcInfo": {**side, "VpcId": "vpc-2", "CidrBlock": "10.1.0.0/16"},
            }
        ],
    )


def _near() -> Answer:
    """The interface at the quotas, in one group."""
    own = next(a for a in quotas.replaced() if "NetworkInterfaces" in a)["NetworkInterfaces"]
    return {**own[0], "Groups": [{"GroupId": "sg-0"}]}


def _member(number: int) -> Answer:
    address = str(IPv4Address("10.1.0.0") + 2 * (number + 5))  # no two are neighbours
    return {
        **_FAR,
        "NetworkInterfaceId": f"eni-far-{number}",
        "SubnetId": "subnet-2",
        "Status": "in-use",
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [{"PrivateIpAddress": address, "Primary": True}],
        "Groups": [{"GroupId": "sg-far"}],
    }


def _group(name: str, rules: Sequence[Answer]) -> Answer:
    outbound = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    return {**_OWNED, "GroupId": name, "IpPermissions": rules, "IpPermissionsEgress": outbound}


def _open(port: int) -> Answer:
    return {"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}


def _network(number: int) -> str:
    """A /24 of the internet, no neighbour of the next one's."""
    return f"{20 + number // 100}.{number % 100 * 2}.0.0/24"


def _acl(name: str, subnet: str, owned: Answer) -> Answer:
    entry = {"RuleNumber": 100, "RuleAction": "allow", "Protocol": "-1", "CidrBlock": "0.0.0.0/0"}
    entries = [{**entry, "Egress": egress} for egress in (True, False)]
    return {**owned, "NetworkAclId": name, "Associations": [{"SubnetId": subnet}], "Entries": entries}


def _local(cidr: str) -> Answer:
    return {"DestinationCidrBlock": cidr, "GatewayId": "local", "State": "active"}


def _in(subnet: str) -> list[Answer]:
    return [{"SubnetId": subnet, "AssociationState": {"State": "associated"}}]


def _envelope(operation: str, parameters: Answer, response: Answer) -> Answer:
    place = {"account": ACCOUNT, "region": "ap-northeast-1"}
    more = {"collected_at": "2026-01-01T00:00:00Z", "request_ids": [], "pages": 1, "error": None}
    return {"service": "ec2", "operation": operation, **place, "parameters": parameters, **more, "response": response}
