"""Small random estates of what the Linux kernel can express; `network(seed)` is the same for the same seed.

Expressed: one to three VPCs of both families, secondary CIDR blocks, subnets, interfaces with several addresses,
stopped instances and detached interfaces, the source/destination check; security groups with references, prefix
lists and ICMP types; network ACLs; main and explicit route tables with static, prefix-list and propagated routes,
blackholes and replaced local routes; internet gateways with one-to-one translation, egress-only gateways, NAT
gateways public and private, peering connections, virtual private gateways, appliances that forward.

Not expressed: what a snapshot leaves open (calls that failed, states nobody knows), delegated prefixes, edge route
tables, Block Public Access, transit gateways, load balancers, firewalls and services that need no route.
"""

from ipaddress import ip_network
from random import Random
from typing import Any, TypeVar

import msgspec

from estates import (
    acl,
    eigw,
    eni,
    entry,
    igw,
    instance,
    nat,
    pcx,
    perm,
    prefix_list,
    route,
    rtb,
    sg,
    subnet,
    vgw,
    vpc,
)
from random_networks import Network
from sekisho.model.filters import AclEntry, IpPermission
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record
from sekisho.model.routing import Route
from sekisho.model.vpc import Subnet, Vpc

T = TypeVar("T")

#: Hosts outside the estate: on the internet, and private ones that only a virtual private gateway leads to.
OUTSIDE = ("198.51.100.7", "8.8.8.8", "192.168.0.9", "100.64.0.9")
OUTSIDE6 = ("2001:db8:ffff::7", "2600::7", "fd00:ff::7")
_RANGES = ((22, 22), (0, 65535), (22, 23), (0, 1023), (1024, 65535), (1025, 65535), (32768, 65535), (0, 49151))
_ICMP = ((-1, -1), (8, 0), (8, -1), (0, 0), (13, 0), (14, 0), (3, 4), (128, 0), (129, 0))
_CIDRS = ("198.51.100.0/24", "198.51.100.7/32", "8.0.0.0/8", "192.168.0.0/16", "0.0.0.0/1", "10.0.0.0/15", "0.0.0.0/0")
_CIDRS6 = ("2000::/3", "2001:db8::/32", "2001:db8:ffff::/48", "2600::/16", "fd00::/8", "::/0")


