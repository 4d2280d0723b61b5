"""Multiplicity against R's p.adjust, published graphs, and closed tests by enumeration."""

import json
from fractions import Fraction
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics import multiplicity

R = json.loads((Path(__file__).parents[1] / "reference/multiplicity_r.json").read_text(encoding="utf-8"))
ADJUSTMENTS = ("bonferroni", "holm", "hochberg", "hommel", "benjamini_hochberg", "benjamini_yekutieli")


@pytest.fixture(scope="module", autouse=True)
def no_collection_of_garbage():
    """statsmodels collects the garbage of the process at each Holm adjustment, which takes longer than all else."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("gc.collect", lambda *_: 0)
        yield


P_VALUES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def share(value):
    return float(Fraction(value))


def graph(name):
    entry = R[name]
    return entry["p"], [share(w) for w in entry["weights"]], [[share(g) for g in row] for row in entry["transitions"]]


def uniform(n):
    passed = (np.ones((n, n)) - np.eye(n)) / max(n - 1, 1)
    return [1 / n] * n, passed


@pytest.mark.parametrize("name", ADJUSTMENTS)
def test_adjusted_p_values_are_those_of_r(name):
    agrees(
        f"multiplicity, {name}",
        "adjusted p",
        "R 4.2.2 p.adjust",
        multiplicity.adjusted(R["p"], name),
        R[name],
        rel=1e-12,
    )


@pytest.mark.parametrize("name", ["gmcp_holm_3", "gmcp_holm_5"])
def test_the_uniform_graph_gives_what_gmcp_prints(name):
    found = multiplicity.graphical(R[name]["p"], *uniform(len(R[name]["p"])))
    agrees("multiplicity, graphical", "adjusted p", "gMCP 0.8 (R), printed", found, R[name]["adjusted"], rel=1e-12)


def test_published_graphs():
    p, *of = graph("shortcut_parallel")
    agrees(
        "multiplicity, graphical",
        "adjusted p",
        "graphicalMCP 0.2 (R), printed",
        multiplicity.graphical(p, *of),
        R["shortcut_parallel"]["adjusted"],
        rel=1e-12,
    )
    sources = {"bretz_2011": "Bretz 2011, doi:10.1002/sim.3988, by gMCP", "shortcut_edge": "graphicalMCP 0.2 (R)"}
    for name, source in sources.items():
        p, *of = graph(name)
        done = multiplicity.rejected(multiplicity.graphical(p, *of), R[name]["alpha"])
        agrees("multiplicity, graphical", "rejected", source, done, R[name]["rejected"], abs=1e-9)
    chosen(
        "multiplicity",
        "An adjusted p within 1e-12 of alpha counts as equal to it, and is rejected, as in graphicalMCP.",
    )


def test_what_a_rejected_hypothesis_passes_on_is_as_published():
    _, w, g = graph("bretz_2011")
    w, g, left = np.array(w), np.array(g), [0, 1, 2, 3, 4, 5]
    for j in (2, 5, 1):
        left.remove(j)
        w, g = multiplicity._weights_without(w, g, j, left), multiplicity._transitions_without(g, j, left)
    expected = np.zeros((6, 6))
    for edge, value in R["bretz_2011"]["left"].items():
        expected[tuple(map(int, edge.split(">")))] = value
    agrees("multiplicity, graphical", "transitions left", "gMCP 0.8 (R)", g, expected, abs=1e-14)


def weighted_closure(p, weights, transitions):
    """The closed test by enumeration: the weights of a set come from taking the others out one by one."""
    n = len(p)
    largest = np.zeros(n)
    for size in range(1, n + 1):
        for kept in combinations(range(n), size):
            w, g, left = np.array(weights, float), np.array(transitions, float), list(range(n))
            for j in [i for i in range(n) if i not in kept]:
                left.remove(j)
                w, g = multiplicity._weights_without(w, g, j, left), multiplicity._transitions_without(g, j, left)
            of_set = min((p[i] / w[i] for i in kept if w[i] > 0), default=1.0)
            for i in kept:
                largest[i] = max(largest[i], min(of_set, 1))
    return largest


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_a_graph_is_its_closed_test(data):
    n = data.draw(st.integers(1, 4))
    parts = st.lists(st.integers(0, 5), min_size=n, max_size=n)
    p = data.draw(st.lists(st.floats(1e-6, 1), min_size=n, max_size=n))
    weights = np.array(data.draw(parts.filter(any)), float)
    rows = [[k * (i != j) for j, k in enumerate(data.draw(parts))] for i in range(n)]
    transitions = [np.array(row, float) / max(sum(row), 1) for row in rows]
    found = multiplicity.graphical(p, weights / weights.sum(), transitions)
    np.testing.assert_allclose(found, weighted_closure(p, weights / weights.sum(), transitions), rtol=1e-9)


@given(P_VALUES)
def test_the_uniform_graph_is_holm(p):
    np.testing.assert_allclose(
        multiplicity.graphical(p, *uniform(len(p))), multiplicity.adjusted(p, "holm"), rtol=1e-12
    )


@given(P_VALUES)
def test_a_chain_is_a_fixed_sequence(p):
    chain = np.eye(len(p), k=1)
    weights = [1.0] + [0.0] * (len(p) - 1)
    np.testing.assert_allclose(multiplicity.graphical(p, weights, chain), multiplicity.fixed_sequence(p), rtol=1e-12)


@given(P_VALUES)
def test_hommel_is_the_closed_simes_test(p):
    values = np.zeros(len(p))
    for size in range(1, len(p) + 1):
        for kept in combinations(range(len(p)), size):
            simes = min(size * v / k for k, v in enumerate(sorted(p[i] for i in kept), 1))
            values[list(kept)] = np.maximum(values[list(kept)], min(simes, 1))
    np.testing.assert_allclose(multiplicity.adjusted(p, "hommel"), values, rtol=1e-12)


@given(P_VALUES)
def test_order_and_power_of_the_procedures(p):
    adjusted = {name: multiplicity.adjusted(p, name) for name in ADJUSTMENTS}
    for better, worse in (("holm", "bonferroni"), ("hochberg", "holm"), ("hommel", "hochberg")):
        assert (adjusted[better] <= adjusted[worse] + 1e-12).all()
    assert all(((values >= np.array(p) - 1e-12) & (values <= 1)).all() for values in adjusted.values())


@pytest.mark.parametrize("p", [[], [0.5, float("nan")], [1.1], [-0.1]])
def test_what_is_no_p_value_is_refused(p):
    with pytest.raises(ValueError, match="p values between 0 and 1"):
        multiplicity.adjusted(p, "holm")


@pytest.mark.parametrize(
    "weights, transitions",
    [
        ([0.7, 0.7], [[0, 1], [1, 0]]),
        ([0.5, 0.5], [[0, 1.2], [1, 0]]),
        ([0.5, 0.5], [[0.5, 0.5], [1, 0]]),
        ([-0.5, 0.5], [[0, 1], [1, 0]]),
        ([1.0], [[0, 1], [1, 0]]),
    ],
)
def test_what_is_no_graph_is_refused(weights, transitions):
    with pytest.raises(ValueError, match="weights"):
        multiplicity.graphical([0.1, 0.2], weights, transitions)
