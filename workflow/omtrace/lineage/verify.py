"""Are results, raw files, code, plan and environment still those that the manifests name?"""

import re
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from omtrace.faults import Fault
from omtrace.lineage import ledger, manifest
from omtrace.study.register import REGISTER, SHA256, exports_of, read_register, sha256_of


@dataclass(frozen=True)
class Difference:
    """One difference: ``kind`` of file, ``path``, ``what`` (changed, missing, unlisted) and how it shows."""

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


def verify(studies: list[str], expected: str = "", root: str | Path = ".") -> Verdict:
    """Compare every digest of the studies' manifests with the files as they are now.

    ``expected`` is the head digest kept outside; without it, each manifest is compared with the newest
    ledger line that names it. Only these two find an edit that was mirrored in the manifest.
    Raises Fault for what is no study's name or no digest.
    """
    if wrong := [study for study in studies if not re.fullmatch(r"[a-z][a-z0-9_]*", study)]:
        raise Fault(*(f"{study!r}: not the name of a study" for study in wrong))
    verdict = Verdict()
    # Studies share code, configuration and environment: the same difference is told once.
    found = [difference for study in studies for difference in differences_of(study, root)]
    verdict.differences += dict.fromkeys(found)
    if expected:
        _against_head(verdict, studies, expected.lower(), root)
    else:
        _against_ledger(verdict, studies, root)
    return verdict


def differences_of(study: str, root: str | Path = ".") -> list[Difference]:
    """Every difference between a study's manifest and the files, by kind and path."""
    try:
        known = manifest.read_manifest(study, root)
    except Fault as fault:
        path, _, note = fault.lines[0].partition(": ")
        return [Difference("manifest", path, "missing" if note == "missing" else "changed", note)]
    files = manifest.snapshot(study, root)
    found = [difference for kind in manifest.KINDS for difference in _compared(kind, known["files"][kind], files[kind])]
    return found + _register_differences(study, known["register"], root)


def _compared(kind: str, known: dict[str, Any], there: dict[str, Any]) -> list[Difference]:
    found = []
    for path in sorted(known.keys() | there.keys()):
        if path not in there:
            found.append(Difference(kind, path, "missing"))
        elif path not in known:
            found.append(Difference(kind, path, "unlisted"))
        elif known[path] != there[path] or not there[path]:
            found.append(Difference(kind, path, "changed", _note(known[path], there[path])))
    return found


def _note(known: Any, there: dict[str, Any]) -> str:
    """How a changed file shows; the manifest's own entry may be malformed."""
    if not there:
        return "not a readable file"
    digest = known.get("sha256") if isinstance(known, dict) else None
    if not isinstance(digest, str) or not SHA256.match(digest):
        return "its entry in the manifest is malformed"
    if digest == there["sha256"]:
        return "its size in the manifest is wrong"
    return f"sha256 is {there['sha256'][:12]}…, recorded was {digest[:12]}…"


def _register_differences(study: str, known: list[dict[str, Any]], root: str | Path) -> list[Difference]:
    path = REGISTER.as_posix()
    try:
        exports = exports_of(read_register(Path(root) / REGISTER), study, replaced=True)
    except Fault as fault:
        return [Difference("register", path, "changed", line) for line in fault.lines]
    recorded = {row["number"]: row for row in known}
    now = {export.number: asdict(export) for export in exports}
    found = []
    if len(recorded) != len(known):
        found.append(Difference("manifest", manifest.path_of(study).as_posix(), "changed", "a register row twice"))
    for number in sorted(recorded.keys() | now.keys()):
        if number not in now:
            found.append(Difference("register", path, "missing", f"row number {number}"))
        elif number not in recorded:
            found.append(Difference("register", path, "unlisted", f"row number {number}"))
        elif recorded[number] != now[number]:
            columns = sorted(c for c in now[number] if recorded[number].get(c) != now[number][c])
            found.append(
                Difference("register", path, "changed", f"row number {number}: {', '.join(columns) or 'columns'}")
            )
    return found


