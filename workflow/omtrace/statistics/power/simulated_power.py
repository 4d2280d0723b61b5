"""Power of a trial with repeated visits, by simulation and the mixed model for repeated measures."""

import math

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.mixed.mmrm_replicates import contrast_many

CHUNK = 50  # trials that share their baselines


def simulated_power(
    covariance: ArrayLike,
    n: int,
    difference: float,
    replicates: int,
    seed: int,
    dropout: float = 0.0,
    alpha: float = 0.05,
) -> dict[str, float]:
    """Share of simulated trials that find the difference at the last visit: power, mcse, replicates, refused.

    ``covariance`` (1 + k, 1 + k): of the baseline and k visits, within groups. n units a group; multivariate normal,
    baselines drawn anew for every 50 trials; the difference grows in equal steps to its whole at the last visit; a
    share ``dropout`` of the units leaves at random, evenly over the visits. Each trial is analysed by group x visit and
    baseline x visit, unstructured covariance, Kenward and Roger's test. Trials that cannot be fitted count as not
    found. ``mcse``: the Monte Carlo standard error. Raises ValueError for a covariance that is not positive definite.
    """
    sigma = np.asarray(covariance, dtype=float)
    visits, generator = len(sigma) - 1, np.random.default_rng(np.random.SeedSequence(seed))
    slopes = sigma[1:, 0] / sigma[0, 0]
    try:
        root = np.linalg.cholesky(sigma[1:, 1:] - np.outer(slopes, sigma[0, 1:]))
    except np.linalg.LinAlgError:
        raise ValueError("the covariance of the visits is not positive definite") from None
    group = np.repeat([0, 1], n)
    unit, visit = np.repeat(np.arange(2 * n), visits), np.tile(np.arange(visits), 2 * n)
    effect = group[:, None] * difference * np.arange(1, visits + 1) / visits
    row = np.zeros((1, 3 * visits))
    row[0, [visits - 1, 2 * visits - 1]] = -1, 1
    found = refused = 0
    for start in range(0, replicates, CHUNK):
        size = min(CHUNK, replicates - start)
        baseline = math.sqrt(sigma[0, 0]) * generator.standard_normal(2 * n)
        noise = generator.standard_normal((size, 2 * n, visits)) @ root.T
        values = noise + baseline[:, None] * slopes + effect
        leaves = generator.random((size, 2 * n))
        gone = np.floor(leaves * visits / dropout) if dropout else np.full(leaves.shape, visits)
        values[np.arange(visits) >= gone[..., None]] = np.nan
        design = np.zeros((2 * n * visits, 3 * visits))
        design[np.arange(len(design)), group[unit] * visits + visit] = 1
        design[np.arange(len(design)), 2 * visits + visit] = baseline[unit]
        fitted = contrast_many(values.reshape(size, -1), design, unit, visit, range(visits), row)
        refused += int((fitted.refusal != "").sum())
        found += int((fitted.p[:, 0] < alpha).sum())
    power = found / replicates
    return {
        "power": power,
        "mcse": math.sqrt(power * (1 - power) / replicates),
        "replicates": float(replicates),
        "refused": float(refused),
    }
