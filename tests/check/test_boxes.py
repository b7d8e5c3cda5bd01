"""Ranges and boxes, against sets of single numbers and packets."""

from itertools import product

from hypothesis import given
from hypothesis import strategies as st

from sekisho_check.boxes import NONE, PORTS, TYPES, Box, subtract, whole
from sekisho_check.ranges import NOT_INTERNET_4, Ranges, block, blocks, join, less, meet, normal, size

SMALL = st.sets(st.integers(0, 6), max_size=6)
SOME = st.sets(st.integers(0, 3), min_size=1, max_size=3)


def ranged(values: set[int]) -> Ranges:
    return normal((value, value) for value in values)


def single(ranges: Ranges) -> set[int]:
    return {value for low, high in ranges for value in range(low, high + 1)}


def packets(boxes: list[Box]) -> list[tuple[int, ...]]:
    return [packet for box in boxes for packet in product(*(single(axis) for axis in box))]


@given(SMALL, SMALL)
def test_ranges_are_sets(left: set[int], right: set[int]) -> None:
    assert single(meet(ranged(left), ranged(right))) == left & right
    assert single(less(ranged(left), ranged(right))) == left - right
    assert join(ranged(left), ranged(right)) == ranged(left | right)
    assert size(ranged(left)) == len(left)


BOXES = st.builds(Box, *(SOME.map(ranged),) * 4)


@given(BOXES, BOXES)
def test_what_is_left_of_a_box_is_disjoint_and_complete(left: Box, right: Box) -> None:
    rest = packets(left.minus(right))
    assert len(rest) == len(set(rest))
    assert set(rest) == set(packets([left])) - set(packets([right]))
    both = left & right
    assert set(packets([both] if both else [])) == set(packets([left])) & set(packets([right]))


@given(BOXES, st.lists(BOXES, max_size=4))
def test_nothing_is_left_where_the_takers_cover(box: Box, takers: list[Box]) -> None:
    assert set(packets(subtract([box], takers))) == set(packets([box])) - set(packets(takers))


def test_ranges_have_one_spelling() -> None:
    assert normal([(5, 9), (0, 2), (3, 4), (20, 20)]) == ((0, 9), (20, 20))


def test_blocks() -> None:
    assert block("10.0.0.7/8") == (4, 10 << 24, (11 << 24) - 1, 8)
    assert block("2001:db8::1") == (6, 0x20010DB8 << 96 | 1, 0x20010DB8 << 96 | 1, 128)
    assert block("10.0.0.0/33") is None
    assert block(None) is None
    assert blocks(["10.0.0.0/9", "10.128.0.0/9", "::/0"], 4) == ((10 << 24, (11 << 24) - 1),)


def test_the_whole_has_a_box_for_each_class_of_protocols() -> None:
    sources = ((1, 9),)
    assert whole(4, sources) == [
        Box(((6, 6), (17, 17)), sources, PORTS, PORTS),
        Box(((1, 1),), sources, TYPES, TYPES),
        Box(((0, 0), (2, 5), (7, 16), (18, 255)), sources, NONE, NONE),
    ]
    assert whole(6, sources)[1].protocols == ((58, 58),)
    assert whole(4, ()) == []


def test_addresses_that_are_no_internet() -> None:
    # 0/8, 10/8, 127/8: 2^24 each; 100.64/10: 2^22; 169.254/16 and 192.168/16: 2^16 each; 172.16/12: 2^20;
    # 224/4 and 240/4: 2^28 each, side by side.
    assert size(NOT_INTERNET_4) == 3 * 2**24 + 2**22 + 2 * 2**16 + 2**20 + 2 * 2**28
    assert NOT_INTERNET_4[-1] == (224 << 24, 2**32 - 1)
