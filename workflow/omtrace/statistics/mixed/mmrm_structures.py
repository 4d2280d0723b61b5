"""Covariance structures of repeated measures, with first and second derivatives, for many data sets at once.

Parameters are natural ones: variances and covariances (unstructured, Toeplitz, compound symmetry), or variances
and correlations (the others). Kenward-Roger standard errors depend on this choice; in the first kind the
covariance is linear in its parameters, and the term that differs between parametrisations is zero.

Arrays lead with the data sets: parameters (b, k), covariances (b, t, t) over t visits in time order. What is the
same for all data sets has b = 1.
"""

from collections.abc import Sequence

import numpy as np

STRUCTURES = {
    "us": "unstructured",
    "toep": "Toeplitz",
    "toeph": "heterogeneous Toeplitz",
    "ar1": "first-order autoregressive",
    "arh1": "heterogeneous first-order autoregressive",
    "cs": "compound symmetry",
    "csh": "heterogeneous compound symmetry",
    "ad": "first-order ante-dependence",
    "adh": "heterogeneous first-order ante-dependence",
    "sp_exp": "spatial exponential",
}
STEEPEST = 0.8  # largest correlation that a search starts from


class Linear:
    """A covariance that is a sum of parameters times fixed symmetric matrices (k, t, t)."""

    def __init__(self, basis: np.ndarray) -> None:
        self.basis, self.size = basis, len(basis)

    def start(self, moments: np.ndarray) -> np.ndarray:
        """The parameters (b, k) nearest to moments (b, t, t) in least squares."""
        flat = self.basis.reshape(self.size, -1)
        return moments.reshape(len(moments), -1) @ np.linalg.pinv(flat)

    def sigma(self, theta: np.ndarray) -> np.ndarray:
        """The covariances (b, t, t)."""
        return np.tensordot(theta, self.basis, 1)

    def first(self, theta: np.ndarray) -> np.ndarray:
        """The first derivatives (1, k, t, t)."""
        return self.basis[None]

    def second(self, theta: np.ndarray) -> np.ndarray | None:
        """The second derivatives: none."""
        return None


class Scaled:
    """Variances times correlations: element (i, j) is sqrt(v_i v_j) c_ij(r).

    ``share`` (t + m, k) makes the full vector (variances v, correlation parameters r) of the k parameters: a
    column of several ones is a parameter that visits, or correlations, have in common.
    """

    def __init__(self, visits: int, share: np.ndarray) -> None:
        self.visits, self.share, self.size = visits, share, share.shape[1]
        visit = np.eye(visits)
        self.touches = visit[:, :, None] + visit[:, None, :]  # how often visit t stands in element (i, j)

    def start(self, moments: np.ndarray) -> np.ndarray:
        """Parameters (b, k) from the diagonals and the correlations of moments (b, t, t)."""
        variances = np.diagonal(moments, axis1=1, axis2=2)
        spread = np.sqrt(np.where(variances > 0, variances, np.inf))
        correlations = np.clip(moments / (spread[:, :, None] * spread[:, None, :]), -STEEPEST, STEEPEST)
        full = np.concatenate([variances, self.guess(correlations)], axis=1)
        return full @ np.linalg.pinv(self.share).T

    def sigma(self, theta: np.ndarray) -> np.ndarray:
        """The covariances (b, t, t); NaN where a variance is not positive."""
        return self._size(theta) * self.correlation(self._correlations(theta))

    def first(self, theta: np.ndarray) -> np.ndarray:
        """The first derivatives (b, k, t, t)."""
        relative, size = self._relative(theta), self._size(theta)
        sigma = size * self.correlation(self._correlations(theta))
        by_correlation = size[:, None] * self.correlation_first(self._correlations(theta))
        full = np.concatenate([relative * sigma[:, None], by_correlation], axis=1)
        return np.einsum("fk,bfij->bkij", self.share, full)

    def second(self, theta: np.ndarray) -> np.ndarray | None:
        """The second derivatives (b, k, k, t, t)."""
        relative, size, correlations, t = (
            self._relative(theta),
            self._size(theta),
            self._correlations(theta),
            self.visits,
        )
        sigma = size * self.correlation(correlations)
        full = np.empty((len(theta), *[len(self.share)] * 2, t, t))
        full[:, :t, :t] = relative[:, :, None] * relative[:, None, :] * sigma[:, None, None]
        own = np.arange(t)
        full[:, own, own] -= relative / self._variances(theta)[:, :, None, None] * sigma[:, None]
        by_correlation = size[:, None] * self.correlation_first(correlations)
        mixed = relative[:, :, None] * by_correlation[:, None, :]
        full[:, :t, t:], full[:, t:, :t] = mixed, mixed.swapaxes(1, 2)
        full[:, t:, t:] = size[:, None, None] * self.correlation_second(correlations)
        return np.einsum("fk,bfgij,gl->bklij", self.share, full, self.share, optimize=True)

    def _variances(self, theta: np.ndarray) -> np.ndarray:
        variances = theta @ self.share[: self.visits].T
        return np.where(variances > 0, variances, np.nan)

    def _correlations(self, theta: np.ndarray) -> np.ndarray:
        return theta @ self.share[self.visits :].T

    def _relative(self, theta: np.ndarray) -> np.ndarray:
        """d log sqrt(v_i v_j) / dv_t (b, t, i, j)."""
        return self.touches / (2 * self._variances(theta)[:, :, None, None])

    def _size(self, theta: np.ndarray) -> np.ndarray:
        """sqrt(v_i v_j) (b, i, j)."""
        spread = np.sqrt(self._variances(theta))
        return spread[:, :, None] * spread[:, None, :]

    def guess(self, correlations: np.ndarray) -> np.ndarray:
        """Correlation parameters (b, m) to start from, given correlations (b, t, t)."""
        raise NotImplementedError

    def correlation(self, r: np.ndarray) -> np.ndarray:
        """The correlations (b, t, t) of parameters (b, m)."""
        raise NotImplementedError

    def correlation_first(self, r: np.ndarray) -> np.ndarray:
        """Their first derivatives (b, m, t, t)."""
        raise NotImplementedError

    def correlation_second(self, r: np.ndarray) -> np.ndarray:
        """Their second derivatives (b, m, m, t, t)."""
        raise NotImplementedError


