"""Crossovers of several periods: a published replicate design, a Williams square against statsmodels, the analysis."""

import csv
import math
from pathlib import Path

import pandas as pd
import pytest
import statsmodels.formula.api as smf
from agreements import agrees
from omtrace.faults import Fault
from omtrace.statistics.mixed.crossover_periods import PeriodRows, fit_periods
from statsmodels.stats.anova import anova_lm
from test_analyses import AT, Results, people, same

EMA = "EMA Q&A on bioequivalence (PKWP), data set II, SAS 9.1"
# Two 3 x 3 squares of cows, Cochran and Cox 1957, p. 135: treatment and milk yield in each period
COWS = [
    "A38 B25 C15",
    "B109 C86 A39",
    "C124 A72 B27",
    "A86 C76 B46",
    "B75 A35 C34",
    "C101 B63 A1",
]


def rows_of(cells):
    """Rows of (value, unit, sequence, period from 0)."""
    values, unit, sequence, period = zip(*cells, strict=True)
    treatment = [s[p] for s, p in zip(sequence, period, strict=True)]
    before = [s[p - 1] if p else None for s, p in zip(sequence, period, strict=True)]
    return PeriodRows(values, unit, sequence, period, treatment, before)


def ema():
    path = Path(__file__).parents[1] / "reference/ema_ii.csv"
    lines = list(csv.DictReader(path.read_text().splitlines()))
    return [(math.log(float(c["PK"])), c["subject"], c["sequence"], int(c["period"]) - 1) for c in lines]


def cows():
    return [
        (float(cell[1:]), cow, "".join(c[0] for c in line.split()), place)
        for cow, line in enumerate(COWS)
        for place, cell in enumerate(line.split())
    ]


@pytest.mark.parametrize("units", ["fixed", "random"])
def test_a_partial_replicate_design_agrees_with_the_published_analysis(units):
    found = fit_periods(rows_of(ema()), units).difference("T", "R", 0.9)
    ours = [100 * math.exp(found[name]) for name in ("difference", "ci_low", "ci_high")]
    agrees(
        f"crossover of three periods, units {units}",
        "ratio and interval, percent",
        EMA,
        ours,
        [102.26, 97.32, 107.46],
        abs=6e-3,
    )
    assert found["df"] == pytest.approx(45)


@pytest.mark.parametrize("carry_over", [False, True])
def test_a_williams_square_is_that_of_statsmodels(carry_over):
    rows = rows_of(cows())
    model = fit_periods(rows, "fixed", carry_over)
    frame = pd.DataFrame(
        {"y": rows.values, "unit": rows.unit, "period": rows.period, "treatment": rows.treatment, "before": rows.before}
    ).fillna({"before": "-"})
    for name in "ABC":
        frame[f"was_{name}"] = (frame["before"] == name) * 1.0
    formula = "y ~ C(unit) + C(period) + C(treatment)" + " + was_B + was_C" * carry_over
    other = smf.ols(formula, frame).fit()
    expected = anova_lm(other, typ=2)
    found = model.test("treatment")
    assert found["f"] == pytest.approx(expected.loc["C(treatment)", "F"], rel=1e-9)
    assert (found["df_1"], found["df_2"]) == (2, 8 - 2 * carry_over)
    if carry_over:
        joint = other.f_test("was_B = 0, was_C = 0")
        same(model.test("carry-over"), {"f": float(joint.fvalue), "p": float(joint.pvalue)})
    b = other.t_test("C(treatment)[T.B] - C(treatment)[T.C] = 0")
    same(model.difference("B", "C"), {"difference": float(b.effect[0]), "se": float(b.sd.item()), "p": float(b.pvalue)})


@pytest.mark.parametrize("unit", [1e-12, 1e12])
@pytest.mark.parametrize("units", ["fixed", "random"])
def test_the_unit_of_the_outcome_plays_no_part(unit, units):
    plain, scaled = (
        fit_periods(rows_of([(value * size, *rest) for value, *rest in ema()]), units, True).difference("T", "R")
        for size in (1, unit)
    )
    assert [scaled[name] for name in ("t", "df", "p")] == pytest.approx([plain[n] for n in ("t", "df", "p")], rel=1e-7)


