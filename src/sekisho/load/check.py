"""What a record of AWS cannot say: a CIDR with host bits, a port above 65535, a protocol that does not exist.

Each check gives one line that says what is wrong, or None. A record that fails is not used at all:
a rule that cannot be read in full must not decide anything.
"""

import re
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from ipaddress import ip_address, ip_network
from itertools import starmap
from operator import attrgetter
from typing import Any

from sekisho.model import (
    border,
    edge,
    filters,
    firewall,
    gated,
    gateways,
    interface,
    remote_access,
    routing,
    transit_gateway,
    vpc,
)
from sekisho.model.kinds import Kind
from sekisho.model.record import Record

_NAMED_PROTOCOLS = {"tcp", "udp", "icmp", "icmpv6"}
_WITH_PORTS = {"tcp", "6", "udp", "17"}
_WITH_TYPES = {"icmp", "1", "icmpv6", "58"}
_BYTE, _LAST_PORT = 255, 65535
_LAST_RULE = 32768  # AWS closes a list with 32767 (IPv4) and 32768 (IPv6).
_LONGEST_ID = 256
_IPV4_LENGTHS = frozenset(map(str, range(33)))
_ID = re.compile(rf"[!-~]{{1,{_LONGEST_ID}}}")


def flaw(kind: Kind, record: Record) -> str | None:
    """Why the record cannot be as AWS wrote it, or None."""
    name = getattr(record, kind.id_field)
    if name is not None and not _ID.fullmatch(name):
        return f"{name!r} is not an id"
    for found in _CHECKS.get(type(record), _nothing)(record):
        if found:
            return found
    return None


def flawless(kind: Kind, records: Sequence[Any]) -> bool:
    """Whether `flaw` finds nothing in any of the records; what many of them say is judged once."""
    names = map(attrgetter(kind.id_field), records)
    if not _are_ids([name for name in names if name is not None]):
        return False
    together = _TOGETHER.get(kind.type)
    if together:
        return together(records)
    check = _CHECKS.get(kind.type)
    return check is None or not any(map(any, map(check, records)))


def _are_ids(names: Sequence[str]) -> bool:
    text = "".join(names)
    lengths = {*map(len, names)} or {1}
    visible = text.isascii() and text.isprintable() and " " not in text
    return visible and min(lengths) > 0 and max(lengths) <= _LONGEST_ID


def _nothing(_: Record) -> Iterable[str | None]:
    return ()


# Addresses ------------------------------------------------------------------------------------------


def _ipv4(text: str | None) -> str | None:
    return _address(text, socket.AF_INET, "IPv4")


def _ipv6(text: str | None) -> str | None:
    return _address(text, socket.AF_INET6, "IPv6")


def _address(text: str | None, family: int, name: str) -> str | None:
    if text is None:
        return None
    try:
        socket.inet_pton(family, text)
    except (OSError, ValueError):
        return f"{text!r} is not an {name} address"
    return None


def _are_addresses(texts: Iterable[str | None], family: int) -> bool:
    try:
        for text in texts:
            if text is not None:
                socket.inet_pton(family, text)
    except (OSError, ValueError):
        return False
    return True


@lru_cache(maxsize=65536)
def _cidr(text: str | None, version: int | None) -> str | None:
    if text is None or (version in {4, None} and _is_ipv4_network(text)):
        return None
    try:
        network = ip_network(text, strict=False)
    except ValueError:
        network = None
    if network is None or not re.fullmatch(r"[0-9A-Fa-f.:]+/\d{1,3}", text):
        return f"{text!r} is not a CIDR"
    if version and network.version != version:
        return f"{text!r} is not an IPv{version} CIDR"
    host_bits = ip_address(text.partition("/")[0]) != network.network_address
    return f"{text!r} has host bits set (its network is {network})" if host_bits else None


def _is_ipv4_network(text: str) -> bool:
    """Whether it certainly is a CIDR as AWS writes it: the common case, without the cost of `ip_network`."""
    address, _, length = text.partition("/")
    if length not in _IPV4_LENGTHS:
        return False
    try:
        packed = socket.inet_pton(socket.AF_INET, address)
    except (OSError, ValueError):
        return False
    return int.from_bytes(packed) & (0xFFFFFFFF >> int(length)) == 0


