"""A sample read on a plate: its concentration, whether it lies in the range, and where its error comes from.

Errors are those of the logarithm of the concentration, first order (delta method). The curve's error is common to all
samples of a plate: it is given as derivatives in independent unit errors, so that what two samples share can be told.
"""

import math
from dataclasses import dataclass, field

import numpy as np

from omtrace.statistics.calibration import Weighting, reading_errors, well_variance
from omtrace.statistics.four_pl import FourPL, predict

BELOW, WITHIN, ABOVE = -1, 0, 1
BELOW_LLOQ, ABOVE_ULOQ = "below LLOQ", "above ULOQ"


@dataclass(frozen=True)
class PlateErrors:
    """The wells of a plate read back: signal, concentration, curve (m, p) and well errors, and the range as signals.

    ``rising``: 1 where the signal rises with the concentration, else -1.
    """

    signal: np.ndarray
    x: np.ndarray
    curve: np.ndarray
    well: np.ndarray
    lloq: float
    uloq: float
    signal_lloq: float
    signal_uloq: float
    rising: float


@dataclass(frozen=True)
class Reading:
    """A sample: its concentration, or None and why; ``parts``: state, bound, curve_1 ..., wells (variance of log)."""

    value: float | None
    status: str
    parts: dict[str, float] = field(default_factory=dict)


def plate_errors(fit: FourPL, signal: np.ndarray, standard: np.ndarray, standard_signal: np.ndarray, lloq: float,
                 uloq: float, weighting: Weighting) -> PlateErrors:  # fmt: skip
    """All wells of a plate (m,) read back through one curve; a well's scatter is that of the standards' replicates."""
    factor, _ = well_variance(standard, standard_signal, fit, weighting)
    x, curve, well = reading_errors(fit, signal, factor, weighting)
    low, high = predict(fit, np.array([lloq, uloq]))[0]
    return PlateErrors(signal, x, curve, well, lloq, uloq, float(low), float(high), float(np.sign(high - low)))


def state_of(plate: PlateErrors, signal: float) -> int:
    """Whether a signal lies below the lower limit of quantification, within the range, or above the upper one."""
    if plate.rising * (signal - plate.signal_lloq) < 0:
        return BELOW
    return ABOVE if plate.rising * (signal - plate.signal_uloq) > 0 else WITHIN


def reading(plate: PlateErrors, wells: list[int], dilution: np.ndarray, censor: bool, at_least: int) -> Reading:
    """A sample from its wells (by place in the plate's arrays) and their dilutions.

    Without ``censor``: the mean of what the curve gives. With it: of several dilutions those count whose mean signal
    lies in the range; if none does, the sample is below (or above) the limit times its dilution, the sharper limit
    where several hold.
    """
    if censor:
        return _ranged(plate, wells, dilution, at_least)
    return _mean(plate, wells, dilution, at_least)


def _mean(plate: PlateErrors, wells: list[int], dilution: np.ndarray, at_least: int) -> Reading:
    x = plate.x[wells] * dilution
    read = np.flatnonzero(x == x)
    if len(read) < at_least:
        return Reading(None, f"incomplete: {len(read)} of {max(len(wells), at_least)} wells read back")
    value = float(x[read].mean())
    parts: dict[str, float] = {"state": WITHIN, "bound": value}
    if value > 0:
        scale, rows = dilution[read] / (len(read) * value), [wells[place] for place in read]
        curve = scale @ plate.curve[rows]
        parts |= {f"curve_{i}": float(part) for i, part in enumerate(curve, 1)}
        parts["wells"] = float(scale**2 @ plate.well[rows])
    return Reading(value, "observed", {name: part for name, part in parts.items() if math.isfinite(part)})


def _ranged(plate: PlateErrors, wells: list[int], dilution: np.ndarray, at_least: int) -> Reading:
    steps = np.unique(dilution)
    states = {step: state_of(plate, float(plate.signal[np.array(wells)[dilution == step]].mean())) for step in steps}
    inside = np.array([states[step] == WITHIN for step in dilution])
    if inside.any():
        return _mean(plate, [w for w, good in zip(wells, inside, strict=True) if good], dilution[inside], at_least)
    above = [step for step, state in states.items() if state == ABOVE]
    if above:
        return Reading(None, ABOVE_ULOQ, {"state": ABOVE, "bound": float(plate.uloq * max(above))})
    return Reading(None, BELOW_LLOQ, {"state": BELOW, "bound": float(plate.lloq * min(steps))})
