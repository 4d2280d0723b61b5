"""The units at baseline by group: location and spread, or counts, and how far the groups differ."""

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.model.closed import Closed

if TYPE_CHECKING:
    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Closed):
    """Which groups are held against each other, and whether they are tested."""

    contrasts: tuple[tuple[str, str], ...] = Field(
        (), description="pairs: group, reference; none: every group and the first"
    )
    p_values: bool = Field(
        False, description="also test whether groups differ; in a randomised trial that tests the randomisation only"
    )


def run(call: Call) -> Iterator[Number]:
    """n, missing, mean (SD) and median (quartiles), or count (%) of each category; standardised differences."""
    groups = list(call.dataset.groups) if call.dataset.group else []
    pairs = call.options.contrasts or [(group, groups[0]) for group in groups[1:]]
    for parameter in call.parameters:
        visit = call.baseline() if call.dataset.parameters[parameter].visits else ""
        analysis_set = call.data.select(call.entry.population, parameter, visit)
        if call.data.is_text(parameter, visit):
            yield from _categories(call, parameter, visit, analysis_set, pairs)
        else:
            yield from _values(call, parameter, visit, analysis_set, pairs)


def _values(
    call: Call, parameter: str, visit: str, analysis_set: "AnalysisSet", pairs: Sequence[tuple[str, str]]
) -> Iterator[Number]:
    from omtrace.statistics.basic.balance import standardised_difference
    from omtrace.statistics.basic.descriptive import describe
    from omtrace.statistics.basic.two_groups import welch

    for group in call.groups(True):
        found, rows = (
            describe(analysis_set.of_group(group)["value"].astype("float64").to_numpy()),
            analysis_set.rows([group]),
        )
        counts = {"n": found["n"], "missing": analysis_set.missing(group)}
        yield from call.of(parameter, visit).numbers(group, counts, rows)
        for level, names in (("mean (SD)", ("mean", "sd")), ("median (quartiles)", ("median", "q1", "q3"))):
            yield from call.of(parameter, visit).numbers(group, {name: found[name] for name in names}, rows, level)
    for pair in pairs:
        contrast = call.contrast(*pair)
        a, b = (analysis_set.of_group(group)["value"].astype("float64").to_numpy() for group in pair)
        values = {"standardised_difference": standardised_difference(a, b)}
        if call.options.p_values:
            values["p"] = welch(a, b)["p"]
        yield from call.of(parameter, visit).numbers(contrast, values, analysis_set.rows(pair), "mean (SD)")


def _categories(
    call: Call, parameter: str, visit: str, analysis_set: "AnalysisSet", pairs: Sequence[tuple[str, str]]
) -> Iterator[Number]:
    from omtrace.statistics.basic.balance import chi_squared_p, standardised_difference_of_categories

    categories = call.data.column(parameter, visit).categories
    counts = {
        group: [int((analysis_set.of_group(group)["value"] == category).sum()) for category in categories]
        for group in call.groups(True)
    }
    for group, found in counts.items():
        n, rows = sum(found), analysis_set.rows([group])
        told = {"n": n, "missing": analysis_set.missing(group)}
        yield from call.of(parameter, visit).numbers(group, told, rows)
        for category, count in zip(categories, found, strict=True):
            values = {"count": count, "percent": 100 * count / n if n else float("nan")}
            yield from call.of(parameter, visit).numbers(group, values, rows, f"{category}, n (%)")
    for pair in pairs:
        contrast, (a, b) = call.contrast(*pair), (counts[group] for group in pair)
        values = {"standardised_difference": standardised_difference_of_categories(a, b)}
        if call.options.p_values:
            values["p"] = chi_squared_p(a, b)
        yield from call.of(parameter, visit).numbers(contrast, values, analysis_set.rows(pair), "all categories")


def said(options: Options) -> str:
    """What stands in the table, in words."""
    tests = (
        "Tests of the groups stand beside." if options.p_values else "No tests: differences at baseline are by chance."
    )
    return (
        "Units at baseline by group, missing values counted, with differences of groups in standard deviations (Austin "
        f"2009; of categories, without sign, Yang and Dalton 2012). {tests}"
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "parameter",
    gives="mean median percent q1 q3 sd standardised_difference p count missing n",
)
