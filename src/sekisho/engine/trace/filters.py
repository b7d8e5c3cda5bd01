"""What a network ACL and the security groups of an interface make of one packet.

Read on the packet itself, rule by rule, in the order in which AWS reads them: an ACL's entries by ascending
number until one matches (S-ACL-02), a security group's rules all together (S-SG-01). Nothing is precomputed.
A ruling is three-valued: `admits` is None where the snapshot does not settle it.
"""

from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from ipaddress import ip_address, ip_network
from typing import NamedTuple

from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP, Packet
from sekisho.model.filters import AclEntry, IpPermission, NetworkAcl, SecurityGroup, UserIdGroupPair
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record, Scope, Source
from sekisho.model.topology import Topology

_NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
NAMES = {number: name for name, number in _NUMBERS.items()}
#: The ports from which a NAT gateway chooses a source port (S-NAT-02).
CHOSEN_PORTS = (1024, 65535)
ALLOW, DENY = True, False


class Ruling(NamedTuple):
    """Whether a filter admits the packet, by which rule; `detail` says why not, or what is not settled."""

    admits: bool | None
    component: str
    rule: Mapping[str, object] | None = None
    evidence: tuple[Source, ...] = ()
    code: str = ""
    detail: str = ""


# Addresses, headers, records ------------------------------------------------------------------------


_network = lru_cache(maxsize=1 << 14)(ip_network)
_address = lru_cache(maxsize=1 << 14)(ip_address)


def within(address: str, cidrs: Iterable[str]) -> bool:
    """Whether some block holds the address; a block of the other family never does (S-Q-04)."""
    wanted = _address(address)
    return any(wanted in _network(cidr) for cidr in cidrs)


def is_ipv6(address: str) -> bool:
    return ":" in address


def holds(interface: NetworkInterface, address: str) -> bool:
    """Whether the address is one of the interface's, as such or in a delegated prefix (S-ENI-03)."""
    exact = [a.private_ip_address for a in interface.addresses] + [a.ipv6_address for a in interface.ipv6_addresses]
    prefixes = [p.ipv4_prefix for p in interface.ipv4_prefixes] + [p.ipv6_prefix for p in interface.ipv6_prefixes]
    return within(address, exact + prefixes)


def written(record: Record) -> dict[str, object]:
    """The members of the record by AWS's own names, without those that are absent."""
    members = zip(record.__struct_encode_fields__, record.__struct_fields__, strict=True)
    values = ((key, getattr(record, name)) for key, name in members)
    return {key: written(value) if isinstance(value, Record) else value for key, value in values if value is not None}


def at(source: Source, pointer: str) -> Source:
    """The place of a part of the record that stands at `source`."""
    return Source(source.file, source.pointer + pointer)


def spoken(packet: Packet) -> str:
    """The packet in a few words: `tcp 22 from 198.51.100.7 to 10.0.1.10`."""
    name = NAMES.get(packet.protocol, f"protocol {packet.protocol}")
    if packet.protocol in {TCP, UDP}:
        port = packet.destination_port
        name += f" {port}" if port is not None else f" {CHOSEN_PORTS[0]}-{CHOSEN_PORTS[1]}"
    elif packet.icmp_type is not None:
        name += f" type {packet.icmp_type} code {packet.icmp_code}"
    return f"{name} from {packet.source} to {packet.destination}"


def _each_port(packet: Packet, edges: Iterable[int]) -> tuple[Packet, ...]:
    """The packet, or one for each port that can make a difference where a NAT gateway chose its destination port.

    `edges` are the ports at which some rule begins or has just ended: between two of them all rules stand still.
    """
    if packet.protocol not in {TCP, UDP} or packet.destination_port is not None:
        return (packet,)
    low, high = CHOSEN_PORTS
    ports = {low} | {edge for edge in edges if low <= edge <= high}
    return tuple(packet._replace(destination_port=port) for port in sorted(ports))


def _agreed(packet: Packet, rulings: list[Ruling]) -> Ruling:
    """The one ruling for all ports; undecided where only some of them are admitted (S-NAT-02)."""
    first = rulings[0]
    if all(r.admits == first.admits for r in rulings):
        return first
    return Ruling(
        None, first.component, detail=f"{first.component} admits {spoken(packet)} on some of those ports only"
    )


# Network ACLs ---------------------------------------------------------------------------------------


