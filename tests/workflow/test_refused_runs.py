"""Where a run cannot go on, it says so in plain lines, leaves nothing half-written, and the next one repairs."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from pipeline import Ran, digests, done, ended, environment, snakemake, started

LOCKED = (
    "results/tiny: locked by another run. If one is still going on here (pgrep -af snakemake shows those of this "
    "machine), wait for its end; the lock of a run that was killed is removed by: snakemake --unlock"
)
is_root = os.geteuid() == 0


def refused(ran: Ran, *parts: str) -> None:
    """The run ended with exit code 1 and plain lines alone; what is not told of the data holds one of these texts."""
    lines = [line for line in ran.faults if not line.startswith("tiny: ")]
    assert ran.code == 1 and lines, ran.text
    assert "Traceback" not in ran.text, ran.text
    assert all(any(part in line for part in parts) for line in lines), ran.text


def whole(folder: Path, clean: dict[str, str]) -> None:
    """What has its final name is as a clean run makes it, and no unfinished file is there."""
    assert digests(folder / "results").items() <= clean.items()
    assert not list(folder.rglob("*.part"))


def job_begun(process: subprocess.Popen, folder: Path) -> None:
    """Wait until a run has begun a job."""
    while not list((folder / ".snakemake/scripts").glob("*")):
        assert process.poll() is None
        time.sleep(0.02)


# locks


def test_a_lock_that_a_killed_run_left_is_told_with_the_command_that_removes_it(tiny):
    before = digests(tiny / "results")
    locks = tiny / ".snakemake/locks"
    locks.mkdir()
    (locks / "0.output.lock").write_text("results/another/estimates.csv\n")
    done(snakemake(tiny, "tiny"))
    locks.mkdir(exist_ok=True)
    (locks / "0.output.lock").write_text("results/tiny/estimates.csv\n")
    ran = snakemake(tiny)
    refused(ran, LOCKED)
    assert len(ran.faults) == 1 and "LockException" not in ran.text
    done(snakemake(tiny, "-n"))
    done(snakemake(tiny, "--nolock"))
    assert digests(tiny / "results") == before
    done(snakemake(tiny, "--unlock"))
    assert "Nothing to be done" in done(snakemake(tiny)).text


def test_of_two_runs_at_once_the_second_ends_with_one_line_and_changes_nothing(fresh, tiny_twins, tmp_path):
    folder = fresh(tmp_path / "tiny")
    first = started(folder, "-m", "snakemake")
    job_begun(first, folder)
    os.killpg(first.pid, signal.SIGSTOP)
    plan = folder / "config/studies/tiny.yaml"
    content = plan.read_text(encoding="utf-8")
    plan.write_text(content.replace("title: ", "title: Another ", 1), encoding="utf-8")
    before = digests(folder / "results"), digests(folder / "logs"), digests(folder / "data")
    ran = snakemake(folder)
    refused(ran, LOCKED)
    assert len(ran.faults) == 1
    assert (digests(folder / "results"), digests(folder / "logs"), digests(folder / "data")) == before
    plan.write_text(content, encoding="utf-8")
    os.killpg(first.pid, signal.SIGCONT)
    done(ended(first))
    assert digests(folder / "results") == digests(tiny_twins[0][0] / "results")


# disks


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A folder that is a disk of its own."""
    if not (is_root and shutil.which("mount")):
        pytest.skip("only root can mount a small disk")
    folder = tmp_path / "disk"
    folder.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=16m", "tmpfs", str(folder)]).returncode:
        pytest.skip("this system lets even root mount nothing")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


def remounted(folder: Path, how: str) -> None:
    subprocess.run(["mount", "-o", f"remount,{how}", str(folder)], check=True)


def test_a_full_disk_is_one_line_and_is_repaired_by_the_next_run(fresh, tiny_twins, small_disk, tmp_path):
    clean = digests(tiny_twins[0][0] / "results")
    folder = fresh(tmp_path / "tiny")
    (folder / "results").symlink_to(small_disk)
    for kilobytes in (4, 160, 400):
        remounted(small_disk, f"size={kilobytes}k")
        refused(snakemake(folder), "the disk is full; make room, and run this again")
        whole(folder, clean)
    remounted(small_disk, "size=16m,ro")
    refused(snakemake(folder), "results: cannot be written; make it yours, or run this where you can write")
    whole(folder, clean)
    remounted(small_disk, "rw")
    done(snakemake(folder))
    assert digests(folder / "results") == clean


