"""Declared tables: complete descriptions, one meaning a column name, and a good and a bad example of each."""

import importlib
import subprocess
import sys
from pathlib import Path

import pandas
import pytest
from omtrace import instruments, schemas
from omtrace.faults import Fault
from omtrace.model.plan import read_plan
from omtrace.schemas import UNIT, Table, class_name, is_rule, model_of, table_of
from omtrace.schemas._fields import TableModel
from omtrace.validation.checks import DTYPES
from pandera.errors import SchemaError, SchemaErrors
from table_texts import check_texts
from tables import declared_column, declared_table

ROOT = Path(__file__).parents[2]
SCHEMAS = sorted(p.stem for p in Path(schemas.__file__).parent.glob("[!_]*.py"))
INSTRUMENTS = sorted(p.stem for p in Path(instruments.__file__).parent.glob("[!_]*.py"))
NAMES = [*SCHEMAS, *INSTRUMENTS]
PLANS = sorted((ROOT / "config/studies").glob("*.yaml"))

# One name, two types, on purpose: a study with codes, and studies with words.
TWO_TYPES = {
    "sex": "codes of the published workbook, words elsewhere",
    "headache": "yes and no in the observational diary, 1 and 0 in the trial's",
}

# One row of each table that breaks no rule.
GOOD = {
    "allocation_list": {"sequence": "1", "stratum": "A-chronic", "block": "1", "arm": "sham"},
    "adverse_events": {
        "unit_id": "P1",
        "study_day": "3",
        "term": "sore neck",
        "system": "muscles",
        "severity": "mild",
        "related": "possible",
        "soc": "Musculoskeletal and connective tissue disorders",
        "preferred_term": "Neck pain",
        "serious": "0",
    },
    "allocation": {
        "unit_id": "P1",
        "sequence": "1",
        "stratum": "A/chronic",
        "block": "1",
        "arm": "OMT",
        "allocated_on": "2024-02-29",
    },
    "animals": {
        "unit_id": "R1",
        "cage_id": "C1",
        "batch": "1",
        "sex": "F",
        "strain": "SD",
        "weight_g": "210.5",
        "model": "two_hit",
        "treatment": "sham",
    },
    "biomarkers": {"unit_id": "R1", "marker": "cgrp_serum", "value": "0", "value_unit": "pg/mL"},
    "assay_runs": {"unit_id": "1/1", "run": "1", "concentration": "0.05", "signal": "0.017"},
    "care_log": {"unit_id": "P1", "study_day": "30", "kind": "preventive", "item": "beta_blocker", "change": "started"},
    "cages": {"cage_id": "C1", "room": "A", "rack_row": "top"},
    "cell_counts": {"unit_id": "R1", "marker": "cfos_tnc", "section": "1", "count": "0"},
    "daily_diary": {
        "unit_id": "1",
        "day": "-11",
        "study_day": "753",
        "headache": "yes",
        "headache_type": "Aura",
        "age": "30",
        "sex": "female",
        "air_quality": "9",
        "medication": "continuing",
    },
    "demographics": {"unit_id": "1", "enrolled_on": "2024-01-31", "age": "18", "sex": "female"},
    "diary": {
        "unit_id": "P1",
        "study_day": "-28",
        "headache": "1",
        "migraine": "0",
        "pain_max": "",
        "acute_medication": "1",
        "acute_class": "triptan",
    },
    "eligibility": {"unit_id": "1", "botox_ever": "0", "topiramate_12m": "", "pregnant": "0", "spinal_condition": "1"},
    "lifestyle": {
        "unit_id": "1",
        "visit": "month_1",
        "sleep_hours": "6.5",
        "exercise_days": "0",
        "caffeine_servings": "3",
        "regular_meals": "1",
        "stress": "",
    },
    **{
        f"forced_swim{end}": {
            "unit_id": "24",
            "animal_id": "24",
            "batch": "2",
            "strain": "CBA/J",
            "treatment": "OVX",
            "immobile_percent": "1.17",
            **more,
        }
        for end, more in (("", {}), ("_pairs", {"visit": "ovx"}))
    },
    **{
        f"open_field{end}": {
            "unit_id": "23",
            "animal_id": "23",
            "batch": "10B",
            "strain": "CBA/J",
            "treatment": "SHAM",
            "distance_cm": "1886",
            "moving_s": "192.4",
            "vertical": "52",
            "margin_cm": "1359",
            "centre_cm": "528",
            "centre_percent": "10.2",
            **more,
        }
        for end, more in (("", {}), ("_pairs", {"visit": "sham"}))
    },
    "movements": {
        "unit_id": "P1",
        "session": "1",
        "movement": "1",
        "technique": "muscle_energy",
        "region": "cervical_posterior",
        "seconds": "60",
        "sham_contact": "light_touch",
    },
    "providers": {
        "provider_id": "DO-1",
        "site": "A",
        "credential": "DO",
        "trained_on": "2024-01-31",
        "training_hours": "7.5",
    },
    "pups": {
        "unit_id": "1/1",
        "litter_id": "1",
        "treatment": "Control",
        "litter_size": "12",
        "sex": "Male",
        "weight_g": "6.6",
    },
    "plate_groups": {
        "unit_id": "a/1/B1",
        "plate": "1",
        "plate_id": "a/1",
        "group": "Standards",
        "role": "standard",
        "sample": "1",
        "concentration": "1000",
        "value": "2.5",
        "back_calculated": "990.1",
        "dilution": "",
    },
    "plate_layout": {
        "unit_id": "1/A1",
        "plate": "1",
        "role": "blank",
        "sample": "",
        "concentration": "0",
        "dilution": "",
    },
    "plate_signals": {"unit_id": "1/A1", "wavelength": "450", "signal": "-0.01"},
    "procedures": {
        "unit_id": "R1",
        "procedure": "umbellulone",
        "done_on": "2024-01-31",
        "dose": "50",
        "dose_unit": "uL",
        "route": "inhalation",
    },
    "protein_levels": {
        "unit_id": "309",
        "replicate_id": "309_1",
        "genotype": "Control",
        "treatment": "Memantine",
        "behavior": "C/S",
        "class": "c-CS-m",
        "BDNF_N": "0.43",
    },
    "sessions": {"unit_id": "1", "session": "1", "session_on": "2024-01-31", "movements_done": "5", "minutes": "5"},
    "strata": {"unit_id": "1", "site": "A", "migraine_type": "chronic"},
    "trial_wide": {
        "unit_id": "100",
        "age": "47",
        "sex": "1",
        "migraine": "1",
        "chronicity": "35.5",
        "acupuncturist": "12",
        "practice_id": "35",
        "group": "control",
        "pk1": "10.75",
        "f2": "0",
        "pk2": "0",
    },
    "visits": {"unit_id": "1", "visit": "baseline", "visit_on": "2024-01-31"},
    "exclusions": {"unit_id": "R1", "stage": "measurement", "reason": "illness", "excluded_on": "2024-05-10"},
    "von_frey_responses": {
        "unit_id": "R1",
        "visit": "hour_0",
        "site": "hind_paw",
        "stimulus": "1",
        "filament_g": "2.04",
        "response": "X",
    },
    "von_frey": {"unit_id": "R1", "visit": "hour_0", "site": "hind_paw", "threshold_g": "15.14"},
    "hit6": {
        "unit_id": "1",
        "visit": "baseline",
        **{f"hit6_{n}": "5" for n in range(1, 7)},
        "hit6_total": "78",
        "hit6_item_mean": "5",
    },
    "midas": {
        "unit_id": "1",
        "visit": "baseline",
        **{f"midas_{n}": "10" for n in range(1, 6)},
        "midas_b": "7",
        "midas_total": "50",
        "midas_grade": "4",
    },
    "msq": {
        "unit_id": "1",
        "visit": "baseline",
        **{f"msq_{n}": "6" for n in range(1, 15)},
        "msq_restrictive": "0",
        "msq_preventive": "0",
        "msq_emotional": "0",
    },
    "pgic": {"unit_id": "1", "visit": "month_1", "pgic": "7"},
    **{
        name: {
            "unit_id": "1",
            "visit": "baseline",
            **{item.name: "1" for item in instruments.instrument_of(name).items},
        }
        for name in ("phq9", "gad7", "hads", "eq5d5l", "id_migraine", "mtoq4", "rand36", "sf12")
    },
    **{
        f"promis_{n}": {
            "unit_id": "1",
            "visit": "baseline",
            **{f"promis_{at}": "5" for at in range(1, n + 1)},
            f"promis_{n}_sum": str(5 * n),
            "promis_t": "67.6",
        }
        for n in (4, 6, 8)
    },
    "sf36": {
        "unit_id": "100",
        "visit": "baseline",
        "sf36_pf": "94.44444",
        "sf36_rlp": "75",
        "sf36_rle": "66.66666",
        "sf36_ef": "46.66667",
        "sf36_ewb": "8",
        "sf36_sf": "12.5",
        "sf36_p": "42.5",
        "sf36_gen": "18.75",
        "sf36_hc": "50",
    },
    "satisfaction": {"unit_id": "1", "visit": "month_1", "satisfaction": "5"},
}


