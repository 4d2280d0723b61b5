"""A factorial linear model: two or three factors and all their interactions."""

import math
from collections.abc import Iterator
from typing import Any, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._model_options import ModelOptions
from omtrace.analyses._terms import Fitted, fitted, numbers_of
from omtrace.faults import Fault


class Options(ModelOptions):
    """Two factors of two levels each (first, second), or two or three factors of any (factors)."""

    first: str = Field("", description="parameter without visits")
    first_levels: tuple[str, ...] = Field((), description="its two levels, the reference first")
    second: str = Field("", description="parameter without visits")
    second_levels: tuple[str, ...] = Field((), description="its two levels, the reference first")
    factors: tuple[str, ...] = Field(
        (), description="instead: two or three parameters without visits, all of their interactions in the model"
    )
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits, with factors")
    type: Literal["III", "II"] = Field("III", description="of the tests, with factors and without random effects")

    @model_validator(mode="after")
    def one_way(self) -> "Options":
        """Either first and second with two levels each, or factors."""
        pairs = (self.first_levels, self.second_levels)
        if not self.factors:
            if not (self.first and self.second and all(len(set(pair)) == 2 == len(pair) for pair in pairs)):
                raise ValueError("name factors, or first and second with two levels each")
            if self.levels or self.random or self.contrasts or self.means or self.covariates or self.naive:
                raise ValueError("levels, random, contrasts, means, covariates and naive go with factors")
        elif self.first or self.second or any(pairs):
            raise ValueError("factors stand instead of first and second")
        elif not 2 <= len(self.factors) <= 3:
            raise ValueError("factors: two or three")
        if self.type == "II" and (self.random or not self.factors):
            raise ValueError("type: II goes with factors, and without random effects")
        return self

    @model_serializer(mode="wrap")
    def without_idle(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As the options of every model by terms; two factors of two levels have tests of type III alone."""
        content = super().without_idle(handler)
        return content if self.factors else {name: value for name, value in content.items() if name != "type"}


def run(call: Call) -> Iterator[Number]:
    """Tests of main effects and interactions, cell means, simple effects or planned contrasts; units of other levels
    are left out.
    """  # fmt: skip
    if not call.options.factors:
        yield from _two_by_two(call)
        return
    for parameter, visit in call.targets():
        terms = [" * ".join(call.options.factors), *call.options.covariates]
        fit = fitted(call, terms, parameter, visit)
        for number in numbers_of(call, parameter, visit, fit):
            if call.options.type == "III" or not number.level.startswith("type III"):
                yield number
        if call.options.type == "II":
            yield from _type_two(call, parameter, visit, fit)


def _type_two(call: Call, parameter: str, visit: str, fit: Fitted) -> Iterator[Number]:
    from omtrace.statistics.linear.general_linear import type_two

    values = [math.log(value) for value in fit.frame["value"]] if call.options.log else fit.frame["value"]
    for term, test in type_two(values, fit.design.matrix, fit.design.columns).items():
        yield from call.numbers(parameter, "all", visit, test, fit.rows, f"type II: {term.replace(':', ' x ')}")


def _two_by_two(call: Call) -> Iterator[Number]:
    """Both main effects, the interaction, cell means and simple effects."""
    import numpy

    from omtrace.statistics.linear.factorial import cells

    o = call.options
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=(o.first, o.second))
        frame = chosen.frame.astype({"value": "float64"})
        outside = ~(frame[o.first].isin(o.first_levels) & frame[o.second].isin(o.second_levels))
        without = dict.fromkeys(frame.index[outside].tolist(), "other level of a factor")
        frame = frame[~outside]
        if o.log:
            if (frame["value"] <= 0).any():
                raise Fault(f"analysis {call.name}, {parameter}: a logarithm needs positive values")
            frame = frame.assign(value=numpy.log(frame["value"]))
        try:
            table = cells(frame["value"], frame[o.first], frame[o.second], o.first_levels, o.second_levels)
        except ValueError as error:
            raise Fault(f"analysis {call.name}, {parameter} {visit}: {error}") from None
        rows = chosen.rows(without=without)
        declared = call.dataset.parameters[parameter]
        scale = (f"log {declared.unit}".strip() if o.log else declared.unit, declared.decimals)
        for label, values in _named(table, o):
            yield from call.numbers(parameter, "all", visit, values, rows, label + ", log scale" * o.log, scale)


def _named(table, o: Options) -> Iterator[tuple[str, dict[str, float]]]:
    """The effects, simple effects and cell means under the plan's names."""
    from omtrace.statistics.linear.factorial import cell_means, factorial_effects, simple_effects

    effects = {
        "first": f"{o.first}: {o.first_levels[1]} - {o.first_levels[0]}",
        "second": f"{o.second}: {o.second_levels[1]} - {o.second_levels[0]}",
        "interaction": f"interaction {o.first} x {o.second}",
    }
    for name, values in factorial_effects(table, o.level).items():
        yield effects[name], values
    for (name, at), values in simple_effects(table, o.level).items():
        within = o.second_levels[at] if name == "first" else o.first_levels[at]
        yield f"{effects[name]}, in {within}", values
    for (i, j), values in cell_means(table, o.level).items():
        yield f"{o.first_levels[i]}, {o.second_levels[j]}", values


METHOD = Method(
    Options,
    run,
    "Linear model with the factors and their interactions, sum coding, type III tests unless type says II; with random "
    "effects a mixed model by REML, tests as df says. Of two factors with two levels: cell means and simple effects "
    "with the pooled SD; else adjusted means of the cells and the planned contrasts.",
)
