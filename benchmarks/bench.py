"""Times of the whole pipeline, as one script: run from nothing, nothing to do, and the start-up of each stage's job.

    python benchmarks/bench.py [--runs 3] [--output benchmarks/results.md]

Each figure is the median of whole processes on a fresh copy of the checkout; ratios hold between machines, seconds do
not. Byte code and file cache are warm: one run is not counted.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import yaml
from checkout import copy_into
from omtrace.warm_start import VARIABLE
from pages import replace_section

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("Snakefile", "workflow", "config", "profiles", "envs", "data/raw")
TITLE = "# Times of the pipeline"
LIBRARIES, TRACE = "python, numpy and pyarrow imported", "omtrace trace of one number"
SHIPPED = tuple(yaml.safe_load((ROOT / "config/config.yaml").read_text(encoding="utf-8"))["studies"])
CLINICAL = ("omt_feasibility", "omt_rct", "headache_diary")
# Stage -> parts whose plug-ins it may load, libraries that its call imports.
STAGES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "validate_exports": (
        ("sources", "schemas", "instruments"),
        ("yaml", "pandas", "pandera.pandas", "pyarrow.parquet"),
    ),
    "derive_datasets": (("derive", "instruments"), ("yaml", "pandas", "pyarrow.parquet", "scipy.special")),
    "analyse_datasets": (
        ("analyses", "statistics"),
        ("yaml", "pandas", "pyarrow.parquet", "scipy.special", "scipy.optimize"),
    ),
    "draw_figures": (("figures",), ("yaml", "pyarrow.parquet", "matplotlib.figure", "matplotlib.backends.backend_agg")),
    "write_report": (("report", "sources"), ("yaml", "pyarrow.parquet", "jinja2")),
    "record_manifest": ((), ()),
}


def copy(folder: Path) -> None:
    """A fresh copy of what a run needs, with the shipped raw files only."""
    copy_into(folder, NEEDED)
    for study in (folder / "data/raw").iterdir():
        if study.name not in SHIPPED:
            shutil.rmtree(study)


def seconds(command: list[str], folder: Path, **variables: str) -> float:
    """Wall time of a command. Raises CalledProcessError, with its output, if it fails."""
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow"), **variables}
    start = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    return time.perf_counter() - start


def start_up(lines: str, folder: Path, runs: int) -> tuple[float, float]:
    """Median wall time of a process that only imports, and the share of this package's own modules in it."""
    times, own = [], []
    for _ in range(runs + 1):
        times.append(seconds([sys.executable, "-c", lines], folder))
        told = subprocess.run(
            [sys.executable, "-X", "importtime", "-c", lines], cwd=folder, check=True, capture_output=True, text=True
        ).stderr
        rows = [line.removeprefix("import time:").split("|") for line in told.splitlines() if "|" in line]
        own.append(sum(int(r[0]) for r in rows if r[2].strip().startswith("omtrace")) / 1e6)
    return statistics.median(times[1:]), statistics.median(own[1:])


def stage_imports(stage: str) -> str:
    """The script's own imports, the plug-ins that the plan of omt_rct names, and the libraries of its call."""
    named = set(re.findall(r"\w+", (ROOT / "config/studies/omt_rct.yaml").read_text(encoding="utf-8")))
    lines = (ROOT / "workflow/scripts" / f"{stage}.py").read_text(encoding="utf-8").splitlines()
    parts, libraries = STAGES[stage]
    modules = [path for part in parts for path in sorted((ROOT / "workflow/omtrace" / part).glob("[a-z]*.py"))]
    plugins = [f"import omtrace.{path.parent.name}.{path.stem}" for path in modules if path.stem in named]
    return "\n".join(
        [line for line in map(str.strip, lines) if line.startswith(("from ", "import "))]
        + plugins
        + [f"import {x}" for x in libraries]
    )


def measure(runs: int) -> list[tuple[str, float]]:
    """Every figure: what was timed, seconds."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        folder.mkdir()
        copy(folder)
        run = [sys.executable, "-m", "snakemake", "--cores", "2"]
        for what, studies, more in (
            ("the clinical studies", CLINICAL, {}),
            ("all shipped studies", (), {}),
            ("the same, each job a Python of its own", (), {VARIABLE: ""}),
        ):
            full = []
            for _ in range(runs + 1):
                shutil.rmtree(folder / "results", ignore_errors=True)
                shutil.rmtree(folder / ".snakemake", ignore_errors=True)
                full.append(seconds([*run, *studies], folder, **more))
            rows.append((f"{what}, from nothing, 2 cores", statistics.median(full[1:])))
        rows.append(("nothing to do", statistics.median([seconds(run, folder) for _ in range(runs + 1)][1:])))
        rows.append(
            (
                "snakemake --version",
                statistics.median([seconds([*run[:3], "--version"], folder) for _ in range(runs + 1)][1:]),
            )
        )
        rows.append(("python, nothing imported", start_up("pass", folder, runs)[0]))
        for stage in STAGES:
            total, own = start_up(stage_imports(stage), folder, runs)
            rows += [(f"start-up of {stage}, libraries included", total), ("of that, modules of omtrace", own)]
        command = [sys.executable, "-m", "omtrace"]
        number = (folder / "results/omt_rct/estimates.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
        way = [*command, "trace", f"#{number}"]
        rows.append((LIBRARIES, start_up("import numpy, pyarrow.parquet", folder, runs)[0]))
        rows.append((TRACE, statistics.median([seconds(way, folder) for _ in range(runs + 1)][1:])))
        rows.append(
            ("omtrace verify", statistics.median([seconds([*command, "verify"], folder) for _ in range(runs + 1)][1:]))
        )
    return rows


def main() -> None:
    """Measure and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="counted runs of each figure")
    parser.add_argument("--output", default=str(ROOT / "benchmarks/results.md"))
    arguments = parser.parse_args()
    rows = measure(arguments.runs)
    unit = dict(rows)["nothing to do"]
    lines = [
        TITLE,
        "",
        f"Medians of {arguments.runs} runs after one uncounted; {platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}. The ratio is to a run with nothing to do. A trace takes "
        f"{dict(rows)[TRACE] / dict(rows)[LIBRARIES]:.2f} times what it takes to import numpy and pyarrow.",
        "",
        "| what | seconds | ratio |",
        "| --- | ---: | ---: |",
        *(f"| {what} | {value:.2f} | {value / unit:.2f} |" for what, value in rows),
        "",
    ]
    replace_section(Path(arguments.output), lines)
    print("\n".join(lines))


if __name__ == "__main__":
    main()
