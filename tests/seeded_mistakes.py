"""The mistakes that `mutants` puts into the engine and the model, with the checks that see each of them."""

from typing import NamedTuple


class Mistake(NamedTuple):
    """What is mistaken, and how: in the function `place`, `new` stands where `old` stood.

    Seen by `case`, one of the corpus, and on the network of `seed` (see `random_estates`), where the sets and the
    one-packet semantics then contradict each other. What both readings share only a case can show.
    """

    name: str
    place: str
    old: str
    new: str
    case: str = ""
    seed: int | None = None


_FILTERS = (
    Mistake(
        "ACL rules in reverse order",
        "engine.filters:acl_entries",
        "e.rule_number)",
        "-e.rule_number)",
        "acls/002-lowest-number-wins",
        28,
    ),
    Mistake(
        "an ACL knows connections",
        "engine.walk:Walker.check_acl",
        "share = decided(flows)",
        "share = decided(t.region if t.header.reply else flows)",
        "acls/011-reply-to-privileged-ports-only",
    ),
    Mistake(
        "replies filtered by the ports of the request",
        "engine.filters:_with_ports",
        "thirds=None if reply else limits,\n        fourths=limits if reply else None",
        "thirds=limits,\n        fourths=None",
        "acls/012-reply-to-one-port",
        413,
    ),
    Mistake("ICMP codes ignored", "engine.filters:_codes", "code == -1", "True", "icmp/002-one-type-one-code", 140),
    Mistake(
        "the reply of a ping is a ping",
        "engine.filters:_with_icmp",
        "_answered_by(number, matched) if reply else matched",
        "matched",
        "icmp/008-echo-reply-through-acl",
    ),
    Mistake(
        "IPv6 takes the IPv4 entries of an ACL",
        "engine.filters:_entry_cidr",
        "else entry.ipv6_cidr_block",
        'else entry.cidr_block and "::/0"',
        "acls/007-ipv4-entries-say-nothing-of-ipv6",
        182,
    ),
    Mistake(
        "only the first group of an interface counts",
        "engine.groups:Groups.of_interface",
        "ids = interface.group_ids",
        "ids = interface.group_ids[:1]",
        "groups/004-union-of-two-groups",
        14,
    ),
    Mistake(
        "IPv4 takes the IPv6 rules of a group",
        "engine.groups:Groups._permission",
        "cidrs = [r.cidr_ip for r in rule.ip_ranges]",
        'cidrs = [*(r.cidr_ip for r in rule.ip_ranges), *("0.0.0.0/0" for _ in rule.ipv6_ranges)]',
        "groups/017-ipv6-says-nothing-of-ipv4",
        0,
    ),
    Mistake(
        "prefix lists match addresses of the other family",
        "engine.groups:Groups._permission",
        "known += parse_ranges(entries, family)",
        "known += [(0, top(family))] if entries else []",
        "groups/036-prefix-list-and-blocks",
        0,
    ),
    Mistake(
        "a group reference matches public addresses",
        "engine.addresses:addresses_of",
        "a.private_ip_address for a",
        "(a.association and a.association.public_ip) or a.private_ip_address for a",
        "balancers/002-narrow-group-of-the-balancer",
        224,
    ),
    Mistake(
        "a group reference holds across Regions",
        "engine.groups:Groups._in_force",
        "near.region == far.region",
        "True",
        seed=112,
    ),
    Mistake(
        "a stale group reference holds",
        "engine.groups:Groups._in_force",
        'pair.peering_status not in {None, "active"}',
        "False",
        seed=27,
    ),
    Mistake(
        "protocols without ports need no rule of their own",
        "engine.filters:permission_flows",
        "protocols=[(protocol, protocol)], remotes=remotes)",
        "protocols=ALL_PROTOCOLS, remotes=remotes)",
        "groups/009-other-protocols-have-no-ports",
        14,
    ),
    Mistake(
        "groups are asked again for replies",
        "engine.connection:Connector._replies",
        "tracked=tracked | {seen(name, t.header)}",
        "tracked=frozenset()",
        "acls/024-sender-subnet-egress",
        35,
    ),
)

