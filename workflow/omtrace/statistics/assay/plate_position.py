"""Whether the place on a plate shows in its signals: edge effect, drift along columns and rows, a shifted layout.

Wells of one content (a standard's level, a control, a sample) should not differ by where they lie. Within each content
the wells are exchangeable if place does not matter, so that the test is a permutation test within contents, whatever
the scatter of each: the false-alarm rate is the level that p is held against. Contents whose wells do not differ in
place say nothing.
"""

import math
import re
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.special import ndtr
from scipy.stats import rankdata

ENOUGH = 15  # contents from which the normal distribution with the exact permutation moments is used
DRAWS = 1999
SHIFTS = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, -1), (1, -1), (-1, 1), (2, 0), (-2, 0), (0, 2), (0, -2))
LEFT_OPEN, FACTOR, LEVELS = (
    0.25,
    3,
    4,
)  # how far readings may leave a layout open that is theirs, and how much more another
# Wells of a plate -> its rows and columns.
SIZES = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}


def places(wells: Sequence[str]) -> np.ndarray:
    """Rows and columns (2, n) of wells such as B7, from 0. Raises ValueError for other names."""
    matches = [re.fullmatch(r"(?:.*/)?(A?)([A-Z])0?([1-9]|[1-3]\d|4[0-8])", well) for well in wells]
    if bad := [well for well, m in zip(wells, matches, strict=True) if m is None or (m[1] and m[2] > "F")]:
        raise ValueError(f"{bad[0]!r} is no well")
    rows = [26 * len(m[1]) + ord(m[2]) - ord("A") for m in matches if m]
    return np.array([rows, [int(m[3]) - 1 for m in matches if m]])


def size_of(row: np.ndarray, column: np.ndarray) -> int:
    """How many wells the smallest plate has that has all of these."""
    row_count, column_count = row.max(initial=0) + 1, column.max(initial=0) + 1
    return next(size for size, (rows, columns) in SIZES.items() if row_count <= rows and column_count <= columns)


def at_edge(row: np.ndarray, column: np.ndarray, size: int) -> np.ndarray:
    """1 at the edge of a plate of ``size`` wells, 0 inside."""
    rows, columns = SIZES[size]
    return ((row == 0) | (row == rows - 1) | (column == 0) | (column == columns - 1)).astype(float)


def shift_of(
    row: np.ndarray,
    column: np.ndarray,
    content: Sequence[str],
    level: np.ndarray,
    read: Mapping[tuple[int, int], float],
) -> str:
    """Where readings lie beside the wells of their layout, in words; "" where they do not, or nobody can tell.

    Parameters
    ----------
    row, column, content, level
        Of the wells of a layout (m,): place from 0, what each holds, and the concentration of a standard (else NaN).
    read
        Row and column of each well that was read -> its signal.

    Notes
    -----
    Readings follow a layout if the wells of one content read alike and the standards are in the order of their levels.
    A shift is named where they follow the moved layout, and leave open ``FACTOR`` times as much of the one as it is.
    """
    opened = {}
    for down, right in ((0, 0), *SHIFTS):
        there = zip((row + down).tolist(), (column + right).tolist(), strict=True)
        signal = np.array([read.get(place, math.nan) for place in there])
        opened[down, right] = _left_open(signal, content, level)
    own = opened.pop((0, 0))
    best = min(opened, key=lambda shift: opened[shift])
    if own <= LEFT_OPEN or opened[best] > LEFT_OPEN or own < FACTOR * opened[best]:
        return ""
    ways = ((best[0], "row", "down", "up"), (best[1], "column", "to the right", "to the left"))
    said = [
        f"{abs(by)} {what}{'s' if abs(by) > 1 else ''} further {more if by > 0 else less}"
        for by, what, more, less in ways
        if by
    ]
    return " and ".join(said)


def _left_open(signal: np.ndarray, content: Sequence[str], level: np.ndarray) -> float:
    """How far signals do not follow a layout, from 0 on: rank variance within contents, disorder of the standards."""
    known = np.isfinite(signal)
    names, member = np.unique(np.asarray(content)[known], return_inverse=True)
    standard = np.isfinite(level[known])
    ranks = rankdata(signal[known])
    if len(names) == known.sum() or len(np.unique(level[known][standard])) < LEVELS or not np.ptp(ranks):
        return math.inf
    means = np.bincount(member, ranks) / np.bincount(member)
    within = float(((ranks - means[member]) ** 2).sum() / ((ranks - ranks.mean()) ** 2).sum())
    x, y = rankdata(level[known][standard]), ranks[standard]
    order = float(np.corrcoef(x, y)[0, 1]) if np.ptp(y) else 0.0
    return max(within, 1 - order**2, 1e-6) + float((~known).mean())


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
