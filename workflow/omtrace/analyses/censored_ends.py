"""Groups compared where values at the ends of a scale are only known to lie beyond: the extreme filaments."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field, model_validator

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._sentences import adjusted, listed
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Which groups, and where the scale ends."""

    contrasts: tuple[tuple[str, str], ...] = Field(
        description="pairs: group of interest, reference; all groups named here are in the model", min_length=1
    )
    low: float | None = Field(None, description="values at or below this are known only to lie below it; none: no end")
    high: float | None = Field(None, description="values at or above this are known only to lie above it; none: no end")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits, adjusted for: batch")
    log: bool = Field(False, description="analyse the natural logarithm (values must be positive)")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)

    @model_validator(mode="after")
    def ends(self) -> "Options":
        """There is an end, and the low one is lower."""
        if self.low is None and self.high is None:
            raise ValueError("low or high is needed; without an end nothing is censored")
        if self.low is not None and self.high is not None and self.low >= self.high:
            raise ValueError("low is not below high")
        return self


def run(call: Call) -> Iterator[Number]:
    """Differences of the groups' means by censored regression; how many values lie at the ends, in each group."""
    import numpy

    from omtrace.statistics.assay.censored import fit_censored

    o: Options = call.options
    for pair in o.contrasts:
        call.contrast(*pair)
    groups = [group for group in call.dataset.groups if any(group in pair for pair in o.contrasts)]
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, "", o.factors, group=True
        )
        frame = analysis_set.frame[analysis_set.frame["group"].isin(groups)]
        y = frame["value"].astype("float64").to_numpy()
        state = numpy.zeros(len(y))
        if o.low is not None:
            state[y <= o.low] = -1
        if o.high is not None:
            state[y >= o.high] = 1
        where = f"analysis {call.name}, {target.parameter} {target.visit}".strip()
        if o.log and (y <= 0).any():
            raise Refusal(f"{where}: a logarithm needs positive values")
        for group in groups:
            mine = (frame["group"] == group).to_numpy()
            counts = {
                "n": float(mine.sum()),
                "at_low_end": float((state[mine] < 0).sum()),
                "at_high_end": float((state[mine] > 0).sum()),
            }
            yield from target.numbers(group, counts, analysis_set.rows([group]))
        try:
            columns = _columns(frame, groups, o.factors)
            design = numpy.column_stack([column.values for column in columns])
            fit = fit_censored(numpy.log(y) if o.log else y, state, design, [column.term for column in columns])
        except ValueError as error:
            raise Refusal(f"{where}: {error}") from None
        declared = call.dataset.parameters[target.parameter]
        scale = Scale(f"log {declared.unit}".strip(), max(2, declared.decimals)) if o.log else None
        for group, reference in o.contrasts:
            weights = _weights(groups, group, reference, len(fit.coefficients))
            values = _named(fit.combination(weights, o.level), o.log)
            rows = analysis_set.rows(groups)
            level = "log scale" if o.log else ""
            yield from target.numbers(call.contrast(group, reference), values, rows, level, scale)


def _named(found: dict[str, float], log: bool) -> dict[str, float]:
    import math

    values = {"difference": found["estimate"], **{k: v for k, v in found.items() if k != "estimate"}}
    if log:
        ends = {"": "difference", "_low": "ci_low", "_high": "ci_high"}
        values |= {f"ratio{end}": math.exp(values[of]) for end, of in ends.items()}
    return values


@dataclass(frozen=True)
class Column:
    """A column of the design, and its term."""

    term: str
    values: "numpy.ndarray"


def _columns(frame: "pandas.DataFrame", groups: list[str], factors: tuple[str, ...]) -> list[Column]:
    """Ones, a column for each group but the first, and for each level but the first of each factor."""
    import numpy

    columns = [Column("", numpy.ones(len(frame)))]
    columns += [Column(group, (frame["group"] == group).to_numpy(float)) for group in groups[1:]]
    for name in factors:
        levels = sorted(set(frame[name]))
        columns += [Column(name, (frame[name] == level).to_numpy(float)) for level in levels[1:]]
    return columns


def _weights(groups: list[str], group: str, reference: str, size: int) -> "numpy.ndarray":
    """The difference of two groups, as a combination of the coefficients."""
    import numpy

    at = numpy.zeros(size)
    at[groups.index(group)] += 1
    at[groups.index(reference)] -= 1
    at[0] = 0.0  # the first group is the intercept, which cancels
    return at


def said(options: Options) -> str:
    """The ends of the scale, and the model with its terms."""
    ends = [(options.low, "below"), (options.high, "above")]
    clauses = listed([f"{end:g} or {way} counts as lying anywhere {way} it" for end, way in ends if end is not None])
    scale = " of the logarithms" if options.log else ""
    return (
        f"Regression of censored normal values{scale} (Tobit) by group{adjusted(False, (), options.factors)}: a value "
        f"of {clauses}. One spread for all groups; maximum likelihood with a small-sample Student's t."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference ratio ratio_low ratio_high ci_low ci_high se df p at_high_end at_low_end n",
)
