"""What models with a covariance estimated by REML or ML share: the search for the optimum, and tests at the optimum.

A model brings its ``Likelihood``: -2 log L and its derivatives by the covariance parameters theta. Newton's method
uses the observed second derivatives, or the expected ones (Fisher scoring; Lindstrom and Bates 1988) where the observed
are not positive definite; steps are halved until the covariance is positive definite and the likelihood grows, and the
last full step brings the gradient to rounding level.

Tests of the coefficients follow Kenward and Roger 1997, or Satterthwaite's formula as in Giesbrecht and Burns 1985 and,
for joint tests, Fai and Cornelius 1996. Arrays lead with the data sets (b); p coefficients, k covariance parameters.
"""

import math
from dataclasses import dataclass, fields
from typing import Generic, NamedTuple, Protocol, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc

from omtrace.statistics.basic.student import wald_numbers

ITERATIONS = 200
HALVINGS = 40
CLOSE = 1e-12  # Newton decrement (what -2 log L was still to fall) of the last step
STILL = 1e-12  # decrement at the end, relative to -2 log L: more is not converged
SINGULAR = 1e-9  # smallest over largest eigenvalue of the second derivatives
SUFFICIENT = 1e-4  # share of the predicted fall that a step must reach
NEAR_ZERO = 1e-6  # of the residual variance, the last parameter: a bounded one below has reached its boundary
INFORMATION = ("observed", "expected")

NOT_IDENTIFIABLE = "not identifiable: the data do not determine every covariance parameter"
NOT_CONVERGED = "not converged: no optimum among the positive definite covariances"


@dataclass(frozen=True)
class Point:
    """The likelihood at theta: ``value`` (b,) is -2 log L without its constant, infinite where there is none.

    ``phi`` (b, p, p) is the inverse of X'V^-1 X, ``beta`` (b, p) are the coefficients.
    """

    value: np.ndarray
    phi: np.ndarray
    beta: np.ndarray

    def take(self, sets: np.ndarray) -> Self:
        """Some of the data sets."""
        return type(self)(*(getattr(self, f.name)[sets] for f in fields(self)))


@dataclass(frozen=True)
class Derivatives:
    """Of -2 log L by theta: gradient (b, k), observed and expected second derivatives (b, k, k).

    ``slopes`` (b, k, p, p) is X'V^-1 V_k V^-1 X, minus the derivative of X'V^-1 X.
    """

    gradient: np.ndarray
    observed: np.ndarray
    expected: np.ndarray
    slopes: np.ndarray


P = TypeVar("P", bound=Point)


class Likelihood(Protocol[P]):
    """A likelihood, restricted or not, of b data sets that share a design."""

    def evaluate(self, theta: np.ndarray) -> P:
        """The likelihood at parameters (b, k)."""

    def differentiate(self, theta: np.ndarray, point: P) -> Derivatives:
        """Its derivatives there."""

    def take(self, sets: np.ndarray) -> Self:
        """The likelihood of some of the data sets."""


@dataclass(frozen=True)
class Optimum(Generic[P]):
    """Where the searches ended: parameters (b, k), the likelihood and its derivatives there.

    ``refusal`` (b,) says why it is no optimum ("" = it is one).
    """

    theta: np.ndarray
    point: P
    derivatives: Derivatives
    refusal: np.ndarray


def search(likelihood: Likelihood[P], start: np.ndarray, bounded: np.ndarray | None = None) -> Optimum[P]:
    """The greatest likelihood of every data set.

    Parameters
    ----------
    likelihood
        Of b data sets.
    start
        Parameters (b, k) to start from, with a positive definite covariance.
    bounded
        Which parameters (k,) are variances that may not fall below zero; the last parameter is the residual variance.
        The search ends as soon as one of them is nearly zero beside it.

    Returns
    -------
    Optimum
        With a reason for each data set whose search ended elsewhere.
    """
    theta = start.copy()
    live, part, here = np.arange(len(theta)), likelihood, theta
    point = likelihood.evaluate(theta)
    for _ in range(ITERATIONS):
        derivatives = part.differentiate(here, point)
        step = _newton(derivatives)
        reached = _descend(part, here, point, step, _longest(here, step.change, bounded))
        here, point = reached.theta, reached.point
        theta[live] = here
        keep = step.sound & reached.better & (step.fall > CLOSE) & ~at_boundary(here, bounded).any(axis=1)
        if not keep.any():
            break
        if not keep.all():
            live, part, here, point = live[keep], part.take(keep), here[keep], point.take(keep)
    point = likelihood.evaluate(theta)
    derivatives = likelihood.differentiate(theta, point)
    return Optimum(theta, point, derivatives, _refusal(point, derivatives))


