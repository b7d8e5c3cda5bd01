"""Rules of AWS Network Firewall as sets of flows, read on one header (S-NFW-02 to S-NFW-06).

A rule matches some flows surely and some perhaps: perhaps where its options, its protocol or a variable
decide by more than the header.
"""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from sekisho.engine.transit import End, Header
from sekisho.model.firewall import MatchAttributes, RuleVariables, StatefulRule, Term, is_plain, terms
from sekisho.sets.flows import ICMP, ICMPV6, PORT_TOP, TCP, UDP, FlowSet
from sekisho.sets.prefixes import Family, Range, merge, overlap, parse, subtract, top
from sekisho.sets.reshape import for_every_source_port, for_some_source_port

_NAT_PORTS: Range = (1024, PORT_TOP)
_ALL_PORTS: tuple[Range, ...] = ((0, PORT_TOP),)
_WITH_PORTS: tuple[Range, ...] = ((TCP, TCP), (UDP, UDP))
#: Protocols of rules that are decided by the header; the others by what the packets carry.
_PLAIN_PROTOCOLS: dict[str, tuple[Range, ...]] = {
    "IP": ((0, 255),),
    "TCP": ((TCP, TCP),),
    "UDP": ((UDP, UDP),),
    "ICMP": ((ICMP, ICMP), (ICMPV6, ICMPV6)),
}


class Match(NamedTuple):
    """The flows that a rule surely matches, and those that it may match."""

    sure: FlowSet
    maybe: FlowSet


class Tuple5(NamedTuple):
    """What a header is matched with."""

    protocols: tuple[Range, ...]
    sources: tuple[Range, ...]
    source_ports: tuple[Range, ...]
    destinations: tuple[Range, ...]
    destination_ports: tuple[Range, ...]

    @property
    def turned(self) -> "Tuple5":
        """The same for packets of the other direction."""
        return Tuple5(self.protocols, self.destinations, self.destination_ports, self.sources, self.source_ports)


def matched(rule: Tuple5, header: Header, family: Family) -> Match:
    """The flows whose packets, of this header, have such a five-tuple.

    Behind a NAT gateway the sender's port is one that it chose: a rule that tells ports apart is undecided there.
    """
    where = _at(header.src, rule.sources, family) & _at(header.dst, rule.destinations, family)
    source, destination = rule.source_ports, rule.destination_ports
    ports = source == _ALL_PORTS and destination == _ALL_PORTS
    if ports:
        found = where & FlowSet.build(family, protocols=rule.protocols)
        return Match(found, found)
    thirds, fourths = (source, destination) if header.reply else (destination, source)
    found = FlowSet.empty(family)
    for protocol in overlap(rule.protocols, _WITH_PORTS):
        for number in range(protocol[0], protocol[1] + 1):
            found |= FlowSet.build(family, protocols=[(number, number)], thirds=thirds, fourths=fourths)
    if header.translated:
        return Match(where & for_every_source_port(found, _NAT_PORTS), where & for_some_source_port(found, _NAT_PORTS))
    return Match(where & found, where & found)


def _at(end: End, ranges: tuple[Range, ...], family: Family) -> FlowSet:
    if end.remote:
        return FlowSet.of_remotes(family, ranges)
    holds = end.address is not None and any(low <= end.address <= high for low, high in ranges)
    return FlowSet.full(family) if holds else FlowSet.empty(family)


# Stateless ------------------------------------------------------------------------------------------


def stateless(attributes: MatchAttributes, header: Header, family: Family) -> Match:
    """A stateless rule; one that asks for TCP flags may match (S-NFW-03)."""
    everywhere = ((0, top(family)),)
    sources = _prefixes((a.address_definition for a in attributes.sources), family)
    destinations = _prefixes((a.address_definition for a in attributes.destinations), family)
    if sources is None or destinations is None:
        return Match(FlowSet.empty(family), FlowSet.full(family))
    found = matched(
        Tuple5(
            merge((n, n) for n in attributes.protocols) or ((0, 255),),
            sources if attributes.sources else everywhere,
            merge((p.from_port, p.to_port) for p in attributes.source_ports) or _ALL_PORTS,
            destinations if attributes.destinations else everywhere,
            merge((p.from_port, p.to_port) for p in attributes.destination_ports) or _ALL_PORTS,
        ),
        header,
        family,
    )
    tcp = FlowSet.build(family, protocols=[(TCP, TCP)])
    return Match(found.sure - tcp, found.maybe) if attributes.tcp_flags else found


def _prefixes(written: Iterable[str], family: Family) -> tuple[Range, ...] | None:
    """The ranges of those that are of the family; None where one is no address."""
    try:
        return merge(p.range for p in map(parse, written) if p.family == family)
    except ValueError:
        return None


