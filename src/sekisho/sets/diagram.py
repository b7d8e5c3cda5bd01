"""Canonical step functions over integers, nested and hash-consed.

A `Node` maps the integers 0, 1, 2, ... to children: from `starts[i]` up to the next start the child is
`children[i]`. A child is a node of the next level, or one of the two terminals `EMPTY` (nothing below)
and `FULL` (everything below). How far a level reaches is not written down: the reader knows it.

Only `node` builds nodes. It merges equal neighbours, turns a constant terminal into that terminal, and
interns the rest. INVARIANT: two nodes describe the same set iff they are the same object, so `is` is
set equality and every operation is memoised on identities (Bryant's reduced ordered decision diagrams,
IEEE Trans. Computers 1986, with intervals for edges).
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from typing import Any, TypeVar


class Node:
    """A step function. Compare with `is`; build with `node`."""

    __slots__ = ("children", "starts")

    starts: tuple[int, ...]
    children: "tuple[Node, ...]"

    def __init__(self, starts: tuple[int, ...], children: "tuple[Node, ...]") -> None:
        self.starts = starts
        self.children = children


EMPTY = Node((), ())
FULL = Node((), ())

_interned: dict[tuple[tuple[int, ...], tuple[Node, ...]], Node] = {}
_unions: dict[tuple[Node, Node], Node] = {}
_intersections: dict[tuple[Node, Node], Node] = {}
_differences: dict[tuple[Node, Node], Node] = {}


_withins: dict[tuple[Node, Node], bool] = {}
_memos: "list[dict[Any, Any]]" = [_interned, _unions, _intersections, _differences, _withins]


def memo() -> "dict[Any, Any]":
    """An empty table for what is made of nodes, forgotten with them."""
    _memos.append({})
    return _memos[-1]


def clear() -> None:
    """Forget all interned nodes and memos. Nodes made before must not be mixed with nodes made after."""
    for table in _memos:
        table.clear()


def node(starts: Iterable[int], children: Iterable[Node]) -> Node:
    """The canonical node of these steps. `starts` ascend from 0."""
    kept_starts: list[int] = []
    kept: list[Node] = []
    for start, child in zip(starts, children, strict=True):
        if not kept or kept[-1] is not child:
            kept_starts.append(start)
            kept.append(child)
    if len(kept) == 1 and (kept[0] is EMPTY or kept[0] is FULL):
        return kept[0]
    key = (tuple(kept_starts), tuple(kept))
    found = _interned.get(key)
    if found is None:
        found = _interned[key] = Node(*key)
    return found


def union(a: Node, b: Node) -> Node:
    """Everything in `a` or in `b`."""
    if a is b or b is EMPTY or a is FULL:
        return a
    if a is EMPTY or b is FULL:
        return b
    key = (a, b) if id(a) < id(b) else (b, a)
    found = _unions.get(key)
    if found is None:
        starts, lefts, rights = _aligned(a, b)
        found = _unions[key] = node(starts, map(union, lefts, rights))
    return found


def intersection(a: Node, b: Node) -> Node:
    """Everything in `a` and in `b`."""
    if a is b or b is FULL or a is EMPTY:
        return a
    if a is FULL or b is EMPTY:
        return b
    key = (a, b) if id(a) < id(b) else (b, a)
    found = _intersections.get(key)
    if found is None:
        starts, lefts, rights = _aligned(a, b)
        found = _intersections[key] = node(starts, map(intersection, lefts, rights))
    return found


def difference(a: Node, b: Node) -> Node:
    """Everything in `a` and not in `b`."""
    if a is b or a is EMPTY or b is FULL:
        return EMPTY
    if b is EMPTY:
        return a
    found = _differences.get((a, b))
    if found is None:
        starts, lefts, rights = _aligned(a, b)
        found = _differences[a, b] = node(starts, map(difference, lefts, rights))
    return found


def within(a: Node, b: Node) -> bool:
    """Whether everything in `a` is in `b`: looked up, not made, so that a small set costs little."""
    if a is b or a is EMPTY or b is FULL:
        return True
    if b is EMPTY or a is FULL:
        return False  # what is full or empty has no other form
    key = (a, b)
    found = _withins.get(key)
    if found is None:
        found = _withins[key] = _is_within(a, b)
    return found


def _is_within(a: Node, b: Node) -> bool:
    last = len(a.starts) - 1
    for index, child in enumerate(a.children):
        if child is EMPTY:
            continue
        first = bisect_right(b.starts, a.starts[index]) - 1
        end = len(b.starts) if index == last else bisect_left(b.starts, a.starts[index + 1], first + 1)
        if not all(within(child, b.children[at]) for at in range(first, end)):
            return False
    return True


def union_all(nodes: Iterable[Node]) -> Node:
    """The union of many, in a balanced tree so that n small sets cost O(n log n) steps."""
    layer = list(dict.fromkeys(nodes))
    while len(layer) > 1:
        paired = [union(a, b) for a, b in zip(layer[::2], layer[1::2], strict=False)]
        layer = paired + ([layer[-1]] if len(layer) % 2 else [])
    return layer[0] if layer else EMPTY


T = TypeVar("T")


def _aligned(a: Node, b: Node) -> tuple[list[int], list[Node], list[Node]]:
    """The two functions cut at each other's starts. A terminal is a constant function."""
    a_starts, a_children = (a.starts, a.children) if a.starts else ((0,), (a,))
    b_starts, b_children = (b.starts, b.children) if b.starts else ((0,), (b,))
    starts: list[int] = []
    lefts: list[Node] = []
    rights: list[Node] = []
    i = j = 0
    a_last, b_last = len(a_starts) - 1, len(b_starts) - 1
    at = 0
    while True:
        starts.append(at)
        lefts.append(a_children[i])
        rights.append(b_children[j])
        a_next = a_starts[i + 1] if i < a_last else None
        b_next = b_starts[j + 1] if j < b_last else None
        if a_next is None and b_next is None:
            return starts, lefts, rights
        if b_next is None or (a_next is not None and a_next <= b_next):
            i += 1
            at = a_starts[i]
            if at == b_next:
                j += 1
        else:
            j += 1
            at = b_starts[j]


