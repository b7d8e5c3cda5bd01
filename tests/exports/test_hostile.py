"""Names from an estate never become formulas, markup or control characters."""

import csv
from io import BytesIO, StringIO
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from openpyxl import load_workbook

from sekisho.exports import FORMATS, facts, markdown, render, tables

FORMULA = '=HYPERLINK("http://x.example","y")'
NAME = "<script>alert(1)</script>|`@here` [a](http://x.example)\x00\x1b[31m\u202e\ud83d"


def document(name: str) -> Any:
    """An assessment of one interface whose every free text is `name`, with no account, Region or time."""
    finding: dict[str, object] = {
        **dict.fromkeys(("account", "region", "vpc", "peer_vpc", "network_acl", "process", "service"), None),
        **dict.fromkeys(("title", "description", "recommendation", "rule"), name),
        "id": "f1",
        "type": "NetworkExposure",
        "severity": "High",
        "numeric_severity": 9.0,
        "origin": "internet",
        "instance": "i-1",
        "interface": "eni-1",
        "addresses": ["10.0.0.1", "2001:db8::1"],
        "via": ["igw-1"],
        "protocol": None,
        "port": None,
        "security_groups": ["sg-1"],
        "sources": ["0.0.0.0/0"],
        "width": "world",
        "reply": True,
        "answers": ["a1"],
        "tcp_ports": ["0-65535"],
        "udp_ports": ["53"],
        "attributes": {},
    }
    facts_of_it = dict.fromkeys(("name", "instance_name", "description", "vpc_name", "subnet_name"), name)
    interface = {**facts_of_it, "kind": "instance", "account": None, "region": None, "instance": "i-1", "vpc": None}
    row = {"account": None, "region": None, "instance": "i-1", "interface": "eni-1", "address": "10.0.0.1"}
    row |= {"public_address": None, "family": "ipv4", "origin": "internet", "verdict": "unknown", "depth": None}
    answer = {"verdict": "unknown", "via": [], "barriers": [], "reasons": [name]}
    return {
        "schema": "sekisho.assessment/1",
        "run": {"version": "1", "semantics": "1", "input_digest": "sha256:00", "collected_at": None},
        "coverage": {"calls": []},
        "summary": {"addresses": 1, "interfaces": 1, "verdicts": {"internet": {"unknown": 1}}, "findings": {"High": 1}},
        "interfaces": {"eni-1": {**interface, "subnet": None}},
        "verdicts": [{**row, "answer": "a1"}],
        "answers": {"a1": answer},
        "findings": [finding],
    }


def test_no_cell_of_csv_begins_a_formula() -> None:
    for text in ("=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"):
        assert tables.harmless(text) == "'" + text
    assert [tables.harmless(cell) for cell in ("10.0.0.0/8", -1, None)] == ["10.0.0.0/8", -1, None]
    rows = list(csv.DictReader(StringIO(str(render(document(FORMULA), "csv")), newline="")))
    assert [row["title"] for row in rows] == ["'" + FORMULA]


def test_cells_of_a_workbook_are_text() -> None:
    written = render(document(FORMULA), "xlsx")
    assert isinstance(written, bytes)
    sheet = load_workbook(BytesIO(written))["Findings"]
    heads = [cell.value for cell in sheet[1]]
    cell = sheet.cell(2, heads.index("title") + 1)
    assert (cell.value, cell.data_type, cell.hyperlink) == (FORMULA, "s", None)


def test_a_long_text_is_cut_at_the_limit_of_a_cell() -> None:
    written = render(document("x" * 40_000), "xlsx")
    assert isinstance(written, bytes)
    sheet = load_workbook(BytesIO(written))["Findings"]
    assert max(len(str(cell.value)) for cell in sheet[2]) == 32_767


def test_markdown_says_names_and_does_nothing_with_them() -> None:
    said = markdown.literal("<b>|`x` @here [a](http://x) www.x.example")
    assert said == "&lt;b&gt;\\|\\`x\\` &#64;here \\[a\\](http&#58;//x) www&#46;x.example"


def test_junit_is_well_formed_whatever_a_name_holds() -> None:
    root = ET.fromstring(str(render(document(NAME), "junit")))  # noqa: S314 - our own
    (error,) = root.iter("error")
    assert "<script>alert(1)</script>" in error.attrib["message"]
    assert "\x00" not in error.attrib["message"]
    assert root.attrib | {} == {"name": "sekisho", "tests": "1", "failures": "0", "errors": "1"}


@pytest.mark.parametrize("output_format", FORMATS)
@pytest.mark.parametrize("name", [FORMULA, NAME.replace("\ud83d", ""), "", "x" * 10_000])
def test_no_text_breaks_a_format(output_format: str, name: str) -> None:
    written = render(document(name), output_format)
    assert written == render(document(name), output_format)
    assert isinstance(written, bytes) or written.encode()


def test_where_the_snapshot_names_no_time_or_account() -> None:
    shown = document("x")
    assert facts.collected(shown) == "1970-01-01T00:00:00Z"
    shown["run"]["collected_at"] = {"earliest": "2026-11-23T05:00:00Z", "latest": "2026-11-23T14:30:05+09:00"}
    assert facts.collected(shown) == "2026-11-23T05:30:05Z"
    assert facts.milliseconds(shown) == 1_795_411_805_000


@pytest.mark.parametrize(
    ("region", "partition"),
    [("cn-north-1", "aws-cn"), ("us-gov-west-1", "aws-us-gov"), ("eu-west-1", "aws"), (None, "aws")],
)
def test_partitions(region: str | None, partition: str) -> None:
    assert facts.partition(region) == partition
