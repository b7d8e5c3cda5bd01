"""Random estates with services that reach addresses without a route: accelerators, origins, endpoints, Client VPN.

`network_with_entrances(seed)` is the same for the same seed: a small estate with one service of each kind, whose
filters are drawn from what makes a difference to them, or services put before a network of `random_networks`, or
before the load balancers of `random_balancers`, those as endpoint services too.
"""

from random import Random
from typing import Any, TypeVar

import msgspec

from estates import ACCOUNT, acl, bpa, eni, entry, igw, instance, perm, prefix_list, route, rtb, sg, subnet, vpc
from random_balancers import balanced
from random_networks import Network, network
from sekisho.model.balancing import LoadBalancer
from sekisho.model.endpoints import VpcEndpoint
from sekisho.model.filters import SecurityGroup
from sekisho.model.interface import NetworkInterface
from sekisho.model.privatelink import AllowedPrincipals, EndpointConnection, EndpointService, Principal
from sekisho.model.record import Record
from sekisho.model.vpc import Subnet, Vpc
from services import accelerator, client_vpn, eice, lattice, managed_list, verified_access, vpc_origin

T = TypeVar("T")

A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")
B = subnet("subnet-b", "vpc-1", "10.0.2.0/24")
Parts = dict[str, Any]
_LATTICE = "com.amazonaws.ap-northeast-1.vpc-lattice"


def network_with_entrances(seed: int) -> Network:
    """A third of them small, a third with plain networks behind the services, a third with load balancers."""
    r = Random(seed * 17 + 5)
    match r.randrange(3):
        case 0:
            return Network(small(r))
        case 1:
            return with_entrances(network(seed), r)
        case _:
            return with_entrances(balanced(seed), r)


def with_entrances(whole: Network, r: Random) -> Network:
    """The network with services before its interfaces and load balancers."""
    return _Served(whole, r).network()


# A small estate -------------------------------------------------------------------------------------


def records(*ingress: Any, egress: Any = None, acls: Any = None, **changes: Any) -> tuple[Record, ...]:
    """X in A with the ingress rules, a service's interface in B, an internet gateway that no route names."""
    parts: Parts = {
        "vpc": vpc("vpc-1", "10.0.0.0/16"),
        "a": A,
        "b": B,
        "acl": acls or acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"]),
        "igw": igw("igw-1", "vpc-1"),
        "rtb": rtb("rtb-1", "vpc-1", ["subnet-a", "subnet-b"], route("10.0.0.0/16", "local")),
        "sg": sg("sg-x", "vpc-1", ingress),
        "se": sg("sg-e", "vpc-1", [], egress if egress is not None else [perm("-1", None, "0.0.0.0/0")]),
        "x": eni("eni-x", A, "10.0.1.10", groups=["sg-x"], instance="i-x"),
        "e": eni("eni-e", B, "10.0.2.7", groups=["sg-e"], description="ClientVPN Endpoint resource"),
        "i": instance("i-x"),
        **changes,
    }
    found: list[Record] = []
    for part in parts.values():
        found += part if isinstance(part, tuple) else [] if part is None else [part]
    return tuple(found)


