"""Load balancers as their records show them: nodes, listeners, target groups, and who is behind them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from sekisho_check.estate import Estate, Json, Record, listed, text, texts
from sekisho_check.ranges import block

APPLICATION, NETWORK, CLASSIC = "application", "network", "classic"


# S-ELB-03
TCP, UDP = 6, 17
SPOKEN = {
    **dict.fromkeys(("HTTP", "HTTPS", "TCP", "TLS", "SSL"), (TCP,)),
    **dict.fromkeys(("UDP", "QUIC"), (UDP,)),
    **dict.fromkeys(("TCP_UDP", "TCP_QUIC"), (TCP, UDP)),
}
WORKING = frozenset({"active", "active_impaired"})


class Listener(NamedTuple):
    port: int
    protocols: tuple[int, ...]
    name: str


class Balancer(NamedTuple):
    """A load balancer of any kind. Classic ones are known by name."""

    id: str
    kind: str
    record: Record

    @property
    def vpc(self) -> str:
        return text(self.record.data, "VpcId") or text(self.record.data, "VPCId") or ""

    @property
    def subnets(self) -> list[str]:
        own = texts(self.record.data, "Subnets")
        return own or [name for one in listed(self.record.data, "AvailabilityZones") if (name := text(one, "SubnetId"))]

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(texts(self.record.data, "SecurityGroups"))

    @property
    def state(self) -> str:
        """Its state; classic ones have none and are there."""
        return "active" if self.kind == CLASSIC else text(self.record.data, "State", "Code") or ""

    @property
    def internal(self) -> bool:
        return text(self.record.data, "Scheme") == "internal"


def balancers(estate: Estate) -> dict[str, Balancer]:
    """Every load balancer by ARN, classic ones by name."""
    if "balancers" not in estate.memo:
        found = {}
        for record in estate.all("elbv2:DescribeLoadBalancers"):
            if not record.disputed:
                found[record.id] = Balancer(record.id, text(record.data, "Type") or APPLICATION, record)
        for record in estate.all("elb:DescribeLoadBalancers"):
            if not record.disputed:
                found[record.id] = Balancer(record.id, CLASSIC, record)
        estate.memo["balancers"] = found
    known: dict[str, Balancer] = estate.memo["balancers"]
    return known


def groups_of(node: Record) -> frozenset[str]:
    """The groups of a balancer's node: what is on the interface is in force."""
    return frozenset(name for one in listed(node.data, "Groups") if (name := text(one, "GroupId")))


def balancer_of(estate: Estate, interface: Json) -> Balancer | None:
    """The load balancer that the interface is a node of, by its description (S-ELB-02)."""
    if "balancers by description" not in estate.memo:
        estate.memo["balancers by description"] = {
            (_described(one), one.vpc): one for one in balancers(estate).values()
        }
    key = (text(interface, "Description") or "", text(interface, "VpcId") or "")
    found: Balancer | None = estate.memo["balancers by description"].get(key)
    return found


def _described(balancer: Balancer) -> str:
    return f"ELB {balancer.id.partition(':loadbalancer/')[2] or balancer.id}"


def nodes(estate: Estate, balancer: Balancer) -> tuple[list[Record], str]:
    """The interfaces of the balancer in service, and why there may be more (S-ELB-02)."""
    key = ("nodes", balancer.id)
    if key not in estate.memo:
        estate.memo[key] = _nodes(estate, balancer)
    known: tuple[list[Record], str] = estate.memo[key]
    return known


def _nodes(estate: Estate, balancer: Balancer) -> tuple[list[Record], str]:
    found = [
        one
        for one in estate.interfaces_of_vpc[balancer.vpc]
        if text(one.data, "Description") == _described(balancer) and not one.disputed
    ]
    stand = {text(one.data, "SubnetId") for one in found}
    lacking = [name for name in balancer.subnets if name not in stand]
    return found, f"no node of {balancer.id} is in the snapshot in {lacking[0]}" if lacking else ""


# What a balancer takes


def listeners(estate: Estate, balancer: Balancer) -> list[tuple[Listener, Json]] | None:
    """Listeners, with their records; None where they were not read (S-ELB-10)."""
    key = ("listeners", balancer.id)
    if key not in estate.memo:
        estate.memo[key] = _listeners(estate, balancer)
    known: list[tuple[Listener, Json]] | None = estate.memo[key]
    return known


def _listeners(estate: Estate, balancer: Balancer) -> list[tuple[Listener, Json]] | None:
    if balancer.kind == CLASSIC:
        given = [one.get("Listener") for one in listed(balancer.record.data, "ListenerDescriptions")]
        return _all_read([("", one, "LoadBalancerPort") for one in given])
    found = [one for one in estate.all("elbv2:DescribeListeners") if text(one.data, "LoadBalancerArn") == balancer.id]
    if not found and estate.of("elbv2:DescribeListeners", "LoadBalancerArn", balancer.id) is None:
        return None
    if any(one.disputed for one in found) or _failed(estate, "elbv2:DescribeListeners", "LoadBalancerArn", balancer.id):
        return None
    return _all_read([(one.id, one.data, "Port") for one in found])


def _all_read(found: list[tuple[str, Any, str]]) -> list[tuple[Listener, Json]] | None:
    """The listeners; None where the port of one cannot be read."""
    if not all(isinstance(data, dict) and isinstance(data.get(port), int) for _, data, port in found):
        return None
    spoken = [SPOKEN.get(text(data, "Protocol") or "", ()) for _, data, _ in found]
    return [(Listener(data[port], each, name), data) for each, (name, data, port) in zip(spoken, found, strict=True)]


def _failed(estate: Estate, call: str, parameter: str, name: str) -> bool:
    return any(
        (one.failed or one.incomplete) and one.parameters.get(parameter) in (name, None) for one in estate.calls[call]
    )


