"""The least-squares search behind ``four_pl``, on many curves at once.

A and D are linear given B and C, so they are solved for and only log B and log C are searched, by
Levenberg-Marquardt with the analytic Jacobian of the projected problem (variable projection: Golub and
Pereyra 1973; Kaufman 1975). At the optimum this is the weighted least-squares fit of all four parameters.
"""

import math
from copy import copy
from dataclasses import dataclass
from typing import Self

import numpy as np
from scipy.special import fdtrc, stdtrit

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.curves.fitted import FLAT, FLAT_P, HOOK, NOT_CONVERGED, NOT_IDENTIFIABLE, TINY, Judged, Search

START_SLOPES = (0.7, 1.5)
START_POSITIONS = (-0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1)  # of log C: 0 lowest, 1 highest positive level
SLOPE_RANGE = (0.02, 50.0)
BEYOND = 3.0  # C may lie this many times outside the positive levels
VAGUE = 10.0  # factor to either side that the 95% interval of C may reach
MARGIN = math.log(10.0) + 1  # of log C outside the levels: the box that is searched
STEPS = 200
BLOCK, FIRST_STEPS = 1024, 8  # curves worked on together; steps before the slow ones are gathered
SMALL_STEP = 1e-10  # in log B and log C
LEAST_COVER = 0.37  # share of the span between the asymptotes that the levels must show for a midpoint to be named
HOOK_SHARE, HOOK_SDS = 0.1, 4.0
LOG_ZERO = -1e6  # stands for log 0: finite, so that 0 * log 0 is 0
FAR = 700.0  # exp(700) is still finite


