"""The likelihood of a mixed model with variance components: y ~ N(X b, sum_k theta_k G_k), the last G the identity.

Dense: a preclinical study has hundreds of rows, not millions. Each G_k is Z M Z' with few columns of Z, so that the
derivatives cost products with Z only. The design is made orthonormal, the least-squares fit subtracted and the
residuals put on a scale of 1. Newton steps on the components, with the observed second derivatives where they are
positive definite, else the expected ones (Lindstrom and Bates 1988). A component that reaches zero leaves the model
unless the likelihood rises when it returns.
"""

import math
from dataclasses import dataclass

import numpy as np
from scipy.linalg import LinAlgError, cho_factor, cho_solve

NEAR_ZERO = 1e-6  # of the residual variance: a component below has reached its boundary
STEPS = 200
CONVERGED = 1e-12  # decrease of -2 log L that a full step promises


@dataclass(frozen=True)
class Component:
    """One matrix G = Z M Z': ``left`` is Z (n, q), ``middle`` M (q, q); ``bounded``: leaves the model at zero."""

    left: np.ndarray
    middle: np.ndarray
    bounded: bool = True

    @property
    def matrix(self) -> np.ndarray:
        """G (n, n)."""
        return self.left @ self.middle @ self.left.T


@dataclass(frozen=True)
class Rows:
    """Values and design of the rows, ready: ``y`` (n,) residuals of least squares on a scale of 1, ``x`` orthonormal.

    ``triangle``, ``offset`` and ``scale`` lead back to the coefficients and units as given.
    """

    y: np.ndarray
    x: np.ndarray
    triangle: np.ndarray
    offset: np.ndarray
    scale: float


def prepared(values: np.ndarray, design: np.ndarray) -> Rows:
    """Rows from values (n,) and a design (n, p) of full rank, n > p. Raises ValueError where nothing is left over."""
    basis, triangle = np.linalg.qr(design)
    offset = basis.T @ values
    residual = values - basis @ offset
    scale = math.sqrt(float(residual @ residual) / (values.size - design.shape[1]))
    if scale <= 1e-12 * np.abs(values).max():
        raise ValueError("the fixed effects leave no residual")
    return Rows(residual / scale, basis, triangle, offset, scale)


@dataclass(frozen=True)
class Point:
    """The likelihood at components theta (k,): ``value`` is -2 log L on the rows' scale, without its constant."""

    theta: np.ndarray
    value: float
    inverse: np.ndarray
    phi: np.ndarray
    projection: np.ndarray


def evaluate(rows: Rows, matrices: np.ndarray, theta: np.ndarray, reml: bool) -> Point | None:
    """The likelihood where the covariance is positive definite, else None; ``matrices`` (k, n, n)."""
    n = rows.y.size
    try:
        factor = cho_factor(np.tensordot(theta, matrices, 1), lower=True)
        inverse = cho_solve(factor, np.eye(n))
        moved = inverse @ rows.x
        information = rows.x.T @ moved
        inner = cho_factor(information, lower=True)
    except LinAlgError:
        return None
    phi = cho_solve(inner, np.eye(len(information)))
    projection = inverse - moved @ phi @ moved.T
    value = 2 * float(np.log(np.diag(factor[0])).sum()) + float(rows.y @ projection @ rows.y)
    value += 2 * float(np.log(np.diag(inner[0])).sum()) if reml else 0.0
    return Point(theta, value, inverse, phi, projection) if math.isfinite(value) else None


@dataclass(frozen=True)
class Derivatives:
    """Of -2 log L by theta: gradient (k,), observed and expected second derivatives (k, k)."""

    gradient: np.ndarray
    observed: np.ndarray
    expected: np.ndarray


def differentiate(rows: Rows, components: list[Component], point: Point, reml: bool) -> Derivatives:
    """gradient_k = tr(P G_k) - r'G_k r, expected_kl = tr(P G_k P G_l), observed_kl = 2 r'G_k P G_l r - expected_kl.

    r = P y; for ML the inverse of V stands for P in the traces.
    """
    turn = point.projection if reml else point.inverse
    residual = point.projection @ rows.y
    turned = [turn @ c.left for c in components]
    pushed = np.array([c.left @ (c.middle @ (c.left.T @ residual)) for c in components])
    k = len(components)
    gradient, expected = np.empty(k), np.empty((k, k))
    for i, a in enumerate(components):
        gradient[i] = np.sum(a.left * (turned[i] @ a.middle)) - residual @ pushed[i]
        for j in range(i + 1):
            cross = a.left.T @ turned[j]
            both = (a.middle @ cross) * (cross @ components[j].middle)
            expected[i, j] = expected[j, i] = both.sum()
    observed = 2 * pushed @ point.projection @ pushed.T - expected
    return Derivatives(gradient, (observed + observed.T) / 2, expected)


