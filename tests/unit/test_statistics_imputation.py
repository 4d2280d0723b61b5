"""Imputation against R (rbmi, mice), dense algebra, cases with a known answer, and what must not matter."""

import doctest
import json
import math
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import scipy.stats
from agreements import agrees, chosen
from hypothesis import given, settings
from hypothesis import strategies as st
from omtrace.statistics.missing import impute, trial_imputation
from omtrace.statistics.missing.imputation import STRATEGIES, Imputer, covariance_of, mean_of, trial_of
from omtrace.statistics.missing.imputed_analysis import LeastSquares, jackknife, rubin
from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, Draws, bootstrap_counts, tipping_point
from omtrace.statistics.missing.posterior import Observed, Parameters, posterior
from omtrace.statistics.mixed.mmrm_fit import fit_mmrm

REFERENCE = Path(__file__).parents[1] / "reference"
R = json.loads((REFERENCE / "longitudinal_r.json").read_text())
RBMI = "rbmi 1.5.2 on mmrm 0.3.18, trial3"
NAMES = {"MAR": "MAR", "J2R": "JR", "CIR": "CIR", "CR": "CR", "LMCF": "LMCF"}
chosen(
    "imputation",
    "Rubin's rules over draws from the posterior (prior as in rbmi's method_bayes) stand beside conditional means with "
    "the jackknife (rbmi's method_condmean); a claim takes the first. Under strategies by reference the jackknife's "
    "errors, those of repeated trials, are smaller: values borrowed from the reference make the arms more alike. "
    "Rubin's keep the share of information lost that MAR has. Each result says which it is.",
)
chosen(
    "imputation",
    "A value missing before drop-out is imputed at random under every strategy; drop-out begins after the last visit "
    "that was attended.",
)
CONTRASTS = np.array([[-1.0, 1, 0, 0], [-1, 0, 1, 0]])  # B - A, C - A, and the slope of the baseline


def wide():
    """The trial with a row a unit: y at three visits, arm, baseline, and the first visit after drop-out."""
    long = pd.read_csv(REFERENCE / "trial3.csv")
    frame = long.pivot(index="id", columns="visit", values="y").join(
        long.drop_duplicates("id").set_index("id")[["arm", "base"]]
    )
    seen = frame[[1, 2, 3]].notna().to_numpy()
    return frame.assign(left=np.where(seen.any(axis=1), 3 - seen[:, ::-1].argmax(axis=1), 0))


def trial(frame=None, **change):
    frame = wide() if frame is None else frame
    given = {"groups": ["A", "B", "C"], "reference": "A", "by_visit": ["base"], **change}
    return trial_of(frame, [1, 2, 3], "arm", left=frame["left"], **given)


@pytest.fixture(scope="module")
def imputer():
    return Imputer(trial(), ["us"])


@pytest.fixture(scope="module")
def means(imputer):
    return ConditionalMeans(imputer, CONTRASTS)


# against other programs


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_conditional_means_with_jackknife_agree_with_rbmi(means, strategy):
    compared, expected = means.compare(strategy, 2), R["rbmi"]["pooled"][NAMES[strategy]]
    found = np.array([[compared.numbers(i)[name] for name in ("estimate", "se", "p")] for i in (0, 1)])
    theirs = np.array([expected[arm] for arm in "BC"])
    method = f"imputation, {strategy}, conditional mean and jackknife"
    agrees(method, "difference", RBMI, found[:, 0], theirs[:, 0], abs=2e-5)
    # rbmi fits with mmrm's default stopping rule; refits without each unit give our number (see below)
    agrees(method, "SE", RBMI, found[:, 1], theirs[:, 1], abs=5e-5 if strategy == "CR" else 2e-5)
    agrees(method, "p", RBMI, found[:, 2], theirs[:, 2], abs=2e-5)


def test_delta_agrees_with_rbmi(means):
    compared = means.compare("J2R", 2)
    for delta in (1, 2, 3, 5, 8):
        expected = R["rbmi"]["pooled"][f"JR_delta{delta}"]
        for which, arm in enumerate("BC"):
            found = compared.numbers(which, [0, delta, delta])
            agrees(
                "imputation, J2R with delta",
                "difference, SE",
                RBMI,
                [found["estimate"], found["se"]],
                expected[arm][:2],
                abs=2e-5,
            )


