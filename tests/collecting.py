"""Collecting from the endpoint on loopback: credentials, answers for every call, answers of a saved estate."""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest

from aws_endpoint import Answers, Endpoint, Fault, Request, service_model, serving
from sekisho.collect import Connection, Summary, collect
from sekisho.collect.calls import CALLS
from sekisho.load.files import File, read
from sekisho.load.recognise import recognise
from sekisho.model.kinds import PREFIX_LIST_ENTRIES

REGION, ACCOUNT = "ap-northeast-1", "111122223333"
SECRET, TOKEN = "wJalrXUtnFEMIKexample/K7MDENGbPxRfiCY", "FwoGZXIvYXdzEXAMPLETOKEN//////////session"
ROLE = f"arn:aws:sts::{ACCOUNT}:assumed-role/reader/tests"


def credentials(patch: pytest.MonkeyPatch, account: str = ACCOUNT) -> None:
    """Credentials that the endpoint takes for the account's, and nothing of those of the one who runs the suite."""
    for name in ("AWS_PROFILE", "AWS_REGION", "AWS_DEFAULT_REGION", "AWS_MAX_ATTEMPTS"):
        patch.delenv(name, raising=False)
    for name, value in {
        "AWS_ACCESS_KEY_ID": f"AKIA{account}EX",
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_SESSION_TOKEN": TOKEN,
        "AWS_CONFIG_FILE": "/dev/null",
        "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
        "AWS_EC2_METADATA_DISABLED": "true",
    }.items():
        patch.setenv(name, value)
    # Sessions read descriptions of services anew, which takes longer than everything that is tested.
    patch.setattr(botocore.loaders, "create_loader", _loader)


@cache
def _loader(search_path_string: str | None = None) -> botocore.loaders.Loader:
    return botocore.loaders.Loader([search_path_string] if search_path_string else None)


def account_of(request: Request) -> str:
    return request.key[4:16]


def identity(request: Request) -> dict[str, Any] | None:
    """What STS answers: the account of the key, credentials of the account of the role."""
    if request.call == "sts:GetCallerIdentity":
        account = account_of(request)
        return {"Account": account, "Arn": ROLE.replace(ACCOUNT, account), "UserId": "AIDAEXAMPLE"}
    if request.call == "sts:AssumeRole":
        account = str(request.parameters["RoleArn"]).split(":")[4]
        given = {"AccessKeyId": f"ASIA{account}EX", "SecretAccessKey": SECRET, "SessionToken": TOKEN}
        return {"Credentials": given | {"Expiration": datetime(2099, 1, 1, tzinfo=UTC)}}
    return None


def empty(request: Request) -> dict[str, Any]:
    """The answer of an account that has nothing."""
    return identity(request) or listed(request, [])


def listed(request: Request, records: list[Any], token: str = "") -> dict[str, Any]:
    """The answer of a call that lists records, with a token where there are more."""
    call = CALLS[request.call]
    shape = service_model(call.service).operation_model(call.operation).output_shape
    assert shape is not None
    member: Any = shape.members[call.member]
    if member.type_name == "list":
        name = next((t for t in ("NextToken", "nextToken", "NextMarker") if t in shape.members), "")
        return {call.member: records} | ({name: token} if token else {})
    if "Items" in member.members:
        more = {"Marker": "", "MaxItems": 100, "IsTruncated": bool(token), "Quantity": len(records)}
        return {call.member: {"Items": records, **more} | ({"NextMarker": token} if token else {})}
    return {call.member: records[0] if records else {}}


@contextmanager
def collected(answers: Answers, place: Path, **asked: Any) -> Iterator[tuple[Endpoint, Summary]]:
    """What the endpoint was asked, and what came of it."""
    with serving(answers) as endpoint:
        yield endpoint, run(endpoint, place, **asked)


def run(endpoint: Endpoint, place: Path, **asked: Any) -> Summary:
    options: dict[str, Any] = {"regions": (REGION,), "attempts": 1} | asked
    return collect(Connection(endpoint_url=endpoint.url, **options), place)


def envelopes(place: Path) -> dict[str, list[Any]]:
    """Every file of the collection, by its call."""
    found: dict[str, list[Any]] = {}
    for file in sorted(place.rglob("*.json")):
        envelope = json.loads(file.read_bytes())
        found.setdefault(f"{envelope['service']}:{envelope['operation']}", []).append(envelope)
    return found


def saved_answers(estate: Path) -> Answers:
    """The answers of a saved estate, each to the question that it answers; to all others, that there is nothing."""
    known: dict[tuple[str, str, str, str], Mapping[str, Any]] = {}
    for file in read(estate):
        assert isinstance(file, File)
        document = json.loads(file.data)
        account, place, _ = file.name.split("/")
        for answer in recognise(file)[0]:
            subject = CALLS[answer.call].each
            asked = str(answer.parameters.get(subject.parameter, "")) if subject else ""
            known[account, place, answer.call, asked] = document.get("response", document)

    # AWS's own lists are the same to every account, and to either call.
    entries: dict[str, Any] = {asked: found["Entries"] for (*_, asked), found in known.items() if "Entries" in found}
    for (_, _, call, _), found in known.items():
        for one in found["PrefixLists"] if call == "ec2:DescribePrefixLists" else ():
            entries.setdefault(one["PrefixListId"], [{"Cidr": cidr} for cidr in one["Cidrs"]])

    def answers(request: Request) -> dict[str, Any] | Fault:
        if told := identity(request):
            return told
        call = CALLS[request.call]
        place = "global" if call.is_global else request.region
        asked = str(request.parameters[call.each.parameter]) if call.each else ""
        found = known.get((account_of(request), place, request.call, asked))
        if found is None and request.call == PREFIX_LIST_ENTRIES:
            return {"Entries": entries.get(asked, [])}
        return dict(found) if found else listed(request, [])

    return answers
