"""The corpus holds, and a wrong answer would be seen: comparison, overlay, both formats, the command, the page."""

import json
import re
from pathlib import Path
from typing import Any

import msgspec
import pytest

from cli.running import refusal, sekisho
from sekisho.conformance.boxes import addresses, internet, less, numbers, shape
from sekisho.conformance.case import Case, CaseError, cases
from sekisho.conformance.coverage import ROUTE_TARGETS, page
from sekisho.conformance.overlay import files, laid_over
from sekisho.conformance.run import run
from sekisho.model.routing import TargetKind

ROOT = Path(__file__).parents[1]
CORPUS = ROOT / "conformance"
CASES = cases(CORPUS)
BY_NAME = {case.name: case for case in CASES}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_case_holds(case: Case) -> None:
    assert run(case).misses == ()


def test_the_corpus_is_told_in_words() -> None:
    assert len(CASES) >= 600
    assert [case.name for case in CASES if not (case.body.situation and case.body.source)] == []
    titles = [(case.group, case.body.title) for case in CASES]
    assert len(set(titles)) == len(titles)


def semantics() -> set[str]:
    text = (ROOT / "docs" / "SEMANTICS.md").read_text(encoding="utf-8")
    return set(re.findall(r"\*\*(S-[A-Z0-9]+(?:-[0-9]+)?)\*\*", text))


def cited() -> set[str]:
    return {number for case in CASES for number in case.body.semantics}


def test_cases_cite_rules_that_there_are() -> None:
    assert cited() - semantics() == set()


def test_every_rule_decides_a_case() -> None:
    assert semantics() - cited() == set()


# A wrong answer is seen -------------------------------------------------------------------------------


def changed(name: str, **members: Any) -> Case:
    """The case with members of its first question changed."""
    case = BY_NAME[name]
    first = msgspec.structs.replace(case.body.questions[0], **members)
    body = msgspec.structs.replace(case.body, questions=(first, *case.body.questions[1:]))
    return msgspec.structs.replace(case, body=body)


def flow(name: str, **members: Any) -> Case:
    flows = BY_NAME[name].body.questions[0].flows
    assert flows is not None
    return changed(name, flows=(msgspec.structs.replace(flows[0], **members), *flows[1:]))


@pytest.mark.parametrize(
    "case",
    [
        changed("acls/001-port-range-boundaries", verdict="unreachable"),
        flow("acls/001-port-range-boundaries", destination_ports=("1000-1999",)),
        flow("acls/001-port-range-boundaries", destination_ports=("1000-2001",)),
        flow("acls/002-lowest-number-wins", but=("198.51.100.0/25",)),
        flow("acls/010-reply-from-ephemeral-ports", source_ports=("1023-65535",)),
        changed("acls/005-no-entries-of-its-own", codes=("NO_ROUTE_TO_DESTINATION",)),
        changed("appliances/001-forwards", assumptions=("eni-other",)),
        changed("gateways/001-attached", via=("igw-z",)),
    ],
    ids=["verdict", "a port less", "a port more", "an address more", "a source port more", "code", "assumption", "via"],
)
def test_a_wrong_answer_is_a_miss(case: Case) -> None:
    assert run(case).misses != ()


def test_trace_alone_sees_a_wrong_flow() -> None:
    misses = run(flow("acls/001-port-range-boundaries", destination_ports=("1000-2001",))).misses
    assert [miss for miss in misses if "trace" in miss and "'destination_port': 2001" in miss] != []


def test_a_finding_that_is_not_expected_is_a_miss() -> None:
    case = BY_NAME["findings/001-ssh-from-the-internet"]
    fewer = msgspec.structs.replace(case, body=msgspec.structs.replace(case.body, findings=case.body.findings[:1]))  # type: ignore[index]
    assert [miss for miss in run(fewer).misses if "not expected" in miss] != []


# Sets -------------------------------------------------------------------------------------------------

ONE = ((6, 6),)


def test_equal_sets_have_one_shape() -> None:
    whole = ((ONE, ((0, 9),), ((1, 1),), ((0, 5),), ((0, 1),)),)
    parts = (
        (ONE, ((0, 4),), ((1, 1),), ((0, 5),), ((0, 1),)),
        (ONE, ((3, 9),), ((1, 1),), ((0, 2), (3, 5)), ((0, 1),)),
    )
    assert shape(whole) == shape(parts)
    assert shape(whole) != shape(parts[:1])
    assert shape(()) is False


