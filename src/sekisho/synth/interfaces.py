"""Network interfaces, and the instances behind them."""

from collections.abc import Sequence
from typing import NamedTuple

from .addresses import dotted
from .rows import CREATED, Json, Listed, tags
from .vpc import Group, Subnet, Vpc

_TYPES = ("m6i.large", "c6i.xlarge", "r6i.large", "t3.medium", "m7g.xlarge", "c7g.2xlarge")
_IMAGES = ("ami-0a1b2c3d4e5f60718", "ami-0f9e8d7c6b5a43210", "ami-04c8d2e6fa1b39507")


class Elastic(NamedTuple):
    """An Elastic IP address that is associated with an interface."""

    public: str
    allocation: str
    association: str


class Made(NamedTuple):
    """An interface as other records refer to it."""

    id: str
    address: str
    subnet: Subnet
    elastic: Elastic | None
    record: Json


def elastic(vpc: Vpc) -> Elastic:
    return Elastic(vpc.public.next(), vpc.draw.id("eipalloc"), vpc.draw.id("eipassoc"))


def elastic_address(vpc: Vpc, made: Made, name: str) -> Listed:
    """The record of the address that the interface has."""
    if made.elastic is None:
        raise AssertionError("an Elastic IP address is asked of an interface that has none")
    return Listed(
        "addresses",
        {
            "AllocationId": made.elastic.allocation,
            "AssociationId": made.elastic.association,
            "Domain": "vpc",
            "NetworkBorderGroup": vpc.place.region,
            "NetworkInterfaceId": made.id,
            "NetworkInterfaceOwnerId": vpc.place.account,
            "PrivateIpAddress": made.address,
            "PublicIp": made.elastic.public,
            "PublicIpv4Pool": "amazon",
            "Tags": tags(name),
        },
    )


def interface(
    vpc: Vpc,
    subnet: Subnet,
    groups: Sequence[Group],
    attachment: Json,
    *,
    public: str | Elastic | None = None,
    issuer: str = "amazon",
    ipv6: bool = False,
    description: str = "",
) -> Made:
    """An interface in use. `public` is its public address, of `issuer` where it is no Elastic IP address."""
    draw, host = vpc.draw, subnet.room.host()
    address, region = dotted(host), vpc.place.region
    dns = f"ip-{address.replace('.', '-')}.{region}.compute.internal"
    own: Json = {"Primary": True, "PrivateDnsName": dns, "PrivateIpAddress": address}
    name = draw.id("eni")
    record: Json = {
        "Attachment": {
            "AttachTime": CREATED,
            "AttachmentId": draw.id("eni-attach"),
            "DeleteOnTermination": True,
            "DeviceIndex": 0,
            "NetworkCardIndex": 0,
            "Status": "attached",
            **attachment,
        },
        "AvailabilityZone": subnet.zone.name,
        "AvailabilityZoneId": subnet.zone.id,
        "Description": description,
        "Groups": [{"GroupId": g.id, "GroupName": g.name} for g in groups],
        "InterfaceType": "interface",
        "Ipv6Addresses": [],
        "MacAddress": draw.hardware_address(),
        "NetworkInterfaceId": name,
        "OwnerId": vpc.place.account,
        "PrivateDnsName": dns,
        "PrivateIpAddress": address,
        "PrivateIpAddresses": [own],
        "RequesterManaged": False,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": subnet.id,
        "TagSet": [],
        "VpcId": vpc.plan.vpc_id,
    }
    if public:
        record["Association"] = own["Association"] = _association(vpc, public, issuer)
    if ipv6 and subnet.ipv6:
        record["Ipv6Addresses"] = [
            {"Ipv6Address": f"{subnet.ipv6}::{subnet.room.offset(host):x}", "IsPrimaryIpv6": False}
        ]
    return Made(name, address, subnet, public if isinstance(public, Elastic) else None, record)


def _association(vpc: Vpc, public: str | Elastic, issuer: str) -> Json:
    address = public.public if isinstance(public, Elastic) else public
    own: Json = {
        "IpOwnerId": vpc.place.account if isinstance(public, Elastic) else issuer,
        "PublicDnsName": f"ec2-{address.replace('.', '-')}.{vpc.place.region}.compute.amazonaws.com",
        "PublicIp": address,
    }
    if isinstance(public, Elastic):
        own |= {"AllocationId": public.allocation, "AssociationId": public.association}
    return own


def managed(
    vpc: Vpc,
    subnet: Subnet,
    groups: Sequence[Group],
    *,
    requester: str,
    description: str,
    kind: str = "interface",
    public: str | Elastic | None = None,
) -> Made:
    """An interface that a service of AWS made for itself; `requester` is who asked for it."""
    attachment: Json = {"DeviceIndex": 1, "InstanceOwnerId": requester if "amazon-" in requester else "amazon-aws"}
    issuer = "amazon-elb" if requester == "amazon-elb" else "amazon"
    made = interface(vpc, subnet, groups, attachment, public=public, issuer=issuer, description=description)
    made.record.update({"InterfaceType": kind, "RequesterId": requester, "RequesterManaged": True})
    return made


