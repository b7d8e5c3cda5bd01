"""Which AWS answer a JSON file is: by its envelope, else by its top-level keys and their members, never by its name."""

import json
from collections.abc import Mapping
from functools import cache
from typing import Any, NamedTuple

import msgspec

from sekisho.errors import SnapshotError
from sekisho.model.kinds import KINDS, PREFIX_LIST_ENTRIES, UNMODELLED_KINDS, Kind, UnmodelledKind
from sekisho.model.record import Issue

from .files import File, shown
from .foreign import command, guess_call, readable_start

UNREADABLE = (msgspec.MsgspecError, UnicodeError, RecursionError)
AnyKind = Kind | UnmodelledKind

_ALL_KINDS: tuple[AnyKind, ...] = (*KINDS, *UNMODELLED_KINDS)
BY_CALL: Mapping[str, AnyKind] = {kind.call: kind for kind in _ALL_KINDS}
#: Keys of answers that do not say whose they are, and the operation that gives them.
OWNERLESS = {
    "Entries": "ec2:GetManagedPrefixListEntries",
    "Routes": "ec2:SearchTransitGatewayRoutes",
    "Associations": "ec2:GetTransitGatewayRouteTableAssociations",
    "TransitGatewayPolicyTableEntries": "ec2:GetTransitGatewayPolicyTableEntries",
    "TransitGatewayRouteTablePropagations": "ec2:GetTransitGatewayRouteTablePropagations",
    "Attributes": "elbv2:DescribeLoadBalancerAttributes",
    "LoadBalancerAttributes": "elb:DescribeLoadBalancerAttributes",
    "TargetHealthDescriptions": "elbv2:DescribeTargetHealth",
    "AllowedPrincipals": "ec2:DescribeVpcEndpointServicePermissions",
}
#: A member that only records of this kind have, where the key and the id say too little.
_MARKS = {
    "vpc-lattice:ListServiceNetworkVpcAssociations": "vpcId",
    "vpc-lattice:ListTargetGroups": "vpcIdentifier",
    "globalaccelerator:ListListeners": "PortRanges",
    "globalaccelerator:ListCustomRoutingEndpointGroups": "DestinationDescriptions",
    "elbv2:DescribeListeners": "LoadBalancerArn",
    "elbv2:DescribeRules": "RuleArn",
}
_TOKENS = ("NextToken", "nextToken", "NextMarker", "nextMarker")
#: The parameter that names what an answer is about, where the answer itself does not.
SUBJECT = {
    "elbv2:DescribeListeners": "LoadBalancerArn",
    "elbv2:DescribeRules": "ListenerArn",
    "elbv2:DescribeTargetHealth": "TargetGroupArn",
    "elbv2:DescribeTargetGroupAttributes": "TargetGroupArn",
    "elbv2:DescribeLoadBalancerAttributes": "LoadBalancerArn",
    "elb:DescribeLoadBalancerAttributes": "LoadBalancerName",
    "ec2:DescribeVpcEndpointServicePermissions": "ServiceId",
    "ec2:SearchLocalGatewayRoutes": "LocalGatewayRouteTableId",
    "ec2:SearchTransitGatewayRoutes": "TransitGatewayRouteTableId",
    "ec2:GetTransitGatewayRouteTableAssociations": "TransitGatewayRouteTableId",
    "ec2:GetTransitGatewayRouteTablePropagations": "TransitGatewayRouteTableId",
    "ec2:GetTransitGatewayPrefixListReferences": "TransitGatewayRouteTableId",
    "ec2:GetTransitGatewayPolicyTableEntries": "TransitGatewayPolicyTableId",
    "ec2:GetTransitGatewayPolicyTableAssociations": "TransitGatewayPolicyTableId",
    "globalaccelerator:ListListeners": "AcceleratorArn",
    "globalaccelerator:ListEndpointGroups": "ListenerArn",
    "ec2:DescribeClientVpnTargetNetworks": "ClientVpnEndpointId",
    "ec2:DescribeClientVpnAuthorizationRules": "ClientVpnEndpointId",
    "ec2:DescribeClientVpnRoutes": "ClientVpnEndpointId",
    "vpc-lattice:ListTargets": "targetGroupIdentifier",
    "directconnect:DescribeDirectConnectGatewayAssociations": "directConnectGatewayId",
}
_UNFILTERED = {"MaxResults", "MaxItems", "PageSize", "NextToken", "StartingToken", "Marker", "DryRun", "Limit"}


