"""One sheet of a workbook: xlsx, xls or ods, by content whatever the file's name."""

from pydantic import Field

from omtrace.faults import Fault
from omtrace.model.closed import Closed
from omtrace.readers import Extract, Reader, _spreadsheet
from omtrace.readers._spreadsheet import address, answer_to


class Options(Closed):
    """Which sheet is read, and where its column names are."""

    sheet: str = Field("", description="name of the sheet; empty: the only one")
    header_row: int = Field(1, ge=1, description="row of the column names; rows above are left out")


def read(content: bytes, options: Options) -> Extract:
    """The rows of a sheet as text, see ``_spreadsheet.read``."""
    return _spreadsheet.read(content, options.sheet, options.header_row)


def sheets_of(content: bytes) -> dict[str, int]:
    """Sheet of a workbook -> its number of cells; 0 of one that is no table. Raises Fault for what is no workbook."""
    answer = answer_to(content, "")
    if "fault" in answer:
        raise Fault(answer["fault"])
    sizes = dict.fromkeys(answer["sheets"], 0)
    for name in sizes if len(sizes) > 1 else ():
        try:
            extract = _spreadsheet.read(content, name)
        except Fault:
            continue
        sizes[name] = len(extract.columns) * len(extract.places)
    return sizes


READER = Reader(Options, read, address=address, inner=("sheet", sheets_of))
