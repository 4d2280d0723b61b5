"""Mixed model for repeated measures: y ~ N(X b, V), V a covariance of the visits that each unit has.

The fit is by REML or ML (``mmrm_likelihood``), with a structure of the covariance that is named in the result; when one
cannot be fitted, the next of a declared order is tried, and why is kept. ``mmrm_visits`` makes the usual design, groups
by visits; ``mmrm_replicates`` fits many data sets at once.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import NO_RESIDUAL, TOLERANCE, sample
from omtrace.statistics.mixed.mmrm_likelihood import MmrmLikelihood, MmrmPoint, Products, products_of
from omtrace.statistics.mixed.mmrm_robust import ROBUST, Robust, RobustInference, robust_clusters
from omtrace.statistics.mixed.mmrm_structures import STRUCTURES, Blocks, structure_of
from omtrace.statistics.mixed.reml import INFORMATION, Inference, Optimum, information_covariance, search

FALLBACK = ("us", "toeph", "arh1", "csh")
METHODS = {
    "kenward_roger": "Kenward-Roger",
    "kenward_roger_linear": "Kenward-Roger without the second derivatives of the covariance",
    "satterthwaite": "Satterthwaite",
    "CR0": "sandwich by unit (CR0), Satterthwaite",
    "CR2": "bias-reduced sandwich by unit (CR2), Satterthwaite",
    "CR3": "sandwich by unit of the jackknife (CR3), Satterthwaite",
}
PAIRS = 3  # units needed with values at two visits for a covariance of these visits: two lie on a line
FAR = 0.5  # share of the sum of squares of the residuals that one value has where it is too far from the others

Method = Literal["kenward_roger", "kenward_roger_linear", "satterthwaite", "CR0", "CR2", "CR3"]
Information = Literal["observed", "expected"]


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
    _likelihood: MmrmLikelihood = field(repr=False)
    _optimum: Optimum[MmrmPoint] = field(repr=False)
    _values: np.ndarray = field(repr=False)
    _rows: "Rows" = field(repr=False)
    _inferences: dict[tuple[str, str], Inference | RobustInference] = field(repr=False, default_factory=dict)

    @property
    def aic(self) -> float:
        """Akaike's criterion. For REML (as SAS and mmrm have it) only the parameters of the covariance are counted."""
        return self.minus_2_log_likelihood + 2 * (self.parameters + (0 if self.is_reml else self.coefficients.size))

    def contrast(
        self,
        weights: ArrayLike,
        method: Method = "kenward_roger",
        information: Information = "observed",
        level: float = 0.95,
    ) -> dict[str, float]:
        """Estimate of a combination of the coefficients, weights (p,), with se, ci_low, ci_high, t, df, p.

        Raises
        ------
        ValueError
            For another method or information, for weights of another length, and for Kenward-Roger after ML.
        """
        return self._inference(method, information).contrast(weights, level)

    def joint_test(
        self, weights: ArrayLike, method: Method = "kenward_roger", information: Information = "observed"
    ) -> dict[str, float]:
        """Test that all combinations, weights (c, p), are 0: f, df_1, df_2, p.

        Kenward-Roger's F is scaled; the denominator of the others is that of Fai and Cornelius.

        Raises
        ------
        ValueError
            As ``contrast`` does, and for combinations that depend on each other.
        """
        return self._inference(method, information).joint_test(weights)

    def choices(self, method: Method = "kenward_roger", information: Information = "observed") -> dict[str, str]:
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

    def _inference(self, method: Method, information: Information) -> Inference | RobustInference:
        if not self.is_reml and method.startswith("kenward_roger"):
            raise ValueError("Kenward-Roger needs REML; take Satterthwaite for ML")
        if (method, information) not in self._inferences:
            if method == "CR0" or method == "CR2" or method == "CR3":
                made: Inference | RobustInference = self._robust(method)
            else:
                made = inference(self._likelihood, self._optimum, method, information)
            self._inferences[method, information] = made
        return self._inferences[method, information]

    def _robust(self, kind: Robust) -> RobustInference:
        """Tests with a sandwich by unit, the fitted covariance as working model."""
        data, rows, beta = self._likelihood.data, self._rows, self._optimum.point.beta[0]
        basis, back = data.design.rows(rows.visit), data.back
        residuals = (self._values - basis @ back.offset[0]) / back.scale[0] - basis @ beta
        sigma = self.covariances / back.scale[0] ** 2
        units = np.split(np.argsort(rows.unit, kind="stable"), np.cumsum(np.bincount(rows.unit))[:-1])
        covariances = [
            sigma[block][np.ix_(rows.visit[own], rows.visit[own])]
            for block, own in zip(rows.block.tolist(), units, strict=True)
        ]
        return RobustInference(back, beta, robust_clusters(basis, residuals, units, covariances, kind))


