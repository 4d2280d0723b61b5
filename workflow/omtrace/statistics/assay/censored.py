"""Regression of values of which some are only known to lie below or above a limit (Tobit, censored normal).

y = X beta + sigma e, e standard normal. A value's state is ``BELOW`` (the true value lies below the number given),
``SEEN`` or ``ABOVE``; each value has its own limit. The likelihood is searched in gamma = beta / sigma and
tau = 1 / sigma, in which it is concave (Olsen 1978, Econometrica 46:1211): Newton's method finds the one maximum.
Log concentrations, or log thresholds, are regressed by passing logs.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq, linprog
from scipy.special import chdtri, log_ndtr, ndtr, ndtri, stdtr, stdtrit

from omtrace.statistics.basic.samples import check_level, check_terms, sample
from omtrace.statistics.interval import Interval

BELOW, SEEN, ABOVE = -1, 0, 1
STEPS = 200
LOG_ROOT_2_PI = 0.5 * math.log(2 * math.pi)
SMALL = 1e-18  # gain of the log-likelihood that is none: the step left is 1e-9 standard errors
NEAR = 1e-10  # where rounding keeps the gain from becoming that small
ROUNDING = 1e-13  # of the log-likelihood
TINY = 1e-9  # of the largest value: a column, or a direction, that is smaller is none


@dataclass(frozen=True)
class Censored:
    """A fit: coefficients (p,), covariance of (beta, log sigma) (p + 1, p + 1), sigma, and what it was fitted to.

    ``log_likelihood`` is that of the values as they were given (of logs, where logs were passed).
    """

    coefficients: np.ndarray
    covariance: np.ndarray
    sigma: float
    log_likelihood: float
    values: np.ndarray
    states: np.ndarray
    design: np.ndarray

    @property
    def df(self) -> int:
        """Values minus coefficients: the degrees of freedom of the small-sample form."""
        return len(self.values) - len(self.coefficients)

    @property
    def se(self) -> np.ndarray:
        """Standard errors of the coefficients, from the observed information (sigma estimated too)."""
        return np.sqrt(np.diagonal(self.covariance)[:-1])

    def combination(self, weights: ArrayLike, level: float = 0.95, small_sample: bool = True) -> dict[str, float]:
        """A linear combination of the coefficients: estimate, se, ci_low, ci_high, df, p (Wald).

        ``small_sample``: the standard error times sqrt(n / (n - p)) and Student's t with n - p degrees of freedom,
        which is least squares exactly where nothing is censored; otherwise maximum likelihood, normal distribution
        (df infinite), as survival programs print it.
        """
        row = sample(weights, "weights")
        estimate = float(row @ self.coefficients)
        se = math.sqrt(max(0.0, float(row @ self.covariance[:-1, :-1] @ row)))
        df = math.inf
        if small_sample:
            se, df = se * math.sqrt(len(self.values) / self.df), float(self.df)
        quantile = float(stdtrit(df, (1 + check_level(level)) / 2)) if small_sample else _normal(level)
        tail = float(stdtr(df, -abs(estimate / se))) if small_sample else float(ndtr(-abs(estimate / se)))
        return {
            "estimate": estimate,
            "se": se,
            "ci_low": estimate - quantile * se,
            "ci_high": estimate + quantile * se,
            "df": df,
            "p": 2 * tail,
        }

    def profile(self, index: int, level: float = 0.95) -> Interval:
        """Profile likelihood interval of one coefficient: the log-likelihood falls by half a chi-squared quantile.

        Infinite where the likelihood does not fall that far (a group that is censored as a whole, say).
        """
        drop = float(chdtri(1, 1 - check_level(level))) / 2
        column, rest = self.design[:, index], np.delete(self.design, index, axis=1)
        centre, step = float(self.coefficients[index]), float(self.se[index])

        def short(at: float) -> float:
            """How far the profile likelihood at a value of the coefficient is above the limit."""
            theta = _search(np.column_stack([-rest, self.values - at * column]), self.states).theta
            fallen = self.log_likelihood - _likelihood(theta, rest, self.values - at * column, self.states)
            return drop - fallen

        return Interval(_end(short, centre, -step), _end(short, centre, step))


def fit_censored(values: ArrayLike, states: ArrayLike, design: ArrayLike, terms: Sequence[str] = ()) -> Censored:
    """Maximum likelihood fit of values (n,) with states (n,) on a design (n, p), with its column of ones.

    ``terms`` (p,): the term of each column, for messages.

    Raises ValueError for missing numbers, states other than -1, 0, 1, columns that depend on each other, and for data
    whose likelihood has no maximum: too few values seen, or a coefficient that runs to infinity, as where all values
    of a group lie below their limits.
    """
    y, x = sample(values, "values"), np.asarray(design, dtype=float)
    s = sample(states, "states")
    if x.ndim != 2 or len(x) != y.size or s.size != y.size or not np.isfinite(x).all():
        raise ValueError("values, states and design do not fit together, or the design has missing numbers")
    if not np.isin(s, (BELOW, SEEN, ABOVE)).all():
        raise ValueError("states are -1 (below), 0 (seen) or 1 (above)")
    if y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[1]} coefficients")
    check_terms(x, terms or [f"column {place}" for place in range(1, x.shape[1] + 1)])
    columns = np.column_stack([-x, y])
    if (reason := _no_maximum(columns, s)) != "":
        raise ValueError(reason)
    maximum = _search(columns, s)
    theta, information = maximum.theta, maximum.information
    tau = float(theta[-1])
    beta = theta[:-1] / tau
    turn = np.zeros_like(information)  # d(beta, log sigma) / d(gamma, tau)
    turn[:-1, :-1] = np.eye(beta.size) / tau
    turn[:-1, -1] = -beta / tau
    turn[-1, -1] = -1 / tau
    covariance = turn @ np.linalg.inv(information) @ turn.T
    return Censored(beta, covariance, 1 / tau, _likelihood(theta, x, y, s), y, s, x)


def intercept(n: int, *columns: ArrayLike) -> np.ndarray:
    """A design (n, 1 + columns): ones and the columns given."""
    return np.column_stack([np.ones(n), *(np.asarray(column, dtype=float) for column in columns)])


def _normal(level: float) -> float:
    return float(ndtri((1 + check_level(level)) / 2))


def _likelihood(theta: np.ndarray, x: np.ndarray, y: np.ndarray, s: np.ndarray) -> float:
    """The log-likelihood at (gamma, tau)."""
    tau = float(theta[-1])
    if tau <= 0:
        return -math.inf
    z = tau * y - x @ theta[:-1]
    seen = s == SEEN
    parts = np.where(seen, math.log(tau) - LOG_ROOT_2_PI - z**2 / 2, log_ndtr(-s * z))
    return float(parts.sum())


@dataclass(frozen=True)
class _Maximum:
    """(gamma, tau) at the maximum of the likelihood, and the observed information there."""

    theta: np.ndarray
    information: np.ndarray


def _search(columns: np.ndarray, s: np.ndarray) -> _Maximum:
    """Newton's method with halved steps.

    ``columns``: -X and y, so that z = columns @ theta. Raises ValueError if it does not converge.
    """
    x, y, seen = -columns[:, :-1], columns[:, -1], int((s == SEEN).sum())
    beta = np.linalg.lstsq(x, y, rcond=None)[0] if x.shape[1] else np.zeros(0)
    spread = math.sqrt(float(((y - x @ beta) ** 2).mean())) or 1.0
    theta = np.append(beta, 1.0) / spread
    value = _likelihood(theta, x, y, s)
    for _ in range(STEPS):
        z = columns @ theta
        turned = -s * z
        mills = np.exp(-(z**2) / 2 - LOG_ROOT_2_PI - log_ndtr(np.where(s == SEEN, 0.0, turned)))
        # first and negative second derivative of each value's log-likelihood in z (log tau apart)
        first, second = np.where(s == SEEN, -z, -s * mills), np.where(s == SEEN, 1.0, mills * (mills + turned))
        gradient = columns.T @ first
        information = np.einsum("ni,n,nj->ij", columns, second, columns)
        gradient[-1] += seen / theta[-1]
        information[-1, -1] += seen / theta[-1] ** 2
        step = np.linalg.solve(information, gradient)
        gain, share = float(gradient @ step), 1.0  # gain: twice the rise that a full step promises
        if gain < SMALL:
            break
        while (trial := _likelihood(theta + share * step, x, y, s)) < value - ROUNDING * abs(value) and share > SMALL:
            share /= 2
        theta, value = theta + share * step, trial
    if gain < NEAR:
        return _Maximum(theta, information)
    raise ValueError("the censored regression did not converge")


def _no_maximum(columns: np.ndarray, s: np.ndarray) -> str:
    """Why the likelihood has no maximum, or "": there is a direction in which it never falls.

    In such a direction every value seen stays where it is (z unchanged), those below a limit move down or stay, those
    above one move up or stay, and tau does not shrink: a linear programme finds one, if there is one.
    """
    seen, size, width = s == SEEN, np.abs(columns).max(axis=0), columns.shape[1]
    if int(seen.sum()) < 2:
        return f"only {int(seen.sum())} values seen, the others lie beyond their limits: nothing can be estimated"
    scaled = columns / np.where(size > 0, size, 1.0)
    if np.linalg.matrix_rank(scaled[seen]) == width:
        return ""
    turned = s[~seen, None] * scaled[~seen]  # must not be positive in such a direction
    cost = turned.sum(axis=0) - np.eye(width)[-1]
    found = linprog(
        cost,
        A_ub=turned,
        b_ub=np.zeros(len(turned)),
        A_eq=scaled[seen],
        b_eq=np.zeros(int(seen.sum())),
        bounds=[(-1, 1)] * (width - 1) + [(0, 1)],
    )
    if found.status == 0 and found.fun > -TINY:
        return ""
    return "no finite estimate: a whole group lies beyond its limits, or the values seen are fitted exactly"


def _end(short: Callable[[float], float], centre: float, step: float) -> float:
    """The end of a profile interval on the side of ``step``; infinite if the likelihood does not fall far enough."""
    width = 1.0
    while width < 1e4:
        try:
            far = short(centre + width * step)
        except (ValueError, np.linalg.LinAlgError):
            return math.copysign(math.inf, step)
        if far < 0:
            return float(brentq(short, centre + width * step, centre, xtol=1e-10 * max(1.0, abs(centre)), rtol=1e-12))
        width *= 2
    return math.copysign(math.inf, step)
