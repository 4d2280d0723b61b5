"""Bounds and categories that belong to a study stand in its plan; the library holds what is physically possible."""

import pandas
import pytest
from omtrace.faults import Fault
from omtrace.instruments import instrument_of
from omtrace.model.plan import read_plan
from omtrace.report.fields import entries_of
from omtrace.schemas import Demographics, PlateLayout, PlateSignals, table_of
from pandera.errors import SchemaErrors
from test_checks import ALLOCATION, SLOTS, Study
from test_schemas import PLANS

MICE = (  # weights and strain as of adult laboratory mice
    "animal_id,cage_id,batch,sex,strain,weight_g,model,treatment\n"
    "M1,C1,1,F,C57BL/6J,21.4,control,sham\nM2,C1,1,M,C57BL/6J,23.0,NTG,OMT\n"
)
ANIMALS = {"reader": "delimited", "columns": {"unit_id": "animal_id"}}


@pytest.fixture
def study(tmp_path):
    return lambda tables, files, **plan: Study(tmp_path, tables, files, **plan)


def test_mice_are_animals_and_their_study_may_say_which(study):
    run = study({"animals": ANIMALS}, {"animals": MICE}).run()
    assert run.findings == [] and run.counts("animals") == (2, 2, 0, 0)
    own = ANIMALS | {"bounds": {"weight_g": [15, 22]}, "values": {"model": ["control", "CGRP"]}}
    run = study({"animals": own}, {"animals": MICE}).run()
    assert run.found("range") == [("animals", 3, "weight_g", "23.0")]
    assert run.found("allowed") == [("animals", 3, "model", "NTG")]
    (row,) = [row for row in run.findings if row["rule"] == "range"]
    assert row["expected"] == "15 to 22 g"


@pytest.mark.parametrize("weight, fits", [("0.4", False), ("1.2", True), ("450", True), ("2100", False)])
def test_a_weight_is_one_that_a_rodent_can_have(study, weight, fits):
    run = study({"animals": ANIMALS}, {"animals": MICE.replace("21.4", weight)}).run()
    assert (run.found("range") == []) == fits


@pytest.mark.parametrize("signal", [-412.0, 0.05, 26421.0, 5_210_442.0])
def test_a_signal_may_be_of_fluorescence_or_luminescence(signal):
    PlateSignals.validate(pandas.DataFrame({"unit_id": ["1/A1"], "wavelength": ["485/528"], "signal": [signal]}))


@pytest.mark.parametrize(
    "well, fits",
    [
        ("A1", True),
        ("H12", True),
        ("P24", True),
        ("AF48", True),
        ("A01", False),
        ("a1", False),
        ("AG1", False),
        ("A49", False),
        ("P0", False),
    ],
)
def test_wells_of_96_to_1536_are_wells(well, fits):
    row = {"unit_id": f"1/{well}", "plate": "1", "role": "blank", "sample": None, "concentration": 0.0}
    frame = pandas.DataFrame([row | {"dilution": None}])
    if fits:
        PlateLayout.validate(frame)
    else:
        with pytest.raises(Exception, match="a well from A1 to AF48"):
            PlateLayout.validate(frame)


@pytest.mark.parametrize(
    ("entry", "says"),
    [
        ({"bounds": {"sequenc": [1, 2]}}, "bounds: the table has no column 'sequenc'; did you mean 'sequence'?"),
        ({"bounds": {"arm": [1, 2]}}, "bounds: column 'arm' holds texts, not integers or numbers"),
        (
            {"values": {"allocated_on": ["2024-01-01"]}},
            "values: column 'allocated_on' holds dates, not integers or texts",
        ),
    ],
)
def test_bounds_of_what_has_none_are_a_fault_of_the_plan(study, entry, says):
    (line,) = study({"allocation": ALLOCATION | entry}, {"allocation": SLOTS}).stopped()
    assert line == f"plan of small: tables.allocation.{says}"


def test_open_bounds_and_categories_of_codes(study):
    entry = ALLOCATION | {"bounds": {"sequence": [None, 2]}, "values": {"block": ["1", "2"], "arm": ["A", "B"]}}
    slots = "P1,0,s,1,A,2024-01-01\nP2,3,s,3,OMT,2024-01-01\n"
    run = study({"allocation": entry}, {"allocation": SLOTS + slots}).run()
    assert run.found("range") == [("allocation", 3, "sequence", "3")]
    assert run.found("allowed") == [("allocation", 3, "arm", "OMT"), ("allocation", 3, "block", "3")]


