"""Batch correction by parametric empirical Bayes (ComBat), with missing values and a reference batch.

Johnson, Li and Rabinovic 2007, Biostatistics 8:118. Location and scale of each batch are shrunk over the features: with
few features there is little to shrink towards. The search for the posterior stops where sva's does (1e-4), so that the
results are the same.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.assay.batches import within
from omtrace.statistics.basic.samples import TOLERANCE

STOP = 1e-4
MOST = 1000


@dataclass(frozen=True)
class Corrected:
    """Corrected values (features, samples), NaN where none was, and which features were left alone (features,)."""

    values: np.ndarray
    untouched: np.ndarray
    batches: tuple[object, ...]


def confounding(batch: ArrayLike, covariates: ArrayLike) -> str:
    """Why batches cannot be told from the covariates (samples, p), or "": the rank of what is left within batches."""
    member = np.unique(np.asarray(batch), return_inverse=True)[1]
    x = np.asarray(covariates, dtype=float).reshape(len(member), -1)
    x = x - x.mean(axis=0)
    x = x[:, np.linalg.norm(x, axis=0) > TOLERANCE]
    if x.shape[1] and np.linalg.matrix_rank(x) < x.shape[1]:
        return "the groups depend on each other"
    left = within(x, member) / np.linalg.norm(x, axis=0)
    if x.shape[1] and np.linalg.matrix_rank(left, tol=TOLERANCE) < x.shape[1]:
        return "batch and group are confounded: no correction can tell one from the other"
    return ""


def efficiency(batch: ArrayLike, contrast: ArrayLike) -> float:
    """Share of the information on a contrast (samples,) left once batches are adjusted for: 1 balanced, 0 none."""
    c = np.asarray(contrast, dtype=float)
    whole, left = c - c.mean(), within(c, np.unique(np.asarray(batch), return_inverse=True)[1])
    return float(left @ left / (whole @ whole))


def combat(
    values: ArrayLike, batch: ArrayLike, covariates: ArrayLike | None = None, reference: object = None
) -> Corrected:
    """Correct values (features, samples), NaN missing, for batches (samples,); ``covariates`` (samples, p) are kept.

    ``reference``: a batch that stays as it is, the others are brought to it. Features that do not vary within a batch,
    or that a batch lacks, are left untouched. Raises ValueError for confounded or single-sample batches, fewer than two
    batches, or fewer than two features to learn from.
    """
    x, labels = np.asarray(values, dtype=float), np.unique(np.asarray(batch))
    member = np.searchsorted(labels, np.asarray(batch))
    extra = np.zeros((x.shape[1], 0)) if covariates is None else np.asarray(covariates, float).reshape(x.shape[1], -1)
    extra = extra[:, np.ptp(extra, axis=0) > 0] if extra.size else extra
    count = np.bincount(member)
    if labels.size < 2:
        raise ValueError("one batch: nothing to correct")
    if count.min() < 2:
        raise ValueError(f"batch {labels[count.argmin()]} has one sample: its spread is unknown")
    if reference is not None and reference not in labels:
        raise ValueError(f"there is no batch {reference!r}")
    if reason := confounding(batch, extra):
        raise ValueError(reason)
    base = None if reference is None else int(np.flatnonzero(labels == reference)[0])
    spreads = np.array([[_spread(row[member == b]) for b in range(labels.size)] for row in x])
    untouched = ~(spreads > TOLERANCE * np.nanmax(np.abs(x))).all(axis=1)
    if (~untouched).sum() < 2:
        raise ValueError("fewer than two features vary within all batches: there is nothing to shrink towards")
    out = x.copy()
    out[~untouched] = _adjusted(x[~untouched], member, labels.size, extra, base)
    return Corrected(out, untouched, tuple(labels.tolist()))


def _spread(values: np.ndarray) -> float:
    seen = values[np.isfinite(values)]
    return float(seen.std(ddof=1)) if seen.size > 1 else 0.0


def _adjusted(x: np.ndarray, member: np.ndarray, batches: int, extra: np.ndarray, base: int | None) -> np.ndarray:
    there = np.isfinite(x)
    share = np.array([np.bincount(member[t], minlength=batches) for t in there]) / there.sum(axis=1, keepdims=True)
    fits = [_fit(row[t], member[t], extra[t]) for row, t in zip(x, there, strict=True)]
    slopes, shifts = np.array([fit.slopes for fit in fits]), np.array([fit.shifts for fit in fits])
    grand = shifts[:, base] if base is not None else (share * shifts).sum(axis=1)
    residual = np.where(there, x - shifts[:, member] - slopes @ extra.T, 0.0)
    mine = there if base is None else there & (member == base)
    pooled = np.sqrt((residual**2 * mine).sum(axis=1) / mine.sum(axis=1))
    standard = grand[:, None] + slopes @ extra.T
    z = (x - standard) / pooled[:, None]
    for b in range(batches):
        if b == base:
            continue
        columns = member == b
        batch = _posterior(z[:, columns])
        z[:, columns] = (z[:, columns] - batch.location[:, None]) / np.sqrt(batch.variance)[:, None]
    out = z * pooled[:, None] + standard
    if base is not None:
        out[:, member == base] = x[:, member == base]
    return out


@dataclass(frozen=True)
class _Feature:
    """A feature's slopes on the covariates (p,), and its mean in each batch (batches,), covariates at zero."""

    slopes: np.ndarray
    shifts: np.ndarray


def _fit(values: np.ndarray, member: np.ndarray, extra: np.ndarray) -> _Feature:
    """Least squares of values (n,) on covariates (n, p) and one column a batch."""
    slopes = np.linalg.lstsq(within(extra, member), within(values, member), rcond=None)[0]
    return _Feature(slopes, np.bincount(member, values - extra @ slopes) / np.bincount(member))


@dataclass(frozen=True)
class _Posterior:
    """Posterior location and variance of the features in a batch (features,)."""

    location: np.ndarray
    variance: np.ndarray


def _posterior(z: np.ndarray) -> _Posterior:
    """Those of one batch, by alternation."""
    n = np.isfinite(z).sum(axis=1)
    gamma_hat, delta_hat = np.nanmean(z, axis=1), np.nanvar(z, axis=1, ddof=1)
    centre, tau = gamma_hat.mean(), gamma_hat.var(ddof=1)
    m, s = delta_hat.mean(), delta_hat.var(ddof=1)
    if not (tau > 0 and s > 0):
        raise ValueError("the features' batch effects do not differ: there is no prior to learn")
    a, b = (2 * s + m**2) / s, (m * s + m**3) / s
    gamma, delta = gamma_hat, delta_hat
    for _ in range(MOST):
        next_gamma = (tau * n * gamma_hat + delta * centre) / (tau * n + delta)
        squares = np.nansum((z - next_gamma[:, None]) ** 2, axis=1)
        next_delta = (0.5 * squares + b) / (n / 2 + a - 1)
        change = max((np.abs(next_gamma - gamma) / gamma).max(), (np.abs(next_delta - delta) / delta).max())
        gamma, delta = next_gamma, next_delta
        if change < STOP:
            return _Posterior(gamma, delta)
    raise ValueError("the batch effects did not converge")