def inference(likelihood: MmrmLikelihood, optimum: Optimum[MmrmPoint], method: str, information: str) -> Inference:
    """Tests at the optimum.

    Two choices on which programs differ are the caller's to name: the covariance parameters are the natural ones of
    ``mmrm_structures``, and their covariance is that of the observed, or of the expected, information.

    Raises
    ------
    ValueError
        For a method or an information that there is not.
    """
    known = [name for name in METHODS if name not in ROBUST]
    if method not in known or information not in INFORMATION:
        raise ValueError(f"degrees of freedom: one of {', '.join(known)}, with observed or expected information")
    spread, bias = information_covariance(optimum, information), None
    if method != "satterthwaite":
        has_second = method == "kenward_roger"
        bias = likelihood.bias(optimum.theta, optimum.point, optimum.derivatives.slopes, spread, has_second)
    return Inference(likelihood.data.back, optimum, spread, bias)


def fit_mmrm(
    values: ArrayLike,
    design: ArrayLike,
    unit: ArrayLike,
    visit: ArrayLike,
    visits: Sequence,
    structures: Sequence[str] = FALLBACK,
    is_reml: bool = True,
    group: ArrayLike | None = None,
    times: Sequence[float] | None = None,
    weights: ArrayLike | None = None,
) -> MixedModel:
    """Fit values with a design of rows that are named by unit and visit.

    Parameters
    ----------
    values
        The outcome (n,). Rows without a value are not given: a unit may lack any visit, and is then fitted by the
        others (valid if what is missing depends on observed values only).
    design
        Columns (n, p).
    unit, visit
        Labels of the rows (n,).
    visits
        Labels of the visits in time order.
    structures
        Covariances of the visits, tried in this order until one can be fitted.
    is_reml
        Restricted likelihood, else the full one.
    group
        With labels (n,), constant within units, each group has a covariance of its own.
    times
        When each visit was, for the structure sp_exp.
    weights
        Positive weights of the rows (n,): the variance of a row is that of its visit over its weight, and correlations
        are as they were, V = G^(-1/2) S G^(-1/2) with the weights on the diagonal of G, as in R's mmrm. The covariances
        of the result are those at a weight of 1.

    Returns
    -------
    MixedModel

    Raises
    ------
    ValueError
        For missing values, weights that are not positive, rows named twice, unknown visits, a visit without values,
        fewer than two visits, dependent columns, no residual, and when no structure can be fitted, with the reason of
        each.
    """
    y, x, log_weights = _weighted(sample(values), design, weights)
    rows = Rows.of(x, unit, visit, visits, group)
    if rows.design.shape[0] != y.size:
        raise ValueError(f"{y.size} values for {rows.design.shape[0]} rows of the design")
    data = products_of(y[None], rows.design, rows.unit, rows.visit, rows.block)
    if data.scale[0] <= TOLERANCE * np.abs(y).max():
        raise ValueError(NO_RESIDUAL)
    rejected: list[tuple[str, str]] = []
    for name in structures:
        model = Blocks(structure_of(name, len(rows.visits), times), len(rows.groups))
        reason = _too_few(data, model, rows)
        if not reason:
            likelihood = MmrmLikelihood(data, model, is_reml)
            optimum = search(likelihood, likelihood.start())
            reason = str(optimum.refusal[0])
            reason += _far_value(y, rows) if reason else ""
        if not reason:
            break
        rejected.append((name, reason))
    else:
        raise ValueError(f"no covariance structure can be fitted: {_by_reason(rejected) or 'none was named'}")
    return MixedModel(
        structure=name,
        rejected=tuple(rejected),
        is_reml=is_reml,
        visits=rows.visits,
        groups=rows.groups,
        units=rows.block.size,
        values=int(data.values[0]),
        parameters=model.size,
        minus_2_log_likelihood=float((optimum.point.value + data.back.constant(data.values, is_reml))[0]) - log_weights,
        coefficients=data.back.coefficients(optimum.point.beta)[0],
        covariances=model.sigma(optimum.theta)[0] * data.scale[0] ** 2,
        _likelihood=likelihood,
        _optimum=optimum,
        _values=y,
        _rows=rows,
    )


class _Weighted(NamedTuple):
    """Values and design times the root of each row's weight, and the sum of the logarithms of the weights."""

    values: np.ndarray
    design: ArrayLike
    log_weights: float


def _weighted(values: np.ndarray, design: ArrayLike, weights: ArrayLike | None) -> _Weighted:
    """Rows by which the model with weights is one without. Raises ValueError for weights that are not positive."""
    if weights is None:
        return _Weighted(values, design, 0.0)
    w = sample(weights, "weights")
    if w.size != values.size or (w <= 0).any():
        raise ValueError("weights: one positive number for each value is needed")
    root = np.sqrt(w)
    return _Weighted(values * root, np.asarray(design, dtype=float) * root[:, None], float(np.log(w).sum()))


def _by_reason(rejected: Sequence[tuple[str, str]]) -> str:
    """The structures that were rejected, those for one reason together."""
    by_reason: dict[str, list[str]] = {}
    for name, reason in rejected:
        by_reason.setdefault(reason, []).append(name)
    return "; ".join(f"{', '.join(names)}: {reason}" for reason, names in by_reason.items())