def test_completed_values_agree_with_rbmi(imputer):
    frame = wide()
    assert int((frame["left"] < 3).sum()) == R["rbmi"]["n_ice"]
    found = imputer.completed("J2R", imputer.replicates(np.ones((1, len(frame)))))[0]
    agrees(
        "imputation, J2R, conditional mean and jackknife",
        "imputed values",
        RBMI,
        found.ravel(),
        R["rbmi"]["jr_completed"],
        abs=2e-4,
    )


def test_rubins_rules_agree_with_mice():
    for name, df in (("small", 45), ("large", math.inf)):
        expected, source = R["rubin"][name], "mice 3.15.0 pool.scalar"
        found = rubin([2.1, 2.5, 1.9, 2.4, 2.2], [0.30, 0.35, 0.28, 0.33, 0.31], df)
        agrees("Rubin's rules", "df (Barnard and Rubin)", source, found["df"], expected["df"], rel=1e-12)
        agrees("Rubin's rules", "fraction of missing information", source, found["fmi"], expected["fmi"], rel=1e-12)
    small = R["rubin"]["small"]
    found = rubin([2.1, 2.5, 1.9, 2.4, 2.2], [0.30, 0.35, 0.28, 0.33, 0.31], 45)
    agrees(
        "Rubin's rules",
        "estimate, variance",
        "mice 3.15.0 pool.scalar",
        [found["estimate"], found["se"] ** 2],
        [small["qbar"], small["t"]],
        rel=1e-12,
    )


# against refits and dense algebra


def test_jackknife_is_that_of_refits_without_each_unit():
    """Each unit left out in turn, the model fitted anew to the rest, imputed unit by unit, and analysed by lstsq."""
    frame = wide().iloc[::3]
    compared = ConditionalMeans(Imputer(trial(frame), ["us"]), CONTRASTS).compare("CR", 2)

    def design(rows, arm):
        cells = [(arm == a) & (rows["visit"] == v) for v in (1, 2, 3) for a in "ABC"]
        slopes = [rows["base"] * (rows["visit"] == v) for v in (1, 2, 3)]
        return np.column_stack([one.to_numpy(float) for one in (*cells, *slopes)])

    def refitted(part):
        long = part.reset_index().melt(["id", "arm", "base", "left"], [1, 2, 3], "visit", "y")
        seen = long[long["y"].notna()]
        model = fit_mmrm(seen["y"], design(seen, seen["arm"]), seen["id"], seen["visit"], [1, 2, 3], ["us"])
        last = []
        for _, row in part.iterrows():
            rows = pd.DataFrame({"base": row["base"], "visit": [1, 2, 3]})
            arm = pd.Series(["A" if row["left"] < 3 else row["arm"]] * 3)
            y, mean, v = row[[1, 2, 3]].to_numpy(float), design(rows, arm) @ model.coefficients, model.covariances[0]
            there = np.isfinite(y)
            gap = np.linalg.solve(v[np.ix_(there, there)], y[there] - mean[there])
            last.append(y[2] if there[2] else mean[2] + v[2, there] @ gap)
        x = np.column_stack([np.ones(len(part)), part["arm"] == "B", part["arm"] == "C", part["base"]]).astype(float)
        return np.linalg.lstsq(x, np.array(last), rcond=None)[0][1:3]

    assert compared.estimates == pytest.approx(refitted(frame), rel=1e-9)
    some = list(range(0, len(frame), 12))
    expected = np.array([refitted(frame.drop(frame.index[i])) for i in some])
    assert compared.without[some] == pytest.approx(expected, rel=1e-8)


def test_draws_have_the_conditional_distribution_and_rubins_rules_of_least_squares(imputer):
    generator = np.random.default_rng(8)
    units = len(imputer.trial.group)
    fit = imputer.replicates(np.ones((1, units)))
    many = Parameters(np.repeat(fit.coefficients, 4000, axis=0), np.repeat(fit.covariances, 4000, axis=0))
    noise = generator.standard_normal((4000, units, 3))
    drawn = imputer.completed("J2R", many, noise)
    mean = imputer.completed("J2R", fit)[0]
    seen = imputer.trial.seen
    assert (drawn[:, seen] == imputer.trial.values[seen]).all()
    one = int(np.flatnonzero((imputer.trial.left == 1) & (imputer.trial.group == 2))[0])
    v = fit.covariances[0, 0]
    spread = v[1:, 1:] - np.outer(v[1:, 0], v[0, 1:]) / v[0, 0]
    assert np.cov(drawn[:, one, 1:].T) == pytest.approx(spread, rel=0.1)
    error = np.sqrt(np.diag(spread) / 4000)
    assert (np.abs(drawn[:, one, 1:].mean(axis=0) - mean[one, 1:]) < 4 * error).all()


