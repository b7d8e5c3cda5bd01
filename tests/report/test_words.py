import re
from pathlib import Path

import pytest

from sekisho.engine.answer import ORIGINS, Verdict
from sekisho.report.english import ENGLISH
from sekisho.report.japanese import JAPANESE
from sekisho.report.view import SYMBOLS, opened, visible

CATALOGUES = (
    "verdicts", "cells", "meanings", "answers", "tallies", "origins", "barriers", "counts", "call_statuses", "text",
)  # fmt: skip


def test_the_languages_have_words_for_the_same_things() -> None:
    for catalogue in CATALOGUES:
        assert set(getattr(JAPANESE, catalogue)) == set(getattr(ENGLISH, catalogue))
    for key, english in ENGLISH.text.items():
        assert sorted(re.findall(r"{\w*}", JAPANESE.text[key])) == sorted(re.findall(r"{\w*}", english))
    assert len(JAPANESE.proven) == len(ENGLISH.proven)
    assert len(JAPANESE.not_proven) == len(ENGLISH.not_proven)


def test_every_code_that_the_semantics_name_has_a_sentence() -> None:
    semantics = (Path(__file__).parents[2] / "docs" / "SEMANTICS.md").read_text(encoding="utf-8")
    named = set(re.findall(r"\b(?:BAD|ENI|IGW|NO|PCX|SG|VPC|SUBNET|NGW)_[A-Z0-9_]+\b", semantics))
    assert named >= {"BAD_STATE_ROUTE", "PCX_REQUIRES_ADDRESS_IN_VPC_CIDR"}
    assert named - set(ENGLISH.barriers) <= {"IGW_NAT_REFLECTION"}


def test_every_verdict_and_origin_has_its_words() -> None:
    verdicts = {verdict.value for verdict in Verdict}
    catalogues = (ENGLISH.verdicts, ENGLISH.cells, ENGLISH.meanings, ENGLISH.answers, ENGLISH.tallies, SYMBOLS)
    assert all(set(catalogue) == verdicts for catalogue in catalogues)
    assert set(ENGLISH.origins) == set(ORIGINS)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (0, "0 addresses"),
        (1, "1 address"),
        (2, "2 addresses"),
        (3_702_258_432, "3,702,258,432 addresses"),
        (1 << 64, "2^64 addresses"),
        ((1 << 125) - 5, "about 2^125 addresses"),
    ],
)
def test_numbers(number: int, said: str) -> None:
    assert ENGLISH.count("address", number) == said


def test_breadth() -> None:
    assert (ENGLISH.breadth("world"), ENGLISH.breadth(1)) == ("from anywhere", "from 1 address")
    assert (ENGLISH.senders("world"), ENGLISH.senders(16)) == ("the whole internet", "16 addresses")


def test_a_barrier_of_an_unknown_code_is_still_a_sentence() -> None:
    assert ENGLISH.barrier("NEW_CODE", "forward") == "The packet is stopped here."
    assert ENGLISH.barrier("NEW_CODE", "return") == "The reply is stopped here."


def test_visible_keeps_ordinary_text_and_spells_out_the_rest() -> None:
    assert visible("関所\u3000web “1”") == "関所\u3000web “1”"
    assert visible("a\nb\x1b\u202e\u200b\x7f") == "a\\nb\\x1b\\u202e\\u200b\\x7f"


def flow(protocol: str, *ports: str) -> dict[str, object]:
    return {"protocol": protocol, "destination_ports": list(ports)}


@pytest.mark.parametrize(
    ("flows", "said"),
    [
        ([flow("tcp", "22"), flow("tcp", "80", "8000-8010"), flow("udp", "53")], "tcp 22, 80, 8000-8010; udp 53"),
        ([flow("tcp", "22", "23")], "tcp 22-23"),
        ([flow("tcp", "0-65535"), {"protocol": "icmp"}], "tcp all ports; icmp"),
        ([{"protocol": "47"}, {"protocol": "other"}], "protocol 47; other protocols"),
        ([flow("tcp", "0-65535"), flow("udp", "0-65535"), {"protocol": "other"}], "everything"),
    ],
)
def test_what_is_open_in_few_words(flows: list[dict[str, object]], said: str) -> None:
    assert opened(flows, ENGLISH) == said
