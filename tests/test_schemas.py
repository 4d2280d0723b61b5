"""Declared tables: complete descriptions, one meaning a column name, and a good and a bad example of each."""

import importlib
from pathlib import Path

import pandas
import pytest
from omtrace import instruments, schemas
from omtrace.checks.parse import parse
from omtrace.checks.rules import broken_rules, schema_of
from omtrace.faults import Fault
from omtrace.schemas import UNIT, Table, table_of
from omtrace.study.plan import read_plan
from pandera.errors import SchemaErrors

ROOT = Path(__file__).parent.parent
SCHEMAS = sorted(p.stem for p in Path(schemas.__file__).parent.glob("[!_]*.py"))
INSTRUMENTS = sorted(p.stem for p in Path(instruments.__file__).parent.glob("[!_]*.py"))
NAMES = [*SCHEMAS, *INSTRUMENTS]
PLANS = sorted((ROOT / "config/studies").glob("*.yaml"))

# Numbers that count, order or code something, or whose unit stands in the description.
UNITLESS = {
    "sequence", "block", "section", "movements_done", "headache", "migraine", "acute_medication", "botox_ever",
    "topiramate_12m", "sex",
}  # fmt: skip
# One name, two types, on purpose: a study with codes, and studies with words.
TWO_TYPES = {
    "sex": "codes of the published workbook, words elsewhere",
    "headache": "yes and no in the observational diary, 1 and 0 in the trial's",
}

# One row of each table that breaks no rule.
GOOD = {
    "adverse_events": {"unit_id": "P1", "study_day": "3", "term": "sore neck", "system": "muscles", "severity": "mild",
                       "related": "possible"},
    "allocation": {"unit_id": "P1", "sequence": "1", "stratum": "A/chronic", "block": "1", "arm": "OMT",
                   "allocated_on": "2024-02-29"},
    "animals": {"unit_id": "R1", "cage_id": "C1", "batch": "1", "sex": "F", "strain": "SD", "weight_g": "210.5",
                "model": "two_hit", "treatment": "sham"},
    "assay_runs": {"unit_id": "1/1", "run": "1", "concentration": "0.05", "signal": "0.017"},
    "cages": {"cage_id": "C1", "room": "A", "rack_row": "top"},
    "cell_counts": {"unit_id": "R1", "marker": "cfos_tnc", "section": "1", "count": "0"},
    "daily_diary": {"unit_id": "1", "day": "-11", "study_day": "753", "headache": "yes", "headache_type": "Aura",
                    "age": "30", "sex": "female", "air_quality": "9", "medication": "continuing"},
    "demographics": {"unit_id": "1", "enrolled_on": "2024-01-31", "age": "18", "sex": "female"},
    "diary": {"unit_id": "P1", "study_day": "-28", "headache": "1", "migraine": "0", "pain_max": "",
              "acute_medication": "1"},
    "eligibility": {"unit_id": "1", "botox_ever": "0", "topiramate_12m": ""},
    "plate_groups": {"unit_id": "a/1/B1", "plate": "1", "plate_id": "a/1", "group": "Standards", "role": "standard",
                     "sample": "1", "concentration": "1000", "value": "2.5", "back_calculated": "990.1",
                     "dilution": ""},
    "plate_layout": {"unit_id": "1/A1", "plate": "1", "role": "blank", "sample": "", "concentration": "0",
                     "dilution": ""},
    "plate_signals": {"unit_id": "1/A1", "wavelength": "450", "signal": "-0.01"},
    "protein_levels": {"unit_id": "309", "replicate_id": "309_1", "genotype": "Control", "treatment": "Memantine",
                       "behavior": "C/S", "class": "c-CS-m", "BDNF_N": "0.43"},
    "sessions": {"unit_id": "1", "session": "1", "session_on": "2024-01-31", "movements_done": "5", "minutes": "5"},
    "strata": {"unit_id": "1", "site": "A", "migraine_type": "chronic"},
    "trial_wide": {"unit_id": "100", "age": "47", "sex": "1", "migraine": "1", "chronicity": "35.5",
                   "acupuncturist": "12",
                   "practice_id": "35", "group": "control", "pk1": "10.75", "f2": "0", "pk2": "0"},
    "von_frey": {"unit_id": "R1", "visit": "hour_0", "site": "hind_paw", "threshold_g": "15.14"},
    "hit6": {"unit_id": "1", "visit": "baseline", **{f"hit6_{n}": "5" for n in range(1, 7)}, "hit6_total": "78"},
    "midas": {"unit_id": "1", "visit": "baseline", **{f"midas_{n}": "10" for n in range(1, 6)}, "midas_b": "7"},
    "msq": {"unit_id": "1", "visit": "baseline", **{f"msq_{n}": "6" for n in range(1, 15)}},
    "satisfaction": {"unit_id": "1", "visit": "month_1", "satisfaction": "5"},
}  # fmt: skip