def test_rubins_numbers_are_those_of_each_imputation_analysed_by_itself(imputer):
    draws = Draws.bootstrap(imputer, CONTRASTS, 12, np.random.default_rng(3))
    delta = np.array([0.0, 2, -1])
    compared = draws.compare("CIR", 2)
    values = imputer.completed("CIR", draws.fit, draws.noise)[:, :, 2]
    values = values + np.where(imputer.trial.seen[:, 2], 0, delta[imputer.trial.group])
    x = imputer.trial.terms()
    beta = np.linalg.lstsq(x, values.T, rcond=None)[0]
    squares = ((values.T - x @ beta) ** 2).sum(axis=0) / (141 - 4)
    variance = squares * (CONTRASTS[1] @ np.linalg.inv(x.T @ x) @ CONTRASTS[1])
    expected = rubin(CONTRASTS[1] @ beta, variance, 137)
    assert compared.numbers(1, delta) == pytest.approx(expected, rel=1e-9)


def test_bootstrap_counts_keep_the_size_of_every_group_and_the_seed(imputer):
    draws = Draws.bootstrap(imputer, CONTRASTS, 5, np.random.default_rng(3))
    counts = bootstrap_counts(imputer.trial.group, 5, np.random.default_rng(3))
    for group in range(3):
        mine = imputer.trial.group == group
        assert (counts[:, mine].sum(axis=1) == mine.sum()).all()
    again = Draws.bootstrap(imputer, CONTRASTS, 5, np.random.default_rng(3))
    other = Draws.bootstrap(imputer, CONTRASTS, 5, np.random.default_rng(4))
    numbers = [one.compare("MAR", 2).numbers(0) for one in (draws, again, other)]
    assert numbers[0] == numbers[1] != numbers[2]


def test_replicates_are_fits_of_repeated_units(imputer):
    frame, generator = wide(), np.random.default_rng(6)
    counts = generator.multinomial(141, np.full(141, 1 / 141), 2).astype(float)
    found = imputer.replicates(counts)
    for one in range(2):
        repeated = frame.iloc[np.repeat(np.arange(141), counts[one].astype(int))].reset_index(drop=True)
        alone = Imputer(trial(repeated), ["us"])
        # coefficients are about another mean of the baseline: compared are the covariances
        assert found.covariances[one] == pytest.approx(alone.model.covariances, rel=1e-7)


# the posterior, Rubin's rules beside the jackknife, and arms imputed alone


def made_up(n, t, seed=2):
    generator = np.random.default_rng(seed)
    root = np.tril(generator.normal(size=(t, t))) + 2 * np.eye(t)
    x = np.column_stack([np.ones(n), generator.normal(size=n)])
    y = x @ generator.normal(size=(2, t)) + generator.normal(size=(n, t)) @ root.T
    design = np.einsum("nm,tu->ntum", x, np.eye(t)).reshape(n, t, 2 * t)
    return x, y, design


def test_draws_of_complete_data_have_the_moments_of_the_posterior():
    """Sigma is inverse Wishart with t + 2 + n - c df and scale prior + S; coefficients are least squares +- Sigma x."""
    x, y, design = made_up(30, 3)
    ls = np.linalg.lstsq(x, y, rcond=None)[0]
    residual = y - x @ ls
    prior = np.diag([2.0, 3, 1]) + 0.5
    data = Observed(y, design, np.zeros(30, dtype=int))
    draws = posterior(data, ls.T.ravel(), prior[None], 20_000, np.random.default_rng(5))
    beta, sigma = draws.coefficients, draws.covariances
    df = 3 + 2 + 30 - 2
    mean = (prior + residual.T @ residual) / (df - 3 - 1)
    assert sigma[:, 0].mean(axis=0) == pytest.approx(mean, rel=0.02, abs=0.02)
    diagonal = np.diag(prior + residual.T @ residual)
    variance = 2 * diagonal**2 / ((df - 3 - 1) ** 2 * (df - 3 - 3))
    assert sigma[:, 0, range(3), range(3)].var(axis=0) == pytest.approx(variance, rel=0.1)
    spread = np.kron(mean, np.linalg.inv(x.T @ x))
    assert np.cov(beta.T) == pytest.approx(spread, abs=0.05 * spread.max())
    assert (np.abs(beta.mean(axis=0) - ls.T.ravel()) < 5 * np.sqrt(np.diag(spread) / 20_000)).all()