def test_the_internet_leaves_out_private_and_own_blocks() -> None:
    found = internet("ipv4", ["198.51.100.0/24"])
    assert found[0] == (1 << 24, (10 << 24) - 1)
    assert found[-1][1] == (224 << 24) - 1
    assert less(addresses(["198.51.99.0/24", "198.51.101.0/24"], "ipv4"), found) == ()
    assert less(addresses(["198.51.100.0/24"], "ipv4"), found) == addresses(["198.51.100.0/24"], "ipv4")
    assert internet("ipv6", ["2001:db8::/32"]) == less(
        addresses(["2000::/3"], "ipv6"), addresses(["2001:db8::/32"], "ipv6")
    )


def test_numbers_join_where_they_touch() -> None:
    assert numbers(["22", "20-21", "30"]) == ((20, 22), (30, 30))


# The overlay ------------------------------------------------------------------------------------------


def test_a_record_replaces_members_of_the_same_record() -> None:
    base = {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": "vpc-1", "IpPermissions": [1]}, {"GroupId": "sg-2"}]}
    own = {"SecurityGroups": [{"GroupId": "sg-1", "VpcId": None, "IpPermissions": []}, {"GroupId": "sg-3"}]}
    assert laid_over(base, own) == {
        "SecurityGroups": [{"GroupId": "sg-1", "IpPermissions": []}, {"GroupId": "sg-2"}, {"GroupId": "sg-3"}]
    }


def test_lists_without_ids_are_replaced() -> None:
    base = {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": [{"GatewayId": "local"}]}]}
    own = {"RouteTables": [{"RouteTableId": "rtb-1", "Routes": []}]}
    assert laid_over(base, own) == own


def test_a_call_is_taken_out_and_a_record_too() -> None:
    assert "describe-network-acls.json" not in files(BY_NAME["loading/010-absent-and-not-needed"])
    answer = files(BY_NAME["findings/015-no-instance-no-finding"])["describe-instances.json"]
    assert answer == {"Reservations": []}


def test_taking_out_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "bases").mkdir()
    (tmp_path / "bases" / "b.json").write_text('{"x.json": {"Vpcs": []}}', encoding="utf-8")
    body = {"title": "t", "situation": "s", "source": [], "semantics": [], "base": "b", "without": ["vpc-1"]}
    (tmp_path / "g").mkdir()
    (tmp_path / "g" / "001-a.json").write_text(json.dumps(body), encoding="utf-8")
    with pytest.raises(CaseError, match="no record of the base is called vpc-1"):
        files(cases(tmp_path)[0])


# Folders and the command ------------------------------------------------------------------------------


def folder(place: Path, verdict: str) -> Path:
    """A case of the folder format, made of a compact one."""
    name = "acls/003-later-deny-is-dead"
    assert sekisho("conformance", CORPUS, "--extract", name, place).code == 0
    told = json.loads((place / "case.json").read_bytes())
    questions = [{"explain": q["ask"], "exit": 0, "verdict": verdict, "sources": "internet"} for q in told["questions"]]
    (place / "expect.json").write_text(json.dumps({"questions": questions}), encoding="utf-8")
    words = "# A case\n\nIt is told by S-ACL-02.\n\nSource: vpc/latest/userguide/nacl-rules\n"
    (place / "README.md").write_text(words, encoding="utf-8")
    return place


def test_a_case_goes_out_and_comes_back_as_a_folder(tmp_path: Path) -> None:
    folder(tmp_path / "group" / "one", "reachable")
    found = cases(tmp_path)
    assert [(c.name, c.body.title, c.body.source, c.body.semantics) for c in found] == [
        ("group/one", "A case", ("vpc/latest/userguide/nacl-rules",), ("S-ACL-02",))
    ]
    result = sekisho("conformance", tmp_path)
    assert result.code == 0
    assert result.out.splitlines()[1].split() == ["group", "1", "1", "1", "1"]


def test_a_miss_ends_with_1_and_says_which(tmp_path: Path) -> None:
    folder(tmp_path / "group" / "one", "unreachable")
    result = sekisho("conformance", tmp_path)
    assert result.code == 1
    assert "1 of 1 cases missed: group/one" in result.out
    assert "verdict: expected unreachable, got reachable" in result.err


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("no-such-directory",), "there is no such directory of cases"),
        ((CORPUS, "--group", "nothing"), "no case is in group nothing"),
        ((CORPUS, "--extract", "acls/000", "out"), "no case is called acls/000"),
    ],
)
def test_what_cannot_be_run_is_told_in_one_line(arguments: tuple[str | Path, ...], words: str) -> None:
    assert words in refusal(sekisho("conformance", *arguments))


# The page ---------------------------------------------------------------------------------------------


def test_the_page_is_up_to_date() -> None:
    written = (ROOT / "docs" / "COVERAGE.md").read_text(encoding="utf-8")
    assert written == page(CASES), "run: sekisho conformance --coverage > docs/COVERAGE.md"


def test_every_target_of_a_route_is_on_the_page() -> None:
    assert {kind for kind, _ in ROUTE_TARGETS} == set(TargetKind)
