"""AWS Config: the items of a snapshot, or the rows of an advanced query, as the answers that they were made from.

An item's `configuration` is the record of the describe call with its names in camel case. Which types are recorded
Config does not say here, so only the calls of types that have items count as read.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from sekisho.load.files import File, shown
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Issue

Json = dict[str, Any]
_TABLES = {
    "AWS::EC2::VPC": "vpcs",
    "AWS::EC2::Subnet": "subnets",
    "AWS::EC2::NetworkInterface": "interfaces",
    "AWS::EC2::Instance": "instances",
    "AWS::EC2::SecurityGroup": "security_groups",
    "AWS::EC2::NetworkAcl": "network_acls",
    "AWS::EC2::RouteTable": "route_tables",
    "AWS::EC2::InternetGateway": "internet_gateways",
    "AWS::EC2::VPCPeeringConnection": "peerings",
    "AWS::EC2::EIP": "addresses",
    "AWS::EC2::EgressOnlyInternetGateway": "egress_only_gateways",
    "AWS::EC2::NatGateway": "nat_gateways",
    "AWS::EC2::VPNGateway": "vpn_gateways",
    "AWS::EC2::VPNConnection": "vpn_connections",
    "AWS::EC2::VPCEndpoint": "vpc_endpoints",
    "AWS::EC2::VPCEndpointService": "endpoint_services",
    "AWS::EC2::TransitGateway": "transit_gateways",
    "AWS::EC2::TransitGatewayAttachment": "transit_gateway_attachments",
    "AWS::EC2::TransitGatewayRouteTable": "transit_gateway_route_tables",
    "AWS::ElasticLoadBalancingV2::LoadBalancer": "load_balancers",
    "AWS::ElasticLoadBalancingV2::Listener": "listeners",
    "AWS::ElasticLoadBalancing::LoadBalancer": "classic_load_balancers",
}
_NETWORKING = ("AWS::EC2::", "AWS::ElasticLoadBalancing", "AWS::NetworkFirewall::", "AWS::GlobalAccelerator::")
_PLAIN = {
    "AWS::EC2::Volume",
    "AWS::EC2::Host",
    "AWS::EC2::FlowLog",
    "AWS::EC2::LaunchTemplate",
    "AWS::EC2::CustomerGateway",
    "AWS::EC2::DHCPOptions",
    "AWS::EC2::SnapshotBlockPublicAccess",
}
_KEYS = (b'"configurationItems"', b'"baseConfigurationItems"', b'"Results"', b'"BaseConfigurationItems"')
_HEAD = 8192
_GONE = {"ResourceDeleted", "ResourceDeletedNotRecorded", "ResourceNotRecorded"}
#: Names that are no camel case of the API's own.
_NAMES = {"vpcid": "VPCId", "dnsname": "DNSName"}


def expanded(files: Iterable[File | Issue]) -> Iterator[File | Issue]:
    """The files, with each that Config wrote as the answers that it stands for."""
    for file in files:
        found = _items(file) if isinstance(file, File) else None
        if found is None or not isinstance(file, File):
            yield file
        else:
            # The file itself stands among the inputs, with nothing in it.
            yield from _answers(file, found)


def _items(file: File) -> list[Json] | None:
    if file.damage or not any(key in file.data[:_HEAD] for key in _KEYS):
        return None
    try:
        document = msgspec.json.decode(file.data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    if not isinstance(document, dict):
        return None
    for key in ("configurationItems", "baseConfigurationItems", "BaseConfigurationItems", "Results"):
        rows = document.get(key)
        if isinstance(rows, list):
            items = [_row(row) for row in rows]
            typed = [i for i in items if i and isinstance(i.get("resourceType"), str)]
            if typed or key == "configurationItems":
                return typed
    return None


def _row(row: object) -> Json:
    """An item; rows of a query are JSON in text, and configurations may be."""
    found: Any = row
    if isinstance(row, str):
        try:
            found = msgspec.json.decode(row)
        except (msgspec.MsgspecError, UnicodeError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def _answers(file: File, items: list[Json]) -> Iterator[File | Issue]:
    unread: dict[str, int] = {}
    records: dict[tuple[str, str | None, str | None, str], list[Any]] = {}
    for item in items:
        kind = str(item["resourceType"])
        table = _TABLES.get(kind)
        if item.get("configurationItemStatus") in _GONE:
            continue
        if table is None:
            if kind.startswith(_NETWORKING) and kind not in _PLAIN:
                unread[kind] = unread.get(kind, 0) + 1
            continue
        configuration = item.get("configuration")
        record = _shaped(table, _row(configuration))
        owner = str(record.get("LoadBalancerArn", "")) if table == "listeners" else ""
        account = item.get("awsAccountId") or item.get("accountId")
        place = (table, account if isinstance(account, str) else None, item.get("awsRegion"), owner)
        records.setdefault(place, []).append(record if record else {"AWS Config": "no configuration in the item"})
    for kind, count in sorted(unread.items()):
        yield Issue(file.name, "", f"{count} items of {shown(kind)} are not understood", "what depends on them is not judged by them")
    if not records:
        yield file
    for index, ((table, account, region, owner), found) in enumerate(records.items()):
        call = KIND_BY_TABLE[table]
        wrapped = [{"Instances": [r]} for r in found] if table == "instances" else found
        envelope = {
            "service": call.service,
            "operation": call.operation,
            "account": account,
            "region": region if isinstance(region, str) else None,
            "parameters": {"LoadBalancerArn": owner} if owner else {},
            "error": None,
            "response": {call.member: wrapped},
        }
        data = msgspec.json.encode(envelope)
        # The digest and the size of the whole file stand once, with its first answer.
        yield File(f"{file.name}#{call.call}:{index}" if index else file.name, data, file.sha256 if not index else "", file.size if not index else 0)


def _shaped(table: str, configuration: Json) -> Json:
    """The record with the names of the API."""
    record = _pascal(configuration, 0)
    if not isinstance(record, dict):
        return {}
    if table == "security_groups":
        for member in ("IpPermissions", "IpPermissionsEgress"):
            permissions = record.get(member)
            record[member] = [_permission(p) for p in permissions] if isinstance(permissions, list) else []
    if table == "instances" and "State" not in record:
        record["State"] = {"Name": "running"}
    return record


def _permission(permission: Any) -> Any:  # noqa: ANN401
    """Config writes IPv4 ranges twice: as text, and as the API does under a name of its own."""
    if not isinstance(permission, dict):
        return permission
    ranges = permission.pop("Ipv4Ranges", None)
    own = permission.get("IpRanges")
    texts = [{"CidrIp": r} for r in own if isinstance(r, str)] if isinstance(own, list) else []
    objects = [r for r in own if isinstance(r, dict)] if isinstance(own, list) else []
    return permission | {"IpRanges": ranges if isinstance(ranges, list) and ranges else objects or texts}


def _pascal(value: Any, depth: int) -> Any:  # noqa: ANN401
    if depth > 60:  # noqa: PLR2004 - deeper than any record
        return None
    if isinstance(value, Mapping):
        pairs = ((_NAMES.get(k.lower(), k[:1].upper() + k[1:]), _pascal(v, depth + 1)) for k, v in value.items() if isinstance(k, str))
        return {k: v for k, v in pairs if v is not None}
    if isinstance(value, list):
        return [_pascal(v, depth + 1) for v in value]
    return value
