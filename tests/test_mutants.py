"""Each seeded mistake about AWS is seen by the checks that are named for it, and by nothing where it is not put in."""

import pytest

from agreement import pairs_of
from mutants import corpus, put_in, seen_by_case, seen_on_network
from random_estates import drawn
from seeded_mistakes import MISTAKES, Mistake
from sekisho.engine import filters

CASES = corpus()
SEEN_BY_CASES = [mistake for mistake in MISTAKES if mistake.case]
SEEN_ON_NETWORKS = [mistake for mistake in MISTAKES if mistake.seed is not None]


def test_every_mistake_is_seen_by_something() -> None:
    assert [mistake.name for mistake in MISTAKES if not mistake.case and mistake.seed is None] == []
    assert len({mistake.name for mistake in MISTAKES}) == len(MISTAKES)


@pytest.mark.parametrize("mistake", SEEN_BY_CASES, ids=lambda mistake: mistake.name)
def test_a_case_of_the_corpus_sees_it(mistake: Mistake) -> None:
    case = CASES[mistake.case]
    with put_in(mistake):
        assert seen_by_case(case)
    assert not seen_by_case(case)


@pytest.mark.parametrize("mistake", SEEN_ON_NETWORKS, ids=lambda mistake: mistake.name)
def test_both_readings_contradict_each_other(mistake: Mistake) -> None:
    assert mistake.seed is not None
    with put_in(mistake):
        assert seen_on_network(mistake.seed)
    assert not seen_on_network(mistake.seed)


def test_a_mistake_ends_with_its_block() -> None:
    before = filters.acl_entries.__code__
    with put_in(MISTAKES[0]):
        assert filters.acl_entries.__code__ is not before
    assert filters.acl_entries.__code__ is before


def test_a_mistake_that_changes_nothing_is_refused() -> None:
    lost = MISTAKES[0]._replace(old="no such text")
    with pytest.raises(ValueError, match=r"stands 0 times in engine\.filters:acl_entries"), put_in(lost):
        pytest.fail("it was put in")


def test_a_network_that_shows_one_mistake_has_pairs() -> None:
    kind, whole = drawn(28)
    assert kind == "subnets, routes, filters and gateways alone"
    assert sum(1 for _ in pairs_of(whole, 28, 2, 2)) > 10
