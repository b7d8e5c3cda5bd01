"""A template under its parameters, with its nested stacks, as resources."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sekisho.errors import SnapshotError
from sekisho.iac.ids import PREFIXES, new_id
from sekisho.iac.implied import generated_ipv6
from sekisho.iac.resource import Resource
from sekisho.iac.values import Declared, Unknown, derived, symbolic, text
from sekisho.load.files import shown
from sekisho.model.record import Scope

from .functions import NO_VALUE, Functions
from .properties import NETWORKING, SELF, TYPES, converted, lowered, snake, understood

Json = dict[str, Any]
#: Reads the template of a nested stack by what its URL ends with; None where there is no such file.
Reader = Callable[[str], tuple[Json, str] | None]
_NESTED = 10


@dataclass(frozen=True, slots=True)
class Declaration:
    """One declared resource; `arguments` carry Terraform's names."""

    type: str
    address: str
    id: str
    scope: Scope
    declared: Declared
    arguments: Json
    noun: str = ""
    managed: bool = True

    def get(self, attribute: str) -> Any:  # noqa: ANN401
        return self.arguments.get(attribute)


class Stack:
    """One stack: what its template declares, and what `Ref` and `Fn::GetAtt` of each resource are."""

    def __init__(
        self, document: Json, file: str, scope: Scope, *, name: str, parameters: Mapping[str, Any],
        reader: Reader, exports: dict[str, Any], prefix: str = "", depth: int = 0,
    ) -> None:  # fmt: skip
        self._file, self._scope, self._prefix, self._reader, self._depth = file, scope, prefix, reader, depth
        self._exports = exports
        self._functions = Functions(
            document, parameters, scope, name, resource=self._ref, attribute=self._attribute, exports=exports
        )
        self._resources: dict[str, Json] = {}
        declared = document.get("Resources")
        unrolled = self._functions.each(declared) if isinstance(declared, dict) else {}
        self._resources = {k: v for k, v in unrolled.items() if isinstance(v, dict) and isinstance(v.get("Type"), str)}
        self._nested: dict[str, Stack | None] = {}
        self._known: dict[str, Json] = {}
        self._working: set[str] = set()
        self.issues: list[tuple[str, str, str]] = []

    # Resources ----------------------------------------------------------------------------------

    def resources(self) -> Iterator[Resource]:
        """Everything that the stack makes under its conditions, nested stacks included."""
        for name, declared in self._resources.items():
            if not self._made(declared):
                continue
            kind = declared["Type"]
            if kind == "AWS::CloudFormation::Stack":
                yield from self._of_nested(name)
                continue
            if not understood(kind):
                yield from self._other(name, kind)
                continue
            for type_, part, arguments in converted(kind, self.properties(name)):
                yield self._declaration(name, type_, part, arguments)

    def _of_nested(self, name: str) -> Iterator[Resource]:
        nested = self._stack(name)
        if nested is None:
            self.issues.append(
                (
                    self._address(name),
                    "the template of the nested stack is not beside this one",
                    "what it declares is in no row",
                )
            )
            arguments = {"subnet_ids": [Unknown("a nested stack")]}
            yield self._declaration(name, "aws_nested_stack", "", arguments)
            return
        yield from nested.resources()
        self.issues += nested.issues

    def _other(self, name: str, kind: str) -> Iterator[Resource]:
        """A type that is not translated: named as a networking one where it may count."""
        arguments = lowered(self.properties(name))
        if NETWORKING.match(kind):
            yield self._declaration(name, f"aws_vpc_{snake(kind.rpartition('::')[2])}_unread", "", arguments)
        elif any(
            arguments.get(k) for k in ("vpc_config", "network_configuration", "vpc_options", "subnet_ids", "subnet_id")
        ):
            yield self._declaration(name, f"aws_{snake(kind.rpartition('::')[2])}", "", arguments)

    def _declaration(self, name: str, type_: str, part: str, arguments: Json) -> Declaration:
        own = self.id(name) if not part else f"{self.id(name)}-{part}"
        settled = {k: self.id(name) if v == SELF else v for k, v in arguments.items()}
        line = getattr(self._resources[name], "line", None)
        pointer = f"/Resources/{name}"
        place = Declared(self._file, self._address(name), pointer, line)
        return Declaration(type_, self._address(name), own, self._scope, place, settled, self._resources[name]["Type"])

    def _made(self, declared: Json) -> bool:
        condition = declared.get("Condition")
        return not isinstance(condition, str) or self._functions.holds(condition)

    def properties(self, name: str) -> Json:
        """The properties of a resource, worked out once."""
        if name not in self._known:
            if name in self._working:
                return {}
            self._working.add(name)
            given = self._resources[name].get("Properties")
            found = self._functions.value(given) if isinstance(given, dict) else {}
            self._known[name] = found if isinstance(found, dict) else {}
            self._working.discard(name)
        return self._known[name]

    def _address(self, name: str) -> str:
        return f"{self._prefix}{name}"

    # Ids ----------------------------------------------------------------------------------------

    def id(self, name: str) -> str:
        given = self._resources[name].get("Properties")
        written = given.get("Type") if isinstance(given, dict) else None
        form = text(self._functions.value(written)) if written is not None else None
        return id_of(self._resources[name]["Type"], self._address(name), self._scope, form)

    def _ref(self, name: str) -> Any:  # noqa: ANN401
        declared = self._resources.get(name)
        if declared is None:
            return Unknown(f"Ref {shown(name)}")
        if not self._made(declared):
            return Unknown(f"{name}, which its condition leaves out")
        if declared["Type"] == "AWS::EC2::EIP":
            return Unknown(f"Ref {name}", (self.id(name),))
        return self.id(name)

    def _attribute(self, name: str, attribute: str) -> Any:  # noqa: ANN401, PLR0911 - one a form of attribute
        declared = self._resources.get(name)
        if declared is None:
            return Unknown(f"Fn::GetAtt {shown(name)}.{shown(attribute)}")
        kind, own = declared["Type"], self.id(name)
        if kind == "AWS::CloudFormation::Stack":
            nested = self._stack(name)
            output = attribute.removeprefix("Outputs.")
            return nested.output(output) if nested else Unknown(f"{name}.{attribute}")
        made = _MADE.get((kind, attribute))
        if made:
            return derived(made, own, "default")
        if (kind, attribute) == ("AWS::EC2::VPC", "Ipv6CidrBlocks"):
            return [generated_ipv6(own)]
        if (kind, attribute) == ("AWS::NetworkFirewall::Firewall", "EndpointIds"):
            return self._endpoints(name, own)
        if attribute in _OWN or (
            attribute.endswith(("Arn", "Id")) and attribute not in self.properties(name) and kind in _OWN_ID
        ):
            return own
        value = self.properties(name).get(attribute)
        return Unknown(f"{name}.{attribute}", (own,) if kind == "AWS::EC2::EIP" else ()) if value is None else value

    def _endpoints(self, name: str, own: str) -> Any:  # noqa: ANN401
        """The endpoints of a firewall as AWS lists them: the zone, a colon, the id."""
        mapped = self.properties(name).get("SubnetMappings")
        found = []
        for index, _ in enumerate(mapped if isinstance(mapped, list) else ()):
            found.append(f"{self._scope.region}{'abcdef'[index % 6]}:{derived('vpce', own, 'firewall')}_{index}")
        return found

    # Nested stacks ------------------------------------------------------------------------------

    def _stack(self, name: str) -> "Stack | None":
        if name not in self._nested:
            self._nested[name] = None
            properties = self.properties(name)
            url = properties.get("TemplateURL")
            hint = text(block_metadata(self._resources[name])) or text(url)
            found = self._reader(hint) if hint else None
            if found is not None and self._depth < _NESTED:
                given = properties.get("Parameters")
                self._nested[name] = Stack(
                    found[0], found[1], self._scope, name=name, parameters=given if isinstance(given, dict) else {},
                    reader=self._reader, exports=self._exports, prefix=f"{self._address(name)}/", depth=self._depth + 1,
                )  # fmt: skip
        return self._nested[name]

    def output(self, name: str) -> Any:  # noqa: ANN401
        declared = self._functions.section("Outputs").get(name)
        if not isinstance(declared, dict):
            return Unknown(f"output {shown(name)}")
        found = self._functions.value(declared.get("Value"))
        return Unknown(f"output {name}") if found is NO_VALUE else found

    def export(self) -> None:
        """Adds what the stack exports to what others import."""
        for name, declared in self._functions.section("Outputs").items():
            if isinstance(declared, dict) and isinstance(declared.get("Export"), dict) and self._made(declared):
                exported = text(self._functions.value(declared["Export"].get("Name")))
                if exported:
                    self._exports[exported] = self.output(name)


