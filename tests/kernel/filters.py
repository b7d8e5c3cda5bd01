"""Security groups and network ACLs as rules of nftables.

A chain made here *returns* what it lets through, and drops the rest: so two filters are two jumps. Groups and
prefix lists that rules name are sets. A packet whose sender's groups no longer count (S-SG-06) carries the mark
`LOST` in its traffic class, and matches no reference.
"""

from sekisho.model.filters import AclEntry, IpPermission, NetworkAcl, UserIdGroupPair
from sekisho.model.interface import NetworkInterface
from sekisho.model.snapshot import Snapshot

from .device import named_set

LOST = 1
_NUMBERS = {"tcp": "6", "udp": "17", "icmp": "1", "icmpv6": "58"}
#: Each family with the end of its sets' names and the number of its ICMP.
_FAMILIES = (("ip", "4", "1"), ("ip6", "6", "58"))


def addresses(interface: NetworkInterface) -> list[str]:
    """Every private IPv4 and IPv6 address."""
    return [a.private_ip_address for a in interface.addresses if a.private_ip_address] + [
        a.ipv6_address for a in interface.ipv6_addresses
    ]


# Security groups ------------------------------------------------------------------------------------


class Groups:
    """The groups of one interface: the sets that their rules name, and a chain for each direction."""

    def __init__(self, snapshot: Snapshot, interface: NetworkInterface) -> None:
        self.snapshot, self.interface = snapshot, interface
        self.sets: dict[str, str] = {}
        self.chains = self._chain("ingress", "saddr") + self._chain("egress", "daddr")

    def __str__(self) -> str:
        return "".join(self.sets.values()) + self.chains

    def _chain(self, direction: str, end: str) -> str:
        rules = []
        for group_id in self.interface.group_ids:
            group = self.snapshot.security_groups[group_id]
            for permission in group.ip_permissions if direction == "ingress" else group.ip_permissions_egress:
                rules += self._permission(permission, end)
        return _chain(direction, rules)

    def _permission(self, p: IpPermission, end: str) -> list[str]:
        protocol = _NUMBERS.get(p.ip_protocol, p.ip_protocol)
        ports = None if p.from_port in {None, -1} else (p.from_port, p.to_port)
        rules = []
        for family, suffix, icmp in _FAMILIES:
            what = _protocol(protocol, icmp, ports, (p.from_port, p.to_port))
            blocks = [r.cidr_ip for r in p.ip_ranges] if family == "ip" else [r.cidr_ipv6 for r in p.ipv6_ranges]
            rules += [f"{family} {end} {block} {what} return" for block in blocks]
            lists = [self._prefix_list(listed.prefix_list_id) for listed in p.prefix_list_ids]
            rules += [f"{family} {end} @{name}{suffix} {what} return" for name in lists]
            groups = [self._reference(pair) for pair in p.user_id_group_pairs]
            rules += [f"{family} dscp 0 {family} {end} @{name}{suffix} {what} return" for name in groups if name]
        return rules

    def _prefix_list(self, list_id: str) -> str:
        name = list_id.replace("-", "_")
        self.sets[name] = named_set(name, self.snapshot.prefix_lists[list_id].cidrs)
        return name

    def _reference(self, pair: UserIdGroupPair) -> str | None:
        """The members that the reference stands for: in this VPC, and over active peering connections (S-SG-07)."""
        own, name = self.interface.vpc_id, pair.group_id.replace("-", "_")
        active = [p for p in self.snapshot.peerings.values() if p.status.code == "active" and p.side_of(own or "")]
        far = [side.vpc_id for p in active if (side := p.far_side(own or ""))]
        holders = [i for i in self.snapshot.interfaces.values() if pair.group_id in i.group_ids]
        members = [a for i in holders if i.vpc_id in {own, *far} for a in addresses(i)]
        self.sets[name] = named_set(name, members)
        return name


# Network ACLs ---------------------------------------------------------------------------------------


def acl_chain(name: str, acl: NetworkAcl, *, egress: bool) -> str:
    """The entries of one direction by number; what none matches is dropped (S-ACL-02)."""
    entries = sorted((e for e in acl.entries if e.egress == egress), key=lambda e: e.rule_number)
    return _chain(name, [_entry(e, "daddr" if egress else "saddr") for e in entries])


def _entry(e: AclEntry, end: str) -> str:
    family, block = ("ip", e.cidr_block) if e.cidr_block else ("ip6", e.ipv6_cidr_block)
    icmp = "1" if family == "ip" else "58"
    ports = (e.port_range.first, e.port_range.last) if e.port_range else None
    kind = (e.icmp_type_code.type, e.icmp_type_code.code) if e.icmp_type_code else (-1, -1)
    what = _protocol(_NUMBERS.get(e.protocol, e.protocol), icmp, ports, kind)
    return f"{family} {end} {block} {what} {'return' if e.rule_action == 'allow' else 'drop'}"


# Both -----------------------------------------------------------------------------------------------


def _protocol(
    number: str, icmp: str, ports: tuple[int | None, int | None] | None, kind: tuple[int | None, int | None]
) -> str:
    """The match on protocol and ports, or on the type and code of the family's own ICMP."""
    if number == "-1":
        return ""
    if number in {"6", "17"}:
        return f"meta l4proto {number}" + (f" th dport {ports[0]}-{ports[1]}" if ports else "")
    name = {"1": "icmp", "58": "icmpv6"}.get(icmp, "") if number == icmp else ""
    parts = [
        f"{name} {part} {value}" for part, value in zip(("type", "code"), kind, strict=True) if value not in {None, -1}
    ]
    return " ".join([f"meta l4proto {number}", *(parts if name else [])])


def _chain(name: str, rules: list[str]) -> str:
    return "".join([f"chain {name} {{\n", *(f"  {' '.join(rule.split())}\n" for rule in rules), "  drop\n}\n"])
