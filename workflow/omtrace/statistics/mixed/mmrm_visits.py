"""Groups compared at each visit by a mixed model for repeated measures: adjusted means, differences, joint tests.

The model is outcome ~ group x visit + covariates (with a slope at each visit, or one for all) + factors. Its columns
are the cells group x visit, covariates less their reference value, and factor levels less their weights, so that an
adjusted mean is the coefficient of its cell: at the reference values, and over the levels with these weights.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from omtrace.statistics.basic.samples import sample
from omtrace.statistics.mixed.mmrm import FALLBACK, MixedModel, fit_mmrm

if TYPE_CHECKING:
    import pandas


@dataclass(frozen=True)
class Terms:
    """The columns of a frame with one row a unit and visit, and what they are to the model.

    ``visits`` are in time order, ``groups`` start with the reference. Covariates and factors do not change within a
    unit. ``weights`` of the levels of each factor in the adjusted means: equal, or as observed (by units).
    """

    outcome: str
    unit: str
    visit: str
    group: str
    visits: Sequence
    groups: Sequence
    by_visit: Sequence[str] = ()
    covariates: Sequence[str] = ()
    factors: Sequence[str] = ()
    weights: Literal["equal", "observed"] = "equal"


@dataclass(frozen=True)
class VisitModel:
    """A fitted model of groups by visits.

    ``reference`` holds the value of each covariate (its mean over units) and the weight of each level of each factor
    in the adjusted means. ``units`` counts the units of a group, ``values`` those of a group at a visit.
    """

    model: MixedModel
    reference: dict[str, float | dict[Any, float]]
    units: dict[Any, int]
    values: dict[tuple[Any, Any], int]
    method: str
    information: str
    level: float

    def adjusted_mean(self, group: Any, visit: Any) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of a group at a visit."""
        found = self._contrast(self._cell(group, visit))
        return {"adjusted_mean": found["estimate"], **{name: found[name] for name in ("se", "ci_low", "ci_high", "df")}}

    def difference(self, group: Any, reference: Any, visit: Any) -> dict[str, float]:
        """difference group - reference at a visit, with se, ci_low, ci_high, t, df, p."""
        found = self._contrast(self._cell(group, visit) - self._cell(reference, visit))
        return {"difference": found.pop("estimate"), **found}

    def combined_mean(self, group: Any, weights: Mapping[Any, float]) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of a weighted sum of a group's adjusted means, by visit."""
        found = self._contrast(self._combined(group, weights))
        return {"adjusted_mean": found["estimate"], **{name: found[name] for name in ("se", "ci_low", "ci_high", "df")}}

    def combined_difference(self, group: Any, reference: Any, weights: Mapping[Any, float]) -> dict[str, float]:
        """difference of such sums, group - reference, with se, ci_low, ci_high, t, df, p."""
        found = self._contrast(self._combined(group, weights) - self._combined(reference, weights))
        return {"difference": found.pop("estimate"), **found}

    def any_difference(self, group: Any, reference: Any) -> dict[str, float]:
        """Joint test of "the groups differ at no visit": f, df_1, df_2, p."""
        return self.model.joint_test(self._differences(group, reference), self.method, self.information)

    def interaction(self, group: Any, reference: Any) -> dict[str, float]:
        """Joint test of "the groups differ by the same at all visits": f, df_1, df_2, p."""
        rows = self._differences(group, reference)
        return self.model.joint_test(rows[1:] - rows[0], self.method, self.information)

    def choices(self) -> dict[str, str]:
        """In words, what was fitted, and the choices on which programs differ."""
        return self.model.choices(self.method, self.information)

    def _contrast(self, weights: np.ndarray) -> dict[str, float]:
        return self.model.contrast(weights, self.method, self.information, self.level)

    def _combined(self, group: Any, weights: Mapping[Any, float]) -> np.ndarray:
        return np.sum([weight * self._cell(group, visit) for visit, weight in weights.items()], axis=0)

    def _differences(self, group: Any, reference: Any) -> np.ndarray:
        return np.array([self._cell(group, v) - self._cell(reference, v) for v in self.model.visits])

    def _cell(self, group: Any, visit: Any) -> np.ndarray:
        if (group, visit) not in self.values:
            raise ValueError(f"no value of group {group!r} at visit {visit!r}")
        weights = np.zeros(self.model.coefficients.size)
        weights[list(self.values).index((group, visit))] = 1.0
        return weights


