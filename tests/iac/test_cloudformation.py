"""CloudFormation: each intrinsic function by hand and by cfn-lint's resolver, nested stacks, cdk.out, refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from iac.forms import saved
from sekisho.analysis import assess
from sekisho.errors import SnapshotError
from sekisho.iac import load
from sekisho.iac.cloudformation.functions import NO_VALUE, Functions
from sekisho.iac.values import Unknown
from sekisho.model.record import Scope

DOCUMENT: dict[str, Any] = {
    "Parameters": {
        "Network": {"Type": "String", "Default": "10.0.0.0/16"},
        "Zones": {"Type": "CommaDelimitedList", "Default": "a, b"},
        "Image": {"Type": "AWS::SSM::Parameter::Value<String>", "Default": "/aws/ami"},
    },
    "Mappings": {"Ports": {"web": {"ssh": 22}, "eu-west-1": {"ssh": 2222}}},
    "Conditions": {
        "Yes": {"Fn::Equals": [{"Ref": "Network"}, "10.0.0.0/16"]},
        "No": {"Fn::Not": [{"Condition": "Yes"}]},
        "Both": {"Fn::And": [{"Condition": "Yes"}, {"Condition": "No"}]},
        "Either": {"Fn::Or": [{"Condition": "Yes"}, {"Condition": "No"}]},
    },
    "Resources": {"Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Network"}}}},
}
CASES: list[tuple[Any, Any]] = [
    ({"Ref": "Network"}, "10.0.0.0/16"),
    ({"Ref": "Zones"}, ["a", "b"]),
    ({"Ref": "AWS::Region"}, "eu-west-1"),
    ({"Ref": "AWS::AccountId"}, "123456789012"),
    ({"Ref": "AWS::Partition"}, "aws"),
    ({"Ref": "AWS::URLSuffix"}, "amazonaws.com"),
    ({"Fn::Select": [1, {"Ref": "Zones"}]}, "b"),
    ({"Fn::Select": ["0", ["x", "y"]]}, "x"),
    ({"Fn::Split": [".", "a.b.c"]}, ["a", "b", "c"]),
    ({"Fn::Join": ["-", ["x", {"Ref": "Network"}, "z"]]}, "x-10.0.0.0/16-z"),
    ({"Fn::Join": ["", {"Ref": "Zones"}]}, "ab"),
    ({"Fn::FindInMap": ["Ports", "web", "ssh"]}, 22),
    ({"Fn::FindInMap": ["Ports", {"Ref": "AWS::Region"}, "ssh"]}, 2222),
    ({"Fn::FindInMap": ["Ports", "none", "ssh", {"DefaultValue": 9}]}, 9),
    ({"Fn::Sub": "${Network}!"}, "10.0.0.0/16!"),
    ({"Fn::Sub": "${!Literal}-${AWS::Region}"}, "${Literal}-eu-west-1"),
    ({"Fn::Sub": ["${X}/${Network}", {"X": {"Fn::Select": [0, {"Ref": "Zones"}]}}]}, "a/10.0.0.0/16"),
    ({"Fn::GetAZs": ""}, ["eu-west-1a", "eu-west-1b", "eu-west-1c"]),
    ({"Fn::Base64": "hello"}, "aGVsbG8="),
    ({"Fn::Length": {"Ref": "Zones"}}, 2),
    ({"Fn::ToJsonString": {"a": [1, "b"]}}, '{"a":[1,"b"]}'),
    ({"Fn::Cidr": ["10.0.0.0/16", 3, 8]}, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24"]),
    ({"Fn::Cidr": ["2001:db8::/56", "2", "64"]}, ["2001:db8::/64", "2001:db8:0:1::/64"]),
    ({"Fn::If": ["Yes", "then", "else"]}, "then"),
    ({"Fn::If": ["Both", "then", "else"]}, "else"),
    ({"Fn::If": ["Either", [1, {"Ref": "AWS::NoValue"}], []]}, [1]),
    ({"a": {"Fn::If": ["No", 1, {"Ref": "AWS::NoValue"}]}, "b": 2}, {"b": 2}),
]


def functions(**given: Any) -> Functions:
    return Functions(
        DOCUMENT,
        given,
        Scope("123456789012", "eu-west-1"),
        "stack",
        resource=lambda name: f"id-of-{name}",
        attribute=lambda name, attribute: f"{attribute}-of-{name}",
        exports={"shared": "vpc-9"},
    )


def name_of(case: object) -> str:
    return json.dumps(case)[:60]


@pytest.mark.parametrize(("expression", "value"), CASES, ids=name_of)
def test_a_function_gives_what_aws_documents(expression: Any, value: Any) -> None:
    assert functions().value(expression) == value


#: cfn-lint leaves these as they are written.
BEYOND = ("${!", "AWS::NoValue")
RESOLVED = [case for case in CASES if not any(text in json.dumps(case[0]) for text in BEYOND)]


@pytest.mark.parametrize(("expression", "value"), RESOLVED, ids=name_of)
def test_cfn_lint_resolves_it_alike(expression: Any, value: Any) -> None:
    """Where its resolver gives values at all, ours is among them (it takes both branches of a condition)."""
    found = oracle(expression)
    assert not found or plain(value) in [plain(f) for f in found]


def plain(value: Any) -> Any:
    return json.loads(value) if isinstance(value, str) and value.startswith("{") else value


def oracle(expression: Any) -> list[Any]:
    from cfnlint.decode import decode_str  # noqa: PLC0415 - slow to import
    from cfnlint.jsonschema import CfnTemplateValidator  # noqa: PLC0415
    from cfnlint.template import Template  # noqa: PLC0415

    document, _ = decode_str(json.dumps(DOCUMENT | {"Transform": "AWS::LanguageExtensions"}))
    template = Template("template.json", document, regions=["eu-west-1"])
    validator = CfnTemplateValidator({}, context=template.context.evolve(regions=["eu-west-1"]), cfn=template)
    return [value for value, _, error in validator.resolve_value(expression) if error is None]


def test_what_only_aws_knows_is_unknown() -> None:
    asked = functions()
    assert asked.value({"Ref": "Image"}) == Unknown("parameter Image")
    assert isinstance(asked.value({"Fn::Join": ["", ["a", {"Ref": "Image"}]]}), Unknown)
    assert isinstance(asked.value({"Fn::ImportValue": "other"}), Unknown)
    assert asked.value({"Fn::ImportValue": {"Fn::Sub": "shared"}}) == "vpc-9"
    assert asked.value({"Ref": "AWS::NoValue"}) is NO_VALUE
    assert asked.value({"Fn::GetAtt": "Vpc.CidrBlock"}) == "CidrBlock-of-Vpc"


# Templates ------------------------------------------------------------------------------------------

NETWORK = """
Resources:
  Vpc: {Type: AWS::EC2::VPC, Properties: {CidrBlock: 10.0.0.0/16}}
  Subnet:
    Type: AWS::EC2::Subnet
    Properties: {VpcId: !Ref Vpc, CidrBlock: 10.0.0.0/24, MapPublicIpOnLaunch: true}
  Gateway: {Type: AWS::EC2::InternetGateway}
  Attached: {Type: AWS::EC2::VPCGatewayAttachment, Properties: {VpcId: !Ref Vpc, InternetGatewayId: !Ref Gateway}}
  Table: {Type: AWS::EC2::RouteTable, Properties: {VpcId: !Ref Vpc}}
  Out:
    Type: AWS::EC2::Route
    Properties: {RouteTableId: !Ref Table, DestinationCidrBlock: 0.0.0.0/0, GatewayId: !Ref Gateway}
  Associated:
    Type: AWS::EC2::SubnetRouteTableAssociation
    Properties: {SubnetId: !Ref Subnet, RouteTableId: !Ref Table}
