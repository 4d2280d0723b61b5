"""How much worse than imputed the missing values must be before the conclusion of a comparison tips."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._imputing import APPROACH_WORDS, Approach, Imputing, Strategy, Terms, analysed, imputing

if TYPE_CHECKING:
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
        yield from imputation.need_model()
        for visit in analysed(call, imputation):
            compared = Compared(imputation, visit, imputation.imputed.compare(o.approach, o.strategy, visit))
            for reference_delta in o.reference_deltas:
                for delta in o.deltas:
                    level = level_of(call, delta, reference_delta)
                    yield from _shifted(compared, Shift(delta, reference_delta), level)
                yield from _tip(compared, reference_delta)
            for group in (o.group, o.reference):
                yield from imputation.counts(group, visit)
        yield from imputation.model(imputation.rows)


def level_of(call: Call, delta: float | None, reference_delta: float) -> str:
    """Where on the grid a number stands; without a delta, that it is the tipping point there."""
    o = call.options
    beside = f"{_signed(reference_delta)} in {o.reference}" if len(o.reference_deltas) > 1 else ""
    if delta is None:
        return f"{TIPPING} at {beside}" if beside else TIPPING
    return ", ".join(filter(None, (f"delta {_signed(delta)} in {o.group}", beside)))


def _signed(delta: float) -> str:
    return f"{delta:+g}" if delta else "0"


@dataclass(frozen=True)
class Shift:
    """What is added to the imputed values of the group of interest, and of the reference group."""

    delta: float
    reference: float


@dataclass(frozen=True)
class Compared:
    """The groups compared at a visit."""

    imputation: Imputing
    visit: str
    comparison: "MeanComparison | DrawComparison"

    def values(self, shift: Shift) -> dict[str, float]:
        """The difference of the groups with shifted values."""
        o, groups = self.imputation.call.options, self.imputation.groups
        added = {o.group: shift.delta, o.reference: shift.reference}
        return self.comparison.numbers(len(groups), [added.get(group, 0.0) for group in groups])

    def numbers(self, values: dict[str, float], level: str) -> Iterator[Number]:
        """Numbers of the contrast of the groups at the visit."""
        call = self.imputation.call
        contrast, target = call.contrast(*self.imputation.pairs[0]), call.of(self.imputation.parameter, self.visit)
        yield from target.numbers(contrast, values, self.imputation.rows, level)


def _shifted(compared: Compared, shift: Shift, level: str) -> Iterator[Number]:
    call, values = compared.imputation.call, compared.values(shift)
    numbers = {"delta": shift.delta, "reference_delta": shift.reference, "difference": values["estimate"]}
    if len(call.options.reference_deltas) == 1 and not shift.reference:
        del numbers["reference_delta"]
    numbers |= {name: values[name] for name in ("se", "ci_low", "ci_high", "p")}
    yield from compared.numbers(numbers, level)


def _tip(compared: Compared, reference_delta: float) -> Iterator[Number]:
    """Whether the conclusion at delta 0 tips within the grid, and if so where."""
    from omtrace.statistics.missing.imputed_comparison import tipping_point

    o = compared.imputation.call.options

    def p_at(delta: float) -> float:
        return compared.values(Shift(delta, reference_delta))["p"]

    tip = tipping_point(p_at, min(o.deltas[0], 0.0), max(o.deltas[-1], 0.0), 1 - o.level)
    level = level_of(compared.imputation.call, None, reference_delta)
    yield from compared.numbers({"tips": float(math.isfinite(tip))}, level)
    if math.isfinite(tip):
        yield from _shifted(compared, Shift(tip, reference_delta), level)


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
