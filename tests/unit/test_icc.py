"""Intraclass correlations: published ratings, clusters against other programs, and what the analysis binds."""

import math

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from agreements import agrees
from omtrace.faults import Fault
from omtrace.statistics.basic.cluster_icc import cluster_icc
from omtrace.statistics.basic.reliability import FORMS, intraclass
from statsmodels.regression.mixed_linear_model import MixedLM
from test_analyses import AT, Results, people, same

RATINGS = [[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]]
# Shrout and Fleiss 1979, table 4; R, psych 2.1.9 ICC: estimate, limits, F
PUBLISHED = dict(zip(FORMS, (0.17, 0.29, 0.71, 0.44, 0.62, 0.91), strict=True))
PSYCH = {
    "ICC(1,1)": (0.17, -0.133, 0.72, 1.8),
    "ICC(2,1)": (0.29, 0.019, 0.76, 11.0),
    "ICC(3,1)": (0.71, 0.342, 0.95, 11.0),
    "ICC(1,k)": (0.44, -0.884, 0.91, 1.8),
    "ICC(2,k)": (0.62, 0.071, 0.93, 11.0),
    "ICC(3,k)": (0.91, 0.676, 0.99, 11.0),
}


@pytest.fixture
def study(tmp_path):
    return lambda entries, units=None, **more: Results(tmp_path, units or people(24), entries, **more)


@pytest.mark.parametrize("form", FORMS)
def test_the_six_forms_agree_with_published_ones(form):
    numbers = intraclass(RATINGS)[form]
    shrout, psych = "Shrout and Fleiss 1979, Psychol Bull 86:420", "R psych 2.1.9 ICC, ratings of Shrout and Fleiss"
    agrees("intraclass correlation", form, shrout, numbers["icc"], PUBLISHED[form], abs=5e-3)
    for name, printed in zip(("icc", "ci_low", "ci_high", "f"), PSYCH[form], strict=True):
        half = 0.5 * 10.0 ** -len(str(printed).partition(".")[2])
        agrees(f"intraclass correlation, {form}", name, psych, numbers[name], printed, abs=max(half, 5e-3))
    assert intraclass(RATINGS)["ICC(1,1)"]["p"] == pytest.approx(0.16477, abs=5e-6)
    assert intraclass(RATINGS)["ICC(3,1)"]["p"] == pytest.approx(0.00013, abs=5e-6)


def test_clusters_of_one_size_are_raters_of_their_own():
    found = cluster_icc(np.ravel(RATINGS), np.repeat(range(6), 4))
    same(found, intraclass(RATINGS)["ICC(1,1)"])
    assert found["design_effect"] == pytest.approx(1 + 3 * found["icc"])


def test_clusters_of_several_sizes_within_arms():
    generator = np.random.default_rng(5)
    cluster = np.repeat(np.arange(40), generator.integers(1, 40, 40))
    arm = cluster % 2
    y = 2.0 * arm + generator.normal(0, 1, 40)[cluster] + generator.normal(0, 2, cluster.size)
    found = cluster_icc(y, cluster, arm)
    pure = [y[cluster == c] - y[arm == c % 2].mean() for c in range(40)]
    f = scipy.stats.f_oneway(*pure).statistic * 39 / 38  # one more degree of freedom goes to the arms
    assert (found["f"], found["df_1"], found["df_2"]) == (pytest.approx(f), 38, cluster.size - 40)
    frame = pd.DataFrame({"one": 1.0, "arm": arm})
    fit = MixedLM(y, frame, cluster).fit(reml=True)
    between, within = float(fit.cov_re.iloc[0, 0]), fit.scale
    assert found["icc"] == pytest.approx(between / (between + within), abs=0.03)
    assert found["ci_low"] < found["icc"] < found["ci_high"] < 1 and found["clusters"] == 40


@pytest.mark.parametrize("unit", [1e-12, 1e12])
def test_the_unit_of_the_outcome_plays_no_part(unit):
    y, cluster = np.ravel(RATINGS) * unit, np.repeat(range(6), 4)
    same(cluster_icc(y, cluster), cluster_icc(np.ravel(RATINGS), cluster))
    same(intraclass(np.array(RATINGS) * unit)["ICC(2,1)"], intraclass(RATINGS)["ICC(2,1)"])