def answered(name):
    """A row of a questionnaire in which every item has its highest answer."""
    items = {item.name: f"{item.maximum:g}" for item in instruments.instrument_of(name).items}
    return {"unit_id": "1", "visit": "baseline", **items}


GOOD |= {name: answered(name) for name in INSTRUMENTS if name not in GOOD}


def findings(name, rows):
    """For each row of text cells, the (rule, column) of what the checks find; rows of one key are no matter here."""
    table = table_of(name)
    columns = {column.name: [row.get(column.name, "") for row in rows] for column in table.columns}
    work = check_texts(table, columns, schema=name, coding="best_is_1" if name == "pgic" else "")
    found = [set() for _ in rows]
    for finding in work.findings:
        if not finding.rule.startswith("duplicate"):
            found[finding.line - 2].add((finding.rule, finding.column))
    return found


def test_there_is_an_example_of_every_table():
    assert sorted(GOOD) == sorted(NAMES)


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_module_declares_the_model_of_its_name(name):
    module = importlib.import_module(f"omtrace.schemas.{name}")
    model = getattr(module, class_name(name))
    assert issubclass(model, TableModel) and model is model_of(name) is getattr(schemas, class_name(name))
    assert isinstance(table_of(name), Table) and table_of(name).schema is model.to_schema()
    assert model.__doc__.endswith(".") and "\n" not in model.__doc__


