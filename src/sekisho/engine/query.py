"""Questions as a user asks them: two endpoints, a protocol, ports; and what the endpoints are in a snapshot.

The syntax of an endpoint is `NAME[:CIDR]`; a name is a word (`internet`, `cloudfront`), an id, an ARN, the name
of a load balancer, or `ip` with an address.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sekisho.errors import QueryError
from sekisho.sets.flows import ICMP, ICMPV6, PROTOCOL_TOP, TCP, UDP, FlowSet, icmp_of
from sekisho.sets.prefixes import Family, Prefix, Range, parse

Protocol = int | None
_DIGITS = 5
FAMILIES: tuple[Family, Family] = ("ipv4", "ipv6")
_NAMES = {"tcp": TCP, "udp": UDP, "icmp": ICMP, "icmpv6": ICMPV6}
#: How the ids of what can be an endpoint begin; an address may follow each.
ENDPOINT_PREFIXES = (
    "i-",
    "eni-",
    "subnet-",
    "vpc-",
    "igw-",
    "eigw-",
    "pcx-",
    "vgw-",
    "tgw-attach-",
    "vpce-",
    "eice-",
    "lgw-",
    "cagw-",
)


class Endpoint(NamedTuple):
    """One end of a question as written: a name, and the addresses of it that are meant (None: all)."""

    text: str
    name: str
    block: Prefix | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Query:
    """A question. `protocol` is a name, a number or `any`; None leaves a part open."""

    source: Endpoint
    destination: Endpoint
    protocol: str
    ports: Range | None = None
    source_ports: Range | None = None
    icmp_type: int | None = None
    icmp_code: int | None = None
    family: Family | None = None

    def packets(self, family: Family) -> FlowSet:
        """The packets asked about in the family, whoever sends them."""
        return FlowSet.union_of(family, [self._packets(family, p) for p in self._protocols(family)])

    def _protocols(self, family: Family) -> list[Protocol]:
        if self.protocol == "any":
            return [None] if self.ports is None and self.source_ports is None else [TCP, UDP]
        if self.protocol == "icmp":
            return [icmp_of(family)]
        return [protocol_of(self.protocol)]

    def _packets(self, family: Family, protocol: Protocol) -> FlowSet:
        if protocol is None:
            return FlowSet.full(family)
        protocols = [(protocol, protocol)]
        if protocol in {TCP, UDP}:
            return FlowSet.build(family, protocols=protocols, thirds=_one(self.ports), fourths=_one(self.source_ports))
        if protocol == icmp_of(family):
            type_, code = _point(self.icmp_type), _point(self.icmp_code)
            return FlowSet.build(family, protocols=protocols, thirds=type_, fourths=code)
        return FlowSet.build(family, protocols=protocols)

    def families(self, of_destination: set[Family]) -> tuple[Family, ...]:
        """The families to answer for: the one asked for, else those of the destination that can carry the protocol."""
        if self.family:
            return (self.family,)
        found: list[Family] = [f for f in FAMILIES if f in of_destination]
        if self.protocol in {"icmp", "icmpv6"}:
            wanted: Family = "ipv4" if self.protocol == "icmp" else "ipv6"
            return (wanted,)
        return tuple(found)


def _one(ports: Range | None) -> list[Range] | None:
    return None if ports is None else [ports]


def _point(value: int | None) -> list[Range] | None:
    return None if value is None else [(value, value)]


def protocol_of(text: str) -> int:
    """The number of a protocol by name or number. QueryError where it is none."""
    number = _NAMES.get(text.lower())
    if number is None:
        number = int(text) if text.isascii() and text.isdigit() and len(text) <= _DIGITS else -1
    if not 0 <= number <= PROTOCOL_TOP:
        raise QueryError(f"`{text}` is no protocol: use tcp, udp, icmp, icmpv6, any or a number from 0 to 255")
    return number


def parse_endpoint(text: str) -> Endpoint:
    """The endpoint that `text` writes. QueryError where its address cannot be read."""
    if not text.strip():
        raise QueryError("an endpoint is empty: name internet, an id, or ip:ADDRESS")
    if text.startswith("arn:"):
        return Endpoint(text, text, None)
    name, colon, rest = text.partition(":")
    if name == "ip":
        block = _block(rest, text)
        if block.low != block.high:
            raise QueryError(f"`{text}`: ip: takes one address")
        return Endpoint(text, "ip", block)
    if not colon:
        return Endpoint(text, text, None)
    if name == "internet" or name.startswith(ENDPOINT_PREFIXES):
        return Endpoint(text, name, _block(rest, text))
    return Endpoint(text, text, None)


def _block(text: str, whole: str) -> Prefix:
    try:
        return parse(text)
    except ValueError:
        raise QueryError(f"`{whole}`: `{text}` is no address or CIDR block without host bits") from None


def parse_range(text: str, what: str, limit: int = 65535) -> Range:
    """A number or `LOW-HIGH` within 0..limit. QueryError where it is none."""
    low, dash, high = text.partition("-")
    parts = [low, high if dash else low]
    if (
        all(p.isascii() and p.isdigit() and len(p) <= _DIGITS for p in parts)
        and int(parts[0]) <= int(parts[1]) <= limit
    ):
        return int(parts[0]), int(parts[1])
    raise QueryError(f"`{text}` is no {what}: use a number or LOW-HIGH within 0-{limit}")
