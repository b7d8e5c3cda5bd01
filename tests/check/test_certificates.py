"""Certificates written by hand: the true one holds, and every other is refused, with the reason in one line."""

import copy
import json
from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from check.corpus import Case, cases
from sekisho_check.audit import Audit, Result
from sekisho_check.canonical import digest, pointed
from sekisho_check.certificate import LINE, RefusedError, certificate

INTERNET = (
    "1.0.0.0-9.255.255.255,11.0.0.0-100.63.255.255,100.128.0.0-126.255.255.255,128.0.0.0-169.253.255.255,"
    "169.255.0.0-172.15.255.255,172.32.0.0-192.167.255.255,192.169.0.0-223.255.255.255"
)
Change = Callable[[dict[str, Any]], object]


@cache
def case(name: str) -> Case:
    return next(one for one in cases() if one.name == name)


def audit(name: str) -> Audit:
    return Audit(case(name).estate())


def cited(estate_of: Audit, *keys: str) -> dict[str, str]:
    found = {}
    for key in keys:
        file, _, pointer = key.partition("#")
        found[key] = digest(pointed(estate_of.estate.files[file], pointer))
    return found


def true_one(checker: Audit) -> dict[str, Any]:
    """X of the base `public`: tcp 22 is open to the internet by its group, and nothing else."""
    stopped = [["6", 0, "0-21,23-65535", "*"], ["0-5,7-255", 0, "*", "*"]]
    return {
        "schema": "sekisho.certificate/1",
        "semantics": "1",
        "row": {
            "account": "111122223333",
            "region": "ap-northeast-1",
            "interface": "eni-a1",
            "address": "10.0.1.10",
            "family": "ipv4",
            "origin": "internet",
        },
        "verdict": "reachable",
        "sources": [INTERNET],
        "ways": [
            {
                "way": ["internet-gateway", "igw-a"],
                "claims": [
                    {"fate": "answered", "boxes": [["6", 0, "22", "*"]]},
                    {"fate": "stopped", "layer": "groups", "record": "interface", "boxes": stopped},
                ],
            }
        ],
        "witness": {
            "way": ["internet-gateway", "igw-a"],
            "packet": {"source": "198.51.100.7", "protocol": 6, "source_port": 49152, "destination_port": 22},
            "passes": ["igw-a", "interface"],
        },
        "relies_on_absent": [],
        "records": cited(
            checker,
            "describe-network-interfaces.json#/NetworkInterfaces/0",
            "describe-security-groups.json#/SecurityGroups/0",
            "describe-internet-gateways.json#/InternetGateways/0",
        ),
    }


PUBLIC = "loading/017-seldom-kinds-are-assumed-absent"
"""A case that is the base `public` as it stands."""


def check(checker: Audit, given: dict[str, Any]) -> Result:
    return checker.check(certificate(json.dumps(given).encode()))


def refusal(given: dict[str, Any]) -> str:
    with pytest.raises(RefusedError) as caught:
        check(audit(PUBLIC), given)
    said = str(caught.value)
    assert "\n" not in said
    return said


def changed(change: Change) -> dict[str, Any]:
    given = copy.deepcopy(true_one(audit(PUBLIC)))
    change(given)
    return given


def test_the_true_one_holds() -> None:
    checker = audit(PUBLIC)
    assert check(checker, true_one(checker)) == Result("reachable", "proven", [])
    assert checker.missing() == []


