"""The checks of one table's texts on their own, without a plan, a register or a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.readers import Extract, Places
from omtrace.schemas import Table
from omtrace.validation.cells import encoded
from omtrace.validation.columns import set_types
from omtrace.validation.reading import take_rows
from omtrace.validation.validate import check_rows, find_duplicates
from omtrace.validation.work import Source, Work


def check_texts(table: Table, columns: Mapping[str, Sequence[str]], **entry: Any) -> Work:
    """Type and check one table's texts on their own, as rows from line 2 of a file; findings and frame are in the work.

    ``columns``: the table's column -> its texts, all of one length. ``entry``: what the plan says of the table.
    """
    count = len(next(iter(columns.values())))
    lines = range(2, count + 2)
    extract = Extract(tuple(columns), list(columns.values()), Places(range(1, count + 1), lines, lines))
    export = Export(1, "table", "export", "table", "table", "", "", "", "received", "", "", "")
    plan = Plan.model_validate(
        {
            "study": "table",
            "title": "",
            "kind": "real",
            "statement": "",
            "design": "",
            "tables": {"table": {"reader": "delimited", **entry}},
            "datasets": {},
            "analyses": {},
            "figures": {},
        }
    )
    source = Source(export, extract, {name: encoded(texts) for name, texts in columns.items()})
    work = Work("table", plan, plan.tables["table"], table, {1: source}, None, {})
    take_rows(work)
    set_types(work)
    check_rows(work)
    find_duplicates(work)
    return work
