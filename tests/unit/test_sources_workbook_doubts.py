"""What is doubtful in a workbook, at its cell; and workbooks that are made to do harm."""

import io
import json
import socket
import struct
import subprocess
import sys
import tracemalloc
import zipfile
import zlib
from pathlib import Path

import openpyxl
import pytest
from omtrace.faults import Fault
from omtrace.provenance.code import closure
from omtrace.provenance.keys import Place
from omtrace.readers import CellDoubt, _spreadsheet, _workbook, _workbook_archive, spreadsheet
from omtrace.readers._workbook_doubts import letters, looks_like_identifier
from test_sources_spreadsheet import MAIN, biff, fault_of, ods, ods_row, ole, read, xls, xlsx, zipped

TEXT = 'office:value-type="string" office:string-value="{}"'.format


def saved(rows, change=lambda sheet: None):
    """A workbook of one sheet "Data" as openpyxl writes it, after a change of the sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "Data"
    for row in rows:
        sheet.append(row)
    change(sheet)
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def deflated(parts):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    return buffer.getvalue()


def parts_of(content):
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def with_part(content, name, change):
    """The workbook with one part's text changed."""
    parts = parts_of(content)
    parts[name] = change(parts[name].decode()).encode()
    return zipped(parts)


def with_cells(body, before="", after=""):
    """An xlsx of one sheet with the given XML in its sheetData, before and after it."""
    sheet = f'<worksheet xmlns="{MAIN}">{before}<sheetData>{body}</sheetData>{after}</worksheet>'
    return with_part(xlsx({"Data": [["a"]]}), "xl/worksheets/sheet1.xml", lambda _: sheet)


def inline(place, text):
    return f'<c r="{place}" t="inlineStr"><is><t>{text}</t></is></c>'


def found(extract, rule=None):
    return [(d.rule, d.row, d.column) for d in extract.doubts if rule in (None, d.rule)]


# xlsx


def test_a_plain_workbook_has_no_doubts():
    extract = read(saved([["id", "x", "on"], ["P001", 1, "13/05/2023"], ["P002", 2.5, None]]))
    assert (extract.doubts, extract.date_cells) == ([], {})
    assert extract.decisions == {"sheet": "Data (1 of 1)"}


def test_formula_without_its_value_and_errors():
    extract = read(saved([["id", "x", "y"], ["a", "=1+1", 1], ["b", 2, "#DIV/0!"]]))
    assert extract.rows == [["a", "", "1"], ["b", "2", "#DIV/0!"]]
    assert extract.doubts == [
        CellDoubt("formula_uncached", 0, "x", "a value saved beside the formula"),
        CellDoubt("error_cell", 1, "y", "a value"),
    ]


def test_rows_and_columns_of_nothing_but_formulas_are_not_lost():
    extract = read(saved([["id", "x"], ["=A9", "=B9"], [None, None], ["=A9", None]]))
    assert extract.rows == [["", ""], ["", ""]]
    assert [place.first_line for place in extract.places] == [2, 4]
    assert found(extract) == [
        ("formula_uncached", 0, "id"),
        ("formula_uncached", 0, "x"),
        ("formula_uncached", 1, "id"),
    ]
    assert "row 1: no name for column 2" in fault_of(saved([["id", None], ["a", "=1"]]))
    assert "row 1: formulas without a saved value in column B" in fault_of(saved([["id", "=A1"], ["a", 1]]))


@pytest.mark.parametrize(
    ("cell", "doubtful"),
    [
        ("<c r='B2'><f>1+1</f><v>2</v></c>", False),
        ("<c r='B2'><f>1-1</f><v>0</v></c>", False),
        ("<c r='B2' t='str'><f>\"\"</f><v></v></c>", False),  # an empty text is a result
        ("<c r='B2' t='str'><f>\"\"</f></c>", True),
        ("<c r='B2'><f>1+1</f><v/></c>", True),
        ("<c r='B2'><f/></c>", True),
        ("<c><f>1+1</f></c>", True),
        ("<c r='B2' t='s'><v>0</v></c>", False),
        ("<c r='B2'><v><!-- f -->5</v></c>", False),
    ],
)
def test_what_counts_as_a_formula_without_its_value(cell, doubtful):
    head = f"<row r='1'>{inline('A1', 'id')}{inline('B1', 'x')}</row>"
    content = with_cells(f"{head}<row r='2'>{inline('A2', 'a')}{cell}</row><row>{inline('A3', 'b')}</row>")
    if "t='s'" in cell:
        content = zipped(
            {**parts_of(content), "xl/sharedStrings.xml": f'<sst xmlns="{MAIN}"><si><t>s</t></si></sst>'.encode()}
        )
    assert found(read(content)) == ([("formula_uncached", 0, "x")] if doubtful else [])


