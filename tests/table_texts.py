"""The checks of one table's texts on their own, without a plan, a register or a file."""

from collections.abc import Mapping, Sequence
from typing import Any

from omtrace.checks.cells import encoded
from omtrace.checks.columns import set_types
from omtrace.checks.reading import take_rows
from omtrace.checks.validate import check_rows, find_duplicates
from omtrace.checks.work import Source, Work
from omtrace.schemas import Table
from omtrace.sources import Extract, Places
from omtrace.study.plan import Plan
from omtrace.study.register import Export


def check_texts(table: Table, columns: Mapping[str, Sequence[str]], **entry: Any) -> Work:
    """Type and check one table's texts on their own, as rows from line 2 of a file; findings and frame are in the work.

    ``columns``: the table's column -> its texts, all of one length. ``entry``: what the plan says of the table.
    """
    count = len(next(iter(columns.values())))
    lines = range(2, count + 2)
    extract = Extract(tuple(columns), list(columns.values()), Places(range(1, count + 1), lines, lines))
    export = Export(1, "table", "export", "table", "table", "", "", "", "received", "", "", "")
    plan = Plan.model_validate({"study": "table", "title": "", "kind": "real", "statement": "", "design": "",
                                "tables": {"table": {"reader": "delimited", **entry}}, "datasets": {}, "analyses": {},
                                "figures": {}})  # fmt: skip
    source = Source(export, extract, {name: encoded(texts) for name, texts in columns.items()})
    work = Work("table", plan, plan.tables["table"], table, {1: source}, None, {})
    take_rows(work)
    set_types(work)
    check_rows(work)
    find_duplicates(work)
    return work
