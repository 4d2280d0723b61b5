"""Tables as files of other programs: numbered, with notes, each number with its id, the same bytes each time."""

import io
import re
import zipfile
from dataclasses import replace
from html import unescape
from xml.etree import ElementTree

import pytest
from omtrace.audit.packet_check import is_rounding
from omtrace.faults import Fault
from omtrace.plugins import plugin
from omtrace.report import exports
from omtrace.report.exports import Document, Line, Piece, Sheet, document_of, export, formats, of_numbers, written
from omtrace.report.share import numbers_for
from omtrace.store import csv_rows, read_csv

# Every mark that is something in one of the formats.
ODD = "50% & up_to {a} #1 $2 ~x^y <b> |c| \\d \"e\" 'f' é 中 😀 −3 – ∞ *g* [h] `i`"
IDS = [f"{n:012x}" for n in range(20)]


def number(at, text, value="", decimals=0, mark=""):
    return Piece(text, IDS[at], value or text, "", decimals, mark)


def document():
    lines = (
        Line(("Block " + ODD,)),
        Line(("Sham",), ([number(0, "70")], [number(1, "62.5", "62.48", 1), Piece(" "), Piece("("), number(2, "5.0")])),
        Line(("OMT",), ([number(3, "−3.3", "-3.266", 1)], [number(4, "<0.001", "0.0002", 3, "e")])),
        Line(("Odd",), ([Piece(ODD, IDS[5], "2")], [number(6, "37.7%", "37.66", 1)])),
        Line(("Empty",), ([], [Piece("–", IDS[7])])),
    )
    sheet = Sheet("1", "Scores " + ODD, ("",), ("n", "Mean (SD)"), lines, ("A note: " + ODD, "e: exploratory."))
    return Document("tiny", "A title " + ODD, "Simulated.", (sheet, replace(sheet, number="2b")))


def test_there_is_a_format_for_each_program():
    assert formats() == ["csv", "docx", "latex", "md", "rtf", "xlsx"]


@pytest.mark.parametrize("name", formats())
def test_every_number_is_read_back_as_it_was_written(name):
    form = plugin("report.exports", name, "FORMAT")
    content = written(form, document())
    assert form.read(content) == document().numbers
    assert form.write(document()) == content


@pytest.mark.parametrize("name", formats())
def test_a_file_in_which_a_number_is_another_one_is_not_written(name):
    form = plugin("report.exports", name, "FORMAT")
    other = document()
    lines = list(other.sheets[0].lines)
    lines[1] = replace(lines[1], cells=([number(0, "71")], lines[1].cells[1]))
    other = replace(other, sheets=(replace(other.sheets[0], lines=tuple(lines)), other.sheets[1]))
    wrong = replace(form, write=lambda _: form.write(other))
    with pytest.raises(AssertionError, match="numbers"):
        written(wrong, document())


@pytest.mark.parametrize("name", formats())
def test_all_texts_are_in_the_file_as_they_are(name):
    form = plugin("report.exports", name, "FORMAT")
    content = form.write(document())
    if name == "docx":
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            tree = ElementTree.fromstring(archive.read("word/document.xml"))
        text = "".join(node.text or "" for node in tree.iter() if node.tag.endswith("}t"))
    elif name == "xlsx":
        from openpyxl import load_workbook

        book = load_workbook(io.BytesIO(content))
        text = "".join(str(cell.value) for page in book for row in page for cell in row)
    elif name == "csv":
        text = "".join("".join(row.values()) for row in csv_rows(content.decode()))
        assert ODD in text
        return
    else:
        return  # markup: what is read back above has every mark in it
    assert f"Table 1. Scores {ODD}" in text and f"A note: {ODD}" in text and f"Block {ODD}" in text


def test_a_single_number_of_a_workbook_is_a_number_with_its_decimals():
    from openpyxl import load_workbook

    book = load_workbook(io.BytesIO(plugin("report.exports", "xlsx", "FORMAT").write(document())))
    page = book["Table 1"]
    cell = next(c for row in page for c in row if c.value == -3.266)
    assert cell.number_format == "0.0"
    percent = next(c for row in page for c in row if c.value == 37.66)
    assert percent.number_format == '0.0"%"'
    assert book["ids"].sheet_state == "hidden"
    assert not any(str(c.value).startswith(("=", "+", "@")) for p in book for row in p for c in row)


def test_no_file_has_a_time_in_it():
    for name in ("docx", "xlsx"):
        content = plugin("report.exports", name, "FORMAT").write(document())
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
            text = b"".join(archive.read(entry) for entry in archive.namelist())
        assert not re.search(rb"20[2-9]\d-\d\d-\d\dT", text)


@pytest.mark.parametrize("name", formats())
def test_the_tables_of_a_study_have_every_number_of_its_report(tiny, name):
    path = export("tiny", name, root=tiny)
    form = plugin("report.exports", name, "FORMAT")
    pairs = form.read(path.read_bytes())
    estimates = {row["id"]: row for row in read_csv(tiny / "results/tiny/estimates.csv")}
    assert {number for number, _ in pairs} == {n for n, row in estimates.items() if row["statistic"] != "not_computed"}
    for number_id, text in pairs:
        row = estimates[number_id]
        assert is_rounding(text, row["value"], row["unit"]) is not False, number_id


def test_tables_have_the_numbers_and_titles_of_the_report(tiny):
    page = (tiny / "results/tiny/report.html").read_text(encoding="utf-8")
    captions = re.findall(r"<caption><strong>Table (\w+)\. (.*?)\.</strong>", page)
    sheets = document_of("tiny", tiny).sheets
    assert [number for number, _ in captions] == [sheet.number for sheet in sheets]
    assert len({sheet.number for sheet in sheets}) == len(sheets)
    for (_, caption), sheet in zip(captions, sheets, strict=True):
        assert unescape(caption) == sheet.title


def test_notes_name_what_the_plan_labels_by_its_label(tiny):
    numbers = numbers_for("tiny", tiny)
    parameter = next(iter(next(iter(numbers.plan.datasets.values())).parameters))
    label = next(iter(numbers.plan.datasets.values())).parameters[parameter].label
    calls = {d: {**call, "words": f"By {{parameter:{parameter}}}."} for d, call in numbers.definitions.items()}
    notes = [note for sheet in of_numbers(replace(numbers, definitions=calls)).sheets for note in sheet.notes]
    assert f"By {label}." in notes and not [note for note in notes if "{" in note]


def test_what_there_is_not_is_named(tiny):
    with pytest.raises(Fault, match="no format 'word'"):
        export("tiny", "word", root=tiny)
    with pytest.raises(Fault, match="missing"):
        export("other", "csv", root=tiny)


def test_each_format_is_said_in_words():
    assert all(plugin("report.exports", name, "FORMAT").words for name in exports.formats())
