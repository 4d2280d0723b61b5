"""A factorial linear model: two or three factors and all their interactions."""

import math
from collections.abc import Iterator
from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._model_options import ModelOptions
from omtrace.analyses._sentences import listed, parameter_names, term_named, tests_by
from omtrace.analyses._terms import Fitted, fitted, numbers_of
from omtrace.faults import Fault, Refusal
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    from omtrace.statistics.linear.design import Design
    from omtrace.statistics.linear.model import LinearModel


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
    blocks: tuple[str, ...] = Field(
        (),
        description="categorical parameters without visits, such as the batch, whose differences are added and "
        "interact with nothing; with factors",
    )
    type: Literal["III", "II", "II and III"] = Field(
        "III", description="of the tests, with factors and without random effects; both stand side by side"
    )

    @model_validator(mode="after")
    def one_way(self) -> "Options":
        """Either first and second with two levels each, or factors."""
        pairs = (self.first_levels, self.second_levels)
        if not self.factors:
            if not (self.first and self.second and all(len(set(pair)) == 2 == len(pair) for pair in pairs)):
                raise ValueError("name factors, or first and second with two levels each")
            if (
                self.levels
                or self.random
                or self.contrasts
                or self.means
                or self.covariates
                or self.blocks
                or self.naive
            ):
                raise ValueError("levels, random, contrasts, means, covariates, blocks and naive go with factors")
        elif self.first or self.second or any(pairs):
            raise ValueError("factors stand instead of first and second")
        elif not 2 <= len(self.factors) <= 3:
            raise ValueError("factors: two or three")
        if self.type != "III" and (self.random or not self.factors):
            raise ValueError("type: II goes with factors, and without random effects")
        return self

    @model_serializer(mode="wrap")
    def without_idle(self, handler: SerializerFunctionWrapHandler) -> dict[str, object]:
        """As the options of every model by terms; two factors of two levels have tests of type III alone."""
        content = super().without_idle(handler)
        return content if self.factors else {name: value for name, value in content.items() if name != "type"}


def run(call: Call) -> Iterator[Number]:
    """Tests of main effects and interactions, cell means, simple effects or planned contrasts; units of other levels
    are left out.
    """
    if not call.options.factors:
        yield from _two_by_two(call)
        return
    o = call.options
    if o.blocks and not o.means:
        call = replace(call, options=o.model_copy(update={"means": (":".join(o.factors),)}))
    for target in call.targets():
        if numeric := [name for name in o.blocks if not (call.data.is_text(name) or call.data.is_empty(name))]:
            raise Fault(f"analysis {call.name}: blocks: {numeric[0]!r} holds numbers; a block is a category")

        fit = fitted(target, [" * ".join(o.factors), *o.blocks, *o.covariates])
        for number in numbers_of(target, fit):
            if o.type != "II" or not number.level.startswith("type III"):
                yield number
        if o.type != "III":
            yield from _type_two(target, fit)


def _type_two(target: Target, fit: Fitted) -> Iterator[Number]:
    from omtrace.statistics.linear.linear import type_two

    values = [math.log(value) for value in fit.frame["value"]] if target.call.options.log else fit.frame["value"]
    for term, test in type_two(values, fit.design.matrix, fit.design.columns).items():
        yield from target.numbers("all", test, fit.rows, f"type II: {term.replace(':', ' x ')}")


def _two_by_two(call: Call) -> Iterator[Number]:
    """Both main effects, the interaction, cell means and simple effects."""
    import numpy

    from omtrace.statistics.linear.design import design_of
    from omtrace.statistics.linear.linear import fit_linear

    o = call.options
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=(o.first, o.second)
        )
        frame = analysis_set.frame.astype({"value": "float64"})
        outside = ~(frame[o.first].isin(o.first_levels) & frame[o.second].isin(o.second_levels))
        without = dict.fromkeys(frame.index[outside].tolist(), "other level of a factor")
        frame = frame[~outside]
        if o.log:
            if (frame["value"] <= 0).any():
                raise Refusal(f"analysis {call.name}, {target.parameter}: a logarithm needs positive values")
            frame = frame.assign(value=numpy.log(frame["value"]))
        try:
            levels = {o.first: o.first_levels, o.second: o.second_levels}
            design = design_of(frame, [f"{o.first} * {o.second}"], levels)
            model = fit_linear(frame["value"], design.matrix)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {target.parameter} {target.visit}: {error}") from None
        rows = analysis_set.rows(without=without)
        declared = call.dataset.parameters[target.parameter]
        scale = Scale(f"log {declared.unit}".strip(), declared.decimals) if o.log else None
        size = frame.groupby([o.first, o.second], observed=True).size().to_dict()
        for label, values in _effects(design, model, size, o):
            yield from target.numbers("all", values, rows, label + ", log scale" * o.log, scale)


def _effects(
    design: "Design", model: "LinearModel", size: dict[tuple[str, str], int], o: Options
) -> Iterator[tuple[str, dict[str, float]]]:
    """Main effects and interaction with partial eta squared, simple effects, and cell means, by label.

    A main effect is the difference of marginal means with equal weights, the interaction the difference of
    differences: the type III analysis. Simple effects are not adjusted for multiplicity.
    """
    from omtrace.statistics.basic.explained import partial_eta

    factors = {o.first: o.first_levels, o.second: o.second_levels}
    rows = {}
    for name, (reference, other) in factors.items():
        rows[f"{name}: {other} - {reference}"] = design.mean({name: other}) - design.mean({name: reference})
    simple = {}
    for name, within in ((o.first, o.second), (o.second, o.first)):
        reference, other = factors[name]
        for level in factors[within]:
            difference = design.mean({name: other, within: level}) - design.mean({name: reference, within: level})
            simple[f"{name}: {other} - {reference}, in {level}"] = difference
    low, high = list(simple.values())[:2]
    rows[f"interaction {o.first} x {o.second}"] = high - low
    for label, row in rows.items():
        numbers = model.contrast(row, o.level)
        f = numbers["t"] ** 2
        yield label, {**numbers, "f": f, **partial_eta(f, 1, model.df, o.level)}
    for label, row in simple.items():
        yield label, model.contrast(row, o.level)
    for first, second in product(o.first_levels, o.second_levels):
        numbers = model.contrast(design.mean({o.first: first, o.second: second}), o.level)
        cell = {"n": float(size[first, second]), "mean": numbers["estimate"]}
        yield f"{first}, {second}", cell | {name: numbers[name] for name in ("se", "ci_low", "ci_high")}


def said(options: Options) -> str:
    """The model and its tests in words."""
    factors = parameter_names(options.factors or (options.first, options.second))
    scale = " of the natural logarithm" if options.log else ""
    random = f", {listed([term_named(name) for name in options.random])} random (REML, {tests_by(options.df)})"
    simple = "" if options.factors else " Beside it the means of the cells and simple effects, with the pooled SD."
    blocks = f", {listed(parameter_names(options.blocks))} added as blocks" if options.blocks else ""
    random = random if options.random else ""
    return (
        f"Linear model{scale} with {' × '.join(factors)} and all interactions{blocks}{random}; type {options.type} "
        f"tests.{simple}"
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="adjusted_mean estimate mean ci_low ci_high partial_eta_squared partial_eta_squared_low "
    "partial_eta_squared_high share variance se f minus_2_log_likelihood t df df_1 df_2 p groups missing n "
    "in_model",
)
