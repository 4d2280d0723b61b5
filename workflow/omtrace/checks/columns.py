"""From raw text to the declared columns: scope, units, missing-data codes, recoding, types."""

from typing import Any

from omtrace.checks.parse import EXPECTED, parse
from omtrace.checks.work import Work
from omtrace.schemas import UNIT, Column


def leave_out_of_scope(work: Work) -> None:
    """Rows that the table does not ask about: other events, unused slots, blank forms."""
    if work.plan.visit:
        work.leave(~work.text[work.plan.visit.column].isin(work.plan.visit.map), "other event")
    if work.plan.skip_blank:
        work.leave(work.text[work.plan.skip_blank] == "", f"{work.plan.skip_blank} blank")
    if work.table.measured:
        measured = [work.plan.raw(column) for column in work.table.measured]
        work.leave((work.text[measured] == "").all(axis=1), "blank form")


def set_types(work: Work) -> None:
    """Make the typed frame; each cell that does not fit is a finding, and missing from then on."""
    import pandas

    columns = {}
    for column in work.table.columns:
        parts = work.plan.unit if column.name == UNIT else work.plan.joined.get(column.name, ())
        if column.name == "visit" and work.plan.visit:
            columns["visit"] = work.text[work.plan.visit.column].map(work.plan.visit.map).astype("str")
        elif parts:
            columns[column.name] = _joined(work, column.name, list(parts))
        else:
            columns[column.name] = _column(work, column)
    work.frame = pandas.DataFrame(columns, index=work.text.index)


def _joined(work: Work, name: str, parts: list[str]) -> Any:
    """Raw columns joined by /; missing where one of them is blank, or the unit's pattern does not fit."""
    cells = work.text[parts[0]].str.cat([work.text[part] for part in parts[1:]], sep="/")
    cells = cells.mask((work.text[parts] == "").any(axis=1))
    if name == UNIT:
        pattern = work.plan.unit_pattern
        cells = cells.str.extract(f"^(?:{pattern})$", expand=False) if pattern else cells
        work.report(cells.index[cells.isna()], "unit_missing", UNIT, pattern or "a value")
    return cells.astype("str")


def _column(work: Work, column: Column) -> Any:
    cells = work.text[work.plan.raw(column.name)]
    codes = work.study.missing_codes
    coded = cells.isin(codes)
    work.report(cells.index[coded], "coded_missing", column.name, "a value (missing-data code)")
    work.gaps += [(k, column.name, codes[cells[k]]) for k in cells.index[coded]]
    cells = cells.mask(coded, "")
    recode = work.plan.recode.get(column.name)
    if recode:
        unknown = ~cells.isin(recode) & (cells != "")
        work.report(cells.index[unknown], "code", column.name, f"one of {', '.join(recode)}")
        cells = cells.map({**recode, "": ""}).fillna("").astype("str")
    typed, bad = parse(cells, column)
    work.report(cells.index[bad], "type", column.name, EXPECTED[column.kind])
    return typed
