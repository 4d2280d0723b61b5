"""The first plan of an assay, from plate exports and their layout; and layouts to be filled in."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from omtrace.faults import Fault
from omtrace.intake.drafting.document import SCHEMA, entry
from omtrace.intake.query_files import workbook
from omtrace.readers import Extract, options_of, reader_of
from omtrace.readers._recognised import recognised
from omtrace.store import write_bytes, write_csv

ASSUMED = {"wavelength": "450"}  # of a grid without one, which a comment then says
READERS: tuple[tuple[str, dict[str, str]], ...] = (
    ("softmax", {"part": "signals"}),
    ("gen5", {}),
    ("mars", {}),
    ("plate_grid", {}),
    ("plate_grid", ASSUMED),
    ("magellan", {}),
)
KINDS = {"STD": "standard", "SPL": "sample", "BLK": "blank", "CTL": "control"}  # of Gen5
LAYOUT = ("plate", "well", "role", "sample", "concentration", "dilution")
CALLED = {  # the heads that laboratories give them
    "plate": {"plate_name", "plate_id", "plate_no", "plate_number"},
    "well": {"well_id", "well_position", "position", "wells"},
    "role": {"type", "well_type", "sample_type", "content_type", "kind", "well_role"},
    "sample": {"sample_id", "sample_name", "content", "name", "id"},
    "concentration": {"conc", "nominal", "nominal_conc", "nominal_concentration", "standard_concentration", "std_conc"},
    "dilution": {"dilution_factor", "dil", "dilution_fold", "fold"},
}
ROLES = {
    "standard": {"std", "stds", "cal", "calibrator", "calibration", "standards"},
    "sample": {"spl", "smp", "unk", "unknown", "unknowns", "samples", "test"},
    "blank": {"blk", "bl", "blanks", "zero", "nsb", "background"},
    "control": {"ctl", "ctrl", "qc", "controls"},
    "spiked": {"spike"},
}
UNIT = re.compile(r"[\s_(\[]+([pnuµm]g|[pnuµm]mol|[pnuµm]M|m?IU|U)(?:[\s_/]*(ml|dl|l))?[)\]]*$", re.IGNORECASE)
LITRES = {"ml": "mL", "dl": "dL", "l": "L"}
SIZES = {6: (2, 3), 12: (3, 4), 24: (4, 6), 48: (6, 8), 96: (8, 12), 384: (16, 24), 1536: (32, 48)}


@dataclass(frozen=True)
class LayoutWords:
    """How layouts name things. ``columns``: own -> raw, and ``roles``: raw -> own, none where the two are the same."""

    controls: tuple[str, ...]
    columns: Mapping[str, str]
    roles: Mapping[str, str]


@dataclass(frozen=True)
class Plates:
    """The files of an assay. ``reader``: of the signals; ``options``, ``layout_options``: of the readers."""

    reader: str
    options: Mapping[str, str]
    signals: tuple[Path, ...]
    layouts: tuple[Path, ...]
    layout_reader: str
    layout_options: Mapping[str, str]
    wells: Mapping[str, tuple[str, ...]]  # plate -> its wells
    wavelengths: tuple[str, ...]
    said: LayoutWords


def plates_in(paths: Sequence[Path]) -> Plates | None:
    """The plates among files; None where no file holds any.

    Raises
    ------
    Fault
        Where files of plates are of several readers, or stand beside files that are neither plates nor layouts.
    """
    signals: dict[Path, tuple[str, dict[str, str], Extract]] = {}
    layouts: dict[Path, tuple[str, dict[str, str], Extract]] = {}
    others = []
    for path in paths:
        content = path.read_bytes()
        if layout := _layout(content):
            layouts[path] = layout
        elif found := _signals(content):
            signals[path] = found
        else:
            others.append(path)
    if not signals:
        return None
    readers = {repr((name, options)): (name, options) for name, options, _ in signals.values()}
    if len(readers) > 1 or others:
        what = f"{others[0]}: neither a plate nor its layout" if others else f"plates of {' and '.join(readers)}"
        raise Fault(f"{what}; begin with the files of one assay, and add other tables to its plan")
    wells: dict[str, dict[str, None]] = {}
    waves: dict[str, int] = {}
    for _, _, extract in signals.values():
        columns = dict(zip(extract.columns, (list(map(str, cells)) for cells in extract.cells), strict=True))
        for plate, well in zip(columns["plate_name"], columns["well"], strict=True):
            wells.setdefault(plate, {})[well] = None
        for wave in columns.get("wavelength", ()):
            waves[wave] = waves.get(wave, 0) + 1
    reader, options = next(((r, o) for r, o, _ in layouts.values()), ("delimited", {}))
    said = _said([extract for _, _, extract in layouts.values()])
    return Plates(
        *next(iter(readers.values())),
        tuple(signals),
        tuple(layouts),
        reader,
        options,
        {plate: tuple(of) for plate, of in wells.items()},
        tuple(sorted(waves, key=lambda wave: -waves[wave])),
        said,
    )


def _said(layouts: Sequence[Extract]) -> LayoutWords:
    """How layouts name columns and roles, and which controls they have."""
    controls: dict[str, None] = {}
    called: dict[str, str] = {}
    roles: dict[str, str] = {}
    for extract in layouts:
        columns = dict(zip(extract.columns, (list(map(str, cells)) for cells in extract.cells), strict=True))
        called |= layout_columns(extract.columns)
        roles |= {text: role_of(text) for text in columns[called["role"]] if text}
        rows = zip(columns[called["role"]], columns.get(called.get("sample", ""), ()), strict=False)
        controls |= {sample: None for role, sample in rows if sample and roles.get(role) == "control"}
    differing = any(role != raw for raw, role in roles.items())
    own = {name: raw for name, raw in called.items() if name != raw}
    return LayoutWords(tuple(controls), own, roles if differing else {})


def layout_columns(heads: Sequence[str]) -> dict[str, str]:
    """Column of a layout -> the head of a file that means it, with a unit or without; its own name comes first."""
    called: dict[str, str] = {}
    for name in LAYOUT:
        plain = {raw: re.sub(r"\W+", "_", UNIT.sub("", raw.strip())).strip("_").lower() for raw in heads}
        fitting = [raw for raw in heads if raw == name] or [raw for raw in heads if plain[raw] == name]
        fitting = fitting or [raw for raw in heads if plain[raw] in CALLED[name]]
        if fitting and fitting[0] not in called.values():
            called[name] = fitting[0]
    return called


def role_of(text: str) -> str:
    """What a layout's word says that the well holds; the word itself where it is none of the usual ones."""
    word = re.sub(r"[\s_-]*[0-9]*$", "", text.strip()).lower()
    return next((role for role, words in ROLES.items() if word == role or word in words), text)


