"""Concentrations brought to one level: each plate's shift, from samples and controls that plates share, taken off."""

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derivations import Context, Derivation, Found
from omtrace.derivations._plates import Curves, Plates
from omtrace.derivations.assay import Options as Assay
from omtrace.derivations.well_signal import Options as Reads
from omtrace.derivations.well_signal import signals
from omtrace.faults import Fault
from omtrace.model.closed import Closed, checked
from omtrace.model.plan import Parameter
from omtrace.provenance.cells import Cells
from omtrace.provenance.texts import places

if TYPE_CHECKING:
    import numpy
    import pandas

    from omtrace.statistics.assay.plate_shifts import PlateShifts

UNLINKED = "no bridge: the plate shares no sample or control with the others"


class Options(Closed):
    """Of which concentration, and from what."""

    of: str = Field(description="parameter of the dataset, declared before it, with derive: assay")
    shared: tuple[str, ...] = Field(
        (), description="samples and controls that are used; none: every one that is on two plates at least"
    )
    bridge: str = Field(
        "",
        description="layout column that names what plates share, blank for other wells; none: wells with the role "
        "control, by their sample",
    )
    reference: str = Field("", description="plate that stays as it is; none: the geometric mean of all plates does")


def derive(context: Context, name: str, parameter: Parameter, options: Options) -> Found:
    """Concentration / exp(shift of its plate), from one joint fit of all wells that plates share.

    Refused for all where the dataset's groups cannot be told from the plates, and where nothing says how sure the
    shifts are. Each value rests on its own cells and on those of every shared well and its plate's standards.
    """
    import numpy
    import pandas

    whole = context.earlier(name, options.of, ())
    if context.dataset.parameters[options.of].derive != "assay" or whole.parts is None:
        raise Fault(f"parameter {name}: {options.of!r} is not derived with derive: assay")
    parts, units = whole.parts(), whole.records["unit"]
    plate, is_read = parts["plate"], parts["state"].notna()
    bridge = _bridge(context, name, options)
    shifts, behind = bridge.shifts, bridge.cells
    refusal = bridge.refusal or _confounded(context, name, dict(zip(units[plate.notna()], plate.dropna(), strict=True)))
    base = _base(name, options.reference, shifts)
    at = places(plate, shifts.plates if shifts else [])
    told = (shifts.shift - base, shifts.independent) if shifts else ([], [])
    shift, error = (numpy.append(numpy.asarray(part, dtype="float64"), math.nan)[at] for part in told)
    known = is_read & numpy.isfinite(shift) & (refusal == "")
    factor = numpy.array([math.exp(-one) for one in shift.tolist()])
    status = whole.records["status"].mask(is_read & ~known, refusal or UNLINKED)
    value = (whole.records["value"] * factor).where(status == "observed")
    on = numpy.flatnonzero(plate.notna())
    cells = Cells.joined([whole.cells, behind.behind(numpy.zeros(len(on)), on)])
    derived = Found.of_columns(units, whole.records["visit"], value, None, status, cells, whole.tables)
    carried = {
        "bound": parts["bound"] * factor,
        "shift": shift,
        "shift_se": error,
        "shift_df": shifts.df if shifts else math.nan,
    }
    numbers = pandas.DataFrame(carried, index=parts.index).where(known)
    derived.parts = lambda: parts[["plate", "state"]].join(numbers)
    return derived


def _base(name: str, reference: str, shifts: "PlateShifts | None") -> float:
    """The shift of the plate that stays as it is. Raises Fault for a plate that has none."""
    if not reference or not shifts:
        return 0.0
    plates = list(shifts.plates)
    base = float(shifts.shift[plates.index(reference)]) if reference in plates else math.nan
    if not math.isfinite(base):
        raise Fault(f"parameter {name}: the reference plate {reference!r} shares no sample or control with the others")
    return base


@dataclass(frozen=True)
class Bridge:
    """The plates' shifts, the cells that they rest on, and why they are not used ("" = they are)."""

    shifts: "PlateShifts | None"
    cells: Cells
    refusal: str