def small(dice: Random) -> tuple[Record, ...]:
    """An estate with one service of each kind, whose filters are drawn from what makes a difference to them."""
    peers = ["0.0.0.0/0", "10.0.0.0/16", "10.0.2.0/24", "169.254.171.0/24", "169.254.171.0/25", "198.51.100.0/24"]
    peers += ["sg-e", "sg-x", "pl-l", "203.0.113.0/24", "172.20.0.0/22"]

    ports: list[tuple[int | None, int | None]] = [(22, 22), (443, 443), (0, 65535)]

    def rules(count: int) -> list[Any]:
        return [
            perm(dice.choice(["tcp", "tcp", "-1", "udp"]), dice.choice(ports), dice.choice(peers)) for _ in range(count)
        ]

    def entries(direction: str) -> list[Any]:
        return [
            entry(
                number,
                direction,
                dice.choice(["allow", "allow", "deny"]),
                dice.choice([p for p in peers if "/" in p]),
                dice.choice(["-1", "6"]),
                dice.choice([None, (1024, 65535), (22, 22), (0, 40000)]),
            )
            for number in range(100, 100 + dice.randint(1, 3))
        ]

    own = acl("acl-1", "vpc-1", ["subnet-a", "subnet-b"], *entries("in"), *entries("out"))
    return records(
        *rules(dice.randint(1, 3)),
        egress=rules(dice.randint(0, 2)) or None,
        acls=own if dice.random() < 0.7 else None,
        igw=igw("igw-1", "vpc-1") if dice.random() < 0.8 else None,
        ga=accelerator("ga-1", ("i-x", True), ports=(20, 30), overrides=[(22, 443)]),
        cf=vpc_origin("vo_1", "i-x", dice.choice(["match-viewer", "https-only"])),
        eice=eice("eice-1", "vpc-1", "eni-e", "sg-e", preserve=dice.random() < 0.5),
        vae=verified_access("vae-1", "eni-x", 443, "sg-e"),
        tg=lattice("tg-1", "vpc-1", 443, "i-x"),
        named=managed_list("pl-l", _LATTICE) if dice.random() < 0.5 else None,
        listed=prefix_list("pl-l", "169.254.171.0/24") if dice.random() < 0.5 else None,
        cvpn=client_vpn("cvpn-endpoint-1", "vpc-1", "subnet-b", "172.20.0.0/22", "10.0.1.0/24", groups=("sg-e",)),
        bpa=bpa(dice.choice(["off", "off", "block-ingress"])),
    )


# Services before a network ----------------------------------------------------------------------------