class Answer(NamedTuple):
    """One answer of one call, not yet decoded: `body` is its list of records, None where there is none to read.

    `failure` says why the call counts as failed, `partial` why its list may not be whole; `token` is the
    page token left over in it and `asked` the token that it was asked with.
    """

    file: str
    call: str
    kind: AnyKind | None = None
    body: msgspec.Raw | None = None
    pointer: str = ""
    enveloped: bool = False
    account: str | None = None
    region: str | None = None
    parameters: Mapping[str, Any] = {}
    collected_at: str | None = None
    failure: str = ""
    partial: str = ""
    token: str = ""
    asked: str = ""
    start: bytes = b""


class Envelope(msgspec.Struct, kw_only=True):
    """One call as `sekisho collect` writes it, but for its response."""

    service: str
    operation: str
    account: str | None = None
    region: str | None = None
    parameters: dict[str, Any] | None = None
    collected_at: str | None = None
    error: dict[str, Any] | None = None


Members = dict[str, msgspec.Raw]


class Opened(Envelope, kw_only=True):
    """The usual envelope, whose response is an object or null: opened as it is read."""

    response: Members | None = None


class Closed(Envelope, kw_only=True):
    """An envelope with a response of any form."""

    response: msgspec.Raw = msgspec.Raw(b"null")


_OPENED = msgspec.json.Decoder(Opened)
#: How far into a file `service` is looked for: before it may stand an account, a time, parameters.
_HEAD = 1024


def recognise(file: File) -> tuple[tuple[Answer, ...], tuple[Issue, ...]]:
    """The answers in the file, and what in it could not be used.

    SnapshotError where the file is no JSON object and nothing shows which call it is of.
    """
    if _looks_enveloped(file) and (envelope := _opened(file.data)):
        return _enveloped(file, envelope, envelope.response)
    top, damage = _members(file)
    mended = without_nan(file.data) if top is None and not file.damage else None
    if mended is not None:
        answers, issues = recognise(file._replace(data=mended))
        what = Issue(file.name, "", "it holds NaN or Infinity, which are no JSON", "records that hold one are not used")
        return answers, (what, *issues)
    if top is None:
        return _damaged(file, damage)
    if "service" in top and "operation" in top:
        return _strange_envelope(file)
    return _plain(file, top)


def _members(file: File) -> tuple[dict[str, msgspec.Raw] | None, str]:
    """The members of the file's one object, else why it has none."""
    if file.damage:
        return None, file.damage
    try:
        return msgspec.json.decode(file.data, type=dict[str, msgspec.Raw]), ""
    except msgspec.ValidationError:
        raise _bare(file) from None
    except UNREADABLE as error:
        deep = "it is nested too deeply" if isinstance(error, RecursionError) else shown(str(error))
        return None, f"not JSON: {deep}"


def _bare(file: File) -> SnapshotError:
    call = guess_call(file.data)
    said = f"`{command(call)}`" if call else "`aws ... --output json` without `--query`"
    what = "a bare list" if file.data.lstrip().startswith(b"[") else "no JSON object"
    return SnapshotError(f"{file.name}: {what}, as `--query` leaves it; save the whole answer of {said}")


#: Stands for NaN and Infinity, which are no JSON: no modelled member has this form, so its record is refused.
NAN = [["NaN or Infinity is no JSON number"]]


def without_nan(data: bytes) -> bytes | None:
    """The same document with a value that no record accepts for each NaN or Infinity; None where it has none."""
    if b"NaN" not in data and b"Infinity" not in data:
        return None
    found: list[str] = []

    def refuse(constant: str) -> object:
        found.append(constant)
        return NAN

    try:
        tree = json.loads(data, parse_constant=refuse)
        return msgspec.json.encode(tree) if found else None
    except (ValueError, OverflowError, RecursionError):
        return None


# Damaged --------------------------------------------------------------------------------------------


def _damaged(file: File, why: str) -> tuple[tuple[Answer, ...], tuple[Issue, ...]]:
    """A failed call where the readable start shows which; SnapshotError else."""
    start = readable_start(file.data)
    if start is None:
        call = guess_call(file.data)
        hint = f"; save the answer of `{command(call)}`" if call else "; save it with `--output json`"
        raise SnapshotError(f"{file.name}: {why if file.data.strip() else 'the file is empty'}{hint}")
    call, account, region = start
    answer = Answer(
        file.name, call, BY_CALL.get(call), account=account, region=region, failure=why, start=file.data[:65536]
    )
    return (answer,), (Issue(file.name, "", why, f"{call} counts as failed; save it again"),)


# Enveloped ------------------------------------------------------------------------------------------


def _looks_enveloped(file: File) -> bool:
    """Whether the file begins as `sekisho collect` writes it; any other is found out by its keys."""
    return not file.damage and file.data[:_HEAD].lstrip().startswith(b"{") and b'"service"' in file.data[:_HEAD]


def _opened(data: bytes) -> Opened | None:
    try:
        return _OPENED.decode(data)
    except UNREADABLE:
        return None


