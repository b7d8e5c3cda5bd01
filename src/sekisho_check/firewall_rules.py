"""The policy of an AWS Network Firewall as rules over packets: which match for certain, and which may."""

from __future__ import annotations

from typing import Any, NamedTuple

from sekisho_check.boxes import ICMP, NONE, PORTED, PORTS, TYPES, Box
from sekisho_check.estate import Estate, Json, listed, text, texts
from sekisho_check.ranges import EMPTY, Ranges, block, everything, join, less, meet, normal, one

NOTES = frozenset({"sid", "msg", "rev", "gid", "classtype", "metadata", "reference", "priority"})
"""Options of a rule that match nothing (S-NFW-05)."""


class Ends(NamedTuple):
    """What a rule says of a packet's two ends, each None where it is not known."""

    protocols: Ranges | None
    source: Ranges | None
    source_ports: Ranges | None
    destination: Ranges | None
    destination_ports: Ranges | None


class Rule(NamedTuple):
    action: str
    """`pass`, `drop`, or of a stateless one `forward`."""
    ends: tuple[Ends, ...]
    exact: bool
    """Whether it matches all that its header matches; else it may."""


class Policy(NamedTuple):
    """Rule S-NFW-02, S-NFW-04."""

    stateless: list[Rule]
    stateless_default: str
    stateful: list[Rule]
    """In the order in which they are tried, whatever the order of the policy."""
    stateful_default: str
    """`free` where what no rule matches passes, `drop`, or `open`."""
    midstream: bool
    """Whether the stateful rules get what they did not see the beginning of."""


ALL = Ends(((0, 255),), None, None, None, None)


def policy_of(estate: Estate, firewall: Json, family: int) -> Policy | None:
    """The policy of the firewall; None where it was not read (S-NFW-01)."""
    name = text(firewall, "FirewallPolicyArn")
    answer = _answer(estate, "DescribeFirewallPolicy", "FirewallPolicyArn", "FirewallPolicyResponse", name)
    policy = answer.get("FirewallPolicy") if answer else None
    if not isinstance(policy, dict):
        return None
    defined = policy.get("PolicyVariables")
    reader = _Reader(
        estate,
        family,
        text(firewall, "VpcId"),
        (defined or {}).get("RuleVariables") if isinstance(defined, dict) else None,
    )
    options = policy.get("StatefulEngineOptions")
    strict = text(options, "RuleOrder") == "STRICT_ORDER"
    stateless = [rule for one in _by_priority(policy, "StatelessRuleGroupReferences") for rule in reader.stateless(one)]
    stateful = [
        rule
        for one in (_by_priority if strict else listed)(policy, "StatefulRuleGroupReferences")
        for rule in reader.stateful(one)
    ]
    if not strict:
        stateful = [rule for action in ("pass", "drop") for rule in stateful if rule.action == action]
    actions = set(texts(policy, "StatefulDefaultActions")) if strict else set()
    default = (
        "drop" if "aws:drop_strict" in actions else "open" if {one for one in actions if "drop" in one} else "free"
    )
    return Policy(
        stateless,
        _stateless_action(texts(policy, "StatelessDefaultActions")),
        stateful,
        default,
        text(options, "StreamExceptionPolicy") == "CONTINUE",
    )


def _answer(estate: Estate, operation: str, parameter: str, response: str, name: str | None) -> Json | None:
    found = [
        call
        for call in estate.calls[f"network-firewall:{operation}"]
        if name is not None and name in {text(call.parameters, parameter), text(call.answer.get(response), parameter)}
    ]
    fine = len(found) > 0 and not any(call.failed or call.incomplete for call in found)
    return found[0].answer if fine else None


def _by_priority(policy: Json, member: str) -> list[Json]:
    def priority(one: Json) -> int:
        value = one.get("Priority")
        return value if isinstance(value, int) else 0

    return sorted(listed(policy, member), key=priority)


def _stateless_action(actions: list[str]) -> str:
    """S-NFW-02: what neither passes nor forwards drops."""
    return "pass" if "aws:pass" in actions else "forward" if "aws:forward_to_sfe" in actions else "drop"


