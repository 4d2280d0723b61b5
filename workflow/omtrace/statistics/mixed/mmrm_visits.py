"""Arms compared at each visit by a mixed model for repeated measures: adjusted means, differences, joint tests.

The model is response ~ arm x visit + baseline x visit + covariates + factors. Its columns are the cells arm x visit,
covariates less their reference value, and factor levels less their weights, so that an adjusted mean is the coefficient
of its cell: at the reference values, and over the levels with these weights.
"""

from collections import Counter
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from omtrace.statistics.basic.samples import centred, check_terms, sample
from omtrace.statistics.mixed.mmrm_fit import FALLBACK, Information, Method, MixedModel, check_reached, fit_mmrm

if TYPE_CHECKING:
    import pandas

MEAN_NAMES = ("se", "ci_low", "ci_high", "df")


@dataclass(frozen=True)
class MmrmResult:
    """A fitted model of arms by visits; ``print`` shows it.

    Attributes
    ----------
    model
        The fit: covariance, coefficients, likelihood.
    response
        Name of the outcome.
    reference
        Of each covariate the value, and of each factor the weights of its levels, in the adjusted means.
    covariate_means
        Whether these are means over the rows with a value, or over units.
    units, values
        How many units an arm has, and how many values at a visit: (arm, visit) -> count.
    method, information, level
        Of the tests and intervals.
    """

    model: MixedModel
    response: str
    reference: dict[str, float | dict[Hashable, float]]
    covariate_means: str
    units: dict[Hashable, int]
    values: dict[tuple[Hashable, Hashable], int]
    method: Method
    information: Information
    level: float

    def adjusted_mean(self, arm: Hashable, visit: Hashable) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of an arm at a visit."""
        return self._mean(self._cell(arm, visit))

    def difference(self, arm: Hashable, reference: Hashable, visit: Hashable) -> dict[str, float]:
        """difference arm - reference at a visit, with se, ci_low, ci_high, t, df, p."""
        return self._difference(self._cell(arm, visit) - self._cell(reference, visit))

    def combined_mean(self, arm: Hashable, weights: Mapping[Hashable, float]) -> dict[str, float]:
        """adjusted_mean, se, ci_low, ci_high, df of a weighted sum of an arm's adjusted means, by visit."""
        return self._mean(self._combined(arm, weights))

    def combined_difference(
        self, arm: Hashable, reference: Hashable, weights: Mapping[Hashable, float]
    ) -> dict[str, float]:
        """difference of such sums, arm - reference, with se, ci_low, ci_high, t, df, p."""
        return self._difference(self._combined(arm, weights) - self._combined(reference, weights))

    def any_difference(self, arm: Hashable, reference: Hashable) -> dict[str, float]:
        """Joint test of "the arms differ at no visit": f, df_1, df_2, p."""
        return self.model.joint_test(self._differences(arm, reference), self.method, self.information)

    def interaction(self, arm: Hashable, reference: Hashable) -> dict[str, float]:
        """Joint test of "the arms differ by the same at all visits": f, df_1, df_2, p."""
        rows = self._differences(arm, reference)
        return self.model.joint_test(rows[1:] - rows[0], self.method, self.information)

    def adjusted_means(self) -> "pandas.DataFrame":
        """The adjusted means, a row an arm and visit."""
        import pandas

        rows = [{"arm": arm, "visit": visit, **self.adjusted_mean(arm, visit)} for visit, arm in self._cells()]
        return pandas.DataFrame(rows)

    def differences(self) -> "pandas.DataFrame":
        """The differences of each arm from the first, a row an arm and visit."""
        import pandas

        first = next(iter(self.units))
        rows = [
            {"arm": arm, "reference": first, "visit": visit, **self.difference(arm, first, visit)}
            for visit, arm in self._cells()
            if arm != first
        ]
        return pandas.DataFrame(rows)

    def choices(self) -> dict[str, str]:
        """In words, what was fitted, and the choices on which programs differ."""
        return self.model.choices(self.method, self.information)

    def __str__(self) -> str:
        words, model = self.choices(), self.model
        lines = [
            f"Mixed model for repeated measures of {self.response}: {model.units} units, {model.values} values",
            f"Covariance {words['structure']}, {words['likelihood']}, -2 log likelihood "
            f"{model.minus_2_log_likelihood:.2f}",
            f"{words['degrees_of_freedom']}, {words['information']}; intervals of {100 * self.level:g}%",
            *(f"Covariance {name} was not fitted: {reason}" for name, reason in model.rejected),
        ]
        numeric = [f"{name} = {value:.5g}" for name, value in self.reference.items() if isinstance(value, float)]
        if numeric:
            lines.append(f"Adjusted means at {', '.join(numeric)} (means over {self.covariate_means})")
        tables = (self.adjusted_means(), self.differences())
        shown = [table.to_string(index=False, float_format=lambda value: f"{value:.4g}") for table in tables]
        return "\n".join([*lines, "", *shown[0].split("\n"), "", *shown[1].split("\n")])

    def _cells(self) -> list[tuple[Hashable, Hashable]]:
        return [(visit, arm) for visit in self.model.visits for arm in self.units]

    def _mean(self, weights: np.ndarray) -> dict[str, float]:
        numbers = self._contrast(weights)
        return {"adjusted_mean": numbers["estimate"], **{name: numbers[name] for name in MEAN_NAMES}}

    def _difference(self, weights: np.ndarray) -> dict[str, float]:
        numbers = self._contrast(weights)
        return {"difference": numbers.pop("estimate"), **numbers}

    def _contrast(self, weights: np.ndarray) -> dict[str, float]:
        return self.model.contrast(weights, self.method, self.information, self.level)

    def _combined(self, arm: Hashable, weights: Mapping[Hashable, float]) -> np.ndarray:
        return np.sum([weight * self._cell(arm, visit) for visit, weight in weights.items()], axis=0)

    def _differences(self, arm: Hashable, reference: Hashable) -> np.ndarray:
        return np.array([self._cell(arm, v) - self._cell(reference, v) for v in self.model.visits])

    def _cell(self, arm: Hashable, visit: Hashable) -> np.ndarray:
        if (arm, visit) not in self.values:
            raise ValueError(f"no value of {arm!r} at visit {visit!r}")
        weights = np.zeros(self.model.coefficients.size)
        weights[list(self.values).index((arm, visit))] = 1.0
        return weights