def test_zero_of_a_workbook_that_asks_to_be_computed_is_no_value():
    head = f"<row r='1'>{inline('A1', 'x')}{inline('B1', 'y')}{inline('C1', 'z')}</row>"
    row = "<row r='2'><c r='A2'><f>B9</f><v>0</v></c><c r='B2'><f>B9</f><v>7</v></c><c r='C2'><v>0</v></c></row>"
    content = with_cells(head + row)
    assert found(read(content)) == []
    asks = with_part(
        content, "xl/workbook.xml", lambda xml: xml.replace("</workbook>", '<calcPr fullCalcOnLoad="1"/></workbook>')
    )
    assert found(read(asks)) == [("formula_uncached", 0, "x")]


def test_extensions_are_no_cells():
    other = (
        '<extLst><ext xmlns:x="urn:x"><x:c r="A2" t="e"><x:f>A1</x:f></x:c><x:mergeCell ref="A2:B2"/></ext></extLst>'
    )
    assert (
        found(read(with_cells(f"<row>{inline('A1', 'x')}</row><row><c r='A2'><v>1</v></c></row>", after=other))) == []
    )


def test_prefixed_namespace_is_read():
    row = '<x:row r="1"><x:c r="A1" t="str"><x:v>id</x:v></x:c></x:row><x:row r="2" hidden="1"><x:c r="A2" t="e">'
    sheet = f'<x:worksheet xmlns:x="{MAIN}"><x:sheetData>{row}<x:v>#N/A</x:v></x:c></x:row></x:sheetData></x:worksheet>'
    extract = read(with_part(xlsx({"Data": [["a"]]}), "xl/worksheets/sheet1.xml", lambda _: sheet))
    assert extract.rows == [["#N/A"]]
    assert found(extract) == [("error_cell", 0, "id"), ("hidden_row", 0, "")]


def test_hidden_rows_and_columns():
    def hide(sheet):
        for row in (2, 4, 5, 9):
            sheet.row_dimensions[row].hidden = True
        for column in "BCF":
            sheet.column_dimensions[column].hidden = True

    extract = read(saved([["id", "x", "y", "z"], ["a", 1, 2, 3], ["b", 1, 2, 3], [None] * 4, ["c", 1, 2, 3]], hide))
    assert found(extract) == [
        ("hidden_row", 0, ""),
        ("hidden_row", 2, ""),
        ("hidden_column", -1, "x"),
        ("hidden_column", -1, "y"),
    ]


def test_a_hidden_sheet_is_told():
    book = openpyxl.load_workbook(io.BytesIO(saved([["id"], ["a"]])))
    book.create_sheet("Other")
    book["Data"].sheet_state = "hidden"
    book.active = 1
    buffer = io.BytesIO()
    book.save(buffer)
    assert read(buffer.getvalue(), sheet="Data").decisions == {"sheet": "Data (1 of 2, hidden)"}


def test_merged_cells_below_the_header():
    rows = [["visit", "id", "x"], ["week 0", "a", 1], [None, "b", 2], [None, "c", 3], ["week 4", "d", 4]]
    extract = read(saved(rows, lambda sheet: sheet.merge_cells("A2:A4")))
    expected = "a cell of its own, not merged as A2:A4"
    assert extract.doubts == [CellDoubt("merged_cell", row, "visit", expected) for row in (1, 2)]
    hiding = with_part(
        saved(rows),
        "xl/worksheets/sheet1.xml",
        lambda xml: xml.replace("</sheetData>", '</sheetData><mergeCells><mergeCell ref="C3:C4"/></mergeCells>'),
    )
    assert read(hiding).doubts == [
        CellDoubt("merged_cell", 2, "x", "a text that is shown, not one hidden under the merged cells C3:C4")
    ]