class Bands(Scaled):
    """Visits the same number of steps apart have one correlation."""

    def __init__(self, visits: int, share: np.ndarray) -> None:
        super().__init__(visits, share)
        self.basis = bands(visits)[1:]

    def guess(self, correlations: np.ndarray) -> np.ndarray:
        return np.stack([np.diagonal(correlations, b, 1, 2).mean(axis=1) for b in range(1, self.visits)], axis=1)

    def correlation(self, r: np.ndarray) -> np.ndarray:
        return np.eye(self.visits) + np.tensordot(r, self.basis, 1)

    def correlation_first(self, r: np.ndarray) -> np.ndarray:
        return self.basis[None]

    def correlation_second(self, r: np.ndarray) -> np.ndarray:
        return np.zeros((1, 1, 1, 1, 1))


class Steps(Scaled):
    """The correlation of two visits is the product of those of the steps between them."""

    def __init__(self, visits: int, share: np.ndarray) -> None:
        super().__init__(visits, share)
        i, j, n = np.ogrid[:visits, :visits, : visits - 1]
        self.between = (n >= np.minimum(i, j)) & (n < np.maximum(i, j))  # whether step n lies between i and j

    def guess(self, correlations: np.ndarray) -> np.ndarray:
        return np.diagonal(correlations, 1, 1, 2)

    def correlation(self, r: np.ndarray) -> np.ndarray:
        return self._product(r, self.between)

    def correlation_first(self, r: np.ndarray) -> np.ndarray:
        step = np.eye(self.visits - 1, dtype=bool)
        others = self.between & ~step[:, None, None]
        return self._product(r, others) * np.moveaxis(self.between, -1, 0)

    def correlation_second(self, r: np.ndarray) -> np.ndarray:
        step = np.eye(self.visits - 1, dtype=bool)
        others = self.between & ~(step[:, None] | step[None])[:, :, None, None]
        has = np.moveaxis(self.between, -1, 0)
        return self._product(r, others) * (has[:, None] & has[None] & ~step[:, :, None, None])

    def _product(self, r: np.ndarray, factors: np.ndarray) -> np.ndarray:
        """The product of the chosen (..., m) of the parameters (b, m)."""
        r = r.reshape(len(r), *[1] * (factors.ndim - 1), -1)
        return np.where(factors, r, 1.0).prod(axis=-1)


class Spatial(Scaled):
    """The correlation of two visits falls exponentially with the time between them: exp(-time/range).

    The parameter is the range, in mean distances of neighbouring visits, as in SAS but for the unit, on which nothing
    depends.
    """

    def __init__(self, times: Sequence[float], share: np.ndarray) -> None:
        super().__init__(len(times), share)
        apart = np.abs(np.subtract.outer(np.asarray(times, dtype=float), np.asarray(times, dtype=float)))
        self.distance = apart / np.diagonal(apart, 1).mean()

    def guess(self, correlations: np.ndarray) -> np.ndarray:
        near = np.clip(np.diagonal(correlations, 1, 1, 2), 1 - STEEPEST, STEEPEST)
        return (-np.diagonal(self.distance, 1) / np.log(near)).mean(axis=1, keepdims=True)

    def correlation(self, r: np.ndarray) -> np.ndarray:
        return np.exp(-self.distance / np.where(r > 0, r, np.nan)[..., None])

    def correlation_first(self, r: np.ndarray) -> np.ndarray:
        r = r[..., None, None]
        return self.distance / r**2 * np.exp(-self.distance / r)

    def correlation_second(self, r: np.ndarray) -> np.ndarray:
        r = r[..., None, None, None]
        return (self.distance**2 / r**4 - 2 * self.distance / r**3) * np.exp(-self.distance / r)


