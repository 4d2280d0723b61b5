"""Reader of delimited text: encodings, line ends, delimiters, quoting, places, faults."""

import csv
import gzip
import io
import os
from functools import partial
from pathlib import Path
from typing import get_args
from unittest.mock import patch

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.readers import _delimited, options_of, reader_of
from omtrace.readers._text import Encoding, _unpacked
from refusals import refusal

MIRROR = os.environ.get("OMTRACE_MIRROR", "")
needs_mirror = pytest.mark.skipif(not MIRROR, reason="OMTRACE_MIRROR names no folder with the public data sets")
READER = reader_of("delimited")


def read(content, **options):
    return READER.read(content if isinstance(content, bytes) else content.encode(), READER.options(**options))


fault_of = partial(refusal, read)


def lines_of(extract):
    return [(place.ordinal, place.first_line, place.last_line) for place in extract.places]


@pytest.mark.parametrize(
    ("encoded", "says"),
    [
        ("name,cm\nZoë,1\n".encode(), "UTF-8"),
        ("name,cm\nZoë,1\n".encode("utf-8-sig"), "UTF-8 with byte-order mark"),
        (b"\xff\xfe" + "name,cm\nZoë,1\n".encode("utf-16-le"), "UTF-16 LE with byte-order mark"),
        (b"\xfe\xff" + "name,cm\nZoë,1\n".encode("utf-16-be"), "UTF-16 BE with byte-order mark"),
        ("name,cm\nZoë,1\n".encode("utf-16-le"), "UTF-16 LE (by its zero bytes)"),
        ("name,cm\nZoë,1\n".encode("utf-16-be"), "UTF-16 BE (by its zero bytes)"),
        ("name,cm\nZoë,1\n".encode("cp1252"), "CP1252 (not UTF-8)"),
    ],
)
def test_encoding_is_found_and_told(encoded, says):
    extract = read(encoded)
    assert extract.columns == ("name", "cm")
    assert extract.rows == [["Zoë", "1"]]
    assert extract.decisions["encoding"] == says


def test_bytes_that_cp1252_leaves_open_are_latin_1():
    extract = read(b"a,b\n\xe9\x81,1\n")
    assert extract.rows == [["é\x81", "1"]]
    assert extract.decisions["encoding"].startswith("Latin-1")


def test_encoding_by_option_is_strict():
    assert read("a,b\né,1\n".encode("cp1252"), encoding="cp1252").rows == [["é", "1"]]
    assert "line 2, byte 5 of the file: not utf-8" in fault_of("a,b\né,1\n".encode("cp1252"), encoding="utf-8")


@pytest.mark.parametrize("encoding", [name for name in get_args(Encoding) if name])
def test_every_encoding_that_a_plan_may_name_is_known(encoding):
    assert read("a,b\nx,1\n".encode(encoding), encoding=encoding).rows == [["x", "1"]]


@pytest.mark.parametrize(("end", "says"), [("\r\n", "CRLF"), ("\n", "LF"), ("\r", "CR")])
def test_line_ends(end, says):
    extract = read(end.join(["a,b", "1,2", "", "3,4"]))
    assert extract.rows == [["1", "2"], ["3", "4"]]
    assert lines_of(extract) == [(1, 2, 2), (2, 4, 4)]
    assert extract.decisions["line ends"] == says


def test_no_other_separator_ends_a_line():
    text = "a,b\n1\u2028x,2\x0b\n3\x85,\x0c4\n5\x1c\u2029,6\n"
    extract = read(text)
    assert extract.rows == [["1\u2028x", "2\x0b"], ["3\x85", "\x0c4"], ["5\x1c\u2029", "6"]]
    assert [first for _, first, _ in lines_of(extract)] == [2, 3, 4]


@pytest.mark.parametrize("end", ["\r\n", "\n", "\r"])
def test_quoted_field_spans_lines_and_keeps_its_breaks(end):
    note = f'first{end}second, with comma{end}{end}and a "quote"'
    text = end.join(["id,note,x", '1,"' + note.replace('"', '""') + '",5', "2,plain,6", ""])
    extract = read(text)
    assert extract.rows == [["1", note, "5"], ["2", "plain", "6"]]
    assert lines_of(extract) == [(1, 2, 5), (2, 6, 6)]


