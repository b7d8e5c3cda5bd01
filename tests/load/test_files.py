"""Directory, zip and tar.gz give the same answer; what is hostile or no snapshot is refused in one line."""

import io
import json
import tarfile
import zipfile
from pathlib import Path

import pytest

from load.answers import directory, estate, files, gzipped, tarred, zipped
from sekisho.errors import SnapshotError
from sekisho.load import load
from sekisho.load.files import Limits, read
from sekisho.model.record import Issue
from sekisho.model.snapshot import Snapshot


def contents(snapshot: Snapshot) -> tuple[object, ...]:
    return (
        snapshot.pages,
        tuple(snapshot.calls),
        snapshot.issues,
        snapshot.missing,
        snapshot.unmodelled,
        snapshot.inputs,
        snapshot.collected,
    )


def refusal(path: Path, limits: Limits | None = None) -> str:
    with pytest.raises(SnapshotError) as caught:
        load(path, limits)
    line = str(caught.value)
    assert "\n" not in line
    return line


def test_a_directory_a_zip_and_a_tar_give_the_same_snapshot(tmp_path: Path) -> None:
    laid = files(estate())
    laid["notes.txt"] = b"not read"
    laid["b/packed.json.gz"] = gzipped(json.dumps({"Addresses": []}).encode())
    same = [
        contents(load(directory(tmp_path / "dir", laid))),
        contents(load(zipped(tmp_path / "x.bin", laid))),
        contents(load(tarred(tmp_path / "y.bin", dict(reversed(laid.items()))))),
    ]
    assert same[0] == same[1] == same[2]


def test_members_written_with_a_leading_dot_or_backslashes_keep_their_plain_names(tmp_path: Path) -> None:
    plain = files({"describe-vpcs": estate()["describe-vpcs"]}, folder="ec2")
    dotted = {"./" + name: data for name, data in plain.items()}
    slashed = {name.replace("/", "\\"): data for name, data in plain.items()}
    assert load(tarred(tmp_path / "t.tgz", dotted)).source("vpcs", "vpc-1").file == "ec2/describe-vpcs.json"
    assert load(zipped(tmp_path / "z.zip", slashed)).source("vpcs", "vpc-1").file == "ec2/describe-vpcs.json"


@pytest.mark.parametrize("folder", ["snap", "2026-11-24 web"])
def test_the_folder_that_wraps_an_archive_is_no_part_of_the_names(tmp_path: Path, folder: str) -> None:
    laid = files(estate())
    wrapped = {f"{folder}/{name}": data for name, data in laid.items()} | {f"{folder}/README": b"not read"}
    same = [
        contents(load(directory(tmp_path / "dir", laid))),
        contents(load(zipped(tmp_path / "x.zip", wrapped))),
        contents(load(tarred(tmp_path / "y.tgz", wrapped))),
    ]
    assert same[0] == same[1] == same[2]


@pytest.mark.parametrize("folder", ["111122223333", "eu-west-1", "ec2"])
def test_a_folder_that_says_whose_or_which_the_answers_are_stays(tmp_path: Path, folder: str) -> None:
    laid = files({"describe-vpcs": estate()["describe-vpcs"]}, folder=folder)
    assert load(zipped(tmp_path / "x.zip", laid)).source("vpcs", "vpc-1").file == f"{folder}/describe-vpcs.json"


def test_a_single_file_is_a_snapshot_of_one(tmp_path: Path) -> None:
    place = tmp_path / "vpcs.json"
    place.write_text(json.dumps(estate()["describe-vpcs"]))
    assert list(load(place).vpcs) == ["vpc-1"]


def test_inputs_are_digests_of_the_bytes_as_they_lie(tmp_path: Path) -> None:
    # SHA-256 of `{"Vpcs": []}`, by sha256sum.
    found = load(directory(tmp_path, {"v.json": b'{"Vpcs": []}'})).inputs
    assert found == (("v.json", "1231db6f2e0ef0a0ad28f75ec149ead1ebafda8b7a96c8a1713e9cbd7862a699", 12),)


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16"])
def test_a_byte_order_mark_is_no_damage(tmp_path: Path, codec: str) -> None:
    text = json.dumps(estate()["describe-vpcs"])
    assert list(load(directory(tmp_path, {"v.json": text.encode(codec)})).vpcs) == ["vpc-1"]


def test_a_hidden_file_is_an_issue(tmp_path: Path) -> None:
    laid = {**files(estate()), "__MACOSX/._describe-vpcs.json": b"\x00\x05\x16\x07"}
    issues = load(zipped(tmp_path / "s.zip", laid)).issues
    assert issues == (
        Issue(
            "__MACOSX/._describe-vpcs.json",
            "",
            "hidden file",
            "it was not read; rename it if it is part of the snapshot",
        ),
    )


def test_yaml_beside_the_json_is_an_issue_and_alone_is_refused(tmp_path: Path) -> None:
    laid = {"vpcs.yaml": b"Vpcs: []"}
    (issue,) = load(zipped(tmp_path / "s.zip", {**files(estate()), **laid})).issues
    assert issue == Issue("vpcs.yaml", "", "YAML is not read", "save the answer with `aws ... --output json`")
    assert refusal(directory(tmp_path / "d", laid)).endswith(
        "no AWS answer in it (vpcs.yaml: YAML is not read; save the answer with `aws ... --output json`)"
    )


