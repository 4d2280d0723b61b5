"""Sample size, Grubbs' note and censored thresholds: the numerics against others, and their binding to plans."""

import numpy
import pytest
from agreements import agrees
from omtrace.faults import Fault
from omtrace.statistics.assay.censored import fit_censored
from omtrace.statistics.basic.grubbs import grubbs
from omtrace.statistics.linear.design import design_of
from omtrace.statistics.mixed.lmm import fit
from omtrace.statistics.power.sample_size import next_batch
from omtrace.store import stored
from scipy.stats import t as student
from test_analyses import PARAMETERS, Results
from test_analysis_mixed_model import caged

PAIR = {"contrasts": [["OMT", "sham"]]}


@pytest.fixture(autouse=True)
def cage(monkeypatch):
    monkeypatch.setitem(PARAMETERS, "cage", ((), "", 1))


def test_power_and_size_agree_with_pwr():
    two = next_batch(0, 1, groups=2)
    # pwr.t.test(d = 0.5, power = 0.8)$n, of R's pwr 1.3-0
    agrees(
        "sample_size", "power of a two-sample t test", "R pwr 1.3-0", two.power(0.5, 63.7656104441418), 0.8, rel=1e-7
    )
    assert two.size(0.5, 0.8) == 64
    assert two.power(0.5, 64) >= 0.8 > two.power(0.5, 63)
    assert two.power(-0.5, 64) == two.power(0.5, 64)


def test_members_of_a_cage_and_blocks_count_as_they_should():
    cages = next_batch(4, 8, groups=3, members=2, blocks=2)
    assert cages.variance == 8 and cages.df(5) == 15 - 3 - 1
    assert numpy.isnan(cages.power(1, 1)) and cages.power(1e4, 3) == pytest.approx(1)
    assert cages.power(0, 5) == pytest.approx(0.05)


@pytest.mark.parametrize(
    ("difference", "arguments", "complaint"),
    [
        (0, (0, 1, 2), "no difference"),
        (1e-6, (0, 1, 2), "more than 10000"),
        (1, (-1, 1, 2), "at least 0"),
        (1, (0, 0, 2), "at least 0"),
        (1, (0, 1, 1), "two groups"),
    ],
)
def test_designs_that_cannot_be_are_refused(difference, arguments, complaint):
    with pytest.raises(ValueError, match=complaint):
        next_batch(*arguments).size(difference, 0.8)


def test_the_formula_is_what_simulation_finds():
    """Treatment by cage, three batches that hold all treatments: power of the contrast in the analysis of variance."""
    rng = numpy.random.default_rng(12)
    groups, cages, members, batches, runs = 3, 6, 2, 3, 20_000
    batch = numpy.tile(numpy.arange(batches), cages // batches)
    shape = (runs, groups, cages)
    y = rng.normal(size=(runs, batches))[:, None, batch] * 2 + rng.normal(size=shape) * 1.5
    y += rng.normal(size=(*shape, members)).mean(axis=3) * 2
    y[:, 1] += 2.5
    batch_means = numpy.stack([y[:, :, batch == b].mean(axis=(1, 2)) for b in range(batches)], axis=1)[:, None, batch]
    residual = y - y.mean(axis=2, keepdims=True) - batch_means + y.mean(axis=(1, 2))[:, None, None]
    design = next_batch(1.5**2, 2**2, groups, members, batches)
    df = design.df(cages)
    error = (residual**2).sum(axis=(1, 2)) / df
    assert error.mean() == pytest.approx(design.variance, rel=0.02)
    t = (y[:, 1].mean(axis=1) - y[:, 0].mean(axis=1)) / numpy.sqrt(2 * error / cages)
    found = (numpy.abs(t) > student.ppf(0.975, df)).mean()
    assert found == pytest.approx(design.power(2.5, cages), abs=4 * numpy.sqrt(0.25 / runs))


def test_sample_size_takes_the_components_of_the_model(tmp_path):
    units = caged(by_cage=True)
    options = {
        "terms": ["arm"],
        "random": ["cage"],
        "effects": [4, 8],
        "groups": 2,
        "allocated": "cage",
        "members": 4,
        "sizes": [1, 4, 8],
    }
    results = Results(tmp_path, units, {"a": ("sample_size", ["x"], ["end"], options)})
    arms, cages = ([facts[name, ""] for facts in units.values()] for name in ("arm", "cage"))
    design = design_of({"arm": arms}, ["arm"], {"arm": ("sham", "OMT")})
    model = fit([facts["x", "end"] for facts in units.values()], design.matrix, {"cage": cages})
    expected = next_batch(model.components["cage"], model.components["residual"], 2, 4)
    found = results.values(level="difference 4: needed")
    size = expected.size(4, 0.8)
    assert found == pytest.approx(
        {"per_group": size, "units_in_all": 8 * size, "power": expected.power(4, size), "df": 2 * size - 2}
    )
    assert results.values(level="difference 8: 4 a group")["power"] == pytest.approx(expected.power(8, 4))
    assert not [n for n in results.numbers if "1 a group" in n["level"]]  # no degrees of freedom
    shared = {**options, "allocated": "unit", "members": 1, "blocks": {"cage": 8}}
    within = Results(tmp_path / "2", caged(), {"a": ("sample_size", ["x"], ["end"], shared)})
    assert within.values(level="difference 4: needed")["per_group"] < size


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ({"allocated": "cagge"}, "'cagge' is no random effect of the model; did you mean 'cage'?"),
        ({"blocks": {"batch": 2}}, "'batch' is no random effect"),
        ({"allocated": "cage", "blocks": {"cage": 2}}, "a block holds all treatments"),
        ({"members": 2}, "members are counted"),
        ({"effects": [0]}, "no difference"),
        ({"effects": [-1], "log": True}, "a ratio is above 0"),
    ],
)
def test_next_batches_that_cannot_be_are_refused(tmp_path, options, complaint):
    told = {"terms": ["arm"], "random": ["cage"], "effects": [4], "groups": 2, **options}
    with pytest.raises(Fault) as fault:
        Results(tmp_path, caged(), {"a": ("sample_size", ["x"], ["end"], told)})
    assert complaint in str(fault.value)


