"""Type I error and coverage of the small-sample methods: at n = 11 in one arm, and in two arms of 70.

    python benchmarks/coverage.py [--sets 4000] [--output benchmarks/results_coverage.md]

Simulated data alone. HIT-6 totals are normal scores with mean 62.5 and SD 7.8 (chronic migraine, Yang 2011,
doi:10.1177/0333102410379890), retest correlation 0.78, cut to 36 ... 78 and rounded to whole numbers that can occur;
"skewed" are log-normal days as of MIDAS; "unequal" has the double SD in the larger of two arms of 94 and 46. There is
no effect in any of them, so that a rejection is a false one and an interval should hold 0, or the value named.
Intervals of proportions are not simulated: their coverage is summed over all possible tables. Seeds are by name; the
Monte-Carlo standard error of a rate is given. The output file is written anew.
"""

import argparse
import hashlib
import math
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas
from omtrace.statistics.basic.paired import hodges_lehmann, paired_change, signed_rank
from omtrace.statistics.basic.proportion import proportion, proportion_difference, score_differences
from omtrace.statistics.basic.two_groups import brunner_munzel, mann_whitney, welch
from omtrace.statistics.linear.design import Terms
from omtrace.statistics.linear.linear import Ancova
from omtrace.statistics.missing.imputation import Imputer, Trial
from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, Draws
from omtrace.statistics.mixed.mmrm_replicates import contrast_many
from scipy.stats import binom

ROOT = Path(__file__).resolve().parent.parent
ALPHA = 0.05
MEAN, SD, RETEST = 62.5, 7.8, 0.78
IMPOSSIBLE = (37, 39, 77)  # HIT-6 totals that no answers give
Row = tuple[str, str, str, float, float]  # setting, method, what, rate, Monte-Carlo standard error


def generator(name: str) -> np.random.Generator:
    """A generator whose seed is the name."""
    key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big")
    return np.random.default_rng(np.random.SeedSequence(2026, spawn_key=(key >> 32, key & 0xFFFFFFFF)))


def hit6(z: np.ndarray) -> np.ndarray:
    """Standard normal scores as HIT-6 totals."""
    total = np.clip(np.rint(MEAN + SD * z), 36, 78)
    return np.where(np.isin(total, IMPOSSIBLE), total - 1, total)


def repeated(rng: np.random.Generator, shape: tuple[int, ...], visits: int, r: float = RETEST) -> np.ndarray:
    """Standard normal scores with equal correlations r between the visits, shape + (visits,)."""
    person = rng.standard_normal((*shape, 1))
    return math.sqrt(r) * person + math.sqrt(1 - r) * rng.standard_normal((*shape, visits))


def rate(setting: str, method: str, what: str, hits: np.ndarray) -> Row:
    """The share of data sets in which something holds."""
    share = float(np.mean(hits))
    return setting, method, what, share, math.sqrt(share * (1 - share) / len(hits))


def paired_rows(sets: int) -> Iterator[Row]:
    """Paired change at n = 11."""
    setting = "n = 11, HIT-6"
    pairs = hit6(repeated(generator(setting), (sets, 11), 2))
    found = [
        {**paired_change(p[:, 0], p[:, 1]), **hodges_lehmann(p[:, 1] - p[:, 0])} | signed_rank(p[:, 1] - p[:, 0])
        for p in pairs
    ]
    frame = pandas.DataFrame(found)
    yield rate(setting, "paired t", "type I error", frame["p"] < ALPHA)
    yield rate(setting, "paired t", "coverage", holds(frame, "ci", 0.0))
    yield rate(setting, "signed rank, exact, zeros dropped", "type I error", frame["signed_rank_p"] <= ALPHA)
    pratt = np.array([signed_rank(p[:, 1] - p[:, 0], "pratt")["signed_rank_p"] for p in pairs])
    yield rate(setting, "signed rank, exact, Pratt", "type I error", pratt <= ALPHA)
    yield rate(setting, "Hodges-Lehmann", "coverage", holds(frame, "hodges_lehmann", 0.0))
    setting, true = "n = 11, normal changes, d = -0.5", -0.5
    change = generator(setting).standard_normal((sets, 11)) + true
    frame = pandas.DataFrame([paired_change(np.zeros(11), c) for c in change])
    yield rate(setting, "d_z, noncentral t", "coverage", holds(frame, "d_z_ci", true))


def holds(frame: pandas.DataFrame, stem: str, true: float) -> np.ndarray:
    """Whether the interval of each data set holds the true value; one that could not be made does not."""
    return ((frame[f"{stem}_low"] <= true) & (true <= frame[f"{stem}_high"])).to_numpy()


