"""The tidy estimates: what belongs together stands in one row, as it is stored, under the plan's labels."""

import math

import pytest
from omtrace import store
from omtrace.model.estimate import read_estimates
from omtrace.report.results import rows_of
from omtrace.report.tidy import COLUMNS, NUMBERS, tidy, tidy_schema, write_tidy
from test_analyses import CASES, GROUPS, PAIR, SIDES, Results, people


def made(results):
    return list(tidy(results.plan, rows_of(results.plan, results.numbers), results.definitions))


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    units = people()
    units["P03"]["r", "end"] = 1
    entries = {
        "means": ("describe", ["x"], ["end"], {}),
        "adjusted": ("ancova", ["x"], ["end"], CASES["ancova"][2]),
        "ratios": ("count_model", ["x"], ["end"], {**PAIR, "distribution": "poisson"}),
        "shares": ("compare_proportions", ["r"], ["end"], SIDES),
        "many": ("compare_many", ["x"], ["end"], {"procedures": ["tukey"]}),
        "logs": ("grubbs", ["x", "age"], ["end"], {"log": True}),
    }
    units["P05"]["age", ""] = -1  # has no logarithm
    return Results(tmp_path_factory.mktemp("tidy"), units, entries, refusals=True)


def test_every_number_of_a_row_is_the_stored_one(results):
    stored = {number["id"]: number for number in results.numbers}
    rows = made(results)
    assert len(rows) > 12
    for row in rows:
        assert list(COLUMNS) == [name for name in COLUMNS if name in row] and set(row) >= set(COLUMNS)
        if row["estimate_id"]:
            number = stored[row["estimate_id"]]
            assert (row["estimate"], row["unit"], row["data"]) == (number["value"], number["unit"], "simulated")
            assert (row["contrast"], row["visit"], row["parameter"]) == (
                number["group"],
                number["visit"],
                number["parameter"],
            )
        if row["p_id"]:
            assert row["p"] == stored[row["p_id"]]["value"]


def one(results, **wanted):
    [row] = [row for row in made(results) if all(row[name] == value for name, value in wanted.items())]
    return row


def test_a_contrast_has_estimate_interval_p_and_n_in_its_row(results):
    row = one(results, analysis="adjusted", contrast="OMT - sham")
    values = results.values(analysis="adjusted", group="OMT - sham")
    names = {"estimate": "difference", "low": "ci_low", "high": "ci_high", "p": "p", "n": "n"}
    assert {name: float(row[name]) for name in names} == {name: values[of] for name, of in names.items()}
    assert (row["contrast_label"], row["statistic"], row["confidence"]) == (
        "OMT \N{MINUS SIGN} Sham",
        "difference",
        "0.95",
    )
    assert (row["visit_label"], row["population_label"], row["exploratory"]) == ("E", "all", "yes")


def test_a_ratio_shows_a_slash_and_a_group_is_a_row_too(results):
    row = one(results, analysis="ratios", contrast="OMT - sham")
    assert (row["contrast_label"], row["statistic"], row["unit"]) == ("OMT / Sham", "rate_ratio", "")
    row = one(results, analysis="means", contrast="OMT")
    assert (row["statistic"], row["contrast_label"], row["n"], row["p"]) == ("mean", "OMT", "8", "")
    shares = one(results, analysis="shares", contrast="OMT - sham")
    assert (shares["statistic"], shares["n"]) == ("difference", "16") and shares["low"] and shares["high"]


def test_a_p_value_adjusted_within_its_analysis_stands_beside_the_estimate(results):
    row = one(results, analysis="many", contrast="OMT - sham")
    assert row["adjusted_p"] == str(row["adjusted_p"]) != "" and row["estimate"]


def test_what_is_not_computed_has_a_row_with_the_reason_and_no_number(results):
    row = one(results, analysis="logs", parameter="age")
    assert row["not_computed"] == "a logarithm needs positive values"
    assert {row[name] for name in (*NUMBERS, "statistic", "unit", "exploratory") if name != "n"} == {""}


def test_a_family_gives_its_adjusted_p_to_the_analysis(tmp_path):
    from omtrace.model.plan import Plan

    entries = {"a": ("ancova", ["x"], ["end"], CASES["ancova"][2]), "b": ("compare_groups", ["x"], ["baseline"], PAIR)}
    results = Results(tmp_path, people(), entries)
    content = results.plan.model_dump(mode="json", by_alias=True)
    content["families"] = {
        "f": {
            "title": "F",
            "procedure": "holm",
            "hypotheses": {n: {"analysis": n, "contrast": "OMT - sham"} for n in "ab"},
        }
    }
    from omtrace.analyses.run import analyse_study

    plan = Plan.model_validate(content)
    analyse_study(plan, tmp_path / "datasets", tmp_path)
    rows = rows_of(plan, read_estimates(tmp_path / "estimates.csv"))
    found = {r["analysis"]: r for r in tidy(plan, rows, {}) if r["contrast"] == "OMT - sham" and r["analysis"] != "f"}
    p = sorted(float(row["p"]) for row in found.values())
    assert sorted(float(row["adjusted_p"]) for row in found.values()) == pytest.approx([2 * p[0], max(2 * p[0], p[1])])
    assert {row["exploratory"] for row in found.values()} == {"no"}


def test_both_files_hold_the_same(results, tmp_path):
    write_tidy(results.plan, rows_of(results.plan, results.numbers), results.definitions, tmp_path)
    text = store.read_csv(tmp_path / "estimates_tidy.csv")
    columns = store.read_columns(tmp_path / "estimates_tidy.parquet")
    assert list(columns) == list(COLUMNS)
    assert text == [{name: row[name] for name in COLUMNS} for row in made(results)]
    for name in COLUMNS:
        if name in NUMBERS:
            numbers = [math.nan if value is None else value for value in columns[name]]
            assert numbers == pytest.approx([float(row[name]) if row[name] else math.nan for row in text], nan_ok=True)
        else:
            assert columns[name] == [row[name] for row in text]
    assert GROUPS == ["sham", "OMT"]


@pytest.mark.parametrize(
    ("p", "text"),
    [
        (1.23456789e-19, "1.235e-19"),
        (3.4567891e-9, "3.457e-09"),
        (0.000265052006123, "0.000265052006"),
        (0.0, "0"),
        (1.0, "1"),
        (2e-8, "2e-08"),
        (float("nan"), ""),
        (5e-324, "4.941e-324"),
    ],
)
def test_a_p_value_keeps_its_digits_however_small(p, text):
    assert store.probability_text(p) == text


def test_a_small_p_value_reaches_the_results_and_is_shown_as_below_the_last_decimal(tmp_path):
    from omtrace.analyses._shown import shown

    units = people(48)
    for at, unit in enumerate(units.values()):
        unit["x", "end"] = 50 + at % 5 - 40 * (at % 2)
    results = Results(tmp_path, units, {"a": ("compare_groups", ["x"], ["end"], PAIR)})
    [p] = [n["value"] for n in results.numbers if n["statistic"] == "p"]
    assert 0 < float(p) < 1e-30 and shown(p, 3, "p") == "<0.001"


def test_the_page_of_results_and_the_schema_name_every_column():
    from pathlib import Path

    page = (Path(__file__).parents[2] / "docs/estimates.md").read_text(encoding="utf-8")
    assert [line for line in page.splitlines() if line.startswith("| `")] == [
        f"| `{name}` | {text} |" for name, text in COLUMNS.items()
    ]
    fields = tidy_schema()["fields"]
    assert [(field["name"], field["type"]) for field in fields] == [
        (name, "number" if name in NUMBERS else "string") for name in COLUMNS
    ]
