"""A wide export, with a column for each quantity and visit, as rows of one visit each."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from omtrace.faults import Fault
from omtrace.model.tables import WIDE_VISIT
from omtrace.readers import CellDoubt, Extract, Places
from omtrace.readers._text import BY_OPTION

if TYPE_CHECKING:
    import pyarrow

MARK = 1 << 31  # in the ordinal of such a row, which no row of the file itself has
BITS = 6  # of the visit's number in an ordinal


def row_of(ordinal: int) -> int:
    """The ordinal in its file of a row, or of the row that it was made of."""
    return (ordinal ^ MARK) >> BITS if ordinal & MARK else ordinal


def stem_of(column: str, pattern: str) -> str:
    """What stands for ``*`` of a pattern in a column's name; "" where the pattern does not fit."""
    before, _, after = pattern.partition("*")
    fits = column.startswith(before) and column.endswith(after) and len(column) > len(before) + len(after)
    return column[len(before) : len(column) - len(after)] if fits else ""


def widened(extract: Extract, wide: Mapping[str, str]) -> Extract:
    """An extract with a row for each visit of each of its rows.

    Parameters
    ----------
    extract
        The file, a row a unit.
    wide
        Visit -> pattern of its columns, such as ``*_month3``; what stands for ``*`` names the column that is made. The
        longest pattern that fits a column has it; columns that none fits stand in every row.

    Returns
    -------
    Extract
        The columns that none of the patterns fits, those that are made, and ``@visit``. The visits of a row follow one
        another; the place of each is that of the row, with the pattern as part. A cell of a visit that has no such
        column is blank, and counts as not scheduled.

    Raises
    ------
    Fault
        Where a visit has no column in the file.
    """
    made: dict[str, dict[str, int]] = {}  # stem -> visit -> number of the column
    shared: list[int] = []
    for number, column in enumerate(extract.columns):
        fits = [(len(pattern), visit, stem) for visit, pattern in wide.items() if (stem := stem_of(column, pattern))]
        if fits:
            _, visit, stem = max(fits)
            made.setdefault(stem, {})[visit] = number
        else:
            shared.append(number)
    without = [visit for visit in wide if not any(visit in columns for columns in made.values())]
    if without:
        raise Fault(*(f"line 1: no column of the form {wide[visit]} for the visit {visit}" for visit in without))
    both = {extract.columns[number] for number in shared} & {*made}
    if both:
        raise Fault(f"line 1: a column {sorted(both)[0]} stands beside columns of that name for visits; rename one")
    visits, rows = list(wide), len(extract.places)
    columns = {extract.columns[number]: dict.fromkeys(visits, number) for number in shared} | made
    cells = [_interleaved([_texts(extract, of.get(visit), rows) for visit in visits]) for of in columns.values()]
    return replace(
        extract,
        columns=(*columns, WIDE_VISIT),
        cells=[*cells, _interleaved([[visit] * rows for visit in visits])],
        places=_places(extract.places, [wide[visit] for visit in visits]),
        decisions=extract.decisions | {"visits": f"{', '.join(wide.values())}{BY_OPTION}"},
        doubts=_doubts(extract, columns, visits),
        date_cells=_moved(extract.date_cells, extract, columns, visits),
        unscheduled=_unscheduled(extract, columns, visits),
        variables={
            name: extract.variables[extract.columns[number]]
            for name, of in columns.items()
            for number in list(of.values())[:1]
            if extract.columns[number] in extract.variables
        },
    )


def _texts(extract: Extract, number: int | None, rows: int) -> Sequence[str]:
    """The texts of a column; blank where a visit has none."""
    return [""] * rows if number is None else extract.cells[number]


def _interleaved(columns: Sequence[Sequence[str]]) -> "pyarrow.Array":
    """Columns of the visits as one: the first row at each visit, then the second."""
    import numpy
    import pyarrow

    arrays = [pyarrow.array(column, type=pyarrow.string()) for column in columns]
    whole = pyarrow.concat_arrays(arrays)
    order = numpy.arange(len(whole)).reshape(len(arrays), -1).T.ravel()
    return whole.take(pyarrow.array(order))


def _places(places: Places, patterns: Sequence[str]) -> Places:
    import numpy

    visits, rows = len(patterns), len(places)
    number = numpy.tile(numpy.arange(1, visits + 1), rows)
    ordinals = MARK | numpy.repeat(numpy.asarray(places.ordinals, dtype="int64"), visits) << BITS | number
    parts = [places.parts] * rows if isinstance(places.parts, str) else list(places.parts)
    return Places(
        ordinals,
        numpy.repeat(numpy.asarray(places.first_lines, dtype="int64"), visits),
        numpy.repeat(numpy.asarray(places.last_lines, dtype="int64"), visits),
        [f"{part} {pattern}".strip() for part in parts for pattern in patterns],
        "",
    )


def _at(extract: Extract, columns: Mapping[str, Mapping[str, int]], visits: Sequence[str]) -> dict[str, list]:
    """Column of the file -> the columns that are made of it, each with the number of the visit."""
    at: dict[str, list] = {}
    for name, of in columns.items():
        for visit, number in of.items():
            at.setdefault(extract.columns[number], []).append((name, visits.index(visit)))
    return at


def _doubts(extract: Extract, columns: Mapping[str, Mapping[str, int]], visits: Sequence[str]) -> list[CellDoubt]:
    """The doubts at the rows that are made; one about a whole row stands at each of its visits."""
    at, doubts = _at(extract, columns, visits), []
    for doubt in extract.doubts:
        whole = [("", number) for number in range(len(visits))]
        for name, visit in at.get(doubt.column, []) if doubt.column else whole:
            row = doubt.row if doubt.row < 0 else doubt.row * len(visits) + visit
            doubts.append(replace(doubt, row=row, column=name))
    return list(dict.fromkeys(doubts))


def _moved(
    rows: Mapping[str, Sequence[int]],
    extract: Extract,
    columns: Mapping[str, Mapping[str, int]],
    visits: Sequence[str],
) -> dict[str, list[int]]:
    """Column -> rows, of the columns and rows that are made."""
    at, moved = _at(extract, columns, visits), {}  # type: ignore[var-annotated]
    for column, numbers in rows.items():
        for name, visit in at.get(column, []):
            moved.setdefault(name, []).extend(number * len(visits) + visit for number in numbers)
    return {name: sorted(numbers) for name, numbers in moved.items()}


def _unscheduled(
    extract: Extract, columns: Mapping[str, Mapping[str, int]], visits: Sequence[str]
) -> "dict[str, list[int]]":
    """What the file says of cells for which nothing was to be collected, and the visits that have no such column."""
    found = _moved(extract.unscheduled, extract, columns, visits)
    rows = len(extract.places)
    for name, of in columns.items():
        for number, visit in enumerate(visits):
            if visit not in of:
                found.setdefault(name, []).extend(range(number, rows * len(visits), len(visits)))
    return {name: sorted(numbers) for name, numbers in found.items()}
