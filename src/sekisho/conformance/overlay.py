"""The files of a case: a base estate with the case's own records laid over it.

Under a file name stands the answer of one call. Records of lists that AWS knows by an id are matched by it: a
record's members replace those of the base's record one by one, `null` takes a member out, an unknown id is added.
Everything else replaces what the base says; `null` for a file takes the call out, a string is the text of the
file as it is. `without` takes whole records out.
"""

import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from sekisho.estates import estate

from .case import BASES, Case, CaseError, read

Json = Any
#: Lists of records, and the member that names one.
IDS = {
    "Vpcs": "VpcId",
    "Subnets": "SubnetId",
    "NetworkInterfaces": "NetworkInterfaceId",
    "Reservations": "ReservationId",
    "Instances": "InstanceId",
    "SecurityGroups": "GroupId",
    "NetworkAcls": "NetworkAclId",
    "RouteTables": "RouteTableId",
    "InternetGateways": "InternetGatewayId",
    "VpcPeeringConnections": "VpcPeeringConnectionId",
    "NatGateways": "NatGatewayId",
    "VpnGateways": "VpnGatewayId",
    "EgressOnlyInternetGateways": "EgressOnlyInternetGatewayId",
    "TransitGateways": "TransitGatewayId",
    "TransitGatewayAttachments": "TransitGatewayAttachmentId",
    "TransitGatewayVpcAttachments": "TransitGatewayAttachmentId",
    "TransitGatewayRouteTables": "TransitGatewayRouteTableId",
    "VpcEndpoints": "VpcEndpointId",
    "LoadBalancers": "LoadBalancerArn",
    "TargetGroups": "TargetGroupArn",
}


def files(case: Case) -> dict[str, Json]:
    """The files of a compact case by name: JSON data, or a string for one that is written as it is."""
    body = case.body
    found: dict[str, Json] = {}
    if body.base is not None:
        corpus = next((p for p in case.place.parents if (p / BASES).is_dir()), case.place.parent)
        found = read(corpus / BASES / f"{body.base}.json", dict[str, Any])
    gone = set(body.without)
    found = {name: _without(answer, gone) for name, answer in found.items()}
    if gone:
        raise CaseError(f"{case.place}: no record of the base is called {', '.join(sorted(gone))}")
    for name, answer in body.aws.items():
        if answer is None:
            found.pop(name, None)
        else:
            found[name] = laid_over(found.get(name), answer)
    return found


def laid_over(base: Json, own: Json) -> Json:
    """An answer of the base with an answer of the case laid over it."""
    if not isinstance(base, Mapping) or not isinstance(own, Mapping) or "service" in own:
        return own
    merged = dict(base)
    for member, value in own.items():
        if value is None:
            merged.pop(member, None)
        elif _is_records(member, value) and _is_records(member, base.get(member)):
            merged[member] = _matched(base[member], value, IDS[member])
        else:
            merged[member] = value
    return merged


def _is_records(member: str, value: Json) -> bool:
    return member in IDS and isinstance(value, list) and all(isinstance(record, Mapping) for record in value)


def _matched(base: list[Json], own: list[Json], name: str) -> list[Json]:
    """Records of the base, each with the own record of its id laid over it, then the own records that are new."""
    mine = {record.get(name): record for record in own}
    known = {record.get(name) for record in base}
    kept = [laid_over(record, mine[record.get(name)]) if record.get(name) in mine else record for record in base]
    return kept + [record for record in own if record.get(name) not in known]


def _without(value: Json, gone: set[str]) -> Json:
    """The value without the records of these ids; each that is met is taken from the set when all is read."""
    if not isinstance(value, Mapping):
        return value
    kept: dict[str, Json] = {}
    for member, found in value.items():
        kept[member] = found
        if _is_records(member, found):
            met = {record.get(IDS[member]) for record in found} & gone
            kept[member] = [_without(r, gone) for r in found if r.get(IDS[member]) not in met]
            gone -= met
    return kept


# On disk ----------------------------------------------------------------------------------------------


def snapshot_of(case: Case, scratch: Path) -> Path:
    """Where the snapshot of the case lies; a compact one is written below `scratch`."""
    if case.estate is not None:
        return Path(str(estate(case.estate)))
    if case.place.is_dir():
        return case.place / "aws"
    for name, answer in files(case).items():
        place = scratch / name
        if scratch.resolve() not in place.resolve().parents:
            raise CaseError(f"{case.place}: the file name {name} leads out of the snapshot")
        place.parent.mkdir(parents=True, exist_ok=True)
        text = answer.encode() if isinstance(answer, str) else spelled(answer)
        place.write_bytes(text)
    return scratch


def spelled(answer: Json) -> bytes:
    """JSON as it is saved: indented by two."""
    return msgspec.json.format(msgspec.json.encode(answer), indent=2) + b"\n"


def extract(case: Case, place: Path) -> tuple[Path, Path]:
    """The case for another tool: `aws/` with plain files, and case.json with words, questions and answers."""
    if place.exists() and any(place.iterdir()):
        raise CaseError(f"{place}: not empty; give a new directory")
    aws, told = place / "aws", place / "case.json"
    aws.mkdir(parents=True)
    source = snapshot_of(case, aws)
    if source != aws:
        shutil.copytree(source, aws, dirs_exist_ok=True)
    members = {name: value for name, value in msgspec.to_builtins(case.body).items() if value is not None}
    left_out = {"base", "aws", "without"}
    told.write_bytes(spelled({"case": case.name, **{k: v for k, v in members.items() if k not in left_out}}))
    return aws, told
