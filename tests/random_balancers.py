"""Load balancers put into the random networks: nodes, listeners, targets of every kind, zones, attributes."""

from random import Random
from typing import Any

import msgspec

from estates import ACCOUNT, ANYTHING, CLOSING, OPEN, REGION, eni
from random_networks import Network, network
from sekisho.model.balancing import (
    Action,
    Attribute,
    BalancerState,
    BalancerZone,
    ClassicAttributes,
    ClassicInstance,
    ClassicListener,
    ClassicListenerDescription,
    ClassicLoadBalancer,
    Health,
    Listener,
    ListenerRules,
    Listeners,
    LoadBalancer,
    LoadBalancerAttributes,
    Target,
    TargetDescription,
    TargetGroup,
    TargetGroupAttributes,
    Targets,
)
from sekisho.model.filters import NetworkAcl, SecurityGroup
from sekisho.model.interface import NetworkInterface
from sekisho.model.record import Record
from sekisho.model.vpc import Subnet, Vpc

_ARN = f"arn:aws:elasticloadbalancing:{REGION}:{ACCOUNT}"
_PORTS = (22, 23, 80, 1024, 32768)
_PROTOCOLS = {"application": ("HTTP",), "network": ("TCP", "TCP", "UDP", "TCP_UDP")}


def balanced(seed: int) -> Network:
    """A random network with one to three load balancers in it."""
    return with_balancers(network(seed), Random(seed * 31 + 7))


def with_balancers(whole: Network, r: Random) -> Network:
    subnets = [s for s in whole.records if isinstance(s, Subnet)]
    zoned = [msgspec.structs.replace(s, availability_zone_id=f"az{r.randrange(2)}") for s in subnets]
    by_id = {s.subnet_id: s for s in zoned}
    records = [by_id[x.subnet_id] if isinstance(x, Subnet) else _opened(r, x) for x in whole.records]
    for number in range(r.randint(1, 3)):
        records += _balancer(r, number, zoned, [i for i in records if isinstance(i, NetworkInterface)])
    kept = tuple(u for u in whole.unusable if not isinstance(u, Vpc))
    return whole._replace(records=tuple(records), unusable=kept)


def _opened(r: Random, record: Record) -> Record:
    """Half of the groups and ACLs let everything through, or hardly anything would get as far as a target."""
    if r.randrange(2):
        return record
    if isinstance(record, SecurityGroup):
        return msgspec.structs.replace(record, ip_permissions=(ANYTHING,), ip_permissions_egress=(ANYTHING,))
    return msgspec.structs.replace(record, entries=OPEN + CLOSING) if isinstance(record, NetworkAcl) else record


def _balancer(r: Random, number: int, subnets: list[Subnet], interfaces: list[NetworkInterface]) -> list[Record]:
    kind = r.choice(("application", "network", "network", "classic"))
    home = r.choice(subnets)
    chosen = r.sample(inside := [s for s in subnets if s.vpc_id == home.vpc_id], r.randint(1, len(inside)))
    name = f"{'net' if kind == 'network' else 'app'}/lb{number}/0{number}"
    described = f"ELB lb{number}" if kind == "classic" else f"ELB {name}"
    groups = r.choice([i.group_ids for i in interfaces if i.vpc_id == home.vpc_id] or [()])
    if kind == "network" and r.randrange(2):
        groups = ()
    nodes = [_node(r, number, k, s, groups, described, kind) for k, s in enumerate(chosen)]
    if kind == "classic":
        return [*nodes, *_classic(r, number, home.vpc_id, chosen, interfaces)]
    return [*nodes, *_current(r, f"{_ARN}:loadbalancer/{name}", kind, chosen, interfaces)]


