"""Barriers: for each layer that has to be lifted, what in it keeps the packets out, in plain words.

A barrier is explained on the packets that are nearest to getting through: those that everything but the
lifted layers lets pass.
"""

from collections.abc import Iterable, Iterator

from sekisho.model.filters import AclEntry, SecurityGroup
from sekisho.model.record import Source
from sekisho.sets.boxes import remotes_of
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, internet
from sekisho.sets.reshape import forget_remote

from .answer import Barrier
from .connected import Connection
from .facts import Facts
from .filters import acl_entries, entry_flows
from .gateways.internet_addresses import rejected_privately
from .groups import Groups
from .lifts import layers_of, what_is_left
from .transit import AclCause, Check, Direction, GroupCause, GroupQuestion, Layer, OverTgw, Stated
from .walk import read
from .wording import spell_flows

_ORDER = list(Layer)


def barriers_of(facts: Facts, connection: Connection, lifts: list[frozenset[Layer]]) -> tuple[Barrier, ...]:
    """Every barrier in the layers of the smallest sets that have to be lifted; each once, in order of the layers."""
    layers = layers_of(connection)
    found: dict[Barrier, None] = {}
    for layer in sorted(frozenset().union(*lifts), key=_ORDER.index):
        near = FlowSet.empty(connection.question.family)
        for lifted in (s for s in lifts if layer in s):
            near = near | what_is_left(connection, layers, lifted).sure
        for check in connection.checks:
            if check.layer is layer:
                stopped = (near & check.region) - check.share.maybe
                if not stopped.is_empty:
                    found.update(dict.fromkeys(_explain(facts, connection, check, stopped)))
    return tuple(found)


def _explain(facts: Facts, connection: Connection, check: Check, stopped: FlowSet) -> Iterator[Barrier]:
    word = "to" if connection.outbound else "from"
    if check.view:
        stopped = check.view.of(stopped)
    match check.cause:
        case Stated() as cause:
            yield stated_barrier(cause, check.direction, stopped.family)
        case AclCause() as cause:
            yield _acl_barrier(facts, cause, check, stopped, word)
        case GroupCause() as cause:
            yield from _group_barriers(facts, connection, cause, check, stopped)


def stated_barrier(cause: Stated, direction: Direction, family: Family) -> Barrier:
    places = tuple(place for place in cause.evidence if place is not None)
    return Barrier(
        code=cause.code,
        direction=direction,
        family=family,
        component=cause.component,
        detail=cause.detail,
        evidence=places,
    )


# Network ACLs -----------------------------------------------------------------------------------------


def _acl_barrier(facts: Facts, cause: AclCause, check: Check, stopped: FlowSet, word: str) -> Barrier:
    """The entries that deny what is stopped, by number; the closing one where none does."""
    family, acl = stopped.family, cause.acl
    end = cause.header.dst if cause.egress else cause.header.src
    left = stopped
    denying: list[AclEntry] = []
    for entry in acl_entries(acl, family, egress=cause.egress):
        matched = read(entry_flows(entry, family, reply=cause.reply), end) & left
        if not matched.is_empty and entry.rule_action != "allow":
            denying.append(entry)
        left = left - matched
    direction = "egress" if cause.egress else "ingress"
    numbers = ", ".join(str(e.rule_number) for e in denying[:3])
    rules = f"rule {numbers} denies" if denying else "no rule allows"
    what = f"replies to {spell_flows(stopped, word)}" if cause.reply else spell_flows(stopped, word)
    places = [facts.source("network_acls", acl.network_acl_id, f"/Entries/{acl.entries.index(e)}") for e in denying[:3]]
    return Barrier(
        code="SUBNET_ACL_RESTRICTION",
        direction=check.direction,
        family=family,
        component=acl.network_acl_id,
        detail=f"{acl.network_acl_id} {direction}: {rules} {what}",
        evidence=_places(facts, places, "network_acls", acl.network_acl_id),
    )


# Security groups --------------------------------------------------------------------------------------