_ROUTES = (
    Mistake(
        "the shortest prefix wins",
        "engine.routes:sweep",
        "stack.append((high, winner))",
        "stack.append((high, stack[-1][1] if len(stack) > 1 else winner))",
        "appliances/001-forwards",
        35,
    ),
    Mistake(
        "propagated before static",
        "engine.routes:_candidates",
        "_PROPAGATED if route.propagated",
        "-1 if route.propagated",
        "routes/013-static-before-propagated",
    ),
    Mistake(
        "the local route loses to propagated ones inside it",
        "engine.routes:_without_overruled",
        "c.rank != _PROPAGATED",
        "True",
        "routes/015-local-before-propagated",
    ),
    Mistake(
        "prefix lists before static routes",
        "engine.routes:_candidates",
        "_Candidate(p, _LISTED, place)",
        "_Candidate(p, -1, place)",
        "routes/018-static-before-prefix-list",
        105,
    ),
    Mistake(
        "a blackhole is a route like others",
        "engine.walk:Walker._follow",
        'route.state == "blackhole"',
        "False",
        "routes/008-longest-prefix-blackhole",
    ),
    Mistake(
        "no reply has to come back",
        "engine.connection:Connector._connection",
        "delivered & _through(reply.checks, question)",
        "delivered",
        "acls/011-reply-to-privileged-ports-only",
        0,
    ),
    Mistake(
        "the main route table of another VPC",
        "model.topology:Topology.route_table_of",
        "self._main_tables.get(subnet.vpc_id, ())",
        "next(reversed(self._main_tables.values()), ())",
        "bpa/016-peering-is-not-public",
    ),
    Mistake(
        "subnets know their VPC's main route table only",
        "model.topology:Topology.route_table_of",
        "self._tables_by_subnet.get(subnet.subnet_id, ())",
        "()",
        "appliances/001-forwards",
    ),
)

_INTERFACES = (
    Mistake(
        "stopped instances answer",
        "engine.walk:Walker._check_instance",
        "elif instance.state.name in _NO_PACKETS",
        "elif False",
        "interfaces/005-stopping",
        0,
    ),
    Mistake(
        "detached interfaces answer",
        "engine.walk:Walker.check_state",
        'interface.status not in {"in-use", "associated"}',
        "False",
        "interfaces/003-available",
        77,
    ),
    Mistake(
        "the source/destination check ignored",
        "engine.walk:Walker._appliance",
        "if interface.source_dest_check",
        "if False",
        "appliances/002-check-on",
    ),
    Mistake(
        "delegated prefixes are nobody's",
        "model.topology:Topology.holders_in_vpc",
        "exact or tuple",
        "exact and tuple",
        "interfaces/011-delegated-prefix",
    ),
    Mistake(
        "what was not read is empty",
        "model.topology:Topology._gap",
        "return gap\n",
        "return None\n",
        "loading/008-absent-internet-gateways",
    ),
)