def test_draws_of_monotone_data_have_the_moments_of_their_factors():
    """The variance at the first visit knows all units; the regression of the second on it those with both."""
    x, y, design = made_up(60, 2, seed=7)
    stayed = np.arange(60) < 35
    values = np.where(np.column_stack([np.ones(60, dtype=bool), stayed]), y, np.nan)
    prior = np.array([[4.0, 1], [1, 3]])
    start = np.linalg.lstsq(x, y, rcond=None)[0].T.ravel()
    data = Observed(values, design, np.zeros(60, dtype=int))
    sigma = posterior(data, start, prior[None], 20_000, np.random.default_rng(6)).covariances
    first = y[:, 0] - x @ np.linalg.lstsq(x, y[:, 0], rcond=None)[0]
    mean = (prior[0, 0] + first @ first) / (4 - 1 + 60 - 2 - 2)
    assert sigma[:, 0, 0, 0].mean() == pytest.approx(mean, rel=0.01)
    both = y[stayed] - x[stayed] @ np.linalg.lstsq(x[stayed], y[stayed], rcond=None)[0]
    cross = prior + both.T @ both
    slope = sigma[:, 0, 0, 1] / sigma[:, 0, 0, 0]
    assert slope.mean() == pytest.approx(cross[0, 1] / cross[0, 0], abs=0.02)
    rest = sigma[:, 0, 1, 1] - slope * sigma[:, 0, 0, 1]
    scale = cross[1, 1] - cross[0, 1] ** 2 / cross[0, 0]
    assert rest.mean() == pytest.approx(scale / (4 + 35 - 2 - 2), rel=0.02)


def test_covariances_by_group_are_drawn_each_from_its_own_units(imputer):
    one, each = imputer, Imputer(trial(), ["us"], is_by_group=True)
    drawn = [model.posterior(2000, np.random.default_rng(1)).covariances for model in (one, each)]
    assert drawn[0].shape == (2000, 1, 3, 3) and drawn[1].shape == (2000, 3, 3, 3)
    assert drawn[1].mean(axis=0) == pytest.approx(each.model.covariances, rel=0.25)
    assert (np.linalg.eigvalsh(drawn[1]) > 0).all()


def test_rubins_errors_by_reference_are_larger_than_the_jackknifes_and_both_stand_in_the_result():
    frame = pd.read_csv(REFERENCE / "trial3.csv")
    result = impute(frame, "y", "id", "visit", "arm", "base", approaches=("posterior", "bootstrap", "conditional_mean"))
    table = result.differences().set_index(["strategy", "arm", "errors"])
    for arm in "BC":
        rubin_, bootstrap, jackknife_ = (
            {s: table.loc[s, arm, errors] for s in ("MAR", "J2R")}
            for errors in ("Rubin's rules", "Rubin's rules, bootstrap", "jackknife")
        )
        assert rubin_["J2R"]["se"] > 1.2 * jackknife_["J2R"]["se"]
        assert rubin_["J2R"]["se"] == pytest.approx(rubin_["MAR"]["se"], rel=0.05)  # the information lost is MAR's
        assert rubin_["MAR"]["se"] == pytest.approx(jackknife_["MAR"]["se"], rel=0.05)
        for strategy in ("MAR", "J2R"):
            chance = 4 * rubin_[strategy]["se"] * math.sqrt(0.3 / 1000)  # of the means of 1,000 draws
            for other in (bootstrap, jackknife_):
                assert rubin_[strategy]["difference"] == pytest.approx(other[strategy]["difference"], abs=2 * chance)
            assert bootstrap[strategy]["se"] == pytest.approx(rubin_[strategy]["se"], rel=0.05)
    # the conclusion on B by jump to reference rests on which of them is taken
    assert table.loc["J2R", "B", "Rubin's rules"]["p"] > 0.04 > 0.02 > table.loc["J2R", "B", "jackknife"]["p"]