def _strange_envelope(file: File) -> tuple[tuple[Answer, ...], tuple[Issue, ...]]:
    """An envelope whose members stand in an unusual order, or that has the wrong form."""
    try:
        envelope = msgspec.json.decode(file.data, type=Closed)
    except msgspec.ValidationError as error:
        return _damaged(file, f"its envelope has the wrong form: {shown(str(error))}")
    except UNREADABLE as error:
        return _damaged(file, f"not JSON: {shown(str(error))}")
    return _enveloped(file, envelope, _object(envelope.response))


def _enveloped(file: File, envelope: Envelope, members: Members | None) -> tuple[tuple[Answer, ...], tuple[Issue, ...]]:
    call = shown(f"{envelope.service}:{envelope.operation}")
    parameters = envelope.parameters or {}
    answer = Answer(
        file.name,
        call,
        BY_CALL.get(call),
        enveloped=True,
        account=envelope.account,
        region=envelope.region,
        parameters=parameters,
        collected_at=envelope.collected_at,
        asked=_text(next((parameters[t] for t in _TOKENS if t in parameters), "")),
        failure=_failure(envelope.error),
    )
    issues = [Issue(file.name, "/error", f"{call} failed: {answer.failure}", "what depends on it is unknown")] * bool(
        answer.failure
    )
    answer, more = _with_response(answer, members)
    return (answer,), (*issues, *more)


def _with_response(answer: Answer, members: Members | None) -> tuple[Answer, list[Issue]]:
    """The answer with the list of its response, its failure where it should have one."""
    if members is None or answer.failure:
        why = answer.failure or "its response is no JSON object"
        issue = Issue(answer.file, "/response", why, f"{answer.call} counts as failed")
        return answer._replace(failure=why), [] if answer.failure else [issue]
    answer, kind = _paged(answer, members), answer.kind
    if answer.call == PREFIX_LIST_ENTRIES:
        return _listed(answer, members, "Entries", "/response")
    if kind is None:
        what = f"{answer.call} is not an operation that is read"
        return answer, [Issue(answer.file, "", what, "its records are not used")]
    if isinstance(kind, Kind) and kind.whole:
        return _one_record(answer, members, msgspec.Raw(msgspec.json.encode(members)), "/response")
    narrowing = set(answer.parameters) - _UNFILTERED - {SUBJECT.get(answer.call)}
    if answer.call == "ec2:SearchTransitGatewayRoutes" and _finds_every_route(answer.parameters.get("Filters")):
        narrowing.discard("Filters")
    if isinstance(kind, Kind) and not answer.partial and narrowing:
        asked = ", ".join(sorted(shown(p, 40) for p in narrowing))
        answer = answer._replace(partial=f"it was asked with {asked}")
    return _listed(answer, members, kind.member, "/response")


#: What one filter of SearchTransitGatewayRoutes, which has to have one, lets through that is every route.
_EVERY_ROUTE = {
    "state": {"active", "blackhole"},
    "type": {"static", "propagated"},
    "route-search.subnet-of-match": {"0.0.0.0/0", "::/0"},
}


def _finds_every_route(filters: object) -> bool:
    one = filters[0] if isinstance(filters, list) and len(filters) == 1 else None
    if not isinstance(one, dict) or not isinstance(values := one.get("Values"), list):
        return False
    wanted = _EVERY_ROUTE.get(_text(one.get("Name")))
    return wanted is not None and wanted <= {v for v in values if isinstance(v, str)}


def _failure(error: Mapping[str, Any] | None) -> str:
    if error is None:
        return ""
    code, message = _text(error.get("code")) or "an error without a code", _text(error.get("message"))
    return f"{code} ({message})" if message else code


def _text(value: object) -> str:
    return shown(value) if isinstance(value, str) else (shown(str(value)) if value is not None else "")


# Plain ----------------------------------------------------------------------------------------------


def _plain(file: File, top: Mapping[str, msgspec.Raw]) -> tuple[tuple[Answer, ...], tuple[Issue, ...]]:
    answers: list[Answer] = []
    issues: list[Issue] = []
    for key, raw in top.items():
        kinds = _by_member().get(key, ())
        if kinds:
            kind = _told_apart(kinds, raw)
            if kind is None:
                what = f"`{key}` could be the answer of several calls, and its members do not tell which"
                issues.append(Issue(file.name, f"/{key}", what, "it is not used; enveloped it would be"))
                continue
            answer = _paged(Answer(file.name, kind.call, kind), top)
            if isinstance(kind, Kind) and kind.whole:
                answer, more = _one_record(answer, top, msgspec.Raw(file.data), "")
            else:
                answer, more = _listed(answer, top, key, "")
            answers.append(answer)
            issues.extend(more)
        elif key in OWNERLESS:
            what = f"`{key}` does not say whose it is ({OWNERLESS[key]})"
            issues.append(Issue(file.name, f"/{key}", what, "only usable enveloped, as `sekisho collect` writes it"))
    if not answers and not issues:
        keys = ", ".join(shown(k, 40) for k in list(top)[:5]) or "none"
        issues.append(Issue(file.name, "", f"not recognised as an AWS answer (keys: {keys})", "it is not used"))
    return tuple(answers), tuple(issues)


