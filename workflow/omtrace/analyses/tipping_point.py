"""How much worse than imputed the missing values must be before the conclusion of a comparison tips."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._imputing import APPROACH_WORDS, Approach, Imputing, Strategy, Terms, analysed, imputing

if TYPE_CHECKING:
    from omtrace.provenance.rows import Rows
    from omtrace.statistics.missing.imputed_comparison import DrawComparison, MeanComparison

TIPPING = "tipping point"  # begins the level of the numbers at a tipping point


class Options(Terms):
    """Which groups, which grid of deltas, and the terms of the models."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with, and reference of the strategy")
    others: tuple[str, ...] = Field((), description="further groups that are in the models")
    strategy: Strategy = Field("MAR", description="how values are imputed before delta is added")
    approach: Approach = Field("posterior", description=APPROACH_WORDS)
    deltas: tuple[float, ...] = Field(
        description="added to the imputed values of the group of interest; the tipping point is looked for between 0 "
        "and either end",
        min_length=2,
    )
    reference_deltas: tuple[float, ...] = Field(
        (0.0,), description="added to the imputed values of the reference group", min_length=1
    )

    @model_validator(mode="after")
    def grid(self) -> "Options":
        """Deltas are named once, in order."""
        for name in ("deltas", "reference_deltas"):
            if list(getattr(self, name)) != sorted(set(getattr(self, name))):
                raise ValueError(f"{name}: not in rising order, or one named twice")
        return self


def run(call: Call) -> Iterator[Number]:
    """For each visit the difference at every delta, and the tipping point."""
    o = call.options
    pairs = [(o.group, o.reference), *((other, o.reference) for other in o.others)]
    for parameter in call.parameters:
        imputation = imputing(call, parameter, pairs, o.reference, [o.approach])
        rows = imputation.rows
        for visit in analysed(call, imputation):
            compared = imputation.imputed.compare(o.approach, o.strategy, visit)
            for reference_delta in o.reference_deltas:
                for delta in o.deltas:
                    level = level_of(call, delta, reference_delta)
                    yield from _at(call, imputation, compared, visit, rows, delta, reference_delta, level)
                yield from _tip(call, imputation, compared, visit, rows, reference_delta)
            for group in (o.group, o.reference):
                yield from imputation.counts(group, visit)
        yield from imputation.model(rows)


def level_of(call: Call, delta: float | None, reference_delta: float) -> str:
    """Where on the grid a number stands; without a delta, that it is the tipping point there."""
    o = call.options
    beside = f"{_signed(reference_delta)} in {o.reference}" if len(o.reference_deltas) > 1 else ""
    if delta is None:
        return f"{TIPPING} at {beside}" if beside else TIPPING
    return ", ".join(filter(None, (f"delta {_signed(delta)} in {o.group}", beside)))


def _signed(delta: float) -> str:
    return f"{delta:+g}" if delta else "0"


def _at(
    call: Call,
    imputation: Imputing,
    compared: "MeanComparison | DrawComparison",
    visit: str,
    rows: "Rows",
    delta: float,
    reference_delta: float,
    level: str,
) -> Iterator[Number]:
    values = compared.numbers(len(imputation.groups), _shift(call, imputation, delta, reference_delta))
    numbers = {"delta": delta, "reference_delta": reference_delta, "difference": values["estimate"]}
    if len(call.options.reference_deltas) == 1 and not reference_delta:
        del numbers["reference_delta"]
    numbers |= {name: values[name] for name in ("se", "ci_low", "ci_high", "p")}
    yield from call.numbers(
        imputation.parameter, call.contrast(*imputation.pairs[0]), visit, numbers, rows, level=level
    )


def _tip(
    call: Call,
    imputation: Imputing,
    compared: "MeanComparison | DrawComparison",
    visit: str,
    rows: "Rows",
    reference_delta: float,
) -> Iterator[Number]:
    """Whether the conclusion at delta 0 tips within the grid, and if so where."""
    from omtrace.statistics.missing.imputed_comparison import tipping_point

    o, which = call.options, len(imputation.groups)

    def p_at(delta: float) -> float:
        return compared.numbers(which, _shift(call, imputation, delta, reference_delta))["p"]

    tip = tipping_point(p_at, min(o.deltas[0], 0.0), max(o.deltas[-1], 0.0), 1 - o.level)
    level = level_of(call, None, reference_delta)
    contrast, tips = call.contrast(*imputation.pairs[0]), math.isfinite(tip)
    yield from call.numbers(imputation.parameter, contrast, visit, {"tips": float(tips)}, rows, level=level)
    if tips:
        yield from _at(call, imputation, compared, visit, rows, tip, reference_delta, level)


def _shift(call: Call, imputation: Imputing, delta: float, reference_delta: float) -> list[float]:
    added = {call.options.group: delta, call.options.reference: reference_delta}
    return [added.get(group, 0.0) for group in imputation.groups]


METHOD = Method(
    Options,
    run,
    "Missing values imputed by a mixed model for repeated measures, then a number, delta, added to every imputed "
    "value of a group, and the completed values analysed again; exact in delta, since estimates are linear in it. "
    "The tipping point is the delta nearest to 0 at which the interval begins or ceases to exclude no difference, "
    "found as a root. Whether such a delta is plausible is a matter of the field.",
    part=lambda options: "parameter",
    gives="observed difference ci_low ci_high se p covariance_parameters fitted imputations imputed "
    "imputed_after_drop_out n delta reference_delta tips",
)
