"""Several measurements of the same units at once: repeated-measures analysis of variance, Hotelling's T squared."""

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from omtrace.statistics.basic.explained import partial_eta
from omtrace.statistics.basic.samples import TOLERANCE, quotient, sample

SINGULAR = 1e-10  # of a correlation matrix: a smaller eigenvalue is none


def matrix(values: ArrayLike, least: int) -> np.ndarray:
    """Values as units x measurements. Raises ValueError for missing values, or fewer than ``least`` measurements."""
    try:
        found = np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise ValueError("values: not numeric, or with missing values") from None
    if found.ndim != 2 or found.shape[1] < least:
        raise ValueError(f"values: at least {least} measurements of each unit are needed")
    return sample(found.ravel()).reshape(found.shape)


def repeated_anova(values: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """One-way repeated-measures analysis of variance of values (units x occasions).

    f, df_1, df_2, p, and partial eta squared with its noncentral-F interval, assume that all differences between
    occasions vary alike; gg_p and hf_p multiply both degrees of freedom by gg_epsilon (Greenhouse and Geisser
    1959) and hf_epsilon (Huynh and Feldt 1976, at most 1). NaN where undefined: without spread, below two units, and
    for hf_epsilon of two units, which is 0/0. Raises ValueError for missing values, and for fewer than two occasions.

    ``statsmodels.stats.anova.AnovaRM`` gives the same F, but no epsilon; these need the contrasts' cross products, from
    which F follows.

    Examples
    --------
    >>> found = repeated_anova([[1, 2, 4], [2, 2, 5], [3, 5, 6], [2, 4, 4]])
    >>> round(found["f"], 4), round(found["gg_epsilon"], 4)
    (16.0588, 0.5711)
    """
    y = matrix(values, 2)
    n, k = y.shape
    df_1, df_2 = k - 1, (n - 1) * (k - 1)
    if n < 2:
        return dict.fromkeys(("f", "df_1", "df_2", "p", *partial_eta(math.nan, 1, 1), *_EPSILONS), math.nan)
    effects = y @ _contrasts(k)
    means = effects.mean(axis=0)
    spread = (effects - means).T @ (effects - means)
    error = float(np.trace(spread))
    if math.sqrt(error) <= TOLERANCE * float(np.abs(y).max()) * n:
        error = 0.0  # rounding error only
    f = quotient(n * float(means @ means) / df_1, quotient(error, df_2))
    epsilon = quotient(error**2, df_1 * float((spread**2).sum())) if error else math.nan
    above, below = n * df_1 * epsilon - 2, df_1 * (n - 1 - df_1 * epsilon)
    small = TOLERANCE * n * df_1  # two units: 0/0, however they differ
    huynh = math.nan if not above > small else min(1.0, above / below) if below > small else 1.0
    numbers = {"f": f, "df_1": float(df_1), "df_2": float(df_2), "p": _p(f, df_1, df_2)}
    numbers |= partial_eta(f, df_1, df_2, level)
    found = (epsilon, _p(f, epsilon * df_1, epsilon * df_2), huynh, _p(f, huynh * df_1, huynh * df_2))
    return numbers | dict(zip(_EPSILONS, found, strict=True))


def hotelling(changes: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """One-sample multivariate analysis of variance: are the means of several changes (units x p) all zero?

    t_squared is Hotelling's; f = (n - p)/(p (n - 1)) t_squared on df_1 = p and df_2 = n - p, which is also what
    Pillai, Wilks and the other criteria give. partial_eta_squared = T2/(T2 + n - 1) is Pillai's trace. Raises
    ValueError for missing values, for no more units than changes, and for changes that determine each other. Instead
    of ``statsmodels.stats.multivariate.test_mvmean``, which takes no single change.

    Examples
    --------
    >>> round(hotelling([[1, 2], [2, 1], [3, 5], [2, 4]])["t_squared"], 4)
    24.0
    """
    d = matrix(changes, 1)
    n, p = d.shape
    if n <= p:
        raise ValueError(f"{n} units for {p} changes: more units than changes are needed")
    spread = np.cov(d, rowvar=False).reshape(p, p)
    size = np.sqrt(np.diag(spread))
    if not (size > TOLERANCE * np.abs(d).max(axis=0)).all():
        raise ValueError("a change is the same in all units")
    correlation = spread / np.outer(size, size)
    if np.linalg.eigvalsh(correlation)[0] < SINGULAR:
        raise ValueError("the changes determine each other: one is a sum of others")
    means = d.mean(axis=0) / size
    t_squared = n * float(means @ np.linalg.solve(correlation, means))
    f = (n - p) / (p * (n - 1)) * t_squared
    numbers = {"t_squared": t_squared, "f": f, "df_1": float(p), "df_2": float(n - p), "p": _p(f, p, n - p)}
    return numbers | partial_eta(f, p, n - p, level)


_EPSILONS = ("gg_epsilon", "gg_p", "hf_epsilon", "hf_p")


def _contrasts(k: int) -> np.ndarray:
    """Orthonormal contrasts of k occasions (Helmert's), k x (k - 1)."""
    found = np.zeros((k, k - 1))
    for at in range(1, k):
        found[:at, at - 1] = -1.0
        found[at, at - 1] = at
        found[:, at - 1] /= math.sqrt(at * (at + 1))
    return found


def _p(f: float, df_1: float, df_2: float) -> float:
    return float(fdtrc(df_1, df_2, f)) if math.isfinite(f) and df_1 > 0 and df_2 > 0 else math.nan
