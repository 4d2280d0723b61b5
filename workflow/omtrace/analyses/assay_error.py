"""A group comparison of concentrations with the assay's error carried into it."""

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.faults import Refusal
from omtrace.model.closed import Closed
from omtrace.model.statistic import Scale

if TYPE_CHECKING:
    import numpy
    import pandas


class Options(Closed):
    """Which groups, and where the parts of the error stand (derive: assay_part)."""

    contrasts: tuple[tuple[str, str], ...] = Field(description="pairs: group of interest, reference")
    curve: tuple[str, ...] = Field(description="parameters with the parts curve_1, curve_2, ...", min_length=4)
    wells: str = Field(description="parameter with the part wells")
    plate: str = Field(description="parameter with the part plate")
    level: float = Field(0.95, description="confidence level", gt=0.5, lt=1)


def run(call: Call) -> Iterator[Number]:
    """Ratio of geometric means for each pair, without and with the curves' error, and the assay's share."""
    from omtrace.statistics.assay.assay_error import assay_error

    options = call.options
    contrasts = {call.contrast(*pair): pair for pair in options.contrasts}
    for target in call.targets():
        parts = [*options.curve, options.wells, options.plate]
        analysis_set = call.data.select(
            call.entry.population, target.parameter, target.visit, covariates=parts, group=True
        )
        for contrast, pair in contrasts.items():
            first, second = frames = [analysis_set.of_group(group) for group in pair]
            rows = analysis_set.rows(pair)
            sizes = {f"n_{side}": len(frame) for side, frame in zip("ab", frames, strict=True)}
            yield from target.numbers(contrast, sizes, rows)
            if min(sizes.values()) < 2:
                continue
            found = assay_error(
                (_logs(call, target.parameter, first), _logs(call, target.parameter, second)),
                (_numbers(first, options.curve), _numbers(second, options.curve)),
                (_numbers(first, options.wells), _numbers(second, options.wells)),
                (first[options.plate].tolist(), second[options.plate].tolist()),
                options.level,
            )
            for level, name in (("without the curves' error", "plain"), ("with the curves' error", "with_curve")):
                yield from target.numbers(contrast, ratio_of(found[name]), rows, level, Scale("", 2))
            shares = {"se_wells": found["assay"]["se_wells"], "se_curve": found["assay"]["se_curve"]}
            yield from target.numbers(contrast, shares, rows, "assay", Scale("", 3))
            yield Number(
                target.parameter,
                str(contrast),
                target.visit,
                "assay",
                "assay_share",
                found["assay"]["share"],
                "%",
                1,
                rows,
            )


def ratio_of(numbers: dict[str, float]) -> dict[str, float]:
    """Numbers of a difference of logs as those of a ratio: ratio, ci_low, ci_high, se_log, df, p."""
    ratio, low, high = (_power(numbers[name]) for name in ("difference", "ci_low", "ci_high"))
    return {
        "ratio": ratio,
        "ci_low": low,
        "ci_high": high,
        "se_log": numbers["se"],
        "df": numbers["df"],
        "p": numbers["p"],
    }


def _power(log: float) -> float:
    return math.exp(log) if log < 700 else math.inf


def _numbers(frame: "pandas.DataFrame", columns: str | tuple[str, ...]) -> "numpy.ndarray":
    return frame[columns if isinstance(columns, str) else list(columns)].astype("float64").to_numpy()


def _logs(call: Call, parameter: str, frame: "pandas.DataFrame") -> "numpy.ndarray":
    import numpy

    values = _numbers(frame, "value")
    if (values <= 0).any():
        raise Refusal(f"analysis {call.name}: {parameter!r} has values of zero or less, which have no logarithm")
    return numpy.log(values)


METHOD = Method(
    Options,
    run,
    "Ratio of geometric means with Welch's interval on the logarithms; the scatter of the wells and the error of the "
    "standard curves carried through by the delta method. Share: of the whole variance that is the assay's.",
    gives="ratio ci_low ci_high assay_share share se_curve se_log se_wells df p n_a n_b",
)