def acl_ruling(topology: Topology, acl: NetworkAcl, packet: Packet, *, egress: bool) -> Ruling:
    """What the ACL makes of a packet that leaves (`egress`) or enters one of its subnets."""
    entries = sorted(
        ((entry, index) for index, entry in enumerate(acl.entries) if entry.egress is egress),
        key=lambda pair: pair[0].rule_number,
    )
    edges = [p for e, _ in entries if e.port_range for p in (e.port_range.first, e.port_range.last + 1)]
    return _agreed(packet, [_first_match(topology, acl, entries, p) for p in _each_port(packet, edges)])


def _first_match(topology: Topology, acl: NetworkAcl, entries: list[tuple[AclEntry, int]], packet: Packet) -> Ruling:
    # S-ACL-02
    source = topology.snapshot.source("network_acls", acl.network_acl_id)
    for entry, index in entries:
        if not _entry_matches(entry, packet):
            continue
        evidence = (at(source, f"/Entries/{index}"),)
        if entry.rule_action == "allow":
            return Ruling(ALLOW, acl.network_acl_id, written(entry), evidence)
        detail = f"entry {entry.rule_number} of {acl.network_acl_id} denies {spoken(packet)}"
        return Ruling(DENY, acl.network_acl_id, written(entry), evidence, "SUBNET_ACL_RESTRICTION", detail)
    detail = f"no entry of {acl.network_acl_id} matches {spoken(packet)}"
    return Ruling(DENY, acl.network_acl_id, None, (source,), "SUBNET_ACL_RESTRICTION", detail)


def _entry_matches(entry: AclEntry, packet: Packet) -> bool:
    remote = packet.destination if entry.egress else packet.source  # S-ACL-05
    cidr = entry.ipv6_cidr_block if is_ipv6(remote) else entry.cidr_block  # S-ACL-03
    if cidr is None or not within(remote, (cidr,)) or not _protocol_matches(entry.protocol, packet):
        return False
    if _is_all(entry.protocol):
        return True
    if packet.protocol in {TCP, UDP} and entry.port_range:
        return _between(packet.destination_port, entry.port_range.first, entry.port_range.last)
    if packet.icmp_type is not None and entry.icmp_type_code:
        return _icmp_matches(entry.icmp_type_code.type, entry.icmp_type_code.code, packet)
    return True


def _is_all(protocol: str) -> bool:
    return protocol in {"-1", "all"}


def _protocol_matches(protocol: str, packet: Packet) -> bool:
    # S-SG-03: numbers and names are the same protocol. S-ICMP-01: the other family's ICMP is read literally.
    return _is_all(protocol) or packet.protocol == (_NUMBERS.get(protocol.lower()) or int(protocol))


def _between(port: int | None, low: int | None, high: int | None) -> bool:
    return port is not None and (low if low is not None else 0) <= port <= (high if high is not None else 65535)


def _icmp_matches(icmp_type: int | None, code: int | None, packet: Packet) -> bool:
    """Type and code of a rule against the packet's; -1 or nothing stands for all (S-SG-04)."""
    return icmp_type in {None, -1, packet.icmp_type} and code in {None, -1, packet.icmp_code}


# Security groups ------------------------------------------------------------------------------------


#: A VPC whose group identities come over a transit gateway, and why only perhaps (S-TGW-08).
OverTgw = tuple[str, str | None]


class _Asked(NamedTuple):
    """A packet that an interface sends (`egress`) or receives; `stripped` as in `groups_ruling`."""

    topology: Topology
    interface: NetworkInterface
    packet: Packet
    egress: bool
    stripped: str | None
    over_tgw: tuple[OverTgw, ...] = ()

    @property
    def remote(self) -> str:
        return self.packet.destination if self.egress else self.packet.source  # S-SG-02

    def rules(self, group: SecurityGroup) -> tuple[IpPermission, ...]:
        return group.ip_permissions_egress if self.egress else group.ip_permissions


def groups_ruling(
    topology: Topology,
    interface: NetworkInterface,
    packet: Packet,
    *,
    egress: bool,
    stripped: str | None = None,
    over_tgw: tuple[OverTgw, ...] = (),
) -> Ruling:
    """What all groups of the interface make of a packet that it sends (`egress`) or receives (S-SG-01, S-SG-02).

    `stripped` is the sender's own address where the way has taken away what references match on (S-SG-06).
    """
    if not interface.group_ids:
        name = interface.network_interface_id
        return Ruling(None, name, detail=f"{name} names no security group")
    asked = _Asked(topology, interface, packet, egress, stripped, over_tgw)
    found = [(g, topology.snapshot.security_groups.get(g)) for g in interface.group_ids]
    rules = [rule for _, group in found if group for rule in asked.rules(group)]
    edges = [
        p for r in rules if r.from_port is not None and r.to_port is not None for p in (r.from_port, r.to_port + 1)
    ]
    return _agreed(packet, [_any_match(asked._replace(packet=p), found) for p in _each_port(packet, edges)])


