"""The least-squares search behind ``five_pl``, on many curves at once, each with a sign of its slope.

As in ``four_pl_search``, the two asymptotes are solved for and the rest is searched by Levenberg-Marquardt on the
projected problem. h = (1 + (x/C)^B)^-G, y = D + (A - D) h. Searched are log S, log X and log G: X is the x at which
the curve is steepest over log x, where (x/C)^B = 1/G, and S the slope of h there, |B| (G / (1 + G))^(1 + G). Unlike C
and B these hardly depend on G, so that few steps are needed. The search starts from the symmetric curve. Points stand
in the problem multiplied by the roots of their weights.
"""

import math
from dataclasses import dataclass

import numpy as np

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.curves.fitted import TINY, Box, Search
from omtrace.statistics.curves.four_pl_search import FAR, MARGIN, SLOPE_RANGE, ByCurve, Curves, next_damping

ASYMMETRIES = (0.3, 1.0, 3.0)  # of the first curves, from the symmetric one
GRID = [(b, p, g) for b in (0.8, 2.0) for p in (0.2, 0.6, 1.0) for g in (0.4, 2.5)]  # 4 S, position of X, G
ASYMMETRY_RANGE = (0.05, 20.0)
BLOCK, FIRST_STEPS, STEPS = 2048, 8, 300
COMPACT = 0.15  # share of curves that are done, from which on they are left out
SMALL_STEP = 1e-9
STILL = 1e-11  # of the residual sum of squares: a gain that is no gain
LONG_STEP, LEVEL = 3.0, 1e-5  # an undamped step of theta; a gain (of the residual sum) that such a step is not worth


@dataclass(frozen=True)
class Projection:
    """The linear problem in the asymptotes at theta, solved; all (k, m) or (k,).

    ``v`` = B log(x/C), ``log_h``; h in roots of weights and centred, ``h``, its sum of squares, the span A - D, the
    residuals and their sum of squares; ``share``: h itself; ``logit``: 1 / (1 + exp(-v)).
    """

    v: np.ndarray
    log_h: np.ndarray
    share: np.ndarray
    logit: np.ndarray
    h: np.ndarray
    square: np.ndarray
    span: np.ndarray
    residual: np.ndarray
    rss: np.ndarray

    def put(self, rows: np.ndarray, other: "Projection") -> "Projection":
        """This one, with some rows of another."""
        if rows.any():
            for mine, theirs in zip(vars(self).values(), vars(other).values(), strict=True):
                mine[rows] = theirs[rows]
        return self

    def subset(self, rows: np.ndarray) -> "Projection":
        """Some of the curves."""
        return Projection(*(array[rows] for array in vars(self).values()))


def steepness(log_g: np.ndarray) -> np.ndarray:
    """log(S / |B|) at log G."""
    g = np.exp(log_g)
    return (1 + g) * (log_g - np.log1p(g))


@dataclass(frozen=True)
class Equations:
    """Normal equations of k curves: matrix (6, k): 11, 12, 13, 22, 23, 33, and gradient (3, k)."""

    matrix: np.ndarray
    gradient: np.ndarray


