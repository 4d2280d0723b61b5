"""Linear mixed model with random intercepts and slopes: y = X b + sum Z_k u_k + e, by REML or ML.

For nested and crossed groups of rows (cage, litter, batch, animal). The covariance parameters theta are variances and
covariances, in which V is linear, so that its second derivatives are zero. Tests of the fixed effects by Kenward and
Roger take the expected information of theta, by Satterthwaite the observed one, as R's pbkrtest and lmerTest do.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import TOLERANCE, sample
from omtrace.statistics.mixed.lmm_likelihood import Component, Effect, LmmLikelihood, LmmPoint, Reduced, components_of
from omtrace.statistics.mixed.reml import (
    NOT_IDENTIFIABLE,
    Inference,
    Optimum,
    Scale,
    at_boundary,
    information_covariance,
    search,
)

METHODS = {"kenward_roger": "Kenward-Roger", "satterthwaite": "Satterthwaite"}
RISES = 1e-7  # of -2 log L by a variance at zero: below, the variance returns to the model
Method = Literal["kenward_roger", "satterthwaite"]


@dataclass(frozen=True)
class RandomModel:
    """A fitted model.

    ``components``: variance (or covariance) by name, "residual" last; 0 for those of ``at_zero``, which left the
    model at their boundary, and ``errors`` the standard errors of the others, from the observed information.
    ``levels``: how many groups each random effect has. ``minus_2_log_likelihood`` is the restricted one for REML, of
    the design as given. ``coefficients`` (p,) are in units of the values.
    """

    components: dict[str, float]
    errors: dict[str, float]
    at_zero: tuple[str, ...]
    levels: dict[str, int]
    is_reml: bool
    values: int
    minus_2_log_likelihood: float
    coefficients: np.ndarray
    _inferences: dict[str, Inference] = field(repr=False)

    def contrast(self, weights: ArrayLike, method: Method = "kenward_roger", level: float = 0.95) -> dict[str, float]:
        """Estimate of a combination of the coefficients, weights (p,), with se, ci_low, ci_high, t, df, p.

        Raises
        ------
        ValueError
            For another method, for weights of another length, and for Kenward-Roger after ML.
        """
        return self._inference(method).contrast(weights, level)

    def joint_test(self, weights: ArrayLike, method: Method = "kenward_roger") -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p.

        Kenward-Roger's F is scaled; Satterthwaite's denominator is that of Fai and Cornelius.

        Raises
        ------
        ValueError
            As ``contrast`` does, and for combinations that depend on each other.
        """
        return self._inference(method).joint_test(weights)

    def _inference(self, method: str) -> Inference:
        if method not in METHODS:
            raise ValueError(f"degrees of freedom: one of {', '.join(METHODS)}")
        if method == "kenward_roger" and not self.is_reml:
            raise ValueError("Kenward-Roger needs REML")
        return self._inferences[method]


def fit(
    values: ArrayLike,
    design: ArrayLike,
    random: Mapping[str, ArrayLike],
    slopes: Mapping[str, ArrayLike] | None = None,
    reml: bool = True,
    negative: bool = False,
) -> RandomModel:
    """Fit values on a design with random effects of groups.

    Parameters
    ----------
    values
        The outcome (n,).
    design
        Columns (n, p) of the fixed effects.
    random
        Name -> the group of each row (n,), which has a random intercept.
    slopes
        For some of these names a numeric vector (n,) whose slope is random too, correlated with the intercept.
    reml
        Restricted likelihood, else the full one.
    negative
        Variances below zero are estimated as such, so that a model keeps the degrees of freedom of its groups where
        these are more alike than by chance (SAS's NOBOUND).

    Returns
    -------
    RandomModel

    Raises
    ------
    ValueError
        For missing values, a design with dependent columns or no residual, a random effect whose groups are all one,
        as many as the rows, the groups of another effect, or given by the fixed effects; for an intercept and slope
        with a correlation of 1 or beyond; and where no optimum is found.
    """
    y, x = sample(values), np.asarray(design, dtype=float)
    if x.ndim != 2 or len(x) != y.size or y.size <= x.shape[1]:
        raise ValueError(f"{y.size} values for {x.shape[-1]} coefficients leave no residual degrees of freedom")
    size = np.linalg.norm(x, axis=0)
    if (size == 0).any() or np.linalg.matrix_rank(x / size) < x.shape[1]:
        raise ValueError("the columns of the fixed effects depend on each other")
    basis, triangle = np.linalg.qr(x)
    offset = basis.T @ y
    residual = y - basis @ offset
    scale = float(np.sqrt(residual @ residual / (y.size - x.shape[1])))
    if scale <= TOLERANCE * np.abs(y).max():
        raise ValueError("the fixed effects leave no residual")
    effects = _effects(random, slopes or {}, y.size)
    _check_groups(effects, basis)
    reduced = Reduced.of(effects, basis, residual / scale)
    components = components_of(effects, reduced)
    found = _fitted(reduced, components, reml, negative)
    optimum, active = found.optimum, found.active
    likelihood = LmmLikelihood(reduced, [components[k] for k in active], reml)
    of_values = dict.fromkeys([*(c.name for c in components), "residual"], 0.0)
    names = [*(components[k].name for k in active), "residual"]
    variances = of_values | {name: float(v) * scale**2 for name, v in zip(names, optimum.theta[0], strict=True)}
    _check_slopes(variances, slopes or {})
    back = Scale(triangle, offset[None], np.array([scale]))
    spread = {name: information_covariance(optimum, name) for name in ("expected", "observed")}
    bias = likelihood.bias(optimum.theta, optimum.point, spread["expected"])
    errors = np.sqrt(np.diag(spread["observed"][0])) * scale**2
    constant = back.constant(np.array([y.size]), reml)
    return RandomModel(
        components=variances,
        errors=dict(zip(names, errors.tolist(), strict=True)),
        at_zero=tuple(name for name in of_values if name not in names),
        levels={effect.name: effect.groups for effect in effects},
        is_reml=reml,
        values=y.size,
        minus_2_log_likelihood=float((optimum.point.value + constant)[0]),
        coefficients=back.coefficients(optimum.point.beta)[0],
        _inferences={
            "kenward_roger": Inference(back, optimum, spread["expected"], bias),
            "satterthwaite": Inference(back, optimum, spread["observed"], None),
        },
    )


