"""Maximum likelihood on standardised columns, and the numbers of an estimate whose distribution is nearly normal."""

import math
import warnings
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri
from statsmodels.discrete.discrete_model import DiscreteModel
from statsmodels.tools.sm_exceptions import ModelWarning, PerfectSeparationError

from omtrace.statistics.basic.samples import check_level, quotient

STEPS = 100
HALVINGS = 40
ENOUGH = 1e-20  # half the squared Newton decrement: what another step would gain
FAR = 30.0  # a linear predictor this far out on the logit scale: a probability of 1 or 0


@dataclass(frozen=True)
class Derivatives:
    """A log-likelihood at a place, its gradient (p,) and its Hessian (p, p)."""

    value: float
    gradient: np.ndarray
    hessian: np.ndarray


@dataclass(frozen=True)
class Combination:
    """A combination of coefficients, and its standard error."""

    value: float
    se: float


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), their covariance (p, p), and the log-likelihood at its maximum."""

    coefficients: np.ndarray
    covariance: np.ndarray
    log_likelihood: float

    def estimate(self, row: np.ndarray) -> Combination:
        """A combination of the coefficients."""
        return Combination(float(row @ self.coefficients), math.sqrt(float(row @ self.covariance @ row)))

    def rescaled(self, scale: np.ndarray) -> "Fit":
        """The fit of columns that were divided by ``scale`` (p,), for the columns themselves."""
        return Fit(self.coefficients / scale, self.covariance / np.outer(scale, scale), self.log_likelihood)


def fit_discrete(model: DiscreteModel, start: np.ndarray | None = None, method: str = "newton") -> Fit:
    """The maximum of a likelihood of statsmodels. Raises ValueError where none is found."""
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore", ModelWarning)
        warnings.simplefilter("ignore", RuntimeWarning)
        try:
            precision = {"tol": 1e-12} if method == "newton" else {"gtol": 1e-8}
            result = model.fit(start, method=method, maxiter=1000, disp=0, **precision)
        except (np.linalg.LinAlgError, PerfectSeparationError):
            raise ValueError("the likelihood has no maximum that could be found") from None
    params, covariance = np.asarray(result.params), np.asarray(result.cov_params())
    found = method != "newton" or result.mle_retvals["converged"]
    if not (found and np.isfinite(params).all() and (np.diag(np.atleast_2d(covariance)) > 0).all()):
        raise ValueError("the likelihood has no maximum that could be found")
    return Fit(params, covariance, float(result.llf))


def maximise(function: Callable[[np.ndarray], Derivatives], start: np.ndarray) -> Fit:
    """Where a log-likelihood of our own is largest; the covariance is the inverse of the observed information.

    Newton's method with halved steps; where the Hessian is not negative definite, its eigenvalues' sizes are taken.
    Raises ValueError where no maximum is found.
    """
    place = np.asarray(start, dtype=float)
    here = function(place)
    for _ in range(STEPS):
        sizes, vectors = np.linalg.eigh(-here.hessian)
        if not np.abs(sizes).max() > 0:
            break
        sizes = np.maximum(np.abs(sizes), 1e-10 * np.abs(sizes).max())
        step = vectors @ ((vectors.T @ here.gradient) / sizes)
        gain = float(here.gradient @ step) / 2
        if gain <= ENOUGH * max(1.0, abs(here.value)):
            break
        for halving in range(HALVINGS):
            trial = function(place + step / 2**halving)
            if math.isfinite(trial.value) and trial.value >= here.value - 1e-13 * max(1.0, abs(here.value)):
                break
        else:
            raise ValueError("the likelihood has no maximum that could be found")
        place, here = place + step / 2**halving, trial
    else:
        raise ValueError("the likelihood has no finite maximum")
    if np.linalg.eigvalsh(-here.hessian)[0] <= 0:
        raise ValueError("the likelihood is flat: the data do not determine the coefficients")
    return Fit(place, np.linalg.inv(-here.hessian), here.value)


def normal_numbers(estimate: float, se: float, level: float) -> dict[str, float]:
    """se, ci_low, ci_high, z and two-sided p of an estimate with a normal distribution."""
    half = float(ndtri((1 + check_level(level)) / 2)) * se
    z = quotient(estimate, se)
    return {"se": se, "ci_low": estimate - half, "ci_high": estimate + half, "z": z, "p": float(2 * ndtr(-abs(z)))}


def ratio_numbers(name: str, log_ratio: Combination, level: float) -> dict[str, float]:
    """``name`` (the ratio), se_log, ci_low, ci_high, z, p from the logarithm of a ratio with its standard error."""
    numbers = normal_numbers(log_ratio.value, log_ratio.se, level)
    limits = {key: math.exp(numbers[key]) for key in ("ci_low", "ci_high")}
    return {name: math.exp(log_ratio.value), "se_log": log_ratio.se, **limits, "z": numbers["z"], "p": numbers["p"]}
