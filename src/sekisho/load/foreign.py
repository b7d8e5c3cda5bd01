"""What a file that is no whole JSON answer was meant to be: damaged JSON, YAML, text, a table, a bare list."""

import re
from typing import Any

import msgspec

from sekisho.model.kinds import KINDS, PREFIX_LIST_ENTRIES, UNMODELLED_KINDS, Kind, UnmodelledKind

_START = 65536
_STRING = rb'"(?:[^"\\]|\\.){0,4000}"'
_KEY = re.compile(
    rb"\s*\{\s*(?:" + _STRING + rb"\s*:\s*(?:" + _STRING + rb"|null|true|false)\s*,\s*){0,8}"
    rb'"([A-Za-z]{1,64})"\s*:\s*[\[{]'
)
_FIELD = {
    name: re.compile(rb'"' + name.encode() + rb'"\s*:\s*"([^"\\]{1,128})"')
    for name in ("service", "operation", "account", "region")
}
_ALL: tuple[Kind | UnmodelledKind, ...] = (*KINDS, *UNMODELLED_KINDS)
_CALL_OF_MEMBER = {kind.member: kind.call for kind in reversed(_ALL) if kind.member not in {"items", "PrefixLists"}}
#: The member that names a record of each kind, to guess a kind from records alone.
_CALL_OF_ID = {
    kind.id_field.title().replace("_", ""): kind.call
    for kind in reversed(KINDS)
    if kind.table not in {"prefix_lists", "bpa_options"} and kind.id_field not in {"id", "association_id", "key"}
} | {"InstanceId": "ec2:DescribeInstances"}
#: Records name others too: first the ids that only the record itself has at its top, last those that most have.
_RANK = {"PublicIp": 0, "InstanceId": 1, "SubnetId": 3, "GroupId": 3, "VpcId": 4}
_GUESS_ORDER = sorted(_CALL_OF_ID, key=lambda member: _RANK.get(member, 2))


def command(call: str) -> str:
    """The AWS CLI command line of a call: `ec2:DescribeVpcs` -> `aws ec2 describe-vpcs --output json`."""
    service, operation = call.split(":", 1)
    kebab = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", operation).lower()
    return f"aws {service} {kebab} --output json"


def readable_start(data: bytes) -> tuple[str, str | None, str | None] | None:
    """The call that the start of a damaged JSON file shows, with account and region of its envelope; None if none."""
    start = data[:_START]
    fields = {name: m.group(1).decode("utf-8", "replace") for name, p in _FIELD.items() if (m := p.search(start))}
    if "service" in fields and "operation" in fields:
        return f"{fields['service']}:{fields['operation']}", fields.get("account"), fields.get("region")
    key = _KEY.match(start)
    member = key.group(1).decode() if key else ""
    if member == "PrefixLists":
        cidrs = b'"Cidrs"' in start
        return ("ec2:DescribePrefixLists" if cidrs else "ec2:DescribeManagedPrefixLists"), None, None
    call = _CALL_OF_MEMBER.get(member)
    return (call, None, None) if call else None


def guess_call(data: bytes) -> str | None:
    """The call that a bare list, YAML, text or table output most likely came from, or None."""
    first = _first_object(data)
    if first is not None:
        return next((_CALL_OF_ID[m] for m in _GUESS_ORDER if m in first), None)
    text = data[:_START].decode("utf-8", "replace")
    for call in (*_CALL_OF_MEMBER.values(), PREFIX_LIST_ENTRIES):
        if re.search(rf"\b{call.split(':')[1]}\b", text):
            return call
    for member, call in _CALL_OF_MEMBER.items():
        if re.search(rf"(?m)^\W*(?:{member}|{member.upper()})\b", text):
            return call
    return next((_CALL_OF_ID[m] for m in reversed(_GUESS_ORDER) if re.search(rf"\b{m}\b", text)), None)


def _first_object(data: bytes) -> dict[str, Any] | None:
    """The first record of a bare list, however deep the lists are nested."""
    try:
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeError, RecursionError):
        return None
    while isinstance(value, list) and value:
        value = value[0]
    return value if isinstance(value, dict) else None
