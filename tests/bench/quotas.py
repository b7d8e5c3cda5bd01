"""One interface with all that AWS's quotas allow around it: the slowest single question there can be.

Five security groups of 200 rules each, 40 network ACL entries each way, 1,000 routes.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

ACCOUNT, VPC, SUBNET, ACL, GATEWAY = "111122223333", "vpc-1", "subnet-1", "acl-1", "igw-1"
GROUPS, RULES, ENTRIES, ROUTES = 5, 200, 40, 1000


Answer = Mapping[str, Any]


def write(folder: Path, answers: Iterable[Answer] | None = None) -> None:
    """Each answer in a file, as the AWS CLI saves it; those of the interface at the quotas where none are given."""
    place = folder / ACCOUNT / "ap-northeast-1"
    place.mkdir(parents=True)
    for number, answer in enumerate(_answers() if answers is None else answers):
        (place / f"{number}.json").write_text(json.dumps(answer), encoding="utf-8")


def replaced(**others: Any) -> Iterator[Answer]:
    """The answers about the interface at the quotas, with other lists of these names."""
    own = {name: value for answer in _answers() for name, value in answer.items()}
    yield from ({name: value} for name, value in {**own, **others}.items())


def _answers() -> Iterator[Answer]:
    owned = {"OwnerId": ACCOUNT, "VpcId": VPC}
    yield {"Vpcs": [{**owned, "CidrBlock": "10.0.0.0/16"}]}
    yield {"Subnets": [{**owned, "SubnetId": SUBNET, "CidrBlock": "10.0.1.0/24"}]}
    yield {"NetworkInterfaces": [{**owned, **_interface()}]}
    yield {"Reservations": [{"OwnerId": ACCOUNT, "Instances": [{"InstanceId": "i-1", "State": {"Name": "running"}}]}]}
    yield {"SecurityGroups": [{**owned, **_group(number)} for number in range(GROUPS)]}
    yield {"NetworkAcls": [{**owned, **_acl()}]}
    yield {"RouteTables": [{**owned, **routes()}]}
    attached = [{"VpcId": VPC, "State": "available"}]
    yield {"InternetGateways": [{"OwnerId": ACCOUNT, "InternetGatewayId": GATEWAY, "Attachments": attached}]}
    yield {"VpcPeeringConnections": []}


def _interface() -> Answer:
    address = {"PrivateIpAddress": "10.0.1.10", "Primary": True, "Association": {"PublicIp": "198.51.100.10"}}
    return {
        "NetworkInterfaceId": "eni-1",
        "SubnetId": SUBNET,
        "Status": "in-use",
        "PrivateIpAddress": "10.0.1.10",
        "PrivateIpAddresses": [address],
        "Groups": [{"GroupId": f"sg-{number}"} for number in range(GROUPS)],
        "Attachment": {"InstanceId": "i-1", "Status": "attached"},
    }


def _group(number: int) -> Answer:
    """Every rule with a network and a port of its own, so that none can be merged with another."""
    rules = range(number * RULES, (number + 1) * RULES)
    inbound = [
        {"IpProtocol": "tcp", "FromPort": 1000 + 7 * n, "ToPort": 1003 + 7 * n, "IpRanges": [{"CidrIp": _network(n)}]}
        for n in rules
    ]
    outbound = [{"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}]
    return {"GroupId": f"sg-{number}", "IpPermissions": inbound, "IpPermissionsEgress": outbound}


def _network(number: int) -> str:
    """A /24 of the internet, no neighbour of the next one's."""
    return f"{20 + number // 125}.{number % 125 * 2}.{number % 256}.0/24"


def _acl() -> Answer:
    entries = [
        _entry(number, "deny" if number < ENTRIES else "allow", _judged(number), egress)
        for egress in (True, False)
        for number in range(1, ENTRIES + 1)
    ]
    return {"NetworkAclId": ACL, "Associations": [{"SubnetId": SUBNET}], "Entries": entries}


def _judged(number: int) -> str:
    return f"{60 + number}.0.0.0/10" if number < ENTRIES else "0.0.0.0/0"


def _entry(number: int, action: str, cidr: str, egress: bool) -> Answer:
    return {"RuleNumber": number, "RuleAction": action, "Protocol": "-1", "Egress": egress, "CidrBlock": cidr}


def routes(count: int = ROUTES) -> Answer:
    local = {"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local", "State": "active"}
    networks = [f"{100 + n // 250}.{n % 250}.0.0/16" for n in range(count - 2)]
    to_internet = [
        {"DestinationCidrBlock": cidr, "GatewayId": GATEWAY, "State": "active"} for cidr in ("0.0.0.0/0", *networks)
    ]
    associated = [{"SubnetId": SUBNET, "AssociationState": {"State": "associated"}}]
    return {"RouteTableId": "rtb-1", "Routes": [local, *to_internet], "Associations": associated}