# Instances --------------------------------------------------------------------------------------------


class Template(NamedTuple):
    """What the instances of a fleet have in common, as a launch template gives it to them.

    `public`: they get public addresses. `pods`: nodes of a cluster, with a delegated prefix or secondary addresses.
    """

    name: str
    subnets: tuple[Subnet, ...]
    groups: tuple[Group, ...]
    public: bool = False
    ipv6: bool = False
    pods: str = ""
    elastic: bool = False


class Member(NamedTuple):
    """One instance of a fleet."""

    instance: str
    made: Made
    running: bool


def fleet(vpc: Vpc, template: Template, count: int) -> tuple[list[Member], list[Listed]]:
    """The members of a fleet, spread over its subnets, and their records."""
    draw = vpc.draw
    start, launched = draw.below(len(template.subnets)), _launched(vpc, template)
    stays = count > 1 or template.elastic
    members, rows = [], []
    for number in range(count):
        running = draw.chance(99) if stays else draw.chance(90)
        subnet = template.subnets[(start + number) % len(template.subnets)]
        member = _member(vpc, template, subnet, running=running or (template.elastic and not template.public))
        members.append(member)
        rows += [Listed("interfaces", member.made.record), Listed("instances", _reservation(vpc, launched, member))]
        if member.made.elastic:
            rows.append(elastic_address(vpc, member.made, template.name))
    return members, rows


def _member(vpc: Vpc, template: Template, subnet: Subnet, *, running: bool) -> Member:
    instance = vpc.draw.id("i")
    public: str | Elastic | None = None
    if template.elastic:
        public = elastic(vpc)
    elif template.public and running:
        public = vpc.public.next()
    attachment: Json = {"InstanceId": instance, "InstanceOwnerId": vpc.place.account}
    made = interface(vpc, subnet, template.groups, attachment, public=public, ipv6=template.ipv6)
    if template.pods:
        _add_pods(made, subnet, template.pods)
    return Member(instance, made, running)


def _add_pods(made: Made, subnet: Subnet, how: str) -> None:
    """Room for the pods of a node: a prefix of 16 addresses, or addresses of such a block one by one."""
    block = subnet.room.block()
    if block is None:
        return
    if how == "prefix":
        made.record["Ipv4Prefixes"] = [{"Ipv4Prefix": f"{dotted(block)}/28"}]
        return
    addresses = made.record["PrivateIpAddresses"]
    if isinstance(addresses, list):
        addresses += [{"Primary": False, "PrivateIpAddress": dotted(block + n)} for n in range(1, 9)]


def _launched(vpc: Vpc, template: Template) -> Json:
    """What every instance of the template is described with."""
    return {
        "Architecture": "x86_64",
        "EbsOptimized": True,
        "ImageId": vpc.draw.pick(_IMAGES),
        "InstanceType": vpc.draw.pick(_TYPES),
        "LaunchTime": CREATED,
        "MetadataOptions": {"HttpEndpoint": "enabled", "HttpTokens": "required", "State": "applied"},
        "SourceDestCheck": True,
        "Tags": tags(template.name, **{"aws:autoscaling:groupName": template.name}),
        "VpcId": vpc.plan.vpc_id,
    }


def _reservation(vpc: Vpc, launched: Json, member: Member) -> Json:
    """One reservation of one instance, as an auto-scaling group makes them."""
    record, made = member.made.record, member.made
    nested = {
        "Groups": record["Groups"],
        "NetworkInterfaceId": made.id,
        "OwnerId": vpc.place.account,
        "PrivateIpAddress": made.address,
        "SourceDestCheck": True,
        "Status": "in-use",
        "SubnetId": made.subnet.id,
        "VpcId": vpc.plan.vpc_id,
    }
    instance = {
        **launched,
        "InstanceId": member.instance,
        "NetworkInterfaces": [nested],
        "Placement": {"AvailabilityZone": made.subnet.zone.name, "Tenancy": "default"},
        "PrivateDnsName": record["PrivateDnsName"],
        "PrivateIpAddress": made.address,
        "SecurityGroups": record["Groups"],
        "State": {"Code": 16, "Name": "running"} if member.running else {"Code": 80, "Name": "stopped"},
        "SubnetId": made.subnet.id,
    }
    return {
        "Groups": [],
        "Instances": [instance],
        "OwnerId": vpc.place.account,
        "ReservationId": vpc.draw.id("r"),
    }
