"""Linear mixed model with random intercepts and slopes: y = X b + sum Z_k u_k + e, by REML or ML.

For nested and crossed groups of rows (cage, litter, batch, animal). Tests of the fixed effects by Kenward and Roger
1997 or Satterthwaite's formula. The covariance parameters are variances and covariances, in which V is linear, so
that the second derivatives of V are zero. Their own covariance W is twice the inverse of the expected second
derivatives of -2 log L for Kenward-Roger, and of the observed ones for Satterthwaite, as in R's pbkrtest and lmerTest.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import fdtrc

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.mixed.lmm_likelihood import Component, Point, Rows, prepared, search
from omtrace.statistics.mixed.reml_tests import fai_cornelius, kenward_roger

MOST_ROWS = 4_000  # of the dense algebra: time goes with the third power, memory with the second (2 minutes, 2 GB here)
METHODS = {"kenward_roger": "Kenward-Roger", "satterthwaite": "Satterthwaite"}


@dataclass(frozen=True)
class RandomModel:
    """A fitted model.

    ``components``: variance (or covariance) by name, "residual" last; 0 for those of ``at_zero``, which left the
    model at their boundary. ``levels``: how many groups each random effect has. ``minus_2_log_likelihood`` is the
    restricted one for REML, of the design as given. ``coefficients`` (p,) are in units of the values.
    """

    components: dict[str, float]
    at_zero: tuple[str, ...]
    levels: dict[str, int]
    is_reml: bool
    values: int
    minus_2_log_likelihood: float
    coefficients: np.ndarray
    _rows: Rows = field(repr=False)
    _phi: np.ndarray = field(repr=False)
    _slopes: np.ndarray = field(repr=False)
    _spread: dict[str, np.ndarray] = field(repr=False)
    _adjusted: np.ndarray = field(repr=False)

    def contrast(self, weights: Any, method: str = "kenward_roger", level: float = 0.95) -> dict[str, float]:
        """Estimate of a combination of the coefficients, weights (p,), with se, ci_low, ci_high, t, df, p.

        Raises ValueError for another method, for weights of another length, and for Kenward-Roger after ML.
        """
        z = self._turned(weights, method)
        moved = z @ self._phi
        variance = float(moved[0] @ z[0])
        gradient = np.einsum("p,kpq,q->k", moved[0], self._slopes, moved[0])
        df = 2 * variance**2 / float(gradient @ self._spread[method] @ gradient)
        own = self._adjusted if method == "kenward_roger" else self._phi
        se = self._rows.scale * math.sqrt(float(z[0] @ own @ z[0]))
        estimate = float(np.asarray(weights, dtype=float) @ self.coefficients)
        return {"estimate": estimate, **wald_numbers(estimate, se, df, level)}

    def joint_test(self, weights: Any, method: str = "kenward_roger") -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p.

        Kenward-Roger's F is scaled; Satterthwaite's denominator is that of Fai and Cornelius. Raises ValueError as
        ``contrast`` does, and for combinations that depend on each other.
        """
        z = self._turned(weights, method)
        if np.linalg.matrix_rank(z / np.linalg.norm(z, axis=1, keepdims=True)) < len(z):
            raise ValueError("the combinations tested together depend on each other")
        estimate = np.asarray(weights, dtype=float).reshape(len(z), -1) @ self.coefficients / self._rows.scale
        own = self._adjusted if method == "kenward_roger" else self._phi
        f = float(estimate @ np.linalg.solve(z @ own @ z.T, estimate)) / len(z)
        parts = (z, self._phi, self._slopes, self._spread[method])
        scale, df = (1.0, fai_cornelius(*parts)) if method != "kenward_roger" else kenward_roger(*parts)
        return {"f": scale * f, "df_1": float(len(z)), "df_2": df, "p": float(fdtrc(len(z), df, scale * f))}

    def _turned(self, weights: Any, method: str) -> np.ndarray:
        """Weights (c, p) of the coefficients as given, for those of the orthonormal basis."""
        if method not in METHODS:
            raise ValueError(f"degrees of freedom: one of {', '.join(METHODS)}")
        if method == "kenward_roger" and not self.is_reml:
            raise ValueError("Kenward-Roger needs REML")
        array = np.atleast_2d(np.asarray(weights, dtype=float))
        if array.shape[1] != self.coefficients.size:
            raise ValueError(f"{array.shape[1]} weights for {self.coefficients.size} coefficients")
        return np.linalg.solve(self._rows.triangle.T, array.T).T