def claims(given: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = given["ways"][0]["claims"]
    return found


CHANGES: dict[str, tuple[Change, str]] = {
    "a box is left out": (lambda c: claims(c)[1]["boxes"].pop(), "packets are left out"),
    "a port is left out": (lambda c: claims(c)[1]["boxes"][0].__setitem__(2, "0-21,24-65535"), "packets are left out"),
    "a claim is left out": (lambda c: claims(c).pop(1), "packets are left out"),
    "sources are left out": (lambda c: c["sources"].__setitem__(0, INTERNET.partition(",")[2]), "packets are left out"),
    "boxes overlap": (lambda c: claims(c)[1]["boxes"][0].__setitem__(2, "0-65535"), "two boxes"),
    "a box twice": (lambda c: claims(c)[0]["boxes"].append(["6", 0, "22", "*"]), "two boxes"),
    "more than the way brings": (lambda c: c["sources"].__setitem__(0, "0.0.0.0-223.255.255.255"), "cannot bring"),
    "the open port is said to be stopped": (
        lambda c: (
            claims(c)[1]["boxes"].append(["6", 0, "22", "*"]),
            claims(c).pop(0),
            c.update(verdict="unreachable", witness=None),
        ),
        "not stopped by groups",
    ),
    "a closed port is said to be open": (
        lambda c: (
            claims(c)[0]["boxes"][0].__setitem__(2, "22-23"),
            claims(c)[1]["boxes"][0].__setitem__(2, "0-21,24-65535"),
        ),
        "not delivered: stopped by groups",
    ),
    "an answer is said to be lost": (
        lambda c: (
            claims(c)[0].update(fate="one-way", layer="return route", record="igw-a"),
            c.update(verdict="forward-only"),
        ),
        "not stopped by return route",
    ),
    "another layer": (lambda c: claims(c)[1].update(layer="state"), "not stopped by state"),
    "another record": (lambda c: claims(c)[1].update(record="igw-a"), "not stopped by groups of 'igw-a'"),
    "a record that is not cited": (lambda c: claims(c)[1].update(record="acl-a0"), "'acl-a0' is not among the records"),
    "a verdict that does not follow": (lambda c: c.update(verdict="unreachable", witness=None), "does not follow"),
    "no ways": (lambda c: c.update(ways=[], verdict="unreachable", witness=None), "is missing"),
    "another gateway": (
        lambda c: [one.update(way=["internet-gateway", "igw-z"]) for one in (c["ways"][0], c["witness"])],
        "is missing",
    ),
    "a way that is none": (
        lambda c: c["ways"].append({"way": ["pool", "igw-a", "192.0.2.0/24"], "claims": []}),
        "there is no way",
    ),
    "a way twice": (lambda c: c["ways"].append(c["ways"][0]), "given twice"),
    "another digest": (
        lambda c: c["records"].update(dict.fromkeys(c["records"], "0" * 64)),
        "not the record that was cited",
    ),
    "a record of nowhere": (lambda c: c["records"].update({"x.json#/Vpcs/0": "0" * 64}), "not in the snapshot"),
    "its own record is not cited": (
        lambda c: c["records"].pop("describe-network-interfaces.json#/NetworkInterfaces/0"),
        "'eni-a1' is not among",
    ),
    "no witness": (lambda c: c.update(witness=None), "witness"),
    "a witness of another port": (lambda c: c["witness"]["packet"].update(destination_port=23), "witness"),
    "a witness of another way": (lambda c: c["witness"].update(way=["pool", "x"]), "witness"),
    "another schema": (lambda c: c.update(schema="sekisho.certificate/2"), "schema"),
    "another semantics": (lambda c: c.update(semantics="2"), "semantics"),
    "semantics of another type": (lambda c: c.update(semantics=1), "semantics"),
    "another account": (lambda c: c["row"].update(account="444455556666"), "account"),
    "another family": (lambda c: c["row"].update(family="ipv6"), "family"),
    "another Region": (lambda c: c["row"].update(region="us-east-1"), "Region"),
    "another interface": (lambda c: c["row"].update(interface="eni-zz"), "no such row"),
    "another address": (lambda c: c["row"].update(address="10.0.1.11"), "no such row"),
    "an origin that there is not": (lambda c: c["row"].update(origin="mars"), "no such row"),
    "an origin that the VPC lacks": (lambda c: c["row"].update(origin="tgw"), "there is no"),
    "an origin that the VPC lacks, and no way": (
        lambda c: (c["row"].update(origin="tgw"), c.update(ways=[], verdict="unreachable", witness=None)),
        "there is no such row",
    ),
    "a fate that there is not": (lambda c: claims(c)[0].update(fate="maybe"), "fate is not known"),
    "a layer that there is not": (lambda c: claims(c)[1].update(layer="luck"), "without the layer"),
    "stopped by nothing": (lambda c: claims(c)[1].pop("record"), "without the layer"),
    "an unknown member": (lambda c: claims(c)[1].update(note="x"), "members"),
    "a missing member": (lambda c: c.pop("records"), "members"),
    "ranges that descend": (lambda c: claims(c)[1]["boxes"][0].__setitem__(2, "23-65535,0-21"), "not ascending"),
    "ranges that are none": (lambda c: claims(c)[1]["boxes"][0].__setitem__(2, "0-21,ssh"), "no ranges"),
    "ports out of bounds": (lambda c: claims(c)[1]["boxes"][0].__setitem__(2, "0-21,23-65536"), "out of bounds"),
    "protocols with no ports": (lambda c: claims(c)[1]["boxes"][1].__setitem__(2, "1"), "have *"),
    "an index out of bounds": (lambda c: claims(c)[1]["boxes"][0].__setitem__(1, 1), "no such sources"),
    "a box of three": (lambda c: claims(c)[1]["boxes"][0].pop(), "not protocols"),
    "boxes that are no list": (lambda c: claims(c)[1].update(boxes="all"), "no list"),
    "too many boxes": (lambda c: claims(c)[1].update(boxes=[["6", 0, "22", "*"]] * 140000), "too long"),
    "a row that is none": (lambda c: c.update(row=[]), "row"),
    "sources that are numbers": (lambda c: c.update(sources=[1]), "no string"),
    "sources that are no addresses": (lambda c: c.update(sources=["10.0.0.0/8"]), "no addresses"),
    "a digest that is none": (lambda c: c["records"].update(x=1), "SHA-256"),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_forged_one_is_refused(name: str) -> None:
    change, reason = CHANGES[name]
    said = refusal(changed(change))
    assert reason in said


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"null",
        b"[]",
        b"{",
        b"[" * 100_000,
        b'{"schema": NaN}',
        b"\xff",
        b'{"a": 1, "a": 2}',
        json.dumps({"schema": "sekisho.certificate/1"}).encode(),
        b" " * (LINE + 1),
    ],
)
def test_a_line_that_is_no_certificate_is_refused(line: bytes) -> None:
    with pytest.raises(RefusedError):
        certificate(line)


