"""P values adjusted for several hypotheses: a hypothesis is rejected where its adjusted p is at most alpha.

Each function takes p values, one a hypothesis, and gives adjusted ones in the same order.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from statsmodels.stats.multitest import multipletests

Adjustment = Literal["bonferroni", "holm", "hochberg", "hommel", "benjamini_hochberg", "benjamini_yekutieli"]
METHODS: dict[Adjustment, str] = {
    "bonferroni": "bonferroni",
    "holm": "holm",
    "hochberg": "simes-hochberg",
    "hommel": "hommel",
    "benjamini_hochberg": "fdr_bh",
    "benjamini_yekutieli": "fdr_by",
}
ROUNDING = 1e-12  # relative: an adjusted p that exceeds alpha by no more than this equals it


def adjusted(p: Sequence[float], method: Adjustment) -> np.ndarray:
    """Adjusted p values by ``statsmodels.stats.multitest.multipletests``.

    Parameters
    ----------
    p : one a hypothesis
    method : bonferroni; holm (1979), strong control under any dependence; hochberg (1988,
        doi:10.1093/biomet/75.4.800), under independence or positive dependence; hommel (1988,
        doi:10.1093/biomet/75.2.383), the closed test with Simes tests; benjamini_hochberg (1995,
        doi:10.1111/j.2517-6161.1995.tb02031.x), the false discovery rate under independence or positive dependence;
        benjamini_yekutieli (2001, doi:10.1214/aos/1013699998), under any dependence

    Returns
    -------
    adjusted p values in the same order, at most 1

    Raises
    ------
    ValueError
        for none, for missing ones and for numbers that are no p values

    Examples
    --------
    >>> adjusted([0.01, 0.04, 0.03], "holm").tolist()
    [0.03, 0.06, 0.06]
    """
    return np.asarray(multipletests(_checked(p), method=METHODS[method])[1], dtype=float)


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
        w, g = _weights_without(w, g, j, open_), _transitions_without(g, j, open_)
    return adjusted


def _weights_without(w: np.ndarray, g: np.ndarray, j: int, left: list[int]) -> np.ndarray:
    """Weights of the hypotheses left once j is rejected (algorithm 1 of Bretz et al.)."""
    new_w = np.zeros_like(w)
    for i in left:
        new_w[i] = w[i] + w[j] * g[j, i]
    return new_w


def _transitions_without(g: np.ndarray, j: int, left: list[int]) -> np.ndarray:
    """Transitions between the hypotheses left once j is rejected."""
    new_g = np.zeros_like(g)
    for i in left:
        loop = g[i, j] * g[j, i]
        for k in left:
            if k != i and loop < 1 - 1e-15:
                new_g[i, k] = (g[i, k] + g[i, j] * g[j, k]) / (1 - loop)
    return new_g


def rejected(adjusted: Sequence[float] | np.ndarray, alpha: float) -> np.ndarray:
    """Which hypotheses are rejected at a level."""
    return np.asarray(adjusted, dtype=float) <= alpha * (1 + ROUNDING)


def _checked(p: Sequence[float]) -> np.ndarray:
    """The p values as an array. Raises ValueError for none, for missing ones and for numbers that are no p values."""
    values = np.asarray(p, dtype=float)
    if values.ndim != 1 or not len(values) or not ((values >= 0) & (values <= 1)).all():
        raise ValueError("needs p values between 0 and 1, none missing")
    return values