def at_boundary(theta: np.ndarray, bounded: np.ndarray | None) -> np.ndarray:
    """Which of the bounded parameters (b, k) are nearly zero beside the residual variance, the last parameter."""
    if bounded is None:
        return np.zeros(theta.shape, dtype=bool)
    return bounded & (theta < NEAR_ZERO * theta[:, -1:])


@dataclass(frozen=True)
class _Step:
    """Steps (b, k), the fall of -2 log L that they promise (b,), and whether there is a direction at all (b,)."""

    change: np.ndarray
    fall: np.ndarray
    sound: np.ndarray


def _newton(derivatives: Derivatives) -> _Step:
    definite = _definite(derivatives.observed)
    sound = definite if definite.all() else definite | _definite(derivatives.expected)
    hessian = np.where(definite[:, None, None], derivatives.observed, derivatives.expected)
    hessian = np.where(sound[:, None, None], hessian, np.eye(hessian.shape[1]))
    step = -np.linalg.solve(hessian, derivatives.gradient[..., None])[..., 0]
    step = np.where(sound[:, None], step, 0.0)
    return _Step(step, -(derivatives.gradient * step).sum(axis=1), sound)


def _longest(theta: np.ndarray, step: np.ndarray, bounded: np.ndarray | None) -> np.ndarray:
    """The share of each step (b,) that may be taken: no variance falls below a twentieth of itself."""
    if bounded is None:
        return np.ones(len(theta))
    down = bounded & (step < 0)
    room = np.where(down, -theta / np.where(down, step, -1.0), np.inf).min(axis=1, initial=np.inf)
    return np.where(room < 1, 0.95 * room, 1.0)


@dataclass(frozen=True)
class _Reached(Generic[P]):
    """Parameters (b, k) after a step, the likelihood there, and whether there was a way (b,)."""

    theta: np.ndarray
    point: P
    better: np.ndarray


def _descend(likelihood: Likelihood[P], theta: np.ndarray, point: P, step: _Step, length: np.ndarray) -> _Reached[P]:
    """Go a step of a length (b,), halved as often as needed."""
    rounding = 1e-12 * (1 + np.abs(point.value))
    for _ in range(HALVINGS):
        there = theta + length[:, None] * step.change
        reached = likelihood.evaluate(there)
        better = reached.value <= point.value - SUFFICIENT * length * step.fall + rounding
        if better.all():
            return _Reached(there, reached, better)
        length = np.where(better, length, length / 2)
    there = np.where(better[:, None], there, theta)
    return _Reached(there, likelihood.evaluate(there), better)


def _definite(matrices: np.ndarray) -> np.ndarray:
    """Whether symmetric matrices are positive definite, whatever the units of their rows."""
    diagonal = np.diagonal(matrices, axis1=1, axis2=2)
    sound = np.isfinite(matrices).all(axis=(1, 2)) & (diagonal > 0).all(axis=1)
    size = np.sqrt(np.where(sound[:, None], diagonal, 1.0))
    scaled = matrices / (size[:, :, None] * size[:, None, :])
    spectrum = np.linalg.eigvalsh(np.where(sound[:, None, None], scaled, 0.0))
    return sound & (spectrum[:, 0] > SINGULAR * spectrum[:, -1])


def _refusal(point: Point, derivatives: Derivatives) -> np.ndarray:
    fall = _newton(derivatives).fall
    at_rest = np.isfinite(point.value) & (fall <= STILL * (1 + np.abs(point.value)))
    return np.select(
        [~_definite(derivatives.expected), ~(at_rest & _definite(derivatives.observed))],
        [NOT_IDENTIFIABLE, NOT_CONVERGED],
        "",
    )


