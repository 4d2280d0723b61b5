"""The headline numbers of the shipped studies a second time, from the raw files, by other ways and other libraries.

Nothing of the package reads, scores or computes here: the csv module and calamine read, a few lines score, and numpy's
least squares, scipy and statsmodels compute. Only the numbers to be held against come from the pipeline.
"""

import csv
import math
from collections import defaultdict
from pathlib import Path

import numpy as np
import pytest
import scipy.linalg
import scipy.optimize
import scipy.stats
import yaml
from pipeline import REPOSITORY, SHIPPED
from test_studies import needs_mirror, values

WEIGHTS = dict(zip("12345", (6, 8, 10, 11, 13), strict=True))  # HIT-6: never ... always (Kosinski 2003)
# study -> analyses with a number that the study stands or falls with; each is recomputed below
HEADLINES = {
    "omt_feasibility": {"change"},
    "omt_rct": {"primary", "primary_mmrm", "responders_compared"},
    "rat_two_hit": {"contrasts", "factorial"},
    "headache_diary": {"change"},
    "rat_dnase_elisa": {"curves"},
    "rat_pup_weight": {"weight"},
    "acupuncture_headache": {"primary"},
    "mouse_cortex_proteins": {"factorial"},
}
CLOSE = 1e-8


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def total(row: dict[str, str]) -> int | None:
    """HIT-6 total of a form that is finished, complete, and agrees with the total written beside it."""
    items = [row[f"hit6_{n}"] for n in range(1, 7)]
    if row["hit6_complete"] not in ("1", "2") or not all(item in WEIGHTS for item in items):
        return None
    found = sum(WEIGHTS[item] for item in items)
    return found if row["hit6_total"] in ("", str(found)) else None


def hit6_of(path: Path) -> dict[str, dict[str, int]]:
    """Participant -> visit -> HIT-6 total."""
    found: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows_of(path):
        visit = row["redcap_event_name"].removesuffix("_arm_1")
        if (score := total(row)) is not None:
            found[row["record_id"]].setdefault(visit, score)
    return found


def dummies(labels: list[str]) -> np.ndarray:
    """A column for each label but the first."""
    names = sorted(set(labels))[1:]
    return np.array([[float(label == name) for name in names] for label in labels])


def least_squares(y, group, *columns) -> dict[str, float]:
    """The group's coefficient by QR of the design, as t test."""
    design = np.column_stack([np.ones(len(y)), np.asarray(group, float), *columns])
    q, r = np.linalg.qr(design)
    beta = scipy.linalg.solve_triangular(r, q.T @ y)
    df = len(y) - design.shape[1]
    inverse = np.linalg.inv(r)
    se = math.sqrt(float(((y - design @ beta) ** 2).sum()) / df * float((inverse[1] ** 2).sum()))
    half = float(scipy.stats.t.ppf(0.975, df)) * se
    estimate, p = float(beta[1]), float(2 * scipy.stats.t.sf(abs(beta[1] / se), df))
    return {"difference": estimate, "ci_low": estimate - half, "ci_high": estimate + half, "p": p, "n": len(y)}


def holds(found: dict[str, float], again: dict[str, float], rel: float = CLOSE) -> None:
    """Each number of the second path is the pipeline's; p values are stored on a grid of 1e-12."""
    for name, value in again.items():
        assert found[name] == pytest.approx(value, rel=rel, abs=2e-12), name


def paired(before, after) -> dict[str, float]:
    test = scipy.stats.ttest_rel(after, before)
    low, high = test.confidence_interval(0.95)
    changes = np.subtract(after, before)
    ranks = (
        scipy.stats.permutation_test(
            (changes,),
            lambda d: scipy.stats.rankdata(np.abs(changes[changes != 0]))[d[changes != 0] > 0].sum(),
            permutation_type="samples",
            n_resamples=np.inf,
            vectorized=False,
        )
        if len(changes) <= 12
        else None
    )
    more = {} if ranks is None else {"signed_rank_p": min(1.0, float(ranks.pvalue))}
    return {
        "mean_change": float(np.mean(changes)),
        "ci_low": low,
        "ci_high": high,
        "p": float(test.pvalue),
        "n": len(changes),
        **more,
    }