@pytest.mark.parametrize(("delimiter", "name"), [(",", "comma"), (";", "semicolon"), ("\t", "tab"), ("|", "bar")])
def test_delimiter_is_found(delimiter, name):
    rows = [["id", "a", "b"], ["1", "2", "3"], ["4", "5", "6"]]
    extract = read("\n".join(delimiter.join(row) for row in rows))
    assert [list(extract.columns), *extract.rows] == rows
    assert extract.decisions["delimiter"] == f"{name} (found)"


def test_decimal_commas_do_not_hide_the_semicolon():
    extract = read("id;height;weight, kg\n1;1,54;52,3\n2;1,84;92,3\n")
    assert extract.columns == ("id", "height", "weight, kg")
    assert extract.rows[0] == ["1", "1,54", "52,3"]


def test_delimiter_by_option_wins():
    extract = read("a;b,c\n1;2,3\n", delimiter=",")
    assert extract.columns == ("a;b", "c")
    assert extract.decisions["delimiter"] == "comma (by option)"


def test_one_column_is_a_table():
    assert read("id\n1\n2\n").rows == [["1"], ["2"]]


def test_header_line_leaves_out_what_stands_above():
    extract = read('made by "device", 3\n\nid,x\n1,2\n', header_line=3)
    assert extract.decisions["header line"] == "3 (by option)"
    assert extract.columns == ("id", "x")
    assert lines_of(extract) == [(1, 4, 4)]
    assert "line 2: no column names" in fault_of("id,x\n\n1,2\n", header_line=2)
    assert "line 9: no column names" in fault_of("id,x\n1,2\n", header_line=9)


def test_wrong_width_is_a_row_fault_and_ordinals_stay():
    extract = read("a,b,c\n1,2,3\n4,5\n\n6,7,8,9\n10,11,12\n")
    assert extract.rows == [["1", "2", "3"], ["10", "11", "12"]]
    assert lines_of(extract) == [(1, 2, 2), (4, 6, 6)]
    assert [(f.rule, f.place.ordinal, f.place.first_line, f.message) for f in extract.faults] == [
        ("row_width", 2, 3, "3 cells, not 2"),
        ("row_width", 3, 5, "3 cells, not 4"),
    ]


@pytest.mark.parametrize(
    ("content", "parts"),
    [
        (b"", ("empty",)),
        (b"\n \r\n", ("empty",)),
        (b"\xef\xbb\xbf", ("empty",)),
        (b"a,b\n1,2\n3,\0\n", ("line 3", "NUL")),
        (b"PK\3\4\0\0a,b", ("NUL", "a zip file, such as a workbook (.xlsx); save it as text")),
        (b'a,b\n1,2\n3,"open\n4,5\n', ("line 3", "line 4", "quotes")),
        (b'a,b\n1,"2"x\n', ("line 2", "quotes")),
        (b"a,,b,\n1,2,3,4\n", ("line 1", "no name for column 2, 4")),
        (b",a,\n1,2,3\n", ("line 1", "no name for column 3")),
        (b"id,x,y,x\n1,2,3,4\n", ("line 1", "columns 2 and 4 have one name (x)")),
    ],
)
def test_files_that_are_refused(content, parts):
    text = fault_of(content)
    assert all(part in text for part in parts), text


def test_a_fault_repeats_no_cell():
    text = fault_of(b'id,secret\nP017,"very private"x\n') + fault_of(b"12.5,12.5\n1,2\n")
    assert "private" not in text and "P017" not in text and "12.5" not in text


def test_cell_beyond_the_limit_of_the_csv_module_is_a_fault():
    assert "line 2" in fault_of("a,b\n1," + "x" * (csv.field_size_limit() + 1) + "\n")


def test_gzip_is_known_by_its_bytes_and_names_its_member():
    buffer = io.BytesIO()
    with gzip.GzipFile("batch_3.csv", "wb", fileobj=buffer, mtime=0) as file:
        file.write(b"a,b\n1,2\n")
    extract = read(buffer.getvalue())
    assert extract.rows == [["1", "2"]]
    assert extract.places[0].part == "batch_3.csv"
    assert extract.decisions["compression"] == "gzip, member batch_3.csv"
    two = gzip.compress(b"a,b\n1,2\n") + gzip.compress(b"3,4\n")
    assert read(two).rows == [["1", "2"], ["3", "4"]]
    assert "damaged or cut off" in fault_of(two[:-3])
    assert "damaged or cut off" in fault_of(two + b"garbage")