# Refused --------------------------------------------------------------------------------------------


def test_a_path_that_does_not_exist(tmp_path: Path) -> None:
    assert refusal(tmp_path / "none").endswith("none: no such file or directory")


def test_a_file_that_is_no_container(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"hello")
    assert refusal(tmp_path / "x").endswith("x: not a directory, a zip, a tar.gz or a JSON file")


def test_a_directory_without_json(tmp_path: Path) -> None:
    assert "no *.json file in it" in refusal(directory(tmp_path, {"a.txt": b""}))


@pytest.mark.parametrize("name", ["../x.json", "/etc/x.json", "a/../../x.json", "..\\x.json", "C:/x.json"])
def test_a_path_that_climbs_out_of_the_archive(tmp_path: Path, name: str) -> None:
    for path in (zipped(tmp_path / "z.zip", {name: b"{}"}), tarred(tmp_path / "t.tgz", {name: b"{}"})):
        assert refusal(path) == f"the archive holds a path that climbs out of it: {name}"


def test_a_link_in_a_directory(tmp_path: Path) -> None:
    directory(tmp_path / "s", files(estate()))
    (tmp_path / "secret.json").write_text("{}")
    (tmp_path / "s" / "x.json").symlink_to(tmp_path / "secret.json")
    assert refusal(tmp_path / "s") == "x.json is a link or a special file; put the file itself into the snapshot"


def test_a_linked_folder(tmp_path: Path) -> None:
    directory(tmp_path / "s", files(estate()))
    (tmp_path / "s" / "more").symlink_to(tmp_path)
    assert refusal(tmp_path / "s") == "more is a link or a special file; put the file itself into the snapshot"


def test_links_in_archives(tmp_path: Path) -> None:
    with tarfile.open(tmp_path / "t.tgz", "w:gz") as archive:
        link = tarfile.TarInfo("x.json")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
        archive.addfile(link)
    with zipfile.ZipFile(tmp_path / "z.zip", "w") as packed:
        info = zipfile.ZipInfo("x.json")
        info.create_system, info.external_attr = 3, 0o120777 << 16
        packed.writestr(info, "/etc/passwd")
    expected = "x.json is a link or a special file; put the file itself into the snapshot"
    assert [refusal(tmp_path / "t.tgz"), refusal(tmp_path / "z.zip")] == [expected, expected]


@pytest.mark.parametrize("layout", ["zip", "tar", "gz"])
def test_a_zip_bomb(tmp_path: Path, layout: str) -> None:
    bomb = b'{"Vpcs": [' + b" " * (32 << 20) + b"]}"
    match layout:
        case "zip":
            path = zipped(tmp_path / "z.zip", {"b.json": bomb})
        case "tar":
            path = tarred(tmp_path / "t.tgz", {"b.json": bomb})
        case _:
            path = directory(tmp_path, {"b.json.gz": gzipped(bomb)})
    assert "it is taken for a zip bomb" in refusal(path)


def test_a_bomb_beside_the_json_of_a_tar(tmp_path: Path) -> None:
    laid = {"a.bin": b" " * (32 << 20), "v.json": b'{"Vpcs": []}'}
    assert "it is taken for a zip bomb" in refusal(tarred(tmp_path / "t.tgz", laid))


def test_limits_of_size_and_number(tmp_path: Path) -> None:
    path = directory(tmp_path, files(estate()))
    assert refusal(path, Limits(entries=3)) == "the snapshot holds more than 3 entries; split it"
    assert refusal(path, Limits(total_bytes=1000)) == "the snapshot unpacks to more than 1000 bytes; split it"
    assert refusal(path, Limits(file_bytes=100)).endswith("is larger than 100 bytes; split it into pages")


def test_a_damaged_archive(tmp_path: Path) -> None:
    whole = tarred(tmp_path / "t.tgz", files(estate())).read_bytes()
    (tmp_path / "cut.tgz").write_bytes(whole[: len(whole) // 2])
    packed = bytearray(zipped(tmp_path / "z.zip", files(estate())).read_bytes())
    packed[60] ^= 0xFF
    (tmp_path / "bad.zip").write_bytes(packed)
    assert refusal(tmp_path / "cut.tgz").startswith("cut.tgz: ")
    assert refusal(tmp_path / "bad.zip").startswith("bad.zip: the archive is damaged")


def test_a_name_that_is_there_twice(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for data in (b'{"Vpcs": []}', b'{"Subnets": []}'):
            info = tarfile.TarInfo("x.json")
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    (tmp_path / "t.tgz").write_bytes(buffer.getvalue())
    assert refusal(tmp_path / "t.tgz") == "the archive holds x.json twice; keep one"


def test_read_yields_the_damage_of_a_cut_gzip(tmp_path: Path) -> None:
    cut = gzipped(b'{"Vpcs": [' + b'{"VpcId": "vpc-1"},' * 4000)[:-9]
    (found,) = read(directory(tmp_path, {"v.json.gz": cut}))
    assert not isinstance(found, Issue)
    assert found.damage == "its gzip data is damaged or cut short"