class Asymmetric(ByCurve):
    """Data of k curves, the ``sign`` of the slope of each (k,), and their problem in theta = (log S, log X, log G)."""

    def __init__(self, curves: Curves, sign: np.ndarray) -> None:
        self.sign = sign[:, None]
        self.log_x, self.root = curves.log_x, np.sqrt(curves.w)
        self.unit = self.root / np.sqrt(curves.total)[:, None]  # what is constant, of length 1
        self.y = self.root * curves.y
        self.lowest, self.highest = curves.lowest, curves.highest

    def project(self, theta: np.ndarray) -> Projection:
        """The linear problem in the asymptotes at theta, solved."""
        slope = self.sign * np.exp(theta[:, :1] - steepness(theta[:, 2:]))
        v = slope * self.log_x
        v -= theta[:, 2:] + slope * theta[:, 1:2]
        np.clip(v, -FAR, FAR, out=v)
        decay = np.exp(-np.abs(v))
        above = 1 + decay
        log_h = -np.exp(theta[:, 2:]) * (np.maximum(v, 0) + np.log(above))
        share = np.exp(log_h)
        h = self.centred(self.root * share)
        square = np.maximum(np.einsum("km,km->k", h, h), TINY)
        span = np.einsum("km,km->k", h, self.y) / square
        residual = self.y - span[:, None] * h
        logit = np.where(v > 0, 1.0, decay) / above
        rss = np.einsum("km,km->k", residual, residual)
        return Projection(v, log_h, share, logit, h, square, span, residual, rss)

    def centred(self, values: np.ndarray) -> np.ndarray:
        """Values less their constant part."""
        return values - np.einsum("km,km->k", values, self.unit)[:, None] * self.unit

    def slopes(self, theta: np.ndarray, at: Projection) -> list[np.ndarray]:
        """Derivatives of y (in roots of weights) in log S, log X and log G, the asymptotes held."""
        log_g = theta[:, 2:]
        g = np.exp(log_g)
        ratio, turn = steepness(log_g), 1 + g * (log_g - np.log1p(g))  # the derivative in log G
        scaled = (self.root * at.span[:, None]) * at.share
        steep = -g * scaled * at.logit  # in v
        along = steep * (at.v + log_g)
        slope = self.sign * np.exp(theta[:, :1] - ratio)
        return [along, -slope * steep, scaled * at.log_h - turn * along - steep]

    def normal_equations(self, theta: np.ndarray, at: Projection) -> "Equations":
        """The normal equations, from the projection there."""
        columns = []
        for column in self.slopes(theta, at):
            column = self.centred(column)
            column -= (np.einsum("km,km->k", column, at.h) / at.square)[:, None] * at.h
            columns.append(column)
        pairs = [(0, 0), (0, 1), (0, 2), (1, 1), (1, 2), (2, 2)]
        matrix = np.stack([np.einsum("km,km->k", columns[i], columns[j]) for i, j in pairs])
        return Equations(matrix, np.stack([np.einsum("km,km->k", column, at.residual) for column in columns]))

    def start(self, symmetric: np.ndarray) -> np.ndarray:
        """The best of asymmetric curves about the symmetric one (k, 2: log B, log C) and of a grid."""
        trials = [(symmetric[:, 0] - math.log(4), symmetric[:, 1], g) for g in ASYMMETRIES]
        theta, best = self._best(trials)
        edge = np.flatnonzero((symmetric[:, 1] <= self.lowest) | (symmetric[:, 1] >= self.highest))
        if edge.size:
            part = self.subset(edge)
            width = part.highest - part.lowest
            grid = [(np.full(edge.size, math.log(b / 4)), part.lowest + p * width, g) for b, p, g in GRID]
            other, rss = part._best(grid)
            better = rss < best[edge]
            theta[edge[better]] = other[better]
        return theta

    def _best(self, trials: list[tuple[np.ndarray, np.ndarray, float]]) -> Search:
        """The best of trials (log S, log X, G), and its sum of squares."""
        best, theta = np.full(len(self.y), np.inf), np.zeros((len(self.y), 3))
        low, high = self.limits()
        for slope, middle, g in trials:
            trial = np.clip(np.column_stack([slope, middle, np.full(len(slope), math.log(g))]), low, high)
            rss = self.project(trial).rss
            better = rss < best
            best[better], theta[better] = rss[better], trial[better]
        return Search(theta, best)

    def limits(self) -> Box:
        """The box that is searched, (k, 3) each."""
        k = len(self.y)
        low = [np.full(k, math.log(SLOPE_RANGE[0])), self.lowest - MARGIN, np.full(k, math.log(ASYMMETRY_RANGE[0]))]
        high = [np.full(k, math.log(SLOPE_RANGE[1])), self.highest + MARGIN, np.full(k, math.log(ASYMMETRY_RANGE[1]))]
        return Box(np.column_stack(low), np.column_stack(high))

    def find(self, symmetric: np.ndarray) -> Search:
        """Levenberg-Marquardt on all curves at once, from the symmetric ones: theta (k, 3), and which converged.

        The first steps are made in blocks that stay in the processor's cache; those that need more, together.
        """
        count = len(self.y)
        state = theta, converged, damping = np.zeros((count, 3)), np.zeros(count, dtype=bool), np.full(count, 1e-3)
        left = []
        for first in range(0, count, BLOCK):
            rows = np.arange(first, min(first + BLOCK, count))
            block = self.subset(slice(first, first + BLOCK))
            theta[rows] = block.start(symmetric[rows])
            left.append(self._steps(state, rows, block, FIRST_STEPS))
        rows = np.concatenate([np.zeros(0, dtype=int), *left])
        self._steps(state, rows, self.subset(rows), STEPS - FIRST_STEPS)
        return Search(theta, converged)

    def _steps(self, state: tuple[np.ndarray, ...], rows: np.ndarray, part: "Asymmetric", steps: int) -> np.ndarray:
        """Up to so many steps of some curves, ``part``; returns the rows that are not done."""
        theta, converged, damping = state
        at, done = part.project(theta[rows]), np.zeros(rows.size, dtype=bool)
        low, high = part.limits()
        for _ in range(steps if rows.size else 0):
            here, rss, damped = theta[rows], at.rss, damping[rows]
            equations = part.normal_equations(here, at)
            matrix, gradient = equations.matrix, equations.gradient
            free = ~(((here <= low) & (gradient.T < 0)) | ((here >= high) & (gradient.T > 0))).T
            full, step = solved(matrix, gradient, 0.0, free), solved(matrix, gradient, damped, free)
            there = np.clip(here + np.clip(step.T, -1.5, 1.5), low, high)
            moved = (there - here).T
            predicted = 2 * (gradient * moved).sum(axis=0) - quadratic(matrix, moved)
            trial = part.project(there)
            better = trial.rss <= rss * (1 + TOLERANCE)
            theta[rows] = np.where(better[:, None], there, here)
            # in a valley with a level floor, steps go far without a gain: the curve has been found, not its place there
            far = np.abs(full).max(axis=0) > LONG_STEP
            level = far & (damped < 0.1) & better & (np.maximum(predicted, rss - trial.rss) < LEVEL * rss)
            damping[rows] = damped = next_damping(damped, better, rss - trial.rss, predicted, rss)
            gain = (gradient * full).sum(axis=0)
            good = (np.abs(full).max(axis=0) < SMALL_STEP) | (gain < STILL * rss) | level
            stuck = (damped > 1e8) | (there == here).all(axis=1)
            converged[rows] |= good | (stuck & (gain < 1e-10 * rss))
            done |= good | stuck
            at = trial.put(~better, at)
            if done.sum() > COMPACT * done.size:  # a few that are done go on: leaving them out costs more
                keep = ~done
                rows, part, low, high, at = rows[keep], part.subset(keep), low[keep], high[keep], at.subset(keep)
                done = done[keep]
                if not rows.size:
                    break
        return rows[~done]