def compact(given: dict[str, Any]) -> str:
    return json.dumps(given, separators=(",", ":"))


def test_a_certificate_holds_however_it_is_written() -> None:
    given = true_one(audit(PUBLIC))
    backwards = dict(reversed(given.items()))
    for text in (compact(given), compact(backwards), json.dumps(given, indent=1).replace("\n", " ")):
        assert audit(PUBLIC).check(certificate(text.encode())).verdict == "reachable"


@pytest.mark.parametrize("before", [',"verdict":', ',"witness":', ',"records":'])
@pytest.mark.parametrize("member", ["row", "verdict", "witness", "records", "way"])
def test_a_member_more_is_refused_wherever_it_stands(before: str, member: str) -> None:
    line = compact(true_one(audit(PUBLIC)))
    extra = f',"{member}":null'
    with pytest.raises(RefusedError):
        certificate(line.replace(before, extra + before, 1).encode())


@pytest.mark.parametrize("torn", ['{,"verdict":', '{"schema":"x"},"verdict":', '{"row":{"schema":{"x":1,"verdict":'])
def test_a_line_whose_parts_alone_would_do_is_refused(torn: str) -> None:
    line = compact(true_one(audit(PUBLIC)))
    with pytest.raises(RefusedError):
        certificate((torn + line.partition(',"verdict":')[2]).encode())


def test_every_truncation_is_refused() -> None:
    line = json.dumps(true_one(audit(PUBLIC))).encode()
    for end in range(0, len(line), 7):
        with pytest.raises(RefusedError):
            certificate(line[:end])


def test_a_second_certificate_for_a_row_is_refused() -> None:
    checker = audit(PUBLIC)
    check(checker, true_one(checker))
    with pytest.raises(RefusedError, match="second certificate"):
        check(checker, true_one(checker))


def test_open_claims_prove_nothing_and_are_noted() -> None:
    checker = audit(PUBLIC)
    given = true_one(checker)
    claims(given)[0].update(fate="open", reasons=["nobody knows"])
    given |= {"verdict": "unknown", "witness": None}
    found = check(checker, given)
    assert (found.verdict, found.standing) == ("unknown", "undecided")
    assert found.notes == ["'internet-gateway igw-a', claim 0: open, and its packets are answered"]


def test_an_assumption_has_to_be_said() -> None:
    # X's way in leads through an appliance, and the way back does too: it is assumed that it forwards.
    checker = audit("edge/003-redirected-both-ways")
    row = next(key for key in checker.rows if key[0] == "eni-a1" and key[2] == "internet")
    address, ways, _ = checker.rows[row]
    given = true_one(audit(PUBLIC))
    given["row"] |= {"address": address.text}
    files = {record.id: record.key for records in checker.estate.by_id.values() for record in records}
    given["records"] = cited(checker, files["eni-a1"], files["igw-a"])
    given["ways"][0]["way"] = list(ways[0].words)
    given["witness"]["packet"]["destination_port"] = 443
    claims(given)[0]["boxes"] = [["6", 0, "443", "*"]]
    claims(given)[1]["boxes"] = [["6", 0, "0-442,444-65535", "*"], ["0-5,7-255", 0, "*", "*"]]
    with pytest.raises(RefusedError, match="only where eni-f1 forwards"):
        check(checker, copy.deepcopy(given))
    checker.seen.clear()
    claims(given)[0]["assumed"] = True
    assert check(checker, given) == Result("reachable", "resting on assumptions", [])