def test_what_cannot_be_told_apart_is_refused_with_the_term():
    cells = [(float(i + place**2), i, "ABC", place) for i in range(4) for place in range(3)]
    with pytest.raises(ValueError, match="treatment: not all of it can be estimated"):
        fit_periods(rows_of(cells))
    with pytest.raises(ValueError, match="no value under treatment Z"):
        fit_periods(rows_of(cows())).difference("Z", "A")


# the analysis


@pytest.fixture
def study(tmp_path):
    return lambda entries, units: Results(tmp_path, units, entries, groups={name: name for name in SEQUENCES})


SEQUENCES = {"sham": ["A", "B"], "OMT": ["B", "C"], "light": ["C", "A"]}


def three(n=24):
    units = people(n)
    for i, facts in enumerate(units.values()):
        facts["arm", ""] = [*SEQUENCES][i % 3]
    return units


def test_the_analysis_binds_sequences_periods_and_treatments(study):
    units = three()
    units["P03"]["x", "end"] = "!not collected"
    options = {"sequences": SEQUENCES, "contrasts": [["A", "B"], ["C", "B"]]}
    entries = {
        "within": ("crossover_periods", ["x"], [*AT], options),
        "mixed": ("crossover_periods", ["x"], [*AT], {**options, "units": "random", "log": True}),
    }
    results = study(entries, units)
    cells = [
        (f["x", visit], unit, "".join(SEQUENCES[f["arm", ""]]), place)
        for unit, f in units.items()
        for place, visit in enumerate(AT)
        if not isinstance(f["x", visit], str)
    ]
    model = fit_periods(rows_of([cell for cell in cells if cell[1] != "P03"]))
    found = results.values(analysis="within", level="A - B")
    same(found, {**model.difference("A", "B"), "n": 23})
    same(results.values(analysis="within", level="period"), model.test("period"))
    (number,) = [n for n in results.numbers if (n["analysis"], n["level"], n["statistic"]) == ("within", "A - B", "p")]
    assert results.reasons(number)["P03"] == {"a value in one period alone"}
    model = fit_periods(rows_of([(math.log(value), *rest) for value, *rest in cells]), "random")
    expected = model.difference("A", "B")
    found = results.values(analysis="mixed", level="A - B")
    same(found, {"ratio": math.exp(expected["difference"]), "se_log": expected["se"], "p": expected["p"], "n": 24})
    assert "a mixed model by REML with sequence, period and treatment" in str(results.definitions)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"sequences": {"sham": ["A", "B"], "OMT": ["B", "A"]}}, "analysed by the method crossover"),
        ({"sequences": {"sham": ["A", "B"], "OMT": ["B", "C", "A"]}}, "of one number of periods"),
        (
            {"sequences": {"sham": ["A", "B", "C"], "OMT": ["B", "C", "A"]}},
            "2 visits, and the sequences have 3 periods",
        ),
        ({"contrasts": [["A", "D"]]}, "no sequence has the treatment 'D'"),
        ({"sequences": {"sham": ["A", "B"], "OTM": ["B", "C"]}}, "no group 'OTM'; did you mean 'OMT'"),
    ],
)
def test_options_that_do_not_fit_are_refused(study, change, words):
    with pytest.raises(Fault, match=words):
        options = {"sequences": SEQUENCES, "contrasts": [["A", "B"]], **change}
        study({"a": ("crossover_periods", ["x"], [*AT], options)}, three())


def test_nobody_with_values_is_told(study):
    units = three(9)
    for facts in units.values():
        facts["x", "end"] = "!not collected"
    with pytest.raises(Fault, match="no participants with values"):
        study({"a": ("crossover_periods", ["x"], [*AT], {"sequences": SEQUENCES, "contrasts": [["A", "B"]]})}, units)