def test_covariances_and_slopes_by_arm_impute_each_arm_by_itself():
    frame = wide()
    given = trial(frame, by_group=True)
    together = Imputer(given, ["us"], is_by_group=True)
    completed = together.completed("MAR", together.replicates(np.ones((1, 141))))[0]
    for arm in "ABC":
        mine = (frame["arm"] == arm).to_numpy()
        pair = frame[mine | (frame["arm"] == ("B" if arm == "A" else "A"))]
        alone = Imputer(
            trial_of(pair, [1, 2, 3], "arm", sorted(set(pair["arm"])), arm, pair["left"], ["base"], by_group=True),
            ["us"],
            is_by_group=True,
        )
        own = alone.completed("MAR", alone.replicates(np.ones((1, len(pair)))))[0]
        assert completed[mine] == pytest.approx(own[(pair["arm"] == arm).to_numpy()], rel=1e-7)
        # and with no other arm at all: the regression of each visit on baseline and earlier visits of the arm
        long = frame[mine].reset_index().melt(["id", "base"], [1, 2, 3], "visit", "y").dropna()
        x = np.column_stack([f * (long["visit"] == v) for v in (1, 2, 3) for f in (1.0, long["base"])])
        single = fit_mmrm(long["y"], x, long["id"], long["visit"], [1, 2, 3], ["us"])
        assert together.model.covariances["ABC".index(arm)] == pytest.approx(single.covariances[0], rel=1e-7)


def test_impute_takes_long_data_whose_order_and_absent_rows_do_not_matter():
    frame = pd.read_csv(REFERENCE / "trial3.csv")
    plain = impute(frame, "y", "id", "visit", "arm", "base", approaches=["conditional_mean"])
    absent = frame[frame["y"].notna()].sample(frac=1, random_state=2)
    other = impute(absent, "y", "id", "visit", "arm", "base", approaches=["conditional_mean"])
    assert other.differences().select_dtypes("number").to_numpy() == pytest.approx(
        plain.differences().select_dtypes("number").to_numpy(), rel=1e-7
    )
    last = frame.assign(last=3)  # who attended the last visit did not drop out: all strategies are missing at random
    mar = impute(last, "y", "id", "visit", "arm", "base", last_visit="last", approaches=["conditional_mean"])
    table = mar.differences()
    assert table["difference"][table["strategy"] == "MAR"].tolist() == table["difference"][2:].tolist()
    shifted = plain.differences(delta={"B": 5.0}).set_index(["strategy", "arm"])["difference"]
    expected = R["rbmi"]["pooled"]["JR_delta5"]["B"][0]
    assert shifted["J2R", "B"] == pytest.approx(expected, abs=5)  # there both arms are shifted
    assert shifted["J2R", "B"] > plain.differences().set_index(["strategy", "arm"])["difference"]["J2R", "B"]


def test_impute_refuses_in_words():
    frame = pd.read_csv(REFERENCE / "trial3.csv")
    for change, options, complaint in (
        ({}, {"strategies": ["BOCF"]}, "'BOCF' is no strategy; there are MAR"),
        ({}, {"approaches": ["bayesian"]}, "'bayesian' is no approach; there are posterior, bootstrap"),
        ({"visit": 1}, {}, "282 rows name a unit and visit that another row names"),
        ({"base": np.nan}, {}, "base: 423 of 423 values are missing"),
        ({"last": 1}, {"last_visit": "last"}, "a unit has a value after it dropped out"),
        (
            {"y": frame["y"].where((frame["id"] != 7) | (frame["visit"] != 2), 1e10)},
            {},
            r"the value of unit 7 at 2 is far from all others",
        ),
        ({"y": frame["y"].where(frame["visit"] != 2)}, {}, "no unit has a value at 2: leave it out of the visits"),
    ):
        with pytest.raises(ValueError, match=complaint):
            impute(frame.assign(**change), "y", "id", "visit", "arm", "base", **options)


def test_examples_of_the_documentation_run():
    failed, tried = doctest.testmod(trial_imputation)
    assert tried > 0 and failed == 0


# cases with a known answer


def test_nothing_missing_is_least_squares_and_its_jackknife():
    frame = wide()
    frame = frame[frame[[1, 2, 3]].notna().all(axis=1)]
    means = ConditionalMeans(Imputer(trial(frame), ["us"]), CONTRASTS)
    x = np.column_stack([np.ones(len(frame)), frame["arm"] == "B", frame["arm"] == "C", frame["base"]]).astype(float)
    for strategy in STRATEGIES:
        compared = means.compare(strategy, 1)
        assert compared.estimates == pytest.approx(np.linalg.lstsq(x, frame[2], rcond=None)[0][1:3], rel=1e-9)
        without = [
            np.linalg.lstsq(np.delete(x, i, 0), np.delete(frame[2].to_numpy(), i), rcond=None)[0][1:3]
            for i in range(len(frame))
        ]
        assert compared.without == pytest.approx(np.array(without), rel=1e-8)
    rules = (
        Draws.bootstrap(Imputer(trial(frame), ["us"]), CONTRASTS, 3, np.random.default_rng(1))
        .compare("J2R", 1)
        .numbers(0)
    )
    assert (rules["fmi"], rules["between"], rules["df"]) == (0, pytest.approx(0, abs=1e-20), len(frame) - 4)