TWO_ARMS: dict[str, Callable[[np.random.Generator, int], tuple[np.ndarray, np.ndarray, np.ndarray]]] = {}


def two_arms(name: str):  # noqa: ANN201
    """Declare a setting of two arms: baseline and outcome (sets, n), and who is in the group of interest."""

    def declare(make):  # noqa: ANN001, ANN202
        TWO_ARMS[name] = make
        return make

    return declare


@two_arms("2 x 70, HIT-6")
def _hit6_trial(rng, sets):  # noqa: ANN001, ANN202
    scores = hit6(repeated(rng, (sets, 140), 2))
    return scores[..., 0], scores[..., 1], np.arange(140) < 70


@two_arms("2 x 70, skewed")
def _skewed_trial(rng, sets):  # noqa: ANN001, ANN202
    scores = np.exp(3 + 0.9 * repeated(rng, (sets, 140), 2, 0.6))
    return scores[..., 0], scores[..., 1], np.arange(140) < 70


@two_arms("94 and 46, unequal")
def _unequal_trial(rng, sets):  # noqa: ANN001, ANN202
    group = np.arange(140) < 94
    scores = repeated(rng, (sets, 140), 2)
    return scores[..., 0], scores[..., 1] * np.where(group, 2.0, 1.0), group


def trial_rows(sets: int) -> Iterator[Row]:
    """Two arms compared at one visit."""
    for setting, make in TWO_ARMS.items():
        base, outcome, group = make(generator(setting), sets)
        names = np.where(group, "b", "a")
        unadjusted, adjusted = [], []
        for x, y in zip(base, outcome, strict=True):
            unadjusted.append(
                {
                    **welch(y[group], y[~group]),
                    **mann_whitney(y[group], y[~group]),
                    **brunner_munzel(y[group], y[~group]),
                }
            )
            frame = pandas.DataFrame({"y": y, "base": x, "group": names})
            adjusted.append(Ancova(frame, Terms("y", "group", ["a", "b"], covariates=["base"])).difference("b", "a"))
        welch_frame, ancova = pandas.DataFrame(unadjusted), pandas.DataFrame(adjusted)
        for method, frame in (("Welch", welch_frame), ("ANCOVA", ancova)):
            yield rate(setting, method, "type I error", frame["p"] < ALPHA)
            yield rate(setting, method, "coverage", holds(frame, "ci", 0.0))
        for method, name in (("Mann-Whitney", "mann_whitney_p"), ("Brunner-Munzel", "relative_effect_p")):
            yield rate(setting, method, "type I error", welch_frame[name] < ALPHA)


def dropped(scores: np.ndarray, base: np.ndarray, rng: np.random.Generator, share: float) -> np.ndarray:
    """Scores (sets, n, visits) with monotone drop-out that depends on the last value seen: missing at random."""
    seen, last = np.ones(scores.shape[:2], bool), base
    kept = scores.copy()
    for visit in range(scores.shape[2]):
        z = (last - last.mean(axis=1, keepdims=True)) / last.std(axis=1, keepdims=True)
        seen &= rng.random(seen.shape) > share * 2 / (1 + np.exp(-1.5 * z))
        kept[..., visit][~seen] = np.nan
        last = np.where(seen, scores[..., visit], last)
    return kept


def mixed_rows(sets: int) -> Iterator[Row]:
    """Mixed models for repeated measures, visits after baseline, drop-out of about a fifth."""
    for setting, n, arms in (
        ("n = 11, three visits, drop-out", 11, 1),
        ("2 x 12, drop-out", 24, 2),
        ("2 x 70, drop-out", 140, 2),
    ):
        rng = generator(setting)
        scores = hit6(repeated(rng, (sets, n), 4))
        base, later = scores[..., 0], dropped(scores[..., 1:], scores[..., 0], rng, 0.07)
        change = (later - base[..., None]).reshape(sets, n * 3)
        unit, visit = np.repeat(np.arange(n), 3), np.tile(np.arange(3), n)
        design = np.eye(3)[visit]
        if arms == 2:
            design = np.column_stack([design, design * (np.arange(n) % 2)[unit][:, None]])
        weights = np.eye(design.shape[1])[-1:]
        for method, words in (("kenward_roger", "MMRM, Kenward-Roger"), ("satterthwaite", "MMRM, Satterthwaite")):
            found = contrast_many(change, design, unit, visit, range(3), weights, method=method)
            fitted = found.refusal == ""
            yield rate(setting, words, "fitted", fitted)
            yield rate(setting, words, "type I error", found.p[fitted, 0] < ALPHA)