def test_a_name_that_is_no_model_is_no_attribute():
    with pytest.raises(AttributeError, match="has no attribute 'VonFry'"):
        _ = schemas.VonFry


def test_no_field_is_shared_between_models_or_columns():
    seen = {}
    for name in NAMES:
        for column in table_of(name).columns:
            declaration = column.declaration
            assert declaration.name == column.name
            assert id(declaration) not in seen, (name, column.name, seen[id(declaration)])
            seen[id(declaration)] = name, column.name


@pytest.mark.parametrize("name", NAMES)
def test_every_check_is_a_bound_a_list_of_categories_or_a_rule_with_its_words(name):
    table = table_of(name)
    for column in table.columns:
        for check in column.checks:
            if is_rule(check):
                assert check.statistics["columns"] == (column.name,) and check.ignore_na
    for rule in table.row_rules:
        assert len(rule.columns) > 1 and not rule.check.ignore_na
    for rule in table.rules:
        assert rule.check.raise_warning == (rule.severity in ("note", "warn"))


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
    assert not any(table.column(name).required for name in table.optional)
    with pytest.raises(KeyError):
        table.column("nothing")


def lacking(table):
    """(column, what its declaration lacks, or has too much): description, type, unit, source."""
    for column in table.columns:
        numeric = column.kind in ("integer", "number")
        yield from [
            (column.name, part)
            for part, wrong in {
                "description": not column.description.strip(),
                "type": not str(column.declaration.dtype).startswith(DTYPES[column.kind]),
                "unit": bool(column.unit.strip()) != numeric,
                "source": not (column.source or table.source).strip(),
            }.items()
            if wrong
        ]


@pytest.mark.parametrize("name", NAMES)
def test_every_field_has_description_type_unit_and_source(name):
    assert list(lacking(table_of(name))) == []


@pytest.mark.parametrize(
    ("column", "lacks"),
    [
        (declared_column("a", "integer", "pain", "points", source="Stewart 2001"), []),
        (declared_column("a", "number", "pain", "", source="Stewart 2001"), ["unit"]),
        (declared_column("a", "text", "pain", "points", source="Stewart 2001"), ["unit"]),
        (declared_column("a", "date", "day"), ["source"]),
        (declared_column("a", "text", "", source="Stewart 2001"), ["description"]),
    ],
)
def test_a_field_that_lacks_something_is_seen(column, lacks):
    assert [part for _, part in lacking(declared_table("row", ("a",), [column]))] == lacks


def test_a_questionnaire_gives_its_source_to_every_column_that_has_none_of_its_own():
    for name in INSTRUMENTS:
        assert table_of(name).source == instruments.instrument_of(name).source