@cache
def _by_member() -> Mapping[str, tuple[AnyKind, ...]]:
    keys = dict.fromkeys(kind.member for kind in BY_CALL.values() if kind.member not in OWNERLESS)
    return {key: tuple(k for k in BY_CALL.values() if k.member == key) for key in keys}


def _told_apart(kinds: tuple[AnyKind, ...], raw: msgspec.Raw) -> AnyKind | None:
    """The kind whose records these are; None where the members do not tell."""
    if len(kinds) == 1 and kinds[0].call not in _MARKS:
        return kinds[0]
    first = next((m for m in map(_object, _elements(raw) or ()) if m), None)
    if first is None:
        return None
    if {"prefix_lists", "managed_prefix_lists"} == {k.table for k in kinds if isinstance(k, Kind)}:
        wanted = "prefix_lists" if "Cidrs" in first else "managed_prefix_lists"
        return next(k for k in kinds if isinstance(k, Kind) and k.table == wanted)
    marked = next((k for k in kinds if _MARKS.get(k.call) in first), None)
    # Endpoint groups of custom routing have a mark, the others none that is always there.
    plain = [k for k in kinds if k.call not in _MARKS] if kinds[0].member == "EndpointGroups" else []
    return marked or next(iter(plain), None)


# Lists ----------------------------------------------------------------------------------------------


def _listed(answer: Answer, members: Mapping[str, msgspec.Raw], key: str, prefix: str) -> tuple[Answer, list[Issue]]:
    """The answer with the list under `key`; failed where there is none."""
    pointer = f"{prefix}/{key}"
    body = members.get(key)
    inner = _object(body) if body is not None else None
    if inner is not None and (isinstance(answer.kind, UnmodelledKind) or key == "VpcOriginList"):
        # CloudFront wraps its lists, and leaves out an empty one.
        body, pointer = inner.get("Items", msgspec.Raw(b"[]")), f"{pointer}/Items"
        answer = _paged(answer, inner)
    single = isinstance(answer.kind, Kind) and answer.kind.table in {"bpa_options", "classic_attributes"}
    if body is not None and (inner is not None if single else _is_list(body)):
        return answer._replace(body=body, pointer=pointer), []
    why = f"it has no `{key}`" if body is None else f"`{key}` is not {'an object' if single else 'a list'}"
    if answer.failure:
        return answer, []
    return answer._replace(failure=why), [Issue(answer.file, pointer, why, f"{answer.call} counts as failed")]


def _one_record(
    answer: Answer, members: Mapping[str, msgspec.Raw], whole: msgspec.Raw, pointer: str
) -> tuple[Answer, list[Issue]]:
    """The answer with all of it as its one record; failed where the key that shows it is missing."""
    key = answer.kind.member if answer.kind else ""
    if key in members:
        return answer._replace(body=whole, pointer=pointer), []
    if answer.failure:
        return answer, []
    why = f"it has no `{key}`"
    return answer._replace(failure=why), [Issue(answer.file, pointer, why, f"{answer.call} counts as failed")]


def _paged(answer: Answer, members: Mapping[str, msgspec.Raw]) -> Answer:
    """The answer with the token that is left over in it, or with what else says that it is not whole."""
    for name in _TOKENS:
        if name in members and (token := _scalar(members[name])) not in {None, ""}:
            return answer._replace(token=shown(str(token), 4000))
    for name in ("AdditionalRoutesAvailable", "IsTruncated"):
        if name in members and _scalar(members[name]) not in {None, False}:
            return answer._replace(partial=f"{name} is true")
    return answer


def _scalar(raw: msgspec.Raw) -> str | float | None:
    try:
        value = msgspec.json.decode(raw)
    except UNREADABLE:
        return "?"
    return value if isinstance(value, str | bool | int | float) or value is None else "?"


def _object(raw: msgspec.Raw) -> dict[str, msgspec.Raw] | None:
    try:
        return msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except UNREADABLE:
        return None


def _elements(raw: msgspec.Raw) -> list[msgspec.Raw] | None:
    try:
        return msgspec.json.decode(raw, type=list[msgspec.Raw])
    except UNREADABLE:
        return None


def _is_list(raw: msgspec.Raw) -> bool:
    return bytes(memoryview(raw)[:1]) == b"["
