"""Times to an event, some of them censored: Kaplan-Meier, log-rank, Cox's model, restricted mean times.

Survival functions, the log-rank test and the partial likelihood are those of statsmodels; the maximum, the limits, the
restricted mean and the test of proportional hazards are taken here.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import chdtrc, ndtri
from statsmodels.duration.hazard_regression import PHReg
from statsmodels.duration.survfunc import SurvfuncRight, survdiff

from omtrace.statistics.basic.samples import ROUNDING, check_level, sample
from omtrace.statistics.linear.design import column_scale
from omtrace.statistics.linear.likelihood import Derivatives, Fit, maximise, normal_numbers, ratio_numbers

HALF = 1e-9  # a survival probability this near to one half is one half
NO_MAXIMUM = "the likelihood has no finite maximum: a group or level has no event, or a covariate tells their order"
FAR = 15.0  # standard deviations of a covariate times its coefficient: no finite maximum


class RestrictedMean(NamedTuple):
    """The area below a curve up to a time, and its standard error."""

    value: float
    se: float


@dataclass(frozen=True)
class Curve:
    """A Kaplan-Meier curve of ``n`` units, followed up to ``last``: a step at each of the times of events (k,).

    ``survival`` with its limits ``low`` and ``high`` is that from the time on; NaN where a limit is not defined.
    ``at_risk`` are the units just before the time, ``events`` those with an event at it.
    """

    n: int
    last: float
    is_event_last: bool
    times: np.ndarray
    survival: np.ndarray
    low: np.ndarray
    high: np.ndarray
    at_risk: np.ndarray
    events: np.ndarray
    observed: np.ndarray

    def at(self, time: float) -> dict[str, float]:
        """survival with its limits at a time, and at_risk: the units with neither event nor censoring before it.

        NaN beyond the last unit, unless that had the event.
        """
        step = int(np.searchsorted(self.times, time, side="right")) - 1
        known = self.is_event_last or time <= self.last
        values = [float(part[step]) if step >= 0 else 1.0 for part in (self.survival, self.low, self.high)]
        values = values if known and step >= 0 else [1.0 if known else math.nan, math.nan, math.nan]
        names = ("survival", "survival_low", "survival_high")
        return {**dict(zip(names, values, strict=True)), "at_risk": float((self.observed >= time).sum())}

    def median(self) -> dict[str, float]:
        """median_time, and the limits at which those of the curve reach one half (Brookmeyer and Crowley 1982).

        A curve that runs at one half has its median in the middle of that stretch, as in R's survfit. NaN: not reached.
        """
        parts = (self.survival, self.low, self.high)
        names = ("median_time", "median_time_low", "median_time_high")
        return {name: self._half(part) for name, part in zip(names, parts, strict=True)}

    def _half(self, curve: np.ndarray) -> float:
        below = np.flatnonzero(curve <= 0.5 + HALF)
        if not below.size:
            return math.nan
        first = int(below[0])
        flat = abs(curve[first] - 0.5) <= HALF and first + 1 < self.times.size
        return float((self.times[first] + self.times[first + 1]) / 2 if flat else self.times[first])

    def restricted_mean(self, horizon: float) -> RestrictedMean:
        """The area below the curve up to a time, and its standard error (Greenwood's, as in survfit and survRM2).

        Raises
        ------
        ValueError
            Where the curve is not known so far.
        """
        if horizon > self.last and not self.is_event_last:
            raise ValueError(f"nobody was followed up for more than {self.last:g}, less than the horizon {horizon:g}")
        before = self.times < horizon
        edges = np.concatenate([[0.0], self.times[before], [horizon]])
        pieces = np.diff(edges) * np.concatenate([[1.0], self.survival[before]])
        rest = pieces.sum() - np.cumsum(pieces)[:-1]  # the area beyond each event
        n, d = self.at_risk[before], self.events[before]
        terms = np.divide(rest**2 * d, n * (n - d), out=np.zeros(d.size), where=n > d)
        return RestrictedMean(float(pieces.sum()), math.sqrt(float(terms.sum())))


def kaplan_meier(times: ArrayLike, events: ArrayLike, level: float = 0.95) -> Curve:
    """The Kaplan-Meier curve with log-log limits.

    Parameters
    ----------
    times
        (n,) times to the event, or to the end of observation.
    events
        (n,) 1 for an event, 0 for a time that is censored.
    level
        Of the limits: S^exp(-+z se(log(-log S))), with Greenwood's standard error.

    Raises
    ------
    ValueError
        For no times, times below 0 and other events than 0 and 1.
    """
    t, d = _checked(times, events)
    z = float(ndtri((1 + check_level(level)) / 2))
    last = float(t.max())
    if not d.any():
        none = np.empty(0)
        return Curve(t.size, last, False, none, none, none, none, none, none, t)
    estimate = SurvfuncRight(t, d)
    survival, se = np.asarray(estimate.surv_prob), np.asarray(estimate.surv_prob_se)
    with np.errstate(all="ignore"):
        width = z * se / (survival * np.abs(np.log(survival)))
        low, high = (survival ** np.exp(side * width) for side in (1, -1))
    ends = np.where((survival > 0) & (survival < 1), 0.0, np.nan)
    is_event_last = bool(d[t == last].any())
    return Curve(
        t.size,
        last,
        is_event_last and float(survival[-1]) == 0,
        np.asarray(estimate.surv_times, dtype=float),
        survival,
        low + ends,
        high + ends,
        np.asarray(estimate.n_risk, dtype=float),
        np.asarray(estimate.n_events, dtype=float),
        t,
    )


def log_rank(
    times: ArrayLike, events: ArrayLike, groups: ArrayLike, strata: ArrayLike | None = None
) -> dict[str, float]:
    """The log-rank test that hazards are equal, within strata where they are given: chi_squared, df, p.

    Raises
    ------
    ValueError
        For fewer than two groups, and where no event tells them apart.
    """
    t, d = _checked(times, events)
    groups, within = np.asarray(groups), None if strata is None else np.asarray(strata)
    names = np.unique(groups)
    if names.size < 2:
        raise ValueError("the log-rank test needs two groups with values")
    try:
        chi_squared = float(survdiff(t, d, groups, strata=within)[0])
    except np.linalg.LinAlgError:
        raise ValueError("the log-rank test is not defined: no event while both groups are at risk") from None
    df = float(names.size - 1)
    return {"chi_squared": chi_squared, "df": df, "p": float(chdtrc(df, chi_squared))}


def restricted_mean_difference(a: Curve, b: Curve, horizon: float, level: float = 0.95) -> dict[str, float]:
    """Restricted mean time of a less that of b: difference, se, ci_low, ci_high, z, p. Raises ValueError as it does."""
    (mean_a, se_a), (mean_b, se_b) = a.restricted_mean(horizon), b.restricted_mean(horizon)
    if not se_a + se_b > 0:
        raise ValueError("no event in either group before the horizon, so that nothing says how far times scatter")
    difference = mean_a - mean_b
    return {"difference": difference, **normal_numbers(difference, math.hypot(se_a, se_b), level)}


@dataclass(frozen=True)
class CoxModel:
    """A fitted proportional hazards model: its likelihood, and coefficients per column (p,) with their covariance."""

    likelihood: PHReg
    fit: Fit

    def hazard_ratio(self, weights: ArrayLike, level: float = 0.95) -> dict[str, float]:
        """hazard_ratio, se_log, ci_low, ci_high, z, p of a combination of the coefficients (Wald)."""
        return ratio_numbers("hazard_ratio", self.fit.estimate(np.asarray(weights, dtype=float)), level)

    def proportional_hazards(self, columns: slice) -> dict[str, float]:
        """The score test that coefficients do not change over time: chi_squared, df, proportional_hazards_p.

        Time is transformed to 1 less the Kaplan-Meier curve of all units just before it, as R's cox.zph does
        (Grambsch and Therneau 1994, as the exact score test).

        Raises
        ------
        ValueError
            Where the events do not tell one time from another.
        """
        times, events = self.likelihood.endog, self.likelihood.status
        curve = kaplan_meier(times, events)
        before = np.concatenate([[0.0], 1 - curve.survival])
        size = self.fit.coefficients.size
        score, crossed, squared = np.zeros(size), np.zeros((size, size)), np.zeros((size, size))
        plain = np.zeros((size, size))
        for time, residual, variance in self._steps():
            g = before[int(np.searchsorted(curve.times, time))]
            score, plain = score + g * residual, plain + variance
            crossed, squared = crossed + g * variance, squared + g * g * variance
        information = squared[columns, columns] - crossed[columns] @ np.linalg.solve(plain, crossed[:, columns])
        if np.linalg.eigvalsh(information)[0] <= ROUNDING * np.abs(squared[columns, columns]).max():
            raise ValueError("events at too few times to see whether hazards are proportional")
        u = score[columns]
        chi_squared = float(u @ np.linalg.solve(information, u))
        return {
            "chi_squared": chi_squared,
            "df": float(u.size),
            "proportional_hazards_p": float(chdtrc(u.size, chi_squared)),
        }

    def _steps(self) -> Iterator[tuple[float, np.ndarray, np.ndarray]]:
        """Each time with events in a stratum: sum of the Schoenfeld residuals (p,), and of their variances (p, p)."""
        model = self.likelihood
        strata = np.zeros(model.endog.size) if model.strata is None else model.strata
        weights = np.exp(model.exog @ self.fit.coefficients)
        for stratum in np.unique(strata):
            for time in np.unique(model.endog[(strata == stratum) & (model.status == 1)]):
                risk = (strata == stratum) & (model.endog >= time)
                x, w = model.exog[risk], weights[risk]
                died = (model.endog[risk] == time) & (model.status[risk] == 1)
                count = int(died.sum())
                residual, variance = x[died].sum(axis=0), np.zeros((x.shape[1], x.shape[1]))
                for turn in range(count):
                    part = w * (1 - died * turn / count) if model.ties == "efron" else w
                    part = part / part.sum()
                    mean = part @ x
                    residual = residual - mean
                    variance = variance + (x - mean).T @ ((x - mean) * part[:, None])
                yield float(time), residual, variance


def fit_cox(
    times: ArrayLike, events: ArrayLike, matrix: ArrayLike, strata: ArrayLike | None = None, ties: str = "efron"
) -> CoxModel:
    """Cox's proportional hazards model by partial likelihood.

    Parameters
    ----------
    times, events
        (n,) as for ``kaplan_meier``.
    matrix
        (n, p) columns of the model, without an intercept.
    strata
        (n,) the stratum of each unit, with a baseline hazard of its own.
    ties
        "efron" or "breslow".

    Raises
    ------
    ValueError
        Where the likelihood has no finite maximum: no events, or a group without any.
    """
    t, d = _checked(times, events)
    x = np.asarray(matrix, dtype=float)
    if not d.any():
        raise ValueError("there is no event")
    x = x - x.mean(axis=0)  # hazards are told from each other, so that the zero of a covariate plays no part
    codes = None if strata is None else np.unique(np.asarray(strata), return_inverse=True)[1]
    each = [x] if codes is None else [x[codes == stratum] for stratum in range(codes.max() + 1)]
    if (np.array([np.ptp(part, axis=0) for part in each]).max(axis=0) == 0).any():
        where = "all units" if codes is None else "all units of every stratum"
        raise ValueError(f"a group or covariate is the same in {where}, so that no hazards are compared")
    scale = column_scale(x)
    scaled = PHReg(t, x / scale, d, strata=codes, ties=ties)
    try:
        with np.errstate(all="ignore"):
            fit = maximise(
                lambda b: Derivatives(float(scaled.loglike(b)), scaled.score(b), scaled.hessian(b)),
                np.zeros(x.shape[1]),
            )
    except ValueError:
        raise ValueError(NO_MAXIMUM) from None
    if np.abs(fit.coefficients).max() > FAR:
        raise ValueError(NO_MAXIMUM)
    return CoxModel(PHReg(t, x, d, strata=codes, ties=ties), fit.rescaled(scale))


def _checked(times: ArrayLike, events: ArrayLike) -> np.ndarray:
    """Times, and whether each is that of an event (2, n)."""
    t, d = sample(times, "times"), sample(events, "events")
    if not t.size or t.size != d.size:
        raise ValueError("there are no times" if not t.size else "times and events differ in number")
    if (t < 0).any():
        raise ValueError(f"{int((t < 0).sum())} times are below 0")
    if not ((d == 0) | (d == 1)).all():
        raise ValueError("events: 1 for an event, 0 for a time that is censored")
    return np.array([t, d])
