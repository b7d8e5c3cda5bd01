"""The checker's own reading of AWS against the corpus, whose answers were worked out by hand."""

from typing import Any

import pytest

from check.corpus import Case, cases, words
from check.questions import answer, flows, same
from check.verdicts import verdict
from sekisho_check.classes import Classes
from sekisho_check.population import population

FROM = (
    *("internet", "igw-", "pcx-", "vgw-", "cagw-", "lgw-", "cloudfront", "arn:aws:globalaccelerator"),
    *("tgw-attach-", "eice-", "vae-", "cvpn-endpoint-", "tg-", "vpce-svc-"),
)
CASES = cases()


def modelled(case: Case, question: dict[str, Any]) -> bool:
    """Whether the question is of what a gateway or service hands into a VPC."""
    start = words(question["explain"])["from"].partition(":")[0]
    text = b" ".join(data for _, data in case.files)
    attachment = start.startswith("tgw-attach-")  # what is no VPC's hands into the gateway alone
    abroad = start.startswith("cvpn-endpoint-") and words(question["explain"])["to"].startswith("i-b")  # by name alone
    return b"CoreNetwork" not in text and not abroad and (not attachment or b'"VpcId"' in _attachment(text, start))


def _attachment(text: bytes, name: str) -> bytes:
    """What the snapshot says right after the id of the attachment."""
    found = [part[:200] for part in text.split(name.encode() + b'"')[1:]]
    return b"".join(found)


QUESTIONS = [
    pytest.param(case, question, id=f"{case.name}-{number}")
    for case in CASES
    for number, question in enumerate(case.questions)
    if "verdict" in question
    and modelled(case, question)
    and words(question["explain"])["from"].startswith(FROM)
    and words(question["explain"])["to"].startswith(("i-", "eni-"))
]
ROWS = [pytest.param(case, id=case.name) for case in CASES if case.rows]


def test_the_corpus_is_asked_in_full() -> None:
    assert len(QUESTIONS) > 380
    assert len(ROWS) > 50


@pytest.mark.parametrize(("case", "question"), QUESTIONS)
def test_question(case: Case, question: dict[str, Any]) -> None:
    found = answer(case.estate(), question["explain"])
    assert found.verdict == question["verdict"]
    if "flows" in question:
        expected = flows(question, found.own, reply=True)
        assert set(expected) == set(found.answered)
        for family, boxes in expected.items():
            assert same(found.answered[family], boxes), found.answered[family]
        listed = flows(question, found.own, reply=False)
        for family, boxes in listed.items():
            assert same(found.one_way[family], boxes), found.one_way[family]


@pytest.mark.parametrize("case", ROWS)
def test_rows(case: Case) -> None:
    estate = case.estate()
    found = {
        (address.interface.id, address.text, origin): verdict(estate, address, ways)
        for address, origin, ways in population(estate, Classes(estate))
    }
    expected = {(row["interface"], row["address"], row["origin"]): row["verdict"] for row in case.rows}
    assert {key: found.get(key) for key in expected} == expected
