"""AWS Config: the items of a snapshot, or the rows of an advanced query, as the answers that they were made from.

An item's `configuration` is the record of the describe call with its names in camel case. Which types are recorded
Config does not say here, so only the calls of types that have items count as read.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from sekisho.load.files import File, shown
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Issue, Source
from sekisho.model.snapshot import Input

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


class Expansion:
    """Files of a snapshot, with each that Config wrote as the answers that it stands for, an item an answer.

    When all are read, `places` says where the record of each answer stands, and `inputs` which files Config wrote.
    """

    def __init__(self, files: Iterable[File | Issue]) -> None:
        self._files = files
        self.places: dict[str, Source] = {}
        self.inputs: list[Input] = []

    def __iter__(self) -> Iterator[File | Issue]:
        for file in self._files:
            found = _items(file) if isinstance(file, File) else None
            if found is None or not isinstance(file, File):
                yield file
                continue
            key, items = found
            self.inputs.append(Input(file.name, file.sha256, file.size))
            yield from self._answers(file, key, items)

    def _answers(self, file: File, key: str, items: list[Json]) -> Iterator[File | Issue]:
        unread: dict[str, int] = {}
        for index, item in enumerate(items):
            kind = str(item.get("resourceType", ""))
            table = _TABLES.get(kind)
            if item.get("configurationItemStatus") in _GONE:
                continue
            if table is not None:
                name = f"{file.name}#{index}"
                self.places[name] = Source(file.name, f"/{key}/{index}")
                yield _answer(name, table, item)
            elif kind.startswith(_NETWORKING) and kind not in _PLAIN:
                unread[kind] = unread.get(kind, 0) + 1
        for kind, count in sorted(unread.items()):
            what = f"{count} items of {shown(kind)} are not understood"
            yield Issue(file.name, f"/{key}", what, "they are not used; save the answer of the call itself beside them")
        if key == "Results":
            what = "rows of a query say nothing of what the query left out"
            yield Issue(file.name, "/Results", what, "each type among them is taken to be whole")


def _items(file: File) -> tuple[str, list[Json]] | None:
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
            if key != "Results" or any(isinstance(i.get("resourceType"), str) for i in items):
                return key, items
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


def _answer(name: str, table: str, item: Json) -> File:
    kind = KIND_BY_TABLE[table]
    record: Any = _shaped(table, _row(item.get("configuration")))
    owner = record.get("LoadBalancerArn") if table == "listeners" else None
    account, region = item.get("awsAccountId") or item.get("accountId"), item.get("awsRegion")
    envelope = {
        "service": kind.service,
        "operation": kind.operation,
        "account": account if isinstance(account, str) else None,
        "region": region if isinstance(region, str) else None,
        "parameters": {"LoadBalancerArn": owner} if owner else {},
        "error": None,
        "response": {kind.member: [{"Instances": [record]} if table == "instances" else record]},
    }
    data = msgspec.json.encode(envelope)
    return File(name, data, "", len(data))


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
        pairs = (
            (_NAMES.get(k, k[:1].upper() + k[1:]), _pascal(v, depth + 1))
            for k, v in value.items()
            if isinstance(k, str)
        )
        return {k: v for k, v in pairs if v is not None}
    if isinstance(value, list):
        return [_pascal(v, depth + 1) for v in value]
    return value
