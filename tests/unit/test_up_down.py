"""Up-and-down thresholds: k against Dixon's table, series by hand, refusals, and the derivation with its cells."""

import math

import pandas
import pytest
from agreements import agrees, chosen
from hypothesis import given
from hypothesis import strategies as st
from omtrace.derivations import Context, Tables
from omtrace.derivations.records import build
from omtrace.derivations.up_down import PSPP, Options, derive
from omtrace.faults import Fault
from omtrace.model.plan import Parameter, Plan
from omtrace.statistics.assay.up_down import FEWER, MORE, NO_CHANGE, ORDER, dixon_k, step_of, threshold

# Dixon WJ, Annu Rev Pharmacol Toxicol 1980;20:441-462, table of k; O: no response, X: response
DIXON = {
    "OX": -0.500,
    "OOX": -0.388,
    "OOOX": -0.378,
    "OOOOX": -0.377,
    "OXO": 0.842,
    "OOXO": 0.890,
    "OXX": -0.178,
    "OOXX": 0.000,
    "OXOO": 0.299,
    "OXOX": -0.500,
    "OXXO": 1.000,
    "OXXX": 0.194,
    "OOXXX": 0.449,
    "OXOOO": -0.157,
    "OXOOX": -0.878,
    "OXOXO": 0.701,
    "OXOXX": 0.084,
    "OXXOO": 0.305,
    "OXXOX": -0.305,
    "OXXXO": 1.288,
    "OXXXX": 0.555,
    "OOOXXXX": 0.985,
    "OXOOOO": -0.547,
    "OXOOOX": -1.250,
    "OXOOXO": 0.372,
    "OXOOXX": -0.169,
    "OXOXOO": 0.022,
    "OXOXOX": -0.500,
    "OXOXXO": 1.169,
    "OXOXXX": 0.611,
    "OXXOOO": -0.296,
    "OXXOOX": -0.831,
    "OXXOXO": 0.831,
    "OXXOXX": 0.296,
    "OXXXOO": 0.500,
    "OXXXOX": -0.043,
    "OXXXXO": 1.603,
    "OXXXXX": 0.893,
    "XOXOX": -0.701,
    "XXOXOX": -0.737,
    "XOOX": -1.000,
    "XOXXO": 0.878,
}

chosen(
    "up_down",
    "k is the maximum likelihood estimate for an SD of one step, as Dixon's tables hold it to three "
    "decimals, not looked up; delta is the mean step of the filament set. A series that leaves the set without a "
    "change of response has the last filament's force (Chaplan 1994 writes 15 g and 0.25 g for these).",
)


def test_k_agrees_with_the_table():
    agrees("up_down", "k", "Dixon 1980, table", [dixon_k(pattern) for pattern in DIXON], list(DIXON.values()), abs=6e-4)


@given(st.lists(st.sampled_from("OX"), min_size=2, max_size=9).filter(lambda p: len(set(p)) == 2))
def test_k_turns_its_sign_with_the_responses(pattern):
    turned = ["O" if response == "X" else "X" for response in pattern]
    assert dixon_k(pattern) == pytest.approx(-dixon_k(turned), abs=1e-9)


def test_the_step_of_the_usual_set():
    assert step_of(PSPP) == pytest.approx((5.18 - 3.61) / 7, abs=5e-4)  # of the handles' numbers: 0.224
    for wrong in ((1.0,), (2.0, 1.0), (0.0, 1.0)):
        with pytest.raises(ValueError, match="weakest first"):
            step_of(wrong)


def test_a_series_by_hand():
    # 2.04 g O, 3.63 g X, 2.04 g O, 3.63 g X, 2.04 g X, 1.20 g O: k of OXOXXO, delta of the set
    value, why = threshold([3, 4, 3, 4, 3, 2], list("OXOXXO"), PSPP)
    assert why == ""
    xf = math.log10(1.20 * 10**4)
    assert value == pytest.approx(10 ** (xf + 1.169 * 0.2239) / 10**4, rel=2e-3)


@pytest.mark.parametrize(
    ("places", "responses", "reason"),
    [
        ([3, 4, 5], "OOO", NO_CHANGE),
        ([3, 2], "XX", NO_CHANGE),
        ([3, 3, 4], "OXO", ORDER),
        ([3, 4, 3, 2], "OXOX", ORDER),
        ([3, 4, 3, 4], "OXOX", FEWER),
        ([3, 4, 3, 4, 3, 4, 3], "OXOXOXO", MORE),
    ],
)
def test_series_that_the_method_does_not_cover_say_why(places, responses, reason):
    value, why = threshold(places, list(responses), PSPP)
    assert why == reason and math.isnan(value)


