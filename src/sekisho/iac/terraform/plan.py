"""A plan or a state as resources: values where they are known, else what their expressions refer to.

Ids are not known before apply. The configuration that a plan carries names what each argument refers to, and
that is followed through indexes, `for_each`, variables of modules and their outputs.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from sekisho.iac.ids import by_arn, new_id
from sekisho.iac.implied import generated_ipv6
from sekisho.iac.resource import Resource
from sekisho.iac.values import Declared, Unknown, derived, text
from sekisho.model.record import Scope

from .references import Follower

Json = dict[str, Any]
_ZONE = re.compile(r"^([a-z]{2,4}(?:-[a-z]+)+-\d{1,2})[a-z]?$")
_ROLE = re.compile(r"arn:[\w-]+:[\w-]+:[\w-]*:(\d{12}):")
_INDEX = re.compile(r"\[[^\]]*\]")
#: How deep modules are nested at most, and the least parts of an ARN that names an account.
_DEPTH, _PARTS = 100, 5
NO_ACCOUNT = "000000000000"

#: What AWS makes together with a VPC or a transit gateway, by the attribute that names it.
_MADE = {
    ("aws_vpc", "default_security_group_id"): ("sg", "default"),
    ("aws_vpc", "default_network_acl_id"): ("acl", "default"),
    ("aws_vpc", "default_route_table_id"): ("rtb", "default"),
    ("aws_vpc", "main_route_table_id"): ("rtb", "default"),
    ("aws_instance", "primary_network_interface_id"): ("eni", "primary"),
    ("aws_ec2_transit_gateway", "association_default_route_table_id"): ("tgw-rtb", "default"),
    ("aws_ec2_transit_gateway", "propagation_default_route_table_id"): ("tgw-rtb", "default"),
}


class Instance:
    """One instance of a resource; its arguments are worked out when they are first asked for."""

    def __init__(self, plan: "Plan", planned: Json, module: str, pointer: str) -> None:
        self._plan = plan
        self.address: str = text(planned.get("address")) or f"{planned.get('type')}.{planned.get('name')}"
        self.module = module
        self.type: str = text(planned.get("type")) or ""
        self.noun = self.type
        self.name: str = text(planned.get("name")) or ""
        self.key = planned.get("index")
        self.managed = planned.get("mode", "managed") == "managed"
        values = planned.get("values")
        self.values: Json = values if isinstance(values, dict) else {}
        self.unknown: Json = plan.unknown.get(self.address, {})
        self.pointer = pointer
        self._found: dict[str, Any] = {}
        self._following: set[str] = set()

    @property
    def declared(self) -> Declared:
        return Declared(self._plan.file, self.address, self.pointer)

    @property
    def configuration(self) -> Json:
        return self._plan.configuration(self)

    @property
    def expressions(self) -> Json:
        found = self.configuration.get("expressions")
        return found if isinstance(found, dict) else {}

    @property
    def id(self) -> str:
        own = text(self.values.get("arn" if by_arn(self.type) else "id"))
        return own or self._plan.symbolic(self)

    @property
    def scope(self) -> Scope:
        return self._plan.scope(self)

    def get(self, attribute: str) -> Any:  # noqa: ANN401
        if attribute not in self._found:
            if attribute in self._following:
                return Unknown(f"{self.address}.{attribute}")
            self._following.add(attribute)
            self._found[attribute] = self._work_out(attribute)
            self._following.discard(attribute)
        return self._found[attribute]

    def _work_out(self, attribute: str) -> Any:  # noqa: ANN401
        value, unknown = self.values.get(attribute), self.unknown.get(attribute)
        made = _MADE.get((self.type, attribute))
        if made and not text(value):
            return derived(made[0], self.id, made[1])
        if not unknown:
            return value
        if (self.type, attribute) == ("aws_vpc", "ipv6_cidr_block") and self.values.get(
            "assign_generated_ipv6_cidr_block"
        ):
            return generated_ipv6(self.id)
        return self._known(value, unknown, self.expressions.get(attribute), attribute, top=True)

    def _known(self, value: Any, unknown: Any, expression: Any, path: str, *, top: bool = False) -> Any:  # noqa: ANN401
        """The value with what is not known of it followed to what its expression refers to."""
        if not unknown:
            return value
        if isinstance(unknown, dict):
            given = expression if isinstance(expression, dict) and "references" not in expression else {}
            inner = value if isinstance(value, dict) else {}
            keys = dict.fromkeys([*inner, *unknown])
            return {k: self._known(inner.get(k), unknown.get(k), given.get(k), f"{path}.{k}") for k in keys}
        if isinstance(unknown, list) and any(isinstance(u, dict) for u in unknown):
            found = value if isinstance(value, list) else []
            nested = expression if isinstance(expression, list) else [expression] * len(unknown)
            items = zip(unknown, [*found, *[None] * len(unknown)], [*nested, *[None] * len(unknown)], strict=False)
            return [self._known(v, u, e, path) for u, v, e in items]
        if isinstance(unknown, list) and not any(unknown):
            return value
        if not isinstance(expression, dict):
            return None if top else Unknown(f"{self.address}.{path}")
        return self._followed(value, unknown, expression, path)

    def _followed(self, value: Any, unknown: Any, expression: Json, path: str) -> Any:  # noqa: ANN401
        found = self._plan.follower.follow(self, expression)
        if isinstance(unknown, list) and isinstance(value, list):
            open_ = sum(1 for u in unknown if u)
            there = [v for v, u in zip(value, unknown, strict=False) if not u]
            new = [f for f in found if f not in there]
            if len(new) == open_:
                return [*there, *new]
            return [*there, Unknown(f"{self.address}.{path}", tuple(new))]
        return found[0] if len(found) == 1 else Unknown(f"{self.address}.{path}", tuple(found))


class Plan:
    """All resources of a plan, or of a state, with the means to follow references among them."""

    def __init__(self, document: Json, file: str, *, before: bool = False) -> None:
        self.file = file
        self.is_plan = "planned_values" in document and not before
        self._document = document
        self._modules: dict[str, Json] = {}
        self._configured: dict[str, dict[tuple[str, str, str], Json]] = {}
        changes = [c for c in _list(document, "resource_changes") if isinstance(c.get("change"), dict)]
        self.actions = {str(c.get("address")): _words(c["change"].get("actions")) for c in changes}
        self.unknown = {
            str(c.get("address")): c["change"]["after_unknown"]
            for c in changes
            if isinstance(c["change"].get("after_unknown"), dict) and not before
        }
        self.instances: list[Instance] = []
        self._read(before=before)
        self.by_address = {i.address: i for i in self.instances}
        self.follower = Follower(self)
        self._accounts = self._known_accounts()
        self._scopes: dict[str, Scope] = {}
        self._symbolic: dict[str, str] = {}
        self._taken: set[str] = set()

    # Resources ----------------------------------------------------------------------------------

    def _read(self, *, before: bool) -> None:
        prior = _dict(_dict(self._document, "prior_state"), "values")
        if before and not prior:
            self._former()
        elif before:
            self._module(_dict(prior, "root_module"), "", "/prior_state/values/root_module", {"managed", "data"})
        elif self.is_plan:
            planned = _dict(self._document, "planned_values")
            self._module(_dict(planned, "root_module"), "", "/planned_values/root_module", {"managed", "data"})
            self._module(_dict(prior, "root_module"), "", "/prior_state/values/root_module", {"data"})
            self._deferred()
        else:
            values = _dict(self._document, "values")
            self._module(_dict(values, "root_module"), "", "/values/root_module", {"managed", "data"})

    def _module(self, module: Json, address: str, pointer: str, modes: set[str], *, depth: int = 0) -> None:
        for index, planned in enumerate(_list(module, "resources")):
            if str(planned.get("mode", "managed")) in modes:
                self.instances.append(Instance(self, planned, address, f"{pointer}/resources/{index}"))
        for index, child in enumerate(_list(module, "child_modules") if depth < _DEPTH else []):
            name = text(child.get("address")) or ""
            self._module(child, name, f"{pointer}/child_modules/{index}", modes, depth=depth + 1)

    def _former(self) -> None:
        """Managed resources as they were, where the plan does not hold the state from before."""
        for index, change in enumerate(_list(self._document, "resource_changes")):
            values = _dict(change, "change").get("before")
            if isinstance(values, dict) and change.get("mode", "managed") == "managed":
                module = text(change.get("module_address")) or ""
                self.instances.append(
                    Instance(self, {**change, "values": values}, module, f"/resource_changes/{index}")
                )

    def _deferred(self) -> None:
        """Data sources that are read while the plan is applied."""
        there = {i.address for i in self.instances}
        for index, change in enumerate(_list(self._document, "resource_changes")):
            if change.get("mode") == "data" and str(change.get("address")) not in there:
                values = _dict(change, "change").get("after")
                module = text(change.get("module_address")) or ""
                planned = {**change, "values": values if isinstance(values, dict) else {}}
                self.instances.append(Instance(self, planned, module, f"/resource_changes/{index}"))

    @property
    def gone(self) -> list[Instance]:
        """What resources that the plan deletes or changes were: lists of what they belong to may still hold them."""
        found = []
        for index, change in enumerate(_list(self._document, "resource_changes")):
            actions, before = self.actions.get(str(change.get("address")), ()), _dict(change, "change").get("before")
            if isinstance(before, dict) and {"delete", "update"} & set(actions) and change.get("mode") != "data":
                module = text(change.get("module_address")) or ""
                instance = Instance(self, {**change, "values": before}, module, f"/resource_changes/{index}")
                instance.unknown = {}
                found.append(instance)
        return found

    # Configuration ------------------------------------------------------------------------------

    def module_configuration(self, module: str) -> Json:
        """The configuration of a module, which all of its instances share."""
        path = module_path(module)
        if path not in self._modules:
            found = _dict(_dict(self._document, "configuration"), "root_module")
            for name in (part for part in path.split(".") if part and part != "module"):
                found = _dict(_dict(_dict(found, "module_calls"), name), "module")
            self._modules[path] = found
        return self._modules[path]

    def root_variable(self, name: str) -> Any:  # noqa: ANN401
        """The value of a variable of the root module, None where it is not known."""
        return _dict(_dict(self._document, "variables"), name).get("value")

    def configuration(self, instance: Instance) -> Json:
        """What the configuration says of the resource, nothing where it says nothing."""
        path = module_path(instance.module)
        if path not in self._configured:
            declared = _list(self.module_configuration(instance.module), "resources")
            self._configured[path] = {
                (str(r.get("mode", "managed")), str(r.get("type")), str(r.get("name"))): r for r in reversed(declared)
            }
        mode = "managed" if instance.managed else "data"
        return self._configured[path].get((mode, instance.type, instance.name), {})

    # Ids, scopes --------------------------------------------------------------------------------

    def symbolic(self, instance: Instance) -> str:
        if instance.address not in self._symbolic:
            kind = text(instance.values.get("load_balancer_type")) or "application"
            name = new_id(instance.type, instance.address, self.scope(instance), kind)
            number = 2
            while name in self._taken:
                name = f"{new_id(instance.type, instance.address, self.scope(instance), kind)}_{number}"
                number += 1
            self._taken.add(name)
            self._symbolic[instance.address] = name
        return self._symbolic[instance.address]

    def scope(self, instance: Instance) -> Scope:
        if instance.address not in self._scopes:
            provider = text(instance.configuration.get("provider_config_key")) or "aws"
            account, region = self._of_provider(provider)
            arn = text(instance.values.get("arn")) or ""
            parts = arn.split(":")
            if len(parts) >= _PARTS and re.fullmatch(r"\d{12}", parts[4]):
                account, region = parts[4], parts[3] or region
            zone = _ZONE.match(text(instance.values.get("availability_zone")) or "")
            owner = text(instance.values.get("owner_id")) or ""
            account = owner if re.fullmatch(r"\d{12}", owner) and instance.managed else account
            named = text(instance.values.get("region"))
            self._scopes[instance.address] = Scope(account, zone[1] if zone else named or region)
        return self._scopes[instance.address]

    def _of_provider(self, key: str) -> tuple[str, str | None]:
        providers = _dict(_dict(self._document, "configuration"), "provider_config")
        found = _dict(providers, key) or _dict(providers, key.rpartition(":")[2]) or _dict(providers, "aws")
        expressions = _dict(found, "expressions")
        region = self._constant(_dict(expressions, "region")) or self._only_region()
        roles = expressions.get("assume_role")
        role = (
            self._constant(_dict(roles[0], "role_arn"))
            if isinstance(roles, list) and roles and isinstance(roles[0], dict)
            else None
        )
        named = _ROLE.match(role or "")
        allowed = _dict(expressions, "allowed_account_ids").get("constant_value")
        if named:
            return named[1], region
        if isinstance(allowed, list) and len(allowed) == 1:
            return str(allowed[0]), region
        return (self._accounts[0] if len(self._accounts) == 1 else NO_ACCOUNT), region

    def _constant(self, expression: Json) -> str | None:
        if "constant_value" in expression:
            return text(expression["constant_value"])
        references = expression.get("references")
        for name in references if isinstance(references, list) else ():
            if isinstance(name, str) and name.startswith("var."):
                return text(_dict(_dict(self._document, "variables"), name[4:]).get("value"))
        return None

    def _only_region(self) -> str | None:
        zones = (_ZONE.match(text(i.values.get("availability_zone")) or "") for i in self.instances)
        arns = (str(i.values.get("arn", "")).split(":") for i in self.instances)
        found = {z[1] for z in zones if z} | {a[3] for a in arns if len(a) >= _PARTS and a[3]}
        return found.pop() if len(found) == 1 else None

    def _known_accounts(self) -> list[str]:
        named = {str(i.values.get("account_id")) for i in self.instances if i.type == "aws_caller_identity"}
        arns = {
            str(i.values.get("arn", "")).split(":")[4:5][0]
            for i in self.instances
            if str(i.values.get("arn", "")).count(":") >= _PARTS and i.managed
        }
        owners = {str(i.values.get("owner_id")) for i in self.instances if i.managed}
        return sorted(a for a in named | arns | owners if re.fullmatch(r"\d{12}", a))


def module_path(module: str) -> str:
    """The address of a module instance without its keys."""
    return _INDEX.sub("", re.sub(r'\["[^"]*"\]', "", module))


def resources(plan: Plan) -> list[Resource]:
    """All resources of the plan as translators take them."""
    return list(plan.instances)


def _dict(parent: Mapping[str, Any], key: str) -> Json:
    found = parent.get(key)
    return found if isinstance(found, dict) else {}


def _list(parent: Mapping[str, Any], key: str) -> list[Json]:
    found = parent.get(key)
    return [x for x in found if isinstance(x, dict)] if isinstance(found, list) else []


def _words(value: object) -> tuple[str, ...]:
    return tuple(str(v) for v in value) if isinstance(value, list) else ()


def changes(document: Json) -> Iterator[Json]:
    """The changes of managed resources that do something."""
    for change in _list(document, "resource_changes"):
        if change.get("mode", "managed") == "managed" and _words(_dict(change, "change").get("actions")) not in {
            (),
            ("no-op",),
            ("read",),
        }:
            yield change
