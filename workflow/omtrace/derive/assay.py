"""Assay calibration: concentrations read back through the standard curve of their plate."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Literal

from pydantic import Field

from omtrace.derive import Cell, Context, Derivation, Found
from omtrace.derive._plates import Curve, Plate, Plates
from omtrace.derive.well_signal import Options as Reads
from omtrace.derive.well_signal import signals
from omtrace.study.plan import Parameter

if TYPE_CHECKING:
    from omtrace.statistics.readings import PlateErrors, Reading

NO_STANDARDS = "no curve: no standards"


class Options(Curve):
    """Readings, layout, how the curve is fitted, how the plate is judged, and what counts as read."""

    signals: str = Field(description="validated table of readings: one row a well and wavelength")
    layout: str = Field(description="validated table of wells: plate, role, sample, concentration, dilution")
    wavelength: str = Field(description="wavelength of the measurement")
    reference: str = Field("", description="wavelength taken off, if any")
    plate: str = Field("plate", description="layout column that names the plate")
    valid: str = Field("", description="layout column that is blank for wells left out (masked by the laboratory)")
    per: Literal["sample", "well"] = Field("sample", description="unit of the result: the sample (animal), or the well")
    at_least: int = Field(1, description="wells of a sample that must be read", ge=1)
    limits: Literal["report", "censor"] = Field(
        "report",
        description="concentrations beyond the lowest and highest standard that hold: reported as the curve gives "
        "them, or censored (status below LLOQ or above ULOQ; derive: assay_part gives the limit)",
    )


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Concentration = mean of the wells' read-back concentrations x dilution, for each sample or well.

    The curve is that of each plate's standards, the zero standard included. A plate that breaks its limits gives
    nothing: its samples say why.
    """
    tables = context.tables
    reads = Reads(table=options.signals, wavelength=options.wavelength, reference=options.reference)
    signal, raw_signal = signals(context, reads)
    layout = tables.frame(options.layout)
    needed = ("role", "sample", "concentration", "dilution", options.plate, *([options.valid] if options.valid else []))
    tables.need(options.layout, *needed)
    plates = Plates(layout, signal, options.plate, options.valid, options)
    raw = {column: tables.raw(options.layout, column) for column in ("concentration", "sample")}
    records: list[tuple] = []
    cells: list[Cell] = []
    of_plates: dict[int, list[tuple[str, str]]] = {}
    parts: dict[str, dict[tuple[str, str], float | str]] = {}
    for unit, plate, wells, reading in _readings(plates, options):
        records.append((unit, "", reading.value, None, reading.status))
        of_plates.setdefault(plate, []).append((unit, ""))
        cells += [(unit, "", k, c, "value") for well in wells for k, c in raw_signal[plates.units[well]]]
        cells += [(unit, "", plates.keys[well], raw["sample"], "layout") for well in wells]
        parts.setdefault("plate", {})[unit, ""] = str(plates.names[plate])
        for part, value in reading.parts.items():
            parts.setdefault(part, {})[unit, ""] = value
    behind: list[tuple[list, list]] = []
    for plate, units in of_plates.items():
        wells = plates.standards_of(plate)
        if options.acceptance is not None:
            wells = [*wells, *(w for w in plates.wells_of(plate) if plates.samples[w] in options.controls)]
        standards = [(k, c, "standard") for well in wells for k, c in raw_signal[plates.units[well]]]
        standards += [(plates.keys[well], raw["concentration"], "standard") for well in wells]
        behind.append((units, standards))
    found = Found.of(records, cells, (options.layout, options.signals))
    found.shared, found.parts = behind, parts
    return found


def _readings(plates: Plates, options: Options) -> "Iterator[tuple[str, int, list[int], Reading]]":
    """Each sample, or each well, with its plate, its wells and what was read."""
    from omtrace.statistics.readings import Reading, reading

    errors: dict[int, PlateErrors] = {}
    found = plates.judged()
    for number, plate in enumerate(found):
        if plate is not None and not plate.refusal:
            errors[number] = _errors(plates, number, plate, options)
    for unit, number, wells in plates.wells_alone() if options.per == "well" else plates.samples_of():
        plate = found[number]
        if plate is None or plate.refusal:
            yield unit, number, wells, Reading(None, plate.refusal if plate else NO_STANDARDS)
            continue
        dilution = plates.dilutions(wells) if options.per == "sample" else plates.dilutions(wells) * 0 + 1
        at = [well - int(plates.edges[number]) for well in wells]
        yield unit, number, wells, reading(errors[number], at, dilution, options.limits == "censor", options.at_least)


def _errors(plates: Plates, number: int, plate: Plate, options: Options) -> "PlateErrors":
    from omtrace.statistics.readings import plate_errors

    standards, wells = plates.standards_of(number), plates.wells_of(number)
    return plate_errors(plate.fit, plates.signal[wells], plates.concentration[standards], plates.signal[standards],
                        plate.lloq, plate.uloq, options.weights)  # fmt: skip


DERIVATION = Derivation(Options, derive)
