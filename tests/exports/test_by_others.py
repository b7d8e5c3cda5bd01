"""Each export is read by the library of its own ecosystem, which is no part of ours."""

import json
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.session import get_session
from botocore.validate import ParamValidator
from junitparser import JUnitXml
from moto import mock_aws

from sekisho.analysis import assess
from sekisho.exports import render
from sekisho.load import load
from sekisho.report.document import assessment_document

VALIDATORS = Path(__file__).parents[2] / ".venv" / "formats" / "bin" / "python"
PUBLIC, PRIVATE = "i-0f8a2c6d4e9b17350", "i-0b3d9f5e7a1c28460"


@pytest.fixture(scope="module")
def document() -> Any:
    return assessment_document(assess(load(Path(str(resources.files("sekisho.estates") / "story")))))


def judged(document: Any, output_format: str, place: Path) -> Any:
    if not VALIDATORS.exists():
        pytest.skip("no validators of formats: `make .venv/.formats` installs them")
    written = render(document, output_format)
    assert isinstance(written, str)
    place.joinpath("export.json").write_text(written, encoding="utf-8")
    command = [str(VALIDATORS), str(Path(__file__).with_name("judge.py")), output_format, str(place / "export.json")]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    return json.loads(ran.stdout)


def test_ocsf_models_read_every_event(document: Any, tmp_path: Path) -> None:
    events = judged(document, "ocsf", tmp_path)
    title = f"On instance {PUBLIC}, TCP port 3389 which is associated with 'RDP' is reachable from the internet"
    assert ["Detection Finding", "Medium", title] in events
    private = "eni-0c4e8a1d7f2b69350 10.0.1.10 from internet: unreachable"
    assert ["Compliance Finding", "Informational", private] in events
    assert len(events) == len(document["findings"]) + len(document["verdicts"])


def test_trestle_reads_the_assessment_results(document: Any, tmp_path: Path) -> None:
    findings = judged(document, "oscal", tmp_path)
    proven = "eni-0c4e8a1d7f2b69350 10.0.1.10 from internet: nothing gets through"
    assert ["satisfied", proven] in findings
    title = f"On instance {PRIVATE}, TCP port 22 which is associated with 'SSH' is reachable from a Peered VPC"
    assert ["not-satisfied", title] in findings


def test_sarif_tools_reads_every_result(document: Any, tmp_path: Path) -> None:
    results = judged(document, "sarif", tmp_path)
    place = "111122223333/ap-northeast-1/describe-security-groups.json"
    assert results.count(["warning", place, "RecognizedPortNoAgent/internet/medium"]) == 2  # ports 22 and 3389
    assert len(results) == len(document["findings"])


def test_security_hub_imports_every_finding(document: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    findings = json.loads(render(document, "asff"))
    shape = get_session().get_service_model("securityhub").shape_for("AwsSecurityFinding")
    for finding in findings:
        assert ParamValidator().validate(finding, shape).generate_report() == ""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    with mock_aws():
        answer = boto3.client("securityhub", region_name="ap-northeast-1").batch_import_findings(Findings=findings)
    assert (answer["SuccessCount"], answer["FailedCount"]) == (len(document["findings"]), 0)


def test_inspector_findings_have_the_shape_of_list_findings(document: Any) -> None:
    listed = json.loads(render(document, "inspector"))
    shape = get_session().get_service_model("inspector2").shape_for("ListFindingsResponse")
    assert ParamValidator().validate(listed, shape).generate_report() == ""
    rdp = [
        f
        for f in listed["findings"]
        if f["networkReachabilityDetails"]["openPortRange"] == {"begin": 3389, "end": 3389}
    ]
    assert {f["severity"] for f in rdp} == {"MEDIUM", "INFORMATIONAL"}  # the port, and the aggregate exposure
    steps = [step["componentType"] for step in rdp[0]["networkReachabilityDetails"]["networkPath"]["steps"]]
    assert steps == [
        "AWS::EC2::InternetGateway",
        "AWS::EC2::NetworkAcl",
        "AWS::EC2::SecurityGroup",
        "AWS::EC2::NetworkInterface",
        "AWS::EC2::Instance",
    ]


def test_junit_parser_counts_the_verdicts(document: Any) -> None:
    written = render(document, "junit")
    assert isinstance(written, str)
    suites = JUnitXml.fromstring(written.encode())
    counts = {suite.name: (suite.tests, suite.failures, suite.errors) for suite in suites}
    assert counts == {"reachability from internet": (5, 1, 0), "reachability from peering": (5, 2, 0)}


@pytest.mark.parametrize(
    "output_format", ["asff", "csv", "inspector", "junit", "markdown", "ocsf", "oscal", "sarif", "xlsx"]
)
def test_the_same_document_gives_the_same_bytes(document: Any, output_format: str, tmp_path: Path) -> None:
    """In another process, too: nothing hangs on the order of sets or on the clock."""
    place = tmp_path / "again"
    story = str(resources.files("sekisho.estates") / "story")
    command = [sys.executable, "-m", "sekisho", "assess", story, "-o", output_format, "--output-file", str(place)]
    assert subprocess.run(command, check=False).returncode == 0
    here = render(document, output_format)
    assert place.read_bytes() == (here.encode() if isinstance(here, str) else here)
