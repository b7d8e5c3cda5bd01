"""The IAM policy of a collection: exactly the permissions of the calls that it makes."""

from collections.abc import Iterable
from typing import Any

from .calls import CALLS

#: Services whose actions have another prefix than their client.
_PREFIX = {"elb": "elasticloadbalancing", "elbv2": "elasticloadbalancing"}
#: What every collection asks before it starts, and what its options ask.
START = ("sts:GetCallerIdentity",)
ALL_REGIONS = ("ec2:DescribeRegions",)
ORGANIZATION = ("organizations:ListAccounts", "sts:AssumeRole")
LISTENERS = ("ssm:DescribeInstanceInformation", "ssm:SendCommand", "ssm:GetCommandInvocation")


def action(call: str) -> str:
    """The IAM action of a call: `elbv2:DescribeRules` -> `elasticloadbalancing:DescribeRules`."""
    service, _, operation = call.partition(":")
    return f"{_PREFIX.get(service, service)}:{operation}"


def policy(*, organization: bool = False, listeners: bool = False) -> dict[str, Any]:
    """The policy document, for one account. Only with `listeners` does it allow anything but reading."""
    calls: Iterable[str] = (*CALLS, *START, *ALL_REGIONS, *ORGANIZATION * organization, *LISTENERS * listeners)
    actions = sorted({action(call) for call in calls})
    statement = {"Sid": "SekishoCollect", "Effect": "Allow", "Action": actions, "Resource": "*"}
    return {"Version": "2012-10-17", "Statement": [statement]}
