"""The least-squares search behind ``four_pl``, on many curves at once.

A and D are linear given B and C, so they are solved for and only log B and log C are searched, by
Levenberg-Marquardt with the analytic Jacobian of the projected problem (variable projection: Golub and
Pereyra 1973; Kaufman 1975). At the optimum this is the weighted least-squares fit of all four parameters.
"""

import math

import numpy as np
from scipy.special import fdtrc

from omtrace.statistics.samples import TOLERANCE

START_SLOPES = (0.7, 1.5)
START_POSITIONS = (-0.1, 0.1, 0.3, 0.5, 0.7, 0.9, 1.1)  # of log C: 0 lowest, 1 highest positive level
SLOPE_RANGE = (0.02, 50.0)
BEYOND = 10.0  # C may lie this many times outside the positive levels, and be uncertain by this factor
STEPS = 200
SMALL_STEP = 1e-10  # in log B and log C
FLAT_P = 0.05
LOG_ZERO = -1e6  # stands for log 0: finite, so that 0 * log 0 is 0
FAR = 700.0  # exp(700) is still finite
TINY = 1e-300

TOO_FEW = "too few levels"
FLAT = "flat: the signal does not depend on the concentration"
NOT_CONVERGED = "not converged"
NOT_IDENTIFIABLE = "not identifiable: the levels do not show both plateaus and the rise between them"


def _dot(u: np.ndarray, v: np.ndarray, w: np.ndarray) -> np.ndarray:
    return np.einsum("km,km,km->k", u, v, w)


class Curves:
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

    def subset(self, rows: np.ndarray) -> "Curves":
        """Some of the curves."""
        part = object.__new__(Curves)
        part.__dict__.update({name: array[rows] for name, array in vars(self).items()})
        return part

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
        square = np.maximum(_dot(h, h, self.w), TINY)
        span = _dot(h, self.y, self.w) / square
        residual = self.y - span[:, None] * h
        return u, mean, h, square, span, residual, _dot(residual, residual, self.w)

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
            column -= (_dot(column, h, self.w) / square)[:, None] * h
            columns.append(column)
        j1, j2 = columns
        w = self.w
        return _dot(j1, j1, w), _dot(j1, j2, w), _dot(j2, j2, w), _dot(j1, residual, w), _dot(j2, residual, w)

    def search(self) -> tuple[np.ndarray, np.ndarray]:
        """Levenberg-Marquardt on all curves at once: theta (k, 2), and which have converged."""
        theta, converged = self.start(), np.zeros(len(self.y), dtype=bool)
        rows, part, damping = np.arange(len(self.y)), self, np.full(len(self.y), 1e-3)
        margin = math.log(BEYOND) + 1
        low = np.column_stack([np.full(len(self.y), math.log(SLOPE_RANGE[0])), self.lowest - margin])
        high = np.column_stack([np.full(len(self.y), math.log(SLOPE_RANGE[1])), self.highest + margin])
        projection = part.project(theta)
        for _ in range(STEPS):
            here, rss = theta[rows], projection[-1]
            m11, m12, m22, g1, g2 = part.normal(here, projection)
            full = _solve(m11, m12, m22, g1, g2)
            step = np.clip(_solve(m11 * (1 + damping), m12, m22 * (1 + damping), g1, g2), -1.5, 1.5)
            there = np.clip(here + step, low[rows], high[rows])
            s1, s2 = (there - here).T
            predicted = 2 * (g1 * s1 + g2 * s2) - (m11 * s1**2 + 2 * m12 * s1 * s2 + m22 * s2**2)
            projection = part.project(there)
            better = projection[-1] <= rss * (1 + TOLERANCE)
            theta[rows] = np.where(better[:, None], there, here)
            damping = _next_damping(damping, better, rss - projection[-1], predicted, rss)
            close = np.abs(full).max(axis=1) < SMALL_STEP
            # Stuck is converged if the step left is small against the standard errors.
            stuck = (damping > 1e8) | (there == here).all(axis=1)
            still = (g1 * full[:, 0] + g2 * full[:, 1]) < 1e-10 * rss
            converged[rows] = close | (stuck & still)
            keep = ~(close | stuck)
            if not keep.any():
                break
            if not (keep & better).all():
                rows, part, damping = rows[keep], part.subset(keep), damping[keep]
                projection = part.project(theta[rows])
        return theta, converged

    def judged(
        self, theta: np.ndarray, converged: np.ndarray, df: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """The curves at theta: A, B, C, D, rss, r_squared (k, 6), covariances (k, 4, 4), refusals (k,)."""
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
        singular = np.linalg.eigvalsh(information)[:, 0] < 1e-12
        information[singular] = np.eye(4)
        size *= np.sqrt(df / np.maximum(rss, TINY))[:, None]
        covariance = np.linalg.inv(information) / (size[:, :, None] * size[:, None, :])
        beyond = np.maximum(self.lowest - theta[:, 1], theta[:, 1] - self.highest) > math.log(BEYOND)
        vague = np.sqrt(covariance[:, 2, 2]) > math.log(BEYOND)
        slope_out = (b < 1.001 * SLOPE_RANGE[0]) | (b > 0.999 * SLOPE_RANGE[1])
        covariance[:, 2, :] *= c[:, None]
        covariance[:, :, 2] *= c[:, None]
        total = _dot(self.y, self.y, self.w)
        constant = np.sqrt(total / self.total) <= TOLERANCE * self.scale
        p = fdtrc(3, df, (total - rss) / 3 / np.maximum(rss / df, TINY))
        refusal = np.select(
            [constant | (p > FLAT_P), singular | beyond | vague | slope_out, ~converged],
            [FLAT, NOT_IDENTIFIABLE, NOT_CONVERGED],
            "",
        )
        r_squared = 1 - rss / np.maximum(total, TINY)
        return np.column_stack([a, b, c, a + span, rss, r_squared]), covariance, refusal


def _next_damping(damping, better, gain, predicted, rss) -> np.ndarray:
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
