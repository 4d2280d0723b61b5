"""P values adjusted for several hypotheses: a hypothesis is rejected where its adjusted p is at most alpha.

Each function takes p values, one a hypothesis, and gives adjusted ones in the same order.
"""

from collections.abc import Sequence

import numpy as np

ROUNDING = 1e-12  # relative: an adjusted p that exceeds alpha by no more than this equals it


def bonferroni(p: Sequence[float]) -> np.ndarray:
    """p times the number of hypotheses."""
    values = _checked(p)
    return np.minimum(values * len(values), 1)


def holm(p: Sequence[float]) -> np.ndarray:
    """Holm's step-down procedure (1979); strong control under any dependence."""
    values = _checked(p)
    order = np.argsort(values, kind="stable")
    steps = values[order] * np.arange(len(values), 0, -1)
    return _placed(np.minimum(np.maximum.accumulate(steps), 1), order)


def hochberg(p: Sequence[float]) -> np.ndarray:
    """Hochberg's step-up procedure (1988, doi:10.1093/biomet/75.4.800); needs independence or positive dependence."""
    values = _checked(p)
    return _step_up(values, np.arange(1, len(values) + 1))


def hommel(p: Sequence[float]) -> np.ndarray:
    """Hommel's procedure (1988, doi:10.1093/biomet/75.2.383): the closed test with Simes tests.

    By the definition of closure: the largest Simes p of the sets that hold a hypothesis. Of the sets of one size
    the one with the largest other p values decides, so sizes are all that is searched.
    """
    values = _checked(p)
    order = np.argsort(values, kind="stable")
    rising = values[order]
    adjusted = np.zeros(len(values))
    for size in range(1, len(values) + 1):
        multiples = size / np.arange(1, size + 1)
        for at in range(len(values)):
            start = len(values) - size
            members = rising[start:] if at >= start else np.concatenate([[rising[at]], rising[start + 1 :]])
            adjusted[at] = max(adjusted[at], float(np.min(multiples * members)))
    return _placed(np.minimum(adjusted, 1), order)


def benjamini_hochberg(p: Sequence[float]) -> np.ndarray:
    """Control of the false discovery rate (1995, doi:10.1111/j.2517-6161.1995.tb02031.x), independence or PRDS."""
    values = _checked(p)
    return _step_up(values, len(values) / np.arange(len(values), 0, -1))


def benjamini_yekutieli(p: Sequence[float]) -> np.ndarray:
    """Control of the false discovery rate under any dependence (2001, doi:10.1214/aos/1013699998)."""
    values = _checked(p)
    harmonic = float(np.sum(1 / np.arange(1, len(values) + 1)))
    return _step_up(values, harmonic * len(values) / np.arange(len(values), 0, -1))


def fixed_sequence(p: Sequence[float]) -> np.ndarray:
    """Each hypothesis at full alpha, in the given order, until one is not rejected."""
    return np.maximum.accumulate(_checked(p))


def graphical(p: Sequence[float], weights: Sequence[float], transitions: Sequence[Sequence[float]]) -> np.ndarray:
    """Sequentially rejective graph (Bretz, Maurer, Brannath, Posch 2009, doi:10.1002/sim.3495), adjusted p.

    ``weights``: shares of alpha, summing to 1 at most; ``transitions[i][j]``: the share of i's weight that goes to
    j once i is rejected, rows summing to 1 at most, diagonal 0. Hypotheses that no weight reaches get 1.
    """
    values, w, g = _checked(p), np.array(weights, dtype=float), np.array(transitions, dtype=float)
    n = len(values)
    if w.shape != (n,) or g.shape != (n, n):
        raise ValueError(f"{n} p values need {n} weights and transitions {n} x {n}")
    sums = np.array([w.sum(), *g.sum(axis=1)])
    if (w < 0).any() or (g < 0).any() or (np.diag(g) != 0).any() or (sums > 1 + 1e-9).any():
        raise ValueError("weights and transitions are at least 0 and sum to 1 at most; nothing passes on to itself")
    adjusted, open_, least = np.ones(n), list(range(n)), 0.0
    while open_ and max(w[open_]) > 0:
        ratios = {i: values[i] / w[i] for i in open_ if w[i] > 0}
        j = min(ratios, key=lambda i: ratios[i])
        adjusted[j] = least = max(least, min(ratios[j], 1.0))
        open_.remove(j)
        w, g = _without(w, g, j, open_)
    return adjusted


def _without(w: np.ndarray, g: np.ndarray, j: int, left: list[int]) -> tuple[np.ndarray, np.ndarray]:
    """Weights and transitions of the hypotheses left once j is rejected (algorithm 1 of Bretz et al.)."""
    new_w, new_g = np.zeros_like(w), np.zeros_like(g)
    for i in left:
        new_w[i] = w[i] + w[j] * g[j, i]
        loop = g[i, j] * g[j, i]
        for k in left:
            if k != i and loop < 1 - 1e-15:
                new_g[i, k] = (g[i, k] + g[i, j] * g[j, k]) / (1 - loop)
    return new_w, new_g


def rejected(adjusted: Sequence[float] | np.ndarray, alpha: float) -> np.ndarray:
    """Which hypotheses are rejected at a level."""
    return np.asarray(adjusted, dtype=float) <= alpha * (1 + ROUNDING)


def _step_up(values: np.ndarray, factors: np.ndarray) -> np.ndarray:
    """Running minimum from the largest p down; ``factors`` belong to the p values from the largest on."""
    order = np.argsort(-values, kind="stable")
    return _placed(np.minimum(np.minimum.accumulate(values[order] * factors), 1), order)


def _placed(values: np.ndarray, order: np.ndarray) -> np.ndarray:
    placed = np.empty(len(values))
    placed[order] = values
    return placed


def _checked(p: Sequence[float]) -> np.ndarray:
    """The p values as an array. Raises ValueError for none, for missing ones and for numbers that are no p values."""
    values = np.asarray(p, dtype=float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("needs p values between 0 and 1, none missing")
    return values
