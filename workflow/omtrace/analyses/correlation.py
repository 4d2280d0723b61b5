"""How closely two parameters go together."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses._pairs import Pairs, pairs
from omtrace.analyses._shown import named
from omtrace.faults import Refusal
from omtrace.model.statistic import Scale


class Options(Pairs):
    """Which other parameter, and which coefficients."""

    kinds: tuple[Literal["pearson", "spearman", "kendall"], ...] = Field(
        ("pearson",), description="Pearson's r, Spearman's rho, Kendall's tau-b", min_length=1
    )


def run(call: Call) -> Iterator[Number]:
    """Each coefficient with interval and p."""
    from omtrace.statistics.basic.association import correlation

    o = call.options
    for parameter, group, visit, a, b, rows in pairs(call):
        for kind in o.kinds:
            try:
                values = correlation(a, b, kind, o.level)
            except ValueError as error:
                raise Refusal(f"analysis {call.name}, {parameter}, {kind}, {group}: {error}") from None
            level = f"with {named('parameter', o.other)}, {kind.capitalize()}"
            yield from call.of(parameter, visit).numbers(group, values, rows, level, Scale("", 2))


def said(options: Options) -> str:
    """The coefficients in words."""
    words = {
        "pearson": "Pearson's r with Fisher's interval and the t test",
        "spearman": "Spearman's rho with Fisher's interval (Bonett and Wright 2000) and the t approximation",
        "kendall": "Kendall's tau-b with Fisher's interval (Bonett and Wright 2000) and its test",
    }
    return f"Correlation in the units with both values: {'; '.join(words[kind] for kind in options.kinds)}."


METHOD = Method(
    Options,
    run,
    said,
    gives="correlation_coefficient ci_low ci_high p n",
)