def _too_few(data: Products, model: Blocks, rows: "Rows") -> str:
    """Why the covariances or correlations of a structure have too few units with values at two visits, or ""."""
    derivatives = model.structure.first(np.full((1, model.structure.size), 0.5))[0]
    apart = [matrix != 0 for matrix in derivatives if not np.diagonal(matrix).any()]
    for block, label in enumerate(rows.groups):
        for touched in apart:
            having = (data.pairs & touched).any(axis=(1, 2)) & (data.block == block)
            if (units := int(data.count[0, having].sum())) < PAIRS:
                pairs = [f"{rows.visits[i]} and {rows.visits[j]}" for i, j in np.argwhere(np.triu(touched))]
                where = f"group {label}, " if len(rows.groups) > 1 else ""
                return f"{where}{' or '.join(pairs)}: {units} units have values at both, {PAIRS} are needed"
    return ""


def _far_value(y: np.ndarray, rows: "Rows") -> str:
    """In words, the value (by unit and visit) that makes up most of the residual sum of squares of the rest, or ""."""
    basis = np.linalg.qr(rows.design)[0]
    squares = (y - basis @ (basis.T @ y)) ** 2
    row = int(squares.argmax())
    if squares[row] < FAR * squares.sum():
        return ""
    return f" (the value of unit {rows.units[rows.unit[row]]} at {rows.visits[rows.visit[row]]} is far from all others)"


@dataclass(frozen=True)
class Rows:
    """Rows of a design as arrays: ``unit``, ``visit`` (n,) count from 0; ``block`` (units,) is a unit's group."""

    design: np.ndarray
    unit: np.ndarray
    visit: np.ndarray
    block: np.ndarray
    units: tuple
    visits: tuple
    groups: tuple

    @classmethod
    def of(
        cls, design: ArrayLike, unit: ArrayLike, visit: ArrayLike, visits: Sequence, group: ArrayLike | None = None
    ) -> "Rows":
        """The rows checked. Raises ValueError for what ``fit_mmrm`` refuses."""
        x = np.asarray(design, dtype=float)
        by_unit, by_visit = _Coded.of(unit), _Coded.of(visit, list(visits), "visit")
        units, unit_index, seen, visit_index = by_unit.labels, by_unit.index, by_visit.labels, by_visit.index
        if x.ndim != 2 or not len(x) == unit_index.size == visit_index.size or not np.isfinite(x).all():
            raise ValueError("the design is no table of finite numbers with one row for each value")
        check_reached(visits, seen)
        if len(seen) < 2:
            raise ValueError(f"values at {len(seen)} visits: a model for repeated measures needs at least two")
        twice = unit_index.size - np.unique(unit_index * len(seen) + visit_index).size
        if twice:
            raise ValueError(f"{twice} rows name a unit and visit that another row names")
        if len(x) <= x.shape[1]:
            raise ValueError(f"{len(x)} values for {x.shape[1]} coefficients leave no residual degrees of freedom")
        size = np.linalg.norm(x, axis=0)
        if (size == 0).any() or np.linalg.matrix_rank(x / size) < x.shape[1]:
            raise ValueError("the model's columns depend on each other: a term is constant, or given by others")
        by_group = _Coded.of(np.zeros(len(x)) if group is None else group)
        block = np.zeros(len(units), dtype=int)
        block[unit_index] = by_group.index
        if (block[unit_index] != by_group.index).any():
            raise ValueError("a unit is in more than one group")
        names = ("",) if group is None else tuple(by_group.labels)
        return cls(x, unit_index, visit_index, block, tuple(units), tuple(seen), names)


def check_reached(visits: Sequence, reached: Sequence) -> None:
    """Raise ValueError for visits without any value."""
    if not len(reached):
        raise ValueError(
            f"no unit has a value at {', '.join(map(str, visits))} together with all that the model adjusts for"
        )
    if empty := [label for label in visits if label not in reached]:
        raise ValueError(
            f"no unit has a value at {', '.join(map(str, empty))}: leave it out of the visits, since the covariance "
            "would pass over it as if the visits around it were neighbours"
        )


@dataclass(frozen=True)
class _Coded:
    """The labels that there are, and the index of each row's label among them."""

    labels: list
    index: np.ndarray

    @classmethod
    def of(cls, labels: ArrayLike, order: list | None = None, name: str = "") -> "_Coded":
        """In the order given, or that of their text. Raises ValueError for labels that are not in the order."""
        given = np.asarray(labels, dtype=object).tolist()
        there = set(given)
        if order is None:
            order = sorted(there, key=str)
        elif unknown := [label for label in there if label not in order]:
            raise ValueError(f"{name}: {len(unknown)} labels that are not among {', '.join(map(str, order))}")
        present = [label for label in order if label in there]
        index = {label: place for place, label in enumerate(present)}
        return cls(present, np.array([index[label] for label in given], dtype=int))
