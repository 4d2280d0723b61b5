"""The search for the optimum of a repeated-measures likelihood, for many data sets at once.

Newton's method with the observed second derivatives, or the expected ones (Fisher scoring) where the observed are
not positive definite; steps are halved until the covariance is positive definite and the likelihood grows. The
last full Newton step brings the gradient to rounding level.
"""

from dataclasses import dataclass

import numpy as np

from omtrace.statistics.mixed.mmrm_likelihood import Derivatives, Point, Products, differentiate, evaluate
from omtrace.statistics.mixed.mmrm_structures import Blocks

ITERATIONS = 100
HALVINGS = 40
CLOSE = 1e-12  # Newton decrement (what -2 log L was still to fall) of the last step
STILL = 1e-12  # decrement at the end, relative to -2 log L: more is not converged
SINGULAR = 1e-9  # smallest over largest eigenvalue of the second derivatives
SUFFICIENT = 1e-4  # share of the predicted fall that a step must reach

NOT_IDENTIFIABLE = "not identifiable: the data do not determine every covariance parameter"
NOT_CONVERGED = "not converged: no optimum among the positive definite covariances"


@dataclass(frozen=True)
class Optimum:
    """Where the searches ended: parameters (b, k), the likelihood and its derivatives there.

    ``refusal`` (b,) says why it is no optimum ("" = it is one).
    """

    theta: np.ndarray
    point: Point
    derivatives: Derivatives
    refusal: np.ndarray


def search(data: Products, model: Blocks, reml: bool, start: np.ndarray | None = None) -> Optimum:
    """Maximise the likelihood of every data set, from ``start`` (b, k) where it is given."""
    theta = _start(data, model, reml) if start is None else start.copy()
    live, part, here = np.arange(len(theta)), data, theta
    point = evaluate(data, model.sigma(theta), reml)
    for _ in range(ITERATIONS):
        slopes = differentiate(part, model, here, point, reml)
        step, fall, sound = _newton(slopes)
        here, point, moved = _descend(part, model, here, point, step, fall, reml)
        theta[live] = here
        keep = sound & moved & (fall > CLOSE)
        if not keep.any():
            break
        if not keep.all():
            live, part, here, point = live[keep], part.take(keep), here[keep], point.take(keep)
    point = evaluate(data, model.sigma(theta), reml)
    slopes = differentiate(data, model, theta, point, reml)
    return Optimum(theta, point, slopes, _refusal(point, slopes))


def _start(data: Products, model: Blocks, reml: bool) -> np.ndarray:
    """Parameters from the moments of all pairs of values, or of the variances alone."""
    counted = np.maximum(data.together(), 1)
    moments = data.by_block(data.yy) / counted
    theta = model.start(moments)
    value = evaluate(data, model.sigma(theta), reml).value
    plain = model.start(np.where(np.eye(data.shape[2], dtype=bool), np.maximum(moments, 1e-3), 0.0))
    return np.where(np.isfinite(value)[:, None], theta, plain)


def _newton(slopes: Derivatives) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Steps (b, k), the fall of -2 log L that they promise (b,), and whether there is a direction at all (b,)."""
    definite = _definite(slopes.observed)
    sound = definite if definite.all() else definite | _definite(slopes.expected)
    hessian = np.where(definite[:, None, None], slopes.observed, slopes.expected)
    hessian = np.where(sound[:, None, None], hessian, np.eye(hessian.shape[1]))
    step = -np.linalg.solve(hessian, slopes.gradient[..., None])[..., 0]
    step = np.where(sound[:, None], step, 0.0)
    return step, -(slopes.gradient * step).sum(axis=1), sound


def _descend(data: Products, model: Blocks, theta: np.ndarray, point: Point, step: np.ndarray, fall: np.ndarray,
             reml: bool) -> tuple[np.ndarray, Point, np.ndarray]:  # fmt: skip
    """Parameters after the step, halved as often as needed; the likelihood there; whether there was a way."""
    length = np.ones(len(theta))
    rounding = 1e-12 * (1 + np.abs(point.value))
    for _ in range(HALVINGS):
        there = theta + length[:, None] * step
        found = evaluate(data, model.sigma(there), reml)
        better = found.value <= point.value - SUFFICIENT * length * fall + rounding
        if better.all():
            return there, found, better
        length = np.where(better, length, length / 2)
    there = np.where(better[:, None], there, theta)
    return there, evaluate(data, model.sigma(there), reml), better


def _definite(matrices: np.ndarray) -> np.ndarray:
    """Whether symmetric matrices are positive definite, whatever the units of their rows."""
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    sound = np.isfinite(matrices).all(axis=(1, 2)) & (diagonal > 0).all(axis=1)
    size = np.sqrt(np.where(sound[:, None], diagonal, 1.0))
    scaled = matrices / (size[:, :, None] * size[:, None, :])
    spectrum = np.linalg.eigvalsh(np.where(sound[:, None, None], scaled, 0.0))
    return sound & (spectrum[:, 0] > SINGULAR * spectrum[:, -1])


def _refusal(point: Point, slopes: Derivatives) -> np.ndarray:
    _, fall, _ = _newton(slopes)
    at_rest = np.isfinite(point.value) & (fall <= STILL * (1 + np.abs(point.value)))
    return np.select(
        [~_definite(slopes.expected), ~(at_rest & _definite(slopes.observed))], [NOT_IDENTIFIABLE, NOT_CONVERGED], ""
    )
