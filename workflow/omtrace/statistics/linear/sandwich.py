"""Covariances of least-squares coefficients that do without one common, independent variance of the residuals."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np

Heteroscedastic = Literal["HC0", "HC1", "HC2", "HC3", "HC4"]
CLOSE = 1e-10  # a leverage this near to 1: the row determines a coefficient alone
FEWEST = 2  # clusters


def hc_covariance(x: np.ndarray, residuals: np.ndarray, kind: Heteroscedastic) -> np.ndarray:
    """Covariance (p, p) of the coefficients of a full-rank design x (n, p), whatever the variance of each row.

    HC0 White 1980, HC1 times n/(n - p), HC2 e^2/(1 - h), HC3 e^2/(1 - h)^2 (MacKinnon and White 1985), HC4 e^2/(1 -
    h)^min(4, n h/p) (Cribari-Neto 2004), h the leverage. Raises ValueError for HC2 to HC4 where a leverage is 1.
    """
    (n, p), bread = x.shape, np.linalg.inv(x.T @ x)
    leverage = np.einsum("ij,jk,ik->i", x, bread, x)
    squares = residuals**2
    if kind in ("HC2", "HC3", "HC4"):
        if leverage.max() > 1 - CLOSE:
            raise ValueError(
                f"{kind}: a row determines a coefficient alone (its leverage is 1); take HC1 or drop a term"
            )
        power = {"HC2": 1.0, "HC3": 2.0, "HC4": np.minimum(4.0, n * leverage / p)}[kind]
        squares = squares / (1 - leverage) ** power
    scale = n / (n - p) if kind == "HC1" else 1.0
    return scale * bread @ (x.T * squares) @ x @ bread


class ClusterRobust:
    """CR2 covariance of least-squares coefficients (Bell and McCaffrey 2002) with Satterthwaite degrees of freedom.

    Residuals of a cluster are multiplied by the symmetric root of the inverse of (I - H) of its rows: unbiased where
    rows are in truth independent with one variance. ``x``: (n, p) of full rank; ``cluster``: n labels. Raises
    ValueError for fewer than two clusters.
    """

    def __init__(self, x: np.ndarray, residuals: np.ndarray, cluster: Sequence[Any]) -> None:
        labels = np.asarray(cluster, dtype=object)
        names = sorted(set(labels), key=str)
        if len(names) < FEWEST:
            raise ValueError(f"{len(names)} cluster; a cluster-robust covariance needs at least 2")
        self.clusters, bread = len(names), np.linalg.inv(x.T @ x)
        members = [np.flatnonzero(labels == name) for name in names]
        adjusted = [
            _inverse_root(np.eye(rows.size) - x[rows] @ bread @ x[rows].T) @ x[rows] @ bread for rows in members
        ]
        scores = np.array([residuals[rows] @ part for rows, part in zip(members, adjusted, strict=True)])
        self.covariance = scores.T @ scores
        # Column c of ``whitened[j]`` x a contrast: what cluster j's score is of the errors of all rows.
        self.whitened = []
        for rows, part in zip(members, adjusted, strict=True):
            spread = -x @ (bread @ (x[rows].T @ part))
            spread[rows] += part
            self.whitened.append(spread)

    def df(self, row: np.ndarray) -> float:
        """Degrees of freedom of a combination of the coefficients."""
        vectors = np.column_stack([spread @ row for spread in self.whitened])
        products = vectors.T @ vectors
        return float(np.trace(products) ** 2 / (products**2).sum())


def _inverse_root(matrix: np.ndarray) -> np.ndarray:
    """Symmetric root of the (Moore-Penrose) inverse: directions without variance stay without."""
    values, vectors = np.linalg.eigh(matrix)
    kept = values > CLOSE
    return (vectors[:, kept] / np.sqrt(values[kept])) @ vectors[:, kept].T
