"""Which rows a table asks about, and what its plan declares to be changed in them before they are checked."""

import re
from collections.abc import Iterable
from datetime import date
from typing import TYPE_CHECKING

from omtrace.model.tables import Repair
from omtrace.provenance.keys import key_of, number_of
from omtrace.readers import CellDoubt
from omtrace.schemas import UNIT
from omtrace.validation.work import Source, Work

if TYPE_CHECKING:
    import numpy


# What stands for a unit in a line below the rows, which is none: totals, means, counts.
SUMMARY = re.compile(
    r"(?:(?:grand|sub)?[- ]?total(?:s|e)?|sum|summe|(?:ins)?gesamt|somme|suma|mean|average|avg|mittelwert|moyenne|"
    r"media|promedio|median|s\.?d\.?|st\.?d(?:ev)?\.?|s\.?e\.?m?\.?|count|anzahl|min(?:imum)?|max(?:imum)?|n)"
    r"\s*(?:[:=]\s*[\d.,]*)?",
    re.IGNORECASE,
)
INVISIBLE = "[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\ufeff]"  # soft hyphen, zero widths, directions, BOM


def leave_out_of_scope(work: Work) -> None:
    """Rows that the table does not ask about: other events or forms, unused slots, blank forms."""
    _report_strange_events(work)
    _leave_summaries(work)
    for column, texts in work.plan.rows.items():
        _report_unmatched(work, column, texts)
        work.leave(~work.cells[column].among(texts), f"other {column}")
    if work.plan.visit:
        _report_unmatched(work, work.plan.visit.column, work.plan.visit.map)
        work.leave(~work.cells[work.plan.visit.column].among(work.plan.visit.map), "other event")
    if work.plan.skipped:
        work.leave(_blank(work, work.plan.skipped), f"{' and '.join(work.plan.skipped)} blank")
    if work.table.measured:
        raw = [c for c in (work.plan.raw(column) for column in work.table.measured) if c in work.cells]
        work.leave(_unscheduled(work, raw), "not scheduled")
        own = [c.name for c in work.table.columns if c.name not in work.table.key]  # supplied totals, too
        blank = _blank(work, {*raw, *(work.plan.raw(column) for column in own)} & work.cells.keys())
        if work.plan.status:
            done = blank & work.cells[work.plan.status].among(work.plan.status_accepted)
            _report_unanswered(work, done)
            blank &= ~done
        work.leave(blank, "blank form")


def _leave_summaries(work: Work) -> None:
    """Rows of no unit: the header again and, where units have numbers, lines of totals or means; each is told."""
    raw = work.plan.cell(UNIT)
    if len(work.plan.unit) > 1 or raw not in work.cells:
        return
    texts = [text for text in work.cells[raw].texts if text.strip()]
    again = {text for text in texts if text.strip().casefold() == raw.strip().casefold()}
    found = again | {text for text in texts if SUMMARY.fullmatch(text.strip())}
    if 2 * sum(any(c.isdigit() for c in text) for text in {*texts} - found) <= len({*texts} - found):
        found = again
    if not found or found == {*texts}:
        return
    rows = work.cells[raw].among(found)
    for at in rows.nonzero()[0].tolist():
        key = int(work.keys[at])
        export = work.sources[number_of(key)].export
        expected = "a unit; a line of totals or means, or the header again, is no row"
        work.find("summary_row", export, work.place(key), raw, expected, work.cells[raw].at(at))
    work.leave(rows, "totals, or the header again")


def _blank(work: Work, columns: Iterable[str]) -> "numpy.ndarray":
    """The mask of rows in which all these raw columns are blank."""
    import numpy

    blank = [work.cells[column].among(("",)) for column in columns]
    return numpy.logical_and.reduce(blank) if blank else numpy.zeros(len(work.keys), dtype=bool)


def _report_unanswered(work: Work, rows: "numpy.ndarray") -> None:
    """Forms that are marked as done and have no answer: they stay in the table, and are missing for that reason."""
    status = work.plan.status
    for at in rows.nonzero()[0].tolist():
        key, text = int(work.keys[at]), work.cells[status].at(at)
        export = work.sources[number_of(key)].export
        work.find("form_blank", export, work.place(key), status, "answers beside this status", text, key)


def _report_strange_events(work: Work) -> None:
    """What the reader doubts in the column that tells the visit: such a row belongs to no table, so it is told here."""
    column = work.plan.visit.column if work.plan.visit else ""
    for source in [s for s in work.sources.values() if column and not s.scope_told]:
        source.scope_told = True
        for doubt in source.extract.doubts:
            if doubt.column == column and doubt.row >= 0:
                place = source.extract.places[doubt.row]
                text = str(source.extract.cells[source.extract.columns.index(column)][doubt.row])
                work.find(doubt.rule, source.export, place, column, doubt.expected, text)


def _report_unmatched(work: Work, column: str, texts: Iterable[str]) -> None:
    """Texts of the plan that no row holds: a slip there would take rows out without a word."""
    export = next(iter(work.sources.values())).export
    for text in texts:
        if len(work.keys) and text and text not in work.cells[column].texts:
            work.find("text_unmatched", export, None, column, f"rows with {text!r}, which the plan names")


def _unscheduled(work: Work, columns: list[str]) -> "numpy.ndarray":
    """The mask of rows in which all these columns are blank because nothing was to be collected there."""
    import numpy

    mask = numpy.ones(len(work.keys), dtype=bool)
    for column in columns:
        keys = [
            key_of(source.export.number, int(source.extract.places.ordinals[row]))
            for source in work.sources.values()
            for row in source.extract.unscheduled.get(column, ())
        ]
        if not keys:
            return numpy.zeros(len(work.keys), dtype=bool)
        mask &= numpy.isin(work.keys, numpy.array(keys, dtype="int64")) & work.cells[column].among(("",))
    return mask


