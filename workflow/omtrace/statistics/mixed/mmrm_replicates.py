"""Mixed models for repeated measures fitted many times over.

Many data sets of one design are fitted at once (``contrast_many``: simulated trials, to plan the size of a study), and
one data set with units counted several times or left out (``Resampled``: the jackknife, the bootstrap): the sums of
products are linear in how often each unit counts, so that a replicate costs no new design and no new patterns.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.linalg import qr
from scipy.special import stdtr

from omtrace.statistics.basic.samples import TOLERANCE
from omtrace.statistics.mixed.mmrm_fit import Information, Method, Rows, inference
from omtrace.statistics.mixed.mmrm_likelihood import MmrmLikelihood, Products, products_of
from omtrace.statistics.mixed.mmrm_structures import Blocks, structure_of
from omtrace.statistics.mixed.reml import search

CHUNK = 256  # data sets worked on together: their products stay in the processor's cache
ROOM = 2**21  # numbers of a chunk's largest array: near the processor's cache
SMALLEST = 1e-8  # eigenvalue of an orthonormal design's cross product that still determines its coefficients
DEPENDENT = "the model's columns depend on each other in the rows that have a value"
NO_RESIDUAL = "the outcome leaves no residual"


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


def contrast_many(
    values: ArrayLike,
    design: ArrayLike,
    unit: ArrayLike,
    visit: ArrayLike,
    visits: Sequence,
    weights: ArrayLike,
    structure: str = "us",
    group: ArrayLike | None = None,
    method: Method = "kenward_roger",
    information: Information = "observed",
) -> Contrasts:
    """Combinations of coefficients, weights (c, p), from a REML fit of each data set, values (b, n).

    A missing value is NaN, and may be so in some data sets only. Otherwise as ``fit_mmrm`` with one structure: there
    is no fallback, a data set that cannot be fitted says why.

    Raises
    ------
    ValueError
        For rows that no data set could be fitted with.
    """
    rows = Rows.of(design, unit, visit, visits, group)
    y, combinations = np.atleast_2d(np.asarray(values, dtype=float)), np.atleast_2d(np.asarray(weights, dtype=float))
    if y.shape[1] != len(rows.design) or combinations.shape[1] != rows.design.shape[1]:
        raise ValueError("values or weights do not fit the design")
    model = Blocks(structure_of(structure, len(rows.visits)), len(rows.groups))
    parts = [
        _contrasts(y[i : i + CHUNK], rows, model, combinations, method, information) for i in range(0, len(y), CHUNK)
    ]
    return Contrasts(*(np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(Contrasts)))


def _contrasts(
    y: np.ndarray, rows: Rows, model: Blocks, weights: np.ndarray, method: str, information: str
) -> Contrasts:
    basis, seen = np.linalg.qr(rows.design)[0], np.isfinite(y)
    determined = np.linalg.eigvalsh((basis.T * seen[:, None]) @ basis)[:, 0] > SMALLEST
    refusal = np.where(determined, "", DEPENDENT).astype(object)
    numbers = np.full((3, len(y), len(weights)), np.nan)
    if determined.any():
        data = products_of(y[determined], rows.design, rows.unit, rows.visit, rows.block)
        likelihood = MmrmLikelihood(data, model, True)
        optimum = search(likelihood, likelihood.start())
        exact = data.scale <= TOLERANCE * np.nanmax(np.abs(y[determined]), axis=1)
        refusal[determined] = np.where(exact, NO_RESIDUAL, optimum.refusal)
        numbers[:, determined] = inference(likelihood, optimum, method, information).estimates(weights)
        numbers[:, refusal != ""] = np.nan
    estimate, se, df = numbers
    return Contrasts(estimate, se, df, 2 * stdtr(df, -np.abs(estimate / se)), refusal)


# one data set with units counted several times, or left out


@dataclass(frozen=True)
class Replicates:
    """REML fits of b replicates: ``coefficients`` (b, p) and ``covariances`` (b, q, t, t), in units of the values.

    ``refusal`` (b,) says why a replicate could not be fitted ("" = fitted); its numbers are NaN.
    """

    coefficients: np.ndarray
    covariances: np.ndarray
    refusal: np.ndarray


class Resampled:
    """The values (n,) of rows, made ready for replicates. ``rows`` and ``model`` are those of a fit that succeeded."""

    def __init__(self, values: ArrayLike, rows: Rows, model: Blocks) -> None:
        y = np.asarray(values, dtype=float)
        self.values, self.rows, self.model = y, rows, model
        self.data = products_of(y[None], rows.design, rows.unit, rows.visit, rows.block)
        units, visits, scores = rows.block.size, len(rows.visits), self.data.design.scores
        residual = (y - self.data.design.rows(rows.visit) @ self.data.offset[0]) / self.data.scale[0]
        self.w = np.zeros((units, visits, scores.shape[1]))
        self.y, seen = np.zeros((units, visits)), np.zeros((units, visits), dtype=bool)
        self.w[rows.unit, rows.visit], self.y[rows.unit, rows.visit] = scores, residual
        seen[rows.unit, rows.visit] = True
        self.seen = seen
        same = (seen[:, None] == self.data.mask).all(axis=2) & (rows.block[:, None] == self.data.block)
        self.member = same.argmax(axis=1)
        likelihood = MmrmLikelihood(self.data, model, True)
        self.start = search(likelihood, likelihood.start()).theta

    def fits(self, counts: np.ndarray) -> Replicates:
        """The fits with each unit counted ``counts`` (b, units) times."""
        b, p = len(counts), self.rows.design.shape[1]
        replicates = Replicates(
            np.full((b, p), np.nan),
            np.full((b, self.model.groups, *[self.y.shape[1]] * 2), np.nan),
            np.full(b, DEPENDENT, dtype=object),
        )
        for part in self._chunks(b):
            self._fit(np.asarray(counts[part], dtype=float), part, replicates)
        return replicates

    def rescue(self, counts: np.ndarray, replicates: Replicates, needed: Callable[[int], np.ndarray]) -> None:
        """Fit replicates in which columns depend on each other without the columns to spare, in place.

        That is sound where the rows of the design that are to be predicted, ``needed(replicate)`` (m, p), are
        determined all the same: a factor's level that no unit of the replicate has, say, and no such row either.
        Coefficients of the columns left out are 0.
        """
        alike: dict[tuple[int, ...], list[int]] = {}
        for replicate in np.flatnonzero(replicates.refusal == DEPENDENT):
            free = _free(self.rows.design[counts[replicate][self.rows.unit] > 0])
            rows = needed(int(replicate))
            if np.abs(rows @ free).max(initial=0.0) < SMALLEST * np.abs(rows).max(initial=1.0):
                spare = qr(free.T, mode="r", pivoting=True)[1][: free.shape[1]]
                columns = np.setdiff1d(np.arange(len(free)), spare).tolist()
                alike.setdefault(tuple(columns), []).append(int(replicate))
        for columns, members in alike.items():
            rows_left = replace(self.rows, design=self.rows.design[:, list(columns)])
            part = Resampled(self.values, rows_left, self.model).fits(counts[members])
            replicates.refusal[members], replicates.covariances[members] = part.refusal, part.covariances
            replicates.coefficients[members] = 0.0
            replicates.coefficients[np.array(members)[:, None], list(columns)] = part.coefficients

    def _chunks(self, b: int) -> Iterator[np.ndarray]:
        largest = max(self.data.ww.size, self.model.size * self.data.yy.size)
        size = max(1, min(CHUNK, ROOM // largest))
        return (np.arange(i, min(i + size, b)) for i in range(0, b, size))

    def _fit(self, counts: np.ndarray, part: np.ndarray, replicates: Replicates) -> None:
        data = self._products(counts)
        own = np.arange(self.y.shape[1])
        diagonal = np.zeros(data.ww.shape[:3] + data.ww.shape[4:])
        diagonal[:, own, own] = data.ww[:, own, own].sum(axis=2)
        spectrum = np.linalg.eigvalsh(data.design.turn(diagonal))
        determined = np.flatnonzero(spectrum[:, 0] > SMALLEST)
        if not determined.size:
            return
        data, part = data.take(determined) if determined.size < len(part) else data, part[determined]
        optimum = search(MmrmLikelihood(data, self.model, True), np.tile(self.start, (determined.size, 1)))
        fitted = optimum.refusal == ""
        replicates.refusal[part] = optimum.refusal
        replicates.coefficients[part[fitted]] = data.back.coefficients(optimum.point.beta)[fitted]
        covariances = self.model.sigma(optimum.theta) * data.scale[:, None, None, None] ** 2
        replicates.covariances[part[fitted]] = covariances[fitted]

    def _products(self, counts: np.ndarray) -> Products:
        """The sums of products, each unit taken so often."""
        b, (_, t, m), plain = len(counts), self.w.shape, self.data
        g = len(plain.mask)
        count, ww = np.zeros((b, g)), np.zeros((b, t, t, g, m, m))
        wy, yy = np.zeros((b, t, t, g, m)), np.zeros((b, g, t, t))
        for pattern in range(g):
            rows = np.flatnonzero(self.member == pattern)
            w, y, often = self.w[rows], self.y[rows], counts[:, rows]
            count[:, pattern] = often.sum(axis=1)
            squares = np.einsum("nim,njk->nijmk", w, w).reshape(rows.size, -1)
            ww[:, :, :, pattern] = (often @ squares).reshape(b, t, t, m, m)
            wy[:, :, :, pattern] = (often @ np.einsum("nim,nj->nijm", w, y).reshape(rows.size, -1)).reshape(b, t, t, m)
            yy[:, pattern] = (often @ np.einsum("ni,nj->nij", y, y).reshape(rows.size, -1)).reshape(b, t, t)
        return replace(
            plain,
            count=count,
            ww=ww,
            wy=wy,
            yy=yy,
            values=counts @ self.seen.sum(axis=1),
            offset=np.repeat(plain.offset, b, axis=0),
            scale=np.repeat(plain.scale, b),
        )


def _free(rows: np.ndarray) -> np.ndarray:
    """Directions (p, d) in which coefficients are not determined by rows (n, p), for columns as they are."""
    size = np.linalg.norm(rows, axis=0)
    size = np.where(size > 0, size, 1.0)
    spectrum, vectors = np.linalg.eigh((rows / size).T @ (rows / size))
    free = vectors[:, spectrum <= SMALLEST * spectrum[-1]] / size[:, None]
    return free / np.linalg.norm(free, axis=0)
