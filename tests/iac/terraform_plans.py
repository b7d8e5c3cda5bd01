"""Plans as `terraform show -json` prints them, written from a short form of their resources.

A value that is `Ref(...)` is known after apply: the plan leaves it out of the values, marks it in `after_unknown`,
and names in the configuration what its expression refers to.
"""

import re
from collections.abc import Iterator
from typing import Any, NamedTuple

Json = dict[str, Any]


class Ref(NamedTuple):
    """References of an expression whose value is known after apply, as Terraform lists them: longest first."""

    names: tuple[str, ...]


def ref(*names: str) -> Ref:
    return Ref(tuple(dict.fromkeys(shorter for name in names for shorter in _shortened(name))))


def _shortened(name: str) -> Iterator[str]:
    """The reference and its beginnings, down to the resource or the module."""
    while "." in name:
        yield name
        name = re.sub(r"(\.[\w-]+|\[[^\]]*\])$", "", name)


def split(values: Any) -> tuple[Any, Any, Any]:
    """Known values, what is unknown, expressions."""
    if isinstance(values, Ref):
        return None, True, {"references": list(values.names)}
    if isinstance(values, dict):
        parts = {k: split(v) for k, v in values.items()}
        known = {k: p[0] for k, p in parts.items() if p[1] is not True}
        unknown = {k: p[1] for k, p in parts.items() if p[1]}
        return known, unknown, {k: p[2] for k, p in parts.items()}
    if isinstance(values, list) and any(isinstance(v, dict) for v in values):
        several = [split(v) for v in values]
        return [p[0] for p in several], [p[1] for p in several], [p[2] for p in several]
    if isinstance(values, list) and any(isinstance(v, Ref) for v in values):
        names = [n for v in values if isinstance(v, Ref) for n in v.names]
        later = [isinstance(v, Ref) for v in values]
        return [None if isinstance(v, Ref) else v for v in values], later, {"references": names}
    return values, False, {"constant_value": values}


class Module:
    """One module instance under construction."""

    def __init__(self, address: str = "") -> None:
        self.address = address
        self.resources: list[Json] = []
        self.changes: list[Json] = []
        self.configured: dict[tuple[str, str, str], Json] = {}
        self.children: list[Module] = []
        self.calls: dict[str, Json] = {}
        self.outputs: dict[str, Json] = {}

    def add(self, type_: str, label: str, /, *, key: Any = None, data: bool = False, **values: Any) -> "Module":
        known, unknown, expressions = split(values)
        mode = "data" if data else "managed"
        index = "" if key is None else f"[{key}]" if isinstance(key, int) else f'["{key}"]'
        own = f"{'data.' if data else ''}{type_}.{label}"
        address = f"{self.address}.{own}{index}".lstrip(".")
        resource = {
            "address": address,
            "mode": mode,
            "type": type_,
            "name": label,
            "provider_name": "registry.terraform.io/hashicorp/aws",
        }
        resource |= {} if key is None else {"index": key}
        self.resources.append(resource | {"schema_version": 1, "values": known, "sensitive_values": {}})
        computed = {"id": True, "arn": True}
        change = {"actions": ["create"], "before": None, "after": known, "after_unknown": computed | unknown}
        self.changes.append(resource | {"module_address": self.address, "change": change})
        configured = {
            "address": own,
            "mode": mode,
            "type": type_,
            "name": label,
            "provider_config_key": "aws",
            "expressions": expressions,
        }
        if isinstance(key, int):
            configured["count_expression"] = {"constant_value": 2}
        self.configured.setdefault((mode, type_, label), configured)
        return self

    def call(
        self, name: str, child: "Module", /, *, outputs: dict[str, Ref] | None = None, **variables: Any
    ) -> "Module":
        self.children.append(child)
        child.outputs = {k: {"expression": {"references": list(v.names)}} for k, v in (outputs or {}).items()}
        expressions = {k: split(v)[2] for k, v in variables.items()}
        self.calls.setdefault(
            name, {"source": f"./{name}", "expressions": expressions, "module": child.configuration()}
        )
        return self

    def configuration(self) -> Json:
        return {"resources": list(self.configured.values()), "module_calls": self.calls, "outputs": self.outputs}

    def planned(self) -> Json:
        own = {"address": self.address} if self.address else {}
        children = [c.planned() for c in self.children]
        return own | {"resources": self.resources} | ({"child_modules": children} if children else {})

    def all_changes(self) -> list[Json]:
        return [*self.changes, *(c for child in self.children for c in child.all_changes())]


