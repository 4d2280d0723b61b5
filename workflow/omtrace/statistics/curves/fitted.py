"""Fitted calibration curves, whatever their model: many at once, each a row of arrays.

A model is a subclass that knows its function, its inverse and its derivatives. ``calibration.MODELS`` has all of them.
"""

import math
from dataclasses import dataclass, fields, replace
from typing import ClassVar, NamedTuple, Self, TypeVar

import numpy as np
from numpy.typing import ArrayLike

TOO_FEW = "too few levels"
FLAT = "flat: the signal does not depend on the concentration"
HOOK = "hook: the signal turns back at the highest levels"
NOT_CONVERGED = "not converged"
NOT_IDENTIFIABLE = "not identifiable: the levels do not show both plateaus and the rise between them"
FLAT_P = 0.05  # of the F test against a constant
TINY = 1e-300
CHUNK = 4096  # curves worked on together


class Slopes(NamedTuple):
    """Derivatives of curves: in x (k, m), and in the coefficients (k, m, p)."""

    in_x: np.ndarray
    in_coefficients: np.ndarray


class Spread(NamedTuple):
    """Slope at x, and the variance of the response there that comes from the coefficients, (k, m) each."""

    slope: np.ndarray
    variance: np.ndarray


class BackCalculated(NamedTuple):
    """Concentrations read back, and their recoveries in percent of the nominal ones, (k, m) each."""

    x: np.ndarray
    recovery: np.ndarray


@dataclass(frozen=True)
class Weighted:
    """Points of curves with their weights, (k, m) each; points not used have x = y = weight = 0.

    ``forced`` (k,): curves that are given in spite of being flat or hooked.
    """

    x: np.ndarray
    y: np.ndarray
    weight: np.ndarray
    forced: np.ndarray

    @classmethod
    def of(
        cls,
        x: ArrayLike,
        y: ArrayLike,
        weights: ArrayLike | None = None,
        used: ArrayLike | None = None,
        forced: ArrayLike = False,
    ) -> "Weighted":
        """The inputs as (k, m) arrays.

        Raises ValueError for missing values among the points used, negative x, or weights that are not positive.
        """
        y = np.atleast_2d(np.asarray(y, dtype=float))
        x = np.broadcast_to(np.asarray(x, dtype=float), y.shape)
        w = np.broadcast_to(np.asarray(1.0 if weights is None else weights, dtype=float), y.shape)
        mask = np.broadcast_to(np.asarray(True if used is None else used, dtype=bool), y.shape)
        x, y, w = (np.where(mask, values, 0.0) for values in (x, y, w))
        if not (np.isfinite(x).all() and np.isfinite(y).all() and np.isfinite(w).all()):
            raise ValueError("missing or infinite values among the points used")
        if (x < 0).any() or (w[mask] <= 0).any():
            raise ValueError("x must not be negative, and weights must be positive")
        return cls(x, y, w, np.broadcast_to(forced, len(x)))

    def take(self, rows: slice | np.ndarray) -> "Weighted":
        """The points of some curves."""
        return Weighted(*(getattr(self, field.name)[rows] for field in fields(self)))

    def chunks(self) -> "list[Weighted]":
        """The points of ``CHUNK`` curves at a time, as they are worked on together."""
        return [self.take(slice(i, i + CHUNK)) for i in range(0, max(1, len(self.x)), CHUNK)]

    def counted(self) -> "Counted":
        """Points used and their distinct x, a curve."""
        return counted(self.x, self.weight)


class Counted(NamedTuple):
    """Points used, and their distinct x, of each curve (k,)."""

    n: np.ndarray
    levels: np.ndarray


