"""A crossover of any number of periods, sequences and treatments: replicates, Williams squares."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from omtrace.statistics.basic.samples import check_terms, sample
from omtrace.statistics.linear.linear import fit_linear
from omtrace.statistics.linear.model import LinearModel
from omtrace.statistics.mixed.lmm import Method, RandomModel, fit

Units = Literal["fixed", "random"]


@dataclass(frozen=True)
class PeriodDesign:
    """Columns of the model, by term: ``matrix`` (n, p), whose first column is 1, and ``columns`` (term -> slice).

    ``treatments``: the levels, of which the first has no column.
    """

    matrix: np.ndarray
    columns: dict[str, slice]
    treatments: tuple[Hashable, ...]

    def difference(self, treatment: Hashable, reference: Hashable) -> np.ndarray:
        """The weights (p,) of treatment - reference. Raises ValueError for a treatment that there is not."""
        weights = np.zeros(self.matrix.shape[1])
        for name, sign in ((treatment, 1.0), (reference, -1.0)):
            if name not in self.treatments:
                raise ValueError(f"no value under treatment {name}")
            if place := self.treatments.index(name):
                weights[self.columns["treatment"].start + place - 1] += sign
        return weights

    def term(self, name: str) -> np.ndarray:
        """The weights (c, p) of the joint test of a term."""
        place = self.columns[name]
        return np.eye(self.matrix.shape[1])[place]


@dataclass(frozen=True)
class PeriodModel:
    """A fitted crossover: units fixed, by least squares, or random, by REML."""

    design: PeriodDesign
    model: LinearModel | RandomModel
    method: Method

    def difference(self, treatment: Hashable, reference: Hashable, level: float = 0.95) -> dict[str, float]:
        """difference treatment - reference, with se, ci_low, ci_high, t, df, p."""
        weights = self.design.difference(treatment, reference)
        if isinstance(self.model, LinearModel):
            numbers = self.model.contrast(weights, level)
        else:
            numbers = self.model.contrast(weights, self.method, level)
        return {"difference": numbers.pop("estimate"), **numbers}

    def test(self, term: str) -> dict[str, float]:
        """f, df_1, df_2, p that a term (treatment, period, carry-over) makes no difference."""
        weights = self.design.term(term)
        if isinstance(self.model, LinearModel):
            return self.model.joint_test(weights)
        return self.model.joint_test(weights, self.method)


@dataclass(frozen=True)
class PeriodRows:
    """The values of a crossover, a row each: ``values`` (n,), and labels (n,).

    ``before``: the treatment of the period before, as assigned; None in the first period.
    """

    values: ArrayLike
    unit: Sequence[Hashable]
    sequence: Sequence[Hashable]
    period: Sequence[Hashable]
    treatment: Sequence[Hashable]
    before: Sequence[Hashable | None]


def fit_periods(
    rows: PeriodRows, units: Units = "fixed", carry_over: bool = False, method: Method = "kenward_roger"
) -> PeriodModel:
    """Treatments compared within units, adjusted for periods.

    Parameters
    ----------
    rows
        The values.
    units
        fixed: each unit has a coefficient, so that treatments are compared within units alone (EMA's method A);
        random: sequence is a term, and units have a variance (method B), so that units with few periods say more.
    carry_over
        First-order carry-over of the treatment before is a term, and treatments are adjusted for it.
    method
        Standard errors and degrees of freedom where units are random.

    Returns
    -------
    PeriodModel

    Raises
    ------
    ValueError
        For missing values, terms that cannot be told apart, no residual degrees of freedom, and where a mixed model
        cannot be fitted.

    Notes
    -----
    y = unit (or sequence and a random unit) + period + treatment (+ carry-over) + error. Jones and Kenward 2014,
    Design and Analysis of Cross-Over Trials, chapter 5; Williams 1949, Aust J Sci Res A 2: 149.
    """
    y = sample(rows.values)
    between = ("unit", rows.unit) if units == "fixed" else ("sequence", rows.sequence)
    parts, columns, start = [np.ones((y.size, 1))], {}, 1
    treatments = tuple(dict.fromkeys(sorted(rows.treatment, key=str)))
    terms = [between, ("period", rows.period), ("treatment", rows.treatment)]
    if carry_over:
        terms.append(("carry-over", rows.before))
    for name, labels in terms:
        levels = sorted({label for label in labels if label is not None}, key=str)
        part = np.array([[float(label == level) for level in levels[1:]] for label in labels])
        parts.append(part.reshape(y.size, -1))
        columns[name] = slice(start, start + len(levels[1:]))
        start += len(levels[1:])
    design = PeriodDesign(np.hstack(parts), columns, treatments)
    check_terms(design.matrix, ["intercept", *(n for n, place in columns.items() for _ in design.matrix[0, place])])
    if units == "fixed":
        return PeriodModel(design, fit_linear(y, design.matrix), method)
    return PeriodModel(design, fit(y, design.matrix, {"unit": np.asarray(rows.unit, dtype=object)}), method)