def _unit_of(head: str) -> str:
    """The unit of a concentration in the head of its column, such as pg/mL of ``conc_pg_ml``; "" where it has none."""
    if not (unit := UNIT.search(head)):
        return ""
    return "/".join([unit[1], *([LITRES[unit[2].lower()]] if unit[2] else [])])


def _signals(content: bytes) -> tuple[str, dict[str, str], Extract] | None:
    """The reader of a file of signals with its options, and what it gives."""
    for name, options in READERS:
        try:
            module = reader_of(name)
            extract = module.read(content, options_of(module, dict(options), "options"))
        except Fault:
            continue
        if name != "plate_grid" and recognised(content, name):
            continue
        if {"plate_name", "well", "signal"} <= {*extract.columns} and len(extract.places):
            return name, options, extract
    return None


def _layout(content: bytes) -> tuple[str, dict[str, str], Extract] | None:
    """The reader of a layout with its options: a row a well, or grids drawn as plates."""
    for name, options in (("delimited", {}), ("spreadsheet", {}), ("plate_grid", {"part": "layout"})):
        try:
            module = reader_of(name)
            extract = module.read(content, options_of(module, dict(options), "options"))
        except Fault:
            continue
        if {"plate", "well", "role"} <= {*layout_columns(extract.columns)}:
            return name, options, extract
    return None