def test_merged_header():
    extract = read(saved([["id", "pain", None, "z"], ["a", 1, 2, 3]], lambda sheet: sheet.merge_cells("B1:C1")))
    assert extract.columns == ("id", "pain", "pain (C)", "z")
    assert found(extract) == [("merged_header", -1, "pain"), ("merged_header", -1, "pain (C)")]
    upright = saved([["id", "x"], [None, "y"], ["a", 1]], lambda sheet: sheet.merge_cells("A1:A2"))
    extract = read(upright, header_row=2)
    assert extract.columns == ("id (A)", "y")
    assert found(extract) == [("merged_header", -1, "id (A)")]
    assert found(read(upright)) == [("merged_header", -1, "id"), ("merged_cell", 0, "id")]
    title = saved([["title"], ["id", "x"], ["a", 1]], lambda sheet: sheet.merge_cells("A1:B1"))
    assert found(read(title, header_row=2)) == []
    beside = saved([["id", "x", "note"], ["a", 1, "n"]], lambda sheet: sheet.merge_cells("C1:F1"))
    assert read(beside).columns == ("id", "x", "note")


# identifiers


@pytest.mark.parametrize(
    "text", ["P001", "S-12b", "01-023", "007", "12A3", "NYIT.7", "rat_4", "SMCM-0012-B", "2310009F13"]
)
def test_identifiers(text):
    assert looks_like_identifier(text)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "12",
        "1.5",
        "0.5",
        "-3",
        "5,5",
        "1E5",
        "5mg",
        "12 h",
        "2x5",
        "10-20mg",
        "5mg/kg",
        "<5",
        "18-24",
        "3-2",
        "yes",
        "not done",
        "see page 3",
        "13/05/2023",
        "2023-05-13",
        "05-2023",
        "13.5.23",
        "13MAY2023",
        "5-May-23",
        "Mar-24",
        "2023-05-13T10:00:00",
        "TRUE",
        "#N/A",
        "week",
        "P" + "1" * 40,
    ],
)
def test_no_identifiers(text):
    assert not looks_like_identifier(text)


def serial(days):
    return ("n", 1, days)  # style 1 is a date


@pytest.mark.parametrize(
    ("cells", "doubtful"),
    [
        (["P001", "P002", 3.0], [2]),
        (["1A05", "1B05", 1e05, "2C11", serial(36650)], [2, 4]),
        (["01-02", "11-02", serial(36650), "12-03"], [2]),
        (["3-2", "3-4", serial(36650), 5.0], []),  # two of four are pairs: not more than half
        (["3-2", "3-4", "4-1", serial(36650), 5.0], [3]),
        (["P001", 1.0, 2.0], []),
        (["P001", 1.0, None], []),
        ([1.0, 2.0, 1e05], []),
        ([serial(36650), serial(36651)], []),
        (["13/05/2023", "14/05/2023", serial(36650)], []),
        (["13MAY2023", "14MAY2023", serial(36650)], []),
        (["18-24", "25-34", 65.0], []),
        (["5mg", "10mg", 5.0], []),
        (["not done", "not done", 5.0], []),
        (["P001", "P002", True, ("e", 0, "#N/A")], []),
        (["12", "13", 14.0], []),
    ],
)
def test_identifiers_that_a_spreadsheet_damaged(cells, doubtful):
    extract = read(xlsx({"Data": [["n", "id"], *([float(n), cell] for n, cell in enumerate(cells))]}))
    assert found(extract, "identifier_damaged") == [("identifier_damaged", row, "id") for row in doubtful]


# xls and ods


def test_xls_hidden_and_merged():
    def row(number, hidden):
        return biff(0x0208, struct.pack("<HHHHIi", number, 0, 2, 255, 0, 0x20 if hidden else 0))

    def column(first, last, hidden):
        return biff(0x007D, struct.pack("<HHHHHH", first, last, 2000, 0, int(hidden), 0))

    merged = biff(0x00E5, struct.pack("<HHHHHHHHH", 2, 1, 2, 0, 0, 0, 0, 1, 2))
    rows = [["id", "x", None], ["a", 1.0, 2.0], [None, 1.0, 2.0]]
    more = row(1, False) + row(2, True) + column(0, 0, False) + column(1, 1, True) + merged
    extract = read(xls({"Data": rows}, more))
    assert extract.columns == ("id", "x", "x (C)")
    assert found(extract) == [
        ("merged_cell", 1, "id"),
        ("merged_header", -1, "x"),
        ("merged_header", -1, "x (C)"),
        ("hidden_row", 1, ""),
        ("hidden_column", -1, "x"),
    ]