@pytest.mark.parametrize("size", [21, 201, 2001])
@pytest.mark.parametrize(("offset", "rel"), [(1, 1e-12), (1e6, 1e-8), (1e12, 1e-3)])
def test_equal_leading_digits_take_nothing_away(size, offset, rel):
    """NIST StRD SmLs01 to SmLs09, certified F: as many as units of a cluster."""
    first = [0.4, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5, 0.3, 0.5]
    values = [offset + np.r_[x, np.tile([x - 0.1, x + 0.1], size // 2)] for x in first]
    found = cluster_icc(np.concatenate(values), np.repeat(range(9), size))
    agrees("intraclass correlation of clusters", "F", "NIST StRD SmLs01 to SmLs09", found["f"], float(size), rel=rel)


@pytest.mark.parametrize(
    ("values", "cluster", "words"),
    [
        ([1, 2, 3], ["a", "a", "a"], "1 clusters in 1 arms: two in one arm are needed"),
        ([1, 2, 3], ["a", "b", "c"], "no cluster has two units"),
        ([2, 2, 2, 2], ["a", "a", "b", "b"], "does not vary"),
        ([1, 1, 2, 2], ["a", "a", "b", "b"], "does not vary within clusters"),
        ([1, math.nan, 2, 2], ["a", "a", "b", "b"], "1 of 4 values are missing"),
    ],
)
def test_what_has_no_intraclass_correlation_is_refused(values, cluster, words):
    with pytest.raises(ValueError, match=words):
        cluster_icc(values, cluster)


def test_the_analysis_binds_occasions_raters_and_clusters(study):
    units = people(24)
    for i, facts in enumerate(units.values()):
        facts["sex", ""] = f"site {i // 4}"
    entries = {
        "occasions": ("icc", ["x"], [*AT], {"of": "visits", "forms": ["ICC(1,1)", "ICC(2,k)"]}),
        "raters": ("icc", ["age", "printed"], [], {"of": "parameters", "forms": ["ICC(3,1)"]}),
        "sites": ("icc", ["x"], ["end"], {"of": "clusters", "cluster": "sex"}),
        "answers": ("icc", ["r"], ["end"], {"of": "clusters", "cluster": "sex", "by_group": False}),
    }
    results = study(entries, units)
    table = [[f["x", visit] for visit in AT] for f in units.values()]
    level = "ICC(2,k): {visit:baseline}, {visit:end}"
    same(results.values(analysis="occasions", level=level), {**intraclass(table)["ICC(2,k)"], "n": 24, "missing": 0})
    table = [[f["age", ""], f["printed", ""]] for f in units.values()]
    same(results.values(analysis="raters", parameter="age & printed"), intraclass(table)["ICC(3,1)"])
    y, sites = [f["x", "end"] for f in units.values()], [f["sex", ""] for f in units.values()]
    arms = [f["arm", ""] for f in units.values()]
    same(results.values(analysis="sites"), cluster_icc(y, sites, arms))
    same(results.values(analysis="answers"), cluster_icc([f["r", "end"] for f in units.values()], sites))


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"of": "clusters"}, "cluster: goes with of: clusters"),
        ({"of": "visits", "cluster": "sex"}, "cluster: goes with of: clusters"),
        ({"of": "clusters", "cluster": "sex", "forms": ["ICC(1,1)"]}, "forms: are of visits and parameters"),
        ({"of": "parameters"}, "one parameter has no intraclass correlation; name two"),
        ({"of": "clusters", "cluster": "arm", "by_group": True}, "two in one arm are needed"),
    ],
)
def test_options_that_do_not_fit_are_refused(study, options, words):
    with pytest.raises(Fault, match=words):
        study({"a": ("icc", ["x"], ["end"], options)})


def test_ratings_without_error_or_spread_have_no_interval(study):
    units = people(24)
    for facts in units.values():
        facts["x", "baseline"] = facts["x", "end"]
    with pytest.raises(Fault, match="x: the ratings of each participant are all alike"):
        study({"a": ("icc", ["x"], [*AT], {"of": "visits"})}, units)
    for facts in units.values():
        facts["x", "baseline"] = facts["x", "end"] = 0.1 + 0.2
    with pytest.raises(Fault, match="x: the ratings do not vary"):
        study({"a": ("icc", ["x"], [*AT], {"of": "visits"})}, units)
