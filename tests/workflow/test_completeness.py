"""Every faulty cell is named, and no other: faults planted in random cells, and a case in which pandera drops some."""

import pandas
import pandera.errors
import pandera.pandas as pa
from hypothesis import given, settings
from hypothesis import strategies as st
from table_texts import check_texts
from tables import declared_column, declared_table

TABLE = declared_table(
    "one day of one unit",
    ("unit_id", "study_day"),
    (
        declared_column("unit_id", "text", "unit", required=True),
        declared_column("study_day", "integer", "day", "d", 1, 400, required=True),
        declared_column("entry_on", "date", "date of the entry", required=True),
        declared_column("headache", "integer", "headache", "code", allowed=(0, 1), required=True),
        declared_column("pain_max", "integer", "worst pain", "points", 0, 10),
        declared_column("sleep_h", "number", "sleep", "h", 0, 24),
        declared_column("medication", "text", "drug", allowed=("none", "triptan"), required=True),
    ),
)
GOOD = {
    "entry_on": ("2024-02-29", "2023-01-01"),
    "headache": ("0", "1"),
    "pain_max": ("0", "10", ""),
    "sleep_h": ("7.25", "0", "24", "", "1e1"),
    "medication": ("none", "triptan"),
}
FAULTY = {  # text: the rule that it breaks
    "study_day": {"one": "type", "0": "range", "401": "range", "1.5": "type"},
    "entry_on": {"2023-02-29": "type", "yesterday": "type", "": "required"},
    "headache": {"2": "allowed", "yes": "type", "": "required", "-1": "allowed"},
    "pain_max": {"11": "range", "seven": "type", "-1": "range", "5.0.1": "type"},
    "sleep_h": {"24.5": "range", "8h": "type", "-0.1": "range", "nan": "type", "inf": "type"},
    "medication": {"None": "allowed", "": "required", "asprin": "allowed"},
}


def coerced(table):
    """The table's pandera schema with types that are coerced, as pandera's own pages do it."""
    kinds = {"integer": "Int64", "number": "float64", "date": "str", "text": "str"}
    columns = {}
    for column in table.columns:
        checks = [pa.Check.in_range(column.minimum, column.maximum)] if column.minimum is not None else []
        checks += [pa.Check.isin(column.allowed)] if column.allowed else []
        columns[column.name] = pa.Column(kinds[column.kind], checks, nullable=not column.required, coerce=True)
    return pa.DataFrameSchema(columns)


def named_by_pandera(table, columns):
    """Row and column of the cells that pandera's lazy mode names."""
    frame = pandas.DataFrame(columns).replace("", None)
    try:
        coerced(table).validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases[errors.failure_cases["index"].notna()]
        return set(zip(cases["index"].astype(int), cases["column"], strict=True))
    return set()


def named(table, columns):
    """Row and column of the cells that the checks name, each once, with value and rule."""
    found = check_texts(table, columns).findings
    assert all(finding.expected and finding.line > 1 for finding in found)
    cells = {(finding.line - 2, finding.column): (finding.rule, finding.value) for finding in found}
    assert len(cells) == len(found)
    return cells


def table_with(planted, rows):
    """Columns of good texts, in which those of some cells are exchanged."""
    columns = {"unit_id": [f"P{n}" for n in range(rows)], "study_day": [str(n % 400 + 1) for n in range(rows)]}
    columns |= {name: [texts[n % len(texts)] for n in range(rows)] for name, texts in GOOD.items()}
    for (row, name), text in planted.items():
        columns[name][row] = text
    return columns


def test_pandera_drops_what_is_out_of_range_beside_a_cell_that_is_no_number():
    planted = {(1, "pain_max"): "seven", (2, "pain_max"): "11", (4, "pain_max"): "-1", (5, "sleep_h"): "80"}
    columns = table_with(planted, 8)
    assert named_by_pandera(TABLE, columns) == {(1, "pain_max"), (5, "sleep_h")}
    assert named(TABLE, columns) == {
        (1, "pain_max"): ("type", "seven"),
        (2, "pain_max"): ("range", "11"),
        (4, "pain_max"): ("range", "-1"),
        (5, "sleep_h"): ("range", "80"),
    }


def test_pandera_names_sound_codes_beside_a_cell_that_is_no_number():
    columns = table_with({(1, "headache"): "yes"}, 4)
    assert named_by_pandera(TABLE, columns) == {(row, "headache") for row in range(4)}
    assert named(TABLE, columns) == {(1, "headache"): ("type", "yes")}


def test_without_a_cell_of_another_type_pandera_names_the_same_cells():
    columns = table_with({(2, "pain_max"): "11", (4, "pain_max"): "-1", (5, "sleep_h"): "80"}, 8)
    assert (
        named_by_pandera(TABLE, columns)
        == set(named(TABLE, columns))
        == {
            (2, "pain_max"),
            (4, "pain_max"),
            (5, "sleep_h"),
        }
    )


ROWS = 30
CELLS = st.sampled_from(sorted(FAULTY)).flatmap(
    lambda name: st.tuples(st.just(name), st.integers(0, ROWS - 1), st.sampled_from(sorted(FAULTY[name])))
)


@settings(max_examples=200, deadline=None, derandomize=True, database=None)
@given(st.lists(CELLS, max_size=60, unique_by=lambda cell: cell[:2]))
def test_the_cells_that_are_named_are_the_cells_that_are_faulty(cells):
    planted = {(row, name): text for name, row, text in cells}
    assert named(TABLE, table_with(planted, ROWS)) == {
        (row, name): (FAULTY[name][text], text) for (row, name), text in planted.items()
    }