def test_xls_whose_formatting_makes_no_sense_is_refused():
    wrong = biff(0x007D, b"\0")
    assert "save it as xlsx" in fault_of(xls({"Data": [["id"], ["a"]]}, wrong))


def test_ods_errors_and_formulas():
    head = ods_row(*(TEXT(name) for name in "abcd"))
    row = (
        '<table:table-row><table:table-cell office:value-type="float" office:value="0" calcext:value-type="error">'
        "<text:p>#DIV/0!</text:p></table:table-cell>"
        '<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="">'
        "<text:p>#N/A</text:p></table:table-cell>"
        '<table:table-cell table:formula="of:=1"/>'
        '<table:table-cell table:formula="of:=1" office:value-type="float" office:value="1"/></table:table-row>'
    )
    extract = read(ods(head + row))
    assert extract.rows == [["#DIV/0!", "#N/A", "", "1"]]
    assert found(extract) == [("formula_uncached", 0, "c"), ("error_cell", 0, "a"), ("error_cell", 0, "b")]
    assert "not visible in this format" not in extract.decisions


def test_ods_hidden_and_merged():
    columns = (
        '<table:table-column table:number-columns-repeated="2"/><table:table-column table:visibility="collapse"/>'
        '<table:table-column table:number-columns-repeated="16381" table:visibility="filter"/>'
    )
    head = ods_row(*(TEXT(name) for name in "abcd"))
    first = ods_row(
        TEXT("v") + ' table:number-rows-spanned="3" table:number-columns-spanned="1"', *(TEXT(n) for n in "123")
    )
    covered = '<table:covered-table-cell/><table:table-cell table:number-columns-repeated="3" ' + TEXT("5") + "/>"
    rest = f'<table:table-row table:number-rows-repeated="2" table:visibility="filter">{covered}</table:table-row>'
    hidden = '<table:table-row table:number-rows-repeated="1048572" table:visibility="collapse"><table:table-cell '
    extract = read(
        ods(columns + head + first + rest + hidden + 'table:number-columns-repeated="16384"/></table:table-row>')
    )
    assert extract.rows == [["v", "1", "2", "3"], ["", "5", "5", "5"], ["", "5", "5", "5"]]
    assert found(extract) == [
        ("merged_cell", 1, "a"),
        ("merged_cell", 2, "a"),
        ("hidden_row", 1, ""),
        ("hidden_row", 2, ""),
        ("hidden_column", -1, "c"),
        ("hidden_column", -1, "d"),
    ]


def test_ods_tables_and_texts_within_cells_do_not_count():
    inner = (
        '<table:table table:name="S"><table:table-row table:visibility="collapse"><table:table-cell '
        'table:formula="of:=1"/></table:table-row></table:table>'
    )
    row = f"<table:table-row><table:table-cell {TEXT('x')}>{inner}</table:table-cell></table:table-row>"
    assert found(read(ods(ods_row(TEXT("a")) + row))) == []


def test_ods_with_a_password_is_told():
    content = zipped({"content.xml": "?", "META-INF/manifest.xml": "<m><encryption-data/></m>"})
    assert "password" in fault_of(content)


# addresses


def test_addresses():
    extract = read(saved([["id", "x"], ["a", 1], [None, None], ["b", 2]]))
    assert spreadsheet.address(extract.places[1], extract.columns.index("x")) == "Data!B4"
    assert spreadsheet.address(Place(1, 7, 7, "It's mine"), 27) == "'It''s mine'!AB7"
    assert [letters(n) for n in (0, 25, 26, 701, 702, 16383)] == ["A", "Z", "AA", "ZZ", "AAA", "XFD"]


# workbooks that are made to do harm

BOOK = xlsx({"Data": [["id", "x"], ["a", 1.0]]})
SHEET = "xl/worksheets/sheet1.xml"


def test_a_bomb_is_refused_by_its_sizes():
    bomb = deflated({**parts_of(BOOK), "xl/media/image1.png": b" " * 2**23})
    assert len(bomb) < 20_000
    assert "unpacks to more" in fault_of(bomb)


def test_the_sum_counts_before_anything_is_unpacked(monkeypatch):
    parts = {f"{n}.xml": bytes(range(256)) * 40 for n in range(50)}
    content = deflated(parts)
    assert parts_of(_workbook_archive.unpacked(content)) == parts
    monkeypatch.setattr(_workbook_archive, "UNPACKED", sum(map(len, parts.values())) - 1)
    monkeypatch.setattr(zipfile.ZipFile, "open", lambda *_: pytest.fail("unpacked"))
    with pytest.raises(_workbook_archive.Refused, match="unpacks to more"):
        _workbook_archive.unpacked(content)


