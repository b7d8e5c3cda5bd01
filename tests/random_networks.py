"""Small random estates in which rules, routes and packets collide: every value comes from a small pool.

`network(seed)` is the same for the same seed. A `Network` is a list of records with what was not read, so that one
that fails can be made smaller (`simpler`) and written down again.
"""

import re
from ipaddress import ip_network
from random import Random
from typing import Any, NamedTuple, TypeVar

import msgspec

from estates import (
    REGION,
    Placed,
    acl,
    at,
    bpa,
    bpa_exclusion,
    eigw,
    eni,
    entry,
    group_pair,
    igw,
    instance,
    nat,
    pcx,
    peering_side,
    perm,
    prefix_list,
    route,
    rtb,
    sg,
    snapshot,
    subnet,
    vgw,
    vpc,
)
from sekisho.model.endpoints import VpcEndpoint
from sekisho.model.filters import AclEntry, IpPermission
from sekisho.model.gateways import EgressOnlyInternetGateway, InternetGateway, NatGateway, NatGatewayAddress
from sekisho.model.interface import NetworkInterface
from sekisho.model.kinds import KINDS
from sekisho.model.record import Record, Source
from sekisho.model.routing import Route
from sekisho.model.snapshot import Missing, Snapshot
from sekisho.model.vpc import BlockPublicAccessStates, Subnet, Vpc

T = TypeVar("T")

#: The account that owns what is shared with this one, and what it alone sees of that.
OTHER = "444455556666"
UNSEEN = (InternetGateway, EgressOnlyInternetGateway, NatGateway, VpcEndpoint)

PORTS = (0, 22, 23, 1023, 1024, 32768, 49152, 65535)
_RANGES = ((22, 22), (0, 65535), (22, 23), (0, 1023), (1024, 65535), (1025, 65535), (32768, 65535), (0, 49151))
_ICMP = ((-1, -1), (8, 0), (8, -1), (0, 0), (13, 0), (14, 0), (3, 4), (128, 0), (129, 0))
_OUTSIDE = ("198.51.100.0/24", "198.51.100.7/32", "203.0.113.0/29", "203.0.113.1/32", "192.168.0.0/16", "100.64.0.0/10")
_WIDE = ("0.0.0.0/0", "0.0.0.0/0", "0.0.0.0/1", "10.0.0.0/8", "10.0.0.0/15")
_WIDE6 = ("::/0", "::/0", "2000::/3", "2001:db8::/32", "2001:db8:ffff::/48", "fd00::/8")
#: Addresses to put into packets, beside those of interfaces and the boundaries of sets.
ELSEWHERE = ("198.51.100.7", "192.168.0.9", "100.64.0.9", "203.0.113.1", "10.0.0.200", "169.254.168.1", "8.8.8.8")
ELSEWHERE6 = ("2001:db8:ffff::7", "2600::7", "fd00:ff::7", "fe80::1", "fd00:ec2::254", "2001:db8:1:0::200")


class Network(NamedTuple):
    """Records, the tables whose call failed or was not made, and the records that are there but cannot be used.

    `nameless`: not even what the unusable ones name could be read. `theirs`: ids of what another account owns, seen
    by its calls, or, if `ownerless`, only what calls of this account show of it.
    """

    records: tuple[Record, ...]
    failed: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    unusable: tuple[Record, ...] = ()
    nameless: bool = False
    theirs: frozenset[str] = frozenset()
    ownerless: bool = False

    def snapshot(self) -> Snapshot:
        missing = [
            Missing(
                table_of(r), id_of(r), "damaged", Source("x.json", "/0"), frozenset() if self.nameless else named(r)
            )
            for r in self.unusable
        ]
        kept = [self.placed(r) for r in self.records if r not in self.unusable]
        seen = [r for r in kept if r is not None]
        return snapshot(*seen, failed=self.failed, absent=self.unread, missing=missing)

    def placed(self, record: Record) -> Record | Placed | None:
        """The record where it was read; None where no call shows it (S-RAM-03)."""
        if id_of(record) not in self.theirs:
            return record
        if self.ownerless:
            return None if isinstance(record, UNSEEN) else record
        return at(record, account=OTHER)


def id_of(record: Record) -> str:
    return str(getattr(record, record.__struct_fields__[0]))


def table_of(record: Record) -> str:
    return next(kind.table for kind in KINDS if type(record) is kind.type)


