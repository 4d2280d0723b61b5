"""Processor time of ``omtrace whatif`` on shipped studies that have run here, beside that of ``snakemake --version``.

    python benchmarks/whatif.py [--runs 3] [--output benchmarks/results_whatif.md]

Each figure is the least of several whole processes, one question after the other in each round, so that what else the
machine does falls on all of them; ratios hold between machines, seconds do not.
"""

import argparse
import os
import platform
import resource
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
BAR = "snakemake --version"
RAW = "data/raw/omt_rct"
# What is asked, and how far it reaches.
QUESTIONS: dict[str, list[str]] = {
    "omt_rct: the arm of a participant": ["omt_rct", "--cell", f"{RAW}/allocation.csv:3:arm=sham"],
    "omt_rct: an item of a questionnaire": ["omt_rct", "--cell", f"{RAW}/questionnaires.csv:17:hit6_3=10"],
    "omt_rct: a participant left out": ["omt_rct", "--without-unit", "R017"],
    "omt_feasibility: a participant left out": ["omt_feasibility", "--without-unit", "SM-01"],
    "rat_two_hit: an animal left out": ["rat_two_hit", "--without-unit", "RT01"],
}


def processor_seconds(command: list[str]) -> float:
    """Of a command and what it starts. Raises CalledProcessError, with its output, if it fails."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    subprocess.run([sys.executable, "-m", *command], cwd=ROOT, check=True, capture_output=True, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Measure and write a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3, help="rounds; the least of each is kept")
    parser.add_argument("--output", default=str(ROOT / "benchmarks/results_whatif.md"))
    arguments = parser.parse_args()
    commands = {BAR: BAR.split(), **{what: ["omtrace", "whatif", *asks] for what, asks in QUESTIONS.items()}}
    rounds = [{what: processor_seconds(command) for what, command in commands.items()} for _ in range(arguments.runs)]
    least = {what: min(one[what] for one in rounds) for what in commands}
    lines = [
        "# What if",
        "",
        f"Processor time, the least of {arguments.runs} whole processes; {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}. Written by `python benchmarks/whatif.py`.",
        "",
        "| what | CPU seconds | over `snakemake --version` |",
        "| --- | ---: | ---: |",
        *(f"| {what} | {seconds:.2f} | {seconds / least[BAR]:.1f} |" for what, seconds in least.items()),
    ]
    Path(arguments.output).write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