def test_decompression_is_bounded():
    bomb = gzip.compress(b"0" * 3_000_000)
    assert len(_unpacked(bomb, 3_000_000)) == 3_000_000
    with pytest.raises(Fault, match="1 MiB after decompression"):
        _unpacked(bomb, 1 << 20)


def test_options_are_closed():
    with pytest.raises(Fault, match="unknown key; did you mean 'delimiter'"):
        options_of(READER, {"delimeter": ","}, "plan")
    with pytest.raises(Fault, match="plan: header_line"):
        options_of(READER, {"header_line": 0}, "plan")


def test_a_hundred_thousand_rows():
    header = ",".join(f"c{n}" for n in range(10))
    content = (header + "\n" + "1.25,2,3,4,5,6,7,8,9,text\n" * 100_000).encode()
    extract = read(content)
    assert (len(extract.rows), extract.places[-1].first_line) == (100_000, 100_001)


@needs_mirror
def test_mouse_cortex_proteins_with_carriage_returns_alone():
    extract = read(Path(MIRROR, "mouse_cortex_proteins/Data_Cortex_Nuclear.csv.gz").read_bytes())
    assert (len(extract.columns), len(extract.rows), extract.faults) == (82, 1080, [])
    assert extract.decisions["line ends"] == "CR"
    assert extract.decisions["encoding"] == "UTF-8 with byte-order mark"
    assert extract.columns[0] == "MouseID"
    assert lines_of(extract)[-1] == (1080, 1081, 1081)
    assert sum(cell == "" for row in extract.rows for cell in row) == 1396


@needs_mirror
@pytest.mark.parametrize(
    ("file", "columns", "rows"),
    [
        ("headache_diary/diary.csv", 9, 4152),
        ("mmrm_fev/fev_data.csv", 10, 800),
        ("ovariectomy_behaviour/OF.csv", 10, 697),
        ("ovariectomy_behaviour/FST.csv", 5, 619),
        ("rat_dnase_elisa/dnase.csv", 3, 176),
        ("rat_pup_weight/rat_pup_weight.csv", 5, 322),
        ("acupuncture_headache/vickers_dictionary.csv", 2, 94),
    ],
)
def test_public_data_sets(file, columns, rows):
    extract = read(Path(MIRROR, file).read_bytes())
    assert (len(extract.columns), len(extract.rows), extract.faults) == (columns, rows, [])


CELL = st.text(alphabet="ab1;.- é\x0b\u2028\x85", max_size=4)


@settings(deadline=None)
@given(
    st.lists(st.lists(CELL, min_size=1, max_size=4), max_size=8),
    st.sampled_from(["\n", "\r\n"]),
    st.booleans(),
    st.sampled_from([0, 1 << 16]),
)
def test_the_fast_ways_of_unquoted_files_give_what_the_csv_module_gives(rows, end, ended, small):
    """A quoted header asks for the csv module; the same file without quotes is read in the fast ways."""
    body = end.join(",".join(row) for row in rows) + (end if ended else "")
    slow = read('"a",b,c' + end + body, delimiter=",")
    with patch.object(_delimited, "SMALL", small):
        fast = read("a,b,c" + end + body, delimiter=",")
    assert fast.rows == slow.rows and list(fast.places) == list(slow.places) and fast.faults == slow.faults


def test_a_name_that_stands_in_very_many_columns_is_one_short_sentence():
    with pytest.raises(Fault) as refused:
        read(",".join(["x"] * 5000).encode() + b"\n")
    (line,) = refused.value.lines
    assert len(line) < 200 and "more have one name (x)" in line


def test_names_of_rows_as_r_and_pandas_write_them_are_a_column():
    extract = read(b'"","a"\n"1",2\n')
    assert extract.columns == ("row_name", "a") and extract.rows == [["1", "2"]]
    assert extract.decisions["first column"] == "row_name, where it has no name"
    assert read(b",a\n1,2\n").columns == ("row_name", "a")
    with pytest.raises(Fault, match="no name for column 1"):
        read(b",row_name\n1,2\n")
