"""A firewall of AWS Network Firewall as a share of flows (S-NFW-01 to S-NFW-08).

Stateless rules come first: they pass, drop, or hand on to the stateful rules, which know of connections.
"""

from collections.abc import Iterator
from typing import NamedTuple

from sekisho.engine.facts import Facts
from sekisho.engine.share import Note, Share, doubtful
from sekisho.engine.transit import Header
from sekisho.model.firewall import (
    Firewall,
    FirewallPolicy,
    PolicySettings,
    RuleGroup,
    StatefulReference,
    StatelessRule,
)
from sekisho.sets.flows import TCP, FlowSet
from sekisho.sets.prefixes import Family

from .firewall_rules import Match, Variables, stateful, stateless

_PASS, _FORWARD = "aws:pass", "aws:forward_to_sfe"


class Stateless(NamedTuple):
    """What stateless rules pass by themselves, and what they hand on to the stateful ones."""

    passed: Share
    handed: Share


class Stateful(NamedTuple):
    """What stateful rules let through, and what of it a pass rule lets through: that holds for the whole connection."""

    through: Share
    by_rule: Share


class Inspected(NamedTuple):
    """What a firewall lets through of packets with one header; `kept` is what it then keeps the state of."""

    through: Share
    kept: Share


class FirewallRules:
    """The rules of one firewall."""

    def __init__(self, facts: Facts, firewall: Firewall, family: Family) -> None:
        self._facts = facts
        self._firewall = firewall
        self._family = family
        arn = firewall.firewall.firewall_policy_arn or ""
        self._policy: FirewallPolicy | None = facts.snapshot.firewall_policies.get(arn)
        self._unread = self._why("firewall_policies", arn) if self._policy is None else ""

    def forward(self, header: Header) -> Inspected:
        """The first packet of a connection."""
        if self._policy is None:
            perhaps = self._perhaps(self._unread)
            return Inspected(perhaps, perhaps)
        plain = self._stateless(self._policy.firewall_policy, header)
        kept = plain.handed & self._stateful(self._policy.firewall_policy, header).through
        return Inspected(plain.passed | kept, kept)

    def reply(self, header: Header, *, known: bool) -> Share:
        """A reply; `known`: its first packet came through the same endpoint (S-NFW-07)."""
        if self._policy is None:
            return self._perhaps(self._unread)
        settings = self._policy.firewall_policy
        first = Header(header.dst, header.src, reply=False, translated=header.translated)
        plain, by_rules = self._stateless(settings, header), self._stateful(settings, header).through
        fresh = plain.handed & by_rules & self._taken_midstream(settings)
        if not known:
            return plain.passed | fresh
        before = self._stateful(settings, first)
        kept = self._stateless(settings, first).handed & before.through
        of_connection = kept & (before.by_rule | by_rules)
        unkept = Share(~kept.maybe, ~kept.sure, kept.doubts)
        return plain.passed | (plain.handed & of_connection) | (fresh & unkept)

    def _taken_midstream(self, settings: PolicySettings) -> Share:
        """What the stateful rules judge though its connection began elsewhere: TCP only by another stream policy."""
        full, tcp = FlowSet.full(self._family), FlowSet.build(self._family, protocols=[(TCP, TCP)])
        if settings.stateful_engine_options.stream_exception_policy != "CONTINUE":
            return Share(full - tcp, full - tcp)
        reason = f"{self._name} goes on with connections that it did not see begin"
        return Share(full - tcp, full, (Note(tcp, reason),))

    # Stateless ----------------------------------------------------------------------------------

    def _stateless(self, settings: PolicySettings, header: Header) -> Stateless:
        """First match by priority of the groups, then of the rules in each; the default actions else (S-NFW-02)."""
        empty, full = FlowSet.empty(self._family), FlowSet.full(self._family)
        surely, perhaps = full, full  # what gets as far as this rule
        totals = {_PASS: [empty, empty], _FORWARD: [empty, empty]}
        notes: list[Note] = []
        for reference in sorted(settings.stateless_rule_group_references, key=lambda r: r.priority):
            group = self._facts.snapshot.rule_groups.get(reference.resource_arn)
            if group is None:
                notes.append(Note(perhaps, self._why("rule_groups", reference.resource_arn)))
                for total in totals.values():
                    total[1] |= perhaps
                surely = empty
                continue
            for rule in _by_priority(group):
                match = stateless(rule.rule_definition.match_attributes, header, self._family)
                for action in totals.keys() & set(rule.rule_definition.actions):
                    totals[action][0] |= surely & match.sure
                    totals[action][1] |= perhaps & match.maybe
                if match.sure != match.maybe:
                    reason = f"{_short(group.rule_group_arn)} matches by more than addresses"
                    notes.append(Note(perhaps & match.maybe, reason))
                surely, perhaps = surely - match.maybe, perhaps - match.sure
        for action in totals.keys() & set(settings.stateless_default_actions):
            totals[action][0] |= surely
            totals[action][1] |= perhaps
        passed, handed = (Share(sure, maybe, tuple(notes)) for sure, maybe in totals.values())
        return Stateless(passed, handed)

    # Stateful -----------------------------------------------------------------------------------

    def _stateful(self, settings: PolicySettings, header: Header) -> Stateful:
        strict = settings.stateful_engine_options.rule_order == "STRICT_ORDER"
        return self._strict(settings, header) if strict else self._by_action(settings, header)

    def _by_action(self, settings: PolicySettings, header: Header) -> Stateful:
        """Pass before drop and reject, whatever the groups; what nothing matches passes (S-NFW-04)."""
        empty = FlowSet.empty(self._family)
        passed, dropped = [empty, empty], [empty, empty]
        notes: list[Note] = []
        for reference in settings.stateful_rule_group_references:
            opaque = self._opaque(reference)
            for region, reason in opaque:
                passed[1] |= region
                dropped[1] |= region
                notes.append(Note(region, reason))
            for action, match, reason in self._rules(settings, reference, header):
                total = passed if action == "PASS" else dropped
                total[0] |= match.sure
                total[1] |= match.maybe
                if match.sure != match.maybe:
                    notes.append(Note(match.maybe - match.sure, reason))
        through = Share(passed[0] | ~dropped[1], passed[1] | ~dropped[0], tuple(notes))
        return Stateful(through, Share(passed[0], passed[1], tuple(notes)))

    def _strict(self, settings: PolicySettings, header: Header) -> Stateful:
        """First match by priority of the groups, then in order; the default actions else (S-NFW-04)."""
        empty, full = FlowSet.empty(self._family), FlowSet.full(self._family)
        surely, perhaps = full, full
        passed = [empty, empty]
        notes: list[Note] = []
        for reference in sorted(settings.stateful_rule_group_references, key=lambda r: r.priority or 0):
            for region, reason in self._opaque(reference):
                notes.append(Note(perhaps & region, reason))
                passed[1] |= perhaps & region
                surely -= region
            for action, match, reason in self._rules(settings, reference, header):
                if action == "PASS":
                    passed[0] |= surely & match.sure
                    passed[1] |= perhaps & match.maybe
                if match.sure != match.maybe:
                    notes.append(Note(perhaps & match.maybe, reason))
                surely, perhaps = surely - match.maybe, perhaps - match.sure
        by_rule = Share(passed[0], passed[1], tuple(notes))
        defaults = set(settings.stateful_default_actions)
        if "aws:drop_strict" in defaults:
            return Stateful(by_rule, by_rule)
        if any(action.startswith("aws:drop_") for action in defaults):
            reason = f"{self._name} drops what it has established and no rule passes, which a first packet is not"
            notes.append(Note(perhaps, reason))
            return Stateful(Share(passed[0], passed[1] | perhaps, tuple(notes)), by_rule)
        return Stateful(Share(passed[0] | surely, passed[1] | perhaps, tuple(notes)), by_rule)

    def _rules(
        self, settings: PolicySettings, reference: StatefulReference, header: Header
    ) -> Iterator[tuple[str, Match, str]]:
        """The rules that decide, in order, with what each matches and why that may be open."""
        group = self._facts.snapshot.rule_groups.get(reference.resource_arn)
        if group is None:
            return
        variables = self._variables(settings, group)
        reason = f"{_short(group.rule_group_arn)} has rules that match by more than addresses and ports"
        softened = reference.override is not None and reference.override.action == "DROP_TO_ALERT"
        for rule in group.rule_group.rules_source.stateful_rules:
            action = rule.action.upper()
            if action in {"PASS", "DROP", "REJECT"} and not (softened and action != "PASS"):
                yield action, stateful(rule, variables, header, self._family), reason

    def _opaque(self, reference: StatefulReference) -> list[tuple[FlowSet, str]]:
        """The flows on which rules of the group decide that are not five-tuples (S-NFW-05)."""
        full, tcp = FlowSet.full(self._family), FlowSet.build(self._family, protocols=[(TCP, TCP)])
        group = self._facts.snapshot.rule_groups.get(reference.resource_arn)
        if group is None:
            return [(full, self._why("rule_groups", reference.resource_arn))]
        source, name = group.rule_group.rules_source, _short(group.rule_group_arn)
        found = [(full, f"{name} is written in Suricata's rules")] if (source.rules_string or "").strip() else []
        return found + ([(tcp, f"{name} is a list of domain names")] if source.rules_source_list else [])

    def _variables(self, settings: PolicySettings, group: RuleGroup) -> Variables:
        named = settings.policy_variables.rule_variables
        vpc = self._facts.snapshot.vpcs.get(self._firewall.firewall.vpc_id or "")
        policy = {name: variable.definition for name, variable in named.items()}
        return Variables(group.rule_group.rule_variables, policy, vpc.cidrs if vpc else None)

    # What was not read --------------------------------------------------------------------------

    @property
    def _name(self) -> str:
        return _short(self._firewall.firewall_arn)

    def _why(self, table: str, arn: str) -> str:
        scope = self._facts.topology.vpc_scope(self._firewall.firewall.vpc_id)
        return self._facts.snapshot.why_missing(table, arn, scope)

    def _perhaps(self, reason: str) -> Share:
        return doubtful(FlowSet.full(self._family), f"the rules of {self._name} are not known: {reason}")


def _by_priority(group: RuleGroup) -> list[StatelessRule]:
    source = group.rule_group.rules_source.stateless_rules_and_custom_actions
    return sorted(source.stateless_rules, key=lambda r: r.priority)


def _short(arn: str) -> str:
    """The kind and name at the end of an ARN, as in `stateful-rulegroup/web`."""
    return arn.rpartition(":")[2]
