"""A finding in Amazon Inspector Classic's vocabulary (S-FIND-04)."""

from dataclasses import dataclass
from enum import Enum

import msgspec

from sekisho.engine.answer import Origin, Width
from sekisho.sets.prefixes import Range


class FindingType(Enum):
    RECOGNIZED_PORT_WITH_LISTENER = "RecognizedPortWithListener"
    RECOGNIZED_PORT_NO_LISTENER = "RecognizedPortNoListener"
    RECOGNIZED_PORT_NO_AGENT = "RecognizedPortNoAgent"
    UNRECOGNIZED_PORT_WITH_LISTENER = "UnrecognizedPortWithListener"
    NETWORK_EXPOSURE = "NetworkExposure"


class Severity(Enum):
    """Inspector Classic's scale; `numeric` is its numericSeverity."""

    HIGH = "High"
    MEDIUM = "Medium"
    LOW = "Low"
    INFORMATIONAL = "Informational"

    @property
    def numeric(self) -> float:
        return _NUMERIC[self]


_NUMERIC = {Severity.HIGH: 9.0, Severity.MEDIUM: 6.0, Severity.LOW: 3.0, Severity.INFORMATIONAL: 0.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Process:
    """A process that listens, as far as the inventory says."""

    name: str | None
    pid: int | None
    path: str | None


class Finding(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """One exposure of an instance through one interface, security group and gateway.

    `addresses` are those of the interface where it holds, `answers` the keys of the answers that prove it.
    `protocol`, `port` and `service` are None for NetworkExposure, whose ranges are in `tcp_ports`, `udp_ports`.
    `reply` is False where packets are delivered and no reply comes back, which only UDP can be (S-FIND-03).
    """

    id: str
    type: FindingType
    rule: str
    severity: Severity
    title: str
    description: str
    recommendation: str
    account: str | None
    region: str | None
    instance: str
    interface: str
    addresses: tuple[str, ...]
    vpc: str | None
    origin: Origin
    via: tuple[str, ...]
    peer_vpc: str | None
    protocol: str | None
    port: int | None
    service: str | None
    security_groups: tuple[str, ...]
    network_acl: str | None
    sources: tuple[str, ...]
    width: Width
    reply: bool
    answers: tuple[str, ...]
    process: Process | None
    tcp_ports: tuple[Range, ...]
    udp_ports: tuple[Range, ...]
    attributes: tuple[tuple[str, str], ...]