def _cidr4(text: str | None) -> str | None:
    return _cidr(text, 4)


def _cidr6(text: str | None) -> str | None:
    return _cidr(text, 6)


# VPCs, interfaces -----------------------------------------------------------------------------------


def _vpc(record: vpc.Vpc) -> Iterable[str | None]:
    yield _cidr4(record.cidr_block)
    yield from (_cidr4(a.cidr_block) for a in record.cidr_block_association_set)
    yield from (_cidr6(a.ipv6_cidr_block) for a in record.ipv6_cidr_block_association_set)


def _subnet(record: vpc.Subnet) -> Iterable[str | None]:
    yield _cidr4(record.cidr_block)
    yield from (_cidr6(a.ipv6_cidr_block) for a in record.ipv6_cidr_block_association_set)


def _interface(record: interface.NetworkInterface) -> Iterable[str | None]:
    ipv4 = [record.private_ip_address, *_associated(record.association)]
    for address in record.private_ip_addresses:
        ipv4.append(address.private_ip_address)
        ipv4 += _associated(address.association)
    yield from map(_ipv4, ipv4)
    yield from (_ipv6(a.ipv6_address) for a in record.ipv6_addresses)
    yield from (_cidr4(p.ipv4_prefix) for p in record.ipv4_prefixes)
    yield from (_cidr6(p.ipv6_prefix) for p in record.ipv6_prefixes)


def _interfaces(records: Sequence[interface.NetworkInterface]) -> bool:
    """The same of many, for a fleet has a hundred thousand of them."""
    private = [a for record in records for a in record.private_ip_addresses]
    ipv4 = {record.private_ip_address for record in records}.union(a.private_ip_address for a in private)
    ipv4.update(*(_associated(record.association) for record in records if record.association))
    ipv4.update(*(_associated(a.association) for a in private if a.association))
    ipv6 = {a.ipv6_address for record in records for a in record.ipv6_addresses}
    prefixes = {p.ipv4_prefix for record in records for p in record.ipv4_prefixes}
    prefixes_ipv6 = {p.ipv6_prefix for record in records for p in record.ipv6_prefixes}
    return (
        _are_addresses(ipv4, socket.AF_INET)
        and _are_addresses(ipv6, socket.AF_INET6)
        and not any(map(_cidr4, prefixes))
        and not any(map(_cidr6, prefixes_ipv6))
    )


def _associated(association: interface.Association | None) -> tuple[str | None, ...]:
    if association is None:
        return ()
    return association.public_ip, association.carrier_ip, association.customer_owned_ip


def _elastic(record: interface.Address) -> Iterable[str | None]:
    yield _ipv4(record.public_ip)
    yield _ipv4(record.private_ip_address)


# Filters --------------------------------------------------------------------------------------------


def _protocol(text: str) -> str | None:
    known = text.lower() in _NAMED_PROTOCOLS or text == "-1" or (re.fullmatch(r"\d{1,3}", text) and int(text) <= _BYTE)
    return None if known else f"{text!r} is not a protocol"


def _group(record: filters.SecurityGroup) -> Iterable[str | None]:
    for permission in (*record.ip_permissions, *record.ip_permissions_egress):
        yield _protocol(permission.ip_protocol)
        yield _permission_ports(permission.ip_protocol, permission.from_port, permission.to_port)
        yield from (_cidr4(r.cidr_ip) for r in permission.ip_ranges)
        yield from (_cidr6(r.cidr_ipv6) for r in permission.ipv6_ranges)


def _groups(records: Sequence[filters.SecurityGroup]) -> bool:
    """The same of many: their rules name the same ports and CIDRs over and over."""
    permissions = [p for r in records for p in (*r.ip_permissions, *r.ip_permissions_egress)]
    ports = {(p.ip_protocol, p.from_port, p.to_port) for p in permissions}
    cidrs = {r.cidr_ip for p in permissions for r in p.ip_ranges}
    cidrs_ipv6 = {r.cidr_ipv6 for p in permissions for r in p.ipv6_ranges}
    return not (
        any(_protocol(protocol) for protocol, _, _ in ports)
        or any(starmap(_permission_ports, ports))
        or any(map(_cidr4, cidrs))
        or any(map(_cidr6, cidrs_ipv6))
    )


