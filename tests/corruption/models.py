"""What the pandera models of the tables say of damaged data, beside what the pipeline finds in them."""

import warnings
from collections.abc import Iterator

import pandas
from omtrace.schemas import Table
from omtrace.validation.output import dates_as_text
from omtrace.validation.work import Work
from pandera.errors import SchemaErrors

# The text of the cell gives no value.
NO_VALUE = ("type", "code", "decimal_mark", "date_mixed", "date_ambiguous", "number_ambiguous")
OF_CELLS = {*NO_VALUE, "range", "allowed", "date_epoch", "required", "unit_missing"}
OF_KEYS = {"duplicate_row", "duplicate_conflict"}
Places = set[tuple[int, str]]  # key and column, or key and rule


def disagreements(work: Work) -> Iterator[str]:
    """Where the model of a table refuses what the pipeline passes, or passes what it finds.

    The model is given the typed table, with the text of the file in each cell that is none of its type. Where there
    is such a text, pandera leaves out other checks of its column: then the verdicts on the table are compared alone.
    """
    elsewhere = {finding.key for finding in work.findings if finding.rule == "batch"}  # their file is left out whole
    found, repeated = of_pipeline(work)
    found = {(key, name) for key, name in found if key not in elsewhere}
    given = as_given(work)
    refused, again, coerced = of_model(work.table, given[~given.index.isin(elsewhere)])
    # To pandas the word NaN is no value in a column of floats, which may be blank; in a file it is no number.
    blank = {column.name for column in work.table.columns if not column.required}
    words = {(f.key, name) for f in work.findings if f.value.lower() == "nan" for name in names_of(work, f.column)}
    found -= {(key, name) for key, name in words - refused if name in blank}
    refused -= {(f.key, name) for f in work.findings if f.rule == "coded_missing" for name in names_of(work, f.column)}
    rules, names = {rule.id for rule in work.table.rules}, {column.name for column in work.table.columns}
    faulty = {key for key, name in found if name in names}  # the pipeline passes over rules on a cell without a value
    refused -= {(key, name) for key, name in refused if name in rules and key in faulty}
    found -= {(key, name) for key, name in found if name in rules and key in faulty}
    columns = {rule.id: rule.columns for rule in work.table.rules}
    taken = {(key, column) for key, name in found if name in rules for column in columns[name]}
    again_over = {(key, name) for key, name in refused - found if name in rules}
    refused -= {(key, name) for key, name in again_over if any((key, column) in taken for column in columns[name])}
    if bool(found or repeated - elsewhere) != bool(refused or again):
        yield f"{work.name}: pipeline {sorted(found)[:3]}, {sorted(repeated)[:3]}; model {sorted(refused)[:3]}"
    elif coerced and found != refused:
        yield f"{work.name}: pipeline alone {sorted(found - refused)[:3]}; model alone {sorted(refused - found)[:3]}"


def names_of(work: Work, raw: str) -> list[str]:
    """The columns of the table at which findings stand in a raw column."""
    return [column.name for column in work.table.columns if work.plan.cell(column.name) == raw]


def of_pipeline(work: Work) -> tuple[Places, set[int]]:
    """The cells and rules, and the rows of a key that stands twice, that the pipeline refuses."""
    rules = {rule.id: rule.columns for rule in work.table.rules if rule.severity == "quarantine"}
    cells: Places = set()
    for finding in work.findings:
        if finding.rule in rules:
            cells.add((finding.key, finding.rule))
        elif finding.rule == "unit_missing":  # it stands at a part of the unit's name, which may be a column itself
            cells.add((finding.key, "unit_id"))
        elif finding.rule in OF_CELLS:
            cells |= {(finding.key, name) for name in names_of(work, finding.column) or ["unit_id"]}
    return cells, {finding.key for finding in work.findings if finding.rule in OF_KEYS}


def as_given(work: Work) -> pandas.DataFrame:
    """The typed table, with the file's text in cells without a value."""
    texts: dict[str, dict[int, str]] = {}
    for finding in work.findings:
        for name in names_of(work, finding.column) if finding.rule in NO_VALUE else ():
            texts.setdefault(name, {})[finding.key] = finding.value
    frame = work.frame.copy()
    for name, parts in work.values_out.items():
        for values in parts:
            frame.loc[values.index, name] = values
    written = dates_as_text(frame, work.table)
    for name, cells in texts.items():
        column = written[name].astype("object").where(written[name].notna(), None)
        column.loc[list(cells)] = list(cells.values())
        frame = frame.assign(**{name: column})
    return frame


def of_model(table: Table, frame: pandas.DataFrame) -> tuple[Places, set[int], bool]:
    """The cells and rules, and the rows of a key, that the model refuses; and whether each text was of its type."""
    rules = {rule.expected: rule.id for rule in table.rules}
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # rules that are less than a quarantine
            table.schema.validate(frame, lazy=True)
    except SchemaErrors as errors:
        cases = errors.failure_cases
    else:
        return set(), set(), True
    coerced = not cases["check"].astype(str).str.startswith(("coerce_dtype", "dtype")).any()
    cells: Places = set()
    repeated: set[int] = set()
    for name, check, key in zip(cases["column"], cases["check"].astype(str), cases["index"], strict=True):
        if check == "multiple_fields_uniqueness":
            repeated.add(int(key))
        elif pandas.notna(key):
            cells.add((int(key), rules.get(check, str(name))))
    return cells, repeated, coerced
