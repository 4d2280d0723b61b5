"""Reliability of a score: Cronbach's alpha, intraclass correlations over two occasions or more, detectable change."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtri, ndtri

from omtrace.statistics.basic.samples import TOLERANCE, check_level, quotient
from omtrace.statistics.interval import Interval
from omtrace.statistics.linear.repeated import matrix


def cronbach_alpha(items: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Cronbach's alpha of items (units x items), with Feldt's interval.

    alpha = k/(k - 1) (1 - sum of item variances / variance of the sum) = ICC(3,k); its interval is exact for
    normal items of one factor (Feldt 1965). NaN below two units, and where the sum does not vary. Raises
    ValueError for missing values, and for fewer than two items.
    """
    x = matrix(items, 2)
    n, k = x.shape
    squares = _mean_squares(x)
    alpha = 1 - quotient(squares.error, squares.between)
    low, high = feldt_limits(alpha, n, k, level)
    return {"items": float(k), "alpha": alpha, "ci_low": low, "ci_high": high}


def feldt_limits(alpha: float, n: int, items: int, level: float = 0.95) -> Interval:
    """The interval of an alpha from n units and a number of items (Feldt, Woodruff and Salih 1987)."""
    low, high = _f_limits(n - 1, (n - 1) * (items - 1), level)
    return Interval(1 - (1 - alpha) * high, 1 - (1 - alpha) * low)


def retest(values: ArrayLike, level: float = 0.95) -> dict[str, float]:
    """Agreement of occasions (units x occasions) by two-way analysis of variance (Shrout and Fleiss 1979).

    icc_agreement: ICC(2,1), occasions random, a shift between them counts as error, with the interval of Fleiss
    and Shrout 1978 (ci_low, ci_high); icc_consistency: ICC(3,1), a shift does not count. sem_agreement and
    sem_consistency: standard errors of one measurement, with and without the variance between occasions;
    smallest_detectable_change = z sqrt(2) sem_agreement, z for ``level`` (de Vet 2006). NaN below two units and
    without spread. Raises ValueError for missing values, and for fewer than two occasions.
    """
    x = matrix(values, 2)
    n, k = x.shape
    squares = _mean_squares(x)
    between, occasions, error = squares.between, squares.occasions, squares.error
    total = between + (k - 1) * error + k * (occasions - error) / max(n, 1)  # NaN without units
    agreement = quotient(between - error, total)
    f = quotient(between, error)
    low, high = _f_limits(n - 1, (n - 1) * (k - 1), level)
    shift = max(0.0, (occasions - error) / n) if n > 1 else math.nan
    sem = math.sqrt(shift + error)
    limits = _agreement_limits(squares, n, k, agreement, level)
    return {
        "icc_agreement": agreement,
        "ci_low": limits[0],
        "ci_high": limits[1],
        "icc_consistency": quotient(f - 1, f + k - 1),
        "icc_consistency_low": quotient(f / high - 1, f / high + k - 1),
        "icc_consistency_high": quotient(f / low - 1, f / low + k - 1),
        "sem_agreement": sem,
        "sem_consistency": math.sqrt(error),
        "smallest_detectable_change": float(ndtri((1 + check_level(level)) / 2)) * math.sqrt(2) * sem,
    }


@dataclass(frozen=True)
class MeanSquares:
    """Mean squares of a two-way analysis of variance: between units, between columns, and residual."""

    between: float
    occasions: float
    error: float


def _mean_squares(x: np.ndarray) -> MeanSquares:
    """NaN below two units, rounding error set to 0."""
    n, k = x.shape
    if n < 2:
        return MeanSquares(math.nan, math.nan, math.nan)
    centre, rows, columns = x.mean(), x.mean(axis=1), x.mean(axis=0)
    residual = x - rows[:, None] - columns + centre
    floor = (TOLERANCE * float(np.abs(x).max())) ** 2 * n * k
    squares = (k * ((rows - centre) ** 2).sum(), n * ((columns - centre) ** 2).sum(), (residual**2).sum())
    means = [float(square) / df for square, df in zip(squares, (n - 1, k - 1, (n - 1) * (k - 1)), strict=True)]
    return MeanSquares(*(square if square > floor else 0.0 for square in means))


def _f_limits(df_1: float, df_2: float, level: float) -> Interval:
    """The quantiles of F(df_1, df_2) that leave half of 1 - ``level`` below and above."""
    tail = (1 - check_level(level)) / 2
    if df_1 < 1 or df_2 < 1:
        return Interval(math.nan, math.nan)
    return Interval(float(fdtri(df_1, df_2, tail)), float(fdtri(df_1, df_2, 1 - tail)))


def _agreement_limits(squares: MeanSquares, n: int, k: int, icc: float, level: float) -> Interval:
    between, occasions, error = squares.between, squares.occasions, squares.error
    f = quotient(occasions, error)
    if not (math.isfinite(icc) and math.isfinite(f)):
        return Interval(math.nan, math.nan)
    rest = n * (1 + (k - 1) * icc) - k * icc
    above = (k - 1) * (n - 1) * (k * icc * f + rest) ** 2
    df = quotient(above, (n - 1) * (k * icc * f) ** 2 + rest**2)
    tail = (1 - check_level(level)) / 2
    if not df > 0:
        return Interval(math.nan, math.nan)
    upper, lower = float(fdtri(n - 1, df, 1 - tail)), float(fdtri(df, n - 1, 1 - tail))
    spread = k * occasions + (k * n - k - n) * error
    return Interval(
        quotient(n * (between - upper * error), upper * spread + n * between),
        quotient(n * (lower * between - error), spread + n * lower * between),
    )