def bands(visits: int) -> np.ndarray:
    """For each distance 0 ... t - 1 the matrix (t, t) with ones where two visits are that far apart."""
    distance = np.abs(np.subtract.outer(np.arange(visits), np.arange(visits)))
    return np.array([distance == b for b in range(visits)], dtype=float)


def structure_of(name: str, visits: int, times: Sequence[float] | None = None) -> Linear | Scaled:
    """A structure of ``STRUCTURES`` over so many visits, for sp_exp at rising ``times``.

    Raises
    ------
    ValueError
        For another name, and for sp_exp without a time for each visit, in rising order.
    """
    if name not in STRUCTURES:
        raise ValueError(f"{name!r} is no covariance structure; there are {', '.join(STRUCTURES)}")
    if name == "sp_exp":
        if times is None or len(times) != visits or not (np.diff(np.asarray(times, dtype=float)) > 0).all():
            raise ValueError("sp_exp: needs the time of each visit, one later than the other")
        return Spatial(times, _blocks([np.ones((visits, 1)), np.eye(1)]))
    if name == "us":
        return Linear(_single_elements(visits))
    if name == "toep":
        return Linear(bands(visits))
    if name == "cs":
        return Linear(np.array([np.eye(visits), 1 - np.eye(visits)]))
    each, shared = np.eye, lambda size: np.ones((size, 1))
    if name in ("toeph", "csh"):
        return Bands(visits, _blocks([each(visits), (shared if name == "csh" else each)(visits - 1)]))
    variances, steps = (shared if name in ("ar1", "ad") else each), (each if name in ("ad", "adh") else shared)
    return Steps(visits, _blocks([variances(visits), steps(visits - 1)]))


def _single_elements(visits: int) -> np.ndarray:
    rows, columns = np.tril_indices(visits)
    basis = np.zeros((rows.size, visits, visits))
    index = np.arange(rows.size)
    basis[index, rows, columns] = basis[index, columns, rows] = 1.0
    return basis


def _blocks(parts: Sequence[np.ndarray]) -> np.ndarray:
    """The block diagonal matrix of the parts."""
    matrix = np.zeros((sum(len(part) for part in parts), sum(part.shape[1] for part in parts)))
    row = column = 0
    for part in parts:
        matrix[row : row + len(part), column : column + part.shape[1]] = part
        row, column = row + len(part), column + part.shape[1]
    return matrix


class Blocks:
    """One structure with parameters of its own for each of q groups: parameters (b, q k), covariances (b, q, t, t)."""

    def __init__(self, structure: Linear | Scaled, groups: int) -> None:
        self.structure, self.groups, self.size = structure, groups, structure.size * groups

    def start(self, moments: np.ndarray) -> np.ndarray:
        """Parameters to start from, given moments (b, q, t, t)."""
        return np.concatenate([self.structure.start(moments[:, g]) for g in range(self.groups)], axis=1)

    def sigma(self, theta: np.ndarray) -> np.ndarray:
        """The covariances (b, q, t, t)."""
        return np.stack([self.structure.sigma(part) for part in self._split(theta)], axis=1)

    def first(self, theta: np.ndarray) -> np.ndarray:
        """The first derivatives (b or 1, q k, q, t, t)."""
        parts = [self.structure.first(part) for part in self._split(theta)]
        if self.groups == 1:
            return parts[0][:, :, None]
        b, k, t, _ = parts[0].shape
        whole = np.zeros((b, self.groups, k, self.groups, t, t))
        for g, part in enumerate(parts):
            whole[:, g, :, g] = part
        return whole.reshape(b, self.size, self.groups, t, t)

    def curvature(self, theta: np.ndarray, matrix: np.ndarray) -> np.ndarray:
        """The second derivatives times symmetric matrices (b, q, t, t), summed over the elements: (b, q k, q k)."""
        total = np.zeros((len(theta), self.size, self.size))
        for g, second in enumerate(map(self.structure.second, self._split(theta))):
            if second is not None:
                mine = slice(g * self.structure.size, (g + 1) * self.structure.size)
                total[:, mine, mine] = np.einsum("bklij,bij->bkl", second, matrix[:, g])
        return total

    def mean_second(self, theta: np.ndarray, weights: np.ndarray) -> np.ndarray | None:
        """The second derivatives times weights (b, q k, q k), summed over the parameters: (b, q, t, t)."""
        means = []
        for g, second in enumerate(map(self.structure.second, self._split(theta))):
            if second is None:
                return None
            mine = slice(g * self.structure.size, (g + 1) * self.structure.size)
            means.append(np.einsum("bklij,bkl->bij", second, weights[:, mine, mine]))
        return np.stack(means, axis=1)

    def _split(self, theta: np.ndarray) -> list[np.ndarray]:
        return np.split(theta, self.groups, axis=1) if self.groups > 1 else [theta]
