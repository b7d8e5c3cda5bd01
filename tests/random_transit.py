"""Small random estates around transit gateways, like those of `random_networks`: values from small pools collide.

`transit_network(seed)` is the same for the same seed.
"""

from typing import Any

import msgspec

from estates_transit import (
    tgw,
    tgw_attachment,
    tgw_peering,
    tgw_policies,
    tgw_references,
    tgw_route,
    tgw_routes,
    tgw_rule,
    tgw_vpc_attachment,
)
from random_networks import Network, _damaged, _Maker
from sekisho.model.transit_gateway import TransitGatewayRoute
from sekisho.model.vpc import Vpc

_ZONES = ("apne1-az1", "apne1-az1", "apne1-az2")
_STATES = ("available",) * 24 + ("pendingAcceptance", "modifying")
_PORTS = ("*", "22", "1024-65535", "0-1023", "49152")


class _Transit(_Maker):
    """One or two transit gateways that VPCs, a VPN and each other are attached to."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.tables: list[str] = []
        self.attached: list[str] = []

    def zone(self) -> None:
        """Spread the subnets over two zones."""
        moved = [msgspec.structs.replace(s, availability_zone_id=self.pick(_ZONES)) for s in self.subnets]
        by_id = {s.subnet_id: s for s in moved}
        self.subnets = moved
        self.records = [by_id.get(getattr(r, "subnet_id", ""), r) if _is_subnet(r) else r for r in self.records]

    def join(self) -> None:
        gateways = ["tgw-1"] if self.chance(70) else ["tgw-1", "tgw-2"]
        self.tables = ["tgw-rtb-1", "tgw-rtb-2"]
        for name in gateways:
            if not self.chance(4):
                self.add(tgw(name, references=self.chance(60)))
            for v in self.vpcs:
                if self.chance(90 if name == "tgw-1" else 50):
                    self._vpc(name, v)
                self.gateways[v.vpc_id] += [name] * 8
        if self.chance(40):
            self._other(gateways[0], "tgw-attach-v", "vpn")
        if len(gateways) > 1 and self.chance(80):
            self.add(tgw_peering("tgw-attach-p", gateways[0], gateways[1], self.pick(_STATES)))
            for name in gateways:
                self.add(tgw_attachment("tgw-attach-p", name, "", self._table(), kind="peering"))
            self.attached.append("tgw-attach-p")

    def _table(self) -> str | None:
        return None if self.chance(3) else self.pick((*self.tables, *self.tables, *self.tables, "tgw-ptb-1"))

    def _vpc(self, gateway: str, v: Vpc) -> None:
        name = f"tgw-attach-{v.vpc_id[4:]}{gateway[4:]}"
        homes: dict[str | None, str] = {}
        for s in self.subnets:
            if s.vpc_id == v.vpc_id and self.chance(85):
                homes.setdefault(s.availability_zone_id, s.subnet_id)
        state = self.pick(_STATES)
        self.add(tgw_attachment(name, gateway, v.vpc_id, self._table(), state=state))
        if not self.chance(4):
            more: dict[str, Any] = {"appliance": self.chance(30), "references": self.chance(85), "state": state}
            self.add(tgw_vpc_attachment(name, gateway, v.vpc_id, *homes.values(), **more))
        self.attached.append(name)

    def _other(self, gateway: str, name: str, kind: str) -> None:
        self.add(tgw_attachment(name, gateway, "", self._table(), kind=kind, state=self.pick(_STATES)))
        self.attached.append(name)

    def lead(self) -> None:
        """Route tables and the policy table."""
        for table in self.tables:
            if self.chance(4):
                continue
            found = [self._natural(v) for v in self.vpcs for _ in range(1) if self.chance(85)]
            found += [self._any_route() for _ in range(self.r.randrange(4))]
            self.add(tgw_routes(table, *(r for r in found if r), complete=not self.chance(3)))
            if self.chance(12) and self.attached:
                self.add(tgw_references(table, pl_1=self.pick(self.attached)))
        rules = [self._rule(str(n)) for n in self.r.sample(range(1, 40), self.r.randint(1, 4))]
        self.add(tgw_policies("tgw-ptb-1", *rules, tgw_rule("100", self.pick(self.tables))))

    def _natural(self, v: Vpc) -> TransitGatewayRoute | None:
        own = [a for a in self.attached if a.startswith(f"tgw-attach-{v.vpc_id[4:]}")]
        return tgw_route(self.pick(v.cidrs), self.pick(own), propagated=True) if own else None

    def _any_route(self) -> TransitGatewayRoute | None:
        cidr = self.pick((self.pick(self.cidrs), "0.0.0.0/0", self.pick(self.cidrs6)))
        if self.chance(10):
            return tgw_route(cidr, state="blackhole")
        if not self.attached:
            return None
        targets = self.some(self.attached, 1, 2 if self.chance(20) else 1)
        return tgw_route(cidr, *targets, propagated=self.chance(40), state=self.pick(("active",) * 20 + ("pending",)))

    def _rule(self, number: str) -> Any:
        protocol = self.pick(("*", "6", "6", "17", "1"))
        conditions = {"protocol": protocol}
        if self.chance(40):
            conditions["source_cidr_block"] = self.pick((*self.cidrs, *self.cidrs6, "*"))
        if self.chance(40):
            conditions["destination_cidr_block"] = self.pick((*self.cidrs, *self.cidrs6, "*"))
        if protocol in {"6", "17"}:
            conditions["destination_port_range"] = self.pick(_PORTS)
            conditions["source_port_range"] = self.pick(("*", "*", "*", *_PORTS))
        return tgw_rule("*" if self.chance(8) else number, self.pick(self.tables), **conditions)


def _is_subnet(record: object) -> bool:
    return type(record).__name__ == "Subnet"


def transit_network(seed: int) -> Network:
    """The random estate of that seed: one in eight lacks a call or a record."""
    maker = _Transit(seed)
    maker.lay_out()
    maker.zone()
    maker.name_groups()
    maker.attach()
    maker.open_gates()
    maker.join()
    maker.filter()
    maker.lead()
    maker.direct()
    return _damaged(maker)
