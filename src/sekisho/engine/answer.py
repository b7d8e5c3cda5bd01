"""Verdicts and what stands behind them: the values that findings and reports are made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from typing import Literal, NamedTuple

from sekisho.model.record import Source
from sekisho.sets.flows import FlowSet
from sekisho.sets.prefixes import Family, Range

from .packet import Hop, Packet
from .share import Share

Origin = Literal["internet", "peering", "vgw", "tgw", "privatelink", "gated"]
ORIGINS: tuple[Origin, ...] = ("internet", "peering", "vgw", "tgw", "privatelink", "gated")
Width = int | Literal["world"]


class Verdict(Enum):
    """What holds of the packets asked about; the first that applies, in this order."""

    REACHABLE = "reachable"
    UNKNOWN = "unknown"
    FORWARD_ONLY = "forward-only"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Flow:
    """A box of packets that are delivered (or may be): every combination of its ranges.

    Ports are empty for protocols without; so are ICMP types and codes. `destinations` is empty in a shared
    answer, `entry` where the sender addresses the destination itself, `seen_as` where the source is not translated.
    """

    family: Family
    protocols: tuple[Range, ...]
    sources: tuple[Range, ...]
    destinations: tuple[Range, ...] = ()
    source_ports: tuple[Range, ...] = ()
    destination_ports: tuple[Range, ...] = ()
    icmp_types: tuple[Range, ...] = ()
    icmp_codes: tuple[Range, ...] = ()
    reply: bool = True
    via: tuple[str, ...] = ()
    entry: tuple[Range, ...] = ()
    seen_as: tuple[Range, ...] = ()
    unusual_source_port: bool = False
    #: The port of `entry`, where it is not the destination's.
    entry_ports: tuple[Range, ...] = ()
    #: The family of the destination and of `seen_as`, where a load balancer translates.
    behind: Family | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Barrier:
    """One thing that keeps packets out: `code` as Reachability Analyzer names it where a name fits."""

    code: str
    direction: Literal["forward", "return"]
    family: Family
    component: str
    detail: str
    evidence: tuple[Source, ...] = ()


class Passage(NamedTuple):
    """One way in, with what it delivers and what comes back, read on the remote address.

    `via` are the gateways and appliances in order. `by_group` is the part of `delivered` that each security
    group of the destination interface admits by itself.
    """

    via: tuple[str, ...]
    delivered: Share
    round_trip: Share
    by_group: Mapping[str, FlowSet]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """The answer to one question, shared by every row to which it applies."""

    verdict: Verdict
    family: Family
    passages: tuple[Passage, ...] = ()
    flows: tuple[Flow, ...] = ()
    possible: tuple[Flow, ...] = ()
    barriers: tuple[Barrier, ...] = ()
    depth: int | None = None
    assumptions: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    relies_on_absent: tuple[str, ...] = ()
    latent: Verdict | None = None
    width: Width = 0

    @property
    def via(self) -> tuple[str, ...]:
        """Every gateway through which some packet is delivered."""
        return tuple(dict.fromkeys(v for flow in self.flows for v in flow.via))


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """The verdict on one address of one interface for one origin; `answer` is its key in `Assessment.answers`."""

    account: str | None
    region: str | None
    instance: str | None
    interface: str
    address: str
    public_address: str | None
    family: Family
    origin: Origin
    answer: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """One question answered with its evidence: the hops of the example, or as far as the nearest miss gets."""

    query: Mapping[str, object]
    answer: Answer
    example: Packet | None
    forward: tuple[Hop, ...]
    returned: tuple[Hop, ...]