def _any_match(asked: _Asked, found: list[tuple[str, SecurityGroup | None]]) -> Ruling:
    """The first rule that admits for sure; else a doubt, where some rule may admit."""
    doubt, lost = None, False
    for group_id, group in found:
        if group is None:
            scope = asked.topology.interface_scope(asked.interface)
            doubt = doubt or asked.topology.snapshot.why_missing("security_groups", group_id, scope)
            continue
        for index, rule in enumerate(asked.rules(group)):
            for peer in _peers(asked, rule) if header_matches(rule, asked.packet) else ():
                if isinstance(peer, dict):
                    return _admitted(asked, group_id, index, rule, peer)
                lost = lost or peer is None
                doubt = doubt or (f"{group_id}: {peer}" if peer else None)
    component = found[0][0] if found else asked.interface.network_interface_id
    if doubt:
        return Ruling(None, component, detail=doubt)
    return _refused(asked, component, [group for _, group in found if group], lost=lost)


def _admitted(asked: _Asked, group_id: str, index: int, rule: IpPermission, peer: dict[str, object]) -> Ruling:
    ports = {"IpProtocol": rule.ip_protocol, "FromPort": rule.from_port, "ToPort": rule.to_port}
    members = {"GroupId": group_id} | {key: value for key, value in ports.items() if value is not None} | peer
    pointer = f"/{'IpPermissionsEgress' if asked.egress else 'IpPermissions'}/{index}"
    source = asked.topology.snapshot.source("security_groups", group_id)
    return Ruling(ALLOW, group_id, members, (at(source, pointer),))


def _refused(asked: _Asked, component: str, groups: list[SecurityGroup], *, lost: bool) -> Ruling:
    evidence = tuple(asked.topology.snapshot.source("security_groups", g.group_id) for g in groups)
    names = ", ".join(g.group_id for g in groups) or component
    way = "egress" if asked.egress else "ingress"
    if not any(asked.rules(group) for group in groups):
        return Ruling(DENY, component, None, evidence, "SG_HAS_NO_RULES", f"{names} has no {way} rule")
    if lost:
        detail = f"{names} admits the sender by a group reference, which does not survive the way to it"
        return Ruling(DENY, component, None, evidence, "SG_REFERENCES_NOT_PRESERVED", detail)
    detail = f"no {way} rule of {names} admits {spoken(asked.packet)}"
    return Ruling(DENY, component, None, evidence, "ENI_SG_RULES_MISMATCH", detail)


def header_matches(rule: IpPermission, packet: Packet) -> bool:
    if not _protocol_matches(rule.ip_protocol, packet):
        return False
    if _is_all(rule.ip_protocol):  # S-SG-03
        return True
    if packet.protocol in {TCP, UDP}:
        return rule.from_port == -1 or _between(packet.destination_port, rule.from_port, rule.to_port)  # S-SG-03
    if packet.icmp_type is not None:  # none in ICMP of the other family: only the number is compared (S-ICMP-01)
        return _icmp_matches(rule.from_port, rule.to_port, packet)  # S-SG-04
    return True


def _peers(asked: _Asked, rule: IpPermission) -> Iterator[dict[str, object] | str | None]:
    """What the rule names that matches: its member, a line of doubt, or None for a reference that the way has lost."""
    cidrs = [("CidrIp", r.cidr_ip) for r in rule.ip_ranges] + [("CidrIpv6", r.cidr_ipv6) for r in rule.ipv6_ranges]
    for member, cidr in cidrs:
        if within(asked.remote, (cidr,)):
            yield {member: cidr}
    for list_id in (p.prefix_list_id for p in rule.prefix_list_ids):  # S-SG-09
        entries = asked.topology.snapshot.prefix_lists.get(list_id)
        if entries is None:
            yield f"the entries of {list_id} are not in the snapshot"
        elif within(asked.remote, entries.cidrs):
            yield {"PrefixListId": list_id}
    for pair in rule.user_id_group_pairs:
        matched = _reference(asked.topology, asked.interface, pair, asked.stripped or asked.remote)
        if asked.stripped is None and matched:
            yield {"ReferencedGroupId": pair.group_id} if matched is True else matched
        elif matched is True:
            yield None
        for vpc_id, doubt in () if asked.egress else asked.over_tgw:
            yield from _over_tgw(asked, pair, vpc_id, doubt)