def _permission_ports(protocol: str, low: int | None, high: int | None) -> str | None:
    protocol = protocol.lower()
    if protocol in _WITH_PORTS and (low, high) not in {(None, None), (-1, -1)}:
        return _ports(low, high)
    if protocol in _WITH_TYPES and not all(-1 <= n <= _BYTE for n in (low, high) if n is not None):
        return f"{low}-{high} is not an ICMP type and code"
    return None


def _ports(low: int | None, high: int | None) -> str | None:
    if low is None or high is None:
        return "it names only one end of a port range"
    return None if 0 <= low <= high <= _LAST_PORT else f"{low}-{high} is not a port range"


def _acl(record: filters.NetworkAcl) -> Iterable[str | None]:
    numbers: dict[tuple[bool, int], filters.AclEntry] = {}
    for entry in record.entries:
        yield from _acl_entry(entry)
        if numbers.setdefault((entry.egress, entry.rule_number), entry) != entry:
            yield f"rule {entry.rule_number} is there twice with different contents"


def _acl_entry(entry: filters.AclEntry) -> Iterable[str | None]:
    if not 1 <= entry.rule_number <= _LAST_RULE:
        yield f"{entry.rule_number} is not a rule number"
    if entry.rule_action not in {"allow", "deny"}:
        yield f"{entry.rule_action!r} is neither allow nor deny"
    if (entry.cidr_block is None) == (entry.ipv6_cidr_block is None):
        yield f"rule {entry.rule_number} does not name exactly one CIDR"
    yield _protocol(entry.protocol)
    yield _cidr4(entry.cidr_block)
    yield _cidr6(entry.ipv6_cidr_block)
    if entry.port_range is not None and entry.protocol.lower() in _WITH_PORTS:
        yield _ports(entry.port_range.first, entry.port_range.last)
    kinds = entry.icmp_type_code
    if kinds is not None and not (-1 <= kinds.type <= _BYTE and -1 <= kinds.code <= _BYTE):
        yield f"{kinds.type}/{kinds.code} is not an ICMP type and code"


def _prefix_list(record: filters.PrefixList) -> Iterable[str | None]:
    return (_cidr(c, None) for c in record.cidrs)


# Routes, gateways -----------------------------------------------------------------------------------


def _route_table(record: routing.RouteTable) -> Iterable[str | None]:
    for route in record.routes:
        yield _cidr4(route.destination_cidr_block)
        yield _cidr6(route.destination_ipv6_cidr_block)
        named = (route.destination_cidr_block, route.destination_ipv6_cidr_block, route.destination_prefix_list_id)
        if sum(n is not None for n in named) != 1:
            yield "a route does not name exactly one destination"


def _nat(record: gateways.NatGateway) -> Iterable[str | None]:
    for address in record.nat_gateway_addresses:
        yield _ipv4(address.private_ip)
        yield _ipv4(address.public_ip)


def _peering(record: gateways.VpcPeeringConnection) -> Iterable[str | None]:
    for side in (record.requester_vpc_info, record.accepter_vpc_info):
        yield _cidr4(side.cidr_block)
        yield from (_cidr4(c.cidr_block) for c in side.cidr_block_set)
        yield from (_cidr6(c.ipv6_cidr_block) for c in side.ipv6_cidr_block_set)


# Outposts, address pools, firewalls ------------------------------------------------------------------


def _local_gateway_routes(record: border.LocalGatewayRoutes) -> Iterable[str | None]:
    return (_cidr4(route.destination_cidr_block) for route in record.routes)


def _pool(record: border.PublicIpv4Pool) -> Iterable[str | None]:
    for addresses in record.pool_address_ranges:
        yield _ipv4(addresses.first_address)
        yield _ipv4(addresses.last_address)


def _byoip(record: border.ByoipCidr) -> Iterable[str | None]:
    yield _cidr(record.cidr, None)


def _rule_group(record: firewall.RuleGroup) -> Iterable[str | None]:
    for rule in record.rule_group.rules_source.stateless_rules_and_custom_actions.stateless_rules:
        match = rule.rule_definition.match_attributes
        for ports in (*match.source_ports, *match.destination_ports):
            yield _ports(ports.from_port, ports.to_port)
        yield from (None if 0 <= n <= _BYTE else f"{n} is not a protocol" for n in match.protocols)


