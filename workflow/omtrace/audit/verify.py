"""Comparison of ledger, manifests, results, raw files, code and plan with what was recorded."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple

from omtrace.audit import ledger_check
from omtrace.faults import Fault
from omtrace.model.register import SHA256, exports_of, read_register, sha256_of
from omtrace.provenance import ledger, manifest
from omtrace.provenance.changes import history_faults
from omtrace.provenance.listings import read_listing
from omtrace.provenance.recorded import RESULTS, FileState, RegisterRow, folders_recorded

CHECKSUMS = "CHECKSUMS"  # what the shipped studies give, as sha256sum -c reads it
UNSEALED = "; compare results from elsewhere with the authors' head digest (--head)"


@dataclass(frozen=True)
class Difference:
    """One difference: ``kind`` of file, ``path``, ``what`` (changed, missing, ...) and how it shows."""

    kind: str
    path: str
    what: str
    note: str = ""

    def __str__(self) -> str:
        path = self.path if self.path.isprintable() else repr(self.path)
        return f"{self.what:<8}  {self.kind:<11}  {path}" + (f"  {self.note}" if self.note else "")


@dataclass
class Verdict:
    """What ``verify`` found: differences, and remarks on what was compared with what."""

    differences: list[Difference] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)


def verify(studies: list[str], expected: str = "", root: str | Path = ".", ledger_line: str = "") -> Verdict:
    """Compare the ledger, then each study's manifest with it, then every digest of the manifests with the files.

    ``expected`` is the head digest kept outside, ``ledger_line`` the digest of a line of the ledger kept outside. Of a
    changed manifest only that is reported, since its entries prove nothing about files. Raises Fault for names that are
    not those of studies, and for digests that are none.
    """
    if wrong := [study for study in studies if not re.fullmatch(r"[a-z][a-z0-9_]*", study)]:
        raise Fault(*(f"{study!r}: not the name of a study" for study in wrong))
    for option, digest in (("--head", expected), ("--ledger", ledger_line)):
        if digest and not SHA256.match(digest.lower()):
            raise Fault(f"{option}: not a sha256 of 64 hexadecimal digits")
    verdict = Verdict()
    _against_itself(verdict, ledger_line.lower(), root)
    as_given = _against_head(verdict, studies, expected.lower(), root) if expected else None
    # Studies share code, configuration and environment: the same difference is reported once.
    differences = [difference for study in studies for difference in _of_study(verdict, study, as_given, root)]
    verdict.differences += dict.fromkeys(differences)
    if as_given is False and not any(d.kind == "manifest" for d in verdict.differences):
        path = manifest.path_of(studies[0] if len(studies) == 1 else "*").as_posix()
        verdict.differences.append(Difference("manifest", path, "changed", "the head is not the one given"))
    verdict.remarks += published_remarks(studies, root) + [ledger_check.LIMIT]
    return verdict


def published_remarks(studies: Sequence[str], root: str | Path = ".") -> list[str]:
    """Whether the numbers of studies are those that the repository ships with, as ``CHECKSUMS`` says.

    It is a remark, no difference: a plan that was edited gives other numbers. Nothing where the file does not name any.
    """
    published = read_listing(Path(root) / CHECKSUMS)
    remarks = []
    for study in studies:
        mine = {path: digest for path, digest in published.items() if path.startswith(f"{RESULTS.as_posix()}/{study}/")}
        if mine and all((Path(root) / path).is_file() for path in mine):
            others = [path for path, digest in mine.items() if sha256_of(Path(root) / path) != digest]
            state = f"not those of {CHECKSUMS} ({', '.join(others)})" if others else f"those of {CHECKSUMS}"
            remarks.append(f"{study}: the numbers are {state}")
    return remarks


def _against_itself(verdict: Verdict, ledger_line: str, root: str | Path) -> None:
    """The ledger: every line as it was written, and the line whose digest was kept."""
    where = ledger.LEDGER.as_posix()
    verdict.differences += [Difference("ledger", where, "changed", note) for note in ledger_check.ledger_faults(root)]
    verdict.remarks += ledger_check.remarks(root)
    if ledger_line:
        if number := ledger_check.holds(ledger_line, root):
            verdict.remarks.append(f"{where}: line {number}, and all before it, as given")
        else:
            verdict.differences.append(Difference("ledger", where, "changed", "no line has the digest that was given"))


def _against_head(verdict: Verdict, studies: list[str], expected: str, root: str | Path) -> bool | None:
    """Whether the head is the one that was kept; None where a manifest is missing, which is a difference already."""
    try:
        head = manifest.head(studies, root)
    except Fault:
        return None
    state = "as given" if head == expected else f"given was {expected}"
    verdict.remarks.append(f"head {head} of {', '.join(studies)}: {state}")
    return head == expected


def _of_study(verdict: Verdict, study: str, as_given: bool | None, root: str | Path) -> list[Difference]:
    """Every difference of one study."""
    path = manifest.path_of(study).as_posix()
    run = ledger.newest_run(study, root)
    is_sound = not any(difference.kind == "ledger" for difference in verdict.differences)
    differences = _history_differences(study, run, is_sound, root)
    try:
        digest = sha256_of(manifest.path_of(study, root))
    except FileNotFoundError:
        sealed = f"line {run['line']} of {ledger.LEDGER} names it; " if run else ""
        return [Difference("manifest", path, "missing", f"{sealed}run snakemake {study}"), *differences]
    except OSError:
        return [Difference("manifest", path, "changed", "not a readable file"), *differences]
    if not run:
        verdict.remarks.append(f"{study}: no line of {ledger.LEDGER} names its manifest" + UNSEALED * (not as_given))
        if not as_given:
            differences.insert(0, Difference("manifest", path, "unsealed", "nothing vouches for what it says of files"))
    elif digest == run["details"]["manifest"]:
        verdict.remarks.append(f"{study}: manifest as in line {run['line']} of {ledger.LEDGER}, of {run['time']}")
    elif as_given:
        verdict.remarks.append(f"{study}: manifest as given, not the one of line {run['line']} of {ledger.LEDGER}")
    elif is_sound:
        return [Difference("manifest", path, "changed", _manifest_note(study, digest, run, root)), *differences]
    elif line := _line_of(study, digest, root):  # which line is the newest is unknown
        verdict.remarks.append(f"{study}: manifest as in line {line} of {ledger.LEDGER}, which was changed itself")
    else:
        note = f"no line of {ledger.LEDGER} names it, which was changed itself; files are not compared with it"
        return [Difference("manifest", path, "unsealed", note), *differences]
    return differences + differences_of(study, root)


def _manifest_note(study: str, digest: str, run: ledger.Entry, root: str | Path) -> str:
    """That the manifest itself is another one than the ledger names, and what to do."""
    older = _line_of(study, digest, root)
    which = f"the one of line {older}, but line {run['line']}" if older else f"itself changed: line {run['line']}"
    return (
        f"{which} of {ledger.LEDGER} names another; its files are not compared with it. Put it back, or let it be made "
        f"anew from the files: rm {manifest.path_of(study).as_posix()} && snakemake {study}"
    )


def _line_of(study: str, digest: str, root: str | Path) -> int:
    """The number of the newest line that names this manifest of a study, 0 for none."""
    return next((e["line"] for e in ledger.runs(study, root) if e["details"]["manifest"] == digest), 0)


def _history_differences(study: str, run: ledger.Entry, is_sound: bool, root: str | Path) -> list[Difference]:
    """What differs from the history that the newest run line names; in a changed ledger, from that of the nearest."""
    lines = ([run] if run else []) if is_sound else ledger.runs(study, root)
    faults = min((history_faults(study, e["details"].get("history"), root) for e in lines), key=len, default=[])
    return [Difference("history", path, what, note) for path, what, note in faults]


def differences_of(study: str, root: str | Path = ".") -> list[Difference]:
    """Every difference between a study's manifest and the files, by kind and path."""
    try:
        known = manifest.read_manifest(study, root)
    except Fault as fault:
        path, _, note = fault.lines[0].partition(": ")
        return [Difference("manifest", path, "changed", note)]
    files = manifest.snapshot(study, root)
    differences = [
        difference for kind in manifest.KINDS for difference in _compared(kind, known["files"][kind], files[kind])
    ]
    return differences + _register_differences(study, known["register"], root)