def test_every_study_that_runs_by_itself_has_its_headlines_here_and_every_primary_analysis_is_one():
    assert set(SHIPPED) <= set(HEADLINES)
    for study, named in HEADLINES.items():
        plan = yaml.safe_load((REPOSITORY / f"config/studies/{study}.yaml").read_text(encoding="utf-8"))
        primary = {name for name, entry in plan["analyses"].items() if entry.get("role") == "primary"}
        assert primary <= named <= set(plan["analyses"]), study


def test_feasibility_change(shipped_results):
    scores = hit6_of(shipped_results / "data/raw/omt_feasibility/redcap.csv")
    for visit in ("month_1", "month_3"):
        pairs = [(s["baseline"], s[visit]) for s in scores.values() if "baseline" in s and visit in s]
        found = values(
            shipped_results,
            "omt_feasibility",
            analysis="change",
            parameter="hit6_total",
            visit=visit,
            population="full",
            group="all",
        )
        holds(found, paired(*zip(*pairs, strict=True)))


@pytest.fixture(scope="module")
def trial(shipped_results):
    """One entry a randomised participant: arm, site, type of migraine, HIT-6 by visit."""
    raw = shipped_results / "data/raw/omt_rct"
    scores = hit6_of(raw / "questionnaires.csv")
    first = {
        r["record_id"]: r for r in rows_of(raw / "questionnaires.csv") if r["redcap_event_name"].startswith("base")
    }
    arms = {row["participant_id"]: row["arm"] for row in rows_of(raw / "allocation.csv") if row["participant_id"]}
    assert len(arms) == 140
    return [
        {"arm": arm, "site": first[who]["site"], "type": first[who]["migraine_type"], **scores[who]}
        for who, arm in sorted(arms.items())
    ]


def test_randomised_trial_primary_analysis(shipped_results, trial):
    used = [one for one in trial if "baseline" in one and "month_3" in one]
    y, base = (np.array([one[name] for one in used], float) for name in ("month_3", "baseline"))
    again = least_squares(
        y,
        [one["arm"] == "OMT" for one in used],
        base,
        dummies([one["site"] for one in used]),
        dummies([one["type"] for one in used]),
    )
    holds(values(shipped_results, "omt_rct", analysis="primary", group="OMT - sham", visit="month_3", level=""), again)


def test_randomised_trial_responders(shipped_results, trial):
    from statsmodels.stats.proportion import confint_proportions_2indep

    used = [one for one in trial if "baseline" in one and "month_3" in one]
    counts = {
        arm: [one["baseline"] - one["month_3"] >= 6 for one in used if one["arm"] == arm] for arm in ("OMT", "sham")
    }
    (a, b) = ((sum(counts[arm]), len(counts[arm])) for arm in ("OMT", "sham"))
    low, high = confint_proportions_2indep(*a, *b, method="newcomb")
    found = values(
        shipped_results,
        "omt_rct",
        analysis="responders_compared",
        parameter="hit6_responder",
        visit="month_3",
        level="",
    )
    holds(found, {"difference": a[0] / a[1] - b[0] / b[1], "newcombe_low": low, "newcombe_high": high})


def test_randomised_trial_mixed_model(shipped_results, trial):
    """REML by a general optimiser on dense matrices; the estimate at the optimum and minus twice the log-likelihood."""
    visits = ("month_1", "month_3")
    used = [one for one in trial if "baseline" in one and any(visit in one for visit in visits)]
    site, kind = dummies([one["site"] for one in used]), dummies([one["type"] for one in used])
    blocks = []
    for at, one in enumerate(used):
        seen = [v for v in range(2) if visits[v] in one]
        omt, base = float(one["arm"] == "OMT"), one["baseline"]
        x = [[*(np.eye(2)[v]), *(np.eye(2)[v] * omt), *(np.eye(2)[v] * base), *site[at], *kind[at]] for v in seen]
        blocks.append((seen, np.array(x, float), np.array([one[visits[v]] for v in seen], float)))

    def fitted(theta):
        root = np.array([[math.exp(theta[0]), 0.0], [theta[1], math.exp(theta[2])]])
        sigma = root @ root.T
        parts = [
            (np.linalg.inv(sigma[np.ix_(s, s)]), np.linalg.slogdet(sigma[np.ix_(s, s)])[1], x, y) for s, x, y in blocks
        ]
        information = sum(x.T @ w @ x for w, _, x, _ in parts)
        beta = np.linalg.solve(information, sum(x.T @ w @ y for w, _, x, y in parts))
        squares = sum(float((y - x @ beta) @ w @ (y - x @ beta)) for w, _, x, y in parts)
        n = sum(len(y) for *_, y in parts) - len(beta)
        minus_2 = (
            n * math.log(2 * math.pi) + sum(d for _, d, _, _ in parts) + np.linalg.slogdet(information)[1] + squares
        )
        return minus_2, beta

    best = scipy.optimize.minimize(
        lambda theta: fitted(theta)[0],
        [1.5, 1.0, 1.5],
        method="Nelder-Mead",
        options={"xatol": 1e-7, "fatol": 1e-10, "maxiter": 4000},
    )
    minus_2, beta = fitted(best.x)
    rows = {"analysis": "primary_mmrm", "parameter": "hit6_total"}
    for at, visit in enumerate(visits):
        found = values(shipped_results, "omt_rct", group="OMT - sham", visit=visit, level="", **rows)
        assert found["difference"] == pytest.approx(beta[2 + at], rel=1e-5)
    model = next(row for row in model_rows(shipped_results) if row["statistic"] == "minus_2_log_likelihood")
    assert float(model["value"]) == pytest.approx(minus_2, abs=1e-6)


