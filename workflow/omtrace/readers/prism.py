"""A table of GraphPad Prism's XML files (pzfx), a row each value, with its group, row and replicate.

Format: as Prism 5 to 10 write it, which tables of the R package pzfx show: Table or HugeTable with RowTitlesColumn,
XColumn, YColumn, Subcolumn, and d for a value, which may be struck (Excluded).
"""

from textwrap import shorten

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed, nearest
from omtrace.provenance.keys import Place
from omtrace.readers import Extract, Reader, largest
from omtrace.readers._xml import Element, tree_of

COLUMNS = ("group", "row", "row_title", "x", "replicate", "value", "excluded")
WORDS = {"SDN": ("mean", "sd", "n"), "SEN": ("mean", "sem", "n"), "CVN": ("mean", "cv", "n"), "SD": ("mean", "sd")}
WORDS |= {"SE": ("mean", "sem"), "CV": ("mean", "cv"), "low-high": ("mean", "upper", "lower")}
WORDS |= {"upper-lower-limits": ("mean", "upper", "lower")}


class Options(Closed):
    """Which table is read."""

    table: str = Field("", description="title of the table; empty: the only one")


def read(content: bytes, options: Options) -> Extract:
    """The values of a table, each with its line.

    Columns: ``group``, the title of its column; ``row``, counted from 1, and ``row_title``; ``x``; ``replicate``, its
    number among the subcolumns, or what a subcolumn holds (mean, sd, sem, n, ...); ``value`` as it is written, and
    ``excluded``, yes for one that was struck in Prism. Blank cells are no rows. Raises Fault for what is no such file,
    and where the table is not clear.
    """
    root = tree_of(content, "Prism file (pzfx)")
    if root.name != "GraphPadPrismFile":
        raise Fault("no Prism file (pzfx); save it in Prism as .pzfx, or name another reader")
    table = _chosen(root, options.table)
    title = _title(table)
    xs = _along(table, "XColumn")
    titles = _along(table, "RowTitlesColumn")
    rows: list[list[str]] = []
    places: list[Place] = []
    for number, column in enumerate(table.all("YColumn"), 1):
        group = _title(column) or f"column {number}"
        for replicate, values in enumerate(column.all("Subcolumn"), 1):
            named = _named(table, replicate)
            for row, value in enumerate(values.all("d"), 1):
                text = value.words()
                if not text:
                    continue
                struck = "yes" if value.get("Excluded") == "1" else "no"
                rows.append([group, str(row), titles.get(row, ""), xs.get(row, ""), named, text, struck])
                places.append(Place(len(rows), value.first_line, value.last_line, title))
    if not rows:
        raise Fault(f"table {shorten(title, 60)!r} holds no values")
    decisions = {"format": "Prism XML (pzfx)", "table": title, "kind of table": table.get("TableType")}
    return Extract.of_rows(COLUMNS, rows, places, decisions)


def tables_of(content: bytes) -> dict[str, int]:
    """Title of each table of a file -> its number of values."""
    root = tree_of(content, "Prism file (pzfx)")
    return {_title(table): sum(1 for _ in table.all("d")) for table in root.all("Table", "HugeTable")}


def _chosen(root: Element, wanted: str) -> Element:
    tables = {_title(table): table for table in root.all("Table", "HugeTable")}
    if not wanted and len(tables) == 1:
        return next(iter(tables.values()))
    if wanted not in tables:
        hint = nearest(wanted, tables) if wanted else ""
        raise Fault(
            f"option table: name one of the tables {shorten(', '.join(map(repr, tables)), 400) or '(none)'}{hint}"
        )
    return tables[wanted]


def _title(element: Element) -> str:
    return next((part.words() for part in element.parts if part.name == "Title"), "")


def _along(table: Element, name: str) -> dict[int, str]:
    """Row -> what a column beside the values says of it."""
    column = next(table.all(name), None)
    values = next(column.all("Subcolumn"), None) if column else None
    return {row: value.words() for row, value in enumerate(values.all("d") if values else (), 1)}


def _named(table: Element, replicate: int) -> str:
    words = WORDS.get(table.get("YFormat"), ())
    return words[replicate - 1] if replicate <= len(words) else str(replicate)


PLACES = frozenset({"row", "row_title", "replicate", "excluded"})  # of a value, and no measurements
READER = Reader(Options, read, made=PLACES, suggested=lambda content: largest("table", tables_of(content)))