# Stateful -------------------------------------------------------------------------------------------


class Variables(NamedTuple):
    """What `$NAME` stands for in a rule group: its own sets, then those of the policy, then the VPC of the firewall."""

    group: RuleVariables
    policy: dict[str, tuple[str, ...]]
    home: tuple[str, ...] | None

    def addresses(self, name: str) -> tuple[str, ...] | None:
        if name in self.group.ip_sets:
            return self.group.ip_sets[name].definition
        if name in self.policy:
            return self.policy[name]
        home = None if name not in {"HOME_NET", "EXTERNAL_NET"} else self._home()
        if name == "EXTERNAL_NET" and home is not None:
            return tuple(f"!{cidr}" for cidr in home)
        return home

    def _home(self) -> tuple[str, ...] | None:
        return self.group.ip_sets["HOME_NET"].definition if "HOME_NET" in self.group.ip_sets else self._policy_home()

    def _policy_home(self) -> tuple[str, ...] | None:
        return self.policy.get("HOME_NET", self.home)

    def ports(self, name: str) -> tuple[str, ...] | None:
        found = self.group.port_sets.get(name)
        return found.definition if found else None


def stateful(rule: StatefulRule, variables: Variables, header: Header, family: Family) -> Match:
    """A stateful rule; what its header does not decide it may match (S-NFW-05)."""
    written = rule.header
    sources = _ranges(written.source, lambda w: _address(w, family, variables), top(family))
    destinations = _ranges(written.destination, lambda w: _address(w, family, variables), top(family))
    source_ports = _ranges(written.source_port, lambda w: _port(w, variables), PORT_TOP)
    destination_ports = _ranges(written.destination_port, lambda w: _port(w, variables), PORT_TOP)
    protocols = _PLAIN_PROTOCOLS.get(written.protocol.upper())
    wide = Tuple5(
        protocols or _WITH_PORTS,
        ((0, top(family)),) if sources is None else sources,
        _ALL_PORTS if source_ports is None else source_ports,
        ((0, top(family)),) if destinations is None else destinations,
        _ALL_PORTS if destination_ports is None else destination_ports,
    )
    found = matched(wide, header, family)
    if written.direction.upper() == "ANY":
        back = matched(wide.turned, header, family)
        found = Match(found.sure | back.sure, found.maybe | back.maybe)
    decided = protocols is not None and None not in {sources, destinations, source_ports, destination_ports}
    return found if decided and is_plain(rule) else Match(FlowSet.empty(family), found.maybe)


Reading = Callable[[str], tuple[Range, ...] | None]


def _ranges(text: str, read: Reading, last: int) -> tuple[Range, ...] | None:
    """The values that the text stands for; None where that is not known."""
    found = terms(text)
    return None if found is None else _united(found, read, last)


def _united(found: tuple[Term, ...], read: Reading, last: int) -> tuple[Range, ...] | None:
    """The union of what is named, all where nothing is, less the union of what is excluded."""
    named: list[Range] = []
    excluded: list[Range] = []
    for term in found:
        ranges = read(term.word)
        if ranges is None:
            return None
        (excluded if term.negated else named).extend(ranges)
    whole = ((0, last),) if all(term.negated for term in found) else merge(named)
    return subtract(whole, merge(excluded))


def _address(word: str, family: Family, variables: Variables) -> tuple[Range, ...] | None:
    if word.upper() == "ANY":
        return ((0, top(family)),)
    if word.startswith("$"):
        listed = variables.addresses(word[1:])
        return None if listed is None else _listed(listed, lambda w: _literal(w, family), top(family))
    return _literal(word, family)


def _literal(word: str, family: Family) -> tuple[Range, ...] | None:
    return _prefixes((word,), family)


def _listed(words: tuple[str, ...], read: Reading, last: int) -> tuple[Range, ...] | None:
    return _united(tuple(Term(w.removeprefix("!"), w.startswith("!")) for w in words), read, last) if words else None


def _port(word: str, variables: Variables) -> tuple[Range, ...] | None:
    if word.upper() == "ANY":
        return _ALL_PORTS
    if word.startswith("$"):
        listed = variables.ports(word[1:])
        return None if listed is None else _listed(listed, _literal_port, PORT_TOP)
    return _literal_port(word)


def _literal_port(word: str) -> tuple[Range, ...] | None:
    low, colon, high = word.partition(":")
    try:
        first, last = int(low or 0), int(high or PORT_TOP) if colon else int(low)
    except ValueError:
        return None
    return ((first, last),) if 0 <= first <= last <= PORT_TOP else None
