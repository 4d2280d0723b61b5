"""A linear model by terms, with or without random effects, on the records of a dataset.

``mixed_model`` and ``factorial`` say which terms there are; here are the rows of the model, its fit, and the numbers.
"""

import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from omtrace.analyses import Call, Number, Target
from omtrace.analyses._model_options import ModelOptions, PlannedContrast
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import nearest
from omtrace.model.contrast import EVERYBODY, Contrast
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy
    import pandas
    from numpy.typing import ArrayLike

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.linear.design import Design
    from omtrace.statistics.linear.model import LinearModel
    from omtrace.statistics.mixed.lmm import RandomModel

OWN = ("visit", "baseline")  # terms that are no parameter of the dataset
GEOMETRIC = ("geometric_mean", "geometric_mean_low", "geometric_mean_high")
TIME = "time"  # the covariate that says when each visit was
UNIT = "unit"  # the random effect of the units themselves, where each has several rows


@dataclass(frozen=True)
class Fitted:
    """A model of one parameter: its design, its fit, the fit without random effects, and the rows behind it."""

    design: "Design"
    model: "RandomModel | LinearModel"
    naive: "LinearModel"
    chosen: "AnalysisSet"
    rows: "Rows"
    frame: "pandas.DataFrame"

    @property
    def random(self) -> "RandomModel | None":
        """The model, where it has random effects."""
        from omtrace.statistics.mixed.lmm import RandomModel

        return self.model if isinstance(self.model, RandomModel) else None

    def contrast(self, weights: "ArrayLike", o: ModelOptions) -> dict[str, float]:
        """Estimate, se, interval, t, df, p of a combination of the coefficients; the naive p where it is asked for."""
        if self.random:
            found = self.random.contrast(weights, o.df, o.level)
        else:
            found = self.naive.contrast(weights, o.level)
        return found | ({"naive_p": self.naive.contrast(weights)["p"]} if o.naive else {})

    def test(self, term: str, o: ModelOptions) -> dict[str, float]:
        """The type III test of a term; with the naive p where it is asked for."""
        weights = self.design.term(term)
        found = self.random.joint_test(weights, o.df) if self.random else self.naive.joint_test(weights)
        return found | ({"naive_p": self.naive.joint_test(weights)["p"]} if o.naive else {})


def fitted(
    target: Target,
    terms: list[str],
    slopes: Mapping[str, str] | None = None,
    visits: list[str] | None = None,
    time: Mapping[str, float] | None = None,
) -> Fitted:
    """The model of a parameter at a visit, or over several ``visits``. Raises Fault where it cannot be fitted.

    ``time``: of each visit, a covariate of this name.
    """
    from omtrace.statistics.linear.design import design_of
    from omtrace.statistics.linear.linear import fit_linear
    from omtrace.statistics.mixed.lmm import fit

    call, o, slopes = target.call, target.call.options, slopes or {}
    visit = visits or target.visit
    try:
        own = (*OWN, *([TIME] if time else []))
        names = _names(call, terms, slopes, own)
        base = call.baseline() if "baseline" in names else ""
        covariates = [name for name in names if name not in own]
        analysis_set = call.data.select(call.entry.population, target.parameter, visit, base, covariates)
        names, used = [name for name in names if name != TIME or not time], _factors_of(terms)
        levels = _levels(call, analysis_set.frame, [name for name in names if name in used])
        outside = _outside(analysis_set.frame, levels)
        frame = _rows(analysis_set.frame[~outside], names, visit)
        if visits and "visit" in used:
            levels["visit"] = tuple(visits)
        numeric = ["value", *(name for name in names if name in used and name not in levels)]
        frame = frame.astype(dict.fromkeys(numeric, "float64"))
        if time:
            frame = frame.assign(time=frame["visit"].map(time).astype("float64"))
        if o.log and (frame["value"] <= 0).any():
            raise ValueError("a logarithm needs positive values")
        frame = _beyond(frame, o)
        values = [math.log(value) for value in frame["value"]] if o.log else frame["value"].to_numpy()
        design = design_of(frame, terms, levels)
        groups = {name: groups_of(frame, name) for name in random_of(o.random, visit)}
        naive = fit_linear(values, design.matrix)
        along = {name: frame[slope].to_numpy() for name, slope in slopes.items()}
        model = fit(values, design.matrix, groups, along, o.likelihood == "REML", o.negative) if groups else naive
    except ValueError as error:
        raise Refusal(f"{target.where}: {error}") from None
    without = dict.fromkeys(analysis_set.frame.index[outside], "other level of a factor")
    return Fitted(design, model, naive, analysis_set, analysis_set.rows(without=without), frame)