Outputs:
  Vpc: {Value: !Ref Vpc, Export: {Name: net-vpc}}
  Subnet: {Value: !GetAtt Subnet.SubnetId, Export: {Name: net-subnet}}
"""
HOST = """
Parameters:
  Vpc: {Type: String}
  Subnet: {Type: String}
Resources:
  Group:
    Type: AWS::EC2::SecurityGroup
    Properties:
      VpcId: !Ref Vpc
      SecurityGroupIngress: [{IpProtocol: tcp, FromPort: 22, ToPort: 22, CidrIp: 0.0.0.0/0}]
  Host: {Type: AWS::EC2::Instance, Properties: {SubnetId: !Ref Subnet, SecurityGroupIds: [!Ref Group]}}
"""


def reached(path: Path, **parameters: str) -> dict[str, str]:
    found = assess(load(path, parameters=parameters).snapshot)
    return {
        row.instance: found.answers[row.answer].verdict.value
        for row in found.rows
        if row.origin == "internet" and row.instance
    }


def written(folder: Path, **templates: str) -> Path:
    for name, text in templates.items():
        (folder / f"{name}.yaml").write_text(text, encoding="utf-8")
    return folder


def test_nested_stacks_are_read_from_the_files_beside(tmp_path: Path) -> None:
    outer = """
