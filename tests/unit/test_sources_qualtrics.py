"""Reader of Qualtrics exports: header rows, previews and spam, identifiers, places over line breaks."""

import csv
import io
from functools import partial

import pytest
from omtrace.readers import reader_of
from refusals import refusal

READER = reader_of("qualtrics")
NAMES = [
    "StartDate",
    "Status",
    "IPAddress",
    "Finished",
    "ResponseId",
    "RecipientEmail",
    "ExternalReference",
    "DistributionChannel",
    "Q1",
    "Q2_1",
    "Q2_9_TEXT",
]
TEXTS = [
    "Start Date",
    "Response Type",
    "IP Address",
    "Finished",
    "Response ID",
    "Recipient Email",
    "External Data Reference",
    "Distribution Channel",
    "How bad was it?\nThink of the\n\nlast week, please.",
    'Which, of "these"? - one',
    "Which? - other - Text",
]
IDS = [
    "startDate",
    "status",
    "ipAddress",
    "finished",
    "_recordId",
    "recipientEmail",
    "externalDataReference",
    "distributionChannel",
    "QID1",
    "QID2_1",
    "QID2_9_TEXT",
]
MARKS = [f'{{"ImportId":"{name}"}}' for name in IDS]


def response(number, kind="IP Address", channel="anonymous", answers=("Very bad", "Yes", ""), **own):
    about = {
        "StartDate": "2023-05-13 10:00:00",
        "Status": kind,
        "IPAddress": "",
        "ResponseId": f"R_{number:03d}",
        "Finished": "1" if kind.isdigit() else "True",
        "RecipientEmail": "",
        "ExternalReference": f"P{number:03d}",
        "DistributionChannel": channel,
    } | own
    return [about[name] for name in NAMES[:8]] + list(answers)


def written(*rows, delimiter=",", encoding="utf-8-sig", end="\n"):
    buffer = io.StringIO(newline="")
    csv.writer(buffer, delimiter=delimiter, lineterminator=end).writerows(rows)
    return buffer.getvalue().encode(encoding)


def read(content, **options):
    return READER.read(content, READER.options(**options))


fault_of = partial(refusal, read)


def lines_of(extract):
    return [(place.ordinal, place.first_line, place.last_line) for place in extract.places]


def column(extract, name):
    return [row[extract.columns.index(name)] for row in extract.rows]


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_three_header_rows(end):
    answers = ("Bad, all\nweek", "", "none")
    extract = read(written(NAMES, TEXTS, MARKS, response(1), response(2, answers=answers), response(3), end=end))
    assert extract.columns == tuple(NAMES)
    assert extract.rows == [response(1), response(2, answers=answers), response(3)]
    assert lines_of(extract) == [(1, 7, 7), (2, 8, 9), (3, 10, 10)]
    assert extract.decisions["header rows"] == "3, with ImportIds"
    assert extract.decisions["encoding"] == "UTF-8 with byte-order mark"
    assert extract.variables["Q1"].label == "How bad was it? Think of the last week, please."
    assert extract.variables["Q2_1"].label == 'Which, of "these"? - one'
    assert not extract.faults and not extract.left_out


def test_two_header_rows_of_an_older_export():
    names = ["V1", "V6", "V7", "V8", "V10", "Q1"]
    texts = ["ResponseID", "IPAddress", "Status", "StartDate", "Finished", "How bad?"]
    rows = [
        ["R_1", "192.0.2.1", "0", "2013-05-13", "1", "4"],
        ["R_2", "", "1", "2013-05-13", "1", "2"],
        ["R_3", "", "8", "2013-05-13", "1", "3"],
    ]
    extract = read(written(names, texts, *rows, encoding="cp1252"))
    assert extract.rows == [rows[0]]
    assert lines_of(extract) == [(1, 3, 3)]
    assert extract.left_out == {"spam": 1, "survey preview": 1}
    assert extract.decisions["header rows"] == "2, without ImportIds"
    assert extract.decisions["values"] == "numeric recodes, by Finished and Status (1 of 1 answers are numbers)"
    assert [name for name, variable in extract.variables.items() if variable.identifier] == ["V6"]


def test_two_header_rows_of_a_newer_export():
    extract = read(written(NAMES, TEXTS, response(1)))
    assert extract.rows == [response(1)]
    assert extract.decisions["header rows"] == "2, without ImportIds"


def test_tab_separated_utf_16():
    extract = read(written(NAMES, TEXTS, MARKS, response(1), delimiter="\t", encoding="utf-16"))
    assert extract.rows == [response(1)]
    assert extract.decisions["delimiter"] == "tab (found)"


RESPONSES = [
    response(1),
    response(2, "Survey Preview", "preview"),
    response(3, "IP Address", "Preview"),
    response(4, "Spam"),
    response(5, "Imported"),
    response(6, "Survey Test", "test"),
    response(7, "Survey Preview Spam"),
    response(8, "Synthetic"),
    response(9, "Offline"),
    response(10, "Something new"),
    response(11, ""),
]


