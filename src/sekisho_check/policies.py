"""Policy tables of transit gateways."""

from __future__ import annotations

from typing import NamedTuple

from sekisho_check.boxes import PORTED, PORTS, Box, whole
from sekisho_check.estate import Estate, Json, text
from sekisho_check.filters import protocol
from sekisho_check.ranges import EMPTY, Ranges, block, everything, less, meet, one


class Rule(NamedTuple):
    """A rule of a policy table, in the coordinates of the header that it is asked of."""

    match: list[Box]
    """Destinations stand in the boxes' sources where the packet is a reply."""
    table: str
    open: bool


def policy(estate: Estate, table: str, family: int, own: Ranges, *, replying: bool) -> list[Rule] | None:
    """The rules of a policy table in the order in which they are tried, for packets that have the own address at this
    end; None where they were not read (S-TGW-09).
    """
    entries = estate.of("ec2:GetTransitGatewayPolicyTableEntries", "TransitGatewayPolicyTableId", table)
    if entries is None:
        return None
    numbered = sorted(entries, key=lambda entry: _number(entry.data.get("PolicyRuleNumber")))
    return [rule for entry in numbered if (rule := _rule(entry.data, family, own, replying)) is not None]


def _number(value: object) -> int:
    return int(value) if isinstance(value, str) and value.isdecimal() else value if isinstance(value, int) else -1


def _rule(entry: Json, family: int, own: Ranges, replying: bool) -> Rule | None:  # noqa: FBT001
    data = entry.get("PolicyRule")
    data = data if isinstance(data, dict) else {}
    near, far = _addresses(data, "SourceCidrBlock", family), _addresses(data, "DestinationCidrBlock", family)
    first, second = _ports(data.get("SourcePortRange")), _ports(data.get("DestinationPortRange"))
    if not replying:
        near, far = far, near
        first, second = second, first
    if not meet(near, own) or not far:
        return None
    number = -1 if data.get("Protocol") in (None, "*") else protocol(data.get("Protocol"))
    kinds = _kinds(number) if number is not None else ((0, 255),)
    boxes = []
    for box in whole(family, far):
        protocols = meet(box.protocols, kinds)
        if protocols and meet(protocols, PORTED):
            boxes.append(box._replace(protocols=protocols, thirds=first, fourths=second))
        elif protocols:
            boxes.append(box._replace(protocols=protocols))
    split = bool(less(own, near))  # a delegated prefix that the rule tells apart
    vague = number is None or bool(data.get("MetaData")) or split
    return Rule(boxes, text(entry, "TargetRouteTableId") or "", vague)


def _kinds(number: int) -> Ranges:
    return ((0, 255),) if number == -1 else one(number)


def _addresses(data: Json, member: str, family: int) -> Ranges:
    if data.get(member) in (None, "*"):
        return everything(family)
    found = block(data.get(member))
    return found.ranges if found is not None and found.family == family else EMPTY


def _ports(value: object) -> Ranges:
    if value in {None, "*"}:
        return PORTS
    low, _, high = str(value).partition("-")
    return ((int(low), int(high or low)),) if low.isdecimal() and (high or low).isdecimal() else PORTS
