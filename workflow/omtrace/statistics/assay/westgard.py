"""Rules for control charts, after Westgard: which control values say that an assay has gone out of control.

Values are in standard deviations from the mean of a baseline (z). Rejection: 1-3s, 2-2s, R-4s, 4-1s, 10x; 1-2s warns.
R-4s looks within a run, across its controls; the others along the runs of one control.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

RULES = ("1-2s", "1-3s", "2-2s", "R-4s", "4-1s", "10x")
ALONG = {"2-2s": (2, 2.0), "4-1s": (4, 1.0), "10x": (10, 0.0)}  # so many in a row beyond so many SDs on one side


@dataclass(frozen=True)
class Hit:
    """A rule broken: the run (place in the order) that completes it, the runs that it rests on, and its controls."""

    rule: str
    run: int
    runs: tuple[int, ...]
    controls: tuple[int, ...]


class Standardised(NamedTuple):
    """Values in standard deviations from the mean (n,), with the mean and the standard deviation."""

    z: np.ndarray
    mean: float
    sd: float


def standardised(values: np.ndarray, baseline: Sequence[int], log: bool = True) -> Standardised:
    """z of the values (m,) of a control by run (NaN: not measured), and mean and SD of the baseline's runs.

    On logarithms by default: then mean and SD are of logs. Raises ValueError below two baseline values, without spread,
    or for values that have no logarithm.
    """
    x = np.asarray(values, dtype=float)
    if log:
        if (x[np.isfinite(x)] <= 0).any():
            raise ValueError("control values of zero or less have no logarithm")
        x = np.log(x)
    held = x[list(baseline)]
    held = held[np.isfinite(held)]
    if held.size < 2:
        raise ValueError(f"{held.size} baseline values; limits need 2 at least, and 20 to be trusted")
    spread = float(held.std(ddof=1))
    if not spread > 0:
        raise ValueError("the baseline values do not differ")
    return Standardised((x - held.mean()) / spread, float(held.mean()), spread)


def broken(z: np.ndarray) -> list[Hit]:
    """Rules broken by controls (runs, controls), in the order of the runs; NaN where a control was not measured."""
    hits = []
    measured: list[list[int]] = [[] for _ in range(z.shape[1])]  # of each control, the runs so far
    for run in range(len(z)):
        for control in range(z.shape[1]):
            if math.isnan(z[run, control]):
                continue
            measured[control].append(run)
            for rule, limit in (("1-2s", 2.0), ("1-3s", 3.0)):
                if abs(z[run, control]) > limit:
                    hits.append(Hit(rule, run, (run,), (control,)))
            hits += _along(z[:, control], measured[control], control)
        if (low := np.flatnonzero(z[run] < -2)).size and (high := np.flatnonzero(z[run] > 2)).size:
            hits.append(Hit("R-4s", run, (run,), (int(low[0]), int(high[0]))))
        for side in (-1, 1):
            beyond = np.flatnonzero(side * z[run] > 2)
            if beyond.size > 1:
                hits.append(Hit("2-2s", run, (run,), tuple(int(one) for one in beyond)))
    return hits


def _along(z: np.ndarray, runs: list[int], control: int) -> list[Hit]:
    """Rules over runs in a row that end with the last of these; runs without the control are passed over."""
    hits = []
    for rule, (count, limit) in ALONG.items():
        last = runs[-count:]
        if len(last) == count and any((side * z[last] > limit).all() for side in (-1, 1)):
            hits.append(Hit(rule, runs[-1], tuple(last), (control,)))
    return hits