def _node(r: Random, number: int, k: int, where: Subnet, groups: Any, described: str, kind: str) -> NetworkInterface:
    block = (where.cidr_block or "").rpartition(".")
    low = int(block[2].partition("/")[0])
    address = f"{block[0]}.{low + 1 + number}"
    six = next(iter(where.ipv6_cidr_block_association_set), None)
    more = [six.ipv6_cidr_block.removesuffix("::/64") + f"::{240 + number}"] if six and r.randrange(2) else []
    public = f"203.0.113.{90 + number * 8 + k}"
    return eni(
        f"eni-lb{number}{k}",
        where,
        (address, public) if r.randrange(4) else address,
        *more,
        groups=groups,
        description=described,
        interface_type="network_load_balancer" if kind == "network" else "interface",
    )


def _current(r: Random, arn: str, kind: str, subnets: list[Subnet], interfaces: list[NetworkInterface]) -> list[Record]:
    group = arn.replace("loadbalancer", "targetgroup")
    protocol = r.choice(_PROTOCOLS[kind])
    by_address = r.randrange(2) == 0
    found = [_target(r, i, by_address=by_address) for i in r.sample(interfaces, min(len(interfaces), r.randint(1, 4)))]
    listener = Listener(
        listener_arn=f"{arn}/1",
        load_balancer_arn=arn,
        port=r.choice(_PORTS),
        protocol=protocol,
        default_actions=(Action(type="forward", target_group_arn=group),),
    )
    records: list[Record] = [
        LoadBalancer(
            load_balancer_arn=arn,
            load_balancer_name=arn.split("/")[2],
            scheme=r.choice(("internet-facing", "internal")),
            type=kind,
            vpc_id=subnets[0].vpc_id,
            state=BalancerState(code=r.choice(("active", "active", "active", "failed"))),
            availability_zones=tuple(BalancerZone(subnet_id=s.subnet_id) for s in subnets),
        ),
        TargetGroup(
            target_group_arn=group,
            protocol=protocol,
            port=22,
            vpc_id=subnets[0].vpc_id,
            load_balancer_arns=(arn,),
            target_type="ip" if by_address else "instance",
        ),
    ]
    if r.randrange(10):
        records.append(Listeners(load_balancer_arn=arn, listeners=(listener,)))
        records.append(ListenerRules(listener_arn=listener.listener_arn))
    if r.randrange(10):
        records.append(Targets(target_group_arn=group, targets=tuple(t for t in found if t)))
    kept = Attribute(key="preserve_client_ip.enabled", value=r.choice(("true", "false")))
    if r.randrange(5):
        records.append(TargetGroupAttributes(target_group_arn=group, attributes=(kept,)))
    crosses = Attribute(key="load_balancing.cross_zone.enabled", value=r.choice(("true", "false")))
    if r.randrange(5):
        records.append(LoadBalancerAttributes(load_balancer_arn=arn, attributes=(crosses,)))
    return records


def _target(r: Random, interface: NetworkInterface, *, by_address: bool) -> TargetDescription | None:
    addresses = [a.private_ip_address for a in interface.addresses]
    name = (r.choice(addresses) if addresses else None) if by_address else interface.instance_id
    if name is None:
        return None
    state = r.choice(("healthy", "healthy", "unhealthy"))
    return TargetDescription(target=Target(id=name, port=r.choice(_PORTS)), target_health=Health(state=state))


def _classic(
    r: Random, number: int, vpc_id: str, subnets: list[Subnet], interfaces: list[NetworkInterface]
) -> list[Record]:
    ids = [i.instance_id for i in interfaces if i.instance_id]
    listener = ClassicListener(protocol="TCP", load_balancer_port=r.choice(_PORTS), instance_port=r.choice(_PORTS))
    records: list[Record] = [
        ClassicLoadBalancer(
            load_balancer_name=f"lb{number}",
            vpc_id=vpc_id,
            scheme="internet-facing",
            subnets=tuple(s.subnet_id for s in subnets),
            instances=tuple(ClassicInstance(instance_id=i) for i in r.sample(ids, min(len(ids), 2))),
            listener_descriptions=(ClassicListenerDescription(listener=listener),),
        )
    ]
    if r.randrange(3):
        records.append(ClassicAttributes(load_balancer_name=f"lb{number}", cross_zone=r.randrange(2) == 0))
    return records