def assay_text(study: str, plates: Plates) -> str:
    """The plan of an assay: wells, a calibration curve for each plate, its acceptance, and a page for each plate."""
    return "\n".join(_lines(study, plates)) + "\n"


def _lines(study: str, plates: Plates) -> Iterator[str]:
    files = ", ".join(path.name for path in plates.signals)
    wave = {"wavelength": plates.wavelengths[0]} if plates.wavelengths else {}
    assay: dict[str, object] = {"signals": "plate_signals", "layout": "plate_layout", **wave}
    yield SCHEMA
    yield "# Written by omtrace new-study from the files alone. A line that ends in SAY: ... is yours to settle."
    yield from entry(0, "study", study)
    yield from entry(0, "title", study.replace("_", " "), "SAY: the title of the report")
    yield from entry(0, "kind", "real", "SAY: real, or simulated")
    yield from entry(0, "statement", f"Plates from {files}.", "SAY: whose data these are; printed on every output")
    yield from entry(0, "design", "Plates with calibration standards and samples.", "SAY: which assay, on what")
    yield "tables:"
    signals: dict[str, object] = {"source": "plates", "reader": plates.reader}
    signals |= {"options": dict(plates.options)} if plates.options else {}
    says = "SAY: bounds: {signal: [0, 4]}" + "; the wavelength, which no file says" * (plates.options == ASSUMED)
    yield from entry(2, "plate_signals", {**signals, "unit": ["plate_name", "well"]}, says)
    yield from entry(2, "plate_layout", _layout_entry(plates))
    yield "datasets:"
    yield "  samples:"
    yield from entry(4, "unit", "sample")
    yield from entry(4, "roster", {"table": "plate_layout", "column": "sample"})
    yield "    parameters:"
    unit = _unit_of(plates.said.columns.get("concentration", ""))
    said = {"derive": "assay", "label": "Concentration", "unit": unit or "pg/mL", "options": {**assay}}
    yield from entry(6, "concentration", said, "" if unit else "SAY: unit of the standards")
    if plates.said.controls:
        known = ", ".join(f"{name}: ..." for name in plates.said.controls)
        yield f"      # SAY: among these options, controls: {{{known}}} with the known concentration of each,"
        yield "      # and acceptance: {} to accept or reject plates by them."
    yield from _wells(assay, wave)
    yield "analyses:"
    curve: dict[str, object] = {
        "method": "standard_curve",
        "dataset": "wells",
        "title": "Calibration curves",
        "parameters": ["signal"],
    }
    curve |= {"population": "standards", "options": {"concentration": "nominal"}}
    yield from entry(2, "curves", curve)
    yield from entry(
        2, "samples", {"method": "describe", "dataset": "samples", "title": "Samples", "parameters": ["concentration"]}
    )
    yield "figures:"
    yield from entry(2, "curves", {"figure": "curves", "analyses": ["curves"], "title": "Calibration curves"})
    said = {"dataset": "wells", "signal": "signal", "concentration": "nominal", "role": "role", "sample": "sample"}
    yield from entry(0, "plates", {**said, "read": "read"})


def _layout_entry(plates: Plates) -> dict[str, object]:
    """The table of the layout."""
    layout: dict[str, object] = {"source": "layouts", "reader": plates.layout_reader}
    layout |= {"options": dict(plates.layout_options)} if plates.layout_options else {}
    own = {
        name: raw for name, raw in plates.said.columns.items() if name != "well"
    }  # which is a part of the unit alone
    layout |= {"columns": own} if own else {}
    layout |= {"recode": {"role": dict(plates.said.roles)}} if plates.said.roles else {}
    raw = [plates.said.columns.get(name, name) for name in ("plate", "well", "role")]
    return {**layout, "unit": raw[:2], "skip_blank": raw[2]}


