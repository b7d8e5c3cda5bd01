"""What a question asks about, and what its case expects, as boxes of packets; likewise what was answered."""

from collections.abc import Iterable, Mapping
from typing import Any

from sekisho.model.interface import NetworkInterface
from sekisho.model.topology import Topology

from .boxes import NOTHING, NUMBERS, WHOLE, Box, Ranges, addresses, by_protocol, internet, is_family, less, numbers
from .case import CaseError, Flow, Question

GATEWAYS = ("igw-", "eigw-", "pcx-", "vgw-")


class Asked:
    """One question on one snapshot."""

    def __init__(self, question: Question, topology: Topology) -> None:
        self.question = question
        self.topology = topology
        self.source, self.destination = question.option("--from") or "", question.option("--to") or ""

    def families(self) -> tuple[str, ...]:
        """The families that the question speaks of."""
        written = self.question.option("--family")
        if written:
            return (written,)
        texts_asked = [end.partition(":")[2] for end in (self.destination, self.source) if not end.startswith("arn:")]
        asked = next((t for t in texts_asked if t), None)
        if asked:
            return ("ipv6" if ":" in asked else "ipv4",)
        by_name = {"icmp": ("ipv4",), "icmpv6": ("ipv6",)}.get(self.question.option("--protocol") or "")
        held = [a for end in (self.destination, self.source) for i in self.interfaces(end) for a in texts(i)]
        there = tuple(f for f in WHOLE if any(is_family(a, f) for a in held))
        return by_name or there or ("ipv4",)

    def interfaces(self, end: str) -> list[NetworkInterface]:
        """The interfaces that an end of the question names."""
        name, _, rest = end.partition(":")
        topology, snapshot = self.topology, self.topology.snapshot
        if name == "ip":
            return [*topology.holders(rest), *(i for i, _ in topology.public_holders(rest))]
        if name.startswith("eni-"):
            found = snapshot.interfaces.get(name)
            return [found] if found else []
        if name.startswith("i-"):
            return list(topology.interfaces_of_instance.get(name, ()))
        members = {"subnet-": "subnet_id", "vpc-": "vpc_id"}
        member = next((m for prefix, m in members.items() if name.startswith(prefix)), None)
        return [i for i in snapshot.interfaces.values() if member and getattr(i, member) == name]

    def own_blocks(self) -> tuple[str, ...]:
        """The blocks of the VPC at the end that is in the estate; of every VPC where that end is a service."""
        known = self.topology.snapshot.vpcs
        ends = self.interfaces(self.destination) or self.interfaces(self.source)
        vpcs = [known.get(i.vpc_id or "") for i in ends] if ends else known.values()
        return tuple(cidr for vpc in vpcs if vpc for cidr in vpc.cidrs)

    def end(self, end: str, family: str, *, private: bool = True) -> Ranges:
        """The addresses that an end of the question stands for. CaseError where the case has to say it."""
        name, _, rest = end.partition(":")
        if name == "internet" and not rest:
            return internet(family, self.own_blocks())
        if name == "ip" and private:
            held = self.interfaces(end)
            mine = addresses([rest], family) if not self.topology.public_holders(rest) else ()
            return mine or addresses(_paired(held, rest), family)
        if rest and not end.startswith("arn:"):
            return addresses([rest], family)
        held = self.interfaces(end)
        if not held:
            raise CaseError(f"the case has to say which addresses `{end}` stands for")
        return addresses([a for i in held for a in texts(i)], family)

    # Boxes ----------------------------------------------------------------------------------------

    def expected(self, family: str, *, reply: bool) -> tuple[Box, ...]:
        """What the flows of the case say of the family."""
        flows = self.question.flows or ()
        mine = [f for f in flows if f.reply is reply and (f.family or self.families()[0]) == family]
        return tuple(box for flow in mine for box in self._boxes(flow, family))

    def told(self, family: str) -> tuple[Box, ...]:
        """What is answered as far as the case tells: its flows, else the box of what it says of all together."""
        q = self.question
        if q.flows is not None or q.verdict != "reachable" or q.sources is None:
            return self.expected(family, reply=True)
        if family not in (q.families or self.families()[:1]) or q.option("--protocol") == "any":
            return ()
        written = Flow(
            sources=q.sources,
            destinations=q.destinations,
            source_ports=q.source_ports,
            destination_ports=q.destination_ports,
        )
        return tuple(self._boxes(written, family))

    def everything(self, family: str) -> tuple[Box, ...]:
        """Every packet that is asked about."""
        return tuple(self._boxes(Flow(), family))

    def _boxes(self, flow: Flow, family: str) -> Iterable[Box]:
        ends = [
            self._written(written, end, family)
            for written, end in ((flow.sources, self.source), (flow.destinations, self.destination))
        ]
        ends[0] = less(ends[0], addresses(flow.but, family))
        ask = self.question.option
        for protocols, whole in by_protocol(self._protocols(flow, family), family):
            third = flow.destination_ports or flow.icmp_types or _option(ask("--port") or ask("--icmp-type"))
            fourth = flow.source_ports or flow.icmp_codes or _option(ask("--source-port") or ask("--icmp-code"))
            plain = whole == NOTHING
            yield (
                protocols,
                *ends,
                whole if plain or not third else numbers(third),
                whole if plain or not fourth else numbers(fourth),
            )

    def _written(self, written: tuple[str, ...] | str | None, end: str, family: str) -> Ranges:
        if written == "internet":
            return internet(family, self.own_blocks())
        if written is None:
            return self.end(end, family)
        return addresses([written] if isinstance(written, str) else written, family)

    def _protocols(self, flow: Flow, family: str) -> Ranges:
        if flow.protocols:
            return numbers(str(NUMBERS.get(p, p)) for p in flow.protocols)
        protocol = self.question.option("--protocol") or "any"
        if protocol != "any":
            name = "icmpv6" if (protocol, family) == ("icmp", "ipv6") else protocol
            return numbers([str(NUMBERS.get(name, name))])
        ports = self.question.option("--port") or self.question.option("--source-port")
        return numbers(["6", "17"]) if ports else ((0, 255),)


