"""What kept values were made of, noted while they are made, so that a changed record undoes exactly those.

A `Kept` is a dictionary for values that are made once (`if key not in kept: kept[key] = ...`). A look for a key that is
not there opens a note, storing the value closes it; all that is read in between (records by `Ledger.read`, other kept
values by looking them up) is what the value was made of. What is read outside of any value is noted nowhere.
"""

from collections.abc import Callable, Hashable, Iterable, Iterator
from typing import Any, TypeVar

from sekisho.model.record import Record

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

#: A record by table and id, or what stands for many of them.
Name = tuple[str, str]
#: In place of an id: all records of the table were looked through.
ANY = "*"


class Node:
    """A record, or a kept value, with those that were made of it."""

    __slots__ = ("dependents", "key", "needs", "owner")

    def __init__(self, owner: "Kept[Any, Any] | None", key: Hashable) -> None:
        self.owner, self.key = owner, key
        self.needs: dict[Node, None] = {}
        self.dependents: dict[Node, None] = {}

    def leave(self) -> None:
        """It was made of nothing any more."""
        for need in self.needs:
            need.dependents.pop(self, None)
        self.needs = {}


class Ledger:
    """Which value was made of what."""

    def __init__(self) -> None:
        self._records: dict[Name, Node] = {}
        self._open: list[Node] = []

    def read(self, table: str, record_id: str) -> None:
        """A record was read, by what is being made."""
        if self._open:
            name = (table, record_id)
            if name not in self._records:
                self._records[name] = Node(None, name)
            self.use(self._records[name])

    def use(self, node: Node) -> None:
        if self._open:
            self._open[-1].needs[node] = None

    def opened(self, node: Node) -> None:
        self._open.append(node)

    def closed(self, node: Node) -> None:
        """The value is made; ValueError where it is not the one that was begun last."""
        if not self._open or self._open.pop() is not node:
            raise ValueError("a kept value was not made in the order in which it was begun")
        for need in node.needs:
            need.dependents[node] = None

    def around(self, node: Node) -> tuple[Node, ...]:
        """What the value was made of, so far, for which this one is being made."""
        outer = self._open[-2] if self._open[-1:] == [node] and len(self._open) > 1 else None
        return tuple(outer.needs) if outer else ()

    def noting(self, make: Callable[[], V]) -> tuple[V, frozenset[Node]]:
        """What is made, and what it was made of; it is not kept."""
        node = Node(None, None)
        self._open.append(node)
        made = make()
        self._open.pop()
        return made, frozenset(node.needs)

    def changed(self, names: Iterable[Name]) -> list[Node]:
        """Undo every value that was made of these, directly or not; the values that are gone, or are others now.

        A value of a `Kept` that can make it `again` is made again at once: where it comes out the same,
        what was made of it stays.
        """
        gone: list[Node] = []
        undone = [self._records[name] for name in names if name in self._records]
        again: dict[Node, None] = {}
        while undone or again:
            while undone:
                node = undone.pop()
                for dependent in list(node.dependents):
                    owner = dependent.owner
                    if owner is None or owner.again is None:
                        undone.append(dependent)
                    else:
                        again[dependent] = None
                if node.owner is not None and node.owner.holds(node):
                    node.owner.undo(node)
                    gone.append(node)
            if again:
                node = min(again, key=_rank)
                del again[node]
                if node.owner is not None and node.owner.holds(node) and not node.owner.made_again(node):
                    undone.append(node)
                    gone.append(node)
        return gone


def _rank(node: Node) -> int:
    return node.owner.rank if node.owner else 0


class Kept(dict[K, V]):
    """Values by key, each made once.

    With `again`, a function that looks the value of a key up, a value is compared with what it was. Those of lower
    `rank` come first: they are not made of those of higher rank. `made_of` are names that the key itself tells.
    """

    def __init__(
        self,
        ledger: Ledger,
        *,
        again: Callable[[K], object] | None = None,
        rank: int = 0,
        made_of: Callable[[K], Iterable[Name]] | None = None,
    ) -> None:
        super().__init__()
        self.ledger, self.again, self.rank = ledger, again, rank
        self._made_of = made_of
        self._nodes: dict[K, Node] = {}

    def __contains__(self, key: object) -> bool:
        if super().__contains__(key):
            return True
        self._begin(key)  # type: ignore[arg-type]  # who looks for a key that is none stores nothing
        return False

    def __getitem__(self, key: K) -> V:
        self.ledger.use(self._nodes[key])
        return super().__getitem__(key)

    def get(self, key: K, default: Any = None) -> Any:  # noqa: ANN401 - as `dict.get`
        return self[key] if super().__contains__(key) else default

    def __setitem__(self, key: K, value: V) -> None:
        self._finish(key, value)

    def _begin(self, key: K) -> None:
        node = Node(self, key)
        self._nodes[key] = node
        self.ledger.opened(node)
        for table, record_id in self._made_of(key) if self._made_of else ():
            self.ledger.read(table, record_id)

    def _finish(self, key: K, value: V) -> None:
        node = self._nodes[key]
        self.ledger.closed(node)
        super().__setitem__(key, value)
        self.ledger.use(node)

    def holds(self, node: Node) -> bool:
        """Whether it is the node of a value that is there."""
        return super().__contains__(node.key) and self._nodes.get(node.key) is node  # type: ignore[arg-type]

    def undo(self, node: Node) -> None:
        key: Any = node.key
        node.leave()
        del self[key], self._nodes[key]

    def made_again(self, node: Node) -> bool:
        """Make the value again; whether it is what it was."""
        key: Any = node.key
        before = super().__getitem__(key)
        node.leave()
        del self[key], self._nodes[key]
        if self.again is not None:
            self.again(key)
        if not super().__contains__(key) or super().__getitem__(key) != before:
            return False
        fresh = self._nodes[key]
        for dependent in node.dependents:
            dependent.needs.pop(node, None)
            dependent.needs[fresh] = None
            fresh.dependents[dependent] = None
        return True


class KeptInRound(Kept[K, V]):
    """Values that may be made of themselves: what is stored first stands for the value while it is made."""

    def __setitem__(self, key: K, value: V) -> None:
        if super(Kept, self).__contains__(key):
            self._finish(key, value)
        else:
            super(Kept, self).__setitem__(key, value)


class RecordedTable(dict[str, Record]):
    """A table of a snapshot that notes which of its records are read."""

    def __init__(self, name: str, records: Iterable[tuple[str, Record]], ledger: Ledger) -> None:
        super().__init__(records)
        self._name, self._ledger = name, ledger

    def __getitem__(self, key: str) -> Record:
        self._ledger.read(self._name, key)
        return super().__getitem__(key)

    def get(self, key: str, default: Any = None) -> Any:  # noqa: ANN401 - as `dict.get`
        self._ledger.read(self._name, key)
        return super().get(key, default)

    def __iter__(self) -> Iterator[str]:
        self._ledger.read(self._name, ANY)
        return super().__iter__()

    def values(self) -> Any:  # noqa: ANN401 - as `dict.values`
        self._ledger.read(self._name, ANY)
        return super().values()

    def items(self) -> Any:  # noqa: ANN401 - as `dict.items`
        self._ledger.read(self._name, ANY)
        return super().items()

    def put(self, key: str, record: Record) -> None:
        """The record in the place of the one that is there, which counts as no reading."""
        super().__setitem__(key, record)
