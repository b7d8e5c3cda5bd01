"""The records of a snapshot by call and id, and how far each list can be believed."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from functools import cached_property
from typing import Any, NamedTuple

from sekisho_check.calls import KINDS
from sekisho_check.ranges import Block, Ranges, block, blocks, join, span
from sekisho_check.snapshot import ACCOUNT, REGION, Call, Snapshot

Json = dict[str, Any]
ARN = re.compile(r"arn:[\w-]+:[\w-]+:([a-z0-9-]*):(\d{12}):")
UNTOLD = frozenset({"Tags", "TagSet", "AvailabilityZone", "AvailableIpAddressCount", "OwnerAlias"})
"""What accounts may see differently of one resource (S-RAM-02)."""


class Record(NamedTuple):
    """One AWS resource as a call described it."""

    call: str
    id: str
    data: Json
    file: str
    pointer: str
    account: str | None
    region: str | None
    disputed: bool = False
    """Damaged, or described in two ways that contradict each other: what it says does not count."""

    @property
    def key(self) -> str:
        return f"{self.file}#{self.pointer}"


def listed(data: object, member: str) -> list[Json]:
    """The objects in the member's list; nothing where it is no list."""
    value = data.get(member) if isinstance(data, dict) else None
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def text(data: object, *members: str) -> str | None:
    """The string at the end of the members, or None."""
    for member in members:
        data = data.get(member) if isinstance(data, dict) else None
    return data if isinstance(data, str) and data else None


def texts(data: object, member: str) -> list[str]:
    value = data.get(member) if isinstance(data, dict) else None
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


