"""Answers that are asked for one resource at a time: all that one answer says of a resource becomes one record.

Enveloped, the parameters of the call name the resource, also where it has nothing; plain, its records do, where
they can (listeners, rules).
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import msgspec

from sekisho.model import balancing, privatelink, transit_gateway
from sekisho.model.kinds import Kind
from sekisho.model.record import Issue, Record, Source
from sekisho.model.snapshot import Missing

from .check import flaw
from .clues import clue_of_text
from .decode import Decoded, Rows, refers
from .files import shown
from .recognise import UNREADABLE, Answer

_LAST_PORT = 65535


class Gathered(NamedTuple):
    """How one call is gathered: the type of its elements, the parameter that names the resource, the record made.

    `owner` names the resource of an element, where an element tells.
    """

    element: type[msgspec.Struct]
    parameter: str
    make: Callable[[str, tuple[Any, ...], bool], Record]
    owner: Callable[[Any], str | None] | None = None


def _listener_of(rule: balancing.ListenerRule) -> str | None:
    """The listener whose rule it is: a rule's ARN is its listener's with one part more."""
    head, _, _ = (rule.rule_arn or "").rpartition("/")
    return head.replace(":listener-rule/", ":listener/") or None


def _listeners(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001  all `make`s look alike
    return balancing.Listeners(load_balancer_arn=name, listeners=found, complete=complete)


def _rules(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    return balancing.ListenerRules(listener_arn=name, rules=found, complete=complete)


def _targets(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    return balancing.Targets(target_group_arn=name, targets=found, complete=complete)


def _group_attributes(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    return balancing.TargetGroupAttributes(target_group_arn=name, attributes=found, complete=complete)


def _balancer_attributes(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    return balancing.LoadBalancerAttributes(load_balancer_arn=name, attributes=found, complete=complete)


def _classic_attributes(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    zones = next((a.cross_zone_load_balancing for a in found if a.cross_zone_load_balancing), None)
    return balancing.ClassicAttributes(
        load_balancer_name=name, cross_zone=zones.enabled if zones else None, complete=complete
    )


def _principals(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
    return privatelink.AllowedPrincipals(service_id=name, principals=found, complete=complete)


def _table(type_: type[Record]) -> Callable[[str, tuple[Any, ...], bool], Record]:
    """A record of a table of a transit gateway: its id, its list, whether that is whole, in that order."""
    named, listed, _ = type_.__struct_fields__

    def make(name: str, found: tuple[Any, ...], complete: bool) -> Record:  # noqa: FBT001
        return type_(**{named: name, listed: found, "complete": complete})

    return make


_ROUTE_TABLE, _POLICY_TABLE = "TransitGatewayRouteTableId", "TransitGatewayPolicyTableId"
_TRANSIT = transit_gateway

GATHERED: Mapping[str, Gathered] = {
    "elbv2:DescribeListeners": Gathered(
        balancing.Listener, "LoadBalancerArn", _listeners, lambda listener: listener.load_balancer_arn
    ),
    "elbv2:DescribeRules": Gathered(balancing.ListenerRule, "ListenerArn", _rules, _listener_of),
    "elbv2:DescribeTargetHealth": Gathered(balancing.TargetDescription, "TargetGroupArn", _targets),
    "elbv2:DescribeTargetGroupAttributes": Gathered(balancing.Attribute, "TargetGroupArn", _group_attributes),
    "elbv2:DescribeLoadBalancerAttributes": Gathered(balancing.Attribute, "LoadBalancerArn", _balancer_attributes),
    "elb:DescribeLoadBalancerAttributes": Gathered(
        balancing.ClassicAttributeValues, "LoadBalancerName", _classic_attributes
    ),
    "ec2:DescribeVpcEndpointServicePermissions": Gathered(privatelink.Principal, "ServiceId", _principals),
    "ec2:SearchTransitGatewayRoutes": Gathered(
        _TRANSIT.TransitGatewayRoute, _ROUTE_TABLE, _table(_TRANSIT.TransitGatewayRoutes)
    ),
    "ec2:GetTransitGatewayRouteTableAssociations": Gathered(
        _TRANSIT.TransitGatewayAssociation, _ROUTE_TABLE, _table(_TRANSIT.TransitGatewayAssociations)
    ),
    "ec2:GetTransitGatewayRouteTablePropagations": Gathered(
        _TRANSIT.TransitGatewayAssociation, _ROUTE_TABLE, _table(_TRANSIT.TransitGatewayPropagations)
    ),
    "ec2:GetTransitGatewayPrefixListReferences": Gathered(
        _TRANSIT.PrefixListReference,
        _ROUTE_TABLE,
        _table(_TRANSIT.TransitGatewayPrefixListReferences),
        lambda reference: reference.transit_gateway_route_table_id,
    ),
    "ec2:GetTransitGatewayPolicyTableEntries": Gathered(
        _TRANSIT.PolicyEntry, _POLICY_TABLE, _table(_TRANSIT.TransitGatewayPolicyEntries)
    ),
    "ec2:GetTransitGatewayPolicyTableAssociations": Gathered(
        _TRANSIT.TransitGatewayAssociation, _POLICY_TABLE, _table(_TRANSIT.TransitGatewayPolicyAssociations)
    ),
}


def decode(answer: Answer, kind: Kind) -> Decoded:
    """One record for each resource that the answer speaks of; a resource that cannot be read is missing."""
    how = GATHERED[answer.call]
    asked = answer.parameters.get(how.parameter)
    name = asked if isinstance(asked, str) and asked else None
    if answer.body is None:
        return Decoded(answer)
    raw = bytes(answer.body)
    try:
        elements = msgspec.json.decode(raw if raw[:1] == b"[" else b"[%b]" % raw, type=tuple[how.element, ...])  # type: ignore[name-defined]
        why = _flaw(elements)
    except UNREADABLE as error:
        elements, why = (), shown(str(error))
    by_name: dict[str, list[Any]] = {name: []} if name else {}
    for element in elements:
        owner = name or (how.owner(element) if how.owner else None)
        if owner is None:
            why = why or f"it does not say whose it is (no {how.parameter})"
        else:
            by_name.setdefault(owner, []).append(element)
    if why or (not by_name and not how.owner):
        return _lost(answer, kind, name, why or f"it does not say which {how.parameter} was asked for")
    whole = not (answer.token or answer.partial or answer.asked)
    records = {owner: how.make(owner, tuple(found), whole) for owner, found in by_name.items()}
    why = next((why for record in records.values() if (why := flaw(kind, record))), None)
    if why:
        return _lost(answer, kind, name, why)
    rows = tuple(
        Rows(answer.pointer, (record,), clues=(clue_of_text(owner.encode() + raw),), single=True)
        for owner, record in records.items()
    )
    return Decoded(answer, rows)


def _flaw(elements: tuple[Any, ...]) -> str | None:
    """A port that no packet has."""
    for element in elements:
        place = element.target if isinstance(element, balancing.TargetDescription) else element
        port = getattr(place, "port", None)
        if port is not None and not 0 <= port <= _LAST_PORT:
            return f"{port} is not a port"
    return None


def _lost(answer: Answer, kind: Kind, name: str | None, why: str) -> Decoded:
    lost = Missing(
        kind.table,
        shown(name or f"{answer.file}#{answer.pointer}"),
        shown(why),
        Source(answer.file, answer.pointer),
        refers(answer.body or b""),
    )
    issue = Issue(answer.file, answer.pointer, f"{answer.call}: {lost.why}", "what depends on it is unknown")
    return Decoded(answer._replace(failure="" if name else lost.why), missing=(lost,), issues=(issue,))