def test_no_more_is_unpacked_than_the_header_says(monkeypatch):
    content = deflated({"xl/workbook.xml": b" " * 2**26})
    size, checksum = struct.pack("<I", 2**26), struct.pack("<I", zlib.crc32(b" " * 2**26))
    assert content.count(checksum + content[18:22] + size) == 2  # local and central header
    lying = content.replace(
        checksum + content[18:22] + size,
        struct.pack("<I", zlib.crc32(b" " * 10)) + content[18:22] + struct.pack("<I", 10),
    )
    monkeypatch.setattr(_workbook_archive, "RATIO", 10**6)
    tracemalloc.start()
    checked = _workbook_archive.unpacked(lying)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert parts_of(checked) == {"xl/workbook.xml": b" " * 10}
    assert peak < 2**22


def test_nested_archives_are_held_to_the_same_limits():
    bomb = deflated({"a": b" " * 2**23})
    assert "unpacks to more" in fault_of(zipped({**parts_of(BOOK), "xl/embeddings/a.bin": bomb}))
    fine = zipped({"a": zipped({"b": b"c"})})
    assert read(zipped({**parts_of(BOOK), "xl/embeddings/a.bin": fine})).rows == [["a", "1"]]
    deep = zipped({"a": fine})
    assert "unpacks to more" in fault_of(zipped({**parts_of(BOOK), "xl/embeddings/a.bin": deep}))


def test_two_parts_of_one_name_are_refused():
    buffer = io.BytesIO(BOOK)
    with zipfile.ZipFile(buffer, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, "<worksheet/>")
    assert "damaged" in fault_of(buffer.getvalue())


@pytest.mark.parametrize("name", sorted(parts_of(BOOK)))
@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-be"])
def test_document_types_are_refused_in_every_part(name, coding):
    parts = parts_of(BOOK)
    laughs = '<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>'
    parts[name] = f'<?xml version="1.0" encoding="{coding}"?>{laughs}{parts[name].decode()}'.encode(coding)
    assert "declares a document type" in fault_of(zipped(parts))


def test_document_types_are_refused_in_ods_and_beside_the_sheets():
    entity = '<!DOCTYPE x [<!ENTITY a SYSTEM "file:///etc/hostname">]><x>&a;</x>'
    assert "declares a document type" in fault_of(zipped({**parts_of(ods("")), "content.xml": entity}))
    assert "declares a document type" in fault_of(zipped({**parts_of(BOOK), "docProps/core.xml": entity}))


def test_no_parser_sees_a_declared_entity(monkeypatch):
    monkeypatch.setattr(_workbook, "kind_of", lambda content: pytest.fail("went on"))
    book = with_part(BOOK, SHEET, lambda xml: f"<!doctype x>{xml}")
    assert "document type" in json.loads(_workbook.answered(b'""\n' + book))["fault"]


def test_external_links_are_not_followed(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}/book.xlsx"
        cell = "<c r='A2'><f>[1]Sheet1!A1</f><v>7</v></c>"
        parts = parts_of(with_cells(f"<row r='1'>{inline('A1', 'x')}</row><row r='2'>{cell}</row>"))
        links = (
            f'<Relationships xmlns="urn:x"><Relationship Id="r1" TargetMode="External" Target="{url}"/></Relationships>'
        )
        parts["xl/externalLinks/_rels/externalLink1.xml.rels"] = links.encode()
        parts["xl/externalLinks/externalLink1.xml"] = f'<externalLink xmlns="{MAIN}"/>'.encode()
        assert read(zipped(parts)).rows == [["7"]]
        elsewhere = with_part(
            BOOK,
            "xl/_rels/workbook.xml.rels",
            lambda xml: xml.replace('Target="worksheets/sheet1.xml"', f'Target="{url}"'),
        )
        assert "damaged" in fault_of(elsewhere)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()
    outside = tmp_path / "sheet1.xml"
    outside.write_bytes(parts_of(BOOK)[SHEET])
    for target in (str(outside), outside.as_uri(), f"../../../../../../../..{outside}"):
        content = with_part(
            BOOK, "xl/_rels/workbook.xml.rels", lambda xml, to=target: xml.replace("worksheets/sheet1.xml", to)
        )
        assert "damaged" in fault_of(content)


