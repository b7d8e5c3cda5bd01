"""0 done, 1 findings, 2 usage, 3 undecided, 4 IO error: what each command ends with, and what it says."""

import shutil
from pathlib import Path

import pytest

from cli.running import BASTION, PEERING, PRIVATE, PUBLIC, STORY, refusal, sekisho

SSH = ("--protocol", "tcp", "--port", "22")


def ask(source: str, destination: str, *rest: str) -> tuple[str | Path, ...]:
    return ("explain", STORY, "--from", source, "--to", destination, *(rest or SSH))


@pytest.fixture(scope="module")
def undecided(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The story without its route tables: nobody knows where its packets go."""
    place = tmp_path_factory.mktemp("undecided") / "story"
    shutil.copytree(STORY, place)
    next(place.rglob("describe-route-tables.json")).unlink()
    return place


# 0: done ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("question", "verdict"),
    [
        (ask("internet", PUBLIC), "reachable"),
        (ask("internet", PRIVATE), "unreachable"),
        (ask(PEERING, PRIVATE), "reachable"),
        (ask("internet:203.0.113.10", PUBLIC, "--protocol", "tcp", "--port", "3389"), "reachable"),
        (ask("internet:203.0.113.11", PUBLIC, "--protocol", "tcp", "--port", "3389"), "unreachable"),
        (ask("internet", "ip:10.9.9.9"), "unreachable"),
    ],
)
def test_a_decided_question_ends_with_0_whatever_the_verdict(question: tuple[str, ...], verdict: str) -> None:
    ran = sekisho(*question, "-o", "json")
    assert (ran.code, ran.document["verdict"], ran.err) == (0, verdict, "")


def test_an_assessment_ends_with_0_whatever_it_finds() -> None:
    ran = sekisho("assess", STORY, "-o", "json")
    assert (ran.code, ran.err) == (0, "")
    assert {finding["severity"] for finding in ran.document["findings"]} == {"Medium", "Low", "Informational"}


# 1 and 3: --fail-on, and what is undecided ------------------------------------------------------------


@pytest.mark.parametrize(
    ("level", "code"), [("high", 0), ("medium", 1), ("low", 1), ("informational", 1), ("never", 0)]
)
def test_findings_at_or_over_the_level_end_with_1(level: str, code: int) -> None:
    """The worst of the story are its Medium findings: SSH and RDP from the internet."""
    assert sekisho("assess", STORY, "--fail-on", level).code == code


def test_only_findings_in_scope_count() -> None:
    """The private server has SSH from the peered VPC, which is Low."""
    assert sekisho("assess", STORY, "--target", PRIVATE, "--fail-on", "medium").code == 0
    assert sekisho("assess", STORY, "--target", PRIVATE, "--fail-on", "low").code == 1
    assert sekisho("assess", STORY, "--target", PRIVATE, "--origin", "internet", "--fail-on", "informational").code == 0


def test_an_undecided_assessment_ends_with_3_and_findings_come_first(undecided: Path, tmp_path: Path) -> None:
    assert sekisho("assess", undecided).code == 3
    assert sekisho("assess", undecided, "--fail-on", "informational").code == 3
    # Without the peering connection, what comes from the peered VPC is undecided; SSH from the internet is not.
    partly = tmp_path / "story"
    shutil.copytree(STORY, partly)
    next(partly.rglob("describe-vpc-peering-connections.json")).unlink()
    assert sekisho("assess", partly).code == 3
    assert sekisho("assess", partly, "--fail-on", "high").code == 3
    assert sekisho("assess", partly, "--fail-on", "medium").code == 1


def test_an_undecided_question_ends_with_3(undecided: Path) -> None:
    ran = sekisho("explain", undecided, "--from", "internet", "--to", PUBLIC, *SSH, "-o", "json")
    assert (ran.code, ran.document["verdict"]) == (3, "unknown")
    assert any("route table" in reason or "DescribeRouteTables" in reason for reason in ran.document["reasons"])


def test_an_id_that_is_only_referred_to_is_undecided(tmp_path: Path) -> None:
    """Routes lead to the peering connection, and no answer describes it."""
    place = tmp_path / "story"
    shutil.copytree(STORY, place)
    next(place.rglob("describe-vpc-peering-connections.json")).write_text('{"VpcPeeringConnections": []}')
    ran = sekisho("explain", place, "--from", PEERING, "--to", PRIVATE, *SSH, "-o", "json")
    assert (ran.code, ran.document["verdict"]) == (3, "unknown")
    assert PEERING in " ".join(ran.document["reasons"])


# 2: usage ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (),
        ("nonsense",),
        ("assess",),
        ("assess", STORY, "--nonsense"),
        ("assess", STORY, "-o", "yaml"),
        ("assess", STORY, "--fail-on", "sometimes"),
        ("assess", STORY, "--origin", "moon"),
        ("explain", STORY, "--from", "internet", "--to", PRIVATE),
        ("explain", STORY, "--to", PRIVATE, *SSH),
        ask("internet", PRIVATE, "--protocol", "tcp", "--family", "ipv5"),
        ask("internet", PRIVATE, "--protocol", "icmp", "--icmp-type", "256"),
        ask("internet", PRIVATE, *SSH, "-o", "html"),
        ("demo", "--estate", "nonsense"),
    ],
    ids=lambda arguments: " ".join(str(a) for a in arguments[:1] + arguments[2:]),
)
def test_wrong_usage_ends_with_2_and_shows_the_usage(arguments: tuple[str | Path, ...]) -> None:
    ran = sekisho(*arguments)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith("Usage: sekisho")


@pytest.mark.parametrize(
    ("question", "named"),
    [
        (ask("i-0123456789abcdef0", PRIVATE), "i-0123456789abcdef0"),
        (ask("internet", "eni-0123456789abcdef0"), "eni-0123456789abcdef0"),
        (ask("interent", PRIVATE), "interent"),
        (ask("internet:banana", PRIVATE), "banana"),
        (ask("internet:203.0.113.10/24", PRIVATE), "203.0.113.10/24"),
        (ask("internet", "ip:10.0.0.0/8"), "ip:10.0.0.0/8"),
        (ask("internet", PRIVATE, "--protocol", "tcpp"), "tcpp"),
        (ask("internet", PRIVATE, "--protocol", "256"), "256"),
        (ask("internet", PRIVATE, "--protocol", "tcp", "--port", "65536"), "65536"),
        (ask("internet", PRIVATE, "--protocol", "tcp", "--port", "443-80"), "443-80"),
        (ask("internet", PRIVATE, "--protocol", "tcp", "--port", "ssh"), "ssh"),
        (ask("internet", PRIVATE, "--protocol", "icmp", "--port", "22"), "--port"),
        (ask("internet", PRIVATE, "--protocol", "tcp", "--icmp-type", "8"), "--icmp-type"),
        (ask("internet\n\x1b[2J", PRIVATE), "internet"),
        (("assess", STORY, "--target", "i-0123456789abcdef0"), "i-0123456789abcdef0"),
        (("assess", STORY, "--target", "sg-0a9e4c7b1f2d86530"), "sg-0a9e4c7b1f2d86530"),
        (("assess", STORY, "--target", "tag:Name"), "tag:Name"),
        (("assess", STORY, "--listeners", "nowhere.json"), "nowhere.json"),
    ],
    ids=lambda value: " ".join(value[2:]).encode("unicode_escape").decode() if isinstance(value, tuple) else None,
)
def test_what_is_not_in_the_snapshot_or_not_understood_is_one_line_and_2(
    question: tuple[str | Path, ...], named: str
) -> None:
    assert named in refusal(sekisho(*question))


def test_a_target_that_is_no_text_is_refused() -> None:
    """A byte that is not UTF-8 comes as a lone surrogate."""
    ran = sekisho("assess", STORY, "--target", "tag:Name=\udcff", "-o", "json")
    assert (ran.code, ran.out) == (2, "")
    assert "--target" in ran.err


@pytest.mark.parametrize("name", ["nobody", "web-PRIVATE", "\u672c\u756a\u3000web", ""])
def test_an_empty_scope_is_an_answer(name: str) -> None:
    ran = sekisho("assess", STORY, "--target", f"tag:Name={name}", "-o", "json")
    assert (ran.code, ran.document["verdicts"], ran.document["findings"]) == (0, [], [])


# 4: output that cannot be written ---------------------------------------------------------------------


@pytest.mark.parametrize("option", ["--output-file", "--output-dir"])
def test_output_below_a_file_ends_with_4(option: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = sekisho("assess", STORY, option, tmp_path / "file" / "below")
    assert (ran.code, ran.out) == (4, "")
    assert ran.err.startswith(f"sekisho: {tmp_path / 'file'}")
    assert ran.err.count("\n") == 1


def test_a_directory_is_no_output_file(tmp_path: Path) -> None:
    ran = sekisho(*ask("internet", BASTION), "--output-file", tmp_path)
    assert (ran.code, ran.out, ran.err.count("\n")) == (4, "", 1)
    assert ran.err.startswith(f"sekisho: {tmp_path}: ")


def test_the_reports_of_the_demonstration_need_a_directory(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    ran = sekisho("-q", "demo", "--output-dir", tmp_path / "file")
    assert (ran.code, ran.out, ran.err.count("\n")) == (4, "", 1)
