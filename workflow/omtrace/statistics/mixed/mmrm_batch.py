"""Many data sets of one design fitted at once: simulated trials, to plan the size of a study."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
from scipy.special import stdtr

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.mixed.mmrm import Rows
from omtrace.statistics.mixed.mmrm_inference import Inference
from omtrace.statistics.mixed.mmrm_likelihood import products_of
from omtrace.statistics.mixed.mmrm_search import search
from omtrace.statistics.mixed.mmrm_structures import Blocks, structure_of

CHUNK = 256  # data sets worked on together: their products stay in the processor's cache
DEPENDENT = "the model's columns depend on each other in the rows that have a value"
NO_RESIDUAL = "the outcome leaves no residual"
SMALLEST = 1e-8  # eigenvalue of an orthonormal design's cross product that still determines its coefficients


@dataclass(frozen=True)
class Contrasts:
    """Estimates of c combinations in b data sets: ``estimate``, ``se``, ``df`` and two-sided ``p`` (b, c).

    ``refusal`` (b,) says why a data set could not be fitted ("" = fitted); its numbers are NaN.
    """

    estimate: np.ndarray
    se: np.ndarray
    df: np.ndarray
    p: np.ndarray
    refusal: np.ndarray


def contrast_many(values: Any, design: Any, unit: Any, visit: Any, visits: Sequence, weights: Any,
                  structure: str = "us", group: Any = None, method: str = "kenward_roger",
                  information: str = "observed") -> Contrasts:  # fmt: skip
    """Combinations of coefficients, weights (c, p), from a REML fit of each data set, values (b, n).

    A missing value is NaN, and may be so in some data sets only. Otherwise as ``mmrm.fit_mmrm`` with one structure:
    there is no fallback, a data set that cannot be fitted says why. Raises ValueError for rows that no data set could
    be fitted with.
    """
    rows = Rows.of(design, unit, visit, visits, group)
    y, combinations = np.atleast_2d(np.asarray(values, dtype=float)), np.atleast_2d(np.asarray(weights, dtype=float))
    if y.shape[1] != len(rows.design) or combinations.shape[1] != rows.design.shape[1]:
        raise ValueError("values or weights do not fit the design")
    model = Blocks(structure_of(structure, len(rows.visits)), len(rows.groups))
    parts = [_chunk(y[i : i + CHUNK], rows, model, combinations, method, information) for i in range(0, len(y), CHUNK)]
    names = [f.name for f in fields(Contrasts)]
    return Contrasts(*(np.concatenate([getattr(part, name) for part in parts]) for name in names))


def _chunk(y: np.ndarray, rows: Rows, model: Blocks, weights: np.ndarray, method: str, information: str) -> Contrasts:
    basis, seen = np.linalg.qr(rows.design)[0], np.isfinite(y)
    determined = np.linalg.eigvalsh((basis.T * seen[:, None]) @ basis)[:, 0] > SMALLEST
    refusal = np.where(determined, "", DEPENDENT).astype(object)
    numbers = np.full((3, len(y), len(weights)), np.nan)
    if determined.any():
        data = products_of(y[determined], rows.design, rows.unit, rows.visit, rows.block)
        found = search(data, model, True)
        exact = data.scale <= TOLERANCE * np.nanmax(np.abs(y[determined]), axis=1)
        refusal[determined] = np.where(exact, NO_RESIDUAL, found.refusal)
        numbers[:, determined] = Inference(data, model, found, method, information).estimates(weights)
        numbers[:, refusal != ""] = np.nan
    estimate, se, df = numbers
    return Contrasts(estimate, se, df, 2 * stdtr(df, -np.abs(estimate / se)), refusal)
