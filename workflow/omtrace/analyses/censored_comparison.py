"""Two groups compared where some values are only known to lie beyond a limit."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses.assay_error import ratio_of
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale
from omtrace.provenance.rows import Rows

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Which groups, and where it stands which values are limits."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    state: str = Field(description="parameter that is -1 for a value below its limit, 0 for a value, 1 for one above")
    log: bool = Field(True, description="compare logarithms: ratio of geometric means; else the difference of means")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)
    substitute: float = Field(0.5, description="share of the limit in the comparison by substitution", gt=0, le=1)


def run(call: Call) -> Iterator[Number]:
    """Each group's summaries, then each pair: censored regression, rank test, and substitution beside them."""
    options = call.options
    call.need(options.state)
    contrasts = {call.contrast(*pair): pair for pair in options.contrasts}
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[options.state], group=True
        )
        frame = analysis_set.frame
        if options.log and (frame["value"].astype("float64") <= 0).any():
            raise Refusal(
                f"analysis {call.name}: {target.parameter!r} has values of zero or less, which have no logarithm"
            )
        for group in dict.fromkeys(name for pair in options.contrasts for name in pair):
            yield from _group(target, group, analysis_set.of_group(group), analysis_set.rows([group]))
        for contrast, pair in contrasts.items():
            frames = [analysis_set.of_group(group) for group in pair]
            yield from _pair(target, contrast, frames, analysis_set.rows(pair))


def _group(target: Target, group: str, frame: "pandas.DataFrame", rows: Rows) -> Iterator[Number]:
    from omtrace.statistics.assay.nondetects import kaplan_meier_summary, ros

    values, states = _arrays(target.call, frame)
    counts = {"n": values.size, "n_below": int((states < 0).sum()), "n_above": int((states > 0).sum())}
    yield from target.numbers(group, counts, rows)
    if not values.size or counts["n_above"]:
        return  # these summaries are for values below limits alone
    found = kaplan_meier_summary(values, states < 0)
    yield from target.numbers(group, {name: found[name] for name in ("mean", "se", "median")}, rows, "Kaplan–Meier")
    try:
        filled = ros(values, states < 0)
    except ValueError:
        return  # fewer than three values seen
    yield from target.numbers(
        group, {name: filled[name] for name in ("mean", "sd", "median")}, rows, "regression on order statistics"
    )


def _pair(target: Target, contrast: Contrast, frames: "list[pandas.DataFrame]", rows: Rows) -> Iterator[Number]:
    import numpy

    from omtrace.statistics.assay.nondetects import peto_prentice, substituted

    options = target.call.options
    (a, state_a), (b, state_b) = (_arrays(target.call, frame) for frame in frames)
    values, states = numpy.concatenate([a, b]), numpy.concatenate([state_a, state_b])
    member = numpy.repeat([1.0, 0.0], [a.size, b.size])
    sizes = {"n_a": a.size, "n_b": b.size, "n_below_a": int((state_a < 0).sum()), "n_below_b": int((state_b < 0).sum())}
    yield from target.numbers(contrast, sizes, rows)
    scale = Scale("", 2) if options.log else None
    found = _compared(values, states, member, options)
    if isinstance(found, str):
        yield from target.numbers(contrast, {"n": values.size}, rows, f"censored regression refused: {found}")
    else:
        yield from target.numbers(contrast, found, rows, "censored regression", scale)
    if not (states > 0).any() and a.size and b.size:
        test = peto_prentice(values, states < 0, member)
        yield from target.numbers(contrast, test, rows, "Peto–Prentice test")
    if (states < 0).any() and not (states > 0).any():
        instead = substituted(values, states < 0, options.substitute)
        naive = _compared(instead, states * 0, member, options)
        if not isinstance(naive, str):
            level = f"substitution of limit × {options.substitute:g}, biased"
            yield from target.numbers(contrast, naive, rows, level, scale)


def _compared(
    values: "numpy.ndarray", states: "numpy.ndarray", member: "numpy.ndarray", options: Options
) -> dict[str, float] | str:
    """Numbers of the group effect, or why there are none."""
    import numpy

    from omtrace.statistics.assay.censored import fit_censored, intercept

    try:
        fit = fit_censored(numpy.log(values) if options.log else values, states, intercept(values.size, member))
    except ValueError as error:
        return str(error)
    effect = fit.combination([0, 1], options.level)
    numbers = {"difference": effect["estimate"], **effect}
    if options.log:
        return ratio_of(numbers)
    return {
        name: numbers[name]
        for name in ("difference", "ci_low", "ci_high", "se", "df", "p")
        if not math.isnan(numbers[name])
    }


def _arrays(call: Call, frame: "pandas.DataFrame") -> "numpy.ndarray":
    """Values and states (2, n)."""
    return frame[["value", call.options.state]].astype("float64").to_numpy().T.copy()


def said(options: Options) -> str:
    """How values beyond a limit enter, and what stands beside for comparison."""
    scale = "the logarithms" if options.log else "the values"
    return (
        f"Values beyond a limit enter as what is known of them: censored normal regression of {scale} (Tobit; t "
        "interval, standard error times sqrt(n / (n - 2))), Peto-Prentice test, and for each group Kaplan-Meier and "
        f"regression on order statistics. Substitution of {options.substitute:g} of the limit stands beside them for "
        "comparison only: it is biased."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference ratio mean median ci_low ci_high sd se se_log chi_squared df p n n_a n_above n_b n_below "
    "n_below_a n_below_b",
)
