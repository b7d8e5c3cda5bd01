"""Interfaces that services of AWS make for themselves: NAT gateways, endpoints, databases, functions, clusters."""

from collections.abc import Iterator, Sequence

from .groups import group, pair, rule
from .interfaces import Made, Template, elastic, elastic_address, fleet, managed
from .rows import CREATED, Json, Listed, Row, tags
from .vpc import Group, Subnet, Vpc

_SMALLEST_WITH_MORE_ENDPOINTS = 200
_CLUSTERS = ("orders", "platform", "media", "mobile", "partners")


def services_of_vpc(vpc: Vpc) -> Iterator[Row]:
    """What serves the whole VPC, as far as there are interfaces left for it."""
    yield from _nat_gateways(vpc)
    yield from _attachment(vpc)
    yield from _bastion(vpc)
    yield from _interface_endpoints(vpc)
    if vpc.plan.traits.cluster:
        yield from _cluster(vpc)


def _nat_gateways(vpc: Vpc) -> Iterator[Row]:
    for gateway, subnet in zip(vpc.nat_gateways, vpc.tier("public"), strict=False):
        vpc.take(1)
        name = f"{vpc.plan.name}-{subnet.zone.name[-1]}"
        own = elastic(vpc)
        made = managed(
            vpc,
            subnet,
            (),
            requester="amazon-aws",
            description=f"Interface for NAT Gateway {gateway}",
            kind="nat_gateway",
            public=own,
        )
        made.record["SourceDestCheck"] = False
        yield Listed("interfaces", made.record)
        yield elastic_address(vpc, made, f"nat-{name}")
        address: Json = {
            "AllocationId": own.allocation,
            "AssociationId": own.association,
            "IsPrimary": True,
            "NetworkInterfaceId": made.id,
            "PrivateIp": made.address,
            "PublicIp": own.public,
            "Status": "succeeded",
        }
        yield Listed(
            "nat_gateways",
            {
                "AvailabilityMode": "zonal",
                "ConnectivityType": "public",
                "CreateTime": CREATED,
                "NatGatewayAddresses": [address],
                "NatGatewayId": gateway,
                "State": "available",
                "SubnetId": subnet.id,
                "Tags": tags(name),
                "VpcId": vpc.plan.vpc_id,
            },
        )


def _attachment(vpc: Vpc) -> Iterator[Row]:
    subnets = vpc.tier("transit")
    for subnet in subnets[: vpc.take(len(subnets))]:
        made = managed(
            vpc,
            subnet,
            (),
            requester="amazon-aws",
            description=f"Network Interface for Transit Gateway Attachment {vpc.plan.attachment}",
            kind="transit_gateway",
        )
        made.record["SourceDestCheck"] = False
        yield Listed("interfaces", made.record)


def _bastion(vpc: Vpc) -> Iterator[Row]:
    """A way in for administrators, with an Elastic IP address."""
    template = Template(f"{vpc.plan.name}-bastion", vpc.tier("public")[:1], (vpc.bastion,), elastic=True, public=True)
    _, rows = fleet(vpc, template, vpc.take(1))
    yield from rows
    if vpc.plan.traits.forgotten_address:
        # Its address was never taken away when it moved to a private subnet.
        template = Template(f"{vpc.plan.name}-build", vpc.tier("private")[:1], (vpc.base, vpc.temporary), elastic=True)
        _, rows = fleet(vpc, template, vpc.take(1))
        yield from rows


def _interface_endpoints(vpc: Vpc) -> Iterator[Row]:
    several = vpc.plan.interfaces >= _SMALLEST_WITH_MORE_ENDPOINTS
    for service in ("ssm", "ecr.api", "secretsmanager") if several else ("ssm",):
        subnets = vpc.tier("private")[: vpc.take(3)]
        if not subnets:
            return
        endpoint = vpc.draw.id("vpce")
        made = [
            managed(
                vpc,
                subnet,
                (vpc.endpoints,),
                requester="amazon-aws",
                description=f"VPC Endpoint Interface {endpoint}",
                kind="vpc_endpoint",
            )
            for subnet in subnets
        ]
        yield from (Listed("interfaces", one.record) for one in made)
        yield _interface_endpoint(vpc, endpoint, service, made)


def _interface_endpoint(vpc: Vpc, endpoint: str, service: str, made: Sequence[Made]) -> Listed:
    return Listed(
        "vpc_endpoints",
        {
            "CreationTimestamp": CREATED,
            "DnsEntries": [],
            "Groups": [{"GroupId": vpc.endpoints.id, "GroupName": vpc.endpoints.name}],
            "IpAddressType": "ipv4",
            "NetworkInterfaceIds": [one.id for one in made],
            "OwnerId": vpc.place.account,
            "PrivateDnsEnabled": True,
            "RequesterManaged": False,
            "RouteTableIds": [],
            "ServiceName": f"com.amazonaws.{vpc.place.region}.{service}",
            "State": "available",
            "SubnetIds": [one.subnet.id for one in made],
            "Tags": tags(f"{vpc.plan.name}-{service}"),
            "VpcEndpointId": endpoint,
            "VpcEndpointType": "Interface",
            "VpcId": vpc.plan.vpc_id,
        },
    )


def _cluster(vpc: Vpc) -> Iterator[Row]:
    """A Kubernetes cluster: two interfaces of its control plane, and nodes that have addresses for their pods."""
    name = f"{vpc.draw.pick(_CLUSTERS)}-{vpc.plan.number}"
    control, nodes = Group(vpc.draw.id("sg"), f"{name}-control"), Group(vpc.draw.id("sg"), f"{name}-nodes")
    both = [pair(vpc, control), pair(vpc, nodes)]
    yield group(vpc, control, [rule(443, groups=both)])
    yield group(vpc, nodes, [rule(None, groups=both), rule((30000, 32767), vpc.plan.cidr)])
    for subnet in vpc.tier("private")[: vpc.take(2)]:
        made = managed(vpc, subnet, (control,), requester="amazon-eks", description=f"Amazon EKS {name}")
        yield Listed("interfaces", made.record)
    pods = vpc.draw.weighted(((2, "prefix"), (1, "addresses")))
    template = Template(f"{name}-node", vpc.tier("private"), (nodes, vpc.base), pods=pods)
    share = vpc.plan.interfaces * vpc.draw.between(5, 20) // 100
    _, rows = fleet(vpc, template, vpc.take(share, least=0))
    yield from rows


# Parts of a system ------------------------------------------------------------------------------------


def database(vpc: Vpc, name: str, named: Group) -> Iterator[Row]:
    """A writer and a reader in two zones."""
    for subnet in vpc.tier("data", 2)[: vpc.take(2)]:
        made = managed(vpc, subnet, (named,), requester="amazon-rds", description="RDSNetworkInterface")
        made.record["TagSet"] = tags(name)
        yield Listed("interfaces", made.record)


def functions(vpc: Vpc, name: str, named: Group) -> Iterator[Row]:
    """One interface for each subnet, however many copies of the function run."""
    subnets: Sequence[Subnet] = vpc.tier("private")[: vpc.take(vpc.draw.between(2, 3))]
    for subnet in subnets:
        made = managed(
            vpc,
            subnet,
            (named,),
            requester=f"AROA{vpc.draw.hex(16).upper()}:{name}",
            description=f"AWS Lambda VPC ENI-{name}-{vpc.draw.hex(8)}",
            kind="lambda",
        )
        yield Listed("interfaces", made.record)