def random_of(random: tuple[str, ...], visit: str | list[str]) -> list[str]:
    """The random effects: a/b is a, and b within a; units with several rows have one of their own."""
    found: dict[str, None] = {}
    for text in random:
        parts = text.split("/")
        found |= dict.fromkeys("/".join(parts[:size]) for size in range(1, len(parts) + 1))
    return [*found, *([UNIT] if not isinstance(visit, str) and UNIT not in found else [])]


def groups_of(frame: "pandas.DataFrame", name: str) -> list[str]:
    """The group of each row."""
    return ["/".join(parts) for parts in zip(*(frame[part].astype(str) for part in name.split("/")), strict=True)]


def _names(call: Call, terms: list[str], slopes: Mapping[str, str], own: tuple[str, ...]) -> list[str]:
    """Every parameter that the model needs. Raises Fault for one that is not declared, or has visits."""
    from omtrace.statistics.linear.design import expanded

    parts = [part for term in expanded(terms) for part in term.split(":")]
    parts += [part for name in call.options.random for part in name.split("/") if part != UNIT]
    parts += slopes.values()
    declared = call.dataset.parameters
    for part in dict.fromkeys(parts):
        if part not in declared and part not in own:
            raise Fault(f"analysis {call.name}: there is no parameter {part!r}{nearest(part, [*declared, *own])}")
        if part in declared and part not in own and declared[part].visits:
            raise Fault(f"analysis {call.name}: a term has no visits; {part!r} has")
    return list(dict.fromkeys(parts))


def _factors_of(terms: list[str]) -> set[str]:
    """Every name in the terms."""
    return {part for term in terms for name in term.split("*") for part in name.replace(":", " ").split()}


def _levels(call: Call, frame: "pandas.DataFrame", names: list[str]) -> dict[str, tuple[str, ...]]:
    """The levels of the factors among names."""
    levels: dict[str, tuple[str, ...]] = {}
    for name in (name for name in names if name not in OWN):
        given = call.options.levels.get(name, ())
        if given or call.data.is_text(name):
            there = set(frame[name])
            of_group = [group for group in call.dataset.groups if group in there] if name == call.dataset.group else []
            levels[name] = given or tuple(of_group) or tuple(sorted(there))
    return levels


def _outside(frame: "pandas.DataFrame", levels: Mapping[str, tuple[str, ...]]) -> "numpy.ndarray":
    """Which units have another level of a factor."""
    outside: numpy.ndarray = frame.index != frame.index
    for name, own in levels.items():
        outside = outside | ~frame[name].isin(own).to_numpy()
    return outside


def _rows(frame: "pandas.DataFrame", names: list[str], visit: str | list[str]) -> "pandas.DataFrame":
    """A row for each unit, or for each unit and visit with a value."""
    frame = frame.rename_axis(UNIT).reset_index()
    if isinstance(visit, str):
        return frame
    frame = frame.melt([UNIT, *(name for name in names if name != "visit")], visit, "visit", "value")
    return frame.dropna(subset=["value"])