def dot(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Weighted products, curve by curve."""
    return np.einsum("km,km,km->k", u, v, w)


class ByCurve:
    """What holds arrays alone, of which the first axis is the curve."""

    def subset(self, rows: np.ndarray | slice) -> Self:
        """The same of some of the curves."""
        part = copy(self)
        for name, array in vars(self).items():
            setattr(part, name, array[rows])
        return part


class Curves(ByCurve):
    """Data of k curves, and their least-squares problem in theta = (log B, log C), A and D solved for."""

    def __init__(self, x: np.ndarray, y: np.ndarray, w: np.ndarray) -> None:
        with np.errstate(divide="ignore"):
            log_x = np.log(x)
        positive = np.where((w > 0) & (x > 0), log_x, np.nan)
        self.lowest, self.highest = np.nanmin(positive, axis=1), np.nanmax(positive, axis=1)
        self.log_x = np.maximum(log_x, LOG_ZERO)
        self.w, self.total = w, w.sum(axis=1)
        self.scale = np.abs(y).max(axis=1)
        self.centre = (w * y).sum(axis=1) / self.total
        self.y = y - self.centre[:, None]

    def project(self, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """The linear problem in A and D at theta, solved.

        Returns u = B log(x/C), the weighted mean of h = 1/(1 + exp(-u)), h centred and its sum of squares,
        the span D - A, the residuals, and their weighted sum of squares.
        """
        slope = np.exp(theta[:, :1])
        u = np.maximum(slope * self.log_x - slope * theta[:, 1:], -FAR)
        h = 1 / (1 + np.exp(-u))  # several times faster than expit; bounded below, so it cannot overflow
        mean = np.einsum("km,km->k", h, self.w) / self.total
        h -= mean[:, None]
        square = np.maximum(dot(h, h, self.w), TINY)
        span = dot(h, self.y, self.w) / square
        residual = self.y - span[:, None] * h
        return u, mean, h, square, span, residual, dot(residual, residual, self.w)

    def start(self) -> np.ndarray:
        """The best of a grid of slopes and positions."""
        best, theta = np.full(len(self.y), np.inf), np.zeros((len(self.y), 2))
        for slope in START_SLOPES:
            for position in START_POSITIONS:
                log_c = self.lowest + position * (self.highest - self.lowest)
                trial = np.column_stack([np.full(log_c.size, math.log(slope)), log_c])
                rss = self.project(trial)[-1]
                better = rss < best
                best[better], theta[better] = rss[better], trial[better]
        return theta

    def normal(self, theta: np.ndarray, projection: tuple[np.ndarray, ...]) -> tuple[np.ndarray, ...]:
        """Normal equations m11, m12, m22, g1, g2 in theta, from the projection there."""
        u, mean, h, square, span, residual, _ = projection
        share = h + mean[:, None]
        steep = share * (1 - share) * span[:, None]
        columns = []
        for column in (steep * u, -np.exp(theta[:, :1]) * steep):
            column -= (np.einsum("km,km->k", column, self.w) / self.total)[:, None]
            column -= (dot(column, h, self.w) / square)[:, None] * h
            columns.append(column)
        j1, j2 = columns
        w = self.w
        return dot(j1, j1, w), dot(j1, j2, w), dot(j2, j2, w), dot(j1, residual, w), dot(j2, residual, w)

    def search(self, most: int | None = None) -> Search:
        """Levenberg-Marquardt on many curves at once: theta (k, 2), and which have converged, in at most so many steps.

        The first steps are made in blocks that stay in the processor's cache; the few curves that need more, together.
        """
        count, most = len(self.y), STEPS if most is None else most
        state = theta, converged, damping = np.zeros((count, 2)), np.zeros(count, dtype=bool), np.full(count, 1e-3)
        left = []
        for first in range(0, count, BLOCK):
            rows = np.arange(first, min(first + BLOCK, count))
            block = self.subset(rows)
            theta[rows] = block.start()
            left.append(self._steps(state, rows, block, min(FIRST_STEPS, most)))
        if left and most > FIRST_STEPS:
            rows = np.concatenate(left)
            rows = self._steps(state, rows, self.subset(rows), most - FIRST_STEPS)
            if rows.size and most == STEPS:
                converged[rows] = self.subset(rows).is_level(theta[rows])
        return Search(theta, converged)

    def _steps(self, state: tuple[np.ndarray, ...], rows: np.ndarray, part: "Curves", steps: int) -> np.ndarray:
        """Up to so many steps of some curves, ``part``; returns the rows that are not done."""
        theta, converged, damping = state
        slopes = np.log(SLOPE_RANGE)
        projection = part.project(theta[rows])
        for _ in range(steps if rows.size else 0):
            here, rss, damped = theta[rows], projection[-1], damping[rows]
            m11, m12, m22, g1, g2 = part.normal(here, projection)
            full = _solve(m11, m12, m22, g1, g2)
            step = np.clip(_solve(m11 * (1 + damped), m12, m22 * (1 + damped), g1, g2), -1.5, 1.5)
            low = np.column_stack([np.full(rows.size, slopes[0]), part.lowest - MARGIN])
            high = np.column_stack([np.full(rows.size, slopes[1]), part.highest + MARGIN])
            uphill = np.column_stack([g1, g2])
            if (pinned := ((here <= low) & (uphill < 0)) | ((here >= high) & (uphill > 0))).any():
                # at the edge of the box, the other coordinate is searched alone
                for column, diagonal, gradient in ((0, m11, g1), (1, m22, g2)):
                    alone = pinned[:, 1 - column] & ~pinned[:, column]
                    newton = gradient[alone] / np.maximum(diagonal[alone], TINY)
                    full[alone, column] = newton
                    step[alone, column] = np.clip(newton / (1 + damped[alone]), -1.5, 1.5)
                full[pinned], step[pinned] = 0.0, 0.0
            there = np.clip(here + step, low, high)
            s1, s2 = (there - here).T
            predicted = 2 * (g1 * s1 + g2 * s2) - (m11 * s1**2 + 2 * m12 * s1 * s2 + m22 * s2**2)
            projection = part.project(there)
            better = projection[-1] <= rss * (1 + TOLERANCE)
            theta[rows] = np.where(better[:, None], there, here)
            damping[rows] = damped = next_damping(damped, better, rss - projection[-1], predicted, rss)
            close = np.abs(full).max(axis=1) < SMALL_STEP
            # Stuck is converged if the step left is small against the standard errors.
            stuck = (damped > 1e8) | (there == here).all(axis=1)
            still = (g1 * full[:, 0] + g2 * full[:, 1]) < 1e-10 * rss
            converged[rows] = close | (stuck & still)
            keep = ~(close | stuck)
            if not (keep & better).all():
                rows, part = rows[keep], part.subset(keep)
                if not rows.size:
                    break
                projection = part.project(theta[rows])
        return rows

    def is_level(self, theta: np.ndarray) -> np.ndarray:
        """Where steps along a valley go on without a gain (k,): the curve has been found, not its place there."""
        projection = self.project(theta)
        m11, m12, m22, g1, g2 = self.normal(theta, projection)
        s1, s2 = _solve(m11 * 1.01, m12, m22 * 1.01, g1, g2).T
        return g1 * s1 + g2 * s2 < 1e-8 * projection[-1]

    def judged(
        self, theta: np.ndarray, converged: np.ndarray, df: np.ndarray, hook: np.ndarray, forced: np.ndarray
    ) -> Judged:
        """The curves at theta: A, B, C, D, rss, r_squared (k, 6), covariances (k, 4, 4), refusals, vagueness (k,)."""
        u, mean, h, _, span, _, rss = self.project(theta)
        b, c = np.exp(theta).T
        a = self.centre - span * mean
        share = h + mean[:, None]
        steep = share * (1 - share) * span[:, None]
        columns = (1 - share, steep * u / b[:, None], -steep * b[:, None], share)  # A, B, log C, D
        jacobian = np.stack(columns, axis=2)
        information = np.einsum("kmi,kmj,km->kij", jacobian, jacobian, self.w)
        size = np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), TINY))
        information /= size[:, :, None] * size[:, None, :]
        inverse = inverted(information, 1e-12)
        size *= np.sqrt(df / np.maximum(rss, TINY))[:, None]
        covariance = inverse.matrices / (size[:, :, None] * size[:, None, :])
        beyond = np.maximum(self.lowest - theta[:, 1], theta[:, 1] - self.highest) > math.log(BEYOND)
        vague = stdtrit(df, 0.975) * np.sqrt(covariance[:, 2, 2]) > math.log(VAGUE)
        slope_out = (b < 1.001 * SLOPE_RANGE[0]) | (b > 0.999 * SLOPE_RANGE[1])
        covariance[:, 2, :] *= c[:, None]
        covariance[:, :, 2] *= c[:, None]
        total = dot(self.y, self.y, self.w)
        constant = np.sqrt(total / self.total) <= TOLERANCE * self.scale
        p = fdtrc(3, df, (total - rss) / 3 / np.maximum(rss / df, TINY))
        r_squared = 1 - rss / np.maximum(total, TINY)
        unseen = unseen_plateau(share, self.w)
        refusal = np.select(
            [(constant | (p > FLAT_P)) & ~forced, hook & ~forced, ~converged], [FLAT, HOOK, NOT_CONVERGED], ""
        )
        unknown = np.where(inverse.singular | beyond | vague | slope_out | unseen, NOT_IDENTIFIABLE, "")
        return Judged(np.column_stack([a, b, c, a + span, rss, r_squared]), covariance, refusal, unknown)


@dataclass(frozen=True)
class Inverse:
    """Inverses of matrices (k, p, p), and which of these are singular (k,)."""

    matrices: np.ndarray
    singular: np.ndarray


def inverted(information: np.ndarray, least: float) -> Inverse:
    """Inverses of scaled information matrices (k, p, p); singular ones have an eigenvalue below ``least``.

    The inverse of a singular one is that on the directions that the points determine (Moore and Penrose): what is
    read within the levels lies in these.
    """
    singular = np.linalg.eigvalsh(information)[:, 0] < least
    inverse = np.empty_like(information)
    inverse[~singular] = np.linalg.inv(information[~singular])
    values, vectors = np.linalg.eigh(information[singular])
    known = values > least
    shares = np.where(known, 1 / np.where(known, values, 1.0), 0.0)
    inverse[singular] = (vectors * shares[:, None, :]) @ vectors.swapaxes(1, 2)
    return Inverse(inverse, singular)


def unseen_plateau(share: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Which curves show too little of their span at the levels; ``share``: of the span, at each point."""
    used = w > 0
    shown = np.where(used, share, -np.inf).max(axis=1) - np.where(used, share, np.inf).min(axis=1)
    return shown < LEAST_COVER


def hooked(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> np.ndarray:
    """Which curves turn back at high x (k,): a decline from the extreme level to the last that is no scatter.

    Levels are judged by their mean signals: from the level furthest from the lowest one's signal each further level
    must come back, by ``HOOK_SHARE`` of the range in all, and by ``HOOK_SDS`` pooled standard deviations of the wells
    of a level, or, without replicates, over two levels at least.
    """
    used, turns = w > 0, np.zeros(len(x), dtype=bool)
    ends = [
        used & (x == np.where(used, x, fill).max(axis=1, keepdims=True))
        if fill < 0
        else used & (x == np.where(used, x, fill).min(axis=1, keepdims=True))
        for fill in (math.inf, -1.0)
    ]
    first, last = ((y * end).sum(axis=1) / end.sum(axis=1) for end in ends)
    furthest = np.where(used, np.abs(y - first[:, None]), 0.0).max(axis=1)
    rows = np.flatnonzero(np.abs(last - first) < (1 - HOOK_SHARE) * furthest)  # the others cannot turn back that far
    for row in rows:
        x_levels, level = np.unique(x[row, used[row]], return_inverse=True)
        signals, count = y[row, used[row]], np.bincount(level)
        means = np.bincount(level, signals) / count
        away, df = np.abs(means - means[0]), len(signals) - len(x_levels)
        turn = int(away.argmax())
        fall, spread = away[turn] - away[-1], math.sqrt(((signals - means[level]) ** 2).sum() / max(df, 1))
        sure = fall > HOOK_SDS * spread if df > 0 else len(away) - 1 - turn > 1
        turns[row] = sure and fall > HOOK_SHARE * away[turn] and bool((np.diff(away[turn:]) < 0).all())
    return turns


def next_damping(damping, better, gain, predicted, rss) -> np.ndarray:
    """Less damping where the gain was as predicted, more where it fell short (a zigzag) or was a loss.

    A predicted gain below rounding error says nothing: the damping stays.
    """
    ratio = np.where(predicted > TOLERANCE * rss, gain / np.maximum(predicted, TINY), 0.5)
    more = np.maximum(damping, 1e-3) * np.where(better, 3, 10)
    return np.where(better & (ratio > 0.75), damping / 10, np.where(better & (ratio > 0.25), damping, more))


def _solve(m11, m12, m22, g1, g2) -> np.ndarray:
    """Solutions (k, 2) of 2 x 2 systems; 0 where singular."""
    determinant = m11 * m22 - m12**2
    inverse_determinant = np.where(determinant > 0, 1 / np.maximum(determinant, TINY), 0.0)
    return np.column_stack([m22 * g1 - m12 * g2, m11 * g2 - m12 * g1]) * inverse_determinant[:, None]
