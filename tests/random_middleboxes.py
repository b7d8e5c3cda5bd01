"""Random estates with middleboxes: networks of `random_networks` whose routes lead through what inspects packets.

Edge route tables, Gateway Load Balancer endpoints, firewalls with colliding rules, carrier and local gateways, pools,
regional NAT gateways; every value comes from a small pool.
"""

from random import Random
from typing import Any

import msgspec

from estates import route, rtb
from inspection_estates import (
    byoip,
    cagw,
    firewall,
    gwlbe,
    lgw,
    lgw_route,
    policy,
    pool,
    pooled,
    regional_nat,
    rule_group,
    stateful,
    stateless,
)
from random_networks import Network, network
from sekisho.model.border import PublicIpv4Pool
from sekisho.model.gateways import InternetGateway, VpnGateway
from sekisho.model.interface import Association, NetworkInterface
from sekisho.model.record import Record
from sekisho.model.routing import Route, RouteTable
from sekisho.model.vpc import Subnet, Vpc

_CIDRS = ("0.0.0.0/0", "10.0.0.0/16", "10.0.0.0/26", "198.51.100.0/24", "203.0.113.0/25", "::/0", "2001:db8::/32")
_WORDS = (
    "ANY",
    "ANY",
    "10.0.0.0/8",
    "[10.0.0.0/24,!10.0.0.64/26]",
    "!198.51.100.0/24",
    "$HOME_NET",
    "$EXTERNAL_NET",
    "$X",
    "$Y",
)
_PORTS = ("ANY", "ANY", "22", "[22,443]", "1:1024", "!22", "1024:", "1024:65535")
_RANGES = ((22, 22), (0, 65535), (1024, 65535), (0, 1023), (1023, 32768))


def network_with_middleboxes(seed: int) -> Network:
    """The same for the same seed."""
    return with_middleboxes(network(seed), Random(seed))


def with_middleboxes(whole: Network, r: Random) -> Network:
    """The network with what inspects packets, and with gateways beyond the Region."""
    return whole._replace(records=tuple(_Inserted(whole, r).records))