def _group_barriers(
    facts: Facts, connection: Connection, cause: GroupCause, check: Check, stopped: FlowSet
) -> Iterator[Barrier]:
    """One barrier for each group of the interface."""
    word = "to" if connection.outbound else "from"
    for group_id in cause.interface.group_ids:
        group = facts.snapshot.security_groups.get(group_id)
        if group is not None:
            yield _group_barrier(facts, cause, check, stopped, group, word=word)
    for code in _private_only(facts, cause, connection.question):
        detail = "the groups allow only private sources, which an internet gateway rejects"
        yield Barrier(
            code=code, direction=check.direction, family=stopped.family, component="internet gateway", detail=detail
        )


def _group_barrier(
    facts: Facts, cause: GroupCause, check: Check, stopped: FlowSet, group: SecurityGroup, *, word: str
) -> Barrier:
    rules = group.ip_permissions_egress if cause.egress else group.ip_permissions
    direction = "egress" if cause.egress else "ingress"
    member = "IpPermissionsEgress" if cause.egress else "IpPermissions"
    referring = [i for i, rule in enumerate(rules) if rule.user_id_group_pairs]
    what = spell_flows(stopped, word)
    code, detail = "ENI_SG_RULES_MISMATCH", f"no {direction} rule of {group.group_id} allows {what}"
    places: list[Source | None] = []
    if not rules:
        code, detail = "SG_HAS_NO_RULES", f"{group.group_id} has no {direction} rule"
    elif cause.unreferenced and not cause.egress and referring and _referenced_over_tgw(facts, cause, stopped, group):
        code = "SG_REFERENCING_SUPPORT"
        taken = cause.unreferenced
        detail = f"{group.group_id} allows {what} by reference to a group, which {taken.component} does not support"
        places = [facts.source("security_groups", group.group_id, f"/{member}/{i}") for i in referring]
        places.append(taken.evidence)
    elif cause.stripped and not cause.egress and referring and _matched_by_reference(facts, cause, stopped, group):
        code = "SG_REFERENCES_NOT_PRESERVED"
        lost = "by reference to a group, which does not hold behind a gateway or appliance"
        detail = f"{group.group_id} allows {what} {lost}"
        places = [facts.source("security_groups", group.group_id, f"/{member}/{i}") for i in referring]
    return Barrier(
        code=code,
        direction=check.direction,
        family=stopped.family,
        component=group.group_id,
        detail=detail,
        evidence=_places(facts, places, "security_groups", group.group_id),
    )


def _matched_by_reference(facts: Facts, cause: GroupCause, stopped: FlowSet, group: SecurityGroup) -> bool:
    """Whether the rules would admit what is stopped if references still held."""
    vpc = cause.interface.vpc_id or ""
    question = GroupQuestion(stopped.family, cause.egress, reply=False, vpc=vpc, peer_vpc=vpc)
    return not (Groups(facts).by_reference_anywhere(group, question) & stopped).is_empty


def _referenced_over_tgw(facts: Facts, cause: GroupCause, stopped: FlowSet, group: SecurityGroup) -> bool:
    """Whether the rules would admit what is stopped if the transit gateway kept the identities of the senders."""
    if cause.unreferenced is None:
        return False
    over = (OverTgw(cause.unreferenced.vpc),)
    question = GroupQuestion(stopped.family, cause.egress, False, cause.interface.vpc_id or "", None, over)  # noqa: FBT003
    return not (Groups(facts).of_group(group.group_id, question).maybe & stopped).is_empty


def _private_only(facts: Facts, cause: GroupCause, question: FlowSet) -> list[str]:
    """The gateway's own codes where the groups allow the question from private sources alone (S-ADR-01)."""
    family = question.family
    through_internet = question <= FlowSet.of_remotes(family, internet(family))
    if cause.egress or not through_internet or cause.interface.vpc_id is None:
        return []
    asked = GroupQuestion(question.family, egress=False, reply=False, vpc=cause.interface.vpc_id, peer_vpc=None)
    allowed = Groups(facts).of_interface(cause.interface, asked).maybe
    return rejected_privately(question.family, remotes_of(allowed & forget_remote(question)))


def _places(facts: Facts, places: Iterable[Source | None], table: str, record_id: str) -> tuple[Source, ...]:
    found = tuple(p for p in places if p is not None)
    whole = facts.source(table, record_id)
    return found or ((whole,) if whole else ())
