"""What an interface is called: by its type, its description, its requester."""

from typing import Any

import pytest

from estates import eni, subnet
from sekisho.model.interface_kinds import kind_of

A = subnet("subnet-a", "vpc-1", "10.0.1.0/24")


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({}, "interface"),
        ({"interface_type": "nat_gateway", "description": "Interface for NAT Gateway nat-1"}, "NAT gateway"),
        ({"interface_type": "lambda", "description": "AWS Lambda VPC ENI-fn"}, "Lambda function"),
        ({"interface_type": "efs", "description": "EFS mount target for fs-1 (fsmt-1)"}, "EFS mount target"),
        ({"description": "EFS mount target for fs-1 (fsmt-1)"}, "EFS mount target"),
        ({"description": "RDSNetworkInterface", "requester_id": "amazon-rds"}, "RDS database"),
        ({"description": "ElastiCache cache-001", "requester_id": "amazon-elasticache"}, "ElastiCache cluster"),
        ({"description": "Amazon EKS production"}, "EKS control plane"),
        ({"description": "ELB app/web/50dc6c495c0c9188", "requester_id": "amazon-elb"}, "Application Load Balancer"),
        ({"description": "ELB classic", "requester_id": "amazon-elb"}, "Classic Load Balancer"),
        ({"interface_type": "network_load_balancer", "description": "ELB net/a/1"}, "Network Load Balancer"),
        ({"interface_type": "vpc_endpoint", "description": "VPC Endpoint Interface vpce-1"}, "interface endpoint"),
        ({"requester_id": "amazon-redshift"}, "Redshift cluster"),
        ({"description": "my own words"}, "interface"),
        ({"interface_type": "something_new"}, "something new"),
    ],
)
def test_an_interface_is_named_as_what_it_belongs_to(fields: dict[str, Any], expected: str) -> None:
    assert kind_of(eni("eni-1", A, "10.0.1.10", **fields)) == expected


def test_an_interface_of_an_instance_is_the_instances_whatever_it_says() -> None:
    found = eni("eni-1", A, "10.0.1.10", instance="i-1", description="ELB app/web/1")
    assert kind_of(found) == "instance"
