"""A shipped study with two of its tables in workbooks, as a laboratory may send them."""

import io
from pathlib import Path

from omtrace.model.plan import Plan
from omtrace.model.register import exports_of, read_register

from .records import Records
from .study import ROOT, Study

AS_WORKBOOKS = " as workbooks"
TABLES = ("animals", "von_frey")
LISTS = ("cages",)


def number_or_text(text: str) -> object:
    """A cell as a spreadsheet keeps it."""
    try:
        return float(text) if "." in text else int(text)
    except ValueError:
        return text


# The parts of a plan that say how exports are read and checked.
INTAKE = ("study", "title", "kind", "statement", "design", "missing_codes", "severities", "scopes", "tables", "checks")


def saved(book) -> bytes:  # type: ignore[no-untyped-def]
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def workbook_of(content: bytes):  # type: ignore[no-untyped-def]
    """A workbook of one sheet with the cells of a delimited file."""
    import openpyxl

    book = openpyxl.Workbook()
    for record in Records(content).all:
        book.active.append([number_or_text(text) for text in record.cells])
    book.active.title = "Data"
    return book


def in_workbooks(name: str, folder: Path, plan: Plan) -> Study:
    """The study with ``TABLES`` in workbooks, and the list that they refer to; its other tables are left out."""
    given = {name: part for name, part in plan.model_dump(by_alias=True).items() if name in INTAKE}
    others = set(given["tables"]) - {*TABLES, *LISTS}
    given["tables"] = {name: entry for name, entry in given["tables"].items() if name not in others}
    given["checks"] = {name: e for name, e in given["checks"].items() if not any(o in repr(e) for o in others)}
    given |= {"datasets": {}, "analyses": {}, "figures": {}}
    for table in TABLES:
        given["tables"][table] |= {"reader": "spreadsheet", "options": {}}
    plan = Plan.model_validate(given)
    exports, files = [], {}
    for export in exports_of(read_register(ROOT / "config/exports.csv"), plan.study):
        if export.table not in (*TABLES, *LISTS):
            continue
        content = (ROOT / export.path).read_bytes()
        if export.table in TABLES:
            export = type(export)(**{**vars(export), "path": export.path.replace(".csv", ".xlsx")})
            content = saved(workbook_of(content))
        exports.append(export)
        files[export.path] = content
    return Study(name, folder, plan, exports, files)