class _Reader:
    """Rule groups, with the variables of their policy."""

    def __init__(self, estate: Estate, family: int, vpc: str | None, variables: object) -> None:
        self.estate = estate
        self.family = family
        self.home = estate.blocks(vpc, family)
        self.policy = variables if isinstance(variables, dict) else {}
        self.group: Json = {}

    def _rules(self, reference: Json) -> Json | None:
        name = text(reference, "ResourceArn")
        answer = _answer(self.estate, "DescribeRuleGroup", "RuleGroupArn", "RuleGroupResponse", name)
        group = answer.get("RuleGroup") if answer else None
        source = group.get("RulesSource") if isinstance(group, dict) else None
        if not isinstance(group, dict) or not isinstance(source, dict):
            return None
        variables = group.get("RuleVariables")
        self.group = variables if isinstance(variables, dict) else {}
        return source

    def stateless(self, reference: Json) -> list[Rule]:
        source = self._rules(reference)
        if source is None:
            return [Rule(action, (ALL,), exact=False) for action in ("pass", "drop", "forward")]
        rules = _by_priority(source.get("StatelessRulesAndCustomActions") or {}, "StatelessRules")
        return [each for rule in rules for each in self._stateless_rule(rule)]

    def _stateless_rule(self, rule: Json) -> list[Rule]:
        """Rule S-NFW-03: flags are asked of TCP alone."""
        definition = rule.get("RuleDefinition")
        match: Any = definition.get("MatchAttributes") if isinstance(definition, dict) else None
        match = match if isinstance(match, dict) else {}
        numbers = [value for value in match.get("Protocols") or () if isinstance(value, int)]
        flags = bool(match.get("TCPFlags"))
        protocols = normal((value, value) for value in numbers) if numbers else ((0, 255),)
        ports = [self._ranges(match, member) for member in ("SourcePorts", "DestinationPorts")]
        if any(one not in {None, PORTS} for one in ports):  # every port is how any packet is written
            protocols = meet(protocols, PORTED)
        ends = Ends(
            protocols,
            self._blocks(match, "Sources"),
            ports[0] or PORTS,
            self._blocks(match, "Destinations"),
            ports[1] or PORTS,
        )
        action = _stateless_action(texts(definition, "Actions"))
        if not flags:
            return [Rule(action, (ends,), exact=True)]
        apart = ((meet(protocols, one(6)), False), (less(protocols, one(6)), True))
        return [Rule(action, (ends._replace(protocols=some),), exact) for some, exact in apart if some]

    def _blocks(self, match: Json, member: str) -> Ranges | None:
        written = [item.get("AddressDefinition") for item in listed(match, member)]
        if not written:
            return everything(self.family)
        return join(EMPTY, *(self.addresses(item) or EMPTY for item in written if isinstance(item, str)))

    @staticmethod
    def _ranges(match: Json, member: str) -> Ranges | None:
        pairs = [(item.get("FromPort"), item.get("ToPort")) for item in listed(match, member)]
        return (
            normal((low, high) for low, high in pairs if isinstance(low, int) and isinstance(high, int))
            if pairs
            else None
        )

    def stateful(self, reference: Json) -> list[Rule]:
        """Rule S-NFW-04, S-NFW-05."""
        source = self._rules(reference)
        if source is None or isinstance(source.get("RulesString"), str):
            return [Rule(action, (ALL,), exact=False) for action in ("pass", "drop")]
        if isinstance(source.get("RulesSourceList"), dict):
            return [Rule(action, (ALL._replace(protocols=one(6)),), exact=False) for action in ("pass", "drop")]
        override = reference.get("Override")
        harmless = text(override, "Action") == "DROP_TO_ALERT"  # S-NFW-06
        found = []
        for rule in listed(source, "StatefulRules"):
            action = {"PASS": "pass", "DROP": "drop", "REJECT": "drop"}.get(text(rule, "Action") or "")
            if action is None or (action == "drop" and harmless):
                continue
            found.append(self._stateful_rule(rule, action))
        return found

    def _stateful_rule(self, rule: Json, action: str) -> Rule:
        header: Any = rule.get("Header")
        header = header if isinstance(header, dict) else {}
        name = (text(header, "Protocol") or "").upper()
        protocols: Ranges | None = {
            "IP": ((0, 255),),
            "TCP": one(6),
            "UDP": one(17),
            "ICMP": ICMP[self.family],
        }.get(name)
        options = {text(option, "Keyword") for option in listed(rule, "RuleOptions")}
        source, destination = (self.addresses(text(header, member) or "?") for member in ("Source", "Destination"))
        leaving, going = (self.ports(text(header, member) or "?") for member in ("SourcePort", "DestinationPort"))
        exact = protocols is not None and options <= NOTES
        if {leaving, going} - {None, PORTS} or (protocols is not None and {leaving, going} != {PORTS}):
            protocols = meet(protocols or ((0, 255),), PORTED)
        ends = Ends(protocols, source, leaving, destination, going)
        both = (ends, Ends(protocols, destination, going, source, leaving))
        return Rule(action, both if text(header, "Direction") == "ANY" else (ends,), exact)

    def addresses(self, written: str, depth: int = 0) -> Ranges | None:
        """What an expression of addresses means; None where that is not known (S-NFW-06)."""
        written = written.strip()
        if depth > 8 or written.startswith("@"):  # noqa: PLR2004 - variables do not nest that deep
            return None
        if written.upper() == "ANY":
            return everything(self.family)
        if written.startswith("!"):
            inner = self.addresses(written[1:], depth + 1)
            return None if inner is None else less(everything(self.family), inner)
        if written.startswith("["):
            return self._together(
                _parts(written), everything(self.family), lambda part: self.addresses(part, depth + 1)
            )
        if written.startswith("$"):
            return self._address_variable(written[1:], depth)
        found = block(written)
        return None if found is None else found.ranges if found.family == self.family else EMPTY

    def _address_variable(self, name: str, depth: int) -> Ranges | None:
        for scope in (self.group, self.policy):
            sets = scope.get("IPSets")
            given = sets.get(name) if isinstance(sets, dict) else None
            if isinstance(given, dict):
                parts = texts(given, "Definition")
                return self._together(parts, everything(self.family), lambda part: self.addresses(part, depth + 1))
        if name == "HOME_NET":
            return self.home
        home = self._address_variable("HOME_NET", depth + 1) if name == "EXTERNAL_NET" else None
        return None if home is None else less(everything(self.family), home)

    def ports(self, written: str, depth: int = 0) -> Ranges | None:
        written = written.strip()
        if depth > 8:  # noqa: PLR2004
            return None
        if written.upper() == "ANY":
            return PORTS
        if written.startswith("!"):
            inner = self.ports(written[1:], depth + 1)
            return None if inner is None else less(PORTS, inner)
        if written.startswith("["):
            return self._together(_parts(written), PORTS, lambda part: self.ports(part, depth + 1))
        if written.startswith("$"):
            sets = self.group.get("PortSets")
            given = sets.get(written[1:]) if isinstance(sets, dict) else None
            parts = texts(given, "Definition") if isinstance(given, dict) else []
            return self._together(parts, PORTS, lambda part: self.ports(part, depth + 1)) if parts else None
        low, colon, high = written.partition(":")
        low, high = low or "0", high or ("65535" if colon else low)
        return ((int(low), int(high)),) if low.isdecimal() and high.isdecimal() and int(low) <= int(high) else None

    @staticmethod
    def _together(parts: list[str], universe: Ranges, read: Any) -> Ranges | None:  # noqa: ANN401 - one of two readers
        """A list: what its plain parts hold, less what its negated parts hold."""
        plain = [read(part) for part in parts if not part.strip().startswith("!")]
        negated = [read(part.strip()[1:]) for part in parts if part.strip().startswith("!")]
        if None in plain or None in negated:
            return None
        return less(join(EMPTY, *plain) if plain else universe, join(EMPTY, *negated))


