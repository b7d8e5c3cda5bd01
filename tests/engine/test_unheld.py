"""What the barrier of an address that nobody holds tells: where was looked, and what to ask instead."""

from pathlib import Path

import pytest

from sekisho.analysis import explain
from sekisho.conformance.case import cases
from sekisho.conformance.overlay import snapshot_of
from sekisho.engine.query import Query, parse_endpoint
from sekisho.load import load

CORPUS = Path(__file__).parents[2] / "conformance"


@pytest.mark.parametrize(
    ("address", "detail"),
    [
        (
            "8.8.8.8",
            "no interface of the snapshot holds 8.8.8.8; a host of the internet is asked for as internet:8.8.8.8",
        ),
        ("10.0.1.99", "no interface of the snapshot holds 10.0.1.99 (read: 111122223333 ap-northeast-1)"),
        ("192.168.7.7", "no interface of the snapshot holds 192.168.7.7 (read: 111122223333 ap-northeast-1)"),
    ],
)
def test_an_address_that_nobody_holds(tmp_path: Path, address: str, detail: str) -> None:
    case = next(c for c in cases(CORPUS) if c.name == "questions/003-address-of-nobody")
    query = Query(
        source=parse_endpoint("i-a1"), destination=parse_endpoint(f"ip:{address}"), protocol="tcp", ports=(443, 443)
    )
    answer = explain(load(snapshot_of(case, tmp_path)), query).answer
    assert [(b.code, b.component, b.detail) for b in answer.barriers] == [("ENI_ADDRESS_RESTRICTION", address, detail)]
