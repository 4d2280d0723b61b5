"""REDCap's raw CSV export: delimited text with REDCap's own columns. Form states are the plan's matter."""

import re

from pydantic import Field

from omtrace.faults import Fault
from omtrace.sources import Extract, Reader, RowFault, delimited

EVENT = "redcap_event_name"
INSTRUMENT = "redcap_repeat_instrument"
INSTANCE = "redcap_repeat_instance"
VARIABLE = re.compile(r"[a-z][a-z0-9_]*")


class Options(delimited.Options):
    """Options of delimited text, and the name of the record id."""

    record_id: str = Field("", description="variable that must be the first column; empty: any")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a raw export as ``delimited`` gives them.

    A row without its event, or of a repeating instrument without its instance, is a row fault. Raises
    Fault for what ``delimited.read`` refuses, for labels in place of variable names, and where the
    first column is not the record id.
    """
    extract = delimited.read(content, options)
    _check_columns(extract.columns, options)
    own = (EVENT, INSTRUMENT, INSTANCE)
    at = {name: extract.columns.index(name) for name in own if name in extract.columns}
    rows, places, faults = [], [], list(extract.faults)
    for cells, place in zip(extract.rows, extract.places, strict=True):
        has = {name: bool(cells[index].strip()) for name, index in at.items()}
        if not has.get(EVENT, True):
            faults.append(RowFault(place, "event_missing", f"an event in {EVENT}"))
        elif has.get(INSTRUMENT, False) and not has[INSTANCE]:
            faults.append(RowFault(place, "instance_missing", f"the number of the repetition in {INSTANCE}"))
        else:
            rows.append(cells)
            places.append(place)
    faults.sort(key=lambda fault: fault.place.ordinal)
    return Extract(extract.columns, rows, places, extract.decisions, faults)


def _check_columns(columns: tuple[str, ...], options: Options) -> None:
    line = options.header_line
    labels = [str(n) for n, name in enumerate(columns, 1) if not VARIABLE.fullmatch(name)]
    if labels:
        raise Fault(f"line {line}: no variable name in column {', '.join(labels[:10])}; export raw data, not labels")
    first = columns[0]
    if first.startswith("redcap_") or first.endswith("_complete") or options.record_id not in ("", first):
        wanted = f"the record id {options.record_id}".rstrip()
        raise Fault(f"line {line}: the first column must be {wanted}, not {first}; export the record id first")
    if INSTRUMENT in columns and INSTANCE not in columns:
        raise Fault(f"line {line}: {INSTRUMENT} without {INSTANCE}; export both")


READER = Reader(Options, read)