@dataclass(frozen=True)
class Scale:
    """What leads from the fit back to the values and the design as given, with ``triangle`` R of X = Q R.

    Fitted are the residuals of least squares, divided by ``scale`` (b,), on the orthonormal Q; ``offset`` (b, p) are
    the least-squares coefficients of Q. So nothing cancels, and tolerances have no unit.
    """

    triangle: np.ndarray
    offset: np.ndarray
    scale: np.ndarray

    def coefficients(self, beta: np.ndarray) -> np.ndarray:
        """The coefficients (b, p) of the design as given, in units of the values."""
        return np.linalg.solve(self.triangle, (self.offset + self.scale[:, None] * beta).T).T

    def weights(self, weights: np.ndarray) -> np.ndarray:
        """Weights (c, p) of the coefficients of the design as given, for those of Q."""
        return np.linalg.solve(self.triangle.T, weights.T).T

    def checked(self, weights: ArrayLike, rows: int | None = None) -> np.ndarray:
        """Weights of one combination or several, so many where ``rows`` says so, for the coefficients of Q: (c, p).

        Raises
        ------
        ValueError
            For weights of another length, and for combinations that depend on each other.
        """
        array, p = np.atleast_2d(np.asarray(weights, dtype=float)), len(self.triangle)
        fits = array.ndim == 2 and array.shape[1] == p and rows in (None, len(array))
        if not (fits and np.isfinite(array).all() and array.any(axis=1).all()):
            raise ValueError(f"weights: not {p} numbers, or all of them 0")
        z = self.weights(array)
        if np.linalg.matrix_rank(z / np.linalg.norm(z, axis=1, keepdims=True)) < len(z):
            raise ValueError("the combinations tested together depend on each other")
        return z

    def constant(self, values: np.ndarray, is_reml: bool) -> np.ndarray:
        """What the likelihood's value lacks of -2 log L (b,) of the design and the values, so many (b,), as given."""
        n = values - (len(self.triangle) if is_reml else 0)
        constant = n * (math.log(2 * math.pi) + 2 * np.log(self.scale))
        return constant + (2 * np.linalg.slogdet(self.triangle)[1] if is_reml else 0.0)


def information_covariance(optimum: Optimum, information: str) -> np.ndarray:
    """The covariance (b, k, k) of theta: twice the inverse of the observed or expected second derivatives."""
    second = optimum.derivatives.observed if information == "observed" else optimum.derivatives.expected
    refused = optimum.refusal != ""
    return 2 * np.linalg.inv(np.where(refused[:, None, None], np.eye(second.shape[1]), second))


@dataclass(frozen=True)
class Inference:
    """Tests of combinations of the coefficients at an optimum.

    ``spread`` (b, k, k) is the covariance of theta; ``bias`` (b, p, p) is the sum over k, l of spread_kl (Q_kl - P_k
    phi P_l - R_kl/4) of Kenward and Roger, or None for Satterthwaite's tests.
    """

    scale: Scale
    optimum: Optimum
    spread: np.ndarray
    bias: np.ndarray | None

    @property
    def covariance(self) -> np.ndarray:
        """The covariance (b, p, p) of the coefficients of Q, adjusted where there is a bias."""
        phi = self.optimum.point.phi
        return phi if self.bias is None else phi + 2 * phi @ self.bias @ phi

    def estimates(self, weights: np.ndarray) -> np.ndarray:
        """Estimate, standard error and degrees of freedom (3, b, c) of combinations with weights (c, p).

        df = 2 v^2 / g'W g with v the variance before adjustment and g its gradient: for one combination this is
        Satterthwaite's and Kenward and Roger's number alike.
        """
        return self._estimates(self.scale.weights(weights))

    def _estimates(self, z: np.ndarray) -> np.ndarray:
        point, slopes = self.optimum.point, self.optimum.derivatives.slopes
        inner = self.scale.offset + self.scale.scale[:, None] * point.beta
        moved = z @ point.phi
        variance = (moved * z).sum(axis=-1)
        gradient = np.einsum("bcp,bkpq,bcq->bck", moved, slopes, moved, optimize=True)
        bend = ((gradient @ self.spread) * gradient).sum(axis=-1)
        adjusted = ((z @ self.covariance) * z).sum(axis=-1)
        error = self.scale.scale[:, None] * np.sqrt(np.where(adjusted > 0, adjusted, np.nan))
        return np.array([inner @ z.T, error, 2 * variance**2 / bend])

    def contrast(self, weights: ArrayLike, level: float) -> dict[str, float]:
        """Estimate, se, ci_low, ci_high, t, df, p of one combination, weights (p,), of the first data set.

        Raises
        ------
        ValueError
            For weights of another length.
        """
        estimate, se, df = (float(part[0, 0]) for part in self._estimates(self.scale.checked(weights, 1)))
        return {"estimate": estimate, **wald_numbers(estimate, se, df, level)}

    def joint_test(self, weights: ArrayLike) -> dict[str, float]:
        """Test f, df_1, df_2, p of "all combinations, weights (c, p), are 0" for the first data set.

        Kenward and Roger's F is scaled; Satterthwaite's denominator is that of Fai and Cornelius. f and p are NaN
        where the units leave no denominator.

        Raises
        ------
        ValueError
            For weights of another length, and for combinations that depend on each other.
        """
        z = self.scale.checked(weights)
        point, c = self.optimum.point, len(z)
        estimate = z @ (self.scale.offset[0] / self.scale.scale[0] + point.beta[0])
        f = float(estimate @ np.linalg.solve(z @ self.covariance[0] @ z.T, estimate)) / c
        parts = (z, point.phi[0], self.optimum.derivatives.slopes[0], self.spread[0])
        if self.bias is None or c == 1:
            scale, df = 1.0, fai_cornelius(*parts)
        else:
            scale, df = kenward_roger(*parts)
        f = f if df > 0 else math.nan
        return {"f": scale * f, "df_1": float(c), "df_2": df, "p": float(fdtrc(c, df, scale * f))}


