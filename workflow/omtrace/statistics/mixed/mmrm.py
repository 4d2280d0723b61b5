"""Mixed model for repeated measures: y ~ N(X b, V), V a covariance of the visits that each unit has.

The fit is by REML or ML (``mmrm_likelihood``, ``mmrm_search``), with a structure of the covariance that is named in
the result; when one cannot be fitted, the next of a declared order is tried, and why is kept. Tests of the
coefficients are in ``mmrm_inference``; ``mmrm_visits`` makes the usual design, groups by visits.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from scipy.special import fdtrc

from omtrace.statistics.basic.samples import TOLERANCE, sample
from omtrace.statistics.basic.student import wald_numbers
from omtrace.statistics.mixed.mmrm_inference import METHODS, Inference
from omtrace.statistics.mixed.mmrm_likelihood import Products, constant, products_of
from omtrace.statistics.mixed.mmrm_search import Optimum, search
from omtrace.statistics.mixed.mmrm_structures import STRUCTURES, Blocks, structure_of

FALLBACK = ("us", "toeph", "arh1", "csh")
PAIRS = 3  # units needed with values at two visits for a covariance of these visits: two lie on a line


@dataclass(frozen=True)
class MixedModel:
    """A fitted model.

    ``structure`` was fitted; ``rejected`` names the structures tried before it, each with the reason why it could
    not be. ``covariances`` (q, t, t) of the visits, one for each group of ``groups`` ("" alone: one for all), and
    ``coefficients`` (p,) are in units of the values. ``minus_2_log_likelihood`` is the restricted one for REML, of
    the design as given (it depends on its coding). ``units``, ``values`` and ``parameters`` (of the covariance) are
    counts.
    """

    structure: str
    rejected: tuple[tuple[str, str], ...]
    is_reml: bool
    visits: tuple
    groups: tuple
    units: int
    values: int
    parameters: int
    minus_2_log_likelihood: float
    coefficients: np.ndarray
    covariances: np.ndarray
    _parts: tuple[Products, Blocks, Optimum] = field(repr=False)

    @property
    def aic(self) -> float:
        """Akaike's criterion. For REML (as SAS and mmrm have it) only the parameters of the covariance are counted."""
        return self.minus_2_log_likelihood + 2 * (self.parameters + (0 if self.is_reml else self.coefficients.size))

    def contrast(self, weights: Any, method: str = "kenward_roger", information: str = "observed",
                 level: float = 0.95) -> dict[str, float]:  # fmt: skip
        """Estimate of a combination of the coefficients, weights (p,), with se, ci_low, ci_high, t, df, p.

        ``method`` is one of ``mmrm_inference.METHODS``; ``information`` is "observed" or "expected". Raises
        ValueError for others, for weights of another length, and for Kenward-Roger after ML.
        """
        found = self._inference(method, information).estimates(self._weights(weights))
        estimate, se, df = (float(part[0, 0]) for part in found)
        return {"estimate": estimate, **wald_numbers(estimate, se, df, level)}

    def joint_test(self, weights: Any, method: str = "kenward_roger",
                   information: str = "observed") -> dict[str, float]:  # fmt: skip
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p.

        Kenward-Roger's F is scaled; Satterthwaite's denominator is that of Fai and Cornelius. Raises ValueError as
        ``contrast`` does, and for combinations that depend on each other.
        """
        weights = self._weights(weights)
        f, df = self._inference(method, information).joint(weights)
        return {"f": f, "df_1": float(len(weights)), "df_2": df, "p": float(fdtrc(len(weights), df, f))}

    def choices(self, method: str = "kenward_roger", information: str = "observed") -> dict[str, str]:
        """In words, what was fitted, and the choices on which programs differ."""
        linear = self.structure in ("us", "toep", "cs")
        return {
            "structure": STRUCTURES[self.structure] + (" by group" if len(self.groups) > 1 else ""),
            "rejected": "; ".join(f"{name}: {reason}" for name, reason in self.rejected),
            "likelihood": "REML" if self.is_reml else "ML",
            "degrees_of_freedom": METHODS[method],
            "information": f"{information} information of the covariance parameters",
            "parametrisation": f"variances and {'covariances' if linear else 'correlations'}",
        }

    def _inference(self, method: str, information: str) -> Inference:
        if not self.is_reml and method != "satterthwaite":
            raise ValueError("Kenward-Roger needs REML; take Satterthwaite for ML")
        data, model, found = self._parts
        return Inference(data, model, found, method, information)

    def _weights(self, weights: Any) -> np.ndarray:
        array = np.atleast_2d(np.asarray(weights, dtype=float))
        if array.shape[1] != self.coefficients.size or not np.isfinite(array).all() or not array.any(axis=1).all():
            raise ValueError(f"weights: not {self.coefficients.size} numbers, or all of them 0")
        return array


def fit_mmrm(values: Any, design: Any, unit: Any, visit: Any, visits: Sequence, structures: Sequence[str] = FALLBACK,
             is_reml: bool = True, group: Any = None) -> MixedModel:  # fmt: skip
    """Fit values (n,) with a design (n, p) of rows that are named by unit (n,) and visit (n,).

    ``visits`` are in time order. ``structures`` are tried in this order until one can be fitted. With ``group`` (n,),
    constant within units, each group has a covariance of its own. Rows without a value are not given: a unit may lack
    any visit, and is then fitted by the others (valid if what is missing depends on observed values only). Raises
    ValueError for missing values, rows named twice, unknown visits, fewer than two visits with values, dependent
    columns, no residual, and when no structure can be fitted, with the reason of each.
    """
    y = sample(values)
    rows = Rows.of(design, unit, visit, visits, group)
    if rows.design.shape[0] != y.size:
        raise ValueError(f"{y.size} values for {rows.design.shape[0]} rows of the design")
    data = products_of(y[None], rows.design, rows.unit, rows.visit, rows.block)
    if data.scale[0] <= TOLERANCE * np.abs(y).max():
        raise ValueError("the outcome leaves no residual: it is constant, or the terms of the model reproduce it")
    rejected: list[tuple[str, str]] = []
    for name in structures:
        model = Blocks(structure_of(name, len(rows.visits)), len(rows.groups))
        reason = _too_few(data, model, rows)
        if not reason:
            found = search(data, model, is_reml)
            reason = str(found.refusal[0])
        if not reason:
            return _fitted(name, rejected, is_reml, rows, data, model, found)
        rejected.append((name, reason))
    reasons = "; ".join(f"{name}: {reason}" for name, reason in rejected)
    raise ValueError(f"no covariance structure can be fitted: {reasons or 'none was named'}")


def _fitted(name: str, rejected: list, is_reml: bool, rows: "Rows", data: Products, model: Blocks,
            found: Optimum) -> MixedModel:  # fmt: skip
    inference = Inference(data, model, found, "satterthwaite", "observed")
    return MixedModel(
        structure=name,
        rejected=tuple(rejected),
        is_reml=is_reml,
        visits=rows.visits,
        groups=rows.groups,
        units=rows.block.size,
        values=int(data.values[0]),
        parameters=model.size,
        minus_2_log_likelihood=float((found.point.value + constant(data, is_reml))[0]),
        coefficients=inference.coefficients()[0],
        covariances=model.sigma(found.theta)[0] * data.scale[0] ** 2,
        _parts=(data, model, found),
    )


def _too_few(data: Products, model: Blocks, rows: "Rows") -> str:
    """Why the covariances or correlations of a structure have too few units with values at two visits, or ""."""
    derivatives = model.structure.first(np.full((1, model.structure.size), 0.5))[0]
    apart = [one != 0 for one in derivatives if not np.diagonal(one).any()]
    for block, label in enumerate(rows.groups):
        for touched in apart:
            having = (data.pairs & touched).any(axis=(1, 2)) & (data.block == block)
            if (units := int(data.count[0, having].sum())) < PAIRS:
                pairs = [f"{rows.visits[i]} and {rows.visits[j]}" for i, j in np.argwhere(np.triu(touched))]
                where = f"group {label}, " if len(rows.groups) > 1 else ""
                return f"{where}{' or '.join(pairs)}: {units} units have values at both, {PAIRS} are needed"
    return ""


@dataclass(frozen=True)
class Rows:
    """Rows of a design as arrays: ``unit``, ``visit`` (n,) count from 0; ``block`` (units,) is a unit's group."""

    design: np.ndarray
    unit: np.ndarray
    visit: np.ndarray
    block: np.ndarray
    visits: tuple
    groups: tuple

    @classmethod
    def of(cls, design: Any, unit: Any, visit: Any, visits: Sequence, group: Any = None) -> "Rows":
        """The rows checked, visits without any row left out. Raises ValueError for what ``fit_mmrm`` refuses."""
        x = np.asarray(design, dtype=float)
        units, unit_at = _coded(unit)
        seen, visit_at = _coded(visit, list(visits), "visit")
        if x.ndim != 2 or not len(x) == unit_at.size == visit_at.size or not np.isfinite(x).all():
            raise ValueError("the design is no table of finite numbers with one row for each value")
        if len(seen) < 2:
            raise ValueError(f"values at {len(seen)} visits: a model for repeated measures needs at least two")
        twice = unit_at.size - np.unique(unit_at * len(seen) + visit_at).size
        if twice:
            raise ValueError(f"{twice} rows name a unit and visit that another row names")
        if len(x) <= x.shape[1]:
            raise ValueError(f"{len(x)} values for {x.shape[1]} coefficients leave no residual degrees of freedom")
        size = np.linalg.norm(x, axis=0)
        if (size == 0).any() or np.linalg.matrix_rank(x / size) < x.shape[1]:
            raise ValueError("the model's columns depend on each other: a term is constant, or given by others")
        groups, group_at = _coded(np.zeros(len(x)) if group is None else group)
        block = np.zeros(len(units), dtype=int)
        block[unit_at] = group_at
        if (block[unit_at] != group_at).any():
            raise ValueError("a unit is in more than one group")
        return cls(x, unit_at, visit_at, block, tuple(seen), ("",) if group is None else tuple(groups))


def _coded(labels: Any, order: list | None = None, name: str = "") -> tuple[list, np.ndarray]:
    """The labels that there are, in the order given or that of their text, and the index of each row's label."""
    given = np.asarray(labels, dtype=object).tolist()
    there = set(given)
    if order is None:
        order = sorted(there, key=str)
    elif unknown := [label for label in there if label not in order]:
        raise ValueError(f"{name}: {len(unknown)} labels that are not among {', '.join(map(str, order))}")
    kept = [label for label in order if label in there]
    index = {label: at for at, label in enumerate(kept)}
    return kept, np.array([index[label] for label in given], dtype=int)