def test_series_that_leave_the_set():
    assert threshold([3, 4, 5, 6, 7], list("OOOOO"), PSPP) == (15.14, "")
    assert threshold([3, 2, 1, 0], list("XXXX"), PSPP) == (0.41, "")
    value, why = threshold([6, 5, 6, 7], list("XOOO"), PSPP)  # ends early, past the strongest
    assert why == "" and value == pytest.approx(15.14 * 10 ** (-0.194 * step_of(PSPP)), rel=1e-3)
    with pytest.raises(ValueError, match="O or X"):
        threshold([3, 4], list("O1"), PSPP)


@given(st.floats(0.3, 18))
def test_a_clean_threshold_is_found_within_its_step(true):
    """Without error, the threshold found lies within a step of the true one."""
    place, places, responses, changed = 3, [], [], None
    while 0 <= place < len(PSPP) and (changed is None or len(responses) - 1 - changed < 4):
        response = "X" if PSPP[place] >= true else "O"
        places.append(place)
        responses.append(response)
        if changed is None and response != responses[0]:
            changed = len(responses) - 1
        place += 1 if response == "O" else -1
    value, why = threshold(places, responses, PSPP)
    assert why == "" and abs(math.log10(value) - math.log10(true)) <= 1.2 * 0.29


SERIES = {
    "A": ("0.41 1.2 2.04", "OOO"),
    "B": ("2.04 3.63 2.04 3.63 2.04 1.2", "OXOXXO"),
    "C": ("2.04 4", "OX"),
    "D": ("2.04 3.63 5.5 8.51 15.1", "OOOOO"),
}


def responses_of(series, skip=()):
    rows = []
    for unit, (forces, pattern) in series.items():
        for at, (force, response) in enumerate(zip(forces.split(), pattern, strict=True), 1):
            if (unit, at) not in skip:
                rows.append((unit, "hour_1", "hind_paw", at, float(force), response, len(rows) + 1))
    return pandas.DataFrame(
        rows, columns=["unit_id", "visit", "site", "stimulus", "filament_g", "response", "key"]
    ).sample(frac=1, random_state=1)


def plan_and_tables(frame, **options):
    parameter = {
        "derive": "up_down",
        "label": "t",
        "unit": "g",
        "visits": ["hour_1"],
        "options": {"table": "responses", "where": {"site": "hind_paw"}, **options},
    }
    plan = Plan.model_validate(
        {
            "study": "s",
            "title": "t",
            "kind": "simulated",
            "statement": "s",
            "design": "d",
            "tables": {
                "responses": {"reader": "delimited", "schema": "von_frey_responses", "columns": {"response": "Antwort"}}
            },
            "datasets": {
                "d": {
                    "unit": "animal",
                    "roster": {"table": "responses", "column": "unit_id"},
                    "visits": {"hour_1": "1 h"},
                    "parameters": {"threshold": parameter},
                    "populations": {"full": {"label": "all"}},
                }
            },
            "analyses": {},
            "figures": {},
        }
    )
    nothing = pandas.DataFrame(columns=["key", "table", "rule", "column", "severity", "unit_id", "visit"])
    return plan, Tables(plan, {"responses": frame}, nothing, {})


def test_the_derivation_gives_thresholds_cells_and_reasons():
    plan, tables = plan_and_tables(responses_of(SERIES))
    records, cells = build(plan, "d", tables)
    found = records.set_index("unit")
    assert found["status"].to_dict() == {
        "A": f"refused: {ORDER}",
        "B": "observed",
        "D": "observed",
        "C": "refused: a filament that is not in the set",
    }
    assert found.at["B", "value"] == pytest.approx(1.20 * 10 ** (dixon_k("OXOXXO") * step_of(PSPP)))
    assert found.at["D", "value"] == 15.14
    mine = cells[cells["record"] == found.at["B", "record"]]
    assert len(mine) == 12 and set(mine["column"]) == {"Antwort", "filament_g"} and set(mine["role"]) == {"value"}


def test_a_missing_stimulus_and_a_limit_without_value():
    plan, tables = plan_and_tables(responses_of(SERIES, skip={("B", 3)}), at_limit=False)
    status = build(plan, "d", tables)[0].set_index("unit")["status"]
    assert status["B"] == "refused: a stimulus is missing"
    assert status["D"] == "refused: beyond the last filament"


def test_filaments_rise():
    with pytest.raises(ValueError, match="forces rise"):
        Options(table="t", filaments=(2.0, 1.0))
    plan, tables = plan_and_tables(responses_of(SERIES).drop(columns="stimulus"))
    context = Context(tables, plan.datasets["d"], {})
    with pytest.raises(Fault, match="no column 'stimulus'"):
        derive(context, "threshold", Parameter(derive="up_down", label="t"), Options(table="responses"))