def test_jackknife_of_a_mean_is_its_standard_error():
    y = np.random.default_rng(1).normal(size=15)
    found = jackknife(float(y.mean()), (y.sum() - y) / 14, 0.9)
    assert found["se"] == pytest.approx(y.std(ddof=1) / math.sqrt(15), rel=1e-12)
    interval = scipy.stats.norm.interval(0.9, found["estimate"], found["se"])
    assert [found["ci_low"], found["ci_high"]] == pytest.approx(interval, rel=1e-12)
    assert found["p"] == pytest.approx(2 * scipy.stats.norm.sf(abs(found["z"])), rel=1e-12)


def test_means_of_the_strategies_in_figures():
    own, reference = np.array([[[1.0, 2, 4, 8]]]), np.array([[[10.0, 20, 30, 50]]])
    expected = {
        "MAR": [1, 2, 4, 8],
        "J2R": [1, 2, 30, 50],
        "CIR": [1, 2, 12, 32],
        "CR": [10, 20, 30, 50],
        "LMCF": [1, 2, 2, 2],
    }
    for strategy, mean in expected.items():
        assert mean_of(strategy, own, reference, 2)[0, 0].tolist() == mean
        assert mean_of(strategy, own, reference, 4)[0, 0].tolist() == [1, 2, 4, 8]
    at_once = {"MAR": own, "LMCF": own, "J2R": reference, "CIR": reference, "CR": reference}
    for strategy, mean in at_once.items():
        assert (mean_of(strategy, own, reference, 0) == mean).all()
    with pytest.raises(ValueError, match="'BOCF' is no strategy; there are MAR, J2R"):
        mean_of("BOCF", own, reference, 2)


def test_covariances_of_two_groups_are_joined_at_drop_out():
    """Before drop-out as in the own group; after it, given before, as in the reference (Carpenter and others 2013)."""
    generator = np.random.default_rng(4)
    own, reference = (one @ one.swapaxes(1, 2) for one in generator.normal(size=(2, 1, 4, 9)))
    for strategy in ("J2R", "CIR"):
        joined = covariance_of(strategy, own, reference, 2)
        assert joined[:, :2, :2] == pytest.approx(own[:, :2, :2])
        for found, expected in ((joined, reference),):
            regression = [v[0, 2:, :2] @ np.linalg.inv(v[0, :2, :2]) for v in (found, expected)]
            rest = [v[0, 2:, 2:] - r @ v[0, :2, 2:] for v, r in zip((found, expected), regression, strict=True)]
            assert regression[0] == pytest.approx(regression[1]) and rest[0] == pytest.approx(rest[1])
        assert np.linalg.eigvalsh(joined).min() > 0
        assert covariance_of(strategy, own, reference, 4) is own
        assert covariance_of(strategy, own, reference, 0) is reference
    assert covariance_of("CR", own, reference, 2) is reference
    assert covariance_of("MAR", own, reference, 2) is covariance_of("LMCF", own, reference, 2) is own


def test_reference_group_is_imputed_from_itself_and_intermittent_values_at_random(imputer):
    fit = imputer.replicates(np.ones((1, 141)))
    completed = {strategy: imputer.completed(strategy, fit)[0] for strategy in STRATEGIES}
    reference, stayed = imputer.trial.group == 0, imputer.trial.left == 3
    for strategy in ("J2R", "CIR", "CR"):
        assert completed[strategy][reference] == pytest.approx(completed["MAR"][reference], rel=1e-12)
    assert (~imputer.trial.seen[stayed]).sum() > 0
    for strategy in STRATEGIES:
        assert (completed[strategy][stayed] == completed["MAR"][stayed]).all()
        assert np.isfinite(completed[strategy]).all()


