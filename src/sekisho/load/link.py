"""References between records: those that lead to nothing, and joins on which the two ends do not agree."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import msgspec

from sekisho.model import filters, gateways, interface, routing, vpc
from sekisho.model.calls import Calls
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Issue, Record, Scope
from sekisho.model.routing import TargetKind
from sekisho.model.snapshot import Missing, Page

from .decode import refers

_TARGET_TABLES = {
    TargetKind.INTERNET_GATEWAY: "internet_gateways",
    TargetKind.EGRESS_ONLY_INTERNET_GATEWAY: "egress_only_gateways",
    TargetKind.NAT_GATEWAY: "nat_gateways",
    TargetKind.NETWORK_INTERFACE: "interfaces",
    TargetKind.PEERING: "peerings",
    TargetKind.VPN_GATEWAY: "vpn_gateways",
    TargetKind.VPC_ENDPOINT: "vpc_endpoints",
    TargetKind.CARRIER_GATEWAY: "carrier_gateways",
    TargetKind.LOCAL_GATEWAY: "local_gateways",
}


#: A table and the id of a record of it.
Reference = tuple[str, str | None]


class Records:
    """Where every usable record stands, by table and id."""

    def __init__(self, pages: Sequence[Page], missing: Iterable[Missing]) -> None:
        self.pages = pages
        self.missing = {m.id for m in missing}
        self.by_table: dict[str, dict[str, Record]] = {table: {} for table in KIND_BY_TABLE}
        for page in pages:
            table = self.by_table[page.table]
            for key, record in zip(page.keys(), page.records, strict=True):
                table.setdefault(key, record)


def dangling(records: Records, calls: Calls) -> tuple[Issue, ...]:
    """An issue for each id that something refers to and that its call, read whole, does not list."""
    lost: dict[Reference, Issue] = {}
    whole: dict[tuple[str, Scope], bool] = {}
    for page in records.pages:
        references = _REFERENCES.get(page.table)
        for index, record in enumerate(page.records) if references else ():
            for reference in references(record) if references else ():
                table, name = reference
                if name is None or name in records.by_table[table] or name in records.missing or reference in lost:
                    continue
                scope = page.scopes[index]
                if (table, scope) not in whole:
                    whole[table, scope] = calls.gap(KIND_BY_TABLE[table].call, scope) is None
                if whole[table, scope]:
                    source = page.source(index)
                    what = f"{page.keys()[index]} refers to {name}, which {KIND_BY_TABLE[table].call} does not list"
                    lost[reference] = Issue(source.file, source.pointer, what, "what depends on it is unknown")
    return tuple(lost.values())


def disagreements(records: Records) -> tuple[tuple[Missing, ...], tuple[Issue, ...]]:
    """Interfaces that name another VPC than their subnet does: neither of the two can be believed."""
    missing, issues = [], []
    subnets = records.by_table["subnets"]
    for page in records.pages:
        for index, record in enumerate(page.records) if page.table == "interfaces" else ():
            if not isinstance(record, interface.NetworkInterface) or record.vpc_id is None:
                continue
            subnet = subnets.get(record.subnet_id or "")
            if not isinstance(subnet, vpc.Subnet) or subnet.vpc_id == record.vpc_id:
                continue
            source = page.source(index)
            why = f"it names {record.vpc_id}, but its subnet {subnet.subnet_id} names {subnet.vpc_id}"
            name = record.network_interface_id
            missing.append(Missing("interfaces", name, why, source, refers(msgspec.json.encode([record, subnet]))))
            issues.append(Issue(*source, f"{name}: {why}", "what depends on it is unknown"))
    return tuple(missing), tuple(issues)


# What each kind refers to ---------------------------------------------------------------------------


def _subnet(record: vpc.Subnet) -> Iterator[Reference]:
    yield ("vpcs", record.vpc_id)


def _interface(record: interface.NetworkInterface) -> Iterator[Reference]:
    yield ("vpcs", record.vpc_id)
    yield ("subnets", record.subnet_id)
    for group in record.groups:
        yield ("security_groups", group.group_id)
    attachment = record.attachment
    # Instances of AWS's own services are in no answer of the account.
    if attachment and attachment.instance_owner_id in {None, record.owner_id}:
        yield ("instances", attachment.instance_id)


def _instance(record: interface.Instance) -> Iterator[Reference]:
    for attached in record.network_interfaces:
        yield ("interfaces", attached.network_interface_id)


def _group(record: filters.SecurityGroup) -> Iterator[Reference]:
    yield ("vpcs", record.vpc_id)


def _acl(record: filters.NetworkAcl) -> Iterator[Reference]:
    yield ("vpcs", record.vpc_id)
    for association in record.associations:
        yield ("subnets", association.subnet_id)


def _route_table(record: routing.RouteTable) -> Iterator[Reference]:
    yield ("vpcs", record.vpc_id)
    for association in record.associations:
        yield ("subnets", association.subnet_id)
    for route in record.routes:
        table = _TARGET_TABLES.get(route.target.kind)
        # A blackhole route says itself that its target is gone.
        if table and route.state != "blackhole":
            yield (table, route.target.id)


def _gateway(record: gateways.InternetGateway | gateways.EgressOnlyInternetGateway) -> Iterator[Reference]:
    for attachment in record.attachments:
        yield ("vpcs", attachment.vpc_id)


def _nat(record: gateways.NatGateway) -> Iterator[Reference]:
    # A deleted gateway stays listed for an hour, after its subnet may be gone.
    if record.state not in {"deleted", "deleting", "failed"}:
        yield ("subnets", record.subnet_id)
        yield ("vpcs", record.vpc_id)


_REFERENCES: Mapping[str, Callable[[Any], Iterator[Reference]]] = {
    "subnets": _subnet,
    "interfaces": _interface,
    "instances": _instance,
    "security_groups": _group,
    "network_acls": _acl,
    "route_tables": _route_table,
    "internet_gateways": _gateway,
    "egress_only_gateways": _gateway,
    "nat_gateways": _nat,
}
