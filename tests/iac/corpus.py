"""Small declarations that between them use most types, to be damaged."""

from typing import Any

from iac.terraform_plans import EVERYTHING, Module, plan, ref, rule

Json = dict[str, Any]


def network() -> Json:
    root = Module()
    root.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
    root.add(
        "aws_subnet",
        "a",
        key=0,
        vpc_id=ref("aws_vpc.main.id"),
        cidr_block="10.0.0.0/24",
        availability_zone="eu-west-1a",
    )
    root.add("aws_internet_gateway", "main", vpc_id=ref("aws_vpc.main.id"))
    root.add(
        "aws_default_route_table",
        "main",
        default_route_table_id=ref("aws_vpc.main.default_route_table_id"),
        route=[{"cidr_block": "0.0.0.0/0", "gateway_id": ref("aws_internet_gateway.main.id")}],
    )
    root.add(
        "aws_default_network_acl",
        "main",
        default_network_acl_id=ref("aws_vpc.main.default_network_acl_id"),
        ingress=[
            {
                "rule_no": 100,
                "protocol": "-1",
                "action": "allow",
                "cidr_block": "0.0.0.0/0",
                "from_port": 0,
                "to_port": 0,
            }
        ],
        egress=[
            {
                "rule_no": 100,
                "protocol": "-1",
                "action": "allow",
                "cidr_block": "0.0.0.0/0",
                "from_port": 0,
                "to_port": 0,
            }
        ],
    )
    root.add(
        "aws_security_group", "web", vpc_id=ref("aws_vpc.main.id"), ingress=[rule(22, "0.0.0.0/0")], egress=[EVERYTHING]
    )
    root.add(
        "aws_security_group_rule",
        "more",
        type="ingress",
        security_group_id=ref("aws_security_group.web.id"),
        protocol="tcp",
        from_port=80,
        to_port=80,
        cidr_blocks=[ref("aws_eip.web.public_ip")],
    )
    root.add(
        "aws_instance",
        "web",
        subnet_id=ref("aws_subnet.a[0].id"),
        vpc_security_group_ids=[ref("aws_security_group.web.id")],
    )
    root.add("aws_eip", "web", instance=ref("aws_instance.web.id"))
    root.add("aws_vpc_odd", "odd", vpc_id=ref("aws_vpc.main.id"))
    return plan(root, region="eu-west-1")


def services() -> Json:
    root = Module()
    child = Module('module.net["x"]')
    child.add("aws_vpc", "main", cidr_block="10.0.0.0/16")
    child.add("aws_subnet", "a", key="a", vpc_id=ref("aws_vpc.main.id"), cidr_block="10.0.0.0/24")
    root.call("net", child, outputs={"subnets": ref("aws_subnet.a"), "vpc": ref("aws_vpc.main.id")})
    subnets, vpc = ref('module.net["x"].subnets'), ref('module.net["x"].vpc')
    root.add("aws_lb", "front", name="front", load_balancer_type="network", subnets=subnets, internal=False)
    root.add("aws_lb_target_group", "front", name="front", port=80, protocol="TCP", vpc_id=vpc)
    root.add(
        "aws_lb_listener",
        "front",
        load_balancer_arn=ref("aws_lb.front.arn"),
        port=80,
        protocol="TCP",
        default_action=[{"type": "forward", "target_group_arn": ref("aws_lb_target_group.front.arn")}],
    )
    root.add(
        "aws_launch_template",
        "web",
        name="web",
        network_interfaces=[{"associate_public_ip_address": "true", "security_groups": []}],
    )
    root.add(
        "aws_autoscaling_group",
        "web",
        vpc_zone_identifier=subnets,
        max_size=2,
        target_group_arns=[ref("aws_lb_target_group.front.arn")],
        launch_template=[{"id": ref("aws_launch_template.web.id"), "version": "1"}],
    )
    root.add("aws_ec2_transit_gateway", "hub", default_route_table_association="enable")
    root.add(
        "aws_ec2_transit_gateway_vpc_attachment",
        "hub",
        transit_gateway_id=ref("aws_ec2_transit_gateway.hub.id"),
        vpc_id=vpc,
        subnet_ids=subnets,
    )
    root.add("aws_vpn_gateway", "v", vpc_id=vpc)
    root.add(
        "aws_networkfirewall_firewall",
        "f",
        name="f",
        vpc_id=vpc,
        subnet_mapping=[{"subnet_id": subnets}],
        firewall_policy_arn="arn:aws:network-firewall:eu-west-1:1:firewall-policy/p",
    )
    root.add(
        "aws_vpc_endpoint",
        "e",
        vpc_id=vpc,
        service_name="com.amazonaws.eu-west-1.ssm",
        vpc_endpoint_type="Interface",
        subnet_ids=subnets,
    )
    root.add("aws_db_instance", "db", db_subnet_group_name=ref("aws_db_subnet_group.db.id"))
    root.add("aws_db_subnet_group", "db", name="db", subnet_ids=subnets)
    return plan(root, region="eu-west-1")


