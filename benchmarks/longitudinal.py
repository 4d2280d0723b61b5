"""Times of the mixed model for repeated measures, of imputation and of the bootstrap, beside others in the same run.

    python benchmarks/longitudinal.py [--runs 5] [--parts trial size] [--output benchmarks/results.md]

The data are the trial of tests/reference/trial3.csv (141 units, three arms, three visits, drop-out), and the example
data of the R package mmrm (197 units, four visits) where ``OMTRACE_MIRROR`` has them. Where there is an ``Rscript``
with nlme and boot, they do the same on the same data; statsmodels, scipy without vectors, and our own code one data
set at a time do so in any case. Processor time, best of the runs, one core, one thread; what takes long is done for
fewer repetitions, and the time is for one. Ratios hold between machines, milliseconds do not. The section in the output
file is replaced, the rest stays. A second section is of models of many rows, visits and units, on data made up here.
"""

import argparse
import csv
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pages import replace_section

ROOT = Path(__file__).resolve().parent.parent
TITLE = "# Mixed models, imputation and the bootstrap"
SIZE_TITLE = "# Mixed models and imputation of many rows, visits and units"
TRIALS, IMPUTATIONS, RESAMPLES, UNITS = 1000, 1000, 10_000, 140
FEW = 20  # repetitions of what takes long
VISITS = [1, 2, 3]
STRATEGIES = ("MAR", "J2R", "CIR", "CR", "LMCF")

R = """
suppressMessages({library(nlme); library(jsonlite); library(boot)})
at <- commandArgs(TRUE)
spent <- function(f) sum(system.time(f())[1:2])
best <- function(runs, f) 1000 * min(sapply(seq_len(runs), function(i) spent(f)))
runs <- as.integer(at[2]); few <- as.integer(at[3]); o <- list()
us <- corSymm(form=~v|id)
fit <- function(d, f) gls(f, d, correlation=us, weights=varIdent(form=~1|v), method="REML")
d <- read.csv(file.path(at[1], "trial.csv")); d <- d[!is.na(d$y),]; d$arm <- factor(d$arm); d$at <- factor(d$v)
f <- y ~ 0 + at:arm + at:base
o$trial <- best(runs, function() g <<- fit(d, f)); o$trial_loglik <- as.numeric(logLik(g))
if (file.exists(file.path(at[1], "fev.csv"))) {
  e <- read.csv(file.path(at[1], "fev.csv")); e$at <- factor(e$v)
  o$fev <- best(runs, function() g <<- fit(e, y ~ race + sex + arm * at)); o$fev_loglik <- as.numeric(logLik(g)) }
w <- d[d$v == 3,]
o$ancova <- best(runs, function() for (i in seq_len(few)) summary(lm(y ~ arm + base, w))$coefficients) / few
x <- read.csv(file.path(at[1], "two.csv"))
gap <- function(z, i) { s <- z[i,]; mean(s$y[s$arm == 1]) - mean(s$y[s$arm == 0]) }
o$boot <- best(1, function() boot.ci(boot(x, gap, 10000, strata=x$arm), type="bca"))
of <- function(name) as.character(packageVersion(name))
o$versions <- c(as.character(getRversion()), of("nlme"), of("boot"))
write_json(o, file.path(at[1], "r.json"), digits=NA, auto_unbox=TRUE)
"""


# the data


def trial() -> Any:
    """The trial, a row a unit and visit."""
    import pandas

    return pandas.read_csv(ROOT / "tests/reference/trial3.csv")


def trial_design(frame: Any) -> Any:
    """Arms by visits, and a slope of the baseline at each visit."""
    import numpy

    cells = [(frame["arm"] == a) & (frame["visit"] == v) for v in VISITS for a in "ABC"]
    slopes = [(frame["base"] - 64) * (frame["visit"] == v) for v in VISITS]
    return numpy.column_stack([one.to_numpy(float) for one in (*cells, *slopes)])