def _compared(kind: str, known: Mapping[str, FileState], there: Mapping[str, FileState]) -> list[Difference]:
    differences = []
    for path in sorted(known.keys() | there.keys()):
        if path not in there:
            differences.append(Difference(kind, path, "missing"))
        elif path not in known:
            differences.append(Difference(kind, path, "unlisted"))
        elif known[path] != there[path] or not there[path]:
            differences.append(Difference(kind, path, "changed", _note(known[path], there[path])))
    return differences


def _note(known: object, there: FileState) -> str:
    """How a changed file shows; the manifest's own entry may be malformed."""
    if not there:
        return "not a readable file"
    digest = known.get("sha256") if isinstance(known, dict) else None
    if not isinstance(digest, str) or not SHA256.match(digest):
        return "its entry in the manifest is malformed"
    if digest == there["sha256"]:
        return "its size in the manifest is wrong"
    return f"sha256 is {there['sha256'][:12]}…, recorded was {digest[:12]}…"


def _register_differences(study: str, known: list[RegisterRow], root: str | Path) -> list[Difference]:
    folders = folders_recorded(study, root)
    path = folders.register
    try:
        exports = exports_of(read_register(folders.start(root) / path, folders.raw), study, replaced=True)
    except Fault as fault:
        return [Difference("register", path, "changed", line) for line in fault.lines]
    recorded = {row["number"]: row for row in known}
    now = {export.number: asdict(export) for export in exports}
    differences = []
    if len(recorded) != len(known):
        differences.append(
            Difference("manifest", manifest.path_of(study).as_posix(), "changed", "a register row twice")
        )
    for number in sorted(recorded.keys() | now.keys()):
        if number not in now:
            differences.append(Difference("register", path, "missing", f"row number {number}"))
        elif number not in recorded:
            differences.append(Difference("register", path, "unlisted", f"row number {number}"))
        elif recorded[number] != now[number]:
            columns = sorted(c for c in now[number] if recorded[number].get(c) != now[number][c])
            differences.append(
                Difference("register", path, "changed", f"row number {number}: {', '.join(columns) or 'columns'}")
            )
    return differences


