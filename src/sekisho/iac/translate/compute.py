"""Instances, their interfaces, Elastic addresses; and groups of instances, one of which stands for all in a subnet."""

from collections.abc import Iterator
from typing import Any

from sekisho.iac.resource import Resource
from sekisho.iac.values import LATER, Unknown, block, blocks, derived, flag, many, number, one, tags, text

from .translation import Translation


def address(t: Translation, r: Resource) -> None:
    """An Elastic IP address."""
    name = t.place(r)
    draft = {
        "AllocationId": name,
        "PublicIp": text(r.get("public_ip")) or Unknown("public_ip"),
        "NetworkInterfaceId": t.one(r, "network_interface", "eni") if r.get("network_interface") else None,
        "PrivateIpAddress": text(r.get("associate_with_private_ip")),
        "_instance": t.one(r, "instance", "i") if r.get("instance") else None,
    }
    t.estate.put("addresses", name, r.scope, draft)


def address_association(t: Translation, r: Resource) -> None:
    draft = t.estate.get("addresses", t.one(r, "allocation_id", "eipalloc"))
    if draft is None:
        t.estate.issue(r.address, "its address is not declared here, or known after apply", "the address is not used")
        return
    draft["PrivateIpAddress"] = text(r.get("private_ip_address"))
    draft["NetworkInterfaceId"] = t.one(r, "network_interface_id", "eni")
    draft["_instance"] = t.one(r, "instance_id", "i")


def interface(t: Translation, r: Resource) -> None:
    subnet = t.one(r, "subnet_id", "subnet")
    groups = t.many(r, "security_groups", "sg")
    private = [a for a in many(r.get("private_ip_list")) or many(r.get("private_ips")) if isinstance(a, str)]
    ipv6 = [a for a in many(r.get("ipv6_addresses")) if isinstance(a, str)]
    attached = block(r.get("attachment"))
    instance = t.pick(r, attached.get("instance"), "i", "attachment") if attached else None
    more = max(number(r.get("private_ips_count")) or 0, 0)
    t.interface(
        r,
        t.place(r),
        subnet,
        groups=groups or None,
        Status="in-use" if instance else "available",
        Description=text(r.get("description")) or "",
        SourceDestCheck=flag(r.get("source_dest_check"), default=True),
        Attachment=attachment(instance, number(attached.get("device_index")) or 0) if instance else None,
        Ipv6Addresses=[{"Ipv6Address": a} for a in ipv6],
        Ipv4Prefixes=[{"Ipv4Prefix": p} for p in many(r.get("ipv4_prefixes"))],
        Ipv6Prefixes=[{"Ipv6Prefix": p} for p in many(r.get("ipv6_prefixes"))],
        TagSet=tags(r.get("tags")),
        _private=[*private, *[Unknown("private address")] * (more if len(private) <= 1 else 0)],
        _ipv6_count=number(r.get("ipv6_address_count")),
        _public=False,
    )


def attachment(instance: str | Unknown | None, index: int) -> dict[str, Any]:
    return {"InstanceId": instance, "DeviceIndex": index, "Status": "attached"}


def interface_attachment(t: Translation, r: Resource) -> None:
    draft = t.estate.get("interfaces", t.one(r, "network_interface_id", "eni"))
    if draft is not None:
        draft["Attachment"] = attachment(t.one(r, "instance_id", "i"), number(r.get("device_index")) or 0)
        draft["Status"] = "in-use"


def group_attachment(t: Translation, r: Resource) -> None:
    draft = t.estate.get("interfaces", t.one(r, "network_interface_id", "eni"))
    group = t.one(r, "security_group_id", "sg")
    if draft is None:
        t.estate.issue(r.address, "its interface is not declared here, or known after apply", "the group is not used")
    elif {"GroupId": group} not in draft.setdefault("Groups", []):
        draft["Groups"].append({"GroupId": group})


# Instances ------------------------------------------------------------------------------------------


