"""Security groups and network ACLs as conditions on a packet, rule by rule as their documents state them."""

import z3

from sekisho.model.filters import AclEntry, IpPermission, NetworkAcl, UserIdGroupPair
from sekisho.model.interface import NetworkInterface

from .estate import Estate
from .logic import ALWAYS, ICMP, ICMPV6, NEVER, NO, OPEN, TCP, UDP, YES, Header, Truth, any_of, between, known, within

_NUMBERS = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}


# Network ACLs ---------------------------------------------------------------------------------------


def acl_admits(acl: NetworkAcl | None, header: Header, *, egress: bool) -> Truth:
    """Some entry allows what none of a lower number matches (S-ACL-02). Which ACL it is may not be known."""
    if acl is None:
        return OPEN
    entries = [e for e in acl.entries if e.egress == egress]
    matches = {e.rule_number: _entry_matches(e, header) for e in entries}
    allowing = [
        z3.And(matches[e.rule_number], *(z3.Not(m) for number, m in matches.items() if number < e.rule_number))
        for e in entries
        if e.rule_action == "allow"
    ]
    return known(z3.Or(allowing)) if allowing else NEVER


def _entry_matches(entry: AclEntry, header: Header) -> z3.BoolRef:
    remote = header.destination if entry.egress else header.source  # S-ACL-05
    cidr = entry.cidr_block if header.family == "ipv4" else entry.ipv6_cidr_block  # S-ACL-03
    if cidr is None:
        return NO
    ports = (entry.port_range.first, entry.port_range.last) if entry.port_range else None
    icmp = (entry.icmp_type_code.type, entry.icmp_type_code.code) if entry.icmp_type_code else None
    return z3.And(within(remote, [cidr], header.family), _service(entry.protocol, ports, icmp, header))


def _service(written: str, ports: tuple[int, int] | None, icmp: tuple[int, int] | None, header: Header) -> z3.BoolRef:
    """The protocol with its destination ports, or type and code of which -1 is any (S-SG-03, S-SG-04, S-ICMP-01)."""
    if written in {"-1", "all"}:
        return YES
    number = _NUMBERS[written.lower()] if written.lower() in _NUMBERS else int(written)
    right = header.protocol == number
    if number in {TCP, UDP} and ports:
        return z3.And(right, between(header.destination_port, *ports))
    if number == header.icmp and icmp:
        members = zip((header.icmp_type, header.icmp_code), icmp, strict=True)
        return z3.And(right, *(member == value for member, value in members if value != -1))
    return right


# Security groups ------------------------------------------------------------------------------------


def groups_admit(
    estate: Estate, interface: NetworkInterface, header: Header, *, egress: bool, senders: str | None = None
) -> Truth:
    """Some rule of some group of the interface admits the packet (S-SG-01, S-SG-02).

    `senders`: the VPC whose members an ingress reference may match, None where the way has taken that away (S-SG-06).
    """
    if not interface.group_ids:
        return OPEN
    found = [estate.snapshot.security_groups.get(g) for g in interface.group_ids]
    doubt = [OPEN] if None in found else []
    vpc_id = interface.vpc_id or ""
    vpcs = [vpc_id, *estate.peers(vpc_id)] if egress else [senders] if senders else []
    rules = [r for g in found if g for r in (g.ip_permissions_egress if egress else g.ip_permissions)]
    return any_of([*doubt, *(_rule_admits(estate, r, header, vpc_id, vpcs, egress=egress) for r in rules)])


def _rule_admits(
    estate: Estate, rule: IpPermission, header: Header, vpc_id: str, vpcs: list[str], *, egress: bool
) -> Truth:
    remote, family = header.destination if egress else header.source, header.family
    cidrs = [r.cidr_ip for r in rule.ip_ranges] + [r.cidr_ipv6 for r in rule.ipv6_ranges]
    lists = [estate.entries(p.prefix_list_id) for p in rule.prefix_list_ids]  # S-SG-09
    peers = [known(within(remote, cidrs, family))]
    peers += [known(within(remote, listed.cidrs, family)) if listed else OPEN for listed in lists]
    peers += [
        _reference_matches(estate, pair, header, remote, vpc)
        for pair in rule.user_id_group_pairs
        for vpc in vpcs
        if estate.in_force(pair, vpc_id, vpc)
    ]
    low, high = rule.from_port, rule.to_port
    given = low is not None and high is not None
    ports = (low, high) if given and low != -1 else None
    icmp = (low, high) if given else None
    return known(_service(rule.ip_protocol, ports, icmp, header)) & any_of(peers)  # type: ignore[arg-type]


def _reference_matches(
    estate: Estate, pair: UserIdGroupPair, header: Header, remote: z3.BitVecRef, vpc_id: str
) -> Truth:
    """Members of the VPC by address; any address of it where members may be hidden (S-SG-06, S-SG-08)."""
    members = known(within(remote, estate.members(pair.group_id, vpc_id), header.family))
    if estate.shows_members_of(pair.user_id):
        return members
    return members | Truth(NO, within(remote, estate.vpc(vpc_id).cidrs, header.family))


# State ----------------------------------------------------------------------------------------------


def in_service(estate: Estate, interface: NetworkInterface) -> Truth:
    """The interface is attached, and its instance takes packets (S-ENI-01, S-INST-01)."""
    attached = ALWAYS if interface.status in {"in-use", "associated"} else OPEN if interface.status is None else NEVER
    if interface.instance_id is None:
        return attached
    instance = estate.snapshot.instances.get(interface.instance_id)
    state = instance.state.name if instance else None
    if state in {"running", "pending"}:
        return attached
    stopped = state in {"stopping", "stopped", "shutting-down", "terminated"}
    return NEVER if stopped else attached & OPEN