@pytest.mark.parametrize("name", NAMES)
def test_rules_and_references_point_to_what_is_there(name):
    table = table_of(name)
    names = {column.name for column in table.columns}
    ids = [rule.id for rule in table.rules]
    assert len(set(ids)) == len(ids)
    for rule in table.rules:
        assert rule.columns and set(rule.columns) <= names and rule.expected
        assert rule.severity in ("note", "warn", "quarantine", "stop")
        assert rule.example.strip() and rule.fix.strip() and not rule.fix.endswith(".")
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
    assert set(GOOD[name]) <= {column.name for column in table_of(name).columns}
    assert findings(name, [GOOD[name]]) == [set()]


def bad_cells(table):
    """(column, cell, rule that finds it)."""
    for column in table.columns:
        if column.required and column.name != UNIT:
            yield column.name, "", "required"
        if column.kind in ("integer", "number", "date"):
            yield column.name, "x", "type"
        if column.kind == "integer" and not column.allowed:
            yield column.name, f"{column.minimum or 0:g}.5", "type"
        if column.allowed:
            yield column.name, "77", "allowed"
        if column.minimum is not None:
            yield column.name, f"{column.minimum - 1:g}", "range"
        if column.maximum is not None:
            yield column.name, f"{column.maximum + 1:g}", "range"


@pytest.mark.parametrize("name", NAMES)
def test_each_bound_type_list_and_required_cell_is_checked(name):
    coded = {"pgic"} if name == "pgic" else set()  # a declared coding names what it takes
    cases = list(bad_cells(table_of(name)))
    found = findings(name, [{**GOOD[name], column: cell} for column, cell, _ in cases])
    missed = [
        (column, cell, rule)
        for (column, cell, rule), told in zip(cases, found, strict=True)
        if ("code" if column in coded else rule, column) not in told
    ]
    assert cases and missed == []


@pytest.mark.parametrize("name", NAMES)
def test_bounds_are_inclusive(name):
    cases = [
        (column.name, f"{bound:g}")
        for column in table_of(name).columns
        for bound in (column.minimum, column.maximum)
        if bound is not None
    ]
    found = findings(name, [{**GOOD[name], column: cell} for column, cell in cases]) if cases else []
    assert [case for case, told in zip(cases, found, strict=True) if ("range", case[0]) in told] == []


BREAKS = {
    "hit6_total_agrees": ("hit6", {"hit6_total": "76"}),
    "hit6_total_open": ("hit6", {"hit6_1": "", "hit6_item_mean": ""}),
    "hit6_total_possible": ("hit6", {"hit6_1": "", "hit6_total": "77"}),
    "hit6_item_mean_agrees": ("hit6", {"hit6_item_mean": "4.9"}),
    "midas_work_days": ("midas", {"midas_1": "83", "midas_total": "123"}),
    "midas_household_days": ("midas", {"midas_4": "83", "midas_total": "123"}),
    "midas_total_agrees": ("midas", {"midas_total": "49"}),
    "midas_total_open": ("midas", {"midas_5": "", "midas_total": "40"}),
    "midas_grade_agrees": ("midas", {"midas_grade": "3"}),
    "midas_headache_days": ("midas", {"midas_a": "9"}),
    "msq_restrictive_agrees": ("msq", {"msq_restrictive": "2.86"}),
    "msq_restrictive_grid": ("msq", {"msq_1": "", "msq_restrictive": "4.29"}),
    "msq_preventive_agrees": ("msq", {"msq_preventive": "5"}),
    "msq_preventive_grid": ("msq", {"msq_8": "", "msq_preventive": "62"}),
    "msq_emotional_agrees": ("msq", {"msq_emotional": "6.7"}),
    "msq_emotional_grid": ("msq", {"msq_14": "", "msq_emotional": "6.5"}),
    **{f"promis_{n}_sum_agrees": (f"promis_{n}", {f"promis_{n}_sum": str(5 * n - 1)}) for n in (4, 6, 8)},
    **{
        f"sf36_{scale}_grid": ("sf36", {f"sf36_{scale}": "51.9"})
        for scale in ("pf", "rlp", "rle", "ef", "ewb", "sf", "p", "gen", "hc")
    },
    "biomarker_value": ("biomarkers", {"value": ""}),
    "biomarker_flag": ("biomarkers", {"below_lod": "0", "lod": "2"}),
    "dose_complete": ("procedures", {"route": ""}),
    "session_movements": ("sessions", {"movements_done": "4", "minutes": "4"}),
    "session_minutes": ("sessions", {"minutes": "8"}),
    "standard_without_concentration": ("plate_layout", {"role": "standard", "concentration": ""}),
    "nominal_without_control": ("plate_layout", {"nominal": "60"}),
    "sample_without_dilution": ("plate_layout", {"role": "sample", "concentration": ""}),
    "no_day_zero": ("diary", {"study_day": "0"}),
    "class_without_medication": ("diary", {"acute_medication": "0"}),
    "event_coded": ("adverse_events", {"soc": ""}),
    "pain_without_headache": ("diary", {"headache": "0", "pain_max": "5"}),
    "well_name": ("plate_layout", {"unit_id": "1/A01"}),
    "days_without_diary_2": ("trial_wide", {"pk2": ""}),
    "days_without_diary_5": ("trial_wide", {"f5": "0"}),
}


