"""Snapshots as they come: the container makes no difference, and what cannot be read is refused in one line."""

import gzip
import io
import shutil
import tarfile
import zipfile
from collections.abc import Iterable
from pathlib import Path

import pytest

from cli.running import PRIVATE, PUBLIC, STORY, refusal, sekisho

FILES = {str(path.relative_to(STORY).as_posix()): path.read_bytes() for path in STORY.rglob("*.json")}
HERE = "111122223333/ap-northeast-1"
VPCS = FILES[f"{HERE}/describe-vpcs.json"]


def zipped(place: Path, members: Iterable[tuple[str, bytes]]) -> Path:
    with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data)
    return place


def tarred(place: Path, members: Iterable[tuple[str, bytes]], time: int = 0) -> Path:
    with tarfile.open(place, "w:gz") as archive:
        for name, data in members:
            info = tarfile.TarInfo(name)
            info.size, info.mtime = len(data), time
            archive.addfile(info, io.BytesIO(data))
    return place


def copied(place: Path, **instead: bytes) -> Path:
    """The story with other contents for the calls named."""
    shutil.copytree(STORY, place)
    for call, data in instead.items():
        (place / HERE / f"describe-{call.replace('_', '-')}.json").write_bytes(data)
    return place


# The same input gives the same bytes ------------------------------------------------------------------


def test_a_directory_a_zip_and_a_tar_give_the_same_bytes(tmp_path: Path) -> None:
    backwards = sorted(FILES.items(), reverse=True)
    dotted = [(f"./{name}", data) for name, data in FILES.items()]
    snapshots = (
        STORY,
        copied(tmp_path / "elsewhere"),
        zipped(tmp_path / "story.zip", backwards),
        zipped(tmp_path / "no-ending", dotted),
        tarred(tmp_path / "story.tar.gz", backwards, time=1_700_000_000),
        tarred(tmp_path / "story.tgz", dotted),
    )
    assert len({sekisho("assess", s, "-o", "json") for s in snapshots}) == 1
    assert len({sekisho("assess", s, "-o", "html") for s in snapshots}) == 1
    question = ("--from", "internet", "--to", PRIVATE, "--protocol", "tcp", "--port", "22", "-o", "json")
    assert len({sekisho("explain", s, *question) for s in snapshots}) == 1


def test_the_digest_is_of_contents_and_names(tmp_path: Path) -> None:
    story = sekisho("assess", STORY, "-o", "json").document["run"]["input_digest"]
    spaced = copied(tmp_path / "spaced", vpcs=VPCS + b" ")
    assert sekisho("assess", spaced, "-o", "json").document["run"]["input_digest"] != story
    (tmp_path / "noted").mkdir()
    noted = copied(tmp_path / "noted" / "story")
    (noted / "notes.txt").write_text("not an answer", encoding="utf-8")
    assert sekisho("assess", noted, "-o", "json").document["run"]["input_digest"] == story


def test_packed_answers_give_the_same_verdicts(tmp_path: Path) -> None:
    place = tmp_path / "packed"
    for name, data in FILES.items():
        file = place / f"{name}.gz"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(gzip.compress(data))
    plain, packed = (sekisho("assess", s, "-o", "json").document for s in (STORY, place))
    assert packed["verdicts"] == plain["verdicts"]
    assert packed["findings"] == plain["findings"]


# What cannot be read is one line and 2 ----------------------------------------------------------------


def test_a_snapshot_that_is_not_there(tmp_path: Path) -> None:
    place = tmp_path / "nowhere"
    assert refusal(sekisho("assess", place)) == f"{place}: no such file or directory"
    question = ("--from", "internet", "--to", PRIVATE, "--protocol", "any")
    assert refusal(sekisho("explain", place, *question)) == f"{place}: no such file or directory"


def test_a_path_that_cannot_be_printed_as_it_is(tmp_path: Path) -> None:
    assert "no such file" in refusal(sekisho("assess", tmp_path / "a\nb\x1b[31m"))


def test_an_empty_directory(tmp_path: Path) -> None:
    line = refusal(sekisho("assess", tmp_path))
    assert "no *.json file" in line
    assert "aws ec2 describe-" in line


