"""One packet at a firewall of AWS Network Firewall, rule by rule (S-NFW-02 to S-NFW-08).

Answers are True, False, or None where the header and the snapshot do not settle them.
"""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

from sekisho.engine.packet import ICMP, ICMPV6, TCP, UDP, Packet
from sekisho.model.firewall import (
    Firewall,
    FirewallPolicy,
    MatchAttributes,
    PolicySettings,
    RuleGroup,
    StatefulReference,
    StatefulRule,
    is_plain,
    terms,
)
from sekisho.model.topology import Topology

from .filters import is_ipv6, within

Answer = bool | None
#: The ports among which a NAT gateway chooses that of a sender whose own is not known here (S-NAT-02).
_NAT_PORTS = (1024, 65535)
_ANY_PORT = ((0, 65535),)


def both(*answers: Answer) -> Answer:
    return False if False in answers else None if None in answers else True


def either(*answers: Answer) -> Answer:
    return True if True in answers else None if None in answers else False


def negated(answer: Answer) -> Answer:
    return None if answer is None else not answer


class Judged(NamedTuple):
    """What stateful rules say: whether the packet gets through, and whether a pass rule lets its connection through."""

    through: Answer
    by_rule: Answer


class Inspection(NamedTuple):
    """Whether a packet gets through, and whether the firewall then keeps the state of its connection."""

    through: Answer
    kept: Answer


class FirewallTrace:
    """The rules of one firewall."""

    def __init__(self, topology: Topology, firewall: Firewall) -> None:
        self.snapshot = topology.snapshot
        self.firewall = firewall
        self.policy: FirewallPolicy | None = self.snapshot.firewall_policies.get(
            firewall.firewall.firewall_policy_arn or ""
        )

    def first(self, packet: Packet) -> Inspection:
        """The first packet of a connection."""
        if self.policy is None:
            return Inspection(None, None)
        action = self.stateless(self.policy.firewall_policy, packet)
        if action is None:
            return Inspection(None, None)
        if action != "aws:forward_to_sfe":
            return Inspection(action == "aws:pass", kept=False)
        through = self.stateful(self.policy.firewall_policy, packet).through
        return Inspection(through, through)

    def reply(self, packet: Packet, first: Packet | None) -> Answer:
        """A reply, where `first` is the header of its first packet if that came this way (S-NFW-07)."""
        if self.policy is None:
            return None
        settings = self.policy.firewall_policy
        action = self.stateless(settings, packet)
        if action != "aws:forward_to_sfe":
            return None if action is None else action == "aws:pass"
        by_rules = self.stateful(settings, packet).through
        fresh = both(by_rules, self._taken_midstream(settings, packet))
        if first is None:
            return fresh
        before, began = self.stateful(settings, first), self.stateless(settings, first)
        kept = both(None if began is None else began == "aws:forward_to_sfe", before.through)
        return either(both(kept, either(before.by_rule, by_rules)), both(fresh, negated(kept)))

    def _taken_midstream(self, settings: PolicySettings, packet: Packet) -> Answer:
        if packet.protocol != TCP:
            return True
        return None if settings.stateful_engine_options.stream_exception_policy == "CONTINUE" else False

    # Stateless ----------------------------------------------------------------------------------

    def stateless(self, settings: PolicySettings, packet: Packet) -> str | None:
        """`aws:pass`, `aws:drop` or `aws:forward_to_sfe` (S-NFW-02, S-NFW-03)."""
        for reference in sorted(settings.stateless_rule_group_references, key=lambda r: r.priority):
            group = self.snapshot.rule_groups.get(reference.resource_arn)
            if group is None:
                return None
            rules = group.rule_group.rules_source.stateless_rules_and_custom_actions.stateless_rules
            for rule in sorted(rules, key=lambda r: r.priority):
                matches = _stateless_match(rule.rule_definition.match_attributes, packet)
                if matches is None:
                    return None
                if matches:
                    return _action(rule.rule_definition.actions)
        return _action(settings.stateless_default_actions)

    # Stateful -----------------------------------------------------------------------------------

    def stateful(self, settings: PolicySettings, packet: Packet) -> Judged:
        if settings.stateful_engine_options.rule_order == "STRICT_ORDER":
            return self._in_order(settings, packet)
        passes: list[Answer] = []
        drops: list[Answer] = []
        for reference in settings.stateful_rule_group_references:
            if self._opaque(reference, packet):
                passes.append(None)
                drops.append(None)
            for rule, action in self._rules(reference):
                (passes if action == "PASS" else drops).append(self._matches(settings, reference, rule, packet))
        passed = either(*passes)
        return Judged(either(passed, negated(either(*drops))), passed)

    def _in_order(self, settings: PolicySettings, packet: Packet) -> Judged:
        for reference in sorted(settings.stateful_rule_group_references, key=lambda r: r.priority or 0):
            if self._opaque(reference, packet):
                return Judged(None, None)
            for rule, action in self._rules(reference):
                matches = self._matches(settings, reference, rule, packet)
                if matches is None:
                    return Judged(None, None)
                if matches:
                    return Judged(action == "PASS", action == "PASS")
        defaults = set(settings.stateful_default_actions)
        if "aws:drop_strict" in defaults:
            return Judged(through=False, by_rule=False)
        open_ = any(a.startswith("aws:drop_") for a in defaults)
        return Judged(None if open_ else True, by_rule=False)

    def _opaque(self, reference: StatefulReference, packet: Packet) -> bool:
        """Whether the group may decide on the packet by more than five-tuples (S-NFW-05)."""
        group = self.snapshot.rule_groups.get(reference.resource_arn)
        if group is None:
            return True
        source = group.rule_group.rules_source
        return bool((source.rules_string or "").strip()) or (bool(source.rules_source_list) and packet.protocol == TCP)

    def _rules(self, reference: StatefulReference) -> Iterator[tuple[StatefulRule, str]]:
        group = self.snapshot.rule_groups.get(reference.resource_arn)
        only_alerts = reference.override is not None and reference.override.action == "DROP_TO_ALERT"
        for rule in group.rule_group.rules_source.stateful_rules if group else ():
            action = rule.action.upper()
            if action == "PASS" or (action in {"DROP", "REJECT"} and not only_alerts):
                yield rule, action

    def _matches(
        self, settings: PolicySettings, reference: StatefulReference, rule: StatefulRule, packet: Packet
    ) -> Answer:
        group = self.snapshot.rule_groups[reference.resource_arn]
        words = _Words(self, settings, group)
        header = _header_matches(words, rule, packet)
        if rule.header.direction.upper() == "ANY":
            turned = packet._replace(
                source=packet.destination,
                destination=packet.source,
                source_port=packet.destination_port,
                destination_port=packet.source_port,
            )
            header = either(header, _header_matches(words, rule, turned))
        return header if is_plain(rule) or header is False else None