def typed(table, row):
    """One row of text cells as the typed frame that the checks see, and the columns whose cell is not of the type."""
    columns, bad = {}, []
    for column in table.columns:
        cells = pandas.Series([row.get(column.name, "")], index=[7], dtype="str")
        columns[column.name], wrong = parse(cells, column)
        if wrong.any():
            bad.append(column.name)
    return pandas.DataFrame(columns), bad


def broken(table, row):
    """(rule, column) of everything that a row breaks."""
    frame, bad = typed(table, row)
    found = [(rule, column) for rule, column, _, _, keys in broken_rules(frame, table) if keys == [7]]
    return [*(("type", column) for column in bad), *found]


def test_there_is_an_example_of_every_table():
    assert sorted(GOOD) == sorted(NAMES)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_module_declares_one_table(name):
    module = importlib.import_module(f"omtrace.schemas.{name}")
    assert isinstance(module.TABLE, Table)
    assert sum(isinstance(value, Table) for value in vars(module).values()) == 1
    assert table_of(name) is module.TABLE


def test_no_schema_hides_an_instrument_and_an_unknown_name_is_a_fault():
    assert not set(SCHEMAS) & set(INSTRUMENTS)
    with pytest.raises(Fault, match="there is no table 'diry' in schemas/; did you mean 'diary'"):
        table_of("diry")


@pytest.mark.parametrize("name", NAMES)
def test_a_table_is_described_in_full(name):
    table = table_of(name)
    names = [column.name for column in table.columns]
    assert table.row and table.key and set(table.key) <= set(names) and len(set(names)) == len(names)
    assert set(table.measured) <= set(names)
    for column in table.columns:
        assert len(column.description) > 2 and not column.description.endswith("."), column.name
        assert column.name.isidentifier(), column.name
        if column.kind in ("text", "date"):
            assert column.minimum is column.maximum is None
            assert all(isinstance(value, str) for value in column.allowed)
        elif column.allowed:
            assert all(isinstance(value, int) for value in column.allowed)
        if column.minimum is not None and column.maximum is not None:
            assert column.minimum < column.maximum
    assert all(table.column(name).required for name in table.key)
    with pytest.raises(KeyError):
        table.column("nothing")


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_number_has_a_unit_or_has_none_on_purpose(name):
    for column in table_of(name).columns:
        if column.kind in ("integer", "number"):
            assert bool(column.unit) != (column.name in UNITLESS), column.name
        elif column.unit:
            assert column.name == "wavelength"  # a number that names a read


@pytest.mark.parametrize("name", NAMES)
def test_rules_and_references_point_to_what_is_there(name):
    table = table_of(name)
    names = {column.name for column in table.columns}
    ids = [rule.id for rule in table.rules]
    assert len(set(ids)) == len(ids)
    for rule in table.rules:
        assert rule.columns and set(rule.columns) <= names and rule.expected
        assert rule.severity in ("note", "warn", "quarantine", "stop")
    for reference in table.references:
        assert reference.column in names
        assert reference.other in {column.name for column in table_of(reference.table).columns}


def test_rule_ids_are_unique_over_all_tables():
    ids = [rule.id for name in NAMES for rule in table_of(name).rules]
    assert len(set(ids)) == len(ids)


def test_a_column_name_has_one_type_over_all_tables():
    kinds: dict[str, set] = {}
    for name in NAMES:
        for column in table_of(name).columns:
            kinds.setdefault(column.name, set()).add(column.kind)
    assert {name for name, found in kinds.items() if len(found) > 1} == set(TWO_TYPES)