def report_doubts(work: Work) -> None:
    """What the readers doubt, at the rows and columns that the table asks about."""
    import numpy

    for source in work.sources.values():
        for doubt in source.extract.doubts:
            if doubt.row < 0:
                if doubt.column in work.cells or doubt.rule == "merged_header":
                    work.find(doubt.rule, source.export, None, doubt.column, doubt.expected)
                continue
            key = key_of(source.export.number, int(source.extract.places.ordinals[doubt.row]))
            at = int(numpy.searchsorted(work.keys, key))
            is_reported = bool(work.plan.visit) and doubt.column == work.plan.visit.column  # type: ignore[union-attr]
            if at < len(work.keys) and work.keys[at] == key and doubt.column in ("", *work.cells) and not is_reported:
                _doubt(work, source, doubt, key, at)


def _doubt(work: Work, source: Source, doubt: CellDoubt, key: int, at: int) -> None:
    if (key, doubt.column) in work.original:
        return  # a repair of the plan has settled it
    value = work.cells[doubt.column].at(at) if doubt.column else ""
    if value in work.missing_codes and doubt.rule.startswith("dictionary_"):
        return  # the dictionary does not know the study's missing-data codes
    work.find(doubt.rule, source.export, work.place(key), doubt.column, doubt.expected, value, key)


def repair(work: Work) -> None:
    """Make the declared changes; each changed cell is a finding with its original text, a useless repair as well."""
    there = {column for source in work.sources.values() for column in source.extract.columns}
    for declared in work.plan.repairs:
        if declared.column not in there:
            continue  # told as a missing column
        cells = work.cells[declared.column]
        mask = _meant(work, declared)
        if not mask.any():
            export = next(iter(work.sources.values())).export
            work.find("repair_unused", export, None, declared.column, "a cell that the repair applies to")
            continue
        names = [c.name for c in work.table.columns if work.plan.raw(c.name) == declared.column]
        for key, code in zip(work.keys[mask].tolist(), cells.codes[mask].tolist(), strict=True):
            text = cells.texts[code]
            work.original.setdefault((key, declared.column), text)
            export = work.sources[number_of(key)].export
            work.find("repaired", export, work.place(key), declared.column, declared.reason, text, key)
            work.gaps += [(key, name, f"repaired: {declared.reason}") for name in names]
        become = _swapped if declared.swap_day_month else lambda _, d=declared: d.becomes or ""
        work.cells[declared.column] = cells.changed(mask, become)
        work.repairs.append((declared.column, _words(declared), declared.reason, int(mask.sum())))


def _meant(work: Work, declared: Repair) -> "numpy.ndarray":
    """The rows that a repair applies to."""
    import numpy

    mask = numpy.ones(len(work.keys), dtype=bool)
    for column, text in declared.when.items():
        mask &= work.cells[column].among((text,))
    if declared.date_cell:
        mask &= numpy.isin(work.keys, date_cells(work, declared.column))
    return mask


def date_cells(work: Work, column: str) -> "numpy.ndarray":
    """The keys of the rows in which the file itself holds a date in a column, not a text."""
    import numpy

    keys = [
        source.keys()[source.extract.date_cells[column]]
        for source in work.sources.values()
        if source.extract.date_cells.get(column)
    ]
    return numpy.concatenate(keys) if keys else numpy.empty(0, dtype="int64")


def report_invisible(work: Work) -> None:
    """Cells with characters that cannot be seen: ids and categories with them are others than they seem."""
    import pyarrow.compute as compute

    for column, cells in work.cells.items():
        hidden = compute.match_substring_regex(cells.distinct, INVISIBLE).to_numpy(zero_copy_only=False)
        if not column.startswith("@") and hidden.any():
            for at in hidden[cells.codes].nonzero()[0].tolist():
                key = int(work.keys[at])
                export, expected = work.sources[number_of(key)].export, "only characters that can be seen"
                work.find("invisible_character", export, work.place(key), column, expected, cells.at(at), key)


def report_date_cells(work: Work) -> None:
    """Date cells among text dates: day and month may have changed places when the texts did not become dates."""
    import numpy

    repaired = {column for declared in work.plan.repairs if declared.date_cell for column in [declared.column]}
    for column in work.table.columns:
        raw = work.plan.raw(column.name)
        if column.kind != "date" or raw in repaired or raw not in work.cells:
            continue
        dated = numpy.isin(work.keys, date_cells(work, raw))
        texts = ~dated & ~work.cells[raw].among(("", *work.missing_codes))
        both = dated & numpy.isin(work.numbers(), numpy.unique(work.numbers()[texts]))  # each file settles its own
        if both.any():
            expected = "a text, as in the column's other cells: day and month of a date cell may have changed places"
            work.report(work.keys[both], "date_cell", column.name, expected)


def _swapped(text: str) -> str:
    """An ISO date with day and month in each other's place; the text itself where that is no date."""
    try:
        year, month, day = (int(part) for part in text[:10].split("-"))
        return date(year, day, month).isoformat()
    except ValueError:
        return text


def _words(declared: Repair) -> str:
    """A repair as the report shows it."""
    when = [f"{column} is {text or 'blank'}" for column, text in declared.when.items()]
    when += ["the cell is a date"] * declared.date_cell
    what = "day and month change places" if declared.swap_day_month else f"becomes {declared.becomes or 'missing'}"
    return f"{what} where {' and '.join(when)}" if when else what
