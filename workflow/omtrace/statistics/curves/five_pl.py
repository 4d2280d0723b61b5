"""Five-parameter logistic calibration curves, many at once: y = D + (A - D) / (1 + (x/C)^B)^G, B of either sign.

With B > 0 A is the response at x = 0 and D the one at infinite x, with B < 0 they change places: the two signs are
two families of asymmetric curves, and the better one is taken. G = 1 is the four-parameter curve. C is not half-way
between the asymptotes; ``half`` is.
"""

import math
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from scipy.special import fdtrc, stdtrit

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.curves.five_pl_search import ASYMMETRY_RANGE, Asymmetric
from omtrace.statistics.curves.four_pl import CHUNK, FourPL, arrays, counted, joined
from omtrace.statistics.curves.four_pl_search import (
    BEYOND,
    FLAT,
    FLAT_P,
    HOOK,
    LEAST_R_SQUARED,
    NOT_CONVERGED,
    NOT_IDENTIFIABLE,
    SCATTERED,
    SLOPE_RANGE,
    TINY,
    TOO_FEW,
    VAGUE,
    Curves,
    dot,
    hooked,
    unseen_plateau,
)

SIGNS = (1, -1)


@dataclass(frozen=True)
class FivePL(FourPL):
    """Fitted curves, as ``FourPL``, with ``g`` (k,); ``covariance`` of (A, B, C, D, G) is (k, 5, 5)."""

    NAMES: ClassVar[tuple[str, ...]] = ("a", "b", "c", "d", "g")
    g: np.ndarray


def fit_five_pl(
    x: Any, y: Any, weights: Any = None, used: Any = None, min_levels: int = 6, signs: tuple[int, ...] = SIGNS
) -> FivePL:
    """Fit a curve to each row, as ``four_pl.fit_four_pl``; ``signs`` of B that are tried, the better one taken.

    Refused as there; not identifiable too where G reaches 0.05 or 20.
    """
    x, y, w = arrays(x, y, weights, used)
    chunks = [slice(i, i + CHUNK) for i in range(0, max(1, len(x)), CHUNK)]
    return joined([_fit_chunk(x[rows], y[rows], w[rows], max(min_levels, 5), signs) for rows in chunks])


def half(fit: FivePL) -> np.ndarray:
    """The x half-way between the asymptotes (k,)."""
    with np.errstate(invalid="ignore"):
        return fit.c * (2 ** (1 / fit.g) - 1) ** (1 / fit.b)


def _fit_chunk(x: np.ndarray, y: np.ndarray, w: np.ndarray, min_levels: int, signs: tuple[int, ...]) -> FivePL:
    n, levels = counted(x, w)
    refusal = np.where((levels < min_levels) | (n <= 5), TOO_FEW, "").astype(object)
    numbers = np.full((len(x), 7), np.nan)  # a, b, c, d, rss, r_squared, g
    covariance = np.full((len(x), 5, 5), np.nan)
    rows = np.flatnonzero(refusal == "")
    if rows.size:
        curves = Curves(x[rows], y[rows], w[rows])
        found = [_judged(Asymmetric.of(curves, sign), n[rows] - 5, hooked(x[rows], y[rows], w[rows])) for sign in signs]
        # a fit that is not refused before one that is, then the smaller sum of squares
        best, best_cov, best_why = found[0]
        for other, other_cov, other_why in found[1:]:
            kept, tried = best_why == "", other_why == ""
            better = np.where(kept == tried, other[:, 4] < best[:, 4], tried)
            best = np.where(better[:, None], other, best)
            best_cov = np.where(better[:, None, None], other_cov, best_cov)
            best_why = np.where(better, other_why, best_why)
        numbers[rows], covariance[rows], refusal[rows] = best, best_cov, best_why
        refused = refusal != ""
        numbers[refused], covariance[refused] = np.nan, np.nan
    a, b, c, d, rss, r_squared, g = numbers.T
    return FivePL(a, b, c, d, covariance, rss, r_squared, n, levels, refusal, g)


def _judged(curves: Asymmetric, df: np.ndarray, hook: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """The curves at their optimum: A, B, C, D, rss, r_squared, G (k, 7), covariances (k, 5, 5), refusals (k,)."""
    theta, converged = curves.find()
    projection = curves.project(theta)
    _, _, h, mean, _, span, _, rss = projection
    b, c, g = curves.sign * np.exp(theta[:, 0]), np.exp(theta[:, 1]), np.exp(theta[:, 2])
    d = curves.centre - span * mean
    logs = curves.slopes(theta, projection)
    jacobian = np.stack([h, logs[0] / b[:, None], logs[1], 1 - h, logs[2] / g[:, None]], axis=2)
    # In (A, B, log C, D, G); the half-way point's log has the gradient (0, dB, 1, 0, dG).
    covariance, singular = _covariance(jacobian, curves.w, rss, df)
    base = np.log(np.maximum(2 ** (1 / g) - 1, TINY))
    zero, one = np.zeros_like(b), np.ones_like(b)
    d_g = -math.log(2) * 2 ** (1 / g) / (g**2 * (2 ** (1 / g) - 1)) / b
    turn = np.stack([zero, -base / b**2, one, zero, d_g], axis=1)
    middle = theta[:, 1] + base / b
    spread = np.sqrt(np.maximum(np.einsum("ki,kij,kj->k", turn, covariance, turn), 0))
    beyond = np.maximum(curves.lowest - middle, middle - curves.highest) > math.log(BEYOND)
    edge = (np.abs(b) < 1.001 * SLOPE_RANGE[0]) | (np.abs(b) > 0.999 * SLOPE_RANGE[1])
    edge |= (g < 1.001 * ASYMMETRY_RANGE[0]) | (g > 0.999 * ASYMMETRY_RANGE[1])
    vague = stdtrit(df, 0.975) * spread > math.log(VAGUE)
    covariance[:, 2, :] *= c[:, None]
    covariance[:, :, 2] *= c[:, None]
    total = dot(curves.y, curves.y, curves.w)
    constant = np.sqrt(total / curves.total) <= TOLERANCE * curves.scale
    p = fdtrc(4, df, (total - rss) / 4 / np.maximum(rss / df, TINY))
    r_squared = 1 - rss / np.maximum(total, TINY)
    vague |= singular | beyond | edge | unseen_plateau(h, curves.w)
    refusal = np.select(
        [constant | (p > FLAT_P), hook, r_squared < LEAST_R_SQUARED, vague, ~converged],
        [FLAT, HOOK, SCATTERED, NOT_IDENTIFIABLE, NOT_CONVERGED],
        "",
    )
    return np.column_stack([d + span, b, c, d, rss, r_squared, g]), covariance, refusal


def _covariance(jacobian: np.ndarray, w: np.ndarray, rss: np.ndarray, df: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Inverse information times rss/df (k, p, p), and where it is singular."""
    information = np.einsum("kmi,kmj,km->kij", jacobian, jacobian, w)
    size = np.sqrt(np.maximum(np.diagonal(information, axis1=1, axis2=2), TINY))
    information /= size[:, :, None] * size[:, None, :]
    singular = np.linalg.eigvalsh(information)[:, 0] < 1e-13
    information[singular] = np.eye(information.shape[1])
    size *= np.sqrt(df / np.maximum(rss, TINY))[:, None]
    return np.linalg.inv(information) / (size[:, :, None] * size[:, None, :]), singular
