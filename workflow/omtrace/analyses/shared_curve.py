"""Whether one standard curve serves all plates: one curve, one midpoint a plate, or a curve of each plate."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.analyses.assay_error import ratio_of
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy

    from omtrace.analyses._analysis_set import AnalysisSet
    from omtrace.statistics.curves.four_pl_joint import JointFit

CURVES = {"one": "one curve", "shift": "one midpoint a plate", "own": "a curve of each plate"}
TESTS = {"shift_needed": "midpoints differ", "own_needed": "more than midpoints differ"}


class Options(Closed):
    """Where the concentrations stand, and how the curves are fitted."""

    concentration: str = Field(description="parameter of the wells with the nominal concentration")
    weights: Literal["none", "1/y", "1/y2", "1/x"] = Field("none", description="weights of the fits")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    contrasts: tuple[tuple[str, str], ...] = Field(
        (),
        description="pairs of groups whose EC50 are compared, such as compound and standard: their ratio on parallel "
        "curves (relative potency is its reciprocal); whether curves are parallel, the tests say",
        exclude_if=lambda pairs: not pairs,
    )
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Plates with a curve of their own: the three fits compared, and each plate's midpoint on the curve they share."""
    from omtrace.statistics.basic.samples import stacked
    from omtrace.statistics.curves.calibration import weights_of
    from omtrace.statistics.curves.four_pl_joint import compare_curves, fit_joint

    options, concentration = call.options, call.options.concentration
    call.need(concentration)
    contrasts = {call.contrast(*pair): pair for pair in options.contrasts}
    for target in call.targets():
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=[concentration], group=True
        )
        wells = {plate: _points(analysis_set, plate, concentration) for plate in call.dataset.groups}
        wells = {plate: points for plate, points in wells.items() if points.size}
        refused = _refused(wells, options) if wells else {}
        plates = [plate for plate in wells if plate not in refused]
        left = {
            unit: f"no curve: {why}" for plate, why in refused.items() for unit in analysis_set.of_group(plate).index
        }
        rows = analysis_set.rows(list(call.dataset.groups), left)
        counts = {"plates": len(plates), "n": rows.used}
        yield from target.numbers("all", counts, rows)
        if len(plates) < 2:
            if contrasts:
                raise Refusal(
                    f"analysis {call.name}, {target.parameter}: fewer than two groups have a curve to compare"
                )
            continue
        x, y, used = stacked([wells[plate] for plate in plates])
        weights = weights_of(x, _filled(y, used), options.weights)
        try:
            found = compare_curves(x, y, weights, used, options.min_levels)
        except ValueError as error:
            yield from target.numbers("all", {"n": rows.used}, rows, f"refused: {error}")
            if contrasts:
                raise Refusal(f"analysis {call.name}, {target.parameter}: {error}") from None
            continue
        for name, level in {**CURVES, **TESTS}.items():
            yield from target.numbers("all", found[name], rows, level, Scale("", 4))
        joint = fit_joint(x, y, weights, used, options.min_levels)
        for at, plate in enumerate(plates):
            if joint.log_midpoint[at] == joint.log_midpoint[at]:
                shift = ratio_of({**joint.shift(at, options.level), "p": float("nan")})
                numbers = {name: value for name, value in shift.items() if name not in ("p", "df")}
                yield from target.numbers(plate, numbers, rows, "midpoint / mean of all", Scale("", 2))
        for contrast, pair in contrasts.items():
            ratio = _ratio(call, joint, plates, pair, refused)
            yield from target.numbers(contrast, ratio, rows, "EC50, on parallel curves", Scale("", 2))


def _refused(wells: "dict[str, numpy.ndarray]", options: Options) -> dict[str, str]:
    """Why plates have no curve of their own."""
    from omtrace.statistics.basic.samples import stacked
    from omtrace.statistics.curves.calibration import fit_curves, judged

    x, y, used = stacked(list(wells.values()))
    own = fit_curves(x, y, "4PL", options.weights, used, options.min_levels)
    own = judged(own, x, y, used, weighting=options.weights)
    whys = [str(why or vague) for why, vague in zip(own.refusal, own.vague, strict=True)]
    return {plate: why for plate, why in zip(wells, whys, strict=True) if why}


def _ratio(
    call: Call, joint: "JointFit", plates: list[str], pair: tuple[str, str], refused: dict[str, str]
) -> dict[str, float]:
    """The ratio of the EC50 of two groups. Raises Refusal where one of them has no curve."""
    if lost := [group for group in pair if group not in plates]:
        why = refused.get(lost[0], "no standards")
        raise Refusal(f"analysis {call.name}: no curve of {lost[0]}: {why}")
    return ratio_of(joint.difference(plates.index(pair[0]), plates.index(pair[1]), call.options.level))


def _points(analysis_set: "AnalysisSet", plate: str, concentration: str) -> "numpy.ndarray":
    """Concentration and signal of a plate's standards (2, n)."""
    return analysis_set.of_group(plate)[[concentration, "value"]].astype("float64").to_numpy().T.copy()


def _filled(y: "numpy.ndarray", used: "numpy.ndarray") -> "numpy.ndarray":
    """The signals, 1 where there is no point, so that each has a weight."""
    import numpy

    return numpy.where(used, y, 1.0)


def said(options: Options) -> str:
    """The three fits and their comparison in words."""
    ratios = " Ratios of EC50 between groups are from it too, with a t interval of their logarithm."
    return (
        "Logistic curves of four parameters by least squares on the standards' wells: one for all; one with a midpoint "
        "of each plate, asymptotes and slope in common; and one of each plate. F tests of the extra sums of squares "
        "and AIC, which both trust the weights; the midpoint of each plate over their geometric mean from the second "
        f"fit.{ratios if options.contrasts else ''}"
    )


METHOD = Method(
    Options,
    run,
    said,
    units="any",
    gives="parameters ratio ci_low ci_high rss se_log aic f df df_1 df_2 p n plates",
)
