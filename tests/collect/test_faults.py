"""What goes wrong while AWS is asked: nothing that was collected is lost, nothing secret is written, all is said."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import pytest

from aws_endpoint import Answers, Fault, Request, serving
from collecting import (
    ACCOUNT,
    REGION,
    SECRET,
    TOKEN,
    collected,
    credentials,
    empty,
    envelopes,
    identity,
    listed,
    run,
)
from sekisho.collect import Connection, collect, pack
from sekisho.collect.calls import CALLS
from sekisho.errors import AwsError, QueryError, ResourceError, SnapshotError
from sekisho.load import load
from sekisho.model.calls import CallStatus
from sekisho.model.record import Scope

VPCS = "ec2:DescribeVpcs"


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)


def faulty(call: str, *faults: Fault) -> Answers:
    """An account that has nothing, and where the call has these faults before it answers."""

    def answers(request: Request) -> dict[str, Any] | Fault:
        return faults[request.time - 1] if request.call == call and request.time <= len(faults) else empty(request)

    return answers


def forever(call: str, fault: Fault) -> Answers:
    return faulty(call, *[fault] * 100)


DENIED = Fault("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)


@pytest.mark.parametrize("call", [VPCS, "elbv2:DescribeLoadBalancers", "globalaccelerator:ListAccelerators",
                                  "cloudfront:ListVpcOrigins", "vpc-lattice:ListTargetGroups"])  # fmt: skip
def test_a_call_that_is_denied_is_written_down_and_collection_goes_on(call: str, tmp_path: Path) -> None:
    with collected(forever(call, DENIED), tmp_path / "snapshot") as (_, summary):
        found = envelopes(tmp_path / "snapshot")
    assert [(r.call, r.account, r.error.code) for r in summary.refused] == [(call, ACCOUNT, "UnauthorizedOperation")]
    (envelope,) = found[call]
    assert envelope["error"] == {"code": DENIED.code, "message": DENIED.message}
    assert envelope["response"] is None
    assert set(found) == {c.name for c in CALLS.values() if c.saved and c.each is None}
    state = load(tmp_path / "snapshot").calls.state(call, Scope(ACCOUNT, REGION))
    assert state is not None
    assert state.status is CallStatus.FAILED


def test_a_list_that_is_not_saved_is_written_down_where_it_leads(tmp_path: Path) -> None:
    with collected(forever("globalaccelerator:ListCustomRoutingAccelerators", DENIED), tmp_path / "snapshot"):
        pass
    (envelope,) = envelopes(tmp_path / "snapshot")["globalaccelerator:ListCustomRoutingEndpointGroups"]
    assert envelope["error"]["code"] == "UnauthorizedOperation"


@pytest.mark.parametrize(
    "fault",
    [
        Fault("Throttling", "Rate exceeded"),
        Fault("RequestLimitExceeded", "Request limit exceeded.", 503),
        Fault("InternalError", "An internal error has occurred", 500),
        Fault(cut=True),
        Fault(delay=1.5),
    ],
    ids=["throttled", "limited", "500", "cut", "slow"],
)
def test_what_passes_is_tried_again(fault: Fault, tmp_path: Path) -> None:
    with collected(faulty(VPCS, fault), tmp_path / "snapshot", attempts=3, read_timeout=1) as (endpoint, summary):
        times = [request.time for request in endpoint.requests if request.call == VPCS]
    assert (times, summary.refused) == ([1, 2], ())


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault("Throttling", "Rate exceeded"), "Throttling"),
        (Fault("InternalError", "An internal error has occurred", 500), "InternalError"),
        (Fault(cut=True), "ResponseParserError"),
        (Fault(delay=1.5), "ReadTimeoutError"),
    ],
    ids=["throttled", "500", "cut", "slow"],
)
def test_what_does_not_pass_is_written_down(fault: Fault, code: str, tmp_path: Path) -> None:
    with collected(forever(VPCS, fault), tmp_path / "snapshot", read_timeout=1) as (_, summary):
        assert [(r.call, r.error.code) for r in summary.refused] == [(VPCS, code)]


def test_a_page_that_fails_fails_the_call(tmp_path: Path) -> None:
    """What was read of it before is no answer: nobody could tell it from a whole one."""

    def answers(request: Request) -> dict[str, Any] | Fault:
        if request.call != VPCS:
            return empty(request)
        return DENIED if request.token else listed(request, [{"VpcId": "vpc-1"}], "page-2")

    with collected(answers, tmp_path / "snapshot"):
        (envelope,) = envelopes(tmp_path / "snapshot")[VPCS]
    assert (envelope["error"]["code"], envelope["response"], envelope["items"]) == (DENIED.code, None, 0)


def test_a_token_that_goes_round_leaves_an_incomplete_answer(tmp_path: Path) -> None:
    def answers(request: Request) -> dict[str, Any] | Fault:
        return listed(request, [{"VpcId": "vpc-1"}], "again") if request.call == VPCS else empty(request)

    with collected(answers, tmp_path / "snapshot"):
        pass
    state = load(tmp_path / "snapshot").calls.state(VPCS, Scope(ACCOUNT, REGION))
    assert state is not None
    assert state.status is CallStatus.INCOMPLETE


def test_credentials_that_expire_end_the_collection_and_it_goes_on_later(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    expired = Fault("ExpiredToken", "The security token has expired")
    with (
        serving(forever("ec2:DescribeSubnets", expired)) as endpoint,
        pytest.raises(AwsError, match="credentials have expired"),
    ):
        run(endpoint, place)
    before = set(envelopes(place))
    with collected(empty, place) as (endpoint, summary):
        again = {request.call for request in endpoint.requests}
    assert summary.kept == len(before)
    assert again & before == set()
    assert set(envelopes(place)) == {c.name for c in CALLS.values() if c.saved and c.each is None}


def test_a_second_run_asks_only_what_was_refused(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with collected(forever(VPCS, DENIED), place):
        pass
    with collected(empty, place) as (endpoint, summary):
        asked = {request.call for request in endpoint.requests if CALLS.get(request.call, CALLS[VPCS]).saved}
    assert asked == {"sts:GetCallerIdentity", VPCS}
    assert (summary.read - 1, summary.refused) == (1, ())  # and the list that is not saved
    assert load(place).calls.state(VPCS, Scope(ACCOUNT, REGION)).status is CallStatus.READ  # type: ignore[union-attr]


@pytest.mark.parametrize("harm", [b"", b'{"service": "ec2"'], ids=["gone", "changed"])
def test_an_answer_that_is_not_as_it_was_written_is_asked_again(harm: bytes, tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with collected(empty, place):
        pass
    file = place / ACCOUNT / REGION / "ec2.DescribeVpcs.json"
    file.write_bytes(harm) if harm else file.unlink()
    with (place / "manifest.jsonl").open("a", encoding="utf-8") as manifest:
        manifest.write('{"call": {"cut')
    with collected(empty, place) as (endpoint, _):
        assert VPCS in {request.call for request in endpoint.requests}
    assert json.loads(file.read_bytes())["error"] is None
    assert load(place).calls.state(VPCS, Scope(ACCOUNT, REGION)).status is CallStatus.READ  # type: ignore[union-attr]


def _heed_interrupts() -> None:
    """A suite that a shell runs in the background is told to ignore them, and so are its children."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def test_interrupted_it_keeps_what_it_has_and_goes_on(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with serving(faulty("ec2:DescribeSubnets", Fault(delay=30))) as endpoint:
        asked = ("--region", REGION, "--endpoint-url", endpoint.url, "--output-dir", str(place))
        process = subprocess.Popen(
            [sys.executable, "-m", "sekisho", "collect", *asked],
            stderr=subprocess.PIPE,
            stdout=subprocess.PIPE,
            preexec_fn=_heed_interrupts,  # noqa: PLW1509 - one line that takes no lock
        )
        listing = {c.name for c in CALLS.values() if c.each is None}
        deadline = time.monotonic() + 60
        while {r.call for r in endpoint.requests} & listing != listing and time.monotonic() < deadline:
            time.sleep(0.05)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
        assert (process.returncode, out, err.decode().splitlines()[-1]) == (130, b"", "sekisho: interrupted")
        kept = len(envelopes(place))
        assert kept > 30
        assert [p for p in place.rglob("*.json") if not p.read_bytes().endswith(b"}\n")] == []
        summary = run(endpoint, place)
    assert (summary.kept, summary.refused) == (kept, ())


