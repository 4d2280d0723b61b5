"""Methods as they were run: sentences from the options, references with what they need, nothing raw."""

import json
import re

import pytest
from omtrace.analyses import (
    ancova,
    batch_effect,
    censored_comparison,
    censored_ends,
    compare_many,
    describe,
    dose_response,
    feasibility,
    flow,
    grubbs,
    imputation,
    levey_jennings,
    logistic,
    manova,
    mixed_model,
    mmrm,
    paired_change,
    plate_acceptance,
    proportion,
    proportional_odds,
    reliability,
    responder_grid,
)
from omtrace.analyses._sentences import listed, term_named
from omtrace.report.methods import methods_of
from omtrace.report.references import CITED, REFERENCES, bibtex, csl_json
from report_plan import plan_of

PAIR = {"group": "omt", "reference": "sham"}
PAIRS = {"contrasts": [["omt", "sham"]]}


@pytest.mark.parametrize(
    "method, options, words",
    [
        (
            ancova,
            PAIR,
            "Analysis of covariance by group, adjusted for the outcome's baseline: least squares in complete",
        ),
        (
            ancova,
            PAIR | {"baseline": False, "scale": "log"},
            "of the logarithms, told as ratios by group: least squares",
        ),
        (ancova, PAIR | {"cluster": "site"}, "robust against likeness within {parameter:site} (CR2)"),
        (ancova, PAIR | {"factors": ["site"], "weights": "observed"}, "weights as frequent as in the model's units"),
        (
            mmrm,
            {"contrasts": [["omt", "sham"]], "df": "satterthwaite"},
            "tests with Satterthwaite's degrees of freedom, from the observed",
        ),
        (mmrm, {"contrasts": [["omt", "sham"]], "structures": ["ar1"]}, "covariance of the visits autoregressive;"),
        (
            mixed_model,
            {"terms": ["dose * sex"], "random": ["batch/cage"], "log": True},
            "{parameter:sex} as fixed and {parameter:cage} within {parameter:batch} as random effects",
        ),
        (logistic, PAIRS | {"firth": True}, "by group: Firth's penalised likelihood, with the odds ratio's interval"),
        (logistic, PAIRS | {"covariates": ["age"]}, "adjusted for {parameter:age}: maximum likelihood, with Wald"),
        (proportional_odds, PAIRS, "for the reference group."),
        (
            compare_many,
            {"procedures": ["games_howell"]},
            "ties. Simultaneous intervals and adjusted p values of pairs by",
        ),
        (compare_many, {"trend": ["a", "b"]}, "The Jonckheere-Terpstra test is of a trend"),
        (
            dose_response,
            {"dose": "sessions", "per": 5, "covariance": "HC3"},
            "(HC3): the slope of each group, for 5 units",
        ),
        (batch_effect, PAIRS | {"batch": "plate", "combat": True}, "After ComBat (parametric empirical Bayes"),
        (censored_comparison, PAIRS | {"state": "s", "substitute": 0.7}, "Substitution of 0.7 of the limit"),
        (censored_ends, PAIRS | {"low": 1}, "a value of 1 or below counts as lying anywhere below it."),
        (grubbs, {"log": True, "by_group": False}, "from the mean of all, on the log scale"),
        (proportion, {"at_least": 4}, "Proportion of values of at least 4 with"),
        (flow, {"received": "done"}, "and analysed; who received treatment."),
        (
            imputation,
            PAIRS | {"strategies": ["J2R"], "approaches": ["bootstrap"], "imputations": 50, "delta": {"omt": 2}},
            "after drop-out jump to reference (J2R), with {group:sham} as reference. Drop-out begins after the last "
            "visit that took place. Rubin's rules, with the degrees of freedom of Barnard and Rubin, combine the "
            "analyses of 50 draws from fits to bootstrap samples within groups. Imputed values are shifted: "
            "{group:omt} by +2. Used",
        ),
    ],
)
def test_a_method_says_what_ran_and_not_what_could_have(method, options, words):
    checked = method.METHOD.options.model_validate(options)
    said = method.METHOD.said(checked)
    assert words in said
    assert "unless" not in said and "as the options say" not in said and "`" not in said


