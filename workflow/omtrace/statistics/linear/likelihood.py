"""Maximum likelihood by Newton's method, and what is told of an estimate whose distribution is nearly normal."""

import math
from collections.abc import Callable

import numpy as np
from scipy.special import ndtr, ndtri

from omtrace.statistics.basic.samples import check_level, quotient

STEPS = 100
HALVINGS = 40
ENOUGH = 1e-20  # half the squared Newton decrement: what another step would gain
FAR = 30.0  # a linear predictor this far out on the logit scale: a probability of 1 or 0

Derivatives = tuple[float, np.ndarray, np.ndarray]  # log-likelihood, its gradient and Hessian


def maximise(function: Callable[[np.ndarray], Derivatives], start: np.ndarray) -> tuple[np.ndarray, float, np.ndarray]:
    """Where a log-likelihood is largest, its value there, and the inverse of the observed information.

    Newton's method with halved steps; where the Hessian is not negative definite, its eigenvalues' sizes are taken.
    Raises ValueError where no maximum is found.
    """
    at = np.asarray(start, dtype=float)
    value, gradient, hessian = function(at)
    for _ in range(STEPS):
        sizes, vectors = np.linalg.eigh(-hessian)
        if not np.abs(sizes).max() > 0:
            break
        sizes = np.maximum(np.abs(sizes), 1e-10 * np.abs(sizes).max())
        step = vectors @ ((vectors.T @ gradient) / sizes)
        gain = float(gradient @ step) / 2
        if gain <= ENOUGH * max(1.0, abs(value)):
            break
        for halving in range(HALVINGS):
            found = function(at + step / 2**halving)
            if math.isfinite(found[0]) and found[0] >= value - 1e-13 * max(1.0, abs(value)):
                break
        else:
            raise ValueError("the likelihood has no maximum that could be found")
        at = at + step / 2**halving
        value, gradient, hessian = found
    else:
        raise ValueError("the likelihood has no finite maximum")
    if np.linalg.eigvalsh(-hessian)[0] <= 0:
        raise ValueError("the likelihood is flat: the data do not determine the coefficients")
    return at, value, np.linalg.inv(-hessian)


def normal_numbers(estimate: float, se: float, level: float) -> dict[str, float]:
    """se, ci_low, ci_high, z and two-sided p of an estimate with a normal distribution."""
    half = float(ndtri((1 + check_level(level)) / 2)) * se
    z = quotient(estimate, se)
    return {"se": se, "ci_low": estimate - half, "ci_high": estimate + half, "z": z, "p": float(2 * ndtr(-abs(z)))}


def ratio_numbers(name: str, log_ratio: float, se: float, level: float) -> dict[str, float]:
    """``name`` (the ratio), se_log, ci_low, ci_high, z, p from the logarithm of a ratio and its standard error."""
    numbers = normal_numbers(log_ratio, se, level)
    limits = {key: math.exp(numbers[key]) for key in ("ci_low", "ci_high")}
    return {name: math.exp(log_ratio), "se_log": se, **limits, "z": numbers["z"], "p": numbers["p"]}


def estimate_of(row: np.ndarray, coefficients: np.ndarray, covariance: np.ndarray) -> tuple[float, float]:
    """A combination of coefficients and its standard error."""
    return float(row @ coefficients), math.sqrt(float(row @ covariance @ row))