def fit(values: Any, design: Any, random: Mapping[str, Any], slopes: Mapping[str, Any] | None = None,
        reml: bool = True, negative: bool = False) -> RandomModel:  # fmt: skip
    """Fit values (n,) on a design (n, p) with a random intercept for the groups of each ``random`` vector (n,).

    ``slopes``: for some of the names a numeric vector (n,) whose slope is random too, correlated with the intercept.
    ``negative``: variances below zero are estimated as such, so that a model keeps the degrees of freedom of its
    groups where these are more alike than by chance (SAS's NOBOUND).
    Raises ValueError for missing values, more than 4,000 rows, a design with dependent columns or no residual, a random
    effect whose groups are all one or as many as the rows, and where no optimum is found.
    """
    y = sample(values)
    x = np.asarray(design, dtype=float)
    if x.ndim != 2 or len(x) != y.size or y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[-1]} coefficients leave no residual degrees of freedom")
    if y.size > MOST_ROWS:
        raise ValueError(
            f"{y.size:,} rows: a model with random effects takes at most {MOST_ROWS:,}, since time grows with their "
            "third power; analyse means of groups, or take groups that share all treatments as fixed shifts"
        )
    if np.linalg.matrix_rank(x / np.linalg.norm(x, axis=0)) < x.shape[1]:
        raise ValueError("the columns of the fixed effects depend on each other")
    names, components, levels = _components(random, slopes or {}, y.size, not negative)
    rows = prepared(y, x)
    point, found, active = search(rows, components, reml)
    kept = [components[k] for k in active]
    variances = dict.fromkeys(names, 0.0)
    variances |= {names[k]: float(v) * rows.scale**2 for k, v in zip(active, point.theta, strict=True)}
    _check_blocks(variances, slopes or {})
    spread = {"kenward_roger": _twice_inverse(found.expected), "satterthwaite": _twice_inverse(found.observed)}
    turned, adjusted = _bias(rows, kept, point, spread["kenward_roger"])
    coefficients = np.linalg.solve(rows.triangle, rows.offset + rows.scale * _beta(rows, point))
    at_zero = tuple(name for k, name in enumerate(names) if k not in active)
    return RandomModel(variances, at_zero, levels, reml, y.size, point.value + _constant(rows, reml), coefficients,
                       rows, point.phi, turned, spread, adjusted)  # fmt: skip


def _components(random: Mapping[str, Any], slopes: Mapping[str, Any], n: int,
                bounded: bool) -> tuple[list[str], list[Component], dict[str, int]]:  # fmt: skip
    """Names and matrices of the variances and covariances, the residual last, and the groups of each effect."""
    names, components, levels = [], [], {}
    for name, of in random.items():
        groups, index = np.unique(np.asarray(of, dtype=object).astype(str), return_inverse=True)
        levels[name] = groups.size
        if index.size != n:
            raise ValueError(f"{name}: not one group a value")
        if groups.size < 2 or groups.size == n:
            raise ValueError(f"{name}: {groups.size} groups of {n} values; a random effect needs 2 or more, "
                             "and fewer than values")  # fmt: skip
        z = (index[:, None] == np.arange(groups.size)).astype(float)
        eye = np.eye(groups.size)
        names.append(name)
        components.append(Component(z, eye, bounded))
        if name in slopes:
            slope = z * sample(slopes[name], name)[:, None]
            cross = np.kron([[0, 1], [1, 0]], eye)
            names += [f"{name}, slope", f"{name}, covariance"]
            components += [Component(slope, eye, bounded), Component(np.hstack([z, slope]), cross, bounded=False)]
    return [*names, "residual"], [*components, Component(np.eye(n), np.eye(n))], levels


def _check_blocks(variances: Mapping[str, float], slopes: Mapping[str, Any]) -> None:
    """Raise ValueError where an intercept and its slope have no covariance matrix (a correlation of 1 or beyond)."""
    for name in slopes:
        intercept, slope, cross = (variances[f"{name}{end}"] for end in ("", ", slope", ", covariance"))
        if not intercept * slope > cross**2:
            raise ValueError(f"{name}: intercept and slope are not both needed; leave the slope out")


def _twice_inverse(second: np.ndarray) -> np.ndarray:
    return 2 * np.linalg.inv(second)


def _beta(rows: Rows, point: Point) -> np.ndarray:
    return point.phi @ (rows.x.T @ (point.inverse @ rows.y))


def _bias(rows: Rows, components: Sequence[Component], point: Point,
          spread: np.ndarray) -> tuple[np.ndarray, np.ndarray]:  # fmt: skip
    """X'V^-1 G_k V^-1 X (k, p, p), and phi with Kenward and Roger's adjustment.

    phi + 2 phi {sum W_kl (Q_kl - P_k phi P_l)} phi, Q_kl = X'V^-1 G_k V^-1 G_l V^-1 X.
    """
    moved = point.inverse @ rows.x
    pushed = np.array([c.left @ (c.middle @ (c.left.T @ moved)) for c in components])
    slopes = moved.T @ pushed
    averaged = np.tensordot(spread, pushed, 1)
    direct = np.einsum("kip,ij,kjq->pq", averaged, point.inverse, pushed, optimize=True)
    turned = np.tensordot(spread, slopes, 1)
    inner = direct - np.einsum("kpq,qr,krs->ps", turned, point.phi, slopes, optimize=True)
    return slopes, point.phi + point.phi @ (inner + inner.T) @ point.phi


def _constant(rows: Rows, reml: bool) -> float:
    """What the likelihood's value lacks of -2 log L of the values and the design as given."""
    n = rows.y.size - (rows.x.shape[1] if reml else 0)
    found = n * (math.log(2 * math.pi) + 2 * math.log(rows.scale))
    return found + (2 * float(np.log(np.abs(np.diag(rows.triangle))).sum()) if reml else 0.0)


def components_at(model: RandomModel) -> np.ndarray:
    """Standard errors of the components in the model, from the observed second derivatives (residual last)."""
    return np.sqrt(np.diag(model._spread["satterthwaite"])) * model._rows.scale**2
