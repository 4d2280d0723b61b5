"""Two measurements of the same units: change, its effect sizes, and the exact signed-rank test."""

import math
from typing import Any, Literal

import numpy as np
from scipy.special import ndtr

from omtrace.statistics.basic.pair_sums import PairSums
from omtrace.statistics.basic.ranks import doubled_midranks, order_of_limit, order_of_normal_limit, sign_sums
from omtrace.statistics.basic.samples import TOLERANCE, check_level, mean, quotient, sample, standard_deviation
from omtrace.statistics.basic.student import hedges_correction, noncentral_t_interval, wald_numbers

EXACT_UP_TO = 500  # differences; beyond, the normal approximation (0.2 s of convolution at the limit)


def paired_change(before: Any, after: Any, level: float = 0.95) -> dict[str, float]:
    """Change = after - before of the same units, paired t test, and effect sizes of the change.

    d_z is the mean change over the SD of the changes, with the exact noncentral-t interval; hedges_g is d_z
    times Hedges' exact correction, and so is its interval; d_av divides by the mean of the two SDs (Lakens
    2013). What is undefined (below two pairs, no spread) is NaN.
    Raises ValueError for missing values or unequal lengths.
    """
    x, y = sample(before, "before"), sample(after, "after")
    if x.size != y.size:
        raise ValueError(f"before has {x.size} values and after has {y.size}: not pairs")
    change, n = y - x, x.size
    scale = float(max(np.abs(x).max(), np.abs(y).max())) if n else 0.0
    spread = standard_deviation(change, scale)
    numbers = wald_numbers(mean(change), quotient(spread, math.sqrt(n)), n - 1, level)
    d_z, correction = quotient(mean(change), spread), hedges_correction(n - 1)
    low, high = noncentral_t_interval(numbers["t"], n - 1, level)
    average = (standard_deviation(x) + standard_deviation(y)) / 2
    return {
        "n": float(n),
        "mean_before": mean(x),
        "sd_before": standard_deviation(x),
        "mean_after": mean(y),
        "sd_after": standard_deviation(y),
        "mean_change": mean(change),
        "sd_change": spread,
        **{name: numbers[name] for name in ("ci_low", "ci_high", "t", "df", "p")},
        "d_z": d_z,
        "d_z_ci_low": quotient(low, math.sqrt(n)),
        "d_z_ci_high": quotient(high, math.sqrt(n)),
        "d_av": quotient(mean(change), average),
        "hedges_g": correction * d_z,
        "hedges_g_ci_low": correction * quotient(low, math.sqrt(n)),
        "hedges_g_ci_high": correction * quotient(high, math.sqrt(n)),
    }


def signed_rank(differences: Any, zeros: Literal["wilcoxon", "pratt"] = "wilcoxon") -> dict[str, float]:
    """Signed-rank test of differences: V is the sum of the mid-ranks of the positive ones.

    The p value is two-sided and exact, conditional on ties and zeros: the share of all sign patterns whose V
    lies as far from its expectation as the observed one. Zeros are dropped before ranking (Wilcoxon 1945) or
    ranked and then dropped (Pratt 1959). Beyond 500 non-zero differences (method_exact 0) the normal
    approximation with the conditional variance, without continuity correction. NaN for no differences; 1 if
    all of them are zero. Raises ValueError for missing values.
    """
    d = sample(differences, "differences")
    size = d.size
    if zeros not in ("wilcoxon", "pratt"):
        raise ValueError("zeros must be 'wilcoxon' or 'pratt'")
    moved = np.abs(d) > TOLERANCE * (np.abs(d).max() if d.size else 0.0)
    if zeros == "wilcoxon":
        d, moved = d[moved], moved[moved]
    ranks = doubled_midranks(np.abs(d))[moved]
    v, total, n = int(ranks[d[moved] > 0].sum()), int(ranks.sum()), ranks.size
    exact = n <= EXACT_UP_TO
    if size == 0:
        p = math.nan
    elif exact:
        far = np.abs(2 * np.arange(total + 1) - total) >= abs(2 * v - total)  # integers: no rounding
        p = min(1.0, float(sign_sums(ranks)[far].sum()))
    else:
        p = 2 * float(ndtr(-abs(v - total / 2) / math.sqrt(float((ranks.astype(float) ** 2).sum()) / 4)))
    return {"n_nonzero": float(n), "signed_rank_v": v / 2, "signed_rank_p": p, "method_exact": float(exact)}


def hodges_lehmann(differences: Any, level: float = 0.95) -> dict[str, float]:
    """Median of all Walsh averages (d_i + d_j)/2, i <= j, zeros included, and its distribution-free interval.

    The limits are order statistics of the Walsh averages by the null distribution of V without ties (normal
    beyond 500 differences); taken as a closed interval the coverage is at least ``level``, with ties too
    (Noether 1967). The limits are NaN where the sample is too small for the level. Raises ValueError for
    missing values.
    """
    d, level = sample(differences, "differences"), check_level(level)
    n = d.size
    if n <= EXACT_UP_TO:
        k = order_of_limit(sign_sums(np.arange(1, n + 1)), level)
    else:
        k = order_of_normal_limit(n * (n + 1) // 2, n * (n + 1) * (2 * n + 1) / 24, level)
    middle, low, high = (value / 2 for value in PairSums(d).median_and_limits(k))
    return {"hodges_lehmann": middle, "hodges_lehmann_low": low, "hodges_lehmann_high": high}
