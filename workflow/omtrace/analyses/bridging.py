"""Shift of each plate against a reference plate, from samples and controls measured on both."""

from collections.abc import Iterator

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses.assay_error import ratio_of
from omtrace.faults import Fault
from omtrace.study.closed import Closed


class Options(Closed):
    """Which samples are shared, and which plate the others are held against."""

    sample: str = Field("sample", description="parameter of the wells with the name of sample or control")
    shared: tuple[str, ...] = Field((), description="samples and controls used; none: all in the population")
    reference: str = Field("", description="plate (group) that the others are held against; none: the first")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Ratio of geometric means of the shared samples, plate over reference plate."""
    import numpy

    from omtrace.statistics.batches import bridge

    options, groups = call.options, list(call.dataset.groups)
    reference = options.reference or groups[0]
    for parameter, visit in call.targets():
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=[options.sample], group=True)
        frame = chosen.frame.assign(plate=[chosen.groups.get(unit, "") for unit in chosen.frame.index])
        frame = frame[frame[options.sample].isin(options.shared)] if options.shared else frame
        values = frame["value"].astype("float64")
        if (values <= 0).any():
            raise Fault(f"analysis {call.name}: {parameter!r} has values of zero or less, which have no logarithm")
        try:
            found = bridge(numpy.log(values), frame[options.sample], frame["plate"], reference, options.level)
        except ValueError as error:
            raise Fault(f"analysis {call.name}: {error}") from None
        left = {unit: "not a shared sample" for unit in chosen.frame.index if unit not in frame.index}
        for plate in (plate for plate in groups if plate in found):
            contrast, rows = call.contrast(plate, reference), chosen.rows([plate, reference], left)
            yield from call.numbers(parameter, contrast, visit, {"shared": found[plate]["n"]}, rows)
            if found[plate]["n"]:
                yield from call.numbers(parameter, contrast, visit, ratio_of(found[plate]), rows, scale=("", 2))


METHOD = Method(
    Options,
    run,
    "Ratio of geometric means of the samples measured on both plates; t interval from the scatter of the samples' "
    "ratios.",
    units="any",
)
