"""References between records: those that lead to nothing, and joins on which the two ends do not agree."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import chain
from typing import Any

import msgspec

from sekisho.model import filters, gateways, interface, routing, vpc
from sekisho.model.calls import Calls
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Issue, Record, Scope
from sekisho.model.routing import TargetKind
from sekisho.model.snapshot import Missing, Page, add_new

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


#: A table and ids of it that something refers to.
References = tuple[str, Iterable[str | None]]


class Records:
    """Where every usable record stands, by table and id."""

    def __init__(self, pages: Sequence[Page], missing: Iterable[Missing]) -> None:
        self.pages = pages
        self.missing = {m.id for m in missing}
        self.by_table: dict[str, dict[str, Record]] = {table: {} for table in KIND_BY_TABLE}
        for page in pages:
            add_new(self.by_table[page.table], page.keys(), page.records)

    def lacking(self, table: str, names: Iterable[str | None]) -> set[str]:
        """Those of the ids that the table does not have."""
        there = self.by_table[table]
        return {name for name in names if name is not None and name not in there} - self.missing


def dangling(records: Records, calls: Calls) -> tuple[Issue, ...]:
    """An issue for each id that something refers to and that its call, read whole, does not list."""

    @cache
    def whole(table: str, scope: Scope) -> bool:
        return calls.gap(KIND_BY_TABLE[table].call, scope) is None

    lost: dict[tuple[str, str], Issue] = {}
    for page in records.pages:
        references = _REFERENCES.get(page.table)
        if references is None:
            continue
        scopes = set(page.scopes)
        suspects = {
            table: names
            for table, referred in references(page.records)
            if (names := records.lacking(table, referred)) and any(whole(table, scope) for scope in scopes)
        }
        for index, record in enumerate(page.records) if suspects else ():
            for table, referred in references((record,)):
                if table not in suspects or not whole(table, page.scopes[index]):
                    continue
                for name in suspects[table].intersection(referred):
                    lost.setdefault((table, name), _lost(page, index, table, name))
    return tuple(lost.values())


def _lost(page: Page, index: int, table: str, name: str) -> Issue:
    what = f"{page.keys()[index]} refers to {name}, which {KIND_BY_TABLE[table].call} does not list"
    return Issue(*page.source(index), what, "what depends on it is unknown")


def disagreements(records: Records) -> tuple[tuple[Missing, ...], tuple[Issue, ...]]:
    """Interfaces that name another VPC than their subnet does: neither of the two can be believed."""
    missing, issues = [], []
    vpcs = {name: s.vpc_id for name, s in records.by_table["subnets"].items() if isinstance(s, vpc.Subnet)}
    for page in records.pages:
        for index, record in enumerate(page.records) if page.table == "interfaces" else ():
            if not isinstance(record, interface.NetworkInterface) or record.vpc_id is None:
                continue
            if record.vpc_id == vpcs.get(record.subnet_id or "", record.vpc_id):
                continue
            source = page.source(index)
            why = f"it names {record.vpc_id}, but its subnet {record.subnet_id} names {vpcs[record.subnet_id or '']}"
            name = record.network_interface_id
            named = refers(msgspec.json.encode([record, records.by_table["subnets"][record.subnet_id or ""]]))
            missing.append(Missing("interfaces", name, why, source, named))
            issues.append(Issue(*source, f"{name}: {why}", "what depends on it is unknown"))
    return tuple(missing), tuple(issues)


# What the records of each kind refer to ---------------------------------------------------------------


def _subnets(records: Sequence[vpc.Subnet]) -> Iterator[References]:
    yield "vpcs", {r.vpc_id for r in records}


def _interfaces(records: Sequence[interface.NetworkInterface]) -> Iterator[References]:
    yield "vpcs", {r.vpc_id for r in records}
    yield "subnets", {r.subnet_id for r in records}
    yield "security_groups", {group.group_id for r in records for group in r.groups}
    # Instances of AWS's own services are in no answer of the account.
    attached = ((r.owner_id, r.attachment) for r in records if r.attachment)
    yield "instances", {a.instance_id for owner, a in attached if a.instance_owner_id in {None, owner}}


def _instances(records: Sequence[interface.Instance]) -> Iterator[References]:
    yield "interfaces", {attached.network_interface_id for r in records for attached in r.network_interfaces}


def _groups(records: Sequence[filters.SecurityGroup]) -> Iterator[References]:
    yield "vpcs", {r.vpc_id for r in records}


def _acls(records: Sequence[filters.NetworkAcl]) -> Iterator[References]:
    yield "vpcs", {r.vpc_id for r in records}
    yield "subnets", {association.subnet_id for r in records for association in r.associations}


def _route_tables(records: Sequence[routing.RouteTable]) -> Iterator[References]:
    yield "vpcs", {r.vpc_id for r in records}
    yield "subnets", {association.subnet_id for r in records for association in r.associations}
    targets: dict[str, set[str | None]] = defaultdict(set)
    for route in chain.from_iterable(r.routes for r in records):
        # A blackhole route says itself that its target is gone.
        if route.state != "blackhole" and (table := _TARGET_TABLES.get(route.target.kind)):
            targets[table].add(route.target.id)
    yield from targets.items()


def _gateways(
    records: Sequence[gateways.InternetGateway | gateways.EgressOnlyInternetGateway],
) -> Iterator[References]:
    yield "vpcs", {attachment.vpc_id for r in records for attachment in r.attachments}


def _nat_gateways(records: Sequence[gateways.NatGateway]) -> Iterator[References]:
    # A deleted gateway stays listed for an hour, after its subnet may be gone.
    there = [r for r in records if r.state not in {"deleted", "deleting", "failed"}]
    yield "subnets", {r.subnet_id for r in there}
    yield "vpcs", {r.vpc_id for r in there}


_REFERENCES: Mapping[str, Callable[[Sequence[Any]], Iterator[References]]] = {
    "subnets": _subnets,
    "interfaces": _interfaces,
    "instances": _instances,
    "security_groups": _groups,
    "network_acls": _acls,
    "route_tables": _route_tables,
    "internet_gateways": _gateways,
    "egress_only_gateways": _gateways,
    "nat_gateways": _nat_gateways,
}