def studies_of(root: str | Path = ".") -> list[str]:
    """The studies of the configuration that have results, or whose manifest the ledger names.

    A module's results lie in a folder without configuration; there it is all of these. Raises Fault when the
    configuration cannot be read, or there are none.
    """
    from omtrace.model.config import read_config_file

    results = Path(root) / manifest.RESULTS
    there = {path.parent.name for mark in (manifest.STAGES, "manifest.json") for path in results.glob(f"*/{mark}")}
    studies = there | {str(entry["study"]) for entry in ledger.entries(root) if entry["action"] == "run"}
    if (Path(root) / manifest.CONFIG).exists() or not studies:
        config = read_config_file(Path(root) / manifest.CONFIG)
        studies &= {*config.studies, *config.retrieved}
    if not studies:
        raise Fault("there are no results yet; run snakemake")
    return sorted(studies)


class Verification(NamedTuple):
    """The studies that were verified, and the verdict on them."""

    studies: list[str]
    verdict: Verdict


def verdict_on(
    studies: Sequence[str], head: str = "", ledger_line: str = "", environment: bool = False, root: str | Path = "."
) -> Verification:
    """Verify studies; by default those of the configuration."""
    names = sorted(set(studies)) or studies_of(root)
    verdict = verify(names, head, root, ledger_line)
    if environment:
        from omtrace.audit.environment_check import environment_faults

        faults, remarks = environment_faults(root)
        verdict.differences += [Difference("environment", *fault) for fault in faults]
        verdict.remarks += remarks
    else:
        verdict.remarks.append("installed packages: not checked (--environment)")
    return Verification(names, verdict)


def print_verdict(studies: Sequence[str], verdict: Verdict) -> None:
    """Print the differences, the remarks, and how many differences there are."""
    for difference in verdict.differences:
        print(difference)
    for remark in verdict.remarks:
        print(remark)
    count = len(verdict.differences)
    state = f"{count} difference{'s'[: count != 1]}" if count else "every file is as recorded"
    print(f"{', '.join(studies)}: {state}")
