"""Security groups and network ACLs: which packets of a box pass, are stopped, or are open."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sekisho_check.boxes import ICMP, NONE, PORTED, PORTS, TYPES, Box, subtract, whole
from sekisho_check.estate import Estate, Json, Record, addresses, listed, text
from sekisho_check.ranges import EMPTY, Ranges, block, blocks, everything, join, less, meet, one


class Parts(NamedTuple):
    """A box, divided: packets that pass for certain, that are open, and that are stopped for certain."""

    passed: list[Box]
    open: list[Box]
    stopped: list[Box]


class Sight(NamedTuple):
    """What the sender of a packet is to a group that refers to groups (S-SG-06)."""

    vpcs: tuple[str, ...] = ()
    """References match members in these VPCs."""
    groups: frozenset[str] = frozenset()
    """Rules that name one of these groups match, whatever the address."""
    lists: frozenset[str] = frozenset()
    """Rules that name one of these prefix lists match, whatever the address."""
    peered: bool = False
    """References hold over a peering connection, as long as that is in force (S-SG-07)."""
    anybody: bool = False
    """Nobody knows who the sender is: it may be whom a reference means."""


def partition(box: Box, sure: Iterable[Box], maybe: Iterable[Box]) -> Parts:
    """The box by a union of allowances: those that hold for certain, and those that are open."""
    rest = subtract([box], sure)
    if not rest:
        return Parts([box], [], [])
    stopped = subtract(rest, maybe)
    opened = subtract(rest, stopped) if stopped != rest else []
    return Parts(subtract([box], rest), opened, stopped)


PROTOCOLS = {"tcp": 6, "udp": 17, "icmp": 1, "icmpv6": 58}


def protocol(value: object) -> int | None:
    """The number of the protocol, -1 for all; None where the value is neither (S-SG-03)."""
    if isinstance(value, str):
        value = PROTOCOLS.get(value.lower()) or (int(value) if value.lstrip("-").isdecimal() else None)
    return value if isinstance(value, int) and -1 <= value <= 255 else None  # noqa: PLR2004 - protocols are one byte


def allowance(family: int, number: int, sources: Ranges, low: object, high: object) -> list[Box] | None:
    """Packets of the protocol and ports (ICMP: type and code) from the sources; None where the ports are no numbers."""
    if number == -1:
        return whole(family, sources)
    if not sources:
        return []
    if not all(value is None or (isinstance(value, int) and not isinstance(value, bool)) for value in (low, high)):
        return None
    first, last = (value if isinstance(value, int) else -1 for value in (low, high))
    if number in {6, 17}:  # S-SG-02; -1 is every port, S-SG-03
        thirds = (
            PORTS if first == -1 else meet(PORTS, ((first, last if last >= 0 else first),) if last >= first else EMPTY)
        )
        return [Box(one(number), sources, thirds, PORTS)] if thirds else []
    if one(number) == ICMP[family]:  # S-SG-04
        thirds = TYPES if first == -1 else meet(TYPES, one(first))
        fourths = TYPES if first == -1 or last == -1 else meet(TYPES, one(last))
        return [Box(one(number), sources, thirds, fourths)] if thirds and fourths else []
    return [Box(one(number), sources, NONE, NONE)]  # S-SG-03, S-ICMP-01


class Rules(NamedTuple):
    """What groups allow."""

    sure: list[Box]
    maybe: list[Box]


def group_rules(estate: Estate, interface: Json, *, egress: bool, family: int, sight: Sight) -> Rules:
    """The union of the rules of all groups of the interface (S-SG-01)."""
    given = interface.get("Groups") or []
    named = {text(group, "GroupId") for group in given} if isinstance(given, list) else {None}
    names = tuple(sorted(name or "" for name in named))
    key = ("groups", names, egress, family, sight)
    if key not in estate.memo:
        estate.memo[key] = _group_rules(estate, names, egress, family, sight)
    rules: Rules = estate.memo[key]
    return rules


def _group_rules(estate: Estate, names: tuple[str, ...], egress: bool, family: int, sight: Sight) -> Rules:  # noqa: FBT001
    all_of_it = whole(family, everything(family))
    if not names:
        return Rules([], all_of_it)  # S-SG-01: an interface that should have groups and names none
    sure: list[Box] = []
    maybe: list[Box] = []
    for name in names:
        group = estate.get("ec2:DescribeSecurityGroups", name or None)
        if group is None:  # S-LOAD
            maybe += all_of_it
            continue
        member = "IpPermissionsEgress" if egress else "IpPermissions"
        if not isinstance(group.data.get(member), list):
            maybe += all_of_it
            continue
        for permission in group.data[member]:
            known, open_ = _permission(estate, permission, family, sight)
            sure += known
            maybe += open_
    return Rules(sure, maybe)


def _permission(estate: Estate, permission: object, family: int, sight: Sight) -> tuple[list[Box], list[Box]]:
    all_of_it = whole(family, everything(family))
    number = protocol(permission.get("IpProtocol")) if isinstance(permission, dict) else None
    if not isinstance(permission, dict) or number is None or not _readable(permission):
        return [], all_of_it
    member, cidr = ("IpRanges", "CidrIp") if family == 4 else ("Ipv6Ranges", "CidrIpv6")  # noqa: PLR2004
    sure = [blocks((item.get(cidr) for item in listed(permission, member)), family)]
    maybe: list[Ranges] = []
    for item in listed(permission, "PrefixListIds"):  # S-SG-09
        name = text(item, "PrefixListId") or ""
        entries = prefix_list(estate, name, family)
        if name in sight.lists:
            sure.append(everything(family))
        else:
            (maybe if entries is None else sure).append(everything(family) if entries is None else entries)
    for pair in listed(permission, "UserIdGroupPairs"):
        known, open_ = _members(estate, pair, family, sight)
        sure.append(known)
        maybe.append(open_)
    low, high = permission.get("FromPort"), permission.get("ToPort")
    certain = allowance(family, number, join(*sure), low, high)
    possible = allowance(family, number, join(*maybe), low, high)
    return ([], all_of_it) if certain is None or possible is None else (certain, possible)


READ = {"IpRanges": "CidrIp", "Ipv6Ranges": "CidrIpv6", "PrefixListIds": "PrefixListId", "UserIdGroupPairs": "GroupId"}
"""Where a rule names its peers, and the member that each names one by."""


def _readable(permission: Json) -> bool:
    """Whether all peers of the rule can be read; one that cannot may be anybody."""
    for member, name in READ.items():
        given = permission.get(member) or []
        if not isinstance(given, list) or any(text(item, name) is None for item in given):
            return False
        if name.startswith("Cidr") and any(block(text(item, name)) is None for item in given):
            return False
    return True


def _members(estate: Estate, pair: Json, family: int, sight: Sight) -> tuple[Ranges, Ranges]:
    """Addresses that a reference matches for certain, and those that are open (S-SG-06)."""
    name = text(pair, "GroupId") or ""
    if name in sight.groups:
        return everything(family), EMPTY
    if sight.anybody and not _held_at_home(estate, name, sight.vpcs):
        return EMPTY, everything(family)
    if sight.peered and _gone(estate, pair):
        return EMPTY, EMPTY
    sure, maybe = EMPTY, EMPTY
    for vpc in sight.vpcs:
        own = estate.holders.get((name, vpc), [])
        sure = join(sure, *(addresses(one.data, family) for one in own if not one.disputed))
        whole = estate.read("ec2:DescribeNetworkInterfaces", *estate.home(vpc))
        if any(one.disputed for one in own) or not whole:  # S-SG-08
            own_blocks = estate.blocks(vpc, family)  # none of IPv6 where the VPC shows none
            maybe = join(maybe, everything(family) if own_blocks is None else own_blocks)
    return sure, less(maybe, sure)


def _held_at_home(estate: Estate, name: str, vpcs: tuple[str, ...]) -> bool:
    """Whether the group is one of these VPCs, and an interface is seen that holds it."""
    group = estate.get("ec2:DescribeSecurityGroups", name)
    at_home = group is not None and text(group.data, "VpcId") in vpcs
    return at_home and any(estate.holders.get((name, vpc)) for vpc in vpcs)


def _gone(estate: Estate, pair: Json) -> bool:
    """Whether the peering connection that a reference holds over is no longer in force (S-SG-07)."""
    if text(pair, "PeeringStatus") not in {None, "active"}:
        return True
    known = estate.get("ec2:DescribeVpcPeeringConnections", text(pair, "VpcPeeringConnectionId"))
    return known is not None and text(known.data, "Status", "Code") != "active"


def prefix_list(estate: Estate, name: str, family: int) -> Ranges | None:
    """The entries of the list of one family; None where they are not in the snapshot (S-SG-09)."""
    entries = estate.of("ec2:GetManagedPrefixListEntries", "PrefixListId", name)
    if entries is not None:
        return _all_read([entry.data.get("Cidr") for entry in entries], family)
    old = estate.get("ec2:DescribePrefixLists", name)
    return None if old is None else _all_read(old.data.get("Cidrs"), family)


def _all_read(given: object, family: int) -> Ranges | None:
    """The blocks of one family; None where some cannot be read."""
    if not isinstance(given, list) or any(block(cidr) is None for cidr in given):
        return None
    return blocks(given, family)


class Entry(NamedTuple):
    allow: bool
    match: list[Box]


def acl_entries(estate: Estate, acl: Record, *, egress: bool, family: int) -> list[Entry] | None:
    """The entries of one direction and family in their order (S-ACL-02, S-ACL-03); None where one cannot be read."""
    key = ("acl", acl.id, egress, family)
    if key not in estate.memo:
        estate.memo[key] = _acl_entries(acl.data, egress, family)
    entries: list[Entry] | None = estate.memo[key]
    return entries


def _acl_entries(data: Json, egress: bool, family: int) -> list[Entry] | None:  # noqa: FBT001
    if not isinstance(data.get("Entries"), list):
        return None
    found = [_acl_entry(entry, egress, family) for entry in data["Entries"]]
    if not all(found):
        return None
    return [each.entry for each in sorted((one for one in found if one), key=lambda one: one.number) if each.entry]


class _Numbered(NamedTuple):
    number: int
    entry: Entry | None
    """None where it is of the other direction or family."""


def _acl_entry(entry: object, egress: bool, family: int) -> _Numbered | None:  # noqa: FBT001
    """One entry; None where it cannot be read."""
    member, other = ("CidrBlock", "Ipv6CidrBlock") if family == 4 else ("Ipv6CidrBlock", "CidrBlock")  # noqa: PLR2004
    if not isinstance(entry, dict) or not isinstance(entry.get("Egress"), bool):
        return None
    if entry["Egress"] != egress or (entry.get(member) is None and block(entry.get(other)) is not None):
        return _Numbered(0, None)
    number, rule, action = protocol(entry.get("Protocol")), entry.get("RuleNumber"), text(entry, "RuleAction")
    remote = blocks([entry.get(member)], family)
    if number is None or not isinstance(rule, int) or action not in {"allow", "deny"} or not remote:
        return None
    limits, names = entry.get("PortRange"), ("From", "To")
    if one(number) == ICMP[family]:
        limits, names = entry.get("IcmpTypeCode"), ("Type", "Code")
    if limits is not None and not isinstance(limits, dict):
        return None
    low, high = (limits.get(name) for name in names) if limits else (None, None)
    match = allowance(family, number, remote, low, high)  # S-ACL-05
    return None if match is None else _Numbered(rule, Entry(action == "allow", match))


def acl_parts(entries: list[Entry], header: Box) -> Parts:
    """The packets of the header box by the first entry that matches each; nothing matched is denied (S-ACL-02)."""
    rest = [header]
    passed: list[Box] = []
    stopped: list[Box] = []
    for entry in entries:
        if not rest:
            break
        hits = [hit for box in rest for match in entry.match if (hit := box & match) is not None]
        if hits:
            (passed if entry.allow else stopped).extend(hits)
            rest = subtract(rest, entry.match)
    stopped += rest
    return Parts([header], [], []) if not stopped else Parts(passed, [], stopped)


def echo_views(box: Box, family: int) -> list[tuple[Box, Box, Callable[[Box], Box]]]:
    """The box in parts, each with the header of its reply, and the way back from reply headers to first packets.

    S-ACL-04, S-ICMP-02.
    """
    if meet(box.protocols, PORTED):
        return [(box, _swapped(box), _swapped)]
    if box.protocols != ICMP[family]:
        return [(box, box, lambda header: header)]
    answered = ((8, 0), (13, 14)) if family == 4 else ((128, 129),)  # noqa: PLR2004
    views: list[tuple[Box, Box, Callable[[Box], Box]]] = []
    rest = [box]
    for asked, answer in answered:
        special = Box(box.protocols, box.sources, one(asked), one(0))
        part = box & special
        if part is not None:
            views.append((part, part._replace(thirds=one(answer)), _asking(asked)))
            rest = subtract(rest, [special])
    return views + [(part, part, lambda header: header) for part in rest]


def _asking(kind: int) -> Callable[[Box], Box]:
    return lambda header: header._replace(thirds=one(kind))


def _swapped(box: Box) -> Box:
    return box._replace(thirds=box.fourths, fourths=box.thirds)
