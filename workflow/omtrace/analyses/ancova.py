"""Analysis of covariance: groups compared at follow-up, adjusted for baseline and covariates."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Fault
from omtrace.study.closed import Closed


class Options(Closed):
    """Which groups and which terms."""

    group: str = Field(description="group of interest")
    reference: str = Field(description="group that it is compared with")
    baseline: bool = Field(True, description="adjust for the outcome's own baseline")
    covariates: tuple[str, ...] = Field((), description="numeric parameters without visits")
    factors: tuple[str, ...] = Field((), description="categorical parameters without visits")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Adjusted difference group - reference, and adjusted means, by ordinary least squares."""
    from omtrace.statistics.linear import adjusted_difference, adjusted_means

    o, data = call.options, call.data
    contrast, base = call.contrast(o.group, o.reference), call.baseline() if o.baseline else ""
    for name in o.covariates:
        call.need(name)
    for parameter, visit in call.targets():
        if visit == call.dataset.baseline:
            continue
        chosen = data.select(call.entry.population, parameter, visit, base, (*o.covariates, *o.factors), group=True)
        frame = chosen.frame[chosen.frame["group"].isin([o.group, o.reference])]
        numeric = [*(["baseline"] if o.baseline else []), *o.covariates]
        frame = frame.astype(dict.fromkeys(["value", *numeric], "float64"))
        try:
            model = (frame, "value", "group", o.reference, numeric, list(o.factors), o.level)
            fit, means = adjusted_difference(*model), adjusted_means(*model)
        except ValueError as error:
            raise Fault(f"analysis {call.name}, {parameter} at {visit}: {error}") from None
        rows = chosen.rows([o.group, o.reference])
        yield from call.numbers(parameter, contrast, visit, fit, rows)
        for group, values in means.items():
            yield from call.numbers(parameter, group, visit, {"n": values.pop("n")}, chosen.rows([group]))
            yield from call.numbers(parameter, group, visit, values, rows)


METHOD = Method(
    Options,
    run,
    "Ordinary least squares of the outcome on group, the outcome's baseline and the covariates; complete cases. "
    "Adjusted means at the covariates' means, factor levels weighted equally.",
)