class Settings:
    """Arguments of an instance, else those of its launch template."""

    def __init__(self, r: Resource, template: Resource | None) -> None:
        self._r, self._template = r, template

    def get(self, attribute: str) -> Any:  # noqa: ANN401
        own = self._r.get(attribute)
        if own is None or own in ("", []):
            return self._template.get(attribute) if self._template else None
        return own

    @property
    def interfaces(self) -> list[dict[str, Any]]:
        return blocks(self._template.get("network_interfaces")) if self._template else []


def template_of(t: Translation, r: Resource, given: dict[str, Any]) -> Resource | None:
    """The launch template that a block names by id or by name."""
    name = t.pick(r, given.get("id") or given.get("launch_template_id"), "lt", "launch_template")
    title = text(given.get("name") or given.get("launch_template_name"))
    templates = (o for o in t.resources if o.type == "aws_launch_template")
    return next((o for o in templates if o.id == name or (title and text(o.get("name")) == title)), None)


def instance(t: Translation, r: Resource) -> None:
    name = t.place(r)
    template = template_of(t, r, block(r.get("launch_template"))) if r.get("launch_template") else None
    settings = Settings(r, template)
    state = text(r.get("instance_state")) or "running"
    given = [*blocks(r.get("network_interface")), *blocks(r.get("primary_network_interface"))]
    attached = [
        n for b in given if isinstance(n := t.pick(r, b.get("network_interface_id"), "eni", "network_interface"), str)
    ]
    for index, (b, eni) in enumerate(zip(given, attached, strict=False)):
        draft = t.estate.get("interfaces", eni)
        if draft is not None:
            draft["Attachment"] = attachment(name, number(b.get("device_index")) or index)
            draft["Status"] = "in-use"
    if not given:
        attached = _own_interfaces(t, r, settings, name, t.one(r, "subnet_id", "subnet"))
    _instance(t, r, name, attached, state)


def _instance(t: Translation, r: Resource, name: str, interfaces: list[str], state: str) -> None:
    first = (t.estate.get("interfaces", interfaces[0]) if interfaces else None) or {}
    draft = {
        "InstanceId": name,
        "State": {"Name": state},
        "VpcId": first.get("VpcId"),
        "SubnetId": first.get("SubnetId"),
        "ImageId": text(r.get("ami")),
        "NetworkInterfaces": [{"NetworkInterfaceId": i} for i in interfaces],
        "Tags": tags(r.get("tags")),
    }
    t.estate.put("instances", name, r.scope, draft)


def _own_interfaces(
    t: Translation, r: Resource, settings: Settings, name: str, subnet: str | Unknown | None
) -> list[str]:
    """The interfaces that an instance is launched with: one, or those of its launch template."""
    given = settings.interfaces or [{}]
    made = []
    for index, b in enumerate(given):
        own = index == 0
        primary = text(r.get("primary_network_interface_id")) if own and r.type == "aws_instance" else None
        eni = primary or derived("eni", name, "primary" if own else f"interface{index}")
        groups = [*many(b.get("security_groups"), "sg")]
        if own and not groups:
            groups = many(settings.get("vpc_security_group_ids"), "sg")
        private = text(r.get("private_ip")) if own else None
        public: object = b.get("associate_public_ip_address")
        if own and text(r.get("associate_public_ip_address")):
            public = r.get("associate_public_ip_address")
        known = text(r.get("public_ip")) if own else None
        ipv6 = [a for a in many(r.get("ipv6_addresses")) if isinstance(a, str)] if own else []
        t.interface(
            r,
            eni,
            subnet or t.pick(r, b.get("subnet_id"), "subnet", "subnet_id"),
            groups=groups or None,
            Attachment=attachment(name, index),
            SourceDestCheck=flag(r.get("source_dest_check"), default=True) if own else True,
            Ipv6Addresses=[{"Ipv6Address": a} for a in ipv6],
            _private=[private or text(b.get("private_ip_address"))]
            if private or text(b.get("private_ip_address"))
            else [],
            _public=known or (flag(public, default=False) if text(public) else None),
            _ipv6_count=number(r.get("ipv6_address_count") if own else None) or number(b.get("ipv6_address_count")),
        )
        made.append(eni)
    return made


