"""Runs through Slurm: the same bytes as here; jobs that fail or are cancelled; what the profile says."""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest
import slurm
import yaml
from omtrace.job import print_faults
from pipeline import REPOSITORY, copied, digests, done, ended, environment, snakemake

PYTHON = REPOSITORY / ".venv-cluster/bin/python"
STUDY, BATCHES = "rat_pup_weight", "rat_batches"
NUMBER_OF_BATCHES = 1000
# After so many seconds a job has mostly ended, on a busy machine too; each look comes later than the one before.
FIRST_LOOK = "--slurm-init-seconds-before-status-checks=15"
RAW = f"data/raw/{STUDY}/pups.csv"
# of the default profile, what a cluster wants otherwise
OF_ONE_MACHINE = {"cores", "max-jobs-per-timespan", "quiet"}


def profile(name):
    return yaml.safe_load((REPOSITORY / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))


def test_the_slurm_profile_has_the_settings_of_the_default_one():
    shared = {key: value for key, value in profile("default").items() if key not in OF_ONE_MACHINE}
    assert shared.items() <= profile("slurm").items()


def test_no_profile_shows_the_logs_of_failed_jobs_since_findings_are_among_them_with_values():
    assert not [name for name in ("default", "slurm") if profile(name).get("show-failed-logs")]


def test_of_the_logs_of_jobs_the_faults_of_this_run_alone_are_printed(tmp_path, capsys):
    logs = {
        "old": "omtrace: a.csv: mended since\n",
        "new": "omtrace: b.csv: line 2\nTraceback\n",
        "sound": "finished\n",
    }
    for name, text in logs.items():
        (tmp_path / f"{name}.log").write_text(text, encoding="utf-8")
    (tmp_path / "findings.csv").write_text("omtrace: with values\n", encoding="utf-8")
    os.utime(tmp_path / "old.log", (1, 1))
    print_faults(tmp_path, since=2)
    assert capsys.readouterr().err == "omtrace: b.csv: line 2\n"


@pytest.fixture(scope="module")
def cluster():
    """One node of Slurm, this machine."""
    if reason := slurm.missing():
        pytest.skip(reason)
    if not PYTHON.exists():
        pytest.skip("there is no .venv-cluster; make cluster sets it up")
    with slurm.node():
        yield


def started(folder, python, *arguments):
    """Snakemake in a copy, started."""
    command = [python, "-m", "snakemake", *arguments]
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.Popen(
        command, cwd=folder, env=environment(folder), text=True, stdin=nothing, stdout=pipe, stderr=pipe
    )


def submitted(folder, study):
    """A run of a study through Slurm, started."""
    return started(folder, PYTHON, "--workflow-profile", "profiles/slurm", FIRST_LOOK, study)


def running_job(folder, process):
    """The number of a job that Slurm runs for a copy, once there is one."""
    while process.poll() is None:
        listed = subprocess.run(
            ["squeue", "--noheader", "--states=RUNNING", "--format=%A %Z"], capture_output=True, text=True, check=True
        )
        for line in listed.stdout.splitlines():
            number, _, home = line.partition(" ")
            if Path(home) == folder:
                return number
        time.sleep(0.1)
    raise AssertionError("the run has ended without a job")


def replace_raw(folder, content):
    """Other bytes as a raw file of the study, and their digest in the register."""
    raw, register = folder / RAW, folder / "config/exports.csv"
    old, new = (hashlib.sha256(some).hexdigest() for some in (raw.read_bytes(), content))
    raw.write_bytes(content)
    register.write_text(register.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


@pytest.fixture(scope="module")
def many_batches(cluster, tmp_path_factory):
    """Two copies with the study of many batches, each with its run, started: through Slurm, and without it."""
    there = tmp_path_factory.mktemp("batches").resolve() / "there"
    there.mkdir()
    code = f"import pathlib, batches; batches.study(pathlib.Path({str(there)!r}), {NUMBER_OF_BATCHES})"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "benchmarks", env=environment(REPOSITORY), check=True)
    here = shutil.copytree(there, there.with_name("here"))
    runs = {there: submitted(there, BATCHES), here: started(here, sys.executable, "--cores", "1", BATCHES)}
    yield runs
    for process in runs.values():
        if process.poll() is None:
            process.terminate()
            process.communicate()


@pytest.mark.usefixtures("many_batches")  # which run at the same time
def test_a_fault_of_a_job_reaches_the_terminal_and_a_cancelled_job_is_repaired_by_the_next_run(tmp_path):
    here, there, broken = (copied(tmp_path.resolve() / name) for name in ("here", "there", "broken"))
    replace_raw(broken, (broken / RAW).read_bytes().replace(b"Litter,", b"Nest,", 1))
    failing, process = submitted(broken, STUDY), submitted(there, STUDY)
    number = running_job(there, process)
    subprocess.run(["scancel", number], check=True)

    cancelled = ended(process)
    assert cancelled.code == 1 and "Traceback" not in cancelled.text
    assert f"SLURM-job '{number}' failed, SLURM status is: 'CANCELLED'" in cancelled.text
    assert not cancelled.faults

    process = submitted(there, STUDY)
    failed = ended(failing)
    assert failed.code == 1 and "Traceback" not in failed.text
    assert f"{RAW}: line 1, column Litter: column_missing: expected this column" in failed.faults
    assert "quarantine,required" not in failed.text  # findings have values

    done(snakemake(here, STUDY))
    done(ended(process))
    assert digests(there / "results") == digests(here / "results") != {}
    assert "Nothing to be done" in done(snakemake(there, STUDY)).text


def test_many_batches_through_slurm_give_the_bytes_of_a_local_run(many_batches):
    there, here = (digests(folder / "results") for folder, process in many_batches.items() if done(ended(process)))
    assert there == here != {}
