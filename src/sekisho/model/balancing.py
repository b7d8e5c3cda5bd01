"""Load balancers as Elastic Load Balancing describes them: balancers, listeners, rules, target groups, targets.

Answers that are asked for one resource at a time (listeners, rules, targets, attributes) are one record for each
resource; `complete` is False where the answer may not be whole.
"""

import msgspec

from .record import Record


class BalancerState(Record, frozen=True, kw_only=True):
    code: str


class BalancerZone(Record, frozen=True, kw_only=True):
    zone_name: str | None = None
    subnet_id: str | None = None


class LoadBalancer(Record, frozen=True, kw_only=True):
    """An application, network or gateway load balancer."""

    load_balancer_arn: str
    load_balancer_name: str = ""
    scheme: str | None = None
    type: str = "application"
    vpc_id: str | None = None
    state: BalancerState | None = None
    availability_zones: tuple[BalancerZone, ...] = ()
    security_groups: tuple[str, ...] = ()
    ip_address_type: str = "ipv4"
    enforce_security_group_inbound_rules_on_private_link_traffic: str | None = None


class TargetGroupWeight(Record, frozen=True, kw_only=True):
    target_group_arn: str
    weight: int | None = None


class ForwardConfig(Record, frozen=True, kw_only=True):
    target_groups: tuple[TargetGroupWeight, ...] = ()


class Action(Record, frozen=True, kw_only=True):
    type: str
    target_group_arn: str | None = None
    forward_config: ForwardConfig | None = None

    @property
    def target_groups(self) -> tuple[str, ...]:
        """The target groups that it may forward to; one of weight 0 gets nothing where another has weight."""
        weighted = self.forward_config.target_groups if self.forward_config else ()
        heavy = [g.target_group_arn for g in weighted if g.weight != 0]
        named = heavy or [g.target_group_arn for g in weighted]
        if self.target_group_arn and not weighted:
            named = [self.target_group_arn]
        return tuple(named)


class Listener(Record, frozen=True, kw_only=True):
    listener_arn: str
    load_balancer_arn: str | None = None
    port: int | None = None
    protocol: str | None = None
    default_actions: tuple[Action, ...] = ()


class Listeners(Record, frozen=True, kw_only=True):
    """All listeners of one load balancer."""

    load_balancer_arn: str
    listeners: tuple[Listener, ...] = ()
    complete: bool = True


class ListenerRule(Record, frozen=True, kw_only=True):
    rule_arn: str | None = None
    priority: str | None = None
    actions: tuple[Action, ...] = ()


class ListenerRules(Record, frozen=True, kw_only=True):
    """All rules of one listener of an application load balancer."""

    listener_arn: str
    rules: tuple[ListenerRule, ...] = ()
    complete: bool = True


class TargetGroup(Record, frozen=True, kw_only=True):
    target_group_arn: str
    target_group_name: str | None = None
    protocol: str | None = None
    port: int | None = None
    vpc_id: str | None = None
    load_balancer_arns: tuple[str, ...] = ()
    target_type: str = "instance"
    ip_address_type: str = "ipv4"


class Target(Record, frozen=True, kw_only=True):
    id: str
    port: int | None = None
    availability_zone: str | None = None


class Health(Record, frozen=True, kw_only=True):
    state: str | None = None


class TargetDescription(Record, frozen=True, kw_only=True):
    target: Target
    target_health: Health | None = None


class Targets(Record, frozen=True, kw_only=True):
    """All targets that are registered with one target group."""

    target_group_arn: str
    targets: tuple[TargetDescription, ...] = ()
    complete: bool = True


class Attribute(Record, frozen=True, kw_only=True):
    key: str
    value: str | None = None


class TargetGroupAttributes(Record, frozen=True, kw_only=True):
    target_group_arn: str
    attributes: tuple[Attribute, ...] = ()
    complete: bool = True

    def value(self, key: str) -> str | None:
        return next((a.value for a in self.attributes if a.key == key), None)


class LoadBalancerAttributes(Record, frozen=True, kw_only=True):
    load_balancer_arn: str
    attributes: tuple[Attribute, ...] = ()
    complete: bool = True

    def value(self, key: str) -> str | None:
        return next((a.value for a in self.attributes if a.key == key), None)


# Classic load balancers -----------------------------------------------------------------------------


class ClassicListener(Record, frozen=True, kw_only=True):
    protocol: str
    load_balancer_port: int
    instance_port: int
    instance_protocol: str | None = None


class ClassicListenerDescription(Record, frozen=True, kw_only=True):
    listener: ClassicListener


class ClassicInstance(Record, frozen=True, kw_only=True):
    instance_id: str


class ClassicLoadBalancer(Record, frozen=True, kw_only=True):
    load_balancer_name: str
    dns_name: str | None = msgspec.field(default=None, name="DNSName")
    vpc_id: str | None = msgspec.field(default=None, name="VPCId")
    scheme: str | None = None
    subnets: tuple[str, ...] = ()
    security_groups: tuple[str, ...] = ()
    instances: tuple[ClassicInstance, ...] = ()
    listener_descriptions: tuple[ClassicListenerDescription, ...] = ()

    @property
    def key(self) -> str:
        """Names are unique within an account and Region only, DNS names everywhere."""
        return self.dns_name or self.load_balancer_name


class CrossZone(Record, frozen=True, kw_only=True):
    enabled: bool = False


class ClassicAttributeValues(Record, frozen=True, kw_only=True):
    cross_zone_load_balancing: CrossZone | None = None


class ClassicAttributes(Record, frozen=True, kw_only=True):
    """The attributes of one classic load balancer, named by the parameters of their call."""

    load_balancer_name: str
    cross_zone: bool | None = None
    complete: bool = True
