"""Assay calibration: concentrations read back through the standard curve of their plate."""

from dataclasses import replace
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.derivations._plates import Curves, PlateCurve, Plates, Samples
from omtrace.derivations.well_signal import Options as Reads
from omtrace.derivations.well_signal import signals
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import chosen

if TYPE_CHECKING:
    import pandas

    from omtrace.statistics.curves.readings import Readings, Wells

MASKED = "masked: no well in use"


class Options(PlateCurve):
    """Readings, layout, how the curve is fitted, how the plate is judged, and what counts as read."""

    signals: str | tuple[str, ...] = Field(
        description="validated table of readings, one row a well and wavelength; or several, of different readers"
    )
    layout: str = Field(description="validated table of wells: plate, role, sample, concentration, dilution")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")
    plate: str = Field("plate", description="layout column that names the plate")
    valid: str = Field(
        "",
        description="layout column that is blank for wells masked by the laboratory: standards, controls and samples "
        "in them are never used",
    )
    per: Literal["sample", "well"] = Field("sample", description="unit of the result: the sample (animal), or the well")
    at_least: int = Field(1, description="wells of a sample that must be read", ge=1)
    limits: Literal["report", "censor"] = Field(
        "censor",
        description="concentrations beyond the lowest and highest standard that hold: censored (status below LLOQ or "
        "above ULOQ; derive: assay_part gives the limit; of several dilutions those within the range count), or "
        "reported as the curve gives them",
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Concentration = mean of the wells' read-back concentrations x dilution, for each sample or well.

    The curve is that of each plate's standards, the zero standard included. A plate that breaks its limits gives
    nothing: its samples say why.
    """
    import numpy

    from omtrace.statistics.curves.readings import Ranges, readings

    tables = context.tables
    reads = Reads(table=options.signals, wavelength=options.wavelength, reference=options.reference)
    signal = signals(context, reads)
    layout = tables.frame(options.layout)
    needed = (
        "role",
        "sample",
        "concentration",
        "dilution",
        options.plate,
        *filter(None, (options.valid, options.nominal)),
    )
    tables.need(options.layout, *needed)
    plates = Plates(layout, signal, options.plate, options.valid, options)
    samples = plates.wells_alone() if options.per == "well" else plates.samples_of()
    curves = plates.curves()
    wells = _wells(plates, samples, curves, options)
    ranges = Ranges.of(curves.fit, curves.lloq, curves.uloq)
    read = readings(wells, ranges, options.limits == "censor", options.at_least)
    refusal = curves.refusal[samples.plates]
    reading = numpy.where(numpy.diff(samples.edges) == 0, MASKED, read.status)
    value, status = numpy.where(refusal == "", read.value, numpy.nan), numpy.where(refusal == "", reading, refusal)
    raw = {c: tables.raw(options.layout, c) for c in ("sample", "concentration", options.nominal) if c}
    cells = _cells(plates, samples, raw)
    sources = (options.layout, *reads.tables)
    derived = Found.of_columns(samples.names, "", value, None, status, cells, sources)
    derived.parts = lambda: _parts(plates, samples, curves, wells, read)
    return derived


def _wells(plates: Plates, samples: Samples, curves: Curves, options: Options) -> "Wells":
    """The wells of the samples, read back."""
    import numpy

    from omtrace.statistics.curves.readings import Wells

    places = samples.wells
    x = curves.fit.take(plates.plates[places]).inverse(plates.signal[places][:, None])[:, 0]
    dilution = plates.dilutions(places) if options.per == "sample" else numpy.ones(len(places))
    beyond = plates.beyond[places]
    signal = numpy.where(beyond == 0, plates.signal[places], numpy.where(beyond > 0, numpy.inf, -numpy.inf))
    return Wells(signal, x, dilution, samples.edges, samples.plates)


def _cells(plates: Plates, samples: Samples, raw: dict[str, str]) -> Cells:
    """The cells behind each sample: its wells, and what the curve of its plate rests on."""
    import numpy

    count, made = len(samples.plates), plates.behind_curves()
    joint = plates.options.curve == "joint"  # then all plates' standards stand behind each sample
    of, plate = numpy.repeat(numpy.arange(count), numpy.diff(samples.edges)), plates.plates[made] * (not joint)
    standards = [
        plates.reads(plate, made, "standard"),
        Cells.of(plate, plates.keys[made], raw["concentration"], "standard"),
    ]
    if nominal := plates.options.nominal:
        judged = numpy.isfinite(plates.nominal[made])
        standards.append(Cells.of(plate[judged], plates.keys[made[judged]], raw[nominal], "standard"))
    return Cells.joined(
        [
            plates.reads(of, samples.wells),
            Cells.of(of, plates.keys[samples.wells], raw["sample"], "layout"),
            Cells.joined(standards).shared_by(samples.plates * (not joint), numpy.arange(count)),
        ]
    )


def _parts(plates: Plates, samples: Samples, curves: Curves, wells: "Wells", read: "Readings") -> "pandas.DataFrame":
    """What each sample's concentration consists of: plate, state, bound, curve_1 ..., wells; all but plate may miss."""
    import numpy
    import pandas

    from omtrace.statistics.curves.readings import plate_errors, sample_errors

    made, options = plates.standards, plates.options
    fit = replace(curves.fit, refusal=curves.refusal)
    errors = plate_errors(
        fit,
        plates.signal,
        plates.edges,
        plates.concentration[made],
        plates.signal[made],
        plates.starts,
        options.weights,
    )
    shared, own = sample_errors(read, wells, *(part[samples.wells] for part in errors))
    numbers = {
        "state": read.state,
        "bound": read.bound,
        "wells": own,
        **{f"curve_{i}": part for i, part in enumerate(shared.T, 1) if options.curve == "own"},
    }
    good = curves.refusal[samples.plates] == ""
    parts = {name: numpy.where(good, part, numpy.nan) for name, part in numbers.items()}
    return pandas.DataFrame({"plate": chosen(samples.plates, plates.names), **parts})


DERIVATION = Derivation(Options, derive)
