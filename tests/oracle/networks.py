"""Random networks in which more gets through, so that replies, their ACLs and routes decide more often."""

from random import Random
from typing import TypeVar

import msgspec

from estates import entry, perm, route
from random_networks import Network, network
from sekisho.model.filters import AclEntry, NetworkAcl, SecurityGroup
from sekisho.model.record import Record
from sekisho.model.routing import Route, RouteTable

R = TypeVar("R", bound=Record)

_PREFIXES = ("0.0.0.0/0", "198.51.100.0/24", "198.51.100.0/25", "203.0.113.0/29", "10.0.0.0/8", "10.1.0.0/25")
_PREFIXES6 = ("::/0", "2000::/3", "2001:db8:ffff::/48", "2001:db8:1::/60")
_RANGES = ((22, 22), (0, 1023), (1024, 65535), (32768, 60999), (443, 443))
_ICMP = ((8, 0), (0, 0), (13, 0), (14, 0), (3, -1), (128, 0), (129, 0), (-1, -1))


def lively(seed: int) -> Network:
    """The network of the seed with wider groups, ACLs that end in allowing, and more routes beyond the VPC."""
    whole, r = network(seed), Random(seed)
    return whole._replace(records=tuple(_livelier(record, r) for record in whole.records))


def _livelier(record: Record, r: Random) -> Record:
    match record:
        case SecurityGroup() if r.randrange(4):
            wide = perm(r.choice(("-1", "tcp", "tcp", "icmp", "icmpv6")), None, "0.0.0.0/0", "::/0")
            return msgspec.structs.replace(record, ip_permissions=(*record.ip_permissions, wide))
        case NetworkAcl():
            fresh = [_entry(number, r) for number in r.sample(range(1, 80), r.randint(2, 6))]
            last = [entry(n, d, "allow", c) for d in ("in", "out") for n, c in ((900, "0.0.0.0/0"), (901, "::/0"))]
            kept = tuple(e for e in record.entries if e.rule_number < 900)
            return msgspec.structs.replace(record, entries=(*fresh, *kept, *last))
        case RouteTable(routes=routes) if routes and not any(a.gateway_id for a in record.associations):
            return msgspec.structs.replace(record, routes=(*routes, *_more_routes(record, r)))
        case _:
            return record


def _entry(number: int, r: Random) -> AclEntry:
    cidr, direction = r.choice(_PREFIXES + _PREFIXES6), r.choice(("in", "out", "out"))
    protocol = r.choice(("6", "6", "17", "1", "58", "47"))
    ports = r.choice(_RANGES) if protocol in {"6", "17"} else None
    icmp = r.choice(_ICMP) if protocol in {"1", "58"} else None
    return entry(number, direction, r.choice(("allow", "deny", "deny")), cidr, protocol, ports, icmp)


def _more_routes(table: RouteTable, r: Random) -> list[Route]:
    """Routes to targets that the table has, or propagated ones, each of a prefix that no route of its kind has."""
    number = (table.vpc_id or "")[4:]
    targets = [f"igw-{number}", *(t.target.id for t in table.routes if t.target.id != "local")]
    taken = {(t.destination, t.propagated) for t in table.routes}
    made = []
    for cidr in r.sample(_PREFIXES + _PREFIXES6, r.randint(1, 5)):
        propagated = r.randrange(4) == 0
        if (cidr, propagated) not in taken:
            target = f"vgw-{number}" if propagated else r.choice(targets)
            made.append(route(cidr, target, r.choice(("active",) * 7 + ("blackhole",)), propagated=propagated))
    return made
