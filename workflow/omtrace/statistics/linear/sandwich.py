"""Covariances of least-squares coefficients that do without one common, independent variance of the residuals."""

from collections.abc import Hashable, Sequence
from typing import Literal

import numpy as np

CLOSE = 1e-10  # a leverage this near to 1: the row determines a coefficient alone
FEWEST = 2  # clusters
POWERS = {"CR0": 0.0, "CR2": -0.5, "CR3": -1.0}  # of I - H
FEW_DF = 4.0  # below, p and interval are unreliable (Tipton 2015, doi:10.1037/met0000011)
ALONE = 1e-6  # relative: how much of a combination may lie where a cluster alone is, by rounding


def check_leverage(x: np.ndarray, kind: str) -> np.ndarray:
    """The leverages (n,) of a full-rank design x (n, p). Raises ValueError where one is 1: HC2 to HC4 divide by 0."""
    leverage: np.ndarray = np.einsum("ij,jk,ik->i", x, np.linalg.inv(x.T @ x), x)
    if leverage.max() > 1 - CLOSE:
        raise ValueError(f"{kind}: a row determines a coefficient alone (its leverage is 1); take HC1 or drop a term")
    return leverage


def hc4_covariance(x: np.ndarray, residuals: np.ndarray) -> np.ndarray:
    """HC4 covariance (p, p), of squared residuals over (1 - h)^min(4, n h/p), h the leverage (Cribari-Neto 2004).

    statsmodels has HC0 to HC3 only. ``x``: (n, p) of full rank. Raises ValueError where a leverage is 1.
    """
    (n, p), leverage, bread = x.shape, check_leverage(x, "HC4"), np.linalg.inv(x.T @ x)
    squares = residuals**2 / (1 - leverage) ** np.minimum(4.0, n * leverage / p)
    covariance: np.ndarray = bread @ (x.T * squares) @ x @ bread
    return covariance


class ClusterRobust:
    """Covariance of least-squares coefficients by clusters, with Satterthwaite degrees of freedom.

    Residuals of a cluster are multiplied by a power of (I - H) of its rows: 0 for CR0 (Liang and Zeger 1986), the
    symmetric root of the inverse for CR2 (Bell and McCaffrey 2002), which is unbiased where rows are in truth
    independent with one variance, and the inverse for CR3, the jackknife. statsmodels has CR1 only, which is too small
    where clusters are few. ``x``: (n, p) of full rank; ``cluster``: n labels. Raises ValueError for fewer than two
    clusters.

    A combination of coefficients that could not be estimated without one of the clusters has no standard error: with
    one cluster in an arm, that arm's mean is that cluster's, and nothing says how much clusters differ.
    """

    def __init__(
        self, x: np.ndarray, residuals: np.ndarray, cluster: Sequence[Hashable], kind: Literal["CR0", "CR2", "CR3"]
    ) -> None:
        labels = np.asarray(cluster, dtype=object)
        names = sorted(set(labels), key=str)
        if len(names) < FEWEST:
            raise ValueError(f"{len(names)} cluster; a cluster-robust covariance needs at least 2")
        self._length = np.linalg.norm(x, axis=0)
        x = x / self._length
        self.clusters, self._bread = len(names), np.linalg.inv(x.T @ x)
        members = [np.flatnonzero(labels == name) for name in names]
        # ``parts[j]`` x a combination: the weights of the residuals of cluster j's rows in its score
        self._parts = [
            _power(np.eye(rows.size) - x[rows] @ self._bread @ x[rows].T, POWERS[kind]) @ x[rows] @ self._bread
            for rows in members
        ]
        scores = np.array([residuals[rows] @ part for rows, part in zip(members, self._parts, strict=True)])
        self.covariance = scores.T @ scores / np.outer(self._length, self._length)
        self._through = [x[rows].T @ part for rows, part in zip(members, self._parts, strict=True)]
        self._lost = [_null_space(x.T @ x - x[rows].T @ x[rows]) for rows in members]

    def rests_on_one(self, row: np.ndarray) -> bool:
        """Whether a combination of the coefficients cannot be estimated without one of the clusters."""
        unit = row / self._length
        return any(np.abs(lost.T @ unit).max(initial=0.0) > ALONE * np.linalg.norm(unit) for lost in self._lost)

    def df(self, row: np.ndarray) -> float:
        """Degrees of freedom of a combination of the coefficients; they are unreliable below ``FEW_DF``."""
        products = self.products(row)
        return float(np.trace(products) ** 2 / (products**2).sum())

    def products(self, row: np.ndarray) -> np.ndarray:
        """The covariance (clusters, clusters) of the clusters' scores of a combination, where rows are independent.

        With a_j the weights of the rows of cluster j, s_j = X_j'a_j, it is a_j'a_k (0 for two clusters) less
        s_j'(X'X)^-1 s_k; rows have variance 1.
        """
        unit = row / self._length
        through = np.array([part @ unit for part in self._through])
        squares = [float(((part @ unit) ** 2).sum()) for part in self._parts]
        products: np.ndarray = np.diag(squares) - through @ self._bread @ through.T
        return products


def _power(matrix: np.ndarray, power: float) -> np.ndarray:
    """A power of a symmetric matrix: directions without variance stay without."""
    values, vectors = np.linalg.eigh(matrix)
    some = values > CLOSE
    return (vectors[:, some] * values[some] ** power) @ vectors[:, some].T


def _null_space(products: np.ndarray) -> np.ndarray:
    """Directions (p, k) that cross products of columns of unit length say nothing about."""
    values, vectors = np.linalg.eigh(products)
    empty: np.ndarray = vectors[:, values < CLOSE]
    return empty