def scaling_group(t: Translation, r: Resource) -> None:
    """One instance in each subnet stands for all that the group may start there."""
    template, mixed = block(r.get("launch_template")), block(r.get("mixed_instances_policy"))
    if mixed:
        template = block(block(mixed.get("launch_template")).get("launch_template_specification"))
    found = template_of(t, r, template) if template else _configuration(t, r)
    if found is None:
        t.estate.issue(r.address, "its launch template is not declared here, or known after apply")
    targets = t.many(r, "target_group_arns", "arn:")
    for index, subnet in enumerate(t.many(r, "vpc_zone_identifier", "subnet")):
        name = t.place(r, f"{derived('i', r.id, 'one')}_{index}")
        nothing = Nothing(r, "aws_instance")
        interfaces = _own_interfaces(t, nothing, Settings(nothing, found), name, subnet)
        if found is None:
            for eni in interfaces:
                t.estate.tables["interfaces"][eni].update({"Groups": [{"GroupId": LATER}], "_default_group": False})
        _instance(t, r, name, interfaces, "running" if number(r.get("max_size")) != 0 else "stopped")
        t.estate.notes_of_groups.setdefault(r.id, []).append(name)
        for target in targets:
            register(t, r, target, name, None)
        for balancer in t.many(r, "load_balancers"):
            t.estate.classic_instances.setdefault(str(balancer), []).append(name)


def scaling_attachment(t: Translation, r: Resource) -> None:
    group = next(
        (
            o
            for o in t.resources
            if o.type == "aws_autoscaling_group"
            and t.one(r, "autoscaling_group_name") in {o.id, text(o.get("name")), text(o.get("id"))}
        ),
        None,
    )
    target = one(r.get("lb_target_group_arn") or r.get("alb_target_group_arn"), "arn:")
    for name in t.estate.notes_of_groups.get(group.id, []) if group else []:
        register(t, r, target, name, None)


def traffic_source(t: Translation, r: Resource) -> None:
    """A target group of a group of instances, declared alone."""
    source, name = block(r.get("traffic_source")), t.one(r, "autoscaling_group_name")
    groups = (o for o in t.resources if o.type == "aws_autoscaling_group")
    group = next((o for o in groups if name in {o.id, text(o.get("name")), text(o.get("id"))}), None)
    target = t.pick(r, source.get("identifier"), "arn:", "identifier")
    for instance_id in t.estate.notes_of_groups.get(group.id, []) if group else []:
        register(t, r, target, instance_id, None)


def register(  # noqa: PLR0917 - each a part of what is joined
    t: Translation,
    r: Resource,
    target_group: str | Unknown | None,
    name: str | Unknown | None,
    port: object,
    zone: str | None = None,
) -> None:
    """The target behind the target group."""
    if not isinstance(target_group, str):
        t.estate.issue(r.address, "its target group is known after apply")
        return
    group = t.estate.get("target_groups", target_group) or {}
    target = {
        "Id": name if isinstance(name, str) else LATER,
        "Port": number(port) or group.get("Port"),
        "AvailabilityZone": zone,
    }
    t.estate.part("targets", target_group, r.scope, [{"Target": target, "TargetHealth": {"State": "healthy"}}])


def _configuration(t: Translation, r: Resource) -> Resource | None:
    """The launch configuration, whose arguments have other names than those of a template."""
    name = t.one(r, "launch_configuration")
    found = next(
        (o for o in t.resources if o.type == "aws_launch_configuration" and name in {o.id, text(o.get("name"))}), None
    )
    return Renamed(found, {"vpc_security_group_ids": "security_groups"}) if found else None


class Renamed:
    """A resource under other names of its arguments."""

    def __init__(self, r: Resource, names: dict[str, str]) -> None:
        self._r, self._names = r, names
        self.type, self.address, self.id, self.scope = r.type, r.address, r.id, r.scope
        self.declared, self.managed, self.noun = r.declared, r.managed, r.noun

    def get(self, attribute: str) -> Any:  # noqa: ANN401
        if attribute == "network_interfaces" and text(self._r.get("associate_public_ip_address")):
            groups = self._r.get("security_groups")
            return [
                {"associate_public_ip_address": self._r.get("associate_public_ip_address"), "security_groups": groups}
            ]
        return self._r.get(self._names.get(attribute, attribute))


