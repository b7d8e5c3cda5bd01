"""The commands on declarations: what they print, what they refuse."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

import sekisho.estates
from sekisho.cli.main import main

EXAMPLES = Path(__file__).parents[2] / "docs" / "examples"
STORY = Path(sekisho.estates.__file__).parent / "story"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, [str(a) for a in arguments], catch_exceptions=True)


def test_json_has_what_a_plan_changes() -> None:
    done = run("assess", EXAMPLES / "plan.json", "--on", STORY, "--origin", "internet", "-o", "json")
    found = json.loads(done.stdout)["changes"]
    assert [(v["instance"], v["origin"], v["before"], v["after"]) for v in found["verdicts"]] == [
        ("i-0f8a2c6d4e9b17350", "internet", "reachable", "reachable")
    ]
    (change,) = found["verdicts"]
    assert [f["destination_ports"] for f in change["opened"]] == [["443"]]
    assert [f["destination_ports"] for f in change["closed"]] == [["22"]]
    assert found["unchanged"] == 4


def test_json_says_where_a_finding_is_declared() -> None:
    document = json.loads(run("assess", EXAMPLES / "stack.yaml", "-o", "json").stdout)
    declared = document["findings"][0]["declared"]
    assert (declared["resource"]["file"], declared["resource"]["address"]) == ("stack.yaml", "Web")
    line = (EXAMPLES / "stack.yaml").read_text(encoding="utf-8").splitlines()[declared["resource"]["line"] - 1]
    assert line.strip() == "Type: AWS::EC2::Instance"
    assert [g["address"] for g in declared["security_groups"]] == ["Group"]


def test_a_snapshot_has_neither() -> None:
    document = json.loads(run("assess", STORY, "-o", "json").stdout)
    assert "changes" not in document
    assert "declared" not in document


def test_a_snapshot_is_laid_on_nothing() -> None:
    done = run("assess", STORY, "--on", STORY)
    assert done.exit_code != 0
    assert "--on takes a Terraform plan or a change set" in f"{done.output}{done.exception}"


def test_certificates_are_of_collected_answers_only(tmp_path: Path) -> None:
    done = run("assess", EXAMPLES / "stack.yaml", "--certificates", tmp_path / "c.jsonl")
    assert done.exit_code == 2
    assert "certificates speak of what describe calls answered" in done.output


def test_a_plan_of_rules_alone_says_on_what_to_lay_it() -> None:
    done = run("assess", EXAMPLES / "plan.json")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "lay it on what is live with --on SNAPSHOT" in f"{done.output}{done.exception}"