def _beyond(frame: "pandas.DataFrame", o: ModelOptions) -> "pandas.DataFrame":
    """The rows, values at the ends of the scale moved beyond them where that is asked for."""
    if o.ends is None:
        return frame
    value = frame["value"]
    if o.ends.low is not None:
        value = value.where(value > o.ends.low, o.ends.low / o.ends.factor)
    if o.ends.high is not None:
        value = value.where(value < o.ends.high, o.ends.high * o.ends.factor)
    return frame.assign(value=value)


def numbers_of(target: Target, fit: Fitted) -> Iterator[Number]:
    """Tests of the terms, planned contrasts, adjusted means, and the model with its variances."""
    o = target.call.options
    declared = target.call.dataset.parameters[target.parameter]
    scale = Scale(f"log {declared.unit}".strip(), max(2, declared.decimals)) if o.log else None
    end = ", log scale" * o.log
    for term in fit.design.columns:
        values = fit.test(term, o)
        if not o.contrasts:  # else these say enough
            _tell(target, term.replace(":", " x "), values, fit)
        yield from target.numbers("all", values, fit.rows, f"type III: {term.replace(':', ' x ')}")
    for contrast in o.contrasts:
        effect = planned(target.call, contrast, fit)
        _tell(target, f"{Contrast(*contrast.pair)}{contrast.label}", effect.values, fit)
        per = _per(target.call, target.parameter, contrast.slope, scale)
        yield from target.numbers(effect.group, effect.values, fit.rows, effect.level + end, per)
        for name, slope in _slopes(target.call, contrast, fit):
            yield from target.numbers(name, slope, fit.rows, f"slope of {contrast.slope}{end}", per)
    for group, level, values in _means(target.call, fit):
        back = {name: values.pop(name) for name in GEOMETRIC if name in values}
        level = (level + end).removeprefix(", ")
        yield from target.numbers(group, values, fit.rows, level, scale)
        yield from target.numbers(group, back, fit.rows, level)
    yield from _model(target, fit, scale)


@dataclass(frozen=True)
class Planned:
    """Group, level and numbers of a planned contrast."""

    group: str
    level: str
    values: dict[str, float]


def planned(call: Call, contrast: PlannedContrast, fit: Fitted) -> Planned:
    """The numbers of a planned contrast; as a ratio too where logarithms are analysed."""
    o, design = call.options, fit.design
    rows = []
    try:
        for at in (contrast.within, contrast.minus) if contrast.minus else (contrast.within,):
            a, b = (_held(design, {**at, contrast.of: level}, contrast.slope) for level in contrast.pair)
            rows.append(a - b)
    except ValueError as error:
        raise Refusal(f"analysis {call.name}, contrast {Contrast(*contrast.pair)}: {error}") from None
    found = fit.contrast(rows[0] - (rows[1] if len(rows) > 1 else 0.0), o)
    values = {"difference": found.pop("estimate"), **found}
    if o.log:
        ratios = {"ratio": "difference", "ratio_low": "ci_low", "ratio_high": "ci_high"}
        values |= {name: math.exp(values[of]) for name, of in ratios.items()}
    pair = Contrast(*contrast.pair)
    if contrast.of == call.dataset.group:
        return Planned(str(pair), contrast.label.removeprefix(", "), values)
    return Planned(EVERYBODY, f"{contrast.of}: {pair}{contrast.label}", values)


def _held(design: "Design", held: Mapping[str, str], slope: str) -> "numpy.ndarray":
    """Coefficients of the mean at levels, or of the slope of a covariate there."""
    if not slope:
        return design.mean(held)
    if slope not in design.centres:
        raise ValueError(f"slope: {slope!r} is no covariate of the model{nearest(slope, design.centres)}")
    return design.mean({**held, slope: 1.0}) - design.mean({**held, slope: 0.0})


