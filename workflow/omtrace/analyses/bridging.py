"""Shift of each plate against a reference plate, from samples and controls measured on both."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses.assay_error import ratio_of
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet


class Options(Closed):
    """Which samples are shared, and which plate the others are held against."""

    sample: str = Field("sample", description="parameter of the wells with the name of sample or control")
    shared: tuple[str, ...] = Field((), description="samples and controls used; none: all in the population")
    reference: str = Field("", description="plate (group) that the others are held against; none: the first")
    fit: Literal["pairs", "joint"] = Field(
        "pairs",
        description="pairs: each plate with the reference alone; joint: all plates in one fit, with the scatter of all "
        "and the spread of the plates; plates that share nothing with the reference are linked through others",
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Ratio of geometric means of the shared samples, plate over reference plate."""
    import numpy

    from omtrace.statistics.assay.batches import bridge

    options, groups = call.options, list(call.dataset.groups)
    reference = options.reference or groups[0]
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[options.sample], group=True
        )
        frame = analysis_set.frame.assign(
            plate=[analysis_set.groups.get(unit, "") for unit in analysis_set.frame.index]
        )
        frame = frame[frame[options.sample].isin(options.shared)] if options.shared else frame
        values = frame["value"].astype("float64")
        if (values <= 0).any():
            raise Refusal(
                f"analysis {call.name}: {target.parameter!r} has values of zero or less, which have no logarithm"
            )
        left = {unit: "not a shared sample" for unit in analysis_set.frame.index if unit not in frame.index}
        if options.fit == "joint":
            yield from _joint(
                call, (target.parameter, target.visit), analysis_set, frame.assign(value=numpy.log(values)), left
            )
            continue
        try:
            found = bridge(numpy.log(values), frame[options.sample], frame["plate"], reference, options.level)
        except ValueError as error:
            raise Refusal(f"analysis {call.name}: {error}") from None
        for plate in (plate for plate in groups if plate in found):
            contrast, rows = call.contrast(plate, reference), analysis_set.rows([plate, reference], left)
            yield from target.numbers(contrast, {"shared": found[plate]["n"]}, rows)
            if found[plate]["n"]:
                yield from target.numbers(contrast, ratio_of(found[plate]), rows, scale=Scale("", 2))


def _joint(
    call: Call, target: tuple[str, str], analysis_set: "AnalysisSet", frame: "pandas.DataFrame", left: dict[str, str]
) -> Iterator[Number]:
    """The shift of each plate by the joint fit, and the spread of plates and of what is left, plates random."""
    from omtrace.statistics.assay.plate_shifts import plate_shifts

    (parameter, visit), options, groups = target, call.options, list(call.dataset.groups)
    reference, rows = options.reference or groups[0], analysis_set.rows(groups, left)
    try:
        found = plate_shifts(frame["value"], frame[options.sample].astype(str), frame["plate"])
    except ValueError as error:
        raise Refusal(f"analysis {call.name}: {error}") from None
    shift = dict(zip(found.plates, found.shift.tolist(), strict=True))
    if shift.get(reference, float("nan")) != shift.get(reference):
        raise Refusal(f"analysis {call.name}: the reference plate {reference!r} has no shared sample")
    for plate in (plate for plate in groups if plate in found.plates and plate != reference):
        at, contrast = found.plates.index(plate), call.contrast(plate, reference)
        yield from call.of(parameter, visit).numbers(contrast, {"shared": found.shared[at]}, rows)
        if shift[plate] == shift[plate]:
            weights = [(p == plate) - float(p == reference) for p in found.plates]
            numbers = ratio_of(found.contrast(weights, options.level))
            yield from call.of(parameter, visit).numbers(contrast, numbers, rows, scale=Scale("", 2))
    spread = {"sd_shift": _between(frame, options.sample), "sd_left": found.sd}
    yield from call.of(parameter, visit).numbers(
        "all", {k: v for k, v in spread.items() if v == v}, rows, scale=Scale("", 2)
    )


def _between(frame: "pandas.DataFrame", sample: str) -> float:
    """SD between plates by REML, plates random, of the means of each sample on a plate; NaN where it cannot be told."""
    import pandas

    from omtrace.statistics.mixed.lmm import fit

    means = frame.groupby([sample, "plate"], sort=True)["value"].mean().reset_index()
    design = pandas.get_dummies(means[sample].astype(str)).to_numpy(dtype=float)
    try:
        model = fit(means["value"], design, {"plate": means["plate"]})
    except ValueError:
        return float("nan")
    return float(model.components["plate"] ** 0.5)


METHOD = Method(
    Options,
    run,
    "Ratio of geometric means of the samples measured on both plates; t interval from the scatter of the samples' "
    "ratios. Jointly: least squares of the logarithms on sample and plate, with the scatter about it (of one shared "
    "sample: that of its wells); SD between plates by REML with plates random.",
    units="any",
    gives="ratio ci_low ci_high sd_left sd_shift se_log df p n shared",
)