def fev() -> Any | None:
    """The example data of mmrm with a value, where they are at hand."""
    import pandas

    path = Path(os.environ.get("OMTRACE_MIRROR", "-"), "mmrm_fev/fev_data.csv")
    if not path.is_file():
        return None
    frame = pandas.read_csv(path)
    frame = frame[frame["FEV1"].notna()]
    renamed = {"FEV1": "y", "USUBJID": "id", "RACE": "race", "SEX": "sex", "ARMCD": "arm"}
    return frame.rename(columns=renamed).assign(v=frame["AVISIT"].str[-1].astype(int))


def fev_design(frame: Any) -> Any:
    """Race, sex, and arm by visit."""
    import numpy

    arm, later = (frame["arm"] == "TRT").to_numpy(float), [(frame["v"] == v).to_numpy(float) for v in (2, 3, 4)]
    race = [(frame["race"] == name).to_numpy(float) for name in sorted(set(frame["race"]))[1:]]
    sex = (frame["sex"] == "Male").to_numpy(float)
    return numpy.column_stack([numpy.ones(len(frame)), *race, sex, arm, *later, *(arm * one for one in later)])


# what is timed


def best(runs: int, work: Callable[[], Any], repeats: int = 1) -> float:
    """The least processor time of a repetition, in milliseconds, after one that is not counted."""
    work()
    found = []
    for _ in range(runs):
        start = time.process_time()
        work()
        found.append((time.process_time() - start) / repeats)
    return 1000 * min(found)


def models(runs: int) -> dict[str, float]:
    """Single fits with Kenward-Roger, and a thousand trials at once and one by one."""
    import numpy
    from omtrace.statistics.mixed.mmrm_fit import fit_mmrm
    from omtrace.statistics.mixed.mmrm_replicates import contrast_many

    found, weights = {}, numpy.zeros((2, 12))
    weights[0, [6, 7]], weights[1, [6, 8]] = (-1, 1), (-1, 1)
    frame = trial()
    there = frame["y"].notna()
    one, x = frame[there], trial_design(frame)

    def single() -> Any:
        model = fit_mmrm(one["y"], x[there], one["id"], one["visit"], VISITS, ["us"])
        return model, model.contrast(weights[0])

    found["trial"], found["trial_loglik"] = best(runs, single), single()[0].minus_2_log_likelihood / -2
    if (given := fev()) is not None:
        columns, seventh = fev_design(given), numpy.eye(11)[4]

        def example() -> Any:
            model = fit_mmrm(given["y"], columns, given["id"], given["v"], [1, 2, 3, 4], ["us"])
            return model, model.contrast(seventh)

        found["fev"], found["fev_loglik"] = best(runs, example), example()[0].minus_2_log_likelihood / -2
    noise = numpy.random.default_rng(1).normal(0, 3, (TRIALS, len(frame)))
    values = numpy.where(there, frame["y"], numpy.nan) + noise

    def together() -> Any:
        return contrast_many(values, x, frame["id"], frame["visit"], VISITS, weights)

    def apart() -> None:
        for y in values[:FEW]:
            model = fit_mmrm(y[there], x[there], one["id"], one["visit"], VISITS, ["us"])
            for row in weights:
                model.contrast(row)

    found["batch"], found["loop"] = best(runs, together, TRIALS), best(runs, apart, FEW)
    return found


