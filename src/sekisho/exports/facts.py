"""What every format asks of the document: when, where, what it is called in AWS's own names."""

import json
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

Document = Any

#: A snapshot that names no time: formats that need one get this, which nobody takes for a time of collection.
NO_TIME = "1970-01-01T00:00:00Z"
#: A record that names no account, in formats that need one.
NO_ACCOUNT = "000000000000"
_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:sekisho:exports")

#: Prefix of a resource id -> CloudFormation's name of the kind.
_KINDS = {
    "igw": "AWS::EC2::InternetGateway",
    "eigw": "AWS::EC2::EgressOnlyInternetGateway",
    "pcx": "AWS::EC2::VPCPeeringConnection",
    "vgw": "AWS::EC2::VPNGateway",
    "tgw": "AWS::EC2::TransitGateway",
    "tgw-attach": "AWS::EC2::TransitGatewayAttachment",
    "vpce": "AWS::EC2::VPCEndpoint",
    "vpce-svc": "AWS::EC2::VPCEndpointService",
    "eice": "AWS::EC2::InstanceConnectEndpoint",
    "cagw": "AWS::EC2::CarrierGateway",
    "acl": "AWS::EC2::NetworkAcl",
    "sg": "AWS::EC2::SecurityGroup",
    "eni": "AWS::EC2::NetworkInterface",
    "i": "AWS::EC2::Instance",
}


def text(value: object) -> str:
    """The value as JSON on indented lines, UTF-8 not escaped, a final newline."""
    return json.dumps(value, ensure_ascii=False, indent=2) + "\n"


def collected(document: Document) -> str:
    """When the newest answer of the snapshot was given, as RFC 3339 in UTC; NO_TIME where it names none."""
    times = document["run"]["collected_at"]
    written = (times or {}).get("latest") or NO_TIME
    return instant(written).astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def instant(written: str) -> datetime:
    """The time that is written; NO_TIME where it is no RFC 3339."""
    try:
        read = datetime.fromisoformat(written)
    except ValueError:
        return datetime.fromisoformat(NO_TIME)
    return read if read.tzinfo else read.replace(tzinfo=UTC)


def milliseconds(document: Document) -> int:
    return int(instant(collected(document)).timestamp() * 1000)


def identifier(document: Document, *parts: object) -> str:
    """A UUID (RFC 9562, version 5) of the parts in this assessment: the same input gives the same one."""
    return str(uuid.uuid5(_NAMESPACE, "\0".join([document["run"]["input_digest"], *map(str, parts)])))


def partition(region: str | None) -> str:
    """The partition that a Region belongs to."""
    prefixes = {"cn-": "aws-cn", "us-gov-": "aws-us-gov", "us-iso-": "aws-iso", "us-isob-": "aws-iso-b"}
    return next((name for prefix, name in prefixes.items() if (region or "").startswith(prefix)), "aws")


def arn(kind: str, name: str, account: str | None, region: str | None) -> str:
    """The ARN of a resource of EC2: `kind` as ARNs spell it (`instance`, `network-interface`)."""
    return f"arn:{partition(region)}:ec2:{region or ''}:{account or NO_ACCOUNT}:{kind}/{name}"


def component_kind(name: str) -> str:
    """CloudFormation's name for what an id or an ARN names; `Other` where it is none that a way leads through."""
    if name.startswith("arn:"):
        return "AWS::ElasticLoadBalancingV2::LoadBalancer" if ":loadbalancer/" in name else "Other"
    return _KINDS.get(name.rpartition("-")[0], "Other")


def path(finding: Document) -> list[str]:
    """What a packet of the finding passes: gateways, network ACL, groups, interface, instance."""
    acl = [finding["network_acl"]] if finding["network_acl"] else []
    return [*finding["via"], *acl, *finding["security_groups"], finding["interface"], finding["instance"]]


def port_ranges(finding: Document) -> Iterator[tuple[str, int, int]]:
    """Protocol, first and last port, of each range that the finding speaks of."""
    if finding["port"] is not None:
        yield finding["protocol"], finding["port"], finding["port"]
        return
    for protocol in ("tcp", "udp"):
        for written in finding[f"{protocol}_ports"]:
            first, _, last = str(written).partition("-")
            yield protocol, int(first), int(last or first)


def shortened(value: str, limit: int) -> str:
    """The text in at most `limit` characters; an ellipsis stands for what is cut."""
    return value if len(value) <= limit else value[: limit - 1] + "…"


def row_name(row: Document) -> str:
    """A verdict's row in one line."""
    return f"{row['interface']} {row['address']} from {row['origin']}"


def why(document: Document, row: Document) -> str:
    """In a sentence what the verdict of the row rests on."""
    answer = document["answers"][row["answer"]]
    match answer["verdict"]:
        case "unreachable":
            told = [f"{b['code']} at {b['component']}" if b["component"] else b["code"] for b in answer["barriers"]]
            return "No packet is delivered: " + ("; ".join(dict.fromkeys(told)) or "no way leads there") + "."
        case "unknown":
            return "Undecided: " + ("; ".join(answer["reasons"]) or "the snapshot does not say") + "."
        case "forward-only":
            return "Packets are delivered, no reply comes back; by " + ", ".join(answer["via"]) + "."
        case _:
            return "Packets are delivered and answered; by " + ", ".join(answer["via"]) + "."