def test_grubbs_agrees_with_outliers():
    found = grubbs([2.1, 2.3, 1.9, 2.2, 2.0, 2.4, 3.4, 2.1])
    source = "R outliers 0.15 grubbs.test(two.sided = TRUE)"
    agrees(
        "grubbs",
        "G, p",
        source,
        [found["grubbs_g"], found["grubbs_p"]],
        [2.33012600077489, 0.00382787989989097],
        rel=1e-9,
    )
    assert numpy.isnan(list(grubbs([1, 2]).values())).all() and numpy.isnan(grubbs([1, 1, 1])["grubbs_g"])
    assert numpy.isnan(grubbs([1, 1, 1, 2])["grubbs_p"])  # nothing says how far values scatter
    assert grubbs([1.0, 2.0, 3.0])["grubbs_p"] == 1


def test_grubbs_is_a_note_and_leaves_nobody_out(tmp_path):
    units = caged()
    units["P00"]["x", "end"] = 500
    entries = {"a": ("grubbs", ["x"], ["end"], {}), "b": ("grubbs", ["x"], ["end"], {"by_group": False, "log": True})}
    results = Results(tmp_path, units, entries)
    arm = units["P00"]["arm", ""]
    values = [facts["x", "end"] for facts in units.values() if facts["arm", ""] == arm]
    assert results.values(analysis="a", group=arm) == pytest.approx({"n": 16, **grubbs(values)}, rel=1e-8)
    assert results.values(analysis="b", group="all")["n"] == 32
    assert all(found == {""} for n in results.numbers for found in results.reasons(n).values())


def test_thresholds_at_the_ends_are_censored(tmp_path):
    units = caged()
    for i, facts in enumerate(units.values()):
        facts["x", "end"] = min(15.14, max(0.41, round(2.0 ** (i % 7 - 1 + (facts["arm", ""] == "OMT")), 2)))
    units["P03"]["sex", ""] = "!not collected"
    options = {**PAIR, "low": 0.5, "high": 15.14, "log": True, "factors": ["sex"]}
    results = Results(tmp_path, units, {"a": ("censored_ends", ["x"], ["end"], options)})
    used = [facts for unit, facts in units.items() if unit != "P03"]
    y = numpy.array([facts["x", "end"] for facts in used])
    omt, m = ([float(facts[name, ""] == value) for facts in used] for name, value in (("arm", "OMT"), ("sex", "m")))
    state = numpy.where(y <= 0.5, -1, numpy.where(y >= 15.14, 1, 0))
    fitted = fit_censored(numpy.log(y), state, numpy.column_stack([numpy.ones(31), omt, m]))
    expected = fitted.combination([0, 1, 0])
    found = results.values(group="OMT - sham", level="log scale")
    assert found["difference"] == pytest.approx(expected["estimate"], rel=1e-8)
    assert found["p"] == pytest.approx(expected["p"], rel=1e-6)
    assert found["ratio_high"] == pytest.approx(stored(numpy.exp(expected["ci_high"])), rel=1e-8)
    for arm in ("sham", "OMT"):
        counted = results.values(group=arm)
        mine = [s for s, facts in zip(state, used, strict=True) if facts["arm", ""] == arm]
        assert counted == {"n": len(mine), "at_low_end": mine.count(-1), "at_high_end": mine.count(1)}
    [number] = [n for n in results.numbers if n["statistic"] == "difference"]
    assert results.reasons(number)["P03"] == {"sex not collected"}


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (PAIR, "low or high is needed"),
        ({**PAIR, "low": 3, "high": 2}, "low is not below high"),
        ({**PAIR, "high": 1}, "only 0 values seen"),
        ({"contrasts": [["omt", "sham"]], "high": 1}, "no group 'omt'"),
    ],
)
def test_censored_endss_that_cannot_be_are_refused(tmp_path, options, complaint):
    with pytest.raises(Fault) as fault:
        Results(tmp_path, caged(), {"a": ("censored_ends", ["x"], ["end"], options)})
    assert complaint in str(fault.value)


def test_values_at_the_ends_are_moved_in_a_sensitivity_analysis(tmp_path):
    units = caged()
    for i, facts in enumerate(units.values()):
        facts["x", "end"] = [2.0, 4.0, 8.0][i % 3]
    model = {"terms": ["arm"], "random": ["cage"], "contrasts": [{"of": "arm", "pair": ["OMT", "sham"]}]}
    moved = {**model, "ends": {"low": 2, "high": 8, "factor": 2}}
    results = Results(tmp_path, units, {"a": ("mixed_model", ["x"], ["end"], moved)})
    for facts in units.values():
        facts["x", "end"] = {2.0: 1.0, 4.0: 4.0, 8.0: 16.0}[facts["x", "end"]]
    by_hand = Results(tmp_path / "2", units, {"a": ("mixed_model", ["x"], ["end"], model)})
    assert results.values(group="OMT - sham") == by_hand.values(group="OMT - sham")
