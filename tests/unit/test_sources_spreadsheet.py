"""Reader of workbooks: xlsx, xls and ods, written here cell by cell."""

import io
import os
import struct
import zipfile
from functools import partial
from pathlib import Path
from xml.sax.saxutils import escape

import pytest
from omtrace.readers import _spreadsheet, reader_of
from refusals import refusal

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
READER = reader_of("spreadsheet")
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
PACKAGE = "http://schemas.openxmlformats.org/package/2006"
ODF = "urn:oasis:names:tc:opendocument:xmlns"


def zipped(files):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            archive.writestr(zipfile.ZipInfo(name), text)
    return buffer.getvalue()


def xlsx_cell(place, value):
    """A cell: text, number, truth, or (type, style, raw text)."""
    if isinstance(value, bool):
        return f'<c r="{place}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, str):
        return f'<c r="{place}" t="inlineStr"><is><t>{escape(value)}</t></is></c>'
    if isinstance(value, tuple):
        return f'<c r="{place}" t="{value[0]}" s="{value[1]}"><v>{value[2]}</v></c>'
    return f'<c r="{place}"><v>{value!r}</v></c>'


def xlsx(sheets):
    """A workbook of sheets: name -> rows (None: no cell); styles 1 to 4 are date, moment, time, duration."""
    files = {
        "[Content_Types].xml": f'<Types xmlns="{PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" '
        f'Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet xmlns="{MAIN}"><cellXfs>'
        + "".join(f'<xf numFmtId="{n}"/>' for n in (0, 14, 22, 20, 46))
        + "</cellXfs></styleSheet>",
    }
    listed, links = "", f'<Relationship Id="s" Type="{OFFICE}/styles" Target="styles.xml"/>'
    for number, (name, rows) in enumerate(sheets.items(), 1):
        listed += f'<sheet name="{escape(name)}" sheetId="{number}" r:id="r{number}"/>'
        links += f'<Relationship Id="r{number}" Type="{OFFICE}/worksheet" Target="worksheets/sheet{number}.xml"/>'
        body = ""
        for r, row in enumerate(rows, 1):
            cells = [xlsx_cell(f"{'ABCDEFGHIJ'[c]}{r}", value) for c, value in enumerate(row) if value is not None]
            body += f'<row r="{r}">{"".join(cells)}</row>'
        files[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{MAIN}"><sheetData>{body}</sheetData></worksheet>'
        )
    files["xl/workbook.xml"] = f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>{listed}</sheets></workbook>'
    files["xl/_rels/workbook.xml.rels"] = f'<Relationships xmlns="{PACKAGE}/relationships">{links}</Relationships>'
    return zipped(files)


def ods(body):
    """A workbook of one sheet "S" with the given rows of ODF XML."""
    names = "".join(f' xmlns:{n}="{ODF}:{n}:1.0"' for n in ("office", "table", "text"))
    calc = ' xmlns:calcext="urn:org:documentfoundation:names:experimental:calc:xmlns:calcext:1.0"'
    return zipped(
        {
            "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
            "META-INF/manifest.xml": f'<manifest:manifest xmlns:manifest="{ODF}:manifest:1.0"/>',
            "content.xml": f"<office:document-content{names}{calc}><office:body><office:spreadsheet>"
            f'<table:table table:name="S">{body}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        }
    )


def ods_row(*cells):
    return "<table:table-row>" + "".join(f"<table:table-cell {cell}/>" for cell in cells) + "</table:table-row>"


def biff(kind, body=b""):
    return struct.pack("<HH", kind, len(body)) + body


def xls_cell(row, column, value):
    """A BIFF8 cell: text, number, ("date", serial), ("error", code) or ("formula", error code)."""
    place, plain = struct.pack("<HH", row, column), b"\0\0"
    if isinstance(value, str):
        return biff(0x0204, place + plain + struct.pack("<HB", len(value), 0) + value.encode("latin-1"))
    if isinstance(value, tuple):
        if value[0] == "date":
            return biff(0x0203, place + b"\1\0" + struct.pack("<d", value[1]))
        if value[0] == "error":
            return biff(0x0205, place + plain + bytes([value[1], 1]))
        result = bytes([2, 0, value[1], 0, 0, 0, 255, 255])
        return biff(0x0006, place + plain + result + bytes(6) + struct.pack("<H", 2) + b"\x1c\x2a")
    return biff(0x0203, place + plain + struct.pack("<d", value))


def xls(sheets, more=b""):
    """A binary workbook (BIFF8 in an OLE container): name -> rows (None: no cell); further records of each sheet."""
    bodies = []
    for rows in sheets.values():
        cells = b"".join(
            xls_cell(r, c, value) for r, row in enumerate(rows) for c, value in enumerate(row) if value is not None
        )
        bodies.append(biff(0x0809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0)) + cells + more + biff(0x000A))
    begin = biff(0x0809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0)) + biff(0x0042, b"\xb0\x04")
    begin += b"".join(biff(0x00E0, struct.pack("<HH", 0, number) + bytes(16)) for number in (0, 14))
    offset = len(begin) + sum(12 + len(name) for name in sheets) + 4
    for name, body in zip(sheets, bodies, strict=True):
        begin += biff(0x0085, struct.pack("<IHBB", offset, 0, len(name), 0) + name.encode("latin-1"))
        offset += len(body)
    return ole(begin + biff(0x000A) + b"".join(bodies))


