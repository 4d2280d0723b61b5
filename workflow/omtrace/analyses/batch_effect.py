"""Group comparisons with and without correction for batches, refused where batch and group cannot be told apart."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number, Target
from omtrace.analyses._shown import named
from omtrace.analyses.assay_error import ratio_of
from omtrace.faults import Fault, Refusal
from omtrace.model.closed import Closed
from omtrace.model.contrast import Contrast
from omtrace.model.statistic import Scale
from omtrace.provenance.rows import Rows, united

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.analyses._analysis_set import AnalysisSet

WITHOUT, SHIFT, COMBAT, SHARED = "without correction", "one shift a batch", "ComBat", "shared samples"


class Options(Closed):
    """Which groups, which batches, and how they are corrected."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    batch: str = Field(description="parameter with the batch or plate of a unit")
    log: bool = Field(True, description="compare logarithms: ratio of geometric means; else the difference of means")
    combat: bool = Field(
        False, description="ComBat too: its prior is learnt over the parameters, so that it needs several"
    )
    reference_batch: str = Field("", description="batch that ComBat leaves as it is")
    least_efficiency: float = Field(
        0.5,
        description="share of the information left after adjustment below which near-confounding is told",
        ge=0,
        le=1,
    )
    shift: tuple[str, str, str] | None = Field(
        None,
        description="samples and controls that plates share too: the parameters with the parts shift, shift_se and "
        "shift_df of the concentration analysed (derive: assay_part of a bridged one)",
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """For each pair: units by batch, the guard, and the effect without and with correction side by side."""
    from omtrace.statistics.assay.combat import confounding, efficiency

    options = call.options
    contrasts = {call.contrast(*pair): pair for pair in options.contrasts}
    for contrast, pair in contrasts.items():
        sets = {target: _selected(target) for target in call.targets()}
        frames = {target: _values(target, analysis_set, pair) for target, analysis_set in sets.items()}
        corrected = _combat(call, frames) if options.combat else {}
        every = united([analysis_set.rows(pair) for analysis_set in sets.values()], call.data.unit_of)
        for target, frame in frames.items():
            rows = sets[target].rows(pair)
            sizes = {"n_a": int(frame["member"].sum()), "n_b": int((~frame["member"]).sum())}
            yield from target.numbers(contrast, sizes, rows)
            for batch, part in frame.groupby("batch", sort=True):
                counts = {"n_a": int(part["member"].sum()), "n_b": int((~part["member"]).sum())}
                yield from target.numbers(contrast, counts, rows, f"batch {batch}")
            if min(sizes.values()) < 2:
                continue
            yield from _effect(target, contrast, frame, rows, WITHOUT)
            if reason := confounding(frame["batch"], frame["member"]):
                yield from target.numbers(contrast, {"n": len(frame)}, rows, f"correction refused: {reason}")
                continue
            left = efficiency(frame["batch"], frame["member"])
            near = ", near-confounded" if left < options.least_efficiency else ""
            name = (target.parameter, str(contrast), target.visit, f"guard{near}", "efficiency")
            yield Number(*name, 100 * left, "%", 1, rows)
            yield from _effect(target, contrast, frame, rows, SHIFT)
            if options.shift is not None:
                yield from _shared(target, contrast, frame)
            if target in corrected:
                if isinstance(corrected[target], str):
                    level = f"ComBat refused: {corrected[target]}"
                    yield from target.numbers(contrast, {"n": len(frame)}, every, level)
                else:
                    changed = frame.assign(value=corrected[target])
                    yield from _effect(target, contrast, changed, every, COMBAT)


def _selected(target: Target) -> "AnalysisSet":
    """The units with a value, a group and a batch."""
    call, needed = target.call, [target.call.options.batch]
    return call.data.select(call.entry.population, target.parameter, target.visit, covariates=needed, group=True)


def _values(target: Target, analysis_set: "AnalysisSet", pair: tuple[str, str]) -> "pandas.DataFrame":
    """Values (logs), batch and membership of the units of a pair."""
    import numpy
    import pandas

    call = target.call
    parts = [analysis_set.of_group(group).assign(member=group == pair[0]) for group in pair]
    frame = pandas.concat(parts)
    values = frame["value"].astype("float64")
    if call.options.log:
        if (values <= 0).any():
            raise Refusal(
                f"analysis {call.name}: {target.parameter!r} has values of zero or less, which have no logarithm"
            )
        values = numpy.log(values)
    batch = [name if isinstance(name, str) else f"{name:g}" for name in frame[call.options.batch]]
    return frame.assign(value=values, batch=batch, member=frame["member"].astype(bool))


def _effect(target: Target, contrast: Contrast, frame: "pandas.DataFrame", rows: Rows, name: str) -> Iterator[Number]:
    from omtrace.statistics.assay.batches import group_effect

    batch = frame["batch"] if name == SHIFT else None
    try:
        found = group_effect(frame["value"], frame["member"], batch, target.call.options.level)
    except ValueError as error:
        yield from target.numbers(contrast, {"n": len(frame)}, rows, f"{name} refused: {error}")
        return
    kept = {key: found[key] for key in ("difference", "ci_low", "ci_high", "se", "df", "p")}
    numbers = ratio_of(kept) if target.call.options.log else kept
    yield from target.numbers(contrast, numbers, rows, name, Scale("", 2) if target.call.options.log else None)


def _shared(target: Target, contrast: Contrast, frame: "pandas.DataFrame") -> Iterator[Number]:
    """The effect on concentrations shifted by what plates share; units without a shift are left out, and say why."""
    from omtrace.statistics.assay.batches import shifted_effect

    if not target.call.options.log:
        raise Fault(f"analysis {target.call.name}: shifts are of logarithms; set log, or leave shift out")
    shift, se, df = target.call.options.shift
    pair = (contrast.group, contrast.reference)
    needed = [target.call.options.batch, *target.call.options.shift]
    analysis_set = target.call.data.select(
        target.call.entry.population, target.parameter, target.visit, covariates=needed, group=True
    )
    rows, mine = analysis_set.rows(pair), frame.loc[[unit for unit in frame.index if unit in analysis_set.frame.index]]
    sizes = {"n_a": int(mine["member"].sum()), "n_b": int((~mine["member"]).sum())}
    if min(sizes.values()) < 2:
        why = sorted({target.call.data.plain(shift)[unit][1] for unit in frame.index if unit not in mine.index})
        level = f"{SHARED} refused: {'; '.join(why) or 'too few units'}"
        yield from target.numbers(contrast, {"n": len(mine)}, rows, level)
        return
    facts = analysis_set.frame.loc[mine.index, list(target.call.options.shift)].astype("float64")
    if facts[shift].groupby(mine["batch"]).nunique().max() > 1:
        raise Refusal(f"analysis {target.call.name}: a batch has plates of several shifts; name the plate as batch")
    try:
        found = shifted_effect(
            mine["value"] - facts[shift],
            mine["member"],
            mine["batch"],
            facts[se],
            float(facts[df].iloc[0]),
            target.call.options.level,
        )
    except ValueError as error:
        yield from target.numbers(contrast, {"n": len(mine)}, rows, f"{SHARED} refused: {error}")
        return
    numbers = {**sizes, **ratio_of(found), "se_shift": found["se_shift"]}
    yield from target.numbers(contrast, numbers, rows, SHARED, Scale("", 2))


def _combat(call: Call, frames: "dict[Target, pandas.DataFrame]") -> "dict[Target, numpy.ndarray | str]":
    """Corrected values of each parameter, in the order of its units, or why there are none."""
    import numpy
    import pandas

    from omtrace.statistics.assay.combat import combat

    table = pandas.DataFrame({i: frame["value"] for i, frame in enumerate(frames.values())}).T
    facts = pandas.concat([frame[["batch", "member"]] for frame in frames.values()])
    facts = facts[~facts.index.duplicated()].loc[table.columns]
    try:
        found = combat(
            table.to_numpy(dtype=float),
            facts["batch"].to_numpy(dtype=str),
            facts["member"].astype(float),
            call.options.reference_batch or None,
        )
    except ValueError as error:
        return {target: str(error) for target in frames}
    out: dict[Target, numpy.ndarray | str] = {}
    for row, (target, frame) in enumerate(frames.items()):
        values = pandas.Series(found.values[row], index=table.columns)
        out[target] = values[frame.index].to_numpy()
    return out


def said(options: Options) -> str:
    """The models side by side, and what each interval knows."""
    scale = " of the logarithms" if options.log else ""
    combat = (
        " After ComBat (parametric empirical Bayes over the parameters) the interval does not know that values were "
        "corrected."
        if options.combat
        else ""
    )
    shared = " After correction by the samples and controls that plates share the interval knows it."
    return (
        f"Least squares{scale} with and without one shift for each level of {named('parameter', options.batch)}, side "
        "by side. Where batches and groups cannot be told apart (rank of the design) correction is refused; the "
        "efficiency is the share of the information on the contrast that is "
        f"left.{combat}{shared if options.shift else ''}"
    )


METHOD = Method(
    Options,
    run,
    said,
    part=lambda options: "whole",
    gives="difference ratio ci_low ci_high efficiency se se_log se_shift df p n n_a n_b",
)
