"""What checks do in a study of many files grows with the files, not with their pairs: work is counted, not timed."""

import numpy
import pandas
import pyarrow
import pytest
from omtrace.model.plan import Plan
from omtrace.model.register import Export
from omtrace.provenance.keys import key_of
from omtrace.readers import Extract, Places, Variable
from omtrace.schemas import table_of
from omtrace.validation import meaning, units
from omtrace.validation.cells import encoded
from omtrace.validation.columns import set_types
from omtrace.validation.crosschecks import copied_plates
from omtrace.validation.identifiers import guarded, identifiers, shapes
from omtrace.validation.reading import take_rows
from omtrace.validation.units import find_keyed_twice
from omtrace.validation.work import Source, Work


@pytest.fixture
def calls(monkeypatch):
    """Counts the calls of a function, by its size where it takes arrays: ``calls(module, name)`` -> list of sizes."""

    def counted(module, name):
        sizes, function = [], getattr(module, name)

        def counting(*arguments, **named):
            sizes.append(len(arguments[0]) if isinstance(arguments[0], numpy.ndarray) else 1)
            return function(*arguments, **named)

        monkeypatch.setattr(module, name, counting)
        return sizes

    return counted


def work_of(name, texts, missing=None):
    """A typed table of files 1, 2, ...: of each file column -> texts. ``missing``: file -> column, code -> meaning."""
    table = table_of(name)
    entry = {"reader": "delimited"}
    if {"plate", "well"} <= set(texts[0]):
        entry["unit"] = ["plate", "well"]
    study = Plan.model_validate(
        {
            "study": "small",
            "title": "",
            "kind": "real",
            "statement": "",
            "design": "",
            "tables": {name: entry},
            "datasets": {},
            "analyses": {},
            "figures": {},
        }
    )
    sources = {}
    for number, columns in enumerate(texts, 1):
        count = len(next(iter(columns.values())))
        places = Places(range(1, count + 1), range(2, count + 2), range(2, count + 2))
        variables = {c: Variable(missing=codes) for c, codes in (missing or {}).get(number, {}).items()}
        extract = Extract(tuple(columns), list(columns.values()), places, variables=variables)
        export = Export(number, "small", f"f{number}", name, f"f{number}.csv", "", "", "", "received", "", "", "")
        sources[number] = Source(export, extract, {column: encoded(cells) for column, cells in columns.items()})
    work = Work(name, study, study.tables[name], table, sources, numpy.zeros(0, dtype="int64"), {})
    take_rows(work)
    set_types(work)
    return work


def plate_files(count):
    """Files of a plate each; a well of the second was over the range, by the reader's word."""
    wells = [f"A{n}" for n in range(1, 5)]
    files = [{"plate": [f"p{n}"] * 4, "well": wells, "signal": [f"0.{n}{w}1" for w in range(4)]} for n in range(count)]
    files = [file | {"wavelength": ["450"] * 4} for file in files]
    files[1]["signal"][2] = "OVRFLW"
    return files


def test_the_words_of_plate_readers_are_looked_for_once_in_a_column(calls):
    counts = calls(meaning, "words_in")
    works = [work_of("plate_signals", plate_files(files)) for files in (4, 40)]
    assert len(counts) == 2
    for work in works:
        says = "above range: more than the reader can measure"
        assert work.gaps == [(key_of(2, 3), "signal", says)]
        assert work.frame["signal"].isna().sum() == 1


def test_a_code_of_one_file_binds_no_other_file():
    files = plate_files(3)
    for file in files:
        file["signal"][0] = "9"
    work = work_of("plate_signals", files, {3: {"signal": {"9": "not read"}}})
    assert (key_of(3, 1), "signal", "not read") in work.gaps
    assert work.frame["signal"][[key_of(1, 1), key_of(2, 1), key_of(3, 1)]].isna().tolist() == [False, False, True]


def test_keyings_are_looked_for_among_the_few_units_that_are_written_so(calls):
    animals = [{"unit_id": [f"{n}-1", f"{n}-2"]} for n in range(40)]
    animals[7]["unit_id"] = ["R1--1", "R1--2"]
    animals[8]["unit_id"] = ["R2--1", "R3--2"]  # nobody was keyed twice here
    counts = calls(units, "number_of")
    keys = [key_of(number, row) for number in range(1, 41) for row in (1, 2)]
    work = work_of("cages", animals)
    work.frame = pandas.DataFrame({"unit_id": [t for file in animals for t in file["unit_id"]]}, index=keys)
    before = len(work.findings)
    find_keyed_twice(work)
    assert [(f.rule, f.file) for f in work.findings[before:]] == [("double_entry", "f8.csv")]
    assert len(counts) == 4


@pytest.mark.parametrize("files", [10, 100])
def test_the_guards_of_identifiers_are_searched_for_once_for_all_files(files, calls):
    columns = [pyarrow.array([f"R{n} came on foot", f"dog{n}@example.org"]) for n in range(files)]
    identifiers(["remark"], [columns[0]], [2])  # the name of the column is looked at once as well
    counts = calls(shapes, "through")
    passing = guarded(columns)
    suspicions = [identifiers(["remark"], [column], [2], passing=passing) for column in columns]
    assert [[s.kind for s in of_file] for of_file in suspicions] == [[shapes.kinds.EMAIL]] * files
    assert len(counts) == len({shape.guard for shape in shapes.ANYWHERE})


def signals(plates, generator):
    """Rows of plates of 96 wells without a relation between them: numbers of plate and well, and readings."""
    readings = generator.uniform(0.1, 2.5, (plates, 96)).round(3)
    keys = [key_of(plate + 1, well + 1) for plate in range(plates) for well in range(96)]
    return readings, numpy.repeat(numpy.arange(plates), 96), numpy.tile(numpy.arange(96), plates), keys


def on_a_line(readings, plates, wells, keys):
    values = pandas.Series(readings.ravel(), index=pandas.Index(keys, dtype="int64"))
    read = numpy.zeros(len(keys), dtype="int64")
    return list(copied_plates._on_a_line(plates, wells, read, values, copied_plates.Options()))


@pytest.mark.parametrize("count", [30, 120])
def test_plates_without_a_relation_are_not_held_against_each_other_well_by_well(count, calls):
    readings, plates, wells, keys = signals(count, numpy.random.default_rng(3))
    readings[7] = (1.013 * readings[2] + 0.02).round(3)
    correlated, lines = calls(copied_plates, "_correlation"), calls(copied_plates, "_lines")
    assert on_a_line(readings, plates, wells, keys) == [(key_of(8, 1), key_of(3, 1))]
    assert sum(correlated) <= count and sum(lines) <= 2


@pytest.mark.parametrize("held", [18, 96])
def test_layouts_with_a_few_levels_are_held_against_nothing(held, calls):
    """Standards in 18 wells, or nominal concentrations in all: too few wells, or too few values, for a copy."""
    readings, plates, wells, keys = signals(60, numpy.random.default_rng(3))
    readings[:] = numpy.resize(2.0 ** numpy.arange(9), 96)
    readings[:, held:] = numpy.nan
    looked_at = calls(copied_plates, "_correlation")
    assert on_a_line(readings, plates, wells, keys) == []
    assert sum(looked_at) == 0