def mmrm(
    data: "pandas.DataFrame",
    response: str,
    unit: str,
    visit: str,
    arm: str,
    baseline: str | None = None,
    *,
    covariates: Sequence[str] = (),
    factors: Sequence[str] = (),
    visits: Sequence[Hashable] | None = None,
    arms: Sequence[Hashable] | None = None,
    structures: Sequence[str] = FALLBACK,
    times: Mapping[Hashable, float] | None = None,
    row_weights: str | None = None,
    covariance_by_arm: bool = False,
    is_reml: bool = True,
    method: Method = "kenward_roger",
    information: Information = "observed",
    covariate_means: Literal["rows", "units"] = "rows",
    weights: Literal["equal", "observed"] = "equal",
    level: float = 0.95,
) -> MmrmResult:
    """Fit a mixed model for repeated measures and compare arms at each visit.

    Parameters
    ----------
    data
        One row a unit and visit. Rows without a response are left out: a unit may lack any visit.
    response, unit, visit, arm
        Names of columns: the outcome; who was measured; when; the treatment.
    baseline
        Name of a numeric column, constant within units, that has a slope at each visit.
    covariates
        Names of numeric columns, constant within units, with one slope for all visits.
    factors
        Names of categorical columns, constant within units.
    visits
        The visits in time order; by default the categories of the column, or its numbers in rising order.
    arms
        The arms, the reference first; by default the categories of the column, or its values in order.
    structures
        Covariances of the visits (us, toep, toeph, ar1, arh1, cs, csh, ad, adh, sp_exp), tried in this order until one
        can be fitted. The result names the one that was, and why not those before it.
    times
        When each visit was, for sp_exp.
    row_weights
        Name of a column of positive weights: the variance of a value is that of its visit over its weight.
    covariance_by_arm
        Each arm has a covariance of its own.
    is_reml
        Restricted likelihood, else the full one.
    method
        Standard errors and degrees of freedom: kenward_roger, kenward_roger_linear (without the second derivatives of
        the covariance), satterthwaite, or a sandwich by unit (CR0, CR2, CR3), robust against a wrong covariance.
    information
        Information of the covariance parameters that the tests use: observed (as SAS and R's mmrm) or expected.
    covariate_means
        The value of covariates in the adjusted means, and the shares of observed levels: means over the rows with a
        response (as SAS, R's mmrm and emmeans), or over units.
    weights
        Of factor levels in the adjusted means: equal, or as observed.
    level
        Confidence level.

    Returns
    -------
    MmrmResult

    Raises
    ------
    ValueError
        For columns that there are not, missing values but in the response, an arm or visit that is not among those
        named, a visit that no unit reached, an arm without a value at a visit, fewer than two arms, texts as visits
        that are not named in order, a factor with one level, a covariate, factor or arm that changes within a unit,
        dependent terms, and where no covariance can be fitted.

    Notes
    -----
    y ~ N(X b, V) with V the rows and columns of one covariance of the visits that a unit has. Valid if what is missing
    depends on observed values only. Mallinckrodt and others 2008, Drug Information Journal 42:303; Kenward and Roger
    1997, Biometrics 53:983.

    Examples
    --------
    >>> import numpy, pandas
    >>> generator = numpy.random.default_rng(1)
    >>> unit = numpy.repeat(numpy.arange(40), 3)
    >>> data = pandas.DataFrame({"unit": unit, "month": numpy.tile([1, 2, 3], 40)})
    >>> data["arm"] = numpy.where(unit % 2 == 0, "sham", "active")
    >>> data["base"] = generator.normal(60, 5, 40)[unit].round()
    >>> change = generator.normal(0, 3, 40)[unit] + generator.normal(0, 2, 120) - 2 * (unit % 2) * data["month"]
    >>> data["score"] = (data["base"] + change).round(1).where(generator.random(120) > 0.1)
    >>> result = mmrm(data, "score", "unit", "month", "arm", "base", arms=["sham", "active"])
    >>> print(result)
    Mixed model for repeated measures of score: 40 units, 98 values
    Covariance unstructured, REML, -2 log likelihood 458.16
    Kenward-Roger, observed information of the covariance parameters; intervals of 95%
    Adjusted means at base = 59.969 (means over rows)
    <BLANKLINE>
       arm  visit  adjusted_mean     se  ci_low  ci_high    df
      sham      1          58.21 0.6117   56.97    59.45 34.06
    active      1             57 0.5783   55.82    58.18  33.2
      sham      2          60.09 0.6904   58.69     61.5 33.45
    active      2          55.79 0.6913   54.38    57.19 33.48
      sham      3          60.15 0.7857   58.54    61.76 28.38
    active      3          52.91 0.8761   51.12    54.69 30.46
    <BLANKLINE>
       arm reference  visit  difference     se  ci_low  ci_high      t    df         p
    active      sham      1       -1.21 0.8409   -2.92   0.4996 -1.439 33.66    0.1594
    active      sham      2      -4.305 0.9768  -6.291   -2.319 -4.407 33.46 0.0001021
    active      sham      3      -7.245  1.177   -9.65   -4.841 -6.157 29.66 9.441e-07
    """
    numeric = [*([baseline] if baseline else []), *covariates]
    used = data[data[response].notna()] if response in data else data
    columns = columns_of(used, response, unit, visit, arm, [*numeric, *factors])
    visits, arms = order_of(data[visit], visits, is_time=True), order_of(data[arm], arms, is_time=False)
    check_labels(columns, visit, visits, arm, arms)
    group, time = columns[arm], columns[visit]
    is_at = {v: (time == v).astype(float) for v in visits}
    check_reached(visits, [v for v in visits if is_at[v].any()])
    cells = _cells_of(group, arms, is_at)
    first, every = np.unique(_first_rows(columns[unit])), np.arange(len(group))
    reference = _reference(columns, first if covariate_means == "units" else every, numeric, factors, weights)
    parts = [*cells.values(), *_centred(columns, reference, baseline, list(is_at.values()))]
    design, by = np.column_stack(parts), group if covariance_by_arm else None
    check_terms(design, [*(f"{a} at {v}" for a, v in cells), *_terms_of(reference, baseline, len(visits))])
    when, w = [times[v] for v in visits] if times else None, used[row_weights] if row_weights else None
    model = fit_mmrm(columns[response], design, columns[unit], time, visits, structures, is_reml, by, when, w)
    return MmrmResult(
        model=model,
        response=response,
        reference=reference,
        covariate_means=covariate_means,
        units={a: int((group[first] == a).sum()) for a in arms},
        values={cell: int(column.sum()) for cell, column in cells.items()},
        method=method,
        information=information,
        level=level,
    )


