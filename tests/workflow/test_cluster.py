"""Runs through Slurm: the same bytes as here; jobs that fail or are cancelled; what the profile says."""

import hashlib
import os
import re
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
OF_ONE_MACHINE = {"cores", "max-jobs-per-timespan", "quiet", "scheduler-subsample"}


def profile(name):
    return yaml.safe_load((REPOSITORY / f"profiles/{name}/config.yaml").read_text(encoding="utf-8"))


def test_the_slurm_profile_has_the_settings_of_the_default_one():
    shared = {key: value for key, value in profile("default").items() if key not in OF_ONE_MACHINE}
    cluster = profile("slurm")
    assert {key: value for key, value in cluster.items() if key in shared} == shared
    assert cluster["scheduler-subsample"] >= cluster["jobs"]


def test_no_profile_shows_the_logs_of_failed_jobs_since_findings_are_among_them_with_values():
    assert not [name for name in ("default", "slurm") if profile(name).get("show-failed-logs")]


def test_a_run_waits_for_its_jobs_without_looking_for_others_again_and_again(tmp_path):
    shutil.copytree(REPOSITORY / "profiles", tmp_path / "profiles")
    (tmp_path / "Snakefile").write_text(
        'rule all:\n    input: expand("{n}", n=range(3))\n'
        'rule wait:\n    output: "{n}"\n    shell: "sleep 1; touch {output}"\n',
        encoding="utf-8",
    )
    text = done(snakemake(tmp_path, "--cores", "1", "--verbose")).text
    # 3 jobs, one after the other; several times more on a slow machine, hundreds of times where it never rests
    assert 3 <= text.count("Ready jobs: ") <= 60


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


def resources_of(folder):
    """What the jobs of a study ask for: MB of memory, and minutes."""
    text = done(snakemake(folder, "--dry-run", "--quiet", "host", "--", STUDY)).text
    return [set(re.findall(rf"\b{name}=(\d+)", text)) for name in ("mem_mb", "runtime")]


def test_jobs_ask_for_memory_and_time_by_the_size_of_the_raw_files(tmp_path):
    folder = copied(tmp_path / "copy")
    assert resources_of(folder) == [{"801"}, {"11"}]
    replace_raw(folder, (folder / RAW).read_bytes() * 3000)  # 7 kB become 21 MB
    assert resources_of(folder) == [{"2944"}, {"15"}]


@pytest.fixture(scope="module")
def cluster():
    """One node of Slurm, this machine."""
    if reason := slurm.missing():
        pytest.skip(reason)
    if not PYTHON.exists():
        pytest.skip("there is no .venv-cluster; make cluster sets it up")
    with slurm.node():
        yield


def submitted(folder, study):
    """A run of a study through Slurm in a copy, started."""
    nothing, pipe = subprocess.DEVNULL, subprocess.PIPE
    return subprocess.Popen(
        [PYTHON, "-m", "snakemake", "--workflow-profile", "profiles/slurm", FIRST_LOOK, study],
        cwd=folder,
        env=environment(folder),
        text=True,
        stdin=nothing,
        stdout=pipe,
        stderr=pipe,
    )


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


def batches_study(folder):
    """A copy of the pipeline with a simulated study of many batches."""
    folder.mkdir()
    code = f"import pathlib, batches; batches.study(pathlib.Path({str(folder)!r}), {NUMBER_OF_BATCHES})"
    subprocess.run([sys.executable, "-c", code], cwd=REPOSITORY / "benchmarks", env=environment(REPOSITORY), check=True)
    return folder


@pytest.fixture(scope="module")
def runs(cluster, tmp_path_factory):
    """Study -> the folder of a finished local run, a copy of it as it was before, and the run of that through Slurm,
    which goes on."""
    home = tmp_path_factory.mktemp("runs").resolve()
    copies = {BATCHES: batches_study(home / BATCHES), STUDY: copied(home / STUDY)}
    local = {study: shutil.copytree(there, home / f"{study}_here") for study, there in copies.items()}
    processes = {study: submitted(there, study) for study, there in copies.items()}
    for study, here in local.items():
        done(snakemake(here, study, "--cores", "1"))
    yield {study: (local[study], copies[study], processes[study]) for study in copies}
    for process in processes.values():
        if process.poll() is None:
            process.kill()  # its jobs end with the cluster
            process.communicate()


@pytest.mark.usefixtures("runs")
def test_a_fault_of_a_job_reaches_the_terminal_without_values(tmp_path):
    folder = copied(tmp_path / "copy")
    replace_raw(folder, (folder / RAW).read_bytes().replace(b"Litter,", b"Nest,", 1))
    failed = ended(submitted(folder, STUDY))
    assert failed.code == 1 and "Traceback" not in failed.text
    assert f"{RAW}: line 1, column Litter: column_missing: expected this column" in failed.faults
    assert "quarantine,required" not in failed.text  # a line of the findings, which have values


def test_a_cancelled_job_is_told_and_the_next_run_repairs(runs, tmp_path):
    folder = copied(tmp_path.resolve() / "copy")
    process = submitted(folder, STUDY)
    number = running_job(folder, process)
    subprocess.run(["scancel", number], check=True)
    cancelled = ended(process)
    assert cancelled.code == 1 and "Traceback" not in cancelled.text
    assert f"SLURM-job '{number}' failed, SLURM status is: 'CANCELLED'" in cancelled.text
    assert not cancelled.faults

    done(snakemake(folder, STUDY))
    here, _, _ = runs[STUDY]
    assert digests(folder / "results") == digests(here / "results") != {}


@pytest.mark.parametrize("study", [STUDY, BATCHES])
def test_a_run_through_slurm_gives_the_bytes_of_a_local_one(runs, study):
    here, there, process = runs[study]
    done(ended(process))
    assert digests(there / "results") == digests(here / "results") != {}
    assert "Nothing to be done" in done(snakemake(there, study)).text
