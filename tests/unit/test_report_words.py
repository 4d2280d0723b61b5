"""Words and forms of numbers in the report."""

import pytest
from estimates import estimate
from hypothesis import given
from hypothesis import strategies as st
from omtrace.analyses._shown import level_shown, plural, reason_shown, shown
from omtrace.model.plan import DatasetPlan, Parameter, Population
from omtrace.report.words import cell_of, columns_of, label_of
from omtrace.store import display

PAIRED = (
    "n mean_before sd_before mean_after sd_after mean_change sd_change ci_low ci_high t df p d_z d_z_ci_low "
    "d_z_ci_high d_av hedges_g hedges_g_ci_low hedges_g_ci_high signed_rank_v signed_rank_p hodges_lehmann"
).split()
NEEDED = "nnt nnt_wald_low nnt_wald_high nnth_wald nntb_wald nnth_newcombe".split()
NAMES = [
    *PAIRED,
    *NEEDED,
    *"mean sd se median q1 q3 minimum maximum count percent a a_se wilson_low wilson_high r_squared".split(),
]


def titles(names: str) -> list[str]:
    return [column.title for column in columns_of(names.split(), "95% CI")]


def test_paired_change_stands_in_few_columns():
    assert titles(" ".join(PAIRED)) == [
        "n",
        "Mean before (SD)",
        "Mean after (SD)",
        "Mean change (95% CI)",
        "SD of change",
        "t (df)",
        "p",
        "Cohen’s d (z) (95% CI)",
        "Cohen’s d (av)",
        "Hedges’ g (95% CI)",
        "Signed rank V (p)",
        "Hodges–Lehmann",
    ]


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ("n mean sd ci_low ci_high median q1 q3", ["n", "Mean (SD)", "95% CI", "Median (quartiles)"]),
        ("mean sd", ["Mean (SD)"]),
        ("n count proportion wilson_low wilson_high", ["n", "n (%)", "Wilson 95% CI"]),
        ("adjusted_mean se ci_low ci_high", ["Adjusted mean (95% CI)", "SE"]),
        ("risk_ratio risk_ratio_low risk_ratio_high", ["Risk ratio (95% CI)"]),
        ("ci_low ci_high", ["95% CI"]),
        ("minimum maximum", ["Range"]),
        ("minimum", ["Minimum"]),
        ("count percent", ["n (%)"]),
        ("a b a_se rss", ["a (SE)", "b", "RSS"]),
        ("mean_a sd_a n_b", ["Mean, group (SD)", "n, reference"]),
        ("shared share", ["Shared samples", "Share"]),
    ],
)
def test_columns_of_the_methods(names, expected):
    assert titles(names) == expected


@given(st.lists(st.sampled_from(NAMES), unique=True))
def test_every_statistic_has_exactly_one_place(names):
    parts = [part for column in columns_of(names) for part in column.parts]
    assert sorted(parts) == sorted(names)


@given(st.lists(st.sampled_from(NAMES), unique=True, min_size=1), st.data())
def test_a_cell_holds_the_numbers_that_the_row_has(names, data):
    row = {
        name: estimate(statistic=name, shown="1", value="1")
        for name in data.draw(st.lists(st.sampled_from(names), unique=True))
    }
    pieces = [p for c in columns_of(names) for group in cell_of(c, row) for p in group if not isinstance(p, str)]
    assert sorted(p.statistic for p in pieces) == sorted(row)


