"""Agreement of two measurements of the same units: Bland and Altman's limits."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._pairs import Pairs, pairs
from omtrace.analyses._shown import named
from omtrace.faults import Refusal
from omtrace.model.statistic import Scale


class Options(Pairs):
    """Which other measurement, and how many differences lie between the limits."""

    share: float = Field(0.95, description="share of the differences between the limits", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Mean difference and limits of agreement with intervals, and whether differences grow with what is measured."""
    from omtrace.statistics.basic.association import limits_of_agreement, trend_of_differences

    o = call.options
    for parameter, group, visit, a, b, rows in pairs(call):
        try:
            found = limits_of_agreement(a, b, o.level, o.share)
            trend = trend_of_differences(a, b, o.level)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}, {parameter}, {group}: {error}") from None
        minus = f"minus {named('parameter', o.other)}"
        yield from call.of(parameter, visit).numbers(group, found, rows, minus)
        yield from call.of(parameter, visit).numbers(group, trend, rows, f"{minus}, by the mean of both", Scale("", 2))


def said(options: Options) -> str:
    """The limits in words."""
    return (
        f"Bland and Altman's limits of agreement, for {options.share:.0%} of normal differences, about their mean: "
        "a t interval of the mean and exact intervals of the limits (noncentral t, Carkeet 2015); slope of the "
        "difference on the mean of both. Units of one measurement each; repeated ones would be taken for independent."
    )


METHOD = Method(
    Options,
    run,
    said,
    gives="difference dose_slope ci_low ci_high agreement_lower agreement_lower_low agreement_lower_high "
    "agreement_upper agreement_upper_low agreement_upper_high sd se t df p n",
)
