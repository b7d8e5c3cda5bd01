"""Security groups and network ACLs as shares of flows.

Both are read on the *remote* address of the flow; a rule that speaks of the other address is read with
`sets.reshape.pin`. Ports are destination ports in every rule (S-ACL-05, S-SG-02).

- A network ACL is first match by ascending rule number, implicit deny last, each family by itself
  (S-ACL-02, S-ACL-03). It is stateless: the reply is filtered with its swapped header (S-ACL-04), which
  in the coordinates of the first packet is a rule on the source port.
- Security groups are a union of allow rules over all groups of the one interface (S-SG-01), stateful,
  so replies need no rule.
"""

from sekisho.model.filters import AclEntry, IpPermission, NetworkAcl
from sekisho.sets import diagram
from sekisho.sets.diagram import EMPTY, FULL, Node
from sekisho.sets.flows import (
    ALL_PROTOCOLS,
    ICMP,
    ICMP_TOP,
    ICMPV6,
    PORT_TOP,
    PROTOCOL_TOP,
    TCP,
    UDP,
    FlowSet,
    icmp_of,
)
from sekisho.sets.prefixes import Family, Range, parse

_PROTOCOL_NAMES = {"icmp": ICMP, "tcp": TCP, "udp": UDP, "icmpv6": ICMPV6}
# Echo and timestamp are answered by another type; every other type is taken to be answered by itself (S-ICMP-02).
REPLY_TYPES: dict[int, dict[int, int]] = {ICMP: {8: 0, 13: 14}, ICMPV6: {128: 129}}


def protocol_number(written: str) -> int | None:
    """The protocol that a rule names, None for all of them (`-1`) (S-SG-03)."""
    if written in {"-1", "all"}:
        return None
    return _PROTOCOL_NAMES.get(written.lower()) or int(written)


# Network ACLs ---------------------------------------------------------------------------------------


def acl_flows(acl: NetworkAcl, family: Family, *, egress: bool, reply: bool) -> FlowSet:
    """Flows that the ACL lets through in one direction, read on the remote address.

    With `reply` the packet filtered is the reply: its destination port is the flow's source port, its
    ICMP type the one that answers.
    """
    allowed, left = FlowSet.empty(family), FlowSet.full(family)
    for entry in acl_entries(acl, family, egress=egress):
        match = entry_flows(entry, family, reply=reply) & left
        if entry.rule_action == "allow":
            allowed |= match
        left -= match
    return allowed


def acl_entries(acl: NetworkAcl, family: Family, *, egress: bool) -> list[AclEntry]:
    """The entries of the direction and family, in the order in which they are tried (S-ACL-02)."""
    entries = (e for e in acl.entries if e.egress == egress and _entry_cidr(e, family))
    return sorted(entries, key=lambda e: e.rule_number)


def _entry_cidr(entry: AclEntry, family: Family) -> str | None:
    return entry.cidr_block if family == "ipv4" else entry.ipv6_cidr_block


def entry_flows(entry: AclEntry, family: Family, *, reply: bool) -> FlowSet:
    """Flows that one ACL entry matches."""
    cidr = _entry_cidr(entry, family)
    if cidr is None:
        return FlowSet.empty(family)
    remotes = [parse(cidr).range]
    protocol = protocol_number(entry.protocol)
    if protocol is None:
        return FlowSet.of_remotes(family, remotes)
    if protocol in {TCP, UDP}:
        ports = (entry.port_range.first, entry.port_range.last) if entry.port_range else (0, PORT_TOP)
        return _with_ports(family, protocol, remotes, ports, reply=reply)
    if protocol == icmp_of(family) and entry.icmp_type_code:
        icmp = entry.icmp_type_code
        return _with_icmp(family, remotes, icmp.type, icmp.code, reply=reply)
    return FlowSet.build(family, protocols=[(protocol, protocol)], remotes=remotes)


def _with_ports(family: Family, protocol: int, remotes: list[Range], ports: Range, *, reply: bool) -> FlowSet:
    limits = None if ports == (0, PORT_TOP) else [ports]
    return FlowSet.build(
        family,
        protocols=[(protocol, protocol)],
        remotes=remotes,
        thirds=None if reply else limits,
        fourths=limits if reply else None,
    )


def _with_icmp(family: Family, remotes: list[Range], type_: int, code: int, *, reply: bool) -> FlowSet:
    """Flows of one ICMP type and code, -1 standing for all; with `reply`, those that are answered by it."""
    number = icmp_of(family)
    codes = _codes(code)
    matched = _constant(codes) if type_ == -1 else _at(type_, codes)
    below = _answered_by(number, matched) if reply else matched
    addresses = diagram.ranges(remotes, below, (1 << 128) - 1 if family == "ipv6" else (1 << 32) - 1)
    return FlowSet(family, diagram.ranges([(number, number)], addresses, PROTOCOL_TOP))


def _codes(code: int) -> Node:
    return FULL if code == -1 else _at(code, FULL)


def _at(value: int, child: Node) -> Node:
    """A level of 0..255 that leads to `child` at one value only."""
    return diagram.ranges([(value, value)], child, ICMP_TOP)


def _constant(child: Node) -> Node:
    return diagram.node((0,), (child,))


def _answered_by(number: int, matched: Node) -> Node:
    """Types and codes whose answer is matched. Only code 0 of echo and timestamp is answered by another type."""
    answered = matched
    for asked, answer in REPLY_TYPES[number].items():
        own = diagram.child_at(matched, asked)
        passes = diagram.child_at(diagram.child_at(matched, answer), 0) is FULL
        code_zero = _at(0, FULL) if passes else EMPTY
        codes = diagram.union(diagram.difference(own, _at(0, FULL)), code_zero)
        rest = diagram.difference(answered, _at(asked, FULL))
        answered = diagram.union(rest, _at(asked, codes))
    return answered


# Security groups ------------------------------------------------------------------------------------


def permission_flows(
    permission: IpPermission, family: Family, remotes: tuple[Range, ...], *, reply: bool = False
) -> FlowSet:
    """Flows that a permission allows with those remotes (its peers, resolved); `reply` as in `acl_flows`."""
    protocol = protocol_number(permission.ip_protocol)
    if not remotes:
        return FlowSet.empty(family)
    if protocol is None:
        return FlowSet.build(family, protocols=ALL_PROTOCOLS, remotes=remotes)
    low, high = permission.from_port, permission.to_port
    if protocol in {TCP, UDP} and low is not None and high is not None and low != -1:
        return _with_ports(family, protocol, list(remotes), (low, high), reply=reply)
    if protocol == icmp_of(family) and low is not None and low != -1:
        # For ICMP the API writes the type as FromPort and the code as ToPort (S-SG-04).
        return _with_icmp(family, list(remotes), low, -1 if high is None else high, reply=reply)
    return FlowSet.build(family, protocols=[(protocol, protocol)], remotes=remotes)