def model_rows(folder: Path) -> list[dict[str, str]]:
    rows = rows_of(folder / "results/omt_rct/estimates.csv")
    return [row for row in rows if row["analysis"] == "primary_mmrm" and row["level"].startswith("covariance us")]


def four_pl(x, a, b, c, d):
    return d + (a - d) / (1 + (np.maximum(x, 1e-300) / c) ** b)


def curve(x, y) -> np.ndarray:
    """Four-parameter logistic curve by scipy's curve_fit: a, b, c, d."""
    start = [min(y), 1.0, float(np.median(x)), 1.1 * max(y)]
    return scipy.optimize.curve_fit(four_pl, x, y, p0=start, method="lm", xtol=1e-14, ftol=1e-14, maxfev=20000)[0]


def test_dnase_curves(shipped_results):
    runs: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows_of(shipped_results / "data/raw/rat_dnase_elisa/dnase.csv"):
        runs[row["Run"]].append((float(row["conc"]), float(row["density"])))
    assert len(runs) == 11
    for run, points in runs.items():
        found = values(shipped_results, "rat_dnase_elisa", analysis="curves", group=run, level="")
        again = curve(*np.array(points).T)
        assert [found[name] for name in "abcd"] == pytest.approx(again, rel=1e-5, abs=1e-6)


@pytest.fixture(scope="module")
def serum(shipped_results):
    """Animal -> CGRP in serum: well by well through the curve of its plate, then the mean."""
    raw, found = shipped_results / "data/raw/rat_two_hit", {}
    for n in (1, 2, 3):
        read = plate_signals(raw / f"plate_{n}.txt")
        layout = [row | {"signal": read.get(row["well"], math.nan)} for row in rows_of(raw / f"layout_{n}.csv")]
        made = [
            (float(row["concentration_pg_ml"]), row["signal"])
            for row in layout
            if row["concentration_pg_ml"] and row["signal"] == row["signal"]
        ]
        a, b, c, d = curve(*np.array(made).T)
        wells = defaultdict(list)
        for row in layout:
            if row["role"] == "sample" and row["signal"] == row["signal"]:
                wells[row["sample"]].append(c * ((a - d) / (row["signal"] - d) - 1) ** (1 / b) * float(row["dilution"]))
        found |= {animal: float(np.mean(values)) for animal, values in wells.items()}
    return found


def plate_signals(path: Path) -> dict[str, float]:
    """Well -> A450 - A620: a line of well names, a line of each wavelength."""
    lines = [line.split("\t") for line in path.read_bytes().decode("latin-1").split("\r\n")]
    top = next(i for i, cells in enumerate(lines) if "A1" in cells)
    one, two = [cells for cells in lines[top + 1 : top + 5] if cells[2].strip()]
    found = {}
    for at, well in enumerate(lines[top]):
        if len(well) in (2, 3) and well[0] in "ABCDEFGH":
            try:
                found[well] = float(one[at]) - float(two[at])
            except ValueError:  # masked, or not read
                continue
    return found


@pytest.fixture(scope="module")
def groups_of_animals(shipped_results):
    return {
        row["animal_id"]: (row["model"], row["treatment"])
        for row in rows_of(shipped_results / "data/raw/rat_two_hit/animals.csv")
    }


