"""Edits of snapshots, drawn at random: rules, entries, routes, prefix lists, and records of any other kind."""

from random import Random
from typing import Any

from msgspec.structs import replace

from random_networks import id_of
from sekisho.model.filters import AclEntry, IpPermission, NetworkAcl, PrefixList, SecurityGroup
from sekisho.model.interface import Instance, NetworkInterface
from sekisho.model.record import Record
from sekisho.model.routing import Route, RouteTable
from sekisho.model.snapshot import Snapshot

_TRACKED = ("security_groups", "network_acls", "route_tables", "prefix_lists")
_CIDRS = ("0.0.0.0/0", "10.0.0.0/8", "198.51.100.0/24", "203.0.113.0/29", "10.0.0.0/24")


def edit(r: Random, snapshot: Snapshot, *, any_kind: float = 0.15) -> Record | None:
    """A record of the snapshot as it might be after a change; None where there is nothing to change."""
    tables = [t for t in _TRACKED if snapshot.table(t)]
    if not tables or r.random() < any_kind:
        return _of_any_kind(r, snapshot)
    match r.choice(sorted(snapshot.table(r.choice(tables)).values(), key=id_of)):
        case SecurityGroup() as record:
            member = r.choice(("ip_permissions", "ip_permissions", "ip_permissions_egress"))
            rules = _list(r, getattr(record, member), _rules(snapshot))
            return replace(record, **{member: rules})
        case NetworkAcl() as record:
            entries = _list(r, record.entries, _entries(r, snapshot))
            numbers: dict[tuple[int, bool], AclEntry] = {(e.rule_number, e.egress): e for e in entries}
            return replace(record, entries=tuple(numbers.values()))
        case RouteTable() as record:
            routes = _list(r, record.routes, _routes(r, snapshot, record))
            return replace(record, routes=tuple({x.destination: x for x in routes}.values()))
        case PrefixList() as record:
            return replace(record, cidrs=tuple(dict.fromkeys(_list(r, record.cidrs, list(_CIDRS)))))
        case _:
            return None


def _list(r: Random, have: tuple[Any, ...], others: list[Any]) -> tuple[Any, ...]:
    """One less, one more, or one in the place of another."""
    kept, at = list(have), r.randrange(len(have)) if have else 0
    if kept and r.random() < 0.6:
        del kept[at]
    if others and (not have or r.random() < 0.7):
        kept.insert(at, r.choice(others))
    return tuple(kept)


def _rules(snapshot: Snapshot) -> list[IpPermission]:
    return [rule for g in snapshot.security_groups.values() for rule in (*g.ip_permissions, *g.ip_permissions_egress)]


def _entries(r: Random, snapshot: Snapshot) -> list[AclEntry]:
    found = [e for a in snapshot.network_acls.values() for e in a.entries]
    other = {"allow": "deny", "deny": "allow"}
    return found + [replace(e, rule_action=other[e.rule_action], rule_number=r.randrange(1, 300)) for e in found]


def _routes(r: Random, snapshot: Snapshot, table: RouteTable) -> list[Route]:
    tables = (t for t in snapshot.route_tables.values() if t.vpc_id == table.vpc_id)
    near = [x for t in tables for x in t.routes if x.gateway_id != "local"]
    elsewhere: dict[str, Any] = {"destination_ipv6_cidr_block": None, "destination_prefix_list_id": None}
    return near + [replace(x, destination_cidr_block=r.choice(_CIDRS), **elsewhere) for x in near]


def _of_any_kind(r: Random, snapshot: Snapshot) -> Record | None:
    match r.choice(("interface", "instance", "other")):
        case "interface" if snapshot.interfaces and snapshot.security_groups:
            interface: NetworkInterface = r.choice(sorted(snapshot.interfaces.values(), key=id_of))
            other: NetworkInterface = r.choice(sorted(snapshot.interfaces.values(), key=id_of))
            return replace(interface, groups=other.groups)
        case "instance" if snapshot.instances:
            instance: Instance = r.choice(sorted(snapshot.instances.values(), key=id_of))
            return replace(instance, state=replace(instance.state, name=r.choice(("running", "stopped"))))
        case _:
            gateways = sorted([*snapshot.internet_gateways.values(), *snapshot.peerings.values()], key=id_of)
            if not gateways:
                return None
            gateway: Any = r.choice(gateways)
            away: Record = (
                replace(gateway, attachments=())
                if hasattr(gateway, "attachments")
                else replace(gateway, status=replace(gateway.status, code="deleted"))
            )
            return away
