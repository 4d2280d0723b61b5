"""Groups compared at a visit after imputation: draws with Rubin's rules, or conditional means with the jackknife.

Draws of missing values, given a unit's observed ones, follow draws of the model: from its posterior, or (approximately
so) fits to bootstrap samples of the units, stratified by group. Rubin's rules combine the analyses. Conditional means
(Wolbers and others 2022) need no chance: the estimate is that of the completed data, its standard error that of the
jackknife over units, imputation model included. Under reference-based strategies Rubin's standard errors are the larger
ones: they keep the share of information lost that MAR has (Cro, Carpenter and Kenward 2019), while the jackknife tells
what repeated trials would show, where values borrowed from the reference make arms more alike.

Both are exact in delta, a number added to the imputed values of a group: estimates are linear in it.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq

from omtrace.statistics.missing.imputation import Imputer
from omtrace.statistics.missing.imputed_analysis import LeastSquares, jackknife, rubin
from omtrace.statistics.missing.posterior import Parameters
from omtrace.statistics.mixed.mmrm_replicates import DEPENDENT

MOST_REFUSED = 0.05  # share of bootstrap samples that the model may fail to fit; they are drawn again
SCANNED = 200  # points at which a tipping point is looked for, between 0 and either end


@dataclass(frozen=True)
class MeanComparison:
    """Estimates (c,), and without each unit (n, c), at one visit; ``slopes`` (q, c), (q, n, c) are those by delta."""

    estimates: np.ndarray
    slopes: np.ndarray
    without: np.ndarray
    slopes_without: np.ndarray
    level: float

    def numbers(self, which: int, delta: ArrayLike = 0.0) -> dict[str, float]:
        """estimate, se, ci_low, ci_high, z, p of a combination, with delta (q,) added to imputed values."""
        shift = np.broadcast_to(delta, len(self.slopes))
        estimate = float(self.estimates[which] + shift @ self.slopes[:, which])
        without = self.without[:, which] + shift @ self.slopes_without[:, :, which]
        return jackknife(estimate, without, self.level)


@dataclass(frozen=True)
class DrawComparison:
    """Estimates (m, c) of m imputations at one visit, ``slopes`` (q, c) by delta, and the parts of their variances."""

    estimates: np.ndarray
    slopes: np.ndarray
    squares: np.ndarray  # (m,) sums of squared residuals
    mixed: np.ndarray  # (m, q) products of residuals with those of delta
    bent: np.ndarray  # (q, q) products of the residuals of delta
    shape: np.ndarray
    df: int
    level: float

    def numbers(self, which: int, delta: ArrayLike = 0.0) -> dict[str, float]:
        """estimate, se, ci_low, ci_high, t, df, p, fmi, within, between, with delta (q,) added to imputed values."""
        shift = np.broadcast_to(delta, len(self.slopes)).astype(float)
        squares = self.squares + 2 * self.mixed @ shift + shift @ self.bent @ shift
        variances = squares / self.df * self.shape[which] ** 2
        estimates = self.estimates[:, which] + shift @ self.slopes[:, which]
        return rubin(estimates, variances, self.df, self.level)


class ConditionalMeans:
    """Comparisons by conditional means: the model is fitted once without each unit, for all strategies and visits."""

    def __init__(self, imputer: Imputer, weights: np.ndarray, level: float = 0.95) -> None:
        """``weights`` (c, k) of ``Trial.terms``. Raises ValueError if the model cannot be fitted without some unit."""
        self.imputer, self.level = imputer, level
        self.analysis = LeastSquares(imputer.trial.terms(), weights, imputer.trial.names())
        n = len(imputer.trial.group)
        self.all = imputer.replicates(np.ones((1, n)))
        self.without = imputer.replicates(1.0 - np.eye(n), is_without=True)
        if refused := [reason for reason in (*self.all.refusal, *self.without.refusal) if reason]:
            hint = "; a factor may have a level with hardly any value" if refused[0] == DEPENDENT else ""
            raise ValueError(
                f"without {len(refused)} of the {n} units, each left out in turn, the model cannot be fitted: "
                f"{refused[0]}{hint}"
            )

    def compare(self, strategy: str, visit: int) -> MeanComparison:
        """The comparison at a visit, counted from 0."""
        trial, analysis = self.imputer.trial, self.analysis
        whole, each = (self.imputer.completed(strategy, fit)[:, :, visit] for fit in (self.all, self.without))
        deltas = imputed(self.imputer, visit)
        moved = np.array([analysis.without_each(np.tile(delta, (len(trial.group), 1))) for delta in deltas])
        return MeanComparison(
            analysis.estimates(whole)[0], analysis.estimates(deltas), analysis.without_each(each), moved, self.level
        )


class Draws:
    """Comparisons by m draws of the model, the same for all strategies and visits, and of the missing values.

    ``refused`` counts bootstrap samples not fitted.
    """

    def __init__(
        self,
        imputer: Imputer,
        weights: np.ndarray,
        fit: Parameters,
        generator: np.random.Generator,
        level: float = 0.95,
    ) -> None:
        """``weights`` (c, k) of ``Trial.terms``. Raises ValueError for fewer than two imputations."""
        if len(fit.coefficients) < 2:
            raise ValueError("fewer than two imputations")
        self.imputer, self.level, self.fit, self.refused = imputer, level, fit, 0
        self.analysis = LeastSquares(imputer.trial.terms(), weights, imputer.trial.names())
        self.noise = generator.standard_normal((len(fit.coefficients), *imputer.trial.values.shape))

    @classmethod
    def posterior(
        cls, imputer: Imputer, weights: np.ndarray, m: int, generator: np.random.Generator, level: float = 0.95
    ) -> "Draws":
        """Draws of the model from its posterior."""
        return cls(imputer, weights, imputer.posterior(m, generator), generator, level)

    @classmethod
    def bootstrap(
        cls, imputer: Imputer, weights: np.ndarray, m: int, generator: np.random.Generator, level: float = 0.95
    ) -> "Draws":
        """Fits of the model to bootstrap samples. Raises ValueError if too few can be fitted."""
        fits: list[Parameters] = []
        reasons: list[str] = []
        while (lacking := m - sum(len(fit.coefficients) for fit in fits)) > 0:
            drawn = imputer.replicates(bootstrap_counts(imputer.trial.group, lacking, generator))
            good = drawn.refusal == ""
            fits.append(Parameters(drawn.coefficients[good], drawn.covariances[good]))
            reasons += [str(reason) for reason in drawn.refusal if reason]
            if len(reasons) > m * MOST_REFUSED + 1:
                raise ValueError(
                    f"more than {MOST_REFUSED:.0%} of the bootstrap samples cannot be fitted: {reasons[0]}"
                )
        draws = cls(imputer, weights, Parameters.joined(fits), generator, level)
        draws.refused = len(reasons)
        return draws

    def compare(self, strategy: str, visit: int) -> DrawComparison:
        """The comparison at a visit, counted from 0."""
        analysis = self.analysis
        values = self.imputer.completed(strategy, self.fit, self.noise)[:, :, visit]
        deltas = imputed(self.imputer, visit)
        left, moved = analysis.residuals(values), analysis.residuals(deltas)
        return DrawComparison(
            analysis.estimates(values),
            analysis.estimates(deltas),
            (left**2).sum(axis=1),
            left @ moved.T,
            moved @ moved.T,
            analysis.shape,
            analysis.df,
            self.level,
        )


def bootstrap_counts(group: np.ndarray, m: int, generator: np.random.Generator) -> np.ndarray:
    """How often each unit is drawn (m, n), as many of each group (n,) as there are."""
    counts = np.zeros((m, group.size))
    for g in np.unique(group):
        units = np.flatnonzero(group == g)
        drawn = units[generator.integers(0, units.size, (m, units.size))]
        np.add.at(counts, (np.arange(m)[:, None], drawn), 1)
    return counts


def imputed(imputer: Imputer, visit: int) -> np.ndarray:
    """Which values of each group are imputed at a visit, as 1 and 0 (q, n)."""
    trial = imputer.trial
    missing = ~trial.seen[:, visit]
    return np.array([(missing & (trial.group == g)).astype(float) for g in range(len(trial.groups))])


def tipping_point(p_at: Callable[[float], float], low: float, high: float, alpha: float) -> float:
    """The delta nearest to 0, between ``low`` and ``high``, at which p passes alpha; NaN if it does not.

    ``p_at`` gives p at a delta. The passage is found on a grid of 200 points each way, then as a root.
    """
    decided = p_at(0.0) < alpha
    roots = []
    for end in (low, high):
        before = 0.0
        for step in range(1, SCANNED + 1):
            here = end * step / SCANNED
            if (p_at(here) < alpha) != decided:
                roots.append(float(brentq(lambda d: p_at(d) - alpha, before, here, xtol=1e-12, rtol=1e-14)))
                break
            before = here
    return min(roots, key=abs, default=float("nan"))