class _Inserted:
    def __init__(self, whole: Network, r: Random) -> None:
        self.r = r
        self.records: list[Record] = list(whole.records)
        self.targets: dict[str, list[str]] = {}
        for vpc in [x for x in self.records if isinstance(x, Vpc)]:
            self.subnets = [s for s in self.records if isinstance(s, Subnet) and s.vpc_id == vpc.vpc_id]
            if self.subnets:
                self.inspect(vpc)
                self.beyond(vpc)
        self.foreign()
        self.lead()
        self.edges()

    def chance(self, percent: int) -> bool:
        return self.r.randrange(100) < percent

    # What inspects ------------------------------------------------------------------------------

    def inspect(self, vpc: Vpc) -> None:
        name = vpc.vpc_id
        endpoints = [f"vpce-{name}-{n}" for n in range(self.r.choice((1, 2)))]
        for endpoint in endpoints:
            self.records.append(
                gwlbe(endpoint, self.r.choice(self.subnets), "available" if self.chance(95) else "pending")
            )
        self.targets[name] = endpoints
        if self.chance(75):
            known = {e: next(s for s in self.subnets if s.subnet_id == self._home(e)) for e in endpoints}
            self.records.append(firewall(name, name, known, f"policy-{name}"))
            self.rules(name)

    def _home(self, endpoint: str) -> str:
        found = next(x for x in self.records if getattr(x, "vpc_endpoint_id", None) == endpoint)
        return str(found.subnet_ids[0])  # type: ignore[attr-defined]

    def rules(self, name: str) -> None:
        simple = [f"sl-{name}-{n}" for n in range(self.r.choice((0, 0, 1, 2)))]
        full = [f"sf-{name}-{n}" for n in range(self.r.choice((0, 1, 1, 2)))]
        last = self.r.choice(((), ("aws:drop_strict",), ("aws:drop_established",), ("aws:alert_strict",)))
        strict = self.chance(50)
        default = "aws:forward_to_sfe" if self.chance(75) else self.r.choice(("aws:pass", "aws:drop"))
        stream = "DROP" if self.chance(75) else "CONTINUE"
        made = policy(
            f"policy-{name}",
            stateless=simple,
            stateful=full,
            strict=strict,
            default=default,
            stream=stream,
            last=last if strict else (),
        )
        if self.chance(95):
            self.records.append(made)
        for group in simple:
            rules = [(self.r.choice(("aws:pass", "aws:drop", "aws:forward_to_sfe")), self._match()) for _ in range(2)]
            self.records.append(rule_group(group, **stateless(*rules)))
        for group in full:
            if self.chance(93):
                self.records.append(self._group(group))

    def _group(self, name: str) -> Record:
        if self.chance(6):
            return rule_group(name, RulesString="drop tcp any any -> any 23 (sid:1;)")
        if self.chance(6):
            return rule_group(name, RulesSourceList={"Targets": [".example.com"]})
        variables = {"X": ["198.51.100.0/24", "10.0.0.0/25"]} if self.chance(80) else {}
        return rule_group(
            name, StatefulRules=[self._rule() for _ in range(self.r.choice((1, 2, 3)))], variables=variables
        )

    def _match(self) -> dict[str, Any]:
        match: dict[str, Any] = {}
        for member in ("Sources", "Destinations"):
            if self.chance(50):
                match[member] = [{"AddressDefinition": self.r.choice(_CIDRS)} for _ in range(self.r.choice((1, 2)))]
        for member in ("SourcePorts", "DestinationPorts"):
            if self.chance(30):
                low, high = self.r.choice(_RANGES)
                match[member] = [{"FromPort": low, "ToPort": high}]
        if self.chance(50):
            match["Protocols"] = self.r.choice(([6], [17], [1], [6, 17], [47]))
        return match | ({"TCPFlags": [{"Flags": ["SYN"]}]} if self.chance(8) else {})

    def _rule(self) -> dict[str, Any]:
        action = self.r.choice(("PASS", "PASS", "DROP", "DROP", "REJECT", "ALERT"))
        protocol = self.r.choice(("IP", "TCP", "TCP", "UDP", "ICMP", "HTTP"))
        options = [{"Keyword": "flow", "Settings": ["established"]}] if self.chance(8) else []
        return stateful(
            action,
            protocol,
            self.r.choice(_WORDS),
            self.r.choice(_WORDS),
            self.r.choice(_PORTS),
            SourcePort=self.r.choice(_PORTS),
            Direction=self.r.choice(("FORWARD", "FORWARD", "ANY")),
            options=options,
        )

    # Gateways beyond the Regions, regional NAT ----------------------------------------------------

    def beyond(self, vpc: Vpc) -> None:
        name = vpc.vpc_id
        if self.chance(40):
            self.records.append(cagw(f"cagw-{name}", name, "available" if self.chance(90) else "pending"))
            self.targets[name].append(f"cagw-{name}")
        if self.chance(40):
            routes = [
                lgw_route(c, self.r.choice(("active", "active", "blackhole"))) for c in self.r.sample(_CIDRS[:4], 2)
            ]
            made = lgw(f"lgw-{name}", name, self.r.choice(("coip", "direct-vpc-routing")), routes)
            self.records += made if self.chance(90) else made[:3]
            self.targets[name].append(f"lgw-{name}")
        if self.chance(40):
            gates = [g for g in self.records if isinstance(g, InternetGateway)]
            exits = [route("0.0.0.0/0", self.r.choice(gates).internet_gateway_id)] if gates and self.chance(85) else []
            self.records.append(rtb(f"rtb-nat-{name}", name, [], *exits))
            made_nat = regional_nat(
                f"nat-r-{name}", name, f"rtb-nat-{name}", *["203.0.113.90", "203.0.113.91"][: self.r.choice((1, 2))]
            )
            if self.chance(20):
                zone = msgspec.structs.replace(made_nat.nat_gateway_addresses[0], availability_zone_id="apne1-az9")
                made_nat = msgspec.structs.replace(
                    made_nat, nat_gateway_addresses=(zone,), auto_provision_zones=self.r.choice(("enabled", "disabled"))
                )
            self.records.append(made_nat)
            self.targets[name].append(f"nat-r-{name}")

    def foreign(self) -> None:
        """Carrier and customer-owned addresses of some interfaces."""
        for n, record in enumerate(self.records):
            if isinstance(record, NetworkInterface) and self.chance(50) and record.private_ip_addresses:
                first = record.private_ip_addresses[0]
                known = first.association.public_ip if first.association else None
                made = Association(public_ip=known, carrier_ip=f"198.18.0.{n}", customer_owned_ip=f"198.18.1.{n}")
                changed = (msgspec.structs.replace(first, association=made), *record.private_ip_addresses[1:])
                self.records[n] = msgspec.structs.replace(record, private_ip_addresses=changed, association=made)

    # Routes -------------------------------------------------------------------------------------

    def lead(self) -> None:
        for n, table in enumerate(self.records):
            if isinstance(table, RouteTable) and self.targets.get(table.vpc_id or ""):
                self.records[n] = msgspec.structs.replace(
                    table, routes=tuple(self._led(r, table) for r in table.routes)
                )

    def _led(self, old: Route, table: RouteTable) -> Route:
        inside = (
            (old.gateway_id == "local" and not self.chance(8))
            or old.propagated
            or table.route_table_id.startswith("rtb-nat")
        )
        if inside or not self.chance(45) or (old.destination_prefix_list_id is not None):
            return old
        target = self.r.choice(self.targets[table.vpc_id or ""])
        if old.gateway_id == "local" and not target.startswith("vpce-"):
            return old
        return msgspec.structs.replace(route(old.destination, target), origin=old.origin)

    def edges(self) -> None:
        taken = {a.gateway_id for t in self.records if isinstance(t, RouteTable) for a in t.associations}
        for gateway in [g for g in self.records if isinstance(g, InternetGateway | VpnGateway)]:
            attached = gateway.attachments if isinstance(gateway, InternetGateway) else gateway.vpc_attachments
            name = gateway.internet_gateway_id if isinstance(gateway, InternetGateway) else gateway.vpn_gateway_id
            vpc_id = next((a.vpc_id for a in attached if a.vpc_id), None)
            if name not in taken and vpc_id and self.chance(60):
                self._edge(name, vpc_id)

    def _edge(self, gateway: str, vpc_id: str) -> None:
        subnets = [s for s in self.records if isinstance(s, Subnet) and s.vpc_id == vpc_id]
        interfaces = [
            i.network_interface_id for i in self.records if isinstance(i, NetworkInterface) and i.vpc_id == vpc_id
        ]
        choices = [t for t in self.targets.get(vpc_id, []) if t.startswith("vpce-")] + interfaces
        cidrs = [c for s in subnets for c in s.cidrs]
        routes = [route(c, self.r.choice(choices)) for c in cidrs if choices and self.chance(60)]
        if gateway.startswith("igw-") and interfaces and self.chance(50):
            routes.append(route("198.51.101.0/24", self.r.choice(interfaces)))
            self.records.append(pooled(rtb(f"rtb-{gateway}", vpc_id, [], *routes, edge=gateway), "ipv4pool-1"))
            if not any(isinstance(x, PublicIpv4Pool) for x in self.records):
                self.records.append(pool("ipv4pool-1", "198.51.101.0", "198.51.101.127"))
                self.records.append(
                    byoip("198.51.101.0/24", self.r.choice(("advertised", "advertised", "provisioned")))
                )
            return
        self.records.append(rtb(f"rtb-{gateway}", vpc_id, [], *routes, edge=gateway))