def block_metadata(declared: Json) -> Any:  # noqa: ANN401
    """The file of a nested stack as the CDK notes it."""
    metadata = declared.get("Metadata")
    return metadata.get("aws:asset:path") if isinstance(metadata, dict) else None


#: Types that become another type than their properties alone tell, for the form of their ids.
_IDS = {
    "AWS::EC2::EIP": "aws_eip",
    "AWS::EC2::Instance": "aws_instance",
    "AWS::EC2::LaunchTemplate": "aws_launch_template",
    "AWS::EC2::NetworkInterface": "aws_network_interface",
    "AWS::EC2::PrefixList": "aws_ec2_managed_prefix_list",
    "AWS::EC2::SecurityGroup": "aws_security_group",
    "AWS::EC2::TransitGatewayAttachment": "aws_ec2_transit_gateway_vpc_attachment",
    "AWS::EC2::TransitGatewayVpcAttachment": "aws_ec2_transit_gateway_vpc_attachment",
    "AWS::NetworkFirewall::FirewallPolicy": "aws_networkfirewall_firewall_policy",
    "AWS::NetworkFirewall::RuleGroup": "aws_networkfirewall_rule_group",
}
_MADE = {
    ("AWS::EC2::VPC", "DefaultSecurityGroup"): "sg",
    ("AWS::EC2::VPC", "DefaultNetworkAcl"): "acl",
}
_OWN = {"GroupId", "AllocationId", "Id", "Arn", "PrefixListId"}
_OWN_ID = {k for k, (t, _) in TYPES.items() if t in PREFIXES or "lb" in t or "network" in t or "global" in t} | set(
    _IDS
)


def id_of(kind: str, address: str, scope: Scope, form: str | None) -> str:
    """A symbolic id in the form that AWS gives to the type; `form` is the type of a load balancer."""
    type_ = _IDS.get(kind) or TYPES.get(kind, ("", {}))[0]
    dotted = address.replace("/", ".")
    if not type_:
        return symbolic(re.sub(r"\W+", "-", kind.removeprefix("AWS::")).lower(), dotted)
    return new_id(type_, dotted, scope, form or "application")


def check_parameters(document: Json, given: Mapping[str, str], file: str) -> None:
    """SnapshotError where a parameter is given that the template does not have."""
    declared = document.get("Parameters")
    names = set(declared) if isinstance(declared, dict) else set()
    odd = next((n for n in given if n not in names and not n.startswith("AWS::")), None)
    if odd is not None:
        raise SnapshotError(f"{file}: the template has no parameter {shown(odd)}")