def named(record: Record) -> frozenset[str]:
    """Every id that the record names."""
    return frozenset(re.findall(r'"([a-z]+-[\w-]+)"', msgspec.json.encode(record).decode()))


class _Maker:
    def __init__(self, seed: int) -> None:
        self.r = Random(seed)
        self.records: list[Record] = []
        self.vpcs: list[Vpc] = []
        self.subnets: list[Subnet] = []
        self.interfaces: list[NetworkInterface] = []
        self.publics = [f"203.0.113.{n}" for n in range(1, 30)]
        self.groups: dict[str, list[str]] = {}
        self.cidrs = [*_OUTSIDE, *_WIDE]
        self.cidrs6 = list(_WIDE6)
        self.gateways: dict[str, list[str]] = {}

    def chance(self, percent: int) -> bool:
        return self.r.randrange(100) < percent

    def pick(self, pool: "list[T] | tuple[T, ...]") -> T:
        return self.r.choice(pool)

    def some(self, pool: list[T], least: int, most: int) -> list[T]:
        return self.r.sample(pool, min(len(pool), self.r.randint(least, most)))

    def add(self, record: Record) -> None:
        self.records.append(record)

    # VPCs, subnets ------------------------------------------------------------------------------

    def lay_out(self) -> None:
        for n in range(self.pick((1, 2, 2, 3))):
            six = self.pick(("", f"2001:db8:{n}::/56", f"2001:db8:{n}::/56", str(ip_network(f"fd00:{n}::/56"))))
            four = "203.0.113.128/25" if self.chance(5) and n == 0 else f"10.{n}.0.0/24"
            more = [f"10.{n}.1.0/24"] if self.chance(20) else []
            kind = "private" if self.chance(15) else "public"
            made = vpc(f"vpc-{n}", four, *more, *([six] if six else []), ipv6=kind)
            self.vpcs.append(made)
            self.add(made)
            self._subnets(n, made, four, more, six, kind)
        self.cidrs += [c for v in self.vpcs for c in v.cidrs if ":" not in c]
        self.cidrs6 += [c for v in self.vpcs for c in v.cidrs if ":" in c]
        for s in self.subnets:
            self.cidrs += [c for c in s.cidrs if ":" not in c]
            self.cidrs6 += [c for c in s.cidrs if ":" in c]

    def _subnets(self, n: int, made: Vpc, four: str, more: list[str], six: str, kind: str) -> None:
        base = four.removesuffix(".128/25").removesuffix(".0/24")
        low, high = (128, 192) if four.endswith(".128/25") else (0, 64)
        blocks = [f"{base}.{low}/26", more[0] if more else f"{base}.{high}/26"]
        for k, block in enumerate(blocks[: self.pick((1, 2, 2))]):
            own = [f"{ip_network(six).network_address + (k << 64)}/64"] if six else []
            self.subnets.append(subnet(f"subnet-{n}{k}", made.vpc_id, block, *own, ipv6=kind))
            self.add(self.subnets[-1])

    # Interfaces ---------------------------------------------------------------------------------

    def attach(self) -> None:
        hosts = 0
        for where in self.subnets:
            for slot in range(self.pick((1, 1, 2, 2, 3))):
                hosts += 1
                host = f"i-{hosts}" if hosts == 1 or self.chance(80) else f"i-{hosts - 1}"
                self._interface(f"eni-{hosts}", where, slot, host if self.chance(90) else None)
        for name in sorted({i.instance_id for i in self.interfaces if i.instance_id}):
            states = ("running",) * 24 + ("stopped", "pending", "terminated", "shutting-down")
            if not self.chance(2):
                self.add(instance(name, self.pick(states)))

    def _interface(self, name: str, where: Subnet, slot: int, host: str | None) -> None:
        first, _, length = (where.cidr_block or "").rpartition(".")
        low = int(length.split("/")[0])
        addresses: list[Any] = [f"{first}.{low + 4 + 2 * slot}"]
        if self.chance(25):
            addresses.append(f"{first}.{low + 5 + 2 * slot}")
        addresses = [(a, self._public()) if self.chance(45) else a for a in addresses]
        if self.chance(12):
            addresses.append(f"{first}.{low + 16 * (slot + 1)}/28")
        for block in (c for c in where.cidrs if ":" in c):
            first6 = ip_network(block).network_address
            addresses += [str(first6 + 4 + slot)] if self.chance(75) else []
            addresses += [f"{first6 + ((slot + 1) << 48)}/80"] if self.chance(10) else []
        self.interfaces.append(
            eni(
                name,
                where,
                *addresses,
                groups=self.some(self.groups[where.vpc_id], 0 if self.chance(3) else 1, 2),
                instance=host,
                check=self.chance(60),
                status=self.pick(("in-use",) * 30 + ("associated", "available")),
                deny_all_igw_traffic=self.chance(4),
                interface_type=self.pick(("interface",) * 60 + ("network_load_balancer", "gateway_load_balancer")),
            )
        )
        self.add(self.interfaces[-1])

    def _public(self) -> str:
        return self.publics.pop() if len(self.publics) > 1 and not self.chance(1) else self.publics[0]

    # Filters ------------------------------------------------------------------------------------

    def name_groups(self) -> None:
        for n, v in enumerate(self.vpcs):
            self.groups[v.vpc_id] = [f"sg-{n}{k}" for k in range(self.pick((1, 2, 3)))]

    def filter(self) -> None:
        for listed in ("pl-1", "pl-2"):
            self.add(prefix_list(listed, *self.some(self.cidrs, 1, 3), *self.some(self.cidrs6, 0, 2)))
        for v in self.vpcs:
            for name in self.groups[v.vpc_id]:
                if self.chance(1):
                    continue
                open_out = [perm("-1", None, "0.0.0.0/0", "::/0")]
                egress = open_out if self.chance(60) else [self._permission(v) for _ in range(self.r.randrange(4))]
                ingress = [self._permission(v) for _ in range(self.r.randint(0 if self.chance(15) else 1, 4))]
                self.add(sg(name, v.vpc_id, ingress, egress))
            homes = [s.subnet_id for s in self.subnets if s.vpc_id == v.vpc_id]
            split = len(homes) > 1 and self.chance(40)
            for k, ids in enumerate([homes[:1], homes[1:]] if split else [homes]):
                entries = self._entries() if self.chance(45) else []
                named = ids if not self.chance(2) else []
                self.add(acl(f"acl-{v.vpc_id[4:]}{k}", v.vpc_id, named, *entries))

    def _protocol(self) -> str:
        return self.pick(("tcp", "tcp", "tcp", "udp", "6", "17", "icmp", "1", "icmpv6", "58", "-1", "-1", "47"))

    def _permission(self, v: Vpc) -> IpPermission:
        protocol = self._protocol()
        ports: Any = None
        if protocol in {"tcp", "udp", "6", "17"}:
            ports = self.pick(_RANGES)
        elif protocol in {"icmp", "icmpv6", "1", "58"}:
            ports = self.pick((*_ICMP, None))
        elif self.chance(20):
            ports = (22, 22)
        return perm(protocol, ports, *(self._peer(v) for _ in range(self.pick((1, 1, 2, 3)))))

    def _peer(self, v: Vpc) -> Any:
        dice = self.r.randrange(100)
        if dice < 30:
            return self.pick(self.cidrs if self.chance(70) else ["0.0.0.0/0"])
        if dice < 45:
            return self.pick(self.cidrs6 if self.chance(70) else ["::/0"])
        if dice < 55:
            return self.pick(("pl-1", "pl-2", "pl-1", "pl-2", "pl-1", "pl-unread"))
        everywhere = [g for ids in self.groups.values() for g in ids]
        group = self.pick(self.groups[v.vpc_id] if self.chance(60) else everywhere)
        more: dict[str, Any] = {}
        if group not in self.groups[v.vpc_id]:
            more = {"vpc_id": f"vpc-{group[3]}"} if self.chance(50) else {}
            more |= {"peering_status": self.pick(("active", "active", "deleted"))} if self.chance(50) else {}
        if self.chance(6):
            more["user_id"] = "444455556666"
        return group_pair(group, **more)

    def _entries(self) -> list[AclEntry]:
        numbers = self.r.sample(range(90, 110), self.r.randint(2, 7))
        found = [self._entry(number) for number in numbers]
        if self.chance(75):
            found += [entry(n, d, "allow", c) for d in ("in", "out") for n, c in ((200, "0.0.0.0/0"), (201, "::/0"))]
        return found

    def _entry(self, number: int) -> AclEntry:
        direction, action = self.pick(("in", "out")), self.pick(("allow", "deny"))
        protocol = self.pick(("6", "6", "17", "1", "58", "-1", "47"))
        cidr = self.pick(self.cidrs if self.chance(65) else self.cidrs6)
        ports = self.pick((*_RANGES, None)) if protocol in {"6", "17"} else None
        icmp = self.pick((*_ICMP, None)) if protocol in {"1", "58"} else None
        return entry(number, direction, action, cidr, protocol, ports, icmp)

    # Gateways -----------------------------------------------------------------------------------

    def open_gates(self) -> None:
        for n, v in enumerate(self.vpcs):
            gates = self.gateways[v.vpc_id] = [self.pick((f"tgw-{n}", f"vgw-gone{n}", f"vpce-{n}"))]
            self._internet_gateway(n, v, gates)
            if any(":" in c for c in v.cidrs) and self.chance(50):
                gates += [f"eigw-{n}"] * 2
                if not self.chance(5):
                    self.add(eigw(f"eigw-{n}", v.vpc_id, self.pick(("attached",) * 9 + ("detached",))))
            if self.chance(35):
                gates += [f"vgw-{n}"] * 3
                self.add(vgw(f"vgw-{n}", v.vpc_id, self.pick(("attached",) * 9 + ("detached",))))
            gates += [i.network_interface_id for i in self.interfaces if i.vpc_id == v.vpc_id] * 2
            gates += [i.network_interface_id for i in self.interfaces if self.chance(3)]
        self._nat_gateways()
        for a, one in enumerate(self.vpcs):
            for b, other in enumerate(self.vpcs[a + 1 :], a + 1):
                if self.chance(75):
                    self._peering(f"pcx-{a}{b}", one, other)
        if self.chance(15):
            self._block_public_access()

    def _block_public_access(self) -> None:
        mode = self.pick(("block-bidirectional", "block-ingress", "off"))
        self.add(bpa(mode))
        excluded: set[str] = set()
        for place in self.some([*self.vpcs, *self.subnets], 0, 2):
            kind, state = (
                self.pick(("allow-bidirectional", "allow-egress")),
                self.pick(("create-complete", "disable-complete")),
            )
            self.add(bpa_exclusion(id_of(place), kind, state))
            excluded |= {id_of(place)} if (kind, state) == ("allow-bidirectional", "create-complete") else set()
        if self.chance(30):
            self.records = [self._says(r, mode, excluded) for r in self.records]

    def _says(self, record: Record, mode: str, excluded: set[str]) -> Record:
        """A VPC or subnet that says itself which mode it is under."""
        if not isinstance(record, Vpc | Subnet):
            return record
        lifted = not excluded.isdisjoint({id_of(record), getattr(record, "vpc_id", "")})
        states = BlockPublicAccessStates(internet_gateway_block_mode="off" if lifted else mode)
        return msgspec.structs.replace(record, block_public_access_states=states)

    def _internet_gateway(self, n: int, v: Vpc, gates: list[str]) -> None:
        gates += [f"igw-{n}"] * 6
        if self.chance(90):
            self.add(igw(f"igw-{n}", v.vpc_id if self.chance(96) else None))

    def _nat_gateways(self) -> None:
        for n, where in enumerate(self.subnets):
            if not self.chance(35):
                continue
            name, state = f"nat-{n}", self.pick(("available",) * 12 + ("deleted", "pending", "failed", "deleting"))
            first, _, length = (where.cidr_block or "").rpartition(".")
            low = int(length.split("/")[0])
            public = self._public() if self.chance(65) else None
            made = nat(name, where, f"{first}.{low + 10}", public, f"eni-nat{n}", state)
            if self.chance(25):
                second = NatGatewayAddress(
                    private_ip=f"{first}.{low + 11}",
                    public_ip=self._public() if public else None,
                    network_interface_id=f"eni-nat{n}",
                    status="succeeded",
                )
                made = msgspec.structs.replace(made, nat_gateway_addresses=(*made.nat_gateway_addresses, second))
            pairs = [(a.private_ip, a.public_ip) if a.public_ip else a.private_ip for a in made.nat_gateway_addresses]
            own = eni(f"eni-nat{n}", where, *pairs, interface_type="nat_gateway", check=False)  # type: ignore[arg-type]
            if state not in {"deleted", "failed"}:
                self.add(own)
            self.add(made)
            self.gateways[where.vpc_id] += [name] * 3

    def _peering(self, name: str, one: Vpc, other: Vpc) -> None:
        far = peering_side(other, region="us-east-1" if self.chance(12) else REGION)
        status = self.pick(("active",) * 9 + ("deleted", "pending-acceptance"))
        if not self.chance(3):
            self.add(pcx(name, peering_side(one), far, status))
        self.gateways[one.vpc_id] += [name] * 4
        self.gateways[other.vpc_id] += [name] * 4

    # Routes -------------------------------------------------------------------------------------

    def direct(self) -> None:
        for v in self.vpcs:
            homes = [s.subnet_id for s in self.subnets if s.vpc_id == v.vpc_id]
            explicit = self.some(homes, 0, len(homes))
            self.add(rtb(f"rtb-main{v.vpc_id[4:]}", v.vpc_id, (), *self._routes(v), main=True))
            if explicit:
                self.add(rtb(f"rtb-own{v.vpc_id[4:]}", v.vpc_id, explicit, *self._routes(v)))
            if self.chance(6):
                gate = f"{self.pick(('igw', 'vgw'))}-{v.vpc_id[4:]}"
                local = [route(c, "local") for c in v.cidrs]
                more = [self._route(v)] if self.chance(50) else []
                self.add(rtb(f"rtb-edge{v.vpc_id[4:]}", v.vpc_id, (), *local, *more, edge=gate))

    def _routes(self, v: Vpc) -> list[Route]:
        found = [self._local(v, c) for c in v.cidrs if not self.chance(1)]
        if self.chance(80):
            found.append(route("0.0.0.0/0", self.pick(self.gateways[v.vpc_id])))
        if self.chance(60) and any(":" in c for c in v.cidrs):
            found.append(route("::/0", self.pick([g for g in self.gateways[v.vpc_id] if not g.startswith("nat")])))
        for other in self.vpcs:
            name = "pcx-" + "".join(sorted((v.vpc_id[4:], other.vpc_id[4:])))
            if name in self.gateways[v.vpc_id]:
                found += [route(c, name) for c in other.cidrs if self.chance(70)]
        found += [self._route(v) for _ in range(self.r.randrange(4))]
        seen: dict[tuple[str, bool], Route] = {}
        for made in found:
            seen.setdefault((made.destination, made.propagated), made)
        return list(seen.values())

    def _local(self, v: Vpc, cidr: str) -> Route:
        made = route(cidr, "local")
        if not self.chance(4):
            return made
        target = self.pick([i.network_interface_id for i in self.interfaces if i.vpc_id == v.vpc_id])
        return msgspec.structs.replace(made, gateway_id=None, network_interface_id=target)

    def _route(self, v: Vpc) -> Route:
        propagated = self.chance(15)
        target = f"vgw-{v.vpc_id[4:]}" if propagated else self.pick(self.gateways[v.vpc_id])
        destination = self.pick((self.pick(self.cidrs), self.pick(self.cidrs), self.pick(self.cidrs6)))
        if self.chance(15) and not propagated:
            destination = self.pick(("pl-1", "pl-2", "pl-1", "pl-2", "pl-1", "pl-unread"))
        state = self.pick(("active",) * 16 + ("blackhole", None, "filtered"))
        return route(destination, target, state, propagated=propagated)


def network(seed: int) -> Network:
    """The random estate of that seed: one in eight lacks a call or a record."""
    maker = _Maker(seed)
    maker.lay_out()
    maker.name_groups()
    maker.attach()
    maker.open_gates()
    maker.filter()
    maker.direct()
    return _damaged(maker)


_TABLES = [kind.table for kind in KINDS if kind.table not in {"vpcs", "addresses", "vpn_connections"}]


def _damaged(maker: _Maker) -> Network:
    records = tuple(maker.records)
    match maker.r.randrange(40):
        case 0:
            return Network(records, failed=(maker.pick(_TABLES),))
        case 1:
            return Network(records, unread=(maker.pick([*_TABLES, "bpa_exclusions", "bpa_exclusions"]),))
        case 2 | 3 | 4:
            return Network(records, unusable=(maker.pick(records),), nameless=maker.chance(40))
        case _:
            return Network(records)
