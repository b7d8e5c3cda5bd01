"""Digests of records: the canonical JSON of RFC 8785, found by file and pointer, the same in every container."""

import hashlib
import json
import zipfile
from pathlib import Path

import pytest

from sekisho.errors import SnapshotError
from sekisho.load.digests import digests
from sekisho.model.record import Source

VPCS = {
    "Vpcs": [{"VpcId": "vpc-1", "CidrBlock": "10.0.0.0/16"}, {"b": 1.0, "a": "\u00e9", "a/b~c": [True, None, 1e21]}]
}


def sha256(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    (tmp_path / "snap").mkdir()
    (tmp_path / "snap" / "vpcs.json").write_text(json.dumps(VPCS, indent=4), encoding="utf-8")
    return tmp_path / "snap"


def test_a_record_is_hashed_in_its_canonical_form(snapshot: Path) -> None:
    one, two = Source("vpcs.json", "/Vpcs/0"), Source("vpcs.json", "/Vpcs/1")
    assert digests(snapshot, [one, two]) == {
        one: sha256('{"CidrBlock":"10.0.0.0/16","VpcId":"vpc-1"}'),
        two: sha256('{"a":"\u00e9","a/b~c":[true,null,1e+21],"b":1}'),
    }


def test_a_part_of_a_record_is_found_by_an_escaped_pointer(snapshot: Path) -> None:
    place = Source("vpcs.json", "/Vpcs/1/a~1b~0c")
    assert digests(snapshot, [place]) == {place: sha256("[true,null,1e+21]")}


def test_an_archive_gives_the_same_digest(snapshot: Path, tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "s.zip", "w") as archive:
        archive.write(snapshot / "vpcs.json", "vpcs.json")
    place = Source("vpcs.json", "/Vpcs/0")
    assert digests(tmp_path / "s.zip", [place]) == digests(snapshot, [place])


@pytest.mark.parametrize("pointer", ["/Vpcs/7", "/Subnets/0", "/Vpcs/x", "/Vpcs/0/VpcId/0"])
def test_a_snapshot_that_changed_is_told_in_one_line(snapshot: Path, pointer: str) -> None:
    with pytest.raises(SnapshotError, match=r"vpcs\.json changed while it was assessed"):
        digests(snapshot, [Source("vpcs.json", pointer)])


def test_a_file_that_is_gone_is_told_in_one_line(snapshot: Path) -> None:
    with pytest.raises(SnapshotError, match=r"subnets\.json is no longer in the snapshot"):
        digests(snapshot, [Source("subnets.json", "/Subnets/0")])