class Estate:
    """All records of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.files = snapshot.files
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self._by_id: dict[str, dict[str, Record]] = defaultdict(dict)
        self._nameless: dict[str, list[Record]] = defaultdict(list)
        self.memo: dict[Any, Any] = {}
        """Answers of other modules that depend on the estate alone."""
        for call in _placed([call._replace(answer=_present(call.answer)) for call in snapshot.calls]):
            name = f"{call.kind.service}:{call.kind.operation}"
            self.calls[name].append(call)
            for record in _records(name, call):
                self._add(record)

    def _add(self, record: Record) -> None:
        if not record.id:
            self._nameless[record.call].append(record)
            return
        if _damaged(record.data):
            record = record._replace(disputed=True)
        known = self._by_id[record.call]
        other = known.get(record.id)
        if other is None:
            known[record.id] = record
        elif other.data != record.data and _told(other.data) != _told(record.data):
            known[record.id] = other._replace(disputed=True)  # S-LOAD

    def get(self, call: str, name: str | None) -> Record | None:
        """The record of the id; None where there is none, or where it is disputed."""
        record = self._by_id[call].get(name or "")
        return None if record is None or record.disputed else record

    def all(self, call: str) -> Iterable[Record]:
        """Every record of the call, disputed ones too."""
        return self._by_id[call].values() or self._nameless[call]

    def every(self, call: str) -> Iterator[Record]:
        """Each description of each resource that can be read: of one that two accounts describe, both."""
        for one in self.calls[call]:
            yield from (record for record in _records(call, one) if not _damaged(record.data))

    def unreadable(self, call: str) -> Iterator[Record]:
        """The damaged ones: what they say does not count, but that there are such resources."""
        for one in self.calls[call]:
            yield from (record for record in _records(call, one) if _damaged(record.data))

    def answers(self, call: str, parameter: str) -> Iterator[tuple[Record, str]]:
        """What the call lists, with the resource that it was asked of."""
        for one in self.calls[call]:
            asked = one.parameters.get(parameter)
            if isinstance(asked, str):
                for record in _records(call, one):
                    yield record, asked

    def of(self, call: str, parameter: str, name: str) -> list[Record] | None:
        """What the call says of the one resource that it was asked of; None where that is not wholly known."""
        asked = [one for one in self.calls[call] if one.parameters.get(parameter) == name]
        if not asked or any(one.failed or one.incomplete for one in asked):
            return None
        return [record for one in asked for record in _records(call, one)]

    def open(self, call: str, account: str | None, region: str | None) -> bool:
        """Whether a failed or incomplete call may have had more of this account and Region (S-LOAD)."""
        return any(
            (one.failed or one.incomplete)
            and (one.account is None or account is None or one.account == account)
            and (one.region is None or region is None or one.region == region)
            for one in self.calls[call]
        )

    def read(self, call: str, account: str | None, region: str | None) -> bool:
        """Whether the call was read whole for this account and Region."""
        key = ("read", call, account, region)
        if key not in self.memo:
            self.memo[key] = any(
                not one.failed and one.account == account and one.region == region and account and region
                for one in self.calls[call]
            ) and not self.open(call, account, region)
        return bool(self.memo[key])

    def whole(self, call: str, account: str | None, region: str | None) -> bool:
        """Whether there is no other record of the call in this account and Region than those of the snapshot:
        it was read whole, or is of a kind that is taken as absent where it was not asked (S-LOAD).
        """
        if KINDS[call].needed:
            return self.read(call, account, region)
        return not self.open(call, account, region)

    @cached_property
    def by_id(self) -> dict[str, list[Record]]:
        """Every record that bears the id, of whatever call."""
        found: dict[str, list[Record]] = defaultdict(list)
        for records in self._by_id.values():
            for name, record in records.items():
                found[name].append(record)
        return found

    @cached_property
    def instances(self) -> dict[str, Json]:
        return {record.id: record.data for record in self.all("ec2:DescribeInstances") if not record.disputed}

    def appliance(self, name: str) -> Record | None:
        """The interface that a route names: itself, or as the first one of an instance (S-APP-01)."""
        if name.startswith("eni-"):
            return self.get("ec2:DescribeNetworkInterfaces", name)
        first = next(iter(listed(self.instances.get(name), "NetworkInterfaces")), None)
        return self.get("ec2:DescribeNetworkInterfaces", text(first, "NetworkInterfaceId"))

    def firewall_endpoints(self, firewall: Record) -> dict[str, Json]:
        """The endpoints of a described firewall with how they are attached, by its SyncStates (S-NFW-01)."""
        found: dict[str, Json] = {}
        for call in self.calls["network-firewall:DescribeFirewall"]:
            states = call.answer.get("FirewallStatus")
            states = states.get("SyncStates") if isinstance(states, dict) else None
            if call.file == firewall.file and isinstance(states, dict):
                attached = [state.get("Attachment") for state in states.values() if isinstance(state, dict)]
                found |= {text(one, "EndpointId") or "": one for one in attached if isinstance(one, dict)}
        return found

    @cached_property
    def interfaces_of_vpc(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = defaultdict(list)
        for record in self.all("ec2:DescribeNetworkInterfaces"):
            found[text(record.data, "VpcId") or ""].append(record)
        return found

    @cached_property
    def holders(self) -> dict[tuple[str, str], list[Record]]:
        """Interfaces by group and VPC."""
        found: dict[tuple[str, str], list[Record]] = defaultdict(list)
        for record in self.all("ec2:DescribeNetworkInterfaces"):
            for group in listed(record.data, "Groups"):
                found[text(group, "GroupId") or "", text(record.data, "VpcId") or ""].append(record)
        return found

    @cached_property
    def subnets_of_vpc(self) -> dict[str, list[Record]]:
        found: dict[str, list[Record]] = defaultdict(list)
        for record in self.all("ec2:DescribeSubnets"):
            found[text(record.data, "VpcId") or ""].append(record)
        return found

    def home(self, vpc: str | None) -> tuple[str | None, str | None]:
        """Owner and Region of the VPC, as far as the snapshot shows them (S-RAM-01)."""
        key = ("home", vpc)
        if key not in self.memo:
            record = self.get("ec2:DescribeVpcs", vpc)
            near = [record] if record else []
            near += self.subnets_of_vpc[vpc or ""]
            owner = next((text(one.data, "OwnerId") for one in near if text(one.data, "OwnerId")), None)
            region = next((zone for one in near if (zone := _region(one.data))), None)
            if record is not None:
                owner, region = owner or record.account, region or record.region
            self.memo[key] = owner, region
        home: tuple[str | None, str | None] = self.memo[key]
        return home

    def blocks(self, vpc: str | None, family: int) -> Ranges | None:
        """The addresses of the VPC; None where its record is not there (S-VPC)."""
        record = self.get("ec2:DescribeVpcs", vpc)
        return None if record is None else span(cidrs(record.data, family))


def cidrs(data: Json, family: int) -> list[Block]:
    """The CIDRs of a VPC or subnet, or of one side of a peering connection (S-VPC)."""
    if family == 4:  # noqa: PLR2004
        member, found = "CidrBlock", listed(data, "CidrBlockAssociationSet") or listed(data, "CidrBlockSet") or [data]
    else:
        member = "Ipv6CidrBlock"
        found = listed(data, "Ipv6CidrBlockAssociationSet") or listed(data, "Ipv6CidrBlockSet")
    counted = (one for one in found if (text(one, f"{member}State", "State") or "associated") == "associated")
    parsed = (block(one.get(member)) for one in counted)
    return [each for each in parsed if each is not None and each.family == family]


def addresses(data: Json, family: int) -> Ranges:
    """All addresses of an interface, delegated prefixes too (S-ENI-03)."""
    if family == 4:  # noqa: PLR2004
        own = [one.get("PrivateIpAddress") for one in listed(data, "PrivateIpAddresses")] or [
            data.get("PrivateIpAddress")
        ]
        own += [one.get("Ipv4Prefix") for one in listed(data, "Ipv4Prefixes")]
    else:
        own = [one.get("Ipv6Address") for one in listed(data, "Ipv6Addresses")]
        own += [one.get("Ipv6Prefix") for one in listed(data, "Ipv6Prefixes")]
    return join(blocks(own, family))


def _records(name: str, call: Call) -> Iterator[Record]:
    kind = call.kind
    value = call.answer.get(kind.key)
    if name == "cloudfront:ListVpcOrigins":
        value = value.get("Items") if isinstance(value, dict) else None
        path = f"{call.pointer}/{kind.key}/Items"
    else:
        path = f"{call.pointer}/{kind.key}"
    if isinstance(value, dict):  # one record, or one answer about one resource
        yield Record(name, text(value, kind.id) or "", value, call.file, path, call.account, call.region)
        return
    for i, item in enumerate(value if isinstance(value, list) else ()):
        if not isinstance(item, dict):
            continue
        if kind.key == "Reservations":
            for j, instance in enumerate(listed(item, "Instances")):
                where = f"{path}/{i}/Instances/{j}"
                yield Record(name, text(instance, kind.id) or "", instance, call.file, where, call.account, call.region)
            continue
        named = text(item, kind.id) if kind.id else None
        yield Record(name, named or "", item, call.file, f"{path}/{i}", call.account, call.region)


def _present(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """The value without members that are null: those say as little as members that are not there."""
    if isinstance(value, dict):
        return {
            name: _present(one) if isinstance(one, dict | list) else one
            for name, one in value.items()
            if one is not None
        }
    return [_present(one) for one in value] if isinstance(value, list) else value


def _damaged(value: object) -> bool:
    """Whether there is a fraction in it: AWS gives none but for traffic dials and times."""
    waiting = [value]
    while waiting:
        one = waiting.pop()
        if isinstance(one, float):
            return True
        if isinstance(one, dict):
            held = [(name, each) for name, each in one.items() if isinstance(each, dict | list | float)]
            waiting += [each for name, each in held if not name.endswith(("Percentage", "Time"))]
        elif isinstance(one, list):
            waiting += one
    return False


def _told(data: Json) -> Json:
    return {member: value for member, value in data.items() if member not in UNTOLD}


def _region(data: Json) -> str | None:
    zone = text(data, "AvailabilityZone") or text(data, "Placement", "AvailabilityZone")
    found = REGION.match(zone) if zone else None
    return found.group() if found else None


def _placed(calls: list[Call]) -> list[Call]:
    """The calls with the account and Region that they were made for, as far as anything shows them: the records
    themselves, else the VPCs and subnets that they name, else the only candidate in the folder.
    """
    hints = [_hints(call) for call in calls]
    homes: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for call, (accounts, regions) in zip(calls, hints, strict=True):
        for item in _items(call):
            for member in ("VpcId", "SubnetId"):
                name = text(item, member)
                if name and call.kind.id in {"VpcId", "SubnetId"}:
                    homes[name][0].update({owner} if (owner := text(item, "OwnerId")) else accounts)
                    homes[name][1].update({zone} if (zone := _region(item)) else regions)
    for call, (accounts, regions) in zip(calls, hints, strict=True):
        named = (
            {name for item in _items(call) for name in _places_named(item)} if not accounts or not regions else set()
        )
        owners = {owner for name in named for owner in homes[name][0]}
        zones = {region for name in named for region in homes[name][1]}
        accounts.update(() if accounts else owners)
        regions.update(() if regions else zones)
    folders: dict[str, tuple[set[str], set[str]]] = defaultdict(lambda: (set(), set()))
    for call, (accounts, regions) in zip(calls, hints, strict=True):
        if len(accounts) == 1:
            folders[_folder(call)][0].update(accounts)
        if len(regions) == 1:
            folders[_folder(call)][1].update(regions)
    out = []
    for call, (accounts, regions) in zip(calls, hints, strict=True):
        near = folders[_folder(call)]
        out.append(call._replace(account=_only(accounts or near[0]), region=_only(regions or near[1])))
    return out


def _only(found: set[str]) -> str | None:
    return next(iter(found)) if len(found) == 1 else None


def _folder(call: Call) -> str:
    return call.file.rpartition("/")[0]


def _items(call: Call) -> Iterator[Json]:
    value = call.answer.get(call.kind.key)
    for item in [value] if isinstance(value, dict) else listed(call.answer, call.kind.key):
        yield item
        yield from listed(item, "Instances")


def _places_named(item: Json) -> Iterator[str]:
    for member in ("SubnetId", "VpcId", "vpcIdentifier"):
        name = text(item, member)
        if name:
            yield name
    for attachment in [*listed(item, "Attachments"), *listed(item, "VpcAttachments")]:
        name = text(attachment, "VpcId")
        if name:
            yield name


def _hints(call: Call) -> tuple[set[str], set[str]]:
    accounts, regions = set(), set()
    if call.account is None or call.region is None:
        for item in _items(call):
            owner, region = (
                text(item, "OwnerId") or text(item, "AwsAccountId"),
                _region(item) or text(item, "AwsRegion"),
            )
            arns = [ARN.match(value) for value in item.values() if isinstance(value, str) and value.startswith("arn:")]
            found = next((arn for arn in arns if arn), None)
            if owner is None and found:
                owner = found.group(2)
            if region is None and found:
                region = found.group(1) or None
            accounts |= {owner} if owner and ACCOUNT.fullmatch(owner) else set()
            regions |= {region} if region else set()
    return ({call.account} if call.account else accounts), ({call.region} if call.region else regions)