def test_rat_contrasts(shipped_results, serum, groups_of_animals):
    def of(*group):
        return [value for animal, value in serum.items() if groups_of_animals[animal] == group]

    for name, a, b in (
        ("two_hit_omt_repeated - two_hit_sham", ("two_hit", "omt_repeated"), ("two_hit", "sham")),
        ("two_hit_sham - control_sham", ("two_hit", "sham"), ("control", "sham")),
    ):
        test = scipy.stats.ttest_ind(of(*a), of(*b), equal_var=False)
        low, high = test.confidence_interval(0.95)
        found = values(shipped_results, "rat_two_hit", analysis="contrasts", parameter="cgrp_serum", group=name)
        holds(found, {"difference": float(np.mean(of(*a)) - np.mean(of(*b))), "ci_low": low, "ci_high": high}, rel=1e-6)
        assert found["p"] == pytest.approx(float(test.pvalue), rel=1e-5)


def test_rat_interaction(shipped_results, serum, groups_of_animals):
    used = [(groups_of_animals[a], v) for a, v in serum.items() if groups_of_animals[a][1] in ("sham", "omt_repeated")]
    holds_interaction(
        values(
            shipped_results,
            "rat_two_hit",
            analysis="factorial",
            parameter="cgrp_serum",
            level="interaction model x treatment",
        ),
        [value for _, value in used],
        [m == "two_hit" for (m, _), _ in used],
        [t != "sham" for (_, t), _ in used],
        1e-6,
    )


def holds_interaction(found, y, first, second, rel):
    one, two = (np.where(side, 1.0, -1.0) for side in (first, second))
    again = least_squares(np.array(y), one * two, one, two)  # coefficient = a quarter of the difference of differences
    assert found["estimate"] == pytest.approx(4 * again["difference"], rel=rel)
    assert found["p"] == pytest.approx(again["p"], rel=100 * rel, abs=2e-12)


@needs_mirror
def test_mouse_interaction(shipped_results):
    import gzip

    path = shipped_results / "data/raw/mouse_cortex_proteins/Data_Cortex_Nuclear.csv.gz"
    text = gzip.decompress(path.read_bytes()).decode("utf-8-sig").replace("\r\n", "\n").replace("\r", "\n")
    mice, kind = defaultdict(list), {}
    for row in csv.DictReader(text.split("\n")):
        mouse = row["MouseID"].rpartition("_")[0]
        kind[mouse] = (row["Genotype"], row["Treatment"], row["Behavior"])
        if row["BDNF_N"]:
            mice[mouse].append(float(row["BDNF_N"]))
    used = [mouse for mouse in mice if kind[mouse][2] == "C/S" and len(mice[mouse]) >= 3]
    found = values(
        shipped_results,
        "mouse_cortex_proteins",
        analysis="factorial",
        parameter="bdnf",
        level="interaction genotype x treatment",
    )
    holds_interaction(
        found,
        [float(np.mean(mice[m])) for m in used],
        [kind[m][0] == "Ts65Dn" for m in used],
        [kind[m][1] == "Memantine" for m in used],
        1e-7,
    )


def test_headache_diary_change(shipped_results):
    days: dict[str, dict[int, bool]] = defaultdict(dict)
    twice = set()
    for row in rows_of(shipped_results / "data/raw/headache_diary/diary.csv"):
        who, day = row["id"], int(row["time"])
        twice |= {(who, day)} if day in days[who] and days[who][day] != (row["headache"] == "yes") else set()
        days[who][day] = row["headache"] == "yes"
    assert not twice

    def normalised(diary, low, high):
        seen = [event for day, event in diary.items() if low <= day <= high]
        return 28 * sum(seen) / len(seen) if len(seen) >= 7 else None

    for visit, window in (("first", (1, 28)), ("second", (29, 56))):
        both = [(normalised(d, -28, -1), normalised(d, *window)) for d in days.values()]
        pairs = [(before, after) for before, after in both if before is not None and after is not None]
        found = values(shipped_results, "headache_diary", analysis="change", visit=visit, group="all")
        again = paired(*zip(*pairs, strict=True))
        again.pop("signed_rank_p", None)  # fractions: ties differ in their last bit
        holds(found, again)