class _Maker:
    def __init__(self, seed: int) -> None:
        self.r = Random(f"kernel {seed}")
        self.records: list[Record] = []
        self.vpcs: list[Vpc] = []
        self.subnets: list[Subnet] = []
        self.interfaces: list[NetworkInterface] = []
        self.publics = [f"203.0.113.{n}" for n in range(1, 60)]
        self.groups: dict[str, list[str]] = {}
        self.gates: dict[str, list[str]] = {}
        self.cidrs, self.cidrs6 = list(_CIDRS), list(_CIDRS6)

    def chance(self, percent: int) -> bool:
        return self.r.randrange(100) < percent

    def pick(self, pool: "list[T] | tuple[T, ...]") -> T:
        return self.r.choice(pool)

    def some(self, pool: list[T], least: int, most: int) -> list[T]:
        return self.r.sample(pool, min(len(pool), self.r.randint(least, most)))

    def add(self, record: Record) -> None:
        self.records.append(record)

    # VPCs, subnets, interfaces --------------------------------------------------------------------

    def lay_out(self) -> None:
        for n in range(self.pick((1, 2, 2, 3))):
            six = self.pick(
                (f"2001:db8:{n:x}00::/56", f"2001:db8:{n:x}00::/56", f"2001:db8:{n:x}00::/56", f"fd00:{n:x}00::/56")
            )
            more = [f"10.{n}.1.0/24"] if self.chance(20) else []
            made = vpc(f"vpc-{n}", f"10.{n}.0.0/24", *more, *([six] if six else []))
            self.vpcs.append(made)
            self.add(made)
            self.groups[made.vpc_id] = [f"sg-{n}{k}" for k in range(self.pick((1, 2, 3)))]
            blocks = [f"10.{n}.0.0/26", more[0] if more else f"10.{n}.0.64/26"]
            for k, block in enumerate(blocks[: self.pick((1, 2, 2))]):
                own = [str(list(ip_network(six).subnets(new_prefix=64))[k])] if six else []
                self.subnets.append(subnet(f"subnet-{n}{k}", made.vpc_id, block, *own))
                self.add(self.subnets[-1])
        blocks = [c for v in self.vpcs for c in v.cidrs] + [c for s in self.subnets for c in s.cidrs]
        self.cidrs += [c for c in blocks if ":" not in c]
        self.cidrs6 += [c for c in blocks if ":" in c]

    def attach(self) -> None:
        for where in self.subnets:
            for slot in range(self.pick((1, 2, 2))):
                self._interface(f"eni-{len(self.interfaces)}", where, slot)

    def _interface(self, name: str, where: Subnet, slot: int) -> None:
        first, _, last = (where.cidr_block or "").partition("/")[0].rpartition(".")
        own = [f"{first}.{int(last) + 4 + 2 * slot}"]
        own += [f"{first}.{int(last) + 5 + 2 * slot}"] if self.chance(25) else []
        addresses: list[Any] = [(a, self.publics.pop(0)) if self.chance(55) else a for a in own]
        addresses += [str(ip_network(c)[4 + slot]) for c in where.cidrs if ":" in c and self.chance(85)]
        host = f"i-{name[4:]}" if self.chance(90) else None
        # What an appliance forwards seldom passes its groups both ways, but for open ones.
        groups = self.some(self.groups[where.vpc_id], 1, 2) + [f"sg-open{where.vpc_id[4:]}"] * self.chance(40)
        made = eni(
            name,
            where,
            *addresses,
            groups=groups,
            instance=host,
            check=self.chance(35),
            status=self.pick(("in-use",) * 30 + ("available",)),
            deny_all_igw_traffic=self.chance(4),
        )
        if host:
            self.add(instance(host, self.pick(("running",) * 20 + ("stopped",))))
        self.interfaces.append(made)
        self.add(made)

    # Filters --------------------------------------------------------------------------------------

    def filter(self) -> None:
        for name in ("pl-1", "pl-2"):
            self.add(prefix_list(name, *self.some(self.cidrs, 1, 3), *self.some(self.cidrs6, 0, 2)))
        for v in self.vpcs:
            for name in self.groups[v.vpc_id]:
                closed = [self._permission() for _ in range(self.r.randrange(4))]
                egress = closed if self.chance(35) else [perm("-1", None, "0.0.0.0/0", "::/0")]
                self.add(sg(name, v.vpc_id, [self._permission() for _ in range(self.r.randint(1, 4))], egress))
            everything = [perm("-1", None, "0.0.0.0/0", "::/0")]
            self.add(sg(f"sg-open{v.vpc_id[4:]}", v.vpc_id, everything, everything))
            homes = [s.subnet_id for s in self.subnets if s.vpc_id == v.vpc_id]
            split = len(homes) > 1 and self.chance(50)
            for k, ids in enumerate([homes[:1], homes[1:]] if split else [homes]):
                self.add(acl(f"acl-{v.vpc_id[4:]}{k}", v.vpc_id, ids, *(self._entries() if self.chance(50) else [])))

    def _permission(self) -> IpPermission:
        protocol = self.pick(("tcp", "tcp", "tcp", "6", "udp", "udp", "17", "icmp", "1", "icmpv6", "58", "-1", "-1"))
        ports: Any = self.pick(_RANGES) if protocol in {"tcp", "6", "udp", "17"} else None
        ports = self.pick((*_ICMP, None)) if protocol in {"icmp", "1", "icmpv6", "58"} else ports
        return perm(protocol, ports, *(self._peer() for _ in range(self.pick((1, 2, 2, 3)))))

    def _peer(self) -> str:
        groups = [name for names in self.groups.values() for name in names]
        wide = ["0.0.0.0/0", "0.0.0.0/0", "::/0"]
        return self.pick(self.pick([wide, wide, self.cidrs, self.cidrs6, groups, groups, ["pl-1", "pl-2"]]))

    def _entries(self) -> list[AclEntry]:
        found = [self._entry(number) for number in self.r.sample(range(90, 110), self.r.randint(2, 7))]
        if self.chance(80):
            found += [entry(n, d, "allow", c) for d in ("in", "out") for n, c in ((200, "0.0.0.0/0"), (201, "::/0"))]
        return found

    def _entry(self, number: int) -> AclEntry:
        protocol = self.pick(("6", "6", "17", "17", "1", "58", "-1"))
        cidr = self.pick(self.cidrs if self.chance(65) else self.cidrs6)
        ports = self.pick((*_RANGES, None)) if protocol in {"6", "17"} else None
        icmp = self.pick((*_ICMP, None)) if protocol in {"1", "58"} else None
        return entry(number, self.pick(("in", "out")), self.pick(("allow", "deny")), cidr, protocol, ports, icmp)

    # Gateways -------------------------------------------------------------------------------------

    def open_gates(self) -> None:
        for n, v in enumerate(self.vpcs):
            gates = self.gates[v.vpc_id] = [f"igw-{n}"] * 6
            if self.chance(92):
                self.add(igw(f"igw-{n}", v.vpc_id if self.chance(96) else None))
            if any(c.startswith("2001") for c in v.cidrs) and self.chance(50):
                gates += [f"eigw-{n}"] * 2
                self.add(eigw(f"eigw-{n}", v.vpc_id))
            if self.chance(45):
                gates += [f"vgw-{n}"] * 2
                self.add(vgw(f"vgw-{n}", v.vpc_id, "attached" if self.chance(92) else "detached"))
            gates += [i.network_interface_id for i in self.interfaces if i.vpc_id == v.vpc_id] * 2
            for far, other in enumerate(self.vpcs[:n]):
                if self.chance(80):
                    self._peering(f"pcx-{far}{n}", other, v)
        self._nat_gateways()

    def _peering(self, name: str, one: Vpc, other: Vpc) -> None:
        self.add(pcx(name, one, other, "active" if self.chance(90) else "deleted"))
        for v in (one, other):
            self.gates[v.vpc_id] += [name] * 2

    def _nat_gateways(self) -> None:
        for n, where in enumerate(self.subnets):
            if not self.chance(40):
                continue
            first, _, last = (where.cidr_block or "").partition("/")[0].rpartition(".")
            private, name = f"{first}.{int(last) + 20}", f"eni-nat{n}"
            public = self.publics.pop(0) if self.chance(75) else None
            own = (private, public) if public else private
            self.add(nat(f"nat-{n}", where, private, public, name, "available"))
            self.add(eni(name, where, own, interface_type="nat_gateway", check=False))
            self.gates[where.vpc_id] += [f"nat-{n}"] * 2

    # Routes ---------------------------------------------------------------------------------------

    def direct(self) -> None:
        for v in self.vpcs:
            homes = [s.subnet_id for s in self.subnets if s.vpc_id == v.vpc_id]
            explicit = self.some(homes, 0, len(homes))
            self.add(rtb(f"rtb-main{v.vpc_id[4:]}", v.vpc_id, (), *self._routes(v), main=True))
            if explicit:
                self.add(rtb(f"rtb-own{v.vpc_id[4:]}", v.vpc_id, explicit, *self._routes(v)))

    def _routes(self, v: Vpc) -> list[Route]:
        gates = self.gates[v.vpc_id]
        found = [self._local(v, c) for c in v.cidrs]
        found += [self._route(v, "0.0.0.0/0")] if self.chance(88) else []
        found += self._favoured(v)
        found += [self._route(v, "::/0")] if self.chance(80) else []
        for other in self.vpcs:
            name = "pcx-" + "".join(sorted((v.vpc_id[4:], other.vpc_id[4:])))
            found += [route(c, name) for c in other.cidrs if name in gates and self.chance(75)]
        for _ in range(self.r.randrange(4)):
            destination = self.pick(self.pick([self.cidrs, self.cidrs, self.cidrs6, ["pl-1", "pl-2"]]))
            found.append(self._route(v, destination))
        if f"vgw-{v.vpc_id[4:]}" in gates and self.chance(40):
            found.append(route(self.pick(self.cidrs), f"vgw-{v.vpc_id[4:]}", propagated=True))
        seen: dict[tuple[str, bool], Route] = {}
        for made in found:
            seen.setdefault((made.destination, made.propagated), made)
        return list(seen.values())

    def _favoured(self, v: Vpc) -> list[Route]:
        """Routes that chance makes seldom: by an appliance to a subnet or a peer, and by an egress-only gateway."""
        gates, found = self.gates[v.vpc_id], []
        appliances = [i.network_interface_id for i in self.interfaces if i.vpc_id == v.vpc_id]
        for place in self.subnets:
            if self.chance(15):
                found += [route(c, self.pick(appliances)) for c in place.cidrs]
        egress_only = [name for name in gates if name.startswith("eigw")]
        if egress_only and self.chance(50):
            found.append(route("::/0", egress_only[0]))
        return found

    def _local(self, v: Vpc, cidr: str) -> Route:
        made = route(cidr, "local")
        if not self.chance(4):
            return made
        target = self.pick([i.network_interface_id for i in self.interfaces if i.vpc_id == v.vpc_id])
        return msgspec.structs.replace(made, gateway_id=None, network_interface_id=target)

    def _route(self, v: Vpc, destination: str) -> Route:
        wrong = {"0": "eigw", ":": "nat", "p": "nat eigw"}
        kind = ":" if ":" in destination else "p" if destination.startswith("pl-") else "0"
        fit = [g for g in self.gates[v.vpc_id] if g.partition("-")[0] not in wrong[kind].split()]
        return route(destination, self.pick(fit), "blackhole" if self.chance(5) else "active")


def network(seed: int) -> Network:
    maker = _Maker(seed)
    maker.lay_out()
    maker.attach()
    maker.filter()
    maker.open_gates()
    maker.direct()
    return Network(tuple(maker.records))