def columns_of(
    data: "pandas.DataFrame", response: str, unit: str, visit: str, arm: str, terms: Sequence[str]
) -> dict[str, np.ndarray]:
    """The columns of a model as arrays of objects.

    Raises
    ------
    ValueError
        For columns that there are not, missing values but in the response, and terms or arms that change in a unit.
    """
    from pandas import isna

    names = [response, unit, visit, arm, *terms]
    if len(set(names)) < len(names):
        raise ValueError("a column is named twice in the model")
    for name in names:
        if name not in data:
            raise ValueError(f"{name}: no such column")
    columns = {name: data[name].to_numpy(dtype=object) for name in names}
    for name, column in columns.items():
        if name != response and (missing := int(isna(column).sum())):
            raise ValueError(f"{name}: {missing} of {len(data)} values are missing")
    first = _first_rows(columns[unit])
    for name in [arm, *terms]:
        if (columns[name] != columns[name][first]).any():
            raise ValueError(f"{name}: changes within a unit")
    return columns


def _reference(
    columns: dict[str, np.ndarray], over: np.ndarray, numeric: Sequence[str], factors: Sequence[str], weights: str
) -> dict[str, float | dict[Hashable, float]]:
    """The mean of each covariate, and the weights of each factor's levels, over some of the rows."""
    reference: dict[str, float | dict[Hashable, float]] = {}
    for name in numeric:
        reference[name] = float(sample(columns[name], name)[over].mean())
    return reference | {name: _weights(columns[name][over], name, weights) for name in factors}


