"""The data dictionary: one offline page, one CSV, and one Table Schema document a table.

It is made from the declarations that check the data, so it cannot say anything else than they do. It holds no data.
"""

from collections.abc import Iterable, Sequence
from pathlib import Path

from omtrace import store
from omtrace.model.folders import plan_file
from omtrace.model.plan import Plan, read_plan
from omtrace.plugins import declared
from omtrace.report.fields import TableEntry, entries_of
from omtrace.schemas import RuleText

HEADER = (
    "table",
    "column",
    "raw_column",
    "type",
    "unit",
    "description",
    "minimum",
    "maximum",
    "allowed",
    "required",
    "codes",
    "missing_codes",
    "source",
    "in_key",
    "checks",
)
BETWEEN = " | "  # entries of one CSV cell; no declared text holds it


def dictionary(study: str, folder: str) -> list[Path]:
    """Write the dictionary of a study, or of everything that is declared (""), and return the files written.

    Raises Fault for an unknown study.
    """
    return write_dictionary(read_plan(plan_file(study)) if study else None, folder)


def write_dictionary(plan: Plan | None, folder: str | Path) -> list[Path]:
    """Write dictionary.html, dictionary.csv and <table>.schema.json into a folder, and return their paths.

    With a plan: its tables, with the raw columns and codes that it names; without: all declared tables and
    instruments. Raises Fault for a plan that names a table or a column that is not declared.
    """
    from omtrace.report.table_schema import table_schema
    from omtrace.report.tidy import tidy_schema

    folder = Path(folder)
    entries = entries_of(plan)
    names = [entry.name for entry in entries]
    store.write_text(folder / "dictionary.html", dictionary_page(plan, entries))
    store.write_csv(folder / "dictionary.csv", HEADER, dictionary_rows(entries))
    schemas = [folder / f"{name}.schema.json" for name in names]
    for path, entry in zip(schemas, entries, strict=True):
        store.write_json(path, table_schema(entry, names))
    schemas.append(folder / "estimates_tidy.schema.json")
    store.write_json(schemas[-1], tidy_schema())
    return [folder / "dictionary.html", folder / "dictionary.csv", *schemas]


def dictionary_rows(entries: Iterable[TableEntry]) -> list[tuple[object, ...]]:
    """One row a field, as wide as ``HEADER``."""
    return [
        (
            entry.name,
            field.column.name,
            field.raw,
            field.column.kind,
            field.column.unit,
            field.column.description,
            _number(field.column.minimum),
            _number(field.column.maximum),
            _listed(field.column.allowed),
            _yes(field.column.required),
            _listed(field.codes),
            _listed(f"{code} = {says}" for code, says in entry.missing.items()),
            field.source,
            _yes(field.in_key),
            _listed(f"{check.rule}: {check.expected}" for check in field.checks),
        )
        for entry in entries
        for field in entry.fields
    ]


def _number(bound: float | None) -> float | None:
    return None if bound is None else float(bound)


def _yes(holds: bool) -> str:
    return "yes" if holds else "no"


def _listed(values: Iterable[object]) -> str:
    return BETWEEN.join(map(str, values))


def dictionary_page(plan: Plan | None, entries: Sequence[TableEntry]) -> str:
    """The page as text: every declared text escaped, nothing loaded from anywhere."""
    from markupsafe import Markup

    from omtrace.report.page import TEMPLATES, policy
    from omtrace.report.templated import COMPILED

    style = "".join((TEMPLATES / name).read_text(encoding="utf-8") for name in ("style.css", "dictionary.css"))
    script = (TEMPLATES / "dictionary.js").read_text(encoding="utf-8")
    return COMPILED["dictionary.html"].render(
        plan=plan,
        entries=entries,
        groups=_groups(entries),
        fields=sum(len(entry.fields) for entry in entries),
        names={entry.name for entry in entries},
        crosschecks=crosschecks_of(plan),
        policy=policy(style, script),
        style=Markup(style),
        script=Markup(script),
    )


def _groups(entries: Sequence[TableEntry]) -> list[tuple[str, list[TableEntry]]]:
    """The tables under their headings, questionnaires after the others; headings without a table are left out."""
    tables = [entry for entry in entries if not entry.instrument]
    questionnaires = [entry for entry in entries if entry.instrument]
    return [(title, found) for title, found in (("Tables", tables), ("Questionnaires", questionnaires)) if found]


def crosschecks_of(plan: Plan | None) -> list[tuple[str, str, list[RuleText]]]:
    """Checks over rows and tables: title, options as text, rules; for a study those of its plan and the usual ones."""
    from omtrace.model.plan import USUAL
    from omtrace.plugins import plugin

    if plan is None:
        entries: list[tuple[str, str, dict]] = [(name, name, {}) for name in declared("validation.crosschecks")]
    else:
        entries = [(name, entry.check, entry.options) for name, entry in plan.checks.items()]
        checks = {entry.check for entry in plan.checks.values()}
        entries += [(name, name, {}) for name in USUAL if name not in checks]
    return [
        (name, _options(options), list(plugin("validation.crosschecks", module, "CROSSCHECK").rules))
        for name, module, options in entries
    ]


def _options(options: dict[str, object]) -> str:
    """The options of a plan's entry as one line, as they would stand in the plan."""
    import yaml

    return yaml.safe_dump(options, default_flow_style=True, sort_keys=False, width=10**6).strip() if options else ""
