"""The model matrix of groups with covariates and factors, and the combinations of its coefficients that mean something.

Columns: the reference group, the difference of every other group from it, covariates less their mean, indicators of
factor levels (the first has none) less the weights of the levels, and the products of groups with one of these. An
adjusted mean is then the sum of the reference group's coefficient and its own difference: at the covariates' means, and
over the levels of the factors with their weights, equal or as observed. This is the average over the reference grid of
R's emmeans.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from omtrace.statistics.basic.samples import TOLERANCE, sample

if TYPE_CHECKING:
    import pandas

Weights = Literal["equal", "observed"]


@dataclass(frozen=True)
class Terms:
    """What the columns of a frame are to a model.

    ``groups`` in the model, the reference first; none: those of the frame, after ``reference``. ``interaction``: the
    covariate or factor whose products with the groups are in the model. ``weights`` of the levels of factors.
    """

    outcome: str
    group: str
    groups: Sequence = ()
    reference: Any = None
    covariates: Sequence[str] = ()
    factors: Sequence[str] = ()
    interaction: str = ""
    weights: Weights = "equal"


class Design:
    """A model matrix (n, p) and what its columns stand for.

    Raises ValueError for missing values, fewer than two groups, groups without rows, factors with one level, columns
    that depend on each other, and fewer rows than columns (or as many, where ``residual`` is needed).
    """

    def __init__(self, frame: "pandas.DataFrame", terms: Terms, residual: bool = True) -> None:
        check_columns(frame, [terms.outcome, terms.group, *terms.covariates, *terms.factors])
        self.terms, self.n = terms, len(frame)
        self.y = sample(frame[terms.outcome], terms.outcome)
        present = {name: int(n) for name, n in frame[terms.group].value_counts().items() if n}
        self.groups = list(terms.groups) or _groups(present, terms.reference)
        if absent := [name for name in self.groups if name not in present]:
            what = "no row of the reference group" if absent[0] == self.groups[0] else f"no row of group {absent[0]!r}"
            raise ValueError(f"{terms.group}: {what}")
        if len(self.groups) < 2:
            raise ValueError(f"{terms.group}: fewer than 2 groups")
        if outside := sorted(set(map(str, present)) - set(map(str, self.groups))):
            raise ValueError(f"{terms.group}: rows of other groups: {', '.join(outside)}")
        self.size = {name: present[name] for name in self.groups}
        self.dummies = np.column_stack([frame[terms.group].to_numpy() == name for name in self.groups[1:]]).astype(
            float
        )
        self.levels = {name: _levels(frame[name], name) for name in terms.factors}
        self.centre: dict[str, np.ndarray] = {}
        self.codes: dict[str, np.ndarray] = {}
        for name in terms.covariates:
            self.codes[name] = sample(frame[name], name)[:, None]
            self.centre[name] = self.codes[name].mean(axis=0)
        for name, levels in self.levels.items():
            codes = np.column_stack([frame[name].to_numpy() == level for level in levels[1:]]).astype(float)
            equal = np.full(len(levels) - 1, 1 / len(levels))
            self.codes[name], self.centre[name] = codes, codes.mean(axis=0) if terms.weights == "observed" else equal
        self.matrix = self._matrix(self.dummies)
        _check_rank(self.matrix, residual)

    def _matrix(self, dummies: np.ndarray) -> np.ndarray:
        parts = [np.ones((self.n, 1)), dummies, *(codes - self.centre[name] for name, codes in self.codes.items())]
        if self.terms.interaction:
            codes = self.codes[self.terms.interaction] - self.centre[self.terms.interaction]
            parts.append((dummies[:, :, None] * codes[:, None, :]).reshape(self.n, -1))
        return np.column_stack(parts)

    def as_if(self, group: Any) -> np.ndarray:
        """The model matrix if every row belonged to a group."""
        return self._matrix(np.tile(self._dummy(group), (self.n, 1)))

    def _dummy(self, group: Any) -> np.ndarray:
        if group not in self.size:
            raise ValueError(f"no row of the group {group!r}")
        return np.array([float(group == name) for name in self.groups[1:]])

    def mean(self, group: Any, at: dict[str, Any] | None = None) -> np.ndarray:
        """Coefficients of a group's adjusted mean; ``at``: covariates and factors that are held at a value or level."""
        dummy, at = self._dummy(group), at or {}
        shifts = {name: self._code(name, at[name]) - self.centre[name] if name in at else np.zeros(codes.shape[1])
                  for name, codes in self.codes.items()}  # fmt: skip
        parts = [np.ones(1), dummy, *shifts.values()]
        if self.terms.interaction:
            parts.append(np.outer(dummy, shifts[self.terms.interaction]).ravel())
        return np.concatenate(parts)

    def _code(self, name: str, value: Any) -> np.ndarray:
        if name not in self.levels:
            return np.array([float(value)])
        if value not in self.levels[name]:
            raise ValueError(f"{name}: no row of the level {value!r}")
        return np.array([float(value == level) for level in self.levels[name][1:]])

    def difference(self, group: Any, reference: Any, at: dict[str, Any] | None = None) -> np.ndarray:
        """Coefficients of the difference of two groups' adjusted means."""
        return self.mean(group, at) - self.mean(reference, at)

    def interactions(self, group: Any, reference: Any) -> np.ndarray:
        """Coefficients (k, p) of how the difference of two groups changes over the term that groups interact with."""
        name = self.terms.interaction
        values = self.levels[name] if name in self.levels else [0.0, 1.0]
        rows = [self.difference(group, reference, {name: value}) for value in values]
        return np.array([row - rows[0] for row in rows[1:]])


def _groups(present: dict, reference: Any) -> list:
    others = sorted((name for name in present if name != reference), key=str)
    return others if reference is None else [reference, *others]


def _levels(column: "pandas.Series", name: str) -> list:
    levels = sorted(set(column), key=str)
    if len(levels) < 2:
        raise ValueError(f"{name}: a factor with one level")
    return levels


def check_columns(frame: "pandas.DataFrame", names: Sequence[str]) -> None:
    """Raise ValueError for columns that are named twice, are not there, or have missing values."""
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice in the model")
    for name in names:
        if name not in frame:
            raise ValueError(f"{name}: no such column")
        if missing := int(frame[name].isna().sum()):
            raise ValueError(f"{name}: {missing} of {len(frame)} values are missing")


def _check_rank(matrix: np.ndarray, residual: bool) -> None:
    rows, columns = matrix.shape
    if rows <= columns - (not residual):
        raise ValueError(f"{rows} rows for {columns} coefficients leave no residual degrees of freedom")
    size = np.linalg.norm(matrix, axis=0)
    if (size <= TOLERANCE * np.abs(matrix).max()).any() or np.linalg.matrix_rank(matrix / size) < columns:
        raise ValueError("the model's columns depend on each other: a term is constant, or given by others")
