"""Reproducible chance: every part of the sample organisation draws from its own stream.

A part's stream depends on the seed and the part's name alone, so that a new pattern shifts no other part.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

__all__ = ["Dice"]

T = TypeVar("T")


class Dice:
    """The stream of one part.

    Parameters
    ----------
    seed
        Of the whole organisation; any integer.
    part
        Name of the part.

    Examples
    --------
    >>> Dice(7, "people").whole(0, 100) == Dice(7, "people").whole(0, 100)
    True
    """

    def __init__(self, seed: int, part: str) -> None:
        # a negative seed is a seed like any other; numpy takes only natural numbers
        self.rng = np.random.default_rng([seed & 0xFFFF_FFFF_FFFF_FFFF, crc32(part.encode())])

    def chance(self, probability: float) -> bool:
        """Whether something of this probability happens."""
        return bool(self.rng.random() < probability)

    def real(self, low: float, high: float) -> float:
        """A number between `low` and `high`, evenly."""
        return float(low + (high - low) * self.rng.random())

    def whole(self, low: int, high: int) -> int:
        """An integer from `low` to `high`, both included."""
        return int(self.rng.integers(low, high + 1))

    def pick(self, choices: Sequence[T]) -> T:
        """One of `choices`, evenly."""
        return choices[int(self.rng.integers(len(choices)))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """Up to `count` different elements of `choices`, in random order."""
        order = self.rng.permutation(len(choices))[: max(count, 0)]
        return [choices[int(i)] for i in order]

    def poisson(self, mean: float) -> int:
        """A Poisson count."""
        return int(self.rng.poisson(mean))

    def minutes(self, median: float, spread: float = 1.0) -> float:
        """A log-normal delay in minutes."""
        return float(median * np.exp(spread * self.rng.standard_normal()))
