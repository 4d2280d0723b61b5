"""Denominator degrees of freedom of joint tests in models with a covariance estimated by REML.

Shared by the mixed models: ``z`` (c, p) are the combinations tested, ``phi`` (p, p) the inverse of X'V^-1 X, ``slopes``
(k, p, p) X'V^-1 V_k V^-1 X by covariance parameter, ``spread`` (k, k) the covariance of these parameters.
"""

import math

import numpy as np


def kenward_roger(z: np.ndarray, phi: np.ndarray, slopes: np.ndarray, spread: np.ndarray) -> tuple[float, float]:
    """The scale lambda of F and its denominator m (Kenward and Roger 1997); NaN where their moments do not exist."""
    c = len(z)
    projected = z.T @ np.linalg.solve(z @ phi @ z.T, z)
    products = projected @ phi @ slopes @ phi
    traces = np.trace(products, axis1=1, axis2=2)
    a1 = float(traces @ spread @ traces)
    a2 = float(np.einsum("kl,kij,lji->", spread, products, products, optimize=True))
    if a2 == 0:
        return math.nan, math.nan
    b = (a1 + 6 * a2) / (2 * c)
    g = ((c + 1) * a1 - (c + 4) * a2) / ((c + 2) * a2)
    size = 3 * c + 2 * (1 - g)
    c1, c2, c3 = g / size, (c - g) / size, (c + 2 - g) / size
    mean = 1 / (1 - a2 / c)
    variance = 2 / c * (1 + c1 * b) / ((1 - c2 * b) ** 2 * (1 - c3 * b))
    ratio = variance / (2 * mean**2)
    df = 4 + (c + 2) / (c * ratio - 1)
    if not (a2 < c and ratio > 0 and df > 2):
        return math.nan, math.nan
    return df / (mean * (df - 2)), df


def fai_cornelius(z: np.ndarray, phi: np.ndarray, slopes: np.ndarray, spread: np.ndarray) -> float:
    """The denominator from the degrees of freedom of independent combinations (Fai and Cornelius 1996).

    NaN where none of them has more than 2.
    """
    _, vectors = np.linalg.eigh(z @ phi @ z.T)
    moved = vectors.T @ z @ phi
    variance = (moved * (vectors.T @ z)).sum(axis=1)
    gradient = np.einsum("cp,kpq,cq->ck", moved, slopes, moved, optimize=True)
    df = 2 * variance**2 / ((gradient @ spread) * gradient).sum(axis=1)
    if len(df) == 1:
        return float(df[0])
    expected = float((df[df > 2] / (df[df > 2] - 2)).sum())
    return 2 * expected / (expected - len(df)) if expected > len(df) else math.nan
