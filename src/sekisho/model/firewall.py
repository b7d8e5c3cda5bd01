"""AWS Network Firewall: firewalls with their endpoints, policies, rule groups, as DescribeFirewall and its kin answer.

Each record is one whole answer, so that what belongs together stays together.
"""

from collections.abc import Mapping
from typing import NamedTuple

import msgspec

from .record import Record


class FirewallAttachment(Record, frozen=True, kw_only=True):
    """The endpoint of a firewall in one Availability Zone."""

    subnet_id: str | None = None
    endpoint_id: str | None = None
    status: str | None = None


class SyncState(Record, frozen=True, kw_only=True):
    attachment: FirewallAttachment = FirewallAttachment()


class FirewallStatus(Record, frozen=True, kw_only=True):
    status: str | None = None
    sync_states: Mapping[str, SyncState] = {}

    @property
    def attachments(self) -> tuple[FirewallAttachment, ...]:
        """The endpoints of the firewall, by Availability Zone."""
        return tuple(self.sync_states[zone].attachment for zone in sorted(self.sync_states))


class FirewallSettings(Record, frozen=True, kw_only=True):
    firewall_arn: str
    firewall_name: str | None = None
    firewall_policy_arn: str | None = None
    vpc_id: str | None = None


class Firewall(Record, frozen=True, kw_only=True):
    firewall: FirewallSettings
    firewall_status: FirewallStatus = FirewallStatus()

    @property
    def firewall_arn(self) -> str:
        return self.firewall.firewall_arn


class ListedFirewall(Record, frozen=True, kw_only=True):
    """A firewall as ListFirewalls names it."""

    firewall_arn: str
    firewall_name: str | None = None


# Policies -------------------------------------------------------------------------------------------


class StatelessReference(Record, frozen=True, kw_only=True):
    resource_arn: str
    priority: int


class StatefulOverride(Record, frozen=True, kw_only=True):
    action: str | None = None


class StatefulReference(Record, frozen=True, kw_only=True):
    resource_arn: str
    priority: int | None = None
    override: StatefulOverride | None = None


class StatefulEngineOptions(Record, frozen=True, kw_only=True):
    rule_order: str = "DEFAULT_ACTION_ORDER"
    stream_exception_policy: str = "DROP"


class VariableDefinition(Record, frozen=True, kw_only=True):
    definition: tuple[str, ...] = ()


class PolicyVariables(Record, frozen=True, kw_only=True):
    rule_variables: Mapping[str, VariableDefinition] = {}


class PolicySettings(Record, frozen=True, kw_only=True):
    stateless_rule_group_references: tuple[StatelessReference, ...] = ()
    stateless_default_actions: tuple[str, ...] = ()
    stateless_fragment_default_actions: tuple[str, ...] = ()
    stateful_rule_group_references: tuple[StatefulReference, ...] = ()
    stateful_default_actions: tuple[str, ...] = ()
    stateful_engine_options: StatefulEngineOptions = StatefulEngineOptions()
    policy_variables: PolicyVariables = PolicyVariables()


class PolicyIdentity(Record, frozen=True, kw_only=True):
    firewall_policy_arn: str
    firewall_policy_name: str | None = None


class FirewallPolicy(Record, frozen=True, kw_only=True):
    firewall_policy_response: PolicyIdentity
    firewall_policy: PolicySettings = PolicySettings()

    @property
    def firewall_policy_arn(self) -> str:
        return self.firewall_policy_response.firewall_policy_arn


# Rule groups ----------------------------------------------------------------------------------------


class RuleAddress(Record, frozen=True, kw_only=True):
    address_definition: str


class RulePorts(Record, frozen=True, kw_only=True):
    from_port: int
    to_port: int


class TcpFlags(Record, frozen=True, kw_only=True):
    flags: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()


