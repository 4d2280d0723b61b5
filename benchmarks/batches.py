"""Times of a rodent study of many assay batches: from nothing, nothing to do, one batch added.

    python benchmarks/batches.py [--batches 1000] [--output FILE]

The study is simulated (``omtrace simulate --batches N``; plan: ``batches.yaml``), in a fresh copy of the
checkout. Seconds are of the wall; CPU seconds of all processes stand beside them, since they depend less on what else
the machine does. The memory is that of the largest process.
"""

import argparse
import os
import platform
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from checkout import copy_into
from omtrace.model.register import Export, sha256_of, write_register
from omtrace.simulate import batches

ROOT = Path(__file__).resolve().parent.parent
NEEDED = ("Snakefile", "workflow", "profiles", "envs")
TABLES = {"animals": "animals", "layout": "layouts", "plate": "plates"}
SNAKEMAKE = [sys.executable, "-m", "snakemake", "--cores", "2"]
OMTRACE = [sys.executable, "-m", "omtrace"]


def study(folder: Path, count: int) -> None:
    """A copy of the checkout with the study of so many batches, registered, and one more batch beside it."""
    copy_into(folder, NEEDED)
    (folder / "config/studies").mkdir(parents=True)
    (folder / "config/config.yaml").write_text("studies: [rat_batches]\nretrieved: []\nmirror: ''\n", encoding="utf-8")
    shutil.copy(ROOT / "benchmarks/batches.yaml", folder / "config/studies/rat_batches.yaml")
    rows = []
    for path in batches.write(folder / "data/raw", range(1, count + 1)):
        name, _, number = path.stem.partition("_")
        rows.append(
            Export(
                len(rows) + 1,
                "rat_batches",
                path.stem,
                TABLES[name],
                path.relative_to(folder).as_posix(),
                number,
                "2024-05-31",
                sha256_of(path),
                "received",
                "",
                "",
                "",
            )
        )
    write_register(rows, folder / "config/exports.csv")
    added = folder / f"batch_{count + 1}"
    added.mkdir()
    for path in batches.write(folder / "made", (count + 1,)):
        shutil.move(path, added / path.name)
    shutil.rmtree(folder / "made")


def timed(command: list[str], folder: Path) -> tuple[float, float]:
    """Wall and CPU seconds of a command. Raises CalledProcessError, with its output, if it fails."""
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    environment = {**os.environ, "PYTHONPATH": str(folder / "workflow")}
    subprocess.run(command, cwd=folder, check=True, capture_output=True, env=environment)
    wall, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def measure(count: int) -> tuple[list[tuple[str, float, float]], float]:
    """What was timed, wall and CPU seconds; and MiB of the largest process."""
    rows = []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "copy"
        folder.mkdir()
        study(folder, count)
        rows.append((f"{count} batches of 96 wells, from nothing", *timed(SNAKEMAKE, folder)))
        rows.append(("nothing to do", *timed(SNAKEMAKE, folder)))
        rows.append(("add-batch of one more", *timed([*OMTRACE, "add-batch", f"batch_{count + 1}"], folder)))
        rows.append(("the run after it", *timed(SNAKEMAKE, folder)))
        rows.append(("changes", *timed([*OMTRACE, "changes", "rat_batches"], folder)))
        number = (
            (folder / "results/rat_batches/estimates.csv").read_text(encoding="utf-8").splitlines()[1].split(",")[0]
        )
        rows.append(
            (
                "trace of a number that rests on all animals",
                *timed([*OMTRACE, "trace", f"results/rat_batches/estimates.csv#{number}"], folder),
            )
        )
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return rows, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit


def main() -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batches", type=int, default=1000)
    parser.add_argument("--output", help="file to write the table to")
    told = parser.parse_args()
    rows, memory = measure(told.batches)
    unit = {what: cpu for what, _, cpu in rows}["nothing to do"]
    lines = [
        "# Times of a study of many assay batches",
        "",
        f"One run, 2 cores asked for; {platform.machine()}, {os.cpu_count()} cores, load {os.getloadavg()[2]:.1f} over "
        f"the last 15 minutes, Python {platform.python_version()}. The ratio is of CPU seconds, to a run with nothing "
        f"to do. The largest process took {memory:.0f} MiB.",
        "",
        "| what | seconds | CPU seconds | ratio |",
        "| --- | ---: | ---: | ---: |",
        *(f"| {what} | {wall:.1f} | {cpu:.1f} | {cpu / unit:.1f} |" for what, wall, cpu in rows),
        "",
    ]
    if told.output:
        Path(told.output).write_text("\n".join(lines), encoding="utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
