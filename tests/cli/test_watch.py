"""`sekisho watch`, as a process whose files change under it, and against another snapshot."""

import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from cli.running import COMMAND, STORY, environment, refusal, sekisho

PAGE = Path(__file__).parents[2] / "docs" / "commands" / "watch.md"
GROUPS = "111122223333/ap-northeast-1/describe-security-groups.json"
_SSH = '"FromPort": 22,\n                    "ToPort": 22,'


@pytest.fixture
def estate(tmp_path: Path) -> Path:
    return Path(shutil.copytree(STORY, tmp_path / "story"))


def open_another_port(estate: Path) -> None:
    """The bastion's group lets 2222 in from the internet, and 22 no more."""
    text = (estate / GROUPS).read_text(encoding="utf-8")
    assert text.count(_SSH) == 2
    (estate / GROUPS).write_text(text.replace(_SSH, _SSH.replace("22", "2222"), 1), encoding="utf-8")


def test_it_is_quiet_where_nothing_changed(estate: Path) -> None:
    for form in ("table", "json"):
        ran = sekisho("watch", estate, "--since", STORY, "--once", "-o", form)
        assert (ran.code, ran.out) == (0, "")


def test_it_is_quiet_where_files_changed_and_verdicts_did_not(estate: Path) -> None:
    text = (estate / GROUPS).read_text(encoding="utf-8")
    (estate / GROUPS).write_text(text + "\n", encoding="utf-8")
    ran = sekisho("-v", "watch", estate, "--since", STORY, "--once")
    assert (ran.code, ran.out) == (0, "")
    assert f"changed: {GROUPS}" in ran.err


def test_a_change_is_told_with_before_and_after(estate: Path) -> None:
    open_another_port(estate)
    document = sekisho("watch", estate, "--since", STORY, "--once", "-o", "json").document
    assert (document["schema"], document["files"]) == ("sekisho.change/1", [GROUPS])
    told = {(r["instance"], r["address"], r["origin"]): c for c in document["changes"] for r in c["rows"]}
    assert document["rows"] == len(told)
    one = told["i-0f8a2c6d4e9b17350", "10.0.2.10", "internet"]
    ports = {
        side: {p for f in one[side]["flows"] if f["protocol"] == "tcp" for p in f["destination_ports"]}
        for side in ("before", "after")
    }
    assert ports == {"before": {"22", "3389"}, "after": {"2222", "3389"}}
    assert (one["before"]["verdict"], one["after"]["verdict"]) == ("reachable", "reachable")


def test_the_page_shows_what_is_printed(estate: Path) -> None:
    open_another_port(estate)
    printed = sekisho("watch", estate, "--since", STORY, "--once").out
    shown = re.search(r"^```text\n(.*?)^```", PAGE.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    assert shown
    assert [x.rstrip() for x in shown[1].rstrip().splitlines()] == [x.rstrip() for x in printed.rstrip().splitlines()]


def test_a_process_waits_for_files_to_change(estate: Path) -> None:
    command = [*COMMAND, "watch", str(estate), "--interval", "0.05", "-o", "json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment()
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == f"watching {estate}\n"
            open_another_port(estate)
            first = json.loads(process.stdout.readline())
            (estate / GROUPS).write_bytes((STORY / GROUPS).read_bytes())
            second = json.loads(process.stdout.readline())
        finally:
            process.kill()
    assert [c["before"] for c in first["changes"]] == [c["after"] for c in second["changes"]]
    assert [c["after"] for c in first["changes"]] == [c["before"] for c in second["changes"]]


def test_a_snapshot_that_cannot_be_read_is_waited_out(estate: Path) -> None:
    command = [*COMMAND, "watch", str(estate), "--interval", "0.05", "--once", "-o", "json"]
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, encoding="utf-8", env=environment()
    ) as process:
        assert process.stderr is not None
        try:
            assert process.stderr.readline() == f"watching {estate}\n"
            estate.rename(estate.with_name("away"))
            assert "no directory" in process.stderr.readline()
            open_another_port(estate.with_name("away"))
            estate.with_name("away").rename(estate)
            out, _ = process.communicate(timeout=60)
        finally:
            process.kill()
    assert process.returncode == 0
    assert json.loads(out)["files"] == [GROUPS]


def test_an_archive_cannot_be_watched(tmp_path: Path) -> None:
    archive = shutil.make_archive(str(tmp_path / "story"), "zip", STORY)
    assert "unpack the snapshot" in refusal(sekisho("watch", archive))