def _bridge(context: Context, name: str, options: Options) -> Bridge:
    import numpy

    from omtrace.statistics.assay.plate_shifts import plate_shifts

    where = f"parameter {name}: options of {options.of}"
    assay = checked(Assay, context.dataset.parameters[options.of].options, where)
    tables, layout = context.tables, context.tables.frame(assay.layout)
    if options.bridge:
        tables.need(assay.layout, options.bridge)
    reads = Reads(table=assay.signals, wavelength=assay.wavelength, reference=assay.reference)
    plates = Plates(layout, signals(context, reads), assay.plate, assay.valid, assay)
    material = _materials(plates, layout, options)
    curves = plates.curves()
    wells = _within_range(plates, curves, numpy.flatnonzero(material.notna().to_numpy() & ~plates.masked))
    logs = [math.log(value) for value in (_read(plates, curves, wells) * plates.dilutions(wells)).tolist()]
    try:
        shifts = plate_shifts(logs, material.iloc[wells].tolist(), plates.names[plates.plates[wells]].tolist())
    except ValueError as error:
        return Bridge(None, Cells.joined([]), f"no bridge: {error}")
    made = plates.standards
    if assay.curve == "own":
        made = made[numpy.isin(plates.plates[made], plates.plates[wells])]
    shared, concentration = (tables.raw(assay.layout, c) for c in (options.bridge or "sample", "concentration"))
    cells = []
    for behind, named, role in ((wells, shared, "bridge"), (made, concentration, "standard")):
        rows = numpy.zeros(len(behind), dtype="int64")
        cells += [plates.reads(rows, behind, role), Cells.of(rows, plates.keys[behind], named, role)]
    unknown = (
        "" if numpy.isfinite(shifts.sd) else "no bridge: one shared well a plate does not say how sure its shift is"
    )
    return Bridge(shifts, Cells.joined(cells), unknown)


def _materials(plates: Plates, layout: "pandas.DataFrame", options: Options) -> "pandas.Series":
    """What each well shares with wells of other plates; missing: nothing."""
    if options.bridge:
        materials = layout.set_index("key")[options.bridge].astype("str").reindex(plates.keys)
    else:
        materials = plates.samples.where(plates.role == "control")
    return materials.where(materials.isin(options.shared)) if options.shared else materials


def _read(plates: Plates, curves: Curves, wells: "numpy.ndarray") -> "numpy.ndarray":
    """The concentrations of wells, as the curve of their plate gives them."""
    return curves.fit.take(plates.plates[wells]).inverse(plates.signal[wells][:, None])[:, 0]


def _within_range(plates: Plates, curves: Curves, wells: "numpy.ndarray") -> "numpy.ndarray":
    """The wells that lie within the range of an accepted plate."""
    plate, x = plates.plates[wells], _read(plates, curves, wells)
    inside: numpy.ndarray = (curves.refusal[plate] == "") & (curves.lloq[plate] <= x) & (x <= curves.uloq[plate])
    return wells[inside]


def _confounded(context: Context, name: str, on: dict[str, str]) -> str:
    """Why plates cannot be told from the dataset's groups ("" = they can)."""
    from omtrace.statistics.assay.combat import confounding

    group = context.dataset.group
    if not group:
        return ""
    if group not in context.so_far:
        raise Fault(f"parameter {name}: declare {group!r} before it: plates are held against the groups first")
    records = context.so_far[group].records[["unit", "text"]].itertuples(index=False, name=None)
    groups = {unit: text for unit, text in records if isinstance(text, str)}
    units = [unit for unit in sorted(on) if unit in groups]
    names = sorted({groups[unit] for unit in units})[1:]
    if not names:
        return ""
    dummies = [[float(groups[unit] == one) for one in names] for unit in units]
    reason = confounding([on[unit] for unit in units], dummies)
    return f"correction refused: {reason}" if reason else ""


DERIVATION = Derivation(Options, derive, by_group=True)
