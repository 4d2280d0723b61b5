"""Whole runs of the pipeline, in temporary copies, for the tests; nothing is ever run in the checkout itself.

``python tests/pipeline.py --write-golden`` runs the tiny study and keeps its results in tests/golden/tiny/.
"""

import fcntl
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import forks
import pytest
from omtrace.warm_start import VARIABLE

REPOSITORY = Path(__file__).parent.parent
TINY = REPOSITORY / "tests/tiny"
GOLDEN = REPOSITORY / "tests/golden/tiny"
KEPT = {
    "estimates.csv": "results/tiny/estimates.csv",
    "conservation.csv": "results/tiny/validated/conservation.csv",
    "findings.csv": "logs/tiny/findings.csv",
}
MIRROR = os.environ.get("OMTRACE_MIRROR", "")
SHIPPED = ("omt_feasibility", "omt_rct", "rat_two_hit", "headache_diary", "rat_dnase_elisa", "rat_pup_weight")
RETRIEVED = ("acupuncture_headache", "elisa_plates", "mouse_cortex_proteins", "ovariectomy_behaviour")


def copied(folder: Path, inputs: Path = REPOSITORY) -> Path:
    """The pipeline with the config and raw files of ``inputs`` (the repository, or tests/tiny), without results."""
    without = shutil.ignore_patterns("__pycache__", ".*", "ledger.jsonl", "ledger.head", *RETRIEVED)
    for parts, root in ((("workflow", "profiles"), REPOSITORY), (("config", "data"), inputs)):
        for part in parts:
            shutil.copytree(root / part, folder / part, ignore=without)
    (folder / "envs").mkdir()
    for file in ("Snakefile", "envs/requirements.lock", "envs/pipeline.yaml"):
        shutil.copy2(REPOSITORY / file, folder / file)
    return folder