class MatchAttributes(Record, frozen=True, kw_only=True):
    sources: tuple[RuleAddress, ...] = ()
    destinations: tuple[RuleAddress, ...] = ()
    source_ports: tuple[RulePorts, ...] = ()
    destination_ports: tuple[RulePorts, ...] = ()
    protocols: tuple[int, ...] = ()
    tcp_flags: tuple[TcpFlags, ...] = msgspec.field(name="TCPFlags", default=())


class RuleDefinition(Record, frozen=True, kw_only=True):
    match_attributes: MatchAttributes = MatchAttributes()
    actions: tuple[str, ...] = ()


class StatelessRule(Record, frozen=True, kw_only=True):
    rule_definition: RuleDefinition
    priority: int


class StatelessRules(Record, frozen=True, kw_only=True):
    stateless_rules: tuple[StatelessRule, ...] = ()


class StatefulHeader(Record, frozen=True, kw_only=True):
    protocol: str
    source: str = "ANY"
    source_port: str = "ANY"
    direction: str = "FORWARD"
    destination: str = "ANY"
    destination_port: str = "ANY"


class RuleOption(Record, frozen=True, kw_only=True):
    keyword: str
    settings: tuple[str, ...] = ()


class StatefulRule(Record, frozen=True, kw_only=True):
    action: str
    header: StatefulHeader
    rule_options: tuple[RuleOption, ...] = ()


class DomainList(Record, frozen=True, kw_only=True):
    targets: tuple[str, ...] = ()
    target_types: tuple[str, ...] = ()
    generated_rules_type: str = "DENYLIST"


class RulesSource(Record, frozen=True, kw_only=True):
    rules_string: str | None = None
    rules_source_list: DomainList | None = None
    stateful_rules: tuple[StatefulRule, ...] = ()
    stateless_rules_and_custom_actions: StatelessRules = StatelessRules()


class RuleVariables(Record, frozen=True, kw_only=True):
    ip_sets: Mapping[str, VariableDefinition] = msgspec.field(name="IPSets", default_factory=dict)
    port_sets: Mapping[str, VariableDefinition] = {}


class StatefulRuleOptions(Record, frozen=True, kw_only=True):
    rule_order: str | None = None


class RuleGroupSettings(Record, frozen=True, kw_only=True):
    rule_variables: RuleVariables = RuleVariables()
    rules_source: RulesSource = RulesSource()
    stateful_rule_options: StatefulRuleOptions = StatefulRuleOptions()


class RuleGroupIdentity(Record, frozen=True, kw_only=True):
    rule_group_arn: str
    rule_group_name: str | None = None
    type: str | None = None


class RuleGroup(Record, frozen=True, kw_only=True):
    rule_group_response: RuleGroupIdentity
    rule_group: RuleGroupSettings = RuleGroupSettings()

    @property
    def rule_group_arn(self) -> str:
        return self.rule_group_response.rule_group_arn


# Words of stateful rules ----------------------------------------------------------------------------

#: Options that say nothing of the packets that a rule matches.
_NOTES = {"sid", "msg", "rev", "gid", "priority", "classtype", "reference", "metadata"}


class Term(NamedTuple):
    """One address, port range, or variable of a rule, or its complement."""

    word: str
    negated: bool


def terms(text: str) -> tuple[Term, ...] | None:
    """What a rule writes as `[a, !b]`, `!a` or `a`; None where it is nested or empty, which nobody should guess at."""
    text, outer = text.strip(), False
    if text.startswith("!["):
        text, outer = text[1:], True
    if text.startswith("["):
        if not text.endswith("]"):
            return None
        text = text[1:-1]
    words = [w.strip() for w in text.split(",")]
    if not all(words) or any(c in text for c in "[]") or (outer and any(w.startswith("!") for w in words)):
        return None
    return tuple(Term(w.removeprefix("!").strip(), outer != w.startswith("!")) for w in words)


def is_plain(rule: StatefulRule) -> bool:
    """Whether its header alone decides what it matches."""
    return all(option.keyword.lower() in _NOTES for option in rule.rule_options)
