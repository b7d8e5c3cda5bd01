"""Sets in a few words, for the details of barriers."""

from sekisho.sets import diagram
from sekisho.sets.boxes import Box, boxes, remotes_of
from sekisho.sets.diagram import EMPTY
from sekisho.sets.flows import ALL_PORTS, PROTOCOL_TOP, FlowSet, has_ports
from sekisho.sets.prefixes import Family, Range, count, internet, subtract, to_cidrs

_NAMES = {1: "icmp", 6: "tcp", 17: "udp", 58: "icmpv6"}


def spell_remotes(ranges: tuple[Range, ...], family: Family) -> str:
    """One block by itself, the internet by its name, else the first block "and others"."""
    cidrs = to_cidrs(ranges, family)
    if not cidrs:
        return "nowhere"
    if len(cidrs) == 1:
        return cidrs[0]
    whole = internet(family)
    if not subtract(ranges, whole) and count(ranges) * 2 > count(whole):
        return "the internet"
    return f"{cidrs[0]} and others"


def spell_packets(flows: FlowSet) -> str:
    """The first kind of packet; "anything" where the set has all of them, "anything else" where nearly all."""
    if all(below is not EMPTY for _, _, below in diagram.steps(flows.root, PROTOCOL_TOP)):
        whole = FlowSet.of_remotes(flows.family, remotes_of(flows))
        return "anything" if whole <= flows else "anything else"
    found = boxes(flows)
    return _spell_box(found[0]) if found else "nothing"


def _spell_box(box: Box) -> str:
    number = box.protocols[0][0]
    name = _NAMES.get(number, f"protocol {number}")
    if not has_ports(number) or box.thirds == ALL_PORTS:
        return name
    low, high = box.thirds[0]
    return f"{name} {low}" if low == high else f"{name} {low}-{high}"


def spell_flows(flows: FlowSet, word: str) -> str:
    """The packets and their remote addresses, as in "tcp 22 from 10.0.0.0/8"; `word` is from or to."""
    return f"{spell_packets(flows)} {word} {spell_remotes(remotes_of(flows), flows.family)}"
