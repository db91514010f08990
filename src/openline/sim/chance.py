"""Chance, all of it from one seed."""

import hashlib
from collections.abc import Sequence
from random import Random  # noqa: TID251 seeded here, and the only source of chance of a run
from typing import TypeVar

T = TypeVar("T")


class Chance:
    """A seeded stream of decisions. Streams of different names do not disturb each other."""

    __slots__ = ("_name", "_random")

    def __init__(self, name: str) -> None:
        """The stream of that name; the same name gives the same stream on every machine."""
        self._name = name
        self._random = Random(name)  # noqa: S311 to be replayed, not to be unguessable

    @property
    def name(self) -> str:
        """What it was seeded with."""
        return self._name

    def stream(self, name: str) -> "Chance":
        """A stream of its own."""
        return Chance(f"{self._name}/{name}")

    def happens(self, probability: float) -> bool:
        """True with that probability."""
        return self._random.random() < probability

    def between(self, low: int, high: int) -> int:
        """A whole number, both ends included."""
        return self._random.randint(low, high)

    def pick(self, items: Sequence[T]) -> T:
        """One of them."""
        return items[self._random.randrange(len(items))]

    def weighted(self, items: Sequence[tuple[T, int]]) -> T:
        """One of them, by weight."""
        names = [item for item, _ in items]
        return self._random.choices(names, [weight for _, weight in items])[0]


class SeededBytes:
    """The random bytes of one start of an engine."""

    __slots__ = ("_count", "_seed")

    def __init__(self, seed: str) -> None:
        """Bytes of that name."""
        self._seed = seed
        self._count = 0

    def __call__(self, size: int, /) -> bytes:
        """``size`` bytes."""
        self._count += 1
        return hashlib.shake_128(f"{self._seed}/{self._count}".encode()).digest(size)