def _action(actions: tuple[str, ...]) -> str:
    return next((a for a in ("aws:pass", "aws:forward_to_sfe") if a in actions), "aws:drop")


def _stateless_match(match: MatchAttributes, packet: Packet) -> Answer:
    protocol = not match.protocols or packet.protocol in match.protocols
    source = _in_any((a.address_definition for a in match.sources), packet.source)
    destination = _in_any((a.address_definition for a in match.destinations), packet.destination)
    found = both(
        protocol,
        source,
        destination,
        _in_ports([(p.from_port, p.to_port) for p in match.source_ports], packet, packet.source_port),
        _in_ports([(p.from_port, p.to_port) for p in match.destination_ports], packet, packet.destination_port),
    )
    flagged = bool(match.tcp_flags)
    if flagged and packet.protocol != TCP:
        return found
    return None if flagged and found is not False else found


def _in_any(written: Iterable[str], address: str) -> Answer:
    listed = tuple(written)
    try:
        return not listed or any(within(address, (w,)) for w in listed if is_ipv6(w) == is_ipv6(address))
    except ValueError:
        return None


def _in_ports(ranges: Iterable[tuple[int, int]], packet: Packet, port: int | None) -> Answer:
    """Whether the packet has such a port; a port that a NAT gateway chose may be any of its."""
    listed = sorted(ranges)
    if not listed or tuple(listed) == _ANY_PORT:
        return True
    if packet.protocol not in {TCP, UDP}:
        return False
    if port is not None:
        return any(low <= port <= high for low, high in listed)
    at = _NAT_PORTS[0]
    for low, high in listed:
        if low <= at:
            at = max(at, high + 1)
    if at > _NAT_PORTS[1]:
        return True
    return None if any(low <= _NAT_PORTS[1] and high >= _NAT_PORTS[0] for low, high in listed) else False


# Words of stateful rules ----------------------------------------------------------------------------


