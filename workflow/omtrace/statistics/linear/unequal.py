"""Linear models in which each group has a residual variance of its own."""

import math
from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import TOLERANCE, sample
from omtrace.statistics.linear.model import Estimate, LinearModel
from omtrace.statistics.mixed.mmrm_fit import inference
from omtrace.statistics.mixed.mmrm_likelihood import MmrmLikelihood, products_of
from omtrace.statistics.mixed.mmrm_structures import Blocks, structure_of
from omtrace.statistics.mixed.reml import Inference, search


@dataclass(frozen=True, kw_only=True)
class UnequalModel(LinearModel):
    """A linear model with ``variances`` by group; its tests are those of ``inference``."""

    inference: Inference
    variances: dict[Hashable, float]

    def estimate(self, weights: ArrayLike) -> Estimate:
        """A combination of the coefficients, weights (p,), with Kenward and Roger's standard error and df."""
        estimate, se, df = self.inference.estimates(np.atleast_2d(np.asarray(weights, dtype=float)))
        return Estimate(float(estimate[0, 0]), float(se[0, 0]), float(df[0, 0]))

    def joint_test(self, weights: ArrayLike) -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p, by Kenward and Roger."""
        return self.inference.joint_test(weights)


def fit_unequal(values: ArrayLike, matrix: ArrayLike, group: Sequence[Hashable]) -> UnequalModel:
    """Generalised least squares with a residual variance of each group, by REML (as nlme's gls with varIdent).

    Parameters
    ----------
    values
        The outcome (n,).
    matrix
        Design (n, p) of full rank.
    group
        The group of each row (n,).

    Returns
    -------
    UnequalModel
        Its r_squared is NaN: it has no meaning here.

    Raises
    ------
    ValueError
        Without residual degrees of freedom, and for a group without residual variance.

    Notes
    -----
    Tests are Kenward and Roger's (1997, Biometrics 53: 983); of two groups without covariates they are Welch's.

    Examples
    --------
    >>> model = fit_unequal([1, 2, 3, 4, 9, 8], [[1, 0]] * 3 + [[1, 1]] * 3, ["a"] * 3 + ["b"] * 3)
    >>> round(model.contrast([0, 1])["df"], 4), {name: round(v, 4) for name, v in model.variances.items()}
    (2.56, {'a': 1.0, 'b': 7.0})
    """
    y, x = sample(values), np.asarray(matrix, dtype=float)
    if y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[1]} coefficients leave no residual degrees of freedom")
    names = list(dict.fromkeys(group))
    block = np.array([names.index(name) for name in group], dtype=int)
    basis = np.linalg.qr(x)[0]
    left = y - basis @ (basis.T @ y)
    for place, name in enumerate(names):
        if not np.abs(left[block == place]).max() > TOLERANCE * np.abs(y).max():
            raise ValueError(f"group {name}: its values leave no residual, so that it has no variance of its own")
    spread = np.sqrt(np.bincount(block, left**2) / np.bincount(block))  # variances near 1, however far apart
    rows = np.arange(y.size)
    data = products_of((y / spread[block])[None], x / spread[block, None], rows, rows * 0, block)
    likelihood = MmrmLikelihood(data, Blocks(structure_of("us", 1), len(names)), is_reml=True)
    optimum = search(likelihood, likelihood.start())
    if optimum.refusal[0]:
        raise ValueError(f"a variance of each group cannot be estimated: {optimum.refusal[0]}")
    tests = inference(likelihood, optimum, "kenward_roger", "observed")
    turn, size = np.linalg.inv(data.back.triangle), float(data.scale[0]) ** 2
    return UnequalModel(
        coefficients=data.back.coefficients(optimum.point.beta)[0],
        covariance=size * turn @ tests.covariance[0] @ turn.T,
        residual_ss=float(left @ left),
        df=y.size - x.shape[1],
        values=y.size,
        r_squared=math.nan,
        inference=tests,
        variances=dict(zip(names, (spread**2 * size * optimum.theta[0]).tolist(), strict=True)),
    )
