"""Standard curves: one four-parameter logistic curve a plate, and its standards read back."""

from collections.abc import Iterator
from typing import Literal

from pydantic import Field

from omtrace.analyses import Call, Method, Number
from omtrace.study.closed import Closed


class Options(Closed):
    """Where the concentrations stand, and what the curve is fitted to."""

    concentration: str = Field(description="parameter of the wells with the nominal concentration")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )


def run(call: Call) -> Iterator[Number]:
    """a, b, c, d with standard errors, residual sum of squares, and each level read back, a plate."""
    from omtrace.statistics.four_pl import back_calculate, fit_four_pl

    concentration = call.options.concentration
    call.need(concentration)
    x_unit = call.dataset.parameters[concentration].unit
    for parameter, visit in call.targets():
        y_unit = call.dataset.parameters[parameter].unit
        units = {"a": y_unit, "d": y_unit, "residual_sd": y_unit, "c": x_unit}
        chosen = call.data.select(call.entry.population, parameter, visit, covariates=[concentration], group=True)
        for plate in call.dataset.groups:
            rows = chosen.rows([plate])
            wells = chosen.of_group(plate)[[concentration, "value"]].astype("float64")
            means = wells.groupby(concentration, as_index=False, sort=True)["value"].mean()
            points = means if call.options.fit_to == "level_means" else wells
            if points.empty:
                yield from call.numbers(parameter, plate, visit, {"n": 0}, rows, level="refused: no standards")
                continue
            x, y = points[concentration].to_numpy(), points["value"].to_numpy()
            fit = fit_four_pl(x, y, min_levels=call.options.min_levels)
            if fit.refusal[0]:
                yield from call.numbers(
                    parameter, plate, visit, {"n": fit.n[0]}, rows, level=f"refused: {fit.refusal[0]}"
                )
                continue
            for statistic, value in fit.numbers().items():
                unit = units.get(statistic.removesuffix("_se"), "")
                decimals = 0 if statistic in ("n", "levels", "df") else 4
                yield Number(parameter, plate, visit, "", statistic, value, unit, decimals, rows)
            read, recovery = back_calculate(fit, means[concentration].to_numpy(), means["value"].to_numpy())
            for nominal, value, percent in zip(means[concentration], read[0], recovery[0], strict=True):
                level = f"standard {nominal:g}"
                yield Number(parameter, plate, visit, level, "back_calculated", float(value), x_unit, 3, rows)
                if percent == percent:
                    yield Number(parameter, plate, visit, level, "recovery", float(percent), "%", 1, rows)


METHOD = Method(
    Options,
    run,
    "Unweighted four-parameter logistic curve y = d + (a - d) / (1 + (x / c)^b); each level's mean signal read back "
    "through it.",
    units="any",
)
