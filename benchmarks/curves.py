"""Standard curves: fits a second beside scipy's curve_fit, distance from the optimum, and curves made to mislead.

    python benchmarks/curves.py [--stress 90000] [--optimum 400] [--runs 7] [--output benchmarks/results_curves.md]

Speed: 4,096 plates of 16 standard wells in one call, one core, processor time, the best of the runs. Optimum: the
residual sum of squares against the best of nine starts of scipy's least_squares driven to the end. Stress: 90,000
curves that are flat, hooked, without a plateau, with outliers and so on; counted are those that can be read from, those
whose half-way concentration is named, and those where it is absurd: more than ten times outside the levels, or ten
times off the true one.
"""

import argparse
import platform
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import scipy
from omtrace.statistics.curves.calibration import Model, fit_curves, judged
from omtrace.statistics.curves.five_pl import FivePL, fit_five_pl, half
from omtrace.statistics.curves.four_pl import fit_four_pl
from scipy.optimize import curve_fit, least_squares

LEVELS = np.repeat([2000, 1000, 500, 250, 125, 62.5, 31.25, 15.625], 2)
PLATES, LOOP = 4096, 200  # curves of a batch; curves of the loop
SEED = 20240611
MISLED: tuple[Model, ...] = ("4PL", "5PL")
STARTS = [(b, c) for b in (0.7, 1.2, 2.5) for c in (60.0, 300.0, 1200.0)]


def curve(x: Any, a: Any, b: Any, c: Any, d: Any) -> Any:
    """The four-parameter logistic curve."""
    return d + (a - d) / (1 + (x / c) ** b)


def plates(k: int, seed: int = SEED, cv: float = 0.03) -> np.ndarray:
    """Signals of k ordinary plates (k, 16), the scatter a share of the signal."""
    generator = np.random.default_rng(seed)
    c = 310 * np.exp(0.4 * generator.standard_normal((k, 1)))
    b = 1.15 * np.exp(0.3 * generator.standard_normal((k, 1)))
    return curve(LEVELS, 0.06, b, c, 2.9) * (1 + cv * generator.standard_normal((k, LEVELS.size)))


# speed


def seconds(run: Callable[[], Any], runs: int) -> float:
    """Processor time of the fastest run."""
    times = []
    for _ in range(runs):
        start = time.process_time()
        run()
        times.append(time.process_time() - start)
    return min(times)