def search(rows: Rows, components: list[Component], reml: bool) -> tuple[Point, Derivatives, list[int]]:
    """The optimum, its derivatives, and which components have a part in it; the last is the residual.

    Raises ValueError where no optimum is found.
    """
    matrices = np.array([c.matrix for c in components])
    active = list(range(len(components)))
    start = _start(components)
    returned: set[int] = set()
    while True:
        parts = [components[k] for k in active]
        point, slopes, zero = _climb(rows, parts, matrices[active], start, reml)
        if zero:
            start = np.delete(np.where(np.arange(len(active)) == len(active) - 1, point.theta,
                                       np.maximum(point.theta, 1e-3 * _bounds(parts))), zero)  # fmt: skip
            active = [k for at, k in enumerate(active) if at not in zero]
            continue
        back = [k for k in range(len(components)) if k not in active and k not in returned
                and differentiate(rows, [components[k]], point, reml).gradient[0] < -1e-7]  # fmt: skip
        if not back:
            return point, slopes, active
        returned.update(back)
        start = np.array([point.theta[active.index(k)] if k in active else 1e-3 * point.theta[-1]
                          for k in sorted([*active, *back])])  # fmt: skip
        active = sorted([*active, *back])


def _bounds(components: list[Component]) -> np.ndarray:
    return np.array([float(c.bounded) for c in components])


def _start(components: list[Component]) -> np.ndarray:
    """An equal share of the variance for each variance, on the scale of its own diagonal; no covariance."""
    size = [float(np.sum((c.left @ c.middle) * c.left)) / len(c.left) for c in components]
    count = sum(s > 0 for s in size)
    return np.array([1 / (s * count) if s > 0 else 0.0 for s in size])


def _climb(rows: Rows, components: list[Component], matrices: np.ndarray, theta: np.ndarray,
           reml: bool) -> tuple[Point, Derivatives, list[int]]:  # fmt: skip
    """Newton steps from theta to the optimum, or until variances reach zero: their places."""
    bounded = _bounds(components) > 0
    point = evaluate(rows, matrices, theta, reml)
    if point is None:
        raise ValueError("the covariance cannot be computed at the start")
    for _ in range(STEPS):
        slopes = differentiate(rows, components, point, reml)
        spectrum = np.linalg.eigvalsh(slopes.observed)
        second = slopes.observed if spectrum[0] > 1e-8 * spectrum[-1] else slopes.expected
        try:
            step = -np.linalg.solve(second, slopes.gradient)
        except np.linalg.LinAlgError:
            raise ValueError("the random effects cannot be told from each other") from None
        is_last = -float(slopes.gradient @ step) < CONVERGED
        moved = _moved(rows, matrices, point, step, bounded, reml)
        if is_last or moved is None:
            best = moved or point
            return best, differentiate(rows, components, best, reml), []
        point = moved
        zero = [k for k in range(len(components) - 1) if bounded[k] and point.theta[k] < NEAR_ZERO * point.theta[-1]]
        if zero:
            return point, slopes, zero
    raise ValueError(f"no optimum of the likelihood in {STEPS} steps")


def _moved(rows: Rows, matrices: np.ndarray, point: Point, step: np.ndarray, bounded: np.ndarray,
           reml: bool) -> Point | None:  # fmt: skip
    """The next point: a step, no variance below a twentieth of itself, halved until the likelihood does not fall."""
    down = bounded & (step < 0)
    room = float(np.min(-point.theta[down] / step[down], initial=np.inf))
    size = 0.95 * room if room < 1 else 1.0
    while size > 1e-10:
        found = evaluate(rows, matrices, point.theta + size * step, reml)
        if found is not None and found.value <= point.value + 1e-10:
            return found
        size /= 2
    return None