def _effects(random: Mapping[str, ArrayLike], slopes: Mapping[str, ArrayLike], n: int) -> list[Effect]:
    effects: list[Effect] = []
    for name, labels in random.items():
        groups, member = np.unique(np.asarray(labels, dtype=object).astype(str), return_inverse=True)
        if member.size != n:
            raise ValueError(f"{name}: not one group a value")
        if groups.size < 2 or groups.size == n:
            raise ValueError(
                f"{name}: {groups.size} group{'s' * (groups.size != 1)} of {n} values; a random effect needs 2 or "
                "more, and fewer than values"
            )
        for other in effects:
            if groups.size == other.groups == np.unique(member * other.groups + other.member).size:
                raise ValueError(f"{name} and {other.name} have the same groups: leave one of them out")
        columns = [np.ones(n), *([sample(slopes[name], name)] if name in slopes else [])]
        effects.append(Effect(name, member, groups.size, np.column_stack(columns)))
    return effects


def _check_groups(effects: list[Effect], basis: np.ndarray) -> None:
    """Raise ValueError where the fixed effects, of which ``basis`` (n, p) is orthonormal, give an effect's groups.

    Then no difference between groups is left to estimate their variance from.
    """
    p = basis.shape[1]
    for effect in effects:
        if effect.groups > p:
            continue
        indicators = effect.matrix.toarray()[:, :: effect.columns.shape[1]]
        left = indicators - basis @ (basis.T @ indicators)
        if np.linalg.norm(left) <= np.sqrt(TOLERANCE) * np.linalg.norm(indicators):
            raise ValueError(
                f"{effect.name} is confounded with the fixed effects: they differ between its {effect.groups} groups "
                "and nowhere else, so that no variance of the groups can be told from them"
            )


@dataclass(frozen=True)
class _Fit:
    """The optimum, and which components have a part in it."""

    optimum: Optimum[LmmPoint]
    active: list[int]


def _fitted(reduced: Reduced, components: list[Component], is_reml: bool, negative: bool) -> _Fit:
    """The optimum; a variance at zero returns where the likelihood rises."""
    sizes = np.array([*(component.size for component in components), 1.0])
    shares = np.where(sizes > 0, 1 / np.where(sizes > 0, sizes, 1.0) / (sizes > 0).sum(), 0.0)
    active, start = list(range(len(components))), shares
    returned: set[int] = set()
    while True:
        parts = [components[k] for k in active]
        bounded = np.array([*(part.is_variance and not negative for part in parts), True])
        optimum = search(LmmLikelihood(reduced, parts, is_reml), start[None], bounded)
        theta = optimum.theta[0]
        zero = at_boundary(optimum.theta, bounded)[0]
        if zero.any():
            start = np.append(np.maximum(theta, 1e-3 * bounded)[:-1], theta[-1])[~zero]
            active = [k for k, is_zero in zip(active, zero[:-1], strict=True) if not is_zero]
            continue
        if reason := str(optimum.refusal[0]):
            raise ValueError(_words(reason, negative))
        whole = np.zeros((1, len(components) + 1))
        whole[0, [*active, -1]] = theta
        everything = LmmLikelihood(reduced, components, is_reml)
        gradient = everything.differentiate(whole, everything.evaluate(whole)).gradient[0]
        back = [k for k in range(len(components)) if k not in {*active, *returned} and gradient[k] < -RISES]
        if not back:
            return _Fit(optimum, active)
        returned.update(back)
        whole[0, back] = 1e-3 * theta[-1]
        active = sorted([*active, *back])
        start = whole[0, [*active, -1]]


def _words(reason: str, negative: bool) -> str:
    """Why there is no optimum."""
    if negative:
        return f"{reason}; with variances below zero the covariance of the rows may become singular"
    return "the random effects cannot be told from each other" if reason == NOT_IDENTIFIABLE else reason


def _check_slopes(variances: Mapping[str, float], slopes: Mapping[str, ArrayLike]) -> None:
    """Raise ValueError where an intercept and its slope have no covariance matrix (a correlation of 1 or beyond)."""
    for name in slopes:
        intercept, slope, covariance = (variances[f"{name}{end}"] for end in ("", ", slope", ", covariance"))
        if not intercept * slope > covariance**2:
            raise ValueError(f"{name}: intercept and slope are not both needed; leave the slope out")
