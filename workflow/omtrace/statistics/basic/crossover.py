"""The two-period crossover of two treatments: each unit is counted once, by its own difference between the periods.

Of units that had A first (``ab``) and those that had B first (``ba``) the values stand in the order of the periods.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.stats import binomtest

from omtrace.statistics.basic.proportion import odds_ratio
from omtrace.statistics.basic.samples import mean, quotient, sample, standard_deviation
from omtrace.statistics.basic.student import wald_numbers

ENDS = ("odds_ratio", "odds_ratio_low", "odds_ratio_high")


def crossover(ab: ArrayLike, ba: ArrayLike, level: float = 0.95) -> dict[str, dict[str, float]]:
    """Treatment A less B, the second period less the first, and carry-over, by t tests with pooled variance.

    Parameters
    ----------
    ab, ba
        (n, 2) and (m, 2) values of the two sequences.
    level
        Confidence level.

    Returns
    -------
    dict
        "treatment", "period" and "carry_over", each with difference, se, ci_low, ci_high, t, df and p; NaN where a
        sequence has fewer than two units, or nothing varies.

    Notes
    -----
    With d the first period less the second, the treatment effect is half the difference of the mean d of the two
    sequences (Hills and Armitage 1979, Br J Clin Pharmacol 8: 7-20); carry-over is the difference of the mean sums.
    """
    a, b = (sample(part.ravel()).reshape(part.shape) for part in (_pairs(ab), _pairs(ba)))
    first, second = a[:, 0] - a[:, 1], b[:, 0] - b[:, 1]
    size = float(max((np.abs(part).max() for part in (a, b) if part.size), default=0.0))
    return {
        "treatment": _compared(first, second, 0.5, level, size),
        "period": _compared(-first, second, 0.5, level, size),
        "carry_over": _compared(a.sum(axis=1), b.sum(axis=1), 1.0, level, size),
    }


class CrossoverDesign(NamedTuple):
    """Values (n,), their design (n, p), and the unit of each (n,)."""

    values: np.ndarray
    design: np.ndarray
    unit: np.ndarray


def crossover_design(ab: ArrayLike, ba: ArrayLike) -> CrossoverDesign:
    """Values (k,), design (k, 4) and unit (k,) of a mixed model; missing values (NaN) are left out.

    Columns: intercept, sequence, period, treatment, each from -1/2 to 1/2, so that a coefficient is a difference: BA
    less AB, the second period less the first, A less B.
    """
    a, b = _pairs(ab), _pairs(ba)
    values = np.concatenate([a.ravel(), b.ravel()])
    unit = np.repeat(np.arange(len(a) + len(b)), 2)
    sequence = np.repeat([-0.5, 0.5], [a.size, b.size])
    period = np.tile([-0.5, 0.5], len(a) + len(b))
    design = np.column_stack([np.ones(values.size), sequence, period, 2 * sequence * period])
    known = ~np.isnan(values)
    return CrossoverDesign(values[known], design[known], unit[known])


def crossover_binary(ab: ArrayLike, ba: ArrayLike, level: float = 0.95) -> dict[str, dict[str, float]]:
    """Yes (1) and no (0) under A against B, from the units that answered otherwise in the two periods.

    Parameters
    ----------
    ab, ba
        (n, 2) and (m, 2) answers of the two sequences.
    level
        Confidence level.

    Returns
    -------
    dict
        "mainland_gart": odds_ratio of yes under A, its exact limits and fisher_p, adjusted for the periods: the square
        root of the odds ratio of sequence by period of the yes, conditional on the units with one yes (Gart 1969,
        Biometrika 56: 75-80). "mcnemar": the same without regard to the periods, with p of the exact McNemar test. Both
        with n, proportion_a, proportion_b, only_a and only_b: the units with a yes under A alone, and under B alone.
        What is infinite is NaN.
    """
    a, b = _pairs(ab), _pairs(ba)
    a_first, a_second = (int((a[:, one] > a[:, 1 - one]).sum()) for one in (0, 1))  # yes in that period alone
    b_first, b_second = (int((b[:, one] > b[:, 1 - one]).sum()) for one in (0, 1))
    only_a, only_b, n = a_first + b_second, a_second + b_first, len(a) + len(b)
    yes = {
        "n": float(n),
        "proportion_a": quotient(a[:, 0].sum() + b[:, 1].sum(), n),
        "proportion_b": quotient(a[:, 1].sum() + b[:, 0].sum(), n),
        "only_a": float(only_a),
        "only_b": float(only_b),
    }
    adjusted = odds_ratio(a_first, a_first + a_second, b_first, b_first + b_second, level)
    roots = {name: math.sqrt(adjusted[name]) for name in ENDS}
    return {
        "mainland_gart": {**roots, "fisher_p": adjusted["fisher_p"], **yes},
        "mcnemar": {**_mcnemar(only_a, only_b, level), **yes},
    }


def _mcnemar(only_a: int, only_b: int, level: float) -> dict[str, float]:
    if not only_a + only_b:
        return dict.fromkeys((*ENDS, "p"), math.nan)
    test = binomtest(only_a, only_a + only_b)
    limits = test.proportion_ci(level, "exact")
    odds = {name: quotient(share, 1 - share) for name, share in zip(ENDS[1:], limits, strict=True)}
    return {"odds_ratio": quotient(only_a, only_b), **odds, "p": float(test.pvalue)}


def _compared(x: np.ndarray, y: np.ndarray, share: float, level: float, size: float) -> dict[str, float]:
    """A share of the difference of two means, with the pooled standard error of it."""
    df = x.size + y.size - 2
    if min(x.size, y.size) < 2:
        return dict.fromkeys(("difference", "se", "ci_low", "ci_high", "t", "df", "p"), math.nan)
    squares = sum((part.size - 1) * standard_deviation(part, size) ** 2 for part in (x, y))
    se = share * math.sqrt(squares / df * (1 / x.size + 1 / y.size))
    difference = share * (mean(x) - mean(y))
    return {"difference": difference, **wald_numbers(difference, se, df, level)}


def _pairs(values: ArrayLike) -> np.ndarray:
    return np.asarray(values, dtype=float).reshape(-1, 2)