class KenwardRoger(NamedTuple):
    """The scale lambda of F, and its denominator degrees of freedom."""

    scale: float
    df: float


def kenward_roger(z: np.ndarray, phi: np.ndarray, slopes: np.ndarray, spread: np.ndarray) -> KenwardRoger:
    """The scale lambda of F and its denominator m (Kenward and Roger 1997); NaN where their moments do not exist.

    ``z`` (c, p) are the combinations tested, ``phi`` (p, p), ``slopes`` (k, p, p) and ``spread`` (k, k) as above.
    """
    c = len(z)
    projected = z.T @ np.linalg.solve(z @ phi @ z.T, z)
    products = projected @ phi @ slopes @ phi
    traces = np.trace(products, axis1=1, axis2=2)
    a1 = float(traces @ spread @ traces)
    a2 = float(np.einsum("kl,kij,lji->", spread, products, products, optimize=True))
    if a2 == 0:
        return KenwardRoger(math.nan, math.nan)
    b = (a1 + 6 * a2) / (2 * c)
    g = ((c + 1) * a1 - (c + 4) * a2) / ((c + 2) * a2)
    size = 3 * c + 2 * (1 - g)
    c1, c2, c3 = g / size, (c - g) / size, (c + 2 - g) / size
    mean = 1 / (1 - a2 / c)
    variance = 2 / c * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    ratio = variance / (2 * mean**2)
    df = 4 + (c + 2) / (c * ratio - 1)
    if not (a2 < c and ratio > 0 and df > 2):
        return KenwardRoger(math.nan, math.nan)
    return KenwardRoger(df / (mean * (df - 2)), df)


def fai_cornelius(z: np.ndarray, phi: np.ndarray, slopes: np.ndarray, spread: np.ndarray) -> float:
    """The denominator from the degrees of freedom of independent combinations (Fai and Cornelius 1996).

    NaN where none of them has more than 2.
    """
    _, vectors = np.linalg.eigh(z @ phi @ z.T)
    moved = vectors.T @ z @ phi
    variance = (moved * (vectors.T @ z)).sum(axis=1)
    gradient = np.einsum("cp,kpq,cq->ck", moved, slopes, moved, optimize=True)
    return pooled_df(2 * variance**2 / ((gradient @ spread) * gradient).sum(axis=1))


def pooled_df(df: np.ndarray) -> float:
    """The denominator of a joint test from the degrees of freedom (c,) of independent combinations; NaN as above."""
    if len(df) == 1:
        return float(df[0])
    expected = float((df[df > 2] / (df[df > 2] - 2)).sum())
    return 2 * expected / (expected - len(df)) if expected > len(df) else math.nan