def loop(y: np.ndarray, sigma: np.ndarray | None) -> None:
    """scipy's curve_fit, plate after plate, from one reasonable start."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for i, row in enumerate(y):
            start = (row.min(), 1.0, 300.0, row.max())
            try:
                curve_fit(curve, LEVELS, row, start, None if sigma is None else sigma[i], bounds=(1e-9, np.inf))
            except RuntimeError:
                pass


def speed(runs: int) -> list[str]:
    """Rows of the table of speeds."""
    y = plates(PLATES)
    fit_four_pl(LEVELS, y[:100])
    slow = LOOP / seconds(lambda: loop(y[:LOOP], None), 1)
    slow_weighted = LOOP / seconds(lambda: loop(y[:LOOP], y[:LOOP]), 1)
    rows = []
    for name, run, beside in (
        ("4PL, unweighted", lambda: fit_four_pl(LEVELS, y), slow),
        ("4PL, 1/y", lambda: fit_four_pl(LEVELS, y, 1 / y), slow_weighted),
        ("4PL, 1/y²", lambda: fit_four_pl(LEVELS, y, 1 / y**2), slow_weighted),
        ("5PL, both signs of the slope, unweighted", lambda: fit_five_pl(LEVELS, y), None),
        ("5PL, both signs of the slope, 1/y²", lambda: fit_five_pl(LEVELS, y, 1 / y**2), None),
    ):
        rate = PLATES / seconds(run, runs)
        ratio = f"{rate / beside:.0f}" if beside else ""
        rows.append(f"| {name} | {rate:,.0f} | {f'{beside:,.0f}' if beside else ''} | {ratio} |")
    return rows


# the optimum


def best_of_starts(y: np.ndarray, w: np.ndarray) -> float:
    """The smallest weighted sum of squares that least_squares finds from nine starts, bounded as the fit is."""
    costs, root = [], np.sqrt(w)

    def residuals(t: np.ndarray) -> np.ndarray:
        return root * (curve(LEVELS, t[0], np.exp(t[1]), np.exp(t[2]), t[3]) - y)

    def jacobian(t: np.ndarray) -> np.ndarray:
        b = np.exp(t[1])
        u = np.log(LEVELS) - t[2]
        h = 1 / (1 + np.exp(-b * u))
        steep = (t[3] - t[0]) * h * (1 - h)
        return root[:, None] * np.column_stack([1 - h, steep * b * u, -steep * b, h])

    for b, c in STARTS:
        start = [y.min(), np.log(b), np.log(c), y.max()]
        limits = ([-np.inf, np.log(0.02), np.log(0.5), -np.inf], [np.inf, np.log(50), np.log(6e4), np.inf])
        found = least_squares(
            residuals, start, jacobian, limits, xtol=1e-15, ftol=1e-15, gtol=1e-15, x_scale="jac", max_nfev=2000
        )
        costs.append(2 * found.cost)
    return min(costs)


def optimum(k: int) -> tuple[int, float, float]:
    """How many curves were fitted and compared, the largest relative excess of our sum of squares, and of theirs."""
    ours, theirs = [], []
    for cv, share in ((0.03, 0.5), (0.1, 0.5)):
        y = plates(int(k * share), SEED + 1, cv)
        for w in (np.ones_like(y), 1 / y**2):
            fit = fit_four_pl(LEVELS, y, w)
            for i in np.flatnonzero((fit.refusal == "") & (fit.vague == ""))[:: 2 if k > 20 else 1]:
                ours.append(fit.rss[i])
                theirs.append(best_of_starts(y[i], w[i]))
    a, b = np.array(ours), np.array(theirs)
    return len(a), float(max(0.0, (a / b - 1).max())), float(max(0.0, (b / a - 1).max()))


# curves made to mislead


def kinds(k: int, seed: int = SEED) -> dict[str, tuple[np.ndarray, Any]]:
    """Signals (k, 16) of each kind of curve, and the true half-way concentration, or None where there is none."""
    g = np.random.default_rng(seed)
    noise = g.standard_normal((k, LEVELS.size))
    c = 310 * np.exp(0.4 * g.standard_normal((k, 1)))
    usual = curve(LEVELS, 0.06, 1.15, c, 2.9)
    scatter = 1 + 0.03 * noise
    hook = usual * (1 - np.where(LEVELS >= 1000, 0.3 * np.log2(LEVELS / 500), 0)) * scatter
    outlier = usual * scatter
    outlier[np.arange(k), g.integers(0, 16, k)] *= np.exp(g.choice([-1.5, 1.5], k))
    swapped = usual * scatter
    swapped[:, [2, 3, 8, 9]] = swapped[:, [8, 9, 2, 3]]
    return {
        "flat": (0.3 + 0.02 * noise, None),
        "flat, one outlier": (0.3 + 0.02 * noise + (np.arange(16) == g.integers(0, 16, (k, 1))) * 0.8, None),
        "straight line": (0.1 + 0.001 * LEVELS * scatter, None),
        "no upper plateau": (curve(LEVELS, 0.06, 1.15, 60 * c, 60.0) * scatter, 60 * c[:, 0]),
        "no lower plateau": (curve(LEVELS, 0.06, 1.15, c / 100, 2.9) * scatter, c[:, 0] / 100),
        "hook": (hook, c[:, 0]),
        "one outlier": (outlier, c[:, 0]),
        "two levels swapped": (swapped, c[:, 0]),
        "step": ((LEVELS > 200) * 2.0 + 0.05 + 0.02 * noise, np.full(k, 210.0)),
        "wide scatter": (usual * np.exp(0.4 * noise), c[:, 0]),
    }


def stress(total: int, model: Model = "4PL") -> dict[str, tuple[int, int, int, int]]:
    """Of each kind: curves, read from, with a half-way concentration, and with an absurd one."""
    each = total // len(kinds(1))
    found = {}
    for name, (y, truth) in kinds(each).items():
        fit = judged(fit_curves(LEVELS, y, model), LEVELS, y)
        readable, named = fit.refusal == "", (fit.refusal == "") & (fit.vague == "")
        middle = half(fit) if isinstance(fit, FivePL) else fit.coefficients[:, 2]
        absurd = (middle < LEVELS.min() / 10) | (middle > LEVELS.max() * 10)
        if truth is not None:
            absurd |= np.abs(np.log(np.where(named, middle, 1) / truth)) > np.log(10)
        found[name] = each, int(readable.sum()), int(named.sum()), int((named & absurd).sum())
    return found


def page(runs: int, compared: int, total: int) -> list[str]:
    """What was measured, as Markdown."""
    rates, (n, worse, better) = speed(runs), optimum(compared)
    counted = {model: stress(total, model) for model in MISLED}
    tables = [line for model, found in counted.items() for line in ("", f"{model}:", "", *_misled(found))]
    machine = f"{platform.machine()}, Python {platform.python_version()}, scipy {scipy.__version__}"
    return [
        "# Standard curves",
        "",
        f"{PLATES:,} plates of {LEVELS.size} wells, one core, processor time, best of {runs} runs; {machine}. "
        f"curve_fit: {LOOP} of the same plates, one after another, one start each.",
        "",
        "| what | fits/s | curve_fit, fits/s | ratio |",
        "| --- | ---: | ---: | ---: |",
        *rates,
        "",
        "# Distance from the optimum",
        "",
        f"{n} fitted curves, unweighted and 1/y², scatter of 3 and 10%, against the best of {len(STARTS)} starts of "
        f"scipy's least_squares: residual sum of squares larger by {worse:.0e} of it at most, smaller by "
        f"{better:.0e}.",
        "",
        "# Curves made to mislead",
        "",
        "Absurd: half-way concentration more than ten times outside the levels, or ten times off the true one.",
        "",
        "Of a curve that can be read from, the half-way concentration is named only where the levels determine it.",
        *tables,
        "",
    ]


def _misled(found: dict[str, tuple[int, int, int, int]]) -> list[str]:
    """A table of what became of curves made to mislead."""
    sums = [sum(column) for column in zip(*found.values(), strict=True)]
    rows = [f"| {name} | {' | '.join(f'{n:,}' for n in row)} |" for name, row in [*found.items(), ("all", sums)]]
    return ["| kind | curves | read from | half-way named | absurd |", "| --- | ---: | ---: | ---: | ---: |", *rows]


def main() -> None:
    """Measure, print, and keep the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--optimum", type=int, default=400, help="curves of which half are compared, a weighting")
    parser.add_argument("--stress", type=int, default=90_000, help="curves made to mislead")
    parser.add_argument("--output", default="", help="page that is written; empty: printed only")
    asked = parser.parse_args()
    lines = page(asked.runs, asked.optimum, asked.stress)
    print("\n".join(lines))
    if asked.output:
        Path(asked.output).write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    main()