def imputations(runs: int) -> dict[str, float]:
    """The jackknife of five strategies, and a thousand draws with their analyses; a part of each as others do it."""
    import numpy
    import statsmodels.formula.api as smf
    from omtrace.statistics.missing.imputation import Imputer, trial_of
    from omtrace.statistics.missing.imputed_comparison import ConditionalMeans, Draws

    long = trial()
    facts = long.drop_duplicates("id").set_index("id")[["arm", "base"]]
    wide = long.pivot(index="id", columns="visit", values="y").join(facts)
    seen = wide[VISITS].notna().to_numpy()
    left = 3 - seen[:, ::-1].argmax(axis=1)
    given = trial_of(wide, VISITS, "arm", list("ABC"), "A", left, ["base"])
    weights = numpy.array([[-1.0, 1, 0, 0], [-1, 0, 1, 0]])
    imputer = Imputer(given, ["us"])

    def jackknife() -> None:
        made = ConditionalMeans(Imputer(given, ["us"]), weights)
        for strategy in STRATEGIES:
            made.compare(strategy, 2).numbers(0)

    def refits() -> None:
        for unit in range(FEW):
            kept = numpy.arange(len(left)) != unit
            part = trial_of(wide[kept], VISITS, "arm", list("ABC"), "A", left[kept], ["base"])
            one = Imputer(part, ["us"])
            fit = one.replicates(numpy.ones((1, int(kept.sum()))))
            for strategy in STRATEGIES:
                one.completed(strategy, fit)

    def draws() -> None:
        Draws.bootstrap(imputer, weights, IMPUTATIONS, numpy.random.default_rng(1)).compare("J2R", 2).numbers(0)

    made = Draws.bootstrap(imputer, weights, IMPUTATIONS, numpy.random.default_rng(1))
    values = imputer.completed("J2R", *made.fit, made.noise)[:, :, 2]

    def analyses() -> None:
        found = made.analysis.estimates(values), (made.analysis.residuals(values) ** 2).sum(axis=1)
        assert found[1].size == IMPUTATIONS

    def formulas() -> None:
        for y in values[:FEW]:
            smf.ols("y ~ C(arm) + base", facts.assign(y=y)).fit()

    return {
        "jackknife": best(runs, jackknife),
        "refits": best(runs, refits, FEW) * len(left),
        "draws": best(runs, draws, IMPUTATIONS),
        "analyses": best(runs, analyses, IMPUTATIONS),
        "formulas": best(runs, formulas, FEW),
    }


def grouped(rows: int, groups: int) -> tuple[Any, Any, Any]:
    """Values, a design of three columns, and the group of each row."""
    import numpy

    generator = numpy.random.default_rng(1)
    group = generator.permutation(numpy.arange(rows) % groups)
    design = numpy.column_stack([numpy.ones(rows), generator.integers(0, 2, rows), generator.normal(size=rows)])
    effects = generator.normal(size=groups)[group]
    return design @ [1, 0.5, 0.2] + effects + generator.normal(size=rows), design, group


def dropping_out(units: int, visits: int) -> Any:
    """A trial of two arms in long form, a quarter of whose units drop out."""
    import numpy
    import pandas

    generator = numpy.random.default_rng(1)
    arm, base = generator.permutation(numpy.arange(units) % 2), generator.normal(50, 8, units)
    steps = generator.normal(0, 4, (units, visits)).cumsum(axis=1) / 2 + generator.normal(0, 3, (units, visits))
    y = 0.6 * base[:, None] + generator.normal(0, 5, (units, 1)) + steps + 0.3 * arm[:, None] * numpy.arange(visits)
    left = numpy.where(generator.random(units) < 0.25, generator.integers(1, visits, units), visits)
    unit, visit = numpy.divmod(numpy.arange(units * visits), visits)
    y = numpy.where(visit < left[unit], y.ravel(), numpy.nan)
    return pandas.DataFrame({"unit": unit, "visit": visit, "arm": arm[unit], "base": base[unit], "y": y})


def sizes(runs: int) -> dict[str, float]:
    """Mixed models of many rows, of many visits, and the imputation of many units."""
    from omtrace.statistics.missing import impute
    from omtrace.statistics.mixed import mmrm
    from omtrace.statistics.mixed.lmm import fit
    from statsmodels.regression.mixed_linear_model import MixedLM

    y, design, group = grouped(2000, 500)
    many, wide, unit = grouped(100_000, 10_000)
    visits, units = dropping_out(120, 20), dropping_out(1000, 6)
    names = ("y", "unit", "visit", "arm", "base")

    def mixed() -> None:
        fit(y, design, {"group": group}).contrast([0, 1, 0])

    def compared() -> None:
        result = mmrm(visits, *names, structures=["us"])
        result.adjusted_means(), result.differences(), result.any_difference(1, 0)

    def imputed(approach: str) -> Callable[[], Any]:
        return lambda: impute(units, *names, structures=["us"], approaches=[approach]).differences()

    return {
        "mixed": best(runs, mixed),
        "mixedlm": best(runs, lambda: MixedLM(y, design, groups=group).fit(reml=True)),
        "rows": best(1, lambda: fit(many, wide, {"site": unit % 3, "site/unit": unit})),
        "visits": best(1, compared),
        "jackknife": best(1, imputed("conditional_mean")),
        "posterior": best(1, imputed("posterior")),
        "bootstrap": best(1, imputed("bootstrap")),
    }