def solved(matrix: np.ndarray, gradient: np.ndarray, damping: np.ndarray | float, free: np.ndarray) -> np.ndarray:
    """Steps (3, k) of normal equations, by elimination; coordinates that are not ``free`` stay, as singular ones do."""
    a, b, c, d, e, f = matrix
    a, d, f = (np.maximum(part * (1 + damping), TINY) for part in (a, d, f))
    one, two, three = free
    b, c, e = b * (one & two), c * (one & three), e * (two & three)
    p, q, r = gradient * free
    d2, e2, q2 = d - b * b / a, e - b * c / a, q - b * p / a
    f2, r2 = f - c * c / a, r - c * p / a
    d2 = np.where(d2 > 1e-14 * d, d2, np.inf)
    f3, r3 = f2 - e2 * e2 / d2, r2 - e2 * q2 / d2
    z = r3 / np.where(f3 > 1e-14 * f, f3, np.inf)
    y = (q2 - e2 * z) / d2
    return np.stack([(p - b * y - c * z) / a, y, z])


def quadratic(matrix: np.ndarray, step: np.ndarray) -> np.ndarray:
    """step' matrix step (k,)."""
    a, b, c, d, e, f = matrix
    x, y, z = step
    return a * x * x + d * y * y + f * z * z + 2 * (b * x * y + c * x * z + e * y * z)