def test_unit_without_any_value_has_the_mean_of_its_group():
    frame = wide()
    frame.loc[frame.index[0], [1, 2, 3]] = np.nan
    frame["left"] = frame["left"].where(np.arange(141) > 0, 0)
    mean, imputer = {}, Imputer(trial(frame), ["us"])
    fit = imputer.replicates(np.ones((1, 141)))
    for strategy, design in (("MAR", imputer.own), ("J2R", imputer.as_reference)):
        mean[strategy] = design[0] @ fit.coefficients[0]
        assert imputer.completed(strategy, fit)[0, 0] == pytest.approx(mean[strategy], rel=1e-12)
    assert ConditionalMeans(imputer, CONTRASTS).compare("J2R", 2).numbers(0)["se"] > 0


def test_covariances_by_group_are_used_by_group():
    frame = wide()
    imputer = Imputer(trial(frame), ["us"], is_by_group=True)
    assert imputer.model.covariances.shape == (3, 3, 3)
    fit = imputer.replicates(np.ones((1, 141)))
    one = int(np.flatnonzero((imputer.trial.left == 2) & (imputer.trial.group == 1))[0])
    v, mean = fit.covariances[0, 1], imputer.own[one] @ fit.coefficients[0]
    gap = np.linalg.solve(v[:2, :2], imputer.trial.values[one, :2] - mean[:2])
    found = imputer.completed("MAR", fit)[0, one, 2]
    assert found == pytest.approx(mean[2] + v[2, :2] @ gap, rel=1e-9)


def test_a_unit_alone_at_a_level_makes_no_difference_to_the_others():
    """Without it the level has no coefficient: the model is the one without the level, fitted to the other units."""
    frame = wide().assign(site=["x"] + ["y", "z"] * 70)
    weights = np.array([[-1.0, 1, 0, 0, 0, 0], [1, 0, 0, 0, 0, 0]])
    means = ConditionalMeans(Imputer(trial(frame, factors=["site"]), ["us"]), weights)
    rest = ConditionalMeans(Imputer(trial(frame.iloc[1:], factors=["site"]), ["us"]), weights[:, :-1])
    for strategy in ("MAR", "J2R"):
        compared, others = means.compare(strategy, 2), rest.compare(strategy, 2)
        assert compared.without[0, 0] == pytest.approx(others.estimates[0], rel=1e-8)
        assert compared.numbers(0)["se"] > 0
        mean = compared.numbers(1)  # rests on the level, which has no other unit
        assert math.isfinite(mean["estimate"]) and math.isnan(mean["se"])
    draws = Draws.bootstrap(means.imputer, weights, 60, np.random.default_rng(2))
    assert draws.refused == 0
    both = draws.compare("MAR", 2).numbers(0)["estimate"], means.compare("MAR", 2).numbers(0)["estimate"]
    assert both[0] == pytest.approx(both[1], abs=0.5)


# delta and the tipping point


def test_numbers_are_exact_in_delta(imputer, means):
    """The same as adding delta to the imputed values and analysing again."""
    compared, delta = means.compare("MAR", 2), np.array([0.5, 3.0, -2.0])
    shift = np.where(imputer.trial.seen[:, 2], 0.0, delta[imputer.trial.group])
    values = imputer.completed("MAR", means.without)[:, :, 2] + shift
    expected = means.analysis.without_each(values)
    assert compared.without + np.tensordot(delta, compared.slopes_without, 1) == pytest.approx(expected, rel=1e-10)


def test_tipping_point_is_where_the_interval_touches_zero(means):
    compared = means.compare("J2R", 2)
    assert compared.numbers(1)["p"] < 0.05
    tip = tipping_point(lambda d: compared.numbers(1, [0, 0, d])["p"], 0.0, 40.0, 0.05)
    at = compared.numbers(1, [0, 0, tip])
    assert 0 < tip < 40 and at["p"] == pytest.approx(0.05, abs=1e-10) and at["ci_high"] == pytest.approx(0, abs=1e-9)
    # closed form: (e + d a)^2 = z^2 (v + 2 d c + d^2 w), the quadratic's smallest positive root
    n, z2 = 141, scipy.stats.norm.ppf(0.975) ** 2
    e, a = compared.estimates[1], compared.slopes[2, 1]
    u, w = compared.without[:, 1], compared.slopes_without[2, :, 1]
    v = np.cov(u, w, bias=True) * (n - 1)
    roots = np.roots([a**2 - z2 * v[1, 1], 2 * (e * a - z2 * v[0, 1]), e**2 - z2 * v[0, 0]])
    assert tip == pytest.approx(min(root for root in roots if root > 0), rel=1e-9)