CRITERION = {"label": "retained", "parameter": "kept", "stop": 0.5, "go": 0.8}
RECRUITED = {"label": "recruited", "parameter": "day", "days": 90, "stop": 1, "go": 4}
ITEMS = {"items": {"s": ["a", "b"]}, "ranges": {"s": [1, 5]}}
GRIDS = {"grids": {"s": {"low": 10, "high": 50, "step": 5, "relative": True}}}
CHART = {"control": "c", "date": "d", "baseline_until": "2024-01-01", "by": ["lot"]}
BOTH = {"a": CRITERION | {"observed": True}, "b": RECRUITED}


@pytest.mark.parametrize(
    "method, options, words, other",
    [
        (describe, {"level": 0.9}, "in each group and in all together: number, mean with SD and 90% t", "95%"),
        (describe, {"by_group": False}, "in all groups together", "each group"),
        (paired_change, {"zeros": "pratt"}, "zeros ranked with the rest (Pratt)", "dropped"),
        (paired_change, {"by_group": True}, "values, in each group and in all together: mean", "ranked with"),
        (manova, {"together": "parameters", "level": 0.9}, "of all outcomes at a visit are zero", "all visits"),
        (manova, {"most_lost": 0.1}, "refused where more than 10% lack one", "20%"),
        (reliability, {"retest": ["v1", "v2"]}, "Test-retest ({visit:v1} and {visit:v2})", "Cronbach"),
        (reliability, ITEMS, "with Feldt's 95% interval.", "Test-retest"),
        (responder_grid, PAIR | GRIDS, "10 to 50% of baseline in steps of 5 for {parameter:s}", "points"),
        (levey_jennings, {"control": "c", "baseline": ["p1", "p2"], "log": False}, "mean of 2 baseline", "logarithms"),
        (levey_jennings, CHART, "Mean deviations are given by {parameter:lot}.", "baseline plates"),
        (feasibility, {"criteria": {"a": CRITERION}}, "A unit without a value counts as no.", "Poisson"),
        (feasibility, {"criteria": BOTH}, "Of the units with a value alone: retained.", "counts as no"),
        (feasibility, {}, "Clopper and Pearson's exact 95%", "progression"),
        (plate_acceptance, {"controls": {"QC": 5}, "acceptance": {"control": 15}}, "within 15% of their", "Dilutions"),
        (plate_acceptance, {"dilution": "d", "model": "5PL", "alpha": 0.05}, "at 0.05). Dilutions of", "Controls"),
    ],
)
def test_a_method_says_nothing_of_what_did_not_run(method, options, words, other):
    said = method.METHOD.said(method.METHOD.options.model_validate(options))
    assert words in said and other not in said
    assert "unless" not in said and "`" not in said


def test_words_are_joined_as_people_join_them():
    assert [listed(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert term_named("visit") == "visit" and term_named("a:b") == "{parameter:a} × {parameter:b}"


def test_the_section_has_design_analyses_software_and_references_once():
    plan = plan_of()
    calls = {
        name: {
            "analysis": name,
            "words": "Welch's test with Kenward and Roger's errors." if name == "change" else "Counted.",
        }
        for name in plan.analyses
    }
    methods = methods_of(plan, calls)
    titles = [statement.title for statement in methods.statements]
    assert titles[0] == "Design" and titles[-1] == "Software" and "Change from baseline" in titles
    assert any(title.endswith("; Assay") for title in titles), "what was done alike is said once"
    assert re.search(r"snakemake \d+\.\d+", methods.statements[-1].text)
    keys = [reference.key for reference in methods.references]
    assert keys[:2] == ["kenward1997", "welch1947"] and "numpy" in keys and len(keys) == len(set(keys))
    assert [item["id"] for item in json.loads(methods.csl)] == keys
    assert methods.bibtex.count("@article{") == len(keys)


def test_references_are_whole():
    assert set(CITED.values()) <= REFERENCES.keys()
    for reference in REFERENCES.values():
        assert reference.title and reference.journal and 1900 < reference.year < 2027
        assert not reference.doi or re.fullmatch(r"10\.\d{4,}/\S+", reference.doi)
    item = csl_json([REFERENCES["kenward1997"]])[0]
    assert item["author"] == [{"family": "Kenward", "given": "MG"}, {"family": "Roger", "given": "JH"}]
    assert "author = {Kenward, MG and Roger, JH}" in bibtex([REFERENCES["kenward1997"]])
