"""Four-parameter logistic curves of several plates with A, B and D in common and a midpoint C of each plate.

The plates' standards are one least-squares problem in A, the span D - A, log B and one log C a plate. Its normal
equations are an arrowhead (each log C meets only its own plate's points): the midpoints are eliminated, and three
equations are left (a Schur complement), so that a step of Levenberg and Marquardt costs what the points cost.
"""

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit, fdtrc, stdtrit

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.curves.fitted import (
    NOT_CONVERGED,
    NOT_IDENTIFIABLE,
    TINY,
    TOO_FEW,
    Weighted,
)
from omtrace.statistics.curves.four_pl import FourPL, four_pl_of
from omtrace.statistics.curves.four_pl_search import (
    BEYOND,
    LOG_ZERO,
    MARGIN,
    SLOPE_RANGE,
    SMALL_STEP,
    VAGUE,
    Curves,
    next_damping,
    unseen_plateau,
)

STEPS = 300
LEFT_OUT = ("flat", "hook", "standards")  # first words of refusals of plates that would bend the curve of the others


@dataclass(frozen=True)
class JointFit:
    """One curve a plate, A, B and D the same on all.

    ``curves``: k curves with refusals; their covariances are of the joint fit, and so are ``rss`` and ``df``.
    ``log_midpoint`` (k,), NaN where refused, and its ``covariance`` (k, k). ``refusal``: why there is none at all.
    """

    curves: FourPL
    rss: float
    df: float
    log_midpoint: np.ndarray
    covariance: np.ndarray
    refusal: str

    def shift(self, plate: int, level: float = 0.95) -> dict[str, float]:
        """log C of a plate less the mean of all plates in the fit: difference, se, ci_low, ci_high, df."""
        there = np.isfinite(self.log_midpoint)
        numbers = self._combined((np.arange(len(there)) == plate) - there / there.sum(), level)
        return {name: value for name, value in numbers.items() if name not in ("t", "p")}

    def difference(self, plate: int, other: int, level: float = 0.95) -> dict[str, float]:
        """log C of a plate less that of another: the logarithm of the ratio of their EC50, with t and p as well."""
        places = np.arange(len(self.log_midpoint))
        return self._combined((places == plate) - (places == other).astype(float), level)

    def _combined(self, weights: np.ndarray, level: float) -> dict[str, float]:
        there = np.isfinite(self.log_midpoint)
        difference = float(weights[there] @ self.log_midpoint[there])
        se = math.sqrt(max(0.0, float(weights[there] @ self.covariance[np.ix_(there, there)] @ weights[there])))
        return {"difference": difference, **wald_numbers(difference, se, self.df, level)}


def fit_joint(
    x: ArrayLike,
    y: ArrayLike,
    weights: ArrayLike | None = None,
    used: ArrayLike | None = None,
    min_levels: int = 5,
) -> JointFit:
    """Fit the curves of plates (k, m), as ``four_pl.fit_four_pl``, with A, B and D in common.

    Plates that are flat, hooked or whose standards do not follow a curve of their own are left out with that reason; a
    plate whose coefficients say nothing on its own can be here.
    Refused as a whole with fewer than two plates. The coefficients say nothing by themselves where the levels do not
    show both plateaus and the rise between them, and those of a plate where they do not show its midpoint.
    """
    points = Weighted.of(x, y, weights, used)
    return joint_of(points, four_pl_of(points, min_levels), min_levels)


def joint_of(points: Weighted, own: FourPL, min_levels: int) -> JointFit:
    """The curves of plates, as ``fit_joint``, from the curves that each of them has of its own."""
    levels = points.counted().levels
    out = np.array([why if why.startswith(LEFT_OUT) else "" for why in own.refusal], dtype=object)
    out[(out == "") & (levels < min_levels)] = TOO_FEW
    rows = np.flatnonzero(out == "")
    if rows.size < 2:
        return _refused(own, out, "fewer than two plates with standards that can share a curve")
    plates = _Plates(points.x[rows], points.y[rows], points.weight[rows])
    return plates.judged(plates.search(plates.start(own.b[rows], own.c[rows])), own, out, rows)


