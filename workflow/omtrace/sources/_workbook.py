"""One sheet of a workbook as text, read in a process of its own: ``python _workbook.py < request > answer``.

The parser is native code: on damaged bytes it can abort, panic or ask for any amount of memory, which no
``except`` can hold. Here that ends this process and nothing else. The request is one line of JSON (the
sheet wanted, "" = the only one), then the workbook's bytes; the answer is JSON: ``fault`` or ``sheets``,
``index``, ``rows`` (from row 1, as text) and ``dates`` (row and column, from 0, of every date cell).
This file imports nothing of the package, so that it starts fast and runs anywhere.
"""

import datetime
import io
import json
import re
import struct
import sys
import zipfile
from collections.abc import Iterator
from xml.etree import ElementTree

MEMORY = 2 * 2**30  # bytes
CELLS = 5_000_000  # some 50,000 rows of 100 columns
OLE = b"\xd0\xcf\x11\xe0"
ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
LOCKED = "a password protects the workbook; save it without"
DAMAGED = "no workbook in xlsx, xls or ods, or a damaged one; put back the file as it was received"
BIFF_ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
# Records of a binary workbook (MS-XLS 2.4): begin of a worksheet; BoolErr and Formula holding an error.
BIFF_SHEET = re.compile(rb"\x09\x08[\x08\x10]\x00\x00[\x05\x06]\x10\x00", re.DOTALL)
BIFF_ERROR = re.compile(
    rb"\x05\x02\x08\x00(?P<a>.{4})..(?P<code>[\x00\x07\x0f\x17\x1d\x24\x2a])\x01"
    rb"|\x06\x00..(?P<b>.{4})..\x02.(?P<result>[\x00\x07\x0f\x17\x1d\x24\x2a]).{3}\xff\xff",
    re.DOTALL,
)
XLSX_ERROR = re.compile(rb"<(?:\w+:)?c\s([^>]*\bt=[\"']e[\"'][^>]*)(?<!/)>(.*?)</(?:\w+:)?c>", re.DOTALL)
XLSX_PLACE = re.compile(rb"\br=[\"']([A-Z]{1,3})(\d{1,7})[\"']")
XLSX_VALUE = re.compile(rb"<(?:\w+:)?v>([^<]{1,20})</")


def text_of(value: object) -> str:
    """A cell as text: whole numbers without a point, other numbers in full, dates and times ISO."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < 2**53 else repr(value)
    if isinstance(value, datetime.timedelta):
        seconds = round(abs(value).total_seconds())
        sign = "-" if value < datetime.timedelta(0) else ""
        return f"{sign}{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    return str(value)


def kind_of(content: bytes) -> str:
    """xls, xlsx or ods, by content; "" for anything else. Checks the checksums of zipped files."""
    if content.startswith(OLE):
        return "xls"
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        if archive.testzip():
            return ""
    return "xlsx" if "xl/workbook.xml" in names else "ods" if "content.xml" in names else ""


def errors_in(content: bytes, kind: str, name: str, index: int) -> Iterator[tuple[int, int, str]]:
    """Row, column (from 0) and text of every error cell of a sheet. The parser itself returns them empty."""
    if kind == "xls":
        starts = [match.start() for match in BIFF_SHEET.finditer(content)]
        for match in BIFF_ERROR.finditer(content):
            if sum(start < match.start() for start in starts) == index + 1:
                place = match["a"] or match["b"]
                row, column = struct.unpack("<HH", place)
                yield row, column, BIFF_ERRORS[(match["code"] or match["result"])[0]]
        return
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        xml = archive.read(_sheet_path(archive, name))
    for attributes, inner in XLSX_ERROR.findall(xml):
        place, value, column = XLSX_PLACE.search(attributes), XLSX_VALUE.search(inner), 0
        if not place or not value:
            raise ValueError("an error cell without a place or a text")
        for letter in place[1]:
            column = column * 26 + letter - 64
        yield int(place[2]) - 1, column - 1, value[1].decode()


def _sheet_path(archive: zipfile.ZipFile, name: str) -> str:
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
    sheet = next(e for e in book.iter() if e.tag.endswith("}sheet") and e.get("name") == name)
    link = next(value for key, value in sheet.items() if key.endswith("}id"))
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
    target = next(e.get("Target", "") for e in links if e.get("Id") == link)
    return target.removeprefix("/") if target.startswith("/") else f"xl/{target}"


def answer(wanted: str, content: bytes) -> dict:
    """The answer to a request, as the module says."""
    from python_calamine import CalamineWorkbook, PasswordError, SheetTypeEnum

    kind = kind_of(content)
    if not kind:
        return {"fault": DAMAGED}
    if kind == "ods":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if b'value-type="error"' in archive.read("content.xml"):
                return {"fault": "formula errors, which look like values in an ods workbook; save it as xlsx"}
    if kind == "xls" and ENCRYPTED in content:
        return {"fault": LOCKED}
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
    except PasswordError:
        return {"fault": LOCKED}
    sheets = [sheet.name for sheet in book.sheets_metadata if sheet.typ == SheetTypeEnum.WorkSheet]
    name = wanted or sheets[0]
    if name not in sheets or (not wanted and len(sheets) > 1):
        return {"sheets": sheets, "index": -1, "rows": [], "dates": []}
    sheet, index = book.get_sheet_by_name(name), sheets.index(name)
    if sheet.height * sheet.width > CELLS:
        return {"fault": f"more than {CELLS} cells between the first and the last; clear the stray ones"}
    values = sheet.to_python(skip_empty_area=False)
    rows = [[text_of(value) for value in row] for row in values]
    date = (datetime.date, datetime.time)
    dates = [(r, c) for r, row in enumerate(values) for c, value in enumerate(row) if isinstance(value, date)]
    if kind != "ods":
        for row, column, text in errors_in(content, kind, name, index):
            if row >= len(rows) or column >= len(rows[row]) or rows[row][column]:
                return {"fault": f"an error cell in row {row + 1} that cannot be placed; save it as xlsx"}
            rows[row][column] = text
    return {"sheets": sheets, "index": index, "rows": rows, "dates": dates}


def main() -> None:
    """Answer the request on standard input."""
    try:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    except (ImportError, OSError, ValueError):
        pass  # no such limit on this system: the time limit of the caller remains
    request, _, content = sys.stdin.buffer.read().partition(b"\n")
    try:
        result = answer(json.loads(request), content)
    except Exception:  # whatever a damaged file makes the parsers raise
        result = {"fault": DAMAGED}
    sys.stdout.buffer.write(json.dumps(result).encode())


if __name__ == "__main__":
    main()