def _against_head(verdict: Verdict, studies: list[str], expected: str, root: str | Path) -> None:
    if not SHA256.match(expected):
        raise Fault("--head: not a sha256 of 64 hexadecimal digits")
    try:
        found = manifest.head(studies, root)
    except Fault:
        return  # the missing manifest is a difference already
    if found == expected:
        verdict.remarks.append(f"head {found} of {', '.join(studies)}: as given")
    else:
        note = f"head of {', '.join(studies)} is {found}, given was {expected}"
        verdict.differences.append(Difference("manifest", "results/*/manifest.json", "changed", note))


def _against_ledger(verdict: Verdict, studies: list[str], root: str | Path) -> None:
    entries, unreadable = ledger.entries(root)
    where = ledger.LEDGER.as_posix()
    verdict.remarks += [f"{where}: line {number} cannot be read" for number in unreadable]
    compared: dict[str, list[str]] = {}
    for study in studies:
        entry = next((e for e in reversed(entries) if _sealed(e, study)), None)
        if entry is None:
            compared.setdefault("compared with no head; mirrored edits stay unseen (use --head)", []).append(study)
            continue
        try:
            found = sha256_of(manifest.path_of(study, root))
        except OSError:
            continue  # a difference already
        sealed = manifest.head_of(entry["details"]["manifests"])
        line = f"the {where} line of {entry.get('time')}, head {sealed}"
        if entry["details"].get("head") != sealed and where not in {d.path for d in verdict.differences}:
            verdict.differences.append(
                Difference("ledger", where, "changed", "a head is not that of its own manifests")
            )
        if found == _sealed(entry, study):
            compared.setdefault(f"manifest as in {line}", []).append(study)
        else:
            path = manifest.path_of(study).as_posix()
            verdict.differences.append(Difference("manifest", path, "changed", f"not the one of {line}"))
    verdict.remarks += [f"{', '.join(names)}: {remark}" for remark, names in compared.items()]
    if any(remark.startswith("manifest as in") for remark in compared):
        verdict.remarks.append("edits mirrored in the ledger as well are found with --head only")


def _sealed(entry: dict[str, Any], study: str) -> Any:
    """The digest of a study's manifest in a ledger entry, if it has one."""
    manifests = entry["details"].get("manifests")
    return manifests.get(study) if entry.get("action") == "run" and isinstance(manifests, dict) else None


def studies_of(root: str | Path = ".") -> list[str]:
    """The studies of the configuration that have results, and those that the last run sealed.

    Raises Fault when the configuration cannot be read, or there are none.
    """
    import yaml

    path = Path(root) / manifest.CONFIG
    try:
        content = yaml.load(path.read_bytes(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))
        named = [*content["studies"], *content.get("retrieved", [])]
    except (OSError, ValueError, yaml.YAMLError, KeyError, TypeError, AttributeError):
        raise Fault(f"{manifest.CONFIG}: not readable, or without studies; restore it, or name studies") from None
    there = {study for study in map(str, named) if (Path(root) / manifest.RESULTS / study).is_dir()}
    runs = [entry["details"].get("manifests") for entry in ledger.entries(root)[0] if entry.get("action") == "run"]
    last = runs[-1] if runs and isinstance(runs[-1], dict) else {}
    if not there | last.keys():
        raise Fault("there are no results yet; run snakemake")
    return sorted(there | last.keys())


def report(studies: list[str], expected: str = "", root: str | Path = ".") -> bool:
    """Print the verdict on the studies (none: those of the configuration); true without differences."""
    chosen = sorted(set(studies)) or studies_of(root)
    verdict = verify(chosen, expected, root)
    for difference in verdict.differences:
        print(difference)
    for remark in verdict.remarks:
        print(remark)
    count = len(verdict.differences)
    print(
        f"{', '.join(chosen)}: " + (f"{count} difference{'s'[: count != 1]}" if count else "every file is as recorded")
    )
    return count == 0