class Nothing:
    """What is declared of an instance that a group starts: nothing of its own."""

    def __init__(self, r: Resource, type_: str) -> None:
        self.type, self.address, self.id, self.scope = type_, r.address, r.id, r.scope
        self.declared, self.managed, self.noun = r.declared, r.managed, r.noun

    def get(self, _: str) -> None:
        return None


# Interfaces that other services make ------------------------------------------------------------------

#: Where the subnets and groups of such a resource stand, and what its interfaces are described as.
HOLDERS = {
    "aws_db_instance": ("db_subnet_group_name", "vpc_security_group_ids", "RDSNetworkInterface"),
    "aws_rds_cluster_instance": ("db_subnet_group_name", "vpc_security_group_ids", "RDSNetworkInterface"),
    "aws_lambda_function": ("vpc_config.subnet_ids", "vpc_config.security_group_ids", "AWS Lambda VPC ENI"),
    "aws_eks_cluster": ("vpc_config.subnet_ids", "vpc_config.security_group_ids", "Amazon EKS"),
    "aws_ecs_service": ("network_configuration.subnets", "network_configuration.security_groups", "arn:aws:ecs:"),
    "aws_elasticache_cluster": ("subnet_group_name", "security_group_ids", "ElastiCache"),
    "aws_elasticache_replication_group": ("subnet_group_name", "security_group_ids", "ElastiCache"),
    "aws_redshift_cluster": ("cluster_subnet_group_name", "vpc_security_group_ids", "RedshiftNetworkInterface"),
    "aws_efs_mount_target": ("subnet_id", "security_groups", "EFS mount target"),
    "aws_msk_cluster": (
        "broker_node_group_info.client_subnets",
        "broker_node_group_info.security_groups",
        "Amazon MSK",
    ),
    "aws_mq_broker": ("subnet_ids", "security_groups", "AmazonMQ"),
    "aws_opensearch_domain": ("vpc_options.subnet_ids", "vpc_options.security_group_ids", "ES "),
    "aws_route53_resolver_endpoint": ("ip_address.*.subnet_id", "security_group_ids", "Route 53 Resolver"),
}
_PUBLIC = {"aws_db_instance", "aws_rds_cluster_instance", "aws_redshift_cluster", "aws_mq_broker"}


def holder(t: Translation, r: Resource) -> None:
    """The interfaces of a database, function, cluster or endpoint: one in each of its subnets."""
    where, filters, described = HOLDERS[r.type]
    if r.type == "aws_lambda_function" and not r.get("vpc_config"):
        return
    subnets = [s for value in _deep(r, where) for s in _subnets(t, value)]
    groups = [g for value in _deep(r, filters) for g in many(value, "sg")]
    public = flag(r.get("publicly_accessible"), default=False) if r.type in _PUBLIC else False
    if r.type == "aws_ecs_service":
        if not blocks(r.get("network_configuration")):
            return
        public = flag(block(r.get("network_configuration")).get("assign_public_ip"), default=False)
    if not subnets:
        subnets = [Unknown("its subnets")]
    for index, subnet in enumerate(subnets):
        name = t.place(r, f"{derived('eni', r.id, 'of')}_{index}")
        t.interface(
            r, name, subnet, groups=groups or None, Description=described, RequesterManaged=True, _public=public
        )


def _deep(r: Resource, path: str) -> Iterator[Any]:
    first, *rest = path.split(".")
    values = [r.get(first)]
    for step in (s for s in rest if s != "*"):
        values = [b.get(step) for v in values for b in blocks(v)]
    return iter(values)


def _subnets(t: Translation, value: Any) -> list[str | Unknown]:  # noqa: ANN401
    """Subnets named one by one, or by a subnet group."""
    found = many(value, "subnet")
    if all(isinstance(f, str) and f.startswith("subnet-") for f in found):
        return found
    names = set(many(value)) | {f for f in found if isinstance(f, str)}
    for group in (o for o in t.resources if o.type.endswith("_subnet_group")):
        if group.id in names or text(group.get("name")) in names or any(group.id in str(n) for n in names):
            return t.many(group, "subnet_ids", "subnet")
    return [Unknown("its subnets")]