# Transit gateways -----------------------------------------------------------------------------------


def _transit_routes(record: transit_gateway.TransitGatewayRoutes) -> Iterable[str | None]:
    return (_cidr(route.destination_cidr_block, None) for route in record.routes)


_POLICY_PROTOCOLS = {None, *transit_gateway.POLICY_PROTOCOLS, *map(str, range(256))}


def _transit_policies(record: transit_gateway.TransitGatewayPolicyEntries) -> Iterable[str | None]:
    for entry in record.transit_gateway_policy_table_entries:
        rule = entry.policy_rule
        if entry.policy_rule_number != "*" and not re.fullmatch(r"[0-9]{1,9}", entry.policy_rule_number):
            yield f"{entry.policy_rule_number!r} is not a rule number"
        if rule.protocol not in _POLICY_PROTOCOLS:
            yield f"{rule.protocol!r} is not a protocol of a policy table"
        yield from (_cidr(c, None) for c in (rule.source_cidr_block, rule.destination_cidr_block) if c != "*")
        yield from map(_port_text, (rule.source_port_range, rule.destination_port_range))


def _port_text(text: str | None) -> str | None:
    """`*`, one port, or `LOW-HIGH`."""
    if text in {None, "*"}:
        return None
    found = re.fullmatch(r"([0-9]{1,5})(?:-([0-9]{1,5}))?", text or "")
    return _ports(int(found[1]), int(found[2] or found[1])) if found else f"{text!r} is not a port range"


# Edge services, remote access ------------------------------------------------------------------------


def _spans(spans: Iterable[edge.PortSpan]) -> Iterable[str | None]:
    return (_ports(s.from_port, s.to_port) for s in spans)


def _endpoint_group(record: edge.EndpointGroup) -> Iterable[str | None]:
    for override in record.port_overrides:
        yield _ports(override.listener_port, override.listener_port)
        yield _ports(override.endpoint_port, override.endpoint_port)


def _verified_access(record: gated.VerifiedAccessEndpoint) -> Iterable[str | None]:
    options = (record.load_balancer_options, record.network_interface_options, record.cidr_options)
    for found in options:
        yield from _spans(found.port_ranges if found else ())
    yield _cidr(record.cidr_options.cidr, None) if record.cidr_options else None


#: Where a kind may have very many records: whether all of them are without flaw.
_TOGETHER: Mapping[type, Callable[[Sequence[Any]], bool]] = {
    interface.NetworkInterface: _interfaces,
    filters.SecurityGroup: _groups,
}

_CHECKS: Mapping[type, Callable[[Any], Iterable[str | None]]] = {
    vpc.Vpc: _vpc,
    vpc.Subnet: _subnet,
    interface.NetworkInterface: _interface,
    interface.Address: _elastic,
    filters.SecurityGroup: _group,
    filters.NetworkAcl: _acl,
    filters.PrefixList: _prefix_list,
    routing.RouteTable: _route_table,
    gateways.NatGateway: _nat,
    gateways.VpcPeeringConnection: _peering,
    edge.AcceleratorListener: lambda record: _spans(record.port_ranges),
    edge.EndpointGroup: _endpoint_group,
    gated.VerifiedAccessEndpoint: _verified_access,
    remote_access.ClientVpnEndpoint: lambda record: (_cidr4(record.client_cidr_block),),
    remote_access.ClientVpnAuthorizationRule: lambda record: (_cidr(record.destination_cidr, None),),
    remote_access.ClientVpnRoute: lambda record: (_cidr(record.destination_cidr, None),),
    remote_access.DirectConnectGatewayAssociation: lambda record: (
        _cidr(p.cidr, None) for p in record.allowed_prefixes_to_direct_connect_gateway
    ),
    border.LocalGatewayRoutes: _local_gateway_routes,
    border.PublicIpv4Pool: _pool,
    border.ByoipCidr: _byoip,
    firewall.RuleGroup: _rule_group,
    transit_gateway.TransitGatewayRoutes: _transit_routes,
    transit_gateway.TransitGatewayPolicyEntries: _transit_policies,
}
