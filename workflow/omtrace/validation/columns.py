"""From the raw texts of a column, and what they stand for, to typed values within their bounds.

Every distinct text of a column is judged once, and the judgement taken to the rows that hold it.
"""

import re
from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, TypeAlias

from omtrace.model.tables import Format
from omtrace.schemas import UNIT, Column
from omtrace.validation.cells import cells_of, encoded, held, is_in
from omtrace.validation.checks import DTYPES, refused_values
from omtrace.validation.formats import Style, date_style, number_style
from omtrace.validation.meaning import Meaning, meaning_of
from omtrace.validation.parse import EXPECTED, Typed, dates, integers, numbers, plain
from omtrace.validation.work import Work

if TYPE_CHECKING:
    import numpy
    import pandas
    import pyarrow

    Values: TypeAlias = numpy.ndarray | pyarrow.Array


def set_types(work: Work) -> None:
    """Make the typed frame; each cell that does not fit is a finding, and missing from then on where it is no value."""
    import pandas

    columns = {}
    for column in work.table.columns:
        parts = work.plan.unit if column.name == UNIT else work.plan.joined.get(column.name, ())
        if column.name == "visit" and work.plan.visit:
            raw = work.cells[work.plan.visit.column]
            columns["visit"] = raw.changed(raw.codes >= 0, work.plan.visit.map.__getitem__).array().to_pandas()
        elif parts:
            columns[column.name] = _joined(work, column, list(parts))
        else:
            columns[column.name] = _typed(work, column)
    index = pandas.Index(work.keys, dtype="int64")
    frame = {name: pandas.Series(values).set_axis(index) for name, values in columns.items()}
    work.frame = pandas.DataFrame(frame, index=index, columns=[column.name for column in work.table.columns])


def _joined(work: Work, column: Column, parts: list[str]) -> "pandas.Series":
    """Raw columns joined by /; missing where one of them is blank, or the unit's pattern does not fit."""
    import numpy
    import pyarrow.compute as compute

    arrays = [work.rows_text() if part == "@row" else work.cells[part].array() for part in parts]
    cells = compute.binary_join_element_wise(*arrays, "/") if len(arrays) > 1 else arrays[0]
    pattern = work.plan.unit_pattern if column.name == UNIT else ""
    whole = cells_of([encoded(cells.fill_null(""))])
    if pattern:
        whole = whole.changed(whole.codes >= 0, partial(_cut, re.compile(pattern)))
    none = numpy.zeros(len(whole.distinct), dtype=bool)
    reported = none
    if column.name == UNIT:
        _unit_missing(work, whole.among(("",)), parts, pattern)
        reported = is_in(whole.distinct, ("",))
    style = Style() if column.kind == "text" else _style(column, whole.distinct, whole.codes, USUAL, False)
    return _values(work, column, Meaning(whole, whole.distinct, none, reported), style, None)


def _unit_missing(work: Work, blank: "numpy.ndarray", parts: list[str], pattern: str) -> None:
    """Rows without their unit, at the part that is blank; where none is, the pattern does not fit."""
    reported = blank & False
    for part in [part for part in parts if part != "@row"]:
        here = blank & work.cells[part].among(("",))
        work.report(work.keys[here & ~reported], "unit_missing", UNIT, pattern or "a value", raw=part)
        reported |= here
    work.report(work.keys[blank & ~reported], "unit_missing", UNIT, pattern or "a value")


def _cut(pattern: re.Pattern, text: str) -> str:
    """What the pattern's group holds; "" where the pattern does not fit."""
    found = pattern.fullmatch(text)
    return found[1] or "" if found else ""


def _typed(work: Work, column: Column) -> "pandas.Series":
    """A column of the table as typed values."""
    import numpy
    import pandas

    raw = work.cells.get(work.plan.raw(column.name))
    if raw is None:  # an optional column that no file has
        return pandas.Series([None] * len(work.keys), dtype=DTYPES[column.kind])
    meaning = meaning_of(work, column, raw)
    declared = work.plan.formats.get(column.name, work.plan.formats.get("*", USUAL))
    if column.kind == "text":
        return _values(work, column, meaning, Style(), None)
    dated = any(source.extract.date_cells.get(work.plan.raw(column.name)) for source in work.sources.values())
    style = _style(column, meaning.texts, meaning.raw.codes, declared, dated)
    if not (style.told or style.doubts) or not len(work.keys):
        return _values(work, column, meaning, style, None)
    parts = []
    for number in numpy.unique(work.numbers()).tolist():  # sites write in their own way: each file settles its own
        rows = work.numbers() == number
        style = _style(column, meaning.texts, meaning.raw.codes[rows], declared, dated)
        _tell(work, column, style, number)
        parts.append(_values(work, column, meaning, style, rows))
    return pandas.concat(parts, ignore_index=True)


