"""A mixed model for repeated measures fitted again with units counted several times, or left out.

For the jackknife and the bootstrap: the sums of products are linear in how often each unit counts, so a replicate
costs no new design and no new patterns.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.linalg import qr

from omtrace.statistics.mixed.mmrm import Rows
from omtrace.statistics.mixed.mmrm_batch import DEPENDENT, SMALLEST
from omtrace.statistics.mixed.mmrm_likelihood import Products, products_of
from omtrace.statistics.mixed.mmrm_search import search
from omtrace.statistics.mixed.mmrm_structures import Blocks

ROOM = 2**23  # numbers of a chunk's products: they stay in the processor's cache, or near it


@dataclass(frozen=True)
class Replicates:
    """REML fits of b replicates: ``coefficients`` (b, p) and ``covariances`` (b, q, t, t), in units of the values.

    ``refusal`` (b,) says why a replicate could not be fitted ("" = fitted); its numbers are NaN.
    """

    coefficients: np.ndarray
    covariances: np.ndarray
    refusal: np.ndarray


class Resampled:
    """The values (n,) of rows, made ready for replicates."""

    def __init__(self, values: Any, rows: Rows, model: Blocks) -> None:
        """``rows`` and ``model`` are those of a fit that succeeded."""
        y = np.asarray(values, dtype=float)
        self.values, self.rows, self.model = y, rows, model
        self.data = products_of(y[None], rows.design, rows.unit, rows.visit, rows.block)
        units, visits = rows.block.size, len(rows.visits)
        basis = np.linalg.qr(rows.design)[0]
        residual = (y - basis @ self.data.offset[0]) / self.data.scale[0]
        self.x = np.zeros((units, visits, rows.design.shape[1]))
        self.y, seen = np.zeros((units, visits)), np.zeros((units, visits), dtype=bool)
        self.x[rows.unit, rows.visit], self.y[rows.unit, rows.visit] = basis, residual
        seen[rows.unit, rows.visit] = True
        self.seen = seen
        same = (seen[:, None] == self.data.mask).all(axis=2) & (rows.block[:, None] == self.data.block)
        self.member = same.argmax(axis=1)
        self.start = search(self.data, model, True).theta

    def fits(self, counts: np.ndarray) -> Replicates:
        """The fits with each unit counted ``counts`` (b, units) times."""
        b, p = len(counts), self.x.shape[2]
        found = Replicates(
            np.full((b, p), np.nan),
            np.full((b, self.model.groups, *[self.y.shape[1]] * 2), np.nan),
            np.full(b, DEPENDENT, dtype=object),
        )
        for part in self._chunks(b):
            self._fit(np.asarray(counts[part], dtype=float), part, found)
        return found

    def rescue(self, counts: np.ndarray, found: Replicates, needed: Callable[[int], np.ndarray]) -> None:
        """Fit replicates in which columns depend on each other without the columns to spare, in place.

        That is sound where the rows of the design that are to be predicted, ``needed(replicate)`` (m, p), are
        determined all the same: a factor's level that no unit of the replicate has, say, and no such row either.
        Coefficients of the columns left out are 0.
        """
        alike: dict[tuple[int, ...], list[int]] = {}
        for at in np.flatnonzero(found.refusal == DEPENDENT):
            free = _free(self.rows.design[counts[at][self.rows.unit] > 0])
            rows = needed(int(at))
            if np.abs(rows @ free).max(initial=0.0) < SMALLEST * np.abs(rows).max(initial=1.0):
                spare = qr(free.T, mode="r", pivoting=True)[1][: free.shape[1]]
                alike.setdefault(tuple(np.setdiff1d(np.arange(len(free)), spare).tolist()), []).append(int(at))
        for kept, members in alike.items():
            rows_kept = replace(self.rows, design=self.rows.design[:, list(kept)])
            part = Resampled(self.values, rows_kept, self.model).fits(counts[members])
            found.refusal[members], found.covariances[members] = part.refusal, part.covariances
            found.coefficients[members] = 0.0
            found.coefficients[np.array(members)[:, None], list(kept)] = part.coefficients

    def _chunks(self, b: int) -> Iterator[np.ndarray]:
        size = max(1, min(256, ROOM // self.data.xx[0].size))
        return (np.arange(i, min(i + size, b)) for i in range(0, b, size))

    def _fit(self, counts: np.ndarray, part: np.ndarray, found: Replicates) -> None:
        data = self._products(counts)
        own = np.arange(self.y.shape[1])
        spectrum = np.linalg.eigvalsh(data.xx[:, :, own, own].sum(axis=(1, 2)))
        determined = np.flatnonzero(spectrum[:, 0] > SMALLEST)
        if not determined.size:
            return
        data, part = data.take(determined) if determined.size < len(part) else data, part[determined]
        optimum = search(data, self.model, True, np.tile(self.start, (determined.size, 1)))
        inner = data.offset + data.scale[:, None] * optimum.point.beta
        fitted = optimum.refusal == ""
        found.refusal[part] = optimum.refusal
        found.coefficients[part[fitted]] = np.linalg.solve(data.triangle, inner[fitted].T).T
        covariances = self.model.sigma(optimum.theta) * data.scale[:, None, None, None] ** 2
        found.covariances[part[fitted]] = covariances[fitted]

    def _products(self, counts: np.ndarray) -> Products:
        """The sums of products, each unit taken so often."""
        b, (_, t, p), plain = len(counts), self.x.shape, self.data
        patterns = len(plain.mask)
        count, xx = np.zeros((b, patterns)), np.zeros((b, patterns, t, t, p, p))
        xy, yy = np.zeros((b, patterns, t, t, p)), np.zeros((b, patterns, t, t))
        for g in range(patterns):
            rows = np.flatnonzero(self.member == g)
            flat, one, often = self.x[rows].reshape(rows.size, t * p), self.y[rows], counts[:, rows]
            turned = flat.T * often[:, None]
            count[:, g] = often.sum(axis=1)
            xx[:, g] = (turned @ flat).reshape(b, t, p, t, p).transpose(0, 1, 3, 2, 4)
            xy[:, g] = (turned @ one).reshape(b, t, p, t).transpose(0, 1, 3, 2)
            yy[:, g] = (one.T * often[:, None]) @ one
        return Products(
            plain.mask, plain.block, plain.triangle, count, xx, xy, yy, counts @ self.seen.sum(axis=1),
            np.repeat(plain.offset, b, axis=0), np.repeat(plain.scale, b),
        )  # fmt: skip


def _free(rows: np.ndarray) -> np.ndarray:
    """Directions (p, d) in which coefficients are not determined by rows (n, p), for columns as they are."""
    size = np.linalg.norm(rows, axis=0)
    size = np.where(size > 0, size, 1.0)
    spectrum, vectors = np.linalg.eigh((rows / size).T @ (rows / size))
    free = vectors[:, spectrum <= SMALLEST * spectrum[-1]] / size[:, None]
    return free / np.linalg.norm(free, axis=0)