PLANS: list[tuple[str, Json]] = [("plan.json", network()), ("plan.json", services())]
_REF = {"Ref": "Vpc"}
TEMPLATES: list[tuple[str, Json]] = [
    (
        "changes.json",
        {
            "ChangeSetName": "c",
            "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/s/0",
            "Changes": [
                {
                    "ResourceChange": {
                        "Action": "Add",
                        "LogicalResourceId": "A",
                        "ResourceType": "AWS::EC2::VPC",
                        "AfterContext": '{"Properties": {"CidrBlock": "10.0.0.0/16"}}',
                    }
                }
            ],
        },
    ),
    (
        "template.yaml",
        {
            "AWSTemplateFormatVersion": "2010-09-09",
            "Parameters": {"Cidr": {"Type": "String", "Default": "10.0.0.0/16"}},
            "Conditions": {
                "Is": {"Fn::Equals": [{"Ref": "Cidr"}, "10.0.0.0/16"]},
                "Or": {"Fn::Or": [{"Condition": "Is"}, {"Fn::Not": [{"Condition": "Is"}]}]},
            },
            "Mappings": {"M": {"a": {"b": 22}}},
            "Resources": {
                "Vpc": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": {"Ref": "Cidr"}}},
                "Subnet": {
                    "Type": "AWS::EC2::Subnet",
                    "Properties": {
                        "VpcId": _REF,
                        "CidrBlock": {"Fn::Select": [0, {"Fn::Cidr": [{"Fn::GetAtt": ["Vpc", "CidrBlock"]}, 2, 8]}]},
                    },
                },
                "Gateway": {"Type": "AWS::EC2::InternetGateway", "Condition": "Or"},
                "Attachment": {
                    "Type": "AWS::EC2::VPCGatewayAttachment",
                    "Properties": {"VpcId": _REF, "InternetGatewayId": {"Ref": "Gateway"}},
                },
                "Web": {
                    "Type": "AWS::EC2::SecurityGroup",
                    "Properties": {
                        "VpcId": _REF,
                        "SecurityGroupIngress": [
                            {
                                "IpProtocol": "tcp",
                                "FromPort": {"Fn::FindInMap": ["M", "a", "b"]},
                                "ToPort": 22,
                                "CidrIp": {"Fn::Sub": ["${X}/0", {"X": "198.51.100.0"}]},
                            }
                        ],
                    },
                },
                "Acl": {"Type": "AWS::EC2::NetworkAcl", "Properties": {"VpcId": _REF}},
                "Entry": {
                    "Type": "AWS::EC2::NetworkAclEntry",
                    "Properties": {
                        "NetworkAclId": {"Ref": "Acl"},
                        "RuleNumber": 1,
                        "Protocol": 6,
                        "RuleAction": "allow",
                        "CidrBlock": "0.0.0.0/0",
                        "PortRange": {"From": 1, "To": 2},
                    },
                },
                "Host": {
                    "Type": "AWS::EC2::Instance",
                    "Properties": {
                        "SubnetId": {"Ref": "Subnet"},
                        "NetworkInterfaces": [
                            {"DeviceIndex": "0", "SubnetId": {"Ref": "Subnet"}, "GroupSet": [{"Ref": "Web"}]}
                        ],
                    },
                },
                "Nested": {
                    "Type": "AWS::CloudFormation::Stack",
                    "Properties": {"TemplateURL": "https://s3.amazonaws.com/b/nested.yaml"},
                },
            },
            "Outputs": {
                "V": {"Value": _REF, "Export": {"Name": {"Fn::Join": ["-", [{"Ref": "AWS::StackName"}, "v"]]}}}
            },
        },
    ),
    (
        "template.json",
        {
            "Resources": {
                "Fn::ForEach::Vpcs": [
                    "N",
                    ["a", "b"],
                    {"Vpc${N}": {"Type": "AWS::EC2::VPC", "Properties": {"CidrBlock": "10.0.0.0/16"}}},
                ]
            }
        },
    ),
]
CONFIG: list[tuple[str, Json]] = [
    (
        "config.json",
        {
            "fileVersion": "1.0",
            "configurationItems": [
                {
                    "resourceType": "AWS::EC2::VPC",
                    "awsAccountId": "111122223333",
                    "awsRegion": "eu-west-1",
                    "configuration": {"vpcId": "vpc-1", "cidrBlock": "10.0.0.0/16"},
                },
                {
                    "resourceType": "AWS::EC2::SecurityGroup",
                    "awsRegion": "eu-west-1",
                    "configuration": {
                        "groupId": "sg-1",
                        "vpcId": "vpc-1",
                        "ipPermissions": [
                            {"ipProtocol": "-1", "ipRanges": ["0.0.0.0/0"], "ipv4Ranges": [{"cidrIp": "0.0.0.0/0"}]}
                        ],
                    },
                },
                {
                    "resourceType": "AWS::EC2::Instance",
                    "awsRegion": "eu-west-1",
                    "configuration": '{"instanceId": "i-1", "state": {"name": "running"}}',
                },
                {
                    "resourceType": "AWS::ElasticLoadBalancingV2::Listener",
                    "configuration": {"listenerArn": "arn:x", "loadBalancerArn": "arn:y", "port": 80},
                },
            ],
        },
    ),
]