def ole(stream):
    """An OLE container with one stream, Workbook: header, FAT sector, directory sector, the stream."""
    stream = stream.ljust(max(4096, -(-len(stream) // 512) * 512), b"\0")
    count = len(stream) // 512
    assert count <= 126
    end, free = 0xFFFFFFFE, 0xFFFFFFFF
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack("<HHHHH", 0x3E, 3, 0xFFFE, 9, 6) + bytes(6)
    head += struct.pack("<IIIIIIIII", 0, 1, 1, 0, 4096, end, 0, end, 0) + struct.pack("<I", 0)
    head += struct.pack("<I", free) * 108
    fat = [0xFFFFFFFD, end, *range(3, count + 2), end]
    fat = struct.pack(f"<{len(fat)}I", *fat).ljust(512, b"\xff")
    entries = b""
    for name, kind, child, start, size in (
        ("Root Entry", 5, 1, end, 0),
        ("Workbook", 2, free, 2, len(stream)),
    ):
        text = (name + "\0").encode("utf-16-le")
        entries += text.ljust(64, b"\0") + struct.pack("<HBBIII", len(text), kind, 1, free, free, child) + bytes(36)
        entries += struct.pack("<IQ", start, size)
    return head + fat + entries.ljust(512, b"\0") + stream


def read(content, **options):
    return READER.read(content, READER.options(**options))


fault_of = partial(refusal, read)


def test_xlsx_cells_as_text():
    head = ["whole", "part", "text", "date", "moment", "time", "long", "truth", "error"]
    row = [100.0, 0.1, "05/04/2000", ("n", 1, 36650), ("n", 2, 36650.5), ("n", 3, 0.75), ("n", 4, 1.5), True]
    extract = read(xlsx({"Data": [head, [*row, ("e", 0, "#DIV/0!")]]}))
    assert extract.columns == tuple(head)
    assert extract.rows == [
        [
            "100",
            "0.1",
            "05/04/2000",
            "2000-05-04",
            "2000-05-04T12:00:00",
            "18:00:00",
            "36:00:00",
            "TRUE",
            "#DIV/0!",
        ]
    ]
    assert extract.decisions == {
        "sheet": "Data (1 of 1)",
        "date cells in date": "1 of 1",
        "date cells in moment": "1 of 1",
        "time cells in time": "1 of 1",
        "time cells in long": "1 of 1",
    }
    assert extract.date_cells == {"date": [0], "moment": [0]}


def test_numbers_keep_every_digit():
    values = [1 / 3, 1e300, 2.0**53, 123456789012345.0, -0.5, 1e-7]
    extract = read(xlsx({"D": [list("abcdef"), values]}))
    assert extract.rows == [["0.3333333333333333", "1e+300", "9007199254740992.0", "123456789012345", "-0.5", "1e-07"]]
    assert [float(text) for text in extract.rows[0]] == values


def test_two_sheets_need_a_choice_and_ordinals_never_collide():
    content = xlsx({"Notes": [["t"], ["x"]], "Data": [["id", "y"], ["a", 1.0]]})
    assert "name one of the sheets 'Notes', 'Data'" in fault_of(content)
    assert "did you mean 'Data'?" in fault_of(content, sheet="Date")
    notes, data = read(content, sheet="Notes"), read(content, sheet="Data")
    assert data.rows == [["a", "1"]]
    assert [(p.ordinal, p.part, p.first_line, p.last_line) for p in data.places] == [((1 << 22) + 2, "Data", 2, 2)]
    assert [p.ordinal for p in notes.places] == [2]


def test_empty_rows_and_nameless_empty_columns_are_left_out():
    rows = [
        ["title"],
        [None],
        [None, "id", None, "y", " "],
        ["", "a", None, 1.0],
        [None],
        ["", "b", None, 2.0],
    ]
    content = xlsx({"Data": rows})
    assert "row 3: no name for column 1, 3" in fault_of(content, header_row=3)
    content = xlsx({"Data": [["title"], [None], ["id", "y", " "], ["a", 1.0], [None], ["b", 2.0, None]]})
    extract = read(content, header_row=3)
    assert extract.columns == ("id", "y")
    assert extract.rows == [["a", "1"], ["b", "2"]]
    assert [p.first_line for p in extract.places] == [4, 6]


@pytest.mark.parametrize(
    ("rows", "options", "says"),
    [
        ([["id", "id"], [1.0, 2.0]], {}, "row 1: columns 1 and 2 have one name (id)"),
        ([["id"], ["a", 1.0]], {}, "row 1: no name for column 2"),
        ([[None], ["id"], ["a"]], {}, "row 1: no column names"),
        ([["id"]], {"header_row": 7}, "row 7: no column names"),
        ([], {}, "row 1: no column names"),
    ],
)
def test_headers_that_are_refused(rows, options, says):
    assert says in fault_of(xlsx({"S": rows}), **options)


@pytest.mark.parametrize("value", [("error", 42), ("formula", 42)])
def test_xls_cells_and_errors_by_sheet(value):
    content = xls({"Notes": [["t"], [("error", 7)]], "Data": [["id", "on", "x"], [101.0, ("date", 36650), value]]})
    extract = read(content, sheet="Data")
    assert extract.rows == [["101", "2000-05-04", "#N/A"]]
    assert extract.decisions["date cells in on"] == "1 of 1"
    assert extract.decisions["not visible in this format"] == "formulas that were saved without being computed"
    assert read(content, sheet="Notes").rows == [["#DIV/0!"]]


def test_ods_cells():
    head = ods_row(*(f'office:value-type="string" office:string-value="{n}"' for n in "abc"))
    row = ods_row(
        'office:value-type="float" office:value="5"',
        'office:value-type="date" office:date-value="2000-05-04"',
        'office:value-type="boolean" office:boolean-value="false"',
    )
    extract = read(ods(head + row))
    assert extract.rows == [["5", "2000-05-04", "FALSE"]]
    assert (extract.places[0].part, extract.places[0].first_line) == ("S", 2)
    assert extract.date_cells == {"b": [0]}


@pytest.mark.parametrize("content", [b"", b"id,x\n1,2\n", b"PK\x03\x04 no archive", zipped({"a.txt": "b"}), ole(b"")])
def test_what_is_no_workbook_is_refused(content):
    assert "no workbook in xlsx, xls or ods" in fault_of(content)


def test_password_is_told():
    assert "password" in fault_of(ole("EncryptedPackage".encode("utf-16-le")))


def test_damaged_members_are_found_by_checksum():
    content = bytearray(xlsx({"Data": [["id", "x"]] + [[f"p{n}", n / 7] for n in range(200)]}))
    content[content.index(b"sheet1.xml") + 300] ^= 4
    assert "damaged" in fault_of(bytes(content))


def test_time_limit_is_a_fault(monkeypatch):
    monkeypatch.setattr(_spreadsheet, "SECONDS", 0.001)
    assert "not read within" in fault_of(xlsx({"Data": [["id"], ["a"]]}))


@needs_mirror
def test_acupuncture_workbook_with_mixed_dates():
    content = Path(MIRROR, "acupuncture_headache/1745-6215-7-15-S1.xls").read_bytes()
    assert "'Description of variables', 'Data'" in fault_of(content)
    extract = read(content, sheet="Data")
    assert (len(extract.columns), len(extract.rows)) == (94, 401)
    assert extract.decisions["date cells in date_randomized"] == "127 of 401"
    assert not extract.doubts
    on = [row[extract.columns.index("date_randomized")] for row in extract.rows]
    assert sum("/" in text for text in on) == 274
    assert extract.date_cells == {"date_randomized": [n for n, text in enumerate(on) if text[4:5] == "-"]}
    assert len(extract.date_cells["date_randomized"]) == 127
    assert extract.rows[0][:7] == ["100", "47", "1", "1", "35", "12", "24/03/2000"]
    pk5 = [row[extract.columns.index("pk5")] for row in extract.rows]
    assert sum(text == "" for text in pk5) == 100
    assert (extract.places[0].ordinal, extract.places[-1].first_line) == (2 * 2**22 + 2, 402)