def _over_tgw(
    asked: _Asked, pair: UserIdGroupPair, vpc_id: str, doubt: str | None
) -> Iterator[dict[str, object] | str]:
    """Members of the VPC whose packets come over a transit gateway, or why there may be one (S-TGW-08, S-SG-08)."""
    topology = asked.topology
    members = (i for i in topology.members_of_group.get(pair.group_id, ()) if i.vpc_id == vpc_id)
    if any(holds(i, asked.remote) for i in members):
        yield doubt or {"ReferencedGroupId": pair.group_id}
        return
    vpc, scope = topology.snapshot.vpcs.get(vpc_id), topology.vpc_scope(vpc_id)
    gap = topology.interfaces_gap(vpc_id, pair.group_id)
    if gap is None and pair.user_id and scope.account and pair.user_id != scope.account:
        gap = topology.snapshot.gap("interfaces", scope._replace(account=pair.user_id))
    if gap is None and doubt is not None:
        gap = doubt
    if gap and (vpc is None or within(asked.remote, vpc.cidrs)):
        yield f"members of {pair.group_id} may be missing: {gap}"


# References (S-SG-06 to S-SG-08) --------------------------------------------------------------------


def _reference(topology: Topology, interface: NetworkInterface, pair: UserIdGroupPair, address: str) -> bool | str:
    """Whether a member has the address and the reference is in force; one line where that is undecided."""
    if pair.peering_status not in {None, "active"}:
        return False
    doubt = _hidden_member(topology, interface, pair, address)
    for member in topology.members_of_group.get(pair.group_id, ()):
        if holds(member, address):
            force = _in_force(topology, interface.vpc_id, member.vpc_id, pair)
            if force is True:
                return True
            doubt = doubt or force or None
    return doubt or False


def _in_force(topology: Topology, vpc_id: str | None, other: str | None, pair: UserIdGroupPair) -> bool | str:
    """Whether a reference holds between two VPCs: one and the same, or peered and active in one Region (S-SG-07)."""
    if vpc_id is None or other is None:
        return f"{pair.group_id} has a member whose VPC the snapshot does not name"
    if vpc_id == other:
        return True
    named = pair.vpc_peering_connection_id
    for peering in topology.peerings_of(vpc_id):
        far = peering.far_side(vpc_id)
        if far is None or far.vpc_id != other or named not in {None, peering.vpc_peering_connection_id}:
            continue
        near = peering.side_of(vpc_id)
        if peering.status.code == "active" and near is not None and near.region == far.region:
            return True
    return topology.peerings_gap(vpc_id) or False


def _hidden_member(topology: Topology, interface: NetworkInterface, pair: UserIdGroupPair, address: str) -> str | None:
    """Why the group may have a member with that address which the snapshot does not show (S-SG-08)."""
    snapshot, scope = topology.snapshot, topology.interface_scope(interface)
    damaged = (m for m in snapshot.missing.values() if m.table == "interfaces")
    unusable = next((m for m in damaged if not m.refers or pair.group_id in m.refers), None)
    gap = snapshot.gap("interfaces", Scope(pair.user_id or scope.account, scope.region))
    why = f"{unusable.id}: {unusable.why}" if unusable else gap
    if why is None or not within(address, _member_cidrs(topology, interface, pair)):
        return None
    return f"members of {pair.group_id} may be missing: {why}"


def _member_cidrs(topology: Topology, interface: NetworkInterface, pair: UserIdGroupPair) -> tuple[str, ...]:
    """The blocks that members can have addresses in: those of the interface's VPC and of its active peers."""
    here = interface.vpc_id or ""
    vpc = topology.snapshot.vpcs.get(here)
    if vpc is None:
        return ("0.0.0.0/0", "::/0")
    own = vpc.cidrs  # a group of another VPC may have members here (S-SG-11)
    peers: list[str] = []
    for peering in topology.peerings_of(here):
        near, far = peering.side_of(here), peering.far_side(here)
        if near and far and peering.status.code == "active" and near.region == far.region:
            record = topology.snapshot.vpcs.get(far.vpc_id or "")
            peers += (record or far).cidrs if pair.vpc_id in {None, far.vpc_id} else ()
    return own + tuple(peers)
