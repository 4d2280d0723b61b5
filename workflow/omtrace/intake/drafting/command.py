"""``omtrace new-study``: files to a plan that runs, a place in the configuration, and their rows in the register."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from omtrace.faults import Fault
from omtrace.intake import checking
from omtrace.intake.config_text import with_study
from omtrace.intake.drafting.document import plan_text
from omtrace.intake.drafting.draft import Draft, Request
from omtrace.intake.drafting.plates import Plates, assay_text, layout_said, plates_in, write_layouts
from omtrace.intake.drafting.profile import (
    FileProfile,
    column_of,
    identifiers_in,
    own_name,
    read_file,
    reader_for,
)
from omtrace.intake.drafting.tables import draft_of
from omtrace.intake.plan_check import check_plan, checked_plan
from omtrace.intake.registration import Request as Registration
from omtrace.intake.registration import highest_ever, identifier_faults, row_of, write_rows
from omtrace.model.closed import NAME, NAME_FORM
from omtrace.model.folders import CONFIG, folders_of, plan_file, read_registered
from omtrace.model.open_lines import open_lines
from omtrace.model.plan import read_plan
from omtrace.model.register import COLUMNS, FILE_NAME, Export, exports_of
from omtrace.provenance.ledger import LEDGER
from omtrace.readers import Variable
from omtrace.readers._redcap_dictionary import HEADERS, Dictionary, read_dictionary
from omtrace.store import write_bytes

NO_FIELD = ("descriptive", "file")  # types of REDCap's fields without a value
DICTIONARY = "dictionary"


@dataclass(frozen=True)
class NewStudy:
    """A study that was taken in: its plan, how many files it has, what was recognised, and what a run would find."""

    study: str
    text: str
    files: int
    draft: Draft
    outcome: checking.Outcome


def new_study(study: str, files: Sequence[str], request: Request, root: str | Path = ".") -> NewStudy:
    """Take files into a new study: its plan, its place in the configuration, its raw files and their rows, or nothing.

    Raises
    ------
    Fault
        For a name that is none or is taken, for files that no reader reads, for columns that look like direct
        identifiers of people, and for files that the register refuses; nothing is written then.
    """
    root = Path(root)
    _check_name(study, root)
    sources = [Path(file) for file in files]
    if missing := [path for path in sources if not path.is_file()]:
        raise Fault(*(f"{path}: there is no such file" for path in missing))
    if request.design in ("", "assay") and (plates := plates_in(sources)):
        return _assay(study, plates, root)
    profiles, options, forms, tables, unit = _profiles(sources)
    _refuse_identifiers(profiles, request.harmless)
    request = replace(request, unit=request.unit or unit)
    draft = draft_of(profiles, request, forms)
    if not draft.parameters:
        raise Fault(
            f"{', '.join(path.name for path in sources)}: no column holds numbers or few distinct texts, so that there "
            "is nothing to analyse"
        )
    return _taken_in(study, plan_text(study, draft, options, request.harmless), tables, draft, root)


def _taken_in(study: str, text: str, tables: Mapping[Path, str], draft: Draft, root: Path) -> NewStudy:
    """Write plan, configuration and raw files, check them as a run would, and register them: all or nothing.

    ``tables``: file -> its table of the register.
    """
    folder = root / folders_of(root).raw / study
    places = {path: _place(path, folder) for path in tables}
    config = root / CONFIG
    before = config.read_text(encoding="utf-8") if config.exists() else ""
    written = {plan_file(study, root): text.encode(), config: with_study(before, study).encode()}
    register_file = root / folders_of(root).register
    if not register_file.exists() and not (root / LEDGER).exists():  # a folder of one's own, and no lost register
        written[register_file] = (",".join(COLUMNS) + "\n").encode()
    written |= {place: path.read_bytes() for path, place in places.items() if place != path}
    with _written_whole(written, folder):
        plan = check_plan(read_plan(plan_file(study, root)), plan_file(study, root))
        known = read_registered(root)
        rows = _rows({places[path]: table for path, table in tables.items()}, known, root)
        mine = exports_of([*known, *rows], study)
        companions = [export for export in mine if export.table.startswith(DICTIONARY)]
        data = [export for export in mine if export not in companions]
        outcome = checking.findings_at(data, companions, plan, root, companions)
        if rows:
            write_rows(known, rows, None, None, "", root)
    return NewStudy(study, text, len(tables), draft, outcome)


def _rows(tables: Mapping[Path, str], known: list[Export], root: Path) -> list[Export]:
    """The rows of the register for files that have none yet. Raises Fault, with every reason, where one gets none."""
    rows: list[Export] = []
    faults: list[str] = []
    number = highest_ever(known, root)
    for place, table in sorted(tables.items(), key=lambda one: not one[1].startswith(DICTIONARY)):
        if any(root / export.path == place for export in known):
            continue
        alone = list(tables.values()).count(table) == 1
        request = Registration(table=table, export=table if alone else "")
        try:
            rows.append(row_of(place.relative_to(root), request, number + 1 + len(rows), None, known + rows, root))
        except Fault as fault:
            faults += fault.lines
    faults += identifier_faults(rows, known, root)
    if faults:
        raise Fault(*faults)
    return rows


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
    tables = dict.fromkeys(plates.signals, "plates") | dict.fromkeys(plates.layouts, "layouts")
    return _taken_in(study, assay_text(study, plates), tables, draft, root)


def _refuse_identifiers(profiles: Sequence[FileProfile], harmless: Mapping[str, str]) -> None:
    """Raise Fault for columns that look like direct identifiers of people, but for those said to identify nobody."""
    faults = [
        f"{profile.path.name}: column {column} looks like {kind}"
        for profile in profiles
        for column, kind in identifiers_in(profile).items()
        if column not in harmless
    ]
    if faults:
        raise Fault(
            *faults,
            "nothing was written; export again without these columns or, of one that identifies nobody, say why: "
            "--harmless COLUMN=REASON",
        )


def _check_name(study: str, root: Path) -> None:
    if not NAME.match(study):
        raise Fault(f"{study!r} {NAME_FORM}")
    path = plan_file(study, root)
    if path.exists():
        raise Fault(f"{path}: there is a plan of this name already; take another name, or edit that plan")


class Profiles(NamedTuple):
    """The files of data, looked at; options of their readers; their forms; the table of each file; the record id."""

    files: list[FileProfile]
    options: dict[str, Mapping[str, object]]
    forms: dict[str, dict[str, str]]
    tables: dict[Path, str]
    unit: str  # that all their dictionaries name, "" where there is none


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
    units = {one.record_id for one in fields.values()} if len(forms) == len(profiles) else set()
    return Profiles(profiles, options, forms, tables, units.pop() if len(units) == 1 else "")


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


@contextmanager
def _written_whole(contents: Mapping[Path, bytes], folder: Path) -> Iterator[None]:
    """Write files; where what follows fails, they are as they were before, and so is the raw ``folder``."""
    before = {path: path.read_bytes() if path.exists() else None for path in contents}
    was_there = folder.exists()
    try:
        for path, content in contents.items():
            write_bytes(path, content)
        yield
    except BaseException:
        for path, content_before in before.items():
            if content_before is None:
                path.unlink(missing_ok=True)
            elif path.read_bytes() != content_before:
                write_bytes(path, content_before)
        if not was_there and folder.exists():
            folder.rmdir()
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


def print_study(new: NewStudy) -> None:
    """Print what was recognised, the first findings, and what comes next."""
    plan = read_plan(plan_file(new.study))
    names = (("table", "tables"), ("analysis", "analyses"), ("figure", "figures"))
    made = [(len(getattr(plan, several)), name, several) for name, several in names]
    counts = ", ".join(f"{n} {name if n == 1 else several}" for n, name, several in made)
    print("\n".join(f"found  {line}" for line in new.draft.found))
    print("\n".join(f"doubt  {line}" for line in new.draft.doubts), end="\n" * bool(new.draft.doubts))
    lines = new.text.count("\n")
    said = len(open_lines([plan_file(new.study)]))
    print(f"wrote  {plan_file(new.study)}: {lines} lines, {counts}\n")
    checking.print_findings(new.outcome, new.files)
    print(f"\n{said} lines of the plan end in 'SAY: ...': only a person can say what is right there.")
    print(f"next:  edit {plan_file(new.study)}; omtrace plan {new.study}; snakemake {new.study}")
    print(f"       then open results/{new.study}/report.html")


def run(study: str, files: Sequence[str], request: Request) -> list[str]:
    """Make a study of files, and print what was found; the severities of the findings."""
    new = new_study(study, files, request)
    print_study(new)
    checked_plan(study)
    return [finding.severity for finding in [*new.outcome.findings, *new.outcome.elsewhere]]
