"""An estate that changed while it was collected: ids that one answer holds and another lacks."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple


class _Pair(NamedTuple):
    """Ids that a call's answer names, and the answer that lists all of them."""

    call: str
    path: str
    lister: str
    listed: str


_INTERFACES = ("ec2:DescribeNetworkInterfaces", "NetworkInterfaces.NetworkInterfaceId")
_SUBNETS = ("ec2:DescribeSubnets", "Subnets.SubnetId")
_VPCS = ("ec2:DescribeVpcs", "Vpcs.VpcId")
#: Not what tables and ACLs are associated with: of a shared VPC, that is not all listed to everyone who sees them.
_PAIRS = (
    _Pair("ec2:DescribeInstances", "Reservations.Instances.NetworkInterfaces.NetworkInterfaceId", *_INTERFACES),
    _Pair("ec2:DescribeInstances", "Reservations.Instances.SubnetId", *_SUBNETS),
    _Pair("ec2:DescribeNetworkInterfaces", "NetworkInterfaces.SubnetId", *_SUBNETS),
    _Pair("ec2:DescribeNetworkInterfaces", "NetworkInterfaces.VpcId", *_VPCS),
    _Pair("ec2:DescribeAddresses", "Addresses.NetworkInterfaceId", *_INTERFACES),
    _Pair("ec2:DescribeSubnets", "Subnets.VpcId", *_VPCS),
    _Pair("ec2:DescribeSecurityGroups", "SecurityGroups.VpcId", *_VPCS),
)
_COMPARED = tuple(end for p in _PAIRS for end in ((p.call, p.path), (p.lister, p.listed)))
#: The paths of each call that are compared.
PATHS: Mapping[str, tuple[str, ...]] = {
    call: tuple(dict.fromkeys(path for name, path in _COMPARED if name == call))
    for call in {name for name, _ in _COMPARED}
}


class Change(NamedTuple):
    """An id that one answer names and that is not in the answer which should list it."""

    account: str
    region: str
    id: str
    named_by: str
    not_in: str


def changes(account: str, region: str, names: Mapping[str, Mapping[str, tuple[str, ...]]]) -> Iterator[Change]:
    """What does not agree between the answers of one account and Region; a failed call says nothing."""
    for pair in _PAIRS:
        if pair.call in names and pair.lister in names:
            listed = set(names[pair.lister].get(pair.listed, ()))
            for name in names[pair.call].get(pair.path, ()):
                if name not in listed:
                    yield Change(account, region, name, pair.call, pair.lister)
