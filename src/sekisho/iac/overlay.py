"""A plan laid on what is live: what it makes, changes and takes away, record by record and member by member.

The plan's state from before and its outcome are both translated; only where they differ is the live record touched,
so that what the plan does not manage stays as it is.
"""

from typing import Any

import msgspec

from sekisho.load.per_resource import GATHERED
from sekisho.model.calls import CallStatus
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Scope
from sekisho.model.snapshot import Snapshot

from .estate import Draft, Estate, Part
from .values import Declared, plain


def lay(before: Estate, after: Estate, live: Snapshot) -> Estate:
    """The live estate with everything that the plan does to it."""
    merged = _live(live, after.file)
    merged.issues += after.issues
    merged.declared = dict(after.declared)
    merged.open_lists, merged.spoilt = dict(after.open_lists), {**merged.spoilt, **after.spoilt}
    for (call, scope), why in after.failed.items():
        if before.failed.get((call, scope)) != why:
            merged.failed[call, scope] = why
    for table in merged.tables:
        _table(merged, table, before, after)
    for key in before.parts.keys() | after.parts.keys():
        _part(merged, key, before, after)
    _addresses(merged)
    return merged


_LISTS = {
    "security_groups": ("IpPermissions", "IpPermissionsEgress"),
    "network_acls": ("Entries", "Associations"),
    "route_tables": ("Routes", "Associations", "PropagatingVgws"),
    "prefix_lists": ("Cidrs",),
    "target_groups": ("LoadBalancerArns",),
    "vpc_endpoints": ("SubnetIds", "RouteTableIds", "NetworkInterfaceIds", "Groups"),
    "classic_load_balancers": ("Instances",),
}


def stubs(live: Snapshot, file: str) -> Estate:
    """What is live without its lists: what a plan adds to something that it does not declare finds it there."""
    estate = Estate(file)
    for table, drafts in _live(live, file).tables.items():
        for name, draft in drafts.items():
            scalars = {k: v for k, v in draft.items() if not isinstance(v, list)}
            estate.tables[table][name] = scalars | {member: [] for member in _LISTS.get(table, ())}
    estate.scopes = {name: live.scope(table, name) for table in estate.tables for name in live.table(table)}
    return estate


# Live -----------------------------------------------------------------------------------------------


def _live(snapshot: Snapshot, file: str) -> Estate:
    """The records of the snapshot as drafts, with their places and what is known of their calls."""
    estate = Estate(file)
    for page in snapshot.pages:
        kind = KIND_BY_TABLE[page.table]
        for index, (name, record, scope) in enumerate(zip(page.keys(), page.records, page.scopes, strict=True)):
            draft = _trimmed(msgspec.to_builtins(record))
            source = page.source(index)
            estate.places[name] = Declared(source.file, name, source.pointer)
            if kind.call in GATHERED:
                _live_part(estate, page.table, name, record, scope)
            else:
                key = (draft.get("AllocationId") or name) if page.table == "addresses" else name
                estate.put(page.table, key, scope, _exploded(page.table, draft) | {"_live": True})
    estate.read = {(s.call, s.scope) for s in snapshot.calls if s.status is CallStatus.READ}
    estate.failed = {
        (s.call, s.scope): s.why for s in snapshot.calls if s.status is not CallStatus.READ and s.call not in GATHERED
    }
    estate.issues += snapshot.issues
    return estate


def _live_part(estate: Estate, table: str, name: str, record: Any, scope: Scope) -> None:  # noqa: ANN401
    draft = _trimmed(msgspec.to_builtins(record))
    lists = [v for k, v in draft.items() if isinstance(v, list)]
    records = lists[0] if lists else []
    if table == "classic_attributes":
        records = [{"CrossZoneLoadBalancing": {"Enabled": record.cross_zone}}] if record.cross_zone is not None else []
    part = estate.part(table, name, scope, partial=not record.complete)
    part.records.extend({**r, "_live": True} for r in records)


def _trimmed(value: Any) -> Any:  # noqa: ANN401
    """The record without members that are not set."""
    if isinstance(value, dict):
        return {k: _trimmed(v) for k, v in value.items() if v is not None}
    if isinstance(value, list | tuple):
        return [_trimmed(v) for v in value]
    return value


