"""The diagrams below flow sets, on levels of a handful of integers."""

from itertools import pairwise, product

from hypothesis import given
from hypothesis import strategies as st

from sekisho.sets import diagram
from sekisho.sets.diagram import EMPTY, FULL, Node

TOP = 4
VALUES = range(TOP + 1)
INTERVALS = st.lists(
    st.tuples(st.integers(0, TOP), st.integers(0, TOP)).map(lambda pair: (min(pair), max(pair))), max_size=4
)
# Two levels: each value of the first leads to a set of values of the second.
Table = tuple[frozenset[int], ...]
TABLES = st.tuples(*[st.frozensets(st.sampled_from(VALUES))] * len(VALUES))


def level(values: frozenset[int]) -> Node:
    return diagram.ranges([(v, v) for v in values], FULL, TOP)


def two_levels(table: Table) -> Node:
    return diagram.node(VALUES, map(level, table))


def pairs_of(table: Table) -> set[tuple[int, int]]:
    return {(first, second) for first, seconds in enumerate(table) for second in seconds}


def pairs_in(n: Node) -> set[tuple[int, int]]:
    return {(a, b) for a, b in product(VALUES, VALUES) if diagram.child_at(diagram.child_at(n, a), b) is FULL}


@given(INTERVALS)
def test_ranges_cover_their_intervals(intervals: list[tuple[int, int]]) -> None:
    n = diagram.ranges(intervals, FULL, TOP)
    covered = {value for low, high in intervals for value in range(low, high + 1)}
    assert {value for value in VALUES if diagram.child_at(n, value) is FULL} == covered
    assert {value for value in VALUES if diagram.child_at(n, value) is EMPTY} == set(VALUES) - covered


def test_ranges_at_the_ends() -> None:
    assert diagram.ranges([], FULL, TOP) is EMPTY
    assert diagram.ranges([(0, TOP)], FULL, TOP) is FULL
    assert diagram.ranges([(0, 1), (2, TOP)], FULL, TOP) is FULL
    assert diagram.ranges([(0, TOP)], EMPTY, TOP) is EMPTY
    low, high = diagram.ranges([(0, 0)], FULL, TOP), diagram.ranges([(TOP, TOP)], FULL, TOP)
    assert (low.starts, low.children) == ((0, 1), (FULL, EMPTY))
    assert (high.starts, high.children) == ((0, TOP), (EMPTY, FULL))


@given(INTERVALS)
def test_steps_partition_the_level(intervals: list[tuple[int, int]]) -> None:
    n = diagram.ranges(intervals, FULL, TOP)
    steps = list(diagram.steps(n, TOP))
    assert [value for low, high, _ in steps for value in range(low, high + 1)] == list(VALUES)
    assert all(diagram.child_at(n, value) is child for low, high, child in steps for value in (low, high))
    assert all(left[2] is not right[2] for left, right in pairwise(steps))


@given(TABLES)
def test_a_node_keeps_what_it_is_given(table: Table) -> None:
    assert pairs_in(two_levels(table)) == pairs_of(table)


@given(TABLES, TABLES)
def test_equal_sets_are_one_object(a: Table, b: Table) -> None:
    assert (two_levels(a) is two_levels(b)) == (a == b)


@given(TABLES, TABLES)
def test_operations(a: Table, b: Table) -> None:
    """The result is not only the right set but the very node that its table makes."""
    m, n = two_levels(a), two_levels(b)
    assert diagram.union(m, n) is two_levels(tuple(x | y for x, y in zip(a, b, strict=True)))
    assert diagram.intersection(m, n) is two_levels(tuple(x & y for x, y in zip(a, b, strict=True)))
    assert diagram.difference(m, n) is two_levels(tuple(x - y for x, y in zip(a, b, strict=True)))


@given(st.lists(TABLES, max_size=7))
def test_union_of_many(tables: list[Table]) -> None:
    together = diagram.union_all(map(two_levels, tables))
    assert pairs_in(together) == {pair for table in tables for pair in pairs_of(table)}


def test_a_constant_level_is_kept_above_a_node_and_dropped_above_a_terminal() -> None:
    inner = diagram.ranges([(1, 2)], FULL, TOP)
    assert diagram.node((0, 1), (FULL, FULL)) is FULL
    assert diagram.node((0, 3), (EMPTY, EMPTY)) is EMPTY
    assert diagram.node((0, 3), (inner, inner)).starts == (0,)
    assert diagram.node((0, 3), (inner, inner)) is not inner


@given(st.frozensets(st.sampled_from(VALUES)), st.integers(0, TOP), st.integers(0, TOP - 1))
def test_only_keeps_an_interval(values: frozenset[int], low: int, more: int) -> None:
    high = min(low + more, TOP)
    kept = diagram.only(low, high, level(values))
    assert {v for v in VALUES if diagram.child_at(kept, v) is FULL} == {v for v in values if low <= v <= high}
