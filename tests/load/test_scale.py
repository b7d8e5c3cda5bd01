"""What a large snapshot must not do once for each record: counted, for a clock would tell of the machine."""

import gc
from collections import Counter
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest

from load.answers import ACCOUNT, REGION, directory, envelope, estate, files
from sekisho.errors import SnapshotError
from sekisho.load import check, clues, load
from sekisho.model.kinds import KIND_BY_TABLE
from sekisho.model.record import Scope, Source

# Functions of the same names stand before these modules.
decode, recognise = import_module("sekisho.load.decode"), import_module("sekisho.load.recognise")
MANY = 300
FOLDER = f"{ACCOUNT}/{REGION}"


def interfaces(count: int = MANY) -> list[dict[str, Any]]:
    (one,) = estate()["describe-network-interfaces"]["NetworkInterfaces"][:1]
    return [{**one, "NetworkInterfaceId": f"eni-{n:05}", "PrivateIpAddresses": []} for n in range(count)]


def fleet(tmp_path: Path, folder: str, **more: Any) -> Path:
    found = {"describe-network-interfaces": {"NetworkInterfaces": interfaces()}, **more}
    return directory(tmp_path, files({**estate(), **found}, folder))


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Callable[[Any, str], Counter[str]]:
    """Counts the calls of a function of a module, from now on."""
    counted: Counter[str] = Counter()

    def count(module: Any, name: str) -> Counter[str]:
        function = getattr(module, name)

        def counting(*arguments: Any, **more: Any) -> Any:
            counted[name] += 1
            return function(*arguments, **more)

        monkeypatch.setattr(module, name, counting)
        return counted

    return count


def test_records_without_a_flaw_are_judged_together(tmp_path: Path, calls: Any) -> None:
    counted = calls(decode, "flaw")
    assert len(load(fleet(tmp_path, FOLDER)).interfaces) == MANY
    assert counted["flaw"] == 0


def test_one_flaw_costs_one_record(tmp_path: Path, calls: Any) -> None:
    counted = calls(decode, "flaw")
    damaged = interfaces()
    damaged[7]["PrivateIpAddress"] = "10.0.0.300"
    answers = {**estate(), "describe-network-interfaces": {"NetworkInterfaces": damaged}}
    snapshot = load(directory(tmp_path, files(answers, FOLDER)))
    assert len(snapshot.interfaces) == MANY - 1
    assert snapshot.missing["eni-00007"].source.pointer == "/NetworkInterfaces/7"
    assert counted["flaw"] == MANY


@pytest.mark.parametrize("field", ["PrivateIpAddress", "NetworkInterfaceId"])
@pytest.mark.parametrize("value", ["10.0.0.300", "", "a b", "é", "x" * 257])
def test_judged_together_or_alone_the_same_records_have_a_flaw(field: str, value: str) -> None:
    kind = KIND_BY_TABLE["interfaces"]
    records = [kind.type(network_interface_id="eni-1"), kind.type(network_interface_id="eni-2")]
    named = {"PrivateIpAddress": "private_ip_address", "NetworkInterfaceId": "network_interface_id"}[field]
    odd = kind.type(**{"network_interface_id": "eni-3", named: value})
    assert check.flawless(kind, records)
    assert check.flawless(kind, [*records, odd]) is (check.flaw(kind, odd) is None)


def test_interfaces_that_say_the_same_share_one_clue(tmp_path: Path, calls: Any) -> None:
    counted = calls(clues, "clue_of")
    snapshot = load(fleet(tmp_path, "anywhere"))
    assert {snapshot.scope("interfaces", name) for name in snapshot.interfaces} == {Scope(ACCOUNT, REGION)}
    assert counted["clue_of"] < MANY // 10


def test_an_envelope_is_opened_in_one_step(tmp_path: Path, calls: Any) -> None:
    counted = calls(recognise, "_object")
    calls(recognise, "_members")
    load(directory(tmp_path, files({"x": envelope("ec2", "DescribeVpcs", estate()["describe-vpcs"])})))
    # The one object that is looked for is a list that CloudFront might have wrapped.
    assert counted == Counter({"_object": 1})


def test_an_envelope_may_have_its_members_in_any_order(tmp_path: Path) -> None:
    written = envelope("ec2", "DescribeVpcs", estate()["describe-vpcs"])
    turned = {"note": "x" * 5000, **dict(reversed(written.items()))}
    as_written = load(directory(tmp_path / "a", files({"x": written})))
    as_turned = load(directory(tmp_path / "b", files({"x": turned})))
    assert as_turned.pages == as_written.pages


def test_instances_of_many_reservations_are_one_page_and_know_their_places(tmp_path: Path) -> None:
    sizes = (1, 0, 2, 1)
    names = iter("abcd")
    running = {"State": {"Name": "running"}}
    reservations = [
        {"OwnerId": ACCOUNT, "Instances": [{"InstanceId": f"i-{next(names)}", **running} for _ in range(size)]}
        for size in sizes
    ]
    snapshot = load(directory(tmp_path, files({"describe-instances": {"Reservations": reservations}}, FOLDER)))
    (page,) = (page for page in snapshot.pages if page.table == "instances")
    file = f"{FOLDER}/describe-instances.json"
    assert [page.source(index) for index in range(4)] == [
        Source(file, "/Reservations/0/Instances/0"),
        Source(file, "/Reservations/2/Instances/0"),
        Source(file, "/Reservations/2/Instances/1"),
        Source(file, "/Reservations/3/Instances/0"),
    ]
    assert snapshot.source("instances", "i-c") == page.source(2)


@pytest.mark.parametrize("running", [True, False])
def test_the_garbage_collector_is_left_as_it_was(tmp_path: Path, running: bool) -> None:
    (gc.enable if running else gc.disable)()
    try:
        load(fleet(tmp_path / "good", FOLDER))
        assert gc.isenabled() is running
        with pytest.raises(SnapshotError):
            load(tmp_path / "none")
        assert gc.isenabled() is running
    finally:
        gc.enable()