def test_every_rule_has_an_example_that_breaks_it():
    assert set(BREAKS) == {rule.id for name in NAMES for rule in table_of(name).rules}


@pytest.mark.parametrize("name", sorted({name for name, _ in BREAKS.values()}))
def test_the_example_breaks_its_rule_alone_at_the_first_of_its_columns(name):
    rules = [rule for rule in table_of(name).rules if BREAKS[rule.id][0] == name]
    found = findings(name, [{**GOOD[name], **BREAKS[rule.id][1]} for rule in rules])
    assert found == [{(rule.id, rule.columns[0])} for rule in rules]


@pytest.mark.parametrize("name", NAMES)
def test_a_typed_table_has_its_columns_and_no_other(name):
    table = table_of(name)
    frame = pandas.DataFrame({c.name: pandas.Series([], dtype=DTYPES[c.kind]) for c in table.columns})
    assert list(table.schema.validate(frame).columns) == [c.name for c in table.columns]
    with pytest.raises(SchemaErrors, match="COLUMN_NOT_IN_SCHEMA"):
        table.schema.validate(frame.assign(extra=1), lazy=True)


# the models by themselves


def as_frame(*rows):
    """Rows of texts as pandas reads them: missing where there is nothing."""
    return pandas.DataFrame(list(rows)).replace("", None)


@pytest.mark.parametrize("name", NAMES)
def test_a_model_takes_the_good_row_and_none_of_the_bad_cells(name):
    table = table_of(name)
    blank = {column.name: "" for column in table.columns}
    model = table.schema
    model.validate(as_frame({**blank, **GOOD[name]}), lazy=True)
    for column, cell, rule in [*bad_cells(table), *((key, "", "required") for key in table.key)]:
        with pytest.raises(SchemaErrors):
            model.validate(as_frame({**blank, **GOOD[name], column: cell}), lazy=True)
            pytest.fail(f"{column}: {cell!r} passes ({rule})")
    with pytest.raises(SchemaErrors):
        model.validate(as_frame({**blank, **GOOD[name]}, {**blank, **GOOD[name]}), lazy=True)


@pytest.mark.parametrize("text", ["banana", "2024-99-99", "2024-02-30", "03/04/2024", "9-Jan-16", ""])
def test_what_is_no_date_passes_no_model(text):
    row = {"unit_id": "P1", "visit": "baseline", "visit_on": text}
    with pytest.raises((SchemaError, SchemaErrors)):
        schemas.Visits.validate(as_frame(row))
    assert str(schemas.Visits.validate(as_frame({**row, "visit_on": "2024-02-29"})).visit_on.dtype) == DTYPES["date"]


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


def test_every_table_is_used_by_a_plan_or_has_a_full_example():
    used = {entry.schema_ or name for path in PLANS for name, entry in read_plan(path).tables.items()}
    assert used <= set(NAMES)
    for name in sorted(set(NAMES) - used):
        table = table_of(name)
        needed = {column.name for column in table.columns} - set(table.optional)
        assert needed <= {column for column, cell in GOOD[name].items() if cell}, name


def test_pandera_comes_with_the_first_table_that_is_asked_for_and_not_with_the_stages():
    stages = ("derivations.records", "analyses.run", "figures", "report", "report.dictionary", "validation.validate")
    modules = ", ".join(f"omtrace.{name}" for name in (*stages, "instruments.hit6", "instruments.midas", "schemas"))
    score = "omtrace.instruments.instrument_of('hit6').coding('')"
    ask = "omtrace.schemas.table_of('cages')"
    code = f"import sys, {modules}; {score}; print('pandera' in sys.modules); {ask}; print('pandera' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT / "workflow", capture_output=True, text=True, check=True
    )
    assert done.stdout.split() == ["False", "True"]
