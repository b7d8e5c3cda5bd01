"""The targets behind a listener, and how a load balancer treats what it sends to them."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Literal, NamedTuple

from .balancing import ClassicLoadBalancer, Target, TargetDescription, TargetGroup
from .interface import NetworkInterface
from .record import Scope, Source, Undecided

if TYPE_CHECKING:
    from .topology import Topology

BalancerKind = Literal["application", "network", "gateway", "classic"]
#: Only for these may client addresses be given up; targets by address do so unless told otherwise (S-NLB-03).
_RELAYED_BY_CHOICE = {"TCP", "TLS"}


class Balancer(NamedTuple):
    """A load balancer of any generation. `id` is its ARN; a classic one has none and goes by its name."""

    id: str
    name: str
    kind: BalancerKind
    vpc_id: str
    scope: Scope
    internet_facing: bool
    subnets: tuple[str, ...]
    state: str
    source: Source

    @property
    def in_service(self) -> bool:
        return self.state in {"active", "active_impaired"}


class Front(NamedTuple):
    """What one listener takes and where it may go on to.

    `groups` are target groups, by ARN; of a classic balancer `instance_port` is the port of every instance.
    `doubt` says why there may be more.
    """

    protocols: tuple[int, ...]
    port: int
    groups: tuple[str, ...] = ()
    instance_port: int | None = None
    doubt: str | None = None


class Treatment(NamedTuple):
    """`preserved`: targets see the client's own address. `crosses`: nodes send to targets of other zones too."""

    preserved: bool | Undecided
    crosses: bool | Undecided


class Place(NamedTuple):
    """One target: an address with a port. `zone` is None for one outside the zones of the group's VPC.

    `unwell` is its recorded health, where that is not `healthy` (S-ELB-08).
    """

    group: str
    interface: NetworkInterface
    address: str
    port: int
    treatment: Treatment
    zone: str | None
    unwell: str | None = None


