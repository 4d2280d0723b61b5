"""Runs of the tiny study that are killed or interrupted at random moments, and what the next run makes of it.

    python tests/survival.py [--kills 200] [--interrupts 50] [--seed 1] [--output benchmarks/results_survival.md]

A kill is SIGKILL, an interrupt SIGINT (Ctrl-C), each to the whole process group of ``snakemake``. Several runs in a row
are stopped in one folder, then one goes on to its end. All moments follow from the seed; half of the rows have a warm
process. The first stopped run of a row starts from nothing, later ones go on or make everything again.
"""

import argparse
import os
import platform
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

from pipeline import REPOSITORY, TINY, Ran, command, copied, digests, ended, environment, omtrace, started

RESULTS = REPOSITORY / "benchmarks/results_survival.md"
ROW = 5  # runs that are stopped in one folder before the one that goes on to its end
SIGNALS = {signal.SIGKILL: "killed (`kill -9`)", signal.SIGINT: "interrupted (Ctrl-C)"}


@dataclass(frozen=True)
class Stop:
    """How a run is stopped: by which signal, after which part of the time that a whole run takes.

    ``again``: it makes everything again, rather than go on with what is missing.
    """

    signal: signal.Signals
    part: float
    again: bool


@dataclass
class Outcome:
    """What a row of stopped runs gave: counts of what was seen by signal, and each fault in words."""

    is_warm: bool
    stopped: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SIGNALS, 0))
    in_a_job: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SIGNALS, 0))
    locked: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SIGNALS, 0))
    unfinished: dict[str, int] = field(default_factory=lambda: dict.fromkeys(SIGNALS, 0))
    faults: list[str] = field(default_factory=list)

    def expect(self, holds: bool, fault: str) -> None:
        """Write down what does not hold."""
        if not holds:
            self.faults.append(fault)


@dataclass(frozen=True)
class Clean:
    """A run from nothing that nobody stopped: digests of its results and logs, and its seconds without and with a warm
    process."""

    results: dict[str, str]
    logs: dict[str, str]
    seconds: tuple[float, float]


def rows_of_stops(kills: int, interrupts: int, seed: int) -> list[list[Stop]]:
    """So many stops of each kind, shuffled, in rows."""
    numbers = random.Random(seed)
    signals = [signal.SIGKILL] * kills + [signal.SIGINT] * interrupts
    numbers.shuffle(signals)
    stops = [Stop(kind, numbers.uniform(0.05, 1), bool(numbers.randrange(2))) for kind in signals]
    return [stops[first : first + ROW] for first in range(0, len(stops), ROW)]


def environment_of(folder: Path, is_warm: bool) -> dict:
    """What a run in ``folder`` is started with: a folder of its own for temporary files."""
    (folder / "temporary").mkdir(exist_ok=True)
    return {"warm": is_warm, "variables": {"TMPDIR": str(folder / "temporary")}}


def quick(study: Path, *arguments: str) -> Ran:
    """``snakemake`` on a study in which no job is to run: a fork of a process that has the libraries."""
    variables = {**environment(study), "TMPDIR": str(study.parent / "temporary")}
    return command(study, "snakemake", *arguments, variables=variables)


def clean_run(folder: Path) -> Clean:
    """Run the study twice from nothing, in two folders. Raises RuntimeError if the runs differ."""
    runs = []
    for is_warm in (False, True):
        home = folder / f"clean_{is_warm}"
        study = copied(home / "study", TINY)
        begun = time.monotonic()
        ran = ended(started(study, "-m", "snakemake", **environment_of(home, is_warm)))
        if ran.code:
            raise RuntimeError(ran.text)
        runs.append((time.monotonic() - begun, digests(study / "results"), digests(study / "logs")))
    if runs[0][1:] != runs[1][1:]:
        raise RuntimeError("two clean runs differ")
    return Clean(*runs[0][1:], (runs[0][0], runs[1][0]))