@dataclass(frozen=True)
class Fitted:
    """Fitted curves of one model, one an entry: all arrays have k rows.

    Attributes
    ----------
    coefficients, covariance
        Of the coefficients ``names`` (k, p), (k, p, p).
    rss, r_squared
        Weighted residual sum of squares and R squared; rss/df scales the covariance.
    n, levels
        Points used, and their distinct x.
    refusal
        Why there is no curve ("" = fitted); then all numbers but n and levels are NaN.
    vague
        Why a fitted curve's coefficients say nothing by themselves ("" = they do), though it can be read from.
    """

    NAMES: ClassVar[tuple[str, ...]] = ()
    ZERO: ClassVar[bool] = True  # whether a zero standard is a point of the curve
    coefficients: np.ndarray
    covariance: np.ndarray
    rss: np.ndarray
    r_squared: np.ndarray
    n: np.ndarray
    levels: np.ndarray
    refusal: np.ndarray
    vague: np.ndarray

    @property
    def df(self) -> np.ndarray:
        """Residual degrees of freedom, points - parameters."""
        return self.n - self.coefficients.shape[1]

    @property
    def scatter(self) -> np.ndarray:
        """Residual variance of a point of weight 1 (k,), in squared units of the signal."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.df > 0, self.rss / self.df, np.nan)

    @property
    def rising(self) -> np.ndarray:
        """1 where the signal rises with the concentration, -1 where it falls (k,)."""
        raise NotImplementedError

    def take(self, index: ArrayLike) -> Self:
        """Some curves (k,) as a batch; a single one as a batch of one."""
        return type(self)(*(getattr(self, field.name)[np.atleast_1d(index)] for field in fields(self)))

    def refused(self, why: np.ndarray) -> Self:
        """The same, curves with a reason in ``why`` (k,) refused: they lose their numbers."""
        bad = (why != "") & (self.refusal == "")
        numbers = {
            field.name: np.where(bad.reshape(-1, *[1] * (array.ndim - 1)), np.nan, array)
            for field in fields(self)
            if (array := getattr(self, field.name)).dtype.kind == "f"
        }
        return replace(self, **numbers, refusal=np.where(bad, why, self.refusal), vague=np.where(bad, "", self.vague))

    def numbers(self, index: int = 0) -> dict[str, float]:
        """One curve as named numbers: coefficients, their standard errors ``<name>_se``, and how it fits.

        Coefficients that say nothing by themselves are NaN.
        """
        known = np.nan if self.vague[index] else 1.0
        errors = np.sqrt(np.maximum(np.diagonal(self.covariance[index]), 0))
        return {
            **{name: float(known * value) for name, value in zip(self.NAMES, self.coefficients[index], strict=False)},
            **{f"{name}_se": float(known * error) for name, error in zip(self.NAMES, errors, strict=False)},
            "rss": float(self.rss[index]),
            "residual_sd": math.sqrt(self.rss[index] / self.df[index]) if self.df[index] > 0 else math.nan,
            "r_squared": float(self.r_squared[index]),
            "n": float(self.n[index]),
            "levels": float(self.levels[index]),
            "df": float(self.df[index]),
        }

    def predict(self, x: ArrayLike) -> np.ndarray:
        """The curves' responses at x (k, m), (m,) for all curves, or a number."""
        raise NotImplementedError

    def inverse(self, y: ArrayLike) -> np.ndarray:
        """The x at which the curves have the responses y (k, m), (m,) or a number; NaN where there is none."""
        raise NotImplementedError

    def slopes(self, x: ArrayLike) -> Slopes:
        """Derivatives of the response at x > 0 (k, m): in x (k, m), and in the coefficients (k, m, p)."""
        raise NotImplementedError

    def spread(self, x: ArrayLike) -> Spread:
        """Slope at x (k, m), and the variance of the response there that comes from the coefficients (k, m)."""
        slope, gradient = self.slopes(x)
        return Spread(slope, np.maximum(np.einsum("kmi,kij,kmj->km", gradient, self.covariance, gradient), 0))

    def inverse_se(self, y: ArrayLike, variance: ArrayLike = 0.0) -> np.ndarray:
        """Standard error of ``inverse`` by the delta method, from the covariance of the coefficients.

        ``variance`` is that of y itself (of a mean of m wells: residual variance / m); 0 gives the calibration's
        share alone. For an interval use t with the fit's df. NaN where the inverse is NaN or 0.
        """
        x = self.inverse(y)
        with np.errstate(divide="ignore", invalid="ignore"):
            slope, spread = self.spread(np.where(x > 0, x, np.nan))
            return np.where(x > 0, np.sqrt(spread + variance) / np.abs(slope), np.nan)

    def back_calculate(self, x: ArrayLike, y: ArrayLike) -> BackCalculated:
        """Standards read back through their curve: concentrations, and recoveries in percent of the nominal x.

        The recovery of the zero standard is NaN.
        """
        nominal, read = np.asarray(x, dtype=float), self.inverse(y)
        with np.errstate(divide="ignore", invalid="ignore"):
            return BackCalculated(read, np.where(nominal > 0, 100 * read / nominal, np.nan))


