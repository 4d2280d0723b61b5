"""One sheet of a workbook: xlsx, xls or ods, by content whatever the file's name."""

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.readers import Extract, Reader, _spreadsheet, largest
from omtrace.readers._spreadsheet import address, answer_to, extract_of

HIGHEST = 20  # row that names of columns are looked for in


class Options(Closed):
    """Which sheet is read, and where its column names are."""

    sheet: str = Field("", description="name of the sheet; empty: the only one")
    header_row: int = Field(1, ge=1, description="row of the column names; rows above are left out")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a sheet as text, see ``_spreadsheet.read``."""
    return _spreadsheet.read(content, options.sheet, options.header_row)


def suggested(content: bytes) -> dict[str, object]:
    """The largest table among the sheets, and the row of its names: the first that names every column.

    It is looked for down to the first row with most cells, which is taken where none does. Raises Fault for what is no
    workbook.
    """
    first = answer_to(content, "")
    if "fault" in first:
        raise Fault(first["fault"])
    sheets: list[str] = first["sheets"]
    sizes, heads = dict.fromkeys(sheets, 0), dict.fromkeys(sheets, 1)
    for name in sheets:
        answer = first if len(sheets) == 1 else answer_to(content, name)
        if "fault" in answer:
            continue
        rows = answer["rows"][:HIGHEST]
        heads[name] = max(range(len(rows)), key=lambda n: sum(bool(cell.strip()) for cell in rows[n]), default=0) + 1
        for row in range(1, heads[name] + 1):
            try:
                extract = extract_of(answer, name, row)
            except Fault:
                continue
            sizes[name], heads[name] = len(extract.columns) * len(extract.places), row
            break
    sheet = largest("sheet", sizes)
    head = heads[str(sheet.get("sheet", sheets[0]))]
    return sheet | ({"header_row": head} if head > 1 else {})


READER = Reader(Options, read, address=address, suggested=suggested)