def test_the_dictionary_shows_the_bounds_of_the_study():
    plan = read_plan(next(path for path in PLANS if path.stem == "rat_two_hit"))
    (animals,) = [entry for entry in entries_of(plan) if entry.name == "animals"]
    columns = {field.column.name: field for field in animals.fields}
    assert columns["weight_g"].bounds == "100 to 600"
    assert columns["model"].column.allowed == ("control", "two_hit")
    assert columns["weight_g"].column.unit == "g" and columns["weight_g"].column.description
    assert table_of("animals").column("model").allowed == () and table_of("animals").column("weight_g").maximum == 1500


# dates that nobody entered


DEMOGRAPHICS = {"reader": "delimited"}


@pytest.mark.parametrize("day", ["1970-01-01", "1900-01-01", "1899-12-30", "1904-01-01", "1960-01-01"])
def test_the_first_day_of_a_calendar_is_no_date_and_takes_nobody_out(study, day):
    people = f"unit_id,enrolled_on,age,sex\nP1,{day},50,male\nP2,2024-01-01,60,male\n"
    run = study({"demographics": DEMOGRAPHICS}, {"demographics": people}).run()
    assert run.found("date_epoch") == [("demographics", 2, "enrolled_on", day)]
    assert run.table("demographics")["age"].tolist() == [50, 60]
    assert run.table("demographics")["enrolled_on"].isna().tolist() == [True, False]


def test_the_model_by_itself_refuses_the_first_day_of_a_calendar():
    frame = pandas.DataFrame({"unit_id": ["P1"], "enrolled_on": ["1970-01-01"], "age": [50], "sex": ["male"]})
    with pytest.raises(SchemaErrors, match="notin"):
        Demographics.validate(frame, lazy=True)


# who is eligible


AGE = {"check": "eligibility", "options": {"table": "demographics", "column": "age", "least": 18, "most": 60}}


def test_who_is_too_old_for_the_trial_is_a_deviation_and_an_age_that_cannot_be_is_none(study):
    people = "unit_id,enrolled_on,age,sex\nP1,2024-01-01,61,male\nP2,2024-01-01,60,male\nP3,2024-01-01,199,female\n"
    run = study({"demographics": DEMOGRAPHICS}, {"demographics": people}, checks={"age": AGE}).run()
    assert run.found("not_eligible") == [("demographics", 2, "age", "61")]
    assert run.found("range") == [("demographics", 4, "age", "199")]
    assert run.counts("demographics") == (3, 3, 0, 0)
    assert run.table("demographics")["age"].fillna(-1).tolist() == [61, 60, -1]


def test_answers_that_exclude_are_said_by_the_plan(study):
    options = {"table": "eligibility", "column": "botox_ever", "values": ["0"]}
    answers = "unit_id,botox_ever,topiramate_12m\nP1,1,0\nP2,0,1\nP3,,0\n"
    run = study(
        {"eligibility": {"reader": "delimited"}},
        {"eligibility": answers},
        checks={"botox": {"check": "eligibility", "options": options}},
    ).run()
    assert run.found("not_eligible") == [("eligibility", 2, "botox_ever", "1")]


def test_a_criterion_that_asks_for_nothing_is_refused(study):
    check = {"check": "eligibility", "options": {"table": "demographics", "column": "age"}}
    with pytest.raises(Fault, match="everybody is eligible"):
        study(
            {"demographics": DEMOGRAPHICS}, {"demographics": "unit_id,enrolled_on,age,sex\n"}, checks={"age": check}
        ).run()


# what a questionnaire's score can be


@pytest.mark.parametrize("total, fits", [(270, True), (276, True), (277, False)])
def test_a_midas_total_is_of_three_months(study, total, fits):
    items = [46, 46, 46, 46, total - 184]
    header = ",".join(f"midas_{n}" for n in range(1, 6))
    days = f"unit_id,visit,{header},midas_total\nP1,b,{','.join(map(str, items))},{total}\n"
    run = study({"midas": {"reader": "delimited"}}, {"midas": days}).run()
    assert (run.found("range") == []) == fits


@pytest.mark.parametrize("path", PLANS, ids=lambda path: path.stem)
def test_ranges_in_plans_are_those_of_the_questionnaires(path):
    plan = read_plan(path)
    for analysis in plan.analyses.values():
        for parameter, (least, greatest) in analysis.options.get("ranges", {}).items():
            options = next(d.parameters[parameter] for d in plan.datasets.values() if parameter in d.parameters).options
            instrument, score = instrument_of(options["instrument"]), options["score"]
            column = table_of(options["instrument"]).column(f"{options['instrument']}_{score}")
            assert (least, greatest) == (column.minimum, column.maximum), f"{parameter} of {instrument.title}"
