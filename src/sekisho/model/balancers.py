"""What a load balancer forwards to whom: its nodes, what its listeners take, the targets behind them.

`Undecided` says that the snapshot does not settle it; what an empty tuple says is proven.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from .balancing import Action, ClassicLoadBalancer, Listener, LoadBalancer
from .interface import NetworkInterface
from .record import Source, Undecided
from .targets import Balancer, BalancerKind, Front, Place, Readings, short_name

if TYPE_CHECKING:
    from .topology import Topology

TCP, UDP = 6, 17
_PROTOCOLS: Mapping[str, tuple[int, ...]] = {
    "HTTP": (TCP,),
    "HTTPS": (TCP,),
    "TCP": (TCP,),
    "TLS": (TCP,),
    "SSL": (TCP,),
    "UDP": (UDP,),
    "QUIC": (UDP,),
    "TCP_UDP": (TCP, UDP),
    "TCP_QUIC": (TCP, UDP),
}


class Registration(NamedTuple):
    """A target behind one listener."""

    balancer: Balancer
    front: Front
    place: Place


class Unknown(NamedTuple):
    """A part of a balancer that is not known, and the VPC in which it may have targets."""

    balancer: Balancer | None
    vpc_id: str | None
    reason: str
    #: The target group that shows it, where the balancer has no record.
    group: str | None = None


class Balancers:
    """The load balancers of one snapshot; each join is made once, when first asked for."""

    def __init__(self, topology: "Topology") -> None:
        self._topology = topology
        self._snapshot = topology.snapshot

    # Balancers, nodes ---------------------------------------------------------------------------

    @cached_property
    def all(self) -> Mapping[str, Balancer]:
        """Every balancer by its key: ARN, or DNS name of a classic one."""
        found = {arn: self._current(arn, record) for arn, record in self._snapshot.load_balancers.items()}
        classic = {key: self._classic(key, record) for key, record in self._snapshot.classic_load_balancers.items()}
        return found | classic

    def _current(self, arn: str, record: LoadBalancer) -> Balancer:
        kinds: Mapping[str, BalancerKind] = {"network": "network", "gateway": "gateway"}
        return Balancer(
            id=arn,
            name=record.load_balancer_name,
            kind=kinds.get(record.type, "application"),
            vpc_id=record.vpc_id or self._vpc_of(z.subnet_id for z in record.availability_zones),
            scope=self._snapshot.scope("load_balancers", arn),
            internet_facing=record.scheme != "internal" and record.type != "gateway",
            subnets=tuple(z.subnet_id for z in record.availability_zones if z.subnet_id),
            state=record.state.code if record.state else "active",
            source=self._snapshot.source("load_balancers", arn),
        )

    def _classic(self, key: str, record: ClassicLoadBalancer) -> Balancer:
        return Balancer(
            id=record.load_balancer_name,
            name=record.load_balancer_name,
            kind="classic",
            vpc_id=record.vpc_id or self._vpc_of(record.subnets),
            scope=self._snapshot.scope("classic_load_balancers", key),
            internet_facing=record.scheme != "internal",
            subnets=record.subnets,
            state="active",
            source=self._snapshot.source("classic_load_balancers", key),
        )

    def _vpc_of(self, subnets: Iterable[str | None]) -> str:
        found = (self._snapshot.subnets.get(name or "") for name in subnets)
        return next((subnet.vpc_id for subnet in found if subnet), "")

    def named(self, name: str) -> tuple[Balancer, ...]:
        """Balancers of that ARN, name, or `app/name/id` form."""
        return tuple(b for _, b in sorted(self.all.items()) if name in {b.id, b.name, short_name(b)})

    def of_interface(self, interface: NetworkInterface) -> Balancer | None:
        """The balancer whose node the interface is; None where it is none, or its record is not there."""
        return self._by_interface.get(interface.network_interface_id)

    def denies_internet(self, interface: NetworkInterface) -> bool | Undecided:
        """Whether it is a node of an internal balancer, to whose IPv6 addresses nothing comes from the internet.

        By default; an attribute of the balancer allows it (S-ELB-01, S-ELB-10).
        """
        balancer = self.of_interface(interface)
        if balancer is None or balancer.internet_facing:
            return False
        attributes = self._snapshot.load_balancer_attributes.get(balancer.id)
        value = attributes.value("ipv6.deny_all_igw_traffic") if attributes else None
        if value is None and balancer.kind != "classic" and not (attributes and attributes.complete):
            return Undecided(f"the attributes of load balancer {balancer.name} are not in the snapshot")
        return value != "false"

    def nodes(self, balancer: Balancer) -> tuple[NetworkInterface, ...]:
        """Its interfaces, one a zone, several where it has scaled (S-ELB-02)."""
        return self._nodes.get(balancer.source, ())

    def described_as(self, name: str) -> tuple[NetworkInterface, ...]:
        """Interfaces that are described as nodes of the balancer of that ARN or name, its record there or not."""
        return self._described.get(name.partition(":loadbalancer/")[2] or name, ())

    def nodes_gap(self, balancer: Balancer) -> str | None:
        """Why it may have nodes that the snapshot does not hold."""
        held = {node.subnet_id for node in self.nodes(balancer)}
        unseen = [s for s in balancer.subnets if s not in held]
        if not unseen:
            return None
        gap = self._topology.interfaces_gap(balancer.vpc_id)
        return f"no interface of load balancer {balancer.name} in {unseen[0]} is known" + (f": {gap}" if gap else "")

    def functions(self, front: Front) -> str | None:
        """A target group of the listener whose target is a Lambda function."""
        groups = (self._snapshot.target_groups.get(arn) for arn in front.groups)
        return next(
            (g.target_group_name or g.target_group_arn for g in groups if g and g.target_type == "lambda"), None
        )

    def members_gap(self, group_id: str) -> str | None:
        """Why a security group may have members that are nodes of a load balancer and not in the snapshot."""
        return self._members_gaps.get(group_id)

    @cached_property
    def _members_gaps(self) -> Mapping[str, str]:
        """By security group: the first of its balancers that may have unseen nodes counts."""
        found: dict[str, str] = {}
        for balancer in self.all.values():
            record = self._snapshot.load_balancers.get(balancer.id)
            gap = self.nodes_gap(balancer) if record is not None and record.security_groups else None
            if record is not None and gap:
                found |= {name: gap for name in record.security_groups if name not in found}
        return found

    @cached_property
    def _described(self) -> Mapping[str, tuple[NetworkInterface, ...]]:
        described: dict[str, list[NetworkInterface]] = defaultdict(list)
        for _, interface in sorted(self._snapshot.interfaces.items()):
            if interface.description.startswith("ELB "):
                described[interface.description.removeprefix("ELB ")].append(interface)
        return {name: tuple(found) for name, found in described.items()}

    @cached_property
    def _nodes(self) -> Mapping[Source, tuple[NetworkInterface, ...]]:
        described = self._described
        return {
            b.source: tuple(i for i in described.get(short_name(b), ()) if i.vpc_id == b.vpc_id)
            for b in self.all.values()
        }

    @cached_property
    def _by_interface(self) -> Mapping[str, Balancer]:
        return {n.network_interface_id: b for b in self.all.values() for n in self.nodes(b)}

    # Listeners ----------------------------------------------------------------------------------

    def fronts(self, balancer: Balancer) -> tuple[Front, ...] | Undecided:
        """What its listeners take (S-ELB-03 to S-ELB-05)."""
        if balancer.source not in self._fronts:
            self._fronts[balancer.source] = self._read_fronts(balancer)
        return self._fronts[balancer.source]

    @cached_property
    def _fronts(self) -> "dict[Source, tuple[Front, ...] | Undecided]":
        return {}

    def _read_fronts(self, balancer: Balancer) -> tuple[Front, ...] | Undecided:
        if balancer.kind == "classic":
            record = next(r for r in self._classics(balancer))
            listeners = (d.listener for d in record.listener_descriptions)
            return tuple(Front((TCP,), li.load_balancer_port, (), li.instance_port) for li in listeners)
        if balancer.kind == "gateway":
            # Its listener has neither protocol nor port: it takes what its endpoints hand it.
            return Undecided(f"what Gateway Load Balancer {balancer.name} does with packets sent to it is not known")
        record_of = self._snapshot.listeners.get(balancer.id)
        if record_of is None or not record_of.complete:
            return Undecided(self._unread(balancer, "listeners", "listeners", balancer.id))
        found = []
        for listener in record_of.listeners:
            front = self._front(balancer, listener)
            if isinstance(front, Undecided):
                return front
            found.append(front)
        return tuple(found)

    def _classics(self, balancer: Balancer) -> Iterator[ClassicLoadBalancer]:
        for key, record in self._snapshot.classic_load_balancers.items():
            if self._snapshot.source("classic_load_balancers", key) == balancer.source:
                yield record

    def _front(self, balancer: Balancer, listener: Listener) -> Front | Undecided:
        protocols = _PROTOCOLS.get(listener.protocol or "")
        if protocols is None or listener.port is None:
            return Undecided(f"{listener.listener_arn} has protocol `{listener.protocol}`, which is not known")
        actions = listener.default_actions
        doubt = None
        if balancer.kind == "application":
            rules = self._snapshot.listener_rules.get(listener.listener_arn)
            if rules is not None:
                actions += tuple(a for rule in rules.rules for a in rule.actions)
            if rules is None or not rules.complete:
                doubt = self._more_groups(balancer, listener, actions)
        return Front(protocols, listener.port, _groups_of(actions), None, doubt)

    def _more_groups(self, balancer: Balancer, listener: Listener, actions: tuple[Action, ...]) -> str | None:
        """Why rules that were not read may name target groups: those that know the balancer are not all named."""
        gap = self._snapshot.gap("target_groups", balancer.scope)
        named = _groups_of(actions)
        others = [a for a, g in self._snapshot.target_groups.items() if balancer.id in g.load_balancer_arns]
        if gap is None and all(arn in named for arn in others):
            return None
        return self._unread(balancer, "rules", "listener_rules", listener.listener_arn)

    def _unread(self, balancer: Balancer, noun: str, table: str, key: str) -> str:
        lost = self._snapshot.missing.get(key)
        why = lost.why if lost else self._snapshot.gap(table, balancer.scope)
        return f"the {noun} of load balancer {balancer.name} are not in the snapshot" + (f": {why}" if why else "")

    # Targets ------------------------------------------------------------------------------------

    def targets(self, balancer: Balancer, front: Front) -> tuple[Place | Undecided, ...]:
        """Everything that the listener may forward to; `Undecided` for what is not known of it."""
        return self._readings.targets(balancer, front)

    @cached_property
    def _readings(self) -> Readings:
        nodes = {b.id: self.nodes(b) for b in self.all.values() if b.kind == "application"}
        return Readings(self._topology, nodes)

    def zones(self, balancer: Balancer) -> frozenset[str]:
        """The Availability Zones in which it is enabled (S-ELB-07)."""
        subnets = (self._snapshot.subnets.get(s) for s in balancer.subnets)
        named = {s.availability_zone_id or s.availability_zone for s in subnets if s}
        return frozenset(z for z in named | {self.zone_of(n) for n in self.nodes(balancer)} if z)

    def zones_gap(self, balancer: Balancer) -> str | None:
        """Why it may be enabled in zones that the snapshot does not show."""
        places = dict.fromkeys([*balancer.subnets, *(n.subnet_id or "" for n in self.nodes(balancer))])
        known = {name: self._snapshot.subnets.get(name) for name in places}
        unseen = [name for name, s in known.items() if s is None or not (s.availability_zone_id or s.availability_zone)]
        return f"the zone of {unseen[0]}, where {balancer.name} is enabled, is not in the snapshot" if unseen else None

    def zone_of(self, interface: NetworkInterface) -> str | None:
        return self._readings.zone_of(interface)

    # Who is behind what -------------------------------------------------------------------------

    def registrations(self, interface: NetworkInterface, address: str) -> tuple[Registration, ...]:
        """Every listener behind which the address of the interface is a target."""
        return self._registered.get((interface.network_interface_id, address), ())

    @cached_property
    def _registered(self) -> Mapping[tuple[str, str], tuple[Registration, ...]]:
        found: dict[tuple[str, str], list[Registration]] = defaultdict(list)
        for balancer, front, place in self._everything:
            if isinstance(place, Place):
                key = (place.interface.network_interface_id, place.address)
                found[key].append(Registration(balancer, front, place))
        return {key: tuple(value) for key, value in found.items()}

    @cached_property
    def _everything(self) -> tuple[tuple[Balancer, Front, Place | Undecided], ...]:
        found = []
        for _, balancer in sorted(self.all.items()):
            fronts = self.fronts(balancer)
            for front in () if isinstance(fronts, Undecided) else fronts:
                found += [(balancer, front, place) for place in self.targets(balancer, front)]
        return tuple(found)

    @cached_property
    def unknowns(self) -> tuple[Unknown, ...]:
        """Everything that is not known of balancers and could bring packets to more targets."""
        found = []
        for balancer in (b for b in self.all.values() if b.kind != "gateway"):
            gap, fronts = self.nodes_gap(balancer), self.fronts(balancer)
            found += [Unknown(balancer, balancer.vpc_id, gap)] if gap else []
            found += [Unknown(balancer, balancer.vpc_id, fronts.reason)] if isinstance(fronts, Undecided) else []
        found += [Unknown(b, b.vpc_id, p.reason) for b, _, p in self._everything if isinstance(p, Undecided)]
        for arn, group in self._snapshot.target_groups.items():
            unread = [a for a in group.load_balancer_arns if a not in self._snapshot.load_balancers]
            scope = self._snapshot.scope("target_groups", arn)
            reasons = [self._snapshot.why_missing("load_balancers", a, scope) for a in unread]
            found += [Unknown(None, group.vpc_id, reason, arn) for reason in reasons]
        for name, nodes in self._described.items():
            for node in nodes:
                if node.network_interface_id not in self._by_interface:
                    reason = f"load balancer {name} has {node.network_interface_id}, and no record in the snapshot"
                    found.append(Unknown(None, node.vpc_id, reason))
        return tuple(dict.fromkeys(found))


def _groups_of(actions: tuple[Action, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(arn for action in actions if action.type == "forward" for arn in action.target_groups))