def test_a_column_name_has_one_unit_wherever_it_measures_the_same():
    units: dict[tuple, set] = {}
    for name in NAMES:
        for column in table_of(name).columns:
            units.setdefault((column.name, column.description), set()).add((column.kind, column.unit))
    assert all(len(found) == 1 for found in units.values())


# examples


@pytest.mark.parametrize("name", NAMES)
def test_the_good_row_breaks_nothing(name):
    table = table_of(name)
    assert set(GOOD[name]) <= {column.name for column in table.columns}
    assert broken(table, GOOD[name]) == []


def bad_cells():
    for name in NAMES:
        for column in table_of(name).columns:
            if column.required:
                yield name, column.name, "", "required"
            if column.kind in ("integer", "number", "date"):
                yield name, column.name, "x", "type"
            if column.kind == "integer" and not column.allowed:
                yield name, column.name, f"{column.minimum or 0:g}.5", "type"
            if column.allowed:
                yield name, column.name, "77", "allowed"
            if column.minimum is not None:
                yield name, column.name, f"{column.minimum - 1:g}", "range"
            if column.maximum is not None:
                yield name, column.name, f"{column.maximum + 1:g}", "range"


@pytest.mark.parametrize(("name", "column", "cell", "rule"), list(bad_cells()), ids=str)
def test_each_bound_type_list_and_required_cell_is_checked(name, column, cell, rule):
    assert (rule, column) in broken(table_of(name), {**GOOD[name], column: cell})


@pytest.mark.parametrize(("name", "column"), [
    (name, column.name) for name in NAMES for column in table_of(name).columns if column.minimum is not None
])  # fmt: skip
def test_bounds_are_inclusive(name, column):
    declared = table_of(name).column(column)
    for bound in (declared.minimum, declared.maximum):
        if bound is not None:
            assert ("range", column) not in broken(table_of(name), {**GOOD[name], column: f"{bound:g}"})


BREAKS = {
    "hit6_total_agrees": ("hit6", {"hit6_total": "76"}),
    "hit6_total_possible": ("hit6", {"hit6_1": "", "hit6_total": "77"}),
    "midas_work_days": ("midas", {"midas_1": "83"}),
    "midas_household_days": ("midas", {"midas_4": "83"}),
    "well_name": ("plate_layout", {"unit_id": "1/A01"}),
    "days_without_diary_2": ("trial_wide", {"pk2": ""}),
    "days_without_diary_5": ("trial_wide", {"f5": "0"}),
}


def test_every_rule_has_an_example_that_breaks_it_alone():
    assert set(BREAKS) == {rule.id for name in NAMES for rule in table_of(name).rules}
    for rule, (name, cells) in BREAKS.items():
        table = table_of(name)
        declared = next(r for r in table.rules if r.id == rule)
        assert broken(table, {**GOOD[name], **cells}) == [(rule, declared.columns[0])]


@pytest.mark.parametrize("name", NAMES)
def test_a_typed_table_has_its_columns_and_no_other(name):
    frame, _ = typed(table_of(name), GOOD[name])
    assert list(schema_of(table_of(name)).validate(frame).columns) == [c.name for c in table_of(name).columns]
    with pytest.raises(SchemaErrors, match="COLUMN_NOT_IN_SCHEMA"):
        schema_of(table_of(name)).validate(frame.assign(extra=1), lazy=True)


# the tables of the plans


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_the_tables_of_every_plan_exist_and_have_the_columns_that_the_plan_names(path):
    plan = read_plan(path)
    for name, entry in plan.tables.items():
        table = table_of(entry.schema_ or name)
        columns = {column.name for column in table.columns}
        assert {*entry.columns, *entry.recode, *entry.joined} <= columns
        for column, codes in entry.recode.items():
            allowed = table.column(column).allowed
            assert not allowed or set(codes.values()) <= set(allowed)
    for dataset in plan.datasets.values():
        roster = plan.tables[dataset.roster.table]
        table = table_of(roster.schema_ or dataset.roster.table)
        assert dataset.roster.column == UNIT and UNIT in {column.name for column in table.columns}


def test_every_table_is_used_by_a_plan():
    used = {entry.schema_ or name for path in PLANS for name, entry in read_plan(path).tables.items()}
    assert used == set(NAMES)
