"""Group effects with and without batches, and plates brought together by samples that they share."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import TOLERANCE, sample
from omtrace.statistics.basic.student import wald_numbers


def group_effect(
    values: ArrayLike, is_group: ArrayLike, batch: ArrayLike | None = None, level: float = 0.95
) -> dict[str, float]:
    """Least-squares difference of the units of a group (True) from the others; with batches, one shift each.

    difference, se, ci_low, ci_high, t, df, p. Raises ValueError where the design has no full rank, or leaves no df.
    """
    y, group = sample(values), np.asarray(is_group, dtype=float)
    labels, member = np.unique(np.zeros(y.size) if batch is None else np.asarray(batch), return_inverse=True)
    coefficients = 1 + labels.size
    own, rest = within(group, member), within(y, member)
    spread = float(own @ own)
    if spread <= TOLERANCE * y.size:
        raise ValueError("batch and group are confounded: no correction can tell one from the other")
    df = y.size - coefficients
    if df < 1:
        raise ValueError(f"{y.size} values for {coefficients} coefficients")
    difference = float(own @ rest) / spread
    residual = rest - difference * own
    se = math.sqrt(float(residual @ residual) / df / spread)
    return {"difference": difference, **wald_numbers(difference, se, df, level)}


def within(values: np.ndarray, member: np.ndarray) -> np.ndarray:
    """Values (n,) or (n, p) less the mean of their batch; ``member`` (n,): the place of each one's, every one there.

    What is left of a regression on one column a batch: with the values and another column treated so, its coefficient
    and the residuals are those of the regression on both (Frisch and Waugh 1933, Econometrica 1:387).
    """
    columns = values.reshape(len(member), -1)
    count = np.bincount(member)
    means = np.column_stack(
        [np.bincount(member, column) / count for column in columns.T] or [np.zeros((count.size, 0))]
    )
    return (columns - means[member]).reshape(values.shape)


def shifted_effect(
    values: ArrayLike, is_group: ArrayLike, plate: ArrayLike, shift_se: ArrayLike, shift_df: float, level: float = 0.95
) -> dict[str, float]:
    """Difference of the units of a group (True) from the others after plates were shifted, with the shifts' error.

    ``values`` (n,): shifted logs; ``shift_se`` (n,): standard error of the shift of a unit's plate, independent between
    plates. It cancels where both groups stand on the plates alike. difference, se, ci_low, ci_high, t, df
    (Satterthwaite), p, and se_shift: the part of the shifts. Raises ValueError where a shift's error is unknown, or
    no df is left.
    """
    y, group, errors = sample(values), np.asarray(is_group, dtype=bool), sample(shift_se, "shift_se")
    plain = group_effect(y, group, None, level)
    _, place = np.unique(np.asarray(plate), return_inverse=True)
    weights = np.where(group, 1 / group.sum(), -1 / (~group).sum())
    share = np.bincount(place, weights)
    of_plate = np.bincount(place, errors) / np.bincount(place)
    of_shift = float(share**2 @ of_plate**2)
    variance = plain["se"] ** 2 + of_shift
    df = variance**2 / (plain["se"] ** 4 / plain["df"] + (of_shift**2 / shift_df if of_shift > 0 else 0.0))
    found = wald_numbers(plain["difference"], math.sqrt(variance), df, level)
    return {"difference": plain["difference"], **found, "se_shift": math.sqrt(of_shift)}


def bridge(
    logs: ArrayLike, sample_name: ArrayLike, plate: ArrayLike, reference: str, level: float = 0.95
) -> dict[str, dict[str, float]]:
    """Shift of each plate against a reference one from the samples measured on both, on the log scale.

    ``logs`` (m,): log concentrations of wells; wells of a sample on a plate are averaged. Of a plate: difference (mean
    over shared samples), n samples, se and t interval from their scatter (one sample: from the wells' scatter is not
    guessed, NaN). Plates that share no sample with the reference have n = 0.
    """
    y, names, plates = sample(logs), np.asarray(sample_name), np.asarray(plate)

    if reference not in set(plates):
        raise ValueError(f"the reference plate {reference!r} has no shared sample")
    order = sorted(set(plates))
    shared = np.isin(names, names[plates == reference])
    y, names, plates = y[shared], names[shared], plates[shared]
    wells: dict[str, dict[str, list[float]]] = {one: {} for one in order}
    for value, name, one in zip(y, names, plates, strict=True):
        wells[one].setdefault(name, []).append(value)
    means = {one: {name: float(np.mean(its[name])) for name in sorted(its)} for one, its in wells.items()}
    base, found = means.pop(reference), {}
    for one, mine in means.items():
        gaps = np.array([mine[name] - base[name] for name in mine])
        difference = float(gaps.mean()) if gaps.size else math.nan
        se = float(gaps.std(ddof=1) / math.sqrt(gaps.size)) if gaps.size > 1 else math.nan
        found[one] = {
            "n": float(gaps.size),
            "difference": difference,
            **wald_numbers(difference, se, gaps.size - 1, level),
        }
    return found
