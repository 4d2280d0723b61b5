"""Assay calibration: concentrations read back through the standard curve of their plate."""

from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.derive.well_signal import Options as Reads
from omtrace.derive.well_signal import signals
from omtrace.schemas import UNIT
from omtrace.study.closed import Closed
from omtrace.study.plan import Parameter

if TYPE_CHECKING:
    import pandas


class Options(Closed):
    """Readings, layout, and how the curve is fitted."""

    signals: str = Field(description="validated table of readings: one row a well and wavelength")
    layout: str = Field(description="validated table of wells: plate, role, sample, concentration, dilution")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")
    plate: str = Field("plate", description="layout column that names the plate")
    valid: str = Field("", description="layout column that is blank for wells left out (masked by the laboratory)")
    min_levels: int = Field(6, description="levels of the standard needed (ICH M10 asks for six)", ge=5)
    fit_to: Literal["wells", "level_means"] = Field(
        "wells", description="points of the fit: wells, or the mean of each level"
    )
    per: Literal["sample", "well"] = Field("sample", description="unit of the result: the sample (animal), or the well")
    at_least: int = Field(1, description="wells of a sample that must be read", ge=1)


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Concentration = mean of the wells' read-back concentrations x dilution, for each sample or well.

    The curve is an unweighted four-parameter logistic one of each plate's standards, the zero standard included.
    """

    tables = context.tables
    reads = Reads(table=options.signals, wavelength=options.wavelength, reference=options.reference)
    signal, raw_signal = signals(context, reads)
    layout = tables.frame(options.layout)
    needed = ("role", "sample", "concentration", "dilution", options.plate, *([options.valid] if options.valid else []))
    tables.need(options.layout, *needed)
    layout = layout[layout[UNIT].isin(signal)].assign(signal=lambda frame: frame[UNIT].map(signal))
    raw = {column: tables.raw(options.layout, column) for column in ("concentration", "sample")}
    records: list[tuple] = []
    cells: list[Cell] = []
    for _plate, wells in layout.groupby(options.plate, sort=True):
        standards = _standards(wells, options)
        behind = [(k, c, "standard") for unit in standards[UNIT] for k, c in raw_signal[unit]]
        behind += [(key, raw["concentration"], "standard") for key in standards["key"]]
        for unit, group, value, status in _read_back(standards, wells, options):
            records.append((unit, "", value, None, status))
            cells += [(unit, "", k, c, "value") for well in group[UNIT] for k, c in raw_signal[well]]
            cells += [(unit, "", key, raw["sample"], "layout") for key in group["key"]]
            cells += [(unit, "", *cell) for cell in behind]
    return Found.of(records, cells, (options.layout, options.signals))


def _standards(wells: "pandas.DataFrame", options: Options) -> "pandas.DataFrame":
    """The wells of a plate that make its curve."""
    chosen = wells["role"].isin(["standard", "blank"]) & wells["concentration"].notna()
    if options.valid:
        chosen &= wells[options.valid].notna()
    return wells[chosen]


def _read_back(standards: "pandas.DataFrame", wells: "pandas.DataFrame", options: Options) -> Any:
    """(unit, its wells, concentration or None, status) of every sample or well of a plate."""
    from omtrace.statistics.four_pl import fit_four_pl, inverse

    points = standards[["concentration", "signal"]].astype("float64")
    if options.fit_to == "level_means":
        points = points.groupby("concentration", as_index=False, sort=True).mean()
    x, y = (points[column].to_numpy() for column in ("concentration", "signal"))
    fit = fit_four_pl(x, y, min_levels=options.min_levels) if len(points) else None
    refusal = "no standards" if fit is None else str(fit.refusal[0])
    if options.per == "well":
        groups = [(unit, wells[wells[UNIT] == unit]) for unit in wells[UNIT]]
    else:
        samples = wells[wells["role"] == "sample"]
        groups = list(samples.groupby("sample", sort=True))
    for unit, group in groups:
        if fit is None or refusal:
            yield unit, group, None, f"no curve: {refusal}"
            continue
        read = inverse(fit, group["signal"].to_numpy(dtype="float64"))[0]
        dilution = group["dilution"].astype("float64").fillna(1).to_numpy() if options.per == "sample" else 1.0
        values = (read * dilution)[read == read]
        if len(values) >= options.at_least:
            yield unit, group, float(values.mean()), "observed"
        else:
            yield unit, group, None, f"incomplete: {len(values)} of {max(len(group), options.at_least)} wells read back"


DERIVATION = Derivation(Options, derive)