def _slopes(call: Call, contrast: PlannedContrast, fit: Fitted) -> Iterator[tuple[str, dict[str, float]]]:
    """The slope at both levels of a contrast of slopes between the dataset's groups."""
    if not contrast.slope or contrast.of != call.dataset.group or contrast.within or contrast.minus:
        return
    for level in contrast.pair:
        found = fit.contrast(_held(fit.design, {contrast.of: level}, contrast.slope), call.options)
        yield level, {"dose_slope": found["estimate"], **{k: found[k] for k in ("se", "ci_low", "ci_high", "df")}}


def _per(call: Call, parameter: str, slope: str, scale: Scale | None) -> Scale | None:
    """Unit and decimals of a slope: of what is analysed, per unit of the covariate."""
    if not slope:
        return scale
    declared, known = call.dataset.parameters[parameter], call.dataset.parameters.get(slope)
    of = scale or Scale(declared.unit, declared.decimals)
    return Scale(f"{of.unit} per {(known.unit if known else '') or f'unit of {slope}'}".strip(), of.decimals + 1)


def _means(call: Call, fit: Fitted) -> Iterator[tuple[str, str, dict[str, float]]]:
    """Adjusted means at the levels of each term asked for."""
    from itertools import product

    o, levels = call.options, fit.design.levels
    named = [term for term in fit.design.columns if all(name in levels for name in term.split(":"))]
    highest = [t for t in named if not any(set(t.split(":")) < set(other.split(":")) for other in named)]
    for term in o.means or highest:
        if term not in named:
            raise Fault(f"analysis {call.name}: means: {term!r} is no term of factors{nearest(term, named)}")
        names = term.split(":")
        for some in product(*(levels[name] for name in names)):
            labels = [str(level) for level in some]
            found = fit.contrast(fit.design.mean(dict(zip(names, some, strict=True))), o)
            values = {"adjusted_mean": found["estimate"], **{k: found[k] for k in ("se", "ci_low", "ci_high", "df")}}
            if o.log:
                ends = {"": "adjusted_mean", "_low": "ci_low", "_high": "ci_high"}
                values |= {f"geometric_mean{end}": math.exp(values[of]) for end, of in ends.items()}
            if names == [call.dataset.group]:
                yield labels[0], "", values
            else:
                yield "all", ", ".join(labels), values


def _model(target: Target, fit: Fitted, scale: Scale | None) -> Iterator[Number]:
    """How many units, rows and groups there are, and the variances of the random effects."""
    counts = {"n": float(fit.frame["unit"].nunique()), "missing": float(fit.chosen.missing())}
    if len(fit.frame) != counts["n"]:
        counts["values"] = float(len(fit.frame))
    if fit.random:
        counts["minus_2_log_likelihood"] = fit.random.minus_2_log_likelihood
    yield from target.numbers("all", counts, fit.rows)
    if fit.random is None:
        values = {"variance": fit.naive.variance}
        yield from target.numbers("all", values, fit.rows, "residual", scale)
        return
    total = sum(v for name, v in fit.random.components.items() if not name.endswith(", covariance"))
    for name, variance in fit.random.components.items():
        level = name if name == "residual" else f"random {name}"
        values = {"groups": float(fit.random.levels[name])} if name in fit.random.levels else {}
        values["variance"] = variance
        if not name.endswith((", covariance", ", slope")):
            values["share"] = 100 * variance / total
        if name != "residual":
            values["in_model"] = float(name not in fit.random.at_zero)
        yield from target.numbers("all", values, fit.rows, level, scale)


def _tell(target: Target, what: str, values: Mapping[str, float], fit: Fitted) -> None:
    """The right p and the naive one, on stderr, where the plan asks for both."""
    if not target.call.options.naive:
        return
    at = f" {target.visit}" if target.visit else ""
    unit = target.call.dataset.experimental_unit
    right = f"with the {unit.what} as unit" if unit and unit.parameter else "with random effects"
    sys.stderr.write(
        f"omtrace: analysis {target.call.name}, {target.parameter}{at}, {what}: p = {values['p']:.3g} {right}; p = "
        f"{values['naive_p']:.3g} if each of the {len(fit.frame)} records counted as one, which is wrong\n"
    )
