"""`collect`, `iam-policy` and `assess --live` as a user runs them."""

import json
from pathlib import Path

import boto3
import pytest
from moto.server import ThreadedMotoServer

from aws_endpoint import Fault, serving
from cli.running import PUBLIC, STORY, sekisho
from collecting import ACCOUNT, REGION, credentials, empty, saved_answers
from sekisho.collect import policy

ASKED = ("--region", REGION)


@pytest.fixture(autouse=True)
def _credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    credentials(monkeypatch)


def test_collect_then_assess_finds_what_the_saved_estate_shows(tmp_path: Path) -> None:
    place = tmp_path / "snapshot"
    with serving(saved_answers(STORY)) as endpoint:
        ran = sekisho("collect", *ASKED, "--endpoint-url", endpoint.url, "--output-dir", place)
        live = sekisho("assess", "--live", *ASKED, "--endpoint-url", endpoint.url, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.endswith(f" answers of 1 account: {place}\n")
    saved, collected = sekisho("assess", STORY, "-o", "json"), sekisho("assess", place, "-o", "json")
    wanted = [{**row, "answer": None} for row in saved.document["verdicts"]]
    assert [{**row, "answer": None} for row in collected.document["verdicts"]] == wanted
    assert [{**row, "answer": None} for row in live.document["verdicts"]] == wanted
    assert live.code == collected.code == saved.code


def test_a_live_assessment_may_keep_what_it_collected(tmp_path: Path) -> None:
    place = tmp_path / "kept"
    with serving(saved_answers(STORY)) as endpoint:
        asked = (*ASKED, "--endpoint-url", endpoint.url)
        ran = sekisho("assess", place, "--live", *asked, "--target", PUBLIC, "-o", "json")
        assert {row["instance"] for row in ran.document["verdicts"]} == {PUBLIC}
        again = sekisho("assess", place, "--live", *asked, "-o", "json")
    assert again.err.endswith(" answers of an earlier run kept\n")


def test_a_zip_is_written_whole_or_not_at_all(tmp_path: Path) -> None:
    file = tmp_path / "one.zip"
    with serving(empty) as endpoint:
        asked = ("collect", *ASKED, "--endpoint-url", endpoint.url, "--output-file", file)
        assert sekisho(*asked).code == 0
        assert [path.name for path in tmp_path.iterdir()] == ["one.zip"]
        again = sekisho(*asked)
    assert again.code == 2
    assert "is there already" in again.err


def test_what_was_refused_is_summed_up(tmp_path: Path) -> None:
    denied = Fault("UnauthorizedOperation", "You are not authorized to perform this operation.", 403)
    with serving(lambda r: denied if r.call == "ec2:DescribeVpcs" else empty(r)) as endpoint:
        ran = sekisho("collect", *ASKED, "--endpoint-url", endpoint.url, "--output-dir", tmp_path / "snapshot")
    assert ran.code == 3
    assert ran.err.splitlines() == [
        "1 call refused or failed, so what depends on them is unknown:",
        f"  ec2:DescribeVpcs ({ACCOUNT} in {REGION}): UnauthorizedOperation ({denied.message})",
    ]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("collect", *ASKED), "say where to save"),
        (("collect", *ASKED, "--output-dir", "a", "--output-file", "b"), "say where to save"),
        (("collect", *ASKED, "--all-regions", "--output-dir", "a"), "exclude each other"),
        (("collect", "--region", "tokyo", "--output-dir", "a"), "sekisho: `tokyo` is no Region"),
        (("collect", "--output-dir", "a"), "sekisho: no Region is known: give --region or --all-regions"),
        (("assess",), "give a SNAPSHOT, or --live"),
        (("assess", "a", *ASKED), "--region is for --live"),
    ],
)
def test_what_cannot_be_meant_is_refused(
    arguments: tuple[str, ...], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    ran = sekisho(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert list(tmp_path.iterdir()) == []


def test_where_nobody_answers_the_exit_code_is_that_of_an_io_error(tmp_path: Path) -> None:
    with serving(lambda _: Fault("InvalidClientTokenId", "The security token is invalid.", 403)) as endpoint:
        ran = sekisho("collect", *ASKED, "--endpoint-url", endpoint.url, "--output-dir", tmp_path / "snapshot")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err == "sekisho: AWS cannot be asked: The security token is invalid. (InvalidClientTokenId)\n"


def test_the_policy_is_printed() -> None:
    assert sekisho("iam-policy").document == policy()
    assert sekisho("iam-policy", "--organization", "--listeners").document == policy(organization=True, listeners=True)


def test_collecting_from_moto(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Wiring only: real boto3 against another's idea of AWS, some calls of which it does not know."""
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
    server.start()
    try:
        host, port = server.get_host_and_port()
        url = f"http://{host}:{port}"
        ec2 = boto3.client("ec2", region_name=REGION, endpoint_url=url)
        vpc = ec2.create_vpc(CidrBlock="10.9.0.0/16")["Vpc"]["VpcId"]
        subnet = ec2.create_subnet(VpcId=vpc, CidrBlock="10.9.1.0/24")["Subnet"]["SubnetId"]
        interface = ec2.create_network_interface(SubnetId=subnet)["NetworkInterface"]["NetworkInterfaceId"]
        ran = sekisho("collect", *ASKED, "--endpoint-url", url, "--output-dir", tmp_path / "snapshot")
    finally:
        server.stop()
    assert ran.code == 3, ran.err
    file = next(tmp_path.rglob("ec2.DescribeNetworkInterfaces.json"))
    found = json.loads(file.read_bytes())["response"]["NetworkInterfaces"]
    assert [(one["NetworkInterfaceId"], one["SubnetId"]) for one in found] == [(interface, subnet)]
    rows = sekisho("assess", tmp_path / "snapshot", "--target", interface, "-o", "json").document["verdicts"]
    assert {row["interface"] for row in rows} == {interface}