def test_tipping_point_that_is_not_reached_is_no_number():
    assert math.isnan(tipping_point(lambda d: 0.01, -5.0, 5.0, 0.05))
    assert tipping_point(lambda d: 0.04 + d / 100, -5.0, 5.0, 0.05) == pytest.approx(1, rel=1e-12)
    assert tipping_point(lambda d: 0.04 - d / 100, -5.0, 0.0, 0.05) == pytest.approx(-1, rel=1e-12)
    assert tipping_point(lambda d: 0.06 - abs(d) / 100, -5.0, 0.5, 0.05) == pytest.approx(-1, rel=1e-12)


# what must not matter


@settings(max_examples=12, deadline=None)
@given(
    scale=st.floats(1e-3, 1e3),
    shift=st.floats(-1e4, 1e4),
    seed=st.integers(0, 99),
    strategy=st.sampled_from([*STRATEGIES]),
)
def test_order_of_units_unit_and_scale_do_not_matter(scale, shift, seed, strategy):
    frame = wide().iloc[::4]
    moved = frame.sample(frac=1, random_state=seed)
    moved = moved.assign(base=moved["base"] * scale + shift)
    moved[[1, 2, 3]] = moved[[1, 2, 3]] * scale + shift
    found = [
        ConditionalMeans(Imputer(trial(one), ["toeph", "cs"]), CONTRASTS).compare(strategy, 2).numbers(1, [0, 0, delta])
        for one, delta in ((frame, 2.0), (moved, 2.0 * scale))
    ]
    plain, other = found
    size = plain["se"]
    assert abs(other["estimate"] / scale - plain["estimate"]) < 1e-6 * size
    assert other["se"] / scale == pytest.approx(plain["se"], rel=1e-6)
    assert other["p"] == pytest.approx(plain["p"], rel=1e-5, abs=1e-12)


# refusals


@pytest.mark.parametrize(
    ("change", "arguments", "complaint"),
    [
        ({}, {"groups": ["A", "B"]}, "arm: 4[0-9] rows of none of A, B"),
        ({"left": 1}, {}, "a unit has a value after it dropped out"),
        ({"base": np.nan}, {}, "base: 141 of 141 values are missing"),
        ({"one": "x"}, {"factors": ["one"]}, "one: a factor with one level"),
        ({"copy": lambda f: f["base"] * 2}, {"by_visit": ["base", "copy"]}, "^copy at .*: base at .* gives it"),
        ({3: lambda f: f[3].where(f["arm"] != "B")}, {}, "no value in B at 3"),
        ({3: np.nan}, {}, "no unit has a value at 3: leave it out of the visits"),
    ],
)
def test_refusals(change, arguments, complaint):
    frame = wide().assign(**{str(k): v for k, v in change.items()}).rename(columns={"3": "new"})
    if "new" in frame:
        frame[3] = frame.pop("new")
        seen = frame[[1, 2, 3]].notna().to_numpy()
        frame["left"] = 3 - seen[:, ::-1].argmax(axis=1)
    with pytest.raises(ValueError, match=complaint):
        Imputer(trial(frame, **arguments))


def test_refusals_of_the_jackknife_and_of_rubins_rules(imputer):
    frame = wide()
    frame.loc[frame.index[1], [1, 2, 3]] = np.nan
    frame["left"] = frame["left"].where(np.arange(141) != 1, 0)
    few = Imputer(trial(frame.assign(site=["x"] * 2 + ["y"] * 139), factors=["site"]), ["cs"])
    with pytest.raises(
        ValueError, match="without 1 of the 141 units, each left out in turn, the model cannot be fitted: the"
    ):
        ConditionalMeans(few, np.array([[-1.0, 1, 0, 0, 0]]))
    with pytest.raises(ValueError, match="more than 5% of the bootstrap samples cannot be fitted: the model's columns"):
        Draws.bootstrap(few, np.array([[-1.0, 1, 0, 0, 0]]), 40, np.random.default_rng(1))
    with pytest.raises(ValueError, match="fewer than two"):
        Draws.bootstrap(imputer, CONTRASTS, 1, np.random.default_rng(1))
    with pytest.raises(ValueError, match="two imputations or more"):
        rubin([1.0], [2.0])
    with pytest.raises(ValueError, match="2 units for 2 coefficients"):
        LeastSquares(np.eye(2), np.eye(2), "ab")
    with pytest.raises(ValueError, match="depend on each other"):
        LeastSquares(np.ones((4, 2)), np.eye(2), "ab")