def is_living(group: int) -> bool:
    """Whether a process of a group is left."""
    try:
        os.killpg(group, 0)
    except ProcessLookupError:
        return False
    return True


def stopped(study: Path, stop: Stop, clean: Clean, start: dict, outcome: Outcome) -> bool:
    """Start a run and stop it at its moment; whether it was still running then."""
    seconds = clean.seconds[outcome.is_warm]
    scripts = study / ".snakemake/scripts"  # of a job there is one while it runs
    before = set(scripts.glob("*"))
    process = started(study, "-m", "snakemake", *(["--forceall"] if stop.again else []), **start)
    try:
        process.communicate(timeout=stop.part * seconds)
        return False
    except subprocess.TimeoutExpired:
        jobs = set(scripts.glob("*")) - before
        os.killpg(process.pid, stop.signal)
    _, said = process.communicate(timeout=300)
    deadline = time.monotonic() + 30  # a process that was killed is taken leave of by the system's first process
    while is_living(process.pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    outcome.expect(not is_living(process.pid), "a process of the run is left")
    if stop.signal == signal.SIGINT:
        is_done = process.returncode == 0 and digests(study / "results") == clean.results  # the last job had ended
        outcome.expect(
            is_done or process.returncode in (1, -signal.SIGINT, 130),
            f"exit code {process.returncode} after Ctrl-C, having said: {said[-1000:]!r}",
        )
    outcome.stopped[stop.signal] += 1
    outcome.in_a_job[stop.signal] += bool(jobs)
    return True


def look(study: Path, stop: Stop, clean: Clean, outcome: Outcome) -> None:
    """What a stopped run left under its final name is whole; and a lock is explained, and removed as the words say."""
    results = digests(study / "results")
    unfinished = {path for path in results if path.endswith(".part")}
    outcome.unfinished[stop.signal] += bool(unfinished)
    for path in results.keys() - unfinished:
        outcome.expect(results[path] == clean.results.get(path), f"{path}: other bytes than a clean run's")
    if not list((study / ".snakemake/locks").glob("*")):
        return
    outcome.locked[stop.signal] += 1
    outcome.expect(stop.signal == signal.SIGKILL, "a lock is left after Ctrl-C")
    refused = quick(study)
    words = [line for line in refused.faults if line.endswith("removed by: snakemake --unlock")]
    outcome.expect(refused.code == 1 and refused.faults == words != [], f"a lock is not explained: {refused.text}")
    outcome.expect(digests(study / "results") == results, "a run that found a lock changed something")
    quick(study, "--unlock")
    outcome.expect(not list((study / ".snakemake/locks").glob("*")), "snakemake --unlock left a lock")


def leftovers(folder: Path) -> Iterator[str]:
    """Temporary files in a study's folders, and in that for temporary files; Snakemake's own is empty, if it was
    killed."""
    for part in ("results", "logs", "data", "config"):
        yield from map(str, (folder / "study" / part).rglob("*.part"))
    for path in (folder / "temporary").glob("*"):
        if not path.name.startswith("snakemake") or any(path.iterdir()):
            yield str(path)


def finish(folder: Path, clean: Clean, start: dict, outcome: Outcome) -> None:
    """The next run ends as a clean one does, ``verify`` finds nothing, and nothing is left to do or to clear away."""

    def said(command: str, ran: Ran) -> Ran:
        outcome.expect(ran.code == 0, f"{command}: {ran.text}")
        return ran

    study = folder / "study"
    said("the next run", ended(started(study, "-m", "snakemake", **start)))
    outcome.expect(digests(study / "results") == clean.results, "results of other bytes than a clean run's")
    outcome.expect(digests(study / "logs") == clean.logs, "logs of other bytes than a clean run's")
    said("verify", omtrace(study, "verify"))
    ran = said("the run after it", quick(study, "-n"))
    outcome.expect("Nothing to be done" in ran.text, f"the run after it: {ran.text}")
    outcome.faults += [f"{path}: left" for path in leftovers(folder)]


def row_of_runs(folder: Path, stops: list[Stop], is_warm: bool, clean: Clean) -> Outcome:
    """Stop runs in one folder, one after another, then let one go on."""
    outcome = Outcome(is_warm)
    study, start = copied(folder / "study", TINY), environment_of(folder, is_warm)
    for stop in stops:
        if not stopped(study, stop, clean, start, outcome):
            whole = Stop(stop.signal, stop.part / 2, True)  # it had ended before; so does no run that begins anew
            stopped(study, whole, clean, start, outcome)
        look(study, stop, clean, outcome)
    finish(folder, clean, start, outcome)
    outcome.faults = [f"{stops}: {fault}" for fault in outcome.faults]
    print(f"{folder.name}: {sum(outcome.stopped.values())} runs stopped, {len(outcome.faults)} faults", flush=True)
    for fault in outcome.faults:
        print(fault, flush=True)
    return outcome


def survey(folder: Path, kills: int, interrupts: int, seed: int, processes: int = 2) -> Iterator[Outcome]:
    """Stop so many runs, and look at each: what each row of them gave, as it ends."""
    if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:  # of a shell's background job; its runs would ignore it too
        signal.signal(signal.SIGINT, signal.default_int_handler)
    clean = clean_run(folder)
    with ThreadPoolExecutor(processes) as pool:
        rows = enumerate(rows_of_stops(kills, interrupts, seed))
        outcomes = [
            pool.submit(row_of_runs, folder / f"row_{number}", stops, bool(number % 2), clean) for number, stops in rows
        ]
        yield from (outcome.result() for outcome in as_completed(outcomes))


def page(outcomes: list[Outcome], seed: int) -> str:
    """What was seen, as Markdown."""
    lines = [
        "# Runs that were killed or interrupted",
        "",
        f"The tiny study of the tests, {platform.machine()}, Python {platform.python_version()}; seed {seed}. Made by "
        "`python tests/survival.py`; a tenth of it is run by the tests.",
        "",
        "| runs | jobs | stopped | of them while a job ran | left a lock | left unfinished files |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
    ]
    for kind, words in SIGNALS.items():
        for is_warm, jobs in ((True, "forked"), (False, "each a Python of its own")):
            these = [outcome for outcome in outcomes if outcome.is_warm == is_warm]
            counts = [
                sum(getattr(outcome, name)[kind] for outcome in these)
                for name in ("stopped", "in_a_job", "locked", "unfinished")
            ]
            lines.append(f"| {words} | {jobs} | {' | '.join(map(str, counts))} |")
    faults = [fault for outcome in outcomes for fault in outcome.faults]
    return "\n".join(
        [
            *lines,
            "",
            "Unfinished files have names of their own, `.<name>.<digits>.part`, and are cleared by the next run. After "
            "each stop every file under its final name had the bytes of a clean run or was not there; each lock was "
            f"told in one line whose command removed it. {len(outcomes)} times, after {ROW} such stops, a run went on "
            "to its end: the bytes of results and logs were those of a clean run, `verify` found nothing, nothing was "
            "left to do, and no temporary file was left; of Snakemake's own, an empty folder for each run that was "
            "killed."
            if not faults
            else f"{len(faults)} faults:",
            "",
            *(f"- {fault}" for fault in faults),
        ]
    )


def main() -> None:
    """Stop runs and write what was seen. Exit code 1 with any fault."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200)
    parser.add_argument("--interrupts", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--output", type=Path, default=RESULTS)
    options = parser.parse_args()
    outcomes: list[Outcome] = []
    with tempfile.TemporaryDirectory() as folder:
        for outcome in survey(Path(folder), options.kills, options.interrupts, options.seed, options.processes):
            outcomes.append(outcome)  # written each time: all of them take an hour
            options.output.write_text(page(outcomes, options.seed).rstrip("\n") + "\n", encoding="utf-8")
    sys.exit(any(outcome.faults for outcome in outcomes))


if __name__ == "__main__":
    main()
