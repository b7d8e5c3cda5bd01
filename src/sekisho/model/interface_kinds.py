"""What an interface belongs to: told by its type, else by who asked for it and how it describes itself.

AWS writes neither the requester's name nor the description down as an interface, so this names things for a reader;
no verdict hangs on it.
"""

from .interface import NetworkInterface

INTERFACE = "interface"
INSTANCE = "instance"

#: By `InterfaceType`.
_BY_TYPE = {
    "api_gateway_managed": "API Gateway VPC link",
    "aws_codestar_connections_managed": "CodeConnections host",
    "branch": "branch interface (ECS task or EKS pod)",
    "ec2_instance_connect_endpoint": "EC2 Instance Connect Endpoint",
    "efa": "instance (EFA)",
    "efa-only": "instance (EFA only)",
    "efs": "EFS mount target",
    "evs": "Elastic VMware Service",
    "gateway_load_balancer": "Gateway Load Balancer",
    "gateway_load_balancer_endpoint": "Gateway Load Balancer endpoint",
    "global_accelerator_managed": "Global Accelerator",
    "iot_rules_managed": "IoT rule destination",
    "lambda": "Lambda function",
    "load_balancer": "load balancer",
    "natGateway": "NAT gateway",
    "nat_gateway": "NAT gateway",
    "network_load_balancer": "Network Load Balancer",
    "quicksight": "QuickSight",
    "transit_gateway": "transit gateway attachment",
    "trunk": "trunk interface (ECS or EKS host)",
    "vpc_endpoint": "interface endpoint",
}

#: By how the description begins, in order: the first that fits.
_BY_DESCRIPTION = (
    ("ELB app/", "Application Load Balancer"),
    ("ELB net/", "Network Load Balancer"),
    ("ELB gwy/", "Gateway Load Balancer"),
    ("ELB ", "Classic Load Balancer"),
    ("Interface for NAT Gateway", "NAT gateway"),
    ("VPC Endpoint Interface", "interface endpoint"),
    ("RDSNetworkInterface", "RDS database"),
    ("RDSProxy", "RDS proxy"),
    ("AWS Lambda VPC ENI", "Lambda function"),
    ("ElastiCache", "ElastiCache cluster"),
    ("RedshiftNetworkInterface", "Redshift cluster"),
    ("EFS mount target", "EFS mount target"),
    ("Amazon EKS", "EKS control plane"),
    ("aws-K8S", "EKS pods"),
    ("aws-k8s", "EKS pods"),
    ("arn:aws:ecs:", "ECS task"),
    ("ES ", "OpenSearch domain"),
    ("DAX ", "DAX cluster"),
    ("DMSNetworkInterface", "DMS replication instance"),
    ("DocumentDB", "DocumentDB cluster"),
    ("MSK", "MSK cluster"),
    ("Amazon MSK", "MSK cluster"),
    ("AmazonMQ", "MQ broker"),
    ("AWS created network interface for directory", "directory"),
    ("Created By Amazon Workspaces", "WorkSpace"),
    ("EC2 Instance Connect Endpoint", "EC2 Instance Connect Endpoint"),
    ("ClientVPN Endpoint", "Client VPN endpoint"),
    ("Network Interface for Transit Gateway Attachment", "transit gateway attachment"),
    ("Route 53 Resolver", "Route 53 Resolver endpoint"),
    ("CloudHSM", "CloudHSM"),
    ("AWS FSx", "FSx file system"),
    ("Attached to Glue", "Glue job"),
    ("CodeBuild", "CodeBuild project"),
    ("[Do not delete] Network Interface created to access resources in your VPC for SageMaker", "SageMaker"),
)

#: By `RequesterId`, where the description says nothing.
_BY_REQUESTER = {
    "amazon-elb": "load balancer",
    "amazon-rds": "RDS database",
    "amazon-elasticache": "ElastiCache cluster",
    "amazon-redshift": "Redshift cluster",
    "amazon-aws": "AWS service",
}


def kind_of(interface: NetworkInterface) -> str:
    """The kind of thing that the interface belongs to; `interface` where nothing tells."""
    if interface.interface_type in _BY_TYPE:
        return _BY_TYPE[interface.interface_type]
    if interface.instance_id:
        return INSTANCE
    told = next((kind for start, kind in _BY_DESCRIPTION if interface.description.startswith(start)), None)
    named = told or _BY_REQUESTER.get(interface.requester_id or "")
    if named:
        return named
    return INTERFACE if interface.interface_type == INTERFACE else interface.interface_type.replace("_", " ")