# Whom it sends to


class Target(NamedTuple):
    """Somebody behind a listener."""

    listener: Listener
    group: str
    """ARN of the target group; empty for classic balancers."""
    kind: str
    name: str
    """Instance, address or load balancer."""
    port: int
    protocols: tuple[int, ...]
    family: int
    healthy: bool
    everywhere: bool
    """Whether it is in every zone."""


def forwards(estate: Estate, balancer: Balancer, listener: Listener, data: Json) -> tuple[list[str], str]:
    """The target groups that the listener forwards to, and why there may be more (S-ELB-05)."""
    groups = forwarded_to(data.get("DefaultActions"))
    if balancer.kind != APPLICATION:
        return groups, ""
    rules = [one for one in estate.all("elbv2:DescribeRules") if _listener_of(one.id) == listener.name]
    for one in rules:
        groups += forwarded_to(one.data.get("Actions"))
    asked = estate.of("elbv2:DescribeRules", "ListenerArn", listener.name) is not None
    shown = any(one.data.get("IsDefault") is True for one in rules) and not _failed(
        estate, "elbv2:DescribeRules", "ListenerArn", listener.name
    )
    unread = "" if asked or shown else f"the rules of {balancer.id} were not read"
    return list(dict.fromkeys(groups)), unread


def _listener_of(rule: str) -> str:
    return re.sub(r":listener-rule/(.*)/[^/]*$", r":listener/\1", rule)


def forwarded_to(actions: object) -> list[str]:
    """Target groups of forward actions: those of weight 0 only where all have weight 0 (S-ELB-05)."""
    found: list[str] = []
    for action in listed({"x": actions}, "x"):
        if text(action, "Type") != "forward":
            continue
        weighed = listed(action.get("ForwardConfig"), "TargetGroups")
        heavy = [one for one in weighed if one.get("Weight") != 0]
        names = [text(one, "TargetGroupArn") for one in heavy or weighed] or [text(action, "TargetGroupArn")]
        found += [name for name in names if name]
    return found


def targets(estate: Estate, listener: Listener, group: Record) -> Iterator[Target] | None:
    """Who is registered with the target group; None where that was not read (S-ELB-06)."""
    health = estate.of("elbv2:DescribeTargetHealth", "TargetGroupArn", group.id)
    if health is None:
        return None
    return _registered(listener, group, [one.data for one in health])


def _registered(listener: Listener, group: Record, health: list[Json]) -> Iterator[Target]:
    kind = text(group.data, "TargetType") or "instance"
    protocols = tuple(one for one in SPOKEN.get(text(group.data, "Protocol") or "", ()) if one in listener.protocols)
    family = 6 if text(group.data, "IpAddressType") == "ipv6" else 4
    for one in health:
        target = one.get("Target")
        name = text(target, "Id")
        port = target.get("Port") if isinstance(target, dict) else None
        port = port if isinstance(port, int) else group.data.get("Port")
        if name is None or kind == "lambda" or not isinstance(port, int):
            continue
        told = text(one, "TargetHealth", "State")
        everywhere = text(target, "AvailabilityZone") == "all"
        yield Target(listener, group.id, kind, name, port, protocols, family, told in {None, "healthy"}, everywhere)


def of_classic(balancer: Balancer, listener: Listener, data: Json) -> Iterator[Target]:
    """The registered instances, each on the listener's instance port (S-CLB-01)."""
    port = data.get("InstancePort")
    protocols = SPOKEN.get(text(data, "InstanceProtocol") or text(data, "Protocol") or "", ())
    for instance in listed(balancer.record.data, "Instances"):
        name = text(instance, "InstanceId")
        if name and isinstance(port, int):
            yield Target(listener, "", "instance", name, port, protocols, 4, healthy=True, everywhere=False)


# Attributes


def attribute(estate: Estate, call: str, parameter: str, name: str, key: str) -> str | None:
    """The value of an attribute, empty where it is not set; None where they were not read (S-ELB-10)."""
    found = estate.of(call, parameter, name)
    if not found:
        return None
    return next((text(one.data, "Value") or "" for one in found if text(one.data, "Key") == key), "")


def cross_zone(estate: Estate, balancer: Balancer, group: str) -> bool | None:
    """Whether nodes send to other zones; None where that is open (S-ELB-07)."""
    if balancer.kind == CLASSIC:
        found = estate.of("elb:DescribeLoadBalancerAttributes", "LoadBalancerName", balancer.id)
        value = found[0].data.get("CrossZoneLoadBalancing") if found else None
        enabled = value.get("Enabled") if isinstance(value, dict) else None
        return enabled if isinstance(enabled, bool) else None
    key = "load_balancing.cross_zone.enabled"
    own = attribute(estate, "elbv2:DescribeTargetGroupAttributes", "TargetGroupArn", group, key)
    if own is None or own in {"true", "false"}:
        return None if own is None else own == "true"
    if balancer.kind == APPLICATION:
        return True
    value = attribute(estate, "elbv2:DescribeLoadBalancerAttributes", "LoadBalancerArn", balancer.id, key)
    return None if value is None else value == "true"


def preserves(estate: Estate, balancer: Balancer, target: Target) -> bool | None:
    """Whether the target sees the client's address; None where that is open (S-NLB-03)."""
    if balancer.kind != NETWORK:
        return False
    if target.kind == "alb" or target.protocols != (TCP,):  # S-NLB-05
        return True
    key = "preserve_client_ip.enabled"
    value = attribute(estate, "elbv2:DescribeTargetGroupAttributes", "TargetGroupArn", target.group, key)
    if value is None:
        return None
    return value == "true" if value else target.kind == "instance"


def family_of(address: str) -> int:
    found = block(address)
    return found.family if found else 4
