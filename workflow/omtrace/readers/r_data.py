"""A data frame of R, saved with ``saveRDS`` (rds) or ``save`` (rda, RData), read without R."""

from datetime import datetime, timedelta
from textwrap import shorten
from typing import TYPE_CHECKING

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.readers import Extract, Places, Reader, Variable, largest
from omtrace.readers._unpacking import unpacked
from omtrace.readers.delimited import check_names

if TYPE_CHECKING:
    from omtrace.readers._r_objects import Object

EPOCH = datetime(1970, 1, 1)
ROW_NAME = "row_name"


class Options(Closed):
    """Which data frame is read."""

    table: str = Field("", description="name of the data frame; empty: the only one")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a data frame as text; ordinal, line and row number are one, as there are no lines.

    Factors are their labels, truth TRUE and FALSE, dates and times ISO text, numbers the shortest text that reads back
    the same; NA is "". Row names that are texts stand in a first column ``row_name``. Labels of variables and values,
    as haven keeps them, are taken over. Columns that are lists or matrices are left out, which a decision tells.
    Raises Fault for a file that is none of R's, is damaged, or holds no or several data frames of which the option
    names none.
    """
    objects, packed = _objects(content)
    frames = frames_of(objects)
    name, frame = _chosen(frames, objects, options.table)
    columns, left = _columns(frame)
    if not columns:
        raise Fault("the data frame has no columns that are vectors")
    check_names(tuple(columns), "columns")
    cells = [_cells(column) for column in columns.values()]
    rows = len(cells[0])
    if any(len(column) != rows for column in cells):
        raise Fault("no readable file of R: columns of different lengths")
    numbers = range(1, rows + 1)
    decisions = {"format": f"R{f', {packed}' if packed else ''}", "lines": "row numbers", "rows": str(rows)}
    decisions |= {"data frame": name} if name else {}
    decisions |= {"left out": f"columns that are no vectors: {', '.join(left)}"} if left else {}
    return Extract(
        tuple(columns),
        cells,
        Places(numbers, numbers, numbers, name),
        decisions,
        date_cells={n: _filled(c) for n, c, o in zip(columns, cells, columns.values(), strict=True) if _is_date(o)},
        variables={n: _variable(column) for n, column in columns.items()},
    )


def _objects(content: bytes) -> "tuple[dict[str, Object], str]":
    """The objects of a file, and how it was packed. Raises Fault for what is no file of R."""
    from omtrace.readers._r_objects import Damaged, loaded

    plain, packed = unpacked(content)
    try:
        return loaded(plain), packed
    except Damaged as damaged:
        raise Fault(f"no readable file of R: {damaged}") from None


def frames_of(objects: "dict[str, Object]") -> "dict[str, Object]":
    """Name -> data frame, of objects and of the elements of a list that is none itself."""
    found = {}
    for name, one in objects.items():
        if one.kind == 19 and "data.frame" in one.classes:
            found[name] = one
        elif one.kind == 19:
            found |= {n: o for n, o in zip(one.names, one.value, strict=False) if "data.frame" in o.classes}
    return found


def tables_of(content: bytes) -> dict[str, int]:
    """Name of each data frame of a file -> its number of cells."""
    frames = frames_of(_objects(content)[0])
    return {name: sum(len(c.value) for c in frame.value if c.value is not None) for name, frame in frames.items()}


def _chosen(frames: "dict[str, Object]", objects: "dict[str, Object]", wanted: str) -> "tuple[str, Object]":
    if not frames:
        names = ", ".join(name for name in objects if name)
        raise Fault(f"no data frame in the file{f' ({names})' if names else ''}; save one, as.data.frame(x)")
    if not wanted and len(frames) == 1:
        return next(iter(frames.items()))
    if wanted not in frames:
        hint = nearest(wanted, frames) if wanted else ""
        raise Fault(f"option table: name one of the data frames {shorten(', '.join(map(repr, frames)), 400)}{hint}")
    return wanted, frames[wanted]


def _columns(frame: "Object") -> "tuple[dict[str, Object], list[str]]":
    """Name -> column, row names first where they are texts; and the columns that are no vectors."""
    from omtrace.readers._r_objects import Object

    columns: dict[str, Object] = {}
    left = []
    names = frame.texts("row.names")
    if names and any(name != str(number) for number, name in enumerate(names, 1)):
        columns[ROW_NAME] = Object(16, names)
    for name, column in zip(frame.names, frame.value, strict=False):
        if column.kind in (10, 13, 14, 16) and "dim" not in column.attributes:
            columns[name] = column
        else:
            left.append(name)
    return columns, left


def _is_date(column: "Object") -> bool:
    return bool({"Date", "POSIXct"} & {*column.classes}) and column.kind in (13, 14)


def _filled(cells: list[str]) -> list[int]:
    return [row for row, text in enumerate(cells) if text]


def _cells(column: "Object") -> list[str]:
    """The texts of a column."""
    from omtrace.readers._r_objects import NA, number_text

    if column.kind == 16:
        return [text or "" for text in column.value]
    values = column.value.tolist()
    if "factor" in column.classes:
        levels = column.texts("levels")
        return ["" if v == NA or not 0 < v <= len(levels) else levels[int(v) - 1] or "" for v in values]
    if column.kind == 10:
        return ["" if v == NA else "TRUE" if v else "FALSE" for v in values]
    if _is_date(column):
        unit = timedelta(days=1) if "Date" in column.classes else timedelta(seconds=1)
        return [_moment(v, unit) for v in values]
    return [number_text(v) or "" for v in values]


def _moment(value: float, unit: timedelta) -> str:
    """A number of days or seconds since 1970 as ISO text, in the time zone of the origin."""
    from omtrace.readers._r_objects import NA

    if value != value or value == NA:
        return ""
    try:
        moment = EPOCH + value * unit
    except OverflowError:
        return ""
    if unit.days:
        return moment.date().isoformat()
    return moment.isoformat(timespec="milliseconds" if moment.microsecond else "seconds")


def _variable(column: "Object") -> Variable:
    """Label and value labels of haven; the levels of a factor are its values already."""
    from omtrace.readers._r_objects import number_text

    label = next((text or "" for text in column.texts("label")), "")
    labels = column.attributes.get("labels")
    if labels is None or labels.kind not in (13, 14, 16):
        return Variable(label)
    codes = labels.value if labels.kind == 16 else [number_text(v) for v in labels.value.tolist()]
    return Variable(label, {code: name for code, name in zip(codes, labels.names, strict=False) if code})


READER = Reader(Options, read, suggested=lambda content: largest("table", tables_of(content)))
