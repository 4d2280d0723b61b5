"""Samples read on plates: their concentrations, whether they lie in the range, and where their errors come from.

Wells stand in the order of samples, or of plates, as rows of unequal length: ``edges`` (n + 1,) says where each begins.
Errors are those of the logarithm of the concentration, first order (delta method). The curve's error is common to all
samples of a plate: it is given as derivatives in independent unit errors, so that what two samples share can be told.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from omtrace.statistics.basic.samples import by_size, means
from omtrace.statistics.curves.calibration import Weighting, reading_errors, well_variance
from omtrace.statistics.curves.fitted import Fitted

BELOW, WITHIN, ABOVE = -1, 0, 1
BELOW_LLOQ, ABOVE_ULOQ = "below LLOQ", "above ULOQ"


@dataclass(frozen=True)
class Ranges:
    """The ranges of plates (k,): limits of quantification, and the signals there; rising: 1 or -1."""

    lloq: np.ndarray
    uloq: np.ndarray
    low: np.ndarray
    high: np.ndarray
    rising: np.ndarray

    @classmethod
    def of(cls, fit: Fitted, lloq: np.ndarray, uloq: np.ndarray) -> "Ranges":
        """The ranges of curves (k,) between concentrations."""
        low, high = fit.predict(np.stack([lloq, uloq], axis=1)).T
        return cls(lloq, uloq, low, high, np.sign(high - low))

    def states(self, plate: np.ndarray, signal: np.ndarray) -> np.ndarray:
        """Whether signals (m,), each of a plate, lie below the lower limit, within the range, or above the upper."""
        below = self.rising[plate] * (signal - self.low[plate]) < 0
        above = self.rising[plate] * (signal - self.high[plate]) > 0
        return np.where(below, BELOW, np.where(above, ABOVE, WITHIN))


@dataclass(frozen=True)
class Wells:
    """Wells in the order of their samples (m,): signal, concentration, dilution; ``edges`` and plate of the samples.

    A signal is infinite where it lies beyond what the reader measures, and NaN where there is none.
    """

    signal: np.ndarray
    x: np.ndarray
    dilution: np.ndarray
    edges: np.ndarray
    plate: np.ndarray

    @property
    def sample(self) -> np.ndarray:
        """Which sample each well belongs to (m,)."""
        return np.repeat(np.arange(len(self.plate)), np.diff(self.edges))


@dataclass(frozen=True)
class Readings:
    """Samples (n,): concentration (NaN: none) and status; state and bound (NaN: not read); ``used``: wells (m,)."""

    value: np.ndarray
    status: np.ndarray
    state: np.ndarray
    bound: np.ndarray
    used: np.ndarray


def edges_of(sample: np.ndarray, count: int) -> np.ndarray:
    """Where each of a number of samples begins among wells that stand in their order."""
    return np.searchsorted(sample, np.arange(count + 1))


def readings(wells: Wells, ranges: Ranges, censor: bool, at_least: int) -> Readings:
    """Samples from their wells.

    Without ``censor``: the mean of what the curve gives. With it: of several dilutions those count whose mean signal
    lies in the range; if none does, the sample is below (or above) the limit times its dilution, the sharper limit
    where several hold. Wells beyond what the reader measures count where no well of the dilution has a number.
    """
    if not censor:
        return _mean(wells, np.ones(len(wells.x), dtype=bool), at_least)
    order = np.lexsort((wells.dilution, wells.sample))
    sample, dilution = wells.sample[order], wells.dilution[order]
    first = np.append(True, (np.diff(sample) != 0) | (np.diff(dilution) != 0))[: len(order)]
    of, step = sample[first], dilution[first]  # dilutions of a sample, the least first
    edges = np.append(np.flatnonzero(first), len(order))
    mean = _mean_signals(wells.signal[order], edges)
    states = ranges.states(wells.plate[of], mean)
    inside = np.empty(len(order), dtype=bool)
    inside[order] = np.repeat(states == WITHIN, np.diff(edges))
    means_read = _mean(wells, inside, at_least)
    none = np.bincount(of[states == WITHIN], minlength=len(wells.plate)) == 0
    above = np.flatnonzero(states == ABOVE)
    _beyond(means_read, none, BELOW, ranges.lloq[wells.plate[of[::-1]]] * step[::-1], of[::-1])
    _beyond(means_read, none, ABOVE, ranges.uloq[wells.plate[of[above]]] * step[above], of[above])
    return means_read


def _mean_signals(signal: np.ndarray, edges: np.ndarray) -> np.ndarray:
    """The mean of each row of signals that are numbers; of a row without any, the side on which its wells lie."""
    group = np.repeat(np.arange(len(edges) - 1), np.diff(edges))

    def mean(some: np.ndarray) -> np.ndarray:
        return means(signal[some], np.searchsorted(group[some], np.arange(len(edges))))

    number = np.isfinite(signal)
    with np.errstate(invalid="ignore"):  # wells above and below what the reader measures have no mean
        return np.where(np.bincount(group[number], minlength=len(edges) - 1) > 0, mean(number), mean(np.isinf(signal)))


def _beyond(readings: Readings, none: np.ndarray, state: int, bound: np.ndarray, of: np.ndarray) -> None:
    """Samples ``of`` (s,) of which no dilution lies in the range are beyond a bound; the last of a sample holds."""
    bound, of = bound[none[of]], of[none[of]]
    readings.value[of], readings.state[of], readings.bound[of] = np.nan, state, bound
    readings.status[of] = BELOW_LLOQ if state == BELOW else ABOVE_ULOQ


def _mean(wells: Wells, wanted: np.ndarray, at_least: int) -> Readings:
    """The means over the wells ``wanted`` for (m,) that were read back."""
    count, x = len(wells.plate), wells.x * wells.dilution
    used = wanted & ~np.isnan(x)
    edges = edges_of(wells.sample[used], count)
    read, all_of_them = np.diff(edges), np.bincount(wells.sample[wanted], minlength=count)
    enough = read >= at_least
    value = np.where(enough, means(x[used], edges), np.nan)
    status = np.full(count, "observed", dtype=object)
    status[~enough] = [
        f"incomplete: {n} of {max(m, at_least)} wells read back"
        for n, m in zip(read[~enough].tolist(), all_of_them[~enough].tolist(), strict=True)
    ]
    bound = np.where(np.isfinite(value), value, np.nan)
    return Readings(value, status, np.where(enough, float(WITHIN), np.nan), bound, used & enough[wells.sample])


class Errors(NamedTuple):
    """Where the error of what is read back comes from: from the curve, and from the wells."""

    curve: np.ndarray
    wells: np.ndarray


def plate_errors(
    fit: Fitted,
    signal: np.ndarray,
    edges: np.ndarray,
    standard: np.ndarray,
    standard_signal: np.ndarray,
    standard_edges: np.ndarray,
    weighting: Weighting,
) -> Errors:
    """All wells (m,) of plates (k,) read back: curve (m, p) and well errors (m,), as ``calibration.reading_errors``.

    A well's scatter is that of the standards' replicates. NaN for the wells of plates without a curve.
    """
    curve, well = np.full((len(signal), fit.coefficients.shape[1]), np.nan), np.full(len(signal), np.nan)
    factor = np.full(len(edges) - 1, np.nan)
    good = fit.refusal == ""
    for plate in np.flatnonzero(good):
        mine = slice(standard_edges[plate], standard_edges[plate + 1])
        factor[plate] = well_variance(standard[mine], standard_signal[mine], fit.take(plate), weighting)[0]
    for rows, places in by_size(edges):
        rows, places = rows[good[rows]], places[good[rows]]
        if rows.size:
            _, curve[places], well[places] = reading_errors(fit.take(rows), signal[places], factor[rows], weighting)
    return Errors(curve, well)


def sample_errors(readings: Readings, wells: Wells, curve: np.ndarray, well: np.ndarray) -> Errors:
    """Of the logarithm of each sample's mean: what comes from the curve (n, p), and its variance from the wells (n,).

    ``curve`` (m, p) and ``well`` (m,): errors of the wells. NaN where there is no positive mean.
    """
    shared, own = np.full((len(readings.value), curve.shape[1]), np.nan), np.full(len(readings.value), np.nan)
    at = np.flatnonzero(readings.used)
    for rows, places in by_size(edges_of(wells.sample[at], len(readings.value))):
        rows, places = rows[readings.value[rows] > 0], at[places[readings.value[rows] > 0]]
        scale = wells.dilution[places] / (places.shape[1] * readings.value[rows])[:, None]
        shared[rows] = (scale[:, None, :] @ curve[places])[:, 0]
        own[rows] = (scale[:, None, :] ** 2 @ well[places][:, :, None])[:, 0, 0]
    return Errors(np.where(np.isfinite(shared), shared, np.nan), np.where(np.isfinite(own), own, np.nan))
