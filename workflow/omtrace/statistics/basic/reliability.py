"""Reliability of a score: Cronbach's alpha, intraclass correlations over two occasions or more, detectable change."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import fdtrc, fdtri, ndtri

from omtrace.statistics.basic.samples import TOLERANCE, check_level, quotient
from omtrace.statistics.interval import Interval
from omtrace.statistics.linear.repeated import matrix

FORMS = ("ICC(1,1)", "ICC(2,1)", "ICC(3,1)", "ICC(1,k)", "ICC(2,k)", "ICC(3,k)")
LIMITS = ("icc", "ci_low", "ci_high")


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
    n, _ = x.shape
    squares = _mean_squares(x)
    shift = max(0.0, (squares.occasions - squares.error) / n) if n > 1 else math.nan
    sem = math.sqrt(shift + squares.error)
    forms = intraclass(x, level)
    agreement, consistency = forms["ICC(2,1)"], forms["ICC(3,1)"]
    return {
        "icc_agreement": agreement["icc"],
        "ci_low": agreement["ci_low"],
        "ci_high": agreement["ci_high"],
        "icc_consistency": consistency["icc"],
        "icc_consistency_low": consistency["ci_low"],
        "icc_consistency_high": consistency["ci_high"],
        "sem_agreement": sem,
        "sem_consistency": math.sqrt(squares.error),
        "smallest_detectable_change": float(ndtri((1 + check_level(level)) / 2)) * math.sqrt(2) * sem,
    }


def intraclass(values: ArrayLike, level: float = 0.95) -> dict[str, dict[str, float]]:
    """The six intraclass correlations of ratings (units x raters) of Shrout and Fleiss 1979, Psychol Bull 86: 420.

    Returns
    -------
    dict
        For each of ``FORMS`` icc, ci_low, ci_high, and the test f, df_1, df_2, p that it is 0. ICC(1,.): each unit has
        raters of its own; ICC(2,.): the raters are a sample, and differences of their means count as error; ICC(3,.):
        they are the raters of interest, and such differences do not count. (.,1) is of one rating, (.,k) of the mean
        of all. NaN below two units and without spread.

    Raises
    ------
    ValueError
        For missing values, and for fewer than two raters.

    Examples
    --------
    >>> ratings = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
    >>> {form: round(numbers["icc"], 2) for form, numbers in intraclass(ratings).items()}
    {'ICC(1,1)': 0.17, 'ICC(2,1)': 0.29, 'ICC(3,1)': 0.71, 'ICC(1,k)': 0.44, 'ICC(2,k)': 0.62, 'ICC(3,k)': 0.91}
    """
    x = matrix(values, 2)
    n, k = x.shape
    squares = _mean_squares(x)
    between, raters, error = squares.between, squares.occasions, squares.error
    within = ((n - 1) * error + raters) / max(n, 1)  # of n (k - 1) degrees of freedom
    total = between + (k - 1) * error + k * (raters - error) / max(n, 1)
    agreement = quotient(between - error, total)
    limits = _agreement_limits(squares, n, k, agreement, level)
    two_way = (n - 1) * (k - 1)
    coefficients = {"ICC(1,1)": single(between, within, k, (n - 1, n * (k - 1)), level)}
    coefficients["ICC(2,1)"] = {
        "icc": agreement,
        "ci_low": limits.low,
        "ci_high": limits.high,
        **_f_test(between, error, (n - 1, two_way)),
    }
    coefficients["ICC(3,1)"] = single(between, error, k, (n - 1, two_way), level)
    for form, numbers in list(coefficients.items()):
        averaged = {name: quotient(k * numbers[name], 1 + (k - 1) * numbers[name]) for name in LIMITS}
        coefficients[form.replace(",1", ",k")] = {**numbers, **averaged}
    mean = quotient(between - error, between + (raters - error) / max(n, 1))
    coefficients["ICC(2,k)"]["icc"] = mean
    return coefficients


def single(above: float, below: float, size: float, df: tuple[float, float], level: float) -> dict[str, float]:
    """An intraclass correlation from two mean squares that would be alike without it, with its F interval and test.

    ``size``: how many values of each unit stand in the upper one.
    """
    f, limits = quotient(above, below), _f_limits(*df, level)
    ratios = {"icc": f, "ci_low": f / limits.high, "ci_high": f / limits.low}
    return {name: quotient(r - 1, r + size - 1) for name, r in ratios.items()} | _f_test(above, below, df)


def _f_test(above: float, below: float, df: tuple[float, float]) -> dict[str, float]:
    f = quotient(above, below)
    p = float(fdtrc(*df, f)) if math.isfinite(f) and min(df) > 0 else math.nan
    return {"f": f, "df_1": float(df[0]), "df_2": float(df[1]), "p": p}


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
