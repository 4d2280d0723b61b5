"""Whether the place on a plate shows in its signals: edge effect, and drift along columns and rows.

Wells of one content (a standard's level, a control, a sample) should not differ by where they lie. Within each content
the wells are exchangeable if place does not matter, so that the test is a permutation test within contents, whatever
the scatter of each: the false-alarm rate is the level that p is held against. Contents whose wells do not differ in
place say nothing.
"""

import math
import re
from collections.abc import Sequence

import numpy as np
from scipy.special import ndtr

ENOUGH = 15  # contents from which the normal distribution with the exact permutation moments is used
DRAWS = 1999
SIZES = ((8, 12), (16, 24), (32, 48))  # rows and columns of plates of 96, 384 and 1536 wells


def places(wells: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
    """Row and column of wells such as B7, from 0. Raises ValueError for other names."""
    found = [re.fullmatch(r"(?:.*/)?(A?)([A-Z])0?([1-9]|[1-3]\d|4[0-8])", well) for well in wells]
    if bad := [well for well, one in zip(wells, found, strict=True) if one is None or (one[1] and one[2] > "F")]:
        raise ValueError(f"{bad[0]!r} is no well")
    rows = [26 * len(one[1]) + ord(one[2]) - ord("A") for one in found if one]
    return np.array(rows), np.array([int(one[3]) - 1 for one in found if one])


def size_of(row: np.ndarray, column: np.ndarray) -> tuple[int, int]:
    """Rows and columns of the smallest plate that has all these wells."""
    return next(size for size in SIZES if row.max(initial=0) < size[0] and column.max(initial=0) < size[1])


def at_edge(row: np.ndarray, column: np.ndarray) -> np.ndarray:
    """1 at the edge of the plate, 0 inside; the plate is the smallest one that has all these wells."""
    rows, columns = size_of(row, column)
    return ((row == 0) | (row == rows - 1) | (column == 0) | (column == columns - 1)).astype(float)


def position_test(signal: np.ndarray, content: Sequence[str], place: np.ndarray) -> dict[str, float]:
    """Test of signals (m,) against a property of their place (m,), within contents: effect, z, p, n.

    n counts the contents that tell something: whose wells differ in place. The effect is the relative change of the
    signal for a change of the place by 1, in percent. Signals are taken relative to the mean of their content (plus a
    tenth of the median of those means, so that blanks do not rule).
    NaN where no content tells anything.
    """
    names, member = np.unique(np.asarray(content), return_inverse=True)
    count = np.bincount(member)
    means = np.bincount(member, signal) / count
    scale = np.abs(means) + 0.1 * float(np.median(np.abs(means)))
    z = (signal - means[member]) / scale[member]
    c = place - (np.bincount(member, place) / count)[member]
    squares = np.bincount(member, c**2)
    tells = (squares > 1e-12) & (np.bincount(member, z**2) > 0)
    n = int(tells.sum())
    if not n:
        return {"effect": math.nan, "z": math.nan, "p": math.nan, "n": 0.0}
    told = tells[member]
    total = float((c * z)[told].sum())
    variance = float((squares * np.bincount(member, z**2) / np.maximum(count - 1, 1))[tells].sum())
    effect, score = 100 * total / float(squares[tells].sum()), total / math.sqrt(variance)
    p = 2 * float(ndtr(-abs(score))) if n >= ENOUGH else _permuted(z[told], c[told], member[told], total)
    return {"effect": effect, "z": score, "p": p, "n": float(n)}


def _permuted(z: np.ndarray, c: np.ndarray, member: np.ndarray, total: float) -> float:
    """Two-sided p by drawing permutations within contents, with a fixed seed."""
    generator = np.random.default_rng(20240611)
    order = np.argsort(member, kind="stable")
    z, c, member = z[order], c[order], member[order]
    drawn = np.argsort(member[None, :] + generator.random((DRAWS, z.size)), axis=1)
    sums = np.abs((z[drawn] * c).sum(axis=1))
    return float((1 + (sums >= abs(total) * (1 - 1e-12)).sum()) / (DRAWS + 1))