def answered(flows: Iterable[Mapping[str, Any]], family: str, *, reply: bool) -> tuple[Box, ...]:
    """The boxes of an answer's flows, as its JSON document has them."""
    found = []
    for flow in flows:
        if flow["family"] != family or flow["reply"] is not reply:
            continue
        written = flow.get("protocols") or [str(NUMBERS.get(flow["protocol"], flow["protocol"]))]
        for protocols, whole in by_protocol(numbers(written), family):
            third = flow.get("destination_ports") or flow.get("icmp_types")
            fourth = flow.get("source_ports") or flow.get("icmp_codes")
            # Behind a NAT gateway that translates, the destination is of the other family.
            asked = addresses(flow["destinations"], family) or addresses(flow["entry"]["destinations"], family)
            ends = (addresses(flow["sources"], family), asked)
            found.append((protocols, *ends, numbers(third) if third else whole, numbers(fourth) if fourth else whole))
    return tuple(found)


def texts(interface: NetworkInterface) -> list[str]:
    """Every private and IPv6 address and delegated prefix of the interface."""
    single = [a.private_ip_address for a in interface.addresses]
    six = [a.ipv6_address for a in interface.ipv6_addresses]
    prefixes = [p.ipv4_prefix for p in interface.ipv4_prefixes] + [p.ipv6_prefix for p in interface.ipv6_prefixes]
    return [a for a in (*single, *six, *prefixes) if a]


def _paired(held: Iterable[NetworkInterface], public: str) -> list[str]:
    pairs = [(a, i.public_of(a)) for i in held for a in texts(i)]
    return [address for address, theirs in pairs if theirs == public]


def _option(text: str | None) -> tuple[str, ...]:
    return (text,) if text else ()