class _Words:
    """What the words of a rule group stand for."""

    def __init__(self, firewall: FirewallTrace, settings: PolicySettings, group: RuleGroup) -> None:
        self.snapshot, self.firewall = firewall.snapshot, firewall.firewall
        self.settings, self.group = settings, group

    def addresses(self, name: str) -> tuple[str, ...] | None:
        own = self.group.rule_group.rule_variables.ip_sets.get(name)
        found = own or self.settings.policy_variables.rule_variables.get(name)
        if found:
            return found.definition
        if name == "EXTERNAL_NET":
            home = self.addresses("HOME_NET")
            return None if home is None else tuple(f"!{cidr}" for cidr in home)
        vpc = self.snapshot.vpcs.get(self.firewall.firewall.vpc_id or "")
        return vpc.cidrs if name == "HOME_NET" and vpc else None

    def holds_address(self, text: str, address: str) -> Answer:
        return _named(text, lambda word: self._address(word, address))

    def _address(self, word: str, address: str) -> Answer:
        if word.upper() == "ANY":
            return True
        if word.startswith("$"):
            listed = self.addresses(word[1:])
            return _listed(listed, lambda w: _literal(w, address))
        return _literal(word, address)

    def holds_port(self, text: str, packet: Packet, port: int | None) -> Answer:
        """Whether the port is among those named; all of them are laid out, for a chosen port may be any."""
        ranges = _port_ranges(text, self)
        return None if ranges is None else _in_ports(ranges, packet, port)


def _header_matches(words: _Words, rule: StatefulRule, packet: Packet) -> Answer:
    header, name = rule.header, rule.header.protocol.upper()
    protocols = {"IP": None, "TCP": {TCP}, "UDP": {UDP}, "ICMP": {ICMP, ICMPV6}}
    protocol: Answer
    if name in protocols:
        wanted = protocols[name]
        protocol = wanted is None or packet.protocol in wanted
    else:
        protocol = None if packet.protocol in {TCP, UDP} else False
    return both(
        protocol,
        words.holds_address(header.source, packet.source),
        words.holds_address(header.destination, packet.destination),
        words.holds_port(header.source_port, packet, packet.source_port),
        words.holds_port(header.destination_port, packet, packet.destination_port),
    )


def _named(text: str, holds: Callable[[str], Answer]) -> Answer:
    found = terms(text)
    if found is None:
        return None
    named = [holds(t.word) for t in found if not t.negated]
    excluded = [holds(t.word) for t in found if t.negated]
    if None in named or None in excluded:
        return None
    return (not named or True in named) and True not in excluded


def _listed(words: tuple[str, ...] | None, holds: Callable[[str], Answer]) -> Answer:
    if not words:
        return None
    named = [holds(w) for w in words if not w.startswith("!")]
    excluded = [holds(w[1:]) for w in words if w.startswith("!")]
    if None in named or None in excluded:
        return None
    return (not named or True in named) and True not in excluded


def _literal(word: str, address: str) -> Answer:
    try:
        return is_ipv6(word) == is_ipv6(address) and within(address, (word,))
    except ValueError:
        return None


def _port_ranges(text: str, words: _Words) -> list[tuple[int, int]] | None:
    """The ports that the text names, as ranges; None where one of its words is not known."""
    found = terms(text)
    if found is None:
        return None
    flat: list[tuple[str, bool]] = []
    for term in found:
        if not term.word.startswith("$"):
            flat.append((term.word, term.negated))
            continue
        known = words.group.rule_group.rule_variables.port_sets.get(term.word[1:])
        if known is None or not known.definition or (term.negated and any(w.startswith("!") for w in known.definition)):
            return None
        flat += [(w.removeprefix("!"), term.negated != w.startswith("!")) for w in known.definition]
    named, excluded = bytearray(65536), bytearray(65536)
    positive = False
    for word, negative in flat:
        low, colon, high = ("0", ":", "65535") if word.upper() == "ANY" else word.partition(":")
        try:
            first, last = int(low or 0), int(high or 65535) if colon else int(low)
        except ValueError:
            return None
        if not 0 <= first <= last <= _ANY_PORT[0][1]:
            return None
        (excluded if negative else named)[first : last + 1] = b"\1" * (last - first + 1)
        positive = positive or not negative
    kept = [p for p in range(65536) if (named[p] or not positive) and not excluded[p]]
    return _runs(kept)


def _runs(ports: list[int]) -> list[tuple[int, int]]:
    runs: list[tuple[int, int]] = []
    for port in ports:
        if runs and runs[-1][1] == port - 1:
            runs[-1] = (runs[-1][0], port)
        else:
            runs.append((port, port))
    return runs