def ranges(intervals: Iterable[tuple[int, int]], child: Node, top: int) -> Node:
    """`child` on each closed interval [low, high] of 0..top, EMPTY elsewhere; intervals may overlap."""
    starts: list[int] = [0]
    children: list[Node] = [EMPTY]
    covered = -1
    for low, high in sorted(intervals):
        if high <= covered:
            continue
        low = max(low, covered + 1)  # noqa: PLW2901 - what is covered is not written twice
        if low == starts[-1]:
            children[-1] = child
        else:
            starts.append(low)
            children.append(child)
        covered = high
        if high < top:
            starts.append(high + 1)
            children.append(EMPTY)
    return node(starts, children)


def steps(n: Node, top: int) -> Iterator[tuple[int, int, Node]]:
    """Every step of a function on 0..top as (low, high, child), in order."""
    if not n.starts:
        yield 0, top, n
        return
    for index, start in enumerate(n.starts):
        end = n.starts[index + 1] - 1 if index + 1 < len(n.starts) else top
        yield start, end, n.children[index]


def child_at(n: Node, value: int) -> Node:
    """The child at one integer."""
    if not n.starts:
        return n
    return n.children[bisect_right(n.starts, value) - 1]


def only(value_low: int, value_high: int, n: Node) -> Node:
    """`n` on the closed interval, EMPTY elsewhere; values beyond the level's top are never asked about."""
    mask = node(
        (0, value_low, value_high + 1) if value_low else (0, value_high + 1),
        (EMPTY, FULL, EMPTY) if value_low else (FULL, EMPTY),
    )
    return intersection(n, mask)
