"""How much of a group difference's standard error the assay makes, and what the curves add to it.

Log concentrations of two groups are compared. The scatter of the wells is part of the scatter between animals, and so
of the usual standard error already. The error of a curve is common to all samples of its plate: it cancels where both
groups stand on the plate alike, and is not in the usual standard error where they do not.
"""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.basic.student import t_interval, t_test
from omtrace.statistics.basic.two_groups import welch

Pair = tuple[ArrayLike, ArrayLike]


def assay_error(
    logs: Pair, curve: Pair, wells: Pair, plates: tuple[Sequence[str], Sequence[str]], level: float = 0.95
) -> dict[str, dict[str, float]]:
    """Difference of mean logs (first minus second group) without and with the curves' error, and the assay's share.

    ``curve``: of each sample the derivatives (n, p) of its log concentration in the p independent unit errors of its
    plate's curve; ``wells``: the variance of its log concentration from its wells. Returns ``plain``, ``with_curve``
    (difference, se, ci_low, ci_high, t, df, p) and ``assay`` (se_wells, se_curve, share: percent of the whole
    variance). Degrees of freedom stay Welch's, so that the interval cannot narrow.
    """
    first, second = sample(logs[0]), sample(logs[1])
    plain = welch(first, second, level)
    weights = np.concatenate([np.full(first.size, 1 / first.size), np.full(second.size, -1 / second.size)])
    shared = np.concatenate([np.atleast_2d(curve[0]), np.atleast_2d(curve[1])]).astype(float)
    names = np.array([*plates[0], *plates[1]])
    by_curve = sum(float(((weights[names == name] @ shared[names == name]) ** 2).sum()) for name in sorted(set(names)))
    by_wells = float(weights**2 @ np.concatenate([sample(wells[0]), sample(wells[1])]))
    whole = plain["se"] ** 2 + by_curve
    df, se = plain["df"], math.sqrt(whole)
    low, high = t_interval(plain["difference"], se, df, level)
    t, p = t_test(plain["difference"], se, df)
    kept = {name: plain[name] for name in ("difference", "se", "ci_low", "ci_high", "t", "df", "p")}
    return {
        "plain": kept,
        "with_curve": {**kept, "se": se, "ci_low": low, "ci_high": high, "t": t, "df": df, "p": p},
        "assay": {
            "se_wells": math.sqrt(by_wells),
            "se_curve": math.sqrt(by_curve),
            "share": min(100.0, 100 * (by_wells + by_curve) / whole) if whole > 0 else math.nan,
        },
    }