def _centred(
    columns: dict[str, np.ndarray],
    reference: dict[str, float | dict[Hashable, float]],
    baseline: str | None,
    visits: list[np.ndarray],
) -> list[np.ndarray]:
    """The columns of baseline (one a visit), covariates and factors, less their reference values."""
    parts: list[np.ndarray] = []
    for name, value in reference.items():
        if isinstance(value, dict):
            parts += [(columns[name] == label).astype(float) - share for label, share in list(value.items())[1:]]
            continue
        column = centred(sample(columns[name], name), value)
        parts += [column * is_visit for is_visit in visits] if name == baseline else [column]
    return parts


def _terms_of(reference: dict[str, float | dict[Hashable, float]], baseline: str | None, visits: int) -> Iterator[str]:
    """The term of each column of ``_centred``."""
    for name, value in reference.items():
        count = len(value) - 1 if isinstance(value, dict) else visits if name == baseline else 1
        yield from [name] * count


def order_of(column: "pandas.Series", given: Sequence[Hashable] | None, is_time: bool) -> list[Hashable]:
    """The labels of a column in order: as given, as its categories, or sorted. Texts have no order in time."""
    from pandas import CategoricalDtype
    from pandas.api.types import is_numeric_dtype

    if given is not None:
        return list(given)
    if isinstance(column.dtype, CategoricalDtype):
        return list(column.cat.categories)
    if is_time and not is_numeric_dtype(column):
        raise ValueError(
            f"{column.name}: texts have no order in time; name the visits in order, or make it categorical"
        )
    return sorted(column.dropna().unique().tolist())


def check_labels(
    columns: dict[str, np.ndarray], visit: str, visits: list[Hashable], arm: str, arms: list[Hashable]
) -> None:
    """Raise ValueError for fewer than two arms, and for labels of rows that are not among those named."""
    if len(set(arms)) < 2 or len(set(arms)) < len(arms):
        raise ValueError(f"{arm}: fewer than 2 groups, or one named twice")
    for name, known in ((arm, arms), (visit, visits)):
        if others := sum(label not in known for label in columns[name]):
            raise ValueError(f"{name}: {others} rows of none of {', '.join(map(str, known))}")


def _cells_of(
    group: np.ndarray, arms: Sequence[Hashable], is_at: Mapping[Hashable, np.ndarray]
) -> dict[tuple[Hashable, Hashable], np.ndarray]:
    """The column of each arm at each visit. Raises ValueError for an arm without a value at one."""
    cells = {(arm, visit): (group == arm) * rows for visit, rows in is_at.items() for arm in arms}
    if missing := [f"{arm} at {visit}" for (arm, visit), cell in cells.items() if not cell.any()]:
        raise ValueError(f"no value in {', '.join(missing)}")
    return cells


def _first_rows(units: np.ndarray) -> np.ndarray:
    """For each row the first row of its unit."""
    first: dict[Hashable, int] = {}
    return np.array([first.setdefault(unit, row) for row, unit in enumerate(units)], dtype=int)


def _weights(values: np.ndarray, name: str, kind: str) -> dict[Hashable, float]:
    """The levels of a factor, in the order of their text, with their weights in adjusted means."""
    counts = Counter(values.tolist())
    if len(counts) < 2:
        raise ValueError(f"{name}: a factor with one level")
    shares = {label: counts[label] / len(values) if kind == "observed" else 1 / len(counts) for label in counts}
    return {label: shares[label] for label in sorted(shares, key=str)}