def _wells(assay: Mapping[str, object], wave: Mapping[str, str]) -> Iterator[str]:
    yield "  wells:"
    yield from entry(4, "unit", "well")
    yield from entry(4, "roster", {"table": "plate_layout", "column": "unit_id"})
    yield from entry(4, "group", "plate")
    yield "    parameters:"
    for name, label, column in (
        ("plate", "Plate", "plate"),
        ("role", "Role", "role"),
        ("sample", "Content", "sample"),
        ("nominal", "Nominal concentration", "concentration"),
    ):
        options = {"table": "plate_layout", "column": column}
        yield from entry(6, name, {"derive": "column", "label": label, "options": options})
    options = {"table": "plate_signals", **wave}
    yield from entry(6, "signal", {"derive": "well_signal", "label": "Signal", "decimals": 3, "options": options})
    said = {"derive": "assay", "label": "Concentration read back", "options": {**assay, "per": "well"}}
    yield from entry(6, "read", said)
    yield "    populations:"
    yield from entry(6, "full", {"label": "every well in use"})
    where = "role in ['standard', 'blank']"
    yield from entry(6, "standards", {"label": "wells with a standard", "where": where})


def write_layouts(wells: Mapping[str, Sequence[str]], folder: Path, said: Sequence[tuple[str, ...]] = ()) -> list[Path]:
    """Write layout.csv, a row a well, and layout.xlsx, drawn as plates: either is filled in; return their paths.

    ``said``: the rows as an export has them; then they stand in layout.csv, and there is no drawing.

    Raises
    ------
    Fault
        For a file of that name that is there already.
    """
    paths = [folder / "layout.csv", *([] if said else [folder / "layout.xlsx"])]
    if there := [path for path in paths if path.exists()]:
        raise Fault(f"{there[0]}: is there already; fill it in, or take it away")
    write_csv(paths[0], LAYOUT, said or layout_rows(wells))
    if said:
        return paths
    sizes = {plate: next((n for n in SIZES if {*of} <= {*wells_of(n)}), max(SIZES)) for plate, of in wells.items()}
    write_bytes(paths[1], workbook("layout", drawn_layout(sizes)))
    return paths


def layout_said(plates: Plates) -> list[tuple[str, ...]]:
    """The rows of a layout as the exports themselves have it (Gen5); none where they have none."""
    if plates.reader != "gen5":
        return []
    module = reader_of("gen5")
    rows: list[tuple[str, ...]] = []
    for path in plates.signals:
        try:
            extract = module.read(path.read_bytes(), options_of(module, {"part": "layout"}, "options"))
        except Fault:
            return []
        for _, plate, well, name, kind, concentration, diluted in extract.rows:
            # the number of a sample is what is left of it after dilution, where it is below 1
            times = f"{1 / float(diluted):g}" if is_number(diluted) and 0 < float(diluted) < 1 else diluted
            rows.append((plate, well, KINDS.get(kind.upper(), ""), name.partition(":")[0], concentration, times))
    return rows


def is_number(text: str) -> bool:
    """Whether a text is a number as Python reads it."""
    try:
        return float(text) == float(text)
    except ValueError:
        return False


def layout_rows(wells: Mapping[str, Sequence[str]]) -> list[tuple[str, ...]]:
    """A layout to be filled in, a row a well: plate, well, and what is to be said of it."""
    return [(plate, well, "", "", "", "") for plate, of in wells.items() for well in of]


def wells_of(size: int) -> tuple[str, ...]:
    """The wells of a plate, row by row. Raises Fault for a size that no plate has."""
    if size not in SIZES:
        raise Fault(f"a plate has {', '.join(map(str, SIZES))} wells, not {size}")
    rows, columns = SIZES[size]
    letters = [chr(65 + n) if n < 26 else f"A{chr(39 + n)}" for n in range(rows)]
    return tuple(f"{letter}{column}" for letter in letters for column in range(1, columns + 1))


def drawn_layout(plates: Mapping[str, int]) -> list[list[str]]:
    """The rows of a sheet with a grid for each of role, sample, concentration and dilution, of each plate."""
    lines: list[list[str]] = []
    for plate, size in plates.items():
        rows, columns = SIZES[size]
        wells = wells_of(size)
        for field_name in LAYOUT[2:]:
            lines += [[f"Plate: {plate}"], [field_name], ["", *map(str, range(1, columns + 1))]]
            lines += [[wells[row * columns].rstrip("0123456789"), *[""] * columns] for row in range(rows)] + [[]]
    return lines
