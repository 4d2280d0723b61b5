"""Named random substreams whose draws are the same on every machine.

Only ``Generator.random`` is used: its doubles are exact multiples of 2**-53. Normal draws are sums of
uniform ones, added exactly, so no rounding of a processor's exp or log, and no change of a library's normal
generator, can move a draw across a threshold.
"""

import hashlib
import math
from collections.abc import Sequence
from datetime import date, timedelta
from typing import TypeVar

import numpy as np

ROOT_SEED = 20231101

T = TypeVar("T")


class Stream:
    """The substream of a name below the root seed: the same name gives the same draws."""

    def __init__(self, *names: str) -> None:
        digest = hashlib.sha256("/".join(names).encode()).digest()
        key = tuple(int.from_bytes(digest[i : i + 4], "little") for i in range(0, len(digest), 4))
        self._random = np.random.Generator(np.random.PCG64(np.random.SeedSequence(ROOT_SEED, spawn_key=key))).random

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """A number from ``low`` up to, not including, ``high``."""
        return low + (high - low) * float(self._random())

    def normal(self, mean: float = 0.0, sd: float = 1.0) -> float:
        """A nearly normal number: twelve uniform draws less six (Irwin-Hall), never beyond six SD."""
        # Summed as whole multiples of 2**-53: exact, whatever way of adding floats a Python version has.
        total = sum(int(float(self._random()) * 2**53) for _ in range(12))
        return mean + sd * (total / 2**53 - 6.0)

    def whole(self, low: int, high: int) -> int:
        """A whole number from ``low`` to ``high``, both included."""
        return low + int(float(self._random()) * (high - low + 1))

    def chance(self, probability: float) -> bool:
        """True with a probability."""
        return float(self._random()) < round(probability, 9)

    def pick(self, choices: Sequence[T]) -> T:
        """One of the choices, each as likely."""
        return choices[self.whole(0, len(choices) - 1)]

    def shuffled(self, items: Sequence[T]) -> list[T]:
        """The items in random order (Fisher and Yates)."""
        order = list(items)
        for last in range(len(order) - 1, 0, -1):
            other = self.whole(0, last)
            order[last], order[other] = order[other], order[last]
        return order


def nearest(value: float) -> int:
    """The nearest whole number, halves upwards, decided on six decimals."""
    return math.floor(round(value, 6) + 0.5)


def within(value: float, low: float, high: float) -> float:
    """A value brought into bounds."""
    return min(max(value, low), high)


def power(base: float, exponent: float) -> float:
    """base ** exponent on nine decimals, where processors still agree."""
    return round(math.pow(base, exponent), 9)


def weekday(day: date) -> date:
    """The day itself, or the Monday after a weekend."""
    return day + timedelta(days=max(0, 7 - day.weekday()) if day.weekday() > 4 else 0)
