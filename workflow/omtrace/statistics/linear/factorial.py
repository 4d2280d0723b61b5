"""The 2 x 2 factorial linear model with interaction: marginal, interaction and simple effects.

With both factors coded by sum contrasts this is the type III analysis; every effect is a contrast of the four
cell means with equal weights, whatever the cell sizes, and is computed as such.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from omtrace.statistics.basic.explained import partial_eta
from omtrace.statistics.basic.samples import TOLERANCE, check_level, sample
from omtrace.statistics.basic.student import t_interval, wald_numbers

# Contrasts of the cells (first, second) = (0, 0), (0, 1), (1, 0), (1, 1); level 0 is the reference.
EFFECTS = {"first": (-0.5, -0.5, 0.5, 0.5), "second": (-0.5, 0.5, -0.5, 0.5), "interaction": (1, -1, -1, 1)}
SIMPLE = {
    ("first", 0): (-1, 0, 1, 0),
    ("first", 1): (0, -1, 0, 1),
    ("second", 0): (-1, 1, 0, 0),
    ("second", 1): (0, 0, -1, 1),
}


@dataclass(frozen=True)
class Cells:
    """Sizes, means (4,) and the pooled residual of the four cells, in the order of ``EFFECTS``."""

    n: np.ndarray
    mean: np.ndarray
    residual_ss: float
    df: int

    def contrast(self, weights: Sequence[float], level: float) -> dict[str, float]:
        """Estimate, se, ci_low, ci_high, t, df, p of a contrast of cell means."""
        estimate = float(np.dot(weights, self.mean))
        se = math.sqrt(self.residual_ss / self.df * float(np.sum(np.square(weights) / self.n)))
        return {"estimate": estimate, **wald_numbers(estimate, se, self.df, level)}


def cells(values: Any, first: Any, second: Any, first_levels: Sequence, second_levels: Sequence) -> Cells:
    """The four cells of values (n,) by two factors (n,), whose levels are given with the reference first.

    Raises ValueError for missing values, other levels, unequal lengths, an empty cell, or no residual.
    """
    y = sample(values)
    index = 2 * _coded(first, first_levels, "first", y.size) + _coded(second, second_levels, "second", y.size)
    n = np.bincount(index, minlength=4)
    if not n.all():
        raise ValueError(f"{int(np.sum(n == 0))} of the 4 cells are empty")
    if y.size <= 4:
        raise ValueError("one value a cell leaves no residual degrees of freedom")
    mean = np.bincount(index, weights=y, minlength=4) / n
    residual_ss = float(((y - mean[index]) ** 2).sum())
    if math.sqrt(residual_ss / y.size) <= TOLERANCE * np.abs(y).max():
        residual_ss = 0.0  # rounding error only
    return Cells(n, mean, residual_ss, y.size - 4)


def factorial_effects(table: Cells, level: float = 0.95) -> dict[str, dict[str, float]]:
    """Main effects ``first`` and ``second`` and their ``interaction``.

    A main effect is the difference of marginal means, level 1 - level 0; the interaction is the difference of
    differences. Each has estimate, se, ci_low, ci_high, t, df, p, f (= t squared, on 1 and df degrees of
    freedom), and partial_eta_squared = F/(F + df) with its noncentral-F interval, whose level is 2 ``level``
    - 1 (90 % for 95 %: the interval that excludes 0 when the F test is significant; Steiger 2004).
    """
    check_level(level)
    effects = {}
    for name, weights in EFFECTS.items():
        numbers = table.contrast(weights, level)
        f = numbers["t"] ** 2
        effects[name] = {**numbers, "f": f, **partial_eta(f, 1, table.df, level)}
    return effects


def simple_effects(table: Cells, level: float = 0.95) -> dict[tuple[str, int], dict[str, float]]:
    """Each factor's effect within each level of the other: ("first", 1) is that of first at second's level 1.

    Each has estimate (level 1 - level 0), se, ci_low, ci_high, t, df, p, from the residual pooled over all
    cells; p is not adjusted for multiplicity.
    """
    return {name: table.contrast(weights, level) for name, weights in SIMPLE.items()}


def cell_means(table: Cells, level: float = 0.95) -> dict[tuple[int, int], dict[str, float]]:
    """By (level of first, level of second): n, mean, se, ci_low, ci_high, from the pooled residual."""
    means = {}
    for index in range(4):
        mean, n = float(table.mean[index]), float(table.n[index])
        se = math.sqrt(table.residual_ss / table.df / n)
        low, high = t_interval(mean, se, table.df, level)
        means[divmod(index, 2)] = {"n": n, "mean": mean, "se": se, "ci_low": low, "ci_high": high}
    return means


def _coded(values: Any, levels: Sequence, name: str, size: int) -> np.ndarray:
    if len(levels) != 2 or levels[0] == levels[1]:
        raise ValueError(f"{name} factor: exactly two levels are needed")
    array = np.asarray(values, dtype=object)
    if array.shape != (size,):
        raise ValueError(f"{name} factor: not one level a value")
    one = np.array([value == levels[1] for value in array], dtype=bool)
    known = one | np.array([value == levels[0] for value in array], dtype=bool)
    if not known.all():
        raise ValueError(f"{name} factor: {int(np.sum(~known))} values are neither of the two levels")
    return one.astype(int)