F = TypeVar("F", bound=Fitted)


def joined(parts: list[F]) -> F:
    """Batches of one kind as one batch; rows with fewer coefficients than others (splines) are filled up."""
    columns = []
    for field in fields(parts[0]):
        arrays = [getattr(part, field.name) for part in parts]
        width = max(array.shape[1:] for array in arrays)
        empty = 0.0 if field.name == "covariance" else np.nan
        columns.append(np.concatenate([_filled(array, width, empty) for array in arrays]))
    return type(parts[0])(*columns)


def _filled(array: np.ndarray, width: tuple[int, ...], empty: float) -> np.ndarray:
    if array.shape[1:] == width:
        return array
    more = [(0, w - n) for n, w in zip(array.shape[1:], width, strict=True)]
    return np.pad(array, [(0, 0), *more], constant_values=empty)


class Search(NamedTuple):
    """Where a search for coefficients ended (k, p), and whether it converged (k,)."""

    theta: np.ndarray
    converged: np.ndarray


class Box(NamedTuple):
    """The least and the greatest value of each coefficient (k, p)."""

    low: np.ndarray
    high: np.ndarray


class Judged(NamedTuple):
    """Fitted coefficients with rss and R squared (k, p + 2), covariances (k, p, p), refusals and vagueness (k,)."""

    numbers: np.ndarray
    covariance: np.ndarray
    refusal: np.ndarray
    vague: np.ndarray


def counted(x: np.ndarray, w: np.ndarray) -> Counted:
    """Points used and their distinct x, a curve."""
    n = (w > 0).sum(axis=1)
    ordered = np.sort(np.where(w > 0, x, np.nan), axis=1)
    return Counted(n, (np.diff(ordered, axis=1) > 1e-9 * ordered[:, 1:]).sum(axis=1) + (n > 0))


@dataclass(frozen=True)
class Levels:
    """The levels of curves in ascending order, rows (k, l); NaN behind the last level of a row.

    ``pure``, ``pure_df`` (k,): weighted sum of squares of the wells about the mean of their level, and its degrees of
    freedom. ``count``: wells of a level, 0 behind the last one.
    """

    x: np.ndarray
    mean: np.ndarray
    count: np.ndarray
    pure: np.ndarray
    pure_df: np.ndarray


def levels_of(x: np.ndarray, y: np.ndarray, w: np.ndarray) -> Levels:
    """The levels of points (k, m) with weights w; 0: not used. Means of a level are not weighted."""
    k = len(x)
    order = np.argsort(np.where(w > 0, x, np.inf), axis=1, kind="stable")
    x, y, w = (np.take_along_axis(part, order, axis=1) for part in (x, y, w))
    used = w > 0
    new = used.copy()
    new[:, 1:] &= (np.diff(x, axis=1) > 1e-9 * x[:, 1:]) | ~used[:, :-1]
    place = np.cumsum(new, axis=1) - 1
    width = int(new.sum(axis=1).max(initial=0))
    at = (np.arange(k)[:, None] * width + place)[used]

    def summed(values: np.ndarray) -> np.ndarray:
        return np.bincount(at, values[used], minlength=k * width).reshape(k, width)

    count, total = summed(used * 1.0), summed(w)
    with np.errstate(divide="ignore", invalid="ignore"):
        mean, weighted = summed(y) / count, summed(w * y) / total
        level = np.full((k, width), np.nan)
        level.reshape(-1)[at] = x[used]
    gap = np.zeros_like(y)
    gap[used] = y[used] - weighted.reshape(-1)[at]
    df = used.sum(axis=1) - new.sum(axis=1)
    return Levels(level, mean, count, (w * gap**2).sum(axis=1), df.astype(float))