ROWS = f"<row r='1'>{inline('A1', 'id')}</row><row r='2'>{inline('A2', 'a')}</row>"
FAR = "table:number-rows-repeated='1048574'><table:table-cell table:number-columns-repeated='16384'"


@pytest.mark.parametrize(
    "content",
    [
        with_cells(ROWS, before='<dimension ref="A1:XFD1048576"/>'),
        with_cells(ROWS, before='<cols><col min="2" max="16384" hidden="1"/></cols>'),
        with_cells(ROWS, after='<mergeCells><mergeCell ref="B3:XFD1048576"/></mergeCells>'),
        with_cells(ROWS + "<row r='1048576' hidden='1'><c r='XFD1048576' s='1'/></row>"),
        ods(ods_row(TEXT("id")) + ods_row(TEXT("a")) + f"<table:table-row {FAR}/></table:table-row>"),
    ],
    ids=["dimension", "columns", "merged", "styled", "ods"],
)
def test_large_claims_of_a_small_sheet_cost_nothing(content):
    extract = read(content)
    assert (extract.rows, extract.doubts) == ([["a"]], [])


@pytest.mark.parametrize(
    "content",
    [
        with_cells(ROWS + "<row r='1048576'><c r='XFD1048576'><v>1</v></c></row>"),
        with_cells(ROWS + "<row r='1048576'><c r='XFD1048576'><f>A1</f></c></row>"),
        ods(ods_row(TEXT("id")) + f"<table:table-row {FAR} {TEXT('x')}/></table:table-row>"),
        ods(
            ods_row(TEXT("id"))
            + '</table:table><table:table table:name="T">'
            + f"<table:table-row {FAR} {TEXT('x')}/></table:table-row>"
        ),
        xls({"Data": [["id"], ["a"]]}, biff(0x0203, struct.pack("<HHHd", 65535, 255, 0, 1.0))),
    ],
    ids=["value", "formula", "ods", "other sheet", "xls"],
)
def test_stray_cells_far_away_are_refused_not_allocated(content):
    assert "clear the stray ones" in fault_of(content)


def test_a_sheet_of_doubts_is_refused():
    cells = "".join(f"<row r='{n}'>{inline(f'A{n}', 'x')}<c r='T{n}'><v>1</v></c></row>" for n in range(2, 30_003))
    merged = '<mergeCells><mergeCell ref="B2:S30002"/></mergeCells>'
    assert "more than 500000 cells" in fault_of(with_cells(cells, after=merged))


@pytest.mark.parametrize("row", ["<row r='0'><c><f>A1</f></c></row>", "<row r='1'><c r='AAAA1'><v>1</v></c></row>"])
def test_cells_outside_the_sheet_are_damage(row):
    assert "damaged" in fault_of(with_cells(row))


# the process


def test_one_process_answers_many_requests():
    asked = [("", BOOK), ("", b"no workbook"), ("", ole(b"")), ("", ods(ods_row(TEXT("a")))), ("Dta", BOOK), ("", BOOK)]
    requests = [json.dumps(sheet).encode() + b"\n" + content for sheet, content in asked]
    stream = b"".join(len(request).to_bytes(8, "big") + request for request in requests)
    done = subprocess.run(
        [sys.executable, "-I", _spreadsheet.CHILD, "--many"], input=stream, capture_output=True, check=True
    )
    output, answers = io.BytesIO(done.stdout), []
    while length := output.read(8):
        answers.append(json.loads(output.read(int.from_bytes(length, "big"))))
    for (sheet, content), answer in zip(asked, answers, strict=True):
        options = spreadsheet.Options(sheet=sheet)
        try:
            expected = spreadsheet.read(content, options)
        except Fault as fault:
            with pytest.raises(Fault) as caught:
                _spreadsheet.extract_of(answer, options.sheet, options.header_row)
            assert caught.value.lines == fault.lines
        else:
            assert _spreadsheet.extract_of(answer, options.sheet, options.header_row) == expected
    assert [sorted(answer)[0] for answer in answers[:3]] == ["dates", "fault", "fault"]


def test_what_the_process_runs_is_part_of_a_step():
    names = {path.name for path in closure([Path(spreadsheet.__file__)])}
    assert {path.name for path in Path(spreadsheet.__file__).parent.glob("_workbook*.py")} <= names