def _exploded(table: str, draft: Draft) -> Draft:
    """Permissions with one source each, as translators write them."""
    if table == "security_groups":
        for member in ("IpPermissions", "IpPermissionsEgress"):
            draft[member] = [one for p in draft.get(member, []) for one in _single(p)]
    return draft


def _single(permission: Draft) -> list[Draft]:
    lists = ("IpRanges", "Ipv6Ranges", "PrefixListIds", "UserIdGroupPairs")
    base = {k: v for k, v in permission.items() if k not in lists}
    return [base | {k: [source]} for k in lists for source in permission.get(k, ())]


# Changes --------------------------------------------------------------------------------------------


def _table(merged: Estate, table: str, before: Estate, after: Estate) -> None:
    old, new, there = before.tables[table], after.tables[table], merged.tables[table]
    for name in old:
        if (table, name) in before.own and (table, name) not in after.own:
            there.pop(name, None)
    for name, draft in new.items():
        was = old.get(name)
        if (table, name) in before.own and (table, name) not in after.own:
            continue
        if was is None:
            merged.tables[table][name] = draft
            merged.scopes[name] = after.scope(name)
        elif plain(was) != plain(draft):
            targets = [there[name]] if name in there else _alike(merged, table, draft)
            for target in targets:
                _changed(target, was, draft)
            if not targets:
                why = "the plan changes it, and it is not in the snapshot"
                merged.issue(name, why)
                merged.spoilt[table, name] = why


def _alike(merged: Estate, table: str, draft: Draft) -> list[Draft]:
    """Live interfaces that AWS made for the same thing: a balancer, an endpoint, an attachment says so."""
    told = draft.get("Description")
    if table != "interfaces" or not told:
        return []
    return [i for _, i in merged.all("interfaces") if i.get("Description") == told]


def _changed(target: Draft, was: Draft, now: Draft) -> None:
    for member in was.keys() | now.keys():
        one, other = was.get(member), now.get(member)
        if plain(one) == plain(other) or member in {"_default_group", "_private"}:
            continue
        if isinstance(one, list) or isinstance(other, list):
            target[member] = _list(target.get(member) or [], one or [], other or [])
        else:
            target[member] = other


def _list(there: list[Any], was: list[Any], now: list[Any]) -> list[Any]:
    """The live list without what the plan takes away and with what it adds."""
    gone = [x for x in was if x not in now]
    kept = [x for x in there if not any(_within(g, x) for g in gone)]
    return kept + [x for x in now if x not in was and not any(_within(x, k) for k in kept)]


def _within(part: Any, whole: Any) -> bool:  # noqa: ANN401
    """Whether everything that the part says is in the whole, which may say more."""
    if isinstance(part, dict) and isinstance(whole, dict):
        return all(k.startswith("_") or v is None or _within(v, whole.get(k)) for k, v in part.items())
    if isinstance(part, list) and isinstance(whole, list):
        return len(part) == len(whole) and all(map(_within, part, whole))
    return bool(plain(part) == plain(whole))


def _part(merged: Estate, key: tuple[str, str], before: Estate, after: Estate) -> None:
    nothing = Part(*key, [])
    was, now, there = before.parts.get(key, nothing), after.parts.get(key, nothing), merged.parts.get(key)
    owned = (name for _, name in before.own if name == key[1])
    if any(True for _ in owned) and not any(name == key[1] for _, name in after.own):
        merged.parts.pop(key, None)
    elif there is None:
        if key not in before.parts:
            merged.parts[key] = now
            merged.scopes.setdefault(key[1], after.scope(key[1]))
    elif was != now:
        partial = there.partial or (now.partial and not was.partial)
        merged.parts[key] = there._replace(records=_list(there.records, was.records, now.records), partial=partial)


def _addresses(merged: Estate) -> None:
    """Elastic addresses that are gone lie on no interface any more."""
    held = {a.get("PublicIp") for _, a in merged.all("addresses")}
    for _, interface in merged.all("interfaces"):
        for place in (interface, *interface.get("PrivateIpAddresses", ())):
            association = place.get("Association") or {}
            if association.get("AllocationId") and association.get("PublicIp") not in held:
                place.pop("Association")