def test_previews_tests_and_spam_are_counted_out():
    extract = read(written(NAMES, TEXTS, MARKS, *RESPONSES))
    assert column(extract, "ResponseId") == ["R_001", "R_005", "R_009", "R_010", "R_011"]
    assert lines_of(extract) == [(1, 7, 7), (5, 11, 11), (9, 15, 15), (10, 16, 16), (11, 17, 17)]
    assert extract.left_out == {"spam": 1, "survey preview": 3, "survey test": 1, "synthetic response": 1}
    assert extract.decisions["response types"] == "1 responses of an unknown type, kept"


def test_previews_are_kept_by_option():
    extract = read(written(NAMES, TEXTS, MARKS, *RESPONSES), keep_previews=True)
    assert extract.rows == RESPONSES
    assert extract.left_out == {}


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("0", ""),
        ("1", "survey preview"),
        ("2", "survey test"),
        ("4", ""),
        ("8", "spam"),
        ("9", "survey preview"),
        ("12", "spam"),
        ("16", ""),
        ("17", "survey preview"),
        ("32", ""),
        ("40", "spam"),
        ("48", ""),
        ("256", "synthetic response"),
    ],
)
def test_codes_of_the_response_type(code, reason):
    extract = read(written(NAMES, TEXTS, MARKS, response(1, "0"), response(2, code)))
    assert column(extract, "ResponseId") == (["R_001"] if reason else ["R_001", "R_002"])
    assert extract.left_out == ({reason: 1} if reason else {})


def test_a_row_of_another_width_is_a_fault_of_its_place():
    rows = [response(1), response(2)[:-1], response(3)]
    extract = read(written(NAMES, TEXTS, MARKS, *rows))
    assert extract.rows == [rows[0], rows[2]]
    assert lines_of(extract) == [(1, 7, 7), (3, 9, 9)]
    (fault,) = extract.faults
    assert (fault.rule, fault.message) == ("row_width", "11 cells, not 10")
    assert (fault.place.ordinal, fault.place.first_line) == (2, 8)


def test_identifiers_are_those_that_hold_something():
    rows = [response(1), response(2, IPAddress="192.0.2.7"), response(3, "1", RecipientEmail="x@example.org")]
    extract = read(written(NAMES, TEXTS, MARKS, *rows))
    found = [name for name, variable in extract.variables.items() if variable.identifier]
    assert found == ["IPAddress", "RecipientEmail"]  # a preview's address stands in the file all the same


@pytest.mark.parametrize(
    ("kind", "answers", "says"),
    [
        ("IP Address", ("Bad", "Yes", "7"), "choice texts, by Finished and Status (0 of 2 answers are numbers)"),
        ("IP Address", ("7", "3", "x"), "choice texts, by Finished and Status (2 of 2 answers are numbers)"),
        ("0", ("7", "3", "x"), "numeric recodes, by Finished and Status (2 of 2 answers are numbers)"),
        ("", ("", "", ""), "cannot be told (0 of 0 answers are numbers)"),
        ("", ("7", "-3.5", "x"), "numeric recodes (2 of 2 answers are numbers)"),
        ("", ("Bad", "Yes", "7"), "choice texts (0 of 2 answers are numbers)"),
        ("", ("7", "Yes", ""), "cannot be told (1 of 2 answers are numbers)"),
    ],
)
def test_texts_or_recodes(kind, answers, says):
    own = {} if kind else {"Finished": ""}
    extract = read(written(NAMES, TEXTS, MARKS, response(1, kind, answers=answers, **own)))
    assert extract.decisions["values"] == says


def test_an_export_without_responses():
    extract = read(written(NAMES, TEXTS, MARKS))
    assert extract.columns == tuple(NAMES) and extract.rows == []
    assert len(extract.places) == 0


def test_what_is_not_qualtrics_is_refused():
    assert "no row of question texts" in fault_of(written(NAMES))
    assert "no question texts as Qualtrics writes them" in fault_of(written(NAMES, response(1), response(2)))
    assert "no row of question texts below line 1 (11 cells, not 3)" in fault_of(written(NAMES, TEXTS[:3], MARKS))
    told = fault_of(written(["id", "pain"], ["P001", "7"], ["P002", "3"]))
    assert "line 2" in told and "P001" not in told


def test_a_response_that_says_ip_address_is_no_header_row():
    assert "line 2: no question texts" in fault_of(written(NAMES, response(1, "IP Address"), response(2)))


def test_header_line():
    content = b"exported by hand\r\n" + written(NAMES, TEXTS, MARKS, response(1), encoding="utf-8", end="\r\n")
    assert lines_of(read(content, header_line=2)) == [(1, 8, 8)]


def test_a_cut_quote_is_refused_by_its_line():
    content = written(NAMES, TEXTS, MARKS, response(1, answers=("a", "b\nc", "")))
    assert "line 7: the quotes of the row" in fault_of(content[: content.index(b"b\nc") + 2])