def two_groups() -> tuple[Any, Any]:
    """Two groups of 70 for the bootstrap."""
    import numpy

    generator = numpy.random.default_rng(5)
    return generator.normal(-4, 6, UNITS // 2), generator.normal(-1, 6, UNITS // 2)


def bootstraps(runs: int) -> dict[str, float]:
    """The BCa interval of a difference of means by scipy, vectorised and not (for fewer resamples)."""
    import numpy
    from scipy.stats import bootstrap

    def gap(a: Any, b: Any, axis: int = -1) -> Any:
        return numpy.mean(a, axis=axis) - numpy.mean(b, axis=axis)

    def run(resamples: int, is_vectorised: bool) -> Callable[[], Any]:
        options: dict[str, Any] = {"vectorized": is_vectorised, "batch": 500 if is_vectorised else None}
        given = {"method": "BCa", "n_resamples": resamples, "rng": numpy.random.default_rng(1), **options}
        return lambda: bootstrap(two_groups(), gap if is_vectorised else lambda a, b: gap(a, b), **given)

    return {
        "bootstrap": best(runs, run(RESAMPLES, True)),
        "bootstrap_loop": best(1, run(RESAMPLES // 10, False)) * 10,
    }


def by_r(runs: int) -> dict[str, Any]:
    """The same by R, where it is there."""
    if not shutil.which("Rscript"):
        sys.stderr.write("R is left out: no Rscript on the path\n")
        return {}
    with tempfile.TemporaryDirectory() as folder:
        trial().rename(columns={"visit": "v"}).to_csv(f"{folder}/trial.csv", index=False)
        if (given := fev()) is not None:
            given[["id", "v", "arm", "race", "sex", "y"]].to_csv(f"{folder}/fev.csv", index=False)
        with open(f"{folder}/two.csv", "w", newline="") as file:
            csv.writer(file).writerows(
                [("y", "arm"), *((y, 1 - at) for at, group in enumerate(two_groups()) for y in group)]
            )
        Path(folder, "run.R").write_text(R)
        done = subprocess.run(["Rscript", f"{folder}/run.R", folder, str(runs), str(FEW)], stdout=subprocess.DEVNULL)
        if done.returncode:
            sys.stderr.write("R is left out: it lacks nlme, boot or jsonlite\n")
            return {}
        return json.loads(Path(folder, "r.json").read_text())


# the page


def section(runs: int, ours: dict[str, float], r: dict[str, Any]) -> list[str]:
    """What was measured, as Markdown: each block's first row is ours, and the others' ratios are to it."""
    r_name = f"R {r['versions'][0]}" if r else ""
    gls = f"nlme {r['versions'][1]} gls, no degrees of freedom" if r else ""
    blocks: list[tuple[str, list[tuple[str, float | None]]]] = [
        (
            "one fit, 197 units x 4 visits, unstructured, Kenward-Roger",
            [("omtrace", ours.get("fev")), (gls, r.get("fev"))],
        ),
        ("one fit, 141 units x 3 visits", [("omtrace", ours["trial"]), (gls, r.get("trial"))]),
        (
            f"each of {TRIALS} trials, 141 units x 3 visits, two contrasts",
            [("omtrace, together", ours["batch"]), ("omtrace, one by one", ours["loop"]), (gls, r.get("trial"))],
        ),
        (
            "five strategies by conditional means, jackknife over 141 units",
            [("omtrace, together", ours["jackknife"]), ("omtrace, unit by unit", ours["refits"])],
        ),
        (f"each of {IMPUTATIONS} draws: bootstrap fit, imputation, analysis", [("omtrace", ours["draws"])]),
        (
            f"of that, each of {IMPUTATIONS} analyses of covariance",
            [
                ("omtrace", ours["analyses"]),
                ("statsmodels, formula", ours["formulas"]),
                (f"{r_name} lm", r.get("ancova")),
            ],
        ),
        (
            f"BCa interval, {RESAMPLES} resamples, 2 x {UNITS // 2}",
            [
                ("scipy, vectorised", ours["bootstrap"]),
                ("scipy, in a loop", ours["bootstrap_loop"]),
                (f"boot {r['versions'][2]}" if r else "", r.get("boot")),
            ],
        ),
    ]
    lines = [
        TITLE,
        "",
        f"Processor time, one core, best of {runs} runs; {platform.machine()}, Python "
        f"{platform.python_version()}{', ' + r_name if r else ', no R'}. The ratio is to the first of its kind. "
        "`benchmarks/longitudinal.py` says what is done.",
        "",
        "| what | by | milliseconds | ratio |",
        "| --- | --- | ---: | ---: |",
    ]
    for what, rows in blocks:
        known = [(name, value) for name, value in rows if value is not None]
        for at, (name, value) in enumerate(known):
            shown = f"{value:.3g}" if value < 1000 else f"{value:,.0f}"
            lines.append(f"| {what if at == 0 else ''} | {name} | {shown} | {value / known[0][1]:.1f} |")
    if "fev_loglik" in r and "fev_loglik" in ours:
        gap = ours["fev_loglik"] - r["fev_loglik"]
        lines += ["", f"Restricted log-likelihood of the first fit: ours is higher by {gap:.1e} than that of gls."]
    return [*lines, ""]


def size_section(runs: int, ours: dict[str, float]) -> list[str]:
    """What was measured of many rows, visits and units, as Markdown."""
    imputing = f"1,000 units x 6 visits: {IMPUTATIONS} draws"
    rows = [
        ("2,000 rows in 500 groups, Kenward-Roger", "omtrace", "mixed"),
        ("", "statsmodels MixedLM, no small-sample degrees of freedom", "mixedlm"),
        ("100,000 rows of 10,000 units in 3 sites, Kenward-Roger", "omtrace", "rows"),
        ("120 units x 20 visits, unstructured, all means and differences", "omtrace", "visits"),
        ("1,000 units x 6 visits: conditional means, jackknife, two strategies", "omtrace", "jackknife"),
        (f"{imputing} from the posterior, two strategies", "omtrace", "posterior"),
        (f"{imputing} by the bootstrap, two strategies", "omtrace", "bootstrap"),
    ]
    return [
        SIZE_TITLE,
        "",
        f"Processor time, one core, best of {runs} runs for the first two, else one run after an uncounted one; "
        f"{platform.machine()}, Python {platform.python_version()}. `benchmarks/longitudinal.py` says what is done.",
        "",
        "| what | by | milliseconds |",
        "| --- | --- | ---: |",
        *(f"| {what} | {by} | {ours[key]:,.{0 if ours[key] >= 100 else 1}f} |" for what, by, key in rows),
        "",
    ]


def main() -> None:
    """Measure, print, and keep the section in the results page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=5, help="the best counts")
    parser.add_argument("--output", default="", help="results page whose section is replaced; empty: printed only")
    parser.add_argument("--parts", nargs="+", choices=("trial", "size"), default=("trial", "size"), help="sections")
    options = parser.parse_args()
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":  # numpy reads it when it is first imported
        os.execve(sys.executable, [sys.executable, *sys.argv], {**os.environ, "OPENBLAS_NUM_THREADS": "1"})
    sys.path.insert(0, str(ROOT / "workflow"))
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    sections = []
    if "trial" in options.parts:
        ours = {**models(options.runs), **imputations(options.runs), **bootstraps(options.runs)}
        sections.append(section(options.runs, ours, by_r(options.runs)))
    if "size" in options.parts:
        sections.append(size_section(options.runs, sizes(options.runs)))
    for lines in sections:
        print("\n".join(lines))
        if options.output:
            replace_section(Path(options.output), lines)


if __name__ == "__main__":
    main()