def test_no_secret_is_written_or_said(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    """Errors of AWS may repeat the request with its credentials; some answers hold keys of tunnels and sessions."""
    key = f"AKIA{ACCOUNT}EX"
    told = f"The Canonical String should have been 'x-amz-security-token:{TOKEN}' {SECRET} Credential={key}/2026"
    tunnel, md5 = "tunnelPreSharedKey1", "bgpMd5AuthKey1"

    def answers(request: Request) -> dict[str, Any] | Fault:
        match request.call:
            case "ec2:DescribeSubnets":
                return Fault("SignatureDoesNotMatch", told, 403)
            case "ec2:DescribeVpnConnections":
                options = {"TunnelOptions": [{"OutsideIpAddress": "192.0.2.1", "PreSharedKey": tunnel}]}
                connection = {"VpnConnectionId": "vpn-1", "CustomerGatewayConfiguration": f"<k>{tunnel}</k>"}
                return {"VpnConnections": [connection | {"Options": options}]}
            case "directconnect:DescribeVirtualInterfaces":
                peers = [{"bgpPeerId": "dxpeer-1", "authKey": md5}]
                line = {"virtualInterfaceId": "dxvif-1", "authKey": md5, "customerRouterConfig": md5, "bgpPeers": peers}
                return {"virtualInterfaces": [line]}
            case _:
                return empty(request)

    from click.testing import CliRunner  # noqa: PLC0415

    from sekisho.cli.main import main  # noqa: PLC0415

    place = tmp_path / "snapshot"
    with serving(answers) as endpoint:
        asked = ("--region", REGION, "--endpoint-url", endpoint.url, "--output-dir", str(place))
        result = CliRunner().invoke(main, ["-v", "collect", *asked], prog_name="sekisho", catch_exceptions=False)
    assert result.exit_code == 3
    assert "SignatureDoesNotMatch" in result.stderr
    written = [path.read_text(encoding="utf-8") for path in place.rglob("*") if path.is_file()]
    captured = capfd.readouterr()
    for text in (*written, result.output, captured.out, captured.err):
        assert [s for s in (SECRET, TOKEN, key, tunnel, md5) if s in text] == []
    (vpn,) = envelopes(place)["ec2:DescribeVpnConnections"]
    assert vpn["response"]["VpnConnections"] == [
        {"VpnConnectionId": "vpn-1", "Options": {"TunnelOptions": [{"OutsideIpAddress": "192.0.2.1"}]}}
    ]


@pytest.mark.skipif(os.name != "posix", reason="files have owners on POSIX")
def test_only_the_owner_can_read_what_was_collected(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with collected(empty, place):
        pass
    modes = {oct(path.stat().st_mode & 0o777) for path in (place, *place.rglob("*"))}
    assert modes == {"0o700", "0o600"}


def test_a_zip_has_the_files_of_the_directory(tmp_path: Path) -> None:
    place, packed = tmp_path / "one.zip.partial", tmp_path / "one.zip"
    with collected(empty, place):
        pass
    files = {path.relative_to(place).as_posix(): path.read_bytes() for path in place.rglob("*") if path.is_file()}
    pack(place, packed)
    assert not place.exists()
    with ZipFile(packed) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert load(packed).calls.state(VPCS, Scope(ACCOUNT, REGION)).status is CallStatus.READ  # type: ignore[union-attr]


def test_an_account_of_the_organisation_that_refuses_is_known_and_unknown(tmp_path: Path) -> None:
    other = "444455556666"

    def answers(request: Request) -> dict[str, Any] | Fault:
        if request.call == "organizations:ListAccounts":
            closed = {"Id": "777788889999", "Status": "SUSPENDED"}
            return {"Accounts": [{"Id": ACCOUNT, "Status": "ACTIVE"}, {"Id": other, "Status": "ACTIVE"}, closed]}
        if request.call == "sts:AssumeRole":
            return Fault("AccessDenied", "not authorized to perform: sts:AssumeRole", 403)
        return empty(request)

    with collected(answers, tmp_path / "snapshot", organization=True) as (_, summary):
        pass
    assert summary.accounts == (ACCOUNT, other)
    assert {(r.account, r.error.code) for r in summary.refused} == {(other, "AccessDenied")}
    calls = load(tmp_path / "snapshot").calls
    assert calls.state(VPCS, Scope(other, REGION)).status is CallStatus.FAILED  # type: ignore[union-attr]
    assert calls.state(VPCS, Scope(ACCOUNT, REGION)).status is CallStatus.READ  # type: ignore[union-attr]


def test_a_role_is_assumed_with_its_external_id(tmp_path: Path) -> None:
    role = "arn:aws:iam::444455556666:role/reader"
    asked = {"role_arn": role, "external_id": "agreed"}
    with collected(empty, tmp_path / "snapshot", **asked) as (endpoint, summary):
        (assumed,) = [r for r in endpoint.requests if r.call == "sts:AssumeRole"]
    assert summary.accounts == ("444455556666",)
    assert {k: assumed.parameters[k] for k in ("RoleArn", "ExternalId")} == {"RoleArn": role, "ExternalId": "agreed"}


def test_a_role_that_can_no_longer_be_assumed_fails_the_calls(tmp_path: Path) -> None:
    """Its credentials have to be renewed and are refused: that is said, and none of them is."""
    soon = datetime.now(UTC) + timedelta(seconds=5)

    def answers(request: Request) -> dict[str, Any] | Fault:
        if request.call != "sts:AssumeRole":
            return empty(request)
        if request.time > 1:
            return Fault("AccessDenied", "not authorized to perform: sts:AssumeRole", 403)
        given = {"AccessKeyId": "ASIA444455556666EX", "SecretAccessKey": SECRET, "SessionToken": TOKEN}
        return {"Credentials": given | {"Expiration": soon}}

    role = "arn:aws:iam::444455556666:role/reader"
    with serving(answers) as endpoint, pytest.raises(AwsError) as refused:
        run(endpoint, tmp_path / "snapshot", role_arn=role)
    assert "sts:AssumeRole" in str(refused.value)
    assert TOKEN not in str(refused.value)


def test_where_nobody_can_be_asked_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place = tmp_path / "snapshot"
    with serving(lambda _: Fault("InvalidClientTokenId", "The security token is invalid.", 403)) as endpoint:
        with pytest.raises(AwsError, match=r"cannot be asked: The security token is invalid. \(InvalidClientTokenId\)"):
            run(endpoint, place)
        monkeypatch.delenv("AWS_ACCESS_KEY_ID")
        with pytest.raises(AwsError, match="NoCredentialsError"):
            run(endpoint, place)
        with pytest.raises(AwsError, match="ProfileNotFound"):
            run(endpoint, place, profile="nobody")
    assert not place.exists()


def test_where_every_call_fails_the_collection_has_failed(tmp_path: Path) -> None:
    with serving(lambda request: identity(request) or DENIED) as endpoint, pytest.raises(AwsError, match="no call was"):
        run(endpoint, tmp_path / "snapshot")


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"regions": ("tokyo",)}, "`tokyo` is no Region: write it as in ap-northeast-1"),
        ({"regions": ()}, "no Region is known: give --region or --all-regions"),
        ({"external_id": "agreed"}, "--external-id is for --role-arn: give the role too"),
        ({"role_name": "a role"}, "`a role` is no name of a role"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anybody_is_asked(
    asked: dict[str, Any], said: str, tmp_path: Path
) -> None:
    with pytest.raises(QueryError) as refused:
        collect(Connection(**{"regions": (REGION,), **asked}), tmp_path)
    assert str(refused.value) == said


def test_a_directory_of_something_else_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine", encoding="utf-8")
    with serving(empty) as endpoint, pytest.raises(SnapshotError, match="holds files of something else"):
        run(endpoint, tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_without_boto3_it_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "boto3", None)
    monkeypatch.setitem(sys.modules, "botocore", None)
    monkeypatch.setitem(sys.modules, "botocore.exceptions", None)
    with pytest.raises(ResourceError, match="sekisho\\[aws\\]"):
        collect(Connection(regions=(REGION,)), tmp_path / "snapshot")