class Readings:
    """Reads targets out of the records. `nodes` are those of the application load balancers, by ARN."""

    def __init__(self, topology: "Topology", nodes: Mapping[str, tuple[NetworkInterface, ...]]) -> None:
        self._topology = topology
        self._snapshot = topology.snapshot
        self._nodes = nodes
        self._targets: dict[tuple[Source, Front], tuple[Place | Undecided, ...]] = {}

    def targets(self, balancer: Balancer, front: Front) -> tuple[Place | Undecided, ...]:
        """Everything that the listener may forward to; `Undecided` for what is not known of it."""
        key = (balancer.source, front)
        if key not in self._targets:
            self._targets[key] = self._read(balancer, front)
        return self._targets[key]

    def _read(self, balancer: Balancer, front: Front) -> tuple[Place | Undecided, ...]:
        if front.instance_port is not None:
            return tuple(self._instances(balancer, front.instance_port))
        found = [place for arn in front.groups for place in self._of_group(balancer, arn)]
        return (*found, Undecided(front.doubt)) if front.doubt else tuple(found)

    def zone_of(self, interface: NetworkInterface) -> str | None:
        subnet = self._snapshot.subnets.get(interface.subnet_id or "")
        return (subnet.availability_zone_id or subnet.availability_zone) if subnet else None

    # Classic load balancers ---------------------------------------------------------------------

    def _instances(self, balancer: Balancer, port: int) -> Iterator[Place | Undecided]:
        treatment = Treatment(preserved=False, crosses=self._classic_crosses(balancer))
        for record in self._snapshot.classic_load_balancers.values():
            if _is(record, balancer):
                for instance in record.instances:
                    yield from self._instance(
                        TargetDescription(target=Target(id=instance.instance_id)), "", port, treatment
                    )

    def _classic_crosses(self, balancer: Balancer) -> bool | Undecided:
        """The console turns it on and the API leaves it off, so that there is no default (S-ELB-07)."""
        attributes = self._snapshot.classic_attributes.get(balancer.name)
        if attributes is None or attributes.cross_zone is None:
            return Undecided(f"whether load balancer {balancer.name} is cross-zone is not in the snapshot")
        return attributes.cross_zone

    # Target groups ------------------------------------------------------------------------------

    def _of_group(self, balancer: Balancer, arn: str) -> Iterator[Place | Undecided]:
        group = self._snapshot.target_groups.get(arn)
        if group is None:
            yield Undecided(self._snapshot.why_missing("target_groups", arn, balancer.scope))
            return
        if group.target_type == "lambda":
            return
        listed = self._snapshot.targets.get(arn)
        if listed is None or not listed.complete:
            lost = self._snapshot.missing.get(arn)
            why = lost.why if lost else self._snapshot.gap("targets", balancer.scope)
            yield Undecided(f"the targets of {_name(group)} are not in the snapshot" + (f": {why}" if why else ""))
            return
        treatment = self._treatment(balancer, group)
        for described in listed.targets:
            port = described.target.port or group.port
            if port is None:
                yield Undecided(f"on which port {described.target.id} is a target of {_name(group)} is not known")
            elif group.target_type == "instance":
                yield from self._instance(described, arn, port, treatment, group.ip_address_type)
            elif group.target_type == "alb":
                yield from self._balancer(described, arn, port, treatment)
            else:
                yield from self._address(described, group, port, treatment)

    def _instance(
        self, described: TargetDescription, group: str, port: int, treatment: Treatment, family: str = "ipv4"
    ) -> Iterator[Place | Undecided]:
        """The first address of the instance's first interface (S-ELB-06)."""
        target = described.target
        held = self._topology.interfaces_of_instance.get(target.id, ())
        first = [i for i in held if i.attachment and i.attachment.device_index == 0]
        chosen = first or list(held)
        lost = not first and any(
            m.table == "interfaces" and target.id in m.refers for m in self._snapshot.missing.values()
        )
        if len(chosen) != 1 or lost:
            if held or self._topology.interfaces_gap():
                yield Undecided(f"which interface of target {target.id} is its first is not in the snapshot")
            return
        address = _first_address(chosen[0], family)
        if address is not None:
            yield Place(group, chosen[0], address, port, treatment, self.zone_of(chosen[0]), _unwell(described))

    def _balancer(
        self, described: TargetDescription, group: str, port: int, treatment: Treatment
    ) -> Iterator[Place | Undecided]:
        """The nodes of an application load balancer (S-NLB-05)."""
        target = described.target
        if target.id not in self._nodes:
            yield Undecided(f"load balancer {target.id} is a target, and is not in the snapshot")
        for node in self._nodes.get(target.id, ()):
            address = _first_address(node, "ipv4")
            if address is not None:
                yield Place(group, node, address, port, treatment, self.zone_of(node), _unwell(described))

    def _address(
        self, described: TargetDescription, group: TargetGroup, port: int, treatment: Treatment
    ) -> Iterator[Place | Undecided]:
        """Whoever holds the address: in the group's own VPC, else wherever routes lead to (S-ELB-06)."""
        target = described.target
        own = self._topology.holders_in_vpc(group.vpc_id or "", target.id)
        everywhere = target.availability_zone == "all" or not own
        for interface in own or self._topology.holders(target.id):
            zone = None if everywhere else self.zone_of(interface)
            arn = group.target_group_arn
            yield Place(arn, interface, target.id, port, treatment, zone, _unwell(described))

    # Attributes ---------------------------------------------------------------------------------

    def _treatment(self, balancer: Balancer, group: TargetGroup) -> Treatment:
        return Treatment(self._preserved(balancer, group), self._crosses(balancer, group))

    def _preserved(self, balancer: Balancer, group: TargetGroup) -> bool | Undecided:
        """Whether targets see the client's address: network load balancers only (S-NLB-03)."""
        if balancer.kind != "network":
            return False
        if (group.protocol or "") not in _RELAYED_BY_CHOICE or group.target_type == "alb":
            return True
        value = self._of_group_attributes(group, "preserve_client_ip.enabled")
        if value is None:
            return group.target_type == "instance"
        return value if isinstance(value, Undecided) else value == "true"

    def _crosses(self, balancer: Balancer, group: TargetGroup) -> bool | Undecided:
        """Application load balancers do unless the group forbids, network ones only where told (S-ELB-07)."""
        key = "load_balancing.cross_zone.enabled"
        value = self._of_group_attributes(group, key)
        if isinstance(value, Undecided) or value in {"true", "false"}:
            return value if isinstance(value, Undecided) else value == "true"
        if balancer.kind == "application":
            return True
        found = self._snapshot.load_balancer_attributes.get(balancer.id)
        if found is None:
            return Undecided(f"the attributes of load balancer {balancer.name} are not in the snapshot")
        return found.value(key) == "true"

    def _of_group_attributes(self, group: TargetGroup, key: str) -> str | None | Undecided:
        """The value, None where it is not set and so has its default; a group always has attributes."""
        found = self._snapshot.target_group_attributes.get(group.target_group_arn)
        if found is None:
            return Undecided(f"the attributes of target group {_name(group)} are not in the snapshot")
        return found.value(key)


def short_name(balancer: Balancer) -> str:
    """How the descriptions of interfaces name it: `app/name/id`, of a classic one its name."""
    return balancer.id.partition(":loadbalancer/")[2] or balancer.id


def _is(record: ClassicLoadBalancer, balancer: Balancer) -> bool:
    return (record.load_balancer_name, record.vpc_id or "") == (balancer.name, balancer.vpc_id)


def _name(group: TargetGroup) -> str:
    return group.target_group_name or group.target_group_arn


def _unwell(described: TargetDescription) -> str | None:
    state = described.target_health.state if described.target_health else None
    return None if state in {None, "healthy"} else state


def _first_address(interface: NetworkInterface, family: str) -> str | None:
    if family == "ipv6":
        return next((a.ipv6_address for a in interface.ipv6_addresses), None)
    primary = sorted(interface.addresses, key=lambda a: not a.primary)
    return primary[0].private_ip_address if primary else None
