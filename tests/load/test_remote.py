"""A snapshot at an address is read as the same one on disk, by the same rules and bounds."""

import io
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.running import STORY, Ran, process, refusal, sekisho
from sekisho.errors import ResourceError, SnapshotError
from sekisho.load import load
from sekisho.load.files import Limits

fsspec = pytest.importorskip("fsspec")

FILES = {p.relative_to(STORY).as_posix(): p.read_bytes() for p in sorted(STORY.rglob("*")) if p.is_file()}


@pytest.fixture
def memory() -> Iterator[str]:
    """An empty place in memory."""
    store = fsspec.filesystem("memory")
    store.pipe({f"/here/{name}": data for name, data in FILES.items()})
    store.pipe("/here.zip", zipped())
    store.pipe("/here.tar.gz", tarred())
    yield "memory://here"
    for place in store.ls("/", detail=False):
        store.rm(place, recursive=True)


def zipped() -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, data in FILES.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def tarred() -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, data in FILES.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return buffer.getvalue()


def said(ran: Ran) -> str:
    """The document of a run that went well."""
    assert ran.code in {0, 3}, ran
    assert ran.err == ""
    return ran.out


WANTED = said(sekisho("assess", STORY, "-o", "json"))


# In memory --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["", "/", ".zip", ".tar.gz"])
def test_the_answer_is_that_of_the_same_files_on_disk(memory: str, ending: str) -> None:
    assert said(sekisho("assess", memory + ending, "-o", "json")) == WANTED


def test_one_file_is_a_snapshot_too(memory: str) -> None:
    name = next(name for name in FILES if name.endswith(".json"))
    assert [i.file for i in load(f"{memory}/{name}").inputs] == [name.rpartition("/")[2]]


def test_certificates_cite_what_lies_there(memory: str, tmp_path: Path) -> None:
    here, there = tmp_path / "here", tmp_path / "there"
    said(sekisho("assess", STORY, "--certificates", here, "-o", "json"))
    said(sekisho("assess", memory, "--certificates", there, "-o", "json"))
    assert there.read_bytes() == here.read_bytes()


def test_explain_reads_it_too(memory: str) -> None:
    asked = ("--from", "internet", "--to", "i-0f8a2c6d4e9b17350", "--protocol", "tcp", "--port", "443")
    assert sekisho("explain", memory, *asked) == sekisho("explain", STORY, *asked)


@pytest.mark.parametrize("address", ["memory://nowhere", "memory://here/nowhere.zip"])
def test_what_is_not_there_is_told(memory: str, address: str) -> None:  # noqa: ARG001 - it makes the place
    assert refusal(sekisho("assess", address)) == f"{address}: no such file or directory"


def test_what_is_no_snapshot_is_told(memory: str) -> None:
    fsspec.filesystem("memory").pipe("/here.txt", b"nothing")
    told = refusal(sekisho("assess", f"{memory}.txt"))
    assert told == "memory://here.txt: not a directory, a zip, a tar.gz or a JSON file"


@pytest.mark.parametrize("ending", ["", ".zip", ".tar.gz"])
def test_the_same_bounds_hold(memory: str, ending: str) -> None:
    with pytest.raises(SnapshotError, match=r"is larger than 100 bytes|holds an entry larger than 100 bytes"):
        load(memory + ending, Limits(file_bytes=100))
    with pytest.raises(SnapshotError, match="the snapshot unpacks to more than 1000 bytes"):
        load(memory + ending, Limits(total_bytes=1000))


@pytest.mark.parametrize("ending", ["", ".zip", ".tar.gz"])
def test_so_does_the_bound_on_entries(memory: str, ending: str) -> None:
    with pytest.raises(SnapshotError, match="the snapshot holds more than 3 entries"):
        load(memory + ending, Limits(entries=3))


def test_hidden_files_and_yaml_are_left_out_and_told(memory: str) -> None:
    fsspec.filesystem("memory").pipe({"/here/.hidden.json": b"{}", "/here/more.yaml": b""})
    assert {(i.file, i.what) for i in load(memory).issues} >= {
        (".hidden.json", "hidden file"),
        ("more.yaml", "YAML is not read"),
    }


# On this machine --------------------------------------------------------------------------------------


def test_an_address_of_this_machine_is_a_path(tmp_path: Path) -> None:
    assert said(sekisho("assess", STORY.as_uri(), "-o", "json")) == WANTED
    (tmp_path / "a link").mkdir()
    (tmp_path / "a link" / "in.json").symlink_to(STORY / "README.md")
    assert refusal(sekisho("assess", (tmp_path / "a link").as_uri())).startswith("in.json is a link or a special file")


# Elsewhere --------------------------------------------------------------------------------------------


def test_a_protocol_that_nobody_knows_is_told() -> None:
    assert refusal(sekisho("assess", "gopher://here/there")).startswith("gopher://here/there: ")


def test_without_the_extra_it_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ResourceError, match=r"pip install 'sekisho\[remote\]'"):
        load("s3://bucket/snapshot")


@pytest.fixture(scope="module")
def store() -> Iterator[dict[str, str]]:
    """An S3 of our own on loopback that holds the story, as variables of an environment."""
    boto3 = pytest.importorskip("boto3")
    pytest.importorskip("s3fs")
    server = pytest.importorskip("moto.server").ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    variables = {
        "AWS_ENDPOINT_URL": f"http://{host}:{port}",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": "us-east-1",
    }
    client = boto3.client(
        "s3",
        endpoint_url=variables["AWS_ENDPOINT_URL"],
        aws_access_key_id="testing",
        aws_secret_access_key="testing",  # noqa: S106 - of a store that is gone after the test
        region_name="us-east-1",
    )
    client.create_bucket(Bucket="estate")
    client.put_object(Bucket="estate", Key="snapshot/", Body=b"")
    for name, data in FILES.items():
        client.put_object(Bucket="estate", Key=f"snapshot/{name}", Body=data)
    client.put_object(Bucket="estate", Key="snapshot.zip", Body=zipped())
    client.put_object(Bucket="estate", Key="snapshot.tar.gz", Body=tarred())
    yield variables
    server.stop()


@pytest.mark.parametrize("key", ["snapshot", "snapshot.zip", "snapshot.tar.gz"])
def test_s3(store: dict[str, str], key: str) -> None:
    assert said(process("assess", f"s3://estate/{key}", "-o", "json", cwd=None, **store)) == WANTED


@pytest.mark.parametrize("address", ["s3://estate/nothing", "s3://no-such-bucket/snapshot"])
def test_what_is_not_in_s3_is_told(store: dict[str, str], address: str) -> None:
    assert refusal(process("assess", address, cwd=None, **store)) == f"{address}: no such file or directory"


def test_an_s3_that_does_not_answer_is_told_in_a_line() -> None:
    nowhere = {
        "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_MAX_ATTEMPTS": "1",
    }
    assert refusal(process("assess", "s3://estate/snapshot", cwd=None, **nowhere)).startswith(
        "s3://estate/snapshot: cannot be read ("
    )