Resources:
  Net: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./net.yaml}}
  App:
    Type: AWS::CloudFormation::Stack
    Properties:
      TemplateURL: https://bucket.s3.amazonaws.com/app.yaml
      Parameters: {Vpc: !GetAtt Net.Outputs.Vpc, Subnet: !GetAtt Net.Outputs.Subnet}
"""
    place = written(tmp_path, outer=outer, net=NETWORK, app=HOST) / "outer.yaml"
    assert reached(place) == {"i-App_Host": "reachable"}
    assert load(place).declared["sg-App_Group"][:2] == ("app.yaml", "App/Group")


def test_a_nested_stack_without_a_file_is_named(tmp_path: Path) -> None:
    nested = "  App: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: https://x/app.yaml}}"
    outer = NETWORK.replace("Resources:", f"Resources:\n{nested}")
    issues = load(written(tmp_path, outer=outer) / "outer.yaml").snapshot.issues
    assert "App: the template of the nested stack is not beside this one" in {i.what for i in issues}


def test_stacks_of_cdk_out_import_from_each_other(tmp_path: Path) -> None:
    host = HOST.replace("Parameters:\n  Vpc: {Type: String}\n  Subnet: {Type: String}\n", "")
    host = host.replace("!Ref Vpc", "!ImportValue net-vpc").replace("!Ref Subnet", "!ImportValue net-subnet")
    written(tmp_path, net=NETWORK, host=host)
    stacks = {"Net": "net.yaml", "Host": "host.yaml"}
    artifacts = {
        name: {
            "type": "aws:cloudformation:stack",
            "environment": "aws://111122223333/eu-west-1",
            "properties": {"templateFile": file},
        }
        for name, file in stacks.items()
    }
    saved({"version": "36.0.0", "artifacts": artifacts}, tmp_path / "manifest.json")
    assert reached(tmp_path) == {"i-Host_Host": "reachable"}
    assert load(tmp_path).snapshot.calls.scopes == (("111122223333", "eu-west-1"),)


def test_loops_are_unrolled(tmp_path: Path) -> None:
    document = {
        "Transform": "AWS::LanguageExtensions",
        "Resources": {
            "Fn::ForEach::Vpcs": [
                "Name",
                ["One", "Two"],
                {"Vpc${Name}": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
            ]
        },
    }
    assert sorted(load(saved(document, tmp_path / "t.json")).snapshot.vpcs) == ["vpc-VpcOne", "vpc-VpcTwo"]


def test_records_know_the_line_of_their_declaration(tmp_path: Path) -> None:
    place = load(written(tmp_path, net=NETWORK) / "net.yaml").declared["subnet-Subnet"]
    assert (place.address, place.line) == ("Subnet", 5)


def test_a_group_without_egress_rules_lets_everything_out(tmp_path: Path) -> None:
    text = NETWORK.replace(
        "Outputs:", "  Group: {Type: AWS::EC2::SecurityGroup, Properties: {VpcId: !Ref Vpc}}\nOutputs:"
    )
    group = load(written(tmp_path, t=text) / "t.yaml").snapshot.security_groups["sg-Group"]
    assert [p.ip_protocol for p in group.ip_permissions_egress] == ["-1", "-1"]
    assert group.ip_permissions == ()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("Resources: {A: {Type: AWS::EC2::VPC}", "not YAML at line"),
        (
            (
                "Parameters: {P: {Type: String}}\nConditions: {C: !Equals [!Ref P, x]}\n"
                "Resources: {A: {Type: AWS::EC2::VPC, Condition: C}}"
            ),
            "parameter P; give it with --parameter",
        ),
        ("Resources: {A: {Type: AWS::EC2::VPC, Condition: C}}", "the condition C is not declared"),
        (
            "a: &a [x,x,x,x,x,x,x,x,x]\n"
            + "".join(f"{c}: &{c} [{','.join(['*' + p] * 9)}]\n" for p, c in zip("abcdefg", "bcdefgh", strict=True)),
            "aliases are too many",
        ),
        ("Resources: " + "[" * 2000, "template"),
        ("\x00", "YAML"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_line(text: str, told: str, tmp_path: Path) -> None:
    with pytest.raises(SnapshotError) as refused:
        load(written(tmp_path, t=text) / "t.yaml")
    assert told in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_parameter_that_the_template_lacks_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SnapshotError, match="the template has no parameter Nothing"):
        load(written(tmp_path, t=NETWORK) / "t.yaml", parameters={"Nothing": "1"})
