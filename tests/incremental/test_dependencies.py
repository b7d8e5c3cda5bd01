"""Kept values are undone with what they were made of, and with nothing else."""

import pytest

from sekisho.engine.dependencies import Kept, KeptInRound, Ledger


class Sums:
    """Sums of numbers, and whether they are even; `made` says what was worked out."""

    def __init__(self) -> None:
        self.ledger = Ledger()
        self.numbers = {"a": 1, "b": 2, "c": 3}
        self.sums: Kept[str, int] = Kept(self.ledger)
        self.even: Kept[str, bool] = Kept(self.ledger, again=self.is_even)
        self.words: Kept[str, str] = Kept(self.ledger)
        self.made: list[str] = []

    def number(self, name: str) -> int:
        self.ledger.read("numbers", name)
        return self.numbers[name]

    def sum(self, names: str) -> int:
        if names not in self.sums:
            self.made.append(f"sum {names}")
            self.sums[names] = sum(map(self.number, names))
        return self.sums[names]

    def is_even(self, names: str) -> bool:
        if names not in self.even:
            self.made.append(f"even {names}")
            self.even[names] = self.sum(names) % 2 == 0
        return self.even[names]

    def word(self, names: str) -> str:
        if names not in self.words:
            self.made.append(f"word {names}")
            self.words[names] = "even" if self.is_even(names) else "odd"
        return self.words[names]

    def put(self, **numbers: int) -> list[tuple[str, object]]:
        self.numbers |= numbers
        self.made.clear()
        gone = self.ledger.changed([("numbers", name) for name in numbers])
        names = {id(self.sums): "sum", id(self.even): "even", id(self.words): "word"}
        return sorted((names[id(node.owner)], node.key) for node in gone)


def test_only_what_was_made_of_it_is_undone() -> None:
    s = Sums()
    assert (s.sum("ab"), s.sum("bc")) == (3, 5)
    assert s.put(a=5) == [("sum", "ab")]
    assert (s.sum("ab"), s.sum("bc"), s.made) == (7, 5, ["sum ab"])


def test_what_comes_out_the_same_again_undoes_no_more() -> None:
    s = Sums()
    assert s.word("ab") == "odd"
    assert s.put(a=3) == [("sum", "ab")]
    assert (s.word("ab"), s.made) == ("odd", ["even ab", "sum ab"])
    assert s.put(a=4) == [("even", "ab"), ("sum", "ab"), ("word", "ab")]
    assert s.word("ab") == "even"


def test_what_was_looked_up_counts_as_what_was_made() -> None:
    s = Sums()
    assert s.sum("ab") == 3
    assert s.word("ab") == "odd"
    assert s.put(b=3) == [("even", "ab"), ("sum", "ab"), ("word", "ab")]


def test_a_value_made_of_itself() -> None:
    ledger = Ledger()
    rounds: KeptInRound[str, tuple[str, ...]] = KeptInRound(ledger)

    def reach(name: str) -> tuple[str, ...]:
        if name not in rounds:
            rounds[name] = ()
            ledger.read("steps", name)
            rounds[name] = (name, *reach("ba"["ab".index(name)]))
        return rounds[name]

    assert reach("a") == ("a", "b")
    assert {node.key for node in ledger.changed([("steps", "b")])} == {"a", "b"}
    assert reach("b") == ("b", "a")


def test_values_are_finished_in_the_order_in_which_they_are_begun() -> None:
    kept: Kept[str, int] = Kept(Ledger())
    assert "a" not in kept
    assert "b" not in kept
    with pytest.raises(ValueError, match="order"):
        kept["a"] = 1