class _Served:
    """A network with some services before its interfaces and load balancers."""

    def __init__(self, whole: Network, r: Random) -> None:
        self.whole, self.r = whole, r
        self.made: list[Record] = []
        self.interfaces = self._all(NetworkInterface)
        self.instances = sorted({i.instance_id for i in self.interfaces if i.instance_id})
        self.balancers = self._all(LoadBalancer)
        self.subnets = self._all(Subnet)
        self.groups = self._all(SecurityGroup)

    def network(self) -> Network:
        for make in (self._accelerate, self._originate, self._connect, self._verify, self._lattice, self._clients):
            if self.chance(60) and self.instances:
                make()
        for balancer in self.balancers:
            if balancer.type == "network" and self.chance(70):
                self._serve(balancer, len(self.made))
        kept = tuple(u for u in self.whole.unusable if not isinstance(u, Vpc | Subnet))
        return self.whole._replace(records=(*self.whole.records, *self.made), unusable=kept)

    def _all(self, kind: type[T]) -> list[T]:
        return [x for x in self.whole.records if isinstance(x, kind)]

    def chance(self, percent: int) -> bool:
        return self.r.randrange(100) < percent

    def _groups(self, vpc_id: str | None) -> list[str]:
        own = [g.group_id for g in self.groups if g.vpc_id == vpc_id]
        return self.r.sample(own, min(len(own), self.r.choice((0, 1, 1, 2))))

    def _accelerate(self) -> None:
        ends = [(i, True) for i in self.r.sample(self.instances, min(2, len(self.instances)))]
        ends += [(b.load_balancer_arn, self.chance(50)) for b in self.balancers]
        overrides = [(22, 23)] if self.chance(40) else []
        ports, protocol = self.r.choice(((22, 23), (80, 80), (0, 65535))), self.r.choice(("TCP", "TCP", "UDP"))
        self.made += accelerator("ga-1", *ends, ports=ports, protocol=protocol, overrides=overrides)
        if self.chance(40):
            where = self.r.choice(self.subnets)
            self._interface("eni-ga", where, "global_accelerator_managed")

    def _originate(self) -> None:
        names = self.instances + [b.load_balancer_arn for b in self.balancers]
        policy = self.r.choice(("match-viewer", "https-only", "http-only"))
        origin = vpc_origin("vo_1", name := self.r.choice(names), policy)
        if name.startswith("arn:"):
            config = msgspec.structs.replace(origin.vpc_origin.vpc_origin_endpoint_config, arn=name)
            settings = msgspec.structs.replace(origin.vpc_origin, vpc_origin_endpoint_config=config)
            origin = msgspec.structs.replace(origin, vpc_origin=settings)
        self.made.append(origin)

    def _connect(self) -> None:
        where = self.r.choice(self.subnets)
        groups = self._groups(where.vpc_id)
        self._interface("eni-eice", where, "interface", groups)
        state = self.r.choice(("create-complete",) * 8 + ("delete-in-progress",))
        self.made.append(
            eice("eice-1", where.vpc_id, "eni-eice", *groups, preserve=self.chance(40), state=state),
        )

    def _verify(self) -> None:
        target = self.r.choice(self.interfaces)
        port = self.r.choice((22, 80, 1024))
        self.made.append(verified_access("vae-1", target.network_interface_id, port, *self._groups(target.vpc_id)))

    def _lattice(self) -> None:
        target = self.r.choice([i for i in self.interfaces if i.instance_id])
        self.made += lattice("tg-1", target.vpc_id or "", self.r.choice((22, 80)), target.instance_id or "")
        if self.chance(50):
            self.made.append(managed_list("pl-lattice", _LATTICE))
            self.made += [prefix_list("pl-lattice", "169.254.171.0/24")] if self.chance(60) else []

    def _clients(self) -> None:
        where = self.r.choice(self.subnets)
        groups = tuple(self._groups(where.vpc_id))
        self._interface("eni-cvpn", where, "interface", groups, "ClientVPN Endpoint resource")
        authorized = self.r.choice((("0.0.0.0/0",), ("10.0.0.0/25", "10.1.0.0/16")))
        clients = self.r.choice(("172.20.0.0/22", "198.51.100.0/24"))
        self.made += client_vpn("cvpn-1", where.vpc_id, where.subnet_id, clients, *authorized, groups=groups)

    def _interface(self, name: str, where: Subnet, kind: str, groups: Any = (), described: str = "") -> None:
        address = (where.cidr_block or "").partition("/")[0].rpartition(".")
        own = f"{address[0]}.{int(address[2]) + 13 - (kind == 'interface')}"
        used = {a.private_ip_address for i in [*self.interfaces, *self._fresh()] for a in i.addresses}
        while own in used:
            head, _, last = own.rpartition(".")
            own = f"{head}.{int(last) - 1}"
        self.made.append(eni(name, where, own, groups=groups, description=described, interface_type=kind))

    def _fresh(self) -> list[NetworkInterface]:
        return [x for x in self.made if isinstance(x, NetworkInterface)]

    def _serve(self, balancer: LoadBalancer, number: int) -> None:
        """An endpoint service of the balancer, and perhaps an interface endpoint of the estate that uses it."""
        name = f"vpce-svc-{number}"
        open_to_all = self.chance(50)
        self.made.append(
            EndpointService(
                service_id=name,
                service_name=f"com.amazonaws.vpce.ap-northeast-1.{name}",
                service_state="Available",
                acceptance_required=not open_to_all,
                network_load_balancer_arns=(balancer.load_balancer_arn,),
            )
        )
        self.made.append(AllowedPrincipals(service_id=name, principals=(Principal(principal="*"),) * self.chance(70)))
        state = self.r.choice(("available", "available", "pendingAcceptance"))
        joined = f"vpce-{number}"
        self.made.append(EndpointConnection(vpc_endpoint_id=joined, service_id=name, vpc_endpoint_state=state))
        where = self.r.choice(self.subnets)
        self._interface(f"eni-{joined}", where, "vpc_endpoint", self._groups(where.vpc_id))
        self.made.append(
            VpcEndpoint(
                vpc_endpoint_id=joined,
                vpc_endpoint_type="Interface",
                vpc_id=where.vpc_id,
                service_name=f"com.amazonaws.vpce.ap-northeast-1.{name}",
                state=state,
                subnet_ids=(where.subnet_id,),
                network_interface_ids=(f"eni-{joined}",),
                owner_id=ACCOUNT,
            )
        )
