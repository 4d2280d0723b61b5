"""Shifts of plates from all samples and controls that they share, in one joint fit on the log scale.

Least squares of log y = material + plate, the wells of a material on a plate averaged. Where all materials are on all
plates, the shifts are those of the mean ratios; where not, plates are linked through each other.
"""

import math
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.basic.student import wald_numbers


@dataclass(frozen=True)
class PlateShifts:
    """Shifts of k plates on the log scale, of mean zero over the plates that are linked.

    ``shift``: NaN for plates that share nothing with the others; ``shared`` (k,): materials of each plate that others
    have too. ``sd``: scatter of a material's mean on a plate about the fit, with ``df``; ``from_wells``: it is that of
    the wells, since one material a plate leaves nothing to see it from; NaN where there are no second wells either.
    ``independent`` (k,): standard errors such that those of two plates may be taken for independent of each other;
    exact where all plates have all materials, else no contrast of plates is less certain than they say.
    """

    plates: tuple[str, ...]
    shift: np.ndarray
    shared: np.ndarray
    sd: float
    df: float
    from_wells: bool
    independent: np.ndarray
    _spread: np.ndarray = field(repr=False)

    def contrast(self, weights: ArrayLike, level: float = 0.95) -> dict[str, float]:
        """A combination of the shifts, weights (k,) of sum zero: difference, se, ci_low, ci_high, t, df, p."""
        w = np.asarray(weights, dtype=float)
        if abs(w.sum()) > 1e-9 * np.abs(w).sum():
            raise ValueError("the weights of a contrast of plates have the sum zero")
        used = w != 0
        difference = float(w[used] @ self.shift[used])
        se = self.sd * math.sqrt(max(0.0, float(w[used] @ self._spread[np.ix_(used, used)] @ w[used])))
        return {"difference": difference, **wald_numbers(difference, se, self.df, level)}


def plate_shifts(logs: ArrayLike, material: ArrayLike, plate: ArrayLike) -> PlateShifts:
    """The joint fit of wells (m,): log concentrations, what each holds, and its plate.

    Of plates that fall apart into groups without a common material, the largest group is linked (of two of one size,
    that of the first plate in order). Raises ValueError where no material is on two plates.
    """
    y = sample(logs)
    names, at_name = np.unique(np.asarray(material), return_inverse=True)
    plates, at_plate = np.unique(np.asarray(plate), return_inverse=True)
    count = np.zeros((len(plates), len(names)))
    np.add.at(count, (at_plate, at_name), 1.0)
    total = np.zeros_like(count)
    np.add.at(total, (at_plate, at_name), y)
    there = count > 0
    there &= there.sum(axis=0) > 1  # on two plates at least
    if not there.any():
        raise ValueError("no sample or control is on two plates")
    linked = _linked(there)
    there &= linked[:, None]
    means = np.where(there, total / np.maximum(count, 1), 0.0)
    spread = _covariance(there, linked)
    shift = spread @ _right_side(means, there)
    fitted = shift[:, None] + _materials(means, there, shift)[None, :]
    cells = int(there.sum())
    df = cells - int(linked.sum()) - int(there.any(axis=0).sum()) + 1
    sd, from_wells = math.nan, df < 1
    if df > 0:
        sd = math.sqrt(float(((means - fitted)[there] ** 2).sum()) / df)
    else:
        seen = there[at_plate, at_name]
        residual = (y - (total / np.maximum(count, 1))[at_plate, at_name])[seen]
        df = max(0, int(seen.sum()) - cells)
        if df:  # scatter of the mean of a material's wells on a plate, from its wells
            sd = math.sqrt(float(residual @ residual) / df * float((1 / count[there]).mean()))
    held = there.sum(axis=1)
    independent = sd * np.sqrt(_inflated(there, linked) / np.where(linked, held, 1))
    out = ~linked
    shift[out], independent[out], spread[out] = np.nan, np.nan, np.nan
    spread[:, out] = np.nan
    return PlateShifts(tuple(plates.tolist()), shift, held, sd, float(df), from_wells, independent, spread)


def _linked(there: np.ndarray) -> np.ndarray:
    """The plates of the largest group that hangs together by common materials (k,)."""
    left = np.asarray(there.any(axis=1))
    best = np.zeros(len(there), dtype=bool)
    while left.any():
        group = np.zeros(len(there), dtype=bool)
        group[np.flatnonzero(left)[0]] = True
        while True:
            wider = np.any(there[:, np.any(there[group], axis=0)], axis=1)
            if (wider == group).all():
                break
            group = wider
        if group.sum() > best.sum():
            best = group
        left &= ~group
    return best


def _covariance(there: np.ndarray, linked: np.ndarray) -> np.ndarray:
    """Covariance (k, k) of the shifts, of mean zero, for a scatter of 1; materials are eliminated."""
    on = np.maximum(there.sum(axis=0), 1)
    information = np.diag(there.sum(axis=1).astype(float)) - (there / on) @ there.T
    spread = np.zeros_like(information)
    rows = np.ix_(linked, linked)
    size = int(linked.sum())
    spread[rows] = np.linalg.inv(information[rows] + 1.0 / size) - 1.0 / size
    return spread


def _right_side(means: np.ndarray, there: np.ndarray) -> np.ndarray:
    """The sums (k,) of the means of each plate, less those of their materials."""
    centred = means - (means.sum(axis=0) / np.maximum(there.sum(axis=0), 1))[None, :]
    return np.where(there, centred, 0.0).sum(axis=1)


def _materials(means: np.ndarray, there: np.ndarray, shift: np.ndarray) -> np.ndarray:
    return np.where(there, means - shift[:, None], 0.0).sum(axis=0) / np.maximum(there.sum(axis=0), 1)


def _inflated(there: np.ndarray, linked: np.ndarray) -> float:
    """The largest variance of a contrast of plates over that of plates that know the materials: 1 for complete ones."""
    part = there[linked][:, there.any(axis=0)].astype(float)
    held, on = part.sum(axis=1), part.sum(axis=0)
    moved = part / np.sqrt(held)[:, None]
    inner = np.diag(on) - moved.T @ moved
    values = np.linalg.eigvalsh(moved @ np.linalg.pinv(inner, rcond=1e-10, hermitian=True) @ moved.T)
    return 1.0 + max(0.0, float(values[-1]))