def test_an_interval_reads_as_in_a_journal():
    row = {name: estimate(shown=name) for name in ("mean_change", "ci_low", "ci_high")}
    (column,) = columns_of(list(row))
    pieces = [piece if isinstance(piece, str) else piece.shown for group in cell_of(column, row) for piece in group]
    assert pieces == ["mean_change", "(", "ci_low", " to ", "ci_high", ")"]


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"nnt": "4.6"}, "NNTB 4.6"),
        ({"nnt": "-4.6"}, "NNTH 4.6"),
        ({"nnt": ""}, "∞"),
        ({"nnt_wald_low": "3", "nnt_wald_high": "9.1"}, "NNTB 3.0 to 9.1"),
        ({"nnt_wald_low": "-9.1", "nnt_wald_high": "-3"}, "NNTH 3.0 to 9.1"),
        ({"nnth_wald": "10", "nntb_wald": "5"}, "NNTH 10.0 to ∞ to NNTB 5.0"),
        ({"nnth_wald": "10"}, "NNTH 10.0 to ∞"),
        ({"nntb_wald": "10"}, "∞ to NNTB 10.0"),
    ],
)
def test_a_number_needed_to_treat_reads_as_altman_writes_it(values, text):
    row = {name: estimate(statistic=name, value=v, shown=display(v, 1)) for name, v in values.items()}
    (column,) = columns_of(list(row), "95% CI")
    pieces = [piece if isinstance(piece, str) else piece.shown for group in cell_of(column, row) for piece in group]
    assert "".join(pieces) == text
    assert column.title == ("NNT" if "nnt" in values else "NNT, Wald 95% CI")


@pytest.mark.parametrize(
    ("value", "statistic", "text"),
    [
        ("0.0123", "p", "0.012"),
        ("0.0009999", "p", "<0.001"),
        ("0.001", "p", "0.001"),
        ("0", "signed_rank_p", "<0.001"),
        ("0.0004", "mean", "0.000"),
        ("-0.0004", "t", "0.000"),
        ("-2.0005", "t", "−2.001"),
        ("", "p", "–"),
    ],
)
def test_p_values_and_others(value, statistic, text):
    assert shown(value, 3, statistic) == text


@given(st.floats(-1e6, 1e6).map(lambda x: f"{x:.10g}"), st.integers(0, 6))
def test_what_is_shown_is_the_stored_decimal_rounded_once(value, decimals):
    assert shown(value, decimals, "mean") == display(value, decimals)


@pytest.mark.parametrize(
    ("statistic", "text"),
    [
        ("ci_low", "Lower limit of CI"),
        ("d_z_ci_high", "Cohen’s d (z), upper limit"),
        ("c", "c"),
        ("c_se", "SE of c"),
        ("wilson_low", "Wilson, lower limit"),
        ("n_a", "n, group"),
        ("nnth_wald", "NNT to harm, Wald"),
    ],
)
def test_labels(statistic, text):
    assert label_of(statistic) == text


@pytest.mark.parametrize(
    ("level", "text"),
    [
        ("treatment: omt_repeated - sham, in two_hit", "treatment: omt repeated − sham, in two hit"),
        ("type III: model x visit", "type III: model × visit"),
        ("delta +4 in OMT, -4 in sham", "delta +4 in OMT, −4 in sham"),
        ("1-2s, QC_1", "1-2s, QC 1"),
        ("plate_2/1/A3: not printed", "plate_2/1/A3: not printed"),
        ("10x, QC: {group:plate 1}, {group:none}", "10x, QC: First plate, none"),
        ("{parameter:age} at baseline: {visit:month_1}", "Age (years) at baseline: 1 month"),
        ("{population:full}: enrolled", "Everyone: enrolled"),
        ("first {group:plate 1}", "First plate"),
    ],
)
def test_levels_read_as_text(level, text):
    dataset = DatasetPlan.model_construct(
        groups={"plate 1": "First plate"},
        visits={"month_1": "1 month"},
        parameters={"age": Parameter(derive="column", label="Age (years)")},
        populations={"full": Population(label="Everyone")},
    )
    assert level_shown(level, dataset) == text


def test_several_units():
    assert [plural(unit) for unit in ("participant", "mouse", "batch and strain")] == [
        "participants",
        "mice",
        "batches and strains",
    ]


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("not collected", "not collected"),
        ("quarantined: range", "value outside its bounds"),
        ("quarantined: hit6_total_agrees", "value refused by a check (hit6 total agrees)"),
        ("not in population eligible", "not in the analysed population"),
        ("not in population eligible: younger than 18", "younger than 18"),
        ("not in population eligible (unknown): younger than 18", "not known: younger than 18"),
    ],
)
def test_reasons_are_read_without_the_names_of_rules_and_populations(reason, words):
    assert reason_shown(reason) == words
