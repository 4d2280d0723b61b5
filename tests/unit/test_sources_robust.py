"""Whatever the bytes: a reader gives an extract that fits its own promises, or a Fault. Nothing else."""

import csv
import gzip
import io

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from omtrace.faults import Fault
from omtrace.readers import reader_of
from test_sources_softmax import TWO, export, grid, unknowns
from test_sources_spreadsheet import ods, ods_row, xls, xlsx

CSV = b'id;on;note;x\r\n1;2000-01-31;"two\r\nlines; ""quoted""";1,5\r\n2;;;\r\n3;2000-02-01;plain;NaN\r\n' * 3
REDCAP = (
    b"record_id,redcap_event_name,redcap_repeat_instrument,redcap_repeat_instance,pain,pain_complete\n"
    b'1,week_0_arm_1,,,"5",2\n1,week_0_arm_1,diary,1,4,0\n2,,,,,\n'
)
SHEETS = {"Notes": [["t"], ["x"]], "Data": [["id", "on", "x"], ["a", 36650.0, 0.5], ["b", None, -1.0]]}
CELL = 'office:value-type="string" office:string-value="{}"'.format
TEXTS = {
    "delimited": [CSV, CSV.decode().encode("utf-16"), gzip.compress(CSV)],
    "redcap": [REDCAP, b"\xef\xbb\xbf" + REDCAP],
    "softmax": [TWO, export(grid(1), unknowns(), encoding="utf-16")],
    "spreadsheet": [
        xlsx(SHEETS),
        xls(SHEETS),
        ods(ods_row(CELL("id"), CELL("x")) + ods_row(CELL("a"), CELL("b"))),
    ],
}
OPTIONS = {
    "delimited": [{}, {"delimiter": "\t"}, {"encoding": "utf-8"}, {"encoding": "utf-16"}, {"header_line": 2}],
    "redcap": [{}, {"record_id": "record_id"}],
    "softmax": [{"part": "signals"}, {"part": "groups"}],
    "spreadsheet": [{}, {"sheet": "Data"}, {"header_row": 2}],
}
RELAXED = {
    "deadline": None,
    "suppress_health_check": list(HealthCheck),
    "derandomize": True,
    "database": None,
}


@st.composite
def damaged(draw, originals):
    """A valid file after a few cuts, flips, insertions and doublings; or any bytes at all."""
    content = bytearray(draw(st.sampled_from(originals)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, max(0, len(content) - 1)))
        kind = draw(st.sampled_from(["flip", "cut", "tail", "insert", "double"]))
        if kind == "flip" and content:
            content[at] ^= 1 << draw(st.integers(0, 7))
        elif kind == "cut":
            del content[at : at + draw(st.integers(1, 200))]
        elif kind == "tail":
            del content[at:]
        elif kind == "insert":
            content[at:at] = draw(st.sampled_from([b'"', b"\0", b"\r", b"\n", b"\t", b"~End\r\n", b"\xff", b"9" * 30]))
        else:
            content[at:at] = content[at : at + 500]
    return bytes(content)


def check(name, content, options):
    reader = reader_of(name)
    try:
        extract = reader.read(content, reader.options(**options))
    except Fault as fault:
        assert fault.lines and all(len(line) < 600 for line in fault.lines)
        return
    assert len(extract.rows) == len(extract.places)
    assert len(set(extract.columns)) == len(extract.columns) > 0
    assert all(len(row) == len(extract.columns) and all(type(cell) is str for cell in row) for row in extract.rows)
    places = sorted([*extract.places, *(f.place for f in extract.faults)], key=lambda place: place.ordinal)
    assert len({place.ordinal for place in places}) == len(places)
    assert all(0 < place.ordinal < 2**32 and 0 < place.first_line <= place.last_line for place in places)
    assert all(type(value) is str for value in extract.decisions.values())


@pytest.mark.parametrize("name", ["delimited", "redcap", "softmax"])
def test_damaged_text_is_read_or_refused(name):
    @settings(max_examples=400, **RELAXED)
    @given(damaged(TEXTS[name]), st.sampled_from(OPTIONS[name]))
    def run(content, options):
        check(name, content, options)

    run()


@pytest.mark.parametrize("name", ["delimited", "redcap", "softmax"])
def test_any_bytes_are_read_or_refused(name):
    starts = [b"", b"\x1f\x8b\x08", b"\xff\xfe", b"\xef\xbb\xbf", b"##BLOCKS= 1\r\nPlate:\t", b"a,b\n"]

    @settings(max_examples=300, **RELAXED)
    @given(st.sampled_from(starts), st.binary(max_size=300), st.sampled_from(OPTIONS[name]))
    def run(start, content, options):
        check(name, start + content, options)

    run()


@settings(max_examples=150, **RELAXED)  # each is a process of its own
@given(
    damaged([*TEXTS["spreadsheet"], b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0" * 200]),
    st.sampled_from(OPTIONS["spreadsheet"]),
)
def test_damaged_workbooks_are_read_or_refused(content, options):
    check("spreadsheet", content, options)


@settings(max_examples=300, **RELAXED)
@given(
    st.lists(st.lists(st.text(max_size=8), min_size=3, max_size=3), min_size=1, max_size=6),
    st.sampled_from(",;\t|"),
)
def test_what_the_csv_module_writes_is_read_back(rows, delimiter):
    rows = [[cell.replace("\0", "") for cell in row] for row in rows]  # NUL is refused, see the reader's tests
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows([["a", "b", "c"], *rows])
    reader = reader_of("delimited")
    extract = reader.read(buffer.getvalue().encode(), reader.options(delimiter=delimiter))
    assert extract.rows == rows
    assert not extract.faults