def environment(folder: Path, mirror: str = "") -> dict[str, str]:
    """The environment of a command in a copy: its own package comes first, and a mirror only where asked for."""
    kept = {name: value for name, value in os.environ.items() if name not in ("OMTRACE_MIRROR", "PYTHONWARNINGS")}
    kept["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{kept.get('PATH', '')}"
    kept["PYTHONPATH"] = str(folder / "workflow")
    return {**kept, "OMTRACE_MIRROR": mirror} if mirror else kept


@dataclass(frozen=True)
class Ran:
    """How a command ended: exit code, stdout and stderr."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """All that the user saw."""
        return self.out + self.err

    @property
    def faults(self) -> list[str]:
        """What omtrace itself said, one line a fault; another process may have left its own line open before it."""
        return re.findall(r"\bomtrace: (.*)", self.err)

    @property
    def jobs(self) -> dict[str, int]:
        """Snakemake's table of jobs: name -> count; empty when there was nothing to do."""
        table = re.search(r"^job +count\n-+ +-+\n(.*?)^total ", self.text, re.DOTALL | re.MULTILINE)
        rows = re.findall(r"^(\w+) +(\d+)$", table[1], re.MULTILINE) if table else []
        return {name: int(count) for name, count in rows}


def started(
    folder: Path,
    *command: str,
    mirror: str = "",
    warm: bool = False,
    variables: Mapping[str, str] | None = None,
    **more,
) -> subprocess.Popen:
    """A command in a copy, started as the leader of its own process group; its jobs start alone, or are forked.

    ``variables``: more of the environment; ``more``: what else ``subprocess.Popen`` takes.
    """
    every = {**environment(folder, mirror), **({} if warm else {VARIABLE: ""}), **(variables or {})}
    return subprocess.Popen(
        [sys.executable, *command],
        cwd=folder,
        env=every,
        text=True,
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        **more,
    )


def ended(process: subprocess.Popen) -> Ran:
    """Wait for a started command."""
    out, err = process.communicate(timeout=900)
    return Ran(process.returncode, out, err)


def forked(variables: Mapping[str, str]) -> dict[str, str]:
    """These environment variables, with jobs as forks (see ``forks``) where there can be any, else each on its own."""
    return {**variables, VARIABLE: forks.server() if sys.platform == "linux" else ""}


def command(home: Path, *words: str, variables: Mapping[str, str]) -> Ran:
    """``python -m`` with these words in a folder, to its end; it and its jobs are forks where there can be any."""
    every = forked(variables)
    if sys.platform == "linux":
        return Ran(*forks.run(home, *words, environment=every))
    ran = subprocess.run([sys.executable, "-m", *words], cwd=home, env=every, capture_output=True, text=True)
    return Ran(ran.returncode, ran.stdout, ran.stderr)


def snakemake(folder: Path, *arguments: str, mirror: str = "") -> Ran:
    """Run Snakemake in a copy."""
    return command(folder, "snakemake", *arguments, variables=environment(folder, mirror))


def omtrace(folder: Path, *arguments: str) -> Ran:
    """Run a command of omtrace in a copy."""
    return command(folder, "omtrace", *arguments, variables=environment(folder))


def done(ran: Ran) -> Ran:
    """The same, once it has ended well."""
    assert ran.code == 0, ran.text
    return ran


def digests(folder: Path) -> dict[str, str]:
    """Path -> sha256 of every file below a folder."""
    files = (path for path in sorted(folder.rglob("*")) if path.is_file())
    return {path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="session")
def fresh(tmp_path_factory) -> Callable[[Path], Path]:
    """Makes copies with the tiny study, never run: all of one state of the code, even if it is edited meanwhile."""
    source = copied(tmp_path_factory.mktemp("source"), TINY)
    return lambda folder: shutil.copytree(source, folder, dirs_exist_ok=True)


def made_once(tmp_path_factory, name: str, make: Callable[[Path], None]) -> Path:
    """A copy, for this test process, of a folder that the first process to ask has made for all."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    folder, whole = shared / name, shared / f"{name}.whole"
    with open(shared / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not whole.exists():
            shutil.rmtree(folder, ignore_errors=True)  # of another process whose run failed
            make(folder)
            whole.touch()
    return shutil.copytree(folder, tmp_path_factory.mktemp("copy") / name, symlinks=True)


@pytest.fixture(scope="session")
def tiny_twins(fresh, tmp_path_factory) -> tuple[tuple[Path, Ran], tuple[Path, Ran]]:
    """Two fresh copies with the tiny study, in folders of different names, each after plain ``snakemake``: one with
    jobs that are forked, and one whose jobs each start a Python of their own."""
    names = ("first", "another_one")

    def make(folder: Path) -> None:
        processes = [started(fresh(folder / name), "-m", "snakemake", warm=not at) for at, name in enumerate(names)]
        for name, process in zip(names, processes, strict=True):
            (folder / f"{name}.json").write_text(json.dumps(vars(done(ended(process)))), encoding="utf-8")

    folder = made_once(tmp_path_factory, "tiny_twins", make)
    one, two = [(folder / name, Ran(**json.loads((folder / f"{name}.json").read_text("utf-8")))) for name in names]
    return one, two


@pytest.fixture
def tiny(tiny_twins, tmp_path) -> Path:
    """A copy of the finished tiny run, to do with as one likes."""
    return shutil.copytree(tiny_twins[0][0], tmp_path / "tiny", symlinks=True)


@pytest.fixture(scope="session")
def shipped_results(tmp_path_factory) -> Path:
    """A copy in which every shipped study was run, and with OMTRACE_MIRROR the retrieved ones too. Read only."""

    def make(folder: Path) -> None:
        done(snakemake(copied(folder), "default", *(RETRIEVED if MIRROR else ()), mirror=MIRROR))

    return made_once(tmp_path_factory, "shipped", make)


def write_golden() -> None:
    """Run the tiny study and keep what it gives."""
    with tempfile.TemporaryDirectory() as made:
        folder = copied(Path(made), TINY)
        done(snakemake(folder))
        GOLDEN.mkdir(parents=True, exist_ok=True)
        for name, path in KEPT.items():
            shutil.copyfile(folder / path, GOLDEN / name)
            print(f"written  {(GOLDEN / name).relative_to(REPOSITORY)}")


if __name__ == "__main__":
    if sys.argv[1:] != ["--write-golden"]:
        sys.exit(__doc__)
    write_golden()
