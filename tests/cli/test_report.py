"""`sekisho report` with files that it cannot use, and with those that it can."""

import json
from pathlib import Path

import pytest

from cli.running import STORY, sekisho


def made(place: Path, *options: str) -> str:
    ran = sekisho("report", STORY, "--output-file", str(place), *options)
    assert (ran.code, ran.out, ran.err) == (0, f"wrote {place}\n", ""), ran
    return place.read_text(encoding="utf-8")


def test_a_report_is_told_of_an_earlier_assessment_and_of_exceptions(tmp_path: Path) -> None:
    earlier, accepted = tmp_path / "assessment.json", tmp_path / "exceptions.yaml"
    earlier.write_text(sekisho("assess", STORY, "-o", "json").out, encoding="utf-8")
    accepted.write_text(
        "exceptions:\n  - match: {port: 22, protocol: tcp}\n    owner: Ops\n    reason: Administration\n"
        "    expires: 2027-03-31\n",
        encoding="utf-8",
    )
    page = made(tmp_path / "r.html", "--previous", str(earlier), "--exceptions", str(accepted))
    assert "Nothing changed" in page
    assert "Administration" in page
    # The story does not say when it was collected, so no exception is in force.
    assert ">expired</span>" in page


@pytest.mark.parametrize(
    ("option", "content", "said"),
    [
        ("--previous", "{", "not JSON"),
        ("--previous", "{}", "not an assessment as `sekisho assess -o json` writes it"),
        ("--exceptions", "a: [", "neither YAML nor JSON"),
        ("--exceptions", "a: 1", "no list under `exceptions`"),
        (
            "--exceptions",
            "- {match: {port: [1]}, owner: a, reason: b}",
            "`port` is no single value",
        ),
        ("--exceptions", "- !!python/object/apply:os.system [ls]", "exception 1 is no mapping"),
    ],
)
def test_a_file_that_cannot_be_used_is_one_line(tmp_path: Path, option: str, content: str, said: str) -> None:
    given = tmp_path / "given"
    given.write_text(content, encoding="utf-8")
    ran = sekisho("report", STORY, "--output-file", str(tmp_path / "r.html"), option, str(given))
    assert (ran.code, ran.out) == (2, "")
    assert ran.err.startswith(f"sekisho: {given}")
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert not (tmp_path / "r.html").exists()


@pytest.mark.parametrize(
    ("place", "value"),
    [("run", {}), ("answers", {}), ("verdicts", [1]), ("findings", [{"id": "f1"}]), ("schema", "sekisho.assessment/9")],
)
def test_an_assessment_that_was_tampered_with_is_one_line(tmp_path: Path, place: str, value: object) -> None:
    given = tmp_path / "given"
    document = sekisho("assess", STORY, "-o", "json").document
    given.write_text(json.dumps({**document, place: value}), encoding="utf-8")
    ran = sekisho("report", STORY, "--output-file", tmp_path / "r.html", "--previous", given)
    assert (ran.code, ran.out) == (2, "")
    assert ran.err == f"sekisho: {given}: not an assessment as `sekisho assess -o json` writes it\n"


@pytest.mark.parametrize("offset", ["9", "+09:60", "+15:00", "JST"])
def test_an_offset_that_is_none(tmp_path: Path, offset: str) -> None:
    ran = sekisho("report", STORY, "--output-file", str(tmp_path / "r.html"), "--local-time", offset)
    assert ran.code == 2
    assert f"`{offset}` is no offset: write +09:00" in " ".join(ran.err.split())


def test_times_in_japan_and_elsewhere(tmp_path: Path) -> None:
    snapshot = tmp_path / "s"
    snapshot.mkdir()
    for path in Path(STORY).rglob("*.json"):
        envelope = {
            "service": "ec2", "operation": "".join(part.capitalize() for part in path.stem.split("-")),
            "account": "111122223333", "region": "ap-northeast-1", "parameters": {}, "pages": 1, "error": None,
            "collected_at": "2026-11-23T05:00:00Z", "request_ids": [], "response": json.loads(path.read_bytes()),
        }  # fmt: skip
        if "ec2" in path.parts or path.stem.startswith("describe-"):
            (snapshot / path.name).write_text(json.dumps(envelope), encoding="utf-8")
    place = tmp_path / "r.html"
    assert sekisho("report", str(snapshot), "--lang", "ja", "--output-file", str(place)).code in {0, 3}
    assert "2026-11-23 05:00:00 UTC (2026-11-23 14:00:00 JST)" in place.read_text(encoding="utf-8")
    sekisho("report", str(snapshot), "--local-time", "-03:30", "--output-file", str(place))
    assert "(2026-11-23 01:30:00 UTC-03:30)" in place.read_text(encoding="utf-8")
