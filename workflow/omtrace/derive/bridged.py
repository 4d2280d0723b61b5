"""Concentrations brought to one level: each plate's shift, from samples and controls that plates share, taken off."""

import math
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.derive import Context, Derivation, Found
from omtrace.derive._plates import Plates
from omtrace.derive.assay import Options as Assay
from omtrace.derive.well_signal import Options as Reads
from omtrace.derive.well_signal import signals
from omtrace.faults import Fault
from omtrace.study.closed import Closed, checked
from omtrace.study.plan import Parameter

if TYPE_CHECKING:
    from omtrace.statistics.plate_shifts import PlateShifts

UNLINKED = "no bridge: the plate shares no sample or control with the others"
Cells = list[tuple[int, str, str]]


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
    whole = context.earlier(name, options.of, ())
    if context.dataset.parameters[options.of].derive != "assay":
        raise Fault(f"parameter {name}: {options.of!r} is not derived with derive: assay")
    on = {unit: plate for (unit, _), plate in whole.parts.get("plate", {}).items() if isinstance(plate, str)}
    shifts, behind, refusal = _shifts(context, name, options)
    refusal = refusal or _confounded(context, name, whole, on)
    place = {plate: at for at, plate in enumerate(shifts.plates)} if shifts else {}
    base = _base(name, options.reference, place, shifts)
    records: list[tuple] = []
    parts: dict[str, dict[tuple[str, str], float | str]] = {part: {} for part in ("shift", "shift_se", "shift_df")}
    for unit, visit, value, status in whole.records[["unit", "visit", "value", "status"]].itertuples(
        index=False, name=None
    ):
        at = place.get(on.get(unit, ""), -1)
        shift = float(shifts.shift[at]) - base if shifts and at >= 0 else math.nan
        is_read = (unit, visit) in whole.parts.get("state", {})
        known = is_read and not refusal and math.isfinite(shift)
        if is_read and not known:
            status = refusal or UNLINKED
        observed = status == "observed"
        records.append((unit, visit, value * math.exp(-shift) if observed else None, None, status))
        if known and shifts:
            found = {"shift": shift, "shift_se": float(shifts.independent[at]), "shift_df": shifts.df}
            for part, number in found.items():
                parts[part][unit, visit] = number
    found_all = Found.of(records, list(whole.cells), whole.tables)
    found_all.shared = [*whole.shared, ([(unit, "") for unit in sorted(on)], behind)]
    found_all.parts = {**_carried(whole, parts["shift"]), **parts}
    return found_all


def _carried(whole: Found, shift: dict) -> dict[str, dict]:
    """The parts of the concentration that it keeps: plate, state, and its limit, brought to the same level."""
    bound = {
        at: float(value) * math.exp(-shift[at]) for at, value in whole.parts.get("bound", {}).items() if at in shift
    }
    return {"plate": whole.parts.get("plate", {}), "state": whole.parts.get("state", {}), "bound": bound}


def _base(name: str, reference: str, place: dict[str, int], shifts: "PlateShifts | None") -> float:
    """The shift of the plate that stays as it is. Raises Fault for a plate that has none."""
    if not reference or not shifts:
        return 0.0
    base = float(shifts.shift[place[reference]]) if reference in place else math.nan
    if not math.isfinite(base):
        raise Fault(f"parameter {name}: the reference plate {reference!r} shares no sample or control with the others")
    return base


def _shifts(context: Context, name: str, options: Options) -> "tuple[PlateShifts | None, Cells, str]":
    """The plates' shifts, the cells that they rest on, and why they are not used ("" = they are)."""
    import numpy

    from omtrace.statistics.plate_shifts import plate_shifts

    where = f"parameter {name}: options of {options.of}"
    assay = checked(Assay, context.dataset.parameters[options.of].options, where)
    tables, layout = context.tables, context.tables.frame(assay.layout)
    if options.bridge:
        tables.need(assay.layout, options.bridge)
    reads = Reads(table=assay.signals, wavelength=assay.wavelength, reference=assay.reference)
    signal, raw_signal = signals(context, reads)
    plates = Plates(layout, signal, assay.plate, assay.valid, assay)
    material = _materials(plates, layout, options)
    wells, logs = _read(plates, material)
    try:
        found = plate_shifts(logs, [material[well] for well in wells],
                             [str(plates.names[plates.plates[well]]) for well in wells])  # fmt: skip
    except ValueError as error:
        return None, [], f"no bridge: {error}"
    raw = {column: tables.raw(assay.layout, column) for column in ("concentration", options.bridge or "sample")}
    cells = [(k, c, "bridge") for well in wells for k, c in raw_signal[plates.units[well]]]
    cells += [(plates.keys[well], raw[options.bridge or "sample"], "bridge") for well in wells]
    for plate in sorted({int(plates.plates[well]) for well in wells}):
        for well in plates.standards_of(plate):
            cells += [(k, c, "standard") for k, c in raw_signal[plates.units[well]]]
            cells.append((plates.keys[well], raw["concentration"], "standard"))
    unknown = (
        "" if numpy.isfinite(found.sd) else "no bridge: one shared well a plate does not say how sure its shift is"
    )
    return found, cells, unknown


def _materials(plates: Plates, layout: "object", options: Options) -> dict[int, str]:
    """Well -> what it shares with wells of other plates."""
    if options.bridge:
        names = dict(zip(layout["key"].tolist(), layout[options.bridge].to_numpy(dtype=object), strict=True))  # type: ignore[index]
        told = [names[key] for key in plates.keys]
    else:
        told = [sample if role == "control" else None for role, sample in zip(plates.role, plates.samples, strict=True)]
    return {
        well: one
        for well, one in enumerate(told)
        if isinstance(one, str) and (not options.shared or one in options.shared)
    }


def _read(plates: Plates, material: dict[int, str]) -> tuple[list[int], list[float]]:
    """The shared wells that lie within the range of an accepted plate, and their log concentrations."""
    from omtrace.statistics.four_pl import inverse

    wells, logs = [], []
    for number, plate in enumerate(plates.judged()):
        mine = [well for well in plates.wells_of(number) if well in material]
        if plate is None or plate.refusal or not mine:
            continue
        undiluted = inverse(plate.fit, plates.signal[mine])[0]
        for well, x, dilution in zip(mine, undiluted, plates.dilutions(mine), strict=True):
            if plate.lloq <= x <= plate.uloq:
                wells.append(well)
                logs.append(math.log(x * dilution))
    return wells, logs


def _confounded(context: Context, name: str, whole: Found, on: dict[str, str]) -> str:
    """Why plates cannot be told from the dataset's groups ("" = they can)."""
    from omtrace.statistics.combat import confounding

    group = context.dataset.group
    if not group:
        return ""
    if group not in context.so_far:
        raise Fault(f"parameter {name}: declare {group!r} before it: plates are held against the groups first")
    told = context.so_far[group].records[["unit", "text"]].itertuples(index=False, name=None)
    groups = {unit: text for unit, text in told if isinstance(text, str)}
    units = [unit for unit in sorted(on) if unit in groups]
    names = sorted({groups[unit] for unit in units})[1:]
    if not names:
        return ""
    dummies = [[float(groups[unit] == one) for one in names] for unit in units]
    reason = confounding([on[unit] for unit in units], dummies)
    return f"correction refused: {reason}" if reason else ""


DERIVATION = Derivation(Options, derive)
