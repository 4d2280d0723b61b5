"""``omtrace reproduce PACKET``: is the environment that of the packet, and does its code give its numbers here?"""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

from omtrace.audit import packet_check
from omtrace.audit.compare import Comparison, State, compared
from omtrace.audit.sides import Side, unpacked
from omtrace.faults import Fault
from omtrace.model.register import files_below, read_register, sha256_of
from omtrace.provenance import ledger
from omtrace.provenance.environment import Description
from omtrace.provenance.recorded import RESULTS, read_manifest
from omtrace.store import read_json

REPRODUCED, CLOSE, NOT = "reproduced", "reproduced as displayed", "not reproduced"
SHOWN = 10  # lines of an output or list
PARTS = ("python", "platform", "processor", "blas_threads")


@dataclass(frozen=True)
class Reproduction:
    """A packet run again. ``environment``: what differs from what its run ran on.

    ``same_files`` of ``all_files``: results of the packet's manifest whose bytes came out again.
    """

    study: str
    environment: list[str] = field(default_factory=list)
    comparison: Comparison | None = None
    same_files: int = 0
    all_files: int = 0

    @property
    def verdict(self) -> str:
        """One of three: every number came out again, to its stored digits or as it is displayed; or not."""
        counts = self.comparison.counts if self.comparison else {}
        if any(counts.get(state, 0) for state in (State.CHANGED, State.MISSING, State.NEW)):
            return NOT
        return CLOSE if counts.get(State.DISPLAYED, 0) else REPRODUCED


def reproduce(packet: str | Path, raw: Iterable[str | Path] = (), cores: int = 1) -> Reproduction:
    """Check a packet, run its code on its raw files, and compare the numbers.

    Parameters
    ----------
    packet
        The zip file of ``omtrace release``.
    raw
        Folders in which raw files that the packet does not hold are looked for, by their sha256.
    cores
        Jobs at a time.

    Raises
    ------
    Fault
        For a packet that is not as it was made, raw files that are nowhere, and a run that fails.
    """
    with ExitStack() as shelf:
        root = unpacked(Path(packet), shelf)
        if problems := packet_check.checked(packet_check.Packet(packet)).problems:
            raise Fault(f"{packet}: not as it was made; nothing is run:", *(f"  {line}" for line in problems[:SHOWN]))
        index = read_json(root / packet_check.INDEX)
        study = str(index["study"])
        before = environment_differences(index["environment"], root)
        recorded = read_manifest(study, root)["files"]["results"]
        other = Side(str(packet), study, root)
        home = unpacked(Path(packet), shelf)
        shutil.rmtree(home / RESULTS)
        (home / ledger.LEDGER).unlink(missing_ok=True)  # this run is none of the packet's ledger
        place_raw_files(home, index["register"], raw)
        run(home, study, cores)
        here = Side("here", study, home)
        same = sum((home / p).is_file() and sha256_of(home / p) == e["sha256"] for p, e in recorded.items())
        return Reproduction(study, before, compared(other, here), same, len(recorded))


def environment_differences(known: Description, root: Path) -> list[str]:
    """What differs between what the packet's run ran on and what runs here, a line each; nothing where all is alike."""
    from omtrace.provenance.environment import blas, description

    here = description()
    lines = [
        f"{part}: {_words(known.get(part))} there, {_words(here.get(part))} here"
        for part in PARTS
        if part in known and known.get(part) != here.get(part)
    ]
    if "blas" in known and known["blas"] != blas():
        lines.append("blas: another library, version or set of processor features")
    there = known.get("distributions", {})
    versions = {name: entry[0] for name, entry in here["distributions"].items()}
    locked = _locked(root)
    for name in sorted(there.keys() | versions.keys()):
        if name in locked and there.get(name) != versions.get(name):
            lines.append(
                f"{name}: {there.get(name, 'not installed')} there, {versions.get(name, 'not installed')} here"
            )
    return lines


def _words(value: object) -> str:
    return " ".join(map(str, value.values())) if isinstance(value, dict) else str(value)


def _locked(root: Path) -> set[str]:
    """The packages of the packet's lock: those that its results may depend on."""
    from omtrace.audit.upstream import PIN
    from omtrace.provenance.environment import normal_name
    from omtrace.provenance.manifest import LOCK

    return {normal_name(name) for name, _ in PIN.findall((root / LOCK).read_text(encoding="utf-8"))}


def place_raw_files(home: Path, register: str, folders: Iterable[str | Path], study: str = "") -> None:
    """Bring the registered raw files that a folder does not have from where they are found by their sha256.

    ``study``: of which; "": of all that are registered. Raises Fault with each that is nowhere.
    """
    rows = [row for row in read_register(home / register) if row.study == (study or row.study)]
    missing = {e.sha256: e for e in rows if not (home / e.path).is_file()}
    if not missing:
        return
    for path in _files(folders):
        if not missing:
            return
        digest = sha256_of(path)
        for export in [e for e in rows if e.sha256 == digest]:
            (home / export.path).parent.mkdir(parents=True, exist_ok=True)
            (home / export.path).write_bytes(path.read_bytes())
            missing.pop(digest, None)
    if missing:
        raise Fault(
            "raw files that are not there are needed to run it; bring them, or name a folder that has them (reproduce "
            "--raw FOLDER, or OMTRACE_MIRROR):",
            *(f"  {export.path}  sha256 {digest}" for digest, export in missing.items()),
        )


def _files(folders: Iterable[str | Path]) -> Iterator[Path]:
    for folder in folders:
        for name in sorted(files_below(".", folder)):
            path = Path(folder, name)
            if path.is_file():
                yield path


def run(home: Path, study: str, cores: int = 1) -> None:
    """Run a study with the code of a folder, in this environment. Raises Fault, with what it said, where it fails."""
    variables = {name: value for name, value in os.environ.items() if name != "PYTHONWARNINGS"}
    variables["PYTHONPATH"] = str(home / "workflow")
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), study]
    ended = subprocess.run(command, cwd=home, env=variables, capture_output=True, text=True, stdin=subprocess.DEVNULL)
    made = home / RESULTS / study / "manifest.json"
    if not made.is_file():  # a run that leaves a primary analysis not computed ends with 1, and has made everything
        said = [line for line in ended.stderr.splitlines() if line.startswith("omtrace: ")]
        lines = (said or ended.stderr.splitlines())[-SHOWN:]
        raise Fault(f"the run of {study} failed:", *(f"  {line.removeprefix('omtrace: ')}" for line in lines))


def lines_of(made: Reproduction) -> list[str]:
    """The reproduction as lines for people: environment, numbers, verdict."""
    from omtrace.audit.compare import lines_of as numbers_of

    differs = [f"  {line}" for line in made.environment] or ["  nothing that is recorded differs"]
    lines = ["Environment, that of the packet and this one:", *differs, ""]
    if made.comparison:
        lines += numbers_of(made.comparison)
    files = f"{made.same_files} of {made.all_files} files of results have the same bytes"
    return [*lines, "", f"{files}", f"{made.study}: {made.verdict}"]