USUAL = Format.model_validate({})


def _tell(work: Work, column: Column, style: Style, number: int) -> None:
    """Keep the decision beside the reader's own."""
    if style.told:
        kind = "dates" if column.kind == "date" else "numbers"
        work.sources[number].extract.decisions[f"{kind} in {work.plan.raw(column.name)}"] = style.told


def _style(column: Column, meant: "pyarrow.Array", codes: "numpy.ndarray", declared: Format, dated: bool) -> Style:
    """How the texts of some rows are written. ``dated``: the file holds dates that are no texts, shown as ISO."""
    import numpy

    if column.kind == "date":
        present = numpy.bincount(codes, minlength=len(meant)).tolist()
        counts = Counter()  # type: Counter[str]
        for text, count in zip(meant.to_pylist(), present, strict=True):
            counts[text] += count
        return date_style({text: n for text, n in counts.items() if text and n}, declared, dated)
    usual = plain(meant)
    if (usual | is_in(meant, ("",))).all() and not (declared.decimal or declared.thousands):
        return Style()
    present = numpy.bincount(codes, minlength=len(meant))
    texts = meant.to_pylist()
    there = [(texts[at], bool(usual[at]), int(present[at])) for at in numpy.flatnonzero(present).tolist() if texts[at]]
    points: Counter[str] = Counter()
    other: Counter[str] = Counter()
    for text, fits, count in there:  # texts may stand twice: blanks were taken off, or a recode made them equal
        if not fits:
            other[text] += count
        elif "." in text:
            points[text] += count
    return number_style(other, points, sum(n for _, _, n in there), declared, column.kind == "integer")


def _values(
    work: Work, column: Column, meaning: Meaning, style: Style, rows: "numpy.ndarray | None"
) -> "pandas.Series":
    """The typed values of some rows (a mask; None: all), with a finding for each cell that does not fit."""
    raw, meant = meaning.raw, meaning.texts
    keys, codes = (work.keys, raw.codes) if rows is None else (work.keys[rows], raw.codes[rows])
    blank = is_in(meant, ("",))
    values, fits = _parsed(column, meant, style, blank)
    fits = fits & ~blank
    doubted = is_in(meant, {text for doubt in style.doubts for text in doubt.texts})
    judged = [(doubt.rule, doubt.expected, "", is_in(meant, doubt.texts)) for doubt in style.doubts]
    expected = EXPECTED[column.kind]
    if column.reading:
        expected += "; if this is a word of the reader, say what it means under missing_codes"
    judged.append(("type", expected, "", ~fits & ~blank & ~doubted))
    fits &= ~doubted
    judged += _refused(column, values, fits)
    if column.required:
        excused = meaning.told if column.name in work.table.key else meaning.told | meaning.coded
        judged.append(("required", "a value", "", blank & ~excused))
    for rule, expected, severity, mask in judged:
        if mask.any():
            if rule in ("type", "range"):
                expected += work.suggestion(column.name, set(raw.texts) & set(meant.to_pylist()) - {""})
            work.report(keys[mask[codes]], rule, column.name, expected, severity)
    return _taken(column, values, fits, codes)


def _refused(column: Column, values: "Values", fits: "numpy.ndarray") -> "list[tuple[str, str, str, numpy.ndarray]]":
    """What the model's checks say of the distinct values that are of the type, as masks of the distinct texts."""
    import numpy
    import pandas

    if not column.checks or not fits.any():
        return []
    typed = pandas.Series(values[fits]) if isinstance(values, numpy.ndarray) else values.to_pandas()[fits]
    judged = []
    for rule, expected, severity, mask in refused_values(column, typed):
        spread = numpy.zeros(len(fits), dtype=bool)
        spread[fits] = mask
        judged.append((rule, expected, severity, spread))
    return judged


def _parsed(column: Column, meant: "pyarrow.Array", style: Style, blank: "numpy.ndarray") -> Typed:
    """Values of the distinct texts, and the mask of those that are of the type."""
    if column.kind == "integer":
        return integers(meant, style)
    if column.kind == "number":
        return numbers(meant, style)
    return dates(meant, style) if column.kind == "date" else Typed(meant, ~blank)


def _taken(column: Column, values: "Values", good: "numpy.ndarray", codes: "numpy.ndarray") -> "pandas.Series":
    """The values of the rows: missing where the text gives none."""
    import numpy
    import pandas
    import pyarrow

    if column.kind == "integer":
        return pandas.Series(pandas.arrays.IntegerArray(values[codes], ~good[codes]))
    if column.kind == "number":
        return pandas.Series(numpy.where(good, values, numpy.nan)[codes])
    if column.kind == "date":
        return pandas.Series(numpy.where(good, values, numpy.datetime64("NaT"))[codes])
    return held(values, good).take(pyarrow.array(codes)).to_pandas()
