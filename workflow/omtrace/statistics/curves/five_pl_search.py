"""The least-squares search behind ``five_pl``, on many curves at once, for one sign of the slope.

As in ``four_pl_search``, the two asymptotes are solved for and the rest is searched: log |B|, log C and log G, by
Levenberg-Marquardt on the projected problem. h = (1 + (x/C)^B)^-G, y = D + (A - D) h.
"""

import math

import numpy as np

from omtrace.statistics.curves.four_pl_search import FAR, MARGIN, SLOPE_RANGE, TINY, Curves, dot, next_damping

START = [(b, p, g) for b in (0.8, 1.6) for p in (0.1, 0.4, 0.7, 1.0) for g in (0.4, 1.0, 2.5)]  # slope, position, G
ASYMMETRY_RANGE = (0.05, 20.0)
STEPS = 300
SMALL_STEP = 1e-9


class Asymmetric(Curves):
    """Data of k curves, and their least-squares problem in theta = (log |B|, log C, log G)."""

    sign: float

    @classmethod
    def of(cls, curves: Curves, sign: float) -> "Asymmetric":
        """The same data, with a sign of the slope."""
        made = object.__new__(cls)
        made.__dict__.update(vars(curves))
        made.sign = sign
        return made

    def subset(self, rows: np.ndarray) -> "Asymmetric":
        """Some of the curves."""
        part = object.__new__(Asymmetric)
        part.__dict__.update({n: v[rows] if isinstance(v, np.ndarray) else v for n, v in vars(self).items()})
        return part

    def project(self, theta: np.ndarray) -> tuple[np.ndarray, ...]:
        """The linear problem in the asymptotes at theta, solved.

        Returns v = B log(x/C), log h, h, its weighted mean, its sum of squares about that, the span A - D, the
        residuals, and their weighted sum of squares.
        """
        slope = self.sign * np.exp(theta[:, :1])
        v = np.clip(slope * self.log_x - slope * theta[:, 1:2], -FAR, FAR)
        log_h = -np.exp(theta[:, 2:]) * np.logaddexp(0, v)
        h = np.exp(log_h)
        mean = np.einsum("km,km->k", h, self.w) / self.total
        centred = h - mean[:, None]
        square = np.maximum(dot(centred, centred, self.w), TINY)
        span = dot(centred, self.y, self.w) / square
        residual = self.y - span[:, None] * centred
        return v, log_h, h, mean, square, span, residual, dot(residual, residual, self.w)

    def start(self) -> np.ndarray:
        """The best of a grid of slopes, positions and asymmetries."""
        best, theta = np.full(len(self.y), np.inf), np.zeros((len(self.y), 3))
        for b, position, g in START:
            middle = self.lowest + position * (self.highest - self.lowest)
            # C such that half of the rise lies at the position
            log_c = middle - self.sign * math.log(2 ** (1 / g) - 1) / b
            trial = np.column_stack([np.full(log_c.size, math.log(b)), log_c, np.full(log_c.size, math.log(g))])
            rss = self.project(trial)[-1]
            better = rss < best
            best[better], theta[better] = rss[better], trial[better]
        return theta

    def slopes(self, theta: np.ndarray, projection: tuple[np.ndarray, ...]) -> list[np.ndarray]:
        """Derivatives of y in log |B|, log C and log G, the asymptotes held."""
        v, log_h, h, _, _, span, _, _ = projection
        steep = -span[:, None] * np.exp(theta[:, 2:]) * h / (1 + np.exp(-v))
        return [steep * v, -self.sign * np.exp(theta[:, :1]) * steep, span[:, None] * h * log_h]

    def normal_equations(self, theta: np.ndarray, projection: tuple[np.ndarray, ...]) -> tuple[np.ndarray, np.ndarray]:
        """Normal matrix (k, 3, 3) and gradient (k, 3), from the projection there."""
        _, _, h, mean, square, _, residual, _ = projection
        centred = h - mean[:, None]
        columns = []
        for column in self.slopes(theta, projection):
            column = column - (np.einsum("km,km->k", column, self.w) / self.total)[:, None]
            columns.append(column - (dot(column, centred, self.w) / square)[:, None] * centred)
        jacobian = np.stack(columns, axis=2)
        weighted = jacobian * self.w[:, :, None]
        return np.einsum("kmi,kmj->kij", weighted, jacobian), np.einsum("kmi,km->ki", weighted, residual)

    def limits(self) -> tuple[np.ndarray, np.ndarray]:
        """The box that is searched, (k, 3) each; C may lie far out where G is far from 1."""
        margin, k = MARGIN + 3, len(self.y)
        low = [np.full(k, math.log(SLOPE_RANGE[0])), self.lowest - margin, np.full(k, math.log(ASYMMETRY_RANGE[0]))]
        high = [np.full(k, math.log(SLOPE_RANGE[1])), self.highest + margin, np.full(k, math.log(ASYMMETRY_RANGE[1]))]
        return np.column_stack(low), np.column_stack(high)

    def find(self) -> tuple[np.ndarray, np.ndarray]:
        """Levenberg-Marquardt on all curves at once: theta (k, 3), and which have converged."""
        theta, converged = self.start(), np.zeros(len(self.y), dtype=bool)
        rows, part, damping = np.arange(len(self.y)), self, np.full(len(self.y), 1e-3)
        low, high = self.limits()
        projection = part.project(theta)
        for _ in range(STEPS):
            here, rss = theta[rows], projection[-1]
            matrix, gradient = part.normal_equations(here, projection)
            full, step = _steps(matrix, gradient, damping)
            there = np.clip(here + np.clip(step, -1.5, 1.5), low[rows], high[rows])
            moved = there - here
            predicted = 2 * np.einsum("ki,ki->k", gradient, moved)
            predicted -= np.einsum("ki,kij,kj->k", moved, matrix, moved)
            projection = part.project(there)
            better = projection[-1] <= rss * (1 + 1e-13)
            theta[rows] = np.where(better[:, None], there, here)
            damping = next_damping(damping, better, rss - projection[-1], predicted, rss)
            close = np.abs(full).max(axis=1) < SMALL_STEP
            stuck = (damping > 1e8) | (there == here).all(axis=1)
            still = np.einsum("ki,ki->k", gradient, full) < 1e-10 * rss
            converged[rows] = close | (stuck & still)
            keep = ~(close | stuck)
            if not keep.any():
                break
            if not (keep & better).all():
                rows, part, damping = rows[keep], part.subset(keep), damping[keep]
                projection = part.project(theta[rows])
        return theta, converged


def _steps(matrix: np.ndarray, gradient: np.ndarray, damping: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The undamped and the damped step; scaled by the diagonal, so that neither is singular to the solver."""
    size = np.sqrt(np.maximum(np.einsum("kii->ki", matrix), TINY))
    scaled = matrix / (size[:, :, None] * size[:, None, :])
    eye, right = np.eye(3), (gradient / size)[:, :, None]
    full = np.linalg.solve(scaled + 1e-14 * eye, right)[:, :, 0] / size
    return full, np.linalg.solve(scaled + (damping[:, None, None] + 1e-14) * eye, right)[:, :, 0] / size