_GATEWAYS = (
    Mistake(
        "no public address is needed",
        "engine.gateways.crossing:Crossing.check_public",
        "if public is None:",
        "public = public or text\n        if public is None:",
        "balancers/008-internal-balancer",
    ),
    Mistake(
        "a gateway of another VPC carries",
        "engine.gateways.crossing:Crossing.internet_gateway",
        "attached is None or attached.internet_gateway_id != target",
        "attached is None",
        "routes/012-gateway-of-another-vpc",
    ),
    Mistake(
        "a detached gateway carries",
        "model.topology:Topology._internet_gateways",
        "if a.vpc_id and a.in_force",
        "if a.vpc_id",
        "gateways/003-detached",
    ),
    Mistake(
        "private IPv6 addresses are public",
        "engine.gateways.internet_addresses:unpublic_ipv6",
        'b.ipv6_address_attribute == "private"',
        "False",
        "vpc/009-private-ipv6-block",
    ),
    Mistake(
        "a NAT gateway takes replies of connections that it never saw",
        "engine.gateways.nat:Nat.translate",
        'if self._w.crossing.is_stray_reply(leg, t, "translate")',
        "if False",
        "gateways/009-reply-by-a-nat-gateway",
    ),
    Mistake(
        "a NAT gateway carries every protocol",
        "engine.gateways.nat:Nat._send_on",
        "[(ICMP, ICMP), (TCP, TCP), (UDP, UDP)]",
        "[(0, 255)]",
        "nat/018-behind-a-nat-gateway",
    ),
    Mistake(
        "a NAT gateway accepts connections",
        "engine.walk:Walker.check_state",
        "if kind in _NAT_KINDS and not t.header.reply",
        "if False",
        "nat/002-never-in",
        224,
    ),
    Mistake(
        "peering is transitive",
        "engine.gateways.crossing:Crossing.peering",
        "self.far_ranges(far.vpc_id, far.cidrs)",
        "((0, (1 << 32) - 1),)",
        "peering/011-not-transitive",
        84,
    ),
    Mistake(
        "a peering connection that is not active carries",
        "engine.gateways.crossing:Crossing.peering",
        'peering.status.code != "active" or far is None:',
        "far is None:",
        "peering/002-pending-acceptance",
        189,
    ),
    Mistake(
        "a VPN carries IPv6",
        "engine.facts:Facts.carries_ipv6",
        "return False",
        "return True",
        "vgw/008-no-ipv6-over-vpn",
    ),
    Mistake(
        "edge route tables ignored",
        "engine.gateways.edge:Edge.enter",
        "self._facts.topology.edge_table_of(gateway, vpc_id)",
        "None",
        "loading/007-absent-route-tables",
        135,
    ),
    Mistake(
        "exclusions of Block Public Access ignored",
        "engine.bpa:block_public_access",
        "(options.internet_gateway_block_mode, exclusion, evidence)",
        "(options.internet_gateway_block_mode, None, evidence)",
        "bpa/006-exclusion-of-the-subnet",
    ),
    Mistake(
        "Block Public Access stops what NAT gateways start",
        "engine.bpa:BlockPublicAccess.blocks",
        'use != "nat"',
        "True",
        "bpa/004-ingress-and-nat",
    ),
)

_SERVICES = (
    Mistake(
        "transit gateways take propagated routes before static ones",
        "engine.gateways.transit_routes:_rank",
        "return _STATIC",
        "return 99",
        seed=372,
    ),
    Mistake(
        "transit gateways know no blackholes",
        "engine.gateways.transit_routes:_candidates",
        'route.state == "blackhole"',
        "False",
        "transit/002-longest-prefix",
    ),
    Mistake(
        "firewall rules in reverse order",
        "engine.gateways.firewall:FirewallRules._strict",
        "in self._rules(settings, reference, header):",
        "in reversed(list(self._rules(settings, reference, header))):",
        "firewalls/003-strict-order",
    ),
    Mistake(
        "firewalls drop before they pass",
        "engine.gateways.firewall:FirewallRules._by_action",
        "Share(passed[0] | ~dropped[1], passed[1] | ~dropped[0], tuple(notes))",
        "Share(~dropped[1], ~dropped[0], tuple(notes))",
        "firewalls/001-pass-before-drop",
    ),
    Mistake(
        "the port of a listener ignored",
        "engine.ways.ends:_by_front",
        "thirds=[(f.port, f.port)]",
        "thirds=None",
        "balancers/046-client-addresses-preserved",
        24,
    ),
    Mistake(
        "load balancers send to targets in every zone",
        "engine.ways.balancers:Relays._sends",
        "crosses = place.treatment.crosses",
        "crosses = True",
        "balancers/028-cross-zone-off",
    ),
    Mistake(
        "interface endpoints take every protocol",
        "engine.ways.ends:_by_endpoint",
        "protocols=[(TCP, TCP), (UDP, UDP)]",
        "protocols=[(0, 255)]",
        "privatelink/007-interface-endpoint",
    ),
)

MISTAKES: tuple[Mistake, ...] = (*_FILTERS, *_ROUTES, *_INTERFACES, *_GATEWAYS, *_SERVICES)
