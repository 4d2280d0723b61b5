"""``omtrace new-study``: files to a plan that runs, a place in the configuration, and their rows in the register."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.intake import checking
from omtrace.intake.drafting.document import plan_text
from omtrace.intake.drafting.plates import Plates, assay_text, layout_said, plates_in, write_layouts
from omtrace.intake.drafting.profile import (
    FileProfile,
    column_of,
    own_name,
    read_file,
    reader_for,
    without_identifiers,
)
from omtrace.intake.drafting.tables import Draft, Request, draft_of
from omtrace.intake.plan_check import checked_plan
from omtrace.intake.registration import Request as Registration
from omtrace.intake.registration import register
from omtrace.model.closed import NAME, NAME_FORM
from omtrace.model.folders import CONFIG, folders_of, plan_file, read_registered
from omtrace.model.plan import read_plan
from omtrace.model.register import COLUMNS, FILE_NAME
from omtrace.provenance.ledger import LEDGER
from omtrace.readers import Variable
from omtrace.readers._redcap_dictionary import HEADERS, Dictionary, read_dictionary
from omtrace.store import write_bytes

NO_FIELD = ("descriptive", "file")  # types of REDCap's fields without a value
DICTIONARY = "dictionary"


@dataclass(frozen=True)
class Taken:
    """A file in the raw folder of the study: its path, and the table of the register that it belongs to."""

    path: Path
    table: str


@dataclass
class NewStudy:
    """A study that is about to be written: its plan as text, its files, and what was recognised."""

    study: str
    text: str
    files: list[Taken]
    draft: Draft
    notes: list[str] = field(default_factory=list)


def new_study(study: str, files: Sequence[str], request: Request, root: str | Path = ".") -> NewStudy:
    """Take files into a new study: its plan is written, it stands in the configuration, the files are in its folder.

    Raises
    ------
    Fault
        For a name that is none or is taken, and for files that no reader reads; nothing is written then.
    """
    root = Path(root)
    _check_name(study, root)
    sources = [Path(file) for file in files]
    if missing := [path for path in sources if not path.is_file()]:
        raise Fault(*(f"{path}: there is no such file" for path in missing))
    if request.design in ("", "assay") and (plates := plates_in(sources)):
        return _assay(study, plates, root)
    profiles, options, forms, tables = _profiles(sources)
    notes, kept = [], []
    for profile in profiles:
        without, kinds = without_identifiers(profile)
        kept.append(without)
        notes += [f"{profile.path.name}: column {column} looks like {kind}" for column, kind in kinds.items()]
    draft = draft_of(kept, request, forms)
    if not draft.parameters:
        raise Fault(
            f"{', '.join(path.name for path in sources)}: no column holds numbers or few distinct texts, so that there "
            "is nothing to analyse"
        )
    text = plan_text(study, draft, options)
    return NewStudy(study, text, _written(study, text, tables, root), draft, notes)


def _written(study: str, text: str, tables: Mapping[Path, str], root: Path) -> list[Taken]:
    """Write plan, configuration and raw files. ``tables``: file -> its table of the register."""
    folder = root / folders_of(root).raw / study
    places = {path: _place(path, folder) for path in tables}
    written = {plan_file(study, root): text.encode(), root / CONFIG: _config_with(study, root).encode()}
    register_file = root / folders_of(root).register
    if not register_file.exists() and not (root / LEDGER).exists():  # a folder of one's own, and no lost register
        written[register_file] = (",".join(COLUMNS) + "\n").encode()
    written |= {place: path.read_bytes() for path, place in places.items() if place != path}
    _write_all(written)
    return [Taken(places[path], table) for path, table in tables.items()]


def _assay(study: str, plates: Plates, root: Path) -> NewStudy:
    """A study of plates. Raises Fault, after a layout to be filled in is written, where there is none."""
    if not plates.layouts:
        said = layout_said(plates)
        paths = write_layouts(plates.wells, root, said)
        if said:
            raise Fault(f"the export has a layout: look through {paths[0]}, and name it beside the plates")
        raise Fault(
            f"no layout says what is in the wells: fill in {paths[0]} or {paths[1]} (role: standard, sample, control "
            "or blank), and name it beside the plates"
        )
    draft = Draft([], "", "assay")
    draft.found = [f"plates: {', '.join(plates.wells)}, by the reader {plates.reader}"]
    draft.found += [f"wavelengths: {', '.join(plates.wavelengths)}"] if len(plates.wavelengths) > 1 else []
    text = assay_text(study, plates)
    tables = dict.fromkeys(plates.signals, "plates") | dict.fromkeys(plates.layouts, "layouts")
    return NewStudy(study, text, _written(study, text, tables, root), draft)


def _check_name(study: str, root: Path) -> None:
    if not NAME.match(study):
        raise Fault(f"{study!r} {NAME_FORM}")
    path = plan_file(study, root)
    if path.exists():
        raise Fault(f"{path}: there is a plan of this name already; take another name, or edit that plan")


class Profiles(NamedTuple):
    """The files of data, looked at; the options of their readers; their forms; and the table of each file."""

    files: list[FileProfile]
    options: dict[str, Mapping[str, object]]
    forms: dict[str, dict[str, str]]
    tables: dict[Path, str]


def _profiles(paths: Sequence[Path]) -> Profiles:
    contents = {path: path.read_bytes() for path in paths}
    dictionaries = [path for path, content in contents.items() if _is_dictionary(content)]
    tables = {path: DICTIONARY if n == 0 else f"{DICTIONARY}_{n + 1}" for n, path in enumerate(dictionaries)}
    fields = {path: read_dictionary(contents[path]) for path in dictionaries}
    profiles: list[FileProfile] = []
    options: dict[str, Mapping[str, object]] = {}
    forms: dict[str, dict[str, str]] = {}
    for path in paths:
        if path in tables:
            continue
        alone = len(paths) == len(dictionaries) + 1
        name = "export" if alone else own_name(path.stem[:24], dict.fromkeys((*tables.values(), *options)))
        reader = reader_for(path, contents[path])
        own = next((one for one in dictionaries if _fits(contents[path], fields[one])), None)
        reader = "redcap" if own else reader
        given: dict[str, object] = {DICTIONARY: tables[own]} if own else {}
        beside = {DICTIONARY: contents[own]} if own else {}
        profile = read_file(path, name, reader, given, beside)
        if own:
            profile = _with_dictionary(profile, fields[own])
            forms[name] = {item.name: item.form for item in fields[own].fields}
        profiles.append(profile)
        options[name], tables[path] = dict(profile.options), name
    if not profiles:
        raise Fault("no file of data among these: a dictionary alone says nothing of anybody")
    return Profiles(profiles, options, forms, tables)


def _is_dictionary(content: bytes) -> bool:
    """Whether a file is a data dictionary of REDCap, by its header."""
    head = content[:2000].decode("utf-8-sig", errors="replace").partition("\n")[0]
    return HEADERS["field_name"] in head or ("field_name" in head and "form_name" in head)


def _fits(content: bytes, dictionary: Dictionary) -> bool:
    """Whether a file has the record id of a dictionary as its first column, and another of its fields."""
    head = content[:20_000].decode("utf-8-sig", errors="replace").partition("\n")[0]
    names = [name.strip().strip('"') for name in re.split(r"[,;\t]", head)]
    known = {item.name for item in dictionary.fields}
    return names[:1] == [dictionary.record_id] and any(n.partition("___")[0] in known for n in names[1:])


def _with_dictionary(profile: FileProfile, dictionary: Dictionary) -> FileProfile:
    """A file of REDCap with what its dictionary says of each field."""
    fields = {item.name: item for item in dictionary.fields}
    columns = []
    for column in profile.columns:
        name, _, code = column.raw.partition("___")
        item = fields.get(name)
        if item is None or item.type in NO_FIELD:
            columns.append(column)
            continue
        label = f"{item.label}: {item.choices.get(code, code)}" if code else item.label
        choices = {} if code else item.choices
        label = " ".join(re.sub(r"<[^>]*>", " ", label).split())
        made = column_of(column.raw, column.name, dict(column.texts), Variable(label, choices))
        low, high = (_number(bound) for bound in (item.minimum, item.maximum))
        bounds = (low, high) if made.is_number else (None, None)
        columns.append(
            type(made)(made.raw, made.name, made.kind, made.texts, label, made.codes, column.missing, bounds)
        )
    return FileProfile(profile.path, profile.name, profile.reader, profile.options, profile.extract, tuple(columns))


def _number(bound: object) -> float | None:
    try:
        return float(bound)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return None


def _write_all(contents: Mapping[Path, bytes]) -> None:
    """Write all files, or none."""
    before = {path: path.read_bytes() if path.exists() else None for path in contents}
    done: list[Path] = []
    try:
        for path, content in contents.items():
            write_bytes(path, content)
            done.append(path)
    except OSError:
        for path in done:
            content_before = before[path]
            if content_before is None:
                path.unlink()
            else:
                write_bytes(path, content_before)
        raise


def _place(path: Path, folder: Path) -> Path:
    """Where the file is to lie: in the raw folder of the study, under a name that the register takes."""
    if path.resolve().parent == folder.resolve():
        return path
    name = path.name if FILE_NAME.match(path.name) else re.sub(r"[^A-Za-z0-9._-]+", "_", path.name).lstrip("._-")
    place = folder / name
    if place.exists() and place.read_bytes() != path.read_bytes():
        raise Fault(f"{place}: another file of this name is there already")
    return place


def _config_with(study: str, root: Path) -> str:
    """The configuration with the study under ``studies``."""
    path = root / CONFIG
    if not path.exists():
        return f"studies:\n  - {study}\n"
    text = path.read_text(encoding="utf-8")
    if re.search(rf"^\s*- {study}\s*$|[\[ ,]{study}[\],]", text, re.MULTILINE):
        return text
    lines = text.split("\n")
    start = next((n for n, line in enumerate(lines) if line.startswith("studies:")), None)
    if start is None:
        lines[:0] = ["studies:", f"  - {study}"]
    elif "[" in lines[start]:
        within = lines[start].rpartition("]")[0]
        comma = ", " if within.rstrip()[-1:] != "[" else ""
        lines[start] = f"{within}{comma}{study}]{lines[start].rpartition(']')[2]}"
    else:
        last = start
        for n in range(start + 1, len(lines)):
            if re.match(r"\s*- ", lines[n]):
                last = n
            elif lines[n].strip() and not lines[n].lstrip().startswith("#"):
                break
        lines.insert(last + 1, re.sub(r"\S.*", f"- {study}", lines[last]) if last > start else f"  - {study}")
    return "\n".join(lines)


def take_in(new: NewStudy, root: str | Path = ".") -> tuple[checking.Outcome | None, list[str]]:
    """Check the files as a run would, and enter them in the register.

    Returns
    -------
    tuple
        What a run would find, and why files were not registered: then nothing more is known.
    """
    root = Path(root)
    paths = [str(taken.path.relative_to(root) if taken.path.is_absolute() else taken.path) for taken in new.files]
    companions = {taken.table for taken in new.files if taken.table.startswith(DICTIONARY)}
    faults: list[str] = []
    for path, taken in sorted(zip(paths, new.files, strict=True), key=lambda one: one[1].table not in companions):
        try:
            if not any(export.path == path for export in read_registered(root)):
                alone = sum(other.table == taken.table for other in new.files) == 1
                register([path], Registration(table=taken.table, export=taken.table if alone else ""), root)
        except Fault as fault:
            faults += fault.lines
    if faults:
        return None, faults
    data = [p for p, taken in zip(paths, new.files, strict=True) if taken.table not in companions]
    return checking.check(data, checking.Request(study=new.study), root)[0], faults


def print_study(new: NewStudy, outcome: checking.Outcome | None, faults: Sequence[str]) -> None:
    """Print what was recognised, the first findings, and what comes next."""
    plan = read_plan(plan_file(new.study))
    counts = {name: len(getattr(plan, name)) for name in ("tables", "analyses", "figures")}
    print("\n".join(f"found  {line}" for line in new.draft.found))
    print("\n".join(f"doubt  {line}" for line in new.draft.doubts), end="\n" * bool(new.draft.doubts))
    lines = new.text.count("\n")
    said = new.text.count("SAY:")
    print(f"wrote  {plan_file(new.study)}: {lines} lines, {', '.join(f'{n} {name}' for name, n in counts.items())}\n")
    if outcome:
        checking.print_findings(outcome, len(new.files))
    for line in faults:
        print(f"not registered: {line}")
    if new.notes:
        print("\n".join(new.notes))
        print("export again without these columns, or say under identifiers of the source why they identify nobody;")
        print(f"then omtrace register the files in data/raw/{new.study}/, each with --table as the sources are called")
    print(f"\n{said - 1} lines of the plan end in 'SAY: ...': only a person can say what is right there.")
    print(f"next:  edit {plan_file(new.study)}; omtrace plan {new.study}; snakemake {new.study}")
    print(f"       then open results/{new.study}/report.html")


def run(study: str, files: Sequence[str], request: Request) -> list[str]:
    """Make a study of files, and print what was found; the severities of the findings."""
    new = new_study(study, files, request)
    outcome, faults = take_in(new)
    print_study(new, outcome, faults)
    if outcome is None:
        return ["stop"]
    checked_plan(study)
    return [finding.severity for finding in [*outcome.findings, *outcome.elsewhere]]
