"""What tells whose a record is: account and region as text in paths, ARNs, zones and owners."""

import re
from collections.abc import Iterable
from functools import lru_cache
from operator import attrgetter
from typing import Any, NamedTuple

import msgspec

from sekisho.model.record import Scope

_ACCOUNT = re.compile(r"(?<![0-9A-Za-z])\d{12}(?![0-9A-Za-z])")
#: A minute of this century as twelve digits: folders are named by the time of a collection too.
_MINUTE = re.compile(r"20\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])(?:[01]\d|2[0-3])[0-5]\d")
_REGION_TEXT = (
    r"[a-z]{2,4}(?:-gov|-iso[a-z]?|-de)?-"
    r"(?:north|south|east|west|central|northeast|northwest|southeast|southwest)-\d{1,2}"
)
_REGION = re.compile(rf"(?<![0-9A-Za-z])(?:{_REGION_TEXT})(?!\d)")
_ARN = re.compile(r"arn:[\w-]+:[\w-]+:([\w-]*):(\d{12})?:")
_OWNER_FIELD = re.compile(r'"(?:OwnerId|ownerAccount|VpcEndpointOwner)"\s*:\s*"(\d{12})"')
_ZONE_FIELD = re.compile(r'"(?:AvailabilityZone|ZoneName|availabilityZone|region)"\s*:\s*"([^"]+)"')
_REFER = re.compile(r'"((?:vpc|subnet|eni)-[^"]+)"')


class Clue(NamedTuple):
    """The account and region that a record itself names, and the VPCs and subnets that it refers to."""

    account: str | None = None
    region: str | None = None
    refers: tuple[str, ...] = ()


class Hint(msgspec.Struct, rename="pascal"):
    """The members that tell, of a record of any kind; untyped, for a clue is not worth an error."""

    owner_id: Any = None
    network_interface_owner_id: Any = None
    aws_account_id: Any = None
    aws_region: Any = None
    availability_zone: Any = None
    network_border_group: Any = None
    placement: Any = None
    subnet_arn: Any = None
    security_group_arn: Any = None
    prefix_list_arn: Any = None
    accelerator_arn: Any = None
    load_balancer_arn: Any = None
    target_group_arn: Any = None
    listener_arn: Any = None
    endpoint_group_arn: Any = None
    instance_connect_endpoint_arn: Any = None
    resource_arn: Any = None
    vpc_id: Any = None
    subnet_id: Any = None
    attachments: Any = None
    vpc_attachments: Any = None


def clues_of(hints: Iterable[Hint]) -> tuple[Clue, ...]:
    """The clue of each record. Records that say the same share one: a fleet says few different things."""
    known: dict[object, Clue] = {}
    clues = []
    for hint in hints:
        zone = hint.placement.get("AvailabilityZone") if isinstance(hint.placement, dict) else None
        said = _SAID(hint), zone
        try:
            clue = known.get(said)
            if clue is None:
                clue = known[said] = clue_of(hint)
        except TypeError:  # a member holds a list or an object, as attachments do
            clue = clue_of(hint)
        clues.append(clue)
    return tuple(clues)


_SAID = attrgetter(*(member for member in Hint.__struct_fields__ if member != "placement"))


def clue_of(hint: Hint) -> Clue:
    owners = (hint.owner_id, hint.aws_account_id, hint.network_interface_owner_id)
    account = next(filter(None, map(account_of, owners)), None)
    zone = hint.placement.get("AvailabilityZone") if isinstance(hint.placement, dict) else hint.availability_zone
    region = next(filter(None, map(region_of, (zone, hint.aws_region, hint.network_border_group))), None)
    if account is None or region is None:
        for arn in _arns(hint):
            named = _of_arn(arn)
            account, region = account or named.account, region or named.region
    refers = [r for r in (hint.vpc_id, hint.subnet_id) if isinstance(r, str)]
    for attachments in (hint.attachments, hint.vpc_attachments):
        if isinstance(attachments, list):
            refers += [v for a in attachments if isinstance(a, dict) and isinstance(v := a.get("VpcId"), str)]
    return Clue(account, region, tuple(refers))


def _arns(hint: Hint) -> list[str]:
    named = (
        hint.subnet_arn,
        hint.security_group_arn,
        hint.prefix_list_arn,
        hint.resource_arn,
        hint.load_balancer_arn,
        hint.target_group_arn,
        hint.accelerator_arn,
        hint.listener_arn,
        hint.endpoint_group_arn,
        hint.instance_connect_endpoint_arn,
    )
    return [arn for arn in named if isinstance(arn, str)]


def clue_of_text(text: bytes) -> Clue:
    """The same of the raw text of a record, for kinds that are not modelled and for damaged files."""
    line = text.decode("utf-8", "replace")
    account = _one(m.group(1) for m in _OWNER_FIELD.finditer(line)) or _one(m.group(2) for m in _ARN.finditer(line))
    region = _one(region_of(m.group(1)) for m in _ZONE_FIELD.finditer(line)) or _one(
        region_of(m.group(1)) for m in _ARN.finditer(line)
    )
    return Clue(account, region, tuple(dict.fromkeys(_REFER.findall(line))))


def _one(found: Iterable[str | None]) -> str | None:
    """The only value found, or None."""
    values = set(filter(None, found))
    return values.pop() if len(values) == 1 else None


@lru_cache(maxsize=4096)
def _account(text: str) -> str | None:
    return text if re.fullmatch(r"[0-9]{12}", text) else None


def account_of(value: object) -> str | None:
    """The value where it is an account id, else None (`amazon`, `AWS` own things too)."""
    return _account(value) if isinstance(value, str) else None


@lru_cache(maxsize=4096)
def _region(text: str) -> str | None:
    found = re.match(_REGION_TEXT + r"(?!\d)", text)
    return found.group() if found else None


def region_of(value: object) -> str | None:
    """The region of a region's, an availability zone's, a Local Zone's or a Wavelength Zone's name, else None."""
    return _region(value) if isinstance(value, str) else None


def _of_arn(arn: str) -> Clue:
    found = _ARN.match(arn)
    return Clue(found.group(2), region_of(found.group(1))) if found else Clue()


def scope_of_path(name: str) -> Scope:
    """Account and region by the nearest part of the path that names just one; null where none does."""
    account = region = None
    for part in reversed(name.split("/")):
        accounts = {a for a in _ACCOUNT.findall(part) if not _MINUTE.fullmatch(a)}
        regions = set(_REGION.findall(part))
        if account is None and len(accounts) == 1:
            account = accounts.pop()
        if region is None and len(regions) == 1:
            region = regions.pop()
    return Scope(account, region)
