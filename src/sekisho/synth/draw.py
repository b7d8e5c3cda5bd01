"""Seeded choices: the same seed gives the same values on every platform."""

from collections.abc import Sequence
from random import Random
from typing import TypeVar

Item = TypeVar("Item")


class Draw:
    """A source of choices. Everything is made of whole numbers: floating point may differ in its last digit."""

    def __init__(self, *seed: int | str) -> None:
        self._random = Random("/".join(map(str, seed)))  # noqa: S311 - an example needs no cryptography

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return self._random.getrandbits(32) * bound >> 32

    def between(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return low + self.below(high - low + 1)

    def chance(self, percent: int) -> bool:
        return self.below(100) < percent

    def pick(self, items: Sequence[Item]) -> Item:
        return items[self.below(len(items))]

    def some(self, items: Sequence[Item], count: int) -> tuple[Item, ...]:
        """`count` items that stand next to each other, from anywhere in the sequence taken as a ring."""
        start = self.below(len(items))
        return tuple(items[(start + n) % len(items)] for n in range(min(count, len(items))))

    def weighted(self, choices: Sequence[tuple[int, Item]]) -> Item:
        """One of the items, each as often as its weight says."""
        at = self.below(sum(weight for weight, _ in choices))
        for weight, item in choices:
            at -= weight
            if at < 0:
                return item
        raise AssertionError("weights add up")

    def id(self, prefix: str) -> str:
        """An id as AWS forms them: 17 hexadecimal digits of which the first is 0."""
        return f"{prefix}-0{self._random.getrandbits(64):016x}"

    def hex(self, digits: int) -> str:
        return f"{self._random.getrandbits(4 * digits):0{digits}x}"

    def digits(self, count: int) -> str:
        """A decimal number of so many digits, the first of which is not 0."""
        return str(self.between(1, 9)) + "".join(str(self.below(10)) for _ in range(count - 1))

    def hardware_address(self) -> str:
        """A locally administered one, as interfaces in a VPC have them."""
        bits = f"{self._random.getrandbits(40):010x}"
        return f"06:{bits[:2]}:{bits[2:4]}:{bits[4:6]}:{bits[6:8]}:{bits[8:]}"

    def uuid(self) -> str:
        bits = f"{self._random.getrandbits(128):032x}"
        return f"{bits[:8]}-{bits[8:12]}-4{bits[13:16]}-a{bits[17:20]}-{bits[20:]}"