def _refused(own: FourPL, out: np.ndarray, why: str) -> JointFit:
    return _blank(own, np.array([reason or why for reason in out], dtype=object), why)


@dataclass(frozen=True)
class _Response:
    """At each point u = B log(x/C), its logistic function, and the residual (k, m)."""

    u: np.ndarray
    share: np.ndarray
    residual: np.ndarray


@dataclass(frozen=True)
class _Search:
    """Where a search ended, and whether it has converged."""

    theta: np.ndarray
    converged: bool


@dataclass(frozen=True)
class _Equations:
    """Normal equations: shared block (3, 3), cross block (k, 3), diagonal (k,), and right sides (3,), (k,)."""

    shared: np.ndarray
    cross: np.ndarray
    diagonal: np.ndarray
    right: np.ndarray
    own: np.ndarray

    def step(self, damping: float) -> np.ndarray:
        """The step of the damped equations, the midpoints eliminated; 0 where they are singular."""
        d = np.maximum(self.diagonal * (1 + damping), TINY)
        left = self.shared + damping * np.diag(np.diag(self.shared)) - self.cross.T @ (self.cross / d[:, None])
        try:
            shared = np.linalg.solve(left, self.right - self.cross.T @ (self.own / d))
        except np.linalg.LinAlgError:
            return np.zeros(3 + len(d))
        return np.concatenate([shared, (self.own - self.cross @ shared) / d])

    def predicted(self, step: np.ndarray) -> float:
        """How much a step lowers the sum of squares, by these equations."""
        shared, own = step[:3], step[3:]
        square = shared @ self.shared @ shared + 2 * own @ self.cross @ shared + self.diagonal @ own**2
        return float(2 * (shared @ self.right + own @ self.own) - square)

    @property
    def is_singular(self) -> bool:
        """Whether they have no one solution."""
        if (self.diagonal <= TINY).any():
            return True
        left = self.shared - self.cross.T @ (self.cross / self.diagonal[:, None])
        size = np.sqrt(np.maximum(np.diag(self.shared), TINY))
        return bool(np.linalg.eigvalsh(left / size[:, None] / size[None, :])[0] < 1e-12)