def as_anybody(folder: Path) -> Ran:
    """Run Snakemake as one who may not write where permissions forbid it: root may, unless that is taken away."""
    if is_root and not shutil.which("setpriv"):
        pytest.skip("setpriv is not installed; Debian has it as util-linux")
    without = ["setpriv", "--bounding-set=-dac_override,-dac_read_search"] if is_root else []
    command = [*without, sys.executable, "-m", "snakemake"]
    ran = subprocess.run(command, cwd=folder, env=environment(folder), text=True, capture_output=True)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def test_a_folder_without_permission_is_one_line_and_is_repaired_by_the_next_run(tiny):
    clean = digests(tiny / "results")
    (tiny / "results/tiny/manifest.json").unlink()
    for closed, words in {
        "results/tiny": "results/tiny: cannot be written; make it yours, or run this where you can write",
        "logs/tiny": "logs/tiny: cannot be written; make it yours, or run this where you can write",
        "data": "data/ledger.jsonl: no permission; make it yours, or ask whose it is",
    }.items():
        (tiny / closed).chmod(0o555)
        ran = as_anybody(tiny)
        (tiny / closed).chmod(0o755)
        refused(ran, words)
        whole(tiny, clean)
    shutil.rmtree(tiny / "results/tiny")
    (tiny / "results").chmod(0o555)
    refused(as_anybody(tiny), "no permission; make it yours, or ask whose it is")
    (tiny / "results").chmod(0o755)
    assert not (tiny / "results/tiny").exists()
    done(as_anybody(tiny))
    assert digests(tiny / "results") == clean


def test_a_checkout_that_can_only_be_read_is_one_line(tiny):
    shutil.rmtree(tiny / ".snakemake")
    tiny.chmod(0o555)
    ran = as_anybody(tiny)
    tiny.chmod(0o755)
    refused(ran, "a run keeps its state here, and cannot write; run it in a copy of the folder")
    assert len(ran.faults) == 1 and not (tiny / ".snakemake").exists()


def test_byte_code_that_cannot_be_removed_stops_the_run(tiny):
    byte_code = tiny / "workflow/omtrace/__pycache__"
    byte_code.mkdir()
    (byte_code / "job.cpython-311.pyc").write_bytes(b"x")
    byte_code.chmod(0o555)
    ran = as_anybody(tiny)
    byte_code.chmod(0o755)
    refused(ran, "old byte code, which cannot be removed (Permission denied); remove it yourself")


# the folder for temporary files


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_run_that_is_ended_leaves_no_temporary_file(fresh, tmp_path, how):
    folder, temporary = fresh(tmp_path / "tiny"), tmp_path / "temporary"
    temporary.mkdir()
    process = started(folder, "-m", "snakemake", warm=True, variables={"TMPDIR": str(temporary)})
    job_begun(process, folder)
    assert list(temporary.iterdir())  # Snakemake's own: it is there that this run makes them
    os.killpg(process.pid, how)
    ran = ended(process)
    assert ran.code == 1 and "BrokenPipe" not in ran.text
    assert list(temporary.iterdir()) == []


# files that would cost an endless time

PLAN, CONFIG = "config/studies/tiny.yaml", "config/config.yaml"
LEVELS = "".join(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 9)}]\n" for level in range(1, 12))
HOSTILE = {
    "an alias bomb": ("a0: &a0 [x, x]\n" + LEVELS, "more than 50000 values, once its aliases (*name) are written out"),
    "an alias of itself": ("studies: &a [*a]\n", "*a stands within what it names"),
    "deep lists": ("studies: " + "[" * 100_000, "nested more than 50 deep; no study's file is"),
    "5,000 digits": (f"studies: {'9' * 5000}\n", "a number of 5000 characters; write it in quotes if it is a text"),
    "a call": ("studies: !!python/object/apply:os.mkdir [made]\n", "the tag tag:yaml.org,2002:python/object/apply:o"),
    "half a megabyte of keys": ("".join(f"k{number}: 1\n" for number in range(60_000)), "more than 50000 values"),
    "two megabytes": ("#" * 2_000_000, "larger than 1000 kB; a study's file is text that people write"),
    "null bytes": ("studies: a\0b\n", "line 1: the character U+0000, which no YAML holds; delete it"),
}


def processor_time() -> float:
    times = resource.getrusage(resource.RUSAGE_CHILDREN)
    return times.ru_utime + times.ru_stime


@pytest.mark.parametrize(("file", "names"), [(CONFIG, [*HOSTILE]), (PLAN, ["an alias bomb", "5,000 digits", "a call"])])
def test_a_hostile_configuration_or_plan_is_refused_within_a_second(tiny, file, names):
    seconds, before = {}, digests(tiny / "results")
    content = (tiny / file).read_bytes()
    for name in ["a word", *names]:
        text, words = HOSTILE.get(name, ("studies: no\n", "'no' is read as false by YAML"))
        (tiny / file).write_text(text)
        begun = processor_time()
        ran = ended(started(tiny, "-m", "snakemake"))  # a process of this one, whose time is counted here
        seconds[name] = processor_time() - begun
        refused(ran, words)
        assert all(line.startswith(f"{file}: ") for line in ran.faults) and len(ran.err) < 2000, (name, ran.text)
    assert not (tiny / "made").exists() and digests(tiny / "results") == before
    assert all(time - seconds["a word"] < 1 for time in seconds.values()), seconds
    (tiny / file).write_bytes(content)
    done(snakemake(tiny))