def plan(root: Module, *, region: str = "ap-northeast-1", account: str = "111122223333") -> Json:
    role = f"arn:aws:iam::{account}:role/terraform"
    provider = {
        "name": "aws",
        "full_name": "registry.terraform.io/hashicorp/aws",
        "expressions": {"region": {"constant_value": region}, "assume_role": [{"role_arn": {"constant_value": role}}]},
    }
    return {
        "format_version": "1.2",
        "terraform_version": "1.9.8",
        "planned_values": {"root_module": root.planned()},
        "resource_changes": root.all_changes(),
        "configuration": {"provider_config": {"aws": provider}, "root_module": root.configuration()},
    }


# The story estate -----------------------------------------------------------------------------------


def rule(port: int, cidr: str) -> Json:
    return {
        "from_port": port,
        "to_port": port,
        "protocol": "tcp",
        "cidr_blocks": [cidr],
        "ipv6_cidr_blocks": [],
        "prefix_list_ids": [],
        "security_groups": [],
        "self": False,
        "description": "",
    }


EVERYTHING = {
    "from_port": 0,
    "to_port": 0,
    "protocol": "-1",
    "cidr_blocks": ["0.0.0.0/0"],
    "ipv6_cidr_blocks": ["::/0"],
    "prefix_list_ids": [],
    "security_groups": [],
    "self": False,
    "description": "",
}