def imputed_rows(sets: int) -> Iterator[Row]:
    """Imputation with drop-out of about a fifth: a tenth of the sets, since each is fitted anew without each unit."""
    for setting, n in (("2 x 12, drop-out", 24), ("2 x 70, drop-out", 140)):
        rng, group = generator(f"imputed {setting}"), np.arange(n) % 2
        scores = hit6(repeated(rng, (sets // 10, n), 4))
        later = dropped(scores[..., 1:], scores[..., 0], rng, 0.07)
        found: dict[tuple[str, str], list[float]] = {}
        fitted = 0
        for base, values in zip(scores[..., 0], later, strict=True):
            left = np.isfinite(values).sum(axis=1)
            centred = (base - base.mean())[:, None]
            none = np.zeros((n, 0))
            trial = Trial(values, group, ("sham", "OMT"), 0, left, centred, none, (1, 2, 3), tuple(range(n)))
            weights = np.array([[-1.0, 1, 0]])
            try:
                imputer = Imputer(trial)
                draws = Draws.bootstrap(imputer, weights, 100, rng)
                made = {"jackknife": ConditionalMeans(imputer, weights), "Rubin, bootstrap": draws}
            except ValueError:
                continue
            fitted += 1
            for strategy in ("MAR", "J2R"):
                for words, comparison in made.items():
                    p = comparison.compare(strategy, 2).numbers(0)["p"]
                    found.setdefault((strategy, words), []).append(p)
        yield rate(setting, "imputation", "fitted", np.arange(sets // 10) < fitted)
        for (strategy, words), p_values in found.items():
            yield rate(setting, f"imputation, {strategy}, {words}", "type I error", np.array(p_values) < ALPHA)


def exact_rows() -> Iterator[Row]:
    """Coverage of intervals of proportions, summed over all outcomes: the mean and the least over true proportions."""
    grid = np.linspace(0.01, 0.99, 99)
    counts = np.arange(12)
    found = [proportion(int(k), 11) for k in counts]
    for name, words in (("wilson", "Wilson"), ("clopper_pearson", "Clopper-Pearson")):
        inside = np.array([[f[f"{name}_low"] <= p <= f[f"{name}_high"] for f in found] for p in grid])
        coverage = (inside * binom.pmf(counts, 11, grid[:, None])).sum(axis=1)
        yield "n = 11, all proportions", words, "coverage, mean", float(coverage.mean()), 0.0
        yield "n = 11, all proportions", words, "coverage, least", float(coverage.min()), 0.0
    n, grid = 70, np.linspace(0.05, 0.95, 19)
    tables = [
        [proportion_difference(*t) | score_differences(*t) for t in [(a, n, b, n) for b in range(n + 1)]]
        for a in range(n + 1)
    ]
    probability = binom.pmf(np.arange(n + 1), n, grid[:, None])
    stems = [key.removesuffix("_low") for key in tables[1][2] if key.endswith("_low")]
    for name in [stem for stem in ("newcombe", "miettinen_nurminen", "mee", "wald") if stem in stems]:
        low, high = (np.array([[f[f"{name}_{end}"] for f in row] for row in tables]) for end in ("low", "high"))
        coverage = np.array(
            [
                [
                    probability[i] @ ((low <= p - q + 1e-12) & (p - q - 1e-12 <= high)) @ probability[j]
                    for j, q in enumerate(grid)
                ]
                for i, p in enumerate(grid)
            ]
        )
        words = name.replace("_", "-").title()
        yield "2 x 70, all pairs of proportions", f"difference, {words}", "coverage, mean", float(coverage.mean()), 0.0
        yield "2 x 70, all pairs of proportions", f"difference, {words}", "coverage, least", float(coverage.min()), 0.0


def page(rows: list[Row], sets: int) -> str:
    """The output, in Markdown."""
    lines = [
        "# Type I error and coverage of the small-sample methods",
        "",
        f"Written by `python benchmarks/coverage.py --sets {sets}`. Simulated data, {sets} sets a setting, nominal 5%",
        "and 95%; nothing here is a result of a study. Intervals of proportions: exact sums, not simulated.",
        "",
        "| setting | method | what | rate | MCSE |",
        "| --- | --- | --- | ---: | ---: |",
        *(f"| {s} | {m} | {w} | {100 * r:.1f}% | {f'{100 * e:.1f}%' if e else ''} |" for s, m, w, r, e in rows),
        "",
    ]
    return "\n".join(lines)


def main() -> None:
    """Simulate and write the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=4000, help="simulated data sets a setting")
    parser.add_argument("--output", default=str(ROOT / "benchmarks/results_coverage.md"))
    told = parser.parse_args()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        parts = (
            paired_rows(told.sets),
            exact_rows(),
            trial_rows(told.sets),
            mixed_rows(told.sets),
            imputed_rows(told.sets),
        )
        text = page([row for part in parts for row in part], told.sets)
    Path(told.output).write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
