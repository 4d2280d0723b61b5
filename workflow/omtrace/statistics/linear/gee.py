"""Generalised estimating equations: several outcomes a unit or cluster, with a small-sample covariance."""

import math
import warnings
from collections.abc import Sequence
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from statsmodels.genmod import cov_struct, families
from statsmodels.genmod.generalized_estimating_equations import GEE
from statsmodels.tools.sm_exceptions import ModelWarning

from omtrace.statistics.basic.samples import NO_RESIDUAL, ROUNDING, TOLERANCE, sample
from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.linear.design import column_scale

Outcome = Literal["yes or no", "counts", "numbers"]
Correlation = Literal["exchangeable", "independence", "ar1"]
MOST = 0.99  # working correlation of neighbours
ALIKE = 1 - 1e-8  # working correlation of outcomes that are the same
IDENTICAL = "the outcomes of each unit or cluster are all alike, so that their correlation is 1; take independence"
NO_SOLUTION = "the estimating equations have no solution that could be found"
CERTAIN = 15.0  # a linear predictor this far out on the logit scale: where the iteration ends of terms that separate
FAMILIES = {"yes or no": families.Binomial, "counts": families.Poisson, "numbers": families.Gaussian}


class _Autoregressive(cov_struct.CovStruct):
    """First-order autoregression by distance in time.

    The correlation is the sum of products of residuals one step apart over the mean of their sums of squares, so that
    it lies within -1 and 1. statsmodels' takes a unit's outcomes for adjacent over gaps, and finds no high correlation.
    """

    def __init__(self) -> None:
        super().__init__()
        self.dep_params = 0.0

    def update(self, params: np.ndarray) -> None:
        model = self.model
        products = squares = 0.0
        for index in range(model.num_group):
            expected, _ = model.cached_means[index]
            resid = (model.endog_li[index] - expected) / np.sqrt(model.family.variance(expected))
            near = np.diff(model.time_li[index][:, 0]) == 1
            products += float((resid[1:] * resid[:-1])[near].sum())
            squares += float((resid[1:] ** 2 + resid[:-1] ** 2)[near].sum()) / 2
        self.dep_params = min(max(products / squares if squares else 0.0, -MOST), MOST)

    def covariance_matrix(self, endog_expval: np.ndarray, index: int) -> tuple[np.ndarray, bool]:
        time = self.model.time_li[index][:, 0]
        return self.dep_params ** np.abs(time[:, None] - time), True