class _Plates:
    """The standards of k plates, and the problem in theta = (A, D - A, log B, log C of each plate)."""

    def __init__(self, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> None:
        with np.errstate(divide="ignore"):
            log_x = np.log(x)
        positive = np.where((w > 0) & (x > 0), log_x, np.nan)
        self.lowest, self.highest = np.nanmin(positive, axis=1), np.nanmax(positive, axis=1)
        self.log_x, self.y, self.w = np.maximum(log_x, LOG_ZERO), y, w

    def start(self, slopes: np.ndarray, midpoints: np.ndarray) -> np.ndarray:
        """From the plates' own slopes and midpoints, and from the middle of the levels; the better of the two."""
        middle = (self.lowest + self.highest) / 2
        known = np.isfinite(midpoints) & np.isfinite(slopes)
        trials = [(0.0, middle)]
        if known.any():
            log_c = np.log(np.where(known, midpoints, 1.0))
            trials.append((float(np.median(np.log(slopes[known]))), np.where(known, log_c, np.median(log_c[known]))))
        trials_fitted = [self._linear(log_b, log_c) for log_b, log_c in trials]
        return min(trials_fitted, key=lambda theta: self.loss(theta))

    def _linear(self, log_b: float, log_c: np.ndarray) -> np.ndarray:
        """A and the span by least squares, at a slope and midpoints."""
        h = expit(math.exp(log_b) * (self.log_x - log_c[:, None]))
        root = np.sqrt(self.w).ravel()
        design = np.column_stack([root, root * h.ravel()])
        a, span = np.linalg.lstsq(design, root * self.y.ravel(), rcond=None)[0]
        return np.array([a, span, log_b, *log_c])

    def response(self, theta: np.ndarray) -> _Response:
        """The curves at the points."""
        u = math.exp(theta[2]) * (self.log_x - theta[3:, None])
        h = expit(u)
        return _Response(u, h, self.y - theta[0] - theta[1] * h)

    def loss(self, theta: np.ndarray) -> float:
        """The weighted sum of squares."""
        return float((self.w * self.response(theta).residual ** 2).sum())

    def normal(self, theta: np.ndarray) -> _Equations:
        """The normal equations."""
        response = self.response(theta)
        u, h, residual = response.u, response.share, response.residual
        steep = theta[1] * h * (1 - h)
        shared = np.stack([np.ones_like(h), h, steep * u], axis=2)
        own = -math.exp(theta[2]) * steep
        w = self.w
        return _Equations(
            np.einsum("kmi,kmj,km->ij", shared, shared, w),
            np.einsum("kmi,km,km->ki", shared, own, w),
            np.einsum("km,km,km->k", own, own, w),
            np.einsum("kmi,km,km->i", shared, residual, w),
            np.einsum("km,km,km->k", own, residual, w),
        )

    def search(self, theta: np.ndarray) -> _Search:
        """Levenberg-Marquardt."""
        loss, damping = self.loss(theta), np.array(1e-3)
        for _ in range(STEPS):
            equations = self.normal(theta)
            full = equations.step(0.0)
            if _small(full, theta):
                return _Search(theta, True)
            step = equations.step(float(damping))
            there = theta + np.concatenate([step[:2], np.clip(step[2:], -1.5, 1.5)])
            there[2] = np.clip(there[2], *np.log(SLOPE_RANGE))
            there[3:] = np.clip(there[3:], self.lowest - MARGIN, self.highest + MARGIN)
            trial = self.loss(there)
            better = trial <= loss * (1 + TOLERANCE)
            predicted = np.array(equations.predicted(there - theta))
            damping = next_damping(damping, better, loss - trial, predicted, loss)
            theta, loss = (there, trial) if better else (theta, loss)
            if damping > 1e12:
                gradient = np.concatenate([equations.right, equations.own])
                return _Search(theta, bool(gradient @ full < 1e-10 * loss))
        return _Search(theta, False)

    def judged(self, end: _Search, own: FourPL, out: np.ndarray, rows: np.ndarray) -> JointFit:
        """The curves where the search ended, and what is refused."""
        count, theta, converged = self.w > 0, end.theta, end.converged
        df = float(count.sum() - theta.size)
        response = self.response(theta)
        rss = self.w * response.residual**2
        equations = self.normal(theta)
        m, cross, diagonal = equations.shared, equations.cross, equations.diagonal
        if df < 1 or not converged or equations.is_singular:
            return _refused(own, out, NOT_CONVERGED if df > 0 and not converged else NOT_IDENTIFIABLE)
        factor = float(rss.sum()) / df
        ratio = cross / diagonal[:, None]
        inner = np.linalg.inv(m - cross.T @ ratio)
        between = factor * (np.diag(1 / diagonal) + ratio @ inner @ ratio.T)
        blank = _blank(own, out)
        curves, midpoint, covariance = blank.curves, blank.log_midpoint, blank.covariance
        a, span, log_b, log_c = theta[0], theta[1], theta[2], theta[3:]
        turn = np.diag([1.0, 1.0, math.exp(log_b)])
        turn[1, 0] = 1.0  # D = A + span
        for i, row in enumerate(rows):
            four = np.empty((4, 4))
            c = math.exp(log_c[i])
            four[:3, :3] = factor * turn @ inner @ turn.T
            four[3, :3] = four[:3, 3] = -factor * c * turn @ inner @ ratio[i]
            four[3, 3] = c**2 * between[i, i]
            order = [0, 2, 3, 1]
            curves.covariance[row] = four[np.ix_(order, order)]
            curves.coefficients[row] = a, math.exp(log_b), c, a + span
        mean = (self.w * self.y).sum(axis=1) / self.w.sum(axis=1)
        total = (self.w * (self.y - mean[:, None]) ** 2).sum(axis=1)
        curves.rss[rows] = rss.sum(axis=1)
        curves.r_squared[rows] = 1 - rss.sum(axis=1) / np.maximum(total, TINY)
        midpoint[rows], covariance[np.ix_(rows, rows)] = log_c, between
        beyond = np.maximum(self.lowest - log_c, log_c - self.highest) > math.log(BEYOND)
        beyond |= stdtrit(df, 0.975) * np.sqrt(np.diag(between)) > math.log(VAGUE)
        beyond |= unseen_plateau(response.share.reshape(1, -1), self.w.reshape(1, -1))[0]
        curves.vague[rows] = np.where(beyond, NOT_IDENTIFIABLE, "")
        return replace(blank, rss=float(rss.sum()), df=df)


def _blank(own: FourPL, out: np.ndarray, why: str = "") -> JointFit:
    """A fit without numbers; ``out``: why each plate is left out."""
    k = len(out)
    rss, r_squared, midpoint = np.full((3, k), np.nan)
    coefficients, covariance, vague = np.full((k, 4), np.nan), np.full((k, 4, 4), np.nan), np.full(k, "", dtype=object)
    curves = FourPL(coefficients, covariance, rss, r_squared, own.n, own.levels, out.copy(), vague)
    return JointFit(curves, math.nan, math.nan, midpoint, np.full((k, k), np.nan), why)


def _small(step: np.ndarray, theta: np.ndarray) -> bool:
    size = np.ones_like(theta)
    size[:2] = max(float(np.abs(theta[:2]).max()), TINY)
    return bool((np.abs(step) < SMALL_STEP * size).all())


def compare_curves(
    x: ArrayLike, y: ArrayLike, weights: ArrayLike | None = None, used: ArrayLike | None = None, min_levels: int = 5
) -> dict[str, dict[str, float]]:
    """Do plates (k, m) need curves of their own? One curve for all, one shift a plate, own curves.

    ``one``, ``shift``, ``own``: parameters, rss, df, aic (of normal residuals, their variance counted as a parameter);
    ``shift_needed`` (shift against one) and ``own_needed`` (own against shift): f, df_1, df_2, p of the extra sum of
    squares. Raises ValueError where one of the three cannot be fitted to all plates given.
    """
    points = Weighted.of(x, y, weights, used)
    x, y, w = points.x, points.y, points.weight
    own = four_pl_of(points, min_levels)
    unknown = (own.refusal != "") | (own.vague != "")
    if unknown.any() or len(x) < 2:
        raise ValueError(f"{int(unknown.sum())} of {len(x)} plates have no curve of their own")
    joint = joint_of(points, own, min_levels)
    there = w > 0
    pooled = Curves(x[there][None], y[there][None], w[there][None])  # even if it scatters: that is the question
    theta, converged = pooled.search()
    why = joint.refusal or next(filter(None, joint.curves.vague), "") or ("" if converged[0] else NOT_CONVERGED)
    if why:
        raise ValueError(f"no curve that the plates share: {why}")
    n, logs = int(there.sum()), float(np.log(w[there]).sum())
    fits = {}
    for name, count, rss in (
        ("one", 4, float(pooled.project(theta)[-1][0])),
        ("shift", 3 + len(x), joint.rss),
        ("own", 4 * len(x), float(own.rss.sum())),
    ):
        aic = n * (math.log(2 * math.pi * rss / n) + 1) - logs + 2 * (count + 1)
        fits[name] = {"parameters": float(count), "rss": rss, "df": float(n - count), "aic": aic}
    return fits | {
        "shift_needed": _extra(fits["one"], fits["shift"]),
        "own_needed": _extra(fits["shift"], fits["own"]),
    }


def _extra(small: dict[str, float], large: dict[str, float]) -> dict[str, float]:
    df = small["df"] - large["df"]
    if large["df"] < 1 or not large["rss"] > 0:
        return {"f": math.nan, "df_1": df, "df_2": large["df"], "p": math.nan}
    f = max(0.0, (small["rss"] - large["rss"]) / df) / (large["rss"] / large["df"])
    return {"f": f, "df_1": df, "df_2": large["df"], "p": float(fdtrc(df, large["df"], f))}
