"""AWS answers as plain Python values, and the ways to lay them out: directory, zip, tar.gz."""

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

ACCOUNT, OTHER, REGION = "111122223333", "444455556666", "ap-northeast-1"
HERE = f"{ACCOUNT}/{REGION}"

Json = dict[str, Any]


def estate(
    vpc: str = "vpc-1", account: str = ACCOUNT, region: str = REGION, number: int = 1, cidr: str = "10.0"
) -> dict[str, Json]:
    """A small whole estate, one answer by its operation: a web server in a public subnet."""
    n = number
    return {
        "describe-vpcs": {
            "Vpcs": [
                {
                    "VpcId": vpc,
                    "OwnerId": account,
                    "CidrBlock": f"{cidr}.0.0/16",
                    "CidrBlockAssociationSet": [
                        {"CidrBlock": f"{cidr}.0.0/16", "CidrBlockState": {"State": "associated"}}
                    ],
                    "State": "available",
                    "Tags": [{"Key": "Name", "Value": "main"}],
                }
            ]
        },
        "describe-subnets": {
            "Subnets": [
                {
                    "SubnetId": f"subnet-{n}",
                    "VpcId": vpc,
                    "OwnerId": account,
                    "CidrBlock": f"{cidr}.1.0/24",
                    "AvailabilityZone": f"{region}a",
                }
            ]
        },
        "describe-network-interfaces": {
            "NetworkInterfaces": [
                {
                    "NetworkInterfaceId": f"eni-{n}",
                    "VpcId": vpc,
                    "SubnetId": f"subnet-{n}",
                    "OwnerId": account,
                    "AvailabilityZone": f"{region}a",
                    "Status": "in-use",
                    "PrivateIpAddress": f"{cidr}.1.10",
                    "PrivateIpAddresses": [
                        {
                            "PrivateIpAddress": f"{cidr}.1.10",
                            "Primary": True,
                            "Association": {"PublicIp": "203.0.113.5", "IpOwnerId": "amazon"},
                        }
                    ],
                    "Groups": [{"GroupId": f"sg-{n}", "GroupName": "web"}],
                    "Attachment": {"InstanceId": f"i-{n}", "InstanceOwnerId": account, "Status": "attached"},
                    "SourceDestCheck": True,
                }
            ]
        },
        "describe-instances": {
            "Reservations": [
                {
                    "OwnerId": account,
                    "ReservationId": f"r-{n}",
                    "Instances": [
                        {
                            "InstanceId": f"i-{n}",
                            "State": {"Code": 16, "Name": "running"},
                            "VpcId": vpc,
                            "SubnetId": f"subnet-{n}",
                            "Placement": {"AvailabilityZone": f"{region}a"},
                            "NetworkInterfaces": [{"NetworkInterfaceId": f"eni-{n}"}],
                        }
                    ],
                }
            ]
        },
        "describe-security-groups": {"SecurityGroups": [group(f"sg-{n}", vpc, account)]},
        "describe-network-acls": {"NetworkAcls": [acl(f"acl-{n}", vpc, account, f"subnet-{n}")]},
        "describe-route-tables": {
            "RouteTables": [
                {
                    "RouteTableId": f"rtb-{n}",
                    "VpcId": vpc,
                    "OwnerId": account,
                    "Routes": [
                        {
                            "DestinationCidrBlock": f"{cidr}.0.0/16",
                            "GatewayId": "local",
                            "Origin": "CreateRouteTable",
                            "State": "active",
                        },
                        {
                            "DestinationCidrBlock": "0.0.0.0/0",
                            "GatewayId": f"igw-{n}",
                            "Origin": "CreateRoute",
                            "State": "active",
                        },
                    ],
                    "Associations": [{"Main": True, "AssociationState": {"State": "associated"}}],
                }
            ]
        },
        "describe-internet-gateways": {
            "InternetGateways": [
                {
                    "InternetGatewayId": f"igw-{n}",
                    "OwnerId": account,
                    "Attachments": [{"VpcId": vpc, "State": "available"}],
                }
            ]
        },
        "describe-vpc-peering-connections": {"VpcPeeringConnections": []},
    }


def group(group_id: str = "sg-1", vpc: str = "vpc-1", account: str = ACCOUNT, **rule: Any) -> Json:
    permission = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    everything = {"IpProtocol": "-1", "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}
    return {
        "GroupId": group_id,
        "GroupName": "web",
        "VpcId": vpc,
        "OwnerId": account,
        "IpPermissions": [{**permission, **rule}],
        "IpPermissionsEgress": [everything],
    }


def acl(
    acl_id: str = "acl-1", vpc: str = "vpc-1", account: str = ACCOUNT, subnet: str = "subnet-1", **rule: Any
) -> Json:
    entry = {"RuleNumber": 100, "Protocol": "-1", "RuleAction": "allow", "Egress": False, "CidrBlock": "0.0.0.0/0"}
    return {
        "NetworkAclId": acl_id,
        "VpcId": vpc,
        "OwnerId": account,
        "IsDefault": True,
        "Entries": [{**entry, **rule}, {**entry, "Egress": True}],
        "Associations": [{"SubnetId": subnet, "NetworkAclId": acl_id}],
    }


def envelope(service: str, operation: str, response: Any, **more: Any) -> Json:
    return {
        "service": service,
        "operation": operation,
        "account": ACCOUNT,
        "region": REGION,
        "parameters": {},
        "collected_at": "2026-11-23T05:00:00Z",
        "request_ids": [],
        "pages": 1,
        "error": None,
        "response": response,
        **more,
    }


def files(answers: Mapping[str, Any], folder: str = HERE) -> dict[str, bytes]:
    """Each answer as a JSON file of the folder; one that is bytes stays as it is."""
    place = f"{folder}/" if folder else ""
    return {
        f"{place}{name}.json": value if isinstance(value, bytes) else json.dumps(value, indent=1).encode()
        for name, value in answers.items()
    }


def directory(root: Path, contents: Mapping[str, bytes]) -> Path:
    for name, data in contents.items():
        place = root / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(data)
    return root


def zipped(path: Path, contents: Mapping[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in contents.items():
            archive.writestr(name, data)
    return path


def tarred(path: Path, contents: Mapping[str, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as archive:
        for name, data in contents.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return path


def gzipped(data: bytes) -> bytes:
    return gzip.compress(data, mtime=0)