@pytest.mark.parametrize(
    ("name", "data", "advice"),
    [
        ("vpcs.yaml", b"Vpcs:\n- VpcId: vpc-1\n", "--output json"),
        ("vpcs.json", b"Vpcs:\n- VpcId: vpc-1\n", "--output json"),
        ("vpcs.json", b"VPCS\t10.0.0.0/16\tvpc-1\n", "--output json"),
        ("vpcs.json", b'[{"VpcId": "vpc-1"}]', "aws ec2 describe-vpcs"),
        ("vpcs.json", b"", "vpcs.json"),
        ("vpcs.json", b"{}", "vpcs.json"),
        ("vpcs.json", b'"Vpcs"', "vpcs.json"),
        ("vpcs.json", b"\x00\xff\xfe\x00" * 10, "vpcs.json"),
        ("vpcs.json", b"[" * 100_000, "vpcs.json"),
        ("vpcs.json.gz", b"not gzip", "vpcs.json.gz"),
    ],
    ids=["yaml", "yaml-as-json", "text", "query-cut", "empty", "object", "string", "binary", "deep", "no-gzip"],
)
def test_a_file_that_is_no_answer(name: str, data: bytes, advice: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(data)
    assert advice in refusal(sekisho("assess", tmp_path))


def test_a_file_that_is_no_snapshot(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("hello", encoding="utf-8")
    assert "not a directory, a zip, a tar.gz" in refusal(sekisho("assess", tmp_path / "notes.txt"))


@pytest.mark.parametrize("name", ["../outside.json", "/etc/outside.json", "a/../../outside.json", "C:\\outside.json"])
def test_a_path_that_climbs_out_of_an_archive(name: str, tmp_path: Path) -> None:
    for archive in (zipped(tmp_path / "a.zip", [(name, VPCS)]), tarred(tmp_path / "a.tar.gz", [(name, VPCS)])):
        assert "climbs out of it" in refusal(sekisho("assess", archive))


def test_a_zip_bomb(tmp_path: Path) -> None:
    bomb = b'{"Vpcs": [' + b" " * (40 << 20) + b"]}"
    for archive in (zipped(tmp_path / "b.zip", [("v.json", bomb)]), tarred(tmp_path / "b.tar.gz", [("v.json", bomb)])):
        assert "zip bomb" in refusal(sekisho("assess", archive))


def test_an_archive_that_was_cut_short(tmp_path: Path) -> None:
    for whole in (zipped(tmp_path / "c.zip", FILES.items()), tarred(tmp_path / "c.tar.gz", FILES.items())):
        cut = tmp_path / f"cut-{whole.name}"
        cut.write_bytes(whole.read_bytes()[:3000])
        assert cut.name in refusal(sekisho("assess", cut))


def test_a_link_out_of_the_snapshot(tmp_path: Path) -> None:
    (tmp_path / "outside.json").write_bytes(VPCS)
    place = copied(tmp_path / "story")
    (place / "inside.json").symlink_to(tmp_path / "outside.json")
    assert "is a link" in refusal(sekisho("assess", place))


# What can be read in part is an answer ----------------------------------------------------------------


def test_a_truncated_answer_is_a_call_that_failed(tmp_path: Path) -> None:
    """What depends on it is undecided; the file is named among the issues."""
    groups = FILES[f"{HERE}/describe-security-groups.json"]
    place = copied(tmp_path / "story", security_groups=groups[: len(groups) // 2])
    ran = sekisho("assess", place, "-o", "json")
    assert (ran.code, ran.err) == (3, "")
    assert "describe-security-groups.json" in str(ran.document["coverage"]["issues"])
    by_interface = {(v["instance"], v["family"], v["origin"]): v["verdict"] for v in ran.document["verdicts"]}
    assert by_interface[PUBLIC, "ipv4", "internet"] == "unknown"
    # The private server has no public address and no route out, whatever its groups say.
    assert by_interface[PRIVATE, "ipv4", "internet"] == "unreachable"


def test_a_file_of_something_else_is_an_issue(tmp_path: Path) -> None:
    place = copied(tmp_path / "story")
    (place / "package.json").write_text('{"name": "web", "version": "1.0.0"}', encoding="utf-8")
    ran = sekisho("assess", place, "-o", "json")
    assert ran.code == 0
    assert [issue["file"] for issue in ran.document["coverage"]["issues"]] == ["package.json"]
    assert ran.document["verdicts"] == sekisho("assess", STORY, "-o", "json").document["verdicts"]


def test_names_from_the_snapshot_cannot_command_the_terminal(tmp_path: Path) -> None:
    instances = FILES[f"{HERE}/describe-instances.json"]
    place = copied(tmp_path / "story", instances=instances.replace(b'"web-private"', b'"\\u001b[2J\\u0007web\\u202e"'))
    for output_format in ("table", "html", "json"):
        ran = sekisho("assess", place, "-o", output_format)
        assert ran.code == 0
        assert not set(ran.out) & {"\x1b", "\x07"}
        assert output_format == "json" or "\u202e" not in ran.out