def _parts(written: str) -> list[str]:
    """The parts of a bracketed list, at its own depth."""
    parts, depth, last = [], 0, ""
    for letter in written[1:].removesuffix("]"):
        if letter == "," and depth == 0:
            parts.append(last)
            last = ""
            continue
        depth += {"[": 1, "]": -1}.get(letter, 0)
        last += letter
    return [part for part in (*parts, last) if part.strip()]


def matches(ends: Ends, family: int, near: Ranges, *, replying: bool) -> tuple[list[Box], bool]:
    """The headers that the ends match, in coordinates of the far address, and whether all is known of them.
    `near` is the address of the destination: the packet's other end, its source while replying.
    """
    every = everything(family)
    far_of, near_of = (ends.destination, ends.source) if replying else (ends.source, ends.destination)
    known = None not in ends
    far = every if far_of is None else far_of
    if near_of is not None:
        both = meet(near, near_of)
        if not both:
            return [], True
        known = known and both == near
    protocols = ((0, 255),) if ends.protocols is None else ends.protocols
    thirds = PORTS if ends.destination_ports is None else ends.destination_ports
    fourths = PORTS if ends.source_ports is None else ends.source_ports
    shapes = [Box(PORTED, far, thirds, fourths), Box(ICMP[family], far, TYPES, TYPES)]
    shapes.append(Box(less(less(((0, 255),), PORTED), ICMP[family]), far, NONE, NONE))
    cut = [shape._replace(protocols=meet(shape.protocols, protocols)) for shape in shapes]
    return [box for box in cut if all(box)], known
