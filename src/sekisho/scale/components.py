"""Connected components: the VPCs of which one answer may read, joined by whatever record names two of them.

Peering connections, transit gateways and their attachments, shared subnets, load balancers with their targets, endpoint
services, accelerators, references of security groups: a record joins all that it names, directly or by way of others.
"""

import re
from collections.abc import Iterable, Iterator

import msgspec

from sekisho.model.interface import NetworkInterface
from sekisho.model.kinds import KINDS
from sekisho.model.snapshot import Snapshot

#: What AWS names a resource by, also inside of ARNs and of names of services: `vpc-0a1b...`, `app/web/50dc...`.
_NAME = re.compile(rb"[a-z]+(?:-[a-z]+)*-[0-9a-f]{8,17}(?![0-9a-z])|(?:app|net|gwy|targetgroup)/[^/\"]+/[0-9a-f]{16}")
#: They are named by many that have nothing else in common.
_LISTS = {"prefix_lists", "managed_prefix_lists", "byoip_cidrs", "public_ipv4_pools", "bpa_options"}
_SPLIT = {"interfaces", "instances", *_LISTS}


class _Joined:
    """Names in groups, each group with one of its names for all (Tarjan's union and find)."""

    def __init__(self) -> None:
        self._above: dict[str, str] = {}

    def of(self, name: str) -> str:
        above = self._above
        while (up := above.setdefault(name, name)) != name:
            above[name] = above[up]
            name = up
        return name

    def join(self, names: Iterable[str]) -> None:
        roots = {self.of(name) for name in names}
        if len(roots) > 1:
            first = min(roots)
            for root in roots:
                self._above[root] = first


def components(snapshot: Snapshot) -> dict[str, int]:
    """The number of the component of each VPC that the snapshot names. A larger component is never wrong."""
    joined = _Joined()
    for names in _together(snapshot):
        joined.join(names)
    numbers: dict[str, int] = {}
    vpcs = sorted({*snapshot.vpcs, *(i.vpc_id for i in snapshot.interfaces.values() if i.vpc_id)})
    return {vpc: numbers.setdefault(joined.of(vpc), len(numbers)) for vpc in vpcs}


def _together(snapshot: Snapshot) -> Iterator[set[str]]:
    """Names that a record or an interface brings together."""
    yield from _of_interfaces(snapshot.interfaces.values())
    for kind in KINDS:
        if kind.table not in _SPLIT:
            for key, record in snapshot.table(kind.table).items():
                yield _named(key.encode() + b" " + msgspec.json.encode(record))
    for unmodelled in snapshot.unmodelled:
        yield _named(" ".join((unmodelled.id, *unmodelled.refers)).encode())


def _of_interfaces(interfaces: Iterable[NetworkInterface]) -> Iterator[set[str]]:
    known: set[tuple[object, ...]] = set()
    for i in interfaces:
        # An interface is named by others, so it has a place of its own; what it names, many of a subnet name.
        vpc = i.vpc_id or i.network_interface_id
        yield {vpc, i.network_interface_id}
        if i.instance_id:
            yield {vpc, i.instance_id}
        if i.description.startswith("ELB "):
            yield {vpc, *_named(i.description.encode())}
        said = (vpc, i.subnet_id, i.groups)
        if said not in known:
            known.add(said)
            yield {vpc, *(name for name in (i.subnet_id, *i.group_ids) if name)}


def _named(text: bytes) -> set[str]:
    return {name.decode() for name in _NAME.findall(text) if not name.startswith(b"pl-")}