@needs_mirror
def test_acupuncture_primary_analysis(shipped_results):
    from python_calamine import load_workbook

    path = next((shipped_results / "data/raw/acupuncture_headache").glob("*.xls"))
    header, *rows = load_workbook(str(path)).get_sheet_by_name("Data").to_python()
    table = [dict(zip(header, row, strict=True)) for row in rows]
    used = [row for row in table if row["pk5"] != "" and row["id"] != ""]
    numeric = [np.array([float(row[name]) for row in used]) for name in ("pk1", "age", "sex", "migraine", "chronicity")]
    again = least_squares(
        np.array([float(row["pk5"]) for row in used]),
        [row["group"] == 1 for row in used],
        *numeric,
        dummies([str(row["acupuncturist"]) for row in used]),
    )
    found = values(
        shipped_results,
        "acupuncture_headache",
        analysis="primary",
        group="acupuncture - control",
        visit="month_12",
        level="",
    )
    holds(found, again)


class RandomIntercept:
    """A model with one random intercept: REML by a search over the two variances, dense matrices."""

    def __init__(self, y, x, groups):
        shared = np.equal.outer(groups, groups).astype(float)
        self.x, self.y, self.parts = x, y, [shared, np.eye(len(y))]

        def minus_2_log(log_theta):
            inverse, phi, projection = self.at(np.exp(log_theta))
            return -np.linalg.slogdet(inverse)[1] - np.linalg.slogdet(phi)[1] + y @ projection @ y

        options = {"xatol": 1e-9, "fatol": 1e-11, "maxiter": 500}
        best = scipy.optimize.minimize(minus_2_log, np.log([0.1, 0.2]), method="Nelder-Mead", options=options)
        self.theta = np.exp(best.x)

    def at(self, theta):
        shared, x = self.parts[0], self.x
        inverse = np.linalg.inv(theta[0] * shared + theta[1] * np.eye(len(self.y)))
        phi = np.linalg.inv(x.T @ inverse @ x)
        return inverse, phi, inverse - inverse @ x @ phi @ x.T @ inverse

    def kenward_roger(self, weights) -> dict[str, float]:
        """A contrast of the coefficients."""
        x, parts = self.x, self.parts
        inverse, phi, projection = self.at(self.theta)
        spread = 2 * np.linalg.inv([[np.trace(projection @ a @ projection @ b) for b in parts] for a in parts])
        first = [x.T @ inverse @ a @ inverse @ x for a in parts]
        second = [[x.T @ inverse @ a @ inverse @ b @ inverse @ x for b in parts] for a in parts]
        bias = sum(spread[k, m] * (second[k][m] - first[k] @ phi @ first[m]) for k in (0, 1) for m in (0, 1))
        gradient = np.array([weights @ phi @ one @ phi @ weights for one in first])
        df = 2 * (weights @ phi @ weights) ** 2 / (gradient @ spread @ gradient)
        se = math.sqrt(weights @ (phi + 2 * phi @ bias @ phi) @ weights)
        estimate = float(weights @ phi @ x.T @ inverse @ self.y)
        half = float(scipy.stats.t.ppf(0.975, df)) * se
        return {
            "difference": estimate,
            "se": se,
            "df": df,
            "ci_low": estimate - half,
            "ci_high": estimate + half,
            "p": float(2 * scipy.stats.t.sf(abs(estimate) / se, df)),
        }


def test_pups_of_treated_mothers(shipped_results):
    pups = rows_of(shipped_results / "data/raw/rat_pup_weight/pups.csv")
    column = {name: np.array([pup[name] for pup in pups]) for name in pups[0]}
    low, high, female = (column[n] == v for n, v in (("Treatment", "Low"), ("Treatment", "High"), ("sex", "Female")))
    x = np.column_stack(
        [np.ones(len(pups)), low, high, female, column["Lsize"].astype(float), low & female, high & female]
    ).astype(float)
    model = RandomIntercept(column["weight"].astype(float), x, column["Litter"])
    for dose, weights in (("Low", [0, 1, 0, 0, 0, 0.5, 0]), ("High", [0, 0, 1, 0, 0, 0, 0.5])):
        again = model.kenward_roger(np.array(weights))
        found = values(shipped_results, "rat_pup_weight", analysis="weight", group=f"{dose} - Control")
        holds(found, again, rel=1e-5)  # as near as the search comes to the optimum