class EstimatingEquations:
    """Coefficients by statsmodels' ``GEE``, their covariance by Mancl and DeRouen (2001), Student's t.

    Parameters
    ----------
    y : outcomes (n,), the rows of a cluster in order of time
    x : model matrix (n, p) of full rank
    cluster : n labels
    time : when each was measured, in steps
    outcome : yes or no: logit link; counts: log link, variance proportional to the mean; numbers: identity
    correlation : working correlation within a cluster; ar1 by the distance in time
    offset : (n,), on the scale of the link

    Attributes
    ----------
    coefficients, covariance : (p,), (p, p)
    clusters, df : number of clusters, and less p, the degrees of freedom of all tests
    correlation : of two outcomes of a cluster, or of two that are a step apart; 0 for independence

    Raises
    ------
    ValueError
        for no more clusters than coefficients, outcomes that are none of the kind, and equations without a solution

    Notes
    -----
    The uncorrected sandwich covariance is too small where clusters are few; Mancl and DeRouen's is larger than the
    truth on average rather than smaller. Columns are standardised before the fit; of numbers the least-squares fit is
    taken off before it and given back, and what is left has SD 1, so that neither unit nor origin plays a part.
    """

    def __init__(
        self,
        y: ArrayLike,
        x: np.ndarray,
        cluster: Sequence[str],
        time: ArrayLike,
        outcome: Outcome,
        correlation: Correlation = "exchangeable",
        offset: np.ndarray | None = None,
    ) -> None:
        values, labels, steps = sample(y, "y"), np.asarray(cluster), np.asarray(time)
        self.clusters = len(set(cluster))
        self.df = float(self.clusters - x.shape[1])
        _check(values, outcome)
        scale = column_scale(x)
        start = _start(values, x / scale) if outcome == "numbers" else _Start(values, np.zeros(x.shape[1]), 1.0)
        _check_clusters(values, labels, steps, x.shape[1], correlation)
        working = {
            "exchangeable": cov_struct.Exchangeable,
            "independence": cov_struct.Independence,
            "ar1": _Autoregressive,
        }[correlation]()
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            for kind in (ModelWarning, RuntimeWarning):
                warnings.simplefilter("ignore", kind)
            try:
                model = GEE(
                    start.values,
                    x / scale,
                    labels,
                    steps,
                    FAMILIES[outcome](),
                    working,
                    offset=offset,
                )
                fit = model.fit(maxiter=1000, ctol=1e-10, cov_type="bias_reduced")
            except (np.linalg.LinAlgError, ValueError, AttributeError) as error:
                raise ValueError(f"{NO_SOLUTION}: {error}") from None
        self.coefficients = (start.coefficients + start.unit * np.asarray(fit.params)) / scale
        self.covariance = start.unit**2 * np.asarray(fit.cov_params()) / np.outer(scale, scale)
        self.correlation = float(working.dep_params) if correlation != "independence" else 0.0
        finite = np.isfinite(self.covariance).all() and (np.diag(self.covariance) > 0).all()
        far = outcome == "yes or no" and np.abs(x @ self.coefficients).max() > CERTAIN
        if self.correlation > ALIKE:
            raise ValueError(IDENTICAL)
        if not (fit.converged and finite) or far:
            raise ValueError(NO_SOLUTION)

    def contrast(self, row: np.ndarray, level: float = 0.95) -> dict[str, float]:
        """estimate, se, ci_low, ci_high, t, df, p of a combination of the coefficients, on the scale of the link.

        All but the estimate and df are NaN where the outcomes that it rests on do not vary.
        """
        estimate, variance = float(row @ self.coefficients), float(row @ self.covariance @ row)
        parts = np.abs(row) @ np.sqrt(np.diag(self.covariance))
        se = math.sqrt(variance) if variance > ROUNDING * parts**2 else math.nan
        return {"estimate": estimate, **wald_numbers(estimate, se, self.df, level)}


class _Start(NamedTuple):
    """Outcomes (n,) as they are fitted: less what ``coefficients`` (p,) give, over ``unit``."""

    values: np.ndarray
    coefficients: np.ndarray
    unit: float


def _start(values: np.ndarray, x: np.ndarray) -> _Start:
    """Of numbers. Raises ValueError where they leave no residual."""
    coefficients = np.linalg.lstsq(x, values, rcond=None)[0]
    left = values - x @ coefficients
    unit = float(np.sqrt(np.mean(left**2)))
    if unit <= TOLERANCE * np.abs(values).max():
        raise ValueError(NO_RESIDUAL)
    return _Start(left / unit, coefficients, unit)


def _check(values: np.ndarray, outcome: Outcome) -> None:
    """Raise ValueError for outcomes that are none of the kind."""
    if outcome == "yes or no" and not np.isin(values, (0, 1)).all():
        raise ValueError("outcomes other than 1 (yes) and 0 (no)")
    if outcome == "counts" and (values < 0).any():
        raise ValueError(f"{int((values < 0).sum())} counts are below 0")


def _check_clusters(
    values: np.ndarray, labels: np.ndarray, steps: np.ndarray, coefficients: int, correlation: Correlation
) -> None:
    """Raise ValueError for clusters that leave no degrees of freedom, or tell no correlation, or one of 1."""
    _, first, code, size = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    if size.size <= coefficients:
        raise ValueError(
            f"{size.size} cluster{'s' * (size.size != 1)} for {coefficients} coefficients leave no degrees of freedom "
            "for a covariance"
        )
    if correlation == "exchangeable" and (size * (size - 1)).sum() / 2 <= coefficients:
        raise ValueError("too few clusters have several outcomes to tell a correlation; take independence")
    if correlation == "ar1" and not ((labels[1:] == labels[:-1]) & (np.diff(steps) == 1)).any():
        raise ValueError("no unit has outcomes one step apart")
    if correlation != "independence" and (values == values[first][code]).all():
        raise ValueError(IDENTICAL)
