"""A 2 x 2 factorial linear model: two factors and their interaction."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Fault
from omtrace.study.closed import Closed


class Options(Closed):
    """The two factors, each with its two levels, the reference first."""

    first: str = Field(description="parameter without visits")
    first_levels: tuple[str, str] = Field(description="its levels, the reference first")
    second: str = Field(description="parameter without visits")
    second_levels: tuple[str, str] = Field(description="its levels, the reference first")
    log: bool = Field(False, description="analyse the natural logarithm (values must be positive)")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Both main effects, the interaction, cell means and simple effects; units of other levels are left out."""
    import numpy

    from omtrace.statistics.factorial import cells

    o = call.options
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=(o.first, o.second))
        frame = chosen.frame.astype({"value": "float64"})
        outside = ~(frame[o.first].isin(o.first_levels) & frame[o.second].isin(o.second_levels))
        without = dict.fromkeys(frame.index[outside], "other level of a factor")
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
    from omtrace.statistics.factorial import cell_means, factorial_effects, simple_effects

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
    "Linear model with both factors and their interaction, sum coding, type III tests; cell means and simple effects "
    "with the pooled SD.",
)