def story() -> Json:
    """The bundled estate as a plan of two modules: ids are known nowhere, and half of the joins lead through them."""
    web = Module("module.web")
    web.add(
        "aws_vpc", "this", cidr_block="10.0.0.0/16", assign_generated_ipv6_cidr_block=True, tags={"Name": "web-prod"}
    )
    web.add(
        "aws_subnet",
        "this",
        key="private",
        vpc_id=ref("aws_vpc.this.id"),
        cidr_block="10.0.1.0/24",
        availability_zone="ap-northeast-1a",
    )
    web.add(
        "aws_subnet",
        "this",
        key="public",
        vpc_id=ref("aws_vpc.this.id"),
        cidr_block="10.0.2.0/24",
        availability_zone="ap-northeast-1a",
        ipv6_cidr_block=ref("aws_vpc.this.ipv6_cidr_block"),
        assign_ipv6_address_on_creation=True,
        map_public_ip_on_launch=True,
    )
    web.configured["managed", "aws_subnet", "this"]["expressions"] |= {
        "ipv6_cidr_block": {"references": ["aws_vpc.this.ipv6_cidr_block", "aws_vpc.this"]}
    }
    web.add("aws_internet_gateway", "this", vpc_id=ref("aws_vpc.this.id"))
    web.add("aws_eip", "nat", domain="vpc")
    web.add(
        "aws_nat_gateway",
        "this",
        subnet_id=ref('aws_subnet.this["public"].id'),
        allocation_id=ref("aws_eip.nat.id"),
        connectivity_type="public",
    )
    for key in ("private", "public"):
        web.add("aws_route_table", "this", key=key, vpc_id=ref("aws_vpc.this.id"))
        web.add(
            "aws_route_table_association",
            "this",
            key=key,
            subnet_id=Ref(("aws_subnet.this", "each.key")),
            route_table_id=Ref(("aws_route_table.this", "each.key")),
        )
        web.add(
            "aws_route",
            "peer",
            key=key,
            route_table_id=Ref(("aws_route_table.this", "each.key")),
            destination_cidr_block="10.1.0.0/16",
            vpc_peering_connection_id=ref("var.peering_id"),
        )
    web.add(
        "aws_route",
        "nat",
        route_table_id=ref('aws_route_table.this["private"].id'),
        destination_cidr_block="0.0.0.0/0",
        nat_gateway_id=ref("aws_nat_gateway.this.id"),
    )
    web.add(
        "aws_route",
        "internet",
        route_table_id=ref('aws_route_table.this["public"].id'),
        destination_cidr_block="0.0.0.0/0",
        gateway_id=ref("aws_internet_gateway.this.id"),
    )
    web.add(
        "aws_route",
        "internet6",
        route_table_id=ref('aws_route_table.this["public"].id'),
        destination_ipv6_cidr_block="::/0",
        gateway_id=ref("aws_internet_gateway.this.id"),
    )
    web.add(
        "aws_security_group",
        "web",
        name="web-server",
        vpc_id=ref("aws_vpc.this.id"),
        ingress=[rule(22, "0.0.0.0/0"), rule(3389, "203.0.113.10/32")],
        egress=[EVERYTHING],
    )
    web.add(
        "aws_vpc_security_group_ingress_rule",
        "http",
        security_group_id=ref("aws_security_group.web.id"),
        ip_protocol="tcp",
        from_port=80,
        to_port=80,
        cidr_ipv4="10.1.0.0/16",
    )

    management = Module("module.management")
    management.add("aws_vpc", "this", cidr_block="10.1.0.0/16", assign_generated_ipv6_cidr_block=False)
    management.add(
        "aws_subnet",
        "this",
        key=0,
        vpc_id=ref("aws_vpc.this.id"),
        cidr_block="10.1.1.0/24",
        availability_zone="ap-northeast-1a",
    )
    management.add(
        "aws_route_table",
        "this",
        vpc_id=ref("aws_vpc.this.id"),
        route=[{"cidr_block": "10.0.0.0/16", "vpc_peering_connection_id": ref("var.peering_id")}],
    )
    management.add(
        "aws_route_table_association",
        "this",
        key=0,
        subnet_id=Ref(("aws_subnet.this", "count.index")),
        route_table_id=ref("aws_route_table.this.id"),
    )
    management.add(
        "aws_security_group",
        "bastion",
        name="bastion",
        vpc_id=ref("aws_vpc.this.id"),
        ingress=[rule(22, "10.1.0.0/16")],
        egress=[EVERYTHING],
    )

    root = Module()
    outputs = {"vpc_id": ref("aws_vpc.this.id")}
    root.call(
        "web",
        web,
        peering_id=ref("aws_vpc_peering_connection.this.id"),
        outputs=outputs
        | {
            "subnet_ids": ref("aws_subnet.this"),
            "private": ref('aws_subnet.this["private"].id'),
            "group": ref("aws_security_group.web.id"),
        },
    )
    root.call(
        "management",
        management,
        peering_id=ref("aws_vpc_peering_connection.this.id"),
        outputs=outputs | {"subnets": ref("aws_subnet.this"), "group": ref("aws_security_group.bastion.id")},
    )
    root.add(
        "aws_vpc_peering_connection",
        "this",
        vpc_id=ref("module.management.vpc_id"),
        peer_vpc_id=ref("module.web.vpc_id"),
        auto_accept=True,
    )
    root.add(
        "aws_instance",
        "web_private",
        ami="ami-0",
        subnet_id=ref("module.web.private"),
        vpc_security_group_ids=[ref("module.web.group")],
        tags={"Name": "web-private", "Role": "web"},
    )
    root.add(
        "aws_instance",
        "web_public",
        ami="ami-0",
        subnet_id=ref('module.web.subnet_ids["public"].id'),
        vpc_security_group_ids=[ref("module.web.group")],
        tags={"Name": "web-public", "Role": "web"},
    )
    root.add("aws_eip", "web", instance=ref("aws_instance.web_public.id"), domain="vpc")
    root.add(
        "aws_instance",
        "bastion",
        ami="ami-0",
        subnet_id=ref("module.management.subnets[0].id"),
        vpc_security_group_ids=[ref("module.management.group")],
        tags={"Name": "bastion"},
    )
    return plan(root)