def fit_visits(frame: "pandas.DataFrame", terms: Terms, structures: Sequence[str] = FALLBACK, is_reml: bool = True,
               is_by_group: bool = False, method: str = "kenward_roger", information: str = "observed",
               level: float = 0.95) -> VisitModel:  # fmt: skip
    """Fit groups by visits; rows without an outcome are not given.

    ``is_by_group``: each group has a covariance of its own. Other arguments as in ``fit_mmrm`` and
    ``MixedModel.contrast``, whose errors are raised; and ValueError for missing values, a group or visit that is not
    among those named, a group without a value at a visit, fewer than two groups, a factor with one level, or a
    covariate, factor or group that changes within a unit.
    """
    columns = _columns(frame, terms)
    group, visit = columns[terms.group], columns[terms.visit]
    at = {v: (visit == v).astype(float) for v in terms.visits}
    cells = {(g, v): (group == g) * at[v] for v in terms.visits for g in terms.groups}
    if empty := [f"{g} at {v}" for (g, v), cell in cells.items() if not cell.any()]:
        raise ValueError(f"no value in {', '.join(empty)}")
    first = np.unique(_first_rows(columns[terms.unit]))
    parts = list(cells.values())
    reference: dict[str, float | dict[Any, float]] = {}
    for name in (*terms.by_visit, *terms.covariates):
        column = sample(columns[name], name)
        centre = reference[name] = float(column[first].mean())
        parts += [(column - centre) * at[v] for v in terms.visits] if name in terms.by_visit else [column - centre]
    for name in terms.factors:
        weights = reference[name] = _weights(columns[name][first], name, terms.weights)
        parts += [(columns[name] == one).astype(float) - weight for one, weight in list(weights.items())[1:]]
    model = fit_mmrm(
        columns[terms.outcome], np.column_stack(parts), columns[terms.unit], visit, terms.visits, structures, is_reml,
        group if is_by_group else None,
    )  # fmt: skip
    units = {g: int((group[first] == g).sum()) for g in terms.groups}
    values = {cell: int(column.sum()) for cell, column in cells.items()}
    return VisitModel(model, reference, units, values, method, information, level)


def _columns(frame: "pandas.DataFrame", terms: Terms) -> dict[str, np.ndarray]:
    """The columns of the model as arrays of objects. Raises ValueError for what ``fit_visits`` refuses in them."""
    from pandas import isna

    fixed = [terms.group, *terms.by_visit, *terms.covariates, *terms.factors]
    names = [terms.outcome, terms.unit, terms.visit, *fixed]
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice in the model")
    for name in names:
        if name not in frame:
            raise ValueError(f"{name}: no such column")
    columns = {name: frame[name].to_numpy(dtype=object) for name in names}
    for name, column in columns.items():
        if missing := int(isna(column).sum()):
            raise ValueError(f"{name}: {missing} of {len(frame)} values are missing")
    if len(set(terms.groups)) < 2 or len(set(terms.groups)) < len(terms.groups):
        raise ValueError(f"{terms.group}: fewer than 2 groups, or one named twice")
    for name, known in ((terms.group, terms.groups), (terms.visit, terms.visits)):
        if others := sum(label not in known for label in columns[name]):
            raise ValueError(f"{name}: {others} rows of none of {', '.join(map(str, known))}")
    first = _first_rows(columns[terms.unit])
    for name in fixed:
        if (columns[name] != columns[name][first]).any():
            raise ValueError(f"{name}: changes within a unit")
    return columns


def _first_rows(units: np.ndarray) -> np.ndarray:
    """For each row the first row of its unit."""
    first: dict[Any, int] = {}
    return np.array([first.setdefault(unit, row) for row, unit in enumerate(units)], dtype=int)


def _weights(values: np.ndarray, name: str, kind: str) -> dict[Any, float]:
    """The levels of a factor, in the order of their text, with their weights in adjusted means."""
    counts = Counter(values.tolist())
    if len(counts) < 2:
        raise ValueError(f"{name}: a factor with one level")
    shares = {one: counts[one] / len(values) if kind == "observed" else 1 / len(counts) for one in counts}
    return {one: shares[one] for one in sorted(shares, key=str)}
